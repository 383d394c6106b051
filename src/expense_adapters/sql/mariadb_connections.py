"""MariaDB as a store works on it: a pool, a host's own connection, a snapshot to be read alone."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any

import pymysql
from pymysql import converters
from pymysql.constants import CLIENT, FIELD_TYPE
from pymysql.cursors import Cursor as PlainCursor

from expense_policy.ports.errors import RepositoryUnavailable

from . import mariadb_catalog as catalog
from .engine import Answer, Asked, Database, Stage, Word
from .mariadb import DIALECT, HARMLESS, STRICT, said
from .mariadb_pool import Pool, connected, place, prepare, shut, told
from .mariadb_wire import Connection, Cursor, Sent, change, commit, drain, each, lost, run, tell

ISOLATION = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
_CONNECTIONS = 8
_BEGIN: tuple[Sent, ...] = (("START TRANSACTION", ()),)
# The questions of a look are answered of one view, and nothing of it stays open.
_BEGIN_READ: tuple[Sent, ...] = (
    ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", ()),
    ("START TRANSACTION READ ONLY", ()),
)
_END_READ: tuple[Sent, ...] = (("COMMIT", ()),)
_AGAIN = 200


class _Connections(Database):
    """Reads and transactions on connections."""

    dialect = DIALECT
    _around: tuple[tuple[Sent, ...], tuple[Sent, ...]] = ((), ())
    """What begins and ends a read of several questions."""

    @abstractmethod
    def get(self) -> Connection:
        """A connection that is this call's alone, until `give`; RepositoryUnavailable where there is none."""

    def give(self, connection: Connection) -> None:
        """The call is done with it."""

    def undo(self, cursor: Cursor) -> None:
        """After a call that failed: nothing is left of what it began."""
        drain(cursor)

    def ask(self, *asked: Asked) -> list[Answer]:
        """All in one packet, answered of one view."""
        with _Using(self) as cursor:
            if not asked:
                return []
            before, after = self._around if len(asked) > 1 else ((), ())
            answers = [list(at.fetchall()) for at in each(cursor, [*before, *map(said, asked), *after])]
        return answers[len(before) : len(before) + len(asked)]

    def version(self) -> int | None:
        """What `schema_version` says."""
        with _Using(self) as cursor:
            return catalog.version(cursor)

    def lacking(self) -> tuple[str, ...]:
        """The names of tables, columns, indexes, checks and triggers that are not there word for word."""
        return tuple(sorted({name for name, _ in catalog.wanted() - self.words()}))

    def words(self) -> set[Word]:
        """What the catalogue says."""
        with _Using(self) as cursor:
            return catalog.words(cursor)


class _Using:
    """A cursor of a connection that is this call's alone; what the driver raises becomes the port's."""

    def __init__(self, connections: _Connections) -> None:
        self._connections = connections

    def __enter__(self) -> Cursor:
        self._connection = self._connections.get()
        # A plain one, whatever the host has set.
        self._cursor = PlainCursor(self._connection)
        return self._cursor

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is not None:
            self._connections.undo(self._cursor)
        self._connections.give(self._connection)
        tell(error)


class Own(_Connections):
    """A pool of connections; `isolation` is what each of them works at, `connections` how many there are at most."""

    _around = (_BEGIN_READ, _END_READ)

    def __init__(self, url: str, *, isolation: str = ISOLATION[0], connections: int = _CONNECTIONS) -> None:
        if isolation not in ISOLATION:
            raise ValueError(f"isolation is one of {', '.join(ISOLATION)}")
        connect = partial(_opened, place(url), partial(prepare, isolation=isolation))
        self._pool = Pool(connect, connections)
        # What is wrong with the place, the name or the password is told at once.
        self._pool.give(self._pool.get())

    def ask(self, *asked: Asked) -> list[Answer]:
        """One read; once more where the connection turns out to be gone, since the server was when it began."""
        try:
            return super().ask(*asked)
        except RepositoryUnavailable as error:
            if not lost(error.__cause__):
                raise
        return super().ask(*asked)

    def get(self) -> Connection:
        """One of the pool's."""
        return self._pool.get()

    def give(self, connection: Connection) -> None:
        """One that broke is replaced."""
        self._pool.give(connection)

    def undo(self, cursor: Cursor) -> None:
        """Rolls back; a connection that can't is given up, and the server rolls back."""
        drain(cursor)
        try:
            run(cursor, "ROLLBACK")
        except pymysql.Error:
            shut(cursor.connection)

    def do(self, *stages: Stage) -> None:
        """One transaction: what has to hit is seen to hit before it is committed."""
        changes = [each for stage in stages for each in stage]
        with _Using(self) as cursor:
            if changes:
                change(cursor, changes, _BEGIN)
                commit(cursor)

    def make(self) -> None:
        """The version comes last, for no transaction holds it: one maker makes it, and what is half made is told."""
        with _Using(self) as cursor:
            catalog.make(cursor)

    def close(self) -> None:
        """Closes the pool."""
        self._pool.close()


