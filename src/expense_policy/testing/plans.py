"""Plans drawn: for each type of the register, plan records that a policy takes near a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from math import gcd

from hypothesis import strategies as st

from ..domain.categories import Plan
from ..domain.categories._customers import cost_limit
from ..domain.categories.birthday_gift import BirthdayGift
from ..domain.categories.discount import Discount, DiscountLine
from ..domain.categories.email import Email
from ..domain.categories.giveaway import Giveaway
from ..domain.categories.holiday_gift import HolidayGift, festival_day
from ..domain.categories.phone import Phone
from ..domain.categories.product_training import ProductTraining
from ..domain.categories.promotional_materials import Material, PromotionalMaterials
from ..domain.categories.repair import SERVICES, ExpectedRepairs, Repair
from ..domain.categories.service_training import ServiceTraining
from ..domain.categories.sms import Sms, segments
from ..domain.categories.technical_support import ExpectedSupport, TechnicalSupport
from ..domain.categories.threshold_reduction import ExpectedOrders, ThresholdReduction, Tier
from ..domain.categories.venue_rental import VenueRental
from ..domain.festival_table import FESTIVALS
from ..domain.money import UNITS_MAX, Money
from ..domain.policy import Policy
from .words import ids, labels, texts, units

Drawn = st.SearchStrategy[Plan] | None

_MESSAGES = ("Hello", "新春快乐！", "x" * 160, "x" * 161, "福" * 71, "🧧" * 70)
_REPEATED = 300
"""The most customers that a drawn plan names."""


def _least(*limits: int | None) -> int:
    """The lowest of the limits that are set."""
    return min(limit for limit in limits if limit is not None)


def _price(most: int, *limits: int | None) -> st.SearchStrategy[int]:
    """A price that an amount is a multiple of, so that none of it is left over, within the limits."""
    return units(_least(most, *limits)).map(lambda drawn: gcd(most, drawn))


def _forbidden(*limits: int | None) -> bool:
    """Whether a limit leaves no price above 0."""
    return 0 in limits


def _a_head(policy: Policy) -> int | None:
    """The most that a customer of no value class may cost (G3.1)."""
    return cost_limit(policy, None)


@st.composite
def _hours(draw: st.DrawFn, policy: Policy) -> tuple[time | None, time | None]:
    """Two times within the policy's hours, or neither, or one of them."""
    hours = policy.contact
    first, last = sorted(draw(st.tuples(*[st.times(hours.first, hours.last)] * 2)))
    found: tuple[tuple[time | None, time | None], ...] = ((None, None), (first, last), (first, None), (None, last))
    return draw(st.sampled_from((*found, (hours.first, hours.last))))


