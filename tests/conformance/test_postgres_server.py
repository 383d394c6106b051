"""What is PostgreSQL's own: places and roles, surprises of a server, a schema that was meddled with, round trips."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest

from expense_adapters.sql import SqlRepository
from expense_policy.ports.errors import RepositoryUnavailable
from expense_policy.ports.repository import Batch
from expense_policy.testing.batches import Clerk
from tests.conformance.test_sqlite_file import EVERYTHING
from tests.servers import Postgres


@pytest.fixture
def store(postgres_url: str) -> Iterator[SqlRepository]:
    """An empty store."""
    with closing(SqlRepository(postgres_url)) as store:
        yield store


@pytest.fixture
def plain(postgres_url: str) -> Iterator[psycopg.Connection]:
    """The database's owner beside the store."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


def _pool(store: SqlRepository) -> Any:
    database: Any = store._database
    return database._pool


@pytest.mark.parametrize("url", ["postgres://x/y", "mysql://x/y", "postgresql", "", "host=x dbname=y"])
def test_a_url_of_no_known_engine_is_the_callers_mistake(url: str) -> None:
    """What names no engine, or none in its one way, is a ValueError that says how a store is named."""
    for opens in (SqlRepository, SqlRepository.reading):
        with pytest.raises(ValueError, match=r"sqlite:///PATH.*postgresql://"):
            opens(url)


@pytest.mark.parametrize("url", ["postgresql://u:s3cret@[x", "postgresql://u:s3cret@x/y?colour=red"])
def test_a_url_that_can_not_be_read_is_the_callers_mistake(url: str) -> None:
    """A URL that PostgreSQL's own library can't read is a ValueError about the URL."""
    for opens in (SqlRepository, SqlRepository.reading):
        with pytest.raises(ValueError, match="the store's URL") as refused:
            opens(url)
        assert "s3cret" not in str(refused.value)


def test_what_is_not_there_is_told_at_once(postgres: Postgres, postgres_url: str) -> None:
    """No such database, role or server: RepositoryUnavailable within seconds, nothing done, no password in it."""
    role = postgres_url.replace("postgresql://", "postgresql://nobody_here:s3cret@", 1)
    if "@" in postgres_url:
        role = "postgresql://nobody_here:s3cret@" + postgres_url.split("@", 1)[1]
    for url in (postgres.at("not_there"), role, "postgresql://u:s3cret@127.0.0.1:1/x", "postgresql:///x?host=/nowhere"):
        for opens in (SqlRepository, SqlRepository.reading):
            began = time.monotonic()
            with pytest.raises(RepositoryUnavailable) as refused:
                opens(url)
            assert time.monotonic() - began < 5
            assert refused.value.outcome_known
            assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("isolation", ["READ UNCOMMITTED", "serializable", ""])
def test_an_isolation_is_one_of_three(postgres_url: str, isolation: str) -> None:
    """Another word for it is a ValueError."""
    with pytest.raises(ValueError, match="READ COMMITTED, REPEATABLE READ, SERIALIZABLE"):
        SqlRepository(postgres_url, isolation=isolation)


@contextmanager
def _role(plain: psycopg.Connection, url: str, setting: str) -> Iterator[str]:
    """The URL of a role with a setting of its own."""
    name = f"expense_role_{os.getpid()}"
    plain.execute(f"CREATE ROLE {name} SUPERUSER LOGIN")
    try:
        plain.execute(f"ALTER ROLE {name} SET {setting}")
        yield f"{url}{'&' if '?' in url else '?'}user={name}"
    finally:
        plain.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_every_connection_works_at_the_isolation_that_was_asked(
    plain: psycopg.Connection, postgres_url: str, isolation: str
) -> None:
    """Whatever role and server have for a default, each statement runs at what the store was opened with."""
    with (
        _role(plain, postgres_url, "default_transaction_isolation = 'repeatable read'") as url,
        closing(SqlRepository(url, isolation=isolation, connections=3)) as store,
    ):
        pool = _pool(store)
        held = [pool.getconn() for _ in range(3)]
        for connection in held:
            found = connection.execute("SELECT current_setting('transaction_isolation')").fetchone()[0]
            assert found == isolation.lower()
            pool.putconn(connection)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("synchronous_commit = off", "synchronous_commit is off"),
        ("session_replication_role = replica", "session_replication_role is replica"),
        ("default_transaction_read_only = on", "transaction_read_only is on"),
        ("client_encoding = 'LATIN1'", "client_encoding is LATIN1"),
    ],
)
def test_a_surprise_is_refused(plain: psycopg.Connection, postgres_url: str, setting: str, said: str) -> None:
    """A role whose commits don't last, whose triggers don't fire, which can't write or reads otherwise is refused."""
    with _role(plain, postgres_url, setting) as url:
        with pytest.raises(RepositoryUnavailable, match=said) as refused:
            SqlRepository(url)
        assert refused.value.outcome_known


