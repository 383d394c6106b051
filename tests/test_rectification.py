"""Rectifications: who opens, answers, verifies; deadlines, escalation, deviations of the budget (B2.4, S2.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from expense_adapters.local import FixedDirectory
from expense_policy.codec import dump, load
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.cards import Card
from expense_policy.domain.content import canonical
from expense_policy.domain.money import Money
from expense_policy.domain.organisation import Holding, Roster
from expense_policy.domain.periods import Month
from expense_policy.domain.rectification import Deviation, Finding, FollowUp, Rectification, Turn, ladder
from expense_policy.domain.refusals import Code, Refused
from expense_policy.policy_file import load_policy
from expense_policy.ports.errors import NotFound
from expense_policy.ports.repository import Repository
from expense_policy.services.desk import Desk
from expense_policy.services.engine import Receipt
from expense_policy.services.verification import verify

from .test_together import Slow
from .world import PEOPLE, POLICY, World

FINDING = Finding("mkt-gifts", "marketing", "B2.4", "Gifts were bought a month too early.")
DEVIATION = Deviation("mkt-gifts", "marketing", Month(2026, 3), 100_000, 150_000, 5_000)
STAFF = (*PEOPLE, Holding("finance_officer", "officer.too"), Holding("department_head", "second", "marketing"))
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
LATER = datetime(2027, 1, 1, tzinfo=timezone.utc)


def world_of(repository: Repository, people: tuple[Holding, ...] = PEOPLE) -> World:
    """The policy in force, without a budget."""
    return World.with_policy(repository, people)


def budgeted(repository: Repository) -> World:
    """The same in May, with budgets of marketing and of customer service."""
    world = World.with_budget(repository)
    line = PlanLine("cs-sms", "communication", "SMS", Money(100_000, "CNY"))
    world.sign_all(world.desk.budgeting.file(BudgetPlan("customer_service", 2026, (line,)), actor="li").id)
    world.on(date(2026, 5, 4))
    return world


def opened(world: World, **changes: Any) -> str:
    """A rectification of marketing's, opened by the finance officer."""
    return world.desk.rectifications.open(FINDING, **{"actor": "officer", **changes}).id


def codes(act: Any) -> set[Code]:
    """With which codes an act is refused."""
    with pytest.raises(Refused) as refused:
        act()
    return {each.code for each in refused.value.refusals}


def told(world: World, id: str) -> list[tuple[str, ...]]:
    """Whom each notice about it went to, once all are sent."""
    world.desk.tick()
    return [notice.to for notice in world.notices.notices if notice.about == id]


@pytest.mark.clause("B2.4")
def test_a_rectification_is_answered_followed_and_verified(repository: Repository) -> None:
    """A finding is opened, answered with evidence, sent back, answered again, verified; all of it is kept and told."""
    world = world_of(repository)
    act = world.desk.rectifications
    id = opened(world)
    assert act.get(id).status == "open"
    assert act.answer(id, "Ordered later.", actor="head.mkt", evidence=(world.basis.digest,)).status == "answered"
    act.follow_up(id, "Show the contract.", actor="cfo")
    assert act.send_back(id, actor="officer", reason="The contract says otherwise.").status == "open"
    act.answer(id, "Contract changed.", actor="head.mkt")
    assert act.verify(id, "Seen.", actor="officer").status == "verified"
    card = act.get(id)
    assert (card.version, card.owner, card.opened_by, card.office) == (6, "head.mkt", "officer", "finance_officer")
    assert [each.what.value for each in card.follow_ups] == [
        *("answered", "followed_up", "sent_back", "answered", "verified"),
    ]
    assert (card.verified_by, card.due, card.measures[0].evidence) == ("officer", None, (world.basis.digest,))
    assert [entry.act for entry in world.desk.history(id)] == [
        *("open_rectification", "answer_rectification", "follow_up_rectification", "send_back_rectification"),
        *("answer_rectification", "verify_rectification"),
    ]
    both = ("head.mkt", "officer")
    assert told(world, id) == [("head.mkt",), ("officer",), both, both, ("officer",), both]
    assert verify(repository).breaks == ()


