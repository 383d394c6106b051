"""Budgets from the draft to the end of their year: estimated, late, negotiated, in force, closed (B1.1-B1.5, B2.1)."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expense_adapters.memory import MemoryRepository
from expense_policy.domain.adjustment import BudgetAdjustment, LineChange, SupplementaryRequest
from expense_policy.domain.application import Application, Share
from expense_policy.domain.approval import Return
from expense_policy.domain.budget import MONTHS, BudgetPlan, PlanLine, due, estimated, evenly
from expense_policy.domain.categories.holiday_gift import HolidayGift
from expense_policy.domain.estimates import Activity, Basis, Driver, Drivers, LastYear, OperatingPlan, Trend
from expense_policy.domain.holds import Line
from expense_policy.domain.money import UNITS_MAX, Money
from expense_policy.domain.negotiation import Bargain, Offer
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.year_end import Carry, YearEnd
from expense_policy.policy_file import load_policy
from expense_policy.ports.errors import NotFound
from expense_policy.ports.repository import Look, Repository, Sum
from expense_policy.services.verification import verify
from expense_policy.testing.company import drafted

from .world import EXAMPLE, POLICY, World, cny

BARE_LINE = PlanLine("gifts", "care_gifts", "Gifts", cny("100.00"))


def refusals(act: Any) -> list[tuple[Code, str, dict[str, Any]]]:
    """Every refusal of an act: code, clause, facts."""
    with pytest.raises(Refused) as refused:
        act()
    return [(each.code, each.clause, dict(each.facts)) for each in refused.value.refusals]


def codes(act: Any) -> list[Code]:
    """The codes of every refusal."""
    return [code for code, _, _ in refusals(act)]


def balances(world: World, *ids: str) -> dict[str, Line]:
    """Lines by their ids."""
    return {line.id: line for line in world.desk.lines() if line.id in ids}


def planned(world: World, line: str) -> dict[str, int]:
    """What is planned on a line by month."""
    asked = Sum("planned", ("month",), (("line", line),))
    found = world.desk.env.repository.look(Look(sums=(asked,))).sums[0]
    return {month: units for (month,), units in found.items()}


@pytest.mark.clause("B1.3")
def test_each_line_of_a_draft_says_when_and_why(repository: Repository) -> None:
    """A draft whose lines lack months or the basis of their estimate is refused: each line with what it lacks."""
    world = World.with_policy(repository, policy=EXAMPLE)
    whole = drafted("tea", "care_gifts", "Tea", cny("10.00"))
    half = attrs.evolve(BARE_LINE, id="half", months=evenly(BARE_LINE.amount))
    found = refusals(
        lambda: world.desk.budgeting.file(BudgetPlan("marketing", 2026, (BARE_LINE, whole, half)), actor="mei")
    )
    assert found == [
        (Code.LINE_NOT_ITEMISED, "B1.3", {"line": "gifts", "fields": "months, basis"}),
        (Code.LINE_NOT_ITEMISED, "B1.3", {"line": "half", "fields": "basis"}),
    ]
    assert world.desk.lines() == []
    world.desk.budgeting.file(BudgetPlan("marketing", 2026, (whole,)), actor="mei")


@pytest.mark.clause("B1.3")
@given(st.integers(1, 10**15))
def test_months_add_up(units: int) -> None:
    """An amount in equal parts is no unit more or less; a line whose months do not add up is none."""
    months = evenly(Money(units, "CNY"))
    assert (len(months), sum(month.units for month in months)) == (MONTHS, units)
    assert max(months, key=lambda m: m.units).units - min(months, key=lambda m: m.units).units <= 1
    wrong = (attrs.evolve(months[0], units=months[0].units + 1), *months[1:])
    with pytest.raises(ValueError, match="add up"):
        PlanLine("l", "venue", "Venue", Money(units, "CNY"), months=wrong)


@pytest.mark.clause("B1.3")
def test_what_is_planned_is_written_with_the_approval(repository: Repository) -> None:
    """An approved plan says of each line and month what is planned: the line's months, or equal parts."""
    world = World.with_policy(repository)
    months = (cny("1.00"), *[cny("0")] * 10, cny("2.00"))
    lines = (
        PlanLine("a", "venue", "A", cny("3.00"), months=months),
        PlanLine("b", "venue", "B", Money(13, "CNY")),
    )
    id = world.desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id
    assert planned(world, "a") == {}
    world.sign_all(id)
    assert planned(world, "a") == {"2026-01": 100, "2026-12": 200}
    assert planned(world, "b") == {f"2026-{n:02}": 2 if n == 1 else 1 for n in range(1, 13)}
    assert verify(repository).breaks == ()


