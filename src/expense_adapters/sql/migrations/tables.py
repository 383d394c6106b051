"""What a step may do to tables, beside Alembic's own operations."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Table, column, insert, inspect, literal_column, select
from sqlalchemy import table as expression_table
from sqlalchemy.schema import CreateIndex, CreateTable


def remake(table: Table, **filled: str) -> None:
    """Makes a table of SQLite anew as it is said here, with its rows: then its text is that of a new store, too.

    `filled` gives what a column that was not there before holds, as SQL. A table with ALTER TABLE behind it would never
    again be the one that this library makes, word for word. On other engines a step alters tables by `op`.
    """
    connection, old = op.get_bind(), f"{table.name}_before"
    there = inspect(connection)
    for index in there.get_indexes(table.name):
        op.execute(f'DROP INDEX "{index["name"]}"')
    kept = [each["name"] for each in there.get_columns(table.name) if each["name"] in table.c]
    op.execute("PRAGMA legacy_alter_table=ON")
    op.execute(f'ALTER TABLE "{table.name}" RENAME TO "{old}"')
    op.execute("PRAGMA legacy_alter_table=OFF")
    connection.execute(CreateTable(table))
    before = expression_table(old, *[column(name) for name in kept])
    values = [*before.c, *[literal_column(value) for value in filled.values()]]
    op.execute(insert(table).from_select([*kept, *filled], select(*values)))
    op.execute(f'DROP TABLE "{old}"')
    for made in sorted(table.indexes, key=lambda each: str(each.name)):
        connection.execute(CreateIndex(made))
