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
    """A channel. Shared by threads; `testing.contract.NotifierContract` holds it to all of this."""

    def notify(self, notice: Notice) -> None:
        """Delivers the notice whole, as one message under its key, or raises: then it is tried again later.

        What returned is never sent again. The same notice may come twice. A message says nothing of anybody beside it.
        """
