"""Notices that leave the system, and the seals read back from them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest
from typer.testing import CliRunner

from expense_adapters.cli.main import app
from expense_adapters.notify import JsonLinesNotifier, read_seals
from expense_policy.ports.notifier import Notice

AT = datetime(2026, 1, 5, tzinfo=timezone.utc)


def _seal(number: int, digest: str) -> Notice:
    return Notice(f"seal-{number}", "seal", "seal", (), AT, (("number", str(number)), ("entry", digest)))


def _line(**body: object) -> str:
    return json.dumps({"subject": "seal", "body": body})


@pytest.mark.clause("G3.4")
def test_every_seal_is_read_back(tmp_path: Path) -> None:
    """Every seal given out is read back in its order, two digests of one number too; other notices are none."""
    path = tmp_path / "out.jsonl"
    channel = JsonLinesNotifier(path)
    for notice in (_seal(1, "a"), Notice("k", "payment", "d\u2028\x85", (), AT), _seal(2, "b"), _seal(1, "c")):
        channel.notify(notice)
    with path.open("a", encoding="utf-8") as file:
        file.write(_line(number=7, entry="d"))
    assert read_seals(path) == [(1, "a"), (2, "b"), (1, "c"), (7, "d")]


@pytest.mark.clause("G3.4")
def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    """After a crash within a line the next notice starts a line of its own, and the torn one is named."""
    path = tmp_path / "out.jsonl"
    channel = JsonLinesNotifier(path)
    channel.notify(_seal(1, "a"))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-9])
    with pytest.raises(ValueError, match=r"out\.jsonl: line 2 is torn"):
        read_seals(path)
    channel.notify(_seal(2, "b"))
    lines = path.read_bytes().split(b"\n")
    assert json.loads(lines[2])["body"]["entry"] == "b"
    with pytest.raises(ValueError, match=r"out\.jsonl: line 2 is no notice"):
        read_seals(path)


WRITER = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from expense_adapters.notify import JsonLinesNotifier
from expense_policy.ports.notifier import Notice

at = datetime(2026, 1, 5, tzinfo=timezone.utc)
for n in range(150):
    body = (("value", sys.argv[2] * 20_000),)
    JsonLinesNotifier(Path(sys.argv[1])).notify(Notice(f"{sys.argv[2]}:{n}", "apply", "d", (), at, body))
"""


def test_processes_write_one_file(tmp_path: Path) -> None:
    """Of several processes that write to one file each notice is a line of its own, whole."""
    path = tmp_path / "out.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "abc"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    keys = [json.loads(line)["key"] for line in path.read_bytes().splitlines()]
    assert sorted(keys) == sorted(f"{name}:{n}" for name in "abc" for n in range(150))


@pytest.mark.parametrize(
    "line",
    [
        _line(number=float("inf"), entry="a"),
        _line(number=1.0, entry="a"),
        _line(number=True, entry="a"),
        _line(number="１", entry="a"),
        _line(number="1_0", entry="a"),
        _line(number="9" * 5000, entry="a"),
        _line(number=1, entry=None),
        _line(number=1),
        '{"subject": "seal", "body": {"number": ' + "9" * 5000 + ', "entry": "a"}}',
        '{"subject": "seal", "body": 1}',
        '{"subject": 1}',
        '"seal"',
        "1",
        "[" * 9999,
        "",
        "\x0b",
    ],
)
def test_what_is_no_notice_is_named(tmp_path: Path, line: str) -> None:
    """A line that is no notice, its numbers and texts of their exact types, is named by its number, exit 2."""
    path = tmp_path / "out.jsonl"
    path.write_text(f"{_line(number='1', entry='a')}\n{line}\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["verify", "--store", "sqlite:///none.db", "--seals", str(path)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"{path}: line 2 is no notice\n"


def test_a_file_without_seals_holds_nothing(tmp_path: Path) -> None:
    """A file without any seal, bytes that are no text and a file that is not there are one sentence each, exit 2."""
    path = tmp_path / "out.jsonl"
    for content, said in (
        (None, "No such file"),
        (b"", "holds no seal"),
        (b'{"subject": "payment"}\n', "no seal"),
        (b"\xff\n", "line 1"),
    ):
        if content is not None:
            path.write_bytes(content)
        done = CliRunner().invoke(app, ["verify", "--store", "sqlite:///none.db", "--seals", str(path)])
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert said in done.stderr
