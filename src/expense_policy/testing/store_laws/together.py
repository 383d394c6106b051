"""Many writers at once: what is committed equals some order of it, one after another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from ...domain.cards import BOOKS
from ...domain.holds import Line, Move
from ...domain.posting import Posting
from ...domain.vocabulary import Space
from ...ports.errors import AlreadyDone, Conflict, RepositoryError
from ...ports.repository import Batch, Guard, Look, Put, Repository, Sum, Take, identity
from ..batches import LATER, Clerk, asked, gift, notice, payee, related, use_row, written
from ..ledger import MARCH, posting, task
from . import Laws

WRITERS = 8
T = TypeVar("T")


def at_once(act: Callable[[int], T], writers: int = WRITERS) -> list[T]:
    """What each of so many threads answers, all of which begin together."""
    barrier = threading.Barrier(writers)

    def begin(writer: int) -> T:
        barrier.wait(timeout=60)
        return act(writer)

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(begin, range(writers)))


CONTESTED: dict[str, Callable[[int], dict[str, Any]]] = {
    "a guard": lambda i: {"guards": (Guard("g", 0),)},
    "a record": lambda i: {"puts": (payee("p", 1, f"account {i}"),)},
    "a line": lambda i: {"lines": (Line("l2", f"department {i}", 2026, "training", "", None, "plan"),)},
    "a key": lambda i: {"takes": (Take(Space.PAYMENT, "d1:1", f"d{i}", ever=True),)},
    "the last money": lambda i: {"moves": (Move("gifts", reserved=60),)},
    "a notice": lambda i: {"notices": (notice("n", about=f"s{i}"),)},
    "a card": lambda i: {"puts": (Put(task("t", owner=f"owner {i}"), 0),)},
    "a month": lambda i: {"closes": MARCH},
    "a month again": lambda i: {"reopens": MARCH},
}


def tried(act: Callable[[], T]) -> T:
    """What an act answers that is tried again where another writer was faster."""
    for _ in range(1000):
        try:
            return act()
        except Conflict:
            continue
    raise AssertionError("a writer was refused a thousand times")


class Together(Laws):
    """Laws of concurrency, for a store that declares it."""

    def test_one_of_many_wins(self, repository: Repository, clerk: Clerk) -> None:
        """Of writers that want one guard, record, line, key, notice, last money, closing or opening, one has it."""
        self.needs("concurrent")
        clerk.opens(units=100)
        for name, part in CONTESTED.items():
            batches = []
            for i in range(WRITERS):
                parts = part(i)
                own = (Guard(f"{name} {i}", 0), *parts.pop("guards", ()))
                batches.append(clerk.batch(f"{name} {i}", guards=own, **parts))
            self.one_wins(repository, batches, Conflict)

    def test_one_of_many_writes_an_entry(self, repository: Repository, clerk: Clerk) -> None:
        """Of writers that want the same place in a journal, or the same fact, exactly one has it."""
        self.needs("concurrent")
        for n in range(3):
            rows = [use_row("d1", n, recipient=f"C{i}") for i in range(WRITERS)]
            batches = [clerk.batch("d1", reason=f"{i}", facts=(row,)) for i, row in enumerate(rows)]
            self.one_wins(repository, batches, Conflict)

    def test_one_of_many_uses_a_key(self, repository: Repository, clerk: Clerk) -> None:
        """Of writers with one idempotency key exactly one is done; the others are told its entry."""
        self.needs("concurrent")
        for n in range(3):
            key = asked(f"k{n}")
            batches = [clerk.batch(f"s{n} {i}", key=key) for i in range(WRITERS)]
            winner, errors = self.one_wins(repository, batches, AlreadyDone)
            told = {(e.entry, e.asked) for e in errors if isinstance(e, AlreadyDone)}
            assert told == {(winner.entry, key.asked)}

    def one_wins(
        self, repository: Repository, batches: list[Batch], error: type[RepositoryError]
    ) -> tuple[Batch, list[RepositoryError]]:
        """Commits all at once: one is done and leaves its entry, the others are refused and leave nothing."""

        def commit(i: int) -> RepositoryError | None:
            try:
                repository.commit(batches[i])
            except RepositoryError as refused:
                return refused
            return None

        answers = at_once(commit)
        won = [batch for batch, answer in zip(batches, answers, strict=True) if answer is None]
        assert len(won) == 1
        winner = won[0]
        errors = [answer for answer in answers if answer is not None]
        assert {type(each) for each in errors} == {error}
        digests = {entry.digest for entry, _ in repository.history()}
        assert [batch.entry.digest for batch in batches if batch.entry.digest in digests] == [winner.entry.digest]
        names = tuple(guard.key for batch in batches for guard in batch.guards)
        moved = {guard.key for guard in winner.guards}
        stand = {key for key, version in repository.look(Look(guards=names)).guards.items() if version}
        assert stand == moved
        return winner, errors

    def test_many_writers_never_pass_a_line(self, repository: Repository, clerk: Clerk) -> None:
        """However many reserve from one line at once, what is held never passes it, and nothing of it is lost."""
        self.needs("concurrent")
        clerk.opens(units=100)

        def reserve(writer: int) -> int:
            for granted in range(1000):
                if not tried(lambda: reserved(writer)):
                    return granted
            raise AssertionError("a line never ends")

        def reserved(writer: int) -> bool:
            if repository.look(Look(lines=("gifts",))).lines["gifts"].available < 7:
                return False
            clerk.does(f"s{writer}", moves=(Move("gifts", reserved=7),))
            return True

        assert sum(at_once(reserve)) == 14
        (line,) = repository.lines()
        assert (line.in_force, line.reserved) == (100, 98)
        assert sum(1 for entry, _ in repository.history() if entry.subject.startswith("s")) == 14
        assert sum(1 for row in repository.standing(lambda *_: None) if row[0] == "move" and row[1][0] == "s") == 14

    def test_no_posting_slips_past_a_closing(self, repository: Repository, clerk: Clerk) -> None:
        """Of many that post while their month is closed, each has its number from the closing, or was refused."""
        self.needs("concurrent")
        lines = ("l0", "l1", "")
        clerk.opens("l0")
        clerk.opens("l1")
        count = Look(cards=(BOOKS,), sums=(Sum("posting_count", (), (("month", "2026-03"),)),))

        def act(writer: int) -> list[Posting]:
            done = list[Posting]()
            for _ in range(10_000):
                seen = repository.look(count)
                if seen.cards:
                    return done
                with suppress(RepositoryError):
                    if writer == 0 and seen.sums[0][()] > WRITERS:
                        repository.commit(clerk.closes(MARCH))
                    elif writer > 0:
                        mine = posting(f"d{writer}", len(done) + 1, line=lines[writer % 3], units=1)
                        repository.commit(clerk.posts(mine.document, mine))
                        done.append(mine)
            raise AssertionError("a month never closes")

        posted = sorted((mine for each in at_once(act) for mine in each), key=identity)
        assert list(repository.postings(MARCH, limit=10_000)) == [*enumerate(posted, 1)]
        assert repository.look(count).sums[0][()] == len(posted)

    def test_a_guarded_sum_counts_everybody(self, repository: Repository, clerk: Clerk) -> None:
        """Of writers that add to one guarded sum at once, each has seen all that came before it (A3.6)."""
        self.needs("concurrent")
        clerk.opens()

        def apply(writer: int) -> int:
            seen = repository.look(Look(guards=("g",), sums=(related(gift()),)))
            repository.commit(clerk.files(f"d{writer}", gift(100), guards=(Guard("g", seen.guards["g"]),)))
            return seen.sums[0].get((), 0)

        answers = at_once(lambda writer: tried(lambda: apply(writer)))
        assert sorted(answers) == [100 * n for n in range(WRITERS)]

    def test_a_chain_that_many_write_is_whole(self, repository: Repository, clerk: Clerk) -> None:
        """Of many that append to one journal, each entry follows the one before, and every commit left one."""
        self.needs("concurrent")

        def append(writer: int) -> None:
            for n in range(3):
                tried(partial(clerk.does, "s", actor=f"a{writer}", notices=(notice(f"n{writer}:{n}"),)))

        at_once(append)
        chain = [entry for entry, _ in repository.history("s")]
        assert [entry.seq for entry in chain] == list(range(1, 3 * WRITERS + 1))
        assert [entry.prev for entry in chain[1:]] == [entry.digest for entry in chain[:-1]]
        assert len(repository.notices(LATER, 100)) == len(repository.unsealed(100)) == 3 * WRITERS

    def test_a_document_is_decided_once(self, repository: Repository, clerk: Clerk) -> None:
        """Of many that sign one step of one document, exactly one has signed."""
        self.needs("concurrent")
        clerk.opens()
        filed = clerk.files("d1")
        repository.commit(filed)
        found = written(filed)
        while found.step is not None:
            batches = [clerk.signs(found, opinion=f"Fine {i}.", reason=f"{i}") for i in range(WRITERS)]
            winner, _ = self.one_wins(repository, batches, Conflict)
            found = repository.look(Look(documents=("d1",))).documents["d1"]
            assert found == written(winner)
