"""What the kit draws is what it says: policies load, people can act, applications are taken."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from typing import Any, TypeVar

import attrs
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from expense_adapters.memory import MemoryRepository
from expense_policy.domain.adjustment import BudgetChange
from expense_policy.domain.allocation import Method
from expense_policy.domain.allocation_rule import AllocationBasis
from expense_policy.domain.approval import Outcome, check_verdict
from expense_policy.domain.categories import REGISTER, Asked, Plan, Use
from expense_policy.domain.categories import _customers as for_customers
from expense_policy.domain.categories.recording import Case, Recording
from expense_policy.domain.estimates import Drivers, LastYear, OperatingPlan, Trend
from expense_policy.domain.money import UNITS_MAX, Money
from expense_policy.domain.organisation import Holding, Roster
from expense_policy.domain.payment import Instruction
from expense_policy.domain.periods import Month
from expense_policy.domain.policy import Policy
from expense_policy.domain.project import Project
from expense_policy.domain.vocabulary import NEEDED, Kind, Office, Status
from expense_policy.domain.voucher import Voucher, VoucherKind
from expense_policy.policy_file import load_policy
from expense_policy.testing import company, founding, strategies
from expense_policy.testing.company import Genuine
from expense_policy.testing.plans import PLANS
from expense_policy.testing.strategies import amounts, applications, payees, policies, rosters
from expense_policy.testing.uses import USES, fit_day

T = TypeVar("T")


def drawn(examples: int) -> settings:
    """As many examples, the same ones every time."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


def some(strategy: st.SearchStrategy[T], wanted: Callable[[T], bool]) -> T:
    """An example that is wanted; without one the test fails."""
    return find(strategy, wanted, settings=drawn(2_000))


def is_(wanted: T, of: Callable[[Any], T]) -> Callable[[Any], bool]:
    """Whether something has this value."""
    return lambda found: of(found) == wanted


@drawn(100)
@given(st.sampled_from(("CNY", "JPY", "BHD")), st.one_of(st.integers(1, 20), st.integers(1, UNITS_MAX)), st.data())
def test_amounts_keep_their_bounds(currency: str, largest: int, data: st.DataObject) -> None:
    """An amount is above 0, of the currency, and at most the largest."""
    amount = data.draw(amounts(currency, largest))
    assert amount.currency == currency
    assert 0 < amount.units <= largest


def test_amounts_reach_their_bounds() -> None:
    """The smallest and the largest amount are drawn, and those beside a round one."""
    for units in (1, 49_999, 50_000, 50_001, 777_777):
        assert some(amounts("CNY", 777_777), is_(units, lambda amount: amount.units))
    assert some(amounts(), lambda amount: amount.units == UNITS_MAX) == Money(UNITS_MAX, "CNY")


def test_payees_are_alike_now_and_then() -> None:
    """Some payees are one by name under two spellings, some by account alone, some are the company's own people."""
    pairs = st.tuples(payees(), payees())
    assert some(pairs, lambda pair: pair[0].name != pair[1].name and pair[0].folded == pair[1].folded)
    assert some(pairs, lambda pair: pair[0].folded != pair[1].folded)
    assert some(payees(), lambda payee: payee.person is not None)


@drawn(100)
@given(policies())
def test_a_drawn_policy_is_what_its_file_says(policy: Policy) -> None:
    """The text of a drawn policy loads to the same policy, and that says what stands in the text."""
    assert load_policy(policy.text) == policy
    table = tomllib.loads(policy.text)
    head = table["policy"]
    assert (policy.version, policy.company, policy.effective) == (head["version"], head["company"], head["effective"])
    assert policy.departments == tuple(head["departments"])
    assert policy.calendar.time_zone == head["time_zone"]
    assert policy.expiry_days == table["periods"].get("expiry", 180)
    assert policy.limits("sms").segments_max == table["sms"].get("segments_max", 3)
    assert dict(policy.substitutes) == {office: tuple(names) for office, names in table["substitutes"].items()}
    for kind in NEEDED:
        steps = table["chain"][kind.value]
        limits = {
            Money.of(step[key], policy.currency).units for step in steps for key in step.keys() & {"above", "up_to"}
        }
        for units in {1, *limits, *[limit + 1 for limit in limits]}:
            offices = [step["office"] for step in steps if applies(step, Money(units, policy.currency))]
            assert [step.office for step in policy.chain(kind, units)] == offices


