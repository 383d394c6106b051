"""What is SQLite's own: how its laws are written, one connection a thread, and what its driver's errors mean."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import weakref
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from typing import Any
from urllib.parse import quote

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects import sqlite

from expense_policy.ports.errors import Conflict, RepositoryError, RepositoryUnavailable

from . import schema as s
from .engine import Answer, Asked, Database, Dialect, Stage, Word, runs
from .laws import RACED, Law, laws, primary_key

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF")
_THERE = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
_MARKED = partial(str, encoding="utf-8", errors="replace")
_HOSTS = (("full_column_names", 0), ("short_column_names", 1), ("count_changes", 0))
_UNIQUE = ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE")


class Sqlite(Dialect):
    """SQLite's hand."""

    name = "sqlite"
    compiler = sqlite.dialect(paramstyle="qmark")

    def among(self, column: ColumnElement[Any], values: ColumnElement[Any]) -> ColumnElement[bool]:
        """A JSON array; the column's index is used for each of its values."""
        return column.in_(select(func.json_each(values).table_valued("value").c.value))

    def array(self, values: Sequence[str]) -> str:
        """As JSON."""
        return json.dumps(values, ensure_ascii=False)

    def summed(self, column: ColumnElement[int]) -> tuple[ColumnElement[Any], ...]:
        """In two parts: what SQLite adds up has to stay below 2**63."""
        return func.sum(column.bitwise_rshift(32)), func.sum(column.bitwise_and(2**32 - 1))

    def held(self, document: ColumnElement[bool]) -> ColumnElement[Any]:
        """The first of each item of `held`."""
        each = func.json_each(s.documents.c.held).table_valued("value")
        line = func.json_extract(each.c.value, "$[0]")
        return select(line).select_from(s.documents, each).where(document).scalar_subquery()

    def laws(self) -> Iterator[str]:
        """A trigger a law. Of several SQLite fires the one made last first: what is there already is a race before it
        is a broken law."""
        yield from map(_trigger, laws())
        yield from map(_trigger, map(_once, sorted({law.table for law in laws()})))


DIALECT = Sqlite()


def _trigger(law: Law) -> str:
    of = f" OF {', '.join(map(_quoted, law.columns))}" if law.columns else ""
    when = f"BEFORE {law.verb}{of} ON {law.table} WHEN {law.refuse}"
    return f"CREATE TRIGGER {law.name} {when} BEGIN SELECT RAISE(ABORT, '{law.message}'); END"


def _once(table: str) -> Law:
    """REPLACE fires no DELETE trigger: a row that is already there is refused before the insert."""
    same = " AND ".join(f"{_quoted(name)} = NEW.{_quoted(name)}" for name in primary_key(table))
    return Law(f"{table}_once", "INSERT", table, f"EXISTS (SELECT 1 FROM {table} WHERE {same})", f"{table}: {RACED[0]}")


def _quoted(name: str) -> str:
    return f'"{name}"'


def prepare(connection: sqlite3.Connection) -> None:
    """Sets a new connection up: explicit transactions, durable commits."""
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout=30000")
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def path_of(url: str) -> str:
    """The file of "sqlite:///PATH", each character of PATH standing for itself; ValueError for anything else."""
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or path in ("", ":memory:"):
        raise ValueError("the store's URL is sqlite:///PATH, where PATH names a file")
    # A path from the root: it stays the same when the host changes its folder, and is no URI to SQLite.
    return os.path.abspath(path)


def failed(error: Exception) -> Exception | None:
    """What the port says of what the driver raised; None where it was not the driver's."""
    if isinstance(error, sqlite3.IntegrityError):
        fired = error.sqlite_errorname == "SQLITE_CONSTRAINT_TRIGGER" and str(error).endswith(RACED)
        if fired or error.sqlite_errorname in _UNIQUE:
            return Conflict(str(error))
        return RepositoryError(f"the store refused the batch: {error}")
    binding = isinstance(error, sqlite3.Error) and str(error).startswith("Error binding parameter")
    if binding or isinstance(error, OverflowError | UnicodeEncodeError):
        return ValueError(f"no store keeps this: {error}")
    if isinstance(error, sqlite3.DataError):
        return RepositoryError(f"the store refused the batch: {error}")
    if isinstance(error, sqlite3.Error):
        return RepositoryUnavailable(str(error), outcome_known=True)
    return None


