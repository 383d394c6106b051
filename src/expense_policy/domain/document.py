"""A document as it stands: its content, its present round, what it holds, what was paid (A3)."""

from __future__ import annotations

from datetime import datetime

import attrs

from .adjustment import BudgetAdjustment, SupplementaryRequest
from .application import Application
from .approval import Bars, Round, Signature, Step, bars
from .budget import BudgetPlan
from .claim import Claim
from .claim import Payable as Payable
from .content import Digest, Row
from .holds import Held
from .money import Money
from .payment import Payment
from .periods import Month, instant_text
from .vocabulary import DocumentId, Kind, PersonId, Status

Content = Application | BudgetPlan | BudgetAdjustment | SupplementaryRequest | Claim
"""The five documents of the policy."""
OPEN = (Status.IN_REVIEW, Status.APPROVED)
"""While a document is in one of these, its whole amount is spoken for."""


def expected(form: Content) -> Month | None:
    """The month in which what a document holds is to be paid; None of one that holds nothing (B2.3)."""
    return Month.on(form.expected_payment) if isinstance(form, Payable) else None


@attrs.frozen
class Document:
    """A document as it stands: its content, its present round with signatures, what it holds, what was paid.

    Amounts are smallest units. `signatures` are those of the present round, `before` those of the rounds it replaced,
    `payments` all there are. `claimed` is what claims under an application ask for, while they are in review, approved
    or paid; `cleared` the part of it that its payments, the advance, are set against. Of a claim `cleared` is the
    advance that it settles, and `pay_by` when it has to be paid, while it has (R2.3).
    """

    id: DocumentId
    applicant: PersonId
    content: Content
    content_digest: Digest
    currency: str
    status: Status
    version: int
    round: Round
    signatures: tuple[Signature, ...] = ()
    before: tuple[Signature, ...] = ()
    held: tuple[Held, ...] = ()
    payments: tuple[Payment, ...] = ()
    used: int = 0
    use_rows: int = 0
    approved_at: datetime | None = None
    expires_at: datetime | None = None
    use_due_at: datetime | None = None
    ended_at: datetime | None = None
    claimed: int = 0
    cleared: int = 0
    pay_by: datetime | None = None

    @property
    def kind(self) -> Kind:
        """Which kind of document this is."""
        return self.content.kind

    @property
    def department(self) -> str:
        """The department that files it."""
        return self.content.department

    @property
    def units(self) -> int:
        """The amount asked, in smallest units."""
        return self.content.amount.units

    @property
    def amount(self) -> Money:
        """The amount asked."""
        return self.content.amount

    @property
    def paid(self) -> int:
        """Payments less reversals, in smallest units."""
        return sum([payment.units for payment in self.payments]) if self.payments else 0

    def left(self, number: int) -> int:
        """What is left of a payment, less what was refunded of it, in smallest units."""
        return sum(p.units for p in self.payments if number in (p.number, p.reverses))

    @property
    def drawn(self) -> int:
        """What was paid of it and, of an application, what claims beside the advance ask for; of a claim the advance.

        It never passes the amount asked: no money is approved once and goes out twice (R2.4).
        """
        return self.paid + (self.cleared if isinstance(self.content, Claim) else self.claimed - self.cleared)

    @property
    def payable(self) -> int:
        """The most that may be paid of it: what was asked, but for what goes out, or went out, by another document."""
        return self.units - self.drawn + self.paid

    @property
    def application(self) -> DocumentId | None:
        """The application that a claim stands under; None of one without, and of any other document (R2.4)."""
        return self.content.application if isinstance(self.content, Claim) else None

    @property
    def taken(self) -> int:
        """What a claim takes of its application: its amount while it is open, and what was paid or set off then."""
        return self.units if self.status in OPEN else self.drawn

    @property
    def asked(self) -> Application | None:
        """What an application says, or what a claim without one says in its place; None of any other document."""
        form = self.content
        return form if isinstance(form, Application) else form.asked if isinstance(form, Claim) else None

    @property
    def statement(self) -> Digest:
        """The statement of the present round: what a signature covers."""
        return self.round.statement

    @property
    def step(self) -> Step | None:
        """The step whose turn it is; None unless in review."""
        if self.status is not Status.IN_REVIEW:
            return None
        done = len(self.signatures)
        return self.round.chain[done] if done < len(self.round.chain) else None

    @property
    def payee_person(self) -> PersonId | None:
        """The payee, where he is one of the company's own people."""
        form = self.content
        return form.payee.person if isinstance(form, Payable) and form.payee is not None else None

    @property
    def type(self) -> str:
        """The expense type of an application or claim; "" of any other document."""
        return self.content.type

    @property
    def bars(self) -> Bars:
        """Who may not sign the present step, or pay where there is none, by the part he plays (A3.2, A4.3)."""
        step = self.step
        office = None if step is None else step.office
        return bars(self.applicant, self.payee_person, self.signatures, self.before, office)

    @property
    def expected(self) -> Month | None:
        """The month in which what it holds is to be paid (B2.3)."""
        return expected(self.content)

    @property
    def counted(self) -> int:
        """What this document adds to the deciding amount of a related one (A3.6).

        A claim under an application adds nothing: its application does.
        """
        return 0 if self.application is not None else self.taken

    def row(self) -> Row:
        """What a journal entry says of this row: enough to tell a changed one.

        The statement covers the content, the amount asked, and the round but for when it was submitted.
        """
        sums = (str(self.used), str(self.use_rows), str(self.paid))
        times = (self.round.submitted_at, self.approved_at, self.expires_at, self.use_due_at, self.ended_at)
        held = [t for h in self.held for t in (h.line, str(h.reserved), str(h.committed), str(h.spent))]
        stood = ["" if at is None else instant_text(at) for at in times]
        # Three fields more tell themselves: what is held comes to a multiple of four.
        by = "" if self.pay_by is None else instant_text(self.pay_by)
        claims = (str(self.claimed), str(self.cleared), by) if self.claimed or self.cleared or by else ()
        state = (self.applicant, self.currency, *sums, *stood, *held, *claims)
        # `str` of an enum gives what `value` does, for less.
        return ("document", self.id, str(self.version), str(self.status), self.statement, *state)