def applies(step: dict[str, Any], amount: Money) -> bool:
    """Whether a step of a file is taken at an amount."""
    above = Money.of(step.get("above", "0"), amount.currency)
    return above < amount and ("up_to" not in step or amount <= Money.of(step["up_to"], amount.currency))


VARIED: dict[str, Callable[[Policy], bool]] = {
    "one step for every amount": lambda p: len(p.chain("application", 1)) == len(dict(p.chains)["application"]) == 1,
    "three bands": lambda p: len({p.chain("application", n) for n in bounds(p)}) >= 3,
    "more steps above": lambda p: len(p.chain("application", 1)) < len(p.chain("application", 2**62)),
    "no evidence": lambda p: not p.evidence,
    "evidence from an amount on": lambda p: any(rule.above for rule in p.evidence),
    "no decimals": lambda p: p.currency == "JPY",
    "a fiscal year of its own": lambda p: p.calendar.fiscal_year_start > 1,
    "a day for a lunar festival": lambda p: any(
        name == "spring_festival" for name, _ in p.limits("holiday_gift").festivals
    ),
    "several departments": lambda p: len(p.departments) > 2,
    "Chinese": lambda p: "市场部" in p.departments,
    "substitutes": lambda p: any(names for _, names in p.substitutes),
    "other adopters": lambda p: "general_manager" not in p.adopters,
    "nothing related": lambda p: p.related_days == 0,
    "a closed table of estimates": lambda p: p.budget.closed and bool(p.budget.estimates),
    "lines without months": lambda p: not p.budget.itemised,
    "claims without an application": lambda p: any(most for _, most in p.claims.without_application),
    "other names on vouchers": lambda p: bool(p.vouchers.buyers),
    "accounts by cash": lambda p: p.accounts.method == "cash",
}


def bounds(policy: Policy) -> set[int]:
    """The limits of a policy's chain of applications, and a unit more."""
    rules = dict(policy.chains)["application"]
    limits = {bound for rule in rules for bound in (rule.above, rule.up_to) if bound is not None}
    return {1, *limits, *[limit + 1 for limit in limits]}


@pytest.mark.parametrize("what", VARIED)
def test_policies_vary(what: str) -> None:
    """Policies of every make are drawn."""
    assert some(policies(), VARIED[what])


def test_a_currency_may_be_asked_for() -> None:
    """Policies are drawn in the currency that is asked for."""
    assert {some(policies(code), lambda _: True).currency for code in ("USD", "KWD")} == {"USD", "KWD"}


@drawn(60)
@given(st.data())
def test_people_are_enough_for_their_policy(data: st.DataObject) -> None:
    """Each office of each step is held in each department by somebody who holds no other; adopters for the company."""
    policy = data.draw(policies())
    roster = data.draw(rosters(policy))
    held = {person: {h.office for h in roster.holdings if h.person == person} for person in persons(roster)}
    for office, department in product(strategies.offices(policy), policy.departments):
        assert any(held[person] == {office} for person in roster.holders(office, department)), office
    for office in policy.adopters:
        assert roster.holders(office, "")
    assert {rule.office for _, rules in policy.chains for rule in rules} <= {*strategies.offices(policy)}
    assert Office.CASHIER in strategies.offices(policy)
    assert Office.CASHIER not in {d.office for d in roster.delegations}


def persons(roster: Roster) -> set[str]:
    """Everybody who holds an office."""
    return {holding.person for holding in roster.holdings}


def test_people_vary() -> None:
    """Some hold two offices, some let others sign for them: now, not any more, up to an amount."""
    people = rosters()
    assert some(people, lambda r: len({(h.person, h.office) for h in r.holdings}) > len(persons(r)))
    assert some(people, lambda r: any(d.since <= r.at < d.until for d in r.delegations))
    assert some(people, lambda r: any(d.until <= r.at or d.since > r.at for d in r.delegations))
    assert some(people, lambda r: any(d.units_max for d in r.delegations))
    assert some(people, lambda r: any(h.department is None for h in r.holdings if h.office == "department_head"))


