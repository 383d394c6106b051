"""Customers from a CSV or TOML file, and from a host's own table. No error names more of a customer than his place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expense_adapters._tables import FaultyFile, Parser, Table, day, day_of, ident
from expense_policy.domain.customers import Customer, OptOut

if TYPE_CHECKING:
    from expense_adapters.sql.customers import SqlCustomers as SqlCustomers

__all__ = ["FaultyFile", "FileCustomers", "SqlCustomers"]


def __getattr__(name: str) -> object:
    # Files are read without the extra `sql`.
    if name != "SqlCustomers":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from expense_adapters.sql import customers

    return customers.SqlCustomers


class FileCustomers:
    """The customers of a file that is read once.

    A CSV file has the columns id, since, last_order, value_class, birthday, opted_out; an opted_out cell holds a
    channel, a colon and a day for each opt-out, one space between them: "sms:2026-01-05 *:2026-02-01". A TOML file has
    `[[customer]]` tables, and `[[customer.opt_out]]` tables of `channel` and `since` below them. All but the id may be
    left out. FaultyFile, a ValueError, names every fault with its place and quotes nothing that stands there.
    """

    def __init__(self, path: Path) -> None:
        table = Table(path)
        found: dict[str, Customer] = {}
        places: dict[str, str] = {}
        for at, values in _customers(table):
            id, place = values["id"], f"{at}id"
            if id in places:
                table.fault(place, f"stands at {places[id]} already")
            places.setdefault(id, place)
            found[id] = Customer(**{**dict.fromkeys(_KNOWN), **values})
        if table.problems:
            raise FaultyFile(table.problems)
        self._found = found

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """Those of the ids that the file has."""
        return {id: self._found[id] for id in ids if id in self._found}


def _customers(table: Table) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row without a fault, with its place."""
    if table.path.suffix.lower() == ".csv":
        for at, row in table.rows((*_CSV,)):
            values = table.parsed(at, row, _CSV, (*_KNOWN, "opted_out"))
            if values is not None:
                opt_outs = values.pop("opted_out", ())
                yield at, {**values, "opt_outs": opt_outs}
        return
    file = table.toml()
    for name in file:
        if name != "customer":
            table.fault(name, "is not known")
    for at, row in table.tables(file, "customer"):
        name = f"{at}opt_out"
        tables = table.tables({name: row.pop("opt_out", [])}, name)
        refused = [table.parsed(place, each, _OPT_OUT) for place, each in tables]
        values = table.parsed(at, row, _TOML, _KNOWN)
        if values is not None:
            yield at, {**values, "opt_outs": tuple([OptOut(**each) for each in refused if each is not None])}


def _opted_out(name: str, value: Any) -> tuple[OptOut, ...]:
    found = []
    for each in value.split(" "):
        channel, _, since = each.rpartition(":")
        try:
            found.append(OptOut(channel, day_of(name, since)))
        except ValueError:
            raise ValueError(f'{name} must be as "sms:2026-01-05 *:2026-02-01"') from None
    return tuple(found)


_KNOWN = ("since", "last_order", "value_class", "birthday")
_TOML: dict[str, Parser] = {"id": ident, "since": day, "last_order": day, "value_class": ident, "birthday": day}
_OPT_OUT: dict[str, Parser] = {"channel": ident, "since": day}
_CSV = {name: day_of if parse is day else parse for name, parse in _TOML.items()} | {"opted_out": _opted_out}
