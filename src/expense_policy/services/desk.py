"""The desk: one company in one store, composed of small services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import attrs
from dateutil.relativedelta import relativedelta

from ..domain import documents
from ..domain.accounting import MonthlyAccounts
from ..domain.categories import UseRow
from ..domain.content import Digest
from ..domain.documents import Document
from ..domain.execution import Execution
from ..domain.holds import Line
from ..domain.journal import Entry
from ..domain.periods import Month
from ..domain.refusals import Code, Refused, refusal
from ..ports.customers import Customers
from ..ports.directory import Directory
from ..ports.environment import Clock, IdSource
from ..ports.errors import NotFound
from ..ports.evidence import Evidence
from ..ports.keyring import Keyring
from ..ports.notifier import Notice, Notifier
from ..ports.repository import Fact, Look, Repository, Summary
from ..ports.vouchers import Genuineness
from . import accounting, asking
from .allocating import Allocations
from .asking import CostAndEffect, Disclosed
from .budgeting import Budgeting
from .closing import Closing
from .considering import Would
from .duties import Duties
from .engine import Engine, Environment, Receipt
from .environment import NoKey, RandomIds, SystemClock
from .policies import Policies
from .projects import Projects
from .recording import Costs
from .rectifying import Rectifications
from .spending import Spending
from .tending import SEALS, Swept, Tending


@attrs.frozen
class Archived:
    """A document that ended, whole (A4.4): form, signatures and payments in `document`, its evidence, its journal.

    `uses` is its use record so far, in order: it may still grow (C8, G3.2). `keep_until` is the last day it has
    to be kept; `missing` names evidence that is not in its store any more, or not as it was put.
    """

    document: Document
    evidence: tuple[Digest, ...]
    missing: tuple[Digest, ...]
    uses: tuple[UseRow, ...]
    entries: tuple[Entry, ...]
    keep_until: date


@attrs.frozen
class Desk:
    """Enforces the policy over one store. Immutable, shared by threads; starts nothing by itself."""

    policies: Policies
    projects: Projects
    budgeting: Budgeting
    spending: Spending
    closing: Closing
    costs: Costs
    allocations: Allocations
    rectifications: Rectifications
    duties: Duties
    would: Would
    env: Environment
    _tending: Tending

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
        customers: Customers | None = None,
        genuineness: Genuineness | None = None,
    ) -> Desk:
        """A desk over the host's adapters; policy versions come in through `policies.adopt`.

        Without `clock` and `ids` the machine's own are taken; without `keyring` the journal is chained and sealed
        but carries no keyed tags. `adopters` are the offices that adopt while no version is in force (X2): two or
        more, else ValueError. Without `customers` nobody is asked who is an existing customer: what an applicant
        states of them stands, and is marked (G2.1); without `genuineness` no voucher is checked, and a finance
        officer's finding stands for it (A2.1).
        """
        env = Environment(
            repository,
            directory,
            evidence,
            keyring or NoKey(),
            clock or SystemClock(),
            ids or RandomIds(),
            adopters,
            customers,
            genuineness,
        )
        engine = Engine(env)
        spending, rectifications, duties = Spending(engine), Rectifications(engine), Duties(engine)
        return cls(
            Policies(engine),
            Projects(engine),
            Budgeting(engine),
            spending,
            Closing(engine),
            Costs(engine),
            Allocations(engine),
            rectifications,
            duties,
            Would.over(engine),
            env,
            Tending(engine, spending, rectifications, duties, notifier),
        )

    def document(self, id: str) -> Document:
        """A document whole; NotFound where there is none."""
        found = self.env.repository.look(Look(documents=(id,))).documents.get(id)
        if found is None:
            raise NotFound(f"there is no document {id!r}")
        return found

    def find(self, *, after: str = "", limit: int = 100, **where: str) -> Sequence[Summary]:
        """A page of documents in id order (oldest first).

        `where` names kind, status, department, applicant, type, step_office, or the application that claims stand
        under; another name is a ValueError.
        """
        return self.env.repository.find(tuple(sorted(where.items())), after=after, limit=limit)

    def use_overdue(self, *, after: str = "", limit: int = 100) -> Sequence[Summary]:
        """A page of documents, in id order, whose use record was due by now, ended ones among them (C8)."""
        return self.env.repository.find((), ("use_due_at", self.env.clock.now()), after, limit)

    def payments_overdue(self, *, after: str = "", limit: int = 100) -> Sequence[Summary]:
        """A page of claims, in id order, that were to be paid by now, and are not paid whole (R2.3)."""
        return self.env.repository.find((), ("pay_by", self.env.clock.now()), after, limit)

    def lines(self, department: str | None = None, year: int | None = None) -> Sequence[Line]:
        """Every budget line with its balance, in id order; or those of a department, of a fiscal year, of both."""
        return self.env.repository.lines(department, year)

    def execution(self, department: str | None = None, *, year: int) -> Execution:
        """How the budget of a fiscal year is executed now, of a department or of all (B2.3).

        Per line and month, and in total: planned, reserved, committed, spent, available, burn rate against plan and
        forecast; lines above the policy's level, lines that stray from their plan. A year without lines has none.
        Refused without a policy in force; ValueError for a department that no version of the policy names.
        """
        return asking.execution(self.env, department, year)

    def monitor(self, department: str | None = None, *, actor: str) -> tuple[Receipt, ...]:
        """Finance monitors how the present year's budget is executed (B2.3): what strays from its plan is put right.

        Each line that does opens a rectification, one a month (B2.4). Of the whole company it is the duty of monitoring
        that is done (G3.5), of one department it is not. The first time in a fiscal year the one that ended is looked
        at, too, with what came after it was monitored last. The receipts of what was opened. Refused with
        department_out_of_scope, office_not_held.
        """
        policy, now = asking.policy_now(self.env), self.env.clock.now()
        if department is not None and department not in policy.departments:
            raise Refused([refusal(Code.DEPARTMENT_OUT_OF_SCOPE, department=department)])
        calendar = policy.calendar
        month, year = calendar.month(now), calendar.fiscal_year(calendar.day(now))
        (last,) = [each.done_at for each in self.duties.all() if each.name == "monitoring"]
        seen = last is not None and calendar.fiscal_year(calendar.day(last)) == year
        executed = [self.execution(department, year=each) for each in ((year,) if seen else (year - 1, year))]
        strayed = [each for found in executed for each in found.strayed(month)]
        if department is not None:
            return self.rectifications.for_deviations(strayed, actor=actor)
        return self.rectifications.monitor(month, strayed, actor=actor)

    def history(self, id: str) -> Iterator[Entry]:
        """The journal of one subject, oldest first (G3.4)."""
        return (entry for entry, _ in self.env.repository.history(id))

    def written(self, id: str) -> Iterator[tuple[Entry, tuple[Fact, ...]]]:
        """The journal of one subject with what each act wrote, oldest first (G3.4).

        Forms as they were submitted round by round, signatures with their opinions, payments, use rows.
        """
        return self.env.repository.history(id)

    def uses(self, id: str) -> Iterator[UseRow]:
        """The use record of one application, in the order it was entered (C8); nothing where there is none."""
        told = self.env.repository.history(id)
        return (fact for _, facts in told for fact in facts if isinstance(fact, UseRow))

    def register(
        self,
        *,
        recipient: str | None = None,
        item: str | None = None,
        type: str | None = None,
        month: Month | None = None,
        after: tuple[str, int] = ("", 0),
        limit: int = 100,
    ) -> Sequence[UseRow]:
        """A page of use rows over all documents, in (document, number) order, after one that was read before.

        Repairs by product (`item`) or by customer (`recipient`), gifts and giveaways by recipient, trainings by
        participant: of one recipient or one item, else ValueError; perhaps of one type, or what "effect" and
        "gift_outcome" say, and of one month.
        """
        named = {"recipient": recipient, "item": item, "type": type, "month": None if month is None else str(month)}
        where = tuple((name, value) for name, value in named.items() if value is not None)
        return self.env.repository.uses(where, after, limit)

    def contacts(self, type: str, month: Month, recipients: Sequence[str] = ()) -> Mapping[str, int]:
        """How often each recipient was reached in a month by a type of contact (C3); of these, or of all.

        Who was not reached has no entry.
        """
        return asking.contacts(self.env, type, month, tuple(recipients))

    def effect(self, id: str) -> CostAndEffect:
        """What an application was to bring and what it brought, beside its cost (G3.2); NotFound without one."""
        return asking.effect(self.env, self.document(id))

    def archived(self, id: str) -> Archived:
        """Everything about a document that ended (A4.4); NotFound where there is none, ValueError before its end."""
        document = self.document(id)
        if document.ended_at is None:
            raise ValueError(f"document {id!r} has not ended")
        policy = asking.policies(self.env)[document.round.policy_version]
        last = policy.calendar.day(document.ended_at) + relativedelta(years=policy.retention_years)
        evidence = documents.evidence(document)
        missing = tuple(digest for digest in evidence if not asking.whole(self.env.evidence, digest))
        told = list(self.env.repository.history(id))
        uses = tuple(fact for _, facts in told for fact in facts if isinstance(fact, UseRow))
        return Archived(document, evidence, missing, uses, tuple(entry for entry, _ in told), last)

    def accounts(self, month: Month) -> MonthlyAccounts:
        """The accounts of a month as they stand, by department, project, category and type (R1.1)."""
        return accounting.accounts(self.env, month)

    def waiting_for(self, person: str) -> Sequence[Summary]:
        """The documents in review whose present step this person may sign now, oldest first."""
        return asking.waiting_for(self.env, person)

    def disclosed(self, *, actor: str, after: str = "", limit: int = 100) -> Disclosed:
        """Execution and payments, for whom the policy names (G3.4): lines, and a page of documents in id order.

        Refused with reader_not_named for anybody else; payees are left out.
        """
        return asking.disclosed(self.env, actor, after, limit)

    def parked(self, limit: int = 100) -> Sequence[Notice]:
        """Notices that were set aside after too many failures, oldest first."""
        return self.env.repository.notices(self.env.clock.now(), limit, parked=True)

    def resend(self, key: str) -> None:
        """Puts a notice that was set aside back into the queue; NotFound where there is none of this key."""
        self.env.repository.put_off(key, self.env.clock.now())

    def tick(self, limit: int = 100) -> Swept:
        """One sweep of at most `limit` of each kind; the host calls it, every few minutes.

        Expires approvals that ran out, escalates overdue rectifications, reports missed duties, seals the journal and
        sends due notices.
        """
        return self._tending.tick(limit)

    def last_seal(self) -> tuple[int, Digest] | None:
        """The newest seal's number and digest: it stands for every one before it. None before the first."""
        head = self.env.repository.look(Look(subjects=(SEALS,))).heads.get(SEALS)
        return None if head is None else head[:2]
