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
from expense_policy.domain.holds import Line, Move
from expense_policy.domain.payment import Payment
from expense_policy.domain.periods import instant_text
from expense_policy.domain.posting import Planned, Posting
from expense_policy.domain.voucher import ALIKE, VoucherRow
from expense_policy.ports.mistakes import DUE, USED

from .keys import key

Index = tuple[tuple[str, ...], tuple[str, ...]]


def by(columns: str, *since: str) -> Index:
    """An index of columns, whose rows may stand in the order of an instant."""
    return tuple(columns.split()), since


_COLUMNS = ("application", "step_office", "status", "applicant", "type", "department", "kind", "")
_PAYEES = ("department type payee_account", "department type payee_name")
INDEXES: dict[type, tuple[str, list[Index]]] = {
    Summary: (
        "document",
        [*map(by, _COLUMNS), *[by("status", d) for d in DUE], *[by(p, "submitted_at") for p in _PAYEES]],
    ),
    Card: ("card", [*map(by, ("kind status", "kind owner", "kind department", "kind")), by("kind", "due")]),
    Line: ("line", [by("year")]),
    UseRow: ("use", [*map(by, ("type month recipient", *USED, "type month"))]),
    Posting: ("posting", [by("line"), by("month")]),
    Planned: ("planned", [by("line")]),
    Move: ("move", [by("line")]),
    VoucherRow: ("voucher", [by(f"{name} on_day") for name in ALIKE]),
    Payment: ("payment", [by("", "at")]),
}
"""By the name of a class. Of those that serve a question the first is taken: few rows share its values."""

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
    for columns, since in INDEXES.get(kind, ("", []))[1]:
        said = [each for name in (*columns, *since) if (each := told(row, name)) is not None]
        if len(said) == len(columns) + len(since):
            places.append(_head(kind, (columns, since), said[: len(columns)]) + key(*said[len(columns) :], *at))
    return dict.fromkeys(places, dump(row, kind)) if places else {}


def heads(kind: type, asked: Mapping[str, Collection[str]], *since: str) -> list[bytes]:
    """What the keys begin with of the rows that have, in each column, one of its values."""
    columns = next(index[0] for index in INDEXES[kind][1] if index[1] == since and asked.keys() >= set(index[0]))
    return [_head(kind, (columns, since), values) for values in product(*[asked[name] for name in columns])]


def _head(kind: type, index: Index, values: Collection[str]) -> bytes:
    return key("index", line_digest((INDEXES[kind][0], *index[0], *index[1], *values)))
