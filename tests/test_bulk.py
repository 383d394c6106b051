"""Many acts in one call are the acts one after the other: the same receipts, refusals and rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timezone
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository
from expense_policy.domain.application import Application, Payee, Share
from expense_policy.domain.approval import Approve, Reject, Return, Verdict
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.content import Row
from expense_policy.domain.holds import Line, Move
from expense_policy.domain.organisation import Holding
from expense_policy.domain.periods import Month
from expense_policy.domain.policy import Policy
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Space
from expense_policy.ports.errors import Conflict, RepositoryError, RepositoryUnavailable
from expense_policy.ports.repository import Batch, Free, Guard, Look, Repository, Seen, Take
from expense_policy.services import bulk
from expense_policy.services.ahead import Ahead, joined, together
from expense_policy.services.budgeting import BudgetActs
from expense_policy.services.bulk import Ask, Bulk, Done, NotDone, Outcome
from expense_policy.services.desk import Desk
from expense_policy.services.engine import Act, Engine, looked
from expense_policy.services.policies import adoption
from expense_policy.services.spending import Acts, ToApply, ToPay, ToSign
from expense_policy.services.verification import verify
from expense_policy.testing.batches import Clerk, asked, payee
from expense_policy.testing.company import CountedIds

from .servers import Postgres
from .world import PEOPLE, POLICY, World, cny

POINTS = ("necessity", "reasonableness", "budget", "legality", "compliance", "accuracy", "invoices")
ALL: Verdict = Approve("Fine.", dict.fromkeys((*POINTS, "finances", "cash", "interest", "effect", "benefit"), True))
VERDICTS = (ALL, ALL, ALL, ALL, ALL, Return("Explain."), Reject("No."), Approve(" ", {}))
ACTORS = ("head.mkt", "officer", "cfo", "deputy", "gm", "li.na", "cashier", "two")
# The second is the first by its name, the third by its account.
PAYEES = (Payee("A", "1"), Payee("a", "2"), Payee("C", "1"), *(Payee(f"P{i}", f"9{i}") for i in range(5)))
AMOUNTS = ("10.00", "100.00", "400.00", "70000.00")
PAID = ("300.00", "300.00", "300.00", "100.00", "100.00", "0.01", "150.00", "999.00")
LINES = ("mkt-gifts", "mkt-gifts-2", "cs-gifts")
NOW = datetime(2026, 1, 20, 1, 0, tzinfo=timezone.utc)

Asked = tuple[Act, str | None, object]


class Refusing:
    """A store that refuses some commits: with Conflict, and as a law where several come at once."""

    def __init__(self, inner: Repository, refuse: Sequence[str] = ()) -> None:
        self._inner, self._refuse = inner, iter(refuse)
        self.before: Callable[[], object] | None = None

    def commit(self, *batches: Batch) -> None:
        """Refuses, or commits; `before` is what somebody else does first."""
        before, self.before = self.before, None
        if before is not None:
            before()
        answer = next(self._refuse, "")
        if answer == "conflict":
            raise Conflict("somebody else was faster")
        if answer == "law" and len(batches) > 1:
            raise RepositoryError("one of them breaks a law")
        if answer == "gone":
            raise RepositoryUnavailable("the line is cut", outcome_known=True)
        self._inner.commit(*batches)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@attrs.frozen
class Case:
    """A company in the middle of its work: applications at every stage, and a plan that waits for its signatures."""

    world: World
    forms: tuple[Application, ...]
    inner: Repository

    @classmethod
    def on(cls, inner: Repository, refuse: Sequence[str] = ()) -> Case:
        """The same company, with the same ids and instants, on a store that refuses so many of its later commits."""
        people = (*PEOPLE, Holding("finance_officer", "two"), Holding("cashier", "two"))
        opened = World.open(inner, people)
        world = _world(opened, inner)
        for person in ("cfo", "gm"):
            world.desk.policies.adopt(POLICY, actor=person)
        world.clock.at = NOW
        lines = (PlanLine("mkt-gifts", "care_gifts", "G", cny("100000.00")),)
        small = PlanLine("mkt-gifts-2", "care_gifts", "More", cny("700.00"))
        world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, (*lines, small)), actor="mei").id)
        other = BudgetPlan("customer_service", 2026, (PlanLine("cs-gifts", "care_gifts", "G", cny("900.00")),))
        world.desk.budgeting.file(other, actor="mei")
        forms = []
        for number, signed in enumerate((0, 0, 0, 1, 1, 2, 3, 4, 4, 4, 4)):
            form = world.gift("300.00", payee=PAYEES[number % 8])
            id = world.apply(form).id
            for _ in range(signed):
                world.sign(id)
            forms.append(form)
        return cls(_world(world, Refusing(inner, refuse)), tuple(forms), inner)

    @property
    def engine(self) -> Engine:
        """What does the acts."""
        return Engine(self.world.desk.env)

    def asked(self, ops: Sequence[tuple[Any, ...]]) -> list[Asked]:
        """The acts of a list of plans, made before any of them is done."""
        acts = Acts(self.engine)
        return [self._asked(acts, *op) for op in ops]

    def _asked(self, acts: Acts, op: str, which: int, a: int, b: int, number: int) -> Asked:
        """An act that may be done, mostly; where `b` is 7, whatever comes."""
        desk, key = self.world.desk, f"{op}-{number}" if number % 2 else None
        rows = {row.id: row.status for row in desk.find()}
        wanted = {"sign": ("in_review",), "pay": ("approved",), "use": ("approved",)}.get(op, (*rows.values(),))
        ids = [id for id, status in rows.items() if b == 7 or status in wanted]
        id = ids[which % len(ids)] if ids else next(iter(rows))
        document = desk.document(id)
        form = document.content if isinstance(document.content, Application) else self.forms[0]
        if op in ("apply", "revise"):
            amount, line = cny(AMOUNTS[a % 4]), LINES[max(b - 3, 0) % 3]
            form = self.world.gift(AMOUNTS[a % 4], payee=PAYEES[which % len(PAYEES)], shares=(Share(line, amount),))
            form = attrs.evolve(form, purpose=" " if b == 7 else "Gifts")
            if op == "apply":
                return acts.submit(None, form, "li.na"), f"{op}-{number}", form.digest
            return acts.submit(id, form, "li.na"), key, (id, form.digest)
        if op == "sign":
            seen, verdict = "0" * 64 if (a, b) == (7, 7) else document.statement, VERDICTS[a]
            actor = ACTORS[a] if b == 7 or document.step is None else self.world.signer(document)
            return acts.sign("nobody's" if (a, b) == (6, 7) else id, seen, actor, verdict), key, (id, seen, verdict)
        if op == "pay":
            given = attrs.evolve(self.world.instruction(form), amount=cny(PAID[a]))
            return acts.pay(id, given, "two" if b == 7 else "cashier"), f"pay-{number}", (id, given)
        if op == "use":
            uses = tuple(GiftIssued(date(2026, 1, 20), f"C{i % 2}") for i in range(a % 4))
            return acts.use(id, uses, "li.na", "Late." if a % 2 else None, settle=a < 4), key, (id, uses)
        if op == "adopt":
            text = POLICY.replace("2026.1", f"2026.{a % 3 + 2}").replace("2026-01-01", f"2026-0{b % 2 + 3}-01")
            return adoption(self.engine, text, ("cfo", "gm")[number % 2]), key, text
        if op == "file":
            plan = BudgetPlan("customer_service", 2026 + a % 3, (PlanLine(f"l{b}", "care_gifts", "G", cny("50.00")),))
            return BudgetActs(self.engine).file(None, plan, "mei"), f"{op}-{number}", plan.digest
        return acts.end(("withdraw", "close")[a % 2], id, "li.na", "Enough."), key, id

    def rows(self) -> list[Row]:
        """Every row that stands, and every notice."""

        def faulty(where: str, why: str) -> None:
            raise AssertionError((where, why))

        told = [("notice", n.key, n.about, *n.to) for n in self.inner.notices(NOW, 10_000)]
        return sorted([*self.inner.standing(faulty), *told])


def _world(world: World, repository: Any) -> World:
    env = world.desk.env
    desk = Desk.open(
        repository=repository,
        directory=env.directory,
        notifier=world.notices,
        evidence=world.evidence,
        clock=world.clock,
        ids=env.ids if isinstance(env.ids, CountedIds) else CountedIds(),
    )
    return attrs.evolve(world, desk=desk)


def alone(engine: Engine, asked: Asked) -> Outcome:
    """What becomes of an act by itself."""
    act, key, what = asked
    try:
        return Done(engine.perform(act, key=key, asked=what))
    except (Refused, RepositoryError, ValueError) as error:
        return NotDone(error)


def told(outcomes: Sequence[Outcome]) -> list[tuple[str, object]]:
    """Outcomes as they can be compared."""
    return [
        ("done", each.receipt) if isinstance(each, Done) else (type(each.error).__name__, str(each.error))
        for each in outcomes
    ]


@contextmanager
def groups_of(size: int) -> Iterator[None]:
    """Groups no larger than this."""
    was, bulk.GROUP = bulk.GROUP, size
    try:
        yield
    finally:
        bulk.GROUP = was


KINDS = st.sampled_from(("apply", "apply", "sign", "sign", "pay", "use", "revise", "end", "file", "adopt"))
DIGIT = st.integers(0, 7)
KEY = st.integers(0, 23)
MIXED = st.lists(st.lists(st.tuples(KINDS, KEY, DIGIT, DIGIT, KEY), min_size=2, max_size=10), min_size=1, max_size=3)
ONE_KIND = st.sampled_from(("apply", "sign", "pay", "file", "adopt")).flatmap(
    lambda kind: st.lists(st.tuples(st.just(kind), KEY, DIGIT, DIGIT, KEY), min_size=3, max_size=12)
)
LISTS = MIXED | st.lists(ONE_KIND, min_size=1, max_size=3)
PHASES = (Phase.generate,) if os.environ.get("EXPENSE_POLICY_NO_SHRINKING") else tuple(Phase)
REFUSE = st.lists(st.sampled_from(("", "", "conflict", "law")), max_size=12)


def _fold_and_bulk(one: Case, many: Case, lists: Sequence[Sequence[tuple[Any, ...]]], size: int) -> None:
    for ops in lists:
        singly, together = one.asked(ops), many.asked(ops)
        expected = [alone(one.engine, each) for each in singly]
        with groups_of(size):
            found = Bulk(many.engine).perform([Ask.of(*each) for each in together])
        assert told(found) == told(expected)
        assert many.rows() == one.rows()
    assert verify(many.inner).breaks == ()


@pytest.mark.clause("A3.2", "A4.1", "B2.1")
@settings(max_examples=120, deadline=None, phases=PHASES)
@given(lists=LISTS, refuse=REFUSE, size=st.sampled_from((2, 5, 256)))
def test_bulk_is_the_fold_of_single_acts(
    lists: Sequence[Sequence[tuple[Any, ...]]], refuse: Sequence[str], size: int
) -> None:
    """Whatever acts are asked for at once, in memory: outcomes and rows are those of one act after the other."""
    _fold_and_bulk(Case.on(MemoryRepository()), Case.on(MemoryRepository(), refuse), lists, size)


@pytest.mark.clause("A3.2", "A4.1", "B2.1")
@settings(max_examples=12, deadline=None, phases=PHASES)
@given(lists=LISTS, refuse=REFUSE, size=st.sampled_from((3, 256)))
def test_bulk_is_the_fold_on_sqlite(
    lists: Sequence[Sequence[tuple[Any, ...]]], refuse: Sequence[str], size: int
) -> None:
    """The same on SQLite."""
    with TemporaryDirectory() as folder:
        one, many = (SqlRepository(f"sqlite:///{folder}/{name}.db") for name in ("one", "many"))
        try:
            _fold_and_bulk(Case.on(one), Case.on(many, refuse), lists, size)
        finally:
            one.close()
            many.close()


@pytest.fixture(scope="module")
def pair(postgres: Postgres) -> Iterator[Callable[[], tuple[SqlRepository, SqlRepository]]]:
    """Two stores on PostgreSQL, emptied whenever they are asked for."""
    with postgres.database() as one, postgres.database() as many:
        stores = SqlRepository(one, connections=1), SqlRepository(many, connections=1)

        def emptied() -> tuple[SqlRepository, SqlRepository]:
            postgres.empty(one)
            postgres.empty(many)
            return stores

        yield emptied
        for store in stores:
            store.close()


@pytest.mark.clause("A3.2", "A4.1", "B2.1")
@settings(max_examples=12, deadline=None, phases=PHASES)
@given(lists=LISTS, refuse=REFUSE, size=st.sampled_from((3, 256)))
def test_bulk_is_the_fold_on_postgres(
    pair: Callable[[], tuple[SqlRepository, SqlRepository]],
    lists: Sequence[Sequence[tuple[Any, ...]]],
    refuse: Sequence[str],
    size: int,
) -> None:
    """The same on PostgreSQL."""
    one, many = pair()
    _fold_and_bulk(Case.on(one), Case.on(many, refuse), lists, size)


@pytest.mark.clause("B2.1", "A3.6")
@settings(max_examples=200, deadline=None, phases=PHASES)
@given(lists=LISTS)
def test_what_is_foretold_is_what_the_store_says(lists: Sequence[Sequence[tuple[Any, ...]]]) -> None:
    """An act that goes together with others is shown what the store would show it after each of those before it."""
    case = Case.on(MemoryRepository())
    for ops in lists:
        asks = [Ask.of(*each) for each in case.asked(ops)]
        while asks:
            asks = asks[_foretold(case, asks) :]


def _foretold(case: Case, asks: Sequence[Ask]) -> int:
    """Commits each act of a group before the next one is compared; how many went together."""
    engine, store = case.engine, case.inner
    group: dict[str, list[Look]] = {}

    def look(at: datetime, policy: Policy | None) -> Look:
        group["looks"] = together(looked(ask.act, ask.key, (), at, policy) for ask in asks)
        return joined(group["looks"])

    scene = engine.scene(look)
    ahead = Ahead(joined(group["looks"]), scene.seen)
    for ask, each in zip(asks, group["looks"], strict=False):
        seen = ahead.answer(each)
        assert seen == store.look(each)
        with suppress(Refused, RepositoryError, ValueError):
            found = engine.decided(ask.act, attrs.evolve(scene, seen=seen), ask.key)
            if isinstance(found, Batch):
                store.commit(found)
                ahead.follow(found)
    return len(group["looks"])


@pytest.mark.clause("B2.1")
def test_whatever_a_batch_does_is_foretold() -> None:
    """Guards, records, lines, moves, keys taken and given back, chains: told as the store tells them afterwards."""
    store = MemoryRepository()
    clerk = Clerk(store)
    clerk.opens()
    clerk.does("s", takes=(Take(Space.PLAN, "back", "s"), Take(Space.PLAN, "kept", "s")))
    look = Look(
        keys=("k",),
        subjects=("s", "t"),
        payees=("p", "q"),
        lines=("gifts", "l2"),
        guards=("g", "h"),
        taken=((Space.PLAN, "back"), (Space.PLAN, "kept"), (Space.VOUCHER, "v")),
    )
    ahead = Ahead(look, store.look(look))
    first = clerk.batch(
        "s",
        key=asked("k"),
        guards=(Guard("g", 0),),
        puts=(payee("p"),),
        lines=(Line("l2", "marketing", 2026, "care_gifts", "More", None, "plan"),),
        moves=(Move("gifts", reserved=7), Move("l2", in_force=9)),
        takes=(Free(Space.PLAN, "back", "s"), Take(Space.VOUCHER, "v", "s")),
    )
    second = clerk.batch("s", after=first, guards=(Guard("g", 1),), puts=(payee("p", 2),), closes=Month(2026, 1))
    for batch in (first, second):
        store.commit(batch)
        ahead.follow(batch)
        assert ahead.answer(look) == store.look(look)


@pytest.mark.clause("A3.2", "A4.1", "A1.1")
def test_a_stack_and_a_run(world: World) -> None:
    """A head signs a stack, a cashier pays a run: one refused item stops no other, and each is told in its place."""
    spending = world.desk.spending
    forms = [world.gift("300.00", payee=Payee(f"S{i}", f"9{i}")) for i in range(5)]
    applied = spending.apply_many([ToApply(form, f"f{i}") for i, form in enumerate(forms)], actor="li.na")
    receipts = [each.receipt for each in applied if isinstance(each, Done)]
    assert len(receipts) == 5
    for person in ("head.mkt", "officer", "cfo", "deputy"):
        stack = [ToSign(receipt.id, receipt.statement or "", ALL) for receipt in receipts]
        stack.insert(2, ToSign(receipts[4].id, "0" * 64, ALL))
        signed = spending.sign_many(stack, actor=person)
        assert [type(each) for each in signed] == [Done, Done, NotDone, Done, Done, Done]
        assert isinstance(signed[2], NotDone)
        assert Code.STATEMENT_STALE in {refusal.code for refusal in signed[2].refusals}
    due = [(receipt.id, world.instruction(form)) for receipt, form in zip(receipts, forms, strict=True)]
    run = [ToPay(id, instruction, f"p{i}") for i, (id, instruction) in enumerate(due)]
    paid = spending.pay_many([*run, run[0], attrs.evolve(run[1], key="again")], actor="cashier")
    assert [type(each) for each in paid] == [Done] * 6 + [NotDone]
    assert paid[5] == paid[0]
    assert world.desk.document(receipts[1].id).paid == 30000
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("B1.5", "B2.1")
def test_lines_that_a_stack_opens_are_applied_for(world: World) -> None:
    """A plan is signed in bulk as an application is; the last money of a line goes to the first who asks for it."""
    plan = BudgetPlan("customer_service", 2026, (PlanLine("cs", "care_gifts", "G", cny("500.00")),))
    id = world.desk.budgeting.file(plan, actor="mei").id
    seen = world.desk.document(id).statement
    for person in ("officer", "cfo", "gm"):
        (signed,) = world.desk.spending.sign_many([ToSign(id, seen, ALL)], actor=person)
    assert isinstance(signed, Done)
    amount = cny("200.00")
    forms = [
        world.gift(
            "200.00", department="customer_service", shares=(Share("cs", amount),), payee=Payee(f"S{i}", f"9{i}")
        )
        for i in range(4)
    ]
    found = world.desk.spending.apply_many([ToApply(form, f"f{i}") for i, form in enumerate(forms)], actor="deng.li")
    assert [type(each) for each in found] == [Done, Done, NotDone, NotDone]
    assert isinstance(found[2], NotDone)
    assert [refusal.code for refusal in found[2].refusals] == [Code.BUDGET_EXCEEDED]


@pytest.mark.clause("G3.4")
def test_a_call_that_came_to_no_end_is_repeated(world: World) -> None:
    """A call whose store went away in the middle is made again: the same receipts, and nothing is done twice (I20)."""
    repository = world.desk.env.repository
    away = _world(world, Refusing(repository, ("", "gone")))
    items = [ToApply(world.gift("10.00", payee=Payee(f"S{i}", f"9{i}")), f"f{i}") for i in range(9)]
    with groups_of(3):
        with pytest.raises(RepositoryUnavailable):
            away.desk.spending.apply_many(items, actor="li.na")
        assert len(world.desk.find(type="holiday_gift")) == 3
        first = world.desk.spending.apply_many(items, actor="li.na")
        second = world.desk.spending.apply_many(items, actor="li.na")
    assert first == second
    assert len(world.desk.find(type="holiday_gift")) == 9


@pytest.mark.clause("A3.2", "A3.3")
def test_a_rival_in_between(world: World) -> None:
    """What somebody else did between look and commit counts: the group looks again, and only his item is refused."""
    receipts = [world.apply(world.gift("10.00", payee=Payee(f"S{i}", f"9{i}"))) for i in range(4)]
    store = Refusing(world.desk.env.repository)
    mine = _world(world, store)
    store.before = lambda: world.desk.spending.withdraw(receipts[2].id, actor="li.na")
    stack = [ToSign(receipt.id, receipt.statement or "", ALL) for receipt in receipts]
    found = mine.desk.spending.sign_many(stack, actor="head.mkt")
    assert [type(each) for each in found] == [Done, Done, NotDone, Done]
    assert isinstance(found[2], NotDone)
    assert [refusal.code for refusal in found[2].refusals] == [Code.STATUS_WRONG]


@pytest.mark.clause("X2")
def test_a_clock_that_was_set_back_costs_a_look(world: World) -> None:
    """An item whose chain's last entry is later than the clock is done at that entry's instant, as by itself (I23)."""
    late = world.apply(world.gift("10.00", payee=Payee("L", "1")))
    world.clock.forward(minutes=-5)
    items = [world.apply(world.gift("10.00", payee=Payee(f"S{i}", f"9{i}"))) for i in range(2)]
    stack = [ToSign(receipt.id, receipt.statement or "", ALL) for receipt in (items[0], late, items[1])]
    found = world.desk.spending.sign_many(stack, actor="head.mkt")
    at = [each.receipt.at - world.clock.at for each in found if isinstance(each, Done)]
    assert [each.total_seconds() for each in at] == [0, 300, 0]


@pytest.mark.clause("X2")
def test_what_is_adopted_on_the_way_counts() -> None:
    """A version that is adopted by two acts of a call stands in the way of the third, which takes its day."""
    case = Case.on(MemoryRepository())
    text = POLICY.replace("effective = 2026-01-01", "effective = 2026-05-01")
    versions = [(text.replace("2026.1", name), actor) for name, actor in (("b", "cfo"), ("b", "gm"), ("c", "cfo"))]
    asks = [Ask.of(adoption(case.engine, text, actor), None, None) for text, actor in versions]
    found = Bulk(case.engine).perform(asks)
    assert [type(each) for each in found] == [Done, Done, NotDone]
    assert isinstance(found[2], NotDone)
    assert [refusal.code for refusal in found[2].refusals] == [Code.EFFECTIVE_DAY_TAKEN]


class _Counting(MemoryRepository):
    """A store that counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = self.commits = 0

    def look(self, at: Look) -> Seen:
        """Counts, and answers."""
        self.looks += 1
        return super().look(at)

    def commit(self, *batches: Batch) -> None:
        """Counts, and commits."""
        self.commits += 1
        super().commit(*batches)


