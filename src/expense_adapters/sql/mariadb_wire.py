"""What is said to MariaDB and what it answers: packets of statements, what has to hit, what an error means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pymysql
from pymysql.constants import CLIENT, ER

from expense_policy.domain.money import UNITS_MAX
from expense_policy.ports.errors import Conflict, RepositoryError, RepositoryUnavailable

from .engine import Operation
from .laws import RACED

Connection = Any
"""PyMySQL's; it has no types."""
Cursor = Any
"""The same."""
Sent = tuple[str, tuple[Any, ...]]
"""A statement with what is bound."""
_AT_ONCE = 50
"""As many changes are sent in one packet."""
_CHECKREAD, _SIGNAL, _RANGE, _CHECK = 1020, 1644, 1690, 4025
_RACES = frozenset({ER.DUP_ENTRY, ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT, _CHECKREAD})
# The client's words for it, and the server's to whom it ends.
_LOST = (0, 2006, 2013, 1927, 1053)
# A value that a column does not take, a check, a sum beyond 64 bits.
_REFUSALS = frozenset(
    {
        *(_CHECK, _RANGE, ER.BAD_NULL_ERROR, ER.NO_DEFAULT_FOR_FIELD, ER.DATA_TOO_LONG, ER.WARN_DATA_TRUNCATED),
        *(ER.WARN_DATA_OUT_OF_RANGE, ER.TRUNCATED_WRONG_VALUE, ER.TRUNCATED_WRONG_VALUE_FOR_FIELD),
    }
)


def failed(error: Exception, *, committing: bool = False) -> Exception | None:
    """What the port says of what the driver raised; None where it was not the driver's.

    `committing`: a commit was under way, so that only a lost race leaves its outcome known.
    """
    if isinstance(error, UnicodeEncodeError):
        return ValueError(f"no store keeps this: {error}")
    if not isinstance(error, pymysql.Error):
        return None
    number, text = (*error.args, 0, "")[:2]
    why = f"{text} ({number})" if text else f"the connection is lost ({error!r})"
    if number in _RACES or (number == _SIGNAL and str(text).endswith(RACED)):
        return Conflict(why)
    if number == _SIGNAL or number in _REFUSALS:
        return RepositoryError(f"the store refused the batch: {why}")
    return RepositoryUnavailable(why, outcome_known=not committing)


def lost(error: BaseException | None) -> bool:
    """Whether a connection that was there has gone; not whether none could be made."""
    return isinstance(error, pymysql.Error) and error.args[:1] in [(number,) for number in _LOST]


def tell(error: BaseException | None, *, committing: bool = False) -> None:
    """Raises what the port says of an error, where it is the driver's."""
    known = failed(error, committing=committing) if isinstance(error, Exception) else None
    if known is not None:
        raise known from error


def run(cursor: Cursor, text: str, values: Sequence[Any] = ()) -> None:
    """Sends a statement, or several; ValueError for a value that is neither text nor a number of 64 bits."""
    for value in values:
        if not (
            value is None or isinstance(value, str) or (type(value) is int and -UNITS_MAX - 1 <= value <= UNITS_MAX)
        ):
            raise ValueError(f"no store keeps this: {value!r}")
    # Encoded here: some versions of the driver write a lone surrogate as a byte.
    cursor.execute(cursor.mogrify(text, tuple(values)).encode())


def each(cursor: Cursor, sent: Sequence[Sent]) -> Iterator[Cursor]:
    """The cursor at the answer of each statement in turn; they go in one packet where the connection takes several."""
    if cursor.connection.client_flag & CLIENT.MULTI_STATEMENTS:
        run(cursor, "; ".join([text for text, _ in sent]), [value for _, values in sent for value in values])
        yield cursor
        for _ in sent[1:]:
            cursor.nextset()
            yield cursor
    else:
        for text, values in sent:
            run(cursor, text, values)
            yield cursor


def drain(cursor: Cursor) -> None:
    """Reads what is left of a packet's answers, which may end in an error."""
    with suppress(pymysql.Error):
        while cursor.nextset():
            pass


def change(cursor: Cursor, changes: Sequence[Operation], begin: Sequence[Sent] = ()) -> None:
    """Does the changes in their order, after what begins them: Conflict where one does not hit what it has to."""
    for first in range(0, len(changes), _AT_ONCE):
        _change(cursor, changes[first : first + _AT_ONCE], begin if first == 0 else ())


def _change(cursor: Cursor, changes: Sequence[Operation], begin: Sequence[Sent]) -> None:
    sent = list(begin)
    for o in changes:
        sent.append((o.statement.text, o.statement.values(o.values)))
        if o.like is not None:
            sent.append((o.like.text, ()))
    answers = each(cursor, sent)
    for _ in begin:
        next(answers)
    for o in changes:
        next(answers)
        changed, wanted = cursor.rowcount, 1
        if cursor.warning_count:
            # In the strictest mode too, what is too long is cut where nothing but spaces goes.
            raise RepositoryError("the store refused the batch: something would be kept otherwise than it was given")
        if o.like is not None:
            wanted = next(answers).fetchall()[0][0]
        if (o.hits or o.like is not None) and changed != wanted:
            raise Conflict(f"{o.what} has moved on")


def commit(cursor: Cursor) -> None:
    """Commits. Where the answer does not come, nobody knows whether it did."""
    try:
        run(cursor, "COMMIT")
    except pymysql.Error as error:
        tell(error, committing=True)
