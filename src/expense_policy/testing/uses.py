"""Uses drawn: for each type of the register, what may have happened on a day under a plan, with nothing broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from ..domain.categories import REGISTER, Plan, Use
from ..domain.categories._customers import cost_limit
from ..domain.categories.birthday_gift import BirthdayGift, BirthdayGiftIssued
from ..domain.categories.discount import Discount, DiscountGranted
from ..domain.categories.email import Email, EmailSent
from ..domain.categories.giveaway import Giveaway, GiveawayIssued
from ..domain.categories.holiday_gift import GiftIssued, HolidayGift, festival_day
from ..domain.categories.phone import Called, Phone
from ..domain.categories.product_training import ProductTrainingHeld
from ..domain.categories.promotional_materials import MaterialsUsed, PromotionalMaterials
from ..domain.categories.repair import SERVICES, Repair, Repaired
from ..domain.categories.service_training import ServiceTrainingHeld
from ..domain.categories.sms import Sms, SmsSent
from ..domain.categories.technical_support import Supported, TechnicalSupport, cost
from ..domain.categories.threshold_reduction import Reduced, ThresholdReduction
from ..domain.categories.venue_rental import VenueRental, VenueUsed
from ..domain.money import Money
from ..domain.policy import Policy
from .words import ids, texts

Uses = st.SearchStrategy[tuple[Use, ...]]

_MOST = 6
"""The most uses that are drawn at once."""


def fit_day(policy: Policy, plan: Plan, today: date) -> date | None:
    """The first day from today on that a use of the plan breaks nothing on; None where there is none any more."""
    first, last = today, date.max
    if isinstance(plan, HolidayGift):
        limits, day = policy.limits("holiday_gift"), festival_day(policy, plan.festival, plan.year)
        assert day is not None
        first, last = day - timedelta(days=limits.days_before), day + timedelta(days=limits.days_after)
    elif isinstance(plan, BirthdayGift):
        first = date(plan.year, plan.month, 1)
        last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    elif isinstance(plan, VenueRental):
        first, last = plan.first, plan.last
    found = max(first, today)
    return found if found <= last else None


def at(policy: Policy, day: date, clock: time) -> datetime | None:
    """The instant at which the company's clocks show a time on a day; None where they skip it."""
    made = datetime.combine(day, clock, ZoneInfo(policy.calendar.time_zone)).astimezone(timezone.utc)
    local = policy.calendar.local(made)
    return made if (local.date(), local.time()) == (day, clock) else None


def _instants(policy: Policy, day: date) -> st.SearchStrategy[datetime]:
    """Instants of a day within the hours, their bounds among them."""
    hours = policy.contact
    bounds = st.sampled_from((hours.first, hours.last))
    drawn = st.one_of(bounds, st.times(hours.first, hours.last)).map(lambda clock: at(policy, day, clock))
    return drawn.filter(lambda made: made is not None).map(lambda made: made or policy.calendar.start(day))


def _people(draw: st.DrawFn) -> Iterator[str]:
    """Recipients, each another one."""
    stem = draw(ids())
    return (f"{stem}-{n}" for n in range(1_000_000))


