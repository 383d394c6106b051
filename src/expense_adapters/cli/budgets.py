"""`expense-policy budget` and `execution`: what is in force, how it came to be, and how it is executed (B1, B2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expense_adapters.cli.opening import reading
from expense_adapters.cli.say import Json, put, put_json, table
from expense_policy.domain.adjustment import BudgetAdjustment, SupplementaryRequest
from expense_policy.domain.budget import BudgetPlan
from expense_policy.domain.money import decimal
from expense_policy.ports.errors import NotFound
from expense_policy.ports.repository import Look
from expense_policy.services.asking import in_scope
from expense_policy.services.drafting import KINDS

if TYPE_CHECKING:
    from expense_policy.domain.documents import Document
    from expense_policy.domain.execution import Executed, Execution, Figures
    from expense_policy.domain.holds import Line
    from expense_policy.domain.money import Money
    from expense_policy.services.desk import Desk

_Store = Annotated[str, typer.Option(help="sqlite:///PATH, postgresql://..., mariadb://...")]
_Department = Annotated[str | None, typer.Option(help="Of this department; of all without it.")]
_AMOUNTS = ("in_force", "planned", "reserved", "committed", "spent", "available")
_PAGE = 1000


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("budget")(budget)
    app.command("execution")(execution)


def budget(
    store: _Store,
    department: _Department = None,
    year: Annotated[int | None, typer.Option(help="Of this fiscal year; of all without it.")] = None,
    document: Annotated[str | None, typer.Option(help="A plan, adjustment or supplementary request by its id.")] = None,
    as_json: Json = False,
) -> None:
    """Shows budget lines with their documents; of one document its estimates, negotiation, changes, months."""
    with reading(store) as desk:
        found = _one(desk, document) if document is not None else _all(desk, department, year)
    if as_json:
        put_json(found)
        return
    if not any(found.values()):
        put("no line")
    for name, value in found.items():
        if not isinstance(value, list):
            put(f"{name:12}{value}")
    for name, rows in found.items():
        if isinstance(rows, list) and rows:
            put(f"\n{name}")
            table(rows[0], [list(row.values()) for row in rows], _RIGHT)


_RIGHT = (
    *_AMOUNTS,
    *("amount", "asked", "estimate", "difference", "reviewed", "countered", "agreed", "before", "after"),
)


def _all(desk: Desk, department: str | None, year: int | None) -> dict[str, Any]:
    lines, told = desk.lines(department, year), []
    for whole in _documents(desk, {} if department is None else {"department": department}):
        form = whole.content
        if isinstance(form, BudgetPlan | BudgetAdjustment | SupplementaryRequest) and year in (None, form.year):
            said = {"id": whole.id, "kind": whole.kind, "department": whole.department, "year": form.year}
            told.append({**said, "status": whole.status, "amount": str(whole.amount)})
    if department is not None and not lines and not told:
        in_scope(desk.env, department)
    # What is in force was put there by a document.
    currency = desk.document(lines[0].plan).currency if lines else ""
    return {"lines": [_line(line, currency) for line in lines], "documents": told}


def _documents(desk: Desk, where: dict[str, str]) -> Iterator[Document]:
    for kind in KINDS:
        after = ""
        while page := desk.find(kind=kind.value, after=after, limit=_PAGE, **where):
            ids = tuple([row.id for row in page])
            found = desk.env.repository.look(Look(documents=ids)).documents
            yield from [found[id] for id in ids if id in found]
            after = ids[-1]


def _line(line: Line, currency: str) -> dict[str, Any]:
    amounts = {name: getattr(line, name) for name in _AMOUNTS if name != "planned"}
    said = {"id": line.id, "department": line.department, "year": line.year, "category": line.category}
    money = {name: decimal(units, currency) for name, units in amounts.items()}
    return {**said, "project": line.project, **money}


def _one(desk: Desk, id: str) -> dict[str, Any]:
    whole = desk.document(id)
    form = whole.content
    if not isinstance(form, BudgetPlan | BudgetAdjustment | SupplementaryRequest):
        raise NotFound(f"{id!r} is no budget plan, adjustment or supplementary request")
    found: dict[str, Any] = {
        "id": id,
        "kind": form.kind.value,
        "department": form.department,
        "year": form.year,
        "status": whole.status.value,
        "amount": str(whole.amount),
        "currency": whole.currency,
    }
    found["estimates"] = [
        {
            "line": each.line,
            "category": each.category,
            "asked": str(each.asked),
            "estimate": _text(each.estimate),
            "difference": _text(each.difference),
            "outside": each.outside,
        }
        for each in desk.budgeting.estimates(id)
    ]
    if isinstance(form, BudgetPlan):
        found["negotiation"] = [
            {
                "round": each.round,
                "line": each.line,
                "asked": str(each.asked),
                "reviewed": _text(each.reviewed),
                "reason": each.reason,
                "countered": _text(each.countered),
                "answer": each.answer,
                "agreed": _text(each.agreed),
            }
            for each in desk.budgeting.negotiation(id)
        ]
    else:
        found["reason"] = form.reason
        found["changes"] = [
            {"line": each.line, "before": str(each.before), "after": str(each.after)} for each in form.changes
        ]
    found["months"] = [
        {"line": each.line, "month": str(each.month), "before": str(each.before), "after": str(each.after)}
        for each in desk.budgeting.months(id)
    ]
    return found


def _text(amount: Money | None) -> str | None:
    return None if amount is None else str(amount)


def execution(
    year: Annotated[int, typer.Option(help="The fiscal year, named by the calendar year it starts in.")],
    store: _Store,
    department: _Department = None,
    months: Annotated[bool, typer.Option("--months", help="Shows each line by month, too.")] = False,
    as_json: Json = False,
) -> None:
    """Shows how a year's budget is executed: by line, in total, by month; what is flagged."""
    with reading(store) as desk:
        found = desk.execution(department, year=year)
    if as_json:
        put_json(_document(found))
        return
    if not found.lines:
        put("no line")
        return
    put(f"{found.year}, {found.department or 'all departments'}, {found.currency}")
    head = ("line", *_AMOUNTS, "to_date", "burn", "forecast", "flags")
    rows = [_shown(each, each.line.id, found.currency, _flags(each.alert, each.deviates)) for each in found.lines]
    table(head, [*rows, _shown(found.total, "total", found.currency, "")], (*_AMOUNTS, "to_date", "burn", "forecast"))
    for name, each in [("total", found.total), *[(line.line.id, line) for line in found.lines if months]]:
        put(f"\n{name} by month")
        columns = ("planned", "reserved", "committed", "spent")
        by_month = [
            (month.month or "other", *[decimal(units, found.currency) for units in _units(month.figures)])
            for month in each.months
        ]
        table(("month", *columns), by_month, columns)


