"""Money, periods, encoding, messages, the policy file: the values everything stands on."""

from __future__ import annotations

import csv
import json
from copy import copy
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expense_adapters.memory import MemoryRepository
from expense_policy.codec import dump, load
from expense_policy.domain.adjustment import LineChange
from expense_policy.domain.application import Application, Share
from expense_policy.domain.budget import PlanLine, evenly
from expense_policy.domain.categories import Effect
from expense_policy.domain.categories.sms import segments
from expense_policy.domain.content import canonical, digest
from expense_policy.domain.estimates import Driver, Drivers, LastYear
from expense_policy.domain.money import UNITS_MAX, Money, split
from expense_policy.domain.periods import Calendar, festival, instant
from expense_policy.domain.posting import Planned
from expense_policy.domain.voucher import Voucher, VoucherKind
from expense_policy.policy_file import PolicyFileError, load_policy
from expense_policy.ports.kept import Fact
from expense_policy.testing.batches import use_row
from expense_policy.testing.ledger import MARCH, posting, review, voucher_row

from .claims import voucher
from .world import BARE, World

UNITS = st.integers(-UNITS_MAX, UNITS_MAX)


@given(UNITS, st.sampled_from(["CNY", "JPY", "BHD"]))
def test_money_reads_what_it_writes(units: int, currency: str) -> None:
    """An amount's text gives the amount back, to the smallest unit (I25)."""
    money = Money(units, currency)
    if len(str(money).lstrip("-").partition(".")[0]) <= 16:
        assert Money.of(str(money), currency) == money


@pytest.mark.parametrize(
    "text", ["", "1.001", "1e3", "1_0", "１", " 1", "+1", "NaN", "1,000", ".5", "1.", "--1", "9" * 99]
)
def test_money_refuses_what_is_not_an_amount(text: str) -> None:
    """Anything but digits with at most the currency's decimals is refused (I25)."""
    with pytest.raises(ValueError, match="amount"):
        Money.of(text, "CNY")


@pytest.mark.parametrize("units", [1.0, True, "1", None])
def test_money_takes_no_float(units: Any) -> None:
    """Only an int is units (I25)."""
    with pytest.raises(TypeError):
        Money(units, "CNY")


def test_currencies_do_not_mix() -> None:
    """Two currencies are neither added nor compared (I25)."""
    with pytest.raises(TypeError):
        Money(1, "CNY") + Money(1, "EUR")
    with pytest.raises(TypeError):
        assert Money(1, "CNY") < Money(1, "EUR")


@given(UNITS, st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any))
def test_a_split_adds_up(units: int, weights: list[int]) -> None:
    """Parts add up exactly, differ from the ideal by less than one unit, and mirror a negative amount (I24)."""
    parts, total = split(units, weights), sum(weights)
    assert sum(parts) == units
    assert all(abs(part * total - units * weight) < total for part, weight in zip(parts, weights, strict=True))
    assert split(-units, weights) == tuple(-part for part in parts)


