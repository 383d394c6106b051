"""The suite itself: what it can't run it says."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from expense_adapters.sql import SqlRepository

from .mariadb_servers import Mariadb, new_folder, start, stop

ROOT = Path(__file__).parent.parent
REAL = "tests/test_conform.py::test_real_logs"


def _suite(*arguments: str, of: str = REAL, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "CI"))}
    command = [sys.executable, "-m", "pytest", *arguments, of]
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


ON_MARIADB = "tests/test_spine.py::test_nothing_beyond_the_line"
GONE = {"EXPENSE_POLICY_MARIADBD": "none", "EXPENSE_POLICY_TEST_MARIADB": ""}


def test_a_mariadb_that_is_not_there_is_told_loudly() -> None:
    """Without MariaDB its tests are skipped and named in the summary; with CI set they fail, and CI installs it."""
    done = _suite(of=ON_MARIADB, **GONE)
    assert done.returncode == 0, done.stdout
    assert "!! MARIADB NOT FOUND !!" in done.stdout
    assert done.stdout.count(f"not run: {ON_MARIADB}[mariadb]") == 1
    assert _suite(of=ON_MARIADB, **GONE, CI="1").returncode == 1
    assert "install" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


SERVER = ROOT / "script" / "mariadb"


def test_a_mariadb_of_ones_own_is_started_and_removed(mariadb: Mariadb, tmp_path: Path) -> None:
    """The script makes a server, says its URL, finds it running, and removes it; it keeps what it did not make."""
    folder = new_folder()
    urls = {start(folder), start(folder)}
    (url,) = urls
    assert url is not None
    with closing(SqlRepository(url)) as store:
        assert store.lacking() == ()
    (Path(folder) / "mine").touch()
    wrong = subprocess.run([SERVER, "stop", folder], check=False, capture_output=True, text=True)
    assert (wrong.returncode, [path.name for path in Path(folder).iterdir()]) == (1, ["mine"])
    (Path(folder) / "mine").unlink()
    stop(folder)
    assert not Path(folder).exists()
    for command in ((), ("stopp",), ("start", str(tmp_path / "a"), "--no-such-option")):
        assert subprocess.run([SERVER, *command], check=False, capture_output=True).returncode in (1, 2)
    stop(str(tmp_path / "a"))
    assert list(tmp_path.iterdir()) == []


def test_an_empty_setting_is_none(shared: Path) -> None:
    """An empty EXPENSE_POLICY_SHARED means the default folder."""
    if shared != (ROOT.parent / "shared").resolve():
        pytest.skip("the shared folder is not in its default place")
    assert "2 passed" in _suite(EXPENSE_POLICY_SHARED="").stdout
