"""Batches as the desk would write them, for laws that speak to a store itself; and all that a store can be seen by."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import attrs

from ..domain import documents, holds
from ..domain.application import Application, Attachment, Payee, Share
from ..domain.approval import Outcome, Signature, Verdict
from ..domain.cards import BOOKS, Books, Card
from ..domain.categories import UseRow
from ..domain.categories.holiday_gift import HolidayGift
from ..domain.content import digest
from ..domain.documents import Approved, Content, Document
from ..domain.holds import Line, Move
from ..domain.journal import GENESIS, Entry, Seal, digest_of, merkle_root
from ..domain.money import Money, split
from ..domain.organisation import Authority, Delegation
from ..domain.payment import PayeeAccount, Payment
from ..domain.periods import Month
from ..domain.posting import Posting
from ..domain.vocabulary import Space, Status
from ..domain.voucher import ALIKE, VoucherRow
from ..policy_file import load_policy
from ..ports.mistakes import POSTED, USED
from ..ports.notifier import Notice
from ..ports.repository import (
    CARDS,
    SEALS,
    Batch,
    Fact,
    Guard,
    Key,
    Look,
    Put,
    Repository,
    Signed,
    Submission,
    Sum,
    Take,
)
from . import company

POLICY = load_policy(company.POLICY)
NOW = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=timezone.utc)
EARLIER, LATER = NOW - timedelta(days=10_000), NOW + timedelta(days=100_000)
SIGNERS = {
    "department_head": "head",
    "finance_officer": "officer",
    "finance_head": "cfo",
    "deputy_in_charge": "deputy",
    "general_manager": "gm",
}
_PARTS = {field.name for field in attrs.fields(Batch)}
PAYEE = Payee("Tea House", "6222 0001")
BASIS = Attachment("budget_basis", "b" * 64)


def gift(units: int = 10_000, *, line: str = "gifts", payee: Payee = PAYEE, **changes: Any) -> Application:
    """A holiday gift of so many smallest units on one line."""
    plan = HolidayGift("spring_festival", 2026, "tea", Money(1, "CNY"), units, date(2026, 2, 1), date(2026, 2, 10))
    form = Application(
        department="marketing",
        purpose="Gifts",
        business_goal="Keep our regulars",
        customers="All",
        type="holiday_gift",
        shares=(Share(line, Money(units, "CNY")),),
        payee=payee,
        method="bank_transfer",
        expected_payment=date(2026, 3, 20),
        plan=plan,
        attachments=(BASIS,),
    )
    return attrs.evolve(form, **changes)


def asked(key: str) -> Key:
    """An idempotency key with the digest of what it asked."""
    return Key(key, digest(("asked", key)))


def notice(key: str, at: datetime = NOW, **changes: Any) -> Notice:
    """A notice due at an instant."""
    return attrs.evolve(Notice(key, "apply", "d1", ("li.na",), at, (("entry", "e" * 64),)), **changes)


def use_row(document: str, number: int, **changes: Any) -> UseRow:
    """A row of a use record."""
    row = UseRow(document, number, "holiday_gift", date(2026, 3, 2), f"C{number}", 1, 1, (), (), None)
    return attrs.evolve(row, **changes)


def written(batch: Batch) -> Document:
    """The document that a batch puts."""
    return next(put.record for put in batch.puts if isinstance(put.record, Document))


@attrs.frozen
class Clerk:
    """Prepares one act after another: entries that follow their chains, documents that go their lawful way."""

    repository: Repository

    def entry(self, subject: str, *, after: Batch | None = None, at: datetime = NOW, **said: Any) -> Entry:
        """The next entry of a subject: after what is stored, or after a batch that is not yet."""
        head = None if after is None or after.entry.subject != subject else (after.entry.seq, after.entry.digest)
        found = head or self.repository.look(Look(subjects=(subject,))).heads.get(subject) or (0, GENESIS)
        seq = found[0] + 1
        rows = (("kit", subject, str(seq)),)
        plain = Entry(subject, seq, found[1], "act", "li.na", None, None, at, None, None, rows, GENESIS)
        entry = attrs.evolve(plain, **said)
        return attrs.evolve(entry, digest=digest_of(entry))

    def batch(self, subject: str, *, after: Batch | None = None, at: datetime = NOW, **parts: Any) -> Batch:
        """An act on a subject with whatever parts; what is no part of a batch is said by its entry."""
        said = {name: parts.pop(name) for name in parts.keys() - _PARTS}
        return Batch(self.entry(subject, after=after, at=at, **said), **parts)

    def does(self, subject: str, **parts: Any) -> Batch:
        """Such an act, committed."""
        batch = self.batch(subject, **parts)
        self.repository.commit(batch)
        return batch

    def opens(self, line: str = "gifts", units: int = 1_000_000, **fields: Any) -> Batch:
        """A line with so much in force, committed."""
        opened = attrs.evolve(Line(line, "marketing", 2026, "care_gifts", "Gifts", None, "plan-1"), **fields)
        moves = (Move(line, in_force=units),) if units else ()
        return self.does(f"plan:{line}", lines=(opened,), moves=moves)

    def posts(self, subject: str, *postings: Posting, **parts: Any) -> Batch:
        """Postings, with what keeps their months open: a move of each line, the guard of the books for those on none.

        A line that a refund is posted on has to have so much spent.
        """
        moves = []
        for line in sorted({each.line for each in postings} - {""}):
            mine = [each for each in postings if each.line == line]
            moves.append(Move(line, spent=sum(each.units for each in mine), month=min(each.month for each in mine)))
        guards = self._guard() if any(each.line == "" for each in postings) else ()
        return self.batch(subject, **{"guards": guards, "moves": tuple(moves), "facts": postings, **parts})

    def closes(self, month: Month, **parts: Any) -> Batch:
        """The books are closed through a month."""
        return self._books(month, closes=month, **parts)

    def reopens(self, month: Month, **parts: Any) -> Batch:
        """The last month that the books were closed through is opened again."""
        return self._books(month.plus(-1), reopens=month, **parts)

    def _books(self, through: Month, **parts: Any) -> Batch:
        there = self.repository.look(Look(cards=(BOOKS,))).cards.get(BOOKS)
        version = 0 if there is None else there.version
        put = Put(Books(BOOKS, version + 1, through), version)
        return self.batch(BOOKS, **{"guards": self._guard(), "puts": (put,), **parts})

    def _guard(self) -> tuple[Guard, ...]:
        return (Guard(BOOKS, self.repository.look(Look(guards=(BOOKS,))).guards[BOOKS]),)

    def files(
        self,
        id: str,
        form: Content | None = None,
        *,
        applicant: str = "li.na",
        previous: Document | None = None,
        at: datetime = NOW,
        **parts: Any,
    ) -> Batch:
        """An application, or what else is given, is submitted, or a returned one anew."""
        change = documents.submit(
            id=id,
            applicant=applicant,
            content=form or gift(),
            previous=previous,
            policy=POLICY,
            related_units=0,
            nonce=f"nonce of {id}",
            at=at,
        )
        return self._changed(change, at, Submission.of(change.document), **parts)

    def signs(
        self,
        before: Document,
        outcome: Outcome = Outcome.APPROVE,
        *,
        opinion: str = "Fine.",
        at: datetime = NOW,
        delegation: Delegation | None = None,
        **parts: Any,
    ) -> Batch:
        """The holder of the present step signs it, or his delegate."""
        step = before.step
        assert step is not None
        holder = SIGNERS[step.office]
        findings = tuple((point, True) for point in step.points) if outcome is Outcome.APPROVE else ()
        signature = Signature(
            len(before.signatures),
            before.statement,
            holder if delegation is None else delegation.delegate,
            at,
            Verdict(outcome, opinion, tuple(sorted(findings))),
            Authority(step.office, holder, None, delegation, digest(("roster",))),
        )
        change = documents.sign(before, signature, POLICY)
        return self._changed(change, at, Signed(before.id, before.round.number, signature), **parts)

    def pays(self, before: Document, units: int, *, reverses: int | None = None, at: datetime = NOW) -> Batch:
        """A payment, or the undoing of one: of so much, or of all of it where `units` is 0."""
        form = before.content
        assert isinstance(form, Application)
        number = len(before.payments) + 1
        if reverses is None:
            parts = holds.parts(before.held, units)
        else:
            undone = before.payments[reverses - 1]
            units = -(units or undone.units)
            weights = [n for _, n in undone.parts]
            parts = tuple((line, n) for (line, _), n in zip(undone.parts, split(units, weights), strict=True))
        to = (form.paid_to.name, form.paid_to.account, form.method)
        payment = Payment(before.id, number, units, *to, "cashier", at, before.statement, parts, reverses)
        take = Take(Space.PAYMENT, f"{before.id}:{number}", before.id, ever=True)
        if reverses is not None:
            change = documents.reverse(before, payment, POLICY)
        else:
            view = documents.approved(before, POLICY, at)
            assert isinstance(view, Approved), view
            change = documents.pay(view, payment, POLICY)
        return self._changed(change, at, payment, takes=(take,))

    def uses(self, before: Document, *rows: UseRow) -> Batch:
        """The use record grows."""
        used = before.used + sum(row.units for row in rows)
        return self._changed(documents.use(before, used, len(rows)), NOW, *rows)

    def changes(self, before: Document, **fields: Any) -> Batch:
        """The document with other figures, as acts on others leave it: claims under it, what they set off."""
        return self._changed(documents.Change(attrs.evolve(before, version=before.version + 1, **fields)), NOW)

    def ends(self, before: Document, status: Status, at: datetime = NOW) -> Batch:
        """The document ends."""
        return self._changed(documents.end(before, status, at), at)

    def approved(self, id: str, form: Content | None = None) -> Document:
        """An application, or what else is given, signed in full, committed step by step."""
        batch = self.files(id, form)
        self.repository.commit(batch)
        while written(batch).step is not None:
            batch = self.signs(written(batch))
            self.repository.commit(batch)
        return written(batch)

    def seals(self, *entries: Entry) -> Batch:
        """A seal that binds entries."""
        bound = tuple((e.subject, e.seq, e.digest) for e in entries)
        entry = self.entry(SEALS)
        return Batch(entry, facts=(Seal(entry.seq, merkle_root(bound), bound),))

    def _changed(self, change: documents.Change, at: datetime, *facts: Fact, **parts: Any) -> Batch:
        d = change.document
        puts = (Put(d, d.version - 1), *parts.pop("puts", ()))
        return self.batch(d.id, at=at, puts=puts, moves=change.moves, facts=facts, **parts)


def payee(id: str, version: int = 1, account: str = "6222") -> Put:
    """A payee's account as it shall stand."""
    return Put(PayeeAccount(id, account, version), version - 1)


