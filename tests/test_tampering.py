"""The record shows what was done to it behind the library's back: on the demo's own database."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest

from expense_adapters.cli.demo import play
from expense_adapters.files import read_key
from expense_adapters.local import HmacKey
from expense_adapters.memory import MemoryRepository
from expense_adapters.notify import JsonLinesNotifier, read_seals
from expense_adapters.sql import SqlRepository
from expense_adapters.sql import schema as tables
from expense_policy.domain.approval import Approve
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.holds import Move
from expense_policy.domain.journal import Entry, digest_of
from expense_policy.domain.organisation import Delegation
from expense_policy.domain.project import Project
from expense_policy.domain.rectification import Finding
from expense_policy.ports.repository import Batch
from expense_policy.services.desk import Desk
from expense_policy.services.verification import verify
from expense_policy.testing.batches import Clerk
from expense_policy.testing.company import Papers, People, Post, SetClock

from . import books
from .forging import Forger
from .world import World

AT = datetime(2027, 5, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company's year, played once."""
    store = tmp_path_factory.mktemp("tampering") / "year.db"
    play(store, 12)
    return store


@pytest.fixture
def year(played: Path, tmp_path: Path) -> Path:
    """A copy of the year's file with its notices and key."""
    for suffix in (".db", ".notices.jsonl", ".key"):
        shutil.copy(played.with_suffix(suffix), tmp_path / f"year{suffix}")
    return tmp_path / "year.db"


def modes(store: Path) -> tuple[bool, bool, bool]:
    """Whether `verify` names a break: by itself, with the seals given out, with the key."""
    seals, key = read_seals(store.with_suffix(".notices.jsonl")), read_key(store.with_suffix(".key"))
    answers = []
    for given in ({}, {"seals": seals}, {"keyring": key}):
        repository = SqlRepository.reading(f"sqlite:///{store}")
        answers.append(bool(verify(repository, **given).breaks))
        repository.close()
    return answers[0], answers[1], answers[2]


def _paid(f: Forger) -> str:
    return str(f.one("SELECT document FROM payments WHERE reverses IS NULL ORDER BY document LIMIT 1"))


def edited_amount(f: Forger) -> None:
    """A payment's amount is another."""
    assert f.run("UPDATE payments SET units = units + 1 WHERE document = ? AND number = 1", _paid(f)) == 1


def removed_signature(f: Forger) -> None:
    """One signature is gone."""
    assert f.run("DELETE FROM signatures WHERE document = ? AND step = 1", _paid(f)) == 1


def payment_without_entry(f: Forger) -> None:
    """A payment stands that no entry speaks of."""
    names = [c.name for c in tables.payments.columns]
    values = ", ".join({"number": "77", "units": "1", "reverses": "NULL"}.get(n, f'"{n}"') for n in names)
    assert f.run(f"INSERT INTO payments SELECT {values} FROM payments WHERE document = ? LIMIT 1", _paid(f)) == 1


def deleted_middle_entry(f: Forger) -> None:
    """An entry in the middle of a chain is gone."""
    assert f.run("DELETE FROM journal WHERE subject = ? AND seq = 3", _paid(f)) == 1


def other_payee(f: Forger) -> None:
    """A payment went to another account than was signed."""
    assert f.run("UPDATE payments SET payee_account = '6666' WHERE document = ?", _paid(f)) > 0


def policy_text(f: Forger) -> None:
    """The adopted text has another limit."""
    assert f.run("UPDATE policies SET text = replace(text, '50000.00', '90000.00')") > 0


def raised_line_alone(f: Forger) -> None:
    """A line has more in force than its moves say."""
    assert f.run("UPDATE lines SET in_force = in_force + 1 WHERE id = 'marketing-fair'") == 1


NAMED: tuple[Callable[[Forger], None], ...] = (
    edited_amount,
    removed_signature,
    payment_without_entry,
    deleted_middle_entry,
    other_payee,
    policy_text,
    raised_line_alone,
)


@pytest.mark.clause("G3.4", "A4.1")
@pytest.mark.parametrize("tamper", NAMED, ids=lambda tamper: tamper.__name__)
def test_what_does_not_agree_is_named(year: Path, tamper: Callable[[Forger], None]) -> None:
    """What was changed in one place alone is named, without seals and without the key."""
    assert modes(year) == (False, False, False)
    forger = Forger(year)
    tamper(forger)
    forger.done()
    assert modes(year) == (True, True, True)


