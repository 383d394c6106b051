"""The one approval machine all documents share: in review, approved, and the ways a document ends (A3)."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from . import holds
from .approval import (
    Outcome,
    Round,
    Signature,
    Verdict,
    authority,
    check_verdict,
    statement_digest,
    unsigned_steps,
)
from .claim import Claim
from .content import Digest, Row
from .document import Content as Content
from .document import Document as Document
from .document import Payable as Payable
from .document import expected
from .holds import Held, Move
from .money import UNITS_MAX
from .organisation import Authority, Roster
from .payment import Payment
from .policy import Policy
from .refusals import Code, Refusal, refusal
from .vocabulary import DocumentId, PersonId, Status


class _Mint:
    """What only this module holds: without it no `Approved` view is made."""


_MINT = _Mint()


class Approved:
    """Proof that a document is signed in full for what it says now: the only thing that can be paid (A4.1)."""

    __slots__ = ("document", "form")

    def __init__(self, mint: _Mint, document: Document, form: Payable) -> None:
        if mint is not _MINT:
            raise TypeError("an Approved view is made by `documents.approved` alone")
        self.document = document
        self.form = form


@attrs.define
class Change:
    """What a transition does: the document as it shall stand, and what moves on its lines."""

    document: Document
    moves: tuple[Move, ...] = ()


def submit(
    *,
    id: DocumentId,
    applicant: PersonId,
    content: Content,
    previous: Document | None,
    policy: Policy,
    related_units: int,
    nonce: str,
    at: datetime,
) -> Change:
    """A new document, or a new round of a returned, unsigned or unpaid one: money is reserved, nobody has signed."""
    content_digest = content.digest
    deciding = content.amount.units + related_units
    if deciding > UNITS_MAX:
        raise ValueError("the amount, with what is related to it, is beyond 2**63-1")
    chain = policy.chain(content.kind, deciding, content.type)
    revision = 1 if previous is None else previous.round.revision + 1
    number = 1 if previous is None else previous.round.number + 1
    statement = statement_digest(
        document=id,
        kind=content.kind,
        revision=revision,
        number=number,
        content=content_digest,
        policy_version=policy.version,
        policy_digest=policy.digest,
        deciding_units=deciding,
        chain=chain,
        nonce=nonce,
    )
    round_ = Round(number, revision, at, policy.version, policy.digest, deciding, chain, nonce, statement)
    back: tuple[Move, ...] = () if previous is None else holds.release(previous.held, previous.expected)[1]
    shares = tuple((s.line, s.amount.units) for s in content.shares) if isinstance(content, Payable) else ()
    held, moves = holds.reserve(shares, expected(content))
    advance = content.advance if isinstance(content, Claim) else None
    version = 1 if previous is None else previous.version + 1
    before = () if previous is None else (*previous.before, *previous.signatures)
    document = Document(
        id,
        applicant,
        content,
        content_digest,
        policy.currency,
        Status.IN_REVIEW,
        version,
        round_,
        before=before,
        held=held,
        cleared=0 if advance is None else advance.units,
    )
    return Change(document, holds.merged((*back, *moves)) if back else moves)


def judge_signature(
    document: Document, *, actor: PersonId, seen: Digest, verdict: Verdict, policy: Policy, roster: Roster
) -> Authority | tuple[Refusal, ...]:
    """By what right the actor signs the present step with this verdict, or everything that forbids it."""
    step = document.step
    if step is None:
        return (refusal(Code.STATUS_WRONG, status=document.status.value, needed=Status.IN_REVIEW.value),)
    found: list[Refusal] = []
    r = document.round
    # A round whose chain is not the one its policy asks for was not submitted through the desk.
    if seen != document.statement or r.chain != policy.chain(document.kind, r.deciding_units, document.type):
        found.append(refusal(Code.STATEMENT_STALE))
    found += check_verdict(step, verdict)
    right = authority(actor, step, policy, roster, document.department, document.round.deciding_units, document.bars)
    if isinstance(right, tuple):
        return (*found, *right)
    return tuple(found) if found else right


def sign(document: Document, signature: Signature, policy: Policy) -> Change:
    """The document after a signature: the next step, approved, returned or rejected."""
    signatures = (*document.signatures, signature)
    at = signature.at
    if signature.verdict.outcome is Outcome.APPROVE:
        if len(signatures) < len(document.round.chain):
            return Change(_next(document, signatures=signatures))
        held, moves = holds.commit(document.held, document.expected)
        # A budget plan that was approved does not expire: it is in force. Nor does a claim that an advance covers.
        runs_out = isinstance(document.content, Payable) and document.payable > 0
        after = _next(
            document,
            status=Status.APPROVED,
            signatures=signatures,
            held=held,
            approved_at=at,
            expires_at=policy.calendar.days_after(at, policy.expiry_days) if runs_out else None,
            pay_by=_pay_by(document, at, policy),
        )
        return Change(after, moves)
    held, moves = holds.release(document.held, document.expected)
    returned = signature.verdict.outcome is Outcome.RETURN
    status, ended = (Status.RETURNED, None) if returned else (Status.REJECTED, at)
    return Change(_next(document, status=status, signatures=signatures, held=held, ended_at=ended), moves)


def _pay_by(document: Document, approved: datetime | None, policy: Policy) -> datetime | None:
    """The end of the last working day on which a claim that was approved is paid in time (R2.3); None of all else."""
    if approved is None or not isinstance(document.content, Claim):
        return None
    calendar = policy.calendar
    last = calendar.working_day_after(calendar.day(approved), policy.claims.pay_within_days)
    return calendar.start(last + timedelta(days=1))


def pay(view: Approved, payment: Payment, policy: Policy) -> Change:
    """The document after a payment (A4.3); the use record of what was paid falls due some days later (C8).

    It takes the proof that the document is signed in full: nothing else is paid (A4.1).
    """
    document = view.document
    held, moves = holds.spend(document.held, payment.parts, policy.calendar.month(payment.at), document.expected)
    due = policy.calendar.days_after(payment.at, policy.use_due_days)
    return Change(_next(document, held=held, payments=(*document.payments, payment), use_due_at=due), moves)


def reverse(document: Document, undone: Payment, policy: Policy) -> Change:
    """The document after a payment was undone: its money is committed again, or back on its lines once it ended."""
    if undone.units >= 0 or undone.reverses is None:
        raise ValueError("a reversal is below 0 and names the payment it undoes")
    spend = holds.spend if document.ended_at is None else holds.give_back
    held, moves = spend(document.held, undone.parts, policy.calendar.month(undone.at), document.expected)
    # What has to be paid again has to be by when it had to be at first.
    by = _pay_by(document, document.approved_at, policy)
    return Change(_next(document, held=held, payments=(*document.payments, undone), pay_by=by), moves)


def claim(
    application: Document, held: tuple[Held, ...], claimed: int, cleared: int, at: datetime, policy: Policy
) -> Document:
    """An application after claims under it took more of it, or less (R2.4): its use record falls due as if paid."""
    due = policy.calendar.days_after(at, policy.use_due_days)
    return _next(application, held=held, claimed=claimed, cleared=cleared, use_due_at=due)


def use(document: Document, used: int, rows: int) -> Change:
    """The document after its use record grew to `used` smallest units by so many rows: nothing signed changes."""
    return Change(_next(document, used=used, use_rows=document.use_rows + rows))


def end(document: Document, status: Status, at: datetime, *, used: int | None = None, rows: int = 0) -> Change:
    """The document at its end, its use record grown on the way: what it still holds goes back to its lines."""
    held, moves = holds.release(document.held, document.expected)
    use_rows = document.use_rows + rows
    return Change(_next(document, status=status, held=held, ended_at=at, used=used, use_rows=use_rows), moves)


def _next(
    d: Document,
    *,
    status: Status | None = None,
    signatures: tuple[Signature, ...] | None = None,
    held: tuple[Held, ...] | None = None,
    payments: tuple[Payment, ...] | None = None,
    used: int | None = None,
    use_rows: int | None = None,
    approved_at: datetime | None = None,
    expires_at: datetime | None = None,
    use_due_at: datetime | None = None,
    ended_at: datetime | None = None,
    claimed: int | None = None,
    cleared: int | None = None,
    pay_by: datetime | None = None,
) -> Document:
    """The next version; None leaves a field as it is. Built directly: `attrs.evolve` costs more than twice as much.

    A use record is due while more was paid, or claimed, than used, and until settlement: the first due day stays (C8);
    of a claim under an application the use record is the application's. A claim has to be paid while it is approved and
    not paid whole; once it was given back unpaid it clears no advance.
    """
    status, used, form = status or d.status, d.used if used is None else used, d.content
    paid = d.paid if payments is None else sum(payment.units for payment in payments)
    claimed, cleared = d.claimed if claimed is None else claimed, d.cleared if cleared is None else cleared
    if isinstance(form, Claim):
        cleared = 0 if status in _GIVEN_BACK else cleared
        owed = paid > used and status is not Status.SETTLED and form.application is None
        unpaid = status is Status.APPROVED and paid < form.payable.units
    else:
        owed = paid + claimed - cleared > used and status is not Status.SETTLED
        unpaid = False
    return Document(
        d.id,
        d.applicant,
        d.content,
        d.content_digest,
        d.currency,
        status,
        d.version + 1,
        d.round,
        d.signatures if signatures is None else signatures,
        d.before,
        d.held if held is None else held,
        d.payments if payments is None else payments,
        used,
        d.use_rows if use_rows is None else use_rows,
        approved_at or d.approved_at,
        expires_at or d.expires_at,
        (d.use_due_at or use_due_at) if owed else None,
        ended_at or d.ended_at,
        claimed,
        cleared,
        (d.pay_by or pay_by) if unpaid else None,
    )


_GIVEN_BACK = (Status.RETURNED, Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED)


def evidence(document: Document) -> tuple[Digest, ...]:
    """The digests of what was handed in with it."""
    form = document.content
    return tuple([a.digest for a in form.attachments]) if isinstance(form, Payable) else ()


def manifest(document: Document) -> Row:
    """What is archived together: form, evidence, signatures, payments, each by its digest (A4.4).

    The use record is not of it: what was paid may be used, and its use and effect recorded, after the end (C8, G3.2).
    """
    papers = evidence(document)
    signed = [signature.digest for signature in document.signatures]
    paid = [payment.digest for payment in document.payments]
    counts = (len(papers), len(signed), len(paid))
    return ("archive", document.id, document.content_digest, *map(str, counts), *papers, *signed, *paid)


def present_statement(document: Document) -> Digest:
    """The statement of what the document says now, derived again from its content."""
    r = document.round
    return statement_digest(
        document=document.id,
        kind=document.kind,
        revision=r.revision,
        number=r.number,
        content=document.content.digest,
        policy_version=r.policy_version,
        policy_digest=r.policy_digest,
        deciding_units=r.deciding_units,
        chain=r.chain,
        nonce=r.nonce,
    )


def unsigned(document: Document, policy: Policy | None) -> tuple[str, ...]:
    """The offices whose approval of what the document says now is missing, derived again (A4.1).

    `policy` is the version of the round. The chain is what that version asks for the amount that decided, never what
    stands in the store: where the two differ, or the version is not known, nothing counts as signed.
    """
    r = document.round
    units = max(r.deciding_units, document.units)
    chain = (
        () if policy is None or policy.digest != r.policy_digest else policy.chain(document.kind, units, document.type)
    )
    if policy is None or not chain or chain != r.chain:
        return tuple(step.office for step in chain or r.chain) or (document.kind.value,)
    return unsigned_steps(
        policy,
        r.deciding_units,
        chain,
        present_statement(document),
        document.signatures,
        document.applicant,
        document.payee_person,
        document.before,
    )


def approved(document: Document, policy: Policy | None, at: datetime) -> Approved | tuple[Refusal, ...]:
    """The proof that a document can be paid, or every reason why not (A4.1).

    Neither status nor chain is trusted: statement, chain and each step's signature are derived again.
    """
    form = document.content
    found: list[Refusal] = []
    if document.status is not Status.APPROVED or not isinstance(form, Payable):
        found.append(refusal(Code.STATUS_WRONG, status=document.status.value, needed=Status.APPROVED.value))
    missing = unsigned(document, policy)
    if missing:
        found.append(refusal(Code.SIGN_OFF_INCOMPLETE, steps=", ".join(missing)))
    if document.expires_at is not None and at >= document.expires_at:
        found.append(refusal(Code.APPROVAL_EXPIRED, expires=document.expires_at.isoformat()))
    if found or not isinstance(form, Payable):
        return tuple(found)
    return Approved(_MINT, document, form)