def test_another_encoding_of_the_server_is_refused(postgres: Postgres) -> None:
    """A database that keeps anything but UTF-8 is refused before a table is made."""
    name = f"expense_latin_{os.getpid()}"
    with psycopg.connect(postgres.at("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
        try:
            with pytest.raises(RepositoryUnavailable, match="server_encoding is LATIN1"):
                SqlRepository(postgres.at(name))
            with psycopg.connect(postgres.at(name)) as plain:
                assert plain.execute("SELECT to_regclass('journal')").fetchone() == (None,)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "SERIALIZABLE"])
def test_of_several_makers_one_makes_the_schema(postgres: Postgres, isolation: str) -> None:
    """However many open an empty database at once, its schema is made once, whole, and each of them works."""
    with postgres.database("template0") as url:
        began = threading.Barrier(6)

        def opens() -> None:
            began.wait(timeout=30)
            with closing(SqlRepository(url, isolation=isolation)) as store:
                assert store.lacking() == ()

        with ThreadPoolExecutor(6) as pool:
            for each in [pool.submit(opens) for _ in range(6)]:
                each.result()
        with psycopg.connect(url) as plain:
            assert plain.execute("SELECT COUNT(*) FROM schema_version").fetchone() == (1,)


def test_a_schema_that_is_no_store_is_unavailable(postgres: Postgres) -> None:
    """A newer schema, another's `schema_version` and half a schema are refused, by owner, reader and host alike."""
    for made, said in (
        ("CREATE TABLE schema_version (version bigint); INSERT INTO schema_version VALUES (99)", "schema 99"),
        ("CREATE TABLE schema_version (version text); INSERT INTO schema_version VALUES ('1.2')", "another's"),
        ("CREATE TABLE schema_version (installed text)", "column"),
    ):
        with postgres.database("template0") as url, psycopg.connect(url) as plain:
            plain.execute(made)
            plain.commit()
            for opens in (SqlRepository, SqlRepository.reading):
                with pytest.raises(RepositoryUnavailable, match=said) as refused:
                    opens(url)
                assert refused.value.outcome_known
            plain.execute("SELECT 1")
            with pytest.raises(RepositoryUnavailable, match=said):
                SqlRepository.joining(plain)
    with postgres.database("template0") as url:
        with pytest.raises(RepositoryUnavailable, match="no schema"):
            SqlRepository.reading(url)
        with psycopg.connect(url) as plain:
            plain.execute("CREATE TABLE journal (n int)")
        with pytest.raises(RepositoryUnavailable, match="journal"):
            SqlRepository(url)
        with psycopg.connect(url) as plain:
            assert plain.execute("SELECT to_regclass('documents')").fetchone() == (None,)


def test_a_closed_store_is_unavailable(store: SqlRepository) -> None:
    """Whatever is asked of a closed store, in any thread, it is RepositoryUnavailable, and nothing was done."""
    entry = Clerk(store).entry("s")
    store.close()
    with ThreadPoolExecutor(1) as pool:
        for name, ask in {**EVERYTHING, "commit": lambda s: s.commit(Batch(entry))}.items():
            for call in (lambda ask=ask: ask(store), pool.submit(ask, store).result):
                with pytest.raises(RepositoryUnavailable) as refused:
                    call()
                assert refused.value.outcome_known, name
    store.close()


def test_a_store_outlives_its_connections(store: SqlRepository, plain: psycopg.Connection) -> None:
    """When the server has ended every connection, the next read finds it again by itself, and the store works on."""
    clerk = Clerk(store)
    clerk.does("s")
    plain.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname"
        " = current_database()"
    )
    assert len(store.unsealed(5)) == 1
    clerk.does("s")
    assert len(store.unsealed(5)) == 2


