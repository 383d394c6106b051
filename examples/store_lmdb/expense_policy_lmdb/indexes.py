"""What rows are found by: whole, under every index of their class, so that a question reads what it asks for alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from itertools import product
from operator import attrgetter
from typing import Any

from expense_policy import Summary
from expense_policy.codec import dump
from expense_policy.domain.cards import Card
from expense_policy.domain.categories import UseRow
from expense_policy.domain.content import line_digest
from expense_policy.domain.holds import Move
from expense_policy.domain.payment import Payment
from expense_policy.domain.periods import instant_text
from expense_policy.domain.posting import Planned, Posting
from expense_policy.domain.voucher import VoucherRow
from expense_policy.ports.mistakes import DUE, USED

from .keys import key

Index = tuple[tuple[str, ...], tuple[str, ...]]


def by(columns: str, *since: str) -> Index:
    """An index of columns, whose rows may stand in the order of an instant."""
    return tuple(columns.split()), since


INDEXES: dict[type, tuple[Index, ...]] = {
    Summary: (
        *map(by, ("application", "step_office", "status", "applicant", "type", "department", "kind", "")),
        *[by("status", due) for due in DUE],
        *[by(f"department type {payee}", "submitted_at") for payee in ("payee_account", "payee_name")],
    ),
    Card: (*map(by, ("kind status", "kind owner", "kind department", "kind")), by("kind", "due")),
    UseRow: tuple(map(by, ("type month recipient", *USED, "type month"))),
    Posting: (by("line"), by("month")),
    Planned: (by("line"),),
    Move: (by("line"),),
    VoucherRow: (by("alike on_day"),),
    Payment: (by("", "at"),),
}
"""Of those that serve a question the first is taken: those whose values few rows share come before."""

_UNITS: Callable[[Any], int] = attrgetter("units")
SUMS: dict[str, tuple[type[Any], tuple[str, ...], Callable[[Any], int]]] = {
    "related": (Summary, ("submitted_at",), attrgetter("counted")),
    "contacts": (UseRow, (), lambda row: 1),
    "postings": (Posting, (), _UNITS),
    "posting_count": (Posting, (), lambda row: 1),
    "planned": (Planned, (), _UNITS),
    "reserved": (Move, (), attrgetter("reserved")),
    "committed": (Move, (), attrgetter("committed")),
    "payments": (Payment, ("at",), _UNITS),
    "vouchers": (VoucherRow, (), lambda row: 1),
}
"""Of which rows a sum is, from which instant on, and what each adds."""

_PLACES = {"on_day": "voucher.on", "key": "voucher.key"}


def told(row: object, column: str) -> str | None:
    """What a row says in a column, as text; None where it says nothing."""
    value = attrgetter(_PLACES.get(column, column))(row)
    return instant_text(value) if isinstance(value, datetime) else None if value is None else str(value)


def indexed(kind: type, row: object, *at: str | int) -> dict[bytes, str]:
    """The keys that a row is found by, with itself; `at` tells it from the others there."""
    places = []
    for columns, since in INDEXES.get(kind, ()):
        said = [each for name in (*columns, *since) if (each := told(row, name)) is not None]
        if len(said) == len(columns) + len(since):
            places.append(_head(kind, (columns, since), said[: len(columns)]) + key(*said[len(columns) :], *at))
    return dict.fromkeys(places, dump(row, kind)) if places else {}


def heads(kind: type, asked: Mapping[str, Collection[str]], *since: str) -> list[bytes]:
    """What the keys begin with of the rows that have, in each column, one of its values."""
    columns = next(index[0] for index in INDEXES[kind] if index[1] == since and asked.keys() >= set(index[0]))
    return [_head(kind, (columns, since), values) for values in product(*[asked[name] for name in columns])]


def _head(kind: type, index: Index, values: Collection[str]) -> bytes:
    return key("index", line_digest((kind.__name__, *index[0], *index[1], *values)))
