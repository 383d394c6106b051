"""The expense application 老客户运营费用申请表 (A1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property

import attrs

from . import allocation_rule, checks
from . import project as projects
from .allocation_rule import AllocationRule
from .categories import Asked, CompanyPlan, Effect, ExpenseType, Plan, kind_of, plan_of
from .categories import _customers as for_customers
from .categories._shape import of_currency
from .categories.effect import unfit
from .content import Digest, digest, line_digest
from .customers import Customer
from .folding import fold
from .holds import Line
from .money import Money
from .policy import Policy
from .project import Project
from .refusals import Code, Refusal, refusal
from .vocabulary import SET_OFF, Kind, LineId, PersonId
from .voucher import Voucher


@attrs.frozen
class Attachment:
    """A piece of evidence: what it is, and the digest of its bytes."""

    kind: str = attrs.field(validator=checks.ident)
    digest: Digest = attrs.field(validator=checks.label)


@attrs.frozen(slots=False)
class Payee:
    """Who gets the money; `person` where the payee is one of the company's own people."""

    name: str = attrs.field(validator=checks.label)
    account: str = attrs.field(validator=checks.label)
    person: PersonId | None = attrs.field(default=None, validator=checks.optional(checks.ident))

    def __attrs_post_init__(self) -> None:
        # A ligature may fold to eighteen letters; what is searched for has to fit into an index (port `NAME_MAX`).
        for what, folded in (("name", self.folded), ("account", self.folded_account)):
            if len(folded) > 2 * checks.NAME_MAX:
                raise ValueError(f"the payee's {what} is too long once its ligatures are spelled out")

    @cached_property
    def folded(self) -> str:
        """The name as two spellings of one payee share it (A3.6)."""
        return fold(self.name)

    @property
    def id(self) -> str:
        """What the payee is known by in journal and guards: a digest of the folded name."""
        return payee_id(self.name)

    @cached_property
    def folded_account(self) -> str:
        """The account as two ways of writing it share it: digits and letters alone."""
        return fold(self.account)


def payee_id(name: str) -> str:
    """The id of every payee of this name: a digest, for the journal keeps no names (G3.4)."""
    return line_digest(("payee", fold(name)))


@attrs.frozen
class Share:
    """The part of the amount that one budget line bears (B2.1).

    Of a cost that is shared from the start (R1.2), `department` is whose line it is, where it is not the applicant's,
    and `project` for which of its projects, where the rule names one.
    """

    line: LineId = attrs.field(validator=checks.ident)
    amount: Money = attrs.field(validator=checks.exactly(Money))
    department: str | None = attrs.field(default=None, validator=checks.optional(checks.ident), metadata=checks.SINCE)
    project: str | None = attrs.field(default=None, validator=checks.optional(checks.ident), metadata=checks.SINCE)

    def __attrs_post_init__(self) -> None:
        if self.amount.units <= 0:
            raise ValueError("a share is above 0")


def _shares(instance: object, attribute: attrs.Attribute[tuple[Share, ...]], value: tuple[Share, ...]) -> None:
    _ALL_SHARES(instance, attribute, value)
    if not value:
        raise ValueError("an application names at least one line")
    if len({share.line for share in value}) != len(value):
        raise ValueError("an application names a line once")


def _plan(instance: Application, attribute: attrs.Attribute[Plan], value: Plan) -> None:
    wanted = plan_of(instance.type)
    if type(value) is not wanted:
        raise TypeError(f"the plan record of {instance.type} is a {wanted.__name__}, not {type(value).__name__}")
    if isinstance(value, CompanyPlan) and value.type != instance.type:
        raise ValueError(f"the plan record is of {value.type!r}, the application of {instance.type!r}")


def _payee(instance: object, attribute: attrs.Attribute[Payee | None], value: object) -> None:
    if value is not None and type(value) is not Payee:
        raise TypeError(f"{attribute.name} must be Payee, not {type(value).__name__}")


_ALL_SHARES = checks.many(Share)


