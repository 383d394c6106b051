"""The journal read page by page, each with its facts, so that between two entries nothing is held open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import attrs
from sqlalchemy import Table, select, tuple_
from sqlalchemy.sql import bindparam as bind

from expense_policy.domain.journal import Entry
from expense_policy.ports.errors import RepositoryError
from expense_policy.ports.repository import SEALS, Fact, Faulty

from . import rows
from . import schema as s
from .engine import Asked, Database, Dialect, Statement
from .standing import UNREADABLE
from .statements import FACTS

PAGE = 500
"""As many entries are read at once."""
Written = dict[tuple[str, int], list[tuple[Callable[[Any], Fact], Any]]]
"""The rows of facts by the entry that wrote them, each with what reads it."""


@attrs.frozen
class _Pages:
    """What is asked for a page: its entries, of all subjects or of one, and the facts from its first to its last."""

    every: Statement
    one: Statement
    facts: tuple[tuple[Statement, Callable[[Any], Fact]], ...]
    seals: Statement


@cache
def pages(dialect: Dialect) -> _Pages:
    """An engine's questions."""
    j = s.journal.c
    limit: Any = bind("limit")
    ordered = select(s.journal).order_by(j.subject, j.seq).limit(limit)
    beyond = dialect.beyond((j.subject, j.seq), (bind("subject"), bind("seq")))
    seals = select(s.seals).where(s.seals.c.seq.between(bind("seq"), bind("last_seq"))).order_by(s.seals.c.number)
    return _Pages(
        dialect.compiled(ordered.where(beyond)),
        dialect.compiled(ordered.where(j.subject == bind("subject"), j.seq > bind("seq"))),
        tuple((dialect.compiled(_written(table)), read) for table, read in FACTS),
        dialect.compiled(seals),
    )


def _written(table: Table) -> Any:
    at = tuple_(table.c.document, table.c.seq)
    first, last = tuple_(bind("subject"), bind("seq")), tuple_(bind("last_subject"), bind("last_seq"))
    within = table.c.document.between(bind("subject"), bind("last_subject"))
    return select(table).where(within, at >= first, at <= last).order_by(*table.primary_key)


def history(database: Database, subject: str | None, faulty: Faulty | None) -> Iterator[tuple[Entry, tuple[Fact, ...]]]:
    """Entries with their facts, in (subject, seq) order."""
    q = pages(database.dialect)
    statement = q.every if subject is None else q.one
    at: dict[str, Any] = {"subject": subject or "", "seq": -(2**63), "limit": PAGE}
    ask = database.ask if faulty is None else database.ask_marked
    while True:
        (answer,) = ask((statement, at))
        page = [statement.row(row) for row in answer]
        written = _facts(q, page, ask) if page else {}
        for row in page:
            try:
                entry = rows.entry_of(row)
                facts = tuple([read(each) for read, each in written.get((row["subject"], row["seq"]), ())])
            except UNREADABLE as error:
                if faulty is None:
                    raise RepositoryError(f"{row['subject']} {row['seq']}: can't be read: {error!r}") from error
                faulty(str(row["subject"]), f"entry {row['seq']} can't be read: {error!r}")
                continue
            yield entry, facts
        if len(page) < PAGE:
            return
        at |= {"subject": page[-1]["subject"], "seq": page[-1]["seq"]}


def _facts(q: _Pages, page: list[dict[str, Any]], ask: Callable[..., list[Any]]) -> Written:
    """The facts that a page's entries wrote: they stand as long as the entries do."""
    first, last = page[0], page[-1]
    within = {"subject": first["subject"], "seq": first["seq"]}
    within |= {"last_subject": last["subject"], "last_seq": last["seq"]}
    asked: list[Asked] = [(statement, within) for statement, _ in q.facts]
    sealed = [row["seq"] for row in page if row["subject"] == SEALS]
    if sealed:
        asked.append((q.seals, {"seq": sealed[0], "last_seq": sealed[-1]}))
    written: Written = defaultdict(list)
    answers = ask(*asked)
    for (statement, read), answer in zip(q.facts, answers, strict=False):
        for values in answer:
            row = statement.row(values)
            written[(row["document"], row["seq"])].append((read, row))
    for values in answers[len(q.facts) :] and answers[-1]:
        row = q.seals.row(values)
        written[(SEALS, row["seq"])].append((rows.seal_of, row))
    return written
