"""Every order of the steps of two acts, and of three: looks and commits, and what goes on inside a commit."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pytest

from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository
from expense_adapters.sql.postgres_connections import ISOLATION
from expense_adapters.sql.sqlite import Own
from expense_policy.ports.repository import Repository
from expense_policy.services.verification import verify

from . import orders
from .engines import PostgresGates, SqliteLock
from .fights import ALIKE, SERVICES, THREE, Fight, Tally, company, desk_at, fought
from .world import World

LONG = bool(os.environ.get("EXPENSE_POLICY_LONG"))
STORES = ("memory", "sqlite", *ISOLATION, "mariadb")
Figures = Callable[[str], None]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    """Each store, PostgreSQL at each of its levels."""
    if request.param == "memory":
        yield MemoryRepository()
    elif request.param == "sqlite":
        with closing(SqlRepository(f"sqlite:///{tmp_path}/store.db")) as file:
            yield file
    elif request.param == "mariadb":
        with closing(SqlRepository(request.getfixturevalue("mariadb_url"))) as database:
            yield database
    else:
        url = request.getfixturevalue("postgres_url")
        with closing(SqlRepository(url, isolation=request.param)) as database:
            yield database


def settled(
    world: World,
    desks: list[World],
    engine: orders.Engine | None = None,
    services: Mapping[str, Fight] = SERVICES,
    every: slice = slice(None),
) -> dict[str, Tally]:
    """Every order of each fight, or of those of a slice: none is an anomaly, and the record is whole."""
    numbers, found = itertools.count(), dict[str, Tally]()

    for name, fight in list(services.items())[every]:
        found[name] = fought(partial(_once, world, desks, fight, numbers, engine))
        assert found[name].anomalies == [], name
        # Whoever comes first wins: the acts do meet.
        assert len(found[name].serial) == (1 if name in ALIKE else len(desks)), (name, found[name].serial)
    assert verify(world.desk.env.repository).breaks == ()
    return found


def _once(
    world: World,
    desks: list[World],
    fight: Fight,
    numbers: Iterator[int],
    engine: orders.Engine | None,
    choose: orders.Choose,
) -> tuple[orders.Played, object]:
    case = fight(world, next(numbers))
    acts = [partial(act, at) for act, at in zip(case.acts, desks, strict=True)]
    played = orders.play(acts, choose, engine)
    return played, case.stands(played.answers)


def told(found: Mapping[str, Tally]) -> str:
    """The figures of some fights."""
    count, blocked = (sum(getattr(each, name) for each in found.values()) for name in ("orders", "blocked"))
    waited = f", {blocked} with one seen to wait for the other" if blocked else ""
    return f"{count} orders of {len(found)} fights{waited}, anomalies: {sum(len(t.anomalies) for t in found.values())}"


@pytest.mark.clause("B2.1", "A4.2", "A3.2", "A3.3", "A3.4", "A3.6")
def test_two_acts_in_every_order(store: Repository, figures: Figures) -> None:
    """Whatever two people do at once to a line, a document, a key or a month comes out as one after the other (I21)."""
    world = company(store)
    at = desk_at(world, orders.Stepped(store))
    found = settled(world, [at, at])
    figures(told(found))
    # Two looks and two commits have six orders, and ten where one act looks twice: a budget's change sees its lines
    # first. Who meets the other decides anew when the other has ended.
    assert {name: tally.orders for name, tally in found.items() if tally.orders != 6} == {"adjust, reserve": 10}


@pytest.mark.clause("B2.1", "A3.6")
@pytest.mark.parametrize("store", STORES if LONG else STORES[:1], indirect=True)
def test_three_acts_in_every_order(store: Repository, figures: Figures) -> None:
    """Three at once come out as one after the other too, whoever meets whom while he decides anew (I21)."""
    world = company(store, 1200)
    at = desk_at(world, orders.Stepped(store))
    found = settled(world, [at] * 3, services=THREE)
    figures(told(found))
    assert all(tally.orders >= 90 for tally in found.values())


@pytest.mark.clause("B2.1", "A4.2", "A3.2", "A3.3", "A3.4", "A3.6")
def test_two_acts_in_every_order_inside_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figures: Figures
) -> None:
    """Wherever one act of SQLite stands between its snapshot and its commit, two come out as one after the other."""
    with closing(SqlRepository(f"sqlite:///{tmp_path}/store.db")) as store:
        world, lock = company(store), SqliteLock()
        at = desk_at(world, store)
        monkeypatch.setattr(Own, "cursor", lock.cursor())
        figures(told(settled(world, [at, at], lock)))


@pytest.mark.clause("B2.1", "A4.2", "A3.2", "A3.3", "A3.4", "A3.6")
@pytest.mark.parametrize("level", ISOLATION)
def test_two_acts_in_every_order_inside_a_statement(postgres_url: str, level: str, figures: Figures) -> None:
    """Wherever one act of PostgreSQL stands in its one statement, two come out as one after the other (I21)."""
    with ExitStack() as stack:
        store = stack.enter_context(closing(SqlRepository(postgres_url, isolation=level)))
        world = company(store, 1200 if LONG else 500)
        gates = stack.enter_context(closing(PostgresGates(postgres_url, first=LONG)))
        stores = [stack.enter_context(closing(gates.store(i, isolation=level))) for i in range(2)]
        # The levels above the first one share the fights between them, unless there is time.
        place = ISOLATION.index(level)
        every = slice(None) if LONG or not place else slice(place - 1, None, 2)
        found = settled(world, [desk_at(world, orders.Stepped(each)) for each in stores], gates, every=every)
        figures(told(found))
        assert all(tally.blocked for tally in found.values())
