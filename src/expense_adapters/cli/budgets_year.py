"""The example company's budgets through the year: moved, opened, supplemented, drafted for the next one (B1, B2)."""

from __future__ import annotations

from datetime import date
from functools import partial

import attrs

from expense_policy.domain.adjustment import BudgetAdjustment, LineChange, SupplementaryRequest
from expense_policy.domain.application import Share
from expense_policy.domain.approval import Return
from expense_policy.domain.budget import BudgetPlan, PlanLine, evenly
from expense_policy.domain.estimates import Driver, Drivers
from expense_policy.domain.money import Money
from expense_policy.domain.negotiation import Offer

from .claims_year import Chapters
from .forms import YEAR, cny
from .rhythm import MARKETING, SERVICE, SUPPORT
from .year import STAFF, Year

NEXT = YEAR + 1
PROMOTION, GIFTS = f"{MARKETING}-promotion-{NEXT}", f"{MARKETING}-care_gifts-{NEXT}"


def chapters(year: Year) -> Chapters:
    """What becomes of the budgets, by day."""
    return [
        (date(YEAR, 3, 20), partial(moved, year)),
        (date(YEAR, 4, 15), partial(supplemented, year)),
        (date(YEAR, 5, 12), partial(opened, year)),
        (date(YEAR, 5, 13), partial(unfit, year)),
        (date(YEAR, 9, 8), partial(cut, year)),
        (date(YEAR, 10, 12), partial(negotiated, year)),
        (date(YEAR, 10, 20), partial(drafted, year, SERVICE)),
        (date(YEAR, 11, 6), partial(drafted, year, SUPPORT)),
    ]


def stands(year: Year, line: str) -> Money:
    """What is in force on a line."""
    return next(Money(each.in_force, "CNY") for each in year.desk.lines() if each.id == line)


def change(year: Year, line: str, by: str, month: int) -> LineChange:
    """A line with so much more or less in a month: the other months stay as they were drafted."""
    before, more = stands(year, line), cny(by)
    drafted = next(each for plan in year.plans(YEAR) for each in plan.lines if each.id == line)
    months = [each + more if n == month else each for n, each in enumerate(drafted.months, 1)]
    return LineChange(line, before, before + more, tuple(months))


def _signed(year: Year, form: BudgetAdjustment | SupplementaryRequest) -> None:
    year.clock.later()
    budgeting, who = year.desk.budgeting, STAFF[form.department]
    if isinstance(form, BudgetAdjustment):
        year.approve(budgeting.adjust(form, actor=who).id)
    else:
        year.approve(budgeting.supplement(form, actor=who).id)


def moved(year: Year, day: date) -> None:
    """Customer service moves money from gifts to trainings, and from one month to another (B1.6)."""
    year.to(day)
    gifts, training = f"{SERVICE}-care_gifts", f"{SERVICE}-training"
    changes = (change(year, gifts, "-1000.00", 5), change(year, training, "1000.00", 8))
    _signed(year, BudgetAdjustment(SERVICE, YEAR, "Six people more are to be trained in August.", changes))


def supplemented(year: Year, day: date) -> None:
    """A gift that the reserve can't bear is refused; the supplement that cures it is not held up by that (B2.2)."""
    year.to(day)
    line = f"{MARKETING}-reserve"
    form = year.forms.gift("6000.00", day, 965)
    form = attrs.evolve(form, shares=tuple(attrs.evolve(share, line=line) for share in form.shares))
    year.refused(form)
    more = (change(year, line, "4000.00", 12),)
    _signed(year, SupplementaryRequest(MARKETING, YEAR, "The new year's eve is given for, too.", more))
    id = year.approved(form)
    year.desk.spending.withdraw(id, actor="li.na", reason="The hotel gives the tea itself.")


def opened(year: Year, day: date) -> None:
    """Marketing opens a line for cards, out of what the venues do not need, and has them printed (B1.6)."""
    year.to(day)
    form = year.forms.promotional_materials(MARKETING, day, 966, 10)
    amount, none = form.amount, cny("0")
    months = tuple(amount if month == day.month else none for month in range(1, 13))
    basis = Drivers((Driver("prints", 1010, cny("1.20")),))
    line = PlanLine(f"{MARKETING}-cards", "materials", "Cards and banners", amount, None, months, basis)
    less = (change(year, f"{MARKETING}-venue", f"-{amount.units // 100}.00", 9),)
    _signed(year, BudgetAdjustment(MARKETING, YEAR, "Cards to go with the gifts.", less, (line,)))
    form = attrs.evolve(form, shares=(Share(line.id, amount),))
    year.spend(year.approved(form), form, "whole")


