"""Stores that break one law each, as stores do: nothing here is collected but by `test_kit_catches`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from expense_adapters.memory import MemoryRepository
from expense_policy.domain.content import Row
from expense_policy.domain.holds import Line
from expense_policy.domain.journal import Entry
from expense_policy.domain.posting import Posting
from expense_policy.ports.errors import AlreadyDone, Conflict, RepositoryError
from expense_policy.ports.notifier import Notice
from expense_policy.ports.repository import Batch, Fact, Faulty, Look, Put, Seen, Take
from expense_policy.testing.contract import RepositoryContract
from expense_policy.testing.held import Held

BROKEN: dict[str, tuple[type[Held], str]] = {}
"""Each broken adapter's contract by its name, with the law that has to catch it."""


def holds(kind: type, base: type[Held], law: str, fixture: str, make: Callable[[Path], object]) -> None:
    """Holds a broken adapter, as it is made in a folder, to a contract: it is this law that says so."""

    @pytest.fixture(name=fixture)
    def made(self: object, tmp_path: Path) -> object:
        return make(tmp_path)

    name, place = f"Test{kind.__name__}", sys.modules[kind.__module__]
    contract = type(name, (base,), {fixture: made, "__module__": place.__name__})
    setattr(place, name, contract)
    BROKEN[kind.__name__] = (contract, law)


def breaks(law: str) -> Any:
    """Holds a broken store to the contract: it is this law that says so."""

    def held(store: type[MemoryRepository]) -> type[MemoryRepository]:
        holds(store, RepositoryContract, law, "repository", lambda _: store())
        return store

    return held


class Changing(MemoryRepository):
    """Changes what is written, or what is answered."""

    def written(self, b: Batch) -> Batch:
        """What is written instead."""
        return b

    def commit(self, *batches: Batch) -> None:
        """Commits what is written instead."""
        super().commit(*map(self.written, batches))


@breaks("test_a_batch_refused_for_its_last_condition_leaves_no_trace")
class HalfABatch(MemoryRepository):
    """Writes the documents before it looks at the money."""

    def commit(self, *batches: Batch) -> None:
        """Refuses, and keeps a half."""
        try:
            super().commit(*batches)
        except Conflict:
            facts = tuple(fact for fact in batches[0].facts if not isinstance(fact, Posting))
            half = attrs.evolve(batches[0], facts=facts, moves=(), guards=(), takes=(), notices=(), key=None)
            with suppress(RepositoryError):
                super().commit(half)
            raise


@breaks("test_several_batches_are_all_or_nothing")
class OneByOne(MemoryRepository):
    """Each batch is a transaction of its own."""

    def commit(self, *batches: Batch) -> None:
        """Commits one after another."""
        for batch in batches:
            super().commit(batch)


@breaks("test_batches_of_one_commit_build_on_each_other")
class OneLookForAll(MemoryRepository):
    """Holds every batch of a commit to what was there before the first."""

    def commit(self, *batches: Batch) -> None:
        """Checks all, then writes all."""
        for batch in batches:
            self._check(batch)
        super().commit(*batches)


class Unlocked:
    """A lock that locks nothing."""

    def __enter__(self) -> None:
        """Enters."""

    def __exit__(self, *_: object) -> None:
        """Leaves."""


@breaks("test_many_writers_never_pass_a_line")
class RacingSum(MemoryRepository):
    """Reads the balance, decides, and writes what it decided."""

    def __init__(self) -> None:
        super().__init__()
        self._lock: Any = Unlocked()

    def _check(self, b: Batch) -> dict[str, Line]:
        found = super()._check(b)
        time.sleep(0.001)
        return found


@breaks("test_one_of_many_uses_a_key")
class RacingKey(RacingSum):
    """Looks the key up, and then writes it."""


@breaks("test_a_stale_version_is_refused")
class SwallowedConflict(MemoryRepository):
    """Says that it is done."""

    def commit(self, *batches: Batch) -> None:
        """Never says no."""
        with suppress(Conflict):
            super().commit(*batches)


@breaks("test_a_guard_that_moved_on_is_refused")
class GuardIgnored(Changing):
    """Bumps a guard wherever it stands."""

    def written(self, b: Batch) -> Batch:
        """With guards that always hold."""
        now = self._state.guards
        return attrs.evolve(b, guards=tuple(attrs.evolve(g, expected=now.get(g.key, 0)) for g in b.guards))


