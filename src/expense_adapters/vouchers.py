"""Vouchers out of a JSON file, read strictly. No error quotes what stands there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from expense_adapters._reading import why
from expense_adapters._tables import FaultyFile, Parser, Table, day_of
from expense_policy.domain import checks
from expense_policy.domain.money import Money, exponent
from expense_policy.domain.voucher import Voucher, VoucherKind

__all__ = ["FaultyFile", "JsonVouchers", "written"]

SIZE_MAX = 1_000_000
"""A file has as many bytes at most: some thousands of vouchers."""


@attrs.frozen
class JsonVouchers:
    """Reads `{"currency": "CNY", "vouchers": [{"kind": "invoice", "code": ..., ...}]}`.

    A voucher has kind, number, issuer, buyer, date, amount, tax, total, each a string, and perhaps a code; amounts are
    decimal, "113.00". FaultyFile, a ValueError, names every fault with its place.
    """

    name: str = "vouchers"
    """What the file is called in errors."""

    def read(self, data: bytes) -> tuple[Voucher, ...]:
        """The vouchers in their order."""
        table = Table(Path(self.name))
        file = _document(data, table)
        currency, rows = _heads(file, table) if not table.problems else ("", [])
        found = []
        for at, row in rows:
            values = table.parsed(at, row, _fields(currency), ("code",))
            if values is not None:
                found.append(Voucher(on=values.pop("date"), **values))
        if table.problems:
            raise FaultyFile(table.problems)
        return tuple(found)


def written(vouchers: Sequence[Voucher], currency: str) -> bytes:
    """The file of these vouchers, as `JsonVouchers` reads it; ValueError where one is in another currency."""
    rows = []
    for each in vouchers:
        if {each.amount.currency, each.tax.currency, each.total.currency} != {currency}:
            raise ValueError(f"a file of vouchers is in one currency, {currency}")
        row = {"kind": each.kind.value, "code": each.code, "number": each.number, "issuer": each.issuer}
        row |= {"buyer": each.buyer, "date": each.on.isoformat()}
        rows.append(row | {"amount": str(each.amount), "tax": str(each.tax), "total": str(each.total)})
    return json.dumps({"currency": currency, "vouchers": rows}, ensure_ascii=False, indent=1).encode()


def _document(data: bytes, table: Table) -> dict[str, Any]:
    if len(data) > SIZE_MAX:
        table.fault("size", f"has more than {SIZE_MAX} bytes")
        return {}
    try:
        file = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        told = "is no JSON" if isinstance(error, json.JSONDecodeError) else why(error)
        at = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "text"
        table.fault(at, told)
        return {}
    if type(file) is not dict:
        table.fault("text", 'must be as {"currency": ..., "vouchers": [...]}')
        return {}
    return file


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("holds an object that names a field twice")
    return found


def _heads(file: dict[str, Any], table: Table) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    for name in sorted({*file} - {"currency", "vouchers"}):
        table.fault(name, "is not known")
    for name in ("currency", "vouchers"):
        if name not in file:
            table.fault(name, "is missing")
    currency = file.get("currency")
    try:
        exponent(currency if isinstance(currency, str) else "")
    except ValueError:
        table.fault("currency", "must be an ISO 4217 currency code")
    return ("", []) if table.problems else (str(currency), list(table.tables(file, "vouchers")))


def _text(name: str, value: Any) -> str:
    checks.a_label(name, value)
    return str(value)


def _kind(name: str, value: Any) -> VoucherKind:
    if value not in [kind.value for kind in VoucherKind]:
        raise ValueError(f"{name} must be one of {', '.join(VoucherKind)}")
    return VoucherKind(value)


def _day(name: str, value: Any) -> Any:
    return day_of(name, _text(name, value))


def _fields(currency: str) -> dict[str, Parser]:
    def amount(name: str, value: Any) -> Money:
        try:
            found = Money.of(value, currency)
        except (TypeError, ValueError):
            found = None
        if found is None or found.units < 0:
            raise ValueError(f'{name} must be an amount in {currency}, as "113.00"')
        return found

    texts: dict[str, Parser] = dict.fromkeys(("number", "code", "issuer", "buyer"), _text)
    amounts: dict[str, Parser] = dict.fromkeys(("amount", "tax", "total"), amount)
    return {"kind": _kind, "date": _day, **texts, **amounts}
