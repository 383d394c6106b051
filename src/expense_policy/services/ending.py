"""Withdrawal, closing, expiry: the ways a document ends but by settlement (A3.4)."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..domain import checks, documents
from ..domain.approval import takers
from ..domain.documents import Document, Payable
from ..domain.money import Money
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Kind, Office, Status
from ..ports.directory import Directory
from ..ports.repository import Look, Put
from .claiming import between
from .drafting import vacated
from .engine import Effects, Scene, Verdicts, document_of, own, paid_already, round_policy
from .vouching import freed


@attrs.define
class End:
    """`name` is "withdraw", "close" or "expire"."""

    name: str
    subject: str
    actor: str
    reason: str | None
    directory: Directory

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(documents=(self.subject,))

    def decide(self, scene: Scene) -> Verdicts:
        document = document_of(scene, self.subject)
        ways = {"withdraw": self._withdraw, "close": self._close, "expire": self._expire}
        return ways[self.name](document, scene)

    def _withdraw(self, document: Document, scene: Scene) -> Verdicts:
        found = own(document, self.actor)
        office = Office.FINANCE_OFFICER if found and self._stranded(document, scene) else None
        if office is not None:
            found = []
        open_ = [Status.IN_REVIEW, Status.RETURNED]
        if isinstance(document.content, Payable):
            open_.append(Status.APPROVED)
        if document.status not in open_:
            found.append(refusal(Code.STATUS_WRONG, status=document.status.value, needed=", ".join(open_)))
        elif document.paid:
            found.append(paid_already(document))
        elif document.kind is Kind.APPLICATION and document.claimed:
            found.append(refusal(Code.APPLICATION_CLAIMED, claimed=Money(document.claimed, document.currency)))
        return tuple(found) or _ended(document, Status.WITHDRAWN, scene, office)

    def _stranded(self, document: Document, scene: Scene) -> bool:
        """Whether finance may end it with a reason: it came back, or nobody is left to sign, and its filer is gone.

        Without this what he had filed would hold its money, or its place, for ever (I30).
        """
        roster = self.directory.roster((document.department,), scene.at)
        if checks.blank(self.reason or "") or not roster.holds(self.actor, Office.FINANCE_OFFICER, document.department):
            return False
        if document.status is Status.RETURNED:
            return True
        step, policy = document.step, round_policy(scene, document)
        return step is not None and not takers(step, policy, roster, document.department, document.bars)[1]

    def _close(self, document: Document, scene: Scene) -> Verdicts:
        if not isinstance(document.content, Payable):
            raise ValueError(f"a {document.kind.value} is not closed: nothing is paid from it")
        found, office = self._owner_or_finance(document, scene)
        if checks.blank(self.reason or ""):
            found.append(refusal(Code.REASON_MISSING, clause="A3.4"))
        found += self._partly_paid(document)
        return tuple(found) or _ended(document, Status.CLOSED, scene, office)

    def _expire(self, document: Document, scene: Scene) -> Verdicts:
        if document.status is not Status.APPROVED or document.expires_at is None or scene.at < document.expires_at:
            return (refusal(Code.STATUS_WRONG, status=document.status.value, needed="expired"),)
        return _ended(document, Status.CLOSED if document.drawn else Status.EXPIRED, scene)

    def _partly_paid(self, document: Document) -> list[Refusal]:
        if document.status is not Status.APPROVED:
            return [refusal(Code.STATUS_WRONG, status=document.status.value, needed=Status.APPROVED.value)]
        if not document.drawn:
            return [refusal(Code.NOTHING_TO_CLOSE)]
        return [] if document.drawn < document.units else [paid_already(document)]

    def _owner_or_finance(self, document: Document, scene: Scene) -> tuple[list[Refusal], str | None]:
        roster = self.directory.roster((document.department,), scene.at)
        if roster.holds(self.actor, Office.FINANCE_OFFICER, document.department):
            return [], Office.FINANCE_OFFICER
        return own(document, self.actor), None


def _ended(document: Document, status: Status, scene: Scene, office: str | None = None) -> Verdicts:
    change = documents.end(document, status, scene.at)
    moved = between(scene, document, change)
    if isinstance(moved, Look):
        return moved
    puts, moves = moved
    return Effects(
        office=office,
        version=document.round.policy_version,
        puts=(Put(change.document, document.version), *puts),
        moves=moves,
        # A plan that was withdrawn makes room for another one (B1.1), and vouchers are free again (R2.2).
        takes=(*vacated(document, status), *freed(document, change.document)),
        rows=(documents.manifest(change.document),),
        tell=(document.applicant,),
    )
