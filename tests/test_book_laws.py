"""`verify` derives each posting again: what stands for nothing, or says otherwise than what it comes from, is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import attrs
import pytest

from expense_adapters.memory import MemoryRepository
from expense_policy.domain import bookkeeping
from expense_policy.domain.accounting import RecordedCost
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.holds import Move
from expense_policy.domain.posting import Posting, Source
from expense_policy.services import allocating, recording
from expense_policy.services.verification import verify

from . import books
from .books import JANUARY
from .test_allocation_rules import Sharing
from .world import World, cny


def broken(world: World) -> set[tuple[str, str]]:
    """Subjects and laws of what `verify` finds."""
    return {(each.subject, each.law) for each in verify(world.desk.env.repository).breaks}


def paid(world: World) -> str:
    """A gift that is paid."""
    form = world.gift("100.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form)
    return id


def forged(source: Source, number: int = 1, document: str = "ghost", **said: Any) -> Posting:
    """A posting that no act makes."""
    return attrs.evolve(books.posting(document, number, 50_000, JANUARY), source=source, **said)


def known(world: World, amount: str, **said: Any) -> None:
    """A cost is recorded, and then posted again beside it, otherwise."""
    world.desk.costs.record([RecordedCost("card", date(2026, 1, 3), "marketing", "sms", cny(amount))], actor="officer")
    posting = forged(Source.RECORDED, reference="card", on=date(2026, 1, 3), type="sms", **said)
    post(world, attrs.evolve(posting, category="communication", account="6601.0303"))


def undone(world: World, **said: Any) -> None:
    """A recorded posting is undone, otherwise than it stands."""
    first = forged(Source.RECORDED)
    books.post(world, "ghost", first, attrs.evolve(first, number=2, reverses=1, **{"units": -50_000, **said}))


def post(world: World, *postings: Posting) -> None:
    """Written as they are, without a key."""
    moves = tuple([Move(line, month=JANUARY) for line in {each.line: None for each in postings}])
    books.write(world, postings[0].document, facts=postings, moves=moves)


Forging = Callable[[World, str], object]
FORGED: dict[str, tuple[Forging, str]] = {
    "a cost of no document": (lambda w, id: post(w, forged(Source.INCURRED)), "incurred 1 stands for nothing"),
    "the end of no document": (lambda w, id: post(w, forged(Source.FINAL)), "final 1 stands for nothing"),
    "a payment of no document": (lambda w, id: post(w, forged(Source.PAID)), "is of no payment"),
    "a payment more": (lambda w, id: post(w, forged(Source.PAID, 9, id)), "is of no payment"),
    "a set-off of what is paid": (lambda w, id: post(w, forged(Source.SET_OFF, 1, id)), "is of no payment"),
    "a cost on a line of another": (
        lambda w, id: post(w, forged(Source.INCURRED, 9, id, line="mkt-gifts-2")),
        "incurred 9 stands for nothing",
    ),
    "shares of no result": (
        lambda w, id: post(w, forged(Source.ALLOCATED), forged(Source.ALLOCATED, 2, units=-50_000)),
        "allocated 2 stands for nothing",
    ),
    "a cost that nobody recorded": (
        lambda w, id: post(w, forged(Source.RECORDED)),
        "recorded 1 stands for nothing",
    ),
    "a cost of another amount": (lambda w, id: known(w, "9.00", units=901), "recorded 1 stands for nothing"),
    "an undoing of another department": (
        lambda w, id: undone(w, department="customer_service"),
        "recorded 2 is not what it undoes",
    ),
    "an undoing of a part": (lambda w, id: undone(w, units=-40_000), "recorded 2 is not what it undoes"),
}


@pytest.mark.clause("R1.1", "G3.4")
@pytest.mark.parametrize("what", FORGED)
def test_a_posting_that_stands_for_nothing_is_named(what: str) -> None:
    """No posting stands by itself: each has its document, payment, key, result, or what it undoes."""
    world = World.with_budget(MemoryRepository())
    forge, said = FORGED[what]
    id = paid(world)
    assert broken(world) == set()
    forge(world, id)
    assert any(said in each.message for each in verify(world.desk.env.repository).breaks)


WRONG: dict[str, Any] = {
    "month": books.DECEMBER,
    "on": date(2026, 1, 2),
    "department": "after_sales_support",
    "project": "spring",
    "category": "training",
    "type": "service_training",
    "account": "9999",
}


def made(monkeypatch: pytest.MonkeyPatch, where: Any, field: str) -> None:
    """From now on an act's postings say something else."""
    change = {field: WRONG[field]}
    monkeypatch.setattr(where, "Posting", lambda *given, **said: attrs.evolve(Posting(*given, **said), **change))


def gift(world: World) -> None:
    """A gift is paid, used and settled."""
    id = paid(world)
    world.desk.spending.settle(id, (GiftIssued(date(2026, 1, 5), "c-1", 1),), actor="li.na", reason="Given at once.")


@pytest.mark.clause("R1.1", "R1.4", "G2.2", "G3.4")
@pytest.mark.parametrize("field", WRONG)
def test_a_posting_that_says_otherwise_is_named(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Day, month, who bears it, type and account of each posting are those of the round or the act it comes from."""
    world = World.with_budget(MemoryRepository())
    made(monkeypatch, bookkeeping, field)
    gift(world)
    assert "I26" in {law for _, law in broken(world)}


@pytest.mark.clause("R1.1", "R1.2", "G3.4")
@pytest.mark.parametrize("field", WRONG)
@pytest.mark.parametrize("where", [recording, allocating], ids=["recorded", "allocated"])
def test_what_finance_posts_otherwise_is_named(where: Any, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of costs that were paid elsewhere, and of shared ones, which are the parts of their result."""
    sharing = Sharing.of(World.with_policy(MemoryRepository()))
    assert broken(sharing.world) == set()
    made(monkeypatch, where, field)
    if where is recording:
        sharing.cost("new", cny("9.00"))
    else:
        sharing.allocate()
    assert {law for _, law in broken(sharing.world)} & {"I24", "I26"}


@pytest.mark.clause("R1.1", "R1.2", "R2.4", "G3.4")
def test_what_acts_post_is_derived(world: World) -> None:
    """Nothing is named of gifts used and settled, of costs recorded and undone, of shares allocated and undone."""
    gift(world)
    sharing = Sharing.of(world)
    world.desk.closing.close(JANUARY, actor="officer")
    world.desk.costs.reverse("marketing-6", actor="officer", reason="Twice.")
    id = sharing.allocate(cny("100.00"), month=books.JANUARY.plus(4)).id
    world.desk.allocations.reverse(id, actor="officer", reason="Wrong.")
    assert broken(world) == set()
