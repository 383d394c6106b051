"""PostgreSQL as a store works on it: a pool, a host's own connection, a snapshot to be read alone."""

from __future__ import annotations

import json
import threading
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import RawCursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import DeadlockDetected, SerializationFailure
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from psycopg.types.array import ListDumper
from psycopg.types.numeric import Int8Dumper, IntLoader
from psycopg.types.string import StrDumperUnknown, TextLoader
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from expense_policy.ports.errors import Conflict, RepositoryError, RepositoryUnavailable

from . import schema as s
from .engine import MANY, Answer, Asked, Database, Operation, Stage, Word, runs
from .postgres import DIALECT, LAW, RACE, asked_at_once, done_at_once
from .postgres_catalog import wanted, words

ISOLATION = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
_AT_ONCE = MANY
"""As many changes go into one statement; more go one by one, or so many alike, in a transaction."""
_FEW = 50
"""As many questions or names a look may have before its answers are too many for one text."""
_CONNECTIONS, _WAIT = 8, 30.0
_AGAIN = 5.0
"""Seconds after which the pool begins anew to look for a server that is gone: it would wait twice as long each time."""
_SETTINGS = {
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    # Nothing is decided on a standby, and triggers fire.
    "transaction_read_only": "off",
    "session_replication_role": "origin",
}
Connection = psycopg.Connection[Any]
Cursor = RawCursor[tuple[Any, ...]]


def failed(error: Exception, *, sent: bool) -> Exception | None:
    """What the port says of what the driver raised; None where it was not the driver's.

    `sent`: a change was under way, so that a connection that broke leaves its outcome unknown.
    """
    if isinstance(error, PoolTimeout | PoolClosed):
        return RepositoryUnavailable(str(error), outcome_known=True)
    if isinstance(error, UnicodeEncodeError | OverflowError | psycopg.ProgrammingError) and not _state(error):
        return ValueError(f"no store keeps this: {error}")
    if isinstance(error, psycopg.DataError) and not _state(error):
        return ValueError(f"no store keeps this: {error}")
    if not isinstance(error, psycopg.Error):
        return None
    state, told = _state(error), str(error)
    if state in (RACE, "23505", "40001", "40P01"):
        return Conflict("a row has moved on" if told.isdigit() else told)
    if state == LAW or state[:2] in ("22", "23"):
        return RepositoryError(f"the store refused the batch: {told}")
    return RepositoryUnavailable(told, outcome_known=not (sent and _ended(error)))


def _state(error: Exception) -> str:
    return getattr(error, "sqlstate", None) or ""


def _ended(error: psycopg.Error) -> bool:
    """Whether the session ended with it: what it was doing may have been committed before.

    An error that leaves the session has rolled back. One that ends it may come after the commit and before its answer;
    so may the word of whoever stands between, that the server is gone (class 08), or that nobody knows (40003).
    """
    state = _state(error)
    return not state or state[:2] == "08" or state == "40003" or error.diag.severity_nonlocalized in ("FATAL", "PANIC")


