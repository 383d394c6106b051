"""Channels: a JSON-lines file, with the seals that are read back from it, and standard logging."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from expense_adapters._reading import why
from expense_policy.ports.notifier import Notice

if sys.platform != "win32":
    import fcntl

# What another is in the middle of writing looks like a line that a crash tore.
_WRITING = threading.Lock()


def _alone(file: BinaryIO) -> None:
    """Waits until no other process writes to the file; closing it lets the next one."""
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_EX)


def _plain(notice: Notice) -> dict[str, object]:
    fields = attrs.asdict(notice)
    return {**fields, "at": notice.at.isoformat(), "body": dict(notice.body)}


@attrs.frozen
class JsonLinesNotifier:
    """Appends each notice to a file, one JSON object a line, on disk before it returns: where seals are kept."""

    path: Path

    def notify(self, notice: Notice) -> None:
        """Appends it, on a line of its own whatever the file ends with; OSError where that can't be done."""
        line = json.dumps(_plain(notice), ensure_ascii=False).encode() + b"\n"
        with _WRITING, self.path.open("ab+") as file:
            _alone(file)
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    # A crash tore the line before: it spoils no other.
                    line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def read_seals(path: Path) -> list[tuple[int, str]]:
    """Number and digest of every seal that a `JsonLinesNotifier` gave out, in the file's order.

    All of them: a number that stands there twice is returned twice. ValueError names the file, and the line that is
    no notice: a torn one too. A file without any seal is one, for it would hold a store to nothing.
    """
    found: list[tuple[int, str]] = []
    try:
        with path.open("rb") as file:
            for at, line in enumerate(file, 1):
                try:
                    seal = _seal(json.loads(line.decode("utf-8")))
                except (ValueError, KeyError, TypeError, RecursionError):
                    what = "is no notice" if line.endswith(b"\n") else "is torn: it breaks off within a notice"
                    raise ValueError(f"{path}: line {at} {what}") from None
                if seal is not None:
                    found.append(seal)
    except OSError as error:
        raise ValueError(f"{path}: {why(error)}") from None
    if not found:
        raise ValueError(f"{path}: holds no seal")
    return found


def _seal(notice: Any) -> tuple[int, str] | None:
    """The seal a notice carries; KeyError, TypeError or ValueError where it is no notice."""
    if type(notice["subject"]) is not str:
        raise TypeError
    if notice["subject"] != "seal":
        return None
    number, digest = notice["body"]["number"], notice["body"]["entry"]
    if type(number) is str and re.fullmatch("[0-9]{1,18}", number):
        number = int(number)
    if type(number) is not int or type(digest) is not str:
        raise TypeError
    return number, digest


@attrs.frozen
class LogNotifier:
    """Logs each notice as one line of JSON at level INFO. What a handler fails at, logging itself keeps quiet about."""

    logger: logging.Logger

    def notify(self, notice: Notice) -> None:
        """Logs it; control characters are escaped. RuntimeError where no handler would take it."""
        if not self._heard():
            raise RuntimeError(f"nothing of level INFO is logged by {self.logger.name!r}: the notice would be lost")
        self.logger.info("%s", json.dumps(_plain(notice)))

    def _heard(self) -> bool:
        each: logging.Logger | None = self.logger if self.logger.isEnabledFor(logging.INFO) else None
        while each is not None:
            if any(handler.level <= logging.INFO for handler in each.handlers):
                return True
            each = each.parent if each.propagate else None
        return False
