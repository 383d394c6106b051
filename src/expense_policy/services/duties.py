"""Duties that return: when each was done and is due, and a report of every one that was missed (G3.5)."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import attrs

from ..domain import duty
from ..domain.duty import Duty, Returning
from ..domain.organisation import Roster
from ..domain.policy import Policy
from ..domain.refusals import Code, Refused, refusal
from ..domain.vocabulary import PersonId
from ..ports.directory import Directory
from ..ports.errors import Conflict, RepositoryError
from ..ports.repository import Look, Put
from .engine import POLICY_GUARD, Effects, Engine, Receipt, Scene, Verdicts

SYSTEM = "system"
"""Who does what comes by itself."""
EVERY = tuple(map(duty.subject, duty.OFFICES))
"""The card of every duty."""


def standing(scene: Scene, policy: Policy, name: str) -> Returning:
    """How a duty stands in a scene that has seen its card."""
    first = min(version.effective for version in scene.policies.values() if version.begins <= scene.at)
    return duty.standing(name, dict(policy.duties)[name], _card(scene, name), first, policy.calendar, scene.at)


def _card(scene: Scene, name: str) -> Duty | None:
    card = scene.seen.cards.get(duty.subject(name))
    return card if isinstance(card, Duty) else None


def done(
    scene: Scene, policy: Policy, roster: Roster, name: str, actor: PersonId
) -> tuple[Put, tuple[PersonId, ...], tuple[tuple[str, str], ...]]:
    """What an act that does a duty writes, whom it tells, and the notice's body.

    The act has to look at the card `duty.subject(name)`. Nobody is told but of intervals that were missed and not
    reported yet.
    """
    now, card = standing(scene, policy, name), _card(scene, name)
    put = Put(duty.done(name, now.days, card, actor, policy.calendar, scene.at), 0 if card is None else card.version)
    return put, *_report(now, roster)


def _report(now: Returning, roster: Roster) -> tuple[tuple[PersonId, ...], tuple[tuple[str, str], ...]]:
    """Whom a missed duty is reported to, and what the notice says; nobody where nothing new was missed."""
    if now.missed <= now.reported:
        return (), ()
    offices = duty.told(now.name)
    people = tuple(dict.fromkeys(h.person for h in roster.holdings if h.office in offices))
    # Where nobody holds the offices the notice is to the offices themselves.
    return people or offices, (("duty", now.name), ("missed", str(now.missed)))


@attrs.define
class DoDuty:
    """Somebody in its office did a duty."""

    duty: str
    actor: PersonId
    directory: Directory
    reason: str | None = None
    name: str = "do_duty"

    @property
    def subject(self) -> str:
        return duty.subject(self.duty)

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(cards=(self.subject,))

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        roster, offices = self.directory.roster(policy.departments, scene.at), duty.OFFICES[self.duty]
        held = [h.office for h in roster.holdings if h.office in offices and h.person == self.actor]
        if not held:
            people = ", ".join(dict.fromkeys(h.person for h in roster.holdings if h.office in offices))
            names = ", ".join(offices)
            return (
                refusal(
                    Code.OFFICE_NOT_HELD,
                    clause="G3.5",
                    actor=self.actor,
                    office=names,
                    department=policy.company,
                    holders=people or names,
                ),
            )
        put, tell, body = done(scene, policy, roster, self.duty, self.actor)
        return Effects(office=held[0], puts=(put,), tell=tell, body=body)


@attrs.define
class ReportMissed:
    """The intervals of a duty that were missed and not reported yet are."""

    duty: str
    directory: Directory
    actor: str = SYSTEM
    reason: str | None = None
    name: str = "report_missed"

    @property
    def subject(self) -> str:
        return duty.subject(self.duty)

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(cards=(self.subject,))

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        now, card = standing(scene, policy, self.duty), _card(scene, self.duty)
        tell, body = _report(now, self.directory.roster(policy.departments, scene.at))
        if not tell:
            raise Conflict("somebody reported or did the duty meanwhile")
        put = Put(duty.reported(card, now, policy.calendar), 0 if card is None else card.version)
        return Effects(puts=(put,), tell=tell, body=body)


def doing(engine: Engine, name: str, actor: str, note: str | None) -> DoDuty:
    """The act of a duty; ValueError for a name that is none."""
    if name not in duty.OFFICES:
        raise ValueError(f"{name!r} is not one of {', '.join(duty.OFFICES)}")
    return DoDuty(name, actor, engine.env.directory, note)


class Duties:
    """What returns by the policy, and was done or missed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> tuple[Returning, ...]:
        """Every duty of the policy in force as it stands now; Refused where none is in force."""
        scene = self._seen()
        policy = scene.in_force()
        if isinstance(policy, tuple):
            raise Refused(policy)
        return tuple([standing(scene, policy, name) for name, _ in policy.duties])

    def done(self, name: str, *, actor: str, note: str | None = None, key: str | None = None) -> Receipt:
        """Someone did a duty: "monitoring" or "accounting" in finance, "audit" in internal audit.

        Intervals that were missed before and not reported yet are reported with it. Refused with office_not_held;
        ValueError for a name that is no duty.
        """
        return self._engine.perform(doing(self._engine, name, actor, note), key=key, asked=(name, note))

    def report_missed(self, limit: int) -> int:
        """Reports each interval that was missed and not yet reported, once; how many duties had one."""
        scene, reported = self._seen(), 0
        policy = scene.policy
        if policy is None:
            return 0
        each = [standing(scene, policy, name) for name, _ in policy.duties]
        for name in [now.name for now in each if now.missed > now.reported][:limit]:
            # Another sweep was faster, or this one can't be: the others don't wait for it.
            with suppress(Refused, RepositoryError, ValueError):
                self._engine.perform(ReportMissed(name, self._engine.env.directory))
                reported += 1
        return reported

    def _seen(self) -> Scene:
        return self._engine.scene(lambda at, policy: Look(cards=EVERY, guards=(POLICY_GUARD,)))