class _Connections(Database):
    """Reads and transactions on connections."""

    dialect = DIALECT

    @abstractmethod
    def get(self) -> Connection:
        """A connection that is this call's alone, until `give`; RepositoryUnavailable where there is none."""

    def give(self, connection: Connection) -> None:
        """The call is done with it."""

    def ask(self, *asked: Asked) -> list[Answer]:
        """One statement, one round trip."""
        with _Using(self, sent=False) as cursor:
            if not asked:
                return []
            values = [value for statement, each in asked for value in statement.values(each)]
            if len(asked) > _FEW or any(type(value) is list and len(value) > _FEW for value in values):
                return _piped(cursor.connection, asked)
            answers = cursor.execute(asked_at_once(tuple([q for q, _ in asked])), values, prepare=True).fetchall()
        return [answers] if len(asked) == 1 else [answer or [] for answer in json.loads(answers[0][0])]

    def do(self, *stages: Stage) -> None:
        """One statement where that is enough, and one transaction where it is not."""
        with _Using(self, sent=True) as cursor:
            if len(stages) == 1 and len(stages[0]) <= _AT_ONCE:
                _change(cursor, stages[0])
            elif stages:
                self.transact(cursor, [part for stage in stages for part in _parts(stage)])

    def transact(self, cursor: Cursor, stages: Sequence[Stage]) -> None:
        """All of it, each stage finding what those before it wrote, sent at once."""
        # They go out together, and the error of one may show at any later one: which change it was isn't told.
        with cursor.connection.pipeline(), cursor.connection.transaction():
            for stage in stages:
                cursor.execute(*_said(stage), prepare=True)

    def version(self) -> int | None:
        """What `schema_version` says."""
        with _Using(self, sent=False) as cursor:
            return _version(cursor)

    def lacking(self) -> tuple[str, ...]:
        """The names of tables, columns, indexes, checks, functions and triggers that are not there word for word."""
        return tuple(sorted({name for name, _ in wanted() - self.words()}))

    def words(self) -> set[Word]:
        """What the catalogue says."""
        with _Using(self, sent=False) as cursor:
            return words(cursor)


def _piped(connection: Connection, asked: Sequence[Asked]) -> list[Answer]:
    """Answers of many rows: a statement each, all sent at once. JSON would cost them more than it spares."""
    with connection.pipeline():
        cursors = [_cursor(connection) for _ in asked]
        for cursor, (statement, values) in zip(cursors, asked, strict=True):
            cursor.execute(asked_at_once((statement,)), statement.values(values), prepare=True)
        return [cursor.fetchall() for cursor in cursors]


def _parts(stage: Stage) -> list[Stage]:
    """A long stage one by one, but for what many of its changes say alike: they have one text, so many at once."""
    found: list[Stage] = []
    for run, together in runs(stage):
        whole = len(run) - len(run) % _AT_ONCE if together else 0
        found += [run[i : i + _AT_ONCE] for i in range(0, whole, _AT_ONCE)]
        found += [[each] for each in run[whole:]] if len(stage) > _AT_ONCE else [run]
    return found


def _said(stage: Stage) -> tuple[str, list[Any]]:
    """A stage as one statement, and what is bound in it."""
    shape = tuple([(o.statement, o.like, o.several) for o in stage])
    return done_at_once(shape), [value for o in stage for value in o.statement.values(o.values)]


def _change(cursor: Cursor, stage: Stage) -> None:
    text, values = _said(stage)
    try:
        cursor.execute(text, values, prepare=True)
    except psycopg.Error as error:
        raise _moved_on(error, stage, values) from error


def _moved_on(error: psycopg.Error, stage: Sequence[Operation], values: Sequence[Any]) -> Exception:
    """Which of the changes did not hit, where that was it, or that a number is none of the database's."""
    told = error.diag.message_primary or ""
    if error.sqlstate == "22003" and any(isinstance(v, int) and not -(2**63) <= v < 2**63 for v in values):
        return OverflowError(told)
    if error.sqlstate == RACE and told.isdigit():
        return Conflict(f"{stage[int(told) - 1].what} has moved on")
    return error


def _version(cursor: Cursor) -> int | None:
    # Not by to_regclass, which may still answer from before a lock was waited for.
    there = "SELECT 1 FROM pg_class WHERE relname = 'schema_version' AND relkind = 'r' AND pg_table_is_visible(oid)"
    if not cursor.execute(there).fetchall():
        return None
    found: int | None = cursor.execute("SELECT MAX(version) FROM schema_version").fetchall()[0][0]
    return found


