"""A month's double entries as files for the general ledger: CSV, and beancount (R1.4). Both are written as a stream."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import date
from typing import TextIO

from expense_policy.domain.accounting import DoubleEntry, LedgerAccount, Role
from expense_policy.domain.money import Money

COLUMNS = (
    *("month", "number", "date", "account", "debit", "credit", "currency"),
    *("department", "project", "category", "type", "source"),
    *("document", "line", "occurred", "reverses", "corrects", "reference"),
)
"""The columns of the CSV file: two rows an entry, the debit first."""

_FORMULA = frozenset("=+-@|%'\t\r\n＝＋－＠")
_ROOTS = {
    Role.COST: "Expenses",
    Role.BANK: "Assets:Bank",
    Role.PAYABLE: "Liabilities:Payable",
    Role.RECEIVABLE: "Assets:Receivable",
}
_PART, _LINK = re.compile("[A-Z0-9][A-Za-z0-9]*"), re.compile("[^A-Za-z0-9_./-]")


def cell(text: str) -> str:
    """The text as no program takes for a formula: "'" stands before it where it begins as one could, or with "'"."""
    return f"'{text}" if text.lstrip()[:1] in _FORMULA else text


def write_csv(out: TextIO, entries: Iterable[DoubleEntry], currency: str) -> int:
    """Writes the entries with a head; how many there were. Open the file with `newline=""`."""
    rows = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    count = 0
    for each in entries:
        count += 1
        amount, said = str(Money(each.units, currency)), _said(each)
        for account, sides in ((each.debit, (amount, "")), (each.credit, ("", amount))):
            head = (str(each.posting.month), str(each.number), each.day.isoformat(), cell(account.code), *sides)
            rows.writerow((*head, currency, *[cell(text) for _, text in said]))
    return count


def _said(each: DoubleEntry) -> tuple[tuple[str, str], ...]:
    """What a posting says beside its amount, by the columns' names."""
    p = each.posting
    return (
        ("department", p.department),
        ("project", p.project),
        ("category", p.category),
        ("type", p.type),
        ("source", p.source.value),
        ("document", p.document),
        ("line", p.line),
        ("occurred", p.on.isoformat()),
        ("reverses", "" if p.reverses is None else str(p.reverses)),
        ("corrects", "" if p.corrects is None else str(p.corrects)),
        ("reference", p.reference),
    )


def write_beancount(out: TextIO, entries: Iterable[DoubleEntry], currency: str, *, opens: bool = True) -> int:
    """Writes the entries as a beancount file, a transaction each; how many there were.

    With `opens` every account is opened on the first day of the month that first uses it; without it another file does.
    """
    out.write(f'option "operating_currency" "{currency}"\n')
    known, count = set[LedgerAccount](), 0
    for each in entries:
        count += 1
        for account in (each.debit, each.credit) if opens else ():
            if account not in known:
                known.add(account)
                first = date(each.posting.month.year, each.posting.month.month, 1)
                out.write(f"\n{first} open {account_name(account)} {currency}\n  code: {_quoted(account.code)}\n")
        out.write(_transaction(each, currency))
    return count


def _transaction(each: DoubleEntry, currency: str) -> str:
    posting, amount = each.posting, Money(each.units, currency)
    tag = "" if posting.corrects is None else " #correction"
    told, link = _quoted(f"{posting.source.value} {posting.type}"), _LINK.sub("-", posting.document)
    lines = [f"\n{each.day} * {told} ^{link}{tag}"]
    lines += [f'  month: "{posting.month}"', f"  number: {each.number}"]
    lines += [f"  {name}: {_quoted(text)}" for name, text in _said(each) if text]
    lines += [
        f"  {account_name(each.debit)}  {amount} {currency}",
        f"  {account_name(each.credit)}  -{amount} {currency}",
    ]
    return "\n".join(lines) + "\n"


def account_name(account: LedgerAccount) -> str:
    """The account as beancount names it: the parts of its code are levels; one that it does not take is spelled out.

    Codes that differ have names that differ: what is spelled out holds a hyphen, which no other part does.
    """
    parts = account.code.split(".")
    if not all(map(_PART.fullmatch, parts)):
        parts = [f"X-{account.code.encode().hex()}"]
    return ":".join((_ROOTS[account.role], *parts))


def _quoted(text: str) -> str:
    """A string of beancount; it has no line end, for no label has."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
