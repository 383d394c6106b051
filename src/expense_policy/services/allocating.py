"""Allocation of shared costs: rules, results, reversals (R1.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import attrs

from ..domain import checks
from ..domain import project as projects
from ..domain.allocation import Allocation
from ..domain.allocation_rule import Allocated, AllocationRule, AllocationTerms, Place, place_name, rule_card
from ..domain.bookkeeping import month_of, under
from ..domain.categories import kind_of
from ..domain.money import Money
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.posting import SETTLED, Posting, Source
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Office, Space
from ..ports.directory import Directory
from ..ports.errors import NotFound
from ..ports.repository import Guard, Look, Put, Sum
from . import bearing
from .accounting import a_month
from .booking import SEEN, closed_through, guard
from .closing import OFFICERS, held_office
from .engine import Effects, Engine, Receipt, Scene, Verdicts
from .undoing import Undo, Undone

_SUBJECT = "allocation:"


def _unknown(
    policy: Policy, departments: Sequence[str], named: Sequence[tuple[str, str]], scene: Scene
) -> list[Refusal]:
    """A refusal for each department out of scope, and each project that is not there or not the department's (G2)."""
    found = [
        refusal(Code.DEPARTMENT_OUT_OF_SCOPE, department=department)
        for department in departments
        if department not in policy.departments
    ]
    for department, project in named:
        found += projects.check(project, scene.seen.projects.get(project), department)
    return found


def _month_guard(rule: str, month: Month) -> str:
    """Stands once the rule has allocated of the month: what the rule says of it is said (R1.2)."""
    return f"allocated:{month}:{rule}"


def _guard(scene: Scene, name: str) -> Guard:
    return Guard(name, scene.seen.guards.get(name, 0))


@attrs.define
class EnterRule:
    """A rule, or the next version of one."""

    rule: str
    terms: AllocationTerms
    actor: str
    directory: Directory
    reason: str | None = None
    name: str = "allocation_rule"

    @property
    def subject(self) -> str:
        return rule_card(self.rule)

    def look(self, at: datetime, policy: Policy | None) -> Look:
        named = tuple({project: None for _, project in self.terms.projects})
        guards = (self.subject, *SEEN.guards, *self._reached(at, policy))
        return Look(cards=(self.subject, *SEEN.cards), guards=guards, projects=named)

    def _reached(self, at: datetime, policy: Policy | None) -> dict[str, Month]:
        """The months up to now that the version would be in force for, by the guards of what it allocated of them."""
        first = Month(self.terms.effective.year, self.terms.effective.month)
        months = range(0 if policy is None else policy.calendar.month(at).number - first.number + 1)
        return {_month_guard(self.rule, month): month for month in map(first.plus, months)}

    def _backdated(self, policy: Policy, scene: Scene) -> list[Refusal]:
        """A refusal where a new version would change what a month goes by that is closed, or was allocated (R1.2)."""
        closed, guards = closed_through(scene.seen), scene.seen.guards
        done = [
            month
            for name, month in self._reached(scene.at, policy).items()
            if guards.get(name) or (closed is not None and month <= closed)
        ]
        effective, last = self.terms.effective.isoformat(), str(max(done, default=""))
        return [refusal(Code.ALLOCATION_BACKDATED, rule=self.rule, effective=effective, month=last)] if done else []

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        roster = self.directory.roster(policy.departments, scene.at)
        office = held_office(roster, policy, self.actor, OFFICERS, "R1.2")
        found = list(office) if isinstance(office, tuple) else []
        found += _unknown(policy, self.terms.departments, self.terms.projects, scene)
        card = scene.seen.cards.get(self.subject)
        versions = card.versions if isinstance(card, AllocationRule) else ()
        if versions and versions[-1].effective >= self.terms.effective:
            last, effective = versions[-1].effective.isoformat(), self.terms.effective.isoformat()
            found.append(refusal(Code.ALLOCATION_NOT_LATER, rule=self.rule, last=last, effective=effective))
        elif versions:
            found += self._backdated(policy, scene)
        if found or isinstance(office, tuple):
            return tuple(found)
        record = AllocationRule(self.subject, len(versions) + 1, (*versions, self.terms))
        guards = (_guard(scene, self.subject), guard(scene.seen))
        return Effects(office=office, guards=guards, puts=(Put(record, len(versions)),))


