"""Dry runs: the same decisions as the acts, every refusal at once, nothing done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from ..domain.accounting import RecordedCost
from ..domain.adjustment import BudgetAdjustment, SupplementaryRequest
from ..domain.allocation_rule import AllocationTerms
from ..domain.application import Application
from ..domain.approval import Verdict
from ..domain.budget import BudgetPlan
from ..domain.categories import Use
from ..domain.claim import Claim, Payable
from ..domain.content import Digest
from ..domain.money import Money
from ..domain.negotiation import Offer
from ..domain.payment import Instruction
from ..domain.periods import Month
from ..domain.project import Project
from ..domain.rectification import Deviation, Finding, Turn
from ..domain.vocabulary import LineId, PersonId
from ..domain.voucher import Voucher
from .accounting import a_month
from .allocating import allocation, enter, reversal
from .budgeting import BudgetActs
from .closing import CloseMonth, ReopenMonth
from .duties import doing
from .engine import Decision, Engine
from .policies import adoption
from .projects import OpenProject
from .recording import Costs
from .rectifying import RectificationActs
from .spending import Acts


class ConsideredSpending:
    """The dry run of every act on applications."""

    def __init__(self, engine: Engine) -> None:
        self._acts = Acts(engine)
        self._engine = engine

    def apply(self, form: Application, *, actor: str) -> Decision:
        """As `Spending.apply`."""
        return self._engine.consider(self._acts.submit(None, form, actor))

    def claim(self, form: Claim, *, actor: str) -> Decision:
        """As `Spending.claim`."""
        return self._engine.consider(self._acts.submit(None, form, actor))

    def revise(self, id: str, form: Payable, *, actor: str) -> Decision:
        """As `Spending.revise`."""
        return self._engine.consider(self._acts.submit(id, form, actor))

    def sign(self, id: str, *, seen: Digest, actor: str, verdict: Verdict) -> Decision:
        """As `Spending.sign`."""
        return self._engine.consider(self._acts.sign(id, seen, actor, verdict))

    def pay(self, id: str, instruction: Instruction, *, actor: str) -> Decision:
        """As `Spending.pay`."""
        return self._engine.consider(self._acts.pay(id, instruction, actor))

    def reverse(self, id: str, number: int, *, actor: str, reason: str) -> Decision:
        """As `Spending.reverse`."""
        return self._engine.consider(self._acts.reverse(id, number, actor, reason))

    def refund(self, id: str, number: int, amount: Money, *, actor: str, reason: str) -> Decision:
        """As `Spending.refund`."""
        return self._engine.consider(self._acts.reverse(id, number, actor, reason, amount))

    def confirm_voucher(self, voucher: Voucher, payee: str, *, actor: str, reason: str) -> Decision:
        """As `Spending.confirm_voucher`."""
        return self._engine.consider(self._acts.confirm_voucher(voucher, payee, actor, reason))

    def record_use(self, id: str, rows: tuple[Use, ...], *, actor: str, reason: str | None = None) -> Decision:
        """As `Spending.record_use`."""
        return self._engine.consider(self._acts.use(id, rows, actor, reason, settle=False))

    def settle(self, id: str, rows: tuple[Use, ...] = (), *, actor: str, reason: str | None = None) -> Decision:
        """As `Spending.settle`."""
        return self._engine.consider(self._acts.use(id, rows, actor, reason, settle=True))

    def withdraw(self, id: str, *, actor: str, reason: str | None = None) -> Decision:
        """As `Spending.withdraw`."""
        return self._engine.consider(self._acts.end("withdraw", id, actor, reason))

    def close(self, id: str, *, actor: str, reason: str) -> Decision:
        """As `Spending.close`."""
        return self._engine.consider(self._acts.end("close", id, actor, reason))

    def expire(self, id: str, *, actor: str) -> Decision:
        """As `Spending.expire`."""
        return self._engine.consider(self._acts.end("expire", id, actor, None))

    def confirm_account(self, payee: str, account: str, *, actor: str, reason: str) -> Decision:
        """As `Spending.confirm_account`."""
        return self._engine.consider(self._acts.confirm_account(payee, account, actor, reason))


class ConsideredBudgeting:
    """The dry run of every act on budgets."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._acts = engine, BudgetActs(engine)

    def file(self, plan: BudgetPlan, *, actor: str) -> Decision:
        """As `Budgeting.file`."""
        return self._engine.consider(self._acts.file(None, plan, actor))

    def revise(self, id: str, plan: BudgetPlan, *, actor: str, reasons: Mapping[LineId, str] | None = None) -> Decision:
        """As `Budgeting.revise`."""
        return self._engine.consider(self._acts.file(id, plan, actor, reasons))

    def review(self, id: str, offers: tuple[Offer, ...], *, seen: Digest, actor: str) -> Decision:
        """As `Budgeting.review`."""
        return self._engine.consider(self._acts.review(id, offers, seen, actor))

    def adjust(self, form: BudgetAdjustment, *, actor: str) -> Decision:
        """As `Budgeting.adjust`."""
        return self._engine.consider(self._acts.change(None, form, actor, BudgetAdjustment))

    def supplement(self, form: SupplementaryRequest, *, actor: str) -> Decision:
        """As `Budgeting.supplement`."""
        return self._engine.consider(self._acts.change(None, form, actor, SupplementaryRequest))

    def revise_change(self, id: str, form: BudgetAdjustment | SupplementaryRequest, *, actor: str) -> Decision:
        """As `Budgeting.revise_change`."""
        return self._engine.consider(self._acts.change(id, form, actor, BudgetAdjustment, SupplementaryRequest))

    def close_year(
        self, department: str, year: int, *, actor: str, reason: str, carry: Mapping[LineId, LineId] | None = None
    ) -> Decision:
        """As `Budgeting.close_year`."""
        return self._engine.consider(self._acts.close_year(department, year, carry or {}, actor, reason))


