"""What is shown of a customer's id, or of another personal datum, where people read who need not know whose it is."""

from __future__ import annotations

from collections.abc import Sequence

_SHORTEST = 6
"""The shortest text of which three characters are no more than half."""
_SHOWN = 10
"""As many of several are shown."""


def masked(text: str) -> str:
    """The first character and the last two of six or more, "C***45", else "***": never more than half of it.

    For notices, logs and errors. The stars are three whatever the length is, so that it is not told either. Two texts
    may be shown as one: whoever may see the record looks there which one is meant.
    """
    return f"{text[0]}***{text[-2:]}" if len(text) >= _SHORTEST else "***"


def shown(ids: Sequence[str]) -> str:
    """The first ten, masked, and how many more there are: "C***45, C***46, +3"."""
    more = len(ids) - _SHOWN
    return ", ".join([*map(masked, ids[:_SHOWN]), *([f"+{more}"] if more > 0 else [])])
