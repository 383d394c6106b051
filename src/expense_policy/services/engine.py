"""Look, decide, commit: the one way an act happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Protocol

import attrs

from ..domain import checks, journal
from ..domain.adoption import PolicyVersion
from ..domain.content import Digest, Row, digest
from ..domain.documents import Document, Payable
from ..domain.journal import Entry
from ..domain.money import Money
from ..domain.periods import instant
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, Refused, refusal
from ..policy_file import load_policy, text_digest
from ..ports.customers import Customers
from ..ports.directory import Directory
from ..ports.environment import Clock, IdSource
from ..ports.errors import AlreadyDone, Conflict, NotFound, Tampered
from ..ports.evidence import Evidence
from ..ports.keyring import Keyring
from ..ports.notifier import Notice
from ..ports.repository import Batch, Key, Look, Repository, Seen, Take, line_said, move_said
from ..ports.vouchers import Genuineness
from .ahead import POLICY_GUARD as POLICY_GUARD
from .ahead import joined
from .booking import booked
from .effects import Effects as Effects

ATTEMPTS = 20
_LOOKS = 5


@attrs.frozen
class Receipt:
    """What an act did, rebuilt from its journal entry: the same for every repetition of its key.

    `number` is the payment's or reversal's number within its document, where the act was one. `marks` say what could
    not be checked and stands as it was stated, such as "customers_stated" (G2.1).
    """

    id: str
    act: str
    at: datetime
    status: str | None
    statement: Digest | None
    number: int | None
    entry: Digest
    marks: tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: Entry) -> Receipt:
        """The receipt of an entry."""
        status = statement = number = None
        marks: dict[str, None] = {}
        for row in entry.rows:
            what = row[0]
            # An act on a claim changes its application too, which the receipt is not of.
            if what == "document" and row[1] == entry.subject:
                status, statement = row[3], row[4]
            elif what == "card" and row[1] == entry.subject:
                status = row[4] or None
            elif what == "payment":
                number = int(row[2])
            elif what == "mark":
                marks[row[2]] = None
        return cls(entry.subject, entry.act, entry.at, status, statement, number, entry.digest, tuple(marks))


@attrs.frozen
class Decision:
    """A dry run's answer: every refusal, or none."""

    refusals: tuple[Refusal, ...]

    @property
    def allowed(self) -> bool:
        """Whether the act would be done."""
        return not self.refusals


Verdicts = Effects | tuple[Refusal, ...] | Look
"""What a decision comes to; a look where what it saw tells it that it has to see more."""


@attrs.define
class Scene:
    """All a decision may know: the instant, the policies, and what the store answered."""

    at: datetime
    seen: Seen
    policy: Policy | None
    policies: Mapping[str, Policy]
    offices: tuple[str, ...]

    def in_force(self) -> Policy | tuple[Refusal, ...]:
        """The version in force at this instant, or the refusal (X2)."""
        if self.policy is not None:
            return self.policy
        return (not_in_force(self.policies, self.at, self.offices),)


class Act(Protocol):
    """An act: what it needs to see, and what it decides."""

    @property
    def name(self) -> str:
        """What the journal calls it."""

    @property
    def subject(self) -> str:
        """Whose journal it goes into."""

    @property
    def actor(self) -> str:
        """Who does it."""

    @property
    def reason(self) -> str | None:
        """Why."""

    def look(self, at: datetime, policy: Policy | None, /) -> Look:
        """What the decision needs."""

    def decide(self, scene: Scene) -> Verdicts:
        """The effects, or every refusal; or what has to be seen besides, before that can be said."""


