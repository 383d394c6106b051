"""The outbox: whatever stops the dispatcher, and wherever, each notice arrives, and none before its act (I31)."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from expense_adapters.memory import MemoryRepository
from expense_adapters.notify import JsonLinesNotifier
from expense_adapters.sql import SqlRepository
from expense_policy.ports.notifier import Notice, Notifier
from expense_policy.ports.repository import Repository
from expense_policy.services.desk import Desk
from expense_policy.services.tending import ATTEMPTS_MAX
from expense_policy.testing.batches import LATER, NOW, Clerk, notice
from expense_policy.testing.company import Papers, People, SetClock

SUBJECTS = ("s1", "s2", "s3")
HOUR = timedelta(hours=1)


class Killed(BaseException):
    """The dispatcher stops here."""


def killed(where: str) -> None:
    """As an interrupt does."""
    raise Killed(where)


@attrs.define
class Cut:
    """Stops whoever comes to the point of this number; counts what it lets pass."""

    left: int
    stop: Callable[[str], object] = killed
    passed: list[str] = attrs.field(factory=list)

    def at(self, point: str) -> None:
        """One more point."""
        self.left -= 1
        self.passed.append(point)
        if self.left < 0:
            self.stop(point)


class Store:
    """A store whose every answer may be the last thing a dispatcher asked for, or never come."""

    def __init__(self, inner: Repository, cut: Cut) -> None:
        self._inner, self._cut = inner, cut

    def __getattr__(self, name: str) -> Callable[..., Any]:
        act = getattr(self._inner, name)

        def asked(*args: Any, **kwargs: Any) -> object:
            self._cut.at(f"before {name}")
            answer = act(*args, **kwargs)
            self._cut.at(f"after {name}")
            return answer

        return asked


class Channel:
    """Delivers to another one, but for what it can't deliver; what arrives is in the journal by then."""

    def __init__(self, to: Notifier, committed: Repository, cut: Cut | None = None, dead: Iterable[str] = ()) -> None:
        self._to, self._committed, self._cut, self.dead = to, committed, cut or Cut(10**9), set(dead)
        self.tried: Counter[str] = Counter()

    def notify(self, notice: Notice) -> None:
        """Delivers, or raises."""
        self._cut.at("before notify")
        self.tried[notice.key] += 1
        entries = {f"{entry.subject}:{entry.seq}" for entry, _ in self._committed.history()}
        assert notice.key in entries, "I31: a notice of something that was not done"
        if {notice.key, notice.about, "everything"} & self.dead:
            raise ConnectionError("the channel is down")
        self._to.notify(notice)
        self._cut.at("after notify")