@pytest.mark.clause("A1.1", "A3.1", "A3.2")
@drawn(60)
@given(st.data())
def test_a_drawn_application_is_taken_and_can_be_signed(data: st.DataObject) -> None:
    """Whatever the policy and the people, each application passes every rule, is filed, and is signed to its end."""
    policy = data.draw(policies())
    company = founding.founded(MemoryRepository(), policy, data.draw(rosters(policy)))
    for number in range(data.draw(st.integers(1, 3))):
        form = data.draw(applications(policy, lines=company.desk.lines()))
        assert company.desk.would.spending.apply(form, actor="applicant").refusals == ()
        id = company.desk.spending.apply(form, actor="applicant", key=f"form-{number}").id
        assert company.sign(id).status is Status.APPROVED


@drawn(30)
@given(st.data())
def test_an_application_may_be_filed_on_another_day(data: st.DataObject) -> None:
    """On any later day of the fiscal year, on lines that others hold money on, what is drawn is taken."""
    company = founding.founded(MemoryRepository())
    company.clock.forward(days=data.draw(st.integers(1, 364)))
    today = company.policy.calendar.day(company.clock.now())
    budget = company.desk.lines()
    few = [attrs.evolve(line, in_force=data.draw(st.integers(1, 5))) for line in budget]
    form = data.draw(applications(company.policy, lines=few, today=today))
    assert max(share.amount.units for share in form.shares) <= 5
    assert company.desk.would.spending.apply(form, actor="applicant").allowed


UNEVEN = ("birthday_gift", "technical_support", "venue_rental")
"""Types whose plans come to no amount at will: so many gifts or days of one price, minutes at a rate."""


@pytest.mark.parametrize("type_", REGISTER)
def test_every_type_of_the_register_is_drawn(type_: str) -> None:
    """Applications of each type, on one line and on two, with and without what is expected of them."""
    asked = applications()
    for count in (1, 2):
        assert some(asked, is_((type_, count), lambda form: (form.type, len(form.shares))))
    assert some(asked, lambda form: form.type == type_ and form.benefit is not None)
    assert some(asked, lambda form: form.type == type_ and form.benefit is None)


@pytest.mark.parametrize("type_", REGISTER)
def test_plans_come_to_what_is_asked(type_: str) -> None:
    """Each type of the register has its plans, and they reach the limit of the chain and a unit beyond it."""
    policy = founding.kit_policy()
    for units in (1, 5_000_000, 5_000_001):
        strategy = PLANS[type_](policy, policy.effective, units)
        if strategy is not None and (units == 5_000_000 or type_ not in UNEVEN):
            assert some(strategy, is_(units, lambda plan: plan.total.units))


@drawn(300)
@given(st.data())
def test_plans_keep_every_limit(data: st.DataObject) -> None:
    """Whatever the policy, a plan of any type costs above 0, at most what is asked, and breaks no rule."""
    policy, kind = data.draw(policies()), REGISTER[data.draw(st.sampled_from(sorted(REGISTER)))]
    today = policy.effective + timedelta(days=data.draw(st.integers(0, 364)))
    most = data.draw(strategies.units(10**15))
    strategy = PLANS[kind.name](policy, today, most)
    if strategy is not None:
        plan = data.draw(strategy)
        assert 0 < plan.total.units <= most
        assert kind.check_plan(plan, Asked(policy)) == []
        assert for_customers.named(plan, kind, policy, today, None, None) == []


@drawn(400)
@given(st.data())
def test_uses_keep_every_limit(data: st.DataObject) -> None:
    """Whatever the policy, drawn uses of a type break nothing on a day that fits, and stay within their plan."""
    policy, kind = data.draw(policies()), REGISTER[data.draw(st.sampled_from(sorted(REGISTER)))]
    strategy = PLANS[kind.name](policy, policy.effective, data.draw(strategies.units(10**12)))
    if strategy is None:
        return
    plan = data.draw(strategy)
    day = fit_day(policy, plan, policy.effective)
    if day is None:
        return
    case = Case("D", 1, plan, policy, day, day, {}, {}, None, None, None)
    recording = Recording(kind, case)
    for use in data.draw(strategies.uses(policy, plan, day)):
        judged = recording.judge(use)
        assert (judged.forbidden, judged.broken) == ((), ())
        recording.keep(judged)
    assert 0 <= recording.units <= plan.total.units