@attrs.define
class Allocate:
    """A month's shared costs go to those who have to bear them."""

    subject: str
    rule: str
    amount: Money | Mapping[str, Money]
    month: Month
    type: str
    bearer: Place | None
    actor: str
    directory: Directory
    reason: str | None = None
    name: str = "allocate"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        card = rule_card(self.rule)
        named = () if self.bearer is None or self.bearer[1] is None else (self.bearer[1],)
        sums = () if policy is None else bearing.sums(self.month, self.type, at, policy)
        guards = (card, _month_guard(self.rule, self.month), *SEEN.guards)
        return Look(cards=(card, *SEEN.cards), guards=guards, projects=named, sums=sums)

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        roster, kind = self.directory.roster(policy.departments, scene.at), kind_of(self.type, policy)
        office = held_office(roster, policy, self.actor, OFFICERS, "R1.2")
        found = [*(office if isinstance(office, tuple) else ()), *self._refused(policy, scene)]
        if kind is None:
            found.append(refusal(Code.TYPE_UNKNOWN, type=self.type))
        # A month goes by what is in force on its last day.
        after = self.month.plus(1)
        last = date(after.year, after.month, 1) - timedelta(days=1)
        card = scene.seen.cards.get(rule_card(self.rule))
        version = card.in_force(last) if isinstance(card, AllocationRule) else None
        if version is None:
            found.append(refusal(Code.ALLOCATION_UNKNOWN, rule=self.rule, day=last.isoformat()))
        else:
            found += self._beyond(version[1], policy, scene)
        if found or version is None or kind is None or isinstance(office, tuple):
            return tuple(found)
        number, terms = version
        result = Allocation.of(terms.costs(self.amount))
        left = [(*each, "") for each in self._left(terms)]
        bore = {place for place, units, _ in left if units}
        places = [(terms.places[name], part.units) for name, part in result.received.items()]
        # What stays with one of those that bore it is not theirs to allocate again.
        moved = [*left, *[(place, units, SETTLED if place in bore else "") for place, units in places]]
        month, corrects = month_of(self.month, closed_through(scene.seen))
        booked = (month, policy.calendar.day(scene.at))
        category, account = under(self.type, policy)
        kept = (category, self.type, account)
        posted = [
            Posting(self.subject, Source.ALLOCATED, n, "", *booked, d, p or "", *kept, units, None, corrects, settled)
            for n, ((d, p), units, settled) in enumerate([each for each in moved if each[1]], 1)
        ]
        heads = {head for each in posted for head in roster.holders(Office.DEPARTMENT_HEAD, each.department)}
        return Effects(
            office=office,
            guards=(
                _guard(scene, rule_card(self.rule)),
                _guard(scene, _month_guard(self.rule, self.month)),
                guard(scene.seen),
            ),
            facts=(self._paper(number, terms, result, scene.at), *posted),
            tell=tuple(sorted(heads)),
        )

    def _refused(self, policy: Policy, scene: Scene) -> list[Refusal]:
        """Why this month's costs of whoever bore them are not allocated now."""
        found: list[Refusal] = []
        if self.bearer is not None:
            department, project = self.bearer
            found += _unknown(policy, (department,), () if project is None else ((department, project),), scene)
        if self.month > policy.calendar.month(scene.at):
            found.append(refusal(Code.ALLOCATION_EARLY, month=str(self.month)))
        return found

    def _left(self, terms: AllocationTerms) -> list[tuple[Place, int]]:
        """What leaves each that bore it; what reaches the receivers makes it 0."""
        costs = terms.costs(self.amount)
        return [(self.bearer or terms.places[pool.name], -pool.amount.units) for pool in costs.pools]

    def _beyond(self, terms: AllocationTerms, policy: Policy, scene: Scene) -> list[Refusal]:
        """A refusal for each that has not so much of the type in the month that may still go out (R1.2)."""
        borne, wanted, currency = bearing.borne(scene.seen.sums, self.month), Counter[Place](), policy.currency
        if terms.costs(self.amount).currency != currency:
            raise ValueError(f"the company's currency is {currency}, not {terms.costs(self.amount).currency}")
        for place, units in self._left(terms):
            wanted[place] -= units
        return [
            refusal(
                Code.ALLOCATION_EXCEEDS,
                place=place_name(place),
                type=self.type,
                month=str(self.month),
                borne=Money(borne[place], currency),
                asked=Money(units, currency),
            )
            for place, units in wanted.items()
            if bearing.beyond(units, borne[place])
        ]

    def _paper(self, number: int, terms: AllocationTerms, result: Allocation, at: datetime) -> Allocated:
        department, project = self.bearer or (None, None)
        of = (self.rule, number, terms.basis, self.month, self.type, department, project)
        return Allocated(self.subject, 1, *of, result, self.actor, at)


def enter(engine: Engine, rule: str, terms: AllocationTerms, actor: str) -> EnterRule:
    """The act of entering a rule; ValueError for terms that could never allocate anything."""
    checks.an_ident("rule", rule)
    if type(terms) is not AllocationTerms:
        raise TypeError(f"terms must be AllocationTerms, not {type(terms).__name__}")
    terms.check()
    return EnterRule(rule, terms, actor, engine.env.directory)


