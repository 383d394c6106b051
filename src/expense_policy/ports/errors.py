"""What a store may answer instead of doing what it was asked."""

from __future__ import annotations

from ..domain.content import Digest
from ..domain.journal import Entry
from ..domain.refusals import ExpensePolicyError


class RepositoryError(ExpensePolicyError):
    """The store did not do what it was asked."""


class NotFound(RepositoryError, LookupError):
    """There is no such record."""


class Conflict(RepositoryError):
    """A condition of the batch no longer holds; nothing was written. Look again, decide again."""


class AlreadyDone(RepositoryError):
    """The idempotency key was used before."""

    def __init__(self, entry: Entry, asked: Digest) -> None:
        self.entry = entry
        self.asked = asked
        super().__init__("the key was used before")


class RepositoryUnavailable(RepositoryError):
    """The store can't be reached. Where `outcome_known` is False a commit may have happened: look its key up."""

    def __init__(self, message: str, *, outcome_known: bool) -> None:
        self.outcome_known = outcome_known
        super().__init__(message)


class Tampered(RepositoryError):
    """What the store holds is not what was put there, and is not used; `verify` names the rest."""
