"""The channels that ship, and the kit's own, keep every law of the port."""

from __future__ import annotations

import io
import itertools
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from expense_adapters.local import Recorder
from expense_adapters.notify import JsonLinesNotifier, LogNotifier
from expense_policy.ports.notifier import Notice, Notifier
from expense_policy.testing.company import Post
from expense_policy.testing.contract import Message, NotifierContract
from expense_policy.testing.port_laws.notifier import said

FULL = Path("/dev/full")


def texts(value: Any) -> Iterator[str]:
    """Every text of a JSON value, names too."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        yield from itertools.chain.from_iterable(map(texts, value))
    elif isinstance(value, str):
        yield value


def message(line: bytes) -> Message:
    """What a line of JSON says."""
    notice = json.loads(line)
    return Message(notice["key"], "\n".join(texts(notice)))


def shown(notice: Notice) -> Message:
    """What a notice says that arrived as it is."""
    return Message(notice.key, "\n".join(said(notice)))


class TestJsonLines(NotifierContract):
    """Notices in a file, whose folder may go away."""

    breakable = True

    @pytest.fixture
    def notifier(self, tmp_path: Path) -> JsonLinesNotifier:
        """No file yet."""
        (tmp_path / "out").mkdir()
        return JsonLinesNotifier(tmp_path / "out" / "notices.jsonl")

    def received(self, notifier: Notifier) -> Sequence[Message]:
        """The lines of the file, each of which ends."""
        assert isinstance(notifier, JsonLinesNotifier)
        if not notifier.path.exists():
            return []
        *lines, rest = notifier.path.read_bytes().split(b"\n")
        assert rest == b""
        return [message(line) for line in lines]

    @contextmanager
    def broken(self, notifier: Notifier) -> Iterator[None]:
        """Its folder is away."""
        assert isinstance(notifier, JsonLinesNotifier)
        folder, away = notifier.path.parent, notifier.path.parent.with_name("away")
        folder.rename(away)
        yield
        away.rename(folder)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no full disk to show")
class TestJsonLinesOnAFullDisk(TestJsonLines):
    """Notices in a file, on a disk that may be full."""

    @contextmanager
    def broken(self, notifier: Notifier) -> Iterator[None]:
        """What is written to the file does not fit."""
        assert isinstance(notifier, JsonLinesNotifier)
        aside = notifier.path.with_name("aside")
        if notifier.path.exists():
            notifier.path.rename(aside)
        notifier.path.symlink_to(FULL)
        yield
        notifier.path.unlink()
        if aside.exists():
            aside.rename(notifier.path)


class TestLog(NotifierContract):
    """Notices in a log of lines."""

    breakable = True

    @pytest.fixture
    def notifier(self) -> Iterator[LogNotifier]:
        """A logger of its own, written to a stream."""
        logger, self.stream = logging.getLogger("expense_policy.conformance"), io.StringIO()
        handler = logging.StreamHandler(self.stream)
        logger.propagate = False
        logger.setLevel(logging.INFO)
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        logger.addHandler(handler)
        yield LogNotifier(logger)
        logger.removeHandler(handler)

    def received(self, notifier: Notifier) -> Sequence[Message]:
        """The lines of the stream, however a reader may divide them."""
        lines = self.stream.getvalue().splitlines()
        assert all(line.startswith("INFO {") for line in lines)
        return [message(line.removeprefix("INFO ").encode()) for line in lines]

    @contextmanager
    def broken(self, notifier: Notifier) -> Iterator[None]:
        """Nothing of this level is logged."""
        assert isinstance(notifier, LogNotifier)
        notifier.logger.setLevel(logging.WARNING)
        yield
        notifier.logger.setLevel(logging.INFO)


class TestRecorder(NotifierContract):
    """Notices in a list."""

    @pytest.fixture
    def notifier(self) -> Recorder:
        """An empty one."""
        return Recorder()

    def received(self, notifier: Notifier) -> Sequence[Message]:
        """The notices themselves."""
        assert isinstance(notifier, Recorder)
        return [shown(notice) for notice in notifier.notices]


class TestPost(NotifierContract):
    """The channel of the kit's own company."""

    breakable = True

    @pytest.fixture
    def notifier(self) -> Post:
        """Nothing delivered."""
        return Post()

    def received(self, notifier: Notifier) -> Sequence[Message]:
        """The notices themselves."""
        assert isinstance(notifier, Post)
        return [shown(notice) for notice in notifier.delivered]

    @contextmanager
    def broken(self, notifier: Notifier) -> Iterator[None]:
        """It is told to fail."""
        assert isinstance(notifier, Post)
        notifier.down = True
        yield
        notifier.down = False
