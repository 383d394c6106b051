"""Each standard of each type's plan at its limit, a unit within it and a unit beyond it (C8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import attrs
import pytest

from expense_policy.domain.categories.discount import Discount, DiscountLine
from expense_policy.domain.categories.phone import Phone
from expense_policy.domain.categories.product_training import ProductTraining
from expense_policy.domain.categories.threshold_reduction import ExpectedOrders, ThresholdReduction, Tier
from expense_policy.domain.customers import Customer
from expense_policy.domain.refusals import Code, Refusal
from expense_policy.domain.vocabulary import term

from .company import POLICY, Company
from .smallest import DAY, NONE, PLANS, U, units

FEAST = date(2026, 2, 17)


def second(of: int) -> time:
    """A time by its seconds since midnight."""
    return time(of // 3600, of // 60 % 60, of % 60)


def of(name: str, field: str, made: Callable[[int], Any] = units) -> Callable[[int], Any]:
    """The smallest plan of a type with another value in a field."""
    return lambda n: attrs.evolve(PLANS[name], **{field: made(n)})


def line(each: int = 1, cost: int = 0, group: str = "toys") -> Discount:
    """A discount of so much on what is listed at 10.00."""
    return Discount((DiscountLine("P-1", group, 1, units(1000), units(cost), units(each)),))


def tiers(*pairs: tuple[int, int]) -> ThresholdReduction:
    """A rule of tiers, for an order that reaches them all."""
    found = tuple([Tier(units(spend), units(less)) for spend, less in pairs])
    return ThresholdReduction(found, (ExpectedOrders(1, max(tier.spend for tier in found)),))


def parts(name: str, field: str, index: str) -> Callable[[int], Any]:
    """The smallest plan of a type with another value in its only row."""

    def made(n: int) -> Any:
        (row,) = getattr(PLANS[name], field)
        return attrs.evolve(PLANS[name], **{field: (attrs.evolve(row, **{index: units(n)}),)})

    return made


def days(first: int, last: int) -> Any:
    """Gifts from so many days before the festival to so many after it."""
    by = timedelta(days=first), timedelta(days=last)
    return attrs.evolve(PLANS["holiday_gift"], issue_from=FEAST - by[0], issue_until=FEAST + by[1])


@attrs.frozen
class Limit:
    """A standard: what makes a plan of a figure, two figures that keep it and one that breaks it, and the refusal."""

    make: Callable[[int], Any]
    figures: tuple[int, int, int]
    clause: str
    standard: str
    figure: str
    limit: str
    value_class: str | None = None


HOURS = "08:00:00..21:00:00"
EARLY, LATE = (28801, 28800, 28799), (75599, 75600, 75601)
LIMITS = {
    "discount of the rate": Limit(line, (199, 200, 201), "C1.1", "discount_each", "2.01 CNY", "2.00 CNY"),
    "discount of a group's rate": Limit(
        lambda n: line(n, 0, "food"), (99, 100, 101), "C1.1", "discount_each", "1.01 CNY", "1.00 CNY"
    ),
    # 8.00 is left of 10.00, and 5 % of that is 0.40.
    "discount's margin": Limit(
        lambda n: line(200, n), (759, 760, 761), "C1.1", "price_after_discount", "8.00 CNY", "8.02 CNY"
    ),
    "reduction below its threshold": Limit(
        lambda n: tiers((10_000, n)), (9_998, 9_999, 10_000), "C1.2", "reduction", "100.00 CNY", "99.99 CNY"
    ),
    "rising thresholds": Limit(
        lambda n: tiers((10_000, 10), (n, 20)),
        (10_002, 10_001, 10_000),
        *("C1.2", "threshold", "100.00 CNY", "100.01 CNY"),
    ),
    "rising reductions": Limit(
        lambda n: tiers((10_000, 1_000), (20_000, n)),
        (1_002, 1_001, 1_000),
        "C1.2",
        "reduction",
        "10.00 CNY",
        "10.01 CNY",
    ),
    "giveaway": Limit(
        of("giveaway", "unit_cost"), (1_999, 2_000, 2_001), "C1.3", "unit_cost", "20.01 CNY", "20.00 CNY"
    ),
    "holiday gift": Limit(
        of("holiday_gift", "unit_price"), (19_999, 20_000, 20_001), "C2.1", "unit_price", "200.01 CNY", "200.00 CNY"
    ),
    "window before": Limit(
        lambda n: days(n, 0),
        (29, 30, 31),
        *("C2.1", "issue_window", "2026-01-17..2026-02-17", "2026-01-18..2026-02-24"),
    ),
    "window after": Limit(
        lambda n: days(0, n), (6, 7, 8), "C2.1", "issue_window", "2026-02-17..2026-02-25", "2026-01-18..2026-02-24"
    ),
    "birthday gift": Limit(
        of("birthday_gift", "unit_price"), (19_999, 20_000, 20_001), "C2.2", "unit_price", "200.01 CNY", "200.00 CNY"
    ),
    "call": Limit(of("phone", "minutes_each", int), (29, 30, 31), "C3.1", "minutes", "31", "30"),
    **{
        f"{name} from": Limit(of(name, "first", second), EARLY, "C3.4", "contact_hours", "07:59:59..21:00:00", HOURS)
        for name in ("phone", "email", "sms")
    },
    **{
        f"{name} until": Limit(of(name, "last", second), LATE, "C3.4", "contact_hours", "08:00:00..21:00:01", HOURS)
        for name in ("phone", "email", "sms")
    },
    "message": Limit(of("sms", "text", lambda n: "福" * n), (70, 201, 202), "C3.3", "segments", "4", "3"),
    "participants": Limit(
        of("product_training", "participants", int), (49, 50, 51), "C4.1", "participants", "51", "50"
    ),
    "a head": Limit(
        of("service_training", "each"), (29_999, 30_000, 30_001), "C4.2", "price_a_head", "300.01 CNY", "300.00 CNY"
    ),
    "repair": Limit(
        parts("repair", "expected", "parts"),
        (149_999, 150_000, 150_001),
        *("C5.1", "cost_each", "1500.01 CNY", "1500.00 CNY"),
    ),
    "rent": Limit(
        of("venue_rental", "day_rent"), (799_999, 800_000, 800_001), "C6", "day_rent", "8000.01 CNY", "8000.00 CNY"
    ),
    "item": Limit(
        parts("promotional_materials", "items", "unit_price"),
        (3_999, 4_000, 4_001),
        *("C7", "unit_price", "40.01 CNY", "40.00 CNY"),
    ),
    "customer of a class": Limit(
        of("product_training", "lecturer"),
        (199_999, 200_000, 200_001),
        *("G3.1", "cost_per_customer", "2000.01 CNY", "2000.00 CNY", "gold"),
    ),
    # Three cost 15.01 in all: one of them a unit above 5.00.
    "customer among several": Limit(
        lambda n: attrs.evolve(PLANS["product_training"], participants=3, lecturer=units(n)),
        (1_499, 1_500, 1_501),
        *("G3.1", "cost_per_customer", "5.01 CNY", "5.00 CNY", "small"),
    ),
}


def told(found: Refusal, clause: str, standard: str, figure: str, limit: str) -> None:
    """A refusal of a standard says its name and its figures in both languages, with nothing left to fill in."""
    assert (found.code, found.clause, dict(found.facts)["standard"]) == (Code.STANDARD_BROKEN, clause, standard)
    assert found.text() == f"{term(standard)}: {figure} stands against a limit of {limit}."
    assert found.text("zh") == f"{term(standard, 'zh')}：{figure}，标准为{term(limit, 'zh')}。"
    assert term(standard, "zh") != standard
    assert not {*"{}"} & {*found.text(), *found.text("zh"), *found.remedy(), *found.remedy("zh")}


@pytest.mark.clause("C1.1", "C1.2", "C1.3", "C2.1", "C2.2", "C3.1", "C3.3", "C3.4", "C4.1", "C4.2", "C5.1", "C6", "C7")
@pytest.mark.clause("C8", "G3.1")
@pytest.mark.parametrize("name", LIMITS)
def test_a_plan_at_its_limit(name: str) -> None:
    """Up to the limit a plan is taken, a unit beyond it is refused with the figure, the limit and the clause."""
    case, company = LIMITS[name], Company.open()
    within, at, beyond = [case.make(n) for n in case.figures]
    assert company.refusals(within, value_class=case.value_class) == ()
    assert company.refusals(at, value_class=case.value_class) == ()
    (found,) = company.refusals(beyond, value_class=case.value_class)
    told(found, case.clause, case.standard, case.figure, case.limit)


@pytest.mark.clause("C5.2")
def test_support_is_planned_at_the_policys_rate() -> None:
    """A complexity that the policy does not know, and any other rate than its own, is refused."""
    company, made = Company.open(), parts("technical_support", "expected", "hour_rate")
    assert company.refusals(made(9_000)) == ()
    for rate, said in ((8_999, "89.99 CNY"), (9_001, "90.01 CNY")):
        (found,) = company.refusals(attrs.evolve(made(rate)))
        told(found, "C5.2", "hour_rate", said, "90.00 CNY")
    (row,) = made(9_000).expected
    (found,) = company.refusals(attrs.evolve(made(9_000), expected=(attrs.evolve(row, complexity="rare"),)))
    assert dict(found.facts) == {"standard": "complexity", "figure": "rare", "limit": "simple, complex"}


@pytest.mark.clause("C4.2")
def test_a_course_is_by_a_method_of_the_policy() -> None:
    """A method that the policy does not name is refused, with those that it names."""
    (found,) = Company.open().refusals(attrs.evolve(PLANS["service_training"], method="by post"))
    assert dict(found.facts) == {"standard": "training_method", "figure": "by post", "limit": "classroom, online"}


@pytest.mark.clause("C2.1")
def test_a_festival_is_the_calendars() -> None:
    """A festival that neither the calendar nor the company knows is refused."""
    (found,) = Company.open().refusals(attrs.evolve(PLANS["holiday_gift"], festival="tuesday"))
    told(found, "C2.1", "festival", "tuesday 2026", "the calendar")


@pytest.mark.clause("C2.1")
@pytest.mark.parametrize(("first", "kept"), [(date(2024, 12, 30), True), (date(2024, 12, 29), False)])
def test_a_window_reaches_into_the_year_before(first: date, kept: bool) -> None:
    """Spring Festival 2025 is on 29 January: what is issued for it may begin on 30 December 2024, and no earlier."""
    plan = attrs.evolve(PLANS["holiday_gift"], year=2025, issue_from=first, issue_until=date(2025, 2, 5))
    found = Company.open().refusals(plan)
    assert (found == ()) is kept
    if not kept:
        assert dict(found[0].facts)["limit"] == "2024-12-30..2025-02-05"


@pytest.mark.clause("C1.1")
@pytest.mark.parametrize(
    ("price", "cost", "each", "standards"),
    [
        # 20 % of 9.99 is 1.998: 1.99 is within it, 2.00 is 20.02 %.
        *[(999, 0, 199, ()), (999, 0, 200, ("discount_each",))],
        # A basis point of 100.00 is 0.01.
        *[(10_000, 0, 2_000, ()), (10_000, 0, 2_001, ("discount_each",))],
        # 95 % of 80.00 is 76.00.
        *[(10_000, 7_600, 2_000, ()), (10_000, 7_601, 2_000, ("price_after_discount",))],
        *[(10_000, 8_000, 2_001, ("discount_each", "price_after_discount"))],
    ],
)
def test_rates_and_margins_to_the_basis_point(price: int, cost: int, each: int, standards: tuple[str, ...]) -> None:
    """A discount keeps rate and margin to the basis point, with nothing rounded on the way."""
    plan = Discount((DiscountLine("P-1", "toys", 3, units(price), units(cost), units(each)),))
    found = Company.open().refusals(plan)
    assert tuple([dict(each.facts)["standard"] for each in found]) == standards


@pytest.mark.clause("C1.1")
@pytest.mark.parametrize(("cost", "kept"), [(0, True), (1, False)])
def test_where_the_whole_price_is_margin_nothing_may_cost(cost: int, kept: bool) -> None:
    """Under a margin of 100 % no price is high enough for what costs anything: its cost is told, against none."""
    company = Company.open(policy=POLICY.replace("margin_min_bp = 500", "margin_min_bp = 10000"))
    found = company.refusals(line(1, cost))
    assert (found == ()) is kept
    if not kept:
        told(found[0], "C1.1", "unit_cost", "0.01 CNY", "0.00 CNY")


def regular(id: str, **changes: Any) -> Customer:
    """A customer who ordered last month."""
    return attrs.evolve(Customer(id, date(2020, 1, 1), date(2026, 1, 2), None, None), **changes)


@pytest.mark.clause("C2.2")
def test_a_birthday_gift_is_for_the_month_of_the_birthday() -> None:
    """Who was born on 29 February has a gift in February; in another month it is refused, with nobody's birthday."""
    leap = regular("customer-29", birthday=date(2000, 2, 29))
    june = regular("customer-06", birthday=date(1990, 6, 15))
    company = Company.open([leap, june, regular("customer-00")])
    plan = PLANS["birthday_gift"]
    for who in (("customer-29",), ("customer-00",), ("customer-29", "customer-00")):
        assert company.refusals(attrs.evolve(plan, recipients=who)) == ()
    (found,) = company.refusals(attrs.evolve(plan, recipients=("customer-29", "customer-06")))
    told(found, "C2.2", "birthday_month", "c***06", "2026-02")
    (found,) = company.refusals(attrs.evolve(plan, month=3, recipients=("customer-29",)))
    told(found, "C2.2", "birthday_month", "c***29", "2026-03")
    (found,) = company.refusals(attrs.evolve(plan, recipients=("customer-29", "customer-00", "customer-29")))
    told(found, "C2.2", "gifts_a_year", "c***29", "1")


