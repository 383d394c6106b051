"""Clauses at their edges: the last value that passes, the first that does not."""

from __future__ import annotations

import json
import logging
from datetime import date, datetime, timedelta, timezone

import attrs
import pytest

from expense_adapters.local import FixedDirectory
from expense_adapters.memory import MemoryRepository
from expense_adapters.notify import LogNotifier
from expense_policy.domain.application import Share
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories import REGISTER
from expense_policy.domain.categories.holiday_gift import HolidayGift
from expense_policy.domain.categories.sms import Sms
from expense_policy.domain.organisation import Delegation
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import CATEGORIES, TERMS
from expense_policy.ports.notifier import Notice
from expense_policy.ports.repository import Repository
from expense_policy.services.verification import verify

from .test_spine import codes
from .world import POLICY, World, cny


def _lends(world: World, *given: Delegation) -> None:
    directory = world.desk.env.directory
    assert isinstance(directory, FixedDirectory)
    object.__setattr__(directory, "delegations", given)


def _under(text: str, repository: Repository) -> World:
    """A company under this policy, with a budget for gifts in force."""
    world = World.open(repository)
    for actor in ("cfo", "gm"):
        world.desk.policies.adopt(text, actor=actor)
    world.clock.at = datetime(2026, 1, 5, 1, 0, tzinfo=timezone.utc)
    lines = (PlanLine("mkt-gifts", "care_gifts", "Gifts", cny("10000.00")),)
    world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id)
    return world


@pytest.mark.clause("G3.4", "A3.2", "A3.5")
def test_an_entry_says_in_which_office_and_for_whom(repository: Repository) -> None:
    """The journal names the office a signature was given in, the substitute's too, and whom a delegate signed for."""
    world = World.with_budget(repository)
    now = world.clock.now()
    _lends(world, Delegation("cfo", "aide", "finance_head", now, now + timedelta(days=1), "Leave"))
    id = world.apply(world.gift(), actor="head.mkt").id
    for actor in ("deputy", "officer", "aide", "gm"):
        world.sign(id, actor)
    signed = [(e.actor, e.office, e.on_behalf_of) for e in world.desk.history(id) if e.act == "sign"]
    assert signed == [
        ("deputy", "deputy_in_charge", None),
        ("officer", "finance_officer", None),
        ("aide", "finance_head", "cfo"),
        ("gm", "general_manager", None),
    ]
    assert verify(repository).breaks == ()


@pytest.mark.clause("A3.2", "X3")
def test_a_delegations_limit_is_in_the_companys_currency(world: World) -> None:
    """A delegate signs up to his limit in the company's currency; one of another, or of none, is never read in it."""
    id = world.apply(world.gift("10000.00")).id
    now, document, would = world.clock.now(), world.desk.document(id), world.desk.would.spending
    lent = Delegation("head.mkt", "aide", "department_head", now, now + timedelta(days=1), "Leave", 1_000_000, "CNY")
    for units, allowed in ((1_000_000, True), (999_999, False)):
        _lends(world, attrs.evolve(lent, units_max=units))
        decision = would.sign(id, seen=document.statement, actor="aide", verdict=world.approve(document))
        assert decision.allowed is allowed
    for currency in ("JPY", "KWD", None):
        _lends(world, attrs.evolve(lent, currency=currency))
        with pytest.raises(ValueError, match=f"limit in {currency or 'no currency'}, and the company counts in CNY"):
            would.sign(id, seen=document.statement, actor="aide", verdict=world.approve(document))
        with pytest.raises(ValueError, match="the company counts in CNY"):
            world.desk.waiting_for("aide")


@pytest.mark.clause("A3.2")
def test_a_delegation_begins_when_it_says(world: World) -> None:
    """A delegate signs from the delegation's first instant on, and not a microsecond before."""
    id = world.apply(world.gift()).id
    start = world.clock.now() + timedelta(hours=1)
    _lends(world, Delegation("head.mkt", "aide", "department_head", start, start + timedelta(days=1), "Leave"))
    document, would = world.desk.document(id), world.desk.would.spending
    for at, allowed in ((start - timedelta(microseconds=1), False), (start, True)):
        world.clock.at = at
        decision = would.sign(id, seen=document.statement, actor="aide", verdict=world.approve(document))
        assert decision.allowed is allowed


