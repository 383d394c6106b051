"""What a store says when something around it fails: a stated error, nothing half done, and the same key tries again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from expense_adapters.sql import SqlRepository, postgres_connections
from expense_policy.ports.errors import RepositoryUnavailable
from expense_policy.ports.repository import Repository
from expense_policy.services.verification import verify
from expense_policy.testing.batches import Clerk

from . import failing, servers
from .failing import POSTGRES, SQLITE, Place
from .world import World


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Place]:
    """A store in a file, with a budget in force."""
    url = f"sqlite:///{tmp_path}/store.db"
    with closing(SqlRepository(url)) as store:
        World.with_budget(store)
        yield Place(url, store)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Place]:
    """A store in a database."""
    with closing(SqlRepository(postgres_url)) as store:
        World.with_budget(store)
        yield Place(postgres_url, store)


def desk(store: Repository) -> World:
    """A desk in January."""
    world = World.open(store)
    world.on(date(2026, 1, 5))
    return world


def meets(place: Place, failure: AbstractContextManager[SqlRepository], acts: int = 1) -> RepositoryUnavailable:
    """What the first of so many acts that fails is told: it left no trace, and is done once when it is asked again."""
    before, found, key = verify(place.store).entries, None, ""
    form = desk(place.store).gift("10.00")
    with failure as store:
        world = desk(store)
        for done in range(acts):
            key = f"key {done}"
            try:
                world.desk.spending.apply(form, actor="li.na", key=key)
            except RepositoryUnavailable as unavailable:
                found = unavailable
                break
    assert found is not None, "nothing fails"
    report = verify(place.store)
    assert (report.breaks, report.entries) == ((), before + done)
    world = desk(place.store)
    again = [world.desk.spending.apply(form, actor="li.na", key=key) for _ in range(2)]
    assert again[0] == again[1]
    assert verify(place.store).entries == before + done + 1
    return found


@pytest.mark.clause("G3.4")
@pytest.mark.parametrize("name", SQLITE)
def test_what_fails_around_a_file_leaves_nothing(file: Place, name: str) -> None:
    """Whatever fails around a file, an act says so, does not say that it may be done, and leaves nothing (I22)."""
    failure, said = SQLITE[name]
    found = meets(file, failure(file), 60)
    assert said in str(found)
    assert found.outcome_known


@pytest.mark.clause("G3.4")
@pytest.mark.parametrize("name", POSTGRES)
def test_what_fails_around_a_database_leaves_nothing(postgres: servers.Postgres, database: Place, name: str) -> None:
    """Whatever fails around a database, an act says so and leaves nothing; only an ended session leaves doubt (I22)."""
    if postgres.another and name == "may only read":
        pytest.skip("who logs in there is the server's own matter")
    failure, said = POSTGRES[name]
    found = meets(database, failure(database))
    assert said in str(found)
    assert found.outcome_known == (name != "a session is ended at its work")


@pytest.mark.clause("G3.4")
def test_a_full_disk_under_a_file_leaves_nothing(tmp_path: Path) -> None:
    """On a disk that is full an act says so, leaves nothing, and is done once there is room (I22)."""
    with failing.small_disk(tmp_path / "disk", 4) as disk:
        url = f"sqlite:///{tmp_path}/disk/store.db"
        with closing(SqlRepository(url)) as store:
            World.with_budget(store)
            found = meets(Place(url, store), disk.full(store), 60)
    assert "disk is full" in str(found)
    assert found.outcome_known


def test_a_file_that_can_only_be_read_is_told(tmp_path: Path) -> None:
    """A file on a disk that can only be read is opened by nobody who acts; who only reads reads it."""
    with failing.small_disk(tmp_path / "disk", 4) as disk:
        url = f"sqlite:///{tmp_path}/disk/store.db"
        with closing(SqlRepository(url)) as store:
            World.with_budget(store)
        disk.read_only()
        with pytest.raises(RepositoryUnavailable) as unavailable:
            SqlRepository(url)
        assert unavailable.value.outcome_known
        with closing(SqlRepository.reading(url)) as read:
            assert verify(read).breaks == ()


@pytest.mark.clause("G3.4")
def test_a_full_disk_under_a_database_leaves_nothing(postgres: servers.Postgres) -> None:
    """Where a database has no room for its tables an act says so, leaves nothing, and is done once there is (I22)."""
    if postgres.another:
        pytest.skip("the server has its own disks")
    with ExitStack() as stack:
        disk = stack.enter_context(failing.small_disk(servers.folder() / f"disk-{os.getpid()}", 40))
        space = stack.enter_context(postgres.tablespace(disk.folder))
        url = stack.enter_context(postgres.database(tablespace=space))
        store = stack.enter_context(closing(SqlRepository(url)))
        World.with_budget(store)
        found = meets(Place(url, store), disk.full(store), 300)
    assert "No space left on device" in str(found)
    assert found.outcome_known


def test_a_store_that_can_not_be_opened_says_why(postgres: servers.Postgres, database: Place, tmp_path: Path) -> None:
    """Whatever is in the way of opening a store is told at once, with its reason, and nothing was done."""
    if postgres.another:
        pytest.skip("who logs in there is the server's own matter")
    with failing.role(database) as nobody, failing.role(database) as full:
        database.run(f"ALTER ROLE {full} CONNECTION LIMIT 0")
        database.run("CREATE ROLE locked_out NOLOGIN")
        wrong = {
            database.at(user="nobody_at_all"): 'role "nobody_at_all" does not exist',
            database.at(user="locked_out"): "not permitted to log in",
            database.at(user=nobody): "permission denied for table schema_version",
            database.at(user=full): "too many connections for role",
            database.at(database="elsewhere"): 'database "elsewhere" does not exist',
            database.at("search_path=nowhere"): "no schema has been selected to create in",
            database.at("synchronous_commit=off"): "synchronous_commit is off",
            "postgresql://postgres@127.0.0.1:1/postgres": "Connection refused",
            f"postgresql://postgres@/postgres?host={tmp_path}": "No such file or directory",
        }
        for url, said in wrong.items():
            began = time.monotonic()
            with pytest.raises(RepositoryUnavailable, match=said) as unavailable:
                SqlRepository(url)
            assert unavailable.value.outcome_known, url
            assert time.monotonic() - began < 5, url
        database.run("DROP ROLE locked_out")


def test_a_password_that_is_wrong_is_told(own_postgres: servers.OwnPostgres) -> None:
    """A wrong password is told at once; the right one opens the store."""
    hba = own_postgres.data / "pg_hba.conf"
    hba.write_text("local all guest scram-sha-256\n" + hba.read_text(encoding="utf-8"), encoding="utf-8")
    own_postgres.reload()
    with own_postgres.database() as url, closing(SqlRepository(url)) as store:
        place = Place(url, store)
        place.run("CREATE ROLE guest LOGIN PASSWORD 'right'", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest")
        with pytest.raises(RepositoryUnavailable, match="password authentication failed") as unavailable:
            SqlRepository(place.at(user="guest:wrong"))
        assert unavailable.value.outcome_known
        with closing(SqlRepository(place.at(user="guest:right"))) as found:
            assert found.lines() == []
        place.run("DROP OWNED BY guest", "DROP ROLE guest")


def test_a_database_that_is_dropped_is_told(postgres: servers.Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is dropped under a store is told by whatever is asked, and nothing is said to be done."""
    monkeypatch.setattr(postgres_connections, "_WAIT", 0.3)
    with postgres.database() as url:
        store = SqlRepository(url)
        batch = Clerk(store).batch("s")
    with closing(store):
        for ask in (store.lines, lambda: store.commit(batch)):
            with pytest.raises(RepositoryUnavailable) as unavailable:
                ask()
            assert unavailable.value.outcome_known


