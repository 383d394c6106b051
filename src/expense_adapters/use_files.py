"""Use records from another system's CSV log: which column is which field, and the rows one by one."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import attrs

from expense_adapters._cells import Kind, company_kinds, kinds_of
from expense_adapters._reading import escaped, why
from expense_adapters._tables import FaultyFile, Table
from expense_policy.domain import checks
from expense_policy.domain.categories import REGISTER, CompanyUse, ExpenseType, Use
from expense_policy.domain.categories.company import made
from expense_policy.domain.company_types import CompanyType
from expense_policy.domain.money import exponent
from expense_policy.domain.periods import Calendar
from expense_policy.services.importing import Keyed, Unreadable

__all__ = ["FaultyFile", "UseFile", "UseMapping"]

ENCODINGS = ("utf-8", "gb18030")
ROW_MAX = 100_000
"""As many characters a row has at most."""
_KNOWN = ("type", "key", "encoding", "columns", "formats", "constants")
_ESCAPED = re.compile("[\ud800-\udfff]")


@attrs.frozen
class _Column:
    """A field that a column is read for."""

    name: str
    column: str
    kind: Kind


@attrs.frozen
class UseMapping:
    """Which columns of a log are the fields of a type's use, and which its row's key.

    `read` takes a TOML file: `type`; `key`, a column or a list of them; `[columns]`, a column for each field;
    `[formats]` of days and times that are not written as in ISO 8601; `[constants]` for fields that no column holds;
    `encoding`, "utf-8" where it is left out, or "gb18030". Times without an offset are of the company's zone, amounts
    in its currency. What a company's own type adds is mapped below it, `[columns.fields]`. FaultyFile, a ValueError,
    names every fault with its path.
    """

    type: ExpenseType
    keys: tuple[str, ...]
    columns: tuple[_Column, ...]
    constants: dict[str, Any]
    encoding: str
    use: Callable[..., Use]

    @classmethod
    def read(
        cls, path: Path, *, time_zone: str, currency: str = "CNY", types: Sequence[CompanyType] = ()
    ) -> UseMapping:
        """The mapping of a file, for a company of this time zone and currency, and of these types of its own."""
        exponent(currency)
        return _Reader(Table(path), Calendar(time_zone), currency, types).mapping()

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that a log has to have."""
        return tuple(dict.fromkeys((*self.keys, *[each.column for each in self.columns])))