@pytest.mark.clause("A3.5")
def test_the_second_substitute_takes_over(repository: Repository) -> None:
    """Where the first substitute is barred as well, the next one of the policy takes the step."""
    text = POLICY.replace('department_head = ["deputy_in_charge"]', 'department_head = ["deputy_in_charge", "cashier"]')
    world = _under(text, repository)
    form = world.gift("100.00")
    payee = attrs.evolve(form.paid_to, person="deputy")
    id = world.apply(attrs.evolve(form, payee=payee), actor="head.mkt").id
    world.sign(id, "cashier")
    assert world.desk.document(id).signatures[0].authority.office == "cashier"


@pytest.mark.clause("C3.3")
def test_messages_have_at_most_three_segments(world: World) -> None:
    """A planned message of three segments passes; one of four is refused with both figures."""
    base = world.sms()
    for length, allowed in ((459, True), (460, False)):
        plan = Sms("a" * length, 10, cny("0.05"))
        form = attrs.evolve(base, plan=plan, shares=(Share("mkt-sms", plan.total),))
        decision = world.desk.would.spending.apply(form, actor="li.na")
        assert decision.allowed is allowed
    (found,) = decision.refusals
    assert (found.clause, dict(found.facts)["figure"], dict(found.facts)["limit"]) == ("C3.3", 4, 3)


@pytest.mark.clause("C2.1")
def test_a_festival_is_the_calendars_or_the_companys() -> None:
    """A festival that neither the lunar calendar nor the company knows is refused; the company's own passes."""
    # An array of tables stands after its table.
    head, _, tail = POLICY.partition("[sms]")
    text = f'{head}[[holiday_gift.festival]]\nname = "founders_day"\ndate = 2026-02-15\n\n[sms]{tail}'
    world = _under(text, MemoryRepository())
    form = world.gift("100.00")
    assert isinstance(form.plan, HolidayGift)
    unknown = ["festival"]
    for name, year, standards in (("founders_day", 2026, []), ("nope", 2026, unknown), ("founders_day", 2027, unknown)):
        plan = attrs.evolve(form.plan, festival=name, year=year)
        found = world.desk.would.spending.apply(attrs.evolve(form, plan=plan), actor="li.na").refusals
        assert [dict(refusal.facts)["standard"] for refusal in found] == standards, name


@pytest.mark.clause("G2")
def test_a_budget_outside_the_scope(world: World) -> None:
    """A budget plan of a department outside the scope is refused like every other document."""
    plan = BudgetPlan("research", 2026, (PlanLine("r", "care_gifts", "Gifts", cny("1.00")),))
    with pytest.raises(Refused) as refused:
        world.desk.budgeting.file(plan, actor="mei")
    assert codes(refused) == {Code.DEPARTMENT_OUT_OF_SCOPE}


@pytest.mark.clause("A1.1")
def test_a_form_is_filed_before_its_payment(world: World) -> None:
    """An expected payment of today passes, one of yesterday is refused."""
    today = date(2026, 1, 5)
    would = world.desk.would.spending
    assert would.apply(world.gift(expected_payment=today), actor="li.na").allowed
    (found,) = would.apply(world.gift(expected_payment=date(2026, 1, 4)), actor="li.na").refusals
    assert (found.code, found.clause) == (Code.FORM_INCOMPLETE, "A1.1")


@pytest.mark.clause("A1.1")
def test_evidence_is_asked_for_from_its_amount_on(world: World) -> None:
    """Up to 10,000.00 a gift needs its budget basis alone, one smallest unit above it a contract as well."""
    would = world.desk.would.spending
    for amount, allowed in (("10000.00", True), ("10000.01", False)):
        decision = would.apply(world.gift(amount, attachments=(world.basis,)), actor="li.na")
        assert decision.allowed is allowed
    (found,) = decision.refusals
    assert (found.code, dict(found.facts)["evidence"]) == (Code.EVIDENCE_MISSING, "contract")


