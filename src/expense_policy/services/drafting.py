"""Budget plans and changes of a budget: submitted, reviewed, and put in force once they are signed (B1, B2.2)."""

from __future__ import annotations

from datetime import datetime
from typing import TypeGuard

import attrs

from ..domain import adjustment, budget, documents
from ..domain.adjustment import BudgetAdjustment, Stands, SupplementaryRequest
from ..domain.budget import BudgetPlan
from ..domain.content import Digest
from ..domain.documents import Content, Document
from ..domain.holds import Line, Move
from ..domain.negotiation import Offer, Reviewed
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.posting import Planned
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Kind, LineId, Office, Space, Status
from ..ports.directory import Directory
from ..ports.repository import Fact, Free, Guard, Look, Put, Submission, Sum, Take
from .engine import Effects, Scene, Verdicts, document_of, own

Budget = BudgetPlan | BudgetAdjustment | SupplementaryRequest
"""The documents that say what is in force."""

_NAMES = {
    Kind.BUDGET_PLAN: ("file_budget", "revise_budget"),
    Kind.BUDGET_ADJUSTMENT: ("adjust_budget", "revise_adjustment"),
    Kind.SUPPLEMENTARY_REQUEST: ("supplement_budget", "revise_supplement"),
}


KINDS = tuple(_NAMES)
"""Their kinds."""


def is_budget(form: Content) -> TypeGuard[Budget]:
    """Whether it says what is in force."""
    return isinstance(form, Budget)


def plan_place(plan: BudgetPlan) -> tuple[Space, str]:
    """The key a department's plan of a year takes: there is one in review or in force (B1.1)."""
    return Space.PLAN, f"{plan.department}:{plan.year}"


def places(form: Budget) -> tuple[tuple[Space, str], ...]:
    """Every key it takes: a plan its department's year, and each line it opens its id, which stands for ever."""
    year = (plan_place(form),) if isinstance(form, BudgetPlan) else ()
    return (*year, *[(Space.LINE, line.id) for line in form.opens])


def _projects(form: Budget) -> tuple[str, ...]:
    """Those that its lines name."""
    return tuple(dict.fromkeys([line.project for line in form.opens if line.project is not None]))


def _changed(form: Budget) -> tuple[LineId, ...]:
    """The lines that stand and that it changes."""
    return () if isinstance(form, BudgetPlan) else tuple([change.line for change in form.changes])


def _sums(form: Budget) -> tuple[Sum, ...]:
    """What is planned on the lines that it changes."""
    lines = _changed(form)
    return (Sum("planned", ("line", "month"), (("line", lines),)),) if lines else ()


def _stands(form: Budget, scene: Scene) -> Stands:
    """The answer to `_sums`."""
    (found,) = scene.seen.sums if _changed(form) else ({},)
    return {(line, Month.parse(month)): units for (line, month), units in found.items()}


def vacated(document: Document, status: Status) -> tuple[Free, ...]:
    """What a document gives back that ends without having come into force: its place, and its lines' ids."""
    form = document.content
    ended = status in (Status.REJECTED, Status.WITHDRAWN)
    return tuple(Free(*each, document.id) for each in places(form)) if ended and is_budget(form) else ()


BUDGET_GUARDS = "budget:"


def budget_guard(department: str, year: int) -> str:
    """The guard of what is in force of a department's year: whoever changes it bumps it."""
    return f"{BUDGET_GUARDS}{department}:{year}"