CHANGED = {
    "DROP INDEX documents_step": "documents_step",
    "ALTER INDEX documents_due RENAME TO documents_overdue": "documents_due",
    "DROP INDEX seals_seq; CREATE UNIQUE INDEX seals_seq ON seals (seq)": "seals_seq",
    "ALTER TABLE journal DROP COLUMN tag": "journal.tag",
    "ALTER TABLE journal ALTER COLUMN actor DROP NOT NULL": "journal.actor",
    'ALTER TABLE journal ALTER COLUMN subject TYPE text COLLATE "default"': "journal.subject",
    "ALTER TABLE moves ALTER COLUMN reserved TYPE numeric": "moves.reserved",
    "ALTER TABLE seals SET UNLOGGED": "seals",
    "ALTER TABLE seals ENABLE ROW LEVEL SECURITY": "seals",
    "CREATE RULE gone AS ON INSERT TO outbox DO INSTEAD NOTHING": "outbox",
    "DROP TABLE taken": "taken",
    "ALTER TABLE keys DROP CONSTRAINT keys_pkey": "keys_pkey",
    "ALTER TABLE lines DROP CONSTRAINT lines_never_overdrawn": "lines_never_overdrawn",
    "ALTER TABLE documents DROP CONSTRAINT documents_within,"
    " ADD CONSTRAINT documents_within CHECK (paid >= 0 AND used >= 0)": "documents_within",
    "ALTER TABLE lines DROP CONSTRAINT lines_never_overdrawn, ADD CONSTRAINT lines_never_overdrawn CHECK (reserved >= 0"
    " AND committed >= 0 AND spent >= 0 AND in_force - (reserved - committed) - spent >= 0)": "lines_never_overdrawn",
    "ALTER TABLE lines DISABLE TRIGGER expense_policy_lines_update": "expense_policy_lines_update",
    "ALTER TABLE lines ENABLE ALWAYS TRIGGER expense_policy_lines_update": "expense_policy_lines_update",
    "DROP TRIGGER expense_policy_journal_delete ON journal": "expense_policy_journal_delete",
    "DROP TRIGGER expense_policy_journal_truncate ON journal": "expense_policy_journal_truncate",
    "CREATE OR REPLACE FUNCTION expense_policy_payments_insert() RETURNS trigger LANGUAGE plpgsql"
    " AS $$BEGIN RETURN NULL; END$$": "expense_policy_payments_insert",
    "ALTER FUNCTION expense_policy_payments_insert() SET search_path = 'x'": "expense_policy_payments_insert",
    "CREATE OR REPLACE FUNCTION expense_policy_hits(hits bigint[], wanted bigint[]) RETURNS bigint LANGUAGE sql"
    " AS 'SELECT 1::bigint'": "expense_policy_hits",
}


@pytest.mark.parametrize("statement", CHANGED)
def test_what_is_changed_of_the_schema_is_named(
    store: SqlRepository, plain: psycopg.Connection, statement: str
) -> None:
    """A column, an index, a check, a function or a trigger that is dropped, changed or set aside is named."""
    assert store.lacking() == ()
    plain.execute(statement)
    assert CHANGED[statement] in store.lacking()


def test_what_a_host_adds_is_its_own(store: SqlRepository, plain: psycopg.Connection) -> None:
    """Tables, indexes, columns and triggers of a host beside the store's are nothing that it lacks."""
    plain.execute("CREATE TABLE host (n int)")
    plain.execute("CREATE INDEX host_journal ON journal (at)")
    assert store.lacking() == ()


def test_two_stores_share_a_database(store: SqlRepository, plain: psycopg.Connection, postgres_url: str) -> None:
    """A store lives in the first schema of its search path, and knows nothing of another one beside it."""
    plain.execute("CREATE SCHEMA mine")
    url = f"{postgres_url}{'&' if '?' in postgres_url else '?'}options=-csearch_path%3Dmine"
    with closing(SqlRepository(url)) as other:
        Clerk(other).does("s")
        assert (store.lacking(), other.lacking()) == ((), ())
        plain.execute("DROP TRIGGER expense_policy_journal_delete ON mine.journal")
        assert (store.lacking(), other.lacking()) == ((), ("expense_policy_journal_delete",))
    assert list(store.history()) == []
