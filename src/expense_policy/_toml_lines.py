"""Which line of a TOML file a path stands on: tomllib keeps none."""

from __future__ import annotations

from collections import Counter

import tree_sitter_toml
from tree_sitter import Language, Node, Parser


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
    """The lines of every key, table and element of a table array."""
    root = Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node
    found: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for node in root.children:
        if node.type == "pair":
            _pair(node, "", found)
        elif node.type in ("table", "table_array_element"):
            name = ".".join(_key(next(child for child in node.children if child.type.endswith("key"))))
            if node.type == "table_array_element":
                counts[name] += 1
                name = f"{name}[{counts[name] - 1}]"
            found.setdefault(name, node.start_point[0] + 1)
            for child in node.children:
                if child.type == "pair":
                    _pair(child, name, found)
    return Lines(found)


def _key(node: Node) -> list[str]:
    if node.type == "dotted_key":
        return [part for child in node.children if child.type.endswith("key") for part in _key(child)]
    return [(node.text or b"").decode().strip("\"'")]


def _pair(node: Node, prefix: str, found: dict[str, int]) -> None:
    path = ".".join(filter(None, (prefix, *_key(node.children[0]))))
    found[path] = node.start_point[0] + 1
