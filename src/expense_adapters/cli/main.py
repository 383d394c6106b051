"""The commands. `--json` prints one JSON document on standard output and nothing else there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expense_adapters._reading import escaped, read_text
from expense_adapters.cli import allocate, books, budgets, claims, conform, demo, import_use, migrate, roles, verify
from expense_adapters.cli.say import Json, fail, put, put_json, tell
from expense_policy.domain.festival_table import FESTIVALS
from expense_policy.domain.periods import festival
from expense_policy.policy_file import PolicyFileError, load_policy

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def root() -> None:
    """Enforces a company's policy for what it spends on operating its existing customers."""


@app.command()
def calendar(year: Annotated[int, typer.Option(help="1901 to 2099.")], as_json: Json = False) -> None:
    """The days of the lunar festivals of a year."""
    try:
        days = {name: festival(name, year).isoformat() for name in FESTIVALS}
    except ValueError as error:
        fail(str(error))
    if as_json:
        put_json(days)
        return
    for name, day in days.items():
        put(f"{name}  {day}")


@app.command("check-policy")
def check_policy(file: Path, as_json: Json = False) -> None:
    """Names every fault of a policy file with path and line; exit 2 if there is any."""
    try:
        text = read_text(file)
    except ValueError as error:
        fail(str(error))
    try:
        policy = load_policy(text)
    except PolicyFileError as error:
        faults = [{"path": p.path, "line": p.line, "message": p.message} for p in error.problems]
        if as_json:
            put_json({"faults": faults})
        for problem in error.problems:
            tell(f"{file}: {problem}")
        raise typer.Exit(2) from None
    effective = policy.effective.isoformat()
    found = {"version": policy.version, "effective": effective, "digest": policy.digest, "faults": []}
    if as_json:
        put_json(found)
    else:
        put(escaped(f"{file}: version {policy.version}, effective {policy.effective}: no fault"))


demo.register(app)
conform.register(app)
verify.register(app)
migrate.register(app)
roles.register(app)
import_use.register(app)
books.register(app)
allocate.register(app)
claims.register(app)
budgets.register(app)
