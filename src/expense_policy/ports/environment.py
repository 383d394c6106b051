"""Where time and identity come from: nowhere else."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """An aware instant."""


class IdSource(Protocol):
    """Ids and nonces."""

    def new(self, at: datetime) -> str:
        """A fresh id: ordered by time, random within it."""
