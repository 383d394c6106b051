"""What stands in the tables, row by row, as the journal says it: an unreadable row is told and left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy import bindparam as bind

from expense_policy.domain.content import Row
from expense_policy.ports.errors import RepositoryUnavailable
from expense_policy.ports.repository import Faulty, balance_said, line_said, move_said, number_said

from . import rows, year_rows
from . import schema as s
from .engine import Database, Dialect, Statement

Columns = dict[str, Any]
PAGE = 500
"""As many rows are read at once."""
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
"""What reading a row that was tampered with may raise."""


def _same(read: Callable[[Columns], Any], write: Callable[[Any, int], Columns]) -> Callable[[Columns], list[Row]]:
    """Reads a row; one that would be written otherwise than it stands was changed by hand."""

    def said(row: Columns) -> list[Row]:
        value = read(row)
        if write(value, row.get("seq", 0)) != row:
            raise ValueError("the columns do not agree with each other")
        found: Row = value.row()
        return [found]

    return said


def _line(row: Columns) -> list[Row]:
    line = rows.line_of(row)
    return [line_said(line), balance_said(line)]


def _posting(row: Columns) -> list[Row]:
    posting, number = year_rows.posting_of(row), row["book_number"]
    if {**year_rows.posting_row(posting, row["seq"]), "book_number": number} != row:
        raise ValueError("the columns do not agree with each other")
    return [posting.row()] if number is None else [posting.row(), number_said(number, posting)]


def _move(row: Columns) -> list[Row]:
    return [("move", row["subject"], str(row["seq"]), *move_said(rows.move_of(row))[1:])]


_SAID: tuple[tuple[Table, Callable[[Columns], list[Row]]], ...] = (
    (s.documents, lambda row: [rows.summary_of(row).row()]),
    (s.payees, _same(rows.payee_of, lambda value, seq: rows.payee_row(value))),
    (s.policies, _same(rows.policy_of, lambda value, seq: rows.policy_row(value))),
    (s.projects, _same(rows.project_of, lambda value, seq: rows.project_row(value))),
    (s.rounds, _same(rows.submission_of, rows.round_row)),
    (s.signatures, _same(rows.signed_of, rows.signed_row)),
    (s.payments, _same(rows.payment_of, rows.payment_row)),
    (s.use_rows, _same(rows.use_of, rows.use_row)),
    (s.seals, _same(rows.seal_of, rows.seal_row)),
    (s.postings, _posting),
    (s.planned, _same(year_rows.planned_of, year_rows.planned_row)),
    (s.vouchers, _same(year_rows.voucher_of, year_rows.voucher_row)),
    (s.papers, _same(year_rows.paper_of, year_rows.paper_row)),
    (s.cards, _same(year_rows.card_of, lambda value, seq: year_rows.card_row(value))),
    (s.lines, _line),
    (s.moves, _move),
    (s.guards, lambda row: [("guard", row["key"], str(row["version"]))]),
    (s.taken, lambda row: [("take", row["space"], row["key"], row["owner"], ("once", "ever")[row["ever"]])]),
    (s.unsealed, lambda row: [("unsealed", row["subject"], str(row["seq"]))]),
    (s.keys, lambda row: [("key", row["key"], row["asked"], row["subject"], str(row["seq"]))]),
)


def standing(database: Database, faulty: Faulty) -> Iterator[Row]:
    """Every row of every table that the journal speaks of."""
    for table, said in _SAID:
        for row in _rows(database, table, faulty):
            try:
                found = said(row)
            except UNREADABLE as error:
                key = " ".join(str(row[column.name]) for column in table.primary_key)
                faulty(key, f"a row of {table.name} can't be read: {error!r}")
            else:
                yield from found


@cache
def _pages(dialect: Dialect, table: Table, page: int) -> tuple[Statement, Statement]:
    """A table's first rows, and those after a key."""
    keys = list(table.primary_key)
    first = select(table).order_by(*keys).limit(page)
    after = dialect.beyond(keys, [bind(key.name) for key in keys])
    return dialect.compiled(first), dialect.compiled(first.where(after))


def _rows(database: Database, table: Table, faulty: Faulty) -> Iterator[Columns]:
    """A table's rows by pages, so that between two rows nothing is held open."""
    first, after = _pages(database.dialect, table, PAGE)
    at: Columns = {}
    while True:
        statement = after if at else first
        try:
            (answer,) = database.ask_marked((statement, at))
        except RepositoryUnavailable as error:
            if error.__cause__ is None:
                raise
            # A table that is gone, or a page that is damaged: the others are read on.
            faulty(table.name, str(error))
            return
        page = [statement.row(row) for row in answer]
        yield from page
        if len(page) < PAGE:
            return
        at = {key.name: page[-1][key.name] for key in table.primary_key}
