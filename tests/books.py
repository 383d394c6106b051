"""Rows of the year's books in few words: acts of the engine that write whatever they are given, with their entries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import attrs

from expense_policy.domain.cards import BOOKS, Books
from expense_policy.domain.holds import Move
from expense_policy.domain.negotiation import Offer, Reviewed
from expense_policy.domain.periods import Month
from expense_policy.domain.policy import Policy
from expense_policy.domain.posting import Planned, Posting, Source
from expense_policy.domain.vocabulary import Space
from expense_policy.domain.voucher import Voucher, VoucherKind, VoucherRow
from expense_policy.ports.repository import Guard, Look, Put, Seen, Take
from expense_policy.services.engine import Effects, Engine, Receipt, Scene, Verdicts

from .world import World, cny

DECEMBER, JANUARY = Month(2025, 12), Month(2026, 1)


@attrs.frozen
class Write:
    """An act of these effects."""

    subject: str
    effects: Callable[[Seen], Effects]
    seen: Look = attrs.field(factory=Look)
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


def kept(world: World, paid: str) -> None:
    """A month closed twice, a correction of it, what was planned, a voucher of a paid document, a view of a draft."""
    world.clock.at += timedelta(seconds=1)
    undone = posting("ledger", 2, -2_000, DECEMBER, reverses=1, reference="V-17")
    post(world, "ledger", posting("ledger", 1, 5_000, DECEMBER), undone)
    close(world, DECEMBER)
    reopen(world, DECEMBER)
    post(world, "earlier", posting("earlier", 1, 700, DECEMBER, project="fair"))
    close(world, DECEMBER)
    post(world, "ledger", posting("ledger", 3, 300, JANUARY, corrects=DECEMBER))
    write(world, "planned", facts=(Planned("planned", "mkt-gifts", JANUARY, 1_000),))
    amounts = (cny("100.00"), cny("13.00"), cny("113.00"))
    invoice = Voucher(VoucherKind.INVOICE, "04411", "Tea House", "We", date(2026, 1, 3), *amounts, code="011002")
    take = Take(Space.VOUCHER, invoice.key, paid)
    write(world, "vouched", facts=(VoucherRow("vouched", 1, 1, invoice, "a" * 64),), takes=(take,))
    offer = Offer("mkt-gifts", cny("10.00"), "Less will do.")
    write(world, "reviewed", facts=(Reviewed("reviewed", 1, 1, "officer", world.clock.at, (offer,)),))


NUMBERED = "document = 'ledger' AND number = 1"
"""The first of the closed month's postings, in SQL."""
NEW = {"number": "99", "seq": "99", "book_number": "NULL"}
"""What a row copied from a posting has otherwise, to be a new one."""
_BOOKS = Look(cards=(BOOKS,), guards=(BOOKS,))


def _books(seen: Seen, through: Month, **what: Month) -> Effects:
    before = seen.cards.get(BOOKS)
    version = 0 if before is None else before.version
    books = Put(Books(BOOKS, version + 1, through), version)
    return Effects(guards=(Guard(BOOKS, seen.guards.get(BOOKS, 0)),), puts=(books,), **what)
