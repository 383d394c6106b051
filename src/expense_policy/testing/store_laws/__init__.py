"""The laws of a store, one test each; the docstring is the law. `contract.RepositoryContract` gathers them."""

from __future__ import annotations

import pytest

from ...ports.errors import RepositoryError
from ...ports.repository import Batch, Repository
from ..batches import Clerk, snapshot


class Laws:
    """What every group of laws stands on: the store, and what it declares that it can do."""

    durable: bool = False
    """What was committed is still there when the store is opened anew: `reopen` has to be given."""
    concurrent: bool = True
    """Threads may share the store, as the port promises."""
    back_door: bool = False
    """The data can be reached from beside the port: `meddle` has to be given."""

    @pytest.fixture
    def repository(self) -> Repository:
        """An empty store, made by the subclass."""
        raise NotImplementedError("a contract has a store to hold: define the fixture `repository`")

    @pytest.fixture
    def clerk(self, repository: Repository) -> Clerk:
        """Prepares batches for the store."""
        return Clerk(repository)

    def needs(self, power: str) -> None:
        """Skips a law of a power that the store does not declare."""
        if not getattr(self, power):
            pytest.skip(f"{type(self).__name__} does not declare itself {power}")

    def refuses(self, repository: Repository, error: type[RepositoryError], *batches: Batch) -> RepositoryError:
        """The batches are refused by that very error, and nothing is written in any table."""
        before = snapshot(repository, *batches)
        with pytest.raises(error) as refused:
            repository.commit(*batches)
        assert type(refused.value) is error
        assert snapshot(repository, *batches) == before
        return refused.value
