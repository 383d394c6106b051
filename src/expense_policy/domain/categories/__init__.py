"""The expense types: each a plan record, a use record and its standards (C8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from ..policy import Policy
from . import (
    birthday_gift,
    company,
    discount,
    email,
    giveaway,
    holiday_gift,
    phone,
    product_training,
    promotional_materials,
    repair,
    service_training,
    sms,
    technical_support,
    threshold_reduction,
    venue_rental,
)
from ._shape import Asked, ExpenseType, Plan, Use, UseRow, month_of
from .company import CompanyPlan, CompanyUse
from .effect import Effect, EffectMeasured

_TYPES = (
    *(discount.TYPE, threshold_reduction.TYPE, giveaway.TYPE),
    *(holiday_gift.TYPE, birthday_gift.TYPE),
    *(phone.TYPE, email.TYPE, sms.TYPE),
    *(product_training.TYPE, service_training.TYPE),
    *(repair.TYPE, technical_support.TYPE),
    venue_rental.TYPE,
    promotional_materials.TYPE,
)
REGISTER: dict[str, ExpenseType] = {kind.name: kind for kind in _TYPES}
"""Every type of the policy's own by its name, in the order of its clauses."""


def kind_of(name: str, policy: Policy) -> ExpenseType | None:
    """The type of this name, of the policy's own or of the company's; None where there is none."""
    own = policy.company_type(name)
    return REGISTER.get(name) if own is None else company.made(own)


def type_of(use: Use) -> str:
    """The name of the type that a use is of; "" for a measured effect, which fits every type. TypeError for others."""
    if type(use) is CompanyUse and use.type not in REGISTER:
        return use.type
    kind = _USES.get(type(use))
    if kind is None:
        raise TypeError(f"{type(use).__name__} is no use of an expense type")
    return kind


def plan_of(name: str) -> type[Plan]:
    """The class of the plan record of a type."""
    return REGISTER[name].plan if name in REGISTER else CompanyPlan


def period_of(name: str) -> Callable[[date], str] | None:
    """The period of a day in which uses of a type are counted; None where they are not.

    Told by its name alone: those of a company's own are counted by the month, whether or not a policy says how many
    there may be.
    """
    kind = REGISTER.get(name)
    if kind is None:
        return month_of if name else None
    return kind.period if kind.counted else None


_USES: dict[type[Use], str] = {**{kind.use: kind.name for kind in _TYPES}, EffectMeasured: ""}

__all__ = [
    "REGISTER",
    "Asked",
    "CompanyPlan",
    "CompanyUse",
    "Effect",
    "EffectMeasured",
    "ExpenseType",
    "Plan",
    "Use",
    "UseRow",
    "kind_of",
    "period_of",
    "plan_of",
    "type_of",
]
