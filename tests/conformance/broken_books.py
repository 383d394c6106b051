"""Stores that keep a ledger, cards and claims, and break one law of them each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from expense_adapters.memory import MemoryRepository
from expense_policy.domain.cards import Card, Paper
from expense_policy.domain.content import Row
from expense_policy.domain.documents import Document
from expense_policy.domain.holds import Line
from expense_policy.domain.periods import Month
from expense_policy.domain.posting import Planned, Posting
from expense_policy.domain.vocabulary import Space
from expense_policy.domain.year_end import Carry, YearEnd
from expense_policy.ports.errors import Conflict
from expense_policy.ports.repository import Batch, Fact, Faulty, Free, Look, Put, Seen, Sum, Summary

from .broken import Changing, breaks

Where = tuple[tuple[str, str], ...]
Group = tuple[str, ...]


class Answering(MemoryRepository):
    """Answers sums in its own way."""

    def look(self, at: Look) -> Seen:
        """With other sums."""
        seen = super().look(at)
        return attrs.evolve(seen, sums=tuple(map(self.summed, at.sums, seen.sums)))

    def summed(self, asked: Sum, answer: Mapping[Group, int]) -> Mapping[Group, int]:
        """What it answers instead."""
        return answer


class Facts(Changing):
    """Writes other facts than it is given."""

    def written(self, b: Batch) -> Batch:
        """With its own."""
        return attrs.evolve(b, facts=tuple(map(self.fact, b.facts)))

    def fact(self, fact: Fact) -> Fact:
        """What it writes instead."""
        return fact


class Unasked(MemoryRepository):
    """Does not look at a part of what it writes."""

    def _check(self, b: Batch) -> dict[str, Line]:
        return super()._check(self.asked(b))

    def asked(self, b: Batch) -> Batch:
        """What it looks at."""
        return b


@breaks("test_what_is_posted_is_got_back")
class ReferenceCut(Facts):
    """Keeps ASCII alone of what finance knows a posting by."""

    def fact(self, fact: Fact) -> Fact:
        """Without the rest."""
        if not isinstance(fact, Posting):
            return fact
        return attrs.evolve(fact, reference=fact.reference.encode("ascii", "ignore").decode().strip())


@breaks("test_what_is_posted_is_got_back")
class YearsEndWithoutCommitments(Facts):
    """Keeps of a year's end only what moved."""

    def fact(self, fact: Fact) -> Fact:
        """Without what stays where it is."""
        if not isinstance(fact, YearEnd):
            return fact
        return attrs.evolve(fact, carried=tuple(each for each in fact.carried if each.what is not Carry.COMMITMENT))


@breaks("test_what_is_posted_is_got_back")
class PlansNotTold(MemoryRepository):
    """Keeps plans from whoever verifies."""

    def standing(self, faulty: Faulty) -> Iterator[Row]:
        """Everything but the plans."""
        return (row for row in super().standing(faulty) if row[0] != "planned")


@breaks("test_a_closing_numbers_its_month")
class NumbersAsWritten(MemoryRepository):
    """Numbers postings in the order in which they were written."""

    def _number(self, month: Month, undo: Any) -> None:
        s = self._state
        for number, (at, each) in enumerate(s.posted[("month", str(month))].items(), 1):
            undo.put(s.numbers[month], number, each)
            undo.put(s.numbered, at, number)


@breaks("test_a_closing_numbers_its_month")
class NumbersEarly(MemoryRepository):
    """Numbers what is still open."""

    def _number(self, month: Month, undo: Any) -> None:
        super()._number(month, undo)
        super()._number(month.plus(1), undo)


@breaks("test_numbered_postings_come_in_order")
class NumbersOverlap(MemoryRepository):
    """Gives the last of a page again."""

    def postings(self, month: Month, after: int = 0, limit: int = 100) -> Sequence[tuple[int, Posting]]:
        """From it on."""
        return super().postings(month, max(0, after - 1), limit)


