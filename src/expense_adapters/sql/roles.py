"""Who may do what in a store on PostgreSQL: a role for the application, one for auditors, nothing for everybody.

The tables' owner is a third role, for upgrades alone. What an act does not do the application's role may not do either,
by whatever SQL: no law is set aside, and no row of the record changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from expense_policy.ports.errors import RepositoryError, RepositoryUnavailable

from . import schema as s
from . import versions
from .postgres import DIALECT
from .postgres_connections import Snapshot

UPDATED = {
    "documents": tuple(column.name for column in s.documents.c if column.name != "id"),
    "payees": ("version", "account"),
    "policies": tuple(column.name for column in s.policies.c if column.name != "id"),
    "lines": ("in_force", "reserved", "committed", "spent", "closed_through"),
    "guards": ("version",),
    "cards": tuple(column.name for column in s.cards.c if column.name != "id"),
    "postings": ("book_number",),
    "outbox": ("due", "parked", "attempts"),
}
"""The columns that acts and sweeps change."""
DELETED = ("taken", "outbox", "unsealed")
"""The tables that they take rows out of."""
NOT_INSERTED = ("schema_version",)
"""The tables that they add no row to."""
_CALLED = "expense_policy_hits"
_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def granting(application: str, auditor: str, *, schema: str, database: str) -> list[str]:
    """The statements that set both roles up, whatever they had before; ValueError for names that are none."""
    for name in (application, auditor):
        _check_name(name)
    if application == auditor:
        raise ValueError("application and auditor are two roles")
    app, read, public = sql.Identifier(application), sql.Identifier(auditor), sql.SQL("PUBLIC")
    both, all_three = sql.SQL(", ").join((app, read)), sql.SQL(", ").join((public, app, read))
    where, place = sql.Identifier(schema), sql.Identifier(database)

    def names(found: Sequence[str]) -> sql.Composed:
        return sql.SQL(", ").join(sql.Identifier(schema, name) for name in found)

    tables = sorted(s.metadata.tables)
    every, inserted = names(tables), names([name for name in tables if name not in NOT_INSERTED])
    found = [
        _made(application),
        _made(auditor),
        # Who may make tables, temporary ones too, could have a law look at his own.
        sql.SQL("REVOKE CREATE ON SCHEMA {} FROM {}").format(where, all_three),
        sql.SQL("REVOKE CREATE, TEMPORARY ON DATABASE {} FROM {}").format(place, all_three),
        sql.SQL("REVOKE ALL ON TABLE {} FROM {}").format(every, all_three),
        sql.SQL("REVOKE ALL ON FUNCTION {} FROM {}").format(names(_functions()), all_three),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(place, both),
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(where, both),
        sql.SQL("GRANT SELECT ON TABLE {} TO {}").format(every, both),
        sql.SQL("GRANT INSERT ON TABLE {} TO {}").format(inserted, app),
        sql.SQL("GRANT DELETE ON TABLE {} TO {}").format(names(DELETED), app),
        sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(names([_CALLED]), app),
    ]
    for table, columns in UPDATED.items():
        changed = sql.SQL(", ").join(map(sql.Identifier, columns))
        found.append(sql.SQL("GRANT UPDATE ({}) ON TABLE {} TO {}").format(changed, names([table]), app))
    return [statement.as_string(None) for statement in found]


def script(url: str, application: str, auditor: str) -> list[str]:
    """The statements for a store; nothing is done."""
    with _connected(url) as connection:
        return _script(connection, application, auditor)


def apply(url: str, application: str, auditor: str) -> list[str]:
    """Does them as the tables' owner, in one transaction, and returns them.

    RepositoryError, and nothing done, where one of the roles could still do more than that: as an owner or a superuser,
    as a member of another role, or because whoever asks may not take it away.
    """
    with _connected(url) as connection:
        done = _script(connection, application, auditor)
        for statement in done:
            connection.execute(statement.encode())
        if beyond := _beyond(connection, application, auditor):
            connection.rollback()
            raise RepositoryError(f"nothing was done: {'; '.join(beyond[:5])}")
    return done


def _check_name(name: str) -> None:
    # PostgreSQL cuts what is longer off, takes a quoted "public" for everybody, and keeps pg_ for itself.
    if not 0 < len(name.encode("utf-8", "surrogatepass")) < 64 or not name.isprintable():
        raise ValueError(f"a role's name has 1 to 63 bytes that can be printed: {name!r}")
    if name in ("public", "none") or name.startswith("pg_"):
        raise ValueError(f"{name!r} is no name for a role")


def _functions() -> list[str]:
    laws = [statement.replace("(", " ").split() for statement in DIALECT.laws()]
    return sorted({words[2] for words in laws if words[1] == "FUNCTION"})


def _made(name: str) -> sql.Composed:
    there = sql.SQL("SELECT FROM pg_catalog.pg_roles WHERE rolname = {}").format(sql.Literal(name))
    made = sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name))
    body = sql.SQL("BEGIN IF NOT EXISTS ({}) THEN {}; END IF; END").format(there, made)
    return sql.SQL("DO {}").format(sql.Literal(body.as_string(None)))


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """One transaction on a store of this library's schema."""
    if not url.startswith("postgresql://"):
        raise ValueError("roles are PostgreSQL's: the store's URL is postgresql://...")
    read = Snapshot(url)
    try:
        versions.present(read.version())
    finally:
        read.close()
    try:
        with psycopg.connect(url, client_encoding="utf8") as connection:
            yield connection
    except psycopg.Error as error:
        raise RepositoryUnavailable(str(error), outcome_known=True) from error


