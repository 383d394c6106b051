"""Every statement, compiled once for an engine: only what is named is bound."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, insert, literal_column, select, tuple_, update
from sqlalchemy.sql import bindparam as bind

from . import rows, year_rows
from . import schema as s
from .engine import Dialect, Statement

# A constant stands in the text: only what is named is bound.
_ZERO: Any = literal_column("0")
_ONE: Any = literal_column("1")
_NEVER: Any = literal_column("-1")
NO_MONTH = 2**63 - 1
"""What a move without a month binds: no line is closed through it."""

FACTS: tuple[tuple[Table, Any], ...] = (
    (s.rounds, rows.submission_of),
    (s.signatures, rows.signed_of),
    (s.payments, rows.payment_of),
    (s.use_rows, rows.use_of),
    (s.postings, year_rows.posting_of),
    (s.planned, year_rows.planned_of),
    (s.vouchers, year_rows.voucher_of),
    (s.papers, year_rows.paper_of),
)
RECORDS = (s.payees, s.policies, s.projects, s.lines, s.cards)

SUMS: dict[str, tuple[Table, str | None]] = {
    "related": (s.documents, "counted"),
    "contacts": (s.use_rows, None),
    "postings": (s.postings, "units"),
    "posting_count": (s.postings, None),
    "planned": (s.planned, "units"),
    "reserved": (s.moves, "reserved"),
    "committed": (s.moves, "committed"),
    "payments": (s.payments, "units"),
    "vouchers": (s.vouchers, None),
}
"""What each sum adds up, or that it counts rows."""
_SINCE = {"related": s.documents.c.submitted_at, "payments": s.payments.c.at}
"""What `since` and `until` are asked of."""

Which = Callable[[ColumnElement[Any]], ColumnElement[bool]]


class Statements:
    """What a store says to one engine."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect, compiled = dialect, dialect.compiled
        self.insert = {
            t.name: compiled(insert(t).values({c.name: bind(c.name) for c in t.columns}))
            for t in s.metadata.tables.values()
        }
        self.update = {
            t.name: compiled(_versioned(t, [c.name for c in t.columns if c.name != "id"]))
            for t in (s.documents, s.payees, s.policies, s.cards)
        }
        # A round's statement covers all of a document but its state: while it lasts, only that is written.
        present = s.documents.c.round == bind("the_round")
        self.advance = compiled(_versioned(s.documents, rows.STATE).where(present))
        self.move = compiled(_move())
        self.every_line = compiled(select(func.count()).select_from(s.lines))
        closing = func.coalesce(s.lines.c.closed_through, _NEVER) < bind("month")
        self.close = compiled(update(s.lines).where(closing).values({"closed_through": bind("month")}))
        opening = s.lines.c.closed_through == bind("month")
        self.reopen = compiled(update(s.lines).where(opening).values({"closed_through": bind("before")}))
        self.number = compiled(_numbering())
        guards, taken, outbox, unsealed = s.guards.c, s.taken.c, s.outbox.c, s.unsealed.c
        at = (guards.key == bind("the_key"), guards.version == bind("expected"))
        self.guard = compiled(update(s.guards).where(*at).values(version=bind("version")))
        whose = (taken.space == bind("space"), taken.key == bind("key"), taken.owner == bind("owner"))
        self.free = compiled(delete(s.taken).where(*whose, taken.ever == _ZERO))
        notice = outbox.key == bind("the_key")
        self.delivered = compiled(delete(s.outbox).where(notice))
        later = {"due": bind("due"), "parked": bind("parked"), "attempts": outbox.attempts + _ONE}
        self.put_off = compiled(update(s.outbox).where(notice).values(later))
        entry = (unsealed.subject == bind("subject"), unsealed.seq == bind("seq"))
        self.unseal = compiled(delete(s.unsealed).where(*entry))
        self._one, self._many = self._named(_is), self._named(self._among)

    def _among(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        return self._dialect.among(column, bind("id"))

    def _named(self, which: Which) -> dict[str, Statement]:
        """The questions for what is named: by one name, or by an array of them."""
        j, compiled = s.journal, self._dialect.compiled
        found = {t.name: compiled(select(t).where(which(t.c.id))) for t in RECORDS}
        found |= {name: compiled(query) for name, query in _documents(which).items()}
        found["held"] = compiled(select(s.lines).where(s.lines.c.id.in_(self._dialect.held(which(s.documents.c.id)))))
        heads = select(j.c.subject, j.c.seq, j.c.digest, j.c.at)
        last = select(j.c.subject, func.max(j.c.seq)).where(which(j.c.subject)).group_by(j.c.subject)
        one = heads.where(which(j.c.subject)).order_by(j.c.seq.desc()).limit(1)
        found["heads"] = compiled(one if which is _is else heads.where(tuple_(j.c.subject, j.c.seq).in_(last)))
        by = (s.keys.c.subject == j.c.subject) & (s.keys.c.seq == j.c.seq)
        done = select(s.keys.c.key, s.keys.c.asked, *j.c).join_from(s.keys, j, by)
        found["done"] = compiled(done.where(which(s.keys.c.key)))
        found["guards"] = compiled(select(s.guards.c.key, s.guards.c.version).where(which(s.guards.c.key)))
        space = s.taken.c.space == bind("space")
        found["taken"] = compiled(select(s.taken.c.key, s.taken.c.owner).where(space, which(s.taken.c.key)))
        return found

    def named(self, what: str, names: tuple[str, ...]) -> tuple[Statement, dict[str, Any]]:
        """A question for these names."""
        if len(names) == 1:
            return self._one[what], {"id": names[0]}
        return self._many[what], {"id": self._dialect.array(names)}

    @lru_cache(maxsize=256)  # noqa: B019  # one instance an engine, kept for ever
    def summed(
        self, of: str, by: tuple[str, ...], where: tuple[tuple[str, bool], ...], since: bool, until: bool
    ) -> Statement:
        """The statement of a sum, by its shape: the values are bound by their columns' names.

        A column with True is one of an array: one statement, however many values.
        """
        t, added = SUMS[of]
        what = (func.count(),) if added is None else self._dialect.summed(t.c[added])
        columns = [t.c[name] for name in by]
        among = self._dialect.among
        conditions = [among(t.c[name], bind(name)) if many else t.c[name] == bind(name) for name, many in where]
        query = select(*columns, *what).where(*conditions).group_by(*columns)
        if since:
            query = query.where(_SINCE[of] >= bind("since"))
        return self._dialect.compiled(query.where(_SINCE[of] < bind("until")) if until else query)


@cache
def statements(dialect: Dialect) -> Statements:
    """An engine's statements."""
    return Statements(dialect)


def _is(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return column == bind("id")


def _versioned(table: Table, names: Any) -> Any:
    """A record's next version in the place of the one that was read."""
    at = (table.c.id == bind("the_id"), table.c.version == bind("expected"))
    return update(table).where(*at).values({name: bind(name) for name in names})


def _move() -> Any:
    """A move's conditions are comparisons with what it takes: no sum of it can run over."""
    c = s.lines.c
    return (
        update(s.lines)
        .where(
            c.id == bind("line"),
            c.reserved >= bind("min_reserved"),
            c.committed >= bind("min_committed"),
            c.spent >= bind("min_spent"),
            c.in_force - c.reserved - c.committed - c.spent >= bind("min_available"),
            func.coalesce(c.closed_through, _NEVER) < bind("before"),
        )
        .values({name: c[name] + bind(f"more_{name}") for name in ("in_force", "reserved", "committed", "spent")})
    )


def _numbering() -> Any:
    """The postings of a month that have no number get one, in the order of their key, after those that have."""
    c = s.postings.c
    month: Any = bind("of_month")
    key = list(s.postings.primary_key)
    last = s.postings.alias()
    before = select(func.coalesce(func.max(last.c.book_number), _ZERO)).where(last.c.month == month).scalar_subquery()
    number = (func.row_number().over(order_by=key) + before).label("new_number")
    waiting = select(*key, number).where(c.month == month, c.book_number.is_(None)).subquery("waiting")
    same = [c[column.name] == waiting.c[column.name] for column in key]
    return update(s.postings).where(*same).values({"book_number": waiting.c.new_number})


def _documents(which: Which) -> dict[str, Any]:
    """Documents with their present rounds, their signatures and their payments, each by its document's id."""
    present = (s.rounds.c.document == s.documents.c.id) & (s.rounds.c.round == s.documents.c.round)
    columns = [s.documents.c[name] for name in rows.DOCUMENT]
    columns += [s.rounds.c[name] for name in ("content", "content_digest", *rows.ROUND)]
    signed = select(s.signatures.c.document, s.signatures.c.round, *[s.signatures.c[name] for name in rows.SIGNATURE])
    paid = select(s.payments).where(which(s.payments.c.document)).order_by(*s.payments.primary_key)
    return {
        "documents": select(*columns).join_from(s.documents, s.rounds, present).where(which(s.documents.c.id)),
        "signed": signed.where(which(s.signatures.c.document)).order_by(*s.signatures.primary_key),
        "paid": paid,
    }
