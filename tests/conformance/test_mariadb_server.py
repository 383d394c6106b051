"""What is MariaDB's own: URLs, sessions and what they are set to, its errors, schemas half made, servers that go."""

from __future__ import annotations

import itertools
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pymysql
import pytest

from expense_adapters.sql import SqlRepository, mariadb_pool, mariadb_wire
from expense_adapters.sql import schema as s
from expense_adapters.sql.laws import RACED
from expense_adapters.sql.mariadb import DIALECT
from expense_adapters.sql.mariadb_connections import ISOLATION
from expense_adapters.sql.statements import statements
from expense_policy.domain.holds import Move
from expense_policy.ports.errors import Conflict, RepositoryError, RepositoryUnavailable
from expense_policy.ports.repository import Batch, Guard, Look, Put, Repository
from expense_policy.testing.batches import LATER, NOW, Clerk, asked, notice, payee, snapshot
from expense_policy.testing.store_laws.together import Together
from tests.mariadb_servers import Mariadb, at, kill, new_folder, plain, start, stop


@pytest.fixture
def store(mariadb_url: str) -> Iterator[SqlRepository]:
    """An empty store."""
    found = SqlRepository(mariadb_url)
    yield found
    found.close()


def _run(url: str, *statements: str) -> list[Any]:
    with closing(plain(url)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.mark.parametrize("level", ISOLATION[1:])
class TestLevels(Together):
    """Writers at once, at the levels that are not the default."""

    @pytest.fixture
    def repository(self, mariadb_url: str, level: str) -> Iterator[Repository]:
        """An empty store whose sessions are at the level."""
        found = SqlRepository(mariadb_url, isolation=level)
        yield found
        found.close()


@pytest.mark.parametrize(
    "url",
    [
        *("mariadb://", "mariadb://root@localhost", "mariadb://root@localhost/", "mariadb://root@localhost/a/b"),
        *("mariadb://h:x/name", "mariadb:///n?charset=latin1", "mariadb:///n?ssl_verify_cert=1", "mariadb:///n?x"),
        "mariadb:///n?connect_timeout=-1",
    ],
)
def test_a_url_names_a_database(url: str) -> None:
    """A URL without a database, or with what is not known, is a ValueError, and tells no password."""
    for open_ in (SqlRepository, SqlRepository.reading):
        with pytest.raises(ValueError, match=r".") as refused:
            open_(url.replace("//", "//li:geheim@", 1) if "@" not in url else url)
        assert "geheim" not in str(refused.value)


def test_what_a_url_says_reaches_the_driver() -> None:
    """Names, passwords and places are those of the URL, each character standing for itself once it is unquoted."""
    found = mariadb_pool.place("mariadb://li%40na:%E5%AF%86:x@db.example:3307/费用%20%3F?ssl_verify_identity=true")
    expected = {"user": "li@na", "password": "密:x".encode(), "host": "db.example", "port": 3307, "database": "费用 ?"}
    assert found == {**expected, "ssl_verify_identity": True}
    assert mariadb_pool.place("mariadb:///n?unix_socket=/run/s&read_timeout=5")["read_timeout"] == 5


def test_who_is_not_let_in_is_told_at_once(mariadb: Mariadb, mariadb_url: str) -> None:
    """A wrong password, a database or a server that is not there: RepositoryUnavailable, and nothing was done."""
    place = urlsplit(mariadb_url)
    wrong = place._replace(netloc=f"nobody:geheim@{place.hostname}")
    gone = place._replace(query="unix_socket=/nowhere/socket")
    for url, why in ((wrong.geturl(), "denied"), (at(mariadb_url, "none"), "none"), (gone.geturl(), "connect")):
        for open_ in (SqlRepository, SqlRepository.reading):
            with pytest.raises(RepositoryUnavailable, match=why) as refused:
                open_(url)
            assert refused.value.outcome_known
            assert "geheim" not in str(refused.value)


def test_an_isolation_of_no_name_is_a_mistake(mariadb_url: str) -> None:
    """A level is one of three."""
    with pytest.raises(ValueError, match="READ COMMITTED"):
        SqlRepository(mariadb_url, isolation="READ UNCOMMITTED")


SURPRISES = {
    "sql_mode": "STRICT_TRANS_TABLES",
    "tx_isolation": "REPEATABLE-READ",
    "completion_type": "CHAIN",
    "autocommit": "OFF",
    "unique_checks": "OFF",
    "innodb_flush_log_at_trx_commit": "2",
    "log_bin": "ON",
    "read_only": "ON",
}


@pytest.mark.parametrize("name", SURPRISES)
def test_a_surprise_is_refused(mariadb_url: str, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """What a session was set to is read back, and what its server promises is asked: anything else is refused."""
    told = mariadb_pool.told
    monkeypatch.setattr(mariadb_pool, "told", lambda c, *n: {**told(c, *n), name: SURPRISES[name]})
    with pytest.raises(RepositoryUnavailable, match="sync_binlog" if name == "log_bin" else name) as refused:
        SqlRepository(mariadb_url)
    assert refused.value.outcome_known


def test_no_amount_is_worked_out_from_one_that_was_just_set(store: SqlRepository) -> None:
    """MariaDB sets columns from left to right: no statement sets a column by another one that it sets."""
    q = statements(DIALECT)
    for statement in (*q.update.values(), q.advance, q.move, q.close, q.guard, q.put_off):
        sets = statement.text.partition(" SET ")[2].partition(" WHERE ")[0]
        for name, by in re.findall(r"`?(\w+)`?=(\(.*?\)|%s)", sets):
            assert set(re.findall(r"[a-z_]+\.`?(\w+)", by)) <= {name}, statement.text
    Clerk(store).opens(units=100)
    Clerk(store).does("s", moves=(Move("gifts", reserved=40),))
    Clerk(store).does("s", moves=(Move("gifts", reserved=-40, committed=30, spent=10),))
    (line,) = store.lines()
    assert (line.in_force, line.reserved, line.committed, line.spent) == (100, 0, 30, 10)


def test_a_row_that_is_found_is_hit(store: SqlRepository) -> None:
    """A change that leaves a row as it was has hit it all the same."""
    Clerk(store).opens()
    Clerk(store).does("s", moves=(Move("gifts"),))


def test_nothing_is_cut_to_its_length(store: SqlRepository) -> None:
    """A name too long for its column is refused, spaces at its end too, which MariaDB would cut in silence."""
    clerk = Clerk(store)
    for id in ("x" * 501, "x" * 500 + " ", " " * 501):
        with pytest.raises(RepositoryError) as refused:
            store.commit(clerk.batch("s", puts=(payee(id),)))
        assert type(refused.value) is RepositoryError
    assert snapshot(store)["standing"] == []
    clerk.does("s", puts=(payee("x" * 499 + " "), payee("🧧" * 500)))
    assert len(store.look(Look(payees=("x" * 499 + " ", "🧧" * 500))).payees) == 2


@pytest.mark.parametrize("wrong", ["\ud800", "\udce4\udcb8\udcad", 2**63, b"x", object(), 1j, True])
def test_what_no_store_keeps_is_the_callers_mistake(store: SqlRepository, wrong: Any) -> None:
    """A lone surrogate, a number beyond 64 bits, bytes, what is no value at all: a ValueError, and nothing is sent."""
    clerk = Clerk(store)
    with pytest.raises(ValueError, match="no store keeps"):
        store.commit(clerk.batch("s", puts=(payee("p", 1, wrong),)))
    clerk.does("s", puts=(payee("p"),))


def test_what_no_attempt_would_cure_is_no_conflict(store: SqlRepository) -> None:
    """A check, a law or a missing value is a RepositoryError at once; only a race is a conflict."""
    clerk = Clerk(store)
    clerk.opens()
    found = clerk.approved("d1")
    beyond = attrs.evolve(found, used=found.units + 1, version=found.version + 1)
    none: Any = None
    for batch in (
        clerk.batch("d1", puts=(Put(beyond, found.version),)),
        clerk.batch("s", notices=(notice("n", about=none),)),
        Batch(attrs.evolve(clerk.entry("s"), actor=none)),
    ):
        with pytest.raises(RepositoryError) as refused:
            store.commit(batch)
        assert type(refused.value) is RepositoryError, batch


@pytest.mark.parametrize(
    ("error", "kind", "known"),
    [
        (pymysql.IntegrityError(1062, "Duplicate entry"), Conflict, True),
        (pymysql.OperationalError(1213, "Deadlock found"), Conflict, True),
        (pymysql.OperationalError(1205, "Lock wait timeout exceeded"), Conflict, True),
        (pymysql.OperationalError(1020, "Record has changed since last read"), Conflict, True),
        (pymysql.OperationalError(1644, f"journal: {RACED[0]}"), Conflict, True),
        (pymysql.OperationalError(1644, "A3.2: not every step is signed"), RepositoryError, True),
        *[(pymysql.DataError(n, "x"), RepositoryError, True) for n in (1048, 1264, 1265, 1366, 1406, 1690, 4025)],
        *[(pymysql.OperationalError(n, "x"), RepositoryUnavailable, False) for n in (1047, 1180, 2003, 2006, 2013)],
        (pymysql.InterfaceError(0, ""), RepositoryUnavailable, False),
        (pymysql.Error("Already closed"), RepositoryUnavailable, False),
    ],
)
def test_errors_are_told_by_their_numbers(error: pymysql.Error, kind: type[RepositoryError], known: bool) -> None:
    """What the driver raises is one of the port's errors; an outcome is unknown only where a commit was under way."""
    for committing in (False, True):
        found = mariadb_wire.failed(error, committing=committing)
        assert type(found) is kind
        if isinstance(found, RepositoryUnavailable):
            assert found.outcome_known is (known or not committing)


def test_several_makers_make_one_schema(mariadb_url: str) -> None:
    """Of several that open an empty database at once one makes its schema, and all of them have it."""
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: SqlRepository(mariadb_url, connections=1), range(4)))
    assert _run(mariadb_url, "SELECT version FROM schema_version") == [(s.VERSION,)]
    assert stores[0].lacking() == ()
    for each in stores:
        each.close()


