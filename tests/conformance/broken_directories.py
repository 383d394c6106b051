"""Directories that break one law each: nothing here is collected but by `test_kit_catches`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any, TypeVar

import attrs

from expense_adapters.local import FixedDirectory
from expense_policy.domain.organisation import Delegation, Holding, Roster
from expense_policy.testing.contract import DirectoryContract

from .broken import holds

K = TypeVar("K", bound=type[FixedDirectory])


def breaks(law: str) -> Callable[[K], K]:
    """Holds a broken directory to the contract: it is this law that says so."""

    def held(kind: K) -> K:
        def directory(holdings: Sequence[Holding], delegations: Sequence[Delegation]) -> FixedDirectory:
            return kind(tuple(holdings), tuple(delegations))

        holds(kind, DirectoryContract, law, "directory", lambda _: directory)
        return kind

    return held


@breaks("test_every_office_is_there")
class OneToAnOffice(FixedDirectory):
    """Keeps people by office."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """The last of each."""
        found = super().roster(units, at)
        return attrs.evolve(found, holdings=tuple({(h.office, h.department): h for h in found.holdings}.values()))


@breaks("test_no_other_departments_office_is_there")
class Everybody(FixedDirectory):
    """Gives everybody to everybody."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """All there are."""
        return Roster(at, self.holdings, self.delegations)


@breaks("test_no_other_departments_office_is_there")
class AnyPart(FixedDirectory):
    """Searches as LIKE does."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """Of every department that has the name in it."""
        holdings = [h for h in self.holdings if h.department is None or any(unit in h.department for unit in units)]
        return Roster(at, tuple(holdings), self.delegations)


@breaks("test_an_unknown_department_has_the_companys_offices")
class NoneMeansAll(FixedDirectory):
    """Takes no department for no condition."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """Everybody, where nobody was asked for."""
        return super().roster(units or [h.department for h in self.holdings if h.department], at)


@breaks("test_an_unknown_department_has_the_companys_offices")
class UnknownIsNobody(FixedDirectory):
    """Knows nobody where it does not know the department."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """Nobody of nowhere."""
        known = {h.department for h in self.holdings}
        return super().roster(units, at) if not units or known & {*units} else Roster(at, ())


@breaks("test_a_directory_of_nobody_has_nobody")
class Demonstration(FixedDirectory):
    """Has people to show where it has none."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """The demonstration's."""
        return super().roster(units, at) if self.holdings else Roster(at, (Holding("general_manager", "demo"),))


@breaks("test_the_order_of_departments_says_nothing")
class OneByOne(FixedDirectory):
    """Asks for one department after another."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """As they come."""
        parts = [super(OneByOne, self).roster((unit,), at).holdings for unit in units] or [
            super().roster((), at).holdings
        ]
        return Roster(at, tuple(h for part in parts for h in part), self.delegations)


@breaks("test_the_same_question_has_the_same_answer")
class Paged(FixedDirectory):
    """Goes on where the last question stopped."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """From the next one on."""
        found = super().roster(units, at)
        self.asked[0] += 1
        at_ = self.asked[0] % max(len(found.holdings), 1)
        return attrs.evolve(found, holdings=found.holdings[at_:] + found.holdings[:at_])

    asked = [0]  # noqa: RUF012  # one for all: what is broken need not be tidy


@breaks("test_the_same_people_have_one_digest")
class Stamped(FixedDirectory):
    """Says with everything when it was asked."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """With the time in the reasons."""
        noted = tuple(attrs.evolve(d, reason=f"{d.reason}, as of {at}") for d in self.delegations)
        return Roster.of(units, at, self.holdings, noted)


@breaks("test_a_delegation_counts_in_its_interval")
class WholeDays(FixedDirectory):
    """Compares days, and the last one counts."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """What counts on the day."""
        day = at.date()
        counts = tuple(
            attrs.evolve(d, since=at, until=max(d.until, at.replace(hour=23)))
            for d in self.delegations
            if d.since.date() <= day <= d.until.date()
        )
        return Roster.of(units, at, self.holdings, counts)


@breaks("test_a_delegation_counts_in_its_interval")
class OfNow(FixedDirectory):
    """Leaves out what does not count by its own clock."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """What counts in 2030, whenever it is asked for."""
        now = datetime(2030, 1, 1, tzinfo=timezone.utc)
        counts = tuple(d for d in self.delegations if d.since <= now < d.until)
        return Roster.of(units, at, self.holdings, counts)


@breaks("test_a_delegation_keeps_its_limit")
class NoLimitAtNothing(FixedDirectory):
    """Takes a limit of nothing for no limit."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """Without limits that are 0."""
        lenient = tuple(
            attrs.evolve(d, units_max=d.units_max or None, currency=d.currency if d.units_max else None)
            for d in self.delegations
        )
        return Roster.of(units, at, self.holdings, lenient)


@breaks("test_a_limit_keeps_its_currency")
class OneCurrency(FixedDirectory):
    """Keeps bare figures."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """Every limit in the currency of the adapter's author."""
        guessed = tuple(attrs.evolve(d, currency=d.currency and "CNY") for d in self.delegations)
        return Roster.of(units, at, self.holdings, guessed)


@breaks("test_no_delegation_is_made_up")
class HandedOn(FixedDirectory):
    """Lets a delegate delegate."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """A delegate's delegate acts for the holder."""
        more = tuple(
            attrs.evolve(first, delegate=f"{first.delegate}'s deputy")
            for first in self.delegations
            if not first.units_max
        )
        return Roster.of(units, at, self.holdings, (*self.delegations, *more))


@breaks("test_a_roster_is_of_the_instant_that_is_asked")
class AsOfMidnight(FixedDirectory):
    """Reads its people once a day."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """As of this morning."""
        return super().roster(units, at.replace(hour=0, minute=0, second=0, microsecond=0))


@breaks("test_a_naive_instant_is_the_callers_mistake")
class NaiveIsUtc(FixedDirectory):
    """Takes an instant without a zone for one in UTC."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """In UTC."""
        return super().roster(units, at if at.tzinfo else at.replace(tzinfo=timezone.utc))


@breaks("test_a_roster_is_a_value")
class ItsOwnList(FixedDirectory):
    """Hands out a list that it goes on writing to."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """In place."""
        kept: list[Any] = self.lists.setdefault(id(self), [])
        kept[:] = super().roster(units, at).holdings
        shared: Any = kept
        return Roster(at, shared, self.delegations)

    lists: dict[int, list[Any]] = {}  # noqa: RUF012  # one for all: what is broken need not be tidy


@breaks("test_threads_ask_at_once")
class OneDesk(FixedDirectory):
    """Puts the question down where everybody puts theirs."""

    def roster(self, units: Sequence[str], at: datetime) -> Roster:
        """What was asked last."""
        self.desk[0] = units
        time.sleep(0.0001)
        return super().roster(self.desk[0], at)

    desk: list[Sequence[str]] = [()]  # noqa: RUF012  # one for all: what is broken need not be tidy
