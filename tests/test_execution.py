"""The execution of a budget: planned, held, spent, left, by line and month; burn rate, forecast, flags (B2.3)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expense_adapters.cli import guard
from expense_adapters.cli.budgets import _all as shown
from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository
from expense_policy.domain.adjustment import LineChange, SupplementaryRequest
from expense_policy.domain.application import Application, Share
from expense_policy.domain.budget import BudgetPlan, PlanLine, by_month
from expense_policy.domain.categories.holiday_gift import HolidayGift
from expense_policy.domain.execution import Execution, Figures, LineExecuted, MonthExecuted, Sums, executed, planned_by
from expense_policy.domain.holds import Line
from expense_policy.domain.money import UNITS_MAX, Money, rounded
from expense_policy.domain.periods import Calendar, Month
from expense_policy.domain.policy import BudgetRules
from expense_policy.domain.refusals import Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.ports.repository import Look, Repository
from expense_policy.services.verification import verify

from .test_adjustments import change, done, supplement
from .world import World, cny

ZONE = Calendar("Asia/Shanghai")
RULES = BudgetRules()
YEAR = ZONE.months(2026)


@pytest.mark.clause("B2.3")
def test_what_is_planned_by_an_instant_is_as_others_work_it_out(shared: Path) -> None:
    """A straight line in time, exact at every instant, as OCA's budgets have it (budget-01)."""
    scenarios = json.loads((shared / "data" / "peers" / "scenarios.json").read_text(encoding="utf-8"))
    (told,) = [each["expect"] for each in scenarios if each["id"] == "budget-01"]
    begins, ends = datetime(2014, 1, 1, tzinfo=timezone.utc), datetime(2014, 12, 31, tzinfo=timezone.utc)
    for at, amount in told.items():
        instant = datetime.fromisoformat(at).replace(tzinfo=timezone.utc)
        assert planned_by(-36400, begins, ends, instant) == Fraction(str(amount)) * 100
    assert len(told) == 10


@pytest.mark.clause("B2.3")
@given(st.integers(-(10**12), 10**12), st.integers(1, 10**12), st.integers(-(10**12), 2 * 10**12))
def test_a_plan_runs_from_nothing_to_all_of_it(units: int, length: int, passed: int) -> None:
    """Before it begins nothing is planned, after it all, between them in proportion; two parts are the whole."""
    begins = datetime(2026, 1, 1, tzinfo=timezone.utc)
    ends, at = begins + timedelta(microseconds=length), begins + timedelta(microseconds=passed)
    found = planned_by(units, begins, ends, at)
    assert found == Fraction(units * min(max(passed, 0), length), length)
    if begins < at < ends:
        assert found + planned_by(units, begins, ends, ends - (at - begins)) == units


def _line(in_force: int, reserved: int = 0, committed: int = 0, spent: int = 0) -> Line:
    return Line("l", "marketing", 2026, "venue", "L", None, "plan", in_force, reserved, committed, spent)


def _executed(line: Line, planned: dict[str, int], at: date | None = None, rules: BudgetRules = RULES) -> LineExecuted:
    instant = datetime(2025, 1, 1, tzinfo=timezone.utc) if at is None else ZONE.start(at)
    sums = Sums({"l": planned}, {}, {}, {})
    return executed(line, sums, 2026, instant, ZONE, rules)


EVENLY = {str(month): 3100 for month in YEAR}


