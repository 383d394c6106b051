"""Rules for shared costs, what they come to, and budgets held on the shares, through the desk (R1.2)."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from functools import partial
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expense_adapters.memory import MemoryRepository
from expense_policy import verify
from expense_policy.codec import dump, load
from expense_policy.domain.accounting import RecordedCost
from expense_policy.domain.allocation import Allocation, Method, Used
from expense_policy.domain.allocation_rule import (
    Allocated,
    AllocationBasis,
    AllocationRule,
    AllocationTerms,
    Pool,
    Receiver,
    rule_card,
)
from expense_policy.domain.application import Share
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.cards import BOOKS, Card, Paper
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.content import canonical
from expense_policy.domain.money import Money
from expense_policy.domain.periods import Month
from expense_policy.domain.posting import Posting, Source
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Code, Refused
from expense_policy.ports.errors import Conflict, NotFound
from expense_policy.ports.repository import Fact, Guard, Look, Sum
from expense_policy.services.allocating import reversal
from expense_policy.services.engine import Effects, Receipt, Scene, looked, wanted
from expense_policy.services.spending import Acts

from .test_spine import codes
from .world import World, cny

JUNE = Month(2026, 6)
OFFICER = "officer"


def by_heads(effective: date = date(2026, 1, 1), *, marketing: str = "12", **changes: Any) -> AllocationTerms:
    """Three departments by their heads."""
    receivers = (
        Receiver("marketing", weight=marketing),
        Receiver("customer_service", weight="5"),
        Receiver("after_sales_support", weight="7"),
    )
    terms = AllocationTerms("Rent of the hall", effective, AllocationBasis.HEADCOUNT, receivers)
    return attrs.evolve(terms, **changes)


POOLED = AllocationTerms(
    "Help desk and training rooms",
    date(2026, 1, 1),
    AllocationBasis.USAGE,
    (Receiver("marketing"), Receiver("customer_service")),
    Method.RECIPROCAL,
    (Pool("desk", "after_sales_support"), Pool("rooms", "customer_service")),
    (
        Used("desk", "rooms", "20"),
        Used("desk", "marketing", "40"),
        Used("desk", "customer_service", "30.5"),
        Used("rooms", "desk", "15"),
        Used("rooms", "marketing", "105"),
    ),
)


@attrs.define
class Sharing:
    """A company with a rule, in the middle of June."""

    world: World

    @classmethod
    def of(cls, world: World) -> Sharing:
        world.on(date(2026, 6, 15))
        world.desk.allocations.rule("rent", by_heads(), actor=OFFICER)
        made = cls(world)
        for department in ("marketing", "customer_service", "after_sales_support"):
            for month in (5, 6):
                made.cost(f"{department}-{month}", cny("5000.00"), date(2026, month, 10), department)
        return made

    def cost(self, key: str, amount: Money, on: date = date(2026, 6, 10), department: str = "marketing") -> None:
        """A cost that was paid elsewhere: what is shared was borne by somebody before."""
        cost = RecordedCost(key, on, department, "venue_rental", amount)
        self.world.desk.costs.record((cost,), actor=OFFICER)

    def allocate(self, amount: Any = None, rule: str = "rent", key: str = "rent-06", **changes: Any) -> Receipt:
        """June's rent, which marketing paid."""
        given: dict[str, Any] = {"month": JUNE, "type": "venue_rental", "actor": OFFICER, "department": "marketing"}
        given |= changes
        return self.world.desk.allocations.allocate(rule, amount or cny("1000.00"), key=key, **given)

    def posted(self, id: str) -> list[Posting]:
        """Its postings, in order."""
        told = self.world.desk.written(id)
        found = [fact for _, facts in told for fact in facts if isinstance(fact, Posting)]
        return sorted(found, key=lambda each: each.number)

    def sums(self, month: Month = JUNE) -> dict[str, int]:
        """What was allocated of each department in a month of the books."""
        where = (("month", str(month)), ("source", "allocated"))
        asked = Sum("postings", ("department",), where)
        (found,) = self.world.desk.env.repository.look(Look(sums=(asked,))).sums
        return {department: units for (department,), units in found.items()}


@pytest.fixture
def sharing(world: World) -> Sharing:
    """On every store."""
    return Sharing.of(world)


