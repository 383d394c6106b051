"""What is PostgreSQL's own: how its laws are written, one statement a look, one statement an act."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, any_, literal_column, select
from sqlalchemy.dialects.postgresql.base import PGDialect

from . import schema as s
from .engine import Dialect, Statement
from .laws import RACED, Law, altered, laws

LAW, RACE = "EP001", "EP002"
"""SQLSTATEs of the store's own: a law would be broken, and a race is lost."""


class Postgres(Dialect):
    """PostgreSQL's hand."""

    name = "postgresql"
    compiler = PGDialect(paramstyle="format")  # type: ignore[no-untyped-call]  # SQLAlchemy's own

    def among(self, column: ColumnElement[Any], values: ColumnElement[Any]) -> ColumnElement[bool]:
        """An array of PostgreSQL's own."""
        return column == any_(values)

    def array(self, values: Sequence[str]) -> list[str]:
        """As it is."""
        return list(values)

    def held(self, document: ColumnElement[bool]) -> ColumnElement[Any]:
        """The first of each item of `held`."""
        line: ColumnElement[str] = literal_column("json_array_elements(documents.held::json) ->> 0")
        return select(line).select_from(s.documents).where(document).scalar_subquery()

    def laws(self) -> Iterator[str]:
        """A function and a trigger for each kind of change, asked after its whole statement; nothing is truncated."""
        yield _HITS
        for (table, verb), kept in sorted(_grouped().items()):
            name = f"expense_policy_{table}_{verb.lower()}"
            yield f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body(kept)}$$"
            yield f"CREATE TRIGGER {name} AFTER {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        yield f"CREATE FUNCTION expense_policy_truncate() RETURNS trigger LANGUAGE plpgsql AS $${_TRUNCATE}$$"
        for table in sorted({law.table for law in laws()}):
            name, what = f"expense_policy_{table}_truncate", "EXECUTE FUNCTION expense_policy_truncate()"
            yield f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {what}"


DIALECT = Postgres()

_HITS_BODY = f"""
BEGIN
  FOR i IN 1..array_length(hits, 1) LOOP
    IF hits[i] <> wanted[i] THEN RAISE EXCEPTION '%', i USING ERRCODE = '{RACE}'; END IF;
  END LOOP;
  RETURN 1;
END """
_HITS = (
    "CREATE FUNCTION expense_policy_hits(hits bigint[], wanted bigint[]) RETURNS bigint"
    f" LANGUAGE plpgsql AS $${_HITS_BODY}$$"
)
_TRUNCATE = f"BEGIN RAISE EXCEPTION '%: nothing is truncated', TG_TABLE_NAME USING ERRCODE = '{LAW}'; END "


def _grouped() -> dict[tuple[str, str], list[Law]]:
    found: dict[tuple[str, str], list[Law]] = {}
    for law in laws():
        found.setdefault((law.table, law.verb), []).append(law)
    return found


def body(kept: Sequence[Law]) -> str:
    """The body of a trigger's function."""
    lines = ["BEGIN"]
    for law in kept:
        state = RACE if law.message.endswith(RACED) else LAW
        lines.append(f"  IF {altered(law)} THEN")
        lines.append(f"    RAISE EXCEPTION '{law.message}' USING ERRCODE = '{state}'; END IF;")
    return "\n".join([*lines, "  RETURN NULL;", "END "])


def _numbered(texts: Sequence[str]) -> list[str]:
    """Statements whose places are numbered through."""
    place, found = 0, []
    for text in texts:
        first, *rest = text.split("%s")
        numbered = [first]
        for part in rest:
            place += 1
            numbered.append(f"${place}{part}")
        found.append("".join(numbered))
    return found


@lru_cache(maxsize=1024)
def asked_at_once(asked: tuple[Statement, ...]) -> str:
    """One statement for several questions: one text of JSON, an array of rows for each of them, or null."""
    texts = _numbered([statement.text for statement in asked])
    if len(asked) == 1:
        return texts[0]
    columns = []
    for text, statement in zip(texts, asked, strict=True):
        names = [f"c{i}" for i in range(len(statement.columns))]
        row = f"json_build_array({', '.join(f'q.{name}' for name in names)})"
        columns.append(f"(SELECT json_agg({row}) FROM ({text}) AS q({', '.join(names)}))")
    return f"SELECT json_build_array({', '.join(columns)})::text"


@lru_cache(maxsize=1024)
def done_at_once(changes: tuple[tuple[Statement, Statement | None, bool], ...]) -> str:
    """One statement for several changes, done in their order, each of which hits what it has to or all of it fails."""
    texts = _numbered([statement.text for statement, _, _ in changes])
    parts = ", ".join(f"o{i} AS ({text} RETURNING 1)" for i, text in enumerate(texts))
    found = ", ".join(f"(SELECT count(*) FROM o{i})" for i in range(len(changes)))
    wanted = ", ".join(
        f"(SELECT count(*) FROM o{i})" if several else "1" if like is None else f"({like.text})"
        for i, (_, like, several) in enumerate(changes)
    )
    return f"WITH {parts} SELECT expense_policy_hits(ARRAY[{found}], ARRAY[{wanted}]::bigint[])"
