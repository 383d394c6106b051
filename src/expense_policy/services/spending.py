"""Expense applications, from the form to the archive (A1-A4, C8)."""

from __future__ import annotations

from datetime import datetime

import attrs

from ..domain import application, documents, holds, payment
from ..domain.application import Application, fold
from ..domain.approval import Verdict
from ..domain.categories import REGISTER, Use
from ..domain.categories._shape import Counted
from ..domain.content import Digest
from ..domain.documents import Document
from ..domain.money import Money
from ..domain.payment import Instruction, PayeeAccount, Payment
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Office, Space, Status
from ..ports.directory import Directory
from ..ports.errors import NotFound
from ..ports.repository import Guard, Look, Put, Sum, Take
from .engine import Act, Decision, Effects, Engine, Receipt, Scene, Verdicts
from .signing import Sign, document_of

_REVISABLE = (Status.RETURNED, Status.IN_REVIEW, Status.APPROVED)


def _related(form: Application) -> tuple[str, str]:
    """The guards that make all applications related to this one count as one (A3.6)."""
    head = f"related:{form.department}:{form.type}"
    return f"{head}:account:{form.payee.account}", f"{head}:name:{form.payee.folded}"


def _related_sums(form: Application, since: datetime) -> tuple[Sum, ...]:
    """Same account, same name, and both: the two less the third is what either relates."""
    base = (("department", form.department), ("type", form.type))
    account, name = ("payee_account", form.payee.account), ("payee_name", form.payee.folded)
    return tuple(Sum("related", (), (*base, *more), since) for more in ((account,), (name,), (account, name)))


@attrs.frozen
class _Submit:
    """A new application, or a new round of an old one."""

    subject: str
    form: Application
    actor: str
    nonce: str
    engine: Engine
    new: bool
    reason: str | None = None

    @property
    def name(self) -> str:
        return "apply" if self.new else "revise"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        sums = () if policy is None else _related_sums(self.form, self._since(at, policy))
        return Look(
            documents=() if self.new else (self.subject,),
            lines=tuple(share.line for share in self.form.shares),
            guards=_related(self.form),
            sums=sums,
        )

    def _since(self, at: datetime, policy: Policy) -> datetime:
        calendar = policy.calendar
        return calendar.start(calendar.day(calendar.days_after(at, -policy.related_days)))

    def decide(self, scene: Scene) -> Verdicts:
        policy = scene.in_force()
        if isinstance(policy, tuple):
            return policy
        previous = None if self.new else document_of(scene, self.subject)
        found = [] if previous is None else _may_revise(previous, self.actor)
        lines = dict(scene.seen.lines)
        for held in () if previous is None else previous.held:
            line = lines.get(held.line)
            if line is not None:
                # What this document gives back is there for its own new round.
                lines[line.id] = attrs.evolve(
                    line, reserved=line.reserved - held.reserved, committed=line.committed - held.committed
                )
        found += application.check(self.form, policy, lines)
        if policy.calendar.day(scene.at) > self.form.expected_payment:
            found.append(refusal(Code.FORM_INCOMPLETE, fields="expected_payment"))
        evidence = self.engine.env.evidence
        found += [
            refusal(Code.EVIDENCE_UNKNOWN, evidence=a.digest)
            for a in self.form.attachments
            if not evidence.has(a.digest)
        ]
        if found:
            return tuple(found)
        related = self._related_units(scene, previous, policy)
        change = documents.submit(
            id=self.subject,
            applicant=self.actor,
            content=self.form,
            previous=previous,
            policy=policy,
            related_units=related,
            nonce=self.nonce,
            at=scene.at,
        )
        before = 0 if previous is None else previous.version
        guards = tuple(Guard(key, scene.seen.guards.get(key, 0)) for key in sorted(_related(self.form)))
        return Effects(guards=guards, puts=(Put(change.document, before),), moves=change.moves, tell=(self.actor,))

    def _related_units(self, scene: Scene, previous: Document | None, policy: Policy) -> int:
        account, name, both = (sum(group.values()) for group in scene.seen.sums)
        related = account + name - both
        if previous is not None and isinstance(previous.content, Application):
            old = previous.content
            alike = old.payee.account == self.form.payee.account or old.payee.folded == self.form.payee.folded
            same = (old.department, old.type) == (self.form.department, self.form.type)
            if alike and same and previous.round.submitted_at >= self._since(scene.at, policy):
                related -= previous.counted
        return related


