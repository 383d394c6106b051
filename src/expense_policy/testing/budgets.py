"""Strategies of budgets: drafts with months and bases, adjustments, supplementary requests, all that a policy takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from itertools import pairwise

from hypothesis import strategies as st

from ..domain.adjustment import BudgetAdjustment, LineChange, SupplementaryRequest
from ..domain.budget import MONTHS, BudgetPlan, PlanLine, respread
from ..domain.estimates import Activity, Basis, Driver, Drivers, LastYear, OperatingPlan, Trend
from ..domain.execution import Execution
from ..domain.holds import Line
from ..domain.money import Money
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.vocabulary import CATEGORIES
from . import founding
from .words import ids, labels, texts, units

LARGEST = 10**12
"""No line of a drawn budget, nor what is added to one, is above so many smallest units."""


def budget_plans(policy: Policy | None = None, *, year: int | None = None) -> st.SearchStrategy[BudgetPlan]:
    """Drafts of a department for a fiscal year, that of the policy's first day or this one: itemised (B1.3).

    Their lines are of categories that the department may estimate, where the policy closes the table (B1.2).
    """
    policy = policy or founding.kit_policy()
    return _plan(policy, policy.calendar.fiscal_year(policy.effective) if year is None else year)


def adjustments(
    policy: Policy | None = None,
    *,
    lines: Sequence[Line] | None = None,
    today: date | None = None,
    planned: Execution | None = None,
) -> st.SearchStrategy[BudgetAdjustment]:
    """Adjustments of a department's budget of this year or a later one, as `lines` stand (B1.6).

    Money moves between lines and months, lines are cut and opened; none gets below what it holds, the whole no larger.
    Months that are over today keep what `planned` has for them, which is what `founding.plans` says without it.
    ValueError where there is no such line.
    """
    policy, budgets = _budgets(policy, lines, today)
    kept = _Kept(policy, today, planned)
    return st.sampled_from(budgets).flatmap(lambda mine: _adjustment(policy, mine, _known(budgets), kept))


def supplements(
    policy: Policy | None = None,
    *,
    lines: Sequence[Line] | None = None,
    today: date | None = None,
    planned: Execution | None = None,
) -> st.SearchStrategy[SupplementaryRequest]:
    """Requests for more than a department's budget holds: lines raised or opened (B2.2). As `adjustments`."""
    policy, budgets = _budgets(policy, lines, today)
    kept = _Kept(policy, today, planned)
    return st.sampled_from(budgets).flatmap(lambda mine: _supplement(policy, mine, _known(budgets), kept))


class _Kept:
    """What stands for the months that are over."""

    def __init__(self, policy: Policy, today: date | None, planned: Execution | None) -> None:
        self._calendar, self._today, self._stands = policy.calendar, today or policy.effective, None
        if planned is not None:
            self._stands = {
                (line.line.id, each.month): each.figures.planned for line in planned.lines for each in line.months
            }

    def of(self, year: int, after: Money, line: Line | None = None) -> tuple[Money, ...]:
        """Of a line that is to have so much; of one that is opened nothing."""
        months = self._calendar.months(year)
        over = sum(month < Month(self._today.year, self._today.month) for month in months)
        stands = [0] * MONTHS
        if line is not None and self._stands is None:
            stands[0] = line.in_force
        elif line is not None and self._stands is not None:
            stands = [self._stands.get((line.id, month), 0) for month in months]
        return tuple([Money(units, after.currency) for units in respread(after.units, stands, over)[:over]])


def _budgets(
    policy: Policy | None, lines: Sequence[Line] | None, today: date | None
) -> tuple[Policy, list[list[Line]]]:
    """The lines of each department and year that may still change."""
    policy = policy or founding.kit_policy()
    year = policy.calendar.fiscal_year(today or policy.effective)
    lines = founding.lines(policy, year) if lines is None else lines
    found: dict[tuple[str, int], list[Line]] = {}
    for line in lines:
        if line.year >= year and line.department in policy.departments:
            found.setdefault((line.department, line.year), []).append(line)
    if not found:
        raise ValueError("there is no budget line of this year or a later one")
    return policy, list(found.values())


def _known(budgets: list[list[Line]]) -> frozenset[str]:
    return frozenset(line.id for mine in budgets for line in mine)


