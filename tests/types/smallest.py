"""The smallest record of each type: a plan that is taken, and a use of it that breaks nothing."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from expense_policy.domain.categories.birthday_gift import BirthdayGift, BirthdayGiftIssued
from expense_policy.domain.categories.discount import Discount, DiscountGranted, DiscountLine
from expense_policy.domain.categories.email import Email, EmailSent
from expense_policy.domain.categories.giveaway import Giveaway, GiveawayIssued
from expense_policy.domain.categories.holiday_gift import GiftIssued, HolidayGift
from expense_policy.domain.categories.phone import Called, Phone
from expense_policy.domain.categories.product_training import ProductTraining, ProductTrainingHeld
from expense_policy.domain.categories.promotional_materials import Material, MaterialsUsed, PromotionalMaterials
from expense_policy.domain.categories.repair import ExpectedRepairs, Repair, Repaired
from expense_policy.domain.categories.service_training import ServiceTraining, ServiceTrainingHeld
from expense_policy.domain.categories.sms import Sms, SmsSent
from expense_policy.domain.categories.technical_support import ExpectedSupport, Supported, TechnicalSupport
from expense_policy.domain.categories.threshold_reduction import ExpectedOrders, Reduced, ThresholdReduction, Tier
from expense_policy.domain.categories.venue_rental import VenueRental, VenueUsed
from expense_policy.domain.money import Money

DAY = date(2026, 2, 10)
"""The day of the uses: in the window of Spring Festival 2026."""


def units(n: int) -> Money:
    """So many smallest units."""
    return Money(n, "CNY")


def clock(text: str, day: date = DAY) -> datetime:
    """A time of the company's clocks on a day."""
    return datetime.combine(day, time.fromisoformat(text), ZoneInfo("Asia/Shanghai"))


NOON = clock("12:00")
U = units(1)
NONE = units(0)

PLANS: dict[str, Any] = {
    "discount": Discount((DiscountLine("P-1", "toys", 1, units(5), NONE, U),)),
    "threshold_reduction": ThresholdReduction((Tier(units(2), U),), (ExpectedOrders(1, units(2)),)),
    "giveaway": Giveaway("pen", "It bears our name", 1, U, 1),
    "holiday_gift": HolidayGift("spring_festival", 2026, "tea", U, 1, DAY, DAY),
    "birthday_gift": BirthdayGift(2026, 2, "Happy birthday", "cake", U, ("C1",)),
    "phone": Phone("How do you do", 1, 1, U, NONE),
    "email": Email("News", 1, U),
    "sms": Sms("Hello", 1, U),
    "product_training": ProductTraining("The basics", DAY, "Room 1", 1, 1, U, NONE, NONE),
    "service_training": ServiceTraining("To listen", "classroom", DAY, "Room 1", 1, U, NONE),
    "repair": Repair((ExpectedRepairs("M-1", "repair", 1, U, NONE, NONE),)),
    # Half a minute at the rate is the least that costs a unit; a minute costs 1.50.
    "technical_support": TechnicalSupport((ExpectedSupport("simple", 1, units(9000)),)),
    "venue_rental": VenueRental("Open day", "Hall 1", DAY, DAY, U),
    "promotional_materials": PromotionalMaterials("Printer", (Material("flyer", 1, U),)),
}

USES: dict[str, Any] = {
    "discount": DiscountGranted(DAY, "C1", "O-1", "P-1", 1),
    "threshold_reduction": Reduced(DAY, "C1", "O-1", units(2), U),
    "giveaway": GiveawayIssued(DAY, "C1"),
    "holiday_gift": GiftIssued(DAY, "C1"),
    "birthday_gift": BirthdayGiftIssued(DAY, "C1"),
    "phone": Called(NOON, "C1", 1, "How do you do"),
    "email": EmailSent(NOON, "C1"),
    "sms": SmsSent(NOON, "C1"),
    "product_training": ProductTrainingHeld(DAY, "Room 1", 1, ("C1",), U),
    "service_training": ServiceTrainingHeld(DAY, "Room 1", 1, ("li.na",), U),
    "repair": Repaired(DAY, "C1", "R-1", "M-1", "repair", "It leaks", U, NONE, NONE),
    "technical_support": Supported(DAY, "C1", "It is slow", "Restarted", "simple", 1, units(9000)),
    "venue_rental": VenueUsed(DAY, "Open day"),
    "promotional_materials": MaterialsUsed(DAY, "flyer", 1, "Open day"),
}
