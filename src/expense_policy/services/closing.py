"""Closing a month of the books, and opening it again (R1.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import attrs

from ..domain import checks, duty
from ..domain.accounting import DoubleEntry, MonthlyAccounts
from ..domain.cards import BOOKS, Books
from ..domain.organisation import Roster
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Office
from ..ports.directory import Directory
from ..ports.repository import Look, Put, Seen
from . import duties
from .accounting import a_month, accounts, entries, posted_before
from .ahead import joined
from .booking import SEEN, closed_through, guard
from .effects import Effects
from .engine import Engine, Receipt, Scene, Verdicts

_DUTY = duty.subject("accounting")
OFFICERS = (Office.FINANCE_OFFICER, Office.FINANCE_HEAD)


def held_office(
    roster: Roster, policy: Policy, actor: str, offices: tuple[str, ...], clause: str
) -> str | tuple[Refusal, ...]:
    """Which of the offices the actor holds, of whatever department: the books are the company's. Else the refusal."""
    held = [h for h in roster.holdings if h.office in offices]
    mine = [h.office for h in held if h.person == actor]
    if mine:
        return mine[0]
    people = ", ".join(sorted({h.person for h in held}))
    return (
        refusal(
            Code.OFFICE_NOT_HELD,
            clause=clause,
            actor=actor,
            office=offices[0],
            department=", ".join(policy.departments),
            holders=people or offices[0],
        ),
    )


@attrs.define
class CloseMonth:
    """A month takes no further entry, and its postings get their numbers."""

    month: Month
    actor: str
    directory: Directory
    reason: str | None = None
    subject: str = BOOKS
    name: str = "close_month"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return joined([SEEN, Look(cards=(_DUTY,))])

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        month, through = self.month, closed_through(scene.seen)
        if through is None and not scene.seen.sums:
            # Before the first month there is none that has postings: they would never be closed, nor get a number.
            return Look(sums=(posted_before(month),))
        roster = self.directory.roster(policy.departments, scene.at)
        office = held_office(roster, policy, self.actor, OFFICERS, "R1.1")
        found = list(office) if isinstance(office, tuple) else []
        if month >= policy.calendar.month(scene.at):
            found.append(
                refusal(Code.MONTH_NOT_ENDED, month=str(month), today=policy.calendar.day(scene.at).isoformat())
            )
        if through is not None and month <= through:
            found.append(refusal(Code.MONTH_CLOSED, month=str(month), through=str(through)))
        else:
            found += self._in_order(scene.seen, through)
        if found or isinstance(office, tuple):
            return tuple(found)
        # Whoever closes a month has done the duty of accounting (G3.5).
        done, tell, body = duties.done(scene, policy, roster, "accounting", self.actor)
        return Effects(
            office=office,
            guards=(guard(scene.seen),),
            puts=(_books(scene.seen, month), done),
            tell=tell,
            body=body,
            closes=month,
        )

    def _in_order(self, seen: Seen, through: Month | None) -> list[Refusal]:
        earlier = [] if through is not None else sorted(name for (name,), count in seen.sums[0].items() if count)
        first = through.plus(1) if through is not None else Month.parse(earlier[0]) if earlier else self.month
        if first == self.month:
            return []
        return [refusal(Code.MONTH_OUT_OF_ORDER, month=str(self.month), first=str(first))]


def _books(seen: Seen, through: Month) -> Put:
    books = seen.cards.get(BOOKS)
    version = 0 if books is None else books.version
    return Put(Books(BOOKS, version + 1, through), version)


@attrs.define
class ReopenMonth:
    """The month that was closed last takes entries again; those it has keep their numbers."""

    month: Month
    actor: str
    reason: str | None
    directory: Directory
    subject: str = BOOKS
    name: str = "reopen_month"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return SEEN

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        roster = self.directory.roster(policy.departments, scene.at)
        office = held_office(roster, policy, self.actor, (Office.FINANCE_HEAD,), "R1.3")
        found = list(office) if isinstance(office, tuple) else []
        if checks.blank(self.reason or ""):
            found.append(refusal(Code.REASON_MISSING, clause="R1.3"))
        through = closed_through(scene.seen)
        if through != self.month:
            last = "-" if through is None else str(through)
            found.append(refusal(Code.MONTH_NOT_CLOSED, month=str(self.month), through=last))
        if found or isinstance(office, tuple):
            return tuple(found)
        puts = (_books(scene.seen, self.month.plus(-1)),)
        return Effects(office=office, guards=(guard(scene.seen),), puts=puts, reopens=self.month)


class Closing:
    """Acts on the months of the books, and what a closed month leaves. Each act raises Refused with every refusal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self, month: Month, *, actor: str, key: str | None = None) -> MonthlyAccounts:
        """Closes a month that has ended, the one after the last that was closed; gives its accounts (R1.1, R1.3).

        A finance officer or the finance head does it. From then on what belongs to the month stands in the next open
        one as a marked correction; every posting of the month has its number, from 1 without a gap. The first month
        that is closed is the earliest one that has postings, or any before it. A month that does not reconcile is
        closed all the same, for no act would put it right: the accounts that come back tell their `differences`.
        """
        act = CloseMonth(a_month(month), actor, self._engine.env.directory)
        self._engine.perform(act, key=key, asked=month)
        return accounts(self._engine.env, month)

    def reopen(self, month: Month, *, actor: str, reason: str, key: str | None = None) -> Receipt:
        """The finance head opens the month that was closed last again (R1.3); what is posted then gets the numbers that
        follow when it is closed again."""
        act = ReopenMonth(a_month(month), actor, reason, self._engine.env.directory)
        return self._engine.perform(act, key=key, asked=(month, reason))

    def entries(self, month: Month) -> Iterator[DoubleEntry]:
        """The double entries of a month, in the order of their numbers, streamed (R1.4).

        Raises Refused with month_open unless the month is closed: of an open one they would not be whole.
        """
        return entries(self._engine.env, month)
