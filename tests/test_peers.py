"""What other systems' tests expect, with their figures, or why there is nothing here that it could be held to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest

from expense_adapters.memory import MemoryRepository
from expense_policy.domain.application import Share
from expense_policy.domain.approval import Reject, Return
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.claim import Claim
from expense_policy.domain.documents import Document
from expense_policy.domain.money import Money, rounded
from expense_policy.domain.organisation import Holding
from expense_policy.domain.payment import Payment
from expense_policy.domain.posting import Posting
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Code
from expense_policy.domain.vocabulary import Office, Status
from expense_policy.services.verification import verify

from .claims import approved, claim, codes, filed, pay, signed, voucher
from .world import PEOPLE, World, cny

Play = Callable[[World, Any], None]
PLAYED: dict[str, Play] = {}
ELSEWHERE = {
    "tier-06": "Nobody signs two steps of a document, whatever offices he holds (A3.2): refused, as below.",
    "tier-07": "No act takes several steps: each is signed by a person of its own, so that there is nothing to bypass.",
    "budget-01": "The straight line through a year is of the execution report: `test_execution.py` plays it.",
}
"""Scenarios whose concept there is not, or not here, with the reason."""
OTHERWISE = {
    "hrms-08": "Tax has no ledger account of its own: cost and tax of a claim stand on the type's account together.",
    "tier-02": "A step is not asked for up to its threshold, but no amount is approved without any (A3.1).",
    "tier-04": "The confirmation is refused; an ordinary change is taken, and voids every signature instead (A3.3).",
}
"""Scenarios that are played, of which a part comes out otherwise, and on purpose."""


def plays(id: str) -> Callable[[Play], Play]:
    """Plays a scenario."""

    def kept(play: Play) -> Play:
        PLAYED[id] = play
        return play

    return kept


def scenarios(shared: Path) -> dict[str, dict[str, Any]]:
    """All of them by id, as they stand in the data."""
    found = json.loads((shared / "data" / "peers" / "scenarios.json").read_text(encoding="utf-8"))
    return {each["id"]: each for each in found}


def test_every_scenario_is_played_or_has_its_reason(shared: Path) -> None:
    """Each scenario is mapped to the library with its figures, or a sentence says why it can't be."""
    assert {*PLAYED} | {*ELSEWHERE} == {*scenarios(shared)}
    assert not {*PLAYED} & {*ELSEWHERE}
    assert {*OTHERWISE} <= {*PLAYED}


def units(document: Document) -> float:
    """What is left to be paid, as the scenarios count it."""
    return (document.payable - document.paid) / 100


def entered(world: World, id: str) -> list[Payment | Posting]:
    """The payments, and the entries of the ledger, that the record has of a document."""
    return [fact for _, facts in world.desk.written(id) for fact in facts if isinstance(fact, Payment | Posting)]


def status(document: Document) -> str:
    """Paid or not, as the scenarios say it."""
    return "Paid" if document.paid == document.payable else "Unpaid"


def cut(world: World, application: Document, asked: str, sanctioned: str) -> str:
    """A claim of which less is sanctioned: it goes back, and is handed in again at what is."""
    form = claim(application, asked)
    id = filed(world, form).id
    seen = world.desk.document(id).statement
    world.desk.spending.sign(id, seen=seen, actor="head.mkt", verdict=Return(f"No more than {sanctioned}."))
    share = Share(application.held[0].line, cny(sanctioned))
    world.desk.spending.revise(id, attrs.evolve(form, shares=(share,)), actor="li.na")
    world.sign_all(id)
    return id


@plays("hrms-01")
def project_total(world: World, expect: Any) -> None:
    """The claims of a project come to what was sanctioned of them, and withdrawn ones to nothing."""
    project = Project("spring", "Spring fair", ("marketing",), date(2026, 1, 1), date(2026, 12, 31))
    world.desk.projects.open(project, actor="head.mkt")
    application = approved(world, "1000.00", project="spring")
    totals, ids = [], []
    for asked, sanctioned in (("300.00", "200.00"), ("600.00", "500.00")):
        ids.append(cut(world, application, asked, sanctioned))
        totals.append(world.desk.document(application.id).claimed / 100)
    world.desk.spending.withdraw(ids[1], actor="li.na")
    totals.append(world.desk.document(application.id).claimed / 100)
    assert totals == expect["project_total_after_each_step"]


@plays("hrms-02")
@plays("hrms-03")
def nothing_sanctioned(world: World, expect: Any) -> None:
    """A claim of which nothing is sanctioned is rejected: nothing is paid, and nothing is held."""
    application = approved(world, "1000.00")
    id = filed(world, claim(application, "1000.00")).id
    seen = world.desk.document(id).statement
    world.desk.spending.sign(id, seen=seen, actor="head.mkt", verdict=Reject("No."))
    document = world.desk.document(id)
    assert document.status.value == expect.get("status", "Rejected").lower()
    assert document.taken == expect.get("sanctioned", 0)
    assert [len(entered(world, each)) for each in (id, application.id)] == [expect["ledger_entries"]] * 2
    assert expect.get("status_paid", False) is (document.paid > 0)
    assert world.desk.document(application.id).claimed == 0