@pytest.mark.parametrize("type_", REGISTER)
def test_uses_of_every_type_are_drawn(type_: str) -> None:
    """Of each type nothing, one use and several are drawn."""
    assert set(USES) == set(PLANS) == set(REGISTER), "a new type needs its plans and uses"
    policy = founding.kit_policy()
    strategy = PLANS[type_](policy, policy.effective, 10**6)
    assert strategy is not None

    def used(plan: Plan) -> st.SearchStrategy[tuple[Use, ...]]:
        day = fit_day(policy, plan, policy.effective)
        return st.just(()) if day is None else strategies.uses(policy, plan, day)

    found = strategy.flatmap(used)
    for count in (0, 1, 2):
        assert len(some(found, is_(count, lambda rows: min(len(rows), 2)))) >= count


@pytest.mark.clause("B1.3", "B1.5", "B1.6", "B2.2")
@drawn(60)
@given(st.data())
def test_drawn_budgets_and_their_changes_are_taken(data: st.DataObject) -> None:
    """Whatever the policy, each drafted budget comes into force as it stands, and each change of it, months and all."""
    policy = data.draw(policies())
    company = founding.founded(MemoryRepository(), policy, data.draw(rosters(policy)), budgets=())
    desk, year = company.desk, policy.calendar.fiscal_year(policy.effective)
    plan = data.draw(strategies.budget_plans(policy))
    company.sign(desk.budgeting.file(plan, actor="planner").id)
    stands = {line.id: line.amount.units for line in plan.lines}
    estimates = {each.line: each.estimate for each in desk.budgeting.estimates(desk.find()[0].id)}
    assert estimates == {line.id: line.basis and line.basis.estimate for line in plan.lines}
    for _ in range(data.draw(st.integers(1, 3))):
        if data.draw(st.booleans()):
            moved = data.draw(strategies.adjustments(policy, lines=desk.lines(), planned=desk.execution(year=year)))
            form: BudgetChange = moved
            receipt = desk.budgeting.adjust(moved, actor="planner")
        else:
            more = data.draw(strategies.supplements(policy, lines=desk.lines(), planned=desk.execution(year=year)))
            form, receipt = more, desk.budgeting.supplement(more, actor="planner")
        assert company.sign(receipt.id).status is Status.APPROVED
        for line, units in form.in_force.items():
            stands[line] = stands.get(line, 0) + units
        assert {line.id: line.in_force for line in desk.lines()} == stands
        for each in desk.execution(year=year).lines:
            assert each.figures.planned == sum(m.figures.planned for m in each.months) == stands[each.line.id]


def test_budgets_vary() -> None:
    """Money moves between lines and months, lines are cut and opened, alone and together; every basis is drawn."""
    lines = founding.lines(founding.kit_policy())
    change = strategies.adjustments(lines=lines)
    assert some(change, lambda form: form.less.units == 0 and bool(form.changes[0].months))
    assert some(change, lambda form: any(each.after.units == 0 for each in form.changes))
    assert some(change, lambda form: form.more == form.less != form.less - form.less and len(form.changes) == 2)
    assert some(change, lambda form: bool(form.opens))
    more = strategies.supplements(lines=lines)
    for changed, opened in product((False, True), repeat=2):
        if changed or opened:
            assert some(more, is_((changed, opened), lambda form: (bool(form.changes), bool(form.opens))))
    for basis in (Drivers, OperatingPlan, LastYear, Trend):
        assert some(strategies.budget_plans(), is_(basis, lambda plan: type(plan.lines[0].basis)))