@pytest.mark.clause("R1.2")
def test_a_cost_leaves_who_bore_it_and_reaches_the_receivers(sharing: Sharing) -> None:
    """One cost by weights: the postings add up to 0, and the paper holds rule, version, inputs, parts, who and when."""
    desk = sharing.world.desk
    receipt = sharing.allocate()
    posted = sharing.posted(receipt.id)
    assert sum(each.units for each in posted) == 0
    assert [(each.department, each.units) for each in posted] == [
        ("marketing", -100000),
        ("after_sales_support", 29167),
        ("customer_service", 20833),
        ("marketing", 50000),
    ]
    assert {(p.source, p.line, p.month, p.category, p.type) for p in posted} == {
        (Source.ALLOCATED, "", JUNE, "venue", "venue_rental")
    }
    paper = desk.allocations.result(receipt.id)
    assert (paper.rule, paper.version, paper.month, paper.by, paper.at) == ("rent", 1, JUNE, OFFICER, receipt.at)
    assert (paper.basis, paper.department, paper.project) == (AllocationBasis.HEADCOUNT, "marketing", None)
    assert [(part.to, str(part.amount), part.odd) for part in paper.allocation.parts] == [
        ("after_sales_support", "291.67", True),
        ("customer_service", "208.33", False),
        ("marketing", "500.00", False),
    ]
    assert desk.allocations.results(JUNE) == [receipt.id]
    assert verify(desk.env.repository).breaks == ()


@pytest.mark.clause("R1.2")
def test_pools_go_to_each_other_and_to_the_receivers(sharing: Sharing) -> None:
    """Pools of a usage rule: each leaves the department that bore it whole, and the receivers get the whole."""
    allocations = sharing.world.desk.allocations
    allocations.rule("services", POOLED, actor=OFFICER)
    pools = {"desk": cny("1000.00"), "rooms": cny("500.00")}
    receipt = sharing.allocate(pools, "services", department=None)
    assert sum(sharing.sums().values()) == 0
    left = [(p.department, p.units) for p in sharing.posted(receipt.id) if p.units < 0]
    assert left == [("after_sales_support", -100000), ("customer_service", -50000)]
    paper = allocations.result(receipt.id)
    assert sum(part.units for part in paper.allocation.received.values()) == 150000
    assert {part.pool for part in paper.allocation.parts} == {""}


@pytest.mark.clause("R1.2")
def test_a_credit_is_allocated_as_its_cost_was(sharing: Sharing) -> None:
    """What comes back of a shared cost goes out in the opposite parts, to the unit."""
    terms = by_heads(receivers=by_heads().receivers[1:])
    sharing.world.desk.allocations.rule("others", terms, actor=OFFICER)
    sharing.allocate(cny("5000.00"), "others")
    sharing.cost("refund", cny("-1000.01"))
    credit = sharing.allocate(cny("-1000.01"), "others", key="refund")
    parts = sharing.world.desk.allocations.result(credit.id).allocation.parts
    assert [(str(part.amount), part.odd) for part in parts] == [("-583.34", True), ("-416.67", False)]


@pytest.mark.clause("R1.2")
def test_a_rule_has_versions(sharing: Sharing) -> None:
    """A new version counts from its day on; the older ones stay, for the months before, and nothing is rewritten."""
    desk = sharing.world.desk
    before = sharing.allocate()
    desk.allocations.rule("rent", by_heads(date(2026, 7, 1), marketing="24"), actor=OFFICER)
    (card,) = desk.allocations.rules()
    assert (card.id, card.version, len(card.versions)) == (rule_card("rent"), 2, 2)
    assert desk.allocations.known("rent") == card
    with pytest.raises(NotFound):
        desk.allocations.known("none")
    again = sharing.allocate(key="again")
    sharing.world.on(date(2026, 7, 31))
    sharing.cost("july", cny("1000.00"), date(2026, 7, 1))
    later = sharing.allocate(key="rent-07", month=Month(2026, 7))
    found = [desk.allocations.result(each.id) for each in (before, again, later)]
    assert [each.version for each in found] == [1, 1, 2]
    assert found[0].allocation == found[1].allocation
    assert [str(part) for part in found[2].allocation.received.values()] == ["194.44", "138.89", "666.67"]
    for effective in (date(2026, 7, 1), date(2026, 5, 1)):
        with pytest.raises(Refused) as refused:
            desk.allocations.rule("rent", by_heads(effective), actor=OFFICER)
        assert codes(refused) == {Code.ALLOCATION_NOT_LATER}


