"""Types that a company adds in its policy file alone: they do what a built-in one does, and their faults are named."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expense_adapters.local import FixedCustomers
from expense_adapters.memory import MemoryRepository
from expense_policy.codec import dump, load
from expense_policy.domain.application import Application, Attachment, Share
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories import kind_of, type_of
from expense_policy.domain.categories.company import CompanyPlan, CompanyUse, CostLine, Value
from expense_policy.domain.categories.effect import Effect, EffectMeasured
from expense_policy.domain.content import canonical
from expense_policy.domain.customers import Customer
from expense_policy.domain.money import Money
from expense_policy.domain.refusals import Code, Refusal, Refused
from expense_policy.domain.vocabulary import CATEGORIES, SET_OFF, Status
from expense_policy.policy_file import load_policy
from expense_policy.ports.repository import Repository
from expense_policy.services.desk import Desk
from expense_policy.services.verification import verify

from .test_policy_file import faults
from .test_spine import codes
from .world import BARE as POLICY
from .world import World, cny

TYPES = """
[[type]]
name = "booth"
category = "venue"
words = { en = "trade fair booth", zh = "展位" }
ledger_account = "6601.0602"
evidence = ["contract"]
per_customer_month_max = 2
effects = ["attendees", "orders"]
[[type.field]]
name = "fair"
kind = "text"
required = true
words = { en = "fair", zh = "展会" }
[[type.field]]
name = "days"
kind = "whole"
min = 2
max = 5
words = { en = "days of the fair", zh = "展期天数" }
[[type.field]]
name = "deposit"
kind = "amount"
max = "1000.00"
[[type.field]]
name = "opens"
kind = "date"
[[type.field]]
name = "hall"
kind = "choice"
choices = ["A", "B"]
[[type.field]]
name = "organiser"
kind = "word"
[[type.field]]
name = "visitors"
kind = "whole"
on = "use"
max = 500
[[type.field]]
name = "note"
kind = "text"
on = "use"
required = true
[[type.line]]
name = "stand"
unit_price_max = "800.00"
quantity_max = 10
words = { en = "stand", zh = "展台" }
[[type.line]]
name = "lamp"

[[type]]
name = "voucher"
category = "promotion"
words = { en = "voucher", zh = "代金券" }
clause = "C1.1"
granted = true
paid_up_to_use = true
[[type.line]]
name = "voucher"

