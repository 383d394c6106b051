"""Signing: every document's one way forward (A3.2-A3.4)."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..domain import documents
from ..domain.approval import Signature, Verdict
from ..domain.content import Digest
from ..domain.organisation import Roster
from ..domain.policy import Policy
from ..ports.directory import Directory
from ..ports.repository import Look, Put, Signed
from .claiming import between
from .drafting import InForce, enforced, vacated
from .engine import Effects, Scene, Verdicts, document_of, round_policy
from .vouching import freed


@attrs.define
class Sign:
    """A verdict on the present step of a document."""

    subject: str
    actor: str
    seen: Digest
    verdict: Verdict
    directory: Directory
    reason: str | None = None
    name: str = "sign"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        """The document."""
        return Look(documents=(self.subject,))

    def decide(self, scene: Scene) -> Verdicts:
        """The signature with all it entails: the next step, approval, return, rejection."""
        document = document_of(scene, self.subject)
        # A round is judged by the version in force when it was submitted (X2).
        policy = round_policy(scene, document)
        roster: Roster = self.directory.roster((document.department,), scene.at)
        right = documents.judge_signature(
            document, actor=self.actor, seen=self.seen, verdict=self.verdict, policy=policy, roster=roster
        )
        if isinstance(right, tuple):
            return right
        signature = Signature(len(document.signatures), self.seen, self.actor, scene.at, self.verdict, right)
        change = documents.sign(document, signature, policy)
        moved = between(scene, document, change)
        if isinstance(moved, Look):
            return moved
        puts, moves = moved
        found = enforced(change.document, policy, scene)
        if not isinstance(found, InForce):
            return found
        return Effects(
            office=right.office,
            version=document.round.policy_version,
            on_behalf_of=None if right.holder == self.actor else right.holder,
            puts=(Put(change.document, document.version), *puts),
            guards=found.guards,
            lines=found.lines,
            moves=(*moves, *found.moves),
            takes=(*vacated(document, change.document.status), *freed(document, change.document)),
            facts=(Signed(document.id, document.round.number, signature), *found.facts),
            rows=() if change.document.ended_at is None else (documents.manifest(change.document),),
            tell=(document.applicant,),
        )
