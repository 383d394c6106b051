"""Fixed answers and the JSON reader keep every law of their ports; a file's faults are named, and nothing quoted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from expense_adapters.local import FixedGenuineness
from expense_adapters.vouchers import SIZE_MAX, FaultyFile, JsonVouchers, written
from expense_policy.domain.money import Money
from expense_policy.domain.voucher import Voucher
from expense_policy.testing.contract import GenuinenessContract, VoucherReaderContract
from expense_policy.testing.port_laws.vouchers import ISSUED, Issued


class TestFixedGenuineness(GenuinenessContract):
    """The one for tests."""

    @pytest.fixture
    def genuineness(self) -> Issued:
        """Of what it is given."""
        return lambda issued, void: FixedGenuineness(tuple(issued), tuple(void))


class TestJsonVouchers(VoucherReaderContract):
    """The reader of JSON."""

    size_max = SIZE_MAX

    @pytest.fixture
    def reader(self) -> JsonVouchers:
        """One."""
        return JsonVouchers()

    def written(self, vouchers: Sequence[Voucher]) -> bytes:
        """A file of them."""
        return written(vouchers, "CNY")


def faults(**changes: Any) -> tuple[str, ...]:
    """What is told of a file with one voucher, changed; None leaves a field out."""
    file: dict[str, Any] = json.loads(written(ISSUED[:1], "CNY"))
    for name, value in changes.items():
        place = file if name in file or name == "more" else file["vouchers"][0]
        place.pop(name, None)
        if value is not None:
            place[name] = value
    with pytest.raises(FaultyFile) as refused:
        JsonVouchers("v.json").read(json.dumps(file).encode())
    assert "secret" not in str(refused.value)
    return refused.value.problems


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"date": "2026-02-30"}, "vouchers[0].date: must be a date as 2026-01-05"),
        ({"date": 20260105}, "vouchers[0].date: must be str, not int"),
        ({"amount": 113}, 'vouchers[0].amount: must be an amount in CNY, as "113.00"'),
        ({"amount": "1e3"}, 'vouchers[0].amount: must be an amount in CNY, as "113.00"'),
        ({"total": "-1.00"}, 'vouchers[0].total: must be an amount in CNY, as "113.00"'),
        ({"tax": True}, 'vouchers[0].tax: must be an amount in CNY, as "113.00"'),
        ({"kind": ["invoice"]}, "vouchers[0].kind: must be one of invoice, digital_invoice, receipt, contract"),
        ({"issuer": None}, "vouchers[0].issuer: is missing"),
        ({"issuer": "secret\n"}, "vouchers[0].issuer: holds U+000A, which is not allowed there"),
        ({"number": "9" * 201}, "vouchers[0].number: is longer than 200 characters"),
        ({"seller": "secret"}, "vouchers[0].seller: is not known"),
        ({"currency": "secret"}, "currency: must be an ISO 4217 currency code"),
        ({"currency": None}, "currency: is missing"),
        ({"vouchers": {"secret": 1}}, "vouchers: must be a list of tables"),
        ({"vouchers": ["secret"]}, "vouchers: must be a list of tables"),
        ({"more": "secret"}, "more: is not known"),
    ],
)
def test_a_fault_of_a_file_is_named(changes: dict[str, Any], said: str) -> None:
    """Each fault is told with its place, and nothing that stands there is quoted."""
    assert any(problem.startswith(f"v.json: {said}") for problem in faults(**changes)), faults(**changes)


def test_every_fault_comes_at_once() -> None:
    """All faults of a file are told together."""
    assert len(faults(date="?", amount="?", issuer=None)) == 3


def test_a_field_stands_once() -> None:
    """A field that stands twice is a fault, and not the last of the two."""
    data = written(ISSUED[:1], "CNY").replace(b'"tax"', b'"tax": "0.00", "tax"')
    with pytest.raises(FaultyFile, match="names a field twice"):
        JsonVouchers().read(data)


def test_a_file_is_in_one_currency() -> None:
    """Vouchers of two currencies are no file."""
    with pytest.raises(ValueError, match="one currency"):
        written(ISSUED[:1], "EUR")
    assert Money.of("1.00", "CNY").currency == "CNY"