@pytest.mark.clause("B2.4")
def test_nobody_judges_or_puts_off_his_own(repository: Repository) -> None:
    """Neither its owner nor who answered verifies it, sends it back or puts it off, whatever office he holds."""
    people = (*PEOPLE, Holding("department_head", "officer", "marketing"))
    world = world_of(repository, people)
    act, later = world.desk.rectifications, world.clock.at + 99 * DAY
    id = opened(world, actor="cfo", owner="cfo")
    act.answer(id, "Done for him.", actor="officer")
    for actor in ("cfo", "officer"):
        assert codes(lambda who=actor: act.verify(id, "Good.", actor=who)) == {Code.RECTIFICATION_OWN}
        assert codes(lambda who=actor: act.send_back(id, actor=who, reason="No.")) == {Code.RECTIFICATION_OWN}
    assert codes(lambda: act.extend(id, later, actor="cfo", reason="Later.")) == {Code.RECTIFICATION_OWN}
    (entry,) = [each for each in world.desk.history(id) if each.act == "answer_rectification"]
    assert (entry.office, entry.on_behalf_of) == ("department_head", "cfo")


@pytest.mark.clause("B2.4")
def test_every_act_needs_its_office_and_its_words(repository: Repository) -> None:
    """Who may not, what is not said, a state that does not fit: each is refused, all at once, and nothing is done."""
    world = world_of(repository)
    act, now = world.desk.rectifications, world.clock.at
    assert codes(lambda: opened(world, actor="head.mkt")) == {Code.OFFICE_NOT_HELD}
    wrong = attrs.evolve(FINDING, department="sales", text=" ")
    assert codes(lambda: act.open(wrong, actor="mei", deadline=now)) == {
        *(Code.OFFICE_NOT_HELD, Code.DEPARTMENT_OUT_OF_SCOPE, Code.REASON_MISSING, Code.DEADLINE_NOT_LATER),
    }
    id = opened(world)
    found = {Code.OFFICE_NOT_HELD, Code.RECTIFICATION_STATUS, Code.OPINION_MISSING}
    assert codes(lambda: act.verify(id, "", actor="li.na")) == found
    assert codes(lambda: act.send_back(id, actor="officer", reason="")) == {
        *(Code.RECTIFICATION_STATUS, Code.REASON_MISSING),
    }
    assert codes(lambda: act.answer(id, "\n", actor="li.na", evidence=("0" * 64,))) == {
        *(Code.OFFICE_NOT_HELD, Code.MEASURE_MISSING, Code.EVIDENCE_UNKNOWN),
    }
    assert codes(lambda: act.extend(id, now, actor="gm", reason="")) == {
        *(Code.OFFICE_NOT_HELD, Code.REASON_MISSING, Code.DEADLINE_NOT_LATER),
    }
    assert codes(lambda: act.follow_up(id, " ", actor="head.mkt")) == {Code.OFFICE_NOT_HELD, Code.OPINION_MISSING}
    assert act.get(id).version == 1
    act.answer(id, "Done.", actor="head.mkt")
    act.verify(id, "Good.", actor="cfo")
    for late in (
        lambda: act.answer(id, "More.", actor="head.mkt"),
        lambda: act.follow_up(id, "More.", actor="officer"),
        lambda: act.verify(id, "Again.", actor="officer"),
        lambda: act.extend(id, now + 99 * DAY, actor="officer", reason="Later."),
    ):
        assert codes(late) == {Code.RECTIFICATION_STATUS}
    for unknown in ("books", "duty:audit", "rectification:x"):
        with pytest.raises(NotFound):
            act.get(unknown)
        with pytest.raises(NotFound):
            act.answer(unknown, "Done.", actor="head.mkt")


@pytest.mark.clause("B2.4")
def test_a_dry_run_says_what_the_act_would(repository: Repository) -> None:
    """The dry run of each act is refused with the codes of the act, or allowed, and does nothing."""
    world = budgeted(repository)
    would, id, later = world.desk.would.rectifications, opened(world), world.clock.at + 99 * DAY
    world.desk.rectifications.answer(id, "Done.", actor="head.mkt")
    assert would.open(FINDING, actor="officer").allowed
    assert would.for_deviation(DEVIATION, actor="officer").allowed
    assert would.answer(id, "More.", actor="head.mkt").allowed
    assert would.follow_up(id, "Hm.", actor="cfo").allowed
    assert would.send_back(id, actor="cfo", reason="No.").allowed
    assert would.verify(id, "Good.", actor="cfo").allowed
    assert would.extend(id, later, actor="officer", reason="More time.").allowed
    (refused,) = would.verify(id, "Good.", actor="head.mkt").refusals[:1]
    assert refused.code is Code.OFFICE_NOT_HELD
    assert "officer" in refused.text("zh") + refused.remedy("zh")
    assert world.desk.rectifications.get(id).version == 2


