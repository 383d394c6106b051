"""The same acts give the same record, and an act that fails leaves none."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expense_adapters.sql import SqlRepository
from expense_adapters.sql.sqlite import Own
from expense_policy.ports.errors import RepositoryUnavailable

from .world import World

PROGRAM = """
from expense_adapters.memory import MemoryRepository
from expense_policy.domain.refusals import Refused
from expense_policy.services.desk import Desk
from expense_policy.testing.company import CountedIds
from tests.world import World

world = World.open(MemoryRepository())
desk = Desk.open(repository=world.desk.env.repository, directory=world.desk.env.directory, notifier=world.notices,
                 evidence=world.evidence, clock=world.clock, ids=CountedIds())
object.__setattr__(world.desk, "env", desk.env)
world.desk = desk
from tests.world import BudgetPlan, PlanLine, POLICY, cny
for actor in ("cfo", "gm"):
    desk.policies.adopt(POLICY, actor=actor)
world.clock.forward(days=16)
lines = tuple(PlanLine(id, "care_gifts", id, cny("50000.00")) for id in ("mkt-gifts", "b", "a"))
world.sign_all(desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id)
form = world.gift("1000.00")
id = world.apply(form).id
world.sign_all(id)
world.pay(id, form, "333.33")
try:
    world.apply(world.gift("99999.00", purpose=" ", method=" "))
except Refused as refused:
    print(refused)
desk.tick()
for entry, _ in desk.env.repository.history():
    print(entry.subject, entry.seq, entry.digest)
"""


@pytest.mark.clause("G3.4")
def test_the_same_acts_give_the_same_record() -> None:
    """Equal acts at equal instants give equal entries, refusals and seals, whatever the order of hashes (I18)."""
    told = set()
    for seed in ("0", "1", "4711"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        root = Path(__file__).parent.parent
        done = subprocess.run([sys.executable, "-c", PROGRAM], env=env, cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told.add(done.stdout)
    assert len(told) == 1
    assert len(told.pop().splitlines()) > 12


class _Failing(sqlite3.Cursor):
    left = -1

    def execute(self, sql: str, *values: Any) -> _Failing:
        """Fails once the count has run down, as a full disk does."""
        if _Failing.left == 0 and not sql.startswith("ROLLBACK"):
            raise sqlite3.OperationalError("database or disk is full")
        _Failing.left -= 1
        return super().execute(sql, *values)


def _dump(path: Path) -> list[str]:
    plain = sqlite3.connect(path)
    try:
        return list(plain.iterdump())
    finally:
        plain.close()


@pytest.mark.clause("G3.4")
@pytest.mark.parametrize("act", ["apply", "sign", "pay", "tick"])
def test_an_act_that_fails_leaves_no_trace(tmp_path: Path, act: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the disk fails in the middle of an act, nothing of it is there; tried again, all of it is (I22)."""
    path = tmp_path / "store.db"
    world = World.with_budget(SqlRepository(f"sqlite:///{path}"))
    form = world.gift("1000.00")
    id = world.apply(form).id
    if act == "pay":
        world.sign_all(id)
    acts: dict[str, Callable[[], object]] = {
        "apply": lambda: world.desk.spending.apply(world.gift("10.00"), actor="li.na", key="again"),
        "sign": lambda: world.sign(id),
        "pay": lambda: world.desk.spending.pay(id, world.instruction(form), actor="cashier", key="again"),
        "tick": lambda: world.desk.tick(),
    }

    def cursor(self: Own) -> sqlite3.Cursor:
        return self.get().cursor(_Failing)

    monkeypatch.setattr(Own, "cursor", cursor)
    before, failures = _dump(path), 0
    for n in range(200):
        _Failing.left = n
        try:
            acts[act]()
        except RepositoryUnavailable:
            failures += 1
        else:
            break
        finally:
            _Failing.left = -1
        # A tick is several acts: those before the failure stand.
        assert act == "tick" or _dump(path) == before, n
    assert failures > 10
    assert _dump(path) != before
