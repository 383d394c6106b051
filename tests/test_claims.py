"""Claims: under an application and without one, advances, payment, refunds, and what ends do to the money (R2)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from functools import partial
from typing import Any

import attrs
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from expense_adapters.memory import MemoryRepository
from expense_policy.codec import dump, load
from expense_policy.domain.application import Application, Payee, Share
from expense_policy.domain.approval import Reject, Return
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.claim import Claim
from expense_policy.domain.content import canonical
from expense_policy.domain.documents import Content, Document
from expense_policy.domain.money import Money
from expense_policy.domain.periods import Month
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.ports.repository import Look, Sum
from expense_policy.services import asking
from expense_policy.services.lawfulness import Claimed, broken_laws
from expense_policy.services.replay import Replay
from expense_policy.services.verification import verify

from .claims import alone, approved, claim, codes, filed, instruction, pay, signed, voucher
from .world import World, cny


def whole(world: World) -> None:
    """Nothing of the record is broken."""
    assert verify(world.desk.env.repository).breaks == ()


def line(world: World, id: str = "mkt-gifts") -> tuple[int, int, int]:
    """What is reserved, committed and spent on a line."""
    found = next(each for each in world.desk.lines() if each.id == id)
    return (found.reserved, found.committed, found.spent)


@pytest.mark.clause("R2.4", "R2.3", "R2.1")
def test_a_claim_goes_its_way(world: World) -> None:
    """A claim takes its part of what its application holds, is signed like it, paid, settled: line and record agree."""
    application = approved(world, "10000.00")
    form = claim(application, "4000.00")
    receipt = filed(world, form)
    assert (receipt.act, receipt.status, receipt.marks) == ("claim", "in_review", ("vouchers_stated",))
    assert line(world) == (400_000, 600_000, 0)
    document = world.desk.document(receipt.id)
    assert [step.office for step in document.round.chain][:2] == ["department_head", "finance_officer"]
    world.sign_all(document.id)
    assert line(world) == (0, 1_000_000, 0)
    pay(world, document, "1500.00")
    pay(world, document, "2500.00")
    assert line(world) == (0, 600_000, 400_000)
    world.desk.spending.settle(document.id, actor="li.na")
    now = world.desk.document(application.id)
    assert (now.claimed, now.cleared, now.drawn, now.payable) == (400_000, 0, 400_000, 600_000)
    assert world.desk.document(document.id).status is Status.SETTLED
    assert [row.id for row in world.desk.find(application=application.id)] == [document.id]
    whole(world)


@pytest.mark.clause("R2.4")
def test_a_claim_never_exceeds_its_application(world: World) -> None:
    """A unit more than the application has left is refused by the application, however much its line has (R2.4)."""
    application = approved(world, "10000.00")
    filed(world, claim(application, "6000.00"))
    refused = codes(lambda: filed(world, claim(application, "4000.01")))
    assert refused == {Code.CLAIM_EXCEEDS_APPLICATION}
    filed(world, claim(application, "4000.00"))
    assert codes(lambda: filed(world, claim(application, "0.01"))) == {Code.CLAIM_EXCEEDS_APPLICATION}
    whole(world)


@pytest.mark.clause("R2.4", "B2.1")
def test_over_application_and_over_budget_are_two(world: World) -> None:
    """What is above the application is refused as that; without one, what is above the line as that (R2.4, B2.2)."""
    filed(world, alone(world, "25.00", shares=(Share("mkt-gifts-2", cny("50.00")),)))
    world.apply(world.gift("900.00", shares=(Share("mkt-gifts-2", cny("900.00")),)))
    form = alone(world, "50.00", shares=(Share("mkt-gifts-2", cny("100.00")),))
    assert codes(lambda: filed(world, form)) == {Code.BUDGET_EXCEEDED}


@pytest.mark.clause("R2.4")
def test_money_paid_directly_is_not_claimed_too(world: World) -> None:
    """What an application was paid, and what claims take of it, never come to more than was approved (I13)."""
    form = world.gift("10000.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "7000.00")
    application = world.desk.document(id)
    assert codes(lambda: filed(world, claim(application, "3000.01"))) == {Code.CLAIM_EXCEEDS_APPLICATION}
    filed(world, claim(application, "3000.00"))
    assert codes(lambda: world.pay(id, form, "0.01")) == {Code.PAYMENT_EXCEEDS_APPROVAL}
    whole(world)


@pytest.mark.clause("R2.4", "R2.1", "A3.6")
def test_a_claim_without_an_application(world: World) -> None:
    """Up to the policy's amount, with a reason, it is judged as an application, holds its line, counts as related."""
    payee = Payee("Li Na", "6217", "li.na")
    first = filed(world, alone(world, "25.00", payee=payee))
    assert line(world) == (5_000, 0, 0)
    second = world.desk.document(filed(world, alone(world, "75.00", payee=payee)).id)
    assert second.round.deciding_units == 20_000
    for form, code in (
        (alone(world, "200.00", vouchers=(voucher("400.00"),), reason=None), Code.REASON_MISSING),
        (attrs.evolve(alone(world, "50.00"), attachments=()), Code.EVIDENCE_MISSING),
        (attrs.evolve(alone(world, "50.00"), shares=(Share("mkt-gifts", cny("99.00")),)), Code.PLAN_TOTAL_DIFFERS),
        (attrs.evolve(alone(world, "50.00"), shares=(Share("mkt-sms", cny("100.00")),)), Code.LINE_MISMATCH),
    ):
        assert codes(partial(filed, world, form)) == {code}
    world.sign_all(first.id)
    document = world.desk.document(first.id)
    pay(world, document)
    assert world.desk.document(first.id).use_due_at is not None
    world.on(date(2026, 1, 21))
    given = tuple(GiftIssued(date(2026, 1, 20), f"C{n}") for n in range(2))
    world.desk.spending.settle(first.id, given, actor="li.na")
    whole(world)


