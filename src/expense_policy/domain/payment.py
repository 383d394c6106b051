"""A payment as it is recorded, and what an instruction must agree with (A4.2, A4.3)."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

import attrs

from . import checks
from .application import Payee
from .categories import kind_of
from .claim import Payable
from .content import Digest, Row, digest, line_digest
from .money import Money, split
from .periods import instant_text
from .policy import Policy
from .refusals import Code, Refusal, refusal
from .vocabulary import SET_OFF, DocumentId, LineId, PersonId


@attrs.frozen
class Instruction:
    """What the cashier is about to pay, or to post as a set-off without a payee: held against the form.

    `vouchers` are the keys of those that lie before him (R2.3).
    """

    amount: Money = attrs.field(validator=checks.exactly(Money))
    payee: Payee | None = attrs.field(validator=checks.exactly(Payee, type(None)))
    method: str = attrs.field(validator=checks.label)
    attachments: tuple[Digest, ...] = attrs.field(default=(), validator=checks.many(str))
    vouchers: tuple[Digest, ...] = attrs.field(default=(), validator=checks.many(str), metadata=checks.SINCE)


@attrs.frozen(slots=False)
class Payment:
    """A payment recorded; a refund has negative units and points to the payment it undoes, whole or in part.

    A set-off (C9) has the method "set_off", and a payee's name and account that say nothing.
    """

    document: DocumentId
    number: int
    units: int
    payee_name: str
    payee_account: str
    method: str
    payer: PersonId
    at: datetime
    statement: Digest
    parts: tuple[tuple[LineId, int], ...]
    reverses: int | None = None

    @property
    def granted(self) -> bool:
        """Whether it is a set-off, and no money moved (C9)."""
        return self.method == SET_OFF

    @cached_property
    def digest(self) -> Digest:
        """The digest of everything the payment says."""
        what = (self.document, str(self.number), str(self.units), _number(self.reverses))
        to = (self.payee_name, self.payee_account, self.method)
        by = (self.payer, instant_text(self.at), self.statement)
        parts = [text for line, units in self.parts for text in (line, str(units))]
        return line_digest(("payment/1", *what, *to, *by, *parts))

    def row(self) -> Row:
        """What a journal entry says of this row."""
        return ("payment", self.document, str(self.number), str(self.units), self.digest)


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


@attrs.frozen
class PayeeAccount:
    """The account last paid, or confirmed by name, under a payee's name (A4.2): folded; `id` is `payee_id`."""

    id: str
    account: str
    version: int

    def row(self) -> Row:
        """What a journal entry says of this row: the account by its digest."""
        return ("payee", self.id, str(self.version), digest(self.account))


def differences(instruction: Instruction, form: Payable) -> list[Refusal]:
    """Every field in which the instruction differs from the form (A4.2)."""
    fields = []
    to, wanted = instruction.payee, form.payee
    if to is None or wanted is None:
        fields += ["payee"] if to is not wanted else []
    else:
        fields += [f"payee_{n}" for n in ("name", "account", "person") if getattr(to, n) != getattr(wanted, n)]
    if instruction.method != form.method:
        fields.append("method")
    if instruction.amount.currency != form.amount.currency:
        fields.append("currency")
    if sorted(instruction.attachments) != sorted([a.digest for a in form.attachments]):
        fields.append("documents")
    if sorted(instruction.vouchers) != sorted([v.key for v in form.vouchers]):
        fields.append("vouchers")
    return [refusal(Code.PAYMENT_DIFFERS, fields=", ".join(fields))] if fields else []


def undo(
    payments: tuple[Payment, ...], number: int, amount: Money | None, currency: str
) -> tuple[int, tuple[tuple[LineId, int], ...]] | Refusal:
    """What of a payment is returned, and what each line gets of it: `amount`, or all that is not returned yet (I30).

    KeyError where there is no such payment. Each line gets its part in proportion to what it has not back yet.
    """
    done = next((p for p in payments if p.number == number and p.reverses is None), None)
    if done is None:
        raise KeyError(number)
    undone = [p for p in payments if p.reverses == number]
    back = -sum(p.units for p in undone)
    units = done.units - back if amount is None else amount.units
    if not 0 < units <= done.units - back:
        paid, already = Money(done.units, currency), Money(back, currency)
        return refusal(Code.REVERSAL_EXCEEDS_PAYMENT, number=number, paid=paid, reversed=already)
    left = [n + sum(dict(p.parts)[line] for p in undone) for line, n in done.parts]
    shares = split(units, left)
    return units, tuple((line, share) for (line, _), share in zip(done.parts, shares, strict=True))


def in_its_year(form: Payable, policy: Policy, at: datetime) -> list[Refusal]:
    """A line pays from its own year on (B2.1): what a form expected for a later one waits for it."""
    calendar = policy.calendar
    year, now = calendar.fiscal_year(form.expected_payment), calendar.fiscal_year(calendar.day(at))
    if now >= year:
        return []
    kind = kind_of(form.type, policy)
    category = form.type if kind is None else kind.category
    return [
        refusal(
            Code.LINE_MISMATCH,
            line=", ".join(share.line for share in form.shares),
            line_department=form.department,
            line_year=year,
            line_category=category,
            department=form.department,
            year=now,
            category=category,
        )
    ]


def within(amount: Money, approved: Money, drawn: int, used: int | None) -> list[Refusal]:
    """Payments never pass the amount approved, nor the use record where the type is paid up to it (C8).

    What claims ask for of it counts as paid (R2.4).
    """
    if amount.units <= 0:
        raise ValueError("a payment is above 0; a reversal is an act of its own")
    found = []
    left = approved.units - drawn
    if amount.units > left:
        found.append(
            refusal(Code.PAYMENT_EXCEEDS_APPROVAL, asked=amount, left=Money(left, amount.currency), approved=approved)
        )
    if used is not None and amount.units > used - drawn:
        found.append(refusal(Code.PAYMENT_EXCEEDS_USE, asked=amount, left=Money(max(used - drawn, 0), amount.currency)))
    return found
