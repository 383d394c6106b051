"""What is MariaDB's own: how its laws are written, how an array is bound, what a session has to be set to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, literal_column, or_, select, text
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect

from . import schema as s
from .engine import Asked, Dialect
from .laws import RACED, Law, altered, laws

LAW, RACE = "EP001", "EP002"
"""SQLSTATEs of the store's own: a law would be broken, and a race is lost."""


class Mariadb(Dialect):
    """MariaDB's hand."""

    name = "mariadb"
    compiler = MariaDBDialect(paramstyle="format")
    options = f" ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE={s.CODE_POINTS}"

    def among(self, column: ColumnElement[Any], values: ColumnElement[Any]) -> ColumnElement[bool]:
        """A list of places, as many as there are values: `said` writes them."""
        return column.bool_op("IN")(values)

    def array(self, values: Sequence[str]) -> list[str]:
        """As it is."""
        return list(values)

    def beyond(self, columns: Sequence[Any], place: Sequence[Any]) -> ColumnElement[bool]:
        """Column by column: in a tuple no more than the first of them would be looked up in the index."""
        same = [column == value for column, value in zip(columns, place, strict=True)]
        return or_(*[and_(*same[:i], columns[i] > place[i]) for i in range(len(columns))])

    def by_index(self, query: Select[Any], table: Table, index: str) -> Select[Any]:
        """Told to use it: where another looks as good, all that stands before a place would be read for each page."""
        return query.with_hint(table, f"FORCE INDEX ({index})")

    def held(self, document: ColumnElement[bool]) -> ColumnElement[Any]:
        """The first of each item of `held`."""
        line: ColumnElement[str] = literal_column("held.line")
        return select(line).select_from(s.documents, text(_HELD)).where(document).scalar_subquery()

    def laws(self) -> Iterator[str]:
        """A trigger for each kind of change to a table, which asks the laws before each row."""
        for (table, verb), kept in sorted(grouped().items()):
            yield f"CREATE TRIGGER {trigger(table, verb)} BEFORE {verb} ON `{table}` FOR EACH ROW {body(kept)}"


DIALECT = Mariadb()
_LINE = f"line VARCHAR(500) CHARACTER SET utf8mb4 COLLATE {s.CODE_POINTS} PATH '$[0]'"
_HELD = f"JSON_TABLE(documents.held, '$[*]' COLUMNS ({_LINE})) AS held"


def grouped() -> dict[tuple[str, str], list[Law]]:
    """The laws of each kind of change to a table."""
    found: dict[tuple[str, str], list[Law]] = {}
    for law in laws():
        found.setdefault((law.table, law.verb), []).append(law)
    return found


def trigger(table: str, verb: str) -> str:
    """The name of the trigger that asks them."""
    return f"expense_policy_{table}_{verb.lower()}"


def body(kept: Sequence[Law]) -> str:
    """What it does."""
    lines = ["BEGIN"]
    for law in kept:
        state = RACE if law.message.endswith(RACED) else LAW
        # In backticks names are names, whatever the sql_mode of whoever makes the trigger.
        lines.append(f"  IF {altered(law).replace(chr(34), '`')} THEN")
        lines.append(f"    SIGNAL SQLSTATE '{state}' SET MESSAGE_TEXT = '{law.message}'; END IF;")
    return "\n".join([*lines, "END"])


def said(asked: Asked) -> tuple[str, tuple[Any, ...]]:
    """A statement with a place for each value, and the values: a list has as many places as values."""
    statement, each = asked
    values = statement.values(each)
    if list not in map(type, values):
        return statement.text, values
    first, *rest = statement.text.split("%s")
    parts, flat = [first], list[Any]()
    for value, part in zip(values, rest, strict=True):
        # Nothing is among no values.
        several = (value or [None]) if type(value) is list else None
        parts += [f"({', '.join(['%s'] * len(several))})" if several else "%s", part]
        flat += several or [value]
    return "".join(parts), tuple(flat)


MODE = frozenset(
    {
        *("STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "ERROR_FOR_DIVISION_BY_ZERO", "NO_ENGINE_SUBSTITUTION"),
        *("NO_ZERO_DATE", "NO_ZERO_IN_DATE", "ONLY_FULL_GROUP_BY"),
    }
)
"""The sql_mode of a store's own sessions: what can't be kept as it is given is refused."""
HARMLESS = MODE | {"TRADITIONAL", "NO_AUTO_CREATE_USER", "NO_AUTO_VALUE_ON_ZERO", "ANSI_QUOTES"}
"""What a host's sql_mode may hold: nothing of it changes what a statement of the store's says or keeps."""
STRICT = "STRICT_TRANS_TABLES"
"""What a host's sql_mode has to hold."""