@pytest.mark.clause("R2.4")
@pytest.mark.parametrize(("price", "allowed"), [("250.00", True), ("250.01", False)])
def test_the_limit_without_an_application(world: World, price: str, allowed: bool) -> None:
    """A claim without an application is taken up to the amount the policy names for its type, to the unit."""
    form = alone(world, price)
    found = world.desk.would.spending.claim(form, actor="li.na").refusals
    # Dear gifts break a standard of their own; the limit is told apart.
    assert (Code.CLAIM_NEEDS_APPLICATION in {each.code for each in found}) is not allowed


@pytest.mark.clause("R2.4")
def test_what_a_claim_is_under(world: World) -> None:
    """The application is approved, has not run out, and agrees in department, type, project, line and year."""
    application = approved(world)
    waiting = world.desk.document(world.apply(world.gift()).id)
    waiting = attrs.evolve(waiting, held=application.held)
    assert codes(lambda: filed(world, claim(waiting))) == {Code.APPLICATION_NOT_OPEN}
    assert codes(lambda: filed(world, claim(application, application="nothing"))) == {Code.APPLICATION_NOT_OPEN}
    other = claim(application, department="customer_service", type="sms", shares=(Share("mkt-sms", cny("1000.00")),))
    with pytest.raises(Refused) as refused:
        filed(world, other)
    differs = next(each for each in refused.value.refusals if each.code is Code.CLAIM_DIFFERS)
    assert dict(differs.facts)["fields"] == "department, type, line"
    early = claim(application, expected_payment=date(2025, 12, 31))
    assert Code.CLAIM_DIFFERS in codes(lambda: filed(world, early))
    world.clock.at = datetime(2026, 8, 1, tzinfo=timezone.utc)
    late = claim(application, expected_payment=date(2026, 9, 1), vouchers=(voucher("1000.00"),))
    assert codes(lambda: filed(world, late)) == {Code.APPLICATION_NOT_OPEN}