def _may_revise(document: Document, actor: str) -> list[Refusal]:
    found = _own(document, actor)
    if document.status not in _REVISABLE or not isinstance(document.content, Application):
        found.append(refusal(Code.STATUS_WRONG, status=document.status.value, needed="returned"))
    if document.payments:
        found.append(refusal(Code.PARTLY_PAID, paid=Money(document.paid, document.currency)))
    return found


def _own(document: Document, actor: str) -> list[Refusal]:
    if actor == document.applicant:
        return []
    return [refusal(Code.ACTOR_NOT_APPLICANT, actor=actor, applicant=document.applicant)]


@attrs.frozen
class _End:
    """Withdrawal, closing, settlement, expiry: the ways a document ends before or after payment."""

    name: str
    subject: str
    actor: str
    reason: str | None
    directory: Directory

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(documents=(self.subject,))

    def decide(self, scene: Scene) -> Verdicts:
        document = document_of(scene, self.subject)
        ways = {"withdraw": self._withdraw, "close": self._close, "expire": self._expire}
        return ways[self.name](document, scene)

    def _withdraw(self, document: Document, scene: Scene) -> Verdicts:
        found = _own(document, self.actor)
        open_ = [Status.IN_REVIEW, Status.RETURNED]
        if isinstance(document.content, Application):
            open_.append(Status.APPROVED)
        if document.status not in open_:
            found.append(refusal(Code.STATUS_WRONG, status=document.status.value, needed=" or ".join(open_)))
        elif document.paid:
            found.append(refusal(Code.PARTLY_PAID, paid=Money(document.paid, document.currency)))
        return tuple(found) or _ended(document, Status.WITHDRAWN, scene)

    def _close(self, document: Document, scene: Scene) -> Verdicts:
        found, office = self._owner_or_finance(document, scene)
        if not (self.reason or "").strip():
            found.append(refusal(Code.REASON_MISSING, clause="A3.4"))
        found += self._paid(document)
        return tuple(found) or _ended(document, Status.CLOSED, scene, office)

    def _expire(self, document: Document, scene: Scene) -> Verdicts:
        if document.status is not Status.APPROVED or document.expires_at is None or scene.at < document.expires_at:
            return (refusal(Code.STATUS_WRONG, status=document.status.value, needed="expired"),)
        return _ended(document, Status.CLOSED if document.paid else Status.EXPIRED, scene)

    def _paid(self, document: Document) -> list[Refusal]:
        if document.status is not Status.APPROVED or not isinstance(document.content, Application):
            return [refusal(Code.STATUS_WRONG, status=document.status.value, needed=Status.APPROVED.value)]
        return [] if document.paid else [refusal(Code.NOTHING_TO_CLOSE)]

    def _owner_or_finance(self, document: Document, scene: Scene) -> tuple[list[Refusal], str | None]:
        roster = self.directory.roster((document.department,), scene.at)
        if roster.holds(self.actor, Office.FINANCE_OFFICER, document.department):
            return [], Office.FINANCE_OFFICER
        return _own(document, self.actor), None


def _ended(document: Document, status: Status, scene: Scene, office: str | None = None) -> Effects:
    change = documents.end(document, status, scene.at)
    return Effects(
        office=office, puts=(Put(change.document, document.version),), moves=change.moves, tell=(document.applicant,)
    )


