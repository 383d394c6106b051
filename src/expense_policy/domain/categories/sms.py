"""C3.3 SMS 短信: paid up to its use record."""

from __future__ import annotations

from datetime import time
from functools import lru_cache

import attrs

from .. import checks
from ..money import Money
from ..periods import instant_text
from ..refusals import Refusal
from . import _keys
from ._contact import Contact, clock, per_month, planned_hours, used_hours
from ._shape import Asked, ExpenseType, Happened, Part, Plan, broken

# 3GPP TS 23.038, the default alphabet and its extension table (an extension character takes two).
_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENDED = frozenset("\f^{}\\[~]|€")


# A campaign's text is the same in each of its rows.
@lru_cache(maxsize=64)
def segments(text: str) -> int:
    """Billed segments of a message: 160/153 septets of GSM-7, else 70/67 UTF-16 units."""
    if all(char in _GSM7 or char in _GSM7_EXTENDED for char in text):
        return _pack([2 if char in _GSM7_EXTENDED else 1 for char in text], 160, 153)
    return _pack([2 if ord(char) > 0xFFFF else 1 for char in text], 70, 67)


def _pack(sizes: list[int], single: int, joined: int) -> int:
    if sum(sizes) <= single:
        return 1
    count, room = 1, joined
    for size in sizes:
        if size > room:
            count, room = count + 1, joined
        room -= size
    return count


@attrs.frozen
class Limits:
    """What the policy sets for messages."""

    per_customer_month_max: int = _keys.whole(0, 1000, 4)
    segments_max: int = _keys.whole(1, 255, 3)


@attrs.frozen
class Sms(Plan):
    """One text to a number of recipients, at a price a segment; between two times, where they are planned."""

    text: str = attrs.field(validator=checks.text)
    recipients: int = attrs.field(validator=checks.whole)
    segment_price: Money = attrs.field(validator=checks.exactly(Money))
    first: time | None = attrs.field(default=None, validator=clock, metadata=checks.SINCE)
    last: time | None = attrs.field(default=None, validator=clock, metadata=checks.SINCE)

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Recipients times segments times price."""
        return (("segments", self.segment_price * (self.recipients * segments(self.text))),)

    @property
    def reach(self) -> int:
        """Its recipients."""
        return self.recipients


@attrs.frozen
class SmsSent(Contact):
    """A message sent at an instant; `text` where it was not the planned one."""

    text: str | None = attrs.field(default=None, validator=checks.optional(checks.text))


def planned_segments(plan: Sms, limits: Limits, asked: Asked) -> Refusal | None:
    """At most so many segments a message."""
    return _segments(segments(plan.text), limits)


def used_segments(plan: Sms, use: SmsSent, limits: Limits, happened: Happened) -> Refusal | None:
    """At most so many segments a message."""
    return _segments(segments(plan.text if use.text is None else use.text), limits)


def _segments(count: int, limits: Limits) -> Refusal | None:
    return broken("C3.3", "segments", count, limits.segments_max) if count > limits.segments_max else None


def measure(plan: Sms, use: SmsSent, limits: Limits) -> tuple[Part, ...]:
    """A message costs its segments; its time is kept, and its content where it is not the plan's."""
    text = plan.text if use.text is None else use.text
    count, detail = segments(text), (("at", instant_text(use.at)),)
    kept = detail if text == plan.text else (*detail, ("text", text))
    return (Part(use.recipient, count, count * plan.segment_price.units, "", kept),)


TYPE = ExpenseType(
    name="sms",
    category="communication",
    clause="C3.3",
    plan=Sms,
    use=SmsSent,
    measure=measure,
    plan_standards=(planned_segments, planned_hours),
    use_standards=(used_segments, per_month("C3.3", "messages_a_month"), used_hours),
    limits=Limits,
    ledger_account="6601.0303",
    effects=("customers_reached", "orders", "revenue_units"),
    paid_up_to_use=True,
    channel="sms",
    counted="month",
)
