"""Two years of a council's purchase cards as recorded costs: to the penny, by unit and by month (R1.1, R1.3)."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path

import attrs
import pytest

from expense_adapters.local import FixedDirectory, MemoryEvidence, Recorder
from expense_policy.domain.accounting import RecordedCost
from expense_policy.domain.money import Money
from expense_policy.domain.periods import Month
from expense_policy.ports.repository import Repository
from expense_policy.services.desk import Desk
from expense_policy.services.verification import verify
from expense_policy.testing.company import PEOPLE, POLICY, SetClock

SAID = {"2024-25": ("2150144.20", 8134, 540, 26), "2026-27": ("494906.66", 2024, 114, 19)}
"""Sum, rows, rows below 0 and exact repetitions, as the data's own page states them."""


@attrs.frozen
class Card:
    """A row of the file, its amount in pence as plain arithmetic on its text gives it."""

    key: str
    unit: str
    category: str
    on: date
    text: str

    @property
    def pence(self) -> int:
        whole, _, part = self.text.lstrip("-").partition(".")
        found = int(whole) * 100 + int((part + "00")[:2])
        return -found if self.text.startswith("-") else found

    @property
    def month(self) -> Month:
        return Month(self.on.year, self.on.month)

    @property
    def cost(self) -> RecordedCost:
        """As finance enters it."""
        return RecordedCost(self.key, self.on, self.unit, slug(self.category), Money.of(self.text, "GBP"))


def slug(name: str) -> str:
    """The merchant category as a type of the company's own."""
    return re.sub("[^a-z]+", "_", name.lower())


def table(shared: Path, year: str) -> list[dict[str, str]]:
    """The file as it stands."""
    path = shared / "data" / "trafford_gpc" / f"gpc_{year}.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows(shared: Path, year: str) -> list[Card]:
    """The file's rows; none has an id, so that its key is where it stands."""
    return [
        Card(
            f"{year}:{n}",
            row["OrganisationalUnit"].strip(),
            row["CategoryInternalName"],
            date.fromisoformat(row["PaymentDate"]),
            row["Amount"],
        )
        for n, row in enumerate(table(shared, year), 1)
    ]


def policy(cards: list[Card]) -> str:
    """A policy whose departments are the council's units, and whose types are the merchants' categories."""
    units = ", ".join(f'"{unit}"' for unit in sorted({card.unit for card in cards}))
    text = re.sub(r"departments = \[.*?\]", f"departments = [{units}]", POLICY)
    text = text.replace('"CNY"', '"GBP"').replace("Asia/Shanghai", "Europe/London").replace("2026-01-01", "2024-04-01")
    for n, category in enumerate(sorted({card.category for card in cards}), 1):
        text += f'[[type]]\nname = "{slug(category)}"\ncategory = "materials"\nledger_account = "6602.{n:02}"\n'
        text += '[[type.line]]\nname = "purchase"\n'
    return text


def council(repository: Repository, cards: list[Card]) -> tuple[Desk, SetClock]:
    """A desk of the council."""
    clock = SetClock()
    clock.at = datetime(2024, 3, 1, 9, tzinfo=timezone.utc)
    people = FixedDirectory(PEOPLE)
    desk = Desk.open(
        repository=repository, directory=people, notifier=Recorder(), evidence=MemoryEvidence(), clock=clock
    )
    for actor in ("cfo", "gm"):
        desk.policies.adopt(policy(cards), actor=actor)
    return desk, clock


def months(first: Month, last: Month) -> Iterator[Month]:
    """From the first to the last."""
    for number in range(first.number, last.number + 1):
        yield Month.of(number)


def holds(desk: Desk, cards: list[Card], first: Month, last: Month) -> None:
    """The accounts of every month are what the file says, by unit and by category, and none is lost."""
    units, total = Counter[str](), 0
    for month in months(first, last):
        mine, found = [card for card in cards if card.month == month], desk.accounts(month)
        assert found.closed
        assert (found.corrections, found.differences) == ((), ())
        assert found.total == sum(card.pence for card in mine)
        for dimension, of in (("department", lambda c: c.unit), ("type", lambda c: slug(c.category))):
            expected = Counter[str]()
            for card in mine:
                expected[of(card)] += card.pence
            assert found.by(dimension) == dict(sorted(expected.items()))
        units.update(found.by("department"))
        total += found.total
        numbers = [number for number, _ in desk.env.repository.postings(month, limit=10_000)]
        assert numbers == list(range(1, len(mine) + 1))
    assert total == sum(card.pence for card in cards) == sum(units.values())


@pytest.mark.clause("R1.1", "R1.3")
def test_the_cards_of_a_council(repository: Repository, shared: Path) -> None:
    """Every row is a posting of its month; the months closed add up to what is stated; what comes late corrects."""
    years = {year: rows(shared, year) for year in SAID}
    for year, (total, count, below, again) in SAID.items():
        pence = [card.pence for card in years[year]]
        assert (sum(pence), len(pence), sum(n < 0 for n in pence)) == (Money.of(total, "GBP").units, count, below)
        # A repetition is a purchase of its own, whose key is where it stands.
        assert len(pence) - len({tuple(row.items()) for row in table(shared, year)}) == again
    desk, clock = council(repository, [card for each in years.values() for card in each])
    clock.at = datetime(2025, 4, 10, 9, tzinfo=timezone.utc)
    for _ in range(2):
        found = desk.costs.record((card.cost for card in years["2024-25"]), actor="officer")
    assert (found.recorded, found.known) == (0, 8134)
    for month in months(Month(2024, 4), Month(2025, 3)):
        desk.closing.close(month, actor="officer")
    holds(desk, years["2024-25"], Month(2024, 4), Month(2025, 3))

    late = attrs.evolve(years["2024-25"][0], key="late")
    desk.costs.record((late.cost,), actor="officer")
    april = desk.accounts(Month(2025, 4))
    assert (april.total, april.corrections) == (late.pence, ((late.month, late.pence),))
    holds(desk, years["2024-25"], Month(2024, 4), Month(2025, 3))

    clock.at = datetime(2026, 6, 10, 9, tzinfo=timezone.utc)
    for month in months(Month(2025, 4), Month(2026, 3)):
        desk.closing.close(month, actor="officer")
    desk.costs.record((card.cost for card in years["2026-27"]), actor="officer")
    for month in months(Month(2026, 4), Month(2026, 5)):
        desk.closing.close(month, actor="cfo")
    holds(desk, years["2026-27"], Month(2026, 4), Month(2026, 5))
    assert verify(repository).breaks == ()
