"""The forms that the example company's people fill in: one of every expense type."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import attrs

from expense_adapters.local import MemoryEvidence
from expense_policy.domain.application import Application, Attachment, Payee, Share
from expense_policy.domain.categories import REGISTER, Effect, ExpenseType, Plan
from expense_policy.domain.categories.birthday_gift import BirthdayGift
from expense_policy.domain.categories.company import CompanyPlan, CostLine, made
from expense_policy.domain.categories.discount import Discount, DiscountLine
from expense_policy.domain.categories.email import Email
from expense_policy.domain.categories.giveaway import Giveaway
from expense_policy.domain.categories.holiday_gift import HolidayGift
from expense_policy.domain.categories.phone import Phone
from expense_policy.domain.categories.product_training import ProductTraining
from expense_policy.domain.categories.promotional_materials import Material, PromotionalMaterials
from expense_policy.domain.categories.repair import ExpectedRepairs, Repair
from expense_policy.domain.categories.service_training import ServiceTraining
from expense_policy.domain.categories.sms import Sms
from expense_policy.domain.categories.technical_support import ExpectedSupport, TechnicalSupport
from expense_policy.domain.categories.threshold_reduction import ExpectedOrders, ThresholdReduction, Tier
from expense_policy.domain.categories.venue_rental import VenueRental
from expense_policy.domain.money import Money
from expense_policy.domain.periods import festival
from expense_policy.domain.policy import Policy
from expense_policy.domain.vocabulary import SET_OFF

FESTIVALS = ("spring_festival", "dragon_boat", "mid_autumn", "double_ninth")
YEAR = 2026
TEXT = "老客户专享：本周到店有礼，回T退订"
_MEASURED = ("discount", "threshold_reduction", "giveaway", "product_training", "service_training", "venue_rental")
"""Of these a benefit is expected, and measured in the end (G3.2)."""
_GIFTS = (("nuts", "58.00"), ("a scarf", "128.00"), ("mooncakes", "168.00"))
_PRODUCTS = (
    DiscountLine("purifier", "appliances", 800, Money(189900, "CNY"), Money(130000, "CNY"), Money(25000, "CNY")),
    DiscountLine("kettle", "appliances", 1200, Money(39900, "CNY"), Money(26000, "CNY"), Money(5000, "CNY")),
    DiscountLine("filter", "accessories", 2000, Money(8900, "CNY"), Money(4000, "CNY"), Money(2000, "CNY")),
)


def cny(text: str) -> Money:
    """An amount of the company."""
    return Money.of(text, "CNY")


def supplier(number: int) -> Payee:
    """A payee by number."""
    return Payee(f"Supplier {number:03d}", f"6222 {number:08d}")


def kinds(policy: Policy) -> dict[str, ExpenseType]:
    """Every expense type of a policy by its name, the company's own last."""
    return {**REGISTER, **{own.name: made(own) for own in policy.types}}


