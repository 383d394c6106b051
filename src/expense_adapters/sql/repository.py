"""The port over SQL: what is asked goes to the engine at once, an act is one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from expense_policy.domain.adoption import PolicyVersion
from expense_policy.domain.cards import Card
from expense_policy.domain.categories import UseRow
from expense_policy.domain.content import Row
from expense_policy.domain.holds import Line
from expense_policy.domain.journal import Entry
from expense_policy.domain.periods import Month, instant_text
from expense_policy.domain.posting import Posting
from expense_policy.ports.errors import AlreadyDone, Conflict, NotFound, RepositoryError, RepositoryUnavailable
from expense_policy.ports.mistakes import (
    check_cards,
    check_find,
    check_instant,
    check_limit,
    check_lines,
    check_look,
    check_postings,
    check_uses,
    check_words,
)
from expense_policy.ports.notifier import Notice
from expense_policy.ports.repository import Batch, Fact, Faulty, Look, Seen, Summary

from . import databases, rows, versions, year_rows
from . import schema as s
from .engine import Database, Operation, Statement
from .history import history
from .operations import stages
from .questions import Questions
from .standing import standing
from .statements import statements


class SqlRepository:
    """The port over SQLite, PostgreSQL or MariaDB.

    `url` is "sqlite:///path/to/file.db", each character of the path standing for itself, "postgresql://user@host/name"
    or "mariadb://user@host/name" (extras `postgres`, `mariadb`); what else the engine takes is named in
    docs/how-to/choose-a-store.md. The schema is made where there is none; one that is older or newer than this
    library's is refused with RepositoryUnavailable: `expense_adapters.sql.migrate` brings an older one up.
    """

    _database: Database

    def __init__(self, url: str, **options: Any) -> None:
        self._begin(databases.opened(url, **options))
        try:
            # Whoever may not make a schema finds one made.
            if self._database.version() is None:
                self._database.make()
            versions.present(self._database.version())
        except BaseException:
            self.close()
            raise

    @classmethod
    def joining(cls, connection: Any) -> SqlRepository:
        """A store inside the host's own transaction on its connection: it commits nothing and retries nothing.

        The connection is sqlite3's, psycopg's or PyMySQL's own. A batch that is refused rolls back to its savepoint;
        what was committed is durable once the host commits. Once that transaction has ended the store refuses with
        RepositoryUnavailable: the next one is joined anew. Notices and seals go out from a store of its own:
        `notices`, `delivered`, `put_off` and `unsealed` refuse, since they would tell of what may still be rolled back
        (I31). The schema has to be there already, of this library's version.
        ValueError where no transaction is open, or the host has set what changes what statements answer.
        """
        joined = cls.__new__(cls)
        joined._begin(databases.joined(connection))
        versions.present(joined._database.version())
        return joined

    @classmethod
    def reading(cls, url: str) -> SqlRepository:
        """A store to be read alone, as it stands at this instant: for `verify`, exports, auditors (S2.1).

        No row is written and no schema made; writers go on meanwhile. RepositoryUnavailable where it can't be read or
        holds no schema of this library's version.
        """
        read = cls.__new__(cls)
        read._begin(databases.snapshot(url))
        try:
            versions.present(read._database.version())
        except BaseException:
            read.close()
            raise
        return read

    def _begin(self, database: Database) -> None:
        self._database, self._q = database, statements(database.dialect)

    def lacking(self) -> tuple[str, ...]:
        """The names of tables, indexes, triggers and the like that are not there as this library makes them, sorted."""
        return self._database.lacking()

    def close(self) -> None:
        """Closes every connection, and the store with it; a host's own stays open."""
        self._database.close()

    def look(self, at: Look) -> Seen:
        """Everything asked."""
        check_look(at)
        questions = Questions(at, self._q, self._database.dialect)
        return questions.seen(self._database.ask(*questions.asked))

    def commit(self, *batches: Batch) -> None:
        """All batches or none, in one transaction."""
        try:
            self._database.do(*[stage for batch in batches for stage in stages(batch, self._q)])
        except RepositoryUnavailable:
            raise
        except RepositoryError as error:
            done = self._done_before(batches)
            if done is None:
                raise
            raise done from error

    def _done_before(self, batches: Sequence[Batch]) -> AlreadyDone | None:
        """Whether a batch's key was used before, in the store or in the same commit: nothing else matters then."""
        keys = tuple([batch.key.key for batch in batches if batch.key is not None])
        done = dict(self.look(Look(keys)).done) if keys else {}
        for batch in batches:
            if batch.key is not None:
                if batch.key.key in done:
                    return AlreadyDone(*done[batch.key.key])
                done[batch.key.key] = (batch.entry, batch.key.asked)
        return None

    def _query(self, query: Select[Any]) -> list[dict[str, Any]]:
        statement = self._database.dialect.compiled(query)
        (answer,) = self._database.ask((statement, {}))
        return [statement.row(row) for row in answer]

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
        return [rows.summary_of(row) for row in self._query(query)]

    def uses(
        self, where: tuple[tuple[str, str], ...], after: tuple[str, int] = ("", 0), limit: int = 100
    ) -> Sequence[UseRow]:
        """A page in (document, number) order."""
        check_uses(where, after, limit)
        t, dialect, named = s.use_rows, self._database.dialect, dict(where)
        query = select(t).where(*(t.c[name] == value for name, value in where)).limit(limit)
        # Within one document a number is the whole place: ordered by both, MariaDB would sort all that follows.
        if "document" not in named:
            query = query.where(dialect.beyond((t.c.document, t.c.number), after)).order_by(t.c.document)
        elif named["document"] == after[0]:
            query = query.where(t.c.number > after[1])
        elif named["document"] < after[0]:
            return []
        for name in [name for name in ("recipient", "item") if name in named][:1]:
            query = dialect.by_index(query, t, f"use_rows_{name}")
        return [rows.use_of(row) for row in self._query(query.order_by(t.c.number))]

    def cards(
        self,
        where: tuple[tuple[str, str], ...],
        due: datetime | None = None,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[Card]:
        """A page in id order."""
        check_cards(where, due, after, limit)
        t = s.cards
        query = select(t).where(t.c.id > after, *(t.c[name] == value for name, value in where))
        if due is not None:
            query = query.where(t.c.due <= instant_text(due))
        return [year_rows.card_of(row) for row in self._query(query.order_by(t.c.id).limit(limit))]

    def postings(self, month: Month, after: int = 0, limit: int = 100) -> Sequence[tuple[int, Posting]]:
        """A page of the month's numbered postings."""
        check_postings(month, after, limit)
        t = s.postings
        query = select(t).where(t.c.month == str(month), t.c.book_number > after).order_by(t.c.book_number).limit(limit)
        return [(row["book_number"], year_rows.posting_of(row)) for row in self._query(query)]

    def lines(self, department: str | None = None, year: int | None = None) -> Sequence[Line]:
        """Every line, or those of a department and year, in id order."""
        check_lines(department, year)
        t, query = s.lines, select(s.lines).order_by(s.lines.c.id)
        if year is not None:
            query = query.where(t.c.year == year)
        if department is not None:
            query = query.where(t.c.department == department)
        return [rows.line_of(row) for row in self._query(query)]

    def policies(self) -> Sequence[PolicyVersion]:
        """Every known version."""
        query = select(s.policies).order_by(s.policies.c.effective, s.policies.c.id)
        return [rows.policy_of(row) for row in self._query(query)]

    def history(
        self, subject: str | None = None, faulty: Faulty | None = None
    ) -> Iterator[tuple[Entry, tuple[Fact, ...]]]:
        """Entries with their facts, in (subject, seq) order, a page at a time."""
        if subject is not None:
            check_words((subject,))
        return history(self._database, subject, faulty)

    def standing(self, faulty: Faulty) -> Iterator[Row]:
        """Every row that stands in the tables, as the journal says it."""
        return standing(self._database, faulty)

    def unsealed(self, limit: int) -> Sequence[Entry]:
        """Entries no seal binds yet."""
        check_limit(limit)
        self._alone("unsealed")
        t, u = s.journal, s.unsealed
        query = select(t).join(u, (t.c.subject == u.c.subject) & (t.c.seq == u.c.seq)).order_by(u.c.subject, u.c.seq)
        return [rows.entry_of(row) for row in self._query(query.limit(limit))]

    def notices(self, now: datetime, limit: int, parked: bool = False) -> Sequence[Notice]:
        """Undelivered and due, oldest first."""
        check_instant(now)
        check_limit(limit)
        self._alone("notices")
        t = s.outbox
        due = (t.c.parked == int(parked), t.c.due <= instant_text(now))
        query = select(t).where(*due).order_by(t.c.due, t.c.key).limit(limit)
        return [rows.notice_of(row) for row in self._query(query)]

    def delivered(self, key: str) -> None:
        """It leaves the queue."""
        self._noticed(key, self._q.delivered, {})

    def put_off(self, key: str, until: datetime, parked: bool = False) -> None:
        """It comes again, one attempt older."""
        check_instant(until)
        self._noticed(key, self._q.put_off, {"due": instant_text(until), "parked": int(parked)})

    def _noticed(self, key: str, statement: Statement, values: dict[str, Any]) -> None:
        check_words((key,))
        self._alone("notices")
        try:
            self._database.do([Operation(statement, {"the_key": key, **values}, f"notice {key}", hits=True)])
        except Conflict:
            raise NotFound(f"there is no notice {key!r}") from None

    def _alone(self, what: str) -> None:
        """What leaves the system is taken from what is committed (I31)."""
        if self._database.joined:
            why = f"{what}: a joined store sends and seals nothing, for its host may still roll back"
            raise RepositoryUnavailable(f"{why}; use a store of its own", outcome_known=True)
