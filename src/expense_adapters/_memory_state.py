"""What a store in memory keeps, and the sums over it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import product
from typing import Any

from expense_policy.domain.adoption import PolicyVersion
from expense_policy.domain.application import Application
from expense_policy.domain.cards import Card
from expense_policy.domain.categories import UseRow
from expense_policy.domain.claim import Claim
from expense_policy.domain.documents import Document
from expense_policy.domain.holds import Line, Move
from expense_policy.domain.journal import Entry
from expense_policy.domain.payment import PayeeAccount, Payment
from expense_policy.domain.periods import Month
from expense_policy.domain.posting import Planned, Posting
from expense_policy.domain.project import Project
from expense_policy.domain.voucher import ALIKE, VoucherRow
from expense_policy.ports.notifier import Notice
from expense_policy.ports.repository import Fact, Record, Sum

Kept = tuple[Entry, tuple[Fact, ...], tuple[Move, ...]]
Identity = tuple[str | int, ...]


class State:
    """Everything a store in memory keeps, and what it is found by."""

    def __init__(self) -> None:
        self.records: dict[type, dict[str, Record]] = {
            Document: {},
            PayeeAccount: {},
            PolicyVersion: {},
            Project: {},
            Card: {},
        }
        self.lines: dict[str, Line] = {}
        self.guards: dict[str, int] = {}
        self.taken: dict[tuple[str, str], tuple[str, bool]] = {}
        self.keys: dict[str, tuple[Entry, str]] = {}
        self.entries: dict[str, dict[int, Kept]] = defaultdict(dict)
        self.facts: dict[tuple[str | int | None, ...], bool] = {}
        self.unsealed: dict[tuple[str, int], Entry] = {}
        self.contacts: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self.uses: dict[tuple[str, str], dict[tuple[str, int], UseRow]] = defaultdict(dict)
        self.related: dict[tuple[str, str, str, str], dict[str, None]] = defaultdict(dict)
        self.notices: dict[str, tuple[Notice, datetime, bool]] = {}
        self.posted: dict[tuple[str, str], dict[Identity, Posting]] = defaultdict(dict)
        self.numbers: dict[Month, dict[int, Posting]] = defaultdict(dict)
        self.numbered: dict[Identity, int] = {}
        self.planned: dict[str, dict[Identity, Planned]] = defaultdict(dict)
        self.moved: dict[str, dict[tuple[str, int, int], Move]] = defaultdict(dict)
        self.paid: dict[Identity, Payment] = {}
        self.vouchers: dict[tuple[str, str, str], dict[Identity, VoucherRow]] = defaultdict(dict)


Group = tuple[str, ...]
Where = dict[str, tuple[str, ...]]


def summed(s: State, asked: Sum) -> dict[Group, int]:
    """The answer to a sum."""
    where = {name: values(value) for name, value in asked.where}
    return _SUMS[asked.of](s, asked, where)


def values(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """Each value that a column may have, once."""
    return (value,) if isinstance(value, str) else tuple(dict.fromkeys(value))


def _grouped(by: tuple[str, ...], rows: Iterable[tuple[Any, int]], read: Callable[[Any, str], str]) -> dict[Group, int]:
    found: dict[Group, int] = {} if by else {(): 0}
    for row, units in rows:
        group = tuple([read(row, name) for name in by])
        found[group] = found.get(group, 0) + units
    return found


def _text(row: Any, name: str) -> str:
    value = getattr(row, name)
    return "" if value is None else str(value)


def _contacts(s: State, asked: Sum, where: Where) -> dict[Group, int]:
    found: dict[Group, int] = {} if asked.by else {(): 0}
    for kind, month in product(where["type"], where["month"]):
        counted = s.contacts.get((kind, month), {})
        for recipient in where.get("recipient", tuple(counted)):
            if recipient in counted:
                group = tuple([month if name == "month" else recipient for name in asked.by])
                found[group] = found.get(group, 0) + counted[recipient]
    return found


def _related(s: State, asked: Sum, where: Where) -> dict[Group, int]:
    total, since = 0, asked.since
    assert since is not None
    column = "payee_account" if "payee_account" in where else "payee_name"
    named = product(where["department"], where["type"], (column,), where[column])
    for id in dict.fromkeys(id for key in named for id in s.related.get(key, ())):
        d = s.records[Document].get(id)
        if isinstance(d, Document) and isinstance(d.content, Application | Claim):
            # The index keeps a document under every payee it ever named; what counts is what it names now.
            have = {**dict(d.content.relation), "department": d.department, "type": d.content.type}
            if all(have.get(k) in v for k, v in where.items()) and d.round.submitted_at >= since:
                total += d.counted
    return {(): total}


def _postings(s: State, asked: Sum, where: Where) -> dict[Group, int]:
    column = "line" if "line" in where else "month"
    rows = [row for value in where[column] for row in s.posted.get((column, value), {}).values()]
    kept = [row for row in rows if all(_text(row, name) in of for name, of in where.items())]
    counted = asked.of == "posting_count"
    return _grouped(asked.by, [(row, 1 if counted else row.units) for row in kept], _text)


def _planned(s: State, asked: Sum, where: Where) -> dict[Group, int]:
    rows = [row for line in where["line"] for row in s.planned.get(line, {}).values()]
    kept = [row for row in rows if all(_text(row, name) in of for name, of in where.items())]
    return _grouped(asked.by, [(row, row.units) for row in kept], _text)


def _held(s: State, asked: Sum, where: Where) -> dict[Group, int]:
    rows = [move for line in where["line"] for move in s.moved.get(line, {}).values()]
    return _grouped(asked.by, [(move, getattr(move, asked.of)) for move in rows], _text)


def _payments(s: State, asked: Sum, where: Where) -> dict[Group, int]:
    since, until = asked.since, asked.until
    assert since is not None
    assert until is not None
    return _grouped(asked.by, [(p, p.units) for p in s.paid.values() if since <= p.at < until], _text)


def _vouchers(s: State, asked: Sum, where: Where) -> dict[Group, int]:
    column = next(name for name in ALIKE if name in where)
    at = product((column,), where[column], where["on_day"])
    rows = [row for place in at for row in s.vouchers.get(place, {}).values()]
    kept = [row for row in rows if all(_of_voucher(row, name) in of for name, of in where.items())]
    return _grouped(asked.by, [(row, 1) for row in kept], _of_voucher)


def _of_voucher(row: VoucherRow, name: str) -> str:
    return {"key": row.voucher.key, "on_day": row.voucher.on.isoformat()}.get(name) or _text(row, name)


_SUMS: dict[str, Callable[[State, Sum, Where], dict[Group, int]]] = {
    "contacts": _contacts,
    "related": _related,
    "postings": _postings,
    "posting_count": _postings,
    "planned": _planned,
    "reserved": _held,
    "committed": _held,
    "payments": _payments,
    "vouchers": _vouchers,
}
