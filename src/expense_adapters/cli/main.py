"""The commands. `--json` prints one JSON document on standard output and nothing else there."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from expense_adapters.cli import conform, demo, verify
from expense_policy.domain.festival_table import FESTIVALS
from expense_policy.domain.periods import festival
from expense_policy.policy_file import PolicyFileError, load_policy

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def fail(message: str) -> NoReturn:
    """One clear sentence on standard error, exit 2."""
    sys.stderr.write(f"{message}\n")
    raise typer.Exit(2)


def put(text: str) -> None:
    """A line on standard output."""
    sys.stdout.write(f"{text}\n")


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
    put(json.dumps(days) if as_json else "\n".join(f"{name}  {day}" for name, day in days.items()))


@app.command("check-policy")
def check_policy(file: Path, as_json: Json = False) -> None:
    """Names every fault of a policy file with path and line; exit 2 if there is any."""
    try:
        policy = load_policy(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file}: {error}")
    except PolicyFileError as error:
        faults = [{"path": p.path, "line": p.line, "message": p.message} for p in error.problems]
        if as_json:
            put(json.dumps({"faults": faults}, ensure_ascii=False))
        for problem in error.problems:
            sys.stderr.write(f"{file}: {problem}\n")
        raise typer.Exit(2) from None
    effective = policy.effective.isoformat()
    found = {"version": policy.version, "effective": effective, "digest": policy.digest, "faults": []}
    put(json.dumps(found) if as_json else f"{file}: version {policy.version}, effective {policy.effective}: no fault")


demo.register(app)
conform.register(app)
verify.register(app)


def main() -> None:
    """The entry point."""
    app()
