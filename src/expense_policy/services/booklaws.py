"""The laws of the ledger, derived again from what is stored (I12, I26, I30)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise

import attrs

from ..domain.bookkeeping import incurred
from ..domain.content import Row
from ..domain.documents import Document
from ..domain.posting import Source
from .replay import Replay


@attrs.define
class Costs:
    """What each document has cost by what stands in it, on each line; a claim's cost is its application's."""

    expected: dict[str, dict[str, int]] = attrs.field(factory=dict)

    def take(self, d: Document) -> None:
        """One document."""
        self.expected[d.id] = incurred(d)


def broken_books(played: Replay, numbered: Mapping[str, list[Row]], costs: Costs) -> None:
    """Tells every law of the ledger that does not hold; `numbered` are the numbers that stand, by month."""
    _numbers(played, numbered)
    _spent(played)
    _undone(played)
    _incurred(played, costs)


def _incurred(played: Replay, costs: Costs) -> None:
    """What was posted of what a document incurred is what it has cost, line by line: no act forgets any of it.

    Of a document that was paid or used by a library of before, which posted nothing, that is not known.
    """
    since = played.posting_since
    before = {id for at, id in played.unposted if since is None or at < since}
    posted: dict[str, Counter[str]] = defaultdict(Counter)
    for at, posting in played.postings.items():
        if posting.source in (Source.INCURRED, Source.FINAL):
            posted[played.costs.get(at, posting.document)][posting.line] += posting.units
    for id in sorted(costs.expected.keys() - before):
        found, expected = ({x: n for x, n in each.items() if n} for each in (posted[id], costs.expected[id]))
        if found != expected:
            played.broken(id, "I26", "what was posted of its cost is not what it has cost")


def _numbers(played: Replay, numbered: Mapping[str, list[Row]]) -> None:
    """A month's numbers go from 1 without a gap, each of a posting of it; a closed month's postings all have one.

    A closing gives them in the order of what postings are told by: that order begins anew once a closing.
    """
    given: Counter[tuple[str, ...]] = Counter()
    for month, rows in sorted(numbered.items()):
        if sorted(int(row[2]) for row in rows) != list(range(1, len(rows) + 1)):
            played.broken(f"month:{month}", "I26", "the numbers of its postings have a gap, or stand twice")
        told = [(*row[3:5], int(row[5]), row[6]) for row in sorted(rows, key=lambda row: int(row[2]))]
        if sum(after < before for before, after in pairwise(told)) >= played.closings[month]:
            played.broken(f"month:{month}", "I26", "the numbers of its postings are not those that closings gave")
        for row in rows:
            posting = played.postings.get(row[3:])
            given[row[3:]] += 1
            if posting is None or str(posting.month) != month:
                played.broken(row[3], "I26", f"number {row[2]} of {month} is of no posting of that month")
    for at, posting in played.postings.items():
        closed = played.closed is not None and posting.month <= played.closed
        if given[at] > 1 or (closed and not given[at]):
            played.broken(posting.document, "I26", f"a posting of {posting.month} has {given[at]} numbers")


def _unposted(played: Replay, at: datetime, posted: Mapping[str, int]) -> bool:
    """Whether a payment was made by a library that posted nothing: before the first posting, with none of its own."""
    return not posted and (played.posting_since is None or at < played.posting_since)


def _spent(played: Replay) -> None:
    """What a payment spends of each line is what was posted of it, but for payments from before there were postings."""
    for at, payment, posted in played.paid:
        whole = posted == {line: units for line, units in payment.parts if units}
        if not whole and not _unposted(played, at, posted):
            played.broken(payment.document, "I12", f"what was posted of payment {payment.number} is not what was spent")


def _undone(played: Replay) -> None:
    """A posting that undoes another is of the other sign, and those of one together come to no more than it.

    Of a payment that was never posted, what it says stands for it.
    """
    undone: dict[tuple[str, ...], int] = defaultdict(int)
    whole = Counter({at: posting.units for at, posting in played.postings.items()})
    for made, payment, posted in played.paid:
        if _unposted(played, made, posted):
            source, number = Source.SET_OFF if payment.granted else Source.PAID, payment.reverses or payment.number
            for line, units in payment.parts:
                whole[(payment.document, source.value, str(number), line)] += units
    for posting in played.postings.values():
        if posting.reverses is not None:
            undone[(posting.document, posting.source.value, str(posting.reverses), posting.line)] += posting.units
    for at, units in undone.items():
        first = whole[at]
        if not first or not min(0, first) <= first + units <= max(0, first):
            played.broken(at[0], "I30", f"more was undone of posting {at[2]} on {at[3]} than it says")
