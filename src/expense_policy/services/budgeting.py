"""A department's budget: filed, negotiated, signed, in force, changed, closed (B1, B2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..domain import budget, checks, negotiation
from ..domain.adjustment import BudgetAdjustment, SupplementaryRequest
from ..domain.budget import BudgetPlan, Estimated, MonthPlanned
from ..domain.content import Digest
from ..domain.money import Money
from ..domain.negotiation import Bargain, Offer, Reviewed
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.posting import Source
from ..domain.vocabulary import CATEGORIES, LineId, Status
from ..ports.errors import NotFound
from ..ports.repository import Look, Submission, Sum
from .asking import pages, policies, policy_now
from .closing_year import CloseYear
from .drafting import KINDS, Budget, File, Review, is_budget, stated
from .engine import Engine, Receipt


class Budgeting:
    """Acts on budgets; plans and changes are signed and withdrawn as every document is, through `spending`."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._acts = engine, BudgetActs(engine)

    def file(self, plan: BudgetPlan, *, actor: str, key: str | None = None) -> Receipt:
        """Submits a department's plan for a year; its lines are in force once it is approved (B1.5).

        One that is filed after the policy's day is marked "draft_late" (B1.1), one with lines outside the department's
        categories "outside_estimates" (B1.2); finance is told of both.
        """
        return self._engine.perform(self._acts.file(None, plan, actor), key=key, asked=plan.digest)

    def revise(
        self,
        id: str,
        plan: BudgetPlan,
        *,
        actor: str,
        reasons: Mapping[LineId, str] | None = None,
        key: str | None = None,
    ) -> Receipt:
        """Submits a new revision of a plan that was returned, or is in review: it starts over (B1.4).

        `reasons` say, by line, why the department asks for something else than finance offered.
        """
        act = self._acts.file(id, plan, actor, reasons)
        asked = (id, plan.digest, act.reasons) if act.reasons else (id, plan.digest)
        return self._engine.perform(act, key=key, asked=asked)

    def review(
        self, id: str, offers: tuple[Offer, ...], *, seen: Digest, actor: str, key: str | None = None
    ) -> Receipt:
        """What finance would give the lines of a draft in review, and why; kept beside the round (B1.4).

        `seen` names the statement that was read. The draft goes back, or on, with a signature.
        """
        return self._engine.perform(self._acts.review(id, offers, seen, actor), key=key, asked=(id, seen, offers))

    def adjust(self, form: BudgetAdjustment, *, actor: str, key: str | None = None) -> Receipt:
        """Asks to move money between lines and months, to open or cut lines (B1.6).

        The budget stands as it is until the request is approved, and nothing is held for it meanwhile.
        """
        return self._engine.perform(self._acts.change(None, form, actor, BudgetAdjustment), key=key, asked=form.digest)

    def supplement(self, form: SupplementaryRequest, *, actor: str, key: str | None = None) -> Receipt:
        """Asks for more than the budget holds (B2.2)."""
        return self._engine.perform(
            self._acts.change(None, form, actor, SupplementaryRequest), key=key, asked=form.digest
        )

    def revise_change(
        self, id: str, form: BudgetAdjustment | SupplementaryRequest, *, actor: str, key: str | None = None
    ) -> Receipt:
        """Submits a new revision of an adjustment or supplementary request that is not approved."""
        return self._engine.perform(
            self._acts.change(id, form, actor, BudgetAdjustment, SupplementaryRequest), key=key, asked=(id, form.digest)
        )

    def close_year(
        self,
        department: str,
        year: int,
        *,
        actor: str,
        reason: str,
        carry: Mapping[LineId, LineId] | None = None,
        key: str | None = None,
    ) -> Receipt:
        """The finance head closes a department's year that is over: its lines hold what is held or spent, no more.

        What is left lapses, or, where the policy lets balances be carried, goes into the line of the next year that
        `carry` names for its line, unless that year is closed, too. What documents hold stays in force on its line, for
        them alone, and is paid from there. What comes back to a line later is closed by closing again. The journal has
        every movement, in a `YearEnd` paper. NotFound where the department has no line of that year.
        """
        act = self._acts.close_year(department, year, carry or {}, actor, reason)
        asked = (department, year, tuple(sorted((carry or {}).items())), reason)
        return self._engine.perform(act, key=key, asked=asked)

    def estimates(self, id: str) -> tuple[Estimated, ...]:
        """What each line of a plan, or each line that a change opens, asks beside the estimate of its basis (B1.3)."""
        form, policy, _ = self._budget(id)
        return budget.estimated(form, policy)

    def months(self, id: str) -> tuple[MonthPlanned, ...]:
        """What a plan, or a change of one, makes of the months of its lines, where it makes something else (B1.6).

        Of one that is in force as it was then, of any other as it would be now. NotFound where there is no such one.
        """
        form, policy, approved_at = self._budget(id)
        stands, currency = self._stood(id, form), policy.currency
        after = stated(form, policy, stands, approved_at or self._engine.env.clock.now())
        pairs = [(at, stands.get(at, 0), units) for at, units in after.items()]
        return tuple([MonthPlanned(*at, Money(a, currency), Money(b, currency)) for at, a, b in pairs if a != b])

    def _stood(self, id: str, form: Budget) -> dict[tuple[LineId, Month], int]:
        """What was planned of the budget before a document came into force, from those that came before it."""
        env, found = self._engine.env, list[tuple[datetime, str, Budget, str]]()
        for kind in KINDS:
            where = (("department", form.department), ("kind", kind.value), ("status", Status.APPROVED.value))
            for page in pages(env, where):
                for d in env.repository.look(Look(documents=tuple([row.id for row in page]))).documents.values():
                    if is_budget(d.content) and d.content.year == form.year and d.approved_at is not None:
                        found.append((d.approved_at, d.id, d.content, d.round.policy_version))
        known, stands = policies(env), dict[tuple[LineId, Month], int]()
        # A plan comes before its changes, also where a clock stood still.
        for at, other, content, version in sorted(found, key=lambda each: each[0]):
            if other == id:
                break
            stands |= stated(content, known[version], stands, at)
        return stands

    def negotiation(self, id: str) -> tuple[Bargain, ...]:
        """The way of a plan from its draft, line by line in each round, in order (B1.4).

        NotFound where there is no such plan: of a change nothing is offered.
        """
        document = self._engine.env.repository.look(Look(documents=(id,))).documents.get(id)
        if document is None or not isinstance(document.content, BudgetPlan):
            raise NotFound(f"there is no budget plan {id!r}")
        asks, said = {}, []
        for _, facts in self._engine.env.repository.history(id):
            for fact in facts:
                if isinstance(fact, Submission) and isinstance(fact.content, BudgetPlan):
                    asks[fact.round.number] = {line.id: line.amount for line in fact.content.lines}
                elif isinstance(fact, Reviewed):
                    said.append(fact)
        return negotiation.bargains(sorted(asks.items()), said, document.applicant, document.status is Status.APPROVED)

    def actuals(self, department: str, category: str, year: int) -> Money:
        """What a department spent on a category in a fiscal year: what estimates of the next are based on (B1.3)."""
        checks.an_ident("department", department)
        checks.a_year("year", year)
        if category not in CATEGORIES:
            raise ValueError(f"{category!r} is not a category: {', '.join(CATEGORIES)}")
        policy = policy_now(self._engine.env)
        sources = (Source.PAID.value, Source.SET_OFF.value, Source.RECORDED.value)
        months = tuple(str(month) for month in policy.calendar.months(year))
        where = (("month", months), ("department", department), ("category", category), ("source", sources))
        asked = Sum("postings", (), where)
        return Money(self._engine.env.repository.look(Look(sums=(asked,))).sums[0].get((), 0), policy.currency)

    def _budget(self, id: str) -> tuple[Budget, Policy, datetime | None]:
        """A document's form, the policy it is judged by, and when it came into force."""
        env = self._engine.env
        document = env.repository.look(Look(documents=(id,))).documents.get(id)
        if document is None or not is_budget(document.content):
            raise NotFound(f"there is no budget plan, nor a change of one, {id!r}")
        return document.content, policies(env)[document.round.policy_version], document.approved_at


