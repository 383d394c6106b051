"""A company that does everything the policy knows: each limit set, a budget in every category, customers to ask."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Any

import attrs

from expense_adapters.local import FixedCustomers, FixedDirectory, MemoryEvidence, Recorder
from expense_adapters.memory import MemoryRepository
from expense_policy.domain.application import Application, Attachment, Payee, Share
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories import REGISTER, Plan, Use, UseRow
from expense_policy.domain.customers import Customer
from expense_policy.domain.refusals import Refusal
from expense_policy.domain.vocabulary import SET_OFF
from expense_policy.services.desk import Desk
from expense_policy.testing.company import SetClock

from .. import world
from ..world import PEOPLE, World, cny

LIMITS = """
[[evidence]]
type = "*"
needs = ["budget_basis"]
[holiday_gift]
unit_price_max = "200.00"
days_before = 30
days_after = 7
[sms]
per_customer_month_max = 4
segments_max = 3
[discount]
rate_max_bp = 2000
margin_min_bp = 500
[discount.groups]
food = 1000
[giveaway]
unit_cost_max = "20.00"
[birthday_gift]
unit_price_max = "200.00"
[phone]
per_customer_month_max = 4
minutes_max = 30
[product_training]
participants_max = 50
[service_training.methods]
classroom = "300.00"
online = "80.00"
[repair]
cost_max = "1500.00"
[technical_support.rates]
simple = "90.00"
complex = "240.01"
[venue_rental]
day_rent_max = "8000.00"
[promotional_materials]
unit_price_max = "40.00"
[contact]
first = 08:00:00
last = 21:00:00
[customers]
order_within_months = 24
[customers.cost_max]
gold = "2000.00"
small = "5.00"
nobody = "0.00"
"""
POLICY = world.POLICY.partition("[customers]")[0] + LIMITS
"""The example company's chains, with limits of these tests' own for all that a type reads."""

CATEGORIES = tuple(dict.fromkeys(kind.category for kind in REGISTER.values()))


@attrs.define
class Company:
    """A desk over memory with money in every category; who its customers are can be asked, or not."""

    world: World
    _count: itertools.count[int] = attrs.field(factory=itertools.count)

    @classmethod
    def open(cls, customers: Sequence[Customer] | None = None, policy: str = POLICY) -> Company:
        """On 5 January 2026, its budget in force."""
        clock, evidence, notices = SetClock(), MemoryEvidence(), Recorder()
        desk = Desk.open(
            repository=MemoryRepository(),
            directory=FixedDirectory(PEOPLE),
            notifier=notices,
            evidence=evidence,
            clock=clock,
            customers=None if customers is None else FixedCustomers(tuple(customers)),
        )
        basis, contract = (Attachment(kind, evidence.put(kind.encode())) for kind in ("budget_basis", "contract"))
        made = World(desk, clock, evidence, notices, basis, contract)
        desk.policies.adopt(policy, actor="cfo")
        desk.policies.adopt(policy, actor="gm")
        clock.at = datetime(2026, 1, 5, 1, tzinfo=timezone.utc)
        lines = tuple(PlanLine(name, name, name, cny("1000000.00")) for name in CATEGORIES)
        made.sign_all(desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id)
        return cls(made)

    @property
    def desk(self) -> Desk:
        """Its desk."""
        return self.world.desk

    def on(self, day: date) -> None:
        """Nine in the morning of a day."""
        self.world.on(day)

    def form(self, plan: Plan, **changes: Any) -> Application:
        """The form around a plan, of another payee each time."""
        (kind,) = [kind for kind in REGISTER.values() if kind.plan is type(plan)]
        day, number = self.world.clock.at.date(), next(self._count)
        form = Application(
            department="marketing",
            purpose="As planned",
            business_goal="Keep our regulars",
            customers="Those of 2025",
            type=kind.name,
            shares=(Share(kind.category, plan.total),),
            payee=None if kind.granted else Payee(f"Supplier {number}", f"6222-{number}"),
            method=SET_OFF if kind.granted else "bank_transfer",
            expected_payment=max(day, date(2026, 1, 5)),
            plan=plan,
            attachments=(self.world.basis, self.world.contract),
        )
        return attrs.evolve(form, **changes)

    def refusals(self, plan: Plan, **changes: Any) -> tuple[Refusal, ...]:
        """What a form around the plan is refused for, in a dry run."""
        return self.desk.would.spending.apply(self.form(plan, **changes), actor="li.na").refusals

    def approved(self, plan: Plan, **changes: Any) -> str:
        """The id of an application of the plan, approved."""
        id = self.world.apply(self.form(plan, **changes)).id
        self.world.sign_all(id)
        return id

    def would_use(self, id: str, *rows: Use, reason: str | None = None) -> tuple[Refusal, ...]:
        """What uses are refused for, in a dry run."""
        return self.desk.would.spending.record_use(id, rows, actor="li.na", reason=reason).refusals

    def use(self, id: str, *rows: Use, reason: str | None = None) -> list[UseRow]:
        """Records uses; the rows that the document has since."""
        before = len(list(self.desk.uses(id)))
        self.desk.spending.record_use(id, rows, actor="li.na", reason=reason)
        return list(self.desk.uses(id))[before:]
