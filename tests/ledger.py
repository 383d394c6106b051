"""A company whose people do whatever is drawn, and its ledger worked out a second time, from the journal alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import attrs

from expense_policy.domain.application import Application, Share
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories import UseRow
from expense_policy.domain.categories.discount import Discount, DiscountGranted, DiscountLine
from expense_policy.domain.categories.holiday_gift import GiftIssued, HolidayGift
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.payment import Payment
from expense_policy.domain.periods import Month, instant
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Refused
from expense_policy.domain.vocabulary import SET_OFF
from expense_policy.ports.errors import NotFound
from expense_policy.ports.repository import Repository

from .world import World, cny

ZONE = ZoneInfo("Asia/Shanghai")
SPRING = Project("spring", "Spring sale", ("marketing",), date(2026, 1, 1), date(2026, 12, 31))
LINES = (
    ("gifts", "care_gifts"),
    ("gifts-2", "care_gifts"),
    ("gifts-3", "care_gifts"),
    ("sms", "communication"),
    ("promotion", "promotion"),
)
FIRST = Month(2025, 11)
"""The first month that is closed: no use is of an earlier one."""
Drawn = tuple[str, int, int, int]
"""An act: its name, the document it is on, and two numbers that it makes of what it likes."""
ACTS = ("use", "use", "use", "pay", "pay", "pay", "reverse", "settle", "close", "withdraw", "wait", "month")


@attrs.define
class Played:
    """A world with its documents, all approved on 5 January."""

    world: World
    ids: list[str]
    forms: dict[str, Application]
    orders: int = 0
    through: Month | None = None
    """The month through which the books are closed."""

    def does(self, drawn: Drawn) -> bool:
        """Whether the act was done."""
        name, which, n, m = drawn
        with suppress(Refused, ValueError, NotFound):
            getattr(self, f"_{name}")(self.ids[which % len(self.ids)], n, m)
            return True
        return False

    def _use(self, id: str, n: int, m: int) -> None:
        form = self.forms[id]
        rows = []
        for i in range(n % 3 + 1):
            day = self.world.clock.at - timedelta(days=(m * (i + 1)) % 50)
            self.orders += 1
            if form.type == "sms":
                rows.append(SmsSent(instant(day), f"C{self.orders}"))
            elif form.type == "discount":
                rows.append(DiscountGranted(day.date(), "C1", f"O{self.orders}", "kettle", n % 7 + 1))  # type: ignore[arg-type]  # of one type
            else:
                rows.append(GiftIssued(day.date(), f"C{self.orders}", n % 7 + 1))  # type: ignore[arg-type]  # of one type
        self.world.desk.spending.record_use(id, tuple(rows), actor="li.na", reason="As it came.")

    def _pay(self, id: str, n: int, m: int) -> None:
        d = self.world.desk.document(id)
        most = (d.used if d.type in ("sms", "discount") else d.units) - d.paid
        if most > 0:
            self.world.pay(id, self.forms[id], str(cny("0.01") * max(1, most * (m % 10 + 1) // 10)))

    def _reverse(self, id: str, n: int, m: int) -> None:
        d = self.world.desk.document(id)
        if d.payments:
            number = n % len(d.payments) + 1
            self.world.desk.spending.reverse(id, number, actor="cashier", reason="Bounced.")

    def _settle(self, id: str, n: int, m: int) -> None:
        if m % 3 == 0:
            self.world.desk.spending.settle(id, actor="li.na", reason="Nothing more comes.")

    def _close(self, id: str, n: int, m: int) -> None:
        if m % 3 == 0:
            self.world.desk.spending.close(id, actor="li.na", reason="Nothing more comes.")

    def _withdraw(self, id: str, n: int, m: int) -> None:
        if m % 3 == 0:
            self.world.desk.spending.withdraw(id, actor="li.na")

    def _wait(self, id: str, n: int, m: int) -> None:
        self.world.clock.forward(days=n % 15)

    def _month(self, id: str, n: int, m: int) -> None:
        closing = self.world.desk.closing
        if self.through is not None and m % 4 == 0:
            closing.reopen(self.through, actor="cfo", reason="Something is missing.")
            self.through = self.through.plus(-1)
        else:
            month = FIRST if self.through is None else self.through.plus(1)
            closing.close(month, actor="officer")
            self.through = month


def opened(repository: Repository, world: World | None = None) -> Played:
    """Gifts on one line and on three, messages, and a sale that is granted, two of them for a project."""
    world = world or World.with_policy(repository)
    lines = tuple(PlanLine(id, category, id, cny("9000.00")) for id, category in LINES)
    world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id)
    world.desk.projects.open(SPRING, actor="head.mkt")
    three = tuple(
        Share(line, cny(amount)) for line, amount in zip(("gifts", "gifts-2", "gifts-3"), _AMOUNTS, strict=True)
    )
    sms = attrs.evolve(world.sms(1000), shares=(Share("sms", cny("50.00")),))
    sale = Discount((DiscountLine("kettle", "kitchen", 40, cny("100.00"), cny("60.00"), cny("0.07")),))
    forms = (
        world.gift("100.00", shares=(Share("gifts", cny("100.00")),), plan=_cheap(world, 10_000)),
        world.gift("100.00", shares=three, plan=_cheap(world, 10_000), project="spring"),
        sms,
        attrs.evolve(
            world.gift("2.80"),
            type="discount",
            plan=sale,
            shares=(Share("promotion", sale.total),),
            payee=None,
            method=SET_OFF,
            project="spring",
        ),
    )
    ids = [world.apply(form).id for form in forms]
    for id in ids:
        world.sign_all(id)
    return Played(world, ids, dict(zip(ids, forms, strict=True)))


_AMOUNTS = ("33.33", "66.66", "0.01")


def _cheap(world: World, quantity: int) -> HolidayGift:
    """Gifts of 0.01 each: whatever number is issued leaves a rest to be split."""
    plan = world.gift("100.00").plan
    assert isinstance(plan, HolidayGift)
    return attrs.evolve(plan, unit_price=cny("0.01"), quantity=quantity)


Key = tuple[Month, str]


@attrs.define
class Ledger:
    """What every document cost and was paid, by the month it belongs to and its type; smallest units."""

    cost: Counter[Key] = attrs.field(factory=Counter)
    cash: Counter[Key] = attrs.field(factory=Counter)
    set_off: Counter[Key] = attrs.field(factory=Counter)
    spent: dict[str, Counter[str]] = attrs.field(factory=lambda: defaultdict(Counter))


def recomputed(world: World, ids: Sequence[str]) -> Ledger:
    """From the entries of each document: use rows, payments, and how it stood after each."""
    found = Ledger()
    for id in ids:
        kind, used, paid, cost = world.desk.document(id).type, 0, 0, 0
        for entry, facts in world.desk.written(id):
            on = entry.at.astimezone(ZONE)
            now, before = (Month(on.year, on.month), kind), cost
            for fact in facts:
                if isinstance(fact, UseRow):
                    used += fact.units
                    found.cost[(Month(fact.on.year, fact.on.month), kind)] += fact.units
                    before += fact.units
                elif isinstance(fact, Payment):
                    paid += fact.units
                    (found.set_off if fact.method == SET_OFF else found.cash)[now] += fact.units
                    for line, units in fact.parts:
                        found.spent[id][line] += units
            status = next((row[3] for row in entry.rows if row[0] == "document"), "")
            cost = used if status == "approved" else paid if status == "settled" else min(used, paid)
            found.cost[now] += cost - before
    return found
