"""What every command says, and how."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Annotated, Any, NoReturn

import typer

from expense_adapters._reading import escaped

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Store = Annotated[str, typer.Option("--store", help="sqlite:///PATH, postgresql://..., mariadb://...")]
Lang = Annotated[str, typer.Option("--lang", help="en or zh.")]


def place(store: str) -> str:
    """A store's URL without its password."""
    store = re.sub(r"(://[^:/?#@]*):[^/?#]*@", r"\1:***@", store)
    return re.sub(r"([?&]password=)[^&]*", r"\1***", store)


def language(lang: str) -> str:
    """The language, which is one of the two."""
    if lang not in ("en", "zh"):
        fail("--lang must be en or zh")
    return lang


def fail(message: str) -> NoReturn:
    """One clear sentence on standard error, exit 2."""
    tell(message)
    raise typer.Exit(2)


def tell(message: str) -> None:
    """A line on standard error; what it quotes of a file can't steer a terminal."""
    sys.stderr.write(f"{escaped(message)}\n")


def put(text: str) -> None:
    """A line on standard output."""
    sys.stdout.write(f"{text}\n")


def table(names: Iterable[str], rows: Iterable[Sequence[Any]], right: Collection[str] = ()) -> None:
    """Columns as wide as what stands in them, those of `right` to the right; a line a row, so that `grep` finds it."""
    from rich.cells import cell_len

    head = [*names]
    shown = [[escaped("" if value is None else str(value)) for value in row] for row in (head, *rows)]
    widths = [max(cell_len(row[i]) for row in shown) for i in range(len(head))]
    for row in shown:
        room = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        cells = [
            space + cell if name in right else cell + space for name, cell, space in zip(head, row, room, strict=True)
        ]
        put("  ".join(cells).rstrip())


def put_json(value: Any) -> None:
    """One JSON document on standard output, in which what would not be seen as itself is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        # Outside of its strings a document of one line holds nothing but printable ASCII.
        text = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
    put(text)
