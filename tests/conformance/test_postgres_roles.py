"""Roles on PostgreSQL: the application may do what acts do, auditors may read, nobody may do anything else."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from expense_adapters.cli import guard
from expense_adapters.sql import SqlRepository, roles
from expense_adapters.sql import schema as s
from expense_adapters.sql.engine import Statement
from expense_adapters.sql.postgres import DIALECT
from expense_adapters.sql.statements import statements
from expense_policy import GiftIssued, Return, verify
from expense_policy.domain.vocabulary import Status
from expense_policy.ports.errors import RepositoryError, RepositoryUnavailable
from expense_policy.testing.batches import Clerk
from tests import books
from tests.world import World

ROOT = Path(__file__).parents[2]
LAWS = [statement.replace("(", " ").split() for statement in DIALECT.laws()]
PASSWORD = secrets.token_hex(16)


class Roles:
    """A store's two roles, and a third that was given nothing; they go when the test ends."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.application, self.auditor, self.nobody = (
            f"expense {kind} \"x\" 'y' $$ \\ 节 {os.getpid()}" for kind in ("app", "audit", "nobody")
        )

    def __iter__(self) -> Iterator[str]:
        return iter((self.application, self.auditor, self.nobody))

    def at(self, role: str) -> str:
        """The store's URL for a role."""
        place = urlsplit(self.url)
        host = place.netloc.rpartition("@")[2]
        return urlunsplit(place._replace(netloc=f"{quote(role, safe='')}:{PASSWORD}@{host}"))

    @contextmanager
    def connected(self, role: str) -> Iterator[psycopg.Connection]:
        """Plain SQL as a role."""
        with psycopg.connect(self.at(role), autocommit=True) as connection:
            yield connection


@pytest.fixture
def made(postgres_url: str) -> Iterator[Roles]:
    """Roles that were set up by their owner."""
    SqlRepository(postgres_url).close()
    found = Roles(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        try:
            roles.apply(postgres_url, found.application, found.auditor)
            owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(found.nobody)))
            for name in found:
                owner.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(PASSWORD)))
            yield found
        finally:
            for name in found:
                if owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
                    owner.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def test_the_application_does_the_whole_spine(made: Roles) -> None:
    """From a policy's adoption to settlement, return, reversal and closing: no act needs more than its role has."""
    with closing(SqlRepository(made.at(made.application))) as store:
        world = World.with_budget(store)
        spending = world.desk.spending
        returned = world.desk.document(world.apply(world.gift()).id)
        back = Return("Say for whom.")
        spending.sign(returned.id, seen=returned.statement, actor=world.signer(returned), verdict=back)
        spending.revise(returned.id, world.gift(), actor="li.na")
        spending.withdraw(returned.id, actor="li.na")
        form = world.gift()
        id = world.apply(form).id
        world.sign_all(id)
        world.pay(id, form)
        spending.reverse(id, 1, actor="cashier", reason="It came back.")
        world.pay(id, form)
        world.on(date(2026, 2, 2))
        spending.settle(id, (GiftIssued(date(2026, 2, 1), "c-1", 100),), actor="li.na")
        assert world.desk.document(id).status == Status.SETTLED
        books.kept(world, id)
        swept = world.desk.tick()
        assert (swept.failed, swept.sealed > 0) == (0, True)
        assert store.lacking() == ()
        assert verify(store).breaks == ()
    tables = {"journal", "rounds", "signatures", "payments", "use_rows", "moves", "seals", "keys", "taken"}
    tables |= {"postings", "planned", "vouchers", "papers", "cards"}
    with made.connected(made.application) as plain:
        assert all(plain.execute(f"SELECT COUNT(*) FROM {table}").fetchone() != (0,) for table in tables)