def _script(connection: psycopg.Connection[tuple[Any, ...]], application: str, auditor: str) -> list[str]:
    (place,) = connection.execute("SELECT current_schema()::text, current_database()::text").fetchall()
    return granting(application, auditor, schema=place[0], database=place[1])


_MEMBERS = "SELECT r.rolname FROM pg_roles r WHERE pg_has_role(%(role)s, r.oid, 'MEMBER')"
_EVERYBODY = "SELECT 'public'::name"
_COULD = (
    "SELECT t || ' ' || v FROM r, unnest(%(tables)s::text[]) t, unnest(%(verbs)s::text[]) v"
    " WHERE has_table_privilege(r.rolname, t, v)"
    " UNION SELECT t || ' UPDATE ' || c FROM r, unnest(%(of)s::text[], %(columns)s::text[]) AS u(t, c)"
    " WHERE has_column_privilege(r.rolname, t, c, 'UPDATE')"
    " UNION SELECT 'make tables' FROM r WHERE has_schema_privilege(r.rolname, current_schema(), 'CREATE')"
    " UNION SELECT 'make temporary tables' FROM r WHERE has_database_privilege(r.rolname, current_database(), 'TEMP')"
    " UNION SELECT 'keep laws from being asked' FROM r"
    " WHERE has_parameter_privilege(r.rolname, 'session_replication_role', 'SET') ORDER BY 1"
)
_ACTS = (
    "SELECT r.rolname || ' is a superuser, or makes roles' FROM pg_roles r"
    " WHERE r.rolname = ANY(%(roles)s) AND (r.rolsuper OR r.rolcreaterole)"
    " UNION SELECT r.rolname || ' acts for the owner of ' || c.relname FROM pg_roles r, pg_class c"
    " WHERE r.rolname = ANY(%(roles)s) AND NOT r.rolsuper AND c.oid = ANY(%(tables)s::regclass[])"
    " AND pg_has_role(r.oid, c.relowner, 'MEMBER')"
    " UNION SELECT r.rolname || ' is a member of ' || m.rolname FROM pg_roles r, pg_roles m"
    " WHERE r.rolname = ANY(%(roles)s) AND NOT r.rolsuper AND pg_has_role(r.oid, m.oid, 'MEMBER')"
    " AND m.rolname IN ('pg_execute_server_program', 'pg_write_server_files') ORDER BY 1"
)


def _beyond(connection: psycopg.Connection[tuple[Any, ...]], application: str, auditor: str) -> list[str]:
    """What the roles could do beyond what they were given, by themselves or as whoever they may become."""
    tables = sorted(s.metadata.tables)
    acts = connection.execute(_ACTS, {"roles": [application, auditor], "tables": tables}).fetchall()
    if acts:
        return [found for (found,) in acts]
    columns = [(t.name, c.name) for t in s.metadata.tables.values() for c in t.columns]
    asked = {"tables": tables, "verbs": list(_VERBS), "of": [t for t, _ in columns], "columns": [c for _, c in columns]}
    found = []
    for role, may in ((application, _may(writes=True)), (auditor, _may(writes=False)), ("public", set[str]())):
        query = f"WITH r (rolname) AS ({_EVERYBODY if role == 'public' else _MEMBERS}) {_COULD}"
        could = connection.execute(query.encode(), {**asked, "role": role}).fetchall()
        found += [f"{role} could still {each}" for (each,) in could if each not in may]
    return found


def _may(*, writes: bool) -> set[str]:
    found = {f"{table} SELECT" for table in s.metadata.tables}
    if writes:
        found |= {f"{table} INSERT" for table in s.metadata.tables if table not in NOT_INSERTED}
        found |= {f"{table} DELETE" for table in DELETED}
        found |= {f"{table} UPDATE {name}" for table, names in UPDATED.items() for name in names}
    return found
