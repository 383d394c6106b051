"""What no store is asked: a caller's mistake is a ValueError before a store sees it, and the same at every store."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from ..domain.cards import BOOKS
from ..domain.money import UNITS_MAX
from ..domain.periods import Month, instant
from ..domain.posting import Posting
from ..domain.vocabulary import Space
from ..domain.voucher import ALIKE

if TYPE_CHECKING:
    from .repository import Batch, Look

NAME_MAX = 500
"""As many code points a name or key has at most: an index of every engine takes it."""

PAGE_MAX = 10_000
"""The longest page `Repository.find` gives."""

SEARCHED = ("kind", "status", "department", "applicant", "type", "step_office", "application")
"""The columns `Repository.find` searches by."""

DUE = ("expires_at", "use_due_at", "pay_by")
"""The columns `Repository.find` knows due dates of."""

USED = ("document", "recipient", "item")
"""The columns `Repository.uses` searches by, one of them at least."""

NARROWED = ("type", "month")
"""The columns by which it narrows what these find."""

CARD = ("kind", "status", "department", "owner")
"""The columns `Repository.cards` searches by, the kind always."""

POSTED = (
    *("month", "source", "document", "line", "department", "project", "category", "type", "account", "corrects"),
    "reference",
)
"""The columns that postings are summed by."""


def check_words(names: Sequence[str]) -> None:
    """Names and keys are str of at most `NAME_MAX`, and text that can be encoded: no lone surrogate."""
    try:
        text = "".join(names)
        if len(text) > NAME_MAX and any(len(name) > NAME_MAX for name in names):
            raise ValueError(f"a name or key has at most {NAME_MAX} characters")
        # Most names are ASCII, which is told at once.
        if not text.isascii():
            text.encode()
    except TypeError:
        raise ValueError("a name or key is text") from None
    except UnicodeEncodeError as error:
        raise ValueError(f"U+{ord(error.object[error.start]):04X} is no text that could be kept") from None


def check_instant(at: datetime) -> None:
    """An instant is an aware datetime."""
    try:
        instant(at)
    except (TypeError, OverflowError) as error:
        raise ValueError(str(error)) from None


def check_limit(limit: int, most: int = UNITS_MAX) -> None:
    """A page has at least one row, and at most `most`."""
    if type(limit) is not int or not 1 <= limit <= most:
        raise ValueError(f"limit is a whole number from 1 to {most}, not {limit!r}")


def check_units(units: Iterable[int]) -> None:
    """Whole numbers that every store keeps exactly."""
    for n in units:
        if type(n) is not int or not -UNITS_MAX <= n <= UNITS_MAX:
            raise ValueError(f"{n!r} is not a whole number within 2**63-1")


def check_find(where: tuple[tuple[str, str], ...], due: tuple[str, datetime] | None, after: str, limit: int) -> None:
    """What `Repository.find` may be asked."""
    check_limit(limit, PAGE_MAX)
    check_words((after, *[value for _, value in where]))
    for name, _ in where:
        if name not in SEARCHED:
            raise ValueError(f"{name!r} is not a searched column: {', '.join(SEARCHED)}")
    if due is not None:
        if due[0] not in DUE:
            raise ValueError(f"{due[0]!r} is not a due date: {', '.join(DUE)}")
        check_instant(due[1])


def check_uses(where: tuple[tuple[str, str], ...], after: tuple[str, int], limit: int) -> None:
    """What `Repository.uses` may be asked: a page of what somebody or something named has."""
    check_limit(limit, PAGE_MAX)
    if type(after) is not tuple or len(after) != 2 or type(after[1]) is not int or not 0 <= after[1] <= UNITS_MAX:
        raise ValueError(f"a page goes on after a document and the number of a row, not {after!r}")
    check_words((after[0], *[value for _, value in where]))
    names = [name for name, _ in where]
    known = all(name in (*USED, *NARROWED) for name in names)
    if not known or len(set(names)) < len(names) or set(names) <= set(NARROWED):
        raise ValueError(f"uses: where {', '.join(USED)}, one or more; perhaps {', '.join(NARROWED)}; each once")
    # Every row that is about nothing, or nobody: there is no end to them.
    if ("recipient", "") in where or ("item", "") in where:
        raise ValueError("uses: a recipient or an item has a name")


def check_cards(where: tuple[tuple[str, str], ...], due: datetime | None, after: str, limit: int) -> None:
    """What `Repository.cards` may be asked."""
    check_limit(limit, PAGE_MAX)
    check_words((after, *[value for _, value in where]))
    names = [name for name, _ in where]
    if "kind" not in names or len(set(names)) < len(names) or not set(names) <= set(CARD):
        raise ValueError(f"cards: where {', '.join(CARD)}, the first always, each once")
    if due is not None:
        check_instant(due)


def check_lines(department: str | None, year: int | None) -> None:
    """What `Repository.lines` may be asked."""
    check_words(() if department is None else (department,))
    if year is not None and (type(year) is not int or abs(year) > UNITS_MAX):
        raise ValueError(f"{year!r} is no year of a line")


def check_postings(month: Month, after: int, limit: int) -> None:
    """What `Repository.postings` may be asked."""
    check_limit(limit, PAGE_MAX)
    if type(month) is not Month:
        raise ValueError(f"{month!r} is not a month")
    if type(after) is not int or not 0 <= after <= UNITS_MAX:
        raise ValueError(f"a page of postings goes on after a number, not {after!r}")


def check_look(at: Look) -> None:
    """What one look may ask: names that are text, sums of the closed list."""
    records = (*at.documents, *at.payees, *at.policies, *at.projects, *at.lines, *at.cards)
    check_words((*at.keys, *at.subjects, *records, *at.guards))
    if at.taken:
        check_words([key for _, key in at.taken])
        if any(type(space) is not Space for space, _ in at.taken):
            raise ValueError("a key that is taken is a key of a Space")
    for asked in at.sums:
        since, until = asked.since is not None, asked.until is not None
        _check_sum(asked.of, asked.by, tuple([name for name, _ in asked.where]), since, until)
        for _, value in asked.where:
            check_words((value,) if isinstance(value, str) else value)
        for at_ in (asked.since, asked.until):
            if at_ is not None:
                check_instant(at_)


# Few shapes are ever asked for; only those that are right are remembered.
@lru_cache(maxsize=256)
def _check_sum(of: str, by: tuple[str, ...], where: tuple[str, ...], since: bool, until: bool) -> None:
    have, grouped, payee = set(where), set(by), {"payee_account", "payee_name"}
    if len(have) < len(where) or len(grouped) < len(by):
        raise ValueError("a sum names a column once")
    if of == "related":
        if have - payee != {"department", "type"} or not have & payee or by or not since or until:
            raise ValueError("related: where department, type and payee_account, payee_name or both; since; ungrouped")
    elif of == "payments":
        if have or not grouped <= {"method"} or not (since and until):
            raise ValueError("payments: of no columns; by method or not; since and until")
    elif of not in _SUMS:
        raise ValueError(f"{of!r} is not a sum a store knows: related, payments, {', '.join(_SUMS)}")
    else:
        needed, also, by_ = _SUMS[of]
        fits = all(have & set(each.split("|")) for each in needed.split())
        if not fits or not have <= set(also) or not grouped <= set(by_) or since or until:
            raise ValueError(f"{of}: where {needed}, perhaps of {', '.join(also)}; by {', '.join(by_)}; without since")


_SUMS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "contacts": ("type month", ("type", "month", "recipient"), ("month", "recipient")),
    "postings": ("month|line", POSTED, POSTED),
    "posting_count": ("month|line", POSTED, POSTED),
    "planned": ("line", ("line", "month"), ("line", "month")),
    "reserved": ("line", ("line",), ("line", "expected")),
    "committed": ("line", ("line",), ("line", "expected")),
    "vouchers": ("on_day " + "|".join(ALIKE), ("on_day", *ALIKE), ("document", "key", "on_day", *ALIKE)),
}
"""The sums that need no instant: which columns they need, one of some, may be narrowed by, and may be grouped by."""


def check_batch(b: Batch) -> None:
    """One act: versions that follow, and whole numbers that every store keeps."""
    names = [b.entry.subject]
    if b.key is not None:
        names.append(b.key.key)
    for each in (*b.guards, *b.takes):
        names.append(each.key)
    check_words(names)
    for put in b.puts:
        if put.record.version != put.expected + 1:
            raise ValueError(f"{put.record.id}: version {put.record.version} does not follow {put.expected}")
    for move in b.moves:
        check_units((move.in_force, move.reserved, move.committed, move.spent))
    for line in b.lines:
        check_units((line.in_force, line.reserved, line.committed, line.spent))
    for notice in b.notices:
        check_instant(notice.at)
    for row in b.entry.rows:
        if not row or not row[0]:
            raise ValueError("each row of an entry begins with what it is")
    for month in (b.closes, b.reopens):
        if month is not None and type(month) is not Month:
            raise ValueError(f"{month!r} is not a month to close or to open")
    if b.closes is not None and b.reopens is not None:
        raise ValueError("an act closes a month, or opens one")
    posted = [fact for fact in b.facts if isinstance(fact, Posting)]
    if posted:
        _check_posted(b, posted)


def _check_posted(b: Batch, posted: list[Posting]) -> None:
    """A posting travels with what keeps its month open: a move of its line, or the guard of the books (R1.3)."""
    if b.closes is not None or b.reopens is not None:
        raise ValueError("an act that closes a month, or opens one, posts nothing")
    open_from = {move.line: move.month for move in b.moves if move.month is not None}
    for posting in posted:
        if posting.line:
            month = open_from.get(posting.line)
            if month is None or month > posting.month:
                raise ValueError(
                    f"a posting of {posting.month} on {posting.line} comes with a move of the line in its month"
                )
        elif all(guard.key != BOOKS for guard in b.guards):
            raise ValueError(f"a posting on no line comes with the guard {BOOKS!r}")


def check_once(what: str, keys: Iterable[Hashable]) -> None:
    """No two of the keys are the same."""
    seen = set()
    for key in keys:
        if key in seen:
            raise ValueError(f"a batch speaks of one {what} twice: {key!r}")
        seen.add(key)
