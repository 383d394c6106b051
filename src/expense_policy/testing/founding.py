"""A company of any policy and any people, set up over a store in one call: its policy adopted, its budget in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import attrs

from ..domain import budget
from ..domain.approval import Approve, who_may
from ..domain.budget import BudgetPlan
from ..domain.categories import REGISTER
from ..domain.documents import Document
from ..domain.holds import Line
from ..domain.money import Money
from ..domain.organisation import Roster
from ..domain.policy import Policy
from ..policy_file import load_policy
from ..ports.customers import Customers
from ..ports.repository import Repository
from ..ports.vouchers import Genuineness
from ..services.desk import Desk
from . import company
from .company import CountedIds, Papers, People, Post, SetClock, drafted

PLANNER = "planner"
"""Who files the budget: holds no office."""
AMPLE = 10**15
"""What each line of the kit's own budget has, in smallest units."""


def kit_policy() -> Policy:
    """The policy of the kit's own company."""
    return load_policy(company.POLICY)


def papers(policy: Policy) -> dict[str, bytes]:
    """Bytes for each kind of evidence that the policy or a type asks for: what drawn applications are attached."""
    asked = [*[rule.needs for rule in policy.evidence], *[kind.evidence for kind in REGISTER.values()]]
    kinds = sorted({need for needs in asked for need in needs})
    return {kind: f"the {kind}".encode() for kind in kinds}


def plans(policy: Policy, year: int | None = None) -> tuple[BudgetPlan, ...]:
    """A budget for each department: two ample lines for each category that an expense type is held on.

    Of the fiscal year that the policy begins in, where no other is named; but for what a closed table of estimates does
    not let the department estimate (B1.2).
    """
    fiscal, rules = policy.calendar.fiscal_year(policy.effective) if year is None else year, policy.budget
    categories, amount = dict.fromkeys(kind.category for kind in REGISTER.values()), Money(AMPLE, policy.currency)
    return tuple(
        BudgetPlan(
            department,
            fiscal,
            tuple(
                drafted(f"{fiscal}.{number}.{category}.{n}", category, f"{category} {n}", amount)
                for category in categories
                if not rules.closed or rules.estimated_by(department, category)
                for n in (1, 2)
            ),
        )
        for number, department in enumerate(policy.departments)
    )


def lines(policy: Policy, year: int | None = None) -> tuple[Line, ...]:
    """The lines of `plans`, as they are in force before anything is spent."""
    return tuple(
        attrs.evolve(line, in_force=planned.amount.units)
        for plan in plans(policy, year)
        for line, planned in zip(budget.lines(plan, "plan"), plan.lines, strict=True)
    )


@attrs.frozen
class Founded:
    """A desk at the first instant of its policy, and the host's side of it."""

    desk: Desk
    policy: Policy
    clock: SetClock
    people: People
    evidence: Papers
    post: Post

    def sign(self, id: str) -> Document:
        """Everyone who has to, approves: at each step the first who may. What is in review comes out approved."""
        while (step := (document := self.desk.document(id)).step) is not None:
            roster = self.people.roster((document.department,), self.clock.now())
            units = document.round.deciding_units
            able = who_may(step, self.policy, roster, document.department, units, document.bars)
            assert able, f"nobody may take the step of {step.office}"
            verdict = Approve("Fine.", dict.fromkeys(step.points, True))
            self.desk.spending.sign(id, seen=document.statement, actor=able[0], verdict=verdict)
        return document


def founded(
    repository: Repository,
    policy: Policy | None = None,
    roster: Roster | None = None,
    budgets: Sequence[BudgetPlan] | None = None,
    customers: Customers | None = None,
    genuineness: Genuineness | None = None,
) -> Founded:
    """A company over an empty store: the kit's own, or one of this policy, these people, these budgets.

    Its offices have to be held: by those of the policy's adopters it is adopted, by those of its chain each budget is
    signed. The evidence of `papers` is there. Without `customers` nobody can be asked who is an existing customer, and
    without `genuineness` nobody whether vouchers are genuine.
    """
    policy, clock, people, evidence, post = policy or kit_policy(), SetClock(), People(), Papers(), Post()
    if roster is not None:
        people.holdings, people.delegations = roster.holdings, roster.delegations
    desk = Desk.open(
        repository=repository,
        directory=people,
        notifier=post,
        evidence=evidence,
        clock=clock,
        ids=CountedIds(),
        adopters=policy.adopters,
        customers=customers,
        genuineness=genuineness,
    )
    clock.at = policy.calendar.start(policy.effective) - timedelta(days=7)
    adopted: list[str] = []
    for office in policy.adopters:
        holders = people.roster((), clock.now()).holders(office, "")
        actor = next(person for person in holders if person not in adopted)
        desk.policies.adopt(policy.text, actor=actor)
        adopted.append(actor)
    clock.at = policy.calendar.start(policy.effective)
    made = Founded(desk, policy, clock, people, evidence, post)
    for data in papers(policy).values():
        evidence.put(data)
    for plan in plans(policy) if budgets is None else budgets:
        made.sign(desk.budgeting.file(plan, actor=PLANNER).id)
    return made