def test_a_group_is_one_look_and_one_commit() -> None:
    """Acts that have nothing to do with each other share a look and a commit, 256 at a time at most."""
    store = _Counting()
    world = World.with_budget(store)
    forms = [world.gift("1.00", payee=Payee(f"S{i}", f"9{i}")) for i in range(300)]
    store.looks = store.commits = 0
    found = world.desk.spending.apply_many([ToApply(form, f"f{i}") for i, form in enumerate(forms)], actor="li.na")
    assert (store.looks, store.commits) == (2, 2)
    store.looks = store.commits = 0
    receipts = [each.receipt for each in found if isinstance(each, Done)]
    world.desk.spending.sign_many([ToSign(r.id, r.statement or "", ALL) for r in receipts], actor="head.mkt")
    assert (store.looks, store.commits) == (2, 2)


def test_an_item_of_another_kind_is_the_callers_mistake(world: World) -> None:
    """A wrong item, actor or key is told before anything is done."""
    good = ToApply(world.gift("10.00"), "f1")
    for items, actor in (((good, object()), "li.na"), ((good,), " li.na")):
        with pytest.raises((TypeError, ValueError)):
            world.desk.spending.apply_many(items, actor=actor)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(ValueError, match="key"):
        attrs.evolve(good, key=" ")
    assert world.desk.find(type="holiday_gift") == []
