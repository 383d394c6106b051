"""What the example company's people try and are refused: each refusal at least once."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import partial

import attrs

from expense_policy.domain.application import Application, Attachment, Payee, Share
from expense_policy.domain.approval import Approve, Reject
from expense_policy.domain.categories.holiday_gift import GiftIssued, HolidayGift
from expense_policy.domain.categories.sms import SmsSent

from .forms import YEAR, cny, supplier
from .happenings import SHANGHAI
from .year import FAIR, Year


def policies(year: Year) -> None:
    """Versions that are not adopted: nobody's, late, on a day that has one, otherwise counted (X2, X3, R1.1)."""
    adopt, text = year.desk.policies.adopt, year.policy
    year.tries(lambda: adopt(text, actor="liu.yang"))
    for version, day, currency in (("2026.0", YEAR, "CNY"), ("2027.0", YEAR + 1, "EUR")):
        dated = text.replace(f"effective = {YEAR}-", f"effective = {day}-")
        other = dated.replace("2026.1", version).replace("CNY", currency).replace('"accrual"', '"cash"')
        year.tries(partial(adopt, other, actor="liu.yang"))


def split_purchase(year: Year, day: date) -> list[str]:
    """Three related applications of 20,000.00: the third goes to the general manager (A3.6)."""
    year.to(day)
    ids = [year.apply(year.forms.gift("20000.00", day, 900)) for _ in range(3)]
    for id in ids:
        year.approve(id)
    return [year.desk.document(id).round.chain[-1].office for id in ids]


def forms(year: Year, day: date) -> None:
    """Forms that are not taken."""
    year.to(day)
    form = year.forms.gift("1000.00", day, 901)
    assert isinstance(form.plan, HolidayGift)
    dear = attrs.evolve(form.plan, unit_price=cny("200.01"), quantity=10)
    for wrong in (
        attrs.evolve(form, department="research"),
        attrs.evolve(form, purpose=" ", business_goal=""),
        attrs.evolve(form, plan=dear, shares=(Share("marketing-care_gifts", cny("2000.10")),)),
        attrs.evolve(form, shares=(Share("marketing-care_gifts", cny("1000.01")),)),
        attrs.evolve(form, shares=(Share("marketing-communication", cny("1000.00")),)),
        attrs.evolve(form, shares=(Share("marketing-nothing", cny("1000.00")),)),
        attrs.evolve(form, attachments=()),
        attrs.evolve(form, attachments=(Attachment("budget_basis", "0" * 64),)),
        year.forms.gift("390000.00", day, 902),
    ):
        year.refused(wrong)


def projects(year: Year, day: date) -> None:
    """What names the fair wrongly is refused; what names it is held on its own line (G2.2)."""
    year.to(day)
    year.tries(lambda: year.desk.projects.open(FAIR, actor="wang.wei"))
    form = year.forms.gift("1000.00", day, 908, shares=(Share("marketing-fair", cny("1000.00")),))
    year.refused(form)
    year.refused(attrs.evolve(form, project="fair-2027"))
    year.refused(attrs.evolve(form, project=FAIR.id, expected_payment=FAIR.last + timedelta(days=1)))
    year.approve(year.apply(attrs.evolve(form, project=FAIR.id)))


def signatures(year: Year, day: date) -> None:
    """Signatures that are not taken, and the head's own application, which his substitute signs (A3.5)."""
    year.to(day)
    desk = year.desk
    own = year.apply(year.forms.gift("500.00", day, 903), actor="wang.wei")
    document = desk.document(own)
    points = document.step.points if document.step is not None else ()
    fine = Approve("同意。", dict.fromkeys(points, True))

    def sign(actor: str, verdict: object = fine, seen: str = document.statement) -> None:
        given = verdict if isinstance(verdict, type(fine)) else fine
        year.tries(lambda: desk.spending.sign(own, seen=seen, actor=actor, verdict=given))

    sign("wang.wei")
    sign("xu.lan")
    sign("zhou.min", Approve("同意。", {}))
    sign("zhou.min", Approve("同意。", dict.fromkeys(points, False)))
    sign("zhou.min", Reject(" "))
    sign("zhou.min", seen="0" * 64)
    year.approve(own)
    # Beyond the deputy's limit, with the general manager asking and the board's delegate as payee: nobody is left.
    big = year.forms.gift("60000.00", day, 904, payee=Payee("Qian Ning", "6222 904", "qian.ning"))
    stuck = year.apply(big, actor="sun.hao")
    for _ in range(3):
        year.sign(stuck)
    statement = desk.document(stuck).statement
    year.tries(lambda: desk.spending.sign(stuck, seen=statement, actor="qian.ning", verdict=fine))
    desk.spending.withdraw(stuck, actor="sun.hao")


