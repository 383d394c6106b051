"""The clauses of the spine, one law a test, on every store."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import attrs
import pytest

from expense_policy.domain.application import Payee, Share
from expense_policy.domain.approval import Approve, Reject, Return
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories.holiday_gift import GiftIssued, HolidayGift
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.ports.repository import Repository
from expense_policy.services.verification import verify

from .test_spine import codes
from .world import POLICY, World, cny


@pytest.mark.clause("G2")
def test_outside_the_scope(world: World) -> None:
    """A document of a department outside the scope is refused."""
    with pytest.raises(Refused) as refused:
        world.apply(world.gift(department="research"))
    assert Code.DEPARTMENT_OUT_OF_SCOPE in codes(refused)


@pytest.mark.clause("G3.1")
@pytest.mark.parametrize("field", ["business_goal", "customers"])
def test_an_expense_states_its_goal(world: World, field: str) -> None:
    """An application without business goal or customers is refused under G3.1."""
    with pytest.raises(Refused) as refused:
        world.apply(world.gift(**{field: " "}))
    assert [r.clause for r in refused.value.refusals] == ["G3.1"]


@pytest.mark.clause("G3.3", "A1.2", "A2.1", "A2.2")
def test_no_step_is_skipped(world: World) -> None:
    """Each step in turn is refused to everyone but the holder of its office, and is never skipped."""
    id = world.apply(world.gift()).id
    for right in ("head.mkt", "officer", "cfo", "deputy"):
        document = world.desk.document(id)
        for wrong in {"head.mkt", "head.cs", "officer", "cfo", "deputy", "gm", "cashier", "li.na", "nobody"} - {right}:
            with pytest.raises(Refused) as refused:
                world.sign(id, actor=wrong)
            assert codes(refused) <= {Code.OFFICE_NOT_HELD, Code.SIGNER_BARRED}
        assert world.desk.document(id) == document
        assert [row.id for row in world.desk.waiting_for(right)] == [id]
        world.sign(id, actor=right)
    assert world.desk.document(id).status is Status.APPROVED


@pytest.mark.clause("A3.7", "A3.4")
def test_findings_and_opinion(world: World) -> None:
    """An approval lacks no finding, stands beside no negative one, and no verdict lacks an opinion."""
    id = world.apply(world.gift()).id
    seen = world.desk.document(id).statement
    points = {"necessity": True, "reasonableness": True, "budget": True}
    for verdict, code in (
        (Approve("Fine.", {"necessity": True}), Code.FINDING_MISSING),
        (Approve("Fine.", {**points, "budget": False}), Code.FINDING_NEGATIVE),
        (Approve(" ", points), Code.OPINION_MISSING),
        (Return(""), Code.OPINION_MISSING),
        (Reject(""), Code.OPINION_MISSING),
    ):
        with pytest.raises(Refused) as refused:
            world.desk.spending.sign(id, seen=seen, actor="head.mkt", verdict=verdict)
        assert codes(refused) == {code}


def _balance(world: World, line: str = "mkt-gifts") -> tuple[int, int, int]:
    found = next(each for each in world.desk.lines() if each.id == line)
    return found.reserved, found.committed, found.spent


@pytest.mark.clause("A3.4")
@pytest.mark.parametrize("way", ["return", "reject", "withdraw", "withdraw approved", "expire", "close"])
def test_money_goes_back_at_once(world: World, way: str) -> None:
    """However a document ends or goes back, what it holds and was not spent returns to its line in the same act."""
    form = world.gift("1000.00")
    id = world.apply(form).id
    assert _balance(world) == (100000, 0, 0)
    desk, seen = world.desk, world.desk.document(id).statement
    if way == "return":
        assert desk.spending.sign(id, seen=seen, actor="head.mkt", verdict=Return("No.")).status == Status.RETURNED
    elif way == "reject":
        assert desk.spending.sign(id, seen=seen, actor="head.mkt", verdict=Reject("No.")).status == Status.REJECTED
    elif way == "withdraw":
        assert desk.spending.withdraw(id, actor="li.na").status == Status.WITHDRAWN
    else:
        world.sign_all(id)
        assert _balance(world) == (0, 100000, 0)
        if way == "withdraw approved":
            desk.spending.withdraw(id, actor="li.na")
        elif way == "expire":
            world.clock.at = datetime(2026, 8, 1, tzinfo=timezone.utc)
            assert desk.tick().expired == 1
            assert desk.document(id).status is Status.EXPIRED
        else:
            world.pay(id, form, "400.00")
            with pytest.raises(Refused) as refused:
                desk.spending.withdraw(id, actor="li.na")
            assert codes(refused) == {Code.PARTLY_PAID}
            assert desk.spending.close(id, actor="li.na", reason="Enough.").status == Status.CLOSED
    assert _balance(world) == (0, 0, 40000 if way == "close" else 0)


@pytest.mark.clause("A3.4")
def test_an_expired_approval_is_not_paid(world: World) -> None:
    """From the 180th day after approval nothing is paid, whether or not a sweep ran; a microsecond before it is."""
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    expires = world.desk.document(id).expires_at
    assert expires == world.clock.now() + timedelta(days=180)
    world.clock.at = expires - timedelta(microseconds=1)
    assert world.desk.would.spending.pay(id, world.instruction(form), actor="cashier").allowed
    world.clock.at = expires
    with pytest.raises(Refused) as refused:
        world.pay(id, form)
    assert codes(refused) == {Code.APPROVAL_EXPIRED}


@pytest.mark.clause("A3.5")
def test_the_whole_ladder_of_substitutes(repository: Repository) -> None:
    """A step whose office has no free holder goes to the substitute, and the signature says so."""
    world = World.with_policy(repository)
    plan = BudgetPlan("marketing", 2026, (PlanLine("l", "care_gifts", "Gifts", cny("100.00")),))
    id = world.desk.budgeting.file(plan, actor="officer").id
    # The only officer filed it: the finance head takes his step, the general manager the finance head's.
    world.sign(id, actor="cfo")
    world.sign(id, actor="gm")
    assert world.sign(id, actor="board").status == Status.APPROVED
    signed = world.desk.document(id).signatures
    assert [s.authority.substitute_for for s in signed] == ["finance_officer", "finance_head", "general_manager"]


@pytest.mark.clause("B1.4", "B1.5")
def test_a_budget_is_in_force_once_approved(repository: Repository) -> None:
    """Nothing can be asked from a budget before its whole chain approved it; a second plan is refused meanwhile."""
    world = World.with_policy(repository)
    plan = BudgetPlan("marketing", 2026, (PlanLine("mkt-gifts", "care_gifts", "Gifts", cny("10000.00")),))
    id = world.desk.budgeting.file(plan, actor="mei").id
    with pytest.raises(Refused) as refused:
        world.desk.budgeting.file(plan, actor="mei")
    assert codes(refused) == {Code.PLAN_EXISTS, Code.LINE_EXISTS}
    for _ in range(3):
        with pytest.raises(Refused) as refused:
            world.apply(world.gift())
        assert codes(refused) == {Code.LINE_NOT_IN_FORCE}
        world.sign(id)
    assert world.apply(world.gift()).status == Status.IN_REVIEW


@pytest.mark.clause("B2.1")
def test_a_line_of_its_own(world: World) -> None:
    """An application on a line of another department, year or category is refused."""
    sms_line = (Share("mkt-sms", cny("100.00")),)
    for form in (
        world.gift("100.00", shares=sms_line),
        world.gift("100.00", department="customer_service"),
        world.gift("100.00", expected_payment=date(2027, 1, 2)),
    ):
        with pytest.raises(Refused) as refused:
            world.apply(form)
        assert codes(refused) == {Code.LINE_MISMATCH}


@pytest.mark.clause("C2.1")
def test_gift_standards_at_their_limits(world: World) -> None:
    """A unit price of 200.00 and the window's edges pass, one unit or one day beyond is refused with the figures."""
    base = world.gift("20000.00")
    assert isinstance(base.plan, HolidayGift)
    plan = attrs.evolve(base.plan, unit_price=cny("200.00"), quantity=100)
    good = attrs.evolve(plan, issue_from=date(2026, 1, 18), issue_until=date(2026, 2, 24))
    would = world.desk.would.spending
    assert would.apply(attrs.evolve(base, plan=good), actor="li.na").allowed
    amount = cny("20001.00")
    dear = attrs.evolve(base, plan=attrs.evolve(good, unit_price=cny("200.01")), shares=(Share("mkt-gifts", amount),))
    early = attrs.evolve(base, plan=attrs.evolve(good, issue_from=date(2026, 1, 17)))
    late = attrs.evolve(base, plan=attrs.evolve(good, issue_until=date(2026, 2, 25)))
    for form in (dear, early, late):
        (found,) = would.apply(form, actor="li.na").refusals
        assert (found.code, found.clause) == (Code.STANDARD_BROKEN, "C2.1")


