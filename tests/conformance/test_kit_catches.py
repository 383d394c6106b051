"""The contract is proved: each broken store fails the law that names what it does, and no wrong use passes silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from expense_adapters.memory import MemoryRepository
from expense_policy.testing.contract import RepositoryContract, laws

from . import broken

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


@pytest.mark.parametrize("name", broken.BROKEN)
def test_a_broken_store_is_caught(name: str) -> None:
    """The law that names what the store does fails: by what it asserts, or a lawful batch refused; by no accident."""
    contract, law = broken.BROKEN[name]
    assert law in laws()
    failed = run(f"{broken.__file__}::{contract.__name__}::{law}").of("failed")
    assert failed, f"{law} does not catch {name}"
    assert {report.when for report in failed} == {"call"}
    for report in failed:
        said: Any = report.longrepr
        assert said.reprcrash.message.startswith(SAID), report.longreprtext


def test_at_least_twenty_stores_are_broken() -> None:
    """As many ways to break a store stay here as controls, and most laws have one."""
    assert len(broken.BROKEN) >= 20
    assert len({law for _, law in broken.BROKEN.values()}) >= 20


def test_a_missing_store_is_an_error(tmp_path: Any) -> None:
    """A contract without a store is no empty run: every law errs, and says what is missing."""
    path = tmp_path / "test_mine.py"
    path.write_text(
        "from expense_policy.testing.contract import RepositoryContract\n"
        "class TestMine(RepositoryContract):\n    durable = back_door = False\n"
    )
    reports = run(str(path)).of("failed")
    assert len({report.nodeid.split("::")[-1].split("[")[0] for report in reports}) == len(laws())
    assert {report.when for report in reports} == {"setup"}
    assert all("define the fixture `repository`" in report.longreprtext for report in reports)


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
        ({"__init__": nothing}, "__init__"),
    ],
)
def test_a_law_is_not_overridden(what: dict[str, Callable[[object], None]], said: str) -> None:
    """A subclass that puts its own in a law's place, or that pytest would pass over, is a TypeError."""
    with pytest.raises(TypeError, match=said):
        type("TestMine", (RepositoryContract,), what)


def test_a_law_is_not_overridden_from_aside() -> None:
    """Nor by a class beside the contract."""
    aside = type("Aside", (), {"test_a_key_is_taken_once": nothing})
    with pytest.raises(TypeError, match="overrides the law"):
        type("TestMine", (aside, RepositoryContract), {})
