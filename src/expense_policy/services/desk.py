"""The desk: one company in one store, composed of small services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import attrs

from ..domain.approval import who_may
from ..domain.documents import Document
from ..domain.holds import Line
from ..domain.journal import GENESIS, Entry, Seal, merkle_root
from ..domain.policy import Policy
from ..policy_file import load_policy
from ..ports.directory import Directory
from ..ports.environment import Clock, IdSource
from ..ports.errors import Conflict, NotFound
from ..ports.evidence import Evidence
from ..ports.keyring import Keyring
from ..ports.notifier import Notifier
from ..ports.repository import Guard, Look, Repository, Summary
from .budgeting import Budgeting
from .engine import Effects, Engine, Environment, Scene, Verdicts
from .environment import NoKey, RandomIds, SystemClock
from .policies import Policies
from .spending import Considering, Spending

SYSTEM = "system"
_RETRY_MAX = timedelta(hours=1)


@attrs.frozen
class Would:
    """Dry runs: `desk.would.spending.apply(...)`."""

    spending: Considering


@attrs.frozen
class Swept:
    """What a tick did."""

    notices: int
    failed: int
    expired: int
    sealed: int


@attrs.frozen
class _Sealing:
    entries: tuple[tuple[str, int, str], ...]
    previous: tuple[int, str]
    subject: str = "seal"
    actor: str = SYSTEM
    reason: str | None = None
    name: str = "seal"

    def look(self, at: object, policy: Policy | None) -> Look:
        return Look(guards=("seal",))

    def decide(self, scene: Scene) -> Verdicts:
        expected = scene.seen.guards.get("seal", 0)
        if expected != self.previous[0]:
            raise Conflict("another sealer was faster")
        seal = Seal(expected + 1, self.previous[1], merkle_root(self.entries), self.entries)
        body = (("number", str(seal.number)), ("root", seal.root), ("seal", seal.digest))
        return Effects(guards=(Guard("seal", expected),), facts=(seal,), tell=("seals",), body=body)


@attrs.frozen
class Desk:
    """Enforces the policy over one store. Immutable, shared by threads; starts nothing by itself."""

    policies: Policies
    budgeting: Budgeting
    spending: Spending
    would: Would
    env: Environment
    notifier: Notifier

    @classmethod
    def open(
        cls,
        *,
        repository: Repository,
        directory: Directory,
        notifier: Notifier,
        evidence: Evidence,
        clock: Clock | None = None,
        ids: IdSource | None = None,
        keyring: Keyring | None = None,
        adopters: tuple[str, ...] = ("finance_head", "general_manager"),
    ) -> Desk:
        """A desk over the host's adapters; policy versions come in through `policies.adopt`.

        Without `clock` and `ids` the machine's own are taken; without `keyring` the journal is chained and sealed
        but carries no keyed tags. `adopters` are the offices that adopt the first version (X2).
        """
        env = Environment(
            repository, directory, evidence, keyring or NoKey(), clock or SystemClock(), ids or RandomIds(), adopters
        )
        engine = Engine(env)
        return cls(Policies(engine), Budgeting(engine), Spending(engine), Would(Considering(engine)), env, notifier)

    def document(self, id: str) -> Document:
        """A document whole; NotFound where there is none."""
        found = self.env.repository.look(Look(documents=(id,))).documents.get(id)
        if found is None:
            raise NotFound(f"there is no document {id!r}")
        return found

    def find(self, *, after: str = "", limit: int = 100, **where: str) -> Sequence[Summary]:
        """A page of documents in id order (oldest first) by kind, status, department or applicant."""
        return self.env.repository.find(tuple(sorted(where.items())), after=after, limit=limit)

    def lines(self) -> Sequence[Line]:
        """Every budget line with its balance."""
        return self.env.repository.lines()

    def history(self, id: str) -> Iterator[Entry]:
        """The journal of one subject, oldest first (G3.4)."""
        return (entry for entry, _ in self.env.repository.history(id))

    def waiting_for(self, person: str) -> Sequence[Summary]:
        """The documents in review whose present step this person may sign now, oldest first."""
        now = self.env.clock.now()
        found, after = [], ""
        while page := self.env.repository.find((("status", "in_review"),), after=after):
            after = page[-1].id
            documents = self.env.repository.look(Look(documents=tuple(row.id for row in page))).documents
            roster = self.env.directory.roster(tuple({row.department for row in page}), now)
            policies = self._policies()
            for row in page:
                document = documents.get(row.id)
                if document is None or document.step is None:
                    continue
                policy, units = policies[document.round.policy_version], document.round.deciding_units
                if person in who_may(document.step, policy, roster, row.department, units, document.bars):
                    found.append(row)
        return found

    def _policies(self) -> dict[str, Policy]:
        return {v.id: load_policy(v.text) for v in self.env.repository.policies() if v.adopted}

    def tick(self, limit: int = 100) -> Swept:
        """Sends due notices, expires approvals that ran out, seals the journal; the host calls it."""
        expired = self._expire(limit)
        sealed = self._seal(limit)
        sent, failed = self._send(limit)
        return Swept(sent, failed, expired, sealed)

    def _expire(self, limit: int) -> int:
        now = self.env.clock.now()
        due = self.env.repository.find((("status", "approved"),), due=now, limit=limit)
        for row in due:
            self.spending.expire(row.id, actor=SYSTEM)
        return len(due)

    def _seal(self, limit: int) -> int:
        entries = tuple((e.subject, e.seq, e.digest) for e in self.env.repository.unsealed(limit))
        if not entries or all(subject == "seal" for subject, _, _ in entries):
            return 0
        last = self.last_seal()
        previous = (0, GENESIS) if last is None else (last.number, last.digest)
        try:
            Engine(self.env).perform(_Sealing(entries, previous))
        except Conflict:
            return 0
        return len(entries)

    def last_seal(self) -> Seal | None:
        """The newest seal, or None."""
        seals = [fact for _, facts in self.env.repository.history("seal") for fact in facts if isinstance(fact, Seal)]
        return seals[-1] if seals else None

    def _send(self, limit: int) -> tuple[int, int]:
        now, sent, failed = self.env.clock.now(), 0, 0
        for notice in self.env.repository.notices(now, limit):
            try:
                self.notifier.notify(notice)
            except Exception:  # a channel may fail in any way; the notice stays
                wait = min(timedelta(seconds=2 ** min(notice.attempts, 12)), _RETRY_MAX)
                self.env.repository.settle(notice.key, now + wait)
                failed += 1
            else:
                self.env.repository.settle(notice.key, None)
                sent += 1
        return sent, failed
