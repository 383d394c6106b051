"""The ordinary world: the machine's clock, random ids, no journal key. A host may bring its own."""

from __future__ import annotations

import os
from datetime import datetime, timezone


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(timezone.utc)


class RandomIds:
    """Ids of 12 hexadecimal digits of milliseconds and 20 random ones: ordered by time, unguessable."""

    def new(self, at: datetime) -> str:
        """A fresh id."""
        return f"{int(at.timestamp() * 1000):012x}{os.urandom(10).hex()}"


class NoKey:
    """A company without a journal key: additions by someone with write access can't be told."""

    def mac(self, data: bytes) -> None:
        """Always None."""
        return None

    def check(self, key_id: str, data: bytes, tag: str) -> bool:
        """KeyError: no key is known."""
        raise KeyError(key_id)
