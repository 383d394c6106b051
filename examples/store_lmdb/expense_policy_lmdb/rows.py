"""Rows of JSON in one ordered map of bytes: the key each stands under, and the keys it is found by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby, takewhile
from typing import Any, TypeVar

import attrs
import lmdb

from expense_policy import Conflict, Document, NotFound, Notice, Project, Summary, Tampered
from expense_policy.codec import dump, load
from expense_policy.domain.adoption import PolicyVersion
from expense_policy.domain.categories import UseRow
from expense_policy.domain.content import Row, digest, line_digest
from expense_policy.domain.holds import Line
from expense_policy.domain.journal import Entry
from expense_policy.domain.payment import PayeeAccount, Payment
from expense_policy.domain.periods import instant_text
from expense_policy.ports.mistakes import DUE, SEARCHED, USED
from expense_policy.ports.repository import Batch, Guard, Take, balance_said, identity, line_said, move_said

T = TypeVar("T")
Pair = tuple[bytes, bytes]
ROOM, END = 300, b"\xff"


def packed(part: str | int) -> bytes:
    """A part of a key: such bytes sort as names and numbers do, and none begins another: two zeros end each alone.

    A key of LMDB has 511 bytes. Of a name that is too long there stands what keeps its order, and a digest.
    """
    name = part if isinstance(part, str) else f"{part:019d}"
    raw = name.encode().replace(b"\0", b"\0\1") + b"\0\0"
    return raw if len(raw) <= ROOM else raw[:ROOM] + line_digest((name,)).encode()


def key(*parts: str | int) -> bytes:
    """A key, or what the keys of a range begin with."""
    return b"".join(map(packed, parts))


def words(place: bytes) -> str:
    """A key, as whoever looks for a fault reads it."""
    return place.decode(errors="replace").replace("\0\0", " ")


def groups(rows: Iterable[Pair], head: bytes) -> Iterator[Iterator[Pair]]:
    """Rows by the names that follow a head: one by one, but those of long names that begin alike come together."""
    return (group for _, group in groupby(rows, lambda row: row[0][: len(head) + ROOM]))


@attrs.frozen
class Unsealed:
    """An entry that no seal binds yet."""

    subject: str
    seq: int


@attrs.frozen
class Queued:
    """A notice that is not delivered yet."""

    notice: Notice
    due: datetime
    parked: bool


def _filed(d: Document) -> dict[bytes, str]:
    """By what a document is, by when it is due in its state, by whom it pays since it was submitted."""
    s = Summary.of(d)
    by: list[tuple[Row, *tuple[str, ...]]] = [((),)]
    by += [((name, value),) for name in SEARCHED if (value := getattr(s, name)) is not None]
    by += [((name, s.status), instant_text(at)) for name in DUE if (at := getattr(s, name)) is not None]
    for name in ("payee_account", "payee_name") if s.type is not None else ():
        by.append(((s.department, str(s.type), name, getattr(s, name)), instant_text(s.submitted_at)))
    text = dump(s)
    return {key("index", line_digest(what), *since, s.id): text for what, *since in by}


def _left(b: Batch) -> dict[bytes, str]:
    """A key is used once, a fact written once, a payment undone once; a use row is counted as a contact, and found."""
    found = {} if b.key is None else {key("key", b.key.key): dump((b.entry, b.key.asked))}
    for fact in b.facts:
        found[key("fact", *identity(fact))] = dump(digest(fact))
        if isinstance(fact, Payment) and fact.reverses is not None:
            found[key("undone", fact.document, fact.reverses)] = dump(fact.number)
        elif isinstance(fact, UseRow):
            month, one = line_digest((fact.type, fact.month)), digest(identity(fact))
            found[key("contact", month, fact.recipient, one)] = dump(fact.recipient)
            by = [(name, value) for name in USED if (value := getattr(fact, name))]
            found |= {key("index", line_digest(what), *identity(fact)): dump(fact) for what in by}
    return found


def _told(b: Batch) -> list[Row]:
    at = (b.entry.subject, str(b.entry.seq))
    told = [fact.row() for fact in b.facts] + [("move", *at, *move_said(move)[1:]) for move in b.moves]
    return told if b.key is None else [*told, ("key", b.key.key, b.key.asked, *at)]


@attrs.frozen
class Kind:
    """How rows of a class are kept: under which parts of a key, what the journal says of one, what is found where."""

    name: str
    parts: Callable[[Any], tuple[str | int, ...]]
    said: Callable[[Any], list[Row]]
    found: Callable[[Any], dict[bytes, str]] = lambda row: {}


_EVER = {True: "ever", False: "once"}
KINDS: dict[type, Kind] = {
    Batch: Kind("entry", lambda b: (b.entry.subject, b.entry.seq), _told, _left),
    Document: Kind("document", lambda d: (d.id,), lambda d: [Summary.of(d).row()], _filed),
    PayeeAccount: Kind("payee", lambda p: (p.id,), lambda p: [p.row()]),
    PolicyVersion: Kind("policy", lambda p: (p.id,), lambda p: [p.row()]),
    Project: Kind("project", lambda p: (p.id,), lambda p: [p.row()]),
    Line: Kind("line", lambda line: (line.id,), lambda line: [line_said(line), balance_said(line)]),
    Guard: Kind("guard", lambda g: (g.key,), lambda g: [("guard", g.key, str(g.expected))]),
    Take: Kind("take", lambda t: (t.space, t.key), lambda t: [("take", t.space, t.key, t.by, _EVER[t.ever])]),
    Unsealed: Kind("unsealed", lambda u: (u.subject, u.seq), lambda u: [("unsealed", u.subject, str(u.seq))]),
    Queued: Kind("notice", lambda q: (q.notice.key,), lambda q: []),
}
"""Every class of rows. A guard stands as the next act has to name it; a batch as what it leaves for ever."""


def place_of(row: object) -> bytes:
    """The key that a row stands under."""
    kind = KINDS[type(row)]
    return key(kind.name, *kind.parts(row))


def read(text: bytes, kind: type[T], place: bytes | None = None) -> T:
    """What is kept; Tampered where it can't be read, or is not what would be written at its place."""
    try:
        row = load(text.decode(), kind)
        if place is not None and (place_of(row), dump(row).encode()) != (place, text):
            raise ValueError(f"it would stand otherwise, at {words(place_of(row))}")
    except ValueError as error:
        raise Tampered(f"{words(place or b'')}: {error}") from error
    return row


