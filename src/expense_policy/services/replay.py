"""The journal played again: what the tables should be (I19)."""

from __future__ import annotations

from collections import Counter

import attrs

from ..domain.content import Digest, Row
from ..domain.journal import Entry, Seal
from ..domain.payment import Payment
from ..domain.periods import Month
from ..ports.repository import Fact, Signed

FACTS = ("round", "signature", "payment", "use", "seal", "posting", "planned", "voucher", "paper")
RECORDS = ("document", "payee", "policy", "project", "guard", "card")


@attrs.frozen
class Break:
    """A law that does not hold: of which subject, which law, and how."""

    subject: str
    law: str
    message: str


@attrs.define
class Replay:
    """Takes entries in (subject, seq) order; then holds every row that should stand, and every break met on the way."""

    records: dict[tuple[str, str], Row] = attrs.field(factory=dict)
    """The latest row of each record, by kind and id."""
    rows: Counter[Row] = attrs.field(factory=Counter)
    """Rows that are written once: facts, moves, keys, lines."""
    taken: Counter[Row] = attrs.field(factory=Counter)
    balances: dict[str, list[int]] = attrs.field(factory=dict)
    """In force, reserved, committed and spent of each line."""
    opened: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    """What each document put in force on each line."""
    archives: dict[str, Row] = attrs.field(factory=dict)
    """The latest archive manifest of each subject (A4.4)."""
    digests: dict[tuple[str, int], Digest] = attrs.field(factory=dict)
    versions: dict[str, tuple[int, str]] = attrs.field(factory=dict)
    """The version up to which each document's follow each other, with its statement."""
    waiting: dict[str, dict[int, tuple[int, str, bool]]] = attrs.field(factory=dict)
    """Versions that came before those they follow: the entry's number, the statement, whether a round began."""
    closed: Month | None = None
    """The month through which every line is closed (R1.3)."""
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
        for fact in facts:
            by = (
                fact.signature.signer if isinstance(fact, Signed) else fact.payer if isinstance(fact, Payment) else None
            )
            if by not in (None, entry.actor):
                self.broken(entry.subject, "I23", f"entry {entry.seq} was made by {entry.actor!r}, its row by {by!r}")
        try:
            for row in entry.rows:
                self._row(entry, row)
        except (ValueError, IndexError):
            self.broken(entry.subject, "I19", f"entry {entry.seq}: its rows can't be read")

    def _row(self, entry: Entry, row: Row) -> None:
        kind = row[0]
        if kind in RECORDS:
            self._record(entry, row)
        elif kind == "move":
            balance = self.balances.setdefault(row[1], [0, 0, 0, 0])
            for i, units in enumerate(row[2:6]):
                balance[i] += int(units)
            self.opened[(entry.subject, row[1])] += int(row[2])
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
        kept = self.records.get(key)
        if row[0] == "document":
            self._document(entry, row)
        # A payee or a guard is written from many subjects: the highest version is the last.
        if kept is None or version > int(kept[2]):
            self.records[key] = row

    def _document(self, entry: Entry, row: Row) -> None:
        """A document's versions follow each other, and its statement changes with a new round alone (I3, I28).

        What a claim does to its application stands in the claim's entries, which come at another time: a version that
        comes early waits for those before it.
        """
        id, version = row[1], int(row[2])
        after, statement = self.versions.get(id, (0, ""))
        waiting = self.waiting.setdefault(id, {})
        if version <= after or version in waiting:
            self.broken(id, "I19", f"entry {entry.seq}: version {version} does not follow the one before")
            return
        renewed = any(each[:2] == ("round", id) for each in entry.rows)
        waiting[version] = (entry.seq, row[4], renewed)
        while after + 1 in waiting:
            after += 1
            seq, said, new = waiting.pop(after)
            if not new and said != statement:
                self.broken(id, "I3", f"entry {seq}: the statement changed without a new round")
            statement = said
        self.versions[id] = (after, statement)
        if not waiting:
            del self.waiting[id]

    def close(self) -> None:
        """After the last entry: a version that waits for one that never came is a break."""
        for id, waiting in self.waiting.items():
            version = min(waiting)
            message = f"entry {waiting[version][0]}: version {version} does not follow the one before"
            self.broken(id, "I19", message)

    def standing(self) -> Counter[Row]:
        """Every row that should stand in the store, as `Repository.standing` gives it; documents stand apart."""
        found = Counter(self.rows)
        found.update(row for (kind, _), row in self.records.items() if kind != "document")
        closed = "" if self.closed is None else str(self.closed)
        for line, balance in self.balances.items():
            found[("balance", line, *map(str, balance), closed)] += 1
        found.update({("take", *row): n for row, n in self.taken.items() if n})
        return found