@pytest.mark.clause("R1.2")
def test_a_result_is_undone_whole_and_once(sharing: Sharing) -> None:
    """A reversal mirrors each posting and points to it; there is no second one, and none of a part."""
    allocations = sharing.world.desk.allocations
    id = sharing.allocate().id
    receipt = allocations.reverse(id, actor=OFFICER, reason="Wrong month", key="undo")
    posted = sharing.posted(id)
    assert [(each.number, each.reverses, each.units) for each in posted[4:]] == [
        (each.number + 4, each.number, -each.units) for each in posted[:4]
    ]
    assert set(sharing.sums().values()) == {0}
    assert allocations.reverse(id, actor=OFFICER, reason="Wrong month", key="undo") == receipt
    with pytest.raises(Refused) as refused:
        allocations.reverse(id, actor=OFFICER, reason="Again")
    assert codes(refused) == {Code.ALLOCATION_REVERSED}
    assert allocations.result(id).number == 1, "the result stays as it was written"
    assert verify(sharing.world.desk.env.repository).breaks == ()


@pytest.mark.clause("R1.2")
def test_a_closed_month_is_corrected_in_the_next(sharing: Sharing) -> None:
    """What belongs to a closed month, result or reversal, stands in the next open one as a correction of it."""
    early = sharing.allocate(month=Month(2026, 5))
    sharing.world.desk.closing.close(Month(2026, 5), actor=OFFICER)
    late = sharing.allocate(month=Month(2026, 5), key="late")
    sharing.world.desk.allocations.reverse(early.id, actor=OFFICER, reason="Wrong heads")
    corrections = [*sharing.posted(late.id), *[p for p in sharing.posted(early.id) if p.reverses]]
    assert {(p.month, p.corrects) for p in corrections} == {(JUNE, Month(2026, 5))}
    assert sharing.world.desk.allocations.result(late.id).month == Month(2026, 5)


@pytest.mark.clause("R1.2")
def test_no_more_is_allocated_than_was_borne(sharing: Sharing) -> None:
    """Of a month and type no more leaves anybody than he has of it, less what left him before; corrections count."""
    sharing.world.desk.closing.close(Month(2026, 5), actor=OFFICER)
    sharing.cost("late", cny("0.01"), date(2026, 5, 31))
    may: dict[str, Any] = {"month": Month(2026, 5)}
    with pytest.raises(Refused) as refused:
        sharing.allocate(cny("5000.02"), **may)
    (found,) = refused.value.refusals
    facts = dict(found.facts)
    assert found.code is Code.ALLOCATION_EXCEEDS
    assert (facts["borne"], facts["asked"]) == (cny("5000.01"), cny("5000.02"))
    terms = by_heads(receivers=(Receiver("customer_service"),), basis=AllocationBasis.EQUAL)
    sharing.world.desk.allocations.rule("all", terms, actor=OFFICER)
    id = sharing.allocate(cny("5000.01"), "all", **may).id
    for amount in ("0.01", "-0.01"):
        with pytest.raises(Refused) as refused:
            sharing.allocate(cny(amount), "all", key="twice", **may)
        assert codes(refused) == {Code.ALLOCATION_EXCEEDS}
    sharing.world.desk.allocations.reverse(id, actor=OFFICER, reason="Wrong rule")
    sharing.allocate(cny("5000.01"), key="anew", **may)


def _to(*receivers: str, effective: date = date(2026, 1, 1)) -> AllocationTerms:
    return AllocationTerms("Shares", effective, AllocationBasis.EQUAL, tuple(map(Receiver, receivers)))


@pytest.mark.clause("R1.2")
def test_what_a_rule_left_stays(sharing: Sharing) -> None:
    """What a rule left with whoever bore a cost is not allocated again, in whole or in part, by whatever rule."""
    desk = sharing.world.desk
    desk.allocations.rule("all", _to("customer_service"), actor=OFFICER)
    sharing.allocate(cny("5000.00"))
    for rule in ("rent", "all"):
        for amount in ("2500.00", "0.01", "-0.01"):
            with pytest.raises(Refused) as refused:
                sharing.allocate(cny(amount), rule, key="again")
            assert codes(refused) == {Code.ALLOCATION_EXCEEDS}
    sharing.cost("credit", cny("-500.00"))
    sharing.allocate(cny("-500.00"), key="credit")
    assert sharing.sums()["marketing"] == -500000 + 250000 + 50000 - 25000
    with pytest.raises(Refused):
        sharing.allocate(cny("0.01"), key="again")