def test_what_acts_write_is_what_the_application_may() -> None:
    """The columns and tables it was given are those of the compiled statements, neither more nor less."""
    written: dict[str, set[str]] = {"INSERT INTO": set(), "DELETE FROM": set()}
    updated: dict[str, set[str]] = {}
    said = statements(DIALECT)
    found = [each for each in vars(said).values() if isinstance(each, Statement)]
    for statement in [*found, *said.update.values()]:
        for verb in written:
            written[verb] |= set(re.findall(rf"{verb} (\w+)", statement.text))
        for table, values in re.findall(r"UPDATE (\w+) SET (.*?)(?: WHERE |$)", statement.text, re.DOTALL):
            updated.setdefault(table, set()).update(re.findall(r'(?:^|, )"?(\w+)"?=', values))
    assert updated == {table: set(columns) for table, columns in roles.UPDATED.items()}
    assert written["DELETE FROM"] == set(roles.DELETED)
    assert set(s.metadata.tables) - set(roles.NOT_INSERTED) == set(said.insert) - {"schema_version"}


def _writing(table: str) -> Iterator[tuple[str, bool]]:
    """Each way to write a table, and whether acts go it."""
    columns = [column.name for column in s.metadata.tables[table].columns]
    yield f"INSERT INTO {table} SELECT * FROM {table} WHERE FALSE", table not in roles.NOT_INSERTED
    yield f"DELETE FROM {table} WHERE FALSE", table in roles.DELETED
    for name in columns:
        yield f'UPDATE {table} SET "{name}" = "{name}" WHERE FALSE', name in roles.UPDATED.get(table, ())


def _owning(table: str) -> Iterator[str]:
    """What only a table's owner does."""
    yield f"TRUNCATE {table}"
    yield f"DROP TABLE {table} CASCADE"
    yield f"ALTER TABLE {table} DISABLE TRIGGER USER"
    yield f"ALTER TABLE {table} DISABLE TRIGGER ALL"
    yield f"ALTER TABLE {table} ADD COLUMN more int"
    yield f"ALTER TABLE {table} RENAME TO other"
    yield f"ALTER TABLE {table} OWNER TO CURRENT_USER"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION expense_policy_truncate()"
    yield f"CREATE RULE mine AS ON INSERT TO {table} DO INSTEAD NOTHING"
    yield f"CREATE INDEX mine ON {table} ((1))"
    for index in s.metadata.tables[table].indexes:
        yield f"DROP INDEX {index.name}"
    for check in s.metadata.tables[table].constraints:
        if check.name:
            yield f"ALTER TABLE {table} DROP CONSTRAINT {check.name}"
    for _, kind, name, *_ in LAWS:
        if kind == "TRIGGER" and f"_{table}_" in name:
            yield f"ALTER TABLE {table} DISABLE TRIGGER {name}"
            yield f"DROP TRIGGER {name} ON {table}"


def _meddling() -> Iterator[str]:
    """What would take the laws away, or have them look elsewhere."""
    for _, kind, name, *_ in LAWS:
        if kind == "FUNCTION" and name != "expense_policy_hits":
            yield f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
            yield f"ALTER FUNCTION {name} SET search_path = x"
            yield f"DROP FUNCTION {name} CASCADE"
    yield (
        "CREATE OR REPLACE FUNCTION expense_policy_hits(hits bigint[], wanted bigint[]) RETURNS bigint LANGUAGE sql"
        " AS 'SELECT 1::bigint'"
    )
    yield "SET session_replication_role = replica"
    yield "SET session_replication_role = 'local'"
    yield "CREATE TABLE mine (n int)"
    yield "CREATE TEMPORARY TABLE signatures (document text)"
    yield "CREATE SCHEMA mine"
    yield "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    yield "CREATE ROLE mine SUPERUSER"
    yield "ALTER ROLE CURRENT_USER SUPERUSER"


def _refused(plain: psycopg.Connection, statement: str) -> bool:
    """Whether the role may not; any other error is one of this test."""
    try:
        with plain.transaction(force_rollback=True):
            plain.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


