"""Customers that break one law each: nothing here is collected but by `test_kit_catches`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import attrs

from expense_adapters.local import FixedCustomers
from expense_policy.domain.customers import Customer
from expense_policy.testing.contract import CustomersContract

from .broken import holds

K = TypeVar("K", bound=type[FixedCustomers])


def breaks(law: str) -> Callable[[K], K]:
    """Holds broken customers to the contract: it is this law that says so."""

    def held(kind: K) -> K:
        holds(kind, CustomersContract, law, "customers", lambda _: lambda customers: kind(tuple(customers)))
        return kind

    return held


@breaks("test_a_known_customer_comes_back_whole")
class NoBirthdayIsTheFirst(FixedCustomers):
    """Puts a day where none is known."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """With the day that he became a customer."""
        found = super().known(ids)
        return {id: attrs.evolve(each, birthday=each.birthday or each.since) for id, each in found.items()}


@breaks("test_a_known_customer_comes_back_whole")
class EarliestOptOut(FixedCustomers):
    """Keeps one opt-out a customer."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """With the first alone."""
        return {id: attrs.evolve(each, opt_outs=each.opt_outs[:1]) for id, each in super().known(ids).items()}


@breaks("test_opt_outs_are_the_customers_own")
class OptOutsOfAll(FixedCustomers):
    """Joins opt-outs without the customer."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """With those of everybody who was asked about."""
        found = super().known(ids)
        opt_outs = tuple(each for customer in found.values() for each in customer.opt_outs)
        return {id: attrs.evolve(each, opt_outs=opt_outs) for id, each in found.items()}


@breaks("test_an_unknown_id_has_no_entry")
class BlankForUnknown(FixedCustomers):
    """Makes up who is not known."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """With somebody for every id."""
        return {id: Customer(id, None, None, None, None) for id in ids if id.isalnum()} | {**super().known(ids)}


@breaks("test_without_customers_nobody_is_known")
class Demonstration(FixedCustomers):
    """Has customers to show where it has none."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """The demonstration's."""
        return super().known(ids) if self.customers else {id: Customer(id, None, None, None, None) for id in ids}


@breaks("test_asked_twice_is_answered_once")
class OneRowAQuestion(FixedCustomers):
    """Counts what was asked, and takes half an answer for none."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """All or nobody."""
        found = super().known(ids)
        return found if len(found) == len([id for id in ids if not id.startswith("X")]) else {}


@breaks("test_none_asked_is_none_known")
class NoneMeansAll(FixedCustomers):
    """Takes no id for no condition."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """Everybody, where nobody was asked about."""
        return super().known(ids or [each.id for each in self.customers])


@breaks("test_any_number_is_one_question")
class FirstPage(FixedCustomers):
    """Answers with one page."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """Of the first thousand."""
        return super().known(ids[:1000])


class Alike(FixedCustomers):
    """Compares ids by what it makes of them."""

    def folded(self, id: str) -> str:
        """What two ids that are one have in common."""
        return id

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """Under the ids that were asked."""
        by = {self.folded(each.id): each for each in self.customers}
        return {id: by[self.folded(id)] for id in ids if self.folded(id) in by}


@breaks("test_ids_that_look_alike_are_others")
class AnyCase(Alike):
    """Compares as a collation without case does."""

    def folded(self, id: str) -> str:
        """In one case."""
        return id.casefold()


@breaks("test_ids_that_look_alike_are_others")
class Padded(Alike):
    """Compares as padded columns do."""

    def folded(self, id: str) -> str:
        """Without spaces at its end."""
        return id.rstrip()


@breaks("test_ids_that_look_alike_are_others")
class Like(FixedCustomers):
    """Searches as LIKE does."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """With whoever a pattern finds."""
        starts = tuple(id.removesuffix("%") for id in ids if id.endswith("%"))
        return super().known([*ids, *(each.id for each in self.customers if each.id.startswith(starts))])


@breaks("test_nobody_is_there_who_was_not_asked_about")
class WholeHousehold(FixedCustomers):
    """Gives who is kept beside him, too."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """With the next one of the table."""
        ids_ = [each.id for each in self.customers]
        return super().known([*ids, *[ids_[ids_.index(id) + 1] for id in ids if id in ids_[:-1]]])


@breaks("test_an_answer_is_the_askers")
class ItsOwnMemory(FixedCustomers):
    """Hands out the answers that it keeps for the next one who asks."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """What was answered before."""
        return self.kept.setdefault((id(self), *ids), {**super().known(ids)})

    kept: dict[tuple[object, ...], dict[str, Customer]] = {}  # noqa: RUF012  # one for all: the broken is not tidy


@breaks("test_threads_ask_at_once")
class OneDesk(FixedCustomers):
    """Puts the question down where everybody puts theirs."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """What was asked last."""
        self.desk[0] = ids
        time.sleep(0.0001)
        return super().known(self.desk[0])

    desk: list[Sequence[str]] = [()]  # noqa: RUF012  # one for all: what is broken need not be tidy
