"""What every command says, and how."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from expense_adapters._reading import escaped

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def fail(message: str) -> NoReturn:
    """One clear sentence on standard error, exit 2."""
    tell(message)
    raise typer.Exit(2)


def tell(message: str) -> None:
    """A line on standard error; what it quotes of a file can't steer a terminal."""
    sys.stderr.write(f"{escaped(message)}\n")


def put(text: str) -> None:
    """A line on standard output."""
    sys.stdout.write(f"{text}\n")
