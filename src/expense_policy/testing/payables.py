"""Strategies of what money is asked for with: payees, applications, vouchers, claims, each taken by the policy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import attrs
from hypothesis import strategies as st

from ..domain.application import Application, Attachment, Payee, Share
from ..domain.categories import REGISTER, Effect, ExpenseType, kind_of
from ..domain.claim import Claim
from ..domain.document import Document
from ..domain.folding import fold
from ..domain.holds import Line
from ..domain.money import Money
from ..domain.policy import Policy
from ..domain.vocabulary import SET_OFF, Kind, Status
from ..domain.voucher import Voucher, VoucherKind
from . import founding
from .plans import PLANS
from .words import ids, labels, texts, units

METHODS = st.sampled_from(("bank_transfer", "cash", "支票"))

ALIKE = (
    Payee("Tea House", "6222 1"),
    Payee("ＴＥＡ house", "6222-1"),
    # The e is Cyrillic.
    Payee("T\u0435a-House", "6222 2"),
    Payee("Printer", "6222 3"),
)
"""Payees of whom some are one by name, some by account (A3.6)."""


def payees() -> st.SearchStrategy[Payee]:
    """Payees, some of whom are one under two spellings, and some of the company's own people."""
    return st.one_of(st.sampled_from(ALIKE), st.builds(Payee, labels(), labels(), st.one_of(st.none(), ids())))


def applications(
    policy: Policy | None = None, *, lines: Sequence[Line] | None = None, today: date | None = None
) -> st.SearchStrategy[Application]:
    """Applications that a policy takes, of every type, on lines that are in force; of the kit's own without one.

    Filed on `today`, or on the policy's first day, they are held by one line or two of `lines`, or of those of
    `founding.lines`, and bear all the evidence that is asked for, as `founding.papers` has it: those bytes have to be
    in the evidence store. ValueError where no line takes any.
    """
    policy = policy or founding.kit_policy()
    today = today or policy.effective
    lines = founding.lines(policy, policy.calendar.fiscal_year(today)) if lines is None else lines
    groups = list(_groups(policy, lines, today))
    if not groups:
        raise ValueError("there is no budget line that an application of this policy could be held by")
    return st.sampled_from(groups).flatmap(lambda group: _application(policy, today, *group))


def _groups(policy: Policy, lines: Sequence[Line], today: date) -> Iterator[tuple[ExpenseType, list[Line]]]:
    """Each type with the lines of a department that could hold it."""
    year = policy.calendar.fiscal_year(today)
    for type_, kind in REGISTER.items():
        for department in policy.departments:
            found = [line for line in lines if (line.department, line.category) == (department, kind.category)]
            found = [line for line in found if line.year == year and line.project is None and line.available > 0]
            found = [line for line in found if PLANS[type_](policy, today, line.available) is not None]
            if found:
                yield kind, found


@st.composite
def _application(draw: st.DrawFn, policy: Policy, today: date, kind: ExpenseType, lines: list[Line]) -> Application:
    first, *others = draw(st.permutations(lines))
    strategy = PLANS[kind.name](policy, today, draw(_asked(policy, first.available)))
    if strategy is None:
        # Of a type with a least amount, as support has one, that was too little.
        strategy = PLANS[kind.name](policy, today, first.available)
    assert strategy is not None
    plan = draw(strategy)
    shares, total = {first.id: plan.total.units}, plan.total.units
    if others and total > 1 and draw(st.booleans()):
        part = draw(units(min(total - 1, others[0].available)))
        shares = {first.id: total - part, others[0].id: part}
    year = policy.calendar.fiscal_year(today)
    days = [today + timedelta(days=n) for n in range(60)]
    return Application(
        department=first.department,
        purpose=draw(texts()),
        business_goal=draw(texts()),
        customers=draw(texts()),
        type=kind.name,
        shares=tuple(Share(line, Money(part, policy.currency)) for line, part in shares.items()),
        payee=None if kind.granted else draw(payees()),
        method=SET_OFF if kind.granted else draw(METHODS),
        expected_payment=draw(st.sampled_from([day for day in days if policy.calendar.fiscal_year(day) == year])),
        plan=plan,
        attachments=tuple(
            Attachment(what, hashlib.sha256(data).hexdigest()) for what, data in founding.papers(policy).items()
        ),
        benefit=draw(_benefits(kind, policy, plan.total.units)),
    )


