"""`python -m benchmarks`: S1, S2 and S9 with their floors, and the time of `conform`; ratios within this run."""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from expense_adapters.memory import MemoryRepository
from expense_adapters.sql import SqlRepository

from .floors import DictFloor, RecordingStore, SqlFloor
from .job import ACTS, Job

Timed = tuple[float, float]


def timed(run: Callable[[], object]) -> Timed:
    """CPU and wall seconds of one run, after a collection."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - cpu, time.perf_counter() - wall


def show(name: str, floor: list[Timed], own: list[Timed], expenses: int, goals: tuple[str, str]) -> None:
    """Microseconds an expense of floor and library, and the median ratio with its spread, for CPU and wall."""
    for i, (kind, goal) in enumerate(zip(("CPU", "wall"), goals, strict=True)):
        ratios = sorted(o[i] / f[i] for f, o in zip(floor, own, strict=True))
        each = [statistics.median(t[i] for t in side) / expenses * 1e6 for side in (floor, own)]
        print(
            f"{name:11}{kind:5} floor {each[0]:8.1f} us  library {each[1]:8.1f} us  "
            f"ratio {statistics.median(ratios):6.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})  goal {goal}"
        )


def memory(rounds: int, expenses: int) -> None:
    """S1: the reference job on the memory adapter."""
    job, floor = Job(MemoryRepository()), DictFloor()
    job.run(job.prepared(20))
    floors, own = [], []
    for _ in range(rounds):
        prepared = job.prepared(expenses)
        floors.append(timed(partial(floor.run, expenses)))
        own.append(timed(partial(job.run, prepared)))
    show("S1 memory", floors, own, expenses, ("<= 8.5", "-"))


def sqlite(rounds: int, expenses: int, folder: Path) -> None:
    """S2: the reference job on SQLite, WAL and synchronous=FULL."""
    recording = RecordingStore(f"sqlite:///{folder / 'record.db'}")
    job = Job(recording)
    opening = len(recording.log)
    job.run(job.prepared(rounds * expenses))
    floor = SqlFloor(folder / "floor.db")
    # The first transaction made the schema, which the floor has already.
    floor.run(recording.log[1:opening])
    steps = recording.log[opening:]
    assert len(steps) == rounds * expenses * ACTS
    own_job = Job(SqlRepository(f"sqlite:///{folder / 'own.db'}"))
    floors, own = [], []
    for i in range(rounds):
        part = steps[i * expenses * ACTS : (i + 1) * expenses * ACTS]
        prepared = own_job.prepared(expenses)
        floors.append(timed(partial(floor.run, part)))
        own.append(timed(partial(own_job.run, prepared)))
    show("S2 SQLite", floors, own, expenses, ("<= 2.5", "<= 1.5"))


def importing(rounds: int) -> None:
    """S9: `import expense_policy` over bare Python, and with every name of its face."""

    def run(program: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        return time.perf_counter() - start

    whole = "import expense_policy as e; [getattr(e, n) for n in e.__all__]"
    took = {name: [] for name in ("pass", "import expense_policy", whole)}  # type: dict[str, list[float]]
    for _ in range(rounds):
        for program, times in took.items():
            times.append(run(program))
    bare, face, names = (statistics.median(times) * 1000 for times in took.values())
    print(f"S9 import   over bare Python {face - bare:.0f} ms, with every name {names - bare:.0f} ms  goal <= 150 ms")


def conform(shared: Path, rounds: int) -> None:
    """The two real logs through `conform`."""
    from expense_adapters.conform import judge, read_rules

    rules = Path(__file__).parent.parent / "examples" / "conform"
    for log, rule in (("DomesticDeclarations", "declarations"), ("RequestForPayment", "requests")):
        (path,) = (shared / "data" / "bpi2020").glob(f"events_{log}.csv.gz")
        read = read_rules(rules / f"{rule}.toml")
        times = [timed(partial(judge, path, read))[1] for _ in range(rounds)]
        print(f"conform {log}: {statistics.median(times):.2f} s  goal <= 5 s")


def main() -> None:
    """Runs what was asked for, or all."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", choices=["memory", "sqlite", "import", "conform", []])
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    wanted = set(asked.only) or {"memory", "sqlite", "import", "conform"}
    if "memory" in wanted:
        memory(asked.rounds, 200)
    if "sqlite" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            sqlite(asked.rounds, 40, Path(folder))
    if "import" in wanted:
        importing(asked.rounds)
    shared = Path(os.environ.get("EXPENSE_POLICY_SHARED", Path(__file__).parents[2] / "shared"))
    if "conform" in wanted and (shared / "data").is_dir():
        conform(shared, 3)


if __name__ == "__main__":
    main()
