"""Whether the parts of a policy file stand together: chains, substitutes, rules that are named twice (A3.1, A3.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from .domain.money import Money
from .domain.policy import Rule

Fault = tuple[str, str]
"""A path, and what is wrong there."""


def chain(path: str, steps: Sequence[tuple[str, Rule]], currency: str) -> list[Fault]:
    """What is wrong with a chain, for any expense type: it has a step for every amount, never fewer for more."""
    named = {name for _, rule in steps for name in (*rule.types, *rule.except_types)}
    found: dict[Fault, None] = {}
    for type_ in ("", *sorted(named)):
        of = [(at, rule) for at, rule in steps if rule.of(type_)]
        found.update(dict.fromkeys(_chain(path, of, currency)) if of else {(path, _none(type_)): None})
    return list(found)


def _none(type_: str) -> str:
    return f"has no step for an application of {type_ or 'the other types'}"


def _chain(path: str, steps: Sequence[tuple[str, Rule]], currency: str) -> Iterator[Fault]:
    """What is wrong with the chain of one type."""
    whole = []
    for at, rule in steps:
        if rule.up_to is not None and rule.up_to <= (rule.above or 0):
            yield f"{at}.up_to", "must be more than where the step begins"
        else:
            whole.append((at, rule.above or 0, rule))
    begin = Counter(above for _, above, _ in whole)
    end = Counter(rule.up_to for _, _, rule in whole if rule.up_to is not None)
    # Where no step ends without another that begins, every amount above the first beginning has one.
    if whole and 0 not in begin:
        yield (
            path,
            f"has no step for an amount of {Money(1, currency)}: the first begins above {_text(min(begin), currency)}",
        )
    for at, _, rule in whole:
        if rule.up_to is not None and end[rule.up_to] > begin[rule.up_to]:
            limit = _text(rule.up_to, currency)
            yield f"{at}.up_to", f'the chain has fewer steps above {limit}: one has to begin at above = "{limit}"'
    for i, (at, above, rule) in enumerate(whole):
        for _, other_above, other in whole[:i]:
            if rule.office and rule.office == other.office and _meet(above, rule.up_to, other_above, other.up_to):
                yield f"{at}.office", f"{rule.office!r} has two steps at one amount"
                break


def _text(units: int, currency: str) -> str:
    return str(Money(units, currency))


def _meet(above: int, up_to: int | None, other_above: int, other_up_to: int | None) -> bool:
    """Whether two steps apply to one amount."""
    return (up_to is None or other_above < up_to) and (other_up_to is None or above < other_up_to)


def substitutes(table: Sequence[tuple[str, str, tuple[str, ...]]], offices: frozenset[str]) -> Iterator[Fault]:
    """What is wrong with the substitutes of each office, given as path, office and substitutes (A3.5).

    `offices` are those of the chains; where they are not known an office of none of them is no fault.
    """
    known = offices.union(*(names for _, _, names in table))
    for at, office, names in table:
        if office in names:
            yield at, f"{office!r} is its own substitute"
        if offices and office not in known:
            yield at, f"{office!r} is an office of no chain, and no substitute"


def twice(rules: Sequence[tuple[str, Hashable]], what: str) -> Iterator[Fault]:
    """A rule whose key stood in an earlier one, each given as path and key."""
    first: dict[Hashable, str] = {}
    for at, key in rules:
        if first.setdefault(key, at) != at:
            yield at, f"has the {what} of {first[key]}"