def _checked(url: str) -> str:
    """The URL; ValueError where it is none."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        told = str(error).replace(url, "postgresql://...").strip()
        raise ValueError(f"the store's URL can't be read: {told}") from None
    return url


def _cursor(connection: Connection) -> Cursor:
    """A cursor that binds and reads as this module does, whatever the host has set."""
    cursor: Cursor = RawCursor(connection, row_factory=tuple_row)
    if not isinstance(connection, _OwnConnection):
        _adapt(cursor.adapters)
    return cursor


class _OwnConnection(psycopg.Connection[Any]):
    """A connection whose adapters are this module's."""


def _adapt(adapters: Any) -> None:
    # A number has one type, whatever its size: so a statement is prepared once.
    for kind, dumper in ((int, Int8Dumper), (str, StrDumperUnknown), (list, ListDumper)):
        adapters.register_dumper(kind, dumper)
    for name, loader in (("text", TextLoader), ("name", TextLoader), ("int8", IntLoader)):
        adapters.register_loader(name, loader)


class _Using:
    """A cursor of a connection that is this call's alone; what the driver raises becomes the port's."""

    def __init__(self, connections: _Connections, *, sent: bool) -> None:
        self._connections, self._sent = connections, sent

    def __enter__(self) -> Cursor:
        self._connection = self._connections.get()
        return _cursor(self._connection)

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._connections.give(self._connection)
        if isinstance(error, Exception):
            _told(error, sent=self._sent)


def _told(error: Exception, *, sent: bool) -> None:
    """Raises what the port says of an error, where it is the driver's."""
    known = failed(error, sent=sent)
    if known is not None:
        raise known from error


@contextmanager
def _telling() -> Iterator[None]:
    """What fails before a connection is there."""
    try:
        yield
    except Exception as error:
        _told(error, sent=False)
        raise


