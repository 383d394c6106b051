"""What is SQLite's own: pragmas, and the laws as triggers."""

from __future__ import annotations

import sqlite3

from .schema import APPEND_ONLY, metadata

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF")


def prepare(connection: sqlite3.Connection) -> None:
    """Sets a new connection up: explicit transactions, durable commits."""
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout=30000")
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def triggers() -> list[str]:
    """The laws that the database keeps by itself, from plain SQL too.

    REPLACE fires no DELETE trigger: a BEFORE INSERT check refuses a row that is already there.
    """
    made = []
    for table in APPEND_ONLY:
        same = " AND ".join(f'"{c.name}" = NEW."{c.name}"' for c in metadata.tables[table].primary_key)
        for verb in ("UPDATE", "DELETE"):
            made.append(
                _trigger(f"{table}_no_{verb.lower()}", f"BEFORE {verb} ON {table}", "1", f"{table} is append-only")
            )
        made.append(
            _trigger(
                f"{table}_once",
                f"BEFORE INSERT ON {table}",
                f"EXISTS (SELECT 1 FROM {table} WHERE {same})",
                f"{table}: already there",
            )
        )
    overdrawn = " OR ".join(
        [
            "NEW.reserved < 0",
            "NEW.committed < 0",
            "NEW.spent < 0",
            "NEW.in_force - NEW.reserved - NEW.committed - NEW.spent < 0",
        ]
    )
    for verb in ("INSERT", "UPDATE"):
        made.append(
            _trigger(f"lines_{verb.lower()}", f"BEFORE {verb} ON lines", overdrawn, "B2.1: the line would be overdrawn")
        )
    made.append(_trigger("lines_no_delete", "BEFORE DELETE ON lines", "1", "lines are never removed"))
    made.append(
        _trigger(
            "lines_once",
            "BEFORE INSERT ON lines",
            "EXISTS (SELECT 1 FROM lines WHERE id = NEW.id)",
            "lines: already there",
        )
    )
    made.append(_trigger("taken_for_ever", "BEFORE DELETE ON taken", "OLD.ever", "the key is taken for ever"))
    made.append(_trigger("taken_unchanged", "BEFORE UPDATE ON taken", "1", "a taken key is not changed"))
    made.append(
        _trigger(
            "taken_once",
            "BEFORE INSERT ON taken",
            "EXISTS (SELECT 1 FROM taken WHERE space = NEW.space AND key = NEW.key)",
            "the key is taken",
        )
    )
    made.append(
        _trigger(
            "journal_follows",
            "BEFORE INSERT ON journal",
            "NEW.seq <> COALESCE((SELECT MAX(seq) FROM journal WHERE subject = NEW.subject), 0) + 1 OR NEW.prev <> "
            f"COALESCE((SELECT digest FROM journal WHERE subject = NEW.subject AND seq = NEW.seq - 1), '{'0' * 64}')",
            "G3.4: the entry does not follow its chain",
        )
    )
    made.append(
        _trigger(
            "signatures_in_order",
            "BEFORE INSERT ON signatures",
            "NEW.step <> (SELECT COUNT(*) FROM signatures WHERE document = NEW.document AND round = NEW.round)"
            " OR NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = NEW.document AND d.round = NEW.round"
            " AND d.statement = NEW.statement AND NEW.step < d.steps)"
            " OR EXISTS (SELECT 1 FROM documents d WHERE d.id = NEW.document"
            " AND (d.applicant IN (NEW.signer, NEW.holder) OR d.payee_person IN (NEW.signer, NEW.holder)))"
            " OR EXISTS (SELECT 1 FROM signatures s WHERE s.document = NEW.document AND s.round = NEW.round"
            " AND (s.signer IN (NEW.signer, NEW.holder) OR s.holder IN (NEW.signer, NEW.holder)))",
            "A3.2: the signature is out of order, of another statement, or of a barred person",
        )
    )
    made.append(
        _trigger(
            "payments_signed",
            "BEFORE INSERT ON payments",
            "NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = NEW.document AND d.statement = NEW.statement"
            " AND d.kind = 'application' AND d.status = 'approved'"
            " AND d.steps = (SELECT COUNT(*) FROM signatures s WHERE s.document = d.id AND s.round = d.round"
            " AND s.statement = d.statement AND s.outcome = 'approve')"
            " AND d.applicant <> NEW.payer AND d.payee_person IS NOT NEW.payer)"
            " OR EXISTS (SELECT 1 FROM signatures s WHERE s.document = NEW.document AND s.statement = NEW.statement"
            " AND NEW.payer IN (s.signer, s.holder))"
            " OR (SELECT d.units FROM documents d WHERE d.id = NEW.document)"
            " < NEW.units + (SELECT COALESCE(SUM(p.units), 0) FROM payments p WHERE p.document = NEW.document)"
            " OR 0 > NEW.units + (SELECT COALESCE(SUM(p.units), 0) FROM payments p WHERE p.document = NEW.document)"
            " OR (NEW.units <= 0) <> (NEW.reverses IS NOT NULL)",
            "A4.1: the document is not signed in full, or the payment is not within it",
        )
    )
    return made


def _trigger(name: str, when: str, refuse: str, message: str) -> str:
    return f"CREATE TRIGGER {name} {when} WHEN {refuse} BEGIN SELECT RAISE(ABORT, '{message}'); END"