[[evidence]]
type = "booth"
needs = ["quotation"]
above = "2000.00"
"""
# Above 3,000.00 the board's delegate signs for booths too.
BOARD = """
[[chain.application]]
office = "board_delegate"
points = ["interest"]
types = ["booth"]
above = "3000.00"
"""
TEXT = POLICY.replace("\n[substitutes]", f"{BOARD}\n[substitutes]") + TYPES
BOOTH = TEXT.splitlines().index("[[type]]") + 1
FAIR: tuple[tuple[str, Value], ...] = (("fair", "Canton Fair"), ("days", 3))


def opened(repository: Repository, text: str = TEXT) -> World:
    """A company with this policy in force, and a line in force for venue and promotion."""
    world = World.open(repository)
    world.desk.policies.adopt(text, actor="cfo")
    world.desk.policies.adopt(text, actor="gm")
    world.on(date(2026, 1, 5))
    lines = [PlanLine(f"mkt-{name}", name, name, cny("100000.00")) for name in ("venue", "promotion")]
    world.sign_all(world.desk.budgeting.file(BudgetPlan("marketing", 2026, tuple(lines)), actor="mei").id)
    return world


def booth(world: World, stands: int = 2, price: str = "800.00", lamps: int = 0, **changes: Any) -> Application:
    """An application for a booth of so many stands and lamps; `fields` and others change its plan."""
    lines = [CostLine("stand", stands, cny(price)), *([CostLine("lamp", lamps, cny("1.00"))] if lamps else [])]
    plan = attrs.evolve(CompanyPlan("booth", tuple(lines), FAIR), **changes)
    quotation = Attachment("quotation", world.evidence.put(b"quotation"))
    share = Share("mkt-venue", plan.total)
    papers = (world.basis, world.contract, quotation)
    return attrs.evolve(world.gift(), type="booth", plan=plan, shares=(share,), attachments=papers)


def used(day: int = 10, quantity: int = 1, who: str = "C1", **changes: Any) -> CompanyUse:
    """A use of the stand on a day of January."""
    use = CompanyUse("booth", date(2026, 1, day), "stand", quantity, who, (("note", "crowded"),))
    return attrs.evolve(use, **changes)


def refused(world: World, form: Application) -> tuple[Refusal, ...]:
    """Why the form would be refused."""
    return world.desk.would.spending.apply(form, actor="li.na").refusals


def broken(found: tuple[Refusal, ...]) -> list[tuple[object, ...]]:
    """Standard, figure and limit of each broken standard."""
    facts = [dict(each.facts) for each in found if each.code is Code.STANDARD_BROKEN]
    return [(each["standard"], each["figure"], each["limit"]) for each in facts]


@pytest.mark.clause("C8", "A3.1", "A1.1")
def test_from_application_to_payment_and_use(repository: Repository) -> None:
    """Applied for, signed by its own chain, paid, used, settled: all of it from the policy file alone."""
    world = opened(repository)
    form = booth(world, stands=4, lamps=3)
    id = world.apply(form).id
    offices = []
    while (step := world.desk.document(id).step) is not None:
        offices.append(step.office)
        signer = "board" if step.office == "board_delegate" else None
        world.sign(id, signer)
    assert offices[-2:] == ["deputy_in_charge", "board_delegate"]
    world.pay(id, form)
    world.on(date(2026, 1, 12))
    rows = (used(quantity=3), used(who="C2"), used(line="lamp", quantity=3, recipient=None, who="C3"))
    assert codes_of(world, id, rows) == {Code.FORM_INCOMPLETE}
    rows = (*rows[:2], used(line="lamp", quantity=3, who="C3"))
    effect = EffectMeasured(date(2026, 1, 12), Effect.of(orders=12, attendees=300))
    world.desk.spending.record_use(id, (*rows, effect), actor="li.na")
    settled = world.desk.spending.settle(id, actor="li.na")
    assert settled.status == Status.SETTLED
    kept = list(world.desk.uses(id))
    assert [(r.type, r.recipient, r.quantity, r.units) for r in kept[:3]] == [
        ("booth", "C1", 3, 240000),
        ("booth", "C2", 1, 80000),
        ("booth", "C3", 3, 300),
    ]
    assert kept[0].detail == (("note", "crowded"),)
    (line,) = [line for line in world.desk.lines() if line.id == "mkt-venue"]
    assert (line.spent, line.reserved, line.committed) == (320300, 0, 0)


def codes_of(world: World, id: str, rows: tuple[Any, ...]) -> set[Code]:
    """Why these rows would be refused."""
    return {each.code for each in world.desk.would.spending.record_use(id, rows, actor="li.na").refusals}


@pytest.mark.clause("C8", "G3.4")
def test_its_record_verifies(repository: Repository) -> None:
    """`verify` finds nothing wrong with a company type's document."""
    world = opened(repository)
    form = booth(world)
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form)
    world.on(date(2026, 1, 12))
    world.desk.spending.settle(id, (used(), used(who="C2")), actor="li.na")
    assert verify(repository).breaks == ()


@pytest.mark.clause("C8")
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"price": "799.99"}, []),
        ({"price": "800.00"}, []),
        ({"price": "800.01"}, [("stand.unit_price", cny("800.01"), cny("800.00"))]),
        ({"stands": 9, "price": "1.00"}, []),
        ({"stands": 10, "price": "1.00"}, []),
        ({"stands": 11, "price": "1.00"}, [("stand.quantity", 11, 10)]),
        ({"fields": (*FAIR[:1], ("days", 1))}, [("days", 1, 2)]),
        ({"fields": (*FAIR[:1], ("days", 2))}, []),
        ({"fields": (*FAIR[:1], ("days", 5))}, []),
        ({"fields": (*FAIR[:1], ("days", 6))}, [("days", 6, 5)]),
        ({"fields": (*FAIR, ("deposit", cny("999.99")))}, []),
        ({"fields": (*FAIR, ("deposit", cny("1000.00")))}, []),
        ({"fields": (*FAIR, ("deposit", cny("1000.01")))}, [("deposit", cny("1000.01"), cny("1000.00"))]),
    ],
)
def test_its_limits(changes: dict[str, Any], found: list[tuple[object, ...]]) -> None:
    """A figure at its limit is taken, one unit past it is a broken standard that names figure and limit."""
    world = opened(MemoryRepository())
    refusals = refused(world, booth(world, **changes))
    assert broken(refusals) == found
    assert len(refusals) == len(found)
    assert {each.clause for each in refusals} <= {"C6"}


