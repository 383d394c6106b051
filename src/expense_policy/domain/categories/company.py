"""Expense types that a company adds as data (C8): one plan record, one use record, and rules made from the policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache, partial
from typing import Any

import attrs

from .. import checks
from ..company_types import CompanyField, CompanyLine, CompanyType
from ..money import Money, not_below_0
from ..periods import Calendar
from ..refusals import Code, Fact, Refusal, refusal
from ._contact import per_month
from ._shape import Asked, ExpenseType, Happened, Part, Plan, Use, broken, over

Value = str | int | Money | date
"""What a field may hold: text, word and choice are str; a whole number and an amount are 0 or above."""
Fields = tuple[tuple[str, Value], ...]
RECIPIENT = "recipient"


def _value(name: str, value: object) -> None:
    if type(value) is str:
        checks.a_text(name, value)
    elif type(value) is int:
        if not 0 <= value < 2**63:
            raise ValueError(f"{name} must be a whole number from 0 to 2**63-1")
    elif type(value) is Money:
        if value.units < 0:
            raise ValueError(f"{name} must not be below 0")
    elif type(value) is not date:
        raise TypeError(f"{name} must be str, int, Money or date, not {type(value).__name__}")


def _fields(instance: object, attribute: attrs.Attribute[Fields], value: object) -> None:
    if type(value) is not tuple or any(type(pair) is not tuple or len(pair) != 2 for pair in value):
        raise TypeError(f"{attribute.name} must be a tuple of (name, value)")
    for name, held in value:
        checks.an_ident("a field's name", name)
        _value(name, held)
    if len({name for name, _ in value}) < len(value):
        raise ValueError(f"{attribute.name} must name each field once")


def _customers(instance: CompanyPlan, attribute: attrs.Attribute[tuple[str, ...]], value: object) -> None:
    if value != ():
        checks.idents(instance, attribute, value)
        if len(set(instance.customers)) < len(instance.customers) or instance.recipients:
            raise ValueError("a plan names each customer once, or says how many there are")


def _not_below_0(instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    if type(value) is not int:
        raise TypeError(f"{attribute.name} must be int, not {type(value).__name__}")
    if not 0 <= value < 2**63:
        raise ValueError(f"{attribute.name} must be a whole number from 0 to 2**63-1")


@attrs.frozen
class CostLine:
    """So many of a cost line of the type, at a unit price."""

    name: str = attrs.field(validator=checks.ident)
    quantity: int = attrs.field(validator=checks.whole)
    unit_price: Money = attrs.field(validator=not_below_0)


@attrs.frozen
class CompanyPlan(Plan):
    """The plan record of a type of the company's own: its cost lines, each once, and its fields by their names.

    It names its customers, or says how many recipients it is for; 0 where that says nothing of its cost. Whether the
    type has these lines and fields is the policy's to say, when it is submitted.
    """

    type: str = attrs.field(validator=checks.ident)
    lines: tuple[CostLine, ...] = attrs.field(validator=checks.some(CostLine, "name"))
    fields: Fields = attrs.field(default=(), validator=_fields)
    recipients: int = attrs.field(default=0, validator=_not_below_0)
    customers: tuple[str, ...] = attrs.field(default=(), validator=_customers)

    def __attrs_post_init__(self) -> None:
        if len({line.unit_price.currency for line in self.lines}) > 1:
            raise ValueError("the lines of a plan are in one currency")

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Quantity times unit price, of each line."""
        return tuple([(line.name, line.unit_price * line.quantity) for line in self.lines])

    @property
    def reach(self) -> int:
        """How many customers it names, or says that there are."""
        return len(self.customers) or self.recipients


@attrs.frozen
class CompanyUse(Use):
    """So much of a cost line was used on a day, for one recipient or for nobody in particular."""

    type: str = attrs.field(validator=checks.ident)
    on: date = attrs.field(validator=checks.day)
    line: str = attrs.field(validator=checks.ident)
    quantity: int = attrs.field(default=1, validator=checks.whole)
    recipient: str | None = attrs.field(default=None, validator=checks.optional(checks.ident))
    fields: Fields = attrs.field(default=(), validator=_fields)

    def day(self, calendar: Calendar) -> date:
        """The day itself."""
        return self.on

    @property
    def recipients(self) -> tuple[str, ...]:
        """The one, where there is one."""
        return () if self.recipient is None else (self.recipient,)


Rule = Callable[..., Refusal | None]
Record = CompanyPlan | CompanyUse


def _fits(field: CompanyField, value: Value, currency: str) -> bool:
    """Whether the value is of the field's kind."""
    if field.kind == "amount":
        return type(value) is Money and value.currency == currency
    if field.kind == "choice":
        return value in field.choices
    if field.kind == "word":
        try:
            checks.an_ident(field.name, value)
        except (TypeError, ValueError):
            return False
        return True
    return type(value) is {"text": str, "whole": int, "date": date}[field.kind]


def _missing(own: CompanyType, record: Record) -> Iterator[str]:
    have, on = dict(record.fields), "use" if isinstance(record, CompanyUse) else "plan"
    for field in own.fields_of(on):
        value = have.get(field.name)
        if field.required and (value is None or (type(value) is str and checks.blank(value))):
            yield field.name
    if isinstance(record, CompanyUse) and own.per_customer_month_max is not None and record.recipient is None:
        # Without it nobody could count.
        yield RECIPIENT


def _strange(own: CompanyType, record: Record, currency: str) -> Iterator[str]:
    on = "use" if isinstance(record, CompanyUse) else "plan"
    known, lines = {field.name: field for field in own.fields_of(on)}, {line.name for line in own.lines}
    for name, value in record.fields:
        if name not in known or not _fits(known[name], value, currency):
            yield name
    if isinstance(record, CompanyPlan):
        yield from [
            each.name for each in record.lines if each.name not in lines or each.unit_price.currency != currency
        ]


