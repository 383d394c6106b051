"""What a caller hands in is exactly what it should be, or a clear error at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import attrs
import pytest

from expense_adapters.memory import MemoryRepository
from expense_policy.domain.application import Attachment, Payee, Share
from expense_policy.domain.approval import Approve, Verdict
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories.company import CompanyPlan, CostLine
from expense_policy.domain.categories.holiday_gift import GiftIssued, HolidayGift
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.customers import Customer, OptOut
from expense_policy.domain.folding import fold
from expense_policy.domain.organisation import Delegation, Holding
from expense_policy.domain.payment import Instruction
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Code, Refused

from .test_spine import codes
from .world import World, cny


class Words(StrEnum):
    """A str to every check but the exact one."""

    BANK = "bank_transfer"


WORLD = World.open(MemoryRepository())
FORM, MESSAGE = WORLD.gift("100.00"), WORLD.sms(2)
AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
GOOD: tuple[Any, ...] = (
    FORM,
    FORM.plan,
    MESSAGE.plan,
    FORM.payee,
    FORM.shares[0],
    FORM.attachments[0],
    Instruction(cny("1.00"), FORM.payee, "cash", ("0" * 64,)),
    PlanLine("l", "care_gifts", "Gifts", cny("1.00"), "p"),
    BudgetPlan("marketing", 2026, (PlanLine("l", "care_gifts", "Gifts", cny("1.00")),)),
    Project("p", "Fair", ("marketing",), date(2026, 1, 1), date(2026, 2, 1)),
    GiftIssued(date(2026, 1, 1), "C1"),
    SmsSent(AT, "C1", "Hello"),
    Holding("cashier", "zhao", "marketing"),
    Delegation("a", "b", "cashier", AT, AT + timedelta(days=1), "Leave", 1, "CNY"),
    Approve("Fine.", {"budget": True}),
    OptOut("sms", date(2026, 1, 1)),
    Customer("C1", date(2020, 1, 1), date(2026, 1, 1), "gold", date(1990, 2, 28)),
)
FIELDS = [(value, field.name) for value in GOOD for field in attrs.fields(type(value))]


@pytest.mark.parametrize(("value", "name"), FIELDS, ids=[f"{type(v).__name__}.{n}" for v, n in FIELDS])
@pytest.mark.parametrize("wrong", [5.0, b"x", ["x"], Words.BANK, True, {}, float("nan")], ids=str)
def test_every_field_is_of_its_exact_type(value: Any, name: str, wrong: object) -> None:
    """No field a caller fills takes a float, bytes, list, bool or a str that is something else as well."""
    with pytest.raises((TypeError, ValueError)):
        attrs.evolve(value, **{name: wrong})


@pytest.mark.parametrize(
    "make",
    [
        lambda text: Payee(text, "1"),
        lambda text: Payee("A", text),
        lambda text: attrs.evolve(FORM, method=text),
        lambda text: GiftIssued(date(2026, 1, 1), text),
        lambda text: Holding("cashier", text),
        lambda text: attrs.evolve(FORM, project=text),
        lambda text: Customer(text, None, None, None, None),
        lambda text: OptOut(text, date(2026, 1, 1)),
    ],
)
@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u202e", "\u00ad", "\x00", "\x1b", "\ud800", "\u2028", "\ufeff"], ids=ascii
)
def test_a_name_shows_all_it_holds(make: Callable[[str], object], hidden: str) -> None:
    """Nothing invisible, no direction mark, no control character stands in a name, an account or an id."""
    with pytest.raises(ValueError, match="not allowed"):
        make(f"Tea{hidden}House")


@pytest.mark.parametrize("wrong", ["", " ", "C1 ", " C1", "\uff231", "C1\u3000"])
def test_an_id_has_one_form(wrong: str) -> None:
    """Ids that differ only in width or spaces are not two ids: the odd one does not construct."""
    with pytest.raises(ValueError, match="id"):
        GiftIssued(date(2026, 1, 1), wrong)


def test_words_of_every_language_stand() -> None:
    """Chinese, emoji joined by zero-width joiners, astral characters and line breaks are text."""
    purpose = "春节礼品\n👩\u200d👩\u200d👧 𠮷 é"
    assert attrs.evolve(FORM, purpose=purpose).purpose == purpose
    with pytest.raises(ValueError, match="longer"):
        attrs.evolve(FORM, purpose="x" * 20_001)


def test_a_type_has_its_own_plan_record() -> None:
    """An application's plan record is of its type's class; of a type that is not built in, a `CompanyPlan` of it."""

    @attrs.frozen
    class Forged(HolidayGift):
        """Looks like one."""

    fields: dict[str, Any] = {f.name: getattr(FORM.plan, f.name) for f in attrs.fields(HolidayGift)}
    for plan in (MESSAGE.plan, Forged(**fields)):
        with pytest.raises(TypeError, match="HolidayGift"):
            attrs.evolve(FORM, plan=plan)
    with pytest.raises(TypeError, match="fireworks is a CompanyPlan"):
        attrs.evolve(FORM, type="fireworks")
    booth = CompanyPlan("booth", (CostLine("stand", 1, FORM.amount),))
    assert attrs.evolve(FORM, type="booth", plan=booth).plan == booth
    with pytest.raises(ValueError, match="fireworks"):
        attrs.evolve(FORM, type="fireworks", plan=booth)
    with pytest.raises(TypeError, match="Sms"):
        attrs.evolve(FORM, type="sms", plan=CompanyPlan("sms", booth.lines))


@pytest.mark.clause("A1.1", "G3.1")
@pytest.mark.parametrize("field", ["purpose", "business_goal", "customers"])
def test_what_is_blank_is_missing(field: str) -> None:
    """A field in which nothing can be seen is a missing field."""
    world = World.with_budget(MemoryRepository())
    with pytest.raises(Refused) as refused:
        world.apply(world.gift(**{field: " \u200b\n"}))
    assert codes(refused) == {Code.FORM_INCOMPLETE}


def test_names_without_letters_stay_apart() -> None:
    """A name of signs alone folds to itself: two of them are two."""
    assert fold("☕") != fold("☕☕") != ""


@pytest.mark.clause("A3.6", "A4.2")
def test_spellings_of_one_payee_are_one_payee() -> None:
    """Width, case, spaces, punctuation and look-alike letters make no second payee, nor a second account."""
    world = World.with_budget(MemoryRepository())
    cyrillic = "Т\u0435\u0430 House"
    spelled = (("Tea House", "6222 0001"), ("TEA-HOUSE", "1"), (cyrillic, "2"), ("Other", "６２２２-0001"))
    deciding = []
    for name, account in spelled:
        id = world.apply(world.gift("20000.00", payee=Payee(name, account))).id
        deciding.append(world.desk.document(id).round.deciding_units)
    # The last shares the account of the first alone.
    assert deciding == [2000000, 4000000, 6000000, 4000000]


@pytest.mark.parametrize("actor", ["", " ", "li.na ", None, 5, Words.BANK, "li\u200bna"])
def test_an_actor_is_an_id(actor: Any) -> None:
    """Whoever acts is named by an id; anything else is the caller's mistake, and nothing is done."""
    world = World.with_budget(MemoryRepository())
    with pytest.raises((TypeError, ValueError)):
        world.apply(world.gift(), actor=actor)
    assert world.desk.find(kind="application") == []