@pytest.mark.clause("C8")
@pytest.mark.parametrize(
    ("fields", "code", "names"),
    [
        ((("days", 3),), Code.FORM_INCOMPLETE, "fair"),
        ((("fair", " "),), Code.FORM_INCOMPLETE, "fair"),
        ((*FAIR, ("visitors", 3)), Code.FIELD_UNFIT, "visitors"),
        ((*FAIR, ("hall", "C")), Code.FIELD_UNFIT, "hall"),
        ((*FAIR, ("organiser", " x")), Code.FIELD_UNFIT, "organiser"),
        ((*FAIR, ("organiser", 1)), Code.FIELD_UNFIT, "organiser"),
        ((*FAIR, ("opens", "2026-01-01")), Code.FIELD_UNFIT, "opens"),
        ((*FAIR, ("deposit", 5)), Code.FIELD_UNFIT, "deposit"),
        ((*FAIR, ("deposit", Money(5, "JPY"))), Code.FIELD_UNFIT, "deposit"),
        ((("fair", "x"), ("days", "3")), Code.FIELD_UNFIT, "days"),
        ((("fair", 7), ("days", cny("3.00"))), Code.FIELD_UNFIT, "fair, days"),
    ],
)
def test_its_fields_are_those_of_the_policy(fields: tuple[tuple[str, Value], ...], code: Code, names: str) -> None:
    """A field that is missing, that the type does not have, or that holds something else is named."""
    world = opened(MemoryRepository())
    (found,) = refused(world, booth(world, fields=fields))
    assert (found.code, dict(found.facts)["fields"]) == (code, names)


@pytest.mark.clause("C8")
def test_its_lines_are_those_of_the_policy() -> None:
    """A cost line that the type does not have is named; in use, one that was not planned."""
    world = opened(MemoryRepository())
    lines = (CostLine("stand", 1, cny("1.00")), CostLine("carpet", 1, cny("1.00")))
    (found,) = refused(world, booth(world, lines=lines))
    assert (found.code, dict(found.facts)["fields"]) == (Code.FIELD_UNFIT, "carpet")
    id = world.apply(booth(world)).id
    world.sign_all(id)
    world.on(date(2026, 1, 12))
    assert codes_of(world, id, (used(line="lamp"),)) == {Code.USE_UNPLANNED}
    assert codes_of(world, id, (used(fields=()),)) == {Code.FORM_INCOMPLETE}
    assert codes_of(world, id, (used(fields=(("note", 1),)),)) == {Code.FIELD_UNFIT}
    with pytest.raises(TypeError, match="voucher"):
        codes_of(world, id, (used(type="voucher"),))
    with pytest.raises(TypeError, match="no use"):
        type_of(CompanyUse("sms", date(2026, 1, 1), "stand"))


@pytest.mark.clause("C8")
def test_a_standard_broken_in_use_is_kept_and_flagged(repository: Repository) -> None:
    """Past the limit of a field or line, or the month's count, a use is kept, flagged, and needs a reason."""
    world = opened(repository)
    id = world.apply(booth(world, stands=10, price="100.00", lamps=100)).id
    world.sign_all(id)
    world.on(date(2026, 1, 12))
    world.desk.spending.record_use(id, (used(),), actor="li.na")
    assert codes_of(world, id, (used(),)) == set()
    assert codes_of(world, id, (used(), used())) == {Code.STANDARD_BROKEN, Code.REASON_MISSING}
    visitors = [used(who=f"D{n}", fields=(("note", "x"), ("visitors", n))) for n in (499, 500, 501)]
    assert [codes_of(world, id, (each,)) == set() for each in visitors] == [True, True, False]
    world.desk.spending.record_use(id, (used(), used(), visitors[2]), actor="li.na", reason="They came again.")
    assert [row.broken for row in world.desk.uses(id)] == [(), (), ("uses_a_month",), ("visitors",)]
    assert Code.STANDARD_BROKEN in codes_of(world, id, (used(who="E", quantity=11),))