@pytest.mark.clause("B2.4")
def test_a_key_does_it_once(repository: Repository) -> None:
    """The same key with the same request gives the same receipt and does nothing twice; with another it is refused."""
    world = world_of(repository)
    act = world.desk.rectifications
    first, again = (act.open(FINDING, actor="officer", key="f-1") for _ in range(2))
    assert first == again
    answers = {act.answer(first.id, "Done.", actor="head.mkt", key="a-1").entry for _ in range(2)}
    assert (len(answers), act.get(first.id).version) == (1, 2)
    with pytest.raises(ValueError, match="another request"):
        act.answer(first.id, "Otherwise.", actor="head.mkt", key="a-1")


@pytest.mark.clause("B2.4")
def test_an_overdue_one_climbs_from_its_deadline_on(repository: Repository) -> None:
    """At its deadline, and every so many days after, it goes one office up, and stays at the top."""
    world = world_of(repository)
    act = world.desk.rectifications
    id = opened(world)
    deadline = act.get(id).deadline
    assert deadline == world.clock.at + 30 * DAY
    world.clock.at = deadline - MOMENT
    assert world.desk.tick(1000).escalated == 0
    reached = []
    for _ in range(4):
        world.clock.at += MOMENT
        assert [world.desk.tick(1000).escalated for _ in range(3)] == [1, 0, 0]
        reached.append(act.get(id).reached[-1])
        world.clock.at = (act.get(id).due or world.clock.at) - MOMENT
        assert world.desk.tick(1000).escalated == 0
    assert reached == ["deputy_in_charge", "general_manager", "board_delegate", "board_delegate"]
    card = act.get(id)
    assert (card.deadline, card.due) == (deadline, deadline + 120 * DAY)
    people = [to[0] for to in told(world, id)[1:]]
    assert people == ["deputy", "gm", "board", "board"]
    assert {entry.actor for entry in world.desk.history(id)} == {"officer", "system"}
    act.answer(id, "Done for them.", actor="board")
    act.verify(id, "Good.", actor="officer")
    world.clock.at += 999 * DAY
    assert world.desk.tick(1000).escalated == 0
    assert verify(repository).breaks == ()


@pytest.mark.clause("B2.4")
def test_an_office_without_anybody_but_the_owner_is_passed_over(repository: Repository) -> None:
    """The head of who owns it is told first; where he owns it himself, or nobody is there, the office above."""
    world = world_of(repository, tuple(h for h in STAFF if h.person != "deputy"))
    act = world.desk.rectifications
    service = act.open(attrs.evolve(FINDING, department="customer_service"), actor="officer").id
    cases = {opened(world, owner="head.mkt"): ("department_head", "second"), service: ("general_manager", "gm")}
    cases[opened(world, owner="li.na")] = ("department_head", "head.mkt")
    world.clock.at += 30 * DAY
    assert world.desk.tick(1000).escalated == 3
    assert {id: (act.get(id).reached[0], told(world, id)[-1][0]) for id in cases} == cases


@pytest.mark.clause("B2.4", "A3.5")
def test_where_a_head_is_missing_it_goes_to_his_substitute(repository: Repository) -> None:
    """The owner is the head, else the first above him; where there is nobody at all, somebody has to be named."""
    above = tuple(h for h in PEOPLE if h.office not in ("department_head", "deputy_in_charge"))
    world = world_of(repository, above)
    assert world.desk.rectifications.get(opened(world)).owner == "gm"
    world = World.open(repository, tuple(h for h in above if h.person not in ("gm", "board")))
    world.clock.at = datetime(2026, 2, 1, tzinfo=timezone.utc)
    assert codes(lambda: opened(world)) == {Code.STEP_UNFILLED}
    id = opened(world, owner="li.na")
    world.clock.at += 30 * DAY
    assert world.desk.tick(1000).escalated == 2
    assert (world.desk.rectifications.get(id).reached, told(world, id)[-1]) == (
        ("board_delegate",),
        ("li.na", "officer"),
    )