@pytest.mark.clause("C2.1")
def test_festivals_agree_with_other_sources(shared: Path) -> None:
    """Every festival on which five other packages agree stands in the table."""
    with (shared / "data" / "festivals" / "lunar_festivals_1901_2099.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["all_agree"] == "True"]
    assert len(rows) == 792
    assert [r for r in rows if festival(r["festival"], int(r["year"])).isoformat() != r["lunardate"]] == []


@pytest.mark.clause("X3")
def test_days_are_the_companys() -> None:
    """A day begins at the company's midnight, and a fiscal year in its month."""
    calendar = Calendar("Asia/Shanghai", 4)
    assert calendar.day(datetime(2026, 3, 31, 16, 0, tzinfo=timezone.utc)) == date(2026, 4, 1)
    assert calendar.day(datetime(2026, 3, 31, 15, 59, 59, 999999, tzinfo=timezone.utc)) == date(2026, 3, 31)
    assert (calendar.fiscal_year(date(2026, 3, 31)), calendar.fiscal_year(date(2026, 4, 1))) == (2025, 2026)
    assert [str(m) for m in calendar.months(2026)][::11] == ["2026-04", "2027-03"]
    with pytest.raises(ValueError, match="aware"):
        instant(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive one is the point


PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=8,
)


def _kinds(value: object) -> object:
    return (type(value), tuple(map(_kinds, value)) if isinstance(value, tuple) else value)


@given(PLAIN, PLAIN)
def test_the_encoding_is_injective(a: object, b: object) -> None:
    """Two values have the same bytes exactly when they are equal and of one kind (I32)."""
    assert (canonical(a) == canonical(b)) == (_kinds(a) == _kinds(b))


def _tuples(value: object) -> object:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


@given(PLAIN | st.datetimes(timezones=st.just(timezone.utc)))
def test_no_value_is_encoded_as_the_parts_of_another(value: object) -> None:
    """A tuple that spells out another value's encoding has other bytes than that value (I32)."""
    spelled = _tuples(json.loads(canonical(value)))
    assert (canonical(spelled) == canonical(value)) == (_kinds(spelled) == _kinds(value))


def test_golden_digests() -> None:
    """The encoding of format version 1 never changes (I32)."""
    value = ("a", 1, None, True, ("ü", "😀"), date(2024, 2, 29), Money(5, "CNY"))
    assert canonical(value) == (
        b'["()","a",1,null,true,["()","\\u00fc","\\ud83d\\ude00"],["date","2024-02-29"],["Money",5,"CNY"]]'
    )


@pytest.mark.clause("A3.3")
def test_every_field_is_signed() -> None:
    """No field of the form can change without changing the digest that is signed."""
    world = World.open(MemoryRepository())
    form = world.gift()
    other = attrs.evolve(world.sms(7), department="customer_service", project="p", purpose="x", business_goal="y")
    changed: dict[str, Any] = {
        "customers": "others",
        "method": "cash",
        "expected_payment": form.expected_payment + timedelta(days=1),
        "attachments": (world.basis,),
        "benefit": Effect.of(orders=3),
        "value_class": "gold",
        "vouchers": (voucher(),),
        "allocation": "rent",
    }
    for field in attrs.fields(Application):
        value: Any = changed.get(field.name, getattr(other, field.name))
        assert value != getattr(form, field.name), field.name
        # A type without its own plan record does not construct: here it is only to be told apart.
        with attrs.validators.disabled():
            assert digest(attrs.evolve(form, **dict[str, Any]({field.name: value}))) != digest(form), field.name


def _cny(amount: str) -> Money:
    return Money.of(amount, "CNY")


MONTHS = evenly(_cny("120.00"))
BASIS = Drivers((Driver("customers", 12, _cny("10.00")),))
HELD = (
    (
        Share("mkt-gifts", _cny("1.00")),
        {"line": "x", "amount": _cny("2.00"), "department": "customer_service", "project": "fair"},
    ),
    (
        Voucher(
            VoucherKind.INVOICE, "17", "Shop", "We", date(2026, 1, 2), _cny("100.00"), _cny("13.00"), _cny("113.00")
        ),
        {
            **{"kind": VoucherKind.RECEIPT, "number": "18", "issuer": "Another", "buyer": "They", "code": "0110"},
            **{"on": date(2026, 1, 3), "amount": _cny("1.00"), "tax": _cny("1.00"), "total": _cny("1.00")},
        },
    ),
    (
        PlanLine("a", "care_gifts", "Gifts", _cny("120.00"), None, MONTHS, BASIS),
        {
            **{"id": "b", "category": "promotion", "name": "Other", "amount": _cny("1.00"), "project": "fair"},
            **{"months": (*MONTHS[1:], _cny("11.00")), "basis": LastYear(_cny("100.00"), 2000)},
        },
    ),
    (
        LineChange("a", _cny("1.00"), _cny("120.00"), MONTHS),
        {"line": "b", "before": _cny("2.00"), "after": _cny("2.00"), "months": ()},
    ),
)


@pytest.mark.clause("A3.3")
@pytest.mark.parametrize(("value", "changes"), HELD, ids=[type(value).__name__ for value, _ in HELD])
def test_every_field_of_what_a_form_holds_is_signed(value: Any, changes: dict[str, Any]) -> None:
    """No field of a share, a voucher, a line or its change can be another without changing what is signed."""
    assert {field.name for field in attrs.fields(type(value))} == set(changes)
    found = {digest(value)}
    for name, other in changes.items():
        # What does not construct is only to be told apart.
        changed = copy(value)
        object.__setattr__(changed, name, other)
        found.add(digest(changed))
    assert len(found) == 1 + len(changes)


@pytest.mark.clause("A4.4")
def test_what_is_stored_signs_the_same() -> None:
    """A document that went through the codec has the canonical bytes it had."""
    repository = MemoryRepository()
    world = World.with_budget(repository)
    document = world.desk.document(world.apply(world.gift(purpose="春节礼品 😀𠮷")).id)
    bare = attrs.evolve(document, signatures=(), payments=())
    assert canonical(load(dump(bare), type(document))) == canonical(bare)


def test_a_fact_among_others_is_read_as_what_it_is() -> None:
    """Facts of every kind, papers too, come back equal from a list that does not say which is which."""
    facts: tuple[Fact, ...] = (review(), posting(), Planned("d1", "gifts", MARCH, 7), voucher_row(), use_row("d1", 1))
    assert load(dump(facts), tuple[Fact, ...]) == facts


@pytest.mark.clause("C3.3")
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("春" * 70, 1),
        ("春" * 71, 2),
        ("春" * 134, 2),
        ("春" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),
    ],
)
def test_segments(text: str, count: int) -> None:
    """A message is billed by its segments, and none splits a character."""
    assert segments(text) == count


