"""C7 promotional materials 宣传物料制作费用: paid, its use record due later."""

from __future__ import annotations

import attrs

from .. import checks
from ..money import Money, not_below_0
from ..refusals import Code, Refusal, refusal
from . import _keys
from ._shape import Asked, ExpenseType, Happened, OnDay, Part, Plan, broken, over
from .effect import SALES


@attrs.frozen
class Limits:
    """What the policy sets for materials."""

    unit_price_max: int | None = _keys.amount()


@attrs.frozen
class Material:
    """So many of an item, at a unit price."""

    item: str = attrs.field(validator=checks.ident)
    quantity: int = attrs.field(validator=checks.whole)
    unit_price: Money = attrs.field(validator=not_below_0)


@attrs.frozen
class PromotionalMaterials(Plan):
    """What is made, and by whom; each item once."""

    supplier: str = attrs.field(validator=checks.text)
    items: tuple[Material, ...] = attrs.field(validator=checks.some(Material, "item"))

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Quantity times unit price, of each item."""
        return tuple([(each.item, each.unit_price * each.quantity) for each in self.items])


@attrs.frozen
class MaterialsUsed(OnDay):
    """So many of an item were used on a day, and for what."""

    item: str = attrs.field(validator=checks.ident)
    quantity: int = attrs.field(validator=checks.whole)
    what: str = attrs.field(validator=checks.text)


def unit_price(plan: PromotionalMaterials, limits: Limits, asked: Asked) -> Refusal | None:
    """Unit price <= the limit, where the policy sets one."""
    return over("C7", "unit_price", max(each.unit_price for each in plan.items), limits.unit_price_max)


def quantity(plan: PromotionalMaterials, use: MaterialsUsed, limits: Limits, happened: Happened) -> Refusal | None:
    """No more of an item is used at once than was planned; over all uses the total bounds it (C8)."""
    planned = sum(each.quantity for each in plan.items if each.item == use.item)
    return broken("C7", "quantity", use.quantity, planned) if use.quantity > planned else None


def measure(plan: PromotionalMaterials, use: MaterialsUsed, limits: Limits) -> tuple[Part, ...] | Refusal:
    """An item costs what the plan says."""
    found = next((each for each in plan.items if each.item == use.item), None)
    if found is None:
        return refusal(Code.USE_UNPLANNED, clause="C7", item=use.item)
    return (Part("", use.quantity, use.quantity * found.unit_price.units, use.item, (("what", use.what),)),)


TYPE = ExpenseType(
    name="promotional_materials",
    category="materials",
    clause="C7",
    plan=PromotionalMaterials,
    use=MaterialsUsed,
    measure=measure,
    plan_standards=(unit_price,),
    use_standards=(quantity,),
    limits=Limits,
    ledger_account="6601.0701",
    effects=(*SALES, "attendees"),
    customers=False,
)
