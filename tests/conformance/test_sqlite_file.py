"""What is SQLite's own: files and their names, connections, what a refusal of the database means, long histories."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest

from expense_adapters.sql import SqlRepository, standing
from expense_adapters.sql import history as pages
from expense_adapters.sql.sqlite import DIALECT
from expense_adapters.sql.statements import FACTS
from expense_policy.ports.errors import Conflict, RepositoryError, RepositoryUnavailable
from expense_policy.ports.repository import Batch, Guard, Look, Put
from expense_policy.testing.batches import NOW, Clerk, notice, payee, use_row, written
from tests.world import World


@pytest.fixture
def store(tmp_path: Path) -> SqlRepository:
    """An empty store."""
    return SqlRepository(f"sqlite:///{tmp_path}/store.db")


@pytest.mark.parametrize(
    "name", ["a?b=c.db", "a#b.db", "100%25.db", "a b .db", "费用 🧧.db", "file:x?mode=memory", "'\"$&"]
)
def test_a_path_stands_for_itself(tmp_path: Path, name: str) -> None:
    """Every character of the path is one of the file's name, from every thread and wherever the host goes."""
    store = SqlRepository(f"sqlite:///{tmp_path}/{name}")
    Clerk(store).does("s")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: len(store.unsealed(5))).result() == 1
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.endswith(("-wal", "-shm"))) == [name]
    store.close()


def test_a_relative_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path without a root is found again by every thread after the host has changed its folder."""
    monkeypatch.chdir(tmp_path)
    store = SqlRepository("sqlite:///store.db")
    Clerk(store).does("s")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: len(store.unsealed(5))).result() == 1
    store.close()


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "sqlite:///", "sqlite://", "oracle:///x", "store.db", ""])
def test_a_store_has_a_file(url: str) -> None:
    """A URL that names no file of SQLite is a ValueError: threads would each have a store of their own."""
    with pytest.raises(ValueError, match="sqlite:///PATH"):
        SqlRepository(url)


def test_a_file_that_is_none_is_unavailable(tmp_path: Path) -> None:
    """A folder, a file in no folder, a file that is no database and another schema's are RepositoryUnavailable."""
    (tmp_path / "text.db").write_text("x" * 5000)
    SqlRepository(f"sqlite:///{tmp_path}/newer.db").close()
    with sqlite3.connect(tmp_path / "newer.db") as plain:
        plain.execute("INSERT INTO schema_version VALUES (99)")
    plain.close()
    for name in ("", "none/store.db", "text.db", "newer.db"):
        with pytest.raises(RepositoryUnavailable) as refused:
            SqlRepository(f"sqlite:///{tmp_path}/{name}")
        assert refused.value.outcome_known


EVERYTHING: dict[str, Callable[[SqlRepository], object]] = {
    "look": lambda s: s.look(Look(("k",), documents=("d",))),
    "commit": lambda s: s.commit(Batch(Clerk(s).entry("s"))),
    "find": lambda s: s.find(),
    "lines": lambda s: s.lines(),
    "policies": lambda s: s.policies(),
    "history": lambda s: list(s.history()),
    "unsealed": lambda s: s.unsealed(1),
    "notices": lambda s: s.notices(NOW, 1),
    "delivered": lambda s: s.delivered("n"),
    "put_off": lambda s: s.put_off("n", NOW),
}


def test_a_closed_store_is_unavailable(store: SqlRepository) -> None:
    """Whatever is asked of a closed store, in any thread, it is RepositoryUnavailable, and nothing was done."""
    entry = Clerk(store).entry("s")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(store.lines).result()
        store.close()
        for name, ask in {**EVERYTHING, "commit": lambda s: s.commit(Batch(entry))}.items():
            for call in (partial(ask, store), pool.submit(ask, store).result):
                with pytest.raises(RepositoryUnavailable) as refused:
                    call()
                assert refused.value.outcome_known, name
    store.close()


