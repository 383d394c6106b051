"""C5.1 repair and maintenance 维修保养: paid up to its use record, with registers by product and by customer."""

from __future__ import annotations

import attrs

from .. import checks
from ..money import Money, not_below_0
from ..refusals import Refusal
from . import _keys
from ._shape import Asked, ExpenseType, Happened, OneDay, Part, Plan, over
from .effect import LIKED

SERVICES = ("repair", "maintenance")


def _service(instance: object, attribute: attrs.Attribute[str], value: object) -> None:
    if value not in SERVICES:
        raise ValueError(f"{attribute.name} is one of {', '.join(SERVICES)}")


@attrs.frozen
class Limits:
    """What the policy sets for a single repair."""

    cost_max: int | None = _keys.amount()


@attrs.frozen
class ExpectedRepairs:
    """So many repairs 维修, or services due 保养, of a product, with what one of them takes."""

    product: str = attrs.field(validator=checks.ident)
    service: str = attrs.field(validator=_service)
    quantity: int = attrs.field(validator=checks.whole)
    parts: Money = attrs.field(validator=not_below_0)
    labour: Money = attrs.field(validator=not_below_0)
    materials: Money = attrs.field(validator=not_below_0)

    @property
    def cost_each(self) -> Money:
        """Parts, labour and materials of one."""
        return self.parts + self.labour + self.materials


@attrs.frozen
class Repair(Plan):
    """The repairs that are expected."""

    expected: tuple[ExpectedRepairs, ...] = attrs.field(validator=checks.some(ExpectedRepairs))

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Quantity times parts, labour and materials, of each."""
        return tuple([(each.product, each.cost_each * each.quantity) for each in self.expected])

    @property
    def reach(self) -> int:
        """A customer a repair, at most."""
        return sum(each.quantity for each in self.expected)


@attrs.frozen
class Repaired(OneDay):
    """A repair order: whose product, what was wrong or due, and what it took."""

    order: str = attrs.field(validator=checks.ident)
    product: str = attrs.field(validator=checks.ident)
    service: str = attrs.field(validator=_service)
    fault: str = attrs.field(validator=checks.text)
    parts: Money = attrs.field(validator=not_below_0)
    labour: Money = attrs.field(validator=not_below_0)
    materials: Money = attrs.field(validator=not_below_0)

    @property
    def once(self) -> tuple[tuple[str, ...], ...]:
        """The repair order."""
        return ((self.order,),)

    @property
    def cost(self) -> Money:
        """Parts, labour and materials."""
        return self.parts + self.labour + self.materials


def planned_cost(plan: Repair, limits: Limits, asked: Asked) -> Refusal | None:
    """One repair costs at most so much, where the policy sets that."""
    return over("C5.1", "cost_each", max(each.cost_each for each in plan.expected), limits.cost_max)


def used_cost(plan: Repair, use: Repaired, limits: Limits, happened: Happened) -> Refusal | None:
    """One repair costs at most so much, where the policy sets that."""
    return over("C5.1", "cost_each", use.cost, limits.cost_max)


def measure(plan: Repair, use: Repaired, limits: Limits) -> tuple[Part, ...]:
    """A repair costs its parts, labour and materials."""
    costs = [(name, str(getattr(use, name))) for name in ("parts", "labour", "materials")]
    detail = (("order", use.order), ("service", use.service), ("fault", use.fault), *costs)
    return (Part(use.recipient, 1, use.cost.units, use.product, detail),)


TYPE = ExpenseType(
    name="repair",
    category="after_sales",
    clause="C5.1",
    plan=Repair,
    use=Repaired,
    measure=measure,
    plan_standards=(planned_cost,),
    use_standards=(used_cost,),
    limits=Limits,
    ledger_account="6601.0501",
    effects=("customers_reached", "response_minutes", "solving_minutes", *LIKED),
    paid_up_to_use=True,
)
