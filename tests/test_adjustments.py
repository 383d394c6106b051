"""Changes of a budget in its year: adjustments, supplementary requests, and what meets them (B1.6, B2.2)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expense_adapters.memory import MemoryRepository
from expense_policy.domain.adjustment import BudgetAdjustment, LineChange, SupplementaryRequest
from expense_policy.domain.application import Share
from expense_policy.domain.approval import Reject, Return
from expense_policy.domain.budget import BudgetPlan, PlanLine, evenly, respread
from expense_policy.domain.holds import Line, Move
from expense_policy.domain.money import Money
from expense_policy.domain.periods import Month
from expense_policy.domain.posting import Planned
from expense_policy.domain.refusals import Code
from expense_policy.domain.vocabulary import Status
from expense_policy.domain.year_end import YearEnd
from expense_policy.policy_file import load_policy
from expense_policy.ports.errors import NotFound
from expense_policy.ports.repository import Repository, move_said
from expense_policy.services.budgetlaws import Plans
from expense_policy.services.engine import Receipt
from expense_policy.services.replay import Replay
from expense_policy.services.verification import verify
from expense_policy.testing.batches import Clerk
from expense_policy.testing.company import drafted

from .fights import desk_at
from .orders import Stepped, every_order, play
from .test_budgets import codes, planned, refusals
from .world import BARE, EXAMPLE, POLICY, World, cny

Change = BudgetAdjustment | SupplementaryRequest
NOTHING = cny("0")


def line(world: World, id: str) -> Line:
    """A line as it stands."""
    (found,) = [each for each in world.desk.lines() if each.id == id]
    return found


def change(id: str, before: str, after: str) -> LineChange:
    """A line's change, its months in equal parts."""
    return LineChange(id, cny(before), cny(after), evenly(cny(after)))


def adjustment(*changes: LineChange, opens: tuple[PlanLine, ...] = (), **more: Any) -> BudgetAdjustment:
    """An adjustment of marketing's budget of 2026."""
    given: dict[str, Any] = {"department": "marketing", "year": 2026, "reason": "The market moved", **more}
    return BudgetAdjustment(changes=changes, opens=opens, **given)


def supplement(*changes: LineChange, opens: tuple[PlanLine, ...] = ()) -> SupplementaryRequest:
    """A supplementary request."""
    return SupplementaryRequest("marketing", 2026, "More customers than planned", changes, opens)


def asked(world: World, form: Change, actor: str = "mei") -> Receipt:
    """Files a change."""
    budgeting = world.desk.budgeting
    if isinstance(form, BudgetAdjustment):
        return budgeting.adjust(form, actor=actor)
    return budgeting.supplement(form, actor=actor)


def done(world: World, form: Change) -> str:
    """Files a change and has it signed."""
    id = asked(world, form).id
    world.sign_all(id)
    return id


MOVE = (change("mkt-gifts", "200000.00", "150000.00"), change("mkt-sms", "10000.00", "60000.00"))


