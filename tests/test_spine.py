"""One expense, whole, on every store."""

from __future__ import annotations

from datetime import date

import pytest

from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Status

from .world import World, cny

pytestmark = pytest.mark.parametrize("repository", ["memory", "sqlite", "postgres", "mariadb"], indirect=True)


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[Code]:
    """The codes an act was refused with."""
    return {r.code for r in refused.value.refusals}


@pytest.mark.clause("A1.1", "A4.1", "A4.3", "A4.4", "C2.1")
def test_a_gift_goes_from_form_to_archive(world: World) -> None:
    """An application that was signed in full is paid, used and settled, and its unused money goes back."""
    form = world.gift("10000.00")
    filed = world.apply(form)
    assert filed.status == Status.IN_REVIEW
    assert world.sign_all(filed.id).status == Status.APPROVED
    assert world.pay(filed.id, form, "9000.00").number == 1
    world.on(date(2026, 2, 2))
    rows = (GiftIssued(date(2026, 2, 1), "C1", 60), GiftIssued(date(2026, 2, 2), "C2", 30))
    settled = world.desk.spending.settle(filed.id, rows, actor="li.na")
    assert settled.status == Status.SETTLED
    line = next(line for line in world.desk.lines() if line.id == "mkt-gifts")
    assert (line.reserved, line.committed, line.spent) == (0, 0, 900000)
    acts = [entry.act for entry in world.desk.history(filed.id)]
    assert acts == ["apply", "sign", "sign", "sign", "sign", "pay", "settle"]


@pytest.mark.clause("C3.3", "C8")
def test_sms_is_paid_up_to_its_use_record(world: World) -> None:
    """Nothing is paid of a type paid up to its use record before the use is recorded, and no more than it."""
    form = world.sms(100)
    id = world.apply(form).id
    world.sign_all(id)
    with pytest.raises(Refused) as refused:
        world.pay(id, form, "0.05")
    assert codes(refused) == {Code.PAYMENT_EXCEEDS_USE}
    now = world.clock.now()
    world.desk.spending.record_use(id, (SmsSent(now, "C1"), SmsSent(now, "C2")), actor="li.na")
    with pytest.raises(Refused):
        world.pay(id, form, "0.11")
    assert world.pay(id, form, "0.10").number == 1


@pytest.mark.clause("A3.1")
@pytest.mark.parametrize(("amount", "last"), [("50000.00", "deputy_in_charge"), ("50000.01", "general_manager")])
def test_the_amount_chooses_the_last_signer(world: World, amount: str, last: str) -> None:
    """Up to 50,000.00 the deputy approves, one smallest unit above it the general manager."""
    id = world.apply(world.gift(amount)).id
    assert world.desk.document(id).round.chain[-1].office == last


@pytest.mark.clause("A3.6")
def test_a_split_purchase_is_judged_whole(world: World) -> None:
    """The third related application of 20,000.00 within thirty days goes to the general manager."""
    first = world.gift("20000.00")
    last = []
    for _ in range(3):
        id = world.apply(world.gift("20000.00", payee=first.payee)).id
        last.append(world.desk.document(id).round.chain[-1].office)
    assert last == ["deputy_in_charge", "deputy_in_charge", "general_manager"]


@pytest.mark.clause("B2.1", "B2.2")
def test_nothing_beyond_the_line(world: World) -> None:
    """An application beyond its line is refused with what is missing, and nothing is reserved."""
    with pytest.raises(Refused) as refused:
        world.apply(world.gift("200100.00"))
    (found,) = refused.value.refusals
    assert found.code is Code.BUDGET_EXCEEDED
    assert dict(found.facts)["short"] == cny("100.00")
    assert next(line for line in world.desk.lines() if line.id == "mkt-gifts").reserved == 0


@pytest.mark.clause("A3.2", "A3.5")
def test_the_applicant_signs_nothing(world: World) -> None:
    """A head does not sign his own application; his substitute does, and the signature says so."""
    form = world.gift()
    id = world.apply(form, actor="head.mkt").id
    with pytest.raises(Refused) as refused:
        world.sign(id, actor="head.mkt")
    assert codes(refused) == {Code.SIGNER_BARRED}
    # The head's own application goes to the substitute office (A3.5).
    world.sign(id, actor="deputy")
    assert world.desk.document(id).signatures[0].authority.substitute_for == "department_head"


@pytest.mark.clause("A4.2")
def test_a_key_pays_once(world: World) -> None:
    """The same key with the same instruction pays once and gives the same receipt; with another it is an error."""
    form = world.gift()
    id = world.apply(form).id
    world.sign_all(id)
    pay = world.desk.spending.pay
    first = pay(id, world.instruction(form, "1.00"), actor="cashier", key="k")
    assert pay(id, world.instruction(form, "1.00"), actor="cashier", key="k") == first
    with pytest.raises(ValueError, match="another request"):
        pay(id, world.instruction(form, "2.00"), actor="cashier", key="k")
    assert world.desk.document(id).paid == 100


@pytest.mark.clause("A3.3")
def test_a_stale_statement_is_refused(world: World) -> None:
    """A signature names the statement its signer read; after a revision the old one is refused."""
    form = world.gift()
    id = world.apply(form).id
    old = world.desk.document(id)
    world.desk.spending.revise(id, world.gift("20000.00"), actor="li.na")
    with pytest.raises(Refused) as refused:
        world.desk.spending.sign(id, seen=old.statement, actor="head.mkt", verdict=world.approve(old))
    assert codes(refused) == {Code.STATEMENT_STALE}


@pytest.mark.clause("G3.4")
def test_tick_sends_and_seals(world: World) -> None:
    """Notices leave after their act, and every entry is bound by a seal."""
    id = world.apply(world.gift()).id
    swept = world.desk.tick()
    assert swept.failed == 0
    assert any(n.about == id for n in world.notices.notices)
    assert {e.subject for e in world.desk.env.repository.unsealed(100)} == {"seal"}
