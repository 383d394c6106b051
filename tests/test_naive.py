"""The scheduler finds what is wrong with the naive: the controls of the interleavings."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest

from expense_adapters.sql import SqlRepository
from expense_adapters.sql.postgres_connections import ISOLATION
from expense_policy.ports.repository import Batch, Repository

from . import orders
from .engines import PostgresLocks
from .fights import company, desk_at, fought, two_slices
from .naive import BEFORE, BEGINNING, LOCKED, LOST, NAIVE, TABLES, FileLock, Naive, Session

Figures = Callable[[str], None]
DEFERRED, IMMEDIATE, DEFAULT = "SQLite, BEGIN", "SQLite, BEGIN IMMEDIATE", "SQLite, Python's default"
SKEW = {*NAIVE, *LOCKED} - {"amend, pay", "adjust, reserve"}
"""Those that read one row and write another: no row has two writers."""
SHOWN = {
    # The first question runs outside of any transaction.
    DEFAULT: {*NAIVE, *BEFORE},
    # Whoever read an old snapshot may not write, however long he waits.
    DEFERRED: {*BEFORE},
    IMMEDIATE: {*BEFORE},
    "READ COMMITTED": {*NAIVE, *BEFORE},
    # A row that two write is refused to the second; a lock that writes nothing ends without a word.
    "REPEATABLE READ": {*SKEW, *BEFORE},
    # It protects what is inside one transaction.
    "SERIALIZABLE": {*BEFORE},
}
"""What shows an anomaly at which level: everything else is refused there by the engine, or waits."""


@pytest.fixture
def sessions(
    level: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[list[Session], orders.Engine]]:
    """Two sessions at that level, and what holds them up."""
    with ExitStack() as stack:
        if level in ISOLATION:
            locks = stack.enter_context(closing(PostgresLocks(request.getfixturevalue("postgres_url"))))
            urls = [locks.session(party) for party in range(2)]
            found = [stack.enter_context(psycopg.connect(url, autocommit=True)) for url in urls]
            yield [Session(each, f"BEGIN ISOLATION LEVEL {level}") for each in found], locks
            return
        lock = FileLock()
        begin = "" if level == DEFAULT else level.partition(", ")[2]
        files = [
            stack.enter_context(closing(_file(tmp_path / "naive.db", "DEFERRED" if level == DEFAULT else None)))
            for _ in range(2)
        ]
        yield [Session(each, begin, lock) for each in files], lock


def _file(path: Path, mode: str | None) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=mode, timeout=0, check_same_thread=False)  # type: ignore[arg-type]  # the two that there are
    connection.execute("PRAGMA journal_mode=WAL")
    return connection


@pytest.mark.clause("B2.1", "A4.2", "A3.2", "A3.3", "A3.4")
@pytest.mark.parametrize("level", SHOWN)
def test_the_naive_is_seen(level: str, sessions: tuple[list[Session], orders.Engine], figures: Figures) -> None:
    """What looks, decides and writes without a condition breaks a law in some order, unless the engine refuses it."""
    parties, engine = sessions
    for table in TABLES:
        parties[0].plain(table)
    numbers, counted = itertools.count(), list[str]()
    for name, naive in {**NAIVE, **(LOCKED if level in ISOLATION else {}), **BEFORE}.items():
        found = list(orders.every_order(partial(_once, parties, engine, naive, numbers)))
        broken = [played for played, wrong in found if wrong]
        refused = sum(LOST in played.answers for played, _ in found)
        waited = sum(played.blocked > 0 for played, _ in found)
        counted.append(f"{name} {len(broken)}/{len(found)}" + (f" ({refused} refused)" if refused else ""))
        assert not any(played.serial for played in broken), name
        assert bool(broken) == (name in SHOWN[level]), (name, broken)
        assert broken or refused or waited or level == IMMEDIATE, name
    figures(f"anomalies/orders: {'; '.join(counted)}")


def _once(
    parties: list[Session], engine: orders.Engine, naive: Naive, numbers: Iterator[int], choose: orders.Choose
) -> tuple[orders.Played, bool]:
    n = str(next(numbers))
    for statement in BEGINNING:
        parties[0].plain(statement, n)
    parties[0].commit()
    acts = [partial(each.run, act, n) for each, act in zip(parties, naive.acts, strict=True)]
    played = orders.play(acts, choose, engine)
    for answer in played.answers:
        assert isinstance(answer, str), answer
    return played, naive.broken(parties[0], n)


class Unguarded:
    """A store that forgets the guards of a batch: what was summed up is no condition any more."""

    def __init__(self, inner: Repository) -> None:
        self.inner = inner

    def commit(self, *batches: Batch) -> None:
        """Commits without them."""
        self.inner.commit(*[attrs.evolve(batch, guards=()) for batch in batches])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@pytest.mark.clause("A3.6")
@pytest.mark.parametrize("level", ["sqlite", *ISOLATION])
def test_the_library_without_its_guards_is_seen(
    level: str, request: pytest.FixtureRequest, tmp_path: Path, figures: Figures
) -> None:
    """Without the guard of a sum two slices escape the general manager at every level: a look is no transaction."""
    if level == "sqlite":
        store = SqlRepository(f"sqlite:///{tmp_path}/store.db")
    else:
        store = SqlRepository(request.getfixturevalue("postgres_url"), isolation=level)
    with closing(store):
        world = company(store)
        at, numbers = desk_at(world, orders.Stepped(Unguarded(store))), itertools.count()

        def once(choose: orders.Choose) -> tuple[orders.Played, object]:
            case = two_slices(world, next(numbers))
            played = orders.play([partial(act, at) for act in case.acts], choose)
            return played, case.stands(played.answers)

        tally = fought(once)
        figures(f"anomalies/orders: slice, slice {len(tally.anomalies)}/{tally.orders}")
        assert tally.anomalies
