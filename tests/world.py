"""A small company that tests play in."""

from __future__ import annotations

import itertools
import re
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import attrs

from expense_adapters.local import FixedDirectory, MemoryEvidence, Recorder
from expense_policy.domain.application import Application, Attachment, Payee, Share
from expense_policy.domain.approval import Approve, Verdict
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories.holiday_gift import HolidayGift
from expense_policy.domain.categories.sms import Sms
from expense_policy.domain.documents import Document
from expense_policy.domain.money import Money
from expense_policy.domain.organisation import Holding
from expense_policy.domain.payment import Instruction
from expense_policy.domain.vocabulary import Status
from expense_policy.ports.repository import Repository
from expense_policy.services.desk import Desk
from expense_policy.services.engine import Receipt
from expense_policy.testing.company import SetClock

EXAMPLE = (Path(__file__).parent.parent / "examples" / "company" / "policy.toml").read_text(encoding="utf-8")
_OWN_DAYS = r"(?ms)^(?:#[^\n]*\n)*\[(?:calendar|duties)\]\n.*?(?=^(?:#[^\n]*\n)*\[|\Z)"
POLICY = re.sub(_OWN_DAYS, "", EXAMPLE).replace("itemised = true", "itemised = false")
"""The example's policy, but for its days and intervals, and for lines of a draft, which need not say when and why."""

_SHOWN = r"customers[^\]]*|contact|benefit|discount[^\]]*|giveaway|birthday_gift|phone|service_training[^\]]*"
_SHOWN += r"|budget[^\]]*|\[chain\.(?:budget_adjustment|supplementary_request|claim)\]|claims[^\]]*|vouchers"
_SHOWN = rf"(?:#[^\n]*\n)*\[(?:{_SHOWN}|repair|technical_support[^\]]*|venue_rental)\]\n"
_OWN = "# A type of the company's own"
BARE = re.sub(rf"(?ms)^{_SHOWN}.*?(?=^(?:#[^\n]*\n)*\[|\Z)", "", POLICY.partition(_OWN)[0])
BARE += "[budget]\nitemised = false\n"
"""The same without the tables that may be left out, and without a type of its own."""

PEOPLE = (
    Holding("department_head", "head.mkt", "marketing"),
    Holding("department_head", "head.cs", "customer_service"),
    Holding("finance_officer", "officer"),
    Holding("finance_head", "cfo"),
    Holding("deputy_in_charge", "deputy"),
    Holding("general_manager", "gm"),
    Holding("board_delegate", "board"),
    Holding("cashier", "cashier"),
)
HEADS = {"marketing": "head.mkt", "customer_service": "head.cs"}
SIGNERS = {
    "finance_officer": "officer",
    "finance_head": "cfo",
    "deputy_in_charge": "deputy",
    "general_manager": "gm",
}


def cny(text: str) -> Money:
    """An amount in the company's currency."""
    return Money.of(text, "CNY")