@breaks("test_numbered_postings_come_in_order")
class NumbersAsText(MemoryRepository):
    """Orders numbers as text: 10 before 9."""

    def postings(self, month: Month, after: int = 0, limit: int = 100) -> Sequence[tuple[int, Posting]]:
        """In the order of text."""
        every = sorted(super().postings(month, 0, 10_000), key=lambda pair: str(pair[0]))
        return [pair for pair in every if after == 0 or str(pair[0]) > str(after)][:limit]


@breaks("test_a_closing_numbers_what_its_commit_posted")
class NumbersWhatItSaw(MemoryRepository):
    """Reads what there is to number before it begins its transaction."""

    def commit(self, *batches: Batch) -> None:
        """Reads first."""
        if any(b.closes is not None for b in batches):
            self._saw = set(self._state.facts)
            time.sleep(0.02)
        super().commit(*batches)

    def _number(self, month: Month, undo: Any) -> None:
        posted = self._state.posted[("month", str(month))]
        late = {at: posted.pop(at) for at in [*posted] if at not in self._saw}
        super()._number(month, undo)
        posted.update(late)


@breaks("test_no_posting_slips_past_a_closing")
class NumbersWithoutWaiting(NumbersWhatItSaw):
    """So does this one, while others post."""


@breaks("test_numbers_go_on_after_a_reopening")
class NumbersAnew(MemoryRepository):
    """Numbers a month from 1 at each closing."""

    def _number(self, month: Month, undo: Any) -> None:
        for at in self._state.posted[("month", str(month))]:
            undo.drop(self._state.numbered, at)
        for number in [*self._state.numbers[month]]:
            undo.drop(self._state.numbers[month], number)
        super()._number(month, undo)


@breaks("test_numbers_go_on_after_a_reopening")
class NumbersTakenBack(MemoryRepository):
    """Takes a month's numbers back when it is opened again."""

    def postings(self, month: Month, after: int = 0, limit: int = 100) -> Sequence[tuple[int, Posting]]:
        """None of an open one."""
        open_ = any(line.closed_through is None or line.closed_through < month for line in self.lines())
        return [] if open_ else super().postings(month, after, limit)


@breaks("test_a_month_opens_again_on_every_line")
class OpensTheFirst(MemoryRepository):
    """Opens one line of many."""

    def _check(self, b: Batch) -> dict[str, Line]:
        after = super()._check(b)
        return after if b.reopens is None else dict([*after.items()][:1])


@breaks("test_a_month_opens_again_on_every_line")
class OpensTheYear(MemoryRepository):
    """Opens all that was ever closed."""

    def _check(self, b: Batch) -> dict[str, Line]:
        after = super()._check(b)
        if b.reopens is None:
            return after
        return {id: attrs.evolve(line, closed_through=None) for id, line in after.items()}


@breaks("test_only_the_last_month_opens_again")
class OpensAnyMonth(MemoryRepository):
    """Opens a month wherever the lines stand."""

    def _check(self, b: Batch) -> dict[str, Line]:
        if b.reopens is None:
            return super()._check(b)
        after = {**self._state.lines, **super()._check(attrs.evolve(b, reopens=None))}
        return {id: attrs.evolve(line, closed_through=b.reopens.plus(-1)) for id, line in after.items()}


@breaks("test_a_closed_month_takes_no_posting")
class BooksNotAsked(Unasked):
    """Knows of lines alone that they are closed."""

    def asked(self, b: Batch) -> Batch:
        """All but postings on no line."""
        facts = tuple(fact for fact in b.facts if not isinstance(fact, Posting) or fact.line)
        return attrs.evolve(b, facts=facts)


@breaks("test_postings_are_summed")
class CostsAlone(Answering):
    """Adds up costs, and leaves out what came back."""

    def summed(self, asked: Sum, answer: Mapping[Group, int]) -> Mapping[Group, int]:
        """What is above 0."""
        return {group: units for group, units in answer.items() if units > 0} if asked.of == "postings" else answer


@breaks("test_postings_are_summed")
class NothingIsNone(Answering):
    """Tells a project that there is none of by its own word for nothing."""

    def summed(self, asked: Sum, answer: Mapping[Group, int]) -> Mapping[Group, int]:
        """Under None."""
        return {tuple(each or "None" for each in group): units for group, units in answer.items()}


