"""Expense types that a company adds below a category, as its policy file says them (C8): plain values."""

from __future__ import annotations

import attrs

Words = tuple[str, str]
"""What people read: English, Chinese."""

FIELD_KINDS = ("text", "word", "whole", "amount", "date", "choice")
"""What a field may hold."""
RECORDS = ("plan", "use")
"""The records of a type that a field may be of."""
TYPES_MAX = FIELDS_MAX = LINES_MAX = 50
"""So many types, and so many fields and lines of one, a policy may have at most."""


@attrs.frozen
class CompanyField:
    """A field of the plan record or of the use record; a figure below `least` or above `most` breaks a standard."""

    name: str
    kind: str
    words: Words
    on: str = "plan"
    required: bool = False
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()


@attrs.frozen
class CompanyLine:
    """A cost line, quantity times unit price, with the most of each, price in smallest units; None is no limit."""

    name: str
    words: Words
    unit_price_max: int | None = None
    quantity_max: int | None = None


# The hash is what an expense type made of it is found by, at every act.
@attrs.frozen(cache_hash=True)
class CompanyType:
    """A type: what it is called, what it is recorded by, and its standards."""

    name: str
    category: str
    words: Words
    clause: str
    ledger_account: str = "6601"
    evidence: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    fields: tuple[CompanyField, ...] = ()
    lines: tuple[CompanyLine, ...] = ()
    paid_up_to_use: bool = False
    granted: bool = False
    customers: bool = True
    per_customer_month_max: int | None = None

    def fields_of(self, record: str) -> tuple[CompanyField, ...]:
        """The fields of the "plan" record or of the "use" record."""
        return tuple([field for field in self.fields if field.on == record])
