"""What the reference job would cost without any rule: the same transactions, rows, hashes and triggers."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

from expense_adapters.sql import SqlRepository
from expense_adapters.sql import sqlite as dialect
from expense_adapters.sql.schema import journal
from expense_adapters.sql.sqlite import Own

_ROWS = [column.name for column in journal.columns].index("rows")
Log = list[list[tuple[str, Any]]]


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


class _Recording(sqlite3.Cursor):
    log: Log

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        word = sql.split(None, 1)[0]
        if word == "BEGIN" and sql.endswith("IMMEDIATE"):
            self.log.append([])
        elif word in ("INSERT", "UPDATE", "DELETE"):
            self.log[-1].append((sql, values))
        return super().execute(sql, values)


class _RecordingDatabase(Own):
    recording: type[_Recording]

    def cursor(self) -> sqlite3.Cursor:
        return self.get().cursor(self.recording)


class RecordingStore(SqlRepository):
    """A store that keeps every row it writes, transaction by transaction."""

    def __init__(self, url: str) -> None:
        self.log: Log = []
        database = _RecordingDatabase(url)
        database.recording = type("Recording", (_Recording,), {"log": self.log})
        self._begin(database)
        database.make()


class SqlFloor:
    """The recorded rows written again by the bare driver: same transactions, same triggers, one hash an entry."""

    def __init__(self, path: Path) -> None:
        SqlRepository(f"sqlite:///{path}").close()
        self.connection = sqlite3.connect(path)
        dialect.prepare(self.connection)

    def run(self, log: Log) -> None:
        """Writes every transaction."""
        execute = self.connection.execute
        for rows in log:
            execute("BEGIN IMMEDIATE")
            for sql, values in rows:
                if sql.startswith("INSERT INTO journal"):
                    hashlib.sha256(values[_ROWS].encode()).hexdigest()
                execute(sql, values)
            execute("COMMIT")