def related(form: Application, since: datetime = NOW - timedelta(days=30), *, by: str = "payee_account") -> Sum:
    """What applications to the same payee count for (A3.6)."""
    which = (by, dict(form.relation)[by])
    return Sum("related", (), (("department", form.department), ("type", form.type), which), since)


def paged(repository: Repository, size: int) -> list[str]:
    """Every document's id, by pages, each of which goes on after the one before."""
    found: list[str] = []
    while page := repository.find(after=found[-1] if found else "", limit=size):
        assert len(page) <= size
        assert not found or page[0].id > found[-1], "a page does not go on after the one before"
        found += [row.id for row in page]
    return found


def used(repository: Repository, where: tuple[tuple[str, str], ...], size: int) -> list[UseRow]:
    """Every row of use records that is found, by pages, each of which goes on after the one before."""
    found: list[UseRow] = []
    while page := repository.uses(where, (found[-1].document, found[-1].number) if found else ("", 0), size):
        assert len(page) <= size
        places = [(row.document, row.number) for row in (*found[-1:], *page)]
        assert all(one < next for one, next in pairwise(places)), "a page does not go on after the one before"
        found += page
    return found


def listed(
    repository: Repository, where: tuple[tuple[str, str], ...], size: int, due: datetime | None = None
) -> list[Card]:
    """Every card that is found, by pages, each of which goes on after the one before."""
    found: list[Card] = []
    while page := repository.cards(where, due, found[-1].id if found else "", size):
        assert len(page) <= size
        ids = [card.id for card in (*found[-1:], *page)]
        assert all(one < next for one, next in pairwise(ids)), "a page does not go on after the one before"
        found += page
    return found