@st.composite
def _benefits(draw: st.DrawFn, kind: ExpenseType, policy: Policy, units: int) -> Effect | None:
    """What is expected, in figures of the type: always where the policy asks for it, else sometimes."""
    asked = policy.benefit_above is not None and units > policy.benefit_above
    if not asked and draw(st.booleans()):
        return None
    names = draw(st.lists(st.sampled_from(kind.effects), min_size=1, max_size=3, unique=True))
    return Effect.of(**{name: draw(st.integers(0, 10_000)) for name in names})


def _asked(policy: Policy, most: int) -> st.SearchStrategy[int]:
    """Amounts, among them those at which a policy decides, and a unit more."""
    rules = dict(policy.chains)[Kind.APPLICATION.value]
    bounds = [bound for rule in rules for bound in (rule.above, rule.up_to) if bound is not None]
    bounds += [rule.above for rule in policy.evidence]
    near = sorted({n for bound in bounds for n in (bound, bound + 1) if 1 <= n <= most})
    return st.one_of(st.sampled_from(near), units(most)) if near else units(most)


def vouchers(
    policy: Policy | None = None, *, today: date | None = None, total: Money | None = None
) -> st.SearchStrategy[Voucher]:
    """Vouchers of every kind that a policy takes today, or on its first day: of this total, or of any.

    Some numbers and buyers are written in another hand, and stand for the same ones.
    """
    policy = policy or founding.kit_policy()
    return _voucher(policy, today or policy.effective, total)


@st.composite
def _voucher(draw: st.DrawFn, policy: Policy, today: date, total: Money | None) -> Voucher:
    kind = draw(st.sampled_from(VoucherKind))
    codes = st.one_of(st.integers(10**9, 10**10 - 1), st.integers(10**11, 10**12 - 1)).map(str)
    code = draw(codes) if kind is VoucherKind.INVOICE else ""
    if kind is VoucherKind.DIGITAL_INVOICE:
        number = f"{draw(st.integers(1, 10**20 - 1)):020d}"
    else:
        number = f"{draw(st.integers(1, 10**8 - 1)):08d}"
    buyer = draw(st.sampled_from((policy.company, *policy.vouchers.buyers)))
    day = today - timedelta(days=draw(st.integers(0, min(policy.vouchers.age_days_max, 3650))))
    whole = Money(draw(units()), policy.currency) if total is None else total
    tax = Money(draw(st.one_of(st.just(0), st.integers(0, whole.units))), whole.currency)
    amounts = (whole - tax, tax, whole)
    return Voucher(kind, draw(_hands(number)), draw(labels()), draw(_hands(buyer)), day, *amounts, code)


def _hands(written: str) -> st.SearchStrategy[str]:
    """The same in another hand: as it stands, wide, in capitals."""
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in written)
    # There are letters that fold to others in capitals.
    return st.sampled_from([hand for hand in (written, wide, written.upper()) if fold(hand) == fold(written)])


def claims(
    policy: Policy | None = None,
    *,
    under: Document | None = None,
    lines: Sequence[Line] | None = None,
    today: date | None = None,
    beside: Sequence[Voucher] = (),
) -> st.SearchStrategy[Claim]:
    """Claims that a policy takes, with their vouchers: under an approved application, or without one.

    Under one a claim asks for part of what the application has left on its lines, and of what was paid ahead. Without
    one it is of a type that the policy takes so, on `lines` as `applications` has them. No voucher has the number of
    one of those `beside` it, which stand already, nor looks like one of them. ValueError where there is nothing to be
    claimed. Vouchers that nobody checks want a finance officer who finds on "invoices" (A2.1): else the desk needs
    somebody who can tell, as `company.Genuine` does.
    """
    policy = policy or founding.kit_policy()
    today = today or policy.effective
    if under is not None:
        if not any(_claimable(under, policy)):
            raise ValueError(f"nothing can be claimed under {under.id}")
        return _claim_under(policy, today, under, tuple(beside))
    lines = founding.lines(policy, policy.calendar.fiscal_year(today)) if lines is None else lines
    limits = {type_: most for type_, most in policy.claims.without_application if most}
    groups = [
        (kind, found)
        for type_, most in limits.items()
        for kind, found in _groups(policy, [_within(line, most) for line in lines], today)
        if kind.name == type_ and not kind.granted
    ]
    if not groups:
        raise ValueError("there is nothing that this policy takes a claim for without an application")
    return st.sampled_from(groups).flatmap(lambda group: _claim_alone(policy, today, tuple(beside), *group))