MONEY = st.integers(1, 10**9).map(lambda units: Money(units, "CNY"))


@pytest.mark.clause("B1.2", "B1.3")
@given(
    MONEY,
    MONEY,
    st.integers(1, 10**6),
    st.integers(-10_000, 100_000),
    st.lists(st.integers(0, 10**9), min_size=2, max_size=6),
)
def test_estimates_are_exact(one: Money, other: Money, quantity: int, growth: int, actuals: list[int]) -> None:
    """An estimate is what its basis comes to: no unit off a sum, half a unit at most off a rate or a trend."""
    assert OperatingPlan((Activity("a", one), Activity("b", other))).estimate == one + other
    assert Drivers((Driver("a", quantity, one), Driver("b", 1, other))).estimate == one * quantity + other
    grown = LastYear(one, growth).estimate.units
    assert abs(grown - Fraction(one.units * (10_000 + growth), 10_000)) <= Fraction(1, 2)
    # By the normal equations of least squares, written otherwise than in the library.
    n, xs = len(actuals), range(len(actuals))
    slope = Fraction(
        n * sum(x * y for x, y in zip(xs, actuals, strict=True)) - sum(xs) * sum(actuals),
        n * sum(x * x for x in xs) - sum(xs) ** 2,
    )
    line = Fraction(sum(actuals), n) + slope * (n - Fraction(sum(xs), n))
    trend = Trend(tuple(Money(units, "CNY") for units in actuals)).estimate.units
    assert abs(trend - max(line, Fraction(0))) <= Fraction(1, 2)


@pytest.mark.clause("B1.2", "B1.3")
def test_estimates_stand_beside_what_is_asked(repository: Repository) -> None:
    """Of each line: what is asked, what its basis comes to, what is asked beyond it, and whether it is the table's."""
    world = World.with_policy(repository)
    basis = Drivers((Driver("customers", 3, cny("10.00")),))
    lines = (
        PlanLine("gifts", "care_gifts", "Gifts", cny("40.00"), basis=basis),
        PlanLine("calls", "communication", "Calls", cny("5.00")),
    )
    id = world.desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id
    gifts, calls = world.desk.budgeting.estimates(id)
    assert (gifts.asked, gifts.estimate, gifts.difference, gifts.outside) == (
        cny("40.00"),
        cny("30.00"),
        cny("10.00"),
        False,
    )
    assert (calls.estimate, calls.difference, calls.outside) == (None, None, True)
    with pytest.raises(NotFound):
        world.desk.budgeting.estimates("absent")


@pytest.mark.clause("B1.2")
def test_an_item_outside_the_table_is_shown_to_finance(repository: Repository) -> None:
    """It is marked, and finance is told of its lines; where the policy closes the table it is refused."""
    world = World.with_policy(repository)
    inside, outside = (drafted(name, name, name, cny("9.00")) for name in ("venue", "communication"))
    world.on(date(2026, 5, 1))
    early = BudgetPlan("marketing", 2027, (inside, outside))
    receipt = world.desk.budgeting.file(early, actor="mei")
    assert receipt.marks == ("outside_estimates",)
    world.desk.tick()
    (notice,) = [each for each in world.notices.notices if each.about == receipt.id]
    assert set(notice.to) == {"mei", "officer"}
    assert {("mark", "outside_estimates"), ("line", "communication")} <= set(notice.body)
    fine = BudgetPlan("customer_service", 2027, (drafted("calls", "communication", "Calls", cny("9.00")),))
    assert world.desk.budgeting.file(fine, actor="mei").marks == ()
    other = BudgetPlan("after_sales_support", 2027, (drafted("fair", "venue", "Fair", cny("9.00")),))
    closed = World.with_policy(MemoryRepository(), policy=POLICY.replace("[budget]", "[budget]\nclosed = true"))
    found = refusals(lambda: closed.desk.budgeting.file(other, actor="mei"))
    facts = {"line": "fair", "category": "venue", "department": "after_sales_support", "categories": "after_sales"}
    assert found == [(Code.LINE_OUTSIDE_ESTIMATES, "B1.2", facts)]


