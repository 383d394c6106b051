"""Values to columns and back: the one place where a type is converted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

import attrs

from expense_policy.codec import dump, load
from expense_policy.domain.adoption import Adopter, PolicyVersion
from expense_policy.domain.approval import Outcome, Round, Signature, Step, Verdict
from expense_policy.domain.categories import UseRow
from expense_policy.domain.content import fields, line
from expense_policy.domain.documents import Content, Document, Payable
from expense_policy.domain.holds import Held, Line, Move
from expense_policy.domain.journal import Entry, Seal
from expense_policy.domain.organisation import Authority, Delegation
from expense_policy.domain.payment import PayeeAccount, Payment
from expense_policy.domain.periods import Month, day_text, instant_of, instant_text
from expense_policy.domain.project import Project
from expense_policy.domain.vocabulary import Status
from expense_policy.ports.notifier import Notice
from expense_policy.ports.repository import Signed, Submission, Summary

Row = Mapping[str, Any]
_dumps = json.JSONEncoder(ensure_ascii=False).encode
_quoted: Callable[[str], str] = json.encoder.encode_basestring


# What is signed never changes: the same text is read many times in a case.
@lru_cache(maxsize=512)
def _content(text: str) -> Content:
    found: Content = load(text, Content)  # type: ignore[arg-type]  # a union is not a class to mypy
    return found


@lru_cache(maxsize=512)
def _chain(text: str) -> tuple[Step, ...]:
    return tuple(Step(office, tuple(points)) for office, points in json.loads(text))


@lru_cache(maxsize=512)
def _findings(text: str) -> tuple[tuple[str, bool], ...]:
    return tuple((point, good) for point, good in json.loads(text))


def _at(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def _when(text: str | None) -> datetime | None:
    return None if text is None else instant_of(text)


_INSTANTS = ("submitted_at", "expires_at", "use_due_at", "pay_by")
_FLAT = tuple(field.name for field in attrs.fields(Summary))
_flat = attrgetter(*_FLAT)


def document_row(d: Document) -> dict[str, Any]:
    """A document's columns; signatures and payments have tables of their own."""
    row: dict[str, Any] = dict(zip(_FLAT, _flat(Summary.of(d)), strict=True))
    row["submitted_at"], row["currency"] = instant_text(d.round.submitted_at), d.currency
    row["round"] = d.round.number
    return {**row, **document_state(d)}


def round_row(s: Submission, seq: int) -> dict[str, Any]:
    """A submission's columns."""
    r, form = s.round, s.content if isinstance(s.content, Payable) else None
    return {
        "document": s.document,
        "round": r.number,
        "seq": seq,
        "revision": r.revision,
        "submitted_at": instant_text(r.submitted_at),
        "statement": r.statement,
        "units": s.content.amount.units,
        "payee_name": form and (form.payee.name if form.payee else ""),
        "payee_account": form and (form.payee.account if form.payee else ""),
        "method": form and form.method,
        "content": dump(s.content, Content),
        "content_digest": s.content_digest,
        "policy_version": r.policy_version,
        "policy_digest": r.policy_digest,
        "deciding_units": r.deciding_units,
        "steps": len(r.chain),
        "chain": _dumps([[step.office, step.points] for step in r.chain]),
        "nonce": r.nonce,
    }


ROUND = (
    *("round", "revision", "submitted_at", "policy_version", "policy_digest", "deciding_units", "chain", "nonce"),
    "statement",
)
"""The columns that `round_of` reads, in its order."""


def round_of(columns: Sequence[Any]) -> Round:
    """The round of its columns."""
    number, revision, submitted, policy, policy_digest, deciding, chain, nonce, statement = columns
    return Round(
        number, revision, instant_of(submitted), policy, policy_digest, deciding, _chain(chain), nonce, statement
    )


def submission_of(row: Row) -> Submission:
    """The submission of its row."""
    round_ = round_of([row[name] for name in ROUND])
    return Submission(row["document"], round_, _content(row["content"]), row["content_digest"])


