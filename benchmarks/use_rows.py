"""Use records from a log: 100,000 rows of CSV into a case on SQLite, and S8: one row beside many rows and few."""

from __future__ import annotations

import multiprocessing
import resource
import statistics
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import attrs

from expense_adapters.sql import SqlRepository
from expense_adapters.use_files import UseFile, UseMapping
from expense_policy.domain.application import Share
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories.sms import Sms, SmsSent
from expense_policy.domain.money import Money
from expense_policy.services.importing import Imported

from .job import Job
from .measure import Timed, timed
from .servers import postgres

_MAPPING = """
type = "sms"
key = "message_id"
[columns]
at = "sent_at"
recipient = "customer"
"""
_DAY = datetime(2026, 2, 2, 1, tzinfo=timezone.utc)


class Campaign:
    """An SMS campaign that was approved, in a store of its own."""

    def __init__(self, url: str, messages: int) -> None:
        self.store = SqlRepository(url)
        self.job = Job(self.store)
        line = PlanLine("sms", "communication", "SMS", Money.of("9000000.00", "CNY"))
        plan = self.job.desk.budgeting.file(BudgetPlan("customer_service", 2026, (line,)), actor="mei").id
        for person in ("officer", "cfo", "gm"):
            self.job.sign(plan, person)
        sms = Sms("Happy new year", messages, Money.of("0.01", "CNY"))
        form = attrs.evolve(self.job.form(), type="sms", plan=sms, shares=(Share("sms", sms.total),))
        form = attrs.evolve(form, department="customer_service")
        self.id = self.job.desk.spending.apply(form, actor="li.na", key="campaign").id
        while (step := self.job.desk.document(self.id).step) is not None:
            person = {"department_head": "service", "finance_officer": "officer", "finance_head": "cfo"}
            self.job.sign(self.id, person.get(step.office, "deputy"))
        self.job.clock.at = _DAY + timedelta(days=20)

    def imported(self, log: Path, mapping: Path) -> Imported:
        """The log, into its use record."""
        rows = UseFile(log, UseMapping.read(mapping, time_zone="Asia/Shanghai"))
        found = self.job.desk.spending.record_use_many(self.id, rows, actor="li.na", reason="The platform's retries.")
        assert not found.faulty, found
        return found

    def one(self, numbers: Iterator[int]) -> None:
        """One message more, to somebody who had none, by the single act."""
        use = SmsSent(_DAY, f"D{next(numbers):07}")
        self.job.desk.spending.record_use(self.id, (use,), actor="li.na")


def _written(folder: Path, rows: int) -> tuple[Path, Path]:
    """A log as a platform gives it: recipients in no order, up to three messages each, over twelve days."""
    log, mapping = folder / f"{rows}.csv", folder / "mapping.toml"
    mapping.write_text(_MAPPING, encoding="utf-8")
    with log.open("w", encoding="utf-8") as file:
        file.write("message_id,customer,sent_at,state\n")
        for i in range(rows):
            at = _DAY + timedelta(hours=8, days=i % 12, seconds=i * 7 % 30_000)
            file.write(f"20260202{i:08},C{i * 7919 % 1_000_003 // 3:07},{at:%Y-%m-%d %H:%M:%S},sent\n")
    return log, mapping


def _import(folder: Path, rows: int, run: int) -> tuple[Timed, float]:
    campaign = Campaign(f"sqlite:///{folder / f'{rows}-{run}.db'}", rows)
    took = timed(partial(campaign.imported, *_written(folder, rows)))
    return took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _alone(folder: Path, rows: int, run: int) -> tuple[Timed, float]:
    """CPU and wall seconds, and the peak of memory, of one import in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_import, folder, rows, run).result()


def use_rows(rounds: int, folder: Path) -> None:
    """The import on SQLite, and what a row costs beside many."""
    found: dict[int, list[tuple[Timed, float]]] = {10_000: [], 100_000: []}
    for run in range(rounds):
        for rows, each in found.items():
            each.append(_alone(folder, rows, run))
    for rows, each in found.items():
        for i, kind in enumerate(("CPU", "wall")):
            times = sorted(took[i] for took, _ in each)
            goal = "  goal < 10 s" if (rows, kind) == (100_000, "wall") else ""
            spread = f"{statistics.median(times):6.2f} s ({times[0]:.2f}-{times[-1]:.2f})"
            print(f"import SQLite {rows:7,} rows {kind:5}{spread}{goal}")
    peaks = [statistics.median(peak for _, peak in each) for each in found.values()]
    print(f"import SQLite peak of memory {peaks[0]:.0f} MB with 10,000 rows, {peaks[1]:.0f} MB with 100,000")
    few, many = (Campaign(f"sqlite:///{folder / name}.db", 200_000) for name in ("few", "many"))
    _beside("S8 SQLite", folder, rounds, few, many)
    with postgres() as server, server.database() as a, server.database() as b:
        _beside("S8 PostgreSQL", folder, rounds, Campaign(a, 200_000), Campaign(b, 200_000))


def _beside(name: str, folder: Path, rounds: int, few: Campaign, many: Campaign) -> None:
    """The two take turns; each round is thirty acts of each."""
    (_, wall) = timed(partial(many.imported, *_written(folder, 100_000)))
    few.imported(*_written(folder, 10))
    print(f"import {name.removeprefix('S8 ')} 100,000 rows wall {wall:.2f} s, once")
    numbers = [iter(range(1_000_000)) for _ in range(2)]
    ratios = []
    for _ in range(rounds * 3 + 1):
        times = [
            timed(lambda c=c, n=n: [c.one(n) for _ in range(30)]) for c, n in zip((few, many), numbers, strict=True)
        ]
        ratios.append(tuple(b / a for a, b in zip(*times, strict=True)))
    for i, kind in enumerate(("CPU", "wall")):
        # The first round reads what the others find in memory.
        each = sorted(ratio[i] for ratio in ratios[1:])
        print(
            f"{name:27}{kind:5} a row beside 100,000 rows over one beside 10: ratio {statistics.median(each):.2f} "
            f"({each[0]:.2f}-{each[-1]:.2f})  goal <= 1.2"
        )
    for campaign in (few, many):
        campaign.store.close()