def test_the_ladder_is_the_chain_of_substitutes() -> None:
    """The offices that an overdue one climbs are the head and the substitutes of each, in order, each once (A3.5)."""
    offices = ("department_head", "deputy_in_charge", "general_manager", "board_delegate")
    assert ladder(load_policy(POLICY)) == offices
    round_ = POLICY.replace('general_manager = ["board_delegate"]', 'general_manager = ["department_head"]')
    assert ladder(load_policy(round_)) == offices[:3]


@pytest.mark.clause("B2.4")
def test_a_deadline_moves_once_and_never_by_itself(repository: Repository) -> None:
    """Who opened it, or the finance head, extends it once, with a reason, to a later day; nothing else moves it."""
    world = world_of(repository, STAFF)
    act, start = world.desk.rectifications, world.clock.at
    id = opened(world, deadline=start + 10 * DAY)
    assert codes(lambda: act.extend(id, start + 20 * DAY, actor="officer.too", reason="x")) == {Code.OFFICE_NOT_HELD}
    for early in (start + 9 * DAY, start + 10 * DAY):
        assert codes(lambda to=early: act.extend(id, to, actor="officer", reason="x")) == {Code.DEADLINE_NOT_LATER}
    world.clock.at += 10 * DAY
    assert world.desk.tick(1000).escalated == 1
    act.extend(id, start + 20 * DAY, actor="cfo", reason="The supplier was late.")
    card = act.get(id)
    assert card.deadline == card.due == start + 20 * DAY
    assert [entry.reason for entry in world.desk.history(id)][-1] == "The supplier was late."
    again = codes(lambda: act.extend(id, start + 30 * DAY, actor="officer", reason="x"))
    assert again == {Code.DEADLINE_EXTENDED}
    world.clock.at += 10 * DAY - MOMENT
    assert world.desk.tick(1000).escalated == 0
    world.clock.at += MOMENT
    assert world.desk.tick(1000).escalated == 1


@pytest.mark.clause("B2.4")
def test_a_deviation_opens_one_rectification(repository: Repository) -> None:
    """A line that was not kept to in a month has one rectification, with its figures, whoever opens it."""
    world = budgeted(repository)
    act = world.desk.rectifications
    first = act.for_deviation(DEVIATION, actor="officer")
    assert codes(lambda: act.for_deviation(DEVIATION, actor="cfo")) == {Code.RECTIFICATION_EXISTS}
    again = attrs.evolve(DEVIATION, spent=170_000, deviation_bp=7_000)
    assert codes(lambda: act.for_deviation(again, actor="officer")) == {Code.RECTIFICATION_EXISTS}
    card = act.get(first.id)
    assert (card.owner, card.department, card.finding.about) == ("head.mkt", "marketing", "mkt-gifts")
    assert dict(card.finding.figures) == {
        **{"month": "2026-03", "planned": "100000", "spent": "150000", "deviation_bp": "5000"},
    }
    april = attrs.evolve(DEVIATION, month=Month(2026, 4))
    other = attrs.evolve(DEVIATION, line="mkt-sms")
    assert (
        len({act.for_deviation(each, actor="officer", owner="li.na").id for each in (april, other)} | {first.id}) == 3
    )
    assert codes(lambda: act.for_deviation(attrs.evolve(DEVIATION, line="x" * 200), actor="officer")) == {
        Code.LINE_NOT_IN_FORCE
    }
    for wrong in (attrs.evolve(DEVIATION, month=Month(2026, 6)), attrs.evolve(DEVIATION, line="cs-sms")):
        with pytest.raises(ValueError, match=r"strayed|is of"):
            act.for_deviation(wrong, actor="officer")


