"""Changes of a budget in force: the adjustment 预算调整 and the supplementary request 追加预算 (B1.6, B2.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property

import attrs

from . import checks
from .budget import PlanLine, check_opening, months, respread
from .content import Digest, digest
from .holds import Line
from .money import Money, not_below_0
from .periods import Month
from .policy import Policy
from .project import Project
from .refusals import Code, Refusal, refusal
from .vocabulary import Kind, LineId


@attrs.frozen
class LineChange:
    """A line as it stands and as it shall stand; `after` 0 cuts it. `months` are what is planned for each then.

    Months that are over keep what stands. Without `months` those that are not change in proportion (`respread`).
    """

    line: LineId = attrs.field(validator=checks.ident)
    before: Money = attrs.field(validator=not_below_0)
    after: Money = attrs.field(validator=not_below_0)
    months: tuple[Money, ...] = attrs.field(default=(), validator=months)

    def __attrs_post_init__(self) -> None:
        if len({each.currency for each in (self.before, self.after, *self.months)}) > 1:
            raise TypeError("what a line had, has, and has by month is in one currency")
        if self.months and sum(each.units for each in self.months) != self.after.units:
            raise ValueError("the months add up to what the line has afterwards")
        if self.before == self.after and not self.months:
            raise ValueError("a change changes the line's amount or its months")


@attrs.frozen(slots=False)
class BudgetChange:
    """What an adjustment and a supplementary request have in common: the budget as it will stand (B1.6)."""

    department: str = attrs.field(validator=checks.ident)
    year: int = attrs.field(validator=checks.year)
    reason: str = attrs.field(validator=checks.text)
    changes: tuple[LineChange, ...] = attrs.field(default=(), validator=checks.many(LineChange))
    opens: tuple[PlanLine, ...] = attrs.field(default=(), validator=checks.many(PlanLine))

    def __attrs_post_init__(self) -> None:
        names = [change.line for change in self.changes] + [line.id for line in self.opens]
        if not names or len(set(names)) < len(names):
            raise ValueError("a change of the budget names at least one line, and each once")
        _ = self.amount  # Mixed currencies are told here, and not at the first question.

    @property
    def raises(self) -> tuple[LineId, ...]:
        """The lines that get more."""
        return tuple([change.line for change in self.changes if change.before < change.after])

    @cached_property
    def more(self) -> Money:
        """What lines gain and what is opened, together."""
        found = [change.after - change.before for change in self.changes if change.before < change.after]
        return self._total([*found, *[line.amount for line in self.opens]])

    @cached_property
    def less(self) -> Money:
        """What lines lose, together."""
        return self._total([change.before - change.after for change in self.changes if change.after < change.before])

    @property
    def amount(self) -> Money:
        """The amount that decides the chain."""
        return max(self.more, self.less)

    @cached_property
    def in_force(self) -> Mapping[LineId, int]:
        """By how much its approval changes what is in force on each line, in smallest units."""
        changed = {change.line: change.after.units - change.before.units for change in self.changes}
        return changed | {line.id: line.amount.units for line in self.opens}

    def _total(self, amounts: list[Money]) -> Money:
        currency = (self.changes[0].before if self.changes else self.opens[0].amount).currency
        total = Money(0, currency)
        for each in amounts:
            total += each
        return total

    @cached_property
    def digest(self) -> Digest:
        """The digest of everything the form says: worked out once, for nothing of it can change (A3.3)."""
        return digest(self)

    @property
    def type(self) -> str:
        """No expense type."""
        return ""


@attrs.frozen(slots=False)
class BudgetAdjustment(BudgetChange):
    """Moves money between lines and months, opens or cuts lines; the whole gets no larger (B1.6)."""

    @property
    def kind(self) -> Kind:
        """Always an adjustment."""
        return Kind.BUDGET_ADJUSTMENT


@attrs.frozen(slots=False)
class SupplementaryRequest(BudgetChange):
    """Asks for more than the budget holds (B2.2)."""

    @property
    def kind(self) -> Kind:
        """Always a supplementary request."""
        return Kind.SUPPLEMENTARY_REQUEST


Stands = Mapping[tuple[LineId, Month], int]
"""What is planned, in smallest units, by line and month."""


def by_month(
    form: BudgetAdjustment | SupplementaryRequest, months: Sequence[Month], stands: Stands, today: date
) -> dict[LineId, tuple[int, ...]]:
    """What is planned for each of the year's months once it is in force, of each line that it names (B1.6).

    What it says, and what follows from what stands and the day on which it comes into force where it says nothing.
    """
    kept = _respread(form, months, stands, today)
    return {line: tuple([each.units for each in said]) or kept[line] for line, _, said in _asked(form)}


def _asked(form: BudgetChange) -> list[tuple[LineId, Money, tuple[Money, ...]]]:
    changed = [(change.line, change.after, change.months) for change in form.changes]
    return [*changed, *[(line.id, line.amount, line.months) for line in form.opens]]


def _respread(
    form: BudgetChange, months: Sequence[Month], stands: Stands, today: date
) -> dict[LineId, tuple[int, ...]]:
    over = _over(months, today)
    return {
        line: respread(amount.units, [stands.get((line, month), 0) for month in months], over)
        for line, amount, _ in _asked(form)
    }


def _over(months: Sequence[Month], today: date) -> int:
    return sum(month < Month(today.year, today.month) for month in months)


def check(
    form: BudgetAdjustment | SupplementaryRequest,
    policy: Policy,
    lines: Mapping[LineId, Line],
    known: Mapping[str, Project],
    today: date,
    stands: Stands,
) -> list[Refusal]:
    """Every rule the change breaks, when it is submitted and again when it is to apply (B1.6, B2.2).

    `lines` are those it changes as they stand, `stands` what is planned for their months, `known` the projects that its
    new lines name.
    """
    if form.amount.currency != policy.currency:
        raise ValueError(f"the company's currency is {policy.currency}, not {form.amount.currency}")
    found = check_opening(form, policy, known, lines)
    if checks.blank(form.reason):
        found.append(refusal(Code.REASON_MISSING, clause="B1.6"))
    if not policy.chain(form.kind, form.amount.units):
        found.append(refusal(Code.CHAIN_MISSING, kind=form.kind.value))
    if policy.calendar.fiscal_year(today) > form.year:
        found.append(refusal(Code.YEAR_OVER, year=form.year, today=today.isoformat()))
    else:
        found += _rewritten(form, policy, stands, today)
    for change in form.changes:
        found += _line(form, change, lines.get(change.line), policy)
    more, less = form.more, form.less
    if form.kind is Kind.BUDGET_ADJUSTMENT and more > less:
        found.append(refusal(Code.ADJUSTMENT_RAISES, more=more, less=less, beyond=more - less))
    if form.kind is Kind.SUPPLEMENTARY_REQUEST and more <= less:
        found.append(refusal(Code.SUPPLEMENT_NOT_MORE, more=more, less=less))
    return found


def _rewritten(form: BudgetChange, policy: Policy, stands: Stands, today: date) -> list[Refusal]:
    """A refusal for each line that is to have been planned otherwise in months that are over."""
    months, found = policy.calendar.months(form.year), list[Refusal]()
    over, kept = _over(months, today), _respread(form, months, stands, today)
    for line, _, said in _asked(form):
        pairs = [(month, Money(units, policy.currency)) for month, units in zip(months, kept[line], strict=True)]
        wrong = [f"{month} {units}" for (month, units), each in zip(pairs[:over], said, strict=False) if each != units]
        if wrong:
            found.append(refusal(Code.PLAN_MONTHS_OVER, line=line, months=", ".join(wrong)))
    return found


def _line(form: BudgetChange, change: LineChange, line: Line | None, policy: Policy) -> list[Refusal]:
    if line is None:
        return [refusal(Code.LINE_NOT_IN_FORCE, line=change.line)]
    found = []
    if (line.department, line.year) != (form.department, form.year):
        found.append(
            refusal(
                Code.LINE_OF_OTHER_BUDGET,
                line=line.id,
                line_department=line.department,
                line_year=line.year,
                department=form.department,
                year=form.year,
            )
        )
    stands, held = Money(line.in_force, policy.currency), Money(line.in_force - line.available, policy.currency)
    if change.before != stands:
        found.append(refusal(Code.BUDGET_MOVED, line=line.id, stated=change.before, stands=stands))
    if change.after < held:
        found.append(refusal(Code.LINE_BELOW_HELD, line=line.id, after=change.after, held=held))
    if policy.budget.itemised and change.after.units and not change.months:
        found.append(refusal(Code.LINE_NOT_ITEMISED, line=line.id, fields="months"))
    return found