@pytest.mark.clause("R2.4")
def test_an_advance_is_cleared_once(world: World) -> None:
    """Claims set no more against an advance than was paid ahead, and what they clear is not returned (R2.4, I13)."""
    application = approved(world, "10000.00", "1000.00")
    assert codes(lambda: filed(world, claim(application, "0.00", "1000.01"))) == {Code.ADVANCE_EXCEEDED}
    document = signed(world, claim(application, "200.00", "600.00"))
    assert (document.units, document.payable, document.cleared) == (80_000, 20_000, 60_000)
    assert codes(lambda: filed(world, claim(application, "0.00", "400.01"))) == {Code.ADVANCE_EXCEEDED}
    refund = world.desk.spending.refund
    with pytest.raises(Refused) as refused:
        refund(application.id, 1, cny("400.01"), actor="cashier", reason="Unspent.")
    assert [each.code for each in refused.value.refusals] == [Code.ADVANCE_CLAIMED]
    refund(application.id, 1, cny("400.00"), actor="cashier", reason="Unspent.")
    now = world.desk.document(application.id)
    assert (now.paid, now.claimed, now.cleared, now.drawn) == (60_000, 80_000, 60_000, 80_000)
    pay(world, document)
    world.desk.spending.settle(document.id, actor="officer")
    assert line(world) == (0, 1_000_000 - 80_000, 80_000)
    whole(world)


@pytest.mark.clause("R2.3")
def test_a_claim_that_an_advance_covers_is_settled(world: World) -> None:
    """Where the advance covers all of it nothing is paid and nothing runs out; it is settled as it stands."""
    application = approved(world, "10000.00", "1000.00")
    document = signed(world, claim(application, "0.00", "1000.00"))
    assert (document.payable, document.expires_at, document.pay_by) == (0, None, None)
    world.desk.spending.settle(document.id, actor="li.na")
    now = world.desk.document(document.id)
    assert (now.status, now.taken, now.cleared) == (Status.SETTLED, 100_000, 100_000)
    whole(world)


@pytest.mark.clause("R2.3")
def test_a_claim_is_settled_when_it_is_paid_whole(world: World) -> None:
    """What is not paid whole is not settled; closed, its rest is its application's again."""
    application = approved(world)
    document = signed(world, claim(application))
    settle, close = world.desk.spending.settle, world.desk.spending.close
    assert codes(lambda: settle(document.id, actor="li.na")) == {Code.CLAIM_UNPAID}
    assert codes(lambda: close(document.id, actor="li.na", reason="No.")) == {Code.NOTHING_TO_CLOSE}
    pay(world, document, "400.00")
    assert codes(lambda: settle(document.id, actor="somebody")) == {Code.ACTOR_NOT_APPLICANT, Code.CLAIM_UNPAID}
    close(document.id, actor="li.na", reason="The rest was a mistake.")
    now = world.desk.document(application.id)
    assert (now.claimed, now.held[0].committed) == (40_000, 960_000)
    whole(world)


WAYS = ("return", "reject", "withdraw", "expire", "close")


@pytest.mark.clause("R2.4", "A3.4", "R2.2")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("open_", [True, False])
def test_money_goes_back_where_it_came_from(world: World, way: str, open_: bool) -> None:
    """What a claim gives back is its application's again while that is open, and the line's afterwards."""
    application = approved(world, "10000.00", "1000.00")
    form = claim(application, "3000.00", "500.00")
    desk, id = world.desk.spending, filed(world, form).id
    if way in ("expire", "close"):
        world.sign_all(id)
    if way == "close":
        pay(world, world.desk.document(id), "1000.00")
    if not open_:
        desk.close(application.id, actor="li.na", reason="Nothing more is bought.")
    if way == "expire":
        world.clock.at = datetime(2026, 7, 6, tzinfo=timezone.utc)
        application_ran_out = world.desk.document(application.id).expires_at
        assert application_ran_out is not None
        world.desk.tick()
        open_ = False
    document = world.desk.document(id)
    if way in ("return", "reject"):
        verdict = Return("Which tea?") if way == "return" else Reject("No.")
        desk.sign(id, seen=document.statement, actor="head.mkt", verdict=verdict)
    elif way == "withdraw":
        desk.withdraw(id, actor="li.na")
    elif way == "close":
        desk.close(id, actor="li.na", reason="Enough.")
    # A claim that ran out after an advance was set against it is closed, and what was set stays.
    kept = {"close": 150_000, "expire": 50_000}.get(way, 0)
    now = world.desk.document(application.id)
    assert (now.claimed, now.cleared) == (kept, 50_000 if kept else 0)
    paid = 100_000 if way == "close" else 0
    assert line(world) == (0, 900_000 - paid if open_ else 0, 100_000 + paid)
    whole(world)


