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

_BASES = {"accrual": "accrual", "cash": "cash_basis"}
"""What each method of accounting is called: "cash" alone is a way to pay."""


@attrs.define
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
        new, known = self.policy, scene.seen.policies.get(self.policy.version)
        same = known if known is not None and known.digest == new.digest else None
        if same is not None and same.adopted:
            return (refusal(Code.ADOPTED_ALREADY, version=new.version, effective=new.effective.isoformat()),)
        found = _against(new, scene)
        if known is not None and same is None:
            found.append(refusal(Code.POLICY_VERSION_CHANGED, version=new.version))
        # Who adopts is said when a text is first adopted, and stays so whatever comes into force meanwhile.
        offices, adopters = _adopting(scene), tuple[Adopter, ...]()
        if same is not None:
            offices, adopters = same.offices, same.adopters
        office = self._office([o for o in offices if o not in {a.office for a in adopters}], adopters, scene.at)
        if isinstance(office, Refusal):
            return (*found, office)
        if found:
            return tuple(found)
        before = 0 if same is None else same.version
        signed = (*adopters, Adopter(self.actor, office, scene.at))
        record = PolicyVersion(new.version, new.effective, new.text, new.digest, offices, signed, before + 1)
        guards = (Guard(POLICY_GUARD, scene.seen.guards.get(POLICY_GUARD, 0)),)
        return Effects(office=office, guards=guards, puts=(Put(record, before),))

    def _office(self, open_offices: list[str], adopters: tuple[Adopter, ...], at: datetime) -> str | Refusal:
        """The office the actor adopts in, of those that have not yet, or why he can't."""
        version, waiting = self.policy.version, ", ".join(open_offices)
        if self.actor in {a.person for a in adopters}:
            return refusal(Code.ADOPTED_TWICE, actor=self.actor, version=version, offices=waiting)
        roster = self.directory.roster((), at)
        for office in open_offices:
            if roster.holds(self.actor, office, ""):
                return office
        holders = ", ".join(p for o in open_offices for p in roster.holders(o, ""))
        return refusal(
            Code.OFFICE_NOT_HELD,
            clause="X2",
            actor=self.actor,
            office=waiting,
            department=self.policy.company,
            # An office that nobody holds is named itself.
            holders=holders or waiting,
        )


def _adopting(scene: Scene) -> tuple[str, ...]:
    """The offices that adopt: of the version in force, of the first to come, and only before any the desk's own."""
    if scene.policy is not None:
        return scene.policy.adopters
    first = min(scene.policies.values(), key=lambda policy: policy.effective, default=None)
    return scene.offices if first is None else first.adopters


def _against(new: Policy, scene: Scene) -> list[Refusal]:
    """What speaks against a text, whoever adopts it: its day, and the versions adopted already (X2, X3, R1.1)."""
    found: list[Refusal] = []
    others = [policy for policy in scene.policies.values() if policy.digest != new.digest]
    company = others[0] if others else new
    effective, today = new.effective.isoformat(), company.calendar.day(scene.at)
    if today >= new.effective:
        found.append(refusal(Code.ADOPTED_LATE, version=new.version, effective=effective, today=today.isoformat()))
    for other in others:
        if other.effective == new.effective:
            found.append(
                refusal(Code.EFFECTIVE_DAY_TAKEN, version=new.version, effective=effective, other=other.version)
            )
    zones = (new.calendar.time_zone, company.calendar.time_zone)
    starts = (new.calendar.fiscal_year_start, company.calendar.fiscal_year_start)
    if new.currency != company.currency or zones[0] != zones[1] or starts[0] != starts[1]:
        found.append(
            refusal(
                Code.CURRENCY_OR_ZONE_CHANGED,
                version=new.version,
                currency=new.currency,
                time_zone=zones[0],
                start=starts[0],
                company_currency=company.currency,
                company_time_zone=zones[1],
                company_start=starts[1],
            )
        )
    bases = [_BASES[policy.accounts.method] for policy in (new, company)]
    if bases[0] != bases[1]:
        found.append(refusal(Code.METHOD_CHANGED, version=new.version, basis=bases[0], company_basis=bases[1]))
    return found


class Policies:
    """Acts on policy versions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def adopt(self, text: str, *, actor: str, key: str | None = None) -> Receipt:
        """One person, in an adopting office, adopts this text; in force from its day once every office did (X2).

        The offices are those of the version in force, before the first one those the desk was opened with; they
        stay what they were when the text was first adopted. Raises PolicyFileError for a text with faults; Refused
        with adopted_already, adopted_late, adopted_twice, currency_or_zone_changed (X3), effective_day_taken,
        method_changed (R1.1), office_not_held or policy_version_changed: all that apply at once.
        """
        act = adoption(self._engine, text, actor)
        return self._engine.perform(act, key=key, asked=act.policy.digest)


def adoption(engine: Engine, text: str, actor: str) -> Adopt:
    """The act of adopting a text; PolicyFileError for one with faults."""
    env = engine.env
    return Adopt(load_policy(text), actor, env.directory)