@breaks("test_sums_are_exact")
class SumsRunOver(Answering):
    """Adds up in whole numbers of 64 bits."""

    def summed(self, asked: Sum, answer: Mapping[Group, int]) -> Mapping[Group, int]:
        """What is left of it."""
        return {group: (units + 2**63) % 2**64 - 2**63 for group, units in answer.items()}


@breaks("test_plans_are_summed")
class LastPlan(MemoryRepository):
    """Keeps the last that was planned of a line and month."""

    def _keep(self, fact: Fact, undo: Any) -> None:
        if isinstance(fact, Planned):
            for at, each in [*self._state.planned[fact.line].items()]:
                if each.month == fact.month:
                    undo.drop(self._state.planned[fact.line], at)
        super()._keep(fact, undo)


@breaks("test_what_is_held_is_told_by_month")
class ExpectedNotKept(Changing):
    """Has no column for when what is held is to be paid."""

    def written(self, b: Batch) -> Batch:
        """Without it."""
        return attrs.evolve(b, moves=tuple(attrs.evolve(move, expected=None) for move in b.moves))


@breaks("test_the_moves_of_a_line_count_together")
class MoveByMove(Unasked):
    """Holds each move of a line to the balance by itself."""

    def asked(self, b: Batch) -> Batch:
        """One after another."""
        for move in b.moves:
            super(Unasked, self)._check(attrs.evolve(b, moves=(move,)))
        return b


@breaks("test_payments_are_summed")
class UntilThenToo(MemoryRepository):
    """Adds up what was paid at the very end of an interval."""

    def look(self, at: Look) -> Seen:
        """A little longer."""
        little = timedelta(microseconds=1)
        sums = tuple(each if each.until is None else attrs.evolve(each, until=each.until + little) for each in at.sums)
        return super().look(attrs.evolve(at, sums=sums))


@breaks("test_vouchers_that_look_alike_are_counted")
class VouchersOnce(Answering):
    """Counts documents that have such vouchers, and not the vouchers."""

    def summed(self, asked: Sum, answer: Mapping[Group, int]) -> Mapping[Group, int]:
        """At most one."""
        return {group: min(n, 1) for group, n in answer.items()} if asked.of == "vouchers" else answer


@breaks("test_what_is_not_there_is_not_answered")
class NoSumOfNothing(Answering):
    """Leaves out the one sum where nothing matches."""

    def summed(self, asked: Sum, answer: Mapping[Group, int]) -> Mapping[Group, int]:
        """What is not 0."""
        return {group: units for group, units in answer.items() if units}


@breaks("test_cards_are_got_back")
class FirstCard(MemoryRepository):
    """Reads a card once, and remembers it."""

    def look(self, at: Look) -> Seen:
        """As they were."""
        seen, kept = super().look(at), self.__dict__.setdefault("_kept", {})
        return attrs.evolve(seen, cards={id: kept.setdefault(id, card) for id, card in seen.cards.items()})


class Searching(MemoryRepository):
    """Searches cards in its own way."""

    def cards(self, where: Where, due: datetime | None = None, after: str = "", limit: int = 100) -> Sequence[Card]:
        """Its own."""
        super().cards(where, due, after, limit)
        return self.found(where, due, after)[:limit]

    def found(self, where: Where, due: datetime | None, after: str) -> Sequence[Card]:
        """Every one there is."""
        return super().cards(where, due, after, 10_000)


@breaks("test_cards_are_got_back")
class CardsOfAllKinds(Searching):
    """Does not tell kinds apart."""

    def found(self, where: Where, due: datetime | None, after: str) -> Sequence[Card]:
        """Of every kind."""
        kinds = ("books", "duty", "rectification")
        others = tuple(each for each in where if each[0] != "kind")
        return [card for kind in kinds for card in super(Searching, self).cards((("kind", kind), *others), due, after)]


