"""Worlds for tests: a company, its people, a store of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository
from expense_policy.ports.repository import Repository

from .world import World


@pytest.fixture(params=["memory", "sqlite"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    """Each store in turn."""
    if request.param == "memory":
        yield MemoryRepository()
    else:
        store = SqlRepository(f"sqlite:///{tmp_path}/store.db")
        yield store
        store.close()


@pytest.fixture
def world(repository: Repository) -> World:
    """A company with its policy adopted and a budget in force."""
    return World.with_budget(repository)
