"""Which line of a TOML file a path stands on: tomllib keeps none."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_BARE = re.compile("[A-Za-z0-9_-]+")
# No path of a policy is as deep as this; what is deeper has the line of what is around it.
_DEPTH = 8


def joined(path: str, key: str) -> str:
    """The path of a key within a path: quoted where it would not be bare in TOML, so that a dot in it parts nothing."""
    part = key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)
    return f"{path}.{part}" if path else part


class Lines:
    """Line numbers by path, such as "chain.application[2].office"."""

    def __init__(self, by_path: dict[str, int]) -> None:
        self._by_path = by_path

    def line(self, path: str) -> int | None:
        """The path's line, else that of the nearest table around it."""
        while path:
            if path in self._by_path:
                return self._by_path[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return None


def lines(text: str) -> Lines:
    """The lines of every key, table and element, however they are written."""
    # The parser is only needed once something is wrong.
    import tree_sitter_toml
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    for node in root.named_children:
        if node.type == "pair":
            _value(node, "", found)
        elif node.type in ("table", "table_array_element"):
            path = _header(node, found, counts)
            for child in node.named_children:
                if child.type == "pair":
                    _value(child, path, found)
    return Lines(found)


def _header(node: Node, found: dict[str, int], counts: dict[str, int]) -> str:
    """The path a header opens: of an array of tables that it goes through, the last element."""
    path, keys = "", _keys(next(child for child in node.named_children if child.type.endswith("key")))
    for i, key in enumerate(keys, 1):
        path = joined(path, key)
        found.setdefault(path, _line(node))
        if node.type == "table_array_element" and i == len(keys):
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = f"{path}[{counts[path] - 1}]"
            found.setdefault(path, _line(node))
    return path


def _value(node: Node, path: str, found: dict[str, int]) -> None:
    """The lines of a pair, and of all that its value holds."""
    waiting = [(node, path, 0)]
    while waiting:
        node, path, depth = waiting.pop()
        inner = [child for child in node.named_children if child.type != "comment"]
        if depth > _DEPTH:
            continue
        if node.type == "pair":
            for key in _keys(inner[0]):
                path = joined(path, key)
                found.setdefault(path, _line(node))
            waiting += [(child, path, depth + 1) for child in inner[1:]]
        elif node.type == "inline_table":
            waiting += [(child, path, depth + 1) for child in inner]
        elif node.type == "array":
            for i, child in enumerate(inner):
                found.setdefault(f"{path}[{i}]", _line(child))
                waiting.append((child, f"{path}[{i}]", depth + 1))


def _keys(node: Node) -> list[str]:
    """The parts of a key, bare, quoted or dotted."""
    found: list[str] = []
    waiting = [node]
    while waiting and len(found) < _DEPTH:
        node = waiting.pop()
        if node.type == "dotted_key":
            waiting += [child for child in reversed(node.named_children) if child.type.endswith("key")]
            continue
        text = (node.text or b"").decode()
        found.append(text if _BARE.fullmatch(text) else next(iter(tomllib.loads(f"{text} = 0"))))
    return found


def _line(node: Node) -> int:
    return int(node.start_point[0]) + 1
