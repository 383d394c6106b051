"""The documentation is whole and true."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import attrs
import pytest
import typer

from expense_adapters.cli import guard
from expense_adapters.cli.main import app
from expense_adapters.customers import FileCustomers
from expense_adapters.files import FileDirectory, read_budget, read_key
from expense_adapters.memory import MemoryRepository
from expense_adapters.notify import read_seals
from expense_adapters.sql import SqlRepository
from expense_adapters.sql.mariadb_pool import place
from expense_adapters.use_files import UseMapping
from expense_adapters.vouchers import JsonVouchers
from expense_policy.domain.accounting import RecordedCost
from expense_policy.domain.approval import Approve
from expense_policy.domain.budget import BudgetPlan
from expense_policy.domain.categories import REGISTER
from expense_policy.domain.categories.company import CompanyPlan, CompanyUse
from expense_policy.domain.categories.effect import FIGURES
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.company_types import CompanyField, CompanyType
from expense_policy.domain.vocabulary import CATEGORIES
from expense_policy.ports.repository import Repository
from expense_policy.services.desk import Desk
from expense_policy.testing.company import drafted

from .world import EXAMPLE, World, cny

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").rglob("*.md"))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _blocks(page: str, kind: str) -> list[str]:
    return _blocks_of(_text(ROOT / "docs" / page), kind)


def _blocks_of(text: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def _as_written(
    page: str, capsys: pytest.CaptureFixture[str], names: dict[str, Any] | None = None, *, company: str = ""
) -> None:
    """The Python of a page runs and prints what is shown, here, beside those files of the company that it needs."""
    for name in company.split():
        shutil.copy(ROOT / "examples" / "company" / name, ".")
    exec(compile("\n".join(_blocks(page, "python")), page, "exec"), {} if names is None else names)
    assert capsys.readouterr().out == "".join(_blocks(page, "text"))


def _is_of_the_example(page: str) -> None:
    """The policy that a page shows is the example's."""
    (shown,) = map(tomllib.loads, _blocks(page, "toml"))
    whole = tomllib.loads(_text(ROOT / "examples" / "company" / "policy.toml"))
    assert shown == {name: whole[name] for name in shown}


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    for target in re.findall(r"\]\(([^)\s]+)\)", _text(page)):
        path, _, heading = target.partition("#")
        yield (page.parent / path).resolve() if path else page, heading


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *PAGES], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each link between pages leads to a file that is there, and to a heading that is in it."""
    for path, heading in _links(page):
        assert path.exists(), path
        headings = re.findall(r"^#+ (.+)$", _text(path), re.MULTILINE) if heading else []
        slugs = [re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings]
        assert not heading or heading in slugs, heading


def test_the_index_lists_every_page() -> None:
    """Every page of the documentation is listed in its index."""
    index = ROOT / "docs" / "index.md"
    assert {path for path, _ in _links(index)} >= set(PAGES) - {index}


def test_every_command_is_documented() -> None:
    """The reference shows every command, and with it every option, and the JSON it shows is JSON."""
    text = _text(ROOT / "docs" / "reference" / "command-line.md")
    commands: dict[str, Any] = {}
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]  # a group's
        within = getattr(command, "commands", None)
        commands |= {name: command} if within is None else {f"{name} {each}": within[each] for each in within}
    lines = re.findall(r"^`expense-policy (.+)`$", text, re.MULTILINE)
    shown = {name: line for name in commands for line in lines if f"{line} ".startswith(f"{name} ")}
    assert len(shown) == len(lines) == len(commands)
    for name, command in commands.items():
        for option in command.params:
            spelt = option.opts[0] if option.opts[0].startswith("-") else option.opts[0].upper()
            assert spelt in shown[name], f"{name} {spelt}"
    for page in ("reference/command-line.md", "reference/conform.md", "reference/files.md"):
        assert [json.loads(block) for block in _blocks(page, "json")]


def test_the_files_that_are_shown_are_read(tmp_path: Path) -> None:
    """Each file that the reference shows is one that is read."""
    people, customers, budget = _blocks("reference/files.md", "toml")
    holdings, delegations, rows = _blocks("reference/files.md", "csv")
    (key,) = _blocks("reference/files.md", "text")
    (notice,) = _blocks("reference/files.md", "json")
    shown = {"people.toml": people, "budget.toml": budget, "people.csv": holdings, "delegations.csv": delegations}
    shown |= {"customers.toml": customers, "customers.csv": rows}
    for name, text in {**shown, "key": key, "notices.jsonl": json.dumps(json.loads(notice)) + "\n"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    FileDirectory(tmp_path / "people.toml")
    FileDirectory(tmp_path / "people.csv", delegations=tmp_path / "delegations.csv")
    for name, opt_outs in (("customers.toml", 1), ("customers.csv", 2)):
        known = FileCustomers(tmp_path / name).known(("C0012345",))
        assert len(known["C0012345"].opt_outs) == opt_outs
    assert [plan.amount.units for plan in read_budget(tmp_path / "budget.toml")] == [800000]
    assert read_key(tmp_path / "key").id == "journal-2026"
    assert read_seals(tmp_path / "notices.jsonl") == [(1, "5b0c…")]
    assert all(f"`{category}`" in _text(ROOT / "docs" / "reference" / "files.md") for category in CATEGORIES)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("here")
def test_pages_for_hosts_run_as_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The Python of the how-to, and then of the record on the store that it left, runs and prints what is shown."""
    _as_written("how-to/run-in-your-application.md", capsys, company="policy.toml people.toml")
    _as_written("explanation/the-record.md", capsys)


