"""Plans that break one thing: for each type of the register every way in which its plan record is invalid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import attrs

from ..domain import checks
from ..domain.categories import REGISTER, ExpenseType, Plan
from ..domain.categories.birthday_gift import BirthdayGift
from ..domain.categories.discount import Discount
from ..domain.categories.holiday_gift import HolidayGift, festival_day
from ..domain.categories.phone import Phone
from ..domain.categories.product_training import ProductTraining
from ..domain.categories.promotional_materials import PromotionalMaterials
from ..domain.categories.repair import Repair
from ..domain.categories.service_training import ServiceTraining
from ..domain.categories.sms import Sms
from ..domain.categories.technical_support import TechnicalSupport
from ..domain.categories.threshold_reduction import ThresholdReduction, Tier
from ..domain.customers import Customer
from ..domain.money import Money
from ..domain.policy import Policy
from ..domain.refusals import Code


@attrs.frozen
class BrokenPlan:
    """A plan that breaks one thing, and the refusal that says so: `says` is the standard, or the fields that are blank.

    `customers` is who can be asked for, None where nobody can; `value_class` what the form says of them.
    """

    plan: Plan
    code: Code
    clause: str
    says: str
    customers: tuple[Customer, ...] | None = None
    value_class: str | None = None


Way = Callable[[Policy, Any, date], BrokenPlan | None]


def outside(policy: Policy) -> tuple[time, ...]:
    """The times a second outside the policy's hours, before and after: none where no day has one."""
    hours, day, second = policy.contact, date(2000, 1, 1), timedelta(seconds=1)
    before, after = datetime.combine(day, hours.first) - second, datetime.combine(day, hours.last) + second
    return tuple([found.time() for found in (before, after) if found.date() == day])


def too_long(segments_max: int) -> str:
    """A message of a segment more than so many."""
    return "福" * (71 if segments_max == 1 else 67 * segments_max + 1)


def texts_of(record: type) -> tuple[str, ...]:
    """The mandatory texts of a record, by their names."""
    return tuple([field.name for field in attrs.fields(record) if field.validator is checks.text])


def cheapest(policy: Policy) -> tuple[str, int] | None:
    """The value class whose customers may cost least, with its limit; None where the policy sets none."""
    limits = policy.customers.cost_max
    return min(limits, key=lambda limit: limit[1]) if limits else None


def _over(price: Money, limit: int | None) -> Money | None:
    """A unit above a limit; None where none is set."""
    return None if limit is None else Money(limit + 1, price.currency)


def _standard(plan: Plan, clause: str, standard: str) -> BrokenPlan:
    return BrokenPlan(plan, Code.STANDARD_BROKEN, clause, standard)


def _blank(kind: ExpenseType, field: str, policy: Policy, plan: Any, today: date) -> BrokenPlan:
    return BrokenPlan(attrs.evolve(plan, **{field: " \t"}), Code.FORM_INCOMPLETE, kind.clause, field)


def _dear(policy: Policy, plan: Plan, today: date) -> BrokenPlan | None:
    """Dearer than the cheapest class may be, where the policy sets one below what the plan costs a customer."""
    least = cheapest(policy)
    if least is None or not plan.reach or plan.total.units <= least[1] * plan.reach:
        return None
    return BrokenPlan(plan, Code.STANDARD_BROKEN, "G3.1", "cost_per_customer", None, least[0])


def _price(kind: ExpenseType, field: str, limit: str, policy: Policy, plan: Any, today: date) -> BrokenPlan | None:
    price = _over(getattr(plan, field), getattr(policy.limits(kind.name), limit))
    return None if price is None else _standard(attrs.evolve(plan, **{field: price}), kind.clause, field)


def _too_early(policy: Policy, plan: Any, today: date) -> BrokenPlan | None:
    found = [clock for clock in outside(policy) if clock < policy.contact.first]
    return _standard(attrs.evolve(plan, first=found[0]), "C3.4", "contact_hours") if found else None


def _too_late(policy: Policy, plan: Any, today: date) -> BrokenPlan | None:
    found = [clock for clock in outside(policy) if clock > policy.contact.last]
    return _standard(attrs.evolve(plan, last=found[0]), "C3.4", "contact_hours") if found else None


