"""What came of the example company's year, as plain figures: amounts are smallest units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from expense_policy.domain.application import Application
from expense_policy.domain.categories import ExpenseType
from expense_policy.domain.documents import Document
from expense_policy.domain.execution import Execution
from expense_policy.domain.policy import Policy
from expense_policy.domain.refusals import Refusal
from expense_policy.domain.vocabulary import Kind
from expense_policy.services.desk import Desk

from .forms import kinds
from .outcome_year import every, the_year

_LANGUAGES = ("en", "zh")
_EFFECT = "effect"


def outcome(
    desk: Desk, refusals: Sequence[Refusal], policy: Policy, execution: Execution | None = None
) -> dict[str, Any]:
    """Applications, refusals, lines, types, what was paid and set off, cost beside effect; and what the year brought.

    `execution` is that of its budgets before they were closed.
    """
    documents, claims = list(every(desk, Kind.APPLICATION)), list(every(desk, Kind.CLAIM))
    known = kinds(policy)
    types = _types(documents, claims, known)
    return {
        "applications": len(documents),
        "outcomes": dict(Counter(each.status.value for each in documents).most_common()),
        "types": types,
        "use_rows": sum(each["rows"] for each in types.values()),
        "flagged": _flagged(desk, [*documents, *claims]),
        # What was granted is no cash: it stands apart (C9).
        "paid": sum(each["paid"] for each in types.values()),
        "set_off": sum(each["set_off"] for each in types.values()),
        "activities": _activities(desk, documents, known),
        "refusals": _refusals(refusals, ZoneInfo(policy.calendar.time_zone)),
        "lines": [
            {n: getattr(line, n) for n in ("id", "in_force", "reserved", "committed", "spent", "available")}
            for line in desk.lines()
        ],
        **the_year(desk, policy, execution, claims),
    }


def _form(document: Document) -> Application:
    assert isinstance(document.content, Application)
    return document.content


def _types(
    documents: Sequence[Document], claims: Sequence[Document], known: Mapping[str, ExpenseType]
) -> dict[str, dict[str, Any]]:
    """By type, in the order of the clauses: what became of its applications, and their figures with the claims'.

    Planned is what was approved in full, whether it was spent or not. What is claimed under an application was planned,
    and is used, there.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, kind in known.items():
        mine = [each for each in documents if each.type == name]
        theirs = [each for each in claims if each.type == name]
        own = [*mine, *[each for each in theirs if each.application is None]]
        payments = [payment for each in (*mine, *theirs) for payment in each.payments]
        found[name] = {
            "category": kind.category,
            "words": dict(zip(_LANGUAGES, kind.words, strict=True)),
            "applications": len(mine),
            "outcomes": dict(Counter(each.status.value for each in mine).most_common()),
            "planned": sum(each.units for each in own if each.approved_at is not None),
            "paid": sum(payment.units for payment in payments if not payment.granted),
            "set_off": sum(payment.units for payment in payments if payment.granted),
            "used": sum(each.used for each in own),
            "rows": sum(each.use_rows for each in own),
        }
    return found


def _flagged(desk: Desk, documents: Sequence[Document]) -> dict[str, int]:
    """How many rows of use were kept though they broke a standard, by its name: each with its reason (C8)."""
    rows = (row for document in documents if document.use_rows for row in desk.uses(document.id))
    return dict(Counter(flag for row in rows for flag in row.broken).most_common())


def _activities(desk: Desk, documents: Sequence[Document], known: Mapping[str, ExpenseType]) -> list[dict[str, Any]]:
    """The dearest application of each type of which an effect was measured: its cost beside what came of it (G3.2)."""
    found = []
    for name in known:
        mine = [each for each in documents if _form(each).type == name and _form(each).benefit is not None]
        for document in sorted(mine, key=lambda each: -each.paid):
            measured = next((row.detail for row in desk.uses(document.id) if row.type == _EFFECT), None)
            benefit = _form(document).benefit
            if measured is None or benefit is None:
                continue
            found.append(
                {
                    "id": document.id,
                    "type": name,
                    "department": document.department,
                    "purpose": _form(document).purpose,
                    "cost": document.paid,
                    "expected": dict(benefit.figures),
                    "measured": {figure: int(value) for figure, value in measured},
                }
            )
            break
    return found


def _refusals(refusals: Sequence[Refusal], zone: ZoneInfo) -> list[dict[str, Any]]:
    refused = Counter((r.code.value, r.clause) for r in refusals)
    first = {(r.code.value, r.clause): r for r in reversed(refusals)}
    return [
        {
            "code": code,
            "clause": clause,
            "count": n,
            "example": {lang: first[code, clause].text(lang, zone) for lang in _LANGUAGES},
            "remedy": {lang: first[code, clause].remedy(lang, zone) for lang in _LANGUAGES},
        }
        for (code, clause), n in sorted(refused.items(), key=lambda item: (item[0][1], item[0][0]))
    ]
