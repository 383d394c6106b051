"""What a store promises: it looks, it commits.

An act is: `look` (one round trip), a decision in Python, `commit` (one round trip). The facts the decision
rested on travel back as the conditions of the batch; a store never decides, it only refuses a batch whose facts
are no longer true. Each condition is one of three: a row's version bumped conditionally, an amount moved
conditionally, a key taken once.

1. All or nothing: a batch's effects are all durable when `commit` returns, and none exists otherwise.
2. Conditional: the committed batches equal some serial order of them in which every condition held.
3. Guards first: guards, then records, then moves, each sorted by key, before anything else.
4. Fresh: `look` sees every batch whose `commit` returned before it was called.
5. Exact: what was put is got back equal, canonical bytes and all.
6. Facts, entries and keys are never changed or removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from ..domain.adoption import PolicyVersion
from ..domain.cards import Card
from ..domain.categories import UseRow
from ..domain.content import Digest, Row
from ..domain.documents import Document
from ..domain.holds import Line, Move
from ..domain.journal import Entry
from ..domain.payment import PayeeAccount
from ..domain.periods import Month
from ..domain.posting import Posting
from ..domain.project import Project
from ..domain.vocabulary import DocumentId, LineId, Space
from .kept import CARDS as CARDS
from .kept import PAPERS as PAPERS
from .kept import SEALS as SEALS
from .kept import Fact as Fact
from .kept import Record as Record
from .kept import Signed as Signed
from .kept import Submission as Submission
from .kept import Summary as Summary
from .kept import balance_said as balance_said
from .kept import identity as identity
from .kept import line_said as line_said
from .kept import move_said as move_said
from .kept import number_said as number_said
from .mistakes import SEARCHED as SEARCHED
from .mistakes import check_batch, check_once
from .notifier import Notice


@attrs.frozen
class Key:
    """The caller's idempotency key with the digest of what it asked."""

    key: str
    asked: Digest


@attrs.frozen
class Guard:
    """A named row that makes a set of rows count as one; `expected` 0: not there yet. Committed: `expected + 1`."""

    key: str
    expected: int


@attrs.frozen
class Put:
    """A record as it shall stand; its version is `expected + 1`. `expected` 0: it must not exist.

    Cards of every kind share their ids, and one stays of its kind.
    """

    record: Record
    expected: int


@attrs.frozen
class Take:
    """`key` of `space` becomes `by`'s, for ever or until `Free`; refused where anybody has it.

    Who has it is a document, or whoever else the act names: a store asks nothing of it.
    """

    space: Space
    key: str
    by: DocumentId
    ever: bool = False


@attrs.frozen
class Free:
    """Gives back what `by` took and did not take for ever; refused otherwise.

    A voucher whose document was paid, or ended settled or closed, is given back by nobody (R2.2).
    """

    space: Space
    key: str
    by: DocumentId


# What lives for one act alone is not frozen: a frozen class takes three times as long to make.
@attrs.define
class Batch:
    """One act; `entry.seq` follows its chain's head and `entry.prev` is that head's digest.

    It speaks of each row once, and its facts are of the entry's own subject; what does not is a ValueError.
    """

    entry: Entry
    key: Key | None = None
    guards: tuple[Guard, ...] = ()
    puts: tuple[Put, ...] = ()
    lines: tuple[Line, ...] = ()
    """Lines opened by this act, at nothing; refused where one exists. They stand before the moves.

    Whoever opens one says through which month it is closed, as every other line is, and bumps the guard `BOOKS`.
    """
    moves: tuple[Move, ...] = ()
    """One a line and expected month. A line is judged by all of them together, as `holds.netted` adds them up."""
    takes: tuple[Take | Free, ...] = ()
    facts: tuple[Fact, ...] = ()
    notices: tuple[Notice, ...] = ()
    closes: Month | None = None
    """The month that every line there is becomes closed through; refused where a line is already, or beyond it.

    Every posting of the month that has no number yet gets one, in the order of `identity`: those of a month are
    numbered from 1 without a gap. The act itself posts nothing.
    """
    reopens: Month | None = None
    """The month that every line there is was closed through, and is no more; refused where one is not. Numbers stay."""

    def __attrs_post_init__(self) -> None:
        check_batch(self)
        if len(self.guards) > 1:
            check_once("guard", [guard.key for guard in self.guards])
        if len(self.puts) > 1:
            check_once("record", [(type(put.record), put.record.id) for put in self.puts])
        if len(self.lines) > 1:
            check_once("line", [line.id for line in self.lines])
        if len(self.moves) > 1:
            check_once("line's move", [(move.line, move.expected) for move in self.moves])
        if len(self.takes) > 1:
            check_once("key", [(take.space, take.key) for take in self.takes])
        if len(self.notices) > 1:
            check_once("notice", [notice.key for notice in self.notices])
        if len(self.facts) > 1:
            check_once("fact", [identity(fact) for fact in self.facts])
        for fact in self.facts:
            if getattr(fact, "document", SEALS) != self.entry.subject:
                raise ValueError(f"{identity(fact)} is not of the entry's subject {self.entry.subject}")


