"""Several at once: connections, threads, the host's own transaction."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from expense_adapters.sql import SqlRepository
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.ports.repository import Batch, Look, Repository, Seen

from .world import World


class Slow:
    """A store whose first looks meet: each writer has looked before any of them commits."""

    def __init__(self, inner: Repository, parties: int) -> None:
        self._inner, self._barrier, self._met = inner, threading.Barrier(parties), threading.local()

    def look(self, at: Look) -> Seen:
        """Looks, then waits for the others once."""
        seen = self._inner.look(at)
        if not getattr(self._met, "done", False):
            self._met.done = True
            self._barrier.wait(timeout=20)
        return seen

    def commit(self, *batches: Batch) -> None:
        """Commits."""
        self._inner.commit(*batches)

    def __getattr__(self, name: str) -> Callable[..., object]:
        return getattr(self._inner, name)  # type: ignore[no-any-return]  # the rest is the store's own


@pytest.mark.clause("A3.6")
def test_slices_at_the_same_instant_count_as_one(repository: Repository) -> None:
    """Of slices submitted at the same instant, the one that takes the whole above the limit goes to the top."""
    world = World.with_budget(repository)
    payee = world.gift().payee
    slow = Slow(repository, 3)
    other = World.open(slow)  # type: ignore[arg-type]  # the store with its first looks held
    other.clock.at = world.clock.at
    forms = [world.gift("20000.00", payee=payee) for _ in range(3)]
    for form in forms:
        for attachment in form.attachments:
            assert other.evidence.has(attachment.digest)

    def apply(i: int) -> str:
        return other.desk.spending.apply(forms[i], actor="li.na", key=f"slice-{i}").id

    with ThreadPoolExecutor(3) as pool:
        ids = list(pool.map(apply, range(3)))
    chosen = sorted(world.desk.document(id).round.deciding_units for id in ids)
    assert chosen == [2000000, 4000000, 6000000]
    offices = sorted(world.desk.document(id).round.chain[-1].office for id in ids)
    assert offices == ["deputy_in_charge", "deputy_in_charge", "general_manager"]


@pytest.mark.clause("B2.1")
def test_the_last_money_goes_once(repository: Repository) -> None:
    """Whoever asks for a line's last money at once, what is granted never passes the line."""
    world = World.with_budget(repository)
    slow = World.open(Slow(repository, 6))  # type: ignore[arg-type]  # the store with its first looks held
    slow.clock.at = world.clock.at
    forms = [world.gift("60000.00") for _ in range(6)]

    def apply(i: int) -> list[Code]:
        try:
            slow.desk.spending.apply(forms[i], actor="li.na", key=f"last-{i}")
        except Refused as refused:
            return [r.code for r in refused.refusals]
        return []

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(apply, range(6)))
    assert answers == [[], [], [], *[[Code.BUDGET_EXCEEDED]] * 3]


@pytest.mark.clause("A4.1")
def test_a_host_commits_or_rolls_back(tmp_path: Path) -> None:
    """A joined store writes inside the host's transaction: what the host rolls back never happened."""
    path = tmp_path / "host.db"
    own = SqlRepository(f"sqlite:///{path}")
    world = World.with_budget(own)
    host = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(ValueError, match="no open transaction"):
        SqlRepository.joining(host)
    for ending, there in (("ROLLBACK", 0), ("COMMIT", 1)):
        host.execute("BEGIN IMMEDIATE")
        joined = World.open(SqlRepository.joining(host))
        joined.clock.at = world.clock.at
        joined.desk.spending.apply(world.gift(), actor="li.na", key=ending)
        with pytest.raises(Refused):
            joined.desk.spending.apply(world.gift("900000.00"), actor="li.na", key=f"{ending} too much")
        host.execute(ending)
        assert len(world.desk.find(status=Status.IN_REVIEW)) == there
    host.close()
    own.close()
