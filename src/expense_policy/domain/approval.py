"""The chain, its signatures and who may give them (A3.2-A3.7): plain values, no document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

import attrs

from . import checks
from .content import Digest, digest, line_digest
from .money import Money
from .organisation import Authority, Delegation, Roster
from .periods import instant_text
from .policy import Policy
from .policy import Step as Step
from .refusals import Code, Refusal, refusal
from .vocabulary import PersonId


class Outcome(StrEnum):
    """What a step decides."""

    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"


def _findings(instance: object, attribute: attrs.Attribute[Any], value: tuple[tuple[str, bool], ...]) -> None:
    if type(value) is not tuple or any((type(point), type(good)) != (str, bool) for point, good in value):
        raise TypeError("findings hold True or False by review point")
    for point, _ in value:
        checks.an_ident("a review point", point)


@attrs.frozen
class Verdict:
    """An outcome with its opinion and a finding on each review point (A3.7)."""

    outcome: Outcome = attrs.field(validator=checks.exactly(Outcome))
    opinion: str = attrs.field(validator=checks.text)
    findings: tuple[tuple[str, bool], ...] = attrs.field(default=(), validator=_findings)


def Approve(opinion: str, findings: Mapping[str, bool]) -> Verdict:
    """An approval; `findings` holds True or False for each review point of the step."""
    return Verdict(Outcome.APPROVE, opinion, tuple(sorted(findings.items())))


def Return(opinion: str) -> Verdict:
    """Back to the applicant for revision, with the reason."""
    return Verdict(Outcome.RETURN, opinion)


def Reject(opinion: str) -> Verdict:
    """The end of the document, with the reason."""
    return Verdict(Outcome.REJECT, opinion)


@attrs.frozen
class Round:
    """A submission: what every signature of it covers (A3.3)."""

    number: int
    revision: int
    submitted_at: datetime
    policy_version: str
    policy_digest: Digest
    deciding_units: int
    chain: tuple[Step, ...]
    nonce: str
    statement: Digest


@attrs.frozen(slots=False)
class Signature:
    """One person's verdict on one step of one statement."""

    step: int
    statement: Digest
    signer: PersonId
    at: datetime
    verdict: Verdict
    authority: Authority

    @cached_property
    def digest(self) -> Digest:
        """The digest of everything the signature says."""
        v, a = self.verdict, self.authority
        said = (str(self.step), self.statement, self.signer, instant_text(self.at), v.outcome.value, v.opinion)
        findings = [f"+{point}" if good else f"-{point}" for point, good in v.findings]
        right = [] if a.substitute_for is None else [f"for={a.substitute_for}"]
        if a.delegation is not None:
            right.append(f"by={digest(a.delegation)}")
        return line_digest(("signature/1", *said, a.office, a.holder, a.roster, *right, *findings))

    @property
    def people(self) -> tuple[PersonId, ...]:
        """Who signed, and whom for."""
        return (self.signer, self.authority.holder)

    @property
    def office(self) -> str:
        """The office whose step it is, whoever took it (A3.5)."""
        return self.authority.substitute_for or self.authority.office


def statement_digest(
    *,
    document: str,
    kind: str,
    revision: int,
    number: int,
    content: Digest,
    policy_version: str,
    policy_digest: Digest,
    deciding_units: int,
    chain: tuple[Step, ...],
    nonce: str,
) -> Digest:
    """The statement a round's signatures cover (A3.3); the content's digest binds its evidence too."""
    head = (document, kind, revision, number, content, policy_version, policy_digest, deciding_units, nonce)
    steps = [text for step in chain for text in (step.office, str(len(step.points)), *step.points)]
    return line_digest(("statement/1", *map(str, head), *steps))


def without_chain(policy: Policy, kind: str) -> list[Refusal]:
    """A refusal where the policy has no step for this kind of document: then none is filed (A3.1)."""
    return [] if dict(policy.chains).get(kind) else [refusal(Code.CHAIN_MISSING, kind=kind)]


@attrs.frozen
class Bars:
    """Who may not sign: a person by the part he plays in the case (A3.2)."""

    parts: Mapping[PersonId, str]

    def part(self, person: PersonId) -> str | None:
        """The part that bars a person, or None."""
        return self.parts.get(person)


def bars(
    applicant: PersonId,
    payee: PersonId | None,
    signatures: tuple[Signature, ...],
    before: tuple[Signature, ...] = (),
    office: str | None = None,
) -> Bars:
    """Applicant, payee and everyone who signed, or was signed for, already.

    `before` are the signatures of earlier rounds: their people may take the step of `office` again if it was theirs,
    and no other (A3.2); without an office, none.
    """
    signed = [*signatures, *[s for s in before if s.office != office]]
    parts = {person: "signer" for signature in signed for person in signature.people}
    # Who plays several parts is told the first of them.
    if payee is not None:
        parts[payee] = "payee"
    parts[applicant] = "applicant"
    return Bars(parts)


