"""Enforces a company's policy for what it spends on operating its existing customers (老客户运营费用制度).

The face is lazy: a name is imported when it is first asked for, and no driver with it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .domain.accounting import AccountRow as AccountRow
    from .domain.accounting import DoubleEntry as DoubleEntry
    from .domain.accounting import MonthlyAccounts as MonthlyAccounts
    from .domain.accounting import RecordedCost as RecordedCost
    from .domain.adjustment import BudgetAdjustment as BudgetAdjustment
    from .domain.adjustment import LineChange as LineChange
    from .domain.adjustment import SupplementaryRequest as SupplementaryRequest
    from .domain.allocation import Allocation as Allocation
    from .domain.allocation import Cost as Cost
    from .domain.allocation import Method as Method
    from .domain.allocation import Part as Part
    from .domain.allocation import SharedCosts as SharedCosts
    from .domain.allocation import Used as Used
    from .domain.allocation_rule import Allocated as Allocated
    from .domain.allocation_rule import AllocationBasis as AllocationBasis
    from .domain.allocation_rule import AllocationRule as AllocationRule
    from .domain.allocation_rule import AllocationTerms as AllocationTerms
    from .domain.allocation_rule import Pool as Pool
    from .domain.allocation_rule import Receiver as Receiver
    from .domain.application import Application as Application
    from .domain.application import Attachment as Attachment
    from .domain.application import Payee as Payee
    from .domain.application import Share as Share
    from .domain.approval import Approve as Approve
    from .domain.approval import Reject as Reject
    from .domain.approval import Return as Return
    from .domain.approval import Verdict as Verdict
    from .domain.budget import BudgetPlan as BudgetPlan
    from .domain.budget import PlanLine as PlanLine
    from .domain.budget import evenly as evenly
    from .domain.categories._shape import UseRow as UseRow
    from .domain.categories.birthday_gift import BirthdayGift as BirthdayGift
    from .domain.categories.birthday_gift import BirthdayGiftIssued as BirthdayGiftIssued
    from .domain.categories.company import CompanyPlan as CompanyPlan
    from .domain.categories.company import CompanyUse as CompanyUse
    from .domain.categories.company import CostLine as CostLine
    from .domain.categories.discount import Discount as Discount
    from .domain.categories.discount import DiscountGranted as DiscountGranted
    from .domain.categories.discount import DiscountLine as DiscountLine
    from .domain.categories.effect import Effect as Effect
    from .domain.categories.effect import EffectMeasured as EffectMeasured
    from .domain.categories.email import Email as Email
    from .domain.categories.email import EmailSent as EmailSent
    from .domain.categories.giveaway import Giveaway as Giveaway
    from .domain.categories.giveaway import GiveawayIssued as GiveawayIssued
    from .domain.categories.holiday_gift import GiftIssued as GiftIssued
    from .domain.categories.holiday_gift import HolidayGift as HolidayGift
    from .domain.categories.phone import Called as Called
    from .domain.categories.phone import Phone as Phone
    from .domain.categories.product_training import ProductTraining as ProductTraining
    from .domain.categories.product_training import ProductTrainingHeld as ProductTrainingHeld
    from .domain.categories.promotional_materials import Material as Material
    from .domain.categories.promotional_materials import MaterialsUsed as MaterialsUsed
    from .domain.categories.promotional_materials import PromotionalMaterials as PromotionalMaterials
    from .domain.categories.repair import ExpectedRepairs as ExpectedRepairs
    from .domain.categories.repair import Repair as Repair
    from .domain.categories.repair import Repaired as Repaired
    from .domain.categories.service_training import ServiceTraining as ServiceTraining
    from .domain.categories.service_training import ServiceTrainingHeld as ServiceTrainingHeld
    from .domain.categories.sms import Sms as Sms
    from .domain.categories.sms import SmsSent as SmsSent
    from .domain.categories.technical_support import ExpectedSupport as ExpectedSupport
    from .domain.categories.technical_support import Supported as Supported
    from .domain.categories.technical_support import TechnicalSupport as TechnicalSupport
    from .domain.categories.threshold_reduction import ExpectedOrders as ExpectedOrders
    from .domain.categories.threshold_reduction import Reduced as Reduced
    from .domain.categories.threshold_reduction import ThresholdReduction as ThresholdReduction
    from .domain.categories.threshold_reduction import Tier as Tier
    from .domain.categories.venue_rental import VenueRental as VenueRental
    from .domain.categories.venue_rental import VenueUsed as VenueUsed
    from .domain.claim import Claim as Claim
    from .domain.customers import Customer as Customer
    from .domain.customers import OptOut as OptOut
    from .domain.documents import Document as Document
    from .domain.duty import Duty as Duty
    from .domain.duty import Returning as Returning
    from .domain.estimates import Activity as Activity
    from .domain.estimates import Driver as Driver
    from .domain.estimates import Drivers as Drivers
    from .domain.estimates import LastYear as LastYear
    from .domain.estimates import OperatingPlan as OperatingPlan
    from .domain.estimates import Trend as Trend
    from .domain.execution import Execution as Execution
    from .domain.money import Money as Money
    from .domain.negotiation import Bargain as Bargain
    from .domain.negotiation import Offer as Offer
    from .domain.organisation import Delegation as Delegation
    from .domain.organisation import Holding as Holding
    from .domain.organisation import Roster as Roster
    from .domain.payment import Instruction as Instruction
    from .domain.periods import Month as Month
    from .domain.posting import Posting as Posting
    from .domain.posting import Source as Source
    from .domain.project import Project as Project
    from .domain.rectification import Deviation as Deviation
    from .domain.rectification import Finding as Finding
    from .domain.rectification import FollowUp as FollowUp
    from .domain.rectification import Rectification as Rectification
    from .domain.rectification import Turn as Turn
    from .domain.refusals import Code as Code
    from .domain.refusals import ExpensePolicyError as ExpensePolicyError
    from .domain.refusals import Refusal as Refusal
    from .domain.refusals import Refused as Refused
    from .domain.vocabulary import Status as Status
    from .domain.voucher import Voucher as Voucher
    from .domain.voucher import VoucherKind as VoucherKind
    from .domain.voucher import VoucherVerdict as VoucherVerdict
    from .policy_file import PolicyFileError as PolicyFileError
    from .policy_file import load_policy as load_policy
    from .ports.errors import AlreadyDone as AlreadyDone
    from .ports.errors import Conflict as Conflict
    from .ports.errors import NotFound as NotFound
    from .ports.errors import RepositoryError as RepositoryError
    from .ports.errors import RepositoryUnavailable as RepositoryUnavailable
    from .ports.errors import Tampered as Tampered
    from .ports.notifier import Notice as Notice
    from .ports.repository import Summary as Summary
    from .services.asking import CostAndEffect as CostAndEffect
    from .services.bulk import Done as Done
    from .services.bulk import NotDone as NotDone
    from .services.desk import Desk as Desk
    from .services.engine import Decision as Decision
    from .services.engine import Receipt as Receipt
    from .services.importing import Fault as Fault
    from .services.importing import Imported as Imported
    from .services.importing import Keyed as Keyed
    from .services.importing import Unreadable as Unreadable
    from .services.spending import ToApply as ToApply
    from .services.spending import ToPay as ToPay
    from .services.spending import ToSign as ToSign
    from .services.verification import verify as verify

_HOMES = {
    "Roster": "domain.organisation",
    "Notice": "ports.notifier",
    "Decision": "services.engine",
    "Receipt": "services.engine",
    "Done": "services.bulk",
    "NotDone": "services.bulk",
    "Fault": "services.importing",
    "Imported": "services.importing",
    "Keyed": "services.importing",
    "Unreadable": "services.importing",
    "ToApply": "services.spending",
    "ToPay": "services.spending",
    "ToSign": "services.spending",
    "Summary": "ports.repository",
    "AlreadyDone": "ports.errors",
    "Conflict": "ports.errors",
    "NotFound": "ports.errors",
    "RepositoryError": "ports.errors",
    "RepositoryUnavailable": "ports.errors",
    "Tampered": "ports.errors",
    "verify": "services.verification",
    "Allocation": "domain.allocation",
    "Cost": "domain.allocation",
    "Method": "domain.allocation",
    "Part": "domain.allocation",
    "SharedCosts": "domain.allocation",
    "Used": "domain.allocation",
    "Allocated": "domain.allocation_rule",
    "AllocationBasis": "domain.allocation_rule",
    "AllocationRule": "domain.allocation_rule",
    "AllocationTerms": "domain.allocation_rule",
    "Pool": "domain.allocation_rule",
    "Receiver": "domain.allocation_rule",
    "Verdict": "domain.approval",
    "AccountRow": "domain.accounting",
    "DoubleEntry": "domain.accounting",
    "MonthlyAccounts": "domain.accounting",
    "RecordedCost": "domain.accounting",
    "Posting": "domain.posting",
    "Source": "domain.posting",
    "Application": "domain.application",
    "Attachment": "domain.application",
    "Payee": "domain.application",
    "Share": "domain.application",
    "Approve": "domain.approval",
    "Reject": "domain.approval",
    "Return": "domain.approval",
    "BudgetPlan": "domain.budget",
    "PlanLine": "domain.budget",
    "evenly": "domain.budget",
    "BudgetAdjustment": "domain.adjustment",
    "LineChange": "domain.adjustment",
    "SupplementaryRequest": "domain.adjustment",
    "Bargain": "domain.negotiation",
    "Offer": "domain.negotiation",
    "Execution": "domain.execution",
    "Activity": "domain.estimates",
    "Driver": "domain.estimates",
    "Drivers": "domain.estimates",
    "LastYear": "domain.estimates",
    "OperatingPlan": "domain.estimates",
    "Trend": "domain.estimates",
    "BirthdayGift": "domain.categories.birthday_gift",
    "BirthdayGiftIssued": "domain.categories.birthday_gift",
    "Discount": "domain.categories.discount",
    "DiscountGranted": "domain.categories.discount",
    "DiscountLine": "domain.categories.discount",
    "Effect": "domain.categories.effect",
    "EffectMeasured": "domain.categories.effect",
    "Email": "domain.categories.email",
    "EmailSent": "domain.categories.email",
    "Giveaway": "domain.categories.giveaway",
    "GiveawayIssued": "domain.categories.giveaway",
    "Called": "domain.categories.phone",
    "Phone": "domain.categories.phone",
    "ProductTraining": "domain.categories.product_training",
    "ProductTrainingHeld": "domain.categories.product_training",
    "Material": "domain.categories.promotional_materials",
    "MaterialsUsed": "domain.categories.promotional_materials",
    "PromotionalMaterials": "domain.categories.promotional_materials",
    "ExpectedRepairs": "domain.categories.repair",
    "Repair": "domain.categories.repair",
    "Repaired": "domain.categories.repair",
    "ServiceTraining": "domain.categories.service_training",
    "ServiceTrainingHeld": "domain.categories.service_training",
    "ExpectedSupport": "domain.categories.technical_support",
    "Supported": "domain.categories.technical_support",
    "TechnicalSupport": "domain.categories.technical_support",
    "ExpectedOrders": "domain.categories.threshold_reduction",
    "Reduced": "domain.categories.threshold_reduction",
    "ThresholdReduction": "domain.categories.threshold_reduction",
    "Tier": "domain.categories.threshold_reduction",
    "VenueRental": "domain.categories.venue_rental",
    "VenueUsed": "domain.categories.venue_rental",
    "CompanyPlan": "domain.categories.company",
    "CompanyUse": "domain.categories.company",
    "CostLine": "domain.categories.company",
    "GiftIssued": "domain.categories.holiday_gift",
    "HolidayGift": "domain.categories.holiday_gift",
    "Sms": "domain.categories.sms",
    "SmsSent": "domain.categories.sms",
    "Claim": "domain.claim",
    "Customer": "domain.customers",
    "OptOut": "domain.customers",
    "Document": "domain.documents",
    "Money": "domain.money",
    "Delegation": "domain.organisation",
    "Holding": "domain.organisation",
    "Instruction": "domain.payment",
    "Project": "domain.project",
    "Deviation": "domain.rectification",
    "Finding": "domain.rectification",
    "FollowUp": "domain.rectification",
    "Rectification": "domain.rectification",
    "Turn": "domain.rectification",
    "Duty": "domain.duty",
    "Returning": "domain.duty",
    "Code": "domain.refusals",
    "ExpensePolicyError": "domain.refusals",
    "Refusal": "domain.refusals",
    "Refused": "domain.refusals",
    "Status": "domain.vocabulary",
    "Voucher": "domain.voucher",
    "VoucherKind": "domain.voucher",
    "VoucherVerdict": "domain.voucher",
    "PolicyFileError": "policy_file",
    "load_policy": "policy_file",
    "CostAndEffect": "services.asking",
    "Desk": "services.desk",
    "Month": "domain.periods",
    "UseRow": "domain.categories._shape",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
