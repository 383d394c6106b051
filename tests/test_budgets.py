"""Budgets through the year: drafted, estimated, late, negotiated (B1.1-B1.5)."""

from __future__ import annotations

import attrs
import pytest

from expense_policy.domain.budget import BudgetPlan, PlanLine, evenly
from expense_policy.domain.refusals import Code, Refused
from expense_policy.ports.repository import Repository
from expense_policy.testing.company import drafted

from .world import EXAMPLE, World, cny

BARE_LINE = PlanLine("gifts", "care_gifts", "Gifts", cny("100.00"))


@pytest.mark.clause("B1.3")
def test_each_line_of_a_draft_says_when_and_why(repository: Repository) -> None:
    """A draft whose lines lack months or the basis of their estimate is refused: each line with what it lacks."""
    world = World.with_policy(repository, policy=EXAMPLE)
    whole = drafted("tea", "care_gifts", "Tea", cny("10.00"))
    half = attrs.evolve(BARE_LINE, id="half", months=evenly(BARE_LINE.amount))
    with pytest.raises(Refused) as refused:
        world.desk.budgeting.file(BudgetPlan("marketing", 2026, (BARE_LINE, whole, half)), actor="mei")
    found = [(each.code, each.clause, dict(each.facts)) for each in refused.value.refusals]
    assert found == [
        (Code.LINE_NOT_ITEMISED, "B1.3", {"line": "gifts", "fields": "months, basis"}),
        (Code.LINE_NOT_ITEMISED, "B1.3", {"line": "half", "fields": "basis"}),
    ]
    assert world.desk.lines() == []
    world.desk.budgeting.file(BudgetPlan("marketing", 2026, (whole,)), actor="mei")