@pytest.mark.clause("G3.4")
def test_sessions_that_ended_meanwhile_are_not_noticed(database: Place) -> None:
    """Connections that a server, or somebody between, has ended while nobody used them are replaced before an act."""
    pool = getattr(database.store._database, "_pool")  # noqa: B009  # PostgreSQL's own
    for each in [pool.getconn() for _ in range(4)]:
        pool.putconn(each)
    database.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    world = desk(database.store)
    for n in range(4):
        world.desk.spending.apply(world.gift("10.00"), actor="li.na", key=f"{n}")


@pytest.mark.clause("G3.4")
def test_a_host_whose_session_ended_has_done_nothing(database: Place) -> None:
    """Where a host's session ends before its commit, what its desk did is not there, and that is known (I22)."""
    for ends in ("idle_in_transaction_session_timeout=50", "transaction_timeout=50"):
        with psycopg.connect(database.at(ends), autocommit=True) as host:
            host.execute("BEGIN")
            joined = SqlRepository.joining(host)
            batch = Clerk(joined).batch("s")
            time.sleep(0.2)
            with pytest.raises(RepositoryUnavailable) as unavailable:
                joined.commit(batch)
            assert unavailable.value.outcome_known, ends
    assert list(database.store.history("s")) == []


@pytest.mark.parametrize("state", ["08000", "08006", "08P01", "40003"])
def test_what_stands_between_may_not_know(state: str) -> None:
    """Where a proxy says that the server is gone, or that nobody knows, a commit that was sent may have been done."""
    error = psycopg.errors.lookup(state)("gone")
    for sent in (True, False):
        found = postgres_connections.failed(error, sent=sent)
        assert isinstance(found, RepositoryUnavailable)
        assert found.outcome_known is not sent


@pytest.mark.clause("X3", "G3.4")
def test_no_entry_stands_before_the_one_it_follows(repository: Repository) -> None:
    """Whatever the clock is set back to, each act follows its subject's last entry in time, and the record is whole."""
    world = World.with_budget(repository)
    form = world.gift("1000.00")

    def back() -> None:
        world.clock.at -= timedelta(minutes=10)

    id = world.apply(form).id
    for _ in range(4):
        back()
        world.sign(id)
    back()
    world.pay(id, form, "400.00")
    back()
    world.desk.spending.reverse(id, 1, actor="cashier", reason="Bounced.")
    back()
    world.pay(id, form, "600.00")
    back()
    world.desk.tick()
    world.desk.spending.close(id, actor="li.na", reason="No more.")
    back()
    world.desk.tick()
    for subject in (id, "seal"):
        instants = [entry.at for entry, _ in repository.history(subject)]
        assert instants == sorted(instants), subject
        assert len(instants) > 1
    assert verify(repository).breaks == ()
