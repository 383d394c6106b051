"""What the reference job would cost without any rule: the same transactions, rows, hashes and triggers."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from expense_adapters.sql import SqlRepository, sqlite
from expense_adapters.sql.engine import Answer, Asked, Database, Operation, Stage

Log = list[tuple[Stage, ...]]
"""The changes of act after act."""


class DictFloor:
    """Seven acts an expense over dicts and tuples, each entry and signature hashed with SHA-256."""

    def __init__(self) -> None:
        self.documents: dict[str, tuple[object, ...]] = {}
        self.line = [9 * 10**14, 0, 0, 0]
        self.journal: dict[str, list[tuple[object, ...]]] = {}
        self.facts: list[tuple[object, ...]] = []
        self.outbox: dict[str, tuple[object, ...]] = {}
        self.keys: dict[str, str] = {}
        self.guards: dict[str, int] = {}
        self.taken: dict[str, str] = {}
        self.payees: dict[str, str] = {}
        self.count = 0

    def _hash(self, *values: object) -> str:
        return hashlib.sha256("|".join(map(str, values)).encode()).hexdigest()

    def _entry(self, id: str, act: str, actor: str, *rows: object) -> None:
        chain = self.journal.setdefault(id, [])
        prev = chain[-1][-1] if chain else ""
        seq = len(chain) + 1
        found = self._hash(id, seq, prev, act, actor, *rows)
        chain.append((id, seq, prev, act, actor, rows, found))
        self.outbox[f"{id}:{seq}"] = (act, actor, found)

    def run(self, expenses: int) -> None:
        """So many expenses."""
        line = self.line
        for _ in range(expenses):
            self.count += 1
            id, units = f"d{self.count}", 1000000
            statement = self._hash(id, units, "gifts", "account", "content")
            self.documents[id] = (id, 1, "in_review", units, statement, ())
            for guard in (f"account:{id}", f"name:{id}"):
                self.guards[guard] = 1
            line[1] += units
            self.keys[f"form-{id}"] = id
            self._entry(id, "apply", "li.na", statement, units)
            signatures: tuple[str, ...] = ()
            for version, person in enumerate(("head", "officer", "cfo", "deputy"), 2):
                signatures = (*signatures, self._hash(id, statement, person, "approve", "Fine."))
                self.facts.append((id, person, signatures[-1]))
                self.documents[id] = (
                    id,
                    version,
                    "approved" if version == 5 else "in_review",
                    units,
                    statement,
                    signatures,
                )
                if version == 5:
                    line[1] -= units
                    line[2] += units
                self._entry(id, "sign", person, signatures[-1])
            paid = self._hash(id, 1, units, "payee", "account")
            self.facts.append((id, 1, units, paid))
            self.taken[f"{id}:1"] = id
            self.payees[id] = "account"
            line[2] -= units
            line[3] += units
            self.documents[id] = (id, 6, "approved", units, statement, signatures, paid)
            self.keys[f"pay-{id}"] = id
            self._entry(id, "pay", "cashier", paid)
            for number in range(3):
                self.facts.append((id, number, "C", 30, self._hash(id, number, "C", 30)))
            self.documents[id] = (id, 7, "settled", units, statement, signatures, paid)
            self._entry(id, "settle", "li.na", 3)


class Recording(Database):
    """A database that keeps the changes of every act, as they go to it."""

    def __init__(self, inner: Database) -> None:
        self._inner, self.dialect = inner, inner.dialect
        self.log: Log = []

    def ask(self, *asked: Asked) -> list[Answer]:
        """As the inner one."""
        return self._inner.ask(*asked)

    def do(self, *stages: Stage) -> None:
        """Keeps them, and does them."""
        self.log.append(stages)
        self._inner.do(*stages)

    def version(self) -> int | None:
        """As the inner one."""
        return self._inner.version()

    def lacking(self) -> tuple[str, ...]:
        """As the inner one."""
        return self._inner.lacking()

    def close(self) -> None:
        """As the inner one."""
        self._inner.close()


def recorded(database: Database) -> tuple[SqlRepository, Recording]:
    """A store that keeps every change it makes."""
    database.make()
    store, recording = SqlRepository.__new__(SqlRepository), Recording(database)
    store._begin(recording)
    return store, recording


Said = tuple[str, tuple[object, ...], str]
"""A statement, what is bound in it, and the journal's rows in it, which whoever writes an entry has to hash."""


def _rows(operation: Operation) -> str:
    return str(operation.values["rows"]) if operation.statement.text.startswith("INSERT INTO journal") else ""


class SqliteFloor:
    """The recorded changes written again by the bare driver: same transactions, same triggers, one hash an entry."""

    def __init__(self, path: Path) -> None:
        SqlRepository(f"sqlite:///{path}").close()
        self.connection = sqlite3.connect(path)
        sqlite.prepare(self.connection)

    def prepared(self, log: Log) -> list[list[Said]]:
        """What the driver is told, act after act."""
        return [
            [(o.statement.text, o.statement.values(o.values), _rows(o)) for stage in stages for o in stage]
            for stages in log
        ]

    def run(self, log: list[list[Said]]) -> None:
        """Writes every transaction."""
        execute = self.connection.execute
        for act in log:
            execute("BEGIN IMMEDIATE")
            for text, values, rows in act:
                if rows:
                    hashlib.sha256(rows.encode()).hexdigest()
                execute(text, values)
            execute("COMMIT")


class PostgresFloor:
    """The recorded changes written again by the bare driver: one statement an act, on a connection that is held."""

    def __init__(self, url: str) -> None:
        import psycopg
        from psycopg import RawCursor
        from psycopg.types.numeric import Int8Dumper

        self.connection = psycopg.connect(url, autocommit=True, cursor_factory=RawCursor)
        self.connection.adapters.register_dumper(int, Int8Dumper)

    def prepared(self, log: Log) -> list[list[Said]]:
        """What the driver is told, act after act."""
        return [[_at_once(stage) for stage in stages] for stages in log]

    def run(self, log: list[list[Said]]) -> None:
        """Does every act."""
        cursor = self.connection.cursor()
        for act in log:
            for text, values, rows in act:
                hashlib.sha256(rows.encode()).hexdigest()
                cursor.execute(text, values, prepare=True)


def _at_once(stage: Stage) -> Said:
    from expense_adapters.sql.postgres import done_at_once

    values = tuple([value for o in stage for value in o.statement.values(o.values)])
    shape = tuple([(o.statement, o.like, o.several) for o in stage])
    return done_at_once(shape), values, "".join(map(_rows, stage))
