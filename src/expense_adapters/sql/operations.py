"""A batch as changes to the tables: guards first, then records, lines, moves, each sorted by key (port, law 3)."""

from __future__ import annotations

from typing import Any

from expense_policy.domain import holds
from expense_policy.domain.cards import Card, Paper
from expense_policy.domain.categories import UseRow
from expense_policy.domain.documents import Document
from expense_policy.domain.holds import Move
from expense_policy.domain.journal import Seal
from expense_policy.domain.money import UNITS_MAX
from expense_policy.domain.payment import PayeeAccount, Payment
from expense_policy.domain.posting import Planned, Posting
from expense_policy.domain.project import Project
from expense_policy.domain.voucher import VoucherRow
from expense_policy.ports.errors import Conflict
from expense_policy.ports.repository import Batch, Fact, Put, Signed, Submission, Take

from . import rows, year_rows
from .engine import Operation, Stage
from .statements import NO_MONTH, Statements


def stages(b: Batch, q: Statements) -> list[Stage]:
    """The changes of one act: one stage, unless one of them is to find what another wrote."""
    first = [*_guards(b, q), *_puts(b, q)]
    first += [Operation(q.insert["lines"], rows.line_row(line)) for line in sorted(b.lines, key=lambda each: each.id)]
    then = [*_moves(b, q), *_takes(b, q), *_facts(b, q), *_entry(b, q)]
    found: list[Stage] = [first, then] if b.lines and b.moves else [[*first, *then]]
    if b.closes is not None:
        what = f"the closing of {b.closes}"
        found.append([Operation(q.close, {"month": b.closes.number}, what, like=q.every_line)])
        # Only now is it sure that nobody posts into the month any more.
        found.append([Operation(q.number, {"of_month": str(b.closes)}, several=True)])
    if b.reopens is not None:
        months = {"month": b.reopens.number, "before": b.reopens.number - 1}
        found.append([Operation(q.reopen, months, f"the reopening of {b.reopens}", like=q.every_line)])
    sealed = [(subject, seq) for fact in b.facts if isinstance(fact, Seal) for subject, seq, _ in fact.entries]
    return [*found, *[[Operation(q.unseal, {"subject": subject, "seq": seq})] for subject, seq in sealed]]


def _guards(b: Batch, q: Statements) -> list[Operation]:
    found = []
    if b.key is not None:
        key = {"key": b.key.key, "asked": b.key.asked, "subject": b.entry.subject, "seq": b.entry.seq}
        found.append(Operation(q.insert["keys"], key))
    for guard in sorted(b.guards, key=lambda each: each.key):
        if guard.expected == 0:
            found.append(Operation(q.insert["guards"], {"key": guard.key, "version": 1}))
        else:
            values = {"the_key": guard.key, "expected": guard.expected, "version": guard.expected + 1}
            found.append(Operation(q.guard, values, f"guard {guard.key}", hits=True))
    return found


def _puts(b: Batch, q: Statements) -> list[Operation]:
    submitted = {fact.document for fact in b.facts if isinstance(fact, Submission)}
    puts = sorted(b.puts, key=lambda put: (type(put.record).__name__, put.record.id))
    return [_put(put, put.record.id in submitted, q) for put in puts]


def _put(put: Put, submitted: bool, q: Statements) -> Operation:
    record, at = put.record, {"the_id": put.record.id, "expected": put.expected}
    if isinstance(record, Document) and put.expected and not submitted:
        state = {**rows.document_state(record), **at, "the_round": record.round.number}
        return Operation(q.advance, state, record.id, hits=True)
    if isinstance(record, Document):
        table, row = "documents", rows.document_row(record)
    elif isinstance(record, PayeeAccount):
        table, row = "payees", rows.payee_row(record)
    elif isinstance(record, Project):
        table, row = "projects", rows.project_row(record)
    elif isinstance(record, Card):
        table, row = "cards", year_rows.card_row(record)
    else:
        table, row = "policies", rows.policy_row(record)
    if put.expected == 0:
        return Operation(q.insert[table], row)
    return Operation(q.update[table], {**row, **at}, record.id, hits=True)


def _moves(b: Batch, q: Statements) -> list[Operation]:
    netted = sorted(holds.netted(b.moves), key=lambda each: each.line)
    found = [Operation(q.move, _move(move), f"line {move.line}", hits=True) for move in netted]
    for move in b.moves:
        row = {**rows.move_row(move), "subject": b.entry.subject, "seq": b.entry.seq}
        found.append(Operation(q.insert["moves"], row))
    return found


def _move(move: Move) -> dict[str, Any]:
    available = move.reserved + move.committed + move.spent - move.in_force
    if available > UNITS_MAX:
        raise Conflict(f"line {move.line} has not enough")
    return {
        "line": move.line,
        "min_reserved": -move.reserved,
        "min_committed": -move.committed,
        "min_spent": -move.spent,
        "min_available": max(available, -UNITS_MAX),
        "before": NO_MONTH if move.month is None else move.month.number,
        "more_in_force": move.in_force,
        "more_reserved": move.reserved,
        "more_committed": move.committed,
        "more_spent": move.spent,
    }


def _takes(b: Batch, q: Statements) -> list[Operation]:
    found = []
    for take in sorted(b.takes, key=lambda each: (each.space, each.key)):
        key = {"space": take.space.value, "key": take.key, "owner": take.by}
        if isinstance(take, Take):
            found.append(Operation(q.insert["taken"], {**key, "ever": int(take.ever)}))
        else:
            found.append(Operation(q.free, key, f"{take.space} {take.key}", hits=True))
    return found


def _facts(b: Batch, q: Statements) -> list[Operation]:
    return [_fact(fact, b.entry.seq, q) for fact in b.facts]


def _fact(fact: Fact, seq: int, q: Statements) -> Operation:
    if isinstance(fact, Submission):
        return Operation(q.insert["rounds"], rows.round_row(fact, seq))
    if isinstance(fact, Signed):
        return Operation(q.insert["signatures"], rows.signed_row(fact, seq))
    if isinstance(fact, Payment):
        return Operation(q.insert["payments"], rows.payment_row(fact, seq))
    if isinstance(fact, UseRow):
        return Operation(q.insert["use_rows"], rows.use_row(fact, seq))
    if isinstance(fact, Posting):
        return Operation(q.insert["postings"], year_rows.posting_row(fact, seq))
    if isinstance(fact, Planned):
        return Operation(q.insert["planned"], year_rows.planned_row(fact, seq))
    if isinstance(fact, VoucherRow):
        return Operation(q.insert["vouchers"], year_rows.voucher_row(fact, seq))
    if isinstance(fact, Paper):
        return Operation(q.insert["papers"], year_rows.paper_row(fact, seq))
    return Operation(q.insert["seals"], rows.seal_row(fact, seq))


def _entry(b: Batch, q: Statements) -> list[Operation]:
    e = b.entry
    found = [
        Operation(q.insert["journal"], rows.entry_row(e)),
        Operation(q.insert["unsealed"], {"subject": e.subject, "seq": e.seq}),
    ]
    return found + [Operation(q.insert["outbox"], rows.notice_row(notice)) for notice in b.notices]
