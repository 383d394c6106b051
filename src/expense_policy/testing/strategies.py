"""Strategies: amounts at their limits, payees that share a name or an account, valid applications."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from ..domain.application import Application, Attachment, Payee, Share
from ..domain.categories.holiday_gift import HolidayGift
from ..domain.categories.sms import Sms
from ..domain.money import Money

UNITS = st.one_of(
    st.integers(1, 300),
    st.sampled_from((1, 999999, 1000000, 2000000, 4999999, 5000000, 5000001, 10000000, 20000001)),
    st.integers(1, 2000).map(lambda n: n * 10000),
)
APPLICANTS = st.sampled_from(("li.na", "mei", "head", "officer", "gm"))
PAYEES = st.sampled_from(
    (
        ("Tea House", "6222 1"),
        ("ＴＥＡ house", "6222-1"),
        # The e is Cyrillic.
        ("T\u0435a-House", "6222 2"),
        ("Printer", "6222 3"),
    )
)


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