@pytest.mark.clause("R2.1", "R2.2", "R2.4")
@drawn(80)
@given(st.data())
def test_a_drawn_claim_is_taken_and_can_be_signed(data: st.DataObject) -> None:
    """Whatever the policy, claims under an application and without one pass every rule, one after the other."""
    policy, beside = data.draw(policies()), list[Voucher]()
    roster = data.draw(rosters(policy))
    company = founding.founded(MemoryRepository(), policy, roster, genuineness=Genuine())
    form = data.draw(applications(policy, lines=company.desk.lines()).filter(lambda form: form.payee is not None))
    id = company.desk.spending.apply(form, actor="applicant", key="form").id
    company.sign(id)
    paid = Instruction(form.amount, form.payee, form.method, tuple(a.digest for a in form.attachments))
    if data.draw(st.booleans()) and not REGISTER[form.type].paid_up_to_use:
        part = data.draw(amounts(policy.currency, form.amount.units))
        cashier = company.people.roster((form.department,), company.clock.now()).holders("cashier", form.department)[0]
        assert company.desk.would.spending.pay(id, attrs.evolve(paid, amount=part), actor=cashier).allowed
        company.desk.spending.pay(id, attrs.evolve(paid, amount=part), actor=cashier, key="pay")
    for number in range(data.draw(st.integers(1, 3))):
        try:
            under = company.desk.document(id) if data.draw(st.booleans()) else None
            asked = strategies.claims(policy, under=under, lines=company.desk.lines(), beside=beside)
        except ValueError:
            continue
        claim = data.draw(asked)
        receipt = company.desk.spending.claim(claim, actor="claimant", key=f"claim {number}")
        assert company.sign(receipt.id).status is Status.APPROVED
        beside += claim.vouchers


def test_claims_vary() -> None:
    """Vouchers of every kind; of an application its lines, its advance, and both; claims without one."""
    policy = load_policy(company.POLICY + '[claims.without_application]\nsms = "9.00"\nholiday_gift = "70.00"\n')
    founded = founding.founded(MemoryRepository(), policy)
    form = some(applications(policy), lambda form: form.type == "promotional_materials" and form.amount.units > 9)
    id = founded.desk.spending.apply(form, actor="li.na", key="form").id
    founded.sign(id)
    papers = tuple(a.digest for a in form.attachments)
    some_of_it = Instruction(Money(5, "CNY"), form.payee, form.method, papers)
    founded.desk.spending.pay(id, some_of_it, actor="cashier", key="pay")
    under = strategies.claims(policy, under=founded.desk.document(id))
    for advance, shares in ((False, True), (True, False), (True, True)):
        assert some(under, is_((advance, shares), lambda claim: (claim.advance is not None, bool(claim.shares))))
    assert some(under, lambda claim: len(claim.vouchers) > 1)
    for kind in VoucherKind:
        assert some(strategies.vouchers(policy), is_(kind, lambda voucher: voucher.kind))
    assert some(strategies.vouchers(policy), lambda voucher: voucher.buyer != policy.company)
    alone = strategies.claims(policy)
    assert some(alone, is_(7_000, lambda claim: claim.amount.units)).type == "holiday_gift"
    assert some(alone, is_("sms", lambda claim: claim.type)).amount.units <= 900


def test_what_cannot_be_claimed_or_changed_is_told() -> None:
    """Where there is nothing to be claimed, and no line to be changed, it is said, and nothing is drawn in vain."""
    founded = founding.founded(MemoryRepository())
    form = some(applications(), lambda form: form.type == "discount")
    granted = founded.sign(founded.desk.spending.apply(form, actor="li.na", key="form").id)
    for under in (
        granted,
        attrs.evolve(granted, status=Status.SETTLED),
        founded.desk.document(founded.desk.find()[0].id),
    ):
        with pytest.raises(ValueError, match="nothing can be claimed"):
            strategies.claims(under=under)
    with pytest.raises(ValueError, match="without an application"):
        strategies.claims()
    for change in (strategies.adjustments, strategies.supplements):
        with pytest.raises(ValueError, match="no budget line"):
            change(today=date(2028, 1, 1), lines=founded.desk.lines())


