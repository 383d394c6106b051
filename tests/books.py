"""Rows of the year's books in few words: acts of the engine that write whatever they are given, with their entries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import attrs

from expense_policy.domain.cards import BOOKS, Books
from expense_policy.domain.holds import Move
from expense_policy.domain.periods import Month
from expense_policy.domain.policy import Policy
from expense_policy.domain.posting import Posting, Source
from expense_policy.ports.repository import Guard, Look, Put, Seen
from expense_policy.services.engine import Effects, Engine, Receipt, Scene, Verdicts

from .world import World

DECEMBER, JANUARY = Month(2025, 12), Month(2026, 1)


@attrs.frozen
class Write:
    """An act of these effects."""

    subject: str
    effects: Callable[[Seen], Effects]
    seen: Look = Look()
    actor: str = "officer"
    reason: str | None = None
    name: str = "write"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        """What the effects rest on."""
        return self.seen

    def decide(self, scene: Scene) -> Verdicts:
        """Always what was asked for."""
        return self.effects(scene.seen)


def write(world: World, subject: str, **effects: Any) -> Receipt:
    """Does it, whatever is in them."""
    return Engine(world.desk.env).perform(Write(subject, lambda seen: Effects(**effects)))


def posting(document: str, number: int, units: int, month: Month, line: str = "mkt-gifts", **said: Any) -> Posting:
    """A cost that was paid elsewhere."""
    on = date(month.year, month.month, 9)
    what = ("marketing", "", "care_gifts", "holiday_gift", "660101")
    return attrs.evolve(Posting(document, Source.RECORDED, number, line, month, on, *what, units), **said)


def post(world: World, document: str, *postings: Posting) -> Receipt:
    """Posts, with a move of the line that keeps the month open."""
    months = {each.line: each.month for each in postings}
    moves = tuple([Move(line, month=month) for line, month in months.items()])
    return write(world, document, facts=postings, moves=moves)


def close(world: World, month: Month) -> Receipt:
    """Closes a month, whatever of it there is."""
    return Engine(world.desk.env).perform(Write(BOOKS, lambda seen: _books(seen, month, closes=month), _BOOKS))


def reopen(world: World, month: Month) -> Receipt:
    """Opens it again."""
    return Engine(world.desk.env).perform(
        Write(BOOKS, lambda seen: _books(seen, month.plus(-1), reopens=month), _BOOKS)
    )


_BOOKS = Look(cards=(BOOKS,), guards=(BOOKS,))


def _books(seen: Seen, through: Month, **what: Month) -> Effects:
    before = seen.cards.get(BOOKS)
    version = 0 if before is None else before.version
    books = Put(Books(BOOKS, version + 1, through), version)
    return Effects(guards=(Guard(BOOKS, seen.guards.get(BOOKS, 0)),), puts=(books,), **what)
