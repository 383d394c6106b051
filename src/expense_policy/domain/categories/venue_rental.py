"""C6 venue rental 活动场地租赁费用: under a contract; paid, its use record due later."""

from __future__ import annotations

from datetime import date

import attrs

from .. import checks
from ..money import Money
from ..refusals import Refusal
from . import _keys
from ._shape import Asked, ExpenseType, Happened, OnDay, Part, Plan, broken, over
from .effect import LIKED, SALES


@attrs.frozen
class Limits:
    """What the policy sets for venues."""

    day_rent_max: int | None = _keys.amount()


@attrs.frozen
class VenueRental(Plan):
    """A venue for an event, from one day to another, at a rent a day."""

    event: str = attrs.field(validator=checks.text)
    venue: str = attrs.field(validator=checks.text)
    first: date = attrs.field(validator=checks.day)
    last: date = attrs.field(validator=checks.day)
    day_rent: Money = attrs.field(validator=checks.exactly(Money))

    def __attrs_post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a venue is rented from a first day to a last one")

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Days times rent."""
        return (("days", self.day_rent * ((self.last - self.first).days + 1)),)


@attrs.frozen
class VenueUsed(OnDay):
    """A day on which the venue was used."""

    what: str = attrs.field(validator=checks.text)


def day_rent(plan: VenueRental, limits: Limits, asked: Asked) -> Refusal | None:
    """The rent of a day <= the limit, where the policy sets one."""
    return over("C6", "day_rent", plan.day_rent, limits.day_rent_max)


def rented_day(plan: VenueRental, use: VenueUsed, limits: Limits, happened: Happened) -> Refusal | None:
    """It is used on the days for which it was rented."""
    if plan.first <= use.on <= plan.last:
        return None
    return broken("C6", "rented_days", use.on.isoformat(), f"{plan.first}..{plan.last}")


def measure(plan: VenueRental, use: VenueUsed, limits: Limits) -> tuple[Part, ...]:
    """A day costs its rent."""
    return (Part("", 1, plan.day_rent.units, plan.venue[: checks.NAME_MAX], (("what", use.what),)),)


TYPE = ExpenseType(
    name="venue_rental",
    category="venue",
    clause="C6",
    plan=VenueRental,
    use=VenueUsed,
    measure=measure,
    plan_standards=(day_rent,),
    use_standards=(rented_day,),
    limits=Limits,
    ledger_account="6601.0601",
    evidence=("contract",),
    effects=(*SALES, *LIKED, "attendees"),
    # It names nobody, neither planned nor used: there is no statement on customers to be marked (G2.1), as with C7.
    customers=False,
)
