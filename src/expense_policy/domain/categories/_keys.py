"""What a type reads from its table of the policy file: each key is a field of the type's limits."""

from __future__ import annotations

from typing import Any

import attrs

KEY = "key"
"""Where a field's metadata says its key."""


@attrs.frozen
class Key:
    """How a key is read: a whole number, an amount, or a table of words with one of these.

    `default` stands where the key is missing: a whole number, or an amount as text in the policy's currency; None is no
    limit. `name` is the key's, where it is not the field's.
    """

    kind: str
    least: int = 0
    most: int = 0
    default: int | str | None = None
    name: str | None = None


def whole(least: int, most: int, default: int) -> Any:
    """A whole number between two others."""
    return attrs.field(metadata={KEY: Key("whole", least, most, default)})


def rate_bp(default: int) -> Any:
    """A rate from 0 to 10,000 basis points."""
    return attrs.field(metadata={KEY: Key("whole", 0, 10_000, default)})


def amount(default: str | None = None) -> Any:
    """An amount in smallest units; None is no limit."""
    return attrs.field(metadata={KEY: Key("amount", default=default)})


def amounts() -> Any:
    """A table of words with their amounts; none where it is missing."""
    return attrs.field(metadata={KEY: Key("amounts")})


def rates_bp() -> Any:
    """A table of words with their rates; none where it is missing."""
    return attrs.field(metadata={KEY: Key("rates", 0, 10_000)})


def festivals() -> Any:
    """The company's own festivals, as tables of name and date."""
    return attrs.field(metadata={KEY: Key("festivals", name="festival")})