def numbered(repository: Repository, month: Month, size: int) -> list[tuple[int, Posting]]:
    """Every posting of a month that has a number, by pages, each of which goes on after the one before."""
    found: list[tuple[int, Posting]] = []
    while page := repository.postings(month, found[-1][0] if found else 0, size):
        assert len(page) <= size
        numbers = [number for number, _ in (*found[-1:], *page)]
        assert all(one < next for one, next in pairwise(numbers)), "a page does not go on after the one before"
        found += page
    return found


def snapshot(repository: Repository, *batches: Batch) -> dict[str, object]:
    """Everything a store says of itself through its port, and of what the batches name, there or not."""
    unreadable: list[tuple[str, str]] = []

    def faulty(where: str, why: str) -> None:
        unreadable.append((where, why))

    found = paged(repository, 50)
    told, lines = list(repository.history()), list(repository.lines())
    facts = [fact for each in (*[facts for _, facts in told], *[b.facts for b in batches]) for fact in each]
    rows = [fact for fact in facts if isinstance(fact, UseRow)]
    wheres = {(name, value) for row in rows for name in USED if (value := getattr(row, name))}
    months = sorted({fact.month for fact in facts if isinstance(fact, Posting)})
    ids = {line.id for line in (*lines, *[line for batch in batches for line in batch.lines])}
    seen = repository.look(_names(batches, found, _sums(facts, tuple(sorted(ids)))))
    return {
        "standing": sorted(repository.standing(faulty)),
        "unreadable": unreadable,
        "history": [(entry, sorted(fact.row() for fact in facts)) for entry, facts in told],
        "uses": {where: used(repository, (where,), 50) for where in sorted(wheres)},
        "lines": lines,
        "policies": list(repository.policies()),
        "found": found,
        "documents": dict(seen.documents),
        "records": [dict(each) for each in (seen.payees, seen.policies, seen.projects, seen.cards)],
        "guards": dict(seen.guards),
        "taken": dict(seen.taken),
        "keys": dict(seen.done),
        "heads": dict(seen.heads),
        "unsealed": list(repository.unsealed(10_000)),
        "notices": [list(repository.notices(LATER, 10_000, parked)) for parked in (False, True)],
        "cards": [listed(repository, (("kind", kind.kind),), 50) for kind in CARDS],
        "numbered": [numbered(repository, month, 50) for month in months],
        "sums": [dict(each) for each in seen.sums],
    }


