"""MariaDB inside a host's own transaction on its PyMySQL connection, and as it stands at one instant."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pymysql
import pytest
from pymysql.constants import CLIENT, FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import DictCursor, SSCursor
from sqlalchemy import create_engine, select

from expense_adapters.sql import SqlRepository
from expense_adapters.sql import schema as s
from expense_adapters.sql.engine import Answer, Asked, Statement
from expense_adapters.sql.mariadb_pool import place
from expense_policy.ports.errors import Conflict, RepositoryUnavailable
from expense_policy.ports.repository import Guard, Look
from expense_policy.testing.batches import NOW, Clerk, notice, payee, written
from tests.mariadb_servers import plain
from tests.world import World

HOST: dict[str, Any] = {"charset": "utf8mb4", "client_flag": CLIENT.FOUND_ROWS}
SEVERAL = CLIENT.FOUND_ROWS | CLIENT.MULTI_STATEMENTS
HOSTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "several statements": {"client_flag": SEVERAL},
    "rows as dicts": {"cursorclass": DictCursor},
    "rows as they come": {"cursorclass": SSCursor},
    "text that pads": {"collation": "utf8mb4_general_ci"},
    "its own mode": {"init_command": "SET sql_mode = 'TRADITIONAL,ANSI_QUOTES'"},
    "read committed": {"init_command": "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"},
    "no autocommit": {"autocommit": False},
}


@pytest.fixture
def store(mariadb_url: str) -> Iterator[SqlRepository]:
    """An empty store."""
    found = SqlRepository(mariadb_url)
    yield found
    found.close()


@pytest.fixture
def host(mariadb_url: str, store: SqlRepository) -> Iterator[Any]:
    """A host's connection to it."""
    with closing(plain(mariadb_url, **HOST)) as connection:
        yield connection


def test_sqlalchemys_transaction_is_joined(mariadb_url: str, store: SqlRepository) -> None:
    """What SQLAlchemy has begun on MariaDB is joined, and ends as SQLAlchemy ends it."""
    engine = create_engine("mariadb+pymysql://", connect_args=place(mariadb_url), isolation_level="READ COMMITTED")
    for ending, there in (("rollback", []), ("commit", ["s"])):
        with engine.connect() as connection:
            assert connection.execute(select(s.guards)).all() == []
            Clerk(SqlRepository.joining(connection.connection.driver_connection)).does("s")
            getattr(connection, ending)()
        assert [entry.subject for entry, _ in store.history()] == there
    engine.dispose()


SLOWLY = ("SELECT version FROM documents", "SELECT SLEEP(0.5)", "SELECT COUNT(*) FROM signatures")
ASLEEP = "SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND state = 'User sleep'"


def seen_while_signed(store: SqlRepository, ask: Callable[..., list[Answer]]) -> tuple[int, int]:
    """The version of a document, and how many signatures are seen with it by who reads slowly while another signs."""
    clerk = Clerk(store)
    clerk.opens()
    store.commit(filed := clerk.files("d1"))
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(ask, *[(Statement(text, ()), {}) for text in SLOWLY])
        while not reading.done() and not store._database.ask((Statement(ASLEEP, ()), {}))[0]:
            time.sleep(0.01)
        store.commit(clerk.signs(written(filed)))
        assert not reading.done()
        ((version,),), _, ((signatures,),) = reading.result()
    return version, signatures


def _say(connection: Any, *statements: str) -> list[Any]:
    with pymysql.cursors.Cursor(connection) as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.mark.parametrize("name", HOSTS)
def test_a_joined_store_reads_as_its_own(mariadb_url: str, store: SqlRepository, name: str) -> None:
    """However a host reads its rows, a joined store reads its own; what it wrote is seen once the host commits."""
    clerk = Clerk(store)
    clerk.opens()
    found = clerk.approved("d1")
    with closing(plain(mariadb_url, **{**HOST, **HOSTS[name]})) as connection:
        connection.begin()
        joined = SqlRepository.joining(connection)
        paid = Clerk(joined).pays(found, 10)
        joined.commit(paid)
        seen = joined.look(Look(documents=("d1", "d1 "), lines=("gifts",), held=True))
        assert seen.documents == {"d1": written(paid)}
        assert [row.id for row in joined.find()] == ["d1"]
        assert len(list(joined.history("d1"))) == 6
        names = tuple(f"n{n}" for n in range(2000))
        assert set(joined.look(Look(guards=names)).guards.values()) == {0}
        assert store.look(Look(documents=("d1",))).documents == {"d1": found}
        connection.commit()
        assert store.look(Look(documents=("d1",))).documents == {"d1": written(paid)}


def test_a_look_is_of_one_instant(store: SqlRepository) -> None:
    """The questions of a look are answered as of one instant, whoever writes between them."""
    assert seen_while_signed(store, store._database.ask) == (1, 0)