@attrs.frozen
class _Use:
    """The use record grows (C8); with `settle` the document ends on it too."""

    subject: str
    actor: str
    rows: tuple[Use, ...]
    reason: str | None
    directory: Directory
    settle: bool
    type: str

    @property
    def name(self) -> str:
        return "settle" if self.settle else "record_use"

    def _keys(self) -> tuple[str, ...]:
        if not self.rows or not REGISTER[self.type].counts_contacts:
            return ()
        return tuple(sorted({f"contact:{self.type}:{use.on:%Y-%m}" for use in self.rows}))

    def look(self, at: datetime, policy: Policy | None) -> Look:
        sums = tuple(
            Sum("contacts", ("month", "recipient"), (("type", self.type), ("month", key.rsplit(":", 1)[1])))
            for key in self._keys()
        )
        return Look(documents=(self.subject,), guards=self._keys(), sums=sums)

    def decide(self, scene: Scene) -> Verdicts:
        document = document_of(scene, self.subject)
        form = document.content
        if document.status is not Status.APPROVED or not isinstance(form, Application):
            return (refusal(Code.USE_NOT_OPEN, status=document.status.value),)
        roster = self.directory.roster((document.department,), scene.at)
        finance = roster.holds(self.actor, Office.FINANCE_OFFICER, document.department)
        found = [] if finance and not self.rows else _own(document, self.actor)
        policy, kind = scene.policies[document.round.policy_version], REGISTER[form.type]
        if self.rows and self.type != form.type:
            raise TypeError(f"the rows are of {self.type}, the application of {form.type}")
        counted = Counted({(k[0], k[1]): n for group in scene.seen.sums for k, n in group.items()})
        rows, broken = kind.rows(document.id, document.use_rows + 1, form.plan, self.rows, policy, counted, self.reason)
        if broken and not (self.reason or "").strip():
            found += [*broken, refusal(Code.REASON_MISSING, clause="C8")]
        used = document.used + sum(row.units for row in rows)
        if used > document.units:
            found.append(
                refusal(Code.USE_EXCEEDS_APPROVAL, used=Money(used, document.currency), approved=document.amount)
            )
        after = attrs.evolve(document, used=used, use_rows=document.use_rows + len(rows), version=document.version + 1)
        moves: tuple[holds.Move, ...] = ()
        if self.settle:
            if not after.use_rows:
                found.append(refusal(Code.USE_MISSING))
            if not document.paid:
                found.append(refusal(Code.NOTHING_TO_CLOSE))
            change = documents.end(attrs.evolve(after, version=document.version), Status.SETTLED, scene.at)
            after, moves = change.document, change.moves
        elif not rows:
            raise ValueError("a use record grows by at least one row")
        if found:
            return tuple(found)
        guards = tuple(Guard(key, scene.seen.guards.get(key, 0)) for key in self._keys())
        return Effects(
            office=Office.FINANCE_OFFICER if finance and not self.rows else None,
            guards=guards,
            puts=(Put(after, document.version),),
            moves=moves,
            facts=rows,
            tell=(document.applicant,) if self.settle else (),
        )


@attrs.frozen
class _Pay:
    """A payment, or with `reverses` the undoing of one (A4.1-A4.3)."""

    subject: str
    actor: str
    instruction: Instruction | None
    reverses: int | None
    payee_id: str
    directory: Directory
    key: str | None
    reason: str | None = None

    @property
    def name(self) -> str:
        return "pay" if self.reverses is None else "reverse"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(documents=(self.subject,), payees=(self.payee_id,))

    def decide(self, scene: Scene) -> Verdicts:
        document = document_of(scene, self.subject)
        return self._pay(document, scene) if self.reverses is None else self._reverse(document, scene)

    def _pay(self, document: Document, scene: Scene) -> Verdicts:
        assert self.instruction is not None
        view = documents.approved(document, scene.at)
        found = list(view) if isinstance(view, tuple) else []
        form = document.content
        if not isinstance(form, Application):
            return tuple(found)
        found += payment.differences(self.instruction, form)
        used = document.used if REGISTER[form.type].paid_up_to_use else None
        if self.instruction.amount.currency == document.currency:
            found += payment.within(self.instruction.amount, document.amount, document.paid, used)
        found += self._separate(document, scene)
        known = scene.seen.payees.get(self.payee_id)
        if known is not None and known.account != form.payee.account:
            found.append(refusal(Code.ACCOUNT_UNCONFIRMED, payee=form.payee.name))
        if found or isinstance(view, tuple):
            return tuple(found)
        units = self.instruction.amount.units
        paid = Payment(
            document.id,
            len(document.payments) + 1,
            units,
            form.payee.name,
            form.payee.account,
            form.method,
            self.actor,
            scene.at,
            document.statement,
            holds.parts(document.held, units),
        )
        before = 0 if known is None else known.version
        account = Put(PayeeAccount(self.payee_id, form.payee.account, before + 1), before)
        return self._recorded(document, paid, scene, (account,))

    def _reverse(self, document: Document, scene: Scene) -> Verdicts:
        found = self._separate(document, scene)
        if not (self.reason or "").strip():
            found.append(refusal(Code.REASON_MISSING, clause="A4.2"))
        if document.status is not Status.APPROVED:
            found.append(refusal(Code.STATUS_WRONG, status=document.status.value, needed=Status.APPROVED.value))
        done = next((p for p in document.payments if p.number == self.reverses and p.reverses is None), None)
        if done is None:
            raise NotFound(f"document {document.id!r} has no payment {self.reverses}")
        if any(p.reverses == done.number for p in document.payments):
            amount = Money(done.units, document.currency)
            found.append(refusal(Code.REVERSAL_EXCEEDS_PAYMENT, number=done.number, paid=amount, reversed=amount))
        if found:
            return tuple(found)
        undone = attrs.evolve(
            done,
            number=len(document.payments) + 1,
            units=-done.units,
            payer=self.actor,
            at=scene.at,
            parts=tuple((line, -units) for line, units in done.parts),
            reverses=done.number,
        )
        return self._recorded(document, undone, scene, ())

    def _recorded(self, document: Document, paid: Payment, scene: Scene, puts: tuple[Put, ...]) -> Effects:
        policy = scene.policies[document.round.policy_version]
        held, moves = holds.spend(document.held, paid.parts, policy.calendar.month(scene.at))
        after = attrs.evolve(document, held=held, payments=(*document.payments, paid), version=document.version + 1)
        return Effects(
            office=Office.CASHIER,
            puts=(Put(after, document.version), *puts),
            moves=moves,
            takes=(Take(Space.PAYMENT, f"{document.id}:{paid.number}", document.id, ever=True),),
            facts=(paid,),
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
                    holders=", ".join(roster.holders(Office.CASHIER, document.department)),
                )
            )
        part = document.bars.part(self.actor)
        if part is not None:
            found.append(refusal(Code.PAYER_NOT_SEPARATE, actor=self.actor, part=part))
        return found


