"""The one shape of every expense type (C8): a plan, a use, and the standards of both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

import attrs

from .. import checks
from ..content import Row, line_digest
from ..customers import Customer
from ..money import Money
from ..periods import Calendar, day_text
from ..policy import Policy
from ..refusals import Code, Fact, Refusal, refusal
from ..vocabulary import TERMS, DocumentId

Details = tuple[tuple[str, str], ...]


class Plan(ABC):
    """The plan record 预算依据, which is signed: expected quantities and prices."""

    __slots__ = ()

    @property
    @abstractmethod
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """What it is made up of, each with its amount."""

    @property
    def total(self) -> Money:
        """The sum of its costs: it equals the amount asked, to the smallest unit."""
        (_, total), *rest = self.costs
        for _, cost in rest:
            total += cost
        return total

    @property
    def customers(self) -> tuple[str, ...]:
        """The customers it names, by their ids."""
        return ()

    @property
    def reach(self) -> int:
        """How many customers it is for; 0 where that says nothing of its cost."""
        return len(self.customers)


class Use(ABC):
    """What happened: an entry of the use record 使用记录."""

    __slots__ = ()

    @abstractmethod
    def day(self, calendar: Calendar) -> date:
        """The company's day it happened: what records an instant asks the calendar for it (X3)."""

    @property
    @abstractmethod
    def recipients(self) -> tuple[str, ...]:
        """Whom it reached, by their ids; none where it reached nobody in particular."""

    @property
    def once(self) -> tuple[tuple[str, ...], ...]:
        """What it stands for and nothing else ever may: an order, a repair order, a product in an order."""
        return ()


@attrs.frozen
class OnDay(Use):
    """A use of a day; of nobody in particular, where its class does not say whom it reached."""

    on: date = attrs.field(validator=checks.day)

    def day(self, calendar: Calendar) -> date:
        """The day itself."""
        return self.on

    @property
    def recipients(self) -> tuple[str, ...]:
        """Nobody in particular."""
        return ()


@attrs.frozen
class OneDay(OnDay):
    """A use of a day that reached one recipient."""

    recipient: str = attrs.field(validator=checks.ident)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The one."""
        return (self.recipient,)


@attrs.frozen
class UseRow:
    """A use record's row as it is kept: numbered within its document, append-only.

    `item` is what it was about, a product, a gift, a course; it and `recipient` are "" where there is none.
    """

    document: DocumentId
    number: int
    type: str
    on: date
    recipient: str
    quantity: int
    units: int
    detail: Details
    broken: tuple[str, ...]
    reason: str | None
    item: str = ""

    @property
    def month(self) -> str:
        """The month it happened in, "2026-03"."""
        return month_of(self.on)

    def row(self) -> Row:
        """What a journal entry says of this row."""
        what = (self.document, str(self.number))
        said = (self.type, day_text(self.on), self.recipient, str(self.quantity), str(self.units))
        detail = [text for pair in self.detail for text in pair]
        counts = (str(len(detail)), str(len(self.broken)))
        reason = () if self.reason is None else (self.reason,)
        # A row without an item says what it said before there were items.
        about = ("use/2", self.item) if self.item else ("use/1",)
        kept = line_digest((*about, *what, *said, *counts, *detail, *self.broken, *reason))
        return ("use", *what, str(self.units), kept)


def month_of(day: date) -> str:
    """A day's month, "2026-03"."""
    return day_text(day)[:7]


@attrs.frozen
class Part:
    """What a use comes to for one recipient: quantity, cost in smallest units, and what else is kept of it.

    With `note` it is a note on a use that stands already: it is kept under that name and counts as no use of its own.
    """

    recipient: str
    quantity: int
    units: int
    item: str = ""
    detail: Details = ()
    note: str = ""


# What lives for one act alone is not frozen: a frozen class takes three times as long to make.
@attrs.define
class Asked:
    """What a plan is held against beside its own figures: the policy, and the customers it names.

    `customers` is None where nobody could be asked: then what the applicant states of them stands.
    """

    policy: Policy
    customers: Mapping[str, Customer] | None = None


@attrs.define
class Happened:
    """What a use is held against beside its plan: the policy, its day, its recipient, and how many he has had.

    `nth` counts the recipient's uses in the type's period, this one with them. `customer` is None where nobody could be
    asked, or nobody of this id is known.
    """

    policy: Policy
    day: date
    nth: int = 1
    customer: Customer | None = None


