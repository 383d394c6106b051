"""The MariaDB store keeps every law of the port, durably, for many threads, and against plain SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import Any

import pymysql
import pytest

from expense_adapters.sql import SqlRepository
from expense_policy.ports.repository import Repository
from expense_policy.services.verification import verify
from expense_policy.testing.contract import RepositoryContract
from tests.mariadb_servers import Mariadb, plain
from tests.test_verify import HONEST, play
from tests.test_verify import REFUSED as BREAKING

REFUSED = (
    "UPDATE journal SET reason = 'x'",
    "DELETE FROM signatures",
    "REPLACE INTO payments SELECT * FROM payments",
    "INSERT INTO payments SELECT * FROM payments ON DUPLICATE KEY UPDATE units = 1",
    "INSERT IGNORE INTO payments SELECT document, number + 1, seq, units, payee_name, payee_account, method, payer, at,"
    " statement, reverses, parts FROM payments",
    "UPDATE `lines` SET reserved = in_force + 1",
    "UPDATE IGNORE `lines` SET reserved = in_force + 1",
    "DELETE FROM `keys`",
    "DELETE FROM taken",
    "DELETE IGNORE FROM taken",
    "INSERT INTO moves SELECT * FROM moves",
    "REPLACE INTO `keys` SELECT `key`, 'x', subject, seq FROM `keys`",
    "REPLACE INTO taken SELECT space, `key`, 'x', ever FROM taken",
    "REPLACE INTO documents SELECT * FROM documents",
    "UPDATE payments, documents SET payments.units = 1 WHERE documents.id = payments.document",
    "DELETE payments FROM payments JOIN documents ON documents.id = payments.document",
)
NAMED = (
    "UPDATE `lines` SET in_force = in_force + 1",
    "UPDATE payments SET units = units - 1",
    "DELETE FROM signatures WHERE step = 1",
    "UPDATE journal SET actor = 'x' WHERE seq = 2",
    "DELETE FROM moves WHERE seq = 1 AND reserved > 0",
    "DELETE FROM `keys`",
    "UPDATE guards SET version = version + 1",
    "DELETE FROM taken",
)


class TestMariadb(RepositoryContract):
    """A store in a database."""

    durable = True
    back_door = True

    @pytest.fixture
    def repository(self, mariadb_url: str) -> Iterator[SqlRepository]:
        """An empty one."""
        self.url = mariadb_url
        store = SqlRepository(mariadb_url)
        yield store
        store.close()

    def reopen(self, repository: Repository) -> SqlRepository:
        """The same database, opened anew."""
        assert isinstance(repository, SqlRepository)
        repository.close()
        return SqlRepository(self.url)

    def meddle(self, repository: Repository) -> Iterator[tuple[str, Callable[[], object]]]:
        """Plain SQL, first with the triggers, with every check off, then without."""
        with closing(plain(self.url)) as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION check_constraint_checks = 0, sql_mode = ''")
            for statement in REFUSED:
                yield statement, partial(self.refused, cursor, statement)
            cursor.execute("SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()")
            for (trigger,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {trigger}")
            for statement in NAMED:
                yield statement, partial(self.done, cursor, statement)

    def refused(self, cursor: Any, statement: str) -> None:
        """Tries a statement that the database itself should refuse."""
        with pytest.raises(pymysql.MySQLError):
            cursor.execute(statement)
        raise PermissionError(statement)

    def done(self, cursor: Any, statement: str) -> None:
        """Does a statement, which changes something."""
        assert cursor.execute(statement) > 0


@pytest.fixture(scope="module")
def played_there(mariadb: Mariadb) -> Iterator[str]:
    """A store with a paid document "a", one in review "b", one returned "c" and one just filed "d"."""
    with mariadb.database() as url:
        play(SqlRepository(url))
        yield url


def _there(statement: str) -> str:
    """The statement as MariaDB says it: two of the tables have names that are words of its own."""
    said = statement.replace("INSERT OR REPLACE", "REPLACE").replace(" OR REPLACE", "")
    return re.sub(r"\b(lines|keys)\b", r'"\1"', said)


def _begun(connection: Any, statements: list[str]) -> None:
    """Does what comes before, if anything, in a transaction."""
    if statements:
        connection.begin()
    with connection.cursor() as cursor:
        for each in statements:
            assert cursor.execute(each) > 0


@pytest.mark.clause("A4.1", "B2.1", "G3.4", "A3.2")
@pytest.mark.parametrize("statement", BREAKING, ids=lambda statement: statement[:60])
def test_mariadb_refuses_from_plain_sql(played_there: str, statement: str) -> None:
    """MariaDB itself refuses what would break a law, whoever asks, its checks switched off or not; nothing is left."""
    *before, last = _there(statement).split("; ")
    with closing(plain(played_there)) as connection, connection.cursor() as cursor:
        for mode, checks in (("ANSI_QUOTES,STRICT_ALL_TABLES", 1), ("ANSI_QUOTES", 0)):
            cursor.execute("SET SESSION sql_mode = %s, check_constraint_checks = %s", (mode, checks))
            _begun(connection, before)
            with pytest.raises(pymysql.MySQLError) as refused:
                cursor.execute(last)
            assert refused.value.args[0] in (1062, 1644, 4025)
            connection.rollback()
        if not statement.startswith("INSERT OR"):
            _begun(connection, before)
            # What is to be passed over in silence is refused, or does nothing.
            with suppress(pymysql.MySQLError):
                assert cursor.execute(re.sub(r"^(\w+)", r"\1 IGNORE", last)) == 0
            connection.rollback()
    with closing(SqlRepository.reading(played_there)) as store:
        assert verify(store).breaks == ()


@pytest.mark.parametrize("statement", HONEST, ids=lambda statement: statement[:60])
def test_what_is_lawful_is_done_on_mariadb(played_there: str, statement: str) -> None:
    """What breaks no law is refused by none."""
    with closing(plain(played_there)) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES'")
        _begun(connection, _there(statement).split("; "))
        connection.rollback()
