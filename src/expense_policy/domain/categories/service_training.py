"""C4.2 service training 服务培训, for staff: paid, its use record due later."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs

from .. import checks
from ..money import Money, not_below_0
from ..refusals import Refusal
from . import _keys, _training
from ._shape import Asked, ExpenseType, Happened, Part, Plan, broken, over


@attrs.frozen
class Limits:
    """What the policy sets for the training of staff: its methods, each with the most it costs a head."""

    methods: tuple[tuple[str, int], ...] = _keys.amounts()


@attrs.frozen
class ServiceTraining(Plan):
    """A course by a method, when and where, for how many: its set-up, and a price a head."""

    course: str = attrs.field(validator=checks.text)
    method: str = attrs.field(validator=checks.ident)
    on: date = attrs.field(validator=checks.day)
    place: str = attrs.field(validator=checks.text)
    participants: int = attrs.field(validator=checks.whole)
    setup: Money = attrs.field(validator=not_below_0)
    each: Money = attrs.field(validator=not_below_0)

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """The set-up, and the price times heads."""
        return (("setup", self.setup), ("participants", self.each * self.participants))


@attrs.frozen
class ServiceTrainingHeld(_training.Held):
    """A training of staff that was held; `participants` are the company's own people."""


def method(plan: ServiceTraining, limits: Limits, asked: Asked) -> Refusal | None:
    """The method is one of the policy's, where it names any, at no more than its price a head."""
    methods = dict(limits.methods)
    if methods and plan.method not in methods:
        return broken("C4.2", "training_method", plan.method, ", ".join(methods))
    return over("C4.2", "price_a_head", plan.each, methods.get(plan.method))


def each_once(plan: Any, use: ServiceTrainingHeld, limits: Limits, happened: Happened) -> Refusal | None:
    """Nobody takes part in one training twice."""
    return _training.each_once("C4.2", use.participants)


def measure(plan: ServiceTraining, use: ServiceTrainingHeld, limits: Limits) -> tuple[Part, ...]:
    """Who took part bears an equal part of what it cost."""
    return _training.parts(use, plan.course)


TYPE = ExpenseType(
    name="service_training",
    category="training",
    clause="C4.2",
    plan=ServiceTraining,
    use=ServiceTrainingHeld,
    measure=measure,
    plan_standards=(method,),
    use_standards=(each_once,),
    limits=Limits,
    ledger_account="6601.0402",
    effects=("attendees", "passed_rate_bp", "response_minutes", "solving_minutes"),
    customers=False,
)
