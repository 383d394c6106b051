"""The company's policy as values: every bracketed figure of the clauses, and each document's chain."""

from __future__ import annotations

from datetime import date

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


@attrs.frozen
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
    evidence: tuple[Evidence, ...]
    related_days: int
    expiry_days: int
    use_due_days: int
    retention_years: int
    holiday_gifts: HolidayGifts
    sms: Sms
    text: str
    digest: Digest

    def chain(self, kind: str, units: int) -> tuple[Rule, ...]:
        """The steps a document of this kind needs at the amount that decides, in order (A3.1)."""
        return tuple(rule for rule in dict(self.chains)[kind] if rule.applies(units))

    def substitute_offices(self, office: str) -> tuple[str, ...]:
        """The offices that take an office's step where nobody of it may (A3.5), in order."""
        return dict(self.substitutes).get(office, ())