@attrs.frozen(slots=False)
class Application:
    """The form: what for, for whom, how much, to whom, how, when, on which lines, and the plan record.

    What is granted and not paid has no payee and the method "set_off" (C9). `benefit` is what is expected of it (G3.2),
    `value_class` that of its customers, where the plan names none of them (G3.1). A type that is none of the
    policy's own has a `CompanyPlan`: whether there is such a type the policy says, when it is submitted. `vouchers` are
    those that are there already (A2.1); `allocation` names the rule by which departments share the cost (R1.2).
    """

    department: str = attrs.field(validator=checks.ident)
    purpose: str = attrs.field(validator=checks.text)
    business_goal: str = attrs.field(validator=checks.text)
    customers: str = attrs.field(validator=checks.text)
    type: str = attrs.field(validator=checks.ident)
    shares: tuple[Share, ...] = attrs.field(validator=_shares)
    payee: Payee | None = attrs.field(validator=_payee)
    method: str = attrs.field(validator=checks.label)
    expected_payment: date = attrs.field(validator=checks.day)
    plan: Plan = attrs.field(validator=_plan)
    project: str | None = attrs.field(default=None, validator=checks.optional(checks.ident))
    attachments: tuple[Attachment, ...] = attrs.field(default=(), validator=checks.many(Attachment))
    benefit: Effect | None = attrs.field(
        default=None, validator=checks.optional(checks.exactly(Effect)), metadata=checks.SINCE
    )
    value_class: str | None = attrs.field(default=None, validator=checks.optional(checks.ident), metadata=checks.SINCE)
    vouchers: tuple[Voucher, ...] = attrs.field(default=(), validator=checks.many(Voucher), metadata=checks.SINCE)
    allocation: str | None = attrs.field(default=None, validator=checks.optional(checks.ident), metadata=checks.SINCE)

    def __attrs_post_init__(self) -> None:
        if (self.payee is None) != (self.method == SET_OFF):
            raise ValueError('what has no payee is granted: its method is "set_off", and no other\'s is')

    @property
    def paid_to(self) -> Payee:
        """The payee; ValueError of what is granted and has none (C9)."""
        if self.payee is None:
            raise ValueError("what is granted has no payee")
        return self.payee

    @cached_property
    def relation(self) -> tuple[tuple[str, str], ...]:
        """By which columns of a store applications of one department and type count as one purchase (A3.6).

        The payee's account and his name, folded; of what is granted its activity, which no folded name is.
        """
        if self.payee is None:
            return (("payee_name", f"{SET_OFF}:{self.project or ''}"),)
        return (("payee_account", self.payee.folded_account), ("payee_name", self.payee.folded))

    @cached_property
    def amount(self) -> Money:
        """The amount asked: the sum of the shares."""
        total = self.shares[0].amount
        for share in self.shares[1:]:
            total += share.amount
        return total

    @property
    def payable(self) -> Money:
        """What is to be paid: all of it."""
        return self.amount

    @cached_property
    def digest(self) -> Digest:
        """The digest of everything the form says: worked out once, for nothing of it can change (A3.3)."""
        return digest(self)

    @property
    def kind(self) -> Kind:
        """Always an application."""
        return Kind.APPLICATION


