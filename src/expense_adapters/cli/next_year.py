"""The end of the example company's year, and what the next one's first months bring (B1.5, X2)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import partial

from expense_policy.domain.adjustment import BudgetAdjustment, SupplementaryRequest
from expense_policy.domain.budget import PlanLine, evenly
from expense_policy.domain.estimates import Driver, Drivers

from .budgets_year import GIFTS, NEXT, PROMOTION, change
from .claims_year import Chapters, claimed_calls, receipt, refused
from .forms import YEAR, cny
from .rhythm import DEPARTMENTS, MARKETING, SUPPORT
from .year import Year

_OVER = "The year is over."


def chapters(year: Year) -> Chapters:
    """How the year ends, by day."""
    return [
        (date(YEAR, 12, 28), partial(too_soon, year)),
        (date(NEXT, 1, 7), partial(closed, year)),
        (date(NEXT, 2, 10), partial(adopted, year)),
        (date(NEXT, 3, 2), partial(forgotten, year)),
    ]


def too_soon(year: Year, day: date) -> None:
    """A year that goes on is not closed."""
    year.to(day)
    year.tries(lambda: year.desk.budgeting.close_year(MARKETING, YEAR, actor="liu.yang", reason=_OVER))


def closed(year: Year, day: date) -> None:
    """Every line is closed: what is left lapses, but for the gifts', which is carried into the next year's (B1.5)."""
    year.to(day)
    close, old = year.desk.budgeting.close_year, f"{MARKETING}-care_gifts"
    less = BudgetAdjustment(MARKETING, YEAR, "To tidy up.", (change(year, old, "-1.00", 12),))
    year.tries(lambda: year.desk.budgeting.adjust(less, actor="li.na"))
    year.tries(lambda: close(MARKETING, YEAR, actor="liu.yang", reason=_OVER, carry={old: PROMOTION}))
    for department in DEPARTMENTS:
        carry = {old: GIFTS} if department == MARKETING else {}
        close(department, YEAR, actor="liu.yang", reason=_OVER, carry=carry)
    year.tries(lambda: close(SUPPORT, YEAR, actor="liu.yang", reason=_OVER))


def come_back(year: Year) -> None:
    """What came back to the closed lines meanwhile, of what expired, lapses too."""
    for department in DEPARTMENTS:
        close = partial(year.desk.budgeting.close_year, department, YEAR, actor="liu.yang", reason=_OVER)
        year.tries(close)


def shorter(text: str) -> str:
    """The next version of a policy, made short in a hurry: no supplements, no finding on invoices, nothing carried."""
    text = text.replace(f'version = "{YEAR}.1"', f'version = "{NEXT}.1"')
    text = text.replace(f"effective = {YEAR}-01-01", f"effective = {NEXT}-03-01")
    text = text.replace(', "invoices"', "").replace("carry_balances = true", "carry_balances = false")
    text = text.replace("itemised = true", "itemised = true\nclosed = true")
    return re.sub(r"\[\[chain\.supplementary_request\]\]\n[^\[]*\[[^\[]*", "", text)


def adopted(year: Year, day: date) -> None:
    """Two persons adopt the short version, for March (X2)."""
    year.to(day)
    for actor in ("liu.yang", "sun.hao"):
        year.desk.policies.adopt(shorter(year.policy), actor=actor)


def forgotten(year: Year, day: date) -> None:
    """Under it nothing is carried or supplemented, no line opened outside the table, no voucher stated (B1, A2.1)."""
    year.to(day)
    budgeting, line = year.desk.budgeting, f"{SUPPORT}-communication-{NEXT}"
    amount, basis = cny("100.00"), Drivers((Driver("posters", 10, cny("10.00")),))
    posters = PlanLine(f"{SUPPORT}-posters", "materials", "Posters", amount, None, evenly(amount), basis)
    more = SupplementaryRequest(SUPPORT, NEXT, "Posters for the counters.", (), (posters,))
    year.tries(lambda: budgeting.supplement(more, actor="feng.bo"))
    carry = {f"{MARKETING}-care_gifts": GIFTS}
    year.tries(lambda: budgeting.close_year(MARKETING, YEAR, actor="liu.yang", reason=_OVER, carry=carry))
    paper = receipt(7301, "China Mobile, shop 31", "36.00", day - timedelta(days=1))
    refused(year, claimed_calls(year, day, 20, paper, line))