@pytest.mark.clause("R2.4", "A3.4")
def test_an_application_with_claims_is_not_taken_back(world: World) -> None:
    """While claims ask for part of it an application is neither withdrawn nor revised; it can be closed."""
    application = approved(world)
    id = filed(world, claim(application)).id
    desk, form = world.desk.spending, application.content
    assert isinstance(form, Application)
    assert codes(lambda: desk.withdraw(application.id, actor="li.na")) == {Code.APPLICATION_CLAIMED}
    assert codes(lambda: desk.revise(application.id, form, actor="li.na")) == {Code.APPLICATION_CLAIMED}
    desk.close(application.id, actor="li.na", reason="That was all.")
    assert line(world) == (100_000, 0, 0)
    world.sign_all(id)
    pay(world, world.desk.document(id))
    assert line(world) == (0, 0, 100_000)
    assert world.desk.document(application.id).counted == 100_000
    whole(world)


@pytest.mark.clause("R2.4", "A3.3")
def test_a_claim_is_revised(world: World) -> None:
    """A new round takes what it asks for now, of the application it names now; every signature of before is void."""
    first, second = approved(world), approved(world)
    form = claim(first, "3000.00")
    id = filed(world, form).id
    world.sign(id)
    world.desk.spending.revise(id, attrs.evolve(form, shares=(Share("mkt-gifts", cny("2500.00")),)), actor="li.na")
    assert world.desk.document(first.id).claimed == 250_000
    world.desk.spending.revise(id, attrs.evolve(form, application=second.id), actor="li.na")
    found = [world.desk.document(each.id) for each in (first, second)]
    assert [(d.claimed, d.held[0].committed) for d in found] == [(0, 1_000_000), (300_000, 700_000)]
    assert world.desk.document(id).signatures == ()
    world.sign_all(id)
    pay(world, world.desk.document(id), "1.00")
    assert codes(lambda: world.desk.spending.revise(id, form, actor="li.na")) == {Code.PARTLY_PAID}
    whole(world)


@pytest.mark.clause("R2.3")
def test_a_claim_is_paid_within_the_working_days(world: World) -> None:
    """It is due at the end of the tenth working day after approval, and listed once that is over, until it is paid."""
    application = approved(world)
    world.on(date(2026, 1, 9))
    document = signed(world, claim(application))
    # Friday the 9th; ten working days end on Friday the 23rd, for no holidays are set.
    assert document.pay_by == datetime(2026, 1, 23, 16, 0, tzinfo=timezone.utc)
    overdue = [row.id for row in world.desk.payments_overdue()]
    assert overdue == []
    world.on(date(2026, 1, 24))
    assert [row.id for row in world.desk.payments_overdue()] == [document.id]
    pay(world, document)
    assert world.desk.payments_overdue() == []
    # A payment that bounced is overdue again.
    world.desk.spending.reverse(document.id, 1, actor="cashier", reason="Bounced.")
    assert [row.id for row in world.desk.payments_overdue()] == [document.id]


