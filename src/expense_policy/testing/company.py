"""A small company to test in: its policy, its people, and the host's side of a desk."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import BinaryIO

from ..domain.budget import MONTHS, PlanLine
from ..domain.estimates import Activity, OperatingPlan
from ..domain.money import Money
from ..domain.organisation import Delegation, Holding, Roster
from ..domain.voucher import Voucher, VoucherVerdict
from ..ports.notifier import Notice

POLICY = """
[policy]
version = "2026.1"
effective = 2026-01-01
company = "Qinghe"
currency = "CNY"
time_zone = "Asia/Shanghai"
departments = ["marketing", "customer_service"]
[periods]
[[chain.budget_plan]]
office = "finance_officer"
points = ["legality", "compliance", "accuracy"]
[[chain.budget_plan]]
office = "finance_head"
points = ["finances", "cash", "interest"]
[[chain.budget_plan]]
office = "general_manager"
points = ["effect", "benefit"]
[[chain.application]]
office = "department_head"
points = ["necessity", "reasonableness", "budget"]
[[chain.application]]
office = "finance_officer"
points = ["legality", "compliance", "accuracy", "budget", "invoices"]
[[chain.application]]
office = "finance_head"
points = ["finances", "cash", "interest"]
[[chain.application]]
office = "deputy_in_charge"
points = ["effect", "benefit"]
up_to = "50000.00"
[[chain.application]]
office = "general_manager"
points = ["effect", "benefit"]
above = "50000.00"
[[chain.claim]]
office = "department_head"
points = ["necessity", "reasonableness", "budget"]
[[chain.claim]]
office = "finance_officer"
points = ["legality", "compliance", "accuracy", "budget", "invoices"]
[[chain.claim]]
office = "finance_head"
points = ["finances", "cash", "interest"]
[[chain.claim]]
office = "deputy_in_charge"
points = ["effect", "benefit"]
up_to = "50000.00"
[[chain.claim]]
office = "general_manager"
points = ["effect", "benefit"]
above = "50000.00"
[[chain.budget_adjustment]]
office = "finance_officer"
points = ["compliance", "accuracy", "budget"]
[[chain.budget_adjustment]]
office = "finance_head"
points = ["finances", "cash", "interest"]
[[chain.budget_adjustment]]
office = "deputy_in_charge"
points = ["effect", "benefit"]
[[chain.supplementary_request]]
office = "finance_officer"
points = ["compliance", "accuracy", "budget"]
[[chain.supplementary_request]]
office = "finance_head"
points = ["finances", "cash", "interest"]
[[chain.supplementary_request]]
office = "general_manager"
points = ["effect", "benefit"]
[substitutes]
department_head = ["deputy_in_charge"]
finance_officer = ["finance_head"]
finance_head = ["general_manager"]
deputy_in_charge = ["general_manager"]
general_manager = ["board_delegate"]
[[evidence]]
type = "*"
needs = ["budget_basis"]
[holiday_gift]
unit_price_max = "200.00"
[sms]
[technical_support.rates]
simple = "90.00"
complex = "240.00"
"""
"""A policy with the clauses' own values: it decides at 50,000.00."""

PEOPLE: tuple[Holding, ...] = (
    Holding("department_head", "head", "marketing"),
    Holding("department_head", "other.head", "customer_service"),
    Holding("finance_officer", "officer"),
    Holding("finance_officer", "officer.too"),
    Holding("finance_head", "cfo"),
    Holding("deputy_in_charge", "deputy"),
    Holding("general_manager", "gm"),
    Holding("board_delegate", "board"),
    Holding("cashier", "cashier"),
    # Someone with two offices: the separation of duties has to tell them apart case by case.
    Holding("cashier", "officer.too"),
)
EVERYONE: tuple[str, ...] = (*dict.fromkeys(h.person for h in PEOPLE), "li.na", "mei")


def drafted(id: str, category: str, name: str, amount: Money, project: str | None = None) -> PlanLine:
    """A line of a draft with all that one says (B1.3): for one activity, in the first month."""
    months = (amount, *[Money(0, amount.currency)] * (MONTHS - 1))
    return PlanLine(id, category, name, amount, project, months, OperatingPlan((Activity(name, amount),)))


class SetClock:
    """A clock that tests set; it may also be set back."""

    def __init__(self) -> None:
        self.at = datetime(2025, 12, 20, 1, 0, tzinfo=timezone.utc)

    def now(self) -> datetime:
        """Where it was set."""
        return self.at

    def forward(self, **by: int) -> None:
        """Lets time pass."""
        self.at += timedelta(**by)


class CountedIds:
    """Ids by number, so that a run can be repeated exactly."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new(self, at: datetime) -> str:
        """The next one."""
        return f"{next(self._numbers):032d}"


class People:
    """A directory that tests change."""

    def __init__(self) -> None:
        self.holdings: tuple[Holding, ...] = PEOPLE
        self.delegations: tuple[Delegation, ...] = ()

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """The offices of these departments and of the whole company, as they were set, and all delegations."""
        return Roster.of(units, at, self.holdings, self.delegations)


class Papers:
    """Evidence in a dict."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """Keeps the bytes under their digest."""
        self._kept[found := hashlib.sha256(data).hexdigest()] = bytes(data)
        return found

    def open(self, digest: str) -> BinaryIO:
        """The bytes."""
        return io.BytesIO(self._kept[digest])

    def has(self, digest: str) -> bool:
        """Whether they are there."""
        return digest in self._kept


class Genuine:
    """Somebody who finds every voucher genuine (A2.1)."""

    def check(self, vouchers: Sequence[Voucher]) -> Mapping[str, VoucherVerdict]:
        """Each of them."""
        return {voucher.key: VoucherVerdict.GENUINE for voucher in vouchers}


class Post:
    """A channel that keeps what it delivers, and can be told to fail."""

    def __init__(self) -> None:
        self.delivered: list[Notice] = []
        self.down = False

    def notify(self, notice: Notice) -> None:
        """Delivers it, or fails."""
        if self.down:
            raise ConnectionError("the channel is down")
        self.delivered.append(notice)
