"""The ledger: postings, their numbers, months that close and open again, and the sums that are asked of it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import combinations, product
from typing import Any

import attrs
import pytest

from ...domain.cards import BOOKS
from ...domain.holds import Line, Move
from ...domain.money import UNITS_MAX, Money
from ...domain.periods import Month
from ...domain.posting import Planned, Posting, Source
from ...domain.voucher import ALIKE, VoucherKind
from ...ports.errors import Conflict, RepositoryError
from ...ports.mistakes import POSTED
from ...ports.repository import Batch, Fact, Guard, Look, Repository, Sum, identity, number_said
from ..batches import NOW, Clerk, gift, numbered, written
from ..ledger import APRIL, FEBRUARY, MARCH, allocated, posting, review, voucher, voucher_row, year_end
from . import Laws
from .asked import mistaken
from .stocked import PLAIN, Text, Where, grouped, ledger, matching, text


class Booked(Laws):
    """Laws of the ledger."""

    def asked(self, repository: Repository, *sums: Sum) -> list[dict[Text, int]]:
        """What a store answers to sums."""
        return [dict(each) for each in repository.look(Look(sums=sums)).sums]

    def closed_through(self, repository: Repository) -> list[Month | None]:
        """Through which month each line is closed, in the order of their ids."""
        return [line.closed_through for line in repository.lines()]

    def test_what_is_posted_is_got_back(self, repository: Repository, clerk: Clerk) -> None:
        """Postings, plans, vouchers and papers come back equal with their entry, and stand as they say."""
        clerk.opens(units=UNITS_MAX)
        late = posting(number=2, corrects=FEBRUARY, project="春季", reference="SAP 4711 🧾", line="", units=UNITS_MAX)
        undone = posting(number=3, units=-40, reverses=1, source=Source.SET_OFF, on=date(2024, 2, 29))
        clerk.does("d1", moves=(Move("gifts", spent=1000, month=MARCH),))
        repository.commit(first := clerk.posts("d1", posting(), late, undone))
        kinds = [voucher(kind=kind, code="" if kind is VoucherKind.RECEIPT else "０４4") for kind in VoucherKind]
        euros = {"amount": Money(0, "EUR"), "tax": Money(1, "EUR"), "total": Money(UNITS_MAX, "EUR")}
        words = voucher(number="", issuer="茶馆 'x'", buyer="\u3000清禾 ", **euros)
        facts: list[Fact] = [
            *[Planned("d2", "gifts", month, units) for month, units in ((MARCH, UNITS_MAX), (APRIL, -7))],
            *[voucher_row("d2", n, voucher=each) for n, each in enumerate((*kinds, words), 1)],
            voucher_row("d2", 1, round=2),
            review("d2", 1),
            review("d2", 2, round=2, by="财务", at=NOW + timedelta(microseconds=1)),
            year_end("d2", number=3),
            allocated("d2", number=4),
            allocated("d2", number=5, department=None),
        ]
        second = clerk.does("d2", facts=tuple(facts))
        found = {entry.digest: facts for entry, facts in repository.history()}
        for batch in (first, second):
            assert in_order(found[batch.entry.digest]) == in_order(batch.facts)
        rows = list(repository.standing(unreadable))
        assert [fact for fact in (*first.facts, *second.facts) if rows.count(fact.row()) != 1] == []

    def test_a_closing_numbers_its_month(self, repository: Repository, clerk: Clerk) -> None:
        """A closing numbers the postings of its month from 1 without a gap, in the order that they are told by."""
        posted = in_order(ledger(clerk))
        assert (list(repository.postings(MARCH)), list(repository.postings(APRIL))) == ([], [])
        repository.commit(clerk.closes(MARCH))
        mine = [*enumerate([each for each in posted if each.month == MARCH], 1)]
        assert list(repository.postings(MARCH, limit=1000)) == mine
        assert list(repository.postings(APRIL)) == []
        said = [row for row in repository.standing(unreadable) if row[0] == "number"]
        assert sorted(said) == sorted(number_said(number, each) for number, each in mine)

    def test_numbered_postings_come_in_order(self, repository: Repository, clerk: Clerk) -> None:
        """Pages of any size give every posting that has a number once, in the order of numbers, after any of them."""
        posted = in_order(each for each in ledger(clerk) if each.month == MARCH)
        repository.commit(clerk.closes(MARCH))
        every = [*enumerate(posted, 1)]
        for size in (1, 7, len(every), 10_000):
            assert numbered(repository, MARCH, size) == every
        assert list(repository.postings(MARCH, 9, 3)) == every[9:12]
        assert list(repository.postings(MARCH, len(every) + 5)) == []

    def test_a_closing_numbers_what_its_commit_posted(self, repository: Repository, clerk: Clerk) -> None:
        """A closing numbers what the batches before it in its commit posted; nothing after it is of its month."""
        clerk.opens()
        early, closing = clerk.posts("d1", posting("d1")), clerk.closes(MARCH)
        late = clerk.posts("d2", posting("d2"))
        self.refuses(repository, Conflict, early, closing, late)
        repository.commit(early, closing)
        assert list(repository.postings(MARCH)) == [(1, posting("d1"))]

    def test_numbers_go_on_after_a_reopening(self, repository: Repository, clerk: Clerk) -> None:
        """A month that is opened again keeps its numbers; its next closing numbers what came since, after them."""
        clerk.opens()
        repository.commit(clerk.posts("d5", posting("d5"), posting("d5", line="")))
        repository.commit(clerk.closes(MARCH))
        first = [(1, posting("d5", line="")), (2, posting("d5"))]
        repository.commit(clerk.reopens(MARCH))
        assert list(repository.postings(MARCH)) == first
        repository.commit(clerk.posts("d3", posting("d3"), posting("d3", 2)))
        assert list(repository.postings(MARCH)) == first
        repository.commit(clerk.closes(MARCH))
        assert list(repository.postings(MARCH)) == [*first, (3, posting("d3")), (4, posting("d3", 2))]
        for act in (clerk.reopens, clerk.closes):
            repository.commit(act(MARCH))
        assert len(repository.postings(MARCH)) == 4

    def test_a_month_opens_again_on_every_line(self, repository: Repository, clerk: Clerk) -> None:
        """A reopening opens the last closed month of every line, and no earlier one; what they hold stays (R1.3)."""
        clerk.opens("l1", 10)
        clerk.opens("l2", 100)
        for month in (FEBRUARY, MARCH):
            repository.commit(clerk.closes(month))
        before = list(repository.lines())
        mine = Line("l3", "marketing", 2026, "care_gifts", "Gifts", None, "plan-1", closed_through=MARCH)
        repository.commit(clerk.reopens(MARCH, lines=(mine,)))
        now = [attrs.evolve(line, closed_through=FEBRUARY) for line in (*before, mine)]
        assert list(repository.lines()) == now
        repository.commit(clerk.posts("d1", posting(line="l1", units=5)))
        self.refuses(repository, Conflict, clerk.batch("s", moves=(Move("l1", spent=1, month=FEBRUARY),)))

    @pytest.mark.parametrize("through", [FEBRUARY, APRIL, None])
    def test_only_the_last_month_opens_again(self, repository: Repository, clerk: Clerk, through: Month | None) -> None:
        """A month that one line is not closed through, or closed beyond, is opened by nobody: no line changes."""
        clerk.opens("l1", closed_through=MARCH)
        clerk.opens("l2", closed_through=through)
        self.refuses(repository, Conflict, clerk.batch("s", reopens=MARCH))
        assert self.closed_through(repository) == [MARCH, through]

    def test_a_closed_month_takes_no_posting(self, repository: Repository, clerk: Clerk) -> None:
        """No posting is of a month that the books are closed through; one of a later month is, as a correction too."""
        clerk.opens()
        unaware = clerk.posts("d1", posting(line=""))
        repository.commit(clerk.closes(MARCH))
        self.refuses(repository, Conflict, unaware)
        for month in (MARCH, FEBRUARY):
            self.refuses(repository, Conflict, clerk.posts("d1", posting(month=month)))
            self.refuses(repository, RepositoryError, clerk.posts("d1", posting(month=month, line="")))
        repository.commit(clerk.posts("d1", posting(month=APRIL), posting(line="", month=APRIL, corrects=MARCH)))
        repository.commit(clerk.reopens(MARCH))
        repository.commit(clerk.posts("d1", posting(number=2), posting(number=2, line="")))
        self.refuses(repository, RepositoryError, clerk.posts("d1", posting(month=FEBRUARY, number=3, line="")))

    def test_postings_are_summed(self, repository: Repository, clerk: Clerk) -> None:
        """Units and number of postings of months or lines are a recomputation's, narrowed and grouped by any column."""
        posted = ledger(clerk)
        values: dict[str, Text] = {name: tuple(sorted({text(row, name) for row in posted})) for name in POSTED}
        wheres: list[Where] = [(("month", "2026-03"),), (("line", "gifts"),), (("line", ""),), (("month", "2026-05"),)]
        wheres += [(("month", values["month"]),), (("line", ("茶", "nobody", "gifts", "茶")),), (("line", ()),)]
        wheres += [(("month", "2026-03"), (name, values[name][-1])) for name in POSTED[1:]]
        wheres += [
            ((name, (*values[name][:2], "nobody")), ("line", values["line"])) for name in POSTED if name != "line"
        ]
        wheres.append((("corrects", ""), ("project", "P1"), ("month", "2026-04"), ("line", "茶")))
        groups: list[Text] = [(), *[(name,) for name in POSTED], *combinations(POSTED, 2), POSTED, POSTED[::-1]]
        asked = [*product(wheres, groups)]
        sums: tuple[tuple[str, str | None], ...] = (("postings", "units"), ("posting_count", None))
        for of, units in sums:
            answers = self.asked(repository, *[Sum(of, by, where) for where, by in asked])
            for (where, by), answer in zip(asked, answers, strict=True):
                assert answer == grouped(matching(posted, where), by, units), (of, where, by)

    def test_sums_are_exact(self, repository: Repository, clerk: Clerk) -> None:
        """A sum is whole and exact also where it is beyond what any one amount may be, above 0 and below."""
        rows: list[Posting] = []
        for id, sign in zip(PLAIN, (1, -1), strict=False):
            lines = [posting(id, n, line="", units=sign * (UNITS_MAX - n), account=id) for n in range(1, 4)]
            repository.commit(clerk.posts(id, *lines))
            rows += lines
        for by in ((), ("account",), ("document", "source")):
            (answer,) = self.asked(repository, Sum("postings", by, (("month", "2026-03"),)))
            assert answer == grouped(rows, by, "units"), by

    def test_plans_are_summed(self, repository: Repository, clerk: Clerk) -> None:
        """What is planned on a line is the sum of all that changed it, for a month or all, by line, month or both."""
        chosen, rows = random.Random(2), list[Planned]()
        for id in PLAIN:
            at = [(line, month) for line in ("gifts", "Gifts", "茶") for month in (MARCH, APRIL)]
            few = [Planned(id, *each, chosen.choice((-5, 7, 10**12))) for each in chosen.sample(at, 3)]
            clerk.does(id, facts=tuple(few))
            rows += few
        lines: tuple[str | Text, ...] = ("gifts", ("茶", "Gifts", "nobody"), "nobody", ())
        months: tuple[Where, ...] = ((), (("month", "2026-03"),), (("month", ("2026-04", "2026-05")),))
        wheres: list[Where] = [(("line", line), *month) for line in lines for month in months]
        for where, by in product(wheres, (("line",), ("month",), ("line", "month"), ("month", "line"), ())):
            (answer,) = self.asked(repository, Sum("planned", by, where))
            assert answer == grouped(matching(rows, where), by, "units"), (where, by)

    def test_what_is_held_is_told_by_month(self, repository: Repository, clerk: Clerk) -> None:
        """What moves reserve and commit on a line is summed by the month in which it is to be paid, or by none."""
        for line in ("gifts", "Gifts"):
            clerk.opens(line)
        made = [
            (Move("gifts", reserved=50, expected=MARCH), Move("Gifts", reserved=7)),
            (Move("gifts", reserved=-20, committed=20, expected=MARCH), Move("Gifts", reserved=3, expected=APRIL)),
            (Move("gifts", committed=-20, spent=20, month=MARCH, expected=MARCH),),
        ]
        for moves in made:
            clerk.does("d1", moves=moves)
        # The lines' own opening moved them too, for no month.
        rows = [move for moves in made for move in moves] + [Move("gifts"), Move("Gifts")]
        lines: tuple[str | Text, ...] = ("gifts", "Gifts", ("gifts", "Gifts", "nobody"), "nobody")
        groups: tuple[Text, ...] = ((), ("line",), ("expected",), ("expected", "line"))
        for one, by, of in product(lines, groups, ("reserved", "committed")):
            where: Where = (("line", one),)
            (answer,) = self.asked(repository, Sum(of, by, where))
            assert answer == grouped(matching(rows, where), by, of), (of, one, by)

    def test_the_moves_of_a_line_count_together(self, repository: Repository, clerk: Clerk) -> None:
        """Moves of one line for several months are each kept, and the line is judged by all of them together."""
        clerk.opens(units=100)
        clerk.does("d1", moves=(Move("gifts", reserved=90, expected=MARCH),))
        shifted = (Move("gifts", reserved=95, expected=APRIL), Move("gifts", reserved=-90, expected=MARCH))
        clerk.does("d1", moves=shifted)
        beyond = (Move("gifts", reserved=3, expected=APRIL), Move("gifts", reserved=3))
        self.refuses(repository, Conflict, clerk.batch("d1", moves=beyond))
        late = (Move("gifts", spent=1, month=MARCH), Move("gifts", reserved=-1, expected=APRIL))
        repository.commit(clerk.closes(MARCH))
        for moves in (late, late[::-1]):
            self.refuses(repository, Conflict, clerk.batch("d1", moves=moves))
        kept = sorted(row for row in repository.standing(unreadable) if row[:2] == ("move", "d1"))
        assert kept == [
            ("move", "d1", "1", "gifts", "0", "90", "0", "0", "", "2026-03"),
            ("move", "d1", "2", "gifts", "0", "-90", "0", "0", "", "2026-03"),
            ("move", "d1", "2", "gifts", "0", "95", "0", "0", "", "2026-04"),
        ]
        assert repository.lines()[0].reserved == 95

    def test_payments_are_summed(self, repository: Repository, clerk: Clerk) -> None:
        """Payments at or after an instant and before another are summed, less refunds, all together or by method."""
        clerk.opens()
        rows = []
        for id, method in (("d1", "bank_transfer"), ("d2", "cash")):
            found = clerk.approved(id, gift(method=method))
            for n, (units, reverses) in enumerate(((4000, None), (0, 1), (900, None), (100, 3))):
                batch = clerk.pays(found, units, reverses=reverses, at=NOW + timedelta(minutes=n))
                repository.commit(batch)
                found = written(batch)
            rows += list(found.payments)
        little = timedelta(microseconds=1)
        ends = [NOW + timedelta(minutes=n) + d for n in (0, 1, 3) for d in (-little, timedelta(0), little)]
        for by, since, until in product(((), ("method",)), ends, ends):
            (answer,) = self.asked(repository, Sum("payments", by, (), since, until))
            within = [row for row in rows if since <= row.at < until]
            assert answer == grouped(within, by, "units"), (by, since, until)

    def test_vouchers_that_look_alike_are_counted(self, repository: Repository, clerk: Clerk) -> None:
        """Vouchers of an amount and payee on days are counted by any of their columns, whatever else they say."""
        chosen, rows, digests = random.Random(4), [], ("a" * 64, "b" * 64, "")
        for id in PLAIN:
            few = [
                voucher_row(
                    id,
                    n,
                    **{name: chosen.choice(digests) for name in ALIKE},
                    voucher=voucher(number=chosen.choice(("1", "2")), on=date(2026, 3, chosen.choice((1, 2)))),
                )
                for n in (1, 2, 3)
            ]
            clerk.does(id, facts=tuple(few))
            rows += few
        flat = [
            Flat(row.document, row.voucher.key, row.voucher.on.isoformat(), *[getattr(row, name) for name in ALIKE])
            for row in rows
        ]
        alike: tuple[str | Text, ...] = ("a" * 64, ("a" * 64, "b" * 64), "c" * 64, ())
        days: tuple[str | Text, ...] = ("2026-03-01", ("2026-03-02", "2026-03-01"), "2026-03-03")
        groups: tuple[Text, ...] = ((), ("document",), ("key", "on_day"), ("alike_name", "key", "alike_person"))
        narrowed: tuple[Where, ...] = ((), (("alike_person", ("a" * 64, "")),))
        for name, one, day, by, more in product(ALIKE[:2], alike, days, groups, narrowed):
            where: Where = ((name, one), ("on_day", day), *more)
            (answer,) = self.asked(repository, Sum("vouchers", by, where))
            assert answer == grouped(matching(flat, where), by), (where, by)

    def test_a_posting_keeps_its_month_open(self, clerk: Clerk) -> None:
        """A posting without a move of its line in its month, or the books' guard, or in a closing: a ValueError."""
        of, move, guard = posting(), Move("gifts", spent=100, month=MARCH), Guard(BOOKS, 0)
        none: Any = "2026-03"
        wrong: list[dict[str, Any]] = [
            {"facts": (of,)},
            {"facts": (of,), "guards": (guard,)},
            {"facts": (of,), "moves": (attrs.evolve(move, month=None),)},
            {"facts": (of,), "moves": (attrs.evolve(move, month=APRIL),)},
            {"facts": (of,), "moves": (attrs.evolve(move, line="other"),)},
            {"facts": (of, attrs.evolve(of, line="")), "moves": (move,)},
            {"facts": (of,), "moves": (move,), "closes": FEBRUARY},
            {"facts": (of,), "moves": (move,), "reopens": FEBRUARY},
            {"closes": MARCH, "reopens": MARCH},
            {"closes": none},
            {"reopens": none},
        ]
        make: Any = partial(Batch, clerk.entry("d1"))
        assert [parts for parts in wrong if not mistaken(partial(make, **parts))] == []
        assert not mistaken(partial(make, facts=(of, attrs.evolve(of, line="")), moves=(move,), guards=(guard,)))


@attrs.frozen
class Flat:
    """A voucher's row by the columns of its sum."""

    document: str
    key: str
    on_day: str
    alike_account: str
    alike_name: str
    alike_person: str


def in_order(facts: Iterable[Fact]) -> Sequence[Any]:
    """Facts in the order that they are told by."""
    return sorted(facts, key=identity)


def unreadable(where: str, why: str) -> None:
    """Nothing is."""
    raise AssertionError(f"{where} can't be read: {why}")
