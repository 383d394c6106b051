"""What the example company's people spend and hand in vouchers for: under an application, ahead, without one (R2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import attrs

from expense_adapters.local import FixedGenuineness
from expense_policy.domain.application import Application, Payee, Share
from expense_policy.domain.approval import Reject, Return
from expense_policy.domain.categories.holiday_gift import GiftIssued, HolidayGift
from expense_policy.domain.categories.phone import Called, Phone
from expense_policy.domain.claim import Claim
from expense_policy.domain.money import Money
from expense_policy.domain.vocabulary import Status
from expense_policy.domain.voucher import Voucher, VoucherKind

from .forms import YEAR, cny
from .happenings import SHANGHAI
from .rhythm import MARKETING, SERVICE, SUPPORT
from .year import FAIR, STAFF, Year

BUYER = "Qinghe Trading Co., Ltd."
PEOPLE = {
    MARKETING: Payee("Li Na", "6217 0001", "li.na"),
    SERVICE: Payee("Deng Li", "6217 0002", "deng.li"),
    SUPPORT: Payee("Feng Bo", "6217 0003", "feng.bo"),
}
"""Who claims, by department: what was spent is paid back to who spent it."""
Chapters = list[tuple[date, Callable[[date], object]]]


def invoice(number: int, issuer: str, total: str, on: date, **changes: Any) -> Voucher:
    """A fully digital invoice 数电票 made out to the company; 13 % are the tax in it."""
    whole = cny(total)
    tax = Money(whole.units * 13 // 113, "CNY")
    kind, told = VoucherKind.DIGITAL_INVOICE, f"26312000{number:012d}"
    return attrs.evolve(Voucher(kind, told, issuer, BUYER, on, whole - tax, tax, whole), **changes)


def paper(number: int, issuer: str, total: str, on: date, **changes: Any) -> Voucher:
    """An invoice on paper: it has a code, and a number of eight digits."""
    said = {"kind": VoucherKind.INVOICE, "number": f"{number:08d}", "code": "031002600111", **changes}
    return attrs.evolve(invoice(number, issuer, total, on), **said)


def receipt(number: int, issuer: str, total: str, on: date) -> Voucher:
    """A receipt, without tax."""
    return Voucher(VoucherKind.RECEIPT, f"No. {number}", issuer, "", on, cny(total), cny("0"), cny(total))


TEA = invoice(1, "Qingshan Tea House", "800.00", date(YEAR, 5, 26))
CARDS = invoice(2, "Lakeside Paper", "260.00", date(YEAR, 7, 3))
MOONCAKES = invoice(3, "Old Town Bakery", "300.00", date(YEAR, 9, 18))
TAKEN_BACK = invoice(4, "Lakeside Paper", "100.00", date(YEAR, 7, 1))
BUREAU = FixedGenuineness(issued=(TEA, CARDS, MOONCAKES), void=(TAKEN_BACK,))
"""What the tax bureau's books say 发票查验: of any other voucher nothing is known, and a signer stands for it."""


def chapters(year: Year) -> Chapters:
    """What is claimed, by day."""
    return [
        (date(YEAR, 5, 28), partial(with_an_advance, year)),
        (date(YEAR, 6, 3), partial(without_an_advance, year)),
        (date(YEAR, 7, 6), partial(small_ones, year)),
        (date(YEAR, 7, 8), partial(vouchers, year)),
        (date(YEAR, 9, 21), partial(late, year)),
    ]


def _under(id: str, form: Application, day: date, paid: str, papers: tuple[Voucher, ...], **changes: Any) -> Claim:
    """A claim under an application, on its line, for its applicant."""
    made = Claim(
        department=form.department,
        purpose=f"Vouchers of {day:%d %B}",
        type=form.type,
        payee=PEOPLE[form.department],
        method=form.method,
        expected_payment=day + timedelta(days=10),
        shares=(Share(form.shares[0].line, cny(paid)),),
        vouchers=papers,
        application=id,
    )
    return attrs.evolve(made, **changes)


def _handed_in(year: Year, form: Claim) -> str:
    """A claim that is expected to be taken."""
    year.clock.later()
    return year.desk.spending.claim(form, actor=STAFF[form.department], key=year.key("claim")).id


def refused(year: Year, form: Claim) -> None:
    """A claim that is expected to be refused."""
    year.tries(lambda: year.desk.spending.claim(form, actor=STAFF[form.department], key=year.key("claim")))


