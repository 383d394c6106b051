"""C1.3 giveaway 赠品: on a promotion line, each issue traceable to a recipient; paid, its use record due later."""

from __future__ import annotations

import attrs

from .. import checks
from ..money import Money
from ..refusals import Refusal
from . import _keys
from ._shape import Asked, ExpenseType, OneDay, Part, Plan, over
from .effect import SALES


@attrs.frozen
class Limits:
    """What the policy sets for giveaways."""

    unit_cost_max: int | None = _keys.amount()


@attrs.frozen
class Giveaway(Plan):
    """What is bought to be given away, how many, at what cost, and what it has to do with the company's product."""

    gift: str = attrs.field(validator=checks.text)
    relation: str = attrs.field(validator=checks.text)
    quantity: int = attrs.field(validator=checks.whole)
    unit_cost: Money = attrs.field(validator=checks.exactly(Money))
    recipients: int = attrs.field(validator=checks.whole)

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Unit cost times quantity."""
        return (("gifts", self.unit_cost * self.quantity),)

    @property
    def reach(self) -> int:
        """Its recipients; no more of them than there are gifts."""
        return min(self.recipients, self.quantity)


@attrs.frozen
class GiveawayIssued(OneDay):
    """One recipient got `quantity` of it on a day."""

    quantity: int = attrs.field(default=1, validator=checks.whole)


def unit_cost(plan: Giveaway, limits: Limits, asked: Asked) -> Refusal | None:
    """Unit cost <= the limit, where the policy sets one."""
    return over("C1.3", "unit_cost", plan.unit_cost, limits.unit_cost_max)


def measure(plan: Giveaway, use: GiveawayIssued, limits: Limits) -> tuple[Part, ...]:
    """What is issued costs what it was bought for: so no more is ever issued than was bought."""
    return (Part(use.recipient, use.quantity, plan.unit_cost.units * use.quantity, plan.gift[: checks.NAME_MAX]),)


TYPE = ExpenseType(
    name="giveaway",
    category="promotion",
    clause="C1.3",
    plan=Giveaway,
    use=GiveawayIssued,
    measure=measure,
    plan_standards=(unit_cost,),
    limits=Limits,
    ledger_account="6601.0103",
    effects=SALES,
)
