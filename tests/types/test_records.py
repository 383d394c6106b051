"""Each type's records through the desk: the smallest is taken, one that lacks a text is not (A1.1, C8)."""

from __future__ import annotations

import attrs
import pytest

from expense_policy.codec import dump, load
from expense_policy.domain.categories import REGISTER, Effect, EffectMeasured, Plan, type_of
from expense_policy.domain.categories.email import EmailSent
from expense_policy.domain.categories.promotional_materials import Material
from expense_policy.domain.content import canonical
from expense_policy.domain.money import Money
from expense_policy.domain.refusals import Code
from expense_policy.domain.vocabulary import term
from expense_policy.testing.broken_plans import texts_of

from .company import Company
from .smallest import DAY, NOON, PLANS, USES

PLAN_TEXTS = [(name, field) for name, kind in REGISTER.items() for field in texts_of(kind.plan)]
USE_TEXTS = [(name, field) for name, kind in REGISTER.items() for field in texts_of(kind.use)]


@pytest.mark.clause("C8", "C1", "C1.1", "C1.2", "C1.3", "C2", "C2.2", "C3", "C3.1", "C3.2", "C4", "C4.1", "C4.2")
@pytest.mark.clause("C5", "C5.1", "C5.2", "C6", "C7")
@pytest.mark.parametrize("name", REGISTER)
def test_the_smallest_record_is_taken(name: str) -> None:
    """The smallest plan of each type is approved, its smallest use is kept, and no more of it after that."""
    company = Company.open()
    id = company.approved(PLANS[name])
    company.on(DAY)
    (row,) = company.use(id, USES[name])
    assert (row.type, row.on, row.units, row.broken, row.reason) == (name, DAY, PLANS[name].total.units, (), None)
    assert company.desk.document(id).used == PLANS[name].total.units
    again = {each.code for each in company.would_use(id, USES[name], reason="Once more.")}
    assert Code.USE_EXCEEDS_APPROVAL in again


@pytest.mark.clause("A1.1", "C8")
@pytest.mark.parametrize(("name", "field"), PLAN_TEXTS)
def test_a_plan_says_what_it_has_to(name: str, field: str) -> None:
    """A plan whose mandatory text is blank lacks it, under the type's clause, in both languages."""
    for blank in ("", " \t\n", "\u2800"):
        plan = attrs.evolve(PLANS[name], **{field: blank})
        (found,) = Company.open().refusals(plan)
        assert (found.code, found.clause) == (Code.FORM_INCOMPLETE, REGISTER[name].clause)
        assert dict(found.facts) == {"fields": field}
        assert term(field) in found.text()
        assert term(field, "zh") in found.text("zh")
        assert term(field, "zh") != field


@pytest.mark.clause("C8")
@pytest.mark.parametrize(("name", "field"), USE_TEXTS)
def test_a_use_says_what_it_has_to(name: str, field: str) -> None:
    """A use whose mandatory text is blank is not kept, whatever reason is given."""
    company = Company.open()
    id = company.approved(PLANS[name])
    company.on(DAY)
    (found,) = company.would_use(id, attrs.evolve(USES[name], **{field: " "}), reason="It was late.")
    assert (found.code, found.clause) == (Code.FORM_INCOMPLETE, REGISTER[name].clause)
    assert dict(found.facts) == {"fields": field}
    assert term(field, "zh") in found.text("zh")
    assert term(field, "zh") != field


@pytest.mark.parametrize("name", REGISTER)
def test_a_plan_is_read_as_it_was_written(name: str) -> None:
    """A plan of every type comes back from storage with the bytes that were signed."""
    assert canonical(load(dump(PLANS[name], Plan), Plan)) == canonical(PLANS[name])  # type: ignore[type-abstract]  # any plan


@pytest.mark.clause("X3")
def test_every_amount_is_of_the_companys_currency() -> None:
    """An amount within a plan or a use that is of another currency makes no record, whatever its total says."""
    company = Company.open()
    plan, use = PLANS["discount"], USES["repair"]
    (line,) = plan.lines
    foreign = attrs.evolve(plan, lines=(attrs.evolve(line, unit_cost=Money(0, "JPY")),))
    with pytest.raises(ValueError, match="the company's currency is CNY, not JPY"):
        company.refusals(foreign)
    id = company.approved(PLANS["repair"])
    company.on(DAY)
    yen = {name: Money(getattr(use, name).units, "JPY") for name in ("parts", "labour", "materials")}
    with pytest.raises(ValueError, match="the company's currency is CNY, not JPY"):
        company.would_use(id, attrs.evolve(use, **yen))


@pytest.mark.clause("C7")
def test_no_item_gives_back() -> None:
    """An item may cost nothing, and never less: what another cost could be spent twice otherwise."""
    assert Material("sample", 1, Money(0, "CNY")).unit_price.units == 0
    with pytest.raises(ValueError, match="unit_price must not be below 0"):
        Material("voucher", 1, Money(-1, "CNY"))


@pytest.mark.clause("C3.2")
def test_opens_and_reads_are_kept_where_known() -> None:
    """A message's row says whether it was opened and read, and its own subject; nothing where that is not known."""
    company = Company.open()
    id = company.approved(attrs.evolve(PLANS["email"], recipients=3))
    company.on(DAY)
    rows = company.use(
        id, EmailSent(NOON, "C1"), EmailSent(NOON, "C2", "News", True, False), EmailSent(NOON, "C3", "More", False)
    )
    kept = [row.detail[1:] for row in rows]
    assert kept == [(), (("opened", "yes"), ("read", "no")), (("subject", "More"), ("opened", "no"))]


@pytest.mark.parametrize("name", REGISTER)
def test_a_use_is_of_its_type(name: str) -> None:
    """Each use knows its type, and a measured effect fits every one, under the figures of that type."""
    assert type_of(USES[name]) == name
    effect = Effect.of(**{REGISTER[name].effects[0]: 1})
    assert type_of(EffectMeasured(DAY, effect)) == ""


@pytest.mark.clause("C2.2")
def test_a_blank_personalisation_is_told_in_words() -> None:
    """What a gift's personalisation leaves blank is refused under its name in both languages."""
    company = Company.open()
    id = company.approved(PLANS["birthday_gift"])
    company.on(DAY)
    (found,) = company.would_use(id, attrs.evolve(USES["birthday_gift"], personal=" "), reason="Late.")
    assert "what is made for him alone" in found.text("en")
    assert "个性化内容" in found.text("zh")