@pytest.mark.clause("B2.4", "G3.5")
def test_monitoring_opens_what_is_not_open_and_reminds(repository: Repository) -> None:
    """Monitoring a month opens its new deviations, reminds each department once, and counts as the duty."""
    world = budgeted(repository)
    act, march = world.desk.rectifications, Month(2026, 3)
    service = Deviation("cs-sms", "customer_service", march, 1_000, 0, -10_000)
    first = act.monitor(march, (DEVIATION,), actor="officer")
    second = act.monitor(march, (DEVIATION, service), actor="officer")
    assert [len(first), len(second), len(act.monitor(march, (service, DEVIATION), actor="cfo"))] == [1, 1, 0]
    assert [told(world, each.id) for each in (*first, *second)] == [[("head.mkt",)], [("head.cs",)]]
    (duty,) = [each for each in world.desk.duties.all() if each.name == "monitoring"]
    assert (duty.done_at, duty.done_by) == (world.clock.at, "cfo")
    assert codes(lambda: act.monitor(march, (DEVIATION,), actor="li.na")) >= {Code.OFFICE_NOT_HELD}
    assert codes(lambda: act.monitor(march, (), actor="li.na")) == {Code.OFFICE_NOT_HELD}
    with pytest.raises(TypeError, match="Month"):
        act.monitor("2026-03", (), actor="officer")  # type: ignore[arg-type]  # a text


@pytest.mark.clause("B2.4")
def test_rectifications_are_found_by_pages(repository: Repository) -> None:
    """They are found by status, department, owner and by when they are due, page by page, in id order."""
    world = world_of(repository)
    act = world.desk.rectifications
    ids = sorted(opened(world, owner=f"own-{n % 2}", deadline=world.clock.at + (n + 1) * DAY) for n in range(6))
    service = act.open(attrs.evolve(FINDING, department="customer_service"), actor="officer").id
    act.answer(ids[0], "Done.", actor=act.get(ids[0]).owner)
    world.desk.duties.done("monitoring", actor="officer")

    def found(**asked: Any) -> list[str]:
        pages, after = list[Rectification](), ""
        while page := act.find(after=after, limit=2, **asked):
            pages += page
            after = page[-1].id
        return [card.id for card in pages]

    assert found() == sorted([*ids, service])
    assert found(status="answered") == ids[:1]
    assert found(department="customer_service") == [service]
    assert found(status="open", owner="own-0") == [id for id in ids[1:] if act.get(id).owner == "own-0"]
    soon = world.clock.at + 3 * DAY
    assert found(due=soon) == [id for id in ids if act.get(id).deadline <= soon]
    assert found(department="sales") == []
    with pytest.raises(ValueError, match="cards"):
        act.find(payee="x")


class Failing(FixedDirectory):
    """A directory that has no answer for one department."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """Fails where the department is asked for alone."""
        if tuple(units) == ("customer_service",):
            raise ValueError("the directory has lost this department")
        return super().roster(units, at)


@pytest.mark.clause("B2.4")
def test_one_that_fails_stops_no_other(repository: Repository) -> None:
    """One rectification that can't be escalated keeps neither the others, the seals nor the notices waiting."""
    world = world_of(repository)
    service = attrs.evolve(FINDING, department="customer_service")
    bad = [world.desk.rectifications.open(service, actor="officer").id for _ in range(2)]
    good = [opened(world) for _ in range(2)]
    broken = Desk.open(
        repository=repository,
        directory=Failing(PEOPLE),
        notifier=world.notices,
        evidence=world.evidence,
        clock=world.clock,
    )
    world.clock.at += 30 * DAY
    swept = broken.tick(1000)
    assert (swept.escalated, swept.sealed > 0, swept.notices > 0) == (2, True, True)
    levels = [len(world.desk.rectifications.get(id).reached) for id in (*bad, *good)]
    assert levels == [0, 0, 1, 1]
    assert world.desk.tick(1).escalated == 1
    assert [world.desk.tick(1000).escalated for _ in range(2)] == [1, 0]