def _sums(facts: list[Fact], lines: tuple[str, ...]) -> tuple[Sum, ...]:
    """Every sum of the ledger that something there, or something that the batches name, could be in."""
    months = tuple(sorted({str(fact.month) for fact in facts if isinstance(fact, Posting)}))
    vouchers = [fact for fact in facts if isinstance(fact, VoucherRow)]
    on_days = ("on_day", tuple(sorted({row.voucher.on.isoformat() for row in vouchers})))
    return (
        *[Sum(of, POSTED, (("month", months),)) for of in ("postings", "posting_count")],
        *[Sum(of, ("line", "expected"), (("line", lines),)) for of in ("reserved", "committed")],
        Sum("planned", ("line", "month"), (("line", lines),)),
        Sum("payments", ("method",), (), EARLIER, LATER),
        *[
            Sum("vouchers", ("document", "key"), ((name, tuple(sorted({getattr(v, name) for v in vouchers}))), on_days))
            for name in ALIKE
        ],
    )


def _names(batches: tuple[Batch, ...], found: list[str], sums: tuple[Sum, ...]) -> Look:
    ids = tuple(put.record.id for batch in batches for put in batch.puts)
    return Look(
        keys=tuple(batch.key.key for batch in batches if batch.key is not None),
        subjects=tuple(batch.entry.subject for batch in batches),
        documents=tuple(dict.fromkeys((*found, *ids))),
        payees=ids,
        policies=ids,
        projects=ids,
        cards=ids,
        guards=tuple(guard.key for batch in batches for guard in batch.guards),
        taken=tuple((take.space, take.key) for batch in batches for take in batch.takes),
        sums=sums,
    )


def signs_the_same(d: Document) -> bool:
    """Whether content, statement and signatures of what is stored, derived again, are those that were signed."""
    present = documents.present_statement(d)
    return d.content.digest == d.content_digest and {present} >= {d.statement, *(s.statement for s in d.signatures)}