def check(
    form: Application,
    policy: Policy,
    lines: dict[LineId, Line],
    project: Project | None,
    today: date,
    customers: Mapping[str, Customer] | None,
    rule: AllocationRule | None = None,
) -> list[Refusal]:
    """Every rule the form breaks at submission, all shortfalls of all lines included.

    `customers` are those of its plan that are known, None where nobody could be asked (G2.1); `rule` is the one that
    its `allocation` names, where there is such a one.
    """
    found: list[Refusal] = []
    if form.department not in policy.departments:
        found.append(refusal(Code.DEPARTMENT_OUT_OF_SCOPE, department=form.department))
    found += _complete(form)
    found += projects.check(form.project, project, form.department, form.expected_payment)
    if form.amount.currency != policy.currency:
        raise ValueError(f"the company's currency is {policy.currency}, not {form.amount.currency}")
    of_currency(form.plan, policy.currency)
    total = form.plan.total
    if total != form.amount:
        found.append(refusal(Code.PLAN_TOTAL_DIFFERS, total=total, asked=form.amount))
    kind = kind_of(form.type, policy)
    if kind is None:
        return [*found, refusal(Code.TYPE_UNKNOWN, type=form.type)]
    of_type = kind.check_plan(form.plan, Asked(policy, customers))
    of_type += for_customers.named(form.plan, kind, policy, today, customers, form.value_class)
    if kind.granted != (form.payee is None):
        needed = SET_OFF if kind.granted else "payee"
        of_type.append(refusal(Code.GRANTED_NOT_PAID, type=form.type, needed=needed))
    of_type += _benefit(form, kind, policy)
    of_type += _evidence(form, kind, policy)
    found += kind.worded(of_type)
    year = policy.calendar.fiscal_year(form.expected_payment)
    for share in form.shares:
        found += _line(form, share, lines.get(share.line), year, kind.category, policy)
    if form.allocation is not None:
        others = dict.fromkeys(share.department for share in form.shares if share.department is not None)
        found += [refusal(Code.DEPARTMENT_OUT_OF_SCOPE, department=d) for d in others if d not in policy.departments]
        borne = [((share.department or form.department, share.project), share.amount) for share in form.shares]
        found += allocation_rule.check_shares(form.allocation, rule, form.amount, borne, today)
    return found


def _complete(form: Application) -> list[Refusal]:
    names = ("purpose", "business_goal", "customers", "method")
    empty = [name for name in names if checks.blank(getattr(form, name))]
    if form.payee is not None:
        empty += [f"payee_{name}" for name in ("name", "account") if checks.blank(getattr(form.payee, name))]
    # A business goal and the customers it is for are G3.1's; the rest is the form's own A1.1.
    found = []
    goals = [name for name in empty if name in ("business_goal", "customers")]
    if goals:
        found.append(refusal(Code.FORM_INCOMPLETE, clause="G3.1", fields=", ".join(goals)))
    rest = [name for name in empty if name not in goals]
    if rest:
        found.append(refusal(Code.FORM_INCOMPLETE, fields=", ".join(rest)))
    return found


def _benefit(form: Application, kind: ExpenseType, policy: Policy) -> list[Refusal]:
    if form.benefit is not None:
        return unfit(form.benefit, kind.effects, kind.name)
    if policy.benefit_above is None or form.amount.units <= policy.benefit_above:
        return []
    return [refusal(Code.BENEFIT_MISSING, asked=form.amount, limit=Money(policy.benefit_above, policy.currency))]


def _evidence(form: Application, kind: ExpenseType, policy: Policy) -> list[Refusal]:
    have = {attachment.kind for attachment in form.attachments}
    missing = [need for need in kind.evidence if need not in have]
    missing += [
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
    form: Application,
    share: Share,
    line: Line | None,
    year: int,
    category: str,
    policy: Policy,
) -> list[Refusal]:
    if line is None:
        return [refusal(Code.LINE_NOT_IN_FORCE, line=share.line)]
    found = []
    department = share.department or form.department
    # On another department's line only where a rule shares the cost (R1.2).
    foreign = form.allocation is None and department != form.department
    if foreign or (line.department, line.year, line.category) != (department, year, category):
        found.append(
            refusal(
                Code.LINE_MISMATCH,
                line=line.id,
                line_department=line.department,
                line_year=line.year,
                line_category=line.category,
                department=form.department if foreign else department,
                year=year,
                category=category,
            )
        )
    project = form.project if form.allocation is None or share.project is None else share.project
    if line.project not in (None, project) or (form.allocation is None and share.project not in (None, project)):
        found.append(refusal(Code.PROJECT_OF_LINE, line=line.id, project=line.project or share.project or ""))
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