def rewritten_chain(f: Forger) -> None:
    """A reason in a chain is another; chain and seals were worked out anew."""
    subject = f.one("SELECT subject FROM journal WHERE act = 'withdraw' LIMIT 1")
    f.rewrite(subject, reason={1: "Another story."})
    f.reseal()


def removed_case(f: Forger) -> None:
    """A case that holds no money is gone from every table; the seals were worked out anew."""
    f.forget(f.one("SELECT id FROM documents WHERE status = 'withdrawn' AND paid = 0 LIMIT 1"))
    # What nobody seals is bound by nothing.
    f.reseal()


@pytest.mark.clause("G3.4")
@pytest.mark.parametrize("tamper", [rewritten_chain, removed_case], ids=lambda tamper: tamper.__name__)
def test_what_agrees_with_itself_is_named_by_the_seals(year: Path, tamper: Callable[[Forger], None]) -> None:
    """A store rewritten whole agrees with itself; the seals that left it do not, nor do its tags."""
    forger = Forger(year)
    tamper(forger)
    forger.done()
    assert modes(year) == (False, True, True)


@pytest.mark.clause("G3.4")
def test_a_cut_off_tail_is_named_by_the_seals(year: Path) -> None:
    """An older copy of the file agrees with itself and with its tags; the seals given out since say that it is old."""
    before = year.with_name("before.db")
    repository = SqlRepository(f"sqlite:///{year}")
    shutil.copy(year, before)
    clock = SetClock()
    clock.at = AT
    desk = Desk.open(
        repository=repository,
        directory=People(),
        notifier=JsonLinesNotifier(year.with_suffix(".notices.jsonl")),
        evidence=Papers(),
        clock=clock,
        keyring=read_key(year.with_suffix(".key")),
    )
    desk.spending.confirm_account("Tea House", "6222", actor="officer", reason="Called them.")
    assert desk.tick(10_000).sealed > 0
    repository.close()
    assert modes(year) == (False, False, False)
    shutil.copy(before, year)
    for suffix in ("-wal", "-shm"):
        year.with_name(year.name + suffix).unlink(missing_ok=True)
    assert modes(year) == (False, True, False)


def _entry(f: Forger, subject: str, moves: tuple[Move, ...]) -> Entry:
    """The next entry of a chain, as someone without the key makes it."""
    last = f.entries(subject)[-1]
    said = tuple(("move", m.line, str(m.in_force), str(m.reserved), str(m.committed), str(m.spent), "") for m in moves)
    made = attrs.evolve(last, seq=last.seq + 1, prev=last.digest, act="adjust", rows=said, key_id=None, tag=None)
    return attrs.evolve(made, digest=digest_of(made))


def _moves(forger: Forger, year: Path, subject: str, moves: tuple[Move, ...]) -> None:
    """Moves money by an entry of its own, through the store, whose triggers see nothing wrong."""
    entry = _entry(forger, subject, moves)
    forger.done()
    repository = SqlRepository(f"sqlite:///{year}")
    repository.commit(Batch(entry, moves=moves))
    repository.close()


@pytest.mark.clause("G3.4", "B2.1")
def test_a_raised_budget_is_named(year: Path) -> None:
    """A budget raised by a consistent entry of its own is no document's, and no end of a year's."""
    forger = Forger(year)
    subject = forger.one("SELECT subject FROM journal WHERE act = 'open_project'")
    moves = (Move("marketing-fair", in_force=100),)
    _moves(forger, year, subject, moves)
    assert modes(year) == (True, True, True)


@pytest.mark.clause("G3.4", "B2.1")
def test_a_lowered_reservation_is_named(year: Path) -> None:
    """A reservation lowered by a consistent entry of its own is not what the open documents hold."""
    forger = Forger(year)
    subject = forger.one("SELECT id FROM documents WHERE status = 'in_review'")
    moves = (Move(forger.one("SELECT line FROM moves WHERE subject = ? LIMIT 1", subject), reserved=-1),)
    _moves(forger, year, subject, moves)
    assert modes(year) == (True, True, True)


