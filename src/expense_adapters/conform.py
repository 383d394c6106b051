"""Judges the history of another system: what its process lets through (A4.1, G3.3)."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

import attrs

from expense_adapters._reading import escaped, read_toml, why

ACTS = ("submit", "sign", "final", "return", "reject", "withdraw", "pay")
FINDINGS = (
    "payment_without_full_sign_off",
    "payment_on_stale_sign_off",
    "payment_repeated",
    "rejected_after_payment",
    "step_skipped",
)


_PAID, _FINAL, _STALE, _SKIPPED, _UNSIGNED, _ON_STALE, _REPEATED, _REJECTED = (1 << i for i in range(8))
# What a finding is read from at the end, and the first of the required offices' own bits.
_BITS = dict(zip(FINDINGS, (_UNSIGNED, _ON_STALE, _REPEATED, _REJECTED, _SKIPPED), strict=True))
_OFFICES = 1 << 8
_DAY = r"[0-9]{4}(?:-[0-9]{2}-[0-9]{2}|[0-9]{4}|-?W[0-9]{2}(?:-?[0-9])?)"
_TIME = re.compile(_DAY + r"(?:[T ][0-9:.,]+(?: ?Z| ?[+-][0-9:.]+)?)?")
# A byte that is no UTF-8 is decoded as a lone surrogate, so that its row and column can be named.
_BAD = re.compile("[\0\udc80-\udcff]")


class Unreadable(ValueError):
    """The log or the rules can't be read; the sentence says which row and column, with controls escaped."""

    def __init__(self, sentence: str) -> None:
        super().__init__(escaped(sentence))


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
        table = read_toml(path)
    except ValueError as error:
        raise Unreadable(str(error)) from None
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
        if type(required) is not list or not required or any(type(each) is not str or not each for each in required):
            raise Unreadable("chain.required must be a list of offices, none of them empty")
    return Rules(columns, tuple(pairs), tuple(required))


def _only(table: dict[str, Any], known: tuple[str, ...], path: str) -> None:
    for key in table:
        if key not in known:
            raise Unreadable(f"{path}{key} is not known")


@attrs.define
class _Case:
    """What must be remembered of a case, whatever its length: the last row's time, and bits."""

    time: datetime
    bits: int = 0

    def take(self, act: str, office: int, required: int) -> None:
        """One act by the office of this bit (0: none that is required); `required` holds the bits of all."""
        bits = self.bits
        if act == "submit":
            bits &= ~required
        if act in ("submit", "return", "reject", "withdraw"):
            bits |= _STALE
        if act == "reject" and bits & _PAID:
            bits |= _REJECTED
        if act in ("sign", "final"):
            bits |= office
        if act == "final":
            bits = (bits | _FINAL) & ~(_STALE | _SKIPPED)
            if bits & required != required:
                bits |= _SKIPPED
        if act == "pay":
            if bits & _PAID:
                bits |= _REPEATED
            elif not bits & _FINAL:
                bits |= _UNSIGNED
            elif bits & _STALE:
                bits |= _ON_STALE
            bits |= _PAID
        self.bits = bits


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
    act_of = lru_cache(maxsize=4096)(rules.act)
    offices = {office: _OFFICES << i for i, office in enumerate(dict.fromkeys(rules.required))}
    required = sum(offices.values())
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
        act = act_of(activity)
        if act is None:
            ignored[activity] += 1
        else:
            state.take(act, offices.get(office, 0), required)
        if events % 5000 == 0:
            progress(events)
    flagged = {code: [case for case, state in cases.items() if state.bits & bit] for code, bit in _BITS.items()}
    return Findings(
        len(cases),
        events,
        sum(state.bits & _PAID != 0 for state in cases.values()),
        sum(state.bits & _FINAL != 0 for state in cases.values()),
        {code: len(found) for code, found in flagged.items()},
        flagged,
        dict(sorted(ignored.items())),
    )


def _time(path: Path, number: int, rules: Rules, text: str) -> datetime:
    try:
        # Python takes any character between date and time, ISO 8601 does not.
        if _TIME.fullmatch(text) is not None:
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    column = rules.columns["time"]
    raise Unreadable(f"{path}: row {number}, column {column}: {text[:40]!r} is not an ISO 8601 time")


def _open(path: Path) -> TextIO:
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        return opener(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: {why(error)}") from None


def _rows(path: Path, rules: Rules) -> Iterator[tuple[int, tuple[str, str, str, str]]]:
    """Each row's number in the file (the header is row 1) with case, time, activity and office."""
    number = 0
    with _open(path) as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, None)
            if header is None:
                raise Unreadable(f"{path}: is empty")
            number = 1
            places = _places(path, header, rules)
            for number, row in enumerate(reader, 2):
                if not row:
                    continue
                _decoded(path, number, header, row)
                if len(row) != len(header):
                    raise Unreadable(f"{path}: row {number}: {len(row)} columns where the header has {len(header)}")
                case, time, activity = row[places[0]], row[places[1]], row[places[2]]
                yield number, (case, time, activity, row[places[3]] if len(places) > 3 else "")
        except csv.Error as error:
            what = "a quoted field is never closed" if str(error) == "unexpected end of data" else error
            raise Unreadable(f"{path}: row {number + 1}: {what}") from None
        except (OSError, EOFError, zlib.error) as error:
            after = f" after row {number}:" if number else ""
            raise Unreadable(f"{path}:{after} {why(error)}") from None


def _decoded(path: Path, number: int, header: list[str], row: list[str]) -> None:
    if _BAD.search("\n".join(row)) is None:
        return
    place, bad = next((i, found[0]) for i, field in enumerate(row) if (found := _BAD.search(field)))
    column = f", column {header[place]}" if place < len(header) else ""
    what = "holds a NUL" if bad == "\0" else f"the byte 0x{ord(bad) - 0xDC00:02x} is not UTF-8"
    raise Unreadable(f"{path}: row {number}{column}: {what}")


def _places(path: Path, header: list[str], rules: Rules) -> list[int]:
    _decoded(path, 1, [], header)
    places = []
    for name in ("case", "time", "activity", "office"):
        if name in rules.columns:
            column = rules.columns[name]
            if (count := header.count(column)) != 1:
                what = f"stands there {count} times" if count else "is not there"
                raise Unreadable(f"{path}: row 1: the column {column} {what}")
            places.append(header.index(column))
    return places
