"""The contract of a directory: who holds which office, and who acts for whom, at the instant that is asked.

class TestMine(DirectoryContract):
    @pytest.fixture
    def directory(self):
        return MyDirectory  # called with the people it shall hold: holdings and delegations
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from itertools import combinations, permutations
from typing import Any

import attrs
import pytest

from ...domain.money import Money
from ...domain.organisation import Delegation, Holding, Roster
from ...ports.directory import Directory
from ..held import Held, missing
from ..store_laws.together import WRITERS, at_once

Made = Callable[[Sequence[Holding], Sequence[Delegation]], Directory]
"""Makes a directory that holds exactly these people."""

EAST = timezone(timedelta(hours=8))
NOW = datetime(2026, 7, 1, 0, 0, tzinfo=EAST)
TICK = timedelta(microseconds=1)
WEEK = timedelta(days=7)

DEPARTMENTS = ("marketing", "Marketing", "market", "marketing,east", "customer_service", "市场部", "%", "'")
"""Departments that a search by pattern, by case or by part takes for one another."""
HOLDINGS: tuple[Holding, ...] = (
    *[Holding("department_head", f"head of {department}", department) for department in DEPARTMENTS],
    # One heads two, another holds an office of his department beside those of the whole company.
    Holding("department_head", "head of marketing", "after_sales"),
    Holding("finance_officer", "local officer", "marketing"),
    Holding("finance_officer", "陈洁"),
    Holding("finance_officer", 'O\'Neil, "Jr."'),
    Holding("finance_head", "liu.yang"),
    Holding("cashier", "zhao.min"),
    Holding("cashier", "陈洁"),
    Holding("财务总监", "liu.yang"),
)
_HEAD, _OFFICER = "head of marketing", "陈洁"
DELEGATIONS: tuple[Delegation, ...] = (
    Delegation(_HEAD, "li.na", "department_head", NOW, NOW + WEEK, "Leave"),
    Delegation(_HEAD, "何梅", "department_head", NOW + WEEK, NOW + 2 * WEEK, '休假; "long", 100%', 2_000_000, "CNY"),
    Delegation(_HEAD, "he.mei", "department_head", NOW - WEEK + TICK, NOW + TICK, "Travel", 0, "CNY"),
    Delegation(_OFFICER, "li.na", "finance_officer", NOW - WEEK, NOW + WEEK, "Leave", 1, "CNY"),
    Delegation(_OFFICER, 'O\'Neil, "Jr."', "finance_officer", NOW - WEEK, NOW + WEEK, "Leave"),
    Delegation("liu.yang", "li.na", "finance_head", NOW - 2 * WEEK, NOW - WEEK, "Over", 2_000_000, "JPY"),
)
ASKED: tuple[tuple[str, ...], ...] = ((), *combinations(DEPARTMENTS, 1), *combinations(DEPARTMENTS, 2), DEPARTMENTS)


def _of(units: Sequence[str]) -> set[Holding]:
    return {h for h in HOLDINGS if h.department is None or h.department in units}


def _instants() -> list[datetime]:
    """Each delegation's bounds, and a tick to both sides of each."""
    bounds = {bound for d in DELEGATIONS for bound in (d.since, d.until)}
    return sorted(bound + tick for bound in bounds for tick in (-TICK, timedelta(0), TICK))


