"""Two peers at the reference job: transitions walks the states in memory, eventsourcing stores an event an act.

Neither holds a budget, checks a rule or keeps a tamper-evident journal: they are what others would begin from.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from transitions import Machine

from .floors import DictFloor, PostgresFloor, SqliteFloor
from .measure import show, timed
from .servers import postgres
from .stores import prepared_floor

_STATES = ["drafted", "in_review_1", "in_review_2", "in_review_3", "in_review_4", "approved", "paid", "settled"]
_ACTS = ("apply", "sign_1", "sign_2", "sign_3", "sign_4", "pay", "settle")


class _Walked:
    """An expense that walks its states and sums what it holds."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str]] = []

    def noted(self, act: str, actor: str) -> None:
        """Keeps who did what."""
        self.log.append((act, actor))


class Transitions:
    """A machine an expense, as its documentation has it: one machine, a model each."""

    def __init__(self) -> None:
        steps = [
            {"trigger": act, "source": a, "dest": b, "after": "noted"}
            for act, a, b in zip(_ACTS, _STATES, _STATES[1:], strict=False)
        ]
        self._machine = Machine(model=None, states=_STATES, transitions=steps, initial=_STATES[0])
        self._kept: list[_Walked] = []

    def run(self, expenses: int) -> None:
        """So many expenses."""
        for _ in range(expenses):
            walked: Any = _Walked()
            self._machine.add_model(walked)
            for act in _ACTS:
                getattr(walked, act)(act, "someone")
            self._machine.remove_model(walked)
            self._kept.append(walked)


class Expense(Aggregate):
    """An expense whose every act is an event."""

    @event("Applied")
    def __init__(self, units: int, payee: str) -> None:
        self.units, self.payee, self.status = units, payee, "in_review"
        self.signed: list[str] = []
        self.paid = 0

    @event("Signed")
    def sign(self, signer: str) -> None:
        """One step."""
        self.signed.append(signer)
        if len(self.signed) == 4:
            self.status = "approved"

    @event("Paid")
    def pay(self, units: int) -> None:
        """All of it."""
        self.paid += units

    @event("Settled")
    def settle(self, rows: int) -> None:
        """The end."""
        self.status = "settled"


class Spending(Application):
    """Seven commands, each a transaction."""

    def run(self, expenses: int) -> None:
        """So many expenses."""
        for n in range(expenses):
            expense = Expense(1_000_000, f"Supplier {n}")
            self.save(expense)
            for signer in ("head", "officer", "cfo", "deputy"):
                found: Expense = self.repository.get(expense.id)
                found.sign(signer)
                self.save(found)
            found = self.repository.get(expense.id)
            found.pay(1_000_000)
            self.save(found)
            found = self.repository.get(expense.id)
            found.settle(3)
            self.save(found)


def peers(rounds: int, expenses: int, folder: Path) -> None:
    """Each beside the floor of its section."""
    walked, floor = Transitions(), DictFloor()
    _beside("transitions, memory", rounds, expenses, floor.run, walked.run)
    environment = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "events.db")}
    environment["SQLITE_LOCK_TIMEOUT"] = "10"
    with_files = SqliteFloor(folder / "floor.db")
    acts = prepared_floor(with_files, f"sqlite:///{folder / 'record.db'}", rounds, expenses)
    _beside("eventsourcing, SQLite", rounds, expenses, lambda n: with_files.run(next(acts)), Spending(environment).run)
    with postgres() as server, server.database() as a, server.database() as b, server.database() as c:
        other = PostgresFloor(b)
        acts_there = prepared_floor(other, a, rounds, expenses)
        spending = Spending(_environment(c))
        _beside("eventsourcing, PostgreSQL", rounds, expenses, lambda n: other.run(next(acts_there)), spending.run)
        spending.close()


def _environment(url: str) -> dict[str, str]:
    from psycopg.conninfo import conninfo_to_dict

    place = conninfo_to_dict(url)
    names = {"dbname": "DBNAME", "host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    found = {f"POSTGRES_{name}": str(place.get(key) or "") for key, name in names.items()}
    found["POSTGRES_PORT"] = found["POSTGRES_PORT"] or os.environ.get("PGPORT", "5432")
    return {"PERSISTENCE_MODULE": "eventsourcing.postgres", **found}


def _beside(name: str, rounds: int, expenses: int, floor: Any, peer: Any) -> None:
    pairs = [(timed(partial(floor, expenses)), timed(partial(peer, expenses))) for _ in range(rounds)]
    show(name, [each[0] for each in pairs], [each[1] for each in pairs], expenses, ("-", "-"))
