"""The company's rules for shared costs 分摊规则, dated and versioned, and what they came to (R1.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

import attrs

from . import checks
from .allocation import Allocation, Cost, Method, SharedCosts, Used, quantity
from .cards import Card, Paper
from .money import Money
from .periods import Month
from .refusals import Code, Refusal, refusal
from .vocabulary import PersonId


class AllocationBasis(StrEnum):
    """By what shared costs are allocated."""

    EQUAL = "equal"
    FIXED = "fixed"
    HEADCOUNT = "headcount"
    REVENUE = "revenue"
    USAGE = "usage"


Place = tuple[str, str | None]
"""A department, perhaps with one of its projects."""


def place_name(place: Place) -> str:
    """What it is called among pools and receivers: "marketing", or "marketing/fair-2026"."""
    department, project = place
    return department if project is None else f"{department}/{project}"


@attrs.frozen
class Receiver:
    """A department, perhaps with one project of it, and its weight: heads, revenue, usage, a share of any scale."""

    department: str = attrs.field(validator=checks.ident)
    project: str | None = attrs.field(default=None, validator=checks.optional(checks.ident))
    weight: str = attrs.field(default="1", validator=quantity)

    @property
    def place(self) -> Place:
        """Whom its part is booked on."""
        return self.department, self.project

    @property
    def name(self) -> str:
        """What it is called among pools and receivers."""
        return place_name(self.place)


@attrs.frozen
class Pool:
    """A pool 费用池: costs of a department, perhaps of one project, that others cause."""

    name: str = attrs.field(validator=checks.ident)
    department: str = attrs.field(validator=checks.ident)
    project: str | None = attrs.field(default=None, validator=checks.optional(checks.ident))

    @property
    def place(self) -> Place:
        """Who bore it."""
        return self.department, self.project


@attrs.frozen
class AllocationTerms:
    """One version of a rule: from which day, by what basis and method, among whom.

    Without pools one cost at a time is split by the receivers' weights, directly. With pools, costs of each of them are
    given together, and `used` says who uses how much of which: the basis is usage, and no receiver has a weight.
    """

    name: str = attrs.field(validator=checks.label)
    effective: date = attrs.field(validator=checks.day)
    basis: AllocationBasis = attrs.field(validator=checks.exactly(AllocationBasis))
    receivers: tuple[Receiver, ...] = attrs.field(validator=checks.some(Receiver, "name"))
    method: Method = attrs.field(default=Method.DIRECT, validator=checks.exactly(Method))
    pools: tuple[Pool, ...] = attrs.field(default=(), validator=checks.many(Pool))
    used: tuple[Used, ...] = attrs.field(default=(), validator=checks.many(Used))
    order: tuple[str, ...] = attrs.field(default=(), validator=checks.many(str))

    def __attrs_post_init__(self) -> None:
        if checks.blank(self.name):
            raise ValueError("a rule has a name")
        weighed = any(receiver.weight != "1" for receiver in self.receivers)
        if weighed and (self.pools or self.basis is AllocationBasis.EQUAL):
            raise ValueError("equal shares have no weights, and neither have receivers of pools")
        if not self.pools:
            if self.used or self.order or self.method is not Method.DIRECT:
                raise ValueError("without pools costs are allocated directly, and nobody uses any pool")
        elif self.basis is not AllocationBasis.USAGE:
            raise ValueError("pools are allocated by usage")
        elif {self._of(use.by) for use in self.used} - {None} != {receiver.name for receiver in self.receivers}:
            raise ValueError("whoever uses a pool is one of the receivers, or of the pools, and each receiver uses one")

    def _of(self, by: str) -> str | None:
        """Whoever uses a pool, but for a pool."""
        return None if any(pool.name == by for pool in self.pools) else by

    def costs(self, amount: Money | Mapping[str, Money]) -> SharedCosts:
        """What is to be allocated, of one cost or of each pool; ValueError where it is the other, or a pool is missing.

        A pool that nothing is to be allocated of is given with 0.
        """
        if isinstance(amount, Money):
            if self.pools:
                raise ValueError(f"{self.name} allocates pools: {', '.join(pool.name for pool in self.pools)}")
            used = tuple(Used("", receiver.name, receiver.weight) for receiver in self.receivers)
            return SharedCosts(Method.DIRECT, (Cost("", amount),), used)
        if sorted(amount) != sorted(pool.name for pool in self.pools):
            raise ValueError(f"{self.name} allocates {', '.join(pool.name for pool in self.pools) or 'one cost'}")
        return SharedCosts(
            self.method, tuple(Cost(*each) for each in sorted(amount.items())), self.used, (), self.order
        )

    def check(self) -> None:
        """ValueError where it could never allocate anything: nobody has a weight, or pools serve only each other."""
        none = Money(0, "CNY")
        Allocation.of(self.costs({pool.name: none for pool in self.pools} or none))

    @property
    def places(self) -> dict[str, Place]:
        """Where pools and receivers stand, by their names."""
        named: tuple[Pool | Receiver, ...] = (*self.pools, *self.receivers)
        return {each.name: each.place for each in named}

    @property
    def departments(self) -> tuple[str, ...]:
        """Every department that it names, once."""
        return tuple(dict.fromkeys(department for department, _ in self.places.values()))

    @property
    def projects(self) -> tuple[tuple[str, str], ...]:
        """Every project that it names, with its department."""
        return tuple(dict.fromkeys((d, p) for d, p in self.places.values() if p is not None))

    def shares(self, amount: Money) -> dict[Place, Money]:
        """What each department and project bears of one cost; who bears nothing has no entry."""
        received, places = Allocation.of(self.costs(amount)).received, self.places
        return {places[name]: part for name, part in received.items() if part.units}


def rule_card(rule: str) -> str:
    """The id of a rule's card, which is its subject in the journal and the guard beside it."""
    return f"allocation_rule:{rule}"


