"""Ways round the policy that were tried, and are closed."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from expense_adapters.local import FixedDirectory, MemoryEvidence
from expense_policy.domain.application import Payee
from expense_policy.domain.approval import Approve, Return
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.checks import blank
from expense_policy.domain.folding import fold
from expense_policy.domain.money import UNITS_MAX, Money
from expense_policy.domain.organisation import Holding
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.ports.repository import Repository
from expense_policy.services.verification import verify

from .test_spine import codes
from .world import PEOPLE, POLICY, World, cny

UNSEEN = ("\ufe0f", "\u034f", "\u3164", "\u2800", "\uffa0", "\u180e", "\U000e0101")


@pytest.mark.clause("A3.6", "A4.2")
@pytest.mark.parametrize("char", UNSEEN, ids=ascii)
def test_what_shows_nothing_is_in_no_name(char: str) -> None:
    """A letter, mark or sign that shows nothing stands in no name, account or id, and alone it is blank."""
    for words in ((f"Tea{char}House", "1", None), ("Tea House", f"1{char}", None), ("A", "1", f"mei{char}")):
        with pytest.raises(ValueError, match="not allowed"):
            Payee(*words)
    assert blank(f" {char}")


@pytest.mark.clause("A3.6")
def test_an_accent_does_not_hide_a_look_alike() -> None:
    """A look-alike letter with an accent folds to the letter it looks like with that accent."""
    assert fold("Т\u0435\u0301a") == fold("Té A") != fold("Te A")
    assert fold("\u0451") == fold("ë")


@pytest.mark.clause("A3.6", "A4.2")
def test_a_mark_makes_no_other_payee() -> None:
    """A line below, above or through characters makes no other name and no other account; marks that spell do."""
    assert fold("Li\u0332 Na\u0305") == fold("Li Na")
    assert fold("6217\u0332 0001\u0338") == fold("6217 0001")
    assert fold("राम") != fold("रोम") != fold("रम")


@pytest.mark.clause("X2")
def test_a_clock_set_back_gives_adoption_to_nobody_else(repository: Repository) -> None:
    """Once a version is adopted, its own offices adopt the next one, whatever the clock says of its day."""
    people = (*PEOPLE, Holding("audit", "auditor"))
    world = World.open(repository, people)
    text = POLICY.replace('adopters = ["finance_head", "general_manager"]', 'adopters = ["board_delegate", "audit"]')
    for actor in ("cfo", "gm"):
        world.desk.policies.adopt(text, actor=actor)
    world.clock.at = datetime(2025, 12, 30, tzinfo=timezone.utc)
    newer = text.replace("2026.1", "evil").replace("effective = 2026-01-01", "effective = 2026-01-02")
    with pytest.raises(Refused) as refused:
        world.desk.policies.adopt(newer, actor="cfo")
    assert codes(refused) == {Code.OFFICE_NOT_HELD}
    assert world.desk.would.policies.adopt(newer, actor="auditor").allowed


@pytest.mark.clause("B2.1")
def test_a_line_pays_from_its_year_on(repository: Repository) -> None:
    """What was expected for the next year's line is not paid before that year begins."""
    world = World.with_budget(repository)
    lines = (PlanLine("next-gifts", "care_gifts", "Gifts", cny("1000.00")),)
    world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2027, lines), actor="mei").id)
    form = world.gift("100.00", expected_payment=date(2027, 1, 2))
    form = attrs.evolve(form, shares=(attrs.evolve(form.shares[0], line="next-gifts"),))
    world.clock.at = datetime(2026, 12, 1, tzinfo=timezone.utc)
    id = world.apply(form).id
    world.sign_all(id)
    with pytest.raises(Refused) as refused:
        world.pay(id, form)
    assert codes(refused) == {Code.LINE_MISMATCH}
    world.clock.at = datetime(2026, 12, 31, 16, 0, tzinfo=timezone.utc)
    assert world.pay(id, form).number == 1


@pytest.mark.clause("A3.2", "G3.4")
def test_an_earlier_payee_is_no_break(repository: Repository) -> None:
    """Who signed a round before he became the payee of the next one is no break: that round's signatures are void."""
    world = World.with_budget(repository)
    form = world.gift()
    id = world.apply(form).id
    world.sign(id, "head.mkt")
    world.desk.spending.revise(
        id, attrs.evolve(form, payee=attrs.evolve(form.paid_to, person="head.mkt")), actor="li.na"
    )
    for actor in ("deputy", "officer", "cfo", "gm"):
        world.sign(id, actor)
    assert world.desk.document(id).status is Status.APPROVED
    assert verify(repository).breaks == ()