def test_a_schema_half_made_is_told(mariadb_url: str) -> None:
    """A maker that was killed leaves tables and no version: that is told, and nothing is made or dropped."""
    _run(mariadb_url, *list(DIALECT.schema())[:4])
    before = _run(mariadb_url, "SHOW TABLES")
    for _ in range(2):
        with pytest.raises(RepositoryUnavailable, match=r"half made \(cards") as refused:
            SqlRepository(mariadb_url)
        assert refused.value.outcome_known
    with pytest.raises(RepositoryUnavailable, match="holds no schema"):
        SqlRepository.reading(mariadb_url)
    assert _run(mariadb_url, "SHOW TABLES") == before


def test_a_maker_that_may_not_leaves_nothing(mariadb: Mariadb, mariadb_url: str) -> None:
    """Whoever may make tables but no triggers makes neither, and whoever may make nothing uses what is made."""
    place, name = urlsplit(mariadb_url), urlsplit(mariadb_url).path[1:]
    mine = place._replace(netloc=f"{name}@{place.hostname}").geturl()
    rights = f"ON {name}.* TO {name}@localhost"
    _run(mariadb_url, f"CREATE USER {name}@localhost", f"GRANT SELECT, INSERT, CREATE, DROP, INDEX {rights}")
    try:
        with pytest.raises(RepositoryUnavailable, match="TRIGGER"):
            SqlRepository(mine)
        assert _run(mariadb_url, "SHOW TABLES") == []
        SqlRepository(mariadb_url).close()
        _run(
            mariadb_url,
            f"REVOKE ALL, GRANT OPTION FROM {name}@localhost",
            f"GRANT SELECT, INSERT, UPDATE, DELETE {rights}",
        )
        store = SqlRepository(mine)
        Clerk(store).opens()
        assert Clerk(store).approved("d1").step is None
        for statement in ("TRUNCATE journal", "DROP TRIGGER expense_policy_journal_update", "DROP TABLE journal"):
            with pytest.raises(pymysql.MySQLError):
                _run(mine, statement)
        store.close()
    finally:
        _run(mariadb_url, f"DROP USER {name}@localhost")


