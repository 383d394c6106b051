"""The desk's own promises: what spans rounds, what waits for whom, who reads, what goes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

import attrs
import pytest

from expense_adapters.memory import MemoryRepository
from expense_policy.domain import documents
from expense_policy.domain.approval import Return
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.documents import Approved
from expense_policy.domain.organisation import Holding
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.policy_file import load_policy
from expense_policy.ports.notifier import Notice
from expense_policy.ports.repository import Repository, Submission
from expense_policy.services.tending import ATTEMPTS_MAX
from expense_policy.services.verification import verify

from .test_spine import codes
from .world import PEOPLE, POLICY, World, cny

TWO_HATS = (*PEOPLE, Holding("department_head", "two", "marketing"), Holding("finance_officer", "two"))
BOTH = (*TWO_HATS, Holding("cashier", "two"))


@pytest.mark.clause("A3.2", "A4.3")
def test_duties_are_separate_over_all_rounds(repository: Repository) -> None:
    """Who signed a step in an earlier round signs no other step of the document, and does not pay it."""
    world = World.with_budget(repository, BOTH)
    form = world.gift()
    id = world.apply(form).id
    world.sign(id, "two")
    document = world.desk.document(id)
    world.desk.spending.sign(id, seen=document.statement, actor="officer", verdict=Return("Explain."))
    world.desk.spending.revise(id, form, actor="li.na")
    would, document = world.desk.would.spending, world.desk.document(id)
    assert would.sign(id, seen=document.statement, actor="two", verdict=world.approve(document)).allowed
    world.sign(id, "head.mkt")
    with pytest.raises(Refused) as refused:
        world.sign(id, "two")
    assert codes(refused) == {Code.SIGNER_BARRED}
    for actor in ("officer", "cfo", "deputy"):
        world.sign(id, actor)
    (found,) = would.pay(id, world.instruction(form), actor="two").refusals
    assert found.code is Code.PAYER_NOT_SEPARATE
    assert world.pay(id, form).number == 1
    assert verify(repository).breaks == ()


@pytest.mark.clause("B1.4", "G3.4")
def test_every_round_is_kept(world: World) -> None:
    """What was returned can be read after its revision: the form, the statement and the reason it came back with."""
    first, second = world.gift("100.00", purpose="Dear"), world.gift("50.00", purpose="Less dear")
    id = world.apply(first).id
    seen = world.desk.document(id).statement
    world.desk.spending.sign(id, seen=seen, actor="head.mkt", verdict=Return("Too dear."))
    world.desk.spending.revise(id, second, actor="li.na")
    facts = [fact for _, facts in world.desk.written(id) for fact in facts]
    kept = [fact for fact in facts if isinstance(fact, Submission)]
    assert [(fact.content, fact.round.number) for fact in kept] == [(first, 1), (second, 2)]
    assert [s.verdict.opinion for s in world.desk.document(id).before] == ["Too dear."]
    assert kept[0].round.statement == seen != world.desk.document(id).statement


@pytest.mark.clause("A3.1", "A4.1")
def test_the_chain_is_derived_again() -> None:
    """A round whose stored chain, deciding amount or policy is not what its policy asks for pays nothing (I1)."""
    world = World.with_budget(MemoryRepository())
    policy, now = load_policy(POLICY), world.clock.now()
    id = world.apply(world.gift("60000.00")).id
    world.sign_all(id)
    document = world.desk.document(id)
    assert isinstance(documents.approved(document, policy, now), Approved)
    r = document.round
    for round_ in (
        attrs.evolve(r, chain=r.chain[:3]),
        attrs.evolve(r, chain=()),
        attrs.evolve(r, deciding_units=1, chain=policy.chain("application", 1)),
        attrs.evolve(r, policy_digest="0" * 64),
    ):
        forged = attrs.evolve(document, round=round_)
        # Even where the statement was worked out anew and signed.
        statement = documents.present_statement(forged)
        signed = tuple(attrs.evolve(s, statement=statement) for s in document.signatures[: len(round_.chain)])
        forged = attrs.evolve(forged, round=attrs.evolve(round_, statement=statement), signatures=signed)
        found = documents.approved(forged, policy, now)
        assert not isinstance(found, Approved)
        assert Code.SIGN_OFF_INCOMPLETE in {refusal.code for refusal in found}
    assert not isinstance(documents.approved(document, None, now), Approved)


@pytest.mark.clause("B1.5")
def test_a_lines_id_stands_for_ever(repository: Repository) -> None:
    """A plan that names a line of another plan is refused when it is filed; a line that was given up is free again."""
    world = World.with_policy(repository)
    file, line = world.desk.budgeting.file, PlanLine("gifts", "care_gifts", "Gifts", cny("100.00"))
    id = file(BudgetPlan("marketing", 2026, (line,)), actor="mei").id
    for plan in (BudgetPlan("customer_service", 2026, (line,)), BudgetPlan("marketing", 2027, (line,))):
        with pytest.raises(Refused) as refused:
            file(plan, actor="deng")
        assert codes(refused) == {Code.LINE_EXISTS}
    other = BudgetPlan("marketing", 2026, (attrs.evolve(line, id="more.gifts"),))
    world.desk.budgeting.revise(id, other, actor="mei")
    assert file(BudgetPlan("customer_service", 2026, (line,)), actor="deng").status == Status.IN_REVIEW
    world.desk.spending.withdraw(id, actor="mei")
    assert file(BudgetPlan("marketing", 2027, other.lines), actor="mei").status == Status.IN_REVIEW
    assert verify(repository).breaks == ()


@pytest.mark.clause("A3.2", "A3.5")
def test_what_waits_for_whom(world: World) -> None:
    """Each document waits for exactly those who may sign its present step, oldest first."""
    ids = []
    for applicant in ("head.mkt", "li.na", "li.na"):
        ids.append(world.apply(world.gift(), applicant).id)
        world.clock.forward(minutes=1)
    own, other, top = ids
    for _ in range(3):
        world.sign(top)
    waiting = {person: [row.id for row in world.desk.waiting_for(person)] for person in ("head.mkt", "deputy", "li.na")}
    assert waiting == {"head.mkt": [other], "deputy": [own, top], "li.na": []}
    assert world.desk.waiting_for("head.cs") == []


@pytest.mark.clause("G3.4")
def test_who_reads_is_said_by_the_policy(world: World) -> None:
    """Execution and payments are read by the offices the policy names, without the payee; by nobody else."""
    id = world.apply(world.gift()).id
    found = world.desk.disclosed(actor="gm")
    assert id in {row.id for row in found.documents}
    assert {(row.payee_name, row.payee_account, row.payee_person) for row in found.documents} == {(None, None, None)}
    assert {line.id for line in found.lines} == {"mkt-gifts", "mkt-sms", "mkt-gifts-2"}
    for actor in ("li.na", "officer", "head.mkt"):
        with pytest.raises(Refused) as refused:
            world.desk.disclosed(actor=actor)
        assert codes(refused) == {Code.READER_NOT_NAMED}


@pytest.mark.clause("X2")
def test_an_entry_names_the_version_that_judged(world: World) -> None:
    """What is done on a round is entered under the round's policy version, whichever is in force by then."""
    id = world.apply(world.gift()).id
    newer = POLICY.replace("2026.1", "2026.2").replace("effective = 2026-01-01", "effective = 2026-01-10")
    for actor in ("cfo", "gm"):
        world.desk.policies.adopt(newer, actor=actor)
    world.clock.at = datetime(2026, 1, 12, 1, 0, tzinfo=timezone.utc)
    world.sign(id)
    assert [entry.policy_version for entry in world.desk.history(id)] == ["2026.1", "2026.1"]


