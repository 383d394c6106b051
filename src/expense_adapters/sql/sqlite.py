"""What is SQLite's own: pragmas, and the laws as triggers."""

from __future__ import annotations

import sqlite3

from expense_policy.ports.errors import Conflict, RepositoryError

from .schema import APPEND_ONLY, metadata

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF")


def prepare(connection: sqlite3.Connection) -> None:
    """Sets a new connection up: explicit transactions, durable commits."""
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout=30000")
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def triggers() -> list[str]:
    """The laws that the database keeps by itself, from plain SQL too."""
    return [*_append_only(), *_lines(), *_taken(), _journal(), _signatures(), _payments()]


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


def _append_only() -> list[str]:
    return [each for t in APPEND_ONLY for each in (_never("UPDATE", t), _never("DELETE", t), _once(t))]


def _lines() -> list[str]:
    available = "NEW.in_force - NEW.reserved - NEW.committed - NEW.spent < 0"
    overdrawn = f"NEW.reserved < 0 OR NEW.committed < 0 OR NEW.spent < 0 OR {available}"
    checks = [
        _trigger(f"lines_{verb.lower()}", f"BEFORE {verb} ON lines", overdrawn, "B2.1: the line would be overdrawn")
        for verb in ("INSERT", "UPDATE")
    ]
    return [*checks, _never("DELETE", "lines"), _once("lines")]


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
    refuse = (
        "NEW.step <> (SELECT COUNT(*) FROM signatures WHERE document = NEW.document AND round = NEW.round)"
        " OR NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = NEW.document AND d.round = NEW.round"
        " AND d.statement = NEW.statement AND NEW.step < d.steps)"
        " OR EXISTS (SELECT 1 FROM documents d WHERE d.id = NEW.document"
        " AND (d.applicant IN (NEW.signer, NEW.holder) OR d.payee_person IN (NEW.signer, NEW.holder)))"
        " OR EXISTS (SELECT 1 FROM signatures s WHERE s.document = NEW.document AND s.round = NEW.round"
        " AND (s.signer IN (NEW.signer, NEW.holder) OR s.holder IN (NEW.signer, NEW.holder)))"
    )
    message = "A3.2: the signature is out of order, of another statement, or of a barred person"
    return _trigger("signatures_in_order", "BEFORE INSERT ON signatures", refuse, message)


def _payments() -> str:
    paid = "NEW.units + (SELECT COALESCE(SUM(p.units), 0) FROM payments p WHERE p.document = NEW.document)"
    refuse = (
        "NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = NEW.document AND d.statement = NEW.statement"
        " AND d.kind = 'application' AND d.status = 'approved'"
        " AND d.steps = (SELECT COUNT(*) FROM signatures s WHERE s.document = d.id AND s.round = d.round"
        " AND s.statement = d.statement AND s.outcome = 'approve')"
        " AND d.applicant <> NEW.payer AND d.payee_person IS NOT NEW.payer)"
        " OR EXISTS (SELECT 1 FROM signatures s WHERE s.document = NEW.document AND s.statement = NEW.statement"
        " AND NEW.payer IN (s.signer, s.holder))"
        f" OR {paid} > (SELECT d.units FROM documents d WHERE d.id = NEW.document) OR {paid} < 0"
        " OR (NEW.units <= 0) <> (NEW.reverses IS NOT NULL)"
    )
    message = "A4.1: the document is not signed in full, or the payment is not within it"
    return _trigger("payments_signed", "BEFORE INSERT ON payments", refuse, message)


def refused(error: sqlite3.IntegrityError) -> RepositoryError:
    """What the port says of a batch that the database refused: another writer was faster, or a law is broken."""
    raced = ("already there", "does not follow its chain")
    if error.sqlite_errorname != "SQLITE_CONSTRAINT_TRIGGER" or str(error).endswith(raced):
        return Conflict(str(error))
    return RepositoryError(f"the store refused the batch: {error}")
