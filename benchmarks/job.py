"""The reference job: one expense, end to end, in seven acts, each a durable transaction of its own."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from expense_adapters.local import FixedDirectory, MemoryEvidence, Recorder
from expense_policy.domain.application import Application, Attachment, Payee, Share
from expense_policy.domain.approval import Approve
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories.holiday_gift import GiftIssued, HolidayGift
from expense_policy.domain.money import Money
from expense_policy.domain.organisation import Holding
from expense_policy.domain.payment import Instruction
from expense_policy.ports.repository import Repository
from expense_policy.services.desk import Desk

POLICY = (Path(__file__).parent.parent / "examples" / "company" / "policy.toml").read_text(encoding="utf-8")
POLICY = POLICY.replace("itemised = true", "itemised = false")
SIGNERS = ("head", "officer", "cfo", "deputy")
PEOPLE = tuple(
    Holding(office, person, department)
    for office, person, department in (
        ("department_head", "head", "marketing"),
        ("department_head", "service", "customer_service"),
        ("finance_officer", "officer", None),
        ("finance_head", "cfo", None),
        ("deputy_in_charge", "deputy", None),
        ("general_manager", "gm", None),
        ("cashier", "cashier", None),
    )
)
ACTS = 7


class Stopped:
    """A clock that can be set; it moves on with every reading, lest what is kept by instant be kept for ever."""

    def __init__(self) -> None:
        self.at = datetime(2025, 12, 20, 1, tzinfo=timezone.utc)

    def now(self) -> datetime:
        """A microsecond later than the last time."""
        self.at += timedelta(microseconds=1)
        return self.at


class Job:
    """A desk over a store, ready to run expenses."""

    def __init__(self, repository: Repository, lines: int = 1) -> None:
        self._open(repository, Stopped(), 0)
        self.desk.policies.adopt(POLICY, actor="cfo")
        self.desk.policies.adopt(POLICY, actor="gm")
        # A day in the festival's window: what is given on it can be recorded on it.
        self.clock.at = datetime(2026, 2, 2, 1, tzinfo=timezone.utc)
        whole = Money.of("9000000000.00", "CNY")
        plan_lines = tuple(PlanLine(f"gifts-{i}", "care_gifts", "Gifts", whole) for i in range(lines))
        plan = self.desk.budgeting.file(BudgetPlan("marketing", 2026, plan_lines), actor="mei").id
        for person in ("officer", "cfo", "gm"):
            self.sign(plan, person)

    @classmethod
    def opened(cls, repository: Repository, other: Job, first: int) -> Job:
        """A desk of its own over a store that another has opened; its forms are numbered from `first`."""
        job = cls.__new__(cls)
        clock = Stopped()
        clock.at = other.clock.at
        job._open(repository, clock, first)
        return job

    def _open(self, repository: Repository, clock: Stopped, first: int) -> None:
        self.clock, self.evidence, self.count = clock, MemoryEvidence(), itertools.count(first)
        self.desk = Desk.open(
            repository=repository,
            directory=FixedDirectory(PEOPLE),
            notifier=Recorder(),
            evidence=self.evidence,
            clock=self.clock,
        )
        self.papers = (
            Attachment("budget_basis", self.evidence.put(b"basis")),
            Attachment("contract", self.evidence.put(b"contract")),
        )

    def sign(self, id: str, person: str) -> None:
        """One step."""
        document = self.desk.document(id)
        assert document.step is not None
        verdict = Approve("Fine.", dict.fromkeys(document.step.points, True))
        self.desk.spending.sign(id, seen=document.statement, actor=person, verdict=verdict)

    def form(self, line: int = 0) -> Application:
        """A gift of 10,000.00 for a payee of its own."""
        number = next(self.count)
        price = Money(10000, "CNY")
        plan = HolidayGift("spring_festival", 2026, "tea", price, 100, date(2026, 2, 1), date(2026, 2, 10))
        return Application(
            department="marketing",
            purpose="Spring gifts",
            business_goal="Keep our regulars",
            customers="Customers of 2025",
            type="holiday_gift",
            shares=(Share(f"gifts-{line}", plan.total),),
            payee=Payee(f"Supplier {number}", f"6222 {number:08d}"),
            method="bank_transfer",
            expected_payment=date(2026, 2, 10),
            plan=plan,
            attachments=self.papers,
        )

    def prepared(self, forms: int, line: int = 0) -> list[tuple[Application, Instruction, tuple[GiftIssued, ...]]]:
        """Forms with their payment and use record, made beforehand: a caller's work, not the library's."""
        rows = tuple(GiftIssued(date(2026, 2, 2), f"C{i}", quantity) for i, quantity in enumerate((40, 30, 30)))
        made = [self.form(line) for _ in range(forms)]
        return [
            (f, Instruction(f.amount, f.payee, f.method, tuple(a.digest for a in f.attachments)), rows) for f in made
        ]

    def run(self, prepared: list[tuple[Application, Instruction, tuple[GiftIssued, ...]]]) -> None:
        """Each form through its seven acts; the statement is taken from the receipt, as a caller does."""
        spending, chain = self.desk.spending, self.chain
        for form, instruction, rows in prepared:
            receipt = spending.apply(form, actor="li.na", key=f"form-{form.payee.account}")
            id, seen = receipt.id, receipt.statement
            assert seen is not None
            for person, verdict in chain:
                spending.sign(id, seen=seen, actor=person, verdict=verdict)
            spending.pay(id, instruction, actor="cashier", key=f"pay-{id}")
            settled = spending.settle(id, rows, actor="li.na")
            assert settled.status == "settled"

    @property
    def chain(self) -> list[tuple[str, object]]:
        """The four signers with their verdicts."""
        points = (
            ("necessity", "reasonableness", "budget"),
            ("legality", "compliance", "accuracy", "budget", "invoices"),
            ("finances", "cash", "interest"),
            ("effect", "benefit"),
        )
        return [(s, Approve("Fine.", dict.fromkeys(p, True))) for s, p in zip(SIGNERS, points, strict=True)]
