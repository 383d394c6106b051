"""What does not fit its expense type, and is refused: plans, forms and use records that break a standard (C1-C9, G)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import attrs

from expense_policy.domain.application import Application, Share
from expense_policy.domain.categories import Effect, Use
from expense_policy.domain.categories.birthday_gift import BirthdayGift, BirthdayGiftIssued
from expense_policy.domain.categories.company import CompanyPlan, CostLine
from expense_policy.domain.categories.discount import Discount, DiscountGranted
from expense_policy.domain.categories.phone import Called, Phone
from expense_policy.domain.categories.promotional_materials import MaterialsUsed
from expense_policy.domain.categories.repair import Repair, Repaired
from expense_policy.domain.categories.sms import Sms, SmsSent
from expense_policy.domain.categories.technical_support import ExpectedSupport, Supported, TechnicalSupport
from expense_policy.domain.categories.threshold_reduction import Reduced, ThresholdReduction, Tier
from expense_policy.domain.categories.venue_rental import VenueRental, VenueUsed
from expense_policy.domain.vocabulary import SET_OFF

from .forms import TEXT, cny, supplier
from .happenings import SHANGHAI
from .rhythm import MARKETING, SERVICE, SUPPORT
from .year import STAFF, Year

LAPSED = "C00131"
"""A customer whose last order is years ago."""


def _planned(form: Application, **changes: Any) -> Application:
    """The form with another plan, whose total it asks for."""
    plan: Any = form.plan
    plan = attrs.evolve(plan, **changes)
    return attrs.evolve(form, plan=plan, shares=(Share(form.shares[0].line, plan.total),))


def plans(year: Year, day: date) -> None:
    """Plans that break a standard, one of each type."""
    year.to(day)
    forms = year.forms
    wrong = [*_promotions(year, day), *_contacts(year, day), *_births(year, day)]
    course = forms.service_training(SERVICE, day, 930, 10)
    wrong += [_planned(course, method="safari"), _planned(course, each=cny("601.00"))]
    lesson = forms.product_training(SERVICE, day, 931, 24)
    wrong += [_planned(lesson, participants=501), attrs.evolve(_planned(lesson, participants=3), value_class="bronze")]
    repairs = forms.repair(SUPPORT, day, 932, 4)
    assert isinstance(repairs.plan, Repair)
    first, *others = repairs.plan.expected
    wrong.append(_planned(repairs, expected=(attrs.evolve(first, parts=cny("800.00")), *others)))
    support, quarter = forms.technical_support(SUPPORT, day, 933, 2), ExpectedSupport("simple", 15, cny("90.00"))
    assert isinstance(support.plan, TechnicalSupport)
    wrong += [_planned(support, expected=(each,)) for each in (quarter, attrs.evolve(quarter, complexity="arcane"))]
    hall = forms.venue_rental(MARKETING, day, 934, 1)
    wrong += [_planned(hall, day_rent=cny("20000.01")), attrs.evolve(hall, attachments=forms.papers("budget_basis"))]
    for form in wrong:
        year.refused(form)


def _promotions(year: Year, day: date) -> list[Application]:
    """Discounts too deep, below cost, on nothing; reductions that eat up the order, or fall; a dear giveaway."""
    sale, reduced = year.forms.discount(MARKETING, day, 935, 1), year.forms.threshold_reduction(MARKETING, day, 936, 10)
    assert isinstance(sale.plan, Discount)
    purifier, kettle, _ = sale.plan.lines
    lower, higher = Tier(cny("300.00"), cny("30.00")), Tier(cny("600.00"), cny("80.00"))
    return [
        _planned(sale, lines=(attrs.evolve(purifier, discount_each=cny("300.00")),)),
        _planned(sale, lines=(attrs.evolve(kettle, unit_cost=cny("340.00")),)),
        _planned(reduced, tiers=(attrs.evolve(lower, less=cny("300.00")),)),
        _planned(reduced, tiers=(higher, lower)),
        _planned(reduced, tiers=(attrs.evolve(lower, less=cny("90.00")), higher)),
        _planned(year.forms.giveaway(MARKETING, day, 937, 20), unit_cost=cny("50.01")),
    ]


def _contacts(year: Year, day: date) -> list[Application]:
    """Messages too long, calls too long, contact before eight in the morning."""
    message, calls = year.forms.sms(20, day, 938), year.forms.phone(SERVICE, day, 939, 10)
    early = {"first": time(7), "last": time(9)}
    return [
        _planned(message, text=TEXT * 12),
        _planned(message, **early),
        _planned(year.forms.email(SERVICE, day, 940, 20), **early),
        _planned(calls, minutes_each=31),
        _planned(calls, **early),
    ]


def _births(year: Year, day: date) -> list[Application]:
    """Birthday gifts too dear, twice, in another month, and to someone who is no existing customer any more."""
    born = tuple(year.happenings.born_in(5, day)[:2])
    form = year.forms.birthday_gift(MARKETING, day, 941, born, 5)
    return [
        _planned(form, unit_price=cny("200.01")),
        _planned(form, recipients=(*born, born[0])),
        _planned(form, month=6),
        _planned(form, recipients=(LAPSED,)),
    ]


def forms(year: Year, day: date) -> None:
    """A large sale without its benefit, figures that say nothing of it, a set-off that is paid, a gift that is not."""
    year.to(day)
    sale = year.forms.discount(MARKETING, day, 942, 100)
    small = year.forms.discount(MARKETING, day, 943, 2)
    for wrong in (
        attrs.evolve(sale, benefit=None),
        attrs.evolve(small, benefit=Effect.of(passed_rate_bp=9000)),
        attrs.evolve(small, payee=supplier(943), method="bank_transfer"),
        attrs.evolve(year.forms.gift("500.00", day, 944), payee=None, method=SET_OFF),
        *_own(year, day),
    ):
        year.refused(wrong)


def _own(year: Year, day: date) -> list[Application]:
    """A stand with a field that the company's type has not, at too dear a day; a type that it has not at all."""
    booth = year.forms.exhibition_booth(MARKETING, day, 946, 2)
    dear = (CostLine("stand_day", 2, cny("3000.01")),)
    fireworks = attrs.evolve(booth, type="fireworks", plan=attrs.evolve(_own_plan(booth), type="fireworks"))
    return [_planned(booth, fields=(("fair", "家电展"), ("stars", 5))), _planned(booth, lines=dear), fireworks]


