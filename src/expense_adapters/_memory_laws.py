"""What a store in memory refuses: a race that was lost is a Conflict, a broken law a RepositoryError."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from expense_policy.domain import holds
from expense_policy.domain.cards import BOOKS, Books, Card
from expense_policy.domain.claim import Claim
from expense_policy.domain.documents import Document
from expense_policy.domain.holds import Line, Move
from expense_policy.domain.money import UNITS_MAX
from expense_policy.domain.periods import Month
from expense_policy.domain.posting import Posting
from expense_policy.domain.vocabulary import Space, Status
from expense_policy.ports.errors import Conflict, RepositoryError
from expense_policy.ports.repository import Batch, Free, Put, Record

Records = Mapping[type, Mapping[str, Record]]


def kind_of(record: Record) -> type:
    """Among which records one is kept: cards of every kind stand together."""
    return Card if isinstance(record, Card) else type(record)


def check_put(put: Put, there: Record | None) -> None:
    """A record follows the one that is there, is of its kind, and a document stays within its amount (A4.2)."""
    record = put.record
    if (0 if there is None else there.version) != put.expected:
        raise Conflict(f"{record.id} has moved on")
    if there is not None and type(there) is not type(record):
        raise RepositoryError(f"{record.id} is a card of another kind")
    if isinstance(record, Document) and not _within(record):
        raise RepositoryError(f"{record.id} would be paid, claimed or used beyond its amount")


def _within(d: Document) -> bool:
    """Whether no more was paid, claimed or used than was approved: most acts change none of them."""
    units = d.units
    if units >= 0 and not (d.payments or d.used or d.claimed or d.cleared):
        return True
    paid = d.paid
    if not 0 <= d.used <= units or not 0 <= paid <= units:
        return False
    for p in d.payments:
        if p.reverses is not None and d.left(p.reverses) < 0:
            return False
    if isinstance(d.content, Claim):
        return d.claimed == 0 and 0 <= d.cleared <= units - paid
    return 0 <= d.cleared <= paid and 0 <= d.claimed <= units and paid + d.claimed - d.cleared <= units


def check_line(line: Line) -> None:
    """No line opens overdrawn (B2.1)."""
    if min(line.reserved, line.committed, line.spent, line.available) < 0:
        raise RepositoryError(f"line {line.id} would be overdrawn")


def moved(line: Line | None, move: Move) -> Line:
    """The line after a move; Conflict where the move would break a law of B2.1 or R1.3."""
    if line is None:
        raise Conflict(f"there is no line {move.line}")
    after = holds.moved(line, move)
    if min(after.reserved, after.committed, after.spent, after.available) < 0:
        raise Conflict(f"line {move.line} has not enough")
    if move.month is not None and line.closed_through is not None and line.closed_through >= move.month:
        raise Conflict(f"line {move.line} is closed through {line.closed_through}")
    if after.in_force > UNITS_MAX:
        raise RepositoryError(f"line {move.line} would hold more than 2**63-1")
    return after


def closed(line: Line, month: Month) -> Line:
    """The line closed through a month; Conflict where it already is, or beyond it (R1.3)."""
    if line.closed_through is not None and line.closed_through >= month:
        raise Conflict(f"line {line.id} is closed through {line.closed_through}")
    return attrs.evolve(line, closed_through=month)


def opened(line: Line, month: Month) -> Line:
    """The line open again from a month on; Conflict where that is not the last one it is closed through."""
    if line.closed_through != month:
        raise Conflict(f"line {line.id} is not closed through {month}")
    return attrs.evolve(line, closed_through=month.plus(-1))


def check_lawful(b: Batch, records: Records) -> None:
    """No posting is of a month that the books are closed through (R1.3), nor is a spent voucher given back (R2.2)."""
    for fact in b.facts:
        if isinstance(fact, Posting):
            books = records[Card].get(BOOKS)
            if isinstance(books, Books) and books.closed_through and books.closed_through >= fact.month:
                raise RepositoryError(f"the books are closed through {books.closed_through}")
    for take in b.takes:
        if isinstance(take, Free) and take.space is Space.VOUCHER:
            put = (put.record for put in b.puts if put.record.id == take.by and isinstance(put.record, Document))
            owner = next(put, records[Document].get(take.by))
            if isinstance(owner, Document) and (owner.paid > 0 or owner.status in (Status.SETTLED, Status.CLOSED)):
                raise RepositoryError(f"{take.by} was paid for {take.key}")
