"""The memory store keeps every law of the port."""

from __future__ import annotations

import pytest

from expense_adapters.memory import MemoryRepository
from expense_policy.testing.contract import RepositoryContract


class TestMemory(RepositoryContract):
    """A store in memory: nothing survives it, and there is no way in beside the port."""

    @pytest.fixture
    def repository(self) -> MemoryRepository:
        """An empty one."""
        return MemoryRepository()
