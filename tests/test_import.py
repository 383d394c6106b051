"""Many use records at once: what single acts would record, each row once, whatever comes between (C8)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from typing import Any, get_args

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from expense_adapters.local import FixedCustomers
from expense_adapters.memory import MemoryRepository
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories import EffectMeasured, Use, UseRow
from expense_policy.domain.categories.effect import Effect
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.categories.recording import once_key, row_key
from expense_policy.domain.categories.repair import ExpectedRepairs, Repair, Repaired
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.customers import Customer
from expense_policy.domain.refusals import Code, Refused
from expense_policy.ports.errors import Conflict, NotFound, RepositoryUnavailable
from expense_policy.ports.repository import Batch, Look, Repository, Seen
from expense_policy.services import importing
from expense_policy.services.desk import Desk
from expense_policy.services.importing import Fault, Imported, Keep, Keyed, Unreadable
from expense_policy.services.verification import verify

from .world import World, cny

PHASES = (Phase.generate,) if os.environ.get("EXPENSE_POLICY_NO_SHRINKING") else tuple(Phase)
NOON = datetime(2026, 1, 5, 4, 0, tzinfo=timezone.utc)
Item = Keyed | Unreadable


@contextmanager
def portions_of(size: int) -> Iterator[None]:
    """Portions no larger than this."""
    was, importing.PORTION = importing.PORTION, size
    try:
        yield
    finally:
        importing.PORTION = was


def opened(repository: Repository, recipients: int = 100) -> tuple[World, str]:
    """A campaign that was approved, on the day after."""
    world = World.with_budget(repository)
    id = world.apply(world.sms(recipients)).id
    world.sign_all(id)
    world.clock.forward(days=1)
    return world, id


def through(world: World, inner: Repository) -> Desk:
    """The same company over another way to its store."""
    env = world.desk.env
    return Desk.open(
        repository=inner, directory=env.directory, notifier=world.notices, evidence=env.evidence, clock=env.clock
    )


def numbered(uses: Sequence[Use], first: int = 0) -> tuple[Keyed, ...]:
    """Each under a key of its own."""
    return tuple(Keyed(f"m{i}", use, f"row {i + 2}") for i, use in enumerate(uses, first))


def sent(count: int, first: int = 0) -> tuple[Keyed, ...]:
    """So many messages, each to somebody else."""
    return numbered([SmsSent(NOON, f"C{i}") for i in range(first, first + count)], first)


def put(
    desk: Desk, id: str, items: Sequence[Item], *, reason: str | None = None, keep: Keep = "good", actor: str = "li.na"
) -> tuple[Imported, list[Fault]]:
    """Imports the rows: the counts, and what is wrong."""
    faults: list[Fault] = []
    found = desk.spending.record_use_many(
        id, lambda: iter(items), actor=actor, reason=reason, keep=keep, faulty=faults.append
    )
    assert found.faulty == len(faults)
    return found, faults


class Failing:
    """A store that fails after so many of its commits; `before` is what somebody else does before each."""

    def __init__(self, inner: Repository, commits: int, before: Callable[[], object] | None = None) -> None:
        self._inner, self.left, self._before = inner, commits, before

    def commit(self, *batches: Batch) -> None:
        """Commits, or is gone."""
        if self._before is not None:
            self._before()
        if self.left == 0:
            raise RepositoryUnavailable("the line is cut", outcome_known=False)
        self.left -= 1
        self._inner.commit(*batches)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


# Few recipients and days, so that limits are met; keys and places that come twice; what can't be read, what is to come.
ROWS = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.sampled_from(("C1", "C2", "C3")),
        st.sampled_from((0, 1, 8, 30 * 24)),
        st.sampled_from((None, None, None, "Good day", "长" * 300, " ")),
    ),
    max_size=30,
)


def _items(rows: Sequence[tuple[int, str, int, str | None]], unreadable: int) -> list[Item]:
    found: list[Item] = []
    for place, (key, recipient, hours, text) in enumerate(rows):
        use = SmsSent(NOON + timedelta(hours=hours), recipient, text)
        found.append(Keyed(f"m{key}", use, f"row {place}"))
        if place == unreadable:
            found.append(Unreadable("row ?", "no row"))
    return found


def _singly(world: World, id: str, items: Sequence[Item], reason: str | None) -> list[tuple[str, set[Code]]]:
    """Each by itself, and what was refused."""
    keys, faults = set[str](), list[tuple[str, set[Code]]]()
    for item in items:
        if isinstance(item, Unreadable) or item.key in keys:
            faults.append((item.where, set()))
            continue
        keys.add(item.key)
        try:
            world.desk.spending.record_use(id, (item.use,), actor="li.na", reason=reason)
        except Refused as refused:
            faults.append((item.where, {each.code for each in refused.refusals}))
    return faults


def _kept(world: World, id: str) -> tuple[list[UseRow], int, int]:
    document = world.desk.document(id)
    rows = [attrs.evolve(row, document="") for row in world.desk.uses(id)]
    return sorted(rows, key=lambda row: row.number), document.used, document.use_rows


@pytest.mark.clause("C8", "C3.3")
@settings(max_examples=150, deadline=None, phases=PHASES)
@given(ROWS, st.integers(0, 9), st.sampled_from((None, "Late.", " ")), st.sampled_from((1, 3, 7, 100)), st.booleans())
def test_an_import_is_the_fold_of_single_acts(
    rows: list[tuple[int, str, int, str | None]], unreadable: int, reason: str | None, size: int, whole: bool
) -> None:
    """Rows, flags, balance and faults are those of one act after the other; with keep none, or nothing at all."""
    items = _items(rows, unreadable)
    (one, single), (many, id) = opened(MemoryRepository(), 12), opened(MemoryRepository(), 12)
    expected = _singly(one, single, items, reason)
    with portions_of(size):
        found, faults = put(many.desk, id, items, reason=reason, keep="none" if whole else "good")
    assert [(f.where, {each.code for each in f.refusals}) for f in faults] == expected
    if whole and expected:
        assert (_kept(many, id), found.recorded) == (([], 0, 0), 0)
    else:
        assert _kept(many, id) == _kept(one, single)
        assert found == Imported(len(_kept(one, single)[0]), 0, len(expected))
    assert verify(many.desk.env.repository).breaks == ()


@pytest.mark.clause("C8", "C3.3")
def test_an_import_is_recorded_on_every_store(repository: Repository) -> None:
    """On each store: counted over portions and over what stands there, flagged with the reason, found clean."""
    world, id = opened(repository)
    world.desk.spending.record_use(id, (SmsSent(NOON, "C1"), SmsSent(NOON, "C1")), actor="li.na")
    items = [*numbered([SmsSent(NOON + timedelta(minutes=i), "C1") for i in range(4)]), *sent(40, 10)]
    with portions_of(3):
        bare, faults = put(world.desk, id, items)
        assert (bare, [f.where for f in faults]) == (Imported(42, 0, 2), ["row 4", "row 5"])
        assert {each.code for each in faults[0].refusals} == {Code.STANDARD_BROKEN, Code.REASON_MISSING}
        assert "row" not in faults[0].text()
        explained, _ = put(world.desk, id, items, reason="They asked for it.")
    assert explained == Imported(2, 42, 0)
    flagged = [row for row in world.desk.uses(id) if row.broken]
    assert [(row.recipient, row.broken, row.reason) for row in flagged] == [
        ("C1", ("messages_a_month",), "They asked for it.")
    ] * 2
    assert world.desk.document(id).used == 46 * 5
    assert verify(repository).breaks == ()


@pytest.mark.clause("C8")
def test_a_repeat_records_nothing(repository: Repository) -> None:
    """The same log again is known, row by row, and no entry is made; a longer one adds what is new."""
    world, id = opened(repository)
    with portions_of(7):
        assert put(world.desk, id, sent(20))[0] == Imported(20, 0, 0)
        before = len(list(world.desk.history(id)))
        assert put(world.desk, id, sent(20))[0] == Imported(0, 20, 0)
        assert put(world.desk, id, sent(20), keep="none")[0] == Imported(0, 20, 0)
        assert len(list(world.desk.history(id))) == before
        assert put(world.desk, id, sent(25))[0] == Imported(5, 20, 0)
    assert [row.number for row in world.desk.uses(id)] == list(range(1, 26))


@pytest.mark.parametrize("commits", range(4))
def test_an_import_that_is_cut_off_is_done_again(repository: Repository, commits: int) -> None:
    """Wherever the store goes, what was told stays, and the repeat does the rest and no row twice."""
    world, id = opened(repository)
    told: list[Imported] = []
    items = sent(20)
    with portions_of(6):
        desk = through(world, Failing(repository, commits))
        with pytest.raises(RepositoryUnavailable):
            desk.spending.record_use_many(id, lambda: items, actor="li.na", told=told.append)
        done = told[-1].recorded if told else 0
        assert (done, world.desk.document(id).use_rows) == (commits * 6, commits * 6)
        assert put(world.desk, id, items)[0] == Imported(20 - done, done, 0)
    assert sorted(row.recipient for row in world.desk.uses(id)) == sorted(f"C{i}" for i in range(20))
    assert verify(repository).breaks == ()


@pytest.mark.clause("C8")
def test_all_or_none_writes_nothing_for_one_fault(repository: Repository) -> None:
    """A fault in the last portion, and nothing of the first is written; without it all is."""
    world, id = opened(repository)
    late = Keyed("late", SmsSent(NOON + timedelta(days=30), "C1"), "row 99")
    before = list(world.desk.history(id))
    with portions_of(5):
        found, faults = put(world.desk, id, [*sent(23), late], keep="none")
        assert (found, [f.where for f in faults]) == (Imported(0, 0, 1), ["row 99"])
        assert list(world.desk.history(id)) == before
        assert put(world.desk, id, sent(23), keep="none")[0] == Imported(23, 0, 0)


def test_a_row_that_turns_faulty_stops_the_second_pass() -> None:
    """Where another act takes what is left between the passes, the portion that no longer fits is not recorded."""
    inner = MemoryRepository()
    world, id = opened(inner, 20)
    others = iter([SmsSent(NOON, f"D{i}") for i in range(3)])

    def other() -> None:
        for use in others:
            world.desk.spending.record_use(id, (use,), actor="li.na")

    with portions_of(5):
        found, faults = put(through(world, Failing(inner, 9, other)), id, sent(20), keep="none")
    assert (found, [f.where for f in faults]) == (Imported(15, 0, 3), ["row 19", "row 20", "row 21"])
    assert {each.code for f in faults for each in f.refusals} == {Code.USE_EXCEEDS_APPROVAL}
    assert world.desk.document(id).use_rows == 18


@pytest.mark.clause("C8")
def test_each_fault_is_named(world: World) -> None:
    """Each kind of fault stands at its row with its reasons, and the rows between them are recorded."""
    other, id = (world.apply(world.sms(n)).id for n in (5, 6))
    for each in (other, id):
        world.sign_all(each)
    world.clock.forward(days=1)
    put(world.desk, other, [Keyed("theirs-0001", SmsSent(NOON, "C7"), "row 2")])
    items: list[Item] = [
        *sent(2),
        Unreadable("row 4", "column sent_at: is missing"),
        Keyed("theirs-0001", SmsSent(NOON, "C1"), "row 5"),
        Keyed("late", SmsSent(NOON + timedelta(days=9), "C1"), "row 6"),
        Keyed("m1", SmsSent(NOON, "C2"), "row 7"),
        Keyed("long", SmsSent(NOON, "C3", "长" * 300), "row 8"),
        *numbered([SmsSent(NOON, f"C{i}", "长" * 100) for i in range(2)], 20),
        Keyed("over", SmsSent(NOON, "C9"), "row 40"),
        Keyed("m0", SmsSent(NOON, "C2"), "row 41"),
        *sent(1, 50),
    ]
    found, faults = put(world.desk, id, items)
    assert {f.where: ({each.code for each in f.refusals}, f.reason) for f in faults} == {
        "row 4": (set(), "column sent_at: is missing"),
        "row 5": ({Code.ORDER_TAKEN}, ""),
        "row 6": ({Code.USE_NOT_YET}, ""),
        "row 7": (set(), "its key stands at row 3 already"),
        "row 8": ({Code.STANDARD_BROKEN, Code.REASON_MISSING, Code.USE_EXCEEDS_APPROVAL}, ""),
        "row 41": (set(), "its key stands at row 2 already"),
        "row 52": ({Code.USE_EXCEEDS_APPROVAL}, ""),
        "row 40": ({Code.USE_EXCEEDS_APPROVAL}, ""),
    }
    assert found == Imported(4, 0, len(faults))
    assert faults[1].text() == f"t***01 stands in the use record of {other} already."
    assert world.desk.document(id).used == 6 * 5


def test_a_key_is_found_again_in_a_later_portion() -> None:
    """A key that comes twice is faulty, however far apart, and says where it stood; on the repeat too."""
    world, id = opened(MemoryRepository())
    items = [*sent(9), Keyed("m4", SmsSent(NOON, "C5"), "row 90")]
    with portions_of(3):
        for expected in (Imported(9, 0, 1), Imported(0, 9, 1)):
            found, faults = put(world.desk, id, items)
            assert (found, faults) == (expected, [Fault("row 90", (), "its key stands at row 5 to row 7 already")])


def test_a_document_that_takes_nothing_refuses_at_once(world: World) -> None:
    """Somebody else's, one that is not approved, none at all: refused, and no row was read."""

    def untouched() -> Iterator[Item]:
        raise AssertionError("a row was read")

    new = world.apply(world.sms()).id
    spending = world.desk.spending
    with pytest.raises(Refused) as refused:
        spending.record_use_many(new, untouched, actor="he.mei")
    assert {each.code for each in refused.value.refusals} == {Code.USE_NOT_OPEN, Code.ACTOR_NOT_APPLICANT}
    with pytest.raises(NotFound):
        spending.record_use_many("none", untouched, actor="li.na")
    world.sign_all(new)
    with pytest.raises(TypeError, match="callable"):
        spending.record_use_many(new, [], actor="li.na")  # type: ignore[arg-type]  # the mistake
    with pytest.raises(ValueError, match="good or none"):
        spending.record_use_many(new, lambda: [], actor="li.na", keep="some")  # type: ignore[arg-type]  # the mistake
    with pytest.raises(TypeError, match="Keyed or Unreadable"):
        spending.record_use_many(new, lambda: [SmsSent(NOON, "C1")], actor="li.na")  # type: ignore[list-item]  # the mistake
    with pytest.raises(TypeError, match="row 2 is of holiday_gift, the application of sms"):
        put(world.desk, new, numbered([GiftIssued(date(2026, 1, 5), "C1")]))
    with pytest.raises(ValueError, match="actor"):
        put(world.desk, new, (), actor=" ")
    assert put(world.desk, new, ())[0] == Imported()
    assert set(get_args(Keep)) == {"good", "none"}


