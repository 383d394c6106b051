"""C5.2 technical support 技术支持: hours at the rate of their complexity, paid up to the use record."""

from __future__ import annotations

import attrs

from .. import checks
from ..money import Money, above_0, split
from ..refusals import Refusal
from . import _keys
from ._shape import Asked, ExpenseType, Happened, OneDay, Part, Plan, broken
from .effect import LIKED


@attrs.frozen
class Limits:
    """What the policy sets for support: the rate an hour of each complexity, in smallest units."""

    rates: tuple[tuple[str, int], ...] = _keys.amounts()


def cost(minutes: int, hour_rate: Money) -> Money:
    """Hours times rate, a half unit rounded up: the share of sixty that the minutes are."""
    return Money(split(minutes * hour_rate.units, (1, 59))[0], hour_rate.currency)


@attrs.frozen
class ExpectedSupport:
    """So many minutes of a complexity, at its rate an hour."""

    complexity: str = attrs.field(validator=checks.ident)
    minutes: int = attrs.field(validator=checks.whole)
    hour_rate: Money = attrs.field(validator=above_0)


@attrs.frozen
class TechnicalSupport(Plan):
    """The support that is expected, each complexity once."""

    expected: tuple[ExpectedSupport, ...] = attrs.field(validator=checks.some(ExpectedSupport, "complexity"))

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Hours times rate, of each complexity."""
        return tuple([(each.complexity, cost(each.minutes, each.hour_rate)) for each in self.expected])


@attrs.frozen
class Supported(OneDay):
    """A customer's problem, its solution, and the minutes that it took."""

    problem: str = attrs.field(validator=checks.text)
    solution: str = attrs.field(validator=checks.text)
    complexity: str = attrs.field(validator=checks.ident)
    minutes: int = attrs.field(validator=checks.whole)
    hour_rate: Money = attrs.field(validator=above_0)


def _rate(complexity: str, hour_rate: Money, limits: Limits) -> Refusal | None:
    rates = dict(limits.rates)
    if complexity not in rates:
        return broken("C5.2", "complexity", complexity, ", ".join(rates) or "the policy")
    if hour_rate.units != rates[complexity]:
        return broken("C5.2", "hour_rate", hour_rate, Money(rates[complexity], hour_rate.currency))
    return None


def planned_rate(plan: TechnicalSupport, limits: Limits, asked: Asked) -> Refusal | None:
    """The rate is the policy's for the complexity."""
    found = [_rate(each.complexity, each.hour_rate, limits) for each in plan.expected]
    return next((each for each in found if each is not None), None)


def used_rate(plan: TechnicalSupport, use: Supported, limits: Limits, happened: Happened) -> Refusal | None:
    """The rate is the policy's for the complexity."""
    return _rate(use.complexity, use.hour_rate, limits)


def measure(plan: TechnicalSupport, use: Supported, limits: Limits) -> tuple[Part, ...]:
    """A case costs its hours times the rate."""
    detail = (("problem", use.problem), ("solution", use.solution), ("complexity", use.complexity))
    return (Part(use.recipient, use.minutes, cost(use.minutes, use.hour_rate).units, "", detail),)


TYPE = ExpenseType(
    name="technical_support",
    category="after_sales",
    clause="C5.2",
    plan=TechnicalSupport,
    use=Supported,
    measure=measure,
    plan_standards=(planned_rate,),
    use_standards=(used_rate,),
    limits=Limits,
    ledger_account="6601.0502",
    effects=("customers_reached", "response_minutes", "solving_minutes", *LIKED),
    paid_up_to_use=True,
)
