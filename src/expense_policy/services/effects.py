"""What a decision wants done."""

from __future__ import annotations

import attrs

from ..domain.content import Row
from ..domain.holds import Line, Move
from ..domain.periods import Month
from ..ports.repository import Fact, Free, Guard, Put, Take


# What lives for one act alone is not frozen: a frozen class takes three times as long to make.
@attrs.define
class Effects:
    """What a decision wants done; the engine adds entry, key and notices."""

    office: str | None = None
    on_behalf_of: str | None = None
    guards: tuple[Guard, ...] = ()
    puts: tuple[Put, ...] = ()
    lines: tuple[Line, ...] = ()
    moves: tuple[Move, ...] = ()
    takes: tuple[Take | Free, ...] = ()
    facts: tuple[Fact, ...] = ()
    rows: tuple[Row, ...] = ()
    tell: tuple[str, ...] = ()
    body: tuple[tuple[str, str], ...] = ()
    closes: Month | None = None
    reopens: Month | None = None
    version: str | None = None
    """The policy version that judged, where it is not the one in force: a round's own (X2)."""
