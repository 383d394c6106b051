"""Changes of a budget in force: the adjustment 预算调整 and the supplementary request 追加预算 (B1.6, B2.2)."""

from __future__ import annotations

from functools import cached_property

import attrs

from . import checks
from .budget import PlanLine, months
from .content import Digest, digest
from .money import Money, not_below_0
from .vocabulary import Kind, LineId


@attrs.frozen
class LineChange:
    """A line as it stands and as it shall stand; `after` 0 cuts it. `months` are what is planned for each then."""

    line: LineId = attrs.field(validator=checks.ident)
    before: Money = attrs.field(validator=not_below_0)
    after: Money = attrs.field(validator=not_below_0)
    months: tuple[Money, ...] = attrs.field(default=(), validator=months)

    def __attrs_post_init__(self) -> None:
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
        self.amount  # noqa: B018  # mixed currencies are told here, and not at the first question

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
