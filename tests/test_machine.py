"""Everything people may do to applications, in any order: the laws hold, on every store."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from expense_policy_lmdb import LmdbRepository
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository
from expense_policy.ports.repository import Repository
from expense_policy.testing.laws import TALLY
from expense_policy.testing.machine import SpendingMachine

from .mariadb_servers import Mariadb
from .servers import Postgres

RULES = {
    "apply",
    "sign",
    "turn_back",
    "revise",
    "withdraw",
    "pay",
    "reverse",
    "use",
    "settle",
    "close",
    "again",
    "expire",
    "adopt",
    "confirm_account",
}
AFTER_THE_END = {"use, closed", "reverse, settled", "reverse, closed"}
"""Rarer: the longer run has to meet them."""
ROUNDS = 4
"""As often the machine is played at most until each rule was met."""


def run(factory: Callable[[], Repository], examples: int, steps: int, rules: set[str]) -> None:
    """The machine over a store, the same examples every time; each rule has to be accepted at least once.

    What is drawn hangs on every number that is written in the library. Where by chance a rule was not met, as many more
    examples follow, in so many rounds at most.
    """
    kind = type("Machine", (SpendingMachine,), {"factory": staticmethod(factory)})
    TALLY.clear()
    for number in range(ROUNDS):
        run_state_machine_as_test(
            seed(number)(kind),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                phases=(Phase.generate,) if os.environ.get("EXPENSE_POLICY_NO_SHRINKING") else tuple(Phase),
                suppress_health_check=list(HealthCheck),
            ),
        )
        accepted = {name for name, tally in TALLY.items() if tally["accepted"]}
        tried = "sign_what_was" in TALLY
        if accepted >= rules and tried:
            return
    raise AssertionError((rules - accepted, tried, TALLY))


@pytest.mark.clause("A3.2", "A3.3", "A3.4", "A3.5", "A3.6", "A4.1", "A4.2", "A4.3", "B2.1", "G3.3", "G3.4", "X2")
def test_the_laws_hold_on_memory() -> None:
    """I1-I8, I9-I20, I22, I23, I25, I28, I31 hold whatever is asked, in whatever order."""
    run(MemoryRepository, 300, 50, RULES | AFTER_THE_END)


@pytest.mark.clause("A4.1", "B2.1", "G3.4")
def test_the_laws_hold_on_sqlite(tmp_path: Path) -> None:
    """The same laws hold on SQLite (I29)."""
    numbers = itertools.count()
    run(lambda: SqlRepository(f"sqlite:///{tmp_path}/{next(numbers)}.db"), 80, 40, RULES)


class _Kept(SqlRepository):
    """A store that goes from example to example: its statements are planned once."""

    def close(self) -> None:
        """Not yet."""

    def end(self) -> None:
        """Now."""
        super().close()


@pytest.mark.clause("A4.1", "B2.1", "G3.4")
@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_the_laws_hold_on_a_server(request: pytest.FixtureRequest, kind: str) -> None:
    """The same laws hold on PostgreSQL and on MariaDB (I29)."""
    server: Postgres | Mariadb = request.getfixturevalue(kind)
    with server.database() as url:
        store = _Kept(url, connections=1)

        def emptied() -> SqlRepository:
            server.empty(url)
            return store

        run(emptied, 30, 40, RULES)
        store.end()


@pytest.mark.clause("A4.1", "B2.1", "G3.4")
def test_the_laws_hold_on_lmdb(tmp_path: Path) -> None:
    """The same laws hold on the example of a store made from outside."""
    numbers = itertools.count()
    run(lambda: LmdbRepository(tmp_path / f"{next(numbers)}"), 30, 40, RULES)