class Down(FixedDirectory):
    """A directory that is down."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """Fails."""
        raise RuntimeError("the directory is down")


@pytest.mark.clause("B2.4", "G3.4")
def test_a_directory_that_is_down_keeps_no_seal_waiting(repository: Repository) -> None:
    """A tick that can't ask whom to tell says so, and has sealed the journal and sent the notices all the same."""
    world = world_of(repository)
    id = opened(world)
    broken = Desk.open(
        repository=repository,
        directory=Down(PEOPLE),
        notifier=world.notices,
        evidence=world.evidence,
        clock=world.clock,
    )
    world.clock.at += 30 * DAY
    with pytest.raises(RuntimeError, match="is down"):
        broken.tick(1000)
    assert {entry.subject for entry in repository.unsealed(100)} == {"seal"}
    assert id in {notice.about for notice in world.notices.notices}
    assert world.desk.tick(1000).escalated == 1


def deviating(**changes: Any) -> Deviation:
    """The deviation with other values."""
    return attrs.evolve(DEVIATION, **changes)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Finding("line", "marketing", "B2.4", "x", [("a", "1")]),  # type: ignore[arg-type]  # what is refused
        lambda: Finding("line", "marketing", "B2.4", "x", (("a", 1),)),  # type: ignore[arg-type]  # what is refused
        lambda: Finding("", "marketing", "B2.4", "x"),
        lambda: deviating(month="2026-03"),
        lambda: deviating(spent=True),
        lambda: deviating(deviation_bp=0.5),
        lambda: FollowUp("answered", "a", LATER, "x"),  # type: ignore[arg-type]  # what is refused
        lambda: FollowUp(Turn.ANSWERED, "a", LATER.replace(tzinfo=None), "x"),
        lambda: FollowUp(Turn.ANSWERED, "a", LATER, "x", until=LATER.replace(tzinfo=None)),
        lambda: Rectification("r", 1, DEVIATION, "a", "b", "c", LATER, LATER, LATER),  # type: ignore[arg-type]  # so too
    ],
)
def test_what_a_rectification_is_made_of_is_exact(make: Any) -> None:
    """A field of another type, an empty id, a naive instant: the caller's mistake."""
    with pytest.raises((TypeError, ValueError)):
        make()


@pytest.mark.clause("B2.4")
def test_a_mistake_of_the_caller_is_no_refusal(repository: Repository) -> None:
    """What is no finding, no deviation, no id, no aware instant is an error before the store is asked."""
    wrong: Any = world_of(repository).desk.rectifications
    acts: tuple[Callable[[], object], ...] = (
        lambda: wrong.open("late", actor="officer"),
        lambda: wrong.open(FINDING, actor="officer", owner=" x"),
        lambda: wrong.open(FINDING, actor="officer", deadline=LATER.replace(tzinfo=None)),
        lambda: wrong.for_deviation(FINDING, actor="officer"),
        lambda: wrong.extend("rectification:x", LATER.replace(tzinfo=None), actor="officer", reason="x"),
        lambda: wrong.answer("rectification:x", "Done.", actor=""),
    )
    for act in acts:
        with pytest.raises((TypeError, ValueError)):
            act()


@pytest.mark.clause("B2.4", "G3.5")
def test_two_ticks_at_once_escalate_and_report_once(repository: Repository) -> None:
    """Two sweeps that saw the same overdue rectification and missed duties write one escalation, one report each."""
    world = world_of(repository)
    id = opened(world)
    world.clock.at += 40 * DAY
    other = World.open(Slow(repository, 2))  # type: ignore[arg-type]  # the store with its first looks held
    other.clock.at = world.clock.at
    with ThreadPoolExecutor(2) as pool:
        swept = list(pool.map(lambda _: other.desk.tick(1000), range(2)))
    assert sum(each.escalated for each in swept) == 1
    assert sum(each.missed for each in swept) == 2
    assert len(world.desk.rectifications.get(id).reached) == 1
    assert verify(repository).breaks == ()