class _Reader:
    """Reads one mapping: every fault is remembered."""

    def __init__(self, table: Table, calendar: Calendar, currency: str, types: Sequence[CompanyType]) -> None:
        self._table, self._calendar, self._currency = table, calendar, currency
        self._own = {each.name: each for each in types}

    def mapping(self) -> UseMapping:
        """The mapping, or FaultyFile."""
        table, file = self._table, self._table.toml()
        if table.problems:
            raise FaultyFile(table.problems)
        for name in file:
            if name not in _KNOWN:
                table.fault(name, "is not known")
        encoding = file.get("encoding", "utf-8")
        if encoding not in ENCODINGS:
            table.fault("encoding", f"must be one of {', '.join(ENCODINGS)}")
        known = REGISTER | {name: made(own) for name, own in self._own.items()}
        kind = known.get(file["type"]) if type(file.get("type")) is str else None
        if kind is None:
            table.fault("type", f"must be one of {', '.join(known)}" if "type" in file else "is missing")
        keys = self._keys(file)
        parts = {name: self._part(file, name) for name in ("columns", "formats", "constants")}
        columns, constants = ((), {}) if kind is None else self._fields(kind, parts)
        if table.problems or kind is None:
            raise FaultyFile(table.problems)
        own = self._own.get(kind.name)
        use = kind.use if own is None else partial(_company_use, own)
        return UseMapping(kind, keys, columns, constants, encoding, use)

    def _keys(self, file: dict[str, Any]) -> tuple[str, ...]:
        given = file.get("key")
        keys = given if type(given) is list else [given]
        if given is None:
            self._table.fault("key", "is missing")
        elif not keys or any(type(key) is not str or not key for key in keys):
            self._table.fault("key", "must be a column, or a list of columns")
        elif len(set(keys)) < len(keys):
            self._table.fault("key", "names a column twice")
        else:
            return tuple(keys)
        return ()

    def _part(self, file: dict[str, Any], name: str) -> dict[str, Any]:
        part = file.get(name, {})
        if type(part) is not dict:
            self._table.fault(name, "must be a table")
            return {}
        return part

    def _fields(
        self, type_: ExpenseType, parts: dict[str, dict[str, Any]]
    ) -> tuple[tuple[_Column, ...], dict[str, Any]]:
        """A column or a constant for each field that needs one."""
        fault, columns, constants = self._table.fault, list[_Column](), dict[str, Any]()
        own = self._own.get(type_.name)
        if own is not None:
            parts = {name: _flat(part) for name, part in parts.items()}
        formats, company = parts["formats"], (self._calendar, self._currency)
        try:
            kinds = kinds_of(type_.use, formats, *company, () if own is None else ("type", "fields"))
            kinds |= {} if own is None else company_kinds(own.fields_of("use"), formats, *company)
        except TypeError as error:
            fault("type", str(error))
            return (), {}
        for part, table in parts.items():
            for name in table:
                if name not in kinds:
                    fault(f"{part}.{name}", f"is no field of {type_.name}: {', '.join(kinds)}")
        for name, kind in kinds.items():
            if name in parts["formats"] and kind.wrong_format:
                fault(f"formats.{name}", kind.wrong_format)
            if name in parts["columns"] and name in parts["constants"]:
                fault(f"constants.{name}", "has a column already")
            elif name in parts["columns"]:
                column = parts["columns"][name]
                if type(column) is not str or not column:
                    fault(f"columns.{name}", "must be the name of a column")
                columns.append(_Column(name, column, kind))
            elif name in parts["constants"]:
                try:
                    constants[name] = kind.constant(parts["constants"][name])
                except (TypeError, ValueError) as error:
                    fault(f"constants.{name}", str(error).removeprefix(f"{name} "))
            elif not kind.optional:
                fault(f"columns.{name}", "is missing")
        return tuple(columns), constants


def _flat(part: dict[str, Any]) -> dict[str, Any]:
    """A part of a mapping with the company's own fields beside the others, under "fields." and their names."""
    own = part.get("fields")
    if type(own) is not dict:
        return part
    return {name: value for name, value in part.items() if name != "fields"} | {
        f"fields.{n}": v for n, v in own.items()
    }


def _company_use(own: CompanyType, **values: Any) -> CompanyUse:
    """A use of a company's own type, ValueError without what it requires."""
    if any(field.required and f"fields.{field.name}" not in values for field in own.fields_of("use")):
        raise ValueError("a field is missing")
    fields = [(name.removeprefix("fields."), value) for name, value in values.items() if name.startswith("fields.")]
    others = {name: value for name, value in values.items() if not name.startswith("fields.")}
    return CompanyUse(own.name, fields=tuple(fields), **others)


class _Lines:
    """The lines of a file, and how many of them, and of what size, make up the present row: never more than one may."""

    def __init__(self, file: TextIO) -> None:
        self._file, self.size, self.count = file, 0, 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._file.readline(ROW_MAX + 1)
        if not line:
            raise StopIteration
        self.count, self.size, rest = self.count + 1, self.size + len(line), line
        while len(line) > ROW_MAX and rest and not rest.endswith(("\n", "\r")):
            rest = self._file.readline(ROW_MAX)
        if self.size > ROW_MAX:
            raise csv.Error(f"is longer than {ROW_MAX:,} characters")
        return line


