"""The same fights as programs are often written: a look, a decision, a write, and nothing that ties them together.

They are controls: the scheduler that finds nothing wrong with the library has to find what is wrong with these.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import attrs
import psycopg

from . import orders

TABLES = (
    "CREATE TABLE money (id VARCHAR(20) PRIMARY KEY, in_force BIGINT, reserved BIGINT)",
    "CREATE TABLE holds (line VARCHAR(20), units BIGINT)",
    "CREATE TABLE forms (id VARCHAR(20) PRIMARY KEY, status VARCHAR(20), content VARCHAR(20))",
    "CREATE TABLE paid (paper VARCHAR(20), content VARCHAR(20))",
    "CREATE TABLE signed (paper VARCHAR(20), step BIGINT, signer VARCHAR(20))",
    "CREATE TABLE invoices (number VARCHAR(20), paper VARCHAR(20))",
    "CREATE TABLE months (id VARCHAR(20) PRIMARY KEY, closed BIGINT, total BIGINT)",
    "CREATE TABLE entries (month VARCHAR(20), units BIGINT)",
)
BEGINNING = (
    "INSERT INTO money VALUES (?, 100, 0)",
    "INSERT INTO forms VALUES (?, 'approved', 'old')",
    "INSERT INTO months VALUES (?, 0, 0)",
)
LOST = "refused by the engine"
IMMEDIATE = "BEGIN IMMEDIATE"


class Session:
    """A connection of a driver; each statement, and the commit, is a step."""

    def __init__(self, connection: Any, begin: str, lock: FileLock | None = None) -> None:
        self._connection, self._begin, self._lock = connection, begin, lock

    def __call__(self, sql: str, *values: object) -> Any:
        """The one value that a question is answered with; None where it is none."""
        orders.step(sql.split()[0].lower())
        return self.plain(sql, *values)

    def plain(self, sql: str, *values: object) -> Any:
        """The same, in nobody's turn."""
        if isinstance(self._connection, psycopg.Connection):
            cursor: Any = self._connection.execute(sql.replace("?", "%s"), values)
        else:
            cursor = self._connection.execute(sql, values)
            if self._lock is not None and sql.startswith(("INSERT", "UPDATE", IMMEDIATE)):
                self._lock.writing = orders.party()
        return cursor.fetchone()[0] if cursor.description else None

    def commit(self) -> None:
        """Ends the transaction, if there is one."""
        self._connection.commit()
        if self._lock is not None and self._lock.writing == orders.party():
            self._lock.writing = None

    def begins(self) -> None:
        """Begins one; it is a step only where it may have to wait."""
        if self._begin == IMMEDIATE:
            orders.step("begin")
        if self._begin:
            self.plain(self._begin)

    def run(self, act: Callable[[Session, str], bool], n: str) -> object:
        """The act in a transaction of its own: whether it was done."""
        try:
            self.begins()
            done = act(self, n)
            orders.step("commit")
            self.commit()
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, sqlite3.OperationalError):
            self._connection.rollback()
            self.commit()
            return LOST
        return "done" if done else "refused"


class FileLock(orders.Engine):
    """SQLite's one lock for writing: whoever would wait for it waits here."""

    def __init__(self) -> None:
        self.writing: int | None = None

    def may(self, party: int, step: str) -> bool:
        """Another's write goes before its own."""
        return step not in ("begin", "insert", "update") or self.writing in (None, party)


Unit = Callable[[Session, str], bool]


@attrs.frozen
class Naive:
    """Two acts, and what has become of one case of them: True where no order of one after the other leads there."""

    acts: tuple[Unit, Unit]
    broken: Callable[[Session, str], bool]


def _reserve(sql: Session, n: str) -> bool:
    if sql("SELECT COALESCE(SUM(units), 0) FROM holds WHERE line = ?", n) + 60 > 100:
        return False
    sql("INSERT INTO holds VALUES (?, 60)", n)
    return True


def _reserve_locked(sql: Session, n: str) -> bool:
    """With SELECT ... FOR UPDATE on the line, which is not written."""
    sql("SELECT 1 FROM money WHERE id = ? FOR UPDATE", n)
    return _reserve(sql, n)


def _reserve_looked_before(sql: Session, n: str) -> bool:
    """The look has a transaction of its own, the decision is made outside, the write has another."""
    orders.step("look")
    held = sql.plain("SELECT COALESCE(SUM(units), 0) FROM holds WHERE line = ?", n)
    sql.commit()
    sql.begins()
    if held + 60 > 100:
        return False
    sql("INSERT INTO holds VALUES (?, 60)", n)
    return True


def _overdrawn(sql: Session, n: str) -> bool:
    return bool(sql.plain("SELECT SUM(units) > 100 FROM holds WHERE line = ?", n))


def _pay(sql: Session, n: str) -> bool:
    if sql("SELECT COUNT(*) FROM paid WHERE paper = ?", n):
        return False
    sql("INSERT INTO paid VALUES (?, 'old')", n)
    return True