@pytest.mark.clause("R1.2")
def test_what_was_passed_on_is_not_undone(sharing: Sharing) -> None:
    """What a result brought to somebody who allocated it on is undone after that, and never before it."""
    desk, all_of_it = sharing.world.desk, {"month": JUNE, "type": "venue_rental", "actor": OFFICER}
    desk.allocations.rule("service", _to("customer_service"), actor=OFFICER)
    desk.allocations.rule("support", _to("after_sales_support"), actor=OFFICER)
    first = sharing.allocate(cny("5000.00"), "service").id
    second = sharing.allocate(cny("5000.01"), "support", "on", department="customer_service", **all_of_it).id
    with pytest.raises(Refused) as refused:
        desk.allocations.reverse(first, actor=OFFICER, reason="Wrong")
    (found,) = refused.value.refusals
    assert (found.code, dict(found.facts)["left"]) == (Code.ALLOCATION_PASSED_ON, cny("4999.99"))
    assert desk.would.allocations.reverse(first, actor=OFFICER, reason="Wrong").refusals == (found,)
    for id in (second, first):
        desk.allocations.reverse(id, actor=OFFICER, reason="Wrong")
    assert set(sharing.sums().values()) == {0}
    assert sharing.allocate(cny("5000.00"), "support", "anew")
    # A recorded cost that is undone is a credit of whoever bore it, which is allocated in its turn.
    desk.costs.reverse("marketing-6", actor=OFFICER, reason="Wrong")
    assert sharing.allocate(cny("-5000.00"), "support", "credit")


@pytest.mark.clause("R1.2")
def test_no_version_reaches_back(sharing: Sharing) -> None:
    """A version that would change what a closed month, or one that the rule has allocated, goes by is refused."""
    desk = sharing.world.desk
    enter = partial(desk.allocations.rule, actor=OFFICER)
    enter("other", _to("marketing"))
    desk.closing.close(Month(2026, 5), actor=OFFICER)
    id = sharing.allocate().id
    for rule, day, month in (
        ("rent", date(2026, 6, 30), JUNE),
        ("rent", date(2026, 4, 2), JUNE),
        ("other", date(2026, 5, 31), Month(2026, 5)),
    ):
        with pytest.raises(Refused) as refused:
            enter(rule, _to("marketing", effective=day))
        (found,) = refused.value.refusals
        assert (found.code, dict(found.facts)["month"]) == (Code.ALLOCATION_BACKDATED, str(month))
    desk.allocations.reverse(id, actor=OFFICER, reason="Wrong heads")
    assert not desk.would.allocations.rule("rent", _to("marketing", effective=date(2026, 6, 1)), actor=OFFICER).allowed
    enter("rent, June", _to("marketing", effective=date(2026, 6, 1)))
    enter("other", _to("customer_service", effective=date(2026, 6, 1)))
    enter("rent", _to("marketing", effective=date(2026, 7, 1)))
    assert sharing.allocate(rule="rent, June", key="anew")


@pytest.mark.clause("R1.2")
@settings(deadline=None)
@given(data=st.data())
def test_each_cost_goes_out_of_a_place_once(data: st.DataObject) -> None:
    """Whatever is allocated and undone in whatever order, no more leaves a place than it bore and others passed to it.

    What is left of that is what may go out yet, to the unit: no cost is held back either.
    """
    sharing = Sharing.of(World.with_budget(MemoryRepository()))
    desk, places = sharing.world.desk, ("marketing", "customer_service", "after_sales_support")
    rules = [places[:1], places[1:], places[2:], places[:2], places]
    for n, receivers in enumerate(rules):
        desk.allocations.rule(f"rule {n}", _to(*receivers), actor=OFFICER)
    bore, done = Counter(dict.fromkeys(places, 500000)), dict[str, tuple[str, int, dict[str, int]]]()
    for n in range(data.draw(st.integers(2, 12))):
        left = Counter(bore)
        for bearer, units, parts in done.values():
            left[bearer] -= units
            left.update({to: part for to, part in parts.items() if to != bearer})
        assert min(left.values()) >= 0
        if done and data.draw(st.integers(0, 3)) == 0:
            id = data.draw(st.sampled_from([*done]))
            bearer, _, parts = done[id]
            fits = all(part <= left[to] for to, part in parts.items() if to != bearer)
            decision = desk.would.allocations.reverse(id, actor=OFFICER, reason="Wrong")
            assert {each.code for each in decision.refusals} == (set() if fits else {Code.ALLOCATION_PASSED_ON})
            if fits:
                desk.allocations.reverse(id, actor=OFFICER, reason="Wrong")
                del done[id]
            continue
        of, bearer = data.draw(st.integers(0, len(rules) - 1)), data.draw(st.sampled_from(places))
        units = max(1, left[bearer] + data.draw(st.sampled_from((-99999, -1, 0, 0, 1))))
        if units > left[bearer]:
            with pytest.raises(Refused):
                sharing.allocate(Money(units, "CNY"), f"rule {of}", f"key {n}", department=bearer)
            continue
        id = sharing.allocate(Money(units, "CNY"), f"rule {of}", f"key {n}", department=bearer).id
        received = desk.allocations.result(id).allocation.received
        done[id] = (bearer, units, {name: part.units for name, part in received.items()})


