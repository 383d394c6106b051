"""Stores of older schemas are brought up to this library's: every row kept, word for word, or nothing changed."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from alembic.script import ScriptDirectory

from expense_adapters.local import HmacKey
from expense_adapters.sql import (
    SqlRepository,
    databases,
    mariadb,
    mariadb_catalog,
    migrate,
    postgres,
    postgres_catalog,
    sqlite,
)
from expense_adapters.sql.mariadb_pool import place
from expense_adapters.sql.migrations import due, upgrading
from expense_adapters.sql.migrations.released import FOLDER, released, told
from expense_adapters.sql.schema import VERSION, metadata
from expense_policy import verify
from expense_policy.domain.cards import BOOKS
from expense_policy.domain.categories import UseRow
from expense_policy.domain.payment import Payment
from expense_policy.domain.periods import Calendar, Month
from expense_policy.ports.errors import RepositoryUnavailable
from expense_policy.ports.repository import Guard
from expense_policy.services.environment import NoKey
from expense_policy.testing.batches import LATER, Clerk, use_row
from tests import books
from tests.world import World

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
DUMP, DUMP_2, DUMP_3 = [FIXTURES / f"schema_{n}.sql" for n in (1, 2, 3)]
KEY = HmacKey("demo", bytes([1] * 32))
WANTED = {"mariadb": mariadb_catalog.wanted, "postgresql": postgres_catalog.wanted, "sqlite": sqlite.wanted}
Row = tuple[Any, ...]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store of schema 1, in a file whose name means nothing else."""
    return _loaded(DUMP, tmp_path / "old 节?mode=ro#%25.db")


def _loaded(dump: Path, path: Path) -> Path:
    with _plain(path) as plain:
        plain.execute("PRAGMA journal_mode=WAL")
        plain.executescript(dump.read_text(encoding="utf-8"))
    return path