def _within(line: Line, most: int) -> Line:
    """The line with no more left than so much."""
    return attrs.evolve(line, in_force=line.in_force - max(0, line.available - most))


def _claimable(under: Document, policy: Policy) -> tuple[int, int]:
    """What claims may still ask for of an application's lines, and set against what was paid ahead."""
    form = under.content
    if not isinstance(form, Application) or form.payee is None or under.status is not Status.APPROVED:
        return 0, 0
    kind, free = kind_of(form.type, policy), sum(h.committed for h in under.held)
    if kind is not None and kind.paid_up_to_use:
        # What is paid up to its use record is claimed up to it (C8).
        free = min(free, max(0, under.used - under.drawn))
    return free, under.paid - under.cleared


@st.composite
def _claim_under(draw: st.DrawFn, policy: Policy, today: date, under: Document, beside: tuple[Voucher, ...]) -> Claim:
    asked, (free, ahead) = under.content, _claimable(under, policy)
    assert isinstance(asked, Application)
    which = draw(st.sampled_from([*(["lines"] if free else []), *(["ahead"] if ahead else []), "both"]))
    payable = draw(units(free)) if free and which != "ahead" else 0
    advance = draw(units(ahead)) if ahead and which != "lines" else 0
    shares, rest = list[Share](), payable
    for held in draw(st.permutations(under.held)):
        part = min(rest, held.committed)
        if part:
            shares.append(Share(held.line, Money(part, policy.currency)))
            rest -= part
    expected = max(today, asked.expected_payment) + timedelta(days=draw(st.integers(0, 30)))
    payee = draw(payees())
    amount = Money(payable + advance, policy.currency)
    return Claim(
        department=asked.department,
        purpose=draw(texts()),
        type=asked.type,
        payee=payee,
        method=draw(METHODS),
        expected_payment=expected,
        shares=tuple(shares),
        vouchers=draw(_proofs(policy, today, amount, payee, beside)),
        application=under.id,
        advance=Money(advance, policy.currency) if advance else None,
        project=asked.project,
    )


@st.composite
def _claim_alone(
    draw: st.DrawFn, policy: Policy, today: date, beside: tuple[Voucher, ...], kind: ExpenseType, lines: list[Line]
) -> Claim:
    asked = draw(_application(policy, today, kind, lines))
    return Claim(
        department=asked.department,
        purpose=asked.purpose,
        type=asked.type,
        payee=asked.paid_to,
        method=asked.method,
        expected_payment=asked.expected_payment,
        shares=asked.shares,
        vouchers=draw(_proofs(policy, today, asked.amount, asked.paid_to, beside)),
        attachments=asked.attachments,
        reason=draw(texts()),
        business_goal=asked.business_goal,
        customers=asked.customers,
        plan=asked.plan,
        benefit=asked.benefit,
    )


@st.composite
def _proofs(
    draw: st.DrawFn, policy: Policy, today: date, amount: Money, payee: Payee, beside: tuple[Voucher, ...]
) -> tuple[Voucher, ...]:
    """One voucher or several that come to an amount or more, no two of one number or of one total."""
    found, left = list[Voucher](), amount.units
    keys, totals = {key for each in beside for key in each.keys}, {each.total.units for each in beside}
    for last in (*[False] * draw(st.integers(0, 2)), True):
        part = max(left, 1) if last else draw(units(max(left, 1)))
        while part in totals:
            part += 1
        fresh = _voucher(policy, today, Money(part, policy.currency)).filter(lambda each: keys.isdisjoint(each.keys))
        found.append(draw(fresh))
        keys.update(found[-1].keys)
        totals.add(part)
        left -= part
    return tuple(found)