@pytest.mark.clause("R1.2")
def test_an_allocation_is_done_once(sharing: Sharing) -> None:
    """The same key with the same request gives the same receipt and does nothing twice; with another it is an error."""
    receipt = sharing.allocate()
    assert sharing.allocate() == receipt
    assert len(sharing.world.desk.allocations.results(JUNE)) == 1
    with pytest.raises(ValueError, match="another request"):
        sharing.allocate(cny("2000.00"))


@pytest.mark.clause("R1.2", "G3.3")
def test_only_finance_enters_allocates_and_reverses(sharing: Sharing) -> None:
    """Each act is a finance officer's, and is refused with everything else that speaks against it."""
    allocations, would = sharing.world.desk.allocations, sharing.world.desk.would.allocations
    id = sharing.allocate().id
    terms = by_heads(receivers=(Receiver("canteen"), Receiver("marketing", "fair")), basis=AllocationBasis.EQUAL)
    with pytest.raises(Refused) as refused:
        allocations.rule("canteen", terms, actor="li.na")
    found = refused.value.refusals
    assert codes(refused) == {Code.OFFICE_NOT_HELD, Code.DEPARTMENT_OUT_OF_SCOPE, Code.PROJECT_UNKNOWN}
    assert would.rule("canteen", terms, actor="li.na").refusals == found
    wrong: dict[str, Any] = {"month": Month(2026, 7), "type": "yacht", "department": "canteen", "actor": "li.na"}
    with pytest.raises(Refused) as refused:
        allocations.allocate("none", cny("1.00"), key="wrong", **wrong)
    assert codes(refused) == {
        Code.OFFICE_NOT_HELD,
        Code.DEPARTMENT_OUT_OF_SCOPE,
        Code.ALLOCATION_EARLY,
        Code.ALLOCATION_UNKNOWN,
        Code.TYPE_UNKNOWN,
    }
    assert would.allocate("none", cny("1.00"), **wrong).refusals == refused.value.refusals
    with pytest.raises(Refused) as refused:
        allocations.reverse(id, actor="li.na", reason=" ")
    assert codes(refused) == {Code.OFFICE_NOT_HELD, Code.REASON_MISSING}
    assert would.reverse(id, actor="li.na", reason=" ").refusals == refused.value.refusals
    assert sharing.posted(id) == sharing.posted(id)[:4], "nothing was undone"


@pytest.mark.clause("R1.2")
def test_before_its_first_day_a_rule_allocates_nothing(sharing: Sharing) -> None:
    """A month that ended before the first version is refused, with the day that lacks one."""
    with pytest.raises(Refused) as refused:
        sharing.allocate(month=Month(2025, 12))
    (found,) = refused.value.refusals
    assert (found.code, dict(found.facts)["day"]) == (Code.ALLOCATION_UNKNOWN, "2025-12-31")


