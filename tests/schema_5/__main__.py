"""`python -m tests.schema_5 URL`: brings a store up to schema 5, or makes it there; says what stands then, as JSON."""

import json
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import Column, Index, Text

from expense_adapters.sql import SqlRepository, databases, migrate, schema
from expense_adapters.sql.migrations import upgrading
from expense_policy.ports.errors import RepositoryError

WORDS = Text().with_variant(Text(collation="C"), "postgresql")

schema.VERSION = 5
schema.documents.append_column(Column("note", WORDS, nullable=True))
Index("documents_note", schema.documents.c.note)
schema.payments.append_column(Column("channel", WORDS, nullable=False))
schema._table("later", Column("id", WORDS, primary_key=True))
upgrading.FOLDERS.append(Path(__file__).parent / "steps")

url, how = sys.argv[1:]
try:
    if how == "make":
        SqlRepository(url).close()
        done = None
    else:
        found = migrate(url)
        done = [found.found, found.schema]
    with closing(databases.snapshot(url)) as read:
        said = {"done": done, "version": read.version(), "lacking": read.lacking(), "words": sorted(read.words())}
    sys.stdout.write(json.dumps(said))
except RepositoryError as error:
    sys.exit(str(error))