@pytest.mark.parametrize("table", s.metadata.tables)
def test_the_application_writes_what_acts_write(made: Roles, table: str) -> None:
    """Of all ways to write and change a table exactly those of the acts are open, whatever the laws would say."""
    with made.connected(made.application) as plain:
        # It gives itself nothing.
        with suppress(psycopg.errors.InsufficientPrivilege):
            plain.execute(f"GRANT ALL ON {table} TO CURRENT_USER".encode())
        for statement, may in _writing(table):
            assert _refused(plain, statement) is not may, statement
        for statement in _owning(table):
            assert _refused(plain, statement), statement
        plain.execute(f"SELECT * FROM {table}".encode())


def test_the_auditor_reads_and_does_nothing_else(made: Roles) -> None:
    """Every table can be read, by the store and by `verify`, and there is no way to write any."""
    with closing(SqlRepository(made.at(made.application))) as store:
        world = World.with_budget(store)
        id = world.apply(world.gift()).id
    with closing(SqlRepository.reading(made.at(made.auditor))) as read:
        assert len(list(read.history(id))) == 1
        assert verify(read).breaks == ()
        assert read.lacking() == ()
    assert guard.run(["verify", "--store", made.at(made.auditor)]) == 0
    with closing(SqlRepository(made.at(made.auditor))) as store, pytest.raises(RepositoryUnavailable) as refused:
        Clerk(store).does("s")
    assert refused.value.outcome_known
    with made.connected(made.auditor) as plain:
        for table in s.metadata.tables:
            plain.execute(f"SELECT * FROM {table}".encode())
            for statement in [each for each, _ in _writing(table)] + list(_owning(table)):
                assert _refused(plain, statement), statement
        assert _refused(plain, "SELECT expense_policy_hits(ARRAY[1], ARRAY[1])")


@pytest.mark.parametrize("role", ["application", "auditor", "nobody"])
def test_nobody_takes_the_laws_away(made: Roles, role: str) -> None:
    """No role replaces a function, makes a table of its own for a law to look at, or keeps triggers from firing."""
    with made.connected(getattr(made, role)) as plain:
        for statement in _meddling():
            assert _refused(plain, statement), statement


def test_everybody_else_has_nothing(made: Roles) -> None:
    """A role that was given nothing reads no table and calls no function."""
    with made.connected(made.nobody) as plain:
        for table in s.metadata.tables:
            assert _refused(plain, f"SELECT 1 FROM {table}"), table
        for _, kind, name, *_ in LAWS:
            if kind == "FUNCTION" and name == "expense_policy_hits":
                assert _refused(plain, f"SELECT {name}(ARRAY[1], ARRAY[1])")
    with pytest.raises(RepositoryUnavailable, match="permission denied"):
        SqlRepository.reading(made.at(made.nobody))


def test_what_was_given_before_is_taken_away(made: Roles) -> None:
    """Set up anew, the roles have what they need and nothing that was given meanwhile."""
    with psycopg.connect(made.url, autocommit=True) as owner:
        app = sql.Identifier(made.application)
        owner.execute(sql.SQL("GRANT ALL ON journal, documents TO {}, PUBLIC").format(app))
        owner.execute(sql.SQL("GRANT UPDATE (id) ON documents TO {}").format(app))
        owner.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(app))
    for _ in range(2):
        roles.apply(made.url, made.application, made.auditor)
    with made.connected(made.application) as plain:
        for table in ("journal", "documents"):
            for statement, may in _writing(table):
                assert _refused(plain, statement) is not may, statement
        assert _refused(plain, "CREATE TABLE mine (n int)")


