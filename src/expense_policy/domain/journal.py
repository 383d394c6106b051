"""The journal: entries chained per subject, and seals that bind them (G3.4)."""

from __future__ import annotations

import hashlib
from datetime import datetime

import attrs

from .content import Digest, Row, line, lines
from .periods import instant_text
from .vocabulary import PersonId

GENESIS: Digest = "0" * 64
"""What the first entry of a subject and the first seal point back to."""


@attrs.frozen
class Entry:
    """One act: who, in which office, for whom, what, when, why, and every row it wrote.

    `rows` hold names, ids, whole numbers and digests as text, so that folding the journal gives the
    tables (I19) and no name or telephone number is kept for thirty years.
    """

    subject: str
    seq: int
    prev: Digest
    act: str
    actor: PersonId
    office: str | None
    on_behalf_of: PersonId | None
    at: datetime
    reason: str | None
    policy_version: str | None
    rows: tuple[Row, ...]
    digest: Digest
    key_id: str | None = None
    tag: str | None = None


def entry_digest(
    subject: str,
    seq: int,
    prev: Digest,
    act: str,
    actor: PersonId,
    office: str | None,
    on_behalf_of: PersonId | None,
    at: datetime,
    reason: str | None,
    policy_version: str | None,
    rows: tuple[Row, ...],
) -> Digest:
    """What chains an entry: a digest over all it says and its predecessor's."""
    optional = (("office", office), ("for", on_behalf_of), ("reason", reason), ("policy", policy_version))
    given = [f"{name}={value}" for name, value in optional if value is not None]
    head = (subject, str(seq), prev, act, actor, instant_text(at), *given)
    return hashlib.sha256(lines((("entry/1", *head), *rows)).encode()).hexdigest()


def digest_of(entry: Entry) -> Digest:
    """The digest an entry should have."""
    e = entry
    return entry_digest(
        e.subject, e.seq, e.prev, e.act, e.actor, e.office, e.on_behalf_of, e.at, e.reason, e.policy_version, e.rows
    )


@attrs.frozen
class Seal:
    """Binds the entries that no seal bound before.

    Its own entry is the `number`-th of the subject "seal": that entry's digest stands for this seal and every one
    before it, and is what leaves through the notifier.
    """

    number: int
    root: Digest
    entries: tuple[tuple[str, int, Digest], ...]

    def row(self) -> Row:
        """What a journal entry says of this row."""
        return ("seal", str(self.number), self.root, str(len(self.entries)))


def merkle_root(entries: tuple[tuple[str, int, Digest], ...]) -> Digest:
    """The Merkle root over (subject, seq, digest); leaves and nodes are told apart by their prefix."""
    leaves = [line((subject, str(seq), digest)) for subject, seq, digest in entries]
    level = [hashlib.sha256(b"\x00" + leaf.encode()).digest() for leaf in leaves]
    if not level:
        return GENESIS
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0].hex()