@pytest.mark.clause("G3.4", "A4.1")
def test_signatures_with_their_entries_are_named_by_the_key(year: Path) -> None:
    """Signatures forged in others' names, entries and all, pass everything but the keyed tags."""
    repository = SqlRepository(f"sqlite:///{year}")
    clock, people = SetClock(), People()
    clock.at = AT
    given: dict[str, Any] = {"directory": people, "notifier": Post(), "evidence": Papers(), "clock": clock}
    # A host without a keyring is told that it lacks one: the forger brings a key of that name.
    forged = HmacKey(read_key(year.with_suffix(".key")).id, bytes(32))
    desk = Desk.open(repository=repository, keyring=forged, **given)
    (row,) = desk.find(status="in_review")
    while (step := desk.document(row.id).step) is not None:
        # Whoever writes the rows says who holds the office.
        office = {"finance_head": "liu.yang", "deputy_in_charge": "zhou.min"}[step.office]
        people.holdings = (attrs.evolve(people.holdings[0], office=step.office, person=office, department=None),)
        verdict = Approve("Fine.", dict.fromkeys(step.points, True))
        desk.spending.sign(row.id, seen=desk.document(row.id).statement, actor=office, verdict=verdict)
    repository.close()
    assert modes(year) == (False, False, True)


@pytest.mark.clause("G3.4")
def test_two_seals_of_one_number_are_two(year: Path) -> None:
    """Of two digests given out for one seal, at most one is the store's: the other is named."""
    with year.with_suffix(".notices.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"subject": "seal", "body": {"number": "1", "entry": "' + "f" * 64 + '"}}\n')
    assert modes(year) == (False, True, False)


# Small stores for what is tried on every column and every table.
def _small(path: Path) -> None:
    store = SqlRepository(f"sqlite:///{path}")
    world = World.with_budget(store)
    fair = Project("fair", "Fair", ("marketing",), date(2026, 1, 1), date(2026, 12, 31))
    world.desk.projects.open(fair, actor="head.mkt")
    directory: Any = world.desk.env.directory
    lent = Delegation("cfo", "aide", "finance_head", world.clock.at, world.clock.at + timedelta(days=9), "Leave")
    object.__setattr__(directory, "delegations", (lent,))
    form = world.gift("1000.00", project="fair")
    id = world.apply(form).id
    for actor in ("head.mkt", "officer", "aide", "deputy"):
        world.sign(id, actor)
    world.pay(id, form, "300.00")
    world.desk.spending.reverse(id, 1, actor="cashier", reason="Bounced.")
    world.pay(id, form, "300.00")
    message = world.sms()
    sent = world.apply(message).id
    world.sign_all(sent)
    world.desk.spending.record_use(sent, (SmsSent(world.clock.at, "C1"), SmsSent(world.clock.at, "C2")), actor="li.na")
    world.apply(world.gift("100.00"))
    books.kept(world, id)
    late = Finding("mkt-gifts", "marketing", "B2.4", "Too early.")
    world.desk.rectifications.answer(world.desk.rectifications.open(late, actor="cfo").id, "Done.", actor="head.mkt")
    world.desk.tick()
    world.desk.spending.withdraw(world.apply(world.gift("100.00")).id, actor="li.na")
    store.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a row in every table."""
    path = tmp_path_factory.mktemp("small") / "small.db"
    _small(path)
    return path


# The outbox is what is still to be delivered; it is no part of the record.
RECORD = [t for t in tables.metadata.sorted_tables if t.name not in ("outbox", "schema_version")]
# A tag is held by the key alone, which has a test of its own.
COLUMNS = [(t.name, c.name) for t in RECORD for c in t.columns if c.name not in ("key_id", "tag")]


def _breaks(path: Path) -> int:
    repository = SqlRepository.reading(f"sqlite:///{path}")
    try:
        return len(verify(repository).breaks)
    finally:
        repository.close()


@pytest.fixture
def copied(small: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copy(small, tmp_path / "copy.db"))


@pytest.mark.clause("G3.4")
@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{t}.{c}" for t, c in COLUMNS])
def test_every_column_is_held(copied: Path, table: str, column: str) -> None:
    """No column of the record can be changed, emptied or filled with rubbish without a break, and none is a crash."""
    assert _breaks(copied) == 0
    number = isinstance(tables.metadata.tables[table].c[column].type.python_type(), int)
    # A number one higher; a text with a letter more, of another kind, or that is none.
    values = [f'COALESCE("{column}", 0) + 1'] if number else [f"COALESCE(\"{column}\", '') || 'x'", "'[[{'"]
    values += [] if number else ["CAST(x'ff' AS TEXT)"]
    untouched = copied.with_name("untouched.db")
    shutil.copy(copied, untouched)
    for value in values:
        shutil.copy(untouched, copied)
        forger = Forger(copied)
        # The last row of the table, where the column says anything it can be set in.
        key = ", ".join(f'"{each.name}"' for each in tables.metadata.tables[table].primary_key)
        set_ = f'UPDATE {table} SET "{column}" = {value} WHERE ({key}) IN (SELECT {key} FROM {table}'
        try:
            if not forger.run(f'{set_} WHERE "{column}" IS NOT NULL ORDER BY {key} DESC LIMIT 1)'):
                forger.run(f"{set_} LIMIT 1)")
        except sqlite3.IntegrityError:
            # A check, or another row's key: it can't be changed so by anybody.
            forger.done()
            continue
        forger.done()
        assert _breaks(copied) > 0, (table, column, value)


@pytest.mark.clause("G3.4")
@pytest.mark.parametrize("table", [t.name for t in RECORD])
def test_every_row_is_held(copied: Path, table: str) -> None:
    """No row of the record can be removed, and none added, without a break."""
    untouched = copied.with_name("untouched.db")
    shutil.copy(copied, untouched)
    forger = Forger(copied)
    names = [c.name for c in tables.metadata.tables[table].columns]
    keys = [c.name for c in tables.metadata.tables[table].primary_key]
    where = " AND ".join(f'"{k}" = ?' for k in keys)
    row = forger.plain.execute(f"SELECT * FROM {table} ORDER BY {', '.join(keys)} LIMIT 1").fetchone()
    assert forger.run(f"DELETE FROM {table} WHERE {where}", *[row[k] for k in keys]) == 1
    forger.done()
    assert _breaks(copied) > 0, "removed"
    shutil.copy(untouched, copied)
    forger = Forger(copied)
    # Nor may it be told as another one's double: a number of the books is each posting's own.
    new = (keys[-1], "book_number")
    other = {n: f"{row[n]}x" if isinstance(row[n], str) else (row[n] or 0) + 900 for n in new if n in names}
    added = [other.get(n, row[n]) for n in names]
    forger.run(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", *added)
    forger.done()
    assert _breaks(copied) > 0, "added"


@pytest.mark.clause("R1.3", "G3.4")
def test_numbers_of_the_books_are_those_that_closings_gave(copied: Path) -> None:
    """Postings of a closed month that changed their numbers with each other are named, though none is missing (I26)."""
    forger = Forger(copied)
    for old, new in ((1, 99), (2, 1), (99, 2)):
        said = "UPDATE postings SET book_number = ? WHERE month = ? AND book_number = ?"
        assert forger.run(said, new, str(books.DECEMBER), old) == 1
    forger.done()
    repository = SqlRepository.reading(f"sqlite:///{copied}")
    assert [(found.subject, found.law) for found in verify(repository).breaks] == [("month:2025-12", "I26")]
    repository.close()


@pytest.mark.clause("G3.4")
def test_an_honest_memory_store_is_clean() -> None:
    """What stands in memory is what its journal says."""
    world = World.with_budget(MemoryRepository())
    form = world.gift()
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "1.00")
    world.desk.tick()
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("G3.4")
def test_an_entry_of_an_empty_row_is_named() -> None:
    """A row of nothing in an entry is a break like another, and the rest is read on."""
    repository = MemoryRepository()
    Clerk(repository).does("s", rows=(("guard", "g", "1"),))
    entry, facts, moves = repository._state.entries["s"][1]
    emptied = attrs.evolve(entry, rows=((), *entry.rows))
    repository._state.entries["s"][1] = (attrs.evolve(emptied, digest=digest_of(emptied)), facts, moves)
    assert [found.message for found in verify(repository).breaks] == ["entry 1: its rows can't be read"]


@pytest.mark.clause("G3.4")
def test_a_lost_trigger_is_named(copied: Path) -> None:
    """A store that has lost a trigger says which."""
    repository = SqlRepository.reading(f"sqlite:///{copied}")
    assert repository.lacking() == ()
    repository.close()
    plain = sqlite3.connect(copied)
    plain.execute("DROP TRIGGER payments_signed")
    plain.close()
    repository = SqlRepository.reading(f"sqlite:///{copied}")
    assert repository.lacking() == ("payments_signed",)
    repository.close()
