"""The end of a budget's year: what lapses, what is carried into the next, and what stays for who holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import attrs

from . import checks
from .cards import Paper
from .holds import Line, Move
from .money import Money, above_0
from .vocabulary import LineId, PersonId


class Carry(StrEnum):
    """What becomes of money of a year that is over."""

    BALANCE = "balance"
    """What was left goes into a line of the next year."""
    COMMITMENT = "commitment"
    """What documents hold stays in force on its line for them alone, and is paid from there in the next year.

    It tells what stood then, and moves nothing: a later end of the same year tells anew what is held by that time.
    """
    LAPSE = "lapse"
    """What was left is in force no more."""


@attrs.frozen
class Carried:
    """So much of a line, what becomes of it, and the line that has it afterwards: none of what lapses."""

    line: LineId = attrs.field(validator=checks.ident)
    to: LineId | None = attrs.field(validator=checks.optional(checks.ident))
    amount: Money = attrs.field(validator=above_0)
    what: Carry = attrs.field(validator=checks.exactly(Carry))


@attrs.frozen
class YearEnd(Paper):
    """The act that closes a department's year, and every movement of it."""

    kind: ClassVar[str] = "year_end"
    by: PersonId = attrs.field(validator=checks.ident)
    at: datetime = attrs.field(validator=attrs.validators.instance_of(datetime))
    carried: tuple[Carried, ...] = attrs.field(validator=checks.many(Carried))


def closing(lines: Iterable[Line], carry: Mapping[LineId, LineId], currency: str) -> tuple[Carried, ...]:
    """What becomes of each line's money; `carry` names the line that what is left of one goes into."""
    found = []
    for line in lines:
        held = line.reserved + line.committed
        if held:
            found.append(Carried(line.id, line.id, Money(held, currency), Carry.COMMITMENT))
        if line.available:
            to, left = carry.get(line.id), Money(line.available, currency)
            found.append(Carried(line.id, to, left, Carry.LAPSE if to is None else Carry.BALANCE))
    return tuple(found)


def in_force(carried: Iterable[Carried]) -> dict[LineId, int]:
    """By how much what is in force on each line changes: nothing is created, and what is lost has lapsed."""
    found: Counter[LineId] = Counter()
    for each in carried:
        if each.what is not Carry.COMMITMENT:
            found[each.line] -= each.amount.units
        if each.to is not None and each.what is Carry.BALANCE:
            found[each.to] += each.amount.units
    return {line: units for line, units in found.items() if units}


def moves(carried: Iterable[Carried]) -> tuple[Move, ...]:
    """What moves on the lines for it."""
    return tuple(Move(line, in_force=units) for line, units in in_force(carried).items())
