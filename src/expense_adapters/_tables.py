"""Rows of TOML and CSV files, read strictly: every fault of a file at once, each with its place."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from expense_adapters._reading import escaped, read_text, read_toml
from expense_policy.domain import checks

Parser = Callable[[str, Any], Any]
"""Makes a value of a field's name and what stands in the file; TypeError or ValueError says what it must be."""

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def ident(name: str, value: Any) -> str:
    """An id."""
    checks.an_ident(name, value)
    return str(value)


def day(name: str, value: Any) -> date:
    """A date of the file's or table's own."""
    if type(value) is not date:
        raise TypeError(f"{name} must be a date, not {type(value).__name__}")
    if not checks.YEAR_MIN <= value.year <= checks.YEAR_MAX:
        raise ValueError(f"{name} must be within {checks.YEAR_MIN} to {checks.YEAR_MAX}")
    return value


def day_of(name: str, value: Any) -> date:
    """A date that is written out, as 2026-01-05 and in no other way; what stands there instead is not quoted."""
    try:
        found = date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        found = None
    if found is None:
        raise ValueError(f"{name} must be a date as 2026-01-05")
    return day(name, found)


class FaultyFile(ValueError):
    """A file can't be used. `problems` holds every fault: one line each, with the file and the place in it."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(map(escaped, problems))
        super().__init__("\n".join(self.problems))


class Table:
    """One file as it is read: hands out its rows and remembers every fault."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []

    def fault(self, place: str, message: str) -> None:
        """Remembers a fault."""
        self.problems.append(f"{self.path}: {place}: {message}")

    def toml(self) -> dict[str, Any]:
        """The whole file; nothing where it is no TOML."""
        try:
            return read_toml(self.path)
        except ValueError as error:
            self.problems.append(str(error))
            return {}

    def tables(self, file: Mapping[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each table of an array of tables with its place, such as "holding[0]."."""
        tables = file.get(name, [])
        if type(tables) is not list or any(type(table) is not dict for table in tables):
            self.fault(name, "must be a list of tables")
            return
        for i, table in enumerate(tables):
            yield f"{name}[{i}].", table

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each row of a CSV file with its place, such as "row 2, column "; an empty cell is left out.

        The header, row 1, holds exactly these columns in any order.
        """
        number = 0
        try:
            reader = csv.reader(io.StringIO(read_text(self.path), newline=""), strict=True)
            header: list[str] = next(reader, [])
            if sorted(header) != sorted(columns):
                self.fault("row 1", f"the columns are {', '.join(columns)}")
                return
            number = 1
            for number, row in enumerate(reader, 2):
                if row and len(row) != len(header):
                    self.fault(f"row {number}", f"{len(row)} columns where the header has {len(header)}")
                elif row:
                    yield f"row {number}, column ", {name: cell for name, cell in zip(header, row, strict=True) if cell}
        except csv.Error as error:
            self.fault(f"row {number + 1}", str(error))
        except ValueError as error:
            self.problems.append(str(error))

    def parsed(
        self, at: str, row: Mapping[str, Any], fields: Mapping[str, Parser], optional: Sequence[str] = ()
    ) -> dict[str, Any] | None:
        """The values of a row; None, and a fault remembered for each, where a field is wrong, missing or not known."""
        before, values = len(self.problems), {}
        for name in row:
            if name not in fields:
                self.fault(f"{at}{name}", "is not known")
        for name, parse in fields.items():
            if name not in row:
                if name not in optional:
                    self.fault(f"{at}{name}", "is missing")
                continue
            try:
                values[name] = parse(name, row[name])
            except (TypeError, ValueError) as error:
                self.fault(f"{at}{name}", str(error).removeprefix(f"{name} "))
        return values if len(self.problems) == before else None
