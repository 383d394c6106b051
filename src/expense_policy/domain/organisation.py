"""Who holds which office, and who may act for whom, at one instant (A3.2, A3.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import attrs

from . import checks
from .content import Digest, digest
from .money import Money, exponent
from .periods import instant
from .vocabulary import PersonId


@attrs.frozen(cache_hash=True)
class Holding:
    """A person holds an office: of one department, or of the whole company where `department` is None."""

    office: str = attrs.field(validator=checks.ident)
    person: PersonId = attrs.field(validator=checks.ident)
    department: str | None = attrs.field(default=None, validator=checks.optional(checks.ident))


def _currency(instance: Delegation, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None:
        exponent(value)
        if instance.units_max is None:
            raise ValueError("a currency is a limit's, and there is none")


@attrs.frozen(cache_hash=True)
class Delegation:
    """A holder lets another sign for him in [since, until), up to `units_max` of `currency` (None: no limit).

    A limit counts in the company's currency alone (X3): a roster refuses to read one of another, or of none. A
    delegation is one step deep: only a holder's own counts, and the cashier's office is not delegable.
    """

    holder: PersonId = attrs.field(validator=checks.ident)
    delegate: PersonId = attrs.field(validator=checks.ident)
    office: str = attrs.field(validator=checks.ident)
    since: datetime = attrs.field(converter=instant)
    until: datetime = attrs.field(converter=instant)
    reason: str = attrs.field(validator=checks.text)
    units_max: int | None = attrs.field(default=None, validator=checks.exactly(int, type(None)))
    currency: str | None = attrs.field(default=None, validator=_currency, metadata=checks.SINCE)


@attrs.frozen
class Authority:
    """By what right someone signed: kept with the signature, so that it can be judged later (G3.4)."""

    office: str
    holder: PersonId
    substitute_for: str | None
    delegation: Delegation | None
    roster: Digest


@attrs.frozen
class Roster:
    """Who holds which office at one instant, for the departments asked about."""

    at: datetime = attrs.field(converter=instant)
    holdings: tuple[Holding, ...]
    delegations: tuple[Delegation, ...] = ()

    @classmethod
    def of(
        cls, units: Sequence[str], at: datetime, holdings: Iterable[Holding], delegations: tuple[Delegation, ...] = ()
    ) -> Roster:
        """Those of a company's people who hold an office of these departments or of the whole company."""
        return cls(at, tuple([h for h in holdings if h.department is None or h.department in units]), delegations)

    @property
    def digest(self) -> Digest:
        """The digest of holdings and delegations, in whatever order; the instant is not part of it."""
        return _people(self.holdings, self.delegations)

    def holders(self, office: str, department: str) -> tuple[PersonId, ...]:
        """Everyone who holds the office for the department, sorted."""
        return tuple(
            sorted({h.person for h in self.holdings if h.office == office and h.department in (None, department)})
        )

    def holds(self, person: PersonId, office: str, department: str) -> bool:
        """Whether the person holds the office for the department, in person."""
        return any(
            h.person == person and h.office == office and h.department in (None, department) for h in self.holdings
        )

    def delegates(self, office: str, holder: PersonId, amount: Money) -> tuple[Delegation, ...]:
        """The holder's delegations that count at the roster's instant for this amount, in a stable order.

        ValueError where one has its limit in another currency than the amount's: it is never read as if it were in it.
        """
        found = []
        for d in self.delegations:
            if d.holder == holder and d.office == office and d.since <= self.at < d.until:
                if d.units_max is not None and d.currency != amount.currency:
                    raise ValueError(
                        f"the delegation of {holder} to {d.delegate} ({office}) has its limit in "
                        f"{d.currency or 'no currency'}, and the company counts in {amount.currency} (X3)"
                    )
                if d.units_max is None or amount.units <= d.units_max:
                    found.append(d)
        return tuple(sorted(found, key=lambda d: (d.delegate, d.since, d.until)))


# People change rarely and sign often.
@lru_cache(maxsize=64)
def _people(holdings: tuple[Holding, ...], delegations: tuple[Delegation, ...]) -> Digest:
    return digest((tuple(sorted({*holdings}, key=_order)), tuple(sorted({*delegations}, key=_order))))


def _order(each: Holding | Delegation) -> tuple[tuple[bool, Any], ...]:
    return tuple([(value is not None, value) for value in attrs.astuple(each)])
