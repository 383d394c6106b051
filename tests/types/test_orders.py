"""What is counted piece by piece: orders and tiers, minutes and hours, parts of a training (C1, C3.1, C4, C5)."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs
import pytest

from expense_policy.domain.categories.discount import Discount, DiscountGranted, DiscountLine
from expense_policy.domain.categories.phone import billed_minutes
from expense_policy.domain.categories.technical_support import cost
from expense_policy.domain.categories.threshold_reduction import ExpectedOrders, Reduced, ThresholdReduction, Tier
from expense_policy.domain.refusals import Code

from .company import Company
from .smallest import DAY, NONE, PLANS, USES, units

RULE = ThresholdReduction(
    (Tier(units(10_000), units(1_000)), Tier(units(20_000), units(2_500))), (ExpectedOrders(10, units(20_000)),)
)


def ready(company: Company, plan: Any) -> str:
    """An approved application of a plan, on the day of the uses."""
    company.on(date(2026, 1, 6))
    id = company.approved(plan)
    company.on(DAY)
    return id


@pytest.mark.clause("C1.2")
@pytest.mark.parametrize(
    ("amount", "due"), [(9_999, 0), (10_000, 1_000), (10_001, 1_000), (19_999, 1_000), (20_000, 2_500), (10**7, 2_500)]
)
def test_a_reduction_follows_from_the_rule(amount: int, due: int) -> None:
    """An order is reduced by its highest tier, once; any other reduction is refused, even with a reason."""
    company = Company.open()
    id = ready(company, RULE)
    assert RULE.reduction(units(amount)) == units(due)
    for reduction in {1, 999, 1_000, 1_001, 2_500, 3_500} | ({due} if due else set()):
        use = Reduced(DAY, "C1", "O-1", units(amount), units(reduction))
        found = company.would_use(id, use, reason="He is a friend.")
        if reduction == due:
            assert found == ()
            continue
        (refused,) = found
        assert (refused.code, refused.clause) == (Code.REDUCTION_DIFFERS, "C1.2")
        for text in (refused.text(), refused.text("zh")):
            for figure in ("O-1", str(units(amount)), str(units(reduction)), str(units(due))):
                assert figure in text


@pytest.mark.clause("C1.2", "C8")
def test_an_order_is_reduced_once() -> None:
    """An order stands in one use record of its type alone: not twice in one call, nor later, nor elsewhere."""
    company = Company.open()
    first, second = ready(company, RULE), ready(company, RULE)
    order = Reduced(DAY, "C1", "O-1", units(10_000), units(1_000))
    (twice,) = company.would_use(first, order, order, reason="Why not.")
    assert (twice.code, twice.clause) == (Code.ORDER_TAKEN, "C1.2")
    assert dict(twice.facts) == {"order": "O-1", "document": first}
    company.use(first, order)
    for id in (first, second):
        (found,) = company.would_use(id, attrs.evolve(order, recipient="C2"), reason="Why not.")
        assert dict(found.facts) == {"order": "O-1", "document": first}
        assert first in found.text()
        assert first in found.text("zh")
    assert company.would_use(second, attrs.evolve(order, order="O-2")) == ()


@pytest.mark.clause("C5.1", "C8")
def test_a_repair_order_stands_once() -> None:
    """A repair order stands in one use record alone, and an order of that number that was reduced is another thing."""
    company = Company.open()
    first, second = ready(company, PLANS["repair"]), ready(company, PLANS["repair"])
    reduced = ready(company, RULE)
    company.use(first, USES["repair"])
    (found,) = company.would_use(second, USES["repair"], reason="Why not.")
    assert (found.code, found.clause) == (Code.ORDER_TAKEN, "C5.1")
    assert company.would_use(reduced, Reduced(DAY, "C1", "R-1", units(10_000), units(1_000))) == ()


@pytest.mark.clause("C1.1", "C8")
def test_a_product_of_an_order_is_discounted_once() -> None:
    """An order names a product once; no other order and product are taken for them, however they are spelled."""
    lines = [DiscountLine(name, "toys", 5, units(1_000), NONE, units(100)) for name in ("C", "B C")]
    company = Company.open()
    id = ready(company, Discount(tuple(lines)))
    company.use(id, DiscountGranted(DAY, "C1", "A B", "C", 1))
    (found,) = company.would_use(id, DiscountGranted(DAY, "C2", "A B", "C", 2), reason="Why not.")
    assert (found.code, found.clause, dict(found.facts)["order"]) == (Code.ORDER_TAKEN, "C1.1", "A B C")
    # The same words, parted elsewhere.
    assert company.would_use(id, DiscountGranted(DAY, "C2", "A", "B C", 1)) == ()
    assert company.would_use(id, DiscountGranted(DAY, "C2", "A B", "B C", 1)) == ()


@pytest.mark.clause("C1.1", "C7", "C8")
@pytest.mark.parametrize(
    ("name", "field", "clause"), [("discount", "product", "C1.1"), ("promotional_materials", "item", "C7")]
)
def test_what_was_not_planned_is_not_recorded(name: str, field: str, clause: str) -> None:
    """A product or an item that does not stand in the plan has no price there, and is refused even with a reason."""
    company = Company.open()
    id = ready(company, PLANS[name])
    (found,) = company.would_use(id, attrs.evolve(USES[name], **{field: "rocket"}), reason="Why not.")
    assert (found.code, found.clause, dict(found.facts)) == (Code.USE_UNPLANNED, clause, {"item": "rocket"})
    assert "rocket" in found.text()
    assert "rocket" in found.text("zh")


@pytest.mark.clause("C1.3")
def test_no_more_is_issued_than_was_bought() -> None:
    """The last piece is issued, one more is not; each issue names its recipient, its day and the gift."""
    company = Company.open()
    id = ready(company, attrs.evolve(PLANS["giveaway"], quantity=3))
    (row,) = company.use(id, attrs.evolve(USES["giveaway"], quantity=2))
    assert (row.recipient, row.on, row.quantity, row.item, row.units) == ("C1", DAY, 2, "pen", 2)
    assert company.would_use(id, USES["giveaway"]) == ()
    (found,) = company.would_use(id, attrs.evolve(USES["giveaway"], quantity=2), reason="Why not.")
    assert found.code is Code.USE_EXCEEDS_APPROVAL
    gifts = company.form(PLANS["giveaway"]).shares[0]
    wrong = company.refusals(PLANS["giveaway"], shares=(attrs.evolve(gifts, line="care_gifts"),))
    assert [each.code for each in wrong] == [Code.LINE_MISMATCH], "on a promotion line, never a gift line"


@pytest.mark.clause("C3.1")
@pytest.mark.parametrize(
    ("seconds", "minutes"), [(1, 1), (59, 1), (60, 1), (61, 2), (119, 2), (120, 2), (121, 3), (1_800, 30)]
)
def test_a_call_is_billed_by_its_started_minutes(seconds: int, minutes: int) -> None:
    """A call costs its fee and each minute that was begun; its row keeps minutes, seconds and content."""
    company = Company.open()
    id = ready(company, attrs.evolve(PLANS["phone"], calls=10, minutes_each=30, fee=units(5), minute_rate=units(7)))
    (row,) = company.use(id, attrs.evolve(USES["phone"], seconds=seconds))
    assert (row.quantity, row.units) == (minutes, 5 + 7 * minutes)
    assert dict(row.detail)["seconds"] == str(seconds)
    assert dict(row.detail)["content"] == "How do you do"
    assert billed_minutes(seconds) == minutes


@pytest.mark.clause("C5.2")
@pytest.mark.parametrize(
    ("minutes", "rate", "units_"),
    [(1, 29, 0), (1, 30, 1), (1, 31, 1), (1, 89, 1), (1, 90, 2), (60, 24_001, 24_001), (7, 9_000, 1_050)],
)
def test_support_costs_its_hours(minutes: int, rate: int, units_: int) -> None:
    """Minutes at a rate an hour, a half unit rounded up."""
    assert cost(minutes, units(rate)) == units(units_)


@pytest.mark.clause("C5.2")
def test_each_complexity_has_its_rate() -> None:
    """A case costs the rate of its own complexity: 30 minutes at 240.01 an hour are 120.01."""
    company, plan = Company.open(), PLANS["technical_support"]
    planned = attrs.evolve(plan.expected[0], complexity="complex", minutes=30, hour_rate=units(24_001))
    plan = attrs.evolve(plan, expected=(*plan.expected, planned))
    assert plan.total == units(150 + 12_001)
    id = ready(company, plan)
    (row,) = company.use(
        id, attrs.evolve(USES["technical_support"], complexity="complex", minutes=30, hour_rate=units(24_001))
    )
    assert (row.units, row.quantity, dict(row.detail)["solution"]) == (12_001, 30, "Restarted")


@pytest.mark.clause("C4.1", "C4.2")
@pytest.mark.parametrize("name", ["product_training", "service_training"])
def test_a_training_is_borne_by_who_took_part(name: str) -> None:
    """What a training cost stands in equal parts with each participant, and adds up to it to the smallest unit."""
    field = "lecturer" if name == "product_training" else "setup"
    company = Company.open()
    id = ready(company, attrs.evolve(PLANS[name], **{field: units(100)}))
    rows = company.use(id, attrs.evolve(USES[name], participants=("P1", "P2", "P3"), cost=units(100)))
    assert [(row.recipient, row.quantity, row.units) for row in rows] == [("P1", 1, 34), ("P2", 1, 33), ("P3", 1, 33)]
    assert company.desk.document(id).used == 100


@pytest.mark.clause("C5.1")
def test_a_repair_costs_parts_labour_and_materials() -> None:
    """A repair's row names product, service and fault, and what each part of it cost."""
    company = Company.open()
    plan = PLANS["repair"]
    expected = attrs.evolve(plan.expected[0], quantity=2, parts=units(100), labour=units(20), materials=units(3))
    plan = attrs.evolve(plan, expected=(expected, attrs.evolve(expected, service="maintenance", quantity=1)))
    assert plan.total == units(369)
    id = ready(company, plan)
    (row,) = company.use(
        id, attrs.evolve(USES["repair"], parts=units(50), labour=units(20), materials=units(7), service="maintenance")
    )
    assert (row.units, row.item, row.recipient) == (77, "M-1", "C1")
    assert dict(row.detail) == {
        **{"order": "R-1", "service": "maintenance", "fault": "It leaks"},
        **{"parts": "0.50", "labour": "0.20", "materials": "0.07"},
    }