@pytest.mark.clause("B1.3", "X3")
@pytest.mark.parametrize(
    "basis",
    [
        Drivers((Driver("calls", 1, Money(1, "USD")),)),
        Drivers((Driver("calls", 1, Money(1, "USD")), Driver("fees", 1, Money(1, "CNY")))),
        OperatingPlan((Activity("fair", Money(1, "USD")),)),
        LastYear(Money(UNITS_MAX, "CNY"), 1),
        Drivers((Driver("calls", 2, Money(UNITS_MAX, "CNY")),)),
    ],
)
def test_a_basis_comes_to_an_amount_of_the_company(repository: Repository, basis: Basis) -> None:
    """One in another currency or in several, or that comes to more than an amount may be, is the caller's mistake."""
    world = World.with_policy(repository)
    line = PlanLine("calls", "venue", "Calls", cny("5.00"), basis=basis)
    with pytest.raises(ValueError, match="basis of line 'calls'"):
        world.desk.budgeting.file(BudgetPlan("marketing", 2026, (line,)), actor="mei")
    world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, (BARE_LINE,)), actor="mei").id)
    more = SupplementaryRequest("marketing", 2026, "More calls", opens=(line,))
    with pytest.raises(ValueError, match="basis of line 'calls'"):
        world.desk.budgeting.supplement(more, actor="mei")
    # One that a store has all the same is shown without an estimate.
    assert [(each.asked, each.estimate) for each in estimated(more, load_policy(POLICY))] == [(cny("5.00"), None)]


@pytest.mark.clause("B1.2", "B1.6")
def test_raising_a_line_is_asking_for_it(repository: Repository) -> None:
    """A line outside the table is marked when it is raised as when it is opened; in a closed table both are refused."""
    lines = tuple(drafted(name, name, name, cny("9.00")) for name in ("venue", "training"))
    venue, training = (LineChange(name, cny("9.00"), cny("10.00")) for name in ("venue", "training"))
    less = LineChange("training", cny("9.00"), cny("8.00"))
    worlds = [World.with_policy(store) for store in (repository, MemoryRepository())]
    for world in worlds:
        world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id)
    world, closed = worlds
    raises = SupplementaryRequest("marketing", 2026, "More", (venue, training))
    receipt = world.desk.budgeting.supplement(raises, actor="mei")
    assert receipt.marks == ("outside_estimates",)
    world.desk.tick()
    (notice,) = [each for each in world.notices.notices if each.about == receipt.id]
    assert [value for name, value in notice.body if name == "line"] == ["training"]
    text = POLICY.replace('version = "2026.1"', 'version = "2026.2"').replace("= 2026-01-01", "= 2026-02-01")
    for adopter in ("cfo", "gm"):
        closed.desk.policies.adopt(text.replace("[budget]", "[budget]\nclosed = true"), actor=adopter)
    closed.on(date(2026, 2, 2))
    ((code, _, facts),) = refusals(lambda: closed.desk.budgeting.supplement(raises, actor="mei"))
    assert (code, facts["line"], facts["category"]) == (Code.LINE_OUTSIDE_ESTIMATES, "training", "training")
    # What such a line has may still become less.
    closed.desk.budgeting.adjust(
        BudgetAdjustment("marketing", 2026, "Less", (attrs.evolve(venue, after=cny("9.50")), less)), actor="mei"
    )