def test_an_end_in_between_stops_the_import() -> None:
    """Where the document ends between two portions it refuses, and what was recorded stays."""
    inner = MemoryRepository()
    world, id = opened(inner)
    told: list[Imported] = []

    def close(so_far: Imported) -> None:
        told.append(so_far)
        world.desk.spending.withdraw(id, actor="li.na")

    with portions_of(5), pytest.raises(Refused) as refused:
        world.desk.spending.record_use_many(id, lambda: sent(12), actor="li.na", told=close)
    assert [each.code for each in refused.value.refusals] == [Code.USE_NOT_OPEN]
    assert (told, world.desk.document(id).use_rows) == ([Imported(5, 0, 0)], 5)


def test_other_writers_are_waited_for_so_long() -> None:
    """A conflict looks and decides again; after so many of them it is raised, and nothing is lost."""
    inner = MemoryRepository()
    world, id = opened(inner)
    counter = iter(range(1000))

    def other() -> None:
        use = SmsSent(NOON, f"D{next(counter)}")
        world.desk.spending.record_use(id, (use,), actor="li.na")

    with pytest.raises(Conflict, match="20 times"):
        put(through(world, Failing(inner, 99, other)), id, sent(3))
    assert put(world.desk, id, sent(3))[0] == Imported(3, 0, 0)


