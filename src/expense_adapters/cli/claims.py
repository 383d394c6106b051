"""`expense-policy claim`: claims in a store, and vouchers of a file before they are handed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expense_adapters._reading import escaped, read_text, why
from expense_adapters._tables import day_of
from expense_adapters.cli.say import Json, Lang, Store, fail, language, place, put, put_json, table
from expense_policy.domain.claim import Claim
from expense_policy.domain.masking import masked
from expense_policy.domain.money import Money
from expense_policy.domain.vocabulary import Kind, Status
from expense_policy.domain.voucher import Voucher, check
from expense_policy.ports.errors import RepositoryError
from expense_policy.ports.repository import Look, Summary

if TYPE_CHECKING:
    from expense_adapters.sql import SqlRepository
    from expense_policy.domain.documents import Document

_PAGE = 1000

app = typer.Typer(help="Claims and their vouchers.", no_args_is_help=True)


def register(to: typer.Typer) -> None:
    """Adds the commands."""
    to.add_typer(app, name="claim")


@app.command()
def show(id: str, store: Store, as_json: Json = False) -> None:
    """One claim: what is asked, paid, left and set against an advance, its vouchers and signatures."""
    with _reading(store) as repository:
        document = repository.look(Look(documents=(id,))).documents.get(id)
        if document is None or not isinstance(document.content, Claim):
            fail(f"{place(store)}: there is no claim {id!r}")
        found = _told(document, document.content)
    if as_json:
        put_json(found)
        return
    for name, value in found.items():
        if not isinstance(value, list):
            put(f"{name:16}{escaped('' if value is None else str(value))}")
    for name in ("vouchers", "signatures", "payments"):
        if found[name]:
            put(f"\n{name}")
            table(found[name][0].keys(), [list(row.values()) for row in found[name]])


@app.command("list")
def list_(
    store: Store,
    unpaid: Annotated[bool, typer.Option("--unpaid", help="Approved, and not paid whole.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="To be paid by now, and not paid whole.")] = False,
    application: Annotated[str | None, typer.Option(help="Under this application.")] = None,
    as_json: Json = False,
) -> None:
    """Claims, oldest first: all, those that wait for their payment, or those whose payment is overdue."""
    from expense_policy.services.environment import SystemClock

    where = {"kind": Kind.CLAIM.value}
    if unpaid or overdue:
        where["status"] = Status.APPROVED.value
    if application is not None:
        where["application"] = application
    with _reading(store) as repository:
        due = ("pay_by", SystemClock().now()) if overdue else None
        rows = [row for row in _found(repository, where, due) if not unpaid or row.pay_by is not None]
        # The company has one currency (X3): any of them says which.
        first = tuple(row.id for row in rows[:1])
        currencies = [each.currency for each in repository.look(Look(documents=first)).documents.values()]
    found = [_row(row, *currencies) for row in rows]
    if as_json:
        put_json(found)
    elif found:
        table(found[0].keys(), [list(row.values()) for row in found])
    else:
        put("no claim")


@app.command("check-vouchers")
def check_vouchers(
    file: Path,
    policy: Annotated[Path, typer.Option(help="The policy file.")],
    on: Annotated[str | None, typer.Option(help="The day they are handed in, as 2026-01-05; today without it.")] = None,
    lang: Lang = "en",
    as_json: Json = False,
) -> None:
    """Holds the vouchers of a JSON file to the policy: exit 0 without a finding, 3 with any."""
    from expense_adapters.vouchers import SIZE_MAX, JsonVouchers
    from expense_policy.policy_file import PolicyFileError, load_policy
    from expense_policy.services.environment import SystemClock

    language(lang)
    try:
        rules = load_policy(read_text(policy))
        today = rules.calendar.day(SystemClock().now()) if on is None else day_of("--on", on)
        if file.stat().st_size > SIZE_MAX:
            fail(f"{file}: size: has more than {SIZE_MAX} bytes")
        vouchers = JsonVouchers(str(file)).read(file.read_bytes())
    except PolicyFileError as error:
        fail(f"{policy}: {error}")
    except OSError as error:
        fail(f"{file}: {why(error)}")
    except ValueError as error:
        fail(str(error))
    refusals = check(vouchers, rules, today)
    words = [
        {"code": each.code.value, "clause": each.clause, "text": each.text(lang), "remedy": each.remedy(lang)}
        for each in refusals
    ]
    if as_json:
        put_json({"vouchers": [_voucher(each) for each in vouchers], "findings": words})
    else:
        for each in words:
            put(escaped(f"{each['clause']} {each['code']}: {each['text']} {each['remedy']}"))
        put(f"{len(vouchers)} vouchers, {len(words)} findings")
    raise typer.Exit(3 if words else 0)


@contextmanager
def _reading(store: str) -> Iterator[SqlRepository]:
    from expense_adapters.sql import SqlRepository

    try:
        repository = SqlRepository.reading(store)
    except (RepositoryError, ValueError) as error:
        fail(f"{place(store)}: can't be read: {error}")
    try:
        yield repository
    except (RepositoryError, ValueError) as error:
        fail(f"{place(store)}: can't be read: {error}")
    finally:
        repository.close()


def _found(repository: SqlRepository, where: dict[str, str], due: Any) -> list[Summary]:
    rows: list[Summary] = []
    while page := repository.find(tuple(sorted(where.items())), due, rows[-1].id if rows else "", _PAGE):
        rows += page
    return rows


def _row(row: Summary, currency: str) -> dict[str, Any]:
    amounts = {"amount": row.units, "advance": row.cleared, "paid": row.paid}
    return {
        "id": row.id,
        "status": row.status,
        "department": row.department,
        "type": row.type,
        "claimant": row.applicant,
        "application": row.application,
        **{name: f"{Money(units, currency)}" for name, units in amounts.items()},
        "pay_by": None if row.pay_by is None else row.pay_by.isoformat(),
    }


def _told(document: Document, form: Claim) -> dict[str, Any]:
    def amount(units: int) -> str:
        return str(Money(units, document.currency))

    return {
        **_row(Summary.of(document), document.currency),
        "left": amount(document.payable - document.paid),
        "currency": document.currency,
        "purpose": form.purpose,
        "payee": masked(form.payee.name),
        "account": masked(form.payee.account),
        "vouchers": [_voucher(each) for each in form.vouchers],
        "signatures": [
            {"office": s.office, "signer": s.signer, "outcome": s.verdict.outcome.value, "at": s.at.isoformat()}
            for s in document.signatures
        ],
        "payments": [
            {"number": p.number, "amount": amount(p.units), "at": p.at.isoformat(), "reverses": p.reverses}
            for p in document.payments
        ],
    }


def _voucher(each: Voucher) -> dict[str, Any]:
    return {
        "kind": each.kind.value,
        "number": each.number,
        "issuer": masked(each.issuer),
        "date": each.on.isoformat(),
        "total": str(each.total),
        "key": each.key,
    }
