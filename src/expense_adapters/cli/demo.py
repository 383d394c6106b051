"""`expense-policy demo`: the example company's year on a fresh store, and what came of it."""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from expense_policy.domain.money import Money
from expense_policy.domain.vocabulary import Kind, term

_WORDS = {
    "en": {
        "outcomes": "What became of {n} applications",
        "refusals": "What was refused, {n} times",
        "lines": "Budget execution",
        "line": ("line", "in force", "reserved", "committed", "spent", "available"),
        "clean": "{entries} journal entries, {documents} documents: no break.",
        "broken": "{breaks} breaks: the record can't be trusted.",
        "look": "Look at it: expense-policy verify --store {store} --seals {seals} --key {key}",
    },
    "zh": {
        "outcomes": "{n}份费用申请的结果",
        "refusals": "被拒绝的操作（{n}次）",
        "lines": "预算执行情况",
        "line": ("预算明细", "生效预算", "已预留", "已承诺", "已支出", "可用"),
        "clean": "操作日志{entries}条，单据{documents}份，核验无误。",
        "broken": "核验发现{breaks}处问题，记录不可信。",
        "look": "可自行核验：expense-policy verify --store {store} --seals {seals} --key {key}",
    },
}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(demo)


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"{message}\n")
    raise typer.Exit(2)


def company() -> Path:
    """The folder of the example company: in the wheel beside this file, in the repository under examples."""
    inside = Path(__file__).parent / "company"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "examples" / "company"


def play(store: Path, applications: int = 160, told: Any = None) -> dict[str, Any]:
    """Plays the year on a new SQLite file, its notices and key in files beside it; returns what came of it."""
    from expense_adapters.cli.misdeeds import play_year
    from expense_adapters.cli.year import PlayedClock, Year
    from expense_adapters.files import FileDirectory, read_budget, read_key
    from expense_adapters.local import MemoryEvidence
    from expense_adapters.notify import JsonLinesNotifier
    from expense_adapters.sql import SqlRepository
    from expense_policy.services.desk import Desk
    from expense_policy.services.verification import verify

    folder, seals, key_file = company(), store.with_suffix(".notices.jsonl"), store.with_suffix(".key")
    key_file.touch(mode=0o600)
    key_file.write_text(f"demo:{secrets.token_hex(32)}\n", encoding="ascii")
    key, clock, evidence = read_key(key_file), PlayedClock(), MemoryEvidence()
    repository = SqlRepository(f"sqlite:///{store}")
    desk = Desk.open(
        repository=repository,
        directory=FileDirectory(folder / "people.toml"),
        notifier=JsonLinesNotifier(seals),
        evidence=evidence,
        clock=clock,
        keyring=key,
    )
    policy = (folder / "policy.toml").read_text(encoding="utf-8")
    year = Year(desk, clock, evidence, policy, read_budget(folder / "budget.toml"), told or (lambda day: None))
    play_year(year, applications)
    statuses: Counter[str] = Counter()
    after = ""
    while page := desk.find(after=after, kind=Kind.APPLICATION):
        after = page[-1].id
        statuses.update(row.status for row in page)
    refused = Counter((r.code.value, r.clause) for r in year.refusals)
    texts = {(r.code.value, r.clause): {"en": r.text("en"), "zh": r.text("zh")} for r in reversed(year.refusals)}
    report = verify(repository, keyring=key)
    lines = [
        {n: getattr(line, n) for n in ("id", "in_force", "reserved", "committed", "spent", "available")}
        for line in desk.lines()
    ]
    repository.close()
    return {
        "store": f"sqlite:///{store}",
        "seals": str(seals),
        "key": str(key_file),
        "applications": sum(statuses.values()),
        "outcomes": dict(statuses.most_common()),
        "refusals": [
            {"code": code, "clause": clause, "count": n, "example": texts[code, clause]}
            for (code, clause), n in sorted(refused.items(), key=lambda item: (item[0][1], item[0][0]))
        ],
        "lines": lines,
        "verify": {"entries": report.entries, "documents": report.documents, "breaks": len(report.breaks)},
    }


def demo(
    store: Annotated[str | None, typer.Option(help="sqlite:///PATH of a file that is not there yet.")] = None,
    lang: Annotated[str, typer.Option(help="en or zh.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Plays the example company's year on a fresh SQLite file and shows what came of it."""
    from rich.console import Console
    from rich.progress import Progress

    if lang not in _WORDS:
        _fail(f"--lang is en or zh, not {lang!r}")
    path = Path(tempfile.mkdtemp(prefix="expense-policy-")) / "demo.db" if store is None else _path(store)
    total = 160
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("2026", total=total)
        found = play(path, total, lambda day: progress.update(task, advance=1, description=f"{day:%Y-%m}"))
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        _show(found, lang)
    raise typer.Exit(4 if found["verify"]["breaks"] else 0)


def _path(store: str) -> Path:
    path = Path(store.removeprefix("sqlite:///"))
    if not store.startswith("sqlite:///") or not path.name:
        _fail(f"{store!r} is not sqlite:///PATH")
    for each in (path, path.with_suffix(".notices.jsonl"), path.with_suffix(".key")):
        if each.exists():
            _fail(f"{each} is there already: the demo plays on a fresh file")
    if not path.parent.is_dir():
        _fail(f"{path.parent} is not a folder")
    return path


def _show(found: dict[str, Any], lang: str) -> None:
    from rich.console import Console
    from rich.table import Table

    words: dict[str, Any] = _WORDS[lang]
    console = Console(width=None if sys.stdout.isatty() else 160)
    outcomes = Table(title=words["outcomes"].format(n=found["applications"]), show_header=False, title_justify="left")
    for status, count in found["outcomes"].items():
        outcomes.add_row(term(status, lang), str(count))
    refusals = Table(
        title=words["refusals"].format(n=sum(r["count"] for r in found["refusals"])),
        show_header=False,
        title_justify="left",
    )
    for each in found["refusals"]:
        refusals.add_row(each["clause"], each["code"], str(each["count"]), each["example"][lang])
    lines = Table(*words["line"], title=words["lines"], title_justify="left")
    for column in lines.columns[1:]:
        column.justify = "right"
    for row in found["lines"]:
        lines.add_row(row["id"], *(str(Money(units, "CNY")) for name, units in row.items() if name != "id"))
    for table in (outcomes, refusals, lines):
        console.print(table)
    checked = found["verify"]
    console.print(words["broken" if checked["breaks"] else "clean"].format(**checked))
    console.print(words["look"].format(**found), soft_wrap=True, markup=False, highlight=False)