@pytest.mark.clause("C8")
def test_plan_equals_amount(world: World) -> None:
    """A plan record that differs from the amount by one smallest unit is refused with both figures."""
    form = world.gift("100.00", shares=(Share("mkt-gifts", cny("100.01")),))
    (found,) = world.desk.would.spending.apply(form, actor="li.na").refusals
    assert dict(found.facts) == {"total": cny("100.00"), "asked": cny("100.01")}


@pytest.mark.clause("A4.2")
def test_a_payment_agrees_with_the_form(world: World) -> None:
    """Every field that differs from the form is named and refuses the payment, as does one unit too much."""
    form = world.gift("100.00")
    id = world.apply(form).id
    world.sign_all(id)
    good, would = world.instruction(form), world.desk.would.spending
    for wrong, field in (
        (attrs.evolve(good, payee=Payee("Other", form.paid_to.account)), "payee_name"),
        (attrs.evolve(good, payee=Payee(form.paid_to.name, "other")), "payee_account"),
        (attrs.evolve(good, method="cash"), "method"),
        (attrs.evolve(good, attachments=()), "documents"),
    ):
        (found,) = would.pay(id, wrong, actor="cashier").refusals
        assert (found.code, dict(found.facts)["fields"]) == (Code.PAYMENT_DIFFERS, field)
    (found,) = would.pay(id, world.instruction(form, "100.01"), actor="cashier").refusals
    assert found.code is Code.PAYMENT_EXCEEDS_APPROVAL