@pytest.mark.clause("B1.1")
@pytest.mark.parametrize("late", [False, True])
def test_a_late_draft_is_taken_and_marked(repository: Repository, late: bool) -> None:
    """A draft is in time until the end of the policy's day, in the company's zone; after it is marked and reported."""
    world = World.with_policy(repository)
    midnight = datetime(2026, 10, 31, 16, 0, tzinfo=timezone.utc)
    world.clock.at = midnight if late else midnight - timedelta(microseconds=1)
    plan = BudgetPlan("marketing", 2027, (drafted("venue", "venue", "Venue", cny("9.00")),))
    receipt = world.desk.budgeting.file(plan, actor="mei")
    assert receipt.marks == (("draft_late",) if late else ())
    world.desk.tick()
    (notice,) = [each for each in world.notices.notices if each.about == receipt.id]
    assert ("officer" in notice.to) == late
    # What came in time and goes back is in time whenever it comes again.
    world.on(date(2027, 2, 1))
    again = world.desk.budgeting.revise(receipt.id, attrs.evolve(plan, lines=(*plan.lines, BARE_LINE)), actor="mei")
    assert again.marks == ()


@pytest.mark.clause("B1.1")
@pytest.mark.parametrize(
    ("start", "day", "expected"),
    [
        (1, "10-31", date(2026, 10, 31)),
        (4, "10-31", date(2026, 10, 31)),
        (4, "02-15", date(2027, 2, 15)),
        (4, "04-01", date(2026, 4, 1)),
        (1, "12-31", date(2026, 12, 31)),
    ],
)
def test_the_due_day_is_the_last_before_the_year(start: int, day: str, expected: date) -> None:
    """It is counted back from the fiscal year's first day, whichever month that is in."""
    text = POLICY.replace("fiscal_year_start = 1", f"fiscal_year_start = {start}")
    assert due(2027, load_policy(text.replace("10-31", day))) == expected


@pytest.mark.clause("B1.1")
def test_there_is_one_draft_a_year(repository: Repository) -> None:
    """A second one is refused while one is in review, returned or in force; one that was rejected makes room."""
    world = World.with_policy(repository)
    first = BudgetPlan("marketing", 2026, (BARE_LINE,))
    second = BudgetPlan("marketing", 2026, (attrs.evolve(BARE_LINE, id="other"),))
    id = world.desk.budgeting.file(first, actor="mei").id
    assert codes(lambda: world.desk.budgeting.file(second, actor="mei")) == [Code.PLAN_EXISTS]
    world.desk.spending.withdraw(id, actor="mei")
    world.sign_all(world.desk.budgeting.file(second, actor="mei").id)
    assert codes(lambda: world.desk.budgeting.file(first, actor="mei")) == [Code.PLAN_EXISTS]


def _returned(world: World, id: str, actor: str = "officer") -> None:
    document = world.desk.document(id)
    world.desk.spending.sign(id, seen=document.statement, actor=actor, verdict=Return("As said line by line."))


def _plan(*amounts: str) -> BudgetPlan:
    names = ("gifts", "venue", "fair")
    categories = ("care_gifts", "venue", "venue")
    lines = [drafted(n, c, n, cny(a)) for n, c, a in zip(names, categories, amounts, strict=False) if a]
    return BudgetPlan("marketing", 2026, tuple(lines))


