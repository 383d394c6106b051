"""The reimbursement claim 费用报销单 (R2.1-R2.4)."""

from __future__ import annotations

from datetime import date
from functools import cached_property

import attrs

from . import checks
from .application import Attachment, Payee, Share
from .categories import Plan
from .content import Digest, digest
from .money import Money, above_0
from .vocabulary import SET_OFF, DocumentId, Kind
from .voucher import Voucher


@attrs.frozen(slots=False)
class Claim:
    """What was spent and is to be paid back, against vouchers: under an approved application, or without one (R2.4).

    `shares` are the parts of it that lines bear and that are to be paid; `advance` is the part that was paid ahead
    under the application. Without an application it says for itself what an application would have said, and `reason`
    why there is none.
    """

    department: str = attrs.field(validator=checks.ident)
    purpose: str = attrs.field(validator=checks.text)
    type: str = attrs.field(validator=checks.ident)
    payee: Payee = attrs.field(validator=checks.exactly(Payee))
    method: str = attrs.field(validator=checks.label)
    expected_payment: date = attrs.field(validator=checks.day)
    shares: tuple[Share, ...] = attrs.field(validator=checks.many(Share))
    vouchers: tuple[Voucher, ...] = attrs.field(validator=checks.many(Voucher))
    application: DocumentId | None = attrs.field(default=None, validator=checks.optional(checks.ident))
    advance: Money | None = attrs.field(default=None, validator=checks.optional(above_0))
    project: str | None = attrs.field(default=None, validator=checks.optional(checks.ident))
    attachments: tuple[Attachment, ...] = attrs.field(default=(), validator=checks.many(Attachment))
    reason: str | None = attrs.field(default=None, validator=checks.optional(checks.text))
    business_goal: str = attrs.field(default="", validator=checks.text)
    customers: str = attrs.field(default="", validator=checks.text)
    plan: Plan | None = None

    def __attrs_post_init__(self) -> None:
        if not self.shares and self.advance is None:
            raise ValueError("a claim names at least one line, or the advance it settles")
        if len({share.line for share in self.shares}) < len(self.shares):
            raise ValueError("a claim names a line once")
        if self.method == SET_OFF:
            raise ValueError("a claim is paid, and not granted")
        if (self.application is None) != (self.plan is not None):
            raise ValueError("a claim stands under an application, or brings its own plan record")
        if self.application is None and self.advance is not None:
            raise ValueError("an advance is paid under an application")

    @cached_property
    def payable(self) -> Money:
        """What is to be paid: the sum of the shares, without the advance."""
        total = Money(0, (self.advance or self.shares[0].amount).currency)
        for share in self.shares:
            total += share.amount
        return total

    @cached_property
    def amount(self) -> Money:
        """The amount claimed."""
        return self.payable if self.advance is None else self.payable + self.advance

    @cached_property
    def relation(self) -> tuple[tuple[str, str], ...]:
        """By which columns of a store it counts as one purchase with others (A3.6)."""
        return (("payee_account", self.payee.folded_account), ("payee_name", self.payee.folded))

    @cached_property
    def digest(self) -> Digest:
        """The digest of everything the form says: worked out once, for nothing of it can change (A3.3)."""
        return digest(self)

    @property
    def kind(self) -> Kind:
        """Always a claim."""
        return Kind.CLAIM
