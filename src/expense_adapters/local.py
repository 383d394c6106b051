"""A journal key, people, customers and vouchers that do not change, evidence in memory, a notifier that records."""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import BinaryIO

import attrs

from expense_policy.domain.customers import Customer
from expense_policy.domain.organisation import Delegation, Holding, Roster
from expense_policy.domain.voucher import Voucher, VoucherVerdict, told
from expense_policy.ports.notifier import Notice


@attrs.frozen
class HmacKey:
    """One HMAC-SHA-256 key."""

    id: str
    secret: bytes = attrs.field(repr=False)

    def mac(self, data: bytes) -> tuple[str, str]:
        """The key's id and the tag."""
        return self.id, hmac.new(self.secret, data, hashlib.sha256).hexdigest()

    def check(self, key_id: str, data: bytes, tag: str) -> bool:
        """Whether the tag is this key's; KeyError for another key's."""
        if key_id != self.id:
            raise KeyError(key_id)
        return hmac.compare_digest(self.mac(data)[1], tag)


class MemoryEvidence:
    """Evidence in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """Keeps the bytes."""
        found = hashlib.sha256(data).hexdigest()
        self._kept[found] = bytes(data)
        return found

    def open(self, digest: str) -> BinaryIO:
        """The bytes; KeyError where absent."""
        return io.BytesIO(self._kept[digest])

    def has(self, digest: str) -> bool:
        """Whether they are there."""
        return digest in self._kept


@attrs.frozen
class FixedDirectory:
    """People who do not change."""

    holdings: tuple[Holding, ...]
    delegations: tuple[Delegation, ...] = ()

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """The offices of these departments and of the whole company, and all delegations."""
        return Roster.of(units, at, self.holdings, self.delegations)


@attrs.frozen
class FixedCustomers:
    """Customers who do not change."""

    customers: tuple[Customer, ...]

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """Those of the ids that are among them."""
        asked = {*ids}
        return {customer.id: customer for customer in self.customers if customer.id in asked}


@attrs.frozen
class FixedGenuineness:
    """What an issuer's books say, once and for all: what was issued, and what was taken back."""

    issued: tuple[Voucher, ...]
    void: tuple[Voucher, ...] = ()

    def check(self, vouchers: Sequence[Voucher]) -> Mapping[str, VoucherVerdict]:
        """Genuine is what says what was issued, forged another voucher of its key; of any other nothing is known."""
        books = {each.key: (each, VoucherVerdict.GENUINE) for each in self.issued}
        books |= {each.key: (each, VoucherVerdict.VOID) for each in self.void}
        found = {}
        for each in vouchers:
            issued, verdict = books.get(each.key, (None, VoucherVerdict.UNKNOWN))
            same = issued is None or told(each) == told(issued)
            found[each.key] = verdict if same else VoucherVerdict.FORGED
        return found


class Recorder:
    """A notifier that keeps what it was given."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def notify(self, notice: Notice) -> None:
        """Keeps it."""
        self.notices.append(notice)