@pytest.mark.clause("A4.2")
def test_a_changed_account_is_confirmed_by_name(world: World) -> None:
    """An account other than the one last paid under a name is paid only after a finance officer confirmed it."""
    for account in ("first", "second"):
        form = world.gift("100.00", payee=Payee("Ｔea House", account))
        id = world.apply(form).id
        world.sign_all(id)
        if account == "second":
            with pytest.raises(Refused) as refused:
                world.pay(id, form)
            assert codes(refused) == {Code.ACCOUNT_UNCONFIRMED}
            world.desk.spending.confirm_account("tea house", "second", actor="officer", reason="Called them.")
        assert world.pay(id, form).number == 1


@pytest.mark.clause("A4.2", "B2.1")
def test_instalments_and_reversal_on_two_lines(world: World) -> None:
    """Instalments fall on the lines in proportion, add up exactly, and a reversal restores each line's part once."""
    form = world.gift("1000.00", shares=(Share("mkt-gifts", cny("666.67")), Share("mkt-gifts-2", cny("333.33"))))
    id = world.apply(form).id
    world.sign_all(id)
    for number, part in enumerate(("0.01", "333.33", "666.66"), 1):
        assert world.pay(id, form, part).number == number
    assert (_balance(world)[2], _balance(world, "mkt-gifts-2")[2]) == (66667, 33333)
    undone = world.desk.spending.reverse(id, 2, actor="cashier", reason="Bounced.")
    assert undone.number == 4
    assert world.desk.document(id).paid == 66667
    with pytest.raises(Refused) as refused:
        world.desk.spending.reverse(id, 2, actor="cashier", reason="Again.")
    assert codes(refused) == {Code.REVERSAL_EXCEEDS_PAYMENT}
    assert world.pay(id, form, "333.33").number == 5


