"""Signing: every document's one way forward (A3.2-A3.4)."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..domain import budget, documents
from ..domain.approval import Outcome, Signature, Verdict
from ..domain.budget import BudgetPlan
from ..domain.content import Digest
from ..domain.holds import Line, Move
from ..domain.organisation import Roster
from ..domain.policy import Policy
from ..domain.vocabulary import Status
from ..ports.directory import Directory
from ..ports.repository import Free, Look, Put, Signed
from .budgeting import places
from .claiming import between
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
        lines: tuple[Line, ...] = ()
        takes: tuple[Free, ...] = freed(document, change.document)
        if isinstance(document.content, BudgetPlan):
            plan = document.content
            if change.document.status is Status.APPROVED:
                lines = budget.lines(plan, document.id)
                moves = tuple(Move(line.id, in_force=line.amount.units) for line in plan.lines)
            elif self.verdict.outcome is Outcome.REJECT:
                takes = tuple(Free(*each, document.id) for each in places(plan))
        return Effects(
            office=right.office,
            version=document.round.policy_version,
            on_behalf_of=None if right.holder == self.actor else right.holder,
            puts=(Put(change.document, document.version), *puts),
            lines=lines,
            moves=moves,
            takes=takes,
            facts=(Signed(document.id, document.round.number, signature),),
            rows=() if change.document.ended_at is None else (documents.manifest(change.document),),
            tell=(document.applicant,),
        )