@pytest.mark.usefixtures("here")
def test_customers_are_known_as_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The Python of the page about customers runs and prints what is shown, and the policy that it shows is read."""
    page = "how-to/know-your-customers.md"
    _as_written(page, capsys, company="policy.toml people.toml customers.csv")
    _is_of_the_example(page)


@pytest.mark.usefixtures("here")
def test_the_page_of_claims_runs_as_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The Python of the page about claims runs and prints what is shown, and the policy that it shows is read."""
    page = "how-to/reimburse-a-claim.md"
    _as_written(page, capsys, company="policy.toml people.toml")
    _is_of_the_example(page)


def test_the_vouchers_that_are_shown_are_read() -> None:
    """The file of vouchers that the reference shows is one that the reader takes."""
    (shown,) = [each for each in _blocks("reference/command-line.md", "json") if '"vouchers": [' in each]
    (voucher,) = JsonVouchers().read(shown.encode())
    assert voucher.total.units == 80_000


def test_shared_costs_are_allocated_as_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The Python of the page about shared costs runs and prints what is shown."""
    world = World.with_budget(MemoryRepository())
    world.on(date(2026, 6, 15))
    borne = (
        ("rent", "marketing", "venue_rental", "1000.00"),
        ("desk", "after_sales_support", "technical_support", "1000.00"),
        ("rooms", "customer_service", "technical_support", "500.00"),
    )
    costs = [RecordedCost(key, date(2026, 6, 10), who, what, cny(amount)) for key, who, what, amount in borne]
    world.desk.costs.record(costs, actor="officer")
    _as_written("how-to/allocate-shared-costs.md", capsys, {"desk": world.desk})


@pytest.mark.usefixtures("here")
def test_what_returns_is_followed_as_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The Python of the page about duties and rectifications runs and prints what is shown."""
    holders = {"finance_officer": "chen.jie", "finance_head": "liu.yang", "general_manager": "sun.hao"}

    def budgeted(desk: Desk) -> None:
        line = drafted("gifts", "care_gifts", "Gifts", cny("100000.00"))
        id = desk.budgeting.file(BudgetPlan("marketing", 2026, (line,)), actor="li.na").id
        while (step := (document := desk.document(id)).step) is not None:
            verdict = Approve("Fine.", dict.fromkeys(step.points, True))
            desk.spending.sign(id, seen=document.statement, actor=holders[step.office], verdict=verdict)

    names = {"budgeted": budgeted}
    _as_written("how-to/follow-what-returns.md", capsys, names, company="policy.toml people.toml")


@pytest.mark.usefixtures("here")
def test_a_month_is_closed_as_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The Python of the page about closing runs and prints what is shown."""
    world = World.with_budget(MemoryRepository())
    form = world.sms(200)
    id = world.apply(form).id
    world.sign_all(id)
    sent = tuple(SmsSent(world.clock.at, f"C{n}") for n in range(100))
    world.desk.spending.record_use(id, sent, actor="li.na")
    world.pay(id, form, "3.00")
    world.on(date(2026, 2, 5))
    _as_written("how-to/close-a-month.md", capsys, {"desk": world.desk})


def test_a_budget_year_runs_as_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The Python of the page about a budget's year runs and prints what is shown."""
    world = World.with_policy(MemoryRepository(), policy=EXAMPLE)
    world.on(date(2026, 10, 5))
    names = {"desk": world.desk, "sign_all": world.sign_all, "on": world.on}
    _as_written("how-to/run-the-budget-year.md", capsys, names)