@pytest.mark.clause("R2.3", "A4.2")
def test_a_claim_is_held_against_its_vouchers(world: World) -> None:
    """The cashier has the vouchers before him: an instruction without one of them is refused, and named."""
    document = signed(world, claim(approved(world)))
    form = document.content
    assert isinstance(form, Claim)
    wrong = attrs.evolve(instruction(form), vouchers=())
    with pytest.raises(Refused) as refused:
        world.desk.spending.pay(document.id, wrong, actor="cashier", key="k")
    (found,) = refused.value.refusals
    assert (found.code, dict(found.facts)["fields"]) == (Code.PAYMENT_DIFFERS, "vouchers")
    for actor in ("officer", "li.na"):
        assert codes(partial(world.desk.spending.pay, document.id, instruction(form), actor=actor, key="k"))


@pytest.mark.clause("A4.2", "R2.4")
def test_refunds_never_exceed_the_payment(world: World) -> None:
    """Several refunds of one payment come to it and not a unit more, and each line gets back what it bore (I30)."""
    shares = (Share("mkt-gifts", cny("66.67")), Share("mkt-gifts-2", cny("33.33")))
    form = world.gift("100.00", shares=shares)
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form)
    desk = world.desk.spending
    for amount in ("33.33", "0.01", "33.33"):
        desk.refund(id, 1, cny(amount), actor="cashier", reason="Broken cups.")
    refused = codes(lambda: desk.refund(id, 1, cny("33.34"), actor="cashier", reason="More."))
    assert refused == {Code.REVERSAL_EXCEEDS_PAYMENT}
    desk.reverse(id, 1, actor="cashier", reason="The rest.")
    assert codes(lambda: desk.reverse(id, 1, actor="cashier", reason="More.")) == {Code.REVERSAL_EXCEEDS_PAYMENT}
    document = world.desk.document(id)
    assert [p.units for p in document.payments] == [10_000, -3_333, -1, -3_333, -3_333]
    assert [(h.committed, h.spent) for h in document.held] == [(6_667, 0), (3_333, 0)]
    assert codes(lambda: desk.refund(id, 1, cny("1.00"), actor="cashier", reason="")) >= {Code.REASON_MISSING}
    with pytest.raises(ValueError, match="above 0"):
        desk.refund(id, 1, cny("0.00"), actor="cashier", reason="Nothing.")
    whole(world)


@pytest.mark.clause("A4.2", "R2.4")
def test_a_refund_after_a_claim_ended(world: World) -> None:
    """What comes back of a settled claim is its application's again, and can be claimed once more."""
    application = approved(world, "1000.00")
    document = signed(world, claim(application, "1000.00"))
    pay(world, document)
    world.desk.spending.settle(document.id, actor="li.na")
    world.desk.spending.refund(document.id, 1, cny("250.00"), actor="cashier", reason="Returned goods.")
    now = world.desk.document(application.id)
    assert (now.claimed, now.held[0].committed) == (75_000, 25_000)
    assert line(world) == (0, 25_000, 75_000)
    filed(world, claim(application, "250.00"))
    whole(world)


@pytest.mark.clause("C8", "R2.4")
def test_what_is_paid_up_to_its_use_is_claimed_up_to_it(world: World) -> None:
    """Of a type that is paid up to its use record a claim asks for no more than the application's record bears."""
    application = approved(world, **_sms(world))
    assert codes(lambda: filed(world, claim(application, "0.05"))) == {Code.PAYMENT_EXCEEDS_USE}


def _sms(world: World) -> dict[str, Any]:
    form = world.sms()
    return {name: getattr(form, name) for name in ("type", "plan", "shares", "attachments")}


@pytest.mark.clause("C8", "R2.4")
def test_the_use_of_what_was_claimed_is_the_applications(world: World) -> None:
    """What claims take falls due in the application's use record, and it is settled against it."""
    application = approved(world, "1000.00")
    document = signed(world, claim(application, "200.00"))
    pay(world, document)
    now = world.desk.document(application.id)
    assert now.use_due_at is not None
    assert world.desk.document(document.id).use_due_at is None
    world.on(date(2026, 1, 21))
    given = tuple(GiftIssued(date(2026, 1, 20), f"C{n}") for n in range(2))
    refused = codes(lambda: world.desk.spending.record_use(document.id, given, actor="li.na"))
    assert refused == {Code.USE_NOT_OPEN}
    world.desk.spending.settle(application.id, given, actor="li.na")
    assert line(world) == (0, 0, 20_000)
    assert world.desk.effect(application.id).claimed == 20_000
    whole(world)


