"""What the company's own system knows of its customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..domain.customers import Customer


class Customers(Protocol):
    """The company's customers (G2.1). Shared by threads; `testing.contract.CustomersContract` holds it to this."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Customer]:
        """Those of the ids that are known: each once, under its id. An unknown one has no entry, and is no error.

        One question for any number of ids, in any order; one named twice is answered once. Ids are the same to the code
        point or are others: nothing is folded, cut or matched. Nothing is there that was not asked. The mapping is the
        caller's: no later question changes it, and what he does to it changes no later answer.

        What can't be told is raised, never left out: a customer left out is unknown. `RepositoryUnavailable` where the
        place can't be reached; a ValueError, which shows no more of an id than `masked` does, where it holds what can't
        be read. Whatever is raised stops the act before anything is written.
        """
