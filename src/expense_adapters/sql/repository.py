"""The port over SQL: one transaction a batch, statements compiled once and run on the driver's cursor."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from sqlalchemy import select

from expense_policy.domain.adoption import PolicyVersion
from expense_policy.domain.approval import Signature
from expense_policy.domain.categories import UseRow
from expense_policy.domain.content import Row
from expense_policy.domain.documents import Document
from expense_policy.domain.holds import Line
from expense_policy.domain.journal import Entry, Seal
from expense_policy.domain.payment import PayeeAccount, Payment
from expense_policy.domain.periods import instant_of, instant_text
from expense_policy.domain.project import Project
from expense_policy.ports.errors import AlreadyDone, Conflict, NotFound, RepositoryUnavailable
from expense_policy.ports.mistakes import check_find, check_instant, check_limit, check_look, check_words
from expense_policy.ports.notifier import Notice
from expense_policy.ports.repository import (
    Batch,
    Fact,
    Faulty,
    Key,
    Look,
    Put,
    Seen,
    Signed,
    Submission,
    Sum,
    Summary,
    Take,
)

from . import rows, sqlite
from . import schema as s
from . import statements as q
from .connections import Joined, Own, Snapshot, path_of
from .history import history
from .standing import standing


class SqlRepository:
    """The port over SQLite, a connection a thread.

    `url` is "sqlite:///path/to/file.db", each character of the path standing for itself; the schema is made where
    the file is new, and one that is of another version than this library's is refused with RepositoryUnavailable.
    """

    _connections: Own | Joined | Snapshot

    def __init__(self, url: str) -> None:
        self._connections = Own(path_of(url))
        self._make_schema()

    @classmethod
    def joining(cls, connection: sqlite3.Connection) -> SqlRepository:
        """A store inside the host's own transaction on its connection: it commits nothing and retries nothing.

        A batch that is refused rolls back to its savepoint; what was committed is durable once the host commits.
        Once that transaction has ended the store refuses with RepositoryUnavailable: the next one is joined anew.
        Notices and seals go out from a store of its own: `notices`, `delivered`, `put_off` and `unsealed` refuse, since
        they would tell of what may still be rolled back (I31). The schema has to be there already, of this library's
        version.
        ValueError where no transaction is open, or a PRAGMA of the host changes what statements answer.
        """
        joined = cls.__new__(cls)
        joined._connections = Joined(connection)
        with joined._connections.reading() as cursor:
            there = cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone()
            _check_version(cursor if there else None)
        return joined

    @classmethod
    def reading(cls, url: str) -> SqlRepository:
        """A store to be read alone, as it stands at this instant: for `verify`, exports, auditors (S2.1).

        No row is written and no schema made; writers go on meanwhile. RepositoryUnavailable where the file can't be
        read or holds no schema of this library's version.
        """
        read = cls.__new__(cls)
        read._connections = Snapshot(path_of(url))
        try:
            with read._connections.reading() as cursor:
                there = cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone()
                _check_version(cursor if there else None)
        except BaseException:
            read.close()
            raise
        return read

    def lacking(self) -> tuple[str, ...]:
        """The names of tables, indexes and triggers that are not there as this library makes them, sorted."""
        with self._connections.reading() as cursor:
            there = set(cursor.execute(sqlite.SCHEMA).fetchall())
        with closing(sqlite3.connect(":memory:")) as fresh:
            for statement in sqlite.schema():
                fresh.execute(statement)
            wanted = set(fresh.execute(sqlite.SCHEMA).fetchall())
        return tuple(sorted(name for name, sql in wanted - {tuple(row) for row in there}))

    def close(self) -> None:
        """Closes every thread's connection, and the store with it; a host's own stays open."""
        self._connections.close()

    def _make_schema(self) -> None:
        with self._connections.writing() as cursor:
            there = cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone()
            if there is None:
                for statement in sqlite.schema():
                    cursor.execute(statement)
                cursor.execute(q.INSERT["schema_version"], {"version": s.VERSION})
            _check_version(cursor)

    def look(self, at: Look) -> Seen:
        """Everything asked."""
        check_look(at)
        with self._connections.reading() as cursor:
            return self._look(cursor, at)

    def _look(self, c: sqlite3.Cursor, at: Look) -> Seen:
        documents = self._documents(c, at.documents)
        wanted = dict.fromkeys(at.lines)
        if at.held:
            wanted.update(dict.fromkeys(h.line for d in documents.values() for h in d.held))
        done = {key: self._done(c, key) for key in at.keys}
        heads = {subject: c.execute(q.HEAD, {"subject": subject}).fetchone() for subject in at.subjects}
        guards = {g: c.execute(q.GUARD_AT, {"key": g}).fetchone() for g in at.guards}
        taken = {(sp, k): c.execute(q.TAKEN_AT, {"space": sp.value, "key": k}).fetchone() for sp, k in at.taken}
        payees = {i: self._one(c, "payees", i) for i in at.payees}
        policies = {i: self._one(c, "policies", i) for i in at.policies}
        projects = {i: self._one(c, "projects", i) for i in at.projects}
        found = {i: self._one(c, "lines", i) for i in wanted}
        return Seen(
            {key: r for key, r in done.items() if r is not None},
            {k: (r["seq"], r["digest"], instant_of(r["at"])) for k, r in heads.items() if r is not None},
            documents,
            {i: rows.payee_of(r) for i, r in payees.items() if r is not None},
            {i: rows.policy_of(r) for i, r in policies.items() if r is not None},
            {i: rows.project_of(r) for i, r in projects.items() if r is not None},
            {i: rows.line_of(r) for i, r in found.items() if r is not None},
            {g: 0 if r is None else r["version"] for g, r in guards.items()},
            {k: r["owner"] for k, r in taken.items() if r is not None},
            tuple(self._sum(c, each) for each in at.sums),
        )

    def _one(self, c: sqlite3.Cursor, table: str, id: str) -> Any:
        row = c.execute(q.BY_ID[table], {"id": id}).fetchone()
        return None if row is None else dict(row)

    def _documents(self, c: sqlite3.Cursor, ids: tuple[str, ...]) -> dict[str, Document]:
        """Those of the documents that are there, each whole."""
        if not ids:
            return {}
        one = len(ids) == 1
        statements, at = (q.DOCUMENT, {"id": ids[0]}) if one else (q.DOCUMENTS, {"id": json.dumps(ids)})
        heads = c.execute(statements[0], at).fetchall()
        signed: dict[str, list[tuple[int, Signature]]] = defaultdict(list)
        for document, number, *each in c.execute(statements[1], at):
            signed[document].append((number, rows.signature_of(tuple(each))))
        paid: dict[str, list[Payment]] = defaultdict(list)
        for row in c.execute(statements[2], at).fetchall():
            paid[row["document"]].append(rows.payment_of(dict(row)))
        found = {}
        for row in heads:
            id, present = row["id"], row["round"]
            now = tuple([signature for number, signature in signed[id] if number == present])
            before = tuple([signature for number, signature in signed[id] if number < present])
            found[id] = rows.document_of(row, now, before, tuple(paid[id]))
        return found

    def _done(self, c: sqlite3.Cursor, key: str) -> tuple[Entry, str] | None:
        row = c.execute(q.KEY, {"key": key}).fetchone()
        if row is None:
            return None
        fields = dict(row)
        asked = fields.pop("asked")
        return rows.entry_of(fields), asked

    def _sum(self, c: sqlite3.Cursor, asked: Sum) -> dict[tuple[str, ...], int]:
        shape = tuple((name, not isinstance(value, str)) for name, value in asked.where)
        sql = q.summed(asked.of, asked.by, shape, asked.since is not None)
        values = {name: value if isinstance(value, str) else rows.array(value) for name, value in asked.where}
        if asked.since is not None:
            values["since"] = instant_text(asked.since)
        return {tuple(r[:-1]): r[-1] or 0 for r in c.execute(sql, values).fetchall()}

    def commit(self, *batches: Batch) -> None:
        """All batches or none, in one transaction."""
        with self._connections.writing() as cursor:
            for batch in batches:
                self._apply(cursor, batch)

    def _apply(self, c: sqlite3.Cursor, b: Batch) -> None:
        if b.key is not None:
            self._take_key(c, b.key, b.entry)
        for guard in sorted(b.guards, key=lambda g: g.key):
            if guard.expected == 0:
                c.execute(q.INSERT["guards"], {"key": guard.key, "version": 1})
            else:
                values = {"the_key": guard.key, "expected": guard.expected, "version": guard.expected + 1}
                _hit(c.execute(q.GUARD, values), f"guard {guard.key}")
        for put in sorted(b.puts, key=_place):
            self._put(c, put)
        for line in sorted(b.lines, key=lambda line: line.id):
            c.execute(q.INSERT["lines"], rows.line_row(line))
        for move in sorted(b.moves, key=lambda m: m.line):
            row = rows.move_row(move)
            values = {
                "line": move.line,
                "f": move.in_force,
                "r": move.reserved,
                "c": move.committed,
                "p": move.spent,
                "m": row["month"],
            }
            _hit(c.execute(q.MOVE, values), f"line {move.line}")
            c.execute(q.INSERT["moves"], {**row, "subject": b.entry.subject, "seq": b.entry.seq})
        if b.closes is not None:
            (every,) = c.execute(q.OPEN).fetchone()
            if c.execute(q.CLOSE, {"month": b.closes.number}).rowcount != every:
                raise Conflict(f"a line is closed through {b.closes} already")
        for take in sorted(b.takes, key=lambda t: (t.space, t.key)):
            key = {"space": take.space.value, "key": take.key, "owner": take.by}
            if isinstance(take, Take):
                c.execute(q.INSERT["taken"], {**key, "ever": int(take.ever)})
            else:
                _hit(c.execute(q.FREE, key), f"{take.space} {take.key}")
        for fact in b.facts:
            self._fact(c, fact, b.entry.seq)
        c.execute(q.INSERT["journal"], rows.entry_row(b.entry))
        c.execute(q.INSERT["unsealed"], {"subject": b.entry.subject, "seq": b.entry.seq})
        for notice in b.notices:
            c.execute(q.INSERT["outbox"], rows.notice_row(notice))

    def _take_key(self, c: sqlite3.Cursor, key: Key, entry: Entry) -> None:
        row = {"key": key.key, "asked": key.asked, "subject": entry.subject, "seq": entry.seq}
        try:
            c.execute(q.INSERT["keys"], row)
        except sqlite3.IntegrityError:
            done = self._done(c, key.key)
            if done is None:
                raise
            raise AlreadyDone(*done) from None

    def _put(self, c: sqlite3.Cursor, put: Put) -> None:
        record = put.record
        if isinstance(record, Document):
            if put.expected and self._advanced(c, record, put.expected):
                return
            table, row = "documents", rows.document_row(record)
        elif isinstance(record, PayeeAccount):
            table, row = "payees", rows.payee_row(record)
        elif isinstance(record, Project):
            table, row = "projects", rows.project_row(record)
        else:
            table, row = "policies", rows.policy_row(record)
        if put.expected == 0:
            c.execute(q.INSERT[table], row)
        else:
            id = row.pop("id")
            _hit(c.execute(q.UPDATE[table], {**row, "the_id": id, "expected": put.expected}), id)

    def _advanced(self, c: sqlite3.Cursor, d: Document, expected: int) -> bool:
        """Whether the document stood in the same round, and its state is written: a new round writes all."""
        at = {"the_id": d.id, "expected": expected, "the_round": d.round.number}
        return c.execute(q.ADVANCE, {**rows.document_state(d), **at}).rowcount == 1

    def _fact(self, c: sqlite3.Cursor, fact: Fact, seq: int) -> None:
        if isinstance(fact, Submission):
            c.execute(q.INSERT["rounds"], rows.round_row(fact, seq))
        elif isinstance(fact, Signed):
            c.execute(q.INSERT["signatures"], rows.signed_row(fact, seq))
        elif isinstance(fact, Payment):
            c.execute(q.INSERT["payments"], rows.payment_row(fact, seq))
        elif isinstance(fact, UseRow):
            c.execute(q.INSERT["use_rows"], rows.use_row(fact, seq))
        elif isinstance(fact, Seal):
            c.execute(q.INSERT["seals"], rows.seal_row(fact, seq))
            c.executemany(q.UNSEAL, [{"subject": subject, "seq": n} for subject, n, _ in fact.entries])

    def _query(self, query: Any) -> list[sqlite3.Row]:
        compiled = query.compile(dialect=q.DIALECT)
        with self._connections.reading() as cursor:
            found: list[sqlite3.Row] = cursor.execute(str(compiled), compiled.params).fetchall()
        return found

    def find(
        self,
        where: tuple[tuple[str, str], ...] = (),
        due: tuple[str, datetime] | None = None,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[Summary]:
        """A page in id order."""
        check_find(where, due, after, limit)
        t = s.documents
        query = select(t).where(t.c.id > after).order_by(t.c.id).limit(limit)
        if due is None:
            query = query.where(*(t.c[name] == value for name, value in where))
        else:
            # Asked for by themselves: in id order the planner would read every document to find the few that are due.
            d = t.alias()
            ripe = select(d.c.id).where(d.c[due[0]] <= instant_text(due[1]), *(d.c[n] == v for n, v in where))
            query = query.where(t.c.id.in_(ripe))
        return [rows.summary_of(dict(row)) for row in self._query(query)]

    def lines(self) -> Sequence[Line]:
        """Every line, in id order."""
        return [rows.line_of(dict(row)) for row in self._query(select(s.lines).order_by(s.lines.c.id))]

    def policies(self) -> Sequence[PolicyVersion]:
        """Every known version."""
        query = select(s.policies).order_by(s.policies.c.effective, s.policies.c.id)
        return [rows.policy_of(dict(row)) for row in self._query(query)]

    def history(
        self, subject: str | None = None, faulty: Faulty | None = None
    ) -> Iterator[tuple[Entry, tuple[Fact, ...]]]:
        """Entries with their facts, in (subject, seq) order, a page at a time."""
        if subject is not None:
            check_words((subject,))
        return history(self._connections.reading, subject, faulty)

    def standing(self, faulty: Faulty) -> Iterator[Row]:
        """Every row that stands in the tables, as the journal says it."""
        return standing(self._connections.reading, faulty)

    def unsealed(self, limit: int) -> Sequence[Entry]:
        """Entries no seal binds yet."""
        check_limit(limit)
        self._alone("unsealed")
        t, u = s.journal, s.unsealed
        query = select(t).join(u, (t.c.subject == u.c.subject) & (t.c.seq == u.c.seq)).order_by(u.c.subject, u.c.seq)
        return [rows.entry_of(dict(row)) for row in self._query(query.limit(limit))]

    def notices(self, now: datetime, limit: int, parked: bool = False) -> Sequence[Notice]:
        """Undelivered and due, oldest first."""
        check_instant(now)
        check_limit(limit)
        self._alone("notices")
        t = s.outbox
        query = (
            select(t)
            .where(t.c.parked == int(parked), t.c.due <= instant_text(now))
            .order_by(t.c.due, t.c.key)
            .limit(limit)
        )
        return [rows.notice_of(dict(row)) for row in self._query(query)]

    def delivered(self, key: str) -> None:
        """It leaves the queue."""
        self._noticed(key, q.DELIVERED, {})

    def put_off(self, key: str, until: datetime, parked: bool = False) -> None:
        """It comes again, one attempt older."""
        check_instant(until)
        self._noticed(key, q.PUT_OFF, {"due": instant_text(until), "parked": int(parked)})

    def _noticed(self, key: str, statement: str, values: dict[str, Any]) -> None:
        check_words((key,))
        self._alone("notices")
        with self._connections.writing() as c:
            if c.execute(statement, {"the_key": key, **values}).rowcount != 1:
                raise NotFound(f"there is no notice {key!r}")

    def _alone(self, what: str) -> None:
        """What leaves the system is taken from what is committed (I31)."""
        if isinstance(self._connections, Joined):
            why = f"{what}: a joined store sends and seals nothing, for its host may still roll back"
            raise RepositoryUnavailable(f"{why}; use a store of its own", outcome_known=True)


def _check_version(cursor: sqlite3.Cursor | None) -> None:
    found = None if cursor is None else cursor.execute("SELECT MAX(version) FROM schema_version").fetchone()[0]
    if found != s.VERSION:
        raise RepositoryUnavailable(f"the store has schema {found}, this library {s.VERSION}", outcome_known=True)


def _place(put: Put) -> tuple[str, str]:
    return type(put.record).__name__, put.record.id


def _hit(cursor: sqlite3.Cursor, what: str) -> None:
    if cursor.rowcount != 1:
        raise Conflict(f"{what} has moved on")