@pytest.mark.clause("X3")
def test_a_clock_set_back_decides_at_the_last_entry(world: World) -> None:
    """On a clock that stands before a document's last entry an act is judged at that entry's instant (I23)."""
    form = world.gift()
    id = world.apply(form).id
    world.clock.at = datetime(2025, 12, 25, tzinfo=timezone.utc)
    assert world.desk.would.spending.revise(id, form, actor="li.na").allowed
    world.desk.spending.revise(id, form, actor="li.na")
    first, second = world.desk.history(id)
    assert first.at == second.at


def test_expiry_has_its_dry_run(world: World) -> None:
    """What `expire` would do is told beforehand, and nothing is done."""
    id = world.apply(world.gift()).id
    world.sign_all(id)
    would = world.desk.would.spending
    assert not would.expire(id, actor="system").allowed
    world.clock.forward(days=180)
    assert would.expire(id, actor="system").allowed
    assert world.desk.document(id).status is Status.APPROVED


class _Down:
    """A channel that fails until it is up, and then keeps what it gets."""

    def __init__(self) -> None:
        self.up, self.got = False, list[str]()
        self.meanwhile: Callable[[], object] | None = None

    def notify(self, notice: Notice) -> None:
        """Fails, or delivers; `meanwhile` is what happens before it returns."""
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        if not self.up:
            raise ConnectionError("down")
        self.got.append(notice.key)


def _with_channel(world: World, channel: _Down) -> World:
    desk = type(world.desk).open(
        repository=world.desk.env.repository,
        directory=world.desk.env.directory,
        notifier=channel,
        evidence=world.evidence,
        clock=world.clock,
    )
    return attrs.evolve(world, desk=desk)


@pytest.mark.clause("G3.4")
def test_what_is_set_aside_is_found_and_sent_again(world: World) -> None:
    """A notice that fails too often is set aside and reported, never lost; a seal is never set aside (I31)."""
    channel = _Down()
    world = _with_channel(world, channel)
    id = world.apply(world.gift()).id
    for _ in range(ATTEMPTS_MAX + 2):
        world.desk.tick(1000)
        world.clock.forward(hours=2)
    parked = world.desk.parked(1000)
    assert f"{id}:1" in {notice.key for notice in parked}
    assert not [notice for notice in parked if notice.about == "seal"]
    channel.up = True
    world.desk.tick(1000)
    assert [key for key in channel.got if key.startswith("seal:")]
    for notice in parked:
        world.desk.resend(notice.key)
    world.desk.tick(1000)
    assert f"{id}:1" in channel.got
    assert world.desk.parked() == []


@pytest.mark.clause("G3.4")
def test_two_dispatchers_may_meet(world: World) -> None:
    """Two ticks that send the same notice at once both end well, and it arrives at least once (I31)."""
    channel = _Down()
    channel.up = True
    first, second = _with_channel(world, channel), _with_channel(world, channel)
    id = first.apply(first.gift()).id
    channel.meanwhile = lambda: second.desk.tick(1000)
    first.desk.tick(1000)
    assert channel.got.count(f"{id}:1") >= 1
    assert first.desk.env.repository.notices(first.clock.now() + timedelta(days=9), 1000) == []


@pytest.mark.clause("G3.4")
def test_a_sweep_of_one_seals_all_in_time(world: World) -> None:
    """However small a sweep is, every entry comes to be sealed."""
    world.desk.policies.adopt(
        POLICY.replace("2026.1", "z").replace("2026-01-01", date(2026, 3, 1).isoformat()), actor="cfo"
    )
    for _ in range(40):
        world.desk.tick(1)
    left = {entry.subject for entry in world.desk.env.repository.unsealed(1000)}
    assert left <= {"seal"}
