"""A deterministic scheduler: every order in which several acts can take their steps, one step at a time.

An act runs in a thread of its own and waits at each step until it is let through; then all others stand still. Which of
those that wait goes next is a choice. Every way in which the choices can go is tried, none twice: what an act does
after it met another is part of the search, and no number of steps is taken for granted.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import attrs

T = TypeVar("T")
Choose = Callable[[int], int]
"""Chooses one of so many."""
_LIMIT = 20.0
_here = threading.local()


class Engine:
    """What holds acts back by itself: the scheduler asks it, so that it knows who waits for whom."""

    def may(self, party: int, step: str) -> bool:
        """Whether the party can take its step at all."""
        return True

    def before(self, party: int, step: str) -> None:
        """The party is about to be let through; through a step of the engine's own the engine lets it."""

    def held(self, party: int) -> str:
        """Where the engine holds the party: the name of a step of the engine's own, "blocked" by another, or ""."""
        return ""


@attrs.define(eq=False)
class _Party:
    """One act."""

    number: int
    act: Callable[[], object]
    answer: object = None
    at: str = ""
    """The step it waits at; "" while it runs."""
    inside: bool = False
    """Whether it waits inside the engine."""
    ended: bool = False
    go: threading.Semaphore = attrs.field(factory=lambda: threading.Semaphore(0))
    came: threading.Semaphore = attrs.field(factory=lambda: threading.Semaphore(0))

    def run(self) -> None:
        _here.party = self
        try:
            self.answer = self.act()
        except Exception as error:
            self.answer = error
        self.ended = True
        self.came.release()

    def wait(self, step: str) -> None:
        self.at = step
        self.came.release()
        if not self.go.acquire(timeout=_LIMIT):
            raise TimeoutError(f"party {self.number} was not let through {step}")


def step(name: str) -> None:
    """The act of this thread is about to take a step; where no scheduler runs it, nothing."""
    party: _Party | None = getattr(_here, "party", None)
    if party is not None:
        party.wait(name)


def party() -> int | None:
    """The number of this thread's act, where a scheduler runs it."""
    found: _Party | None = getattr(_here, "party", None)
    return None if found is None else found.number


@attrs.frozen
class Played:
    """One order: who took which step, what each act came to, how often one was seen to wait for another."""

    order: tuple[tuple[int, str], ...]
    answers: tuple[object, ...]
    blocked: int

    @property
    def serial(self) -> bool:
        """Whether one act ended before the other began."""
        who = [number for number, _ in self.order]
        return sum(a != b for a, b in itertools.pairwise(who)) < len(set(who))


def play(acts: Sequence[Callable[[], object]], choose: Choose, engine: Engine | None = None) -> Played:
    """Lets the acts take their steps in an order that is chosen step by step."""
    engine = engine or Engine()
    parties = [_Party(i, act) for i, act in enumerate(acts)]
    threads = [threading.Thread(target=each.run, daemon=True) for each in parties]
    order, blocked = [], 0
    for each, thread in zip(parties, threads, strict=True):
        thread.start()
        _arrived(each)
    while not all(each.ended for each in parties):
        ready = [each for each in parties if each.at and engine.may(each.number, each.at)]
        if not ready:
            # All of them wait for each other inside the engine, which has to end it.
            _arrived(*[each for each in parties if not each.ended])
            continue
        chosen = ready[choose(len(ready))]
        order.append((chosen.number, chosen.at))
        name, chosen.at = chosen.at, ""
        engine.before(chosen.number, name)
        if not chosen.inside:
            chosen.go.release()
        chosen.inside = False
        _settle(chosen, engine)
        # Whom it held up may go on now.
        for each in parties:
            if not (each is chosen or each.ended or each.at):
                _settle(each, engine)
        blocked += not (chosen.at or chosen.ended)
    for thread in threads:
        thread.join(_LIMIT)
    return Played(tuple(order), tuple(each.answer for each in parties), blocked)


def _arrived(*parties: _Party) -> None:
    """One of them came to its next step, or to its end."""
    for _ in range(int(_LIMIT * 1000)):
        for each in parties:
            if each.came.acquire(timeout=0.001 if len(parties) > 1 else _LIMIT):
                return
    raise TimeoutError("nobody goes on")


def _settle(party: _Party, engine: Engine) -> None:
    """It came to its next step or its end, or the engine holds it."""
    for _ in range(int(_LIMIT * 1000)):
        if party.came.acquire(timeout=0.0005):
            return
        where = engine.held(party.number)
        if where == "blocked":
            return
        if where:
            party.at, party.inside = where, True
            return
    raise TimeoutError(f"party {party.number} neither goes on nor waits for anybody")


def every_order(once: Callable[[Choose], T]) -> Iterator[T]:
    """What `once` comes to, for every way in which its choices can go."""
    path: list[list[int]] = []
    while True:
        depth = 0

        def choose(among: int) -> int:
            nonlocal depth
            if among == 1:
                return 0
            if depth == len(path):
                path.append([0, among])
            assert path[depth][1] == among, "the same choices led elsewhere: something is not held still"
            depth += 1
            return path[depth - 1][0]

        yield once(choose)
        assert depth == len(path), "the same choices led elsewhere: something is not held still"
        while path and path[-1][0] == path[-1][1] - 1:
            path.pop()
        if not path:
            return
        path[-1][0] += 1


class Stepped:
    """A store whose looks and commits are steps."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def look(self, at: Any) -> Any:
        """Looks in its turn."""
        step("look")
        return self.inner.look(at)

    def commit(self, *batches: Any) -> None:
        """Commits in its turn."""
        step("commit")
        self.inner.commit(*batches)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
