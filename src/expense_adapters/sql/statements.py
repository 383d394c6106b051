"""Every statement, compiled once: only what is named is bound."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import func, insert, literal_column, select
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql import bindparam as bind

from . import rows, sqlite
from . import schema as s

DIALECT = sqlite_dialect.dialect(paramstyle="named")
# A constant stands in the text: only what is named is bound.
_ZERO: Any = literal_column("0")
TRANSACTION = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
SAVEPOINT = (
    "SAVEPOINT expense_policy",
    "RELEASE expense_policy",
    ("ROLLBACK TO expense_policy", "RELEASE expense_policy"),
)


def _sql(statement: ClauseElement) -> str:
    return str(statement.compile(dialect=DIALECT))


def _all(table: Any, *where: Any, order: Any = ()) -> str:
    return _sql(select(table).where(*where).order_by(*order))


INSERT = {t.name: _sql(insert(t).values({c.name: bind(c.name) for c in t.columns})) for t in s.metadata.tables.values()}
UPDATE = {
    t.name: _sql(
        t.update()
        .where(t.c.id == bind("the_id"), t.c.version == bind("expected"))
        .values({c.name: bind(c.name) for c in t.columns if c.name != "id"})
    )
    for t in (s.documents, s.payees, s.policies)
}
# A round's statement covers all of a document but its state: while it lasts, only that is written.
ADVANCE = _sql(
    s.documents.update()
    .where(
        s.documents.c.id == bind("the_id"),
        s.documents.c.version == bind("expected"),
        s.documents.c.round == bind("the_round"),
    )
    .values({name: bind(name) for name in rows.STATE})
)
MOVE = _sql(
    s.lines.update()
    .where(
        s.lines.c.id == bind("line"),
        s.lines.c.reserved + bind("r") >= _ZERO,
        s.lines.c.committed + bind("c") >= _ZERO,
        s.lines.c.spent + bind("p") >= _ZERO,
        s.lines.c.in_force
        + bind("f")
        - s.lines.c.reserved
        - bind("r")
        - s.lines.c.committed
        - bind("c")
        - s.lines.c.spent
        - bind("p")
        >= _ZERO,
        (bind("m").is_(None)) | (s.lines.c.closed_through.is_(None)) | (s.lines.c.closed_through < bind("m")),
    )
    .values(
        in_force=s.lines.c.in_force + bind("f"),
        reserved=s.lines.c.reserved + bind("r"),
        committed=s.lines.c.committed + bind("c"),
        spent=s.lines.c.spent + bind("p"),
    )
)
OPEN = _sql(select(func.count()).select_from(s.lines))
CLOSE = _sql(
    s.lines.update()
    .where((s.lines.c.closed_through.is_(None)) | (s.lines.c.closed_through < bind("month")))
    .values({"closed_through": bind("month")})
)
GUARD = _sql(
    s.guards.update()
    .where(s.guards.c.key == bind("the_key"), s.guards.c.version == bind("expected"))
    .values(version=bind("version"))
)
FREE = _sql(
    s.taken.delete().where(
        s.taken.c.space == bind("space"),
        s.taken.c.key == bind("key"),
        s.taken.c.owner == bind("owner"),
        s.taken.c.ever == _ZERO,
    )
)
HEAD = (
    _sql(
        select(s.journal.c.seq, s.journal.c.digest, s.journal.c.at)
        .where(s.journal.c.subject == bind("subject"))
        .order_by(s.journal.c.seq.desc())
    )
    + " LIMIT 1"
)
KEY = _sql(
    select(s.keys.c.asked, *s.journal.c)
    .join_from(s.keys, s.journal, (s.keys.c.subject == s.journal.c.subject) & (s.keys.c.seq == s.journal.c.seq))
    .where(s.keys.c.key == bind("key"))
)
BY_ID = {t.name: _all(t, t.c.id == bind("id")) for t in (s.documents, s.payees, s.policies, s.projects, s.lines)}


def _documents(match: Callable[[Any], Any]) -> tuple[str, str, str]:
    """Documents with their present rounds, their signatures and their payments, each by its document's id."""
    present = (s.rounds.c.document == s.documents.c.id) & (s.rounds.c.round == s.documents.c.round)
    columns = [s.documents.c[name] for name in rows.DOCUMENT]
    columns += [s.rounds.c[name] for name in ("content", "content_digest", *rows.ROUND)]
    signed = select(s.signatures.c.document, s.signatures.c.round, *[s.signatures.c[name] for name in rows.SIGNATURE])
    return (
        _sql(select(*columns).join_from(s.documents, s.rounds, present).where(match(s.documents.c.id))),
        _sql(signed.where(match(s.signatures.c.document)).order_by(*s.signatures.primary_key)),
        _all(s.payments, match(s.payments.c.document), order=tuple(s.payments.primary_key)),
    )


DOCUMENT = _documents(lambda column: column == bind("id"))
DOCUMENTS = _documents(lambda column: sqlite.among(column, bind("id")))
"""The same for all of a JSON array of ids, bound as "id": three statements, however many documents."""

GUARD_AT = _sql(select(s.guards.c.version).where(s.guards.c.key == bind("key")))
TAKEN_AT = _sql(select(s.taken.c.owner).where(s.taken.c.space == bind("space"), s.taken.c.key == bind("key")))
DELIVERED = _sql(s.outbox.delete().where(s.outbox.c.key == bind("the_key")))
PUT_OFF = _sql(
    s.outbox.update()
    .where(s.outbox.c.key == bind("the_key"))
    .values(due=bind("due"), parked=bind("parked"), attempts=s.outbox.c.attempts + literal_column("1"))
)
UNSEAL = _sql(s.unsealed.delete().where(s.unsealed.c.subject == bind("subject"), s.unsealed.c.seq == bind("seq")))
FACTS: tuple[tuple[Any, Any], ...] = (
    (s.rounds, rows.submission_of),
    (s.signatures, rows.signed_of),
    (s.payments, rows.payment_of),
    (s.use_rows, rows.use_of),
)

SUMS: dict[str, tuple[Any, Any]] = {
    "related": (s.documents, func.sum(s.documents.c.counted)),
    "contacts": (s.use_rows, func.count()),
}


@lru_cache(maxsize=64)
def summed(of: str, by: tuple[str, ...], where: tuple[tuple[str, bool], ...], since: bool) -> str:
    """The statement of a sum, by its shape: the values are bound by their columns' names.

    A column with True stands in the array that is bound as JSON: one statement, however many values.
    """
    t, what = SUMS[of]
    columns = [t.c[name] for name in by]
    conditions = [sqlite.among(t.c[name], bind(name)) if many else t.c[name] == bind(name) for name, many in where]
    query = select(*columns, what.label("sum")).where(*conditions).group_by(*columns)
    return _sql(query.where(t.c.submitted_at >= bind("since")) if since else query)
