"""Days, months and years, all counted in the company's time zone (X3), and the lunar festivals (C2.1)."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
from dateutil.relativedelta import relativedelta

from .checks import YEAR_MAX, YEAR_MIN
from .festival_table import FESTIVALS, TABLE

_MONTH = re.compile("([0-9]{4})-([0-9]{2})")


def _month(instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    if type(value) is not int or not 1 <= value <= 12:
        raise ValueError(f"a month is 1 to 12, not {value!r}")


# An act writes its few months many times over.
@lru_cache(maxsize=1024)
def _month_text(year: int, month: int) -> str:
    return f"{year:04d}-{month:02d}"


@attrs.frozen
class Month:
    """A calendar month."""

    year: int = attrs.field(validator=attrs.validators.instance_of(int))
    month: int = attrs.field(validator=_month)

    def __str__(self) -> str:
        return _month_text(self.year, self.month)

    # Written out: an order that attrs makes goes through a generator for each side, at ten times the price.
    def __lt__(self, other: Month) -> bool:
        return (self.year, self.month) < (other.year, other.month) if type(other) is Month else NotImplemented

    def __le__(self, other: Month) -> bool:
        return (self.year, self.month) <= (other.year, other.month) if type(other) is Month else NotImplemented

    def __gt__(self, other: Month) -> bool:
        return (self.year, self.month) > (other.year, other.month) if type(other) is Month else NotImplemented

    def __ge__(self, other: Month) -> bool:
        return (self.year, self.month) >= (other.year, other.month) if type(other) is Month else NotImplemented

    @property
    def number(self) -> int:
        """Months counted from year 0, so that months compare and subtract as whole numbers."""
        return self.year * 12 + self.month - 1

    @classmethod
    def of(cls, number: int) -> Month:
        """The month of a `number`."""
        return cls(number // 12, number % 12 + 1)

    @staticmethod
    def on(day: date) -> Month:
        """The month of a day."""
        return _month_of(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """The month of "2026-03"; ValueError for any other text."""
        found = _MONTH.fullmatch(text)
        if found is None:
            raise ValueError(f"{text[:20]!r} is not a month such as 2026-03")
        return cls(int(found[1]), int(found[2]))

    def plus(self, months: int) -> Month:
        """The month so many later, or earlier."""
        return Month.of(self.number + months)


@lru_cache(maxsize=1024)
def _month_of(year: int, month: int) -> Month:
    return Month(year, month)


@lru_cache(maxsize=1024)
def day_text(day: date) -> str:
    """A day as it is hashed and kept, "2026-03-08"."""
    return day.isoformat()


def instant(value: datetime) -> datetime:
    """The instant in UTC; ValueError for a naive datetime, TypeError for anything else."""
    if type(value) is not datetime:
        raise TypeError(f"an instant is a datetime, not {type(value).__name__}")
    if not YEAR_MIN <= value.year <= YEAR_MAX:
        raise ValueError(f"an instant lies within {YEAR_MIN} to {YEAR_MAX}")
    if value.tzinfo is timezone.utc:
        return value
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError("an instant must be an aware datetime")
    return value.astimezone(timezone.utc)


def instant_text(at: datetime) -> str:
    """An instant as it is hashed and kept: UTC, microseconds, of one length, so that text order is time order."""
    return _utc_text(at if at.tzinfo is timezone.utc else at.astimezone(timezone.utc))


# An act writes its instant, and those of the document it changes, many times over.
@lru_cache(maxsize=1024)
def _utc_text(at: datetime) -> str:
    return at.isoformat("T", "microseconds")[:26] + "Z"


@lru_cache(maxsize=1024)
def instant_of(text: str) -> datetime:
    """The instant of `instant_text`."""
    if len(text) != 27 or text[10] != "T" or text[26] != "Z":
        raise ValueError(f"{text[:40]!r} is not an instant as it is stored")
    return datetime.fromisoformat(text[:26]).replace(tzinfo=timezone.utc)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A name of a folder, or one no file can have, is an OSError.
        raise ValueError(f"{name!r} is not a known time zone") from None


def _known_zone(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    _zone(value)


@attrs.frozen
class Calendar:
    """The company's calendar: its time zone, the month its fiscal year starts in, and its working days.

    Monday to Friday are worked, but for `holidays`; the make-up `workdays` 调休上班日 are worked whatever day they are.
    """

    time_zone: str = attrs.field(validator=_known_zone)
    fiscal_year_start: int = attrs.field(default=1, validator=_month)
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def local(self, at: datetime) -> datetime:
        """The company's wall-clock time at an instant."""
        return at.astimezone(_zone(self.time_zone))

    def day(self, at: datetime) -> date:
        """The company's day at an instant."""
        return at.astimezone(_zone(self.time_zone)).date()

    def month(self, at: datetime) -> Month:
        """The company's month at an instant."""
        day = self.day(at)
        return Month.on(day)

    def start(self, day: date) -> datetime:
        """The first instant of a day, in UTC."""
        return datetime.combine(day, time(), _zone(self.time_zone)).astimezone(timezone.utc)

    def days_after(self, at: datetime, days: int) -> datetime:
        """The same wall-clock time, `days` calendar days later (earlier where negative), in UTC."""
        local = at.astimezone(_zone(self.time_zone))
        return (local + timedelta(days=days)).astimezone(timezone.utc)

    def working(self, day: date) -> bool:
        """Whether a day is worked."""
        return day in self.workdays or (day.weekday() < 5 and day not in self.holidays)

    def working_day_after(self, day: date, days: int) -> date:
        """The day that is so many working days after another, which itself does not count."""
        while days > 0:
            day += timedelta(days=1)
            days -= self.working(day)
        return day

    def fiscal_year(self, day: date) -> int:
        """The fiscal year of a day, named by the calendar year it starts in."""
        return day.year if day.month >= self.fiscal_year_start else day.year - 1

    def months(self, year: int) -> tuple[Month, ...]:
        """The twelve months of a fiscal year, in order."""
        first = date(year, self.fiscal_year_start, 1)
        days = [first + relativedelta(months=i) for i in range(12)]
        return tuple(Month.on(day) for day in days)


@lru_cache(maxsize=64)
def festival(name: str, year: int) -> date:
    """The day of a lunar festival in a Gregorian year 1901-2099.

    ValueError for an unknown name, or a year outside the table.
    """
    if name not in FESTIVALS:
        raise ValueError(f"{name!r} is not one of {', '.join(FESTIVALS)}")
    if year not in TABLE:
        raise ValueError(f"the festival table covers 1901 to 2099, not {year}")
    month_day = TABLE[year][FESTIVALS.index(name)]
    return date(year, month_day // 100, month_day % 100)
