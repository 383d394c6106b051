"""The expense application 老客户运营费用申请表 (A1.1)."""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import cached_property

import attrs

from . import project as projects
from .categories import REGISTER, Plan
from .content import Digest, digest
from .holds import Line
from .money import Money
from .policy import Policy
from .project import Project
from .refusals import Code, Refusal, refusal
from .vocabulary import Kind, LineId, PersonId


@attrs.frozen
class Attachment:
    """A piece of evidence: what it is, and the digest of its bytes."""

    kind: str
    digest: Digest


@attrs.frozen
class Payee:
    """Who gets the money; `person` where the payee is one of the company's own people."""

    name: str
    account: str
    person: PersonId | None = None

    @property
    def folded(self) -> str:
        """The name as two spellings of one payee share it: width, case and spaces folded."""
        return fold(self.name)


def fold(name: str) -> str:
    """A name with width, case and white space folded."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


@attrs.frozen
class Share:
    """The part of the amount that one budget line bears (B2.1)."""

    line: LineId
    amount: Money

    def __attrs_post_init__(self) -> None:
        if self.amount.units <= 0:
            raise ValueError("a share is above 0")


def _shares(instance: object, attribute: attrs.Attribute[tuple[Share, ...]], value: tuple[Share, ...]) -> None:
    if not value:
        raise ValueError("an application names at least one line")
    if len({share.line for share in value}) != len(value):
        raise ValueError("an application names a line once")


@attrs.frozen
class Application:
    """The form: what for, for whom, how much, to whom, how, when, on which lines, and the plan record."""

    department: str
    purpose: str
    business_goal: str
    customers: str
    type: str
    shares: tuple[Share, ...] = attrs.field(validator=_shares)
    payee: Payee
    method: str
    expected_payment: date
    plan: Plan
    project: str | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def amount(self) -> Money:
        """The amount asked: the sum of the shares."""
        total = self.shares[0].amount
        for share in self.shares[1:]:
            total += share.amount
        return total

    @cached_property
    def digest(self) -> Digest:
        """The digest of everything the form says: worked out once, for nothing of it can change (A3.3)."""
        return digest(self)

    @property
    def kind(self) -> Kind:
        """Always an application."""
        return Kind.APPLICATION


def check(form: Application, policy: Policy, lines: dict[LineId, Line], project: Project | None) -> list[Refusal]:
    """Every rule the form breaks at submission, all shortfalls of all lines included."""
    found: list[Refusal] = []
    if form.department not in policy.departments:
        found.append(refusal(Code.DEPARTMENT_OUT_OF_SCOPE, department=form.department))
    found += _complete(form)
    found += projects.check(form.project, project, form.department, form.expected_payment)
    if form.amount.currency != policy.currency:
        raise ValueError(f"the company's currency is {policy.currency}, not {form.amount.currency}")
    total = form.plan.total
    if total != form.amount:
        found.append(refusal(Code.PLAN_TOTAL_DIFFERS, total=total, asked=form.amount))
    kind = REGISTER[form.type]
    found += kind.check_plan(form.plan, policy)
    found += _evidence(form, policy)
    year = policy.calendar.fiscal_year(form.expected_payment)
    for share in form.shares:
        found += _line(form, share, lines.get(share.line), year, kind.category, policy)
    return found


def _complete(form: Application) -> list[Refusal]:
    names = ("purpose", "business_goal", "customers", "method")
    empty = [name for name in names if not getattr(form, name).strip()]
    empty += [f"payee_{name}" for name in ("name", "account") if not getattr(form.payee, name).strip()]
    # A business goal and the customers it is for are G3.1's; the rest is the form's own A1.1.
    found = []
    goals = [name for name in empty if name in ("business_goal", "customers")]
    if goals:
        found.append(refusal(Code.FORM_INCOMPLETE, clause="G3.1", fields=", ".join(goals)))
    rest = [name for name in empty if name not in goals]
    if rest:
        found.append(refusal(Code.FORM_INCOMPLETE, fields=", ".join(rest)))
    return found


def _evidence(form: Application, policy: Policy) -> list[Refusal]:
    have = {attachment.kind for attachment in form.attachments}
    missing = [
        need
        for rule in policy.evidence
        if rule.type in (form.type, "*") and form.amount.units > rule.above
        for need in rule.needs
        if need not in have
    ]
    if not missing:
        return []
    return [
        refusal(Code.EVIDENCE_MISSING, type=form.type, amount=form.amount, evidence=", ".join(dict.fromkeys(missing)))
    ]


def _line(
    form: Application, share: Share, line: Line | None, year: int, category: str, policy: Policy
) -> list[Refusal]:
    if line is None:
        return [refusal(Code.LINE_NOT_IN_FORCE, line=share.line)]
    found = []
    if (line.department, line.year, line.category) != (form.department, year, category):
        found.append(
            refusal(
                Code.LINE_MISMATCH,
                line=line.id,
                line_department=line.department,
                line_year=line.year,
                line_category=line.category,
                department=form.department,
                year=year,
                category=category,
            )
        )
    if line.project is not None and line.project != form.project:
        found.append(refusal(Code.PROJECT_OF_LINE, line=line.id, project=line.project))
    if line.available < share.amount.units:
        currency = policy.currency
        found.append(
            refusal(
                Code.BUDGET_EXCEEDED,
                line=line.id,
                available=Money(line.available, currency),
                asked=share.amount,
                short=Money(share.amount.units - line.available, currency),
            )
        )
    return found