@pytest.mark.clause("A1.1", "R2.4")
def test_what_is_claimed_alone_was_spent_before(world: World) -> None:
    """The use of a claim without an application lies before its approval, and breaks no standard by that."""
    world.on(date(2026, 1, 20))
    document = signed(world, alone(world))
    given = tuple(GiftIssued(date(2026, 1, 19), f"C{n}") for n in range(2))
    world.desk.spending.record_use(document.id, given, actor="li.na")
    assert [row.broken for row in world.desk.uses(document.id)] == [(), ()]
    application = approved(world)
    refused = codes(lambda: world.desk.spending.record_use(application.id, given, actor="li.na"))
    assert refused == {Code.STANDARD_BROKEN, Code.REASON_MISSING}


@pytest.mark.clause("R1.1", "G2.2")
def test_a_new_round_takes_back_what_the_last_one_cost(world: World) -> None:
    """An approved claim that is revised costs nothing any more where its round before put it, and nothing elsewhere."""
    for name in ("spring", "autumn"):
        project = Project(name, name, ("marketing",), date(2026, 1, 1), date(2026, 12, 31))
        world.desk.projects.open(project, actor="head.mkt")
    id = signed(world, form := alone(world, project="spring")).id
    assert world.desk.accounts(Month(2026, 1)).by("project") == {"spring": 10_000}
    world.desk.spending.revise(id, attrs.evolve(form, project="autumn"), actor="li.na")
    assert world.desk.accounts(Month(2026, 1)).by("project") == {"spring": 0}
    world.sign_all(id)
    assert world.desk.accounts(Month(2026, 1)).by("project") == {"autumn": 10_000, "spring": 0}
    whole(world)


@pytest.mark.clause("R2.4", "G3.4")
def test_a_claim_goes_from_one_application_to_another(world: World) -> None:
    """What a claim made of its application's cost stays that one's, whatever application it stands under later."""
    first, second = approved(world, "1000.00", paid="100.00"), approved(world, "1000.00", paid="100.00")
    used = (GiftIssued(date(2026, 1, 20), "C1", 1),)
    id = filed(world, claim(first, "300.00")).id
    world.on(date(2026, 1, 20))
    world.desk.spending.settle(first.id, used, actor="li.na", reason="The rest broke.")
    assert world.desk.accounts(Month(2026, 1)).total == 40_000
    document = world.desk.document(id)
    back = Return("Put it under the other one.")
    world.desk.spending.sign(id, seen=document.statement, actor="head.mkt", verdict=back)
    assert world.desk.accounts(Month(2026, 1)).total == 10_000
    world.desk.spending.revise(id, claim(second, "300.00"), actor="li.na")
    world.desk.spending.settle(second.id, used, actor="li.na", reason="The rest broke.")
    assert world.desk.accounts(Month(2026, 1)).total == 50_000
    whole(world)


@pytest.mark.clause("R2.3")
def test_a_policy_without_a_chain_takes_no_claims(repository: Any) -> None:
    """Where the policy in force says of no approval of claims, none is filed, and the refusal says why."""
    from . import world as worlds

    text = worlds.POLICY
    start, end = text.index("[[chain.claim]]"), text.index("[substitutes]")
    world = World.open(repository)
    for actor in ("cfo", "gm"):
        world.desk.policies.adopt(text[:start] + text[end:], actor=actor)
    world.on(date(2026, 1, 5))
    assert Code.CHAIN_MISSING in codes(lambda: filed(world, alone(world)))


def test_a_claim_is_kept_exactly(world: World) -> None:
    """A claim reads back with the bytes it was signed by: canonical(load(dump(x))) == canonical(x)."""
    application = approved(world)
    for form in (claim(application, "10.00", "20.00"), alone(world), claim(application)):
        kind: Any = Content
        assert canonical(load(dump(form, kind), kind)) == canonical(form)


