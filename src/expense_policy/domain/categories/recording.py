"""How a use record grows: each use judged, then kept as rows (C8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import attrs

from ..content import line_digest
from ..customers import Customer
from ..money import Money
from ..policy import Policy
from ..refusals import Code, Refusal, refusal
from ..vocabulary import DocumentId
from . import _customers
from ._shape import ExpenseType, Happened, Part, Plan, Use, UseRow, broken, of_currency
from .effect import EffectMeasured


@attrs.define
class Case:
    """What a use record is held against: a document with its plan, the policy it was filed under, and two days.

    `first` is the number its next row gets, `approved` the day of its approval, None before it. `counted` is how many
    uses of a recipient in a period the store knows already, by (period, recipient); `taken` which document has what
    stands in one record alone; `customers` the recipients that are known, None where nobody could be asked.
    """

    document: DocumentId
    first: int
    plan: Plan
    policy: Policy
    approved: date | None
    today: date
    counted: Mapping[tuple[str, str], int]
    taken: Mapping[str, DocumentId]
    customers: Mapping[str, Customer] | None
    value_class: str | None
    reason: str | None


@attrs.define
class Judged:
    """A use as it would be kept: what forbids it, and the standards it breaks, which are flagged and explained."""

    use: Use
    parts: tuple[Part, ...]
    day: date
    forbidden: tuple[Refusal, ...]
    broken: tuple[Refusal, ...]

    @property
    def units(self) -> int:
        """What it costs, in smallest units."""
        return sum([part.units for part in self.parts])


def once_key(type_: str, name: tuple[str, ...]) -> str:
    """The key that an order, or whatever else stands in one use record alone, is taken under."""
    return line_digest(("once", type_, *name))


def row_key(name: str) -> str:
    """The key that a row of another system's log is taken under: none of an order, whatever either is called.

    Rows whose names differ in their last characters alone, as numbers that follow each other do, stand side by side in
    an index: a log that is recorded touches few of its pages. What tells them apart is still 224 bits of the digest.
    """
    return line_digest(("rows", name[:-4]))[:8] + line_digest(("row", name))[:56]


class Recording:
    """The rows that a use record grows by, one use after the other."""

    def __init__(self, kind: ExpenseType, case: Case) -> None:
        self._kind, self._case = kind, case
        self._limits = case.policy.limits(kind.name)
        self._counted = dict(case.counted)
        self.rows: list[UseRow] = []
        self.taken: dict[str, None] = {}
        """The keys of what stands in this record alone from now on."""
        self.units = 0

    def judge(self, use: Use) -> Judged:
        """What the use comes to; nothing is kept yet."""
        kind, case, day = self._kind, self._case, use.day(self._case.policy.calendar)
        found: list[Refusal] = []
        of_currency(use, case.policy.currency)
        if day > case.today:
            found.append(refusal(Code.USE_NOT_YET, day=day.isoformat(), today=case.today.isoformat()))
        if type(use) is EffectMeasured:
            return Judged(use, (use.part,), day, (*found, *use.unfit(kind.effects, kind.name)), ())
        found += kind.incomplete(use, case.policy)
        for name in use.once:
            key = once_key(kind.name, name)
            owner = case.document if key in self.taken else case.taken.get(key)
            if owner is not None:
                found.append(refusal(Code.ORDER_TAKEN, clause=kind.clause, order=" ".join(name), document=owner))
        measured = kind.measure(case.plan, use, self._limits)
        if isinstance(measured, Refusal):
            return Judged(use, (), day, tuple(kind.worded([*found, measured])), ())
        standards = kind.worded(self._standards(use, measured, day))
        return Judged(use, measured, day, tuple(kind.worded(found)), tuple(standards))

    def _standards(self, use: Use, parts: tuple[Part, ...], day: date) -> list[Refusal]:
        kind, case = self._kind, self._case
        found: list[Refusal] = []
        if case.approved is not None and day < case.approved:
            # The form comes before the spending, and so does its approval.
            found.append(broken("A1.1", "before_approval", day.isoformat(), case.approved.isoformat()))
        for number, part in enumerate(parts):
            customer = None if case.customers is None else case.customers.get(part.recipient)
            nth = self._counted.get((kind.period(day), part.recipient), 0) + 1 if self._counted else 1
            happened = Happened(case.policy, day, nth, customer)
            rules = kind.note_standards if part.note else kind.use_standards
            if number and not kind.counted:
                # What a use of many breaks by itself is judged once, not once for each of them.
                rules = ()
            found += [f for rule in rules if (f := rule(case.plan, use, self._limits, happened)) is not None]
            if kind.customers and part.recipient and not part.note:
                found += _customers.reached(part, kind, case.policy, day, case.today, case.customers, case.value_class)
        return found

    def keep(self, judged: Judged) -> None:
        """Its rows are among those to be kept."""
        kind, case = self._kind, self._case
        broken = judged.broken
        flags = tuple(sorted({str(dict(found.facts)["standard"]) for found in broken})) if broken else ()
        for part in judged.parts:
            if kind.counted and not part.note:
                key = (kind.period(judged.day), part.recipient)
                self._counted[key] = self._counted.get(key, 0) + 1
            self.rows.append(
                UseRow(
                    case.document,
                    case.first + len(self.rows),
                    part.note or kind.name,
                    judged.day,
                    part.recipient,
                    part.quantity,
                    part.units,
                    part.detail,
                    flags,
                    case.reason if flags else None,
                    part.item,
                )
            )
        for name in judged.use.once:
            self.taken[once_key(kind.name, name)] = None
        self.units += judged.units


def within(used: int, approved: Money, paid: Money | None) -> list[Refusal]:
    """A use record stays within what was approved; what is owed after a close (`paid`), within what was paid (C8)."""
    if used <= (approved if paid is None else paid).units:
        return []
    total = Money(used, approved.currency)
    if paid is not None:
        return [refusal(Code.USE_EXCEEDS_PAID, used=total, paid=paid)]
    return [refusal(Code.USE_EXCEEDS_APPROVAL, used=total, approved=approved)]
