"""The laws that a database keeps by itself, from plain SQL too: what is refused, said once for every engine.

A condition is true where the row is refused. It is asked beside the row (SQLite, MariaDB: before it; PostgreSQL: after
its whole statement, when the act's other rows stand too), so it says the same whether the row itself is counted or not.
"""

from __future__ import annotations

import attrs

from expense_policy.domain.journal import GENESIS

from .schema import APPEND_ONLY, metadata

RACED = ("already there", "does not follow its chain")
"""A refusal that ends so is a lost race, and no broken law."""


@attrs.frozen
class Law:
    """What may not be done to a table; with `columns` it is asked only where one of them is set."""

    name: str
    verb: str
    table: str
    refuse: str
    message: str
    columns: tuple[str, ...] = ()


def laws() -> list[Law]:
    """Every law, in the order in which a table's are asked."""
    kept = [*_append_only(), *_records(), *_documents(), *_lines(), *_taken()]
    return [*kept, _journal(), _signatures(), _payments(), *_postings()]


def altered(law: Law) -> str:
    """The condition for an engine that asks whatever columns are set: only where one of the law's own changes."""
    return f"({' OR '.join(map(_other, law.columns))}) AND ({law.refuse})" if law.columns else law.refuse


def _other(name: str) -> str:
    """Whether a column changes: two missing values are the same."""
    new, old = f'NEW."{name}"', f'OLD."{name}"'
    return f"NOT COALESCE({new} = {old}, {new} IS NULL AND {old} IS NULL)"


def _never(verb: str, table: str, when: str = "TRUE") -> Law:
    name = f"{table}_no_{verb.lower()}"
    return Law(name, verb, table, when, f"{table}: no {verb.lower()} of what was written")


def _fixed(table: str, columns: tuple[str, ...], unless: str = "FALSE") -> Law:
    """Columns that keep their value; `unless` says when they may change."""
    refuse = f"NOT ({unless}) AND ({' OR '.join(map(_other, columns))})"
    message = f"{table}: what stands there does not change"
    return Law(f"{table}_fixed_{columns[0]}", "UPDATE", table, refuse, message, columns)


def _next_version(table: str) -> Law:
    refuse, message = "NEW.version <> OLD.version + 1", f"{table}: versions follow each other"
    return Law(f"{table}_version", "UPDATE", table, refuse, message)


def _append_only() -> list[Law]:
    return [_never(verb, table) for table in APPEND_ONLY for verb in ("UPDATE", "DELETE")]


def _records() -> list[Law]:
    """Payees, policies, guards and cards go from version to version and are never removed."""
    found = [
        each for t in ("payees", "policies", "guards", "cards") for each in (_never("DELETE", t), _next_version(t))
    ]
    return [
        *found,
        _fixed("payees", ("id",)),
        _fixed("guards", ("key",)),
        _fixed("cards", ("id", "kind")),
        _fixed("policies", ("id", "effective", "digest", "text", "offices")),
    ]