@pytest.mark.clause("B1.6")
def test_the_old_arrangement_stands_until_the_new_one_is_approved(world: World) -> None:
    """Submitted, and signed but for the last step, nothing has moved; with it all has, lines, months and new lines."""
    opens = (drafted("mkt-fair", "venue", "Fair", cny("5.00")), PlanLine("mkt-late", "venue", "Late", cny("12.00")))
    cut = LineChange("mkt-gifts-2", cny("1000.00"), NOTHING)
    form = adjustment(*MOVE, cut, opens=opens)
    id, before = asked(world, form).id, world.desk.lines()
    # It is asked for beforehand: the journal has the asking before the change.
    while len(world.desk.document(id).signatures) < 2:
        world.sign(id)
        assert world.desk.lines() == before
    world.sign(id)
    found = {each.id: each.in_force for each in world.desk.lines()}
    assert found == {"mkt-gifts": 15000000, "mkt-gifts-2": 0, "mkt-sms": 6000000, "mkt-fair": 500, "mkt-late": 1200}
    assert (line(world, "mkt-fair").plan, line(world, "mkt-fair").category) == (id, "venue")
    assert planned(world, "mkt-sms") == {f"2026-{n:02}": 500000 for n in range(1, 13)}
    assert (planned(world, "mkt-fair"), planned(world, "mkt-late")["2026-12"]) == ({"2026-01": 500}, 100)
    assert set(planned(world, "mkt-gifts-2").values()) == {0}
    assert world.desk.document(id).expires_at is None
    entries = [entry.act for entry in world.desk.history(id)]
    assert entries == ["adjust_budget", "sign", "sign", "sign"]
    # What was opened can be spent.
    world.apply(world.gift("100.00", shares=(Share("mkt-gifts", cny("100.00")),)))
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("B1.6")
def test_months_move_within_a_line(world: World) -> None:
    """An adjustment may leave every amount as it is and change when it is used."""
    months = (cny("10000.00"), *[NOTHING] * 11)
    done(world, adjustment(LineChange("mkt-sms", cny("10000.00"), cny("10000.00"), months)))
    assert {month: units for month, units in planned(world, "mkt-sms").items() if units} == {"2026-01": 1000000}
    assert line(world, "mkt-sms").in_force == 1000000
    assert verify(world.desk.env.repository).breaks == ()


STANDS = st.lists(st.one_of(st.just(0), st.integers(0, 10**6)), min_size=12, max_size=12)


@pytest.mark.clause("B1.3", "B1.6")
@given(STANDS, st.integers(0, 12), st.integers(0, 10**7))
def test_a_change_without_months_moves_those_to_come(stands: list[int], over: int, units: int) -> None:
    """Months add up to the line; those over stand, unless it gets less than they had; the others keep shape."""
    found, past = respread(units, stands, over), sum(stands[:over])
    assert (len(found), sum(found)) == (12, units)
    assert all(each >= 0 for each in found)
    if units < past or over == 12:
        changing = slice(0, over)
        assert not any(found[over:])
    else:
        changing = slice(over, 12)
        assert list(found[:over]) == stands[:over]
    # Each month that changes has what it had of their whole, to the unit.
    part, whole = found[changing], sum(stands[changing])
    had = [Fraction(each, whole) if whole else Fraction(1, len(part)) for each in stands[changing]]
    assert all(abs(each - sum(part) * share) < 1 for each, share in zip(part, had, strict=True))


