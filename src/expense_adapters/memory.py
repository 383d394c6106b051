"""A store in memory: for tests, examples and dry runs. One lock; nothing survives the process."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from expense_policy.domain.adoption import PolicyVersion
from expense_policy.domain.application import Application
from expense_policy.domain.categories import UseRow
from expense_policy.domain.content import Row
from expense_policy.domain.documents import Document
from expense_policy.domain.holds import Line, Move
from expense_policy.domain.journal import GENESIS, Entry, Seal
from expense_policy.domain.payment import PayeeAccount
from expense_policy.domain.project import Project
from expense_policy.ports.errors import AlreadyDone, Conflict, NotFound
from expense_policy.ports.notifier import Notice
from expense_policy.ports.repository import (
    SEARCHED,
    Batch,
    Fact,
    Faulty,
    Look,
    Put,
    Record,
    Seen,
    Sum,
    Summary,
    Take,
    line_said,
    move_said,
)


class _State:
    def __init__(self) -> None:
        self.records: dict[type, dict[str, Record]] = {Document: {}, PayeeAccount: {}, PolicyVersion: {}, Project: {}}
        self.lines: dict[str, Line] = {}
        self.guards: dict[str, int] = {}
        self.taken: dict[tuple[str, str], tuple[str, bool]] = {}
        self.keys: dict[str, tuple[Entry, str]] = {}
        self.entries: dict[str, list[tuple[Entry, tuple[Fact, ...], tuple[Move, ...]]]] = defaultdict(list)
        self.unsealed: dict[tuple[str, int], Entry] = {}
        self.contacts: dict[tuple[str, str, str], int] = defaultdict(int)
        self.related: dict[tuple[str, str, str, str], dict[str, None]] = defaultdict(dict)
        self.notices: dict[str, tuple[Notice, datetime, bool]] = {}


class MemoryRepository:
    """The port over dicts. A batch is checked whole before the first write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = _State()

    def look(self, at: Look) -> Seen:
        """Everything asked, as of one instant."""
        with self._lock:
            s = self._state
            documents: dict[str, Document] = _found(s.records[Document], at.documents)
            wanted = list(at.lines)
            if at.held:
                wanted += [h.line for d in documents.values() for h in d.held]
            chain = s.entries.get(at.subject) if at.subject else None
            last = None if not chain else chain[-1][0]
            return Seen(
                s.keys.get(at.key) if at.key else None,
                None if last is None else (last.seq, last.digest, last.at),
                documents,
                _found(s.records[PayeeAccount], at.payees),
                _found(s.records[PolicyVersion], at.policies),
                _found(s.records[Project], at.projects),
                _found(s.lines, wanted),
                {g: s.guards.get(g, 0) for g in at.guards},
                {t: s.taken[t][0] for t in at.taken if t in s.taken},
                tuple([self._sum(each) for each in at.sums]),
            )

    def _sum(self, asked: Sum) -> dict[tuple[str, ...], int]:
        s, where = self._state, dict(asked.where)
        if asked.of == "contacts":
            return {
                (month, recipient): n
                for (kind, month, recipient), n in s.contacts.items()
                if kind == where["type"] and month == where["month"]
            }
        if asked.of != "related" or asked.since is None:
            raise ValueError(f"{asked.of!r} is not a sum this store knows")
        total = 0
        column = "payee_account" if "payee_account" in where else "payee_name"
        for id in s.related.get((where["department"], where["type"], column, where[column]), ()):
            d = s.records[Document][id]
            if isinstance(d, Document) and isinstance(d.content, Application):
                # The index keeps a document under every payee it ever named; what counts is what it names now.
                payee = d.content.payee
                have = {
                    "payee_account": payee.folded_account,
                    "payee_name": payee.folded,
                    "department": d.department,
                    "type": d.content.type,
                }
                if all(have[k] == v for k, v in where.items()) and d.round.submitted_at >= asked.since:
                    total += d.counted
        return {(): total}

    def commit(self, *batches: Batch) -> None:
        """All batches or none."""
        with self._lock:
            if len(batches) == 1:
                self._apply(batches[0], self._check(batches[0]))
                return
            # Several batches build on each other: they run on a copy that replaces the state at the end.
            import copy

            kept = self._state
            self._state = copy.deepcopy(kept)
            try:
                for batch in batches:
                    self._apply(batch, self._check(batch))
            except BaseException:
                self._state = kept
                raise

    def _check(self, b: Batch) -> dict[str, Line]:
        """Every condition; the lines as they stand afterwards."""
        s = self._state
        if b.key is not None and b.key.key in s.keys:
            raise AlreadyDone(*s.keys[b.key.key])
        chain, entry = s.entries.get(b.entry.subject), b.entry
        last = chain[-1][0] if chain else None
        if (entry.seq, entry.prev) != ((1, GENESIS) if last is None else (last.seq + 1, last.digest)):
            raise Conflict(f"the journal of {b.entry.subject} has moved on")
        for guard in b.guards:
            if s.guards.get(guard.key, 0) != guard.expected:
                raise Conflict(f"guard {guard.key} has moved on")
        for put in b.puts:
            self._check_put(put)
        changed = {line.id: line for line in b.lines}
        if not s.lines.keys().isdisjoint(changed):
            raise Conflict("a line is open already")
        for move in b.moves:
            changed[move.line] = moved(changed.get(move.line) or s.lines.get(move.line), move)
        for take in b.takes:
            holder = s.taken.get((take.space, take.key))
            if isinstance(take, Take) and holder is not None:
                raise Conflict(f"{take.space} {take.key} is taken")
            if not isinstance(take, Take) and holder != (take.by, False):
                raise Conflict(f"{take.space} {take.key} is not {take.by}'s to give back")
        return changed

    def _check_put(self, put: Put) -> None:
        there = self._state.records[type(put.record)].get(put.record.id)
        if (0 if there is None else there.version) != put.expected or put.record.version != put.expected + 1:
            raise Conflict(f"{put.record.id} has moved on")

    def _apply(self, b: Batch, lines: dict[str, Line]) -> None:
        s = self._state
        for guard in b.guards:
            s.guards[guard.key] = guard.expected + 1
        for put in b.puts:
            record = put.record
            kept = s.records[type(record)]
            before, kept[record.id] = kept.get(record.id), record
            if isinstance(record, Document):
                self._index(record, before)
        s.lines.update(lines)
        for take in b.takes:
            if isinstance(take, Take):
                s.taken[(take.space, take.key)] = (take.by, take.ever)
            else:
                del s.taken[(take.space, take.key)]
        for fact in b.facts:
            if isinstance(fact, UseRow):
                s.contacts[(fact.type, fact.month, fact.recipient)] += 1
            elif isinstance(fact, Seal):
                for subject, seq, _ in fact.entries:
                    s.unsealed.pop((subject, seq), None)
        s.entries[b.entry.subject].append((b.entry, b.facts, b.moves))
        s.unsealed[(b.entry.subject, b.entry.seq)] = b.entry
        if b.key is not None:
            s.keys[b.key.key] = (b.entry, b.key.asked)
        for notice in b.notices:
            s.notices[notice.key] = (notice, notice.at, False)

    def _index(self, record: Document, before: Record | None) -> None:
        form = record.content
        same = isinstance(before, Document) and before.content is form
        if same or not isinstance(form, Application):
            return
        for column, value in (("payee_account", form.payee.folded_account), ("payee_name", form.payee.folded)):
            self._state.related[(form.department, form.type, column, value)][record.id] = None

    def find(
        self,
        where: tuple[tuple[str, str], ...] = (),
        due: tuple[str, datetime] | None = None,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[Summary]:
        """A page in id order."""
        for name, _ in where:
            if name not in SEARCHED:
                raise ValueError(f"{name!r} is not a searched column: {', '.join(SEARCHED)}")
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

    def lines(self) -> Sequence[Line]:
        """Every line, in id order."""
        with self._lock:
            return [line for _, line in sorted(self._state.lines.items())]

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
            found += [r.row() for kind, kept in s.records.items() if kind is not Document for r in kept.values()]
            found += [("guard", key, str(version)) for key, version in s.guards.items()]
            for line in s.lines.values():
                balance = (line.in_force, line.reserved, line.committed, line.spent)
                found += [line_said(line), ("balance", line.id, *map(str, balance))]
            for chain in s.entries.values():
                for entry, facts, moves in chain:
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
        with self._lock:
            subjects = sorted(self._state.entries) if subject is None else [subject]
            found = [(entry, facts) for each in subjects for entry, facts, _ in self._state.entries.get(each, ())]
        yield from found

    def unsealed(self, limit: int) -> Sequence[Entry]:
        """Entries no seal binds yet."""
        with self._lock:
            return [entry for _, entry in sorted(self._state.unsealed.items(), key=lambda item: item[0])[:limit]]

    def notices(self, now: datetime, limit: int) -> Sequence[Notice]:
        """Undelivered and due, oldest first."""
        with self._lock:
            due = [(at, n) for n, at, parked in self._state.notices.values() if at <= now and not parked]
        return [notice for _, notice in sorted(due, key=lambda item: (item[0], item[1].key))[:limit]]

    def settle(self, key: str, retry_at: datetime | None, parked: bool = False) -> None:
        """Delivered, to be tried again, or parked."""
        with self._lock:
            if key not in self._state.notices:
                raise NotFound(f"there is no notice {key!r}")
            notice = self._state.notices[key][0]
            if retry_at is None and not parked:
                del self._state.notices[key]
            else:
                again = attrs.evolve(notice, attempts=notice.attempts + 1)
                self._state.notices[key] = (again, retry_at or notice.at, parked)


def _found(kept: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    """Those of the ids that are there; most acts ask for few kinds."""
    return {id: kept[id] for id in ids if id in kept} if ids else {}


def moved(line: Line | None, move: Move) -> Line:
    """The line after a move; Conflict where the move would break a law of B2.1 or R1.3."""
    if line is None:
        raise Conflict(f"there is no line {move.line}")
    after = Line(
        line.id,
        line.department,
        line.year,
        line.category,
        line.name,
        line.project,
        line.plan,
        line.in_force + move.in_force,
        line.reserved + move.reserved,
        line.committed + move.committed,
        line.spent + move.spent,
        line.closed_through,
    )
    if min(after.reserved, after.committed, after.spent, after.available) < 0:
        raise Conflict(f"line {move.line} has not enough")
    if move.month is not None and line.closed_through is not None and line.closed_through >= move.month:
        raise Conflict(f"line {move.line} is closed through {line.closed_through}")
    return after
