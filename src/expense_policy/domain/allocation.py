"""Shared costs and how they are allocated 费用分摊: direct, step-down, reciprocal (R1.2); exact, no unit lost.

What is split at once is a whole, and each whole is rounded once, by largest remainder: of the direct method every pool,
of step-down every step, of the reciprocal method all pools together. Ties go to the name that comes first, so that the
parts are the same however the costs are listed; what is below 0 mirrors what is above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from fractions import Fraction

import attrs

from . import checks
from .money import Money, apportioned

POOLS_MAX, NAMES_MAX = 40, 1000
"""As many pools, and as many names of pools and receivers together, one allocation has at most."""

_QUANTITY = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,12})?")


class Method(StrEnum):
    """What becomes of what pools do for each other: left out, passed on in one direction, or in all."""

    DIRECT = "direct"
    STEP_DOWN = "step_down"
    RECIPROCAL = "reciprocal"


def quantity(instance: object, attribute: attrs.Attribute[str], value: object) -> None:
    """A number of 0 or more as text: up to 16 digits, and 12 after a point."""
    a_quantity(attribute.name, value)


def a_quantity(name: str, value: object) -> None:
    """`quantity` for an argument that is no field."""
    if type(value) is not str:
        raise TypeError(f"{name} must be a number as text, not {type(value).__name__}")
    if len(value) > 40 or _QUANTITY.fullmatch(value) is None:
        raise ValueError(f'{name} is a number of 0 or more such as "12.5", not {value[:40]!r}')


@attrs.frozen
class Cost:
    """A named amount: a pool's, or what a receiver has of its own. The only cost there is may be without a name."""

    name: str = attrs.field(validator=checks.label)
    amount: Money = attrs.field(validator=checks.exactly(Money))


@attrs.frozen
class Used:
    """How much of a pool a receiver, or another pool, uses."""

    pool: str = attrs.field(validator=checks.label)
    by: str = attrs.field(validator=checks.ident)
    quantity: str = attrs.field(validator=quantity)