@pytest.mark.clause("B2.3")
def test_burn_and_forecast_follow_from_what_was_planned_to_date() -> None:
    """Within a month the plan grows with its time; what is spent of it so far goes on for the rest of the year."""
    found = _executed(_line(37200, spent=7360), EVENLY, date(2026, 2, 15))
    assert (found.planned_to_date, found.burn_bp, found.deviation) == (4650, 15828, 2710)
    assert found.forecast == rounded(7360 + (37200 - 4650) * Fraction(7360, 4650))
    # A month of the plan tells how it goes; before that, what is to come is taken as it stands.
    month = _executed(_line(37200, spent=100), EVENLY, date(2026, 2, 1))
    assert (month.planned_to_date, month.forecast) == (3100, 1200)
    early = _executed(_line(37200, spent=100), EVENLY, date(2026, 1, 31))
    assert (early.planned_to_date, early.forecast) == (3000, 100 + 34200)
    first = _executed(_line(37200, spent=100), EVENLY, date(2026, 1, 1))
    assert (first.planned_to_date, first.burn_bp, first.forecast) == (0, None, 37300)
    # The year is over: nothing is to come.
    late = _executed(_line(37200, spent=100), EVENLY, date(2027, 5, 1))
    assert (late.planned_to_date, late.forecast) == (37200, 100)
    assert late.used_bp == 27
    assert _executed(_line(0), {}).used_bp is None


@pytest.mark.clause("B2.3")
@given(
    st.lists(st.integers(0, 10**15), min_size=12, max_size=12),
    st.integers(0, 10**15),
    st.dates(date(2025, 12, 1), date(2027, 2, 1)),
)
def test_a_forecast_is_never_absurd(planned: list[int], spent: int, at: date) -> None:
    """Whatever is planned when, it is no less than was spent, and no more than twelve times that, or the plan too."""
    months = {str(month): units for month, units in zip(YEAR, planned, strict=True)}
    forecast = _executed(_line(spent, spent=spent), months, at).forecast
    assert spent <= forecast <= max(12 * spent, spent + sum(planned))


@pytest.mark.clause("B2.3")
@pytest.mark.parametrize(("used", "alert"), [(8000, False), (8001, True)])
@pytest.mark.parametrize("column", ["reserved", "committed", "spent"])
def test_a_line_is_flagged_above_the_level(column: str, used: int, alert: bool) -> None:
    """Exactly at the policy's level it is not, a unit above it is, however it is used; not once the year is over."""
    used_by = {column: used}
    line = _line(10000, **used_by)
    assert _executed(line, {}).alert == alert
    assert not _executed(line, {}, date(2027, 1, 1)).alert
    assert _executed(line, {}, rules=BudgetRules(alert_bp=8001)).alert is False


@pytest.mark.clause("B2.3")
@pytest.mark.parametrize(
    ("spent", "deviates"), [(2480, False), (2479, True), (3720, False), (3721, True), (3100, False)]
)
def test_a_line_is_flagged_that_strays_from_its_plan(spent: int, deviates: bool) -> None:
    """Exactly at the policy's deviation, above the plan or below it, it is not; a unit further it is."""
    assert _executed(_line(40000, spent=spent), EVENLY, date(2026, 2, 1)).deviates == deviates


@pytest.mark.clause("B2.3")
def test_what_is_spent_without_a_plan_strays() -> None:
    """Where nothing was planned to date, whatever is spent strays, and nothing does not."""
    assert _executed(_line(100, spent=1), {}).deviates
    assert not _executed(_line(100), {}).deviates


def _figures(found: Execution) -> dict[str, dict[str, Figures]]:
    return {
        each.line.id: {str(month.month or ""): month.figures for month in each.months if month.figures != Figures()}
        for each in found.lines
    }


def _adds_up(world: World, found: Execution) -> None:
    """Months add up to lines, lines to the total; and lines are those of the store."""
    stand = {line.id: line for line in world.desk.lines()}
    for each in found.lines:
        line = stand[each.line.id]
        assert sum([month.figures for month in each.months], Figures()) == each.figures
        assert (each.figures.reserved, each.figures.committed) == (line.reserved, line.committed)
        assert (each.figures.spent, each.in_force, each.available) == (line.spent, line.in_force, line.available)
    total = found.total
    assert total.figures == sum([each.figures for each in found.lines], Figures())
    assert total.figures == sum([month.figures for month in total.months], Figures())
    for name in ("in_force", "available", "planned_to_date", "forecast", "deviation"):
        assert getattr(total, name) == sum(getattr(each, name) for each in found.lines), name