class Own(_Connections):
    """A pool of connections; `isolation` is what each of them works at, `connections` how many there are at most."""

    def __init__(self, url: str, *, isolation: str = ISOLATION[0], connections: int = _CONNECTIONS) -> None:
        if isolation not in ISOLATION:
            raise ValueError(f"isolation is one of {', '.join(ISOLATION)}")
        url, self._isolation = _checked(url), isolation
        # What is wrong with the place, the name or the password is told at once; the pool would go on trying.
        with _telling(), _OwnConnection.connect(url, autocommit=True, cursor_factory=RawCursor) as first:
            self._prepare(first)
        self._pool = ConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            timeout=_WAIT,
            reconnect_timeout=_AGAIN,
            reconnect_failed=ConnectionPool.check,
            kwargs={"autocommit": True, "cursor_factory": RawCursor, "prepare_threshold": 1},
            connection_class=_OwnConnection,
            configure=self._prepare,
            num_workers=1,
            open=True,
        )

    def _prepare(self, connection: Connection) -> None:
        """Sets a new connection up, and reads back what it was given."""
        connection.execute(f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {self._isolation}")
        # Every statement reads by keys: planned once, it is planned well.
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.prepared_max = 500
        _adapt(connection.adapters)
        wanted = {**_SETTINGS, "transaction_isolation": self._isolation.lower()}
        names = [*wanted, "synchronous_commit"]
        asked = "SELECT name, current_setting(name) FROM unnest($1::text[]) AS name"
        found = dict(connection.execute(asked, [names]).fetchall())
        for name, value in wanted.items():
            if found[name] != value:
                raise RepositoryUnavailable(f"{name} is {found[name]}, and has to be {value}", outcome_known=True)
        if found["synchronous_commit"] == "off":
            why = "synchronous_commit is off: a commit would be told before it lasts"
            raise RepositoryUnavailable(why, outcome_known=True)

    def ask(self, *asked: Asked) -> list[Answer]:
        """One read; once more where the connection turns out to be gone, since the server was when it began."""
        try:
            return super().ask(*asked)
        except RepositoryUnavailable as error:
            cause = error.__cause__
            if not isinstance(cause, psycopg.Error) or isinstance(cause, PoolTimeout | PoolClosed) or not _ended(cause):
                raise
        return super().ask(*asked)

    def get(self) -> Connection:
        """One of the pool's."""
        try:
            return self._pool.getconn()
        except Exception as error:
            _told(error, sent=False)
            raise

    def give(self, connection: Connection) -> None:
        """One that broke goes back as well, to be replaced."""
        broken = connection.broken
        self._pool.putconn(connection)  # type: ignore[arg-type]  # `get` took it from this pool
        if broken:
            # What took this one has taken the others too: whoever comes next is not to find out by himself.
            self._pool.check()

    def make(self) -> None:
        """In one transaction: of several makers one makes it."""
        with _Using(self, sent=True) as cursor, cursor.connection.transaction():
            # Who waited for the lock sees what was made meanwhile.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('expense_policy'))")
            if _version(cursor) is None:
                for statement in DIALECT.schema():
                    cursor.execute(statement)
                cursor.execute("INSERT INTO schema_version VALUES ($1)", [s.VERSION])

    def close(self) -> None:
        """Closes the pool."""
        pool: ConnectionPool | None = getattr(self, "_pool", None)
        if pool is not None:
            pool.close()


class _Held(_Connections):
    """One connection that is open as long as the store is."""

    _held: Connection | None = None

    def get(self) -> Connection:
        """The connection, while it may be used."""
        if self._held is None:
            raise RepositoryUnavailable("the store is closed", outcome_known=True)
        return self._held


class Joined(_Held):
    """The host's connection, inside the transaction that the host has open on it."""

    joined = True

    def __init__(self, connection: Connection) -> None:
        if connection.info.transaction_status != TransactionStatus.INTRANS:
            raise ValueError("the host's connection has no open transaction to join")
        if connection.info.encoding != "utf-8":
            raise ValueError("the host's connection has another client_encoding than UTF8")
        self._held, self._thread = connection, threading.get_ident()

    def get(self) -> Connection:
        """The host's, while its transaction is open and in its thread."""
        connection = super().get()
        if self._thread != threading.get_ident():
            raise RepositoryUnavailable("a joined store stays with its host's thread", outcome_known=True)
        if connection.closed or connection.info.transaction_status != TransactionStatus.INTRANS:
            raise RepositoryUnavailable("the host's transaction has ended: join its next one", outcome_known=True)
        return connection

    def do(self, *stages: Stage) -> None:
        """Inside a savepoint of the host's transaction: until the host commits, what went wrong was not done."""
        with _Using(self, sent=False) as cursor:
            cursor.execute("SAVEPOINT expense_policy")
            try:
                for part in [part for stage in stages for part in _parts(stage)]:
                    _change(cursor, part)
                cursor.execute("RELEASE expense_policy")
            except BaseException as error:
                with suppress(psycopg.Error):
                    cursor.execute("ROLLBACK TO expense_policy")
                    cursor.execute("RELEASE expense_policy")
                if isinstance(error, SerializationFailure | DeadlockDetected):
                    # No look helps inside this transaction: its snapshot is old, or it holds what the other waits for.
                    why = f"{error}; the host's transaction has to be begun anew"
                    raise RepositoryUnavailable(why, outcome_known=True) from error
                raise

    def close(self) -> None:
        """Leaves the host's connection open."""
        self._held = None


class Snapshot(_Held):
    """One connection that sees the database as it stood when it was opened: read only; nobody waits."""

    def __init__(self, url: str) -> None:
        with _telling():
            self._held = psycopg.connect(_checked(url), autocommit=True, client_encoding="utf8")
            self._held.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # The snapshot is taken by the first question.
            self._held.execute("SELECT 1")

    def do(self, *stages: Stage) -> None:
        """Refused."""
        raise RepositoryUnavailable("the store was opened for reading alone", outcome_known=True)

    def close(self) -> None:
        """Ends the reading."""
        if self._held is not None:
            self._held.close()
            self._held = None
