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
from expense_policy.domain.approval import Outcome, check_verdict
from expense_policy.domain.categories import REGISTER, Asked, Plan, Use
from expense_policy.domain.categories import _customers as for_customers
from expense_policy.domain.categories.recording import Case, Recording
from expense_policy.domain.money import UNITS_MAX, Money
from expense_policy.domain.organisation import Roster
from expense_policy.domain.policy import Policy
from expense_policy.domain.vocabulary import NEEDED, Kind, Office, Status
from expense_policy.policy_file import load_policy
from expense_policy.testing import founding, strategies
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
