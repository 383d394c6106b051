"""The policy file: TOML, read strictly, every fault at once with its path and line (X2)."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import attrs

from . import policy_checks
from ._toml_lines import joined, lines
from .domain import checks
from .domain.content import Digest
from .domain.money import Money, exponent
from .domain.periods import Calendar
from .domain.policy import Evidence, HolidayGifts, Policy, Rule, Sms
from .domain.refusals import ExpensePolicyError
from .domain.vocabulary import TYPES, Kind

_SIZE_MAX = 1_000_000
_YEARS = (1900, 2999)
_SURROGATE = re.compile("[\ud800-\udfff]")


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


def text_digest(text: str) -> Digest:
    """The digest that a policy's text is adopted and kept under."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Reader:
    """One table of the file: hands out its values by exact type, and remembers every fault and unread key."""

    def __init__(self, table: Mapping[str, Any], path: str, faults: list[tuple[str, str]]) -> None:
        self.table, self.path, self.faults = dict(table), path, faults

    def at(self, key: str) -> str:
        return joined(self.path, key)

    def fault(self, key: str, message: str) -> None:
        self.faults.append((self.at(key), message))

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        """The value, or None once its fault is remembered."""
        if key not in self.table:
            if default is None:
                self.fault(key, "is missing")
            return default
        value = self.table.pop(key)
        if type(value) is not kind:
            self.fault(key, f"must be {_WORDS[kind]}, not {_WORDS.get(type(value), type(value).__name__)}")
            return None
        return value

    def whole(self, key: str, least: int, most: int, default: int | None = None) -> int:
        value = self.take(key, int, default)
        if value is None:
            return least
        if not least <= value <= most:
            self.fault(key, f"must be from {least} to {most}")
            return least
        return int(value)

    def day(self, key: str) -> date:
        value = self.take(key, date)
        if value is None:
            return date(2000, 1, 1)
        if not _YEARS[0] <= value.year <= _YEARS[1]:
            self.fault(key, f"must be a day of the years {_YEARS[0]} to {_YEARS[1]}")
        return date(value.year, value.month, value.day)

    def word(self, key: str, check: Callable[[str, object], None] = checks.an_ident) -> str:
        """An id, or what else `check` takes, that shows something; "" once its fault is remembered."""
        value = self.take(key, str)
        return str(value) if value is not None and self.fits(key, value, check) else ""

    def fits(self, key: str, value: object, check: Callable[[str, object], None] = checks.an_ident) -> bool:
        if type(value) is not str:
            self.fault(key, "must be a list of words")
            return False
        try:
            check(ascii(value[:40]), value)
        except ValueError as error:
            self.fault(key, str(error))
            return False
        if checks.blank(value):
            self.fault(key, "must not be blank")
            return False
        return True

    def words(self, key: str, least: int = 1, default: list[str] | None = None) -> tuple[str, ...]:
        values = self.take(key, list, default)
        good = [self.fits(key, value) for value in values or ()]
        if values is None or not all(good):
            return ()
        if len(set(values)) != len(values):
            self.fault(key, "names a word twice")
        elif len(values) < least:
            self.fault(key, f"must name at least {least}")
        return tuple(values)

    def money(self, key: str, currency: str, optional: bool = False) -> int | None:
        if optional and key not in self.table:
            return None
        text = self.take(key, str)
        if text is None:
            return None
        try:
            amount = Money.of(text, currency)
            if amount.units < 0:
                raise ValueError("must not be below 0")
        except ValueError as error:
            self.fault(key, str(error))
            return None
        return amount.units

    def table_at(self, key: str) -> _Reader:
        return _Reader(self.take(key, dict) or {}, self.at(key), self.faults)

    def tables(self, key: str, optional: bool = False) -> list[_Reader]:
        if optional and key not in self.table:
            return []
        values = self.take(key, list)
        if values == [] and not optional:
            self.fault(key, "must have a step")
        found = []
        for i, value in enumerate(values or []):
            path = f"{self.at(key)}[{i}]"
            if type(value) is dict:
                found.append(_Reader(value, path, self.faults))
            else:
                self.faults.append((path, "must be a table"))
        return found

    def done(self) -> None:
        for key in self.table:
            self.fault(key, "is not known")


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
    if odd := _SURROGATE.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        raise PolicyFileError((Problem("file", line, f"holds U+{ord(odd[0]):04X}, which is no character"),))
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyFileError((Problem("file", None, f"is not TOML: {error}"),)) from None
    faults: list[tuple[str, str]] = []
    policy = _policy(_Reader(table, "", faults), text)
    if faults:
        at = lines(text)
        problems = [Problem(path, at.line(path), message) for path, message in faults]
        raise PolicyFileError(tuple(sorted(problems, key=lambda problem: problem.line or 0)))
    return policy


