"""The journal read page by page, each with its facts, so that between two entries nothing is held open."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from sqlalchemy import bindparam as bind
from sqlalchemy import select, tuple_

from expense_policy.domain.journal import Entry
from expense_policy.ports.errors import RepositoryError
from expense_policy.ports.repository import SEALS, Fact, Faulty

from . import rows
from . import schema as s
from . import statements as q
from .connections import PAGE, Reading, marked
from .standing import UNREADABLE

Written = dict[tuple[str, int], list[tuple[Callable[[Any], Fact], Any]]]
"""The rows of facts by the entry that wrote them, each with what reads it."""

_j = s.journal


def _sql(query: Any) -> str:
    return str(query.compile(dialect=q.DIALECT))


_ORDERED = select(_j).order_by(_j.c.subject, _j.c.seq)
_ALL = _sql(_ORDERED.where(tuple_(_j.c.subject, _j.c.seq) > tuple_(bind("subject"), bind("seq")))) + " LIMIT :limit"
_ONE = _sql(_ORDERED.where(_j.c.subject == bind("subject"), _j.c.seq > bind("seq"))) + " LIMIT :limit"


def _written(table: Any) -> str:
    """The facts of a table that a page of entries wrote: from its first entry to its last."""
    at = tuple_(table.c.document, table.c.seq)
    first, last = tuple_(bind("subject"), bind("seq")), tuple_(bind("last_subject"), bind("last_seq"))
    return _sql(select(table).where(at >= first, at <= last).order_by(*table.primary_key))


_FACTS = [(_written(table), read) for table, read in q.FACTS]
_SEALS = _sql(select(s.seals).where(s.seals.c.seq.between(bind("seq"), bind("last_seq"))).order_by(s.seals.c.number))


def history(reading: Reading, subject: str | None, faulty: Faulty | None) -> Iterator[tuple[Entry, tuple[Fact, ...]]]:
    """Entries with their facts, in (subject, seq) order."""
    statement = _ALL if subject is None else _ONE
    at: dict[str, Any] = {"subject": subject or "", "seq": -(2**63), "limit": PAGE}
    while True:
        ask = partial(_page, statement, at)
        if faulty is None:
            with reading(str) as cursor:
                page, written = ask(cursor)
        else:
            page, written = marked(reading, ask)
        for row in page:
            try:
                entry = rows.entry_of(dict(row))
                facts = tuple([read(dict(each)) for read, each in written[(row["subject"], row["seq"])]])
            except UNREADABLE as error:
                if faulty is None:
                    raise RepositoryError(f"{row['subject']} {row['seq']}: can't be read: {error!r}") from error
                faulty(str(row["subject"]), f"entry {row['seq']} can't be read: {error!r}")
                continue
            yield entry, facts
        if len(page) < PAGE:
            return
        at |= {"subject": page[-1]["subject"], "seq": page[-1]["seq"]}


def _page(statement: str, at: dict[str, Any], c: sqlite3.Cursor) -> tuple[list[Any], Written]:
    """A page of entries, and the facts that they wrote."""
    written: Written = defaultdict(list)
    page = c.execute(statement, at).fetchall()
    if page:
        first, last = page[0], page[-1]
        within = {"subject": first["subject"], "seq": first["seq"]}
        within |= {"last_subject": last["subject"], "last_seq": last["seq"]}
        for facts, read in _FACTS:
            for row in c.execute(facts, within).fetchall():
                written[(row["document"], row["seq"])].append((read, row))
    sealed = [row["seq"] for row in page if row["subject"] == SEALS]
    if sealed:
        for row in c.execute(_SEALS, {"seq": sealed[0], "last_seq": sealed[-1]}).fetchall():
            written[(SEALS, row["seq"])].append((rows.seal_of, row))
    return page, written
