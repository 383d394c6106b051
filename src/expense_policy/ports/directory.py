"""Who holds which office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ..domain.organisation import Roster


class Directory(Protocol):
    """The company's people."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """Offices and delegations of these departments, and of the whole company, at an instant."""
