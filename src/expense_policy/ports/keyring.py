"""The key that signs the journal: outside the database."""

from __future__ import annotations

from typing import Protocol


class Keyring(Protocol):
    """Keyed tags of journal entries."""

    def mac(self, data: bytes) -> tuple[str, str] | None:
        """The present key's id and its tag in hexadecimal; None where the company keeps no key."""

    def check(self, key_id: str, data: bytes, tag: str) -> bool:
        """Whether the tag is that key's; KeyError for a key that is not known."""
