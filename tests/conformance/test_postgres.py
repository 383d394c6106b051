"""The PostgreSQL store keeps every law of the port, durably, for many threads, and against plain SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import psycopg
import pytest

from expense_adapters.sql import SqlRepository
from expense_policy.ports.repository import Repository
from expense_policy.testing.contract import RepositoryContract

REFUSED = (
    "UPDATE journal SET reason = 'x'",
    "DELETE FROM signatures",
    "INSERT INTO payments SELECT * FROM payments ON CONFLICT (document, number) DO UPDATE SET units = 1",
    "UPDATE lines SET reserved = in_force + 1",
    "DELETE FROM keys",
    "DELETE FROM taken",
    "INSERT INTO moves SELECT * FROM moves",
    "TRUNCATE journal",
    "TRUNCATE payments CASCADE",
)
NAMED = (
    "UPDATE lines SET in_force = in_force + 1",
    "UPDATE payments SET units = units - 1",
    "DELETE FROM signatures WHERE step = 1",
    "UPDATE journal SET actor = 'x' WHERE seq = 2",
    "DELETE FROM moves WHERE seq = 1 AND reserved > 0",
    "DELETE FROM keys",
    "UPDATE guards SET version = version + 1",
    "DELETE FROM taken",
)


class TestPostgres(RepositoryContract):
    """A store in a database."""

    durable = True
    back_door = True

    @pytest.fixture
    def repository(self, postgres_url: str) -> Iterator[SqlRepository]:
        """An empty one."""
        self.url = postgres_url
        store = SqlRepository(postgres_url)
        yield store
        store.close()

    def reopen(self, repository: Repository) -> SqlRepository:
        """The same database, opened anew."""
        assert isinstance(repository, SqlRepository)
        repository.close()
        return SqlRepository(self.url)

    def meddle(self, repository: Repository) -> Iterator[tuple[str, Callable[[], object]]]:
        """Plain SQL, first with the triggers, then without."""
        with psycopg.connect(self.url, autocommit=True) as plain:
            for statement in REFUSED:
                yield statement, partial(self.refused, plain, statement)
            tables = plain.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relhastriggers").fetchall()
            for (table,) in tables:
                plain.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for statement in NAMED:
                yield statement, partial(self.done, plain, statement)

    def refused(self, plain: psycopg.Connection, statement: str) -> None:
        """Tries a statement that the database itself should refuse."""
        with pytest.raises(psycopg.DatabaseError):
            plain.execute(statement)
        raise PermissionError(statement)

    def done(self, plain: psycopg.Connection, statement: str) -> None:
        """Does a statement, which changes something."""
        assert plain.execute(statement).rowcount > 0
