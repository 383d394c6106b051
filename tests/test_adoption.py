"""Policy versions: who adopts them, what speaks against one, and that what was adopted stays as it was (X2, X3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from functools import partial
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expense_adapters.local import FixedDirectory
from expense_adapters.memory import MemoryRepository
from expense_policy.domain.adoption import PolicyVersion
from expense_policy.domain.refusals import Code, Refusal, Refused
from expense_policy.policy_file import load_policy, text_digest
from expense_policy.ports.errors import RepositoryError, Tampered
from expense_policy.ports.repository import Look, Repository, Seen
from expense_policy.services.desk import Desk
from expense_policy.services.engine import POLICY_GUARD, Environment, in_force

from .world import PEOPLE, POLICY, World


def later(version: str, day: str, **changes: str) -> str:
    """The company's policy under another version and day, with words changed."""
    text = POLICY.replace("2026.1", version).replace("2026-01-01", day)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def opened(world: World, repository: Repository, **given: Any) -> Desk:
    """A second desk on a world's store and clock."""
    env = {"directory": world.desk.env.directory, "evidence": world.evidence, "clock": world.clock}
    return Desk.open(repository=repository, notifier=world.notices, **{**env, **given})


def refusals(act: Callable[[], object]) -> dict[Code, Refusal]:
    """What an act is refused for."""
    with pytest.raises(Refused) as refused:
        act()
    found = {r.code: r for r in refused.value.refusals}
    assert len(found) == len(refused.value.refusals)
    return found


@pytest.mark.clause("X2")
def test_the_first_version_does_not_name_its_adopters(repository: Repository) -> None:
    """While no version is in force the desk's offices adopt, whatever the text says; afterwards those in force do."""
    world = World.open(repository)
    desk = opened(world, repository, adopters=("board_delegate", "general_manager"))
    friendly = POLICY.replace('adopters = ["finance_head"', 'adopters = ["cashier", "finance_head"')
    found = refusals(lambda: desk.policies.adopt(friendly, actor="cashier"))
    assert dict(found[Code.OFFICE_NOT_HELD].facts)["office"] == "board_delegate, general_manager"
    assert Code.OFFICE_NOT_HELD in refusals(lambda: desk.policies.adopt(friendly, actor="cfo"))
    desk.policies.adopt(friendly, actor="board")
    desk.policies.adopt(friendly, actor="gm")
    world.clock.at = datetime(2026, 1, 5, 1, 0, tzinfo=timezone.utc)
    next_ = later("2026.2", "2026-02-01")
    refusals(lambda: desk.policies.adopt(next_, actor="board"))
    for actor in ("cashier", "cfo", "gm"):
        assert all(v.id != "2026.2" or not v.adopted for v in repository.policies())
        desk.policies.adopt(next_, actor=actor)
    assert [v.adopted for v in repository.policies()] == [True, True]


@pytest.mark.clause("X2")
@pytest.mark.parametrize("offices", [(), ("finance_head",), ("a", "a"), ("a", "b "), ["a", "b"]])
def test_it_takes_two_offices(offices: Any) -> None:
    """A desk under which one person could adopt a policy does not open."""
    with pytest.raises(ValueError, match="adopte"):
        opened(World.open(MemoryRepository()), MemoryRepository(), adopters=offices)


@pytest.mark.clause("X2")
def test_what_is_adopted_stays_adopted(repository: Repository) -> None:
    """A version keeps the offices it was first adopted under; once adopted, nobody adopts it again."""
    world = World.with_policy(repository)
    adopt = world.desk.policies.adopt

    def record() -> PolicyVersion:
        return {v.id: v for v in repository.policies()}["2026.3"]

    third = later("2026.3", "2026-03-01")
    adopt(third, actor="cfo")
    second = later("2026.2", "2026-02-01", **{'["finance_head", "general': '["board_delegate", "general'})
    for actor in ("cfo", "gm"):
        adopt(second, actor=actor)
    world.clock.at = datetime(2026, 2, 2, 1, 0, tzinfo=timezone.utc)
    adopt(third, actor="gm")
    done = record()
    assert (done.adopted, done.offices) == (True, ("finance_head", "general_manager"))
    for actor in ("board", "gm", "nobody"):
        assert set(refusals(partial(adopt, third, actor=actor))) == {Code.ADOPTED_ALREADY}
    assert record() == done
    world.clock.at = datetime(2026, 3, 2, 1, 0, tzinfo=timezone.utc)
    assert set(refusals(lambda: adopt(third, actor="gm"))) == {Code.ADOPTED_ALREADY}