def _documents() -> list[Law]:
    """A document begins unpaid in review; its statement changes with its next round alone, its state by versions."""
    begins = (
        "NEW.version <> 1 OR NEW.round <> 1 OR NEW.status <> 'in_review' OR NEW.paid <> 0 OR NEW.used <> 0"
        " OR NEW.claimed <> 0 OR NEW.kind <> 'claim' AND NEW.cleared <> 0"
    )
    signed = (
        "(SELECT COUNT(*) FROM signatures s WHERE s.document = NEW.id AND s.round = NEW.round"
        " AND s.outcome = 'approve')"
    )
    # The signature that completes a round is written in the same batch, perhaps after the document.
    needed = "(SELECT r.steps - 1 FROM rounds r WHERE r.document = NEW.id AND r.round = NEW.round)"
    within = (
        "NEW.paid < 0 OR NEW.paid > NEW.units OR NEW.used < 0 OR NEW.used > NEW.units"
        " OR NEW.cleared < 0 OR NEW.claimed < 0"
        " OR NEW.kind = 'claim' AND (NEW.claimed <> 0 OR NEW.paid > NEW.units - NEW.cleared)"
        " OR NEW.kind <> 'claim' AND (NEW.cleared > NEW.paid OR NEW.claimed > NEW.units"
        " OR NEW.paid - NEW.cleared > NEW.units - NEW.claimed)"
    )
    submitted = (
        *("units", "department", "type", "payee_account", "payee_name", "payee_person", "submitted_at"),
        "application",
    )
    return [
        _never("DELETE", "documents"),
        _next_version("documents"),
        Law("documents_begin", "INSERT", "documents", begins, "documents: a document begins in review"),
        Law("documents_within", "UPDATE", "documents", within, "A4.2: more than was approved"),
        _fixed("documents", ("id", "kind", "applicant", "currency")),
        _fixed("documents", submitted, "NEW.round = OLD.round + 1"),
        Law(
            "documents_round",
            "UPDATE",
            "documents",
            "NEW.round NOT IN (OLD.round, OLD.round + 1)",
            "documents: rounds follow each other",
            ("round",),
        ),
        Law(
            "documents_signed",
            "UPDATE",
            "documents",
            f"NEW.status IN ('approved', 'settled') AND NOT COALESCE({signed} >= {needed}, FALSE)",
            "A3.2: not every step is signed",
            ("status",),
        ),
        Law(
            "rounds_follow",
            "INSERT",
            "rounds",
            "NEW.steps < 1 OR NEW.round <> 1 + (SELECT COUNT(*) FROM rounds r WHERE r.document = NEW.document"
            " AND r.round < NEW.round)"
            " OR NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = NEW.document AND d.round = NEW.round"
            " AND d.units = NEW.units)",
            "A3.3: the round is not the next one of its document",
        ),
    ]


def _lines() -> list[Law]:
    available = "NEW.in_force - NEW.reserved - NEW.committed - NEW.spent < 0"
    overdrawn = f"NEW.reserved < 0 OR NEW.committed < 0 OR NEW.spent < 0 OR {available}"
    message = "B2.1: the line would be overdrawn"
    # The finance head opens the last month again; never more than one at a time.
    reopened = "OLD.closed_through IS NOT NULL AND NOT COALESCE(NEW.closed_through >= OLD.closed_through - 1, FALSE)"
    return [
        *[Law(f"lines_{verb.lower()}", verb, "lines", overdrawn, message) for verb in ("INSERT", "UPDATE")],
        _never("DELETE", "lines"),
        _fixed("lines", ("id", "department", "year", "category", "name", "project", "plan")),
        Law("lines_closed", "UPDATE", "lines", reopened, "R1.3: a closed month stays closed", ("closed_through",)),
    ]


def _taken() -> list[Law]:
    # A voucher that was reimbursed stays so, whatever is said of the document afterwards (R2.2).
    paid = "d.paid > 0 OR d.status IN ('settled', 'closed')"
    spent = f"OLD.space = 'voucher' AND EXISTS (SELECT 1 FROM documents d WHERE d.id = OLD.owner AND ({paid}))"
    return [_never("DELETE", "taken", f"OLD.ever = 1 OR {spent}"), _never("UPDATE", "taken")]


def _journal() -> Law:
    last = "COALESCE((SELECT MAX(j.seq) FROM journal j WHERE j.subject = NEW.subject AND j.seq < NEW.seq), 0)"
    head = (
        f"COALESCE((SELECT j.digest FROM journal j WHERE j.subject = NEW.subject AND j.seq = NEW.seq - 1), '{GENESIS}')"
    )
    refuse = f"NEW.seq < 1 OR NEW.seq <> {last} + 1 OR NEW.prev <> {head}"
    return Law("journal_follows", "INSERT", "journal", refuse, "G3.4: the entry does not follow its chain")


