"""The journal played again: what the tables should be (I19)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime

import attrs

from ..domain.allocation import Allocation
from ..domain.allocation_rule import Allocated, place_name
from ..domain.bookkeeping import Places, places
from ..domain.categories import UseRow
from ..domain.claim import Claim
from ..domain.content import Digest, Row
from ..domain.document import Payable
from ..domain.journal import Entry, Seal
from ..domain.payment import Payment
from ..domain.periods import Month
from ..domain.posting import CASH, Planned, Posting, Source
from ..domain.year_end import Carried, YearEnd
from ..ports.repository import Fact, Signed, Submission
from .drafting import BUDGET_GUARDS

FACTS = ("round", "signature", "payment", "use", "seal", "posting", "planned", "voucher", "paper")
Broken = list[tuple[str, str]]
"""Laws that don't hold of one document, each with how."""
RECORDS = ("document", "payee", "policy", "project", "guard", "card")


@attrs.frozen
class Break:
    """A law that does not hold: of which subject, which law, and how."""

    subject: str
    law: str
    message: str


@attrs.frozen
class Form:
    """What a round says of its postings: the expense type, who bears each line, the version that judges it."""

    type: str
    places: Places
    version: str


@attrs.frozen
class Origin:
    """What a posting comes from, as its own entry tells it."""

    at: datetime
    version: str | None
    """The policy version that judged the act."""
    form: Form | None = None
    """The round of its document that stood until then."""
    used: date | None = None
    """The day of the use row whose number it has."""
    paper: Allocated | None = None
    """The result that it is a part of."""


