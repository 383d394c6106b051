"""The evidence store: bytes under their own digest."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from ..domain.content import Digest


class Evidence(Protocol):
    """Content-addressed: what was put is never changed; an orphan is harmless."""

    def put(self, data: bytes) -> Digest:
        """Keeps the bytes, returns their SHA-256."""

    def open(self, digest: Digest) -> BinaryIO:
        """The bytes again; KeyError where they are not there, ValueError where they are not what was put."""

    def has(self, digest: Digest) -> bool:
        """Whether they are there."""
