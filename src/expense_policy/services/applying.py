"""Submission: a new application, or a new round of an old one (A1.1, A3.1, A3.6, B2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

import attrs

from ..domain import application, documents
from ..domain.allocation_rule import AllocationRule, rule_card
from ..domain.application import Application
from ..domain.categories import kind_of
from ..domain.content import line_digest
from ..domain.customers import Customer
from ..domain.documents import Document
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Status
from ..ports.repository import Guard, Look, Put, Submission, Sum
from .engine import Effects, Engine, Scene, Verdicts, absent, document_of, own, paid_already

_REVISABLE = (Status.RETURNED, Status.IN_REVIEW, Status.APPROVED)


def _related(form: Application) -> tuple[str, ...]:
    """The guards that make all applications related to this one count as one (A3.6)."""
    head = ("related", form.department, form.type)
    by = [(column.removeprefix("payee_"), value) for column, value in form.relation]
    # By their digests: a guard stands in the journal, which keeps no names and accounts.
    return tuple(sorted([f"related:{line_digest((*head, *each))}" for each in by]))


def _related_sums(form: Application, since: datetime) -> tuple[Sum, ...]:
    """Same account, same name, and both: the two less the third is what either relates; or the activity alone."""
    base, by = (("department", form.department), ("type", form.type)), form.relation
    each = [(one,) for one in by]
    return tuple(Sum("related", (), (*base, *more), since) for more in (*each, *([by] if len(by) > 1 else [])))


@attrs.define(slots=False)
class Submit:
    """A new application, or a new round of an old one."""

    subject: str
    form: Application
    actor: str
    nonce: str
    engine: Engine
    new: bool
    reason: str | None = None
    introduced: Mapping[str, Customer] | None = None
    """The customers that are known, where they were asked for together with those of other acts."""

    @property
    def name(self) -> str:
        return "apply" if self.new else "revise"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        sums = () if policy is None else _related_sums(self.form, self._since(at, policy))
        return Look(
            documents=() if self.new else (self.subject,),
            projects=() if self.form.project is None else (self.form.project,),
            lines=tuple(share.line for share in self.form.shares),
            guards=self._guards,
            sums=sums,
            held=not self.new,
            cards=self._rule,
        )

    @cached_property
    def _customers(self) -> Mapping[str, Customer] | None:
        """Those its plan names that are known; asked once, however often the decision is made."""
        customers, plan = self.engine.env.customers, self.form.plan
        if customers is None or self.introduced is not None:
            return self.introduced
        return customers.known(plan.customers) if plan.customers else {}

    @cached_property
    def _rule(self) -> tuple[str, ...]:
        """The card of the rule by which its cost is shared, which stands beside a guard of the same name (R1.2)."""
        return () if self.form.allocation is None else (rule_card(self.form.allocation),)

    @cached_property
    def _guards(self) -> tuple[str, ...]:
        return (*_related(self.form), *self._rule)

    def _since(self, at: datetime, policy: Policy) -> datetime:
        calendar = policy.calendar
        return calendar.start(calendar.day(calendar.days_after(at, -policy.related_days)))

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        previous = None if self.new else document_of(scene, self.subject)
        found = [] if previous is None else _may_revise(previous, self.actor)
        lines = dict(scene.seen.lines)
        for held in () if previous is None else previous.held:
            line = lines.get(held.line)
            if line is not None:
                # What this document gives back is there for its own new round.
                lines[line.id] = attrs.evolve(
                    line, reserved=line.reserved - held.reserved, committed=line.committed - held.committed
                )
        project, today = scene.seen.projects.get(self.form.project or ""), policy.calendar.day(scene.at)
        kind = kind_of(self.form.type, policy)
        # Of a type that is not for customers nobody is asked for any (G2.1).
        customers = self._customers if kind is not None and kind.customers else {}
        rule = scene.seen.cards.get(self._rule[0]) if self._rule else None
        known = rule if isinstance(rule, AllocationRule) else None
        found += application.check(self.form, policy, lines, project, today, customers, known)
        if today > self.form.expected_payment:
            found.append(refusal(Code.FORM_INCOMPLETE, fields="expected_payment"))
        found += absent(self.engine.env.evidence, self.form, "A1.1")
        if found:
            return tuple(found)
        related = self._related_units(scene, previous, policy)
        change = documents.submit(
            id=self.subject,
            applicant=self.actor,
            content=self.form,
            previous=previous,
            policy=policy,
            related_units=related,
            nonce=self.nonce,
            at=scene.at,
        )
        before = 0 if previous is None else previous.version
        # Nobody could be asked who they are: what the applicant states of them stands, and is marked (G2.1).
        marks = ("customers_stated",) if customers is None else ()
        guards = tuple([Guard(key, scene.seen.guards.get(key, 0)) for key in self._guards])
        return Effects(
            guards=guards,
            puts=(Put(change.document, before),),
            moves=change.moves,
            facts=(Submission.of(change.document),),
            rows=tuple([("mark", self.subject, mark) for mark in marks]),
            tell=(self.actor,),
            body=tuple([("mark", mark) for mark in marks]),
        )

    def _related_units(self, scene: Scene, previous: Document | None, policy: Policy) -> int:
        first, *more = [sum(group.values()) for group in scene.seen.sums]
        related = first + more[0] - more[1] if more else first
        if previous is not None and isinstance(previous.content, Application):
            old = previous.content
            alike = bool(set(old.relation) & set(self.form.relation))
            same = (old.department, old.type) == (self.form.department, self.form.type)
            if alike and same and previous.round.submitted_at >= self._since(scene.at, policy):
                related -= previous.counted
        return related


def introduce(acts: Sequence[Submit]) -> None:
    """Asks once for the customers that the plans of all these acts name."""
    ids = tuple(dict.fromkeys(id for act in acts for id in act.form.plan.customers))
    customers = acts[0].engine.env.customers if acts else None
    if customers is None:
        return
    known = customers.known(ids) if ids else {}
    for act in acts:
        act.introduced = {id: known[id] for id in act.form.plan.customers if id in known}


def _may_revise(document: Document, actor: str) -> list[Refusal]:
    found = own(document, actor)
    if document.status not in _REVISABLE or not isinstance(document.content, Application):
        found.append(refusal(Code.STATUS_WRONG, status=document.status.value, needed="returned"))
    if document.use_rows:
        found.append(refusal(Code.USE_RECORDED, rows=document.use_rows))
    if document.paid:
        found.append(paid_already(document))
    elif document.payments:
        made = sum(payment.reverses is None for payment in document.payments)
        found.append(refusal(Code.PAYMENTS_REVERSED, payments=made))
    return found
