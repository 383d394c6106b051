"""How a run is timed, and how two are shown side by side."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence

Timed = tuple[float, float]
"""CPU and wall seconds."""


def timed(run: Callable[[], object]) -> Timed:
    """CPU and wall seconds of one run, after a collection."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - cpu, time.perf_counter() - wall


def show(name: str, floor: list[Timed], own: list[Timed], count: int, goals: Sequence[str]) -> None:
    """Microseconds each of floor and library, and the median ratio with its spread, for CPU and wall."""
    for i, (kind, goal) in enumerate(zip(("CPU", "wall"), goals, strict=True)):
        ratios = sorted(o[i] / f[i] for f, o in zip(floor, own, strict=True))
        each = [statistics.median(t[i] for t in side) / count * 1e6 for side in (floor, own)]
        print(
            f"{name:27}{kind:5} floor {each[0]:8.1f} us  library {each[1]:8.1f} us  "
            f"ratio {statistics.median(ratios):6.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})  goal {goal}"
        )
