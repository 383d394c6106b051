"""The use record: what is entered, when it is due, how it is read (C8)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.ports.repository import Look, Repository, Seen, Sum

from .test_spine import codes
from .world import World


@pytest.mark.clause("C3.3")
def test_contacts_are_counted_for_the_recipients_asked(world: World) -> None:
    """A sum over several values counts each of them and nothing else; no value at all counts nothing."""
    id = world.apply(world.sms()).id
    world.sign_all(id)
    rows = tuple(SmsSent(world.clock.now(), name) for name in ("C1", "C2", "C2", "\"C3'", "C4"))
    world.desk.spending.record_use(id, rows, actor="li.na")

    def counted(recipients: str | tuple[str, ...]) -> dict[tuple[str, ...], int]:
        where = (("type", "sms"), ("month", "2026-01"), ("recipient", recipients))
        asked = Look(sums=(Sum("contacts", ("month", "recipient"), where),))
        return dict(world.desk.env.repository.look(asked).sums[0])

    assert counted(("C2", "\"C3'", "C9")) == {("2026-01", "C2"): 2, ("2026-01", "\"C3'"): 1}
    assert counted("C1") == {("2026-01", "C1"): 1}
    assert counted(()) == {}


@pytest.mark.clause("C3.3")
def test_a_batch_asks_for_its_own_recipients(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recording a message reads the month's count of its recipient alone, and the fifth in a month still shows."""
    world = World.with_budget(repository)
    id = world.apply(world.sms()).id
    world.sign_all(id)
    asked: list[Sum] = []
    look = repository.look

    def looked(at: Look) -> Seen:
        asked.extend(at.sums)
        return look(at)

    monkeypatch.setattr(repository, "look", looked)
    for name in ("C1", "C2", "C1", "C1", "C1"):
        world.desk.spending.record_use(id, (SmsSent(world.clock.now(), name),), actor="li.na")
    assert [dict(each.where)["recipient"] for each in asked] == [(n,) for n in ("C1", "C2", "C1", "C1", "C1")]
    again = (SmsSent(world.clock.now(), "C1"), SmsSent(world.clock.now(), "C2"))
    found = world.desk.would.spending.record_use(id, again, actor="li.na").refusals
    assert [r.code for r in found] == [Code.STANDARD_BROKEN, Code.REASON_MISSING]
    assert dict(found[0].facts)["figure"] == 5


@pytest.mark.clause("C3.3", "X3")
def test_a_message_keeps_its_time_and_content(world: World) -> None:
    """A message's row keeps its instant, its text where it is not the planned one, and the company's day and month."""
    id = world.apply(world.sms()).id
    world.sign_all(id)
    world.clock.at = datetime(2026, 1, 31, 16, 0, tzinfo=timezone.utc)
    east = datetime(2026, 2, 1, 0, 0, tzinfo=timezone(timedelta(hours=8)))
    rows = [SmsSent(east - timedelta(microseconds=1), "C1")] * 4
    rows += [SmsSent(east, "C1", "Happy new year"), SmsSent(east, "C1", "新年好")]
    # The fifth and sixth are in another month: no limit is broken but that of the hours, at midnight.
    world.desk.spending.record_use(id, tuple(rows), actor="li.na", reason="The platform's clock was wrong.")
    found = list(world.desk.uses(id))
    assert [row.on for row in found] == [date(2026, 1, 31)] * 4 + [date(2026, 2, 1)] * 2
    assert found[3].detail == (("at", "2026-01-31T15:59:59.999999Z"),)
    assert found[4].detail == (("at", "2026-01-31T16:00:00.000000Z"),)
    assert found[5].detail == (("at", "2026-01-31T16:00:00.000000Z"), ("text", "新年好"))
    assert [row.recipient for row in found] == ["C1"] * 6
    assert {row.broken for row in found} == {("contact_hours",)}


def test_a_message_is_sent_at_one_instant() -> None:
    """A message's instant is the same in every zone; a day, or a naive datetime, does not construct."""
    utc = datetime(2026, 1, 5, 1, tzinfo=timezone.utc)
    assert SmsSent(utc.astimezone(timezone(timedelta(hours=8))), "C1") == SmsSent(utc, "C1")
    with pytest.raises(ValueError, match="aware"):
        SmsSent(datetime(2026, 1, 5), "C1")  # noqa: DTZ001  # the naive one
    with pytest.raises(TypeError, match="datetime"):
        SmsSent(date(2026, 1, 5), "C1")  # type: ignore[arg-type]  # the day