@attrs.frozen
class Sum:
    """Whole units or a count of what matches, grouped, exact beyond 2**63; a group that no row is in is not there.

    `of` is one of a closed list; anything else is a ValueError. A tuple in `where` stands for any one of its values:
    the work grows with them, and with what they find, not with what is kept.

    - "related": what applications count for (A3.6), of a department, a type and a payee's account, name or both,
      submitted at or after `since`, which it needs; one sum, under (), 0 where nothing matches.
    - "contacts": rows of use records of a type and month, perhaps of some recipients, `by` month, recipient, both in
      either order, or neither, which is one sum under ().
    - "postings", "posting_count": units and number of postings of a month or a line, perhaps narrowed by the other
      columns of `POSTED`, `by` any of them. A project, line or corrected month that there is none of is "".
    - "planned": what is planned on a line, perhaps for a month, by line, month, both or neither.
    - "reserved", "committed": what moves of a line hold, by line, by `expected`, which is "" where none was said.
    - "payments": units of payments at or after `since` and before `until`, by method or not.
    - "vouchers": how many on a day have one of the digests of `voucher.ALIKE`, `by` document, key, day, any of these
      digests, or none.
    """

    of: str
    by: tuple[str, ...] = ()
    where: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@attrs.define(unsafe_hash=True)
class Look:
    """Everything wanted to be known, asked at once; with `held` a document brings the lines it holds money on."""

    keys: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    documents: tuple[DocumentId, ...] = ()
    payees: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    lines: tuple[LineId, ...] = ()
    guards: tuple[str, ...] = ()
    taken: tuple[tuple[Space, str], ...] = ()
    sums: tuple[Sum, ...] = ()
    held: bool = False
    cards: tuple[str, ...] = ()


@attrs.define
class Seen:
    """The answer to a `Look`: an absent record, line, chain or key has no entry, an absent guard stands at 0.

    `done` holds, by idempotency key, the entry that used it and the digest of what was asked; `heads`, by subject, the
    number, digest and instant of its chain's last entry.
    """

    done: Mapping[str, tuple[Entry, Digest]]
    heads: Mapping[str, tuple[int, Digest, datetime]]
    documents: Mapping[DocumentId, Document]
    payees: Mapping[str, PayeeAccount]
    policies: Mapping[str, PolicyVersion]
    projects: Mapping[str, Project]
    lines: Mapping[LineId, Line]
    guards: Mapping[str, int]
    taken: Mapping[tuple[Space, str], DocumentId]
    sums: tuple[Mapping[tuple[str, ...], int], ...]
    cards: Mapping[str, Card] = attrs.field(factory=dict)


Faulty = Callable[[str, str], None]
"""Is told what can't be read: where, and why."""