def broken(clause: str, standard: str, figure: Fact, limit: Fact) -> Refusal:
    """The refusal of a broken standard."""
    return refusal(Code.STANDARD_BROKEN, clause=clause, standard=standard, figure=figure, limit=limit)


def over(clause: str, standard: str, figure: Money, limit_units: int | None) -> Refusal | None:
    """The refusal of an amount above its limit; None is no limit."""
    if limit_units is None or figure.units <= limit_units:
        return None
    return broken(clause, standard, figure, Money(limit_units, figure.currency))


Measured = tuple[Part, ...] | Refusal


@attrs.frozen
class NoLimits:
    """The limits of a type that has none of its own."""


@attrs.frozen
class ExpenseType:
    """A type: its limits are the policy's, its rules small functions in one tuple each.

    A plan's rule is `rule(plan, limits, asked)`, a use's `rule(plan, use, limits, happened)`; each is the refusal, or
    None. `measure(plan, use, limits)` is what a use comes to, or why it can't stand in the record at all.
    """

    name: str
    category: str
    clause: str
    plan: type[Plan]
    use: type[Use]
    measure: Callable[..., Measured]
    plan_standards: tuple[Callable[..., Refusal | None], ...] = ()
    use_standards: tuple[Callable[..., Refusal | None], ...] = ()
    note_standards: tuple[Callable[..., Refusal | None], ...] = ()
    """What a note on a use is held against, as a use is."""
    limits: type[Any] = NoLimits
    """What the policy sets, a field each (`_keys`)."""
    ledger_account: str = "6601"
    """会计科目 (R1.4), where the policy names no other."""
    evidence: tuple[str, ...] = ()
    """What it needs at any amount; the policy's rules come on top (A1.1)."""
    effects: tuple[str, ...] = ()
    """The figures its benefit and effect are told in (G3.2)."""
    paid_up_to_use: bool = False
    granted: bool = False
    """Whether it is granted and posted as a set-off, not paid (C9)."""
    customers: bool = True
    """Whether its recipients are customers (G2.1)."""
    channel: str | None = None
    """The channel of a contact: what a customer may have opted out of (C3.4)."""
    counted: str | None = None
    """The period, "month" or "year", in which a recipient's uses are counted."""
    words: tuple[str, str] = attrs.field(
        default=attrs.Factory(lambda self: TERMS.get(self.name, (self.name, self.name)), takes_self=True)
    )
    """What it is called, in English and in Chinese."""
    formed: Callable[[Any, str], list[Refusal]] | None = None
    """What is wrong with the form of a record of a company's own type, `formed(record, currency)`."""
    terms: Mapping[str, tuple[str, str]] = attrs.field(factory=dict)
    """What the company calls the names that are its own."""

    def incomplete(self, record: Plan | Use, policy: Policy) -> list[Refusal]:
        """What a record leaves blank, and what it has no place for."""
        blank = blanks(record)
        found = [refusal(Code.FORM_INCOMPLETE, clause=self.clause, fields=", ".join(blank))] if blank else []
        return found if self.formed is None else found + self.formed(record, policy.currency)

    def worded(self, found: list[Refusal]) -> list[Refusal]:
        """The refusals in the company's words, where the type is its own."""
        return [each.worded(self.terms) for each in found] if self.terms else found

    def check_plan(self, plan: Plan, asked: Asked) -> list[Refusal]:
        """Every standard the plan breaks, and what it leaves blank."""
        found, limits = self.incomplete(plan, asked.policy), asked.policy.limits(self.name)
        return found + [each for rule in self.plan_standards if (each := rule(plan, limits, asked)) is not None]

    def period(self, day: date) -> str:
        """The period of a day in which uses are counted."""
        return day_text(day)[: 4 if self.counted == "year" else 7]


def of_currency(record: Plan | Use, currency: str) -> None:
    """ValueError where an amount of a record, or of its parts, is of another currency than the company's (X3)."""
    for name in _names(type(record)):
        value = getattr(record, name)
        if type(value) is Money and value.currency != currency:
            raise ValueError(f"the company's currency is {currency}, not {value.currency}")
        if type(value) is tuple:
            for part in value:
                if attrs.has(type(part)):
                    of_currency(part, currency)


def blanks(record: Plan | Use) -> list[str]:
    """The mandatory texts of a record that say nothing."""
    names = _names(type(record))
    return [name for name in names if type(value := getattr(record, name)) is str and checks.blank(value)]


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple([field.name for field in attrs.fields(kind)])