@pytest.mark.clause("B2.3")
def test_execution_by_line_and_month(world: World) -> None:
    """Reserved and committed by when it is to be paid, spent by when it was, planned as it was signed."""
    later = {"expected_payment": date(2026, 3, 2)}
    paid, waiting, asked = world.gift("2000.00"), world.gift("3000.00", **later), world.gift("500.00", **later)
    one, two, three = (world.apply(form).id for form in (paid, waiting, asked))
    for id in (one, two):
        world.sign_all(id)
    world.pay(one, paid, "1500.00")
    # A form that is revised holds its money in the month that it names now.
    world.desk.spending.revise(three, attrs.evolve(asked, expected_payment=date(2026, 4, 1)), actor="li.na")
    found = world.desk.execution("marketing", year=2026)
    _adds_up(world, found)
    gifts = _figures(found)["mkt-gifts"]
    share = 20000000 // 12
    assert gifts["2026-01"] == Figures(share + 1, 0, 50000, 150000)
    assert gifts["2026-03"] == Figures(share + 1, 0, 300000, 0)
    assert gifts["2026-04"] == Figures(share + 1, 50000, 0, 0)
    assert "" not in gifts
    assert found.total.in_force == 21100000
    assert world.desk.execution(year=2026) == attrs.evolve(found, department=None)
    nothing = world.desk.execution("customer_service", year=2026)
    assert (nothing.lines, nothing.total.figures) == ((), Figures())
    with pytest.raises(Refused):
        World.open(MemoryRepository()).desk.execution(year=2026)


@pytest.mark.clause("B2.3")
def test_what_lies_outside_the_year_is_told_apart(world: World) -> None:
    """What a line spends after its year is in no month of it, and still in its total."""
    world.on(date(2026, 12, 28))
    plan = HolidayGift("spring_festival", 2027, "tea", cny("100.00"), 20, date(2027, 1, 20), date(2027, 2, 10))
    form = world.gift("2000.00", plan=plan, expected_payment=date(2026, 12, 31))
    id = world.apply(form).id
    world.sign_all(id)
    world.on(date(2027, 1, 5))
    world.pay(id, form, "500.00")
    found = world.desk.execution("marketing", year=2026)
    _adds_up(world, found)
    gifts = _figures(found)["mkt-gifts"]
    assert (gifts[""], gifts["2026-12"].committed) == (Figures(0, 0, 0, 50000), 150000)
    assert [month.month for month in found.total.months][-2:] == [Month(2026, 12), None]
    assert found.total.figures.spent == 50000


@pytest.mark.clause("B2.3", "G2")
def test_what_execution_is_asked_of_is_there(world: World) -> None:
    """A year is a number, a department one of the policy's: anything else is the caller's mistake, and says so."""
    execution, budgeting = world.desk.execution, world.desk.budgeting
    wrong: Any
    for wrong in ("2026", 2026.0, True):
        for ask in (
            partial(execution, year=wrong),
            partial(budgeting.close_year, "marketing", wrong, actor="cfo", reason="End"),
            partial(budgeting.actuals, "marketing", "venue", wrong),
        ):
            with pytest.raises(TypeError, match="year must be int"):
                ask()
    with pytest.raises(TypeError, match="department must be str"):
        execution(5, year=2026)  # type: ignore[arg-type]  # a number
    with pytest.raises(ValueError, match="'nope' is no department: marketing, customer_service"):
        execution("nope", year=2026)
    assert execution("marketing", year=1999).lines == ()


class Counted:
    """A store that counts what it is asked."""

    def __init__(self, inner: Repository) -> None:
        self._inner, self.questions, self.given = inner, list[str](), list[str]()

    def lines(self, *asked: Any) -> Sequence[Line]:
        """Which lines it gave."""
        self.questions.append("lines")
        found = self._inner.lines(*asked)
        self.given += [line.id for line in found]
        return found

    def __getattr__(self, name: str) -> Any:
        if name in ("look", "find", "history", "uses", "cards", "postings", "policies", "commit"):
            self.questions.append(name)
        return getattr(self._inner, name)


