"""One table of a policy file, read by exact types: every fault is remembered with its path, none is raised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any

from ._toml_lines import joined
from .domain import checks
from .domain.money import Money

_YEARS = (1900, 2999)


class Reader:
    """One table of the file: hands out its values by exact type, and remembers every fault and unread key."""

    def __init__(self, table: Mapping[str, Any], path: str, faults: list[tuple[str, str]]) -> None:
        self.table, self.path, self.faults = dict(table), path, faults

    def at(self, key: str) -> str:
        return joined(self.path, key)

    def fault(self, key: str, message: str) -> None:
        self.faults.append((self.at(key), message))

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        """The value, or None once its fault is remembered."""
        if key not in self.table:
            if default is None:
                self.fault(key, "is missing")
            return default
        value = self.table.pop(key)
        if type(value) is not kind:
            self.fault(key, f"must be {_WORDS[kind]}, not {_WORDS.get(type(value), type(value).__name__)}")
            return None
        return value

    def whole(self, key: str, least: int, most: int, default: int | None = None) -> int:
        value = self.take(key, int, default)
        if value is None:
            return least
        if not least <= value <= most:
            self.fault(key, f"must be from {least} to {most}")
            return least
        return int(value)

    def day(self, key: str) -> date:
        value = self.take(key, date)
        if value is None:
            return date(2000, 1, 1)
        if not _YEARS[0] <= value.year <= _YEARS[1]:
            self.fault(key, f"must be a day of the years {_YEARS[0]} to {_YEARS[1]}")
        return date(value.year, value.month, value.day)

    def word(self, key: str, check: Callable[[str, object], None] = checks.an_ident) -> str:
        """An id, or what else `check` takes, that shows something; "" once its fault is remembered."""
        value = self.take(key, str)
        return str(value) if value is not None and self.fits(key, value, check) else ""

    def fits(self, key: str, value: object, check: Callable[[str, object], None] = checks.an_ident) -> bool:
        if type(value) is not str:
            self.fault(key, "must be a list of words")
            return False
        try:
            check(ascii(value[:40]), value)
        except ValueError as error:
            self.fault(key, str(error))
            return False
        if checks.blank(value):
            self.fault(key, "must not be blank")
            return False
        return True

    def words(self, key: str, least: int = 1, default: list[str] | None = None) -> tuple[str, ...]:
        values = self.take(key, list, default)
        good = [self.fits(key, value) for value in values or ()]
        if values is None or not all(good):
            return ()
        if len(set(values)) != len(values):
            self.fault(key, "names a word twice")
        elif len(values) < least:
            self.fault(key, f"must name at least {least}")
        return tuple(values)

    def money(self, key: str, currency: str, optional: bool = False) -> int | None:
        if optional and key not in self.table:
            return None
        text = self.take(key, str)
        if text is None:
            return None
        try:
            amount = Money.of(text, currency)
            if amount.units < 0:
                raise ValueError("must not be below 0")
        except ValueError as error:
            self.fault(key, str(error))
            return None
        return amount.units

    def table_at(self, key: str, optional: bool = False) -> Reader:
        found = self.take(key, dict, {} if optional else None)
        return Reader(found or {}, self.at(key), self.faults)

    def clock(self, key: str, default: time) -> time:
        """A wall-clock time; the default where it is missing or wrong."""
        value = self.take(key, time, default)
        return default if value is None else value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false; the default where it is missing."""
        return bool(self.take(key, bool, default))

    def tables(self, key: str, optional: bool = False) -> list[Reader]:
        if optional and key not in self.table:
            return []
        values = self.take(key, list)
        if values == [] and not optional:
            self.fault(key, "must hold at least one")
        found = []
        for i, value in enumerate(values or []):
            path = f"{self.at(key)}[{i}]"
            if type(value) is dict:
                found.append(Reader(value, path, self.faults))
            else:
                self.faults.append((path, "must be a table"))
        return found

    def done(self) -> None:
        for key in self.table:
            self.fault(key, "is not known")


_WORDS: dict[type, str] = {
    str: "a string",
    int: "a whole number",
    list: "a list",
    dict: "a table",
    date: "a date",
    time: "a time of day",
    float: "a float",
    bool: "true or false",
}