def test_two_imports_at_once_record_each_row_once(repository: Repository) -> None:
    """Two that import the same log, one of them from its end, leave each row once."""
    world, id = opened(repository)
    found: list[Imported] = []
    begin = threading.Barrier(2)

    def run(items: Sequence[Item]) -> None:
        begin.wait()
        found.append(put(world.desk, id, items)[0])

    with portions_of(4):
        ways = (sent(40), tuple(reversed(sent(40))))
        threads = [threading.Thread(target=run, args=(items,)) for items in ways]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (sum(each.recorded for each in found), sum(each.known for each in found)) == (40, 40)
    assert sorted(row.recipient for row in world.desk.uses(id)) == sorted(f"C{i}" for i in range(40))
    assert verify(repository).breaks == ()


@pytest.mark.clause("C8")
@pytest.mark.parametrize("keep", get_args(Keep))
def test_an_order_is_recorded_once(keep: Keep) -> None:
    """A repair order that comes twice in a log, in one portion or two, is faulty, and one that stands there already."""
    world = World.with_policy(MemoryRepository())
    line = PlanLine("repairs", "after_sales", "Repairs", cny("90000.00"))
    world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, (line,)), actor="mei").id)
    expected = ExpectedRepairs("pump", "repair", 90, cny("1.00"), cny("2.00"), cny("0.00"))
    plan, form = Repair((expected,)), world.gift()
    share = attrs.evolve(form.shares[0], line="repairs", amount=plan.total)
    id = world.apply(attrs.evolve(form, type="repair", plan=plan, shares=(share,))).id
    world.sign_all(id)
    costs = (cny("1.00"), cny("2.00"), cny("0.00"))

    def repaired(order: str) -> Repaired:
        return Repaired(date(2026, 1, 5), "C1", order, "pump", "repair", "leaks", *costs)

    world.desk.spending.record_use(id, (repaired("R0"),), actor="li.na")
    effect = EffectMeasured(date(2026, 1, 5), Effect.of(response_minutes=30))
    items = numbered([repaired(f"R{i}") for i in (1, 2, 2, 3, 1, 0)])
    with portions_of(4):
        found, faults = put(world.desk, id, [*items, Keyed("effect", effect, "row 9")], keep=keep)
    assert [(f.where, [each.code for each in f.refusals]) for f in faults] == [
        (where, [Code.ORDER_TAKEN]) for where in ("row 4", "row 6", "row 7")
    ]
    assert found == Imported(4 if keep == "good" else 0, 0, 3)
    # A row's key is none of an order's, though they be called the same.
    if keep == "good":
        assert put(world.desk, id, [Keyed("R1", repaired("R9"), "row 2")])[0] == Imported(1, 0, 0)


