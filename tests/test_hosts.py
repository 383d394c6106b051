"""Two hosts whose open transactions meet inside PostgreSQL: who waits, who goes on, and what stands in the end."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial

import psycopg
import pytest

from expense_adapters.sql import SqlRepository
from expense_adapters.sql.postgres_connections import ISOLATION
from expense_policy.domain.application import Share
from expense_policy.domain.refusals import Refused
from expense_policy.ports.errors import Conflict, RepositoryError, RepositoryUnavailable
from expense_policy.services import engine
from expense_policy.services.verification import verify

from . import orders
from .engines import PostgresLocks
from .fights import ALIKE, HATS, SERVICES, UNDONE, Act, Fight, Tally, company, fought
from .test_interleavings import LONG, Figures, told
from .world import World, cny

TRIES = 4
Connection = psycopg.Connection[tuple[object, ...]]


class Host:
    """A program with a transaction of its own, in which it has a desk act."""

    def __init__(self, world: World, connection: Connection, level: str = ISOLATION[0]) -> None:
        self._world, self._connection, self._level = world, connection, level

    def begins(self) -> World:
        """Its transaction, and a desk inside it."""
        self._connection.execute(f"BEGIN ISOLATION LEVEL {self._level}")
        at = World.open(orders.Stepped(SqlRepository.joining(self._connection)), HATS)
        at.clock.at = self._world.clock.at
        # What is looked up once is known already.
        at.desk.env._known[0] = self._world.desk.env._known[0]
        return at

    def ends(self, how: str) -> None:
        """Commits or rolls back."""
        self._connection.execute(how)

    def run(self, act: Act, ending: str) -> object:
        """The act in its transaction, which is tried again as a whole where it met another."""
        for _ in range(TRIES):
            try:
                answer = act(self.begins())
                orders.step(ending)
                self.ends(ending)
                return answer if ending == "COMMIT" else ending
            except Refused as refused:
                self.ends("ROLLBACK")
                return refused
            except (Conflict, RepositoryUnavailable, psycopg.errors.SerializationFailure):
                self.ends("ROLLBACK")
        raise AssertionError(f"a host met others {TRIES} times")


@pytest.fixture
def hosts(postgres_url: str) -> Iterator[Callable[[str], tuple[World, PostgresLocks, list[Host]]]]:
    """The company, and two hosts at a level."""
    with ExitStack() as stack:

        def at(level: str) -> tuple[World, PostgresLocks, list[Host]]:
            world = company(stack.enter_context(closing(SqlRepository(postgres_url))), 400 if LONG else 120)
            locks = stack.enter_context(closing(PostgresLocks(postgres_url)))
            urls = [locks.session(party, "deadlock_timeout=100") for party in range(2)]
            found = [stack.enter_context(psycopg.connect(url, autocommit=True)) for url in urls]
            return world, locks, [Host(world, each, level) for each in found]

        yield at


@pytest.mark.clause("B2.1", "A4.2", "A3.2", "A3.3", "A3.4", "A3.6")
@pytest.mark.parametrize("ending", ["COMMIT", "ROLLBACK"])
@pytest.mark.parametrize("level", ISOLATION)
def test_two_hosts_in_every_order(
    hosts: Callable[[str], tuple[World, PostgresLocks, list[Host]]],
    level: str,
    ending: str,
    monkeypatch: pytest.MonkeyPatch,
    figures: Figures,
) -> None:
    """Wherever two hosts stand between their looks, their acts and their ends, they come out as one after the other.

    Who is held up by the other's open transaction waits until it ends; what that host rolls back is free again.
    """
    monkeypatch.setattr(engine, "ATTEMPTS", 2)
    world, locks, pair = hosts(level)
    numbers, found = itertools.count(), dict[str, Tally]()
    place = ISOLATION.index(level) + 3 * (ending == "COMMIT")
    for name, fight in list(SERVICES.items())[slice(None) if LONG else slice(place, None, 6)]:
        found[name] = fought(partial(_once, world, pair, (ending, "COMMIT"), locks, fight, numbers))
        assert found[name].anomalies == [], name
        assert found[name].blocked, name
        alike = ALIKE | UNDONE if ending == "ROLLBACK" else ALIKE
        assert len(found[name].serial) == 1 + (name not in alike), (name, found[name].serial)
    assert verify(world.desk.env.repository).breaks == ()
    figures(told(found))


def _once(
    world: World,
    pair: list[Host],
    endings: tuple[str, str],
    locks: PostgresLocks,
    fight: Fight,
    numbers: Iterator[int],
    choose: orders.Choose,
) -> tuple[orders.Played, object]:
    case = fight(world, next(numbers))
    acts = [partial(host.run, act, end) for host, act, end in zip(pair, case.acts, endings, strict=True)]
    played = orders.play(acts, choose, locks)
    return played, case.stands(played.answers)


@pytest.mark.clause("A4.2")
def test_hosts_that_wait_for_each_other_come_apart(
    hosts: Callable[[str], tuple[World, PostgresLocks, list[Host]]],
) -> None:
    """Of two hosts that wait for each other one is told at once to begin anew; the other is done, and nothing twice."""
    world, _, pair = hosts(ISOLATION[0])
    forms = [world.gift("1000.00", shares=(Share(f"line-{n}", cny("1000.00")),)) for n in range(2)]
    ids = [world.apply(form).id for form in forms]
    for id in ids:
        world.sign_all(id)
    both_began = threading.Barrier(2)

    def pays(at: World, party: int, n: int) -> None:
        at.desk.spending.pay(ids[n], world.instruction(forms[n]), actor="cashier", key=f"{party}-{n}")

    def run(party: int) -> str:
        at = pair[party].begins()
        pays(at, party, party)
        both_began.wait(timeout=20)
        try:
            pays(at, party, 1 - party)
        except RepositoryError as error:
            pair[party].ends("ROLLBACK")
            return "begin anew" if isinstance(error, RepositoryUnavailable) and error.outcome_known else repr(error)
        pair[party].ends("COMMIT")
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, range(2))) == ["begin anew", "done"]
    assert [len(world.desk.document(id).payments) for id in ids] == [1, 1]
    assert verify(world.desk.env.repository).breaks == ()
