"""Who can say whether a voucher is genuine, and who reads vouchers out of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..domain.voucher import Voucher, VoucherVerdict


class Genuineness(Protocol):
    """Checks vouchers 发票查验 (A2.1). Shared by threads; `testing.contract.GenuinenessContract` holds it to this."""

    def check(self, vouchers: Sequence[Voucher]) -> Mapping[str, VoucherVerdict]:
        """What is known of each voucher, under its key.

        One question for any number of vouchers, in any order. Two ways of writing one voucher have one key and one
        answer. One of which nothing can be said is `UNKNOWN` or has no entry, and is no error; genuine is only what
        somebody who can tell calls so, for all that stands on it: one of another amount, day or buyer than the genuine
        one is forged. Nothing is there that was not asked, and the mapping is the caller's.

        `RepositoryUnavailable` where nobody can be reached; whatever is raised stops the act before anything is
        written.
        """


class VoucherReader(Protocol):
    """Reads vouchers of one format; `testing.contract.VoucherReaderContract` holds it to this."""

    def read(self, data: bytes) -> tuple[Voucher, ...]:
        """The vouchers that stand there, in their order, as they are written: nothing is mended or left out.

        A ValueError that says what is wrong, and where, for anything else: bytes of another format or cut short, a
        field that is missing, unknown, or of another type, an amount that is not exact. It reads what it is given and
        nothing besides: no other file, no network.
        """
