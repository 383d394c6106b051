"""Shared costs are allocated exactly: nothing is lost, whoever is listed first, whatever the method (R1.2, I24)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expense_adapters.cli import allocate, guard
from expense_policy.domain.allocation import (
    NAMES_MAX,
    POOLS_MAX,
    Allocation,
    Cost,
    Method,
    SharedCosts,
    Used,
    solved,
)
from expense_policy.domain.money import UNITS_MAX, Money, apportioned, split

UNITS = st.integers(-(10**12), 10**12)
QUANTITIES = st.one_of(
    st.integers(0, 5).map(str),
    st.integers(0, 10**16 - 1).map(str),
    st.tuples(st.integers(0, 9999), st.integers(1, 10**12 - 1)).map(lambda two: f"{two[0]}.{two[1]}"),
)
POOLS, RECEIVERS = ("HR", "IT", "Legal"), ("Assembly", "Machining", "售后支持")


def money(units: int) -> Money:
    """So many fen."""
    return Money(units, "CNY")


@st.composite
def shared(draw: st.DrawFn, serving: bool = True) -> SharedCosts:
    """Up to three pools that some of three receivers use, and each other where they are `serving`."""
    pools = draw(st.lists(st.sampled_from(POOLS), min_size=1, unique=True))
    used: dict[str, dict[str, str | int]] = {}
    for pool in pools:
        users = [*RECEIVERS, *(pools if serving else [])]
        row: dict[str, str | int] = dict(draw(st.dictionaries(st.sampled_from(users), QUANTITIES)))
        # A receiver is there for each: otherwise nothing of it could be allocated.
        row[draw(st.sampled_from(RECEIVERS))] = draw(st.integers(1, 50))
        used[pool] = row
    amounts = {pool: money(draw(UNITS)) for pool in pools}
    own = {name: money(draw(UNITS)) for name in draw(st.lists(st.sampled_from(RECEIVERS), unique=True))}
    order = draw(st.permutations(pools)) if draw(st.booleans()) else []
    return SharedCosts.of(draw(st.sampled_from(Method)), amounts, used, own, order)


def by_method(costs: SharedCosts, method: Method) -> Allocation:
    """The same costs by another method."""
    return Allocation.of(attrs.evolve(costs, method=method))


@pytest.mark.clause("R1.2")
@given(shared())
def test_nothing_is_lost(costs: SharedCosts) -> None:
    """What the receivers have in the end is all there was, and every pool's parts are the pool, exactly (I24)."""
    found = Allocation.of(costs)
    own = sum(each.amount.units for each in costs.own)
    pools = {pool.name: pool.amount.units for pool in costs.pools}
    assert sum(part.units for part in found.to.values()) == found.total.units == own + sum(pools.values())
    assert sum(part.units for part in found.received.values()) == sum(pools.values())
    if costs.method is Method.RECIPROCAL:
        pools = {"": sum(pools.values())}
    elif costs.method is Method.STEP_DOWN:
        pools = {name: int(gross) for name, gross in found.gross.items()}
    for name, units in pools.items():
        assert sum(part.amount.units for part in found.parts if part.pool == name) == units


@pytest.mark.clause("R1.2")
@given(shared())
def test_a_part_is_less_than_a_unit_from_its_share(costs: SharedCosts) -> None:
    """Every whole is rounded once: each part is less than a unit from its exact share, and 0 where that is 0 (I24)."""
    found = Allocation.of(costs)
    for part in found.parts:
        exact = _exact(found, part.pool, part.to)
        assert abs(part.amount.units - exact) < 1
        assert part.odd == (abs(part.amount.units) > abs(exact)), "who got the odd unit is named"


def _exact(found: Allocation, pool: str, to: str) -> Fraction:
    """The exact share of a part, worked out from the amounts used and what the pool came to."""
    costs = found.costs
    at = {name: i for i, name in enumerate(costs.steps)}
    shares = Fraction(0)
    for name in [pool] if pool else [each.name for each in costs.pools]:
        later = [other for other in at if costs.method is Method.RECIPROCAL or at[other] > at[name]]
        pools = [] if costs.method is Method.DIRECT else later
        row = {u.by: Fraction(u.quantity) for u in costs.used if u.pool == name and u.by != name}
        among = {by: quantity for by, quantity in row.items() if by in pools or by in costs.receivers}
        shares += found.gross[name] * among.get(to, 0) / sum(among.values())
    return shares