@pytest.mark.clause("B1.3", "B1.6")
def test_a_change_without_months_keeps_what_was_planned(world: World) -> None:
    """Months that are over with the last signature stay, those to come change in proportion; so do new lines."""
    months = (cny("600.00"), *[NOTHING] * 9, cny("6400.00"), cny("3000.00"))
    done(world, adjustment(LineChange("mkt-sms", cny("10000.00"), cny("10000.00"), months)))
    less = LineChange("mkt-sms", cny("10000.00"), cny("5300.00"))
    opened = PlanLine("mkt-fair", "venue", "Fair", cny("1.00"))
    id = asked(world, adjustment(less, opens=(opened,))).id
    world.on(date(2026, 3, 31))
    world.sign_all(id)
    assert planned(world, "mkt-sms") == {
        "2026-01": 60000,
        **{f"2026-{n:02}": 0 for n in range(2, 11)},
        "2026-11": 320000,
        "2026-12": 150000,
    }
    assert planned(world, "mkt-fair") == {f"2026-{n:02}": 10 for n in range(3, 13)}
    # It is told as it was decided, whatever came after; what is in review as it would be now.
    assert [(each.line, str(each.month), each.before, each.after) for each in world.desk.budgeting.months(id)][:3] == [
        ("mkt-sms", "2026-11", cny("6400.00"), cny("3200.00")),
        ("mkt-sms", "2026-12", cny("3000.00"), cny("1500.00")),
        ("mkt-fair", "2026-03", NOTHING, cny("0.10")),
    ]
    waits = asked(world, adjustment(LineChange("mkt-sms", cny("5300.00"), cny("5299.00"))))
    assert [str(each.month) for each in world.desk.budgeting.months(waits.id)] == ["2026-11", "2026-12"]
    # In December the line is cut below what was planned until then: the months that are over share what is left.
    world.on(date(2026, 12, 1))
    done(world, adjustment(LineChange("mkt-sms", cny("5300.00"), cny("38.00"))))
    assert {month: units for month, units in planned(world, "mkt-sms").items() if units} == {
        "2026-01": 600,
        "2026-11": 3200,
    }
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("B1.6")
def test_what_was_planned_was_planned(world: World) -> None:
    """A change says nothing else of months that are over: not when it is filed, nor when they are over meanwhile."""
    stands, after, (january, *_) = cny("10000.00"), cny("11000.00"), evenly(cny("10000.00"))
    for form, kept in (
        (supplement(LineChange("mkt-sms", stands, after, evenly(after))), january),
        (adjustment(LineChange("mkt-sms", stands, stands, (stands, *[NOTHING] * 11))), january),
        (supplement(opens=(drafted("mkt-fair", "venue", "Fair", cny("5.00")),)), NOTHING),
    ):
        world.on(date(2026, 1, 31))
        id = asked(world, form).id
        world.sign(id)
        world.sign(id)
        world.on(date(2026, 2, 1))
        ((code, clause, facts),) = refusals(partial(world.sign, id))
        assert (code, clause, facts["months"]) == (Code.PLAN_MONTHS_OVER, "B1.6", f"2026-01 {kept}")
        world.desk.spending.withdraw(id, actor="mei")
        assert codes(partial(asked, world, form)) == [Code.PLAN_MONTHS_OVER]
    done(world, supplement(LineChange("mkt-sms", stands, after, evenly(after, (january,)))))
    assert planned(world, "mkt-sms")["2026-01"] == january.units
    assert verify(world.desk.env.repository).breaks == ()


def _cases() -> dict[str, tuple[Change, list[Code]]]:
    unknown = change("nowhere", "1.00", "0")
    raised = change("mkt-sms", "10000.00", "10000.01")
    cut = change("mkt-gifts", "200000.00", "0.00")
    twin = PlanLine("mkt-sms", "venue", "Again", cny("1.00"))
    outside = PlanLine("r", "venue", "R", cny("1.00"), "absent")
    return {
        "a line that is not there": (adjustment(unknown), [Code.LINE_NOT_IN_FORCE]),
        "a line of another department": (
            adjustment(cut, department="customer_service"),
            [Code.LINE_OF_OTHER_BUDGET],
        ),
        "a line of another year": (adjustment(cut, year=2027), [Code.LINE_OF_OTHER_BUDGET]),
        "what stands otherwise": (adjustment(change("mkt-sms", "9999.99", "1.00")), [Code.BUDGET_MOVED]),
        "more than there is": (adjustment(raised), [Code.ADJUSTMENT_RAISES]),
        "no more than there is": (supplement(*MOVE), [Code.SUPPLEMENT_NOT_MORE]),
        "a line that stands": (supplement(opens=(twin,)), [Code.LINE_EXISTS]),
        "a project that is not there": (supplement(opens=(outside,)), [Code.PROJECT_UNKNOWN]),
        "a department out of scope": (
            adjustment(cut, department="research"),
            [Code.DEPARTMENT_OUT_OF_SCOPE, Code.LINE_OF_OTHER_BUDGET],
        ),
        "a year that is over": (adjustment(cut, year=2025), [Code.YEAR_OVER, Code.LINE_OF_OTHER_BUDGET]),
        **{
            f"no reason, {reason!a} of {made.kind}": (attrs.evolve(made, reason=reason), [Code.REASON_MISSING])
            for reason in ("", " ", "\u3000", "\u200b")
            for made in (adjustment(cut), supplement(raised))
        },
    }


