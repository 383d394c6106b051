"""Who holds which office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ..domain.organisation import Roster


class Directory(Protocol):
    """The company's people. Shared by threads; `testing.contract.DirectoryContract` holds it to all of this."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """The offices of these departments and of the whole company, and the delegations of who holds them.

        As they are at the instant, past or to come; those of no other department. Delegations that do not count at it
        may be there too: `Roster.delegates` leaves them out. ValueError or TypeError for a naive instant.
        """
