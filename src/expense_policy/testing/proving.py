"""A store proved in one call, in a test or in a script: every law of its contract, and the state machine over it."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import product
from pathlib import Path
from textwrap import indent
from typing import Any, Generic, TypeVar

import attrs
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from ..ports.repository import Repository
from .batches import Clerk
from .contract import RepositoryContract, laws
from .machine import SpendingMachine

R = TypeVar("R", bound=Repository)

STEPS = 30
"""As many acts an example of the machine has at most."""
_KIT = str(Path(__file__).parent)


@attrs.frozen
class Proof:
    """What was proved of a store: the laws it keeps, those of powers it was not given, and the machine's examples."""

    kept: tuple[str, ...]
    skipped: tuple[str, ...]
    examples: int

    def __str__(self) -> str:
        skipped = f", skipped: {', '.join(self.skipped)}" if self.skipped else ""
        return f"{len(self.kept)} laws kept, {self.examples} examples of the state machine{skipped}"


def prove_repository(
    factory: Callable[[], R],
    *,
    reopen: Callable[[R], R] | None = None,
    meddle: Callable[[R], Iterable[tuple[str, Callable[[], object]]]] | None = None,
    concurrent: bool = True,
    examples: int = 50,
) -> Proof:
    """Holds the stores that `factory` makes, each new and empty, to every law, and plays the state machine over others.

    `reopen`, `meddle` and `concurrent` are what they are in `RepositoryContract`: the laws of a power that is not given
    are skipped. Each of the machine's `examples`, which may be 0, has a store of its own. A store that has a `close` is
    closed after its law or example.

    AssertionError names every law that is broken, with what it says. TypeError and ValueError are a factory that makes
    no store, or one that is not new and empty; RuntimeError is a Python whose assertions are off.
    """
    if not __debug__:
        raise RuntimeError("nothing is proved where assertions are off (-O)")
    stores = _Stores(factory)
    contract = _contract(stores, reopen, meddle, concurrent)
    kept, skipped, broken = list[str](), list[str](), list[str]()
    for law in laws():
        said, name = _held(contract, law, stores), law.removeprefix("test_")
        if said is None:
            kept.append(name)
        elif isinstance(said, pytest.skip.Exception):
            skipped.append(name)
        else:
            broken.append(_told(f"{name}: {_line(getattr(contract, law).__doc__)}", said))
    # What breaks a law breaks the machine in ways that nobody needs the shortest of.
    phases = (Phase.generate,) if broken else settings().phases
    if examples and (lost := _played(stores, examples, phases)) is not None:
        broken.append(_told("the state machine: what is foretold is done, whatever people do in whatever order", lost))
    if broken:
        raise AssertionError("\n".join((f"broken: {len(broken)}; kept: {len(kept)}", *broken)))
    return Proof(tuple(kept), tuple(skipped), examples)


class _Stores(Generic[R]):
    """Makes stores, and closes them."""

    def __init__(self, factory: Callable[[], R]) -> None:
        if not callable(factory):
            raise TypeError(f"factory is a function that makes a store, not {type(factory).__name__}")
        self._factory = factory
        self._open: list[R] = []
        self._last: R | None = None

    def make(self) -> R:
        """One that whoever asked closes."""
        store = self._factory()
        if not (hasattr(store, "look") and hasattr(store, "commit")):
            raise TypeError(f"factory() makes no Repository, but {type(store).__name__}")
        if store is self._last or not _empty(store):
            raise ValueError("factory() makes a store that was written to already: each call has to make an empty one")
        self._last = store
        return store

    def open(self) -> R:
        """One that `close` closes."""
        store = self.make()
        self._open.append(store)
        return store

    def instead(self, store: R, again: R) -> R:
        """The store was closed, and opened anew."""
        self._open = [each for each in self._open if each is not store] + [again]
        return again

    def close(self) -> None:
        """Closes what is open."""
        while self._open:
            close = getattr(self._open.pop(), "close", None)
            if close is not None:
                close()


def _empty(store: Repository) -> bool:
    try:
        return next(store.history(), None) is None and not store.lines()
    except Exception:  # what it can't answer its laws tell
        return True


def _contract(
    stores: _Stores[R],
    reopen: Callable[[R], R] | None,
    meddle: Callable[[R], Iterable[tuple[str, Callable[[], object]]]] | None,
    concurrent: bool,
) -> type[RepositoryContract]:
    """The class that a test file would hold."""
    said: dict[str, Any] = {
        "concurrent": concurrent,
        "durable": reopen is not None,
        "back_door": meddle is not None,
    }
    if reopen is not None:
        said["reopen"] = lambda self, repository: stores.instead(repository, reopen(repository))
    if meddle is not None:
        said["meddle"] = lambda self, repository: meddle(repository)
    return type("Proved", (RepositoryContract,), said)


def _held(contract: type[RepositoryContract], law: str, stores: _Stores[R]) -> BaseException | None:
    """What speaks against a law, or why it was skipped; None where every case of it is kept."""
    for case in _cases(getattr(contract, law)):
        store = stores.open()
        act = getattr(contract(), law)
        given = {"repository": store, "clerk": Clerk(store), **case}
        try:
            act(**{name: given[name] for name in inspect.signature(act).parameters})
        except (Exception, pytest.fail.Exception, pytest.skip.Exception) as said:
            return said
        finally:
            stores.close()
    return None


def _cases(law: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """The arguments of each case of a law, as pytest would make them of its parameters."""
    tables: list[list[dict[str, Any]]] = []
    for mark in getattr(law, "pytestmark", ()):
        names, values = mark.args
        names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        tables.append([dict(zip(names, (value,) if len(names) == 1 else value, strict=True)) for value in values])
    for case in product(*tables):
        yield dict(pair for part in case for pair in part.items())


def _played(stores: _Stores[R], examples: int, phases: Collection[Phase]) -> Exception | None:
    """What the state machine came upon."""
    kind = type("Machine", (SpendingMachine,), {"factory": staticmethod(stores.make)})
    played = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(kind, settings=played)
    except Exception as error:
        return error
    return None


def _told(what: str, error: BaseException) -> str:
    """What is broken, what was said, and where in the kit."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_KIT)]
    where = [f"{Path(frame.filename).name}:{frame.lineno}: {frame.line}" for frame in frames[-1:]]
    said = [f"{type(error).__name__}: {error}".rstrip(": "), *getattr(error, "__notes__", ())]
    return f"- {what}\n" + indent("\n".join(where + said), "  ")


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
