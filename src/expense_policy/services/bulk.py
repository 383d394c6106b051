"""Many acts in one call: decided one after the other, each on what those before it did, and committed in groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from ..domain.policy import Policy
from ..domain.refusals import ExpensePolicyError, Refusal, Refused
from ..ports.errors import AlreadyDone, Conflict, RepositoryError, RepositoryUnavailable
from ..ports.repository import Batch, Key, Look
from .ahead import POLICY_GUARD, Ahead, joined, together
from .engine import Act, Engine, Receipt, Scene, looked, wanted

GROUP = 256
"""As many acts are committed in one transaction at most."""
TRIES = 3
"""As often a group that met other writers is decided again, before half of it is."""


@attrs.frozen
class Done:
    """An item that was done, now or before under the same key."""

    receipt: Receipt


@attrs.frozen
class NotDone:
    """An item that was not done, and what the single act would have raised."""

    error: Refused | RepositoryError | ValueError

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every refusal, where it was refused."""
        return self.error.refusals if isinstance(self.error, Refused) else ()


Outcome = Done | NotDone


@attrs.frozen
class Ask:
    """An act with its key, ready to be done."""

    act: Act
    key: Key | None

    @classmethod
    def of(cls, act: Act, key: str | None, asked: object) -> Ask:
        """As `Engine.perform` takes them; a caller's mistake is told here, before anything is done."""
        return cls(act, wanted(act, key, asked))


class _Group:
    """Acts that one look is enough for: the first of those given."""

    def __init__(self, asks: Sequence[Ask]) -> None:
        self._asks = asks
        self.looks: list[Look] = []

    def look(self, at: datetime, policy: Policy | None) -> Look:
        """What they need to see."""
        self.looks = together(looked(ask.act, ask.key, (), at, policy) for ask in self._asks)
        return joined(self.looks)

    def decided(self, engine: Engine, scene: Scene) -> tuple[list[Outcome], list[Batch]]:
        """What becomes of them, and what is to be committed for it.

        It ends before an act that has to look by itself: a version was adopted in the group, the clock stands before
        the last entry of the act's chain, or what the act saw tells it to see more.
        """
        outcomes: list[Outcome] = []
        batches: list[Batch] = []
        ahead = Ahead(joined(self.looks), scene.seen)
        for ask, look in zip(self._asks, self.looks, strict=False):
            seen = ahead.answer(look)
            head = seen.heads.get(ask.act.subject)
            adopted = seen.guards[POLICY_GUARD] != scene.seen.guards.get(POLICY_GUARD, 0)
            if adopted or (head is not None and head[2] > scene.at):
                break
            try:
                found = engine.decided(ask.act, attrs.evolve(scene, seen=seen), ask.key)
            except RepositoryUnavailable:
                raise
            except (Refused, RepositoryError, ValueError) as error:
                outcomes.append(NotDone(error))
                continue
            if isinstance(found, Look):
                break
            if isinstance(found, Batch):
                ahead.follow(found)
                batches.append(found)
                found = Receipt.of(found.entry)
            outcomes.append(Done(found))
        return outcomes, batches


class Bulk:
    """Does many acts as if each were done after the one before it: the same receipts, refusals and rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def perform(self, asks: Sequence[Ask]) -> tuple[Outcome, ...]:
        """What became of each, in their order; one that is refused does not stop the others.

        Raises RepositoryUnavailable where the store can't be reached: what was committed before is done, and asking
        for all again under the same keys does nothing twice.
        """
        found: list[Outcome] = []
        while len(found) < len(asks):
            found += self._first(asks[len(found) : len(found) + GROUP])
        return tuple(found)

    def _first(self, asks: Sequence[Ask]) -> list[Outcome]:
        """What became of the first of these, as many as went together; of fewer, where they can't be done together."""
        for _ in range(TRIES if len(asks) > 1 else 0):
            try:
                group = _Group(asks)
                outcomes, batches = group.decided(self._engine, self._engine.scene(group.look))
                if batches:
                    self._engine.env.repository.commit(*batches)
            except RepositoryUnavailable:
                raise
            except (Conflict, AlreadyDone):
                continue
            except (ExpensePolicyError, ValueError):
                # One of them breaks a law or is no question at all: which one, the halves will tell.
                break
            return outcomes or self._first(asks[:1])
        return self._first(asks[: len(asks) // 2]) if len(asks) > 1 else [self._alone(asks[0])]

    def _alone(self, ask: Ask) -> Outcome:
        try:
            return Done(self._engine.do(ask.act, ask.key))
        except RepositoryUnavailable:
            raise
        except (Refused, RepositoryError, ValueError) as error:
            return NotDone(error)
