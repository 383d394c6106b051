"""The example company's books: every month closed, late costs as corrections, shared costs borne by each (R1)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import attrs

from expense_policy.domain.accounting import RecordedCost
from expense_policy.domain.allocation import Method, Used
from expense_policy.domain.allocation_rule import AllocationBasis, AllocationTerms, Pool, Receiver
from expense_policy.domain.application import Application, Share
from expense_policy.domain.money import Money
from expense_policy.domain.periods import Month

from .claims_year import Chapters
from .forms import YEAR, cny
from .rhythm import DEPARTMENTS, MARKETING, SERVICE, SUPPORT
from .year import Year

HALL, SERVICES = "hall", "services"
"""The rules by which the hall's rent, and what the help desk and the training rooms cost, are borne."""
FIRST, HEADS = Month(YEAR, 1), (12, 5, 7)
_FORGOTTEN, _AMISS = 3, 9
"""March is closed a month late, and September is opened again."""


def chapters(year: Year) -> Chapters:
    """What is done about the books, by day: months are closed from the fifth of the next one on, on a working day."""
    found: Chapters = [
        (date(YEAR, 1, 12), partial(rules, year)),
        (date(YEAR, 2, 12), partial(unfit, year)),
        (date(YEAR, 4, 2), partial(shared, year, 3)),
        (date(YEAR, 6, 25), partial(more_people, year)),
        (date(YEAR, 7, 2), partial(shared_wrongly, year, 6)),
        (date(YEAR, 8, 3), partial(on_shares, year)),
        (date(YEAR, 8, 4), partial(unfit_shares, year)),
        (date(YEAR, 9, 30), partial(shared, year, 9)),
        (date(YEAR, 10, 9), partial(reopened, year)),
        (date(YEAR, 10, 10), partial(closed, year, _AMISS, "chen.jie")),
        (date(YEAR, 12, 20), partial(pooled_costs, year)),
        (date(YEAR + 1, 1, 4), partial(shared, year, 12)),
        (date(YEAR + 1, 1, 4), partial(pooled, year)),
    ]
    for number in range(1, 16):
        month = FIRST.plus(number - 1)
        found.append((date(month.year, month.month, 20), partial(card, year, month)))
        if number != _FORGOTTEN:
            found.append((closing_day(year, month), partial(closed, year, number, ("chen.jie", "tang.yu")[number % 2])))
    for quarter in (3, 6, 9, 12):
        found.append((date(YEAR, quarter, 25), partial(rent, year, quarter)))
    return found


def closing_day(year: Year, month: Month) -> date:
    """The fifth of the next month, or the first working day after it."""
    after, calendar = month.plus(1), year.rules.calendar
    day = date(after.year, after.month, 5)
    return day if calendar.working(day) else calendar.working_day_after(day, 1)


def _recorded(year: Year, key: str, on: date, department: str, type_: str, amount: str) -> RecordedCost:
    cost = RecordedCost(key, on, department, type_, cny(amount))
    year.tries(lambda: year.desk.costs.record([cost], actor="tang.yu"))
    return cost


def card(year: Year, month: Month, day: date) -> None:
    """What was paid by the purchase card in the month, once for ever; two slips of it come after the closing (R1.3)."""
    year.to(day)
    _recorded(year, f"card-{month}-1", day - timedelta(days=4), SUPPORT, "repair", "126.40")
    _recorded(year, f"card-{month}-1", day - timedelta(days=4), SUPPORT, "repair", "126.40")
    if month in (FIRST.plus(1), FIRST.plus(6)):
        late = date(month.year, month.month, 27)
        year.later(
            closing_day(year, month) + timedelta(days=4),
            partial(_recorded, year, f"card-{month}-2", late, SERVICE, "sms", "35.00"),
        )


def closed(year: Year, number: int, actor: str, day: date) -> None:
    """A month of the year is closed: the one that was forgotten together with the next (R1.1)."""
    year.to(day)
    close, month = year.desk.closing.close, FIRST.plus(number - 1)
    if number == _FORGOTTEN + 1:
        year.tries(lambda: close(month, actor=actor))
        close(month.plus(-1), actor=actor)
    assert not close(month, actor=actor).differences


def unfit(year: Year, day: date) -> None:
    """A month that goes on, or is closed, is not closed; an open one has no entries (R1.4); nothing to come is
    recorded, nothing under a key of another, nothing undone twice (R1.3)."""
    year.to(day)
    closing, costs = year.desk.closing, year.desk.costs
    year.tries(lambda: closing.close(FIRST.plus(1), actor="chen.jie"))
    year.tries(lambda: closing.entries(FIRST.plus(1)))
    year.tries(lambda: closing.close(FIRST, actor="chen.jie"))
    year.tries(lambda: closing.close(FIRST, actor="li.na"))
    year.tries(lambda: closing.reopen(FIRST.plus(-1), actor="liu.yang", reason="To look at it."))
    _recorded(year, "card-early", day + timedelta(days=1), SUPPORT, "repair", "10.00")
    for amount in ("10.00", "11.00"):
        _recorded(year, "card-twice", day, SUPPORT, "repair", amount)
    for _ in range(2):
        year.tries(lambda: costs.reverse("card-twice", actor="tang.yu", reason="It was a private purchase."))


def reopened(year: Year, day: date) -> None:
    """The finance head opens September again, for a slip that belongs there; it is closed the next day (R1.3)."""
    year.to(day)
    month, reopen = FIRST.plus(_AMISS - 1), year.desk.closing.reopen
    year.tries(lambda: reopen(month, actor="chen.jie", reason="A slip was missed."))
    reopen(month, actor="liu.yang", reason="The printer's credit note of September was missed.")
    _recorded(year, "card-credit", date(YEAR, _AMISS, 29), MARKETING, "promotional_materials", "-85.00")