@pytest.mark.clause("B2.3")
def test_it_is_a_fixed_number_of_questions(repository: Repository) -> None:
    """However many lines, documents and months there are, the store is asked three times: policy, lines, sums."""
    world = World.with_budget(repository)
    counted = Counted(repository)
    at = World.open(counted)
    at.clock.at = world.clock.at
    at.desk.execution(year=2026)
    for n in range(5):
        world.sign_all(world.apply(world.gift(f"{n + 1}00.00")).id)
        counted.questions.clear()
        at.desk.execution(year=2026)
        assert counted.questions == ["look", "lines", "look"]


@pytest.mark.clause("B1.4", "B2.3")
def test_a_years_questions_do_not_grow(repository: Repository) -> None:
    """However many years and documents there are, a year's lines are asked for alone, and documents in pages."""
    world = World.with_budget(repository)
    for year in (2027, 2028, 2029):
        lines = (PlanLine(f"l-{year}", "venue", "Venue", cny("10.00")),)
        world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", year, lines), actor="mei").id)
    counted = Counted(repository)
    at = World.open(counted)
    at.clock.at = world.clock.at
    assert [each.line.id for each in at.desk.execution("marketing", year=2029).lines] == ["l-2029"]
    assert counted.given == ["l-2029"]
    counted.questions.clear()
    assert len(shown(at.desk, "marketing", None)["documents"]) == 4
    # A page and its documents of the one kind there is, a last page of each, and where the currency is from.
    assert counted.questions == ["lines", "find", "look", "find", "find", "find", "look"]


# Whatever is done, execution is what the documents say.

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["apply", "revise", "sign", "pay", "reverse", "withdraw", "close", "supplement", "wait"]),
        st.integers(0, 7),
        st.integers(1, 4),
    ),
    max_size=14,
)


