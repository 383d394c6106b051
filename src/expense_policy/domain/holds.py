"""Money held on budget lines: reserve, commit, spend, release are moves (B2.1). Ids and amounts only."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from .money import split
from .periods import Month
from .vocabulary import LineId


@attrs.frozen
class Line:
    """A budget line and its balance, in smallest units of the company's currency.

    `available` = in_force - reserved - committed - spent; none of the four is ever negative, nor is it.
    """

    id: LineId
    department: str
    year: int
    category: str
    name: str
    project: str | None
    plan: str
    in_force: int = 0
    reserved: int = 0
    committed: int = 0
    spent: int = 0
    closed_through: Month | None = None

    @property
    def available(self) -> int:
        """What can still be reserved."""
        return self.in_force - self.reserved - self.committed - self.spent


@attrs.frozen
class Move:
    """Signed changes to one line, kept for ever as their record; those of an act count together.

    A store refuses it unless afterwards reserved, committed, spent and available are all >= 0 and,
    where `month` is given, the line is not closed through it (R1.3). `expected` is the month in which what is held is
    to be paid: with it execution is told by month (B2.3).
    """

    line: LineId
    in_force: int = 0
    reserved: int = 0
    committed: int = 0
    spent: int = 0
    month: Month | None = None
    expected: Month | None = None


def netted(moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """One move a line, all that an act does to it: what it gives back is there for what it takes."""
    if len(moves) < 2:
        return moves
    found: dict[LineId, Move] = {}
    for each in moves:
        other = found.get(each.line)
        found[each.line] = each if other is None else _added(other, each, None)
    return tuple(found.values())


def merged(moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """One move a line and expected month, as a batch holds them; what changes nothing is left out."""
    each_once: Iterable[Move] = moves
    if len(moves) > 1:
        found: dict[tuple[LineId, Month | None], Move] = {}
        for each in moves:
            other = found.get((each.line, each.expected))
            found[(each.line, each.expected)] = each if other is None else _added(other, each, each.expected)
        each_once = found.values()
    return tuple([m for m in each_once if m.in_force or m.reserved or m.committed or m.spent])


def _added(one: Move, other: Move, expected: Month | None) -> Move:
    """Both as one; of two months the earlier has to be open."""
    months = [each for each in (one.month, other.month) if each is not None]
    return Move(
        one.line,
        one.in_force + other.in_force,
        one.reserved + other.reserved,
        one.committed + other.committed,
        one.spent + other.spent,
        min(months, default=None),
        expected,
    )


def moved(line: Line, move: Move) -> Line:
    """The line after a move, whatever the laws say of it. Built directly: `attrs.evolve` costs twice as much."""
    # A move of nothing keeps a month open.
    if not (move.in_force or move.reserved or move.committed or move.spent):
        return line
    return Line(
        line.id,
        line.department,
        line.year,
        line.category,
        line.name,
        line.project,
        line.plan,
        line.in_force + move.in_force,
        line.reserved + move.reserved,
        line.committed + move.committed,
        line.spent + move.spent,
        line.closed_through,
    )


@attrs.frozen
class Held:
    """What one document holds on one line; never negative."""

    line: LineId
    reserved: int = 0
    committed: int = 0
    spent: int = 0


Change = tuple[tuple[Held, ...], tuple[Move, ...]]
"""What a document holds afterwards, and what moves on the lines for it."""


def reserve(shares: tuple[tuple[LineId, int], ...], expected: Month | None = None) -> Change:
    """Submission takes each line's share, which is expected to be paid in a month."""
    return (
        tuple([Held(line, reserved=units) for line, units in shares]),
        tuple([Move(line, reserved=units, expected=expected) for line, units in shares]),
    )


def commit(held: tuple[Held, ...], expected: Month | None = None) -> Change:
    """Approval turns what is reserved into a commitment."""
    return (
        tuple([Held(h.line, 0, h.committed + h.reserved, h.spent) for h in held]),
        tuple([Move(h.line, reserved=-h.reserved, committed=h.reserved, expected=expected) for h in held]),
    )


def release(held: tuple[Held, ...], expected: Month | None = None) -> Change:
    """What is held and not spent goes back to its line."""
    left = [h for h in held if h.reserved or h.committed]
    return (
        tuple([Held(h.line, spent=h.spent) for h in held]),
        tuple([Move(h.line, reserved=-h.reserved, committed=-h.committed, expected=expected) for h in left]),
    )


def parts(held: tuple[Held, ...], units: int) -> tuple[tuple[LineId, int], ...]:
    """How a payment falls on the lines: in proportion to what each still has committed, never more than that."""
    shares = split(units, [h.committed for h in held])
    return tuple((h.line, share) for h, share in zip(held, shares, strict=True))


def spend(
    held: tuple[Held, ...], shares: tuple[tuple[LineId, int], ...], month: Month, expected: Month | None = None
) -> Change:
    """A payment spends each line's share of the commitment; a reversal (negative shares) restores it."""
    by_line = dict(shares)
    return (
        tuple([Held(h.line, h.reserved, h.committed - by_line[h.line], h.spent + by_line[h.line]) for h in held]),
        tuple([Move(line, 0, 0, -units, units, month, expected) for line, units in shares if units]),
    )


def give_back(
    held: tuple[Held, ...], shares: tuple[tuple[LineId, int], ...], month: Month, expected: Month | None = None
) -> Change:
    """A payment undone after its document's end (negative shares): nothing is committed again."""
    by_line = dict(shares)
    return (
        tuple([Held(h.line, h.reserved, h.committed, h.spent + by_line[h.line]) for h in held]),
        tuple([Move(line, 0, 0, 0, units, month, expected) for line, units in shares if units]),
    )
