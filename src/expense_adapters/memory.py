"""A store in memory: for tests, examples and dry runs. One lock; nothing survives the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from expense_policy.domain import holds
from expense_policy.domain.adoption import PolicyVersion
from expense_policy.domain.cards import Card
from expense_policy.domain.categories import UseRow
from expense_policy.domain.content import Row
from expense_policy.domain.documents import Document, Payable
from expense_policy.domain.holds import Line
from expense_policy.domain.journal import GENESIS, Entry, Seal
from expense_policy.domain.payment import PayeeAccount, Payment
from expense_policy.domain.periods import Month, day_text
from expense_policy.domain.posting import Planned, Posting
from expense_policy.domain.project import Project
from expense_policy.domain.voucher import ALIKE, VoucherRow
from expense_policy.ports.errors import AlreadyDone, Conflict, NotFound
from expense_policy.ports.mistakes import (
    USED,
    check_cards,
    check_find,
    check_instant,
    check_limit,
    check_lines,
    check_look,
    check_postings,
    check_uses,
    check_words,
)
from expense_policy.ports.notifier import Notice
from expense_policy.ports.repository import (
    Batch,
    Fact,
    Faulty,
    Look,
    Put,
    Record,
    Seen,
    Summary,
    Take,
    balance_said,
    identity,
    line_said,
    move_said,
    number_said,
)

from ._memory_laws import check_lawful, check_line, check_put, closed, kind_of, moved, opened
from ._memory_state import State, summed


class _Undo:
    """Writes, and remembers what stood there before: a commit that does not get to its end is taken back."""

    def __init__(self) -> None:
        self._was: list[tuple[dict[Any, Any], Any, Any]] = []

    def put(self, kept: dict[Any, Any], key: Any, value: Any) -> None:
        self._was.append((kept, key, kept.get(key)))
        kept[key] = value

    def drop(self, kept: dict[Any, Any], key: Any) -> None:
        if key in kept:
            self._was.append((kept, key, kept.pop(key)))

    def back(self) -> None:
        for kept, key, was in reversed(self._was):
            if was is None:
                kept.pop(key, None)
            else:
                kept[key] = was


class MemoryRepository:
    """The port over dicts. Each batch is checked whole, and in the order of the port's laws, before it is written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = State()

    def look(self, at: Look) -> Seen:
        """Everything asked, as of one instant."""
        check_look(at)
        with self._lock:
            s = self._state
            documents: dict[str, Document] = _found(s.records[Document], at.documents)
            wanted = list(at.lines)
            if at.held:
                wanted += [h.line for d in documents.values() for h in d.held]
            return Seen(
                _found(s.keys, at.keys),
                {s: (e.seq, e.digest, e.at) for s in at.subjects if (e := self._last(s)) is not None},
                documents,
                _found(s.records[PayeeAccount], at.payees),
                _found(s.records[PolicyVersion], at.policies),
                _found(s.records[Project], at.projects),
                _found(s.lines, wanted),
                {g: s.guards.get(g, 0) for g in at.guards},
                {t: s.taken[t][0] for t in at.taken if t in s.taken} if at.taken else {},
                tuple([summed(s, each) for each in at.sums]) if at.sums else (),
                _found(s.records[Card], at.cards),
            )

    def _last(self, subject: str) -> Entry | None:
        """The head of a chain; its entries are numbered from 1 without a gap."""
        chain = self._state.entries.get(subject)
        return chain[len(chain)][0] if chain else None

    def commit(self, *batches: Batch) -> None:
        """All batches or none."""
        with self._lock:
            keys = [b.key.key for b in batches if b.key is not None] if len(batches) > 1 else []
            used = [key for key in keys if key in self._state.keys]
            if used:
                raise AlreadyDone(*self._state.keys[used[0]])
            undo = _Undo()
            try:
                for batch in batches:
                    self._apply(batch, self._check(batch), undo)
            except BaseException:
                undo.back()
                raise

    def _check(self, b: Batch) -> dict[str, Line]:
        """Every condition; the lines as they stand afterwards."""
        s = self._state
        if b.key is not None and b.key.key in s.keys:
            raise AlreadyDone(*s.keys[b.key.key])
        for guard in b.guards:
            if s.guards.get(guard.key, 0) != guard.expected:
                raise Conflict(f"guard {guard.key} has moved on")
        for put in b.puts:
            self._check_put(put)
        changed = {}
        for line in b.lines:
            if line.id in s.lines:
                raise Conflict(f"line {line.id} is open already")
            check_line(line)
            changed[line.id] = line
        for move in holds.netted(b.moves):
            changed[move.line] = moved(changed.get(move.line) or s.lines.get(move.line), move)
        if b.closes is not None:
            changed = {id: closed(line, b.closes) for id, line in {**s.lines, **changed}.items()}
        elif b.reopens is not None:
            changed = {id: opened(line, b.reopens) for id, line in {**s.lines, **changed}.items()}
        for take in b.takes:
            holder = s.taken.get((take.space, take.key))
            if isinstance(take, Take) and holder is not None:
                raise Conflict(f"{take.space} {take.key} is taken")
            if not isinstance(take, Take) and holder != (take.by, False):
                raise Conflict(f"{take.space} {take.key} is not {take.by}'s to give back")
        for at in map(identity, b.facts):
            if at in s.facts:
                raise Conflict(f"{at} is there already")
        last, entry = self._last(b.entry.subject), b.entry
        if (entry.seq, entry.prev) != ((1, GENESIS) if last is None else (last.seq + 1, last.digest)):
            raise Conflict(f"the journal of {b.entry.subject} has moved on")
        for notice in b.notices:
            if notice.key in s.notices:
                raise Conflict(f"notice {notice.key} is there already")
        check_lawful(b, s.records)
        return changed

    def _check_put(self, put: Put) -> None:
        check_put(put, self._state.records[kind_of(put.record)].get(put.record.id))

    def _apply(self, b: Batch, lines: dict[str, Line], undo: _Undo) -> None:
        s, write = self._state, undo.put
        for guard in b.guards:
            write(s.guards, guard.key, guard.expected + 1)
        for put in b.puts:
            record = put.record
            kept = s.records[kind_of(record)]
            if isinstance(record, Document):
                self._index(record, kept.get(record.id))
            write(kept, record.id, record)
        for id, line in lines.items():
            write(s.lines, id, line)
        for take in b.takes:
            if isinstance(take, Take):
                write(s.taken, (take.space, take.key), (take.by, take.ever))
            else:
                undo.drop(s.taken, (take.space, take.key))
        for fact in b.facts:
            self._keep(fact, undo)
        subject, seq = b.entry.subject, b.entry.seq
        write(s.entries[subject], seq, (b.entry, b.facts, b.moves))
        write(s.unsealed, (subject, seq), b.entry)
        for number, move in enumerate(b.moves):
            write(s.moved[move.line], (subject, seq, number), move)
        if b.closes is not None:
            self._number(b.closes, undo)
        if b.key is not None:
            write(s.keys, b.key.key, (b.entry, b.key.asked))
        for notice in b.notices:
            write(s.notices, notice.key, (notice, notice.at, False))

    def _keep(self, fact: Fact, undo: _Undo) -> None:
        s, at = self._state, identity(fact)
        undo.put(s.facts, at, True)
        if isinstance(fact, Payment):
            undo.put(s.paid, at, fact)
        elif isinstance(fact, Posting):
            for place in (("month", str(fact.month)), ("line", fact.line)):
                undo.put(s.posted[place], at, fact)
        elif isinstance(fact, Planned):
            undo.put(s.planned[fact.line], at, fact)
        elif isinstance(fact, VoucherRow):
            for column in ALIKE:
                alike = (column, getattr(fact, column), day_text(fact.voucher.on))
                undo.put(s.vouchers[alike], at, fact)
        elif isinstance(fact, UseRow):
            counted = s.contacts[(fact.type, fact.month)]
            undo.put(counted, fact.recipient, counted.get(fact.recipient, 0) + 1)
            for name in USED:
                undo.put(s.uses[(name, getattr(fact, name))], (fact.document, fact.number), fact)
        elif isinstance(fact, Seal):
            for subject, seq, _ in fact.entries:
                undo.drop(s.unsealed, (subject, seq))

    def _number(self, month: Month, undo: _Undo) -> None:
        """The postings of a month that have no number get one, in the order of their identity."""
        s = self._state
        numbers = s.numbers[month]
        waiting = sorted(at for at in s.posted[("month", str(month))] if at not in s.numbered)
        for number, at in enumerate(waiting, len(numbers) + 1):
            undo.put(numbers, number, s.posted[("month", str(month))][at])
            undo.put(s.numbered, at, number)

    def _index(self, record: Document, before: Record | None) -> None:
        """Finds a document by every payee it ever named: what is not so any more, or was taken back, is not counted."""
        form = record.content
        same = isinstance(before, Document) and before.content is form
        if same or not isinstance(form, Payable):
            return
        for column, value in form.relation:
            self._state.related[(form.department, form.type, column, value)][record.id] = None

    def find(
        self,
        where: tuple[tuple[str, str], ...] = (),
        due: tuple[str, datetime] | None = None,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[Summary]:
        """A page in id order."""
        check_find(where, due, after, limit)
        with self._lock:
            documents = sorted(self._state.records[Document].items())
        found = []
        for id, d in documents:
            if id <= after or not isinstance(d, Document):
                continue
            row = Summary.of(d)
            on = None if due is None else getattr(row, due[0])
            ripe = due is None or (on is not None and on <= due[1])
            if ripe and all(getattr(row, name) == value for name, value in where):
                found.append(row)
            if len(found) == limit:
                break
        return found

    def uses(
        self, where: tuple[tuple[str, str], ...], after: tuple[str, int] = ("", 0), limit: int = 100
    ) -> Sequence[UseRow]:
        """A page in (document, number) order, of the column that finds the fewest."""
        check_uses(where, after, limit)
        with self._lock:
            few = min((self._state.uses.get(each, {}) for each in where if each[0] in USED), key=len)
            found = [at for at, row in few.items() if at > after and all(getattr(row, k) == v for k, v in where)]
        return [few[at] for at in sorted(found)[:limit]]

    def cards(
        self,
        where: tuple[tuple[str, str], ...],
        due: datetime | None = None,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[Card]:
        """A page in id order."""
        check_cards(where, due, after, limit)
        with self._lock:
            cards = [card for _, card in sorted(self._state.records[Card].items()) if isinstance(card, Card)]
        found = [c for c in cards if c.id > after and all(getattr(c, name) == value for name, value in where)]
        return [c for c in found if due is None or (c.due is not None and c.due <= due)][:limit]

    def postings(self, month: Month, after: int = 0, limit: int = 100) -> Sequence[tuple[int, Posting]]:
        """A page of the month's numbered postings."""
        check_postings(month, after, limit)
        with self._lock:
            return [item for item in self._state.numbers.get(month, {}).items() if item[0] > after][:limit]

    def lines(self, department: str | None = None, year: int | None = None) -> Sequence[Line]:
        """Every line, or those of a department and year, in id order."""
        check_lines(department, year)
        with self._lock:
            found = [line for _, line in sorted(self._state.lines.items())]
        return [line for line in found if department in (None, line.department) and year in (None, line.year)]

    def policies(self) -> Sequence[PolicyVersion]:
        """Every known version."""
        with self._lock:
            found = [p for p in self._state.records[PolicyVersion].values() if isinstance(p, PolicyVersion)]
        return sorted(found, key=lambda p: (p.effective, p.id))

    def standing(self, faulty: Faulty) -> Iterator[Row]:
        """Every row there is; nothing in memory is unreadable."""
        with self._lock:
            s = self._state
            found: list[Row] = [Summary.of(d).row() for d in s.records[Document].values() if isinstance(d, Document)]
            found += [number_said(n, p) for kept in s.numbers.values() for n, p in kept.items()]
            found += [r.row() for kind, kept in s.records.items() if kind is not Document for r in kept.values()]
            found += [("guard", key, str(version)) for key, version in s.guards.items()]
            for line in s.lines.values():
                found += [line_said(line), balance_said(line)]
            found += [("unsealed", subject, str(seq)) for subject, seq in s.unsealed]
            for chain in s.entries.values():
                for entry, facts, moves in chain.values():
                    at = (entry.subject, str(entry.seq))
                    found += [fact.row() for fact in facts]
                    found += [("move", *at, *move_said(move)[1:]) for move in moves]
            for (space, key), (by, ever) in s.taken.items():
                found.append(("take", space, key, by, "ever" if ever else "once"))
            for key, (done, asked) in s.keys.items():
                found.append(("key", key, asked, done.subject, str(done.seq)))
        yield from found

    def history(
        self, subject: str | None = None, faulty: Faulty | None = None
    ) -> Iterator[tuple[Entry, tuple[Fact, ...]]]:
        """Entries with their facts, in (subject, seq) order."""
        if subject is not None:
            check_words((subject,))
        with self._lock:
            subjects = sorted(self._state.entries) if subject is None else [subject]
            chains = [self._state.entries.get(each, {}) for each in subjects]
            found = [(entry, facts) for chain in chains for entry, facts, _ in chain.values()]
        return iter(found)

    def unsealed(self, limit: int) -> Sequence[Entry]:
        """Entries no seal binds yet."""
        check_limit(limit)
        with self._lock:
            return [entry for _, entry in sorted(self._state.unsealed.items(), key=lambda item: item[0])[:limit]]

    def notices(self, now: datetime, limit: int, parked: bool = False) -> Sequence[Notice]:
        """Undelivered and due, oldest first."""
        check_instant(now)
        check_limit(limit)
        with self._lock:
            due = [(at, n) for n, at, aside in self._state.notices.values() if at <= now and aside is parked]
        return [notice for _, notice in sorted(due, key=lambda item: (item[0], item[1].key))[:limit]]

    def delivered(self, key: str) -> None:
        """It leaves the queue."""
        check_words((key,))
        with self._lock:
            if self._state.notices.pop(key, None) is None:
                raise NotFound(f"there is no notice {key!r}")

    def put_off(self, key: str, until: datetime, parked: bool = False) -> None:
        """It comes again, one attempt older."""
        check_words((key,))
        check_instant(until)
        with self._lock:
            if key not in self._state.notices:
                raise NotFound(f"there is no notice {key!r}")
            notice = self._state.notices[key][0]
            self._state.notices[key] = (attrs.evolve(notice, attempts=notice.attempts + 1), until, parked)


def _found(kept: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    """Those of the ids that are there; most acts ask for few kinds."""
    return {id: kept[id] for id in ids if id in kept} if ids else {}
