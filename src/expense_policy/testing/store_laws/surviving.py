"""What a store that declares more keeps: after it is opened anew, and from beside its port."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

import attrs

from ...domain.application import Attachment
from ...domain.approval import Approve
from ...domain.budget import BudgetPlan
from ...domain.holds import Move
from ...domain.money import Money
from ...domain.payment import Instruction
from ...domain.posting import Planned
from ...ports.errors import AlreadyDone
from ...ports.repository import Guard, Repository
from ...services.desk import Desk
from ...services.verification import verify
from ..batches import NOW, SIGNERS, Clerk, asked, gift, notice, payee, snapshot, written
from ..company import POLICY, CountedIds, Papers, People, Post, SetClock, drafted
from ..ledger import MARCH, posting, review, voucher_row
from . import Laws


class Surviving(Laws):
    """Laws of durability and of the back door, for a store that declares them."""

    def reopen(self, repository: Repository) -> Repository:
        """The same data in a store opened anew, the given one closed; a durable store's subclass defines it."""
        raise NotImplementedError("a durable store says how it is opened anew: define `reopen`")

    def meddle(self, repository: Repository) -> Iterable[tuple[str, Callable[[], object]]]:
        """Changes made beside the port, by name; the subclass of a store with a back door defines it.

        Each is done after those before it: it raises where the store refuses it, or is for `verify` to name.
        """
        raise NotImplementedError("a store with a back door says how it is meddled with: define `meddle`")

    def test_what_was_committed_survives(self, repository: Repository, clerk: Clerk) -> None:
        """A store that is opened anew says what it said before, refuses what it refused, and goes on from there."""
        self.needs("durable")
        clerk.opens()
        repository.commit(clerk.posts("d0", posting("d0")))
        repository.commit(clerk.closes(MARCH))
        repository.commit(clerk.reopens(MARCH))
        clerk.does("d0", facts=(review("d0"), voucher_row("d0"), Planned("d0", "gifts", MARCH, 7)))
        found = clerk.approved("d1")
        batch = clerk.pays(found, 400)
        batch = attrs.evolve(batch, key=asked("k"), guards=(Guard("g", 0),), notices=(notice("n"),))
        repository.commit(batch)
        repository.commit(clerk.seals(batch.entry))
        before = snapshot(repository, batch)
        again = self.reopen(repository)
        assert snapshot(again, batch) == before
        clerk = Clerk(again)
        self.refuses(again, AlreadyDone, batch)
        again.commit(clerk.pays(written(batch), 600))
        clerk.does("s", puts=(payee("p"),), moves=(Move("gifts", reserved=1),))
        again.commit(clerk.posts("d2", posting("d2")))
        again.commit(clerk.closes(MARCH))
        assert list(again.postings(MARCH)) == [(1, posting("d0")), (2, posting("d2"))]

    def test_meddling_is_refused_or_named(self, repository: Repository) -> None:
        """What is changed beside the port is refused by the store, or `verify` names one break more (G3.4)."""
        self.needs("back_door")
        play(repository)
        broken = len(verify(repository).breaks)
        assert broken == 0
        for name, change in self.meddle(repository):
            try:
                change()
            except Exception:  # however a store refuses it
                assert len(verify(repository).breaks) == broken, f"{name} was refused, and left a trace"
                continue
            breaks = verify(repository).breaks
            assert len(breaks) > broken, f"{name} is not named"
            broken = len(breaks)


def play(repository: Repository) -> None:
    """A company's first case through its desk: a budget in force, a gift applied for, signed, paid and sealed."""
    clock, papers = SetClock(), Papers()
    desk = Desk.open(
        repository=repository, directory=People(), notifier=Post(), evidence=papers, clock=clock, ids=CountedIds()
    )
    for person in ("cfo", "gm"):
        desk.policies.adopt(POLICY, actor=person)
    clock.at = NOW
    line = drafted("gifts", "care_gifts", "Gifts", Money(1_000_000, "CNY"))
    plan = desk.budgeting.file(BudgetPlan("marketing", 2026, (line,)), actor="mei").id
    form = gift(attachments=(Attachment("budget_basis", papers.put(b"basis")),))

    def sign(id: str) -> None:
        while (step := desk.document(id).step) is not None:
            clock.forward(minutes=1)
            verdict = Approve("Fine.", dict.fromkeys(step.points, True))
            seen = desk.document(id).statement
            desk.spending.sign(id, seen=seen, actor=SIGNERS[step.office], verdict=verdict)

    sign(plan)
    id = desk.spending.apply(form, actor="li.na", key="form-1").id
    sign(id)
    instruction = Instruction(form.amount, form.payee, form.method, (form.attachments[0].digest,))
    desk.spending.pay(id, instruction, actor="cashier", key="pay-1")
    clock.at += timedelta(days=1)
    desk.tick()
