"""`expense-policy migrate`: brings a store of an older schema up to this library's."""

from __future__ import annotations

from typing import Annotated

import typer

from expense_adapters.cli.say import Json, Store, fail, place, put, put_json
from expense_policy.ports.errors import RepositoryError


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(migrate)


def migrate(
    store: Store,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether an upgrade is due: exit 3 if it is.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Brings a store of an older schema up to this library's, whole or not at all; back it up first."""
    from expense_adapters.sql import migrations

    try:
        found = migrations.due(store) if check else migrations.upgrade(store)
    except (RepositoryError, ValueError) as error:
        fail(f"{place(store)}: {error}")
    if as_json:
        put_json({"found": found.found, "schema": found.schema, "upgraded": found.due and not check})
    elif not found.due:
        put(f"schema {found.schema}: nothing is due")
    elif check:
        put(
            f"schema {found.found}: an upgrade to {found.schema} is due; stop what works on the store, back it up first"
        )
    else:
        put(f"schema {found.found} was upgraded to {found.schema}; now hold it to its journal: expense-policy verify")
    raise typer.Exit(3 if check and found.due else 0)
