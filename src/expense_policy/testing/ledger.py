"""Rows of the ledger, cards, papers and claims as the desk would write them, for laws that speak to a store itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import attrs

from ..domain.allocation import Allocation, Method, SharedCosts
from ..domain.allocation_rule import Allocated, AllocationBasis
from ..domain.application import Payee, Share
from ..domain.cards import BOOKS, Books
from ..domain.claim import Claim
from ..domain.content import digest
from ..domain.duty import Duty
from ..domain.money import Money
from ..domain.negotiation import Offer, Reviewed
from ..domain.periods import Month
from ..domain.posting import Posting, Source
from ..domain.rectification import Finding, FollowUp, Rectification, Turn
from ..domain.voucher import Voucher, VoucherKind, VoucherRow
from ..domain.year_end import Carried, Carry, YearEnd

FEBRUARY, MARCH, APRIL = (Month(2026, n) for n in (2, 3, 4))
OPENED = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=timezone.utc)
ALIKES = (digest(("account",)), digest(("name",)), digest(("person",)))


def posting(document: str = "d1", number: int = 1, **changes: Any) -> Posting:
    """A payment of March on one line."""
    day, where = date(2026, 3, 2), ("marketing", "", "care_gifts", "holiday_gift", "6601.01")
    return attrs.evolve(Posting(document, Source.PAID, number, "gifts", MARCH, day, *where, 100), **changes)


def voucher(**changes: Any) -> Voucher:
    """An invoice with its tax."""
    amounts = (Money(943, "CNY"), Money(57, "CNY"), Money(1000, "CNY"))
    invoice = Voucher(
        VoucherKind.INVOICE, "01234567", "Tea House", "Qinghe", date(2026, 3, 1), *amounts, "044002600111"
    )
    return attrs.evolve(invoice, **changes)


def voucher_row(document: str = "d1", number: int = 1, **changes: Any) -> VoucherRow:
    """A voucher as it stands in a document's first round."""
    return attrs.evolve(VoucherRow(document, 1, number, voucher(), *ALIKES), **changes)


def review(document: str = "d1", number: int = 1, **changes: Any) -> Reviewed:
    """A paper: finance's view of one line of a draft."""
    offer = Offer("gifts", Money(80_000, "CNY"), "Last year's, and no more.")
    return attrs.evolve(Reviewed(document, number, 1, "officer", OPENED, (offer,)), **changes)


def year_end(document: str = "year:marketing:2025", **changes: Any) -> YearEnd:
    """A paper: what was carried into the next year, what stays for who holds it, what lapsed."""
    said = (
        ("gifts", "gifts-2026", 7, Carry.BALANCE),
        ("gifts", "gifts", 5, Carry.COMMITMENT),
        ("sms", None, 1, Carry.LAPSE),
    )
    carried = tuple([Carried(line, to, Money(units, "CNY"), what) for line, to, units, what in said])
    return attrs.evolve(YearEnd(document, 1, "cfo", OPENED, carried), **changes)


def allocated(document: str = "allocation:1", **changes: Any) -> Allocated:
    """A paper: a cost that one department bore, in thirds."""
    used: dict[str, dict[str, str | int]] = {"rent": {"marketing": 1, "r&d": "1", "客服": "1.0"}}
    parts = Allocation.of(SharedCosts.of(Method.DIRECT, {"rent": Money(1000, "CNY")}, used))
    paper = Allocated(
        document, 1, "rent", 1, AllocationBasis.EQUAL, MARCH, "venue_rental", "marketing", None, parts, "cfo", OPENED
    )
    return attrs.evolve(paper, **changes)


def books(month: Month | None, version: int = 1, id: str = BOOKS) -> Books:
    """The card of the books."""
    return Books(id, version, month)


def duty(id: str, version: int = 1, **changes: Any) -> Duty:
    """A card without department and owner."""
    return attrs.evolve(Duty(id, version, OPENED, "officer", OPENED + timedelta(days=30)), **changes)


def task(id: str, version: int = 1, *, department: str = "marketing", **changes: Any) -> Rectification:
    """A card with all that one is searched by."""
    finding = Finding("gifts", department, "B2.4", "budget_deviation", (("month", "2026-03"),))
    until = OPENED + timedelta(days=30)
    card = Rectification(id, version, finding, "mei", "officer", "finance_officer", OPENED, until, until)
    return attrs.evolve(card, **changes)


ANSWER = FollowUp(Turn.ANSWERED, "mei", OPENED + timedelta(days=1), "Ordered fewer.", ("e" * 64,))


def claim(units: int = 1000, *, application: str = "d1", **changes: Any) -> Claim:
    """A claim of so much on one line, under an application."""
    amount = Money(units, "CNY")
    form = Claim(
        department="marketing",
        purpose="Tea, bought on the way",
        type="holiday_gift",
        payee=Payee("Li Na", "6217 0001", "li.na"),
        method="bank_transfer",
        expected_payment=date(2026, 3, 20),
        shares=(Share("gifts", amount),),
        vouchers=(voucher(amount=amount, tax=Money(0, "CNY"), total=amount),),
        application=application,
    )
    return attrs.evolve(form, **changes)
