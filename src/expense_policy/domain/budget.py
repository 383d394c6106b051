"""The budget plan, put in force through its own chain (B1.4, B1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import attrs

from . import checks, project
from .content import Digest, digest
from .estimates import Basis, Drivers, LastYear, OperatingPlan, Trend
from .holds import Line
from .money import Money, split
from .policy import Policy
from .project import Project
from .refusals import Code, Refusal, refusal
from .vocabulary import CATEGORIES, DocumentId, Kind, LineId


def _category(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value not in CATEGORIES:
        raise ValueError(f"{value!r} is not a category: {', '.join(CATEGORIES)}")


MONTHS = 12


def evenly(amount: Money) -> tuple[Money, ...]:
    """An amount by month, in equal parts: the first months have a unit more where it does not divide."""
    return tuple(Money(units, amount.currency) for units in split(amount.units, [1] * MONTHS))


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
    def type(self) -> str:
        """No expense type."""
        return ""

    @property
    def kind(self) -> Kind:
        """Always a budget plan."""
        return Kind.BUDGET_PLAN


def check(plan: BudgetPlan, policy: Policy, known: Mapping[str, Project]) -> list[Refusal]:
    """Every rule the draft breaks at submission; `known` holds the projects its lines name."""
    if plan.amount.currency != policy.currency:
        raise ValueError(f"the company's currency is {policy.currency}, not {plan.amount.currency}")
    found: list[Refusal] = []
    if plan.department not in policy.departments:
        found.append(refusal(Code.DEPARTMENT_OUT_OF_SCOPE, department=plan.department))
    found += check_lines(plan.lines, plan.department, policy, known)
    return found


def check_lines(
    lines: tuple[PlanLine, ...], department: str, policy: Policy, known: Mapping[str, Project]
) -> list[Refusal]:
    """Every rule that lines of a draft or a change break, whoever asks for them (B1.2, B1.3, G2.2)."""
    found: list[Refusal] = []
    for name in dict.fromkeys(line.project for line in lines):
        found += project.check(name, known.get(name or ""), department)
    for line in lines if policy.budget.itemised else ():
        lacks = [*(() if line.months else ("months",)), *(() if line.basis else ("basis",))]
        if lacks:
            found.append(refusal(Code.LINE_NOT_ITEMISED, line=line.id, fields=", ".join(lacks)))
    return found


def lines(plan: BudgetPlan, document: DocumentId) -> tuple[Line, ...]:
    """The lines the plan opens once it is approved, at nothing: a move puts the money in force."""
    return tuple(
        Line(line.id, plan.department, plan.year, line.category, line.name, line.project, document)
        for line in plan.lines
    )
