"""The laws of budgets, derived again from what is stored (I10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import attrs

from ..domain import year_end
from ..domain.documents import Document
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.vocabulary import Status
from .drafting import Budget, is_budget, stated
from .replay import Broken, Replay


def in_force(d: Document, played: Replay) -> Broken:
    """What a document put in force is what was signed."""
    signed = d.content.in_force if is_budget(d.content) and d.status is Status.APPROVED else {}
    if _moved(played.opened.get(d.id, {})) == _moved(signed):
        return []
    return [("I10", "what is in force is not what was signed")]


def broken_years(played: Replay) -> None:
    """Tells every change of what is in force that is no document's, and no end of a year says of itself."""
    for subject in sorted({*played.opened, *played.carried}):
        told = year_end.in_force(played.carried.get(subject, ()))
        if ("document", subject) not in played.records and _moved(played.opened.get(subject, {})) != told:
            played.broken(subject, "I10", "what is in force was moved otherwise than the end of the year says")


def _moved(units: Mapping[str, int]) -> dict[str, int]:
    return {line: n for line, n in units.items() if n}


@attrs.define
class Plans:
    """What each budget that was approved says of the months of its lines (B1.3, B1.6)."""

    said: dict[str, tuple[datetime, Budget, Policy]] = attrs.field(factory=dict)

    def take(self, d: Document, policy: Policy | None) -> None:
        """One more document; `policy` is the version of its round, if that can be trusted."""
        if d.status is Status.APPROVED and policy is not None and d.approved_at is not None and is_budget(d.content):
            self.said[d.id] = (d.approved_at, d.content, policy)

    def broken(self, played: Replay) -> None:
        """Tells each budget after which what is planned for a month is not what it says.

        They are taken in the order in which they came into force, which their guard counts. Of one that was approved
        by a library of before, which planned no months, nothing is known.
        """
        since, stands = played.planned_since, Counter[tuple[str, Month]]()
        for id in sorted({*self.said, *played.planned}, key=lambda id: (played.bumped[id], id)):
            form, more = self.said.get(id), played.planned.get(id, {})
            if not more and (since is None or (form is not None and form[0] < since)):
                continue
            said = {} if form is None else stated(form[1], form[2], stands, form[0])
            stray = not said.keys() >= more.keys()
            if not stray:
                stands.update(more)
            if stray or any(stands[each] != units for each, units in said.items()):
                played.broken(id, "I10", "what is planned for its months is not what was signed")
