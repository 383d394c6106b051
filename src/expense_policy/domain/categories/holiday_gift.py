"""C2.1 holiday gift 节日礼品: paid, its use record due later."""

from __future__ import annotations

from datetime import date, timedelta

import attrs

from .. import checks
from ..festival_table import FESTIVALS
from ..money import Money
from ..periods import festival
from ..policy import Policy
from ..refusals import Refusal
from . import _keys
from ._shape import Asked, ExpenseType, Happened, OneDay, Part, Plan, broken, over
from .effect import LIKED


@attrs.frozen
class Limits:
    """What the policy sets for holiday gifts: prices in smallest units, windows in days."""

    unit_price_max: int | None = _keys.amount("200")
    days_before: int = _keys.whole(0, 366, 30)
    days_after: int = _keys.whole(0, 366, 7)
    festivals: tuple[tuple[str, date], ...] = _keys.festivals()


@attrs.frozen
class HolidayGift(Plan):
    """What is given, to how many, at what price, for which festival, in which window."""

    festival: str = attrs.field(validator=checks.ident)
    year: int = attrs.field(validator=checks.whole)
    gift: str = attrs.field(validator=checks.text)
    unit_price: Money = attrs.field(validator=checks.exactly(Money))
    quantity: int = attrs.field(validator=checks.whole)
    issue_from: date = attrs.field(validator=checks.day)
    issue_until: date = attrs.field(validator=checks.day)

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Unit price times quantity."""
        return (("gifts", self.unit_price * self.quantity),)

    @property
    def reach(self) -> int:
        """A customer a gift."""
        return self.quantity


@attrs.frozen
class GiftIssued(OneDay):
    """One recipient got `quantity` gifts on a day."""

    quantity: int = attrs.field(default=1, validator=checks.whole)


def festival_day(policy: Policy, name: str, year: int) -> date | None:
    """The festival's day: the company's own dates first, then the lunar table; None if neither knows it."""
    for known, day in policy.limits("holiday_gift").festivals:
        if known == name and day.year == year:
            return date(day.year, day.month, day.day)
    return festival(name, year) if name in FESTIVALS and 1901 <= year <= 2099 else None


def festival_known(plan: HolidayGift, limits: Limits, asked: Asked) -> Refusal | None:
    """The festival is one of the calendar's or the company's."""
    if festival_day(asked.policy, plan.festival, plan.year) is None:
        return broken("C2.1", "festival", f"{plan.festival} {plan.year}", "the calendar")
    return None


def unit_price(plan: HolidayGift, limits: Limits, asked: Asked) -> Refusal | None:
    """Unit price <= the limit."""
    return over("C2.1", "unit_price", plan.unit_price, limits.unit_price_max)


def _outside(plan: HolidayGift, first: date, last: date, limits: Limits, policy: Policy) -> Refusal | None:
    day = festival_day(policy, plan.festival, plan.year)
    if day is None:
        return None
    begins, ends = day - timedelta(days=limits.days_before), day + timedelta(days=limits.days_after)
    if begins <= first <= last <= ends:
        return None
    return broken("C2.1", "issue_window", f"{first}..{last}", f"{begins}..{ends}")


def planned_window(plan: HolidayGift, limits: Limits, asked: Asked) -> Refusal | None:
    """Issued within the days before and after the festival."""
    return _outside(plan, plan.issue_from, plan.issue_until, limits, asked.policy)


def used_window(plan: HolidayGift, use: GiftIssued, limits: Limits, happened: Happened) -> Refusal | None:
    """The day of issue lies in the festival's window."""
    return _outside(plan, use.on, use.on, limits, happened.policy)


def measure(plan: HolidayGift, use: GiftIssued, limits: Limits) -> tuple[Part, ...]:
    """A gift issued costs its unit price."""
    return (Part(use.recipient, use.quantity, plan.unit_price.units * use.quantity, plan.gift[: checks.NAME_MAX]),)


TYPE = ExpenseType(
    name="holiday_gift",
    category="care_gifts",
    clause="C2.1",
    plan=HolidayGift,
    use=GiftIssued,
    measure=measure,
    plan_standards=(festival_known, unit_price, planned_window),
    use_standards=(used_window,),
    limits=Limits,
    ledger_account="6601.0201",
    effects=("customers_reached", "orders", "revenue_units", *LIKED),
)