def _pay_what_is_approved(sql: Session, n: str) -> bool:
    if sql("SELECT status FROM forms WHERE id = ?", n) != "approved":
        return False
    sql("INSERT INTO paid VALUES (?, 'old')", n)
    return True


def _pay_and_say_so(sql: Session, n: str) -> bool:
    if sql("SELECT status FROM forms WHERE id = ?", n) != "approved":
        return False
    sql("UPDATE forms SET status = 'paid' WHERE id = ?", n)
    sql("INSERT INTO paid VALUES (?, 'old')", n)
    return True


def _amend(sql: Session, n: str) -> bool:
    if sql("SELECT status FROM forms WHERE id = ?", n) != "approved":
        return False
    sql("UPDATE forms SET status = 'in_review', content = 'new' WHERE id = ?", n)
    return True


def _withdraw(sql: Session, n: str) -> bool:
    if sql("SELECT COUNT(*) FROM paid WHERE paper = ?", n):
        return False
    sql("UPDATE forms SET status = 'withdrawn' WHERE id = ?", n)
    return True


def _paid_twice(sql: Session, n: str) -> bool:
    return bool(sql.plain("SELECT COUNT(*) > 1 FROM paid WHERE paper = ?", n))


def _paid_what_is_not_approved(sql: Session, n: str) -> bool:
    """The document came back to its applicant, or was taken back, and is paid."""
    gone = sql.plain("SELECT COUNT(*) FROM forms WHERE id = ? AND status IN ('in_review', 'withdrawn')", n)
    changed = sql.plain("SELECT COUNT(*) FROM forms WHERE id = ? AND content = 'new'", n)
    return bool((gone or changed) and sql.plain("SELECT COUNT(*) FROM paid WHERE paper = ?", n))


def _sign(step: int) -> Unit:
    def sign(sql: Session, n: str) -> bool:
        if sql("SELECT COUNT(*) FROM signed WHERE paper = ? AND signer = 'two.hats'", n):
            return False
        sql("INSERT INTO signed VALUES (?, ?, 'two.hats')", n, step)
        return True

    return sign


def _signed_twice(sql: Session, n: str) -> bool:
    return bool(sql.plain("SELECT COUNT(*) > 1 FROM signed WHERE paper = ?", n))


def _bring(sql: Session, n: str) -> bool:
    if sql("SELECT COUNT(*) FROM invoices WHERE number = ?", n):
        return False
    sql("INSERT INTO invoices VALUES (?, 'a claim')", n)
    return True


def _brought_twice(sql: Session, n: str) -> bool:
    return bool(sql.plain("SELECT COUNT(*) > 1 FROM invoices WHERE number = ?", n))


def _close(sql: Session, n: str) -> bool:
    total = sql("SELECT COALESCE(SUM(units), 0) FROM entries WHERE month = ?", n)
    sql("UPDATE months SET closed = 1, total = ? WHERE id = ?", total, n)
    return True


def _late(sql: Session, n: str) -> bool:
    if sql("SELECT closed FROM months WHERE id = ?", n):
        return False
    sql("INSERT INTO entries VALUES (?, 100)", n)
    return True


def _counted_wrong(sql: Session, n: str) -> bool:
    entries = "(SELECT COALESCE(SUM(units), 0) FROM entries WHERE month = months.id)"
    return bool(sql.plain(f"SELECT COUNT(*) FROM months WHERE id = ? AND closed = 1 AND total <> {entries}", n))


def _adjust(sql: Session, n: str) -> bool:
    if sql("SELECT in_force - reserved FROM money WHERE id = ?", n) < 60:
        return False
    sql("UPDATE money SET in_force = 40 WHERE id = ?", n)
    return True


def _reserve_on_the_line(sql: Session, n: str) -> bool:
    if sql("SELECT in_force - reserved FROM money WHERE id = ?", n) < 60:
        return False
    sql("UPDATE money SET reserved = 60 WHERE id = ?", n)
    return True


def _line_overdrawn(sql: Session, n: str) -> bool:
    return bool(sql.plain("SELECT reserved > in_force FROM money WHERE id = ?", n))


NAIVE: dict[str, Naive] = {
    "reserve, reserve": Naive((_reserve, _reserve), _overdrawn),
    "pay, pay": Naive((_pay, _pay), _paid_twice),
    "amend, pay": Naive((_amend, _pay_and_say_so), _paid_what_is_not_approved),
    "one signer, two steps": Naive((_sign(1), _sign(2)), _signed_twice),
    "one voucher twice": Naive((_bring, _bring), _brought_twice),
    "close a month, a late entry": Naive((_close, _late), _counted_wrong),
    "adjust, reserve": Naive((_adjust, _reserve_on_the_line), _line_overdrawn),
    "withdraw, pay": Naive((_withdraw, _pay_what_is_approved), _paid_what_is_not_approved),
}
LOCKED = {"reserve, reserve, FOR UPDATE": Naive((_reserve_locked, _reserve_locked), _overdrawn)}
"""Where the engine knows it."""
BEFORE = {"reserve, reserve, looked before": Naive((_reserve_looked_before, _reserve_looked_before), _overdrawn)}
