"""Costs that were paid elsewhere, entered by finance; each once (R1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

import attrs

from ..domain import checks
from ..domain import project as projects
from ..domain.accounting import RecordedCost
from ..domain.bookkeeping import month_of, under
from ..domain.categories import kind_of
from ..domain.content import line_digest
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.posting import Posting, Source
from ..domain.refusals import Code, Refusal, Refused, refusal
from ..domain.vocabulary import Space
from ..ports.directory import Directory
from ..ports.errors import NotFound
from ..ports.repository import Look, Take
from .booking import SEEN, closed_through, guard
from .closing import OFFICERS, held_office
from .effects import Effects
from .engine import Engine, Receipt, Scene, Verdicts
from .undoing import Undo, Undone

PORTION = 256
"""As many costs are recorded by one act."""
_SUBJECT = "costs:"


@attrs.frozen
class Recorded:
    """How many costs were recorded now, and how many were before."""

    recorded: int = 0
    known: int = 0


@attrs.define
class RecordCosts:
    """One act: those of the costs that are not known yet."""

    subject: str
    costs: tuple[RecordedCost, ...]
    actor: str
    directory: Directory
    reason: str | None = None
    name: str = "record_costs"
    recorded: int = attrs.field(default=0, init=False)

    def look(self, at: datetime, policy: Policy | None) -> Look:
        named = tuple(dict.fromkeys(cost.project for cost in self.costs if cost.project is not None))
        taken = tuple([(Space.COST, _key(cost.key)) for cost in self.costs])
        return Look(projects=named, cards=SEEN.cards, guards=SEEN.guards, taken=taken)

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        roster = self.directory.roster(policy.departments, scene.at)
        office = held_office(roster, policy, self.actor, OFFICERS, "R1.1")
        known = {key: said.rpartition(":")[2] for (_, key), said in scene.seen.taken.items()}
        fresh = [cost for cost in self.costs if _key(cost.key) not in known]
        found = dict.fromkeys(office if isinstance(office, tuple) else ())
        for cost in self.costs:
            if known.get(_key(cost.key), cost.digest) != cost.digest:
                found[refusal(Code.COST_DIFFERS, key=cost.key)] = None
        for cost in fresh:
            found.update(dict.fromkeys(_unfit(cost, policy, scene)))
        if found or isinstance(office, tuple):
            return tuple(found)
        closed = closed_through(scene.seen)
        self.recorded = len(fresh)
        return Effects(
            office=office,
            guards=(guard(scene.seen),),
            takes=tuple([taking(cost, self.subject) for cost in fresh]),
            facts=tuple([self._posting(n, cost, policy, closed) for n, cost in enumerate(fresh, 1)]),
        )

    def _posting(self, number: int, cost: RecordedCost, policy: Policy, closed: Month | None) -> Posting:
        category, account = under(cost.type, policy)
        month, corrects = month_of(Month.on(cost.on), closed)
        where = (cost.department, cost.project or "", category, cost.type, account)
        units, key = cost.amount.units, cost.key
        return Posting(
            self.subject, Source.RECORDED, number, "", month, cost.on, *where, units, corrects=corrects, reference=key
        )


def _key(key: str) -> str:
    """What a cost's key is taken under: keys that follow each other stand side by side in an index."""
    return line_digest(("costs", key[:-4]))[:8] + line_digest(("cost", key))[:56]


def taking(cost: RecordedCost, subject: str) -> Take:
    """A cost's key, taken by what recorded it and what it was: under a known key another cost is told from the same."""
    return Take(Space.COST, _key(cost.key), f"{subject}:{cost.digest}", ever=True)


def _unfit(cost: RecordedCost, policy: Policy, scene: Scene) -> Iterator[Refusal]:
    if cost.amount.currency != policy.currency:
        raise ValueError(f"the company's currency is {policy.currency}, not {cost.amount.currency}")
    if cost.department not in policy.departments:
        yield refusal(Code.DEPARTMENT_OUT_OF_SCOPE, department=cost.department)
    if kind_of(cost.type, policy) is None:
        yield refusal(Code.TYPE_UNKNOWN, type=cost.type)
    yield from projects.check(cost.project, scene.seen.projects.get(cost.project or ""), cost.department, cost.on)
    today = policy.calendar.day(scene.at)
    if cost.on > today:
        yield refusal(Code.COST_NOT_YET, key=cost.key, day=cost.on.isoformat(), today=today.isoformat())


class Costs:
    """Acts on costs that were paid elsewhere."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, costs: Iterable[RecordedCost], *, actor: str) -> Recorded:
        """A finance officer enters costs that were paid elsewhere, each under its key once for ever (R1.1).

        They count in the month they happened in, or, where that is closed, in the next open one as corrections (R1.3).
        No money is paid by it, and no budget line bears it. It goes by portions of one act each: a portion with a
        refusal is refused whole, those before it stay, and doing it again skips what is known: under a known key
        another cost is refused. What is held in memory is a portion.
        """
        found, rows = Recorded(), iter(costs)
        while portion := tuple(islice(rows, PORTION)):
            act = self.recording(portion, actor)
            if self._fresh(portion):
                self._engine.perform(act)
            elif refused := self._engine.consider(act).refusals:
                raise Refused(refused)
            found = Recorded(found.recorded + act.recorded, found.known + len(portion) - act.recorded)
        return found

    def _fresh(self, costs: tuple[RecordedCost, ...]) -> bool:
        """Whether one of them is not known yet: an act of nothing is none, and only considered."""
        taken = tuple([(Space.COST, _key(cost.key)) for cost in costs])
        return len(self._engine.env.repository.look(Look(taken=taken)).taken) < len(taken)

    def recording(self, costs: tuple[RecordedCost, ...], actor: str) -> RecordCosts:
        """The act of one portion; a caller's mistake is told."""
        for cost in costs:
            if type(cost) is not RecordedCost:
                raise TypeError(f"a cost must be RecordedCost, not {type(cost).__name__}")
        if len({cost.key for cost in costs}) < len(costs):
            raise ValueError("each cost has a key of its own")
        env = self._engine.env
        return RecordCosts(f"{_SUBJECT}{env.ids.new(env.clock.now())}", costs, actor, env.directory)

    def reverse(self, key: str, *, actor: str, reason: str) -> Receipt:
        """A finance officer undoes a recorded cost, whole and once, by a posting of its own; NotFound without it."""
        return self._engine.perform(self.reversal(key, actor, reason))

    def reversal(self, key: str, actor: str, reason: str) -> Undo:
        """The act; what it undoes stays as it was posted, and is read first."""
        checks.an_ident("key", key)
        store, place = self._engine.env.repository, (Space.COST, _key(key))
        said = store.look(Look(taken=(place,))).taken.get(place)
        told = () if said is None else store.history(said.rpartition(":")[0])
        for _, facts in told:
            for fact in facts:
                if isinstance(fact, Posting) and fact.reference == key and fact.reverses is None:
                    place, again = (Space.COST, line_digest(("reversed", key))), refusal(Code.COST_REVERSED, key=key)
                    # Those of the act that recorded it are numbered from 1: what undoes one comes after all of them.
                    undone = Undone("reverse_cost", "R1.1", (fact,), PORTION, place, again)
                    return Undo(undone, actor, reason, self._engine.env.directory)
        raise NotFound(f"there is no recorded cost {key!r}")
