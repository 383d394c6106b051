"""Stores in use, for laws of questions: what they hold, and what a question of it should be answered."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import attrs

from ...domain.application import Payee
from ...domain.approval import Outcome
from ...domain.cards import Card
from ...domain.categories import UseRow
from ...domain.documents import Document
from ...domain.periods import Month
from ...domain.posting import Posting, Source
from ...domain.vocabulary import Status
from ...ports.repository import Put, Repository
from ..batches import NOW, Clerk, gift, use_row, written
from ..ledger import ANSWER, APRIL, FEBRUARY, MARCH, OPENED, books, claim, duty, posting, task

IDS = ("10", "9", "B", "a", "a ", "é", "中", "\uffee", "\U0001f9e7", "\U00020bb7")
"""In no order: as code points they stand otherwise than as numbers, by language, or in UTF-16."""
PAYEES = (Payee("Tea House", "6222 1"), Payee("ＴＥＡ-house", "6222 2"), Payee("Printer", "62221"))
TYPES = ("sms", "holiday_gift")
JANUARY = Month(2026, 1)
PLAIN = ("10", "9", "B", "a", "a!", "é", "中", "\ufe45", "\U0001f9e7", "\U00020bb7")
"""Ids as the domain takes them, in no order: not that of numbers, of a language or of UTF-16."""
Text = tuple[str, ...]
Where = tuple[tuple[str, str | Text], ...]


def company(repository: Repository, clerk: Clerk, count: int) -> dict[str, Document]:
    """Applications in every state, to payees that share names or accounts, over some weeks; claims under some."""
    clerk.opens(units=10**12)
    chosen, found = random.Random(7), dict[str, Document]()
    for n in range(count):
        id, at = f"d{n:03d}", NOW - timedelta(days=chosen.randrange(60), microseconds=n)
        form = gift(chosen.randrange(1, 10**6), payee=chosen.choice(PAYEES))
        form = attrs.evolve(form, department=chosen.choice(("marketing", "customer_service")))
        repository.commit(batch := clerk.files(id, form, applicant=chosen.choice(("li.na", "mei")), at=at))
        for _ in range(chosen.randrange(6)):
            if written(batch).step is not None:
                verdict = chosen.choice((Outcome.APPROVE,) * 8 + (Outcome.RETURN, Outcome.REJECT))
                repository.commit(batch := clerk.signs(written(batch), verdict, at=at))
        d = written(batch)
        if d.status is Status.RETURNED:
            again = gift(chosen.randrange(1, 10**6), payee=chosen.choice(PAYEES))
            repository.commit(batch := clerk.files(id, again, previous=d, applicant=d.applicant, at=NOW))
        elif d.status is Status.APPROVED and n % 2:
            repository.commit(batch := clerk.pays(d, 1 + d.units // 2, at=at))
            if n % 3:
                repository.commit(batch := clerk.ends(written(batch), Status.CLOSED))
        found[id] = written(batch)
    for n, d in enumerate([*found.values()][: count // 3]):
        asked = claim(chosen.randrange(1, 1000), application=d.id, department=d.department)
        repository.commit(batch := clerk.files(f"e{n:03d}", asked))
        for act in range(n % 3):
            by = NOW + timedelta(days=n + act, microseconds=n)
            repository.commit(batch := clerk.changes(written(batch), pay_by=by, cleared=act))
        found[f"e{n:03d}"] = written(batch)
    return found


def register(clerk: Clerk) -> list[UseRow]:
    """Use rows of many documents, committed in no order: of types, months, people and things, and of none; sorted."""
    chosen, rows = random.Random(5), list[UseRow]()
    for id in IDS:
        for first in (9, 1, 5):
            few = [
                use_row(
                    id,
                    n,
                    type=chosen.choice(TYPES),
                    on=date(2026, chosen.choice((2, 3)), n),
                    recipient=chosen.choice(("C1", "C1", "C1 ", "客户", "")),
                    item=chosen.choice(("tea", "tea", "Tea", "茶", "")),
                )
                for n in range(first, first + 4)
            ]
            clerk.does(id, facts=tuple(reversed(few)))
            rows += few
    many = [use_row("many", n, recipient="C1", item="tea") for n in range(1, 121)]
    clerk.does("many", facts=tuple(many))
    return sorted([*rows, *many], key=lambda row: (row.document, row.number))


def ledger(clerk: Clerk) -> list[Posting]:
    """Postings of many documents, lines and months, committed in no order: refunds, corrections, some on no line."""
    chosen, found = random.Random(11), list[Posting]()
    for line in ("gifts", "Gifts", "茶"):
        clerk.opens(line, 10**9)
    for id in PLAIN:
        made = [
            posting(
                id,
                n,
                source=chosen.choice((Source.PAID, Source.INCURRED, Source.SET_OFF)),
                line=chosen.choice(("gifts", "Gifts", "茶", "")),
                month=chosen.choice((MARCH, APRIL)),
                department=chosen.choice(("marketing", "customer_service")),
                project=chosen.choice(("", "", "p1", "P1")),
                category=chosen.choice(("care_gifts", "communication")),
                type=chosen.choice(("holiday_gift", "sms")),
                account=chosen.choice(("6601.01", "6601.02")),
                units=chosen.randrange(1, 1000),
                corrects=chosen.choice((None, None, FEBRUARY, JANUARY)),
            )
            for n in chosen.sample(range(1, 15), 8)
        ]
        undone = [attrs.evolve(p, number=p.number + 20, units=-1, reverses=p.number) for p in made[:2]]
        # Twelve that are told apart by their lines or their sources alone.
        same = [attrs.evolve(made[0], number=99, line=line, source=s) for line in ("", "茶") for s in (*Source,)[:3]]
        for few in (made[:4], made[4:], undone, same):
            clerk.repository.commit(clerk.posts(id, *few))
        found += [*made, *undone, *same]
    return found


def put(card: Card) -> Put:
    """A card as it shall stand."""
    return Put(card, card.version - 1)


def filed(clerk: Clerk) -> list[Card]:
    """Cards of every kind, put in no order, some of them several times: as they stand, in the order of their ids."""
    first: list[Card] = [task(id, department=("marketing", "客服")[n % 2]) for n, id in enumerate(PLAIN)]
    others: list[Card] = [duty(f"duty {id}", due=NOW + timedelta(days=n)) for n, id in enumerate(PLAIN[:4])]
    others += [duty("duty never", due=None, done_at=None, done_by=None), duty("duty missed", reported=OPENED.date())]
    others += [books(None), books(MARCH, id="books 2")]
    for card in (*first, *others):
        clerk.does(card.id, puts=(put(card),))
    soon, later = NOW + timedelta(days=1), NOW + timedelta(days=2)
    again: list[Card] = [
        task("10", 2, owner="head", due=soon),
        task("a", 2, owner="head", due=later, follow_ups=(ANSWER,)),
        task("é", 2, department="客服", due=None, follow_ups=(ANSWER,)),
        task("中", 2, department="客服", due=soon + timedelta(microseconds=1)),
        books(APRIL, 2, "books 2"),
    ]
    clerk.does("several", puts=tuple(put(card) for card in again))
    stand = {card.id: card for card in (*first, *others, *again)}
    return [card for _, card in sorted(stand.items())]


def matches(row: object, where: Where) -> bool:
    """Whether a row has, in each column, the value or one of the values."""
    return all(text(row, name) in ((of,) if isinstance(of, str) else of) for name, of in where)


def matching(rows: Iterable[Any], where: Where) -> list[Any]:
    """The rows that do."""
    return [row for row in rows if matches(row, where)]


def text(row: object, name: str) -> str:
    """A column's value as a sum tells it."""
    value = getattr(row, name)
    return "" if value is None else str(value)


def grouped(rows: Iterable[Any], by: Text, units: str | None = None) -> dict[Text, int]:
    """The sum of each group of rows, or how many there are; one of all of them where nothing groups them."""
    found: dict[Text, int] = {} if by else {(): 0}
    for row in rows:
        group = tuple([text(row, name) for name in by])
        found[group] = found.get(group, 0) + (1 if units is None else getattr(row, units))
    return found