class Oracle:
    """What a rectification should be, worked out apart from the library."""

    def __init__(self, at: datetime) -> None:
        self.status, self.answerers, self.extended, self.levels = "open", set[str](), False, 0
        self.deadline = self.due = at + 30 * DAY

    def may(self, what: str, who: str, at: datetime, to: datetime) -> bool:
        """Whether somebody may do something to it."""
        if self.status == "verified":
            return False
        finance, barred = who in ("officer", "cfo"), who == "two.hats" or who in self.answerers
        climbed = {"deputy": 2, "gm": 3}
        if what == "answer":
            return who in ("two.hats", "head.mkt") or climbed.get(who, 9**9) <= self.levels
        if what == "extend":
            later = to > max(self.deadline, at)
            return who in ("officer", "cfo") and not barred and not self.extended and later
        finance = finance or who == "two.hats"
        return finance if what == "follow_up" else finance and not barred and self.status == "answered"

    def does(self, what: str, who: str, to: datetime) -> None:
        """It is done."""
        if what == "answer":
            self.status = "answered"
            self.answerers.add(who)
        elif what == "extend":
            self.extended, self.deadline, self.due = True, to, to
        elif what != "follow_up":
            self.status = "open" if what == "send_back" else "verified"


ANSWERING, FINANCE = (
    ("two.hats", "two.hats", "head.mkt", "deputy", "gm", "li.na"),
    ("officer", "cfo", "two.hats", "head.mkt"),
)
DAYS = st.integers(0, 90)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), st.sampled_from(ANSWERING), DAYS),
        st.tuples(st.sampled_from(("follow_up", "send_back", "send_back", "extend")), st.sampled_from(FINANCE), DAYS),
        st.tuples(st.just("verify"), st.sampled_from(("two.hats", "head.mkt", "cfo", "cfo")), DAYS),
        st.tuples(st.just("wait"), st.just(""), st.sampled_from((1, 29, 30, 31))),
    ),
    min_size=3,
    max_size=25,
)
HATS = (*PEOPLE, Holding("finance_officer", "two.hats"))


@pytest.fixture
def hats(repository: Repository) -> World:
    """A company whose owner of everything holds an office of finance."""
    return world_of(repository, HATS)


def do(world: World, id: str, what: str, who: str, to: datetime) -> Receipt:
    """One act by name."""
    act = world.desk.rectifications
    if what == "extend":
        return act.extend(id, to, actor=who, reason="More time.")
    if what == "send_back":
        return act.send_back(id, actor=who, reason="Not yet.")
    if what == "answer":
        return act.answer(id, "Said.", actor=who)
    return act.follow_up(id, "Said.", actor=who) if what == "follow_up" else act.verify(id, "Said.", actor=who)


@pytest.mark.clause("B2.4")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_in_whatever_order_it_is_right(hats: World, steps: list[tuple[str, str, int]]) -> None:
    """Whatever is done in whatever order: never verified by its owner or who answered, every overdue one climbs, its
    deadline moves by the one extension alone, versions follow, what followed only grows, and it can be ended (I30).
    """
    world = hats
    act, rounds = world.desk.rectifications, Oracle(world.clock.at)
    id = opened(world, owner="two.hats")
    card = act.get(id)
    for what, who, days in steps:
        before, at = card, world.clock.at
        if what == "wait":
            world.clock.at += days * DAY
            climbs = rounds.status != "verified" and world.clock.at >= rounds.due
            assert world.desk.tick(1000).escalated == climbs
            if climbs:
                rounds.levels, rounds.due = rounds.levels + 1, world.clock.at + 30 * DAY
                event("escalated")
        else:
            to = at + days * DAY
            allowed = rounds.may(what, who, at, to)
            event(f"{what}: {allowed}")
            if not allowed:
                assert codes(lambda w=what, a=who, t=to: do(world, id, w, a, t))
                continue
            do(world, id, what, who, to)
            rounds.does(what, who, to)
        card = act.get(id)
        assert card.follow_ups[: len(before.follow_ups)] == before.follow_ups
        assert card.version - before.version == len(card.follow_ups) - len(before.follow_ups)
        assert (card.status, card.deadline, len(card.reached)) == (rounds.status, rounds.deadline, rounds.levels)
        assert card.due == (None if rounds.status == "verified" else rounds.due)
        assert load(dump(card, Card), Card) == card
        assert canonical(load(dump(card, Card), Card)) == canonical(card)
    if card.status != "verified":
        act.answer(id, "At last.", actor="head.mkt")
        for barred in ("two.hats", "head.mkt"):
            assert codes(lambda who=barred: act.verify(id, "Good.", actor=who))
        act.verify(id, "Good.", actor="cfo" if "cfo" not in rounds.answerers else "officer")
    assert act.get(id).verified_by not in {"two.hats", *rounds.answerers}