def _do(world: World, ids: list[str], changes: list[str], act: str, which: int, size: int) -> None:
    """One act on one document; what is refused changes nothing."""
    spending, id = world.desk.spending, ids[which % len(ids)] if ids else ""
    amount, today = cny(f"{size * 100}.00"), world.clock.at.date()
    if act == "apply":
        shares = (Share("mkt-gifts", amount), Share("mkt-gifts-2", cny("100.00"))) if which % 2 else None
        total = f"{size * 100 + (100 if which % 2 else 0)}.00"
        more: dict[str, Any] = {"expected_payment": today + timedelta(days=31 * which)}
        ids.append(world.apply(world.gift(total, **more, **({"shares": shares} if shares else {}))).id)
    elif act == "wait":
        world.clock.at += timedelta(days=9 * size)
    elif act == "supplement":
        line = next(each for each in world.desk.lines() if each.id == "mkt-sms")
        stands = Money(line.in_force, "CNY")
        changes.append(done(world, supplement(change("mkt-sms", str(stands), str(stands + amount)))))
    elif id:
        document = world.desk.document(id)
        form = document.content
        assert isinstance(form, Application)
        if act == "sign" and document.status is Status.IN_REVIEW:
            world.sign(id)
        elif act == "revise":
            later = attrs.evolve(form, expected_payment=today + timedelta(days=40 * size))
            spending.revise(id, later, actor="li.na")
        elif act == "pay":
            world.pay(id, form, str(Money(1 + (document.units - document.paid) // 2, "CNY")))
        elif act == "reverse" and document.payments:
            spending.reverse(id, which % len(document.payments) + 1, actor="cashier", reason="It bounced")
        elif act == "withdraw":
            spending.withdraw(id, actor="li.na")
        elif act == "close":
            spending.close(id, actor="li.na", reason="Enough")


def _recomputed(world: World, ids: list[str], changes: list[str]) -> dict[tuple[str, str], Figures]:
    """The same figures, from documents alone."""
    found: Counter[tuple[str, str, str]] = Counter()
    (plan,) = world.desk.find(kind="budget_plan")
    for id in (plan.id, *changes):
        # The last one that says something of a line stands.
        form = world.desk.document(id).content
        assert isinstance(form, BudgetPlan | SupplementaryRequest)
        stands = [(line.id, by_month(line.amount, line.months)) for line in form.opens]
        if isinstance(form, SupplementaryRequest):
            stands += [(each.line, by_month(each.after, each.months)) for each in form.changes]
        for line, amounts in stands:
            for month, units in zip(YEAR, amounts, strict=True):
                found[(line, str(month), "planned")] = units
    for id in ids:
        document = world.desk.document(id)
        form = document.content
        assert isinstance(form, Application)
        expected = str(Month(form.expected_payment.year, form.expected_payment.month))
        for held in document.held:
            found[(held.line, expected, "reserved")] += held.reserved
            found[(held.line, expected, "committed")] += held.committed
        for payment in document.payments:
            for line, units in payment.parts:
                found[(line, str(ZONE.month(payment.at)), "spent")] += units
    columns = ("planned", "reserved", "committed", "spent")
    places = {(line, month) for line, month, _ in found}
    figures = {at: Figures(*[found[(*at, column)] for column in columns]) for at in places}
    return {at: each for at, each in figures.items() if each != Figures()}


@pytest.mark.clause("B2.3")
@settings(deadline=None)
@given(ACTS)
def test_execution_is_what_the_documents_say(acts: list[tuple[str, int, int]]) -> None:
    """Whatever is applied for, revised, signed, paid, undone, given back and added, month by month (I11, I12)."""
    world, ids, changes = World.with_budget(MemoryRepository()), list[str](), list[str]()
    for act, which, size in acts:
        try:
            _do(world, ids, changes, act, which, size)
        except Refused:
            continue
    found = world.desk.execution("marketing", year=2026)
    _adds_up(world, found)
    told = {(line, month): figures for line, months in _figures(found).items() for month, figures in months.items()}
    known = {str(month) for month in YEAR}
    wanted = _recomputed(world, ids, changes)
    assert {at: figures for at, figures in told.items() if at[1]} == {
        at: figures for at, figures in wanted.items() if at[1] in known
    }
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("B2.3")
def test_the_same_on_every_store(repository: Repository) -> None:
    """The figures of one company are those of every store."""
    acts = [
        *[("apply", n, n % 4 + 1) for n in range(6)],
        *[("sign", n % 6, 1) for n in range(28)],
        *[("pay", n, 1) for n in range(3)],
        *[("reverse", 1, 1), ("revise", 4, 2), ("supplement", 0, 3), ("close", 0, 1), ("wait", 0, 3)],
    ]
    figures = []
    for store in (repository, MemoryRepository()):
        world, ids, changes = World.with_budget(store), list[str](), list[str]()
        for act, which, size in acts:
            try:
                _do(world, ids, changes, act, which, size)
            except Refused:
                continue
        figures.append(_figures(world.desk.execution(year=2026)))
        assert sum(each.spent for each in world.desk.lines()) > 0
    assert figures[0] == figures[1]
    assert world.desk.env.repository.look(Look()).sums == ()


@pytest.mark.clause("B2.3")
def test_months_of_a_line_hold_what_they_say() -> None:
    """A month outside the year stands last, without a name."""
    sums = Sums({"l": {"2026-01": 5}}, {"l": {"2027-02": 7}}, {"l": {"": 1}}, {})
    found = executed(_line(20, reserved=1, spent=7), sums, 2026, ZONE.start(date(2026, 2, 1)), ZONE, RULES)
    assert found.months[-1] == MonthExecuted(None, Figures(0, 1, 0, 7))
    assert [month.month for month in found.months[:-1]] == list(YEAR)
    line = PlanLine("l", "venue", "L", cny("0.12"))
    assert by_month(line.amount, line.months) == (1,) * 12
    assert LineChange("l", cny("1.00"), cny("0")).months == ()


@pytest.mark.clause("B2.3")
def test_sums_beyond_any_amount_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two lines of the largest amount there is are shown together: a sum is no amount that has to fit."""
    url = f"sqlite:///{tmp_path}/store.db"
    with closing(SqlRepository(url)) as store:
        world = World.with_policy(store)
        for department in ("marketing", "customer_service"):
            line = PlanLine(department, "venue", "Much", Money(UNITS_MAX, "CNY"))
            world.sign_all(world.desk.budgeting.file(BudgetPlan(department, 2026, (line,)), actor="mei").id)
    assert guard.run(["execution", "--year", "2026", "--store", url]) == 0
    assert str(2 * UNITS_MAX)[:-2] in capsys.readouterr().out


@pytest.mark.clause("B1.4", "B1.6", "B2.3")
def test_budgets_are_shown_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`budget` shows lines, documents, estimates, negotiation; `execution` months and flags; nothing is written."""
    url = f"sqlite:///{tmp_path}/store.db"
    with closing(SqlRepository(url)) as store:
        world = World.with_budget(store)
        plan = world.desk.find(kind="budget_plan")[0].id
        changed = done(world, supplement(change("mkt-sms", "10000.00", "12000.00")))
        form = world.gift("190000.00")
        id = world.apply(form).id
        world.sign_all(id)
        world.pay(id, form)

    def run(*told: str) -> tuple[int, str, str]:
        code = guard.run([*told, "--store", url])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    code, shown, _ = run("budget", "--department", "marketing", "--year", "2026")
    assert (code, plan in shown, changed in shown) == (0, True, True)
    found = json.loads(run("budget", "--json")[1])
    assert {row["id"]: row["in_force"] for row in found["lines"]}["mkt-sms"] == "12000.00"
    assert [row["kind"] for row in found["documents"]] == ["budget_plan", "supplementary_request"]
    assert json.loads(run("budget", "--year", "2031", "--json")[1]) == {"lines": [], "documents": []}
    found = json.loads(run("budget", "--document", plan, "--json")[1])
    assert [row["agreed"] for row in found["negotiation"]] == ["200000.00", "10000.00", "1000.00"]
    assert [row["estimate"] for row in found["estimates"]] == [None] * 3
    found = json.loads(run("budget", "--document", changed, "--json")[1])
    assert found["changes"] == [{"line": "mkt-sms", "before": "10000.00", "after": "12000.00"}]
    assert [(row["month"], row["before"], row["after"]) for row in found["months"]][:2] == [
        ("2026-01", "833.34", "1000.00"),
        ("2026-02", "833.34", "1000.00"),
    ]
    assert len(found["months"]) == 12
    for wrong in (id, "absent"):
        code, shown, told = run("budget", "--document", wrong)
        assert (code, shown, told.count("\n")) == (2, "", 1)
    code, shown, _ = run("execution", "--year", "2026", "--months")
    assert (code, "190000.00" in shown) == (0, True)
    # By the machine's own clock the year may be over: then nothing is in danger any more.
    found = json.loads(run("execution", "--year", "2026", "--department", "marketing", "--json")[1])
    gifts = next(row for row in found["lines"] if row["id"] == "mkt-gifts")
    assert (gifts["spent"], gifts["used_bp"], found["total"]["spent"]) == ("190000.00", 9500, "190000.00")
    assert sum(Decimal(month["planned"]) for month in found["total"]["months"]) == Decimal("213000.00")
    assert (found["currency"], found["total"]["in_force"]) == ("CNY", "213000.00")
    assert json.loads(run("execution", "--year", "1999", "--json")[1])["lines"] == []
    assert run("execution", "--year", "1999")[:2] == run("budget", "--year", "1999")[:2] == (0, "no line\n")
    for command in (("execution", "--year", "2026"), ("budget",)):
        code, shown, told = run(*command, "--department", "nope")
        assert (code, shown, "marketing" in told, told.count("\n")) == (2, "", True, 1)
    assert run("execution")[0] == 2