@pytest.mark.clause("X2")
def test_a_policy_file_names_every_fault() -> None:
    """Each fault of a policy file is named at once, with its path and line."""
    text = (
        BARE.replace('currency = "CNY"', 'currency = "XXX"')
        .replace("related = 30", "related = true")
        .replace("days_before = 30", "days_befor = 30")
        .replace('up_to = "50000.00"', "up_to = 50000.0")
        .replace("segments_max = 3", "segments_max = 0")
    )
    with pytest.raises(PolicyFileError) as error:
        load_policy(text)
    found = {problem.path: problem.line for problem in error.value.problems}
    lines = text.splitlines()
    expected = {
        "policy.currency": 'currency = "XXX"',
        "periods.related": "related = true",
        "chain.application[3].up_to": "up_to = 50000.0",
        "holiday_gift.days_befor": "days_befor = 30",
        "sms.segments_max": "segments_max = 0",
    }
    assert found == {path: lines.index(line) + 1 for path, line in expected.items()}


@pytest.mark.clause("X2")
@pytest.mark.parametrize("text", ["", "a=" + "[" * 5000, "\x00", "policy = 1", "[policy]\n[policy]"])
def test_a_policy_file_that_is_none_is_refused(text: str) -> None:
    """What is no policy file is refused with a problem, never with a traceback."""
    with pytest.raises(PolicyFileError):
        load_policy(text)


@pytest.mark.parametrize("figure", ["repurchase_rate_before_bp", "repurchase_rate_after_bp", "passed_rate_bp"])
def test_a_rate_is_no_more_than_the_whole(figure: str) -> None:
    """A rate among the figures of an effect is at most 10,000 basis points."""
    assert Effect.of(**{figure: 10_000}).figures == ((figure, 10_000),)
    with pytest.raises(ValueError, match=f"{figure} is a whole number"):
        Effect.of(**{figure: 10_001})
