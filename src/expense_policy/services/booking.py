"""The books' part of every act: no act can forget its postings, or open a line that a closed month is open on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from ..domain import bookkeeping
from ..domain.cards import BOOKS, Books
from ..domain.document import Document
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.posting import Posting
from ..ports.errors import Tampered
from ..ports.repository import Guard, Look, Seen
from .effects import Effects

SEEN = Look(cards=(BOOKS,), guards=(BOOKS,))
"""What an act looks at that rests on the month through which the books are closed."""


def closed_through(seen: Seen) -> Month | None:
    """The month through which the books are closed, of a scene that has seen their card."""
    books = seen.cards.get(BOOKS)
    return books.closed_through if isinstance(books, Books) else None


def guard(seen: Seen) -> Guard:
    """What makes everything count as one that rests on the books' card."""
    return Guard(BOOKS, seen.guards.get(BOOKS, 0))


def booked(e: Effects, subject: str, at: datetime, seen: Seen, policies: Mapping[str, Policy]) -> Effects | Look:
    """The effects with the postings of every document that they put (R1.1); lines are opened as closed as the others.

    A look where that has to be seen first.
    """
    if e.lines:
        if BOOKS not in seen.guards:
            return SEEN
        through = closed_through(seen)
        e.lines = tuple([attrs.evolve(line, closed_through=through) for line in e.lines])
        if all(each.key != BOOKS for each in e.guards):
            e.guards = (*e.guards, guard(seen))
    changed: list[Document] = []
    for put in e.puts:
        if isinstance(put.record, Document) and _costs(seen, put.record):
            changed.append(put.record)
    if changed:
        by = (subject, next((put.record.version for put in e.puts if put.record.id == subject), 1))
        lines = [seen.lines[h.line] for each in changed for h in each.held if h.line in seen.lines]
        closed = max([line.closed_through for line in lines if line.closed_through is not None], default=None)
        posted: list[Posting] = []
        for after in changed:
            before = seen.documents[after.id]
            posted += bookkeeping.postings(before, after, e.facts, _policy(policies, before), at, closed, by)
        if closed is None and _late(posted, policies, at) and closed_through(seen) is None:
            # Which month may be closed first rests on what was posted of those before it.
            if BOOKS not in seen.guards:
                return SEEN
            e.guards = (*e.guards, guard(seen))
        e.moves = bookkeeping.moves(e.moves, posted, closed)
        e.facts = (*e.facts, *posted)
    return e


def _late(posted: list[Posting], policies: Mapping[str, Policy], at: datetime) -> bool:
    """Whether something belongs to a month that has ended."""
    last = max([policy.calendar.month(at) for policy in policies.values()])
    return any(posting.month < last for posting in posted)


def _policy(policies: Mapping[str, Policy], document: Document) -> Policy:
    found = policies.get(document.round.policy_version)
    if found is None:
        raise Tampered(f"policy version {document.round.policy_version!r} of document {document.id!r} is not there")
    return found


def _costs(seen: Seen, after: Document) -> bool:
    """Whether an act pays something of a document, or changes what it has cost: most acts do neither."""
    before = seen.documents.get(after.id)
    if before is None:
        return False
    if len(before.payments) < len(after.payments) or before.used < after.used:
        return True
    return bookkeeping.incurred(before) != bookkeeping.incurred(after)
