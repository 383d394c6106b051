"""Rows of JSON in one ordered map of bytes: the key each stands under, and the keys it is found by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import takewhile
from typing import Any, TypeVar

import attrs
import lmdb

from expense_policy import Conflict, Document, NotFound, Notice, Project, Summary, Tampered
from expense_policy.codec import dump, load
from expense_policy.domain.adoption import PolicyVersion
from expense_policy.domain.cards import Card
from expense_policy.domain.categories import UseRow
from expense_policy.domain.content import Row, digest
from expense_policy.domain.holds import Line, Move
from expense_policy.domain.journal import Entry
from expense_policy.domain.payment import PayeeAccount
from expense_policy.ports.repository import Fact, Guard, Key, Take, balance_said, identity, line_said, move_said

from .indexes import indexed
from .keys import END, Pair, groups, key, words
from .keys import ROOM as ROOM

T = TypeVar("T")


@attrs.frozen
class Act:
    """What a batch leaves for ever."""

    entry: Entry
    key: Key | None
    moves: tuple[Move, ...]
    facts: tuple[Fact, ...]


@attrs.frozen
class Unsealed:
    """An entry that no seal binds yet."""

    subject: str
    seq: int


@attrs.frozen
class Numbered:
    """The number of a posting in its month, and what the posting is told by."""

    month: str
    number: int
    at: tuple[str, str, int, str]


@attrs.frozen
class Queued:
    """A notice that is not delivered yet."""

    notice: Notice
    due: datetime
    parked: bool


def _filed(d: Document) -> dict[bytes, str]:
    return indexed(Summary, Summary.of(d), d.id)


def _left(a: Act) -> dict[bytes, str]:
    """A key is used once, a fact written once; facts and moves are found."""
    found = {} if a.key is None else {key("key", a.key.key): dump((a.entry, a.key.asked))}
    for fact in a.facts:
        # Two long names fit in no key; use rows alone are asked for in their order.
        one = digest(identity(fact))
        found[key("fact", one)] = dump(digest(fact))
        found |= indexed(type(fact), fact, *(identity(fact) if isinstance(fact, UseRow) else (one,)))
    for move in a.moves:
        found |= indexed(Move, move, a.entry.subject, a.entry.seq, str(move.expected))
    return found


def _told(a: Act) -> list[Row]:
    at = (a.entry.subject, str(a.entry.seq))
    told = [fact.row() for fact in a.facts] + [("move", *at, *move_said(move)[1:]) for move in a.moves]
    return told if a.key is None else [*told, ("key", a.key.key, a.key.asked, *at)]


def _counted(n: Numbered) -> list[Row]:
    return [("number", n.month, str(n.number), *map(str, n.at))]


@attrs.frozen
class Kind:
    """How rows of a class are kept: under which parts of a key, what the journal says of one, what is found where."""

    name: str
    parts: Callable[[Any], tuple[str | int, ...]] = lambda row: (row.id,)
    said: Callable[[Any], list[Row]] = lambda row: [row.row()]
    found: Callable[[Any], dict[bytes, str]] = lambda row: {}


_EVER = {True: "ever", False: "once"}
KINDS: dict[type, Kind] = {
    Act: Kind("entry", lambda a: (a.entry.subject, a.entry.seq), _told, _left),
    Document: Kind("document", said=lambda d: [Summary.of(d).row()], found=_filed),
    Card: Kind("card", found=lambda card: indexed(Card, card, card.id)),
    PayeeAccount: Kind("payee"),
    PolicyVersion: Kind("policy"),
    Project: Kind("project"),
    Line: Kind(
        "line", said=lambda line: [line_said(line), balance_said(line)], found=lambda line: indexed(Line, line, line.id)
    ),
    Guard: Kind("guard", lambda g: (g.key,), lambda g: [("guard", g.key, str(g.expected))]),
    Take: Kind("take", lambda t: (t.space, t.key), lambda t: [("take", t.space, t.key, t.by, _EVER[t.ever])]),
    Unsealed: Kind("unsealed", lambda u: (u.subject, u.seq), lambda u: [("unsealed", u.subject, str(u.seq))]),
    Numbered: Kind("number", lambda n: (n.month, n.number), _counted),
    Queued: Kind("notice", lambda q: (q.notice.key,), lambda q: []),
}
"""Every class of rows. A guard stands as the next act has to name it."""


def kind_of(row: object) -> type:
    """The class that a row is kept as: a card of any kind is a card."""
    return Card if isinstance(row, Card) else type(row)


def place_of(row: object) -> bytes:
    """The key that a row stands under."""
    kind = KINDS[kind_of(row)]
    return key(kind.name, *kind.parts(row))


def read(text: bytes, kind: type[T], place: bytes | None = None) -> T:
    """What is kept; Tampered where it can't be read, or is not what would be written at its place."""
    try:
        row = load(text.decode(), kind)
        if place is not None and (place_of(row), dump(row, kind).encode()) != (place, text):
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

    def one(self, place: bytes, kind: type[T]) -> T:
        """What is found at a place; Tampered where nothing is."""
        text = self._txn.get(place)
        if text is None:
            raise Tampered(f"{words(place)}is gone")
        return read(text, kind)

    def some(self, kind: type[T], ids: Iterable[str]) -> dict[str, T]:
        """Those of the rows that are there."""
        return {id: row for id in ids if (row := self.get(kind, id)) is not None}

    def all(self, kind: type[T], *parts: str | int) -> Iterator[T]:
        """Every row of a class, or those whose keys begin so."""
        return self.under(key(KINDS[kind].name, *parts), kind)

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
        return read(cursor.value(), Act).entry if there and cursor.key().startswith(head) else None

    def put(self, row: object, before: object = None) -> None:
        """Writes a row in the place of the one before, and what it is found by."""
        kind = kind_of(row)
        was, now = {} if before is None else KINDS[kind].found(before), KINDS[kind].found(row)
        for place in was.keys() - now.keys():
            self._txn.delete(place)
        for place, text in {**now, place_of(row): dump(row, kind)}.items():
            self._txn.put(place, text.encode())

    def add(self, row: object) -> None:
        """Writes a row where neither it nor anything that it is found by is; Conflict otherwise."""
        for place in (place_of(row), *KINDS[kind_of(row)].found(row)):
            if self._txn.get(place) is not None:
                raise Conflict(f"{words(place)}is there already")
        self.put(row)

    def drop(self, row: object) -> None:
        """Takes a row away that is found by nothing else."""
        self._txn.delete(place_of(row))
