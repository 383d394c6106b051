"""What a store will say once the batches decided so far are committed: many acts are decided on one look."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from ..domain.adoption import PolicyVersion
from ..domain.cards import Card
from ..domain.documents import Document
from ..domain.holds import moved
from ..domain.payment import PayeeAccount
from ..domain.project import Project
from ..ports.repository import Batch, Look, Seen, Take

POLICY_GUARD = "policies"
"""The guard that every adoption bumps: every act looks at it."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def together(looks: Iterable[Look]) -> list[Look]:
    """The first of these looks, as many as one can stand for while the acts behind them are decided in their order.

    What an act changes is known to the acts after it, but for sums: a new document counts in those behind the guards it
    bumps, a document that was there may count in any. An act that asks for such a sum waits for the next look.
    """
    found: list[Look] = []
    bumped: set[str] = set()
    changing = False
    for look in looks:
        guards = {guard for guard in look.guards if guard != POLICY_GUARD}
        if look.sums and (changing or not bumped.isdisjoint(guards)):
            break
        found.append(look)
        bumped |= guards
        changing = changing or bool(look.documents) or bool(look.cards)
    return found


def joined(looks: Sequence[Look]) -> Look:
    """One look that asks for all that these ask for."""
    parts: dict[str, Any] = {"held": any(look.held for look in looks)}
    for name in [field.name for field in attrs.fields(Look) if field.name != "held"]:
        parts[name] = tuple(dict.fromkeys([each for look in looks for each in getattr(look, name)]))
    return Look(**parts)


class Ahead:
    """A store's answer to a joined look, and what the batches that follow make of it.

    It answers each look that was joined exactly as the store would after those batches, as long as they go `together`.
    """

    def __init__(self, asked: Look, seen: Seen) -> None:
        self._done, self._heads = dict(seen.done), dict(seen.heads)
        self._records: dict[type, dict[str, Any]] = {
            Document: dict(seen.documents),
            PayeeAccount: dict(seen.payees),
            PolicyVersion: dict(seen.policies),
            Project: dict(seen.projects),
            Card: dict(seen.cards),
        }
        self._lines, self._guards, self._taken = dict(seen.lines), dict(seen.guards), dict(seen.taken)
        self._sums = dict(zip(asked.sums, seen.sums, strict=True))

    def answer(self, look: Look) -> Seen:
        """What the store would answer."""
        documents = _those(self._records[Document], look.documents)
        held = [h.line for document in documents.values() for h in document.held] if look.held else []
        return Seen(
            _those(self._done, look.keys),
            _those(self._heads, look.subjects),
            documents,
            _those(self._records[PayeeAccount], look.payees),
            _those(self._records[PolicyVersion], look.policies),
            _those(self._records[Project], look.projects),
            _those(self._lines, (*look.lines, *held)),
            {guard: self._guards.get(guard, 0) for guard in look.guards},
            _those(self._taken, look.taken),
            tuple([self._sums[each] for each in look.sums]),
            _those(self._records[Card], look.cards),
        )

    def follow(self, batch: Batch) -> None:
        """Takes over what a batch does."""
        entry = batch.entry
        self._heads[entry.subject] = (entry.seq, entry.digest, entry.at)
        if batch.key is not None:
            self._done[batch.key.key] = (entry, batch.key.asked)
        for guard in batch.guards:
            self._guards[guard.key] = guard.expected + 1
        for put in batch.puts:
            kind = Card if isinstance(put.record, Card) else type(put.record)
            self._records[kind][put.record.id] = put.record
        for line in batch.lines:
            self._lines[line.id] = line
        for move in batch.moves:
            # A line that no act of the group asks for is the store's alone.
            if move.line in self._lines:
                self._lines[move.line] = moved(self._lines[move.line], move)
        closed = batch.closes or (batch.reopens and batch.reopens.plus(-1))
        if closed is not None:
            for id, line in self._lines.items():
                self._lines[id] = attrs.evolve(line, closed_through=closed)
        for take in batch.takes:
            if isinstance(take, Take):
                self._taken[(take.space, take.key)] = take.by
            else:
                self._taken.pop((take.space, take.key), None)


def _those(kept: Mapping[K, V], wanted: Iterable[K]) -> dict[K, V]:
    return {each: kept[each] for each in wanted if each in kept}
