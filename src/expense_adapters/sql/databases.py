"""Which engine a URL or a host's connection belongs to; a driver is imported where it is used."""

from __future__ import annotations

import sqlite3
from importlib import import_module
from types import ModuleType
from typing import Any

from expense_policy.ports.errors import RepositoryUnavailable

from . import sqlite
from .engine import Database

_EXTRAS = {"postgresql": "postgres", "mariadb": "mariadb"}
_DRIVERS = {"psycopg": "postgres", "pymysql": "mariadb"}
_KNOWN = "the store's URL is sqlite:///PATH, where PATH names a file, postgresql://... or mariadb://..."


def opened(url: str, **options: Any) -> Database:
    """The database of a URL, for reading and writing; ValueError for a URL of no known engine."""
    database: Database = _module(url).Own(url, **options)
    return database


def snapshot(url: str) -> Database:
    """The database of a URL as it stands at this instant, to be read alone."""
    database: Database = _module(url).Snapshot(url)
    return database


def joined(connection: object) -> Database:
    """The database of a host's connection, inside the transaction that is open on it."""
    if isinstance(connection, sqlite3.Connection):
        return sqlite.Joined(connection)
    module = _DRIVERS.get(type(connection).__module__.partition(".")[0])
    if module is None:
        raise TypeError(f"a {type(connection).__name__} is no connection of sqlite3, psycopg or pymysql")
    database: Database = _engine(module).Joined(connection)
    return database


def _module(url: str) -> ModuleType:
    scheme, separator, _ = url.partition("://")
    if scheme == "sqlite":
        return sqlite
    if not separator or scheme not in _EXTRAS:
        raise ValueError(_KNOWN)
    return _engine(_EXTRAS[scheme])


def _engine(name: str) -> ModuleType:
    try:
        return import_module(f".{name}_connections", __package__)
    except ImportError as error:
        raise RepositoryUnavailable(
            f"the driver is not installed: pip install 'expense-policy[{name}]' ({error})", outcome_known=True
        ) from error
