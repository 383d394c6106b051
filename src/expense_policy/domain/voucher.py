"""Vouchers 凭证: what a claim rests on, and what each is told by, whatever way it is written (R2.1, R2.2)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import attrs

from . import checks
from .content import Row, digest, line_digest
from .folding import fold
from .money import Money, not_below_0


class VoucherKind(StrEnum):
    """The kinds of vouchers."""

    INVOICE = "invoice"
    """A paper invoice: a code and a number."""
    DIGITAL_INVOICE = "digital_invoice"
    """数电票: a number of 20 digits and no code."""
    RECEIPT = "receipt"
    CONTRACT = "contract"


# Digits that letters are written for, after folding (Unicode TS 39, confusables.txt).
_DIGITS = str.maketrans("oil", "011")


def _folded(written: str) -> str:
    return fold(written).translate(_DIGITS)


@attrs.frozen
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

    @property
    def key(self) -> str:
        """What the voucher is told by (R2.2): two ways of writing one have one key, which is a digest.

        Of an invoice its code and number, whoever is said to have issued it; of a receipt or contract issuer and
        number. Leading zeros of an invoice's code and number say nothing.
        """
        number, code = _folded(self.number), _folded(self.code)
        if self.kind in (VoucherKind.INVOICE, VoucherKind.DIGITAL_INVOICE):
            return line_digest(("invoice", code.lstrip("0"), number.lstrip("0")))
        return line_digest((self.kind.value, fold(self.issuer), number))


@attrs.frozen
class VoucherRow:
    """A voucher as it stands in a round of a document: what look-alikes are searched by (R2.2).

    `alike` is a digest of the payee's folded name and the total, so that neither stands in a sum's question.
    """

    document: str
    round: int
    number: int
    voucher: Voucher
    alike: str

    def row(self) -> Row:
        """What a journal entry says of this row: the voucher by its digest."""
        at = (self.document, str(self.round), str(self.number))
        return ("voucher", *at, self.voucher.key, self.alike, digest(self.voucher))