class Box:
    """What arrived, in order."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def notify(self, notice: Notice) -> None:
        """Keeps the key."""
        self.keys.append(notice.key)


def filled(store: Repository) -> Repository:
    """A store with an act of each subject, each with its notice."""
    for subject in SUBJECTS:
        Clerk(store).does(subject, notices=(notice(f"{subject}:1", about=subject),))
    return store


def opened(store: Any, channel: Notifier, at: datetime = NOW) -> tuple[Desk, SetClock]:
    """A desk over the store, with its clock."""
    clock = SetClock()
    clock.at = at
    return (
        Desk.open(repository=store, directory=People(), notifier=channel, evidence=Papers(), clock=clock),
        clock,
    )


def mended(store: Repository, to: Notifier) -> None:
    """The dispatcher is started again, hours later, and everything works."""
    desk, clock = opened(store, Channel(to, store), NOW + 3 * HOUR)
    for _ in range(3):
        desk.tick()
        clock.forward(hours=1)
    assert list(store.notices(LATER, 1000)) == list(store.notices(LATER, 1000, parked=True)) == []


def told(store: Repository) -> set[str]:
    """The keys of everything that has to arrive: each act of the subjects, and each seal."""
    return {f"{entry.subject}:{entry.seq}" for entry, _ in store.history()}


def counted(arrived: list[str], store: Repository, stopped: str | None) -> None:
    """Everything arrived, and nothing twice but where the dispatcher was stopped between delivery and telling of it."""
    assert set(arrived) == told(store), f"stopped {stopped}"
    again = len(arrived) - len(told(store))
    assert again <= (stopped in ("after notify", "before delivered")), f"stopped {stopped}"


@pytest.mark.clause("G3.4")
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_dispatcher_may_be_stopped_anywhere(kind: str, tmp_path: Path) -> None:
    """Stopped before or after any question, notice or commit of its sweep, it loses nothing and sends nothing early."""
    points = set()
    for number in itertools.count():
        url = f"sqlite:///{tmp_path}/{number}.db"
        store = filled(MemoryRepository() if kind == "memory" else SqlRepository(url))
        cut, box = Cut(number), Box()
        desk, _ = opened(Store(store, cut), Channel(box, store, cut, dead=["s2"]))
        try:
            desk.tick()
        except Killed:
            stopped: str | None = cut.passed[-1]
        else:
            stopped = None
        points.add(stopped)
        if isinstance(store, SqlRepository):
            store.close()
            store = SqlRepository(url)
        mended(store, box)
        counted(box.keys, store, stopped)
        if isinstance(store, SqlRepository):
            store.close()
        if stopped is None:
            break
    asked = {f"{when} {what}" for what in ("notices", "delivered", "put_off", "commit") for when in ("before", "after")}
    assert points >= {*asked, "before notify", "after notify", None}


def swept(folder: Path, number: int) -> None:
    """One sweep over a copy of the store, stopped at a point by a signal or by the machine's own end."""

    def stop(point: str) -> None:
        (folder / f"{number}.stopped").write_text(point)
        if number % 2:
            os._exit(7)
        os.kill(os.getpid(), signal.SIGKILL)

    shutil.copy(folder / "filled.db", folder / f"{number}.db")
    store, cut = SqlRepository(f"sqlite:///{folder}/{number}.db"), Cut(number, stop)
    box = JsonLinesNotifier(folder / f"{number}.jsonl")
    opened(Store(store, cut), Channel(box, store, cut, dead=["s2"]))[0].tick()


DISPATCHERS = """
import os, sys
from pathlib import Path
from tests.test_outbox import swept

for number in range(1000):
    child = os.fork()
    if child == 0:
        swept(Path(sys.argv[1]), number)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        print(number)
        break
"""


@pytest.mark.clause("G3.4")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed as POSIX does")
def test_a_dispatcher_may_be_killed_anywhere(tmp_path: Path) -> None:
    """Killed at any point of its sweep, as the machine kills it, what was on disk is enough: all of it arrives."""
    store = filled(SqlRepository(f"sqlite:///{tmp_path}/filled.db"))
    assert isinstance(store, SqlRepository)
    store.close()
    root = Path(__file__).parent.parent
    program = [sys.executable, "-c", DISPATCHERS, str(tmp_path)]
    done = subprocess.run(program, cwd=root, capture_output=True, text=True, check=True, timeout=120)
    count = int(done.stdout)
    assert count > 30
    for number in range(count + 1):
        mark, path = tmp_path / f"{number}.stopped", tmp_path / f"{number}.jsonl"
        stopped = mark.read_text() if mark.exists() else None
        assert (stopped is None) == (number == count)
        store = SqlRepository(f"sqlite:///{tmp_path}/{number}.db")
        mended(store, JsonLinesNotifier(path))
        counted([json.loads(line)["key"] for line in path.read_bytes().splitlines()], store, stopped)
        store.close()


@pytest.mark.clause("G3.4")
def test_a_dead_channel_delays_and_loses_nothing(repository: Repository) -> None:
    """While a channel is dead every notice waits, what is due is tried again and again; an hour later all is there."""
    box = Box()
    channel = Channel(box, filled(repository), dead=["everything"])
    desk, clock = opened(repository, channel)
    failed = 0
    for _ in range(6 * 12):
        swept = desk.tick()
        assert (swept.notices, swept.parked) == (0, 0)
        failed += swept.failed
        clock.forward(minutes=5)
    assert (box.keys, failed) == ([], sum(channel.tried.values()))
    assert min(channel.tried.values()) > 10
    channel.dead.clear()
    for _ in range(13):
        desk.tick()
        clock.forward(minutes=5)
    assert sorted(box.keys) == sorted(told(repository))


