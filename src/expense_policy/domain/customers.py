"""What the company knows of a customer that a rule asks for (G2.1, C2.2, C3.4), and shows to nobody."""

from __future__ import annotations

from datetime import date

import attrs
from dateutil.relativedelta import relativedelta

from . import checks
from .masking import masked

EVERY_CHANNEL = "*"
"""The channel of an opt-out from all of them."""


def _masked(id: str) -> str:
    return repr(masked(id))


@attrs.frozen
class OptOut:
    """Contact by a channel, such as "phone", "email" or "sms", or by every one, "*", is refused from a day on."""

    channel: str = attrs.field(validator=checks.ident)
    since: date = attrs.field(validator=checks.day)


@attrs.frozen
class Customer:
    """One customer as the company's own system has him; None is what it does not know.

    Opt-outs are a set: their order, and one that stands there twice, make no other customer. His `repr` shows the id
    masked and no birthday.
    """

    id: str = attrs.field(validator=checks.ident, repr=_masked)
    since: date | None = attrs.field(validator=checks.optional(checks.day))
    last_order: date | None = attrs.field(validator=checks.optional(checks.day))
    value_class: str | None = attrs.field(validator=checks.optional(checks.ident))
    birthday: date | None = attrs.field(validator=checks.optional(checks.day), repr=False)
    opt_outs: tuple[OptOut, ...] = attrs.field(default=(), validator=checks.many(OptOut), eq=frozenset)

    def opted_out(self, channel: str, on: date) -> date | None:
        """The first day since which he refuses contact by the channel, that day included; None while he does not."""
        days = [o.since for o in self.opt_outs if o.channel in (channel, EVERY_CHANNEL) and o.since <= on]
        return min(days, default=None)

    def existing(self, months: int, today: date) -> bool:
        """Whether he ordered within the last months before today (G2.1): from the same day of that month on.

        Where that month has no such day, from its last one on. An order to come is none yet.
        """
        return self.last_order is not None and today - relativedelta(months=months) <= self.last_order <= today

    def existed(self, months: int, on: date, today: date) -> bool:
        """Whether he was an existing customer on a day, as far as what is known of him today tells (G2.1).

        Where he ordered after that day his order before it is not told any more: then he was one unless he became a
        customer later than that day.
        """
        if self.last_order is not None and on < self.last_order <= today:
            return self.since is None or self.since <= on
        return self.existing(months, on)

    def born_in(self, month: int) -> bool | None:
        """Whether the birthday is in the month, 1 to 12; None where it is not known.

        29 February counts as February in every year (C2.2).
        """
        return None if self.birthday is None else self.birthday.month == month