def rules(year: Year, day: date) -> None:
    """How shared costs are borne: the hall's rent by heads; two pools by use, which serve each other (R1.2)."""
    year.to(day)
    enter, first = year.desk.allocations.rule, date(YEAR, 1, 1)
    enter(HALL, _heads(first, HEADS), actor="chen.jie")
    used = {"desk": {"rooms": "20", MARKETING: "40", SERVICE: "30.5"}, "rooms": {"desk": "15", MARKETING: "105"}}
    terms = AllocationTerms(
        "Help desk and training rooms",
        first,
        AllocationBasis.USAGE,
        (Receiver(MARKETING), Receiver(SERVICE)),
        Method.RECIPROCAL,
        (Pool("desk", SUPPORT), Pool("rooms", SERVICE)),
        tuple(Used(pool, by, quantity) for pool, row in used.items() for by, quantity in row.items()),
    )
    enter(SERVICES, terms, actor="chen.jie")


def _heads(since: date, heads: tuple[int, ...]) -> AllocationTerms:
    receivers = tuple(Receiver(each, weight=str(n)) for each, n in zip(DEPARTMENTS, heads, strict=True))
    return AllocationTerms("Rent of the hall", since, AllocationBasis.HEADCOUNT, receivers)


def more_people(year: Year, day: date) -> None:
    """From July on, not from March, marketing has a head more: a version of its own, after the one before (R1.2)."""
    year.to(day)
    for month in (3, 7, 7):
        terms = _heads(date(YEAR, month, 1), (13, 5, 7))
        year.tries(partial(year.desk.allocations.rule, HALL, terms, actor="chen.jie"))


def rent(year: Year, month: int, day: date) -> None:
    """The quarter's rent of the hall, paid by the parent company and borne by marketing at first (R1.1)."""
    year.to(day)
    _recorded(year, f"rent-{YEAR}-{month:02}", day, MARKETING, "venue_rental", "9000.00")


def _allocated(year: Year, month: int, amount: str, rule: str = HALL, bearer: str = MARKETING) -> str | None:
    year.clock.later()
    allocations, key = year.desk.allocations, year.key("share")
    done = year.tries(
        lambda: allocations.allocate(
            rule,
            cny(amount),
            month=FIRST.plus(month - 1),
            type="venue_rental",
            actor="chen.jie",
            key=key,
            department=bearer,
        )
    )
    return None if done is None else done.id


def shared(year: Year, month: int, day: date) -> None:
    """The quarter's rent goes to who has to bear it, to the smallest unit (R1.2)."""
    year.to(day)
    _allocated(year, month, "9000.00")


def shared_wrongly(year: Year, month: int, day: date) -> None:
    """800.00 of the rent are forgotten at first: the result is undone whole, once, and done right (R1.2).

    What service had passed on of it is undone before.
    """
    year.to(day)
    allocations = year.desk.allocations
    wrong = _allocated(year, month, "8200.00")
    on = _allocated(year, month, "100.00", bearer=SERVICE)
    assert wrong is not None
    assert on is not None
    for id in (wrong, on, wrong, wrong):
        year.tries(partial(allocations.reverse, id, actor="chen.jie", reason="The rent was 9,000.00."))
    _allocated(year, month, "9000.00")
    _allocated(year, month, "900000.00")
    _allocated(year, month + 3, "9000.00")
    _allocated(year, month, "9000.00", "canteen")


def pooled_costs(year: Year, day: date) -> None:
    """What the help desk and the training rooms cost in December, paid elsewhere."""
    year.to(day)
    for department, amount in ((SUPPORT, "6000.00"), (SERVICE, "3000.00")):
        _recorded(year, f"pool-{department}", day, department, "technical_support", amount)


def pooled(year: Year, day: date) -> None:
    """December's pools go to each other and to the departments, exact and rounded once (R1.2)."""
    year.to(day)
    amounts: dict[str, Money] = {"desk": cny("6000.00"), "rooms": cny("3000.00")}
    year.clock.later()
    allocate, month = year.desk.allocations.allocate, FIRST.plus(11)
    allocate(SERVICES, amounts, month=month, type="technical_support", actor="chen.jie", key=year.key("share"))


def _training(year: Year, day: date) -> Application:
    """A course for everybody, whose cost is held on each department's line from the start (R1.2)."""
    form = year.forms.service_training(MARKETING, day, 970, 12)
    terms = year.desk.allocations.known(HALL).terms(day)
    assert terms is not None
    shares = tuple(
        Share(f"{department}-training", part, None if department == MARKETING else department)
        for (department, _), part in terms.shares(form.amount).items()
    )
    return attrs.evolve(form, shares=shares, allocation=HALL)


def on_shares(year: Year, day: date) -> None:
    """It is held, paid and posted on the lines of all three departments."""
    year.to(day)
    form = _training(year, day)
    id = year.approved(form)
    year.spend(id, form, "whole")


def unfit_shares(year: Year, day: date) -> None:
    """Shares that are not the rule's, a rule of pools, a rule that there is none of (R1.2)."""
    year.to(day)
    form = _training(year, day)
    first, *others = form.shares
    cent = cny("0.01")
    last = attrs.evolve(others[-1], amount=others[-1].amount - cent)
    odd = (attrs.evolve(first, amount=first.amount + cent), *others[:-1], last)
    for wrong in (
        attrs.evolve(form, shares=odd),
        attrs.evolve(form, allocation=SERVICES),
        attrs.evolve(form, allocation="canteen"),
    ):
        year.refused(wrong)
