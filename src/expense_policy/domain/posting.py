"""Postings of the ledger (R1.1), and what was planned for each month (B1.3): facts that a store sums up."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import attrs

from . import checks
from .content import Digest, Row, line_digest
from .money import UNITS_MAX
from .periods import Month, day_text
from .vocabulary import LineId


class Source(StrEnum):
    """What a posting comes from."""

    INCURRED = "incurred"
    """A use record, a claim without an application: what was incurred, paid or not."""
    FINAL = "final"
    """What the end of a document adds to what it incurred, or takes from it: what was paid and not used is a cost, what
    is never to be paid is none. Also what comes back after the end."""
    PAID = "paid"
    """A payment, or the refund of one."""
    SET_OFF = "set_off"
    """What was granted and not paid (C9)."""
    RECORDED = "recorded"
    """What finance enters of costs that were paid elsewhere."""
    ALLOCATED = "allocated"
    """A share of a common cost: it leaves whoever bore it, and reaches whoever has to (R1.2)."""


BY_METHOD: dict[str, tuple[Source, ...]] = {
    "accrual": (Source.INCURRED, Source.FINAL, Source.RECORDED, Source.ALLOCATED),
    "cash": (Source.PAID, Source.SET_OFF, Source.RECORDED, Source.ALLOCATED),
}
"""What a month's costs are made of, by the method of accounting (R1.1)."""
CASH = (Source.PAID, Source.SET_OFF)
"""Those of payments: money that went out, and what was granted."""


SETTLED = "settled"
"""The `reference` of what a rule left with whoever bore it, or laid on its shares from the start: it stays (R1.2)."""


def _units(instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    if type(value) is not int:
        raise TypeError(f"{attribute.name} must be int, not {type(value).__name__}")
    if value == 0 or abs(value) > UNITS_MAX:
        raise ValueError(f"{attribute.name} must be other than 0, and within 2**63-1")


@attrs.frozen
class Posting:
    """One amount of the ledger, in smallest units: of a document, a source, a number within it, and a line, each once.

    `number` is the payment's, or that of the first use row, that it comes from; what a document's end makes of it has
    its version. `line` is "" where no budget line bears it. `month` is that of the books; of a late one, which corrects
    an earlier month that is closed, `corrects` says which (R1.3). What undoes another is of the other sign, and
    `reverses` is the number it undoes (I30). `reference` is what finance knows it by elsewhere, or `SETTLED`.
    """

    document: str = attrs.field(validator=checks.ident)
    source: Source = attrs.field(validator=checks.exactly(Source))
    number: int = attrs.field(validator=checks.whole)
    line: LineId = attrs.field(validator=checks.label)
    month: Month = attrs.field(validator=checks.exactly(Month))
    on: date = attrs.field(validator=checks.day)
    department: str = attrs.field(validator=checks.ident)
    project: str = attrs.field(validator=checks.label)
    category: str = attrs.field(validator=checks.ident)
    type: str = attrs.field(validator=checks.ident)
    account: str = attrs.field(validator=checks.ident)
    units: int = attrs.field(validator=_units)
    reverses: int | None = attrs.field(default=None, validator=checks.optional(checks.whole))
    corrects: Month | None = attrs.field(default=None, validator=checks.optional(checks.exactly(Month)))
    reference: str = attrs.field(default="", validator=checks.label)

    def __attrs_post_init__(self) -> None:
        if self.corrects is not None and self.corrects >= self.month:
            raise ValueError("a correction is of an earlier month")

    @property
    def digest(self) -> Digest:
        """The digest of everything the posting says."""
        what = (self.document, str(self.source), str(self.number), self.line, str(self.month), day_text(self.on))
        where = (self.department, self.project, self.category, self.type, self.account)
        of = ("" if self.reverses is None else str(self.reverses), "" if self.corrects is None else str(self.corrects))
        return line_digest(("posting/1", *what, *where, str(self.units), *of, self.reference))

    def row(self) -> Row:
        """What a journal entry says of this row."""
        return ("posting", self.document, str(self.source), str(self.number), self.line, self.digest)


@attrs.frozen
class Planned:
    """By how much an approved document changes what is planned on a line for a month, in smallest units (B1.3)."""

    document: str = attrs.field(validator=checks.ident)
    line: LineId = attrs.field(validator=checks.ident)
    month: Month = attrs.field(validator=checks.exactly(Month))
    units: int = attrs.field(validator=_units)

    def row(self) -> Row:
        """What a journal entry says of this row."""
        return ("planned", self.document, self.line, str(self.month), str(self.units))
