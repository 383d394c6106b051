"""`expense-policy import-use`: a CSV log into the use record of a document."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from expense_adapters.cli.opening import opened, unopened
from expense_adapters.cli.say import Json, fail, place, put, put_json, tell
from expense_policy.domain.refusals import ExpensePolicyError, Refused

if TYPE_CHECKING:
    from rich.progress import Progress

    from expense_adapters.use_files import UseFile
    from expense_policy.services.desk import Desk
    from expense_policy.services.importing import Fault, Imported, Keyed, Unreadable

SHOWN = 1000
"""As many faults stand in the JSON document; standard error names every one."""
_STEP = 1000


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("import-use")(import_use)


def import_use(
    file: Path,
    store: Annotated[str, typer.Option(help="sqlite:///PATH, postgresql://..., mariadb://...")],
    document: Annotated[str, typer.Option(help="The application whose use record grows.")],
    mapping: Annotated[Path, typer.Option(help="Which column is which field (TOML).")],
    actor: Annotated[str, typer.Option(help="Who records it: the applicant.")],
    people: Annotated[Path, typer.Option(help="Offices and delegations (TOML or CSV).")],
    customers: Annotated[Path | None, typer.Option(help="Customers (CSV or TOML); without it nobody is asked.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why rows break a standard; without it they are faulty.")] = None,
    all_or_none: Annotated[bool, typer.Option("--all-or-none", help="Nothing where one row is faulty.")] = False,
    key_file: Annotated[Path | None, typer.Option(help="The journal's key, id:hexadecimal secret.")] = None,
    as_json: Json = False,
) -> None:
    """Records a CSV log row by row, each row once: exit 0 without a fault, 3 with faulty rows."""
    faults: list[Fault] = []
    counted: _Counted | None = None

    def faulty(fault: Fault) -> None:
        tell(f"{file}: {fault.where}: {fault.text()}")
        if len(faults) < SHOWN:
            faults.append(fault)

    try:
        desk, repository = opened(store, people, customers, key_file)
    except (ExpensePolicyError, ValueError) as error:
        unopened(error)
    try:
        rows = _rows(desk, document, file, mapping)
        with _progress() as progress:
            counted = _Counted(rows, progress)
            found = desk.spending.record_use_many(
                document,
                counted,
                actor=actor,
                reason=reason,
                keep="none" if all_or_none else "good",
                told=counted.told,
                faulty=faulty,
            )
    except (ExpensePolicyError, TypeError, ValueError) as error:
        _stopped(error, 0 if counted is None else counted.recorded, store)
    finally:
        repository.close()
    if as_json:
        named = [{"where": f.where, "reason": f.text(), "codes": [r.code.value for r in f.refusals]} for f in faults]
        put_json({"recorded": found.recorded, "known": found.known, "faulty": found.faulty, "faults": named})
    else:
        put(f"{found.recorded} recorded, {found.known} known, {found.faulty} faulty")
    raise typer.Exit(3 if found.faulty else 0)


def _stopped(error: Exception, recorded: int, store: str) -> NoReturn:
    said = [str(each) for each in error.refusals] if isinstance(error, Refused) else str(error).splitlines()
    for each in said[:-1]:
        tell(each.replace(store, place(store)))
    after = f"; {recorded} rows were recorded before it: do it again for the rest" if recorded else ""
    fail(f"{(said or [type(error).__name__])[-1].replace(store, place(store))}{after}")


def _rows(desk: Desk, id: str, file: Path, mapping: Path) -> UseFile:
    """The file as the mapping reads it, in the company's time zone and currency."""
    from expense_adapters.use_files import UseFile, UseMapping
    from expense_policy.services.asking import policies

    policy = policies(desk.env)[desk.document(id).round.policy_version]
    zone, currency, types = policy.calendar.time_zone, policy.currency, policy.types
    return UseFile(file, UseMapping.read(mapping, time_zone=zone, currency=currency, types=types))


class _Counted:
    """The rows, with what was read and done of them shown."""

    def __init__(self, rows: UseFile, progress: Progress | None) -> None:
        self._rows, self._progress, self._done, self.recorded = rows, progress, 0, 0
        self._task = None if progress is None else progress.add_task("", total=None)

    def __call__(self) -> Iterator[Keyed | Unreadable]:
        """The rows from the first one on."""
        count = 0
        for count, row in enumerate(self._rows(), 1):
            yield row
            if count % _STEP == 0:
                self._show(count)
        self._show(count)

    def told(self, so_far: Imported) -> None:
        """A portion is done."""
        self._done, self.recorded = so_far.recorded + so_far.known, so_far.recorded

    def _show(self, read: int) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=f"{read:,} rows read, {self._done:,} in the record")


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Shown on a terminal, and nowhere else."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield shown