class ConsideredPolicies:
    """The dry run of adoption."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def adopt(self, text: str, *, actor: str) -> Decision:
        """As `Policies.adopt`."""
        return self._engine.consider(adoption(self._engine, text, actor))


class ConsideredProjects:
    """The dry run of the register of projects."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, project: Project, *, actor: str) -> Decision:
        """As `Projects.open`."""
        return self._engine.consider(OpenProject(project, actor, self._engine.env.directory))


class ConsideredAllocations:
    """The dry run of every act on shared costs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rule(self, rule: str, terms: AllocationTerms, *, actor: str) -> Decision:
        """As `Allocations.rule`."""
        return self._engine.consider(enter(self._engine, rule, terms, actor))

    def allocate(
        self,
        rule: str,
        amount: Money | Mapping[str, Money],
        *,
        month: Month,
        type: str,
        actor: str,
        department: str | None = None,
        project: str | None = None,
        reason: str | None = None,
    ) -> Decision:
        """As `Allocations.allocate`."""
        bearer = None if department is None else (department, project)
        return self._engine.consider(allocation(self._engine, rule, amount, month, type, bearer, actor, reason))

    def reverse(self, id: str, *, actor: str, reason: str) -> Decision:
        """As `Allocations.reverse`."""
        return self._engine.consider(reversal(self._engine, id, actor, reason))


class ConsideredClosing:
    """The dry run of every act on the months of the books."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self, month: Month, *, actor: str) -> Decision:
        """As `Closing.close`."""
        return self._engine.consider(CloseMonth(a_month(month), actor, self._engine.env.directory))

    def reopen(self, month: Month, *, actor: str, reason: str) -> Decision:
        """As `Closing.reopen`."""
        return self._engine.consider(ReopenMonth(a_month(month), actor, reason, self._engine.env.directory))


class ConsideredCosts:
    """The dry run of every act on costs that were paid elsewhere."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._costs = engine, Costs(engine)

    def record(self, costs: tuple[RecordedCost, ...], *, actor: str) -> Decision:
        """As `Costs.record`, of one portion."""
        return self._engine.consider(self._costs.recording(costs, actor))

    def reverse(self, key: str, *, actor: str, reason: str) -> Decision:
        """As `Costs.reverse`."""
        return self._engine.consider(self._costs.reversal(key, actor, reason))


class ConsideredRectifications:
    """The dry run of every act on rectifications."""

    def __init__(self, engine: Engine) -> None:
        self._acts = RectificationActs(engine.env)
        self._engine = engine

    def open(
        self, finding: Finding, *, actor: str, owner: PersonId | None = None, deadline: datetime | None = None
    ) -> Decision:
        """As `Rectifications.open`."""
        return self._engine.consider(self._acts.open(finding, actor, owner, deadline))

    def for_deviation(self, deviation: Deviation, *, actor: str, owner: PersonId | None = None) -> Decision:
        """As `Rectifications.for_deviation`."""
        return self._engine.consider(self._acts.for_deviation(deviation, actor, owner))

    def answer(self, id: str, measures: str, *, actor: str, evidence: tuple[Digest, ...] = ()) -> Decision:
        """As `Rectifications.answer`."""
        return self._engine.consider(self._acts.follow(id, Turn.ANSWERED, measures, actor, evidence))

    def follow_up(self, id: str, remark: str, *, actor: str) -> Decision:
        """As `Rectifications.follow_up`."""
        return self._engine.consider(self._acts.follow(id, Turn.FOLLOWED_UP, remark, actor))

    def send_back(self, id: str, *, actor: str, reason: str) -> Decision:
        """As `Rectifications.send_back`."""
        return self._engine.consider(self._acts.follow(id, Turn.SENT_BACK, reason, actor))

    def verify(self, id: str, opinion: str, *, actor: str) -> Decision:
        """As `Rectifications.verify`."""
        return self._engine.consider(self._acts.follow(id, Turn.VERIFIED, opinion, actor))

    def extend(self, id: str, deadline: datetime, *, actor: str, reason: str) -> Decision:
        """As `Rectifications.extend`."""
        return self._engine.consider(self._acts.follow(id, Turn.EXTENDED, reason, actor, until=deadline))


class ConsideredDuties:
    """The dry run of a duty that returns."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def done(self, name: str, *, actor: str, note: str | None = None) -> Decision:
        """As `Duties.done`."""
        return self._engine.consider(doing(self._engine, name, actor, note))


@attrs.frozen
class Would:
    """`desk.would.spending.apply(...)`: what would be refused, and why."""

    policies: ConsideredPolicies
    projects: ConsideredProjects
    budgeting: ConsideredBudgeting
    spending: ConsideredSpending
    closing: ConsideredClosing
    costs: ConsideredCosts
    allocations: ConsideredAllocations
    rectifications: ConsideredRectifications
    duties: ConsideredDuties

    @classmethod
    def over(cls, engine: Engine) -> Would:
        """The dry runs of an engine's acts."""
        return cls(
            ConsideredPolicies(engine),
            ConsideredProjects(engine),
            ConsideredBudgeting(engine),
            ConsideredSpending(engine),
            ConsideredClosing(engine),
            ConsideredCosts(engine),
            ConsideredAllocations(engine),
            ConsideredRectifications(engine),
            ConsideredDuties(engine),
        )