@attrs.define
class File:
    """A plan or a change of a budget, or a new revision of one that is not approved."""

    subject: str
    form: Budget
    actor: str
    nonce: str
    new: bool
    directory: Directory
    reasons: tuple[tuple[LineId, str], ...] = ()
    """Why the department counters what finance offered, by line (B1.4)."""
    reason: str | None = None

    @property
    def name(self) -> str:
        return _NAMES[self.form.kind][not self.new]

    def look(self, at: datetime, policy: Policy | None) -> Look:
        form = self.form
        return Look(
            documents=() if self.new else (self.subject,),
            projects=_projects(form),
            lines=_changed(form),
            taken=places(form),
            sums=_sums(form),
        )

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        previous = None if self.new else document_of(scene, self.subject)
        found = [] if previous is None else self._may_revise(previous)
        found += _check(self.form, policy, scene)
        found += self._taken(scene)
        if found:
            return tuple(found)
        change = documents.submit(
            id=self.subject,
            applicant=self.actor,
            content=self.form,
            previous=previous,
            policy=policy,
            related_units=0,
            nonce=self.nonce,
            at=scene.at,
        )
        before = 0 if previous is None else previous.version
        marks, told = self._marks(policy, scene)
        return Effects(
            puts=(Put(change.document, before),),
            takes=self._takes(scene, previous),
            facts=(Submission.of(change.document), *self._countered(scene, change.document)),
            rows=tuple([("mark", self.subject, mark) for mark in marks]),
            tell=(self.actor, *self._finance(scene)) if marks else (self.actor,),
            body=(*[("mark", mark) for mark in marks], *told),
        )

    def _marks(self, policy: Policy, scene: Scene) -> tuple[list[str], list[tuple[str, str]]]:
        """What finance is told of: a late draft (B1.1), lines opened or raised outside the table (B1.2)."""
        form, marks = self.form, []
        if self.new and isinstance(form, BudgetPlan) and policy.calendar.day(scene.at) > budget.due(form.year, policy):
            marks.append("draft_late")
        outside = [("line", id) for id in budget.outside(form, policy, scene.seen.lines)]
        return (["outside_estimates", *marks] if outside else marks), outside

    def _finance(self, scene: Scene) -> tuple[str, ...]:
        department = self.form.department
        officers = self.directory.roster((department,), scene.at).holders(Office.FINANCE_OFFICER, department)
        return tuple(person for person in officers if person != self.actor)

    def _countered(self, scene: Scene, document: Document) -> tuple[Reviewed, ...]:
        amounts = {line.id: line.amount for line in self.form.opens}
        offers = tuple(Offer(line, amounts[line], text) for line, text in self.reasons)
        return (_reviewed(self, scene, document.round.number, offers),) if offers else ()

    def _taken(self, scene: Scene) -> list[Refusal]:
        """A refusal for each place that another document holds."""
        found = []
        for place, other in scene.seen.taken.items():
            if other != self.subject and place[0] is Space.PLAN:
                form = self.form
                found.append(refusal(Code.PLAN_EXISTS, department=form.department, year=form.year, document=other))
            elif other != self.subject:
                found.append(refusal(Code.LINE_EXISTS, line=place[1], document=other))
        return found

    def _takes(self, scene: Scene, previous: Document | None) -> tuple[Take | Free, ...]:
        """What is not taken yet, and what the revision before held and this one does not name."""
        wanted = places(self.form)
        was = places(previous.content) if previous is not None and is_budget(previous.content) else ()
        taken = [Take(*place, self.subject) for place in wanted if place not in scene.seen.taken]
        return (*taken, *[Free(*place, self.subject) for place in was if place not in wanted])

    def _may_revise(self, previous: Document) -> list[Refusal]:
        found = own(previous, self.actor)
        if previous.status not in (Status.RETURNED, Status.IN_REVIEW):
            found.append(refusal(Code.STATUS_WRONG, status=previous.status.value, needed=Status.RETURNED.value))
        was, form = previous.content, self.form
        same = is_budget(was) and (was.kind, was.department, was.year) == (form.kind, form.department, form.year)
        if not same:
            raise ValueError("a revision is of the same kind, department and year")
        return found


def _check(form: Budget, policy: Policy, scene: Scene) -> list[Refusal]:
    """What it breaks now: at submission, and when it is to come into force."""
    seen = scene.seen
    if isinstance(form, BudgetPlan):
        return budget.check(form, policy, seen.projects)
    today = policy.calendar.day(scene.at)
    return adjustment.check(form, policy, seen.lines, seen.projects, today, _stands(form, scene))


def _reviewed(act: File | Review, scene: Scene, round_: int, offers: tuple[Offer, ...]) -> Reviewed:
    """Numbered as the journal's entry that writes it."""
    head = scene.seen.heads.get(act.subject)
    return Reviewed(act.subject, 1 if head is None else head[0] + 1, round_, act.actor, scene.at, offers)