@breaks("test_cards_come_in_id_order")
class CardsAsPut(Searching):
    """Gives cards in the order in which they were put."""

    def found(self, where: Where, due: datetime | None, after: str) -> Sequence[Card]:
        """Of those after an id."""
        order = [*self._state.records[Card]]
        return sorted(super().found(where, due, after), key=lambda card: order.index(card.id))


@breaks("test_each_column_finds_its_own_cards")
class CardsByOneColumn(Searching):
    """Looks at the kind and one column more."""

    def found(self, where: Where, due: datetime | None, after: str) -> Sequence[Card]:
        """By two of those that were named."""
        kind = tuple(each for each in where if each[0] == "kind")
        return super().found((*kind, *[each for each in where if each[0] != "kind"][:1]), due, after)


@breaks("test_cards_that_are_due_are_found")
class OverdueCards(Searching):
    """Due is what is overdue."""

    def found(self, where: Where, due: datetime | None, after: str) -> Sequence[Card]:
        """Due before, not by."""
        return super().found(where, due and due - timedelta(microseconds=1), after)


@breaks("test_cards_that_are_due_are_found")
class DueAlready(Searching):
    """Takes no date for one that is long past."""

    def found(self, where: Where, due: datetime | None, after: str) -> Sequence[Card]:
        """Those without a date too."""
        every = super().found(where, None, after)
        return [card for card in every if due is None or card.due is None or card.due <= due]


@breaks("test_a_stale_card_is_refused")
class LastCardWins(MemoryRepository):
    """Writes a card over another."""

    def _check_put(self, put: Put) -> None:
        if not isinstance(put.record, Card):
            super()._check_put(put)


class PutByVersion(MemoryRepository):
    """Asks of some records for their version alone."""

    kind: type = Document

    def _check_put(self, put: Put) -> None:
        there = self._state.records[Card if self.kind is Card else Document].get(put.record.id)
        if not isinstance(put.record, self.kind):
            super()._check_put(put)
        elif (0 if there is None else there.version) != put.expected:
            raise Conflict(f"{put.record.id} has moved on")


@breaks("test_a_card_stays_of_its_kind")
class CardsOfAnyKind(PutByVersion):
    """Puts a card in another's place."""

    kind = Card


@breaks("test_a_payment_is_not_undone_beyond_itself")
class RefundsWithoutEnd(PutByVersion):
    """Refunds what was refunded."""


@breaks("test_a_document_stays_within_its_amount")
class ClaimsWithoutBounds(MemoryRepository):
    """Holds a document to what was paid and used of it, and not to what is claimed."""

    def _check_put(self, put: Put) -> None:
        if isinstance(put.record, Document):
            put = attrs.evolve(put, record=attrs.evolve(put.record, claimed=0, cleared=0))
        super()._check_put(put)


@breaks("test_questions_without_bounds_are_the_callers_mistake")
class CardsOfNoKind(MemoryRepository):
    """Gives every card that there is."""

    def cards(self, where: Where, due: datetime | None = None, after: str = "", limit: int = 100) -> Sequence[Card]:
        """Of whatever kind."""
        return super().cards(where, due, after, limit) if where else []


@breaks("test_a_spent_voucher_stays_taken")
class VouchersGivenBack(Unasked):
    """Gives a voucher back to whoever has it, paid or not."""

    def asked(self, b: Batch) -> Batch:
        """All but vouchers that come back."""
        takes = tuple(t for t in b.takes if not isinstance(t, Free) or t.space is not Space.VOUCHER)
        return attrs.evolve(b, takes=takes)


@breaks("test_a_fact_is_written_once")
class PapersReplaced(Unasked):
    """Writes a paper over another."""

    def asked(self, b: Batch) -> Batch:
        """All but papers."""
        return attrs.evolve(b, facts=tuple(fact for fact in b.facts if not isinstance(fact, Paper)))


@breaks("test_each_searched_column_finds_its_own")
class ApplicationNotSearched(MemoryRepository):
    """Does not tell claims by the application that they stand under."""

    def find(self, where: Any = (), due: Any = None, after: str = "", limit: int = 100) -> Sequence[Summary]:
        """By the other columns."""
        return super().find(tuple(each for each in where if each[0] != "application"), due, after, limit)