class _Held:
    """A thread's connection: closed when the thread lets go of it, which is when it ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.close = weakref.finalize(self, connection.close)


class _Connections(Database):
    """Transactions and reads on a connection."""

    dialect = DIALECT
    _begin, _commit = "BEGIN IMMEDIATE", "COMMIT"
    _undo: tuple[str, ...] = ("ROLLBACK",)
    # A read is one snapshot, and takes one lock instead of one a question.
    _read: tuple[str, ...] = ("BEGIN",)
    _done: tuple[str, ...] = ("COMMIT",)

    @abstractmethod
    def get(self) -> sqlite3.Connection:
        """The connection to use here and now; RepositoryUnavailable where there is none."""

    def cursor(self) -> sqlite3.Cursor:
        """A cursor that answers plain rows, whatever the host has set."""
        cursor = self.get().cursor()
        cursor.row_factory = None
        return cursor

    def ask(self, *asked: Asked) -> list[Answer]:
        """One read, of one snapshot; nothing of it stays open."""
        return self._asked(asked, str)

    def ask_marked(self, *asked: Asked) -> list[Answer]:
        """Where text can't be decoded it is asked for once more, with marks."""
        try:
            return self._asked(asked, str)
        except RepositoryUnavailable as error:
            if "decode" not in str(error):
                raise
            return self._asked(asked, _MARKED)

    def _asked(self, asked: tuple[Asked, ...], text: Any) -> list[Answer]:
        with _Using(self, text) as cursor:
            for statement in self._read:
                cursor.execute(statement)
            try:
                return [cursor.execute(q.text, q.values(values)).fetchall() for q, values in asked]
            finally:
                self._end(cursor)

    def _end(self, cursor: sqlite3.Cursor) -> None:
        try:
            for statement in self._done:
                cursor.execute(statement)
        except sqlite3.Error:
            # What can't be ended is given up: the next read or act finds the connection free.
            with suppress(sqlite3.Error):
                for statement in self._undo if self._done else ():
                    cursor.execute(statement)
            raise

    def do(self, *stages: Stage) -> None:
        """One transaction, or one savepoint of the host's."""
        committing = False
        with _Using(self) as cursor:
            try:
                cursor.execute(self._begin)
                for run, together in [part for stage in stages for part in runs(stage)]:
                    _change(cursor, run, together=together)
                committing = True
                cursor.execute(self._commit)
            except BaseException as error:
                with suppress(sqlite3.Error):
                    if cursor.connection.in_transaction:
                        for statement in self._undo:
                            cursor.execute(statement)
                if committing and isinstance(error, sqlite3.Error):
                    # What marks a commit is written last: for want of room it is not there.
                    known = getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"
                    raise RepositoryUnavailable(str(error), outcome_known=known) from error
                raise

    def version(self) -> int | None:
        """What `schema_version` says."""
        with _Using(self) as cursor:
            return _version(cursor)

    def lacking(self) -> tuple[str, ...]:
        """The names of tables, indexes and triggers that are not there word for word."""
        return tuple(sorted(name for name, _ in wanted() - self.words()))

    def words(self) -> set[Word]:
        """What `sqlite_master` says."""
        with _Using(self) as cursor:
            return set(cursor.execute(_THERE).fetchall())


def wanted() -> set[Word]:
    """What this library makes."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        for statement in DIALECT.schema():
            fresh.execute(statement)
        return set(fresh.execute(_THERE).fetchall())


class _Using:
    """A cursor that reads text so, whatever the host has set; what the driver raises becomes the port's."""

    def __init__(self, connections: _Connections, text: Any = str) -> None:
        self._connections, self._text = connections, text

    def __enter__(self) -> sqlite3.Cursor:
        try:
            self._cursor = self._connections.cursor()
            connection = self._connection = self._cursor.connection
            self._was, connection.text_factory = connection.text_factory, self._text
        except Exception as error:
            _told(error)
            raise
        return self._cursor

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        with suppress(sqlite3.Error):
            self._connection.text_factory = self._was
            self._cursor.close()
        if isinstance(error, Exception):
            _told(error)


def _told(error: Exception) -> None:
    """Raises what the port says of an error, where it is the driver's."""
    known = failed(error)
    if known is not None:
        raise known from error


def _version(cursor: sqlite3.Cursor) -> int | None:
    there = cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone()
    found: int | None = there and cursor.execute("SELECT MAX(version) FROM schema_version").fetchone()[0]
    return found


def _change(cursor: sqlite3.Cursor, run: Stage, *, together: bool) -> None:
    if together:
        cursor.executemany(run[0].statement.text, [o.statement.values(o.values) for o in run])
        return
    for o in run:
        changed = cursor.execute(o.statement.text, o.statement.values(o.values)).rowcount
        wanted = cursor.execute(o.like.text).fetchone()[0] if o.like is not None else 1
        if (o.hits or o.like is not None) and changed != wanted:
            raise Conflict(f"{o.what} has moved on")


