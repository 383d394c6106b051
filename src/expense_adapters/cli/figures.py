"""How the demo's figures are shown: whole at any width."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from expense_policy.domain.vocabulary import term

from .figures_year import show_year
from .tables import cny, hundredths, lines, title, told

_WORDS = {
    "en": {
        "outcomes": "What became of {n} applications",
        "refusals": "What was refused, {n} times",
        "lines": "Budget lines at the end",
        "types": "By type: planned, paid, set off, used",
        "type": ("type", "applications", "planned", "paid", "set off", "used", "use rows"),
        "sums": "{paid} paid in cash, {set_off} set off; {rows} rows of use.",
        "flagged": "Kept with a reason though a standard was broken: {flags}.",
        "and": ", ",
        "activities": "Cost beside effect: expected → measured",
        "activity": "{type}, {department}: cost {cost}",
        "line": ("line", "in force", "reserved", "committed", "spent", "available"),
        "clean": "{entries} journal entries, {documents} documents: no break.",
        "broken": "{breaks} breaks: the record can't be trusted.",
        "look": "Look at it: expense-policy verify --store {store} --seals {seals} --key {key}",
    },
    "zh": {
        "outcomes": "{n}份费用申请的结果",
        "refusals": "被拒绝的操作（{n}次）",
        "lines": "期末预算明细",
        "types": "按费用类型：预算、付款、抵减、使用",
        "type": ("费用类型", "申请数", "获批预算", "现金付款", "抵减", "已使用", "使用记录数"),
        "sums": "现金付款{paid}，抵减{set_off}；使用记录{rows}条。",
        "flagged": "不符合标准、说明原因后登记的使用记录：{flags}。",
        "and": "、",
        "activities": "费用与效益：预期 → 实际",
        "activity": "{type}（{department}）：费用{cost}",
        "line": ("预算明细", "生效预算", "已预留", "已承诺", "已支出", "可用"),
        "clean": "操作日志{entries}条，单据{documents}份，核验无误。",
        "broken": "核验发现{breaks}处问题，记录不可信。",
        "look": "可自行核验：expense-policy verify --store {store} --seals {seals} --key {key}",
    },
}


def show(found: dict[str, Any], lang: str) -> None:
    """Prints what `demo.play` returned, in "en" or "zh": folded to the terminal's width, nothing of it cut off."""
    words: dict[str, Any] = _WORDS[lang]
    console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 160)
    title(console, words["outcomes"].format(n=found["applications"]))
    outcomes = Table(show_header=False)
    for status, count in found["outcomes"].items():
        outcomes.add_row(term(status, lang), str(count))
    console.print(outcomes)
    _types(console, words, found, lang)
    title(console, words["activities"])
    for each in found["activities"]:
        named = {"type": found["types"][each["type"]]["words"][lang], "department": term(each["department"], lang)}
        console.print(Text(words["activity"].format(**named, cost=cny(each["cost"]))))
        for name, n in each["expected"].items():
            told(console, f"{term(name, lang)}  {_figure(name, n)} → {_figure(name, each['measured'][name])}")
    show_year(console, found, lang)
    title(console, words["refusals"].format(n=sum(each["count"] for each in found["refusals"])))
    for each in found["refusals"]:
        console.print(Text(f"{each['clause']} {each['code']} × {each['count']}"))
        for line in (each["example"][lang], f"→ {each['remedy'][lang]}"):
            told(console, line)
    title(console, words["lines"])
    rows = [(row["id"], *(cny(units) for name, units in row.items() if name != "id")) for row in found["lines"]]
    lines(console, words["line"], rows)
    checked = found["verify"]
    console.print(Text(words["broken" if checked["breaks"] else "clean"].format(**checked)))
    files = {name: shlex.quote(found[name]) for name in ("store", "seals", "key")}
    console.print(Text(words["look"].format(**files)), soft_wrap=True)


def _figure(name: str, n: int) -> str:
    """A figure of an effect as people read it: money, a percentage, a number with decimals, a count."""
    if name.endswith("_units"):
        return cny(n)
    if name.endswith("_bp"):
        return f"{hundredths(n)} %"
    return hundredths(n) if name.endswith("_hundredths") else str(n)


def _types(console: Console, words: dict[str, Any], found: dict[str, Any], lang: str) -> None:
    title(console, words["types"])
    amounts = ("planned", "paid", "set_off", "used")
    rows = [
        (
            " · ".join(dict.fromkeys((term(row["category"], lang), row["words"][lang]))),
            str(row["applications"]),
            *(cny(row[each]) for each in amounts),
            str(row["rows"]),
        )
        for name, row in found["types"].items()
    ]
    lines(console, words["type"], rows)
    sums = {name: cny(found[name]) for name in ("paid", "set_off")}
    console.print(Text(words["sums"].format(**sums, rows=found["use_rows"])))
    flags = [f"{term(name, lang)} × {n}" for name, n in found["flagged"].items()]
    console.print(Text(words["flagged"].format(flags=words["and"].join(flags))))
