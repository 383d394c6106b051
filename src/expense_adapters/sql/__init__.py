"""The store over SQL: real tables, laws written twice, statements compiled once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .repository import SqlRepository

if TYPE_CHECKING:
    from .migrations import Upgrade

__all__ = ["SqlRepository", "migrate"]


def migrate(url: str) -> Upgrade:
    """Brings a store of any released schema up to this library's, and says from which schema to which.

    In one transaction: every row is kept, or nothing is changed. Of several at once one does it, and where nothing is
    due nothing is done. Stop what works on the store and back it up first; `expense_policy.verify` says afterwards that
    it is still the same record. RepositoryUnavailable for a newer schema, for a database that holds none or another's,
    and for one that has lost a part.
    """
    from .migrations import upgrade

    return upgrade(url)
