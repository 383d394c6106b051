"""The evidence store: bytes under their own digest."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from ..domain.content import Digest


class Evidence(Protocol):
    """Content-addressed: what was put is never changed; an orphan is harmless. Shared by threads.

    `testing.contract.EvidenceContract` holds it to all of this.
    """

    def put(self, data: bytes) -> Digest:
        """Keeps the bytes, anew where they were spoilt; returns their SHA-256 in lower-case hexadecimal."""

    def open(self, digest: Digest) -> BinaryIO:
        """The bytes again; KeyError where they are not there, ValueError where they are not what was put.

        Each call gives a stream of its own, at its first byte.
        """

    def has(self, digest: Digest) -> bool:
        """Whether they are there; False for what is no digest."""
