"""S8 and S10: what an act costs beside many documents, and how fast many are read."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from expense_adapters.sql import SqlRepository
from expense_adapters.sql.engine import Database
from expense_adapters.sql.schema import metadata
from expense_policy.ports.repository import Look

from .job import Job
from .measure import timed
from .servers import postgres

_SEED = 100
"""Expenses that are really gone through; the others are their copies under other names."""
_NAMED = {
    "documents": ("id", "payee_name", "payee_account"),
    "rounds": ("document", "payee_name", "payee_account"),
    "signatures": ("document",),
    "payments": ("document", "payee_name", "payee_account"),
    "use_rows": ("document",),
    "journal": ("subject",),
    "moves": ("subject",),
    "keys": ("key", "subject"),
    "taken": ("key", "owner"),
    "guards": ("key",),
    "payees": ("id",),
}
_AT_ONCE = 500
"""As many copies of the seed are made by one statement."""


def _run(database: Database, statement: str) -> None:
    """Plain SQL, beside the port."""
    if database.dialect.name == "sqlite":
        database.get().execute(statement)  # type: ignore[attr-defined]  # SQLite's own
        return
    connection = database.get()  # type: ignore[attr-defined]  # PostgreSQL's own
    connection.execute(statement)
    database.give(connection)  # type: ignore[attr-defined]  # PostgreSQL's own


def _laws(database: Database, *, on: bool) -> Iterator[str]:
    """The triggers off, for copying, and on again."""
    if database.dialect.name == "postgresql":
        for table in _NAMED:
            yield f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} TRIGGER USER"
    elif on:
        yield from database.dialect.laws()
    else:
        for law in database.dialect.laws():
            yield f"DROP TRIGGER {law.split()[2]}"


def grown(url: str, documents: int) -> Job:
    """A store with so many documents: few of them made, the others copied row by row beside the laws."""
    store = SqlRepository(url)
    job = Job(store)
    job.run(job.prepared(_SEED))
    database = store._database
    for statement in (
        *_laws(database, on=False),
        *_copies(documents // _SEED - 1),
        *_laws(database, on=True),
        "ANALYZE",
    ):
        _run(database, statement)
    store.close()
    return Job.opened(SqlRepository(url), job, 10_000_000)


def _copies(copies: int) -> Iterator[str]:
    yield "CREATE TABLE numbers (n BIGINT PRIMARY KEY)"
    for table in _NAMED:
        yield f"CREATE TABLE seed_{table} AS SELECT * FROM {table}"
    for first in range(1, copies + 1, _AT_ONCE):
        yield "DELETE FROM numbers"
        numbers = ", ".join(f"({n})" for n in range(first, min(first + _AT_ONCE, copies + 1)))
        yield f"INSERT INTO numbers VALUES {numbers}"
        for table, named in _NAMED.items():
            columns = [f'"{column.name}"' for column in metadata.tables[table].columns]
            values = [f"{name} || '-' || n" if name.strip('"') in named else name for name in columns]
            yield f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM seed_{table}, numbers"
    for table in ("numbers", *(f"seed_{table}" for table in _NAMED)):
        yield f"DROP TABLE {table}"


def growth(rounds: int, documents: int, folder: Path) -> None:
    """S8: the reference job beside many documents, over the same beside a thousand."""
    _grew("S8 SQLite", rounds, *[grown(f"sqlite:///{folder / f'{n}.db'}", n) for n in (1000, documents)], documents)
    with postgres() as server, server.database() as few, server.database() as many:
        _grew("S8 PostgreSQL", rounds, grown(few, 1000), grown(many, documents), documents)


def _grew(name: str, rounds: int, few: Job, many: Job, documents: int) -> None:
    ratios = []
    for _ in range(rounds + 1):
        times = [timed(partial(job.run, job.prepared(15))) for job in (few, many)]
        ratios.append(tuple(b / a for a, b in zip(*times, strict=True)))
    for i, kind in enumerate(("CPU", "wall")):
        # The first round reads what the others find in memory.
        found = sorted(ratio[i] for ratio in ratios[1:])
        print(
            f"{name:27}{kind:5} {documents:,} documents over 1,000: ratio {statistics.median(found):.2f} "
            f"({found[0]:.2f}-{found[-1]:.2f})  goal <= 1.2"
        )
    for job in (few, many):
        job.desk.env.repository.close()  # type: ignore[attr-defined]  # a SQL store's own


def loading(rounds: int, folder: Path) -> None:
    """S10: rows of `find`, and whole documents, of a store of 100,000."""
    _loaded("S10 SQLite", rounds, grown(f"sqlite:///{folder / 'loading.db'}", 100_000))
    with postgres() as server, server.database() as url:
        _loaded("S10 PostgreSQL", rounds, grown(url, 100_000))


def _loaded(name: str, rounds: int, job: Job) -> None:
    store = job.desk.env.repository
    rates: dict[str, list[float]] = {"rows of find": [], "whole documents": []}
    for _ in range(rounds):
        began, after, ids = time.perf_counter(), "", []
        while page := store.find(after=after, limit=10_000):
            ids += [row.id for row in page]
            after = ids[-1]
        rates["rows of find"].append(len(ids) / (time.perf_counter() - began))
        began = time.perf_counter()
        found = sum(len(store.look(Look(documents=tuple(ids[i : i + 500]))).documents) for i in range(0, 20_000, 500))
        rates["whole documents"].append(found / (time.perf_counter() - began))
    for (what, each), goal in zip(rates.items(), ("60,000", "20,000"), strict=True):
        print(
            f"{name:24}{what:16} {statistics.median(each):9,.0f} /s ({min(each):,.0f}-{max(each):,.0f})  goal >= {goal}"
        )
    store.close()  # type: ignore[attr-defined]  # a SQL store's own
