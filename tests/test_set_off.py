"""Granted, not paid (C9): discounts and reductions are posted as set-offs through the same gate, without a payee."""

from __future__ import annotations

from datetime import date, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expense_adapters.memory import MemoryRepository
from expense_policy.domain.application import Application, Payee, Share
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories.discount import Discount, DiscountGranted, DiscountLine
from expense_policy.domain.categories.threshold_reduction import ExpectedOrders, Reduced, ThresholdReduction, Tier
from expense_policy.domain.payment import Instruction
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import SET_OFF, Status
from expense_policy.ports.repository import Repository
from expense_policy.services.verification import verify

from .test_spine import codes
from .world import World, cny

SPRING = Project("spring", "Spring sale", ("marketing",), date(2026, 1, 1), date(2026, 12, 31))
AUTUMN = attrs.evolve(SPRING, id="autumn", name="Autumn sale")


def sale(world: World, amount: str = "1000.00", project: str | None = "spring") -> Application:
    """A discount of 10.00 on each of so many kettles."""
    line = DiscountLine("kettle", "kitchen", cny(amount).units // 1000, cny("100.00"), cny("60.00"), cny("10.00"))
    plan = Discount((line,))
    return Application(
        department="marketing",
        purpose="Spring sale",
        business_goal="Bring customers back",
        customers="Everyone with an order in the last 24 months",
        type="discount",
        shares=(Share("mkt-promotion", plan.total),),
        payee=None,
        method=SET_OFF,
        expected_payment=date(2026, 1, 20),
        plan=plan,
        project=project,
        attachments=(world.basis, world.contract),
    )


def posted(form: Application, amount: str) -> Instruction:
    """A set-off that agrees with the form."""
    return Instruction(cny(amount), None, SET_OFF, tuple(a.digest for a in form.attachments))


def opened(repository: Repository) -> World:
    """A company with a promotion line and two activities."""
    world = World.with_policy(repository)
    lines = (
        PlanLine("mkt-promotion", "promotion", "Promotion", cny("900000.00")),
        PlanLine("mkt-gifts", "care_gifts", "Gifts", cny("9000.00")),
    )
    world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id)
    for project in (SPRING, AUTUMN):
        world.desk.projects.open(project, actor="head.mkt")
    return world


@pytest.fixture
def shop(repository: Repository) -> World:
    """A company that grants."""
    return opened(repository)


def granted(world: World, id: str, quantity: int, order: str = "O1") -> None:
    """So many kettles were sold in an order."""
    row = DiscountGranted(world.clock.now().date(), "C1", order, "kettle", quantity)
    world.desk.spending.record_use(id, (row,), actor="li.na")


@pytest.mark.clause("C9", "A4.1", "C1.1")
def test_a_discount_is_posted_up_to_its_use_record(shop: World) -> None:
    """Nothing is posted before it was granted, and never a unit more than was; no account is remembered of anybody."""
    form = sale(shop)
    id = shop.apply(form).id
    spending = shop.desk.spending
    with pytest.raises(Refused) as early:
        spending.pay(id, posted(form, "10.00"), actor="cashier", key="k0")
    assert Code.SIGN_OFF_INCOMPLETE in codes(early)
    shop.sign_all(id)
    granted(shop, id, 30)
    with pytest.raises(Refused) as more:
        spending.pay(id, posted(form, "300.01"), actor="cashier", key="k1")
    assert codes(more) == {Code.PAYMENT_EXCEEDS_USE}
    spending.pay(id, posted(form, "300.00"), actor="cashier", key="k1")
    granted(shop, id, 20, "O2")
    spending.pay(id, posted(form, "200.00"), actor="cashier", key="k2")
    spending.settle(id, actor="li.na")
    document = shop.desk.document(id)
    assert document.status is Status.SETTLED
    assert [(p.units, p.granted, p.payee_name, p.payee_account) for p in document.payments] == [
        (30000, True, "", ""),
        (20000, True, "", ""),
    ]
    line = next(each for each in shop.desk.lines() if each.id == "mkt-promotion")
    assert (line.reserved, line.committed, line.spent) == (0, 0, 50000)
    assert verify(shop.desk.env.repository).breaks == ()


@pytest.mark.clause("C9")
def test_a_discount_is_never_paid_out(shop: World) -> None:
    """Whoever enters a payee is refused at the form; whoever brings one to the cashier is refused there."""
    form = sale(shop)
    paid = attrs.evolve(form, payee=Payee("Tea House", "6222"), method="bank_transfer")
    assert codes_of(shop, paid) == {Code.GRANTED_NOT_PAID}
    with pytest.raises(ValueError, match="set_off"):
        attrs.evolve(form, method="bank_transfer")
    with pytest.raises(ValueError, match="set_off"):
        attrs.evolve(form, payee=Payee("Tea House", "6222"))
    id = shop.apply(form).id
    shop.sign_all(id)
    granted(shop, id, 30)
    out = Instruction(cny("300.00"), Payee("Tea House", "6222"), "bank_transfer", posted(form, "1.00").attachments)
    found = shop.desk.would.spending.pay(id, out, actor="cashier").refusals
    assert [(r.code, dict(r.facts)["fields"]) for r in found] == [(Code.PAYMENT_DIFFERS, "payee, method")]