def test_the_log_that_is_shown_is_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The how-to's log is imported by its command with its mapping, as shown; its Python finds it known."""
    page = "how-to/import-use-records.md"
    monkeypatch.chdir(tmp_path)
    world = World.with_budget(SqlRepository("sqlite:///store.db"))
    id = world.apply(world.sms()).id
    world.sign_all(id)
    for name, kind in (("sms.toml", "toml"), ("log.csv", "csv")):
        text = _blocks(page, kind)[0]
        (tmp_path / name).write_text(text, encoding="gb18030" if kind == "csv" else "utf-8")
    (tmp_path / "booth.toml").write_text(_blocks(page, "toml")[1], encoding="utf-8")
    visitors = CompanyField("visitors", "whole", ("visitors", "观众"), on="use")
    booth = CompanyType("booth", "venue", ("booth", "展位"), "C6", fields=(visitors,))
    mapping = UseMapping.read(tmp_path / "booth.toml", time_zone="Asia/Shanghai", types=(booth,))
    assert mapping.names == ("invoice_no", "day", "visitors")
    shutil.copy(ROOT / "examples" / "company" / "people.toml", tmp_path)
    (command,), (shown,) = _blocks(page, "sh"), _blocks(page, "text")
    assert guard.run(command.replace("DOCUMENT", id).split()[1:]) == 3
    told = capsys.readouterr()
    assert told.err + told.out == shown
    code = "\n".join(_blocks(page, "python"))
    exec(compile(code, page, "exec"), {"desk": world.desk, "id": id})
    assert "row 5 its key stands at row 2 already" in capsys.readouterr().out


