"""Questions with an answer that is worked out: who can act on what, and who may read what (A3.2, G3.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

import attrs

from ..domain import checks
from ..domain.approval import who_may
from ..domain.categories import Effect
from ..domain.content import Digest
from ..domain.documents import Document
from ..domain.execution import Execution, Sums, executed, together
from ..domain.holds import Line
from ..domain.organisation import Roster
from ..domain.periods import Month
from ..domain.policy import Policy
from ..domain.posting import Source
from ..domain.refusals import Code, Refused, refusal
from ..domain.vocabulary import SET_OFF, Kind, Status
from ..ports.evidence import Evidence
from ..ports.repository import Look, Sum, Summary
from .engine import POLICY_GUARD, Environment, in_force, not_in_force

_PAGE, _EFFECTS = 100, 10_000


@attrs.frozen
class Disclosed:
    """What the policy's readers see (G3.4): the execution of every line, and a page of documents with what was paid.

    A payee's name, account and person are left out of the documents; the name of what was granted and not paid is
    "set_off", so that it is told apart from cash (C9).
    """

    lines: tuple[Line, ...]
    documents: tuple[Summary, ...]


@attrs.frozen
class CostAndEffect:
    """What an application was to bring and what it brought, beside its cost (G3.2). Amounts are smallest units.

    `measured` are the effects in the order in which they were measured, each with its day; `paid` and `set_off` are
    what was paid in cash and what was granted, less what was reversed; `claimed` what claims under it ask for beside
    what was paid ahead, and `used` what the use record bears.
    """

    expected: Effect | None
    measured: tuple[tuple[date, Effect], ...]
    approved: int
    paid: int
    set_off: int
    used: int
    currency: str
    claimed: int = 0


def effect(env: Environment, document: Document) -> CostAndEffect:
    """A document's cost and effect."""
    form = document.asked
    rows = env.repository.uses((("document", document.id), ("type", "effect")), limit=_EFFECTS)
    measured = [(row.on, Effect(tuple((name, int(n)) for name, n in row.detail))) for row in rows]
    granted = sum(payment.units for payment in document.payments if payment.granted)
    return CostAndEffect(
        None if form is None else form.benefit,
        tuple(measured),
        document.units,
        document.paid - granted,
        granted,
        document.used,
        document.currency,
        0 if document.kind is Kind.CLAIM else document.drawn - document.paid,
    )


def contacts(env: Environment, type_: str, month: Month, recipients: tuple[str, ...]) -> Mapping[str, int]:
    """How often each recipient was reached in a month."""
    where = (("type", type_), ("month", str(month)), *((("recipient", recipients),) if recipients else ()))
    (found,) = env.repository.look(Look(sums=(Sum("contacts", ("recipient",), where),))).sums
    return {recipient: n for (recipient,), n in found.items()}


def execution(env: Environment, department: str | None, year: int) -> Execution:
    """How a year's budget is executed: two questions, whatever there is; the store sums up (B2.3)."""
    checks.a_year("year", year)
    if department is not None:
        checks.an_ident("department", department)
    policy, at = policy_now(env), env.clock.now()
    ids = [line.id for line in env.repository.lines(department, year)]
    if not ids and department is not None:
        in_scope(env, department)
    named = ("line", tuple(ids))
    spent = ("source", (Source.PAID.value, Source.SET_OFF.value))
    asked = (
        Sum("planned", ("line", "month"), (named,)),
        Sum("postings", ("line", "month"), (named, spent)),
        Sum("reserved", ("line", "expected"), (named,)),
        Sum("committed", ("line", "expected"), (named,)),
    )
    seen = env.repository.look(Look(lines=tuple(ids), sums=asked if ids else ()))
    sums = Sums(*[_nested(each) for each in seen.sums or [{}] * len(asked)])
    found = [executed(seen.lines[id], sums, year, at, policy.calendar, policy.budget) for id in ids]
    return Execution(year, department, at, policy.currency, tuple(found), together(found))


