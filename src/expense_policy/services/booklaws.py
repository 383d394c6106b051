"""The laws of the ledger, derived again from what is stored (I12, I26, I30)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from itertools import pairwise

import attrs

from ..domain.accounting import RecordedCost
from ..domain.bookkeeping import incurred, under
from ..domain.categories import kind_of
from ..domain.content import Row
from ..domain.documents import Document
from ..domain.money import Money
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.posting import CASH, Posting, Source
from .recording import taking
from .replay import Origin, Replay


@attrs.define
class Costs:
    """What each document has cost by what stands in it, on each line; a claim's cost is its application's."""

    expected: dict[str, dict[str, int]] = attrs.field(factory=dict)

    def take(self, d: Document) -> None:
        """One document."""
        self.expected[d.id] = incurred(d)


def broken_books(
    played: Replay, numbered: Mapping[str, list[Row]], costs: Costs, policies: Mapping[str, Policy]
) -> None:
    """Tells every law of the ledger that does not hold; `numbered` are the numbers that stand, by month."""
    _numbers(played, numbered)
    _derived(played, policies)
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


def _derived(played: Replay, policies: Mapping[str, Policy]) -> None:
    """Each posting stands for something, and says where that belongs: day and month, who bears it, type and account.

    One whose policy version can't be read, which is told elsewhere, is not held to it.
    """
    for at, posting in played.postings.items():
        of_document = posting.source not in (Source.RECORDED, Source.ALLOCATED)
        if of_document:
            fault = _of_document(at, posting, played, policies)
        elif posting.reverses is not None:
            fault = _undoes(posting, played)
        else:
            fault = _of_finance(posting, played, played.origins[at], policies)
        if fault is not None:
            played.broken(posting.document, "I26", f"posting {posting.source} {posting.number} {fault}")


def _of_document(at: tuple[str, ...], posting: Posting, played: Replay, policies: Mapping[str, Policy]) -> str | None:
    # What an act on a claim makes of its application's cost, which has ended by then, is as the last round has it.
    origin = played.origins[at]
    application = None if posting.source in CASH else played.costs.get(at)
    form = origin.form if application is None else played.forms.get(application)
    if form is None or posting.line not in form.places:
        return "stands for nothing"
    policy = policies.get(form.version)
    if policy is None:
        return None
    on = origin.used or policy.calendar.day(origin.at)
    return _placed(posting, on, Month(on.year, on.month), form.places[posting.line], form.type, policy)


def _of_finance(posting: Posting, played: Replay, origin: Origin, policies: Mapping[str, Policy]) -> str | None:
    policy = policies.get(origin.version or "")
    if policy is None:
        return None
    if origin.paper is not None:
        on, month, type_ = policy.calendar.day(origin.at), origin.paper.month, origin.paper.type
    elif posting.source is Source.RECORDED and _recorded(posting, played, policy):
        on, month, type_ = posting.on, Month(posting.on.year, posting.on.month), posting.type
    else:
        return "stands for nothing"
    return _placed(posting, on, month, (posting.department, posting.project), type_, policy)


def _recorded(posting: Posting, played: Replay, policy: Policy) -> bool:
    """Whether the cost's key was taken for what the posting says."""
    amount, project = Money(posting.units, policy.currency), posting.project or None
    try:
        cost = RecordedCost(posting.reference, posting.on, posting.department, posting.type, amount, project)
    except ValueError:
        return False
    take = taking(cost, posting.document)
    return played.taken[(take.space.value, take.key, take.by, "ever")] == 1


def _undoes(posting: Posting, played: Replay) -> str | None:
    """What finance undoes is undone whole, where it stood."""
    first = played.postings.get((posting.document, posting.source.value, str(posting.reverses), posting.line))
    if first is None:
        return "undoes nothing"
    said = [(p.corrects or p.month, *[getattr(p, name) for name in _KEPT]) for p in (first, posting)]
    return None if said[0] == said[1] and posting.units == -first.units else "is not what it undoes"


_KEPT = ("department", "project", "category", "type", "account", "reference")
"""What a posting that undoes another says as that one does."""


def _placed(posting: Posting, on: date, month: Month, place: tuple[str, str], type_: str, policy: Policy) -> str | None:
    if kind_of(type_, policy) is None:
        return "is of a type that its policy does not know"
    category, account = under(type_, policy)
    said = (posting.on, posting.corrects or posting.month, posting.department, posting.project)
    if (*said, posting.category, posting.type, posting.account) == (on, month, *place, category, type_, account):
        return None
    return "says otherwise than what it comes from"


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
