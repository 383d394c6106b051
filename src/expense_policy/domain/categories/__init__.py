"""The expense types: each a plan record, a use record and its standards (C8)."""

from __future__ import annotations

from ..policy import Policy
from . import (
    birthday_gift,
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
from ._shape import Asked, ExpenseType, Plan, Use, UseRow
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
    return REGISTER.get(name)


def type_of(use: Use) -> str:
    """The name of the type that a use is of; "" for a measured effect, which fits every type. TypeError for others."""
    kind = _USES.get(type(use))
    if kind is None:
        raise TypeError(f"{type(use).__name__} is no use of an expense type")
    return kind


_USES: dict[type[Use], str] = {**{kind.use: kind.name for kind in _TYPES}, EffectMeasured: ""}

__all__ = [
    "REGISTER",
    "Asked",
    "Effect",
    "EffectMeasured",
    "ExpenseType",
    "Plan",
    "Use",
    "UseRow",
    "kind_of",
    "type_of",
]
