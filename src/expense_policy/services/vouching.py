"""Vouchers as they are handed in: once, by anyone, ever; look-alikes confirmed by name; checked or stated (R2.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property

import attrs

from ..domain import checks, voucher
from ..domain.application import Payee, payee_id
from ..domain.documents import Document, Payable
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Office, Space, Status
from ..domain.voucher import Voucher, VoucherRow, VoucherVerdict
from ..ports.directory import Directory
from ..ports.repository import Free, Guard, Look, Sum, Take
from ..ports.vouchers import Genuineness
from .engine import Effects, Scene, Verdicts

POINT = "invoices"
"""The review point on which a signer says that vouchers are genuine and valid (A2.1)."""
_FREE = (Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED)
_Key = tuple[Space, str]


def _payee(payee: Payee | None) -> str:
    return "" if payee is None else payee.id


# Slots would take the place of what is worked out once.
@attrs.define(slots=False)
class Vouching:
    """The vouchers of a form on its way in: what has to be seen of them, and what they are refused for."""

    subject: str
    form: Payable
    genuineness: Genuineness | None
    likely: tuple[_Key, ...] = ()
    """The look-alikes that were found: whether a document still has them is asked for besides."""

    # Most forms have no voucher: whatever is asked of those is said at once.
    @cached_property
    def _alike(self) -> Mapping[str, str]:
        """What each voucher has in common with its look-alikes, by its key."""
        return {each.key: voucher.alike(_payee(self.form.payee), each) for each in self.form.vouchers}

    @cached_property
    def guards(self) -> tuple[str, ...]:
        """The guards that make two look-alikes, handed in at once, see each other."""
        return tuple(sorted({f"alike:{alike}" for alike in self._alike.values()})) if self.form.vouchers else ()

    @cached_property
    def _keys(self) -> tuple[str, ...]:
        """Every key of every voucher."""
        return tuple(dict.fromkeys(key for each in self.form.vouchers for key in each.keys))

    @property
    def taken(self) -> tuple[_Key, ...]:
        """The keys to look at: the vouchers' own, their confirmations, and those of look-alikes."""
        if not self.form.vouchers:
            return ()
        found = [(Space.VOUCHER, key) for key in self._keys]
        found += [(Space.CONFIRMED, self._confirmation(each)) for each in self.form.vouchers]
        return tuple(dict.fromkeys((*found, *self.likely)))

    def sums(self, policy: Policy) -> tuple[Sum, ...]:
        """What there is of the same payee and total on the days around each voucher's."""
        if not self.form.vouchers:
            return ()
        return tuple(dict.fromkeys(self._sum(each, policy) for each in self.form.vouchers))

    def _sum(self, each: Voucher, policy: Policy) -> Sum:
        days = voucher.near(each.on, policy.vouchers.near_days)
        return Sum("vouchers", ("document", "key"), (("alike", self._alike[each.key]), ("on_day", days)))

    def _confirmation(self, each: Voucher) -> str:
        return voucher.confirmation(each, _payee(self.form.payee))

    @cached_property
    def verdicts(self) -> Mapping[str, VoucherVerdict]:
        """What whoever can tell says of them; asked once, however often the decision is made."""
        if self.genuineness is None or not self.form.vouchers:
            return {}
        return self.genuineness.check(tuple({each.key: each for each in self.form.vouchers}.values()))

    @property
    def stated(self) -> Voucher | None:
        """The first voucher that a signer alone can say is genuine; None where each was checked."""
        return next((v for v in self.form.vouchers if self.verdicts.get(v.key) is not VoucherVerdict.GENUINE), None)

    def check(
        self, scene: Scene, policy: Policy, today: date, sums: Sequence[Mapping[tuple[str, ...], int]]
    ) -> list[Refusal] | Look:
        """Every refusal; a look where it has to be seen who has the look-alikes."""
        if not self.form.vouchers:
            return []
        found, taken = voucher.check(self.form.vouchers, policy, today), scene.seen.taken
        for each in self.form.vouchers:
            holders = {taken[Space.VOUCHER, key] for key in each.keys if (Space.VOUCHER, key) in taken}
            for holder in sorted(holders - {self.subject}):
                found.append(refusal(Code.VOUCHER_TAKEN, voucher=voucher.named(each), document=holder))
            verdict = self.verdicts.get(each.key, VoucherVerdict.UNKNOWN)
            if verdict in (VoucherVerdict.FORGED, VoucherVerdict.VOID):
                found.append(refusal(Code.VOUCHER_NOT_GENUINE, voucher=voucher.named(each), verdict=verdict.value))
        by = dict(zip(self.sums(policy), sums, strict=True))
        alikes = {each.key: [*by[self._sum(each, policy)]] for each in self.form.vouchers}
        others = {at for key, group in alikes.items() for at in group if at[1] != key and at[0] != self.subject}
        likely = tuple(sorted((Space.VOUCHER, key) for _, key in others))
        if set(likely) - set(self.likely):
            self.likely = likely
            return Look(taken=likely)
        # A document that gave its voucher back has it no more, though its row stands for ever.
        kept = {at for at in others if taken.get((Space.VOUCHER, at[1])) == at[0]}
        for number, each in enumerate(self.form.vouchers):
            if (Space.CONFIRMED, self._confirmation(each)) in taken:
                continue
            near = sorted(at[0] for at in alikes[each.key] if at in kept and at[1] != each.key)
            days = voucher.near(each.on, policy.vouchers.near_days)
            for earlier in self.form.vouchers[:number]:
                same = self._alike[earlier.key] == self._alike[each.key] and earlier.key != each.key
                near += ["this form"] if same and earlier.on.isoformat() in days else []
            if near:
                about = {"voucher": voucher.named(each), "on": each.on.isoformat(), "document": near[0]}
                found.append(refusal(Code.VOUCHER_LOOKS_ALIKE, **about))
        return found

    def unchecked(self, document: Document) -> list[Refusal]:
        """A refusal where nobody checked a voucher, and no step of the chain finds on it (A2.1)."""
        each = self.stated if self.form.vouchers else None
        if each is None or any(POINT in step.points for step in document.round.chain):
            return []
        return [refusal(Code.INVOICES_UNCHECKED, voucher=voucher.named(each), point=POINT)]

    @property
    def marks(self) -> tuple[tuple[str, ...], ...]:
        """What is kept of the check: each voucher that is genuine, and that others stand as they were stated."""
        if not self.form.vouchers:
            return ()
        keys = [key for key, verdict in self.verdicts.items() if verdict is VoucherVerdict.GENUINE]
        genuine = [("mark", self.subject, "voucher_genuine", key) for key in keys if key in self._alike]
        return (*genuine, *([("mark", self.subject, "vouchers_stated")] if self.stated else []))

    def bumped(self, scene: Scene) -> tuple[Guard, ...]:
        """The guards, as they were seen."""
        return tuple([Guard(key, scene.seen.guards.get(key, 0)) for key in self.guards])

    def takes(self, previous: Document | None) -> tuple[Take | Free, ...]:
        """What the new round takes, and what it no longer names."""
        before = set() if previous is None else held(previous)
        if not before and not self.form.vouchers:
            return ()
        new = [Take(Space.VOUCHER, key, self.subject) for key in self._keys if key not in before]
        return (*new, *[Free(Space.VOUCHER, key, self.subject) for key in sorted(before - set(self._keys))])

    def rows(self, round: int) -> tuple[VoucherRow, ...]:
        """The vouchers as they are found by later."""
        if not self.form.vouchers:
            return ()
        return tuple(
            VoucherRow(self.subject, round, number, each, self._alike[each.key])
            for number, each in enumerate(self.form.vouchers, 1)
        )