def _opened(at: dict[str, Any], prepared: Callable[[Connection], None]) -> Connection:
    connection = None
    try:
        connection = connected(at)
        prepared(connection)
    except BaseException as error:
        if connection is not None:
            shut(connection)
        tell(error)
        raise
    return connection


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
        self._held, self._thread = connection, threading.get_ident()
        cursor = PlainCursor(connection)
        try:
            if not _in_transaction(cursor):
                raise ValueError("the host's connection has no open transaction to join")
            _check_host(connection, told(cursor, "sql_mode", "sql_notes", *_CHARACTERS))
        except pymysql.Error as error:
            tell(error)

    def get(self) -> Connection:
        """The host's, while its transaction is open and in its thread."""
        connection = super().get()
        if self._thread != threading.get_ident():
            raise RepositoryUnavailable("a joined store stays with its host's thread", outcome_known=True)
        there = False
        try:
            # What the driver knows of it is old: neither an answer with rows tells nor an error.
            there = connection.open and _in_transaction(PlainCursor(connection))
        except pymysql.Error as error:
            tell(error)
        if not there:
            raise RepositoryUnavailable("the host's transaction has ended: join its next one", outcome_known=True)
        return connection

    def ask(self, *asked: Asked) -> list[Answer]:
        """Asked again until the same is answered twice: then all of it stood at once, at whatever level the host is."""
        found = super().ask(*asked)
        for _ in range(_AGAIN):
            if len(asked) < 2:
                return found
            last, found = found, super().ask(*asked)
            if found == last:
                return found
        raise RepositoryUnavailable("what is asked for changes faster than it is read", outcome_known=True)

    def do(self, *stages: Stage) -> None:
        """Inside a savepoint of the host's transaction."""
        changes = [each for stage in stages for each in stage]
        with _Using(self) as cursor:
            run(cursor, "SAVEPOINT expense_policy")
            try:
                change(cursor, changes)
                run(cursor, "RELEASE SAVEPOINT expense_policy")
            except BaseException as error:
                drain(cursor)
                try:
                    run(cursor, "ROLLBACK TO SAVEPOINT expense_policy")
                    run(cursor, "RELEASE SAVEPOINT expense_policy")
                except pymysql.Error:
                    # A deadlock takes the host's whole transaction, and the savepoint with it.
                    why = f"the host's transaction was rolled back, all of it: {error}"
                    raise RepositoryUnavailable(why, outcome_known=True) from error
                raise

    def close(self) -> None:
        """Leaves the host's connection open."""
        self._held = None


_CHARACTERS = ("character_set_client", "character_set_connection", "character_set_results")
_READ_AS = (FIELD_TYPE.LONGLONG, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.VAR_STRING, FIELD_TYPE.BLOB)
_WRITTEN_AS = (int, type(None))


def _in_transaction(cursor: Cursor) -> bool:
    run(cursor, "SELECT @@in_transaction")
    return bool(cursor.fetchall()[0][0])


def _check_host(connection: Connection, found: dict[str, str]) -> None:
    """ValueError where the host has set what changes what statements do or answer."""
    mode = set(found["sql_mode"].split(","))
    reads = [connection.decoders.get(kind) is converters.decoders[kind] for kind in _READ_AS]
    writes = [connection.encoders.get(kind) is converters.encoders[kind] for kind in _WRITTEN_AS]
    characters = {found[name] for name in _CHARACTERS} | {connection.charset}
    wrong = {
        "no client_flag FOUND_ROWS": not connection.client_flag & CLIENT.FOUND_ROWS,
        f"a sql_mode without {STRICT}": STRICT not in mode,
        f"a sql_mode with {', '.join(sorted(mode - HARMLESS))}": mode - HARMLESS,
        "sql_notes OFF": found["sql_notes"] != "ON",
        "another character set than utf8mb4": characters != {"utf8mb4"},
        "converters of its own": not (all(reads) and all(writes) and connection.use_unicode),
    }
    for what, is_so in wrong.items():
        if is_so:
            raise ValueError(f"the host's connection has {what}: a joined store would keep or read something else")


class Snapshot(_Held):
    """One connection that sees the database as it stood when it was opened: read only; nobody waits."""

    def __init__(self, url: str) -> None:
        self._lock = threading.Lock()
        self._held = _opened(place(url), partial(prepare, isolation="REPEATABLE READ", writes=False))
        try:
            run(PlainCursor(self._held), "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        except pymysql.Error as error:
            self.close()
            tell(error)

    def get(self) -> Connection:
        """The one connection, for one call after another."""
        connection = super().get()
        self._lock.acquire()
        return connection

    def give(self, connection: Connection) -> None:
        """For the next call."""
        self._lock.release()

    def do(self, *stages: Stage) -> None:
        """Refused."""
        raise RepositoryUnavailable("the store was opened for reading alone", outcome_known=True)

    def close(self) -> None:
        """Ends the reading."""
        if self._held is not None:
            shut(self._held)
            self._held = None
