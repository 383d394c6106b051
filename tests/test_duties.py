"""Duties that return: when each is due, who does it, what is reported of one that was missed (G3.5)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expense_policy.codec import dump, load
from expense_policy.domain import duty
from expense_policy.domain.cards import Card
from expense_policy.domain.content import canonical
from expense_policy.domain.duty import Duty, Returning
from expense_policy.domain.organisation import Holding
from expense_policy.domain.periods import Calendar
from expense_policy.domain.refusals import Code, Refused
from expense_policy.ports.errors import Conflict
from expense_policy.ports.repository import Look, Repository
from expense_policy.services.duties import ReportMissed
from expense_policy.services.engine import Engine
from expense_policy.services.verification import verify

from .world import PEOPLE, POLICY, World

DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
EVERYONE = (*PEOPLE, Holding("internal_audit", "auditor"))
FIRST = datetime(2025, 12, 31, 16, tzinfo=timezone.utc)
"""The first instant of 1 January 2026 in the company's zone, on which its policy comes into force."""


@pytest.fixture
def company(repository: Repository) -> World:
    """The policy in force, and an internal auditor."""
    return World.with_policy(repository, EVERYONE)


def stands(world: World, name: str) -> Returning:
    """How a duty stands."""
    (found,) = [each for each in world.desk.duties.all() if each.name == name]
    return found


def reports(world: World, name: str) -> list[dict[str, str]]:
    """What every notice about a duty said."""
    world.desk.tick(1000)
    return [dict(notice.body) for notice in world.notices.notices if notice.about == f"duty:{name}" and notice.body]


@pytest.mark.clause("G3.5")
def test_a_duty_is_due_after_its_interval(company: World) -> None:
    """Counted from the policy's first day, then from when it was last done, it is due by the end of the last day."""
    assert [(each.name, each.days, each.done_at, each.missed) for each in company.desk.duties.all()] == [
        *(("monitoring", 31, None, 0), ("accounting", 31, None, 0), ("audit", 366, None, 0)),
    ]
    assert [each.due for each in company.desk.duties.all()] == [FIRST + n * DAY for n in (32, 32, 367)]
    company.clock.at = FIRST + 32 * DAY - MOMENT
    assert stands(company, "monitoring").missed == 0
    company.clock.at += MOMENT
    assert stands(company, "monitoring").missed == 1
    receipt = company.desk.duties.done("monitoring", actor="officer", note="January looked through.")
    assert receipt.status == "done"
    now = stands(company, "monitoring")
    assert (now.done_by, now.missed, now.due) == ("officer", 0, FIRST + 64 * DAY)
    assert stands(company, "accounting").missed == 1
    (entry,) = company.desk.history("duty:monitoring")
    assert (entry.act, entry.office, entry.reason) == ("do_duty", "finance_officer", "January looked through.")


@pytest.mark.clause("G3.5")
def test_a_duty_is_done_in_its_office(company: World) -> None:
    """Monitoring and accounting are finance's, the audit internal audit's; a dry run says so too."""
    cases = {
        "monitoring": ("officer", "cfo"),
        "accounting": ("officer", "cfo"),
        "audit": ("auditor",),
    }
    for name, people in cases.items():
        for holding in (*EVERYONE, Holding("none", "li.na")):
            would = company.desk.would.duties.done(name, actor=holding.person)
            assert would.allowed == (holding.person in people), (name, holding.person)
            if not would.allowed:
                with pytest.raises(Refused) as refused:
                    company.desk.duties.done(name, actor=holding.person)
                assert [(r.code, r.clause) for r in refused.value.refusals] == [(Code.OFFICE_NOT_HELD, "G3.5")]
    wrong: Any = company.desk.duties
    with pytest.raises(ValueError, match="monitoring, accounting, audit"):
        wrong.done("cleaning", actor="cfo")


@pytest.mark.clause("G3.5")
def test_without_a_policy_nothing_returns(repository: Repository) -> None:
    """Before a policy is in force no duty is counted, done or reported."""
    world = World.open(repository, EVERYONE)
    assert world.desk.tick(1000).missed == 0
    for act in (world.desk.duties.all, lambda: world.desk.duties.done("audit", actor="auditor")):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.refusals[0].code is Code.POLICY_NOT_IN_FORCE


