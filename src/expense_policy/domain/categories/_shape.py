"""The one shape of every expense type (C8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Protocol

import attrs

from ..content import Row, line_digest
from ..money import Money
from ..periods import Calendar
from ..policy import Policy
from ..refusals import Code, Refusal, refusal
from ..vocabulary import DocumentId


class Plan(Protocol):
    """What is signed: expected quantities and prices (预算依据)."""

    @property
    def total(self) -> Money:
        """The record's own sum: it equals the amount asked."""


class Use(Protocol):
    """What happened: one row of the use record (使用记录)."""

    @property
    def recipient(self) -> str:
        """The customer's id."""

    def day(self, calendar: Calendar) -> date:
        """The company's day it happened: a type that records an instant asks the calendar for it (X3)."""


@attrs.frozen
class UseRow:
    """A use record's row as it is kept: numbered within its document, append-only."""

    document: DocumentId
    number: int
    type: str
    on: date
    recipient: str
    quantity: int
    units: int
    detail: tuple[tuple[str, str], ...]
    broken: tuple[str, ...]
    reason: str | None

    @property
    def month(self) -> str:
        """The month it happened in, "2026-03"."""
        return month_of(self.on)

    def row(self) -> Row:
        """What a journal entry says of this row."""
        what = (self.document, str(self.number))
        said = (self.type, self.on.isoformat(), self.recipient, str(self.quantity), str(self.units))
        detail = [text for pair in self.detail for text in pair]
        counts = (str(len(detail)), str(len(self.broken)))
        reason = () if self.reason is None else (self.reason,)
        kept = line_digest(("use/1", *what, *said, *counts, *detail, *self.broken, *reason))
        return ("use", *what, str(self.units), kept)


def month_of(day: date) -> str:
    """A day's month, "2026-03"."""
    return day.isoformat()[:7]


@attrs.define
class Case:
    """What a use record is held against: a document with its plan, the policy it was filed under, and two days.

    `first` is the number its next row gets, `approved` the day of its approval, None before it. `counted` is how many
    contacts of a recipient in a month the store knows already, by (month, recipient).
    """

    document: DocumentId
    first: int
    plan: Plan
    policy: Policy
    approved: date | None
    today: date
    counted: Mapping[tuple[str, str], int]
    reason: str | None


def not_yet(uses: tuple[Use, ...], case: Case) -> list[Refusal]:
    """A refusal for each day that has not come: a use record holds what happened."""
    days = {day for use in uses if (day := use.day(case.policy.calendar)) > case.today}
    return [refusal(Code.USE_NOT_YET, day=day.isoformat(), today=case.today.isoformat()) for day in sorted(days)]


def _before_approval(day: date, case: Case) -> list[Refusal]:
    """The form comes before the spending, and so does its approval (A1.1)."""
    if case.approved is None or day >= case.approved:
        return []
    figures = {"figure": day.isoformat(), "limit": case.approved.isoformat()}
    return [refusal(Code.STANDARD_BROKEN, clause="A1.1", standard="before_approval", **figures)]


@attrs.frozen
class ExpenseType:
    """A type: its words are `vocabulary`, its rules small functions in one tuple each."""

    name: str
    category: str
    clause: str
    plan: type
    use: type
    plan_standards: tuple[Callable[..., Refusal | None], ...]
    use_standards: tuple[Callable[..., Refusal | None], ...]
    measure: Callable[..., tuple[int, int, tuple[tuple[str, str], ...]]]
    """Quantity, cost in smallest units and detail of a use, given the plan."""
    paid_up_to_use: bool
    counts_contacts: bool = False

    def check_plan(self, plan: Plan, policy: Policy) -> list[Refusal]:
        """Every standard the plan breaks."""
        return [found for rule in self.plan_standards if (found := rule(plan, policy)) is not None]

    def rows(self, uses: tuple[Use, ...], case: Case) -> tuple[tuple[UseRow, ...], list[Refusal]]:
        """The rows to append, with what they break; broken standards are kept, flagged, and want a reason."""
        kept: list[UseRow] = []
        broken: dict[Refusal, None] = {}
        plan, policy, seen = case.plan, case.policy, dict(case.counted)
        for number, use in enumerate(uses, case.first):
            quantity, units, detail = self.measure(plan, use)
            day = use.day(policy.calendar)
            key = (month_of(day), use.recipient)
            seen[key] = seen.get(key, 0) + 1
            found = _before_approval(day, case)
            found += [f for rule in self.use_standards if (f := rule(plan, use, policy, seen[key])) is not None]
            flags = tuple(sorted({str(dict(f.facts)["standard"]) for f in found}))
            kept.append(
                UseRow(
                    case.document,
                    number,
                    self.name,
                    day,
                    use.recipient,
                    quantity,
                    units,
                    detail,
                    flags,
                    case.reason if flags else None,
                )
            )
            broken.update(dict.fromkeys(found))
        return tuple(kept), list(broken)
