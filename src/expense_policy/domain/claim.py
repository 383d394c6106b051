"""The reimbursement claim 费用报销单 (R2.1-R2.4)."""

from __future__ import annotations

from datetime import date
from functools import cached_property

import attrs

from . import checks
from .application import Application, Attachment, Payee, Share
from .categories import Effect, Plan, kind_of
from .content import Digest, digest
from .money import Money, above_0
from .policy import Policy
from .refusals import Code, Refusal, refusal
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
    benefit: Effect | None = attrs.field(default=None, validator=checks.optional(checks.exactly(Effect)))
    value_class: str | None = attrs.field(default=None, validator=checks.optional(checks.ident))

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
        # Worked out here, so that mixed currencies and a plan record of another type are told at once.
        _ = self.amount, self.asked

    @cached_property
    def asked(self) -> Application | None:
        """What an application would have said, where there is none: what it is judged and held by (R2.4)."""
        if self.plan is None:
            return None
        return Application(
            self.department,
            self.purpose,
            self.business_goal,
            self.customers,
            self.type,
            self.shares,
            self.payee,
            self.method,
            self.expected_payment,
            self.plan,
            self.project,
            self.attachments,
            self.benefit,
            self.value_class,
            self.vouchers,
        )

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


Payable = Application | Claim
"""The documents that something is paid of."""


def check(form: Claim, policy: Policy, others: Money) -> list[Refusal]:
    """Every rule that a claim breaks by itself, whatever an application says (R2.1, R2.4).

    Of one without an application `application.check` of what it `asked` says the rest; `others` is what was claimed
    so besides that makes one purchase with it (A3.6): splitting it raises no limit.
    """
    if form.amount.currency != policy.currency:
        raise ValueError(f"the company's currency is {policy.currency}, not {form.amount.currency}")
    found = _without(form, policy, others) if form.application is None else _complete(form, policy)
    totals = [each.total.units for each in form.vouchers if each.total.currency == policy.currency]
    total = Money(sum(totals), policy.currency)
    if form.amount > total:
        short = form.amount - total
        found.append(refusal(Code.CLAIM_EXCEEDS_VOUCHERS, asked=form.amount, total=total, short=short))
    return found


def _without(form: Claim, policy: Policy, others: Money) -> list[Refusal]:
    found = []
    limit = dict(policy.claims.without_application).get(form.type, 0)
    if form.amount.units + others.units > limit:
        most, asked = Money(limit, policy.currency), form.amount
        found.append(refusal(Code.CLAIM_NEEDS_APPLICATION, type=form.type, asked=asked, others=others, limit=most))
    if checks.blank(form.reason or ""):
        found.append(refusal(Code.REASON_MISSING, clause="R2.4"))
    return found


def _complete(form: Claim, policy: Policy) -> list[Refusal]:
    found = []
    if form.department not in policy.departments:
        found.append(refusal(Code.DEPARTMENT_OUT_OF_SCOPE, department=form.department))
    said = {"purpose": form.purpose, "method": form.method}
    said |= {"payee_name": form.payee.name, "payee_account": form.payee.account}
    empty = [name for name, value in said.items() if checks.blank(value)]
    if empty:
        found.append(refusal(Code.FORM_INCOMPLETE, clause="R2.1", fields=", ".join(empty)))
    if kind_of(form.type, policy) is None:
        found.append(refusal(Code.TYPE_UNKNOWN, type=form.type))
    return found
