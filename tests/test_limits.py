"""What the record can't tell is said as such: each limit of docs/explanation/the-record.md is a real one."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import attrs
import pytest

from expense_adapters.local import FixedDirectory, HmacKey
from expense_adapters.sql import SqlRepository
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.organisation import Holding
from expense_policy.services.verification import verify

from . import books
from .forging import Forger
from .world import POLICY, World, cny

KEY = HmacKey("k", b"0" * 32)


@attrs.frozen
class Kept:
    """A store with a document in review, the desk over it, and what left it."""

    path: Path
    world: World
    id: str

    def modes(self) -> tuple[bool, bool, bool]:
        """Whether `verify` names a break: by itself, with the seals given out, with the key."""
        bodies = [dict(notice.body) for notice in self.world.notices.notices if notice.about == "seal"]
        seals = [(int(body["number"]), body["entry"]) for body in bodies]
        assert seals
        answers = []
        for given in ({}, {"seals": seals}, {"keyring": KEY}):
            repository = SqlRepository.reading(f"sqlite:///{self.path}")
            answers.append(bool(verify(repository, **given).breaks))
            repository.close()
        return answers[0], answers[1], answers[2]

    def close(self) -> None:
        """Ends the desk's use of the file."""
        self.world.desk.env.repository.close()  # type: ignore[attr-defined]  # SQLite's own


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """A journal with a key, sealed up to now."""
    path = tmp_path / "store.db"
    world = World.open(SqlRepository(f"sqlite:///{path}"))
    object.__setattr__(world.desk.env, "keyring", KEY)
    for actor in ("cfo", "gm"):
        world.desk.policies.adopt(POLICY, actor=actor)
    world.clock.at = datetime(2026, 1, 5, 1, tzinfo=timezone.utc)
    line = PlanLine("mkt-gifts", "care_gifts", "Gifts", cny("200000.00"))
    world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, (line,)), actor="mei").id)
    id = world.apply(world.gift()).id
    world.desk.tick()
    made = Kept(path, world, id)
    assert made.modes() == (False, False, False)
    return made


@pytest.mark.clause("G3.4")
def test_a_host_without_the_key_writes_nothing(kept: Kept) -> None:
    """Where entries carry tags, an act of a host that did not bring the keyring is its mistake; it may read and ask."""
    other = World.open(SqlRepository(f"sqlite:///{kept.path}"))
    other.clock.at = kept.world.clock.at
    before = other.desk.find()
    assert other.desk.would.spending.apply(other.gift("1.00"), actor="li.na").allowed
    for _ in range(2):
        with pytest.raises(ValueError, match="the keyring is missing"):
            other.apply(other.gift("1.00"))
    assert other.desk.find() == before
    assert kept.modes() == (False, False, False)
    kept.world.apply(kept.world.gift("1.00"))
    assert kept.modes() == (False, False, False)


@pytest.mark.clause("G3.4")
def test_a_stolen_key_leaves_the_seals(kept: Kept) -> None:
    """A store rewritten whole by somebody who has the key is named by the seals that left it, and by nothing else."""
    kept.close()
    forger = Forger(kept.path)
    forger.rewrite(kept.id, reason={1: "Another story."})
    forger.reseal()
    for row in forger.plain.execute("SELECT subject, seq, digest FROM journal").fetchall():
        tag = KEY.mac(row["digest"].encode())[1]
        forger.run("UPDATE journal SET tag = ? WHERE subject = ? AND seq = ?", tag, row["subject"], row["seq"])
    forger.done()
    assert kept.modes() == (False, True, False)


@pytest.mark.clause("G3.4")
def test_what_is_added_with_the_key_is_not_told(kept: Kept) -> None:
    """A document withdrawn in its applicant's name by somebody who has the key looks as if he had done it."""
    kept.world.desk.spending.withdraw(kept.id, actor="li.na")
    assert kept.modes() == (False, False, False)


@pytest.mark.clause("G3.4")
def test_what_no_seal_bound_can_be_cut_off(kept: Kept) -> None:
    """An older copy that still holds every seal given out agrees with everything there is to hold it to."""
    kept.close()
    before = shutil.copy(kept.path, kept.path.with_name("before.db"))
    later = SqlRepository(f"sqlite:///{kept.path}")
    object.__setattr__(kept.world.desk.env, "repository", later)
    kept.world.sign(kept.id)
    later.close()
    for suffix in ("-wal", "-shm"):
        kept.path.with_name(kept.path.name + suffix).unlink(missing_ok=True)
    shutil.copy(before, kept.path)
    assert kept.modes() == (False, False, False)


@pytest.mark.clause("G3.4", "R1.3")
def test_numbers_of_two_closings_can_change_places(kept: Kept) -> None:
    """Which of two closings of a month gave a posting its number is not told, if both orders begin anew as often."""
    world, month = kept.world, books.DECEMBER
    world.clock.at += timedelta(seconds=1)
    books.post(world, "b", *[books.posting("b", n, 100, month) for n in (1, 2)])
    world.desk.closing.close(month, actor="officer")
    world.desk.closing.reopen(month, actor="cfo", reason="One came late.")
    books.post(world, "a", books.posting("a", 1, 100, month))
    world.desk.closing.close(month, actor="officer")
    kept.close()
    assert kept.modes() == (False, False, False)
    forger = Forger(kept.path)
    for old, new in ((2, 99), (3, 2), (99, 3)):
        assert forger.run("UPDATE postings SET book_number = ? WHERE book_number = ?", new, old) == 1
    forger.done()
    assert kept.modes() == (False, False, False)


@pytest.mark.clause("G3.4")
@pytest.mark.parametrize(
    "tamper",
    [
        lambda plain: plain.execute("DELETE FROM outbox"),
        lambda plain: plain.execute('UPDATE outbox SET body = \'[["amount", "1"]]\''),
        lambda plain: plain.execute("INSERT INTO outbox VALUES ('x', '2026', 0, 0, '2026', 'pay', 'x', '[]', '[]')"),
    ],
    ids=["removed", "changed", "made up"],
)
def test_the_outbox_is_no_part_of_the_record(kept: Kept, tamper: Callable[[sqlite3.Connection], object]) -> None:
    """What is still to be delivered can be changed by whoever writes to the database: notices prove nothing alone."""
    kept.world.sign(kept.id)
    plain = sqlite3.connect(kept.path, isolation_level=None)
    tamper(plain)
    plain.close()
    assert kept.modes() == (False, False, False)


@pytest.mark.clause("G3.4", "A3.2")
def test_who_held_an_office_is_taken_as_it_was_kept(kept: Kept) -> None:
    """A directory that was wrong when somebody signed is not found out by the store."""
    wrong = FixedDirectory((Holding("department_head", "nobody", "marketing"),))
    object.__setattr__(kept.world.desk.env, "directory", wrong)
    kept.world.sign(kept.id, "nobody")
    assert kept.modes() == (False, False, False)