@pytest.mark.clause("B1.4", "B1.5")
def test_the_way_from_draft_to_approved_is_a_table(repository: Repository) -> None:
    """Every round is kept, line by line: asked, reviewed, countered, agreed, with the reasons of both."""
    world = World.with_policy(repository)
    budgeting = world.desk.budgeting

    def at(id: str) -> str:
        return world.desk.document(id).statement

    id = budgeting.file(_plan("100.00", "50.00"), actor="mei").id
    offers = (Offer("gifts", cny("70.00"), "Fewer regulars"),)
    budgeting.review(id, offers, seen=at(id), actor="officer")
    _returned(world, id)
    budgeting.revise(id, _plan("90.00", "50.00", "5.00"), actor="mei", reasons={"gifts": "They come more often"})
    budgeting.review(id, (Offer("gifts", cny("80.00"), "Half way"),), seen=at(id), actor="cfo")
    _returned(world, id)
    budgeting.revise(id, _plan("80.00", "50.00", "5.00"), actor="mei")
    world.sign_all(id)
    table = budgeting.negotiation(id)
    assert table == (
        Bargain(1, "gifts", cny("100.00"), cny("70.00"), "Fewer regulars", cny("90.00"), "They come more often"),
        Bargain(1, "venue", cny("50.00"), cny("50.00"), agreed=cny("50.00")),
        Bargain(2, "gifts", cny("90.00"), cny("80.00"), "Half way", agreed=cny("80.00")),
        Bargain(2, "venue", cny("50.00"), cny("50.00"), agreed=cny("50.00")),
        Bargain(2, "fair", cny("5.00"), cny("5.00"), agreed=cny("5.00")),
        *[
            Bargain(3, line, cny(amount), agreed=cny(amount))
            for line, amount in (("gifts", "80.00"), ("venue", "50.00"), ("fair", "5.00"))
        ],
    )
    assert {line.id: line.in_force for line in world.desk.lines()} == {"gifts": 8000, "venue": 5000, "fair": 500}
    assert verify(repository).breaks == ()


@pytest.mark.clause("B1.4")
def test_only_finance_reviews_what_it_has_read(repository: Repository) -> None:
    """Neither the filer nor another office, nor what is not in review, nor a round that was not the one read."""
    world = World.with_policy(repository)
    id = world.desk.budgeting.file(_plan("100.00"), actor="mei").id
    seen, offers = world.desk.document(id).statement, (Offer("gifts", cny("70.00"), "Less"),)
    review = world.desk.budgeting.review
    assert codes(lambda: review(id, offers, seen=seen, actor="mei")) == [Code.SIGNER_BARRED]
    assert codes(lambda: review(id, offers, seen=seen, actor="head.mkt")) == [Code.OFFICE_NOT_HELD]
    assert codes(lambda: review(id, offers, seen="0" * 64, actor="officer")) == [Code.STATEMENT_STALE]
    with pytest.raises(ValueError, match="a line of the draft"):
        review(id, (Offer("other", cny("1.00"), "Less"),), seen=seen, actor="officer")
    _returned(world, id)
    assert codes(lambda: review(id, offers, seen=seen, actor="officer")) == [Code.STATUS_WRONG]
    assert world.desk.budgeting.negotiation(id) == (Bargain(1, "gifts", cny("100.00")),)


AMOUNTS = st.integers(1, 10**6).map(lambda units: Money(units, "CNY"))
ROUNDS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), AMOUNTS, min_size=1), min_size=1, max_size=4)
SAID = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), AMOUNTS), min_size=4, max_size=4)


@pytest.mark.clause("B1.4")
@settings(deadline=None)
@given(ROUNDS, SAID)
def test_every_round_is_told_whatever_was_said(rounds: list[dict[str, Money]], said: list[dict[str, Money]]) -> None:
    """However they negotiate, each round has its lines with what was asked, and the last stands agreed as approved."""
    world = World.with_policy(MemoryRepository())
    id = ""
    for i, asks in enumerate(rounds):
        lines = tuple(PlanLine(line, "venue", line, amount) for line, amount in asks.items())
        plan = BudgetPlan("marketing", 2026, lines)
        if i == 0:
            id = world.desk.budgeting.file(plan, actor="mei").id
        else:
            world.desk.budgeting.revise(id, plan, actor="mei", reasons={lines[0].id: "Because"})
        offers = tuple(Offer(line, amount, "Why") for line, amount in said[i].items() if line in asks)
        if offers:
            seen = world.desk.document(id).statement
            world.desk.budgeting.review(id, offers, seen=seen, actor="officer")
    world.sign_all(id)
    table = world.desk.budgeting.negotiation(id)
    asked = [(n, line, amount) for n, asks in enumerate(rounds, 1) for line, amount in asks.items()]
    assert [(each.round, each.line, each.asked) for each in table] == asked
    for each in table:
        offered = said[each.round - 1]
        any_said = any(line in rounds[each.round - 1] for line in offered)
        assert each.reviewed == (offered.get(each.line, each.asked) if any_said else None)
        assert each.countered is None or each.agreed is None
    last = [each for each in table if each.round == len(rounds)]
    assert {each.line: each.agreed for each in last if each.reviewed in (None, each.asked)} == {
        line: amount for line, amount in rounds[-1].items() if said[len(rounds) - 1].get(line, amount) == amount
    }