@pytest.mark.clause("C8", "A3.3")
def test_use_is_kept_flagged_and_bounded(world: World) -> None:
    """A broken standard in use needs a reason and is flagged; use never passes approval, and voids no signature."""
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.on(date(2026, 3, 30))
    late, desk = (GiftIssued(date(2026, 3, 30), "C1", 2),), world.desk.spending
    with pytest.raises(Refused) as refused:
        desk.record_use(id, late, actor="li.na")
    assert Code.REASON_MISSING in codes(refused)
    statement = world.desk.document(id).statement
    desk.record_use(id, late, actor="li.na", reason="The post was late.")
    assert world.desk.document(id).statement == statement
    assert len(world.desk.document(id).signatures) == 4
    with pytest.raises(Refused) as refused:
        desk.record_use(id, (GiftIssued(date(2026, 2, 1), "C2", 9),), actor="li.na")
    assert codes(refused) == {Code.USE_EXCEEDS_APPROVAL}


@pytest.mark.clause("C8")
def test_a_use_record_falls_due(world: World) -> None:
    """It is due thirty days after the payment that first went beyond it, listed from then on until settlement."""
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "400.00")
    world.clock.forward(days=20)
    # A later payment defers nothing.
    world.pay(id, form, "600.00")
    world.clock.forward(days=10, seconds=-1)
    assert world.overdue() == []
    world.clock.forward(seconds=1)
    assert world.overdue() == [id]
    world.desk.spending.settle(id, (GiftIssued(date(2026, 2, 1), "C1", 10),), actor="li.na")
    assert (world.overdue(), world.desk.document(id).use_due_at) == ([], None)


@pytest.mark.clause("C8", "A4.2")
def test_a_use_record_is_due_while_more_is_paid_than_used(world: World) -> None:
    """What is paid back, or used in full, is due no more; the next payment beyond the use sets a new day."""
    form, spending = world.gift("1000.00"), world.desk.spending
    id = world.apply(form).id
    world.on(date(2026, 1, 20))
    world.sign_all(id)

    def due() -> datetime | None:
        return world.desk.document(id).use_due_at

    world.pay(id, form, "300.00")
    world.pay(id, form, "300.00")
    first = datetime(2026, 2, 19, 1, tzinfo=timezone.utc)
    assert due() == first
    spending.reverse(id, 1, actor="cashier", reason="Bounced.")
    assert due() == first
    spending.reverse(id, 2, actor="cashier", reason="Bounced.")
    assert due() is None
    world.clock.forward(days=1)
    world.pay(id, form, "300.00")
    assert due() == first + timedelta(days=1)
    spending.record_use(id, (GiftIssued(date(2026, 1, 21), "C1", 2),), actor="li.na")
    assert due() == first + timedelta(days=1)
    spending.record_use(id, (GiftIssued(date(2026, 1, 21), "C2", 2),), actor="li.na")
    assert due() is None
    # Up to what is used already, nothing falls due.
    world.pay(id, form, "100.00")
    assert due() is None
    world.clock.forward(days=1)
    world.pay(id, form, "0.01")
    assert due() == first + timedelta(days=2)


@pytest.mark.clause("C8", "A3.3")
def test_what_was_used_is_not_revised(world: World) -> None:
    """Once its use record has begun a document is not revised any more."""
    form = world.sms()
    id = world.apply(form).id
    world.sign_all(id)
    world.desk.spending.record_use(id, (SmsSent(world.clock.now(), "C1"),), actor="li.na")
    (found,) = world.desk.would.spending.revise(id, form, actor="li.na").refusals
    assert found.code is Code.USE_RECORDED


@pytest.mark.clause("C8")
def test_use_is_recorded_once_it_happened(world: World) -> None:
    """A row of a day that has not come is refused with both days, reason or not; until the day's end it stands."""
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form)
    world.clock.at = datetime(2026, 1, 31, 15, 59, 59, 999999, tzinfo=timezone.utc)
    rows = (GiftIssued(date(2026, 2, 1), "C1", 9), GiftIssued(date(2026, 1, 31), "C2"))
    (found,) = world.desk.would.spending.settle(id, rows, actor="li.na", reason="In advance.").refusals
    assert (found.code, found.clause) == (Code.USE_NOT_YET, "C8")
    assert dict(found.facts) == {"day": "2026-02-01", "today": "2026-01-31"}
    with pytest.raises(Refused):
        world.desk.spending.settle(id, rows, actor="li.na")
    world.clock.forward(microseconds=1)
    assert world.desk.spending.settle(id, rows, actor="li.na").status == Status.SETTLED


