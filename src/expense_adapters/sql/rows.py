"""Values to columns and back: the one place where a type is converted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import attrs

from expense_policy.codec import dump, instant_of, instant_text, load
from expense_policy.domain.adoption import PolicyVersion
from expense_policy.domain.application import Application
from expense_policy.domain.approval import Signature
from expense_policy.domain.categories import UseRow
from expense_policy.domain.documents import Document
from expense_policy.domain.holds import Line, Move
from expense_policy.domain.journal import Entry, Seal
from expense_policy.domain.payment import PayeeAccount, Payment
from expense_policy.domain.periods import Month
from expense_policy.ports.notifier import Notice
from expense_policy.ports.repository import Signed, Summary

Row = Mapping[str, Any]


def document_row(d: Document) -> dict[str, Any]:
    """A document's columns; signatures and payments have tables of their own."""
    form = d.content if isinstance(d.content, Application) else None
    step = d.step
    return {
        "id": d.id,
        "version": d.version,
        "kind": d.kind.value,
        "department": d.department,
        "applicant": d.applicant,
        "status": d.status.value,
        "type": form.type if form else None,
        "payee_account": form.payee.account if form else None,
        "payee_name": form.payee.folded if form else None,
        "payee_person": d.payee_person,
        "units": d.units,
        "counted": d.counted,
        "submitted_at": instant_text(d.round.submitted_at),
        "expires_at": None if d.expires_at is None else instant_text(d.expires_at),
        "step_office": None if step is None else step.office,
        "statement": d.statement,
        "round": d.round.number,
        "steps": len(d.round.chain),
        "paid": d.paid,
        "used": d.used,
        "body": dump(attrs.evolve(d, signatures=(), payments=())),
    }


def document_of(row: Row, signatures: tuple[Signature, ...], payments: tuple[Payment, ...]) -> Document:
    """The document of its row and its facts."""
    bare = load(row["body"], Document)
    return attrs.evolve(bare, signatures=signatures, payments=payments)


def summary_of(row: Row) -> Summary:
    """A document's flat row."""
    expires = row["expires_at"]
    return Summary(
        row["id"],
        row["kind"],
        row["department"],
        row["applicant"],
        row["status"],
        row["units"],
        instant_of(row["submitted_at"]),
        None if expires is None else instant_of(expires),
        row["step_office"],
    )


def payee_row(p: PayeeAccount) -> dict[str, Any]:
    """A payee's columns."""
    return {"id": p.id, "version": p.version, "account": p.account}


def policy_row(p: PolicyVersion) -> dict[str, Any]:
    """A policy version's columns."""
    return {"id": p.id, "version": p.version, "effective": p.effective.isoformat(), "digest": p.digest, "body": dump(p)}


def line_row(line: Line) -> dict[str, Any]:
    """A line's columns."""
    row = attrs.asdict(line, recurse=False)
    row["closed_through"] = _number(line.closed_through)
    return row


def line_of(row: Row) -> Line:
    """The line of its row."""
    fields = dict(row)
    fields["closed_through"] = _month(fields["closed_through"])
    return Line(**fields)


def move_row(m: Move) -> dict[str, Any]:
    """A move's columns."""
    row = attrs.asdict(m, recurse=False)
    row["month"] = _number(m.month)
    return row


def _number(month: Month | None) -> int | None:
    return None if month is None else month.number


def _month(number: int | None) -> Month | None:
    return None if number is None else Month(number // 12, number % 12 + 1)


def entry_row(e: Entry) -> dict[str, Any]:
    """An entry's columns."""
    row = attrs.asdict(e, recurse=False)
    row["at"] = instant_text(e.at)
    row["rows"] = json.dumps(e.rows, separators=(",", ":"))
    return row


def entry_of(row: Row) -> Entry:
    """The entry of its row."""
    fields = dict(row)
    fields["at"] = instant_of(fields["at"])
    fields["rows"] = _tuple(json.loads(fields["rows"]))
    return Entry(**fields)


def _tuple(value: Any) -> Any:
    return tuple(_tuple(item) for item in value) if type(value) is list else value


def signed_row(s: Signed, seq: int) -> dict[str, Any]:
    """A signature's columns."""
    g = s.signature
    return {
        "document": s.document,
        "round": s.round,
        "step": g.step,
        "seq": seq,
        "statement": g.statement,
        "signer": g.signer,
        "holder": g.authority.holder,
        "outcome": g.verdict.outcome.value,
        "at": instant_text(g.at),
        "body": dump(g),
    }


def signed_of(row: Row) -> Signed:
    """The signature of its row: the columns hold what the body says, or `verify` tells."""
    body = load(row["body"], Signature)
    found = attrs.evolve(
        body, step=row["step"], statement=row["statement"], signer=row["signer"], at=instant_of(row["at"])
    )
    return Signed(row["document"], row["round"], found)


def payment_row(p: Payment, seq: int) -> dict[str, Any]:
    """A payment's columns."""
    row = attrs.asdict(p, recurse=False)
    return {**row, "at": instant_text(p.at), "parts": json.dumps(p.parts), "seq": seq}


def payment_of(row: Row) -> Payment:
    """The payment of its row."""
    fields = {key: value for key, value in row.items() if key != "seq"}
    fields["at"] = instant_of(fields["at"])
    fields["parts"] = _tuple(json.loads(fields["parts"]))
    return Payment(**fields)


def use_row(u: UseRow, seq: int) -> dict[str, Any]:
    """A use row's columns."""
    return {
        "document": u.document,
        "number": u.number,
        "seq": seq,
        "type": u.type,
        "on_day": u.on.isoformat(),
        "month": u.month,
        "recipient": u.recipient,
        "quantity": u.quantity,
        "units": u.units,
        "detail": json.dumps(u.detail, ensure_ascii=False),
        "broken": json.dumps(u.broken),
        "reason": u.reason,
    }


def use_of(row: Row) -> UseRow:
    """The use row of its columns."""
    return UseRow(
        row["document"],
        row["number"],
        row["type"],
        date.fromisoformat(row["on_day"]),
        row["recipient"],
        row["quantity"],
        row["units"],
        _tuple(json.loads(row["detail"])),
        _tuple(json.loads(row["broken"])),
        row["reason"],
    )


def seal_row(s: Seal, seq: int) -> dict[str, Any]:
    """A seal's columns."""
    return {"number": s.number, "seq": seq, "prev": s.prev, "root": s.root, "entries": json.dumps(s.entries)}


def seal_of(row: Row) -> Seal:
    """The seal of its row."""
    return Seal(row["number"], row["prev"], row["root"], _tuple(json.loads(row["entries"])))


def notice_row(n: Notice) -> dict[str, Any]:
    """A notice's columns."""
    return {"key": n.key, "due": instant_text(n.at), "parked": 0, "attempts": n.attempts, "body": dump(n)}


def notice_of(row: Row) -> Notice:
    """The notice of its row."""
    return attrs.evolve(load(row["body"], Notice), attempts=row["attempts"])
