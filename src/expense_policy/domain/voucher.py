"""Vouchers 凭证: what a claim rests on, and what each is told by, whatever way it is written (R2.1, R2.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

import attrs

from . import checks
from .content import Row, digest, line_digest
from .folding import fold, fold_number
from .masking import masked
from .money import Money, not_below_0
from .policy import Policy
from .refusals import Code, Refusal, refusal


class VoucherKind(StrEnum):
    """The kinds of vouchers."""

    INVOICE = "invoice"
    """A paper invoice: a code and a number."""
    DIGITAL_INVOICE = "digital_invoice"
    """数电票: a number of 20 digits and no code."""
    RECEIPT = "receipt"
    CONTRACT = "contract"


class VoucherVerdict(StrEnum):
    """What somebody who can tell says of a voucher 发票查验."""

    GENUINE = "genuine"
    FORGED = "forged"
    VOID = "void"
    """It was issued, and taken back by its issuer."""
    UNKNOWN = "unknown"


_NEEDED = {
    VoucherKind.INVOICE: ("code", "number", "issuer", "buyer"),
    VoucherKind.DIGITAL_INVOICE: ("number", "issuer", "buyer"),
    VoucherKind.RECEIPT: ("number", "issuer"),
    VoucherKind.CONTRACT: ("number", "issuer", "buyer"),
}
_SHAPES = {
    VoucherKind.INVOICE: {"code": re.compile("[0-9]{10}|[0-9]{12}"), "number": re.compile("[0-9]{8}")},
    VoucherKind.DIGITAL_INVOICE: {"code": re.compile(""), "number": re.compile("[0-9]{20}")},
}
_INVOICE = re.compile("[0-9]{18}|[0-9]{20}")
"""The digits of an invoice: of its code and its number together."""


@attrs.frozen(slots=False)
class Voucher:
    """A voucher as it is written; `amount` is net of `tax`, and `total` is what stands on it for both.

    What is blank, or does not fit its kind, is refused where the voucher is handed in, and no mistake of the caller's.
    """

    kind: VoucherKind = attrs.field(validator=checks.exactly(VoucherKind))
    number: str = attrs.field(validator=checks.label)
    issuer: str = attrs.field(validator=checks.label)
    buyer: str = attrs.field(validator=checks.label)
    on: date = attrs.field(validator=checks.day)
    amount: Money = attrs.field(validator=not_below_0)
    tax: Money = attrs.field(validator=not_below_0)
    total: Money = attrs.field(validator=not_below_0)
    code: str = attrs.field(default="", validator=checks.label)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """What the voucher is told by (R2.2), digests: no other one has any of them, of whatever kind it is said to be.

        What has the digits of an invoice, in code and number together, is told by these, whoever is said to have
        issued it; leading zeros say nothing. Issuer and number tell a voucher beside a code, which may be invented,
        and where the digits are no invoice's.
        """
        number, code = fold_number(self.number), fold_number(self.code)
        issued = line_digest(("issued", fold_number(self.issuer), number))
        if not _INVOICE.fullmatch(code + number):
            return (issued,)
        whole = line_digest(("invoice", (code + number).lstrip("0")))
        return (whole, issued) if code else (whole,)

    @property
    def key(self) -> str:
        """The first of its keys: two ways of writing one voucher have one."""
        return self.keys[0]


def told(voucher: Voucher) -> tuple[str, ...]:
    """What a voucher says, whatever way it is written: what two of one key have to agree in to be one."""
    amounts = (voucher.amount, voucher.tax, voucher.total)
    sums = [f"{each.units} {each.currency}" for each in amounts]
    return (voucher.key, voucher.on.isoformat(), fold_number(voucher.issuer), fold_number(voucher.buyer), *sums)


ALIKE = ("alike_account", "alike_name", "alike_person")
"""The columns that look-alikes are searched by: any one of them makes a payee the same (A3.6, R2.2)."""


@attrs.frozen
class VoucherRow:
    """A voucher as it stands in a round of a document: what look-alikes are searched by (R2.2).

    Each of `ALIKE` is a digest of whom it is paid to and the total (`alike`), so that neither stands in a sum's
    question; "" where nothing is said of the payee there.
    """

    document: str
    round: int
    number: int
    voucher: Voucher
    alike_account: str = ""
    alike_name: str = ""
    alike_person: str = ""

    def row(self) -> Row:
        """What a journal entry says of this row: the voucher by its digest."""
        at = (self.document, str(self.round), str(self.number))
        alikes = (self.alike_account, self.alike_name, self.alike_person)
        return ("voucher", *at, self.voucher.key, *alikes, digest(self.voucher))


def alike(column: str, payee: str, voucher: Voucher) -> str:
    """What a voucher has in common with its near-duplicates: whom it is paid to, by a column, and its total."""
    return line_digest((column, payee, str(voucher.total.units), voucher.total.currency))


def confirmations(voucher: Voucher, payee: str) -> tuple[str, ...]:
    """The keys of those who stand for it that a voucher, for the payee of this id, only looks like another (R2.2).

    As many are kept as it takes: two of them may be the applicant and the payee himself, who don't count.
    """
    said = ("confirmed", voucher.key, payee, str(voucher.total.units), voucher.total.currency)
    return tuple(line_digest((*said, str(n))) for n in range(3))


def near(day: date, days: int) -> tuple[str, ...]:
    """The days that lie no more than so many from a day, as a store compares them."""
    return tuple((day + timedelta(days=n)).isoformat() for n in range(-days, days + 1))


def check(vouchers: Sequence[Voucher], policy: Policy, today: date) -> list[Refusal]:
    """Every rule that these vouchers, handed in together today, break (R2.1, R2.2)."""
    found: list[Refusal] = []
    for voucher in vouchers:
        found += _check(voucher, policy, today)
    before: set[str] = set()
    for voucher in vouchers:
        if not before.isdisjoint(voucher.keys):
            found.append(refusal(Code.VOUCHER_TWICE, voucher=named(voucher)))
        before.update(voucher.keys)
    return found


def named(voucher: Voucher) -> str:
    """How a voucher is named to people: by its number."""
    return "?" if checks.blank(voucher.number) else voucher.number


def _check(voucher: Voucher, policy: Policy, today: date) -> list[Refusal]:
    found, number = _fits(voucher), named(voucher)
    wrong = sorted({m.currency for m in (voucher.amount, voucher.tax, voucher.total)} - {policy.currency})
    if wrong:
        found.append(
            refusal(Code.VOUCHER_CURRENCY, voucher=number, currency=", ".join(wrong), company_currency=policy.currency)
        )
    elif voucher.amount + voucher.tax != voucher.total:
        amount, tax, total = voucher.amount, voucher.tax, voucher.total
        found.append(refusal(Code.VOUCHER_SUM_DIFFERS, voucher=number, amount=amount, tax=tax, total=total))
    first = today - timedelta(days=policy.vouchers.age_days_max)
    if not first <= voucher.on <= today:
        days = {"on": voucher.on.isoformat(), "first": first.isoformat(), "last": today.isoformat()}
        found.append(refusal(Code.VOUCHER_OUT_OF_TIME, voucher=number, **days))
    buyers = {fold(name) for name in (policy.company, *policy.vouchers.buyers)}
    if not checks.blank(voucher.buyer) and fold(voucher.buyer) not in buyers:
        told = {"buyer": masked(voucher.buyer), "company": policy.company}
        found.append(refusal(Code.VOUCHER_BUYER_DIFFERS, voucher=number, **told))
    return found


def _fits(voucher: Voucher) -> list[Refusal]:
    unfit = [name for name in _NEEDED[voucher.kind] if checks.blank(getattr(voucher, name))]
    for name, shape in _SHAPES.get(voucher.kind, {}).items():
        if name not in unfit and not shape.fullmatch(fold_number(getattr(voucher, name))):
            unfit.append(name)
    if not unfit:
        return []
    fields = ", ".join(f"voucher_{name}" for name in unfit)
    return [refusal(Code.VOUCHER_UNFIT, voucher=named(voucher), kind=voucher.kind.value, fields=fields)]