def _paid(year: Year, id: str, form: Claim) -> None:
    """Paid whole, and settled."""
    year.pay(id, form, form.payable.units)
    year.desk.spending.settle(id, actor=STAFF[form.department])


def _given(year: Year, id: str, form: Application, gifts: int, reason: str | None = None) -> None:
    """So many of an application's gifts were given, which ends it."""
    on = year.clock.today
    who = year.happenings.may_reach(on)[:gifts]
    uses = tuple([GiftIssued(on, each) for each in who])
    year.desk.spending.settle(id, uses, actor=STAFF[form.department], reason=reason)


def _when_given(year: Year, id: str, form: Application, gifts: int) -> None:
    assert isinstance(form.plan, HolidayGift)
    year.later(form.plan.issue_from, partial(_given, year, id, form, gifts))


def with_an_advance(year: Year, day: date) -> None:
    """400.00 paid ahead, 800.00 claimed against an invoice that was checked, 100.00 returned (R2.4)."""
    year.to(day)
    spending, form = year.desk.spending, year.forms.gift("1000.00", day, 960, payee=PEOPLE[MARKETING])
    id, other = year.approved(form), year.apply(year.forms.gift("100.00", day, 963))
    spending.withdraw(other, actor="li.na")
    year.pay(id, form, 40000)
    fine = _under(id, form, day, "500.00", (TEA,), advance=cny("300.00"))
    for wrong in (
        attrs.evolve(fine, advance=cny("400.01")),
        attrs.evolve(fine, shares=(Share("marketing-care_gifts", cny("1000.01")),), advance=None),
        attrs.evolve(fine, project=FAIR.id),
        attrs.evolve(fine, application=other),
    ):
        refused(year, wrong)
    claimed = _handed_in(year, fine)
    year.approve(claimed)
    year.tries(lambda: spending.settle(claimed, actor="li.na"))
    _paid(year, claimed, fine)
    year.tries(lambda: spending.refund(id, 1, cny("200.00"), actor="zhao.min", reason="What was not spent."))
    spending.refund(id, 1, cny("100.00"), actor="zhao.min", reason="What was not spent.")
    _when_given(year, id, form, 8)


def without_an_advance(year: Year, day: date) -> None:
    """A paper invoice and a receipt, one of them handed in again; later the shop takes a box back (R2.1, I30)."""
    year.to(day)
    spending, form = year.desk.spending, year.forms.gift("600.00", day, 961, SERVICE, payee=PEOPLE[SERVICE])
    id = year.approved(form)
    first = paper(26001, "Old Town Bakery", "400.00", day - timedelta(days=2))
    blurred, clear = (receipt(n, "Market stall 12", "200.00", day - timedelta(days=1)) for n in (71, 17))
    claimed = _handed_in(year, _under(id, form, day, "600.00", (first, blurred)))
    year.sign(claimed, Return("收据号码看不清。"))
    fine = _under(id, form, day, "600.00", (first, clear))
    spending.revise(claimed, fine, actor="deng.li")
    year.approve(claimed)
    year.tries(lambda: spending.withdraw(id, actor="deng.li"))
    _paid(year, claimed, fine)
    spending.refund(claimed, 1, cny("100.00"), actor="he.ping", reason="The shop took a box back.")
    _given(year, id, form, 5)


def _calls(day: date, calls: int, paper: Voucher) -> Claim:
    """Calls from one's own phone, while the switchboard was down: a claim without an application."""
    plan = Phone("回访", calls, 12, cny("0"), cny("0.15"))
    return Claim(
        department=SUPPORT,
        purpose="Calls from my own phone",
        type="phone",
        payee=PEOPLE[SUPPORT],
        method="bank_transfer",
        expected_payment=day + timedelta(days=10),
        shares=(Share(f"{SUPPORT}-communication", plan.total),),
        vouchers=(paper,),
        reason="The switchboard was down.",
        business_goal="Keep our regulars",
        customers="Customers whose appliances were repaired",
        plan=plan,
    )


def _called(year: Year, id: str, form: Claim) -> None:
    """The calls of a claim, from ten in the morning on."""
    assert isinstance(form.plan, Phone)
    start = datetime.combine(year.clock.today - timedelta(days=1), time(10), SHANGHAI)
    who = year.happenings.may_reach(year.clock.today, "phone")[: form.plan.calls]
    rows = [Called(start + timedelta(minutes=13 * n), each, 720, "回访：维修满意度") for n, each in enumerate(who)]
    year.desk.spending.record_use(id, tuple(rows), actor="feng.bo")


