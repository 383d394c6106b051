"""A real MariaDB for the tests: a server of the run's own, or the one that a URL names; a database a test."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pymysql

from expense_adapters.sql.mariadb_pool import place
from expense_adapters.sql.schema import metadata

from .servers import FOLDER

_NUMBERS = itertools.count(1)
_SCRIPT = Path(__file__).parent.parent / "script" / "mariadb"


def at(server: str, database: str) -> str:
    """The URL of a database on a server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{quote(database)}"))


class Mariadb:
    """A server, and databases on it. A schema is made in 50 ms where its data is in memory: there is no template."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._prefix = f"expense_{os.getpid()}"

    def run(self, url: str, *statements: str) -> None:
        """Does statements beside the store."""
        with closing(plain(url)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new one, empty; it goes when the block ends."""
        name = f"{self._prefix}_{next(_NUMBERS)}"
        self.run(self._url, f"CREATE DATABASE {name}")
        try:
            yield at(self._url, name)
        finally:
            # One that a failed test left open would hold its tables.
            kill(at(self._url, name))
            self.run(self._url, f"DROP DATABASE IF EXISTS {name}")

    def empty(self, url: str) -> None:
        """Takes everything out of a database but its schema, past the laws, as only its owner may."""
        with closing(plain(url)) as connection, connection.cursor() as cursor:
            for table in metadata.tables:
                if table != "schema_version" and cursor.execute(f"SELECT 1 FROM `{table}` LIMIT 1"):
                    cursor.execute(f"TRUNCATE `{table}`")


def plain(url: str, **options: Any) -> Any:
    """A connection of PyMySQL to the database of a URL, as a host would make it."""
    return pymysql.connect(**place(url), **{"autocommit": True, **options})


def kill(url: str) -> None:
    """Ends every other session on a database."""
    here = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    with closing(plain(url)) as connection, connection.cursor() as cursor:
        cursor.execute(here)
        for (id,) in cursor.fetchall():
            with suppress(pymysql.Error):
                cursor.execute(f"KILL {id}")


def server() -> Mariadb | None:
    """The server that EXPENSE_POLICY_TEST_MARIADB names, or the run's own, started by whoever asks first; or None."""
    url = os.environ.get("EXPENSE_POLICY_TEST_MARIADB")
    if url:
        return Mariadb(url)
    note = Path(os.environ[FOLDER]) / "mariadb"
    with (note.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            note.write_text(new_folder(), encoding="utf-8")
        url = start(note.read_text(encoding="utf-8"))
    return Mariadb(url) if url else None


def new_folder() -> str:
    """A new folder, in memory where that is large enough: making tables is flushed whatever is set."""
    large = os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 10**9
    return tempfile.mkdtemp(prefix="expense-policy-mariadb-", dir="/dev/shm" if large else None)


def start(folder: str, *options: str) -> str | None:
    """The URL of a server in a folder; None where the machine has none."""
    done = subprocess.run([_SCRIPT, "start", folder, *options], check=False, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() or None


def stop(folder: str) -> None:
    """Ends it, and removes the folder."""
    subprocess.run([_SCRIPT, "stop", folder], check=True)


def end() -> None:
    """After the last worker: stops what the run started."""
    note = Path(os.environ[FOLDER]) / "mariadb"
    if note.is_file():
        stop(note.read_text(encoding="utf-8"))