class DirectoryContract(Held, contract=True):
    """One test a law of `ports.directory`, the docstring being the law.

    The subclass defines the fixture `directory`: it is called with holdings and delegations, at times more than once a
    test, and makes a directory that holds these people and no others. It declares `concurrent`.
    """

    POWERS = ("concurrent",)
    concurrent: bool = True
    """Threads may share the directory, as a desk does."""

    @pytest.fixture
    def directory(self) -> Made:
        """Makes a directory of the people it is given; defined by the subclass."""
        raise missing("directory", "a directory of people")

    @pytest.fixture
    def company(self, directory: Made) -> Directory:
        """A directory of the kit's people."""
        return directory(HOLDINGS, DELEGATIONS)

    def test_every_office_is_there(self, company: Directory) -> None:
        """A roster has every office of the departments asked about and of the whole company, to the code point."""
        for units in ASKED:
            assert _of(units) - {*company.roster(units, NOW).holdings} == set(), units

    def test_no_other_departments_office_is_there(self, company: Directory) -> None:
        """It has no office of another department, however alike the names are."""
        for units in ASKED:
            assert {*company.roster(units, NOW).holdings} - _of(units) == set(), units

    def test_an_unknown_department_has_the_companys_offices(self, company: Directory) -> None:
        """A department that nobody knows, or none at all, has the offices of the whole company and no more."""
        for units in ((), ("nobody's",), ("",), ("marketin_",), ("MARKETING",), ("head of marketing",)):
            roster = company.roster(units, NOW)
            assert {*roster.holdings} == _of(()), units
            assert roster.holders("department_head", "marketing") == ()
            assert roster.holders("finance_head", "nobody's") == ("liu.yang",)

    def test_a_directory_of_nobody_has_nobody(self, directory: Made) -> None:
        """A company without people has rosters without any."""
        roster = directory((), ()).roster(DEPARTMENTS, NOW)
        assert (roster.holdings, roster.delegations) == ((), ())

    def test_the_order_of_departments_says_nothing(self, company: Directory) -> None:
        """Departments in another order, named twice, or in a list have the same roster."""
        asked = ("marketing", "市场部", "market")
        roster = company.roster(asked, NOW)
        for units in permutations(asked):
            assert company.roster(units, NOW) == roster
        assert company.roster([*asked, *asked], NOW) == roster

    def test_the_same_question_has_the_same_answer(self, company: Directory) -> None:
        """Asked again a directory gives an equal roster, whatever it was asked meanwhile."""
        first = {units: company.roster(units, NOW) for units in ASKED}
        for units in reversed(ASKED):
            company.roster(units, NOW + 3 * WEEK)
            assert company.roster(units, NOW) == first[units]

    def test_the_same_people_have_one_digest(self, directory: Made, company: Directory) -> None:
        """The same people have one digest: listed in another order, asked of as often as one likes; others another."""
        again = directory(HOLDINGS[::-1], DELEGATIONS[::-1])
        for units in ASKED:
            digest = company.roster(units, NOW).digest
            assert company.roster(units[::-1], NOW.astimezone(timezone.utc)).digest == digest
            assert again.roster(units, NOW).digest == digest
        assert len({company.roster(units, NOW).digest for units in ASKED}) == len(ASKED)
        fewer = directory(HOLDINGS, DELEGATIONS[1:]).roster(("marketing",), NOW)
        assert fewer.digest != company.roster(("marketing",), NOW).digest

    def test_a_delegation_counts_in_its_interval(self, company: Directory) -> None:
        """A delegation counts from its first instant up to, not at, its last, to the microsecond, at any instant."""
        for at in _instants()[::-1]:
            roster = company.roster(("marketing",), at)
            for holder, office, currency in {(d.holder, d.office, d.currency or "CNY") for d in DELEGATIONS}:
                his = {d for d in DELEGATIONS if (d.holder, d.office) == (holder, office)}
                counts = {d for d in his if d.since <= at < d.until}
                assert {*roster.delegates(office, holder, Money(0, currency))} == counts, (holder, at)

    def test_a_delegation_keeps_its_limit(self, company: Directory) -> None:
        """A delegation counts up to its amount, to the unit; one without a limit for every amount."""
        for at in (NOW, NOW + WEEK):
            roster = company.roster(("marketing",), at)
            for units in (0, 1, 2, 2_000_000, 2_000_001, 2**63 - 1):
                found = {d for d in DELEGATIONS if d.holder == _HEAD and d.since <= at < d.until}
                counts = {d for d in found if d.units_max is None or units <= d.units_max}
                assert {*roster.delegates("department_head", _HEAD, Money(units, "CNY"))} == counts, units

    def test_a_limit_keeps_its_currency(self, company: Directory) -> None:
        """A limit is in the currency it was given in: a roster never reads it in another, which is a ValueError."""
        roster = company.roster((), NOW - WEEK - TICK)
        (over,) = (d for d in roster.delegations if d.holder == "liu.yang" and d.since <= roster.at < d.until)
        assert (over.units_max, over.currency) == (2_000_000, "JPY")
        with pytest.raises(ValueError, match="JPY"):
            roster.delegates(over.office, over.holder, Money(1, "CNY"))

    def test_no_delegation_is_made_up(self, company: Directory) -> None:
        """Every delegation of a roster is one of the directory's, with all it says; none is handed on."""
        for at in _instants():
            assert {*company.roster(DEPARTMENTS, at).delegations} <= {*DELEGATIONS}

    def test_a_roster_is_of_the_instant_that_is_asked(self, company: Directory) -> None:
        """A roster is of the instant that is asked, past or to come, in whatever zone, and in whatever order."""
        for at in (NOW, NOW - 400 * WEEK, NOW.astimezone(timezone.utc), NOW + 400 * WEEK, NOW + TICK):
            roster = company.roster(("marketing",), at)
            assert roster.at == at
            assert roster.at.utcoffset() is not None

    def test_a_naive_instant_is_the_callers_mistake(self, company: Directory) -> None:
        """An instant without a zone is a ValueError or TypeError: a delegation would count by the machine's own."""
        with pytest.raises((ValueError, TypeError)):
            company.roster(("marketing",), NOW.replace(tzinfo=None))

    def test_a_roster_is_a_value(self, company: Directory) -> None:
        """A roster is a plain value, of tuples of plain values, that nothing changes which is done or asked later."""
        units = ["marketing"]
        roster = company.roster(units, NOW)
        was = attrs.evolve(roster)
        units[0] = "market"
        company.roster(("market", "market"), NOW + WEEK)
        assert roster == was
        assert type(roster) is Roster
        parts: tuple[Any, ...] = (roster.holdings, roster.delegations)
        assert [type(part) for part in parts] == [tuple, tuple]
        assert {type(each) for each in roster.holdings} == {Holding}
        assert {type(each) for each in roster.delegations} == {Delegation}

    def test_threads_ask_at_once(self, company: Directory) -> None:
        """Threads that ask at once, each of other departments, each get the answer to their own question."""
        self.needs("concurrent")
        alone = {units: company.roster(units, NOW) for units in ASKED}

        def work(writer: int) -> None:
            for units in (*ASKED[writer:], *ASKED[:writer]) * 3:
                assert company.roster(units, NOW) == alone[units], "another question's answer"

        at_once(work, WRITERS)
