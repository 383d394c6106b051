"""The course of the example company's year: what it does in its rhythm, and in between what it is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from . import books_year, budgets_year, claims_year, misdeeds, next_year, unfit, watch_year
from .claims_year import Chapters
from .forms import YEAR
from .rhythm import Event
from .year import Year

START = date(YEAR, 1, 6)


_PARTS = (books_year, budgets_year, claims_year, watch_year, next_year)


def _chapters(year: Year, waiting: str) -> Chapters:
    """What is tried and refused, and what the year brings, by day; `waiting` is approved and never paid."""

    def month(month: int, day: int, act: Callable[[Year, date], object]) -> tuple[date, Callable[[date], object]]:
        return date(YEAR, month, day), partial(act, year)

    found = [
        month(2, 10, misdeeds.split_purchase),
        month(2, 10, misdeeds.forms),
        month(2, 11, misdeeds.projects),
        month(3, 17, misdeeds.signatures),
        month(4, 8, misdeeds.payments),
        month(4, 22, unfit.plans),
        month(4, 23, unfit.forms),
        month(5, 25, misdeeds.accounts),
        month(5, 26, misdeeds.endings),
        month(6, 23, Year.stack),
        (START + timedelta(days=182), lambda day: misdeeds.expiry(year, waiting, day)),
        month(8, 19, unfit.orders),
        month(8, 20, unfit.contacts),
        month(8, 21, unfit.places),
        month(12, 1, misdeeds.readers),
        month(12, 15, misdeeds.under_way),
    ]
    return sorted([*found, *[each for part in _PARTS for each in part.chapters(year)]], key=lambda chapter: chapter[0])


def play_year(year: Year, events: tuple[Event, ...]) -> None:
    """The whole year: these ordinary applications among what is tried and refused."""
    year.open_year()
    misdeeds.policies(year)
    unpaid = year.forms.gift("800.00", START, 999)
    year.to(START)
    waiting = year.apply(unpaid)
    year.approve(waiting)
    chapters = _chapters(year, waiting)
    for number, event in enumerate(events):
        while chapters and chapters[0][0] <= event.day:
            day, act = chapters.pop(0)
            act(day)
        year.play(event, number)
        if number % 15 == 14:
            year.desk.tick(1000)
    for day, act in chapters:
        act(day)
    year.to(date(YEAR + 1, 4, 30))
    while year.desk.tick(1000).expired:
        pass
    next_year.come_back(year)
