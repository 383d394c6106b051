"""The expense types' part of the policy file: the limits that each type says it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import attrs

from . import policy_checks
from ._policy_reader import Reader
from .domain.categories import REGISTER
from .domain.categories._keys import KEY, Key
from .domain.money import Money
from .domain.vocabulary import Kind

_LEDGER = "ledger_account"


def limits(root: Reader, currency: str) -> tuple[tuple[tuple[str, Any], ...], tuple[tuple[str, str], ...]]:
    """The limits and the ledger account of each type, by its name: of its own table, which may be left out."""
    found, accounts = [], []
    for name, kind in REGISTER.items():
        table = root.table_at(name, optional=True)
        values = {
            field.name: _value(table, field.name, field.metadata[KEY], currency) for field in attrs.fields(kind.limits)
        }
        found.append((name, kind.limits(**values)))
        accounts.append((name, table.word(_LEDGER) if _LEDGER in table.table else kind.ledger_account))
        table.done()
    return tuple(found), tuple(accounts)


def _value(table: Reader, field: str, key: Key, currency: str) -> Any:
    name = key.name or field
    if key.kind == "whole":
        assert type(key.default) is int
        return table.whole(name, key.least, key.most, key.default)
    if key.kind == "amount":
        if name not in table.table:
            return None if key.default is None else Money.of(str(key.default), currency).units
        return table.money(name, currency)
    if key.kind == "amounts":
        return words(table, name, lambda inner, word: inner.money(word, currency) or 0)
    if key.kind == "rates":
        return words(table, name, lambda inner, word: inner.whole(word, key.least, key.most))
    return _festivals(table, name)


def words(table: Reader, key: str, value: Callable[[Reader, str], int]) -> tuple[tuple[str, int], ...]:
    """A table of words, each with what is read for it; none where it is missing."""
    inner = table.table_at(key, optional=True)
    found = [(word, value(inner, word)) for word in list(inner.table) if inner.fits(word, word)]
    return tuple(found)


def types(step: Reader, kind: Kind, key: str, known: Sequence[str]) -> tuple[str, ...]:
    """The expense types that a step is for, or not for; of applications alone, and known ones."""
    if key not in step.table:
        return ()
    names = step.words(key)
    if kind is not Kind.APPLICATION:
        step.fault(key, "is for the chain of applications")
    for name in names:
        if name not in known:
            step.fault(key, f"{name!r} is not one of {', '.join(known)}")
    return names


def _festivals(table: Reader, key: str) -> tuple[tuple[str, date], ...]:
    festivals = []
    for item in table.tables(key, optional=True):
        before = len(item.faults)
        name, day = item.word("name"), item.day("date")
        if len(item.faults) == before:
            festivals.append((item.path, name, day))
        item.done()
    table.faults += policy_checks.twice([(path, (name, day.year)) for path, name, day in festivals], "name and year")
    return tuple((name, day) for _, name, day in festivals)