@pytest.mark.clause("G3.4")
def test_a_channel_that_was_dead_for_days_loses_nothing(repository: Repository) -> None:
    """What a channel failed at for days is set aside and listed; sent again, each notice arrives."""
    box = Box()
    channel = Channel(box, filled(repository), dead=["everything"])
    desk, clock = opened(repository, channel)
    parked = 0
    for _ in range(24):
        parked += desk.tick().parked
        clock.forward(hours=1)
    assert [notice.key for notice in desk.parked()] == [f"{subject}:1" for subject in SUBJECTS]
    assert parked == len(SUBJECTS)
    channel.dead.clear()
    for each in desk.parked():
        desk.resend(each.key)
    desk.tick()
    assert sorted(box.keys) == sorted(told(repository))


def due(repository: Repository, at: datetime) -> set[str]:
    """The keys of what is to be sent at an instant."""
    return {notice.key for notice in repository.notices(at, 1000)}


@pytest.mark.clause("G3.4")
def test_a_notice_waits_ever_longer_and_at_most_an_hour(repository: Repository) -> None:
    """After each failure a notice waits twice as long as before, from a second up to an hour, and not a tick longer."""
    channel = Channel(Box(), filled(repository), dead=["s1", "seal"])
    desk, clock = opened(repository, channel)
    for attempt in range(ATTEMPTS_MAX - 1):
        desk.tick()
        wait = min(timedelta(seconds=2**attempt), HOUR)
        assert not {"s1:1", "seal:1"} & due(repository, clock.at + wait - timedelta(microseconds=1))
        clock.at += wait
        assert {"s1:1", "seal:1"} <= due(repository, clock.at)
    assert channel.tried["s1:1"] == channel.tried["seal:1"] == ATTEMPTS_MAX - 1


@pytest.mark.clause("G3.4")
def test_a_seal_is_tried_for_ever(repository: Repository) -> None:
    """A seal that no channel takes is never set aside, however often it failed, and waits an hour at the most."""
    box = Box()
    channel = Channel(box, filled(repository), dead=["seal"])
    desk, clock = opened(repository, channel)
    for _ in range(3 * ATTEMPTS_MAX):
        assert desk.tick().parked == 0
        clock.at += HOUR
    assert channel.tried["seal:1"] == 3 * ATTEMPTS_MAX
    assert desk.parked() == []
    channel.dead.clear()
    desk.tick()
    assert set(box.keys) == told(repository)


@pytest.mark.clause("G3.4")
def test_a_poison_notice_holds_up_nobody(repository: Repository) -> None:
    """A notice that no channel takes is set aside after its attempts and reported; others go out beside it at once."""
    box = Box()
    channel = Channel(box, filled(repository), dead=["s1:1"])
    desk, clock = opened(repository, channel)
    first = desk.tick(1)
    assert (first.notices, first.failed, box.keys) == (0, 1, [])
    for _ in range(3):
        desk.tick(1)
    assert box.keys[:2] == ["s2:1", "s3:1"]
    clock.at += HOUR
    Clerk(repository).does("s4", notices=(notice("s4:1", clock.at, about="s4"),))
    order = [each.key for each in repository.notices(clock.at, 9)]
    assert order.index("s1:1") < order.index("s4:1")
    desk.tick()
    assert "s4:1" in box.keys
    told_of = 0
    for _ in range(ATTEMPTS_MAX + 5):
        clock.at += HOUR
        told_of += desk.tick().parked
    assert (channel.tried["s1:1"], told_of) == (ATTEMPTS_MAX, 1)
    (aside,) = desk.parked()
    assert (aside.key, aside.attempts) == ("s1:1", ATTEMPTS_MAX)
    channel.dead.clear()
    desk.resend("s1:1")
    desk.tick()
    assert set(box.keys) == told(repository)
    assert desk.parked() == []


@pytest.mark.clause("G3.4")
def test_what_is_sent_again_is_tried_as_often_once_more(repository: Repository) -> None:
    """A notice that was set aside and sent again waits from a second on, and is set aside again after as many."""
    filled(repository)
    channel = Channel(Box(), repository, dead=["s1:1"])
    desk, clock = opened(repository, channel)
    for again in (1, 2):
        for _ in range(ATTEMPTS_MAX + 3):
            desk.tick()
            clock.at += HOUR
        assert channel.tried["s1:1"] == again * ATTEMPTS_MAX
        assert [notice.key for notice in desk.parked()] == ["s1:1"]
        desk.resend("s1:1")
