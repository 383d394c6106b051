"""The basis of a budget line's estimate, and the estimate that follows from it (B1.2, B1.3)."""

from __future__ import annotations

from fractions import Fraction

import attrs

from . import checks
from .money import Money, above_0, not_below_0, rounded

GROWTH_MIN_BP, GROWTH_MAX_BP = -10_000, 100_000


@attrs.frozen
class Driver:
    """So many of something at a price each: customers × gift, calls × fee."""

    name: str = attrs.field(validator=checks.label)
    quantity: int = attrs.field(validator=checks.whole)
    unit_price: Money = attrs.field(validator=above_0)


@attrs.frozen
class Drivers:
    """Drivers × unit price."""

    drivers: tuple[Driver, ...] = attrs.field(validator=checks.some(Driver, "name"))

    @property
    def estimate(self) -> Money:
        """The sum of what each comes to."""
        total = Money(0, self.drivers[0].unit_price.currency)
        for driver in self.drivers:
            total += driver.unit_price * driver.quantity
        return total


@attrs.frozen
class Activity:
    """What the operating plan means to do, and what it costs."""

    name: str = attrs.field(validator=checks.label)
    cost: Money = attrs.field(validator=above_0)


@attrs.frozen
class OperatingPlan:
    """The activities of the department's operating plan."""

    activities: tuple[Activity, ...] = attrs.field(validator=checks.some(Activity, "name"))

    @property
    def estimate(self) -> Money:
        """The sum of their costs."""
        total = Money(0, self.activities[0].cost.currency)
        for activity in self.activities:
            total += activity.cost
        return total


def _growth(instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    if type(value) is not int:
        raise TypeError(f"{attribute.name} must be int, not {type(value).__name__}")
    if not GROWTH_MIN_BP <= value <= GROWTH_MAX_BP:
        raise ValueError(f"{attribute.name} is from {GROWTH_MIN_BP} to {GROWTH_MAX_BP} basis points")


@attrs.frozen
class LastYear:
    """Last year's actual × growth, which is negative where less is expected."""

    actual: Money = attrs.field(validator=not_below_0)
    growth_bp: int = attrs.field(validator=_growth)

    @property
    def estimate(self) -> Money:
        """Rounded to the nearest unit, a half away from 0."""
        return Money(rounded(Fraction(self.actual.units * (10_000 + self.growth_bp), 10_000)), self.actual.currency)


def _years(instance: object, attribute: attrs.Attribute[tuple[Money, ...]], value: tuple[Money, ...]) -> None:
    checks.many(Money)(instance, attribute, value)
    if len(value) < 2 or len({each.currency for each in value}) > 1 or any(each.units < 0 for each in value):
        raise ValueError(f"{attribute.name} holds the actuals of two years or more, of one currency, none below 0")


@attrs.frozen
class Trend:
    """The actuals of past years, oldest first: the straight line through them, a year further."""

    actuals: tuple[Money, ...] = attrs.field(validator=_years)

    @property
    def estimate(self) -> Money:
        """The least-squares line at the next year, exact and then rounded; never below 0."""
        n, units = len(self.actuals), [each.units for each in self.actuals]
        mean_x, mean_y = Fraction(n - 1, 2), Fraction(sum(units), n)
        rise = sum(((x - mean_x) * (y - mean_y) for x, y in enumerate(units)), Fraction(0))
        slope = rise / sum(((x - mean_x) ** 2 for x in range(n)), Fraction(0))
        return Money(max(0, rounded(mean_y + slope * (n - mean_x))), self.actuals[0].currency)


Basis = Drivers | OperatingPlan | LastYear | Trend
