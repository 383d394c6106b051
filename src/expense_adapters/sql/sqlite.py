"""What is SQLite's own: pragmas, and the laws as triggers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from expense_policy.ports.errors import Conflict, RepositoryError

from .schema import APPEND_ONLY, metadata

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF")


def prepare(connection: sqlite3.Connection) -> None:
    """Sets a new connection up: explicit transactions, durable commits."""
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout=30000")
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


SCHEMA = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"


def schema() -> Iterator[str]:
    """Every table, index and trigger, in the order in which they are made."""
    dialect = sqlite_dialect.dialect()
    for table in metadata.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            yield str(CreateIndex(index).compile(dialect=dialect))
    yield from triggers()


def among(column: ColumnElement[str], values: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the column is one of a JSON array's values; its index is used for each of them."""
    return column.in_(select(func.json_each(values).table_valued("value").c.value))


def triggers() -> list[str]:
    """The laws that the database keeps by itself, from plain SQL too."""
    found = [*_append_only(), *_records(), *_documents(), *_lines(), *_taken(), _journal(), _signatures(), _payments()]
    # Of several, SQLite fires the one made last first: what is there already is a race before it is a broken law.
    return sorted(found, key=lambda trigger: "_once BEFORE" in trigger)


def _trigger(name: str, when: str, refuse: str, message: str) -> str:
    return f"CREATE TRIGGER {name} {when} WHEN {refuse} BEGIN SELECT RAISE(ABORT, '{message}'); END"


def _once(table: str) -> str:
    """REPLACE fires no DELETE trigger: a row that is already there is refused before the insert."""
    same = " AND ".join(f'"{c.name}" = NEW."{c.name}"' for c in metadata.tables[table].primary_key)
    there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"
    return _trigger(f"{table}_once", f"BEFORE INSERT ON {table}", there, f"{table}: already there")


def _never(verb: str, table: str, when: str = "1") -> str:
    name = f"{table}_no_{verb.lower()}"
    return _trigger(name, f"BEFORE {verb} ON {table}", when, f"{table}: no {verb.lower()} of what was written")


