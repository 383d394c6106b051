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
from ..ports.repository import Free, Look, Put, Submission, Take
from .engine import Act, Effects, Engine, Receipt, Scene, Verdicts, document_of, own


def plan_place(plan: BudgetPlan) -> tuple[Space, str]:
    """The key a department's plan of a year takes: there is one in review or in force (B1.1)."""
    return Space.PLAN, f"{plan.department}:{plan.year}"


def places(plan: BudgetPlan) -> tuple[tuple[Space, str], ...]:
    """Every key a plan takes: its department's year, and each line's id, which stands for ever."""
    return (plan_place(plan), *[(Space.LINE, line.id) for line in plan.lines])


@attrs.define
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
            taken=places(self.plan),
        )

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        previous = None if self.new else document_of(scene, self.subject)
        found = [] if previous is None else self._may_revise(previous)
        found += budget.check(self.plan, policy, scene.seen.projects)
        found += self._taken(scene)
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
        before = 0 if previous is None else previous.version
        return Effects(
            puts=(Put(change.document, before),),
            takes=self._takes(scene, previous),
            facts=(Submission.of(change.document),),
            tell=(self.actor,),
        )

    def _taken(self, scene: Scene) -> list[Refusal]:
        """A refusal for each place that another document holds."""
        found = []
        for place, other in scene.seen.taken.items():
            if other != self.subject and place[0] is Space.PLAN:
                plan = self.plan
                found.append(refusal(Code.PLAN_EXISTS, department=plan.department, year=plan.year, document=other))
            elif other != self.subject:
                found.append(refusal(Code.LINE_EXISTS, line=place[1], document=other))
        return found

    def _takes(self, scene: Scene, previous: Document | None) -> tuple[Take | Free, ...]:
        """What is not taken yet, and what the revision before held and this one does not name."""
        wanted = places(self.plan)
        was = places(previous.content) if previous is not None and isinstance(previous.content, BudgetPlan) else ()
        taken = [Take(*place, self.subject) for place in wanted if place not in scene.seen.taken]
        return (*taken, *[Free(*place, self.subject) for place in was if place not in wanted])

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
    if type(plan) is not BudgetPlan:
        raise TypeError(f"plan must be BudgetPlan, not {type(plan).__name__}")
    env = engine.env
    now = env.clock.now()
    return FilePlan(env.ids.new(now) if id is None else id, plan, actor, env.ids.new(now), id is None)
