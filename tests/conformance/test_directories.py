"""Directories from TOML and CSV files, the fixed one and the kit's own keep every law of the port."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest

from expense_adapters.files import FileDirectory
from expense_adapters.local import FixedDirectory
from expense_policy.domain.money import Money
from expense_policy.domain.organisation import Delegation, Holding
from expense_policy.testing.company import People
from expense_policy.testing.contract import DirectoryContract
from expense_policy.testing.port_laws.directory import Made


def cells(each: Holding | Delegation) -> dict[str, str]:
    """What a file says of a holding or a delegation: what is not there is left out."""
    found = attrs.asdict(each)
    if isinstance(each, Delegation):
        units = found.pop("units_max")
        found["amount_max"] = None if each.currency is None else str(Money(units, each.currency))
        found |= {name: found[name].isoformat() for name in ("since", "until")}
    return {name: value for name, value in found.items() if value is not None}


def toml(path: Path, holdings: Sequence[Holding], delegations: Sequence[Delegation]) -> Path:
    """One file of both."""
    lines = []
    everything: list[Holding | Delegation] = [*holdings, *delegations]
    for each in everything:
        lines.append(f"[[{type(each).__name__.lower()}]]")
        for name, value in cells(each).items():
            said = value if name in ("since", "until") else json.dumps(value, ensure_ascii=False)
            lines.append(f"{name} = {said}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def table(path: Path, columns: Sequence[str], rows: Sequence[Holding | Delegation]) -> Path:
    """A CSV file of either."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows([cells(row) for row in rows])
    return path


class TestTomlDirectory(DirectoryContract):
    """People from a TOML file."""

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Made:
        """Writes the file and reads it."""
        return lambda holdings, delegations: FileDirectory(toml(tmp_path / "people.toml", holdings, delegations))


class TestCsvDirectory(DirectoryContract):
    """People from two CSV files."""

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Made:
        """Writes the files and reads them."""

        def made(holdings: Sequence[Holding], delegations: Sequence[Delegation]) -> FileDirectory:
            people = table(tmp_path / "people.csv", ("office", "person", "department"), holdings)
            columns = ("holder", "delegate", "office", "since", "until", "reason", "amount_max", "currency")
            return FileDirectory(people, delegations=table(tmp_path / "delegations.csv", columns, delegations))

        return made


class TestFixedDirectory(DirectoryContract):
    """People who do not change."""

    @pytest.fixture
    def directory(self) -> Made:
        """As they are given."""
        return lambda holdings, delegations: FixedDirectory(tuple(holdings), tuple(delegations))


class TestPeople(DirectoryContract):
    """The directory of the kit's own company."""

    @pytest.fixture
    def directory(self) -> Made:
        """As they are set."""

        def made(holdings: Sequence[Holding], delegations: Sequence[Delegation]) -> People:
            people = People()
            people.holdings, people.delegations = tuple(holdings), tuple(delegations)
            return people

        return made
