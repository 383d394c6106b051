"""The year's part of the policy file: the calendar, budgets, claims, vouchers, accounts, duties that return."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from ._policy_reader import Reader
from .domain import checks
from .domain.policy import AccountRules, BudgetRules, ClaimRules, VoucherRules
from .domain.vocabulary import CATEGORIES

_DUE = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_METHODS = ("accrual", "cash")
_OTHER = ("bank", "payable", "receivable")
"""The accounts that are no type's."""
DUTIES = (("monitoring", 31), ("accounting", 31), ("audit", 366))
"""The duties that return, with their usual intervals in days (G3.5)."""


def days(table: Reader) -> tuple[frozenset[date], frozenset[date]]:
    """The table `calendar`: holidays, and make-up workdays."""
    found = [_days(table, key) for key in ("holidays", "workdays")]
    for both in sorted(found[0] & found[1]):
        table.fault("workdays", f"{both} is a holiday too")
    table.done()
    return found[0], found[1]


def _days(table: Reader, key: str) -> frozenset[date]:
    values = table.take(key, list, [])
    if any(type(value) is not date for value in values or ()):
        table.fault(key, "must be a list of dates")
        return frozenset()
    if len(set(values or ())) != len(values or ()):
        table.fault(key, "names a day twice")
    return frozenset(values or ())


def rules(root: Reader, currency: str, departments: tuple[str, ...], ledgers: Mapping[str, str]) -> dict[str, Any]:
    """The tables of the year, by the names of the policy's fields; `ledgers` are the accounts of the types, by name."""
    return {
        "budget": _budget(root.table_at("budget", optional=True), departments),
        "claims": _claims(root.table_at("claims", optional=True), currency, tuple(ledgers)),
        "vouchers": _vouchers(root.table_at("vouchers", optional=True)),
        "accounts": _accounts(root.table_at("accounts", optional=True), ledgers),
        "duties": _duties(root.table_at("duties", optional=True)),
    }


def _budget(table: Reader, departments: tuple[str, ...]) -> BudgetRules:
    usual = BudgetRules()
    due = table.take("due", str, "10-31")
    found = None if due is None else _DUE.fullmatch(due)
    if due is not None and (found is None or not _exists(int(found[1]), int(found[2]))):
        table.fault("due", 'must be a month and a day such as "10-31"')
        found = None
    inner = table.table_at("estimates", optional=True)
    estimates = []
    for department in list(inner.table):
        categories = inner.words(department)
        if department not in departments:
            inner.fault(department, f"is not one of {', '.join(departments)}")
        for category in categories:
            if category not in CATEGORIES:
                inner.fault(department, f"{category!r} is not one of {', '.join(CATEGORIES)}")
        estimates.append((department, categories))
    made = BudgetRules(
        usual.due if found is None else (int(found[1]), int(found[2])),
        table.flag("itemised", usual.itemised),
        tuple(estimates),
        table.flag("closed", usual.closed),
        table.whole("deviation_bp", 1, 10_000, usual.deviation_bp),
        table.whole("alert_bp", 1, 10_000, usual.alert_bp),
        table.whole("rectify_days", 1, 3660, usual.rectify_days),
        table.flag("carry_balances", usual.carry_balances),
    )
    table.done()
    return made


def _exists(month: int, day: int) -> bool:
    """Whether every year has this day: a due day of 29 February would be missing in most."""
    try:
        date(2001, month, day)
    except ValueError:
        return False
    return True


def _claims(table: Reader, currency: str, known: tuple[str, ...]) -> ClaimRules:
    within = table.whole("pay_within_days", 1, 366, 10)
    inner = table.table_at("without_application", optional=True)
    found = []
    for type_ in list(inner.table):
        amount = inner.money(type_, currency)
        if type_ not in known:
            inner.fault(type_, f"is not one of {', '.join(known)}")
        found.append((type_, amount or 0))
    table.done()
    return ClaimRules(within, tuple(found))


def _vouchers(table: Reader) -> VoucherRules:
    usual = VoucherRules()
    age = table.whole("age_days_max", 1, 36_600, usual.age_days_max)
    names = table.take("buyers", list, [])
    good = [table.fits("buyers", name, checks.a_label) for name in names or ()]
    near = table.whole("near_days", 0, 366, usual.near_days)
    table.done()
    return VoucherRules(age, tuple(names or ()) if all(good) else (), near)


def _accounts(table: Reader, ledgers: Mapping[str, str]) -> AccountRules:
    usual, costs = AccountRules(), {account: type_ for type_, account in ledgers.items()}
    method = table.take("method", str, usual.method)
    if method is not None and method not in _METHODS:
        table.fault("method", f"must be one of {', '.join(_METHODS)}")
    names = [table.word(name) if name in table.table else getattr(usual, name) for name in _OTHER]
    for name, account in zip(_OTHER, names, strict=True):
        if account in costs:
            table.fault(name, f"{account!r} is the ledger account of {costs[account]}")
    if all(names) and len(set(names)) < len(names):
        table.fault("bank", "bank, payable and receivable are three accounts")
    table.done()
    return AccountRules(method or usual.method, *names)


def _duties(table: Reader) -> tuple[tuple[str, int], ...]:
    found = tuple((name, table.whole(name, 1, 3660, usual)) for name, usual in DUTIES)
    table.done()
    return found