def takers(
    step: Step, policy: Policy, roster: Roster, department: str, barred: Bars
) -> tuple[str, tuple[PersonId, ...]]:
    """The office that takes a step now, and its holders who may: the step's own, else the first substitute's (A3.5)."""
    free = _free(step.office, roster, department, barred)
    if free:
        return step.office, free
    for office in policy.substitute_offices(step.office):
        free = _free(office, roster, department, barred)
        if free:
            return office, free
    return step.office, ()


def _free(office: str, roster: Roster, department: str, barred: Bars) -> tuple[PersonId, ...]:
    return tuple([person for person in roster.holders(office, department) if person not in barred.parts])


def who_may(
    step: Step, policy: Policy, roster: Roster, department: str, units: int, barred: Bars
) -> tuple[PersonId, ...]:
    """Everyone who may sign a step now: holders, then their delegates."""
    office, free = takers(step, policy, roster, department, barred)
    amount = Money(units, policy.currency)
    delegates = [
        d.delegate for h in free for d in roster.delegates(office, h, amount) if barred.part(d.delegate) is None
    ]
    return tuple(dict.fromkeys((*free, *delegates)))


def authority(
    actor: PersonId, step: Step, policy: Policy, roster: Roster, department: str, units: int, barred: Bars
) -> Authority | tuple[Refusal, ...]:
    """By what right the actor takes a step now, or why he may not (A3.2, A3.5)."""
    office, free = takers(step, policy, roster, department, barred)
    substitute_for = None if office == step.office else step.office
    if not free:
        return (refusal(Code.STEP_UNFILLED, office=step.office),)
    part = barred.part(actor)
    if part is not None:
        names = ", ".join(who_may(step, policy, roster, department, units, barred))
        return (refusal(Code.SIGNER_BARRED, actor=actor, part=part, holders=names),)
    if actor in free:
        return Authority(office, actor, substitute_for, None, roster.digest)
    delegation = _delegation(actor, office, free, roster, Money(units, policy.currency))
    if delegation is not None:
        return Authority(office, delegation.holder, substitute_for, delegation, roster.digest)
    names = ", ".join(who_may(step, policy, roster, department, units, barred))
    return (refusal(Code.OFFICE_NOT_HELD, actor=actor, office=office, department=department, holders=names),)


def _delegation(
    actor: PersonId, office: str, free: tuple[PersonId, ...], roster: Roster, amount: Money
) -> Delegation | None:
    for holder in free:
        for delegation in roster.delegates(office, holder, amount):
            if delegation.delegate == actor:
                return delegation
    return None


def check_verdict(step: Step, verdict: Verdict) -> list[Refusal]:
    """An opinion always; for an approval a positive finding on each review point (A3.4, A3.7)."""
    found: list[Refusal] = []
    if checks.blank(verdict.opinion):
        found.append(refusal(Code.OPINION_MISSING))
    if verdict.outcome is Outcome.APPROVE:
        missing, negative = dict.fromkeys(step.points), []
        for point, good in verdict.findings:
            missing.pop(point, None)
            if good is not True:
                negative.append(point)
        if missing:
            found.append(refusal(Code.FINDING_MISSING, office=step.office, points=", ".join(missing)))
        if negative:
            found.append(refusal(Code.FINDING_NEGATIVE, points=", ".join(negative)))
    return found


def authorised(signature: Signature, step: Step, policy: Policy, units: int) -> bool:
    """Whether the authority a signature keeps could have taken the step (A3.2, A3.5): who held what is not asked again.

    The office is the step's own or one of its substitutes; who signed is the holder, or his delegate for that office
    within the delegation's dates and limit.
    """
    right, given = signature.authority, signature.authority.delegation
    if right.substitute_for is None:
        taken = right.office == step.office
    else:
        taken = right.substitute_for == step.office and right.office in policy.substitute_offices(step.office)
    if given is None:
        return taken and right.holder == signature.signer
    delegated = (given.holder, given.delegate, given.office) == (right.holder, signature.signer, right.office)
    # A limit that was kept before limits said their currency is in the company's.
    within = given.units_max is None or (units <= given.units_max and given.currency in (None, policy.currency))
    return taken and delegated and within and given.since <= signature.at < given.until


def unsigned_steps(
    policy: Policy,
    units: int,
    chain: tuple[Step, ...],
    statement: Digest,
    signatures: tuple[Signature, ...],
    applicant: PersonId,
    payee: PersonId | None,
    before: tuple[Signature, ...],
) -> tuple[str, ...]:
    """The offices of the steps without a valid approval of this statement, in order (A4.1).

    Each is derived again from the signature itself: its step, office, authority, statement and findings, and that
    neither who signed nor whom for is applicant or payee or stands in another step's signature, of this round or
    before (A3.2). `units` is the amount that decided the chain.
    """
    people: set[PersonId | None] = {applicant, payee}
    missing = []
    for i, step in enumerate(chain):
        others = people.union(*[s.people for s in before if s.office != step.office]) if before else people
        for s in signatures:
            if s.step != i or (s.office, s.statement, s.verdict.outcome) != (step.office, statement, Outcome.APPROVE):
                continue
            both = s.people
            right = others.isdisjoint(both) and authorised(s, step, policy, units)
            if right and not check_verdict(step, s.verdict):
                people.update(both)
                break
        else:
            missing.append(step.office)
    return tuple(missing)
