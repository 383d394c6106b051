"""Ways in which what is around a store fails: each lasts as long as its block, and gives the store that meets it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import attrs
import psycopg
import pytest

from expense_adapters.sql import SqlRepository, postgres_connections


@attrs.frozen
class Place:
    """Where a store is, with a sound one opened there."""

    url: str
    store: SqlRepository

    @property
    def path(self) -> Path:
        """Its file, where it is one."""
        return Path(self.url.removeprefix("sqlite:///"))

    def at(self, *settings: str, user: str = "", database: str = "") -> str:
        """The same server for sessions with other settings, of another role, in another database."""
        place = urlsplit(self.url)
        more = "options=" + quote(" ".join(f"-c {setting}" for setting in settings)) if settings else ""
        net = f"{user}@{place.netloc.rpartition('@')[2]}" if user else place.netloc
        query, path = "&".join(filter(None, (place.query, more))), f"/{database}" if database else place.path
        return urlunsplit(place._replace(netloc=net, path=path, query=query))

    def run(self, *statements: str) -> None:
        """Plain SQL, each on its own."""
        with psycopg.connect(self.url, autocommit=True) as plain:
            for statement in statements:
                plain.execute(statement)


@attrs.frozen
class Disk:
    """A small file system."""

    folder: Path

    @contextmanager
    def full(self, store: SqlRepository) -> Iterator[SqlRepository]:
        """While it lasts there is no room left."""
        ballast = self.folder / "ballast"
        file = os.open(ballast, os.O_WRONLY | os.O_CREAT)
        with suppress(OSError):
            while True:
                os.write(file, b"x" * 4096)
        os.close(file)
        yield store
        ballast.unlink()

    def read_only(self) -> None:
        """Nothing is written there any more."""
        subprocess.run(["mount", "-o", "remount,ro", str(self.folder)], check=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A file system of so many megabytes, where one can be mounted."""
    folder.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no small disk can be mounted here")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


Failure = Callable[[Place], AbstractContextManager[SqlRepository]]
SQLITE: dict[str, tuple[Failure, str]] = {}
"""By name: what fails, and what is said of it."""
POSTGRES: dict[str, tuple[Failure, str]] = {}


def _fails(kept: dict[str, tuple[Failure, str]], name: str, said: str) -> Callable[[Any], Any]:
    def keep(failure: Any) -> Any:
        kept[name] = (contextmanager(failure), said)
        return failure

    return keep


def _connection(store: SqlRepository) -> sqlite3.Connection:
    database: Any = store._database
    found: sqlite3.Connection = database.get()
    return found


@_fails(SQLITE, "no room in the file", "disk is full")
def _no_room(place: Place) -> Iterator[SqlRepository]:
    connection = _connection(place.store)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")
    yield place.store
    connection.execute("PRAGMA max_page_count=1073741823")


@_fails(SQLITE, "another writes too long", "database is locked")
def _locked(place: Place) -> Iterator[SqlRepository]:
    connection = _connection(place.store)
    connection.execute("PRAGMA busy_timeout=50")
    with closing(sqlite3.connect(place.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield place.store
    connection.execute("PRAGMA busy_timeout=30000")


@_fails(SQLITE, "a table is gone", "no such table")
def _no_table(place: Place) -> Iterator[SqlRepository]:
    with closing(sqlite3.connect(place.path, isolation_level=None)) as other:
        other.execute("ALTER TABLE outbox RENAME TO elsewhere")
        yield place.store
        other.execute("ALTER TABLE elsewhere RENAME TO outbox")


@_fails(SQLITE, "the file is removed", "removed or replaced")
def _removed(place: Place) -> Iterator[SqlRepository]:
    kept = place.path.with_name("kept.db")
    place.path.rename(kept)
    yield place.store
    assert not place.path.exists()
    kept.rename(place.path)


@_fails(SQLITE, "another file is in its place", "removed or replaced")
def _replaced(place: Place) -> Iterator[SqlRepository]:
    kept = place.path.with_name("kept.db")
    place.path.rename(kept)
    place.path.write_bytes(b"")
    yield place.store
    assert place.path.read_bytes() == b""
    kept.rename(place.path)


@_fails(POSTGRES, "read only", "read-only transaction")
def _read_only(place: Place) -> Iterator[SqlRepository]:
    with closing(SqlRepository(place.url, connections=1)) as store:
        database: Any = store._database
        connection = database.get()
        # A primary that is demoted while sessions are open; a new session is refused at once.
        connection.execute("SET default_transaction_read_only = on")
        database.give(connection)
        yield store


@contextmanager
def role(place: Place, *grants: str) -> Iterator[str]:
    """A role that may log in, and what else it is granted."""
    name = f"r{time.monotonic_ns()}"
    place.run(f"CREATE ROLE {name} LOGIN", *[f"GRANT {grant} TO {name}" for grant in grants])
    try:
        yield name
    finally:
        place.run(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


@_fails(POSTGRES, "may only read", "permission denied")
def _may_only_read(place: Place) -> Iterator[SqlRepository]:
    reads = "SELECT ON ALL TABLES IN SCHEMA public"
    with role(place, reads) as name, closing(SqlRepository(place.at(user=name))) as store:
        yield store


@_fails(POSTGRES, "a table is gone", "does not exist")
def _table_gone(place: Place) -> Iterator[SqlRepository]:
    place.run("ALTER TABLE outbox RENAME TO elsewhere")
    yield place.store
    place.run("ALTER TABLE elsewhere RENAME TO outbox")


@contextmanager
def line_held(place: Place) -> Iterator[None]:
    """Somebody's open transaction has changed the line."""
    with psycopg.connect(place.url) as other:
        other.execute("UPDATE lines SET reserved = reserved WHERE id = 'mkt-gifts'")
        yield
        other.rollback()


@_fails(POSTGRES, "a statement takes too long", "statement timeout")
def _statement_timeout(place: Place) -> Iterator[SqlRepository]:
    with line_held(place), closing(SqlRepository(place.at("statement_timeout=300"))) as store:
        yield store


@_fails(POSTGRES, "a lock is waited for too long", "lock timeout")
def _lock_timeout(place: Place) -> Iterator[SqlRepository]:
    with line_held(place), closing(SqlRepository(place.at("lock_timeout=100"))) as store:
        yield store


@_fails(POSTGRES, "every connection is in use", "couldn't get a connection")
def _exhausted(place: Place) -> Iterator[SqlRepository]:
    was, postgres_connections._WAIT = postgres_connections._WAIT, 0.2
    try:
        with closing(SqlRepository(place.url, connections=1)) as store:
            pool = getattr(store._database, "_pool")  # noqa: B009  # PostgreSQL's own
            taken = pool.getconn()
            yield store
            pool.putconn(taken)
    finally:
        postgres_connections._WAIT = was


@_fails(POSTGRES, "a session is ended at its work", "terminating connection")
def _ended(place: Place) -> Iterator[SqlRepository]:
    over = threading.Event()
    with line_held(place), closing(SqlRepository(place.at("application_name=ended"))) as store:
        thread = threading.Thread(target=_end_sessions, args=(place, over))
        thread.start()
        yield store
        over.set()
        thread.join()


def _end_sessions(place: Place, over: threading.Event) -> None:
    waiting = "datname = current_database() AND application_name = 'ended' AND wait_event_type = 'Lock'"
    with psycopg.connect(place.url, autocommit=True) as other:
        while not over.wait(0.01):
            other.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {waiting}")
