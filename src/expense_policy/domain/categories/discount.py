"""C1.1 discount 折扣优惠: granted, and posted up to its use record (C9)."""

from __future__ import annotations

import attrs

from .. import checks
from ..money import Money, above_0, not_below_0
from ..refusals import Code, Refusal, refusal
from . import _keys
from ._shape import Asked, ExpenseType, OneDay, Part, Plan, broken
from .effect import SALES


@attrs.frozen
class Limits:
    """What the policy sets for discounts, in basis points; a product group may have a rate of its own."""

    rate_max_bp: int = _keys.rate_bp(2000)
    margin_min_bp: int = _keys.rate_bp(500)
    groups: tuple[tuple[str, int], ...] = _keys.rates_bp()


@attrs.frozen
class DiscountLine:
    """A product or service: so many of it, each so much below its list price."""

    product: str = attrs.field(validator=checks.ident)
    group: str = attrs.field(validator=checks.ident)
    quantity: int = attrs.field(validator=checks.whole)
    list_price: Money = attrs.field(validator=above_0)
    unit_cost: Money = attrs.field(validator=not_below_0)
    discount_each: Money = attrs.field(validator=above_0)


@attrs.frozen
class Discount(Plan):
    """The products on which a discount is granted, each once."""

    lines: tuple[DiscountLine, ...] = attrs.field(validator=checks.some(DiscountLine, "product"))

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Quantity times discount, of each product."""
        return tuple([(line.product, line.discount_each * line.quantity) for line in self.lines])


@attrs.frozen
class DiscountGranted(OneDay):
    """So many of a product were sold at the discount in an order; an order names a product once."""

    order: str = attrs.field(validator=checks.ident)
    product: str = attrs.field(validator=checks.ident)
    quantity: int = attrs.field(validator=checks.whole)

    @property
    def once(self) -> tuple[tuple[str, ...], ...]:
        """The product in the order."""
        return ((self.order, self.product),)


def rate(plan: Discount, limits: Limits, asked: Asked) -> Refusal | None:
    """Discount <= the rate of its group, of the list price."""
    rates = dict(limits.groups)
    for line in plan.lines:
        most = rates.get(line.group, limits.rate_max_bp)
        if line.discount_each.units * 10_000 > most * line.list_price.units:
            limit = Money(most * line.list_price.units // 10_000, line.list_price.currency)
            return broken("C1.1", "discount_each", line.discount_each, limit)
    return None


def margin(plan: Discount, limits: Limits, asked: Asked) -> Refusal | None:
    """What is left above the unit cost is at least the margin, of the price after the discount."""
    for line in plan.lines:
        price, cost = line.list_price - line.discount_each, line.unit_cost
        if (price.units - cost.units) * 10_000 < limits.margin_min_bp * price.units or price.units <= 0:
            rest = 10_000 - limits.margin_min_bp
            if not rest and cost.units > 0:
                # The whole price is to be margin: no price is high enough for what costs anything.
                return broken("C1.1", "unit_cost", cost, Money(0, cost.currency))
            least = -(-cost.units * 10_000 // rest) if rest else 0
            return broken("C1.1", "price_after_discount", price, Money(max(least, 1), price.currency))
    return None


def measure(plan: Discount, use: DiscountGranted, limits: Limits) -> tuple[Part, ...] | Refusal:
    """The discount of the plan's own line, for each that was sold."""
    line = next((line for line in plan.lines if line.product == use.product), None)
    if line is None:
        return refusal(Code.USE_UNPLANNED, clause="C1.1", item=use.product)
    detail = (("order", use.order),)
    return (Part(use.recipient, use.quantity, use.quantity * line.discount_each.units, use.product, detail),)


TYPE = ExpenseType(
    name="discount",
    category="promotion",
    clause="C1.1",
    plan=Discount,
    use=DiscountGranted,
    measure=measure,
    plan_standards=(rate, margin),
    limits=Limits,
    ledger_account="6001.0101",
    effects=SALES,
    paid_up_to_use=True,
    granted=True,
)
