"""What each has of a month's costs that may go out to others by allocation: each cost goes out of a place once (R1.2).

That is what it bore itself, and what others allocated to it, less what left it. What a rule left with whoever bore it,
and what was held on a rule's shares from the start, stays where it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from ..domain.allocation_rule import Place
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.posting import BY_METHOD, SETTLED, Source
from ..ports.repository import Sum


def sums(month: Month, type_: str, at: datetime, policy: Policy) -> tuple[Sum, Sum]:
    """What is asked of the store: all of it, and what of it stays; also what corrects the month in later ones."""
    counted = BY_METHOD[policy.accounts.method]
    months = range(max(1, policy.calendar.month(at).number - month.number + 1))
    where = (("month", tuple([str(month.plus(later)) for later in months])), ("type", type_))
    by = ("month", "corrects", "department", "project")
    # The reference of a recorded cost is its key, whatever that is.
    stays = [source.value for source in counted if source is not Source.RECORDED]
    return (
        Sum("postings", by, (*where, ("source", tuple([source.value for source in counted])))),
        Sum("postings", by, (*where, ("source", tuple(stays)), ("reference", SETTLED))),
    )


def borne(found: Sequence[Mapping[tuple[str, ...], int]], month: Month) -> Counter[Place]:
    """What each place has of it, of what the store answered."""
    left = Counter[Place]()
    for sign, groups in zip((1, -1), found, strict=True):
        for (booked, corrects, department, project), units in groups.items():
            if (corrects or booked) == str(month):
                left[(department, project or None)] += sign * units
    return left


def beyond(units: int, has: int) -> bool:
    """Whether so much can't go out of what there is; below 0 both mirror what is above it."""
    return not min(0, has) <= units <= max(0, has)