def test_a_role_that_could_do_more_is_refused(made: Roles) -> None:
    """An owner, a member of another role, a maker of roles: nothing is done, and what is wrong is said."""
    with psycopg.connect(made.url, autocommit=True) as owner:
        app, nobody = sql.Identifier(made.application), sql.Identifier(made.nobody)
        (me,) = owner.execute("SELECT current_user").fetchall()[0]
        with pytest.raises(RepositoryError, match="is a superuser"):
            roles.apply(made.url, me, made.auditor)
        owner.execute(sql.SQL("GRANT UPDATE ON journal TO {}; GRANT {} TO {}").format(nobody, nobody, app))
        with pytest.raises(RepositoryError, match="could still journal UPDATE"):
            roles.apply(made.url, made.application, made.auditor)
        owner.execute(sql.SQL("REVOKE {} FROM {}; GRANT pg_write_server_files TO {}").format(nobody, app, app))
        with pytest.raises(RepositoryError, match="is a member of pg_write_server_files"):
            roles.apply(made.url, made.application, made.auditor)
        owner.execute(sql.SQL("REVOKE pg_write_server_files FROM {}; ALTER ROLE {} CREATEROLE").format(app, app))
        with pytest.raises(RepositoryError, match="makes roles"):
            roles.apply(made.url, made.application, made.auditor)
        owner.execute(sql.SQL("ALTER ROLE {} NOCREATEROLE; ALTER TABLE journal OWNER TO {}").format(app, nobody))
        owner.execute(sql.SQL("GRANT {} TO {}").format(nobody, app))
        with pytest.raises(RepositoryError, match="acts for the owner of journal"):
            roles.apply(made.url, made.application, made.auditor)
        owner.execute(sql.SQL("ALTER TABLE journal OWNER TO CURRENT_USER; REVOKE {} FROM {}").format(nobody, app))
    roles.apply(made.url, made.application, made.auditor)
    with pytest.raises((RepositoryError, RepositoryUnavailable)):
        roles.apply(made.at(made.application), made.application, made.auditor)


@pytest.mark.parametrize(
    "name", ["", "public", "none", "pg_read_all_data", "x" * 64, "节" * 22, "a\x00b", "a\nb", "\ud800", "same"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """What PostgreSQL would cut off, or take for everybody, is a ValueError before anything is asked."""
    for application, auditor in ((name, "same"), ("same", name)):
        with pytest.raises(ValueError, match=r"role"):
            roles.granting(application, auditor, schema="public", database="x")


def test_roles_are_set_up_from_the_command_line(
    made: Roles, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`roles` shows SQL that any client can run and does nothing, `--apply` does it; other stores have no roles."""
    options = ["--application", made.application, "--auditor", made.auditor]
    with psycopg.connect(made.url, autocommit=True) as owner:
        owner.execute(sql.SQL("GRANT ALL ON journal TO {}").format(sql.Identifier(made.application)))
    assert guard.run(["roles", "--store", made.url, *options]) == 0
    shown = capsys.readouterr().out
    with made.connected(made.application) as plain:
        assert not _refused(plain, "DELETE FROM journal WHERE FALSE")
        with psycopg.connect(made.url, autocommit=True, cursor_factory=psycopg.ClientCursor) as owner:
            owner.execute(shown.encode())
        assert _refused(plain, "DELETE FROM journal WHERE FALSE")
    assert guard.run(["roles", "--store", made.url, *options, "--apply"]) == 0
    assert made.application in capsys.readouterr().out
    assert guard.run(["roles", "--store", made.url, *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["applied"], shown) == (
        False,
        "\n".join(["BEGIN;", *(f"{x};" for x in found["statements"]), "COMMIT;\n"]),
    )
    assert guard.run(["roles", "--store", f"sqlite:///{tmp_path}/x.db", *options]) == 2
    assert "PostgreSQL" in capsys.readouterr().err


def test_an_upgrade_leaves_the_roles_as_they_were(made: Roles) -> None:
    """After an upgrade both still work on what was there before, and nobody has got anything by it."""
    command = [sys.executable, "-m", "tests.schema_5", made.url, "migrate"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    with made.connected(made.application) as plain:
        plain.execute("SELECT expense_policy_hits(ARRAY[1], ARRAY[1])")
        assert all(_refused(plain, statement) is not may for statement, may in _writing("journal"))
    with made.connected(made.nobody) as plain:
        assert _refused(plain, "SELECT expense_policy_hits(ARRAY[1], ARRAY[1])")
