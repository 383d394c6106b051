"""The month's accounts: complete, exact, by every dimension, as double entries (R1.1, R1.4, G2.2)."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from collections import Counter
from datetime import date
from functools import partial
from pathlib import Path
from random import Random

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from expense_adapters.books import COLUMNS, account_name, cell, write_beancount, write_csv
from expense_adapters.memory import MemoryRepository
from expense_policy.domain.accounting import (
    DIMENSIONS,
    LedgerAccount,
    MonthlyAccounts,
    RecordedCost,
    Role,
    double_entry,
)
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.money import Money
from expense_policy.domain.periods import Month
from expense_policy.domain.policy import AccountRules
from expense_policy.domain.posting import Posting, Source
from expense_policy.domain.vocabulary import Status
from expense_policy.ports.repository import Look, Repository, Sum
from expense_policy.services.verification import verify

from . import claims
from .ledger import ACTS, FIRST, Drawn, Played, opened, recomputed
from .world import POLICY, World, cny

MONTHS = tuple(FIRST.plus(n) for n in range(-1, 20))
SCRIPTS = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 3), st.integers(0, 30), st.integers(0, 60)), min_size=5, max_size=40
)


def natural(found: list[MonthlyAccounts]) -> Counter[Month]:
    """What each month cost, with what corrects it in later months."""
    months = Counter[Month]()
    for each in found:
        months[each.month] += each.total - sum(units for _, units in each.corrections)
        months.update(dict(each.corrections))
    return months


def plain(counted: Counter[object]) -> dict[object, int]:
    """Without what comes to nothing."""
    return {key: n for key, n in counted.items() if n}


def holds(played: Played) -> None:
    """The accounts are what the documents say, worked out a second time; nothing differs, nothing is lost."""
    world = played.world
    found = [world.desk.accounts(month) for month in MONTHS]
    own = recomputed(world, played.ids)
    by_month, by_type = Counter[object](), Counter[object]()
    for (month, kind), units in own.cost.items():
        by_month[month] += units
        by_type[kind] += units
    assert plain(Counter(natural(found))) == plain(by_month)
    types = Counter[object]()
    for each in found:
        types.update(each.by("type"))
        assert each.differences == ()
        assert {sum(each.by(name).values()) for name in DIMENSIONS} == {each.total}
        assert each.closed == (played.through is not None and each.month <= played.through)
        paid = dict(each.sources)
        assert paid[Source.PAID] == sum(n for (month, _), n in own.cash.items() if month == each.month)
        assert paid[Source.SET_OFF] == sum(n for (month, _), n in own.set_off.items() if month == each.month)
    assert plain(types) == plain(by_type)
    for id in played.ids:
        document = world.desk.document(id)
        assert {h.line: h.spent for h in document.held if h.spent} == {x: n for x, n in own.spent[id].items() if n}
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("R1.1", "R1.3", "B2.1")
@settings(max_examples=60, deadline=None)
@given(script=SCRIPTS)
def test_accounts_are_what_documents_say(script: list[Drawn]) -> None:
    """Whatever is used, paid, undone, ended and closed: accounts == documents, spent == postings (I12, I26, I30)."""
    played = opened(MemoryRepository())
    for drawn in script:
        played.does(drawn)
    holds(played)


@pytest.mark.clause("R1.1", "R1.3")
@pytest.mark.parametrize("seed", range(3))
def test_accounts_are_what_documents_say_on_every_store(repository: Repository, seed: int) -> None:
    """The same, a long run of acts, on every store."""
    played, random = opened(repository), Random(seed)
    done = Counter[str]()
    for _ in range(80):
        drawn = (random.choice(ACTS), random.randrange(4), random.randrange(30), random.randrange(60))
        done[drawn[0]] += played.does(drawn)
    assert set(done) == set(ACTS)
    holds(played)
    for month in MONTHS:
        numbers = [number for number, _ in repository.postings(month, limit=1000)]
        assert numbers == list(range(1, len(numbers) + 1)), "I26"


@pytest.mark.clause("R1.1")
def test_what_was_paid_and_not_used_is_a_cost_once_it_is_settled(world: World) -> None:
    """The use record is the cost while money may come back; settlement makes it what was paid."""
    form = world.gift("300.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form)
    assert world.desk.accounts(Month(2026, 1)).total == 0
    world.on(date(2026, 2, 3))
    played = Played(world, [id], {id: form})
    played._use(id, 0, 0)
    used = world.desk.document(id).used
    assert world.desk.accounts(Month(2026, 2)).total == used == 10_000
    world.on(date(2026, 3, 3))
    world.desk.spending.settle(id, actor="li.na", reason="The rest broke.")
    march = world.desk.accounts(Month(2026, 3))
    assert (march.total, dict(march.sources)[Source.FINAL]) == (20_000, 20_000)
    world.desk.spending.reverse(id, 1, actor="cashier", reason="Bounced.")
    assert world.desk.accounts(Month(2026, 3)).total == -used
    assert world.desk.document(id).status is Status.SETTLED
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("R1.1", "R2.4")
def test_a_claim_without_an_application_is_a_cost_once_it_is_approved(world: World) -> None:
    """It costs what it asks for, its use record adds nothing; what of it is never paid is no cost."""
    january, desk = Month(2026, 1), world.desk
    paid, unpaid = (claims.signed(world, claims.alone(world, price)) for price in ("50.00", "30.00"))
    assert desk.accounts(january).total == 16_000
    desk.spending.record_use(paid.id, (GiftIssued(date(2026, 1, 5), "C1", 2),), actor="li.na", reason="At once.")
    claims.pay(world, paid, "80.00")
    desk.spending.close(paid.id, actor="li.na", reason="One was given back.")
    assert desk.accounts(january).total == 14_000
    assert dict(desk.accounts(january).sources)[Source.FINAL] == -2_000
    desk.spending.withdraw(unpaid.id, actor="li.na")
    assert (desk.accounts(january).total, dict(desk.accounts(january).sources)[Source.PAID]) == (8_000, 8_000)
    assert verify(desk.env.repository).breaks == ()


@pytest.mark.clause("R1.1", "R2.4")
def test_what_is_claimed_under_an_application_is_its_cost(world: World) -> None:
    """The use record is the cost, then what was paid with the claims; what comes back of a claim later is taken off."""
    january, desk = Month(2026, 1), world.desk
    application = claims.approved(world, "1000.00", paid="300.00")
    claim = claims.signed(world, claims.claim(application, "400.00", advance="100.00"))
    claims.pay(world, claim)
    assert desk.accounts(january).total == 0
    desk.spending.record_use(application.id, (GiftIssued(date(2026, 1, 5), "C1", 2),), actor="li.na", reason="At once.")
    assert desk.accounts(january).total == 20_000
    desk.spending.settle(claim.id, actor="li.na")
    desk.spending.settle(application.id, actor="li.na", reason="The rest broke.")
    sources = dict(desk.accounts(january).sources)
    assert (desk.accounts(january).total, sources[Source.PAID]) == (70_000, 70_000)
    assert (sources[Source.INCURRED], sources[Source.FINAL]) == (20_000, 50_000)
    desk.spending.refund(claim.id, 1, cny("150.00"), actor="cashier", reason="Returned goods.")
    sources = dict(desk.accounts(january).sources)
    assert (desk.accounts(january).total, sources[Source.PAID]) == (55_000, 55_000)
    assert desk.accounts(january).differences == ()
    assert verify(desk.env.repository).breaks == ()


@pytest.mark.clause("R1.1", "C9")
def test_by_cash_the_month_costs_what_was_paid_and_granted(repository: Repository) -> None:
    """The other method counts payments and set-offs in place of what was incurred; the two stand apart (C9)."""
    world = World.open(repository)
    cash = POLICY.replace('method = "accrual"', 'method = "cash"')
    for actor in ("cfo", "gm"):
        world.desk.policies.adopt(cash, actor=actor)
    played = opened_with(world)
    gift, sale = played.ids[0], played.ids[3]
    played._use(sale, 2, 0)
    played._pay(sale, 0, 9)
    played._pay(gift, 0, 9)
    found = world.desk.accounts(Month(2026, 1))
    sources = dict(found.sources)
    assert (found.method, sources[Source.PAID]) == ("cash", 10_000)
    assert found.total == 10_000 + sources[Source.SET_OFF]
    assert found.by("type") == {"discount": sources[Source.SET_OFF], "holiday_gift": 10_000}
    world.on(date(2026, 2, 1))
    world.desk.closing.close(Month(2026, 1), actor="officer")
    entries = list(world.desk.closing.entries(Month(2026, 1)))
    assert {each.posting.source for each in entries} == {Source.PAID, Source.SET_OFF}
    assert {each.debit.role for each in entries} == {Role.COST}


def opened_with(world: World) -> Played:
    """The documents of `ledger`, in a world whose policy is another."""
    world.on(date(2026, 1, 5))
    return opened(world.desk.env.repository, world)


@pytest.mark.clause("G2.2", "R1.1")
def test_entries_name_their_project_or_none(repository: Repository) -> None:
    """Costs stand under the project that the form names, else under none, to the unit."""
    played = opened(repository)
    for id in played.ids:
        played._use(id, 2, 0)
    found = played.world.desk.accounts(Month(2026, 1))
    used = {id: played.world.desk.document(id).used for id in played.ids}
    assert found.by("project") == {
        "": used[played.ids[0]] + used[played.ids[2]],
        "spring": used[played.ids[1]] + used[played.ids[3]],
    }
    assert all(used.values())


def entry(units: int, source: Source) -> Posting:
    """A posting of January."""
    where = ("marketing", "", "care_gifts", "holiday_gift", "6601.0202")
    return Posting("doc-1", source, 1, "line", Month(2026, 1), date(2026, 1, 9), *where, units)


UNITS = st.integers(-(2**63 - 1), 2**63 - 1).filter(bool)


@pytest.mark.clause("R1.4")
@given(st.lists(st.tuples(UNITS, st.sampled_from(Source)), max_size=30), st.sampled_from(("accrual", "cash")))
def test_debits_are_credits(drawn: list[tuple[int, Source]], method: str) -> None:
    """Every entry balances, and what is below 0 is the same entry from the other side (I26)."""
    rules, balance = AccountRules(method), Counter[LedgerAccount]()
    for units, source in drawn:
        found, mirrored = (double_entry(1, entry(n, source), rules) for n in (units, -units))
        assert (found is None) == (mirrored is None) == (method == "cash" and source in (Source.INCURRED, Source.FINAL))
        if found is not None and mirrored is not None:
            assert (found.debit, found.credit) == (mirrored.credit, mirrored.debit)
            assert found.units == abs(units)
            assert found.debit != found.credit
            balance[found.debit] += found.units
            balance[found.credit] -= found.units
    assert sum(balance.values()) == 0


@pytest.mark.clause("R1.4")
def test_what_is_incurred_and_paid_leaves_nothing_payable(repository: Repository) -> None:
    """Once everything is settled, cost is cash and set-offs, and the payable account is even."""
    played = opened(repository)
    for id in played.ids:
        played._use(id, 2, 0)
        played._pay(id, 0, 9)
        played._settle(id, 0, 0)
    world = played.world
    world.on(date(2026, 2, 1))
    world.desk.closing.close(Month(2026, 1), actor="officer")
    balance = Counter[Role]()
    for each in world.desk.closing.entries(Month(2026, 1)):
        balance[each.debit.role] += each.units
        balance[each.credit.role] -= each.units
    sources = dict(world.desk.accounts(Month(2026, 1)).sources)
    assert balance[Role.PAYABLE] == 0
    assert (
        balance[Role.COST]
        == world.desk.accounts(Month(2026, 1)).total
        == sources[Source.PAID] + sources[Source.SET_OFF]
    )
    assert (balance[Role.BANK], balance[Role.RECEIVABLE]) == (-sources[Source.PAID], -sources[Source.SET_OFF])


@pytest.mark.clause("R1.4")
@given(st.text(max_size=20))
@example(" =1+1")
@example("'=1+1")
def test_no_cell_is_a_formula(text: str) -> None:
    """No cell begins as a formula could, and what it said is what stands behind the sign before it."""
    shown = cell(text)
    assert shown.lstrip()[:1] not in set("=+-@|%\t\r\n＝＋－＠")
    assert (shown.removeprefix("'") if shown.startswith("'") else shown) == text


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Zs")), min_size=1, max_size=12
)


@pytest.mark.clause("R1.4")
@given(
    st.lists(
        st.tuples(st.sampled_from(Role), NAMES | st.from_regex("[0-9]{4}(\\.[0-9]{2}){0,2}", fullmatch=True)),
        unique=True,
    )
)
def test_accounts_that_differ_have_names_that_differ(drawn: list[tuple[Role, str]]) -> None:
    """Whatever a company calls its accounts, beancount takes the names, and tells them apart."""
    names = [account_name(LedgerAccount(*each)) for each in drawn]
    assert len(set(names)) == len(names)


def closed_month(repository: Repository) -> World:
    """A month with every source in it, a correction, a label that would be a formula, and a type with a quote."""
    policy = POLICY.replace('name = "exhibition_booth"', "name = 'stand \"A\\'")
    played = opened(repository, World.with_policy(repository, policy=policy))
    world = played.world
    for id in played.ids:
        played._use(id, 2, 0)
        played._pay(id, 0, 4)
    odd = RecordedCost('=HYPERLINK("x")\\', date(2026, 1, 3), "marketing", "sms", cny("-3.21"))
    stand = RecordedCost("stand", date(2026, 1, 4), "marketing", 'stand "A\\', cny("9.00"))
    world.desk.costs.record((odd, stand), actor="officer")
    played._reverse(played.ids[0], 0, 0)
    world.on(date(2026, 3, 1))
    world.desk.closing.close(Month(2026, 1), actor="officer")
    played._use(played.ids[0], 2, 40)
    played._settle(played.ids[2], 0, 0)
    world.desk.closing.close(Month(2026, 2), actor="officer")
    return world


@pytest.mark.clause("R1.4")
def test_a_month_leaves_as_csv(repository: Repository) -> None:
    """Two rows a posting, quoted, amounts as decimals; debits are credits, and the month is whole."""
    world, out = closed_month(repository), io.StringIO(newline="")
    month = Month(2026, 1)
    count = write_csv(out, world.desk.closing.entries(month), "CNY")
    text = out.getvalue()
    assert all(line.startswith('"') and line.endswith('"') for line in text.split("\r\n") if line)
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert tuple(head) == COLUMNS
    read = [dict(zip(head, row, strict=True)) for row in rows]
    assert len(read) == 2 * count
    assert [int(row["number"]) for row in read] == [n for n in range(1, count + 1) for _ in range(2)]
    debit, credit = (sum(Money.of(row[side] or "0", "CNY").units for row in read) for side in ("debit", "credit"))
    assert debit == credit
    costs = sum(
        Money.of(row["debit"] or "0", "CNY").units - Money.of(row["credit"] or "0", "CNY").units
        for row in read
        if row["account"] in world.desk.accounts(month).by("account")
    )
    assert costs == world.desk.accounts(month).total
    assert {row["reference"] for row in read if row["reference"]} == {'\'=HYPERLINK("x")\\', "stand"}


BEAN_CHECK = Path(sys.executable).with_name("bean-check")


@pytest.mark.clause("R1.4")
def test_bean_check_accepts_the_months(repository: Repository, tmp_path: Path) -> None:
    """The beancount file of two months, a correction among them, is accepted as it stands, and balances."""
    world, file = closed_month(repository), tmp_path / "books.beancount"
    months = [each for n in (1, 2) for each in world.desk.closing.entries(Month(2026, n))]
    assert any(each.posting.corrects for each in months)
    with file.open("w", encoding="utf-8") as out:
        assert write_beancount(out, months, "CNY") == len(months)
    text = file.read_text(encoding="utf-8")
    assert text.count(" * ") == len(months)
    assert text.count("#correction") == sum(each.posting.corrects is not None for each in months)
    assert _bean_check(file) == (0, "", "")


@pytest.mark.clause("R1.4")
def test_a_book_of_several_months_opens_each_account_once(tmp_path: Path) -> None:
    """A book that opens the accounts and includes months that do not is accepted; one of months that do is not."""
    world = closed_month(MemoryRepository())
    entries = {n: [*world.desk.closing.entries(Month(2026, n))] for n in (1, 2)}
    used = {account_name(account) for each in entries.values() for e in each for account in (e.debit, e.credit)}
    book = [f"2026-01-01 open {name} CNY" for name in sorted(used)]
    for opens, expected in ((False, 0), (True, 1)):
        for n, each in entries.items():
            with (tmp_path / f"{n}.beancount").open("w", encoding="utf-8") as out:
                write_beancount(out, each, "CNY", opens=opens)
        included = [f'include "{n}.beancount"' for n in entries]
        (tmp_path / "book.beancount").write_text("\n".join([*([] if opens else book), *included]), encoding="utf-8")
        code, shown, told = _bean_check(tmp_path / "book.beancount")
        assert (code, bool(shown + told)) == (expected, bool(expected))


def _bean_check(file: Path) -> tuple[int, str, str]:
    program = str(BEAN_CHECK) if BEAN_CHECK.exists() else shutil.which("bean-check")
    if program is None and not os.environ.get("CI"):
        pytest.skip("bean-check is not there: install beancount")
    assert program is not None
    done = subprocess.run([program, str(file)], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.clause("R1.1")
def test_a_difference_is_shown(world: World) -> None:
    """Accounts that do not reconcile say by how much: here a payment that somebody posted twice."""
    form = world.gift("100.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form)
    store = world.desk.env.repository

    class Twice:
        """A store in which a payment stands twice."""

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def look(self, at: Look) -> object:
            seen = store.look(at)
            sums = [
                {key: 2 * n for key, n in found.items()} if asked.of == "payments" else found
                for asked, found in zip(at.sums, seen.sums, strict=True)
            ]
            return attrs.evolve(seen, sums=tuple(sums))

    desk = attrs.evolve(world.desk, env=attrs.evolve(world.desk.env, repository=Twice()))  # type: ignore[arg-type]  # a store
    (found,) = desk.accounts(Month(2026, 1)).differences
    assert (found.what, found.stated, found.posted) == ("paid", 20_000, 10_000)
    assert world.desk.accounts(Month(2026, 1)).differences == ()


@pytest.mark.clause("R1.1")
def test_accounts_ask_for_two_sums(world: World) -> None:
    """However much a month holds, its accounts are one look at sums."""
    asked: list[Sum] = []
    store = world.desk.env.repository

    class Counted:
        """A store that counts the sums it is asked for."""

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def look(self, at: Look) -> object:
            asked.extend(at.sums)
            return store.look(at)

    desk = attrs.evolve(world.desk, env=attrs.evolve(world.desk.env, repository=Counted()))  # type: ignore[arg-type]  # a store
    desk.accounts(Month(2026, 1))
    assert [each.of for each in asked] == ["postings", "payments"]


def test_a_month_is_a_month(world: World) -> None:
    """What is no month, no month of the company's years, or no dimension, is the caller's mistake."""
    with pytest.raises(TypeError, match="month"):
        world.desk.accounts("2026-01")  # type: ignore[arg-type]  # the mistake
    for month in (Month(1, 1), Month(1799, 12), Month(3201, 1), Month(9999, 12)):
        for ask in (world.desk.accounts, world.desk.closing.entries, partial(world.desk.closing.close, actor="cfo")):
            with pytest.raises(ValueError, match="within 1800 to 3200"):
                ask(month)
    for month in (Month(1800, 2), Month(3200, 11)):
        assert world.desk.accounts(month).total == 0
    with pytest.raises(ValueError, match="payee"):
        world.desk.accounts(Month(2026, 1)).by("payee")
