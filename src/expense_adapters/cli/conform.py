"""`expense-policy conform`: judges another system's history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import attrs
import typer

from expense_adapters.cli.say import Json, fail, put, put_json
from expense_adapters.conform import Findings, Unreadable, judge, read_rules

SHOWN = 20


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(conform)


def conform(
    events: Path,
    rules: Annotated[Path, typer.Option(help="Which columns and activities mean what (TOML).")],
    as_json: Json = False,
) -> None:
    """Judges another system's event log: exit 0 no finding, 3 findings, 2 unreadable."""
    try:
        found = judge(events, read_rules(rules))
    except Unreadable as error:
        fail(str(error))
    if as_json:
        put_json(attrs.asdict(found))
    else:
        _show(found)
    raise typer.Exit(3 if any(found.findings.values()) else 0)


def _show(found: Findings) -> None:
    for name in ("cases", "events", "paid", "signed_off"):
        put(f"{name:32}{getattr(found, name):>10}")
    for code, count in found.findings.items():
        some = ", ".join(repr(case) for case in found.flagged[code][:3])
        put(f"{code:32}{count:>10}  {some}".rstrip())
    # Rows whose activity no rule names: the commonest first.
    put(f"{'ignored':32}{sum(found.ignored.values()):>10}")
    ordered = sorted(found.ignored.items(), key=lambda item: (-item[1], item[0]))
    for activity, count in ordered[:SHOWN]:
        put(f"  {activity!r:30}{count:>10}")
    if len(ordered) > SHOWN:
        put(f"  and {len(ordered) - SHOWN} activities more")
