"""A PostgreSQL server that is killed, stopped and started again while clients work with it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TypeVar

import psycopg
import pytest
from psycopg_pool.base import AttemptWithBackoff

from expense_adapters.sql import SqlRepository, postgres_connections
from expense_policy.ports.errors import RepositoryUnavailable
from expense_policy.ports.repository import Look
from expense_policy.services.verification import verify
from expense_policy.testing.batches import Clerk

from . import servers
from .killing import ask, desk_of, story
from .test_interleavings import LONG, Figures
from .world import World

T = TypeVar("T")
CLIENTS = 4
DOWN: dict[str, Callable[[servers.OwnPostgres], None]] = {
    "killed": lambda server: server.kill(),
    "stopped at once": lambda server: server.stop("immediate"),
    "stopped": lambda server: server.stop("fast"),
}


@pytest.fixture
def store(own_postgres: servers.OwnPostgres) -> Iterator[SqlRepository]:
    """A store with a budget in force, on a server of this test's own."""
    with own_postgres.database() as url, closing(SqlRepository(url)) as found:
        World.with_budget(found)
        yield found


class Clients:
    """Threads that work at one store and go on whatever it says, each act under its key until it is done."""

    def __init__(self, store: SqlRepository) -> None:
        self.store, self.over = store, threading.Event()
        self.told = dict[str, str]()
        self.errors = Counter[str]()
        self.wrong = list[str]()

    def patient(self, look: Callable[[], T]) -> T:
        """A read that is tried again."""
        for _ in range(20):
            try:
                return look()
            except RepositoryUnavailable as unavailable:
                self.errors["a read failed"] += 1
                if not unavailable.outcome_known:
                    self.wrong.append("a read of which the outcome is not known")
        raise AssertionError("the store stays away")

    def work(self, name: str) -> None:
        """One client."""
        world = desk_of(self.store)
        acts = story(world, name, self.patient)
        said = next(acts)
        while not self.over.is_set():
            try:
                receipt = ask(world, said)
            except RepositoryUnavailable as unavailable:
                there = self.patient(partial(self.store.look, Look((said["key"],)))).done
                known = "known" if unavailable.outcome_known else "not known"
                self.errors[f"outcome {known}, act {'done' if there else 'not done'}"] += 1
                continue
            self.told[said["key"]] = receipt.entry
            said = acts.send(receipt)


@pytest.mark.clause("G3.4", "A4.2", "B2.1")
def test_a_server_that_goes_down_under_load_loses_nothing(
    own_postgres: servers.OwnPostgres, store: SqlRepository, figures: Figures
) -> None:
    """Clients of a server that is killed and started again go on with the same store; nothing told is lost or twice.

    An act of which the outcome is said to be known was not done; where it is not known, its key settles it (I20, I22).
    """
    clients, restarts = Clients(store), 0
    with ThreadPoolExecutor(CLIENTS) as pool:
        working = [pool.submit(clients.work, f"c{n}") for n in range(CLIENTS)]
        for down in list(DOWN.values()) * (10 if LONG else 1):
            before = len(clients.told)
            _until(lambda: len(clients.told) >= before + 2 * CLIENTS)  # noqa: B023  # asked at once
            down(own_postgres)
            own_postgres.start()
            restarts += 1
        before = len(clients.told)
        _until(lambda: len(clients.told) >= before + 2 * CLIENTS)
        clients.over.set()
        for each in working:
            each.result(60)
    there = {key: entry.digest for key, (entry, _) in store.look(Look(tuple(clients.told))).done.items()}
    lost = [key for key, entry in clients.told.items() if there.get(key) != entry]
    breaks = verify(store).breaks
    figures(f"{restarts} restarts, {len(clients.told)} acts acknowledged, lost {len(lost)}, {dict(clients.errors)}")
    assert (lost, breaks, clients.wrong) == ([], (), [])
    assert not clients.errors["outcome known, act done"]
    # Each key did one thing: as many applications are there as were asked for.
    filed = sum(entry.act == "apply" for entry, _ in store.history())
    assert filed == len(store.find((("kind", "application"),), limit=10_000))


def _until(true: Callable[[], bool]) -> None:
    for _ in range(6000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never comes")


@pytest.mark.clause("G3.4")
def test_a_session_that_is_ended_in_its_commit_is_not_known(own_postgres: servers.OwnPostgres) -> None:
    """Where a session is ended while it commits, the act may be done, and the outcome is not said to be known (I22)."""
    own_postgres.set("commit_delay = 100000", "commit_siblings = 0")
    own_postgres.reload()
    with own_postgres.database() as url, closing(SqlRepository(url)) as store, ThreadPoolExecutor(1) as pool:
        clerk = Clerk(store)
        batches = [clerk.batch("a"), clerk.batch("b")]
        with psycopg.connect(url, autocommit=True) as beside:
            committing = pool.submit(store.commit, *batches)
            busy = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT'"
            _until(lambda: bool(beside.execute(f"{busy} AND state = 'active'").fetchall()))
            beside.execute(f"SELECT pg_terminate_backend(pid) FROM ({busy}) AS found")
            with pytest.raises(RepositoryUnavailable) as unavailable:
                committing.result(20)
        assert not unavailable.value.outcome_known
        assert [entry.subject for entry, _ in store.history()] == ["a", "b"]
    own_postgres.set("commit_delay = 0")
    own_postgres.reload()


def test_a_server_that_was_long_away_is_found_again(
    own_postgres: servers.OwnPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a server was away, it is found again soon after it is back; until then it is told as unreachable."""
    monkeypatch.setattr(postgres_connections, "_AGAIN", 0.2)
    monkeypatch.setattr(postgres_connections, "_WAIT", 0.3)
    # Left to itself the pool would wait longer each time, and after a long time very long.
    monkeypatch.setattr(AttemptWithBackoff, "DELAY_BACKOFF", 100.0)
    with own_postgres.database() as url, closing(SqlRepository(url)) as store:
        batch = Clerk(store).batch("a")
        own_postgres.stop("fast")
        for _ in range(4):
            with pytest.raises(RepositoryUnavailable) as unavailable:
                store.lines()
            assert unavailable.value.outcome_known
        with pytest.raises(RepositoryUnavailable) as unavailable:
            store.commit(batch)
        assert unavailable.value.outcome_known
        own_postgres.start()
        back = time.monotonic()
        _until(partial(_answers, store))
        assert time.monotonic() - back < 10
        store.commit(batch)


def _answers(store: SqlRepository) -> bool:
    try:
        store.lines()
    except RepositoryUnavailable:
        return False
    return True