def allocation(
    engine: Engine,
    rule: str,
    amount: Money | Mapping[str, Money],
    month: Month,
    type_: str,
    bearer: Place | None,
    actor: str,
    reason: str | None,
) -> Allocate:
    """The act of allocating; TypeError or ValueError for what is no amount, or one that nobody bore."""
    for name, value in (("rule", rule), ("type", type_)):
        checks.an_ident(name, value)
    a_month(month)
    given = [amount] if isinstance(amount, Money) else [*amount.values()]
    if any(type(each) is not Money for each in given):
        raise TypeError("amount must be Money, or the Money of each pool")
    if isinstance(amount, Money) != (bearer is not None):
        raise ValueError("one cost was borne by a department, which is named; of pools the rule says it")
    if not any(each.units for each in given):
        raise ValueError("there is nothing to allocate")
    env = engine.env
    subject = f"{_SUBJECT}{env.ids.new(env.clock.now())}"
    return Allocate(subject, rule, amount, month, type_, bearer, actor, env.directory, reason)


def reversal(engine: Engine, id: str, actor: str, reason: str) -> Undo:
    """The act of reversing a result; NotFound where there is none. What it posted stays as it is, and is read first."""
    paper, posted = _result(engine, id)
    again = refusal(Code.ALLOCATION_REVERSED, allocation=id)
    # First stands what left each pool.
    left = sum(pool.amount.units != 0 for pool in paper.allocation.costs.pools)
    undone = Undone("reverse_allocation", "R1.2", posted, len(posted), (Space.ALLOCATION, id), again, posted[left:])
    return Undo(undone, actor, reason, engine.env.directory)


def _result(engine: Engine, id: str) -> tuple[Allocated, tuple[Posting, ...]]:
    checks.an_ident("id", id)
    told = engine.env.repository.history(id) if id.startswith(_SUBJECT) else ()
    facts = [fact for _, written in told for fact in written]
    posted = [fact for fact in facts if isinstance(fact, Posting) and fact.reverses is None]
    for fact in facts:
        if isinstance(fact, Allocated):
            return fact, tuple(sorted(posted, key=lambda each: each.number))
    raise NotFound(f"there is no allocation {id!r}")


class Allocations:
    """Acts on rules and results. Each raises Refused with every refusal, and then nothing was done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rule(self, rule: str, terms: AllocationTerms, *, actor: str, key: str | None = None) -> Receipt:
        """Finance enters a rule, or its next version, in force from its day on (R1.2).

        Versions before it stay, for the days before, and for a month that is closed or was allocated by the rule:
        allocation_backdated. ValueError for terms that could never allocate anything.
        """
        return self._engine.perform(enter(self._engine, rule, terms, actor), key=key, asked=(rule, terms))

    def allocate(
        self,
        rule: str,
        amount: Money | Mapping[str, Money],
        *,
        month: Month,
        type: str,
        actor: str,
        key: str,
        department: str | None = None,
        project: str | None = None,
        reason: str | None = None,
    ) -> Receipt:
        """Finance allocates costs of an expense type of a month by the rule's version of then (R1.2).

        One cost was borne by `department`, perhaps for `project`; or the amount of each of the rule's pools is given.
        The receipt's id is the result's. Postings leave whoever bore it and reach the receivers, together 0; where the
        month is closed they stand in the next open one as corrections (R1.3).
        """
        checks.an_ident("key", key)
        bearer = None if department is None else (department, project)
        act = allocation(self._engine, rule, amount, month, type, bearer, actor, reason)
        given = amount if isinstance(amount, Money) else tuple(sorted(amount.items()))
        asked = (rule, given, month, type, department, project, reason)
        return self._engine.perform(act, key=key, asked=asked)

    def reverse(self, id: str, *, actor: str, reason: str, key: str | None = None) -> Receipt:
        """Finance undoes a result, whole and once; what is to be otherwise is allocated anew.

        Refused with allocation_passed_on where somebody has allocated on what reached him by it: that is undone first.
        """
        return self._engine.perform(reversal(self._engine, id, actor, reason), key=key, asked=(id, reason))

    def result(self, id: str) -> Allocated:
        """A result with its inputs and parts; NotFound where there is none."""
        return _result(self._engine, id)[0]

    def results(self, month: Month) -> Sequence[str]:
        """The ids of the results that have postings in a month of the books, reversed ones too, oldest first."""
        where = (("month", str(month)), ("source", Source.ALLOCATED.value))
        (found,) = self._engine.env.repository.look(Look(sums=(Sum("posting_count", ("document",), where),))).sums
        return sorted(id for (id,) in found)

    def known(self, rule: str) -> AllocationRule:
        """A rule with all its versions; NotFound where there is none."""
        id = rule_card(rule)
        found = self._engine.env.repository.look(Look(cards=(id,))).cards.get(id)
        if not isinstance(found, AllocationRule):
            raise NotFound(f"there is no allocation rule {rule!r}")
        return found

    def rules(self, *, after: str = "", limit: int = 100) -> Sequence[AllocationRule]:
        """A page of the rules with all their versions, in the order of their cards' ids."""
        found = self._engine.env.repository.cards((("kind", AllocationRule.kind),), after=after, limit=limit)
        return [card for card in found if isinstance(card, AllocationRule)]