def _two_offices(instance: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    if type(value) is not tuple or len(set(value)) != len(value) or len(value) < 2:
        raise ValueError("the first version is adopted by two offices or more, each named once (X2)")
    for office in value:
        checks.an_ident("adopters", office)


@attrs.frozen
class Environment:
    """What the host brings."""

    repository: Repository
    directory: Directory
    evidence: Evidence
    keyring: Keyring
    clock: Clock
    ids: IdSource
    offices: tuple[str, ...] = attrs.field(validator=_two_offices)
    customers: Customers | None = None
    genuineness: Genuineness | None = None
    # No guard stands at -1: the first act loads what the store has, even where the guard's row is gone.
    _known: list[tuple[int, dict[str, Policy]]] = attrs.field(
        factory=lambda: [(-1, {})], init=False, repr=False, eq=False
    )
    # The key of the first tag, as it was found once.
    _keys: list[str | None] = attrs.field(factory=list, init=False, repr=False, eq=False)

    def adopted(self, count: int | None = None) -> tuple[int, dict[str, Policy]]:
        """Every adopted version by its name, the latest effective first, as of the guard's count.

        The store is asked for them only when that count has moved. Raises Tampered where a version's text is not
        the one that was adopted.
        """
        if count is not None and self._known[0][0] != count:
            loaded = [_kept(v) for v in self.repository.policies() if v.adopted]
            loaded.sort(key=lambda policy: policy.effective, reverse=True)
            self._known[0] = (count, {policy.version: policy for policy in loaded})
            if loaded and not self._keys:
                first = next(self.repository.history(f"policy:{loaded[0].version}"), None)
                self._keys.append(None if first is None else first[0].key_id)
        return self._known[0]

    def tag(self, entry: Digest) -> tuple[str, str] | tuple[None, None]:
        """The id of the key and the entry's tag; neither in a company without a key.

        ValueError where the company has one and the host did not bring it: an entry without its tag could never be told
        from one that somebody added (G3.4).
        """
        found = self.keyring.mac(entry.encode())
        if found is None and any(self._keys):
            raise ValueError(f"the keyring is missing: this store's entries carry tags of the key {self._keys[0]!r}")
        return found or (None, None)


def _kept(record: PolicyVersion) -> Policy:
    """The policy of an adopted version, or Tampered: what nobody adopted decides nothing."""
    if text_digest(record.text) != record.digest:
        raise Tampered(f"the stored text of policy version {record.id!r} is not the one that was adopted")
    policy = load_policy(record.text)
    if (policy.version, policy.effective) != (record.id, record.effective):
        raise Tampered(f"policy version {record.id!r} is stored under another name or effective day than its text's")
    return policy


def document_of(scene: Scene, id: str) -> Document:
    """The document of a scene, or NotFound."""
    try:
        return scene.seen.documents[id]
    except KeyError:
        raise NotFound(f"there is no document {id!r}") from None


def round_policy(scene: Scene, document: Document) -> Policy:
    """The version that judges a document's round; Tampered where the store has lost it (X2)."""
    found = scene.policies.get(document.round.policy_version)
    if found is None:
        raise Tampered(f"policy version {document.round.policy_version!r} of document {document.id!r} is not there")
    return found


def absent(evidence: Evidence, form: Payable, clause: str) -> list[Refusal]:
    """A refusal for each attachment that is not in the evidence store."""
    unknown = [a.digest for a in form.attachments if not evidence.has(a.digest)]
    return [refusal(Code.EVIDENCE_UNKNOWN, clause=clause, evidence=digest) for digest in unknown]


def own(document: Document, actor: str) -> list[Refusal]:
    """A refusal unless the actor filed the document (A3.4)."""
    if actor == document.applicant:
        return []
    return [refusal(Code.ACTOR_NOT_APPLICANT, actor=actor, applicant=document.applicant)]


def paid_already(document: Document) -> Refusal:
    """Why a document that something was paid of is not taken back, and the way that it ends instead (A3.4)."""
    code = Code.PARTLY_PAID if document.drawn < document.units else Code.PAID_IN_FULL
    return refusal(code, paid=Money(document.paid, document.currency))


def in_force(policies: Mapping[str, Policy], at: datetime) -> Policy | None:
    """The adopted version with the latest effective day that has come (X2); `policies` stand in that order."""
    for policy in policies.values():
        if policy.begins <= at:
            return policy
    return None


def not_in_force(policies: Mapping[str, Policy], at: datetime, offices: tuple[str, ...]) -> Refusal:
    """The refusal where no version is in force: of the company's day, where an adopted version says its zone (X3)."""
    today = next((policy.calendar.day(at) for policy in policies.values()), at.date())
    return refusal(Code.POLICY_NOT_IN_FORCE, today=today.isoformat(), offices=", ".join(offices))


class Engine:
    """Performs acts against the store."""

    def __init__(self, env: Environment) -> None:
        self.env = env

    def perform(self, act: Act, *, key: str | None = None, asked: object = None) -> Receipt:
        """Does the act, or raises Refused with every refusal; a conflict looks and decides again, bounded."""
        return self.do(act, wanted(act, key, asked))

    def do(self, act: Act, key: Key | None) -> Receipt:
        """As `perform`, of an act whose key is made."""
        more: tuple[Look, ...] = ()
        for _ in range(ATTEMPTS):
            found = self.decided(act, self.scene(partial(looked, act, key, more), act.subject), key)
            if isinstance(found, Receipt):
                return found
            if isinstance(found, Look):
                more = (*more, found)
                continue
            try:
                self.env.repository.commit(found)
            except Conflict:
                # Where a month was closed meanwhile, its lines say so (R1.3).
                lines = tuple([move.line for move in found.moves if move.month is not None])
                more = (*more, Look(lines=lines)) if lines else more
                continue
            except AlreadyDone as done:
                if key is None:
                    raise
                return _same(key, done.entry, done.asked)
            return Receipt.of(found.entry)
        raise Conflict(f"{act.name} met other writers {ATTEMPTS} times in a row; try again")

    def consider(self, act: Act) -> Decision:
        """The same decision, nothing done."""
        wanted(act, None, None)
        more: tuple[Look, ...] = ()
        for _ in range(ATTEMPTS):
            effects = act.decide(self.scene(partial(looked, act, None, more), act.subject))
            if not isinstance(effects, Look):
                return Decision(effects if isinstance(effects, tuple) else ())
            more = (*more, effects)
        raise Conflict(f"{act.name} asked for more {ATTEMPTS} times in a row; try again")

    def decided(self, act: Act, scene: Scene, key: Key | None) -> Receipt | Batch | Look:
        """What is to be committed, or the receipt of when the key was used; raises Refused with every refusal.

        A look where the act has to see more.
        """
        if key is not None and key.key in scene.seen.done:
            return _same(key, *scene.seen.done[key.key])
        effects = act.decide(scene)
        if isinstance(effects, Look):
            return effects
        if isinstance(effects, tuple):
            raise Refused(effects)
        effects = booked(effects, act.subject, scene.at, scene.seen, scene.policies)
        return effects if isinstance(effects, Look) else self._batch(act, scene, effects, key)

    def scene(self, look: Callable[[datetime, Policy | None], Look], subject: str | None = None) -> Scene:
        """What a look shows; with a subject at no instant before its chain's last entry."""
        now = instant(self.env.clock.now())
        count, versions = self.env.adopted()
        for _ in range(_LOOKS):
            policy = in_force(versions, now)
            seen = self.env.repository.look(look(now, policy))
            # What is looked for depends on the policies and the instant: a version adopted elsewhere, or a clock that
            # stands before the chain's last entry, means looking once more.
            adopted = seen.guards.get(POLICY_GUARD, 0)
            head = None if subject is None else seen.heads.get(subject)
            early = head is not None and head[2] > now
            if adopted == count and not early:
                return Scene(now, seen, policy, versions, self.env.offices)
            count, versions = self.env.adopted(adopted)
            now = head[2] if head is not None and early else now
        raise Conflict("the policies change faster than they can be looked up; try again")

    def _batch(self, act: Act, scene: Scene, e: Effects, key: Key | None) -> Batch:
        head_now = scene.seen.heads.get(act.subject)
        seq, prev = (0, journal.GENESIS) if head_now is None else head_now[:2]
        rows = _rows(e, key)
        version = e.version or (None if scene.policy is None else scene.policy.version)
        head = (
            act.subject,
            seq + 1,
            prev,
            act.name,
            act.actor,
            e.office,
            e.on_behalf_of,
            scene.at,
            act.reason,
            version,
            rows,
        )
        found = journal.entry_digest(*head)
        entry = Entry(*head, found, *self.env.tag(found))
        notices = (
            (Notice(f"{act.subject}:{seq + 1}", act.name, act.subject, e.tell, scene.at, (("entry", found), *e.body)),)
            if e.tell
            else ()
        )
        return Batch(entry, key, e.guards, e.puts, e.lines, e.moves, e.takes, e.facts, notices, e.closes, e.reopens)


def _rows(e: Effects, key: Key | None) -> tuple[Row, ...]:
    rows: list[Row] = [put.record.row() for put in e.puts]
    if key is not None:
        rows.append(("key", key.key, key.asked))
    for g in e.guards:
        rows.append(("guard", g.key, str(g.expected + 1)))
    for x in e.lines:
        rows.append(line_said(x))
    for m in e.moves:
        rows.append(move_said(m))
    for t in e.takes:
        if isinstance(t, Take):
            rows.append(("take", t.space.value, t.key, t.by, "ever" if t.ever else "once"))
        else:
            rows.append(("free", t.space.value, t.key, t.by))
    for fact in e.facts:
        rows.append(fact.row())
    if e.closes is not None:
        rows.append(("closes", str(e.closes)))
    if e.reopens is not None:
        rows.append(("reopens", str(e.reopens)))
    return (*rows, *e.rows)


def wanted(act: Act, key: str | None, asked: object) -> Key | None:
    """The key of an act with what it asks; what is no id of a person, text or key is the caller's mistake."""
    checks.an_ident("actor", act.actor)
    if act.reason is not None:
        checks.a_text("reason", act.reason)
    if key is None:
        return None
    checks.an_ident("key", key)
    return Key(key, digest((act.name, act.subject if asked is None else "", act.actor, asked)))


def looked(act: Act, key: Key | None, more: tuple[Look, ...], at: datetime, policy: Policy | None) -> Look:
    """What an act needs to see, with what every act does: its key, its chain's head, whether a version was adopted."""
    look = act.look(at, policy)
    if more:
        look = joined([look, *more])
    return Look(
        () if key is None else (key.key,),
        (act.subject, *look.subjects),
        look.documents,
        look.payees,
        look.policies,
        look.projects,
        look.lines,
        (*look.guards, POLICY_GUARD),
        look.taken,
        look.sums,
        look.held,
        look.cards,
    )


def _same(wanted: Key, entry: Entry, asked: Digest) -> Receipt:
    if asked != wanted.asked:
        raise ValueError(f"the key {wanted.key!r} was used for another request")
    return Receipt.of(entry)