def test_the_page_of_records_names_every_field() -> None:
    """The reference lists each type's records, their parts and fields, which may be left out, and every figure."""
    page = _text(ROOT / "docs" / "reference" / "records.md")
    company = (CompanyPlan, CompanyUse)
    records = {name: (kind.plan, kind.use) for name, kind in REGISTER.items()} | {"of the company's own": company}
    for name, pair in records.items():
        (row,) = re.findall(rf"^\| `?{name}`? \| (.+) \| (.+) \| .*\|$", page, re.MULTILINE)
        for record, cell in zip(pair, row, strict=True):
            classes = {record, *[part for hint in get_type_hints(record).values() for part in get_args(hint)]}
            said = {
                f"`{each.__name__}`: "
                + ", ".join(f"`{f.name}`{'' if f.default is attrs.NOTHING else '?'}" for f in attrs.fields(each))
                for each in classes
                if attrs.has(each)
            }
            assert said == set(cell.split("; "))
    figures = page.partition("| figure |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"`(\w+)`", figures)) == sorted(FIGURES)


def test_registers_are_read_as_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The Python of the page of records runs and prints what is shown."""
    world = World.with_budget(MemoryRepository())
    id = world.apply(world.sms()).id
    world.sign_all(id)
    world.on(date(2026, 1, 6))
    sent = [SmsSent(datetime(2026, 1, 5, 4, tzinfo=timezone.utc), f"customer-{n}") for n in (1, 1, 2, 1)]
    world.desk.spending.record_use(id, tuple(sent), actor="li.na")
    (code,), (shown,) = _blocks("reference/records.md", "python"), _blocks("reference/records.md", "text")
    exec(compile(code, "records.md", "exec"), {"desk": world.desk})
    assert capsys.readouterr().out == shown


def test_stores_are_opened_as_written(
    postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Python of the page about stores runs as it stands, but for the server's place."""
    monkeypatch.chdir(tmp_path)
    code = "\n".join(_blocks_of(_stores()[0], "python"))
    assert code.count("postgresql://expenses@db.example/expenses") == 3
    names: dict[str, Any] = {}
    exec(code.replace("postgresql://expenses@db.example/expenses", postgres_url), names)
    names["store"].close()
    assert capsys.readouterr().out == "[]\n"


KIT = "expense_policy.testing"
PORT_LAWS = [f"port_laws.{name}" for name in ("customers", "directory", "evidence", "notifier", "vouchers")]
HOMES = {
    "": ["proving"],
    ".contract": ["contract", *PORT_LAWS],
    ".strategies": ["strategies", "budgets", "payables", "policy_texts", "sharing", "uses", "words"],
    ".plans": ["plans"],
    ".uses": ["uses"],
    ".broken_plans": ["broken_plans"],
    ".broken_uses": ["broken_uses"],
    ".founding": ["founding"],
    ".company": ["company"],
    ".machine": ["machine"],
}
"""Each section of the page of the kit, with the modules that what can be had there is written in."""


def test_the_page_of_the_kit_names_all_there_is() -> None:
    """The page of the testing kit lists, module by module, every function and class that is public there."""
    sections = re.split(rf"^## `({KIT}[.\w]*)`$", _text(ROOT / "docs" / "reference" / "testing.md"), flags=re.MULTILINE)
    assert sections[1::2] == [f"{KIT}{name}" for name in HOMES]
    for name, text in zip(sections[1::2], sections[2::2], strict=True):
        module, homes = import_module(name), {f"{KIT}.{home}" for home in HOMES[name.removeprefix(KIT)]}
        listed = {
            each for row in re.findall(r"^\| (`.+?`) \|", text, re.MULTILINE) for each in re.findall(r"`(\w+)`", row)
        }
        public = {each: getattr(module, each) for each in dir(module) if not each.startswith("_")} | {
            each: getattr(module, each) for each in getattr(module, "__all__", ())
        }
        assert listed == {each for each, value in public.items() if getattr(value, "__module__", None) in homes}, name


def test_the_properties_of_the_kits_page_hold() -> None:
    """The property tests that the page shows run as they stand, and hold."""
    space: dict[str, Any] = {}
    exec(compile("\n".join(_blocks("reference/testing.md", "python")), "testing.md", "exec"), space)
    shown = [value for name, value in space.items() if name.startswith("test_")]
    assert len(shown) == 2
    for each in shown:
        each()


def test_stores_on_mariadb_are_opened_as_written(mariadb_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """So does what is said of MariaDB."""
    at = place(mariadb_url)
    code = "\n".join(["from expense_adapters.sql import SqlRepository", *_blocks_of(_stores()[1], "python")])
    code = code.replace("mariadb://expenses@db.example/expenses", mariadb_url)
    code = code.replace('host="db.example", user="expenses", database="expenses"', "**at")
    exec(code, {"at": at})
    assert capsys.readouterr().out == "[]\n"


def _stores() -> tuple[str, str]:
    """The page about stores: up to MariaDB, and from there on."""
    before, heading, after = _text(ROOT / "docs" / "how-to" / "choose-a-store.md").partition("\n## MariaDB\n")
    assert heading
    return before, after


def test_the_refusals_are_those_of_the_library() -> None:
    """The page of refusals is what its script writes."""
    command = [sys.executable, str(ROOT / "script" / "refusals_table.py")]
    written = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    assert written == _text(ROOT / "docs" / "reference" / "refusals.md"), "run script/refusals_table.py"


def test_every_test_that_is_named_is_there() -> None:
    """Each test, and each file of tests, that a page rests on exists; CONTRIBUTING names every file of tests."""
    files = {path.name: _text(path) for path in (ROOT / "tests").rglob("*.py")}
    laws = "".join(_text(path) for path in (ROOT / "src" / "expense_policy" / "testing").rglob("*.py"))
    there = {*files, *re.findall(r"def (test_\w+)", laws + "".join(files.values()))}
    named = {name for page in [*ROOT.glob("*.md"), *PAGES] for name in re.findall(r"\btest_\w+(?:\.py)?", _text(page))}
    assert named - there == set()
    assert {name for name in files if name.startswith("test_")} <= named


def test_the_architecture_names_every_part() -> None:
    """The page of the architecture names each module of domain and services, and each method of the store's port."""
    page = _text(ROOT / "docs" / "explanation" / "architecture.md")
    for ring in ("domain", "services"):
        modules = {path.stem for path in (ROOT / "src" / "expense_policy" / ring).glob("[!_]*.py")}
        assert {name for name in modules if f"`{name}`" not in page} == set(), ring
    (methods,) = re.findall(r"^\| `Repository` \| (.+?) \|", page, re.MULTILINE)
    assert re.findall(r"`(\w+)`", methods) == [name for name in vars(Repository) if not name.startswith("_")]


def test_every_law_of_verify_is_listed() -> None:
    """The record lists exactly the laws that `verify` may name."""
    services = ROOT / "src" / "expense_policy" / "services"
    named = {
        law
        for name in ("verification", "replay", "lawfulness", "budgetlaws", "booklaws")
        for law in re.findall(r'"(I[0-9]+)"', _text(services / f"{name}.py"))
    }
    page = _text(ROOT / "docs" / "explanation" / "the-record.md")
    assert re.findall(r"^\| (I[0-9]+) \|", page, re.MULTILINE) == sorted(named, key=lambda law: int(law[1:]))
