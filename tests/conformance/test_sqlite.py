"""The SQLite store keeps every law of the port, durably, for many threads, and against plain SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from expense_adapters.sql import SqlRepository
from expense_policy.ports.repository import Repository
from expense_policy.testing.contract import RepositoryContract

REFUSED = (
    "UPDATE journal SET reason = 'x'",
    "DELETE FROM signatures",
    "INSERT OR REPLACE INTO payments SELECT * FROM payments",
    "UPDATE lines SET reserved = in_force + 1",
    "DELETE FROM keys",
    "DELETE FROM taken",
    "INSERT INTO moves SELECT * FROM moves",
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


class TestSqlite(RepositoryContract):
    """A store in a file."""

    durable = True
    back_door = True

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """Where the store is."""
        return tmp_path / "store.db"

    @pytest.fixture
    def repository(self, path: Path) -> Iterator[SqlRepository]:
        """An empty one."""
        self.path_ = path
        store = SqlRepository(f"sqlite:///{path}")
        yield store
        store.close()

    def reopen(self, repository: Repository) -> SqlRepository:
        """The same file, opened anew."""
        assert isinstance(repository, SqlRepository)
        repository.close()
        return SqlRepository(f"sqlite:///{self.path_}")

    def meddle(self, repository: Repository) -> Iterator[tuple[str, Callable[[], object]]]:
        """Plain SQL, first with the triggers, then without."""
        plain = sqlite3.connect(self.path_, isolation_level=None)
        for statement in REFUSED:
            yield statement, partial(self.refused, plain, statement)
        for (trigger,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            plain.execute(f"DROP TRIGGER {trigger}")
        for statement in NAMED:
            yield statement, partial(self.done, plain, statement)
        plain.close()

    def refused(self, plain: sqlite3.Connection, statement: str) -> None:
        """Tries a statement that the database itself should refuse."""
        with pytest.raises(sqlite3.IntegrityError):
            plain.execute(statement)
        raise PermissionError(statement)

    def done(self, plain: sqlite3.Connection, statement: str) -> None:
        """Does a statement, which changes something."""
        assert plain.execute(statement).rowcount > 0
