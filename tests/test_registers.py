"""Registers over all use records, and effect beside cost (C5.1, C1.3, C2, C3, C4, G3.2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import attrs
import pytest

from expense_policy.domain.application import Application, Share
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories import Effect, EffectMeasured, UseRow
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.categories.product_training import ProductTraining, ProductTrainingHeld
from expense_policy.domain.categories.repair import ExpectedRepairs, Repair, Repaired
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.periods import Month
from expense_policy.domain.refusals import Code, Refused
from expense_policy.ports.repository import Repository
from expense_policy.services.verification import verify

from .test_spine import codes
from .world import World, cny


@pytest.fixture
def shop(repository: Repository) -> World:
    """Customer service, with lines for repairs and trainings."""
    world = World.with_budget(repository)
    lines = (
        PlanLine("cs-repairs", "after_sales", "Repairs", cny("90000.00")),
        PlanLine("cs-trainings", "training", "Trainings", cny("90000.00")),
    )
    world.sign_all(world.desk.budgeting.file(BudgetPlan("customer_service", 2026, lines), actor="mei").id)
    return world


def repairs(world: World) -> Application:
    """Ten repairs of kettles at 60.00."""
    one = ExpectedRepairs("kettle", "repair", 10, cny("30.00"), cny("20.00"), cny("10.00"))
    return _form(world, "repair", Repair((one,)), "cs-repairs")


def training(world: World) -> Application:
    """A training of 100.00 for three customers."""
    costs = (cny("50.00"), cny("30.00"), cny("20.00"))
    plan = ProductTraining("Descaling", date(2026, 1, 6), "Shop", 90, 3, *costs)
    return _form(world, "product_training", plan, "cs-trainings")


def _form(world: World, type_: str, plan: Repair | ProductTraining, line: str) -> Application:
    form = attrs.evolve(world.gift(), department="customer_service", attachments=(world.basis, world.contract))
    return attrs.evolve(form, type=type_, plan=plan, shares=(Share(line, plan.total),))


def approved(world: World, form: Application) -> str:
    """An application, approved."""
    id = world.apply(form).id
    world.sign_all(id)
    return id


def repaired(order: str, customer: str, product: str, parts: str = "30.00") -> Repaired:
    """A repair of the fifth of January."""
    day, costs = date(2026, 1, 5), (cny(parts), cny("20.00"), cny("10.00"))
    return Repaired(day, customer, order, product, "repair", "Does not heat", *costs)


@pytest.mark.clause("C5.1")
def test_repairs_by_product_and_by_customer(shop: World) -> None:
    """Every repair of a product, and every one of a customer, is found over all documents, page by page."""
    first, second = approved(shop, repairs(shop)), approved(shop, repairs(shop))
    record = shop.desk.spending.record_use
    record(first, tuple(repaired(f"R{n}", f"C{n % 2}", "kettle") for n in range(4)), actor="li.na")
    record(second, (repaired("R9", "C1", "kettle"), repaired("R10", "C1", "iron")), actor="li.na")
    found = shop.desk.register(item="kettle")
    expected = sorted([*((first, n) for n in (1, 2, 3, 4)), (second, 1)])
    assert [(row.document, row.number) for row in found] == expected
    orders = {dict(row.detail)["order"] for row in shop.desk.register(recipient="C1")}
    assert orders == {"R1", "R3", "R9", "R10"}
    assert sum(row.units for row in found) == 5 * 6000
    pages: list[UseRow] = []
    after = ("", 0)
    while page := shop.desk.register(item="kettle", after=after, limit=2):
        pages += page
        after = (page[-1].document, page[-1].number)
    assert pages == list(found)
    (iron,) = shop.desk.register(recipient="C1", item="iron", type="repair", month=Month(2026, 1))
    assert dict(iron.detail)["order"] == "R10"
    assert not shop.desk.register(recipient="C1", month=Month(2026, 2))
    with pytest.raises(ValueError, match="recipient"):
        shop.desk.register(type="repair")
    assert verify(shop.desk.env.repository).breaks == ()


@pytest.mark.clause("C5.1")
def test_a_repair_order_is_recorded_once(shop: World) -> None:
    """A repair order stands in one use record, of one document, once."""
    first, second = approved(shop, repairs(shop)), approved(shop, repairs(shop))
    shop.desk.spending.record_use(first, (repaired("R1", "C1", "kettle"),), actor="li.na")
    for id, rows in (
        (first, (repaired("R1", "C1", "kettle"),)),
        (second, (repaired("R1", "C2", "kettle"),)),
        (second, (repaired("R2", "C2", "kettle"), repaired("R2", "C2", "kettle"))),
    ):
        with pytest.raises(Refused) as refused:
            shop.desk.spending.record_use(id, rows, actor="li.na", reason="Twice.")
        assert codes(refused) == {Code.ORDER_TAKEN}


@pytest.mark.clause("C4.1")
def test_trainings_by_participant(shop: World) -> None:
    """Who took part bears an equal part of what a training cost, and the parts are the cost to the smallest unit."""
    id = approved(shop, training(shop))
    shop.on(date(2026, 1, 6))
    held = ProductTrainingHeld(date(2026, 1, 6), "Shop", 90, ("C1", "C2", "C3"), cny("100.00"))
    shop.desk.spending.record_use(id, (held,), actor="li.na")
    assert [row.units for row in shop.desk.uses(id)] == [3334, 3333, 3333]
    (mine,) = shop.desk.register(recipient="C2", type="product_training")
    assert (mine.item, mine.units) == ("Descaling", 3333)


@pytest.mark.clause("C2.1", "C3.3")
def test_gifts_and_contacts_by_recipient(shop: World) -> None:
    """A customer's gifts and messages are found by his id; contacts are counted by customer and month."""
    gift, message = approved(shop, shop.gift("1000.00")), approved(shop, shop.sms())
    shop.on(date(2026, 2, 10))
    now = shop.clock.now()
    shop.desk.spending.record_use(gift, (GiftIssued(now.date(), "C1", 2),), actor="li.na")
    sent = [SmsSent(now, name) for name in ("C1", "C2", "C1")]
    shop.desk.spending.record_use(message, tuple(sent), actor="li.na")
    assert sorted(row.type for row in shop.desk.register(recipient="C1")) == ["holiday_gift", "sms", "sms"]
    assert [row.type for row in shop.desk.register(recipient="C1", type="holiday_gift")] == ["holiday_gift"]
    assert shop.desk.contacts("sms", Month(2026, 2)) == {"C1": 2, "C2": 1}
    assert shop.desk.contacts("sms", Month(2026, 2), ["C2", "C9"]) == {"C2": 1}
    assert shop.desk.contacts("sms", Month(2026, 1)) == {}


