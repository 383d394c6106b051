"""A store proved in one call: what is kept, skipped and broken is named, and no wrong use passes for a proof."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import Phase, settings

from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository
from expense_policy.ports.repository import Batch
from expense_policy.testing import prove_repository, proving
from expense_policy.testing.contract import laws

from . import test_memory, test_sqlite
from .broken import HalfABatch
from .test_kit_catches import law_of, run

ALL = {law.removeprefix("test_") for law in laws()}


@pytest.fixture
def unshrunk() -> Iterator[None]:
    """The machine's first failure is enough."""
    settings.register_profile("unshrunk", phases=(Phase.generate,))
    settings.load_profile("unshrunk")
    yield
    settings.load_profile("default")


def named(error: pytest.ExceptionInfo[AssertionError]) -> set[str]:
    """What an error names as broken."""
    return {line[2:].partition(":")[0] for line in str(error.value).splitlines() if line.startswith("- ")}


def test_a_good_store_is_proved() -> None:
    """Every law is kept or skipped by name, and the machine is played."""
    proof = prove_repository(MemoryRepository, examples=10)
    assert {*proof.kept, *proof.skipped} == ALL
    assert proof.skipped == ("meddling_is_refused_or_named", "what_was_committed_survives")
    assert str(proof).startswith(f"{len(ALL) - 2} laws kept, 10 examples of the state machine, skipped: meddling")


def test_powers_are_what_they_are_in_the_contract(tmp_path: Path) -> None:
    """With `reopen` and `meddle` no law is skipped; without `concurrent` those of many at once are."""
    numbers, played = itertools.count(), test_sqlite.TestSqlite()

    def factory() -> SqlRepository:
        played.path_ = tmp_path / f"{next(numbers)}.db"
        return SqlRepository(f"sqlite:///{played.path_}")

    proof = prove_repository(factory, reopen=played.reopen, meddle=played.meddle, examples=3)
    assert (set(proof.kept), proof.skipped) == (ALL, ())
    alone = prove_repository(MemoryRepository, concurrent=False, examples=0)
    assert {"one_of_many_wins", "a_guarded_sum_counts_everybody"} < {*alone.skipped}
    assert {*alone.kept, *alone.skipped} == ALL


def test_every_broken_law_is_named() -> None:
    """A store that breaks laws is told all of them, each with what it says."""
    with pytest.raises(AssertionError, match="Whatever the one condition that does not hold") as refused:
        prove_repository(HalfABatch, examples=0)
    broken = named(refused)
    assert {"a_batch_refused_for_its_last_condition_leaves_no_trace", "a_key_is_taken_once"} < broken < ALL


class TellsNobody(MemoryRepository):
    """Keeps every law of the port that a kit can ask for, and does not send what people pay."""

    def commit(self, *batches: Batch) -> None:
        """Without the notices of payments."""
        super().commit(*[attrs.evolve(b, notices=()) if b.entry.act == "pay" else b for b in batches])


@pytest.mark.usefixtures("unshrunk")
def test_what_the_machine_alone_sees_is_named() -> None:
    """A store that breaks no law when it is asked for it, but when a company works with it, is told by the machine."""
    with pytest.raises(AssertionError, match="I31") as refused:
        prove_repository(TellsNobody)
    assert named(refused) == {"the state machine"}


def test_stores_are_closed() -> None:
    """Each store that was made is closed once, after its law or its example."""
    made, closed = list[object](), list[object]()

    def factory() -> MemoryRepository:
        store = MemoryRepository()
        store.__dict__["close"] = partial(closed.append, store)
        made.append(store)
        return store

    prove_repository(factory, examples=5)
    assert [id(store) for store in closed] == [id(store) for store in made]


def test_every_case_is_held() -> None:
    """A law is held in as many cases as pytest makes of it."""
    made: list[object] = []

    def factory() -> MemoryRepository:
        made.append(None)
        return MemoryRepository()

    prove_repository(factory, examples=0)
    assert test_memory.__file__ is not None
    collected = [each for each in run(test_memory.__file__).reports if each.when == "setup"]
    assert len({law_of(each) for each in collected}) == len(ALL)
    assert len(made) == len(collected)


ONE = MemoryRepository()


@pytest.mark.parametrize(
    ("factory", "error", "said"),
    [
        (ONE, TypeError, "factory is a function that makes a store, not MemoryRepository"),
        (None, TypeError, "not NoneType"),
        (lambda: None, TypeError, "makes no Repository, but NoneType"),
        (lambda: ONE, ValueError, "written to already"),
    ],
)
def test_a_wrong_factory_is_told(factory: Any, error: type[Exception], said: str) -> None:
    """A factory that is none, that makes no store, or the same one again, is told in a sentence."""
    with pytest.raises(error, match=said):
        prove_repository(factory, examples=0)


def test_a_factory_over_the_same_data_is_told(tmp_path: Path) -> None:
    """So is one whose stores are several, and their data the same."""
    with pytest.raises(ValueError, match="written to already"):
        prove_repository(lambda: SqlRepository(f"sqlite:///{tmp_path}/store.db"), examples=0)


SCRIPT = """
from expense_adapters.memory import MemoryRepository
from expense_policy.testing import prove_repository

print(prove_repository(MemoryRepository, examples=2))
"""


def test_a_script_proves_a_store(tmp_path: Path) -> None:
    """A plain script proves a store, and says so where assertions are off and nothing would be proved."""
    good, bad = (
        subprocess.run(
            [sys.executable, *options, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        for options in ((), ("-O",))
    )
    assert (good.returncode, good.stdout.partition(" laws kept, 2 examples")[0]) == (0, str(len(ALL) - 2)), good.stderr
    assert (bad.returncode, "assertions are off" in bad.stderr) == (1, True)


def test_the_package_is_light() -> None:
    """Who plays in the company alone loads no state machine."""
    program = "import sys, expense_policy.testing.company; assert 'hypothesis.stateful' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'prove'"):
        _ = getattr(sys.modules["expense_policy.testing"], "prove")  # noqa: B009  # what is not there
    assert proving.prove_repository is prove_repository