@pytest.mark.clause("R1.2")
@given(shared())
def test_what_is_below_0_mirrors_what_is_above(costs: SharedCosts) -> None:
    """Costs of the opposite sign are allocated in the opposite parts, to the same receivers of odd units (I24)."""
    minus = attrs.evolve(
        costs,
        pools=tuple(Cost(each.name, each.amount * -1) for each in costs.pools),
        own=tuple(Cost(each.name, each.amount * -1) for each in costs.own),
    )
    mirrored = [attrs.evolve(part, amount=part.amount * -1) for part in Allocation.of(minus).parts]
    assert mirrored == list(Allocation.of(costs).parts)


@pytest.mark.clause("R1.2")
@given(shared(), st.randoms(use_true_random=False))
def test_the_order_of_the_list_counts_for_nothing(costs: SharedCosts, random: Any) -> None:
    """The same costs, in whatever order their names are listed, come to the same parts (I24)."""
    listed: dict[str, Any] = {name: list(getattr(costs, name)) for name in ("pools", "used", "own")}
    for each in listed.values():
        random.shuffle(each)
    other = SharedCosts(costs.method, **{name: tuple(each) for name, each in listed.items()}, order=costs.order)
    assert Allocation.of(other).parts == Allocation.of(costs).parts


@pytest.mark.clause("R1.2")
@given(UNITS, st.integers(1, 12))
def test_equal_weights_differ_by_one_unit_at_most(units: int, receivers: int) -> None:
    """Among those who use as much nobody bears a unit more than another but the first of them (I24)."""
    row: dict[str, str | int] = {f"r{i:02}": "2.5" for i in range(receivers)}
    costs = SharedCosts.of(Method.DIRECT, {"": money(units)}, {"": row})
    parts = [part.amount.units for part in Allocation.of(costs).parts]
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, key=lambda part: -abs(part)) == list(split(units, [1] * receivers))


@pytest.mark.clause("R1.2")
@given(shared(serving=False))
def test_where_pools_serve_no_pool_all_methods_agree(costs: SharedCosts) -> None:
    """Without services among pools step-down is direct, and reciprocal is but for the rounding of each pool."""
    wholly, stepped, solved_ = (by_method(costs, method) for method in Method)
    assert sorted(wholly.parts, key=str) == sorted(stepped.parts, key=str)
    for name, part in solved_.received.items():
        assert abs(part.units - wholly.received[name].units) < 1 + len(costs.pools)
    if len(costs.pools) == 1:
        assert solved_.to == wholly.to


@pytest.mark.clause("R1.2")
@given(shared())
def test_the_reciprocal_solution_fits_its_equations(costs: SharedCosts) -> None:
    """Before anything is rounded each pool comes to its own amount and its share of every other, exactly."""
    gross = solved(costs)
    for pool in costs.pools:
        passed = Fraction(0)
        for other in costs.pools:
            row = {u.by: Fraction(u.quantity) for u in costs.used if u.pool == other.name and u.by != other.name}
            passed += gross[other.name] * row.get(pool.name, 0) / sum(row.values())
        assert gross[pool.name] == pool.amount.units + passed


@pytest.mark.clause("R1.2")
@given(st.lists(st.fractions(max_denominator=50), min_size=1, max_size=8))
def test_exact_shares_are_rounded_to_their_sum(shares: list[Fraction]) -> None:
    """Shares of any signs that add up to a whole number become whole numbers that do, each less than 1 away."""
    shares.append(-sum(shares, Fraction(0)) % 1)
    whole = int(sum(shares))
    parts = apportioned(whole, shares)
    assert sum(parts) == whole
    assert all(abs(part - share) < 1 for part, share in zip(parts, shares, strict=True))
    assert apportioned(-whole, [-share for share in shares]) == tuple(-part for part in parts)
    with pytest.raises(ValueError, match="add up"):
        apportioned(whole + 1, shares)


@pytest.mark.clause("R1.2")
@given(UNITS, st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any))
def test_a_split_is_its_exact_shares_rounded(units: int, weights: list[int]) -> None:
    """The quick split by weights and the rounding of exact shares are one."""
    assert split(units, weights) == apportioned(units, [Fraction(units * w, sum(weights)) for w in weights])


def test_an_unsplittable_amount_is_told() -> None:
    """Without a positive weight nothing is split but nothing; a weight below 0 is none."""
    assert split(0, [0, 0]) == (0, 0)
    for weights in ([], [0, 0], [2, -1]):
        with pytest.raises(ValueError, match="weights"):
            split(1, weights)


