"""C1.2 threshold reduction 满减: spend at least X, pay Y less; granted, posted up to its use record (C9)."""

from __future__ import annotations

from itertools import pairwise

import attrs

from .. import checks
from ..money import Money, above_0
from ..refusals import Code, Refusal, refusal
from ._shape import Asked, ExpenseType, NoLimits, OneDay, Part, Plan, broken
from .effect import SALES


@attrs.frozen
class Tier:
    """Of an order of `spend` or more, `less` is taken off."""

    spend: Money = attrs.field(validator=above_0)
    less: Money = attrs.field(validator=above_0)


@attrs.frozen
class ExpectedOrders:
    """How many orders of about which value are expected."""

    orders: int = attrs.field(validator=checks.whole)
    order_amount: Money = attrs.field(validator=above_0)


@attrs.frozen
class ThresholdReduction(Plan):
    """The rule in rising tiers, and the orders that its cost is estimated from."""

    tiers: tuple[Tier, ...] = attrs.field(validator=checks.some(Tier))
    expected: tuple[ExpectedOrders, ...] = attrs.field(validator=checks.some(ExpectedOrders))

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Orders times what the rule takes off one of them."""
        return tuple([("orders", self.reduction(each.order_amount) * each.orders) for each in self.expected])

    @property
    def reach(self) -> int:
        """A customer an order, at most."""
        return sum(each.orders for each in self.expected)

    def reduction(self, order_amount: Money) -> Money:
        """What the rule takes off an order: the highest tier that it reaches, once."""
        found = Money(0, order_amount.currency)
        for tier in self.tiers:
            if tier.spend <= order_amount and found < tier.less:
                found = tier.less
        return found


@attrs.frozen
class Reduced(OneDay):
    """An order that was reduced; an order is reduced once."""

    order: str = attrs.field(validator=checks.ident)
    order_amount: Money = attrs.field(validator=above_0)
    reduction: Money = attrs.field(validator=above_0)

    @property
    def once(self) -> tuple[tuple[str, ...], ...]:
        """The order."""
        return ((self.order,),)


def below_threshold(plan: ThresholdReduction, limits: NoLimits, asked: Asked) -> Refusal | None:
    """Less is taken off than was spent: Y < X."""
    for tier in plan.tiers:
        if tier.spend <= tier.less:
            return broken("C1.2", "reduction", tier.less, Money(tier.spend.units - 1, tier.spend.currency))
    return None


def tiers_rise(plan: ThresholdReduction, limits: NoLimits, asked: Asked) -> Refusal | None:
    """Each tier has a higher threshold than the one before, and takes off more."""
    for lower, higher in pairwise(plan.tiers):
        if higher.spend <= lower.spend:
            return broken("C1.2", "threshold", higher.spend, Money(lower.spend.units + 1, lower.spend.currency))
        if higher.less <= lower.less:
            return broken("C1.2", "reduction", higher.less, Money(lower.less.units + 1, lower.less.currency))
    return None


def measure(plan: ThresholdReduction, use: Reduced, limits: NoLimits) -> tuple[Part, ...] | Refusal:
    """The reduction that follows from the rule, and no other."""
    due = plan.reduction(use.order_amount)
    if use.reduction != due:
        return refusal(
            Code.REDUCTION_DIFFERS, order=use.order, amount=use.order_amount, reduction=use.reduction, due=due
        )
    detail = (("order", use.order), ("order_amount", str(use.order_amount)))
    return (Part(use.recipient, 1, due.units, "", detail),)


TYPE = ExpenseType(
    name="threshold_reduction",
    category="promotion",
    clause="C1.2",
    plan=ThresholdReduction,
    use=Reduced,
    measure=measure,
    plan_standards=(below_threshold, tiers_rise),
    ledger_account="6001.0102",
    effects=SALES,
    paid_up_to_use=True,
    granted=True,
)
