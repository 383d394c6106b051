"""`python -m benchmarks`: S1, S2, S6, S7, S9 with their floors, and the time of `conform`; ratios within this run."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from .accounts import accounts
from .bulk import bulk_acts
from .crowd import crowd
from .growth import growth, loading
from .measure import timed
from .split import splitting
from .stores import memory, postgresql, sqlite
from .use_rows import use_rows


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


ALL = (
    *("memory", "sqlite", "postgresql", "crowd", "growth", "loading", "bulk", "use_rows", "split", "accounts"),
    *("import", "conform"),
)


def main() -> None:
    """Runs what was asked for, or all."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[*ALL, "peers", []])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--documents", type=int, default=100_000, help="as many does S8 go up to")
    parser.add_argument("--postings", type=int, default=1_000_000, help="over as many does S7 account")
    asked = parser.parse_args()
    wanted = set(asked.only) or set(ALL)
    if "memory" in wanted:
        memory(asked.rounds, 200)
    if "sqlite" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            sqlite(asked.rounds, 40, Path(folder))
    if "postgresql" in wanted:
        postgresql(asked.rounds, 40)
    if "crowd" in wanted:
        crowd(max(3, asked.rounds // 3), 15)
    if "growth" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            growth(asked.rounds, asked.documents, Path(folder))
    if "loading" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            loading(max(3, asked.rounds // 3), Path(folder))
    if "bulk" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            bulk_acts(min(asked.rounds, 5), 256, Path(folder))
    if "use_rows" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            use_rows(min(asked.rounds, 3), Path(folder))
    if "peers" in asked.only:
        from .peers import peers

        with tempfile.TemporaryDirectory() as folder:
            peers(asked.rounds, 40, Path(folder))
    if "split" in wanted:
        splitting(asked.rounds)
    if "accounts" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            accounts(asked.rounds, asked.postings, Path(folder))
    if "import" in wanted:
        importing(asked.rounds)
    shared = Path(os.environ.get("EXPENSE_POLICY_SHARED", Path(__file__).parents[2] / "shared"))
    if "conform" in wanted and (shared / "data").is_dir():
        conform(shared, 3)


if __name__ == "__main__":
    main()
