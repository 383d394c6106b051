"""S4: sixteen processes at once on PostgreSQL, each on a line of its own, and all on one hot line."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable
from functools import partial

from expense_adapters.sql import SqlRepository, databases

from .floors import PostgresFloor, recorded
from .job import Job
from .servers import postgres

WRITERS = 16
_FORK = multiprocessing.get_context("fork")


def together(work: list[Callable[[], Callable[[], None]]]) -> float:
    """Seconds from when all are ready until the last is done; each is made ready in a process of its own."""
    ready, done = _FORK.Barrier(len(work) + 1), _FORK.Barrier(len(work) + 1)

    def run(prepare: Callable[[], Callable[[], None]]) -> None:
        act = prepare()
        ready.wait(120)
        act()
        done.wait(300)

    writers = [_FORK.Process(target=run, args=(each,)) for each in work]
    for writer in writers:
        writer.start()
    ready.wait(120)
    began = time.perf_counter()
    done.wait(300)
    took = time.perf_counter() - began
    for writer in writers:
        writer.join()
    return took


def crowd(rounds: int, expenses: int) -> None:
    """Expenses a second of floor and library, and the share that the library reaches."""
    for name, goal in (("own lines", ">= 50 %"), ("one hot line", ">= 65 %")):
        lines = WRITERS if name == "own lines" else 1
        floors, own = [], []
        for _ in range(rounds):
            with postgres() as server, server.database() as a, server.database() as b, server.database() as c:
                floors.append(_floor(a, b, lines, expenses))
                own.append(_library(c, lines, expenses))
        count = WRITERS * expenses
        shares = sorted(f / o for f, o in zip(floors, own, strict=True))
        each = [count / statistics.median(times) for times in (floors, own)]
        print(
            f"S4 {WRITERS} writers, {name:13} floor {each[0]:7.0f} /s  library {each[1]:7.0f} /s  "
            f"share {statistics.median(shares):5.0%} ({shares[0]:.0%}-{shares[-1]:.0%})  goal {goal}"
        )


def _floor(record: str, url: str, lines: int, expenses: int) -> float:
    """The changes of every writer, recorded one after another, done again by all at once."""
    database = databases.opened(record)
    store, recording = recorded(database)
    job = Job(store, lines)
    opening = len(recording.log)
    parts = []
    for i in range(WRITERS):
        begun = len(recording.log)
        job.run(job.prepared(expenses, i % lines))
        parts.append(recording.log[begun:])
    database.close()
    first = PostgresFloor(url)
    first.run(first.prepared(recording.log[:opening]))
    first.connection.close()

    def prepare(i: int) -> Callable[[], None]:
        floor = PostgresFloor(url)
        return partial(floor.run, floor.prepared(parts[i]))

    return together([partial(prepare, i) for i in range(WRITERS)])


def _library(url: str, lines: int, expenses: int) -> float:
    """The acts of every writer, each at a desk of its own; no line may be overdrawn by them."""
    store = SqlRepository(url, connections=1)
    job = Job(store, lines)
    store.close()

    def prepare(i: int) -> Callable[[], None]:
        mine = Job.opened(SqlRepository(url, connections=1), job, i * 1_000_000)
        return partial(mine.run, mine.prepared(expenses, i % lines))

    took = together([partial(prepare, i) for i in range(WRITERS)])
    store = SqlRepository(url, connections=1)
    spent = sum(line.spent for line in store.lines())
    assert min(line.available for line in store.lines()) >= 0
    assert spent == WRITERS * expenses * 1_000_000, spent
    store.close()
    return took
