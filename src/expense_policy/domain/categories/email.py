"""C3.2 e-mail: the platform's fee by actual use, paid up to the use record."""

from __future__ import annotations

from datetime import time

import attrs

from .. import checks
from ..money import Money, not_below_0
from ..periods import instant_text
from ._contact import Contact, clock, planned_hours, used_hours
from ._shape import ExpenseType, Part, Plan


@attrs.frozen
class Email(Plan):
    """One subject to a number of recipients, at the platform's fee a message."""

    subject: str = attrs.field(validator=checks.text)
    recipients: int = attrs.field(validator=checks.whole)
    message_fee: Money = attrs.field(validator=not_below_0)
    first: time | None = attrs.field(default=None, validator=clock)
    last: time | None = attrs.field(default=None, validator=clock)

    @property
    def costs(self) -> tuple[tuple[str, Money], ...]:
        """Recipients times fee."""
        return (("messages", self.message_fee * self.recipients),)

    @property
    def reach(self) -> int:
        """Its recipients."""
        return self.recipients


@attrs.frozen
class EmailSent(Contact):
    """A message sent; whether it was opened and read, where that is known."""

    subject: str | None = attrs.field(default=None, validator=checks.optional(checks.text))
    opened: bool | None = attrs.field(default=None, validator=checks.exactly(bool, type(None)))
    read: bool | None = attrs.field(default=None, validator=checks.exactly(bool, type(None)))


def measure(plan: Email, use: EmailSent, limits: object) -> tuple[Part, ...]:
    """A message costs the platform's fee; its subject is kept where it is not the plan's."""
    said = [("at", instant_text(use.at))]
    if use.subject is not None and use.subject != plan.subject:
        said.append(("subject", use.subject))
    known = {"opened": use.opened, "read": use.read}
    said += [(name, "yes" if value else "no") for name, value in known.items() if value is not None]
    return (Part(use.recipient, 1, plan.message_fee.units, "", tuple(said)),)


TYPE = ExpenseType(
    name="email",
    category="communication",
    clause="C3.2",
    plan=Email,
    use=EmailSent,
    measure=measure,
    plan_standards=(planned_hours,),
    use_standards=(used_hours,),
    ledger_account="6601.0302",
    effects=("customers_reached", "opens", "reads", "orders", "revenue_units"),
    paid_up_to_use=True,
    channel="email",
)