@attrs.frozen
class AllocationRule(Card):
    """A rule with all its versions, each in force from its day until the next one's."""

    kind: ClassVar[str] = "allocation_rule"
    versions: tuple[AllocationTerms, ...] = attrs.field(validator=checks.some(AllocationTerms, "effective"))

    def in_force(self, day: date) -> tuple[int, AllocationTerms] | None:
        """The version of a day, counted from 1, and what it says; None before the first."""
        for number, terms in reversed([*enumerate(self.versions, 1)]):
            if terms.effective <= day:
                return number, terms
        return None

    def terms(self, day: date) -> AllocationTerms | None:
        """What the version of a day says."""
        found = self.in_force(day)
        return None if found is None else found[1]


def check_shares(
    name: str, rule: AllocationRule | None, amount: Money, borne: Sequence[tuple[Place, Money]], today: date
) -> list[Refusal]:
    """Why an amount is not borne as the rule of this name, where there is one, splits it."""
    terms = None if rule is None else rule.terms(today)
    if terms is None:
        return [refusal(Code.ALLOCATION_UNKNOWN, rule=name, day=today.isoformat())]
    if terms.pools:
        return [refusal(Code.ALLOCATION_OF_POOLS, rule=name)]
    found: dict[Place, Money] = {}
    for place, part in borne:
        found[place] = found[place] + part if place in found else part
    expected = terms.shares(amount)
    if found == expected:
        return []
    told = ", ".join(f"{place_name(place)} {part}" for place, part in expected.items())
    return [refusal(Code.ALLOCATION_DIFFERS, rule=name, amount=amount, expected=told)]


@attrs.frozen
class Allocated(Paper):
    """What a rule came to: which version, for which month, what of, by whom and when; with inputs and parts whole.

    `department` and `project` are those that bore the one cost; of pools the rule says it, and both are None.
    """

    kind: ClassVar[str] = "allocation"
    rule: str = attrs.field(validator=checks.ident)
    version: int = attrs.field(validator=checks.whole)
    basis: AllocationBasis = attrs.field(validator=checks.exactly(AllocationBasis))
    month: Month = attrs.field(validator=checks.exactly(Month))
    type: str = attrs.field(validator=checks.ident)
    department: str | None = attrs.field(validator=checks.optional(checks.ident))
    project: str | None = attrs.field(validator=checks.optional(checks.ident))
    allocation: Allocation = attrs.field(validator=checks.exactly(Allocation))
    by: PersonId = attrs.field(validator=checks.ident)
    at: datetime = attrs.field(validator=attrs.validators.instance_of(datetime))