@pytest.mark.clause("A1.1", "C8")
def test_its_evidence() -> None:
    """What the type needs it needs at any amount; what a rule of the policy adds, above its amount."""
    world = opened(MemoryRepository())
    for price, missing in (("0.01", "contract"), ("200.00", "contract"), ("200.01", "contract, quotation")):
        form = attrs.evolve(booth(world, stands=10, price=price), attachments=(world.basis,))
        (found,) = refused(world, form)
        assert (found.code, dict(found.facts)["evidence"]) == (Code.EVIDENCE_MISSING, missing)
    assert "The type trade fair booth needs" in found.text()
    assert found.text("zh").startswith("展位")


@pytest.mark.clause("A3.1")
def test_its_chain_and_account() -> None:
    """A chain's types name it, and its ledger account is its own (R1.4)."""
    policy = load_policy(TEXT)
    for units, last in ((300000, "deputy_in_charge"), (300001, "board_delegate")):
        assert policy.chain("application", units, "booth")[-1].office == last
        assert policy.chain("application", units, "sms")[-1].office == "deputy_in_charge"
    assert [policy.ledger_account(name) for name in ("booth", "voucher", "sms")] == ["6601.0602", "6601", "6601.0303"]
    others = TEXT.replace('types = ["booth"]', 'except_types = ["booth"]')
    assert load_policy(others).chain("application", 300001, "sms")[-1].office == "board_delegate"
    assert load_policy(others).chain("application", 300001, "booth")[-1].office == "deputy_in_charge"


@pytest.mark.clause("C8")
def test_its_words_are_shown() -> None:
    """A type, its fields and its standards are called what the company calls them, in both languages."""
    world = opened(MemoryRepository())
    policy = load_policy(TEXT)
    kind, sms = kind_of("booth", policy), kind_of("sms", policy)
    assert kind is not None
    assert sms is not None
    assert (kind.words, sms.words) == (("trade fair booth", "展位"), ("SMS", "短信"))
    form = booth(world, price="900.00", fields=(("days", 9), ("extra", 1)))
    texts = {(each.text(), each.text("zh")) for each in refused(world, form)}
    assert texts == {
        ("The form lacks fair.", "申请表缺少：展会。"),
        ("The type trade fair booth can't be recorded by: extra.", "展位的记录不符合规定的栏目：extra。"),
        (
            "unit price of stand: 900.00 CNY stands against a limit of 800.00 CNY.",
            "展台单价：900.00 CNY，标准为800.00 CNY。",
        ),
        ("days of the fair: 9 stands against a limit of 5.", "展期天数：9，标准为5。"),
    }


@pytest.mark.clause("C8")
def test_a_set_off_of_its_own(repository: Repository) -> None:
    """What a company grants and does not pay has no payee, and is posted up to its use record."""
    world = opened(repository)
    plan = CompanyPlan("voucher", (CostLine("voucher", 10, cny("50.00")),), recipients=10)
    share = Share("mkt-promotion", plan.total)
    paid = attrs.evolve(world.gift(), type="voucher", plan=plan, shares=(share,))
    assert [each.code for each in refused(world, paid)] == [Code.GRANTED_NOT_PAID]
    form = attrs.evolve(paid, payee=None, method=SET_OFF)
    id = world.apply(form).id
    world.sign_all(id)
    world.on(date(2026, 1, 12))
    with pytest.raises(Refused) as early:
        world.pay(id, form, "50.00")
    assert codes(early) == {Code.PAYMENT_EXCEEDS_USE}
    row = CompanyUse("voucher", date(2026, 1, 11), "voucher", 3, "C1")
    world.desk.spending.record_use(id, (row,), actor="li.na")
    world.pay(id, form, "150.00")
    assert world.desk.spending.settle(id, actor="li.na").status == Status.SETTLED


