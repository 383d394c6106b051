"""Each standard of each type's use at its limit, within it and beyond it: flagged, and only with a reason (C8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import attrs
import pytest

from expense_adapters.local import FixedCustomers
from expense_policy.domain.categories.birthday_gift import BirthdayGiftIssued
from expense_policy.domain.categories.phone import Called
from expense_policy.domain.categories.promotional_materials import Material
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.customers import Customer, OptOut
from expense_policy.domain.refusals import Code

from .company import Company
from .smallest import DAY, NOON, PLANS, USES, clock, units
from .test_plan_limits import FEAST, HOURS, regular, told

LAST = date(2026, 3, 31)
"""The day on which uses are entered: all of them are past."""
JAN_5 = date(2026, 1, 5)

AMPLE: dict[str, Any] = {
    "giveaway": attrs.evolve(PLANS["giveaway"], quantity=100, unit_cost=units(100)),
    "holiday_gift": attrs.evolve(PLANS["holiday_gift"], quantity=100),
    "birthday_gift": attrs.evolve(PLANS["birthday_gift"], recipients=("C1", "C2", "customer-2", "customer-3")),
    "phone": attrs.evolve(PLANS["phone"], calls=100),
    "email": attrs.evolve(PLANS["email"], recipients=100),
    "sms": attrs.evolve(PLANS["sms"], recipients=100),
    "product_training": attrs.evolve(PLANS["product_training"], lecturer=units(1_000_000)),
    "service_training": attrs.evolve(PLANS["service_training"], setup=units(1_000)),
    "repair": attrs.evolve(
        PLANS["repair"], expected=(attrs.evolve(PLANS["repair"].expected[0], quantity=10, parts=units(150_000)),)
    ),
    "technical_support": attrs.evolve(
        PLANS["technical_support"], expected=(attrs.evolve(PLANS["technical_support"].expected[0], minutes=6_000),)
    ),
    "promotional_materials": attrs.evolve(
        PLANS["promotional_materials"], items=(Material("flyer", 5, units(1)), Material("banner", 5, units(100)))
    ),
    "venue_rental": attrs.evolve(PLANS["venue_rental"], last=PLANS["venue_rental"].first + timedelta(days=2)),
}


def of(name: str, field: str, made: Callable[[int], Any]) -> Callable[[int], tuple[Any, ...]]:
    """The smallest use of a type with another value in a field."""
    return lambda n: (attrs.evolve(USES[name], **{field: made(n)}),)


def since(day: date) -> Callable[[int], date]:
    """So many days after a day."""
    return lambda n: day + timedelta(days=n)


@attrs.frozen
class Limit:
    """A standard: what makes uses of a figure, two figures that keep it and one that breaks it, and the refusal."""

    name: str
    make: Callable[[int], tuple[Any, ...]]
    figures: tuple[int, int, int]
    clause: str
    standard: str
    figure: str
    limit: str
    customers: tuple[Customer, ...] | None = None


def people(n: int) -> tuple[str, ...]:
    """Three who take part, of whom so many are others."""
    return ("C1", "C2", "C3") if n == 3 else ("C1", "C2", "C1")[: n + 1]


def sent(*texts: str) -> tuple[SmsSent, ...]:
    """Messages to one customer, an hour after the other."""
    return tuple([SmsSent(NOON + timedelta(minutes=n), "C1", text) for n, text in enumerate(texts)])


EARLY, LATE = ("08:00:01", "08:00:00", "07:59:59"), ("20:59:59", "21:00:00", "21:00:01")
RENTED = "2026-02-10..2026-02-12"
OUT = (regular("C1", opt_outs=(OptOut("phone", date(2026, 1, 20)),)),)
OF_ALL = (regular("C1", opt_outs=(OptOut("*", date(2026, 1, 20)),)),)
GOLD = (regular("C1", value_class="gold"),)
LIMITS = {
    **{
        f"{name} from": Limit(
            name, of(name, "at", lambda n: clock(EARLY[n])), (0, 1, 2), "C3.4", "contact_hours", EARLY[2], HOURS
        )
        for name in ("phone", "email", "sms")
    },
    **{
        f"{name} until": Limit(
            name, of(name, "at", lambda n: clock(LATE[n])), (0, 1, 2), "C3.4", "contact_hours", LATE[2], HOURS
        )
        for name in ("phone", "email", "sms")
    },
    "a microsecond late": Limit(
        "phone",
        of("phone", "at", lambda n: clock("21:00:00") + timedelta(microseconds=n)),
        *((-1, 0, 1), "C3.4", "contact_hours", "21:00:00.000001", HOURS),
    ),
    "window before": Limit(
        "holiday_gift",
        of("holiday_gift", "on", since(FEAST)),
        *((-29, -30, -31), "C2.1", "issue_window", "2026-01-17..2026-01-17", "2026-01-18..2026-02-24"),
    ),
    "window after": Limit(
        "holiday_gift",
        of("holiday_gift", "on", since(FEAST)),
        *((6, 7, 8), "C2.1", "issue_window", "2026-02-25..2026-02-25", "2026-01-18..2026-02-24"),
    ),
    "month before": Limit(
        "birthday_gift",
        of("birthday_gift", "on", since(date(2026, 2, 1))),
        *((1, 0, -1), "C2.2", "birthday_month", "2026-01", "2026-02"),
    ),
    "month after": Limit(
        "birthday_gift",
        of("birthday_gift", "on", since(date(2026, 2, 1))),
        *((26, 27, 28), "C2.2", "birthday_month", "2026-03", "2026-02"),
    ),
    "call": Limit("phone", of("phone", "seconds", int), (1_799, 1_800, 1_801), "C3.1", "seconds", "1801", "1800"),
    "calls": Limit("phone", lambda n: (USES["phone"],) * n, (3, 4, 5), "C3.1", "calls_a_month", "5", "4"),
    "messages": Limit("sms", lambda n: sent(*["Hello"] * n), (3, 4, 5), "C3.3", "messages_a_month", "5", "4"),
    "message": Limit("sms", lambda n: sent("福" * n), (70, 201, 202), "C3.3", "segments", "4", "3"),
    **{
        name: Limit(name, of(name, "participants", people), (1, 3, 2), clause, "participants", "3", "2")
        for name, clause in (("product_training", "C4.1"), ("service_training", "C4.2"))
    },
    "crowd": Limit(
        "product_training",
        of("product_training", "participants", lambda n: tuple([f"C{i}" for i in range(n)])),
        *((49, 50, 51), "C4.1", "participants", "51", "50"),
    ),
    "materials": Limit(
        "promotional_materials",
        of("promotional_materials", "quantity", int),
        *((4, 5, 6), "C7", "quantity", "6", "5"),
    ),
    "repair": Limit(
        "repair",
        of("repair", "labour", lambda n: units(n - 1)),
        *((149_999, 150_000, 150_001), "C5.1", "cost_each", "1500.01 CNY", "1500.00 CNY"),
    ),
    **{
        f"support at {rate}": Limit(
            "technical_support",
            of("technical_support", "hour_rate", units),
            *((9_000, 9_000, rate), "C5.2", "hour_rate", f"{rate // 100}.{rate % 100:02} CNY", "90.00 CNY"),
        )
        for rate in (8_999, 9_001)
    },
    "rented from": Limit(
        "venue_rental",
        of("venue_rental", "on", since(date(2026, 2, 10))),
        *((1, 0, -1), "C6", "rented_days", "2026-02-09", RENTED),
    ),
    "rented until": Limit(
        "venue_rental",
        of("venue_rental", "on", since(date(2026, 2, 10))),
        *((1, 2, 3), "C6", "rented_days", "2026-02-13", RENTED),
    ),
    "approval": Limit(
        "giveaway",
        of("giveaway", "on", since(JAN_5)),
        *((1, 0, -1), "A1.1", "before_approval", "2026-01-04", "2026-01-05"),
    ),
    "opt-out": Limit(
        "phone",
        of("phone", "at", lambda n: clock("12:00", since(date(2026, 1, 20))(n))),
        *((-2, -1, 0), "C3.4", "opted_out", "2026-01-20", "2026-01-20", OUT),
    ),
    "opt-out of all": Limit(
        "email",
        of("email", "at", lambda n: clock("12:00", since(date(2026, 1, 20))(n))),
        *((-2, -1, 1), "C3.4", "opted_out", "2026-01-21", "2026-01-20", OF_ALL),
    ),
    "customer of a class": Limit(
        "product_training",
        of("product_training", "cost", units),
        *((199_999, 200_000, 200_001), "G3.1", "cost_per_customer", "2000.01 CNY", "2000.00 CNY", GOLD),
    ),
}


@pytest.mark.clause("C2.1", "C2.2", "C3.1", "C3.3", "C3.4", "C4.1", "C4.2", "C5.1", "C5.2", "C6", "C7", "G3.1", "X3")
@pytest.mark.clause("C8", "A3.3")
@pytest.mark.parametrize("name", LIMITS)
def test_a_use_at_its_limit(name: str) -> None:
    """Up to the limit a use is kept as it is; beyond it, it is refused without a reason and flagged with one."""
    case = LIMITS[name]
    within, at, beyond = [case.make(n) for n in case.figures]
    company = Company.open(case.customers)
    id = company.approved(AMPLE[case.name])
    company.on(LAST)
    assert company.would_use(id, *within) == ()
    assert company.would_use(id, *at) == ()
    found, reason = company.would_use(id, *beyond)
    told(found, case.clause, case.standard, case.figure, case.limit)
    assert (reason.code, reason.clause) == (Code.REASON_MISSING, "C8")
    assert company.would_use(id, *beyond, reason=" ") == (found, reason)
    statement = company.desk.document(id).statement
    *_, row = company.use(id, *beyond, reason="He asked for it.")
    assert (row.broken, row.reason) == ((case.standard,), "He asked for it.")
    assert company.desk.document(id).statement == statement


@pytest.mark.clause("C5.2")
def test_support_of_an_unknown_complexity_is_flagged() -> None:
    """A case of a complexity that the policy has no rate for is kept with a reason only."""
    company = Company.open()
    id = company.approved(AMPLE["technical_support"])
    company.on(LAST)
    use = attrs.evolve(USES["technical_support"], complexity="rare")
    found, _ = company.would_use(id, use)
    assert dict(found.facts) == {"standard": "complexity", "figure": "rare", "limit": "simple, complex"}
    assert company.use(id, use, reason="A new one.")[0].broken == ("complexity",)


@pytest.mark.clause("C3.1", "C3.3")
def test_contacts_of_a_month_are_counted_over_applications() -> None:
    """The fifth contact of a month is flagged whichever application it stands in; another month begins anew."""
    company = Company.open()
    first, second = company.approved(AMPLE["phone"]), company.approved(AMPLE["phone"])
    messages = company.approved(AMPLE["sms"])
    company.on(LAST)
    call: Called = USES["phone"]
    for id in (first, second, first, second):
        company.use(id, call)
    for id in (first, second):
        found, _ = company.would_use(id, call)
        told(found, "C3.1", "calls_a_month", "5", "4")
    # Another customer, another month, another channel.
    assert company.would_use(first, attrs.evolve(call, recipient="C2")) == ()
    assert company.would_use(first, attrs.evolve(call, at=clock("12:00", date(2026, 3, 1)))) == ()
    assert company.would_use(messages, USES["sms"]) == ()
    # What was flagged counts too.
    company.use(first, call, reason="He asked for it.")
    told(company.would_use(second, call)[0], "C3.1", "calls_a_month", "6", "4")


@pytest.mark.clause("C2.2")
def test_a_birthday_gift_is_given_once_a_year() -> None:
    """A second gift in a year is flagged, of whichever application; what became of the first is no gift."""
    company = Company.open()
    first, second = company.approved(AMPLE["birthday_gift"]), company.approved(AMPLE["birthday_gift"])
    company.on(LAST)
    gift: BirthdayGiftIssued = USES["birthday_gift"]
    company.use(first, gift)
    rows = company.use(first, attrs.evolve(gift, outcome="delivered"), attrs.evolve(gift, outcome="returned"))
    assert [(row.type, row.units, row.broken) for row in rows] == [("gift_outcome", 0, ())] * 2
    for id in (first, second):
        told(company.would_use(id, gift)[0], "C2.2", "gifts_a_year", "2", "1")
    later = company.approved(attrs.evolve(AMPLE["birthday_gift"], month=3))
    told(company.would_use(later, attrs.evolve(gift, on=LAST))[0], "C2.2", "gifts_a_year", "2", "1")
    company.on(date(2026, 12, 1))
    next_year = company.approved(attrs.evolve(AMPLE["birthday_gift"], year=2027, month=1))
    company.on(date(2027, 1, 2))
    assert company.would_use(next_year, attrs.evolve(gift, on=date(2027, 1, 1))) == ()
    assert company.would_use(second, attrs.evolve(gift, recipient="C2")) == ()
    found, _ = company.would_use(second, attrs.evolve(gift, recipient="customer-9"))
    told(found, "C2.2", "recipient", "c***-9", "the plan")
    # Nor does anything become of a gift for somebody else.
    for outcome in ("delivered", "returned"):
        found, _ = company.would_use(second, attrs.evolve(gift, recipient="customer-9", outcome=outcome))
        told(found, "C2.2", "recipient", "c***-9", "the plan")


@pytest.mark.clause("C2.2")
def test_a_birthday_gift_is_issued_in_the_customers_month() -> None:
    """Where the birthday is known it decides: 29 February is in February, another is not in the plan's month."""
    leap = regular("customer-2", birthday=date(2000, 2, 29))
    march = regular("customer-3", birthday=date(1990, 3, 15))
    company = Company.open([leap, march])
    id = company.approved(attrs.evolve(PLANS["birthday_gift"], recipients=("customer-2",)))
    company.on(LAST)
    for day, kept in ((date(2026, 2, 1), True), (date(2026, 2, 28), True), (date(2026, 3, 1), False)):
        found = company.would_use(id, BirthdayGiftIssued(day, "customer-2"))
        assert (found == ()) is kept
    found = company.would_use(id, BirthdayGiftIssued(date(2026, 2, 10), "customer-3"))
    assert [dict(each.facts).get("standard") for each in found] == ["birthday_month", "recipient", None]


