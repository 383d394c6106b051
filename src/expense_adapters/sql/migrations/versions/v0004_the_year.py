"""Schema 4: postings, plans by month, vouchers, papers and cards; claims, expected months, refunds in part."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from expense_adapters.sql.migrations.tables import remake

revision = "4"
down_revision = "3"
WITHIN = (
    "paid >= 0 AND paid <= units AND used >= 0 AND used <= units"
    " AND claimed >= 0 AND claimed <= units AND cleared >= 0 AND cleared <= units"
)
TABLES = {
    "documents": (
        "id version# kind department applicant status type? payee_account? payee_name? payee_person? units# counted#"
        " submitted_at approved_at? expires_at? use_due_at? ended_at? step_office? round# paid# used# use_rows#"
        " currency held application? pay_by? claimed# cleared#",
        "id",
        {
            "documents_account": "department type payee_account submitted_at",
            "documents_name": "department type payee_name submitted_at",
            "documents_status": "status id",
            "documents_step": "step_office id",
            "documents_due": "status expires_at",
            "documents_use_due": "use_due_at",
            "documents_application": "application",
            "documents_pay_by": "pay_by",
        },
    ),
    "moves": (
        "subject seq# line in_force# reserved# committed# spent# month#? expected",
        "subject seq line expected",
        {"moves_line": "line expected"},
    ),
    "payments": (
        "document number# seq# units# payee_name payee_account method payer at statement reverses#? parts",
        "document number",
        {"payments_at": "at"},
    ),
    "postings": (
        "document source number# line seq# month on_day department project category type account units# reverses#?"
        " corrects reference book_number#?",
        "document source number line",
        {"postings_line": "line month"},
    ),
    "planned": ("document line month seq# units#", "document line month", {"planned_line": "line month"}),
    "vouchers": (
        "document round# number# seq# kind code voucher_number issuer buyer on_day amount# tax# total# currency key"
        " alike_account alike_name alike_person",
        "document round number",
        {
            "vouchers_account": "alike_account on_day",
            "vouchers_name": "alike_name on_day",
            "vouchers_person": "alike_person on_day",
            "vouchers_key": "key",
        },
    ),
    "papers": ("document kind number# seq# body", "document kind number", {}),
    "cards": (
        "id version# kind status department owner due? body",
        "id",
        {"cards_kind": "kind status", "cards_owner": "kind owner", "cards_due": "kind due"},
    ),
}
"""Each table: its columns, whole numbers with a "#", those that may be missing with a "?", its key, its indexes."""
NEW = ("postings", "planned", "vouchers", "papers", "cards")


def table(name: str, *, sqlite: bool) -> Table:
    """A table as an engine has it."""
    columns, key, indexes = TABLES[name]
    made = Table(name, MetaData(), sqlite_with_rowid=False, sqlite_strict=True)
    for each in columns.split():
        text, whole = Text(collation=None if sqlite else "C"), Integer() if sqlite else BigInteger()
        made.append_column(Column(each.strip("#?"), whole if "#" in each else text, nullable="?" in each))
    made.append_constraint(PrimaryKeyConstraint(*key.split()))
    if name == "documents":
        made.append_constraint(CheckConstraint(WITHIN, name="documents_within"))
    for index, named in indexes.items():
        Index(index, *[made.c[column] for column in named.split()])
    if name == "postings":
        Index("postings_book", made.c.month, made.c.book_number, unique=True)
    return made


def upgrade() -> None:
    """What there is was under no claim, expected in no month, and posted nowhere."""
    connection = op.get_bind()
    sqlite = op.get_context().dialect.name == "sqlite"
    if sqlite:
        remake(table("documents", sqlite=True), claimed="0", cleared="0")
        remake(table("moves", sqlite=True), expected="''")
        remake(table("payments", sqlite=True))
    else:
        _alter()
    op.create_index("lines_year", "lines", ["year"])
    for name in NEW:
        made = table(name, sqlite=sqlite)
        connection.execute(CreateTable(made))
        for index in sorted(made.indexes, key=lambda each: str(each.name)):
            connection.execute(CreateIndex(index))


def _alter() -> None:
    text: Text = Text(collation="C")
    for name in ("application", "pay_by"):
        op.add_column("documents", Column(name, text, nullable=True))
    for name in ("claimed", "cleared"):
        op.add_column("documents", Column(name, BigInteger(), nullable=False, server_default="0"))
        op.alter_column("documents", name, server_default=None)
    op.add_column("moves", Column("expected", text, nullable=False, server_default=""))
    op.alter_column("moves", "expected", server_default=None)
    op.drop_constraint("moves_pkey", "moves")
    op.create_primary_key("moves_pkey", "moves", ["subject", "seq", "line", "expected"])
    op.drop_constraint("documents_within", "documents")
    op.create_check_constraint("documents_within", "documents", WITHIN)
    op.create_index("documents_application", "documents", ["application"])
    op.create_index("documents_pay_by", "documents", ["pay_by"])
    op.create_index("moves_line", "moves", ["line", "expected"])
    op.drop_index("payments_reversed", "payments")
    op.create_index("payments_at", "payments", ["at"])
