"""Brings a store of an older schema up to this library's, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, insert

from expense_adapters.sql import databases, versions
from expense_adapters.sql import schema as s
from expense_adapters.sql.engine import Database
from expense_policy.ports.errors import RepositoryUnavailable

from .engines import engine_of
from .released import released, told

HERE = Path(__file__).parent
FOLDERS = [HERE / "versions"]
"""Where the steps are: a step is a revision of Alembic's, whose name is the version that it makes."""


@attrs.frozen
class Upgrade:
    """From which schema to which a store was brought, or would be; the same twice where nothing is to be done."""

    found: int
    schema: int

    @property
    def due(self) -> bool:
        """Whether there is anything to be done."""
        return self.found < self.schema


def due(url: str) -> Upgrade:
    """What `upgrade` would do; nothing is written, and nobody waits."""
    with closing(databases.snapshot(url)) as read:
        return Upgrade(_whole(read), s.VERSION)


def upgrade(url: str) -> Upgrade:
    """Does it: everything or nothing; of several at once one does it."""
    with closing(databases.snapshot(url)) as read:
        # What an older one lacks is asked once nobody else is changing it.
        if versions.known(read.version()) == s.VERSION:
            return Upgrade(_whole(read), s.VERSION)
    with engine_of(url).transaction(url) as connection:
        database = databases.joined(connection.connection.driver_connection)
        # Another may have been faster.
        found = Upgrade(_whole(database), s.VERSION)
        if found.due:
            _bring(connection, database, found.found)
    return found


def _whole(database: Database) -> int:
    """The version of a schema of which nothing is lacking: what was lost before is not covered up by an upgrade."""
    found = versions.known(database.version())
    if found == s.VERSION:
        lacks = database.lacking()
    else:
        wanted = released(found, database.dialect.name)
        lacks = tuple(sorted({name for name, _ in wanted - told(database.words())}))
    if lacks:
        raise RepositoryUnavailable(f"the store lacks parts of schema {found}: {_some(lacks)}", outcome_known=True)
    return found


def _bring(connection: Connection, database: Database, found: int) -> None:
    engine, dialect = engine_of(database.dialect.name), database.dialect
    # The laws are said by the library as a whole, and not step by step. While tables change none of them is asked.
    engine.laws_down(connection, {name for name, _ in released(found, dialect.name)})
    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _ours})
    with Operations.context(context):
        for step in _steps(found):
            step.module.upgrade()
            connection.execute(insert(s.schema_version).values(version=int(step.revision)))
    engine.laws_up(connection, dialect.laws())
    differs = [*database.lacking(), *map(str, compare_metadata(context, s.metadata))]
    if differs or database.version() != s.VERSION:
        why = f"the upgrade was undone, for it does not make schema {s.VERSION}: {_some(differs)}"
        raise RepositoryUnavailable(why, outcome_known=True)


def _steps(found: int) -> list[Script]:
    """The steps that lead on from a version, in order."""
    every = ScriptDirectory(str(HERE), version_locations=[str(folder) for folder in FOLDERS]).walk_revisions()
    return [step for step in reversed(list(every)) if int(step.revision) > found]


def _ours(item: object, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Nothing that a host has made beside the store's."""
    return not (reflected and compare_to is None)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{', '.join(names[:5])}{more}"