@pytest.mark.clause("G3.5")
def test_each_missed_interval_is_reported_once(company: World) -> None:
    """A tick reports each interval that passed without the duty, once, and again only after another one passed."""
    missed = []
    for n in range(1, 140):
        company.clock.at = FIRST + n * DAY
        swept = [company.desk.tick(1000).missed for _ in range(2)]
        assert swept[1] == 0
        missed += [(n, swept[0])] if swept[0] else []
    # Monitoring and accounting are both due every 31 days.
    assert missed == [(32, 2), (63, 2), (94, 2), (125, 2)]
    assert [body["missed"] for body in reports(company, "monitoring")] == ["1", "2", "3", "4"]
    told = {notice.to for notice in company.notices.notices if notice.about == "duty:accounting"}
    assert told == {("officer", "cfo")}
    company.desk.duties.done("monitoring", actor="cfo")
    company.clock.at += 31 * DAY
    assert company.desk.tick(1000).missed == 1
    company.clock.at += DAY
    assert company.desk.tick(1000).missed == 1
    assert [body["missed"] for body in reports(company, "monitoring")][4:] == ["1"]
    assert verify(company.desk.env.repository).breaks == ()


@pytest.mark.clause("G3.5")
def test_two_at_once_report_an_interval_once(company: World) -> None:
    """A sweep that saw an interval missed, and meets one that reported it meanwhile, reports nothing."""
    company.clock.at = FIRST + 32 * DAY
    first = Engine(company.desk.env)
    act = ReportMissed("monitoring", company.desk.env.directory)
    assert first.perform(act).status == "missed"
    for late in range(2):
        with pytest.raises(Conflict, match="meanwhile"):
            first.perform(act)
        if not late:
            company.desk.duties.done("monitoring", actor="officer")
    assert [entry.act for entry in company.desk.history("duty:monitoring")] == ["report_missed", "do_duty"]


@pytest.mark.clause("G3.5")
def test_a_missed_audit_goes_to_the_general_manager(company: World) -> None:
    """A missed audit is reported to internal audit and the general manager; several intervals missed come together."""
    company.clock.at = FIRST + 800 * DAY
    company.desk.tick(1000)
    assert [body["missed"] for body in reports(company, "audit")] == ["2"]
    assert {notice.to for notice in company.notices.notices if notice.about == "duty:audit"} == {("gm", "auditor")}


@pytest.mark.clause("G3.5")
def test_what_is_done_late_is_reported_with_it(company: World) -> None:
    """Where nobody ticked meanwhile, the act that does a missed duty late reports what was missed."""
    company.clock.at = FIRST + 70 * DAY
    company.desk.duties.done("monitoring", actor="officer")
    company.desk.duties.done("monitoring", actor="officer")
    assert [body["missed"] for body in reports(company, "monitoring")] == ["2"]
    assert stands(company, "monitoring").missed == 0


@pytest.mark.clause("G3.5")
def test_where_nobody_holds_the_offices_they_are_told_themselves(repository: Repository) -> None:
    """A missed duty of offices that nobody holds is reported all the same."""
    world = World.with_policy(repository, EVERYONE)
    clock = world.clock.at = FIRST + 400 * DAY
    world = World.open(repository, tuple(h for h in PEOPLE if h.office != "general_manager"))
    world.clock.at = clock
    world.desk.tick(1000)
    world.desk.tick(1000)
    assert {n.to for n in world.notices.notices if n.about == "duty:audit"} == {("internal_audit", "general_manager")}


@pytest.mark.clause("G3.5", "X2")
def test_a_new_interval_holds_from_its_day(company: World) -> None:
    """A new version's interval counts from its effective day; what was reported under the old one is not again."""
    company.clock.at = FIRST + 40 * DAY
    assert company.desk.tick(1000).missed == 2
    newer = POLICY.replace('version = "2026.1"', 'version = "2026.2"').replace("= 2026-01-01", "= 2026-03-01")
    for person in ("cfo", "gm"):
        company.desk.policies.adopt(f"{newer}\n[duties]\nmonitoring = 10\n", actor=person)
    company.clock.at = FIRST + 58 * DAY
    assert stands(company, "monitoring").missed == 1
    company.clock.at += DAY
    assert (stands(company, "monitoring").days, stands(company, "monitoring").missed) == (10, 5)
    assert company.desk.tick(1000).missed == 1
    assert [body["missed"] for body in reports(company, "monitoring")] == ["1", "5"]
    assert stands(company, "monitoring").reported == 5


