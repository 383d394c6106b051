"""Stores that keep what they are given, and answer wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import attrs

from expense_adapters.memory import MemoryRepository
from expense_policy.domain.categories import UseRow
from expense_policy.domain.journal import Entry
from expense_policy.ports.mistakes import PAGE_MAX, USED
from expense_policy.ports.repository import Batch, Fact, Faulty, Look, Seen, Summary

from .broken import Changing, breaks


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


Where = tuple[tuple[str, str], ...]
Place = tuple[str, int]


def _place(row: UseRow) -> Place:
    return (row.document, row.number)


@breaks("test_uses_come_in_order_of_document_and_number")
class UsesOverlap(MemoryRepository):
    """Gives the last row of a page again."""

    def uses(self, where: Where, after: Place = ("", 0), limit: int = 100) -> Sequence[UseRow]:
        """From the last one on."""
        again = [row for row in super().uses(where, limit=PAGE_MAX) if _place(row) == after]
        return [*again, *super().uses(where, after, limit)][:limit]


@breaks("test_uses_come_in_order_of_document_and_number")
class UsesOfNumbersAsText(MemoryRepository):
    """Orders rows as text: 10 before 9."""

    def uses(self, where: Where, after: Place = ("", 0), limit: int = 100) -> Sequence[UseRow]:
        """In the order of text."""
        rows = super().uses(where, limit=PAGE_MAX)
        text = sorted(rows, key=lambda row: (row.document, str(row.number)))
        return [row for row in text if (row.document, str(row.number)) > (after[0], str(after[1]))][:limit]


@breaks("test_uses_come_in_order_of_document_and_number")
class UsesSkipADocument(MemoryRepository):
    """Goes on with the next document, though one is not at its end."""

    def uses(self, where: Where, after: Place = ("", 0), limit: int = 100) -> Sequence[UseRow]:
        """After the document of the last one."""
        return super().uses(where, (after[0], 2**63 - 1), limit) if after[0] else super().uses(where, after, limit)


@breaks("test_uses_come_in_order_of_document_and_number")
class UsesAfterARow(MemoryRepository):
    """Looks for the row to go on after, and begins anew where it is not there."""

    def uses(self, where: Where, after: Place = ("", 0), limit: int = 100) -> Sequence[UseRow]:
        """From where the row is."""
        places = [_place(row) for row in super().uses(where, limit=PAGE_MAX)]
        return super().uses(where, after if after in places else ("", 0), limit)


@breaks("test_each_column_finds_its_own_uses")
class UsesByOneColumn(MemoryRepository):
    """Looks at the column of its index, and not at the others."""

    def uses(self, where: Where, after: Place = ("", 0), limit: int = 100) -> Sequence[UseRow]:
        """By one of those that were named."""
        super().uses(where, after, limit)
        return super().uses(tuple(each for each in where if each[0] in USED)[:1], after, limit)


@breaks("test_each_column_finds_its_own_uses")
class UsesOfAnyMonth(MemoryRepository):
    """Does not narrow by month."""

    def uses(self, where: Where, after: Place = ("", 0), limit: int = 100) -> Sequence[UseRow]:
        """Of the type alone."""
        super().uses(where, after, limit)
        return super().uses(tuple(each for each in where if each[0] != "month"), after, limit)


@breaks("test_each_column_finds_its_own_uses")
class NarrowedAfterThePage(MemoryRepository):
    """Cuts a page, and narrows it then: it comes out short."""

    def uses(self, where: Where, after: Place = ("", 0), limit: int = 100) -> Sequence[UseRow]:
        """What of the page is of the type and month."""
        found = super().uses(tuple(each for each in where if each[0] in USED), after, limit)
        return [row for row in found if all(getattr(row, name) == value for name, value in where)]


@breaks("test_each_column_finds_its_own_uses")
class ItemNotKept(Changing):
    """Has no column for what a use row was about."""

    def written(self, b: Batch) -> Batch:
        """About nothing."""
        facts = tuple(attrs.evolve(fact, item="") if isinstance(fact, UseRow) else fact for fact in b.facts)
        return attrs.evolve(b, facts=facts)


@breaks("test_a_use_is_found_once_it_is_committed")
class UsesOfRefused(MemoryRepository):
    """Writes its register before it looks whether the batch may be written."""

    def commit(self, *batches: Batch) -> None:
        """Registers first."""
        for row in [fact for b in batches for fact in b.facts if isinstance(fact, UseRow)]:
            for name in USED:
                self._state.uses[(name, getattr(row, name))][_place(row)] = row
        super().commit(*batches)


@breaks("test_a_use_is_found_once_it_is_committed")
class UsesBehindTheOthers(MemoryRepository):
    """Keeps its register in the order of writing."""

    def uses(self, where: Where, after: Place = ("", 0), limit: int = 100) -> Sequence[UseRow]:
        """As they were written."""
        super().uses(where, after, limit)
        return [row for row in self._state.uses.get(where[0], {}).values() if _place(row) > after][:limit]


@breaks("test_uses_without_bounds_are_the_callers_mistake")
class UsesOfEverybody(MemoryRepository):
    """Gives every row of a type and month, whoever had it."""

    def uses(self, where: Where, after: Place = ("", 0), limit: int = 100) -> Sequence[UseRow]:
        """All there are."""
        if any(name in USED for name, _ in where):
            return super().uses(where, after, limit)
        rows = [row for _, facts in self.history() for row in facts if isinstance(row, UseRow)]
        return sorted(rows, key=_place)[:limit]


@breaks("test_uses_without_bounds_are_the_callers_mistake")
class UsesOfNobody(MemoryRepository):
    """Asks for nobody as for somebody."""

    def uses(self, where: Where, after: Place = ("", 0), limit: int = 100) -> Sequence[UseRow]:
        """Whoever has no name."""
        return [] if ("recipient", "") in where else super().uses(where, after, limit)
