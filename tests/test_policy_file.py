"""The policy file: what is no policy is told, every fault at once, each with its path and line."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expense_policy.domain.categories import REGISTER, Asked
from expense_policy.domain.categories._keys import KEY
from expense_policy.domain.categories.holiday_gift import HolidayGift
from expense_policy.domain.company_types import CompanyField, CompanyLine, CompanyType
from expense_policy.domain.money import Money
from expense_policy.domain.periods import Calendar
from expense_policy.domain.policy import ContactHours, CustomerRules, Rule
from expense_policy.policy_checks import chain
from expense_policy.policy_file import PolicyFileError, load_policy
from expense_policy.testing import company

from .world import BARE as POLICY


def faults(text: str) -> list[tuple[str, int | None, str]]:
    """Every fault of a text: path, line, message."""
    with pytest.raises(PolicyFileError) as error:
        load_policy(text)
    return [(problem.path, problem.line, problem.message) for problem in error.value.problems]


def paths(text: str) -> set[str]:
    """The paths of every fault."""
    return {path for path, _, _ in faults(text)}


MANY_WAYS = """\
substitutes.department_head = ["deputy_in_charge", "deputy_in_charge"] #: substitutes.department_head
substitutes."branch.head" = ["deputy_in_charge"] #: substitutes."branch.head"
holiday_gift = { unit_price_max = "200.005", days_before = 30, festival = [ #: holiday_gift.unit_price_max
  { name = "Anniversary", date = 2026-05-05 },
  # One year, one day.
  { name = "Anniversary", date = 2026-06-06 }, #: holiday_gift.festival[1]
  { name = "Founding", date = "2026-05-05" }, #: holiday_gift.festival[2].date
] }

["policy"] #: policy.departments
version = " 2026.1" #: policy.version
effective = 2026-01-01
'company' = "\\t" #: policy.company
currency = "CNY"
time_zone = "Asia" #: policy.time_zone
fiscal_year_start = 13 #: policy.fiscal_year_start

[periods]
related = 3_661 #: periods.related
retention_years = 0xc9 #: periods.retention_years

[sms]
"per.month" = 4 #: sms."per.month"
segments_max = 1.5 #: sms.segments_max

[chain]
budget_plan = [ { office = "finance_head", points = [] } ] #: chain.budget_plan[0].points
[[chain.application]]
office = "department_head"
points = ["necessity"]
[[chain.application]]
office = "deputy_in_charge"
points = ["effect"]
up_to = "50000.00" #: chain.application[1].up_to
[[chain.application]]
office = "general_manager"
points = ["effect"]
above = "60000.00"
[[chain.application]]
office = "department_head" #: chain.application[3].office
points = ["budget"]
[chain.application.extra] #: chain.application[3].extra
anything = 1

