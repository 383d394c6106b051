"""People and budgets from TOML and CSV files, evidence in a folder, the journal's key from a file."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from expense_adapters._reading import why
from expense_adapters._tables import FaultyFile, Parser, Table
from expense_adapters._tables import ident as _ident
from expense_adapters.local import HmacKey
from expense_policy.domain import checks
from expense_policy.domain.budget import MONTHS, BudgetPlan, PlanLine, evenly
from expense_policy.domain.estimates import Activity, Basis, Driver, Drivers, LastYear, OperatingPlan, Trend
from expense_policy.domain.money import Money, exponent
from expense_policy.domain.organisation import Delegation, Holding, Roster
from expense_policy.domain.periods import instant
from expense_policy.domain.vocabulary import CATEGORIES, Office

__all__ = ["FaultyFile", "FileDirectory", "FolderEvidence", "read_budget", "read_key"]

_DIGEST = re.compile(r"[0-9a-f]{64}")


class FileDirectory:
    """Offices and delegations of files that are read once.

    A TOML file holds both, as `[[holding]]` and `[[delegation]]` tables. A CSV file holds offices, with the columns
    office, person, department; `delegations` is then the file of the delegations, CSV with the columns holder,
    delegate, office, since, until, reason, amount_max, currency. A limit says its currency, which is never guessed.
    FaultyFile, a ValueError, names every fault of the files with its place: an unknown key, another type, an interval
    that ends before it starts, a limit below 0, a delegation to oneself or of the cashier's office (A4.3).
    """

    def __init__(self, path: Path, *, delegations: Path | None = None) -> None:
        holdings: list[Holding] = []
        found: list[Delegation] = []
        problems: list[str] = []
        for each, kinds in ((path, ("holding", "delegation")), (delegations, ("delegation",))):
            if each is not None:
                table = Table(each)
                _people(table, kinds, holdings, found)
                problems += table.problems
        if problems:
            raise FaultyFile(problems)
        self._holdings, self._delegations = tuple(holdings), tuple(found)

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """The offices of these departments and of the whole company, and all delegations."""
        return Roster.of(units, at, self._holdings, self._delegations)


def _people(table: Table, kinds: tuple[str, ...], holdings: list[Holding], delegations: list[Delegation]) -> None:
    fields = {"holding": _HOLDING, "delegation": _delegation_fields(_moment)}
    if table.path.suffix.lower() == ".csv":
        fields["delegation"] = _delegation_fields(_moment_of)
        rows = [(kinds[0], at, row) for at, row in table.rows(tuple(fields[kinds[0]]))]
    else:
        file = table.toml()
        for name in file:
            if name not in kinds:
                table.fault(name, "is not known")
        rows = [(kind, at, row) for kind in kinds for at, row in table.tables(file, kind)]
    for kind, at, row in rows:
        values = table.parsed(at, row, fields[kind], ("department", "amount_max", "currency"))
        if values is not None and kind == "holding":
            holdings.append(Holding(**values))
        elif values is not None and _delegable(table, at, values):
            delegations.append(Delegation(**values))


def _delegable(table: Table, at: str, values: dict[str, Any]) -> bool:
    before = len(table.problems)
    if values["since"] >= values["until"]:
        table.fault(f"{at}until", "must be after since")
    if values["office"] == Office.CASHIER:
        table.fault(f"{at}office", "the cashier's office is held in person (A4.3)")
    if values["holder"] == values["delegate"]:
        table.fault(f"{at}delegate", "nobody delegates to himself")
    if ("amount_max" in values) != ("currency" in values):
        table.fault(f"{at}currency", "and amount_max come together")
    elif "currency" in values:
        limit = table.parsed(at, {"amount_max": values.pop("amount_max")}, {"amount_max": _amount(values["currency"])})
        values["units_max"] = limit and limit["amount_max"].units
    return len(table.problems) == before


def _label(name: str, value: Any) -> str:
    checks.a_label(name, value)
    return _words(name, value)


def _words(name: str, value: Any) -> str:
    checks.a_text(name, value)
    if checks.blank(value) or value != value.strip():
        raise ValueError(f"{name} must say something, without spaces at its ends")
    return str(value)


def _moment(name: str, value: Any) -> datetime:
    return instant(value)


def _moment_of(name: str, value: Any) -> datetime:
    try:
        return instant(datetime.fromisoformat(value))
    except ValueError:
        raise ValueError(f"{name} must be an ISO 8601 time with its offset, not {value[:40]!r}") from None


def _amount(currency: str) -> Parser:
    def amount(name: str, value: Any) -> Money:
        money = Money.of(value, currency)
        if money.units < 0:
            raise ValueError(f"{name} must not be below 0")
        return money

    return amount


def _currency(name: str, value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"{name} must be a currency code, not {type(value).__name__}")
    exponent(value)
    return value


def _category(name: str, value: Any) -> str:
    if value not in CATEGORIES:
        raise ValueError(f"{name} must be one of {', '.join(CATEGORIES)}")
    return str(value)


_HOLDING: dict[str, Parser] = {"office": _ident, "person": _ident, "department": _ident}


def _delegation_fields(moment: Parser) -> dict[str, Parser]:
    return {
        "holder": _ident,
        "delegate": _ident,
        "office": _ident,
        "since": moment,
        "until": moment,
        "reason": _words,
        "amount_max": lambda name, value: value,
        "currency": _currency,
    }


def _months(currency: str) -> Parser:
    def months(name: str, value: Any) -> tuple[Money, ...]:
        """Twelve amounts, in the order of the fiscal year; none for "evenly"."""
        if value == "evenly":
            return ()
        if type(value) is not list or len(value) != MONTHS:
            raise ValueError(f'{name} must be {MONTHS} amounts, or "evenly"')
        return _amounts(currency)(name, value)

    return months


def _amounts(currency: str) -> Callable[[str, Any], tuple[Money, ...]]:
    def amounts(name: str, value: Any) -> tuple[Money, ...]:
        if type(value) is not list:
            raise TypeError(f"{name} must be a list of amounts")
        return tuple(_amount(currency)(name, each) for each in value)

    return amounts


def _a_table(name: str, value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise TypeError(f"{name} must be a table")
    return value


def _number(name: str, value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{name} must be a whole number")
    return value


def _basis(table: Table, at: str, row: dict[str, Any], currency: str) -> Basis | None:
    """The basis that is told by what stands in it; None once its fault is remembered."""
    amount, before = _amount(currency), len(table.problems)
    listed: dict[str, tuple[Callable[[Any], Basis], type, dict[str, Parser]]] = {
        "drivers": (Drivers, Driver, {"name": _label, "quantity": _number, "unit_price": amount}),
        "activities": (OperatingPlan, Activity, {"name": _label, "cost": amount}),
    }
    plain: dict[str, tuple[Callable[..., Basis], dict[str, Parser]]] = {
        "last_year": (LastYear, {"last_year": amount, "growth_bp": _number}),
        "trend": (Trend, {"trend": _amounts(currency)}),
    }
    told = [name for name in (*listed, *plain) if name in row]
    try:
        if len(told) != 1:
            raise ValueError(f"must say one of {', '.join((*listed, *plain))}")
        if told[0] in plain:
            make, fields = plain[told[0]]
            return make(*(table.parsed(at, row, fields) or {}).values())
        collect, part, fields = listed[told[0]]
        table.parsed(at, row, {told[0]: lambda name, value: value})
        rows = [table.parsed(f"{at}{where}", each, fields) for where, each in table.tables(row, told[0])]
        return collect(tuple(part(**each) for each in rows if each is not None))
    except (TypeError, ValueError) as error:
        # What is wrong with a part of it was told already.
        if len(table.problems) == before:
            table.fault(at.rstrip("."), str(error))
        return None


def read_budget(path: Path, *, currency: str = "CNY") -> tuple[BudgetPlan, ...]:
    """One plan a department from a TOML file: `year`, and `[[line]]` tables.

    FaultyFile, a ValueError, names every fault with its place: also a line that stands there twice, whose id is the
    company's own and no department's.
    """
    table = Table(path)
    file = table.toml()
    if table.problems:
        raise FaultyFile(table.problems)
    fields: dict[str, Parser] = {"department": _ident, "id": _ident, "category": _category, "name": _label}
    fields |= {"amount": _amount(currency), "project": _ident, "months": _months(currency), "basis": _a_table}
    year = file.get("year")
    if type(year) is not int or year <= 0:
        table.fault("year", "must be a whole number above 0")
    for name in file:
        if name not in ("year", "line"):
            table.fault(name, "is not known")
    if not file.get("line"):
        table.fault("line", "is missing")
    plans: dict[str, list[PlanLine]] = {}
    places: dict[str, str] = {}
    for at, row in table.tables(file, "line"):
        values = table.parsed(at, row, fields, ("project", "months", "basis"))
        if values is None:
            continue
        if values["id"] in places:
            table.fault(f"{at}id", f"{values['id']} stands at {places[values['id']]} already")
        places.setdefault(values["id"], at.rstrip("."))
        if values["amount"].units == 0:
            table.fault(f"{at}amount", "must be above 0")
        if "months" in values:
            values["months"] = values["months"] or evenly(values["amount"])
            if sum(month.units for month in values["months"]) != values["amount"].units:
                table.fault(f"{at}months", "must add up to the amount (B1.3)")
        if "basis" in values:
            values["basis"] = _basis(table, f"{at}basis.", values["basis"], currency)
        if not table.problems:
            plans.setdefault(values.pop("department"), []).append(PlanLine(**values))
    if table.problems:
        raise FaultyFile(table.problems)
    return tuple(BudgetPlan(department, file["year"], tuple(lines)) for department, lines in plans.items())


@attrs.frozen
class FolderEvidence:
    """Evidence as files named by the SHA-256 of their bytes; a file's own name never becomes a path."""

    root: Path

    def put(self, data: bytes) -> str:
        """Keeps the bytes, on disk before it returns; the same bytes are kept once, and anew where they were spoilt."""
        found = hashlib.sha256(data).hexdigest()
        place = self._place(found)
        if not self._whole(found):
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_name(f"{found}.{secrets.token_hex(4)}.part")
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(place)
        return found

    def open(self, digest: str) -> BinaryIO:
        """The bytes; KeyError where they are not there, ValueError where they are not what was put."""
        if not self.has(digest):
            raise KeyError(digest)
        file = self._place(digest).open("rb")
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            file.close()
            raise ValueError(f"the evidence {digest} is not what was put")
        file.seek(0)
        return file

    def has(self, digest: str) -> bool:
        """Whether they are there; False for what is no digest."""
        return _DIGEST.fullmatch(digest) is not None and self._place(digest).is_file()

    def _whole(self, digest: str) -> bool:
        try:
            self.open(digest).close()
        except (KeyError, ValueError):
            return False
        return True

    def _place(self, digest: str) -> Path:
        return self.root / digest[:2] / digest


def read_key(path: Path) -> HmacKey:
    """The journal's key from a file of one line, "id:hexadecimal secret" of at least 16 bytes; else ValueError."""
    try:
        text = path.read_bytes().decode("ascii").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise ValueError(f"{path}: {why(error)}") from None
    except ValueError:
        text = ""
    found = re.fullmatch("([^:\\s]+):((?:[0-9a-fA-F]{2})*)", text)
    if found is None:
        raise ValueError(f"{path}: is not a key file (one line, id:hexadecimal secret)")
    if len(found[2]) < 32:
        raise ValueError(f"{path}: a key has a secret of at least 16 bytes")
    return HmacKey(found[1], bytes.fromhex(found[2]))
