"""Duties that return: monitoring, accounting, audit, each with its interval (G3.5, B2.3, R1.1, S1.2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import ClassVar

import attrs

from . import checks
from .cards import Card
from .periods import Calendar, instant
from .vocabulary import Office, PersonId

_FINANCE = (Office.FINANCE_OFFICER, Office.FINANCE_HEAD)
OFFICES: dict[str, tuple[str, ...]] = {
    "monitoring": _FINANCE,
    "accounting": _FINANCE,
    "audit": (Office.INTERNAL_AUDIT,),
}
"""The offices that do each duty."""
_TOLD = {"audit": Office.GENERAL_MANAGER}


def told(name: str) -> tuple[str, ...]:
    """The offices that are told of a missed one: whose it is, and the finance head; of an audit the general manager."""
    return tuple(dict.fromkeys((*OFFICES[name], _TOLD.get(name, Office.FINANCE_HEAD))))


@attrs.frozen
class Duty(Card):
    """When a duty was last done, by whom, and the last day of the last interval since then that was reported missed.

    Its id is "duty:" and its name; `due` is the first instant at which it will have been missed, by the policy under
    which the card was written.
    """

    kind: ClassVar[str] = "duty"
    done_at: datetime | None = attrs.field(converter=attrs.converters.optional(instant))
    done_by: PersonId | None = attrs.field(validator=checks.optional(checks.ident))
    due: datetime | None = attrs.field(converter=attrs.converters.optional(instant))
    reported: date | None = attrs.field(default=None, validator=checks.optional(checks.day))

    @property
    def status(self) -> str:
        """done, or missed once that was reported."""
        return "done" if self.reported is None else "missed"


@attrs.frozen
class Returning:
    """How a duty stands: last done, by whom, by when it is due again, how many intervals passed without it.

    `reported` of them ended by the end of the last one that was reported, whatever the interval was then.

    Days are the company's (X3): done on a day, it is due again by the end of the day `days` later. Never done, it is
    counted from the first day on which a policy was in force.
    """

    name: str
    days: int
    done_at: datetime | None
    done_by: PersonId | None
    due: datetime
    missed: int
    reported: int


def subject(name: str) -> str:
    """The id of a duty's card, which is its subject."""
    return f"duty:{name}"


def standing(name: str, days: int, card: Duty | None, first: date, calendar: Calendar, at: datetime) -> Returning:
    """How a duty stands at an instant; `first` is the first day on which a policy was in force."""
    done_at = None if card is None else card.done_at
    last = first if done_at is None else calendar.day(done_at)
    missed = max(0, ((calendar.day(at) - last).days - 1) // days)
    due = calendar.start(last + timedelta(days=days + 1))
    until = None if card is None else card.reported
    reported = 0 if until is None else min(missed, (until - last).days // days)
    return Returning(name, days, done_at, None if card is None else card.done_by, due, missed, reported)


def done(name: str, days: int, card: Duty | None, by: PersonId, calendar: Calendar, at: datetime) -> Duty:
    """The card of a duty that was done now."""
    due = calendar.start(calendar.day(at) + timedelta(days=days + 1))
    return Duty(subject(name), 1 if card is None else card.version + 1, at, by, due)


def reported(card: Duty | None, now: Returning, calendar: Calendar) -> Duty:
    """The card once what was missed is reported."""
    version = 1 if card is None else card.version + 1
    # Due again is the day after the first interval.
    ended = calendar.day(now.due) + timedelta(days=(now.missed - 1) * now.days - 1)
    return Duty(subject(now.name), version, now.done_at, now.done_by, now.due, ended)
