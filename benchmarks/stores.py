"""S1, S2, S3: the reference job on each store, one writer, beside its floor."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository, databases
from expense_adapters.sql.engine import Database

from .floors import DictFloor, Log, PostgresFloor, SqliteFloor, recorded
from .job import ACTS, Job
from .measure import Timed, show, timed
from .servers import postgres


def memory(rounds: int, expenses: int) -> None:
    """S1: the memory adapter."""
    job, floor = Job(MemoryRepository()), DictFloor()
    job.run(job.prepared(20))
    floors, own = [], []
    for _ in range(rounds):
        prepared = job.prepared(expenses)
        floors.append(timed(partial(floor.run, expenses)))
        own.append(timed(partial(job.run, prepared)))
    show("S1 memory", floors, own, expenses, ("<= 8.5", "-"))


def sqlite(rounds: int, expenses: int, folder: Path) -> None:
    """S2: SQLite, WAL and synchronous=FULL."""
    floor = SqliteFloor(folder / "floor.db")
    record, own = databases.opened(f"sqlite:///{folder / 'record.db'}"), SqlRepository(f"sqlite:///{folder / 'own.db'}")
    _sql("S2 SQLite", rounds, expenses, record, floor, own, ("<= 2.5", "<= 1.5"))


def postgresql(rounds: int, expenses: int) -> None:
    """S3: PostgreSQL, one connection."""
    with postgres() as server, server.database() as a, server.database() as b, server.database() as c:
        own = SqlRepository(c, connections=1)
        _sql("S3 PostgreSQL", rounds, expenses, databases.opened(a), PostgresFloor(b), own, ("-", "<= 1.8"))
        own.close()


def _sql(
    name: str,
    rounds: int,
    expenses: int,
    record: Database,
    floor: SqliteFloor | PostgresFloor,
    own: SqlRepository,
    goals: tuple[str, str],
) -> None:
    """What the library writes is recorded first; then floor and library take turns."""
    store, recording = recorded(record)
    job = Job(store)
    opening = len(recording.log)
    job.run(job.prepared(rounds * expenses))
    record.close()
    steps: Log = recording.log[opening:]
    assert len(steps) == rounds * expenses * ACTS
    floor.run(floor.prepared(recording.log[:opening]))
    own_job = Job(own)
    own_job.run(own_job.prepared(3))
    floors: list[Timed] = []
    library: list[Timed] = []
    for i in range(rounds):
        part = floor.prepared(steps[i * expenses * ACTS : (i + 1) * expenses * ACTS])
        prepared = own_job.prepared(expenses)
        floors.append(timed(partial(floor.run, part)))
        library.append(timed(partial(own_job.run, prepared)))
    show(name, floors, library, expenses, goals)
