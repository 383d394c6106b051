"""Effect 效益 (G3.2): the benefit that is expected of an application, and what came of it, in the same figures."""

from __future__ import annotations

import attrs

from .. import checks
from ..refusals import Code, Refusal, refusal
from ._shape import OnDay, Part

FIGURES = (
    "customers_reached",
    "orders",
    "revenue_units",
    "repurchase_rate_before_bp",
    "repurchase_rate_after_bp",
    "purchases_a_year_before_hundredths",
    "purchases_a_year_after_hundredths",
    "satisfaction_before_bp",
    "satisfaction_after_bp",
    "loyalty_before_bp",
    "loyalty_after_bp",
    "opens",
    "reads",
    "attendees",
    "passed_rate_bp",
    "response_minutes",
    "solving_minutes",
)
"""What an effect can be told in: counts, smallest units of money, basis points, hundredths, minutes."""
SALES = FIGURES[:7]
LIKED = FIGURES[7:11]


def _figures(instance: object, attribute: attrs.Attribute[tuple[tuple[str, int], ...]], value: object) -> None:
    if type(value) is not tuple or not value:
        raise TypeError(f"{attribute.name} must be a tuple of (name, whole number)")
    names = []
    for pair in value:
        if type(pair) is not tuple or len(pair) != 2 or type(pair[1]) is not int:
            raise TypeError(f"{attribute.name} must be a tuple of (name, whole number)")
        if pair[0] not in FIGURES:
            raise ValueError(f"{pair[0]!r} is not a figure of an effect: {', '.join(FIGURES)}")
        if not 0 <= pair[1] < 2**63 or (pair[0].endswith("_bp") and pair[1] > 10_000):
            raise ValueError(f"{pair[0]} is a whole number from 0 on, a rate at most 10,000 basis points")
        names.append(pair[0])
    if len(set(names)) != len(names):
        raise ValueError(f"{attribute.name} names a figure once")


@attrs.frozen
class Effect:
    """Figures by their names, in the order of `FIGURES`; each stands there once."""

    figures: tuple[tuple[str, int], ...] = attrs.field(validator=_figures)

    @classmethod
    def of(cls, **figures: int) -> Effect:
        """An effect of its figures: `Effect.of(orders=120, revenue_units=4_500_000)`."""
        unknown = [name for name in figures if name not in FIGURES]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not a figure of an effect: {', '.join(FIGURES)}")
        return cls(tuple((name, figures[name]) for name in FIGURES if name in figures))


def unfit(effect: Effect, fits: tuple[str, ...], type_: str) -> list[Refusal]:
    """The refusal of figures that say nothing of this type."""
    strange = [name for name, _ in effect.figures if name not in fits]
    return [refusal(Code.EFFECT_UNFIT, figures=", ".join(strange), type=type_, fits=", ".join(fits))] if strange else []


@attrs.frozen
class EffectMeasured(OnDay):
    """A use row of any type: what was measured on a day."""

    effect: Effect = attrs.field(validator=checks.exactly(Effect))

    @property
    def part(self) -> Part:
        """The note that is kept: it costs nothing."""
        return Part("", 0, 0, "", tuple((name, str(n)) for name, n in self.effect.figures), "effect")

    def unfit(self, fits: tuple[str, ...], type_: str) -> list[Refusal]:
        """The refusal of figures that say nothing of this type."""
        return unfit(self.effect, fits, type_)
