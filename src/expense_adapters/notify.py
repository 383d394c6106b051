"""Channels: a JSON-lines file, and standard logging."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import attrs

from expense_policy.ports.notifier import Notice


def _plain(notice: Notice) -> dict[str, object]:
    fields = attrs.asdict(notice)
    return {**fields, "at": notice.at.isoformat(), "body": dict(notice.body)}


@attrs.frozen
class JsonLinesNotifier:
    """Appends each notice to a file, one JSON object a line, on disk before it returns: where seals are kept."""

    path: Path

    def notify(self, notice: Notice) -> None:
        """Appends it; OSError where that can't be done."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(_plain(notice), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())


@attrs.frozen
class LogNotifier:
    """Logs each notice as one line of JSON at level INFO."""

    logger: logging.Logger

    def notify(self, notice: Notice) -> None:
        """Logs it; control characters are escaped."""
        self.logger.info("%s", json.dumps(_plain(notice)))
