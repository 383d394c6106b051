"""The store over LMDB keeps every law of the port: durably, for many threads, and against changes from beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from expense_policy_lmdb import LmdbRepository

from expense_policy.testing.contract import RepositoryContract

CHANGES = (
    (b"line", b'"in_force":1000000', b'"in_force":1000001'),
    (b"guard", b'"expected":1', b'"expected":7'),
    (b"document", b"Keep our regulars", b"Keep my regulars"),
    (b"document", b'"Fine."', b'"Never."'),
    (b"entry", b'"actor":"cashier"', b'"actor":"officer"'),
    (b"index", b'"counted":10000', b'"counted":10'),
    (b"payee", b"62220001", b"62229999"),
)
"""Kinds of rows, what one of them says, and what it is made to say."""


class TestLmdb(RepositoryContract):
    """A store in a folder."""

    durable = back_door = True

    @pytest.fixture
    def repository(self, tmp_path: Path) -> Iterator[LmdbRepository]:
        """An empty one."""
        self.path = tmp_path / "store"
        store = LmdbRepository(self.path)
        yield store
        store.close()

    def reopen(self, repository: LmdbRepository) -> LmdbRepository:  # type: ignore[override]  # its own alone
        """The same folder, opened anew."""
        repository.close()
        return LmdbRepository(self.path)

    def meddle(self, repository: LmdbRepository) -> Iterator[tuple[str, Callable[[], object]]]:  # type: ignore[override]  # its own alone
        """Rows changed by LMDB itself."""
        for kind, old, new in CHANGES:
            with repository.environment.begin(write=True) as txn:
                place, text = next(row for row in txn.cursor() if row[0].startswith(kind) and old in row[1])
            yield new.decode(), partial(self.write, repository, place, text.replace(old, new))

    def write(self, repository: LmdbRepository, place: bytes, text: bytes) -> None:
        """Writes a row beside the port."""
        with repository.environment.begin(write=True) as txn:
            txn.put(place, text)
