"""Channels that break one law each: nothing here is collected but by `test_kit_catches`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from typing import TypeVar

import attrs

from expense_policy.ports.notifier import Notice
from expense_policy.testing.company import Post

from .broken import holds
from .test_notifiers import TestPost

K = TypeVar("K", bound=type[Post])


def breaks(law: str) -> Callable[[K], K]:
    """Holds a broken channel to the contract: it is this law that says so."""

    def held(kind: K) -> K:
        holds(kind, TestPost, law, "notifier", lambda _: kind())
        return kind

    return held


@breaks("test_nothing_arrives_by_itself")
class Greeting(Post):
    """Says that it is there."""

    def __init__(self) -> None:
        super().__init__()
        self.notify(Notice("hello", "hello", "hello", (), datetime(2026, 1, 1, tzinfo=timezone.utc)))


@breaks("test_what_is_notified_has_arrived")
class Queue(Post):
    """Takes a notice, and sends it when it comes to it."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Notice] = []

    def notify(self, notice: Notice) -> None:
        """Sends the one before."""
        self.waiting.append(notice)
        if len(self.waiting) > 1:
            super().notify(self.waiting.pop(0))


@breaks("test_what_is_notified_has_arrived")
class ByDocument(Post):
    """Tells notices by the document they are about."""

    def notify(self, notice: Notice) -> None:
        """Under another key."""
        super().notify(attrs.evolve(notice, key=notice.about))


@breaks("test_every_kind_of_notice_arrives")
class OnlyToPeople(Post):
    """Sends to addresses."""

    def notify(self, notice: Notice) -> None:
        """Where there is one."""
        if notice.to:
            super().notify(notice)


@breaks("test_the_same_notice_may_come_twice")
class Unique(Post):
    """Has a unique key."""

    def notify(self, notice: Notice) -> None:
        """Once."""
        if notice.key in {each.key for each in self.delivered}:
            raise ValueError("duplicate key")
        super().notify(notice)


@breaks("test_one_notice_is_one_message")
class Lines(Post):
    """Writes a message a line."""

    def notify(self, notice: Notice) -> None:
        """As many as there are."""
        first, *more = notice.about.splitlines()
        super().notify(attrs.evolve(notice, about=first))
        for line in more:
            super().notify(attrs.evolve(notice, key=line))


@breaks("test_words_arrive_as_they_are")
class OneCodePage(Post):
    """Sends what its code page has."""

    def notify(self, notice: Notice) -> None:
        """Without the rest."""
        body = tuple((name, value.encode("gb2312", "replace").decode("gb2312")) for name, value in notice.body)
        super().notify(attrs.evolve(notice, body=body))


@breaks("test_what_does_not_fit_is_refused")
class Truncated(Post):
    """Sends as much as fits."""

    def notify(self, notice: Notice) -> None:
        """The first 20,000 characters."""
        super().notify(attrs.evolve(notice, body=tuple((name, value[:20_000]) for name, value in notice.body)))


@breaks("test_a_message_says_nothing_besides")
class WithPhones(Post):
    """Looks up whom it tells."""

    def notify(self, notice: Notice) -> None:
        """With their numbers, for convenience."""
        phones = {"li.na": "138 0013 8000", "mei": "138 0013 8001"}
        numbers = [phones[person] for person in notice.to if person in phones]
        super().notify(attrs.evolve(notice, to=(*notice.to, *numbers)))


@breaks("test_a_channel_that_fails_says_so")
class Polite(Post):
    """Bothers nobody with its failures."""

    def notify(self, notice: Notice) -> None:
        """As well as it goes."""
        with suppress(ConnectionError):
            super().notify(notice)


@breaks("test_what_failed_arrives_when_it_is_tried_again")
class SeenBefore(Post):
    """Drops what it has seen, sent or not."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def notify(self, notice: Notice) -> None:
        """Once, whatever became of it."""
        if notice.key not in self.seen:
            self.seen.add(notice.key)
            super().notify(notice)


@breaks("test_threads_notify_at_once")
class OneBuffer(Post):
    """Puts every message together in one place."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer: list[Notice] = []

    def notify(self, notice: Notice) -> None:
        """What stands there when it is sent."""
        self.buffer[:] = [notice]
        time.sleep(0.0001)
        super().notify(self.buffer[0])
