"""How the example company's people work at one desk: forms filed, signed, paid, used and settled, day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from functools import partial
from random import Random
from typing import TypeVar

import attrs

from expense_adapters.local import MemoryEvidence
from expense_policy.domain.application import Application
from expense_policy.domain.approval import Approve, Reject, Return, Verdict, who_may
from expense_policy.domain.budget import BudgetPlan
from expense_policy.domain.categories import Use
from expense_policy.domain.categories.holiday_gift import HolidayGift
from expense_policy.domain.customers import Customer
from expense_policy.domain.documents import Document, Payable
from expense_policy.domain.execution import Execution
from expense_policy.domain.money import Money
from expense_policy.domain.payment import Instruction
from expense_policy.domain.policy import Policy
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Refusal, Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.policy_file import load_policy
from expense_policy.services.bulk import Done
from expense_policy.services.desk import Desk
from expense_policy.services.spending import ToApply, ToPay, ToSign

from .forms import YEAR, Forms, kinds
from .happenings import SHANGHAI, Happening, Happenings, cost
from .rhythm import Event

STAFF = {"marketing": "li.na", "customer_service": "deng.li", "after_sales_support": "feng.bo"}
FAIR = Project("fair-2026", "Spring fair", ("marketing",), date(YEAR, 1, 1), date(YEAR, 4, 30))
T = TypeVar("T")
CALL = 400
"""As many rows are recorded in one call at most."""


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


@attrs.define
class Year:
    """A desk and the people at it; `refusals` keeps every refusal that was met."""

    desk: Desk
    clock: PlayedClock
    evidence: MemoryEvidence
    policy: str
    budgets: tuple[BudgetPlan, ...]
    customers: tuple[Customer, ...]
    told: Callable[[date], None] = lambda day: None
    refusals: list[Refusal] = attrs.field(factory=list)
    execution: Execution | None = None
    """How the budgets were executed when the year was over, before their lines were closed (B2.3)."""
    applications: int = 0
    random: Random = attrs.field(factory=lambda: Random(YEAR))
    forms: Forms = attrs.field(init=False)
    rules: Policy = attrs.field(init=False)
    happenings: Happenings = attrs.field(init=False)
    _keys: Counter[str] = attrs.field(factory=Counter)
    _later: list[tuple[date, Callable[[], object]]] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.rules = load_policy(self.policy)
        self.forms = Forms(self.evidence, self.rules)
        self.happenings = Happenings(self.customers, self.rules, self.random)

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

    def tries(self, act: Callable[[], T]) -> T | None:
        """Does an act, or keeps what it was refused for."""
        try:
            return act()
        except Refused as refused:
            self.refusals += refused.refusals
            return None

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
        roster = self.desk.env.directory.roster((document.department,), self.clock.at)
        people = who_may(
            document.step, self.rules, roster, document.department, document.round.deciding_units, document.bars
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

    def instruction(self, form: Payable, units: int) -> Instruction:
        """A payment that agrees with the form."""
        papers = tuple(a.digest for a in form.attachments), tuple(v.key for v in form.vouchers)
        return Instruction(Money(units, "CNY"), form.payee, form.method, *papers)

    def pay(self, id: str, form: Payable, units: int, actor: str = "zhao.min") -> None:
        """One payment."""
        self.clock.later()
        self.desk.spending.pay(id, self.instruction(form, units), actor=actor, key=self.key("pay"))

    def approved(self, form: Application, actor: str | None = None) -> str:
        """Files a form and has it signed in full."""
        id = self.apply(form, actor)
        self.approve(id)
        return id

    def plans(self, year: int) -> tuple[BudgetPlan, ...]:
        """The departments' budgets of a year, as the company drafted them."""
        return tuple(plan for plan in self.budgets if plan.year == year)

    def used(self, form: Application, part: int = 100) -> tuple[Use, ...]:
        """What has happened of an approved application by now: so many hundredths of what was planned."""
        return self.happenings.after(form, self.clock.today, part).uses

    def open_year(self) -> None:
        """The policy is adopted by two persons before its day, the budgets are signed after it."""
        adopt = self.desk.policies.adopt
        adopt(self.policy, actor="liu.yang")
        self.tries(lambda: adopt(self.policy, actor="liu.yang"))
        self.tries(lambda: adopt(self.policy + "\n", actor="sun.hao"))
        adopt(self.policy, actor="sun.hao")
        self.refused(self.forms.gift("1000.00", date(YEAR, 1, 1), 1))
        self.to(date(YEAR, 1, 2))
        self.desk.projects.open(FAIR, actor="wang.wei")
        for plan in self.plans(YEAR):
            person = STAFF[plan.department]
            id = self.desk.budgeting.file(plan, actor=person).id
            self.tries(partial(self.desk.budgeting.file, plan, actor=person))
            if plan.department == "marketing":
                # A line's id stands for ever: no other department's plan names it again.
                taken = attrs.evolve(plan, department="customer_service")
                self.tries(partial(self.desk.budgeting.file, taken, actor="deng.li"))
                self.refused(self.forms.gift("1000.00", date(YEAR, 1, 20), 1))
            if plan.department == "customer_service":
                # Finance and the department negotiate: what was returned is filed again (B1.4).
                self.sign(id, Return("请说明短信单价依据。"))
                self.desk.budgeting.revise(id, plan, actor=person)
            self.approve(id)

    def filled(self, event: Event, number: int) -> Application:
        """The form of an event."""
        department, day, size, forms = event.department, event.day, event.size, self.forms
        if event.type == "birthday_gift":
            month = size
            # Each department has a third of the customers.
            third = list(STAFF).index(department)
            born = self.happenings.born_in(month, date(YEAR, month, 28))
            return forms.birthday_gift(department, day, number, tuple(born[third::3]), month)
        if event.type == "sms":
            return forms.sms(size, day, number, department)
        fill = getattr(forms, event.type)
        form: Application = fill(department, day, number, size)
        return form

    def play(self, event: Event, number: int) -> None:
        """One application of the year, its own way."""
        self.to(event.day)
        self.told(event.day)
        form = self.filled(event, number)
        id, spending, who, way = self.apply(form), self.desk.spending, STAFF[event.department], event.way
        if way == "revised":
            self.sign(id, Return("请补充名单。"))
            form = attrs.evolve(form, customers=f"List of {event.day:%d %B}")
            spending.revise(id, form, actor=who)
        elif way == "rejected":
            self.sign(id)
            self.sign(id, Reject("与计划不符。"))
            return
        elif way == "withdrawn":
            spending.withdraw(id, actor=who)
            return
        elif way == "returned":
            self.sign(id, Return("金额请说明。"))
            return
        self.approve(id)
        if way == "called_off":
            spending.withdraw(id, actor=who, reason="Supplier closed.")
        elif way != "left":  # what is left expires
            self.spend(id, form, way)

    def stack(self, day: date) -> None:
        """A department's gifts of one festival: filed, signed and paid as a stack, in one call a person each time."""
        self.to(day)
        spending, forms = self.desk.spending, [self.forms.gift("500.00", day, 950 + i) for i in range(6)]
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
        self.desk.spending.settle(id, self.used(form), actor=STAFF[form.department])

    def spend(self, id: str, form: Application, way: str) -> None:
        """Pays and ends an approved application: whole, in instalments, with a bounce, in part.

        What is paid ahead is paid at once and settled when it has been used; the rest is recorded first.
        """
        part = {"half": 50, "plain": self.random.randint(88, 100)}.get(way, 100)
        happening = self.happenings.after(form, self.clock.today, part, way == "odd")
        if kinds(self.rules)[form.type].paid_up_to_use:
            self.later(happening.last + timedelta(days=1), lambda: self._post(id, form, way, happening))
            return
        self._paid(id, form, way, cost(form, happening.uses, self.rules))
        if way == "half":
            self.desk.spending.close(id, actor=STAFF[form.department], reason="Half was enough.")
        self.later(happening.last, lambda: self._use(id, form, happening, settle=way != "half"))

    def _paid(self, id: str, form: Application, way: str, units: int) -> None:
        if way == "instalments" and units > 2:
            for instalment in (units // 3, units // 3, units - 2 * (units // 3)):
                self.pay(id, form, instalment)
            return
        self.pay(id, form, units)
        if way == "bounce":
            payments = len(self.desk.document(id).payments)
            self.desk.spending.reverse(id, payments, actor="he.ping", reason="The bank sent it back.")
            self.pay(id, form, units)

    def _use(self, id: str, form: Application, happening: Happening, *, settle: bool) -> None:
        """Records what happened, a few hundred rows a call, and with the last of them settles, where it is asked for.

        Where a benefit was expected, what was measured is recorded with it (G3.2).
        """
        rows, spending, who = happening.uses, self.desk.spending, STAFF[form.department]
        if settle and form.benefit is not None:
            used = cost(form, rows, self.rules)
            rows = (*rows, self.happenings.measured(form, used, self.clock.today))
        calls = [rows[i : i + CALL] for i in range(0, len(rows), CALL)]
        for each in calls[:-1] if settle else calls:
            spending.record_use(id, each, actor=who, reason=happening.reason)
        if settle:
            spending.settle(id, calls[-1], actor=who, reason=happening.reason)

    def _post(self, id: str, form: Application, way: str, happening: Happening) -> None:
        """Records, pays or posts up to the record, and ends: by finance, or with what was measured."""
        spending, who = self.desk.spending, STAFF[form.department]
        self._use(id, form, happening, settle=False)
        self._paid(id, form, way, self.desk.document(id).used)
        if way == "half":
            spending.close(id, actor=who, reason="Half was enough.")
        elif form.benefit is None:
            spending.settle(id, actor="chen.jie")
        else:
            measured = self.happenings.measured(form, self.desk.document(id).used, self.clock.today)
            spending.settle(id, (measured,), actor=who)