@pytest.mark.clause("G2.1")
@pytest.mark.parametrize(("last_order", "kept"), [(date(2024, 1, 20), True), (date(2024, 1, 19), False)])
def test_a_use_for_no_existing_customer_is_flagged(last_order: date, kept: bool) -> None:
    """Whoever ordered 24 months before the use to the day is a customer; a day earlier, or unknown, it is flagged."""
    company = Company.open([regular("customer-01", last_order=last_order)])
    id = company.approved(AMPLE["giveaway"])
    company.on(LAST)
    use = attrs.evolve(USES["giveaway"], on=date(2026, 1, 20), recipient="customer-01")
    found = company.would_use(id, use)
    assert (found == ()) is kept
    if not kept:
        told(found[0], "G2.1", "existing_customer", "c***01", "24")
    stranger, _ = company.would_use(id, attrs.evolve(use, recipient="customer-99"))
    told(stranger, "G2.1", "existing_customer", "c***99", "24")
    (row,) = company.use(id, attrs.evolve(use, recipient="customer-99"), reason="His wife's account.")
    assert (row.recipient, row.broken) == ("customer-99", ("existing_customer",))


@pytest.mark.clause("C8")
def test_what_has_not_happened_is_not_recorded() -> None:
    """A use of tomorrow is refused whatever the reason; at midnight of the company's day it is taken."""
    company = Company.open()
    id = company.approved(AMPLE["giveaway"])
    company.on(date(2026, 2, 9))
    (found,) = company.would_use(id, USES["giveaway"], reason="It will be.")
    assert (found.code, found.clause) == (Code.USE_NOT_YET, "C8")
    assert {"2026-02-10", "2026-02-09"} <= {*dict(found.facts).values()}
    company.world.clock.at = clock("00:00:00")
    assert company.would_use(id, USES["giveaway"]) == ()