def test_closing_closes_the_connections_of_every_thread(store: SqlRepository) -> None:
    """Once a store is closed no thread's connection is open, and what threads that ended had is gone before."""
    release, opened = threading.Event(), threading.Barrier(4)
    connections: Any = store._database

    def work() -> sqlite3.Connection:
        store.lines()
        held: sqlite3.Connection = connections.get()
        opened.wait(timeout=20)
        release.wait(timeout=20)
        return held

    with ThreadPoolExecutor(3) as pool:
        working = [pool.submit(work) for _ in range(3)]
        opened.wait(timeout=20)
        assert len(connections._open) == 4
        store.close()
        release.set()
        for each in working:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                each.result().execute("SELECT 1")


def test_a_thread_that_ends_takes_its_connection_along(store: SqlRepository) -> None:
    """Threads that come and go leave no connection behind."""
    connections: Any = store._database
    for _ in range(5):
        thread = threading.Thread(target=store.lines)
        thread.start()
        thread.join()
    assert len(connections._open) == 1
    store.close()


def test_what_no_attempt_would_cure_is_no_conflict(store: SqlRepository) -> None:
    """A check, a missing value or a value of another type is a RepositoryError at once; only a race is a conflict."""
    clerk = Clerk(store)
    clerk.opens()
    found = clerk.approved("d1")
    beyond = attrs.evolve(found, used=found.units + 1, version=found.version + 1)
    none: Any = None
    data: Any = b"x"
    for batch in (
        clerk.batch("d1", puts=(Put(beyond, found.version),)),
        clerk.batch("s", notices=(notice("n", about=none),)),
        clerk.batch("s", puts=(payee("p", 1, none),)),
        clerk.batch("s", puts=(payee("p", 1, data),)),
        Batch(attrs.evolve(clerk.entry("s"), actor=none)),
    ):
        with pytest.raises(RepositoryError) as refused:
            store.commit(batch)
        assert type(refused.value) is RepositoryError, batch
    clerk.does("s", guards=(Guard("g", 0),))
    with pytest.raises(Conflict):
        store.commit(clerk.batch("s", guards=(Guard("g", 0),)))
    store.close()


@pytest.mark.parametrize("wrong", ["\ud800", 2**63, object(), 1j])
def test_what_no_store_keeps_is_the_callers_mistake(store: SqlRepository, wrong: Any) -> None:
    """A lone surrogate, a number beyond 64 bits, what is no value at all: a ValueError, whatever the driver says."""
    clerk = Clerk(store)
    with pytest.raises(ValueError, match="no store keeps"):
        store.commit(clerk.batch("s", puts=(payee("p", 1, wrong),)))
    clerk.does("s", puts=(payee("p"),))
    store.close()


def test_records_and_keys_are_written_in_order(store: SqlRepository) -> None:
    """Guards, records, lines, moves and keys are each written sorted by key: two acts never wait for each other."""
    written_: list[str] = []
    connections: Any = store._database
    connections.get().set_trace_callback(written_.append)
    guards = tuple(Guard(key, 0) for key in "cab")
    Clerk(store).does("s", guards=guards, puts=tuple(payee(id) for id in "cab"))
    for table in ("guards", "payees"):
        keys = [line.split("VALUES ('")[1][0] for line in written_ if line.startswith(f"INSERT INTO {table} ")]
        assert (keys, set(keys)) == (sorted(keys), {"a", "b", "c"})
    store.close()