def payments(year: Year, day: date) -> None:
    """Payments, withdrawals and use records that are not taken."""
    year.to(day)
    spending = year.desk.spending
    form = year.forms.gift("1000.00", day, 905)
    id, key = year.apply(form), year.key
    year.tries(lambda: spending.pay(id, year.instruction(form, 100), actor="zhao.min", key=key("pay")))
    year.tries(lambda: spending.record_use(id, year.used(form), actor="li.na"))
    year.tries(lambda: spending.withdraw(id, actor="wang.wei"))
    year.approve(id)
    year.tries(lambda: spending.close(id, actor="li.na", reason="No more."))
    year.tries(lambda: spending.pay(id, year.instruction(form, 100), actor="li.na", key=key("pay")))
    year.tries(lambda: spending.pay(id, year.instruction(form, 100001), actor="zhao.min", key=key("pay")))
    other = attrs.evolve(form, method="cash", payee=supplier(1))
    year.tries(lambda: spending.pay(id, year.instruction(other, 100), actor="zhao.min", key=key("pay")))
    year.pay(id, form, 40000)
    year.tries(lambda: spending.settle(id, actor="li.na"))
    year.tries(lambda: spending.withdraw(id, actor="li.na"))
    year.tries(lambda: spending.close(id, actor="li.na", reason=" "))
    spending.reverse(id, 1, actor="zhao.min", reason="Bounced.")
    year.tries(lambda: spending.reverse(id, 1, actor="zhao.min", reason="Again."))
    year.tries(lambda: spending.revise(id, form, actor="li.na"))
    year.pay(id, form, 40000)
    # Weeks before the festival's window: it wants a reason. What is still to come is recorded when it has come.
    early, to_come = (GiftIssued(day, "C00001"),), (GiftIssued(day + timedelta(days=50), "C00001"),)
    year.tries(lambda: spending.record_use(id, to_come, actor="li.na", reason="It is in the post."))
    year.tries(lambda: spending.record_use(id, early, actor="li.na"))
    spending.record_use(id, early, actor="li.na", reason="The customer moves abroad.")
    year.tries(lambda: spending.record_use(id, (GiftIssued(day, "C00002", 10),), actor="li.na", reason="Twice."))
    spending.close(id, actor="li.na", reason="The rest is not needed.")
    given = (GiftIssued(day, "C00006", 4),)
    year.tries(lambda: spending.record_use(id, given, actor="li.na", reason="The customer moves abroad."))
    message = year.forms.sms(20, day, 906)
    sent = year.apply(message)
    year.approve(sent)
    year.tries(lambda: spending.pay(sent, year.instruction(message, 100), actor="zhao.min", key=key("pay")))
    who = year.happenings.may_reach(day, "sms")[:5]
    at = datetime.combine(day, time(12), SHANGHAI)
    spending.record_use(sent, tuple([SmsSent(at, each) for each in who]), actor="deng.li")
    year.tries(lambda: spending.revise(sent, message, actor="deng.li"))


def accounts(year: Year, day: date) -> None:
    """A payee with a new account, on two lines, is paid once a finance officer stands for it (A4.2)."""
    year.to(day)
    for account in ("6222 1", "6222 2"):
        shares = (Share("marketing-care_gifts", cny("700.00")), Share("marketing-reserve", cny("300.00")))
        form = year.forms.gift("1000.00", day, 907, payee=Payee("Moving Co", account), shares=shares)
        id = year.apply(form)
        year.approve(id)
        if account == "6222 2":
            pay = year.instruction(form, 100000)
            year.tries(partial(year.desk.spending.pay, id, pay, actor="zhao.min", key=year.key("pay")))
            confirm = year.desk.spending.confirm_account
            confirm("Moving Co", account, actor="chen.jie", reason="Called their number on file.")
        year.pay(id, form, 100000)


def endings(year: Year, day: date) -> None:
    """Ends that are not taken; a gift paid in full is settled when it is given, half of it broken (A3.4, C8)."""
    year.to(day)
    spending, form = year.desk.spending, year.forms.gift("1000.00", day, 909)
    assert isinstance(form.plan, HolidayGift)
    id = year.apply(form)
    year.approve(id)
    year.pay(id, form, 100000)
    year.tries(lambda: spending.close(id, actor="li.na", reason="It is paid."))

    def give() -> None:
        half = year.used(form, 50)
        year.tries(lambda: spending.settle(id, half, actor="li.na"))
        spending.settle(id, half, actor="li.na", reason="The other half came broken.")
        spending.reverse(id, 1, actor="zhao.min", reason="Their account was closed: the bank sent it back.")

    year.later(form.plan.issue_from, give)


def expiry(year: Year, id: str, day: date) -> None:
    """From the 180th day an approval isn't paid, whether a sweep ran or not (A3.4)."""
    year.to(day)
    form = year.desk.document(id).content
    assert isinstance(form, Application)
    pay = year.instruction(form, 100)
    year.tries(lambda: year.desk.spending.pay(id, pay, actor="zhao.min", key=year.key("pay")))


def readers(year: Year, day: date) -> None:
    """Internal audit reads execution and payments, the staff do not (G3.4)."""
    year.to(day)
    year.tries(lambda: year.desk.disclosed(actor="li.na"))
    assert year.desk.disclosed(actor="shen.yi").lines


def under_way(year: Year, day: date) -> None:
    """What still goes on when the year is looked at: messages approved and not sent yet, others half signed."""
    year.to(day)
    year.approve(year.apply(year.forms.sms(40, day, 910)))
    half = year.apply(year.forms.sms(60, day, 911))
    year.sign(half)
    year.sign(half)
