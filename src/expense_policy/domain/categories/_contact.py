"""What every contact with a customer keeps to: its hours, and how many of them in a month (C3.4, C3)."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Protocol

import attrs

from .. import checks
from ..periods import Calendar, instant
from ..refusals import Refusal
from ._shape import Asked, Happened, Use, broken


def clock(instance: object, attribute: attrs.Attribute[time | None], value: object) -> None:
    """A wall-clock time of the company, without a zone of its own; None where nothing is planned."""
    if value is not None and (type(value) is not time or value.tzinfo is not None):
        raise TypeError(f"{attribute.name} must be a time without a zone, not {type(value).__name__}")


class _Hours(Protocol):
    @property
    def first(self) -> time | None: ...
    @property
    def last(self) -> time | None: ...


class _PerMonth(Protocol):
    @property
    def per_customer_month_max(self) -> int: ...


@attrs.frozen
class Contact(Use):
    """A contact at an instant with one customer."""

    at: datetime = attrs.field(converter=instant)
    recipient: str = attrs.field(validator=checks.ident)

    def day(self, calendar: Calendar) -> date:
        """The company's day of that instant."""
        return calendar.day(self.at)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The one."""
        return (self.recipient,)


def _outside(first: time, last: time, asked: Asked | Happened) -> Refusal | None:
    hours = asked.policy.contact
    if hours.first <= first <= last <= hours.last:
        return None
    # In full: a microsecond after the last time is not shown as the last time.
    figure = f"{first}" if first == last else f"{first}..{last}"
    return broken("C3.4", "contact_hours", figure, f"{hours.first}..{hours.last}")


def planned_hours(plan: _Hours, limits: Any, asked: Asked) -> Refusal | None:
    """No contact is planned outside the hours; a plan that names none keeps to them."""
    first, last = plan.first or asked.policy.contact.first, plan.last or asked.policy.contact.last
    return _outside(first, last, asked)


def used_hours(plan: Any, use: Contact, limits: Any, happened: Happened) -> Refusal | None:
    """No contact outside the hours, on the company's clock (X3)."""
    at = happened.policy.calendar.local(use.at).time()
    return _outside(at, at, happened)


def per_month(clause: str, standard: str) -> Any:
    """The rule that a customer has at most so many contacts a month."""

    def rule(plan: Any, use: Contact, limits: _PerMonth, happened: Happened) -> Refusal | None:
        limit = limits.per_customer_month_max
        return broken(clause, standard, happened.nth, limit) if happened.nth > limit else None

    return rule
