"""Plan and use: what is recorded, when it is due, and how a document ends on it (C8)."""

from __future__ import annotations

from datetime import date

import pytest

from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.refusals import Code
from expense_policy.ports.repository import Look, Repository, Seen, Sum

from .world import World


@pytest.mark.clause("C3.3")
def test_contacts_are_counted_for_the_recipients_asked(world: World) -> None:
    """A sum over several values counts each of them and nothing else; no value at all counts nothing."""
    id = world.apply(world.sms()).id
    world.sign_all(id)
    rows = tuple(SmsSent(date(2026, 1, 5), name) for name in ("C1", "C2", "C2", "\"C3'", "C4"))
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
        world.desk.spending.record_use(id, (SmsSent(date(2026, 1, 5), name),), actor="li.na")
    assert [dict(each.where)["recipient"] for each in asked] == [(n,) for n in ("C1", "C2", "C1", "C1", "C1")]
    again = (SmsSent(date(2026, 1, 5), "C1"), SmsSent(date(2026, 1, 5), "C2"))
    found = world.desk.would.spending.record_use(id, again, actor="li.na").refusals
    assert [r.code for r in found] == [Code.STANDARD_BROKEN, Code.REASON_MISSING]
    assert dict(found[0].facts)["figure"] == 5
