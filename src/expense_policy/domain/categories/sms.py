"""C3.3 SMS 短信: paid up to its use record."""

from __future__ import annotations

from datetime import date, datetime

import attrs

from .. import checks
from ..money import Money
from ..periods import Calendar, instant, instant_text
from ..policy import Policy
from ..refusals import Code, Refusal, refusal
from ._shape import ExpenseType

# 3GPP TS 23.038, the default alphabet and its extension table (an extension character takes two).
_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENDED = frozenset("\f^{}\\[~]|€")


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
class Sms:
    """The plan record: one text to a number of recipients, at a price a segment."""

    text: str = attrs.field(validator=checks.text)
    recipients: int = attrs.field(validator=checks.whole)
    segment_price: Money = attrs.field(validator=checks.exactly(Money))

    @property
    def total(self) -> Money:
        """Recipients times segments times price."""
        return self.segment_price * (self.recipients * segments(self.text))


@attrs.frozen
class SmsSent:
    """A use row: a message sent at an instant; `text` where it was not the planned one."""

    at: datetime = attrs.field(converter=instant)
    recipient: str = attrs.field(validator=checks.ident)
    text: str | None = attrs.field(default=None, validator=checks.optional(checks.text))

    def day(self, calendar: Calendar) -> date:
        """The company's day of that instant."""
        return calendar.day(self.at)


def planned_segments(plan: Sms, policy: Policy) -> Refusal | None:
    """At most so many segments a message."""
    return _segments(segments(plan.text), policy)


def used_segments(plan: Sms, use: SmsSent, policy: Policy, nth: int) -> Refusal | None:
    """At most so many segments a message."""
    return _segments(segments(plan.text if use.text is None else use.text), policy)


def _segments(count: int, policy: Policy) -> Refusal | None:
    if count <= policy.sms.segments_max:
        return None
    return refusal(
        Code.STANDARD_BROKEN, clause="C3.3", standard="segments", figure=count, limit=policy.sms.segments_max
    )


def contacts(plan: Sms, use: SmsSent, policy: Policy, nth: int) -> Refusal | None:
    """At most so many messages to a customer a month."""
    limit = policy.sms.per_customer_month_max
    if nth <= limit:
        return None
    return refusal(Code.STANDARD_BROKEN, clause="C3.3", standard="messages_a_month", figure=nth, limit=limit)


def measure(plan: Sms, use: SmsSent) -> tuple[int, int, tuple[tuple[str, str], ...]]:
    """A message costs its segments; its time is kept, and its content where it is not the plan's."""
    text = plan.text if use.text is None else use.text
    count, detail = segments(text), (("at", instant_text(use.at)),)
    return count, count * plan.segment_price.units, detail if text == plan.text else (*detail, ("text", text))


TYPE = ExpenseType(
    name="sms",
    category="communication",
    clause="C3.3",
    plan=Sms,
    use=SmsSent,
    plan_standards=(planned_segments,),
    use_standards=(used_segments, contacts),
    measure=measure,
    paid_up_to_use=True,
    counts_contacts=True,
)
