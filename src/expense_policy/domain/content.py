"""What a signature covers, as bytes: one injective encoding, and its digest (A3.3, G3.4).

The encoding is JSON: strings, whole numbers, true, false and null stand for themselves, everything
else is an array whose first element names it. Two values have the same bytes exactly when they are
equal and of one kind. The form belongs to a format version: its golden vectors never change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from typing import Any

import attrs

Digest = str
"""SHA-256 as 64 lower-case hexadecimal digits."""

Plain = str | int | None | tuple["Plain", ...]
"""What a journal row consists of: it encodes as it stands."""

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False, check_circular=False).encode
_FIELDS: dict[type, tuple[str, ...]] = {}


def _tagged(value: object) -> object:
    kind = type(value)
    if kind is str or kind is int or value is None or kind is bool:
        return value
    if kind is tuple:
        return ["()", *map(_tagged, value)]  # type: ignore[call-overload]  # mypy does not narrow on `type(x) is`
    names = _FIELDS.get(kind)
    if names is not None:
        return [kind.__name__, *[_tagged(getattr(value, name)) for name in names]]
    other = _OTHERS.get(kind)
    if other is not None:
        return other(value)
    if isinstance(value, Enum):
        return [kind.__name__, value.value]
    if attrs.has(kind):
        _FIELDS[kind] = tuple(field.name for field in attrs.fields(kind))
        return _tagged(value)
    raise TypeError(f"{kind.__name__} has no canonical form")


def _instant(value: datetime) -> object:
    if value.tzinfo is None:
        raise ValueError("a datetime must be aware")
    return ["at", value.isoformat()]


_OTHERS: dict[type, Callable[[Any], object]] = {
    datetime: _instant,
    date: lambda value: ["date", value.isoformat()],
    bytes: lambda value: ["bytes", value.hex()],
}


def canonical(value: object) -> bytes:
    """The bytes of a value: str, int, bool, None, tuple, date, aware datetime, bytes, enum, attrs class.

    TypeError for anything else (a float, a list, a dict): it has no place in what is signed.
    """
    return _encode(_tagged(value)).encode("ascii")


def digest(value: object) -> Digest:
    """SHA-256 over `canonical(value)`."""
    return hashlib.sha256(canonical(value)).hexdigest()


def plain_bytes(value: Plain) -> bytes:
    """The bytes of nested tuples of str, int and None, as a journal entry is hashed: nothing is tagged."""
    return _encode(value).encode("ascii")


def plain_digest(value: Plain) -> Digest:
    """SHA-256 over `plain_bytes(value)`."""
    return hashlib.sha256(_encode(value).encode("ascii")).hexdigest()
