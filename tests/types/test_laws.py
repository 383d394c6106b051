"""Laws of every type, whatever is drawn: sums, bounds, signatures, storage, what is shown of customers (C8, G2.1)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expense_adapters.memory import MemoryRepository
from expense_policy.codec import dump, load
from expense_policy.domain.categories import REGISTER, Plan, Use
from expense_policy.domain.categories.birthday_gift import BirthdayGift
from expense_policy.domain.content import canonical
from expense_policy.domain.customers import Customer, OptOut
from expense_policy.domain.masking import masked
from expense_policy.domain.refusals import Refusal, Refused
from expense_policy.policy_file import load_policy
from expense_policy.testing import founding
from expense_policy.testing.broken_plans import BROKEN_PLANS
from expense_policy.testing.broken_uses import BROKEN_USES
from expense_policy.testing.plans import PLANS
from expense_policy.testing.strategies import applications, policies, rosters, units, uses
from expense_policy.testing.uses import fit_day

from ..test_strategies import drawn
from .company import POLICY, Company
from .smallest import PLANS as SMALLEST
from .smallest import USES as SMALLEST_USES

FULL = load_policy(POLICY)


def septets(text: str) -> int:
    """Segments of the kit's messages, by hand: of GSM-7 up to 160 or 153 each, of UCS-2 up to 70 or 67 each."""
    known = {"Hello": 1, "新春快乐！": 1, "x" * 160: 1, "x" * 161: 2, "福" * 71: 2, "🧧" * 70: 3}
    return known[text]