def test_by_size_the_largest_goes_first() -> None:
    """Without an order the largest own amount goes first, whatever its sign, and of two alike the first name."""
    amounts = {"B": money(-700), "C": money(500), "A": money(500), "D": money(10)}
    used: dict[str, dict[str, str | int]] = {pool: {"r": 1} for pool in amounts}
    assert SharedCosts.of(Method.STEP_DOWN, amounts, used).steps == ("B", "A", "C", "D")


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "pools that serve only each other": (
        {"used": {"HR": {"IT": 1}, "IT": {"HR": 2}}},
        ValueError,
        "HR, IT: these pools serve only each other",
    ),
    "pools that serve nobody else but by 0": (
        {"used": {"HR": {"IT": 1, "A": 0}, "IT": {"HR": 2}}},
        ValueError,
        "HR, IT: these pools serve only each other",
    ),
    "a pool that nobody uses": ({"used": {"HR": {"A": 1}}}, ValueError, "IT: nobody"),
    "a pool that only it uses": ({"used": {"HR": {"A": 1}, "IT": {"IT": 3}}}, ValueError, "IT: nobody"),
    "a pool that is none": ({"used": {"HR": {"A": 1}, "XX": {"A": 1}}}, ValueError, "XX: used, and no pool"),
    "a pool that is a receiver": ({"own": {"IT": money(1)}}, ValueError, "named once"),
    "an order of other pools": ({"order": ["HR"]}, ValueError, "names each pool once"),
    "an order that repeats one": ({"order": ["HR", "HR", "IT"]}, ValueError, "names each pool once"),
    "another currency": ({"own": {"A": Money(1, "EUR")}}, TypeError, "do not mix"),
    "no pool": ({"pools": {}}, ValueError, "at least one"),
    "a float": ({"used": {"HR": {"A": 0.5}, "IT": {"A": 1}}}, TypeError, "number as text"),
    "True": ({"used": {"HR": {"A": True}, "IT": {"A": 1}}}, TypeError, "number as text"),
    "an amount below 0 used": ({"used": {"HR": {"A": -1}, "IT": {"A": 1}}}, ValueError, "0 or more"),
    "other digits": ({"used": {"HR": {"A": "１"}, "IT": {"A": 1}}}, ValueError, "0 or more"),
    "a power of ten": ({"used": {"HR": {"A": "1e9"}, "IT": {"A": 1}}}, ValueError, "0 or more"),
    "too many pools": (
        {"pools": {f"p{i}": money(1) for i in range(POOLS_MAX + 1)}, "used": {}},
        ValueError,
        f"at most {POOLS_MAX}",
    ),
    "too many receivers": ({"own": {f"r{i}": money(1) for i in range(NAMES_MAX)}}, ValueError, f"{NAMES_MAX}"),
}


@pytest.mark.clause("R1.2")
@pytest.mark.parametrize("name", WRONG)
def test_costs_that_do_not_fit_together_are_told(name: str) -> None:
    """What can't be allocated is the caller's mistake, in words."""
    changes, error, said = WRONG[name]
    good: dict[str, Any] = {
        "pools": {"HR": money(100), "IT": money(200)},
        "used": {"HR": {"A": 1}, "IT": {"A": "0.5", "HR": 1}},
    }
    with pytest.raises(error, match=said):
        Allocation.of(SharedCosts.of(Method.RECIPROCAL, **{**good, **changes}))


def test_a_use_is_said_once() -> None:
    """Two quantities of one pool by one user are no costs."""
    pool, used = Cost("HR", money(1)), Used("HR", "A", "1")
    with pytest.raises(ValueError, match="said once"):
        SharedCosts(Method.DIRECT, (pool,), (used, used))


