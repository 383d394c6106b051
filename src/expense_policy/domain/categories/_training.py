"""What trainings of customers and of staff have in common: one cost, borne by those who took part (C4)."""

from __future__ import annotations

import attrs

from .. import checks
from ..money import Money, not_below_0, split
from ..refusals import Refusal
from ._shape import OnDay, Part, broken


@attrs.frozen
class Held(OnDay):
    """A training that was held: when, where, how long, who took part, what it cost."""

    place: str = attrs.field(validator=checks.text)
    minutes: int = attrs.field(validator=checks.whole)
    participants: tuple[str, ...] = attrs.field(validator=checks.idents)
    cost: Money = attrs.field(validator=not_below_0)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who took part."""
        return self.participants


def parts(use: Held, about: str) -> tuple[Part, ...]:
    """The cost in equal parts, a row each, so that a register of who took part adds up to it exactly."""
    shares = split(use.cost.units, [1] * len(use.participants))
    detail = (("place", use.place), ("minutes", str(use.minutes)))
    item = about[: checks.NAME_MAX]
    return tuple([Part(who, 1, n, item, detail) for who, n in zip(use.participants, shares, strict=True)])


def each_once(clause: str, participants: tuple[str, ...]) -> Refusal | None:
    """Nobody takes part in one training twice."""
    most = len(set(participants))
    return broken(clause, "participants", len(participants), most) if most < len(participants) else None
