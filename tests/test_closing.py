"""Months of the books are closed, numbered, corrected, opened again (R1.3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest

from expense_adapters.cli import guard
from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository
from expense_policy.domain.accounting import RecordedCost
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.money import UNITS_MAX, Money
from expense_policy.domain.periods import Month, instant
from expense_policy.domain.posting import Posting, Source
from expense_policy.domain.refusals import Code, Refused
from expense_policy.ports.errors import NotFound
from expense_policy.services.closing import CloseMonth
from expense_policy.services.engine import Engine
from expense_policy.services.recording import Recorded
from expense_policy.services.verification import verify

from . import books
from .fights import desk_at, said
from .orders import Choose, Played, Stepped, every_order, play
from .test_spine import codes
from .world import World, cny

JANUARY, FEBRUARY, MARCH = Month(2026, 1), Month(2026, 2), Month(2026, 3)


def sent(world: World, n: int = 1) -> tuple[SmsSent, ...]:
    """So many messages of 0.05 now, each to another."""
    return tuple(SmsSent(instant(world.clock.at), f"C{i}") for i in range(n))


def campaign(world: World, recipients: int = 100) -> str:
    """An SMS campaign that is approved."""
    id = world.apply(world.sms(recipients)).id
    world.sign_all(id)
    return id


def numbered(world: World, month: Month) -> list[Posting]:
    """The postings of a closed month, whose numbers go from 1 without a gap."""
    found = list(world.desk.env.repository.postings(month, limit=1000))
    assert [number for number, _ in found] == list(range(1, len(found) + 1))
    return [posting for _, posting in found]


def refused(act: Callable[[], object]) -> set[Code]:
    """Why an act is refused."""
    with pytest.raises(Refused) as found:
        act()
    return codes(found)


@pytest.mark.clause("R1.3")
def test_a_month_is_closed_once_in_order_after_its_end(world: World) -> None:
    """Only a month that has ended, the next one in order, and once; by finance alone."""
    closing = world.desk.closing
    id = campaign(world)
    world.desk.spending.record_use(id, sent(world), actor="li.na")
    assert refused(lambda: closing.close(JANUARY, actor="officer")) == {Code.MONTH_NOT_ENDED}
    world.on(date(2026, 4, 2))
    assert refused(lambda: closing.close(FEBRUARY, actor="officer")) == {Code.MONTH_OUT_OF_ORDER}
    assert refused(lambda: closing.close(JANUARY, actor="li.na")) == {Code.OFFICE_NOT_HELD}
    assert world.desk.would.closing.close(JANUARY, actor="officer").allowed
    assert closing.close(JANUARY, actor="officer").closed
    assert refused(lambda: closing.close(JANUARY, actor="officer")) == {Code.MONTH_CLOSED}
    assert refused(lambda: closing.close(MARCH, actor="cfo")) == {Code.MONTH_OUT_OF_ORDER}
    assert closing.close(FEBRUARY, actor="cfo", key="feb") == closing.close(FEBRUARY, actor="cfo", key="feb")
    closing.close(MARCH, actor="officer")
    assert refused(lambda: closing.close(Month(2026, 4), actor="officer")) == {Code.MONTH_NOT_ENDED}
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("R1.3")
def test_nothing_before_the_first_closed_month_is_left_out(figures: Callable[[str], None]) -> None:
    """The first closing and a use of an earlier month, in every order: a correction, or its own month comes first."""

    def once(choose: Choose) -> tuple[Played, object]:
        world = World.with_budget(MemoryRepository())
        id, rows = campaign(world), sent(world)
        world.on(date(2026, 3, 5))
        at = desk_at(world, Stepped(world.desk.env.repository))
        acts = (
            lambda: Engine(at.desk.env).perform(CloseMonth(FEBRUARY, "officer", at.desk.env.directory)),
            lambda: at.desk.spending.record_use(id, rows, actor="li.na", reason="Late."),
        )
        played = play(acts, choose)
        months = [world.desk.accounts(month) for month in (JANUARY, FEBRUARY, MARCH)]
        return played, ([said(each) for each in played.answers], [(each.total, each.closed) for each in months])

    found = [outcome for _, outcome in every_order(once)]
    used = ("done", "record_use", "approved", None)
    first = ([("done", "close_month", None, None), used], [(0, True), (0, True), (5, False)])
    second = ([("refused", "month_out_of_order"), used], [(5, False), (0, False), (0, False)])
    assert {str(each) for each in found} == {str(first), str(second)}
    figures(f"{len(found)} orders")


@pytest.mark.clause("R1.3", "R1.1")
def test_what_comes_late_corrects_the_closed_month(world: World) -> None:
    """A use of a closed month stands in the next open one, marked with the month that it corrects."""
    id = campaign(world)
    use = sent(world, 2)
    world.desk.spending.record_use(id, use[:1], actor="li.na")
    world.on(date(2026, 3, 2))
    january = world.desk.closing.close(JANUARY, actor="officer")
    assert (january.total, january.corrections) == (5, ())
    assert [posting.units for posting in numbered(world, JANUARY)] == [5]
    world.desk.spending.record_use(id, (*use[1:], *sent(world)), actor="li.na")
    assert world.desk.accounts(JANUARY) == january
    february = world.desk.closing.close(FEBRUARY, actor="officer")
    assert (february.total, february.corrections) == (5, ((JANUARY, 5),))
    (late,) = numbered(world, FEBRUARY)
    assert (late.month, late.corrects, late.on.month) == (FEBRUARY, JANUARY, 1)
    assert world.desk.accounts(MARCH).total == 5
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("R1.4")
def test_only_a_closed_month_has_entries(world: World) -> None:
    """Before a month is closed, and after it was opened again, its entries are refused: they would not be whole."""
    closing = world.desk.closing
    id = campaign(world)
    world.desk.spending.record_use(id, sent(world, 3)[:2], actor="li.na")
    assert refused(lambda: closing.entries(JANUARY)) == {Code.MONTH_OPEN}
    world.on(date(2026, 3, 2))
    closing.close(JANUARY, actor="officer")
    assert sum(1 for _ in closing.entries(JANUARY)) == 1
    assert refused(lambda: closing.entries(FEBRUARY)) == {Code.MONTH_OPEN}
    closing.reopen(JANUARY, actor="cfo", reason="A row is missing.")
    assert refused(lambda: closing.entries(JANUARY)) == {Code.MONTH_OPEN}


@pytest.mark.clause("R1.3")
def test_what_is_posted_after_reopening_gets_the_numbers_that_follow(world: World) -> None:
    """The finance head opens the last closed month with a reason; numbers that were given stay."""
    closing = world.desk.closing
    id = campaign(world)
    use = sent(world, 3)
    world.desk.spending.record_use(id, use[:2], actor="li.na")
    world.on(date(2026, 3, 2))
    closing.close(JANUARY, actor="officer")
    before = numbered(world, JANUARY)
    assert refused(lambda: closing.reopen(JANUARY, actor="officer", reason="A row is missing.")) == {
        Code.OFFICE_NOT_HELD
    }
    assert refused(lambda: closing.reopen(JANUARY, actor="cfo", reason=" ")) == {Code.REASON_MISSING}
    assert refused(lambda: closing.reopen(FEBRUARY, actor="cfo", reason="No.")) == {Code.MONTH_NOT_CLOSED}
    closing.reopen(JANUARY, actor="cfo", reason="A row is missing.")
    assert not world.desk.accounts(JANUARY).closed
    world.desk.spending.record_use(id, use[2:], actor="li.na")
    assert verify(world.desk.env.repository).breaks == ()
    again = closing.close(JANUARY, actor="officer")
    assert (again.total, again.corrections) == (15, ())
    after = numbered(world, JANUARY)
    assert after[: len(before)] == before
    assert [posting.units for posting in after] == [10, 5]
    closing.close(FEBRUARY, actor="officer")
    assert refused(lambda: closing.reopen(JANUARY, actor="cfo", reason="No.")) == {Code.MONTH_NOT_CLOSED}
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("R1.3")
def test_a_line_is_opened_as_closed_as_the_others(world: World) -> None:
    """A budget that comes into force after a closing takes nothing of the closed months either."""
    world.on(date(2026, 3, 2))
    world.desk.closing.close(FEBRUARY, actor="officer")
    plan = BudgetPlan("customer_service", 2026, (PlanLine("cs-phone", "communication", "Phone", cny("1000.00")),))
    world.sign_all(world.desk.budgeting.file(plan, actor="mei").id)
    assert {line.closed_through for line in world.desk.lines()} == {FEBRUARY}
    world.desk.closing.reopen(FEBRUARY, actor="cfo", reason="A row is missing.")
    assert {line.closed_through for line in world.desk.lines()} == {JANUARY}
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("R1.1", "R1.3")
def test_costs_that_were_paid_elsewhere_are_recorded_once(world: World) -> None:
    """Each key once for ever; a closed month's cost corrects it; a cost is undone whole, once."""
    costs = tuple(
        RecordedCost(f"card-{n}", date(2026, 1, 2 + n % 3), "marketing", "sms", cny(amount))
        for n, amount in enumerate(("10.00", "-2.50", "7.77"))
    )
    record = world.desk.costs.record
    assert refused(lambda: record(costs, actor="li.na")) == {Code.OFFICE_NOT_HELD}
    odd = attrs.evolve(costs[0], key="odd", department="nobody", type="nothing", on=date(2026, 1, 9), project="none")
    assert refused(lambda: record((odd,), actor="officer")) == {
        Code.DEPARTMENT_OUT_OF_SCOPE,
        Code.TYPE_UNKNOWN,
        Code.PROJECT_UNKNOWN,
        Code.COST_NOT_YET,
    }
    assert record(costs[:2], actor="officer").recorded == 2
    found = record(costs, actor="officer")
    assert (found.recorded, found.known) == (1, 2)
    assert record(costs, actor="officer").recorded == 0
    assert refused(lambda: record(costs, actor="li.na")) == {Code.OFFICE_NOT_HELD}
    assert world.desk.accounts(JANUARY).by("type") == {"sms": 1527}
    world.on(date(2026, 2, 2))
    world.desk.closing.close(JANUARY, actor="officer")
    record((attrs.evolve(costs[0], key="late"),), actor="officer")
    assert world.desk.accounts(FEBRUARY).corrections == ((JANUARY, 1000),)
    reverse = world.desk.costs.reverse
    assert refused(lambda: reverse("card-1", actor="officer", reason="")) == {Code.REASON_MISSING}
    with pytest.raises(NotFound):
        reverse("card-9", actor="officer", reason="Not ours.")
    reverse("card-1", actor="officer", reason="Not ours.")
    assert refused(lambda: reverse("card-1", actor="officer", reason="Not ours.")) == {Code.COST_REVERSED}
    assert world.desk.accounts(FEBRUARY).total == 1250
    assert dict(world.desk.accounts(FEBRUARY).sources)[Source.RECORDED] == 1250
    assert {line.spent for line in world.desk.lines()} == {0}
    assert verify(world.desk.env.repository).breaks == ()