def _policy(root: _Reader, text: str) -> Policy:
    head = root.table_at("policy")
    named = _named(head)
    currency: str = named["currency"]
    days, gifts, sms = root.table_at("periods"), root.table_at("holiday_gift"), root.table_at("sms")
    chains, offices = _chains(root.table_at("chain"), currency)
    policy = Policy(
        **named,
        chains=chains,
        substitutes=_substitutes(root.table_at("substitutes"), offices),
        evidence=_evidence(root, currency),
        related_days=days.whole("related", 0, 3660, 30),
        expiry_days=days.whole("expiry", 1, 3660, 180),
        use_due_days=days.whole("use_due", 0, 3660, 30),
        retention_years=days.whole("retention_years", 1, 200, 30),
        holiday_gifts=HolidayGifts(
            gifts.money("unit_price_max", currency) or 0,
            gifts.whole("days_before", 0, 366, 30),
            gifts.whole("days_after", 0, 366, 7),
            _festivals(gifts),
        ),
        sms=Sms(sms.whole("per_customer_month_max", 0, 1000, 4), sms.whole("segments_max", 1, 255, 3)),
        text=text,
        digest=text_digest(text),
    )
    for reader in (head, days, gifts, sms, root):
        reader.done()
    return policy


def _named(head: _Reader) -> dict[str, Any]:
    """The table `policy`, by the names of the fields."""
    version, company = head.word("version"), head.word("company", checks.a_label)
    effective, currency = head.day("effective"), head.take("currency", str)
    try:
        exponent(currency)
    except ValueError as error:
        if currency is not None:
            head.fault("currency", str(error))
        # With three decimals no amount of the file is refused for the currency's sake.
        currency = "BHD"
    start, zone = head.whole("fiscal_year_start", 1, 12, 1), head.take("time_zone", str)
    try:
        calendar = Calendar("UTC" if zone is None else zone, start)
    except ValueError as error:
        head.fault("time_zone", str(error))
        calendar = Calendar("UTC")
    return {
        "version": version,
        "company": company,
        "effective": effective,
        "currency": currency,
        "calendar": calendar,
        "departments": head.words("departments"),
        "adopters": head.words("adopters", 2, ["finance_head", "general_manager"]),
        "readers": head.words("readers", 1, ["internal_audit", "finance_head", "general_manager"]),
    }


def _chains(root: _Reader, currency: str) -> tuple[tuple[tuple[str, tuple[Rule, ...]], ...], frozenset[str]]:
    """Every chain, and the offices of all of them: none where one of them could not be read."""
    chains: list[tuple[str, tuple[Rule, ...]]] = []
    for kind in Kind:
        steps, sure = [], True
        for step in root.tables(kind.value):
            before = len(step.faults)
            above, up_to = step.money("above", currency, True), step.money("up_to", currency, True)
            sure &= len(step.faults) == before
            steps.append((step.path, Rule(step.word("office"), step.words("points"), above, up_to)))
            step.done()
        if sure:
            root.faults += policy_checks.chain(root.at(kind.value), steps, currency)
        chains.append((kind.value, tuple(rule for _, rule in steps)))
    root.done()
    known = all(rules and all(rule.office for rule in rules) for _, rules in chains)
    return tuple(chains), frozenset(rule.office for _, rules in chains for rule in rules if known)


def _substitutes(table: _Reader, offices: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for office in list(table.table):
        if table.fits(office, office):
            found.append((office, table.words(office, 0)))
    table.faults += policy_checks.substitutes([(table.at(office), office, names) for office, names in found], offices)
    return tuple(found)


def _evidence(root: _Reader, currency: str) -> tuple[Evidence, ...]:
    rules = []
    for item in root.tables("evidence", optional=True):
        before = len(item.faults)
        rule = Evidence(item.word("type"), item.words("needs"), item.money("above", currency, True) or 0)
        if rule.type and rule.type != "*" and rule.type not in TYPES:
            item.fault("type", f'{rule.type!r} is not "*" nor one of {", ".join(TYPES)}')
        if len(item.faults) == before:
            rules.append((item.path, rule))
        item.done()
    root.faults += policy_checks.twice([(path, (rule.type, rule.above)) for path, rule in rules], "type and above")
    return tuple(rule for _, rule in rules)


def _festivals(gifts: _Reader) -> tuple[tuple[str, date], ...]:
    festivals = []
    for item in gifts.tables("festival", optional=True):
        before = len(item.faults)
        name, day = item.word("name"), item.day("date")
        if len(item.faults) == before:
            festivals.append((item.path, name, day))
        item.done()
    gifts.faults += policy_checks.twice([(path, (name, day.year)) for path, name, day in festivals], "name and year")
    return tuple((name, day) for _, name, day in festivals)
