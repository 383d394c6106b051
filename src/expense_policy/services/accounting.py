"""The accounts of a month and its entries, asked of the store (R1.1, R1.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from ..domain.accounting import GROUPED, DoubleEntry, MonthlyAccounts, double_entry, monthly
from ..domain.checks import YEAR_MAX, YEAR_MIN
from ..domain.periods import Month
from ..domain.policy import AccountRules, Policy
from ..domain.posting import CASH, Source
from ..domain.refusals import Code, Refused, refusal
from ..domain.vocabulary import SET_OFF
from ..ports.repository import Look, Sum
from .booking import SEEN, closed_through
from .engine import POLICY_GUARD, Environment, in_force, not_in_force

_PAGE = 1000


def a_month(month: object) -> Month:
    """The month, or TypeError; ValueError for one that no day of the company lies in."""
    if type(month) is not Month:
        raise TypeError(f"month must be Month, not {type(month).__name__}")
    if not YEAR_MIN <= month.year <= YEAR_MAX:
        raise ValueError(f"month must be within {YEAR_MIN} to {YEAR_MAX}")
    return month


def accounts(env: Environment, month: Month) -> MonthlyAccounts:
    """The accounts of a month, from one grouped sum of its postings and one of its payments.

    Where the two differ, the corrections that the next month holds are asked for too: a payment at the very end of a
    month that was closed meanwhile stands there. Months from before the first posting have no accounts: what they paid
    is left out.
    """
    policy = _policy(env, a_month(month))
    since, until = _bounds(policy, month)
    posted = Sum("postings", GROUPED, (("month", str(month)),))
    seen = env.repository.look(
        Look(cards=SEEN.cards, guards=SEEN.guards, sums=(posted, Sum("payments", ("method",), (), since, until)))
    )
    sums, paid = seen.sums
    through = closed_through(seen)
    stated = {Source.SET_OFF: paid.get((SET_OFF,), 0)}
    stated[Source.PAID] = sum(paid.values()) - stated[Source.SET_OFF]
    rules, closed = policy.accounts, through is not None and through >= month
    found = monthly(month, policy.currency, rules.method, closed, sums, stated, {})
    if not found.differences:
        return found
    if not sums and not _posted(env, month):
        # A library of before paid and posted nothing; `verify` asks no postings of it either.
        stated = {}
    return monthly(month, policy.currency, rules.method, closed, sums, stated, _late(env, month))


def _posted(env: Environment, month: Month) -> bool:
    """Whether there are postings in any month before this one."""
    (found,) = env.repository.look(Look(sums=(posted_before(month),))).sums
    return any(found.values())


def posted_before(month: Month) -> Sum:
    """How many postings there are in each month before one: the company's days lie in no other."""
    months = tuple([str(Month.of(number)) for number in range(YEAR_MIN * 12 - 1, month.number)])
    return Sum("posting_count", ("month",), (("month", months),))


def _late(env: Environment, month: Month) -> Mapping[Source, int]:
    where = (("month", str(month.plus(1))), ("corrects", str(month)), ("source", tuple(map(str, CASH))))
    (found,) = env.repository.look(Look(sums=(Sum("postings", ("source",), where),))).sums
    return {Source(source): units for (source,), units in found.items()}


def entries(env: Environment, month: Month) -> Iterator[DoubleEntry]:
    """The double entries of a closed month, in the order of their numbers, read page by page (R1.4)."""
    rules, through = _policy(env, a_month(month)).accounts, closed_through(env.repository.look(SEEN))
    if through is None or month > through:
        raise Refused([refusal(Code.MONTH_OPEN, month=str(month))])
    return _entries(env, month, rules)


def _entries(env: Environment, month: Month, rules: AccountRules) -> Iterator[DoubleEntry]:
    after = 0
    while page := env.repository.postings(month, after, _PAGE):
        for number, posting in page:
            entry = double_entry(number, posting, rules)
            if entry is not None:
                yield entry
        after = page[-1][0]


def _bounds(policy: Policy, month: Month) -> tuple[datetime, datetime]:
    after = month.plus(1)
    start = policy.calendar.start
    return start(date(month.year, month.month, 1)), start(date(after.year, after.month, 1))


def _policy(env: Environment, month: Month) -> Policy:
    """The version that says how a month is accounted: the one in force at its end, else the first there was."""
    now = env.clock.now()
    seen = env.repository.look(Look(guards=(POLICY_GUARD,)))
    versions = env.adopted(seen.guards.get(POLICY_GUARD, 0))[1]
    if not versions or in_force(versions, now) is None:
        raise Refused([not_in_force(versions, now, env.offices)])
    (*_, first) = versions.values()
    last = _bounds(first, month)[1] - timedelta(microseconds=1)
    return in_force(versions, last) or first
