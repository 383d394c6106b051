"""How a file from outside is read and its faults are told: in one sentence that shows all it holds."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


def escaped(text: str) -> str:
    """The text with every character that would not be seen as itself escaped: controls, line ends, directions."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def why(error: Exception) -> str:
    """What is wrong, in words, without the path that the sentence around it names already."""
    if isinstance(error, UnicodeDecodeError):
        line = error.object.count(b"\n", 0, error.start) + 1
        return f"line {line}: the byte 0x{error.object[error.start]:02x} is not {error.encoding.upper()}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return str(error) or type(error).__name__


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, after its byte order mark if it has one; ValueError with path and reason for none."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {why(error)}") from None


def read_toml(path: Path) -> dict[str, Any]:
    """The table of a TOML file; ValueError with path and reason where there is none."""
    text = read_text(path)
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: {why(error)}") from None
    except ValueError:
        # The one thing tomllib leaves to Python: a whole number beyond what int() takes.
        raise ValueError(f"{path}: holds a number of too many digits") from None
