"""What finance and a department say of a draft's lines, round by round (B1.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

import attrs

from . import checks
from .cards import Paper
from .money import Money, not_below_0
from .vocabulary import LineId, PersonId


@attrs.frozen
class Offer:
    """What a line should have, and why."""

    line: LineId = attrs.field(validator=checks.ident)
    amount: Money = attrs.field(validator=not_below_0)
    reason: str = attrs.field(validator=checks.text)

    def __attrs_post_init__(self) -> None:
        if checks.blank(self.reason):
            raise ValueError("an offer says why")


@attrs.frozen
class Reviewed(Paper):
    """A party's view of a round's lines: finance's of what is asked, or its filer's of what finance offered before.

    Lines that finance does not name stand as they are asked.
    """

    kind: ClassVar[str] = "review"
    round: int = attrs.field(validator=checks.whole)
    by: PersonId = attrs.field(validator=checks.ident)
    at: datetime = attrs.field(validator=attrs.validators.instance_of(datetime))
    offers: tuple[Offer, ...] = attrs.field(validator=checks.some(Offer, "line"))


@attrs.frozen
class Bargain:
    """One line in one round: what was asked, how finance reviewed it, what the department countered, what was agreed.

    `reviewed` is None where finance said nothing in the round. `countered` is what the round after it asks instead, and
    `answer` why; `agreed` what both name: what the next round asks as it was reviewed, or what was approved.
    """

    round: int
    line: LineId
    asked: Money
    reviewed: Money | None = None
    reason: str = ""
    countered: Money | None = None
    answer: str = ""
    agreed: Money | None = None


def bargains(
    asks: Sequence[tuple[int, Mapping[LineId, Money]]],
    said: Iterable[Reviewed],
    filer: PersonId,
    approved: bool,
) -> tuple[Bargain, ...]:
    """The way from a draft to what was approved: each line of each round, in order.

    `asks` are the rounds with what each line asks, in order, `said` all that was said of them.
    """
    offers: dict[tuple[bool, int], dict[LineId, Offer]] = {}
    for paper in sorted(said, key=lambda each: each.number):
        kept = offers.setdefault((paper.by == filer, paper.round), {})
        kept.update({offer.line: offer for offer in paper.offers})
    found = []
    for i, (number, lines) in enumerate(asks):
        after = asks[i + 1] if i + 1 < len(asks) else None
        views, answers = offers.get((False, number)), offers.get((True, after[0] if after else 0), {})
        for line, asked in lines.items():
            view = None if views is None else views.get(line)
            reviewed = None if views is None else asked if view is None else view.amount
            wanted = (asked if approved else None) if after is None else after[1].get(line)
            met = after is None or wanted == (asked if reviewed is None else reviewed)
            answer = answers.get(line)
            found.append(
                Bargain(
                    number,
                    line,
                    asked,
                    reviewed,
                    "" if view is None else view.reason,
                    None if met else wanted,
                    "" if answer is None else answer.reason,
                    wanted if met else None,
                )
            )
    return tuple(found)