@pytest.mark.clause("B1.6", "B2.2")
@pytest.mark.parametrize("name", _cases())
def test_a_change_that_is_not_to_be_is_refused(world: World, name: str) -> None:
    """Every rule it breaks comes in one answer, and nothing has changed."""
    form, expected = _cases()[name]
    before = world.desk.lines()
    assert codes(lambda: asked(world, form)) == expected
    assert world.desk.lines() == before


@pytest.mark.clause("B1.3", "B1.6")
def test_a_change_says_when_and_why_as_a_draft_does(repository: Repository) -> None:
    """Where the policy wants lines itemised, so are those that change and those that are opened."""
    world = World.with_policy(repository, policy=EXAMPLE)
    lines = (drafted("tea", "care_gifts", "Tea", cny("10.00")),)
    world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id)
    opens = (PlanLine("fair", "venue", "Fair", cny("1.00")),)
    found = refusals(lambda: asked(world, adjustment(LineChange("tea", cny("10.00"), cny("9.00")), opens=opens)))
    assert [(code, facts["line"], facts["fields"]) for code, _, facts in found] == [
        (Code.LINE_NOT_ITEMISED, "fair", "months, basis"),
        (Code.LINE_NOT_ITEMISED, "tea", "months"),
    ]
    # A line that is cut has no months to state.
    done(world, adjustment(LineChange("tea", cny("10.00"), NOTHING)))
    assert line(world, "tea").in_force == 0


@pytest.mark.clause("B1.6", "B2.2")
def test_a_policy_without_the_chain_takes_no_change(repository: Repository) -> None:
    """What nobody would sign is refused when it is filed, and says what is missing."""
    world = World.with_policy(repository, policy=BARE)
    plan = BudgetPlan("marketing", 2026, (PlanLine("l", "venue", "L", cny("5.00")),))
    world.sign_all(world.desk.budgeting.file(plan, actor="mei").id)
    for form in (adjustment(change("l", "5.00", "4.00")), supplement(change("l", "5.00", "6.00"))):
        ((code, clause, facts),) = refusals(lambda form=form: asked(world, form))
        assert (code, clause, facts) == (Code.CHAIN_MISSING, "A3.1", {"kind": form.kind.value})


@pytest.mark.clause("B1.6", "B2.1")
def test_nothing_is_taken_that_is_held_or_spent(world: World) -> None:
    """A line is not cut below what is reserved, committed and spent: told when it is asked, and when it would apply."""
    form = world.gift("150000.00")
    world.apply(form)
    id = asked(world, adjustment(change("mkt-gifts", "200000.00", "150000.00"))).id
    ((code, clause, facts),) = refusals(lambda: asked(world, adjustment(change("mkt-gifts", "200000.00", "149999.99"))))
    assert (code, clause, facts["held"]) == (Code.LINE_BELOW_HELD, "B1.6", cny("150000.00"))
    # Meanwhile more is held: nothing was held for the adjustment.
    other = world.apply(world.gift("100.00")).id
    world.sign(id)
    world.sign(id)
    assert codes(lambda: world.sign(id)) == [Code.LINE_BELOW_HELD]
    world.desk.spending.withdraw(other, actor="li.na")
    world.sign(id)
    assert (line(world, "mkt-gifts").in_force, line(world, "mkt-gifts").available) == (15000000, 0)


