"""Steps inside a look and a commit, where the engine itself holds one act up for another."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

from expense_adapters.sql import SqlRepository
from expense_adapters.sql.schema import metadata
from expense_adapters.sql.sqlite import Own

from . import orders


class SqliteLock(orders.Engine):
    """SQLite: a read is one snapshot, a write holds the file's one lock from its beginning to its commit.

    Whoever would wait for the lock waits here. Where a write stands between the two makes no difference to others: they
    see what is committed.
    """

    def __init__(self) -> None:
        self.writing: int | None = None
        self.waited = 0

    def may(self, party: int, step: str) -> bool:
        """The lock is free, or it is no matter of the lock."""
        return step != "begin" or self.writing in (None, party)

    def cursor(self) -> Callable[[Own], sqlite3.Cursor]:
        """What stands for `Own.cursor`: a cursor that waits at each of these steps."""
        lock = self

        class Cursor(sqlite3.Cursor):
            reads = False

            def execute(self, sql: str, *values: Any) -> Cursor:
                if sql == "BEGIN":
                    self.reads = True
                elif self.reads and sql.startswith("SELECT"):
                    # The first question takes the snapshot.
                    self.reads = False
                    orders.step("snapshot")
                elif sql == "BEGIN IMMEDIATE":
                    orders.step("begin")
                    super().execute(sql, *values)
                    lock.writing = orders.party()
                    return self
                elif sql in ("COMMIT", "ROLLBACK") and lock.writing is not None and lock.writing == orders.party():
                    orders.step(sql.lower())
                    super().execute(sql, *values)
                    lock.writing = None
                    return self
                return super().execute(sql, *values)

        return lambda own: own.get().cursor(Cursor)


_WAITS = """
SELECT l.locktype, l.classid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE NOT l.granted AND a.datname = current_database() AND a.application_name = %s
"""
_GATE = """
CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  own text := COALESCE(current_setting('races.gate', TRUE), '');
  inside boolean := TG_LEVEL = 'ROW';
BEGIN
  IF own <> '' AND (inside OR COALESCE(current_setting('races.begun', TRUE), '') = '') THEN
    PERFORM set_config('races.begun', 'yes', TRUE);
    PERFORM pg_advisory_xact_lock_shared(inside::int, own::int);
  END IF;
  RETURN NEW;
END $$
"""
_INSIDE = "CREATE TRIGGER gate BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION gate()"
_FIRST = "CREATE TRIGGER first BEFORE INSERT OR UPDATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION gate()"
_STEPS = ("write", "rest")


class PostgresLocks(orders.Engine):
    """PostgreSQL: who waits for whom is asked of the server. A party's sessions bear its name."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.monitor = psycopg.connect(url, autocommit=True)

    def session(self, party: int, *settings: str) -> str:
        """The URL of a party's sessions."""
        options = quote(" ".join(f"-c {setting}" for setting in settings))
        more = (f"application_name=party{party}", f"options={options}" if options else "")
        place = urlsplit(self.url)
        return urlunsplit(place._replace(query="&".join(filter(None, (place.query, *more)))))

    def held(self, party: int) -> str:
        """By another's lock, or at one of its own gates."""
        rows = self.monitor.execute(_WAITS, [f"party{party}"], prepare=True).fetchall()
        if not rows:
            return ""
        kind, gate = rows[0]
        return _STEPS[gate] if kind == "advisory" else "blocked"

    def close(self) -> None:
        """Ends the watching."""
        self.monitor.close()


class PostgresGates(PostgresLocks):
    """The same, where an act stops in the middle of its one statement: its locks are had, its entry is not written.

    With `first` it stops before its first change too: what it sees is settled, and it holds nothing.
    """

    def __init__(self, url: str, *, first: bool = False) -> None:
        super().__init__(url)
        self.monitor.execute(_GATE)
        self.monitor.execute(_INSIDE)
        for table in metadata.tables if first else ():
            self.monitor.execute(_FIRST.format(table))
        self._shut = set[tuple[int, int]]()

    def store(self, party: int, **options: Any) -> SqlRepository:
        """A party's own store."""
        return SqlRepository(self.session(party, f"races.gate={party}"), connections=1, **options)

    def before(self, party: int, step: str) -> None:
        """Before a commit its gates are shut; at one of them, that one is opened."""
        for number, name in enumerate(_STEPS):
            gate = (number, party)
            if step == "commit" and gate not in self._shut:
                self.monitor.execute("SELECT pg_advisory_lock(%s, %s)", gate)
                self._shut.add(gate)
            elif step == name:
                self.monitor.execute("SELECT pg_advisory_unlock(%s, %s)", gate)
                self._shut.discard(gate)
