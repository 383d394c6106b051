"""`expense-policy verify`: holds a store to its journal, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import attrs
import typer

from expense_adapters._reading import escaped
from expense_adapters.cli.say import Json, Store, fail, place, put, put_json
from expense_policy.ports.errors import RepositoryError


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(verify)


def verify(
    store: Store,
    seals: Annotated[Path | None, typer.Option(help="Notices given out, as JSON lines.")] = None,
    key: Annotated[Path | None, typer.Option(help="The journal's key, id:hexadecimal secret.")] = None,
    as_json: Json = False,
) -> None:
    """Names the first break of each chain and every broken law: exit 0 clean, 4 broken, 2 unreadable."""
    from expense_adapters.files import read_key
    from expense_adapters.notify import read_seals
    from expense_adapters.sql import SqlRepository
    from expense_policy.services.verification import Break
    from expense_policy.services.verification import verify as check

    repository = None
    try:
        given = [] if seals is None else read_seals(seals)
        keyring = None if key is None else read_key(key)
    except ValueError as error:
        fail(str(error))
    try:
        # One snapshot, read only: a store that is being written is judged as it stood at one instant.
        repository = SqlRepository.reading(store)
        report = check(repository, keyring=keyring, seals=given)
        lost = [Break(name, "I19", "the store has lost this part of its schema") for name in repository.lacking()]
    except (RepositoryError, ValueError) as error:
        fail(f"{place(store)}: can't be read: {error}")
    finally:
        if repository is not None:
            repository.close()
    report = attrs.evolve(report, breaks=(*report.breaks, *lost))
    if as_json:
        put_json(attrs.asdict(report))
    else:
        for each in report.breaks:
            put(f"{each.law:6}{each.subject!r}: {escaped(each.message)}")
        put(f"{report.entries} entries, {report.documents} documents, {len(report.breaks)} breaks")
    raise typer.Exit(4 if report.breaks else 0)