def test_a_joined_look_is_of_one_instant(mariadb_url: str, store: SqlRepository) -> None:
    """At a level where each statement sees more than the one before, a look is still answered as of one instant."""

    def ask(*asked: Asked) -> list[Answer]:
        with closing(plain(mariadb_url, **HOST)) as host:
            _say(host, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "BEGIN")
            return SqlRepository.joining(host)._database.ask(*asked)

    assert seen_while_signed(store, ask) == (2, 1)


@pytest.mark.parametrize("ending", ["COMMIT", "ROLLBACK", "CREATE TABLE host (n INT)", "close", "KILL"])
def test_a_joined_store_ends_with_its_hosts_transaction(store: SqlRepository, host: Any, ending: str) -> None:
    """Once the host's transaction has ended, or its connection, a joined store refuses and opens none of its own."""
    batch = Clerk(store).batch("s")
    host.begin()
    joined = SqlRepository.joining(host)
    joined.look(Look())
    if ending == "close":
        host.close()
    elif ending == "KILL":
        with pytest.raises(pymysql.Error):
            host.kill(host.thread_id())
    else:
        _say(host, ending)
    calls: tuple[Callable[[], object], ...] = (joined.lines, joined.find, joined.lacking, lambda: joined.commit(batch))
    for call in calls:
        with pytest.raises(RepositoryUnavailable) as refused:
            call()
        assert refused.value.outcome_known
    assert list(store.history()) == []
    joined.close()
    if ending == "close":
        host.connect()


def test_a_joined_store_sends_and_seals_nothing(store: SqlRepository, host: Any) -> None:
    """Inside a host's open transaction no notice is handed out and nothing sealed: it may be rolled back (I31)."""
    Clerk(store).does("s", notices=(notice("n"),))
    host.begin()
    joined = SqlRepository.joining(host)
    calls: tuple[Callable[[], object], ...] = (
        lambda: joined.notices(NOW, 1),
        lambda: joined.delivered("n"),
        lambda: joined.unsealed(1),
        lambda: World.open(joined).desk.tick(),
    )
    for call in calls:
        with pytest.raises(RepositoryUnavailable, match="may still roll back"):
            call()
    host.rollback()
    assert len(store.notices(NOW, 5)) == 1


WRONG: dict[str, dict[str, Any]] = {
    "no client_flag FOUND_ROWS": {"client_flag": 0},
    "a sql_mode without STRICT_TRANS_TABLES": {"init_command": "SET sql_mode = ''"},
    "a sql_mode with NO_BACKSLASH_ESCAPES": {"init_command": "SET sql_mode = 'TRADITIONAL,NO_BACKSLASH_ESCAPES'"},
    "a sql_mode with EMPTY_STRING_IS_NULL": {"init_command": "SET sql_mode = 'TRADITIONAL,EMPTY_STRING_IS_NULL'"},
    "sql_notes OFF": {"init_command": "SET sql_notes = 0"},
    "another character set than utf8mb4": {"charset": "latin1"},
    "converters of its own": {"conv": {**conversions, FIELD_TYPE.LONGLONG: float}},
}


@pytest.mark.parametrize("what", WRONG)
def test_what_can_not_be_joined_says_why(mariadb_url: str, store: SqlRepository, what: str) -> None:
    """No transaction, and what changes what statements do or answer, is a ValueError that says so."""
    with closing(plain(mariadb_url, **{**HOST, **WRONG[what]})) as connection:
        with pytest.raises(ValueError, match="no open transaction"):
            SqlRepository.joining(connection)
        connection.begin()
        with pytest.raises(ValueError, match=what):
            SqlRepository.joining(connection)


def test_a_database_without_the_schema_is_not_joined(mariadb_url: str) -> None:
    """A joined store makes no schema."""
    with closing(plain(mariadb_url, **HOST)) as connection:
        connection.begin()
        with pytest.raises(RepositoryUnavailable, match="holds no schema"):
            SqlRepository.joining(connection)
        assert _say(connection, "SHOW TABLES") == []


def test_a_joined_store_stays_in_its_thread(store: SqlRepository, host: Any) -> None:
    """Another thread is refused by the store."""
    host.begin()
    joined = SqlRepository.joining(host)
    with ThreadPoolExecutor(1) as pool, pytest.raises(RepositoryUnavailable, match="thread"):
        pool.submit(joined.lines).result()