def test_what_is_no_allocation_is_the_callers_mistake(sharing: Sharing) -> None:
    """A wrong type, an amount of nothing, pools of another rule, another currency: told at once, as an error."""
    allocations = sharing.world.desk.allocations
    allocations.rule("services", POOLED, actor=OFFICER)
    pools = {"desk": cny("1.00"), "rooms": cny("2.00")}
    for error, changes in (
        (ValueError, {"amount": cny("0.00")}),
        (ValueError, {"department": None}),
        (ValueError, {"amount": pools, "department": None}),
        (ValueError, {"rule": "services"}),
        (ValueError, {"rule": "services", "amount": pools}),
        (ValueError, {"rule": "services", "amount": {"desk": cny("1.00")}, "department": None}),
        (ValueError, {"amount": Money(1, "EUR")}),
        (ValueError, {"rule": ""}),
        (TypeError, {"month": "2026-06"}),
        (TypeError, {"amount": {"desk": 1.5}, "department": None}),
    ):
        with pytest.raises(error):
            sharing.allocate(**{"key": "wrong", **changes})  # type: ignore[arg-type]  # what is tried is what is wrong
    for id in ("allocation:none", "none", rule_card("rent")):
        with pytest.raises(NotFound):
            allocations.result(id)
        with pytest.raises(NotFound):
            allocations.reverse(id, actor=OFFICER, reason="?")
    with pytest.raises(TypeError):
        allocations.rule("rent", "terms", actor=OFFICER)  # type: ignore[arg-type]  # no terms


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, "a name"),
        ({"basis": AllocationBasis.EQUAL}, "equal shares"),
        ({"method": Method.STEP_DOWN}, "without pools"),
        ({"receivers": ()}, "at least one"),
        ({"receivers": (Receiver("a"), Receiver("a", weight="2"))}, "once"),
    ],
)
def test_terms_say_one_thing(changes: dict[str, Any], said: str) -> None:
    """Terms whose parts contradict each other are none."""
    with pytest.raises(ValueError, match=said):
        by_heads(**changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"basis": AllocationBasis.REVENUE}, "by usage"),
        ({"receivers": (Receiver("marketing"),)}, "one of the receivers"),
        ({"receivers": (*POOLED.receivers, Receiver("after_sales_support"))}, "each receiver uses one"),
        ({"receivers": (Receiver("marketing", weight="2"), POOLED.receivers[1])}, "no weights"),
    ],
)
def test_terms_of_pools_say_one_thing(changes: dict[str, Any], said: str) -> None:
    """Terms of pools whose parts contradict each other are none."""
    with pytest.raises(ValueError, match=said):
        attrs.evolve(POOLED, **changes)


def test_terms_that_could_never_allocate_are_not_entered(sharing: Sharing) -> None:
    """Weights of nothing but 0, and pools that serve only each other, are told when the rule is entered."""
    allocations = sharing.world.desk.allocations
    with pytest.raises(ValueError, match="nobody"):
        allocations.rule("zero", by_heads(receivers=(Receiver("marketing", weight="0"),)), actor=OFFICER)
    used = (Used("desk", "rooms", "1"), Used("rooms", "desk", "1"), Used("desk", "marketing", "0"))
    stuck = attrs.evolve(POOLED, receivers=POOLED.receivers[:1], used=used)
    with pytest.raises(ValueError, match="serve only each other"):
        allocations.rule("stuck", stuck, actor=OFFICER)


@pytest.mark.clause("R1.2")
def test_rules_and_results_are_kept_as_they_are() -> None:
    """What is loaded of a rule and a result is what was kept, canonical bytes and all."""
    sharing = Sharing.of(World.with_budget(MemoryRepository()))
    sharing.world.desk.allocations.rule("services", POOLED, actor=OFFICER)
    pools = {"desk": cny("1000.00"), "rooms": cny("500.01")}
    for receipt in (sharing.allocate(), sharing.allocate(pools, "services", "pools", department=None)):
        paper = sharing.world.desk.allocations.result(receipt.id)
        kept = load(dump(paper, Paper), Paper)
        assert isinstance(kept, Allocated)
        assert canonical(kept) == canonical(paper)
        assert kept.row() == paper.row()
    for card in sharing.world.desk.allocations.rules():
        read = load(dump(card, Card), Card)
        assert isinstance(read, AllocationRule)
        assert (canonical(read), read.row()) == (canonical(card), card.row())


@pytest.mark.clause("R1.2")
def test_two_reversals_at_once_are_one(sharing: Sharing) -> None:
    """Of two who decide to undo the same result at the same instant one does, and the other is refused."""
    engine = sharing.world.desk.allocations._engine
    id = sharing.allocate().id
    acts = [reversal(engine, id, OFFICER, "Wrong") for _ in range(2)]
    scenes = [engine.scene(partial(looked, act, None, ()), act.subject) for act in acts]
    batches = [engine.decided(act, scene, None) for act, scene in zip(acts, scenes, strict=True)]
    engine.env.repository.commit(batches[0])  # type: ignore[arg-type]  # both were decided on
    with pytest.raises(Conflict):
        engine.env.repository.commit(batches[1])  # type: ignore[arg-type]  # as above
    with pytest.raises(Refused) as refused:
        engine.perform(acts[1])
    assert codes(refused) == {Code.ALLOCATION_REVERSED}