@plays("hrms-04")
def payment_cancelled(world: World, expect: Any) -> None:
    """A payment that is undone leaves the claim to be paid again."""
    document = signed(world, claim(approved(world), "200.00"))
    pay(world, document)
    told = [status(world.desk.document(document.id))]
    world.desk.spending.reverse(document.id, 1, actor="cashier", reason="Cancelled.")
    assert [*told, status(world.desk.document(document.id))] == expect["status"]


def _advance(world: World, expect: Any, form: Callable[[Document], Claim], paid: str) -> Document:
    """A claim that an advance covers: nothing is due, and it is settled as it stands."""
    document = signed(world, form(approved(world, "2000.00", paid)))
    assert units(document) == expect["grand_total_due"]
    world.desk.spending.settle(document.id, actor="li.na")
    assert status(document) == expect["status"]
    assert world.desk.document(document.id).status is Status.SETTLED
    return document


@plays("hrms-05")
def advance_covers(world: World, expect: Any) -> None:
    """An advance of the whole amount leaves nothing due."""
    _advance(world, expect, lambda application: claim(application, "0.00", "1000.00"), "1000.00")


@plays("hrms-06")
def advance_covers_tax(world: World, expect: Any) -> None:
    """The tax on the voucher is claimed with it."""
    bought = voucher("763.00", amount=cny("700.00"), tax=cny("63.00"))
    assert bought.tax.units == rounded(Fraction(bought.amount.units * 9, 100))
    document = _advance(
        world, expect, lambda application: claim(application, "0.00", "763.00", vouchers=(bought,)), "763.00"
    )
    assert document.units == 76_300


@plays("hrms-07")
def advance_and_payment(world: World, expect: Any) -> None:
    """What an advance does not cover is due, and paid."""
    document = signed(world, claim(approved(world, "1000.00", "500.00"), "500.00", "500.00"))
    due, told = [units(document)], [status(document)]
    pay(world, document, "500.00")
    document = world.desk.document(document.id)
    assert ([*due, units(document)], [*told, status(document)]) == (expect["due"], expect["status"])
    assert document.paid / 100 == expect["reimbursed"]


@plays("hrms-08")
def tax_and_cost(world: World, expect: Any) -> None:
    """What is payable is cost and tax, each as it stands on the voucher, and is posted as one."""
    cost, tax = (cny(f"{expect['ledger'][name][0]:.2f}") for name in ("travel", "tax"))
    payable = cny(f"{expect['ledger']['payable'][1]:.2f}")
    assert tax.units == rounded(Fraction(cost.units * 9, 100))
    bought = voucher(str(payable), amount=cost, tax=tax)
    document = signed(world, claim(approved(world), str(payable), vouchers=(bought,)))
    assert document.payable == payable.units == (cost + tax).units
    pay(world, document, str(payable))
    posted = [each.units for each in entered(world, document.id) if isinstance(each, Posting)]
    assert posted == [payable.units]


@plays("hrms-09")
def in_parts(world: World, expect: Any) -> None:
    """A claim is paid in parts that come to it."""
    document = signed(world, claim(approved(world), "5500.00"))
    outstanding, reimbursed = [], []
    for amount in ("500.00", "2000.00", "3000.00"):
        pay(world, document, amount)
        now = world.desk.document(document.id)
        outstanding.append(units(now))
        reimbursed.append(now.paid / 100)
    assert (outstanding, reimbursed) == (expect["outstanding_after"], expect["reimbursed_after"])


@plays("hrms-10")
def tax_rounds(world: World, expect: Any) -> None:
    """Tax is rounded to the smallest unit, and a voucher whose total says otherwise is refused."""
    net = cny("130.84")
    tax = Money(rounded(Fraction(net.units * 7, 100)), "CNY")
    total = net + tax
    assert (str(tax), str(total)) == (f"{expect['tax']:.2f}", f"{expect['total']:.2f}")
    application = approved(world)
    filed(world, claim(application, str(total), vouchers=(voucher(str(total), amount=net, tax=tax),)))
    wrong = voucher(str(total), amount=net, tax=tax - cny("0.01"))
    assert codes(lambda: filed(world, claim(application, "1.00", vouchers=(wrong,)))) == {Code.VOUCHER_SUM_DIFFERS}


@plays("hrms-11")
def paid_once(world: World, expect: Any) -> None:
    """A second payment of an advance that was paid whole is refused."""
    assert expect.startswith("refused")
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form)
    assert codes(lambda: world.pay(id, form)) == {Code.PAYMENT_EXCEEDS_APPROVAL}


@plays("hrms-12")
def paid_in_two(world: World, expect: Any) -> None:
    """An advance is paid in two parts, of which the last is undone."""
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    paid, told = [], []
    acts: list[Callable[[], object]] = [partial(world.pay, id, form, amount) for amount in ("700.00", "300.00")]
    acts.append(partial(world.desk.spending.reverse, id, 2, actor="cashier", reason="Cancelled."))
    for act in acts:
        act()
        now = world.desk.document(id)
        paid.append(now.paid / 100)
        told.append(status(now))
    assert (paid, told) == (expect["paid"], expect["status"])


