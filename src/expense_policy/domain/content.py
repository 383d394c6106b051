"""What a signature covers, as bytes: one injective encoding, and its digest (A3.3, G3.4).

The encoding is JSON: strings, whole numbers, true, false and null stand for themselves, everything
else is an array whose first element names it. Two values have the same bytes exactly when they are
equal and of one kind. The form belongs to a format version: its golden vectors never change.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from enum import Enum
from operator import attrgetter
from typing import Any

import attrs

Digest = str
"""SHA-256 as 64 lower-case hexadecimal digits."""

Row = tuple[str, ...]
"""What is hashed as it stands: a journal's rows, signatures, payments. The first field names the rest.

Which fields there are is fixed by the first one and by counts among them, so that rows of equal fields mean the same.
"""

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False, check_circular=False).encode
_PLAIN = frozenset((str, int, bool, type(None)))
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})
_MEANINGS = {"\\\\": "\\", "\\t": "\t", "\\n": "\n"}
_ESCAPED = re.compile(r"\\[\\tn]")
_GETTERS: dict[type, Callable[[Any], tuple[object, ...]]] = {}


def _tagged(value: object) -> object:
    # Leaves are told apart where they stand: most of what is encoded is a leaf, and a call for each costs the most.
    kind = type(value)
    getter = _GETTERS.get(kind)
    if getter is not None:
        return [kind.__name__, *[v if type(v) in _PLAIN else _tagged(v) for v in getter(value)]]
    if kind is tuple:
        items: tuple[object, ...] = value  # type: ignore[assignment]  # mypy does not narrow on `type(x) is`
        return ["()", *[v if type(v) in _PLAIN else _tagged(v) for v in items]]
    if kind in _PLAIN:
        return value
    other = _OTHERS.get(kind)
    if other is not None:
        return other(value)
    if isinstance(value, Enum):
        return [kind.__name__, value.value]
    if attrs.has(kind):
        _GETTERS[kind] = _getter(attrs.fields(kind))
        return _tagged(value)
    raise TypeError(f"{kind.__name__} has no canonical form")


def _getter(fields: Sequence[attrs.Attribute[Any]]) -> Callable[[Any], tuple[object, ...]]:
    names = [field.name for field in fields]
    later = [field.default for field in fields if "since" in field.metadata]
    if len(names) < 2:
        return lambda value: tuple(getattr(value, name) for name in names)
    values = attrgetter(*names)
    if not later:
        return values

    # Fields that came later stand at the end. Those at the end that hold their defaults are left out, so that what was
    # signed before there were any has the bytes it had; what is left out is told by the length, so no two are alike.
    def present(value: Any) -> tuple[object, ...]:
        found, defaults = [*values(value)], later.copy()
        while defaults and found[-1] == defaults.pop():
            found.pop()
        return tuple(found)

    return present


def _instant(value: datetime) -> object:
    if value.tzinfo is None:
        raise ValueError("a datetime must be aware")
    return ["at", value.isoformat()]


_OTHERS: dict[type, Callable[[Any], object]] = {
    datetime: _instant,
    date: lambda value: ["date", value.isoformat()],
    time: lambda value: ["time", value.isoformat()],
    bytes: lambda value: ["bytes", value.hex()],
}


def canonical(value: object) -> bytes:
    """The bytes of a value: str, int, bool, None, tuple, date, time, aware datetime, bytes, enum, attrs class.

    TypeError for anything else (a float, a list, a dict): it has no place in what is signed.
    """
    return _encode(_tagged(value)).encode("ascii")


def digest(value: object) -> Digest:
    """SHA-256 over `canonical(value)`."""
    return hashlib.sha256(canonical(value)).hexdigest()


def line(fields: Row) -> str:
    """The fields as one line: tabs stand between them, and a tab, a newline or a backslash in one is escaped.

    Two rows have the same line exactly when they are equal, and no line holds a newline: lines joined by newlines
    tell their rows apart, too.
    """
    text = "\t".join(fields)
    if "\\" in text or "\n" in text or text.count("\t") >= len(fields):
        return "\t".join([field.translate(_ESCAPES) for field in fields])
    return text


def lines(rows: Sequence[Row]) -> str:
    """The line of each row, joined by newlines."""
    text = "\n".join(["\t".join(row) for row in rows])
    # Most rows hold nothing to be escaped: then no tab and no newline stands there but those that part them.
    if "\\" in text or text.count("\n") >= len(rows) or text.count("\t") != sum(map(len, rows)) - len(rows):
        return "\n".join([line(row) for row in rows])
    return text


def fields(line: str) -> Row:
    """The row of a line."""
    found = line.split("\t")
    if "\\" in line:
        found = [_ESCAPED.sub(lambda escape: _MEANINGS[escape[0]], field) for field in found]
    return tuple(found)


def line_digest(fields: Row) -> Digest:
    """SHA-256 over the line."""
    return hashlib.sha256(line(fields).encode()).hexdigest()