class UseFile:
    """The rows of a CSV log as uses, read anew whenever it is called: what `record_use_many` takes.

    It is read a row at a time. A row that can't be read is given as `Unreadable` with every reason; nothing that stands
    in it is quoted. FaultyFile, a ValueError, where the file can't be read, or its header lacks a mapped column.
    """

    def __init__(self, path: Path, mapping: UseMapping) -> None:
        self.path, self.mapping = path, mapping
        with self._open() as file:
            self._header(csv.reader(_Lines(file), strict=True))

    def _open(self) -> TextIO:
        try:
            # What is no text of the encoding becomes a lone surrogate: it is a fault of its row.
            encoding = "utf-8-sig" if self.mapping.encoding == "utf-8" else self.mapping.encoding
            return self.path.open(encoding=encoding, errors="surrogateescape", newline="")
        except OSError as error:
            raise FaultyFile((f"{self.path}: {why(error)}",)) from None

    def _header(self, reader: Iterator[list[str]]) -> list[str]:
        try:
            header = next(reader, [])
        except csv.Error as error:
            raise FaultyFile((f"{self.path}: row 1: {error}",)) from None
        except OSError as error:
            raise FaultyFile((f"{self.path}: {why(error)}",)) from None
        header[:1] = [name.removeprefix("\ufeff") for name in header[:1]]
        wrong = [name for name in self.mapping.names if header.count(name) != 1]
        if wrong:
            said = [f"has the column {n} {'twice' if n in header else 'nowhere'}" for n in wrong]
            raise FaultyFile([f"{self.path}: row 1: {each}" for each in said])
        return header

    def __call__(self) -> Iterator[Keyed | Unreadable]:
        """Each row with its number; the header is row 1, and a line without anything counts."""
        with self._open() as file:
            lines = _Lines(file)
            reader = csv.reader(lines, strict=True)
            row_of = _Row(self.mapping, self._header(reader)).read
            number, ended = 1, False
            while not ended:
                number, lines.count, lines.size = number + 1, 0, 0
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    reason, ended = str(error), lines.count > 1
                    if ended:
                        reason += "; a quote that begins in it is not closed as it should be: nothing after it was read"
                    yield Unreadable(f"row {number}", reason)
                except OSError as error:
                    raise FaultyFile((f"{self.path}: {why(error)}",)) from None
                else:
                    if cells:
                        yield row_of(f"row {number}", cells)


class _Row:
    """How a row becomes a use, worked out once for a header."""

    def __init__(self, mapping: UseMapping, header: Sequence[str]) -> None:
        self._mapping, self._header, self._use = mapping, header, mapping.use
        self._keys = [header.index(name) for name in mapping.keys]
        self._fields = [(each.name, header.index(each.column), each.kind) for each in mapping.columns]
        self._cells = [(name, place, kind.parse) for name, place, kind in self._fields]

    def read(self, where: str, cells: Sequence[str]) -> Keyed | Unreadable:
        """The row's use under its key; most rows have no fault, and only others are asked what it is."""
        try:
            if len(cells) == len(self._header):
                values = {name: parse(cells[place]) for name, place, parse in self._cells if cells[place]}
                return Keyed(self._key(cells), self._made(values), where)
        except (TypeError, ValueError):
            pass
        return Unreadable(where, "; ".join(self._wrong(cells)) or "can't be read")

    def _made(self, values: dict[str, Any]) -> Use:
        return self._use(**self._mapping.constants, **values)

    def _key(self, cells: Sequence[str]) -> str:
        if len(self._keys) == 1:
            return cells[self._keys[0]]
        # Told by their lengths, no two lists of cells are one key.
        return " ".join([f"{len(cells[place])}:{cells[place]}" for place in self._keys])

    def _wrong(self, cells: Sequence[str]) -> Iterator[str]:
        if len(cells) != len(self._header):
            yield f"{len(cells)} columns where the header has {len(self._header)}"
            return
        for name, place in zip(self._mapping.keys, self._keys, strict=True):
            if not cells[place]:
                yield f"column {escaped(name)}: is missing"
        for name, place, kind in self._fields:
            column, cell = escaped(self._header[place]), cells[place]
            if not cell:
                if not kind.optional:
                    yield f"column {column}: is missing"
            elif _ESCAPED.search(cell):
                yield f"column {column}: is no {self._mapping.encoding}"
            else:
                try:
                    kind.check(kind.parse(cell))
                except (TypeError, ValueError) as error:
                    yield f"column {column}: {str(error).removeprefix(f'{name} ')}"
        try:
            checks.an_ident("the key", self._key(cells))
        except ValueError as error:
            if all(cells[place] for place in self._keys):
                yield f"column {escaped(', '.join(self._mapping.keys))}: {error}"