def _rate(policy: Policy, plan: Discount, today: date) -> BrokenPlan:
    limits, (line, *rest) = policy.limits("discount"), plan.lines
    most = dict(limits.groups).get(line.group, limits.rate_max_bp) * line.list_price.units // 10_000
    line = attrs.evolve(line, discount_each=Money(most + 1, policy.currency))
    return _standard(Discount((line, *rest)), "C1.1", "discount_each")


def _margin(policy: Policy, plan: Discount, today: date) -> BrokenPlan:
    margin, (line, *rest) = policy.limits("discount").margin_min_bp, plan.lines
    price = line.list_price.units - line.discount_each.units
    line = attrs.evolve(line, unit_cost=Money(price * (10_000 - margin) // 10_000 + 1, policy.currency))
    # Where the whole price is to be margin, no price is high enough: it is the cost that is too high.
    return _standard(Discount((line, *rest)), "C1.1", "price_after_discount" if margin < 10_000 else "unit_cost")


def _all_of_it(policy: Policy, plan: ThresholdReduction, today: date) -> BrokenPlan:
    (tier, *rest) = plan.tiers
    return _standard(attrs.evolve(plan, tiers=(Tier(tier.spend, tier.spend), *rest)), "C1.2", "reduction")


def _flat(spend: int, less: int, says: str, policy: Policy, plan: ThresholdReduction, today: date) -> BrokenPlan:
    last = plan.tiers[-1]
    tier = Tier(Money(last.spend.units + spend, policy.currency), Money(last.less.units + less, policy.currency))
    # The one before it leaves room for what the new one takes off more.
    room = Tier(Money(last.spend.units + 1, policy.currency), last.less)
    top = attrs.evolve(tier, spend=Money(tier.spend.units + 1, policy.currency))
    expected = tuple([attrs.evolve(orders, order_amount=top.spend) for orders in plan.expected])
    return _standard(ThresholdReduction((*plan.tiers[:-1], room, top), expected), "C1.2", says)


def _no_festival(policy: Policy, plan: HolidayGift, today: date) -> BrokenPlan:
    return _standard(attrs.evolve(plan, festival="a day like any other"), "C2.1", "festival")


def _window(first: int, last: int, policy: Policy, plan: HolidayGift, today: date) -> BrokenPlan:
    limits, day = policy.limits("holiday_gift"), festival_day(policy, plan.festival, plan.year)
    assert day is not None
    begins = day - timedelta(days=limits.days_before + first)
    ends = day + timedelta(days=limits.days_after + last)
    return _standard(attrs.evolve(plan, issue_from=begins, issue_until=ends), "C2.1", "issue_window")


def _twice(policy: Policy, plan: BirthdayGift, today: date) -> BrokenPlan:
    return _standard(attrs.evolve(plan, recipients=(*plan.recipients, plan.recipients[0])), "C2.2", "gifts_a_year")


def _other_month(policy: Policy, plan: BirthdayGift, today: date) -> BrokenPlan:
    born = date(1980, plan.month % 12 + 1, 1)
    known = tuple([Customer(id, today, today, None, born) for id in plan.recipients])
    return BrokenPlan(plan, Code.STANDARD_BROKEN, "C2.2", "birthday_month", known)


def _strangers(policy: Policy, plan: BirthdayGift, today: date) -> BrokenPlan:
    return BrokenPlan(plan, Code.NOT_EXISTING_CUSTOMER, "G2.1", "customers", ())


def _long_call(policy: Policy, plan: Phone, today: date) -> BrokenPlan:
    minutes = policy.limits("phone").minutes_max + 1
    return _standard(attrs.evolve(plan, minutes_each=minutes), "C3.1", "minutes")


def _long_message(policy: Policy, plan: Sms, today: date) -> BrokenPlan:
    return _standard(attrs.evolve(plan, text=too_long(policy.limits("sms").segments_max)), "C3.3", "segments")


def _crowd(policy: Policy, plan: ProductTraining, today: date) -> BrokenPlan:
    people = policy.limits("product_training").participants_max + 1
    return _standard(attrs.evolve(plan, participants=people), "C4.1", "participants")


def _no_method(policy: Policy, plan: ServiceTraining, today: date) -> BrokenPlan | None:
    if not policy.limits("service_training").methods:
        return None
    return _standard(attrs.evolve(plan, method="by post"), "C4.2", "training_method")


def _dear_head(policy: Policy, plan: ServiceTraining, today: date) -> BrokenPlan | None:
    price = _over(plan.each, dict(policy.limits("service_training").methods).get(plan.method))
    return None if price is None else _standard(attrs.evolve(plan, each=price), "C4.2", "price_a_head")


def _dear_repair(policy: Policy, plan: Repair, today: date) -> BrokenPlan | None:
    (first, *rest), most = plan.expected, policy.limits("repair").cost_max
    if most is None:
        return None
    parts = Money(most + 1 - first.labour.units - first.materials.units, policy.currency)
    return _standard(Repair((attrs.evolve(first, parts=parts), *rest)), "C5.1", "cost_each")


def _support(policy: Policy, plan: TechnicalSupport, today: date, **changes: Any) -> BrokenPlan:
    (first, *rest), (says,) = plan.expected, changes
    return _standard(TechnicalSupport((attrs.evolve(first, **changes), *rest)), "C5.2", says)


def _no_complexity(policy: Policy, plan: TechnicalSupport, today: date) -> BrokenPlan:
    return _support(policy, plan, today, complexity="beyond all")


def _other_rate(policy: Policy, plan: TechnicalSupport, today: date) -> BrokenPlan:
    return _support(policy, plan, today, hour_rate=plan.expected[0].hour_rate + Money(1, policy.currency))


def _dear_item(policy: Policy, plan: PromotionalMaterials, today: date) -> BrokenPlan | None:
    (first, *rest) = plan.items
    price = _over(first.unit_price, policy.limits("promotional_materials").unit_price_max)
    items = None if price is None else (attrs.evolve(first, unit_price=price), *rest)
    return None if items is None else _standard(attrs.evolve(plan, items=items), "C7", "unit_price")


_HOURS: dict[str, Way] = {"before the hours": _too_early, "after the hours": _too_late}


def _ways(name: str, **own: Way) -> dict[str, Way]:
    """A type's own ways, and those that every type of its shape has."""
    kind = REGISTER[name]
    found = {f"blank {field}": partial(_blank, kind, field) for field in texts_of(kind.plan)}
    dear = {"dearer than a customer is worth": _dear} if kind.customers and _REACHING[name] else {}
    hours = _HOURS if kind.channel else {}
    return {**found, **dear, **hours, **{way.replace("_", " "): made for way, made in own.items()}}


_REACHING = {name: kind.plan.reach is not Plan.reach or kind.plan is BirthdayGift for name, kind in REGISTER.items()}
_GIFT, _BIRTHDAY, _VENUE = REGISTER["holiday_gift"], REGISTER["birthday_gift"], REGISTER["venue_rental"]

BROKEN_PLANS: dict[str, dict[str, Way]] = {
    "discount": _ways("discount", above_the_rate=_rate, below_the_margin=_margin),
    "threshold_reduction": _ways(
        "threshold_reduction",
        nothing_left=_all_of_it,
        thresholds_do_not_rise=partial(_flat, 0, 1, "threshold"),
        reductions_do_not_rise=partial(_flat, 1, 0, "reduction"),
    ),
    "giveaway": _ways("giveaway", too_dear=partial(_price, REGISTER["giveaway"], "unit_cost", "unit_cost_max")),
    "holiday_gift": _ways(
        "holiday_gift",
        no_festival=_no_festival,
        too_dear=partial(_price, _GIFT, "unit_price", "unit_price_max"),
        begins_too_early=partial(_window, 1, 0),
        ends_too_late=partial(_window, 0, 1),
    ),
    "birthday_gift": _ways(
        "birthday_gift",
        too_dear=partial(_price, _BIRTHDAY, "unit_price", "unit_price_max"),
        twice=_twice,
        another_month=_other_month,
        no_existing_customers=_strangers,
    ),
    "phone": _ways("phone", too_long=_long_call),
    "email": _ways("email"),
    "sms": _ways("sms", too_long=_long_message),
    "product_training": _ways("product_training", too_many=_crowd),
    "service_training": _ways("service_training", unknown_method=_no_method, too_dear=_dear_head),
    "repair": _ways("repair", too_dear=_dear_repair),
    "technical_support": _ways("technical_support", unknown_complexity=_no_complexity, another_rate=_other_rate),
    "venue_rental": _ways("venue_rental", too_dear=partial(_price, _VENUE, "day_rent", "day_rent_max")),
    "promotional_materials": _ways("promotional_materials", too_dear=_dear_item),
}
"""For each type: every way in which a plan of it is invalid, made of a valid one; None where no limit is set.

No type that contacts customers names them in its plan, so that an opt-out breaks uses alone.
"""
