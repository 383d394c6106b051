"""The port over SQL: one transaction a batch, statements compiled once and run on the driver's cursor."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, literal_column, make_url, select
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql import bindparam as bind

from expense_policy.codec import instant_of, instant_text, load
from expense_policy.domain.adoption import PolicyVersion
from expense_policy.domain.categories import UseRow
from expense_policy.domain.documents import Document
from expense_policy.domain.holds import Line
from expense_policy.domain.journal import Entry, Seal
from expense_policy.domain.payment import PayeeAccount, Payment
from expense_policy.ports.errors import AlreadyDone, Conflict, NotFound, RepositoryUnavailable
from expense_policy.ports.notifier import Notice
from expense_policy.ports.repository import Batch, Fact, Look, Put, Seen, Signed, Sum, Summary, Take

from . import rows, sqlite
from . import schema as s

_DIALECT = sqlite_dialect.dialect(paramstyle="named")
# A constant stands in the text: only what is named is bound.
_ZERO: Any = literal_column("0")
_TRANSACTION = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
_SAVEPOINT = (
    "SAVEPOINT expense_policy",
    "RELEASE expense_policy",
    ("ROLLBACK TO expense_policy", "RELEASE expense_policy"),
)
_SEARCHED = ("kind", "status", "department", "applicant", "type", "step_office")


def _sql(statement: ClauseElement) -> str:
    return str(statement.compile(dialect=_DIALECT))


def _all(table: Any, *where: Any, order: Any = ()) -> str:
    return _sql(select(table).where(*where).order_by(*order))


_INSERT = {
    t.name: _sql(insert(t).values({c.name: bind(c.name) for c in t.columns})) for t in s.metadata.tables.values()
}
_UPDATE = {
    t.name: _sql(
        t.update()
        .where(t.c.id == bind("the_id"), t.c.version == bind("expected"))
        .values({c.name: bind(c.name) for c in t.columns if c.name != "id"})
    )
    for t in (s.documents, s.payees, s.policies)
}
_MOVE = _sql(
    s.lines.update()
    .where(
        s.lines.c.id == bind("line"),
        s.lines.c.reserved + bind("r") >= _ZERO,
        s.lines.c.committed + bind("c") >= _ZERO,
        s.lines.c.spent + bind("p") >= _ZERO,
        s.lines.c.in_force
        + bind("f")
        - s.lines.c.reserved
        - bind("r")
        - s.lines.c.committed
        - bind("c")
        - s.lines.c.spent
        - bind("p")
        >= _ZERO,
        (bind("m").is_(None)) | (s.lines.c.closed_through.is_(None)) | (s.lines.c.closed_through < bind("m")),
    )
    .values(
        in_force=s.lines.c.in_force + bind("f"),
        reserved=s.lines.c.reserved + bind("r"),
        committed=s.lines.c.committed + bind("c"),
        spent=s.lines.c.spent + bind("p"),
    )
)
_GUARD = _sql(
    s.guards.update()
    .where(s.guards.c.key == bind("the_key"), s.guards.c.version == bind("expected"))
    .values(version=bind("version"))
)
_FREE = _sql(
    s.taken.delete().where(
        s.taken.c.space == bind("space"),
        s.taken.c.key == bind("key"),
        s.taken.c.owner == bind("owner"),
        s.taken.c.ever == _ZERO,
    )
)
_HEAD = (
    _sql(
        select(s.journal.c.seq, s.journal.c.digest, s.journal.c.at)
        .where(s.journal.c.subject == bind("subject"))
        .order_by(s.journal.c.seq.desc())
    )
    + " LIMIT 1"
)
_KEY = _sql(
    select(s.keys.c.asked, *s.journal.c)
    .join_from(s.keys, s.journal, (s.keys.c.subject == s.journal.c.subject) & (s.keys.c.seq == s.journal.c.seq))
    .where(s.keys.c.key == bind("key"))
)
_BY_ID = {t.name: _all(t, t.c.id == bind("id")) for t in (s.documents, s.payees, s.policies, s.lines)}
_SIGNATURES = _all(
    s.signatures,
    s.signatures.c.document == bind("id"),
    s.signatures.c.round == bind("round"),
    order=(s.signatures.c.step,),
)
_PAYMENTS = _all(s.payments, s.payments.c.document == bind("id"), order=(s.payments.c.number,))
_GUARD_AT = _sql(select(s.guards.c.version).where(s.guards.c.key == bind("key")))
_TAKEN_AT = _sql(select(s.taken.c.owner).where(s.taken.c.space == bind("space"), s.taken.c.key == bind("key")))
_UNSEAL = _sql(s.unsealed.delete().where(s.unsealed.c.subject == bind("subject"), s.unsealed.c.seq == bind("seq")))
_FACTS: tuple[tuple[Any, Any], ...] = (
    (s.signatures, rows.signed_of),
    (s.payments, rows.payment_of),
    (s.use_rows, rows.use_of),
)
_FACTS_AT = [
    (_all(t, t.c.document == bind("subject"), t.c.seq == bind("seq"), order=tuple(t.primary_key)), read)
    for t, read in _FACTS
]
_SEAL_AT = _all(s.seals, s.seals.c.seq == bind("seq"))


class SqlRepository:
    """The port over SQLite, a connection a thread.

    `url` is "sqlite:///path/to/file.db"; the schema is made where the file is new, and one that is newer than
    this library is refused with RepositoryUnavailable.
    """

    def __init__(self, url: str) -> None:
        if not url.startswith("sqlite:///"):
            raise ValueError("the store's URL is sqlite:///PATH")
        self._path = make_url(url).database or ""
        self._local = threading.local()
        self._make_schema()

    @classmethod
    def joining(cls, connection: sqlite3.Connection) -> SqlRepository:
        """A store inside the host's own transaction on its connection: it commits nothing and retries nothing.

        A batch that is refused rolls back to its savepoint; what was committed is durable once the host commits.
        The schema has to be there already. ValueError where no transaction is open.
        """
        joined = cls.__new__(cls)
        joined._path, joined._local = "", threading.local()
        joined._local.connection = connection
        joined._joined = True
        if not connection.in_transaction:
            raise ValueError("the host's connection has no open transaction to join")
        return joined

    _joined = False

    def _connection(self) -> sqlite3.Connection:
        held: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if held is None:
            if self._joined:
                raise RepositoryUnavailable("a joined store stays with its host's thread", outcome_known=True)
            try:
                held = sqlite3.connect(self._path)
                sqlite.prepare(held)
            except sqlite3.Error as error:
                raise RepositoryUnavailable(f"{self._path}: {error}", outcome_known=True) from error
            self._local.connection = held
        return held

    def _cursor(self) -> sqlite3.Cursor:
        cursor = self._connection().cursor()
        cursor.row_factory = sqlite3.Row
        return cursor

    def close(self) -> None:
        """Closes this thread's connection; a host's own stays open."""
        held = None if self._joined else self._local.__dict__.pop("connection", None)
        if held is not None:
            held.close()

    def _make_schema(self) -> None:
        with self._transaction() as cursor:
            there = cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone()
            if there is None:
                for table in s.metadata.sorted_tables:
                    cursor.execute(str(CreateTable(table).compile(dialect=_DIALECT)))
                    for index in sorted(table.indexes, key=lambda i: str(i.name)):
                        cursor.execute(str(CreateIndex(index).compile(dialect=_DIALECT)))
                for trigger in sqlite.triggers():
                    cursor.execute(trigger)
                cursor.execute(_INSERT["schema_version"], {"version": s.VERSION})
            found = cursor.execute("SELECT MAX(version) FROM schema_version").fetchone()[0]
        if found != s.VERSION:
            raise RepositoryUnavailable(f"the store has schema {found}, this library {s.VERSION}", outcome_known=True)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        """One transaction, or one savepoint of the host's; the driver's errors become the port's."""
        begin, commit, undo = _SAVEPOINT if self._joined else _TRANSACTION
        cursor, committing = self._cursor(), False
        try:
            cursor.execute(begin)
            yield cursor
            committing = True
            cursor.execute(commit)
        except BaseException as error:
            if self._connection().in_transaction:
                for statement in undo:
                    cursor.execute(statement)
            if isinstance(error, sqlite3.IntegrityError):
                raise Conflict(str(error)) from error
            if isinstance(error, sqlite3.Error):
                raise RepositoryUnavailable(str(error), outcome_known=not committing) from error
            raise
        finally:
            cursor.close()

    def look(self, at: Look) -> Seen:
        """Everything asked."""
        c = self._cursor()
        try:
            return self._look(c, at)
        except sqlite3.Error as error:
            raise RepositoryUnavailable(str(error), outcome_known=True) from error
        finally:
            c.close()

    def _look(self, c: sqlite3.Cursor, at: Look) -> Seen:
        documents = {i: d for i in at.documents if (d := self._document(c, i)) is not None}
        wanted = dict.fromkeys([*at.lines, *(h.line for d in documents.values() for h in d.held)])
        head = c.execute(_HEAD, {"subject": at.subject}).fetchone() if at.subject else None
        guards = {g: c.execute(_GUARD_AT, {"key": g}).fetchone() for g in at.guards}
        taken = {(sp, k): c.execute(_TAKEN_AT, {"space": sp.value, "key": k}).fetchone() for sp, k in at.taken}
        payees = {i: self._one(c, "payees", i) for i in at.payees}
        policies = {i: self._one(c, "policies", i) for i in at.policies}
        found = {i: self._one(c, "lines", i) for i in wanted}
        return Seen(
            self._done(c, at.key) if at.key else None,
            None if head is None else (head["seq"], head["digest"], instant_of(head["at"])),
            documents,
            {i: PayeeAccount(r["id"], r["account"], r["version"]) for i, r in payees.items() if r is not None},
            {i: load(r["body"], PolicyVersion) for i, r in policies.items() if r is not None},
            {i: rows.line_of(r) for i, r in found.items() if r is not None},
            {g: 0 if r is None else r["version"] for g, r in guards.items()},
            {k: r["owner"] for k, r in taken.items() if r is not None},
            tuple(self._sum(c, each) for each in at.sums),
        )

    def _one(self, c: sqlite3.Cursor, table: str, id: str) -> Any:
        row = c.execute(_BY_ID[table], {"id": id}).fetchone()
        return None if row is None else dict(row)

    def _document(self, c: sqlite3.Cursor, id: str) -> Document | None:
        row = self._one(c, "documents", id)
        if row is None:
            return None
        signed = c.execute(_SIGNATURES, {"id": id, "round": row["round"]}).fetchall()
        paid = c.execute(_PAYMENTS, {"id": id}).fetchall()
        return rows.document_of(
            row, tuple(rows.signed_of(r).signature for r in signed), tuple(rows.payment_of(dict(r)) for r in paid)
        )

    def _done(self, c: sqlite3.Cursor, key: str) -> tuple[Entry, str] | None:
        row = c.execute(_KEY, {"key": key}).fetchone()
        if row is None:
            return None
        fields = dict(row)
        asked = fields.pop("asked")
        return rows.entry_of(fields), asked

    def _sum(self, c: sqlite3.Cursor, asked: Sum) -> dict[tuple[str, ...], int]:
        t, what = _SUMS[asked.of]
        by = [t.c[name] for name in asked.by]
        query = select(*by, what.label("sum")).where(*(t.c[name] == value for name, value in asked.where)).group_by(*by)
        if asked.since is not None:
            query = query.where(t.c.submitted_at >= instant_text(asked.since))
        compiled = query.compile(dialect=_DIALECT)
        return {tuple(r[:-1]): r[-1] or 0 for r in c.execute(str(compiled), compiled.params).fetchall()}

    def commit(self, *batches: Batch) -> None:
        """All batches or none, in one transaction."""
        with self._transaction() as cursor:
            for batch in batches:
                self._apply(cursor, batch)

    def _apply(self, c: sqlite3.Cursor, b: Batch) -> None:
        if b.key is not None:
            done = self._done(c, b.key.key)
            if done is not None:
                raise AlreadyDone(*done)
            row = {"key": b.key.key, "asked": b.key.asked, "subject": b.entry.subject, "seq": b.entry.seq}
            c.execute(_INSERT["keys"], row)
        for guard in sorted(b.guards, key=lambda g: g.key):
            if guard.expected == 0:
                c.execute(_INSERT["guards"], {"key": guard.key, "version": 1})
            else:
                values = {"the_key": guard.key, "expected": guard.expected, "version": guard.expected + 1}
                _hit(c.execute(_GUARD, values), f"guard {guard.key}")
        for put in b.puts:
            self._put(c, put)
        for line in b.lines:
            c.execute(_INSERT["lines"], rows.line_row(line))
        for number, move in enumerate(sorted(b.moves, key=lambda m: m.line)):
            row = rows.move_row(move)
            values = {
                "line": move.line,
                "f": move.in_force,
                "r": move.reserved,
                "c": move.committed,
                "p": move.spent,
                "m": row["month"],
            }
            _hit(c.execute(_MOVE, values), f"line {move.line}")
            c.execute(_INSERT["moves"], {**row, "subject": b.entry.subject, "seq": b.entry.seq, "number": number})
        for take in b.takes:
            key = {"space": take.space.value, "key": take.key, "owner": take.by}
            if isinstance(take, Take):
                c.execute(_INSERT["taken"], {**key, "ever": int(take.ever)})
            else:
                _hit(c.execute(_FREE, key), f"{take.space} {take.key}")
        for fact in b.facts:
            self._fact(c, fact, b.entry.seq)
        c.execute(_INSERT["journal"], rows.entry_row(b.entry))
        c.execute(_INSERT["unsealed"], {"subject": b.entry.subject, "seq": b.entry.seq})
        for notice in b.notices:
            c.execute(_INSERT["outbox"], rows.notice_row(notice))

    def _put(self, c: sqlite3.Cursor, put: Put) -> None:
        record = put.record
        if record.version != put.expected + 1:
            raise Conflict(f"{record.id} has moved on")
        if isinstance(record, Document):
            table, row = "documents", rows.document_row(record)
        elif isinstance(record, PayeeAccount):
            table, row = "payees", rows.payee_row(record)
        else:
            table, row = "policies", rows.policy_row(record)
        if put.expected == 0:
            c.execute(_INSERT[table], row)
        else:
            id = row.pop("id")
            _hit(c.execute(_UPDATE[table], {**row, "the_id": id, "expected": put.expected}), id)

    def _fact(self, c: sqlite3.Cursor, fact: Fact, seq: int) -> None:
        if isinstance(fact, Signed):
            c.execute(_INSERT["signatures"], rows.signed_row(fact, seq))
        elif isinstance(fact, Payment):
            c.execute(_INSERT["payments"], rows.payment_row(fact, seq))
        elif isinstance(fact, UseRow):
            c.execute(_INSERT["use_rows"], rows.use_row(fact, seq))
        elif isinstance(fact, Seal):
            c.execute(_INSERT["seals"], rows.seal_row(fact, seq))
            c.executemany(_UNSEAL, [{"subject": subject, "seq": n} for subject, n, _ in fact.entries])

    def _query(self, query: Any) -> list[sqlite3.Row]:
        compiled = query.compile(dialect=_DIALECT)
        try:
            found: list[sqlite3.Row] = self._cursor().execute(str(compiled), compiled.params).fetchall()
        except sqlite3.Error as error:
            raise RepositoryUnavailable(str(error), outcome_known=True) from error
        return found

    def find(
        self, where: tuple[tuple[str, str], ...] = (), due: datetime | None = None, after: str = "", limit: int = 100
    ) -> Sequence[Summary]:
        """A page in id order."""
        t = s.documents
        for name, _ in where:
            if name not in _SEARCHED:
                raise ValueError(f"{name!r} is not a searched column: {', '.join(_SEARCHED)}")
        query = (
            select(t)
            .where(t.c.id > after, *(t.c[name] == value for name, value in where))
            .order_by(t.c.id)
            .limit(limit)
        )
        if due is not None:
            query = query.where(t.c.expires_at <= instant_text(due))
        return [rows.summary_of(dict(row)) for row in self._query(query)]

    def lines(self) -> Sequence[Line]:
        """Every line, in id order."""
        return [rows.line_of(dict(row)) for row in self._query(select(s.lines).order_by(s.lines.c.id))]

    def policies(self) -> Sequence[PolicyVersion]:
        """Every known version."""
        query = select(s.policies.c.body).order_by(s.policies.c.effective, s.policies.c.id)
        return [load(row["body"], PolicyVersion) for row in self._query(query)]

    def history(self, subject: str | None = None) -> Iterator[tuple[Entry, tuple[Fact, ...]]]:
        """Entries with their facts, in (subject, seq) order, streamed."""
        t = s.journal
        query = select(t).order_by(t.c.subject, t.c.seq)
        if subject is not None:
            query = query.where(t.c.subject == subject)
        compiled = query.compile(dialect=_DIALECT)
        c = self._cursor()
        for row in self._cursor().execute(str(compiled), compiled.params):
            entry = rows.entry_of(dict(row))
            at = {"subject": entry.subject, "seq": entry.seq}
            facts = [read(dict(r)) for sql, read in _FACTS_AT for r in c.execute(sql, at).fetchall()]
            if entry.subject == "seal":
                facts += [rows.seal_of(dict(r)) for r in c.execute(_SEAL_AT, {"seq": entry.seq}).fetchall()]
            yield entry, tuple(facts)

    def unsealed(self, limit: int) -> Sequence[Entry]:
        """Entries no seal binds yet."""
        t, u = s.journal, s.unsealed
        query = select(t).join(u, (t.c.subject == u.c.subject) & (t.c.seq == u.c.seq)).order_by(u.c.subject, u.c.seq)
        return [rows.entry_of(dict(row)) for row in self._query(query.limit(limit))]

    def notices(self, now: datetime, limit: int) -> Sequence[Notice]:
        """Undelivered and due, oldest first."""
        t = s.outbox
        query = select(t).where(t.c.parked == 0, t.c.due <= instant_text(now)).order_by(t.c.due, t.c.key).limit(limit)
        return [rows.notice_of(dict(row)) for row in self._query(query)]

    def settle(self, key: str, retry_at: datetime | None, parked: bool = False) -> None:
        """Delivered, to be tried again, or parked."""
        with self._transaction() as c:
            if retry_at is None and not parked:
                done = c.execute("DELETE FROM outbox WHERE key = :key", {"key": key})
            else:
                values = {
                    "key": key,
                    "due": None if retry_at is None else instant_text(retry_at),
                    "parked": int(parked),
                }
                done = c.execute(
                    "UPDATE outbox SET due = COALESCE(:due, due), parked = :parked, attempts = attempts + 1"
                    " WHERE key = :key",
                    values,
                )
            if done.rowcount != 1:
                raise NotFound(f"there is no notice {key!r}")


_SUMS: dict[str, tuple[Any, Any]] = {
    "related": (s.documents, func.sum(s.documents.c.counted)),
    "contacts": (s.use_rows, func.count()),
}


def _hit(cursor: sqlite3.Cursor, what: str) -> None:
    if cursor.rowcount != 1:
        raise Conflict(f"{what} has moved on")