def held(document: Document) -> set[str]:
    """The keys of the vouchers that a document has, until it is rejected, withdrawn, or expires unpaid (R2.2)."""
    if not isinstance(document.content, Payable) or document.status in _FREE:
        return set()
    return {key for each in document.content.vouchers for key in each.keys}


def freed(before: Document, after: Document) -> tuple[Free, ...]:
    """The vouchers that an act gives back: while a document goes on with its content, none."""
    if after.content is before.content and after.status not in _FREE:
        return ()
    return tuple(Free(Space.VOUCHER, key, before.id) for key in sorted(held(before) - held(after)))


@attrs.define
class ConfirmVoucher:
    """A finance officer stands for it that a voucher only looks like another one (R2.2)."""

    voucher: Voucher
    payee: str
    actor: str
    reason: str | None
    directory: Directory
    name: str = "confirm_voucher"

    @property
    def subject(self) -> str:
        return f"voucher:{self.voucher.key}"

    @property
    def _key(self) -> _Key:
        return (Space.CONFIRMED, voucher.confirmation(self.voucher, payee_id(self.payee)))

    def look(self, at: datetime, policy: Policy | None) -> Look:
        """Whether somebody did already."""
        return Look(taken=(self._key,))

    def decide(self, scene: Scene) -> Verdicts:
        """The confirmation, for ever; a second one is journalled and changes nothing."""
        departments = () if scene.policy is None else scene.policy.departments
        found = officers(self.directory, departments, self.actor, scene.at, "R2.2")
        if checks.blank(self.reason or ""):
            found.append(refusal(Code.REASON_MISSING, clause="R2.2"))
        if found:
            return tuple(found)
        known = self._key in scene.seen.taken
        return Effects(
            office=Office.FINANCE_OFFICER,
            takes=() if known else (Take(*self._key, self.subject, ever=True),),
        )


def officers(
    directory: Directory, departments: tuple[str, ...], actor: str, at: datetime, clause: str
) -> list[Refusal]:
    """A refusal unless the actor is a finance officer of any department: what he stands for is the whole company's."""
    roster = directory.roster(departments, at)
    names = sorted({h.person for h in roster.holdings if h.office == Office.FINANCE_OFFICER})
    if actor in names:
        return []
    return [
        refusal(
            Code.OFFICE_NOT_HELD,
            clause=clause,
            actor=actor,
            office=Office.FINANCE_OFFICER,
            department=", ".join(departments),
            holders=", ".join(names) or Office.FINANCE_OFFICER,
        )
    ]
