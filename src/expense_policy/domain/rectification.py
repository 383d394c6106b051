"""A rectification 整改: a finding that somebody has to put right, until another one verified it (B2.4, S2.2).

It knows ids and offices, and neither what it is about nor who found it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import attrs

from . import checks
from .cards import Card
from .content import Digest, digest
from .organisation import Roster
from .periods import Month, instant, instant_text
from .policy import Policy
from .refusals import Code, Refusal, refusal
from .vocabulary import LineId, Office, PersonId

DEVIATION = "budget_deviation"
"""The finding that a line was not kept to."""


def _figures(instance: object, attribute: attrs.Attribute[Any], value: tuple[tuple[str, str], ...]) -> None:
    if type(value) is not tuple or any(type(each) is not tuple or len(each) != 2 for each in value):
        raise TypeError("figures hold a text by name")
    for name, figure in value:
        checks.an_ident("a figure's name", name)
        checks.a_label("a figure", figure)


@attrs.frozen
class Finding:
    """What is not as it should be: about a line, a document or a month, of a department, by a clause.

    `text` says it in words, `figures` by name as text, for programs and notices.
    """

    about: str = attrs.field(validator=checks.ident)
    department: str = attrs.field(validator=checks.ident)
    clause: str = attrs.field(validator=checks.ident)
    text: str = attrs.field(validator=checks.text)
    figures: tuple[tuple[str, str], ...] = attrs.field(default=(), validator=_figures)


@attrs.frozen
class Deviation:
    """A line that a department did not keep to in a month (B2.3). Planned and spent are smallest units."""

    line: LineId = attrs.field(validator=checks.ident)
    department: str = attrs.field(validator=checks.ident)
    month: Month = attrs.field(validator=checks.exactly(Month))
    planned: int = attrs.field(validator=checks.exactly(int))
    spent: int = attrs.field(validator=checks.exactly(int))
    deviation_bp: int = attrs.field(validator=checks.exactly(int))

    @property
    def rectification(self) -> str:
        """The id of its rectification: a line's month has one (B2.4)."""
        return f"rectification:{digest((self.line, str(self.month)))[:32]}"

    @property
    def finding(self) -> Finding:
        """The finding that it is."""
        figures = (
            ("month", str(self.month)),
            *((name, str(getattr(self, name))) for name in ("planned", "spent", "deviation_bp")),
        )
        return Finding(self.line, self.department, "B2.4", DEVIATION, figures)


class Turn(StrEnum):
    """What can happen to a rectification after it was opened."""

    ANSWERED = "answered"
    FOLLOWED_UP = "followed_up"
    SENT_BACK = "sent_back"
    EXTENDED = "extended"
    ESCALATED = "escalated"
    VERIFIED = "verified"


OPEN, ANSWERED, VERIFIED = "open", "answered", "verified"
_STATUS = {Turn.ANSWERED: ANSWERED, Turn.SENT_BACK: OPEN, Turn.VERIFIED: VERIFIED}
_ANSWER_FIRST = (Turn.SENT_BACK, Turn.VERIFIED)
_BY_OTHERS = (Turn.SENT_BACK, Turn.VERIFIED, Turn.EXTENDED)
"""What neither its owner nor who answered does (S2.2)."""
_BLANK = {
    Turn.ANSWERED: Code.MEASURE_MISSING,
    Turn.FOLLOWED_UP: Code.OPINION_MISSING,
    Turn.VERIFIED: Code.OPINION_MISSING,
    Turn.SENT_BACK: Code.REASON_MISSING,
    Turn.EXTENDED: Code.REASON_MISSING,
}


@attrs.frozen
class FollowUp:
    """One of the things that followed: the measures of an answer with their evidence, a remark, a reason.

    An escalation's text is the office that it reached. `until` is the deadline that an extension gave, or when an
    escalation comes again.
    """

    what: Turn = attrs.field(validator=checks.exactly(Turn))
    by: PersonId = attrs.field(validator=checks.ident)
    at: datetime = attrs.field(converter=instant)
    text: str = attrs.field(validator=checks.text)
    evidence: tuple[Digest, ...] = attrs.field(default=(), validator=checks.many(str))
    until: datetime | None = attrs.field(default=None, converter=attrs.converters.optional(instant))