@attrs.define
class World:
    """A desk with its people and helpers that play one document through."""

    desk: Desk
    clock: SetClock
    evidence: MemoryEvidence
    notices: Recorder
    basis: Attachment
    contract: Attachment
    _count: itertools.count[int] = attrs.field(factory=itertools.count)

    @classmethod
    def open(cls, repository: Repository, holdings: tuple[Holding, ...] = PEOPLE) -> World:
        """A desk without any policy."""
        clock = SetClock()
        evidence, recorder = MemoryEvidence(), Recorder()
        desk = Desk.open(
            repository=repository,
            directory=FixedDirectory(holdings),
            notifier=recorder,
            evidence=evidence,
            clock=clock,
        )
        basis = Attachment("budget_basis", evidence.put(b"basis"))
        contract = Attachment("contract", evidence.put(b"contract"))
        return cls(desk, clock, evidence, recorder, basis, contract)

    @classmethod
    def with_policy(cls, repository: Repository, holdings: tuple[Holding, ...] = PEOPLE, policy: str = POLICY) -> World:
        """The policy adopted and in force."""
        world = cls.open(repository, holdings)
        for person in ("cfo", "gm"):
            world.desk.policies.adopt(policy, actor=person)
        world.clock.at = datetime(2026, 1, 5, 1, 0, tzinfo=timezone.utc)
        return world

    @classmethod
    def with_budget(cls, repository: Repository, holdings: tuple[Holding, ...] = PEOPLE) -> World:
        """Two lines of marketing in force: gifts 200,000.00 and SMS 10,000.00."""
        world = cls.with_policy(repository, holdings)
        plan = BudgetPlan(
            "marketing",
            2026,
            (
                PlanLine("mkt-gifts", "care_gifts", "Gifts", cny("200000.00")),
                PlanLine("mkt-sms", "communication", "SMS", cny("10000.00")),
                PlanLine("mkt-gifts-2", "care_gifts", "More gifts", cny("1000.00")),
            ),
        )
        filed = world.desk.budgeting.file(plan, actor="mei")
        world.sign_all(filed.id)
        return world

    def on(self, day: date) -> None:
        """Nine in the morning of a day, in the company's zone."""
        self.clock.at = datetime(day.year, day.month, day.day, 1, 0, tzinfo=timezone.utc)

    def gift(self, amount: str = "10000.00", **changes: Any) -> Application:
        """A holiday gift of one piece type at 100.00, or one at the whole amount if smaller."""
        total = cny(amount)
        whole = total.units % 10000 == 0
        price, quantity = (cny("100.00"), total.units // 10000) if whole else (cny("0.01"), total.units)
        plan = HolidayGift("spring_festival", 2026, "tea", price, quantity, date(2026, 1, 20), date(2026, 2, 20))
        form = Application(
            department="marketing",
            purpose="Spring gifts",
            business_goal="Keep customers",
            customers="All of 2025",
            type="holiday_gift",
            shares=(Share("mkt-gifts", total),),
            payee=Payee("Tea House", f"6222-{next(self._count)}"),
            method="bank_transfer",
            expected_payment=date(2026, 1, 20),
            plan=plan,
            attachments=(self.basis, self.contract),
        )
        form = attrs.evolve(form, payee=Payee(f"Tea House {next(self._count)}", form.paid_to.account))
        return attrs.evolve(form, **changes)

    def sms(self, recipients: int = 100) -> Application:
        """A short message of one segment at 0.05 to so many."""
        plan = Sms("Happy new year", recipients, cny("0.05"))
        form = self.gift()
        return attrs.evolve(
            form, type="sms", plan=plan, shares=(Share("mkt-sms", plan.total),), attachments=(self.basis,)
        )

    def apply(self, form: Application, actor: str = "li.na") -> Receipt:
        """Applies under a fresh key."""
        return self.desk.spending.apply(form, actor=actor, key=f"form-{next(self._count)}")

    def approve(self, document: Document) -> Verdict:
        """An approval with every finding of the present step."""
        step = document.step
        assert step is not None
        return Approve("Fine.", dict.fromkeys(step.points, True))

    def signer(self, document: Document) -> str:
        """Who signs the present step in the ordinary way."""
        assert document.step is not None
        office = document.step.office
        return HEADS[document.department] if office == "department_head" else SIGNERS[office]

    def sign(self, id: str, actor: str | None = None) -> Receipt:
        """Approves the present step."""
        document = self.desk.document(id)
        return self.desk.spending.sign(
            id, seen=document.statement, actor=actor or self.signer(document), verdict=self.approve(document)
        )

    def sign_all(self, id: str) -> Receipt:
        """Approves every step there is."""
        receipt = self.sign(id)
        while receipt.status == Status.IN_REVIEW:
            receipt = self.sign(id)
        return receipt

    def instruction(self, form: Application, amount: str | None = None) -> Instruction:
        """An instruction that agrees with the form."""
        digests = tuple(a.digest for a in form.attachments)
        return Instruction(cny(amount) if amount else form.amount, form.payee, form.method, digests)

    def pay(self, id: str, form: Application, amount: str | None = None, actor: str = "cashier") -> Receipt:
        """Pays under a fresh key."""
        key = f"pay-{next(self._count)}"
        return self.desk.spending.pay(id, self.instruction(form, amount), actor=actor, key=key)

    def overdue(self) -> list[str]:
        """The documents whose use record was due by now."""
        return [row.id for row in self.desk.use_overdue()]
