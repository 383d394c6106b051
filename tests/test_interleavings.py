"""Every order of looks and commits: two desks on two connections, one step at a time."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
import pytest

from expense_adapters.sql import SqlRepository
from expense_policy.domain.application import Application
from expense_policy.domain.refusals import Refused
from expense_policy.ports.repository import Batch, Look, Repository, Seen
from expense_policy.services.verification import verify

from .world import World


class Stepped:
    """A store whose looks and commits wait until they are let through, one at a time."""

    def __init__(self, inner: Repository) -> None:
        self._inner = inner
        self.may, self.did = threading.Semaphore(0), threading.Semaphore(0)
        self.free = False

    def _step(self, act: Callable[[], object]) -> object:
        if self.free:
            return act()
        self.may.acquire(timeout=20)
        try:
            return act()
        finally:
            self.did.release()

    def look(self, at: Look) -> Seen:
        """Looks in its turn."""
        return self._step(lambda: self._inner.look(at))  # type: ignore[return-value]  # what the store answers

    def commit(self, *batches: Batch) -> None:
        """Commits in its turn."""
        self._step(lambda: self._inner.commit(*batches))

    def __getattr__(self, name: str) -> Callable[..., object]:
        return getattr(self._inner, name)  # type: ignore[no-any-return]  # the rest is the store's own


@attrs.frozen
class Party:
    """One writer on a connection of its own."""

    world: World
    store: Stepped


def party(url: str, clock_of: World) -> Party:
    """A desk whose steps are let through from outside."""
    store = Stepped(SqlRepository(url))
    world = World.open(store)  # type: ignore[arg-type]  # the store, held back
    world.clock.at = clock_of.clock.at
    return Party(world, store)


def play(parties: list[Party], acts: Sequence[Callable[[], object]], order: tuple[int, ...]) -> list[object]:
    """Lets the parties step in this order, then each to its end, the first in the order first; what each came to."""
    answers: list[object] = [None] * len(parties)

    def run(i: int) -> None:
        try:
            answers[i] = acts[i]()
        except Refused as refused:
            answers[i] = tuple(refusal.code.value for refusal in refused.refusals)
        finally:
            parties[i].store.free = True
            parties[i].store.did.release()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(parties))]
    for thread in threads:
        thread.start()
    for i in order:
        if not parties[i].store.free:
            parties[i].store.may.release()
            parties[i].store.did.acquire(timeout=20)
    for i in dict.fromkeys(order):
        parties[i].store.free = True
        parties[i].store.may.release()
        threads[i].join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)
    return answers


# Each party looks and commits; where one meets the other's commit it looks and commits once more.
ORDERS = sorted(set(itertools.permutations((0, 0, 0, 0, 1, 1, 1, 1))))


def _both(tmp_path: Path, number: int) -> tuple[World, list[Party]]:
    url = f"sqlite:///{tmp_path}/{number}.db"
    world = World.with_budget(SqlRepository(url))
    return world, [party(url, world), party(url, world)]


@pytest.mark.clause("A3.6")
def test_two_slices_in_every_order(tmp_path: Path) -> None:
    """Of two slices that together pass the limit, one goes to the general manager, in whatever order they step."""
    assert len(ORDERS) == 70
    for number, order in enumerate(ORDERS):
        world, parties = _both(tmp_path, number)
        payee = world.gift().payee
        forms = [world.gift("30000.00", payee=payee) for _ in parties]
        acts = [_apply(p, form, number, i) for i, (p, form) in enumerate(zip(parties, forms, strict=True))]
        ids = [str(answer) for answer in play(parties, acts, order)]
        chosen = sorted(world.desk.document(id).round.deciding_units for id in ids)
        offices = sorted(world.desk.document(id).round.chain[-1].office for id in ids)
        assert chosen == [3000000, 6000000], order
        assert offices == ["deputy_in_charge", "general_manager"], order
        _close(world, parties)


def _apply(p: Party, form: Application, number: int, i: int) -> Callable[[], str]:
    return lambda: p.world.desk.spending.apply(form, actor="li.na", key=f"{number}-{i}").id


@pytest.mark.clause("B2.1", "A4.2", "A3.4")
@pytest.mark.parametrize("fight", ["last money", "pay pay", "amend pay", "withdraw pay"])
def test_two_acts_in_every_order(tmp_path: Path, fight: str) -> None:
    """Whatever two people do to one line or one document at once comes out as one after the other."""
    for number, order in enumerate(ORDERS):
        world, parties = _both(tmp_path, number)
        answers = play(parties, _fight(world, parties, fight, number), order)
        refused = [answer for answer in answers if isinstance(answer, tuple)]
        assert len(refused) == 1, (fight, order, answers)
        assert verify(world.desk.env.repository).breaks == (), (fight, order)
        assert all(line.available >= 0 for line in world.desk.lines())
        _close(world, parties)


def _fight(world: World, parties: list[Party], fight: str, number: int) -> list[Callable[[], object]]:
    one, two = (p.world.desk.spending for p in parties)
    if fight == "last money":
        forms = [world.gift("150000.00") for _ in parties]
        return [_apply(p, form, number, i) for i, (p, form) in enumerate(zip(parties, forms, strict=True))]
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    whole = world.instruction(form)

    def pay() -> object:
        return one.pay(id, whole, actor="cashier", key="one").id

    others: dict[str, Callable[[], object]] = {
        "pay pay": lambda: two.pay(id, whole, actor="cashier", key="two").id,
        "amend pay": lambda: two.revise(id, form, actor="li.na").id,
        "withdraw pay": lambda: two.withdraw(id, actor="li.na").id,
    }
    return [pay, others[fight]]


def _close(world: World, parties: list[Party]) -> None:
    for repository in (world.desk.env.repository, *(p.store for p in parties)):
        getattr(repository, "close")()  # noqa: B009  # SQLite's own, which the port does not know