def claimed_calls(year: Year, day: date, calls: int, paper: Voucher, line: str = f"{SUPPORT}-communication") -> Claim:
    """The claim of so many calls, with its evidence."""
    form = _calls(day, calls, paper)
    shares = (Share(line, form.shares[0].amount),)
    return attrs.evolve(form, attachments=year.forms.papers("budget_basis"), shares=shares)


def small_ones(year: Year, day: date) -> None:
    """Small claims of calls need no application; the second looks like the first, until finance stands for it."""
    year.to(day)
    spending, issuer = year.desk.spending, "China Mobile, shop 31"
    one, two = (receipt(n, issuer, "36.00", day - timedelta(days=days)) for n, days in ((5501, 3), (5623, 1)))
    refused(year, claimed_calls(year, day, 60, receipt(5502, issuer, "108.00", day)))
    refused(year, attrs.evolve(claimed_calls(year, day, 20, one), reason=" "))
    first, second = claimed_calls(year, day, 20, one), claimed_calls(year, day, 20, two)
    filed = _handed_in(year, first)
    refused(year, second)
    spending.confirm_voucher(two, "Feng Bo", actor="chen.jie", reason="Two receipts of two days, both seen.")
    for id, form in ((filed, first), (_handed_in(year, second), second)):
        year.approve(id)
        _called(year, id, form)
        year.pay(id, form, form.payable.units)
        spending.settle(id, actor="chen.jie")


def vouchers(year: Year, day: date) -> None:
    """Vouchers that are not taken; one that comes back with its claim is handed in again (R2.1, R2.2)."""
    year.to(day)
    form = year.forms.gift("2000.00", day, 962, payee=PEOPLE[MARKETING])
    id = year.approved(form)
    net, tax, gross = (Money(units, "USD") for units in (8850, 1150, 10000))
    fine = invoice(90, "Lakeside Paper", "100.00", day)
    for wrong in (
        attrs.evolve(TEA, number="２６３１２０００ ００００００００００Ｏ１"),
        attrs.evolve(CARDS, amount=CARDS.amount + cny("100.00"), total=CARDS.total + cny("100.00")),
        TAKEN_BACK,
        attrs.evolve(fine, buyer="Qinghe Furniture"),
        attrs.evolve(fine, amount=net, tax=tax, total=gross),
        attrs.evolve(fine, on=day - timedelta(days=366)),
        attrs.evolve(fine, on=day + timedelta(days=1)),
        attrs.evolve(fine, tax=cny("13.00")),
        attrs.evolve(fine, number="0090"),
        paper(26002, "Lakeside Paper", "100.00", day, code=""),
    ):
        refused(year, _under(id, form, day, "100.00", (wrong,)))
    refused(year, _under(id, form, day, "100.00", (fine, fine)))
    refused(year, _under(id, form, day, "100.01", (fine,)))
    claim = _under(id, form, day, "260.00", (CARDS,))
    year.desk.spending.withdraw(_handed_in(year, claim), actor="li.na")
    rejected = _handed_in(year, claim)
    year.sign(rejected)
    year.sign(rejected, Reject("贺卡不是节日礼品。"))
    year.desk.spending.withdraw(id, actor="li.na", reason="The cards are bought by the office.")


def late(year: Year, day: date) -> None:
    """Approved before the National Day holidays, a claim is paid a working day after it was due (R2.3)."""
    year.to(day)
    form = year.forms.gift("300.00", day, 964, payee=PEOPLE[MARKETING])
    id = year.approved(form)
    claim = _under(id, form, day, "300.00", (MOONCAKES,))
    claimed = _handed_in(year, claim)
    year.approve(claimed)

    def overdue() -> None:
        assert [row.id for row in year.desk.payments_overdue()] == [claimed]
        _paid(year, claimed, claim)
        on = date(YEAR, 9, 24)
        uses = tuple([GiftIssued(on, each) for each in year.happenings.may_reach(on)[:3]])
        year.desk.spending.settle(id, uses, actor="li.na")
        assert year.desk.document(id).status is Status.SETTLED

    year.later(date(YEAR, 10, 13), overdue)
