"""The contracts are proved: what is broken fails the law that names what it does, and no wrong use passes silently."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expense_adapters.memory import MemoryRepository
from expense_policy.testing.contract import (
    CustomersContract,
    DirectoryContract,
    EvidenceContract,
    GenuinenessContract,
    NotifierContract,
    RepositoryContract,
    VoucherReaderContract,
    laws,
)
from expense_policy.testing.held import Held

from . import (
    broken,
    broken_answers,
    broken_books,
    broken_customers,
    broken_directories,
    broken_evidence,
    broken_notifiers,
    broken_vouchers,
)

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
GUIDE, ADAPTERS = HOW_TO / "write-a-store.md", HOW_TO / "write-an-adapter.md"
PLACES = (
    *(broken, broken_answers, broken_books, broken_evidence),
    *(broken_directories, broken_customers, broken_notifiers, broken_vouchers),
)
PORTS: dict[str, type[Held]] = {
    "Evidence": EvidenceContract,
    "A directory": DirectoryContract,
    "Customers": CustomersContract,
    "A channel": NotifierContract,
    "Whether vouchers are genuine": GenuinenessContract,
    "Vouchers out of files": VoucherReaderContract,
}
"""The contract of each smaller port, by its heading in the guide."""
SAID = ("AssertionError", "assert ", "Failed: DID NOT RAISE", "expense_policy.ports.errors.")


class Outcomes:
    """What a run inside this one reported."""

    def __init__(self) -> None:
        self.reports: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps a report."""
        self.reports.append(report)

    def of(self, outcome: str) -> list[pytest.TestReport]:
        """Those with an outcome."""
        return [report for report in self.reports if report.outcome == outcome]


def run(*wanted: str) -> Outcomes:
    """Runs tests inside this one."""
    outcomes = Outcomes()
    pytest.main(["-p", "no:xdist", "-p", "no:cacheprovider", *wanted], plugins=[outcomes])
    return outcomes


def law_of(report: pytest.TestReport) -> str:
    """The law that a report is of."""
    return report.nodeid.split("::")[-1].split("[")[0]


@pytest.mark.parametrize("name", broken.BROKEN)
def test_what_is_broken_is_caught(name: str) -> None:
    """The law that names what the adapter does fails: by what it asserts, or a lawful batch refused; by no accident."""
    contract, law = broken.BROKEN[name]
    assert law in laws(contract)
    place = next(each for each in PLACES if each.__name__ == contract.__module__)
    failed = run(f"{place.__file__}::{contract.__name__}::{law}").of("failed")
    assert failed, f"{law} does not catch {name}"
    assert {report.when for report in failed} == {"call"}
    for report in failed:
        said: Any = report.longrepr
        assert said.reprcrash.message.startswith(SAID), report.longreprtext


def test_at_least_twenty_stores_are_broken() -> None:
    """As many ways to break a store stay here as controls, and most laws have one."""
    seen = [law for contract, law in broken.BROKEN.values() if issubclass(contract, RepositoryContract)]
    assert len(set(seen)) >= 20


@pytest.mark.parametrize("port", PORTS.values(), ids=PORTS)
def test_every_port_has_its_controls(port: type[Held]) -> None:
    """Two laws of three have a broken adapter that they catch."""
    seen = {law for contract, law in broken.BROKEN.values() if issubclass(contract, port)}
    assert len(seen) * 3 >= len(laws(port)) * 2, {*laws(port)} - seen


@pytest.mark.parametrize(("contract", "fixture"), [(RepositoryContract, "repository"), (EvidenceContract, "evidence")])
def test_nothing_to_hold_is_an_error(tmp_path: Path, contract: type[Held], fixture: str) -> None:
    """A contract without what it holds is no empty run: every law errs, and says what is missing."""
    path = tmp_path / f"test_without_{fixture}.py"
    path.write_text(
        f"from expense_policy.testing.contract import {contract.__name__}\n"
        f"class TestMine({contract.__name__}):\n    pass\n"
    )
    reports = run(str(path)).of("failed")
    assert {law_of(report) for report in reports} == {*laws(contract)}
    assert {report.when for report in reports} == {"setup"}
    assert all(f"define the fixture `{fixture}`" in report.longreprtext for report in reports)


def test_a_contract_is_held_whatever_it_is_called(tmp_path: Path) -> None:
    """A class below a contract is collected under any name, the contract itself under none, and a base that says so."""
    path = tmp_path / "test_named.py"
    path.write_text(
        "from expense_policy.testing.contract import RepositoryContract\n"
        "class Base(RepositoryContract):\n    __test__ = False\n"
        "class MyStore(Base):\n    pass\n"
    )
    outcomes = run(str(path))
    assert {report.nodeid.split("::")[1] for report in outcomes.reports} == {"MyStore"}
    assert {law_of(report) for report in outcomes.of("failed")} == {*laws()}


