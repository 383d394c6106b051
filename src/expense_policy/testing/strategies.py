"""Strategies: policies, people, amounts, and everything that a policy takes: budgets, applications, claims, rules.

`founding.founded` sets a company of what was drawn up; the rest here is what the state machine draws.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from ..domain.application import Application, Attachment, Payee, Share
from ..domain.approval import Approve, Reject, Return, Verdict
from ..domain.categories.holiday_gift import HolidayGift
from ..domain.categories.sms import Sms
from ..domain.money import UNITS_MAX, Money
from ..domain.organisation import Delegation, Holding, Roster
from ..domain.policy import Policy, Step
from ..domain.vocabulary import Office
from . import founding
from .budgets import adjustments as adjustments
from .budgets import budget_plans as budget_plans
from .budgets import supplements as supplements
from .payables import ALIKE as ALIKE
from .payables import applications as applications
from .payables import claims as claims
from .payables import payees as payees
from .payables import vouchers as vouchers
from .policy_texts import policies as policies
from .sharing import allocation_terms as allocation_terms
from .sharing import recorded_costs as recorded_costs
from .uses import uses as uses
from .words import ids as ids
from .words import labels as labels
from .words import texts as texts
from .words import units as units


def amounts(currency: str = "CNY", largest: int = UNITS_MAX) -> st.SearchStrategy[Money]:
    """Amounts above 0, up to so many smallest units: few, round, a unit beside round, and any."""
    return units(largest).map(lambda drawn: Money(drawn, currency))


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
            currency = None if limit is None else policy.currency
            told = (holder.person, delegate, holder.office, since, until, draw(texts()), limit, currency)
            delegations.append(Delegation(*told))
    return Roster(at, tuple(holdings), tuple(delegations))


def verdicts(step: Step) -> st.SearchStrategy[Verdict]:
    """What whoever has a step may say to it: an approval with every finding, a return, a rejection."""
    return st.one_of(
        texts().map(lambda opinion: Approve(opinion, dict.fromkeys(step.points, True))),
        texts().map(Return),
        texts().map(Reject),
    )


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
