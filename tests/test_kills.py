"""A writer is killed with SIGKILL, again and again: what it told as done is there, and nothing is half done.

A kill takes the process and not the disk: it shows that an act is whole or not there, and that it is told after it was
written. That it outlasts a power cut rests on SQLite's `synchronous`, and on the server's `synchronous_commit`.
"""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from expense_adapters.sql import SqlRepository

from . import servers
from .killing import BUGS, Count, Nursery
from .mariadb_servers import Mariadb
from .test_interleavings import LONG, Figures
from .world import World

KILLS = 250 if LONG else 20
A_STORE = 7
"""As many writers are killed one after another at one store."""
ACTS, WITHIN = 12, 0.006
"""As many acts a writer asks for at most, and about as many seconds the last of them takes."""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where the writers come from."""
    with closing(Nursery()) as found:
        yield found


def files(folder: Path) -> Iterator[str]:
    """The URL of a store for each writer, a new one after some."""
    path = folder / "store.db"
    with closing(SqlRepository(f"sqlite:///{path}")) as store:
        World.with_budget(store)
    for n in itertools.count():
        shutil.copy(path, folder / f"{n}.db")
        yield from [f"sqlite:///{folder}/{n}.db"] * A_STORE


def databases(postgres: servers.Postgres) -> Iterator[str]:
    """The same on PostgreSQL."""
    with postgres.database() as template:
        with closing(SqlRepository(template)) as store:
            World.with_budget(store)
        while True:
            with postgres.database(urlsplit(template).path[1:]) as url:
                yield from [url] * A_STORE


def made(mariadb: Mariadb) -> Iterator[str]:
    """The same on MariaDB, which copies no database."""
    while True:
        with mariadb.database() as url:
            with closing(SqlRepository(url)) as store:
                World.with_budget(store)
            yield from [url] * A_STORE


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Iterator[str]]:
    """Stores without end."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            found = files(tmp_path)
        else:
            server = request.getfixturevalue(request.param)
            found = made(server) if request.param == "mariadb" else databases(server)
        stack.callback(getattr(found, "close"))  # noqa: B009  # a generator's
        yield found


def killed(nursery: Nursery, urls: Iterator[str], folder: Path, kills: int, bug: str = "") -> Count:
    """So many writers killed, each after a time of its own; it ends early where something is wrong."""
    # The instants are the same each time; what a writer is at then is the machine's.
    instants, count = random.Random(4711), Count()
    for n in range(kills):
        url, side = next(urls), folder / f"{n}.side"
        nursery.kills(url, side, f"w{n}", instants.randint(1, ACTS), instants.uniform(0, WITHIN), bug)
        count.judge(url, side)
        if bug and count.wrong:
            break
    return count


@pytest.mark.clause("G3.4", "A4.2", "B2.1")
def test_a_killed_writer_leaves_no_half_act(
    nursery: Nursery, urls: Iterator[str], tmp_path: Path, figures: Figures
) -> None:
    """Whenever a writer is killed, what it told is there, nothing is half done, and its last act can be asked again.

    Asked again under its key it is done once: what was committed and never told gives its receipt (I20, I22).
    """
    count = killed(nursery, urls, tmp_path, KILLS)
    figures(str(count))
    assert (count.lost, count.broken, count.twice) == (0, 0, 0)
    # The kills did fall into acts, before and after their commits.
    assert count.told > KILLS
    assert count.undone + count.untold > 0
    assert (count.undone and count.untold) or not LONG


@pytest.mark.clause("G3.4")
@pytest.mark.parametrize("bug", BUGS)
def test_a_writer_that_tells_early_or_tears_is_caught(
    nursery: Nursery, urls: Iterator[str], tmp_path: Path, bug: str, figures: Figures
) -> None:
    """Two bugs sown: an act told before it is committed, and one in two transactions; the same kills find them."""
    count = killed(nursery, urls, tmp_path, 300, bug)
    figures(f"caught after {count.kills} kills: {count.lost} lost, {count.broken} half done")
    assert count.lost if bug == "early" else count.broken
