"""C4.1 product training 产品培训, for customers: paid, its use record due later."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs

from .. import checks
from ..money import Money, not_below_0
from ..refusals import Refusal
from . import _keys, _training
from ._shape import Asked, ExpenseType, Happened, Part, Plan, broken
from .effect import LIKED


@attrs.frozen
class Limits:
    """What the policy sets for the training of customers."""

    participants_max: int = _keys.whole(1, 100_000, 500)


@attrs.frozen
class ProductTraining(Plan):
    """What is taught, when, where, for how long, to how many; lecturer, venue and materials."""

    content: str = attrs.field(validator=checks.text)
    on: date = attrs.field(validator=checks.day)
    place: str = attrs.field(validator=checks.text)
    minutes: int = attrs.field(validator=checks.whole)
    participants: int = attrs.field(validator=checks.whole)
    lecturer: Money = attrs.field(validator=not_below_0)
    venue: Money = attrs.field(validator=not_below_0)
    materials: Money = attrs.field(validator=not_below_0)

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Lecturer, venue, materials."""
        return (("lecturer", self.lecturer), ("venue", self.venue), ("materials", self.materials))

    @property
    def reach(self) -> int:
        """Who takes part."""
        return self.participants


@attrs.frozen
class ProductTrainingHeld(_training.Held):
    """A training of customers that was held."""


def planned_participants(plan: ProductTraining, limits: Limits, asked: Asked) -> Refusal | None:
    """At most so many take part."""
    most = limits.participants_max
    return broken("C4.1", "participants", plan.participants, most) if plan.participants > most else None


def took_part(plan: ProductTraining, use: ProductTrainingHeld, limits: Limits, happened: Happened) -> Refusal | None:
    """At most so many took part."""
    count, most = len(use.participants), limits.participants_max
    return broken("C4.1", "participants", count, most) if count > most else None


def each_once(plan: Any, use: ProductTrainingHeld, limits: Limits, happened: Happened) -> Refusal | None:
    """Nobody takes part in one training twice."""
    return _training.each_once("C4.1", use.participants)


def measure(plan: ProductTraining, use: ProductTrainingHeld, limits: Limits) -> tuple[Part, ...]:
    """Who took part bears an equal part of what it cost."""
    return _training.parts(use, plan.content)


TYPE = ExpenseType(
    name="product_training",
    category="training",
    clause="C4.1",
    plan=ProductTraining,
    use=ProductTrainingHeld,
    measure=measure,
    plan_standards=(planned_participants,),
    use_standards=(took_part, each_once),
    limits=Limits,
    ledger_account="6601.0401",
    effects=("attendees", "passed_rate_bp", "orders", "revenue_units", *LIKED),
)