LOST: dict[str, tuple[str, ...]] = {
    "DROP TRIGGER expense_policy_payments_insert": ("expense_policy_payments_insert",),
    "CREATE OR REPLACE TRIGGER expense_policy_keys_delete BEFORE DELETE ON `keys` FOR EACH ROW BEGIN END": (
        "expense_policy_keys_delete",
    ),
    "DROP INDEX postings_book ON postings": ("postings.postings_book",),
    "ALTER TABLE documents ALTER INDEX documents_due IGNORED": ("documents.documents_due",),
    "ALTER TABLE taken DROP PRIMARY KEY": ("taken.PRIMARY",),
    "ALTER TABLE `lines` DROP CONSTRAINT lines_never_overdrawn": ("lines_never_overdrawn",),
    "ALTER TABLE guards MODIFY `key` VARCHAR(500) COLLATE utf8mb4_bin NOT NULL": ("guards.key",),
    "ALTER TABLE moves MODIFY spent INT NOT NULL": ("moves.spent",),
    "ALTER TABLE outbox MODIFY body LONGTEXT COLLATE utf8mb4_nopad_bin": ("outbox.body",),
    "ALTER TABLE unsealed ENGINE=Aria": ("unsealed",),
    "DROP TABLE seals": (
        *("expense_policy_seals_delete", "expense_policy_seals_update", "seals", "seals.PRIMARY", "seals.entries"),
        *("seals.number", "seals.root", "seals.seals_seq", "seals.seq"),
    ),
}


