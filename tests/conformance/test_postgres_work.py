"""How a store works on PostgreSQL: what its answers mean, round trips, a snapshot, a host's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest
from psycopg.adapt import Loader
from psycopg.rows import dict_row
from psycopg.types.string import StrDumper
from sqlalchemy import create_engine, text

from expense_adapters.sql import SqlRepository
from expense_policy.ports.errors import Conflict, RepositoryError, RepositoryUnavailable
from expense_policy.ports.repository import SEALS, Batch, Guard, Look, Put
from expense_policy.testing.batches import NOW, Clerk, gift, notice, payee, related, use_row, written
from tests.conformance.test_sqlite_file import EVERYTHING
from tests.world import World


@pytest.fixture
def store(postgres_url: str) -> Iterator[SqlRepository]:
    """An empty store."""
    with closing(SqlRepository(postgres_url)) as store:
        yield store


@pytest.fixture
def host(postgres_url: str) -> Iterator[psycopg.Connection]:
    """A host's own connection, its transactions begun by itself."""
    with closing(psycopg.connect(postgres_url, autocommit=True)) as connection:
        yield connection


def _pool(store: SqlRepository) -> Any:
    database: Any = store._database
    return database._pool


def test_what_no_attempt_would_cure_is_no_conflict(store: SqlRepository) -> None:
    """A check, a missing value or a value of another type is a RepositoryError at once; only a race is a conflict."""
    clerk = Clerk(store)
    clerk.opens()
    found = clerk.approved("d1")
    beyond = attrs.evolve(found, used=found.units + 1, version=found.version + 1)
    none: Any = None
    for batch in (
        clerk.batch("d1", puts=(Put(beyond, found.version),)),
        clerk.batch("s", notices=(notice("n", about=none),)),
        clerk.batch("s", puts=(payee("p", 1, none),)),
        Batch(attrs.evolve(clerk.entry("s"), actor=none)),
    ):
        with pytest.raises(RepositoryError) as refused:
            store.commit(batch)
        assert type(refused.value) is RepositoryError, batch
    clerk.does("s", guards=(Guard("g", 0),))
    with pytest.raises(Conflict):
        store.commit(clerk.batch("s", guards=(Guard("g", 0),)))


@pytest.mark.parametrize("wrong", ["\ud800", "a\x00b", 2**63, object(), 1j])
def test_what_no_store_keeps_is_the_callers_mistake(store: SqlRepository, wrong: Any) -> None:
    """A lone surrogate, a NUL, a number beyond 64 bits, what is no value at all: a ValueError, whatever is said."""
    clerk = Clerk(store)
    with pytest.raises(ValueError, match="no store keeps"):
        store.commit(clerk.batch("s", puts=(payee("p", 1, wrong),)))
    clerk.does("s", puts=(payee("p"),))


def test_a_snapshot_stays_at_its_instant(store: SqlRepository, postgres_url: str) -> None:
    """A store that is read alone sees what stood when it was opened; writers neither wait for it nor show in it."""
    clerk = Clerk(store)
    clerk.opens()
    with closing(SqlRepository.reading(postgres_url)) as read:
        found = clerk.approved("d1")
        store.commit(clerk.pays(found, 10))
        assert [entry.subject for entry, _ in read.history()] == ["plan:gifts"]
        assert read.look(Look(documents=("d1",), lines=("gifts",))).documents == {}
        assert read.lines()[0].reserved == read.lines()[0].committed == 0
        assert read.lacking() == ()
        for name in ("commit", "delivered", "put_off"):
            with pytest.raises(RepositoryUnavailable, match="reading alone"):
                EVERYTHING[name](read)
    with closing(SqlRepository.reading(postgres_url)) as read:
        assert len(list(read.history("d1"))) == 6


