"""What a store keeps: records, which have versions, facts, which never change; what the journal says of each."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..domain.adoption import PolicyVersion
from ..domain.allocation_rule import Allocated, AllocationRule
from ..domain.approval import Round, Signature
from ..domain.cards import Books, Card, Paper
from ..domain.categories import UseRow
from ..domain.claim import Claim
from ..domain.content import Digest, Row, line_digest
from ..domain.documents import Content, Document, Payable
from ..domain.duty import Duty
from ..domain.holds import Line, Move
from ..domain.journal import Seal
from ..domain.negotiation import Reviewed
from ..domain.payment import PayeeAccount, Payment
from ..domain.periods import instant_text
from ..domain.posting import Planned, Posting
from ..domain.project import Project
from ..domain.rectification import Rectification
from ..domain.vocabulary import DocumentId
from ..domain.voucher import VoucherRow
from ..domain.year_end import YearEnd

SEALS = "seal"
"""The subject whose entries are seals."""

CARDS: tuple[type[Card], ...] = (Books, Duty, Rectification, AllocationRule)
"""Every kind of card."""
PAPERS: tuple[type[Paper], ...] = (Reviewed, YearEnd, Allocated)
"""Every kind of paper."""

Record = Document | PayeeAccount | PolicyVersion | Project | Card
"""What has a version: a row that acts change."""


@attrs.frozen
class Signed:
    """A signature of a document's round."""

    document: DocumentId
    round: int
    signature: Signature

    def row(self) -> Row:
        """What a journal entry says of this row."""
        return ("signature", self.document, str(self.round), str(self.signature.step), self.signature.digest)


@attrs.frozen
class Submission:
    """What a round was submitted with; it stays when a later round takes its place (A3.3, B1.4)."""

    document: DocumentId
    round: Round
    content: Content
    content_digest: Digest

    @classmethod
    def of(cls, d: Document) -> Submission:
        """The submission of a document's present round."""
        return cls(d.id, d.round, d.content, d.content_digest)

    def row(self) -> Row:
        """What a journal entry says of this row: the statement covers all but when it was submitted."""
        return (
            "round",
            self.document,
            str(self.round.number),
            self.round.statement,
            instant_text(self.round.submitted_at),
        )


Fact = Submission | Signed | Payment | UseRow | Seal | Posting | Planned | VoucherRow | Paper
"""What is written once and never changed."""


def identity(fact: Fact) -> tuple[str | int, ...]:
    """What a fact is told by: a second one with the same is refused."""
    match fact:
        case UseRow():
            return ("use", fact.document, fact.number)
        case Posting():
            return ("posting", fact.document, str(fact.source), fact.number, fact.line)
        case Signed():
            return ("signature", fact.document, fact.round, fact.signature.step)
        case Payment():
            return ("payment", fact.document, fact.number)
        case Submission():
            return ("round", fact.document, fact.round.number)
        case Seal():
            return ("seal", fact.number)
        case Planned():
            return ("planned", fact.document, fact.line, str(fact.month))
        case VoucherRow():
            return ("voucher", fact.document, fact.round, fact.number)
    return ("paper", fact.document, fact.kind, fact.number)


def line_said(line: Line) -> Row:
    """What a journal entry says of a line it opens."""
    named = line_digest((line.name, line.plan) if line.project is None else (line.name, line.plan, line.project))
    return ("line", line.id, line.department, str(line.year), line.category, named)


def balance_said(line: Line) -> Row:
    """A line's balance as text, with the month it is closed through."""
    closed = "" if line.closed_through is None else str(line.closed_through)
    return ("balance", line.id, *map(str, (line.in_force, line.reserved, line.committed, line.spent)), closed)


def move_said(move: Move) -> Row:
    """What a journal entry says of a move."""
    moved = (str(move.in_force), str(move.reserved), str(move.committed), str(move.spent))
    expected = () if move.expected is None else (str(move.expected),)
    return ("move", move.line, *moved, "" if move.month is None else str(move.month), *expected)


def number_said(number: int, posting: Posting) -> Row:
    """The number that a closing gave a posting, within its month (R1.3)."""
    at = (posting.document, posting.source.value, str(posting.number), posting.line)
    return ("number", str(posting.month), str(number), *at)


@attrs.frozen
class Summary:
    """A document as a flat row: what lists, questions and sums need. Amounts are smallest units."""

    id: DocumentId
    kind: str
    department: str
    applicant: str
    status: str
    type: str | None
    payee_account: str | None
    payee_name: str | None
    payee_person: str | None
    units: int
    counted: int
    paid: int
    used: int
    submitted_at: datetime
    expires_at: datetime | None
    use_due_at: datetime | None
    step_office: str | None
    application: str | None = None
    pay_by: datetime | None = None
    claimed: int = 0
    cleared: int = 0

    def row(self) -> Row:
        """The row as text, as `Repository.standing` gives it."""
        return ("summary", *["" if value is None else str(value) for value in attrs.astuple(self)])

    @classmethod
    def of(cls, d: Document) -> Summary:
        """The row a document has; payee_name and payee_account are folded, or say what else it is related by (A3.6)."""
        form, step = d.content if isinstance(d.content, Payable) else None, d.step
        related = dict(form.relation) if form else {}
        return cls(
            d.id,
            d.kind.value,
            d.department,
            d.applicant,
            d.status.value,
            form.type if form else None,
            related.get("payee_account"),
            related.get("payee_name"),
            d.payee_person,
            d.units,
            d.counted,
            d.paid,
            d.used,
            d.round.submitted_at,
            d.expires_at,
            d.use_due_at,
            None if step is None else step.office,
            form.application if isinstance(form, Claim) else None,
            d.pay_by,
            d.claimed,
            d.cleared,
        )