@pytest.mark.clause("C8", "G3.1")
def test_its_customers_are_asked_for() -> None:
    """Who a plan names, or a use reached, is an existing customer and costs no more than his class may."""
    world = opened(MemoryRepository(), TEXT + '[customers.cost_max]\n"*" = "800.00"\n')
    known = [Customer(name, date(2020, 1, 1), date(2026, 1, 1), "A", None) for name in ("C1", "C2")]
    gone = Customer("C3", date(2015, 1, 1), date(2016, 1, 1), "A", None)
    env = world.desk.env
    world.desk = Desk.open(
        repository=env.repository,
        directory=env.directory,
        notifier=world.notices,
        evidence=world.evidence,
        clock=world.clock,
        customers=FixedCustomers((*known, gone)),
    )
    assert refused(world, booth(world, customers=("C1", "C2"))) == ()
    (dear,) = refused(world, booth(world, customers=("C1",)))
    assert broken((dear,)) == [("cost_per_customer", cny("1600.00"), cny("800.00"))]
    assert [each.code for each in refused(world, booth(world, customers=("C1", "C3")))] == [Code.NOT_EXISTING_CUSTOMER]
    assert broken(refused(world, booth(world, recipients=1))) == broken((dear,))
    id = world.apply(booth(world)).id
    world.sign_all(id)
    world.on(date(2026, 1, 12))
    assert codes_of(world, id, (used(), used(who="C2"))) == set()
    assert codes_of(world, id, (used(who="C3"),)) == {Code.STANDARD_BROKEN, Code.REASON_MISSING}
    assert codes_of(world, id, (used(quantity=2),)) == {Code.STANDARD_BROKEN, Code.REASON_MISSING}


LATER = TEXT[: TEXT.index("\n[[type]]")].replace(BOARD, "").replace("2026.1", "2026.2").replace("-01-01", "-02-01")


@pytest.mark.clause("X2", "C8")
def test_a_later_version_without_it(repository: Repository) -> None:
    """What was applied for goes on to its end by the version of its round; a new application is refused."""
    world = opened(repository)
    form, second = booth(world), booth(world)
    id, other = world.apply(form).id, world.apply(second).id
    world.sign_all(id)
    for actor in ("cfo", "gm"):
        world.desk.policies.adopt(LATER, actor=actor)
    world.on(date(2026, 2, 2))
    late = attrs.evolve(booth(world), expected_payment=date(2026, 2, 10))
    assert [each.code for each in refused(world, late)] == [Code.TYPE_UNKNOWN]
    world.sign_all(other)
    for each, content in ((id, form), (other, second)):
        world.pay(each, content)
        rows = (used(on=date(2026, 2, 2)), used(on=date(2026, 2, 2), who=f"of {each}"))
        world.desk.spending.settle(each, rows, actor="li.na", reason="Again for C1." if each == other else None)
        assert world.desk.document(each).status == Status.SETTLED
    found = world.desk.would.spending.settle(other, actor="li.na").refusals
    assert [each.code for each in found] != [Code.TYPE_UNKNOWN]