def expected(kind: ExpenseType, plan: Plan) -> Effect:
    """What is expected of an application of a type, in its figures (G3.2)."""
    reach = plan.reach or getattr(plan, "participants", 0) or 120
    if isinstance(plan, Discount):
        reach = sum(line.quantity for line in plan.lines)
    figures = {
        "customers_reached": reach,
        "orders": reach if kind.granted else max(reach // 8, 4),
        "revenue_units": plan.total.units * 6,
        "repurchase_rate_before_bp": 3100,
        "repurchase_rate_after_bp": 3600,
        "purchases_a_year_before_hundredths": 210,
        "purchases_a_year_after_hundredths": 240,
        "satisfaction_before_bp": 8200,
        "satisfaction_after_bp": 8700,
        "opens": reach // 3,
        "reads": reach // 4,
        "attendees": reach,
        "passed_rate_bp": 9000,
        "response_minutes": 45,
        "solving_minutes": 160,
    }
    return Effect.of(**{name: n for name, n in figures.items() if name in kind.effects})


def _festive(gift: str, price: Money, quantity: int, day: date) -> HolidayGift:
    """Gifts for the festival whose window is open on a day, or comes next."""
    name = next(each for each in FESTIVALS if festival(each, YEAR) + timedelta(days=7) >= day)
    feast = festival(name, YEAR)
    return HolidayGift(name, YEAR, gift, price, quantity, feast - timedelta(days=20), feast + timedelta(days=2))


@attrs.define
class Forms:
    """Fills forms in, for a department on a day; `number` makes the payee, `changes` are fields of the form."""

    evidence: MemoryEvidence
    policy: Policy
    _papers: int = 0

    def papers(self, *kinds: str) -> tuple[Attachment, ...]:
        """Evidence of these kinds, put into the store."""
        self._papers += 1
        return tuple([Attachment(kind, self.evidence.put(f"{kind} {self._papers}".encode())) for kind in kinds])

    def form(self, department: str, type_: str, plan: Plan, day: date, number: int, **changes: Any) -> Application:
        """The application form around a plan record."""
        kind = kinds(self.policy)[type_]
        contract = plan.total > cny("10000.00") and type_ == "holiday_gift"
        form = Application(
            department=department,
            purpose=f"{type_} {day:%m-%d}",
            business_goal="Keep our regulars",
            customers="Customers with an order in the last 24 months",
            type=type_,
            shares=(Share(f"{department}-{kind.category}", plan.total),),
            payee=None if kind.granted else supplier(number),
            method=SET_OFF if kind.granted else "bank_transfer",
            expected_payment=day + timedelta(days=10),
            plan=plan,
            attachments=self.papers("budget_basis", *kind.evidence, *(("contract",) if contract else ())),
            benefit=expected(kind, plan) if type_ in _MEASURED else None,
        )
        return attrs.evolve(form, **changes)

    def gift(self, amount: str, day: date, number: int, department: str = "marketing", **changes: Any) -> Application:
        """Tea for so much, for the festival whose window comes next: in boxes of 100.00, or loose at 0.01."""
        total = cny(amount)
        price = cny("100.00") if total.units % 10000 == 0 else cny("0.01")
        plan = _festive("tea", price, total.units // price.units, day)
        return self.form(department, "holiday_gift", plan, day, number, **changes)

    def holiday_gift(self, department: str, day: date, number: int, size: int) -> Application:
        """So many gifts of one kind for the festival whose window comes next."""
        gift, price = _GIFTS[number % len(_GIFTS)]
        return self.form(department, "holiday_gift", _festive(gift, cny(price), size, day), day, number)

    def birthday_gift(self, department: str, day: date, number: int, who: tuple[str, ...], month: int) -> Application:
        """A gift with a greeting for each of them."""
        plan = BirthdayGift(YEAR, month, "生日快乐！", "a cake voucher", cny("66.00"), who)
        return self.form(department, "birthday_gift", plan, day, number)

    def sms(self, recipients: int, day: date, number: int, department: str = "customer_service") -> Application:
        """One short message to so many customers."""
        return self.form(department, "sms", Sms(TEXT, recipients, cny("0.05")), day, number)

    def email(self, department: str, day: date, number: int, size: int) -> Application:
        """A newsletter to so many customers."""
        return self.form(department, "email", Email("新品与保养提醒", size, cny("0.02")), day, number)

    def phone(self, department: str, day: date, number: int, size: int) -> Application:
        """So many calls of up to eight minutes."""
        plan = Phone("回访", size, 8, cny("0.10"), cny("0.15"))
        return self.form(department, "phone", plan, day, number)

    def product_training(self, department: str, day: date, number: int, size: int) -> Application:
        """A course for customers, three weeks on."""
        at, money = day + timedelta(days=21), (cny("1500.00"), cny("800.00"), cny("15.00") * size)
        plan = ProductTraining("净水器日常保养", at, "旗舰店培训室", 120, size, *money)
        return self.form(department, "product_training", plan, day, number)

    def service_training(self, department: str, day: date, number: int, size: int) -> Application:
        """A course for the department's people, two weeks on."""
        method, each = (("classroom", "180.00"), ("online", "120.00"), ("on_the_job", "60.00"))[number % 3]
        at = day + timedelta(days=14)
        plan = ServiceTraining("投诉处理", method, at, "总部", size, cny("800.00"), cny(each))
        return self.form(department, "service_training", plan, day, number)

    def repair(self, department: str, day: date, number: int, size: int) -> Application:
        """A week's repairs and services."""
        prices = (cny("60.00"), cny("80.00"), cny("10.00"))
        expected_ = (
            ExpectedRepairs("kettle", "repair", size, *prices),
            ExpectedRepairs("purifier", "maintenance", size, *prices),
        )
        return self.form(department, "repair", Repair(expected_), day, number)

    def technical_support(self, department: str, day: date, number: int, size: int) -> Application:
        """Half a month's support, so many quarters of an hour of each complexity."""
        rates = (("simple", "80.00"), ("standard", "160.00"), ("complex", "320.00"))
        plan = TechnicalSupport(tuple([ExpectedSupport(name, 15 * size, cny(rate)) for name, rate in rates]))
        return self.form(department, "technical_support", plan, day, number)

    def discount(self, department: str, day: date, number: int, size: int, **changes: Any) -> Application:
        """A discount on every product, for so many hundredths of the largest sale's quantities."""
        lines = tuple([attrs.evolve(each, quantity=max(each.quantity * size // 100, 1)) for each in _PRODUCTS])
        plan = Discount(lines)
        return self.form(department, "discount", plan, day, number, **changes)

    def threshold_reduction(self, department: str, day: date, number: int, size: int) -> Application:
        """Spend 300, pay 30 less, and so on, for so many orders."""
        tiers = tuple(
            [Tier(cny(x), cny(y)) for x, y in (("300.00", "30.00"), ("600.00", "80.00"), ("1000.00", "150.00"))]
        )
        orders = (ExpectedOrders(size, cny("450.00")), ExpectedOrders(size, cny("1200.00")))
        plan = ThresholdReduction(tiers, orders)
        return self.form(department, "threshold_reduction", plan, day, number)

    def giveaway(self, department: str, day: date, number: int, size: int) -> Application:
        """A sample for each of so many visitors."""
        plan = Giveaway("a filter sample", "Fits the purifiers we sell", size, cny("6.50"), size)
        return self.form(department, "giveaway", plan, day, number)

    def venue_rental(self, department: str, day: date, number: int, size: int) -> Application:
        """A hall for so many days, three weeks on."""
        first = day + timedelta(days=21)
        plan = VenueRental("老客户见面会", "会展中心三号厅", first, first + timedelta(days=size - 1), cny("4800.00"))
        return self.form(department, "venue_rental", plan, day, number)

    def promotional_materials(self, department: str, day: date, number: int, size: int) -> Application:
        """Banners and flyers, so many and a hundred times so many."""
        items = (Material("banner", size, cny("85.00")), Material("flyer", size * 100, cny("0.35")))
        plan = PromotionalMaterials("Qingshan Print", items)
        return self.form(department, "promotional_materials", plan, day, number)

    def exhibition_booth(self, department: str, day: date, number: int, size: int) -> Application:
        """A stand at a fair for so many days: a type of the company's own."""
        plan = CompanyPlan("exhibition_booth", (CostLine("stand_day", size, cny("1200.00")),), (("fair", "家电展"),))
        return self.form(department, "exhibition_booth", plan, day, number)
