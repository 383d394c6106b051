"""People and budgets from TOML files, evidence in a folder, the journal's key from a file."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import secrets
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from expense_adapters.local import HmacKey
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.money import Money
from expense_policy.domain.organisation import Delegation, Holding, Roster
from expense_policy.domain.periods import instant

_DIGEST = re.compile(r"[0-9a-f]{64}")
_HOLDING = {"office": str, "person": str, "department": str}
_DELEGATION = {
    **dict.fromkeys(("holder", "delegate", "office", "reason", "amount_max"), str),
    **dict.fromkeys(("since", "until"), datetime),
}
_LINE = dict.fromkeys(("department", "id", "category", "name", "amount", "project"), str)
_OPTIONAL = ("department", "amount_max", "project")


class FileDirectory:
    """Offices and delegations of a file: TOML, or CSV with the columns office, person, department.

    The file is read once. Every fault is a ValueError that names the file and the place: an unknown key, another
    type, an interval that ends before it starts, a delegated cashier's office (A4.3).
    """

    def __init__(self, path: Path, *, currency: str = "CNY") -> None:
        try:
            rows = _csv(path) if path.suffix == ".csv" else tomllib.loads(path.read_text(encoding="utf-8"))
            self._holdings = tuple(_holding(row, at) for at, row in _tables(rows, "holding"))
            self._delegations = tuple(_delegation(row, at, currency) for at, row in _tables(rows, "delegation"))
            unknown = sorted(set(rows) - {"holding", "delegation"})
            if unknown:
                raise ValueError(f"{unknown[0]}: is not known")
        except (OSError, UnicodeDecodeError, ValueError, csv.Error, RecursionError) as error:
            raise ValueError(f"{path}: {error}") from None

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """The offices of these departments and of the whole company, and all delegations."""
        holdings = tuple(h for h in self._holdings if h.department is None or h.department in units)
        return Roster(at, holdings, self._delegations)


def _csv(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if sorted(reader.fieldnames or ()) != ["department", "office", "person"]:
            raise ValueError("the columns are office, person, department")
        return {"holding": [{key: value for key, value in row.items() if value} for row in reader]}


def _tables(rows: dict[str, Any], name: str) -> Iterable[tuple[str, dict[str, Any]]]:
    tables = rows.get(name, [])
    if type(tables) is not list or any(type(table) is not dict for table in tables):
        raise ValueError(f"{name}: must be a list of tables")
    return ((f"{name}[{i}]", table) for i, table in enumerate(tables))


def _checked(row: dict[str, Any], at: str, known: Mapping[str, type]) -> dict[str, Any]:
    for key, value in row.items():
        if key not in known:
            raise ValueError(f"{at}.{key}: is not known")
        if type(value) is not known[key] or not value:
            raise ValueError(f"{at}.{key}: must be a {known[key].__name__}")
    for key in known:
        if key not in row and key not in _OPTIONAL:
            raise ValueError(f"{at}.{key}: is missing")
    return row


def _holding(row: dict[str, Any], at: str) -> Holding:
    return Holding(**_checked(row, at, _HOLDING))


def _delegation(row: dict[str, Any], at: str, currency: str) -> Delegation:
    fields = dict(_checked(row, at, _DELEGATION))
    limit = fields.pop("amount_max", None)
    try:
        fields["since"], fields["until"] = instant(fields["since"]), instant(fields["until"])
        units = None if limit is None else Money.of(limit, currency).units
    except ValueError as error:
        raise ValueError(f"{at}: {error}") from None
    if fields["since"] >= fields["until"]:
        raise ValueError(f"{at}.until: must be after since")
    if fields["office"] == "cashier":
        raise ValueError(f"{at}.office: the cashier's office is held in person (A4.3)")
    return Delegation(**fields, units_max=units)


def read_budget(path: Path, *, currency: str = "CNY") -> tuple[BudgetPlan, ...]:
    """One plan a department from a TOML file: `year`, and `[[line]]` tables; a fault is a ValueError with its place."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
        year = rows.pop("year", None)
        if type(year) is not int:
            raise ValueError("year: must be a whole number")
        plans: dict[str, list[PlanLine]] = {}
        for at, row in _tables(rows, "line"):
            fields = dict(_checked(row, at, _LINE))
            try:
                fields["amount"] = Money.of(fields["amount"], currency)
                plans.setdefault(fields.pop("department", ""), []).append(PlanLine(**fields))
            except ValueError as error:
                raise ValueError(f"{at}: {error}") from None
        if sorted(rows) != ["line"] or "" in plans:
            raise ValueError("the file holds a year and [[line]] tables, each with its department")
        return tuple(BudgetPlan(department, year, tuple(lines)) for department, lines in plans.items())
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: {error}") from None


@attrs.frozen
class FolderEvidence:
    """Evidence as files named by the SHA-256 of their bytes; a file's own name never becomes a path."""

    root: Path

    def put(self, data: bytes) -> str:
        """Keeps the bytes, on disk before it returns; the same bytes are kept once."""
        found = hashlib.sha256(data).hexdigest()
        place = self._place(found)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_name(f"{found}.{secrets.token_hex(4)}.part")
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(place)
        return found

    def open(self, digest: str) -> BinaryIO:
        """The bytes; KeyError where they are not there."""
        if not self.has(digest):
            raise KeyError(digest)
        return self._place(digest).open("rb")

    def has(self, digest: str) -> bool:
        """Whether they are there; False for what is no digest."""
        return _DIGEST.fullmatch(digest) is not None and self._place(digest).is_file()

    def _place(self, digest: str) -> Path:
        return self.root / digest[:2] / digest


def read_key(path: Path) -> HmacKey:
    """The journal's key from a file of one line, "id:hexadecimal secret" of at least 16 bytes; else ValueError."""
    try:
        id, _, secret = path.read_text(encoding="ascii").strip().partition(":")
        key = HmacKey(id, bytes.fromhex(secret))
    except (OSError, ValueError):
        raise ValueError(f"{path}: is not a key file (one line, id:hexadecimal secret)") from None
    if not id or len(key.secret) < 16:
        raise ValueError(f"{path}: a key has an id and a secret of at least 16 bytes")
    return key
