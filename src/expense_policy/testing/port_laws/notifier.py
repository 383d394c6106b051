"""The contract of a channel: a notice has arrived when `notify` returns, whole and as one message, or `notify` raises.

class TestMine(NotifierContract):
    @pytest.fixture
    def notifier(self):
        return MyNotifier()

    def received(self, notifier):
        return [Message(each.reference, each.text) for each in notifier.server.messages]
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from functools import partial

import attrs
import pytest

from ...ports.notifier import Notice, Notifier
from ..held import Held, missing
from ..store_laws.together import WRITERS, at_once

AT = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=timezone.utc)
LI, MEI = "li.na", "mei"
"""Whom the contract's notices go to: a channel that looks addresses up has to know them."""
WORDS = (
    "老客户运营费用：已批准",
    "👩\u200d👩\u200d👧 🧧 𠮷 𝔘",
    "e\u0301 é ﬁ Å",
    "\" ' ` \\ \\n \\u0041 / & < > | ; $(x) ${x} %s %(x)s {x} {0}",
    "<b>bold</b> *bold* [link](https://example.org) @all #1",
    "one\ntwo\n\nfour",
)
FORGED = (
    'd1"}\n{"key": "forged", "about": "d2"}',
    "d1\r\n\r\nforged",
    "d1\nINFO forged",
    "d1\r\nBcc: somebody@example.org\r\n\r\n.\r\n",
    "d1\u2028forged\u2029forged\x85forged",
    "d1\x1b[2K\x1b[1Gforged",
    "d1</message><message>forged",
    "d1\0forged",
)
"""What would begin another message, or hide one, where a channel writes it as it is."""


@attrs.frozen
class Message:
    """A message as its reader has it: the key that it can be told by, and all it says, unescaped."""

    key: str
    text: str


def told(key: str, about: str = "d1", **body: str) -> Notice:
    """A notice as the desk makes them."""
    return Notice(key, "apply", about, (LI,), AT, tuple(body.items()))


def said(notice: Notice) -> tuple[str, ...]:
    """Every text of a notice."""
    return (notice.key, notice.subject, notice.about, *notice.to, *[text for pair in notice.body for text in pair])


