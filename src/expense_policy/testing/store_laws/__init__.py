"""The laws of a store, one test each; the docstring is the law. `contract.RepositoryContract` gathers them."""

from __future__ import annotations

import pytest

from ...ports.errors import RepositoryError
from ...ports.repository import Batch, Repository
from ..batches import Clerk, snapshot
from ..held import Held, missing


class Laws(Held):
    """What every group of laws stands on: the store, and what it declares that it can do."""

    POWERS = ("durable", "concurrent", "back_door")
    durable: bool = False
    """What was committed is still there when the store is opened anew: `reopen` has to be given."""
    concurrent: bool = True
    """Threads may share the store, as the port promises."""
    back_door: bool = False
    """The data can be reached from beside the port: `meddle` has to be given."""

    @pytest.fixture
    def repository(self) -> Repository:
        """An empty store, made by the subclass."""
        raise missing("repository", "a store")

    @pytest.fixture
    def clerk(self, repository: Repository) -> Clerk:
        """Prepares batches for the store."""
        return Clerk(repository)

    def refuses(self, repository: Repository, error: type[RepositoryError], *batches: Batch) -> RepositoryError:
        """The batches are refused by that very error, and nothing is written in any table."""
        before = snapshot(repository, *batches)
        with pytest.raises(error) as refused:
            repository.commit(*batches)
        assert type(refused.value) is error
        assert snapshot(repository, *batches) == before
        return refused.value