def test_the_guide_proves_a_store(tmp_path: Path) -> None:
    """The test file of the guide, as it stands, proves a store: laws pass, what was not declared is skipped."""
    code, *_ = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code.splitlines()) <= 20
    (tmp_path / "test_my_store.py").write_text(code, encoding="utf-8")
    (tmp_path / "my_store.py").write_text(
        "from expense_adapters.sql import SqlRepository\n"
        "class MyRepository(SqlRepository):\n"
        "    def __init__(self, path):\n        super().__init__(f'sqlite:///{path}')\n"
    )
    outcomes = run(str(tmp_path / "test_my_store.py"))
    assert outcomes.of("failed") == []
    assert [law_of(report) for report in outcomes.of("skipped")] == ["test_meddling_is_refused_or_named"]
    assert {law_of(report) for report in outcomes.of("passed") if report.when == "call"} >= {*laws()} - {
        "test_meddling_is_refused_or_named"
    }


def test_the_guide_proves_a_store_in_one_call(capsys: pytest.CaptureFixture[str]) -> None:
    """So does its one call."""
    _, code, *_ = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, "write-a-store.md", "exec"), {"MyRepository": MemoryRepository})
    assert capsys.readouterr().out.startswith(f"{len(laws()) - 2} laws kept, 50 examples of the state machine")


def test_the_guide_proves_adapters(tmp_path: Path) -> None:
    """The test file of the guide for the other ports, as it stands, proves adapters."""
    (code,) = re.findall(r"```python\n(.*?)```", ADAPTERS.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "test_my_adapters.py").write_text(code, encoding="utf-8")
    (tmp_path / "my_adapters.py").write_text(
        "from expense_adapters.files import FolderEvidence as MyEvidence\n"
        "from expense_adapters.local import FixedCustomers as MyCustomers\n"
        "from expense_adapters.local import FixedDirectory as MyDirectory\n"
        "from expense_adapters.local import FixedGenuineness as MyGenuineness\n"
        "from expense_adapters.vouchers import JsonVouchers as MyReader, written as example\n"
        "from expense_policy.testing.company import Post\n"
        "from tests.conformance.test_notifiers import shown\n"
        "class Mail:\n"
        "    def __init__(self, notice):\n"
        "        self.reference, self.text = notice.key, shown(notice).text\n"
        "class MyNotifier(Post):\n"
        "    sent = property(lambda self: [Mail(notice) for notice in self.delivered])\n"
    )
    outcomes = run(str(tmp_path / "test_my_adapters.py"))
    assert outcomes.of("failed") == []
    passed = {law_of(report) for report in outcomes.of("passed") if report.when == "call"}
    skipped = {law_of(report) for report in outcomes.of("skipped")}
    assert passed | skipped == {law for port in PORTS.values() for law in laws(port)}


def told(text: str) -> dict[str, str]:
    """The laws of a page's tables, with what they say."""
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))


def held(contract: type[Held]) -> dict[str, str]:
    """A contract's laws and their docstrings."""
    return {name[5:]: " ".join(str(getattr(contract, name).__doc__).split()) for name in laws(contract)}


def test_the_guide_names_every_law() -> None:
    """The guide's table is the laws and their docstrings."""
    assert told(GUIDE.read_text(encoding="utf-8")) == held(RepositoryContract)


@pytest.mark.parametrize("heading", PORTS)
def test_the_guide_names_every_law_of_a_port(heading: str) -> None:
    """So is the table of each smaller port, under its heading."""
    sections = re.split(r"^## (.+)$", ADAPTERS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert told(sections[sections.index(heading) + 1]) == held(PORTS[heading])


def test_a_declared_power_is_shown() -> None:
    """A store that declares a power and does not say how errs; one that does not is skipped, by name."""
    repository = MemoryRepository()
    durable: Any = type("TestDurable", (RepositoryContract,), {"durable": True})()
    with pytest.raises(NotImplementedError, match="reopen"):
        durable.test_what_was_committed_survives(repository, broken_clerk(repository))
    lonely: Any = type("TestLonely", (RepositoryContract,), {"concurrent": False})()
    with pytest.raises(pytest.skip.Exception, match="TestLonely does not declare itself concurrent"):
        lonely.test_one_of_many_wins(repository, broken_clerk(repository))


def broken_clerk(repository: MemoryRepository) -> Any:
    """A clerk for a law that is called by hand."""
    from expense_policy.testing.batches import Clerk

    return Clerk(repository)


def nothing(self: object) -> None:
    """Passes."""


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"test_a_key_is_taken_once": nothing}, "overrides the law test_a_key_is_taken_once"),
        ({"test_a_key_is_taken_once": None}, "overrides the law test_a_key_is_taken_once"),
        ({"durable": "yes"}, "durable is True or False"),
        ({"__init__": nothing}, "has an __init__"),
        ({"__new__": nothing}, "has an __new__"),
    ],
)
def test_a_law_is_not_overridden(what: dict[str, Callable[[object], None]], said: str) -> None:
    """A subclass that puts its own in a law's place, or that pytest would pass over, is a TypeError."""
    with pytest.raises(TypeError, match=said):
        type("TestMine", (RepositoryContract,), what)


def test_a_law_is_not_overridden_from_aside() -> None:
    """Nor by a class beside the contract, and that brings no `__init__` either."""
    for name, said in (("test_a_key_is_taken_once", "overrides the law"), ("__init__", "has an __init__")):
        aside = type("Aside", (), {name: nothing})
        with pytest.raises(TypeError, match=said):
            type("TestMine", (aside, RepositoryContract), {})
