"""What the example company's year came to beyond its applications: budgets, claims, books, what was put right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from expense_policy.domain.adjustment import BudgetAdjustment, SupplementaryRequest
from expense_policy.domain.budget import BudgetPlan
from expense_policy.domain.claim import Claim
from expense_policy.domain.documents import Document
from expense_policy.domain.execution import Execution
from expense_policy.domain.money import Money
from expense_policy.domain.periods import Calendar, Month
from expense_policy.domain.policy import Policy
from expense_policy.domain.rectification import Rectification, Turn
from expense_policy.domain.vocabulary import Kind, Status
from expense_policy.domain.year_end import Carry, YearEnd
from expense_policy.services.desk import Desk

from .forms import YEAR

_PAGE = 1000
_BUDGETS = (Kind.BUDGET_PLAN, Kind.BUDGET_ADJUSTMENT, Kind.SUPPLEMENTARY_REQUEST)
MONTHS = tuple(Month(YEAR, month) for month in range(1, 13))


def every(desk: Desk, kind: Kind) -> Iterator[Document]:
    """The documents of a kind, oldest first."""
    after = ""
    while page := desk.find(after=after, limit=_PAGE, kind=kind.value):
        after = page[-1].id
        yield from [desk.document(row.id) for row in page]


def the_year(desk: Desk, policy: Policy, execution: Execution | None, claims: Sequence[Document]) -> dict[str, Any]:
    """Everything of this module, by name; amounts are smallest units, rates basis points."""
    return {
        "budgets": [each for kind in _BUDGETS for each in _budgets(desk, kind)],
        "negotiation": _negotiation(desk),
        "execution": [] if execution is None else _execution(execution),
        "year_end": _year_end(desk, policy.departments),
        "claims": _claims(desk, policy, claims),
        "accounts": _accounts(desk),
        "allocations": _allocations(desk),
        "rectifications": _rectifications(desk, policy.calendar),
        "duties": _duties(desk),
    }


def _marks(desk: Desk, id: str) -> list[str]:
    rows = [row for entry in desk.history(id) for row in entry.rows if row[0] == "mark"]
    return list(dict.fromkeys(row[2] for row in rows))


def _budgets(desk: Desk, kind: Kind) -> Iterator[dict[str, Any]]:
    """Each plan, and each change of one, with what it was marked with, its rounds, and what it was estimated at."""
    for document in every(desk, kind):
        form = document.content
        assert isinstance(form, BudgetPlan | BudgetAdjustment | SupplementaryRequest)
        estimates = [each.estimate for each in desk.budgeting.estimates(document.id)]
        yield {
            "id": document.id,
            "kind": kind.value,
            "department": form.department,
            "year": form.year,
            "status": document.status.value,
            "marks": _marks(desk, document.id),
            "rounds": document.round.number,
            "estimated": sum(each.units for each in estimates if each is not None),
            "amount": document.units,
        }


def _negotiation(desk: Desk) -> list[dict[str, Any]]:
    """Of each draft whose amounts were negotiated: the lines that were, round by round (B1.4)."""

    def units(amount: Money | None) -> int | None:
        return None if amount is None else amount.units

    return [
        {
            "document": document.id,
            "round": each.round,
            "line": each.line,
            "asked": each.asked.units,
            "reviewed": units(each.reviewed),
            "countered": units(each.countered),
            "agreed": units(each.agreed),
            "reason": each.reason,
            "answer": each.answer,
        }
        for document in every(desk, Kind.BUDGET_PLAN)
        for each in desk.budgeting.negotiation(document.id)
        if each.reason or each.answer
    ]


def _execution(found: Execution) -> list[dict[str, Any]]:
    """Each line when the year was over, before it was closed (B2.3)."""
    return [
        {
            "id": each.line.id,
            "in_force": each.in_force,
            "planned": each.figures.planned,
            "spent": each.figures.spent,
            "available": each.available,
            "burn_bp": each.burn_bp,
            "deviates": each.deviates,
        }
        for each in found.lines
    ]


def _year_end(desk: Desk, departments: Sequence[str]) -> list[dict[str, Any]]:
    """What became of each department's money when its lines were closed, and what came back to them later (B1.5)."""
    found = []
    for department in departments:
        told = desk.written(f"year:{department}:{YEAR}")
        papers = [fact for _, facts in told for fact in facts if isinstance(fact, YearEnd)]
        units = Counter[str]()
        for number, paper in enumerate(papers):
            for each in paper.carried:
                # What is held and stays held is told by each closing anew.
                if not number or each.what is not Carry.COMMITMENT:
                    units[each.what.value] += each.amount.units
        found.append({"department": department, "closed": len(papers), **dict(sorted(units.items()))})
    return found