@pytest.mark.clause("A1.1", "C8")
def test_spending_follows_its_approval(world: World) -> None:
    """A use dated before the approval's day is a broken standard: kept and flagged with a reason, else refused."""
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.on(date(2026, 1, 25))
    world.sign_all(id)
    rows = tuple(GiftIssued(date(2026, 1, day), f"C{day}") for day in (24, 25))
    with pytest.raises(Refused) as refused:
        world.desk.spending.record_use(id, rows, actor="li.na")
    broken, missing = refused.value.refusals
    assert (broken.code, broken.clause, missing.code) == (Code.STANDARD_BROKEN, "A1.1", Code.REASON_MISSING)
    assert dict(broken.facts) == {"standard": "before_approval", "figure": "2026-01-24", "limit": "2026-01-25"}
    assert "批准前使用" in broken.text("zh")
    world.desk.spending.record_use(id, rows, actor="li.na", reason="A customer came by.")
    found = list(world.desk.uses(id))
    assert [(row.broken, row.reason) for row in found] == [(("before_approval",), "A customer came by."), ((), None)]


@pytest.mark.clause("A1.1", "C3.3")
def test_a_message_before_approval_shows(world: World) -> None:
    """So it is with messages: the company's day of the instant decides."""
    id = world.apply(world.sms()).id
    world.on(date(2026, 1, 25))
    world.sign_all(id)
    first = datetime(2026, 1, 24, 16, 0, tzinfo=timezone.utc)
    would = world.desk.would.spending

    def broken(at: datetime) -> list[object]:
        found = would.record_use(id, (SmsSent(at, "C1"),), actor="li.na").refusals
        return [dict(each.facts)["standard"] for each in found if each.code is Code.STANDARD_BROKEN]

    # At midnight it is out of hours in any case.
    assert broken(first) == ["contact_hours"]
    assert broken(first - timedelta(microseconds=1)) == ["before_approval", "contact_hours"]
    (late,) = would.record_use(id, (SmsSent(first + timedelta(days=1, hours=12), "C1"),), actor="li.na").refusals
    assert late.code is Code.USE_NOT_YET


@pytest.mark.clause("C8", "A4.4", "G3.4")
def test_the_use_record_is_read_in_order(world: World) -> None:
    """The use record is had from the desk as it was entered, before and after the end, and with what is archived."""
    form, desk = world.gift("1000.00"), world.desk
    id = world.apply(form).id
    assert list(desk.uses(id)) == list(desk.uses("nobody's")) == []
    world.sign_all(id)
    world.pay(id, form, "900.00")
    world.on(date(2026, 2, 10))
    days = [date(2026, 2, day) for day in (9, 8, 10)]
    desk.spending.record_use(id, tuple(GiftIssued(day, "C1") for day in days[:2]), actor="li.na")
    desk.spending.close(id, actor="li.na", reason="Enough.")
    desk.spending.record_use(id, (GiftIssued(days[2], "C2", 3),), actor="li.na")
    rows = tuple(desk.uses(id))
    assert [(row.number, row.on, row.recipient, row.quantity, row.units) for row in rows] == [
        (1, days[0], "C1", 1, 10000),
        (2, days[1], "C1", 1, 10000),
        (3, days[2], "C2", 3, 30000),
    ]
    found = desk.archived(id)
    assert (found.uses, found.entries) == (rows, tuple(desk.history(id)))


@pytest.mark.clause("C8")
def test_a_use_record_is_refused_for_every_reason_at_once(world: World) -> None:
    """That a use record isn't open hides nothing else: who records, what day, what standard, how much are told too."""
    id = world.apply(world.gift("1000.00")).id
    world.on(date(2026, 3, 30))
    would = world.desk.would.spending
    rows = (GiftIssued(date(2026, 3, 30), "C1", 10), GiftIssued(date(2026, 3, 31), "C2"))
    every = {
        *(Code.USE_NOT_OPEN, Code.ACTOR_NOT_APPLICANT, Code.STANDARD_BROKEN),
        *(Code.REASON_MISSING, Code.USE_NOT_YET, Code.USE_EXCEEDS_APPROVAL),
    }
    assert {r.code for r in would.record_use(id, rows, actor="mei").refusals} == every
    # Nothing is paid of it either, and withdrawing it is what is proposed, and allowed.
    settled = {*every, Code.NOTHING_TO_CLOSE, Code.USE_EXCEEDS_PAID}
    assert {r.code for r in would.settle(id, rows, actor="mei").refusals} == settled
    world.desk.spending.withdraw(id, actor="li.na")
    assert {r.code for r in would.settle(id, rows, actor="mei").refusals} == every
    (found,) = would.settle(id, actor="officer").refusals
    assert found.code is Code.USE_NOT_OPEN
    plan = next(row.id for row in world.desk.find(kind="budget_plan"))
    assert {r.code for r in would.record_use(plan, rows, actor="li.na").refusals} == {
        Code.USE_NOT_OPEN,
        Code.ACTOR_NOT_APPLICANT,
    }
