"""The budget plan, put in force through its own chain (B1.4, B1.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Protocol

import attrs

from . import checks, project
from .content import Digest, digest
from .estimates import Basis, Drivers, LastYear, OperatingPlan, Trend
from .holds import Line
from .money import Money, split
from .periods import Month
from .policy import Policy
from .project import Project
from .refusals import Code, Refusal, refusal
from .vocabulary import CATEGORIES, DocumentId, Kind, LineId


def _category(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value not in CATEGORIES:
        raise ValueError(f"{value!r} is not a category: {', '.join(CATEGORIES)}")


MONTHS = 12


def evenly(amount: Money, over: tuple[Money, ...] = ()) -> tuple[Money, ...]:
    """An amount by month, in equal parts: the first months have a unit more where it does not divide.

    `over` are what stands for the months that are over, which a change leaves as it is: the others have the rest.
    """
    rest = amount.units - sum(each.units for each in over)
    return (*over, *[Money(units, amount.currency) for units in split(rest, [1] * (MONTHS - len(over)))])


def months(instance: object, attribute: attrs.Attribute[tuple[Money, ...]], value: tuple[Money, ...]) -> None:
    """Twelve amounts, one for each month of the fiscal year in order, none below 0; or none at all."""
    checks.many(Money)(instance, attribute, value)
    if value and (len(value) != MONTHS or any(each.units < 0 for each in value)):
        raise ValueError(f"{attribute.name} holds {MONTHS} amounts, none below 0")


@attrs.frozen
class PlanLine:
    """A line of the draft: its id is the company's own and stands for ever.

    `months` are twelve amounts, one for each month of the fiscal year in order, that add up to the line's; `basis` is
    what the amount was estimated from (B1.3).
    """

    id: LineId = attrs.field(validator=checks.ident)
    category: str = attrs.field(validator=_category)
    name: str = attrs.field(validator=checks.label)
    amount: Money = attrs.field(validator=checks.exactly(Money))
    project: str | None = attrs.field(default=None, validator=checks.optional(checks.ident))
    months: tuple[Money, ...] = attrs.field(default=(), validator=months, metadata=checks.SINCE)
    basis: Basis | None = attrs.field(
        default=None,
        validator=checks.optional(checks.exactly(Drivers, OperatingPlan, LastYear, Trend)),
        metadata=checks.SINCE,
    )

    def __attrs_post_init__(self) -> None:
        if self.amount.units <= 0:
            raise ValueError("a budget line's amount is above 0")
        if any(each.currency != self.amount.currency for each in self.months):
            raise TypeError("a line's months are in its amount's currency")
        if self.months and sum(each.units for each in self.months) != self.amount.units:
            raise ValueError("the amounts by month add up to the line (B1.3)")


def _lines(instance: object, attribute: attrs.Attribute[tuple[PlanLine, ...]], value: tuple[PlanLine, ...]) -> None:
    _ALL_LINES(instance, attribute, value)
    if not value:
        raise ValueError("a budget plan has at least one line")
    if len({line.id for line in value}) != len(value):
        raise ValueError("a budget plan names a line once")


_ALL_LINES = checks.many(PlanLine)


@attrs.frozen(slots=False)
class BudgetPlan:
    """A department's budget of a fiscal year."""

    department: str = attrs.field(validator=checks.ident)
    year: int = attrs.field(validator=checks.year)
    lines: tuple[PlanLine, ...] = attrs.field(validator=_lines)

    @cached_property
    def amount(self) -> Money:
        """The sum of the lines."""
        total = self.lines[0].amount
        for line in self.lines[1:]:
            total += line.amount
        return total

    @cached_property
    def digest(self) -> Digest:
        """The digest of everything the form says: worked out once, for nothing of it can change (A3.3)."""
        return digest(self)

    @property
    def opens(self) -> tuple[PlanLine, ...]:
        """The lines that come with it: all of them."""
        return self.lines

    @property
    def raises(self) -> tuple[LineId, ...]:
        """The lines that stand and get more by it: none."""
        return ()

    @cached_property
    def in_force(self) -> Mapping[LineId, int]:
        """What its approval puts in force on each line, in smallest units."""
        return {line.id: line.amount.units for line in self.lines}

    @property
    def type(self) -> str:
        """No expense type."""
        return ""

    @property
    def kind(self) -> Kind:
        """Always a budget plan."""
        return Kind.BUDGET_PLAN


class Opening(Protocol):
    """What opens lines once it is approved: a plan, an adjustment, a supplementary request."""

    @property
    def department(self) -> str:
        """Whose lines they are."""

    @property
    def year(self) -> int:
        """Of which fiscal year."""

    @property
    def opens(self) -> tuple[PlanLine, ...]:
        """The lines."""

    @property
    def raises(self) -> tuple[LineId, ...]:
        """The lines that stand already and get more by it."""


def check(plan: BudgetPlan, policy: Policy, known: Mapping[str, Project]) -> list[Refusal]:
    """Every rule the draft breaks at submission; `known` holds the projects its lines name."""
    if plan.amount.currency != policy.currency:
        raise ValueError(f"the company's currency is {policy.currency}, not {plan.amount.currency}")
    return check_opening(plan, policy, known, {})


