"""Whom a type may be for: existing customers who have not opted out, in proportion to their value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ..customers import Customer
from ..masking import masked, shown
from ..money import Money
from ..policy import Policy
from ..refusals import Code, Refusal, refusal
from ._shape import ExpenseType, Part, Plan, broken


def cost_limit(policy: Policy, value_class: str | None) -> int | None:
    """The most that a customer of a value class may cost, in smallest units; None where the policy sets nothing."""
    limits = dict(policy.customers.cost_max)
    return limits.get(value_class or "*", limits.get("*"))


def named(
    plan: Plan,
    kind: ExpenseType,
    policy: Policy,
    today: date,
    customers: Mapping[str, Customer] | None,
    value_class: str | None,
) -> list[Refusal]:
    """What forbids the customers that a plan is for; where nobody could be asked, only what was stated is judged."""
    if not kind.customers:
        return []
    found: list[Refusal] = []
    classes = {value_class}
    if customers is not None and plan.customers:
        known = [customers[id] for id in plan.customers if id in customers]
        months = policy.customers.order_within_months
        existing = {each.id for each in known if each.existing(months, today)}
        others = [id for id in plan.customers if id not in existing]
        if others:
            found.append(refusal(Code.NOT_EXISTING_CUSTOMER, customers=shown(others), months=months))
        out = [each.id for each in known if kind.channel and each.opted_out(kind.channel, today)]
        if out:
            found.append(broken("C3.4", "opted_out", shown(out), today.isoformat()))
        classes = {each.value_class for each in known}
    if plan.reach:
        total = plan.total
        # Rounded up: what is a unit above the limit for one of them is above it.
        one = Money(-(-total.units // plan.reach), total.currency)
        limits = [most for name in classes if (most := cost_limit(policy, name)) is not None]
        if limits and one.units > min(limits):
            found.append(broken("G3.1", "cost_per_customer", one, Money(min(limits), total.currency)))
    return found


def reached(
    part: Part,
    kind: ExpenseType,
    policy: Policy,
    day: date,
    today: date,
    customers: Mapping[str, Customer] | None,
    value_class: str | None,
) -> list[Refusal]:
    """The standards that a use of a day, entered today, breaks in whom it reached."""
    found: list[Refusal] = []
    if customers is not None:
        customer, months = customers.get(part.recipient), policy.customers.order_within_months
        if customer is None or not customer.existed(months, day, today):
            found.append(broken("G2.1", "existing_customer", masked(part.recipient), months))
        elif kind.channel and (since := customer.opted_out(kind.channel, day)) is not None:
            found.append(broken("C3.4", "opted_out", day.isoformat(), since.isoformat()))
        value_class = None if customer is None else customer.value_class
    limit = cost_limit(policy, value_class)
    if limit is not None and part.units > limit:
        currency = policy.currency
        found.append(broken("G3.1", "cost_per_customer", Money(part.units, currency), Money(limit, currency)))
    return found
