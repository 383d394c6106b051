"""C2.2 birthday gift 生日礼品: in the customer's birthday month, once a year; paid, its use record due later."""

from __future__ import annotations

from collections import Counter
from typing import Any

import attrs

from .. import checks
from ..masking import masked, shown
from ..money import Money
from ..refusals import Refusal
from . import _keys
from ._shape import Asked, ExpenseType, Happened, OneDay, Part, Plan, broken, over
from .effect import LIKED

OUTCOMES = ("issued", "delivered", "returned")


def _month(instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    checks.whole(instance, attribute, value)
    if type(value) is int and value > 12:
        raise ValueError(f"{attribute.name} is 1 to 12")


def _outcome(instance: object, attribute: attrs.Attribute[str], value: object) -> None:
    if value not in OUTCOMES:
        raise ValueError(f"{attribute.name} is one of {', '.join(OUTCOMES)}")


@attrs.frozen
class Limits:
    """What the policy sets for birthday gifts."""

    unit_price_max: int | None = _keys.amount("200")


@attrs.frozen
class BirthdayGift(Plan):
    """One gift with a greeting 生日祝福 for each customer whose birthday is in a month.

    A birthday itself stands with the customer, and nowhere else; where nobody can be asked for it, the month stands as
    the applicant states it.
    """

    year: int = attrs.field(validator=checks.year)
    month: int = attrs.field(validator=_month)
    greeting: str = attrs.field(validator=checks.text)
    gift: str = attrs.field(validator=checks.text)
    unit_price: Money = attrs.field(validator=checks.exactly(Money))
    recipients: tuple[str, ...] = attrs.field(validator=checks.idents)

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Unit price times customers."""
        return (("gifts", self.unit_price * len(self.recipients)),)

    @property
    def customers(self) -> tuple[str, ...]:
        """Those who get one."""
        return self.recipients


@attrs.frozen
class BirthdayGiftIssued(OneDay):
    """A gift issued, or what became of it: delivered or returned; `personal` is what was made for him alone."""

    outcome: str = attrs.field(default="issued", validator=_outcome)
    personal: str | None = attrs.field(default=None, validator=checks.optional(checks.text))


def unit_price(plan: BirthdayGift, limits: Limits, asked: Asked) -> Refusal | None:
    """Unit price <= the limit."""
    return over("C2.2", "unit_price", plan.unit_price, limits.unit_price_max)


def each_once(plan: BirthdayGift, limits: Limits, asked: Asked) -> Refusal | None:
    """No customer stands in a plan twice: once a year."""
    twice = sorted(id for id, n in Counter(plan.recipients).items() if n > 1)
    return broken("C2.2", "gifts_a_year", shown(twice), 1) if twice else None


def planned_month(plan: BirthdayGift, limits: Limits, asked: Asked) -> Refusal | None:
    """The month is that of each customer's birthday; 29 February counts as in February."""
    known = asked.customers or {}
    others = [id for id in plan.recipients if id in known and known[id].born_in(plan.month) is False]
    if not others:
        return None
    return broken("C2.2", "birthday_month", shown(others), f"{plan.year:04d}-{plan.month:02d}")


def used_month(plan: BirthdayGift, use: BirthdayGiftIssued, limits: Limits, happened: Happened) -> Refusal | None:
    """Issued in the customer's birthday month; where that is not known, in the plan's."""
    customer = happened.customer
    born = None if customer is None else customer.born_in(use.on.month)
    fits = (use.on.year, use.on.month) == (plan.year, plan.month) if born is None else born and use.on.year == plan.year
    return None if fits else broken("C2.2", "birthday_month", f"{use.on:%Y-%m}", f"{plan.year:04d}-{plan.month:02d}")


def once_a_year(plan: Any, use: BirthdayGiftIssued, limits: Limits, happened: Happened) -> Refusal | None:
    """A customer gets one gift a year, whichever application it stands in."""
    return broken("C2.2", "gifts_a_year", happened.nth, 1) if happened.nth > 1 else None


def named(plan: BirthdayGift, use: BirthdayGiftIssued, limits: Limits, happened: Happened) -> Refusal | None:
    """Who gets one stands in the plan."""
    return None if use.recipient in plan.recipients else broken("C2.2", "recipient", masked(use.recipient), "the plan")


def measure(plan: BirthdayGift, use: BirthdayGiftIssued, limits: Limits) -> tuple[Part, ...]:
    """A gift costs its unit price when it is issued; what becomes of it is a note, on somebody of the plan."""
    detail = (("outcome", use.outcome), *(() if use.personal is None else (("personal", use.personal),)))
    gift = plan.gift[: checks.NAME_MAX]
    if use.outcome == "issued":
        return (Part(use.recipient, 1, plan.unit_price.units, gift, detail),)
    return (Part(use.recipient, 0, 0, gift, detail, "gift_outcome"),)


TYPE = ExpenseType(
    name="birthday_gift",
    category="care_gifts",
    clause="C2.2",
    plan=BirthdayGift,
    use=BirthdayGiftIssued,
    measure=measure,
    plan_standards=(unit_price, each_once, planned_month),
    use_standards=(used_month, once_a_year, named),
    # What became of a gift is told in whatever month it is known, and may be entered before its issue is.
    note_standards=(named,),
    limits=Limits,
    ledger_account="6601.0202",
    effects=("customers_reached", "orders", "revenue_units", *LIKED),
    counted="year",
)
