"""What finance and a department say of a draft's lines, round by round (B1.4)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import attrs

from . import checks
from .cards import Paper
from .money import Money, not_below_0
from .vocabulary import LineId, PersonId


@attrs.frozen
class Offer:
    """What a line should have, and why."""

    line: LineId = attrs.field(validator=checks.ident)
    amount: Money = attrs.field(validator=not_below_0)
    reason: str = attrs.field(validator=checks.text)


@attrs.frozen
class Reviewed(Paper):
    """Finance's view of a round's lines; those that it does not name stand as they are asked."""

    kind: ClassVar[str] = "review"
    round: int = attrs.field(validator=checks.whole)
    by: PersonId = attrs.field(validator=checks.ident)
    at: datetime = attrs.field(validator=attrs.validators.instance_of(datetime))
    offers: tuple[Offer, ...] = attrs.field(validator=checks.some(Offer, "line"))