OTHERWISE: dict[str, Any] = {
    "on": date(2026, 1, 3),
    "department": "customer_service",
    "type": "phone",
    "amount": cny("2000.00"),
    "project": "spring",
}


@pytest.mark.clause("R1.1")
@pytest.mark.parametrize("what", OTHERWISE)
def test_another_cost_under_a_known_key_is_refused(world: World, what: str) -> None:
    """Whatever of it differs, alone or among others that are new: it is told, and nothing of its portion recorded."""
    known, new = (RecordedCost(key, date(2026, 1, 2), "marketing", "sms", cny("10.00")) for key in ("known", "new"))
    record = world.desk.costs.record
    record((known,), actor="officer")
    other = attrs.evolve(known, **{what: OTHERWISE[what]})
    for portion in ((other,), (new, other)):
        assert refused(partial(record, portion, actor="officer")) == {Code.COST_DIFFERS}
    world.desk.costs.reverse("known", actor="officer", reason="It was another.")
    assert refused(lambda: record((other,), actor="officer")) == {Code.COST_DIFFERS}
    assert record((known, new), actor="officer") == Recorded(1, 1)
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("R1.1", "R1.3", "R1.4")
def test_months_are_closed_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`close` closes and reopens, `accounts` shows and writes; what is refused is a line each, exit 2."""
    url, people = f"sqlite:///{tmp_path}/store.db", tmp_path / "people.toml"
    store = SqlRepository(url)
    world = World.with_budget(store)
    id = campaign(world)
    world.desk.spending.record_use(id, sent(world, 3), actor="li.na")
    store.close()
    people.write_text(PEOPLE, encoding="utf-8")
    book, sheet = tmp_path / "b.beancount", tmp_path / "b.csv"

    def run(*told: str) -> tuple[int, str, str]:
        code = guard.run([*told, "--store", url])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    def closing(month: str, *more: str, actor: str = "officer") -> tuple[int, str, str]:
        return run("close", month, "--actor", actor, "--people", str(people), *more)

    assert run("accounts", "2026-01", "--csv", str(sheet))[0] == 2
    assert not sheet.exists()
    code, _, told = closing("2026-02", actor="li.na")
    assert (code, len(told.splitlines())) == (2, 2)
    code, _, told = closing("2026-02", "--lang", "zh", actor="li.na")
    assert (code, "li.na不是" in told, len(told.splitlines())) == (2, True, 2)
    assert closing("2026-01", "--lang", "fr") == (2, "", "--lang must be en or zh\n")
    assert run("accounts", "January")[0] == 2
    code, shown, _ = closing("2026-01")
    assert (code, shown.splitlines()[0]) == (0, "2026-01 (closed), accrual, CNY")
    assert "0.15" in shown
    code, shown, _ = run("accounts", "2026-01", "--csv", str(sheet), "--beancount", str(book), "--json")
    found = json.loads(shown)
    assert (code, found["closed"], found["total"], found["sources"]["incurred"]) == (0, True, "0.15", "0.15")
    assert [row["amount"] for row in found["rows"]] == ["0.15"]
    assert [len(path.read_text(encoding="utf-8").splitlines()) > 1 for path in (sheet, book)] == [True, True]
    assert sorted(path.name for path in tmp_path.iterdir() if "part" in path.name) == []
    assert closing("2026-01", "--reopen", "A row is missing.")[0] == 2
    code, shown, _ = closing("2026-01", "--reopen", "A row is missing.", actor="cfo")
    assert (code, shown.splitlines()[0]) == (0, "2026-01 (open), accrual, CNY")


@pytest.mark.clause("R1.4")
def test_files_are_written_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both files are written or neither, each to a place of its own; what hinders it is told of the file it is of."""
    url = f"sqlite:///{tmp_path}/store.db"
    store = SqlRepository(url)
    world = World.with_budget(store)
    world.desk.spending.record_use(campaign(world), sent(world, 3), actor="li.na")
    world.on(date(2026, 2, 5))
    world.desk.closing.close(Month(2026, 1), actor="officer")
    store.close()
    book, sheet = tmp_path / "b.beancount", tmp_path / "b.csv"
    for csv, beancount, word in (
        (str(sheet), f"{tmp_path}/none/b.beancount", f"{tmp_path}/none/b.beancount: No such file"),
        (f"{tmp_path}/none/b.csv", str(book), f"{tmp_path}/none/b.csv: No such file"),
        (str(sheet), str(tmp_path), f"{tmp_path}: is a folder"),
        (".", str(book), ".: is a folder"),
        (str(sheet), f"{tmp_path}/./b.csv", f"{sheet}: is to be both"),
    ):
        told = ["accounts", "2026-01", "--store", url, "--csv", csv, "--beancount", beancount]
        assert guard.run(told) == 2
        shown = capsys.readouterr()
        assert (shown.out, shown.err.startswith(word), shown.err.count("\n")) == ("", True, 1), shown.err
        assert not [path for path in tmp_path.iterdir() if path.name != "store.db" and "b." in path.name[:3]]
    assert guard.run(["accounts", "2026-01", "--store", url, "--no-opens"]) == 2
    assert guard.run(["accounts", "2026-01", "--store", url, "--beancount", str(book), "--no-opens"]) == 0
    text = book.read_text(encoding="utf-8")
    assert " * " in text
    assert " open " not in text


