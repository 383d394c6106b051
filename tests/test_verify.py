"""What the database refuses by itself, and what `verify` reads."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from expense_adapters.cli.main import app
from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository
from expense_adapters.sql.laws import primary_key
from expense_policy.domain.approval import Return
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.posting import Posting
from expense_policy.policy_file import load_policy
from expense_policy.ports.errors import RepositoryUnavailable
from expense_policy.ports.repository import Repository
from expense_policy.services import booklaws
from expense_policy.services.replay import Replay
from expense_policy.services.verification import verify

from . import books
from .servers import Postgres
from .world import POLICY, World


@pytest.mark.clause("G3.4")
def test_an_honest_store_is_clean(repository: Repository) -> None:
    """A store that was only written through the desk has no break."""
    world = World.with_budget(repository)
    form = world.gift()
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "1.00")
    world.desk.spending.reverse(id, 1, actor="cashier", reason="Bounced.")
    world.desk.spending.withdraw(world.apply(world.gift()).id, actor="li.na")
    world.desk.tick()
    report = verify(repository)
    assert report.breaks == ()
    assert (report.documents, report.entries > 10) == (3, True)


@pytest.mark.clause("R1.1")
@pytest.mark.parametrize(
    ("since", "posted", "named"), [(-1, {}, 1), (1, {}, 0), (None, {}, 0), (1, {"mkt-gifts": 1}, 1)]
)
def test_a_payment_is_posted(since: int | None, posted: dict[str, int], named: int) -> None:
    """What a payment spent of a line was posted with it; one from before the first posting may have none (I12)."""
    world = World.with_budget(MemoryRepository())
    form = world.gift()
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "1.00")
    (payment,) = world.desk.document(id).payments
    first = None if since is None else payment.at + timedelta(seconds=since)
    played = Replay(paid=[(payment.at, payment, posted)], posting_since=first)
    booklaws._spent(played)
    assert [broken.law for broken in played.breaks] == ["I12"] * named


@pytest.mark.clause("R1.1")
def test_what_ended_before_there_were_postings_is_no_cost_forgotten() -> None:
    """A document that was paid and settled by a library of before has posted none of its cost, and need not."""
    world = World.with_budget(MemoryRepository())
    form = world.gift()
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "300.00")
    world.on(date(2026, 2, 2))
    used = (GiftIssued(date(2026, 2, 1), "c-1", 2),)
    world.desk.spending.settle(id, used, actor="li.na", reason="One came back.")
    old, new, costs = Replay(), Replay(), booklaws.Costs()
    for entry, facts in world.desk.env.repository.history():
        new.take(entry, facts)
        old.take(entry, tuple(fact for fact in facts if not isinstance(fact, Posting)))
    costs.take(world.desk.document(id))
    policies = {"2026.1": load_policy(POLICY)}
    assert costs.expected[id] == {"mkt-gifts": 30_000}
    for played in (old, new):
        booklaws.broken_books(played, {}, costs, policies)
        assert "I26" not in {broken.law for broken in played.breaks}
    old.posting_since = old.paid[0][0]
    booklaws.broken_books(old, {}, costs, policies)
    assert {broken.law for broken in old.breaks} >= {"I12", "I26"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a paid document "a", one in review "b", one returned "c" and one just filed "d"."""
    path = tmp_path_factory.mktemp("plain") / "store.db"
    play(SqlRepository(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="module")
def played_there(postgres: Postgres) -> Iterator[str]:
    """The same on PostgreSQL."""
    with postgres.database() as url:
        play(SqlRepository(url))
        yield url


def play(store: SqlRepository) -> None:
    """Goes through it, and closes the store."""
    world = World.with_budget(store)
    names = itertools.cycle("abcd")
    object.__setattr__(world.desk.env, "ids", _Ids(names))
    form = world.gift("1000.00")
    for name in "abcd":
        assert world.apply(form if name == "a" else world.gift("1000.00")).id == name
    world.sign_all("a")
    for amount in ("1.00", "2.00"):
        world.pay("a", form, amount)
    world.sign("b")
    seen = world.desk.document("c").statement
    world.desk.spending.sign("c", seen=seen, actor="head.mkt", verdict=Return("Why?"))
    books.kept(world, "a")
    world.desk.tick()
    store.close()


class _Ids:
    """Ids by name; a nonce of its own for each submission."""

    def __init__(self, names: itertools.cycle[str]) -> None:
        self._names, self._calls = names, itertools.count()

    def new(self, at: object) -> str:
        """An id, then a nonce, then the next id."""
        n = next(self._calls)
        return next(self._names) if n % 2 == 0 else f"nonce-{n}"


def _copy(table: str, where: str, **changes: str) -> str:
    """An INSERT of a row of the table with some columns otherwise."""
    from expense_adapters.sql.schema import metadata

    names = [c.name for c in metadata.tables[table].columns]
    values = ", ".join(changes.get(name, f'"{name}"') for name in names)
    return f"INSERT INTO {table} SELECT {values} FROM {table} WHERE {where} LIMIT 1"


def _paid(more: int, /, **changes: str) -> str:
    """Document "a" says that so much more was paid, and a payment of it follows, otherwise as its first."""
    known = f"UPDATE documents SET paid = paid + ({more}), version = version + 1 WHERE id = 'a'"
    said = {"number": "3", "seq": "99", "units": str(more), **changes}
    return f"{known}; {_copy('payments', FIRST, **said)}"


FIRST = "document = 'a' AND number = 1"
IN_B = {
    name: f"(SELECT r.{name} FROM rounds r WHERE r.document = 'b')"
    for name in ("statement", "payee_name", "payee_account", "method")
}
TABLES = (
    *("journal", "moves", "rounds", "signatures", "payments", "seals", "keys", "policies", "guards", "payees"),
    *("postings", "planned", "vouchers", "papers", "cards"),
)
HONEST = (
    _paid(100),
    _paid(-100, reverses="1"),
    _paid(-1, reverses="2"),
    # The last closed month is opened again, and takes a posting.
    "UPDATE cards SET status = '2025-11', version = version + 1 WHERE id = 'books'; "
    "UPDATE lines SET closed_through = closed_through - 1; " + _copy("postings", books.NUMBERED, **books.NEW),
    _copy("postings", books.OPEN, **books.NEW),
    f"UPDATE postings SET book_number = 1 WHERE {books.OPEN}",
)
"""What no law refuses: the others are refused for what each of them says, and not for how it says it."""
REFUSED = [
    # A payment without its signatures, beyond what was approved, to somebody else, too late, by a signer.
    "UPDATE documents SET paid = 100, version = version + 1 WHERE id = 'b'; "
    + _copy("payments", FIRST, document="'b'", **IN_B),
    _copy("payments", FIRST, number="3", seq="99"),
    _copy("payments", FIRST, number="3", seq="99", units="100000"),
    _paid(100, payee_account="'666'"),
    _paid(100, payee_name="'Another'"),
    _paid(100, method="'cash'"),
    _paid(100, statement="'x'"),
    _paid(100, at="'2027-01-01T00:00:00.000000Z'"),
    _paid(100, payer="'officer'"),
    _paid(100, payer="'li.na'"),
    _paid(100, units="99"),
    _paid(100, reverses="1"),
    _paid(100, number="4"),
    # A refund beyond its payment, or of none.
    _paid(-101, reverses="1"),
    _paid(-100, reverses="7"),
    _paid(-100),
    # Signatures out of order, by a barred person, on a returned document, of another statement.
    _copy("signatures", "document = 'b'", step="2", signer="'x'", holder="'x'"),
    _copy("signatures", "document = 'b'", step="1"),
    _copy("signatures", "document = 'b'", step="1", signer="'li.na'", holder="'li.na'"),
    _copy("signatures", "document = 'b'", step="1", signer="'x'", holder="'x'", statement="'x'"),
    _copy("signatures", "document = 'c'", step="1", signer="'x'", holder="'x'", outcome="'approve'"),
    # Documents that are signed, raised, handed over, doubled or taken back by hand.
    "UPDATE documents SET status = 'approved', version = version + 1 WHERE id = 'd'",
    "UPDATE documents SET status = 'settled', version = version + 1 WHERE id = 'd'",
    "UPDATE documents SET units = units + 1, version = version + 1",
    "UPDATE documents SET applicant = 'x', version = version + 1",
    "UPDATE documents SET id = 'x', version = version + 1 WHERE id = 'd'",
    "UPDATE documents SET version = version - 1",
    "UPDATE documents SET counted = 0",
    "UPDATE documents SET round = round + 2, version = version + 1",
    "UPDATE documents SET paid = units + 1, version = version + 1",
    # Claims for more than was approved, against more than was paid ahead, or of another application.
    "UPDATE documents SET claimed = units + 1, version = version + 1 WHERE id = 'a'",
    "UPDATE documents SET claimed = units, version = version + 1 WHERE id = 'a'",
    "UPDATE documents SET claimed = -1, version = version + 1 WHERE id = 'a'",
    "UPDATE documents SET cleared = paid + 1, version = version + 1 WHERE id = 'a'",
    "UPDATE documents SET cleared = -1, version = version + 1 WHERE id = 'a'",
    "UPDATE documents SET application = 'b', version = version + 1 WHERE id = 'a'",
    _copy("documents", "id = 'd'", id="'x'", claimed="1"),
    _copy("documents", "id = 'd'", id="'x'", cleared="1"),
    "DELETE FROM documents",
    "INSERT OR REPLACE INTO documents SELECT * FROM documents",
    _copy("documents", "id = 'a'", id="'x'"),
    _copy("rounds", "document = 'd'", round="3"),
    _copy("rounds", "document = 'd'", document="'x'"),
    # Lines.
    "UPDATE lines SET reserved = in_force + 1",
    "UPDATE lines SET committed = -1",
    "UPDATE lines SET category = 'promotion'",
    "UPDATE OR REPLACE lines SET id = 'mkt-sms' WHERE id = 'mkt-gifts-2'",
    "UPDATE lines SET closed_through = closed_through - 2",
    "UPDATE lines SET closed_through = NULL",
    "DELETE FROM lines",
    "INSERT OR REPLACE INTO lines SELECT * FROM lines",
    # Postings into a closed month, of nothing, with a number from the beginning, changed, numbered anew.
    _copy("postings", books.NUMBERED, **books.NEW),
    _copy("postings", books.OPEN, **{**books.NEW, "units": "0"}),
    _copy("postings", books.OPEN, **{**books.NEW, "book_number": "1"}),
    "UPDATE postings SET units = units + 1",
    "UPDATE postings SET month = '2026-02'",
    "UPDATE postings SET account = 'x'",
    "UPDATE postings SET reverses = 1",
    "UPDATE postings SET book_number = book_number + 7",
    "UPDATE postings SET book_number = NULL",
    # Cards that leave out a version, or become others.
    "UPDATE cards SET status = ''",
    "UPDATE cards SET kind = 'x', version = version + 1",
    "UPDATE cards SET id = 'x', version = version + 1",
    # The journal follows itself.
    _copy("journal", "subject = 'a'", seq="99"),
    _copy("journal", "subject = 'a' AND seq = 1", seq="(SELECT MAX(seq) + 1 FROM journal WHERE subject = 'a')"),
    "UPDATE policies SET text = replace(text, '50000.00', '90000.00'), version = version + 1",
    "UPDATE guards SET version = 1",
    "DELETE FROM taken WHERE ever = 1",
    "DELETE FROM taken WHERE space = 'voucher'",
    "INSERT OR REPLACE INTO taken SELECT * FROM taken",
    *(f'UPDATE {t} SET "{c}" = "{c}"' for t, c in (("journal", "at"), ("signatures", "at"), ("payments", "at"))),
    *(f'UPDATE {t} SET "seq" = "seq"' for t in ("planned", "vouchers", "papers")),
    *(f"DELETE FROM {t}" for t in TABLES),
    *(f"INSERT OR REPLACE INTO {t} SELECT * FROM {t}" for t in TABLES),
]


@pytest.mark.clause("A4.1", "B2.1", "G3.4", "A3.2")
@pytest.mark.parametrize("statement", REFUSED, ids=lambda statement: statement[:60])
def test_the_store_refuses_from_plain_sql(played: Path, tmp_path: Path, statement: str) -> None:
    """The database itself refuses what would break a law, whoever asks, its checks switched off or not."""
    path = Path(shutil.copy(played, tmp_path / "store.db"))
    plain = sqlite3.connect(path)
    *before, last = statement.split("; ")
    for checks in ("OFF", "ON"):
        plain.execute(f"PRAGMA ignore_check_constraints = {checks}")
        for each in before:
            plain.execute(each)
        with pytest.raises(sqlite3.IntegrityError):
            plain.execute(last)
        plain.rollback()
    plain.close()
    assert verify(SqlRepository.reading(f"sqlite:///{path}")).breaks == ()


def _there(statement: str) -> str:
    """The statement as PostgreSQL says it: what is there already is changed in a column that has to stay."""
    if statement.startswith("INSERT OR REPLACE"):
        table = statement.split()[4]
        key = ", ".join(f'"{name}"' for name in primary_key(table))
        changed = {"lines": "category", "postings": "account"}.get(table)
        set_ = f"{changed} = EXCLUDED.{changed} || 1" if changed else "{0} = EXCLUDED.{0}".format(key.split(", ")[0])
        statement += f" ON CONFLICT ({key}) DO UPDATE SET {set_}"
    return statement.replace(" OR REPLACE", "")


@pytest.mark.clause("A4.1", "B2.1", "G3.4", "A3.2")
@pytest.mark.parametrize("statement", [*REFUSED, *(f"TRUNCATE {t} CASCADE" for t in TABLES)], ids=lambda s: s[:60])
def test_postgres_refuses_from_plain_sql(played_there: str, statement: str) -> None:
    """PostgreSQL itself refuses the same, from its owner too, and stays as it was."""
    *before, last = statement.split("; ")
    with psycopg.connect(played_there) as plain, plain.transaction(force_rollback=True):
        for each in before:
            plain.execute(each.encode())
        with pytest.raises(psycopg.DatabaseError) as refused:
            plain.execute(_there(last).encode())
    assert refused.value.sqlstate in ("EP001", "EP002", "23505", "23514")
    store = SqlRepository.reading(played_there)
    assert verify(store).breaks == ()
    store.close()


@pytest.mark.parametrize("statement", HONEST, ids=lambda statement: statement[:60])
def test_what_is_lawful_is_done_from_plain_sql(played: Path, tmp_path: Path, statement: str) -> None:
    """What breaks no law is refused by none, so that each of the others is refused for what it says."""
    with closing(sqlite3.connect(shutil.copy(played, tmp_path / "store.db"))) as plain:
        assert [plain.execute(each).rowcount > 0 for each in statement.split("; ")][-1]


@pytest.mark.parametrize("statement", HONEST, ids=lambda statement: statement[:60])
def test_what_is_lawful_is_done_on_postgres(played_there: str, statement: str) -> None:
    """So it is there."""
    with psycopg.connect(played_there) as plain, plain.transaction(force_rollback=True):
        assert [plain.execute(each.encode()).rowcount > 0 for each in statement.split("; ")][-1]


def test_verify_makes_no_store(tmp_path: Path) -> None:
    """A store that is not there, is empty or is somebody else's is unreadable, and stays as it was."""
    empty, other = tmp_path / "empty.db", tmp_path / "other.db"
    empty.touch()
    plain = sqlite3.connect(other)
    plain.execute("CREATE TABLE bookmarks (url TEXT)")
    plain.close()
    for path in (tmp_path / "none.db", empty, other, tmp_path):
        before = path.read_bytes() if path.is_file() else None
        done = CliRunner().invoke(app, ["verify", "--store", f"sqlite:///{path}"])
        assert (done.exit_code, done.stdout) == (2, ""), path
        assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.clause("G3.4")
def test_verify_reads_one_instant(tmp_path: Path) -> None:
    """A store that is written meanwhile is judged as it stood at one instant: an honest one has no break."""
    url = f"sqlite:///{tmp_path}/live.db"
    own = SqlRepository(url)
    world = World.with_budget(own)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            world.desk.spending.withdraw(world.apply(world.gift("1.00")).id, actor="li.na")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(10):
            repository = SqlRepository.reading(url)
            assert verify(repository).breaks == ()
            repository.close()
    finally:
        stop.set()
        writer.join()
        own.close()


@pytest.mark.clause("G3.4")
def test_what_is_opened_to_be_read_is_not_written(tmp_path: Path) -> None:
    """A store that was opened for reading refuses every write."""
    store = SqlRepository(f"sqlite:///{tmp_path}/store.db")
    World.with_budget(store)
    store.close()
    repository = SqlRepository.reading(f"sqlite:///{tmp_path}/store.db")
    newer = POLICY.replace("2026.1", "2027.1").replace("effective = 2026-01-01", "effective = 2027-01-01")
    with pytest.raises(RepositoryUnavailable, match="reading alone"):
        World.open(repository).desk.policies.adopt(newer, actor="cfo")
    repository.close()