def _signatures() -> Law:
    # The status is the one after the signature.
    other = "s.document = NEW.document AND NOT (s.round = NEW.round AND s.step = NEW.step)"
    refuse = (
        "NEW.step <> (SELECT COUNT(*) FROM signatures s WHERE s.document = NEW.document AND s.round = NEW.round"
        " AND s.step < NEW.step)"
        " OR NOT EXISTS (SELECT 1 FROM documents d JOIN rounds r ON r.document = d.id AND r.round = d.round"
        " WHERE d.id = NEW.document AND d.round = NEW.round AND r.statement = NEW.statement"
        " AND NEW.step < r.steps"
        " AND d.status IN ('in_review', 'approved', 'returned', 'rejected'))"
        " OR EXISTS (SELECT 1 FROM documents d WHERE d.id = NEW.document"
        " AND (d.applicant IN (NEW.signer, NEW.holder) OR d.payee_person IN (NEW.signer, NEW.holder)))"
        f" OR EXISTS (SELECT 1 FROM signatures s WHERE {other}"
        " AND (s.signer IN (NEW.signer, NEW.holder) OR s.holder IN (NEW.signer, NEW.holder))"
        " AND (s.round = NEW.round"
        " OR COALESCE(s.substitute_for, s.office) <> COALESCE(NEW.substitute_for, NEW.office)))"
        f" OR EXISTS (SELECT 1 FROM signatures s WHERE {other} AND s.round = NEW.round AND s.outcome <> 'approve')"
    )
    message = "A3.2: the signature is out of order, of another statement, or of a barred person"
    return Law("signatures_in_order", "INSERT", "signatures", refuse, message)


def _payments() -> Law:
    before = "FROM payments p WHERE p.document = NEW.document AND p.number < NEW.number"
    refunded = (
        "SELECT COALESCE(SUM(q.units), 0) FROM payments q WHERE q.document = NEW.document"
        " AND q.reverses = NEW.reverses AND q.number < NEW.number"
    )
    undone = (
        "SELECT 1 FROM payments p WHERE p.document = NEW.document AND p.number = NEW.reverses"
        f" AND p.units > 0 AND NEW.units < 0 AND -NEW.units <= p.units + ({refunded})"
    )
    payable = "CASE WHEN d.kind = 'claim' THEN r.units - d.cleared ELSE r.units END"
    refuse = (
        "NOT EXISTS (SELECT 1 FROM documents d JOIN rounds r ON r.document = d.id AND r.round = d.round"
        " WHERE d.id = NEW.document AND d.kind IN ('application', 'claim')"
        " AND r.statement = NEW.statement AND r.payee_name = NEW.payee_name AND r.payee_account = NEW.payee_account"
        " AND r.method = NEW.method AND r.units = d.units AND r.steps = (SELECT COUNT(*) FROM signatures s"
        " WHERE s.document = d.id AND s.round = d.round AND s.statement = r.statement AND s.outcome = 'approve')"
        # The document says first what it was paid: no payment stands that it does not know.
        f" AND d.paid BETWEEN 0 AND {payable} AND d.paid = NEW.units + (SELECT COALESCE(SUM(p.units), 0) {before})"
        " AND d.applicant <> NEW.payer AND COALESCE(d.payee_person <> NEW.payer, TRUE)"
        " AND ((NEW.reverses IS NULL AND NEW.units > 0 AND d.status = 'approved' AND NEW.at < d.expires_at)"
        f" OR (d.status IN ('approved', 'settled', 'closed') AND EXISTS ({undone}))))"
        " OR EXISTS (SELECT 1 FROM signatures s WHERE s.document = NEW.document AND NEW.payer IN (s.signer, s.holder))"
        f" OR NEW.number <> 1 + (SELECT COUNT(*) {before})"
    )
    message = "A4.1: the document is not signed in full, or the payment is not within it"
    return Law("payments_signed", "INSERT", "payments", refuse, message)


def _postings() -> list[Law]:
    """A posting is kept as it was written, but for the one number it gets; a closed month takes none (R1.3)."""
    closed = "NEW.month <= (SELECT c.status FROM cards c WHERE c.id = 'books')"
    said = tuple(column.name for column in metadata.tables["postings"].c if column.name != "book_number")
    return [
        _never("DELETE", "postings"),
        _fixed("postings", said),
        Law(
            "postings_open",
            "INSERT",
            "postings",
            f"NEW.units = 0 OR NEW.book_number IS NOT NULL OR {closed}",
            "R1.3: a closed month takes no posting, and a closing alone gives numbers",
        ),
        Law(
            "postings_numbered",
            "UPDATE",
            "postings",
            "OLD.book_number IS NOT NULL",
            "R1.3: a posting keeps its number",
            ("book_number",),
        ),
    ]


def primary_key(table: str) -> tuple[str, ...]:
    """The names of a table's key."""
    return tuple(column.name for column in metadata.tables[table].primary_key)