ZONES = st.sampled_from(("Asia/Shanghai", "America/New_York", "UTC", "Pacific/Auckland"))
INSTANTS = st.integers(0, 3 * 365 * 86_400).map(lambda seconds: FIRST + timedelta(seconds=seconds))


@pytest.mark.clause("G3.5", "X3")
@given(ZONES, st.integers(1, 400), INSTANTS, INSTANTS)
def test_missed_intervals_are_those_that_ended(zone: str, days: int, last: datetime, at: datetime) -> None:
    """As many are missed as ends of an interval lie before the company's day; none before it is due, one from then on.

    What is done at a moment is missed in none of them, and a card reads back as it was written (I2).
    """
    calendar = Calendar(zone)
    card = duty.done("audit", days, None, "auditor", calendar, last)
    at = max(last, at)
    now = duty.standing("audit", days, card, date(2020, 1, 1), calendar, at)
    ends, day = 0, calendar.day(last) + timedelta(days=days)
    while day < calendar.day(at):
        ends, day = ends + 1, day + timedelta(days=days)
    assert now.missed == ends
    assert (now.missed > 0) == (at >= now.due)
    assert now.due == card.due
    assert duty.standing("audit", days, card, date(2020, 1, 1), calendar, last).missed == 0
    said = duty.reported(card, now, calendar) if now.missed else card
    if now.missed:
        ended = day - timedelta(days=days)
        assert (said.version, said.reported, said.done_at, said.due) == (2, ended, last, now.due)
        assert duty.standing("audit", days, said, date(2020, 1, 1), calendar, at).reported == now.missed
    assert said.status == ("missed" if now.missed else "done")
    for each in (card, said):
        assert load(dump(each, Card), Card) == each
        assert canonical(load(dump(each, Card), Card)) == canonical(each)


@pytest.mark.clause("G3.5")
@given(st.lists(st.tuples(st.sampled_from(("wait", "tick", "do", "policy")), st.integers(0, 70)), max_size=40))
@example([("policy", 10), ("wait", 40), ("tick", 0), ("policy", 31), ("wait", 23), ("tick", 0)])
def test_no_interval_is_reported_twice_or_never(steps: list[tuple[str, int]]) -> None:
    """Whatever comes in whatever order, each interval that ended after the last one that was reported is, once.

    A policy that changes the interval changes which these are, and nothing that ended since is passed over.
    """
    calendar, first = Calendar("Asia/Shanghai"), date(2026, 1, 1)
    card, at, interval, last = None, FIRST, 31, first
    told = missed = 0
    until, same = first, True
    for what, days in (*steps, ("do", 0)):
        if what == "wait":
            at += days * DAY
        elif what == "policy":
            interval, same = days + 1, same and days + 1 == interval
        else:
            now, today = duty.standing("monitoring", interval, card, first, calendar, at), calendar.day(at)
            ends = [last + timedelta(days=n) for n in range(interval, (today - last).days, interval)]
            assert (now.missed, now.missed - now.reported) == (len(ends), sum(end > until for end in ends))
            told += now.missed - now.reported
            if what == "do":
                missed += now.missed
                card, last, until = duty.done("monitoring", interval, card, "officer", calendar, at), today, today
            elif now.missed > now.reported:
                card, until = duty.reported(card, now, calendar), ends[-1]
    assert told == missed or not same


@pytest.mark.clause("G3.5", "G3.4")
def test_a_duty_is_a_card_of_its_own(company: World) -> None:
    """What was done stands in the store as one card, found by its kind and by when it is due."""
    company.desk.duties.done("audit", actor="auditor", key="a-1")
    company.desk.duties.done("audit", actor="auditor", key="a-1")
    repository = company.desk.env.repository
    (card,) = repository.look(Look(cards=("duty:audit",))).cards.values()
    assert isinstance(card, Duty)
    assert (card.version, card.done_by, card.status) == (1, "auditor", "done")
    assert card.due is not None
    assert list(repository.cards((("kind", "duty"),), card.due)) == [card]
    assert list(repository.cards((("kind", "duty"),), card.due - MOMENT)) == []
    assert list(repository.cards((("kind", "rectification"),))) == []
    assert len(list(company.desk.history("duty:audit"))) == 1