@st.composite
def _discount(draw: st.DrawFn, policy: Policy, rates: list[tuple[str, int]], most: int) -> Plan:
    money, margin = policy.currency, policy.limits("discount").margin_min_bp
    lines, left = [], most
    for number in range(draw(st.integers(1, 3))):
        group, rate = draw(st.sampled_from(rates))
        each = draw(_price(left, UNITS_MAX * rate // 20_000))
        # The lowest list price that keeps the rate, or more; something of it has to be left.
        price = max(-(-each * 10_000 // rate), each + 1) + draw(st.sampled_from((0, 0, 1, 100)))
        cost = draw(st.sampled_from((0, (price - each) * (10_000 - margin) // 10_000)))
        quantity = left // each
        if number == 0 and quantity > 1:
            quantity = draw(st.sampled_from((quantity, quantity - 1)))
        lines.append(
            DiscountLine(f"P-{number}", group, quantity, Money(price, money), Money(cost, money), Money(each, money))
        )
        left -= each * quantity
        if not left:
            break
    return Discount(tuple(lines))


def _discounts(policy: Policy, today: date, most: int) -> Drawn:
    limits = policy.limits("discount")
    rates = [*limits.groups]
    if "other" not in dict(rates):
        rates.append(("other", limits.rate_max_bp))
    allowed = [(group, rate) for group, rate in rates if rate]
    return _discount(policy, allowed, most) if allowed else None


@st.composite
def _reduction(draw: st.DrawFn, policy: Policy, most: int) -> Plan:
    money = policy.currency
    less = draw(_price(most, 10**15, _a_head(policy)))
    spend = less + draw(units(10**6))
    tiers = [Tier(Money(spend, money), Money(less, money))]
    if less > 1 and draw(st.booleans()):
        lower = draw(st.integers(1, less - 1))
        tiers.insert(0, Tier(Money(draw(st.integers(lower + 1, spend - 1)), money), Money(lower, money)))
    if draw(st.booleans()):
        tiers.append(Tier(Money(2 * spend + 1, money), Money(less + 1, money)))
    amount = draw(st.integers(spend, 2 * spend))
    return ThresholdReduction(tuple(tiers), (ExpectedOrders(most // less, Money(amount, money)),))


def _reductions(policy: Policy, today: date, most: int) -> Drawn:
    return None if _forbidden(_a_head(policy)) else _reduction(policy, most)


@st.composite
def _giveaway(draw: st.DrawFn, policy: Policy, most: int) -> Plan:
    a_head = _a_head(policy)
    cost = draw(_price(most, policy.limits("giveaway").unit_cost_max, a_head))
    quantity = most // cost
    # As many of them to one recipient as he may cost.
    each = quantity if a_head is None else a_head // cost
    recipients = draw(st.integers(-(-quantity // each), quantity))
    return Giveaway(draw(texts()), draw(texts()), quantity, Money(cost, policy.currency), recipients)


def _giveaways(policy: Policy, today: date, most: int) -> Drawn:
    forbidden = _forbidden(policy.limits("giveaway").unit_cost_max, _a_head(policy))
    return None if forbidden else _giveaway(policy, most)


@st.composite
def _gift(draw: st.DrawFn, policy: Policy, feasts: list[tuple[str, int, date]], most: int) -> Plan:
    name, year, day = draw(st.sampled_from(feasts))
    standard = policy.limits("holiday_gift")
    price = draw(_price(most, standard.unit_price_max, _a_head(policy)))
    first = draw(st.integers(-standard.days_before, standard.days_after))
    last = draw(st.integers(first, standard.days_after))
    days = (day + timedelta(days=first), day + timedelta(days=last))
    return HolidayGift(name, year, draw(texts()), Money(price, policy.currency), most // price, *days)


def _gifts(policy: Policy, today: date, most: int) -> Drawn:
    """Gifts for a festival that is near; None where no price keeps the standard."""
    standard = policy.limits("holiday_gift")
    names = (*FESTIVALS, *[name for name, _ in standard.festivals])
    found = {(name, year): festival_day(policy, name, year) for name in names for year in (today.year, today.year + 1)}
    feasts = [(name, year, day) for (name, year), day in found.items() if day is not None]
    forbidden = _forbidden(standard.unit_price_max, _a_head(policy))
    return _gift(policy, feasts, most) if feasts and not forbidden else None


@st.composite
def _birthday(draw: st.DrawFn, policy: Policy, today: date, most: int) -> Plan:
    cap = _least(most, policy.limits("birthday_gift").unit_price_max, _a_head(policy))
    # So many customers that none of the amount is left over, where there are as many.
    even = [n for n in range(1, min(most, _REPEATED) + 1) if most % n == 0 and most // n <= cap]
    count = draw(st.sampled_from(even)) if even else draw(st.integers(1, min(most, _REPEATED)))
    stem, price = draw(ids()), min(cap, most // count)
    month = (today.replace(day=1) + timedelta(days=32 * draw(st.integers(0, 2)))).replace(day=1)
    return BirthdayGift(
        month.year,
        month.month,
        draw(texts()),
        draw(texts()),
        Money(price, policy.currency),
        tuple([f"{stem}-{n}" for n in range(count)]),
    )


def _birthdays(policy: Policy, today: date, most: int) -> Drawn:
    forbidden = _forbidden(policy.limits("birthday_gift").unit_price_max, _a_head(policy))
    return None if forbidden else _birthday(policy, today, most)


@st.composite
def _calls(draw: st.DrawFn, policy: Policy, most: int) -> Plan:
    each = draw(_price(most, _a_head(policy)))
    minutes = draw(st.integers(1, policy.limits("phone").minutes_max))
    rate = draw(st.integers(0, each // minutes))
    fee, hours = each - rate * minutes, draw(_hours(policy))
    money = policy.currency
    return Phone(draw(texts()), most // each, minutes, Money(fee, money), Money(rate, money), *hours)


def _phone(policy: Policy, today: date, most: int) -> Drawn:
    return None if _forbidden(_a_head(policy)) else _calls(policy, most)


@st.composite
def _mail(draw: st.DrawFn, policy: Policy, most: int) -> Plan:
    fee = draw(_price(most, _a_head(policy)))
    return Email(draw(texts()), most // fee, Money(fee, policy.currency), *draw(_hours(policy)))


def _mails(policy: Policy, today: date, most: int) -> Drawn:
    return None if _forbidden(_a_head(policy)) else _mail(policy, most)


@st.composite
def _message(draw: st.DrawFn, policy: Policy, most: int) -> Plan:
    longest = _least(policy.limits("sms").segments_max, most, _a_head(policy))
    text = draw(st.sampled_from([text for text in _MESSAGES if segments(text) <= longest]))
    billed, a_head = most // segments(text), _a_head(policy)
    price = draw(_price(billed, 100, None if a_head is None else a_head // segments(text)))
    return Sms(text, billed // price, Money(price, policy.currency), *draw(_hours(policy)))


def _messages(policy: Policy, today: date, most: int) -> Drawn:
    return None if _forbidden(_a_head(policy)) else _message(policy, most)


@st.composite
def _lesson(draw: st.DrawFn, policy: Policy, today: date, most: int) -> Plan:
    a_head, seats = _a_head(policy), policy.limits("product_training").participants_max
    total = most if a_head is None else min(most, a_head * seats)
    people = draw(st.integers(1 if a_head is None else -(-total // a_head), seats))
    parts = sorted(draw(st.tuples(*[st.integers(0, total)] * 2)))
    costs = (parts[0], parts[1] - parts[0], total - parts[1])
    on, minutes = today + timedelta(days=draw(st.integers(0, 60))), draw(st.integers(1, 480))
    money = [Money(cost, policy.currency) for cost in costs]
    return ProductTraining(draw(texts()), on, draw(texts()), minutes, people, *money)


def _lessons(policy: Policy, today: date, most: int) -> Drawn:
    return None if _forbidden(_a_head(policy)) else _lesson(policy, today, most)


@st.composite
def _course(draw: st.DrawFn, policy: Policy, today: date, most: int) -> Plan:
    methods = policy.limits("service_training").methods
    method, cap = draw(st.sampled_from(methods)) if methods else (draw(ids()), most)
    people = draw(st.integers(1, 200))
    each = draw(st.integers(0, min(cap, most // people)))
    on, money = today + timedelta(days=draw(st.integers(0, 60))), policy.currency
    setup = Money(most - each * people, money)
    return ServiceTraining(draw(texts()), method, on, draw(texts()), people, setup, Money(each, money))


def _courses(policy: Policy, today: date, most: int) -> Drawn:
    return _course(policy, today, most)


@st.composite
def _repair(draw: st.DrawFn, policy: Policy, most: int) -> Plan:
    each = draw(_price(most, policy.limits("repair").cost_max, _a_head(policy)))
    parts = sorted(draw(st.tuples(*[st.integers(0, each)] * 2)))
    costs = [Money(n, policy.currency) for n in (parts[0], parts[1] - parts[0], each - parts[1])]
    quantity = most // each
    rows: list[ExpectedRepairs] = []
    while quantity and len(rows) < 3:
        some = quantity if len(rows) == 2 else draw(st.integers(1, quantity))
        rows.append(ExpectedRepairs(f"M-{len(rows)}", draw(st.sampled_from(SERVICES)), some, *costs))
        quantity -= some
    return Repair(tuple(rows))


def _repairs(policy: Policy, today: date, most: int) -> Drawn:
    return None if _forbidden(policy.limits("repair").cost_max, _a_head(policy)) else _repair(policy, most)


def _affordable(policy: Policy, most: int) -> Iterator[tuple[str, int, int]]:
    """Complexity, rate an hour, and the most minutes at it that cost something and no more than an amount."""
    for complexity, rate in policy.limits("technical_support").rates:
        # A half unit is rounded up: so many minutes come to less than half a unit above the amount.
        minutes = (60 * most + 29) // rate if rate else 0
        if minutes * rate >= 30:
            yield complexity, rate, minutes


@st.composite
def _help(draw: st.DrawFn, policy: Policy, found: list[tuple[str, int, int]]) -> Plan:
    complexity, rate, most = draw(st.sampled_from(found))
    minutes = draw(st.one_of(st.just(most), st.integers(-(-30 // rate), most)))
    return TechnicalSupport((ExpectedSupport(complexity, minutes, Money(rate, policy.currency)),))


def _support(policy: Policy, today: date, most: int) -> Drawn:
    """Support at the policy's rates: None where it sets none, or half a unit of it can't be had for the amount."""
    found = list(_affordable(policy, most))
    return _help(policy, found) if found else None


@st.composite
def _venue(draw: st.DrawFn, policy: Policy, today: date, most: int) -> Plan:
    cap = _least(most, policy.limits("venue_rental").day_rent_max)
    even = [n for n in range(1, 61) if most % n == 0 and most // n <= cap]
    days = draw(st.sampled_from(even)) if even else draw(st.integers(1, min(60, most)))
    first = today + timedelta(days=draw(st.integers(0, 30)))
    rent = Money(min(cap, most // days), policy.currency)
    return VenueRental(draw(texts()), draw(texts()), first, first + timedelta(days=days - 1), rent)


def _venues(policy: Policy, today: date, most: int) -> Drawn:
    return None if _forbidden(policy.limits("venue_rental").day_rent_max) else _venue(policy, today, most)


@st.composite
def _materials(draw: st.DrawFn, policy: Policy, most: int) -> Plan:
    items, left = [], most
    for number in range(draw(st.integers(1, 3))):
        price = draw(_price(left, policy.limits("promotional_materials").unit_price_max))
        quantity = left // price
        some = quantity if number == 2 else draw(st.sampled_from((quantity, quantity, max(1, quantity - 1))))
        items.append(Material(f"item {number}", some, Money(price, policy.currency)))
        left -= some * price
        if not left:
            break
    return PromotionalMaterials(draw(labels()), tuple(items))


def _printed(policy: Policy, today: date, most: int) -> Drawn:
    return None if _forbidden(policy.limits("promotional_materials").unit_price_max) else _materials(policy, most)


PLANS: dict[str, Callable[[Policy, date, int], Drawn]] = {
    "discount": _discounts,
    "threshold_reduction": _reductions,
    "giveaway": _giveaways,
    "holiday_gift": _gifts,
    "birthday_gift": _birthdays,
    "phone": _phone,
    "email": _mails,
    "sms": _messages,
    "product_training": _lessons,
    "service_training": _courses,
    "repair": _repairs,
    "technical_support": _support,
    "venue_rental": _venues,
    "promotional_materials": _printed,
}
"""For each type of the register: its plans near a day, of at most so many smallest units, and of as many where it can.

They keep to what a customer of no value class may cost. None where the policy takes none of so little.
"""