@breaks("test_a_record_is_put_once")
class LastWriterWins(MemoryRepository):
    """Writes a record over another."""

    def _check_put(self, put: Put) -> None:
        pass


@breaks("test_lines_and_subjects_come_in_order")
class ReorderedJournal(MemoryRepository):
    """Orders numbers as text: 10 before 9."""

    def history(
        self, subject: str | None = None, faulty: Faulty | None = None
    ) -> Iterator[tuple[Entry, tuple[Fact, ...]]]:
        """In the order of text."""
        return iter(sorted(super().history(subject, faulty), key=lambda pair: (pair[0].subject, str(pair[0].seq))))


@breaks("test_an_entry_follows_its_chain")
class GapInTheJournal(Changing):
    """Numbers entries itself."""

    def written(self, b: Batch) -> Batch:
        """In its place, whatever was said."""
        last = self._last(b.entry.subject)
        if last is None:
            return b
        return attrs.evolve(b, entry=attrs.evolve(b.entry, seq=last.seq + 1, prev=last.digest))


@breaks("test_a_key_that_was_used_is_answered")
class KeyForgotten(Changing):
    """Keeps no idempotency key."""

    def written(self, b: Batch) -> Batch:
        """Without its key."""
        return attrs.evolve(b, key=None)


@breaks("test_a_key_that_was_used_is_answered")
class KeyAfterTheRest(MemoryRepository):
    """Looks at the key last: a repeated act meets its own traces, and is a conflict."""

    def _check(self, b: Batch) -> dict[str, Line]:
        super()._check(attrs.evolve(b, key=None))
        return super()._check(b)


@breaks("test_a_key_that_was_used_is_answered")
class AnotherAsked(MemoryRepository):
    """Tells that it was done, but not what was asked."""

    def commit(self, *batches: Batch) -> None:
        """Tells the wrong digest."""
        try:
            super().commit(*batches)
        except AlreadyDone as done:
            raise AlreadyDone(done.entry, done.entry.digest) from None


@breaks("test_the_largest_amount_is_kept")
class FloatAmounts(MemoryRepository):
    """Keeps amounts in a column of floats."""

    def lines(self, department: str | None = None, year: int | None = None) -> Sequence[Line]:
        """Their amounts as floats."""
        floats: Any = float
        return [attrs.evolve(line, in_force=floats(line.in_force)) for line in super().lines(department, year)]


@breaks("test_lines_of_a_year_are_its_own")
class EveryLine(MemoryRepository):
    """Gives every year's lines of a department."""

    def lines(self, department: str | None = None, year: int | None = None) -> Sequence[Line]:
        """Of whatever year."""
        return super().lines(department)


@breaks("test_words_are_kept_to_the_code_point")
class TruncatedText(Changing):
    """Keeps the first 255 characters."""

    def written(self, b: Batch) -> Batch:
        """With a shorter reason."""
        return attrs.evolve(b, entry=attrs.evolve(b.entry, reason=b.entry.reason and b.entry.reason[:255]))


@breaks("test_words_are_kept_to_the_code_point")
class NormalisedText(Changing):
    """Turns line ends into its own."""

    def written(self, b: Batch) -> Batch:
        """With other line ends."""
        told = tuple(attrs.evolve(n, about=n.about.replace("\r\n", "\n")) for n in b.notices)
        return attrs.evolve(b, notices=told)


@breaks("test_names_are_one_where_every_code_point_is")
class PaddedNames(MemoryRepository):
    """Compares names as padded columns do."""

    def look(self, at: Look) -> Seen:
        """Names with and without spaces at their ends are one."""
        seen = super().look(at)
        return attrs.evolve(seen, guards={key: self._state.guards.get(key.rstrip(), 0) for key in at.guards})

    def commit(self, *batches: Batch) -> None:
        """Names with and without spaces at their ends are one."""
        cut = [attrs.evolve(b, guards=tuple(attrs.evolve(g, key=g.key.rstrip()) for g in b.guards)) for b in batches]
        super().commit(*cut)


@breaks("test_instants_and_days_are_kept")
class NaiveDatetimes(MemoryRepository):
    """Drops the zone."""

    def look(self, at: Look) -> Seen:
        """A head without a zone."""
        seen = super().look(at)
        heads = {subject: (seq, digest, at.replace(tzinfo=None)) for subject, (seq, digest, at) in seen.heads.items()}
        return attrs.evolve(seen, heads=heads)