def document_state(d: Document) -> dict[str, Any]:
    """The columns that may change while the statement stays: it covers the others."""
    step = d.step
    return {
        "version": d.version,
        "status": d.status.value,
        "step_office": None if step is None else step.office,
        "counted": d.counted,
        "paid": d.paid,
        "used": d.used,
        "use_rows": d.use_rows,
        "approved_at": _at(d.approved_at),
        "expires_at": _at(d.expires_at),
        "use_due_at": _at(d.use_due_at),
        "ended_at": _at(d.ended_at),
        "claimed": d.claimed,
        "cleared": d.cleared,
        "pay_by": _at(d.pay_by),
        "held": _dumps([[h.line, h.reserved, h.committed, h.spent] for h in d.held]),
    }


STATE = (
    *("version", "status", "step_office", "counted", "paid", "used", "use_rows"),
    *("approved_at", "expires_at", "use_due_at", "ended_at", "claimed", "cleared", "pay_by", "held"),
)
"""The names of `document_state`."""

DOCUMENT = (
    *("id", "applicant", "currency", "status", "version", "held", "used", "use_rows"),
    *("approved_at", "expires_at", "use_due_at", "ended_at", "claimed", "cleared", "pay_by"),
)
"""The columns of a document that `document_of` reads, in its order; then come `content`, its digest, and `ROUND`."""


def document_of(
    row: Sequence[Any],
    signatures: tuple[Signature, ...],
    before: tuple[Signature, ...],
    payments: tuple[Payment, ...],
) -> Document:
    """The document of its columns, its present round's and its facts; ValueError where a column can't be read."""
    id, applicant, currency, status, version, held, used, use_rows, *rest = row
    approved, expires, use_due, ended, claimed, cleared, pay_by, content, content_digest, *submitted = rest
    return Document(
        id,
        applicant,
        _content(content),
        content_digest,
        currency,
        Status(status),
        version,
        round_of(submitted),
        signatures,
        before,
        tuple([Held(*each) for each in json.loads(held)]),
        payments,
        used,
        use_rows,
        _when(approved),
        _when(expires),
        _when(use_due),
        _when(ended),
        claimed,
        cleared,
        _when(pay_by),
    )


def summary_of(row: Row) -> Summary:
    """A document's flat row."""
    fields = {name: row[name] for name in _FLAT}
    for name in _INSTANTS:
        fields[name] = _when(fields[name])
    return Summary(**fields)


def project_row(p: Project) -> dict[str, Any]:
    """A project's columns."""
    days = {"first": p.first.isoformat(), "last": p.last.isoformat()}
    return {"id": p.id, "version": p.version, "name": p.name, "departments": _dumps(p.departments), **days}


def project_of(row: Row) -> Project:
    """The project of its row."""
    days = (date.fromisoformat(row["first"]), date.fromisoformat(row["last"]))
    return Project(row["id"], row["name"], tuple(json.loads(row["departments"])), *days)


def payee_row(p: PayeeAccount) -> dict[str, Any]:
    """A payee's columns."""
    return {"id": p.id, "version": p.version, "account": p.account}


def payee_of(row: Row) -> PayeeAccount:
    """The payee of its row."""
    return PayeeAccount(row["id"], row["account"], row["version"])


def policy_row(p: PolicyVersion) -> dict[str, Any]:
    """A policy version's columns."""
    return {
        "id": p.id,
        "version": p.version,
        "effective": p.effective.isoformat(),
        "digest": p.digest,
        "text": p.text,
        "offices": _dumps(p.offices),
        "adopters": _dumps([[a.person, a.office, instant_text(a.at)] for a in p.adopters]),
    }


def policy_of(row: Row) -> PolicyVersion:
    """The policy version of its row."""
    adopters = tuple([Adopter(person, office, instant_of(at)) for person, office, at in json.loads(row["adopters"])])
    effective, offices = date.fromisoformat(row["effective"]), tuple(json.loads(row["offices"]))
    return PolicyVersion(row["id"], effective, row["text"], row["digest"], offices, adopters, row["version"])


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
    month = _number(m.month)
    held = {"in_force": m.in_force, "reserved": m.reserved, "committed": m.committed, "spent": m.spent}
    return {"line": m.line, **held, "month": month, "expected": "" if m.expected is None else str(m.expected)}


def move_of(row: Row) -> Move:
    """The move of its row."""
    held = (row["in_force"], row["reserved"], row["committed"], row["spent"])
    return Move(row["line"], *held, _month(row["month"]), Month.parse(row["expected"]) if row["expected"] else None)