def in_scope(env: Environment, department: str) -> None:
    """ValueError for a department that no adopted version names (G2)."""
    known = dict.fromkeys([each for policy in policies(env).values() for each in policy.departments])
    if department not in known:
        raise ValueError(f"{department!r} is no department: {', '.join(known)}")


def _nested(groups: Mapping[tuple[str, ...], int]) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (line, month), units in groups.items():
        found.setdefault(line, {})[month] = units
    return found


def whole(evidence: Evidence, digest: Digest) -> bool:
    """Whether the evidence is there as it was put."""
    try:
        evidence.open(digest).close()
    except (KeyError, ValueError, OSError):
        return False
    return True


def policies(env: Environment) -> Mapping[str, Policy]:
    """Every adopted version, as of now."""
    seen = env.repository.look(Look(guards=(POLICY_GUARD,)))
    return env.adopted(seen.guards.get(POLICY_GUARD, 0))[1]


def policy_now(env: Environment) -> Policy:
    """The version in force now; Refused where there is none (X2)."""
    now, versions = env.clock.now(), policies(env)
    policy = in_force(versions, now)
    if policy is None:
        raise Refused([not_in_force(versions, now, env.offices)])
    return policy


def waiting_for(env: Environment, person: str) -> Sequence[Summary]:
    """The documents in review whose present step this person may sign now, oldest first."""
    now, versions = env.clock.now(), policies(env)
    departments = sorted({d for policy in versions.values() for d in policy.departments})
    roster = env.directory.roster(departments, now)
    found = []
    for office in _steps(person, roster, now, versions):
        for page in pages(env, (("status", Status.IN_REVIEW.value), ("step_office", office))):
            looked = env.repository.look(Look(documents=tuple(row.id for row in page))).documents
            for row in page:
                document = looked.get(row.id)
                if document is None or document.step is None:
                    continue
                policy, units = versions[document.round.policy_version], document.round.deciding_units
                if person in who_may(document.step, policy, roster, row.department, units, document.bars):
                    found.append(row)
    return sorted(found, key=lambda row: row.id)


def _steps(person: str, roster: Roster, now: datetime, versions: Mapping[str, Policy]) -> list[str]:
    """The offices whose steps this person may ever take now: held, delegated to him, or as a substitute (A3.5)."""
    held = {holding.office for holding in roster.holdings if holding.person == person}
    held |= {d.office for d in roster.delegations if d.delegate == person and d.since <= now < d.until}
    steps = set()
    for policy in versions.values():
        for office in {rule.office for _, rules in policy.chains for rule in rules}:
            if held & {office, *policy.substitute_offices(office)}:
                steps.add(office)
    return sorted(steps)


def pages(env: Environment, where: tuple[tuple[str, str], ...]) -> Iterator[Sequence[Summary]]:
    """What is found, in id order, page by page."""
    after = ""
    while page := env.repository.find(where, after=after, limit=_PAGE):
        yield page
        after = page[-1].id


def disclosed(env: Environment, actor: str, after: str, limit: int) -> Disclosed:
    """Execution and payments for a reader whom the policy in force names by office; Refused for anybody else."""
    policy = policy_now(env)
    roster = env.directory.roster(policy.departments, env.clock.now())
    if not any(holding.person == actor and holding.office in policy.readers for holding in roster.holdings):
        raise Refused([refusal(Code.READER_NOT_NAMED, actor=actor, offices=", ".join(policy.readers))])
    page = env.repository.find((), after=after, limit=limit)
    masked = [attrs.evolve(row, payee_account=None, payee_name=_told(row), payee_person=None) for row in page]
    return Disclosed(tuple(env.repository.lines()), tuple(masked))


def _told(row: Summary) -> str | None:
    """Of a payee nothing; of what has none that it is a set-off."""
    return SET_OFF if (row.payee_name or "").startswith(f"{SET_OFF}:") else None
