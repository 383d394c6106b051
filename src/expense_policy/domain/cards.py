"""What is kept beside the documents: cards, which have a state and versions, and papers, which never change."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import attrs

from . import checks
from .content import Row, digest
from .periods import Month


@attrs.frozen
class Card:
    """Something that has a state, searched by it; `version` counts its states from 1.

    A subclass says its `kind`, and what it is searched by: "" and None where that says nothing of it.
    """

    kind: ClassVar[str] = ""
    id: str = attrs.field(validator=checks.ident)
    version: int = attrs.field(validator=checks.whole)

    @property
    def status(self) -> str:
        """In which state it is."""
        return ""

    @property
    def department(self) -> str:
        """Whose it is."""
        return ""

    @property
    def owner(self) -> str:
        """Who has to see to it."""
        return ""

    @property
    def due(self) -> datetime | None:
        """By when it is due, while it is."""
        return None

    def row(self) -> Row:
        """What a journal entry says of this row."""
        return ("card", self.id, str(self.version), self.kind, self.status, digest(self))


@attrs.frozen
class Paper:
    """Something written once under a subject, its number above those of its kind that stand there before it."""

    kind: ClassVar[str] = ""
    document: str = attrs.field(validator=checks.ident)
    number: int = attrs.field(validator=checks.whole)

    def row(self) -> Row:
        """What a journal entry says of this row."""
        return ("paper", self.document, self.kind, str(self.number), digest(self))


BOOKS = "books"
"""The id of the one card that says through which month the books are closed, its subject, and the guard beside it."""


@attrs.frozen
class Books(Card):
    """The company's books: no month up to `closed_through` takes an entry any more (R1.3)."""

    kind: ClassVar[str] = BOOKS
    closed_through: Month | None = attrs.field(validator=checks.optional(checks.exactly(Month)))

    @property
    def status(self) -> str:
        """The month, as a store compares it: "" before any is closed."""
        return "" if self.closed_through is None else str(self.closed_through)