def lines(plan: Any) -> Iterator[Fraction | int]:
    """What each line of a plan costs, told a second time from the fields alone."""
    name = type(plan).__name__
    product = {
        "HolidayGift": lambda p: p.unit_price.units * p.quantity,
        "BirthdayGift": lambda p: sum(p.unit_price.units for _ in p.recipients),
        "Giveaway": lambda p: p.unit_cost.units * p.quantity,
        "Email": lambda p: p.recipients * p.message_fee.units,
        "Sms": lambda p: p.recipients * p.segment_price.units * septets(p.text),
        "Phone": lambda p: p.calls * (p.fee.units + p.minutes_each * p.minute_rate.units),
        "ProductTraining": lambda p: p.lecturer.units + p.venue.units + p.materials.units,
        "ServiceTraining": lambda p: p.setup.units + p.participants * p.each.units,
        "VenueRental": lambda p: (p.last.toordinal() - p.first.toordinal() + 1) * p.day_rent.units,
        "Discount": lambda p: sum(x.quantity * x.discount_each.units for x in p.lines),
        "Repair": lambda p: sum(x.quantity * (x.parts.units + x.labour.units + x.materials.units) for x in p.expected),
        "PromotionalMaterials": lambda p: sum(x.quantity * x.unit_price.units for x in p.items),
        "TechnicalSupport": lambda p: sum((2 * x.minutes * x.hour_rate.units + 60) // 120 for x in p.expected),
        "ThresholdReduction": lambda p: sum(
            x.orders * max((t.less.units for t in p.tiers if t.spend.units <= x.order_amount.units), default=0)
            for x in p.expected
        ),
    }
    yield product[name](plan)


@pytest.mark.clause("C8")
@pytest.mark.parametrize("name", REGISTER)
@drawn(40)
@given(st.data())
def test_a_total_is_the_sum_of_its_lines(name: str, data: st.DataObject) -> None:
    """Whatever the policy, a plan's total is what its fields come to, and what storage gives back has its bytes."""
    policy = data.draw(st.one_of(st.just(FULL), policies()))
    strategy = PLANS[name](policy, policy.effective, data.draw(units(10**12)))
    if strategy is not None:
        plan = data.draw(strategy)
        assert plan.total.units == sum(lines(plan)) == sum(cost.units for _, cost in plan.costs)
        assert plan.total.currency == policy.currency
        read = load(dump(plan, Plan), Plan)  # type: ignore[type-abstract]  # of any type
        assert (read, canonical(read)) == (plan, canonical(plan))
        if isinstance(plan, BirthdayGift):
            assert len(set(plan.recipients)) == len(plan.recipients)


@pytest.mark.clause("C8", "A3.3")
@drawn(60)
@given(st.data())
def test_use_stays_within_approval_and_signs_nothing(data: st.DataObject) -> None:
    """Whatever is entered in whatever order, use never passes approval, and changes neither statement nor form."""
    policy = data.draw(policies())
    company = founding.founded(MemoryRepository(), policy, data.draw(rosters(policy)))
    form = data.draw(applications(policy, lines=company.desk.lines()))
    id = company.desk.spending.apply(form, actor="applicant", key="form").id
    before = company.sign(id)
    day = fit_day(policy, form.plan, policy.effective)
    if day is None or day > before.round.submitted_at.date() + timedelta(days=policy.expiry_days - 2):
        return
    company.clock.forward(days=(day - policy.effective).days)
    known = 0
    for _ in range(data.draw(st.integers(1, 4))):
        rows = data.draw(uses(policy, form.plan, day))
        if not rows:
            continue
        reason = data.draw(st.sampled_from((None, "As it came.")))
        if company.desk.would.spending.record_use(id, rows, actor="applicant", reason=reason).allowed:
            company.desk.spending.record_use(id, rows, actor="applicant", reason=reason)
        else:
            with pytest.raises(Refused):
                company.desk.spending.record_use(id, rows, actor="applicant", reason=reason)
        document, kept = company.desk.document(id), list(company.desk.uses(id))
        assert document.used == sum(row.units for row in kept) <= form.amount.units
        assert len(kept) >= known
        assert document.use_rows == (known := len(kept))
        assert (document.round, document.signatures) == (before.round, before.signatures)
        assert (document.content, document.statement) == (before.content, before.statement)


BORN = date(1987, 6, 5)
SPELLED = ("1987-06-05", "1987/06/05", "19870605", "date(1987", "1987, 6, 5", "5 June", "6月5日")


def secret(n: int) -> Customer:
    """A customer nobody could be mistaken for: an id and a birthday that stand nowhere else."""
    refused = (OptOut("*", date(2026, 1, 6)),) if n % 2 else ()
    return Customer(
        f"QXZW-{n}-JKVP", date(2020, 1, 1), date(2026, 1, 2), ("gold", "small", "nobody")[n % 3], BORN, refused
    )


def renamed(record: Any, names: dict[str, str]) -> Any:
    """The record with other people in it."""
    changes: dict[str, Any] = {}
    for field in ("recipient", "recipients", "participants"):
        value = getattr(record, field, None)
        if field in {each.name for each in attrs.fields(type(record))}:
            if type(value) is str:
                changes[field] = names.setdefault(value, f"QXZW-{len(names)}-JKVP")
            elif type(value) is tuple:
                changes[field] = tuple([names.setdefault(each, f"QXZW-{len(names)}-JKVP") for each in value])
    return attrs.evolve(record, **changes)


def words_of(refusals: tuple[Refusal, ...]) -> list[str]:
    """Everything that a refusal says."""
    return [
        said
        for each in refusals
        for said in (str(each), repr(each), each.text(), each.text("zh"), each.remedy(), each.remedy("zh"))
    ]


def shows_nobody(said: str) -> None:
    """No id and no birthday stands in it."""
    assert "QXZW-" not in said
    assert "-JKVP" not in said
    for spelled in SPELLED:
        assert spelled not in said


def acted(company: Company, name: str, plan: Any, rows: tuple[Use, ...], said: list[str]) -> None:
    """Everything that could be said of a plan and its uses, by whom it is refused and by whom it is recorded."""
    form = company.form(plan)
    try:
        id = company.world.apply(form).id
    except Refused as refused:
        said += [str(refused), repr(refused), *words_of(refused.refusals)]
        return
    company.world.sign_all(id)
    for reason in (None, "He asked for it."):
        try:
            company.desk.spending.record_use(id, rows, actor="li.na", reason=reason)
        except Refused as refused:
            said += [str(refused), repr(refused), *words_of(refused.refusals)]


def told_of(company: Company) -> list[str]:
    """Journal and notices: what each act wrote down beside the rows and forms that are stored."""
    company.desk.tick()
    entries = [repr(entry) for entry, _ in company.desk.env.repository.history()]
    rows = company.desk.env.repository.standing(lambda *_: None)
    return [*entries, *map(repr, rows), *[repr(notice) for notice in company.world.notices.notices]]


@pytest.mark.clause("G2.1", "C2.2", "C3.4")
@pytest.mark.parametrize("name", REGISTER)
def test_customers_are_shown_to_nobody(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is broken, no refusal, notice, journal entry, log or error shows an id unmasked or a birthday at all."""
    caplog.set_level(logging.DEBUG)
    day, said = date(2026, 2, 10), list[str]()
    people = [secret(n) for n in range(6)]
    plans: list[Any] = [SMALLEST[name]]
    plans += [
        broken.plan for way in BROKEN_PLANS[name].values() if (broken := way(FULL, SMALLEST[name], day)) is not None
    ]
    rows: list[tuple[Any, ...]] = [(SMALLEST_USES[name],)]
    rows += [
        bad.uses
        for how in BROKEN_USES[name].values()
        if (bad := how(FULL, SMALLEST[name], SMALLEST_USES[name], day)) is not None
    ]
    for customers in (None, people, people[:1], []):
        company = Company.open(customers)
        company.on(date(2026, 2, 10))
        for plan in plans:
            names: dict[str, str] = {}
            acted(company, name, renamed(plan, names), (renamed(rows[0][0], names),), said)
        for uses_ in rows:
            names = {}
            plan = renamed(SMALLEST[name], names)
            acted(company, name, plan, tuple([renamed(use, names) for use in uses_]), said)
        said += told_of(company)
    said += [record.getMessage() for record in caplog.records]
    assert len(said) > 20
    assert any("Q***VP" in each for each in said) is (REGISTER[name].customers and name != "venue_rental")
    for each in said:
        shows_nobody(each)
    assert masked("QXZW-0-JKVP") == "Q***VP"


def test_a_customer_in_an_error_is_masked() -> None:
    """What a port answers shows in no error as it is: an id masked, no birthday."""
    shows_nobody(repr(secret(1)))
    shows_nobody(repr({"answer": [secret(2)]}))
