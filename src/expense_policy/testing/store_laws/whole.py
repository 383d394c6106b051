"""All or nothing, in order, and seen by everybody at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from ...domain.cards import BOOKS
from ...domain.holds import Line, Move
from ...domain.journal import Entry
from ...domain.posting import Planned
from ...domain.vocabulary import Space
from ...ports.errors import AlreadyDone, Conflict, RepositoryError
from ...ports.repository import Batch, Free, Guard, Look, Put, Repository, Take
from ..batches import LATER, Clerk, asked, gift, notice, payee, related, snapshot, use_row
from ..ledger import FEBRUARY, MARCH, books, posting, review, task, voucher_row
from . import Laws

OTHER = Line("l2", "marketing", 2026, "care_gifts", "More gifts", None, "plan-1")


def _entry(b: Batch, **wrong: Any) -> Batch:
    return attrs.evolve(b, entry=attrs.evolve(b.entry, **wrong))


def _with(name: str, more: object) -> Callable[[Batch], Batch]:
    def bad(b: Batch) -> Batch:
        parts: dict[str, Any] = {name: (*getattr(b, name), more)}
        return attrs.evolve(b, **parts)

    return bad


BAD: dict[str, Callable[[Batch], Batch]] = {
    "its key": lambda b: attrs.evolve(b, key=asked("used")),
    "its last guard": _with("guards", Guard("zz", 1)),
    "its last record": _with("puts", payee("zz", 2)),
    "its last line": _with("lines", Line("used", "marketing", 2026, "care_gifts", "", None, "plan-1")),
    "a line overdrawn": _with("lines", attrs.evolve(OTHER, id="zz", reserved=1)),
    "its last move": _with("moves", Move("used", reserved=1_000_001, expected=MARCH)),
    "a line that is not there": _with("moves", Move("zz", reserved=1)),
    "a card that moved on": _with("puts", Put(task("zz", 2), 1)),
    "its last key taken": _with("takes", Take(Space.VOUCHER, "used", "d1")),
    "a key that is not its own": _with("takes", Free(Space.VOUCHER, "used", "d1")),
    "its last fact": _with("facts", use_row("d1", 99)),
    "a posting that is there": _with("facts", posting(number=99, line="used")),
    "a posting of a closed month": _with("facts", posting(number=98, line="", month=FEBRUARY)),
    "its place in the chain": lambda b: _entry(b, seq=b.entry.seq + 1),
    "its predecessor": lambda b: _entry(b, prev="f" * 64),
    "its last notice": _with("notices", notice("used")),
}
"""One part of a batch does not hold, after all the others do."""


class Whole(Laws):
    """Laws of atomicity and freshness."""

    def prepared(self, clerk: Clerk) -> Batch:
        """A store in use, and a batch with something of everything, every condition of which holds."""
        clerk.opens()
        clerk.opens("used")
        clerk.does("s", key=asked("used"), notices=(notice("used"),), takes=(Take(Space.VOUCHER, "used", "d0"),))
        clerk.does("s", takes=(Take(Space.PLAN, "back", "d1"),))
        clerk.does("d1", facts=(use_row("d1", 99),))
        clerk.does(BOOKS, guards=(Guard(BOOKS, 0),), puts=(Put(books(FEBRUARY), 0),))
        clerk.repository.commit(clerk.posts("d1", posting(number=99, line="used")))
        batch = clerk.files("d1", gift(700))
        booked = (Planned("d1", "used", MARCH, 7), voucher_row(), review())
        posted = (posting(line="used"), posting(line=""))
        return attrs.evolve(
            batch,
            key=asked("k"),
            guards=(Guard("a", 0), Guard("b", 0), Guard(BOOKS, 1)),
            puts=(*batch.puts, payee("茶馆"), Put(task("t"), 0)),
            lines=(OTHER,),
            moves=(*batch.moves, Move("l2", in_force=50), Move("used", spent=100, month=MARCH)),
            takes=(Take(Space.VOUCHER, "v", "d1"), Free(Space.PLAN, "back", "d1")),
            facts=(*batch.facts, use_row("d1", 1), *booked, *posted),
            notices=(notice("n1"), notice("n2")),
        )

    @pytest.mark.parametrize("bad", BAD)
    def test_a_batch_refused_for_its_last_condition_leaves_no_trace(
        self, repository: Repository, clerk: Clerk, bad: str
    ) -> None:
        """Whatever the one condition that does not hold, nothing of the batch is in any table; whole, it goes in."""
        batch = self.prepared(clerk)
        before = snapshot(repository, batch)
        with pytest.raises(RepositoryError):
            repository.commit(BAD[bad](batch))
        assert snapshot(repository, batch) == before
        repository.commit(batch)
        after = snapshot(repository, batch)
        assert {name for name in before if after[name] == before[name]} <= {
            "policies",
            "unreadable",
            "cards",
            "numbered",
        }

    @pytest.mark.parametrize("bad", BAD)
    def test_several_batches_are_all_or_nothing(self, repository: Repository, clerk: Clerk, bad: str) -> None:
        """A batch that is refused takes those of its commit with it, whether they came before it or after."""
        batch = self.prepared(clerk)
        first = clerk.batch("t", key=asked("k1"), guards=(Guard("g", 0),), moves=(Move("gifts", reserved=1),))
        last = clerk.batch("t", after=first, key=asked("k2"), guards=(Guard("g", 1),))
        before = snapshot(repository, first, batch, last)
        with pytest.raises(RepositoryError):
            repository.commit(first, BAD[bad](batch), last)
        assert snapshot(repository, first, batch, last) == before
        repository.commit(first, batch, last)
        assert repository.look(Look(guards=("g", "a"))).guards == {"g": 2, "a": 1}

    def test_batches_of_one_commit_build_on_each_other(self, repository: Repository, clerk: Clerk) -> None:
        """A batch finds what those before it in its commit did: versions, guards, lines, keys, entries, facts."""
        first = clerk.batch(
            "s",
            guards=(Guard("g", 0),),
            puts=(payee("p"),),
            lines=(OTHER,),
            moves=(Move("l2", in_force=10),),
            takes=(Take(Space.VOUCHER, "v", "d1"),),
        )
        second = clerk.batch(
            "s",
            after=first,
            guards=(Guard("g", 1),),
            puts=(payee("p", 2, "new"),),
            moves=(Move("l2", reserved=10),),
            takes=(Free(Space.VOUCHER, "v", "d1"),),
        )
        third = clerk.batch("s", after=second, guards=(Guard("g", 2),), takes=(Take(Space.VOUCHER, "v", "d2"),))
        repository.commit(first, second, third)
        seen = repository.look(
            Look(subjects=("s",), guards=("g",), payees=("p",), lines=("l2",), taken=((Space.VOUCHER, "v"),))
        )
        assert seen.heads["s"][0] == 3
        assert (seen.guards["g"], seen.payees["p"].account, seen.lines["l2"].available) == (3, "new", 0)
        assert seen.taken == {(Space.VOUCHER, "v"): "d2"}

    def test_batches_of_one_commit_meet_each_other(self, repository: Repository, clerk: Clerk) -> None:
        """What a batch did is in the way of those after it in its commit, and then none of them is done."""
        clerk.opens(units=10)
        one: dict[str, Any] = {
            "guards": (Guard("g", 0),),
            "moves": (Move("gifts", reserved=6),),
            "takes": (Take(Space.VOUCHER, "v", "d1"),),
            "puts": (payee("p"),),
            "lines": (OTHER,),
            "notices": (notice("n"),),
        }
        for name, part in one.items():
            first = clerk.batch("s", **{name: part})
            self.refuses(repository, Conflict, first, clerk.batch("t", **{name: part}))
        self.refuses(repository, Conflict, clerk.batch("s"), clerk.batch("s"))
        first = clerk.batch("s", key=asked("k"))
        done = self.refuses(repository, AlreadyDone, first, clerk.batch("t", key=asked("k")))
        assert isinstance(done, AlreadyDone)
        assert done.entry == first.entry

    def test_a_commit_of_nothing_is_nothing(self, repository: Repository) -> None:
        """A commit without a batch changes nothing and is no error."""
        before = snapshot(repository)
        repository.commit()
        assert snapshot(repository) == before

    def test_a_look_sees_what_was_committed(self, repository: Repository, clerk: Clerk) -> None:
        """Every question sees every commit that returned before it was asked, from any thread that looked before."""
        clerk.opens()
        with ThreadPoolExecutor(1) as pool:
            ask = pool.submit if self.concurrent else _here
            for n in range(1, 6):
                ask(self._asked, repository, n - 1).result()
                batch = clerk.files(
                    f"d{n}", key=asked(f"k{n}"), notices=(notice(f"n{n}"),), guards=(Guard("g", n - 1),)
                )
                repository.commit(batch)
                seen = ask(self._asked, repository, n).result()
                assert seen == (n, n, n, 10_000 * n, 10_000 * n, n, n + 1, n + 1)

    def _asked(self, repository: Repository, n: int) -> tuple[int, ...]:
        """How far a store is: guards, done keys, documents, sums, lines, notices, journal."""
        ids = tuple(f"d{i}" for i in range(1, n + 1))
        look = Look((f"k{n}",), documents=ids, guards=("g",), lines=("gifts",), sums=(related(gift()),))
        seen = repository.look(look)
        assert n == 0 or seen.done[f"k{n}"][0].subject == f"d{n}"
        return (
            seen.guards["g"],
            len(seen.documents),
            len(repository.find()),
            seen.sums[0].get((), 0),
            seen.lines["gifts"].reserved,
            len(repository.notices(LATER, 100)),
            len(list(repository.history())),
            len(repository.unsealed(100)),
        )

    def test_what_is_left_half_read_is_in_nobodys_way(self, repository: Repository, clerk: Clerk) -> None:
        """While a history or the standing rows are read, looks stay fresh and commits go on; the rest still comes."""
        for n in range(3):
            clerk.does(f"s{n}", guards=(Guard(f"g{n}", 0),))
        reading, standing = repository.history(), repository.standing(lambda *_: None)
        first: Entry = next(reading)[0]
        rows = [next(standing)]
        for n in range(3):
            clerk.does("later", guards=(Guard("g", n),))
            assert repository.look(Look(guards=("g",))).guards == {"g": n + 1}
            assert first.subject == "s0"
        rest = [entry.subject for entry, _ in reading]
        assert [subject for subject in rest if subject != "later"] == ["s1", "s2"]
        rows += list(standing)
        assert {("guard", f"g{n}", "1") for n in range(3)} <= set(rows)


class _Now:
    def __init__(self, value: Any) -> None:
        self.value = value

    def result(self) -> Any:
        """The answer."""
        return self.value


def _here(ask: Callable[..., Any], *of: Any) -> Any:
    return _Now(ask(*of))
