"""Monitoring and closing as duties that return: what strays is put right, and whoever did it has done it."""

from __future__ import annotations

from datetime import date

import pytest

from expense_policy.domain.periods import Calendar, Month
from expense_policy.domain.refusals import Code, Refused

from .world import World


def _last(world: World, name: str) -> date | None:
    """The company's day on which a duty was last done."""
    done = next(each.done_at for each in world.desk.duties.all() if each.name == name)
    return None if done is None else Calendar("Asia/Shanghai").day(done)


@pytest.mark.clause("B2.3", "B2.4", "G3.5")
def test_what_strays_is_put_right(world: World) -> None:
    """Each line that strays from its plan opens one rectification a month, and monitoring is done on that day."""
    desk = world.desk
    form = world.gift("90000.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.on(date(2026, 1, 20))
    world.pay(id, form)
    found = desk.execution(year=2026)
    assert {each.line.id for each in found.deviations} == {each.line.id for each in found.lines}
    opened = desk.monitor(actor="officer")
    assert len(opened) == len(found.deviations)
    assert _last(world, "monitoring") == date(2026, 1, 20)
    told = {each.finding.about: dict(each.finding.figures) for each in desk.rectifications.find(status="open")}
    for line in found.deviations:
        figures = told[line.line.id]
        assert (figures["planned"], figures["spent"]) == (str(line.planned_to_date), str(line.figures.spent))
    assert desk.monitor(actor="officer") == ()
    world.on(date(2026, 2, 20))
    assert len(desk.monitor(actor="officer")) == len(desk.execution(year=2026).deviations)


@pytest.mark.clause("B2.3", "G3.5")
def test_the_duty_is_of_the_whole_company(world: World) -> None:
    """Who looks at one department opens what strays there and has not done the duty; an unknown one is refused."""
    desk = world.desk
    world.on(date(2026, 3, 20))
    with pytest.raises(Refused) as refused:
        desk.monitor("no such department", actor="officer")
    assert {each.code for each in refused.value.refusals} == {Code.DEPARTMENT_OUT_OF_SCOPE}
    assert desk.monitor("customer_service", actor="officer") == ()
    assert len(desk.monitor("marketing", actor="officer")) == len(desk.execution(year=2026).deviations) > 0
    assert _last(world, "monitoring") is None
    assert desk.monitor(actor="officer") == ()
    assert _last(world, "monitoring") == date(2026, 3, 20)


@pytest.mark.clause("B2.3", "B2.4")
def test_a_year_is_monitored_to_its_end(world: World) -> None:
    """What strays after a year was monitored last is put right the first time in the next one, and then no more."""
    desk = world.desk
    world.on(date(2026, 11, 28))
    desk.monitor(actor="officer")
    world.on(date(2027, 1, 5))
    strayed = {each.line.id for each in desk.execution(year=2026).deviations}
    assert strayed == {"mkt-gifts", "mkt-gifts-2", "mkt-sms"}
    cards = [desk.rectifications.get(each.id) for each in desk.monitor(actor="officer")]
    assert {card.finding.about for card in cards} == strayed
    assert {dict(card.finding.figures)["month"] for card in cards} == {"2027-01"}
    world.on(date(2027, 2, 5))
    assert desk.monitor(actor="officer") == ()


@pytest.mark.clause("B2.3")
def test_monitoring_is_finances(world: World) -> None:
    """Nobody but finance monitors, and where it is refused nothing is opened."""
    world.on(date(2026, 3, 20))
    with pytest.raises(Refused) as refused:
        world.desk.monitor(actor="li.na")
    assert {each.code for each in refused.value.refusals} == {Code.OFFICE_NOT_HELD}
    assert list(world.desk.rectifications.find(status="open")) == []


@pytest.mark.clause("G3.5", "R1.1")
def test_a_month_closed_is_a_duty_done(world: World) -> None:
    """Whoever closes a month has done the accounting of it: the next one is due an interval later."""
    world.on(date(2026, 2, 5))
    world.desk.closing.close(Month(2026, 1), actor="officer")
    assert _last(world, "accounting") == date(2026, 2, 5)
