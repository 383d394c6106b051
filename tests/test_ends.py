"""How a paid document ends, and what may still happen to it (A3.4, A4.2, A4.4, C8)."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timezone
from pathlib import Path

import attrs
import pytest

from expense_adapters.sql import SqlRepository
from expense_policy.domain.application import Share
from expense_policy.domain.categories import Effect, EffectMeasured
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.documents import Document, manifest
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.services.verification import verify

from .test_spine import codes
from .world import World, cny


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
    assert world.overdue() == sorted(ids)
    page = world.desk.use_overdue(limit=1)
    assert [row.id for row in (*page, *world.desk.use_overdue(after=page[-1].id))] == sorted(ids)
    assert {row.status for row in page} == {"closed"}


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
    assert world.overdue() == [id]
    today = world.clock.at.date()
    (found,) = desk.would.spending.record_use(
        id, (GiftIssued(today, "C1", 5),), actor="li.na", reason="Given late."
    ).refusals
    assert (found.code, dict(found.facts)) == (Code.USE_EXCEEDS_PAID, {"used": cny("500.00"), "paid": cny("400.00")})
    with pytest.raises(Refused) as refused:
        desk.spending.settle(id, (GiftIssued(today, "C1", 4),), actor="li.na", reason="Given late.")
    assert codes(refused) == {Code.USE_NOT_OPEN}
    desk.spending.record_use(id, (GiftIssued(today, "C1", 1),), actor="li.na", reason=reason)
    assert world.overdue() == [id]
    desk.spending.record_use(id, (GiftIssued(today, "C2", 3),), actor="li.na", reason=reason)
    now = desk.document(id)
    assert (world.overdue(), now.used, now.use_rows) == ([], 40000, 2)
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
    assert (desk.document(id).paid, world.overdue(), desk.document(id).use_due_at) == (0, [], None)
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


def _closed(tmp_path: Path) -> tuple[SqlRepository, World, str]:
    """A SQLite store with one application of 1,000.00, of which 400.00 was paid before it was closed."""
    store = SqlRepository(f"sqlite:///{tmp_path}/store.db")
    world = World.with_budget(store)
    form = world.gift("1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form, "400.00")
    world.desk.spending.close(id, actor="li.na", reason="Enough.")
    return store, world, id


@pytest.mark.clause("A4.1")
def test_sqlite_pays_nothing_after_the_end(tmp_path: Path) -> None:
    """From plain SQL too a closed document takes a reversal and no payment."""
    store, *_ = _closed(tmp_path)
    store.close()
    columns = "payee_name, payee_account, method, payer, at, statement"
    insert = f"INSERT INTO payments SELECT document, 2, 99, ?, {columns}, ?, parts FROM payments"
    with sqlite3.connect(tmp_path / "store.db") as plain:
        with pytest.raises(sqlite3.IntegrityError, match=r"A4\.1"):
            plain.execute(insert, (1, None))
        # The document says first what it was paid.
        plain.execute("UPDATE documents SET version = version + 1, paid = 0 WHERE paid = 40000")
        assert plain.execute(insert, (-40000, 1)).rowcount == 1
    plain.close()


@pytest.mark.clause("A4.4", "G3.4")
def test_what_was_archived_last_is_held_to(tmp_path: Path) -> None:
    """After a bounce the newer archive row counts: a payment taken away afterwards is a break of the archive (I14)."""
    store, world, id = _closed(tmp_path)
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


@pytest.mark.clause("G3.2", "C8", "A4.4")
@pytest.mark.parametrize("way", ["settle", "close"])
def test_an_effect_is_measured_after_the_end(world: World, way: str) -> None:
    """What came of what was settled or closed is recorded by its applicant, alone; nothing else of it changes."""
    form, desk = world.sms(), world.desk
    id = world.apply(form).id
    world.sign_all(id)
    sent = SmsSent(world.clock.now(), "C1")
    desk.spending.record_use(id, (sent, sent), actor="li.na")
    world.pay(id, form, "0.10" if way == "settle" else "0.05")
    if way == "settle":
        desk.spending.settle(id, actor="li.na")
    else:
        desk.spending.close(id, actor="li.na", reason="One failed.")
    ended, on = desk.document(id), date(2026, 3, 30)
    world.on(on)
    row = EffectMeasured(on, Effect.of(orders=3))
    would = desk.would.spending
    for decision, codes_ in (
        (would.record_use(id, (row,), actor="mei"), {Code.ACTOR_NOT_APPLICANT}),
        (would.record_use(id, (EffectMeasured(on, Effect.of(attendees=3)),), actor="li.na"), {Code.EFFECT_UNFIT}),
        (would.record_use(id, (row, sent), actor="li.na"), {Code.USE_NOT_OPEN}),
        (would.settle(id, (row,), actor="li.na"), {Code.USE_NOT_OPEN}),
    ):
        assert codes_ <= {each.code for each in decision.refusals}
    for _ in range(2):
        desk.spending.record_use(id, (row,), actor="li.na")
    now = desk.document(id)
    assert (now.use_rows, now.version) == (ended.use_rows + 2, ended.version + 2)
    same = [f.name for f in attrs.fields(Document) if f.name not in ("version", "use_rows")]
    assert [getattr(now, name) for name in same] == [getattr(ended, name) for name in same]
    assert desk.effect(id).measured == ((on, Effect.of(orders=3)),) * 2
    assert [use.type for use in desk.archived(id).uses] == ["sms", "sms", "effect", "effect"]
    assert verify(desk.env.repository).breaks == ()


@pytest.mark.clause("G3.2", "C8")
def test_what_cost_nothing_has_no_effect(world: World) -> None:
    """Of what was withdrawn, or is still in review, no effect is recorded."""
    id = world.apply(world.sms()).id
    row = EffectMeasured(world.clock.now().date(), Effect.of(orders=3))
    for _ in range(2):
        (found,) = world.desk.would.spending.record_use(id, (row,), actor="li.na").refusals
        assert found.code is Code.USE_NOT_OPEN
        if world.desk.document(id).status is not Status.WITHDRAWN:
            world.desk.spending.withdraw(id, actor="li.na")
