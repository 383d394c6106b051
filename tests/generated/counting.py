"""Counting without the library: wholes in parts, months, estimates, vouchers' keys, shared costs; what years are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from expense_policy.testing.oracle import fold

Dict = dict[str, Any]
Units = dict[str, int]
Place = tuple[str, str | None]
"""A department, perhaps with a project of it."""
CATEGORY = {"holiday_gift": "care_gifts", "sms": "communication", "discount": "promotion", "venue_rental": "venue"}
COUNTED = {
    "accrual": ("incurred", "final", "recorded", "allocated"),
    "cash": ("paid", "set_off", "recorded", "allocated"),
}
"""What a month's costs are made of."""
PROJECTS = ("spring",)
COMPANY = "Qinghe"
PAYABLE = ("application", "claim")
BUDGETS = ("budget_plan", "budget_adjustment", "supplementary_request")
OPEN = ("in_review", "approved")
GIVEN_BACK = ("returned", "rejected", "withdrawn", "expired")
LIMIT = 10_000
"""Up to it the deputy signs last, above it the general manager."""
ALONE = {"holiday_gift": 5_000}
"""Up to which amount a claim of a type is taken without an application."""


def month_of(day: date) -> int:
    """Months since year 0."""
    return day.year * 12 + day.month - 1


def text_of(month: int) -> str:
    """A month as it is written."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def parted(whole: int, weights: Mapping[str, int | Fraction]) -> Units:
    """A whole by weights: everyone the whole units of his share, then one each to whose share was cut most."""
    if not whole:
        return dict.fromkeys(weights, 0)
    sign, total = (1 if whole > 0 else -1), sum(weights.values(), Fraction(0))
    exact = {name: Fraction(abs(whole)) * weight / total for name, weight in weights.items()}
    found = {name: int(share) for name, share in exact.items()}
    cut = sorted(exact, key=lambda name: found[name] - exact[name])
    for name in cut[: abs(whole) - sum(found.values())]:
        found[name] += 1
    return {name: sign * units for name, units in found.items()}


def voucher_keys(v: Dict) -> tuple[tuple[str, ...], ...]:
    """What a voucher is told by: an invoice's digits, issuer and number, or both, whatever way they are written."""
    number, code, issuer = (
        fold(text).replace("o", "0").replace("l", "1").replace("i", "1")
        for text in (v["number"], v["code"], v["issuer"])
    )
    if len(digits := code + number) in (18, 20) and digits.isdecimal():
        return (("invoice", digits.lstrip("0")), *([(issuer, number)] if code else []))
    return ((issuer, number),)


def estimate(basis: tuple[str, Any]) -> int:
    """What a line's basis comes to: activities, so many at a price, last year's × growth, the line through years."""
    kind, of = basis
    if kind == "activities":
        return int(sum(of))
    if kind == "drivers":
        return int(sum(count * price for count, price in of))
    if kind == "last_year":
        actual, growth_bp = of
        return int(Fraction(actual * (10_000 + growth_bp), 10_000) + Fraction(1, 2))
    n, xs = len(of), range(len(of))
    slope = Fraction(
        n * sum(x * y for x, y in zip(xs, of, strict=True)) - sum(xs) * sum(of),
        n * sum(x * x for x in xs) - sum(xs) ** 2,
    )
    return max(0, int(Fraction(sum(of), n) + slope * (n - Fraction(n - 1, 2)) + Fraction(1, 2)))


def _served(terms: Dict, pool: str, among: Iterable[str]) -> dict[str, Fraction]:
    """Who uses a pool, and how much of it, of those who come in question."""
    used = {by: quantity for (of, by), quantity in terms["used"].items() if of == pool and by != pool and quantity}
    return {by: Fraction(used[by]) for by in sorted(among) if by in used}


def _direct(terms: Dict, amounts: Units, receivers: list[str]) -> Units:
    found = Counter(dict.fromkeys(receivers, 0))
    for pool, units in amounts.items():
        found.update(parted(units, _served(terms, pool, receivers)))
    return dict(found)


def _step_down(terms: Dict, amounts: Units, receivers: list[str]) -> Units:
    by_size = sorted(amounts, key=lambda pool: (-abs(amounts[pool]), pool))
    waiting, found = list(terms["order"] or by_size), Counter({**dict.fromkeys(receivers, 0), **amounts})
    while waiting:
        pool = waiting.pop(0)
        found.update(parted(found[pool], _served(terms, pool, [*waiting, *receivers])))
    return {name: found[name] for name in receivers}


def _reciprocal(terms: Dict, amounts: Units, receivers: list[str]) -> Units:
    """One pool after the other is taken out: whoever has a part of it has parts of what it is made of instead."""
    everyone = [*amounts, *receivers]
    shares = {pool: _served(terms, pool, everyone) for pool in amounts}
    for pool, used in shares.items():
        whole = sum(used.values(), Fraction(0))
        shares[pool] = {by: quantity / whole for by, quantity in used.items()}
    for gone in amounts:
        again = shares[gone].pop(gone, Fraction(0))
        shares[gone] = {by: share / (1 - again) for by, share in shares[gone].items()}
        for pool in amounts:
            part = shares[pool].pop(gone, Fraction(0)) if pool != gone else Fraction(0)
            for by, share in shares[gone].items():
                if part:
                    shares[pool][by] = shares[pool].get(by, Fraction(0)) + part * share
    exact = {
        name: sum((amounts[p] * shares[p].get(name, Fraction(0)) for p in amounts), Fraction(0)) for name in receivers
    }
    return _whole(exact)


def _whole(exact: Mapping[str, Fraction]) -> Units:
    """Whole units in place of exact ones, in the sum of which none is lost."""
    found = {name: int(share) for name, share in exact.items()}
    left = int(sum(exact.values(), Fraction(0))) - sum(found.values())
    sign = 1 if left > 0 else -1
    for name in sorted(exact, key=lambda name: sign * (found[name] - exact[name]))[: abs(left)]:
        found[name] += sign
    return found


METHODS = {"direct": _direct, "step_down": _step_down, "reciprocal": _reciprocal}
"""How pools reach the receivers, by the method: pools, amounts and receivers by name."""
