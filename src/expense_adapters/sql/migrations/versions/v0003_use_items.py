"""Schema 3: a row of a use record says what it was about, and is found by it and by its recipient."""

from alembic import op
from sqlalchemy import Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text

from expense_adapters.sql.migrations.tables import remake

revision = "3"
down_revision = "2"
USE_ROWS = Table(
    "use_rows",
    MetaData(),
    Column("document", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("on_day", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("units", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("broken", Text, nullable=False),
    Column("reason", Text),
    Column("item", Text, nullable=False),
    PrimaryKeyConstraint("document", "number"),
    Index("use_rows_contacts", "type", "month", "recipient"),
    Index("use_rows_item", "item", "document", "number"),
    Index("use_rows_recipient", "recipient", "document", "number"),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)
"""The table on SQLite."""


def upgrade() -> None:
    """The rows there are were about nothing that has a name."""
    if op.get_context().dialect.name == "sqlite":
        remake(USE_ROWS, item="''")
        return
    op.add_column("use_rows", Column("item", Text(collation="C"), nullable=False, server_default=""))
    op.alter_column("use_rows", "item", server_default=None)
    for name in ("item", "recipient"):
        op.create_index(f"use_rows_{name}", "use_rows", [name, "document", "number"])