@attrs.define
class Replay:
    """Takes entries in (subject, seq) order; then holds every row that should stand, and every break met on the way."""

    records: dict[tuple[str, str], Row] = attrs.field(factory=dict)
    """The latest row of each record, by kind and id."""
    rows: Counter[Row] = attrs.field(factory=Counter)
    """Rows that are written once: facts, moves, keys, lines."""
    taken: Counter[Row] = attrs.field(factory=Counter)
    versions: dict[str, list[tuple[int, Row, bool]]] = attrs.field(factory=dict)
    """Every version of each document, with the row it had and whether a round began: claims write their application's,
    so that a document's versions stand in the entries of several subjects."""
    paid: list[tuple[datetime, Payment, dict[str, int]]] = attrs.field(factory=list)
    """Every payment with its instant and what its own entry posted of it on each line."""
    posting_since: datetime | None = None
    """When the first posting was made: a library of before made none."""
    postings: dict[tuple[str, ...], Posting] = attrs.field(factory=dict)
    """Every posting by its identity."""
    origins: dict[tuple[str, ...], Origin] = attrs.field(factory=dict)
    """What each posting comes from, by the posting's identity."""
    forms: dict[str, Form] = attrs.field(factory=dict)
    """The latest round of each document that something can be paid of."""
    costs: dict[tuple[str, ...], str] = attrs.field(factory=dict)
    """Whose cost a posting is a part of, where that is not its document's: of a claim the application's."""
    under: dict[str, str | None] = attrs.field(factory=dict)
    """The application that each claim stands under, by its latest round."""
    unposted: list[tuple[datetime, str]] = attrs.field(factory=list)
    """The documents that were paid or used by an entry that posted nothing of it, with its instant."""
    balances: dict[str, list[int]] = attrs.field(factory=dict)
    """In force, reserved, committed and spent of each line."""
    opened: dict[str, Counter[str]] = attrs.field(factory=lambda: defaultdict(Counter))
    """What each subject put in force on each line."""
    carried: dict[str, list[Carried]] = attrs.field(factory=lambda: defaultdict(list))
    """What the ends of a department's year say that they moved."""
    planned: dict[str, dict[tuple[str, Month], int]] = attrs.field(factory=dict)
    """What each subject changed of what is planned on a line for a month."""
    planned_since: datetime | None = None
    """When months were planned first: a library of before planned none."""
    bumped: Counter[str] = attrs.field(factory=Counter)
    """To which count a subject brought the guard of its department's budget, last."""
    archives: dict[str, Row] = attrs.field(factory=dict)
    """The latest archive manifest of each subject (A4.4)."""
    digests: dict[tuple[str, int], Digest] = attrs.field(factory=dict)
    closed: Month | None = None
    """The month through which every line is closed (R1.3)."""
    closings: Counter[str] = attrs.field(factory=Counter)
    """How often each month was closed."""
    seals: list[Seal] = attrs.field(factory=list)
    breaks: list[Break] = attrs.field(factory=list)

    def broken(self, subject: str, law: str, message: str) -> None:
        """Keeps a break."""
        self.breaks.append(Break(subject, law, message))

    def take(self, entry: Entry, facts: tuple[Fact, ...]) -> None:
        """One entry with the facts that stand for it."""
        self.digests[(entry.subject, entry.seq)] = entry.digest
        self.seals += [fact for fact in facts if isinstance(fact, Seal)]
        said, there = {row for row in entry.rows if row and row[0] in FACTS}, {fact.row() for fact in facts}
        if said != there:
            names = ", ".join(sorted(row[0] for row in said ^ there))
            self.broken(entry.subject, "I19", f"entry {entry.seq}: the stored rows are not those it wrote ({names})")
        self._posted(entry, facts)
        for fact in facts:
            if isinstance(fact, YearEnd):
                self.carried[entry.subject] += fact.carried
            if isinstance(fact, Planned):
                self.planned.setdefault(entry.subject, {})[(fact.line, fact.month)] = fact.units
                self.planned_since = min(entry.at, self.planned_since or entry.at)
            by = (
                fact.signature.signer if isinstance(fact, Signed) else fact.payer if isinstance(fact, Payment) else None
            )
            if by not in (None, entry.actor):
                self.broken(entry.subject, "I23", f"entry {entry.seq} was made by {entry.actor!r}, its row by {by!r}")
        self._allocated(entry, facts)
        try:
            for row in entry.rows:
                self._row(entry, row)
        except (ValueError, IndexError):
            self.broken(entry.subject, "I19", f"entry {entry.seq}: its rows can't be read")

    def _allocated(self, entry: Entry, facts: tuple[Fact, ...]) -> None:
        """What is allocated comes to 0, and its parts are what its inputs give (I24)."""
        shares = [f for f in facts if isinstance(f, Posting) and f.source is Source.ALLOCATED]
        whole = sum(each.units for each in shares)
        if whole:
            self.broken(entry.subject, "I24", f"entry {entry.seq}: its postings come to {whole}, and not to 0")
        for fact in facts:
            if isinstance(fact, Allocated) and fact.allocation != _again(fact.allocation):
                self.broken(entry.subject, "I24", f"entry {entry.seq}: its parts are not what its inputs give")
            if isinstance(fact, Allocated) and not _booked(fact, shares):
                self.broken(entry.subject, "I24", f"entry {entry.seq}: its postings are not its parts")

    def _posted(self, entry: Entry, facts: tuple[Fact, ...]) -> None:
        posted = [fact for fact in facts if isinstance(fact, Posting)]
        # An act on a claim posts what it makes of its application's cost: of the one that it stood under until then.
        application = self.under.get(entry.subject)
        for posting in posted:
            at = posting.row()[1:5]
            self.postings[at], self.origins[at] = posting, self._origin(entry, facts, posting)
            if application is not None:
                self.costs[at] = application
        for fact in facts:
            if isinstance(fact, Submission) and isinstance(fact.content, Payable):
                form = fact.content
                self.forms[fact.document] = Form(form.type, places(form), fact.round.policy_version)
                if isinstance(form, Claim):
                    self.under[fact.document] = form.application
        if posted and (self.posting_since is None or entry.at < self.posting_since):
            self.posting_since = entry.at
        if not posted and any(isinstance(fact, UseRow | Payment) and fact.units for fact in facts):
            self.unposted.append((entry.at, entry.subject))
        stray = [p for p in posted if p.source in CASH]
        for fact in facts:
            if isinstance(fact, Payment):
                said = (Source.SET_OFF if fact.granted else Source.PAID, fact.number, fact.reverses)
                mine = [p for p in stray if (p.source, p.number, p.reverses) == said]
                stray = [p for p in stray if p not in mine]
                self.paid.append((entry.at, fact, {p.line: p.units for p in mine}))
        for posting in stray:
            self.broken(entry.subject, "I12", f"entry {entry.seq}: posting {posting.number} is of no payment")

    def _origin(self, entry: Entry, facts: tuple[Fact, ...], posting: Posting) -> Origin:
        form, used, paper = self.forms.get(entry.subject), None, None
        if posting.source is Source.INCURRED:
            used = next((f.on for f in facts if isinstance(f, UseRow) and f.number == posting.number), None)
        if posting.source is Source.ALLOCATED:
            paper = next((f for f in facts if isinstance(f, Allocated)), None)
        return Origin(entry.at, entry.policy_version, form, used, paper)

    def _row(self, entry: Entry, row: Row) -> None:
        kind = row[0]
        if kind in RECORDS:
            self._record(entry, row)
        elif kind == "move":
            balance = self.balances.setdefault(row[1], [0, 0, 0, 0])
            for i, units in enumerate(row[2:6]):
                balance[i] += int(units)
            if row[2] != "0":
                self.opened[entry.subject][row[1]] += int(row[2])
            self.rows[("move", entry.subject, str(entry.seq), *row[1:])] += 1
        elif kind == "line":
            # Subjects come in id order: a move may be read before the line it is on.
            self.balances.setdefault(row[1], [0, 0, 0, 0])
            self.rows[row] += 1
        elif kind == "take":
            self.taken[row[1:]] += 1
        elif kind == "free":
            self.taken[(*row[1:], "once")] -= 1
        elif kind == "key":
            self.rows[(*row, entry.subject, str(entry.seq))] += 1
        elif kind in ("closes", "reopens"):
            # Both are of one subject, whose entries come in order: the last one stands.
            month = Month.parse(row[1])
            self.closed = month if kind == "closes" else month.plus(-1)
            self.closings[row[1]] += kind == "closes"
        elif kind == "archive":
            self.archives[entry.subject] = row
        elif kind == "mark":
            # It says what nobody could check: no row stands for it.
            pass
        elif kind in FACTS:
            self.rows[row] += 1
        else:
            raise ValueError(kind)

    def _record(self, entry: Entry, row: Row) -> None:
        key, version = (row[0], row[1]), int(row[2])
        if row[0] == "guard" and row[1].startswith(BUDGET_GUARDS):
            self.bumped[entry.subject] = version
        kept = self.records.get(key)
        if row[0] == "document":
            renewed = any(each[0] == "round" and each[1] == row[1] for each in entry.rows)
            self.versions.setdefault(row[1], []).append((version, row, renewed))
        # Most records are written from several subjects: the highest version is the last.
        if kept is None or version > int(kept[2]):
            self.records[key] = row

    def follow(self) -> None:
        """Holds each document's versions to each other, once every entry is taken (I3, I28).

        They follow each other, and the statement changes with a new round alone.
        """
        for id, versions in self.versions.items():
            before: Row | None = None
            for number, (version, row, renewed) in enumerate(sorted(versions), 1):
                if version != number:
                    self.broken(id, "I19", f"version {version} stands where {number} should")
                if not renewed and (before is None or before[4] != row[4]):
                    self.broken(id, "I3", f"version {version}: the statement changed without a new round")
                before = row

    def standing(self) -> Counter[Row]:
        """Every row that should stand in the store, as `Repository.standing` gives it; documents stand apart."""
        found = Counter(self.rows)
        found.update(row for (kind, _), row in self.records.items() if kind != "document")
        closed = "" if self.closed is None else str(self.closed)
        for line, balance in self.balances.items():
            found[("balance", line, *map(str, balance), closed)] += 1
        found.update({("take", *row): n for row, n in self.taken.items() if n})
        return found


def _booked(result: Allocated, shares: list[Posting]) -> bool:
    """Whether the postings are the parts of a result: those of one cost by their places, those of pools by amount."""
    moved = [(name, part.units) for name, part in result.allocation.received.items()]
    moved += [(pool.name, -pool.amount.units) for pool in result.allocation.costs.pools]
    if result.department is None:
        return Counter(units for _, units in moved if units) == Counter(each.units for each in shares)
    bearer = place_name((result.department, result.project))
    expected = Counter((name or bearer, units) for name, units in moved if units)
    return expected == Counter((place_name((p.department, p.project or None)), p.units) for p in shares)


def _again(allocation: Allocation) -> Allocation | None:
    """The same costs allocated anew; None where they can't be."""
    try:
        return Allocation.of(allocation.costs)
    except ValueError:
        return None