@contextmanager
def _traced(store: SqlRepository, folder: Path) -> Iterator[Callable[[], int]]:
    """How often the store's one connection has waited for the server since this was asked last."""
    pool = _pool(store)
    with (folder / "trace").open("w+b") as file:
        connection = pool.getconn()
        connection.pgconn.trace(file.fileno())
        pool.putconn(connection)

        def waited() -> int:
            file.seek(0)
            found = file.read().count(b"ReadyForQuery")
            file.seek(0)
            file.truncate()
            return found

        yield waited
        connection.pgconn.untrace()


def test_a_look_is_one_round_trip_and_so_is_an_act(postgres_url: str, tmp_path: Path) -> None:
    """Once its statements are prepared a look waits for the server once, and so does an act of one subject."""
    with closing(SqlRepository(postgres_url, connections=1)) as store, _traced(store, tmp_path) as waited:
        clerk = Clerk(store)
        clerk.opens()
        everything = Look(
            ("k", "l"),
            ("gifts", "moves"),
            documents=("d1", "d2"),
            lines=("gifts",),
            payees=("p",),
            guards=("g",),
            held=True,
            sums=(related(gift()),),
        )
        first = clerk.approved("d1")
        store.look(everything)
        store.commit(clerk.pays(first, 10))
        store.find()
        batch = clerk.files("d2")
        waited()
        store.look(everything)
        assert waited() == 1
        store.commit(batch)
        assert waited() == 1
        found = clerk.approved("d3")
        batch = clerk.pays(found, 10)
        waited()
        store.commit(batch)
        assert waited() == 1
        store.find()
        assert waited() == 1


@pytest.mark.parametrize("act", ["apply", "sign", "pay"])
def test_an_act_of_the_desk_is_two_round_trips(postgres_url: str, tmp_path: Path, act: str) -> None:
    """One for what it looks at and one for what it commits, however large its document's history is."""
    with closing(SqlRepository(postgres_url, connections=1)) as store:
        world = World.with_budget(store)
        with _traced(store, tmp_path) as waited:
            trips = []
            for _ in range(4):
                form = world.gift()
                waited()
                id = world.apply(form).id
                applied = waited()
                document = world.desk.document(id)
                verdict, signer = world.approve(document), world.signer(document)
                waited()
                world.desk.spending.sign(id, seen=document.statement, actor=signer, verdict=verdict)
                signed = waited()
                world.sign_all(id)
                waited()
                world.pay(id, form)
                trips.append({"apply": applied, "sign": signed, "pay": waited()})
        assert trips[-1][act] == 2


def test_a_number_of_any_size_is_one_statement(postgres_url: str) -> None:
    """However large its numbers and however many its names, a statement is prepared once a connection."""
    with closing(SqlRepository(postgres_url, connections=1)) as store:
        clerk, pool = Clerk(store), _pool(store)

        def prepared() -> int:
            with pool.connection() as connection:
                asked = "SELECT COUNT(*) FROM pg_prepared_statements"
                found: int = connection.execute(asked, prepare=False).fetchone()[0]
            return found

        def acts(units: int) -> None:
            clerk.opens(f"line-{units}", units)
            store.look(Look(lines=(f"line-{units}", *map(str, range(units % 40))), keys=("a", "b")))
            store.notices(NOW, min(units, 10_000))
            store.find(limit=min(units, 1_000))

        acts(3)
        before = prepared()
        for units in (1, 2**7, 2**15, 2**31, 2**40 + 39, 2**63 - 1):
            acts(units)
        assert prepared() == before


def test_a_large_act_is_one_transaction(store: SqlRepository) -> None:
    """An act of hundreds of rows, and a seal of hundreds of entries, goes in whole or not at all."""
    clerk = Clerk(store)
    clerk.opens()
    clerk.approved("d1")
    rows = tuple(use_row("d1", n) for n in range(1, 701))
    with pytest.raises(RepositoryError):
        store.commit(clerk.batch("d1", facts=(*rows, attrs.evolve(rows[0], number=701, type=None))))  # type: ignore[arg-type]  # what the column refuses
    assert len(list(store.history("d1"))) == 5
    clerk.does("d1", facts=rows)
    assert len(list(store.history("d1"))[-1][1]) == 700
    for n in range(120):
        clerk.does(f"s{n}")
    entries = store.unsealed(1_000)
    assert len(entries) > 120
    store.commit(clerk.seals(*entries))
    assert [entry.subject for entry in store.unsealed(1_000)] == [SEALS]


