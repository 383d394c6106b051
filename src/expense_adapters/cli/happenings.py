"""What happens in the example company once an application is approved: the rows of its use record (C8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta, timezone
from random import Random
from typing import Any

import attrs

from expense_policy.domain.application import Application
from expense_policy.domain.categories import Effect, EffectMeasured, Use
from expense_policy.domain.categories.birthday_gift import BirthdayGift, BirthdayGiftIssued
from expense_policy.domain.categories.company import CompanyPlan, CompanyUse
from expense_policy.domain.categories.discount import Discount, DiscountGranted
from expense_policy.domain.categories.email import Email, EmailSent
from expense_policy.domain.categories.giveaway import Giveaway, GiveawayIssued
from expense_policy.domain.categories.holiday_gift import GiftIssued, HolidayGift
from expense_policy.domain.categories.phone import Called, Phone
from expense_policy.domain.categories.product_training import ProductTraining, ProductTrainingHeld
from expense_policy.domain.categories.promotional_materials import MaterialsUsed, PromotionalMaterials
from expense_policy.domain.categories.repair import Repair, Repaired
from expense_policy.domain.categories.service_training import ServiceTraining, ServiceTrainingHeld
from expense_policy.domain.categories.sms import Sms, SmsSent
from expense_policy.domain.categories.technical_support import Supported, TechnicalSupport
from expense_policy.domain.categories.threshold_reduction import Reduced, ThresholdReduction
from expense_policy.domain.categories.venue_rental import VenueRental, VenueUsed
from expense_policy.domain.customers import Customer
from expense_policy.domain.money import Money
from expense_policy.domain.policy import Policy
from expense_policy.domain.refusals import Refusal

from .forms import kinds

SHANGHAI = timezone(timedelta(hours=8))
COUNTS = ("customers_reached", "orders", "revenue_units", "attendees")
"""The figures of an effect that grow with what was used."""


@attrs.frozen
class Happening:
    """What came of an application: its uses, the last day of them, and the reason for what broke a standard."""

    uses: tuple[Use, ...]
    last: date
    reason: str | None = None


def cost(form: Application, uses: Sequence[Use], policy: Policy) -> int:
    """What uses cost, in smallest units."""
    kind, units = kinds(policy)[form.type], 0
    limits = policy.limits(form.type)
    for use in uses:
        measured = kind.measure(form.plan, use, limits)
        assert not isinstance(measured, Refusal)
        units += sum(part.units for part in measured)
    return units


@attrs.define
class Happenings:
    """Draws what happens, from the customers that the company has."""

    customers: tuple[Customer, ...]
    policy: Policy
    random: Random
    _orders: int = 0

    def may_reach(self, day: date, channel: str | None = None) -> list[str]:
        """Existing customers of a day who have not opted out of a channel by it."""
        months = self.policy.customers.order_within_months
        return [
            each.id
            for each in self.customers
            if each.existing(months, day) and (channel is None or each.opted_out(channel, day) is None)
        ]

    def born_in(self, month: int, day: date) -> list[str]:
        """Existing customers of a day whose birthday is in a month."""
        months = self.policy.customers.order_within_months
        return [each.id for each in self.customers if each.born_in(month) and each.existing(months, day)]

    def after(self, form: Application, day: date, part: int, odd: bool = False) -> Happening:
        """What happens after an approval on `day`: so many hundredths of what was planned.

        Odd is what does not keep to a standard and is explained: a late message, a call to someone who opted out.
        """
        return _HOW[type(form.plan)](self, form.plan, day, part, odd)

    def measured(self, form: Application, used: int, on: date) -> EffectMeasured:
        """What is measured in the end: counts as far as the money was used, the rest about as it was expected."""
        assert form.benefit is not None
        found, swing = {}, self.random.randint(92, 108)
        for name, n in form.benefit.figures:
            if name in COUNTS:
                found[name] = n * used * swing // (100 * form.amount.units)
            else:
                found[name] = n if "before" in name else min(n * self.random.randint(96, 104) // 100, 10_000)
        return EffectMeasured(on, Effect.of(**found))

    def draw(self, pool: Sequence[str], count: int) -> list[str]:
        """So many of a pool, each once; all of it where there are no more."""
        return self.random.sample(pool, min(count, len(pool)))

    def order(self, kind: str = "D") -> str:
        """A fresh order number."""
        self._orders += 1
        return f"{kind}2026{self._orders:06d}"


def _minutes(day: date, hour: int, count: int, minutes: int) -> Iterator[datetime]:
    """Instants of a day from an hour on, spread over so many minutes."""
    start = datetime.combine(day, time(hour), SHANGHAI)
    return (start + timedelta(seconds=minutes * 60 * i // max(count, 1)) for i in range(count))


def _some(count: int, part: int) -> int:
    return max(count * part // 100, 1)


def _contacts(
    all_: Happenings, channel: str, day: date, count: int, odd: bool
) -> tuple[list[str], list[datetime], str | None]:
    """Whom a campaign reaches on the day after its approval, and when; odd is one who opted out, and one too late."""
    on = day + timedelta(days=1)
    who = all_.draw(all_.may_reach(on, channel), count)
    at = list(_minutes(on, 9, len(who), 600))
    if not odd:
        return who, at, None
    out = [each.id for each in all_.customers if each.opted_out(channel, on) is not None and each.existing(24, on)]
    who[0] = out[0] if out else who[0]
    at[-1] = datetime.combine(on, time(21, 40), SHANGHAI)
    return who, at, "Asked for by the customer in the shop; the last one was queued at the operator."


def _holiday_gift(all_: Happenings, plan: HolidayGift, day: date, part: int, odd: bool) -> Happening:
    on = max(plan.issue_from, day)
    who = all_.draw(all_.may_reach(on), _some(plan.quantity, part))
    return Happening(tuple([GiftIssued(on, each) for each in who]), on)


def _birthday_gift(all_: Happenings, plan: BirthdayGift, day: date, part: int, odd: bool) -> Happening:
    last, born = date(plan.year, plan.month, 28), {each.id: each.birthday for each in all_.customers}
    uses: list[Use] = []
    for id in plan.recipients[: _some(len(plan.recipients), part)]:
        birthday = born[id]
        on = max(last.replace(day=min(28, birthday.day if birthday else 28)), day)
        uses.append(BirthdayGiftIssued(on, id, personal="name on the card"))
    # What became of each is a note on the gift: all but one in twenty reach their customer.
    uses += [
        BirthdayGiftIssued(last, use.recipients[0], "delivered" if all_.random.random() < 0.95 else "returned")
        for use in uses
    ]
    return Happening(tuple(uses), last)


def _sms(all_: Happenings, plan: Sms, day: date, part: int, odd: bool) -> Happening:
    who, at, reason = _contacts(all_, "sms", day, _some(plan.recipients, part), odd)
    return Happening(tuple(map(SmsSent, at, who)), day + timedelta(days=1), reason)


def _email(all_: Happenings, plan: Email, day: date, part: int, odd: bool) -> Happening:
    who, at, reason = _contacts(all_, "email", day, _some(plan.recipients, part), odd)
    rolled = [all_.random.random() for _ in who]
    uses = [EmailSent(t, id, opened=n < 0.35, read=n < 0.25) for t, id, n in zip(at, who, rolled, strict=True)]
    return Happening(tuple(uses), day + timedelta(days=1), reason)


def _phone(all_: Happenings, plan: Phone, day: date, part: int, odd: bool) -> Happening:
    who, at, reason = _contacts(all_, "phone", day, _some(plan.calls, part), odd)
    uses = [
        Called(t, id, all_.random.randint(40, 60 * plan.minutes_each), "回访：使用情况")
        for t, id in zip(at, who, strict=True)
    ]
    if odd and len(uses) > 9:
        # One of them takes longer than the policy allows, and the last four are not made.
        uses = [attrs.evolve(uses[0], seconds=31 * 60, content="投诉处理"), *uses[1:-4]]
    return Happening(tuple(uses), day + timedelta(days=1), reason)


def _product_training(all_: Happenings, plan: ProductTraining, day: date, part: int, odd: bool) -> Happening:
    who = tuple(all_.draw(all_.may_reach(plan.on), _some(plan.participants, part)))
    spent = Money(plan.total.units * part // 100, plan.total.currency)
    return Happening((ProductTrainingHeld(plan.on, plan.place, plan.minutes, who, spent),), plan.on)


def _service_training(all_: Happenings, plan: ServiceTraining, day: date, part: int, odd: bool) -> Happening:
    who = tuple([f"staff.{n:02d}" for n in sorted(all_.random.sample(range(1, 60), _some(plan.participants, part)))])
    spent = Money(plan.total.units * part // 100, plan.total.currency)
    return Happening((ServiceTrainingHeld(plan.on, plan.place, 180, who, spent),), plan.on)


def _repair(all_: Happenings, plan: Repair, day: date, part: int, odd: bool) -> Happening:
    uses: list[Use] = []
    last = day + timedelta(days=5)
    for each in plan.expected:
        fault = "不通电" if each.service == "repair" else "年度保养"
        for id in all_.draw(all_.may_reach(last), _some(each.quantity, part)):
            on = day + timedelta(days=all_.random.randint(1, 5))
            labour = each.labour if all_.random.random() < 0.6 else Money(each.labour.units // 2, each.labour.currency)
            uses.append(
                Repaired(on, id, all_.order("R"), each.product, each.service, fault, each.parts, labour, each.materials)
            )
    if not odd:
        return Happening(tuple(uses), last)
    # One costs more than the policy allows for a single repair; so fewer of the others are done.
    first, kept = uses[0], uses[1 : max(len(uses) - 7, 1)]
    assert isinstance(first, Repaired)
    dear = attrs.evolve(first, parts=Money(75000, "CNY"), fault="主板损坏")
    return Happening((dear, *kept), last, "The customer's board had to be replaced whole.")


def _technical_support(all_: Happenings, plan: TechnicalSupport, day: date, part: int, odd: bool) -> Happening:
    uses: list[Use] = []
    last = day + timedelta(days=12)
    for each in plan.expected:
        # Cases of a quarter of an hour to an hour, until the planned time is used up.
        left = each.minutes * part // 100 // 15
        for id in all_.draw(all_.may_reach(last), left):
            quarters = min(all_.random.randint(1, 4), left)
            left -= quarters
            on = day + timedelta(days=all_.random.randint(1, 12))
            uses.append(Supported(on, id, "无法联网", "重置网关", each.complexity, 15 * quarters, each.hour_rate))
            if not left:
                break
    if odd:
        rate = plan.expected[0].hour_rate
        first = uses[0]
        assert isinstance(first, Supported)
        half = Money(rate.units // 2, rate.currency)
        uses[0] = attrs.evolve(first, hour_rate=half, solution="电话指导，按半价计")
    return Happening(tuple(uses), last, "Half the rate was agreed for help by phone." if odd else None)


def _discount(all_: Happenings, plan: Discount, day: date, part: int, odd: bool) -> Happening:
    # A third of what is planned for is sold.
    uses: list[Use] = []
    last = day + timedelta(days=3)
    pool = all_.may_reach(last)
    for line in plan.lines:
        for id in all_.draw(pool, _some(line.quantity, part // 3)):
            on = day + timedelta(days=all_.random.randint(1, 3))
            uses.append(DiscountGranted(on, id, all_.order(), line.product, 1))
    return Happening(tuple(uses), last)


def _threshold_reduction(all_: Happenings, plan: ThresholdReduction, day: date, part: int, odd: bool) -> Happening:
    uses: list[Use] = []
    last = day + timedelta(days=3)
    for each in plan.expected:
        for id in all_.draw(all_.may_reach(last), _some(each.orders, part // 3)):
            on = day + timedelta(days=all_.random.randint(1, 3))
            paid = each.order_amount + Money(all_.random.randint(-14000, 14000), "CNY")
            uses.append(Reduced(on, id, all_.order("M"), paid, plan.reduction(paid)))
    return Happening(tuple(uses), last)


def _giveaway(all_: Happenings, plan: Giveaway, day: date, part: int, odd: bool) -> Happening:
    on = day + timedelta(days=15)
    who = all_.draw(all_.may_reach(on), _some(plan.quantity, part))
    return Happening(tuple([GiveawayIssued(on, id) for id in who]), on)


def _venue_rental(all_: Happenings, plan: VenueRental, day: date, part: int, odd: bool) -> Happening:
    days = _some((plan.last - plan.first).days + 1, part)
    uses = [VenueUsed(plan.first + timedelta(days=i), "老客户见面会") for i in range(days)]
    return Happening(tuple(uses), uses[-1].on)


def _promotional_materials(all_: Happenings, plan: PromotionalMaterials, day: date, part: int, odd: bool) -> Happening:
    uses = []
    for i, place in enumerate(("旗舰店", "展会", "社区活动", "售后网点")):
        on = day + timedelta(days=14 + i)
        for each in plan.items:
            uses.append(MaterialsUsed(on, each.item, max(each.quantity * part // 400, 1), place))
    return Happening(tuple(uses), day + timedelta(days=17))


def _exhibition_booth(all_: Happenings, plan: CompanyPlan, day: date, part: int, odd: bool) -> Happening:
    on = day + timedelta(days=14)
    days = _some(plan.lines[0].quantity, part)
    uses = [CompanyUse(plan.type, on + timedelta(days=i), plan.lines[0].name) for i in range(days)]
    return Happening(tuple(uses), uses[-1].on)


_HOW: dict[type[Any], Callable[..., Happening]] = {
    HolidayGift: _holiday_gift,
    BirthdayGift: _birthday_gift,
    Sms: _sms,
    Email: _email,
    Phone: _phone,
    ProductTraining: _product_training,
    ServiceTraining: _service_training,
    Repair: _repair,
    TechnicalSupport: _technical_support,
    Discount: _discount,
    ThresholdReduction: _threshold_reduction,
    Giveaway: _giveaway,
    VenueRental: _venue_rental,
    PromotionalMaterials: _promotional_materials,
    CompanyPlan: _exhibition_booth,
}
"""How each type's use record comes about, by its plan's class."""