@pytest.mark.clause("X3")
@pytest.mark.parametrize(
    ("old", "new"), [("CNY", "EUR"), ("Asia/Shanghai", "Europe/Berlin"), ("start = 1", "start = 4")]
)
def test_one_currency_and_one_time_zone(repository: Repository, old: str, new: str) -> None:
    """No later version counts in another currency, time zone or fiscal year: the refusal shows both."""
    world = World.with_policy(repository)
    text = later("2026.2", "2026-02-01", **{old: new})
    found = refusals(lambda: world.desk.policies.adopt(text, actor="cfo"))
    assert set(found) == {Code.CURRENCY_OR_ZONE_CHANGED}
    for lang in ("en", "zh"):
        for each in (old, new):
            assert each.removeprefix("start = ") in found[Code.CURRENCY_OR_ZONE_CHANGED].text(lang)
    assert found[Code.CURRENCY_OR_ZONE_CHANGED].clause == "X3"


@pytest.mark.clause("R1.1")
def test_one_method_of_accounting(repository: Repository) -> None:
    """No later version accounts by the other method, under which costs would count twice or never."""
    world = World.with_policy(repository)
    text = later("2026.2", "2026-02-01", **{'method = "accrual"': 'method = "cash"'})
    found = refusals(lambda: world.desk.policies.adopt(text, actor="cfo"))
    assert set(found) == {Code.METHOD_CHANGED}
    assert "by cash basis; the company accounts by accrual basis" in found[Code.METHOD_CHANGED].text()
    assert "收付实现制" in found[Code.METHOD_CHANGED].text("zh")


@pytest.mark.clause("X2")
def test_a_day_has_one_version(repository: Repository) -> None:
    """Of two versions for one day the first to be adopted stands; the other one is refused, even half adopted."""
    world = World.with_policy(repository)
    adopt = world.desk.policies.adopt
    for name in ("2026.2", "2026.3"):
        adopt(later(name, "2026-02-01"), actor="cfo")
    adopt(later("2026.3", "2026-02-01"), actor="gm")
    for actor in ("gm", "cfo"):
        found = refusals(partial(adopt, later("2026.2", "2026-02-01"), actor=actor))
        assert dict(found[Code.EFFECTIVE_DAY_TAKEN].facts)["other"] == "2026.3"


@pytest.mark.clause("X2")
def test_every_refusal_of_an_adoption_comes_at_once(repository: Repository) -> None:
    """A late text under a known name, on a taken day, in another currency, by someone without office: five refusals."""
    world = World.with_policy(repository)
    found = refusals(lambda: world.desk.policies.adopt(POLICY.replace("CNY", "EUR"), actor="officer"))
    assert set(found) == {
        Code.ADOPTED_LATE,
        Code.CURRENCY_OR_ZONE_CHANGED,
        Code.EFFECTIVE_DAY_TAKEN,
        Code.OFFICE_NOT_HELD,
        Code.POLICY_VERSION_CHANGED,
    }


@pytest.mark.clause("X2", "G3.3")
def test_an_office_without_holder_is_named(repository: Repository) -> None:
    """Where nobody holds the office that is needed, the remedy names the office, never nobody."""
    world = World.with_policy(repository)
    desk = opened(world, repository, directory=FixedDirectory(PEOPLE[:2]))
    (found,) = refusals(lambda: desk.policies.adopt(later("2026.2", "2026-02-01"), actor="cfo")).values()
    assert found.remedy() == "finance head, general manager may do it."
    confirm = desk.spending.confirm_account
    (found,) = refusals(lambda: confirm("Tea House", "1", actor="cfo", reason="Called.")).values()
    assert found.remedy() == "finance officer may do it."


