"""Submission: a new application or claim, or a new round of an old one (A1.1, A3.1, A3.6, B2.1, R2.1, R2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property

import attrs

from ..domain import application, claim, claiming, documents
from ..domain.allocation_rule import AllocationRule, rule_card
from ..domain.application import Application
from ..domain.approval import without_chain
from ..domain.categories import kind_of
from ..domain.claim import Claim
from ..domain.content import line_digest
from ..domain.customers import Customer
from ..domain.documents import Document, Payable
from ..domain.holds import Line
from ..domain.money import Money
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Kind, Status
from ..ports.repository import Guard, Look, Put, Submission, Sum
from .claiming import between
from .engine import Effects, Engine, Scene, Verdicts, absent, document_of, own, paid_already
from .vouching import Vouching

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
    """A new application or claim, or a new round of an old one."""

    subject: str
    form: Payable
    actor: str
    nonce: str
    engine: Engine
    new: bool
    reason: str | None = None
    introduced: Mapping[str, Customer] | None = None
    """The customers that are known, where they were asked for together with those of other acts."""
    _asked: Application | None = attrs.field(init=False)
    """What is judged as an application: one, or a claim without one (R2.4)."""
    _vouching: Vouching = attrs.field(init=False)
    _rule: tuple[str, ...] = attrs.field(init=False)
    """The card of the rule by which its cost is shared, which stands beside a guard of the same name (R1.2)."""
    _guards: tuple[str, ...] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._asked = self.form if isinstance(self.form, Application) else self.form.asked
        self._vouching = Vouching(self.subject, self.form, self.actor, self.engine.env.genuineness)
        rule = None if self._asked is None else self._asked.allocation
        self._rule = () if rule is None else (rule_card(rule),)
        self._guards = () if self._asked is None else (*_related(self._asked), *self._rule)

    @property
    def name(self) -> str:
        return ("claim" if isinstance(self.form, Claim) else "apply") if self.new else "revise"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        asked, vouching = self._asked, self._vouching
        under = (self.form.application,) if isinstance(self.form, Claim) and self.form.application is not None else ()
        return Look(
            documents=under if self.new else tuple(dict.fromkeys((self.subject, *under))),
            projects=() if asked is None or asked.project is None else (asked.project,),
            lines=() if asked is None else tuple(share.line for share in asked.shares),
            guards=(*self._guards, *vouching.guards),
            taken=vouching.taken,
            sums=() if policy is None else (*self._sums(at, policy), *vouching.sums(policy)),
            held=not self.new,
            cards=self._rule,
        )

    @cached_property
    def _customers(self) -> Mapping[str, Customer] | None:
        """Those its plan names that are known; asked once, however often the decision is made."""
        customers, asked = self.engine.env.customers, self._asked
        if customers is None or self.introduced is not None:
            return self.introduced
        return customers.known(asked.plan.customers) if asked is not None and asked.plan.customers else {}

    def _sums(self, at: datetime, policy: Policy) -> tuple[Sum, ...]:
        return () if self._asked is None else _related_sums(self._asked, self._since(at, policy))

    @property
    def _summed(self) -> int:
        """How many sums say what is related to it: they stand before those of its vouchers."""
        by = () if self._asked is None else self._asked.relation
        return len(by) + (len(by) > 1)

    def _since(self, at: datetime, policy: Policy) -> datetime:
        calendar = policy.calendar
        return calendar.start(calendar.day(calendar.days_after(at, -policy.related_days)))

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        previous = None if self.new else document_of(scene, self.subject)
        today, form = policy.calendar.day(scene.at), self.form
        found = [] if previous is None else _may_revise(previous, form, self.actor)
        found += without_chain(policy, form.kind)
        found += self._judged(scene, previous, policy, today)
        if today > form.expected_payment:
            found.append(refusal(Code.FORM_INCOMPLETE, fields="expected_payment"))
        found += absent(self.engine.env.evidence, form, "A1.1")
        vouchers = self._vouching.check(scene, policy, today, scene.seen.sums[self._summed :])
        if isinstance(vouchers, Look):
            return vouchers
        found += vouchers
        if found:
            return tuple(found)
        change = documents.submit(
            id=self.subject,
            applicant=self.actor,
            content=form,
            previous=previous,
            policy=policy,
            related_units=self._related_units(scene, previous, policy),
            nonce=self.nonce,
            at=scene.at,
        )
        unchecked, moved = self._vouching.unchecked(change.document), between(scene, previous, change)
        if unchecked or isinstance(moved, Look):
            return moved if isinstance(moved, Look) else tuple(unchecked)
        puts, moves = moved
        before = 0 if previous is None else previous.version
        # Nobody could be asked who they are: what the applicant states of them stands, and is marked (G2.1).
        stated = self._asked is not None and self._met(policy) is None
        marks = (*([("mark", self.subject, "customers_stated")] if stated else []), *self._vouching.marks)
        guards = tuple([Guard(key, scene.seen.guards.get(key, 0)) for key in self._guards])
        return Effects(
            guards=(*guards, *self._vouching.bumped(scene)),
            puts=(Put(change.document, before), *puts),
            moves=moves,
            takes=self._vouching.takes(previous),
            facts=(Submission.of(change.document), *self._vouching.rows(change.document.round.number)),
            rows=marks,
            tell=(self.actor,),
            body=tuple(dict.fromkeys(("mark", mark[2]) for mark in marks)) if marks else (),
        )

    def _judged(self, scene: Scene, previous: Document | None, policy: Policy, today: date) -> list[Refusal]:
        """What the form breaks, judged as an application, as a claim, or both (R2.4)."""
        form, asked, found = self.form, self._asked, list[Refusal]()
        if isinstance(form, Claim):
            found += claim.check(form, policy)
            if form.application is not None:
                under = scene.seen.documents.get(form.application)
                found += claiming.check(form, under, previous, policy, scene.at)
        if asked is not None:
            project = scene.seen.projects.get(asked.project or "")
            lines = _with_back(scene.seen.lines, previous)
            rule = scene.seen.cards.get(self._rule[0]) if self._rule else None
            known = rule if isinstance(rule, AllocationRule) else None
            found += application.check(asked, policy, lines, project, today, self._met(policy), known)
        return found

    def _met(self, policy: Policy) -> Mapping[str, Customer] | None:
        """Its customers; of a type that is not for customers nobody is asked for any (G2.1)."""
        kind = kind_of(self.form.type, policy)
        return self._customers if kind is not None and kind.customers else {}

    def _related_units(self, scene: Scene, previous: Document | None, policy: Policy) -> int:
        """What is related to it; of a claim under an application that is the application's matter (A3.6)."""
        if self._asked is None:
            return 0
        first, *more = [sum(group.values()) for group in scene.seen.sums[: self._summed]]
        related = first + more[0] - more[1] if more else first
        old = None if previous is None else previous.asked
        if previous is not None and old is not None:
            alike = bool(set(old.relation) & set(self._asked.relation))
            same = (old.department, old.type) == (self._asked.department, self._asked.type)
            if alike and same and previous.round.submitted_at >= self._since(scene.at, policy):
                related -= previous.counted
        return related


