"""The README is true."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"


class SettableClock:
    """The clock of the example."""

    def __init__(self) -> None:
        self.set("2025-12-20T09:00:00+08:00")

    def set(self, text: str) -> None:
        """Sets it."""
        self._at = datetime.fromisoformat(text)

    def now(self) -> datetime:
        """Where it was set."""
        return self._at


def test_the_example_runs_as_written(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's example runs as it stands, and its expense goes from form to settlement."""
    monkeypatch.chdir(README.parent)
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(program, str(README), "exec"), {"clock": SettableClock()})
    printed = capsys.readouterr().out
    assert "单据状态为审批中" in printed
    assert [line.split()[1] for line in printed.splitlines()[-7:]] == ["apply", *["sign"] * 4, "pay", "settle"]
