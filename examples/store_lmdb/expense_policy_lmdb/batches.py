"""A batch inside a write transaction: each condition is held to what stands now, and then its row is written.

LMDB lets one writer in at a time, so nothing changes in between; what is raised takes everything back.
"""

from __future__ import annotations

import attrs

from expense_policy import AlreadyDone, Conflict, Document, RepositoryError, Status
from expense_policy.domain.cards import BOOKS, Books, Card
from expense_policy.domain.claim import Claim
from expense_policy.domain.holds import Line, Move, netted
from expense_policy.domain.journal import GENESIS, Seal
from expense_policy.domain.money import UNITS_MAX
from expense_policy.domain.periods import Month
from expense_policy.domain.posting import Posting
from expense_policy.domain.vocabulary import Space
from expense_policy.ports.repository import Batch, Free, Guard, Put, Take

from .indexes import heads
from .rows import Act, Numbered, Queued, Rows, Unsealed, kind_of


def check_key(rows: Rows, b: Batch) -> None:
    """AlreadyDone where the batch's key was used: before anything else is looked at."""
    if b.key is not None and (done := rows.done(b.key.key)) is not None:
        raise AlreadyDone(*done)


def apply(rows: Rows, b: Batch) -> None:
    """Does all of a batch, or raises."""
    check_key(rows, b)
    for guard in b.guards:
        if guard != (rows.get(Guard, guard.key) or Guard(guard.key, 0)):
            raise Conflict(f"guard {guard.key} has moved on")
        rows.put(Guard(guard.key, guard.expected + 1))
    for put in b.puts:
        _put(rows, put)
    for line in b.lines:
        if _overdrawn(line):
            raise RepositoryError(f"line {line.id} would be overdrawn")
        rows.add(line)
    for move in netted(b.moves):
        rows.put(_moved(rows.get(Line, move.line), move))
    for take in b.takes:
        rows.add(take) if isinstance(take, Take) else _give_back(rows, take)
    _write(rows, b)
    for notice in b.notices:
        rows.add(Queued(notice, notice.at, False))
    if b.closes is not None or b.reopens is not None:
        _close(rows, b)


def _put(rows: Rows, put: Put) -> None:
    record = put.record
    there = rows.get(kind_of(record), record.id)
    if put.expected != (0 if there is None else there.version):
        raise Conflict(f"{record.id} has moved on")
    if there is not None and type(there) is not type(record):
        raise RepositoryError(f"{record.id} is a card of another kind")
    if isinstance(record, Document) and not _within(record):
        raise RepositoryError(f"{record.id} would be paid or used beyond its amount")
    rows.put(record, there)


def _within(d: Document) -> bool:
    """No more is paid, claimed, set against an advance or used than was approved; no more given back than paid."""
    left = [d.left(p.reverses) for p in d.payments if p.reverses is not None]
    if isinstance(d.content, Claim):
        spent, fits = d.paid + d.cleared, d.claimed == 0
    else:
        spent, fits = d.paid + d.claimed - d.cleared, d.cleared <= d.paid
    least, most = min(d.paid, d.used, d.claimed, d.cleared, *left), max(d.paid, d.used, d.claimed, spent)
    return fits and least >= 0 and most <= d.units


def _overdrawn(line: Line) -> bool:
    return min(line.reserved, line.committed, line.spent, line.available) < 0


def _check_open(line: Line, month: Month | None) -> None:
    if month is not None and line.closed_through is not None and line.closed_through >= month:
        raise Conflict(f"line {line.id} is closed through {line.closed_through}")


def _moved(line: Line | None, move: Move) -> Line:
    """The line after a move, unless a law forbids it (B2.1, R1.3)."""
    if line is None:
        raise Conflict(f"there is no line {move.line}")
    _check_open(line, move.month)
    names = ("in_force", "reserved", "committed", "spent")
    after = attrs.evolve(line, **{name: getattr(line, name) + getattr(move, name) for name in names})
    if _overdrawn(after):
        raise Conflict(f"line {line.id} has not enough")
    if after.in_force > UNITS_MAX:
        raise RepositoryError(f"line {line.id} would hold more than 2**63-1")
    return after


def _give_back(rows: Rows, free: Free) -> None:
    taken = rows.get(Take, free.space, free.key)
    if taken is None or taken.ever or taken.by != free.by:
        raise Conflict(f"{free.space} {free.key} is not {free.by}'s to give back")
    owner = rows.get(Document, free.by) if free.space is Space.VOUCHER else None
    if owner is not None and (owner.paid > 0 or owner.status in (Status.SETTLED, Status.CLOSED)):
        raise RepositoryError(f"{free.by} was paid for {free.key}")
    rows.drop(taken)


def _write(rows: Rows, b: Batch) -> None:
    """The entry with its moves and facts; it waits for a seal, and those that a seal binds wait no more."""
    entry, last = b.entry, rows.last(b.entry.subject)
    if (entry.seq, entry.prev) != ((1, GENESIS) if last is None else (last.seq + 1, last.digest)):
        raise Conflict(f"the journal of {entry.subject} has moved on")
    posted = [fact.month for fact in b.facts if isinstance(fact, Posting)]
    books = rows.get(Card, BOOKS) if posted else None
    if isinstance(books, Books) and books.closed_through and books.closed_through >= min(posted):
        raise RepositoryError(f"the books are closed through {books.closed_through}")
    rows.add(Act(entry, b.key, b.moves, b.facts))
    rows.add(Unsealed(entry.subject, entry.seq))
    for subject, seq, _ in [bound for fact in b.facts if isinstance(fact, Seal) for bound in fact.entries]:
        rows.drop(Unsealed(subject, seq))


def _close(rows: Rows, b: Batch) -> None:
    """Every line there is closes, or opens again (R1.3)."""
    for line in list(rows.all(Line)):
        _check_open(line, b.closes)
        if b.reopens not in (None, line.closed_through):
            raise Conflict(f"{line.id} is not closed through {b.reopens}")
        rows.put(attrs.evolve(line, closed_through=b.closes or (b.reopens and b.reopens.plus(-1))))
    if b.closes is not None:
        _number(rows, str(b.closes))


def _number(rows: Rows, month: str) -> None:
    """The month's postings that have no number get one, after those that have."""
    (head,) = heads(Posting, {"month": (month,)})
    posted = {(p.document, p.source.value, p.number, p.line) for p in rows.under(head, Posting)}
    known = {numbered.at for numbered in rows.all(Numbered, month)}
    for number, at in enumerate(sorted(posted - known), len(known) + 1):
        rows.add(Numbered(month, number, at))
