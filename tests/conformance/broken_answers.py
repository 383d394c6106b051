"""Stores that keep what they are given, and answer wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import attrs

from expense_adapters.memory import MemoryRepository
from expense_policy.domain.journal import Entry
from expense_policy.ports.repository import Fact, Faulty, Look, Seen, Summary

from .broken import breaks


@breaks("test_pages_come_in_id_order")
class PagesOverlap(MemoryRepository):
    """Gives the last of a page again."""

    def find(self, where: Any = (), due: Any = None, after: str = "", limit: int = 100) -> Sequence[Summary]:
        """From the last one on."""
        found = super().find(where, due, after, limit)
        again = [row for row in super().find(where, due) if row.id == after]
        return [*again, *found][:limit] if found else found


@breaks("test_pages_come_in_id_order")
class OrderOfUtf16(MemoryRepository):
    """Orders as a JVM or a browser does."""

    def find(self, where: Any = (), due: Any = None, after: str = "", limit: int = 100) -> Sequence[Summary]:
        """In the order of UTF-16."""
        rows = sorted(super().find(where, due), key=lambda row: row.id.encode("utf-16-be"))
        return [row for row in rows if row.id.encode("utf-16-be") > after.encode("utf-16-be")][:limit]


@breaks("test_what_is_due_by_then_is_found")
class DueTooLate(MemoryRepository):
    """Due is what is overdue."""

    def find(self, where: Any = (), due: Any = None, after: str = "", limit: int = 100) -> Sequence[Summary]:
        """Due before, not by."""
        if due is not None:
            due = (due[0], due[1] - timedelta(microseconds=1))
        return super().find(where, due, after, limit)


@breaks("test_related_sums_are_what_a_recomputation_gives")
class SumOfWhatWas(MemoryRepository):
    """Adds up what was asked for, not what it counts for now."""

    def look(self, at: Look) -> Seen:
        """Twice what is right, where anything is."""
        seen = super().look(at)
        return attrs.evolve(seen, sums=tuple({key: 2 * n for key, n in each.items()} for each in seen.sums))


@breaks("test_entries_wait_for_a_seal")
class NeverSealed(MemoryRepository):
    """Asks for every entry to be sealed again."""

    def unsealed(self, limit: int) -> Sequence[Entry]:
        """All there are."""
        return [entry for entry, _ in self.history()][:limit]


@breaks("test_a_wrong_question_is_the_callers_mistake")
class DriverErrors(MemoryRepository):
    """Lets a codec's error out."""

    def find(self, where: Any = (), due: Any = None, after: str = "", limit: int = 100) -> Sequence[Summary]:
        """Encodes before it checks."""
        after.encode()
        return super().find(where, due, after, limit)


@breaks("test_a_look_sees_what_was_committed")
class StaleLook(MemoryRepository):
    """Answers a question it was asked before from memory."""

    def look(self, at: Look) -> Seen:
        """The first answer, for ever."""
        kept: dict[Look, Seen] = self.__dict__.setdefault("_kept", {})
        plain = attrs.evolve(at, keys=(), subjects=(), documents=(), lines=())
        seen = super().look(at)
        return attrs.evolve(seen, guards=kept.setdefault(plain, seen).guards)


@breaks("test_what_is_left_half_read_is_in_nobodys_way")
class SnapshotWhileReading(MemoryRepository):
    """A history that is being read holds the thread's snapshot open."""

    def history(
        self, subject: str | None = None, faulty: Faulty | None = None
    ) -> Iterator[tuple[Entry, tuple[Fact, ...]]]:
        """Reads, and holds."""
        self.held = dict(self._state.guards)
        yield from super().history(subject, faulty)
        del self.held

    def look(self, at: Look) -> Seen:
        """As of when the reading began."""
        seen = super().look(at)
        held = getattr(self, "held", None)
        return seen if held is None else attrs.evolve(seen, guards={key: held.get(key, 0) for key in at.guards})


@breaks("test_a_look_may_ask_many_things")
class HundredQuestions(MemoryRepository):
    """Answers a hundred questions of a kind, and no more."""

    def look(self, at: Look) -> Seen:
        """The others come back empty."""
        seen = super().look(at)
        return attrs.evolve(seen, sums=(*seen.sums[:100], *({} for _ in seen.sums[100:])))