def test_numbers_that_no_store_keeps_are_faults() -> None:
    """A row with a number beyond what is kept is faulty, and the next one is not."""
    world = World.with_budget(MemoryRepository())
    id = world.apply(world.gift("1000.00")).id
    world.sign_all(id)
    uses = [GiftIssued(date(2026, 1, 5), f"C{i}", n) for i, n in enumerate((10**30, 1))]
    found, faults = put(world.desk, id, numbered(uses), reason="Early.")
    assert (found, faults) == (
        Imported(1, 0, 1),
        [Fault("row 2", (), "holds a number that is too large to be kept")],
    )


@pytest.mark.clause("C8")
def test_customers_are_asked_once_a_portion() -> None:
    """Who is an existing customer is asked once for each portion, for its recipients alone."""
    inner = MemoryRepository()
    world, id = opened(inner)
    asked: list[tuple[str, ...]] = []
    known = {f"C{i}": Customer(f"C{i}", None, date(2026, 1, 1), None, None) for i in range(5)}

    class Asked(FixedCustomers):
        def known(self, ids: Sequence[str]) -> Any:
            asked.append(tuple(ids))
            return super().known(ids)

    env = world.desk.env
    desk = Desk.open(
        repository=inner,
        directory=env.directory,
        notifier=world.notices,
        evidence=env.evidence,
        clock=env.clock,
        customers=Asked(tuple(known.values())),
    )
    with portions_of(3):
        found, faults = put(desk, id, sent(6))
    assert (found, [f.where for f in faults]) == (Imported(5, 0, 1), ["row 7"])
    assert asked == [("C0", "C1", "C2"), ("C3", "C4", "C5")]


def test_a_portion_is_one_look() -> None:
    """The store is asked once a portion, whatever its rows are: it grows with portions, not with rows."""
    inner = MemoryRepository()
    world, id = opened(inner)
    looks: list[Look] = []

    class Watched(Failing):
        def look(self, at: Look) -> Seen:
            looks.append(at)
            return self._inner.look(at)

    with portions_of(10):
        put(through(world, Watched(inner, 99)), id, sent(40))
    assert len(looks) == 1 + 4 + 1  # the first finds the policies anew


@given(st.sets(st.text(max_size=8), min_size=2, max_size=30))
def test_row_keys_tell_rows_apart(names: set[str]) -> None:
    """No two rows have one key, none has an order's of any type, and rows that follow each other stand together."""
    keys = {row_key(name) for name in names}
    orders = {once_key(kind, (name,)) for kind in ("sms", "row", "rows") for name in names}
    assert len(keys) == len(names)
    assert keys & orders == set()
    assert len({key[-16:] for key in keys}) == len(names)
    assert len({row_key(f"2026{i:08}")[:8] for i in range(100)}) == 1
