"""Two thousand small years: drawn, played through the desk, reckoned a second time (I9-I12, I17, I19, I24, I26-I30).

Each is its own seed: a failure names it, and `played(MemoryRepository(), "claims", 61)` plays it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import attrs
import pytest

from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository
from expense_policy.ports.repository import Repository
from expense_policy.services.verification import verify

from .generated.holding import holds
from .generated.playing import CASES, FOCUS, Year
from .servers import Postgres
from .test_interleavings import LONG

PORTIONS = 2
YEARS = {"budgets": 700, "claims": 700, "allocations": 600}
TIMES = 10 if LONG else 1
ACTS, ACTS_STORED = 50, 40
CLAUSES = ("B1.1", "B1.3", "B1.5", "B1.6", "B2.1", "B2.2", "A3.6", "R1.1", "R1.2", "R1.3", "R2.2", "R2.4")
STORED = 10
"""As many years of each focus are played on each SQL store."""


@attrs.define
class Tally:
    """What was played: years, acts done and refused, the codes that they were refused with."""

    years: int = 0
    done: Counter[str] = attrs.field(factory=Counter)
    refused: Counter[str] = attrs.field(factory=Counter)
    codes: Counter[str] = attrs.field(factory=Counter)

    def add(self, year: Year) -> None:
        """One more year."""
        self.years += 1
        for mine, theirs in ((self.done, year.done), (self.refused, year.refused), (self.codes, year.codes)):
            mine.update(theirs)

    def __str__(self) -> str:
        made = ", ".join(f"{sum(self.done[act] for act in acts):,} {name}" for name, acts in CASES.items())
        acts = f"{self.done.total():,} acts done, {self.refused.total():,} refused for {len(self.codes)} reasons"
        return f"{self.years:,} years of {made}; {acts}"


def played(repository: Repository, focus: str, seed: int, acts: int = ACTS) -> Year:
    """A year that agrees with its reckoner after every act and at its end, and whose store is whole (I19)."""
    year = Year(repository, seed, focus)
    try:
        year.play(acts)
        holds(year)
        assert verify(repository).breaks == ()
    except Exception as error:
        error.add_note(f"the year {seed} of {focus}, {acts} acts, after {year.done.total()} that were done")
        raise
    return year


@pytest.mark.clause(*CLAUSES)
@pytest.mark.parametrize("portion", range(PORTIONS))
@pytest.mark.parametrize("focus", FOCUS)
def test_a_year_is_what_was_reckoned(focus: str, portion: int, figures: Callable[[str], None]) -> None:
    """Budgets, claims and allocations: parts are the whole, accounts the postings, holds the open documents.

    What the reckoner refuses is refused for the same reasons, and changes nothing; no chain weakens by splitting.
    """
    tally = Tally()
    for seed in range(portion, YEARS[focus] * TIMES, PORTIONS):
        tally.add(played(MemoryRepository(), focus, seed))
    figures(str(tally))
    assert min(tally.done[act] for act in CASES[focus]) >= tally.years // 4, "too little was drawn that may be done"
    assert len(tally.codes) >= 40, f"only so much was refused: {sorted(tally.codes)}"


@contextmanager
def stored(kind: str, number: int, folder: Path, request: pytest.FixtureRequest) -> Iterator[Repository]:
    """An empty store of a kind."""
    if kind == "sqlite":
        with closing(SqlRepository(f"sqlite:///{folder}/{number}.db")) as store:
            yield store
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as url, closing(SqlRepository(url)) as store:
        yield store


@pytest.mark.clause(*CLAUSES)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.parametrize("focus", FOCUS)
def test_a_year_is_what_was_reckoned_on_every_store(
    kind: str, focus: str, tmp_path: Path, request: pytest.FixtureRequest, figures: Callable[[str], None]
) -> None:
    """The same on SQLite and PostgreSQL, a part of them (I29)."""
    tally = Tally()
    for seed in range(STORED * TIMES):
        with stored(kind, seed, tmp_path, request) as store:
            tally.add(played(store, focus, seed, ACTS_STORED))
    figures(str(tally))