@pytest.mark.parametrize("key", [None, "", "x" * 201, 5])
def test_a_form_and_a_payment_need_a_key(key: Any) -> None:
    """`apply` and `pay` without an idempotency key are the caller's mistake (I20)."""
    world = World.with_budget(MemoryRepository())
    form = world.gift()
    with pytest.raises((TypeError, ValueError)):
        world.desk.spending.apply(form, actor="li.na", key=key)
    id = world.apply(form).id
    world.sign_all(id)
    with pytest.raises((TypeError, ValueError)):
        world.desk.spending.pay(id, world.instruction(form), actor="cashier", key=key)
    assert world.desk.document(id).paid == 0


def test_an_instant_in_a_delegation_is_one_instant() -> None:
    """A delegation's instants are the same in every zone; a naive one does not construct."""
    east = timezone(timedelta(hours=8))
    made = Delegation("a", "b", "finance_head", AT.astimezone(east), AT.astimezone(east), "Leave")
    assert made == Delegation("a", "b", "finance_head", AT, AT, "Leave")
    assert made.since.isoformat() == AT.isoformat()
    with pytest.raises(ValueError, match="aware"):
        Delegation("a", "b", "finance_head", datetime(2026, 1, 1), AT, "Leave")  # noqa: DTZ001  # the naive one


def test_a_share_and_an_attachment_are_whole() -> None:
    """A share is money above 0 on a line; an application names each line once and at least one."""
    with pytest.raises(TypeError, match="Money"):
        Share("l", 100.0)  # type: ignore[arg-type]  # the float is the point
    shares: tuple[Share, ...]
    for shares in ((), (FORM.shares[0], FORM.shares[0])):
        with pytest.raises(ValueError, match="line"):
            attrs.evolve(FORM, shares=shares)
    with pytest.raises(TypeError, match="tuple"):
        attrs.evolve(FORM, attachments=[Attachment("contract", "0" * 64)])  # type: ignore[arg-type]  # the list
    with pytest.raises(TypeError, match="Outcome"):
        Verdict("approve", "Fine.")  # type: ignore[arg-type]  # a str is no outcome
