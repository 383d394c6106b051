"""Uses that break one thing: for each type of the register every way in which its use record is invalid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import attrs

from ..domain.categories import REGISTER, ExpenseType, Use
from ..domain.categories._contact import Contact
from ..domain.categories.birthday_gift import BirthdayGift
from ..domain.categories.holiday_gift import HolidayGift, festival_day
from ..domain.categories.phone import Called
from ..domain.categories.promotional_materials import MaterialsUsed, PromotionalMaterials
from ..domain.categories.repair import Repaired
from ..domain.categories.sms import SmsSent
from ..domain.categories.technical_support import Supported
from ..domain.categories.threshold_reduction import Reduced
from ..domain.categories.venue_rental import VenueRental, VenueUsed
from ..domain.customers import Customer, OptOut
from ..domain.money import Money
from ..domain.policy import Policy
from ..domain.refusals import Code
from .broken_plans import cheapest, outside, texts_of, too_long
from .uses import at


@attrs.frozen
class BrokenUse:
    """Uses of which one breaks something, and the refusal that says so: `says` is the standard, or what is named.

    Where `code` is that of a broken standard they are kept with a reason, else not at all. `customers` is who can be
    asked for, None where nobody can.
    """

    uses: tuple[Use, ...]
    code: Code
    clause: str
    says: str
    customers: tuple[Customer, ...] | None = None


Way = Callable[[Policy, Any, Any, date], BrokenUse | None]


def _standard(use: Use | tuple[Use, ...], clause: str, standard: str) -> BrokenUse:
    return BrokenUse(use if isinstance(use, tuple) else (use,), Code.STANDARD_BROKEN, clause, standard)


def _moved(use: Any, days: int) -> Use:
    """The same on another day."""
    by = timedelta(days=days)
    moved: Use = attrs.evolve(use, at=use.at + by) if isinstance(use, Contact) else attrs.evolve(use, on=use.on + by)
    return moved


def _blank(kind: ExpenseType, field: str, policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse:
    return BrokenUse((attrs.evolve(use, **{field: "\n"}),), Code.FORM_INCOMPLETE, kind.clause, field)


def _too_soon(policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse:
    """The day before, where today is that of the approval."""
    return _standard(_moved(use, -1), "A1.1", "before_approval")


def _to_come(policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse:
    return BrokenUse((_moved(use, 1),), Code.USE_NOT_YET, "C8", "")


def _again(kind: ExpenseType, policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse:
    return BrokenUse((use, use), Code.ORDER_TAKEN, kind.clause, "")


def _stranger(policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse:
    return BrokenUse((use,), Code.STANDARD_BROKEN, "G2.1", "existing_customer", ())


def _dear(kind: ExpenseType, policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse | None:
    least = cheapest(policy)
    parts = kind.measure(plan, use, policy.limits(kind.name))
    if least is None or not isinstance(parts, tuple) or parts[0].units <= least[1]:
        return None
    known = Customer(parts[0].recipient, today, today, least[0], None)
    return BrokenUse((use,), Code.STANDARD_BROKEN, "G3.1", "cost_per_customer", (known,))


def _opted_out(kind: ExpenseType, policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse:
    refused = (OptOut(kind.channel or "*", use.day(policy.calendar)),)
    known = tuple([Customer(id, today, today, None, None, refused) for id in use.recipients])
    return BrokenUse((use,), Code.STANDARD_BROKEN, "C3.4", "opted_out", known)


def _off_hours(policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse | None:
    day = use.day(policy.calendar)
    found: list[datetime] = [made for clock in outside(policy) if (made := at(policy, day, clock)) is not None]
    return _standard(attrs.evolve(use, at=found[0]), "C3.4", "contact_hours") if found else None


def _too_often(kind: ExpenseType, says: str, policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse:
    most = policy.limits(kind.name).per_customer_month_max
    return _standard((use,) * (most + 1), kind.clause, says)


def _unplanned(kind: ExpenseType, field: str, policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse:
    return BrokenUse((attrs.evolve(use, **{field: "unheard of"}),), Code.USE_UNPLANNED, kind.clause, "unheard of")


def _another_reduction(policy: Policy, plan: Any, use: Reduced, today: date) -> BrokenUse:
    more = use.reduction + Money(1, policy.currency)
    return BrokenUse((attrs.evolve(use, reduction=more),), Code.REDUCTION_DIFFERS, "C1.2", use.order)


def _out_of_season(policy: Policy, plan: HolidayGift, use: Any, today: date) -> BrokenUse:
    day = festival_day(policy, plan.festival, plan.year)
    assert day is not None
    early = day - timedelta(days=policy.limits("holiday_gift").days_before + 1)
    return _standard(attrs.evolve(use, on=early), "C2.1", "issue_window")


def _another_month(policy: Policy, plan: BirthdayGift, use: Any, today: date) -> BrokenUse:
    before = date(plan.year, plan.month, 1) - timedelta(days=1)
    return _standard(attrs.evolve(use, on=before), "C2.2", "birthday_month")


def _second_gift(policy: Policy, plan: BirthdayGift, use: Any, today: date) -> BrokenUse:
    return _standard((use, use), "C2.2", "gifts_a_year")


def _not_named(policy: Policy, plan: BirthdayGift, use: Any, today: date) -> BrokenUse:
    return _standard(attrs.evolve(use, recipient="somebody else"), "C2.2", "recipient")


def _long_call(policy: Policy, plan: Any, use: Called, today: date) -> BrokenUse:
    return _standard(attrs.evolve(use, seconds=policy.limits("phone").minutes_max * 60 + 1), "C3.1", "seconds")


def _long_message(policy: Policy, plan: Any, use: SmsSent, today: date) -> BrokenUse:
    return _standard(attrs.evolve(use, text=too_long(policy.limits("sms").segments_max)), "C3.3", "segments")


def _twice(kind: ExpenseType, policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse:
    return _standard(
        attrs.evolve(use, participants=(*use.participants, use.participants[0])), kind.clause, "participants"
    )


def _crowded(policy: Policy, plan: Any, use: Any, today: date) -> BrokenUse | None:
    most = policy.limits("product_training").participants_max
    if most > 1000:
        return None
    many = tuple([f"customer {n}" for n in range(most + 1)])
    return _standard(attrs.evolve(use, participants=many), "C4.1", "participants")


def _more_than_made(policy: Policy, plan: PromotionalMaterials, use: MaterialsUsed, today: date) -> BrokenUse:
    (made,) = [each.quantity for each in plan.items if each.item == use.item]
    return _standard(attrs.evolve(use, quantity=made + 1), "C7", "quantity")


def _dear_repair(policy: Policy, plan: Any, use: Repaired, today: date) -> BrokenUse | None:
    most = policy.limits("repair").cost_max
    if most is None:
        return None
    zero = Money(0, policy.currency)
    dear = attrs.evolve(use, parts=Money(most + 1, policy.currency), labour=zero, materials=zero)
    return _standard(dear, "C5.1", "cost_each")


def _no_complexity(policy: Policy, plan: Any, use: Supported, today: date) -> BrokenUse:
    return _standard(attrs.evolve(use, complexity="beyond all"), "C5.2", "complexity")


def _other_rate(policy: Policy, plan: Any, use: Supported, today: date) -> BrokenUse:
    return _standard(attrs.evolve(use, hour_rate=use.hour_rate + Money(1, policy.currency)), "C5.2", "hour_rate")


def _not_rented(policy: Policy, plan: VenueRental, use: VenueUsed, today: date) -> BrokenUse:
    return _standard(attrs.evolve(use, on=plan.first - timedelta(days=1)), "C6", "rented_days")


def _ways(name: str, **own: Way) -> dict[str, Way]:
    """A type's own ways, and those that every type of its shape has."""
    kind = REGISTER[name]
    found: dict[str, Way] = {f"blank {field}": partial(_blank, kind, field) for field in texts_of(kind.use)}
    found |= {"before its approval": _too_soon, "to come": _to_come}
    if kind.use.once is not Use.once:
        found["once more"] = partial(_again, kind)
    if kind.customers:
        found |= {"no existing customer": _stranger, "dearer than a customer is worth": partial(_dear, kind)}
    if kind.channel:
        found |= {"after an opt-out": partial(_opted_out, kind), "outside the hours": _off_hours}
    return {**found, **{way.replace("_", " "): made for way, made in own.items()}}


