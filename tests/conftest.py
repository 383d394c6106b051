"""Worlds for tests: a company, its people, a store of each kind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository
from expense_policy.ports.repository import Repository

from . import mariadb_servers, servers, sizes
from .world import World


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    """Each store in turn; one that asks for it by name has "mariadb" too."""
    if request.param == "memory":
        yield MemoryRepository()
        return
    file = f"sqlite:///{tmp_path}/store.db"
    store = SqlRepository(file if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url"))
    yield store
    store.close()


_BEGAN = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """The workers, and runs within a run, share what the outermost starts."""
    config.stash[_BEGAN] = servers.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    """What was started is stopped."""
    if config.stash.get(_BEGAN, False):
        mariadb_servers.end()
        servers.end()


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    """A PostgreSQL server, one for all workers."""
    server = servers.postgres()
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres: servers.Postgres) -> Iterator[str]:
    """A database of its own with the schema made."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[servers.OwnPostgres]:
    """A server that tests may stop, kill and set otherwise; each leaves it running."""
    with closing(servers.OwnPostgres()) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> mariadb_servers.Mariadb:
    """A MariaDB server, one for all workers; where CI is set its absence fails."""
    return mariadb_servers.server() or _absent(_NO_MARIADB)


@pytest.fixture
def mariadb_url(mariadb: mariadb_servers.Mariadb) -> Iterator[str]:
    """A database of its own, empty."""
    with mariadb.database() as url:
        yield url


@pytest.fixture
def world(repository: Repository) -> World:
    """A company with its policy adopted and a budget in force."""
    return World.with_budget(repository)


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Told a line, the summary shows it: what was counted."""
    return partial(record_property, _FIGURE)


_FIGURE = "figure"
_ABSENT = "the shared data is not there"
_NO_MARIADB = "MariaDB is not there: install mariadb-server, or set EXPENSE_POLICY_TEST_MARIADB to a server's URL"


def _absent(message: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def shared() -> Path:
    """The folder of real data, from EXPENSE_POLICY_SHARED; where CI is set its absence fails."""
    root = Path(__file__).parent.parent
    path = Path(os.environ.get("EXPENSE_POLICY_SHARED") or root.parent / "shared").resolve()
    if not (path / "data").is_dir():
        _absent(f"{_ABSENT}: set EXPENSE_POLICY_SHARED, {path} is no such folder")
    return path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly which tests did not run for want of what they need, what was counted, and how large the rooms are."""
    told = [
        f"{each.nodeid.rpartition('::')[2]}: {text}"
        for each in (*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ()))
        for name, text in each.user_properties
        if name == _FIGURE
    ]
    if told:
        terminalreporter.section("races and failures, counted", sep="-")
        for line in sorted(told):
            terminalreporter.line(line)
    terminalreporter.section("largest modules and longest functions", sep="-")
    for line in sizes.report():
        terminalreporter.line(line)
    skipped = terminalreporter.stats.get("skipped", ())
    for title, why, remedy in (
        ("REAL DATA NOT FOUND", _ABSENT, "set EXPENSE_POLICY_SHARED to the shared folder."),
        ("MARIADB NOT FOUND", _NO_MARIADB, "install mariadb-server, or set EXPENSE_POLICY_TEST_MARIADB."),
    ):
        absent = [each.nodeid for each in skipped if why in str(each.longrepr)]
        if absent:
            terminalreporter.section(title, sep="!")
            for nodeid in absent:
                terminalreporter.line(f"not run: {nodeid}")
            terminalreporter.line(f"{len(absent)} tests were skipped: {remedy}")
