"""The policy file: TOML, read strictly, every fault at once with its path and line (X2)."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date
from typing import Any

import attrs

from .domain.money import Money, exponent
from .domain.periods import Calendar
from .domain.policy import Evidence, HolidayGifts, Policy, Rule, Sms
from .domain.refusals import ExpensePolicyError
from .domain.vocabulary import Kind

_SIZE_MAX = 1_000_000


@attrs.frozen
class Problem:
    """A fault of a policy file: where, and what."""

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.path}: {self.message}"


class PolicyFileError(ExpensePolicyError):
    """The file can't be used; `problems` holds every fault."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class _Reader:
    """One table of the file: hands out its values by exact type, and remembers every fault and unread key."""

    def __init__(self, table: Mapping[str, Any], path: str, faults: list[tuple[str, str]]) -> None:
        self.table, self.path, self.faults = dict(table), path, faults

    def fault(self, key: str, message: str) -> None:
        self.faults.append((f"{self.path}.{key}".lstrip("."), message))

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        if key not in self.table:
            if default is None:
                self.fault(key, "is missing")
                return _EMPTY[kind]
            return default
        value = self.table.pop(key)
        if type(value) is not kind:
            self.fault(key, f"must be {_WORDS[kind]}, not {_WORDS.get(type(value), type(value).__name__)}")
            return _EMPTY[kind]
        return value

    def whole(self, key: str, least: int, default: int | None = None) -> int:
        value: int = self.take(key, int, default)
        if value < least:
            self.fault(key, f"must be at least {least}")
            return least
        return value

    def words(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        values = self.take(key, list, default)
        if any(type(value) is not str or not value for value in values):
            self.fault(key, "must be a list of words")
            return ()
        if len(set(values)) != len(values):
            self.fault(key, "names a word twice")
        return tuple(values)

    def money(self, key: str, currency: str, optional: bool = False) -> int | None:
        if optional and key not in self.table:
            return None
        text = self.take(key, str)
        try:
            amount = Money.of(text, currency)
            if amount.units < 0:
                raise ValueError("an amount is not below 0")
        except ValueError as error:
            if text:
                self.fault(key, str(error))
            return 0
        return amount.units

    def table_at(self, key: str) -> _Reader:
        return _Reader(self.take(key, dict), f"{self.path}.{key}".lstrip("."), self.faults)

    def tables(self, key: str, optional: bool = False) -> list[_Reader]:
        if optional and key not in self.table:
            return []
        found = []
        for i, value in enumerate(self.take(key, list)):
            path = f"{self.path}.{key}[{i}]".lstrip(".")
            if type(value) is dict:
                found.append(_Reader(value, path, self.faults))
            else:
                self.faults.append((path, "must be a table"))
        return found

    def done(self) -> None:
        for key in self.table:
            self.fault(key, "is not known")


_EMPTY: dict[type, Any] = {str: "", int: 0, list: [], dict: {}, date: date(2000, 1, 1)}
_WORDS: dict[type, str] = {
    str: "a string",
    int: "a whole number",
    list: "a list",
    dict: "a table",
    date: "a date",
    float: "a float",
    bool: "true or false",
}


def load_policy(text: str) -> Policy:
    """The policy of a file's text; PolicyFileError with every fault, each with its path and line."""
    if len(text) > _SIZE_MAX:
        raise PolicyFileError((Problem("file", None, f"is larger than {_SIZE_MAX} characters"),))
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyFileError((Problem("file", None, f"is not TOML: {error}"),)) from None
    faults: list[tuple[str, str]] = []
    policy = _policy(_Reader(table, "", faults), text)
    if faults or policy is None:
        from ._toml_lines import lines

        at = lines(text)
        raise PolicyFileError(tuple(Problem(path, at.line(path), message) for path, message in faults))
    return policy


def _policy(root: _Reader, text: str) -> Policy | None:
    head = root.table_at("policy")
    version, company = head.take("version", str), head.take("company", str)
    effective = head.take("effective", date)
    currency = head.take("currency", str)
    try:
        exponent(currency)
    except ValueError as error:
        head.fault("currency", str(error))
        currency = "CNY"
    zone, start = head.take("time_zone", str), head.take("fiscal_year_start", int, 1)
    try:
        calendar = Calendar(zone, start)
    except ValueError as error:
        head.fault("time_zone", str(error))
        calendar = Calendar("UTC")
    departments, adopters = head.words("departments"), head.words("adopters", ["finance_head", "general_manager"])
    if len(adopters) < 2:
        head.fault("adopters", "must name two offices")
    days = root.table_at("periods")
    chains = _chains(root.table_at("chain"), currency)
    subs = root.table_at("substitutes")
    substitutes = tuple((office, subs.words(office)) for office in list(subs.table))
    evidence = []
    for item in root.tables("evidence", optional=True):
        evidence.append(Evidence(item.take("type", str), item.words("needs"), item.money("above", currency, True) or 0))
        item.done()
    gifts, sms = root.table_at("holiday_gift"), root.table_at("sms")
    festivals = []
    for item in gifts.tables("festival", optional=True):
        festivals.append((item.take("name", str), item.take("date", date)))
        item.done()
    policy = Policy(
        version=version,
        effective=effective,
        company=company,
        currency=currency,
        calendar=calendar,
        departments=departments,
        chains=chains,
        substitutes=substitutes,
        adopters=adopters,
        evidence=tuple(evidence),
        related_days=days.whole("related", 0, 30),
        expiry_days=days.whole("expiry", 1, 180),
        use_due_days=days.whole("use_due", 0, 30),
        retention_years=days.whole("retention_years", 1, 30),
        holiday_gifts=HolidayGifts(
            gifts.money("unit_price_max", currency) or 0,
            gifts.whole("days_before", 0, 30),
            gifts.whole("days_after", 0, 7),
            tuple(festivals),
        ),
        sms=Sms(sms.whole("per_customer_month_max", 0, 4), sms.whole("segments_max", 1, 3)),
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    for reader in (head, days, subs, gifts, sms, root):
        reader.done()
    return policy


def _chains(root: _Reader, currency: str) -> tuple[tuple[str, tuple[Rule, ...]], ...]:
    chains = []
    for kind in Kind:
        rules = []
        for step in root.tables(kind.value):
            above, up_to = step.money("above", currency, True), step.money("up_to", currency, True)
            rules.append(Rule(step.take("office", str), step.words("points", []), above, up_to))
            step.done()
        if not rules:
            root.fault(kind.value, "must have a step")
        chains.append((kind.value, tuple(rules)))
    root.done()
    return tuple(chains)
