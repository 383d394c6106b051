"""How a budget is executed: planned, held, spent and left, by line and month; burn rate and forecast (B2.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property

import attrs

from .holds import Line
from .money import rounded
from .periods import Calendar, Month
from .policy import BudgetRules
from .rectification import Deviation
from .vocabulary import LineId

WHOLE_BP = 10_000
_MONTHS = 12
_TICK = timedelta(microseconds=1)

ByMonth = Mapping[LineId, Mapping[str, int]]
"""Units by line and month, "" where no month is known."""


def planned_by(units: int, begins: datetime, ends: datetime, at: datetime) -> Fraction:
    """What of an amount is planned by an instant: a straight line in time from `begins` to `ends`, exact."""
    whole, passed = (ends - begins) // _TICK, (min(max(at, begins), ends) - begins) // _TICK
    return Fraction(units * passed, whole)


@attrs.frozen
class Figures:
    """What is told of a line, a month or all of them, in smallest units."""

    planned: int = 0
    reserved: int = 0
    committed: int = 0
    spent: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.planned + other.planned,
            self.reserved + other.reserved,
            self.committed + other.committed,
            self.spent + other.spent,
        )

    @property
    def used(self) -> int:
        """What can't be asked for any more."""
        return self.reserved + self.committed + self.spent


@attrs.frozen
class MonthExecuted:
    """A month's figures: reserved and committed by when it is to be paid, spent by the month of the books.

    `month` is None for what lies outside the year, or was written before months were.
    """

    month: Month | None
    figures: Figures


@attrs.frozen(slots=False)
class Executed:
    """One line, or all together, at an instant.

    `planned_to_date` is what was planned until then: months that are over, and of the present one the part of its time
    that is over, rounded once to a whole unit. What follows from it is worked out from that unit.
    """

    in_force: int
    planned_to_date: int
    figures: Figures
    forecast: int
    """What will have been spent at the end of the year, if it goes on as it went: what was spent, and of the plan that
    is still to come as much as was spent of the plan to date, rounded once. Where less than a twelfth of the plan is to
    date, a month of an even one, that says nothing of the rest yet, and the plan to come is taken as it stands."""
    months: tuple[MonthExecuted, ...]

    @property
    def available(self) -> int:
        """What can still be asked for."""
        return self.in_force - self.figures.used

    @property
    def deviation(self) -> int:
        """By how much more was spent than planned to date; below 0 by how much less."""
        return self.figures.spent - self.planned_to_date

    @cached_property
    def burn_bp(self) -> int | None:
        """What was spent of what was planned to date, in basis points; None where nothing was planned."""
        return _share(self.figures.spent, self.planned_to_date)

    @cached_property
    def used_bp(self) -> int | None:
        """What is reserved, committed and spent of what is in force, in basis points; None where nothing is."""
        return _share(self.figures.used, self.in_force)


@attrs.frozen(slots=False)
class LineExecuted(Executed):
    """One line; `alert` where it is used beyond the policy's level, `deviates` where it strays from its plan (B2.3)."""

    line: Line
    alert: bool
    deviates: bool


@attrs.frozen
class Execution:
    """A year's budget as it is executed, of one department or all, at an instant; amounts are smallest units."""

    year: int
    department: str | None
    at: datetime
    currency: str
    lines: tuple[LineExecuted, ...]
    total: Executed

    @property
    def alerts(self) -> tuple[LineExecuted, ...]:
        """The lines that are used beyond the policy's level."""
        return tuple(line for line in self.lines if line.alert)

    @property
    def deviations(self) -> tuple[LineExecuted, ...]:
        """The lines that stray from their plan further than the policy lets them."""
        return tuple(line for line in self.lines if line.deviates)

    def strayed(self, month: Month) -> tuple[Deviation, ...]:
        """The same as what a rectification is opened for, told in a month (B2.4).

        Their `deviation_bp` is the whole where something was spent and nothing planned.
        """
        return tuple(
            Deviation(
                each.line.id,
                each.line.department,
                month,
                each.planned_to_date,
                each.figures.spent,
                WHOLE_BP if each.burn_bp is None else each.burn_bp - WHOLE_BP,
            )
            for each in self.deviations
        )


@attrs.frozen
class Sums:
    """What a store summed up of lines, by line and month."""

    planned: ByMonth
    spent: ByMonth
    reserved: ByMonth
    committed: ByMonth


def executed(line: Line, sums: Sums, year: int, at: datetime, calendar: Calendar, rules: BudgetRules) -> LineExecuted:
    """A line's execution: every column of its months adds up to the line's."""
    columns = [each.get(line.id, {}) for each in (sums.planned, sums.reserved, sums.committed, sums.spent)]
    whole = Figures(sum(columns[0].values()), line.reserved, line.committed, line.spent)
    known = calendar.months(year)
    months = [MonthExecuted(month, Figures(*[column.get(str(month), 0) for column in columns])) for month in known]
    rest = _less(whole, sum([each.figures for each in months], Figures()))
    if rest != Figures():
        months.append(MonthExecuted(None, rest))
    to_date = rounded(sum((_to_date(each, at, calendar) for each in months), Fraction(0)))
    # Of a year that is over nothing is left to be warned of.
    over, deviation = at >= calendar.start(_first(known[-1].plus(1))), abs(whole.spent - to_date)
    return LineExecuted(
        line.in_force,
        to_date,
        whole,
        _forecast(whole, to_date),
        tuple(months),
        line,
        not over and whole.used * WHOLE_BP > rules.alert_bp * line.in_force,
        deviation * WHOLE_BP > rules.deviation_bp * to_date,
    )


def together(lines: Sequence[LineExecuted]) -> Executed:
    """All lines as one: each figure is the sum of theirs."""
    months: dict[Month | None, Figures] = {}
    for line in lines:
        for each in line.months:
            months[each.month] = months.get(each.month, Figures()) + each.figures
    last = [MonthExecuted(None, months.pop(None))] if None in months else []
    return Executed(
        _sum(lines, lambda line: line.in_force),
        _sum(lines, lambda line: line.planned_to_date),
        sum([line.figures for line in lines], Figures()),
        _sum(lines, lambda line: line.forecast),
        (*[MonthExecuted(month, figures) for month, figures in months.items()], *last),
    )


def _sum(lines: Iterable[LineExecuted], read: Callable[[LineExecuted], int]) -> int:
    return sum(read(line) for line in lines)


def _less(one: Figures, other: Figures) -> Figures:
    return one + Figures(-other.planned, -other.reserved, -other.committed, -other.spent)


def _to_date(each: MonthExecuted, at: datetime, calendar: Calendar) -> Fraction:
    if each.month is None:
        return Fraction(0)
    begins, ends = calendar.start(_first(each.month)), calendar.start(_first(each.month.plus(1)))
    return planned_by(each.figures.planned, begins, ends, at)


def _first(month: Month) -> date:
    return date(month.year, month.month, 1)


def _forecast(whole: Figures, to_date: int) -> int:
    if to_date <= 0 or to_date * _MONTHS < whole.planned:
        return whole.spent + whole.planned - to_date
    return rounded(whole.spent + (whole.planned - to_date) * Fraction(whole.spent, to_date))


def _share(part: int, whole: int) -> int | None:
    return rounded(Fraction(part * WHOLE_BP, whole)) if whole > 0 else None