def _with_back(lines: Mapping[str, Line], previous: Document | None) -> dict[str, Line]:
    """The lines as they are for a new round: what its document gives back is there for it."""
    found = dict(lines)
    for held in () if previous is None or previous.application is not None else previous.held:
        line = found.get(held.line)
        if line is not None:
            found[line.id] = attrs.evolve(
                line, reserved=line.reserved - held.reserved, committed=line.committed - held.committed
            )
    return found


def introduce(acts: Sequence[Submit]) -> None:
    """Asks once for the customers that the plans of all these acts name."""
    named = [(act, act.form.plan.customers if act.form.plan is not None else ()) for act in acts]
    ids = tuple(dict.fromkeys(id for _, customers in named for id in customers))
    customers = acts[0].engine.env.customers if acts else None
    if customers is None:
        return
    known = customers.known(ids) if ids else {}
    for act, mine in named:
        act.introduced = {id: known[id] for id in mine if id in known}


def _may_revise(document: Document, form: Payable, actor: str) -> list[Refusal]:
    found = own(document, actor)
    if document.status not in _REVISABLE or document.kind is not form.kind:
        found.append(refusal(Code.STATUS_WRONG, status=document.status.value, needed="returned"))
    if document.kind is Kind.APPLICATION and document.claimed:
        found.append(refusal(Code.APPLICATION_CLAIMED, claimed=Money(document.claimed, document.currency)))
    if document.use_rows:
        found.append(refusal(Code.USE_RECORDED, rows=document.use_rows))
    if document.paid:
        found.append(paid_already(document))
    elif document.payments:
        made = sum(payment.reverses is None for payment in document.payments)
        found.append(refusal(Code.PAYMENTS_REVERSED, payments=made))
    return found
