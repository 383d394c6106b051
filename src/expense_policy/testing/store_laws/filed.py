"""Cards, which have a state and are searched by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta, timezone
from functools import partial
from itertools import combinations, product
from typing import Any

from ...domain.cards import Card
from ...ports.errors import Conflict, RepositoryError
from ...ports.mistakes import CARD, NAME_MAX, PAGE_MAX
from ...ports.repository import Look, Repository
from ..batches import LATER, NOW, Clerk, listed
from ..ledger import ANSWER, APRIL, FEBRUARY, MARCH, books, duty, task
from . import Laws
from .asked import LONE, NAIVE, mistaken
from .stocked import PLAIN, filed, matching, put

EAST = timezone(timedelta(hours=8))
Named = tuple[tuple[str, str], ...]


class Filed(Laws):
    """Laws of cards."""

    def test_cards_are_got_back(self, repository: Repository, clerk: Clerk) -> None:
        """Cards of every kind are got back equal, version after version, each among those of its kind alone."""
        for n, due in ((1, NOW), (2, NOW.astimezone(EAST) + timedelta(microseconds=1)), (3, None)):
            follow_ups = (ANSWER,) * (n - 1)
            card = task("整改 🧾", n, department="客服", owner="李娜", due=due, follow_ups=follow_ups)
            plain, shut = (
                duty("duty:audit", n, due=due, reported=NOW.date() + timedelta(days=n)),
                books((None, MARCH, APRIL)[n - 1], n),
            )
            clerk.does("s", puts=tuple(map(put, (card, plain, shut))))
            kept: list[Card] = [card, plain, shut]
            seen = repository.look(Look(cards=("整改 🧾", "duty:audit", "books", "absent")))
            assert seen.cards == {each.id: each for each in kept}
            assert [list(repository.cards((("kind", each.kind),))) for each in kept] == [[each] for each in kept]
            rows = [row for row in repository.standing(lambda *_: None) if row[0] == "card"]
            assert sorted(rows) == sorted(each.row() for each in kept)
        assert (seen.payees, seen.projects, seen.policies, seen.documents) == ({}, {}, {}, {})

    def test_cards_come_in_id_order(self, repository: Repository, clerk: Clerk) -> None:
        """Pages of any size give every card of a kind once, in the order of their ids' code points."""
        cards = filed(clerk)
        for kind in ("rectification", "duty", "books", "nothing"):
            mine = [card for card in cards if card.kind == kind]
            for size in (1, 3, len(PLAIN), 1000):
                assert listed(repository, (("kind", kind),), size) == mine
        tasks = [card for card in cards if card.kind == "rectification"]
        after = [card for card in tasks if card.id > "a#"]
        assert list(repository.cards((("kind", "rectification"),), None, "a#", 2)) == after[:2]

    def test_each_column_finds_its_own_cards(self, repository: Repository, clerk: Clerk) -> None:
        """A search by kind and any other columns finds exactly the cards that have those values, as they stand now."""
        cards = filed(clerk)
        values = {name: sorted({getattr(card, name) for card in cards} | {"nobody"}) for name in CARD}
        wheres: list[Named] = [()]
        for names in (*combinations(CARD[1:], 1), *combinations(CARD[1:], 2)):
            wheres += [tuple(zip(names, pair, strict=True)) for pair in product(*[values[name] for name in names])]
        for kind in values["kind"]:
            for where in wheres:
                asked = (*where[:1], ("kind", kind), *where[1:])
                found = matching(cards, asked)
                assert listed(repository, asked, 3) == found, asked

    def test_cards_that_are_due_are_found(self, repository: Repository, clerk: Clerk) -> None:
        """Cards due by an instant, that instant too, are found, in any zone; those that are not due ever are not."""
        cards, little = filed(clerk), timedelta(microseconds=1)
        days = sorted({card.due for card in cards if card.due is not None})
        instants = [at + d for at in days for d in (-little, timedelta(0))]
        wheres: tuple[Named, ...] = (
            (("kind", "rectification"),),
            (("kind", "duty"),),
            (("kind", "books"),),
            (("kind", "rectification"), ("owner", "head")),
            (("status", "open"), ("department", "marketing"), ("kind", "rectification")),
        )
        for where in wheres:
            mine = matching(cards, where)
            for at in (*instants, instants[3].astimezone(EAST), LATER):
                due = [card for card in mine if card.due is not None and card.due <= at]
                assert listed(repository, where, 2, at) == due, (where, at)

    def test_a_stale_card_is_refused(self, repository: Repository, clerk: Clerk) -> None:
        """A card whose version is not the one that was read, or that is there already, is a conflict."""
        for n in (1, 2):
            clerk.does("s", puts=(put(task("t", n)),))
        for n in (1, 2, 4):
            self.refuses(repository, Conflict, clerk.batch("s", puts=(put(task("t", n, owner="head")),)))
        self.refuses(repository, Conflict, clerk.batch("s", puts=(put(books(MARCH, 1, "t")),)))
        self.refuses(repository, Conflict, clerk.batch("s", puts=(put(task("absent", 2)),)))

    def test_a_card_stays_of_its_kind(self, repository: Repository, clerk: Clerk) -> None:
        """A card of another kind in a card's place breaks a law, and is no conflict."""
        clerk.does("s", puts=(put(task("t")),))
        self.refuses(repository, RepositoryError, clerk.batch("s", puts=(put(duty("t", 2)),)))

    def test_questions_without_bounds_are_the_callers_mistake(self, repository: Repository) -> None:
        """Cards of no kind, by another column or one twice, postings of no month, a page beyond bounds: ValueErrors."""
        ask: Any = repository
        right: tuple[tuple[str, Any], ...] = (("kind", "duty"),)
        wrong: list[Any] = [(), (("status", "open"),), (*right, right[0]), (*right, ("owner", "a"), ("owner", "b"))]
        wrong += [(*right, (name, "x")) for name in ("id", "due", "version", "1=1", "", 5)]
        wrong += [(*right[:n], (name, bad)) for n, name in enumerate(CARD[:2]) for bad in (LONE, 5, None, ("a",))]
        asked: dict[str, Callable[[], object]] = {f"where {where}": partial(ask.cards, where) for where in wrong}
        asked["due by no instant"] = partial(ask.cards, right, NAIVE)
        for n in (0, -1, PAGE_MAX + 1, 1.0, True):
            asked[f"{n} cards"] = partial(ask.cards, right, limit=n)
            asked[f"{n} postings"] = partial(ask.postings, MARCH, limit=n)
        nowhere: tuple[Any, ...] = (LONE, 5, None, "x" * (NAME_MAX + 1))
        asked |= {f"cards after {after!r}": partial(ask.cards, right, after=after) for after in nowhere}
        nowhere = (-1, 2**63, 1.0, True, "1", None)
        asked |= {f"postings after {after!r}": partial(ask.postings, MARCH, after) for after in nowhere}
        for month in ("2026-03", None, (2026, 3), NOW):
            asked[f"postings of {month!r}"] = partial(ask.postings, month)
        assert [what for what, each in asked.items() if not mistaken(each)] == []
        assert (list(repository.cards(right)), list(repository.postings(FEBRUARY))) == ([], [])
