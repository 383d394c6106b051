"""A desk over a store that is there, for the commands that act."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from expense_adapters.cli.say import fail, place, tell
from expense_policy.domain.refusals import ExpensePolicyError, Refused

if TYPE_CHECKING:
    from expense_adapters.sql import SqlRepository
    from expense_policy.services.desk import Desk


def opened(
    store: str, people: Path, customers: Path | None = None, key: Path | None = None
) -> tuple[Desk, SqlRepository]:
    """A desk over a store that is there, and the store: none is made."""
    from expense_adapters.customers import FileCustomers
    from expense_adapters.files import FileDirectory, read_key
    from expense_adapters.local import MemoryEvidence, Recorder
    from expense_adapters.sql import SqlRepository
    from expense_policy.services.desk import Desk

    directory = FileDirectory(people)
    known = None if customers is None else FileCustomers(customers)
    keyring = None if key is None else read_key(key)
    try:
        SqlRepository.reading(store).close()
        repository = SqlRepository(store)
    except (ExpensePolicyError, ValueError) as error:
        raise ValueError(f"{place(store)}: {error}") from None
    desk = Desk.open(
        repository=repository,
        directory=directory,
        notifier=Recorder(),
        evidence=MemoryEvidence(),
        keyring=keyring,
        customers=known,
    )
    return desk, repository


@contextmanager
def reading(store: str) -> Iterator[Desk]:
    """A desk that only answers, over one snapshot of a store that is there; what goes wrong is one sentence, exit 2."""
    from expense_adapters.local import FixedDirectory, MemoryEvidence, Recorder
    from expense_adapters.sql import SqlRepository
    from expense_policy.services.desk import Desk

    repository = None
    try:
        repository = SqlRepository.reading(store)
        directory = FixedDirectory(())
        yield Desk.open(repository=repository, directory=directory, notifier=Recorder(), evidence=MemoryEvidence())
    except (ExpensePolicyError, ValueError) as error:
        fail(f"{place(store)}: {str(error).replace(store, place(store))}")
    finally:
        if repository is not None:
            repository.close()


def unopened(error: Exception) -> NoReturn:
    """Every fault of a file a line of its own."""
    *others, last = getattr(error, "problems", (str(error),))
    for each in others:
        tell(each)
    fail(last)


def refused(error: Exception, store: str, lang: str = "en") -> NoReturn:
    """Every refusal a line of its own."""
    said = str(error).splitlines()
    if isinstance(error, Refused):
        said = [f"{r.clause} {r.code}: {r.text(lang)} {r.remedy(lang)}" for r in error.refusals]
    *others, last = [each.replace(store, place(store)) for each in said or [type(error).__name__]]
    for each in others:
        tell(each)
    fail(last)
