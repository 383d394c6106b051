"""Rows of the year's books in few words: acts of the engine that write whatever they are given, with their entries."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import attrs

from expense_policy.domain.accounting import RecordedCost
from expense_policy.domain.holds import Move
from expense_policy.domain.money import Money
from expense_policy.domain.negotiation import Offer, Reviewed
from expense_policy.domain.periods import Month
from expense_policy.domain.policy import Policy
from expense_policy.domain.posting import Posting, Source
from expense_policy.domain.vocabulary import Space
from expense_policy.domain.voucher import Voucher, VoucherKind, VoucherRow
from expense_policy.ports.repository import Look, Take
from expense_policy.services.effects import Effects
from expense_policy.services.engine import Engine, Receipt, Scene, Verdicts
from expense_policy.services.recording import taking

from .world import World, cny

DECEMBER, JANUARY = Month(2025, 12), Month(2026, 1)


@attrs.frozen
class Write:
    """An act of these effects."""

    subject: str
    effects: Effects
    actor: str = "officer"
    reason: str | None = None
    name: str = "write"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        """They rest on nothing."""
        return Look()

    def decide(self, scene: Scene) -> Verdicts:
        """Always what was asked for."""
        return self.effects


def write(world: World, subject: str, **effects: Any) -> Receipt:
    """Does it, whatever is in them."""
    return Engine(world.desk.env).perform(Write(subject, Effects(**effects)))


def posting(document: str, number: int, units: int, month: Month, line: str = "mkt-gifts", **said: Any) -> Posting:
    """A cost that was paid elsewhere, of the ninth of its month."""
    belongs: Month = said.get("corrects") or month
    on = date(belongs.year, belongs.month, 9)
    what = ("marketing", "", "care_gifts", "holiday_gift", "6601.0201")
    made = Posting(document, Source.RECORDED, number, line, month, on, *what, units, reference=f"{document}-{number}")
    return attrs.evolve(made, **said)


def taken(posting: Posting) -> Take:
    """The key of a cost, as it is taken where one is recorded."""
    amount, project = Money(posting.units, "CNY"), posting.project or None
    cost = RecordedCost(posting.reference, posting.on, posting.department, posting.type, amount, project)
    return taking(cost, posting.document)


def post(world: World, document: str, *postings: Posting) -> Receipt:
    """Posts, with a move of the line that keeps the month open, and the keys of what is recorded."""
    months = {each.line: each.month for each in postings}
    moves = tuple([Move(line, month=month) for line, month in months.items()])
    takes = tuple([taken(each) for each in postings if each.source is Source.RECORDED and each.reverses is None])
    return write(world, document, facts=postings, moves=moves, takes=takes)


def kept(world: World, paid: str) -> None:
    """A month closed twice, a correction of it, a voucher of a paid document, a view of a draft."""
    world.clock.at += timedelta(seconds=1)
    undone = posting("ledger", 2, -5_000, DECEMBER, reverses=1, reference="ledger-1")
    post(world, "ledger", posting("ledger", 1, 5_000, DECEMBER), undone)
    world.desk.closing.close(DECEMBER, actor="officer")
    world.desk.closing.reopen(DECEMBER, actor="cfo", reason="One came late.")
    post(world, "earlier", posting("earlier", 1, 700, DECEMBER, project="fair"))
    world.desk.closing.close(DECEMBER, actor="officer")
    post(world, "ledger", posting("ledger", 3, 300, JANUARY, corrects=DECEMBER))
    amounts = (cny("100.00"), cny("13.00"), cny("113.00"))
    invoice = Voucher(VoucherKind.INVOICE, "04411", "Tea House", "We", date(2026, 1, 3), *amounts, code="011002")
    take = Take(Space.VOUCHER, invoice.key, paid)
    write(world, "vouched", facts=(VoucherRow("vouched", 1, 1, invoice, "a" * 64),), takes=(take,))
    offer = Offer("mkt-gifts", cny("10.00"), "Less will do.")
    write(world, "reviewed", facts=(Reviewed("reviewed", 1, 1, "officer", world.clock.at, (offer,)),))


NUMBERED = "document = 'ledger' AND number = 1"
"""The first of the closed month's postings, in SQL."""
OPEN = "document = 'ledger' AND number = 3"
"""That of the open month."""
NEW = {"number": "99", "seq": "99", "book_number": "NULL"}
"""What a row copied from a posting has otherwise, to be a new one."""
