"""Claims and their application: what a claim may ask of it, and the money that goes between the two (R2.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from . import documents, holds
from .application import Application
from .categories import kind_of
from .claim import Claim
from .document import Document
from .documents import Change
from .holds import Held, Move
from .money import Money
from .policy import Policy
from .refusals import Code, Refusal, refusal
from .vocabulary import SET_OFF, DocumentId, LineId, Status


def open_at(application: Document, at: datetime) -> bool:
    """Whether claims may stand under an application: it is approved, and has not run out."""
    ends = application.expires_at
    return application.status is Status.APPROVED and (ends is None or at < ends)


def check(
    form: Claim, application: Document | None, previous: Document | None, policy: Policy, at: datetime
) -> list[Refusal]:
    """Everything in which a claim does not fit the application it names; what `previous` took is there again."""
    asked = None if application is None else application.content
    if application is None or not isinstance(asked, Application) or not open_at(application, at):
        status = "unknown" if application is None or not isinstance(asked, Application) else application.status.value
        if status == Status.APPROVED:
            status = Status.EXPIRED.value
        return [refusal(Code.APPLICATION_NOT_OPEN, application=form.application or "", status=status)]
    before = previous if previous is not None and previous.application == application.id else None
    found = []
    held = Counter({h.line: h.committed for h in application.held})
    lines = {h.line for h in application.held}
    for h in () if before is None else before.held:
        held[h.line] += h.reserved + h.committed
    fiscal_year = policy.calendar.fiscal_year
    differ = [name for name in ("department", "type", "project") if getattr(form, name) != getattr(asked, name)]
    # A line pays from its own year on, which is the application's (B2.1).
    differ += ["year"] if fiscal_year(form.expected_payment) < fiscal_year(asked.expected_payment) else []
    differ += [] if lines.issuperset(share.line for share in form.shares) else ["line"]
    if differ:
        found.append(refusal(Code.CLAIM_DIFFERS, application=application.id, fields=", ".join(differ)))
    if asked.payee is None:
        found.append(refusal(Code.GRANTED_NOT_PAID, type=form.type, needed=SET_OFF))
    return found + _within(form, application, before, policy, held)


def _within(
    form: Claim, application: Document, before: Document | None, policy: Policy, held: Mapping[LineId, int]
) -> list[Refusal]:
    found: dict[Refusal, None] = {}
    claimed = application.claimed - (0 if before is None else before.taken)
    cleared = application.cleared - (0 if before is None else before.cleared)
    ahead = application.paid - cleared
    wanted = [(Code.CLAIM_EXCEEDS_APPLICATION, form.amount, application.units - claimed)]
    wanted += [(Code.CLAIM_EXCEEDS_APPLICATION, each.amount, held.get(each.line, 0)) for each in form.shares]
    wanted += [] if form.advance is None else [(Code.ADVANCE_EXCEEDED, form.advance, ahead)]
    for code, asked, most in wanted:
        if asked.units > most:
            left = Money(most, application.currency)
            found[refusal(code, application=application.id, asked=asked, left=left)] = None
    kind = kind_of(form.type, policy)
    if kind is not None and kind.paid_up_to_use:
        # What is paid up to its use record is claimed up to it (C8).
        free = application.used - application.paid - claimed + cleared
        if form.payable.units > free:
            left = Money(max(free, 0), application.currency)
            found[refusal(Code.PAYMENT_EXCEEDS_USE, asked=form.payable, left=left)] = None
    return list(found)


def concerned(before: Document | None, after: Document) -> tuple[DocumentId, ...]:
    """The applications that an act on a claim changes: those of which it takes more than before, or less."""
    # A document stays of its kind, and most are no claims.
    if not isinstance(after.content, Claim):
        return ()
    ids = [id for d in (before, after) if d is not None and (id := d.application) is not None]
    return tuple(dict.fromkeys(id for id in ids if _taken(before, after, id) != (0, 0, {})))


def between(
    before: Document | None,
    change: Change,
    applications: Mapping[DocumentId, Document],
    policies: Mapping[str, Policy],
    at: datetime,
) -> tuple[tuple[Document, ...], tuple[Move, ...]]:
    """The applications after an act on a claim, and what moves on the lines.

    What a claim takes it takes of what its application has committed, and what it gives back is committed again while
    the application is approved and has not run out; afterwards it goes to the line.
    """
    moves, found = [*change.moves], []
    for id in concerned(before, change.document):
        application = applications[id]
        claimed, cleared, lines = _taken(before, change.document, id)
        held = application.held
        if open_at(application, at):
            held = tuple(Held(h.line, h.reserved, h.committed - lines.get(h.line, 0), h.spent) for h in held)
            moves += [Move(line, committed=-units, expected=application.expected) for line, units in lines.items()]
        found.append(
            documents.claim(
                application,
                held,
                application.claimed + claimed,
                application.cleared + cleared,
                at,
                policies[application.round.policy_version],
            )
        )
    return tuple(found), holds.merged(tuple(moves))


def _taken(before: Document | None, after: Document, application: DocumentId) -> tuple[int, int, dict[LineId, int]]:
    """By how much an act changes what a claim takes of an application: amount, advance, and what it holds by line."""
    claimed, cleared, lines = 0, 0, Counter[LineId]()
    for sign, each in ((-1, before), (1, after)):
        if each is not None and each.application == application:
            claimed += sign * each.taken
            cleared += sign * each.cleared
            for h in each.held:
                lines[h.line] += sign * (h.reserved + h.committed + h.spent)
    return claimed, cleared, {line: units for line, units in lines.items() if units}
