"""C2.1 holiday gift 节日礼品: paid, its use record due later."""

from __future__ import annotations

from datetime import date, timedelta

import attrs

from .. import checks
from ..festival_table import FESTIVALS
from ..money import Money
from ..periods import Calendar, festival
from ..policy import Policy
from ..refusals import Code, Refusal, refusal
from ._shape import ExpenseType


@attrs.frozen
class HolidayGift:
    """The plan record: what is given, to how many, at what price, for which festival, in which window."""

    festival: str = attrs.field(validator=checks.ident)
    year: int = attrs.field(validator=checks.whole)
    gift: str = attrs.field(validator=checks.text)
    unit_price: Money = attrs.field(validator=checks.exactly(Money))
    quantity: int = attrs.field(validator=checks.whole)
    issue_from: date = attrs.field(validator=checks.day)
    issue_until: date = attrs.field(validator=checks.day)

    @property
    def total(self) -> Money:
        """Unit price times quantity."""
        return self.unit_price * self.quantity


@attrs.frozen
class GiftIssued:
    """A use row: one recipient got `quantity` gifts on a day."""

    on: date = attrs.field(validator=checks.day)
    recipient: str = attrs.field(validator=checks.ident)
    quantity: int = attrs.field(default=1, validator=checks.whole)

    def day(self, calendar: Calendar) -> date:
        """The day itself."""
        return self.on


def festival_day(policy: Policy, name: str, year: int) -> date | None:
    """The festival's day: the company's own dates first, then the lunar table; None if neither knows it."""
    for known, day in policy.holiday_gifts.festivals:
        if known == name and day.year == year:
            return day
    return festival(name, year) if name in FESTIVALS and 1901 <= year <= 2099 else None


def festival_known(plan: HolidayGift, policy: Policy) -> Refusal | None:
    """The festival is one of the calendar's or the company's."""
    if festival_day(policy, plan.festival, plan.year) is None:
        return refusal(
            Code.STANDARD_BROKEN,
            clause="C2.1",
            standard="festival",
            figure=f"{plan.festival} {plan.year}",
            limit="the calendar",
        )
    return None


def unit_price(plan: HolidayGift, policy: Policy) -> Refusal | None:
    """Unit price <= the limit."""
    limit = Money(policy.holiday_gifts.unit_price_max, policy.currency)
    if plan.unit_price > limit:
        return refusal(Code.STANDARD_BROKEN, clause="C2.1", standard="unit_price", figure=plan.unit_price, limit=limit)
    return None


def _window(policy: Policy, plan: HolidayGift) -> tuple[date, date] | None:
    day = festival_day(policy, plan.festival, plan.year)
    if day is None:
        return None
    gifts = policy.holiday_gifts
    return day - timedelta(days=gifts.days_before), day + timedelta(days=gifts.days_after)


def _outside(window: tuple[date, date] | None, first: date, last: date) -> Refusal | None:
    if window is None or (window[0] <= first <= last <= window[1]):
        return None
    return refusal(
        Code.STANDARD_BROKEN,
        clause="C2.1",
        standard="issue_window",
        figure=f"{first.isoformat()}..{last.isoformat()}",
        limit=f"{window[0].isoformat()}..{window[1].isoformat()}",
    )


def planned_window(plan: HolidayGift, policy: Policy) -> Refusal | None:
    """Issued within the days before and after the festival."""
    return _outside(_window(policy, plan), plan.issue_from, plan.issue_until)


def used_window(plan: HolidayGift, use: GiftIssued, policy: Policy, nth: int) -> Refusal | None:
    """The day of issue lies in the festival's window."""
    return _outside(_window(policy, plan), use.on, use.on)


def measure(plan: HolidayGift, use: GiftIssued) -> tuple[int, int, tuple[tuple[str, str], ...]]:
    """A gift issued costs its unit price."""
    return use.quantity, plan.unit_price.units * use.quantity, ()


TYPE = ExpenseType(
    name="holiday_gift",
    category="care_gifts",
    clause="C2.1",
    plan=HolidayGift,
    use=GiftIssued,
    plan_standards=(festival_known, unit_price, planned_window),
    use_standards=(used_window,),
    measure=measure,
    paid_up_to_use=False,
)
