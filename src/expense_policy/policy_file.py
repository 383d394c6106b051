"""The policy file: TOML, read strictly, every fault at once with its path and line (X2)."""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import Any

import attrs

from . import policy_checks, policy_kinds, policy_types, policy_year
from ._policy_reader import Reader
from ._toml_lines import lines
from .domain import checks
from .domain.content import Digest
from .domain.money import exponent
from .domain.periods import Calendar
from .domain.policy import ContactHours, CustomerRules, Evidence, Policy, Rule
from .domain.refusals import ExpensePolicyError
from .domain.vocabulary import NEEDED, Kind

_SIZE_MAX = 1_000_000
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


def load_policy(text: str) -> Policy:
    """The policy of a file's text; PolicyFileError with every fault, each with its path and line."""
    if len(text) > _SIZE_MAX:
        raise PolicyFileError((Problem("file", None, f"is larger than {_SIZE_MAX} characters"),))
    if odd := _SURROGATE.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        raise PolicyFileError((Problem("file", line, f"holds U+{ord(odd[0]):04X}, which is no character"),))
    if text.startswith("\ufeff"):
        raise PolicyFileError((Problem("file", 1, "begins with a byte order mark: read the file as utf-8-sig"),))
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyFileError((Problem("file", None, f"is not TOML: {error}"),)) from None
    faults: list[tuple[str, str]] = []
    policy = _policy(Reader(table, "", faults), text)
    if faults:
        at = lines(text)
        problems = [Problem(path, at.line(path), message) for path, message in faults]
        raise PolicyFileError(tuple(sorted(problems, key=lambda problem: problem.line or 0)))
    return policy


def _policy(root: Reader, text: str) -> Policy:
    head = root.table_at("policy")
    named = _named(head, root.table_at("calendar", optional=True))
    currency: str = named["currency"]
    days = root.table_at("periods")
    types = policy_types.read(root, currency)
    limits, accounts = policy_kinds.limits(root, currency)
    ledgers = {**dict(accounts), **{each.name: each.ledger_account for each in types}}
    known = tuple(ledgers)
    chains, offices = _chains(root.table_at("chain"), currency, known)
    policy = Policy(
        **named,
        chains=chains,
        substitutes=_substitutes(root.table_at("substitutes"), offices),
        evidence=_evidence(root, currency, known),
        related_days=days.whole("related", 0, 3660, 30),
        expiry_days=days.whole("expiry", 1, 3660, 180),
        use_due_days=days.whole("use_due", 0, 3660, 30),
        retention_years=days.whole("retention_years", 1, 200, 30),
        customers=_customers(root.table_at("customers", optional=True), currency),
        contact=_contact(root.table_at("contact", optional=True)),
        benefit_above=_benefit(root.table_at("benefit", optional=True), currency),
        kinds=limits,
        ledger_accounts=accounts,
        types=types,
        **policy_year.rules(root, currency, named["departments"], ledgers),
        text=text,
        digest=text_digest(text),
    )
    for reader in (head, days, root):
        reader.done()
    return policy


def _customers(table: Reader, currency: str) -> CustomerRules:
    months = table.whole("order_within_months", 1, 1200, 24)
    limits = policy_kinds.words(table, "cost_max", lambda limits, word: limits.money(word, currency) or 0)
    table.done()
    return CustomerRules(months, limits)


def _contact(table: Reader) -> ContactHours:
    usual = ContactHours()
    hours = ContactHours(table.clock("first", usual.first), table.clock("last", usual.last))
    if hours.first >= hours.last:
        table.fault("last", "must be later than first")
    table.done()
    return hours


def _benefit(table: Reader, currency: str) -> int | None:
    above = table.money("above", currency, optional=True)
    table.done()
    return above


def _named(head: Reader, calendar_table: Reader) -> dict[str, Any]:
    """The tables `policy` and `calendar`, by the names of the fields."""
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
    days = policy_year.days(calendar_table)
    try:
        calendar = Calendar("UTC" if zone is None else zone, start, *days)
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


def _chains(
    root: Reader, currency: str, known: tuple[str, ...]
) -> tuple[tuple[tuple[str, tuple[Rule, ...]], ...], frozenset[str]]:
    """Every chain, and the offices of all of them: none where one of them could not be read."""
    chains: list[tuple[str, tuple[Rule, ...]]] = []
    for kind in Kind:
        if kind.value not in root.table and kind not in NEEDED:
            continue
        steps, sure = [], True
        for step in root.tables(kind.value):
            before = len(step.faults)
            above, up_to = step.money("above", currency, True), step.money("up_to", currency, True)
            sure &= len(step.faults) == before
            only, others = [policy_kinds.types(step, kind, key, known) for key in ("types", "except_types")]
            if only and others:
                step.fault("except_types", "stands beside types: one of them says it all")
            rule = Rule(step.word("office"), step.words("points"), above, up_to, only, others)
            steps.append((step.path, rule))
            step.done()
        if sure:
            root.faults += policy_checks.chain(root.at(kind.value), steps, currency)
        chains.append((kind.value, tuple(rule for _, rule in steps)))
    root.done()
    whole = all(rules and all(rule.office for rule in rules) for _, rules in chains)
    return tuple(chains), frozenset(rule.office for _, rules in chains for rule in rules if whole)


def _substitutes(table: Reader, offices: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for office in list(table.table):
        if table.fits(office, office):
            found.append((office, table.words(office, 0)))
    table.faults += policy_checks.substitutes([(table.at(office), office, names) for office, names in found], offices)
    return tuple(found)


def _evidence(root: Reader, currency: str, known: tuple[str, ...]) -> tuple[Evidence, ...]:
    rules = []
    for item in root.tables("evidence", optional=True):
        before = len(item.faults)
        rule = Evidence(item.word("type"), item.words("needs"), item.money("above", currency, True) or 0)
        if rule.type and rule.type != "*" and rule.type not in known:
            item.fault("type", f'{rule.type!r} is not "*" nor one of {", ".join(known)}')
        if len(item.faults) == before:
            rules.append((item.path, rule))
        item.done()
    root.faults += policy_checks.twice([(path, (rule.type, rule.above)) for path, rule in rules], "type and above")
    return tuple(rule for _, rule in rules)
