"""What is drawn, as the library has it: of dicts with whole units, its forms, vouchers, uses, costs and rules."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timezone
from functools import cache
from typing import Any

from expense_policy.domain.accounting import RecordedCost
from expense_policy.domain.adjustment import BudgetAdjustment, LineChange, SupplementaryRequest
from expense_policy.domain.allocation import Method, Used
from expense_policy.domain.allocation_rule import AllocationBasis, AllocationTerms, Pool, Receiver
from expense_policy.domain.application import Application, Attachment, Payee, Share
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories import Plan, Use
from expense_policy.domain.categories.discount import Discount, DiscountGranted, DiscountLine
from expense_policy.domain.categories.holiday_gift import GiftIssued, HolidayGift
from expense_policy.domain.categories.sms import Sms, SmsSent
from expense_policy.domain.claim import Claim
from expense_policy.domain.estimates import Activity, Basis, Driver, Drivers, LastYear, OperatingPlan, Trend
from expense_policy.domain.money import Money
from expense_policy.domain.payment import Instruction
from expense_policy.domain.policy import Policy
from expense_policy.domain.vocabulary import SET_OFF
from expense_policy.domain.voucher import Voucher, VoucherKind
from expense_policy.policy_file import load_policy
from expense_policy.testing import company

from .counting import ALONE, LIMIT, Dict

PRICE = {"holiday_gift": 1, "sms": 5, "discount": 7}
"""What a gift, a message, a discounted piece costs: so that what they come to is split with a rest."""
BASIS = Attachment("budget_basis", hashlib.sha256(b"the budget_basis").hexdigest())


def money(units: int) -> Money:
    """So many smallest units."""
    return Money(units, "CNY")


@cache
def policy(method: str, itemised: bool, carry: bool, expiry: int, start: int) -> Policy:
    """The kit's policy with low limits, and with what years differ in."""
    text = company.POLICY.replace('"50000.00"', f'"{money(LIMIT)}"')
    text = text.replace("[periods]\n", f"[periods]\nexpiry = {expiry}\n")
    text = text.replace('currency = "CNY"\n', f'currency = "CNY"\nfiscal_year_start = {start}\n')
    text += f"[budget]\nitemised = {str(itemised).lower()}\ncarry_balances = {str(carry).lower()}\n"
    text += "[claims.without_application]\n"
    text += "".join(f'{type_} = "{money(most)}"\n' for type_, most in ALONE.items())
    return load_policy(f'{text}[accounts]\nmethod = "{method}"\n')


def basis(of: tuple[str, Any] | None) -> Basis | None:
    """The basis of an estimate."""
    match of:
        case ("activities", costs):
            return OperatingPlan(tuple(Activity(f"activity {n}", money(cost)) for n, cost in enumerate(costs)))
        case ("drivers", drivers):
            return Drivers(tuple(Driver(f"driver {i}", n, money(price)) for i, (n, price) in enumerate(drivers)))
        case ("last_year", (actual, growth_bp)):
            return LastYear(money(actual), growth_bp)
        case ("trend", actuals):
            return Trend(tuple(map(money, actuals)))
    return None


def budget(form: Dict) -> BudgetPlan | BudgetAdjustment | SupplementaryRequest:
    """A plan, or a change of the budget."""
    lines = tuple(
        PlanLine(
            line["id"],
            line["category"],
            line["id"],
            money(line["units"]),
            line["project"],
            tuple(map(money, line["months"] or ())),
            basis(line["basis"]),
        )
        for line in form["opens"]
    )
    if form["kind"] == "budget_plan":
        return BudgetPlan(form["department"], form["year"], lines)
    changes = tuple(
        LineChange(name, money(each["before"]), money(each["after"]), tuple(map(money, each["months"] or ())))
        for name, each in form["changes"].items()
    )
    kind = BudgetAdjustment if form["kind"] == "budget_adjustment" else SupplementaryRequest
    return kind(form["department"], form["year"], form["reason"], changes, lines)


def voucher(of: Dict) -> Voucher:
    """A voucher as it is handed in."""
    amounts = (money(of["amount"]), money(of["tax"]), money(of["total"]))
    return Voucher(VoucherKind(of["kind"]), of["number"], of["issuer"], of["buyer"], of["on"], *amounts, of["code"])


def plan(type_: str, units: int) -> Plan:
    """A plan record of so much."""
    count = units // PRICE[type_]
    if type_ == "sms":
        return Sms("Hello", count, money(PRICE[type_]))
    if type_ == "discount":
        return Discount((DiscountLine("kettle", "kitchen", count, money(10_000), money(0), money(PRICE[type_])),))
    days = (date(2026, 1, 20), date(2026, 2, 20))
    return HolidayGift("spring_festival", 2026, "tea", money(PRICE[type_]), count, *days)


def payable(form: Dict) -> Application | Claim:
    """An application or a claim."""
    payee = None if form["payee"] is None else Payee(*form["payee"])
    common: dict[str, Any] = {
        "department": form["department"],
        "purpose": "Tea for customers",
        "type": form["type"],
        "payee": payee,
        "method": SET_OFF if payee is None else "bank_transfer",
        "expected_payment": form["expected"],
        "shares": tuple(Share(line, money(units), *_place(form, line)) for line, units in form["shares"].items()),
        "project": form["project"],
        "vouchers": tuple(map(voucher, form["vouchers"])),
    }
    if form["application"] is not None:
        advance = money(form["advance"]) if form["advance"] else None
        return Claim(**common, application=form["application"], advance=advance)
    common |= {"business_goal": "Keep customers", "customers": "All", "attachments": (BASIS,)}
    common |= {"plan": plan(form["type"], form["total"])}
    if form["kind"] == "claim":
        return Claim(**common, reason="They came unannounced.")
    return Application(**common, allocation=form["rule"])


def _place(form: Dict, line: str) -> tuple[str | None, str | None]:
    """Whose line it is and for which project, where a rule shares the cost."""
    department, project = form["places"].get(line, (None, None))
    return (None if department == form["department"] else department), project


def instruction(form: Dict, units: int) -> Instruction:
    """An instruction that agrees with the form."""
    made = payable(form)
    papers, keys = tuple(a.digest for a in made.attachments), tuple(v.key for v in made.vouchers)
    return Instruction(money(units), made.payee, made.method, papers, keys)


def use(type_: str, row: Dict) -> Use:
    """A use as it happened."""
    day: date = row["on"]
    if type_ == "sms":
        # Ten in the morning, in Shanghai.
        return SmsSent(datetime(day.year, day.month, day.day, 2, tzinfo=timezone.utc), row["customer"])
    if type_ == "discount":
        return DiscountGranted(day, row["customer"], row["order"], "kettle", row["quantity"])
    return GiftIssued(day, row["customer"], row["quantity"])


def recorded(cost: Dict) -> RecordedCost:
    """A cost that was paid elsewhere."""
    where = (cost["key"], cost["on"], cost["department"], cost["type"])
    return RecordedCost(*where, money(cost["units"]), cost["project"])


def shared(terms: Dict) -> AllocationTerms:
    """A version of a rule for shared costs."""
    return AllocationTerms(
        "Shared",
        terms["effective"],
        AllocationBasis(terms["basis"]),
        tuple(Receiver(place, of, str(weight)) for (place, of), weight in terms["receivers"].items()),
        Method(terms["method"]),
        tuple(Pool(name, *place) for name, place in terms["pools"].items()),
        tuple(Used(pool, by, str(quantity)) for (pool, by), quantity in terms["used"].items()),
        terms["order"],
    )