@pytest.mark.clause("B1.6")
def test_a_change_rests_on_what_is_in_force(world: World) -> None:
    """Where another change came first it is not applied: revised by what stands now, it is."""
    first = asked(world, adjustment(*MOVE)).id
    second = asked(world, adjustment(change("mkt-sms", "10000.00", "9000.00"))).id
    world.sign_all(first)
    world.sign(second)
    world.sign(second)
    ((code, clause, facts),) = refusals(lambda: world.sign(second))
    stated = (facts["stated"], facts["stands"])
    assert (code, clause, *stated) == (Code.BUDGET_MOVED, "B1.6", cny("10000.00"), cny("60000.00"))
    document = world.desk.document(second)
    verdict = Return("The budget moved.")
    world.desk.spending.sign(second, seen=document.statement, actor="deputy", verdict=verdict)
    form = adjustment(change("mkt-sms", "60000.00", "9000.00"))
    with pytest.raises(ValueError, match="same kind"):
        world.desk.budgeting.revise_change(second, attrs.evolve(form, year=2027), actor="mei")
    assert codes(lambda: world.desk.budgeting.revise_change(second, form, actor="li.na")) == [Code.ACTOR_NOT_APPLICANT]
    world.desk.budgeting.revise_change(second, form, actor="mei")
    world.sign_all(second)
    assert line(world, "mkt-sms").in_force == 900000


@pytest.mark.clause("B2.2")
def test_a_supplement_is_not_blocked_by_what_it_cures(world: World) -> None:
    """Spending beyond the line is refused, the supplement is approved, and the same form is taken."""
    form = world.gift("210000.00")
    world.apply(world.gift("1000.00", shares=(Share("mkt-gifts-2", cny("1000.00")),)))
    found = refusals(lambda: world.apply(form))
    assert [(code, clause) for code, clause, _ in found] == [(Code.BUDGET_EXCEEDED, "B2.2")]
    done(world, supplement(change("mkt-gifts", "200000.00", "210000.00")))
    assert world.apply(form).status == Status.IN_REVIEW
    # A line without anything left can be given more.
    done(world, supplement(change("mkt-gifts-2", "1000.00", "1500.00")))
    assert line(world, "mkt-gifts-2").available == 50000
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("B1.6")
@pytest.mark.parametrize("how", ["reject", "withdraw"])
def test_what_is_not_approved_leaves_nothing(world: World, how: str) -> None:
    """The ids of lines that it would have opened are free again, and the budget stands as it was."""
    opens = (drafted("mkt-fair", "venue", "Fair", cny("5.00")),)
    before, form = world.desk.lines(), supplement(opens=opens)
    id = asked(world, form).id
    assert codes(lambda: asked(world, form)) == [Code.LINE_EXISTS]
    if how == "reject":
        document = world.desk.document(id)
        verdict = Reject("Not this year.")
        world.desk.spending.sign(id, seen=document.statement, actor="officer", verdict=verdict)
    else:
        world.desk.spending.withdraw(id, actor="mei")
    assert world.desk.lines() == before
    done(world, form)
    assert codes(lambda: world.desk.spending.withdraw(id, actor="mei")) == [Code.STATUS_WRONG]
    assert line(world, "mkt-fair").in_force == 500
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("B1.6")
def test_a_change_after_the_year_is_none(world: World) -> None:
    """What was asked in time and not signed in time does not apply: a change is made beforehand."""
    id = asked(world, adjustment(*MOVE)).id
    world.on(date(2027, 1, 4))
    world.sign(id)
    world.sign(id)
    assert codes(lambda: world.sign(id)) == [Code.YEAR_OVER]


@pytest.mark.clause("B1.4", "A3.4")
def test_a_budget_is_told_from_what_is_paid(world: World) -> None:
    """A change has no negotiation to be shown, and who would close or pay it is told what it is."""
    id = done(world, adjustment(*MOVE))
    with pytest.raises(NotFound, match="no budget plan"):
        world.desk.budgeting.negotiation(id)
    with pytest.raises(ValueError, match="a budget_adjustment is not closed"):
        world.desk.spending.close(id, actor="mei", reason="Enough")
    with pytest.raises(ValueError, match="a budget_adjustment is not paid"):
        world.pay(id, world.gift())