@attrs.frozen
class Rectification(Card):
    """A finding with its owner, its deadline and all that followed, which only grows.

    `office` is the one in which it was opened, `due` when it is escalated next: at its deadline first, never once it is
    verified.
    """

    kind: ClassVar[str] = "rectification"
    finding: Finding = attrs.field(validator=checks.exactly(Finding))
    owner: PersonId = attrs.field(validator=checks.ident)
    opened_by: PersonId = attrs.field(validator=checks.ident)
    office: str = attrs.field(validator=checks.ident)
    opened_at: datetime = attrs.field(converter=instant)
    deadline: datetime = attrs.field(converter=instant)
    due: datetime | None = attrs.field(converter=attrs.converters.optional(instant))
    follow_ups: tuple[FollowUp, ...] = attrs.field(default=(), validator=checks.many(FollowUp))

    @property
    def status(self) -> str:
        """open, answered or verified: what its last answer, return or verification made of it."""
        return next((_STATUS[each.what] for each in reversed(self.follow_ups) if each.what in _STATUS), OPEN)

    @property
    def department(self) -> str:
        """Whose it is to put right."""
        return self.finding.department

    @property
    def measures(self) -> tuple[FollowUp, ...]:
        """The answers, in order."""
        return self.what(Turn.ANSWERED)

    @property
    def reached(self) -> tuple[str, ...]:
        """The offices that it was escalated to, in order."""
        return tuple([each.text for each in self.what(Turn.ESCALATED)])

    @property
    def verified_by(self) -> PersonId | None:
        """Who verified it; None before."""
        return next((each.by for each in self.what(Turn.VERIFIED)), None)

    def what(self, turn: Turn) -> tuple[FollowUp, ...]:
        """What followed of one kind, in order."""
        return tuple([each for each in self.follow_ups if each.what is turn])


def check_deadline(deadline: datetime, than: datetime) -> list[Refusal]:
    """A deadline lies after now, and an extended one after the one it takes the place of."""
    if deadline > than:
        return []
    return [refusal(Code.DEADLINE_NOT_LATER, deadline=instant_text(deadline), than=instant_text(than))]


def check(card: Rectification, next_: FollowUp) -> list[Refusal]:
    """Why this may not follow now, whoever has the office to do it (B2.4, S2.2)."""
    what, found = next_.what, list[Refusal]()
    needed = (ANSWERED,) if what in _ANSWER_FIRST else (OPEN, ANSWERED)
    if card.status not in needed:
        found.append(refusal(Code.RECTIFICATION_STATUS, status=card.status, needed=", ".join(needed)))
    part = {**{each.by: "answerer" for each in card.measures}, card.owner: "owner"}
    if what in _BY_OTHERS and next_.by in part:
        found.append(refusal(Code.RECTIFICATION_OWN, actor=next_.by, part=part[next_.by]))
    if checks.blank(next_.text):
        found.append(refusal(_BLANK[what], clause="B2.4"))
    if what is Turn.EXTENDED and next_.until is not None:
        if card.what(Turn.EXTENDED):
            found.append(refusal(Code.DEADLINE_EXTENDED, deadline=instant_text(card.deadline)))
        found += check_deadline(next_.until, max(card.deadline, next_.at))
    return found


def followed(card: Rectification, next_: FollowUp) -> Rectification:
    """The rectification after one more thing; its deadline moves by an extension alone."""
    return attrs.evolve(
        card,
        version=card.version + 1,
        deadline=next_.until if next_.what is Turn.EXTENDED and next_.until else card.deadline,
        due=None if next_.what is Turn.VERIFIED else next_.until or card.due,
        follow_ups=(*card.follow_ups, next_),
    )


def ladder(policy: Policy) -> tuple[str, ...]:
    """The offices that an overdue one climbs: the department's head, then the substitutes of each (A3.5)."""
    offices = [Office.DEPARTMENT_HEAD]
    for office in offices:
        offices += [each for each in policy.substitute_offices(office) if each not in offices]
    return tuple(offices)


def rung(card: Rectification, policy: Policy, roster: Roster) -> tuple[str, tuple[PersonId, ...]]:
    """The office that it is escalated to next, with its holders: one above the last, where somebody but its owner is.

    At the top it stays there.
    """
    offices, reached = ladder(policy), card.reached
    last = reached[-1] if reached and reached[-1] in offices else None
    above = offices if last is None else offices[offices.index(last) + 1 :]
    people = {office: _others(card, roster, office) for office in offices}
    office = next((office for office in above if people[office]), last or offices[-1])
    return office, people[office]


def _others(card: Rectification, roster: Roster, office: str) -> tuple[PersonId, ...]:
    return tuple([person for person in roster.holders(office, card.department) if person != card.owner])


def first_owner(policy: Policy, roster: Roster, department: str) -> PersonId | None:
    """Who owns what nobody is named for: the department's head, or the first on the ladder there is."""
    return next((person for office in ladder(policy) for person in roster.holders(office, department)), None)