def test_a_long_history_is_read_in_pages(store: SqlRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """A history is as many reads as it has pages, however many facts; each fact comes once, with its entry."""
    monkeypatch.setattr(pages, "PAGE", 10)
    clerk = Clerk(store)
    clerk.opens()
    for n in range(3):
        clerk.approved(f"d{n}")
    for n in range(35):
        clerk.does("d1", facts=(use_row("d1", 2 * n + 2), use_row("d1", 2 * n + 1)))
        store.commit(clerk.seals())
    asked: list[str] = []
    connections: Any = store._database
    monkeypatch.setattr(standing, "PAGE", 10)
    assert len(set(store.standing(_unreadable))) == len(list(store.standing(_unreadable))) > 200
    connections.get().set_trace_callback(asked.append)
    told = list(store.history())
    entries = [entry for entry, _ in told]
    assert [(e.subject, e.seq) for e in entries] == sorted((e.subject, e.seq) for e in entries)
    facts = [fact.row() for _, each in told for fact in each]
    assert (len(set(facts)), len(facts)) == (3 * 5 + 70 + 35, 3 * 5 + 70 + 35)
    numbers = {int(fact.row()[2]): entry.seq for entry, each in told for fact in each if fact.row()[0] == "use"}
    assert numbers == {n: 6 + (n - 1) // 2 for n in range(1, 71)}
    # A page is two reads: its entries, and a question a table of facts.
    assert len(asked) <= (len(entries) // 10 + 1) * (len(FACTS) + 6)
    assert [entry for entry, _ in store.history("d1")] == [e for e in entries if e.subject == "d1"]
    plan = connections.get().execute(f"EXPLAIN QUERY PLAN {pages.pages(DIALECT).seals.text}", (1, 2)).fetchall()
    assert "seals_seq" in str([tuple(row) for row in plan])
    store.close()


def _unreadable(where: str, why: str) -> None:
    raise AssertionError(f"{where}: {why}")


def test_a_text_that_is_none_is_told(tmp_path: Path, store: SqlRepository) -> None:
    """An entry whose text was made unreadable from beside is told as broken, and the others are read on."""
    clerk = Clerk(store)
    clerk.opens()
    found = clerk.files("d1")
    store.commit(found)
    assert written(found).id == "d1"
    with sqlite3.connect(tmp_path / "store.db") as plain:
        plain.execute("DROP TRIGGER journal_no_update")
        plain.execute("UPDATE journal SET actor = CAST(x'ff' AS TEXT) WHERE subject = 'd1'")
    plain.close()
    with pytest.raises(RepositoryError):
        list(store.history())
    told: list[str] = []
    entries = [entry for entry, _ in store.history(faulty=lambda where, why: told.append(where))]
    assert [(entry.subject, entry.actor) for entry in entries] == [("d1", "\ufffd"), ("plan:gifts", "li.na")]
    store.close()


HOSTS: dict[str, Callable[[sqlite3.Connection], object]] = {
    "plain": lambda c: None,
    "rows as dicts": lambda c: setattr(c, "row_factory", lambda cursor, row: {"x": row}),
    "text as bytes": lambda c: setattr(c, "text_factory", bytes),
}


@pytest.mark.parametrize("host", HOSTS)
def test_a_joined_store_reads_as_its_own(tmp_path: Path, store: SqlRepository, host: str) -> None:
    """However a host reads its rows and texts, a joined store reads its own, and leaves the host's as they were."""
    clerk = Clerk(store)
    clerk.opens()
    found = clerk.approved("d1")
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    HOSTS[host](connection)
    before = (connection.row_factory, connection.text_factory)
    connection.execute("BEGIN IMMEDIATE")
    joined = SqlRepository.joining(connection)
    clerk = Clerk(joined)
    paid = clerk.pays(found, 10)
    joined.commit(paid)
    seen = joined.look(Look(documents=("d1",), lines=("gifts",), held=True))
    assert seen.documents == {"d1": written(paid)}
    assert [row.id for row in joined.find()] == ["d1"]
    assert len(list(joined.history("d1"))) == 6
    assert (connection.row_factory, connection.text_factory) == before
    assert store.look(Look(documents=("d1",))).documents == {"d1": found}
    connection.execute("COMMIT")
    assert store.look(Look(documents=("d1",))).documents == {"d1": written(paid)}
    connection.close()
    store.close()


@pytest.mark.parametrize("ending", ["COMMIT", "ROLLBACK", "close"])
def test_a_joined_store_ends_with_its_hosts_transaction(tmp_path: Path, store: SqlRepository, ending: str) -> None:
    """Once the host's transaction has ended, or its connection, a joined store refuses and opens none of its own."""
    entry = Clerk(store).entry("s")
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    connection.execute("BEGIN")
    joined = SqlRepository.joining(connection)
    joined.look(Look())
    connection.close() if ending == "close" else connection.execute(ending)
    for name in ("look", "find", "lines", "history"):
        with pytest.raises(RepositoryUnavailable) as refused:
            EVERYTHING[name](joined)
        assert refused.value.outcome_known
    with pytest.raises(RepositoryUnavailable, match="closed" if ending == "close" else "has ended"):
        joined.commit(Batch(entry))
    assert list(store.history()) == []
    joined.close()
    if ending != "close":
        assert not connection.in_transaction
        connection.close()
    store.close()


def test_a_joined_store_sends_and_seals_nothing(tmp_path: Path, store: SqlRepository) -> None:
    """Inside a host's open transaction no notice is handed out and nothing sealed: it may be rolled back (I31)."""
    Clerk(store).does("s", notices=(notice("n"),))
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    connection.execute("BEGIN")
    joined = SqlRepository.joining(connection)
    for name in ("notices", "delivered", "put_off", "unsealed"):
        with pytest.raises(RepositoryUnavailable, match="may still roll back"):
            EVERYTHING[name](joined)
    world = World.open(joined)
    before = connection.total_changes
    with pytest.raises(RepositoryUnavailable, match="may still roll back"):
        world.desk.tick()
    assert connection.total_changes == before
    connection.execute("ROLLBACK")
    connection.close()
    assert len(store.notices(NOW, 5)) == 1
    store.close()


def test_what_can_not_be_joined_says_why(tmp_path: Path, store: SqlRepository) -> None:
    """No transaction, a PRAGMA that changes what statements answer, no schema or another one: each is told."""
    store.close()
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    with pytest.raises(ValueError, match="no open transaction"):
        SqlRepository.joining(connection)
    connection.execute("BEGIN")
    for pragma, value in (("full_column_names", 1), ("short_column_names", 0), ("count_changes", 1)):
        connection.execute(f"PRAGMA {pragma}={value}")
        with pytest.raises(ValueError, match=f"PRAGMA {pragma}={value}"):
            SqlRepository.joining(connection)
        connection.execute(f"PRAGMA {pragma}={1 - value}")
    connection.execute("INSERT INTO schema_version VALUES (99)")
    with pytest.raises(RepositoryUnavailable, match="schema 99"):
        SqlRepository.joining(connection)
    connection.close()
    empty = sqlite3.connect(tmp_path / "empty.db", isolation_level=None)
    empty.execute("BEGIN")
    with pytest.raises(RepositoryUnavailable, match="no schema"):
        SqlRepository.joining(empty)
    empty.close()


def test_a_joined_store_stays_in_its_thread(tmp_path: Path, store: SqlRepository) -> None:
    """Another thread is refused by the store, not by the driver."""
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN")
    joined = SqlRepository.joining(connection)
    with ThreadPoolExecutor(1) as pool, pytest.raises(RepositoryUnavailable, match="thread"):
        pool.submit(joined.look, Look()).result()
    connection.close()
    store.close()


def test_a_refused_batch_leaves_the_hosts_work(tmp_path: Path, store: SqlRepository) -> None:
    """A batch that a joined store refuses rolls back to its beginning; what the host and others wrote stays."""
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    connection.execute("CREATE TABLE host (n)")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO host VALUES (1)")
    joined = SqlRepository.joining(connection)
    clerk = Clerk(joined)
    clerk.does("s", guards=(Guard("g", 0),))
    with pytest.raises(Conflict):
        joined.commit(clerk.batch("t", puts=(payee("p"),)), clerk.batch("u", guards=(Guard("g", 0),)))
    connection.execute("COMMIT")
    assert connection.execute("SELECT COUNT(*) FROM host").fetchone() == (1,)
    connection.close()
    assert [entry.subject for entry, _ in store.history()] == ["s"]
    assert store.look(Look(payees=("p",))).payees == {}
    store.close()


def test_an_instant_is_written_one_way(store: SqlRepository) -> None:
    """Instants stand in the tables in UTC, to the microsecond, in one length."""
    Clerk(store).does("s", at=datetime.fromisoformat("2026-03-02T08:00:00+08:00"))
    connections: Any = store._database
    assert connections.get().execute("SELECT at FROM journal").fetchone()[0] == "2026-03-02T00:00:00.000000Z"
    store.close()