def _own_plan(form: Application) -> CompanyPlan:
    assert isinstance(form.plan, CompanyPlan)
    return form.plan


def _tries(year: Year, id: str, form: Application, *uses: Use) -> None:
    """Records uses that are expected to be refused, one by one."""
    for use in uses:
        year.tries(partial(year.desk.spending.record_use, id, (use,), actor=STAFF[form.department]))


def orders(year: Year, day: date) -> None:
    """Orders that stand in a record already, that were not planned, or whose reduction the rule does not give."""
    year.to(day)
    id, spending = "C00001", year.desk.spending
    sale, reduced = year.forms.discount(MARKETING, day, 945, 1), year.forms.threshold_reduction(MARKETING, day, 946, 4)
    assert isinstance(reduced.plan, ThresholdReduction)
    first, second = year.approved(sale), year.approved(reduced)
    sold = DiscountGranted(day, id, "D2026-X1", "kettle", 1)
    spending.record_use(first, (sold,), actor=STAFF[MARKETING])
    _tries(year, first, sale, sold, attrs.evolve(sold, order="D2026-X2", product="toaster"))
    order = Reduced(day, id, "M2026-X1", cny("700.00"), cny("90.00"))
    _tries(year, second, reduced, order, attrs.evolve(order, reduction=cny("80.00"), recipient=LAPSED))
    spending.record_use(second, (attrs.evolve(order, reduction=cny("80.00")),), actor=STAFF[MARKETING])
    for each, form in ((first, sale), (second, reduced)):
        year.pay(each, form, year.desk.document(each).used)
        spending.settle(each, actor="chen.jie")


def contacts(year: Year, day: date) -> None:
    """Calls and messages that break a standard want a reason; so do gifts in a month that is not the birthday's."""
    year.to(day)
    noon = datetime.combine(day, time(12), SHANGHAI)
    calls, message = year.forms.phone(SERVICE, day, 947, 10), year.forms.sms(30, day, 948)
    assert isinstance(calls.plan, Phone)
    assert isinstance(message.plan, Sms)
    called, sent = year.approved(calls), year.approved(message)
    reachable = year.happenings.may_reach(day, "phone")
    out = [each.id for each in year.customers if each.opted_out("phone", day) is not None and each.existing(24, day)]
    fine = Called(noon, reachable[0], 300, "回访")
    late = attrs.evolve(fine, at=noon.replace(hour=21, minute=30))
    long = attrs.evolve(fine, seconds=1801)
    _tries(year, called, calls, late, long, attrs.evolve(fine, recipient=out[0]), attrs.evolve(fine, recipient=LAPSED))
    year.tries(lambda: year.desk.spending.record_use(called, (fine,) * 5, actor=STAFF[SERVICE]))
    many = tuple([SmsSent(noon, year.happenings.may_reach(day, "sms")[0], text=TEXT * 12) for _ in range(5)])
    year.tries(lambda: year.desk.spending.record_use(sent, many, actor=STAFF[SERVICE]))
    born = tuple(year.happenings.born_in(9, day)[:3])
    gift = year.forms.birthday_gift(SERVICE, day, 949, born, 9)
    assert isinstance(gift.plan, BirthdayGift)
    given, issued = year.approved(gift), BirthdayGiftIssued(day, born[0])
    _tries(year, given, gift, issued, BirthdayGiftIssued(day, LAPSED))
    for each in (called, sent, given):
        who = year.desk.document(each).applicant
        year.desk.spending.withdraw(each, actor=who, reason="Nothing came of it.")


def places(year: Year, day: date) -> None:
    """A hall used before it was rented, materials that were not made, support at another rate than the policy's."""
    year.to(day)
    hall, stuff = (
        year.forms.venue_rental(MARKETING, day, 950, 2),
        year.forms.promotional_materials(MARKETING, day, 951, 4),
    )
    support, repairs = year.forms.technical_support(SUPPORT, day, 952, 4), year.forms.repair(SUPPORT, day, 953, 4)
    assert isinstance(hall.plan, VenueRental)
    _tries(year, year.approved(hall), hall, VenueUsed(day, "彩排"))
    _tries(year, year.approved(stuff), stuff, MaterialsUsed(day, "balloon", 1, "旗舰店"))
    case = Supported(day, "C00001", "无法联网", "重置网关", "simple", 15, cny("100.00"))
    _tries(year, year.approved(support), support, case, attrs.evolve(case, complexity="arcane"))
    dear = year.happenings.after(repairs, day - timedelta(days=7), 100).uses[0]
    assert isinstance(dear, Repaired)
    dear = attrs.evolve(dear, parts=cny("790.00"), on=day)
    _tries(year, year.approved(repairs), repairs, dear)