[[evidence]]
type = "*"
needs = [
  "budget_basis",
]
[[evidence]] #: evidence[1]
type = "*"
needs = ["contract"]
[[evidence]]
type = "fireworks" #: evidence[2].type
needs = ["contract"]
above = "-1" #: evidence[2].above
"""


@pytest.mark.clause("X2")
def test_every_kind_of_fault_is_named_with_its_line() -> None:
    """Whether in a header, inline, dotted, quoted or nested, each fault has its path and line, all in one call."""
    rows = enumerate(MANY_WAYS.splitlines(), 1)
    expected = [(line.partition("#: ")[2], number) for number, line in rows if "#: " in line]
    assert [(path, line) for path, line, _ in faults(MANY_WAYS)] == expected
    assert len(expected) >= 20


GM = """[[chain.application]]
office = "general_manager"
points = ["effect", "benefit"]
above = "50000.00"
"""
CASES: dict[str, tuple[str, str, set[str]]] = {
    "a gap": ('above = "50000.00"', 'above = "60000.00"', {"chain.application[3].up_to"}),
    "an amount as a number": ('above = "50000.00"', "above = 50000", {"chain.application[4].above"}),
    "a gap of one unit": ('above = "50000.00"', 'above = "50000.01"', {"chain.application[3].up_to"}),
    "an overlap that ends in fewer": ('above = "50000.00"', 'above = "40000.00"', {"chain.application[3].up_to"}),
    "no step for small amounts": (
        POLICY[POLICY.index("[[chain.app") : POLICY.index(GM)],
        "",
        {"chain.application", "substitutes.department_head"},
    ),
    "a step of no amount": ('up_to = "50000.00"', 'above = "5.00"\nup_to = "5.00"', {"chain.application[3].up_to"}),
    "a step up to nothing": ('up_to = "50000.00"', 'up_to = "0.00"', {"chain.application[3].up_to"}),
    "an office twice": ('"deputy_in_charge"\npoints', '"finance_head"\npoints', {"chain.application[3].office"}),
    "no review point": ('points = ["effect", "benefit"]\nup_to', "up_to", {"chain.application[3].points"}),
    "an empty list of points": ('["effect", "benefit"]\nup_to', "[]\nup_to", {"chain.application[3].points"}),
    "no step": (POLICY[POLICY.index("[[chain.b") : POLICY.index("[[chain.a")], "", {"chain.budget_plan"}),
    "an office of no chain": ("\nfinance_officer =", "\nfinance_oficer =", {"substitutes.finance_oficer"}),
    "its own substitute": (
        'finance_head = ["general_m',
        'finance_head = ["finance_head", "m',
        {"substitutes.finance_head"},
    ),
    "evidence of an unknown type": ('type = "holiday_gift"', 'type = "holiday gift"', {"evidence[1].type"}),
    "evidence of nothing": ('needs = ["contract"]', "needs = []", {"evidence[1].needs"}),
    "evidence twice": (
        'type = "holiday_gift"\nneeds = ["contract"]\nabove = "10000.00"',
        'type = "*"\nneeds = ["contract"]',
        {"evidence[1]"},
    ),
    "no department": (
        'departments = ["marketing", "customer_service", "after_sales_support"]',
        "departments = []",
        {"policy.departments"},
    ),
    "one adopter": ('["finance_head", "general_manager"]\n\n', '["finance_head"]\n\n', {"policy.adopters"}),
    "one adopter twice": ('["finance_head", "general_manager"]\n\n', '["cfo", "cfo"]\n\n', {"policy.adopters"}),
    "a blank company": ('"Qinghe Trading"', '" \u3000"', {"policy.company"}),
    "a hidden character": ('"Qinghe Trading"', '"Qinghe\u202eTrading"', {"policy.company"}),
    "a blank version": ('"2026.1"', '""', {"policy.version"}),
    "a department in wide letters": ('"marketing"', '"\uff4darketing"', {"policy.departments"}),
    "a word that is none": ('"marketing"', "7", {"policy.departments"}),
    "the thirteenth month": ("fiscal_year_start = 1", "fiscal_year_start = 13", {"policy.fiscal_year_start"}),
    "a folder of time zones": ('"Asia/Shanghai"', '"Asia"', {"policy.time_zone"}),
    "a very long time zone": ('"Asia/Shanghai"', f'"{"a" * 5000}"', {"policy.time_zone"}),
    "a number of many digits": ("related = 30", f"related = 0x{'f' * 9999}", {"periods.related"}),
    "hours of no length": ("[sms]", "[contact]\nfirst = 21:00:00\n[sms]", {"contact.last"}),
    "hours as words": ("[sms]", '[contact]\nfirst = "8:00"\n[sms]', {"contact.first"}),
    "no hours of a day": ("[sms]", "[contact]\nnoon = 12:00:00\n[sms]", {"contact.noon"}),
    "months of no order": ("[sms]", "[customers]\norder_within_months = 0\n[sms]", {"customers.order_within_months"}),
    "a class at no amount": ("[sms]", "[customers.cost_max]\nA = 5\n[sms]", {"customers.cost_max.A"}),
    "a class of no name": ("[sms]", '[customers.cost_max]\n" " = "5"\n[sms]', {'customers.cost_max." "'}),
    "a benefit below 0": ("[sms]", '[benefit]\nabove = "-1"\n[sms]', {"benefit.above"}),
    "an account of no word": ("segments_max = 3", "segments_max = 3\nledger_account = 6601", {"sms.ledger_account"}),
    "a rate above 1": ("[sms]", "[discount.groups]\ntea = 10001\n[sms]", {"discount.groups.tea"}),
    "a price of no method": (
        "[sms]",
        '[service_training.methods]\nonline = "x"\n[sms]',
        {"service_training.methods.online"},
    ),
    "a chain of no document": ("[substitutes]", "[[chain.invoice]]\n[substitutes]", {"chain.invoice"}),
    "a chain of no step": ("[substitutes]", "[chain]\nclaim = []\n[substitutes]", {"chain.claim"}),
    "types of a plan": (
        'points = ["finances", "cash", "interest"]\n[[chain.b',
        'points = ["cash"]\ntypes = ["sms"]\n[[chain.b',
        {"chain.budget_plan[1].types"},
    ),
    "types and others": (
        'above = "50000.00"',
        'above = "50000.00"\ntypes = ["sms"]\nexcept_types = ["email"]',
        {"chain.application[4].except_types", "chain.application[3].up_to"},
    ),
    "types of no name": ('up_to = "50000.00"', 'up_to = "50000.00"\ntypes = ["fax"]', {"chain.application[3].types"}),
    "no types": ('up_to = "50000.00"', 'up_to = "50000.00"\ntypes = []', {"chain.application[3].types"}),
    "fewer for one type": (
        'above = "50000.00"',
        'above = "50000.00"\nexcept_types = ["sms"]',
        {"chain.application[3].up_to"},
    ),
    "an early day": ("2026-01-01", "0001-01-01", {"policy.effective"}),
}


@pytest.mark.clause("X2", "A3.1", "A3.5", "A3.7", "A1.1")
@pytest.mark.parametrize("name", CASES)
def test_a_policy_stands_together(name: str) -> None:
    """A chain with a gap, an office that is its own substitute, a rule named twice and their like are faults."""
    old, new, expected = CASES[name]
    assert POLICY.count(old) == 1
    assert paths(POLICY.replace(old, new)) == expected


@pytest.mark.clause("X2")
def test_good_policies_load() -> None:
    """The example company's and the test company's policies have no fault; substitutes may stand in a ring."""
    ring = POLICY.replace(
        'general_manager = ["board_delegate"]', 'general_manager = ["board_delegate", "deputy_in_charge"]'
    )
    assert ring != POLICY
    assert {load_policy(text).currency for text in (POLICY, company.POLICY, ring)} == {"CNY"}


AMOUNTS = st.integers(0, 5)
STEPS = st.lists(
    st.builds(Rule, st.sampled_from("abcd"), st.just(("p",)), st.none() | AMOUNTS, st.none() | AMOUNTS),
    min_size=1,
    max_size=5,
)


@pytest.mark.clause("A3.1")
@given(STEPS)
def test_a_chain_has_a_fault_or_never_weakens(rules: list[Rule]) -> None:
    """A chain has no fault exactly if each amount has a step, a larger one no fewer, and none an office twice (I8)."""
    chains = [[rule.office for rule in rules if rule.applies(units)] for units in range(1, 9)]
    good = all(any(rule.applies(units) for units in range(1, 9)) for rule in rules)
    good &= all(chains) and all(len(set(offices)) == len(offices) for offices in chains)
    good &= [len(offices) for offices in chains] == sorted(len(offices) for offices in chains)
    found = list(chain("c", [(f"c[{i}]", rule) for i, rule in enumerate(rules)], "JPY"))
    assert (found == []) == good, found


BOUNDS = {
    "related = 30": ("periods.related", 0, 3660),
    "expiry = 180": ("periods.expiry", 1, 3660),
    "use_due = 30": ("periods.use_due", 0, 3660),
    "retention_years = 30": ("periods.retention_years", 1, 200),
    "days_before = 30": ("holiday_gift.days_before", 0, 366),
    "days_after = 7": ("holiday_gift.days_after", 0, 366),
    "per_customer_month_max = 4": ("sms.per_customer_month_max", 0, 1000),
    "segments_max = 3": ("sms.segments_max", 1, 255),
}
# Keys that the example does not set, by their tables.
MORE_BOUNDS = {
    "customers.order_within_months": (1, 1200),
    "discount.rate_max_bp": (0, 10_000),
    "discount.margin_min_bp": (0, 10_000),
    "phone.per_customer_month_max": (0, 1000),
    "phone.minutes_max": (1, 1440),
    "product_training.participants_max": (1, 100_000),
}


@pytest.mark.clause("X2")
@pytest.mark.parametrize("line", BOUNDS)
def test_figures_are_bounded(line: str) -> None:
    """A figure of the policy lies within its bounds, so that no day counted with it leaves the calendar."""
    path, least, most = BOUNDS[line]
    key = line.partition(" ")[0]
    for good in (least, most):
        load_policy(POLICY.replace(line, f"{key} = {good}"))
    for wrong in (least - 1, most + 1, -(10**30)):
        assert paths(POLICY.replace(line, f"{key} = {wrong}")) == {path}


@pytest.mark.clause("X2")
@pytest.mark.parametrize("path", MORE_BOUNDS)
def test_figures_of_tables_that_may_be_left_out_are_bounded(path: str) -> None:
    """So do those of the tables that the example leaves out."""
    (table, key), (least, most) = path.split("."), MORE_BOUNDS[path]
    for good in (least, most):
        load_policy(f"{POLICY}\n[{table}]\n{key} = {good}\n")
    for wrong in (least - 1, most + 1):
        assert paths(f"{POLICY}\n[{table}]\n{key} = {wrong}\n") == {path}


WHOLE = """
[customers]
order_within_months = 12
cost_max = { A = "300.00", "*" = "100.00" }
[contact]
first = 09:00:00
last = 20:30:00
[benefit]
above = "5000.00"
[discount]
ledger_account = "6001.9"
groups = { tea = 1500 }
[service_training.methods]
online = "80.00"
[[chain.claim]]
office = "finance_head"
points = ["finances"]
"""


@pytest.mark.clause("X2")
def test_what_a_file_says_is_the_policy() -> None:
    """Tables that may be left out are read where they stand, and have the clauses' defaults where not."""
    policy, usual = load_policy(POLICY + WHOLE), load_policy(POLICY)
    assert policy.customers == CustomerRules(12, (("A", 30000), ("*", 10000)))
    assert usual.customers == CustomerRules(24, ())
    assert (policy.contact, usual.contact) == (ContactHours(time(9), time(20, 30)), ContactHours(time(8), time(21)))
    assert (policy.benefit_above, usual.benefit_above) == (500000, None)
    assert (policy.ledger_account("discount"), usual.ledger_account("discount")) == ("6001.9", "6001.0101")
    assert policy.limits("discount").groups == (("tea", 1500),)
    assert policy.limits("service_training").methods == (("online", 8000),)
    assert [step.office for step in policy.chain("claim", 1)] == ["finance_head"]
    assert usual.chain("claim", 1) == ()
    assert usual.limits("birthday_gift").unit_price_max == 20000
    assert usual.limits("repair").cost_max is None


