"""The company's policy as values: every bracketed figure of the clauses, and each document's chain."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, datetime, time
from functools import cached_property
from typing import Any

import attrs

from .company_types import CompanyType
from .content import Digest
from .periods import Calendar


@attrs.frozen
class Rule:
    """A step of a chain: taken by `office` where `above` < amount <= `up_to` (smallest units).

    Of applications of these expense types alone, or of all but these; of every one where neither is said.
    """

    office: str
    points: tuple[str, ...] = ()
    above: int | None = None
    up_to: int | None = None
    types: tuple[str, ...] = ()
    except_types: tuple[str, ...] = ()

    def of(self, type_: str) -> bool:
        """Whether documents of this expense type have the step."""
        return type_ not in self.except_types and (not self.types or type_ in self.types)

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
class CustomerRules:
    """Who is an existing customer (G2.1), and the most that one of a value class may cost in smallest units (G3.1).

    The class "*" is every one that is not named.
    """

    order_within_months: int = 24
    cost_max: tuple[tuple[str, int], ...] = ()


@attrs.frozen
class ContactHours:
    """Between which times of the company's day a customer may be contacted (C3.4)."""

    first: time = time(8)
    last: time = time(21)


@attrs.frozen
class BudgetRules:
    """How budgets are drafted, watched and carried (B1.1-B1.3, B2.3, B2.4). Rates are basis points."""

    due: tuple[int, int] = (10, 31)
    """The month and day by which next year's draft is submitted (B1.1)."""
    itemised: bool = True
    """Whether each line of a draft states its months and the basis of its estimate (B1.3)."""
    estimates: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Which categories each department estimates (B1.2); a department that is not named may estimate any."""
    closed: bool = False
    """Whether an item outside `estimates` is refused; otherwise it is shown to finance as such."""
    deviation_bp: int = 2000
    alert_bp: int = 8000
    rectify_days: int = 30
    """In how many days a deviation is to be put right (B2.4)."""
    carry_balances: bool = False
    """Whether what is left of a line may be carried into the next year's."""

    def estimated_by(self, department: str, category: str) -> bool:
        """Whether the table lets a department estimate a category (B1.2)."""
        mine = dict(self.estimates).get(department)
        return mine is None or category in mine


@attrs.frozen
class ClaimRules:
    """How claims are taken and paid (R2.3, R2.4)."""

    pay_within_days: int = 10
    """Working days from approval to payment."""
    without_application: tuple[tuple[str, int], ...] = ()
    """Up to which amount, in smallest units, a claim of a type is taken without an application."""


@attrs.frozen
class VoucherRules:
    """Which vouchers are taken (R2.1, R2.2)."""

    age_days_max: int = 365
    buyers: tuple[str, ...] = ()
    """Names of the company that a voucher may be made out to, beside `Policy.company`."""
    near_days: int = 3
    """Vouchers of one payee and amount within so many days of each other are near-duplicates."""


@attrs.frozen
class AccountRules:
    """How the month is accounted (R1.1, R1.4): the method, and the ledger accounts beside those of the types."""

    method: str = "accrual"
    bank: str = "1002"
    payable: str = "2241"
    """What is incurred and not paid yet; below 0 what was paid ahead."""
    receivable: str = "1122"
    """What a set-off is taken from (C9)."""


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
    customers: CustomerRules
    contact: ContactHours
    benefit_above: int | None
    """Above this amount an application states its expected benefit (G3.2); None asks for none."""
    kinds: tuple[tuple[str, Any], ...]
    """The limits of each expense type, by its name: of the class that the type says."""
    ledger_accounts: tuple[tuple[str, str], ...]
    text: str
    digest: Digest
    types: tuple[CompanyType, ...] = ()
    """The company's own expense types, below the seven categories."""
    budget: BudgetRules = BudgetRules()
    claims: ClaimRules = ClaimRules()
    vouchers: VoucherRules = VoucherRules()
    accounts: AccountRules = AccountRules()
    duties: tuple[tuple[str, int], ...] = (("monitoring", 31), ("accounting", 31), ("audit", 366))
    """In how many days each returning duty comes again (G3.5)."""

    @cached_property
    def begins(self) -> datetime:
        """The first instant of its effective day."""
        return self.calendar.start(self.effective)

    def limits(self, type_: str) -> Any:
        """The limits of an expense type, of the class that the type says: of a company's own, what it is."""
        return self.company_type(type_) or self._limits[type_]

    @cached_property
    def _limits(self) -> dict[str, Any]:
        return dict(self.kinds)

    def company_type(self, name: str) -> CompanyType | None:
        """The company's own type of this name; None where there is none."""
        return self._types.get(name)

    @cached_property
    def _types(self) -> dict[str, CompanyType]:
        return {each.name: each for each in self.types}

    def ledger_account(self, type_: str) -> str:
        """The ledger account 会计科目 of an expense type (R1.4)."""
        own = self.company_type(type_)
        return self._ledger[type_] if own is None else own.ledger_account

    @cached_property
    def _ledger(self) -> dict[str, str]:
        return dict(self.ledger_accounts)

    def chain(self, kind: str, units: int, type_: str = "") -> tuple[Step, ...]:
        """The steps a document needs at the amount that decides, in order (A3.1); `type_` is an application's.

        No step at all where the policy has no chain for this kind of document.
        """
        bounds, chains = self._bands(kind, type_)
        return chains[bisect_left(bounds, units)]

    def _bands(self, kind: str, type_: str) -> tuple[list[int], list[tuple[Step, ...]]]:
        """The bounds in order, with the chain of every band between them: up to each, and above the last."""
        found = self._known_bands.get((kind, type_))
        if found is None:
            rules = [rule for rule in dict(self.chains).get(kind, ()) if rule.of(type_)]
            bounds = sorted({bound for rule in rules for bound in (rule.above, rule.up_to) if bound is not None})
            amounts = [*bounds, (bounds[-1] if bounds else 0) + 1]
            chains = [tuple(Step(r.office, r.points) for r in rules if r.applies(units)) for units in amounts]
            found = self._known_bands[(kind, type_)] = (bounds, chains)
        return found

    @cached_property
    def _known_bands(self) -> dict[tuple[str, str], tuple[list[int], list[tuple[Step, ...]]]]:
        return {}

    def substitute_offices(self, office: str) -> tuple[str, ...]:
        """The offices that take an office's step where nobody of it may (A3.5), in order."""
        return dict(self.substitutes).get(office, ())
