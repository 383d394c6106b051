"""What the README and the tutorial show is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import expense_policy

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/first-expense.md"])
def test_the_example_runs_as_written(
    page: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's Python, taken together, runs as it stands, prints what is shown, and its expense is settled."""
    monkeypatch.chdir(ROOT)
    text = (ROOT / page).read_text(encoding="utf-8")
    program = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    exec(compile(program, page, "exec"), {})
    printed = capsys.readouterr().out
    shown = "".join(re.findall(r"```text\n(.*?)```", text, re.DOTALL))
    assert printed == (shown or printed)
    assert "单据状态为审批中" in printed
    assert [line.split()[1] for line in printed.splitlines()[-7:]] == ["apply", *["sign"] * 4, "pay", "settle"]


def test_the_face_can_be_listed() -> None:
    """dir() of a package that nothing was asked of yet shows every name of the face, and loads none of them."""
    program = "import expense_policy, sys; print(*dir(expense_policy)); assert 'attrs' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert set(expense_policy.__all__) <= set(done.stdout.split())
