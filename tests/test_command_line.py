"""Whatever goes wrong at the command line is one sentence and an exit code."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest

from expense_adapters.cli import guard
from expense_policy.ports.errors import RepositoryUnavailable

START = "from expense_adapters.cli import main; main()"


def _run(*arguments: str, program: str = START, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **settings},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("missing", ["typer", "sqlalchemy", "alembic"])
def test_what_is_not_installed_is_named(missing: str, tmp_path: Path) -> None:
    """Without its extras the command says what to install, exit 2, and has touched nothing."""
    store = f"sqlite:///{tmp_path}/year.db"
    done = _run("demo", "--store", store, program=f"import sys; sys.modules[{missing!r}] = None; {START}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'expense-policy needs: pip install "expense-policy[cli,sql]"\n'
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "Missing command"),
        ("pay", "pay"),
        ("calendar", "--year"),
        ("calendar --year soon", "--year"),
        ("calendar --year", "--year"),
        ("calendar --yaer 2026", "--yaer"),
        ("conform", "argument"),
        ("check-policy a b", "b"),
        ("calendar --year 1900", "1900"),
        ("check-policy none.toml", "none.toml"),
        ("check-policy /", "directory"),
        ("migrate", "store"),
        ("migrate --store oracle://x", "sqlite:///PATH"),
        ("migrate --store sqlite:///none/store.db", "no such file"),
        ("verify --store sqlite:///none/store.db", "no such file"),
    ],
)
def test_wrong_usage_is_one_sentence(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing or unknown option or a bad value is one sentence without a box on standard error, exit 2."""
    code = guard.run(line.split())
    shown = capsys.readouterr()
    assert (code, shown.out) == (2, "")
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert "│" not in shown.err
    assert "Error" not in shown.err


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Help is shown on standard output with exit 0, for the whole and for each command."""
    for command in (
        [],
        ["calendar"],
        ["check-policy"],
        ["conform"],
        ["demo"],
        ["verify"],
        ["migrate"],
        ["roles"],
        ["claim"],
        ["allocate"],
    ):
        assert guard.run([*command, "--help"]) == 0
        assert "expense-policy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(28, "No space left on device"), 2, "OSError"),
        (UnicodeEncodeError("ascii", "节", 0, 1, "no"), 2, "UnicodeEncodeError"),
        (RepositoryUnavailable("locked\n\x1b[2J", outcome_known=True), 2, r"RepositoryUnavailable: locked\n\x1b[2J"),
        (ZeroDivisionError(), 2, "ZeroDivisionError"),
        (RecursionError("deep"), 2, "RecursionError"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_no_error_is_a_traceback(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw is one sentence naming its class, whose control characters are escaped."""

    def fails(text: str) -> None:
        raise error

    monkeypatch.setattr(import_module("expense_adapters.cli.main"), "put", fails)
    assert guard.run(["calendar", "--year", "2026"]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.count("\n") == 1


def test_a_traceback_is_shown_on_demand(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """EXPENSE_POLICY_TRACEBACK=1 shows where an unforeseen error came from."""
    monkeypatch.setenv("EXPENSE_POLICY_TRACEBACK", "1")
    monkeypatch.setattr(import_module("expense_adapters.cli.main"), "put", lambda text: 1 / 0)
    assert guard.run(["calendar", "--year", "2026"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("redirection", "said"), [(">/dev/full", "No space"), (">&-", "closed"), ("| true", "BrokenPipeError")]
)
def test_an_output_that_takes_nothing_is_named(redirection: str, said: str) -> None:
    """A full disk, a closed standard output and a broken pipe are one sentence each, exit 2."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    # The pipe's reader is gone before the command writes.
    wait = "import time; time.sleep(0.3); " if "|" in redirection else ""
    shell = f'{{ "{sys.executable}" -c "{wait}{START}" calendar --year 2026; echo "exit $?" >&2; }} {redirection}'
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60, check=False)
    first, last = done.stderr.splitlines()
    assert said in first
    assert last == "exit 2"


def test_a_closed_standard_error_changes_no_result() -> None:
    """A command whose standard error is closed does its work and exits as ever."""
    shell = f'"{sys.executable}" -c "{START}" calendar --year 2026 --json 2>&-; "{sys.executable}" -c "{START}" x 2>&-'
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stdout.startswith('{"spring_festival": "2026-02-17"')


def test_output_is_utf_8_everywhere(tmp_path: Path) -> None:
    """A terminal of another encoding gets UTF-8, and text that is none is escaped."""
    done = _run("check-policy", f"{tmp_path}/节日\udcff\x1b.toml", PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert done.stderr == f"{tmp_path}/节日\\udcff\\x1b.toml: No such file or directory\n"


def test_an_older_store_is_upgraded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`migrate --check` says what is due and does nothing, `migrate` does it, and a second one finds nothing to do."""
    dump = Path(__file__).parent / "fixtures" / "schema_1.sql"
    with closing(sqlite3.connect(tmp_path / "old.db")) as plain:
        plain.executescript(dump.read_text(encoding="utf-8"))
    store = f"sqlite:///{tmp_path}/old.db"
    for options, code, upgraded, said in (
        (["--check"], 3, False, "schema 1: an upgrade to 4 is due"),
        ([], 0, True, "schema 1 was upgraded to 4"),
        (["--check"], 0, False, "schema 4: nothing is due"),
        ([], 0, False, "schema 4: nothing is due"),
    ):
        if upgraded:
            assert guard.run(["verify", "--store", store]) == 2
            assert "expense-policy migrate" in capsys.readouterr().err
            shutil.copy(tmp_path / "old.db", tmp_path / "copy.db")
            assert guard.run(["migrate", "--store", f"sqlite:///{tmp_path}/copy.db", "--json"]) == code
            assert json.loads(capsys.readouterr().out) == {"found": 1, "schema": 4, "upgraded": True}
        assert guard.run(["migrate", "--store", store, *options]) == code
        assert capsys.readouterr().out.startswith(said)
    assert guard.run(["migrate", "--store", store, "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"found": 4, "schema": 4, "upgraded": False}
    assert guard.run(["verify", "--store", store]) == 0


def test_a_store_on_a_server_is_named_by_its_url(postgres_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`verify` and `migrate` take a PostgreSQL store as they take a file."""
    assert guard.run(["verify", "--store", postgres_url]) == 0
    assert capsys.readouterr().out == "0 entries, 0 documents, 0 breaks\n"
    assert guard.run(["migrate", "--store", postgres_url]) == 0
    assert capsys.readouterr().out == "schema 4: nothing is due\n"


@pytest.mark.parametrize(
    "store",
    ["postgresql://u:s3%40cret@127.0.0.1:1/x", "postgresql://127.0.0.1:1/x?user=u&password=s3%40cret&sslmode=disable"],
)
def test_a_password_is_not_shown(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What can't be reached is named without the password of its URL."""
    for command in (["migrate", "--store", store], ["verify", "--store", store]):
        assert guard.run(command) == 2
        shown = capsys.readouterr().err
        assert "***" in shown
        assert "cret" not in shown
        assert "127.0.0.1" in shown
