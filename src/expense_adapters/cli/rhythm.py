"""The rhythm of the example company's year: which department asks for what on which day."""

from __future__ import annotations

from datetime import date, timedelta

import attrs

from expense_policy.domain.periods import festival

from .forms import FESTIVALS, YEAR

MARKETING, SERVICE, SUPPORT = DEPARTMENTS = ("marketing", "customer_service", "after_sales_support")
WAYS = (
    *("plain", "instalments", "plain", "revised", "plain", "odd", "bounce", "plain", "half", "plain"),
    *("rejected", "plain", "odd", "withdrawn", "plain", "left", "plain", "returned", "plain", "called_off"),
)
"""How applications go, one after the other: most as they should, one in twenty each in every other way."""
_SALES = ("discount", "threshold_reduction")


@attrs.frozen
class Event:
    """An application that is filed on a day, how large it is, and the way it goes; of birthdays `size` is the month."""

    day: date
    department: str
    type: str
    size: int
    way: str = "plain"


def _monthly() -> list[Event]:
    """Campaigns, calls, and gifts for the birthdays of the month that comes."""
    found = []
    for month in range(1, 13):
        # In December nothing is asked for that would be paid in the next year.
        days = (9, 15, 22) if month < 12 else (2, 5, 10)
        for department, day in zip(DEPARTMENTS, days, strict=True):
            on = date(YEAR, month, day)
            found += [Event(on, department, "sms", 290), Event(on + timedelta(days=2), department, "email", 330)]
        found.append(Event(date(YEAR, month, 12), MARKETING, "email", 300))
        for department, day in ((SERVICE, 11), (SUPPORT, 13)):
            found.append(Event(date(YEAR, month, day), department, "phone", 45))
        on = date(YEAR, 1, 6) if month == 1 else date(YEAR, month - 1, 20)
        found += [Event(on, department, "birthday_gift", month) for department in DEPARTMENTS]
    return found


def _weekly() -> list[Event]:
    """Repairs each week, support each other week."""
    start = date(YEAR, 1, 7)
    repairs = [Event(start + timedelta(days=7 * n), SUPPORT, "repair", 8) for n in range(49)]
    return repairs + [Event(start + timedelta(days=14 * n + 1), SUPPORT, "technical_support", 16) for n in range(24)]


def _festive() -> list[Event]:
    """Each department's gifts, some orders in the weeks before a festival."""
    found = []
    for name in FESTIVALS:
        # The window of the Mid-Autumn Festival closes two weeks before the Double Ninth Festival.
        first = festival(name, YEAR) - timedelta(days=14 if name == "double_ninth" else 26)
        found += [
            Event(first + timedelta(days=2 * n), department, "holiday_gift", 22 + 5 * n + i)
            for n in range(5)
            for i, department in enumerate(DEPARTMENTS)
        ]
    return found


def _quarterly() -> list[Event]:
    """Trainings, and events with their venues, materials and giveaways."""
    found = []
    for quarter, month in enumerate((2, 5, 8, 11)):
        found += [
            Event(date(YEAR, month, 3 + i), each, "service_training", 10 + i) for i, each in enumerate(DEPARTMENTS)
        ]
        found += [Event(date(YEAR, month, 6), each, "product_training", 24) for each in (MARKETING, SERVICE)]
        if quarter < 3:
            found.append(Event(date(YEAR, month + 2, 7), SERVICE, "product_training", 18))
    for month, days in ((1, 2), (3, 3), (5, 2), (7, 2), (9, 3), (10, 2)):
        found.append(Event(date(YEAR, month, 14), MARKETING, "venue_rental", days))
        found.append(Event(date(YEAR, month, 16), MARKETING, "promotional_materials", 12 + month))
        found.append(Event(date(YEAR, month, 18), MARKETING, "giveaway", 120 + 5 * month))
        found.append(Event(date(YEAR, month, 20), MARKETING, "exhibition_booth", days + 1))
    return found


def _sales() -> list[Event]:
    """Discounts and reductions: around 18 June and 11 November, and smaller ones in between."""
    discounts = ((3, 5, 12), (4, 27, 8), (6, 16, 60), (9, 7, 10), (11, 9, 100), (12, 9, 10))
    reductions = ((6, 16, MARKETING, 400), (6, 17, SERVICE, 90), (9, 30, SERVICE, 60), (11, 9, MARKETING, 600))
    found = [Event(date(YEAR, month, day), MARKETING, "discount", size) for month, day, size in discounts]
    found += [Event(date(YEAR, m, d), department, "threshold_reduction", n) for m, d, department, n in reductions]
    return [*found, Event(date(YEAR, 11, 10), SERVICE, "threshold_reduction", 150)]


def events(count: int | None = None) -> tuple[Event, ...]:
    """Every ordinary application of the year by day, or so many of them spread over it; sales go as they should."""
    found = sorted([*_monthly(), *_weekly(), *_festive(), *_quarterly(), *_sales()], key=lambda event: event.day)
    whole = [
        attrs.evolve(event, way="plain" if event.type in _SALES else WAYS[number % len(WAYS)])
        for number, event in enumerate(found)
    ]
    return tuple(whole if count is None else [whole[i * len(whole) // count] for i in range(count)])