NAMES = st.sampled_from(("fair", "days", "展会", "a b"))
VALUES = st.one_of(
    st.text(st.characters(categories=("L", "N")), max_size=5),
    st.sampled_from(("2026-01-01", "5", "")),
    st.integers(0, 2**63 - 1),
    st.builds(Money, st.integers(0, 10**12), st.sampled_from(("CNY", "JPY"))),
    st.dates(date(1900, 1, 1), date(2999, 12, 31)),
)
PRICES = st.builds(Money, st.integers(0, 10**6), st.just("CNY"))
LINES = st.lists(
    st.builds(
        CostLine, st.sampled_from("abc"), st.integers(1, 1000), st.builds(Money, st.integers(0, 10**6), st.just("CNY"))
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda line: line.name,
)
PLANS = st.builds(
    CompanyPlan,
    st.sampled_from(("booth", "展位")),
    LINES.map(tuple),
    st.dictionaries(NAMES, VALUES).map(lambda each: tuple(each.items())),
    st.just(0),
    st.lists(st.sampled_from(("C1", "C2", "C3")), unique=True).map(tuple),
)


@pytest.mark.clause("C8")
@given(PLANS)
def test_a_plan_adds_up_and_is_kept(plan: CompanyPlan) -> None:
    """Its total is the sum of its lines; what the codec reads back has the bytes that were signed."""
    assert plan.total.units == sum(line.quantity * line.unit_price.units for line in plan.lines)
    form = attrs.evolve(booth(World.open(MemoryRepository())), type=plan.type, plan=plan)
    again = load(dump(form), Application)
    assert again == form
    assert canonical(again) == canonical(form)


def test_every_part_of_a_plan_is_signed() -> None:
    """No part of a plan can change without changing what is signed; a date and its text are two things."""
    plan = CompanyPlan("booth", (CostLine("stand", 1, cny("1.00")),), (("opens", date(2026, 1, 1)),))
    changed: list[dict[str, Any]] = [
        {"type": "stall"},
        {"lines": (CostLine("stand", 2, cny("1.00")),)},
        {"lines": (CostLine("stand", 1, cny("2.00")),)},
        {"lines": (CostLine("lamp", 1, cny("1.00")),)},
        {"fields": (("opens", "2026-01-01"),)},
        {"fields": (("opens", date(2026, 1, 2)),)},
        {"fields": (("closes", date(2026, 1, 1)),)},
        {"fields": ()},
        {"recipients": 1},
        {"customers": ("C1",)},
    ]
    assert {name for each in changed for name in each} == {field.name for field in attrs.fields(CompanyPlan)}
    assert len({canonical(plan), *[canonical(attrs.evolve(plan, **each)) for each in changed]}) == len(changed) + 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["fair","Canton Fair"]', '["fair",true]'),
        ('["fair","Canton Fair"]', '["fair",1.5]'),
        ('["fair","Canton Fair"]', '["fair",null]'),
        ('["fair","Canton Fair"]', '["fair",{"date":"2026-01-01","x":1}]'),
        ('["fair","Canton Fair"]', '["fair",{"date":20260101}]'),
        ('["fair","Canton Fair"]', '["fair",["1","CNY"]]'),
        ('["fair","Canton Fair"]', '["fair"]'),
        ('"recipients":0', '"recipients":false'),
        ('"recipients":0', '"recipients":0,"more":1'),
        ('"type":"booth","lines"', '"type":"stall","lines"'),
        ('"type":"booth","lines"', '"type":"sms","lines"'),
    ],
)
def test_what_is_stored_is_read_strictly(old: str, new: str) -> None:
    """A stored plan with a value of no kind, a field more or another type's name is no plan."""
    text = dump(booth(World.open(MemoryRepository())))
    assert text.count(old) == 1
    with pytest.raises(ValueError, match="can't be read"):
        load(text.replace(old, new), Application)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"lines": ()}, ValueError),
        ({"lines": (CostLine("a", 1, cny("1.00")), CostLine("a", 2, cny("1.00")))}, ValueError),
        ({"lines": (CostLine("a", 1, cny("1.00")), CostLine("b", 2, Money(1, "JPY")))}, ValueError),
        ({"fields": (("a", True),)}, TypeError),
        ({"fields": (("a", -1),)}, ValueError),
        ({"fields": (("a", cny("-1.00")),)}, ValueError),
        ({"fields": (("a", "\x00"),)}, ValueError),
        ({"fields": (("a", 1), ("a", 2))}, ValueError),
        ({"fields": [("a", 1)]}, TypeError),
        ({"fields": (("a",),)}, TypeError),
        ({"recipients": True}, TypeError),
        ({"recipients": -1}, ValueError),
        ({"recipients": 1, "customers": ("C1",)}, ValueError),
        ({"customers": ("C1", "C1")}, ValueError),
        ({"customers": "C1"}, TypeError),
    ],
)
def test_a_plan_is_made_of_exact_values(changes: dict[str, Any], error: type[Exception]) -> None:
    """What a plan can't mean is no plan, whatever a policy says."""
    plan = CompanyPlan("booth", (CostLine("stand", 1, cny("1.00")),))
    with pytest.raises(error):
        attrs.evolve(plan, **changes)