@pytest.mark.clause("G1", "G3.2")
def test_cost_stands_beside_effect(shop: World) -> None:
    """What was expected and what was measured stand beside what was approved, paid, set off and used."""
    form = attrs.evolve(shop.gift("1000.00"), benefit=Effect.of(customers_reached=10, orders=4))
    id = approved(shop, form)
    shop.pay(id, form, "600.00")
    shop.on(date(2026, 2, 10))
    seen = shop.desk.document(id)
    measured = Effect.of(customers_reached=5, orders=3, satisfaction_after_bp=9100)
    rows = (GiftIssued(date(2026, 2, 9), "C1", 5), EffectMeasured(date(2026, 2, 10), measured))
    shop.desk.spending.record_use(id, rows, actor="li.na")
    found = shop.desk.effect(id)
    assert found.expected == Effect.of(orders=4, customers_reached=10)
    assert found.measured == ((date(2026, 2, 10), measured),)
    used = 5 * 10000
    assert (found.approved, found.paid, found.set_off, found.used, found.currency) == (100000, 60000, 0, used, "CNY")
    after = shop.desk.document(id)
    assert (after.statement, after.content_digest, after.use_rows) == (seen.statement, seen.content_digest, 2)
    assert verify(shop.desk.env.repository).breaks == ()


@pytest.mark.clause("G3.2")
def test_a_figure_belongs_to_its_type(shop: World) -> None:
    """Figures that say nothing of a type are refused, expected and measured; above the limit some have to be stated."""
    form = shop.gift("1000.00")
    odd = Effect.of(solving_minutes=30)
    found = shop.desk.would.spending.apply(attrs.evolve(form, benefit=odd), actor="li.na").refusals
    assert [(r.code, r.clause) for r in found] == [(Code.EFFECT_UNFIT, "G3.2")]
    assert "解决时间" in found[0].text("zh")
    id = approved(shop, form)
    with pytest.raises(Refused) as refused:
        shop.desk.spending.record_use(id, (EffectMeasured(date(2026, 1, 5), odd),), actor="li.na")
    assert codes(refused) == {Code.EFFECT_UNFIT}


def test_an_effect_is_made_of_known_figures() -> None:
    """A figure that is not known, twice there, below 0 or no whole number does not construct."""
    beyond = (("repurchase_rate_after_bp", 10001),)
    for wrong in ((("fame", 1),), (("orders", 1), ("orders", 2)), (("orders", -1),), beyond):
        with pytest.raises(ValueError, match=r"fame|once|whole number"):
            Effect(wrong)
    for odd in ((), (("orders", True),), [("orders", 1)], (("orders", "1"),)):
        with pytest.raises(TypeError):
            Effect(odd)  # type: ignore[arg-type]  # the odd ones
    with pytest.raises(ValueError, match="fame"):
        Effect.of(fame=1)


@pytest.mark.clause("C8")
def test_an_effect_to_come_is_not_measured(shop: World) -> None:
    """An effect of a day that has not come is refused, as any use is."""
    id = approved(shop, shop.gift("1000.00"))
    row = EffectMeasured((datetime(2026, 1, 5, tzinfo=timezone.utc) + timedelta(days=1)).date(), Effect.of(orders=1))
    with pytest.raises(Refused) as refused:
        shop.desk.spending.record_use(id, (row,), actor="li.na")
    assert codes(refused) == {Code.USE_NOT_YET}
