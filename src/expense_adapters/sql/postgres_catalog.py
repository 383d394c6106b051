"""What stands in PostgreSQL's catalogue, held to the schema as this library makes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from psycopg import RawCursor
from sqlalchemy import BigInteger, CheckConstraint

from .engine import Word
from .postgres import DIALECT
from .schema import metadata

_HERE = "n.nspname = current_schema()"
_THERE = (
    # A table that loses its rows in a crash, hides them or answers by a rule is another one.
    "SELECT c.relname, CASE WHEN c.relpersistence <> 'p' OR c.relrowsecurity OR EXISTS"
    " (SELECT 1 FROM pg_rewrite r WHERE r.ev_class = c.oid) THEN 'table altered' ELSE 'table' END"
    f" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE} AND c.relkind = 'r'",
    "SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull"
    " THEN ' NOT NULL' ELSE '' END || COALESCE(' ' || o.collname, '')"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    f" LEFT JOIN pg_collation o ON o.oid = a.attcollation WHERE {_HERE} AND c.relkind = 'r' AND a.attnum > 0",
    "SELECT c.relname, replace(pg_get_indexdef(i.indexrelid, 0, true), '\"', '') || CASE WHEN i.indisvalid"
    " THEN '' ELSE ' invalid' END FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE}",
    "SELECT conname, pg_get_constraintdef(c.oid, true) FROM pg_constraint c"
    f" JOIN pg_namespace n ON n.oid = c.connamespace WHERE {_HERE} AND c.contype = 'c'",
    "SELECT proname, prosrc || CASE WHEN l.lanname <> 'plpgsql' OR p.prosecdef OR p.proconfig IS NOT NULL"
    " THEN ' altered' ELSE '' END FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    f" JOIN pg_language l ON l.oid = p.prolang WHERE {_HERE}",
    "SELECT t.tgname, pg_get_triggerdef(t.oid, true) || ' ' || t.tgenabled::text FROM pg_trigger t"
    f" JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE}"
    " AND NOT t.tgisinternal",
)


def words(cursor: RawCursor[tuple[str, ...]]) -> set[Word]:
    """What stands there."""
    # What goes while it is asked for has no words any more.
    return {(row[0], row[1] or "") for query in _THERE for row in cursor.execute(query).fetchall()}


def wanted() -> set[Word]:
    """What this library makes."""
    return set(_wanted())


def _wanted() -> Iterator[Word]:
    for table in metadata.sorted_tables:
        yield table.name, "table"
        for column in table.columns:
            said = "bigint" if isinstance(column.type, BigInteger) else "text"
            collation = "" if said == "bigint" else " C"
            yield f"{table.name}.{column.name}", f"{said}{'' if column.nullable else ' NOT NULL'}{collation}"
        key = ", ".join(column.name for column in table.primary_key)
        yield f"{table.name}_pkey", f"CREATE UNIQUE INDEX {table.name}_pkey ON {table.name} USING btree ({key})"
        for index in table.indexes:
            unique, names = " UNIQUE" if index.unique else "", ", ".join(column.name for column in index.columns)
            said = f"CREATE{unique} INDEX {index.name} ON {table.name} USING btree ({names})"
            yield str(index.name), said
        for check in table.constraints:
            if isinstance(check, CheckConstraint):
                # PostgreSQL tells a difference that is compared in parentheses.
                told = re.sub(r"\w+(?: - \w+)+", r"(\g<0>)", str(check.sqltext))
                yield str(check.name), f"CHECK ({told})"
    for statement in DIALECT.laws():
        _, kind, name, *_ = statement.replace("(", " ").split()
        if kind == "TRIGGER":
            yield name, f"{statement} O"
        else:
            yield name, statement.split("$$")[1]
