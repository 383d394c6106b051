"""The door of the command line: what it needs is there, and every failure is one sentence and an exit code."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from types import FrameType

from expense_adapters._reading import escaped

NEEDED = ("typer", "rich", "sqlalchemy", "alembic")
_NAME = "expense-policy"


class _Stopped(KeyboardInterrupt):
    """The process was asked to end."""


def main() -> None:
    """The entry point: exits with the command's code, never with a traceback.

    Usage, bad input and what nobody foresaw: one sentence on standard error, exit 2; an interrupt: exit 130, a
    request to end: exit 143. EXPENSE_POLICY_TRACEBACK=1 shows where an error came from.
    """
    signal.signal(signal.SIGTERM, _stop)
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                # What could not be written was told above; the interpreter is not to try and tell again.
                with suppress(OSError, ValueError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code; see `main`."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        if any(find_spec(name) is None for name in NEEDED):
            return _said(f'{_NAME} needs: pip install "expense-policy[cli,sql]"', 2)
        if sys.stdout is None:
            return _said(f"{_NAME}: standard output is closed", 2)
        code = _command(arguments)
        sys.stdout.flush()
        return code
    except _Stopped:
        return _said(f"{_NAME}: stopped", 143)
    except KeyboardInterrupt:
        return _said(f"{_NAME}: interrupted", 130)
    except Exception as error:
        if os.environ.get("EXPENSE_POLICY_TRACEBACK") == "1":
            traceback.print_exc()
        return _said(f"{_NAME}: {type(error).__name__}: {error}", 2)


def _command(arguments: Sequence[str]) -> int:
    import typer

    from .main import app

    command = typer.main.get_command(app)
    try:
        with command.make_context(_NAME, list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except Exception as error:
        # Typer's own errors say how they are told; whose class they are differs between its releases.
        told = getattr(error, "format_message", None)
        if told is None:
            raise
        command_path = getattr(getattr(error, "ctx", None), "command_path", _NAME)
        return _said(f"{command_path}: {' '.join(told().split()).rstrip('.')} (see {command_path} --help)", 2)
    return 0


def _said(sentence: str, code: int) -> int:
    with suppress(OSError, ValueError):
        if sys.stderr is not None:
            sys.stderr.write(f"{escaped(sentence)}\n")
            sys.stderr.flush()
    return code


def _stop(signum: int, frame: FrameType | None) -> None:
    raise _Stopped
