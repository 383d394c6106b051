"""What two people may do to one line, one document, one key or one month at once, as cases for the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs

from expense_adapters.memory import MemoryRepository
from expense_policy.domain.application import Application, Share
from expense_policy.domain.approval import Approve
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.holds import Move
from expense_policy.domain.organisation import Holding
from expense_policy.domain.periods import Month
from expense_policy.domain.rectification import Deviation, Finding
from expense_policy.domain.refusals import Refused
from expense_policy.domain.vocabulary import Space
from expense_policy.ports.errors import Conflict
from expense_policy.ports.repository import Batch, Look, Repository, Seen, Take
from expense_policy.services.engine import Engine, Receipt
from expense_policy.services.rectifying import Escalate
from expense_policy.testing.batches import Clerk

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
    deviation = Deviation(_name(n), "marketing", Month(2026, 1), 100, 200, 10_000)

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


def _tried(decide: Callable[[World], Batch | None]) -> Act:
    """Look, decide, commit, as every act of the desk: for what is no service yet."""

    def act(at: World) -> object:
        for _ in range(20):
            batch = decide(at)
            if batch is None:
                return "refused"
            try:
                _store(at).commit(batch)
            except Conflict:
                continue
            return "done"
        raise AssertionError("a writer met others twenty times")

    return act


def _seen(at: World, look: Look) -> Seen:
    return _store(at).look(look)


def _batch(subject: str, **parts: Any) -> Batch:
    """An act on a subject of its own: its first entry, for which nothing is read."""
    return Clerk(MemoryRepository()).batch(subject, **parts)


def same_voucher(world: World, n: int) -> Case:
    """Two claims bring the same invoice (I27)."""
    place = (Space.VOUCHER, f"invoice {n}")

    def takes(by: str) -> Act:
        def decide(at: World) -> Batch | None:
            if place in _seen(at, Look(taken=(place,))).taken:
                return None
            return _batch(by, takes=(Take(*place, by),))

        return _tried(decide)

    def stands(answers: tuple[Any, ...]) -> object:
        owner = _seen(world, Look(taken=(place,))).taken[place]
        done = [by for by in (f"c{n}-0", f"c{n}-1") for _ in _store(world).history(by)]
        return (owner.rpartition("-")[2], *[by.rpartition("-")[2] for by in done])

    return Case((takes(f"c{n}-0"), takes(f"c{n}-1")), stands)


def adjust_reserve(world: World, n: int) -> Case:
    """An adjustment takes from a line what an application reserves (B2.1)."""
    whole = 20_000_000

    def moves(subject: str, move: Move, needed: int) -> Act:
        def decide(at: World) -> Batch | None:
            line = _seen(at, Look(lines=(move.line,))).lines[move.line]
            return _batch(subject, moves=(move,)) if line.available >= needed else None

        return _tried(decide)

    cut, kept = whole * 3 // 4, whole // 2
    acts = (
        moves(f"a{n}", Move(_name(n), in_force=-cut), cut),
        moves(f"r{n}", Move(_name(n), reserved=kept), kept),
    )
    return Case(acts, lambda answers: _balance(world, n))


def close_late(world: World, n: int) -> Case:
    """A month is closed while an entry of it comes late: what the closing counts is all there ever is (I26)."""
    line, month = _name(n), Month(2030 + n // 12, 1 + n % 12)

    def close(at: World) -> Batch | None:
        closed = _seen(at, Look(lines=(line,))).lines[line].closed_through
        return None if closed is not None and closed >= month else _batch(f"m{n}", closes=month)

    def counted(at: World) -> object:
        return (_tried(close)(at), _counted(world, n, str(month)))

    def late(at: World) -> Batch | None:
        closed = _seen(at, Look(lines=(line,))).lines[line].closed_through
        open_ = closed is None or closed < month
        return _batch(f"e{n}", moves=(Move(line, spent=100, month=month),)) if open_ else None

    return Case((counted, _tried(late)), lambda answers: (_counted(world, n, str(month)), _balance(world, n)))


def _counted(world: World, n: int, month: str) -> int:
    """What was spent on a line in a month, by its moves."""
    moves = [entry.subject for entry, _ in _store(world).history(f"e{n}")]
    return 100 * len(moves)


SERVICES: dict[str, Fight] = {
    "reserve, reserve": last_money,
    "pay, pay": pay_pay,
    "amend, pay": amend_pay,
    "one signer, two steps": two_steps,
    "withdraw, pay": withdraw_pay,
    "slice, slice": two_slices,
    "reverse, reverse": reverse_reverse,
    "one key twice": one_key,
    "one deviation twice": one_deviation,
    "escalate, escalate": escalate_escalate,
    "escalate, verify": escalate_verify,
}
NO_SERVICE: dict[str, Fight] = {
    "one voucher twice": same_voucher,
    "adjust, reserve": adjust_reserve,
    # A month is closed on every line, and what is paid earlier is refused from then on: the last one.
    "close a month, a late entry": close_late,
}
"""What is no service yet: its acts are batches of the port, and write no journal that could be folded."""
THREE: dict[str, Fight] = {"reserve, reserve, reserve": three_reserve, "slice, slice, slice": three_slices}
ALIKE = {"slice, slice", "slice, slice, slice", "one key twice"}
"""Whoever comes first, the same stands in the end."""


def said(answer: object) -> object:
    """An answer without what is another each time."""
    if isinstance(answer, Receipt):
        return ("done", answer.act, answer.status, answer.number)
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
