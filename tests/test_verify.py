"""What was tampered with is named."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from expense_adapters.cli.main import app
from expense_adapters.notify import JsonLinesNotifier
from expense_adapters.sql import SqlRepository
from expense_policy.ports.repository import Repository
from expense_policy.services.verification import verify

from .world import World


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


TAMPERING = {
    "an edited paid sum": "UPDATE payments SET units = units + 1",
    "a removed signature": "DELETE FROM signatures WHERE step = 1",
    "a payment without its entry": "INSERT INTO payments SELECT document, 9, seq + 90, units, payee_name,"
    " payee_account, method, payer, at, statement, reverses, parts FROM payments",
    "a deleted middle entry": "DELETE FROM journal WHERE seq = 3",
    "an edited reason": "UPDATE journal SET reason = 'x' WHERE seq = 2",
    "a policy with another limit": "UPDATE policies SET text = replace(text, '50000.00', '90000.00')",
    "a raised budget": "UPDATE lines SET in_force = in_force + 1",
    "a lowered reservation": "UPDATE lines SET committed = committed - 1 WHERE committed > 0",
}


def _played(tmp_path: Path) -> tuple[SqlRepository, Path]:
    path = tmp_path / "store.db"
    store = SqlRepository(f"sqlite:///{path}")
    world = World.with_budget(store)
    form = world.gift()
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "1.00")
    world.desk.tick()
    return store, path


@pytest.mark.clause("G3.4")
@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_named(tmp_path: Path, name: str) -> None:
    """What plain SQL changed after dropping the triggers is a break."""
    store, path = _played(tmp_path)
    with sqlite3.connect(path) as plain:
        for (trigger,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            plain.execute(f"DROP TRIGGER {trigger}")
        assert plain.execute(TAMPERING[name]).rowcount > 0
    plain.close()
    assert verify(store).breaks != ()
    store.close()


def _ids(value: object) -> str:
    return str(value)[:40]


@pytest.mark.clause("A4.1", "B2.1", "G3.4")
@pytest.mark.parametrize(
    "statement",
    [
        TAMPERING["a payment without its entry"].replace("90, units", "90, 100000000"),
        "UPDATE lines SET reserved = in_force + 1",
        "UPDATE lines SET committed = -1",
        *(f"UPDATE {t} SET at = at" for t in ("journal", "signatures", "payments")),
        *(f"DELETE FROM {t}" for t in ("journal", "signatures", "payments", "lines")),
        *(f"INSERT OR REPLACE INTO {t} SELECT * FROM {t}" for t in ("journal", "signatures", "payments", "lines")),
    ],
    ids=_ids,
)
def test_the_store_refuses_from_plain_sql(tmp_path: Path, statement: str) -> None:
    """The database itself refuses what would break a law, whoever asks."""
    store, path = _played(tmp_path)
    plain = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError):
        plain.execute(statement)
    plain.close()
    assert verify(store).breaks == ()
    store.close()


@pytest.mark.clause("G3.4")
def test_seals_given_out_hold_the_store(tmp_path: Path) -> None:
    """A cut-off tail leaves whole chains behind; the seals that left the system tell."""
    path, out = tmp_path / "store.db", tmp_path / "seals.jsonl"
    world = World.with_budget(SqlRepository(f"sqlite:///{path}"))
    channel = JsonLinesNotifier(out)
    world.apply(world.gift())
    world.desk.tick()
    for notice in world.notices.notices:
        channel.notify(notice)
    run = ["verify", "--store", f"sqlite:///{path}", "--seals", str(out), "--json"]
    assert CliRunner().invoke(app, run).exit_code == 0
    with sqlite3.connect(path) as plain:
        for (trigger,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            plain.execute(f"DROP TRIGGER {trigger}")
        plain.execute("DELETE FROM seals")
        plain.execute("DELETE FROM journal WHERE subject = 'seal'")
        plain.execute("DELETE FROM unsealed")
        plain.execute("INSERT INTO unsealed SELECT subject, seq FROM journal")
    plain.close()
    done = CliRunner().invoke(app, run)
    assert done.exit_code == 4
    assert "given out" in done.stdout
    assert CliRunner().invoke(app, run[:3]).exit_code == 0


def test_verify_makes_no_store(tmp_path: Path) -> None:
    """A store that is not there is unreadable, and is not made."""
    path = tmp_path / "none.db"
    done = CliRunner().invoke(app, ["verify", "--store", f"sqlite:///{path}"])
    assert (done.exit_code, done.stdout, path.exists()) == (2, "", False)
