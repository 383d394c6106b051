"""What two people may do to one line, one document, one key or one month at once, as cases for the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import attrs

from expense_policy.domain.accounting import RecordedCost
from expense_policy.domain.adjustment import BudgetAdjustment, LineChange
from expense_policy.domain.application import Application, Payee, Share
from expense_policy.domain.approval import Approve
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.cards import BOOKS, Books
from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.claim import Claim
from expense_policy.domain.organisation import Holding
from expense_policy.domain.periods import Month
from expense_policy.domain.rectification import Deviation, Finding
from expense_policy.domain.refusals import Refused
from expense_policy.domain.vocabulary import Space
from expense_policy.ports.errors import Conflict
from expense_policy.ports.repository import Look, Repository, Sum
from expense_policy.services.booking import SEEN
from expense_policy.services.closing import CloseMonth
from expense_policy.services.engine import Engine, Receipt
from expense_policy.services.rectifying import Escalate

from .claims import approved, claim, voucher
from .orders import Choose, Played, every_order
from .world import PEOPLE, World, cny

HATS = (*PEOPLE, Holding("finance_officer", "two.hats"), Holding("finance_head", "two.hats"))
"""The company, with one person who holds two offices."""
Act = Callable[[World], object]
Fight = Callable[[World, int], "Case"]


@attrs.frozen
class Case:
    """Acts, each done at the desk it is given, and what stands after them, told of their answers."""

    acts: tuple[Act, ...]
    stands: Callable[[tuple[Any, ...]], object]


def company(repository: Repository, cases: int = 250) -> World:
    """The world that all cases play in: policy, people, and a line of 200,000.00 for each case."""
    world = World.with_policy(repository, HATS)
    lines = tuple(PlanLine(_name(n), "care_gifts", "Gifts", cny("200000.00")) for n in range(cases))
    world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id)
    return world


def desk_at(world: World, repository: Any) -> World:
    """The same company's desk at another store, or at the same one seen otherwise."""
    other = World.open(repository, HATS)
    other.clock.at = world.clock.at
    # What is looked up once is looked up before the first case.
    other.desk.would.spending.apply(world.gift(), actor="li.na")
    return other


def _name(n: int) -> str:
    return f"line-{n}"


def _store(world: World) -> Repository:
    return world.desk.env.repository


def _form(world: World, n: int, amount: str, **changes: Any) -> Application:
    return world.gift(amount, shares=(Share(_name(n), cny(amount)),), **changes)


def _balance(world: World, n: int) -> tuple[int, ...]:
    line = _store(world).look(Look(lines=(_name(n),))).lines[_name(n)]
    return (line.in_force, line.reserved, line.committed, line.spent)


def _applies(form: Application, key: str) -> Act:
    return lambda at: at.desk.spending.apply(form, actor="li.na", key=key)


def _applying(world: World, n: int, amount: str, parties: int = 2, **changes: Any) -> Case:
    """Applications on one line."""
    acts = tuple([_applies(_form(world, n, amount, **changes), f"{n}-{i}") for i in range(parties)])

    def stands(answers: tuple[Any, ...]) -> object:
        rounds = [world.desk.document(each.id).round for each in answers if isinstance(each, Receipt)]
        chosen = sorted((each.deciding_units, each.chain[-1].office) for each in rounds)
        return (tuple(chosen), _balance(world, n))

    return Case(acts, stands)


def last_money(world: World, n: int) -> Case:
    """Two applications, for which the line has not enough."""
    return _applying(world, n, "150000.00")


def three_reserve(world: World, n: int) -> Case:
    """Three applications on a line that has enough for two."""
    return _applying(world, n, "80000.00", 3)


def three_slices(world: World, n: int) -> Case:
    """Three applications of one purchase: whichever comes last decides by all of them (A3.6)."""
    return _applying(world, n, "20000.00", 3, payee=world.gift().payee)