class BudgetActs:
    """The acts as values, for doing and for considering alike."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def file(self, id: str | None, plan: BudgetPlan, actor: str, reasons: Mapping[LineId, str] | None = None) -> File:
        """The act of filing a plan, or with `id` of revising it."""
        if type(plan) is not BudgetPlan:
            raise TypeError(f"plan must be BudgetPlan, not {type(plan).__name__}")
        given = tuple((reasons or {}).items())
        if not {line for line, _ in given} <= {line.id for line in plan.lines}:
            raise ValueError("a reason is for a line of the plan")
        return self._filed(id, plan, actor, given)

    def change(
        self,
        id: str | None,
        form: BudgetAdjustment | SupplementaryRequest,
        actor: str,
        *kinds: type[BudgetAdjustment | SupplementaryRequest],
    ) -> File:
        """The act of asking for a change of the budget, or with `id` of revising it."""
        if type(form) not in kinds:
            raise TypeError(f"form must be {' or '.join(kind.__name__ for kind in kinds)}, not {type(form).__name__}")
        return self._filed(id, form, actor, ())

    def _filed(self, id: str | None, form: Budget, actor: str, reasons: tuple[tuple[LineId, str], ...]) -> File:
        env = self._engine.env
        now = env.clock.now()
        return File(
            env.ids.new(now) if id is None else id, form, actor, env.ids.new(now), id is None, env.directory, reasons
        )

    def review(self, id: str, offers: tuple[Offer, ...], seen: Digest, actor: str) -> Review:
        """The act of reviewing a draft's lines."""
        if type(offers) is not tuple or any(type(offer) is not Offer for offer in offers):
            raise TypeError("offers must be a tuple of Offer")
        return Review(id, actor, seen, offers, self._engine.env.directory)

    def close_year(
        self, department: str, year: int, carry: Mapping[LineId, LineId], actor: str, reason: str
    ) -> CloseYear:
        """The act of closing a department's year."""
        checks.an_ident("department", department)
        checks.a_year("year", year)
        env = self._engine.env
        lines = tuple([line.id for line in env.repository.lines(department, year)])
        if not lines:
            raise NotFound(f"{department} has no budget line of {year}")
        if not set(carry) <= set(lines):
            raise ValueError(f"what is carried was left on a line of {department}, {year}")
        return CloseYear(department, year, lines, dict(carry), actor, reason, env.directory)
