"""Questions: what is not there, pages and their order, sums, history, and what may not be asked."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import product
from typing import Any

import attrs
import pytest

from ...domain.application import Payee
from ...domain.holds import Move
from ...domain.vocabulary import Space
from ...ports.errors import Conflict
from ...ports.mistakes import DUE, NAME_MAX, PAGE_MAX, SEARCHED, USED
from ...ports.repository import Batch, Guard, Key, Look, Put, Repository, Sum, Summary, Take
from ..batches import LATER, NOW, Clerk, gift, notice, paged, payee, related, use_row, used
from ..ledger import MARCH
from . import Laws
from .stocked import IDS, PAYEES, TYPES, company, matches, register

NAIVE = datetime(2026, 3, 2)  # noqa: DTZ001  # the naive one
LONE = "\ud800"
NAMES = ("documents", "payees", "policies", "projects", "lines", "guards", "cards")


def _history(repository: Any, name: object) -> list[object]:
    return list(repository.history(name))


class Asked(Laws):
    """Laws of questions."""

    def test_what_is_not_there_is_not_answered(self, repository: Repository) -> None:
        """An absent record, line, key or entry has no answer, an absent guard stands at 0, an empty store is empty."""
        names = ("absent", "")
        taken = tuple((space, "absent") for space in Space)
        one: tuple[tuple[str, str], ...] = (("type", "sms"), ("month", "2026-03"))
        grouped, whole = Sum("contacts", ("recipient",), one), Sum("contacts", (), one)
        march = Sum("postings", ("line",), (("month", "2026-03"),))
        sums = (related(gift()), whole, grouped, march, attrs.evolve(march, by=()))
        seen = repository.look(Look(names, names, names, names, names, names, names, names, taken, sums, True, names))
        assert (seen.done, seen.heads) == ({}, {})
        assert (seen.documents, seen.payees, seen.policies, seen.projects, seen.lines) == ({}, {}, {}, {}, {})
        assert (seen.guards, seen.taken, seen.cards) == ({"absent": 0, "": 0}, {}, {})
        assert seen.sums == ({(): 0}, {(): 0}, {}, {}, {(): 0})
        assert (list(repository.find()), list(repository.lines()), list(repository.policies())) == ([], [], [])
        assert (list(repository.history()), list(repository.history("absent"))) == ([], [])
        assert (list(repository.unsealed(1)), list(repository.notices(LATER, 1))) == ([], [])
        assert (list(repository.cards((("kind", "books"),))), list(repository.postings(MARCH))) == ([], [])

    def test_pages_come_in_id_order(self, repository: Repository, clerk: Clerk) -> None:
        """Pages of any size give every document once, in the order of their ids' code points."""
        clerk.opens()
        for id in IDS:
            repository.commit(clerk.files(id))
        for size in (1, 3, len(IDS), 100):
            assert paged(repository, size) == sorted(IDS)
        assert [row.id for row in repository.find(after="a!", limit=1)] == ["é"]
        assert {id: d.id for id, d in repository.look(Look(documents=IDS)).documents.items()} == {id: id for id in IDS}

    def test_lines_and_subjects_come_in_order(self, repository: Repository, clerk: Clerk) -> None:
        """Lines, histories and what waits for a seal come in the order of code points, entries by number."""
        for id in IDS:
            clerk.opens(id, units=0)
            for _ in range(11):
                clerk.does(id)
        subjects = sorted((*IDS, *(f"plan:{id}" for id in IDS)))
        expected = [(s, n) for s in subjects for n in range(1, 2 if s.startswith("plan:") else 12)]
        assert [line.id for line in repository.lines()] == sorted(IDS)
        assert [(entry.subject, entry.seq) for entry, _ in repository.history()] == expected
        assert [(entry.subject, entry.seq) for entry in repository.unsealed(1000)] == expected
        assert [(entry.subject, entry.seq) for entry in repository.unsealed(7)] == expected[:7]
        for entry, after in zip(chain := [e for e, _ in repository.history("a")], chain[1:], strict=False):
            assert (after.prev, after.seq) == (entry.digest, entry.seq + 1)

    def test_lines_of_a_year_are_its_own(self, repository: Repository, clerk: Clerk) -> None:
        """Lines are found by department, by year and by both, as they stand now, in id order; no line by another."""
        for n, id in enumerate(IDS):
            clerk.opens(id, units=n + 1, department=("marketing", "客服")[n % 2], year=2026 + n % 3)
        every = list(repository.lines())
        assert len({(line.department, line.year) for line in every}) == 6
        for department in (None, "marketing", "客服", "nobody", ""):
            for year in (None, 2026, 2027, 2028, 1999, 0):
                wanted = [x for x in every if department in (None, x.department) and year in (None, x.year)]
                assert list(repository.lines(department, year)) == wanted

    def test_each_searched_column_finds_its_own(self, repository: Repository, clerk: Clerk) -> None:
        """A search by any column, or by two, finds exactly the documents that have those values, as they stand now."""
        rows = [Summary.of(d) for d in company(repository, clerk, 30).values()]
        assert list(repository.find()) == rows
        for name in SEARCHED:
            for value in {getattr(row, name) for row in rows} - {None} | {"nobody"}:
                assert list(repository.find(((name, value),))) == [r for r in rows if getattr(r, name) == value]
        both = (("status", "in_review"), ("applicant", "mei"))
        assert list(repository.find(both)) == [r for r in rows if (r.status, r.applicant) == ("in_review", "mei")]
        assert list(repository.find((("status", "in_review"), ("status", "approved")))) == []

    @pytest.mark.parametrize("column", DUE)
    def test_what_is_due_by_then_is_found(self, repository: Repository, clerk: Clerk, column: str) -> None:
        """Documents due by an instant, that instant too, are found; those without a date are not, in any zone."""
        rows = [Summary.of(d) for d in company(repository, clerk, 30).values()]
        days = sorted({getattr(row, column) for row in rows} - {None})
        assert len(days) > 2
        east = timezone(timedelta(hours=8))
        for at in (days[0], days[1], days[1] - timedelta(microseconds=1), LATER, days[1].astimezone(east)):
            due = [r for r in rows if getattr(r, column) is not None and getattr(r, column) <= at]
            assert list(repository.find(due=(column, at))) == due
            approved = [r for r in due if r.status == "approved"]
            assert list(repository.find((("status", "approved"),), (column, at), limit=2)) == approved[:2]

    def test_related_sums_are_what_a_recomputation_gives(self, repository: Repository, clerk: Clerk) -> None:
        """The sum over a payee's account, name or both is that of what each document counts for now (A3.6)."""
        rows = [Summary.of(d) for d in company(repository, clerk, 40).values()]
        accounts, names = tuple({p.folded_account for p in PAYEES}), tuple({p.folded for p in PAYEES})
        shapes: list[tuple[tuple[str, str | tuple[str, ...]], ...]] = [
            *[(("payee_account", each),) for each in (*accounts, "nobody")],
            *[(("payee_name", each),) for each in names],
            *[(("payee_account", a), ("payee_name", n)) for a in accounts for n in names],
            (("payee_account", accounts),),
            (("payee_name", names), ("payee_account", (accounts[0], "nobody"))),
            (("payee_name", ()),),
        ]
        for shape in shapes:
            for since in (NOW - timedelta(days=60), NOW - timedelta(days=20), NOW):
                where = (("department", "marketing"), ("type", "holiday_gift"), *shape)
                total = sum(r.counted for r in rows if r.submitted_at >= since and matches(r, where))
                (answer,) = repository.look(Look(sums=(Sum("related", (), where, since),))).sums
                assert answer == {(): total}, (where, since)

    def test_contact_sums_are_what_a_recomputation_gives(self, repository: Repository, clerk: Clerk) -> None:
        """Rows of use records are counted by type and month, grouped as asked; a group of nothing is not there."""
        chosen, rows = random.Random(3), []
        for n in range(60):
            on = datetime(2026, chosen.choice((2, 3)), 28).date()  # noqa: DTZ001  # a day
            type_, who = chosen.choice(TYPES), chosen.choice(("C1", "C1 ", "客户"))
            rows.append(use_row("d1", n, type=type_, on=on, recipient=who))
        for row in rows:
            clerk.does("d1", facts=(row,))
        groups = ((), ("month",), ("recipient",), ("month", "recipient"), ("recipient", "month"))
        narrowed: tuple[tuple[tuple[str, str | tuple[str, ...]], ...], ...] = (
            (),
            (("recipient", "C1"),),
            (("recipient", ("客户", "C1 ", "nobody", "客户")),),
            (("recipient", ()),),
        )
        kinds: tuple[tuple[tuple[str, str | tuple[str, ...]], ...], ...] = (
            (("type", "sms"), ("month", "2026-03")),
            (("type", TYPES), ("month", ("2026-02", "2026-03"))),
            (("type", "none"), ("month", "2026-03")),
        )
        for kind in kinds:
            for narrow, by in product(narrowed, groups):
                where = (*kind, *narrow)
                found = [row for row in rows if matches(row, where)]
                counted = Counter(tuple(getattr(row, name) for name in by) for row in found)
                (answer,) = repository.look(Look(sums=(Sum("contacts", by, where),))).sums
                assert answer == (counted if by else {(): len(found)}), (where, by)

    def test_uses_come_in_order_of_document_and_number(self, repository: Repository, clerk: Clerk) -> None:
        """Pages of use rows give each once: documents by code points, rows by number, after a place or a gap."""
        rows = register(clerk)
        for where in ((("recipient", "C1"),), (("item", "tea"),), (("document", "many"),)):
            found = [row for row in rows if matches(row, where)]
            for size in (1, 7, len(found), PAGE_MAX):
                assert used(repository, where, size) == found
            assert list(repository.uses(where)) == found[:100]
            for after in (("a", 3), ("a", 2**63 - 1), ("a!", 1), ("many", 64), ("\U0010ffff", 0)):
                beyond = [row for row in found if (row.document, row.number) > after]
                assert list(repository.uses(where, after, 5)) == beyond[:5], after

    def test_each_column_finds_its_own_uses(self, repository: Repository, clerk: Clerk) -> None:
        """Use rows are found by document, recipient, item or several, of a type and month or any; equal to the last."""
        rows = register(clerk)
        named: list[tuple[tuple[str, str], ...]] = [
            *[((name, value),) for name in USED for value in {getattr(row, name) for row in rows} - {""} | {"nobody"}],
            (("recipient", "C1"), ("item", "tea")),
            (("item", "茶"), ("document", "é"), ("recipient", "C1 ")),
            (("document", "many"), ("recipient", "客户")),
        ]
        kinds: tuple[tuple[tuple[str, str], ...], ...] = ((), (("type", "sms"),), (("type", "none"),))
        months: tuple[tuple[tuple[str, str], ...], ...] = ((), (("month", "2026-03"),), (("month", "2026-04"),))
        for one, kind, month in product(named, kinds, months):
            where = (*month, *one, *kind)
            found = [row for row in rows if matches(row, where)]
            assert list(repository.uses(where, limit=1000)) == found, where
            assert (
                list(repository.uses(where, ("B", 4), limit=3))
                == [row for row in found if (row.document, row.number) > ("B", 4)][:3]
            ), where

    def test_a_use_is_found_once_it_is_committed(self, repository: Repository, clerk: Clerk) -> None:
        """Rows of a refused commit are found by no column; those of a committed one are, in their place by each."""
        wheres: list[tuple[tuple[str, str], ...]]
        wheres = [(("document", "d1"),), (("recipient", "C1"),), (("item", "tea"),)]
        there, late, never = [use_row("d1", n, recipient="C1", item="tea") for n in (3, 1, 2)]
        clerk.does("d1", facts=(there,))
        refused = clerk.batch("d1", facts=(never,))
        stale = clerk.batch("d2", guards=(Guard("g", 7),))
        for batches in ((attrs.evolve(refused, guards=(Guard("g", 7),)),), (refused, stale)):
            with pytest.raises(Conflict):
                repository.commit(*batches)
            assert [list(repository.uses(where)) for where in wheres] == [[there]] * 3
        clerk.does("d1", facts=(late,))
        assert [list(repository.uses(where)) for where in wheres] == [[late, there]] * 3

    def test_a_look_may_ask_many_things(self, repository: Repository, clerk: Clerk) -> None:
        """Hundreds of questions in one look are each answered as alone."""
        clerk.opens()
        forms = [gift(n + 1, payee=Payee(f"Payee {n}", f"{n}")) for n in range(3)]
        for n, form in enumerate(forms):
            repository.commit(clerk.files(f"d{n}", form, guards=(Guard(f"g{n}", 0),), key=Key(f"k{n}", "a" * 64)))
        names = tuple(f"{n}" for n in range(300))
        sums = tuple(related(forms[n % 3]) for n in range(300))
        keys, ids, guards = (tuple(f"{kind}{n}" for n in names) for kind in "kdg")
        seen = repository.look(Look(keys, ids, ids, names, names, names, ("gifts", *names), guards, (), sums))
        assert [found.get((), 0) for found in seen.sums] == [n % 3 + 1 for n in range(300)]
        assert (set(seen.done), set(seen.heads), set(seen.documents)) == ({*keys[:3]}, {*ids[:3]}, {*ids[:3]})
        assert seen.guards == {guard: int(guard in guards[:3]) for guard in guards}
        assert set(seen.lines) == {"gifts"}

    def test_entries_wait_for_a_seal(self, repository: Repository, clerk: Clerk) -> None:
        """An entry waits until a seal binds it, and no longer; the seal's own entry waits for the next one."""
        put = [clerk.does(subject).entry for subject in ("a", "b", "b", "c")]
        seal = clerk.seals(put[0], put[2])
        repository.commit(seal)
        assert list(repository.unsealed(10)) == [put[1], put[3], seal.entry]
        assert list(repository.history("seal")) == [(seal.entry, seal.facts)]
        last = clerk.seals(put[1], put[3], seal.entry)
        repository.commit(last)
        assert list(repository.unsealed(10)) == [last.entry]

    def test_a_wrong_question_is_the_callers_mistake(self, repository: Repository) -> None:
        """What is not on the closed lists, no text, naive or beyond its bounds is a ValueError, not an answer."""
        ask: Any = repository
        asked: dict[str, Callable[[], object]] = {
            "a key of no space": lambda: ask.look(Look(taken=(("payment", "k"),))),  # type: ignore[arg-type]  # a str
            "a naive instant": lambda: ask.notices(NAIVE, 1),
            "a naive delay": lambda: ask.put_off("n", NAIVE),
            "a naive due date": lambda: ask.find(due=("expires_at", NAIVE)),
            "no due date": lambda: ask.find(due=("ended_at", NOW)),
        }
        for name in ("id", "units", "1=1", ""):
            asked[f"a search by {name!r}"] = partial(ask.find, ((name, "x"),))
        for n in (0, -1, PAGE_MAX + 1, 1.0, True):
            asked[f"{n} documents"] = partial(ask.find, limit=n)
        for n in (0, -1):
            asked[f"{n} entries"] = partial(ask.unsealed, n)
            asked[f"{n} notices"] = partial(ask.notices, NOW, n)
        names: tuple[Any, ...] = (LONE, 5, b"x", None, "x" * (NAME_MAX + 1))
        for name in names:
            asked[f"after {name!r}"] = partial(ask.find, after=name)
            asked[f"where {name!r}"] = partial(ask.find, (("status", name),))
            asked[f"{name!r} delivered"] = partial(ask.delivered, name)
            asked[f"{name!r} put off"] = partial(ask.put_off, name, NOW)
            looks: list[dict[str, Any]] = [{f: (name,)} for f in NAMES] + [{"taken": ((Space.PLAN, name),)}]
            looks += [{"keys": (name,)}, {"subjects": (name,)}]
            for look in looks:
                asked[f"a look at {look}"] = partial(ask.look, Look(**look))
            if name is not None:
                asked[f"the history of {name!r}"] = partial(_history, ask, name)
        assert [what for what, each in asked.items() if not mistaken(each)] == []

    def test_a_sum_of_no_closed_list_is_the_callers_mistake(self, repository: Repository) -> None:
        """A sum of another name, column, grouping or period than the port lists is a ValueError."""
        none: Any = None
        right, month = related(gift()), (("type", "sms"), ("month", "2026-03"))
        line, alike = (("line", "gifts"),), (("alike_name", "a"), ("on_day", "2026-03-01"))
        wrong = [
            attrs.evolve(right, of="spent"),
            attrs.evolve(right, since=None),
            attrs.evolve(right, since=NAIVE),
            attrs.evolve(right, by=("department",)),
            attrs.evolve(right, where=right.where[:2]),
            attrs.evolve(right, where=right.where[1:]),
            attrs.evolve(right, where=(*right.where, ("status", "approved"))),
            attrs.evolve(right, where=(*right.where, right.where[0])),
            attrs.evolve(right, where=(*right.where[:2], ("payee_name", LONE))),
            attrs.evolve(right, where=(*right.where[:2], ("payee_name", ("a", LONE)))),
            attrs.evolve(right, where=(*right.where[:2], ("payee_name", none))),
            attrs.evolve(right, where=(*right.where[:2], ("payee_name", ("a", none)))),
            Sum("contacts", (), month[:1]),
            Sum("contacts", (), month, NOW),
            Sum("contacts", ("type",), month),
            Sum("contacts", ("month", "month"), month),
            Sum("contacts", (), (*month, ("document", "d1"))),
            *[Sum(of, (), ()) for of in ("postings", "posting_count", "planned", "reserved", "committed", "vouchers")],
            *[Sum(of, ("units",), month[1:]) for of in ("postings", "posting_count")],
            *[Sum(of, (), month[1:], *at) for of in ("postings", "posting_count") for at in ((NOW,), (None, NOW))],
            Sum("postings", (), month[:1]),
            Sum("postings", (), (*month[1:], ("seq", "1"))),
            Sum("postings", (), (*month[1:], ("line", LONE))),
            Sum("planned", (), month[1:]),
            Sum("planned", ("document",), line),
            Sum("planned", (), (*line, ("department", "marketing"))),
            *[Sum(of, (), (*line, ("expected", "2026-03"))) for of in ("reserved", "committed")],
            *[Sum(of, ("month",), line) for of in ("reserved", "committed")],
            Sum("spent", (), line),
            *[Sum("payments", (), (), *at) for at in ((), (NOW,), (None, NOW), (NAIVE, NOW), (NOW, NAIVE))],
            Sum("payments", (), (("method", "cash"),), NOW, NOW),
            Sum("payments", ("payer",), (), NOW, NOW),
            Sum("vouchers", (), alike[:1]),
            Sum("vouchers", (), alike[1:]),
            Sum("vouchers", ("issuer",), alike),
            Sum("vouchers", (), (*alike, ("key", "k"))),
            Sum("vouchers", (), alike, NOW),
        ]
        assert [each for each in wrong if not mistaken(partial(repository.look, Look(sums=(each,))))] == []

    def test_uses_without_bounds_are_the_callers_mistake(self, repository: Repository) -> None:
        """Uses of nobody and nothing named, by another column or one twice, or a page beyond bounds: a ValueError."""
        ask: Any = repository
        right: tuple[tuple[str, Any], ...] = (("recipient", "C1"), ("month", "2026-03"))
        wrong: list[Any] = [
            (),
            right[1:],
            (("type", "sms"), right[1]),
            (*right, right[0]),
            (*right, ("recipient", "C2")),
        ]
        wrong += [(*right, (name, "x")) for name in ("on", "units", "number", "reason", "1=1", "", 5)]
        wrong += [(("recipient", ""),), (("item", ""),), (("document", "d1"), ("item", ""))]
        wrong += [((name, bad),) for name in USED for bad in (LONE, 5, None, ("C1",), "x" * (NAME_MAX + 1))]
        wrong += [(*right[:1], (name, bad)) for name in ("type", "month") for bad in (LONE, 5, None)]
        asked: dict[str, Callable[[], object]] = {f"where {where}": partial(ask.uses, where) for where in wrong}
        for n in (0, -1, PAGE_MAX + 1, 1.0, True):
            asked[f"{n} rows"] = partial(ask.uses, right, limit=n)
        places: list[Any] = [("d1",), ("d1", -1), ("d1", 2**63), ("d1", 1.0), ("d1", True), ("d1", "1"), "d1", None]
        for after in (*places, (LONE, 1), (5, 1), (None, 1), ("x" * (NAME_MAX + 1), 1), ("d1", 1, 1)):
            asked[f"after {after}"] = partial(ask.uses, right, after)
        assert [what for what, each in asked.items() if not mistaken(each)] == []
        assert list(repository.uses(right)) == []

    def test_a_batch_speaks_of_each_row_once(self, repository: Repository, clerk: Clerk) -> None:
        """One row twice, another's fact, an empty row, no whole number: a ValueError; no store sees it."""
        one: dict[str, Any] = {
            "guards": Guard("g", 0),
            "puts": payee("p"),
            "moves": Move("gifts", reserved=1),
            "takes": Take(Space.VOUCHER, "v", "d1"),
            "facts": use_row("s", 1),
            "notices": notice("n"),
        }
        wrong: list[dict[str, Any]] = [{name: (part, part)} for name, part in one.items()]
        make: Any = partial(Batch, clerk.entry("s"))
        wrong += [{"facts": (use_row("other", 1),)}, {"notices": (notice("n", NAIVE),)}]
        wrong += [{"moves": (Move("gifts", reserved=n),)} for n in (2**63, -(2**63), 1.5, True)]  # type: ignore[arg-type]  # a float
        wrong += [{"puts": (Put(payee("p", 3).record, 1),)}]
        assert [parts for parts in wrong if not mistaken(partial(make, **parts))] == []
        for rows in (((),), (("a",), ("", "b"))):
            assert mistaken(partial(Batch, clerk.entry("s", rows=rows))), rows
        assert [name for name, part in one.items() if mistaken(partial(make, **{name: (part,)}))] == []
        assert list(repository.history()) == []


def mistaken(ask: Callable[[], object]) -> bool:
    """Whether this is a ValueError, in the port's words and not in a codec's."""
    try:
        ask()
    except ValueError as error:
        return not isinstance(error, UnicodeError)
    except Exception:  # whatever else a store may raise
        return False
    return False
