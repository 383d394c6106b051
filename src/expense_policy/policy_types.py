"""The company's own expense types, as the policy file says them: [[type]] with its fields and cost lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from . import policy_checks
from ._policy_reader import Reader
from .domain import checks
from .domain.categories import REGISTER
from .domain.categories.effect import FIGURES
from .domain.company_types import (
    FIELD_KINDS,
    FIELDS_MAX,
    LINES_MAX,
    RECORDS,
    TYPES_MAX,
    CompanyField,
    CompanyLine,
    CompanyType,
    Words,
)
from .domain.vocabulary import CATEGORIES, TERMS

T = TypeVar("T")
# No more than a store's column for a type holds.
_NAME_MAX = 50
# Words that stand for something else where a type's name stands: every type, a category, a note on a use.
_TAKEN = ("*", *CATEGORIES, "effect", "gift_outcome")
_CLAUSE = re.compile("[GBCARSX][1-9](?:[.][1-9])?")
_WHOLE_MAX = 2**63 - 1
_BOUNDED = ("whole", "amount")


def read(root: Reader, currency: str) -> tuple[CompanyType, ...]:
    """Every type of the company's own whose name can be read, in their order."""
    tables = _tables(root, "type", TYPES_MAX)
    found = [(table, _type(table, currency)) for table in tables]
    root.faults += policy_checks.twice([(table.path, own.name) for table, own in found if own.name], "name")
    return tuple([own for _, own in found if own.name])


def _tables(table: Reader, key: str, most: int, optional: bool = True) -> list[Reader]:
    tables = table.tables(key, optional)
    if len(tables) > most:
        table.fault(key, f"must not hold more than {most}")
    return tables[:most]


def _type(table: Reader, currency: str) -> CompanyType:
    name = _own_name(table)
    category = _one_of(table, "category", CATEGORIES)
    fields, lines = _tables(table, "field", FIELDS_MAX), _tables(table, "line", LINES_MAX, optional=False)
    own = CompanyType(
        name=name,
        category=category,
        words=_words(table, name),
        clause=_clause(table, category),
        ledger_account=table.word("ledger_account") if "ledger_account" in table.table else "6601",
        evidence=table.words("evidence", 0, []),
        effects=_effects(table),
        fields=_several(fields, lambda each: _field(each, currency), lambda each: (each.on, each.name)),
        lines=_several(lines, lambda each: _line(each, currency), lambda each: each.name),
        paid_up_to_use=table.flag("paid_up_to_use"),
        granted=table.flag("granted"),
        customers=table.flag("customers", True),
        per_customer_month_max=_whole(table, "per_customer_month_max", 1000),
    )
    table.done()
    return own


def _own_name(table: Reader) -> str:
    name = _name(table)
    if name in REGISTER:
        table.fault("name", f"{name!r} is a type of the policy's own")
    elif name in _TAKEN:
        table.fault("name", f"{name!r} is a word of the library's own")
    else:
        return name
    return ""


def _name(table: Reader) -> str:
    name = table.word("name")
    if len(name) > _NAME_MAX or "," in name:
        table.fault("name", f"must have at most {_NAME_MAX} characters, and no comma")
        return ""
    return name


def _one_of(table: Reader, key: str, words: Sequence[str], default: str | None = None) -> str:
    word = table.take(key, str, default)
    if word is not None and word not in words:
        table.fault(key, f"{word[:40]!r} is not one of {', '.join(words)}")
    return word if word in words else words[0]


def _words(table: Reader, name: str) -> Words:
    """What people read for a name: the library's words for it, or the name itself, where it says none."""
    if "words" not in table.table:
        return TERMS.get(name, (name, name))
    inner = table.table_at("words")
    found = inner.word("en", checks.a_label), inner.word("zh", checks.a_label)
    inner.done()
    return found


def _clause(table: Reader, category: str) -> str:
    if "clause" not in table.table:
        return f"C{CATEGORIES.index(category) + 1}"
    clause = table.word("clause")
    if clause and not _CLAUSE.fullmatch(clause):
        table.fault("clause", 'must be the id of a clause, such as "C6" or "C3.1"')
    return clause


def _effects(table: Reader) -> tuple[str, ...]:
    names = table.words("effects", 0, [])
    for name in names:
        if name not in FIGURES:
            table.fault("effects", f"{name!r} is not one of {', '.join(FIGURES)}")
    return names


def _several(tables: list[Reader], read: Callable[[Reader], T], name: Callable[[T], object]) -> tuple[T, ...]:
    """What is read from the tables, no two of one name."""
    found = [(table.path, len(table.faults), read(table), len(table.faults)) for table in tables]
    for table in tables[:1]:
        sure = [(path, name(each)) for path, before, each, after in found if before == after]
        table.faults += policy_checks.twice(sure, "name")
    return tuple([each for _, _, each, _ in found])


def _field(table: Reader, currency: str) -> CompanyField:
    name, kind = _name(table), _one_of(table, "kind", FIELD_KINDS)
    least, most = _bound(table, "min", kind, currency), _bound(table, "max", kind, currency)
    if least is not None and most is not None and least > most:
        table.fault("min", "must not be more than max")
    choices: tuple[str, ...] = ()
    if kind == "choice":
        choices = table.words("choices")
    elif "choices" in table.table:
        table.words("choices", 0)
        table.fault("choices", "are for a field of the kind choice")
    on = _one_of(table, "on", RECORDS, "plan")
    field = CompanyField(name, kind, _words(table, name), on, table.flag("required"), least, most, choices)
    table.done()
    return field


def _bound(table: Reader, key: str, kind: str, currency: str) -> int | None:
    if key not in table.table:
        return None
    if kind not in _BOUNDED:
        del table.table[key]
        table.fault(key, f"is for a field of the kinds {' and '.join(_BOUNDED)}")
        return None
    return table.money(key, currency) if kind == "amount" else _whole(table, key, _WHOLE_MAX)


def _whole(table: Reader, key: str, most: int) -> int | None:
    """A whole number from 0 on; None where it is missing."""
    return table.whole(key, 0, most) if key in table.table else None


def _line(table: Reader, currency: str) -> CompanyLine:
    name = _name(table)
    price, quantity = table.money("unit_price_max", currency, optional=True), _whole(table, "quantity_max", _WHOLE_MAX)
    line = CompanyLine(name, _words(table, name), price, quantity)
    table.done()
    return line