class Misallocate:
    """Writes what no allocation comes to."""

    name, subject, actor, reason = "allocate", "allocation:forged", OFFICER, None

    def __init__(self, facts: tuple[Fact, ...]) -> None:
        self.facts = facts

    def look(self, at: datetime, policy: object) -> Look:
        return Look(guards=(BOOKS,))

    def decide(self, scene: Scene) -> Effects:
        return Effects(guards=(Guard(BOOKS, scene.seen.guards.get(BOOKS, 0)),), facts=self.facts)


@pytest.mark.clause("R1.2", "G3.4")
def test_an_allocation_that_does_not_add_up_is_found(sharing: Sharing) -> None:
    """`verify` works every result out again, and names one whose postings are not 0 or whose parts are others (I24)."""
    engine = sharing.world.desk.allocations._engine
    id = sharing.allocate().id
    paper, posted = sharing.world.desk.allocations.result(id), sharing.posted(id)
    parts = paper.allocation.parts
    swapped = (attrs.evolve(parts[0], to=parts[1].to), attrs.evolve(parts[1], to=parts[0].to), parts[2])
    forged = attrs.evolve(paper, document=Misallocate.subject, allocation=Allocation(paper.allocation.costs, swapped))
    engine.perform(Misallocate((forged, *[attrs.evolve(each, document=Misallocate.subject) for each in posted[1:]])))
    found = verify(engine.env.repository).breaks
    assert {(each.subject, each.law) for each in found} == {(Misallocate.subject, "I24")}
    assert len(found) == 3


# A budget held on the shares.


HALL = by_heads(receivers=(Receiver("marketing", weight="2"), Receiver("customer_service", "fair", "1")))


@pytest.fixture
def shared_form(world: World) -> Any:
    """Marketing's gift for 100.00, a third of it borne by a project of customer service."""
    fair = Project("fair", "Fair", ("marketing", "customer_service"), date(2026, 1, 1), date(2026, 12, 31))
    world.desk.projects.open(fair, actor="head.mkt")
    lines = (
        PlanLine("cs-fair", "care_gifts", "Gifts at the fair", cny("5000.00"), "fair"),
        PlanLine("cs-gifts", "care_gifts", "Gifts", cny("5000.00")),
    )
    world.sign_all(world.desk.budgeting.file(BudgetPlan("customer_service", 2026, lines), actor="chen").id)
    world.desk.allocations.rule("fair", HALL, actor=OFFICER)
    shares = (
        Share("mkt-gifts", cny("66.00")),
        Share("mkt-gifts-2", cny("0.67")),
        Share("cs-fair", cny("33.33"), "customer_service", "fair"),
    )
    return world.gift("100.00", shares=shares, allocation="fair")


@pytest.mark.clause("R1.2", "B2.1")
def test_a_budget_is_held_on_the_shares(world: World, shared_form: Any) -> None:
    """An application under a rule holds money on each department's line from the start, and pays from each."""
    receipt = world.apply(shared_form)
    lines = {line.id: line.reserved for line in world.desk.lines()}
    assert (lines["mkt-gifts"], lines["mkt-gifts-2"], lines["cs-fair"]) == (6600, 67, 3333)
    world.sign_all(receipt.id)
    world.pay(receipt.id, shared_form)
    asked = Sum("postings", ("department", "project"), (("month", "2026-01"), ("source", "paid")))
    (posted,) = world.desk.env.repository.look(Look(sums=(asked,))).sums
    assert posted == {("marketing", ""): 6667, ("customer_service", "fair"): 3333}
    spent = {line.id: line.spent for line in world.desk.lines()}
    assert (spent["mkt-gifts"], spent["mkt-gifts-2"], spent["cs-fair"]) == (6600, 67, 3333)
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("R1.2")
def test_what_was_shared_from_the_start_stays(world: World, shared_form: Any) -> None:
    """What an application under a rule cost is shared already: nothing of it is allocated again."""
    id = world.apply(shared_form).id
    world.sign_all(id)
    world.pay(id, shared_form)
    world.on(date(2026, 1, 30))
    world.desk.spending.settle(id, (GiftIssued(date(2026, 1, 24), "C1"),), actor="li.na")
    world.desk.allocations.rule("all", _to("after_sales_support"), actor=OFFICER)
    of = {"month": Month(2026, 1), "type": shared_form.type, "actor": OFFICER, "key": "again"}
    for department, project in (("marketing", None), ("customer_service", "fair")):
        with pytest.raises(Refused) as refused:
            world.desk.allocations.allocate("all", cny("0.01"), department=department, project=project, **of)
        (found,) = refused.value.refusals
        assert (found.code, dict(found.facts)["borne"]) == (Code.ALLOCATION_EXCEEDS, cny("0.00"))
    assert world.desk.accounts(Month(2026, 1)).total == 10000