@attrs.frozen
class _ConfirmAccount:
    """A finance officer stands for a payee's new account (A4.2)."""

    payee: str
    account: str
    actor: str
    reason: str | None
    directory: Directory
    name: str = "confirm_account"

    @property
    def subject(self) -> str:
        return f"payee:{fold(self.payee)}"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        return Look(payees=(fold(self.payee),))

    def decide(self, scene: Scene) -> Verdicts:
        roster = self.directory.roster((), scene.at)
        found: list[Refusal] = []
        if not roster.holds(self.actor, Office.FINANCE_OFFICER, ""):
            holders = ", ".join(roster.holders(Office.FINANCE_OFFICER, ""))
            found.append(
                refusal(
                    Code.OFFICE_NOT_HELD,
                    clause="A4.2",
                    actor=self.actor,
                    office=Office.FINANCE_OFFICER,
                    department=self.payee,
                    holders=holders,
                )
            )
        if not (self.reason or "").strip():
            found.append(refusal(Code.REASON_MISSING, clause="A4.2"))
        if found:
            return tuple(found)
        known = scene.seen.payees.get(fold(self.payee))
        before = 0 if known is None else known.version
        record = PayeeAccount(fold(self.payee), self.account, before + 1)
        return Effects(office=Office.FINANCE_OFFICER, puts=(Put(record, before),))


class Considering:
    """The dry run of every act on applications: the same decision, all refusals at once, nothing done."""

    def __init__(self, engine: Engine) -> None:
        self._acts = _Acts(engine)
        self._engine = engine

    def apply(self, form: Application, *, actor: str) -> Decision:
        """As `Spending.apply`."""
        return self._engine.consider(self._acts.submit(None, form, actor))

    def revise(self, id: str, form: Application, *, actor: str) -> Decision:
        """As `Spending.revise`."""
        return self._engine.consider(self._acts.submit(id, form, actor))

    def sign(self, id: str, *, seen: Digest, actor: str, verdict: Verdict) -> Decision:
        """As `Spending.sign`."""
        return self._engine.consider(self._acts.sign(id, seen, actor, verdict))

    def pay(self, id: str, instruction: Instruction, *, actor: str) -> Decision:
        """As `Spending.pay`."""
        return self._engine.consider(self._acts.pay(id, instruction, actor, None))

    def reverse(self, id: str, number: int, *, actor: str, reason: str) -> Decision:
        """As `Spending.reverse`."""
        return self._engine.consider(self._acts.reverse(id, number, actor, reason))

    def record_use(self, id: str, rows: tuple[Use, ...], *, actor: str, reason: str | None = None) -> Decision:
        """As `Spending.record_use`."""
        return self._engine.consider(self._acts.use(id, rows, actor, reason, settle=False))

    def settle(self, id: str, rows: tuple[Use, ...] = (), *, actor: str, reason: str | None = None) -> Decision:
        """As `Spending.settle`."""
        return self._engine.consider(self._acts.use(id, rows, actor, reason, settle=True))

    def withdraw(self, id: str, *, actor: str, reason: str | None = None) -> Decision:
        """As `Spending.withdraw`."""
        return self._engine.consider(self._acts.end("withdraw", id, actor, reason))

    def close(self, id: str, *, actor: str, reason: str) -> Decision:
        """As `Spending.close`."""
        return self._engine.consider(self._acts.end("close", id, actor, reason))