class _Bytes(Loader):
    """Text as a host may want it."""

    def load(self, data: Any) -> bytes:
        return bytes(data)


class _Loud(StrDumper):
    """Text as no store wants it."""

    def dump(self, obj: str) -> bytes:
        return obj.upper().encode()


def _as_bytes(connection: psycopg.Connection) -> None:
    for name in ("text", "int8", "json"):
        connection.adapters.register_loader(name, _Bytes)
    connection.adapters.register_dumper(str, _Loud)


HOSTS: dict[str, Callable[[Any], object]] = {
    "plain": lambda c: None,
    "rows as dicts": lambda c: setattr(c, "row_factory", dict_row),
    "its own adapters": _as_bytes,
    "binds on its own": lambda c: setattr(c, "cursor_factory", psycopg.ClientCursor),
    "names its cursors": lambda c: setattr(c, "cursor_factory", psycopg.RawCursor),
    "prepares nothing": lambda c: setattr(c, "prepare_threshold", None),
    "begins at its own level": lambda c: setattr(c, "isolation_level", psycopg.IsolationLevel.SERIALIZABLE),
}


@pytest.mark.parametrize("kind", HOSTS)
def test_a_joined_store_reads_as_its_own(store: SqlRepository, host: psycopg.Connection, kind: str) -> None:
    """However a host reads and binds, a joined store does it its own way, and leaves the host's as it was."""
    clerk = Clerk(store)
    clerk.opens()
    found = clerk.approved("d1")
    HOSTS[kind](host)
    before = (host.row_factory, host.cursor_factory, host.prepare_threshold, host.isolation_level)
    with host.transaction():
        joined = SqlRepository.joining(host)
        paid = Clerk(joined).pays(found, 10)
        joined.commit(paid)
        seen = joined.look(Look(documents=("d1",), lines=("gifts",), held=True))
        assert seen.documents == {"d1": written(paid)}
        assert [row.id for row in joined.find()] == ["d1"]
        assert len(list(joined.history("d1"))) == 6
        assert joined.lacking() == ()
        assert (host.row_factory, host.cursor_factory, host.prepare_threshold, host.isolation_level) == before
        assert store.look(Look(documents=("d1",))).documents == {"d1": found}
    assert store.look(Look(documents=("d1",))).documents == {"d1": written(paid)}


def test_a_host_of_sqlalchemys_is_joined(store: SqlRepository, postgres_url: str) -> None:
    """The driver's connection of a host that works by SQLAlchemy is joined: both commit or roll back together."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(postgres_url))
    for end in ("rollback", "commit"):
        with engine.connect() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS host (n int)"))
            connection.execute(text("INSERT INTO host VALUES (1)"))
            joined = SqlRepository.joining(connection.connection.driver_connection)
            Clerk(joined).does("s")
            getattr(connection, end)()
        assert len(list(store.history("s"))) == int(end == "commit")
    engine.dispose()


@pytest.mark.parametrize("ending", ["COMMIT", "ROLLBACK", "close"])
def test_a_joined_store_ends_with_its_hosts_transaction(
    store: SqlRepository, host: psycopg.Connection, ending: str
) -> None:
    """Once the host's transaction has ended, or its connection, a joined store refuses and opens none of its own."""
    entry = Clerk(store).entry("s")
    host.execute("BEGIN")
    joined = SqlRepository.joining(host)
    joined.look(Look())
    host.close() if ending == "close" else host.execute(ending)
    for name in ("look", "find", "lines", "history"):
        with pytest.raises(RepositoryUnavailable) as refused:
            EVERYTHING[name](joined)
        assert refused.value.outcome_known
    with pytest.raises(RepositoryUnavailable, match="has ended"):
        joined.commit(Batch(entry))
    assert list(store.history()) == []
    joined.close()
    with pytest.raises(RepositoryUnavailable, match="closed"):
        joined.lines()
    assert host.closed == (ending == "close")


