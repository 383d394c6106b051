"""Rectifications: opened by finance, answered, followed up, verified by another, escalated (B2.4, S2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

import attrs

from ..domain import checks, rectification
from ..domain.content import Digest
from ..domain.organisation import Roster
from ..domain.periods import Month, instant, instant_text
from ..domain.policy import Policy
from ..domain.rectification import Deviation, Finding, FollowUp, Rectification, Turn
from ..domain.refusals import Code, Refusal, Refused, refusal
from ..domain.vocabulary import Office, PersonId
from ..ports.directory import Directory
from ..ports.errors import NotFound, RepositoryError
from ..ports.evidence import Evidence
from ..ports.repository import Look, Put
from .duties import SYSTEM, doing
from .engine import Effects, Engine, Environment, Receipt, Scene, Verdicts

OVERSEERS = (Office.FINANCE_OFFICER, Office.FINANCE_HEAD)
"""The offices that open rectifications and follow them."""
Found = list[Refusal]


def _card(scene: Scene, id: str) -> Rectification:
    card = scene.seen.cards.get(id)
    if not isinstance(card, Rectification):
        raise NotFound(f"there is no rectification {id!r}")
    return card


def _office(
    actor: str, offices: Sequence[str], named: tuple[PersonId, ...], roster: Roster, department: str
) -> tuple[str | None, Found]:
    """In which of the offices the actor does it, None for who is named himself; or why he may not."""
    if actor in named:
        return None, []
    offices = tuple(dict.fromkeys(offices))
    for office in offices:
        if roster.holds(actor, office, department):
            return office, []
    holders = ", ".join(dict.fromkeys([*named, *(p for o in offices for p in roster.holders(o, department))]))
    said = {"actor": actor, "office": ", ".join(offices), "department": department}
    return None, [refusal(Code.OFFICE_NOT_HELD, clause="B2.4", holders=holders or said["office"], **said)]


@attrs.define
class Open:
    """A finding becomes a rectification."""

    subject: str
    finding: Finding
    owner: PersonId | None
    deadline: datetime | None
    actor: str
    directory: Directory
    deviation: Deviation | None = None
    reason: str | None = None
    name: str = "open_rectification"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(cards=(self.subject,), lines=() if self.deviation is None else (self.deviation.line,))

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        department, at = self.finding.department, scene.at
        roster = self.directory.roster((department,), at)
        office, found = _office(self.actor, OVERSEERS, (), roster, department)
        if department not in policy.departments:
            found.append(refusal(Code.DEPARTMENT_OUT_OF_SCOPE, department=department))
        if self.subject in scene.seen.cards:
            found.append(refusal(Code.RECTIFICATION_EXISTS, about=self.finding.about, rectification=self.subject))
        if checks.blank(self.finding.text):
            found.append(refusal(Code.REASON_MISSING, clause="B2.4"))
        found += self._strayed(scene, policy)
        deadline = self.deadline or policy.calendar.days_after(at, policy.budget.rectify_days)
        found += rectification.check_deadline(deadline, at)
        owner = self.owner or rectification.first_owner(policy, roster, department)
        if owner is None:
            found.append(refusal(Code.STEP_UNFILLED, clause="B2.4", office=Office.DEPARTMENT_HEAD))
        if found or owner is None or office is None:
            return tuple(found)
        card = Rectification(self.subject, 1, self.finding, owner, self.actor, office, at, deadline, deadline)
        tell = tuple(dict.fromkeys((owner, *roster.holders(Office.DEPARTMENT_HEAD, department))))
        return Effects(office=office, puts=(Put(card, 0),), tell=tell, body=_body(card))

    def _strayed(self, scene: Scene, policy: Policy) -> Found:
        """A line strays that is there, in a month that has come."""
        told = self.deviation
        if told is None:
            return []
        if told.month > policy.calendar.month(scene.at):
            raise ValueError(f"{told.month} is to come: no line has strayed in it")
        line = scene.seen.lines.get(told.line)
        if line is not None and line.department != told.department:
            raise ValueError(f"line {told.line!r} is of {line.department!r}, not of {told.department!r}")
        return [] if line is not None else [refusal(Code.LINE_NOT_IN_FORCE, clause="B2.4", line=told.line)]


def _body(card: Rectification) -> tuple[tuple[str, str], ...]:
    said = (("about", card.finding.about), ("clause", card.finding.clause), ("status", card.status))
    return (*said, ("deadline", instant_text(card.deadline)), *card.finding.figures)


_ACTS = {
    Turn.ANSWERED: "answer_rectification",
    Turn.FOLLOWED_UP: "follow_up_rectification",
    Turn.SENT_BACK: "send_back_rectification",
    Turn.EXTENDED: "extend_rectification",
    Turn.VERIFIED: "verify_rectification",
}


@attrs.define
class Follow:
    """Somebody does the next thing on a rectification."""

    subject: str
    what: Turn
    text: str
    actor: str
    directory: Directory
    evidence: Evidence
    digests: tuple[Digest, ...] = ()
    until: datetime | None = None

    @property
    def name(self) -> str:
        return _ACTS[self.what]

    @property
    def reason(self) -> str | None:
        return self.text if self.what in (Turn.SENT_BACK, Turn.EXTENDED) else None

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(cards=(self.subject,))

    def decide(self, scene: Scene) -> Verdicts:
        card = _card(scene, self.subject)
        roster = self.directory.roster((card.department,), scene.at)
        office, found = self._office(card, roster)
        next_ = FollowUp(self.what, self.actor, scene.at, self.text, self.digests, self.until)
        found += rectification.check(card, next_)
        unknown = [each for each in self.digests if not self.evidence.has(each)]
        found += [refusal(Code.EVIDENCE_UNKNOWN, clause="B2.4", evidence=each) for each in unknown]
        if found:
            return tuple(found)
        after = rectification.followed(card, next_)
        answering = self.what is Turn.ANSWERED
        return Effects(
            office=office,
            on_behalf_of=card.owner if answering and self.actor != card.owner else None,
            puts=(Put(after, card.version),),
            tell=tuple(dict.fromkeys((card.opened_by,) if answering else (card.owner, card.opened_by))),
            body=_body(after),
        )

    def _office(self, card: Rectification, roster: Roster) -> tuple[str | None, Found]:
        """Its owner answers, or the head, or who it was escalated to; a deadline moves by who set it; else finance."""
        if self.what is Turn.ANSWERED:
            return _office(self.actor, (Office.DEPARTMENT_HEAD, *card.reached), (card.owner,), roster, card.department)
        if self.what is Turn.EXTENDED:
            return _office(self.actor, (Office.FINANCE_HEAD,), (card.opened_by,), roster, card.department)
        return _office(self.actor, (card.office, *OVERSEERS), (), roster, card.department)


@attrs.define
class Escalate:
    """An overdue rectification goes to the next office."""

    subject: str
    directory: Directory
    actor: str = SYSTEM
    reason: str | None = None
    name: str = "escalate_rectification"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(cards=(self.subject,))

    def decide(self, scene: Scene) -> Verdicts:
        policy, card = scene.in_force(), _card(scene, self.subject)
        if isinstance(policy, tuple):
            return policy
        if card.due is None or card.due > scene.at:
            return (refusal(Code.RECTIFICATION_STATUS, status=card.status, needed="overdue"),)
        office, people = rectification.rung(card, policy, self.directory.roster((card.department,), scene.at))
        again = policy.calendar.days_after(scene.at, policy.budget.rectify_days)
        after = rectification.followed(card, FollowUp(Turn.ESCALATED, SYSTEM, scene.at, office, (), again))
        tell = tuple(dict.fromkeys((*people, card.owner, card.opened_by)))
        return Effects(puts=(Put(after, card.version),), tell=tell, body=(*_body(after), ("office", office)))


class RectificationActs:
    """The acts as values, for doing and for considering alike."""

    def __init__(self, env: Environment) -> None:
        self._env = env

    def open(self, finding: Finding, actor: str, owner: PersonId | None, deadline: datetime | None) -> Open:
        _is_a("finding", finding, Finding)
        id = f"rectification:{self._env.ids.new(self._env.clock.now())}"
        at = None if deadline is None else instant(deadline)
        return Open(id, finding, _person(owner), at, actor, self._env.directory)

    def for_deviation(self, deviation: Deviation, actor: str, owner: PersonId | None) -> Open:
        _is_a("deviation", deviation, Deviation)
        finding = deviation.finding
        return Open(deviation.rectification, finding, _person(owner), None, actor, self._env.directory, deviation)

    def follow(
        self,
        id: str,
        what: Turn,
        text: str,
        actor: str,
        evidence: tuple[Digest, ...] = (),
        until: datetime | None = None,
    ) -> Follow:
        env, later = self._env, None if until is None else instant(until)
        return Follow(id, what, text, actor, env.directory, env.evidence, evidence, later)


def _is_a(name: str, value: object, kind: type) -> None:
    if type(value) is not kind:
        raise TypeError(f"{name} must be {kind.__name__}, not {type(value).__name__}")


def _person(owner: PersonId | None) -> PersonId | None:
    if owner is not None:
        checks.an_ident("owner", owner)
    return owner


class Rectifications:
    """Acts on rectifications, and questions about them."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._acts = engine, RectificationActs(engine.env)

    def open(
        self,
        finding: Finding,
        *,
        actor: str,
        owner: PersonId | None = None,
        deadline: datetime | None = None,
        key: str | None = None,
    ) -> Receipt:
        """Finance has a finding put right, by an owner and a deadline (B2.4).

        The owner is the department's head unless named, the deadline so many days from now as the policy says. Refused
        with deadline_not_later, department_out_of_scope, office_not_held, reason_missing, step_unfilled.
        """
        act = self._acts.open(finding, actor, owner, deadline)
        return self._engine.perform(act, key=key, asked=(finding, owner, act.deadline))

    def for_deviation(
        self, deviation: Deviation, *, actor: str, owner: PersonId | None = None, key: str | None = None
    ) -> Receipt:
        """As `open`, for a line that was not kept to in a month: each has one, else rectification_exists.

        The figures are the caller's, as `Execution.strayed` gives them. Refused with line_not_in_force for a line that
        is not there; ValueError for one of another department, or a month to come.
        """
        act = self._acts.for_deviation(deviation, actor, owner)
        return self._engine.perform(act, key=key, asked=(deviation, owner))

    def for_deviations(self, deviations: Iterable[Deviation], *, actor: str) -> tuple[Receipt, ...]:
        """As `for_deviation` for each that has none yet.

        What was opened is kept where it ends early: done again, it goes on from there.
        """
        opened = []
        for each in deviations:
            try:
                opened.append(self.for_deviation(each, actor=actor))
            except Refused as refused:
                if [r.code for r in refused.refusals] != [Code.RECTIFICATION_EXISTS]:
                    raise
        return tuple(opened)

    def monitor(self, month: Month, deviations: Iterable[Deviation], *, actor: str) -> tuple[Receipt, ...]:
        """Opens what of a month's deviations is not open yet, and counts as the duty of monitoring (B2.3, G3.5).

        They are those of the whole company. Each owner and department is reminded by a notice.
        """
        _is_a("month", month, Month)
        opened = self.for_deviations(deviations, actor=actor)
        self._engine.perform(doing(self._engine, "monitoring", actor, str(month)))
        return opened

    def answer(
        self, id: str, measures: str, *, actor: str, evidence: tuple[Digest, ...] = (), key: str | None = None
    ) -> Receipt:
        """What was done about it: by its owner, or for him by the department's head or an office it was escalated to.

        Refused with evidence_unknown, measure_missing, office_not_held, rectification_status.
        """
        return self._follow(self._acts.follow(id, Turn.ANSWERED, measures, actor, evidence), key)

    def follow_up(self, id: str, remark: str, *, actor: str, key: str | None = None) -> Receipt:
        """A remark of finance, or of the office that opened it; its owner is told.

        Refused with office_not_held, opinion_missing, rectification_status.
        """
        return self._follow(self._acts.follow(id, Turn.FOLLOWED_UP, remark, actor), key)

    def send_back(self, id: str, *, actor: str, reason: str, key: str | None = None) -> Receipt:
        """The answer does not do: it is open again, its deadline as it was.

        Refused with office_not_held, reason_missing, rectification_own, rectification_status.
        """
        return self._follow(self._acts.follow(id, Turn.SENT_BACK, reason, actor), key)

    def verify(self, id: str, opinion: str, *, actor: str, key: str | None = None) -> Receipt:
        """It is put right: said by neither its owner nor who answered; nothing follows (S2.2).

        Refused with office_not_held, opinion_missing, rectification_own, rectification_status.
        """
        return self._follow(self._acts.follow(id, Turn.VERIFIED, opinion, actor), key)

    def extend(self, id: str, deadline: datetime, *, actor: str, reason: str, key: str | None = None) -> Receipt:
        """A later deadline, once, by who opened it or the finance head, never by its owner.

        Refused with deadline_extended, deadline_not_later, office_not_held, reason_missing, rectification_own,
        rectification_status.
        """
        return self._follow(self._acts.follow(id, Turn.EXTENDED, reason, actor, until=deadline), key)

    def _follow(self, act: Follow, key: str | None) -> Receipt:
        return self._engine.perform(act, key=key, asked=(act.subject, act.text, act.digests, act.until))

    def get(self, id: str) -> Rectification:
        """A rectification whole; NotFound where there is none."""
        card = self._engine.env.repository.look(Look(cards=(id,))).cards.get(id)
        if not isinstance(card, Rectification):
            raise NotFound(f"there is no rectification {id!r}")
        return card

    def find(
        self, *, due: datetime | None = None, after: str = "", limit: int = 100, **where: str
    ) -> Sequence[Rectification]:
        """A page of rectifications in id order.

        `where` names status ("open", "answered", "verified"), department or owner; another name is a ValueError. With
        `due` those that are escalated by then if nothing happens.
        """
        asked = tuple(sorted({**where, "kind": Rectification.kind}.items()))
        found = self._engine.env.repository.cards(asked, due, after, limit)
        return [card for card in found if isinstance(card, Rectification)]

    def escalate(self, limit: int) -> int:
        """Escalates what is overdue, each to the next office; how many were."""
        env, done = self._engine.env, 0
        for card in self.find(due=env.clock.now(), limit=limit):
            # Another sweep was faster, or this one can't be: the others don't wait for it.
            with suppress(Refused, RepositoryError, ValueError):
                self._engine.perform(Escalate(card.id, env.directory))
                done += 1
        return done
