"""A policy version and its adoption by two persons (X2)."""

from __future__ import annotations

from datetime import date, datetime

import attrs

from .content import Digest, Row
from .periods import instant_text
from .vocabulary import PersonId


@attrs.frozen
class Adopter:
    """Someone who adopted a version, in which office, when."""

    person: PersonId
    office: str
    at: datetime


@attrs.frozen
class PolicyVersion:
    """A version with its text; it is adopted once each adopting office has signed, each by another person."""

    id: str
    effective: date
    text: str
    digest: Digest
    offices: tuple[str, ...]
    adopters: tuple[Adopter, ...]
    version: int

    @property
    def adopted(self) -> bool:
        """Whether every adopting office has signed."""
        return {adopter.office for adopter in self.adopters} >= set(self.offices)

    def row(self) -> Row:
        """What a journal entry says of this row."""
        head = (self.id, str(self.version), self.effective.isoformat(), self.digest, str(len(self.offices)))
        signed = [text for a in self.adopters for text in (a.person, a.office, instant_text(a.at))]
        return ("policy", *head, *self.offices, *signed)