class Forged:
    """A store that answers otherwise than what was put there."""

    def __init__(self, repository: Repository, change: Callable[[PolicyVersion], PolicyVersion]) -> None:
        self._repository, self._change = repository, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._repository, name)

    def policies(self) -> Sequence[PolicyVersion]:
        return [self._change(version) for version in self._repository.policies()]


FORGERIES: dict[str, Callable[[PolicyVersion], PolicyVersion]] = {
    "a raised limit": lambda v: attrs.evolve(v, text=v.text.replace("50000.00", "90000.00")),
    "no policy at all": lambda v: attrs.evolve(v, text="\ud800"),
    "an earlier day": lambda v: attrs.evolve(v, effective=v.effective - timedelta(days=1)),
    "another name": lambda v: attrs.evolve(v, id="2025.9"),
}


@pytest.mark.clause("X2", "G3.4")
@pytest.mark.parametrize("name", FORGERIES)
def test_a_text_that_nobody_adopted_decides_nothing(repository: Repository, name: str) -> None:
    """A stored version that differs from what was adopted stops every act and question that would rest on it."""
    world = World.with_budget(repository)
    id = world.apply(world.gift()).id
    forged: Any = Forged(repository, FORGERIES[name])
    desk = opened(world, forged)
    seen = desk.document(id).statement
    assert issubclass(Tampered, RepositoryError)
    for act in (
        lambda: desk.spending.apply(world.gift(), actor="li.na", key="k"),
        lambda: desk.spending.sign(id, seen=seen, actor="head.mkt", verdict=world.approve(desk.document(id))),
        lambda: desk.policies.adopt(later("2026.2", "2026-02-01"), actor="cfo"),
        lambda: desk.waiting_for("head.mkt"),
    ):
        with pytest.raises(Tampered, match="policy version"):
            act()


class Unguarded:
    """A store whose guard of the policies is gone."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def __getattr__(self, name: str) -> Any:
        return getattr(self._repository, name)

    def look(self, at: Look) -> Seen:
        seen = self._repository.look(at)
        return attrs.evolve(seen, guards={k: v for k, v in seen.guards.items() if k != POLICY_GUARD})


@pytest.mark.clause("X2")
def test_versions_are_found_without_their_guard(repository: Repository) -> None:
    """A store that lost the count of its versions has them all the same, from a desk's first act."""
    world = World.with_budget(repository)
    bare: Any = Unguarded(repository)
    desk = opened(world, bare)
    assert desk.would.spending.apply(world.gift(), actor="li.na").allowed
    assert opened(world, bare).waiting_for("head.mkt") == []


class Kept:
    """Nothing but versions, in this order."""

    def __init__(self, versions: list[PolicyVersion]) -> None:
        self._versions = versions

    def policies(self) -> list[PolicyVersion]:
        return self._versions

    def history(self, subject: str) -> Iterator[object]:
        """No entry."""
        return iter(())


@pytest.mark.clause("X2")
@given(
    days=st.lists(st.integers(0, 40), min_size=1, max_size=4, unique=True),
    names=st.permutations(["9", "10", "a", "版本"]),
    today=st.integers(-1, 41),
)
def test_the_latest_day_that_has_come_is_in_force(days: list[int], names: list[str], today: int) -> None:
    """In force is the version with the latest effective day that has come, however versions are named or stored."""
    first = date(2026, 1, 1)
    texts = [later(n, (first + timedelta(days=d)).isoformat()) for d, n in zip(days, names, strict=False)]
    versions = [
        PolicyVersion(p.version, p.effective, p.text, text_digest(p.text), (), (), 1) for p in map(load_policy, texts)
    ]
    kept: Any = Kept(versions)
    given: Any = None
    env = Environment(kept, given, given, given, given, given, ("a", "b"))
    found = in_force(env.adopted(1)[1], datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(days=today))
    come = [day for day in days if day <= today]
    assert (found is None) == (not come)
    assert found is None or found.effective == first + timedelta(days=max(come))