@breaks("test_instants_and_days_are_kept")
class Milliseconds(Changing):
    """Keeps instants to the millisecond."""

    def written(self, b: Batch) -> Batch:
        """With a rounder instant."""
        at = b.entry.at
        cut = at - timedelta(microseconds=at.microsecond % 1000)
        return attrs.evolve(b, entry=attrs.evolve(b.entry, at=cut))


@breaks("test_a_key_is_taken_once")
class TakeIgnored(MemoryRepository):
    """Gives a key to whoever comes last."""

    def _check(self, b: Batch) -> dict[str, Line]:
        return super()._check(attrs.evolve(b, takes=tuple(t for t in b.takes if not isinstance(t, Take))))


@breaks("test_a_key_taken_for_ever_stays")
class NothingIsForEver(Changing):
    """Forgets that a key was taken for ever."""

    def written(self, b: Batch) -> Batch:
        """Until it is given back."""
        takes = tuple(attrs.evolve(t, ever=False) if isinstance(t, Take) else t for t in b.takes)
        return attrs.evolve(b, takes=takes)


@breaks("test_no_notice_comes_before_its_commit")
class NoticeBeforeCommit(MemoryRepository):
    """Hands notices to its queue before the transaction."""

    def commit(self, *batches: Batch) -> None:
        """Tells first."""
        for notice in (n for b in batches for n in b.notices):
            self._state.notices.setdefault(notice.key, (notice, notice.at, False))
        super().commit(*[attrs.evolve(b, notices=()) for b in batches])


@breaks("test_a_notice_is_seen_until_it_is_delivered")
class NoticeOnce(MemoryRepository):
    """Takes what it hands out off its queue."""

    def notices(self, now: datetime, limit: int, parked: bool = False) -> Sequence[Notice]:
        """Hands out once."""
        found = super().notices(now, limit, parked)
        for notice in found:
            self.delivered(notice.key)
        return found


@breaks("test_a_parked_notice_stays_away")
class NothingIsSetAside(MemoryRepository):
    """Gives what was set aside with the rest."""

    def notices(self, now: datetime, limit: int, parked: bool = False) -> Sequence[Notice]:
        """All there are."""
        return [*super().notices(now, limit, True), *super().notices(now, limit, False)][:limit]


@breaks("test_facts_come_with_the_entry_that_wrote_them")
class LostFact(Changing):
    """Writes the first ten of many."""

    def written(self, b: Batch) -> Batch:
        """Without the rest."""
        return attrs.evolve(b, facts=b.facts[:10])


@breaks("test_a_move_is_kept")
class MoveNotKept(MemoryRepository):
    """Changes the balance and keeps no record of it."""

    def standing(self, faulty: Faulty) -> Iterator[Row]:
        """Everything but the moves."""
        return (row for row in super().standing(faulty) if row[0] != "move")


@breaks("test_a_closed_month_takes_no_move")
class OpenMonths(Changing):
    """Does not know that months close."""

    def written(self, b: Batch) -> Batch:
        """With moves of no month."""
        return attrs.evolve(b, moves=tuple(attrs.evolve(m, month=None) for m in b.moves))


@breaks("test_no_line_opens_overdrawn")
class EverythingIsAConflict(MemoryRepository):
    """Tells a broken law as a lost race: its caller tries for ever."""

    def commit(self, *batches: Batch) -> None:
        """Every refusal is one."""
        try:
            super().commit(*batches)
        except RepositoryError as error:
            raise Conflict(str(error)) from error


@breaks("test_a_month_closes_every_line")
class ClosesTheFirst(MemoryRepository):
    """Closes one line of many."""

    def _check(self, b: Batch) -> dict[str, Line]:
        after = super()._check(b)
        shut = [id for id, line in after.items() if line.closed_through is not None]
        return {id: line for id, line in after.items() if id not in shut[1:]}


@breaks("test_a_month_closes_once")
class ClosesAgain(MemoryRepository):
    """Closes what is closed already, and opens what is closed beyond."""

    def _check(self, b: Batch) -> dict[str, Line]:
        if b.closes is None:
            return super()._check(b)
        after = {**self._state.lines, **super()._check(attrs.evolve(b, closes=None))}
        return {id: attrs.evolve(line, closed_through=b.closes) for id, line in after.items()}


@breaks("test_a_used_key_is_answered_before_all_else")
class KeysOneByOne(MemoryRepository):
    """Looks at a batch's key when its turn comes."""

    def commit(self, *batches: Batch) -> None:
        """What is stale before it is told first."""
        with self._lock:
            for batch in batches:
                self._check(batch)
        super().commit(*batches)
