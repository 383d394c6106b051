"""The year's tables of the policy file, and the working days that its calendar counts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expense_policy.domain.periods import Calendar, Month
from expense_policy.domain.policy import AccountRules, BudgetRules, ClaimRules, VoucherRules
from expense_policy.policy_file import PolicyFileError, load_policy

from .world import POLICY as EXAMPLE

TABLES = ("calendar", "budget", "claims", "vouchers", "accounts", "duties")


def _without() -> str:
    """The example's policy without the tables of the year."""
    kept, on = [], True
    for line in EXAMPLE.splitlines():
        if line.startswith("["):
            on = line.strip("[]").partition(".")[0] not in TABLES
        kept += [line] if on else []
    return "\n".join(kept)


POLICY = _without()

WHOLE = """
[calendar]
holidays = [2026-10-01, 2026-10-02]
workdays = [2026-10-10]

[budget]
due = "09-30"
itemised = false
closed = true
deviation_bp = 1000
alert_bp = 9000
rectify_days = 14
carry_balances = true
[budget.estimates]
marketing = ["promotion", "care_gifts"]

[claims]
pay_within_days = 5
without_application = { phone = "300.00" }

[vouchers]
age_days_max = 180
buyers = ["清河商贸有限公司"]
near_days = 7

[accounts]
method = "cash"
bank = "1002.01"
payable = "2202"
receivable = "1122.01"

[duties]
monitoring = 7
accounting = 31
audit = 180
"""


def faults(more: str) -> set[tuple[str, int | None]]:
    """Path and line, counted from the line after the header of the year's first table, of every fault."""
    with pytest.raises(PolicyFileError) as error:
        load_policy(f"{POLICY}\n{more}")
    first = POLICY.count("\n") + 2
    return {(problem.path, None if problem.line is None else problem.line - first) for problem in error.value.problems}


@pytest.mark.clause("X2")
def test_every_figure_of_the_year_is_read() -> None:
    """Each key of the year's tables is read as it stands; without the tables the clauses' own defaults hold."""
    policy, bare = load_policy(POLICY + WHOLE), load_policy(POLICY)
    estimates = (("marketing", ("promotion", "care_gifts")),)
    assert policy.budget == BudgetRules((9, 30), False, estimates, True, 1000, 9000, 14, True)
    assert policy.claims == ClaimRules(5, (("phone", 30000),))
    assert policy.vouchers == VoucherRules(180, ("清河商贸有限公司",), 7)
    assert policy.accounts == AccountRules("cash", "1002.01", "2202", "1122.01")
    assert policy.duties == (("monitoring", 7), ("accounting", 31), ("audit", 180))
    assert policy.calendar.holidays == {date(2026, 10, 1), date(2026, 10, 2)}
    assert policy.calendar.workdays == {date(2026, 10, 10)}
    assert (bare.budget, bare.claims) == (BudgetRules((10, 31), True, (), False, 2000, 8000, 30, False), ClaimRules(10))
    assert (bare.vouchers, bare.accounts) == (VoucherRules(365, (), 3), AccountRules("accrual", "1002", "2241", "1122"))
    assert bare.duties == (("monitoring", 31), ("accounting", 31), ("audit", 366))
    assert bare.calendar == Calendar("Asia/Shanghai")


WRONG = {
    '[calendar]\nholidays = ["2026-10-01"]': ("calendar.holidays", 1),
    "[calendar]\nholidays = [2026-10-01, 2026-10-01]": ("calendar.holidays", 1),
    "[calendar]\nholidays = [2026-10-01]\nworkdays = [2026-10-01]": ("calendar.workdays", 2),
    "[calendar]\nweekend = [6]": ("calendar.weekend", 1),
    '[budget]\ndue = "02-29"': ("budget.due", 1),
    '[budget]\ndue = "13-01"': ("budget.due", 1),
    "[budget]\ndue = 2026-10-31": ("budget.due", 1),
    '[budget]\nitemised = "yes"': ("budget.itemised", 1),
    "[budget]\nalert_bp = 10001": ("budget.alert_bp", 1),
    "[budget]\ndeviation_bp = 0": ("budget.deviation_bp", 1),
    '[budget.estimates]\nresearch = ["promotion"]': ("budget.estimates.research", 1),
    '[budget.estimates]\nmarketing = ["fireworks"]': ("budget.estimates.marketing", 1),
    "[claims]\npay_within_days = 0": ("claims.pay_within_days", 1),
    '[claims.without_application]\nfireworks = "1.00"': ("claims.without_application.fireworks", 1),
    "[claims.without_application]\nphone = 300": ("claims.without_application.phone", 1),
    "[vouchers]\nage_days_max = 0": ("vouchers.age_days_max", 1),
    '[vouchers]\nbuyers = [" "]': ("vouchers.buyers", 1),
    '[accounts]\nmethod = "modified"': ("accounts.method", 1),
    '[accounts]\nbank = "2241"': ("accounts.bank", 1),
    '[accounts]\npayable = "6601.0302"': ("accounts.payable", 1),
    '[email]\nledger_account = "1002"': ("accounts.bank", None),
    "[duties]\naudit = 0": ("duties.audit", 1),
    "[duties]\nstocktaking = 30": ("duties.stocktaking", 1),
}


@pytest.mark.parametrize("more", WRONG)
def test_each_fault_of_the_year_has_its_place(more: str) -> None:
    """What is no figure of the year is told with its path and line, and nothing else is."""
    assert faults(more) == {WRONG[more]}


@pytest.mark.clause("R2.3")
def test_make_up_workdays_are_counted() -> None:
    """Ten working days: holidays are left out wherever they lie, and a make-up Saturday counts (National Day 2026)."""
    holidays = frozenset(date(2026, 10, day) for day in range(1, 8))
    calendar = Calendar("Asia/Shanghai", 1, holidays, frozenset({date(2026, 9, 20), date(2026, 10, 10)}))
    assert calendar.working_day_after(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert calendar.working_day_after(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert calendar.working_day_after(date(2026, 9, 18), 1) == date(2026, 9, 20)
    assert calendar.working_day_after(date(2026, 9, 25), 10) == date(2026, 10, 15)


DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@pytest.mark.clause("R2.3")
@given(
    day=DAYS, n=st.integers(0, 40), holidays=st.frozensets(DAYS, max_size=20), extra=st.frozensets(DAYS, max_size=20)
)
def test_working_days_add_up(day: date, n: int, holidays: frozenset[date], extra: frozenset[date]) -> None:
    """Between a day and the one so many working days after it lie so many that are worked, and the last is one."""
    calendar = Calendar("UTC", 1, holidays - extra, extra)
    last = calendar.working_day_after(day, n)
    between = [day + timedelta(days=i) for i in range(1, (last - day).days + 1)]
    assert sum(map(calendar.working, between)) == n
    assert last == day if n == 0 else calendar.working(last)


@given(st.integers(1800, 3200), st.integers(1, 12), st.integers(-500, 500))
def test_months_count(year: int, month: int, more: int) -> None:
    """A month is its number, its text read back, and as far from another as their numbers say."""
    one = Month(year, month)
    assert Month.of(one.number) == Month.parse(str(one)) == one
    assert one.plus(more).number == one.number + more
    assert (one.plus(more) > one) == (more > 0)


@pytest.mark.parametrize("text", ["2026-3", "2026-13", "2026-00", "26-03", "2026-03-01", "２０２６-03", ""])
def test_what_is_no_month_is_told(text: str) -> None:
    """Any other text is a ValueError."""
    with pytest.raises(ValueError, match="month"):
        Month.parse(text)
