"""The expense types: each a plan record, a use record and its standards (C8)."""

from __future__ import annotations

from . import holiday_gift, sms
from ._shape import ExpenseType, Plan, Use, UseRow

REGISTER: dict[str, ExpenseType] = {"holiday_gift": holiday_gift.TYPE, "sms": sms.TYPE}
"""Every type by its name."""

__all__ = ["REGISTER", "ExpenseType", "Plan", "Use", "UseRow"]
