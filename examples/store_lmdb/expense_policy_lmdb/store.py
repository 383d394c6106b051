"""The port: every question in a read transaction of its own, every commit in one write transaction."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice
from operator import attrgetter
from typing import Any

import attrs
import lmdb

from expense_policy import Document, Notice, Project, RepositoryUnavailable, Status, Summary, Tampered
from expense_policy.domain.adoption import PolicyVersion
from expense_policy.domain.cards import Card
from expense_policy.domain.categories import UseRow
from expense_policy.domain.content import Row, digest
from expense_policy.domain.holds import Line
from expense_policy.domain.journal import Entry
from expense_policy.domain.payment import PayeeAccount, Payment
from expense_policy.domain.periods import Month, instant_text
from expense_policy.domain.posting import Posting
from expense_policy.ports import mistakes
from expense_policy.ports.repository import Batch, Fact, Faulty, Guard, Look, Seen, Signed, Sum, Take, identity

from .batches import apply, check_key
from .indexes import SUMS, heads, told
from .keys import END, Pair, groups, key, packed, words
from .rows import KINDS, Act, Numbered, Queued, Rows, T, Unsealed, read

Where = tuple[tuple[str, str], ...]
Due = tuple[str, datetime] | None
Told = tuple[Entry, tuple[Fact, ...]]
PAGE = 500
_id = attrgetter("id")
NAMED = {kind.name.encode(): row for row, kind in KINDS.items()}


class LmdbRepository:
    """A store in a folder, shared by threads and processes; `size` is as many bytes as it may ever take."""

    def __init__(self, path: str | os.PathLike[str], size: int = 2**30) -> None:
        self._file = os.path.join(os.path.abspath(path), "data.mdb")
        self._idle, self._inside, self._closed = threading.Condition(), 0, False
        try:
            self.environment = lmdb.open(os.path.dirname(self._file), map_size=size, max_readers=1024)
            self._opened = os.stat(self._file)
        except (lmdb.Error, OSError) as error:
            raise RepositoryUnavailable(f"{path}: {error}", outcome_known=True) from error

    def close(self) -> None:
        """Ends it for every thread, once none is inside a transaction: LMDB would take the memory from under it."""
        with self._idle:
            self._closed = True
            self._idle.wait_for(lambda: self._inside == 0)
            self.environment.close()

    @contextmanager
    def _rows(self, write: bool = False) -> Iterator[Rows]:
        """One transaction: when a writing one ends, all of it is on the disk, or nothing."""
        with self._idle:
            if self._closed:
                raise RepositoryUnavailable("the store is closed", outcome_known=True)
            self._inside += 1
        committing = False
        try:
            # LMDB would go on writing to a file that was deleted.
            if not os.path.samestat(os.stat(self._file), self._opened):
                raise FileNotFoundError(f"{self._file} is another file now")
            with self.environment.begin(write=write) as txn:
                yield Rows(txn)
                committing = write
        except (lmdb.Error, OSError) as error:
            raise RepositoryUnavailable(str(error), outcome_known=not committing) from error
        finally:
            with self._idle:
                self._inside -= 1
                self._idle.notify_all()

    def commit(self, *batches: Batch) -> None:
        """All batches or none."""
        with self._rows(write=True) as rows:
            for batch in batches:
                check_key(rows, batch)
            for batch in batches:
                apply(rows, batch)

    def look(self, at: Look) -> Seen:
        """Everything asked, as of one instant."""
        mistakes.check_look(at)
        with self._rows() as rows:
            documents = rows.some(Document, at.documents)
            held = [h.line for d in documents.values() for h in d.held] if at.held else []
            guards = rows.some(Guard, at.guards)
            return Seen(
                {used: done for used in at.keys if (done := rows.done(used)) is not None},
                {s: (e.seq, e.digest, e.at) for s in at.subjects if (e := rows.last(s)) is not None},
                documents,
                rows.some(PayeeAccount, at.payees),
                rows.some(PolicyVersion, at.policies),
                rows.some(Project, at.projects),
                rows.some(Line, (*at.lines, *held)),
                {name: guards[name].expected if name in guards else 0 for name in at.guards},
                {place: t.by for place in at.taken if (t := rows.get(Take, *place)) is not None},
                tuple([_sum(rows, asked) for asked in at.sums]),
                rows.some(Card, at.cards),
            )

    def find(self, where: Where = (), due: Due = None, after: str = "", limit: int = 100) -> Sequence[Summary]:
        """A page in id order."""
        mistakes.check_find(where, due, after, limit)
        return self._listed(Summary, where, due, lambda s: (s.id,), (after,), limit)

    def cards(self, where: Where, due: datetime | None = None, after: str = "", limit: int = 100) -> Sequence[Card]:
        """A page in id order."""
        mistakes.check_cards(where, due, after, limit)
        return self._listed(Card, where, None if due is None else ("due", due), lambda c: (c.id,), (after,), limit)

    def uses(self, where: Where, after: tuple[str, int] = ("", 0), limit: int = 100) -> Sequence[UseRow]:
        """A page in (document, number) order."""
        mistakes.check_uses(where, after, limit)
        return self._listed(UseRow, where, None, identity, ("use", *after), limit)

    def _listed(
        self, kind: type[T], where: Where, due: Due, by: Callable[[T], Any], after: tuple[str | int, ...], limit: int
    ) -> list[T]:
        """A page of what is due, in its state or in any, or of what the narrowest index finds."""
        asked: dict[str, tuple[str, ...]] = {name: (value,) for name, value in where}
        with self._rows() as rows:
            if due is None:
                (head,) = heads(kind, asked)
                found = rows.ordered(head, kind, by, *after)
            else:
                every, stop = heads(kind, {"status": tuple(Status), **asked}, due[0]), key(instant_text(due[1])) + END
                ripe = [row for head in every for row in rows.under(head, kind, stop=stop)]
                found = iter(sorted([row for row in ripe if by(row) > after], key=by))
            return list(islice((row for row in found if all(getattr(row, name) == v for name, v in where)), limit))

    def postings(self, month: Month, after: int = 0, limit: int = 100) -> Sequence[tuple[int, Posting]]:
        """A page in the order of numbers."""
        mistakes.check_postings(month, after, limit)
        (posted,) = heads(Posting, {"month": (str(month),)})
        with self._rows() as rows:
            numbered = rows.under(key("number", str(month)), Numbered, key(after + 1))
            page = [(n.number, posted + key(digest(("posting", *n.at)))) for n in islice(numbered, limit)]
            return [(number, rows.one(place, Posting)) for number, place in page]

    def lines(self, department: str | None = None, year: int | None = None) -> Sequence[Line]:
        """Every line, or those of a department and year, in id order."""
        mistakes.check_lines(department, year)
        with self._rows() as rows:
            found = rows.all(Line) if year is None else rows.under(heads(Line, {"year": (str(year),)})[0], Line)
            return sorted([line for line in found if department in (None, line.department)], key=_id)

    def policies(self) -> Sequence[PolicyVersion]:
        """Every version, by effective date, then id."""
        with self._rows() as rows:
            return sorted(rows.all(PolicyVersion), key=lambda policy: (policy.effective, policy.id))

    def unsealed(self, limit: int) -> Sequence[Entry]:
        """The first entries that no seal binds yet."""
        mistakes.check_limit(limit)
        with self._rows() as rows:
            waiting = rows.ordered(key("unsealed"), Unsealed, lambda u: (u.subject, u.seq))
            return [rows.need(Act, u.subject, u.seq).entry for u in islice(waiting, limit)]

    def notices(self, now: datetime, limit: int, parked: bool = False) -> Sequence[Notice]:
        """Undelivered and due, the longest due first."""
        mistakes.check_instant(now)
        mistakes.check_limit(limit)
        with self._rows() as rows:
            due = [q for q in rows.all(Queued) if q.parked is parked and q.due <= now]
        return [q.notice for q in islice(sorted(due, key=lambda q: (q.due, q.notice.key)), limit)]

    def delivered(self, key: str) -> None:
        """It leaves the queue."""
        mistakes.check_words((key,))
        with self._rows(write=True) as rows:
            rows.drop(rows.need(Queued, key))

    def put_off(self, key: str, until: datetime, parked: bool = False) -> None:
        """It comes again, one attempt older."""
        mistakes.check_words((key,))
        mistakes.check_instant(until)
        with self._rows(write=True) as rows:
            notice = rows.need(Queued, key).notice
            rows.put(Queued(attrs.evolve(notice, attempts=notice.attempts + 1), until, parked))

    def history(self, subject: str | None = None, faulty: Faulty | None = None) -> Iterator[Told]:
        """Entries with their facts, in (subject, seq) order."""
        if subject is not None:
            mistakes.check_words((subject,))
        head = key("entry") if subject is None else key("entry", subject)
        return chain.from_iterable(_told(each, faulty) for each in groups(self._pages(head, head + END), key("entry")))

    def _pages(self, start: bytes, stop: bytes) -> Iterator[Pair]:
        """Keys and texts by pages, so that between two of them no transaction is open."""
        page = [(start, b"")]
        while page:
            with self._rows() as rows:
                page = list(islice(rows.between(start, stop), PAGE))
            yield from page
            start = page[-1][0] + b"\0" if page else start

    def standing(self, faulty: Faulty) -> Iterator[Row]:
        """Every row there is; whatever is kept a second time is counted off against what it is kept from."""
        owed: Counter[tuple[bytes, str]] = Counter()
        for place, text in self._pages(b"", END):
            kind = NAMED.get(place.partition(b"\0\0")[0])
            if kind is None:
                owed[place, text.decode(errors="replace")] -= 1
            elif (row := _readable(place, text, kind, faulty)) is not None:
                owed.update(KINDS[kind].found(row).items())
                owed.update(_copied(row))
                yield from KINDS[kind].said(row)
        for place, _ in (each for each, count in owed.items() if count):
            faulty(words(place), "what is kept a second time is not the same")


def _readable(place: bytes, text: bytes, kind: type[T], faulty: Faulty | None) -> T | None:
    """A row; None where it can't be read, which is told."""
    try:
        return read(text, kind, place)
    except Tampered as error:
        if faulty is None:
            raise
        faulty(words(place), str(error))
        return None