@pytest.mark.clause("G2.1")
@pytest.mark.parametrize(
    ("last_order", "kept"),
    [(date(2024, 1, 5), True), (date(2024, 1, 4), False), (None, False), (date(2026, 1, 6), False)],
)
def test_a_customer_ordered_within_two_years(last_order: date | None, kept: bool) -> None:
    """An order 24 months ago to the day makes an existing customer; a day earlier, none, or one to come does not."""
    company = Company.open([regular("customer-01", last_order=last_order)])
    found = company.refusals(attrs.evolve(PLANS["birthday_gift"], recipients=("customer-01",)))
    assert (found == ()) is kept
    if not kept:
        assert (found[0].code, found[0].clause) == (Code.NOT_EXISTING_CUSTOMER, "G2.1")
        assert "c***01" in found[0].text()
        assert "c***01" in found[0].text("zh")


@pytest.mark.clause("G3.1")
def test_what_a_customer_may_cost_is_that_of_his_class() -> None:
    """Where customers can be asked it is their classes that count, the lowest limit of them, not what the form says."""
    who = [regular("customer-g", value_class="gold"), regular("customer-s", value_class="small")]
    company, plan = Company.open(who), attrs.evolve(PLANS["birthday_gift"], unit_price=units(501))
    assert company.refusals(attrs.evolve(plan, recipients=("customer-g",)), value_class="small") == ()
    (found,) = company.refusals(attrs.evolve(plan, recipients=("customer-g", "customer-s")), value_class="gold")
    told(found, "G3.1", "cost_per_customer", "5.01 CNY", "5.00 CNY")


