"""What stands in a database of MariaDB: the schema's version, its making, and what is missing of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pymysql
from pymysql.constants import ER
from sqlalchemy import CheckConstraint

from expense_policy.ports.errors import RepositoryUnavailable

from . import schema as s
from .engine import Word
from .mariadb import DIALECT, body, grouped, trigger

_WAIT = 60
_HERE = "table_schema = DATABASE()"
_OURS = f"({', '.join(['%s'] * len(s.metadata.tables))})"
_THERE = (
    "SELECT table_name, CONCAT_WS(' ', engine, row_format, table_collation) FROM information_schema.tables"
    f" WHERE {_HERE} AND table_type = 'BASE TABLE'",
    "SELECT CONCAT(table_name, '.', column_name), CONCAT_WS(' ', column_type, IF(is_nullable = 'NO', 'NOT NULL', NULL),"
    f" collation_name) FROM information_schema.columns WHERE {_HERE}",
    "SELECT CONCAT(table_name, '.', index_name), CONCAT_WS(' ', IF(MAX(non_unique) = 0, 'UNIQUE', NULL),"
    " GROUP_CONCAT(CONCAT(column_name, COALESCE(sub_part, '')) ORDER BY seq_in_index), MIN(index_type))"
    f" FROM information_schema.statistics WHERE {_HERE} AND ignored = 'NO' GROUP BY table_name, index_name",
    "SELECT constraint_name, REPLACE(LOWER(check_clause), '`', '') FROM information_schema.check_constraints"
    " WHERE constraint_schema = DATABASE()",
    "SELECT trigger_name, CONCAT_WS(' ', action_timing, event_manipulation, event_object_table, action_statement)"
    " FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
)


# What MariaDB says of a type that is made by another name.
_SAID = {"bigint": "bigint(20)", f"text({2**32 - 1})": "longtext"}


def version(cursor: Any) -> int | None:
    """What `schema_version` says; None where there is none."""
    try:
        cursor.execute("SELECT MAX(version) FROM schema_version")
    except pymysql.Error as error:
        if error.args[0] == ER.NO_SUCH_TABLE:
            return None
        raise
    found: int | None = cursor.fetchall()[0][0]
    return found


def make(cursor: Any) -> None:
    """Makes the schema where there is none. No transaction holds it: the version is written when all of it is there.

    Of several makers one makes it, and the others wait. What one leaves behind that was killed is told, and left.
    """
    cursor.execute("SELECT DATABASE()")
    lock = hashlib.md5(cursor.fetchall()[0][0].encode(), usedforsecurity=False).hexdigest()
    cursor.execute("SELECT GET_LOCK(%s, %s)", (f"expense_policy {lock}", _WAIT))
    if cursor.fetchall()[0][0] != 1:
        raise RepositoryUnavailable("another makes the schema, and does not come to its end", outcome_known=True)
    try:
        if version(cursor) is None:
            _make(cursor)
    finally:
        with suppress(pymysql.Error):
            cursor.execute("SELECT RELEASE_LOCK(%s)", (f"expense_policy {lock}",))


def _make(cursor: Any) -> None:
    there = _tables(cursor)
    if there:
        why = f"the schema is half made ({', '.join(there)}): drop these tables, or use another database"
        raise RepositoryUnavailable(why, outcome_known=True)
    try:
        for statement in DIALECT.schema():
            cursor.execute(statement)
        cursor.execute("INSERT INTO schema_version VALUES (%s)", (s.VERSION,))
    except BaseException:
        # Only what this call has made: the lock kept everybody else away.
        with suppress(pymysql.Error):
            for table in _tables(cursor):
                cursor.execute(f"DROP TABLE `{table}`")
        raise


def _tables(cursor: Any) -> list[str]:
    names = tuple(s.metadata.tables)
    cursor.execute(f"SELECT table_name FROM information_schema.tables WHERE {_HERE} AND table_name IN {_OURS}", names)
    return sorted(name for (name,) in cursor.fetchall())


def words(cursor: Any) -> set[Word]:
    """All that stands there. Who may not see triggers finds none of them."""
    there: set[Word] = set()
    for query in _THERE:
        cursor.execute(query)
        there.update(cursor.fetchall())
    return there


def wanted() -> set[Word]:
    """What this library makes."""
    return set(_wanted())


def _wanted() -> Iterator[Word]:
    for table in s.metadata.sorted_tables:
        yield table.name, f"InnoDB Dynamic {s.CODE_POINTS}"
        for column in table.columns:
            kind, _, collation = column.type.compile(dialect=DIALECT.compiler).lower().partition(" collate ")
            said = (_SAID.get(kind, kind), "" if column.nullable else "NOT NULL", collation)
            yield f"{table.name}.{column.name}", " ".join(filter(None, said))
        yield f"{table.name}.PRIMARY", f"UNIQUE {','.join(column.name for column in table.primary_key)} BTREE"
        for index in table.indexes:
            unique = "UNIQUE " if index.unique else ""
            yield f"{table.name}.{index.name}", f"{unique}{','.join(column.name for column in index.columns)} BTREE"
        for check in table.constraints:
            if isinstance(check, CheckConstraint):
                yield str(check.name), str(check.sqltext).lower()
    for (name, verb), kept in grouped().items():
        yield trigger(name, verb), f"BEFORE {verb} {name} {body(kept)}"
