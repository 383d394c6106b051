"""`expense-policy close` and `accounts`: the months of the books (R1.1, R1.3, R1.4)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO

import typer

from expense_adapters._reading import escaped, why
from expense_adapters.cli.opening import opened, refused, unopened
from expense_adapters.cli.say import Json, Lang, Store, fail, language, place, put, put_json
from expense_policy.domain.accounting import DIMENSIONS
from expense_policy.domain.money import decimal
from expense_policy.domain.periods import Month
from expense_policy.domain.refusals import ExpensePolicyError

if TYPE_CHECKING:
    from expense_policy.domain.accounting import DoubleEntry, MonthlyAccounts
    from expense_policy.services.desk import Desk

_Month = Annotated[str, typer.Argument(metavar="MONTH", help="Such as 2026-03.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("close")(close)
    app.command("accounts")(accounts)


def close(
    month: _Month,
    store: Store,
    actor: Annotated[str, typer.Option(help="Who closes it: a finance officer or the finance head.")],
    people: Annotated[Path, typer.Option(help="Offices and delegations (TOML or CSV).")],
    reopen: Annotated[str | None, typer.Option(help="Opens the last closed month again, for this reason.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="The journal's key, id:hexadecimal secret.")] = None,
    lang: Lang = "en",
    as_json: Json = False,
) -> None:
    """Closes a month that has ended, and shows its accounts; with --reopen the finance head opens it again.

    Exit 0, or 4 where the accounts do not reconcile: they say by how much.
    """
    which = _month(month)
    language(lang)
    try:
        desk, repository = opened(store, people, key=key_file)
    except (ExpensePolicyError, ValueError) as error:
        unopened(error)
    try:
        if reopen is None:
            desk.closing.close(which, actor=actor)
        else:
            desk.closing.reopen(which, actor=actor, reason=reopen)
        found = desk.accounts(which)
    except (ExpensePolicyError, TypeError, ValueError) as error:
        refused(error, store, lang)
    finally:
        repository.close()
    _told(found, as_json)


def accounts(
    month: _Month,
    store: Store,
    csv: Annotated[
        Path | None, typer.Option(help="Writes the double entries of a closed month to this CSV file.")
    ] = None,
    beancount: Annotated[Path | None, typer.Option(help="Writes them to this beancount file.")] = None,
    no_opens: Annotated[
        bool, typer.Option("--no-opens", help="Without opening the accounts, which another file of the book does.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Shows the accounts of a month as they stand: exit 0, or 4 where they do not reconcile."""
    from expense_adapters.sql import SqlRepository

    which, repository = _month(month), None
    files = _files(csv, beancount, no_opens)
    try:
        repository = SqlRepository.reading(store)
        desk = _reader(repository)
        found = desk.accounts(which)
        _write(desk, found, files)
    except (ExpensePolicyError, ValueError) as error:
        fail(f"{place(store)}: {str(error).replace(store, place(store))}")
    finally:
        if repository is not None:
            repository.close()
    _told(found, as_json)


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError as error:
        fail(str(error))


def _reader(repository: Any) -> Desk:
    """A desk that only answers."""
    from expense_adapters.local import FixedDirectory, MemoryEvidence, Recorder
    from expense_policy.services.desk import Desk

    directory = FixedDirectory(())
    return Desk.open(repository=repository, directory=directory, notifier=Recorder(), evidence=MemoryEvidence())


_Writer = Callable[[TextIO, "Iterable[DoubleEntry]", str], int]


def _files(csv: Path | None, beancount: Path | None, no_opens: bool) -> list[tuple[Path, _Writer]]:
    """What is to be written, and how: each to a file of its own."""
    from expense_adapters.books import write_beancount, write_csv

    if no_opens and beancount is None:
        fail("--no-opens is of a beancount file, and there is none")
    wanted: list[tuple[Path | None, _Writer]] = [
        (csv, write_csv),
        (beancount, partial(write_beancount, opens=not no_opens)),
    ]
    found = [(path, write) for path, write in wanted if path is not None]
    for path, _ in found:
        if path.is_dir():
            fail(f"{path}: is a folder")
    if len({path.resolve() for path, _ in found}) < len(found):
        fail(f"{csv}: is to be both the CSV and the beancount file")
    return found


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        fail(f"{path}: {why(error)}")


def _write(desk: Desk, found: MonthlyAccounts, files: Sequence[tuple[Path, _Writer]]) -> None:
    """The files whole, or none of them: they take their places once all are written."""
    parts = [(path.with_name(f".{path.name}.part"), path, write) for path, write in files]
    try:
        for part, path, write in parts:
            with _told_of(path), part.open("w", encoding="utf-8", newline="") as out:
                write(out, desk.closing.entries(found.month), found.currency)
        for part, path, _ in parts:
            with _told_of(path):
                os.replace(part, path)
    finally:
        for part, _, _ in parts:
            part.unlink(missing_ok=True)


def _told(found: MonthlyAccounts, as_json: bool) -> NoReturn:
    _show(found, as_json)
    raise typer.Exit(4 if found.differences else 0)


def _show(found: MonthlyAccounts, as_json: bool) -> None:
    if as_json:
        put_json(_document(found))
        return
    state = "closed" if found.closed else "open"
    put(f"{found.month} ({state}), {found.method}, {found.currency}")
    head = ("department", "project", "category", "type", "account", "amount")
    money = [decimal(row.units, found.currency) for row in found.rows]
    told = [(r.department, r.project or "-", r.category, r.type, r.account) for r in found.rows]
    total = decimal(found.total, found.currency)
    _table([head, *[(*row, units) for row, units in zip(told, money, strict=True)], ("total", *[""] * 4, total)])
    put("")
    for source, units in found.sources:
        put(f"{source.value:10} {decimal(units, found.currency)}")
    for month, units in found.corrections:
        put(f"correction of {month} {decimal(units, found.currency)}")
    for each in found.differences:
        stated, posted = decimal(each.stated, found.currency), decimal(each.posted, found.currency)
        put(f"DIFFERENCE {each.what}: {stated} stated, {posted} posted")


def _table(rows: Sequence[Sequence[str]]) -> None:
    """Columns of one width each, the last to the right."""
    shown = [[escaped(text) for text in row] for row in rows]
    widths = [max(len(row[i]) for row in shown) for i in range(len(shown[0]))]
    for row in shown:
        left = [text.ljust(width) for text, width in zip(row[:-1], widths[:-1], strict=True)]
        put("  ".join((*left, row[-1].rjust(widths[-1]))))


def _document(found: MonthlyAccounts) -> dict[str, Any]:
    """As JSON: amounts are decimals of the currency beside them."""

    def amount(units: int) -> str:
        return decimal(units, found.currency)

    rows = [{**{name: getattr(row, name) for name in DIMENSIONS}, "amount": amount(row.units)} for row in found.rows]
    return {
        "month": str(found.month),
        "closed": found.closed,
        "method": found.method,
        "currency": found.currency,
        "total": amount(found.total),
        "rows": rows,
        "sources": {source.value: amount(units) for source, units in found.sources},
        "corrections": {str(month): amount(units) for month, units in found.corrections},
        "reconciled": [
            {
                "what": each.what,
                "stated": amount(each.stated),
                "posted": amount(each.posted),
                "agrees": each.agrees,
            }
            for each in found.reconciled
        ],
    }
