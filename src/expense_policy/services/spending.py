"""Expense applications, from the form to the archive (A1-A4, C8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import attrs

from ..domain import checks
from ..domain.application import Application, payee_id
from ..domain.approval import Verdict
from ..domain.categories import Use, type_of
from ..domain.claim import Claim, Payable
from ..domain.content import Digest
from ..domain.money import Money
from ..domain.payment import Instruction
from ..domain.voucher import Voucher
from .applying import Submit, introduce
from .bulk import Ask, Bulk, Outcome
from .ending import End
from .engine import Act, Engine, Receipt
from .importing import Fault, Import, Imported, Keep, Rows
from .paying import ConfirmAccount, Pay
from .signing import Sign
from .using import UseRecord
from .vouching import ConfirmVoucher

T = TypeVar("T")


def _all(kind: type[T], items: Iterable[T]) -> Iterator[T]:
    for item in items:
        _is_a("an item", item, kind)
        yield item


def _is_a(name: str, value: object, kind: type) -> None:
    if type(value) is not kind:
        raise TypeError(f"{name} must be {kind.__name__}, not {type(value).__name__}")


@attrs.frozen
class ToApply:
    """A form to be submitted under a key."""

    form: Application = attrs.field(validator=checks.exactly(Application))
    key: str = attrs.field(validator=checks.ident)


@attrs.frozen
class ToSign:
    """A verdict on a document's present step; `seen` names the statement that was read."""

    id: str
    seen: Digest
    verdict: Verdict = attrs.field(validator=checks.exactly(Verdict))
    key: str | None = attrs.field(default=None, validator=checks.optional(checks.ident))


@attrs.frozen
class ToPay:
    """A payment to be made under a key."""

    id: str
    instruction: Instruction = attrs.field(validator=checks.exactly(Instruction))
    key: str = attrs.field(validator=checks.ident)


