"""Budget plans: filed, negotiated, signed, in force (B1.1, B1.4, B1.5)."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..domain import budget, documents
from ..domain.budget import BudgetPlan
from ..domain.documents import Document
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Space, Status
from ..ports.repository import Look, Put, Submission, Take
from .engine import Act, Effects, Engine, Receipt, Scene, Verdicts, document_of, own


def plan_place(plan: BudgetPlan) -> tuple[Space, str]:
    """The key a department's plan of a year takes: there is one in review or in force (B1.1)."""
    return Space.PLAN, f"{plan.department}:{plan.year}"


@attrs.frozen
class FilePlan:
    """A department's plan, or a new revision of one that is not approved."""

    subject: str
    plan: BudgetPlan
    actor: str
    nonce: str
    new: bool
    reason: str | None = None

    @property
    def name(self) -> str:
        return "file_budget" if self.new else "revise_budget"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(
            documents=() if self.new else (self.subject,),
            projects=tuple({line.project for line in self.plan.lines if line.project is not None}),
            taken=(plan_place(self.plan),),
        )

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        previous = None if self.new else document_of(scene, self.subject)
        found = [] if previous is None else self._may_revise(previous)
        found += budget.check(self.plan, policy, scene.seen.projects)
        place = plan_place(self.plan)
        other = scene.seen.taken.get(place)
        if other is not None and other != self.subject:
            found.append(
                refusal(Code.PLAN_EXISTS, department=self.plan.department, year=self.plan.year, document=other)
            )
        if found:
            return tuple(found)
        change = documents.submit(
            id=self.subject,
            applicant=self.actor,
            content=self.plan,
            previous=previous,
            policy=policy,
            related_units=0,
            nonce=self.nonce,
            at=scene.at,
        )
        takes = (Take(*place, self.subject),) if other is None else ()
        before = 0 if previous is None else previous.version
        return Effects(
            puts=(Put(change.document, before),),
            takes=takes,
            facts=(Submission.of(change.document),),
            tell=(self.actor,),
        )

    def _may_revise(self, previous: Document) -> list[Refusal]:
        found = own(previous, self.actor)
        if previous.status not in (Status.RETURNED, Status.IN_REVIEW):
            found.append(refusal(Code.STATUS_WRONG, status=previous.status.value, needed=Status.RETURNED.value))
        was = previous.content
        if not isinstance(was, BudgetPlan) or plan_place(was) != plan_place(self.plan):
            raise ValueError("a revision is a plan of the same department and year")
        return found


class Budgeting:
    """Acts on budget plans; they are signed and withdrawn as every document is, through `spending`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def file(self, plan: BudgetPlan, *, actor: str, key: str | None = None) -> Receipt:
        """Submits a department's plan for a year; its lines are in force once it is approved (B1.5)."""
        return self._engine.perform(file_plan(self._engine, None, plan, actor), key=key, asked=plan.digest)

    def revise(self, id: str, plan: BudgetPlan, *, actor: str, key: str | None = None) -> Receipt:
        """Submits a new revision of a plan that was returned, or is in review: it starts over (B1.4)."""
        return self._engine.perform(file_plan(self._engine, id, plan, actor), key=key, asked=(id, plan.digest))


def file_plan(engine: Engine, id: str | None, plan: BudgetPlan, actor: str) -> Act:
    """The act of filing a plan, or with `id` of revising it."""
    env = engine.env
    now = env.clock.now()
    return FilePlan(env.ids.new(now) if id is None else id, plan, actor, env.ids.new(now), id is None)
