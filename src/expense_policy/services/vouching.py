"""Vouchers as they are handed in: once, by anyone, ever; look-alikes confirmed by name; checked or stated (R2.2)."""

from __future__ import annotations

from collections import defaultdict
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
"""The review point on which a finance officer says that vouchers are genuine and valid (A2.1)."""
_FREE = (Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED)
_HERE = "this form"
_Key = tuple[Space, str]


def _payee(payee: Payee | None) -> str:
    return "" if payee is None else payee.id


def _whom(payee: Payee | None) -> dict[str, str]:
    """By what a payee is the same as another one, by the columns of `ALIKE`; what is granted has none alike."""
    if payee is None:
        return {"alike_name": ""}
    by = {"alike_account": payee.folded_account, "alike_name": payee.id, "alike_person": payee.person or ""}
    return {column: who for column, who in by.items() if who}


# Slots would take the place of what is worked out once.
@attrs.define(slots=False)
class Vouching:
    """The vouchers of a form on its way in: what has to be seen of them, and what they are refused for."""

    subject: str
    form: Payable
    applicant: str
    genuineness: Genuineness | None
    likely: tuple[_Key, ...] = ()
    """Where look-alikes were found: who still has them, and who confirmed, is asked for besides."""

    # Most forms have no voucher: whatever is asked of those is said at once.
    @cached_property
    def _alike(self) -> Mapping[str, Mapping[str, str]]:
        """What each voucher has in common with its look-alikes, by its key and by column."""
        whom = _whom(self.form.payee)
        return {
            each.key: {column: voucher.alike(column, who, each) for column, who in whom.items()}
            for each in self.form.vouchers
        }

    @cached_property
    def guards(self) -> tuple[str, ...]:
        """The guards that make two look-alikes, handed in at once, see each other."""
        if not self.form.vouchers:
            return ()
        return tuple(sorted({f"alike:{alike}" for by in self._alike.values() for alike in by.values()}))

    @cached_property
    def _keys(self) -> tuple[str, ...]:
        """Every key of every voucher."""
        return tuple(dict.fromkeys(key for each in self.form.vouchers for key in each.keys))

    @property
    def taken(self) -> tuple[_Key, ...]:
        """The keys to look at: the vouchers' own, and those of look-alikes with their confirmations."""
        if not self.form.vouchers:
            return ()
        return tuple(dict.fromkeys((*[(Space.VOUCHER, key) for key in self._keys], *self.likely)))

    def sums(self, policy: Policy) -> tuple[Sum, ...]:
        """What there is of the payee and one of the totals on the days around the vouchers': one sum a column."""
        if not self.form.vouchers:
            return ()
        near = policy.vouchers.near_days
        days = tuple(sorted({day for each in self.form.vouchers for day in voucher.near(each.on, near)}))
        by: dict[str, set[str]] = defaultdict(set)
        for alikes in self._alike.values():
            for column, alike in alikes.items():
                by[column].add(alike)
        return tuple(
            Sum(
                "vouchers",
                ("document", "key", column, "on_day"),
                ((column, tuple(sorted(by[column]))), ("on_day", days)),
            )
            for column in by
        )

    def _confirmed(self, each: Voucher) -> list[_Key]:
        """Where it stands who confirmed a voucher."""
        return [(Space.CONFIRMED, key) for key in voucher.confirmations(each, _payee(self.form.payee))]

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
        near = self._near(policy, sums)
        doubted = [(each, group) for each, group in zip(self.form.vouchers, near, strict=True) if group]
        likely = {(Space.VOUCHER, key) for _, group in doubted for _, key in group}
        likely.update(key for each, _ in doubted for key in self._confirmed(each))
        if likely - set(self.likely):
            self.likely = tuple(sorted(likely))
            return Look(taken=self.likely)
        # Nobody stands for a voucher of his own.
        own = {self.applicant, None if self.form.payee is None else self.form.payee.person, None}
        for each, group in doubted:
            # A document that gave its voucher back has it no more, though its row stands for ever.
            kept = sorted(at for at, key in group if at in (_HERE, taken.get((Space.VOUCHER, key))))
            if kept and own.issuperset([taken.get(key) for key in self._confirmed(each)]):
                about = {"voucher": voucher.named(each), "on": each.on.isoformat(), "document": kept[0]}
                found.append(refusal(Code.VOUCHER_LOOKS_ALIKE, **about))
        return found

    def _near(self, policy: Policy, sums: Sequence[Mapping[tuple[str, ...], int]]) -> list[set[tuple[str, str]]]:
        """For each voucher those that look like it, with their documents: of others, and before it in the form."""
        there: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        for at, key, alike, day in [row for group in sums for row in group]:
            if at != self.subject:
                there[alike, day].add((at, key))
        found = []
        for each in self.form.vouchers:
            alikes, days = self._alike[each.key].values(), voucher.near(each.on, policy.vouchers.near_days)
            group = {one for alike in alikes for day in days for one in there.get((alike, day), ())}
            found.append({(at, key) for at, key in group if key != each.key})
            for alike in alikes:
                there[alike, each.on.isoformat()].add((_HERE, each.key))
        return found

    def unchecked(self, document: Document) -> list[Refusal]:
        """A refusal where nobody checked a voucher, and no finance officer's step finds on it (A2.1)."""
        each = self.stated if self.form.vouchers else None
        officers = [step for step in document.round.chain if step.office == Office.FINANCE_OFFICER]
        if each is None or any(POINT in step.points for step in officers):
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
            VoucherRow(self.subject, round, number, each, **self._alike[each.key])
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
    def _keys(self) -> tuple[_Key, ...]:
        return tuple((Space.CONFIRMED, key) for key in voucher.confirmations(self.voucher, payee_id(self.payee)))

    def look(self, at: datetime, policy: Policy | None) -> Look:
        """Who did already."""
        return Look(taken=self._keys)

    def decide(self, scene: Scene) -> Verdicts:
        """The confirmation with its confirmer, for ever; what adds nobody is journalled and changes nothing."""
        departments = () if scene.policy is None else scene.policy.departments
        found = officers(self.directory, departments, self.actor, scene.at, "R2.2")
        if checks.blank(self.reason or ""):
            found.append(refusal(Code.REASON_MISSING, clause="R2.2"))
        if found:
            return tuple(found)
        taken = scene.seen.taken
        free = [] if self.actor in taken.values() else [key for key in self._keys if key not in taken][:1]
        return Effects(
            office=Office.FINANCE_OFFICER,
            takes=tuple(Take(*key, self.actor, ever=True) for key in free),
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