@pytest.mark.clause("R1.1")
def test_a_month_that_does_not_reconcile_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Closing and looking both end with 4 where payments and their postings differ, and say by how much."""
    url, people = f"sqlite:///{tmp_path}/store.db", tmp_path / "people.toml"
    people.write_text(PEOPLE, encoding="utf-8")
    world = World.with_budget(SqlRepository(url))
    books.post(world, "nobody's", books.posting("nobody's", 1, 500, JANUARY, source=Source.PAID))
    world.desk.env.repository.close()  # type: ignore[attr-defined]  # it is one of SQL
    for told in (("close", "--actor", "officer", "--people", str(people)), ("accounts",)):
        assert guard.run([*told, "2026-01", "--store", url]) == 4
        shown = capsys.readouterr().out
        assert "2026-01 (closed)" in shown
        assert "DIFFERENCE paid: 0.00 stated, 5.00 posted" in shown


def test_a_month_beyond_any_one_amount_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a month costs may be more than one amount may be: it is closed and shown, to the smallest unit."""
    url = f"sqlite:///{tmp_path}/store.db"
    world = World.with_policy(SqlRepository(url))
    most = Money(UNITS_MAX, "CNY")
    costs = [RecordedCost(f"card-{n}", date(2026, 1, 3), "marketing", "sms", most) for n in range(2)]
    world.desk.costs.record(costs, actor="officer")
    world.on(date(2026, 2, 3))
    assert world.desk.closing.close(JANUARY, actor="officer").total == 2 * UNITS_MAX
    world.desk.env.repository.close()  # type: ignore[attr-defined]  # it is one of SQL
    assert guard.run(["accounts", "2026-01", "--store", url]) == 0
    assert "184467440737095516.14" in capsys.readouterr().out


PEOPLE = """
[[holding]]
office = "finance_officer"
person = "officer"
[[holding]]
office = "finance_head"
person = "cfo"
"""