@pytest.mark.parametrize("flags", [CLIENT.FOUND_ROWS, SEVERAL])
def test_a_refused_batch_leaves_the_hosts_work(mariadb_url: str, store: SqlRepository, flags: int) -> None:
    """A batch that a joined store refuses rolls back to its beginning; what the host and others wrote stays."""
    with closing(plain(mariadb_url, **{**HOST, "client_flag": flags})) as connection:
        _say(connection, "CREATE TABLE host (n INT)", "BEGIN", "INSERT INTO host VALUES (1)")
        joined = SqlRepository.joining(connection)
        clerk = Clerk(joined)
        clerk.does("s", guards=(Guard("g", 0),))
        with pytest.raises(Conflict):
            joined.commit(clerk.batch("t", puts=(payee("p"),)), clerk.batch("u", guards=(Guard("g", 0),)))
        with pytest.raises(Conflict):
            joined.commit(clerk.batch("t", puts=(payee("p"), payee("q", 5))))
        connection.commit()
        assert _say(connection, "SELECT COUNT(*) FROM host") == [(1,)]
    assert [entry.subject for entry, _ in store.history()] == ["s"]
    assert store.look(Look(payees=("p",))).payees == {}


def test_a_wait_that_is_too_long_is_a_conflict(store: SqlRepository, host: Any, mariadb_url: str) -> None:
    """A row that another holds for too long is a conflict, and the host's transaction goes on."""
    Clerk(store).does("s", guards=(Guard("g", 0), Guard("h", 0)))
    with closing(plain(mariadb_url)) as other:
        _say(other, "BEGIN", "UPDATE guards SET version = 2 WHERE `key` = 'g'")
        _say(host, "SET innodb_lock_wait_timeout = 1", "BEGIN")
        joined = SqlRepository.joining(host)
        clerk = Clerk(joined)
        clerk.does("t", guards=(Guard("h", 1),))
        with pytest.raises(Conflict, match="1205"):
            joined.commit(clerk.batch("s", guards=(Guard("g", 1),)))
        host.commit()
        other.rollback()
    assert store.look(Look(guards=("g", "h"))).guards == {"g": 1, "h": 2}


def test_a_deadlock_ends_what_was_joined(store: SqlRepository, host: Any, mariadb_url: str) -> None:
    """A deadlock that takes the host's transaction is no conflict to try again: nothing is written outside of it."""
    Clerk(store).does("s", guards=(Guard("g", 0), Guard("h", 0)))
    _say(host, "CREATE TABLE host (n INT)", "BEGIN", "INSERT INTO host VALUES (1)")
    joined = SqlRepository.joining(host)
    clerk = Clerk(joined)
    clerk.does("t", guards=(Guard("h", 1),))
    batch = clerk.batch("s", guards=(Guard("g", 1),))
    with closing(plain(mariadb_url)) as other, ThreadPoolExecutor(1) as pool:
        # Of two that wait for each other the one that has written less is undone.
        more = "INSERT INTO outbox SELECT seq, '', 0, 0, '', '', '', '', '' FROM seq_1_to_500"
        _say(other, "BEGIN", more, "UPDATE guards SET version = 2 WHERE `key` = 'g'")
        waiting = pool.submit(_say, other, "UPDATE guards SET version = 2 WHERE `key` = 'h'")
        with pytest.raises(RepositoryUnavailable, match=r"rolled back, all of it.*1213") as refused:
            joined.commit(batch)
        assert refused.value.outcome_known
        waiting.result()
        other.rollback()
    with pytest.raises(RepositoryUnavailable, match="has ended"):
        joined.commit(batch)
    assert (_say(host, "SELECT COUNT(*) FROM host"), len(list(store.history()))) == ([(0,)], 1)


def test_a_snapshot_stays_as_it_was(mariadb_url: str, store: SqlRepository) -> None:
    """What is opened to be read says what stood then, to every thread, while others write; it is not written."""
    clerk = Clerk(store)
    clerk.opens()
    found = clerk.approved("d1")
    read = SqlRepository.reading(mariadb_url)
    store.commit(paid := clerk.pays(found, 10))
    Clerk(store).does("later")
    look = Look(documents=("d1",), lines=("gifts",))
    with ThreadPoolExecutor(4) as pool:
        for seen in pool.map(read.look, [look] * 20):
            assert (seen.documents, seen.lines["gifts"].spent) == ({"d1": found}, 0)
    assert "later" not in {entry.subject for entry, _ in read.history()}
    assert read.lacking() == ()
    writes: tuple[Callable[[], object], ...] = (lambda: read.commit(paid), lambda: read.delivered("n"))
    for write in writes:
        with pytest.raises(RepositoryUnavailable, match="reading alone"):
            write()
    read.close()
    assert store.look(look).documents == {"d1": written(paid)}


def test_a_snapshot_reads_on_where_a_table_is_gone(mariadb_url: str, store: SqlRepository, host: Any) -> None:
    """A table that is not there is told, and the others are read."""
    Clerk(store).does("s", guards=(Guard("g", 0),))
    _say(host, "DROP TABLE payees")
    told: list[str] = []
    read = SqlRepository.reading(mariadb_url)
    assert ("guard", "g", "1") in list(read.standing(lambda where, why: told.append(where)))
    assert told == ["payees"]
    read.close()