@pytest.mark.clause("R1.2")
def test_the_shares_are_the_rules(world: World, shared_form: Any) -> None:
    """Shares a unit off, on another line, or without the rule are refused, with the parts that the rule gives."""
    less, more = cny("66.66"), cny("33.34")
    off = (Share("mkt-gifts", less), Share("cs-fair", more, "customer_service", "fair"))
    with pytest.raises(Refused) as refused:
        world.apply(attrs.evolve(shared_form, shares=off))
    (found,) = refused.value.refusals
    assert found.code is Code.ALLOCATION_DIFFERS
    assert "customer_service/fair 33.33, marketing 66.67" in found.text()
    right = (Share("mkt-gifts", cny("66.67")), Share("cs-gifts", cny("33.33"), "customer_service"))
    for form, expected in (
        (attrs.evolve(shared_form, shares=right), {Code.ALLOCATION_DIFFERS}),
        (attrs.evolve(shared_form, allocation=None), {Code.LINE_MISMATCH, Code.PROJECT_OF_LINE}),
        (attrs.evolve(shared_form, allocation="none"), {Code.ALLOCATION_UNKNOWN}),
        (
            attrs.evolve(shared_form, shares=(Share("cs-fair", cny("100.00"), "customer_service"),)),
            {Code.PROJECT_OF_LINE, Code.ALLOCATION_DIFFERS},
        ),
        (
            world.gift("100.00", shares=(Share("mkt-gifts", cny("100.00"), project="fair"),)),
            {Code.PROJECT_OF_LINE},
        ),
        (
            attrs.evolve(shared_form, shares=(Share("mkt-gifts", cny("100.00"), "customer_service"),)),
            {Code.LINE_MISMATCH, Code.ALLOCATION_DIFFERS},
        ),
        (
            world.gift("100.00", shares=(Share("mkt-gifts", cny("100.00"), "customer_service"),)),
            {Code.LINE_MISMATCH},
        ),
    ):
        with pytest.raises(Refused) as refused:
            world.apply(form)
        assert codes(refused) == expected


@pytest.mark.clause("R1.2", "G2")
def test_a_share_out_of_scope_is_refused(world: World, shared_form: Any) -> None:
    """A department that the policy does not know bears nothing."""
    shares = (*shared_form.shares[:2], Share("cs-fair", cny("33.33"), "canteen"))
    with pytest.raises(Refused) as refused:
        world.apply(attrs.evolve(shared_form, shares=shares))
    assert Code.DEPARTMENT_OUT_OF_SCOPE in codes(refused)


@pytest.mark.clause("R1.2")
def test_a_rule_of_pools_splits_no_application(world: World) -> None:
    """What one application asks for is one cost: a rule of pools is refused."""
    world.desk.allocations.rule("services", POOLED, actor=OFFICER)
    with pytest.raises(Refused) as refused:
        world.apply(world.gift(allocation="services"))
    assert codes(refused) == {Code.ALLOCATION_OF_POOLS}


@pytest.mark.clause("R1.2")
def test_the_rule_of_the_day_is_a_condition(world: World, shared_form: Any) -> None:
    """A version that comes between look and commit makes the application look again, and judge by it."""
    engine = world.desk.allocations._engine
    act = Acts(engine).submit(None, shared_form, "li.na")
    key = wanted(act, "between", shared_form.digest)
    batch = engine.decided(act, engine.scene(partial(looked, act, key, ()), act.subject), key)
    world.on(date(2026, 1, 6))
    world.desk.allocations.rule("fair", attrs.evolve(HALL, effective=date(2026, 1, 6), name="Other"), actor=OFFICER)
    with pytest.raises(Conflict):
        engine.env.repository.commit(batch)  # type: ignore[arg-type]  # it was decided on
