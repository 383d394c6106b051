"""The example company's year: what its people do, good and bad, on one desk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from functools import partial
from random import Random
from typing import Any

import attrs

from expense_adapters.local import MemoryEvidence
from expense_policy.domain.application import Application, Attachment, Payee, Share
from expense_policy.domain.approval import Approve, Reject, Return, Verdict, who_may
from expense_policy.domain.budget import BudgetPlan
from expense_policy.domain.categories import REGISTER, Plan, Use
from expense_policy.domain.categories.holiday_gift import GiftIssued, HolidayGift
from expense_policy.domain.categories.sms import Sms, SmsSent, segments
from expense_policy.domain.documents import Document
from expense_policy.domain.money import Money
from expense_policy.domain.payment import Instruction
from expense_policy.domain.periods import festival
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Refusal, Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.policy_file import load_policy
from expense_policy.services.bulk import Done
from expense_policy.services.desk import Desk
from expense_policy.services.engine import Receipt
from expense_policy.services.spending import ToApply, ToPay, ToSign

FESTIVALS = ("spring_festival", "dragon_boat", "mid_autumn", "double_ninth")
STAFF = {"marketing": "li.na", "customer_service": "deng.li", "after_sales_support": "feng.bo"}
YEAR = 2026
SHANGHAI = timezone(timedelta(hours=8))
FAIR = Project("fair-2026", "Spring fair", ("marketing",), date(YEAR, 1, 1), date(YEAR, 4, 30))
TEXT = "老客户专享：本周到店有礼，回T退订"


class PlayedClock:
    """The year's clock: it only goes forward."""

    def __init__(self) -> None:
        self.at = datetime(2025, 12, 15, 1, 0, tzinfo=timezone.utc)

    def now(self) -> datetime:
        """The played instant."""
        return self.at

    @property
    def today(self) -> date:
        """The company's day."""
        return self.at.astimezone(SHANGHAI).date()

    def to(self, day: date) -> None:
        """Nine in the morning of a day, in the company's zone, unless that is past."""
        self.at = max(self.at, datetime(day.year, day.month, day.day, 1, 0, tzinfo=timezone.utc))

    def later(self, minutes: int = 17) -> None:
        """A while."""
        self.at += timedelta(minutes=minutes)


def cny(text: str) -> Money:
    """An amount of the company."""
    return Money.of(text, "CNY")


def supplier(number: int) -> Payee:
    """A payee by number."""
    return Payee(f"Supplier {number:03d}", f"6222 {number:08d}")