def test_the_largest_allocation_is_exact() -> None:
    """The most pools with the longest numbers come out to the unit."""
    pools = {f"p{i}": money(UNITS_MAX // POOLS_MAX) for i in range(POOLS_MAX)}
    used: dict[str, dict[str, str | int]] = {
        pool: {**{other: 10**15 + 7 * i for i, other in enumerate(pools)}, "a": 1, "b": "0.000000000001"}
        for pool in pools
    }
    found = Allocation.of(SharedCosts.of(Method.RECIPROCAL, pools, used))
    assert sum(part.units for part in found.to.values()) == POOLS_MAX * (UNITS_MAX // POOLS_MAX)


# Worked examples with printed answers.


def _data(shared: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((shared / "data" / "allocation" / name).read_text(encoding="utf-8"))
    return found


def _table(amounts: Mapping[str, int | str]) -> dict[str, Money]:
    return {name: Money.of(str(amount), "USD") for name, amount in amounts.items()}


@pytest.mark.clause("R1.2")
def test_printed_allocations_come_out(shared: Path) -> None:
    """Every printed answer, line by line and pool by pool, within its tolerance; the recomputed ones exactly."""
    examples = _data(shared, "cost_allocation.json")
    known = {example["id"]: example for example in examples}
    assert len(examples) == 2
    for example in examples:
        given = known[example.get("same_inputs_as", example["id"])]
        found = Allocation.of(
            SharedCosts.of(
                Method(example["method"]),
                _table(given["services"]),
                given["usage"],
                _table(given["own_costs"]),
                example.get("order", ()),
            )
        )
        printed, recomputed = example["published"], example["exact_recomputed"]
        lines = {(part.pool, part.to): part.amount for part in found.parts}
        for pool, row in printed["lines"].items():
            assert {to for of, to in lines if of == pool} == set(row)
            for to, amount in _table(row).items():
                assert abs((lines[pool, to] - amount).units) <= example["tolerance"] * 100
        for name, amount in _table(printed["to"]).items():
            assert abs((found.to[name] - amount).units) <= example["tolerance"] * 100
        assert found.to == _table(recomputed["to"])
        assert found.total == Money.of(str(printed["total"]), "USD")
        assert found.gross == {pool: 100 * int(gross) for pool, gross in recomputed["gross"].items()}


@pytest.mark.clause("R1.2")
def test_the_example_of_two_pools_comes_out() -> None:
    """Pools that serve each other: 107,276.42 of 240,000.00 stay with machining, the rest with assembly."""
    found = Allocation.of(
        SharedCosts.of(
            Method.RECIPROCAL,
            _table({"HR": "80000.00", "DP": "70000.00"}),
            {"HR": {"DP": 20, "Machining": 40, "Assembly": 30}, "DP": {"HR": 60, "Machining": 85, "Assembly": 5}},
            _table({"Machining": "0.00", "Assembly": "90000.00"}),
        )
    )
    assert found.to == _table({"Machining": "107276.42", "Assembly": "132723.58"})
    assert found.total == Money.of("240000.00", "USD")
    assert [(part.to, part.odd) for part in found.parts] == [("Assembly", True), ("Machining", False)]


@pytest.mark.clause("R1.2")
def test_published_apportionments_come_out(shared: Path) -> None:
    """Largest-remainder tables from elections and textbooks, seats as units."""
    examples = _data(shared, "largest_remainder.json")
    assert len(examples) == 8
    for example in examples:
        assert example["largest_remainder_first_tie"]
        assert list(split(example["total"], example["weights"])) == example["expected"], example["source"]


@pytest.mark.clause("R1.2")
def test_other_libraries_split_alike(shared: Path) -> None:
    """What money libraries promise of splits: by largest remainder, ties to the first, fractions as ratios too."""
    vectors = _data(shared, "money_vectors.json")
    assert len(vectors) > 20
    for vector in vectors:
        assert vector["sums_to_amount"]
        assert vector["largest_remainder_first_tie"]
        exact = [Fraction(ratio) for ratio in vector["ratios"]]
        scale = lcm(*[ratio.denominator for ratio in exact])
        parts = split(vector["amount"], [int(ratio * scale) for ratio in exact])
        assert list(parts) == vector["expected"], vector


# The command.


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert guard.run(["allocate", *arguments]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return json.loads(shown.out)


@pytest.mark.clause("R1.2")
def test_the_command_splits_an_amount(capsys: pytest.CaptureFixture[str]) -> None:
    """Parts as text, in the order of the weights, with the decimals of the currency."""
    split_ = ("--amount", "100.00", "--currency", "CNY", "--weights", "1,1,1")
    assert _run(capsys, *split_) == {"parts": ["33.34", "33.33", "33.33"]}
    assert _run(capsys, *split_, "--json") == {"parts": ["33.34", "33.33", "33.33"]}
    assert _run(capsys, "--amount=-0.10", "--weights", "0.1,0.2,0.1") == {"parts": ["-0.03", "-0.05", "-0.02"]}
    assert _run(capsys, "--amount", "5", "--currency", "JPY", "--weights", "3,7") == {"parts": ["2", "3"]}


@pytest.mark.clause("R1.2")
def test_the_command_allocates_a_file(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The printed examples from a file, each method, numbers read as they are written."""
    first, second = _data(shared, "cost_allocation.json")
    file = tmp_path / "costs.json"
    for example, own in ((first, first["own_costs"]), (second, first["own_costs"])):
        table = {
            "method": example["method"],
            "order": example.get("order", []),
            "pools": {name: f"{amount}.00" for name, amount in first["services"].items()},
            "own": {name: f"{amount}.00" for name, amount in own.items()},
            "usage": first["usage"],
        }
        file.write_text(json.dumps(table), encoding="utf-8")
        to = {name: f"{amount}.00" for name, amount in example["published"]["to"].items()}
        assert _run(capsys, "--file", str(file)) == {"to": to, "total": "1315800.00"}
    file.write_text(
        '{"method": "reciprocal", "pools": {"HR": "80000.00", "DP": "70000.00"}, "own": {"Machining": "0.00", '
        '"Assembly": "90000.00"}, "usage": {"HR": {"DP": 0.20, "Machining": "0.40", "Assembly": 0.30}, '
        '"DP": {"HR": 60, "Machining": 85, "Assembly": 5.000}}}',
        encoding="utf-8",
    )
    to = {"Assembly": "132723.58", "Machining": "107276.42"}
    assert _run(capsys, "--file", str(file), "--json") == {"to": to, "total": "240000.00"}


GOOD = {"method": "direct", "pools": {"HR": "1.00"}, "usage": {"HR": {"A": 1}}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[1", "Expecting"),
        ("[]", "the file is a table"),
        ("[" * 10_000, "nested too deeply"),
        ("\ud800", "not UTF-8"),
        (" " * allocate.SIZE_MAX + "{}", "larger than"),
        ('{"method": "direct", "method": "direct"}', "'method' stands there twice"),
        ({"method": "direct"}, "pools, usage: missing"),
        ({**GOOD, "methods": 1}, "methods: not known"),
        ({**GOOD, "method": "Direct"}, "method is one of"),
        ({**GOOD, "method": ["direct"]}, "method is one of"),
        ({**GOOD, "order": "HR"}, "order is a list"),
        ({**GOOD, "order": [1]}, "order is a list"),
        ({**GOOD, "order": ["HR", "IT"]}, "names each pool once"),
        ({**GOOD, "pools": {"HR": 80000}}, "pools.HR is an amount as text"),
        ({**GOOD, "pools": {"HR": 80000.5}}, "pools.HR is an amount as text"),
        ({**GOOD, "pools": {"HR": "1.001"}}, "pools.HR: '1.001' is not an amount in CNY with at most 2 decimals"),
        ({**GOOD, "pools": ["HR"]}, "pools is a table"),
        ({**GOOD, "usage": {"HR": {"A": True}}}, "usage.HR.A is a number"),
        ({**GOOD, "usage": {"HR": {"A": float("nan")}}}, "NaN is no number"),
        ({**GOOD, "usage": {"HR": {"A": 1e300}}}, "usage.HR.A is a number of 0 or more"),
        ({**GOOD, "usage": {"HR": {"A": -1}}}, "usage.HR.A is a number of 0 or more"),
        ({**GOOD, "usage": {"HR": {"A": 10**400}}}, "usage.HR.A is a number of 0 or more"),
        ({**GOOD, "usage": {"HR": {" A": 1}}}, "by must be an id"),
        ({**GOOD, "usage": {"HR": {"A": 0}}}, "HR: nobody"),
        ({**GOOD, "own": {"HR": "1.00"}}, "named once"),
    ],
)
def test_a_wrong_file_is_one_sentence(
    content: str | dict[str, Any], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a file can't mean is told with its name in one sentence, exit 2, and nothing on standard output."""
    file = tmp_path / "costs.json"
    text = content if isinstance(content, str) else json.dumps(content)
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert guard.run(["allocate", "--file", str(file)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(str(file))
    assert said in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "give --amount and --weights, or --file"),
        ("--amount 1", "give --amount and --weights"),
        ("--weights 1 --file x", "or --file"),
        ("--file none.json", "none.json: No such file"),
        ("--file /", "directory"),
        ("--amount 1e5 --weights 1", "not an amount"),
        ("--amount 1.001 --weights 1", "at most 2 decimals"),
        ("--amount 1 --weights 1,,2", "each weight"),
        ("--amount 1 --weights 1,-2", "each weight"),
        ("--amount 1 --weights 0,0.0", "one of the weights at least is above 0"),
        ("--amount 1 --weights 1 --currency XXX", "XXX"),
        (f"--amount 1 --weights {'1,' * NAMES_MAX}1", f"at most {NAMES_MAX} weights"),
    ],
)
def test_a_wrong_split_is_one_sentence(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What can't be split is told in one sentence, exit 2."""
    assert guard.run(["allocate", *line.split()]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.count("\n") == 1