def _fixed(table: str, columns: tuple[str, ...], unless: str = "0") -> str:
    """Columns that keep their value; `unless` says when they may change."""
    changed = " OR ".join(f'NEW."{name}" IS NOT OLD."{name}"' for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    when, refuse = f"BEFORE UPDATE OF {names} ON {table}", f"NOT ({unless}) AND ({changed})"
    return _trigger(f"{table}_fixed_{columns[0]}", when, refuse, f"{table}: what stands there does not change")


def _next_version(table: str) -> str:
    message = f"{table}: versions follow each other"
    return _trigger(f"{table}_version", f"BEFORE UPDATE ON {table}", "NEW.version <> OLD.version + 1", message)


def _append_only() -> list[str]:
    return [each for t in APPEND_ONLY for each in (_never("UPDATE", t), _never("DELETE", t), _once(t))]


def _records() -> list[str]:
    """Payees, policies and guards go from version to version and are never removed."""
    found = [
        each for t in ("payees", "policies", "guards") for each in (_never("DELETE", t), _once(t), _next_version(t))
    ]
    return [
        *found,
        _fixed("payees", ("id",)),
        _fixed("guards", ("key",)),
        _fixed("policies", ("id", "effective", "digest", "text", "offices")),
    ]


def _documents() -> list[str]:
    """A document begins unpaid in review; its statement changes with its next round alone, its state by versions."""
    begins = "NEW.version <> 1 OR NEW.round <> 1 OR NEW.status <> 'in_review' OR NEW.paid <> 0 OR NEW.used <> 0"
    signed = (
        "(SELECT COUNT(*) FROM signatures s WHERE s.document = NEW.id AND s.round = NEW.round"
        " AND s.outcome = 'approve')"
    )
    # The signature that completes a round is written in the same batch, after the document.
    needed = "(SELECT r.steps - 1 FROM rounds r WHERE r.document = NEW.id AND r.round = NEW.round)"
    within = "NEW.paid < 0 OR NEW.paid > NEW.units OR NEW.used < 0 OR NEW.used > NEW.units"
    submitted = (
        "units",
        "department",
        "type",
        "payee_account",
        "payee_name",
        "payee_person",
        "submitted_at",
    )
    return [
        _never("DELETE", "documents"),
        _once("documents"),
        _next_version("documents"),
        _trigger("documents_begin", "BEFORE INSERT ON documents", begins, "documents: a document begins in review"),
        _trigger("documents_within", "BEFORE UPDATE ON documents", within, "A4.2: more than was approved"),
        _fixed("documents", ("id", "kind", "applicant", "currency")),
        _fixed("documents", submitted, "NEW.round = OLD.round + 1"),
        _trigger(
            "documents_round",
            "BEFORE UPDATE OF round ON documents",
            "NEW.round NOT IN (OLD.round, OLD.round + 1)",
            "documents: rounds follow each other",
        ),
        _trigger(
            "documents_signed",
            "BEFORE UPDATE OF status ON documents",
            f"NEW.status IN ('approved', 'settled') AND NOT COALESCE({signed} >= {needed}, 0)",
            "A3.2: not every step is signed",
        ),
        _trigger(
            "rounds_follow",
            "BEFORE INSERT ON rounds",
            "NEW.steps < 1 OR NEW.round <> 1 + (SELECT COUNT(*) FROM rounds r WHERE r.document = NEW.document)"
            " OR NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = NEW.document AND d.round = NEW.round"
            " AND d.units = NEW.units)",
            "A3.3: the round is not the next one of its document",
        ),
    ]


def _lines() -> list[str]:
    available = "NEW.in_force - NEW.reserved - NEW.committed - NEW.spent < 0"
    overdrawn = f"NEW.reserved < 0 OR NEW.committed < 0 OR NEW.spent < 0 OR {available}"
    checks = [
        _trigger(f"lines_{verb.lower()}", f"BEFORE {verb} ON lines", overdrawn, "B2.1: the line would be overdrawn")
        for verb in ("INSERT", "UPDATE")
    ]
    fixed = ("id", "department", "year", "category", "name", "project", "plan")
    reopened = "OLD.closed_through IS NOT NULL AND NOT COALESCE(NEW.closed_through >= OLD.closed_through, 0)"
    closing = "BEFORE UPDATE OF closed_through ON lines"
    return [
        *checks,
        _never("DELETE", "lines"),
        _once("lines"),
        _fixed("lines", fixed),
        _trigger("lines_closed", closing, reopened, "R1.3: a closed month stays closed"),
    ]


def _taken() -> list[str]:
    return [_never("DELETE", "taken", "OLD.ever"), _never("UPDATE", "taken"), _once("taken")]


def _journal() -> str:
    last = "COALESCE((SELECT MAX(seq) FROM journal WHERE subject = NEW.subject), 0)"
    head = f"COALESCE((SELECT digest FROM journal WHERE subject = NEW.subject AND seq = NEW.seq - 1), '{'0' * 64}')"
    return _trigger(
        "journal_follows",
        "BEFORE INSERT ON journal",
        f"NEW.seq <> {last} + 1 OR NEW.prev <> {head}",
        "G3.4: the entry does not follow its chain",
    )


def _signatures() -> str:
    # The status is the one after the signature: the document is written before it.
    refuse = (
        "NEW.step <> (SELECT COUNT(*) FROM signatures WHERE document = NEW.document AND round = NEW.round)"
        " OR NOT EXISTS (SELECT 1 FROM documents d JOIN rounds r ON r.document = d.id AND r.round = d.round"
        " WHERE d.id = NEW.document AND d.round = NEW.round AND r.statement = NEW.statement"
        " AND NEW.step < r.steps"
        " AND d.status IN ('in_review', 'approved', 'returned', 'rejected'))"
        " OR EXISTS (SELECT 1 FROM documents d WHERE d.id = NEW.document"
        " AND (d.applicant IN (NEW.signer, NEW.holder) OR d.payee_person IN (NEW.signer, NEW.holder)))"
        " OR EXISTS (SELECT 1 FROM signatures s WHERE s.document = NEW.document"
        " AND (s.signer IN (NEW.signer, NEW.holder) OR s.holder IN (NEW.signer, NEW.holder))"
        " AND (s.round = NEW.round"
        " OR COALESCE(s.substitute_for, s.office) <> COALESCE(NEW.substitute_for, NEW.office)))"
        " OR EXISTS (SELECT 1 FROM signatures s WHERE s.document = NEW.document AND s.round = NEW.round"
        " AND s.outcome <> 'approve')"
    )
    message = "A3.2: the signature is out of order, of another statement, or of a barred person"
    return _trigger("signatures_in_order", "BEFORE INSERT ON signatures", refuse, message)


def _payments() -> str:
    paid = "NEW.units + (SELECT COALESCE(SUM(p.units), 0) FROM payments p WHERE p.document = NEW.document)"
    undone = (
        "SELECT 1 FROM payments p WHERE p.document = NEW.document AND p.number = NEW.reverses"
        " AND p.units > 0 AND p.units = -NEW.units"
    )
    refuse = (
        "NOT EXISTS (SELECT 1 FROM documents d JOIN rounds r ON r.document = d.id AND r.round = d.round"
        " WHERE d.id = NEW.document AND d.kind = 'application'"
        " AND r.statement = NEW.statement AND r.payee_name = NEW.payee_name AND r.payee_account = NEW.payee_account"
        " AND r.method = NEW.method AND r.units = d.units AND r.steps = (SELECT COUNT(*) FROM signatures s"
        " WHERE s.document = d.id AND s.round = d.round AND s.statement = r.statement AND s.outcome = 'approve')"
        f" AND {paid} BETWEEN 0 AND r.units"
        " AND d.applicant <> NEW.payer AND d.payee_person IS NOT NEW.payer"
        " AND ((NEW.reverses IS NULL AND NEW.units > 0 AND d.status = 'approved' AND NEW.at < d.expires_at)"
        f" OR (d.status IN ('approved', 'settled', 'closed') AND EXISTS ({undone}))))"
        " OR EXISTS (SELECT 1 FROM signatures s WHERE s.document = NEW.document AND NEW.payer IN (s.signer, s.holder))"
        " OR NEW.number <> 1 + (SELECT COUNT(*) FROM payments p WHERE p.document = NEW.document)"
    )
    message = "A4.1: the document is not signed in full, or the payment is not within it"
    return _trigger("payments_signed", "BEFORE INSERT ON payments", refuse, message)


_RACED = ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE")


def refused(error: sqlite3.IntegrityError) -> RepositoryError:
    """What the port says of a batch that the database refused: another writer was faster, or a law is broken."""
    raced = error.sqlite_errorname == "SQLITE_CONSTRAINT_TRIGGER" and str(error).endswith(
        ("already there", "does not follow its chain")
    )
    if raced or error.sqlite_errorname in _RACED:
        return Conflict(str(error))
    return RepositoryError(f"the store refused the batch: {error}")
