"""The tables. Money is BIGINT of smallest units, instants are UTC text of one length, digests hexadecimal."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

VERSION = 4
metadata = MetaData()


def _table(name: str, *items: Column[str] | Column[int] | PrimaryKeyConstraint | CheckConstraint | Index) -> Table:
    return Table(name, metadata, *items, sqlite_with_rowid=False, sqlite_strict=True)


# Text is compared by its code points, on every engine.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
CODE_POINTS = "utf8mb4_nopad_bin"
_UNBOUNDED = 2**32 - 1
# As many code points each has: an index of MariaDB takes 3072 bytes, at four a code point.
_NAME, _FOLDED, _ID, _WORD, _INSTANT = 500, 400, 200, 50, 30


def _text(name: str, most: int = 0, *, null: bool = False, key: bool = False) -> Column[str]:
    """Text; `most` code points of it where an index holds it."""
    bounded = String(most, CODE_POINTS) if most else Text(_UNBOUNDED, CODE_POINTS)
    return Column(name, _TEXT.with_variant(bounded, "mariadb"), nullable=null, primary_key=key)


def _int(name: str, *, null: bool = False, key: bool = False) -> Column[int]:
    return Column(
        name, BigInteger().with_variant(Integer, "sqlite"), nullable=null, primary_key=key, autoincrement=False
    )


schema_version = _table("schema_version", _int("version", key=True))
documents = _table(
    "documents",
    _text("id", _NAME, key=True),
    _int("version"),
    _text("kind"),
    _text("department", _ID),
    _text("applicant"),
    _text("status", _WORD),
    _text("type", _WORD, null=True),
    _text("payee_account", _FOLDED, null=True),
    _text("payee_name", _FOLDED, null=True),
    _text("payee_person", null=True),
    _int("units"),
    _int("counted"),
    _text("submitted_at", _INSTANT),
    _text("approved_at", null=True),
    _text("expires_at", _INSTANT, null=True),
    _text("use_due_at", _INSTANT, null=True),
    _text("ended_at", null=True),
    _text("step_office", _ID, null=True),
    _int("round"),
    _int("paid"),
    _int("used"),
    _int("use_rows"),
    _text("currency"),
    _text("held"),
    _text("application", _NAME, null=True),
    _text("pay_by", _INSTANT, null=True),
    _int("claimed"),
    _int("cleared"),
    CheckConstraint(
        "paid >= 0 AND paid <= units AND used >= 0 AND used <= units"
        " AND claimed >= 0 AND claimed <= units AND cleared >= 0 AND cleared <= units",
        name="documents_within",
    ),
    Index("documents_account", "department", "type", "payee_account", "submitted_at"),
    Index("documents_name", "department", "type", "payee_name", "submitted_at"),
    Index("documents_status", "status", "id"),
    Index("documents_step", "step_office", "id"),
    Index("documents_due", "status", "expires_at"),
    Index("documents_use_due", "use_due_at"),
    Index("documents_application", "application"),
    Index("documents_pay_by", "pay_by"),
)
rounds = _table(
    "rounds",
    _text("document", _NAME),
    _int("round"),
    _int("seq"),
    _int("revision"),
    _text("submitted_at"),
    _text("statement"),
    _int("units"),
    _text("payee_name", null=True),
    _text("payee_account", null=True),
    _text("method", null=True),
    _text("content"),
    _text("content_digest"),
    _text("policy_version"),
    _text("policy_digest"),
    _int("deciding_units"),
    _int("steps"),
    _text("chain"),
    _text("nonce"),
    PrimaryKeyConstraint("document", "round"),
)
payees = _table("payees", _text("id", _NAME, key=True), _int("version"), _text("account"))
policies = _table(
    "policies",
    _text("id", _NAME, key=True),
    _int("version"),
    _text("effective"),
    _text("digest"),
    _text("text"),
    _text("offices"),
    _text("adopters"),
)
projects = _table(
    "projects",
    _text("id", _NAME, key=True),
    _int("version"),
    _text("name"),
    _text("departments"),
    _text("first"),
    _text("last"),
)
lines = _table(
    "lines",
    _text("id", _ID, key=True),
    _text("department"),
    _int("year"),
    _text("category"),
    _text("name"),
    _text("project", null=True),
    _text("plan"),
    _int("in_force"),
    _int("reserved"),
    _int("committed"),
    _int("spent"),
    _int("closed_through", null=True),
    CheckConstraint(
        "reserved >= 0 AND committed >= 0 AND spent >= 0 AND in_force - reserved - committed - spent >= 0",
        name="lines_never_overdrawn",
    ),
    Index("lines_year", "year"),
)
guards = _table("guards", _text("key", _NAME, key=True), _int("version"))
taken = _table(
    "taken",
    _text("space", _WORD),
    _text("key", _NAME),
    _text("owner"),
    _int("ever"),
    PrimaryKeyConstraint("space", "key"),
)
keys = _table("keys", _text("key", _NAME, key=True), _text("asked"), _text("subject", _NAME), _int("seq"))
journal = _table(
    "journal",
    _text("subject", _NAME),
    _int("seq"),
    _text("prev"),
    _text("act"),
    _text("actor"),
    _text("office", null=True),
    _text("on_behalf_of", null=True),
    _text("at"),
    _text("reason", null=True),
    _text("policy_version", null=True),
    _text("rows"),
    _text("digest"),
    _text("key_id", null=True),
    _text("tag", null=True),
    PrimaryKeyConstraint("subject", "seq"),
)
moves = _table(
    "moves",
    _text("subject", _NAME),
    _int("seq"),
    _text("line", _ID),
    _int("in_force"),
    _int("reserved"),
    _int("committed"),
    _int("spent"),
    _int("month", null=True),
    _text("expected", _WORD),
    PrimaryKeyConstraint("subject", "seq", "line", "expected"),
    Index("moves_line", "line", "expected"),
)
signatures = _table(
    "signatures",
    _text("document", _NAME),
    _int("round"),
    _int("step"),
    _int("seq"),
    _text("statement"),
    _text("signer"),
    _text("holder"),
    _text("office"),
    _text("substitute_for", null=True),
    _text("delegation", null=True),
    _text("roster"),
    _text("outcome"),
    _text("opinion"),
    _text("findings"),
    _text("at"),
    PrimaryKeyConstraint("document", "round", "step"),
)
payments = _table(
    "payments",
    _text("document", _NAME),
    _int("number"),
    _int("seq"),
    _int("units"),
    _text("payee_name"),
    _text("payee_account"),
    _text("method"),
    _text("payer"),
    _text("at", _INSTANT),
    _text("statement"),
    _int("reverses", null=True),
    _text("parts"),
    PrimaryKeyConstraint("document", "number"),
    Index("payments_at", "at"),
)
use_rows = _table(
    "use_rows",
    _text("document", _NAME),
    _int("number"),
    _int("seq"),
    _text("type", _WORD),
    _text("on_day"),
    _text("month", _WORD),
    _text("recipient", _ID),
    _int("quantity"),
    _int("units"),
    _text("detail"),
    _text("broken"),
    _text("reason", null=True),
    _text("item", _ID),
    PrimaryKeyConstraint("document", "number"),
    Index("use_rows_contacts", "type", "month", "recipient"),
    Index("use_rows_item", "item", "document", "number"),
    Index("use_rows_recipient", "recipient", "document", "number"),
)
postings = _table(
    "postings",
    _text("document", _NAME),
    _text("source", _WORD),
    _int("number"),
    _text("line", _ID),
    _int("seq"),
    _text("month", _WORD),
    _text("on_day"),
    _text("department", _ID),
    _text("project", _ID),
    _text("category", _WORD),
    _text("type", _WORD),
    _text("account", _ID),
    _int("units"),
    _int("reverses", null=True),
    _text("corrects", _WORD),
    _text("reference", _ID),
    _int("book_number", null=True),
    PrimaryKeyConstraint("document", "source", "number", "line"),
    Index("postings_book", "month", "book_number", unique=True),
    Index("postings_line", "line", "month"),
)
planned = _table(
    "planned",
    _text("document", _NAME),
    _text("line", _ID),
    _text("month", _WORD),
    _int("seq"),
    _int("units"),
    PrimaryKeyConstraint("document", "line", "month"),
    Index("planned_line", "line", "month"),
)
vouchers = _table(
    "vouchers",
    _text("document", _NAME),
    _int("round"),
    _int("number"),
    _int("seq"),
    _text("kind", _WORD),
    _text("code"),
    _text("voucher_number"),
    _text("issuer"),
    _text("buyer"),
    _text("on_day", _WORD),
    _int("amount"),
    _int("tax"),
    _int("total"),
    _text("currency"),
    _text("key", _ID),
    _text("alike_account", _ID),
    _text("alike_name", _ID),
    _text("alike_person", _ID),
    PrimaryKeyConstraint("document", "round", "number"),
    Index("vouchers_account", "alike_account", "on_day"),
    Index("vouchers_name", "alike_name", "on_day"),
    Index("vouchers_person", "alike_person", "on_day"),
    Index("vouchers_key", "key"),
)
papers = _table(
    "papers",
    _text("document", _NAME),
    _text("kind", _WORD),
    _int("number"),
    _int("seq"),
    _text("body"),
    PrimaryKeyConstraint("document", "kind", "number"),
)
cards = _table(
    "cards",
    _text("id", _NAME, key=True),
    _int("version"),
    _text("kind", _WORD),
    _text("status", _WORD),
    _text("department", _ID),
    _text("owner", _ID),
    _text("due", _INSTANT, null=True),
    _text("body"),
    Index("cards_kind", "kind", "status"),
    Index("cards_owner", "kind", "owner"),
    Index("cards_due", "kind", "due"),
)
seals = _table(
    "seals", _int("number", key=True), _int("seq"), _text("root"), _text("entries"), Index("seals_seq", "seq")
)
unsealed = _table("unsealed", _text("subject", _NAME), _int("seq"), PrimaryKeyConstraint("subject", "seq"))
outbox = _table(
    "outbox",
    _text("key", _NAME, key=True),
    _text("due", _INSTANT),
    _int("parked"),
    _int("attempts"),
    _text("at"),
    _text("subject"),
    _text("about"),
    _text("recipients"),
    _text("body"),
    Index("outbox_due", "parked", "due"),
)

APPEND_ONLY = (
    *("journal", "moves", "rounds", "signatures", "payments", "use_rows", "seals"),
    *("keys", "projects", "schema_version", "planned", "vouchers", "papers"),
)
"""Tables whose rows are never changed or removed, from plain SQL neither."""
