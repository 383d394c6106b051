"""Postings, plans, vouchers, papers and cards to columns and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from expense_policy.codec import dump, load
from expense_policy.domain.cards import Card, Paper
from expense_policy.domain.money import Money
from expense_policy.domain.periods import Month, day_text, instant_text
from expense_policy.domain.posting import Planned, Posting, Source
from expense_policy.domain.voucher import ALIKE, Voucher, VoucherKind, VoucherRow

Row = Mapping[str, Any]


def posting_row(p: Posting, seq: int) -> dict[str, Any]:
    """A posting's columns, before a closing gives it a number."""
    return {
        "document": p.document,
        "source": str(p.source),
        "number": p.number,
        "line": p.line,
        "seq": seq,
        "month": str(p.month),
        "on_day": day_text(p.on),
        "department": p.department,
        "project": p.project,
        "category": p.category,
        "type": p.type,
        "account": p.account,
        "units": p.units,
        "reverses": p.reverses,
        "corrects": "" if p.corrects is None else str(p.corrects),
        "reference": p.reference,
        "book_number": None,
    }


def posting_of(row: Row) -> Posting:
    """The posting of its row."""
    return Posting(
        row["document"],
        Source(row["source"]),
        row["number"],
        row["line"],
        Month.parse(row["month"]),
        date.fromisoformat(row["on_day"]),
        row["department"],
        row["project"],
        row["category"],
        row["type"],
        row["account"],
        row["units"],
        row["reverses"],
        Month.parse(row["corrects"]) if row["corrects"] else None,
        row["reference"],
    )


def planned_row(p: Planned, seq: int) -> dict[str, Any]:
    """Its columns."""
    return {"document": p.document, "line": p.line, "month": str(p.month), "seq": seq, "units": p.units}


def planned_of(row: Row) -> Planned:
    """What was planned, of its row."""
    return Planned(row["document"], row["line"], Month.parse(row["month"]), row["units"])


def voucher_row(v: VoucherRow, seq: int) -> dict[str, Any]:
    """A voucher's columns."""
    of = v.voucher
    return {
        "document": v.document,
        "round": v.round,
        "number": v.number,
        "seq": seq,
        "kind": of.kind.value,
        "code": of.code,
        "voucher_number": of.number,
        "issuer": of.issuer,
        "buyer": of.buyer,
        "on_day": of.on.isoformat(),
        "amount": of.amount.units,
        "tax": of.tax.units,
        "total": of.total.units,
        "currency": of.total.currency,
        "key": of.key,
        **{name: getattr(v, name) for name in ALIKE},
    }


def voucher_of(row: Row) -> VoucherRow:
    """The voucher of its row."""
    amount, tax, total = [Money(row[name], row["currency"]) for name in ("amount", "tax", "total")]
    said = (row["voucher_number"], row["issuer"], row["buyer"], date.fromisoformat(row["on_day"]))
    voucher = Voucher(VoucherKind(row["kind"]), *said, amount, tax, total, row["code"])
    return VoucherRow(row["document"], row["round"], row["number"], voucher, *[row[name] for name in ALIKE])


def paper_row(p: Paper, seq: int) -> dict[str, Any]:
    """A paper's columns."""
    return {"document": p.document, "kind": p.kind, "number": p.number, "seq": seq, "body": dump(p, Paper)}


def paper_of(row: Row) -> Paper:
    """The paper of its row."""
    return load(row["body"], Paper)


def card_row(c: Card) -> dict[str, Any]:
    """A card's columns."""
    due = None if c.due is None else instant_text(c.due)
    searched = {"kind": c.kind, "status": c.status, "department": c.department, "owner": c.owner, "due": due}
    return {"id": c.id, "version": c.version, **searched, "body": dump(c, Card)}


def card_of(row: Row) -> Card:
    """The card of its row."""
    return load(row["body"], Card)