def test_a_transaction_that_has_failed_is_over(store: SqlRepository, host: psycopg.Connection) -> None:
    """After a statement of the host's own that failed nothing more is done in its transaction, and that is said."""
    host.execute("BEGIN")
    joined = SqlRepository.joining(host)
    with pytest.raises(psycopg.Error):
        host.execute("SELECT 1 / 0")
    with pytest.raises(RepositoryUnavailable, match="has ended"):
        joined.lines()
    with pytest.raises(ValueError, match="no open transaction"):
        SqlRepository.joining(host)


def test_a_joined_store_sends_and_seals_nothing(store: SqlRepository, host: psycopg.Connection) -> None:
    """Inside a host's open transaction no notice is handed out and nothing sealed: it may be rolled back (I31)."""
    Clerk(store).does("s", notices=(notice("n"),))
    with host.transaction(force_rollback=True):
        joined = SqlRepository.joining(host)
        for name in ("notices", "delivered", "put_off", "unsealed"):
            with pytest.raises(RepositoryUnavailable, match="may still roll back"):
                EVERYTHING[name](joined)
        world = World.open(joined)
        with pytest.raises(RepositoryUnavailable, match="may still roll back"):
            world.desk.tick()
    assert len(store.notices(NOW, 5)) == 1


def test_what_can_not_be_joined_says_why(postgres_url: str) -> None:
    """No transaction (an autocommit connection, or none begun yet), another encoding, no driver's connection."""
    for autocommit in (True, False):
        host = psycopg.connect(postgres_url, autocommit=autocommit)
        with closing(host), pytest.raises(ValueError, match="no open transaction"):
            SqlRepository.joining(host)
    with closing(psycopg.connect(postgres_url, client_encoding="latin1")) as host:
        host.execute("SELECT 1")
        with pytest.raises(ValueError, match="client_encoding"):
            SqlRepository.joining(host)
    for other in (object(), None, create_engine("sqlite://")):
        with pytest.raises(TypeError, match="psycopg"):
            SqlRepository.joining(other)


def test_a_joined_store_stays_in_its_thread(store: SqlRepository, host: psycopg.Connection) -> None:
    """Another thread is refused: what it does would be the host's transaction's too."""
    with host.transaction():
        joined = SqlRepository.joining(host)
        with ThreadPoolExecutor(1) as pool, pytest.raises(RepositoryUnavailable, match="thread"):
            pool.submit(joined.look, Look()).result()
        joined.look(Look())


def test_a_refused_batch_leaves_the_hosts_work(store: SqlRepository, host: psycopg.Connection) -> None:
    """A batch that a joined store refuses rolls back to its beginning; what the host and others wrote stays."""
    host.execute("CREATE TABLE host (n int)")
    with host.transaction():
        host.execute("INSERT INTO host VALUES (1)")
        joined = SqlRepository.joining(host)
        clerk = Clerk(joined)
        clerk.does("s", guards=(Guard("g", 0),))
        with pytest.raises(Conflict):
            joined.commit(clerk.batch("t", puts=(payee("p"),)), clerk.batch("u", guards=(Guard("g", 0),)))
        none: Any = None
        with pytest.raises(RepositoryError):
            joined.commit(clerk.batch("v", puts=(payee("q", 1, none),)))
        with pytest.raises(ValueError, match="no store keeps"):
            joined.commit(clerk.batch("v", puts=(payee("q", 1, "\ud800"),)))
        clerk.does("w")
    assert host.execute("SELECT COUNT(*) FROM host").fetchone() == (1,)
    assert [entry.subject for entry, _ in store.history()] == ["s", "w"]
    assert store.look(Look(payees=("p", "q"))).payees == {}