def _told(group: Iterator[Pair], faulty: Faulty | None) -> Iterator[Told]:
    acts = [act for place, text in group if (act := _readable(place, text, Act, faulty)) is not None]
    return ((a.entry, a.facts) for a in sorted(acts, key=lambda a: (a.entry.subject, a.entry.seq)))


def _copied(row: object) -> dict[tuple[bytes, str], int]:
    """A document keeps its signatures and payments once more: each is owed the one that an act wrote."""
    if isinstance(row, Document):
        digests = [s.digest for s in (*row.before, *row.signatures)] + [p.digest for p in row.payments]
        return {(packed(row.id), digest): 1 for digest in digests}
    facts = row.facts if isinstance(row, Act) else ()
    signed = {(packed(f.document), f.signature.digest): -1 for f in facts if isinstance(f, Signed)}
    return signed | {(packed(f.document), f.digest): -1 for f in facts if isinstance(f, Payment)}


def _sum(rows: Rows, asked: Sum) -> Mapping[tuple[str, ...], int]:
    kind, since, units = SUMS[asked.of]
    where = {name: {value} if isinstance(value, str) else set(value) for name, value in asked.where}
    start = b"" if asked.since is None else key(instant_text(asked.since))
    stop = END if asked.until is None else key(instant_text(asked.until))
    found: dict[tuple[str, ...], int] = {} if asked.by else {(): 0}
    for row in (each for head in heads(kind, where, *since) for each in rows.under(head, kind, start, stop)):
        if all((told(row, name) or "") in values for name, values in where.items()):
            group = tuple([told(row, name) or "" for name in asked.by])
            found[group] = found.get(group, 0) + units(row)
    return found