@attrs.define
class Review:
    """Finance says what a draft's lines should have, while it is in review (B1.4)."""

    subject: str
    actor: str
    seen: Digest
    offers: tuple[Offer, ...]
    directory: Directory
    reason: str | None = None
    name: str = "review_budget"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(documents=(self.subject,))

    def decide(self, scene: Scene) -> Verdicts:
        document = document_of(scene, self.subject)
        form, department = document.content, document.department
        roster, found = self.directory.roster((department,), scene.at), list[Refusal]()
        if not isinstance(form, BudgetPlan):
            raise ValueError(f"document {document.id!r} is no budget plan")
        offices = [Office.FINANCE_OFFICER, Office.FINANCE_HEAD]
        office = next((each for each in offices if roster.holds(self.actor, each, department)), None)
        holders = [p for each in offices for p in roster.holders(each, department) if p != document.applicant]
        told = ", ".join(dict.fromkeys(holders)) or Office.FINANCE_OFFICER
        if self.actor == document.applicant:
            found.append(refusal(Code.SIGNER_BARRED, clause="B1.4", actor=self.actor, part="applicant", holders=told))
        elif office is None:
            asked = {"office": offices[0], "department": department}
            found.append(refusal(Code.OFFICE_NOT_HELD, clause="B1.4", actor=self.actor, holders=told, **asked))
        if document.status is not Status.IN_REVIEW:
            needed = Status.IN_REVIEW.value
            found.append(refusal(Code.STATUS_WRONG, status=document.status.value, needed=needed))
        if self.seen != document.statement:
            found.append(refusal(Code.STATEMENT_STALE))
        if found:
            return tuple(found)
        unknown = {offer.line for offer in self.offers} - {line.id for line in form.lines}
        if unknown or any(offer.amount.currency != document.currency for offer in self.offers):
            raise ValueError("an offer is for a line of the draft, in the company's currency")
        paper = _reviewed(self, scene, document.round.number, self.offers)
        return Effects(office=office, version=document.round.policy_version, facts=(paper,), tell=(document.applicant,))


@attrs.define
class InForce:
    """What a document that was signed in full puts in force, and what that rests on."""

    guards: tuple[Guard, ...] = ()
    lines: tuple[Line, ...] = ()
    moves: tuple[Move, ...] = ()
    facts: tuple[Fact, ...] = ()


def enforced(document: Document, policy: Policy, scene: Scene) -> InForce | Look | tuple[Refusal, ...]:
    """What comes into force with the last signature; every rule is tried again, for the budget may have moved (B1.6).

    A look where that has to be seen first. Nothing where the document is not approved, or no budget.
    """
    form = document.content
    if document.status is not Status.APPROVED or not is_budget(form):
        return InForce()
    lines, id = budget.lines(form, document.id), document.id
    moves = tuple(Move(line, in_force=units) for line, units in form.in_force.items() if units)
    if isinstance(form, BudgetPlan):
        return InForce(lines=lines, moves=moves, facts=_planned(id, form, policy, {}, scene.at))
    seen, guard = scene.seen, budget_guard(form.department, form.year)
    if guard not in seen.guards:
        return Look(projects=_projects(form), lines=_changed(form), guards=(guard,), sums=_sums(form))
    return tuple(_check(form, policy, scene)) or InForce(
        (Guard(guard, seen.guards[guard]),), lines, moves, _planned(id, form, policy, _stands(form, scene), scene.at)
    )


def stated(form: Budget, policy: Policy, stands: Stands, at: datetime) -> dict[tuple[LineId, Month], int]:
    """What is planned on each line that it names, for each month of its year, once it is in force (B1.3, B1.6).

    `stands` is what is planned before, `at` when it comes into force.
    """
    months = policy.calendar.months(form.year)
    if isinstance(form, BudgetPlan):
        said = {line.id: budget.by_month(line.amount, line.months) for line in form.lines}
    else:
        said = adjustment.by_month(form, months, stands, policy.calendar.day(at))
    return {(line, month): units for line, each in said.items() for month, units in zip(months, each, strict=True)}


def _planned(id: str, form: Budget, policy: Policy, stands: Stands, at: datetime) -> tuple[Planned, ...]:
    """By how much it changes what is planned."""
    more = {each: units - stands.get(each, 0) for each, units in stated(form, policy, stands, at).items()}
    return tuple([Planned(id, *each, units) for each, units in more.items() if units])