def codes_of(world: World, form: Application) -> set[Code]:
    """What a form would be refused for."""
    return {refusal.code for refusal in world.desk.would.spending.apply(form, actor="li.na").refusals}


@pytest.mark.clause("C9")
def test_what_is_paid_is_not_posted(world: World) -> None:
    """A gift without a payee is refused: only what the policy grants is set off."""
    gift = attrs.evolve(world.gift(), payee=None, method=SET_OFF)
    assert codes_of(world, gift) == {Code.GRANTED_NOT_PAID}


@pytest.mark.clause("C9", "A3.6")
def test_set_offs_of_one_activity_count_as_one(shop: World) -> None:
    """The amount that decides counts by activity: the second of one goes higher, one of another activity does not."""
    chains = []
    for project in ("spring", "spring", "autumn", None, None):
        id = shop.apply(sale(shop, "30000.00", project)).id
        document = shop.desk.document(id)
        chains.append((document.round.deciding_units, document.round.chain[-1].office))
    one, two = (3000000, "deputy_in_charge"), (6000000, "general_manager")
    assert chains == [one, two, one, one, two]


@pytest.mark.clause("C9", "A3.6")
@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=2, max_size=4))
def test_no_split_of_an_activity_weakens_its_chain(parts: list[int]) -> None:
    """However an activity's discount is parted into applications, the last of them has the chain of the whole (I9)."""
    world = opened(MemoryRepository())
    for part in parts:
        id = world.apply(sale(world, f"{part * 1000}.00")).id
    last = world.desk.document(id).round
    whole = sale(world, f"{sum(parts) * 1000}.00").amount.units
    assert last.deciding_units == whole
    assert last.chain[-1].office == ("deputy_in_charge" if whole <= 5000000 else "general_manager")


@pytest.mark.clause("C1.2", "C9")
def test_a_reduction_is_posted_once_an_order(shop: World) -> None:
    """An order is reduced by the highest tier it reaches, once, in whichever document; and that is what is posted."""
    tiers = (Tier(cny("100.00"), cny("10.00")), Tier(cny("300.00"), cny("50.00")))
    plan = ThresholdReduction(tiers, (ExpectedOrders(10, cny("350.00")),))
    form = attrs.evolve(sale(shop), type="threshold_reduction", plan=plan, shares=(Share("mkt-promotion", plan.total),))
    first, second = shop.apply(form).id, shop.apply(form).id
    for id in (first, second):
        shop.sign_all(id)
    today, spending = shop.clock.now().date(), shop.desk.spending
    rows = (
        Reduced(today, "C1", "O1", cny("299.99"), cny("10.00")),
        Reduced(today, "C2", "O2", cny("300.00"), cny("50.00")),
    )
    spending.record_use(first, rows, actor="li.na")
    for wrong, code in (
        (Reduced(today, "C3", "O3", cny("700.00"), cny("100.00")), Code.REDUCTION_DIFFERS),
        (Reduced(today, "C3", "O3", cny("99.99"), cny("10.00")), Code.REDUCTION_DIFFERS),
        (Reduced(today, "C1", "O1", cny("300.00"), cny("50.00")), Code.ORDER_TAKEN),
    ):
        for id in (first, second):
            with pytest.raises(Refused) as refused:
                spending.record_use(id, (wrong,), actor="li.na", reason="The till said so.")
            assert codes(refused) == {code}
    with pytest.raises(Refused) as more:
        spending.pay(first, posted(form, "60.01"), actor="cashier", key="k1")
    assert codes(more) == {Code.PAYMENT_EXCEEDS_USE}
    spending.pay(first, posted(form, "60.00"), actor="cashier", key="k1")


@pytest.mark.clause("C9", "A4.2", "A4.3")
def test_a_set_off_is_undone_as_a_payment_is(shop: World) -> None:
    """A set-off is reversed whole, by one who holds the cashier's office and played no other part, and posted anew."""
    form = sale(shop)
    id = shop.apply(form).id
    shop.sign_all(id)
    granted(shop, id, 30)
    spending = shop.desk.spending
    with pytest.raises(Refused) as refused:
        spending.pay(id, posted(form, "300.00"), actor="li.na", key="k1")
    assert codes(refused) == {Code.OFFICE_NOT_HELD, Code.PAYER_NOT_SEPARATE}
    spending.pay(id, posted(form, "300.00"), actor="cashier", key="k1")
    spending.reverse(id, 1, actor="cashier", reason="Posted to the wrong month.")
    shop.clock.at += timedelta(days=1)
    spending.pay(id, posted(form, "300.00"), actor="cashier", key="k2")
    assert shop.desk.document(id).paid == 30000
    assert verify(shop.desk.env.repository).breaks == ()


@pytest.mark.clause("C9", "G3.4")
def test_set_offs_are_told_apart_where_execution_is_read(shop: World) -> None:
    """Who may read execution sees which amounts were set off, and of payees nothing."""
    shop.apply(sale(shop))
    page = shop.desk.disclosed(actor="cfo").documents
    assert {row.type: row.payee_name for row in page if row.type} == {"discount": SET_OFF}


def test_a_granted_form_goes_through_its_steps(shop: World) -> None:
    """Its signatures are those of any application."""
    id = shop.apply(sale(shop)).id
    shop.sign(id, actor="head.mkt")
    assert shop.desk.document(id).status is Status.IN_REVIEW
