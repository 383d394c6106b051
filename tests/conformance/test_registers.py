"""A page of a register costs what it gives, on every engine: it is found by an index, in the order of the index."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

from expense_adapters.sql import SqlRepository
from expense_adapters.sql.engine import Asked
from expense_adapters.sql.mariadb_pool import place
from expense_policy.testing.batches import Clerk, use_row

PAGE, DOCUMENTS, ROWS = 20, 20, 300
SOME = (("type", "holiday_gift"), ("month", "2026-02"))
WHERES: tuple[tuple[tuple[str, str], ...], ...] = (
    (("recipient", "C1"),),
    (("item", "tea"),),
    (("document", "d15"),),
    (("recipient", "C1"), ("item", "tea")),
    (("document", "d15"), ("recipient", "C1")),
    (("document", "d15"), ("item", "tea")),
    (("recipient", "C1"), *SOME),
    (("item", "tea"), *SOME),
)


def _filled(store: SqlRepository) -> None:
    for n in range(DOCUMENTS):
        rows = [
            use_row(
                f"d{n:02d}",
                i,
                recipient="C1" if i % 5 else f"C{i}",
                item="tea" if i % 4 else "",
                on=date(2026, 2 + i % 2, 1),
            )
            for i in range(1, ROWS + 1)
        ]
        Clerk(store).does(f"d{n:02d}", facts=tuple(rows))


def _read_by_postgres(url: str, text: str, values: tuple[Any, ...]) -> int:
    with psycopg.connect(url) as plain:
        plain.execute("ANALYZE use_rows")
        found = plain.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}".encode(), values).fetchone()
    assert found is not None
    node = found[0][0]["Plan"]["Plans"][0]
    assert "Sort" not in json.dumps(node)
    return int(node["Actual Rows"]) + int(node.get("Rows Removed by Filter", 0))


def _read_by_mariadb(url: str, text: str, values: tuple[Any, ...]) -> int:
    with pymysql.connect(**place(url)) as plain, plain.cursor() as cursor:
        for statement in ("ANALYZE TABLE use_rows", "FLUSH STATUS"):
            cursor.execute(statement)
        cursor.execute(text, values)
        cursor.execute("SHOW STATUS WHERE Variable_name REGEXP '^Handler_(read|icp_attempts)'")
        return max(int(count) for _, count in cursor.fetchall())


@pytest.mark.parametrize("engine", ["sqlite", "postgres", "mariadb"])
def test_a_page_far_on_costs_what_the_first_one_costs(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a place in the middle of thousands of rows no more is read than the page and what is narrowed away."""
    url = f"sqlite:///{tmp_path}/store.db" if engine == "sqlite" else request.getfixturevalue(f"{engine}_url")
    with closing(SqlRepository(url)) as store:
        _filled(store)
        database: Any = store._database
        asked: list[Asked] = []
        ask = database.ask

        def told(*each: Asked) -> Any:
            asked.extend(each)
            return ask(*each)

        monkeypatch.setattr(database, "ask", told)
        assert [len(store.uses(where, ("d15", 200), PAGE)) for where in WHERES] == [PAGE] * len(WHERES)
        for where, (statement, each) in zip(WHERES, asked, strict=True):
            values = statement.values(each)
            if engine == "sqlite":
                steps = database.get().execute(f"EXPLAIN QUERY PLAN {statement.text}", values).fetchall()
                (plan,) = [step[3] for step in steps]
                assert "number>?)" in plan or "(document,number)>(?,?)" in plan, where
            else:
                read = _read_by_postgres if engine == "postgres" else _read_by_mariadb
                assert read(url, statement.text, values) <= 5 * PAGE, where
        assert store.uses((("document", "d01"),), ("d02", 1)) == []