_LESSON, _COURSE = REGISTER["product_training"], REGISTER["service_training"]

BROKEN_USES: dict[str, dict[str, Way]] = {
    "discount": _ways("discount", unplanned=partial(_unplanned, REGISTER["discount"], "product")),
    "threshold_reduction": _ways("threshold_reduction", another_reduction=_another_reduction),
    "giveaway": _ways("giveaway"),
    "holiday_gift": _ways("holiday_gift", out_of_season=_out_of_season),
    "birthday_gift": _ways(
        "birthday_gift", another_month=_another_month, second_gift=_second_gift, not_named=_not_named
    ),
    "phone": _ways("phone", too_long=_long_call, too_often=partial(_too_often, REGISTER["phone"], "calls_a_month")),
    "email": _ways("email"),
    "sms": _ways("sms", too_long=_long_message, too_often=partial(_too_often, REGISTER["sms"], "messages_a_month")),
    "product_training": _ways("product_training", twice=partial(_twice, _LESSON), crowded=_crowded),
    "service_training": _ways("service_training", twice=partial(_twice, _COURSE)),
    "repair": _ways("repair", too_dear=_dear_repair),
    "technical_support": _ways("technical_support", unknown_complexity=_no_complexity, another_rate=_other_rate),
    "venue_rental": _ways("venue_rental", not_rented=_not_rented),
    "promotional_materials": _ways(
        "promotional_materials",
        unplanned=partial(_unplanned, REGISTER["promotional_materials"], "item"),
        more_than_made=_more_than_made,
    ),
}
"""For each type: every way in which a use of it is invalid, made of a plan and a valid use on the day of its approval.

None where the policy has no such limit.
"""