@pytest.mark.parametrize(
    "changes",
    [
        {"application": None},
        {"shares": ()},
        {"method": "set_off"},
        {"shares": (Share("a", cny("1.00")), Share("a", cny("1.00")))},
    ],
)
def test_what_is_no_claim(changes: dict[str, Any]) -> None:
    """A claim that names no line and no advance, a line twice, or neither application nor plan is no value at all."""
    application = approved(World.with_budget(MemoryRepository()))
    with pytest.raises(ValueError, match="claim"):
        claim(application, **changes)


class Course:
    """One application, its claims, and whatever is done to them; what is refused changes nothing."""

    def __init__(self, data: st.DataObject) -> None:
        self.world = World.with_budget(MemoryRepository())
        shares = (Share("mkt-gifts", cny("900.00")), Share("mkt-gifts-2", cny("100.00")))
        self.application = approved(self.world, "1000.00", shares=shares)
        self.data, self.claims = data, list[str]()

    def _amount(self, most: int = 25_000) -> str:
        """Often something that may go, now and then more."""
        few = sorted({1, max(most // 3, 1), max(most, 1), most + 1, 70_000})
        return str(Money(self.data.draw(st.sampled_from(few)), "CNY"))

    def _form(self) -> Claim:
        now = self.world.desk.document(self.application.id)
        held = self.data.draw(st.sampled_from(now.held))
        amount, ahead = self._amount(held.committed), now.paid - now.cleared
        advance = self._amount(ahead) if ahead and self.data.draw(st.booleans()) else None
        today = self.world.clock.at.date()
        day = max(today, date(2026, 1, 20)) + timedelta(days=self.data.draw(st.sampled_from([0, 40])))
        shares = (Share(held.line, cny(amount)),)
        mine = voucher(str(cny(amount) + cny(advance) if advance else cny(amount)), on=today)
        return claim(
            self.application, amount, advance, shares=shares, expected_payment=day, vouchers=(mine,), method="cash"
        )

    def _one(self, name: str) -> str:
        """What the act is done to: mostly a claim, for the application ends but once."""
        ids = [*self.claims, *self.claims, self.application.id]
        if name in ("withdraw", "close", "revise"):
            ids = [*self.claims * 4, self.application.id]
        return self.data.draw(st.sampled_from(ids))

    def step(self, name: str) -> None:
        """Tries one act."""
        desk, world = self.world.desk.spending, self.world
        id = self._one(name)
        document = world.desk.document(id)
        form = document.content
        try:
            if name == "claim":
                self.claims.append(filed(world, self._form()).id)
            elif name == "revise" and isinstance(form, Claim):
                desk.revise(id, self._form(), actor="li.na")
            elif name == "sign" and document.step is not None:
                world.sign_all(id)
            elif name in ("return", "reject") and document.step is not None:
                verdict = Return("Why?") if name == "return" else Reject("No.")
                desk.sign(id, seen=document.statement, actor=world.signer(document), verdict=verdict)
            elif name == "pay" and isinstance(form, Claim):
                pay(world, document, self._amount(document.payable - document.paid))
            elif name == "pay" and isinstance(form, Application):
                world.pay(id, form, self._amount(document.payable - document.paid))
            elif name == "refund" and document.payments:
                number = self.data.draw(st.integers(1, len(document.payments)))
                desk.refund(id, number, cny(self._amount(document.paid)), actor="cashier", reason="Back.")
            elif name == "reverse" and document.payments:
                desk.reverse(id, self.data.draw(st.integers(1, len(document.payments))), actor="cashier", reason="B.")
            elif name == "withdraw":
                desk.withdraw(id, actor="li.na")
            elif name == "close":
                desk.close(id, actor="li.na", reason="Enough.")
            elif name == "settle" and isinstance(form, Claim):
                desk.settle(id, actor="li.na")
            elif name == "later":
                world.clock.forward(days=self.data.draw(st.sampled_from([1, 1, 1, 90])))
                world.desk.tick()
            else:
                return
        except (Refused, LookupError):
            event(f"{name}: refused")
            return
        event(f"{name}: done")

    def holds(self) -> None:
        """The laws: line, documents and claims agree, and nothing goes out that was not approved."""
        documents = [self.world.desk.document(id) for id in (self.application.id, *self.claims)]
        application, claims = documents[0], documents[1:]
        for row in self.world.desk.lines():
            for at, of in enumerate(("reserved", "committed")):
                sums = (Sum(of, ("expected",), (("line", row.id),)),)
                (found,) = self.world.desk.env.repository.look(Look(sums=sums)).sums
                by: dict[tuple[str, ...], int] = defaultdict(int)
                for each in documents:
                    units = sum((h.reserved, h.committed)[at] for h in each.held if h.line == row.id)
                    by[(str(each.expected),)] += units
                assert {m: n for m, n in found.items() if n} == {m: n for m, n in by.items() if n}, ("B2.3", of)
        held: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for each in documents:
            assert min(each.paid, each.cleared, each.claimed, each.payable - each.paid) >= 0
            for h in each.held:
                for i, units in enumerate((h.reserved, h.committed, h.spent)):
                    held[h.line][i] += units
        for row in self.world.desk.lines():
            assert [row.reserved, row.committed, row.spent] == held[row.id], ("I11", row.id)
        assert application.paid - application.cleared >= 0
        assert application.claimed == sum(c.taken for c in claims) <= application.units
        assert application.cleared == sum(c.cleared for c in claims)
        assert sum(d.paid for d in documents) <= application.drawn <= application.units
        assert sum(sum(h) for h in held.values()) <= application.units


ENDS = ("return", "reject", "withdraw", "close", "settle", "later")
STEPS = ("revise", "refund", "reverse", *ENDS, *("claim", "sign", "pay") * 4)


@pytest.mark.clause("R2.4", "B2.1")
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_claims_and_application_agree_whatever_is_done(data: st.DataObject) -> None:
    """Whatever is done to an application and its claims, they never come to more than was approved (I11, I13, I19)."""
    course = Course(data)
    for name in ("pay", "claim", *data.draw(st.lists(st.sampled_from(STEPS), min_size=5, max_size=30))):
        course.step(name)
        course.holds()
    whole(course.world)


def test_a_document_of_no_claims_says_so() -> None:
    """Of other documents nothing is claimed, taken or cleared."""
    document: Document = approved(World.with_budget(MemoryRepository()))
    assert (document.application, document.claimed, document.cleared, document.payable) == (None, 0, 0, document.units)


@pytest.mark.clause("R2.2", "R2.4", "G3.4")
def test_verify_holds_claims_to_their_application() -> None:
    """What claims take is what an application says, and a document's vouchers are its own, or verify names it."""
    world = World.with_budget(MemoryRepository())
    application = approved(world, "10000.00", "500.00")
    document = signed(world, claim(application, "100.00", "300.00"))
    now = world.desk.document(application.id)
    for changed, broken in (
        (now, []),
        (attrs.evolve(now, claimed=1), [now.id]),
        (attrs.evolve(now, cleared=1), [now.id]),
    ):
        claimed = Claimed()
        for each in (changed, document):
            claimed.take(each)
        assert claimed.broken == broken
    policy, played = asking.policies(world.desk.env)["2026.1"], Replay()
    assert "I27" in {law for law, _ in broken_laws(document, policy, played)}
    form = document.content
    assert isinstance(form, Claim)
    for key in form.vouchers[0].keys:
        played.taken[("voucher", key, document.id, "once")] = 1
    assert "I27" not in {law for law, _ in broken_laws(document, policy, played)}
    for cleared in (1, document.units + 1):
        assert "I13" in {law for law, _ in broken_laws(attrs.evolve(document, cleared=cleared), policy, played)}
    over = attrs.evolve(now, cleared=now.paid + 1, claimed=now.units)
    assert [law for law, _ in broken_laws(over, policy, played)].count("I13") == 1
