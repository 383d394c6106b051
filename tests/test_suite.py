"""The suite itself: what it can't run it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
REAL = "tests/test_conform.py::test_real_logs"


def _suite(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "CI"))}
    command = [sys.executable, "-m", "pytest", *arguments, REAL]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**kept, **settings}, timeout=120, check=False
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_real_data_that_is_not_there_is_told_loudly(workers: tuple[str, ...], tmp_path: Path) -> None:
    """Without the shared data its tests are skipped and named in the summary, in one process and in several."""
    done = _suite(*workers, EXPENSE_POLICY_SHARED=str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert "!! REAL DATA NOT FOUND !!" in done.stdout
    assert done.stdout.count("not run: tests/test_conform.py::test_real_logs") == 2


def test_in_ci_real_data_must_be_there(tmp_path: Path) -> None:
    """With CI set a test whose real data is not there fails, and what CI runs sets it."""
    assert _suite(EXPENSE_POLICY_SHARED=str(tmp_path), CI="1").returncode == 1
    assert "export CI=" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_an_empty_setting_is_none(shared: Path) -> None:
    """An empty EXPENSE_POLICY_SHARED means the default folder."""
    if shared != (ROOT.parent / "shared").resolve():
        pytest.skip("the shared folder is not in its default place")
    assert "2 passed" in _suite(EXPENSE_POLICY_SHARED="").stdout