def _shown(each: Executed, name: str, currency: str, flags: str) -> tuple[str, ...]:
    planned, *held = _units(each.figures)
    amounts = [each.in_force, planned, *held, each.available, each.planned_to_date]
    burn = "" if each.burn_bp is None else f"{each.burn_bp // 100}.{each.burn_bp % 100:02} %"
    return (name, *[decimal(units, currency) for units in amounts], burn, decimal(each.forecast, currency), flags)


def _units(figures: Figures) -> tuple[int, int, int, int]:
    return figures.planned, figures.reserved, figures.committed, figures.spent


def _flags(alert: bool, deviates: bool) -> str:
    return " ".join([*(["alert"] if alert else []), *(["deviates"] if deviates else [])])


def _document(found: Execution) -> dict[str, Any]:
    """As JSON: amounts are decimals of the currency beside them, rates basis points."""

    def named(figures: Figures) -> dict[str, str]:
        amounts = [decimal(units, found.currency) for units in _units(figures)]
        return dict(zip(("planned", "reserved", "committed", "spent"), amounts, strict=True))

    def told(each: Executed) -> dict[str, Any]:
        names = ("in_force", "available", "planned_to_date", "deviation", "forecast")
        amounts = {name: decimal(getattr(each, name), found.currency) for name in names}
        rows = [{"month": None if m.month is None else str(m.month), **named(m.figures)} for m in each.months]
        rates = {"burn_bp": each.burn_bp, "used_bp": each.used_bp}
        return {**named(each.figures), **amounts, **rates, "months": rows}

    lines = [
        {
            "id": each.line.id,
            "department": each.line.department,
            "category": each.line.category,
            "project": each.line.project,
            **told(each),
            "alert": each.alert,
            "deviates": each.deviates,
        }
        for each in found.lines
    ]
    head = {"year": found.year, "department": found.department, "at": found.at.isoformat(), "currency": found.currency}
    return {**head, "lines": lines, "total": told(found.total)}