def test_what_is_gone_of_the_schema_is_named(mariadb_url: str, store: SqlRepository) -> None:
    """Tables, columns, keys, indexes, checks and triggers that are not as they were made are named, all of them."""
    assert store.lacking() == ()
    named: set[str] = set()
    for statement, names in LOST.items():
        _run(mariadb_url, statement)
        named |= set(names)
        assert store.lacking() == tuple(sorted(named)), statement
    store.close()


def test_many_names_are_asked_for_at_once(store: SqlRepository) -> None:
    """More names than the server takes as a list are found as few are."""
    Clerk(store).does("s", guards=(Guard("g7", 0), Guard("g7 ", 0)))
    names = tuple(f"g{n}" for n in range(2500))
    assert {name for name, n in store.look(Look(guards=names)).guards.items() if n} == {"g7"}
    assert store.look(Look(guards=())).guards == {}


def test_few_connections_serve_many_threads(mariadb_url: str) -> None:
    """There are never more connections than were allowed; whoever finds none free waits for one."""
    name = urlsplit(mariadb_url).path[1:]
    store = SqlRepository(mariadb_url, connections=2)
    with ThreadPoolExecutor(8) as pool:
        for each in [pool.submit(Clerk(store).does, f"s{n}") for n in range(40)]:
            each.result()
    count = f"SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{name}' AND id <> CONNECTION_ID()"
    assert 1 <= _run(mariadb_url, count)[0][0] <= 2
    store.close()
    time.sleep(0.05)
    assert _run(mariadb_url, count)[0][0] == 0


