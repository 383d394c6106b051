"""What finance posted, and no document, is undone whole and once: each posting by one that points to it (I30)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import attrs

from ..domain import checks
from ..domain.allocation_rule import Place, place_name
from ..domain.bookkeeping import month_of
from ..domain.money import Money
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.posting import SETTLED, Posting
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Office, Space
from ..ports.directory import Directory
from ..ports.repository import Look, Take
from . import bearing
from .booking import SEEN, closed_through, guard
from .closing import OFFICERS, held_office
from .effects import Effects
from .engine import Scene, Verdicts


@attrs.frozen
class Undone:
    """What is undone: its postings, numbered from 1 to `numbers` at most, and what a second time is told.

    `received` are those of them by which a cost reached others: it is undone while they have it still (R1.2), and their
    heads are told.
    """

    name: str
    clause: str
    posted: tuple[Posting, ...]
    numbers: int
    taken: tuple[Space, str]
    again: Refusal
    received: tuple[Posting, ...] = ()


@attrs.define
class Undo:
    """Each posting is undone by one of its own, in its own month, or in the next open one as a correction."""

    of: Undone
    actor: str
    reason: str | None
    directory: Directory

    @property
    def name(self) -> str:
        return self.of.name

    @property
    def subject(self) -> str:
        return self.of.posted[0].document

    def look(self, at: datetime, policy: Policy | None) -> Look:
        first = self.of.posted[0]
        asked = () if policy is None or not self.of.received else bearing.sums(_month(first), first.type, at, policy)
        return Look(cards=SEEN.cards, guards=SEEN.guards, taken=(self.of.taken,), sums=asked)

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        roster = self.directory.roster(policy.departments, scene.at)
        office = held_office(roster, policy, self.actor, OFFICERS, self.of.clause)
        found = list(office) if isinstance(office, tuple) else []
        if checks.blank(self.reason or ""):
            found.append(refusal(Code.REASON_MISSING, clause=self.of.clause))
        if scene.seen.taken:
            found.append(self.of.again)
        elif self.of.received:
            found += self._passed_on(policy, scene)
        if found or isinstance(office, tuple):
            return tuple(found)
        first, today = self.of.posted[0], policy.calendar.day(scene.at)
        month, corrects = month_of(_month(first), closed_through(scene.seen))
        undone = [
            attrs.evolve(
                each,
                number=self.of.numbers + each.number,
                month=month,
                on=today,
                units=-each.units,
                reverses=each.number,
                corrects=corrects,
            )
            for each in self.of.posted
        ]
        heads = {head for each in undone for head in roster.holders(Office.DEPARTMENT_HEAD, each.department)}
        return Effects(
            office=office,
            guards=(guard(scene.seen),),
            takes=(Take(*self.of.taken, self.subject, ever=True),),
            facts=tuple(undone),
            tell=tuple(sorted(heads)) if self.of.received else (),
        )

    def _passed_on(self, policy: Policy, scene: Scene) -> list[Refusal]:
        """A refusal for each whom it reached, and who has allocated of it since."""
        first, reached = self.of.posted[0], Counter[Place]()
        has = bearing.borne(scene.seen.sums, _month(first))
        for each in self.of.received:
            # What stayed with whoever bore it never went on.
            if each.reference != SETTLED:
                reached[(each.department, each.project or None)] += each.units
        return [
            refusal(
                Code.ALLOCATION_PASSED_ON,
                allocation=first.document,
                place=place_name(place),
                type=first.type,
                month=str(_month(first)),
                received=Money(units, policy.currency),
                left=Money(has[place], policy.currency),
            )
            for place, units in reached.items()
            if bearing.beyond(units, has[place])
        ]


def _month(posting: Posting) -> Month:
    """The month that a posting is of, wherever it stands."""
    return posting.corrects or posting.month