def formed(own: CompanyType, record: Record, currency: str) -> list[Refusal]:
    """What a record lacks, and what it holds that the type does not have or that is of another kind."""
    missing, strange = list(_missing(own, record)), list(_strange(own, record, currency))
    found = []
    if missing:
        found.append(refusal(Code.FORM_INCOMPLETE, clause=own.clause, fields=", ".join(missing)))
    if strange:
        found.append(refusal(Code.FIELD_UNFIT, clause=own.clause, type=own.name, fields=", ".join(strange)))
    return found


def _limited(clause: str, field: CompanyField, record: Record, currency: str) -> Refusal | None:
    """A figure below the least or above the most of its field; one that does not fit is judged by `formed`."""
    value = dict(record.fields).get(field.name)
    if value is None or not _fits(field, value, currency):
        return None
    figure = value.units if isinstance(value, Money) else value
    assert isinstance(figure, int)
    if field.least is not None and figure < field.least:
        limit = field.least
    elif field.most is not None and figure > field.most:
        limit = field.most
    else:
        return None
    return broken(clause, field.name, _as(value, figure), _as(value, limit))


def _as(value: Value, n: int) -> Fact:
    return Money(n, value.currency) if isinstance(value, Money) else n


def _field_rules(own: CompanyType, on: str) -> tuple[Rule, ...]:
    def planned(field: CompanyField) -> Rule:
        return lambda plan, limits, asked: _limited(own.clause, field, plan, asked.policy.currency)

    def used(field: CompanyField) -> Rule:
        return lambda plan, use, limits, happened: _limited(own.clause, field, use, happened.policy.currency)

    limited = [each for each in own.fields_of(on) if (each.least, each.most) != (None, None)]
    return tuple(map(planned if on == "plan" else used, limited))


def unit_price(line: CompanyLine) -> str:
    """The name of the standard of a line's unit price."""
    return f"{line.name}.unit_price"


def quantity(line: CompanyLine) -> str:
    """The name of the standard of a line's quantity."""
    return f"{line.name}.quantity"


def _price_rule(own: CompanyType, line: CompanyLine) -> Rule:
    def rule(plan: CompanyPlan, limits: CompanyType, asked: Asked) -> Refusal | None:
        """Unit price <= the limit."""
        prices = [each.unit_price for each in plan.lines if each.name == line.name]
        return over(own.clause, unit_price(line), prices[0], line.unit_price_max) if prices else None

    return rule


def _quantity(own: CompanyType, line: CompanyLine, count: int) -> Refusal | None:
    most = line.quantity_max
    return None if most is None or count <= most else broken(own.clause, quantity(line), count, most)


def _planned_quantity(own: CompanyType, line: CompanyLine) -> Rule:
    def rule(plan: CompanyPlan, limits: CompanyType, asked: Asked) -> Refusal | None:
        """Quantity <= the limit."""
        return _quantity(own, line, sum(each.quantity for each in plan.lines if each.name == line.name))

    return rule


def _used_quantity(own: CompanyType, line: CompanyLine) -> Rule:
    def rule(plan: CompanyPlan, use: CompanyUse, limits: CompanyType, happened: Happened) -> Refusal | None:
        """No more of a line at once than a plan may hold."""
        return _quantity(own, line, use.quantity) if use.line == line.name else None

    return rule


def measure(plan: CompanyPlan, use: CompanyUse, limits: CompanyType) -> tuple[Part, ...] | Refusal:
    """A use costs what the plan says of its line."""
    found = next((each for each in plan.lines if each.name == use.line), None)
    if found is None:
        return refusal(Code.USE_UNPLANNED, clause=limits.clause, item=use.line)
    detail = tuple([(name, value.isoformat() if isinstance(value, date) else str(value)) for name, value in use.fields])
    return (Part(use.recipient or "", use.quantity, use.quantity * found.unit_price.units, use.line, detail),)


def _terms(own: CompanyType) -> dict[str, tuple[str, str]]:
    """What the company calls the names of its type, that of the type last."""
    found = {field.name: field.words for field in own.fields}
    for line in own.lines:
        found[line.name] = line.words
        english, chinese = line.words
        found[unit_price(line)] = (f"unit price of {english}", f"{chinese}单价")
        found[quantity(line)] = (f"quantity of {english}", f"{chinese}数量")
    return {**found, own.name: own.words}


@lru_cache(maxsize=1024)
def made(own: CompanyType) -> ExpenseType:
    """The type as the services know one; made once for what the policy says."""
    most = own.per_customer_month_max
    month: tuple[Any, ...] = () if most is None else (per_month(own.clause, "uses_a_month"),)
    prices = [_price_rule(own, line) for line in own.lines if line.unit_price_max is not None]
    counts = [line for line in own.lines if line.quantity_max is not None]
    return ExpenseType(
        name=own.name,
        category=own.category,
        clause=own.clause,
        plan=CompanyPlan,
        use=CompanyUse,
        measure=measure,
        plan_standards=(*prices, *[_planned_quantity(own, line) for line in counts], *_field_rules(own, "plan")),
        use_standards=(*month, *[_used_quantity(own, line) for line in counts], *_field_rules(own, "use")),
        limits=CompanyType,
        ledger_account=own.ledger_account,
        evidence=own.evidence,
        effects=own.effects,
        paid_up_to_use=own.paid_up_to_use,
        granted=own.granted,
        customers=own.customers,
        counted=None if most is None else "month",
        words=own.words,
        formed=partial(formed, own),
        terms=_terms(own),
    )
