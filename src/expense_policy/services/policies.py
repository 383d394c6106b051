"""Policy versions: proposed, adopted by two persons, kept with their text (X2)."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..domain.adoption import Adopter, PolicyVersion
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..policy_file import load_policy
from ..ports.directory import Directory
from ..ports.repository import Guard, Look, Put
from .engine import POLICY_GUARD, Effects, Engine, Receipt, Scene, Verdicts


@attrs.frozen
class Adopt:
    """One person's adoption of a text."""

    policy: Policy
    actor: str
    directory: Directory
    reason: str | None = None
    name: str = "adopt"

    @property
    def subject(self) -> str:
        return f"policy:{self.policy.version}"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(policies=(self.policy.version,))

    def decide(self, scene: Scene) -> Verdicts:
        roster = self.directory.roster((), scene.at)
        new, known = self.policy, scene.seen.policies.get(self.policy.version)
        if known is not None and known.digest != new.digest:
            return (refusal(Code.POLICY_VERSION_CHANGED, version=new.version),)
        # Who adopts is said by the version in force; the first one says it for itself.
        offices = new.adopters if scene.policy is None else scene.policy.adopters
        adopters = () if known is None else known.adopters
        open_offices = [o for o in offices if o not in {a.office for a in adopters}]
        office = next((o for o in open_offices if roster.holds(self.actor, o, "")), None)
        found: list[Refusal] = []
        today = new.calendar.day(scene.at)
        if today >= new.effective:
            found.append(
                refusal(
                    Code.ADOPTED_LATE, version=new.version, effective=new.effective.isoformat(), today=today.isoformat()
                )
            )
        if self.actor in {a.person for a in adopters}:
            found.append(
                refusal(Code.ADOPTED_TWICE, actor=self.actor, version=new.version, offices=", ".join(open_offices))
            )
        elif office is None:
            holders = ", ".join(p for o in open_offices for p in roster.holders(o, ""))
            found.append(
                refusal(
                    Code.OFFICE_NOT_HELD,
                    clause="X2",
                    actor=self.actor,
                    office=", ".join(open_offices),
                    department=new.company,
                    holders=holders,
                )
            )
        if found or office is None:
            return tuple(found)
        before = 0 if known is None else known.version
        signed = (*adopters, Adopter(self.actor, office, scene.at))
        record = PolicyVersion(new.version, new.effective, new.text, new.digest, tuple(offices), signed, before + 1)
        guards = (Guard(POLICY_GUARD, scene.seen.guards.get(POLICY_GUARD, 0)),)
        return Effects(office=office, guards=guards, puts=(Put(record, before),))


class Policies:
    """Acts on policy versions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def adopt(self, text: str, *, actor: str, key: str | None = None) -> Receipt:
        """One person, in an adopting office, adopts this text; in force once every office did (X2).

        Raises PolicyFileError for a text with faults; Refused with adopted_late, adopted_twice,
        office_not_held or policy_version_changed.
        """
        act = adoption(self._engine, text, actor)
        return self._engine.perform(act, key=key, asked=act.policy.digest)


def adoption(engine: Engine, text: str, actor: str) -> Adopt:
    """The act of adopting a text; PolicyFileError for one with faults."""
    env = engine.env
    return Adopt(load_policy(text), actor, env.directory)
