"""The laws of spending, held against an oracle after every act of a state machine.

Every act is foretold by the oracle and by a dry run, and then done. `TALLY` counts how often each rule was tried
and accepted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from ..domain import duty
from ..domain.application import Attachment
from ..domain.approval import Approve
from ..domain.budget import BudgetPlan
from ..domain.documents import Document
from ..domain.money import Money
from ..domain.refusals import Refused
from ..ports.repository import Look, Repository
from ..services.desk import Desk
from ..services.engine import Decision, Receipt
from ..services.verification import verify
from .company import EVERYONE, POLICY, CountedIds, Papers, People, Post, SetClock, drafted
from .oracle import LEGAL, OPEN, Oracle

TALLY: dict[str, Counter[str]] = {}
LINES = {"gifts": 20000000, "gifts.too": 100000, "messages": 10000}


def _category(line: str) -> str:
    return "communication" if line == "messages" else "care_gifts"


class CompanyMachine(RuleBasedStateMachine):
    """A desk over the store that `factory` makes, its oracle, and what must hold after each act."""

    factory: Callable[[], Repository]

    def __init__(self) -> None:
        super().__init__()
        self.repository = type(self).factory()
        self.clock, self.people, self.papers, self.post = SetClock(), People(), Papers(), Post()
        self.desk = Desk.open(
            repository=self.repository,
            directory=self.people,
            notifier=self.post,
            evidence=self.papers,
            clock=self.clock,
            ids=CountedIds(),
        )
        self.oracle = Oracle(dict(LINES))
        self.accounts: dict[str, str] = {}
        self.versions: list[tuple[date, str, int]] = [(date(2026, 1, 1), "2026.01", 5000000)]
        self.done: list[tuple[Callable[[], Receipt], Callable[[], Receipt], Receipt]] = []
        self.final: dict[str, Document] = {}
        self.subjects = {"seal", *map(duty.subject, duty.OFFICES)}
        self.entries = self.keys = 0

    def found(self) -> None:
        """The company begins: two persons adopt its policy, three sign its budget."""
        text = POLICY.replace("2026.1", "2026.01")
        for person in ("cfo", "gm"):
            self.desk.policies.adopt(text, actor=person)
        # In the festival's window: what is given today can be recorded today.
        self.clock.forward(days=40)
        self.basis = Attachment("budget_basis", self.papers.put(b"basis"))
        lines = tuple(drafted(id, _category(id), id, Money(units, "CNY")) for id, units in LINES.items())
        id = self.desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id
        self.subjects |= {"policy:2026.01", id}
        for person in ("officer", "cfo", "gm"):
            document = self.desk.document(id)
            assert document.step is not None
            verdict = Approve("Fine.", dict.fromkeys(document.step.points, True))
            self.desk.spending.sign(id, seen=document.statement, actor=person, verdict=verdict)
        self.entries = self._count()
        self._hold()

    def _hold(self) -> None:
        self.oracle.holders = {}
        for holding in self.people.holdings:
            if holding.department in (None, "marketing"):
                self.oracle.holders.setdefault(holding.office, []).append(holding.person)

    def _count(self) -> int:
        """How many entries there are, by the heads of their chains; the end counts each one."""
        heads = list(self.repository.look(Look(subjects=tuple(self.subjects))).heads.values())
        return sum(head[0] for head in heads if head is not None)

    def _documents(self) -> dict[str, Document]:
        return dict(self.repository.look(Look(documents=tuple(self.oracle.forms))).documents)

    def _state(self) -> object:
        waiting = len(self.repository.notices(self.clock.at + timedelta(days=999), 9999))
        return self._count(), tuple(self.repository.lines()), self._documents(), waiting

    def _forms(self, *statuses: str) -> list[str]:
        return [id for id, form in self.oracle.forms.items() if form["status"] in statuses]

    def _pick(self, data: st.DataObject, *statuses: str) -> tuple[str, dict[str, Any]]:
        id = data.draw(st.sampled_from(self._forms(*statuses)), label="document")
        return id, self.oracle.forms[id]

    def _someone(self, data: st.DataObject, good: set[str], near: Iterable[str] = ()) -> str:
        """Mostly one who may, sometimes one of the `near` who almost may, sometimes anyone."""
        anyone = {*EVERYONE, "new.head"}
        drawn = (*[good] * 7, set(near) - good, set(near) - good, anyone)[data.draw(st.integers(0, 9), label="who?")]
        drawn = drawn or anyone
        return data.draw(st.sampled_from(sorted(drawn)), label="actor")

    def _signers(self, form: dict[str, Any]) -> set[str]:
        """Who almost may sign or pay: the case's own people, and whoever was delegated anything."""
        return {*self.oracle.barred(form), *(d["delegate"] for d in self.oracle.delegations)} - {None}

    def _try(
        self, name: str, expected: bool, act: Callable[[], Receipt], would: Callable[[], Decision] | None
    ) -> Receipt | None:
        """Foretold by the oracle and a dry run, then done: refused acts leave no trace, others one entry."""
        tally = TALLY.setdefault(name, Counter())
        tally["tried"] += 1
        before = self._state()
        if would is not None:
            decision = would()
            assert decision.allowed == expected, (name, expected, decision.refusals)
            assert self._state() == before, "I17: a dry run left a trace"
        receipt, why = None, tuple[object, ...]()
        try:
            receipt = act()
        except Refused as refused:
            why = refused.refusals
        assert (receipt is not None) == expected, (name, why or "was done, and may not be")
        if receipt is None:
            assert self._state() == before, "I17: a refused act left a trace"
            return None
        self.entries += 1
        self.subjects.add(receipt.id)
        assert self._count() == self.entries, "I23: an act is one entry"
        tally["accepted"] += 1
        return receipt

    @invariant()
    def balances(self) -> None:
        """I10, I11, I12: each line is what its applications hold, and is never overdrawn."""
        for line in self.repository.lines():
            balance = (line.reserved, line.committed, line.spent)
            assert min(*balance, line.available) >= 0, ("I10", line)
            assert line.in_force == LINES[line.id]
            assert balance == self.oracle.balance(line.id), ("I11, I12", line.id, balance)

    @invariant()
    def encodings(self) -> None:
        """I32: forms that differ have digests that differ, and equal ones have one."""
        found = {(d.content, d.content_digest) for d in self._documents().values()}
        assert len(found) == len({content for content, _ in found}) == len({digest for _, digest in found}), "I32"

    @invariant()
    def documents(self) -> None:
        """I1-I8, I13-I16, I28: each document is where the oracle has it, with the chain it was filed under."""
        for id, document in self._documents().items():
            form = self.oracle.forms[id]
            chain = [step.office for step in document.round.chain]
            assert document.status.value == form["status"], (id, document.status, form["status"])
            assert chain == form["chain"], ("I8, I9, I28", id)
            assert document.round.deciding_units == form["deciding"], ("I9", id)
            assert (document.paid, document.used) == (form["paid"], form["used"]), ("I13", id)
            assert 0 <= document.paid <= document.units, ("I13", id)
            assert document.use_due_at == form["due"], ("C8", id)
            assert type(document.paid) is int, "I25"
            signed = [s for s in document.signatures if s.verdict.outcome.value == "approve"]
            assert len(signed) == form["step"], ("I3", id)
            assert {s.statement for s in signed} <= {document.statement}, ("I3", id)
            if document.payments or form["status"] in ("approved", "settled"):
                assert form["step"] == len(chain), ("I1", id)
            for payment in document.payments:
                assert payment.statement == document.statement, ("I2", id)
                assert payment.payer not in self.oracle.barred(form), ("I7", id)
            if form["status"] not in (*OPEN, "returned"):
                self._stays(self.final.get(id, document), document)
                self.final[id] = document

    def _stays(self, ended: Document, now: Document) -> None:
        """I14: of an ended document nothing changes but that a payment bounces, and a closed one's use is recorded.

        What was measured of a settled one's effect is recorded too: its rows cost nothing.
        """
        bounced = {"version", "payments", "held", "use_due_at"}
        more = {"closed": {"used", "use_rows"}, "settled": {"use_rows"}}
        free = bounced | more.get(ended.status.value, set())
        for field in attrs.fields(Document):
            before, after = getattr(ended, field.name), getattr(now, field.name)
            assert field.name in free or before == after, ("I14", ended.id, field.name)
        known = len(ended.payments)
        assert now.payments[:known] == ended.payments, ("I14", ended.id)
        assert all(p.units < 0 and p.reverses for p in now.payments[known:]), ("I14", ended.id, "paid after its end")
        assert not any(held.reserved or held.committed for held in now.held), ("I11", ended.id)

    def teardown(self) -> None:
        """I19, I23, I31: the journal tells the whole story, and every notice arrived."""
        self.post.down = False
        for _ in range(3):
            self.clock.forward(hours=2)
            self.desk.tick(9999)
        subjects = {f"{e.subject}:{e.seq}" for e, _ in self.repository.history()}
        arrived = {notice.key for notice in self.post.delivered}
        assert arrived <= subjects, "I31: a notice of something that was not done"
        for id in self.oracle.forms:
            was = [r[3] for e in self.desk.history(id) for r in e.rows if isinstance(r, tuple) and r[0] == "document"]
            assert set(zip([None, *was], was, strict=False)) <= LEGAL, ("I16", id)
        acts = ("apply", "revise", "sign", "pay", "settle", "close", "withdraw", "expire")
        told = {f"{id}:{e.seq}" for id in self.oracle.forms for e in self.desk.history(id) if e.act in acts}
        assert told <= arrived, "I31: a notice was lost"
        report = verify(self.repository)
        assert report.breaks == (), "I19, I23"
        assert report.entries == self._count(), "I23: an entry of something nobody did"
        close = getattr(self.repository, "close", None)
        if close is not None:
            close()
