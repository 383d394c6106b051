"""What stands in PostgreSQL's catalogue, held to the schema as this library makes it."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import RawCursor
from sqlalchemy import BigInteger, CheckConstraint

from .postgres import DIALECT
from .schema import metadata

Word = tuple[str, str]
"""What a thing is called, and all that is said of it."""

_HERE = "n.nspname = current_schema()"
_THERE = (
    "SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull"
    " THEN ' NOT NULL' ELSE '' END || COALESCE(' ' || o.collname, '')"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    f" LEFT JOIN pg_collation o ON o.oid = a.attcollation WHERE {_HERE} AND c.relkind = 'r' AND a.attnum > 0",
    "SELECT c.relname, replace(pg_get_indexdef(i.indexrelid, 0, true), '\"', '') || CASE WHEN i.indisvalid"
    " THEN '' ELSE ' invalid' END FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE}",
    "SELECT conname, 'check ' || convalidated FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace"
    f" WHERE {_HERE} AND c.contype = 'c'",
    f"SELECT proname, prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_HERE}",
    "SELECT t.tgname, pg_get_triggerdef(t.oid, true) || ' ' || t.tgenabled FROM pg_trigger t"
    f" JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE}"
    " AND NOT t.tgisinternal",
)


def lacking(cursor: RawCursor[tuple[str, ...]]) -> tuple[str, ...]:
    """The names of what is not there word for word, sorted."""
    there = {row for query in _THERE for row in cursor.execute(query).fetchall()}
    return tuple(sorted({name for name, said in _wanted() if (name, said) not in there}))


def _wanted() -> Iterator[Word]:
    for table in metadata.sorted_tables:
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
                yield str(check.name), "check true"
    for statement in DIALECT.laws():
        _, kind, name, *_ = statement.replace("(", " ").split()
        if kind == "TRIGGER":
            yield name, f"{statement} O"
        else:
            yield name, statement.split("$$")[1]