@plays("hrms-13")
def claimed_and_returned(world: World, expect: Any) -> None:
    """Of an advance half is claimed and half returned: nothing is left ahead."""
    application = approved(world, "1000.00", "1000.00")
    document = signed(world, claim(application, "0.00", "500.00"))
    world.desk.spending.settle(document.id, actor="li.na")
    world.desk.spending.refund(application.id, 1, cny("500.00"), actor="cashier", reason="Unspent.")
    now = world.desk.document(application.id)
    returned = -sum(p.units for p in now.payments if p.units < 0)
    assert (now.cleared / 100, returned / 100) == (expect["claimed"], expect["returned"])
    partly = 0 < now.cleared < now.units
    told = {(True, True): "Partly Claimed and Returned", (True, False): "Claimed", (False, True): "Returned"}
    assert told[partly, returned == now.units - now.cleared] == expect["status"]
    assert now.paid == now.cleared
    assert {Code.ADVANCE_CLAIMED} == codes(
        lambda: world.desk.spending.refund(application.id, 1, cny("0.01"), actor="cashier", reason="More.")
    )


@plays("tier-01")
@plays("tier-04")
def under_validation(world: World, expect: Any) -> None:
    """Before every step is signed nothing is paid or used; a change is the applicant's, and begins the round anew."""
    assert expect == "refused"
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign(id)
    assert codes(lambda: world.pay(id, form)) == {Code.STATUS_WRONG, Code.SIGN_OFF_INCOMPLETE}
    given = (GiftIssued(date(2026, 1, 5), "C1"),)
    assert Code.USE_NOT_OPEN in codes(lambda: world.desk.spending.record_use(id, given, actor="li.na"))
    revise = world.desk.spending.revise
    assert codes(lambda: revise(id, form, actor="head.mkt")) == {Code.ACTOR_NOT_APPLICANT}
    revise(id, form, actor="li.na")
    assert world.desk.document(id).signatures == ()


@plays("tier-02")
def threshold(world: World, expect: Any) -> None:
    """At its threshold the manager's step is not asked for, above it is; some step is at every amount (A3.1)."""
    assert expect == "confirmed without a review"
    for amount, asked in (("0.01", False), ("50000.00", False), ("50000.01", True)):
        chain = world.desk.document(world.apply(world.gift(amount)).id).round.chain
        assert (Office.GENERAL_MANAGER in {step.office for step in chain}, bool(chain)) == (asked, True)


@plays("tier-03")
def rejected_and_restarted(world: World, expect: Any) -> None:
    """A rejection ends a document; a new round of one that was returned has none of the old signatures."""
    assert expect == "document rejected; a restart removes the reviews"
    for verdict in (Reject("No."), Return("Why?")):
        form = world.gift("1000.00")
        id = world.apply(form).id
        world.sign(id)
        seen = world.desk.document(id).statement
        world.desk.spending.sign(id, seen=seen, actor="officer", verdict=verdict)
        if verdict.outcome.value == "reject":
            assert world.desk.document(id).status is Status.REJECTED
        else:
            world.desk.spending.revise(id, form, actor="li.na")
            assert world.desk.document(id).signatures == ()


@plays("tier-05")
def in_sequence(world: World, expect: Any) -> None:
    """Who comes later may not sign before who comes first has, and nothing waits for him."""
    assert expect == "user 1 may review, user 2 may not until user 1 has; pending counts 1 and 0"
    id = world.apply(world.gift("1000.00")).id
    assert [len(world.desk.waiting_for(person)) for person in ("head.mkt", "officer")] == [1, 0]
    assert codes(lambda: world.sign(id, "officer")) == {Code.OFFICE_NOT_HELD}
    world.sign(id, "head.mkt")
    assert [len(world.desk.waiting_for(person)) for person in ("head.mkt", "officer")] == [0, 1]


@pytest.mark.clause("A3.2")
def test_nobody_signs_twice() -> None:
    """One person in two offices signs one step of a document, and is barred from the next: nothing is bypassed."""
    hats = (*PEOPLE, Holding("finance_officer", "two"), Holding("finance_head", "two"))
    world = World.with_budget(MemoryRepository(), hats)
    id = world.apply(world.gift("1000.00")).id
    world.sign(id)
    world.sign(id, "two")
    assert codes(lambda: world.sign(id, "two")) == {Code.SIGNER_BARRED}


@pytest.mark.clause("R2.3", "R2.4", "A3.2", "A4.1", "A4.2")
@pytest.mark.parametrize("id", sorted(PLAYED))
def test_a_scenario(shared: Path, id: str) -> None:
    """What the other system expects comes out here, by the acts that stand for its own."""
    world = World.with_budget(MemoryRepository())
    PLAYED[id](world, scenarios(shared)[id]["expect"])
    assert verify(world.desk.env.repository).breaks == ()
