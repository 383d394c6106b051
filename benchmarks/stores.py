"""S1, S2, S3: the reference job on each store, one writer, beside its floor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository, databases

from .floors import DictFloor, PostgresFloor, Said, SqliteFloor, recorded
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
    record, own = f"sqlite:///{folder / 'record.db'}", SqlRepository(f"sqlite:///{folder / 'own.db'}")
    _sql("S2 SQLite", rounds, expenses, record, floor, own, ("<= 2.5", "<= 1.5"))


def postgresql(rounds: int, expenses: int) -> None:
    """S3: PostgreSQL, one connection."""
    with postgres() as server, server.database() as a, server.database() as b, server.database() as c:
        own = SqlRepository(c, connections=1)
        _sql("S3 PostgreSQL", rounds, expenses, a, PostgresFloor(b), own, ("-", "<= 1.8"))
        own.close()


def prepared_floor(
    floor: SqliteFloor | PostgresFloor, record: str, rounds: int, expenses: int
) -> Iterator[list[list[Said]]]:
    """What the library writes, recorded on a store of its own: round after round, for the floor to write again."""
    store, recording = recorded(databases.opened(record))
    job = Job(store)
    opening = len(recording.log)
    job.run(job.prepared(rounds * expenses))
    recording.close()
    steps = recording.log[opening:]
    assert len(steps) == rounds * expenses * ACTS
    floor.run(floor.prepared(recording.log[:opening]))
    each = expenses * ACTS
    return iter([floor.prepared(steps[i * each : (i + 1) * each]) for i in range(rounds)])


def _sql(
    name: str,
    rounds: int,
    expenses: int,
    record: str,
    floor: SqliteFloor | PostgresFloor,
    own: SqlRepository,
    goals: tuple[str, str],
) -> None:
    """What the library writes is recorded first; then floor and library take turns."""
    parts = prepared_floor(floor, record, rounds, expenses)
    own_job = Job(own)
    own_job.run(own_job.prepared(3))
    floors: list[Timed] = []
    library: list[Timed] = []
    for part in parts:
        prepared = own_job.prepared(expenses)
        floors.append(timed(partial(floor.run, part)))
        library.append(timed(partial(own_job.run, prepared)))
    show(name, floors, library, expenses, goals)
