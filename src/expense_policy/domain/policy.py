"""The company's policy as values: every bracketed figure of the clauses, and each document's chain."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, datetime
from functools import cached_property

import attrs

from .content import Digest
from .periods import Calendar


@attrs.frozen
class Rule:
    """A step of a chain: taken by `office` where `above` < amount <= `up_to` (smallest units)."""

    office: str
    points: tuple[str, ...] = ()
    above: int | None = None
    up_to: int | None = None

    def applies(self, units: int) -> bool:
        """Whether an amount that decides the chain calls for this step (A3.1)."""
        return (self.above is None or units > self.above) and (self.up_to is None or units <= self.up_to)


@attrs.frozen
class Step:
    """A step of a chain as a round goes through it: who signs, and on which review points he finds (A3.7)."""

    office: str
    points: tuple[str, ...]


@attrs.frozen
class Evidence:
    """Evidence a type needs from an amount on (A1.1)."""

    type: str
    needs: tuple[str, ...]
    above: int = 0


@attrs.frozen
class HolidayGifts:
    """The standards of C2.1: prices in smallest units, windows in days."""

    unit_price_max: int
    days_before: int
    days_after: int
    festivals: tuple[tuple[str, date], ...] = ()


@attrs.frozen
class Sms:
    """The standards of C3.3."""

    per_customer_month_max: int
    segments_max: int


@attrs.frozen(slots=False)
class Policy:
    """One version of the policy (X2). Amounts are smallest units of `currency`, periods days."""

    version: str
    effective: date
    company: str
    currency: str
    calendar: Calendar
    departments: tuple[str, ...]
    chains: tuple[tuple[str, tuple[Rule, ...]], ...]
    substitutes: tuple[tuple[str, tuple[str, ...]], ...]
    adopters: tuple[str, ...]
    readers: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    related_days: int
    expiry_days: int
    use_due_days: int
    retention_years: int
    holiday_gifts: HolidayGifts
    sms: Sms
    text: str
    digest: Digest

    @cached_property
    def begins(self) -> datetime:
        """The first instant of its effective day."""
        return self.calendar.start(self.effective)

    def chain(self, kind: str, units: int) -> tuple[Step, ...]:
        """The steps a document of this kind needs at the amount that decides, in order (A3.1)."""
        bounds, chains = self._bands[kind]
        return chains[bisect_left(bounds, units)]

    @cached_property
    def _bands(self) -> dict[str, tuple[list[int], list[tuple[Step, ...]]]]:
        """Each kind's bounds in order, with the chain of every band between them: up to each, and above the last."""
        found = {}
        for kind, rules in self.chains:
            bounds = sorted({bound for rule in rules for bound in (rule.above, rule.up_to) if bound is not None})
            amounts = [*bounds, (bounds[-1] if bounds else 0) + 1]
            chains = [tuple(Step(r.office, r.points) for r in rules if r.applies(units)) for units in amounts]
            found[kind] = (bounds, chains)
        return found

    def substitute_offices(self, office: str) -> tuple[str, ...]:
        """The offices that take an office's step where nobody of it may (A3.5), in order."""
        return dict(self.substitutes).get(office, ())
