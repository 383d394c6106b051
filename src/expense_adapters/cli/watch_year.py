"""How finance watches the example company's year: what strays is put right, duties come again (B2.3, B2.4, G3.5)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from expense_policy.domain.rectification import Finding, Rectification
from expense_policy.services.engine import Receipt

from .claims_year import Chapters
from .forms import YEAR
from .rhythm import SUPPORT
from .year import Year

_SAID = "Orders were later than planned; the next months' plan stands."
_SLOW, _UNFIT = 7, 5
"""In July one goes unanswered; in May it is tried to take short cuts."""


def chapters(year: Year) -> Chapters:
    """What finance and internal audit do, by day."""
    found: Chapters = [(date(YEAR, month, 28), partial(monitored, year)) for month in range(1, 12)]
    return [
        *found,
        (date(YEAR, 4, 13), partial(swept, year)),
        (date(YEAR, 6, 30), partial(audited, year)),
        (date(YEAR, 8, 28), partial(escalated, year)),
        (date(YEAR, 11, 16), partial(finding, year)),
        (date(YEAR, 12, 31), partial(monitored, year)),
        (date(YEAR + 1, 1, 8), partial(swept, year)),
        (date(YEAR + 1, 1, 15), partial(audited, year)),
        *[(date(YEAR + 1, month, 28), partial(too_early, year)) for month in (1, 2, 3)],
    ]


def monitored(year: Year, day: date) -> None:
    """Finance looks through the month: each line that strays from its plan has to be put right (B2.3, B2.4)."""
    year.to(day)
    year.desk.tick(1000)
    if (day.month, day.day) == (12, 31):
        year.execution = year.desk.execution(year=YEAR)
    opened = list(year.desk.monitor(actor="tang.yu"))
    if day.month == _SLOW:
        # The longest one of after-sales support waits: nobody answers it, and it goes up (B2.4).
        slow = next(each for each in opened if _card(year, each).department == SUPPORT)
        opened.remove(slow)
    if day.month == _UNFIT:
        _short_cuts(year, opened.pop(0))
    for each in opened:
        year.later(day + timedelta(days=7), partial(_answered, year, each.id))
        year.later(day + timedelta(days=11), partial(_verified, year, each.id))


def _card(year: Year, opened: Receipt) -> Rectification:
    return year.desk.rectifications.get(opened.id)


def _answered(year: Year, id: str) -> None:
    """Its owner says what was done, with the order list as evidence."""
    act = year.desk.rectifications
    paper = year.evidence.put(f"orders {id}".encode())
    year.clock.later(3)
    act.answer(id, _SAID, actor=act.get(id).owner, evidence=(paper,))


def _verified(year: Year, id: str) -> None:
    year.clock.later(3)
    year.desk.rectifications.verify(id, "Seen in the order list.", actor="chen.jie")


def _short_cuts(year: Year, opened: Receipt) -> None:
    """What is not taken: a second one, an empty answer, an earlier deadline, a verification of one's own (S2.2)."""
    act, id = year.desk.rectifications, opened.id
    card = act.get(id)
    owner, month = card.owner, year.rules.calendar.month(year.clock.now())
    strayed = year.desk.execution(year=YEAR).strayed(month)
    same = next(each for each in strayed if each.rectification == id)
    later, soon = card.deadline + timedelta(days=14), card.deadline - timedelta(days=1)
    year.tries(lambda: act.for_deviation(same, actor="tang.yu"))
    year.tries(lambda: act.verify(id, "Looks fine.", actor="chen.jie"))
    year.tries(lambda: act.answer(id, " ", actor=owner))
    year.tries(lambda: act.extend(id, soon, actor="tang.yu", reason="It is urgent."))
    act.extend(id, later, actor="tang.yu", reason="The order list is being rebuilt.")
    year.tries(lambda: act.extend(id, later + timedelta(days=14), actor="liu.yang", reason="It still is."))
    _answered(year, id)
    act.send_back(id, actor="chen.jie", reason="April is missing in the list.")
    act.follow_up(id, "Please add the orders of April.", actor="chen.jie")
    _answered(year, id)
    year.tries(lambda: act.verify(id, "I am satisfied with it.", actor=owner))
    _verified(year, id)


def swept(year: Year, day: date) -> None:
    """What was missed is reported: March is not closed yet, or the half-year's audit is to come still (G3.5)."""
    year.to(day)
    year.desk.tick(1000)


def audited(year: Year, day: date) -> None:
    """Internal audit looks through the half-year: the second time a fortnight late (G3.5)."""
    year.to(day)
    year.desk.duties.done("audit", actor="shen.yi", note=f"Half-year until {day:%d %B}: payments and use records.")


def too_early(year: Year, day: date) -> None:
    """In the first months of the next year there is nothing to be judged yet."""
    year.to(day)
    year.desk.tick(1000)
    year.desk.duties.done("monitoring", actor="tang.yu", note="Too early to judge.")


def escalated(year: Year, day: date) -> None:
    """What nobody answered goes to the deputy, who has it put right (B2.4)."""
    year.to(day)
    act = year.desk.rectifications
    year.desk.tick(1000)
    (overdue,) = (each for each in act.find(status="open", department=SUPPORT) if each.reached)
    assert overdue.reached == ("deputy_in_charge",)
    year.later(
        day + timedelta(days=4),
        lambda: act.answer(overdue.id, "The head of department is to plan by repairs booked.", actor="zhou.min"),
    )
    year.later(day + timedelta(days=6), partial(_verified, year, overdue.id))


def finding(year: Year, day: date) -> None:
    """A finding that is no deviation, and stays open over the year's end: calls after nine in the evening (C3.4)."""
    year.to(day)
    deadline = year.rules.calendar.days_after(year.clock.now(), 240)
    found = Finding(f"{YEAR}-11", "customer_service", "C3.4", "Calls after nine in the evening.")
    year.desk.rectifications.open(found, actor="chen.jie", owner="lin.xi", deadline=deadline)
