"""The journal read page by page, each with its facts, so that between two entries nothing is held open."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from sqlalchemy import bindparam as bind
from sqlalchemy import select, tuple_

from expense_policy.domain.journal import Entry
from expense_policy.ports.errors import RepositoryError, RepositoryUnavailable
from expense_policy.ports.repository import SEALS, Fact, Faulty

from . import rows
from . import schema as s
from . import statements as q
from .standing import UNREADABLE

Reading = Callable[[Callable[[bytes], str]], AbstractContextManager[sqlite3.Cursor]]
"""One read of the store: what is asked in it is of one snapshot, and nothing stays open after it."""

Written = dict[tuple[str, int], list[tuple[Callable[[Any], Fact], Any]]]
"""The rows of facts by the entry that wrote them, each with what reads it."""

PAGE = 500
_MARKED = partial(str, encoding="utf-8", errors="replace")
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
        try:
            page, written = _page(reading, str, statement, at)
        except RepositoryUnavailable:
            if faulty is None:
                raise
            # A text that is none stops the driver: it is read with a mark, and its entry told as changed.
            page, written = _page(reading, _MARKED, statement, at)
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


def _page(
    reading: Reading, text: Callable[[bytes], str], statement: str, at: dict[str, Any]
) -> tuple[list[Any], Written]:
    written: Written = defaultdict(list)
    with reading(text) as c:
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
