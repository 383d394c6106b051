"""S7: monthly accounts, execution and limits over many postings, beside the engine's own GROUP BY; memory beside it."""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from expense_adapters.sql import SqlRepository
from expense_policy.domain.accounting import GROUPED
from expense_policy.domain.periods import Month
from expense_policy.ports.repository import Look, Sum

from .growth import _run
from .job import Job
from .measure import timed
from .servers import postgres

MONTH = Month(2026, 1)
LINES = tuple(f"line-{n}" for n in range(20))
_AT_ONCE = 200_000
_FEW = 10_000

_TYPES = "CASE n % 4 WHEN 0 THEN 'sms' WHEN 1 THEN 'phone' WHEN 2 THEN 'holiday_gift' ELSE 'repair' END"
_ROW = (
    "'d' || n, CASE n % 3 WHEN 0 THEN 'recorded' ELSE 'incurred' END, 1, 'line-' || (n % 200), 1,"
    " '2026-' || substr('010203040506070809101112', 1 + 2 * (n % 12), 2), '2026-01-09', 'department-' || (n % 17),"
    f" CASE WHEN n % 5 = 0 THEN 'project-' || (n % 31) ELSE '' END, 'category-' || (n % 7), {_TYPES},"
    " '6601.' || (n % 14), n % 100000 + 1, NULL, '', '', NULL"
)
_COLUMNS = (
    "document, source, number, line, seq, month, on_day, department, project, category, type, account, units, reverses,"
    " corrects, reference, book_number"
)


def _filled(url: str, postings: int) -> None:
    """A store with a policy in force and so many postings, put there by plain SQL beside the laws; January closed."""
    store = SqlRepository(url)
    job, database = Job(store), store._database
    sqlite = database.dialect.name == "sqlite"
    laws = [law for law in database.dialect.laws() if " postings" in law] if sqlite else []
    for law in laws:
        _run(database, f"DROP TRIGGER {law.split()[2]}")
    if not sqlite:
        _run(database, "ALTER TABLE postings DISABLE TRIGGER USER")
    for first in range(0, postings, _AT_ONCE):
        last = min(first + _AT_ONCE, postings) - 1
        numbers = (
            f"WITH RECURSIVE numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) "
            f"SELECT {_ROW} FROM numbers"
            if sqlite
            else f"SELECT {_ROW} FROM generate_series({first}, {last}) n"
        )
        _run(database, f"INSERT INTO postings ({_COLUMNS}) {numbers}")
    for law in laws:
        _run(database, law)
    if not sqlite:
        _run(database, "ALTER TABLE postings ENABLE TRIGGER USER")
    _run(database, "ANALYZE")
    job.desk.closing.close(MONTH, actor="officer")
    store.close()


def _asked(store: SqlRepository) -> dict[str, tuple[Callable[[], object], str, tuple[Any, ...]]]:
    """What is asked through the port, and the statement that the engine answers it by."""
    job = Job.__new__(Job)
    job._open(store, _clock(), 0)
    grouped = ", ".join(GROUPED)
    limit = Sum("postings", (), (("month", str(MONTH)), ("department", "department-3"), ("type", "sms")))
    execution = Sum("postings", ("line", "month"), (("line", LINES),))
    places = ", ".join("?" * len(LINES))
    return {
        "accounts of a month": (
            lambda: job.desk.accounts(MONTH),
            f"SELECT {grouped}, SUM(units) FROM postings WHERE month = ? GROUP BY {grouped}",
            (str(MONTH),),
        ),
        "execution of 20 lines": (
            lambda: store.look(Look(sums=(execution,))),
            f"SELECT line, month, SUM(units) FROM postings WHERE line IN ({places}) GROUP BY line, month",
            LINES,
        ),
        "a limit of a month": (
            lambda: store.look(Look(sums=(limit,))),
            "SELECT SUM(units) FROM postings WHERE month = ? AND department = ? AND type = ?",
            (str(MONTH), "department-3", "sms"),
        ),
    }


def _clock() -> Any:
    from datetime import datetime, timezone

    from .job import Stopped

    clock = Stopped()
    clock.at = datetime(2026, 2, 3, 1, tzinfo=timezone.utc)
    return clock


def _plain(store: SqlRepository, statement: str, values: tuple[Any, ...]) -> Callable[[], object]:
    """The engine's own driver."""
    database: Any = store._database
    if database.dialect.name == "sqlite":
        connection = database.get()
        return lambda: connection.execute(statement, values).fetchall()
    said = statement
    for n in range(1, len(values) + 1):
        said = said.replace("?", f"${n}", 1)

    def run() -> object:
        connection = database.get()
        try:
            return connection.execute(said, values).fetchall()
        finally:
            database.give(connection)

    return run


def _measured(url: str, rounds: int) -> dict[str, list[float]]:
    """The wall of each question over that of its statement, round by round."""
    store, found = SqlRepository(url), dict[str, list[float]]()
    for name, (ask, statement, values) in _asked(store).items():
        plain = _plain(store, statement, values)
        ratios = []
        for turn in range(rounds + 1):
            # They take turns at going first, so that neither always finds what the other read.
            took = {run: timed(run)[1] for run in ((plain, ask) if turn % 2 else (ask, plain))}
            ratios.append(took[ask] / took[plain])
        # The first round reads what the others find in memory.
        found[name] = sorted(ratios[1:])
    store.close()
    return found


def _peak(url: str) -> tuple[float, float, int]:
    """Megabytes at the peak before anything is asked and after all of it, entries of the month read through."""
    store = SqlRepository(url)
    asked = _asked(store)
    store.policies()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for ask, _, _ in asked.values():
        ask()
    job = Job.__new__(Job)
    job._open(store, _clock(), 0)
    (last,) = deque(job.desk.closing.entries(MONTH), maxlen=1)
    store.close()
    return before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, last.number


def _alone(run: Callable[..., Any], *given: Any) -> Any:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(run, *given).result()


def _told(name: str, few: str, many: str, postings: int, rounds: int) -> None:
    began = time.perf_counter()
    _filled(few, _FEW)
    _filled(many, postings)
    print(f"S7 {name}: filled, January closed, in {time.perf_counter() - began:.0f} s")
    for what, ratios in _alone(_measured, many, rounds).items():
        print(
            f"S7 {name:11}{what:23}{postings:,} postings, wall over GROUP BY: ratio {statistics.median(ratios):.2f} "
            f"({ratios[0]:.2f}-{ratios[-1]:.2f})  goal <= 1.2"
        )
    peaks = [_alone(_peak, url) for url in (few, many)]
    shown = ", ".join(f"{after:.0f} MB (before {before:.0f}) with {n:,} entries" for before, after, n in peaks)
    print(f"S7 {name:11}peak of memory {shown}  goal: flat")


def _places(folder: Path) -> Iterator[tuple[str, str, str]]:
    yield "SQLite", f"sqlite:///{folder / 'few.db'}", f"sqlite:///{folder / 'many.db'}"
    with postgres() as server, server.database() as few, server.database() as many:
        yield "PostgreSQL", few, many


def accounts(rounds: int, postings: int, folder: Path) -> None:
    """S7 on both engines."""
    for name, few, many in _places(folder):
        _told(name, few, many, postings, rounds)
