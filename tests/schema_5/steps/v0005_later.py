"""Schema 5, made up: a column, one that has to be filled though its table is append-only, an index, a table."""

import os
import sys
import time

from alembic import op
from sqlalchemy import Column, Text

from expense_adapters.sql import schema as s
from expense_adapters.sql.migrations.tables import remake

revision = "5"
down_revision = "4"


def upgrade() -> None:
    """In the middle of it the test may have it fail, wait to be killed, or forget what is left."""
    if op.get_context().dialect.name == "sqlite":
        remake(s.metadata.tables["documents"])
        _middle()
        remake(s.metadata.tables["payments"], channel="'bank'")
    else:
        words = Text(collation="C")
        op.add_column("documents", Column("note", words))
        op.create_index("documents_note", "documents", ["note"])
        _middle()
        op.add_column("payments", Column("channel", words))
        op.execute("UPDATE payments SET channel = 'bank'")
        op.alter_column("payments", "channel", nullable=False)
    if os.environ.get("IN_THE_MIDDLE") != "forget":
        s.metadata.tables["later"].create(op.get_bind())


def _middle() -> None:
    how = os.environ.get("IN_THE_MIDDLE")
    if how == "raise":
        raise ZeroDivisionError
    if how == "wait":
        sys.stdout.write("waiting\n")
        sys.stdout.flush()
        time.sleep(60)