@attrs.frozen
class SharedCosts:
    """All that an allocation rests on: the pools, who uses how much of each, and what the receivers have of their own.

    Whoever uses a pool and is none is a receiver. `order` is that of the steps, each pool once; where it is empty the
    largest pool goes first, by its own amount whatever its sign, and of two that are alike the one whose name comes
    first. What a pool uses of itself counts for nothing. ValueError for costs that don't fit together.
    """

    method: Method = attrs.field(validator=checks.exactly(Method))
    pools: tuple[Cost, ...] = attrs.field(validator=checks.some(Cost, "name"))
    used: tuple[Used, ...] = attrs.field(validator=checks.many(Used))
    own: tuple[Cost, ...] = attrs.field(default=(), validator=checks.many(Cost))
    order: tuple[str, ...] = attrs.field(default=(), validator=checks.many(str))

    @classmethod
    def of(
        cls,
        method: Method,
        pools: Mapping[str, Money],
        used: Mapping[str, Mapping[str, str | int]],
        own: Mapping[str, Money] | None = None,
        order: Iterable[str] = (),
    ) -> SharedCosts:
        """From tables by name, in whatever order they list their names; a quantity is a whole number, or text."""
        uses = [Used(p, by, _text(q)) for p, row in sorted(used.items()) for by, q in sorted(row.items())]
        amounts = [tuple([Cost(*each) for each in sorted((table or {}).items())]) for table in (pools, own)]
        return cls(method, amounts[0], tuple(uses), amounts[1], tuple(order))

    def __attrs_post_init__(self) -> None:
        pools, own = {each.name for each in self.pools}, {each.name for each in self.own}
        if len(own) < len(self.own) or own & pools:
            raise ValueError("each pool and each receiver is named once")
        if len({(each.pool, each.by) for each in self.used}) < len(self.used):
            raise ValueError("how much somebody uses of a pool is said once")
        unknown = sorted({each.pool for each in self.used} - pools)
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: used, and no pool")
        if self.order and sorted(self.order) != sorted(pools):
            raise ValueError("the order of the steps names each pool once")
        if len(pools) > POOLS_MAX or len({*pools, *own, *[each.by for each in self.used]}) > NAMES_MAX:
            raise ValueError(f"at most {POOLS_MAX} pools, and {NAMES_MAX} pools and receivers together")
        for each in (*self.pools, *self.own):
            if each.amount.currency != self.currency:
                raise TypeError(f"{each.amount.currency} and {self.currency} do not mix")

    @property
    def currency(self) -> str:
        """The one currency of all amounts."""
        return self.pools[0].amount.currency

    @property
    def receivers(self) -> tuple[str, ...]:
        """The names of those that the costs stay with, in order."""
        pools = {each.name for each in self.pools}
        return tuple(sorted({*[each.name for each in self.own], *[each.by for each in self.used]} - pools))

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the pools in the order in which step-down passes them on."""
        largest = sorted(self.pools, key=lambda each: (-abs(each.amount.units), each.name))
        return self.order or tuple(each.name for each in largest)


def _text(quantity: str | int) -> str:
    if type(quantity) is int:
        return str(quantity)
    if isinstance(quantity, str):
        return quantity
    raise TypeError(f"a quantity is a whole number or a number as text, not {type(quantity).__name__}")


@attrs.frozen
class Part:
    """What goes from a pool to whoever bears it; `odd` where that is a unit more than its exact share rounded down.

    "Down" is toward 0. `pool` is "" where all pools went out together (reciprocal).
    """

    pool: str = attrs.field(validator=checks.label)
    to: str = attrs.field(validator=checks.ident)
    amount: Money = attrs.field(validator=checks.exactly(Money))
    odd: bool = attrs.field(validator=checks.exactly(bool))


@attrs.frozen
class Allocation:
    """Shared costs and the parts they were split into, which add up to them exactly (I24)."""

    costs: SharedCosts = attrs.field(validator=checks.exactly(SharedCosts))
    parts: tuple[Part, ...] = attrs.field(validator=checks.many(Part))

    @classmethod
    def of(cls, costs: SharedCosts) -> Allocation:
        """By the method that the costs name; ValueError where a pool's cost would reach no receiver."""
        return cls(costs, _METHODS[costs.method](costs))

    @property
    def received(self) -> dict[str, Money]:
        """What each receiver gets of the pools."""
        found = {name: Money(0, self.costs.currency) for name in self.costs.receivers}
        for part in self.parts:
            if part.to in found:
                found[part.to] += part.amount
        return found

    @property
    def to(self) -> dict[str, Money]:
        """What each receiver has in the end: its own and what it gets."""
        found = self.received
        for own in self.costs.own:
            found[own.name] += own.amount
        return found

    @property
    def total(self) -> Money:
        """All that there was, and is."""
        found = Money(0, self.costs.currency)
        for each in (*self.costs.pools, *self.costs.own):
            found += each.amount
        return found

    @property
    def gross(self) -> dict[str, Fraction]:
        """What each pool comes to with what others pass on to it, in smallest units; of the reciprocal method exact."""
        if self.costs.method is Method.RECIPROCAL:
            return solved(self.costs)
        found = {pool.name: Fraction(pool.amount.units) for pool in self.costs.pools}
        for part in self.parts:
            if part.to in found:
                found[part.to] += part.amount.units
        return found


def direct(costs: SharedCosts) -> tuple[Part, ...]:
    """Each pool goes to the receivers alone, by what they use of it."""
    among, parts = frozenset(costs.receivers), list[Part]()
    for pool in sorted(costs.pools, key=lambda each: each.name):
        parts += _parts(pool.name, pool.amount.units, _shares(costs, pool.name, among), costs.currency)
    return tuple(parts)


