"""What returns by itself: expiry, escalation, missed duties, seals, notices; the host calls it (A3.4, G3.4, G3.5)."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import attrs

from ..domain.journal import Seal, merkle_root
from ..domain.policy import Policy
from ..domain.refusals import Refused
from ..domain.vocabulary import Status
from ..ports.errors import Conflict, NotFound, RepositoryError
from ..ports.notifier import Notifier
from ..ports.repository import Look
from .duties import SYSTEM, Duties
from .engine import Effects, Engine, Scene, Verdicts
from .rectifying import Rectifications
from .spending import Spending

SEALS = "seal"
ATTEMPTS_MAX = 20
"""After so many failures a notice is set aside and reported; sent again, it is tried as often once more."""
_RETRY_MAX = timedelta(hours=1)


@attrs.frozen
class Swept:
    """What a tick did: notices delivered, failed and set aside, documents expired, entries sealed.

    And rectifications escalated, duties of which a missed interval was reported.
    """

    notices: int
    failed: int
    parked: int
    expired: int
    sealed: int
    escalated: int = 0
    missed: int = 0


@attrs.define
class _Sealing:
    entries: tuple[tuple[str, int, str], ...]
    after: int
    subject: str = SEALS
    actor: str = SYSTEM
    reason: str | None = None
    name: str = "seal"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look()

    def decide(self, scene: Scene) -> Verdicts:
        head = scene.seen.heads.get(SEALS)
        last = 0 if head is None else head[0]
        if last != self.after:
            raise Conflict("another sealer was faster")
        seal = Seal(last + 1, merkle_root(self.entries), self.entries)
        return Effects(facts=(seal,), tell=("seals",), body=(("number", str(seal.number)), ("root", seal.root)))


class Tending:
    """The desk's housekeeping."""

    def __init__(
        self, engine: Engine, spending: Spending, rectifications: Rectifications, duties: Duties, notifier: Notifier
    ) -> None:
        self._engine, self._spending, self._notifier = engine, spending, notifier
        self._rectifications, self._duties = rectifications, duties

    def tick(self, limit: int) -> Swept:
        """One sweep of at most `limit` of each kind."""
        # A store inside a host's transaction refuses here, before anything is done.
        self._engine.env.repository.unsealed(1)
        expired = self._expire(limit)
        try:
            escalated, missed = self._rectifications.escalate(limit), self._duties.report_missed(limit)
        finally:
            # Whom to tell is asked of the host's directory: the seals and the notices don't wait for it.
            sealed, sent = self._seal(limit), self._send(limit)
        return Swept(*sent, expired, sealed, escalated, missed)

    def _expire(self, limit: int) -> int:
        env, done = self._engine.env, 0
        for row in env.repository.find((("status", Status.APPROVED),), ("expires_at", env.clock.now()), limit=limit):
            try:
                self._spending.expire(row.id, actor=SYSTEM)
                done += 1
            except (Refused, RepositoryError, ValueError):
                # Somebody ended it meanwhile, keeps writing to it, or it can't be read: the others, the seals and the
                # notices don't wait for it.
                continue
        return done

    def _seal(self, limit: int) -> int:
        repository = self._engine.env.repository
        head = repository.look(Look(subjects=(SEALS,))).heads.get(SEALS)
        # One more than asked for: the entry of the seal before, which alone makes no new one.
        entries = tuple((e.subject, e.seq, e.digest) for e in repository.unsealed(limit + 1))
        if all(subject == SEALS for subject, _, _ in entries):
            return 0
        try:
            self._engine.perform(_Sealing(entries, 0 if head is None else head[0]))
        except Conflict:
            return 0
        return len(entries)

    def _send(self, limit: int) -> tuple[int, int, int]:
        repository, now = self._engine.env.repository, self._engine.env.clock.now()
        sent = failed = parked = 0
        for notice in repository.notices(now, limit):
            try:
                self._notifier.notify(notice)
            except Exception:  # a channel may fail in any way; the notice stays
                # What was set aside and is sent again is one attempt older for that too.
                tried = notice.attempts % (ATTEMPTS_MAX + 1)
                # A seal is never set aside: it is what the store is held to.
                poison = tried + 1 == ATTEMPTS_MAX and notice.about != SEALS
                wait = min(timedelta(seconds=2 ** min(tried, 12)), _RETRY_MAX)
                with suppress(NotFound):
                    repository.put_off(notice.key, now if poison else now + wait, poison)
                failed, parked = failed + 1, parked + poison
            else:
                # Another dispatcher may have seen the same notice, and told of it meanwhile.
                with suppress(NotFound):
                    repository.delivered(notice.key)
                sent += 1
        return sent, failed, parked
