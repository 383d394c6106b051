"""Plan and use: what is recorded, when it is due, and how a document ends on it (C8)."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import attrs
import pytest

from expense_adapters.sql import SqlRepository
from expense_policy.domain.application import Share
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.documents import Document, manifest
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.ports.repository import Look, Repository, Seen, Sum
from expense_policy.services.verification import verify

from .test_spine import codes
from .world import World, cny


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
    # The fifth and sixth are in another month: no limit is broken.
    world.desk.spending.record_use(id, tuple(rows), actor="li.na")
    found = list(world.desk.uses(id))
    assert [row.on for row in found] == [date(2026, 1, 31)] * 4 + [date(2026, 2, 1)] * 2
    assert found[3].detail == (("at", "2026-01-31T15:59:59.999999Z"),)
    assert found[4].detail == (("at", "2026-01-31T16:00:00.000000Z"),)
    assert found[5].detail == (("at", "2026-01-31T16:00:00.000000Z"), ("text", "新年好"))
    assert [row.recipient for row in found] == ["C1"] * 6


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


def overdue(world: World) -> list[str]:
    """The documents whose use record was due by now."""
    return [row.id for row in world.desk.use_overdue()]


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
    assert overdue(world) == []
    world.clock.forward(seconds=1)
    assert overdue(world) == [id]
    world.desk.spending.settle(id, (GiftIssued(date(2026, 2, 1), "C1", 10),), actor="li.na")
    assert (overdue(world), world.desk.document(id).use_due_at) == ([], None)


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


@pytest.mark.clause("C8", "A3.4")
def test_an_ended_document_may_be_overdue(world: World) -> None:
    """A document closed after a part payment is listed like any other whose use record was due."""
    forms = [world.gift("1000.00") for _ in range(3)]
    ids = [world.apply(form).id for form in forms]
    for id, form in zip(ids, forms, strict=True):
        world.sign_all(id)
        world.pay(id, form, "400.00")
    world.desk.spending.close(ids[0], actor="li.na", reason="Enough.")
    world.clock.at = datetime(2026, 8, 1, tzinfo=timezone.utc)
    assert world.desk.tick().expired == 2
    assert overdue(world) == sorted(ids)
    page = world.desk.use_overdue(limit=1)
    assert [row.id for row in (*page, *world.desk.use_overdue(after=page[-1].id))] == sorted(ids)
    assert {row.status for row in page} == {"closed"}


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
    assert would.record_use(id, (SmsSent(first, "C1"),), actor="li.na").allowed
    early = would.record_use(id, (SmsSent(first - timedelta(microseconds=1), "C1"),), actor="li.na")
    assert [r.code for r in early.refusals] == [Code.STANDARD_BROKEN, Code.REASON_MISSING]
    (late,) = would.record_use(id, (SmsSent(first + timedelta(days=1), "C1"),), actor="li.na").refusals
    assert late.code is Code.USE_NOT_YET


@pytest.mark.clause("A3.4", "C8")
@pytest.mark.parametrize("way", ["close", "expire"])
def test_the_use_of_what_was_paid_follows_its_end(world: World, way: str) -> None:
    """After a close or expiry the use of what was paid is recorded up to it; the archive stands, nothing else opens."""
    form, desk = world.gift("1000.00"), world.desk
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "400.00")
    if way == "close":
        desk.spending.close(id, actor="li.na", reason="Enough.")
        world.on(date(2026, 2, 10))
    else:
        world.clock.at = datetime(2026, 8, 1, tzinfo=timezone.utc)
        desk.tick()
    ended, reason = desk.document(id), "Given late." if way == "expire" else None
    assert ended.status is Status.CLOSED
    assert overdue(world) == [id]
    today = world.clock.at.date()
    (found,) = desk.would.spending.record_use(
        id, (GiftIssued(today, "C1", 5),), actor="li.na", reason="Given late."
    ).refusals
    assert (found.code, dict(found.facts)) == (Code.USE_EXCEEDS_PAID, {"used": cny("500.00"), "paid": cny("400.00")})
    with pytest.raises(Refused) as refused:
        desk.spending.settle(id, (GiftIssued(today, "C1", 4),), actor="li.na", reason="Given late.")
    assert codes(refused) == {Code.USE_NOT_OPEN}
    desk.spending.record_use(id, (GiftIssued(today, "C1", 1),), actor="li.na", reason=reason)
    assert overdue(world) == [id]
    desk.spending.record_use(id, (GiftIssued(today, "C2", 3),), actor="li.na", reason=reason)
    now = desk.document(id)
    assert (overdue(world), now.used, now.use_rows) == ([], 40000, 2)
    changed = {"version", "used", "use_rows", "use_due_at"}
    assert all(getattr(ended, f.name) == getattr(now, f.name) for f in attrs.fields(Document) if f.name not in changed)
    assert verify(desk.env.repository).breaks == ()


@pytest.mark.clause("C8")
def test_what_is_paid_up_to_its_use_owes_none(world: World) -> None:
    """A closed document of a type that is paid up to its use record takes no more of it, nor does an unpaid one."""
    form, spending = world.sms(), world.desk.spending
    id = world.apply(form).id
    world.sign_all(id)
    rows = (SmsSent(world.clock.now(), "C1"),)
    spending.record_use(id, rows * 2, actor="li.na")
    world.pay(id, form, "0.05")
    spending.close(id, actor="li.na", reason="One failed.")
    gift = world.apply(world.gift("100.00")).id
    world.sign_all(gift)
    spending.withdraw(gift, actor="li.na")
    given = (GiftIssued(date(2026, 1, 5), "C1"),)
    for ended, more in ((id, rows), (gift, given)):
        with pytest.raises(Refused) as refused:
            spending.record_use(ended, more, actor="li.na", reason="Late.")
        assert codes(refused) == {Code.USE_NOT_OPEN}


@pytest.mark.clause("A3.4")
def test_what_was_paid_in_full_is_settled(world: World) -> None:
    """Only a partly paid document is closed: paid in full, closing, withdrawing and revising name settlement."""
    form, desk = world.gift("1000.00"), world.desk
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "999.99")
    assert desk.would.spending.close(id, actor="li.na", reason="Enough.").allowed
    world.pay(id, form, "0.01")
    for decision in (
        desk.would.spending.close(id, actor="li.na", reason="Enough."),
        desk.would.spending.withdraw(id, actor="li.na"),
        desk.would.spending.revise(id, form, actor="li.na"),
    ):
        (found,) = decision.refusals
        assert (found.code, found.clause, dict(found.facts)) == (Code.PAID_IN_FULL, "A3.4", {"paid": cny("1000.00")})
    world.on(date(2026, 2, 10))
    assert desk.would.spending.settle(id, (GiftIssued(date(2026, 2, 10), "C1", 10),), actor="li.na").allowed


@pytest.mark.clause("C8")
def test_settlement_answers_for_what_was_paid(world: World) -> None:
    """A use record that bears less than was paid settles with a reason alone, and the journal keeps it."""
    form, spending = world.gift("1000.00"), world.desk.spending
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form)
    world.on(date(2026, 2, 10))
    rows = (GiftIssued(date(2026, 2, 10), "C1", 1),)
    for reason in (None, " "):
        (found,) = world.desk.would.spending.settle(id, rows, actor="li.na", reason=reason).refusals
        assert (found.code, found.clause) == (Code.USE_FALLS_SHORT, "C8")
        assert dict(found.facts) == {"used": cny("100.00"), "paid": cny("1000.00"), "short": cny("900.00")}
    # What was recorded before counts, and to the last unit nothing is missing.
    spending.record_use(id, rows, actor="li.na")
    rest = (GiftIssued(date(2026, 2, 10), "C2", 9),)
    assert world.desk.would.spending.settle(id, rest, actor="li.na").allowed
    spending.settle(id, actor="officer", reason="Nine boxes came broken; the supplier answers for them.")
    assert [e.reason for e in world.desk.history(id)][-1] == "Nine boxes came broken; the supplier answers for them."
    assert (world.desk.document(id).used, world.desk.document(id).status) == (10000, Status.SETTLED)


@pytest.mark.clause("A4.2", "A4.4", "B2.1")
@pytest.mark.parametrize("way", ["settle", "close"])
def test_a_bounce_after_the_end(world: World, way: str) -> None:
    """A payment that bounces after the end goes straight back to its lines; nothing else of the document changes."""
    shares = (Share("mkt-gifts", cny("700.00")), Share("mkt-gifts-2", cny("300.00")))
    form, desk = world.gift("1000.00", shares=shares), world.desk
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "100.00")
    world.pay(id, form, "300.00")
    world.on(date(2026, 2, 10))
    if way == "settle":
        desk.spending.settle(id, (GiftIssued(date(2026, 2, 10), "C1", 4),), actor="li.na")
    else:
        desk.spending.close(id, actor="li.na", reason="Enough.")
    ended = desk.document(id)
    undone = desk.spending.reverse(id, 2, actor="cashier", reason="Their account is closed.")
    now = desk.document(id)
    assert (undone.number, undone.status, now.paid, now.payments[:2]) == (3, ended.status, 10000, ended.payments)
    balances = {line.id: (line.reserved, line.committed, line.spent) for line in desk.lines()}
    assert (balances["mkt-gifts"], balances["mkt-gifts-2"]) == ((0, 0, 7000), (0, 0, 3000))
    assert all((h.reserved, h.committed) == (0, 0) for h in now.held)
    changed = {"version", "payments", "held"}
    assert all(getattr(ended, f.name) == getattr(now, f.name) for f in attrs.fields(Document) if f.name not in changed)
    # It is archived again as it now stands; paying it again, or undoing it again, is refused.
    archive = [row for entry in desk.history(id) for row in entry.rows if row[0] == "archive"]
    assert (len(archive), archive[-1]) == (2, manifest(now))
    (found,) = desk.would.spending.pay(id, world.instruction(form, "300.00"), actor="cashier").refusals
    assert found.code is Code.STATUS_WRONG
    (found,) = desk.would.spending.reverse(id, 2, actor="cashier", reason="Again.").refusals
    assert found.code is Code.REVERSAL_EXCEEDS_PAYMENT
    desk.spending.reverse(id, 1, actor="cashier", reason="Their account is closed.")
    assert (desk.document(id).paid, overdue(world), desk.document(id).use_due_at) == (0, [], None)
    assert verify(desk.env.repository).breaks == ()


@pytest.mark.clause("A4.2", "A4.3")
def test_a_bounce_after_the_end_keeps_the_duties_apart(world: World) -> None:
    """Undoing a payment after the end takes the cashier and a reason; what ended unpaid has nothing to undo."""
    form, would = world.gift("1000.00"), world.desk.would.spending
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "400.00")
    world.desk.spending.close(id, actor="li.na", reason="Enough.")
    found = would.reverse(id, 1, actor="officer", reason=" ").refusals
    assert {r.code for r in found} == {Code.OFFICE_NOT_HELD, Code.PAYER_NOT_SEPARATE, Code.REASON_MISSING}
    other = world.apply(form).id
    world.sign_all(other)
    world.pay(other, form, "400.00")
    world.desk.spending.reverse(other, 1, actor="cashier", reason="Bounced.")
    world.desk.spending.withdraw(other, actor="li.na")
    found = would.reverse(other, 1, actor="cashier", reason="Bounced.").refusals
    assert {r.code for r in found} == {Code.STATUS_WRONG, Code.REVERSAL_EXCEEDS_PAYMENT}


@pytest.mark.clause("A4.1")
def test_sqlite_pays_nothing_after_the_end(tmp_path: Path) -> None:
    """From plain SQL too a closed document takes a reversal and no payment."""
    store = SqlRepository(f"sqlite:///{tmp_path}/store.db")
    world = World.with_budget(store)
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "400.00")
    world.desk.spending.close(id, actor="li.na", reason="Enough.")
    store.close()
    columns = "payee_name, payee_account, method, payer, at, statement"
    insert = f"INSERT INTO payments SELECT document, 2, 99, ?, {columns}, ?, parts FROM payments"
    with sqlite3.connect(tmp_path / "store.db") as plain:
        with pytest.raises(sqlite3.IntegrityError, match=r"A4\.1"):
            plain.execute(insert, (1, None))
        assert plain.execute(insert, (-40000, 1)).rowcount == 1
    plain.close()


@pytest.mark.clause("A4.4", "G3.4")
def test_what_was_archived_last_is_held_to(tmp_path: Path) -> None:
    """After a bounce the newer archive row counts: a payment taken away afterwards is a break of the archive (I14)."""
    store = SqlRepository(f"sqlite:///{tmp_path}/store.db")
    world = World.with_budget(store)
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "400.00")
    world.desk.spending.close(id, actor="li.na", reason="Enough.")
    world.desk.spending.reverse(id, 1, actor="cashier", reason="Bounced.")
    assert verify(store).breaks == ()
    with sqlite3.connect(tmp_path / "store.db") as plain:
        plain.execute("DROP TRIGGER payments_no_delete")
        plain.execute("DELETE FROM payments WHERE number = 2")
    plain.close()
    assert "I14" in {each.law for each in verify(store).breaks}
    store.close()


@pytest.mark.clause("A3.3", "A3.4")
def test_what_was_paid_once_keeps_its_content(world: World) -> None:
    """After every payment was reversed a document is not revised; what each refusal proposes is allowed."""
    form, desk = world.gift("1000.00"), world.desk
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form)
    desk.spending.reverse(id, 1, actor="cashier", reason="Bounced.")
    would = desk.would.spending
    (found,) = would.revise(id, world.gift("900.00"), actor="li.na").refusals
    assert (found.code, found.clause, dict(found.facts)) == (Code.PAYMENTS_REVERSED, "A3.3", {"payments": 1})
    (found,) = would.close(id, actor="li.na", reason="No more.").refusals
    assert found.code is Code.NOTHING_TO_CLOSE
    # It may be paid again, as a new instalment; or it is withdrawn, as both say.
    assert would.pay(id, world.instruction(form), actor="cashier").allowed
    assert desk.spending.withdraw(id, actor="li.na").status == Status.WITHDRAWN
    assert verify(desk.env.repository).breaks == ()


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
    assert {r.code for r in would.settle(id, rows, actor="mei").refusals} == {*every, Code.NOTHING_TO_CLOSE}
    world.desk.spending.withdraw(id, actor="li.na")
    assert {r.code for r in would.settle(id, rows, actor="mei").refusals} == every
    (found,) = would.settle(id, actor="officer").refusals
    assert found.code is Code.USE_NOT_OPEN
    plan = next(row.id for row in world.desk.find(kind="budget_plan"))
    assert {r.code for r in would.record_use(plan, rows, actor="li.na").refusals} == {
        Code.USE_NOT_OPEN,
        Code.ACTOR_NOT_APPLICANT,
    }