class Repository(Protocol):
    """A store. Shared by threads; knows no clock: every instant is an argument.

    Names and keys are one where they agree in every code point; an instant is one in whatever zone it is written.
    What `mistakes` calls a caller's mistake is a ValueError. `testing.contract` holds a store to all of this.
    """

    def look(self, at: Look) -> Seen:
        """One round trip. Need not be one snapshot: what matters is a condition of the batch.

        RepositoryUnavailable where the store can't be reached.
        """

    def commit(self, *batches: Batch) -> None:
        """All batches or none, in their order: one may build on those before it.

        Where it is none: AlreadyDone, with the entry that used a batch's key, whatever else no longer holds; Conflict
        where a condition does not hold, so that looking again may help; RepositoryError where a law would be broken
        however often it is tried (a line opened overdrawn, a document used beyond its amount, a posting of a month that
        the books are closed through, a balance beyond 2**63-1); RepositoryUnavailable where the store can't be reached.
        """

    def find(
        self,
        where: tuple[tuple[str, str], ...] = (),
        due: tuple[str, datetime] | None = None,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[Summary]:
        """A page of 1 to 10,000 in id order over the searched columns.

        `due` is ("expires_at", "use_due_at" or "pay_by", by when, that instant too); `after` need not be there.
        """

    def uses(
        self, where: tuple[tuple[str, str], ...], after: tuple[str, int] = ("", 0), limit: int = 100
    ) -> Sequence[UseRow]:
        """A page of 1 to 10,000 rows of use records in (document, number) order.

        `where` names `document`, `recipient` or `item`, the last two not "", and may narrow by `type` and `month`
        ("2026-03"), each once: the work grows with the page, and what is narrowed away. `after` need not be there.
        """

    def cards(
        self,
        where: tuple[tuple[str, str], ...],
        due: datetime | None = None,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[Card]:
        """A page of 1 to 10,000 cards in id order, of a `kind`, perhaps of a `status`, `department` or `owner`.

        With `due` those that are due by then, that instant too; `after` need not be there any more.
        """

    def postings(self, month: Month, after: int = 0, limit: int = 100) -> Sequence[tuple[int, Posting]]:
        """A page of 1 to 10,000 postings of a month that closings have numbered, with their numbers, in that order."""

    def lines(self, department: str | None = None, year: int | None = None) -> Sequence[Line]:
        """Every budget line with its balance, in id order; or those of a department, of a fiscal year, of both."""

    def policies(self) -> Sequence[PolicyVersion]:
        """Every known policy version, in the order of effective date, then id."""

    def history(
        self, subject: str | None = None, faulty: Faulty | None = None
    ) -> Iterator[tuple[Entry, tuple[Fact, ...]]]:
        """Entries with the facts they wrote, those in no order, in (subject, seq) order, streamed.

        A history that is not read to its end keeps nothing else from going on. What can't be read is told to `faulty`
        and left out; without it, it is a RepositoryError.
        """

    def standing(self, faulty: Faulty) -> Iterator[Row]:
        """Every row that stands in the store, in no order, as the journal says it: what `verify` holds it to (I19).

        `fact.row()` of each fact; `record.row()` of payees, policies, projects and cards; `Summary.row()` of each
        document; ("guard", key, version); `number_said` of each posting that has a number; `line_said` and
        `balance_said` of each line; ("move", subject, seq, line, in_force, reserved, committed, spent, month, and what
        it expected, if any); ("take", space, key, by, "ever" or "once"); ("key", key, asked, subject, seq);
        ("unsealed", subject, seq). What can't be read is told to `faulty` and left out.
        """

    def unsealed(self, limit: int) -> Sequence[Entry]:
        """The first `limit` committed entries that no seal binds yet, in (subject, seq) order."""

    def notices(self, now: datetime, limit: int, parked: bool = False) -> Sequence[Notice]:
        """The first `limit` that are committed, undelivered and due, by due date, then key.

        Two callers may see the same one; it is seen until it is delivered. With `parked`, those set aside instead.
        """

    def delivered(self, key: str) -> None:
        """The notice has arrived: nobody sees it again. NotFound where there is none of this key."""

    def put_off(self, key: str, until: datetime, parked: bool = False) -> None:
        """The notice is to be tried again from `until` on, one attempt older; with `parked` it is set aside instead.

        NotFound where there is none of this key.
        """
