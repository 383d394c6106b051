"""`expense-policy demo`: the example company's year on a fresh store, and what came of it."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from expense_adapters._reading import why
from expense_adapters.cli.say import Json, fail, put_json
from expense_policy.domain.vocabulary import Kind

if TYPE_CHECKING:
    from expense_policy.domain.refusals import Refusal
    from expense_policy.services.desk import Desk

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


def play(store: Path, applications: int = 160, told: Any = None) -> dict[str, Any]:
    """Plays the year on a new SQLite file, its notices and key in files beside it; returns what came of it.

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


def _play(files: dict[str, Path], applications: int, told: Any) -> dict[str, Any]:
    from expense_adapters.cli.misdeeds import play_year
    from expense_adapters.cli.year import PlayedClock, Year
    from expense_adapters.files import FileDirectory, read_budget, read_key
    from expense_adapters.local import MemoryEvidence
    from expense_adapters.notify import JsonLinesNotifier
    from expense_adapters.sql import SqlRepository
    from expense_policy.policy_file import load_policy
    from expense_policy.services.desk import Desk
    from expense_policy.services.verification import verify

    folder = company()
    files["key"].touch(mode=0o600)
    files["key"].write_text(f"demo:{secrets.token_hex(32)}\n", encoding="ascii")
    key, clock, evidence = read_key(files["key"]), PlayedClock(), MemoryEvidence()
    policy = (folder / "policy.toml").read_text(encoding="utf-8")
    with closing(SqlRepository(f"{_SCHEME}{files['store']}")) as repository:
        desk = Desk.open(
            repository=repository,
            directory=FileDirectory(folder / "people.toml"),
            notifier=JsonLinesNotifier(files["seals"]),
            evidence=evidence,
            clock=clock,
            keyring=key,
        )
        year = Year(desk, clock, evidence, policy, read_budget(folder / "budget.toml"), told)
        play_year(year, applications)
        found = _outcome(desk, year.refusals, ZoneInfo(load_policy(policy).calendar.time_zone))
        report = verify(repository, keyring=key)
    found["verify"] = {"entries": report.entries, "documents": report.documents, "breaks": len(report.breaks)}
    return found


def _outcome(desk: Desk, refusals: Sequence[Refusal], zone: tzinfo) -> dict[str, Any]:
    statuses: Counter[str] = Counter()
    after = ""
    while page := desk.find(after=after, kind=Kind.APPLICATION):
        after = page[-1].id
        statuses.update(row.status for row in page)
    refused = Counter((r.code.value, r.clause) for r in refusals)
    first = {(r.code.value, r.clause): r for r in reversed(refusals)}
    return {
        "applications": sum(statuses.values()),
        "outcomes": dict(statuses.most_common()),
        "refusals": [
            {
                "code": code,
                "clause": clause,
                "count": n,
                "example": {lang: first[code, clause].text(lang, zone) for lang in _LANGUAGES},
                "remedy": {lang: first[code, clause].remedy(lang, zone) for lang in _LANGUAGES},
            }
            for (code, clause), n in sorted(refused.items(), key=lambda item: (item[0][1], item[0][0]))
        ],
        "lines": [
            {n: getattr(line, n) for n in ("id", "in_force", "reserved", "committed", "spent", "available")}
            for line in desk.lines()
        ],
    }


def demo(
    store: Annotated[str | None, typer.Option(help="sqlite:///PATH of a file that is not there yet.")] = None,
    lang: Annotated[str, typer.Option(help="en or zh.")] = "en",
    as_json: Json = False,
) -> None:
    """Plays the example company's year on a fresh SQLite file and shows what came of it."""
    from rich.console import Console
    from rich.progress import Progress

    from expense_adapters.cli.figures import show

    if lang not in _LANGUAGES:
        fail(f"--lang is en or zh, not {lang!r}")
    path = Path(tempfile.mkdtemp(prefix="expense-policy-")) / "demo.db" if store is None else _path(store)
    total, screen = 160, Console(stderr=True)
    try:
        with Progress(console=screen, transient=True, disable=not screen.is_terminal) as progress:
            task = progress.add_task("2026", total=total)
            found = play(path, total, lambda day: progress.update(task, advance=1, description=f"{day:%Y-%m}"))
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
