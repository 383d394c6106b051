"""Customers from a table or view of the host's own; nothing is written to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, Row, Select, String, bindparam, column, create_engine, make_url, select, table
from sqlalchemy import exc as errors

from expense_adapters._tables import Parser, day, day_of, ident
from expense_policy.domain import checks
from expense_policy.domain.customers import Customer, OptOut
from expense_policy.domain.masking import masked
from expense_policy.ports.errors import RepositoryUnavailable

_CHUNK = 500
"""As many ids a statement: every engine binds as many."""
_DRIVERS = {"postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql"}
_OPT_OUT = {name: name for name in ("customer", "channel", "since")}
Rows = Sequence[Row[Any]]


class SqlCustomers:
    """The customers of a table or view, asked anew each time; shared by threads, connected when first asked.

    `columns` says what its columns are called where they are not called as the fields of `Customer`: id, since,
    last_order, value_class, birthday; None for one that is not there. The id is text. Days are DATE or text as
    "2026-01-05". `opt_outs` is a second table or view with the columns customer, channel, since; None where there is
    none. `schema` is where both are, if not where the connection looks first.

    RepositoryUnavailable where the database can't be reached or has no such table; ValueError, with the column and the
    masked id, for a row that can't be read and for an id that is there twice.
    """

    def __init__(
        self,
        url: str,
        *,
        table: str = "customers",
        columns: Mapping[str, str | None] = MappingProxyType({}),
        opt_outs: str | None = "customer_opt_outs",
        schema: str | None = None,
    ) -> None:
        for field in columns:
            if field not in _FIELDS:
                raise ValueError(f"columns: {field} is none of {', '.join(_FIELDS)}")
        names = {field: columns.get(field, field) for field in _FIELDS}
        self._columns = {field: name for field, name in names.items() if name is not None}
        if "id" not in self._columns:
            raise ValueError("columns: every customer has an id")
        self._place, self._opt_out_place = table, opt_outs
        self._customers = _asking(table, schema, self._columns, "id")
        self._opt_outs = None if opt_outs is None else _asking(opt_outs, schema, _OPT_OUT, "customer")
        self._engine = _engine(url)
        self._closed = False

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """Those of the ids that the table has as it is now."""
        if self._closed:
            raise RepositoryUnavailable("the customers' table was closed", outcome_known=True)
        # What is no id is no customer's, and some of it no database would take.
        asked = [id for id in dict.fromkeys(ids) if _is_ident(id)]
        found: dict[str, Customer] = {}
        if asked:
            customers, opt_outs = self._rows(asked)
            wanted, refused = {*asked}, _refused(opt_outs, {*asked}, self._opt_out_place)
            for row in customers:
                # The table's own comparison may find more than what was asked, in other case; what it pads is no id.
                if _read(self._place, self._columns["id"], str(row.id), ident, row.id) in wanted:
                    if row.id in found:
                        raise ValueError(f"{self._place}: customer {masked(row.id)} is there twice")
                    found[row.id] = self._customer(row, refused.get(row.id, ()))
        return found

    def close(self) -> None:
        """Gives its connections back; it is asked no more."""
        self._closed = True
        self._engine.dispose()

    def _rows(self, asked: Sequence[str]) -> tuple[Rows, Rows]:
        customers: list[Row[Any]] = []
        opt_outs: list[Row[Any]] = []
        try:
            with self._engine.connect() as connection:
                for start in range(0, len(asked), _CHUNK):
                    values = {"ids": asked[start : start + _CHUNK]}
                    customers += connection.execute(self._customers, values)
                    if self._opt_outs is not None:
                        opt_outs += connection.execute(self._opt_outs, values)
        except (errors.SQLAlchemyError, UnicodeError) as error:
            # Nothing of the driver's is chained: what it says may quote a row.
            raise _failed(error, self._place) from None
        return customers, opt_outs

    def _customer(self, row: Row[Any], opt_outs: Sequence[OptOut]) -> Customer:
        values: dict[str, Any] = dict.fromkeys(_FIELDS)
        for field, name in self._columns.items():
            if field == "id" or row._mapping[field] is not None:
                values[field] = _read(self._place, name, row.id, _FIELDS[field], row._mapping[field])
        return Customer(**values, opt_outs=tuple(opt_outs))


def _engine(url: str) -> Engine:
    try:
        place = make_url(url)
        place = place.set(drivername=_DRIVERS.get(place.drivername, place.drivername))
        if place.get_backend_name() == "sqlite" and place.database and not place.query:
            # A file that is not there is not made.
            path = quote(place.database)
            place = place.set(database=f"file:{path}", query={"mode": "rw", "uri": "true"})
        # Of a connection that broke meanwhile another is made; what is bound is in no log and no error.
        return create_engine(place, pool_pre_ping=True, hide_parameters=True)
    except (errors.ArgumentError, ValueError):
        raise ValueError("the customers' URL can't be read") from None
    except ImportError as error:
        raise RepositoryUnavailable(f"the customers' driver is not installed ({error})", outcome_known=True) from error


def _asking(name: str, schema: str | None, columns: Mapping[str, str], key: str) -> Select[Any]:
    source = table(name, *map(column, dict.fromkeys(columns.values())), schema=schema)
    ids = bindparam("ids", type_=String(), expanding=True)
    picked = [source.c[name].label(field) for field, name in columns.items()]
    return select(*picked).where(source.c[columns[key]].in_(ids))


def _refused(rows: Rows, wanted: set[str], place: str | None) -> dict[str, list[OptOut]]:
    found: dict[str, list[OptOut]] = {}
    for row in rows:
        if _read(place, "customer", str(row.customer), ident, row.customer) in wanted:
            channel = _read(place, "channel", row.customer, ident, row.channel)
            since = _read(place, "since", row.customer, _day, row.since)
            found.setdefault(row.customer, []).append(OptOut(channel, since))
    return found


def _read(place: str | None, name: str, id: str, parse: Parser, value: object) -> Any:
    try:
        return parse("it", value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{place}, column {name}, customer {masked(id)}: {error}") from None


def _day(name: str, value: Any) -> date:
    return day_of(name, value) if type(value) is str else day(name, value)


def _is_ident(id: str) -> bool:
    try:
        checks.an_ident("id", id)
    except (TypeError, ValueError):
        return False
    return True


def _failed(error: Exception, place: str) -> Exception:
    # What can't be decoded is an OperationalError of SQLite's, with all that stands there; a date beyond the years of
    # Python a DataError of PostgreSQL's.
    told = str(getattr(error, "orig", None) or error).partition("\n")[0]
    if isinstance(error, errors.DataError | UnicodeError) or "decode" in told:
        return ValueError(f"{place}: holds what the driver can't read")
    return RepositoryUnavailable(f"the customers can't be asked: {told}", outcome_known=True)


_FIELDS: dict[str, Parser] = {"id": ident, "since": _day, "last_order": _day, "value_class": ident, "birthday": _day}
"""The fields of a customer that are columns of his row."""
