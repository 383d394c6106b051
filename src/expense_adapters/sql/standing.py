"""What stands in the tables, row by row, as the journal says it: an unreadable row is told and left out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Table, select

from expense_policy.domain.content import Row
from expense_policy.ports.repository import Faulty, balance_said, line_said, move_said

from . import rows
from . import schema as s
from .statements import DIALECT

Columns = dict[str, Any]
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, sqlite3.Error)
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
    (s.lines, _line),
    (s.moves, _move),
    (s.guards, lambda row: [("guard", row["key"], str(row["version"]))]),
    (s.taken, lambda row: [("take", row["space"], row["key"], row["owner"], ("once", "ever")[row["ever"]])]),
    (s.unsealed, lambda row: [("unsealed", row["subject"], str(row["seq"]))]),
    (s.keys, lambda row: [("key", row["key"], row["asked"], row["subject"], str(row["seq"]))]),
)


def standing(cursor: sqlite3.Cursor, faulty: Faulty) -> Iterator[Row]:
    """Every row of every table that the journal speaks of."""
    for table, said in _SAID:
        try:
            cursor.execute(str(select(table).compile(dialect=DIALECT)))
        except sqlite3.Error as error:
            faulty(table.name, str(error))
            continue
        while True:
            row: Columns = {}
            try:
                got = cursor.fetchone()
                if got is None:
                    break
                row = dict(got)
                yield from said(row)
            except UNREADABLE as error:
                key = " ".join(str(row.get(column.name, "")) for column in table.primary_key)
                faulty(key or table.name, f"a row of {table.name} can't be read: {error!r}")
                if isinstance(error, sqlite3.DatabaseError) and not row:
                    # The cursor does not get past a damaged page or a text that is none.
                    break
