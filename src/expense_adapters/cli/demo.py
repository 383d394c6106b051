"""`expense-policy demo`: the example company's year on a fresh store, and what came of it."""

from __future__ import annotations

import csv
import os
import secrets
import shutil
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from expense_adapters._reading import why
from expense_adapters.cli.say import Json, fail, put_json

_SCHEME = "sqlite:///"
_LANGUAGES = ("en", "zh")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(demo)


def company() -> Path:
    """The folder of the example company: in the wheel beside this file, in the repository under examples."""
    inside = Path(__file__).parent / "company"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "examples" / "company"


def _files(store: Path) -> dict[str, Path]:
    """What the demo leaves behind: the store, and beside it the notices with their seals and the journal's key."""
    return {"store": store, "seals": store.with_suffix(".notices.jsonl"), "key": store.with_suffix(".key")}


def play(store: Path, applications: int | None = None, told: Any = None) -> dict[str, Any]:
    """Plays the year on a new SQLite file, its notices and key in files beside it; returns what came of it.

    With `applications` only so many of the ordinary ones are filed, spread over the year; what is refused stays.
    A year that is interrupted or fails leaves nothing behind. FileExistsError where a file is there already.
    """
    folder = Path(tempfile.mkdtemp(prefix=".expense-policy-", dir=store.parent))
    kept: list[Path] = []
    try:
        found = _play(_files(folder / "year.db"), applications, told or (lambda day: None))
        for name, played in _files(folder / "year.db").items():
            wanted = _files(store)[name]
            if os.path.lexists(wanted):
                raise FileExistsError(f"{wanted} is there already")
            played.rename(wanted)
            kept.append(wanted)
    except BaseException:
        for each in kept:
            each.unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    places = {name: str(path) for name, path in _files(store).items()}
    return {**places, "store": f"{_SCHEME}{store}", **found}


def _play(files: dict[str, Path], applications: int | None, told: Any) -> dict[str, Any]:
    from expense_adapters.cli.claims_year import BUREAU
    from expense_adapters.cli.course import play_year
    from expense_adapters.cli.outcome import outcome
    from expense_adapters.cli.rhythm import events
    from expense_adapters.cli.year import PlayedClock, Year
    from expense_adapters.customers import FileCustomers
    from expense_adapters.files import FileDirectory, read_budget, read_key
    from expense_adapters.local import MemoryEvidence
    from expense_adapters.notify import JsonLinesNotifier
    from expense_adapters.sql import SqlRepository
    from expense_policy.services.desk import Desk
    from expense_policy.services.verification import verify

    folder = company()
    files["key"].touch(mode=0o600)
    files["key"].write_text(f"demo:{secrets.token_hex(32)}\n", encoding="ascii")
    key, clock, evidence = read_key(files["key"]), PlayedClock(), MemoryEvidence()
    policy = (folder / "policy.toml").read_text(encoding="utf-8")
    customers, ids = FileCustomers(folder / "customers.csv"), _ids(folder / "customers.csv")
    with closing(SqlRepository(f"{_SCHEME}{files['store']}")) as repository:
        desk = Desk.open(
            repository=repository,
            directory=FileDirectory(folder / "people.toml"),
            notifier=JsonLinesNotifier(files["seals"]),
            evidence=evidence,
            clock=clock,
            keyring=key,
            customers=customers,
            genuineness=BUREAU,
        )
        known = tuple(customers.known(ids).values())
        budgets = (*read_budget(folder / "budget.toml"), *read_budget(folder / "budget-2027.toml"))
        year = Year(desk, clock, evidence, policy, budgets, known, told)
        play_year(year, events(applications))
        found = outcome(desk, year.refusals, year.rules, year.execution)
        report = verify(repository, keyring=key)
    found["verify"] = {"entries": report.entries, "documents": report.documents, "breaks": len(report.breaks)}
    return found


def _ids(path: Path) -> list[str]:
    """The customers of a CSV file: whom the company's own system would send messages to."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file)]


def demo(
    store: Annotated[str | None, typer.Option(help="sqlite:///PATH of a file that is not there yet.")] = None,
    lang: Annotated[str, typer.Option(help="en or zh.")] = "en",
    as_json: Json = False,
) -> None:
    """Plays the example company's year on a fresh SQLite file and shows what came of it."""
    from rich.console import Console
    from rich.progress import Progress

    from expense_adapters.cli.figures import show
    from expense_adapters.cli.rhythm import events

    if lang not in _LANGUAGES:
        fail(f"--lang is en or zh, not {lang!r}")
    path = Path(tempfile.mkdtemp(prefix="expense-policy-")) / "demo.db" if store is None else _path(store)
    screen = Console(stderr=True)
    try:
        with Progress(console=screen, transient=True, disable=not screen.is_terminal) as progress:
            task = progress.add_task("2026", total=len(events()))
            found = play(path, None, lambda day: progress.update(task, advance=1, description=f"{day:%Y-%m}"))
    except OSError as error:
        fail(f"{path}: {why(error)}")
    finally:
        if store is None and not path.exists():
            shutil.rmtree(path.parent, ignore_errors=True)
    if as_json:
        put_json(found)
    else:
        show(found, lang)
    raise typer.Exit(4 if found["verify"]["breaks"] else 0)


def _path(store: str) -> Path:
    """The file a URL names, taken literally; nothing of what will stand there or beside it is there yet."""
    from expense_adapters.sql.sqlite import path_of

    try:
        path = Path(path_of(store))
        if not path.name:
            raise ValueError("a folder is no store")
    except ValueError as error:
        fail(f"{store!r}: {error}")
    wanted = [*_files(path).values(), *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))]
    if len(set(wanted)) < len(wanted):
        fail(f"{path}: the demo keeps the journal's key or its notices under that name, so the store has another")
    for each in wanted:
        if os.path.lexists(each):
            fail(f"{each} is there already: the demo plays on a fresh file")
    if not path.parent.is_dir():
        fail(f"{path.parent} is not a folder")
    return path
