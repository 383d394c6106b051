"""Every way of being invalid is found out, whatever the policy; and every rule has a way that breaks it."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expense_policy.domain.categories import REGISTER, Asked, ExpenseType, Plan, Use
from expense_policy.domain.categories import _customers as for_customers
from expense_policy.domain.categories._shape import Happened
from expense_policy.domain.categories.recording import Case, Recording
from expense_policy.domain.customers import Customer
from expense_policy.domain.policy import Policy
from expense_policy.domain.refusals import Code, Refusal
from expense_policy.policy_file import load_policy
from expense_policy.testing.broken_plans import BROKEN_PLANS, BrokenPlan
from expense_policy.testing.broken_uses import BROKEN_USES, BrokenUse
from expense_policy.testing.plans import PLANS
from expense_policy.testing.strategies import policies, units, uses
from expense_policy.testing.uses import fit_day

from ..test_strategies import drawn, some
from .company import POLICY

FULL = load_policy(POLICY)
"""A policy that sets every limit there is."""


def known(customers: tuple[Customer, ...] | None) -> dict[str, Customer] | None:
    """Who can be asked for, by id."""
    return None if customers is None else {each.id: each for each in customers}


def found_in_plan(kind: ExpenseType, policy: Policy, broken: BrokenPlan, today: date) -> list[Refusal]:
    """What a plan is refused for."""
    customers = known(broken.customers)
    return [
        *kind.check_plan(broken.plan, Asked(policy, customers)),
        *for_customers.named(broken.plan, kind, policy, today, customers, broken.value_class),
    ]


def found_in_use(
    kind: ExpenseType, policy: Policy, plan: Plan, broken: BrokenUse, today: date
) -> tuple[list[Refusal], list[Refusal]]:
    """What uses are refused for, and the standards that they break."""
    case = Case("D", 1, plan, policy, today, today, {}, {}, known(broken.customers), None, "A reason.")
    recording = Recording(kind, case)
    forbidden: list[Refusal] = []
    standards: list[Refusal] = []
    for use in broken.uses:
        judged = recording.judge(use)
        forbidden += judged.forbidden
        standards += judged.broken
        recording.keep(judged)
    return forbidden, standards


def says(found: Refusal, broken: BrokenPlan | BrokenUse) -> bool:
    """Whether a refusal is the one that is expected."""
    return (found.code, found.clause) == (broken.code, broken.clause) and broken.says in {
        "",
        *[name for name, _ in found.facts],
        *[value for _, value in found.facts if type(value) is str],
    }


PLAN_WAYS = [(name, way) for name in REGISTER for way in BROKEN_PLANS[name]]
USE_WAYS = [(name, way) for name in REGISTER for way in BROKEN_USES[name]]


@st.composite
def planned(draw: st.DrawFn, name: str, policy: Policy) -> tuple[Plan, date] | None:
    """A plan of a type, with a day on which it may be used."""
    strategy = PLANS[name](policy, policy.effective, draw(units(10**9)))
    plan = None if strategy is None else draw(strategy)
    day = None if plan is None else fit_day(policy, plan, policy.effective)
    return None if plan is None or day is None else (plan, day)


@pytest.mark.clause("C8", "C3.4", "G3.1", "G2.1")
@pytest.mark.parametrize(("name", "way"), PLAN_WAYS)
@drawn(15)
@given(st.data())
def test_a_broken_plan_is_refused(name: str, way: str, data: st.DataObject) -> None:
    """Whatever the policy, a plan that is broken in a way is refused for it, by its clause and its standard."""
    policy = data.draw(st.one_of(st.just(FULL), policies()))
    case = data.draw(planned(name, policy))
    broken = None if case is None else BROKEN_PLANS[name][way](policy, *case)
    if broken is not None:
        found = found_in_plan(REGISTER[name], policy, broken, policy.effective)
        assert any(says(each, broken) for each in found), (broken, found)


@pytest.mark.clause("C8", "C3.4", "G3.1", "G2.1")
@pytest.mark.parametrize(("name", "way"), USE_WAYS)
@drawn(15)
@given(st.data())
def test_a_broken_use_is_seen(name: str, way: str, data: st.DataObject) -> None:
    """Whatever the policy, a broken standard in use is flagged under its clause; what can't stand at all is refused."""
    policy = data.draw(st.one_of(st.just(FULL), policies()))
    case = data.draw(planned(name, policy))
    rows = () if case is None else data.draw(uses(policy, *case))
    broken = None if case is None or not rows else BROKEN_USES[name][way](policy, case[0], rows[0], case[1])
    if case is not None and broken is not None:
        forbidden, standards = found_in_use(REGISTER[name], policy, case[0], broken, case[1])
        wanted = standards if broken.code is Code.STANDARD_BROKEN else forbidden
        assert any(says(each, broken) for each in wanted), (broken, forbidden, standards)


@pytest.mark.parametrize(("name", "way"), PLAN_WAYS)
def test_a_way_breaks_a_plan(name: str, way: str) -> None:
    """Under a policy that sets every limit each way breaks a plan."""
    strategy = planned(name, FULL).map(lambda case: case and BROKEN_PLANS[name][way](FULL, *case))
    assert some(strategy, lambda broken: broken is not None)


@pytest.mark.parametrize(("name", "way"), USE_WAYS)
def test_a_way_breaks_a_use(name: str, way: str) -> None:
    """Under a policy that sets every limit each way breaks a use."""

    def used(case: tuple[Plan, date] | None) -> st.SearchStrategy[BrokenUse | None]:
        rows = st.just(None) if case is None else one_use(*case)
        return rows.map(lambda row: BROKEN_USES[name][way](FULL, case[0], row, case[1]) if row and case else None)

    assert some(planned(name, FULL).flatmap(used), lambda broken: broken is not None)


def one_use(plan: Plan, day: date) -> st.SearchStrategy[Use | None]:
    """The first of the uses that are drawn of a plan."""
    return uses(FULL, plan, day).map(lambda rows: rows[0] if rows else None)


@pytest.mark.parametrize("name", REGISTER)
def test_every_rule_has_a_way_that_breaks_it(name: str) -> None:
    """Each rule of each type, of plan and of use, is broken by a way of the kit: a new rule needs its own."""
    kind, limits = REGISTER[name], FULL.limits(name)
    case = some(planned(name, FULL), lambda each: each is not None and each[0].total.units > 100)
    assert case is not None
    plan, day = case
    use = some(one_use(plan, day), lambda each: each is not None)
    plans = [broken for way in BROKEN_PLANS[name].values() if (broken := way(FULL, plan, day)) is not None]
    for rule in kind.plan_standards:
        assert any(rule(each.plan, limits, Asked(FULL, known(each.customers))) for each in plans), rule.__qualname__
    bad = [each for how in BROKEN_USES[name].values() if (each := how(FULL, plan, use, day)) is not None]
    rows = [(each.uses[-1], len(each.uses)) for each in bad]
    measured = [(row, nth) for row, nth in rows if isinstance(kind.measure(plan, row, limits), tuple)]
    for rule in kind.use_standards:
        happened = [rule(plan, row, limits, Happened(FULL, row.day(FULL.calendar), nth)) for row, nth in measured]
        assert any(happened), rule.__qualname__
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(kind.plan)  # type: ignore[arg-type]  # every plan is one
    texts = {f"blank {field.name}" for field in fields if str(field.type) == "str" and _blankable(field)}
    assert texts <= {*BROKEN_PLANS[name]}


def _blankable(field: attrs.Attribute[Any]) -> bool:
    return field.validator is not None and getattr(field.validator, "__name__", "") in ("text", "label")