@pytest.mark.clause("B2.2")
def test_beyond_the_line_the_remedy_is_a_supplement(world: World) -> None:
    """What is beyond the line is refused under B2.2, and the remedy names the supplementary budget and how much."""
    (found,) = world.desk.would.spending.apply(world.gift("200100.00"), actor="li.na").refusals
    assert (found.code, found.clause) == (Code.BUDGET_EXCEEDED, "B2.2")
    assert "supplementary budget of 100.00 CNY" in found.remedy("en")
    assert "追加预算100.00 CNY" in found.remedy("zh")


@pytest.mark.clause("A3.6")
def test_related_counts_for_thirty_days(world: World) -> None:
    """What was submitted thirty days before counts to the chain, what was submitted thirty-one days before does not."""
    payee = world.gift().payee
    late = {"expected_payment": date(2026, 3, 1), "payee": payee}
    world.apply(world.gift("30000.00", payee=payee))
    for days, deciding in ((30, 6000000), (31, 3000000)):
        world.clock.at = datetime(2026, 1, 5, 1, 0, tzinfo=timezone.utc) + timedelta(days=days)
        id = world.apply(world.gift("30000.00", **late)).id
        assert world.desk.document(id).round.deciding_units == deciding
        world.desk.spending.withdraw(id, actor="li.na")


@pytest.mark.clause("A3.6")
def test_a_revision_does_not_count_itself(world: World) -> None:
    """A new round of the same application is decided by its own amount, not by its old one as well."""
    form = world.gift("30000.00")
    id = world.apply(form).id
    world.desk.spending.revise(id, form, actor="li.na")
    assert world.desk.document(id).round.deciding_units == 3000000


@pytest.mark.clause("A3.4")
def test_who_may_close(world: World) -> None:
    """A partly paid document is closed by its applicant or a finance officer, and by nobody else."""
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "1.00")
    would = world.desk.would.spending
    everyone = ("li.na", "officer", "cfo", "head.mkt", "gm", "cashier", "mei")
    assert [who for who in everyone if would.close(id, actor=who, reason="Enough.").allowed] == ["li.na", "officer"]


@pytest.mark.clause("X2", "X3")
def test_today_is_the_companys(repository: Repository) -> None:
    """That no policy is in force yet is said of the company's day, not of another zone's."""
    world = World.open(repository)
    for actor in ("cfo", "gm"):
        world.desk.policies.adopt(POLICY, actor=actor)
    world.clock.at = datetime(2025, 12, 30, 17, 0, tzinfo=timezone.utc)
    (found,) = world.desk.would.spending.apply(world.gift(), actor="li.na").refusals
    assert dict(found.facts)["today"] == "2025-12-31"
    with pytest.raises(Refused) as refused:
        world.desk.disclosed(actor="gm")
    assert dict(refused.value.refusals[0].facts)["today"] == "2025-12-31"


def test_every_type_has_words_and_a_category() -> None:
    """Each expense type has its English and its Chinese, and each of the seven cost categories has a type."""
    assert set(REGISTER) <= set(TERMS)
    assert {kind.category for kind in REGISTER.values()} == set(CATEGORIES)


def test_a_logged_notice_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """A notice is logged as one line of JSON, its control characters escaped."""
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    logger = logging.getLogger("expense_policy.test")
    with caplog.at_level(logging.INFO, logger.name):
        LogNotifier(logger).notify(Notice("k:1", "apply\n2026 forged", "k", ("li.na",), at, (("entry", "\x1b[31m"),)))
    (line,) = [record.getMessage() for record in caplog.records]
    assert "\n" not in line
    assert "\x1b" not in line
    assert json.loads(line)["subject"] == "apply\n2026 forged"
