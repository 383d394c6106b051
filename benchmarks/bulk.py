"""S5: forms, signatures and payments in one call each, beside the same acts one by one, through the same rules."""

from __future__ import annotations

import statistics
from functools import partial
from pathlib import Path

from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository
from expense_policy.domain.approval import Verdict
from expense_policy.ports.repository import Repository
from expense_policy.services.bulk import Done, Outcome
from expense_policy.services.engine import Receipt
from expense_policy.services.spending import ToApply, ToPay, ToSign

from .job import Job
from .measure import Timed, timed
from .servers import postgres


class Singly:
    """So many expenses, each act by itself."""

    def __init__(self, job: Job, items: int) -> None:
        self.spending, self.prepared = job.desk.spending, job.prepared(items)
        self.receipts: list[Receipt] = []

    def apply(self) -> None:
        for form, _, _ in self.prepared:
            self.receipts.append(self.spending.apply(form, actor="li.na", key=f"form-{form.payee.account}"))

    def sign(self, person: str, verdict: Verdict) -> None:
        for r in self.receipts:
            self.spending.sign(r.id, seen=r.statement or "", actor=person, verdict=verdict)

    def pay(self) -> None:
        for r, (_, instruction, _) in zip(self.receipts, self.prepared, strict=True):
            self.spending.pay(r.id, instruction, actor="cashier", key=f"pay-{r.id}")


class Together(Singly):
    """The same, each act for all in one call."""

    def apply(self) -> None:
        asked = [ToApply(form, f"form-{form.payee.account}") for form, _, _ in self.prepared]
        self.receipts = _receipts(self.spending.apply_many(asked, actor="li.na"))

    def sign(self, person: str, verdict: Verdict) -> None:
        stack = [ToSign(r.id, r.statement or "", verdict) for r in self.receipts]
        _receipts(self.spending.sign_many(stack, actor=person))

    def pay(self) -> None:
        due = zip(self.receipts, self.prepared, strict=True)
        run = [ToPay(r.id, instruction, f"pay-{r.id}") for r, (_, instruction, _) in due]
        _receipts(self.spending.pay_many(run, actor="cashier"))


def _receipts(outcomes: tuple[Outcome, ...]) -> list[Receipt]:
    assert all(isinstance(each, Done) for each in outcomes)
    return [each.receipt for each in outcomes if isinstance(each, Done)]


def bulk_acts(rounds: int, items: int, folder: Path) -> None:
    """S5: on the memory adapter, SQLite and PostgreSQL."""
    _measure("memory", MemoryRepository(), rounds, items)
    _measure("SQLite", SqlRepository(f"sqlite:///{folder / 'bulk.db'}"), rounds, items)
    with postgres() as server, server.database() as url:
        store = SqlRepository(url, connections=1)
        _measure("PostgreSQL", store, rounds, items)
        store.close()


def _measure(name: str, repository: Repository, rounds: int, items: int) -> None:
    """Prints how many times the single act's rate a bulk call reaches, for each kind of act."""
    job = Job(repository)
    found: dict[str, list[tuple[Timed, Timed]]] = {"apply": [], "sign": [], "pay": []}
    for _ in range(rounds):
        one, many = Singly(job, items), Together(job, items)
        found["apply"].append((timed(one.apply), timed(many.apply)))
        for person, verdict in job.chain:
            both = [timed(partial(side.sign, person, verdict)) for side in (one, many)]
            found["sign"].append((both[0], both[1]))
        found["pay"].append((timed(one.pay), timed(many.pay)))
    for act, times in found.items():
        for i, kind in enumerate(("CPU", "wall")):
            ratios = sorted(single[i] / bulk[i] for single, bulk in times)
            each = [statistics.median(t[side][i] for t in times) / items * 1e6 for side in (0, 1)]
            print(
                f"S5 {name:11}{act:6}{kind:5} single {each[0]:8.1f} us  bulk {each[1]:8.1f} us  "
                f"x {statistics.median(ratios):5.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})  goal >= 5"
            )