@pytest.mark.clause("X2")
def test_two_persons_adopt_before_the_day(repository: Repository) -> None:
    """A version is in force once two persons adopted it before its day; a changed text needs another name."""
    world = World.open(repository)
    adopt = world.desk.policies.adopt
    adopt(POLICY, actor="cfo")
    with pytest.raises(Refused) as refused:
        adopt(POLICY, actor="cfo")
    assert codes(refused) == {Code.ADOPTED_TWICE}
    with pytest.raises(Refused) as refused:
        adopt(POLICY + "\n", actor="gm")
    assert codes(refused) == {Code.POLICY_VERSION_CHANGED}
    world.clock.at = datetime(2025, 12, 31, 16, 0, tzinfo=timezone.utc)
    with pytest.raises(Refused) as refused:
        adopt(POLICY, actor="gm")
    assert codes(refused) == {Code.ADOPTED_LATE}
    world.clock.forward(seconds=-1)
    adopt(POLICY, actor="gm")
    with pytest.raises(Refused) as refused:
        world.apply(world.gift())
    assert codes(refused) == {Code.POLICY_NOT_IN_FORCE}


@pytest.mark.clause("X2")
def test_a_round_keeps_its_policy(world: World) -> None:
    """A later version changes nothing about a round that was submitted before it."""
    form = world.gift("40000.00")
    id = world.apply(form).id
    newer = (
        POLICY.replace("2026.1", "2026.2")
        .replace("effective = 2026-01-01", "effective = 2026-01-10")
        .replace("50000.00", "30000.00")
    )
    for actor in ("cfo", "gm"):
        world.desk.policies.adopt(newer, actor=actor)
    world.clock.at = datetime(2026, 1, 12, 1, 0, tzinfo=timezone.utc)
    assert world.sign_all(id).status == Status.APPROVED
    assert world.desk.document(id).round.chain[-1].office == "deputy_in_charge"
    other = world.apply(world.gift("40000.00")).id
    assert world.desk.document(other).round.chain[-1].office == "general_manager"
    assert world.pay(id, form).number == 1


@pytest.mark.clause("G2.2")
def test_a_project_is_named_as_it_stands(world: World) -> None:
    """A document names a project that is registered, of its department and day; a project's line bears no other."""
    open_ = world.desk.projects.open
    fair = Project("fair", "Fair", ("marketing",), date(2026, 1, 1), date(2026, 2, 1))
    with pytest.raises(Refused) as refused:
        open_(fair, actor="head.cs")
    assert [r.clause for r in refused.value.refusals] == ["G2.2"]
    open_(fair, actor="head.mkt")
    open_(attrs.evolve(fair, id="other", departments=("customer_service",)), actor="officer")
    with pytest.raises(Refused) as refused:
        open_(attrs.evolve(fair, name="Another"), actor="officer")
    assert codes(refused) == {Code.PROJECT_EXISTS}
    lines = (PlanLine("fair-gifts", "care_gifts", "Gifts", cny("100.00"), "fair"),)
    plan = BudgetPlan("customer_service", 2026, lines)
    (found,) = world.desk.would.budgeting.file(plan, actor="mei").refusals
    assert found.code is Code.PROJECT_MISMATCH
    # A line's money is for its year: the project has to have a day of it.
    for year, fits in ((2025, False), (2026, True), (2027, False)):
        plan = BudgetPlan("marketing", year, lines)
        told = world.desk.would.budgeting.file(plan, actor="mei").refusals
        assert (Code.PROJECT_MISMATCH in [each.code for each in told]) is not fits
    would = world.desk.would.spending
    for project, code in (("none", Code.PROJECT_UNKNOWN), ("other", Code.PROJECT_MISMATCH)):
        (found,) = would.apply(world.gift(project=project), actor="li.na").refusals
        assert found.code is code
    late = world.gift(project="fair", expected_payment=date(2026, 2, 2))
    (found,) = would.apply(late, actor="li.na").refusals
    assert found.code is Code.PROJECT_MISMATCH
    assert would.apply(world.gift(project="fair"), actor="li.na").allowed
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("G2.2")
def test_a_projects_line_bears_that_project(repository: Repository) -> None:
    """An application on a project's line that names another project, or none, is refused."""
    world = World.with_policy(repository)
    fair = Project("fair", "Fair", ("marketing",), date(2026, 1, 1), date(2026, 2, 1))
    world.desk.projects.open(fair, actor="head.mkt")
    lines = (PlanLine("mkt-gifts", "care_gifts", "Gifts", cny("10000.00"), "fair"),)
    world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id)
    (found,) = world.desk.would.spending.apply(world.gift(), actor="li.na").refusals
    assert found.code is Code.PROJECT_OF_LINE
    assert world.apply(world.gift(project="fair")).status == Status.IN_REVIEW


