"""Judges the history of another system: what its process lets through (A4.1, G3.3)."""

from __future__ import annotations

import csv
import gzip
import tomllib
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

ACTS = ("submit", "sign", "final", "return", "reject", "withdraw", "pay")
FINDINGS = (
    "payment_without_full_sign_off",
    "payment_on_stale_sign_off",
    "payment_repeated",
    "rejected_after_payment",
    "step_skipped",
)


class Unreadable(ValueError):
    """The log or the rules can't be read; the sentence says which row and column."""


@attrs.frozen
class Rules:
    """Which columns and activities mean what, and which offices a sign-off needs."""

    columns: dict[str, str]
    activities: tuple[tuple[str, str], ...]
    required: tuple[str, ...]

    def act(self, activity: str) -> str | None:
        """The act an activity stands for: the first match wins; None where nothing matches."""
        return next((act for pattern, act in self.activities if matches(pattern, activity)), None)


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern in which "*" stands for anything, in time linear in both."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def read_rules(path: Path) -> Rules:
    """The rules of a TOML file; Unreadable names the first fault by its key."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise Unreadable(f"{path}: {error}") from None
    try:
        return _rules(table)
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from None


def _rules(table: dict[str, Any]) -> Rules:
    _only(table, ("columns", "activity", "chain"), "")
    columns, chain, activities = table.get("columns"), table.get("chain"), table.get("activity")
    if type(columns) is not dict:
        raise Unreadable("[columns] is missing")
    _only(columns, ("case", "time", "activity", "office"), "columns.")
    needed = ("case", "time", "activity") if chain is None else ("case", "time", "activity", "office")
    for name in needed:
        if name not in columns:
            raise Unreadable(f"columns.{name} is missing")
    for name, value in columns.items():
        if type(value) is not str or not value:
            raise Unreadable(f"columns.{name} must be a column's name")
    if type(activities) is not list or not activities:
        raise Unreadable("[[activity]] is missing")
    pairs = []
    for i, each in enumerate(activities):
        if type(each) is not dict:
            raise Unreadable(f"activity[{i}] must be a table")
        _only(each, ("match", "act"), f"activity[{i}].")
        if type(each.get("match")) is not str:
            raise Unreadable(f"activity[{i}].match must be a string")
        if each.get("act") not in ACTS:
            raise Unreadable(f"activity[{i}].act must be one of {', '.join(ACTS)}")
        pairs.append((each["match"], each["act"]))
    required: Any = []
    if chain is not None:
        if type(chain) is not dict:
            raise Unreadable("[chain] must be a table")
        _only(chain, ("required",), "chain.")
        required = chain.get("required")
        if type(required) is not list or not required or any(type(office) is not str for office in required):
            raise Unreadable("chain.required must be a list of offices")
    return Rules(columns, tuple(pairs), tuple(required))


def _only(table: dict[str, Any], known: tuple[str, ...], path: str) -> None:
    for key in table:
        if key not in known:
            raise Unreadable(f"{path}{key} is not known")


@attrs.define
class _Case:
    """What must be remembered of a case: small, whatever its length."""

    time: datetime
    paid: bool = False
    final: bool = False
    stale: bool = False
    signed: set[str] = attrs.field(factory=set)
    skipped: bool = False
    found: set[str] = attrs.field(factory=set)

    def take(self, act: str, office: str, required: tuple[str, ...]) -> None:
        if act == "submit":
            self.signed.clear()
        if act in ("submit", "return", "reject", "withdraw"):
            self.stale = True
        if act == "reject" and self.paid:
            self.found.add("rejected_after_payment")
        if act in ("sign", "final") and office in required:
            self.signed.add(office)
        if act == "final":
            self.final, self.stale = True, False
            self.skipped = not self.signed.issuperset(required)
        if act == "pay":
            if self.paid:
                self.found.add("payment_repeated")
            elif not self.final:
                self.found.add("payment_without_full_sign_off")
            elif self.stale:
                self.found.add("payment_on_stale_sign_off")
            self.paid = True


@attrs.frozen
class Findings:
    """What a log shows. `flagged` lists cases in the order in which they first appear."""

    cases: int
    events: int
    paid: int
    signed_off: int
    findings: dict[str, int]
    flagged: dict[str, list[str]]
    ignored: dict[str, int]


def judge(path: Path, rules: Rules, progress: Callable[[int], None] = lambda events: None) -> Findings:
    """Reads a CSV (or gzipped CSV) log and says what its process let through; Unreadable names row and column."""
    cases: dict[str, _Case] = {}
    ignored: Counter[str] = Counter()
    acts: dict[str, str | None] = {}
    events, aware = 0, None
    for number, (case, time, activity, office) in _rows(path, rules):
        events += 1
        at = _time(path, number, rules, time)
        if aware is None:
            aware = at.tzinfo is not None
        elif aware != (at.tzinfo is not None):
            raise Unreadable(f"{path}: row {number}, column {rules.columns['time']}: offset in some rows only")
        if not case:
            raise Unreadable(f"{path}: row {number}, column {rules.columns['case']}: is empty")
        state = cases.get(case)
        if state is None:
            state = cases[case] = _Case(at)
        elif at < state.time:
            raise Unreadable(f"{path}: row {number}, column {rules.columns['time']}: before the row before of its case")
        state.time = at
        if activity not in acts:
            acts[activity] = rules.act(activity)
        act = acts[activity]
        if act is None:
            ignored[activity] += 1
        else:
            state.take(act, office, rules.required)
        if events % 5000 == 0:
            progress(events)
    for state in cases.values():
        if state.skipped:
            state.found.add("step_skipped")
    flagged = {code: [case for case, state in cases.items() if code in state.found] for code in FINDINGS}
    return Findings(
        len(cases),
        events,
        sum(state.paid for state in cases.values()),
        sum(state.final for state in cases.values()),
        {code: len(found) for code, found in flagged.items()},
        flagged,
        dict(sorted(ignored.items())),
    )


def _time(path: Path, number: int, rules: Rules, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        column = rules.columns["time"]
        raise Unreadable(f"{path}: row {number}, column {column}: {text[:40]!r} is not an ISO 8601 time") from None


def _rows(path: Path, rules: Rules) -> Iterator[tuple[int, tuple[str, str, str, str]]]:
    """Each row's number in the file (the header is row 1) with case, time, activity and office."""
    number = 1
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, None)
            if header is None:
                raise Unreadable(f"{path}: is empty")
            places = _places(path, header, rules)
            for number, row in enumerate(reader, 2):
                if not row:
                    continue
                if len(row) != len(header):
                    raise Unreadable(f"{path}: row {number}: {len(row)} columns where the header has {len(header)}")
                case, time, activity = row[places[0]], row[places[1]], row[places[2]]
                yield number, (case, time, activity, row[places[3]] if len(places) > 3 else "")
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise Unreadable(f"{path}: after row {number}: {error}") from None


def _places(path: Path, header: list[str], rules: Rules) -> list[int]:
    places = []
    for name in ("case", "time", "activity", "office"):
        if name in rules.columns:
            column = rules.columns[name]
            if header.count(column) != 1:
                raise Unreadable(f"{path}: row 1: column {column} stands there {header.count(column)} times")
            places.append(header.index(column))
    return places
