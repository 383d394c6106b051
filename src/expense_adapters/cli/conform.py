"""`expense-policy conform`: judges another system's history."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import attrs
import typer

from expense_adapters.conform import Unreadable, judge, read_rules


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(conform)


def conform(
    events: Path,
    rules: Annotated[Path, typer.Option(help="Which columns and activities mean what (TOML).")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Judges another system's event log: exit 0 no finding, 3 findings, 2 unreadable."""
    try:
        found = judge(events, read_rules(rules))
    except Unreadable as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(2) from None
    plain = attrs.asdict(found)
    if as_json:
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
    else:
        for name in ("cases", "events", "paid", "signed_off"):
            sys.stdout.write(f"{name:32}{plain[name]:>10}\n")
        for code, count in found.findings.items():
            some = ", ".join(repr(case) for case in found.flagged[code][:3])
            sys.stdout.write(f"{code:32}{count:>10}  {some}\n")
    raise typer.Exit(3 if any(found.findings.values()) else 0)