FAULTS: dict[str, tuple[str, str, str, int]] = {
    "a built-in's name": ('name = "booth"', 'name = "sms"', "type[0].name", 0),
    "a word of the library": ('name = "booth"', 'name = "venue"', "type[0].name", 0),
    "the star": ('name = "booth"', 'name = "*"', "type[0].name", 0),
    "a comma": ('name = "lamp"', 'name = "lamp, red"', "type[0].line[1].name", 0),
    "a long name": ('name = "lamp"', f'name = "{"l" * 51}"', "type[0].line[1].name", 0),
    "a name twice": ('name = "voucher"\ncategory', 'name = "booth"\ncategory', "type[1]", -1),
    "an unknown category": ('category = "venue"', 'category = "travel"', "type[0].category", 0),
    "no category": ('category = "venue"', "", "type[0].category", -2),
    "no clause": ('clause = "C1.1"', 'clause = "17"', "type[1].clause", 0),
    "an unknown effect": ('"orders"]', '"applause"]', "type[0].effects", 0),
    "a count out of bounds": ("_max = 2", "_max = 1001", "type[0].per_customer_month_max", 0),
    "one language": ('words = { en = "fair", zh = "展会" }', 'words = { en = "fair" }', "type[0].field[0].words.zh", 0),
    "a third language": (', zh = "展会" }', ', zh = "展会", de = "x" }', "type[0].field[0].words.de", 0),
    "an unknown kind": ('kind = "date"', 'kind = "day"', "type[0].field[3].kind", 0),
    "an unknown record": ('on = "use"\nmax', 'on = "claim"\nmax', "type[0].field[6].on", 0),
    "no choices": ('choices = ["A", "B"]', "", "type[0].field[4].choices", -3),
    "choices of another kind": ('kind = "word"', 'kind = "word"\nchoices = ["A"]', "type[0].field[5].choices", 1),
    "min above max": ("min = 2", "min = 6", "type[0].field[1].min", 0),
    "a bound of a date": ('kind = "date"', 'kind = "date"\nmin = 1', "type[0].field[3].min", 1),
    "a bound below 0": ("min = 2", "min = -1", "type[0].field[1].min", 0),
    "an amount as a number": ('max = "1000.00"', "max = 1000", "type[0].field[2].max", 0),
    "a price in words": ('"800.00"', '"cheap"', "type[0].line[0].unit_price_max", 0),
    "a field twice": ('name = "days"', 'name = "fair"', "type[0].field[1]", -1),
    "a line twice": ('name = "lamp"', 'name = "stand"', "type[0].line[1]", -1),
    "no line": ('[[type.line]]\nname = "voucher"\n', "", "type[1].line", -7),
    "an unknown key": ('name = "lamp"', 'name = "lamp"\nunit = "piece"', "type[0].line[1].unit", 1),
    "a flag in words": ("granted = true", 'granted = "yes"', "type[1].granted", 0),
    "evidence of an unknown type": ('type = "booth"\nneeds', 'type = "boot"\nneeds', "evidence[2].type", 0),
    "a chain of an unknown type": ('types = ["booth"]', 'types = ["boot"]', "chain.application[5].types", 0),
}


@pytest.mark.clause("X2")
@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_one_is_named_with_path_and_line(name: str) -> None:
    """Each fault in a type's tables has its path and line; `0` is the line of what was changed."""
    old, new, path, off = FAULTS[name]
    assert TEXT.count(old) == 1
    found = {(at, line) for at, line, _ in faults(TEXT.replace(old, new))}
    line = TEXT[: TEXT.index(old)].count("\n") + 1
    assert (path, line + off) in found, found
    # What names a type that can't be read names no type.
    also = {"chain.application[5].types", "evidence[2].type"} if path == "type[0].name" else set()
    assert {at for at, _ in found} == {path} | also


@pytest.mark.clause("X2")
def test_there_is_a_most_of_types_fields_and_lines() -> None:
    """Fifty of each load; one more is a fault."""
    line = '[[type.line]]\nname = "l{0}"\n'
    field = '[[type.field]]\nname = "f{0}"\nkind = "text"\n'
    types = '[[type]]\nname = "t{0}"\ncategory = "venue"\n' + line
    own = TYPES[TYPES.index("[[type]]\nname") : TYPES.index("[[evidence]]")]
    base = POLICY + '[[type]]\nname = "t"\ncategory = "venue"\n'
    assert own
    for text, one, more, path in (
        (POLICY, types, "", "type"),
        (base + line.format(0), field, "", "type[0].field"),
        (base, line, "", "type[0].line"),
    ):
        whole = text + "".join(one.format(n) for n in range(50)) + more
        assert load_policy(whole).types
        assert [at for at, _, _ in faults(whole + one.format(50))] == [path]


@pytest.mark.clause("X2")
def test_a_type_of_few_words() -> None:
    """Name, category and a line are enough: the rest has its default, the clause that of the category."""
    for n, category in enumerate(CATEGORIES, 1):
        text = f'{POLICY}[[type]]\nname = "t"\ncategory = "{category}"\n[[type.line]]\nname = "place"\n'
        (own,) = load_policy(text).types
        assert (own.clause, own.ledger_account, own.words, own.customers) == (f"C{n}", "6601", ("t", "t"), True)
        assert own.lines[0].words == ("place", "地点")
        assert (own.granted, own.paid_up_to_use, own.per_customer_month_max) == (False, False, None)