@contextmanager
def _plain(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


Columns = dict[str, list[str]]


def _columns(path: Path) -> Columns:
    """The columns of each table that is there."""
    with _plain(path) as plain:
        tables = [name for name in metadata.tables if name != "schema_version"]
        found = {name: [row[1] for row in plain.execute(f"PRAGMA table_info({name})")] for name in tables}
    return {name: columns for name, columns in found.items() if columns}


def _rows(path: Path, columns: Columns) -> dict[str, list[Row]]:
    """Every row of these tables in these columns."""
    with _plain(path) as plain:
        quoted = {name: ", ".join(f'"{each}"' for each in columns[name]) for name in columns}
        return {t: plain.execute(f"SELECT {of} FROM {t} ORDER BY 1, 2").fetchall() for t, of in quoted.items()}


def _uses(store: SqlRepository) -> list[UseRow]:
    """The rows of use records that the journal's entries wrote; each is found by its document and its recipient."""
    told = [fact for _, facts in store.history() for fact in facts if isinstance(fact, UseRow)]
    for row in told:
        for name in ("document", "recipient"):
            assert row in store.uses(((name, getattr(row, name)),))
        assert (row in store.uses((("document", row.document), ("item", "tea")))) == (row.item == "tea")
    return told


def _whole(url: str) -> tuple[int | None, list[tuple[str, str]]]:
    with closing(databases.snapshot(url)) as read:
        return read.version(), sorted(read.words())


# What each of them holds: seals given out, entries, documents, rows of use records.
HOLDS = {DUMP: (KEY, 2, 87, 14, 4), DUMP_2: (None, 1, 20, 3, 5), DUMP_3: (None, 1, 25, 4, 8)}


@pytest.mark.parametrize("dump", HOLDS, ids=lambda dump: dump.stem)
def test_a_store_of_an_older_schema_is_upgraded(dump: Path, tmp_path: Path) -> None:
    """Every row stays as it was, the record is clean, uses are found and the laws are up; then the store works on."""
    old = _loaded(dump, tmp_path / "old.db")
    columns, url, found = _columns(old), f"sqlite:///{old}", int(dump.stem[-1])
    rows = _rows(old, columns)
    given = [(int(n), digest) for n, digest in re.findall(r"-- seal (\d) (\w+)", dump.read_text(encoding="utf-8"))]
    assert found > 1 or all(rows.values())
    done = migrate(url)
    assert (done.found, done.schema, done.due) == (found, VERSION, True)
    assert _rows(old, columns) == rows
    with closing(SqlRepository(url)) as store:
        assert store.lacking() == ()
        key, seals, entries, documents, uses = HOLDS[dump]
        # The digests of use rows stand in the entries that wrote them: one that were another would be a break.
        report = verify(store, keyring=key, seals=given)
        assert (report.entries, report.documents, report.breaks) == (entries, documents, ())
        assert (len(given), len(_uses(store)), len(rows["use_rows"])) == (seals, uses, uses)
        assert len(store.notices(LATER, 100)) == len(rows["outbox"])
        Clerk(store).does("s")
    with _plain(old) as plain:
        assert plain.execute("SELECT version FROM schema_version").fetchall() == [
            (n,) for n in range(found, VERSION + 1)
        ]
        with pytest.raises(sqlite3.IntegrityError, match="no update of what was written"):
            plain.execute("UPDATE journal SET actor = 'x'")


@contextmanager
def _upgraded(dump: Path, folder: Path) -> Iterator[tuple[SqlRepository, World]]:
    """A store of before, upgraded, and its company in March 2027 with its key."""
    url = f"sqlite:///{_loaded(dump, folder / 'old.db')}"
    migrate(url)
    with closing(SqlRepository(url)) as store:
        world = World.open(store)
        object.__setattr__(world.desk.env, "keyring", HOLDS[dump][0] or NoKey())
        world.on(date(2027, 3, 2))
        yield store, world


@pytest.mark.parametrize("dump", HOLDS, ids=lambda dump: dump.stem)
def test_what_was_paid_before_needs_no_postings(dump: Path, tmp_path: Path) -> None:
    """What a library that posted nothing paid, used and ended is no break, whatever is posted from then on (I12)."""
    with _upgraded(dump, tmp_path) as (store, world):
        cost = books.posting("ledger", 1, 700, books.JANUARY, line="")
        books.write(world, "ledger", facts=(cost,), takes=(books.taken(cost),), guards=(Guard(BOOKS, 0),))
        assert verify(store).breaks == ()


@pytest.mark.parametrize("dump", HOLDS, ids=lambda dump: dump.stem)
def test_months_of_before_have_no_accounts(dump: Path, tmp_path: Path) -> None:
    """Months that were paid in before there were postings reconcile, as `verify` finds, whatever is posted later."""
    with _upgraded(dump, tmp_path) as (store, world):
        paid = {fact.at for _, facts in store.history() for fact in facts if isinstance(fact, Payment)}
        months = {Calendar("Asia/Shanghai").month(at) for at in paid}
        assert months
        cost = books.posting("ledger", 1, 700, books.JANUARY.plus(14), line="")
        for facts in ((), (cost,)):
            if facts:
                books.write(world, "ledger", facts=facts, guards=(Guard(BOOKS, 0),))
            for month in months:
                found = world.desk.accounts(month)
                assert (found.differences, found.total) == ((), 0)


def test_a_payment_of_before_can_be_undone(tmp_path: Path) -> None:
    """What comes back after an upgrade is posted, though the payment never was (I30)."""
    url = f"sqlite:///{_loaded(DUMP_3, tmp_path / 'old.db')}"
    migrate(url)
    with closing(SqlRepository(url)) as store:
        paid = [fact for _, facts in store.history() for fact in facts if isinstance(fact, Payment)]
        undone = {payment.reverses for payment in paid}
        world = World.open(store)
        world.on(date(2026, 3, 2))
        kept = next(p for p in paid if p.reverses is None and p.number not in undone)
        world.desk.spending.reverse(kept.document, kept.number, actor="cashier", reason="It came back.")
        assert verify(store).breaks == ()
        world.on(date(2026, 4, 2))
        world.desk.closing.close(Month(2026, 3), actor="officer")
        assert verify(store).breaks == ()
        assert {posting.reverses for _, posting in store.postings(Month(2026, 3))} >= {kept.number}


@pytest.mark.parametrize("dump", HOLDS, ids=lambda dump: dump.stem)
def test_an_upgraded_store_is_a_new_one_word_for_word(dump: Path, tmp_path: Path) -> None:
    """Made at once or step by step, tables, indexes and laws are the same, and laws are asked in the same order."""
    old = _loaded(dump, tmp_path / "old.db")
    migrate(f"sqlite:///{old}")
    SqlRepository(f"sqlite:///{tmp_path}/new.db").close()
    schemas = []
    for path in (old, tmp_path / "new.db"):
        with _plain(path) as plain:
            asked = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type <> 'trigger' "
            laws = plain.execute(f"{asked}, rowid").fetchall()
            schemas.append([row for row in laws if row[0] == "trigger"] + sorted(r for r in laws if r[0] != "trigger"))
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize("engine", ["sqlite", "postgres", "mariadb"])
def test_where_nothing_is_due_nothing_is_done(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """This library's own schema is left as it is, and so is everything in it."""
    url = f"sqlite:///{tmp_path}/store.db" if engine == "sqlite" else request.getfixturevalue(f"{engine}_url")
    with closing(SqlRepository(url)) as store:
        Clerk(store).does("s")
    before = _whole(url)
    for _ in range(2):
        assert (migrate(url).due, due(url).due) == (False, False)
    assert _whole(url) == before
    if engine == "sqlite":
        with _plain(tmp_path / "store.db") as plain:
            assert plain.execute("SELECT COUNT(*) FROM schema_version").fetchone() == (1,)


SPOILT = {
    "DROP TABLE taken": "lacks parts of schema 1: taken",
    "DROP INDEX seals_seq": "lacks parts of schema 1: seals_seq",
    "DROP TRIGGER journal_no_delete": "lacks parts of schema 1: journal_no_delete",
    "DROP TRIGGER keys_once; CREATE TRIGGER keys_once BEFORE INSERT ON keys BEGIN SELECT 1; END": "keys_once",
    "ALTER TABLE outbox ADD COLUMN more TEXT": "lacks parts of schema 1: outbox",
    "INSERT INTO schema_version VALUES (99)": "use a newer release",
    "DROP TRIGGER schema_version_no_delete; DELETE FROM schema_version": "holds no schema",
    "DROP TABLE schema_version": "holds no schema",
    "DROP TABLE schema_version; CREATE TABLE schema_version (version TEXT);"
    " INSERT INTO schema_version VALUES ('1.2')": "another's",
    "INSERT INTO schema_version VALUES (2)": "lacks parts of schema 2",
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_what_is_no_whole_schema_is_refused(old: Path, spoil: str) -> None:
    """A newer schema, none, another's and half of one are left as they are: an upgrade covers up no loss."""
    with _plain(old) as plain:
        plain.executescript(spoil)
        before = plain.execute("SELECT * FROM sqlite_master").fetchall()
    for asks in (due, migrate):
        with pytest.raises(RepositoryUnavailable, match=SPOILT[spoil]) as refused:
            asks(f"sqlite:///{old}")
        assert refused.value.outcome_known
    with _plain(old) as plain:
        assert plain.execute("SELECT * FROM sqlite_master").fetchall() == before


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    """No file, no database, an empty one and a URL of no engine: each is told, and no file is made."""
    (tmp_path / "text.db").write_text("x" * 5000)
    (tmp_path / "empty.db").touch()
    for name, said in (("none.db", "no such file"), ("text.db", "not a database"), ("empty.db", "holds no schema")):
        with pytest.raises(RepositoryUnavailable, match=said):
            migrate(f"sqlite:///{tmp_path}/{name}")
    with pytest.raises(ValueError, match="sqlite:///PATH"):
        migrate("oracle://x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.db", "text.db"]


def test_an_older_store_says_how_it_is_upgraded(old: Path) -> None:
    """Whoever opens, reads or joins a store of an older schema is told the command, and to back it up first."""
    url = f"sqlite:///{old}"
    connection = sqlite3.connect(old, isolation_level=None)
    connection.execute("BEGIN")
    opens: list[Callable[[], object]] = [
        lambda: SqlRepository(url),
        lambda: SqlRepository.reading(url),
        lambda: SqlRepository.joining(connection),
    ]
    for each in opens:
        said = "back it up, and upgrade it by `expense-policy migrate --store STORE`"
        with pytest.raises(RepositoryUnavailable, match=said):
            each()
    connection.close()


def test_what_a_host_has_beside_it_stays(old: Path) -> None:
    """Tables, indexes and triggers that are a host's own are in no upgrade's way, and are there afterwards."""
    made = (
        "CREATE TABLE host (n INTEGER)",
        "CREATE INDEX host_journal ON journal (at)",
        "CREATE TRIGGER host_sees AFTER INSERT ON journal BEGIN INSERT INTO host VALUES (1); END",
    )
    with _plain(old) as plain:
        for statement in made:
            plain.execute(statement)
    migrate(f"sqlite:///{old}")
    with closing(SqlRepository(f"sqlite:///{old}")) as store:
        Clerk(store).does("s")
    with _plain(old) as plain:
        assert plain.execute("SELECT COUNT(*) FROM host").fetchone() == (1,)


def test_a_released_schema_stays_what_it_was() -> None:
    """What this version makes is what was written down as released, and every version before is written down too."""
    for engine, wanted in WANTED.items():
        why = "the schema has changed: raise VERSION and add a step, or run script/freeze_schema.py before a release"
        assert released(VERSION, engine) == told(wanted()), why
    assert {path.name for path in FOLDER.iterdir()} == {f"{n}.json" for n in range(1, VERSION + 1)}
    with closing(sqlite3.connect(":memory:")) as plain:
        plain.executescript(DUMP.read_text(encoding="utf-8"))
        there = plain.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    assert released(1, "sqlite") == told(there)


# A server's store of schema 3 is made from one of this; whether it is one is told by what was released.
_OF_4 = ("application", "pay_by", "claimed", "cleared")
UNDONE = (
    *[f"DROP TABLE {name}" for name in ("postings", "planned", "vouchers", "papers", "cards")],
    "ALTER TABLE documents DROP CONSTRAINT documents_within",
    *[f"DROP INDEX documents_{name}{{on documents}}" for name in ("application", "pay_by")],
    *[f"ALTER TABLE documents DROP COLUMN {name}" for name in _OF_4],
    "ALTER TABLE documents ADD CONSTRAINT documents_within"
    " CHECK (paid >= 0 AND paid <= units AND used >= 0 AND used <= units)",
    "DROP INDEX moves_line{on moves}",
    "DROP INDEX lines_year{on lines}",
    "{key of moves}",
    "ALTER TABLE moves DROP COLUMN expected",
    "DROP INDEX payments_at{on payments}",
    "{of payments}",
    "CREATE UNIQUE INDEX payments_reversed ON payments (document, reverses)",
)
"""Steps back from schema 4 to 3; MariaDB names an index by its table, and has text without a length in none."""


_KEY = "CONSTRAINT moves_pkey PRIMARY KEY (subject, seq, line)"


def _undone(mariadb: bool) -> list[str]:
    whole = "ALTER TABLE payments MODIFY `at` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL"
    first = "DROP PRIMARY KEY" if mariadb else "DROP CONSTRAINT moves_pkey"
    told = [each.replace("{of payments}", whole if mariadb else "SELECT 1") for each in UNDONE]
    told = [each.replace("{key of moves}", f"ALTER TABLE moves {first}, ADD {_KEY}") for each in told]
    return [re.sub(r"\{on (\w+)\}", r" ON `\1`" if mariadb else "", each) for each in told]


def _laws(engine: str) -> list[str]:
    """The laws that the library of schema 3 put up."""
    return (FIXTURES / f"laws_3_{engine}.sql").read_text(encoding="utf-8").rstrip("\n").split("\n-- next\n")


def _standing(url: str) -> list[tuple[str, str]]:
    """What stands there; PostgreSQL remembers the column that was dropped."""
    return [word for word in _whole(url)[1] if "pg.dropped" not in word[0]]


def test_a_server_of_schema_3_is_upgraded(postgres_url: str, tmp_path: Path) -> None:
    """On PostgreSQL too every row stays as it was and is found, and nothing is told from a new store."""
    SqlRepository(postgres_url).close()
    new, old = (VERSION, _standing(postgres_url)), _loaded(DUMP_3, tmp_path / "old.db")
    columns = _columns(old)
    functions = [law.replace("(", " ").split()[2] for law in postgres.DIALECT.laws() if law.split()[1] == "FUNCTION"]
    with psycopg.connect(postgres_url) as plain, plain.cursor() as cursor:
        for name in functions:
            cursor.execute(f"DROP FUNCTION {name} CASCADE".encode())
        for statement in _undone(mariadb=False):
            cursor.execute(statement.encode())
        cursor.execute("UPDATE schema_version SET version = 3")
        for table, rows in _rows(old, columns).items():
            names, places = ", ".join(f'"{each}"' for each in columns[table]), ", ".join(["%s"] * len(columns[table]))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})".encode(), rows)
        for law in _laws("postgres"):
            cursor.execute(law.encode())
    assert told(_standing(postgres_url)) == released(3, "postgresql")
    with pytest.raises(RepositoryUnavailable, match="upgrade it by `expense-policy migrate --store STORE`"):
        SqlRepository(postgres_url)
    done = migrate(postgres_url)
    assert (done.found, done.schema) == (3, VERSION)
    assert (_whole(postgres_url)[0], _standing(postgres_url)) == new
    with psycopg.connect(postgres_url) as plain:
        for table, rows in _rows(old, columns).items():
            names = ", ".join(f'"{each}"' for each in columns[table])
            assert plain.execute(f"SELECT {names} FROM {table} ORDER BY 1, 2".encode()).fetchall() == rows
    with closing(SqlRepository(postgres_url)) as store:
        _, _, entries, documents, uses = HOLDS[DUMP_3]
        report = verify(store)
        assert (report.entries, report.documents, report.breaks) == (entries, documents, ())
        assert (store.lacking(), len(_uses(store))) == ((), uses)
        Clerk(store).does("d9", facts=(use_row("d9", 1, item="tea"),))
        assert "d9" in [row.document for row in store.uses((("item", "tea"),))]


def test_a_store_on_mariadb_is_not_upgraded(mariadb_url: str) -> None:
    """MariaDB can't take back half an upgrade: an older store there is told as due, refused, and left as it is."""
    with closing(SqlRepository(mariadb_url)) as store:
        Clerk(store).does("s")
    with pymysql.connect(**place(mariadb_url)) as plain, plain.cursor() as cursor:
        for law in mariadb.DIALECT.laws():
            cursor.execute(f"DROP TRIGGER {law.split()[2]}")
        for statement in _undone(mariadb=True):
            cursor.execute(statement)
        cursor.execute("UPDATE schema_version SET version = 3")
        plain.commit()
        for law in _laws("mariadb"):
            cursor.execute(law)
    before = _whole(mariadb_url)
    assert told(before[1]) == released(3, "mariadb")
    assert due(mariadb_url).due
    with pytest.raises(RepositoryUnavailable, match="a store on mariadb is not upgraded") as refused:
        migrate(mariadb_url)
    assert refused.value.outcome_known
    assert _whole(mariadb_url) == before


def test_the_steps_are_one_chain() -> None:
    """There is one step a version, each following the one before, and the last one makes this library's schema."""
    every = ScriptDirectory(str(upgrading.HERE)).walk_revisions()
    chain = [(step.revision, step.down_revision) for step in every]
    assert chain == [(str(n), str(n - 1) if n > 1 else None) for n in range(VERSION, 0, -1)]


def test_alembic_is_loaded_by_an_upgrade_alone(tmp_path: Path) -> None:
    """Importing the store, and opening one, loads no Alembic."""
    program = (
        "import sys; from expense_adapters.sql import SqlRepository, migrate;"
        "SqlRepository(sys.argv[1]).close(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, f"sqlite:///{tmp_path}/store.db"], check=True)


def released_columns(table: str) -> list[str]:
    """The columns that a table has had from schema 1 on."""
    with closing(sqlite3.connect(":memory:")) as plain:
        plain.executescript(DUMP.read_text(encoding="utf-8"))
        return [row[1] for row in plain.execute(f"PRAGMA table_info({table})")]


class Later:
    """A store, and the library of schema 5 in processes of its own."""

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self, how: str = "migrate", middle: str = "") -> subprocess.Popen[str]:
        """A process that upgrades, or makes a new store."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.schema_5", self.url, how],
            cwd=ROOT,
            env={**os.environ, "IN_THE_MIDDLE": middle},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def said(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        """What it said once it was done."""
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
        found: dict[str, Any] = json.loads(out)
        return found

    def rows(self) -> list[Row]:
        """Documents and payments without what schema 5 adds, and which versions the store has had."""
        columns = {name: ", ".join(released_columns(name)) for name in ("documents", "payments")}
        queries = [f"SELECT {names} FROM {table} ORDER BY 1, 2" for table, names in columns.items()]
        if self.url.startswith("sqlite"):
            with _plain(Path(self.url.removeprefix("sqlite:///"))) as plain:
                return [row for query in queries for row in plain.execute(query).fetchall()]
        with psycopg.connect(self.url) as connection:
            return [row for query in queries for row in connection.execute(query).fetchall()]


@pytest.fixture(params=["sqlite", "postgresql"])
def later(request: pytest.FixtureRequest, tmp_path: Path) -> Later:
    """A store of this library's schema with a paid application, and the library that comes after."""
    url = f"sqlite:///{tmp_path}/store.db"
    later = Later(url if request.param == "sqlite" else request.getfixturevalue("postgres_url"))
    with closing(SqlRepository(later.url)) as store:
        world = World.with_budget(store)
        form = world.gift()
        id = world.apply(form).id
        world.sign_all(id)
        world.pay(id, form)
    return later


def test_the_chain_goes_on(later: Later, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A later library's step changes tables under their laws, keeps every row, and makes what a new store has."""
    rows = later.rows()
    done = later.said(later.start())
    assert done["done"] == [VERSION, 5]
    assert (done["version"], done["lacking"]) == (5, [])
    assert later.rows() == rows
    with pytest.raises(RepositoryUnavailable, match="use a newer release"):
        SqlRepository(later.url)
    if later.url.startswith("sqlite"):
        fresh = Later(f"sqlite:///{tmp_path}/new.db")
        assert fresh.said(fresh.start("make"))["words"] == done["words"]
    else:
        with request.getfixturevalue("postgres").database("template0") as url:
            assert Later(url).said(Later(url).start("make"))["words"] == done["words"]
    assert later.said(later.start())["done"] == [5, 5]


def test_several_steps_are_one_upgrade(old: Path) -> None:
    """From schema 1 to 5 at once."""
    later = Later(f"sqlite:///{old}")
    rows = later.rows()
    assert later.said(later.start())["done"] == [1, 5]
    assert later.rows() == rows


def test_of_several_migrators_one_does_it(later: Later) -> None:
    """However many upgrade a store at once, it is done once, and each of them finds it done."""
    rows = later.rows()
    found = [later.said(each) for each in [later.start() for _ in range(3)]]
    assert sorted(each["done"] for each in found) == [[4, 5], [5, 5], [5, 5]]
    assert {each["version"] for each in found} == {5}
    assert later.rows() == rows


@pytest.mark.parametrize("how", ["raise", "kill", "forget"])
def test_an_upgrade_that_ends_in_the_middle_was_none(later: Later, how: str) -> None:
    """Killed or failed, or not making what it should: the old schema is whole, and works; the next one does it."""
    rows, before = later.rows(), _whole(later.url)
    process = later.start(middle="wait" if how == "kill" else how)
    if how == "kill":
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.kill()
    _, err = process.communicate(timeout=100)
    assert process.returncode != 0
    said = {"raise": "ZeroDivisionError", "forget": "was undone, for it does not make schema 5: later"}
    assert said.get(how, "") in err
    assert _whole(later.url) == before
    assert later.rows() == rows
    with closing(SqlRepository(later.url)) as store:
        assert store.lacking() == ()
        assert verify(store).breaks == ()
        Clerk(store).does("s")
    assert later.said(later.start())["done"] == [4, 5]


def test_an_upgrade_waits_for_who_writes(old: Path, tmp_path: Path) -> None:
    """A writer is waited for; a backup made beforehand is the store as it was."""
    shutil.copy(old, tmp_path / "copy.db")
    writer = sqlite3.connect(old, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    later = Later(f"sqlite:///{old}")
    process = later.start()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=4)
    writer.execute("COMMIT")
    writer.close()
    assert later.said(process)["done"] == [1, 5]
    assert migrate(f"sqlite:///{tmp_path}/copy.db").found == 1