class Own(_Connections):
    """Connections to a file, one a thread."""

    def __init__(self, url: str) -> None:
        self._path = path_of(url)
        self._local, self._lock, self._closed = threading.local(), threading.Lock(), False
        self._open: weakref.WeakSet[_Held] = weakref.WeakSet()
        self._place: tuple[int, int] | None = None

    def get(self) -> sqlite3.Connection:
        """This thread's connection, while its file stands where it was."""
        held: _Held | None = getattr(self._local, "held", None)
        if self._place is not None and self._stands() != self._place:
            # SQLite would go on writing into what has no name any more, and begin a new file for a new thread.
            why = f"{self._path}: the file was removed or replaced: open the store anew"
            raise RepositoryUnavailable(why, outcome_known=True)
        if held is None or self._closed:
            held = self._local.held = self._connect()
        if self._place is None:
            self._place = self._stands()
        return held.connection

    def _stands(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return (found.st_dev, found.st_ino)

    def _connect(self) -> _Held:
        if self._closed:
            raise RepositoryUnavailable(f"{self._path}: the store is closed", outcome_known=True)
        try:
            # A thread uses its own alone; only `close` comes from another.
            held = _Held(sqlite3.connect(self._path, check_same_thread=False))
            prepare(held.connection)
        except sqlite3.Error as error:
            raise RepositoryUnavailable(f"{self._path}: {error}", outcome_known=True) from error
        with self._lock:
            if not self._closed:
                self._open.add(held)
                return held
        return self._connect()

    def make(self) -> None:
        """In one transaction: of several makers one makes it."""
        with _Using(self) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                if _version(cursor) is None:
                    for statement in DIALECT.schema():
                        cursor.execute(statement)
                    cursor.execute("INSERT INTO schema_version VALUES (?)", (s.VERSION,))
                cursor.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    cursor.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closes every thread's."""
        with self._lock:
            self._closed, every = True, list(self._open)
        for held in every:
            held.close()


class Joined(_Connections):
    """The host's connection, inside the transaction that the host has open on it."""

    joined = True
    _begin, _commit = "SAVEPOINT expense_policy", "RELEASE expense_policy"
    _undo = ("ROLLBACK TO expense_policy", "RELEASE expense_policy")
    _read = _done = ()

    def __init__(self, connection: sqlite3.Connection) -> None:
        if not connection.in_transaction:
            raise ValueError("the host's connection has no open transaction to join")
        cursor = connection.cursor()
        cursor.row_factory = None
        for name, needed in _HOSTS:
            (found,) = cursor.execute(f"PRAGMA {name}").fetchone()
            if found != needed:
                raise ValueError(f"the host's connection has PRAGMA {name}={found}: a joined store needs {needed}")
        self._connection: sqlite3.Connection | None = connection
        self._thread = threading.get_ident()

    def get(self) -> sqlite3.Connection:
        """The host's, while its transaction is open and in its thread."""
        why = "the store is closed"
        if self._thread != threading.get_ident():
            why = "a joined store stays with its host's thread"
        elif self._connection is not None:
            try:
                if self._connection.in_transaction:
                    return self._connection
                why = "the host's transaction has ended: join its next one"
            except sqlite3.Error as error:
                why = f"the host's connection: {error}"
        raise RepositoryUnavailable(why, outcome_known=True)

    def close(self) -> None:
        """Leaves the host's connection open."""
        self._connection = None


class Snapshot(_Connections):
    """One connection that sees a file as it stood when it was opened: read only; nobody waits."""

    _read = _done = ()

    def __init__(self, url: str) -> None:
        path = path_of(url)
        self._held: sqlite3.Connection | None = None
        if not os.path.isfile(path):
            raise RepositoryUnavailable(f"{path}: there is no such file", outcome_known=True)
        place = f"file:{quote(path)}?mode=ro"
        # Where not even the log's index can be made beside the file, it is read as one that nobody writes.
        alone = not os.access(os.path.dirname(path), os.W_OK) and not os.path.exists(f"{path}-wal")
        try:
            self._held = sqlite3.connect(f"{place}&immutable=1" if alone else place, uri=True, isolation_level=None)
            self._held.execute("PRAGMA query_only=ON")
            self._held.execute("PRAGMA trusted_schema=OFF")
            self._held.execute("BEGIN")
            self._held.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            self.close()
            raise RepositoryUnavailable(f"{path}: {error}", outcome_known=True) from error

    def get(self) -> sqlite3.Connection:
        """The one connection."""
        if self._held is None:
            raise RepositoryUnavailable("the store is closed", outcome_known=True)
        return self._held

    def do(self, *stages: Stage) -> None:
        """Refused."""
        raise RepositoryUnavailable("the store was opened for reading alone", outcome_known=True)

    def close(self) -> None:
        """Ends the reading."""
        if self._held is not None:
            self._held.close()
            self._held = None
