"""S6: costs split a second by largest remainder, beside the bare arithmetic of it."""

from __future__ import annotations

import random
import statistics

from expense_policy.domain.money import split

from .measure import timed

COSTS = 20_000


def _down(units: int, weights: list[int]) -> list[int]:
    total = sum(weights)
    return [units * weight // total for weight in weights]


def splitting(rounds: int) -> None:
    """Costs of any amount among three to twelve, by weights as they come; the floor rounds down and loses units."""
    draw = random.Random(6)
    costs = [
        (draw.randint(-(10**6), 10**9), [draw.randint(0, 500) for _ in range(draw.randint(2, 11))] + [1])
        for _ in range(COSTS)
    ]
    floor, own = [], []
    for _ in range(rounds):
        floor.append(timed(lambda: [_down(units, weights) for units, weights in costs])[0])
        own.append(timed(lambda: [split(units, weights) for units, weights in costs])[0])
    assert all(sum(split(units, weights)) == units for units, weights in costs)
    rates = sorted(COSTS / took for took in own)
    ratio = statistics.median(o / f for o, f in zip(own, floor, strict=True))
    print(
        f"S6 split    {statistics.median(rates):,.0f} costs/s ({rates[0]:,.0f}-{rates[-1]:,.0f}), {ratio:.2f} times "
        "rounding down  goal >= 200,000 /s"
    )