def test_the_page_names_every_key_of_every_type() -> None:
    """The reference has each key that a type reads, its account, and its default; and the type it shows loads."""
    page = (Path(__file__).parent.parent / "docs" / "reference" / "policy-file.md").read_text(encoding="utf-8")
    for name, kind in REGISTER.items():
        assert re.search(rf"\| `{name}` \| {re.escape(kind.ledger_account)} \|", page), name
        assert page.count(f"| `{name}.ledger_account`") == 0
        for field in attrs.fields(kind.limits):
            key = field.metadata[KEY].name or field.name
            rows = [row for row in page.splitlines() if re.match(rf"\| .*`(\[\[)?{name}\.", row) and f"{key}" in row]
            assert rows, f"{name}.{key}"
            if field.metadata[KEY].kind == "whole":
                assert any(str(field.metadata[KEY].default) in row for row in rows), f"{name}.{key}"
    (shown,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert [own.name for own in load_policy(f"{POLICY}\n{shown}").types] == ["booth"]
    for cls in (CompanyType, CompanyField, CompanyLine):
        keys = {"least": "min", "most": "max", "fields": "[[type.field]]", "lines": "[[type.line]]"}
        for field in attrs.fields(cls):
            assert f"`{keys.get(field.name, field.name)}`" in page, field.name


@pytest.mark.clause("C2.1", "A3.4")
@pytest.mark.parametrize("year", [1900, 2999])
def test_no_day_of_a_policy_overflows(year: int) -> None:
    """With the largest figures and the outermost days of a file every deadline and window can be counted."""
    text = POLICY.replace("days_before = 30", "days_before = 366").replace("days_after = 7", "days_after = 366")
    text = text.replace("expiry = 180", "expiry = 3660").replace("[sms]", f"{FESTIVAL.format(year)}[sms]")
    policy = load_policy(text)
    day = date(year, 6, 1)
    plan = HolidayGift(
        "founding", year, "tea", Money(1, "CNY"), 1, day - timedelta(days=366), day + timedelta(days=366)
    )
    assert REGISTER["holiday_gift"].check_plan(plan, Asked(policy)) == []
    at = policy.calendar.start(day)
    assert policy.calendar.days_after(at, policy.expiry_days) > at > policy.calendar.days_after(at, -policy.expiry_days)


FESTIVAL = """[[holiday_gift.festival]]
name = "founding"
date = {}-06-01
"""


@pytest.mark.clause("X2")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# a\n# \ud800\n" + POLICY, 2),
        (POLICY.replace("Qinghe", "Qing\udfffhe"), 5),
        (POLICY.replace("related = 30", f"related = {'9' * 5000}"), None),
        (POLICY + "\nx = [[", None),
        ("x" * 1_000_001, None),
    ],
    ids=["a comment's surrogate", "a name's surrogate", "digits", "TOML", "size"],
)
def test_what_can_not_be_read_is_one_problem(text: str, line: int | None) -> None:
    """A text that is no TOML, or no text, is a problem of the file, never a traceback."""
    ((path, found, _),) = faults(text)
    assert (path, found) == ("file", line)


def test_a_path_of_any_depth_has_a_line() -> None:
    """Keys and tables nested beyond reason are unknown keys of a line, and cost neither time nor stack."""
    deep = ".".join(["a"] * 3000)
    nested = "b = " + "[{ c = " * 90 + "1" + " }]" * 90
    found = faults(f"{deep} = 1\n{nested}\n{POLICY}")
    assert {(path, line) for path, line, _ in found} == {("a", 1), ("b", 2)}


@pytest.mark.clause("X3")
def test_a_time_zone_is_known_or_a_value_error() -> None:
    """What names no time zone is a ValueError, whatever the file system says of it."""
    for name in ("Asia", "a" * 5000, "../etc", "", "\0", "zone.tab"):
        with pytest.raises(ValueError, match="time zone"):
            Calendar(name)
