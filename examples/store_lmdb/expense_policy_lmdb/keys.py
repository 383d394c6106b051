"""Keys of one ordered map of bytes: they sort as the names and numbers do that they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from expense_policy.domain.content import line_digest

Pair = tuple[bytes, bytes]
ROOM, END = 300, b"\xff"


def packed(part: str | int) -> bytes:
    """A part of a key: such bytes sort as names and numbers do, and none begins another: two zeros end each alone.

    A key of LMDB has 511 bytes. Of a name that is too long there stands what keeps its order, and a digest.
    """
    name = part if isinstance(part, str) else f"{part:019d}"
    raw = name.encode().replace(b"\0", b"\0\1") + b"\0\0"
    return raw if len(raw) <= ROOM else raw[:ROOM] + line_digest((name,)).encode()


def key(*parts: str | int) -> bytes:
    """A key, or what the keys of a range begin with."""
    return b"".join(map(packed, parts))


def words(place: bytes) -> str:
    """A key, as whoever looks for a fault reads it."""
    return place.decode(errors="replace").replace("\0\0", " ")


def groups(rows: Iterable[Pair], head: bytes) -> Iterator[Iterator[Pair]]:
    """Rows by the names that follow a head: one by one, but those of long names that begin alike come together."""
    return (group for _, group in groupby(rows, lambda row: row[0][: len(head) + ROOM]))