class NotifierContract(Held, contract=True):
    """One test a law of `ports.notifier`, the docstring being the law.

    The subclass defines the fixture `notifier`, a channel that nothing went through for each test, and `received`. It
    declares what the channel can do in `verbatim`, `breakable` (then it defines `broken`) and `concurrent`.
    """

    POWERS = ("verbatim", "breakable", "concurrent")
    verbatim: bool = True
    """A message shows every text of its notice as it is; a channel that has words of its own shows key and document."""
    breakable: bool = False
    """The channel can be made to fail, as it will one day: `broken` has to be given."""
    concurrent: bool = True
    """Threads may share the channel, as a desk does."""

    @pytest.fixture
    def notifier(self) -> Notifier:
        """A channel that nothing went through, made by the subclass."""
        raise missing("notifier", "a channel")

    def received(self, notifier: Notifier) -> Sequence[Message]:
        """Every message that has arrived so far, however many notices it was; the subclass defines it."""
        raise NotImplementedError("a contract has to see what arrived: define `received`")

    def broken(self, notifier: Notifier) -> AbstractContextManager[object]:
        """Within it the channel fails, as when its server is gone; the subclass of a breakable one defines it."""
        raise NotImplementedError("a channel that can be broken says how: define `broken`")

    def arrived(self, notifier: Notifier) -> set[str]:
        """The keys of what has arrived."""
        return {message.key for message in self.received(notifier)}

    def test_nothing_arrives_by_itself(self, notifier: Notifier) -> None:
        """Nothing arrives that was not notified."""
        assert list(self.received(notifier)) == []

    def test_what_is_notified_has_arrived(self, notifier: Notifier) -> None:
        """When `notify` returns the notice has arrived, under its key, and names its document."""
        for number in range(3):
            notice = told(f"d{number}:1", f"d{number}", entry="e" * 64)
            notifier.notify(notice)
            found = [message for message in self.received(notifier) if message.key == notice.key]
            assert len(found) == 1
            assert notice.about in found[0].text
        assert self.arrived(notifier) == {"d0:1", "d1:1", "d2:1"}

    def test_every_kind_of_notice_arrives(self, notifier: Notifier) -> None:
        """A seal, one to several, to nobody, without a body, an old one and one tried often arrive all the same."""
        plain = told("d1:1")
        kinds = {
            "seal": Notice("seal:1", "seal", "seal", ("seals",), AT, (("entry", "e" * 64), ("number", "1"))),
            "several": attrs.evolve(plain, key="d1:2", to=(LI, MEI)),
            "nobody": attrs.evolve(plain, key="d1:3", to=()),
            "no body": attrs.evolve(plain, key="d1:4", body=()),
            "old": attrs.evolve(plain, key="d1:5", at=AT.replace(year=1999)),
            "tried often": attrs.evolve(plain, key="d1:6", attempts=19),
        }
        for name, notice in kinds.items():
            notifier.notify(notice)
            assert notice.key in self.arrived(notifier), name
        assert self.arrived(notifier) == {notice.key for notice in kinds.values()}

    def test_the_same_notice_may_come_twice(self, notifier: Notifier) -> None:
        """The same notice again is no error: its reader tells it by its key, and others arrive after it."""
        for attempts in (0, 0, 1):
            again = partial(notifier.notify, attrs.evolve(told("d1:1"), attempts=attempts))
            assert not _raises(again), "a notice that came before was refused"
            notifier.notify(told(f"d2:{attempts}"))
        assert self.arrived(notifier) == {"d1:1", "d2:0", "d2:1"}

    @pytest.mark.parametrize("forged", FORGED, ids=range(len(FORGED)))
    def test_one_notice_is_one_message(self, notifier: Notifier, forged: str) -> None:
        """Whatever a notice says, it is one message, under its own key, and those beside it stay as they are."""
        notifier.notify(told("d1:1"))
        first = list(self.received(notifier))
        notices = [told("d1:2", forged), told("d1:3", value=forged)]
        notices.append(attrs.evolve(told("d1:4"), body=((forged, "x"),)))
        for notice in notices:
            notifier.notify(notice)
        found = list(self.received(notifier))
        assert found[:1] == first
        assert sorted(message.key for message in found) == ["d1:1", "d1:2", "d1:3", "d1:4"]

    @pytest.mark.parametrize("words", WORDS, ids=range(len(WORDS)))
    def test_words_arrive_as_they_are(self, notifier: Notifier, words: str) -> None:
        """Chinese, emoji, marks, quotes, markup and line breaks arrive as they are, in every part of a notice."""
        self.needs("verbatim")
        # An id is of one line, what stands in a body need not be.
        line = words.replace("\n", " ")
        body = ((f"name {line}", words), (words, f"value {line}"))
        notice = Notice(f"{line}:1", f"did {line}", f"about {line}", (f"to {line}", MEI), AT, body)
        notifier.notify(notice)
        (message,) = self.received(notifier)
        assert message.key == notice.key
        assert [text for text in said(notice) if text not in message.text] == []

    def test_what_does_not_fit_is_refused(self, notifier: Notifier) -> None:
        """A notice that is too long for the channel raises, or arrives whole: no part of it stands for the rest."""
        self.needs("verbatim")
        notice = told("d1:1", value="".join(f"{number}, " for number in range(20_000)) + "the end")
        try:
            notifier.notify(notice)
        except Exception:  # however a channel refuses it
            assert self.arrived(notifier) == set()
        else:
            (message,) = self.received(notifier)
            assert notice.body[0][1] in message.text
        notifier.notify(told("d1:2"))
        assert "d1:2" in self.arrived(notifier)

    def test_a_message_says_nothing_besides(self, notifier: Notifier) -> None:
        """What a message says beside its notice is the same for every notice: nothing is looked up of anybody."""
        self.needs("verbatim")
        notices = [
            Notice(
                f"{who}:{n}", "apply", f"document-{n}", (who,), AT, (("entry", f"digest-{n}"), ("number", f"no-{n}"))
            )
            for n, who in enumerate((LI, MEI, "somebody-else"), 4711)
        ]
        frames = []
        for notice in notices:
            notifier.notify(notice)
            (message,) = [each for each in self.received(notifier) if each.key == notice.key]
            frame = message.text
            for text in sorted(said(notice), key=len, reverse=True):
                frame = frame.replace(text, "·")
            frames.append(frame)
        assert frames == frames[:1] * len(notices)

    def test_a_channel_that_fails_says_so(self, notifier: Notifier) -> None:
        """While the channel fails, `notify` raises each time, and what arrived before is still there."""
        self.needs("breakable")
        notifier.notify(told("d1:1"))
        with self.broken(notifier):
            for key in ("d1:2", "d1:3", "d1:2"):
                failed = partial(notifier.notify, told(key))
                assert _raises(failed), f"{key} was taken, and the channel is broken"
        assert "d1:1" in self.arrived(notifier)

    def test_what_failed_arrives_when_it_is_tried_again(self, notifier: Notifier) -> None:
        """Once the channel is mended, what failed arrives when it is tried again, and so does what comes after it."""
        self.needs("breakable")
        failed = [told(f"d1:{number}") for number in range(3)]
        for _ in range(2):
            with self.broken(notifier):
                assert all(_raises(partial(notifier.notify, notice)) for notice in failed)
            for notice in (*failed, told("d2:1")):
                notifier.notify(attrs.evolve(notice, attempts=1))
        assert self.arrived(notifier) == {"d1:0", "d1:1", "d1:2", "d2:1"}

    def test_threads_notify_at_once(self, notifier: Notifier) -> None:
        """Of threads that notify at once each notice arrives, once and whole, however long."""
        self.needs("concurrent")

        def work(writer: int) -> None:
            for number in range(8):
                notifier.notify(told(f"d{writer}:{number}", f"d{writer}", value=f"{writer}" * 4_000 * (number % 3)))

        at_once(work, WRITERS)
        found = [message.key for message in self.received(notifier)]
        assert sorted(found) == sorted(f"d{writer}:{number}" for writer in range(WRITERS) for number in range(8))


def _raises(act: partial[None]) -> bool:
    try:
        act()
    except Exception:  # a channel may fail in any way
        return True
    return False