@st.composite
def months(draw: st.DrawFn, amount: Money, over: tuple[Money, ...] = ()) -> tuple[Money, ...]:
    """An amount by month: in one of them, in equal parts, or any; `over` are those of the first months."""
    rest, size = amount.units - sum(each.units for each in over), MONTHS - len(over) - 1
    cuts = draw(st.lists(st.integers(0, rest), min_size=size, max_size=size).map(sorted))
    ends = (0, *cuts, rest)
    return (*over, *[Money(after - before, amount.currency) for before, after in pairwise(ends)])


def bases(currency: str) -> st.SearchStrategy[Basis]:
    """What an amount may be estimated from: drivers, activities, last year's actual, a trend."""
    money = units(10**9).map(lambda drawn: Money(drawn, currency))
    names = st.lists(labels(), min_size=1, max_size=3, unique=True)
    drivers = names.flatmap(
        lambda known: st.tuples(*[st.builds(Driver, st.just(name), st.integers(1, 10**6), money) for name in known])
    )
    activities = names.flatmap(lambda known: st.tuples(*[st.builds(Activity, st.just(name), money) for name in known]))
    return st.one_of(
        drivers.map(Drivers),
        activities.map(OperatingPlan),
        st.builds(LastYear, money, st.integers(-10_000, 100_000)),
        st.lists(money, min_size=2, max_size=5).map(lambda actuals: Trend(tuple(actuals))),
    )


def _estimated(policy: Policy, department: str, category: str) -> bool:
    """Whether a line of this category may be opened or raised (B1.2)."""
    return not policy.budget.closed or policy.budget.estimated_by(department, category)


@st.composite
def _line(
    draw: st.DrawFn,
    policy: Policy,
    department: str,
    known: Collection[str],
    most: int = LARGEST,
    opened: tuple[_Kept, int] | None = None,
) -> PlanLine:
    fit = [each for each in CATEGORIES if _estimated(policy, department, each)]
    amount = Money(draw(units(most)), policy.currency)
    return PlanLine(
        draw(ids().filter(lambda id: id not in known)),
        draw(st.sampled_from(fit)),
        draw(labels()),
        amount,
        months=draw(months(amount, () if opened is None else opened[0].of(opened[1], amount))),
        basis=draw(bases(policy.currency)),
    )


@st.composite
def _plan(draw: st.DrawFn, policy: Policy, year: int) -> BudgetPlan:
    department, found = draw(st.sampled_from(policy.departments)), dict[str, PlanLine]()
    for _ in range(draw(st.integers(1, 4))):
        line = draw(_line(policy, department, found))
        found[line.id] = line
    return BudgetPlan(department, year, tuple(found.values()))


@st.composite
def _adjustment(
    draw: st.DrawFn, policy: Policy, mine: list[Line], known: frozenset[str], kept: _Kept
) -> BudgetAdjustment:
    first, *others = draw(st.permutations(mine))
    less = draw(st.one_of(st.just(0), units(first.available))) if first.available else 0
    changes, opens = [draw(_change(policy, first, -less, kept))], list[PlanLine]()
    others = [line for line in others if _estimated(policy, line.department, line.category)]
    if less and others and draw(st.booleans()):
        changes.append(draw(_change(policy, others[0], draw(units(less)), kept)))
    elif less and draw(st.booleans()):
        opens.append(draw(_line(policy, first.department, known, less, (kept, first.year))))
    return BudgetAdjustment(first.department, first.year, draw(texts()), tuple(changes), tuple(opens))


@st.composite
def _supplement(
    draw: st.DrawFn, policy: Policy, mine: list[Line], known: frozenset[str], kept: _Kept
) -> SupplementaryRequest:
    fit = [line for line in mine if _estimated(policy, line.department, line.category)]
    raised = draw(st.lists(st.sampled_from(fit), max_size=2, unique_by=lambda line: line.id)) if fit else []
    changes = [draw(_change(policy, line, draw(units(LARGEST)), kept)) for line in raised]
    opens = []
    if not changes or draw(st.booleans()):
        opens.append(draw(_line(policy, mine[0].department, known, opened=(kept, mine[0].year))))
    return SupplementaryRequest(mine[0].department, mine[0].year, draw(texts()), tuple(changes), tuple(opens))


@st.composite
def _change(draw: st.DrawFn, policy: Policy, line: Line, more: int, kept: _Kept) -> LineChange:
    """A line with so much more, or less; where it is nothing, its months change."""
    before, after = (Money(line.in_force + by, policy.currency) for by in (0, more))
    said = not more or policy.budget.itemised or draw(st.booleans())
    return LineChange(line.id, before, after, draw(months(after, kept.of(line.year, after, line))) if said else ())
