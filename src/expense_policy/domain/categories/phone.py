"""C3.1 phone 电话: paid up to its use record, each call by its started minutes."""

from __future__ import annotations

from datetime import time

import attrs

from .. import checks
from ..money import Money, not_below_0
from ..periods import instant_text
from ..refusals import Refusal
from . import _keys
from ._contact import Contact, clock, per_month, planned_hours, used_hours
from ._shape import Asked, ExpenseType, Happened, Part, Plan, broken


def billed_minutes(seconds: int) -> int:
    """The minutes a call is billed for: each that was begun."""
    return -(-seconds // 60)


@attrs.frozen
class Limits:
    """What the policy sets for calls."""

    per_customer_month_max: int = _keys.whole(0, 1000, 4)
    minutes_max: int = _keys.whole(1, 1440, 30)


@attrs.frozen
class Phone(Plan):
    """So many calls of so many billed minutes each, at a fee a call and a rate a minute."""

    content: str = attrs.field(validator=checks.text)
    calls: int = attrs.field(validator=checks.whole)
    minutes_each: int = attrs.field(validator=checks.whole)
    fee: Money = attrs.field(validator=not_below_0)
    minute_rate: Money = attrs.field(validator=not_below_0)
    first: time | None = attrs.field(default=None, validator=clock)
    last: time | None = attrs.field(default=None, validator=clock)

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Calls times fee, and billed minutes times rate."""
        return (("calls", self.fee * self.calls), ("minutes", self.minute_rate * (self.calls * self.minutes_each)))

    @property
    def reach(self) -> int:
        """A customer a call, at most."""
        return self.calls


@attrs.frozen
class Called(Contact):
    """A call: with whom, what about, how long."""

    seconds: int = attrs.field(validator=checks.whole)
    content: str = attrs.field(validator=checks.text)


def planned_duration(plan: Phone, limits: Limits, asked: Asked) -> Refusal | None:
    """No call is planned to last longer than the policy allows."""
    if plan.minutes_each <= limits.minutes_max:
        return None
    return broken("C3.1", "minutes", plan.minutes_each, limits.minutes_max)


def used_duration(plan: Phone, use: Called, limits: Limits, happened: Happened) -> Refusal | None:
    """No call lasts longer than the policy allows, to the second."""
    if use.seconds <= limits.minutes_max * 60:
        return None
    return broken("C3.1", "seconds", use.seconds, limits.minutes_max * 60)


def measure(plan: Phone, use: Called, limits: Limits) -> tuple[Part, ...]:
    """A call costs its fee and its started minutes."""
    minutes = billed_minutes(use.seconds)
    detail = (("at", instant_text(use.at)), ("seconds", str(use.seconds)), ("content", use.content))
    return (Part(use.recipient, minutes, plan.fee.units + minutes * plan.minute_rate.units, "", detail),)


TYPE = ExpenseType(
    name="phone",
    category="communication",
    clause="C3.1",
    plan=Phone,
    use=Called,
    measure=measure,
    plan_standards=(planned_duration, planned_hours),
    use_standards=(used_duration, per_month("C3.1", "calls_a_month"), used_hours),
    limits=Limits,
    ledger_account="6601.0301",
    effects=("customers_reached", "orders", "revenue_units", "satisfaction_before_bp", "satisfaction_after_bp"),
    paid_up_to_use=True,
    channel="phone",
    counted="month",
)