def step_down(costs: SharedCosts) -> tuple[Part, ...]:
    """Each pool in its turn goes to the receivers and the pools after it, with what those before passed on to it."""
    units, parts = {pool.name: pool.amount.units for pool in costs.pools}, list[Part]()
    for step, name in enumerate(costs.steps, 1):
        among = frozenset((*costs.receivers, *costs.steps[step:]))
        passed = _parts(name, units[name], _shares(costs, name, among), costs.currency)
        for part in passed:
            if part.to in units:
                units[part.to] += part.amount.units
        parts += passed
    return tuple(parts)


def reciprocal(costs: SharedCosts) -> tuple[Part, ...]:
    """Pools go to each other and to the receivers until nothing is left of them: exact, and the whole rounded once."""
    shares, gross = _all_shares(costs), solved(costs)
    exact = dict.fromkeys(costs.receivers, Fraction(0))
    for pool, row in shares.items():
        for by, share in row.items():
            if by in exact:
                exact[by] += gross[pool] * share
    return tuple(_rounded("", sum(pool.amount.units for pool in costs.pools), exact, costs.currency))


_METHODS: dict[Method, Callable[[SharedCosts], tuple[Part, ...]]] = {
    Method.DIRECT: direct,
    Method.STEP_DOWN: step_down,
    Method.RECIPROCAL: reciprocal,
}


def solved(costs: SharedCosts) -> dict[str, Fraction]:
    """The simultaneous equations of the reciprocal method: gross = own amount + what the others pass on of theirs.

    ValueError where pools serve only each other: nothing of them reaches a receiver, and no solution is the only one.
    """
    shares = _all_shares(costs)
    served = {pool: {by for by, share in row.items() if share} for pool, row in shares.items()}
    reached, more = set(costs.receivers), set(costs.receivers)
    while more:
        more = {pool for pool, users in served.items() if pool not in reached and not users.isdisjoint(reached)}
        reached |= more
    lost = [pool for pool in shares if pool not in reached]
    if lost:
        raise ValueError(f"{', '.join(lost)}: these pools serve only each other, and their cost reaches no receiver")
    names, units = list(shares), {pool.name: pool.amount.units for pool in costs.pools}
    rows = [[int(p == q) - shares[q].get(p, Fraction(0)) for q in names] + [Fraction(units[p])] for p in names]
    for i in range(len(names)):
        # Not 0: every pool passes some of its cost on to where it stays.
        pivot = rows[i][i]
        row = rows[i] = [each / pivot for each in rows[i]]
        for j, other in enumerate(rows):
            if j != i and (times := other[i]):
                rows[j] = [a - times * b for a, b in zip(other, row, strict=True)]
    return {name: row[-1] for name, row in zip(names, rows, strict=True)}


def _all_shares(costs: SharedCosts) -> dict[str, dict[str, Fraction]]:
    among = frozenset((*costs.receivers, *costs.steps))
    return {name: _shares(costs, name, among) for name in sorted(costs.steps)}


def _shares(costs: SharedCosts, pool: str, among: frozenset[str]) -> dict[str, Fraction]:
    """Which part of a pool each of these bears, by what it uses of it; together 1."""
    used = {u.by: Fraction(u.quantity) for u in costs.used if u.pool == pool and u.by != pool and u.by in among}
    whole = sum(used.values(), Fraction(0))
    if not whole:
        raise ValueError(f"{pool or 'the cost'}: nobody that it could go to uses any of it")
    return {by: each / whole for by, each in used.items()}


def _parts(pool: str, units: int, shares: Mapping[str, Fraction], currency: str) -> list[Part]:
    return _rounded(pool, units, {by: units * share for by, share in shares.items()}, currency)


def _rounded(pool: str, units: int, exact: Mapping[str, Fraction], currency: str) -> list[Part]:
    names = sorted(exact)
    whole = apportioned(units, [exact[name] for name in names])
    return [
        Part(pool, name, Money(part, currency), abs(part) > abs(exact[name]))
        for name, part in zip(names, whole, strict=True)
    ]
