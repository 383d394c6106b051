"""The contract of a company's customers: what is known of those who are asked about, and of nobody else.

class TestMine(CustomersContract):
    @pytest.fixture
    def customers(self):
        return MyCustomers  # called with the customers it shall hold
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from ...domain.customers import Customer, OptOut
from ...ports.customers import Customers
from ..held import Held, missing
from ..store_laws.together import WRITERS, at_once

Made = Callable[[Sequence[Customer]], Customers]
"""Makes what holds exactly these customers."""

MANY = 1200
LIKE_NONE = (
    "c0012345",
    "C001234",
    "C00123456",
    "C0012345 ",
    " C0012345",
    "Ｃ0012345",
    "C_012345",
    "C%",
    "%",
    "_",
    "*",
    "'",
)
"""Ids of nobody that a search by pattern, by case, by width or by part takes for somebody's."""
LIKE_OTHERS = (
    "C1x",
    "c1X",
    "C1X",
    "C1_",
    "C1%",
    "C1",
    "C10",
    "O'Neil",
    'O"Neil',
    "O\\Neil",
    "张伟",
    "張偉",
    "ß",
    "ss",
    "é",
    "e",
)
"""Ids of customers that are taken for one another."""

_DAY = date(2026, 2, 28)
CUSTOMERS: tuple[Customer, ...] = (
    Customer("C0012345", date(2019, 5, 1), date(2026, 6, 30), "gold", date(1992, 2, 29), (OptOut("sms", _DAY),)),
    Customer(
        "C0012346",
        date(1900, 1, 1),
        date(2027, 12, 31),
        "金卡",
        date(1900, 12, 31),
        (OptOut("sms", date(2024, 2, 29)), OptOut("*", _DAY), OptOut("phone", _DAY), OptOut("sms", _DAY)),
    ),
    # What is not known is None, each for itself.
    Customer("C0012347", None, None, None, None),
    Customer("C0012348", date(2020, 1, 1), None, None, None, (OptOut("*", _DAY),)),
    Customer("C0012349", None, date(2026, 1, 1), None, None),
    Customer("C0012350", None, None, 'a"b, 100%', None),
    Customer("C0012351", None, None, None, date(2000, 1, 1)),
    *[Customer(id, date(2000, 1, 1 + i), None, None, date(1980, 1 + i % 12, 1)) for i, id in enumerate(LIKE_OTHERS)],
    *[Customer(f"N{i}", None, date(2026, 1, 1 + i % 28), None, None) for i in range(MANY)],
)
KNOWN = {customer.id: customer for customer in CUSTOMERS}
FEW = tuple(KNOWN)[:9]


class CustomersContract(Held, contract=True):
    """One test a law of `ports.customers`, the docstring being the law.

    The subclass defines the fixture `customers`: it is called with customers, and makes what holds these and no others.
    It declares `concurrent`.
    """

    POWERS = ("concurrent",)
    concurrent: bool = True
    """Threads may share it, as a desk does."""

    @pytest.fixture
    def customers(self) -> Made:
        """Makes what holds the customers it is given; defined by the subclass."""
        raise missing("customers", "customers")

    @pytest.fixture
    def company(self, customers: Made) -> Customers:
        """The kit's customers."""
        return customers(CUSTOMERS)

    def test_a_known_customer_comes_back_whole(self, company: Customers) -> None:
        """A customer who is known comes back with all that is known of him; what is not known of him is None."""
        for id, customer in [*KNOWN.items()][: len(CUSTOMERS) - MANY]:
            assert dict(company.known((id,))) == {id: customer}
            assert type(company.known((id,))[id]) is Customer

    def test_opt_outs_are_the_customers_own(self, company: Customers) -> None:
        """Every opt-out of a customer is there, none of another's, however many are asked about."""
        found = company.known(FEW)
        assert {id: {*found[id].opt_outs} for id in FEW} == {id: {*KNOWN[id].opt_outs} for id in FEW}

    def test_an_unknown_id_has_no_entry(self, company: Customers) -> None:
        """An id that nobody has is no error and has no entry, alone or among others."""
        assert dict(company.known(("X1", "nobody"))) == {}
        assert dict(company.known(("X1", FEW[0], "nobody"))) == {FEW[0]: KNOWN[FEW[0]]}

    def test_without_customers_nobody_is_known(self, customers: Made) -> None:
        """Where there are no customers, nobody is known."""
        assert dict(customers(()).known(FEW)) == {}

    def test_asked_twice_is_answered_once(self, company: Customers) -> None:
        """An id that is named twice in a question is answered once, as if it were named once."""
        found = company.known((*FEW, *FEW[::-1], "X1", "X1"))
        assert len(found) == len([*found]) == len(FEW)
        assert dict(found) == dict(company.known(FEW))

    def test_none_asked_is_none_known(self, company: Customers) -> None:
        """A question about nobody has an empty answer."""
        assert dict(company.known(())) == {}
        assert dict(company.known([])) == {}

    def test_any_number_is_one_question(self, company: Customers) -> None:
        """Many ids are one question, in whatever order, in a tuple or a list, unknown ones among them."""
        ids = tuple(KNOWN)
        assert dict(company.known(ids)) == KNOWN
        assert dict(company.known([*ids[::-1], *[f"X{i}" for i in range(MANY)]])) == KNOWN

    def test_ids_that_look_alike_are_others(self, company: Customers) -> None:
        """Ids that differ in case, width, a space, a mark or a sign of patterns are the ids of different customers."""
        for id in LIKE_NONE:
            assert dict(company.known((id,))) == {}, id
        assert dict(company.known(LIKE_NONE)) == {}
        for id in LIKE_OTHERS:
            assert dict(company.known((id, *LIKE_NONE))) == {id: KNOWN[id]}, id

    def test_nobody_is_there_who_was_not_asked_about(self, company: Customers) -> None:
        """An answer has nobody besides those who were asked about, whatever was asked before."""
        for ids in (FEW[:3], FEW[3:], FEW[2:5], ("X1",), FEW[:1]):
            assert {*company.known(ids)} <= {*ids}

    def test_an_answer_is_the_askers(self, company: Customers) -> None:
        """An answer is changed by nothing that is asked later; what is done to it or its question changes no other."""
        asked = [*FEW]
        first, again = company.known(asked), company.known(asked)
        asked.clear()
        company.known(FEW[:1])
        assert dict(first) == dict(again) == {id: KNOWN[id] for id in FEW}
        meddled: Any = again
        # A mapping that can't be changed is as good.
        with suppress(TypeError, AttributeError):
            meddled[FEW[1]] = KNOWN[FEW[0]]
            del meddled[FEW[0]]
        for known in (first, company.known(FEW)):
            assert dict(known) == {id: KNOWN[id] for id in FEW}

    def test_threads_ask_at_once(self, company: Customers) -> None:
        """Threads that ask at once, each about others, each get the answer to their own question."""
        self.needs("concurrent")
        ids = tuple(KNOWN)[:48]

        def work(writer: int) -> None:
            for start in range(12):
                mine = ids[writer * 6 : writer * 6 + 1 + start % 6]
                assert dict(company.known(mine)) == {id: KNOWN[id] for id in mine}, "another question's answer"

        at_once(work, WRITERS)
