"""Policy files drawn: every key of the format, left out or set, at its bounds and between them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta

from hypothesis import strategies as st

from ..domain.categories import REGISTER
from ..domain.money import Money
from ..domain.policy import Policy
from ..domain.vocabulary import CATEGORIES, Kind, Office
from ..policy_file import load_policy
from .words import ids, labels, units

SIGNING = (
    Office.DEPARTMENT_HEAD,
    Office.FINANCE_OFFICER,
    Office.FINANCE_HEAD,
    Office.DEPUTY,
    Office.GENERAL_MANAGER,
    Office.BOARD_DELEGATE,
    "regional_head",
    "法务",
    "internal_audit",
    "chair",
)
"""Offices that drawn chains are made of."""
POINTS = ("necessity", "budget", "legality", "invoices", "effect", "公司利益")
PAPERS = ("budget_basis", "contract", "invoice", "报价单")
ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati")
CURRENCIES = ("CNY", "JPY", "EUR", "BHD")
LIMIT_MAX = 10**9
"""No limit of a drawn policy is above so many smallest units."""

_WINDOW = {"days_before": (0, 366), "days_after": (0, 366)}
_Row = Mapping[str, object]


@st.composite
def policies(draw: st.DrawFn, currency: str | None = None) -> Policy:
    """A policy that loads, its file in `text`: in this currency, or in any of several."""
    money = draw(st.sampled_from(CURRENCIES)) if currency is None else currency
    bounds = sorted(draw(st.sets(units(LIMIT_MAX), max_size=3)))
    effective = draw(st.dates(date(2000, 2, 1), date(2090, 12, 31)))
    chains = {kind.value: draw(_chain(bounds)) for kind in Kind}
    departments = draw(st.lists(st.one_of(_DEPARTMENTS, ids()), min_size=1, max_size=4, unique=True))
    offices = sorted({step[0] for steps in chains.values() for step in steps})
    lines = [
        *_table("policy", draw(_named(money, effective, departments))),
        *_table("periods", draw(_set(related=(0, 400), expiry=(1, 400), use_due=(0, 400), retention_years=(1, 200)))),
        *_table("substitutes", draw(_substitutes(offices))),
        *_table("holiday_gift", {"unit_price_max": Money(draw(units(10**6)), money), **draw(_set(**_WINDOW))}),
        *_table("sms", draw(_set(per_customer_month_max=(0, 1000), segments_max=(1, 255)))),
        *draw(_types(money)),
        *draw(_year(departments, money)),
    ]
    for kind, steps in chains.items():
        for office, above, up_to in steps:
            limits = {"above": above, "up_to": up_to}
            amounts = {name: Money(limit, money) for name, limit in limits.items() if limit is not None}
            lines += _table(f"[chain.{kind}]", {"office": office, "points": draw(_some(POINTS)), **amounts})
    for rule in draw(_evidence(money)):
        lines += _table("[evidence]", rule)
    for own in draw(_festivals(effective)):
        lines += _table("[holiday_gift.festival]", own)
    return load_policy("\n".join(lines) + "\n")


@st.composite
def _types(draw: st.DrawFn, currency: str) -> list[str]:
    """What the types and their customers have in limits, each left out or set."""
    groups = draw(st.lists(st.tuples(_WORD, st.integers(0, 10_000)), max_size=2, unique_by=_first))
    tables: dict[str, dict[str, object]] = {
        "customers": {**draw(_set(order_within_months=(1, 1200)))},
        "discount": {**draw(_set(rate_max_bp=(0, 10_000), margin_min_bp=(0, 10_000)))},
        "phone": {**draw(_set(per_customer_month_max=(0, 1000), minutes_max=(1, 1440)))},
        "product_training": {**draw(_set(participants_max=(1, 100_000)))},
        "discount.groups": {**dict(groups)},
        "contact": dict(zip(("first", "last"), draw(st.sampled_from(_HOURS)), strict=False)),
    }
    amounts = {"customers.cost_max": _CLASS, "technical_support.rates": _WORD, "service_training.methods": _WORD}
    for name, words in amounts.items():
        rows = draw(st.lists(st.tuples(words, units(LIMIT_MAX)), max_size=2, unique_by=_first))
        tables[name] = {word: Money(limit, currency) for word, limit in rows}
    for name in _AMOUNTS:
        table, _, key = name.partition(".")
        for limit in draw(st.lists(units(10**6), max_size=1)):
            tables.setdefault(table, {})[key] = Money(limit, currency)
    return [line for name, row in tables.items() if row for line in _table(name, row)]


@st.composite
def _year(draw: st.DrawFn, departments: Sequence[str], currency: str) -> list[str]:
    """Budgets, claims, vouchers, accounts, duties: each key left out or set."""
    tables: dict[str, dict[str, object]] = {
        "budget": {
            **draw(_set(deviation_bp=(1, 10_000), alert_bp=(1, 10_000), rectify_days=(1, 3660))),
            **draw(_one("due", "10-31", "01-01", "06-30")),
            **draw(_one("itemised", True, False)),
            **draw(_one("closed", True, False)),
            **draw(_one("carry_balances", True, False)),
        },
        "claims": {**draw(_set(pay_within_days=(1, 366)))},
        "vouchers": {**draw(_set(age_days_max=(1, 36_600), near_days=(0, 366)))},
        "accounts": {**draw(_one("method", "accrual", "cash"))},
        "duties": {**draw(_set(monitoring=(1, 3660), accounting=(1, 3660), audit=(1, 3660)))},
    }
    for department in draw(_some(departments, 0)):
        # Enough of them that a department is left with something to spend on.
        tables.setdefault("budget.estimates", {})[department] = draw(_some(CATEGORIES, 4, len(CATEGORIES)))
    for type_ in draw(_some(sorted(REGISTER), 0)):
        tables.setdefault("claims.without_application", {})[type_] = Money(draw(units(LIMIT_MAX)), currency)
    if draw(st.booleans()):
        tables["vouchers"]["buyers"] = draw(st.lists(labels(), max_size=2, unique=True))
    return [line for name, row in tables.items() if row for line in _table(name, row)]


def _one(key: str, *values: object) -> st.SearchStrategy[dict[str, object]]:
    """The key left out, or set to one of these."""
    return st.sampled_from(({}, *[{key: value} for value in values]))


_DEPARTMENTS = st.sampled_from(("marketing", "customer_service", "after_sales_support", "市场部"))
_WORD = st.sampled_from(("simple", "food", "complex case", "线上", "*"))
_CLASS = st.sampled_from(("gold", "silver", "*"))
_HOURS = ((), (time(9),), (time(0), time(23, 59, 59)), (time(10, 30), time(10, 31)), (time(8), time(21)))
_AMOUNTS = (
    *("giveaway.unit_cost_max", "birthday_gift.unit_price_max", "repair.cost_max"),
    *("venue_rental.day_rent_max", "promotional_materials.unit_price_max", "benefit.above"),
)


def _first(pair: tuple[str, int]) -> str:
    return pair[0]


def _table(name: str, row: _Row) -> list[str]:
    """A table, or as "[name]" one of several; a key that is no bare one is quoted."""
    keys = [key if key.isascii() and key.replace("_", "").isalnum() else _word(key) for key in row]
    return [f"[{name}]", *[f"{key} = {_value(value)}" for key, value in zip(keys, row.values(), strict=True)]]


def _word(text: str) -> str:
    # A word stands in TOML as it does in JSON.
    return json.dumps(text, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | date | time):
        return str(value)
    return _word(str(value))


def _some(words: Sequence[str], least: int = 1, most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), min_size=least, max_size=most, unique=True)


@st.composite
def _set(draw: st.DrawFn, /, **bounds: tuple[int, int]) -> dict[str, int]:
    """Each key left out, or set within its bounds, which are among what is drawn."""
    found = {}
    for key, (least, most) in bounds.items():
        value = draw(st.one_of(st.none(), st.integers(least, most), st.sampled_from((least, most))))
        if value is not None:
            found[key] = value
    return found


@st.composite
def _named(draw: st.DrawFn, currency: str, effective: date, departments: Sequence[str]) -> dict[str, object]:
    found: dict[str, object] = {
        "version": draw(ids()),
        "effective": effective,
        "company": draw(labels()),
        "currency": currency,
        "time_zone": draw(st.sampled_from(ZONES)),
        "departments": departments,
        **draw(_set(fiscal_year_start=(1, 12))),
    }
    if draw(st.booleans()):
        found["adopters"] = draw(_some(SIGNING, 2))
    if draw(st.booleans()):
        found["readers"] = draw(_some(SIGNING))
    return found


@st.composite
def _chain(draw: st.DrawFn, bounds: Sequence[int]) -> list[tuple[str, int | None, int | None]]:
    """Steps as office, above and up to: where one ends another begins, so that no larger amount has fewer of them."""
    offices = iter(draw(st.permutations(SIGNING)))
    steps: list[tuple[str, int | None, int | None]] = []
    for column in range(draw(st.integers(1, 3))):
        # The first column begins at the smallest amount, the others at any bound.
        starts: list[int | None] = [None, *bounds]
        begins = starts[0 if column == 0 else draw(st.integers(0, len(starts) - 1))]
        ends = [bound for bound in bounds if bound > (begins or 0) and draw(st.booleans())]
        for above, up_to in zip([begins, *ends], [*ends, None], strict=True):
            office = next(offices, None)
            if office is None:
                # Offices are used up: the last one goes on.
                steps[-1] = (*steps[-1][:2], None)
                return steps
            steps.append((office, above, up_to))
    return steps


@st.composite
def _substitutes(draw: st.DrawFn, offices: Sequence[str]) -> dict[str, list[str]]:
    found = {}
    for office in draw(_some(offices, 0, len(offices))):
        found[office] = draw(_some([other for other in SIGNING if other != office], 0, 2))
    return found


def _evidence(currency: str) -> st.SearchStrategy[list[dict[str, object]]]:
    """Rules, no two of one type and amount."""
    keys = st.tuples(st.sampled_from(("*", *REGISTER)), st.one_of(st.just(0), units(LIMIT_MAX)))

    def rules(drawn: list[tuple[tuple[str, int], list[str]]]) -> list[dict[str, object]]:
        return [
            {"type": type_, "needs": needs, **({"above": Money(above, currency)} if above else {})}
            for (type_, above), needs in drawn
        ]

    return st.lists(st.tuples(keys, _some(PAPERS, 1, 2)), max_size=3, unique_by=lambda each: each[0]).map(rules)


def _festivals(effective: date) -> st.SearchStrategy[list[dict[str, object]]]:
    """The company's own: a name of its own, or another day for one of the calendar's."""
    day = st.integers(-200, 400).map(lambda days: effective + timedelta(days=days))
    own = st.tuples(st.sampled_from(("founders_day", "店庆", "spring_festival")), day)
    drawn = st.lists(own, max_size=2, unique_by=lambda each: (each[0], each[1].year))
    return drawn.map(lambda rows: [{"name": name, "date": on} for name, on in rows])
