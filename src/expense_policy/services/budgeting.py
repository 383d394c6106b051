"""Budget plans: filed, signed, in force (B1.4, B1.5)."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..domain import budget, documents
from ..domain.budget import BudgetPlan
from ..domain.policy import Policy
from ..domain.refusals import Code, refusal
from ..domain.vocabulary import Space
from ..ports.repository import Look, Put, Take
from .engine import Effects, Engine, Receipt, Scene, Verdicts


@attrs.frozen
class _File:
    subject: str
    plan: BudgetPlan
    actor: str
    nonce: str
    reason: str | None = None
    name: str = "file_budget"

    @property
    def _place(self) -> tuple[Space, str]:
        return (Space.PLAN, f"{self.plan.department}:{self.plan.year}")

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(taken=(self._place,))

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        found = budget.check(self.plan, policy)
        other = scene.seen.taken.get(self._place)
        if other is not None:
            found.append(
                refusal(Code.PLAN_EXISTS, department=self.plan.department, year=self.plan.year, document=other)
            )
        if found:
            return tuple(found)
        change = documents.submit(
            id=self.subject,
            applicant=self.actor,
            content=self.plan,
            previous=None,
            policy=policy,
            related_units=0,
            nonce=self.nonce,
            at=scene.at,
        )
        return Effects(puts=(Put(change.document, 0),), takes=(Take(*self._place, self.subject),), tell=(self.actor,))


class Budgeting:
    """Acts on budget plans."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def file(self, plan: BudgetPlan, *, actor: str, key: str | None = None) -> Receipt:
        """Submits a department's plan for a year; its lines are in force once it is approved (B1.5)."""
        return self._engine.perform(self._act(plan, actor), key=key, asked=plan)

    def _act(self, plan: BudgetPlan, actor: str) -> _File:
        env = self._engine.env
        return _File(env.ids.new(env.clock.now()), plan, actor, env.ids.new(env.clock.now()))