class Rows:
    """What an open transaction reads and writes."""

    def __init__(self, txn: lmdb.Transaction[bytes]) -> None:
        self._txn = txn

    def get(self, kind: type[T], *parts: str | int) -> T | None:
        """A row, or None."""
        place = key(KINDS[kind].name, *parts)
        text = self._txn.get(place)
        return None if text is None else read(text, kind, place)

    def need(self, kind: type[T], *parts: str | int) -> T:
        """A row; NotFound where there is none."""
        found = self.get(kind, *parts)
        if found is None:
            raise NotFound(f"there is no {KINDS[kind].name} {parts}")
        return found

    def some(self, kind: type[T], ids: Iterable[str]) -> dict[str, T]:
        """Those of the rows that are there."""
        return {id: row for id in ids if (row := self.get(kind, id)) is not None}

    def all(self, kind: type[T]) -> Iterator[T]:
        """Every row of a class."""
        return self.under(key(KINDS[kind].name), kind)

    def under(self, head: bytes, kind: type[T], start: bytes = b"", stop: bytes = END) -> Iterator[T]:
        """What is found under a head, or there from `start` on and before `stop`."""
        return (read(text, kind) for _, text in self.between(head + start, head + stop))

    def ordered(self, head: bytes, kind: type[T], by: Callable[[T], Any], *after: str | int) -> Iterator[T]:
        """What is found under a head in the order of names, beyond those of `after`."""
        for group in groups(self.between(head + key(*after)[:ROOM], head + END), head):
            yield from sorted([row for _, text in group if by(row := read(text, kind)) > after], key=by)

    def between(self, start: bytes, stop: bytes) -> Iterator[Pair]:
        """Keys with their texts, from `start` on and before `stop`."""
        cursor = self._txn.cursor()
        return takewhile(lambda row: row[0] < stop, cursor if cursor.set_range(start) else ())

    def done(self, used: str) -> tuple[Entry, str] | None:
        """The entry that used an idempotency key, and the digest of what it asked."""
        return next(self.under(key("key", used), tuple[Entry, str]), None)

    def last(self, subject: str) -> Entry | None:
        """The head of a chain: nothing is kept that could tell it otherwise."""
        cursor, head = self._txn.cursor(), key("entry", subject)
        there = cursor.prev() if cursor.set_range(head + END) else cursor.last()
        return read(cursor.value(), Batch).entry if there and cursor.key().startswith(head) else None

    def put(self, row: object, before: object = None) -> None:
        """Writes a row in the place of the one before, and what it is found by."""
        was, now = {} if before is None else KINDS[type(before)].found(before), KINDS[type(row)].found(row)
        for place in was.keys() - now.keys():
            self._txn.delete(place)
        for place, text in {**now, place_of(row): dump(row)}.items():
            self._txn.put(place, text.encode())

    def add(self, row: object) -> None:
        """Writes a row where neither it nor anything that it is found by is; Conflict otherwise."""
        for place in (place_of(row), *KINDS[type(row)].found(row)):
            if self._txn.get(place) is not None:
                raise Conflict(f"{words(place)}is there already")
        self.put(row)

    def drop(self, row: object) -> None:
        """Takes a row away that is found by nothing else."""
        self._txn.delete(place_of(row))
