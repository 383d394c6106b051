"""The use record 使用记录, and settlement against it (C8, A4.4)."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..domain import checks, documents
from ..domain.application import Application
from ..domain.categories import REGISTER, Use
from ..domain.categories._shape import Case, month_of, not_yet
from ..domain.documents import Document
from ..domain.money import Money
from ..domain.periods import Calendar
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Office, Status
from ..ports.directory import Directory
from ..ports.repository import Guard, Look, Put, Sum
from .engine import Effects, Scene, Verdicts, document_of, own, round_policy

# Whatever zone the company counts its days in, an instant's day lies between these two.
_ZONES = (Calendar("Etc/GMT+12"), Calendar("Etc/GMT-14"))


@attrs.define
class UseRecord:
    """The use record grows (C8); with `settle` the document ends on it too."""

    subject: str
    actor: str
    rows: tuple[Use, ...]
    reason: str | None
    directory: Directory
    settle: bool
    type: str

    @property
    def name(self) -> str:
        return "settle" if self.settle else "record_use"

    def _contacts(self) -> dict[str, tuple[str, ...]]:
        """The recipients of each month a row may fall in: no more of a month is asked for than these."""
        if not self.rows or not REGISTER[self.type].counts_contacts:
            return {}
        found: dict[str, dict[str, None]] = {}
        for use in self.rows:
            for calendar in _ZONES:
                found.setdefault(month_of(use.day(calendar)), {})[use.recipient] = None
        return {month: tuple(found[month]) for month in sorted(found)}

    def _guard(self, month: str) -> str:
        return f"contact:{self.type}:{month}"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        contacts = self._contacts()
        sums = tuple(
            Sum("contacts", ("month", "recipient"), (("type", self.type), ("month", month), ("recipient", recipients)))
            for month, recipients in contacts.items()
        )
        return Look(documents=(self.subject,), guards=tuple(map(self._guard, contacts)), sums=sums)

    def _open(self, document: Document) -> bool:
        """While it is approved; after it was closed the use of what was paid ahead of it is still owed (C8)."""
        form = document.content
        if not isinstance(form, Application):
            return False
        if document.status is Status.APPROVED:
            return True
        owed = document.status is Status.CLOSED and document.paid > 0 and not REGISTER[form.type].paid_up_to_use
        return owed and not self.settle

    def _case(self, document: Document, form: Application, policy: Policy, scene: Scene) -> Case:
        day, approved = policy.calendar.day, document.approved_at
        return Case(
            document.id,
            document.use_rows + 1,
            form.plan,
            policy,
            None if approved is None else day(approved),
            day(scene.at),
            {(month, recipient): n for group in scene.seen.sums for (month, recipient), n in group.items()},
            self.reason,
        )

    def decide(self, scene: Scene) -> Verdicts:
        document = document_of(scene, self.subject)
        form = document.content
        roster = self.directory.roster((document.department,), scene.at)
        finance = roster.holds(self.actor, Office.FINANCE_OFFICER, document.department)
        found = [] if finance and not self.rows else own(document, self.actor)
        open_ = self._open(document)
        if not open_:
            found.insert(0, refusal(Code.USE_NOT_OPEN, status=document.status.value))
        if not isinstance(form, Application):
            return tuple(found)
        policy, kind = round_policy(scene, document), REGISTER[form.type]
        if self.rows and self.type != form.type:
            raise TypeError(f"the rows are of {self.type}, the application of {form.type}")
        case = self._case(document, form, policy, scene)
        rows, broken = kind.rows(self.rows, case)
        found += not_yet(self.rows, case)
        unexplained = checks.blank(self.reason or "")
        if broken and unexplained:
            found += [*broken, refusal(Code.REASON_MISSING, clause="C8")]
        used = document.used + sum(row.units for row in rows)
        found += _within(document, used, owed=open_ and document.status is Status.CLOSED)
        if self.settle:
            found += _unsettled(document, used, document.use_rows + len(rows), unexplained)
            change = documents.end(document, Status.SETTLED, scene.at, used=used, rows=len(rows))
        elif not rows:
            raise ValueError("a use record grows by at least one row")
        else:
            change = documents.use(document, used, len(rows))
        if found:
            return tuple(found)
        months = sorted({row.month for row in rows}) if kind.counts_contacts else ()
        guards = tuple(Guard(key, scene.seen.guards.get(key, 0)) for key in map(self._guard, months))
        return Effects(
            version=document.round.policy_version,
            office=Office.FINANCE_OFFICER if finance and not self.rows else None,
            guards=guards,
            puts=(Put(change.document, document.version),),
            moves=change.moves,
            facts=rows,
            rows=(documents.manifest(change.document),) if self.settle else (),
            tell=(document.applicant,) if self.settle else (),
        )


def _within(document: Document, used: int, *, owed: bool) -> list[Refusal]:
    """A use record stays within what was approved; what is owed after a close, within what was paid (C8)."""
    total = Money(used, document.currency)
    if owed:
        paid = Money(document.paid, document.currency)
        return [refusal(Code.USE_EXCEEDS_PAID, used=total, paid=paid)] if total > paid else []
    if total > document.amount:
        return [refusal(Code.USE_EXCEEDS_APPROVAL, used=total, approved=document.amount)]
    return []


def _unsettled(document: Document, used: int, rows: int, unexplained: bool) -> list[Refusal]:
    """A document is settled once something was paid and its use record bears it, or a reason says why not (C8)."""
    if document.ended_at is not None:
        return []
    found = [] if document.paid else [refusal(Code.NOTHING_TO_CLOSE)]
    total, paid = Money(used, document.currency), Money(document.paid, document.currency)
    if not rows:
        found.append(refusal(Code.USE_MISSING))
    elif total < paid and unexplained:
        found.append(refusal(Code.USE_FALLS_SHORT, used=total, paid=paid, short=paid - total))
    return found
