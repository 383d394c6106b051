"""The month's accounts, its double entries, and costs that were paid elsewhere (R1.1, R1.3, R1.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

import attrs

from . import checks
from .content import Digest, line_digest
from .money import UNITS_MAX, Money
from .periods import Month
from .policy import AccountRules
from .posting import BY_METHOD, Posting, Source

GROUPED = ("source", "corrects", "department", "project", "category", "type", "account")
"""The columns that a month is summed by: everything its accounts tell is made of these sums."""
DIMENSIONS = GROUPED[2:]
"""Those by which costs are told."""


@attrs.frozen
class AccountRow:
    """What a month cost a department, for a project or "", by type and ledger account; smallest units."""

    department: str
    project: str
    category: str
    type: str
    account: str
    units: int


@attrs.frozen
class Reconciled:
    """Two figures that have to be one: what `what` comes to, and what the postings of it come to."""

    what: str
    stated: int
    posted: int

    @property
    def agrees(self) -> bool:
        """Whether they are."""
        return self.stated == self.posted


@attrs.frozen
class MonthlyAccounts:
    """The accounts of a month 月度核算 (R1.1). Amounts are smallest units of `currency`.

    `rows` are what the month cost by the stated `method`, in order; corrections of earlier months are among them, and
    `corrections` tells them apart, by the month they correct. `sources` is what the month's postings come to: what was
    paid in cash and what was granted are two (C9). `reconciled` holds the postings to the payments; a difference is
    shown and never hidden. Of a month that is not `closed` more may come.
    """

    month: Month
    currency: str
    method: str
    closed: bool
    rows: tuple[AccountRow, ...]
    sources: tuple[tuple[Source, int], ...]
    corrections: tuple[tuple[Month, int], ...]
    reconciled: tuple[Reconciled, ...]

    @property
    def total(self) -> int:
        """What the month cost."""
        return sum(row.units for row in self.rows)

    def by(self, dimension: str) -> dict[str, int]:
        """What it cost by "department", "project", "category", "type" or "account"; each adds up to `total`."""
        if dimension not in DIMENSIONS:
            raise ValueError(f"{dimension!r} is not one of {', '.join(DIMENSIONS)}")
        found = Counter[str]()
        for row in self.rows:
            found[getattr(row, dimension)] += row.units
        return dict(sorted(found.items()))

    @property
    def differences(self) -> tuple[Reconciled, ...]:
        """What does not agree."""
        return tuple(each for each in self.reconciled if not each.agrees)


def monthly(
    month: Month,
    currency: str,
    method: str,
    closed: bool,
    sums: Mapping[tuple[str, ...], int],
    stated: Mapping[Source, int],
    late: Mapping[Source, int],
) -> MonthlyAccounts:
    """The accounts of a month from the sums of its postings by `GROUPED`.

    `stated` is what the month's payments come to, by the source of their postings; `late` what later months hold of
    them as corrections.
    """
    costs, rows = BY_METHOD[method], Counter[tuple[str, str, str, str, str]]()
    sources, own, corrections = Counter[Source](), Counter[Source](late), Counter[Month]()
    for (name, corrects, department, project, category, kind, account), units in sums.items():
        source = Source(name)
        sources[source] += units
        own[source] += 0 if corrects else units
        if source in costs:
            rows[(department, project, category, kind, account)] += units
            if corrects:
                corrections[Month.parse(corrects)] += units
    agreed = [Reconciled(source.value, stated.get(source, 0), own[source]) for source in (Source.PAID, Source.SET_OFF)]
    # What is allocated leaves whoever bore it and reaches whoever has to: together it is nothing (R1.2).
    agreed.append(Reconciled(Source.ALLOCATED.value, 0, sources[Source.ALLOCATED]))
    return MonthlyAccounts(
        month,
        currency,
        method,
        closed,
        tuple(AccountRow(*where, units) for where, units in sorted(rows.items())),
        tuple((source, sources[source]) for source in Source),
        tuple(sorted(corrections.items())),
        tuple(agreed),
    )


class Role(StrEnum):
    """What an account of the general ledger is for."""

    COST = "cost"
    BANK = "bank"
    PAYABLE = "payable"
    RECEIVABLE = "receivable"


@attrs.frozen
class LedgerAccount:
    """An account 会计科目 of the general ledger, by the company's code."""

    role: Role
    code: str


@attrs.frozen
class DoubleEntry:
    """A posting as an entry of the general ledger 会计分录 (R1.4): `units` above 0 on either side.

    `number` is the posting's in its month: those that a method has no entry for leave a gap.
    """

    number: int
    debit: LedgerAccount
    credit: LedgerAccount
    units: int
    posting: Posting

    @property
    def day(self) -> date:
        """The day it is entered under: that of the posting, or the nearest one of its month."""
        month, on = self.posting.month, self.posting.on
        first, after = (date(each.year, each.month, 1) for each in (month, month.plus(1)))
        return min(max(on, first), after - timedelta(days=1))


def double_entry(number: int, posting: Posting, rules: AccountRules) -> DoubleEntry | None:
    """The entry of a numbered posting by the method; None where it makes none: of cash, what was only incurred.

    A cost is the debit of its type's account, against what is payable; what is paid or granted is then taken off that.
    Under the cash method paying is the cost. What is below 0 is the same entry from the other side.
    """
    cash, source = rules.method == "cash", posting.source
    cost, payable = LedgerAccount(Role.COST, posting.account), LedgerAccount(Role.PAYABLE, rules.payable)
    if source in (Source.PAID, Source.SET_OFF):
        paid = source is Source.PAID
        debit = cost if cash else payable
        credit = LedgerAccount(Role.BANK, rules.bank) if paid else LedgerAccount(Role.RECEIVABLE, rules.receivable)
    elif cash and source in (Source.INCURRED, Source.FINAL):
        return None
    else:
        debit, credit = cost, payable
    if posting.units < 0:
        debit, credit = credit, debit
    return DoubleEntry(number, debit, credit, abs(posting.units), posting)


def _not_nothing(instance: object, attribute: attrs.Attribute[Money], value: object) -> None:
    if type(value) is not Money:
        raise TypeError(f"{attribute.name} must be Money, not {type(value).__name__}")
    if value.units == 0 or abs(value.units) > UNITS_MAX:
        raise ValueError(f"{attribute.name} must be other than 0, and within 2**63-1")


@attrs.frozen
class RecordedCost:
    """A cost that was paid elsewhere, as a purchase card's: finance enters it, no money is paid by it, and no budget
    line bears it. `key` is what the other system knows it by; below 0 it is a refund from there.
    """

    key: str = attrs.field(validator=checks.ident)
    on: date = attrs.field(validator=checks.day)
    department: str = attrs.field(validator=checks.ident)
    type: str = attrs.field(validator=checks.ident)
    amount: Money = attrs.field(validator=_not_nothing)
    project: str | None = attrs.field(default=None, validator=checks.optional(checks.ident))

    @property
    def digest(self) -> Digest:
        """The digest of everything the cost says."""
        where = (self.department, self.type, self.project or "")
        return line_digest(("recorded/1", self.key, self.on.isoformat(), *where, str(self.amount.units)))
