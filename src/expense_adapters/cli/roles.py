"""`expense-policy roles`: who may do what in a store on PostgreSQL."""

from __future__ import annotations

from typing import Annotated

import typer

from expense_adapters.cli.say import Json, Store, fail, place, put, put_json
from expense_policy.ports.errors import RepositoryError


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(roles)


def roles(
    store: Store,
    application: Annotated[str, typer.Option(help="The role that the desk works as; made where it is not there.")],
    auditor: Annotated[str, typer.Option(help="The role that reads; made where it is not there.")],
    apply: Annotated[bool, typer.Option("--apply", help="Do it, as the owner of the tables.")] = False,
    as_json: Json = False,
) -> None:
    """Shows the SQL that gives a PostgreSQL store's roles what they need and nothing else, or does it."""
    try:
        from expense_adapters.sql import roles as made

        done = (made.apply if apply else made.script)(store, application, auditor)
    except ImportError as error:
        fail(f"the driver is not installed: pip install 'expense-policy[postgres]' ({error})")
    except (RepositoryError, ValueError) as error:
        fail(f"{place(store)}: {error}")
    if as_json:
        put_json({"applied": apply, "statements": done})
    elif apply:
        put(f"{len(done)} statements done: {application} works on the store, {auditor} reads it")
    else:
        put("\n".join(["BEGIN;", *(f"{statement};" for statement in done), "COMMIT;"]))
