"""What an act on a claim does to its application, and how a claim under one is settled (R2.3, R2.4)."""

from __future__ import annotations

from ..domain import claiming, documents, holds
from ..domain.documents import Change, Document
from ..domain.holds import Move
from ..domain.money import Money
from ..domain.refusals import Code, refusal
from ..domain.vocabulary import Office, Status
from ..ports.directory import Directory
from ..ports.repository import Look, Put
from .engine import Effects, Scene, Verdicts, own

Between = tuple[tuple[Put, ...], tuple[Move, ...]]


def between(scene: Scene, before: Document | None, change: Change) -> Between | Look:
    """The applications that the act changes, and all that moves on lines; a look where they have to be seen first."""
    ids = claiming.concerned(before, change.document)
    if not ids:
        return (), holds.merged(change.moves)
    unseen = tuple(id for id in ids if id not in scene.seen.documents)
    if unseen:
        return Look(documents=unseen)
    seen = scene.seen.documents
    after, moves = claiming.between(before, change, seen, scene.policies, scene.at)
    return tuple(Put(each, seen[each.id].version) for each in after), moves


def settle(document: Document, actor: str, directory: Directory, scene: Scene) -> Verdicts:
    """A claim under an application ends once it is paid whole, or an advance covers it: by claimant or finance."""
    finance = directory.roster((document.department,), scene.at).holds(
        actor, Office.FINANCE_OFFICER, document.department
    )
    found = [] if finance else own(document, actor)
    if document.status is not Status.APPROVED:
        found.append(refusal(Code.STATUS_WRONG, status=document.status.value, needed=Status.APPROVED.value))
    elif document.paid < document.payable:
        paid, payable = (Money(units, document.currency) for units in (document.paid, document.payable))
        found.append(refusal(Code.CLAIM_UNPAID, paid=paid, payable=payable))
    if found:
        return tuple(found)
    change = documents.end(document, Status.SETTLED, scene.at)
    return Effects(
        office=Office.FINANCE_OFFICER if finance else None,
        version=document.round.policy_version,
        puts=(Put(change.document, document.version),),
        moves=change.moves,
        rows=(documents.manifest(change.document),),
        tell=(document.applicant,),
    )