@pytest.mark.clause("B1.4")
def test_a_plan_is_negotiated(repository: Repository) -> None:
    """A returned plan is revised by who filed it and starts over, every round kept; withdrawn it makes room."""
    world = World.with_policy(repository)
    desk, line = world.desk, PlanLine("mkt-gifts", "care_gifts", "Gifts", cny("10000.00"))
    plan = BudgetPlan("marketing", 2026, (line,))
    id = desk.budgeting.file(plan, actor="mei").id
    world.sign(id)
    seen = desk.document(id).statement
    desk.spending.sign(id, seen=seen, actor="cfo", verdict=Return("Too much."))
    less = attrs.evolve(plan, lines=(attrs.evolve(line, amount=cny("9000.00")),))
    with pytest.raises(Refused) as refused:
        desk.budgeting.revise(id, less, actor="li.na")
    assert codes(refused) == {Code.ACTOR_NOT_APPLICANT}
    assert desk.would.budgeting.revise(id, less, actor="mei").allowed
    desk.budgeting.revise(id, less, actor="mei")
    assert (desk.document(id).round.number, desk.document(id).signatures) == (2, ())
    desk.spending.withdraw(id, actor="mei")
    again = desk.budgeting.file(less, actor="mei").id
    world.sign_all(again)
    with pytest.raises(Refused) as refused:
        desk.budgeting.revise(again, plan, actor="mei")
    assert codes(refused) == {Code.STATUS_WRONG}
    assert [e.act for e in desk.history(id)] == ["file_budget", "sign", "sign", "revise_budget", "withdraw"]
    assert next(each.in_force for each in desk.lines()) == 900000
    assert verify(repository).breaks == ()


@pytest.mark.clause("A4.4")
def test_what_ended_is_archived_together(world: World) -> None:
    """Form, evidence, signatures, payments and journal of a document that ended are found together, with their term."""
    form = world.gift("1000.00")
    id = world.apply(form).id
    with pytest.raises(ValueError, match="has not ended"):
        world.desk.archived(id)
    world.sign_all(id)
    world.pay(id, form)
    world.on(date(2026, 2, 1))
    world.desk.spending.settle(id, (GiftIssued(date(2026, 2, 1), "C1", 10),), actor="li.na")
    found = world.desk.archived(id)
    assert (found.document.content, len(found.document.signatures), len(found.document.payments)) == (form, 4, 1)
    assert (found.evidence, found.missing) == (tuple(a.digest for a in form.attachments), ())
    assert len(found.entries) == 7
    assert found.keep_until == date(2056, 2, 1)