def _claims(desk: Desk, policy: Policy, claims: Sequence[Document]) -> dict[str, Any]:
    """What was claimed, against which vouchers, paid when, and what came back (R2)."""
    payments = [payment for each in claims for payment in each.payments]
    above = [desk.document(id) for id in dict.fromkeys(each.application for each in claims) if id is not None]
    marks, kept = [_checked(desk, each.id) for each in claims], {key for each in claims for key in _keys(each)}
    approved = [each for each in claims if each.approved_at is not None]
    return {
        "count": len(claims),
        "outcomes": dict(Counter(each.status.value for each in claims).most_common()),
        "without_application": sum(each.application is None for each in claims),
        "approved": sum(each.units for each in approved),
        "paid": sum(payment.units for payment in payments if payment.units > 0),
        "returned": -sum(payment.units for payment in payments if payment.units < 0),
        "advances": sum(payment.units for each in above for payment in each.payments if payment.units > 0),
        "advances_cleared": sum(each.cleared for each in above),
        "advances_returned": -sum(payment.units for each in above for payment in each.payments if payment.units < 0),
        "late": sum(_late(policy, each) for each in approved),
        "vouchers": len(kept),
        "genuine": len({key for genuine, _ in marks for key in genuine if key in kept}),
        "stated": sum(stated for _, stated in marks),
    }


def _keys(claim: Document) -> tuple[str, ...]:
    """The vouchers that a claim has for good."""
    given_back = (Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED)
    assert isinstance(claim.content, Claim)
    return () if claim.status in given_back else tuple(each.key for each in claim.content.vouchers)


def _checked(desk: Desk, id: str) -> tuple[set[str], bool]:
    """Which vouchers of a claim were found genuine, and whether others stand as they were stated (A2.1)."""
    rows = [row for entry in desk.history(id) for row in entry.rows if row[0] == "mark"]
    genuine = {row[3] for row in rows if row[2] == "voucher_genuine"}
    return genuine, any(row[2] == "vouchers_stated" for row in rows)


def _late(policy: Policy, claim: Document) -> bool:
    """Whether a claim was paid after its working days were over (R2.3)."""
    paid, calendar = [payment.at for payment in claim.payments if payment.units > 0], policy.calendar
    if not paid or claim.approved_at is None:
        return False
    last = calendar.working_day_after(calendar.day(claim.approved_at), policy.claims.pay_within_days)
    return calendar.day(max(paid)) > last


def _accounts(desk: Desk) -> dict[str, Any]:
    """The year's months as they were closed: what each cost by category, what of it corrects an earlier one (R1.1)."""
    found, sources = [], Counter[str]()
    categories = Counter[str]()
    for month in MONTHS:
        accounts = desk.accounts(month)
        categories.update(accounts.by("category"))
        sources.update({source.value: units for source, units in accounts.sources})
        found.append(
            {
                "month": str(month),
                "closed": accounts.closed,
                "reconciles": not accounts.differences,
                "total": accounts.total,
                "categories": accounts.by("category"),
                "corrections": {str(of): units for of, units in accounts.corrections},
                "sources": {source.value: units for source, units in accounts.sources},
            }
        )
    return {
        "method": desk.accounts(MONTHS[0]).method,
        "months": found,
        "total": sum(each["total"] for each in found),
        "categories": dict(sorted(categories.items())),
        "sources": dict(sources),
    }


def _allocations(desk: Desk) -> list[dict[str, Any]]:
    """Every shared cost that was allocated, by which version of which rule, to whom; perhaps undone (R1.2)."""
    months = (*MONTHS, MONTHS[-1].plus(1))
    ids = sorted({id for month in months for id in desk.allocations.results(month)})
    found = []
    for id in ids:
        result = desk.allocations.result(id)
        found.append(
            {
                "id": id,
                "rule": result.rule,
                "version": result.version,
                "method": result.allocation.costs.method.value,
                "basis": result.basis.value,
                "month": str(result.month),
                "type": result.type,
                "amount": result.allocation.total.units,
                "parts": {name: part.units for name, part in result.allocation.received.items()},
                "reversed": any(entry.act == "reverse_allocation" for entry in desk.history(id)),
            }
        )
    return found


def _rectifications(desk: Desk, calendar: Calendar) -> dict[str, Any]:
    """What had to be put right, and how far it is; the one that went up, step by step (B2.4)."""
    cards: list[Rectification] = []
    after = ""
    while page := desk.rectifications.find(after=after, limit=_PAGE):
        cards += page
        after = page[-1].id
    turns = Counter(each.what.value for card in cards for each in card.follow_ups)
    return {
        "opened": len(cards),
        "outcomes": dict(Counter(card.status for card in cards).most_common()),
        "departments": dict(sorted(Counter(card.department for card in cards).items())),
        "turns": {turn.value: turns[turn.value] for turn in Turn},
        "escalated": [
            {
                "about": card.finding.about,
                "department": card.department,
                "steps": [
                    {"what": x.what.value, "by": x.by, "on": calendar.day(x.at).isoformat(), "text": x.text}
                    for x in card.follow_ups
                ],
            }
            for card in cards
            if card.reached
        ],
    }


def _duties(desk: Desk) -> list[dict[str, Any]]:
    """How often each duty was done, and how many of its intervals were missed and reported (G3.5)."""
    found = []
    for duty in desk.duties.all():
        acts = Counter(entry.act for entry in desk.history(f"duty:{duty.name}"))
        # Closing a month does the accounting.
        closings = sum(entry.act == "close_month" for entry in desk.history("books"))
        found.append(
            {
                "name": duty.name,
                "days": duty.days,
                "done": acts["do_duty"] + (closings if duty.name == "accounting" else 0),
                "missed": acts["report_missed"],
                "by": duty.done_by,
            }
        )
    return found