# The end of the year.


def _years(repository: Repository, policy: str = POLICY) -> World:
    """Two years of marketing in force, a line of each carried into the next."""
    world = World.with_policy(repository, policy=policy)
    for year in (2026, 2027):
        lines = (
            PlanLine(f"gifts-{year}", "care_gifts", "Gifts", cny("1000.00")),
            PlanLine(f"venue-{year}", "venue", "Venue", cny("500.00")),
        )
        world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", year, lines), actor="mei").id)
    return world


def _gift(world: World, amount: str) -> tuple[str, Application]:
    """Gifts for the next Spring Festival, paid in December."""
    world.on(date(2026, 12, 10))
    plan = HolidayGift("spring_festival", 2027, "tea", cny(amount), 1, date(2027, 1, 20), date(2027, 2, 10))
    plan = attrs.evolve(plan, unit_price=cny("10.00"), quantity=cny(amount).units // 1000)
    shares = (Share("gifts-2026", cny(amount)),)
    form = world.gift("100.00", plan=plan, shares=shares, expected_payment=date(2026, 12, 20))
    return world.apply(form).id, form


@pytest.mark.clause("B1.5", "B2.1")
def test_the_year_is_closed_by_explicit_movements(repository: Repository) -> None:
    """What is held stays for who holds it, a balance goes where it is named for, the rest lapses: nothing is lost."""
    world = _years(repository)
    id, form = _gift(world, "300.00")
    world.sign_all(id)
    world.pay(id, form, "100.00")
    before = sum(line.in_force for line in world.desk.lines())
    close = world.desk.budgeting.close_year
    early = lambda: close("marketing", 2026, actor="cfo", reason="Year end")  # noqa: E731  # a thunk
    assert codes(early) == [Code.YEAR_NOT_OVER]
    world.on(date(2027, 1, 4))
    carry = {"gifts-2026": "gifts-2027"}
    assert world.desk.would.budgeting.close_year("marketing", 2026, actor="cfo", reason="Year end", carry=carry).allowed
    receipt = close("marketing", 2026, actor="cfo", reason="Year end", carry=carry)
    lines = balances(world, "gifts-2026", "gifts-2027", "venue-2026", "venue-2027")
    assert {name: (x.in_force, x.committed, x.spent, x.available) for name, x in lines.items()} == {
        "gifts-2026": (30000, 20000, 10000, 0),
        "gifts-2027": (170000, 0, 0, 170000),
        "venue-2026": (0, 0, 0, 0),
        "venue-2027": (50000, 0, 0, 50000),
    }
    ((_, facts),) = world.desk.written(receipt.id)
    (paper,) = facts
    assert isinstance(paper, YearEnd)
    assert [(c.line, c.to, c.amount, c.what) for c in paper.carried] == [
        ("gifts-2026", "gifts-2026", cny("200.00"), Carry.COMMITMENT),
        ("gifts-2026", "gifts-2027", cny("700.00"), Carry.BALANCE),
        ("venue-2026", None, cny("500.00"), Carry.LAPSE),
    ]
    lapsed = sum(each.amount.units for each in paper.carried if each.what is Carry.LAPSE)
    assert sum(line.in_force for line in world.desk.lines()) + lapsed == before
    # The commitment is paid from its own line; what comes back is closed by closing again, and then nothing is left.
    world.pay(id, form, "50.00")
    world.desk.spending.close(id, actor="li.na", reason="The rest is not needed")
    assert balances(world, "gifts-2026")["gifts-2026"].available == 15000
    close("marketing", 2026, actor="cfo", reason="What came back")
    assert balances(world, "gifts-2026")["gifts-2026"].in_force == 15000
    assert codes(lambda: close("marketing", 2026, actor="cfo", reason="Again")) == [Code.YEAR_CLOSED]
    assert verify(repository).breaks == ()


@pytest.mark.clause("B1.5", "B2.1")
def test_a_year_is_closed_by_the_finance_head_into_lines_that_fit(repository: Repository) -> None:
    """By nobody else, with a reason, and a balance only into next year's line of its category, where that is let."""
    world = _years(repository)
    world.on(date(2027, 1, 4))
    close = world.desk.budgeting.close_year
    assert codes(lambda: close("marketing", 2026, actor="officer", reason=" ")) == [
        Code.OFFICE_NOT_HELD,
        Code.REASON_MISSING,
    ]
    carry = {"gifts-2026": "venue-2027", "venue-2026": "nowhere"}
    assert codes(lambda: close("marketing", 2026, actor="cfo", reason="End", carry=carry)) == [
        Code.CARRY_UNFIT,
        Code.LINE_NOT_IN_FORCE,
    ]
    with pytest.raises(ValueError, match="a line of marketing, 2026"):
        close("marketing", 2026, actor="cfo", reason="End", carry={"gifts-2027": "gifts-2026"})
    with pytest.raises(NotFound):
        close("marketing", 2020, actor="cfo", reason="End")
    # What was left of a year goes into no year that is closed itself.
    world.on(date(2028, 1, 4))
    close("marketing", 2027, actor="cfo", reason="End")
    fine = {"gifts-2026": "gifts-2027"}
    found = refusals(lambda: close("marketing", 2026, actor="cfo", reason="End", carry=fine))
    assert found == [(Code.YEAR_CLOSED, "B2.1", {"department": "marketing", "year": 2027})]
    close("marketing", 2026, actor="cfo", reason="End")
    assert [line.in_force for line in world.desk.lines()] == [0] * 4
    strict = _years(MemoryRepository(), POLICY.replace("carry_balances = true", "carry_balances = false"))
    strict.on(date(2027, 1, 4))
    close = strict.desk.budgeting.close_year
    assert codes(lambda: close("marketing", 2026, actor="cfo", reason="End", carry=fine)) == [Code.BALANCE_LAPSES]


@pytest.mark.clause("B1.5", "B2.1")
@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["review", "approved", "paid"])), max_size=5),
    st.booleans(),
)
def test_nothing_is_created_or_lost_at_the_end_of_a_year(forms: list[tuple[int, str]], carries: bool) -> None:
    """Both years' lines before are both years' lines after, and what lapsed; no old line has anything left."""
    world = _years(MemoryRepository())
    for tens, how in forms:
        if tens:
            id, form = _gift(world, f"{tens * 10}.00")
            if how != "review":
                world.sign_all(id)
            if how == "paid":
                world.pay(id, form, f"{tens * 5}.00")
    before = sum(line.in_force for line in world.desk.lines())
    world.on(date(2027, 3, 4))
    carry = {"gifts-2026": "gifts-2027"} if carries else {}
    receipt = world.desk.budgeting.close_year("marketing", 2026, actor="cfo", reason="End", carry=carry)
    ((_, (paper,)),) = world.desk.written(receipt.id)
    assert isinstance(paper, YearEnd)
    told = Counter[Carry]()
    for each in paper.carried:
        told[each.what] += each.amount.units
    lines = world.desk.lines()
    assert sum(line.in_force for line in lines) + told[Carry.LAPSE] == before
    assert all(line.available == 0 for line in lines if line.year == 2026)
    assert told[Carry.COMMITMENT] == sum(line.reserved + line.committed for line in lines)
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("B1.3")
def test_last_years_actual_is_asked_of_the_store(repository: Repository) -> None:
    """What a department spent on a category in a year is what its lines of it spent: what estimates rest on."""
    world = _years(repository)
    id, form = _gift(world, "300.00")
    world.sign_all(id)
    world.pay(id, form, "100.00")
    actuals = world.desk.budgeting.actuals
    assert actuals("marketing", "care_gifts", 2026) == cny("100.00")
    assert actuals("marketing", "care_gifts", 2025) == actuals("marketing", "venue", 2026) == cny("0")
    with pytest.raises(ValueError, match="not a category"):
        actuals("marketing", "gifts", 2026)