def test_a_store_waits_no_longer_than_it_says(mariadb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no connection gets free the store is unavailable, and says why."""
    monkeypatch.setattr(mariadb_pool, "_WAIT", 0.1)
    store = SqlRepository(mariadb_url, connections=1)
    database: Any = store._database
    held = database.get()
    with pytest.raises(RepositoryUnavailable, match="none of 1 connections"):
        store.lines()
    database.give(held)
    assert store.lines() == []
    store.close()


def test_a_connection_that_is_lost_is_replaced(mariadb_url: str) -> None:
    """A call on a connection that the server has ended is unavailable, outcome known; those after it are not."""
    store = SqlRepository(mariadb_url)
    database: Any = store._database
    for connection in [database.get() for _ in range(3)]:
        database.give(connection)
    kill(mariadb_url)
    batch = Clerk(SqlRepository(mariadb_url)).batch("s")
    with pytest.raises(RepositoryUnavailable) as refused:
        store.commit(batch)
    assert refused.value.outcome_known
    assert list(store.history()) == []
    kill(mariadb_url)
    assert list(store.history()) == []
    store.commit(batch)
    store.close()


@pytest.mark.parametrize("done", [False, True])
def test_a_commit_without_an_answer_is_unknown(mariadb_url: str, monkeypatch: pytest.MonkeyPatch, done: bool) -> None:
    """Where the connection goes while a commit is under way its outcome is unknown; its key tells, and settles it."""
    store = SqlRepository(mariadb_url)
    batch = Clerk(store).batch("s", key=asked("k"))
    run = mariadb_wire.run

    def lost(cursor: Any, text: str, values: Any = ()) -> None:
        if text == "COMMIT":
            if done:
                run(cursor, text, values)
            kill(mariadb_url)
        run(cursor, "SELECT 1" if text == "COMMIT" and done else text, values)

    monkeypatch.setattr(mariadb_wire, "run", lost)
    with pytest.raises(RepositoryUnavailable) as refused:
        store.commit(batch)
    assert not refused.value.outcome_known
    monkeypatch.undo()
    assert ("k" in store.look(Look(("k",))).done) is done
    if not done:
        store.commit(batch)
    assert [entry.subject for entry, _ in store.history()] == ["s"]
    store.close()


EVERYTHING: dict[str, Callable[[SqlRepository], object]] = {
    "look": lambda s: s.look(Look(("k",), documents=("d",))),
    "find": lambda s: s.find(),
    "lines": lambda s: s.lines(),
    "history": lambda s: list(s.history()),
    "unsealed": lambda s: s.unsealed(1),
    "notices": lambda s: s.notices(NOW, 1),
    "delivered": lambda s: s.delivered("n"),
    "lacking": lambda s: s.lacking(),
}


def test_a_closed_store_is_unavailable(mariadb_url: str) -> None:
    """Whatever is asked of a closed store, in any thread, it is RepositoryUnavailable, and nothing was done."""
    store, read = SqlRepository(mariadb_url), SqlRepository.reading(mariadb_url)
    entry = Clerk(store).entry("s")
    for each in (store, read):
        each.close()
        each.close()
        for name, ask in EVERYTHING.items():
            with pytest.raises(RepositoryUnavailable) as refused:
                ask(each)
            assert refused.value.outcome_known, name
        with pytest.raises(RepositoryUnavailable):
            each.commit(Batch(entry))


class Private:
    """A server of a test's own, with a binary log, whose settings nobody else has to live with."""

    options = ("--log-bin=bin", "--sync-binlog=1")

    def __init__(self, folder: str) -> None:
        self.folder, self.url = folder, ""
        self.start()

    def start(self) -> None:
        """Starts it, for the first time or anew."""
        self.url = start(self.folder, *self.options) or ""
        assert self.url

    def shut(self) -> None:
        """Ends it, and waits for its end."""
        _run(self.url, "SHUTDOWN")
        for _ in range(200):
            try:
                plain(self.url).close()
            except pymysql.Error:
                return
            time.sleep(0.05)
        raise AssertionError("the server goes on")

    def kill(self) -> None:
        """SIGKILL; then nobody answers any more."""
        os.kill(int((Path(self.folder) / "pid").read_text(encoding="ascii")), signal.SIGKILL)


@pytest.fixture(scope="module")
def private(mariadb: Mariadb) -> Iterator[Private]:
    """One for this module."""
    server = Private(new_folder())
    yield server
    stop(server.folder)


def test_a_servers_own_settings_are_not_a_stores(private: Private) -> None:
    """Whatever the server gives to those that connect, a store's sessions keep what they are given, or refuse it."""
    given = _run(private.url, "SELECT @@global.sql_mode")[0][0]
    _run(private.url, "SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,EMPTY_STRING_IS_NULL', GLOBAL completion_type = 1")
    store = SqlRepository(private.url)
    clerk = Clerk(store)
    clerk.does("settings", reason="", puts=(payee("\\' OR '1'='1", 1, "\\"),))
    assert [entry.reason for entry, _ in store.history("settings")] == [""]
    names = ("\\' OR '1'='1", "none")
    found = store.look(Look(payees=names)).payees
    assert {name: each.account for name, each in found.items()} == {"\\' OR '1'='1": "\\"}
    with pytest.raises(RepositoryError):
        store.commit(clerk.batch("settings", puts=(payee("x" * 501),)))
    _run(private.url, f"SET GLOBAL sql_mode = '{given}', GLOBAL completion_type = 0")
    store.close()


@pytest.mark.parametrize(
    ("setting", "value"),
    [("innodb_flush_log_at_trx_commit", 2), ("innodb_flush_log_at_trx_commit", 0), ("sync_binlog", 0)],
)
def test_a_server_that_forgets_is_refused(private: Private, setting: str, value: int) -> None:
    """A server that would tell a commit before it lasts is refused; it may be read all the same."""
    SqlRepository(private.url).close()
    _run(private.url, f"SET GLOBAL {setting} = {value}")
    with pytest.raises(RepositoryUnavailable, match=f"{setting} is {value}, and has to be 1") as refused:
        SqlRepository(private.url)
    assert refused.value.outcome_known
    SqlRepository.reading(private.url).close()
    _run(private.url, f"SET GLOBAL {setting} = 1")
    SqlRepository(private.url).close()


def test_a_server_that_goes_comes_back(private: Private) -> None:
    """While the server is gone the store is unavailable, outcome known; once it is back, all of it is there."""
    store = SqlRepository(private.url)
    Clerk(store).does("s", guards=(Guard("g", 0),))
    batch = Clerk(store).batch("s", guards=(Guard("g", 1),))
    private.shut()
    calls: tuple[Callable[[], object], ...] = (lambda: store.commit(batch), lambda: store.look(Look(guards=("g",))))
    for call in calls * 3:
        with pytest.raises(RepositoryUnavailable) as refused:
            call()
        assert refused.value.outcome_known
    private.start()
    assert store.look(Look(guards=("g",))).guards == {"g": 1}
    store.commit(batch)
    store.close()


def test_a_server_killed_under_load_keeps_what_it_told(private: Private, figures: Callable[[str], None]) -> None:
    """A server killed while many write has every act that was told as done, and no half of another."""
    store, began = SqlRepository(private.url), threading.Barrier(5)
    told: list[str] = []
    unknown: list[str] = []

    def write(writer: int) -> None:
        clerk = Clerk(store)
        began.wait(timeout=20)
        for n in itertools.count():
            name = f"w{writer}:{n}"
            try:
                clerk.does(name, key=asked(name), guards=(Guard(name, 0),), notices=(notice(name),))
            except RepositoryUnavailable as error:
                if not error.outcome_known:
                    unknown.append(name)
                return
            told.append(name)

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, n) for n in range(4)]
        began.wait(timeout=20)
        time.sleep(0.3)
        private.kill()
        for each in writing:
            each.result()
    private.start()
    names = (*told, *unknown)
    seen = store.look(Look(names, names, guards=names))
    assert set(told) <= set(seen.done) <= set(names)
    assert set(seen.done) == set(seen.heads) == {name for name, n in seen.guards.items() if n}
    assert {each.key for each in store.notices(LATER, 10_000)} & set(names) == set(seen.done)
    assert len(told) > 10
    figures(
        f"{len(told)} acts told, none lost; {len(unknown)} unknown, {len(set(seen.done) - set(told))} of them there"
    )
    store.close()
