"""Connections to SQLite: one a thread, or the host's own; what the driver raises becomes the port's errors."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from expense_policy.ports.errors import RepositoryError, RepositoryUnavailable

from . import sqlite
from . import statements as q

T = TypeVar("T")
Reading = Callable[[Callable[[bytes], str]], AbstractContextManager[sqlite3.Cursor]]
"""One read of a store: what is asked in it is of one snapshot, and nothing stays open after it."""

PAGE = 500
"""As many rows of a long answer are read at once."""

_MARKED = partial(str, encoding="utf-8", errors="replace")
_PRAGMAS = (("full_column_names", 0), ("short_column_names", 1), ("count_changes", 0))


def path_of(url: str) -> str:
    """The file of "sqlite:///PATH", each character of PATH standing for itself; ValueError for anything else."""
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or path in ("", ":memory:"):
        raise ValueError("the store's URL is sqlite:///PATH, where PATH names a file")
    # A path from the root: it stays the same when the host changes its folder, and is no URI to SQLite.
    return os.path.abspath(path)


class _Held:
    """A thread's connection: closed when the thread lets go of it, which is when it ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.close = weakref.finalize(self, connection.close)


class Connections(ABC):
    """What a store works on: transactions and reads, whose errors are the port's."""

    begin: str
    commit: str
    undo: tuple[str, ...]
    # A read is one snapshot, and takes one lock instead of one a question.
    read: tuple[str, ...] = ("BEGIN",)
    done: tuple[str, ...] = ("COMMIT",)

    @abstractmethod
    def get(self) -> sqlite3.Connection:
        """The connection to use here and now; RepositoryUnavailable where there is none."""

    @abstractmethod
    def close(self) -> None:
        """Ends the store's use of them."""

    def cursor(self) -> sqlite3.Cursor:
        """A cursor whose rows are had by name."""
        cursor = self.get().cursor()
        cursor.row_factory = sqlite3.Row
        return cursor

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Cursor]:
        """One transaction, or one savepoint of the host's: all of it, or nothing."""
        committing = False
        with self._using(str) as cursor:
            try:
                cursor.execute(self.begin)
                yield cursor
                committing = True
                cursor.execute(self.commit)
            except BaseException as error:
                with suppress(sqlite3.Error):
                    if cursor.connection.in_transaction:
                        for statement in self.undo:
                            cursor.execute(statement)
                if committing and isinstance(error, sqlite3.Error):
                    raise RepositoryUnavailable(str(error), outcome_known=False) from error
                raise

    @contextmanager
    def reading(self, text: Callable[[bytes], str] = str) -> Iterator[sqlite3.Cursor]:
        """One read, of one snapshot; nothing of it stays open."""
        with self._using(text) as cursor:
            for statement in self.read:
                cursor.execute(statement)
            try:
                yield cursor
            finally:
                try:
                    for statement in self.done:
                        cursor.execute(statement)
                except sqlite3.Error:
                    # What can't be ended is given up: the next read or act finds the connection free.
                    with suppress(sqlite3.Error):
                        for statement in self.undo if self.done else ():
                            cursor.execute(statement)
                    raise

    @contextmanager
    def _using(self, text: Callable[[bytes], str]) -> Iterator[sqlite3.Cursor]:
        """A cursor that reads text as this module does, whatever the host has set."""
        cursor = None
        try:
            cursor = self.cursor()
            was, cursor.connection.text_factory = cursor.connection.text_factory, text
            try:
                yield cursor
            finally:
                cursor.connection.text_factory = was
        except Exception as error:
            known = failed(error)
            if known is None:
                raise
            raise known from error
        finally:
            if cursor is not None:
                with suppress(sqlite3.Error):
                    cursor.close()


class Own(Connections):
    """Connections to a file, one a thread."""

    begin, commit, undo = q.TRANSACTION

    def __init__(self, path: str) -> None:
        self._path = path
        self._local, self._lock, self._closed = threading.local(), threading.Lock(), False
        self._open: weakref.WeakSet[_Held] = weakref.WeakSet()

    def get(self) -> sqlite3.Connection:
        """This thread's connection."""
        held: _Held | None = getattr(self._local, "held", None)
        if held is None or self._closed:
            held = self._local.held = self._connect()
        return held.connection

    def _connect(self) -> _Held:
        if self._closed:
            raise RepositoryUnavailable(f"{self._path}: the store is closed", outcome_known=True)
        try:
            # A thread uses its own alone; only `close` comes from another.
            held = _Held(sqlite3.connect(self._path, check_same_thread=False))
            sqlite.prepare(held.connection)
        except sqlite3.Error as error:
            raise RepositoryUnavailable(f"{self._path}: {error}", outcome_known=True) from error
        with self._lock:
            if not self._closed:
                self._open.add(held)
                return held
        return self._connect()

    def close(self) -> None:
        """Closes every thread's."""
        with self._lock:
            self._closed, every = True, list(self._open)
        for held in every:
            held.close()


class Joined(Connections):
    """The host's connection, inside the transaction that the host has open on it."""

    begin, commit, undo = q.SAVEPOINT
    read = done = ()

    def __init__(self, connection: sqlite3.Connection) -> None:
        if not connection.in_transaction:
            raise ValueError("the host's connection has no open transaction to join")
        cursor = connection.cursor()
        cursor.row_factory = None
        for name, needed in _PRAGMAS:
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


class Snapshot(Connections):
    """One connection that sees a file as it stood when it was opened: read only; nobody waits."""

    read = done = ()

    def __init__(self, path: str) -> None:
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

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Cursor]:
        """Refused."""
        raise RepositoryUnavailable("the store was opened for reading alone", outcome_known=True)
        yield self.cursor()

    def close(self) -> None:
        """Ends the reading."""
        if self._held is not None:
            self._held.close()
            self._held = None


def marked(reading: Reading, ask: Callable[[sqlite3.Cursor], T]) -> T:
    """An answer, in which text that is none carries a mark: it would stop the driver, and whoever reads on."""
    try:
        with reading(str) as cursor:
            return ask(cursor)
    except RepositoryUnavailable as error:
        if "decode" not in str(error):
            raise
        with reading(_MARKED) as cursor:
            return ask(cursor)


def failed(error: Exception) -> Exception | None:
    """What the port says of what the driver raised; None where it was not the driver's."""
    if isinstance(error, sqlite3.IntegrityError):
        return sqlite.refused(error)
    binding = isinstance(error, sqlite3.Error) and str(error).startswith("Error binding parameter")
    if binding or isinstance(error, OverflowError | UnicodeEncodeError):
        return ValueError(f"no store keeps this: {error}")
    if isinstance(error, sqlite3.DataError):
        return RepositoryError(f"the store refused the batch: {error}")
    if isinstance(error, sqlite3.Error):
        return RepositoryUnavailable(str(error), outcome_known=True)
    return None
