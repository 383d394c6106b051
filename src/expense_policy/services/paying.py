"""Payment, its refund, and a payee's new account (A4.1-A4.3)."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..domain import checks, documents, holds, payment
from ..domain.application import payee_id
from ..domain.categories import kind_of
from ..domain.documents import Change, Document, Payable
from ..domain.folding import fold
from ..domain.money import Money
from ..domain.payment import Instruction, PayeeAccount, Payment
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Kind, Office, Space, Status
from ..ports.directory import Directory
from ..ports.errors import NotFound
from ..ports.evidence import Evidence
from ..ports.repository import Look, Put, Take
from .claiming import between
from .engine import Effects, Scene, Verdicts, absent, document_of, round_policy
from .vouching import officers

_REVERSIBLE = (Status.APPROVED, Status.SETTLED, Status.CLOSED)


@attrs.define
class Pay:
    """A payment, or with `reverses` the undoing of one: of `amount`, or of all that is left of it (A4.1-A4.3)."""

    subject: str
    actor: str
    instruction: Instruction | None
    reverses: int | None
    payee_id: str
    directory: Directory
    evidence: Evidence
    reason: str | None = None
    amount: Money | None = None

    @property
    def name(self) -> str:
        return "pay" if self.reverses is None else "reverse" if self.amount is None else "refund"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(documents=(self.subject,), payees=(self.payee_id,))

    def decide(self, scene: Scene) -> Verdicts:
        document = document_of(scene, self.subject)
        return self._pay(document, scene) if self.reverses is None else self._reverse(document, scene)

    def _pay(self, document: Document, scene: Scene) -> Verdicts:
        assert self.instruction is not None
        policy = scene.policies.get(document.round.policy_version)
        view = documents.approved(document, policy, scene.at)
        found = list(view) if isinstance(view, tuple) else []
        form = document.content
        if not isinstance(form, Payable):
            raise ValueError(f"a {document.kind.value} is not paid")
        found += payment.differences(self.instruction, form)
        kind = None if policy is None else kind_of(form.type, policy)
        # A claim under an application was held to its use record when it was submitted.
        up_to_use = document.application is None and (kind is None or kind.paid_up_to_use)
        used = document.used if up_to_use else None
        if self.instruction.amount.currency == document.currency:
            found += payment.within(self.instruction.amount, document.amount, document.drawn, used)
        found += self._separate(document, scene)
        if policy is not None:
            found += payment.in_its_year(form, policy, scene.at)
        found += absent(self.evidence, form, "A4.2")
        to, known = form.payee, scene.seen.payees.get(self.payee_id)
        if known is not None and to is not None and known.account != to.folded_account:
            found.append(refusal(Code.ACCOUNT_UNCONFIRMED, payee=to.name))
        if found or isinstance(view, tuple):
            return tuple(found)
        units = self.instruction.amount.units
        paid = Payment(
            document.id,
            len(document.payments) + 1,
            units,
            "" if to is None else to.name,
            "" if to is None else to.account,
            form.method,
            self.actor,
            scene.at,
            document.statement,
            holds.parts(document.held, units),
        )
        before = 0 if known is None else known.version
        # What is granted has no account to remember (C9).
        account = () if to is None else (Put(PayeeAccount(to.id, to.folded_account, before + 1), before),)
        change = documents.pay(view, paid, round_policy(scene, document))
        return self._recorded(document, paid, change, account, scene)

    def _reverse(self, document: Document, scene: Scene) -> Verdicts:
        found = self._separate(document, scene)
        if checks.blank(self.reason or ""):
            found.append(refusal(Code.REASON_MISSING, clause="A4.2"))
        if document.status not in _REVERSIBLE:
            found.append(refusal(Code.STATUS_WRONG, status=document.status.value, needed=", ".join(_REVERSIBLE)))
        undone = self._undone(document, scene)
        if isinstance(undone, Refusal):
            found.append(undone)
        elif document.kind is Kind.APPLICATION and -undone.units > document.paid - document.cleared:
            # What claims are set against is not returned (R2.4).
            asked, paid, claimed = (
                Money(units, document.currency) for units in (-undone.units, document.paid, document.cleared)
            )
            found.append(refusal(Code.ADVANCE_CLAIMED, asked=asked, paid=paid, claimed=claimed, left=paid - claimed))
        if found or isinstance(undone, Refusal):
            return tuple(found)
        change = documents.reverse(document, undone, round_policy(scene, document))
        return self._recorded(document, undone, change, (), scene)

    def _undone(self, document: Document, scene: Scene) -> Payment | Refusal:
        assert self.reverses is not None
        if self.amount is not None and self.amount.currency != document.currency:
            raise ValueError(f"document {document.id!r} is in {document.currency}, not {self.amount.currency}")
        try:
            found = payment.undo(document.payments, self.reverses, self.amount, document.currency)
        except KeyError:
            raise NotFound(f"document {document.id!r} has no payment {self.reverses}") from None
        if isinstance(found, Refusal):
            return found
        units, parts = found
        done = next(p for p in document.payments if p.number == self.reverses)
        return attrs.evolve(
            done,
            number=len(document.payments) + 1,
            units=-units,
            payer=self.actor,
            at=scene.at,
            parts=tuple((line, -part) for line, part in parts),
            reverses=done.number,
        )

    def _recorded(
        self, document: Document, paid: Payment, change: Change, puts: tuple[Put, ...], scene: Scene
    ) -> Verdicts:
        # What comes back of a claim that ended is its application's again.
        moved = between(scene, document, change)
        if isinstance(moved, Look):
            return moved
        return Effects(
            office=Office.CASHIER,
            version=document.round.policy_version,
            puts=(Put(change.document, document.version), *puts, *moved[0]),
            moves=moved[1],
            takes=(Take(Space.PAYMENT, f"{document.id}:{paid.number}", document.id, ever=True),),
            facts=(paid,),
            # A bounce after the end: what stands now is archived again (A4.4).
            rows=() if document.ended_at is None else (documents.manifest(change.document),),
            tell=(document.applicant,),
        )

    def _separate(self, document: Document, scene: Scene) -> list[Refusal]:
        roster = self.directory.roster((document.department,), scene.at)
        found: list[Refusal] = []
        if not roster.holds(self.actor, Office.CASHIER, document.department):
            found.append(
                refusal(
                    Code.OFFICE_NOT_HELD,
                    clause="A4.3",
                    actor=self.actor,
                    office=Office.CASHIER,
                    department=document.department,
                    holders=", ".join(roster.holders(Office.CASHIER, document.department)) or Office.CASHIER,
                )
            )
        part = document.bars.part(self.actor)
        if part is not None:
            found.append(refusal(Code.PAYER_NOT_SEPARATE, actor=self.actor, part=part))
        return found


@attrs.define
class ConfirmAccount:
    """A finance officer stands for a payee's new account (A4.2)."""

    payee: str
    account: str
    actor: str
    reason: str | None
    directory: Directory
    name: str = "confirm_account"

    @property
    def subject(self) -> str:
        return f"payee:{payee_id(self.payee)}"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(payees=(payee_id(self.payee),))

    def decide(self, scene: Scene) -> Verdicts:
        departments = () if scene.policy is None else scene.policy.departments
        found = officers(self.directory, departments, self.actor, scene.at, "A4.2")
        if checks.blank(self.reason or ""):
            found.append(refusal(Code.REASON_MISSING, clause="A4.2"))
        if found:
            return tuple(found)
        known = scene.seen.payees.get(payee_id(self.payee))
        before = 0 if known is None else known.version
        record = PayeeAccount(payee_id(self.payee), fold(self.account), before + 1)
        return Effects(office=Office.FINANCE_OFFICER, puts=(Put(record, before),))