def _number(month: Month | None) -> int | None:
    return None if month is None else month.number


def _month(number: int | None) -> Month | None:
    return None if number is None else Month.of(number)


ENTRY = tuple(field.name for field in attrs.fields(Entry))
_entry = attrgetter(*ENTRY)


def entry_row(e: Entry) -> dict[str, Any]:
    """An entry's columns."""
    row = dict(zip(ENTRY, _entry(e), strict=True))
    row["at"] = instant_text(e.at)
    row["rows"] = "\n".join([line(each) for each in e.rows])
    return row


def entry_of(row: Row) -> Entry:
    """The entry of its row."""
    found = dict(row)
    found["at"] = instant_of(found["at"])
    found["rows"] = tuple([fields(each) for each in found["rows"].split("\n")]) if found["rows"] else ()
    return Entry(**found)


def _tuple(value: Any) -> Any:
    return tuple(_tuple(item) for item in value) if type(value) is list else value


def signed_row(s: Signed, seq: int) -> dict[str, Any]:
    """A signature's columns."""
    g, v, right = s.signature, s.signature.verdict, s.signature.authority
    return {
        "document": s.document,
        "round": s.round,
        "step": g.step,
        "seq": seq,
        "statement": g.statement,
        "signer": g.signer,
        "holder": right.holder,
        "office": right.office,
        "substitute_for": right.substitute_for,
        "delegation": None if right.delegation is None else dump(right.delegation),
        "roster": right.roster,
        "outcome": v.outcome.value,
        "opinion": v.opinion,
        "findings": _dumps(v.findings),
        "at": instant_text(g.at),
    }


SIGNATURE = (
    *("step", "statement", "signer", "at", "outcome", "opinion", "findings"),
    *("office", "holder", "substitute_for", "delegation", "roster"),
)
"""The columns that `signature_of` reads, in its order."""


# A signature never changes, and is read with every later look at its document.
@lru_cache(maxsize=1024)
def signature_of(columns: tuple[Any, ...]) -> Signature:
    """The signature of its columns."""
    step, statement, signer, at, outcome, opinion, findings, office, holder, substitute_for, delegated, roster = columns
    delegation = None if delegated is None else load(delegated, Delegation)
    right = Authority(office, holder, substitute_for, delegation, roster)
    return Signature(
        step, statement, signer, instant_of(at), Verdict(Outcome(outcome), opinion, _findings(findings)), right
    )


def signed_of(row: Row) -> Signed:
    """The signature of its row."""
    return Signed(row["document"], row["round"], signature_of(tuple(row[name] for name in SIGNATURE)))


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
        "on_day": day_text(u.on),
        "month": u.month,
        "recipient": u.recipient,
        "quantity": u.quantity,
        "units": u.units,
        "detail": _pairs(u.detail),
        "broken": json.dumps(u.broken) if u.broken else "[]",
        "reason": u.reason,
        "item": u.item,
    }


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    """Pairs as `_dumps` writes them, in a fifth of its time: a log has many rows."""
    return f"[{', '.join([f'[{_quoted(name)}, {_quoted(value)}]' for name, value in pairs])}]"


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
        row["item"],
    )


def seal_row(s: Seal, seq: int) -> dict[str, Any]:
    """A seal's columns."""
    return {"number": s.number, "seq": seq, "root": s.root, "entries": json.dumps(s.entries)}


def seal_of(row: Row) -> Seal:
    """The seal of its row."""
    return Seal(row["number"], row["root"], _tuple(json.loads(row["entries"])))


def notice_row(n: Notice) -> dict[str, Any]:
    """A notice's columns."""
    at = instant_text(n.at)
    told = {"subject": n.subject, "about": n.about, "recipients": _dumps(n.to)}
    body = _dumps(n.body)
    return {"key": n.key, "due": at, "parked": 0, "attempts": n.attempts, "at": at, **told, "body": body}


def notice_of(row: Row) -> Notice:
    """The notice of its row."""
    to, body = tuple(json.loads(row["recipients"])), _tuple(json.loads(row["body"]))
    return Notice(row["key"], row["subject"], row["about"], to, instant_of(row["at"]), body, row["attempts"])