def two_slices(world: World, n: int) -> Case:
    """Two applications of one purchase, which together pass the limit of the deputy (A3.6)."""
    return _applying(world, n, "30000.00", payee=world.gift().payee)


def one_key(world: World, n: int) -> Case:
    """One form that is sent twice under one key (I20)."""
    act = _applies(_form(world, n, "1000.00"), f"{n}")

    def stands(answers: tuple[Any, ...]) -> object:
        return (len({each.entry for each in answers if isinstance(each, Receipt)}), _balance(world, n))

    return Case((act, act), stands)


def _on_approved(
    world: World, n: int, first: Callable[..., Act], second: Callable[..., Act], paid: bool = False
) -> Case:
    """Two acts on one document that is signed in full."""
    form = _form(world, n, "1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    if paid:
        world.pay(id, form)

    def stands(answers: tuple[Any, ...]) -> object:
        d = world.desk.document(id)
        payments = tuple((each.units, each.reverses) for each in d.payments)
        return (d.status.value, d.round.number, len(d.signatures), d.paid, payments, _balance(world, n))

    return Case((first(world, form, id, f"{n}-0"), second(world, form, id, f"{n}-1")), stands)


def _pays(world: World, form: Application, id: str, key: str) -> Act:
    whole = world.instruction(form)
    return lambda at: at.desk.spending.pay(id, whole, actor="cashier", key=key)


def _amends(world: World, form: Application, id: str, key: str) -> Act:
    return lambda at: at.desk.spending.revise(id, form, actor="li.na", key=key)


def _withdraws(world: World, form: Application, id: str, key: str) -> Act:
    return lambda at: at.desk.spending.withdraw(id, actor="li.na", key=key)


def _reverses(world: World, form: Application, id: str, key: str) -> Act:
    return lambda at: at.desk.spending.reverse(id, 1, actor="cashier", reason="Bounced.", key=key)


def pay_pay(world: World, n: int) -> Case:
    """Two payments of the whole amount (A4.2)."""
    return _on_approved(world, n, _pays, _pays)


def amend_pay(world: World, n: int) -> Case:
    """The applicant submits anew what the cashier pays (A3.3)."""
    return _on_approved(world, n, _pays, _amends)


def withdraw_pay(world: World, n: int) -> Case:
    """The applicant takes back what the cashier pays (A3.4)."""
    return _on_approved(world, n, _pays, _withdraws)


def reverse_reverse(world: World, n: int) -> Case:
    """One payment is undone twice (A4.2)."""
    return _on_approved(world, n, _reverses, _reverses, paid=True)


def two_steps(world: World, n: int) -> Case:
    """One person who holds two offices signs for both at once (A3.2)."""
    id = world.apply(_form(world, n, "1000.00")).id
    world.sign(id)
    document = world.desk.document(id)
    points = [point for step in document.round.chain[1:3] for point in step.points]

    def signs(opinion: str) -> Act:
        verdict = Approve(opinion, dict.fromkeys(points, True))
        return lambda at: at.desk.spending.sign(id, seen=document.statement, actor="two.hats", verdict=verdict)

    def stands(answers: tuple[Any, ...]) -> object:
        signed = world.desk.document(id).signatures
        return tuple((each.office, each.signer) for each in signed)

    return Case((signs("As officer."), signs("As head.")), stands)


def one_deviation(world: World, n: int) -> Case:
    """Two officers have one deviation put right (B2.4)."""
    deviation = Deviation("mkt-gifts", "marketing", Month(2026, 1).plus(-n), 100, 200, 10_000)

    def opens(actor: str) -> Act:
        return lambda at: at.desk.rectifications.for_deviation(deviation, actor=actor)

    return Case((opens("officer"), opens("two.hats")), lambda answers: _card(world, deviation.rectification))


def _card(world: World, id: str) -> object:
    card = world.desk.rectifications.get(id)
    return (card.opened_by, card.version, card.status, card.reached, len(list(_store(world).history(id))))


def _on_overdue(world: World, second: Callable[[str], Act]) -> Case:
    """A sweep that escalates an overdue rectification, and another act on it."""
    now, finding = world.clock.at, Finding("2026-01", "marketing", "B2.4", "Too late.")
    world.clock.at -= timedelta(seconds=1)
    id = world.desk.rectifications.open(finding, actor="officer", deadline=now).id
    world.desk.rectifications.answer(id, "Done.", actor="head.mkt")
    world.clock.at = now
    return Case((_escalates(id), second(id)), lambda answers: _card(world, id))


def _escalates(id: str) -> Act:
    return lambda at: Engine(at.desk.env).perform(Escalate(id, at.desk.env.directory))


def escalate_escalate(world: World, n: int) -> Case:
    """Two sweeps at once escalate what is overdue (B2.4)."""
    return _on_overdue(world, _escalates)


def escalate_verify(world: World, n: int) -> Case:
    """What is overdue is escalated while it is verified (B2.4)."""
    return _on_overdue(world, lambda id: lambda at: at.desk.rectifications.verify(id, "Good.", actor="two.hats"))


def _claiming(world: World, n: int, *changes: dict[str, Any], paid: str | None = None, other: str = "") -> Case:
    """Claims under one application of 1,000.00, and perhaps something else that is done to it."""
    shares = (Share(_name(n), cny("1000.00")),)
    application = approved(world, "1000.00", paid, shares=shares)
    forms = [claim(application, **each) for each in changes]
    acts: list[Act] = [partial(_files, form, f"{n}-{i}") for i, form in enumerate(forms)]
    if other == "withdraw":
        acts.append(lambda at: at.desk.spending.withdraw(application.id, actor="li.na", key=f"{n}-w"))
    elif other == "pay":
        form = application.content
        assert isinstance(form, Application)
        acts.append(_pays(world, form, application.id, f"{n}-p"))
    elif other == "refund":
        given: dict[str, Any] = {"actor": "cashier", "reason": "Unspent.", "key": f"{n}-r"}
        acts.append(lambda at: at.desk.spending.refund(application.id, 1, cny("400.00"), **given))

    def stands(answers: tuple[Any, ...]) -> object:
        now = world.desk.document(application.id)
        keys = tuple((Space.VOUCHER, each.key) for form in forms for each in form.vouchers)
        kept = _store(world).look(Look(taken=keys)).taken
        claims = {each.id: i for i, each in enumerate(answers) if isinstance(each, Receipt) and i < len(forms)}
        owners = tuple(claims.get(kept.get(key, "")) for key in keys)
        return (owners, now.status.value, now.paid, now.claimed, now.cleared, _balance(world, n))

    return Case(tuple(acts), stands)


def _files(form: Claim, key: str, at: World) -> object:
    return at.desk.spending.claim(form, actor="li.na", key=key)


def same_voucher(world: World, n: int) -> Case:
    """Two claims bring the same invoice (I27)."""
    mine = voucher("100.00", number=f"7{n:07d}")
    return _claiming(world, n, {"amount": "60.00", "vouchers": (mine,)}, {"amount": "40.00", "vouchers": (mine,)})


def look_alikes(world: World, n: int) -> Case:
    """Claims under two applications bring vouchers of one payee and total, of one day (R2.2)."""
    shares, payee = (Share(_name(n), cny("1000.00")),), Payee(f"Li Na, case {n}", f"6217-{n}")
    under = [approved(world, "1000.00", shares=shares) for _ in range(2)]
    forms = [claim(each, "60.00", vouchers=(voucher("100.00"),), payee=payee) for each in under]
    acts = tuple([partial(_files, form, f"{n}-{i}") for i, form in enumerate(forms)])

    def stands(answers: tuple[Any, ...]) -> object:
        return (tuple(world.desk.document(each.id).claimed for each in under), _balance(world, n))

    return Case(acts, stands)


def last_of_an_application(world: World, n: int) -> Case:
    """Two claims, for which the application has not enough (R2.4)."""
    return _claiming(world, n, {"amount": "600.00"}, {"amount": "500.00"})


def three_claims(world: World, n: int) -> Case:
    """Three claims under an application that has enough for two."""
    return _claiming(world, n, *[{"amount": amount} for amount in ("400.00", "410.00", "420.00")])


def claim_pay(world: World, n: int) -> Case:
    """What is claimed of an application is paid of it at once (R2.4)."""
    return _claiming(world, n, {"amount": "600.00"}, other="pay")


def claim_withdraw(world: World, n: int) -> Case:
    """An application is taken back while somebody claims of it (R2.4)."""
    return _claiming(world, n, {"amount": "600.00"}, other="withdraw")


def clear_refund(world: World, n: int) -> Case:
    """An advance is returned while a claim is set against it (R2.4)."""
    return _claiming(world, n, {"amount": "0.00", "advance": "700.00"}, paid="1000.00", other="refund")


def adjust_reserve(world: World, n: int) -> Case:
    """An adjustment's last signature takes from a line what an application reserves (B1.6, B2.1)."""
    change = LineChange(_name(n), cny("200000.00"), cny("50000.00"))
    id = world.desk.budgeting.adjust(BudgetAdjustment("marketing", 2026, "Less is needed.", (change,)), actor="mei").id
    while len(world.desk.document(id).signatures) < 2:
        world.sign(id)
    last = world.desk.document(id)
    given: dict[str, Any] = {"seen": last.statement, "actor": world.signer(last), "verdict": world.approve(last)}
    acts = (lambda at: at.desk.spending.sign(id, **given), _applies(_form(world, n, "100000.00"), f"{n}"))
    return Case(acts, lambda answers: (world.desk.document(id).status.value, _balance(world, n)))


def _month(world: World) -> Month:
    """The month that is closed next: long ago, so that every case has one of its own."""
    books = _store(world).look(SEEN).cards.get(BOOKS)
    if isinstance(books, Books) and books.closed_through is not None:
        return books.closed_through.plus(1)
    world.desk.closing.close(Month(1949, 12), actor="officer")
    return Month(1950, 1)


def _closes(month: Month) -> Act:
    """Told without the month, which is another in each case."""
    return lambda at: Engine(at.desk.env).perform(CloseMonth(month, "officer", at.desk.env.directory)).act


def _posted(world: World, month: Month, document: str = "") -> object:
    """What a document has in a month and the next one, which corrects it, and how much of it has a number."""
    where = (("month", (str(month), str(month.plus(1)))), ("document", document))
    (found,) = _store(world).look(Look(sums=(Sum("posting_count", ("month", "corrects"), where),))).sums
    numbered = _store(world).postings(month)
    assert [number for number, _ in numbered] == list(range(1, len(numbered) + 1)), "I26"
    relative = {(Month.parse(each).number - month.number, corrects != ""): n for (each, corrects), n in found.items()}
    return (tuple(sorted(relative.items())), sum(posting.document == document for _, posting in numbered))


def close_close(world: World, n: int) -> Case:
    """Two close the same month (R1.3)."""
    month = _month(world)
    return Case((_closes(month), _closes(month)), lambda answers: _posted(world, month))


def _uses(world: World, id: str, day: date) -> Act:
    rows = (GiftIssued(day, f"C-{id}"),)
    return lambda at: at.desk.spending.record_use(id, rows, actor="li.na", reason="Late.")


def close_use(world: World, n: int) -> Case:
    """A month is closed while a use of it comes late: it has its number there, or corrects it in the next (I26)."""
    month, form = _month(world), _form(world, n, "1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    use = _uses(world, id, date(month.year, month.month, 9))
    return Case((_closes(month), use), lambda answers: _posted(world, month, id))


def close_record(world: World, n: int) -> Case:
    """A month is closed while a cost of it is recorded."""
    month = _month(world)
    cost = RecordedCost(f"card-{n}", date(month.year, month.month, 9), "marketing", "sms", cny("1.00"))

    def records(at: World) -> object:
        return Engine(at.desk.env).perform(at.desk.costs.recording((cost,), "officer"))

    return Case((_closes(month), records), lambda answers: _posted(world, month, answers[1].id))


def close_pay(world: World, n: int) -> Case:
    """A month is closed while something is paid: each line is frozen and moved, and neither waits for ever."""
    month, form = _month(world), _form(world, n, "1000.00")
    id = world.apply(form).id
    world.sign_all(id)
    line = _name(n)

    def stands(answers: tuple[Any, ...]) -> object:
        closed = _store(world).look(Look(lines=(line,))).lines[line].closed_through
        return (closed == month, world.desk.document(id).paid, _balance(world, n))

    return Case((_closes(month), _pays(world, form, id, f"{n}-0")), stands)


SERVICES: dict[str, Fight] = {
    "reserve, reserve": last_money,
    "adjust, reserve": adjust_reserve,
    "pay, pay": pay_pay,
    "amend, pay": amend_pay,
    "one signer, two steps": two_steps,
    "withdraw, pay": withdraw_pay,
    "slice, slice": two_slices,
    "reverse, reverse": reverse_reverse,
    "one key twice": one_key,
    "one voucher, two claims": same_voucher,
    "look-alikes, two claims": look_alikes,
    "claim, claim": last_of_an_application,
    "claim, pay": claim_pay,
    "claim, withdraw": claim_withdraw,
    "clear, refund": clear_refund,
    "one deviation twice": one_deviation,
    "escalate, escalate": escalate_escalate,
    "escalate, verify": escalate_verify,
    "close, close": close_close,
    "close, use": close_use,
    "close, record": close_record,
    "close, pay": close_pay,
}
THREE: dict[str, Fight] = {
    "reserve, reserve, reserve": three_reserve,
    "slice, slice, slice": three_slices,
    "claim, claim, claim": three_claims,
}
ALIKE = {"slice, slice", "slice, slice, slice", "one key twice", "close, pay"}
"""Whoever comes first, the same stands in the end."""
UNDONE = {"close, use", "close, record"}
"""So it does where the first act is undone: a closing that was taken back leaves nothing."""


def said(answer: object) -> object:
    """An answer without what is another each time."""
    if isinstance(answer, Receipt):
        # Each case closes a month of its own.
        status = None if answer.act == "close_month" else answer.status
        return ("done", answer.act, status, answer.number)
    if isinstance(answer, Refused):
        return ("refused", *[refusal.code.value for refusal in answer.refusals])
    if isinstance(answer, Conflict):
        return "met others"
    if isinstance(answer, Exception):
        raise answer
    return answer


@attrs.define
class Tally:
    """What the orders of one fight came to."""

    orders: int = 0
    blocked: int = 0
    outcomes: set[object] = attrs.field(factory=set)
    serial: set[object] = attrs.field(factory=set)
    anomalies: list[str] = attrs.field(factory=list)


def fought(once: Callable[[Choose], tuple[Played, object]]) -> Tally:
    """Every order of a fight; an outcome that no order of one act after the other gives is an anomaly (I21)."""
    found = list[tuple[Played, object]]()
    for played, stands in every_order(once):
        found.append((played, (tuple([said(answer) for answer in played.answers]), stands)))
    serial = {outcome for played, outcome in found if played.serial}
    anomalies = [
        f"{' '.join(f'{who}:{what}' for who, what in played.order)} -> {outcome}"
        for played, outcome in found
        if outcome not in serial
    ]
    blocked = sum(played.blocked > 0 for played, _ in found)
    return Tally(len(found), blocked, {outcome for _, outcome in found}, serial, anomalies)