def check_opening(
    form: Opening, policy: Policy, known: Mapping[str, Project], lines: Mapping[LineId, Line]
) -> list[Refusal]:
    """Every rule that the department, and the lines it asks for, break (B1.2, B1.3, G2, G2.2).

    `lines` are those it changes, as they stand. ValueError where a basis comes to no amount of the company's currency.
    """
    found: list[Refusal] = []
    for line in form.opens:
        if line.basis is not None and estimate(line) is None:
            raise ValueError(f"the basis of line {line.id!r} comes to no amount in {line.amount.currency}")
    if form.department not in policy.departments:
        found.append(refusal(Code.DEPARTMENT_OUT_OF_SCOPE, department=form.department))
    first, last = _days(form.year, policy)
    for name in dict.fromkeys(line.project for line in form.opens):
        found += project.check(name, known.get(name or ""), form.department, first, last)
    for line in form.opens if policy.budget.itemised else ():
        lacks = [*(() if line.months else ("months",)), *(() if line.basis else ("basis",))]
        if lacks:
            found.append(refusal(Code.LINE_NOT_ITEMISED, line=line.id, fields=", ".join(lacks)))
    for id, category in outside(form, policy, lines).items() if policy.budget.closed else ():
        names = ", ".join(dict(policy.budget.estimates)[form.department])
        asked = {"department": form.department, "category": category, "categories": names}
        found.append(refusal(Code.LINE_OUTSIDE_ESTIMATES, line=id, **asked))
    return found


def outside(form: Opening, policy: Policy, lines: Mapping[LineId, Line]) -> dict[LineId, str]:
    """The lines it opens or raises whose category the policy's table does not let the department estimate (B1.2).

    Each with its category; `lines` are those that stand.
    """
    asked = {line.id: line.category for line in form.opens}
    asked |= {id: lines[id].category for id in form.raises if id in lines}
    return {id: category for id, category in asked.items() if not policy.budget.estimated_by(form.department, category)}


def _days(year: int, policy: Policy) -> tuple[date, date]:
    """The first and the last day of a fiscal year."""
    begins, next_ = (policy.calendar.months(each)[0] for each in (year, year + 1))
    return date(begins.year, begins.month, 1), date(next_.year, next_.month, 1) - timedelta(days=1)


def due(year: int, policy: Policy) -> date:
    """The last day on which a draft is in time: the last such day before its fiscal year begins (B1.1)."""
    (first, _), (on_month, on_day) = _days(year, policy), policy.budget.due
    found = date(first.year, on_month, on_day)
    return found if found < first else date(first.year - 1, on_month, on_day)


@attrs.frozen
class Estimated:
    """A line as it is asked for, beside what its basis comes to (B1.3); `outside` the policy's table or not (B1.2)."""

    line: LineId
    category: str
    asked: Money
    estimate: Money | None
    difference: Money | None
    outside: bool


def estimate(line: PlanLine) -> Money | None:
    """What its basis comes to; None without one, and of one that comes to no amount in the line's currency."""
    try:
        found = None if line.basis is None else line.basis.estimate
    except (TypeError, ValueError):  # Currencies that do not mix, or more than an amount may be.
        return None
    return found if found is None or found.currency == line.amount.currency else None


def estimated(form: Opening, policy: Policy) -> tuple[Estimated, ...]:
    """Each line it opens, with the estimate that follows from its basis, and what is asked beyond it."""
    not_theirs, found = outside(form, policy, {}), []
    for line in form.opens:
        comes_to = estimate(line)
        difference = None if comes_to is None else line.amount - comes_to
        found.append(Estimated(line.id, line.category, line.amount, comes_to, difference, line.id in not_theirs))
    return tuple(found)


@attrs.frozen
class MonthPlanned:
    """What is planned on a line for a month before a document is in force, and after it (B1.3, B1.6)."""

    line: LineId
    month: Month
    before: Money
    after: Money


def lines(form: Opening, document: DocumentId) -> tuple[Line, ...]:
    """The lines it opens once it is approved, at nothing: a move puts the money in force."""
    return tuple(
        Line(line.id, form.department, form.year, line.category, line.name, line.project, document)
        for line in form.opens
    )


def by_month(amount: Money, months: tuple[Money, ...]) -> tuple[int, ...]:
    """What is planned for each month, in smallest units: evenly where a line does not say it."""
    return tuple([month.units for month in months or evenly(amount)])


def respread(units: int, stands: Sequence[int], over: int) -> tuple[int, ...]:
    """What is planned for each month of a line that a change gives so much, and says no months of (B1.6).

    The first `over` months are over and keep what stands; the rest goes over the others in proportion to what stands,
    in equal parts where nothing does. Where the line gets less than those that are over had, they share it so, and
    nothing is to come.
    """
    past, to_come = stands[:over], stands[over:]
    left = units - sum(past)
    if left < 0 or not to_come:
        return (*_in_proportion(units, past), *[0] * len(to_come))
    return (*past, *_in_proportion(left, to_come))


def _in_proportion(units: int, stands: Sequence[int]) -> tuple[int, ...]:
    # What a store has that somebody meddled with may be below 0: `verify` says so, and must not stop at it.
    weights = [max(0, each) for each in stands]
    return split(units, weights if any(weights) else [1] * len(weights))
