"""What an act on a document adds to the ledger: its postings, and the months that they stand in (R1.1, R1.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import attrs

from .application import Application
from .categories import UseRow, kind_of
from .claim import Claim
from .document import Document, Payable
from .holds import Move
from .money import split
from .payment import Payment
from .periods import Month
from .policy import Policy
from .posting import SETTLED, Posting, Source
from .vocabulary import DocumentId, LineId, Status

ByLine = dict[LineId, int]


def incurred(d: Document | None) -> ByLine:
    """What a document has cost so far, by line, in smallest units; {} where it is nothing.

    While it is approved, what its use record bears: each line its share of the whole, so that no rounding adds up.
    Once it was settled, what was drawn of it; after another end no more than that either, for what is never to be paid
    is no cost. A claim without an application costs what it asks for once it is approved, and what was paid once it
    ended; of one under an application the use record is the application's, and so is the cost.
    """
    # Most documents have cost nothing when they are asked.
    if d is None or not (d.used or d.payments or d.claimed or type(d.content) is Claim):
        return {}
    form = d.content
    if not isinstance(form, Payable):
        return {}
    if isinstance(form, Claim):
        if form.application is not None:
            return {}
        return {s.line: s.amount.units for s in form.shares} if d.status is Status.APPROVED else _spent(d, 0)
    claimed = d.claimed - d.cleared
    if d.status is Status.APPROVED or (d.status is not Status.SETTLED and d.used < d.paid + claimed):
        return _shared(form, d.used)
    return _spent(d, claimed)


def _shared(form: Payable, units: int) -> ByLine:
    if not units:
        return {}
    return dict(zip([s.line for s in form.shares], split(units, [s.amount.units for s in form.shares]), strict=True))


def _spent(d: Document, claimed: int) -> ByLine:
    """What was paid, on the lines that paid it; and what claims under it are paid."""
    more = _shared(d.content, claimed) if claimed and isinstance(d.content, Payable) else {}
    found = {h.line: h.spent + more.get(h.line, 0) for h in d.held}
    return found if any(found.values()) else {}


def month_of(month: Month, closed: Month | None) -> tuple[Month, Month | None]:
    """The month of the books that takes what belongs to a month, and the month that this corrects, if any (R1.3)."""
    return (month, None) if closed is None or month > closed else (closed.plus(1), month)


Places = dict[LineId, tuple[str, str]]


def places(form: Payable) -> Places:
    """The department, and the project or "", that bear what falls on each line of a form."""
    return {s.line: (s.department or form.department, s.project or form.project or "") for s in form.shares}


def under(type_: str, policy: Policy) -> tuple[str, str]:
    """The category and the ledger account that an expense type's costs stand under (R1.4)."""
    kind = kind_of(type_, policy)
    return type_ if kind is None else kind.category, policy.ledger_account(type_)


@attrs.define
class _Ledger:
    """The postings of one act on one document; `number` is that of what has no number of its own."""

    subject: DocumentId
    number: int
    form: Payable
    policy: Policy
    closed: Month | None
    found: list[Posting] = attrs.field(factory=list)

    def post(
        self,
        source: Source,
        number: int,
        on: date,
        parts: Iterable[tuple[LineId, int]],
        reverses: int | None = None,
    ) -> None:
        """A posting for each line that bears something of it."""
        borne = [(line, units) for line, units in parts if units]
        if not borne:
            return
        form = self.form
        month, corrects = month_of(Month.on(on), self.closed)
        of, (category, account) = places(form), under(form.type, self.policy)
        # A claim says no rule: it names departments where its application shares its cost by one.
        rule = form.allocation if isinstance(form, Application) else any(share.department for share in form.shares)
        more = (reverses, corrects, SETTLED if rule else "")
        for line, units in borne:
            where = (*of[line], category, form.type, account)
            self.found.append(Posting(self.subject, source, number, line, month, on, *where, units, *more))

    def used(self, used: int, so_far: ByLine, rows: Sequence[UseRow]) -> ByLine:
        """What the use record grew by, month by month; gives what was incurred then."""
        if not rows:
            return so_far
        months: dict[tuple[int, int], list[UseRow]] = {}
        for row in rows:
            if row.units:
                months.setdefault((row.on.year, row.on.month), []).append(row)
        for _, each in sorted(months.items()):
            used += sum([row.units for row in each])
            then = _shared(self.form, used)
            self.post(Source.INCURRED, each[0].number, each[0].on, _more(so_far, then))
            so_far = then
        return so_far


def _more(before: ByLine, after: ByLine) -> list[tuple[LineId, int]]:
    return [(line, after.get(line, 0) - before.get(line, 0)) for line in {**before, **after}]


def postings(
    before: Document | None,
    after: Document,
    facts: Sequence[object],
    policy: Policy,
    at: datetime,
    closed: Month | None,
    by: tuple[DocumentId, int],
) -> list[Posting]:
    """The postings of an act: of its payments, its use rows, and what else it makes of what the document has cost.

    `policy` is the version that the document was judged by until then; `closed` the month through which the books are
    closed, as far as that is known; `by` the document that the act is on, with its version: a claim changes what its
    application has cost, too.
    """
    # A new round costs nothing yet: what is taken back then stands where the round before put it.
    form, today = (after if before is None else before).content, policy.calendar.day(at)
    assert isinstance(form, Payable)
    ledger = _Ledger(*by, form, policy, closed)
    for paid in [fact for fact in facts if isinstance(fact, Payment) and fact.document == after.id]:
        source = Source.SET_OFF if paid.granted else Source.PAID
        ledger.post(source, paid.number, today, paid.parts, paid.reverses)
    so_far = incurred(before)
    if not isinstance(form, Claim):
        rows = [fact for fact in facts if isinstance(fact, UseRow) and fact.document == after.id]
        so_far = ledger.used(0 if before is None else before.used, so_far, rows)
    then = incurred(after)
    if then != so_far:
        approved = isinstance(form, Claim) and after.status is Status.APPROVED
        source = Source.INCURRED if approved else Source.FINAL
        ledger.post(source, ledger.number, today, _more(so_far, then))
    return ledger.found


def moves(moved: tuple[Move, ...], posted: Sequence[Posting], closed: Month | None) -> tuple[Move, ...]:
    """The moves of an act with what keeps the months of its postings open: one of nothing where a line has none."""
    months: dict[LineId, Month] = {}
    for each in posted:
        first = months.get(each.line)
        months[each.line] = each.month if first is None else min(each.month, first)
    found = []
    for move in moved:
        month = months.pop(move.line, move.month)
        month = None if month is None else month_of(month, closed)[0]
        found.append(move if month == move.month else attrs.evolve(move, month=month))
    return (*found, *[Move(line, month=month) for line, month in months.items()])