@pytest.mark.clause("C3.1", "C4.1")
def test_a_plans_costs_are_its_parts() -> None:
    """Calls cost their fee and their minutes; a training its lecturer, its venue and its materials."""
    call = Phone("News", 3, 2, units(5), units(7))
    assert [(name, cost.units) for name, cost in call.costs] == [("calls", 15), ("minutes", 42)]
    lesson = ProductTraining("The basics", DAY, "Room 1", 60, 2, units(100), units(20), units(3))
    assert (lesson.total, NONE + U) == (units(123), U)


@pytest.mark.clause("G3.1", "C1.3")
def test_a_giveaway_reaches_no_more_than_it_has_gifts() -> None:
    """More recipients than gifts make a gift no cheaper for who gets it."""
    company = Company.open()
    plan = attrs.evolve(PLANS["giveaway"], quantity=2, unit_cost=units(501), recipients=100)
    told(company.refusals(plan, value_class="small")[0], "G3.1", "cost_per_customer", "5.01 CNY", "5.00 CNY")
    assert company.refusals(attrs.evolve(plan, unit_cost=units(500)), value_class="small") == ()


@pytest.mark.clause("C2.2", "G3.4")
def test_of_many_who_stand_twice_ten_are_shown() -> None:
    """A refusal shows ten ids, masked, and how many more there are."""
    twice = tuple([f"customer-{n:03}" for n in range(13)])
    found = Company.open().refusals(attrs.evolve(PLANS["birthday_gift"], recipients=(*twice, *twice)))
    ten = ", ".join([f"c***0{n}" for n in range(10)])
    assert dict(found[0].facts) == {"standard": "gifts_a_year", "figure": f"{ten}, +3", "limit": 1}
