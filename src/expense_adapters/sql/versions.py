"""Whether this library works on a schema of some version, and what to do where it does not."""

from __future__ import annotations

from expense_policy.ports.errors import RepositoryUnavailable

from . import schema as s


def known(found: object) -> int:
    """The version that a store's `schema_version` tells, this library's or an older one; else RepositoryUnavailable."""
    if found is None:
        raise _unfit("the store holds no schema")
    if not isinstance(found, int) or found < 1:
        raise _unfit(f"the table schema_version is another's: it says {found!r}")
    if found > s.VERSION:
        raise _unfit(f"the store has schema {found}, this library {s.VERSION}: use a newer release of expense-policy")
    return found


def present(found: object) -> None:
    """RepositoryUnavailable for anything but this library's."""
    if known(found) != s.VERSION:
        how = "stop what works on it, back it up, and upgrade it by `expense-policy migrate --store STORE`"
        raise _unfit(f"the store has schema {found}, this library {s.VERSION}: {how}")


def _unfit(why: str) -> RepositoryUnavailable:
    return RepositoryUnavailable(why, outcome_known=True)
