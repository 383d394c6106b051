"""Plan and use: what is recorded, when it is due, and how a document ends on it (C8)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from expense_policy.domain.categories import UseRow
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.refusals import Code
from expense_policy.ports.repository import Look, Repository, Seen, Sum

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


def kept(world: World, id: str) -> list[UseRow]:
    """The use record as it stands in the store."""
    return [f for _, facts in world.desk.env.repository.history(id) for f in facts if isinstance(f, UseRow)]


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
    found = kept(world, id)
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