class Acts:
    """The acts as values, for doing and for considering alike."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def submit(self, id: str | None, form: Payable, actor: str) -> Submit:
        if type(form) not in (Application, Claim):
            raise TypeError(f"form must be Application or Claim, not {type(form).__name__}")
        ids, now = self._engine.env.ids, self._engine.env.clock.now()
        return Submit(ids.new(now) if id is None else id, form, actor, ids.new(now), self._engine, id is None)

    def sign(self, id: str, seen: Digest, actor: str, verdict: Verdict) -> Sign:
        _is_a("verdict", verdict, Verdict)
        return Sign(id, actor, seen, verdict, self._engine.env.directory)

    def pay(self, id: str, instruction: Instruction, actor: str) -> Pay:
        _is_a("instruction", instruction, Instruction)
        env = self._engine.env
        to = "" if instruction.payee is None else payee_id(instruction.payee.name)
        return Pay(id, actor, instruction, None, to, env.directory, env.evidence)

    def reverse(self, id: str, number: int, actor: str, reason: str, amount: Money | None = None) -> Pay:
        env = self._engine.env
        if amount is not None:
            _is_a("amount", amount, Money)
            if amount.units <= 0:
                raise ValueError("what is returned is above 0")
        return Pay(id, actor, None, number, "", env.directory, env.evidence, reason, amount)

    def use(self, id: str, rows: tuple[Use, ...], actor: str, reason: str | None, *, settle: bool) -> UseRecord:
        if type(rows) is not tuple:
            raise TypeError(f"rows must be a tuple of uses, not {type(rows).__name__}")
        types = {type_of(row) for row in rows} - {""}
        if len(types) > 1:
            raise TypeError("the rows of one call are of one expense type")
        return UseRecord(id, actor, rows, reason, self._engine.env, types.pop() if types else "", settle)

    def confirm_account(self, payee: str, account: str, actor: str, reason: str) -> ConfirmAccount:
        for name, value in (("payee", payee), ("account", account)):
            checks.a_label(name, value)
            if checks.blank(value):
                raise ValueError(f"{name} is blank")
        return ConfirmAccount(payee, account, actor, reason, self._engine.env.directory)

    def confirm_voucher(self, voucher: Voucher, payee: str, actor: str, reason: str) -> ConfirmVoucher:
        _is_a("voucher", voucher, Voucher)
        checks.a_label("payee", payee)
        if checks.blank(payee):
            raise ValueError("payee is blank")
        return ConfirmVoucher(voucher, payee, actor, reason, self._engine.env.directory)

    def end(self, name: str, id: str, actor: str, reason: str | None) -> End:
        return End(name, id, actor, reason, self._engine.env.directory)


class Spending:
    """Acts on applications. Each raises Refused with every refusal, and then nothing was done."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._bulk = engine, Bulk(engine)
        self._acts = Acts(engine)

    def apply(self, form: Application, *, actor: str, key: str) -> Receipt:
        """Submits an application: its lines reserve its shares, its chain is set (A1.1, A3.1, B2.1).

        The same key with the same form gives the same receipt and does nothing twice; with another form
        it is a ValueError.
        """
        _is_a("form", form, Application)
        _is_a("key", key, str)
        return self._do(self._acts.submit(None, form, actor), key, form.digest)

    def claim(self, form: Claim, *, actor: str, key: str) -> Receipt:
        """Submits a claim against vouchers: under an approved application, or without one where that may be (R2.4).

        Under one it takes what its lines bear of what the application holds, and sets the advance against what was
        paid ahead; without one its lines reserve its shares. Its vouchers are taken, and no other document has them
        (R2.2). The key is as that of `apply`.
        """
        _is_a("form", form, Claim)
        _is_a("key", key, str)
        return self._do(self._acts.submit(None, form, actor), key, form.digest)

    def revise(self, id: str, form: Payable, *, actor: str, key: str | None = None) -> Receipt:
        """A new revision of an unpaid application or claim: every signature of the round before is void (A3.3)."""
        return self._do(self._acts.submit(id, form, actor), key, (id, form.digest))

    def sign(self, id: str, *, seen: Digest, actor: str, verdict: Verdict, key: str | None = None) -> Receipt:
        """Signs the present step of any document; `seen` names the statement the signer read (A3.2-A3.4, A3.7)."""
        return self._do(self._acts.sign(id, seen, actor, verdict), key, (id, seen, verdict))

    def pay(self, id: str, instruction: Instruction, *, actor: str, key: str) -> Receipt:
        """Records a payment of what was approved in full, and no more (A4.1-A4.3)."""
        _is_a("key", key, str)
        return self._do(self._acts.pay(id, instruction, actor), key, (id, instruction))

    def reverse(self, id: str, number: int, *, actor: str, reason: str, key: str | None = None) -> Receipt:
        """Undoes a payment whole: a new record that points to it; its money is committed again (A4.2).

        After the application was settled or closed the money goes back to its lines, and nothing is paid again.
        """
        return self._do(self._acts.reverse(id, number, actor, reason), key, (id, number, reason))

    def refund(
        self, id: str, number: int, amount: Money, *, actor: str, reason: str, key: str | None = None
    ) -> Receipt:
        """Records that part of a payment came back: several never exceed it, and no advance that claims cleared (I30).

        What came back is committed again while the document is approved, and its lines' again after its end.
        """
        return self._do(self._acts.reverse(id, number, actor, reason, amount), key, (id, number, amount, reason))

    def confirm_voucher(
        self, voucher: Voucher, payee: str, *, actor: str, reason: str, key: str | None = None
    ) -> Receipt:
        """A finance officer confirms by name that a voucher only looks like another one of its payee and total (R2.2).

        The applicant then submits again. In a form that the officer filed, or is paid by, his confirmation counts for
        nothing, and another officer's is kept beside it.
        """
        return self._do(self._acts.confirm_voucher(voucher, payee, actor, reason), key, (voucher, payee, reason))

    def record_use(
        self, id: str, rows: tuple[Use, ...], *, actor: str, reason: str | None = None, key: str | None = None
    ) -> Receipt:
        """Appends to the use record; a broken standard is kept and flagged, and needs a reason (C8).

        Open while the application is approved, and up to what was paid after it was closed or ran out; not so for a
        type that is paid up to its use record. What was measured of the effect of what was settled, closed or ran out
        is recorded after it too, in rows of effects alone (G3.2).
        """
        return self._do(self._acts.use(id, rows, actor, reason, settle=False), key, (id, rows, reason))

    def record_use_many(
        self,
        id: str,
        rows: Rows,
        *,
        actor: str,
        reason: str | None = None,
        keep: Keep = "good",
        told: Callable[[Imported], object] | None = None,
        faulty: Callable[[Fault], object] | None = None,
    ) -> Imported:
        """`record_use` for each of many rows, in portions of one act each: every row once, whatever comes between.

        `rows` gives `Keyed` uses and `Unreadable` rows, from the first one on whenever it is called. A row's key is
        taken for ever: a row that this document has is known and skipped, one that another has is faulty, and so is a
        key's second row in the same log, a forbidden row, one that would pass what was approved, and one that breaks a
        standard where there is no `reason`. `faulty` is told each, in order; `told` the counts after each portion that
        is done. What is held in memory is a portion, and some eighty bytes a row for its key.

        With keep "good" the good rows are recorded. With "none" every row is judged first, and nothing is recorded
        where one is faulty; the judging remembers how often each recipient was reached and each order, so its memory
        grows with them. Refused where the document takes no rows at all.

        Portions are acts of their own. Where the document ends between two of them Refused is raised, where the store
        goes RepositoryUnavailable; with "none", a row that has become faulty since it was judged stops the second pass
        before its portion, and stands in what is returned. What was recorded stays. Doing it again does the rest.
        """
        return Import(self._engine, id, actor, reason, told, faulty).run(rows, keep)

    def settle(
        self, id: str, rows: tuple[Use, ...] = (), *, actor: str, reason: str | None = None, key: str | None = None
    ) -> Receipt:
        """Closes a paid application against its use record; unpaid money goes back to its lines (C8, A4.4).

        A use record that bears less than was paid wants a `reason`, which the journal keeps.
        """
        return self._do(self._acts.use(id, rows, actor, reason, settle=True), key, (id, rows, reason))

    def withdraw(self, id: str, *, actor: str, reason: str | None = None, key: str | None = None) -> Receipt:
        """The applicant takes an unpaid document back; its money goes back to its lines (A3.4).

        A finance officer does it for him, with a reason, where it came back to him or nobody may take its step: so
        nothing is held for ever by who has left.
        """
        return self._do(self._acts.end("withdraw", id, actor, reason), key, (id, reason))

    def close(self, id: str, *, actor: str, reason: str, key: str | None = None) -> Receipt:
        """Ends a partly paid application; what is left goes back to its lines (A3.4).

        The use record of what was paid may still be entered, and is still due (C8).
        """
        return self._do(self._acts.end("close", id, actor, reason), key, (id, reason))

    def expire(self, id: str, *, actor: str) -> Receipt:
        """Ends an application whose approval has run out; `tick` does it for all (A3.4)."""
        return self._do(self._acts.end("expire", id, actor, None), None, None)

    def confirm_account(self, payee: str, account: str, *, actor: str, reason: str, key: str | None = None) -> Receipt:
        """A finance officer confirms by name that a payee's account has changed (A4.2)."""
        return self._do(self._acts.confirm_account(payee, account, actor, reason), key, (payee, account, reason))

    def apply_many(self, items: Sequence[ToApply], *, actor: str) -> tuple[Outcome, ...]:
        """`apply` for each, in their order, as if one after the other: what became of each.

        One that is refused does not stop the others. Repeated with the same keys it gives the same receipts and does
        nothing twice, also where the call before came to no end.
        """
        acts = [(self._acts.submit(None, item.form, actor), item) for item in _all(ToApply, items)]
        introduce([act for act, _ in acts])
        return self._bulk.perform([Ask.of(act, item.key, item.form.digest) for act, item in acts])

    def sign_many(self, items: Sequence[ToSign], *, actor: str) -> tuple[Outcome, ...]:
        """`sign` for each, of plans and applications alike; as `apply_many`, where the items have keys."""
        return self._bulk.perform(
            [
                Ask.of(
                    self._acts.sign(item.id, item.seen, actor, item.verdict),
                    item.key,
                    (item.id, item.seen, item.verdict),
                )
                for item in _all(ToSign, items)
            ]
        )

    def pay_many(self, items: Sequence[ToPay], *, actor: str) -> tuple[Outcome, ...]:
        """`pay` for each; as `apply_many`."""
        return self._bulk.perform(
            [
                Ask.of(self._acts.pay(item.id, item.instruction, actor), item.key, (item.id, item.instruction))
                for item in _all(ToPay, items)
            ]
        )

    def _do(self, act: Act, key: str | None, asked: object) -> Receipt:
        return self._engine.perform(act, key=key, asked=asked)
