"""The end of a department's year: its lines close, each movement told (B1.5, B2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from ..domain import checks, year_end
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import LineId, Office
from ..domain.year_end import YearEnd
from ..ports.directory import Directory
from ..ports.repository import Guard, Look
from .drafting import budget_guard
from .engine import Effects, Scene, Verdicts


def _subject(department: str, year: int) -> str:
    return f"year:{department}:{year}"


@attrs.define
class CloseYear:
    """What is left of a year's lines lapses, or is carried into lines of the next; what is held stays where it is."""

    department: str
    year: int
    lines: tuple[LineId, ...]
    carry: Mapping[LineId, LineId]
    actor: str
    reason: str | None
    directory: Directory
    name: str = "close_year"

    @property
    def subject(self) -> str:
        return _subject(self.department, self.year)

    def look(self, at: datetime, policy: Policy | None) -> Look:
        lines = tuple(dict.fromkeys((*self.lines, *self.carry.values())))
        return Look(lines=lines, guards=self._guards, subjects=(_subject(self.department, self.year + 1),))

    @property
    def _guards(self) -> tuple[str, ...]:
        return budget_guard(self.department, self.year), budget_guard(self.department, self.year + 1)

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        found = self._may(policy, scene)
        if self.carry and _subject(self.department, self.year + 1) in scene.seen.heads:
            found.append(refusal(Code.YEAR_CLOSED, clause="B2.1", department=self.department, year=self.year + 1))
        for line, to in self.carry.items():
            found += self._fits(line, to, policy, scene)
        lines = [scene.seen.lines[line] for line in self.lines]
        head = scene.seen.heads.get(self.subject)
        if head is not None and not any(line.available for line in lines):
            found.append(refusal(Code.YEAR_CLOSED, department=self.department, year=self.year))
        if found:
            return tuple(found)
        carried = year_end.closing(lines, self.carry, policy.currency)
        number = 1 if head is None else head[0] + 1
        return Effects(
            office=Office.FINANCE_HEAD,
            guards=tuple(Guard(guard, scene.seen.guards[guard]) for guard in self._guards),
            moves=year_end.moves(carried),
            facts=(YearEnd(self.subject, number, self.actor, scene.at, carried),),
            tell=self.directory.roster((self.department,), scene.at).holders(Office.DEPARTMENT_HEAD, self.department),
        )

    def _may(self, policy: Policy, scene: Scene) -> list[Refusal]:
        found, roster = [], self.directory.roster((self.department,), scene.at)
        if not roster.holds(self.actor, Office.FINANCE_HEAD, self.department):
            holders = ", ".join(roster.holders(Office.FINANCE_HEAD, self.department)) or Office.FINANCE_HEAD
            asked = {"office": Office.FINANCE_HEAD, "department": self.department, "holders": holders}
            found.append(refusal(Code.OFFICE_NOT_HELD, clause="B1.5", actor=self.actor, **asked))
        if checks.blank(self.reason or ""):
            found.append(refusal(Code.REASON_MISSING))
        if policy.calendar.fiscal_year(policy.calendar.day(scene.at)) <= self.year:
            last = str(policy.calendar.months(self.year)[-1])
            found.append(refusal(Code.YEAR_NOT_OVER, year=self.year, last=last))
        return found

    def _fits(self, line: LineId, to: LineId, policy: Policy, scene: Scene) -> list[Refusal]:
        if not policy.budget.carry_balances:
            return [refusal(Code.BALANCE_LAPSES, line=line)]
        old, new = scene.seen.lines[line], scene.seen.lines.get(to)
        if new is None:
            return [refusal(Code.LINE_NOT_IN_FORCE, line=to)]
        wanted = (old.department, old.year + 1, old.category, old.project)
        if (new.department, new.year, new.category, new.project) != wanted:
            return [
                refusal(
                    Code.CARRY_UNFIT,
                    line=line,
                    to=to,
                    department=old.department,
                    year=old.year + 1,
                    category=old.category,
                )
            ]
        return []