@attrs.define
class Year:
    """A desk and the people at it; `refusals` keeps every refusal that was met."""

    desk: Desk
    clock: PlayedClock
    evidence: MemoryEvidence
    policy: str
    budgets: tuple[BudgetPlan, ...]
    told: Callable[[date], None] = lambda day: None
    refusals: list[Refusal] = attrs.field(factory=list)
    applications: int = 0
    random: Random = attrs.field(factory=lambda: Random(YEAR))
    _keys: Counter[str] = attrs.field(factory=Counter)
    _later: list[tuple[date, Callable[[], object]]] = attrs.field(factory=list)

    def later(self, day: date, act: Callable[[], object]) -> None:
        """Puts something off until a day; at once where the day has come."""
        if day <= self.clock.today:
            act()
            return
        self._later.append((day, act))
        self._later.sort(key=lambda put_off: put_off[0])

    def to(self, day: date) -> None:
        """Goes on to a day; what was put off until a day on the way is done on that day."""
        while self._later and self._later[0][0] <= day:
            due, act = self._later.pop(0)
            self.clock.to(due)
            act()
        self.clock.to(day)

    def key(self, kind: str) -> str:
        """A fresh idempotency key."""
        self._keys[kind] += 1
        return f"{kind}-{YEAR}-{self._keys[kind]:04d}"

    def tries(self, act: Callable[[], Receipt]) -> Receipt | None:
        """Does an act, or keeps what it was refused for."""
        try:
            return act()
        except Refused as refused:
            self.refusals += refused.refusals
            return None

    def papers(self, *kinds: str) -> tuple[Attachment, ...]:
        """Evidence of these kinds, put into the store."""
        return tuple(Attachment(kind, self.evidence.put(f"{kind} {self.applications}".encode())) for kind in kinds)

    def gift(self, amount: str, day: date, number: int, department: str = "marketing", **changes: Any) -> Application:
        """A holiday gift for the festival whose window comes next."""
        name = next(each for each in FESTIVALS if festival(each, YEAR) + timedelta(days=7) >= day)
        feast, total = festival(name, YEAR), cny(amount)
        price = cny("100.00") if total.units % 10000 == 0 else cny("0.01")
        plan = HolidayGift(
            name, YEAR, "tea", price, total.units // price.units, feast - timedelta(days=20), feast + timedelta(days=2)
        )
        return self.form(department, "holiday_gift", plan, day, number, **changes)

    def sms(self, recipients: int, day: date, number: int, department: str = "customer_service") -> Application:
        """One short message to so many customers."""
        return self.form(department, "sms", Sms(TEXT, recipients, cny("0.05")), day, number)

    def form(self, department: str, type_: str, plan: Plan, day: date, number: int, **changes: Any) -> Application:
        """The application form around a plan record."""
        papers = self.papers("budget_basis", *(("contract",) if plan.total > cny("10000.00") else ()))
        category = REGISTER[type_].category
        form = Application(
            department=department,
            purpose=f"{type_} {day:%m-%d}",
            business_goal="Keep our regulars",
            customers="Customers with an order in the last 24 months",
            type=type_,
            shares=(Share(f"{department}-{category}", plan.total),),
            payee=supplier(number),
            method="bank_transfer",
            expected_payment=day + timedelta(days=10),
            plan=plan,
            attachments=papers,
        )
        return attrs.evolve(form, **changes)

    def apply(self, form: Application, actor: str | None = None) -> str:
        """Files a form that is expected to be taken."""
        self.applications += 1
        self.clock.later()
        return self.desk.spending.apply(form, actor=actor or STAFF[form.department], key=self.key("form")).id

    def refused(self, form: Application, actor: str | None = None) -> None:
        """Files a form that is expected to be refused."""
        who = actor or STAFF.get(form.department, "li.na")
        self.tries(lambda: self.desk.spending.apply(form, actor=who, key=self.key("form")))

    def signer(self, document: Document) -> str:
        """Someone who may sign the present step: holders first, then delegates, then substitutes (A3.5)."""
        assert document.step is not None
        policy = load_policy(self.policy)
        roster = self.desk.env.directory.roster((document.department,), self.clock.at)
        people = who_may(
            document.step, policy, roster, document.department, document.round.deciding_units, document.bars
        )
        # A delegate signs where there is one, so that the record shows it.
        return people[-1] if document.step.office in ("department_head", "finance_head") else people[0]

    def sign(self, id: str, verdict: Verdict | None = None) -> str | None:
        """One step: approved unless said otherwise."""
        self.clock.later()
        document = self.desk.document(id)
        assert document.step is not None
        given = verdict or Approve("同意。", dict.fromkeys(document.step.points, True))
        return self.desk.spending.sign(id, seen=document.statement, actor=self.signer(document), verdict=given).status

    def approve(self, id: str) -> None:
        """Every step to the end."""
        while self.sign(id) == Status.IN_REVIEW:
            pass

    def instruction(self, form: Application, units: int) -> Instruction:
        """A payment that agrees with the form."""
        return Instruction(Money(units, "CNY"), form.payee, form.method, tuple(a.digest for a in form.attachments))

    def pay(self, id: str, form: Application, units: int, actor: str = "zhao.min") -> None:
        """One payment."""
        self.clock.later()
        self.desk.spending.pay(id, self.instruction(form, units), actor=actor, key=self.key("pay"))

    def used(self, form: Application, part: int = 1) -> tuple[Use, ...]:
        """A use record of today that bears `part` of a hundredth of what was planned, or one row."""
        if isinstance(form.plan, HolidayGift):
            return (GiftIssued(self.clock.today, f"C{part:05d}", max(form.plan.quantity * part // 100, 1)),)
        count = form.amount.units // (5 * segments(TEXT))
        return tuple(SmsSent(self.clock.at, f"{form.paid_to.name}-{i}") for i in range(max(count * part // 100, 1)))

    def open_year(self) -> None:
        """The policy is adopted by two persons before its day, the budgets are signed after it."""
        adopt = self.desk.policies.adopt
        adopt(self.policy, actor="liu.yang")
        self.tries(lambda: adopt(self.policy, actor="liu.yang"))
        self.tries(lambda: adopt(self.policy + "\n", actor="sun.hao"))
        adopt(self.policy, actor="sun.hao")
        self.refused(self.gift("1000.00", date(YEAR, 1, 1), 1))
        self.to(date(YEAR, 1, 2))
        self.desk.projects.open(FAIR, actor="wang.wei")
        for plan in self.budgets:
            person = STAFF[plan.department]
            id = self.desk.budgeting.file(plan, actor=person).id
            self.tries(partial(self.desk.budgeting.file, plan, actor=person))
            if plan.department == "marketing":
                # A line's id stands for ever: no other department's plan names it again.
                taken = attrs.evolve(plan, department="customer_service")
                self.tries(partial(self.desk.budgeting.file, taken, actor="deng.li"))
                self.refused(self.gift("1000.00", date(YEAR, 1, 20), 1))
            if plan.department == "customer_service":
                # Finance and the department negotiate: what was returned is filed again (B1.4).
                self.sign(id, Return("请说明短信单价依据。"))
                self.desk.budgeting.revise(id, plan, actor=person)
            self.approve(id)

    def play(self, day: date, number: int) -> None:
        """One application of the year, by one of eleven ways it can go."""
        self.to(day)
        self.told(day)
        department = ("marketing", "customer_service", "after_sales_support")[number % 3]
        if number % 4 == 3:
            form = self.sms(20 + number % 30, day, number, department)
        else:
            amount = self.random.choice(("300.00", "1200.00", "2500.00", "4800.00", "123.45"))
            form = self.gift(amount, day, number, department)
        id, spending, who, way = self.apply(form), self.desk.spending, STAFF[department], number % 11
        if way == 1:
            self.sign(id, Return("请补充名单。"))
            spending.revise(id, attrs.evolve(form, customers="List of 12 January"), actor=who)
            form = attrs.evolve(form, customers="List of 12 January")
        elif way in (2, 3, 4):
            if way == 2:
                self.sign(id)
                self.sign(id, Reject("与计划不符。"))
            elif way == 3:
                spending.withdraw(id, actor=who)
            else:
                self.sign(id, Return("金额请说明。"))
            return
        self.approve(id)
        if way == 5:
            return  # left to expire
        if way == 6:
            spending.withdraw(id, actor=who, reason="Supplier closed.")
            return
        self.spend(id, form, who, way)

    def stack(self, day: date) -> None:
        """A department's gifts of one festival: filed, signed and paid as a stack, in one call a person each time."""
        self.to(day)
        spending, forms = self.desk.spending, [self.gift("500.00", day, 950 + i) for i in range(6)]
        self.applications += len(forms)
        filed = spending.apply_many([ToApply(form, self.key("form")) for form in forms], actor="li.na")
        kept = {each.receipt.id: form for each, form in zip(filed, forms, strict=True) if isinstance(each, Done)}
        while (stack := [self.desk.document(id) for id in kept])[0].step is not None:
            self.clock.later()
            given = Approve("同意。", dict.fromkeys(stack[0].step.points, True))
            spending.sign_many([ToSign(d.id, d.statement, given) for d in stack], actor=self.signer(stack[0]))
        self.clock.later()
        run = [ToPay(id, self.instruction(form, form.amount.units), self.key("pay")) for id, form in kept.items()]
        spending.pay_many(run, actor="zhao.min")
        for id, form in kept.items():
            assert isinstance(form.plan, HolidayGift)
            self.later(form.plan.issue_from, partial(self.settle, id, form))

    def settle(self, id: str, form: Application) -> None:
        """Settles an application that was used as it was planned."""
        self.desk.spending.settle(id, self.used(form, 100), actor=STAFF[form.department])

    def spend(self, id: str, form: Application, who: str, way: int) -> None:
        """Pays and ends an approved application: whole, in instalments, with a bounce, in part.

        A gift is paid at once and settled when it is given: in its festival's window.
        """
        spending, units, part = self.desk.spending, form.amount.units, 100
        if not isinstance(form.plan, HolidayGift):
            spending.record_use(id, self.used(form, 100), actor=who)
            self.pay(id, form, self.desk.document(id).used)
            spending.settle(id, actor="chen.jie")
            return
        if way == 7:
            for instalment in (units // 3, units // 3, units - 2 * (units // 3)):
                self.pay(id, form, instalment)
        elif way == 8:
            self.pay(id, form, units)
            spending.reverse(id, 1, actor="he.ping", reason="The bank sent it back.")
            self.pay(id, form, units)
        elif way == 9:
            self.pay(id, form, units // 2)
            spending.close(id, actor=who, reason="Half was enough.")
            # What was paid is used all the same, and its use recorded (C8).
            self.later(form.plan.issue_from, lambda: spending.record_use(id, self.used(form, 50), actor=who))
            return
        else:
            part = 90
            self.pay(id, form, max(form.plan.quantity * part // 100, 1) * form.plan.unit_price.units)
        self.later(form.plan.issue_from, lambda: spending.settle(id, self.used(form, part), actor=who))