@pytest.mark.clause("A3.4")
def test_nothing_is_held_by_who_has_left(repository: Repository) -> None:
    """What came back, or waits for a step that nobody may take, a finance officer ends with a reason; nothing else."""
    world = World.with_budget(repository)
    plan = BudgetPlan("customer_service", 2026, (PlanLine("cs", "care_gifts", "Gifts", cny("10.00")),))
    id = world.desk.budgeting.file(plan, actor="gone").id
    end = world.desk.spending.withdraw
    with pytest.raises(Refused) as refused:
        end(id, actor="officer", reason="He has left.")
    assert codes(refused) == {Code.ACTOR_NOT_APPLICANT}
    seen = world.desk.document(id).statement
    world.desk.spending.sign(id, seen=seen, actor="officer", verdict=Return("Explain."))
    for actor, reason in (("officer", None), ("officer", " "), ("cfo", "He has left.")):
        with pytest.raises(Refused):
            end(id, actor=actor, reason=reason)
    assert end(id, actor="officer", reason="He has left.").status == Status.WITHDRAWN
    assert world.desk.budgeting.file(plan, actor="new").status == Status.IN_REVIEW
    stuck = world.apply(world.gift(), actor="gone").id
    directory: Any = world.desk.env.directory
    kept = tuple(h for h in PEOPLE if h.office not in ("department_head", "deputy_in_charge"))
    object.__setattr__(directory, "holdings", kept)
    assert end(stuck, actor="officer", reason="Nobody is left.").status == Status.WITHDRAWN
    assert all(line.reserved == 0 for line in world.desk.lines())
    assert verify(repository).breaks == ()


@pytest.mark.clause("A4.2")
def test_a_departments_officer_confirms_an_account(repository: Repository) -> None:
    """Any holder of a finance officer's office confirms a payee's account, his department's alone or the company's."""
    people = (*(h for h in PEOPLE if h.office != "finance_officer"), Holding("finance_officer", "own", "marketing"))
    world = World.with_policy(repository, people)
    assert isinstance(world.desk.env.directory, FixedDirectory)
    would = world.desk.would.spending
    assert would.confirm_account("Tea", "2", actor="own", reason="Called them.").allowed
    (found,) = would.confirm_account("Tea", "2", actor="cfo", reason="Called them.").refusals
    assert dict(found.facts)["holders"] == "own"


@pytest.mark.clause("A4.2", "A4.4")
def test_nothing_is_paid_without_its_evidence(world: World) -> None:
    """What was attached has to be in the evidence store when it is paid, too."""
    form = world.gift()
    id = world.apply(form).id
    world.sign_all(id)
    assert isinstance(world.evidence, MemoryEvidence)
    world.evidence.__init__()  # type: ignore[misc]  # emptied
    with pytest.raises(Refused) as refused:
        world.pay(id, form)
    assert codes(refused) == {Code.EVIDENCE_UNKNOWN}


def test_a_dry_run_takes_what_the_act_takes(world: World) -> None:
    """What is the caller's mistake in an act is his mistake in its dry run."""
    id = world.apply(world.gift()).id
    would: Any = world.desk.would
    wrong: Any = object()
    for reason in ("a\x00", 5):
        with pytest.raises((TypeError, ValueError)):
            would.spending.withdraw(id, actor="li.na", reason=reason)
    mistakes: Any = (
        lambda: would.spending.sign(id, seen="x", actor="head.mkt", verdict=wrong),
        lambda: would.spending.apply(wrong, actor="li.na"),
        lambda: would.spending.pay(id, wrong, actor="cashier"),
        lambda: would.budgeting.file(wrong, actor="mei"),
    )
    for mistake in mistakes:
        with pytest.raises(TypeError):
            mistake()


def test_values_stay_within_what_can_be_counted(world: World) -> None:
    """Years, instants, sums and review points beyond what every store keeps are the caller's mistake, at once."""
    line = PlanLine("l", "care_gifts", "Gifts", Money(UNITS_MAX, "CNY"))
    with pytest.raises(ValueError, match="year"):
        BudgetPlan("marketing", 10**30, (line,))
    with pytest.raises(ValueError, match="not allowed"):
        Approve("Fine.", {"\x1b[31m": True})
    with pytest.raises(ValueError, match="once"):
        Project("p", "Fair", ("marketing", "marketing"), date(2026, 1, 1), date(2026, 2, 1))
    for at in (datetime.max.replace(tzinfo=timezone.utc), datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))):
        with pytest.raises(ValueError, match="within"):
            SmsSent(at, "C1")


def test_a_plan_is_not_paid(world: World) -> None:
    """Paying a budget plan is the caller's mistake, said in a sentence."""
    form = world.gift()
    (plan,) = [row.id for row in world.desk.find(kind="budget_plan")]
    with pytest.raises(ValueError, match="budget_plan is not paid"):
        world.pay(plan, form)
