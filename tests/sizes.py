"""How large the house's rooms are."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def modules() -> dict[str, int]:
    """Lines by module, the largest first."""
    found = {
        str(path.relative_to(ROOT / "src")): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES
    }
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def functions() -> dict[str, int]:
    """Lines by function, the longest first."""
    found = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{path.relative_to(ROOT / 'src')}:{node.name}"
                found[name] = (node.end_lineno or 0) - node.lineno + 1
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def report(count: int = 5) -> list[str]:
    """The largest modules and the longest functions, a line each."""
    lines = [f"{n:4} lines  {name}" for name, n in list(modules().items())[:count]]
    return [*lines, *[f"{n:4} lines  {name}" for name, n in list(functions().items())[:count]]]
