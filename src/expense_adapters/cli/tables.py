"""Tables and titles of the demo's figures: whole at any width."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from expense_policy.domain.money import Money

LEAST = 16
"""The narrowest column an id is folded into."""


def cny(units: int) -> str:
    """An amount of the example company as people read it."""
    return str(Money(units, "CNY"))


def hundredths(n: int) -> str:
    """A number of hundredths with its decimals."""
    return f"{n // 100}.{n % 100:02d}"


def title(console: Console, text: str) -> None:
    """A title."""
    console.print()
    console.print(Text(text, style="bold"))


def told(console: Console, text: str) -> None:
    """A line below another one, folded to the right of its indent."""
    console.print(Padding(Text(text), (0, 0, 0, 2), expand=False))


def lines(console: Console, names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A table whose ids are folded; where not even its amounts fit, each line's amounts one below the other."""
    amounts = [max(cell_len(name), *[cell_len(row[i]) for row in rows], 0) for i, name in enumerate(names) if i]
    if console.width < sum(amounts) + LEAST + 3 * len(names) + 1:
        widest = max(map(cell_len, names))
        for row in rows:
            console.print(Text(row[0]))
            for name, amount in zip(names[1:], row[1:], strict=True):
                gap = " " * (widest - cell_len(name) + max(amounts) - cell_len(amount) + 2)
                console.print(Text(f"  {name}{gap}{amount}"))
        return
    table = Table()
    table.add_column(names[0], overflow="fold")
    for name in names[1:]:
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