@pytest.mark.clause("B1.6", "B2.2")
def test_a_change_is_what_it_says(world: World) -> None:
    """Forms that no budget could have are the caller's mistake."""
    with pytest.raises(TypeError):
        world.desk.budgeting.adjust(supplement(MOVE[0]), actor="mei")  # type: ignore[arg-type]  # the other kind
    with pytest.raises(ValueError, match="each once"):
        adjustment(MOVE[0], MOVE[0])
    with pytest.raises(ValueError, match="each once"):
        adjustment()
    with pytest.raises(ValueError, match="changes"):
        LineChange("l", cny("1.00"), cny("1.00"))
    with pytest.raises(ValueError, match="add up"):
        LineChange("l", cny("1.00"), cny("2.00"), evenly(cny("1.00")))
    for other in (("1.00", "EUR", "EUR"), ("1.00", "CNY", "EUR"), ("1.00", "EUR", "CNY")):
        amount, *currencies = other
        after, month = (Money.of(amount, each) for each in currencies)
        with pytest.raises(TypeError, match="one currency"):
            LineChange("l", cny("2.00"), after, evenly(month))
    with pytest.raises(TypeError):
        adjustment(MOVE[0], LineChange("l", Money(1, "EUR"), Money(0, "EUR")))
    with pytest.raises(ValueError, match="CNY"):
        asked(world, adjustment(LineChange("l", Money(1, "EUR"), Money(0, "EUR"))))


IDS = ("mkt-gifts", "mkt-sms", "mkt-gifts-2")
SHARES = st.lists(st.integers(0, 100), min_size=4, max_size=4).filter(any)