def unfit(year: Year, day: date) -> None:
    """Changes that are not taken: of more than there is, of what moved or is spent, of another department's (B1.6)."""
    year.to(day)
    up, down = change(year, f"{MARKETING}-materials", "100.00", 7), change(year, f"{MARKETING}-training", "-50.00", 8)
    theirs = change(year, f"{SUPPORT}-training", "-100.00", 8)
    moved_on = attrs.evolve(up, before=up.before - cny("1.00"))
    gifts = f"{MARKETING}-care_gifts"
    spent = LineChange(gifts, stands(year, gifts), cny("1.00"), evenly(cny("1.00")))
    bare = PlanLine(f"{MARKETING}-bare", "materials", "Balloons", cny("50.00"))
    adjust, supplement = year.desk.budgeting.adjust, year.desk.budgeting.supplement
    for changes, opens in (
        ((up, down), ()),
        ((moved_on, theirs), ()),
        ((spent,), ()),
        ((down,), (bare,)),
    ):
        form = BudgetAdjustment(MARKETING, YEAR, "It would be nice.", changes, opens)
        year.tries(partial(adjust, form, actor="li.na"))
    less = SupplementaryRequest(MARKETING, YEAR, "Less is more.", (down,))
    year.tries(lambda: supplement(less, actor="li.na"))


def cut(year: Year, day: date) -> None:
    """The fair is over: what its gifts did not need goes to the autumn's sales, and its line is cut (B1.6)."""
    year.to(day)
    line = f"{MARKETING}-fair"
    away = LineChange(line, stands(year, line), cny("0"))
    more = change(year, f"{MARKETING}-promotion", "8000.00", 11)
    _signed(year, BudgetAdjustment(MARKETING, YEAR, "The fair is over.", (away, more)))


def _asking(plan: BudgetPlan, line: str, amount: str) -> BudgetPlan:
    """A draft that asks for so much on a line, in equal parts by month."""
    asked = cny(amount)
    lines = [attrs.evolve(x, amount=asked, months=evenly(asked)) if x.id == line else x for x in plan.lines]
    return attrs.evolve(plan, lines=tuple(lines))


def negotiated(year: Year, day: date) -> None:
    """Marketing's draft of the next year, in time: finance offers, the department counters, both agree (B1.4)."""
    year.to(day)
    budgeting, (plan,) = year.desk.budgeting, [each for each in year.plans(NEXT) if each.department == MARKETING]
    bare = attrs.evolve(plan.lines[0], months=(), basis=None)
    year.tries(lambda: budgeting.file(attrs.evolve(plan, lines=(bare, *plan.lines[1:])), actor="li.na"))
    id = budgeting.file(plan, actor="li.na").id

    def review(*offers: Offer) -> None:
        year.clock.later()
        budgeting.review(id, offers, seen=year.desk.document(id).statement, actor="chen.jie")
        year.sign(id, Return("见各明细意见。"))

    def counter(amount: str, reason: str) -> None:
        asked = _asking(_asking(plan, GIFTS, "90000.00"), PROMOTION, amount)
        budgeting.revise(id, asked, actor="li.na", reasons={PROMOTION: reason})

    review(
        Offer(PROMOTION, cny("380000.00"), "This year's sales used less than half of what was planned."),
        Offer(GIFTS, cny("90000.00"), "As much as this year's."),
    )
    year.later(date(YEAR, 10, 19), lambda: counter("450000.00", "One more sale, in March."))
    year.later(date(YEAR, 10, 21), lambda: review(Offer(PROMOTION, cny("420000.00"), "The March sale, at half size.")))
    year.later(date(YEAR, 10, 26), lambda: counter("420000.00", "Agreed."))
    year.later(date(YEAR, 10, 28), lambda: year.approve(id))


def drafted(year: Year, department: str, day: date) -> None:
    """A department's draft of the next year, signed as it was asked: one in time, one late (B1.1)."""
    year.to(day)
    (plan,) = (each for each in year.plans(NEXT) if each.department == department)
    year.approve(year.desk.budgeting.file(plan, actor=STAFF[department]).id)
