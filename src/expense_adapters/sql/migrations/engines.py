"""The transaction of an upgrade on each engine, and how its laws are taken down and put up."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from expense_adapters.sql import sqlite
from expense_policy.ports.errors import RepositoryUnavailable


class Engine(ABC):
    """An engine on which a schema is changed in a transaction."""

    url: str
    """SQLAlchemy's, without a place."""

    @abstractmethod
    def connect(self, url: str) -> Any:
        """The driver's connection."""

    @abstractmethod
    def begin(self, connection: Connection) -> None:
        """Begins, and waits for whoever else upgrades."""

    @abstractmethod
    def laws_down(self, connection: Connection, names: Set[str]) -> None:
        """Takes down the triggers of these names; a host's own stay."""

    @abstractmethod
    def laws_up(self, connection: Connection, laws: Iterable[str]) -> None:
        """Puts up the laws."""

    @contextmanager
    def transaction(self, url: str) -> Iterator[Connection]:
        """All of it or nothing."""
        committing = False
        engine = create_engine(self.url, creator=lambda: self.connect(url), poolclass=NullPool)
        try:
            with engine.connect().execution_options(no_parameters=True) as connection:
                self.begin(connection)
                yield connection
                committing = True
                connection.commit()
        except DBAPIError as error:
            raise RepositoryUnavailable(f"the upgrade: {error.orig}", outcome_known=not committing) from error


class _Sqlite(Engine):
    url = "sqlite://"

    def connect(self, url: str) -> sqlite3.Connection:
        """To a file that is there."""
        connection = sqlite3.connect(f"file:{quote(sqlite.path_of(url))}?mode=rw", uri=True)
        sqlite.prepare(connection)
        return connection

    def begin(self, connection: Connection) -> None:
        """One writes at a time."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def laws_down(self, connection: Connection, names: Set[str]) -> None:
        """By their names."""
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            if name in names:
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')

    def laws_up(self, connection: Connection, laws: Iterable[str]) -> None:
        """In their order, which is that in which they are asked."""
        for law in laws:
            connection.exec_driver_sql(law)


class _Postgres(Engine):
    url = "postgresql+psycopg://"

    def connect(self, url: str) -> Any:
        """As any other program."""
        import psycopg

        return psycopg.connect(url, client_encoding="utf8")

    def begin(self, connection: Connection) -> None:
        """Who waited for the lock of the makers sees what was done meanwhile; writers are waited for."""
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('expense_policy'))")
        connection.exec_driver_sql("SET LOCAL lock_timeout = '30s'")

    def laws_down(self, connection: Connection, names: Set[str]) -> None:
        """Each trigger locks its table to the end; the functions stay, and with them who may call them."""
        asked = (
            "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n"
            " ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND NOT t.tgisinternal ORDER BY 2, 1"
        )
        for name, table in connection.exec_driver_sql(asked).all():
            if name in names:
                connection.exec_driver_sql(f'DROP TRIGGER "{name}" ON "{table}"')

    def laws_up(self, connection: Connection, laws: Iterable[str]) -> None:
        """In the place of what stood there."""
        for law in laws:
            connection.exec_driver_sql(law.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))


_ENGINES = {"sqlite": _Sqlite(), "postgresql": _Postgres()}


def engine_of(url: str) -> Engine:
    """The engine of a URL, or of that name."""
    name = url.partition(":")[0]
    if name not in _ENGINES:
        why = f"a store on {name} is not upgraded: there half an upgrade could not be taken back"
        raise RepositoryUnavailable(why, outcome_known=True)
    return _ENGINES[name]