@pytest.mark.clause("G2.1", "C4.2")
def test_staff_are_not_asked_for_as_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes part in a training of staff is asked of nobody; the customers of another training are."""
    company = Company.open([regular("C1")])
    asked: list[tuple[str, ...]] = []
    known = FixedCustomers.known

    def asking(self: FixedCustomers, ids: Sequence[str]) -> Mapping[str, Customer]:
        asked.append(tuple(ids))
        return known(self, ids)

    monkeypatch.setattr(FixedCustomers, "known", asking)
    for name, found in (("service_training", []), ("product_training", [("C1",)])):
        id = company.approved(AMPLE[name])
        company.on(LAST)
        company.use(id, USES[name], reason="Entered late.")
        assert asked == found


@pytest.mark.clause("G2.1", "C6", "C7")
@pytest.mark.parametrize("name", ["venue_rental", "promotional_materials", "service_training", "giveaway"])
def test_what_is_for_customers_is_marked(name: str) -> None:
    """Without a port what is said of customers is marked; what names none, planned or used, has no such mark."""
    company = Company.open()
    id = company.approved(AMPLE[name])
    marks = [row for entry in company.desk.history(id) for row in entry.rows if row[0] == "mark"]
    assert marks == ([("mark", id, "customers_stated")] if name == "giveaway" else [])


@pytest.mark.clause("G2.1")
@pytest.mark.parametrize(("since", "kept"), [(date(2020, 1, 1), True), (None, True), (DAY, True), (LAST, False)])
def test_who_ordered_again_was_a_customer_before(since: date | None, kept: bool) -> None:
    """A use is not flagged because its customer ordered after it; who became one later was none on its day."""
    company = Company.open([regular("customer-01", since=since, last_order=date(2026, 3, 1))])
    id = company.approved(AMPLE["giveaway"])
    company.on(LAST)
    found = company.would_use(id, attrs.evolve(USES["giveaway"], recipient="customer-01"))
    assert (found == ()) is kept
    if not kept:
        told(found[0], "G2.1", "existing_customer", "c***01", "24")
