"""Strategies: policies, people, payees, amounts, and applications that a policy takes.

`founding.founded` sets a company of what was drawn up; the rest here is what the state machine draws.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from ..domain.application import Application, Attachment, Payee, Share
from ..domain.approval import Approve, Reject, Return, Verdict
from ..domain.categories import REGISTER, Effect, ExpenseType
from ..domain.categories.holiday_gift import HolidayGift
from ..domain.categories.sms import Sms
from ..domain.holds import Line
from ..domain.money import UNITS_MAX, Money
from ..domain.organisation import Delegation, Holding, Roster
from ..domain.policy import Policy, Step
from ..domain.vocabulary import SET_OFF, Kind, Office
from . import founding
from .plans import PLANS
from .policy_texts import policies as policies
from .uses import uses as uses
from .words import ids as ids
from .words import labels as labels
from .words import texts as texts
from .words import units as units

ALIKE = (
    Payee("Tea House", "6222 1"),
    Payee("ＴＥＡ house", "6222-1"),
    # The e is Cyrillic.
    Payee("T\u0435a-House", "6222 2"),
    Payee("Printer", "6222 3"),
)
"""Payees of whom some are one by name, some by account (A3.6)."""


def amounts(currency: str = "CNY", largest: int = UNITS_MAX) -> st.SearchStrategy[Money]:
    """Amounts above 0, up to so many smallest units: few, round, a unit beside round, and any."""
    return units(largest).map(lambda drawn: Money(drawn, currency))


def payees() -> st.SearchStrategy[Payee]:
    """Payees, some of whom are one under two spellings, and some of the company's own people."""
    return st.one_of(st.sampled_from(ALIKE), st.builds(Payee, labels(), labels(), st.one_of(st.none(), ids())))


def offices(policy: Policy) -> tuple[str, ...]:
    """Every office that a policy needs someone in: who signs, stands in, adopts, reads and pays, in order."""
    steps = [rule.office for _, rules in policy.chains for rule in rules]
    instead = [office for _, names in policy.substitutes for office in names]
    return tuple(dict.fromkeys((*steps, *instead, *policy.adopters, *policy.readers, Office.CASHIER)))


@st.composite
def rosters(draw: st.DrawFn, policy: Policy | None = None, at: datetime | None = None) -> Roster:
    """People for a policy, as of its first day or of an instant: each of its offices is held in every department.

    Each by somebody who holds no other, so that a step can always be signed; adopters hold theirs for the whole
    company. Beside them some hold two offices, and some let others sign for them, now, before or later.
    """
    policy = policy or founding.kit_policy()
    at = at or policy.calendar.start(policy.effective)
    holdings: list[Holding] = []
    for office in offices(policy):
        whole = office in policy.adopters or draw(st.booleans())
        for department in (None,) if whole else policy.departments:
            for _ in range(draw(st.integers(1, 2))):
                holdings.append(Holding(office, f"person {len(holdings) + 1}", department))
    for _ in range(draw(st.integers(0, 2))):
        office, person = draw(st.tuples(*[st.sampled_from(holdings)] * 2))
        holdings.append(Holding(office.office, f"{person.person} too", office.department))
        holdings.append(Holding(person.office, f"{person.person} too", person.department))
    lent = [holding for holding in holdings if holding.office != Office.CASHIER]
    delegations = []
    for _ in range(draw(st.integers(0, 3))):
        holder = draw(st.sampled_from(lent))
        delegate = draw(st.one_of(st.sampled_from(holdings).map(lambda h: h.person), ids()))
        since = at + timedelta(days=draw(st.integers(-30, 10)), microseconds=draw(st.integers(0, 1)))
        until = since + timedelta(days=draw(st.integers(1, 60)))
        limit = draw(st.one_of(st.none(), units(10**9)))
        if delegate != holder.person:
            delegations.append(Delegation(holder.person, delegate, holder.office, since, until, draw(texts()), limit))
    return Roster(at, tuple(holdings), tuple(delegations))


def verdicts(step: Step) -> st.SearchStrategy[Verdict]:
    """What whoever has a step may say to it: an approval with every finding, a return, a rejection."""
    return st.one_of(
        texts().map(lambda opinion: Approve(opinion, dict.fromkeys(step.points, True))),
        texts().map(Return),
        texts().map(Reject),
    )


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
        method=SET_OFF if kind.granted else draw(st.sampled_from(("bank_transfer", "cash", "支票"))),
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


# What the state machine draws: amounts and payees that its oracle's company decides by.
UNITS = st.one_of(
    st.integers(1, 300),
    st.sampled_from((1, 999999, 1000000, 2000000, 4999999, 5000000, 5000001, 10000000, 20000001)),
    st.integers(1, 2000).map(lambda n: n * 10000),
)
APPLICANTS = st.sampled_from(("li.na", "mei", "head", "officer", "gm"))
PAYEES = st.sampled_from(ALIKE)


@st.composite
def forms(draw: st.DrawFn, units: int, payee: Payee, today: date, basis: Attachment) -> Application:
    """A valid application of so many smallest units: a gift on one line or two, or where it is small messages."""
    plan: HolidayGift | Sms
    if units <= 300 and draw(st.booleans()):
        # So many messages of one segment at 0.05.
        plan, type_, shares = Sms("Hello", units, Money(5, "CNY")), "sms", {"messages": units * 5}
    else:
        price = 10000 if units % 10000 == 0 else 1
        days = (date(2026, 2, 1), date(2026, 2, 10))
        plan = HolidayGift("spring_festival", 2026, "tea", Money(price, "CNY"), units // price, *days)
        part = draw(st.sampled_from((0, 0, 1, units // 2)))
        type_, shares = "holiday_gift", {"gifts": units - part, "gifts.too": part}
    return Application(
        department="marketing",
        purpose="Gifts",
        business_goal="Keep our regulars",
        customers="All",
        type=type_,
        shares=tuple(Share(line, Money(part, "CNY")) for line, part in shares.items() if part),
        payee=payee,
        method="bank_transfer",
        expected_payment=today,
        plan=plan,
        attachments=(basis,),
    )
