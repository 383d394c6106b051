"""Telling people, after the fact."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import attrs


@attrs.frozen
class Notice:
    """A message that leaves after its act was committed: at least once, recognised by `key`.

    `body` holds ids, amounts and digests by name, never a person's data.
    """

    key: str
    subject: str
    about: str
    to: tuple[str, ...]
    at: datetime
    body: tuple[tuple[str, str], ...] = ()
    attempts: int = 0


class Notifier(Protocol):
    """A channel."""

    def notify(self, notice: Notice) -> None:
        """Delivers, or raises: then the notice is tried again later."""