@pytest.mark.clause("B1.6", "B2.2")
@settings(deadline=None)
@given(st.lists(st.tuples(SHARES, st.integers(0, 5)), min_size=1, max_size=4))
def test_adjustments_keep_the_total_and_supplements_raise_it(steps: list[tuple[list[int], int]]) -> None:
    """However money goes between lines, the department's total stays; a supplement adds what it says; months add up."""
    world = World.with_budget(MemoryRepository())
    for n, (weights, more) in enumerate(steps):
        lines = {each.id: each for each in world.desk.lines()}
        total = sum(each.in_force for each in lines.values()) + more * 1000
        parts = [total * weight // sum(weights) for weight in weights]
        parts[0] += total - sum(parts)
        changes = tuple(
            LineChange(id, Money(lines[id].in_force, "CNY"), after, evenly(after))
            for id, after in zip(IDS, (Money(units, "CNY") for units in parts), strict=False)
        )
        # What is opened takes the last share; an opened line is cut to nothing by the next step, as any other.
        gone = [each for each in lines.values() if each.id not in IDS]
        changes += tuple(LineChange(each.id, Money(each.in_force, "CNY"), NOTHING) for each in gone if each.in_force)
        opens = (drafted(f"new-{n}", "venue", "New", Money(parts[3], "CNY")),) if parts[3] else ()
        made: Change = supplement(*changes, opens=opens) if more else adjustment(*changes, opens=opens)
        done(world, made)
        found = world.desk.lines()
        assert sum(each.in_force for each in found) == total
        assert all(sum(planned(world, each.id).values()) == each.in_force for each in found)
    assert verify(world.desk.env.repository).breaks == ()


def _race(repository: Repository) -> Callable[[Callable[[int], int]], Any]:
    world = World.with_budget(repository)
    count = itertools.count()

    def once(choose: Callable[[int], int]) -> Any:
        n = next(count)
        name = f"line-{n}"
        done(world, supplement(opens=(PlanLine(name, "care_gifts", "Race", cny("1000.00")),)))
        id = asked(world, adjustment(change(name, "1000.00", "400.00"))).id
        world.sign(id)
        world.sign(id)
        form = world.gift("700.00", shares=(Share(name, cny("700.00")),))
        at = desk_at(world, Stepped(repository))
        acts = (
            lambda: at.desk.spending.apply(form, actor="li.na", key=f"race-{n}"),
            lambda: at.sign(id),
        )
        played = play(acts, choose)
        found = line(world, name)
        won = [isinstance(answer, Receipt) for answer in played.answers]
        assert sum(won) == 1, played.answers
        assert (found.in_force, found.reserved) == ((100000, 70000) if won[0] else (40000, 0))
        return played, tuple(won)

    return once


@pytest.mark.clause("B1.6", "B2.1")
def test_a_lines_last_money_is_spent_or_cut(repository: Repository) -> None:
    """An application for a line's money and the adjustment that cuts it, in every order: exactly one of them wins."""
    once = _race(repository)
    found = list(every_order(once))
    assert {won for _, won in found} == {(True, False), (False, True)}


@pytest.mark.clause("B1.6")
def test_two_changes_of_one_line_come_one_after_the_other(repository: Repository) -> None:
    """Two changes that rest on one state, signed at once in every order: one applies, the other says that it moved."""
    world, count = World.with_budget(repository), itertools.count()

    def once(choose: Callable[[int], int]) -> Any:
        name = f"line-{next(count)}"
        done(world, supplement(opens=(PlanLine(name, "care_gifts", "Race", cny("1000.00")),)))
        ids = [asked(world, adjustment(change(name, "1000.00", after))).id for after in ("400.00", "700.00")]
        for id in ids:
            world.sign(id)
            world.sign(id)
        at = desk_at(world, Stepped(repository))
        played = play([partial(at.sign, id) for id in ids], choose)
        won = [isinstance(answer, Receipt) for answer in played.answers]
        assert sum(won) == 1, played.answers
        after = line(world, name).in_force
        assert after == (40000 if won[0] else 70000)
        assert sum(planned(world, name).values()) == after
        return played, tuple(won)

    assert {won for _, won in every_order(once)} == {(True, False), (False, True)}


@pytest.mark.clause("B1.5", "B1.6")
def test_what_is_in_force_was_signed_or_is_the_end_of_a_year(world: World) -> None:
    """`verify` names what came into force otherwise: by a subject that is no document, or no end of a year (I10)."""
    done(world, adjustment(*MOVE))
    repository = world.desk.env.repository
    assert verify(repository).breaks == ()
    paper = YearEnd("year:marketing:2025", 1, "cfo", world.clock.now(), ())
    clerk, more, less = Clerk(repository), Move("mkt-sms", in_force=1), Move("mkt-gifts", in_force=-1)
    rows = (paper.row(), move_said(more))
    clerk.does("year:marketing:2025", facts=(paper,), moves=(more,), rows=rows)
    clerk.does("nobody", moves=(less,), rows=(move_said(less),))
    breaks = verify(repository).breaks
    assert [(each.subject, each.law) for each in breaks] == [("nobody", "I10"), ("year:marketing:2025", "I10")]


@pytest.mark.clause("B1.3", "B1.6")
def test_what_is_planned_is_what_was_signed(world: World) -> None:
    """`verify` derives each month of each line again, change after change, and names what says something else (I10)."""
    april, first = Month(2026, 4), (cny("60000.00"), *[NOTHING] * 11)
    done(world, adjustment(*MOVE))
    id = done(world, adjustment(LineChange("mkt-sms", cny("60000.00"), cny("60000.00"), first)))
    repository, played, plans = world.desk.env.repository, Replay(), Plans()
    assert verify(repository).breaks == ()
    for entry, facts in repository.history():
        played.take(entry, facts)
    for row in world.desk.find():
        plans.take(world.desk.document(row.id), load_policy(POLICY))
    stood = played.planned[id]
    for wrong in ({**stood, ("mkt-gifts", april): 1}, {at: units for at, units in stood.items() if at[1] != april}, {}):
        played.planned[id] = wrong
        plans.broken(played)
        assert [(each.subject, each.law) for each in played.breaks] == [(id, "I10")]
        played.breaks.clear()
    stray = Planned("nobody", "mkt-gifts", april, 1)
    Clerk(repository).does("nobody", facts=(stray,), rows=(stray.row(),))
    assert [(each.subject, each.law) for each in verify(repository).breaks] == [("nobody", "I10")]