def _afforded(draw: st.DrawFn, total: int, each: int, a_head: int | None = None) -> int:
    """How many uses of one cost the total bears; none where a customer may not cost it."""
    if a_head is not None and each > a_head:
        return 0
    return draw(st.integers(0, min(_MOST, total // each if each else _MOST)))


@st.composite
def _granted(draw: st.DrawFn, policy: Policy, plan: Discount, day: date) -> tuple[Use, ...]:
    left, people, found = plan.total.units, _people(draw), []
    a_head = cost_limit(policy, None)
    for number in range(draw(st.integers(0, _MOST))):
        line = draw(st.sampled_from(plan.lines))
        most = min(left, left if a_head is None else a_head) // line.discount_each.units
        if most:
            quantity = draw(st.integers(1, most))
            left -= quantity * line.discount_each.units
            found.append(DiscountGranted(day, next(people), f"order {number}", line.product, quantity))
    return tuple(found)


@st.composite
def _reduced(draw: st.DrawFn, policy: Policy, plan: ThresholdReduction, day: date) -> tuple[Use, ...]:
    left, people, found = plan.total.units, _people(draw), []
    a_head = cost_limit(policy, None)
    for number in range(draw(st.integers(0, _MOST))):
        tier = draw(st.sampled_from(plan.tiers))
        paid = Money(tier.spend.units + draw(st.sampled_from((0, 1))), policy.currency)
        less = plan.reduction(paid)
        if less.units <= min(left, left if a_head is None else a_head):
            left -= less.units
            found.append(Reduced(day, next(people), f"order {number}", paid, less))
    return tuple(found)


@st.composite
def _pieces(
    draw: st.DrawFn, policy: Policy, plan: Giveaway | HolidayGift, day: date, price: int, kind: type[Any]
) -> tuple[Use, ...]:
    left, people, found = plan.total.units, _people(draw), []
    a_head = cost_limit(policy, None)
    for _ in range(draw(st.integers(0, _MOST))):
        most = min(left, left if a_head is None else a_head) // price
        if most:
            quantity = draw(st.integers(1, most))
            left -= quantity * price
            found.append(kind(day, next(people), quantity))
    return tuple(found)


@st.composite
def _birthdays(draw: st.DrawFn, policy: Policy, plan: BirthdayGift, day: date) -> tuple[Use, ...]:
    who = draw(st.lists(st.sampled_from(plan.recipients), max_size=_MOST, unique=True))
    issued = [BirthdayGiftIssued(day, each, "issued", draw(st.one_of(st.none(), texts()))) for each in who]
    # What became of some of them.
    known = who[: draw(st.integers(0, 2))]
    later = [BirthdayGiftIssued(day, each, draw(st.sampled_from(("delivered", "returned")))) for each in known]
    return (*issued, *later)


@st.composite
def _calls(draw: st.DrawFn, policy: Policy, plan: Phone, day: date) -> tuple[Use, ...]:
    limits, left, people = policy.limits("phone"), plan.total.units, _people(draw)
    a_head, found = cost_limit(policy, None), []
    for _ in range(draw(st.integers(0, _MOST if limits.per_customer_month_max else 0))):
        seconds = draw(st.one_of(st.integers(1, limits.minutes_max * 60), st.sampled_from((59, 60))))
        units = plan.fee.units + -(-seconds // 60) * plan.minute_rate.units
        if units <= min(left, left if a_head is None else a_head):
            left -= units
            found.append(Called(draw(_instants(policy, day)), next(people), seconds, draw(texts())))
    return tuple(found)


@st.composite
def _mails(draw: st.DrawFn, policy: Policy, plan: Email, day: date) -> tuple[Use, ...]:
    known, subject = st.sampled_from((None, True, False)), st.one_of(st.none(), st.just(plan.subject), texts())
    count, people = _afforded(draw, plan.total.units, plan.message_fee.units, cost_limit(policy, None)), _people(draw)
    sent = [(draw(_instants(policy, day)), next(people), draw(subject)) for _ in range(count)]
    return tuple([EmailSent(*each, draw(known), draw(known)) for each in sent])


@st.composite
def _messages(draw: st.DrawFn, policy: Policy, plan: Sms, day: date) -> tuple[Use, ...]:
    each = plan.costs[0][1].units // plan.recipients
    count, people = _afforded(draw, plan.total.units, each, cost_limit(policy, None)), _people(draw)
    if not policy.limits("sms").per_customer_month_max:
        return ()
    return tuple([SmsSent(draw(_instants(policy, day)), next(people)) for _ in range(count)])


@st.composite
def _held(
    draw: st.DrawFn, policy: Policy, plan: Plan, day: date, kind: type[Any], a_head: int | None
) -> tuple[Use, ...]:
    left, people, found = plan.total.units, _people(draw), []
    most_at_once = policy.limits("product_training").participants_max if kind is ProductTrainingHeld else 20
    for _ in range(draw(st.integers(0, 2))):
        who = tuple([next(people) for _ in range(draw(st.integers(1, min(20, most_at_once))))])
        most = left if a_head is None else min(left, a_head * len(who))
        units = draw(st.integers(0, most))
        left -= units
        place, minutes = draw(texts()), draw(st.integers(1, 480))
        found.append(kind(day, place, minutes, who, Money(units, policy.currency)))
    return tuple(found)


@st.composite
def _repaired(draw: st.DrawFn, policy: Policy, plan: Repair, day: date) -> tuple[Use, ...]:
    left, people, found = plan.total.units, _people(draw), []
    caps = [cap for cap in (policy.limits("repair").cost_max, cost_limit(policy, None)) if cap is not None]
    for number in range(draw(st.integers(0, _MOST))):
        units = draw(st.integers(0, min(left, *caps) if caps else left))
        left -= units
        parts = sorted(draw(st.tuples(*[st.integers(0, units)] * 2)))
        costs = [Money(n, policy.currency) for n in (parts[0], parts[1] - parts[0], units - parts[1])]
        product, service = draw(st.sampled_from(plan.expected)).product, draw(st.sampled_from(SERVICES))
        found.append(Repaired(day, next(people), f"R-{number}", product, service, draw(texts()), *costs))
    return tuple(found)


@st.composite
def _supported(draw: st.DrawFn, policy: Policy, plan: TechnicalSupport, day: date) -> tuple[Use, ...]:
    left, people, found = plan.total.units, _people(draw), []
    a_head = cost_limit(policy, None)
    for _ in range(draw(st.integers(0, _MOST))):
        planned = draw(st.sampled_from(plan.expected))
        minutes = draw(st.integers(1, planned.minutes))
        units = cost(minutes, planned.hour_rate).units
        if units <= min(left, left if a_head is None else a_head):
            left -= units
            said = (draw(texts()), draw(texts()), planned.complexity, minutes, planned.hour_rate)
            found.append(Supported(day, next(people), *said))
    return tuple(found)


@st.composite
def _rented(draw: st.DrawFn, policy: Policy, plan: VenueRental, day: date) -> tuple[Use, ...]:
    count = _afforded(draw, plan.total.units, plan.day_rent.units)
    return tuple([VenueUsed(day, draw(texts())) for _ in range(count)])


@st.composite
def _spent(draw: st.DrawFn, policy: Policy, plan: PromotionalMaterials, day: date) -> tuple[Use, ...]:
    found: list[Use] = []
    for each in plan.items:
        quantity = draw(st.integers(0, each.quantity))
        if quantity:
            found.append(MaterialsUsed(day, each.item, quantity, draw(texts())))
    return tuple(found)


def _giveaways(policy: Policy, plan: Giveaway, day: date) -> Uses:
    return _pieces(policy, plan, day, plan.unit_cost.units, GiveawayIssued)


def _gifts(policy: Policy, plan: HolidayGift, day: date) -> Uses:
    return _pieces(policy, plan, day, plan.unit_price.units, GiftIssued)


def _lessons(policy: Policy, plan: Plan, day: date) -> Uses:
    return _held(policy, plan, day, ProductTrainingHeld, cost_limit(policy, None))


def _courses(policy: Policy, plan: Plan, day: date) -> Uses:
    return _held(policy, plan, day, ServiceTrainingHeld, None)


USES: dict[str, Callable[[Policy, Any, date], Uses]] = {
    "discount": _granted,
    "threshold_reduction": _reduced,
    "giveaway": _giveaways,
    "holiday_gift": _gifts,
    "birthday_gift": _birthdays,
    "phone": _calls,
    "email": _mails,
    "sms": _messages,
    "product_training": _lessons,
    "service_training": _courses,
    "repair": _repaired,
    "technical_support": _supported,
    "venue_rental": _rented,
    "promotional_materials": _spent,
}
"""For each type: what may have happened on a day under a plan of it, in all no more than the plan's total.

It breaks nothing on a day that `fit_day` finds, while nothing was recorded before and nobody can be asked of customers.
"""


def uses(policy: Policy, plan: Plan, today: date) -> Uses:
    """Use records of a plan, whatever its type."""
    (name,) = [kind.name for kind in REGISTER.values() if kind.plan is type(plan)]
    return USES[name](policy, plan, today)