class _Acts:
    """The acts as values, for doing and for considering alike."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def submit(self, id: str | None, form: Application, actor: str) -> _Submit:
        ids, now = self._engine.env.ids, self._engine.env.clock.now()
        return _Submit(ids.new(now) if id is None else id, form, actor, ids.new(now), self._engine, id is None)

    def sign(self, id: str, seen: Digest, actor: str, verdict: Verdict) -> Sign:
        return Sign(id, actor, seen, verdict, self._engine.env.directory)

    def pay(self, id: str, instruction: Instruction, actor: str, key: str | None) -> _Pay:
        return _Pay(id, actor, instruction, None, fold(instruction.payee.name), self._engine.env.directory, key)

    def reverse(self, id: str, number: int, actor: str, reason: str) -> _Pay:
        return _Pay(id, actor, None, number, "", self._engine.env.directory, None, reason)

    def use(self, id: str, rows: tuple[Use, ...], actor: str, reason: str | None, *, settle: bool) -> _Use:
        types = {name for name, kind in REGISTER.items() for row in rows if type(row) is kind.use}
        if len(types) > 1:
            raise TypeError("the rows of one call are of one expense type")
        return _Use(id, actor, rows, reason, self._engine.env.directory, settle, types.pop() if types else "")

    def end(self, name: str, id: str, actor: str, reason: str | None) -> _End:
        return _End(name, id, actor, reason, self._engine.env.directory)


class Spending:
    """Acts on applications. Each raises Refused with every refusal, and then nothing was done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._acts = _Acts(engine)

    def apply(self, form: Application, *, actor: str, key: str) -> Receipt:
        """Submits an application: its lines reserve its shares, its chain is set (A1.1, A3.1, B2.1).

        The same key with the same form gives the same receipt and does nothing twice; with another form
        it is a ValueError.
        """
        return self._do(self._acts.submit(None, form, actor), key, form)

    def revise(self, id: str, form: Application, *, actor: str, key: str | None = None) -> Receipt:
        """Submits a new revision of an unpaid application: every signature of the round before is void (A3.3)."""
        return self._do(self._acts.submit(id, form, actor), key, (id, form))

    def sign(self, id: str, *, seen: Digest, actor: str, verdict: Verdict, key: str | None = None) -> Receipt:
        """Signs the present step of any document; `seen` names the statement the signer read (A3.2-A3.4, A3.7)."""
        return self._do(self._acts.sign(id, seen, actor, verdict), key, (id, seen, verdict))

    def pay(self, id: str, instruction: Instruction, *, actor: str, key: str) -> Receipt:
        """Records a payment of what was approved in full, and no more (A4.1-A4.3)."""
        return self._do(self._acts.pay(id, instruction, actor, key), key, (id, instruction))

    def reverse(self, id: str, number: int, *, actor: str, reason: str, key: str | None = None) -> Receipt:
        """Undoes a payment whole: a new record that points to it; its money is committed again (A4.2)."""
        return self._do(self._acts.reverse(id, number, actor, reason), key, (id, number, reason))

    def record_use(
        self, id: str, rows: tuple[Use, ...], *, actor: str, reason: str | None = None, key: str | None = None
    ) -> Receipt:
        """Appends to the use record; a broken standard is kept and flagged, and needs a reason (C8)."""
        return self._do(self._acts.use(id, rows, actor, reason, settle=False), key, (id, rows, reason))

    def settle(
        self, id: str, rows: tuple[Use, ...] = (), *, actor: str, reason: str | None = None, key: str | None = None
    ) -> Receipt:
        """Closes a paid application against its use record; unused money goes back to its lines (C8, A4.4)."""
        return self._do(self._acts.use(id, rows, actor, reason, settle=True), key, (id, rows, reason))

    def withdraw(self, id: str, *, actor: str, reason: str | None = None, key: str | None = None) -> Receipt:
        """The applicant takes an unpaid document back; its money goes back to its lines (A3.4)."""
        return self._do(self._acts.end("withdraw", id, actor, reason), key, (id, reason))

    def close(self, id: str, *, actor: str, reason: str, key: str | None = None) -> Receipt:
        """Ends a partly paid application; what is left goes back to its lines (A3.4)."""
        return self._do(self._acts.end("close", id, actor, reason), key, (id, reason))

    def expire(self, id: str, *, actor: str) -> Receipt:
        """Ends an application whose approval has run out; `tick` does it for all (A3.4)."""
        return self._do(self._acts.end("expire", id, actor, None), None, None)

    def confirm_account(self, payee: str, account: str, *, actor: str, reason: str) -> Receipt:
        """A finance officer confirms by name that a payee's account has changed (A4.2)."""
        act = _ConfirmAccount(payee, account, actor, reason, self._engine.env.directory)
        return self._engine.perform(act)

    def _do(self, act: Act, key: str | None, asked: object) -> Receipt:
        return self._engine.perform(act, key=key, asked=asked)
