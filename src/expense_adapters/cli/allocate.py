"""`expense-policy allocate`: an amount by weights, or the pools of a file by direct, step-down or reciprocal (R1.2)."""

from __future__ import annotations

import json
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from expense_adapters._reading import why
from expense_adapters.cli.say import Json, fail, put_json
from expense_policy.domain.allocation import NAMES_MAX, Allocation, Method, SharedCosts, a_quantity
from expense_policy.domain.money import Money, split

SIZE_MAX = 1_000_000
"""As many bytes a file has at most."""
_NEEDED, _PERHAPS = frozenset({"method", "pools", "usage"}), frozenset({"own", "order"})
_METHODS = ", ".join(Method)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("allocate")(allocate)


def allocate(
    amount: Annotated[str | None, typer.Option(help='What is split, such as "100.00".')] = None,
    weights: Annotated[str | None, typer.Option(help='By what, such as "1,1,1" or "0.5,0.25".')] = None,
    file: Annotated[Path | None, typer.Option(help=f"Pools and who uses them (JSON): {_METHODS}.")] = None,
    currency: Annotated[str, typer.Option(help="Its ISO 4217 code.")] = "CNY",
    as_json: Json = False,
) -> None:
    """Splits an amount by weights, or allocates shared costs; the parts add up to the unit. Always JSON."""
    try:
        if file is not None and amount is None and weights is None:
            found = Allocation.of(_costs(file, currency))
            put_json({"to": {name: str(part) for name, part in found.to.items()}, "total": str(found.total)})
        elif file is None and amount is not None and weights is not None:
            whole = Money.of(amount, currency)
            parts = split(whole.units, _whole(weights))
            put_json({"parts": [str(Money(part, currency)) for part in parts]})
        else:
            raise ValueError("give --amount and --weights, or --file")
    except (TypeError, ValueError) as error:
        fail(str(error) if file is None else f"{file}: {error}")


def _whole(weights: str) -> list[int]:
    """Weights as whole numbers in the same proportion, exactly."""
    each = weights.split(",", NAMES_MAX)
    if len(each) > NAMES_MAX:
        raise ValueError(f"at most {NAMES_MAX} weights")
    for weight in each:
        a_quantity("each weight", weight)
    exact = [Fraction(weight) for weight in each]
    if not any(exact):
        raise ValueError("one of the weights at least is above 0")
    scale = lcm(*[weight.denominator for weight in exact])
    return [int(weight * scale) for weight in exact]


class _Number(str):
    """A number of the file as it is written there: never a float."""


def _costs(file: Path, currency: str) -> SharedCosts:
    try:
        with file.open("rb") as opened:
            data = opened.read(SIZE_MAX + 1)
        if len(data) > SIZE_MAX:
            raise ValueError(f"is larger than {SIZE_MAX} bytes")
        told = json.loads(
            data.decode("utf-8-sig"),
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=_no_number,
            object_pairs_hook=_once,
        )
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(why(error)) from None
    table = _table("the file", told)
    for names, what in ((table.keys() - _NEEDED - _PERHAPS, "not known"), (_NEEDED - table.keys(), "missing")):
        if names:
            raise ValueError(f"{', '.join(sorted(names))}: {what}")
    if table["method"] not in tuple(Method) or type(table["method"]) is not str:
        raise ValueError(f"method is one of {_METHODS}")
    order = table.get("order", [])
    if type(order) is not list or any(type(each) is not str for each in order):
        raise ValueError("order is a list of names")
    usage = {pool: _quantities(f"usage.{pool}", row) for pool, row in _table("usage", table["usage"]).items()}
    pools, own = (_amounts(key, table.get(key, {}), currency) for key in ("pools", "own"))
    return SharedCosts.of(Method(table["method"]), pools, usage, own, order)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        twice = next(key for key, _ in pairs if sum(other == key for other, _ in pairs) > 1)
        raise ValueError(f"{twice!r} stands there twice")
    return table


def _table(name: str, value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise ValueError(f"{name} is a table of names")
    return value


def _amounts(name: str, value: Any, currency: str) -> dict[str, Money]:
    found = {}
    for key, amount in _table(name, value).items():
        if type(amount) is not str:
            raise ValueError(f'{name}.{key} is an amount as text, such as "80000.00"')
        try:
            found[key] = Money.of(amount, currency)
        except ValueError as error:
            raise ValueError(f"{name}.{key}: {error}") from None
    return found


def _quantities(name: str, value: Any) -> dict[str, str | int]:
    for key, number in _table(name, value).items():
        if type(number) not in (str, _Number):
            raise ValueError(f"{name}.{key} is a number")
        a_quantity(f"{name}.{key}", str(number))
    return {key: str(number) for key, number in value.items()}