@pytest.mark.clause("R1.2")
@drawn(80)
@given(st.data())
def test_drawn_rules_share_drawn_costs(data: st.DataObject) -> None:
    """Whatever the policy, a drawn rule is entered, drawn costs are recorded, and what is allocated adds up (I24)."""
    policy = data.draw(policies())
    company = founding.founded(MemoryRepository(), policy, data.draw(rosters(policy)), budgets=())
    desk, today = company.desk, policy.calendar.day(company.clock.now())
    fair = Project("fair", "Fair", policy.departments, today - timedelta(days=500), today)
    heads = [h.person for h in company.people.holdings if h.office == Office.DEPARTMENT_HEAD]
    company.people.holdings += (Holding(Office.FINANCE_OFFICER, "officer"), Holding(Office.DEPARTMENT_HEAD, "head"))
    desk.projects.open(fair, actor=[*heads, "head"][-1])
    terms = data.draw(strategies.allocation_terms(policy, projects=(fair,)))
    desk.allocations.rule("rule", terms, actor="officer")
    cost = data.draw(strategies.recorded_costs(policy, projects=(fair,)))
    assert desk.costs.record([cost], actor="officer").recorded == 1
    month = Month(cost.on.year, cost.on.month)
    if terms.effective > date(month.plus(1).year, month.plus(1).month, 1) - timedelta(days=1):
        return
    if not terms.pools:
        given: Any = cost.amount
        place = {"department": cost.department, "project": cost.project}
    else:
        # Each pool has borne what it is given of.
        for n, pool in enumerate(terms.pools):
            borne = attrs.evolve(cost, key=f"cost {n}", department=pool.department, project=pool.project)
            desk.costs.record([borne], actor="officer")
        given, place = {pool.name: cost.amount for pool in terms.pools}, {}
    receipt = desk.allocations.allocate(
        "rule", given, month=month, type=cost.type, actor="officer", key="allocation", **place
    )
    parts = desk.allocations.result(receipt.id).allocation.received
    assert sum(part.units for part in parts.values()) == cost.amount.units * max(1, len(terms.pools))
    assert desk.accounts(month).differences == ()


def test_rules_vary() -> None:
    """One cost by every basis; pools by every method, in a given order and by size; projects among the receivers."""
    fair = Project("fair", "Fair", ("marketing",), date(2026, 1, 1), date(2026, 12, 31))
    rules = strategies.allocation_terms(projects=(fair,))
    for basis in AllocationBasis:
        assert some(rules, is_((basis, False), lambda terms: (terms.basis, bool(terms.pools))))
    for method, ordered in product(Method, (False, True)):
        assert some(rules, is_((method, ordered), lambda terms: (terms.method, bool(terms.order)))) or not ordered
    assert some(rules, lambda terms: any(receiver.project for receiver in terms.receivers))
    assert some(rules, lambda terms: any(receiver.weight == "0" for receiver in terms.receivers))
    assert some(strategies.recorded_costs(), lambda cost: cost.amount.units < 0)


def test_no_line_is_told() -> None:
    """Where no line could hold an application it is said, and nothing is drawn in vain."""
    policy = founding.kit_policy()
    for budget in ((), [attrs.evolve(line, year=1999) for line in founding.lines(policy)]):
        with pytest.raises(ValueError, match="no budget line"):
            applications(policy, lines=budget)
    with pytest.raises(ValueError, match="no budget line"):
        applications(policy, lines=founding.lines(policy), today=policy.effective + timedelta(days=400))


@drawn(40)
@given(st.data())
def test_verdicts_are_taken(data: st.DataObject) -> None:
    """A drawn verdict has an opinion, and an approval every finding (A3.7)."""
    (step, *_) = founding.kit_policy().chain(Kind.APPLICATION, 1)
    verdict = data.draw(strategies.verdicts(step))
    assert check_verdict(step, verdict) == []


def test_verdicts_vary() -> None:
    """Approvals, returns and rejections are drawn."""
    (step, *_) = founding.kit_policy().chain(Kind.APPLICATION, 1)
    for outcome in Outcome:
        assert some(strategies.verdicts(step), is_(outcome, lambda verdict: verdict.outcome))


def test_a_company_is_founded_with_its_own_budgets() -> None:
    """The budgets that are given are in force, of the year that is asked for, and no others."""
    policy = founding.kit_policy()
    plans = founding.plans(policy, 2027)
    company = founding.founded(MemoryRepository(), policy, budgets=plans[:1])
    assert {(line.department, line.year) for line in company.desk.lines()} == {("marketing", 2027)}
    assert company.policy.calendar.day(company.clock.now()) == date(2026, 1, 1)
    assert company.desk.lines() == [
        attrs.evolve(line, plan=company.desk.lines()[0].plan)
        for line in sorted(founding.lines(policy, 2027), key=lambda line: line.id)
        if line.department == "marketing"
    ]
