"""Connections to MariaDB: where a URL leads, what each session is set to and has read back, a small pool of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, LifoQueue
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pymysql
from pymysql.constants import CLIENT

from expense_policy.ports.errors import RepositoryUnavailable

from .mariadb import MODE
from .mariadb_wire import Connection
from .schema import CODE_POINTS

_FLAGS = CLIENT.FOUND_ROWS | CLIENT.MULTI_STATEMENTS
_URL = "the store's URL is mariadb://USER:PASSWORD@HOST:PORT/DATABASE"
_FILES = ("unix_socket", "ssl_ca", "ssl_cert", "ssl_key")
_SWITCHES = ("ssl_verify_cert", "ssl_verify_identity")
_SECONDS = ("connect_timeout", "read_timeout", "write_timeout")
# What a session is set to. Each of it may be otherwise by the server's own configuration.
_SESSION = {
    "sql_mode": ",".join(sorted(MODE)),
    "autocommit": "ON",
    "completion_type": "NO_CHAIN",
    "sql_notes": "ON",
    "unique_checks": "ON",
    "check_constraint_checks": "ON",
    "innodb_lock_wait_timeout": "30",
}
_DURABLE = ("innodb_flush_log_at_trx_commit", "log_bin", "sync_binlog", "read_only")
_LEVEL = ("tx_isolation", "transaction_isolation")
_SYNC = "wsrep_sync_wait"
_IDLE = 30.0
"""After so many seconds a connection is asked whether it is still there."""
_WAIT = 30.0


def place(url: str) -> dict[str, Any]:
    """What PyMySQL is told of a URL; ValueError for one that names no database."""
    at = urlsplit(url)
    name, port = unquote(at.path.removeprefix("/")), at.port
    if at.scheme != "mariadb" or not name or "/" in name:
        raise ValueError(_URL)
    found: dict[str, Any] = {"database": name, "user": unquote(at.username or ""), "host": at.hostname}
    # As bytes: PyMySQL would write it in Latin-1.
    found |= {"password": unquote(at.password or "").encode(), "port": port or 0}
    for key, value in parse_qsl(at.query, keep_blank_values=True, strict_parsing=True):
        if key in _FILES:
            found[key] = value
        elif key in _SWITCHES and value in ("true", "false"):
            found[key] = value == "true"
        elif key in _SECONDS and value.isascii() and value.isdigit():
            found[key] = int(value)
        else:
            raise ValueError(f"{_URL}; with {', '.join((*_FILES, *_SWITCHES, *_SECONDS))}, and not {key}={value}")
    return found


def connected(at: Mapping[str, Any]) -> Connection:
    """A connection whose text is the store's."""
    return pymysql.connect(**at, charset="utf8mb4", collation=CODE_POINTS, autocommit=True, client_flag=_FLAGS)


def told(cursor: Any, *names: str) -> dict[str, str]:
    """What a session has; what the server does not know is not there."""
    cursor.execute(f"SHOW SESSION VARIABLES WHERE Variable_name IN ({', '.join(['%s'] * len(names))})", names)
    return dict(cursor.fetchall())


def prepare(connection: Connection, isolation: str, *, writes: bool = True) -> None:
    """Sets a session up, and reads back what it was given; one that `writes` does so where its commits last."""
    with connection.cursor() as cursor:
        wanted = dict(_SESSION)
        if told(cursor, _SYNC):
            # On a Galera cluster a read waits for what other nodes have committed.
            wanted[_SYNC] = "1"
        values = [int(value) if value.isdigit() else value for value in wanted.values()]
        cursor.execute(f"SET SESSION {', '.join(f'{name} = %s' for name in wanted)}", values)
        cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
        found = told(cursor, *wanted, *_LEVEL, *_DURABLE)
    found["sql_mode"] = ",".join(sorted(found["sql_mode"].split(",")))
    wanted |= dict.fromkeys(found.keys() & _LEVEL, isolation.replace(" ", "-"))
    for name, value in wanted.items():
        if found[name] != value:
            raise RepositoryUnavailable(f"{name} is {found[name]}, and has to be {value}", outcome_known=True)
    if writes:
        _check_durable(found)


def _check_durable(found: Mapping[str, str]) -> None:
    if found["read_only"] != "OFF":
        # Nothing is decided on a replica, whose answers are older.
        raise RepositoryUnavailable(f"read_only is {found['read_only']}, and has to be OFF", outcome_known=True)
    name, log = "innodb_flush_log_at_trx_commit", "sync_binlog"
    if found[name] not in ("1", "3"):
        why = f"{name} is {found[name]}, and has to be 1: a commit would be told before it lasts"
        raise RepositoryUnavailable(why, outcome_known=True)
    # With a binary log it is that log which says after a crash what was committed.
    if found["log_bin"] == "ON" and found[log] != "1":
        why = f"{log} is {found[log]}, and has to be 1 where log_bin is ON: a commit would be told before it lasts"
        raise RepositoryUnavailable(why, outcome_known=True)


class Pool:
    """So many connections at most, each made when it is needed; the one used last is taken first."""

    def __init__(self, connect: Callable[[], Connection], most: int) -> None:
        self._connect, self._most = connect, most
        self._free: LifoQueue[tuple[Connection, float] | None] = LifoQueue()
        self._closed, self._lost, self._lock = False, 0.0, threading.Lock()
        for _ in range(most):
            self._free.put(None)

    def get(self) -> Connection:
        """One that is the caller's alone, until `give`; RepositoryUnavailable where none gets free."""
        try:
            free = self._free.get(timeout=_WAIT)
        except Empty:
            why = f"none of {self._most} connections got free in {_WAIT:.0f} seconds"
            raise RepositoryUnavailable(why, outcome_known=True) from None
        try:
            if self._closed:
                raise RepositoryUnavailable("the store is closed", outcome_known=True)
            return self._alive(*free) if free is not None else self._connect()
        except BaseException:
            self._free.put(None)
            raise

    def _alive(self, connection: Connection, given: float) -> Connection:
        if given <= self._lost or time.monotonic() - given > _IDLE:
            try:
                connection.ping(reconnect=False)
            except pymysql.Error:
                shut(connection)
                return self._connect()
        return connection

    def give(self, connection: Connection) -> None:
        """The caller is done with it; where it broke, the others are asked before they are used again."""
        if not connection.open:
            self._lost = time.monotonic()
            self._free.put(None)
            return
        with self._lock:
            if not self._closed:
                self._free.put((connection, time.monotonic()))
                return
        shut(connection)
        self._free.put(None)

    def close(self) -> None:
        """Closes those that are free; the others are closed as they are given back."""
        with self._lock:
            self._closed = True
        for _ in range(self._most):
            with suppress(Empty):
                free = self._free.get_nowait()
                if free is not None:
                    shut(free[0])
        self._free.put(None)


def shut(connection: Connection) -> None:
    """Closes a connection, whatever has become of it."""
    with suppress(pymysql.Error):
        connection.close()
