"""Claims and vouchers that tests play with."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date
from typing import Any

import attrs
import pytest

from expense_policy.domain.application import Application, Payee, Share
from expense_policy.domain.categories.holiday_gift import HolidayGift
from expense_policy.domain.claim import Claim
from expense_policy.domain.documents import Document
from expense_policy.domain.payment import Instruction
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.voucher import Voucher, VoucherKind
from expense_policy.services.engine import Receipt

from .world import World, cny

COMPANY = "Qinghe Trading"
_numbers = itertools.count(1)


def voucher(total: str = "100.00", **changes: Any) -> Voucher:
    """A paper invoice with a number of its own, of the first working day of 2026, without tax."""
    amount, number = cny(total), f"{next(_numbers):08d}"
    day, none = date(2026, 1, 5), cny("0")
    form = Voucher(VoucherKind.INVOICE, number, "Tea House", COMPANY, day, amount, none, amount, "044002600111")
    return attrs.evolve(form, **changes)


def approved(world: World, amount: str = "10000.00", paid: str | None = None, **changes: Any) -> Document:
    """An application signed in full, perhaps with so much paid ahead."""
    form = world.gift(amount, **changes)
    id = world.apply(form).id
    world.sign_all(id)
    if paid is not None:
        world.pay(id, form, paid)
    return world.desk.document(id)


def claim(under: Document, amount: str = "1000.00", advance: str | None = None, **changes: Any) -> Claim:
    """Li Na's claim of so much beside the advance on the first line of an application, with one voucher for all."""
    n, asked = next(_numbers), under.content
    assert isinstance(asked, Application)
    payable, ahead = cny(amount), None if advance is None else cny(advance)
    whole = payable if ahead is None else payable + ahead
    parts: dict[str, Any] = {
        "department": under.department,
        "purpose": "Tea for customers, bought on the way",
        "type": under.type,
        "payee": Payee(f"Li Na {n}", f"6217-{n}"),
        "method": "bank_transfer",
        "expected_payment": asked.expected_payment,
        "shares": (Share(under.held[0].line, payable),) if payable.units else (),
        "vouchers": (voucher(str(whole)),),
        "application": under.id,
        "advance": ahead,
        "project": asked.project,
    }
    return Claim(**{**parts, **changes})


def alone(world: World, price: str = "50.00", **changes: Any) -> Claim:
    """A claim without an application: two gifts at a price; the policy takes such claims up to 500.00."""
    n = next(_numbers)
    plan = HolidayGift("spring_festival", 2026, "tea", cny(price), 2, date(2026, 1, 20), date(2026, 2, 20))
    parts: dict[str, Any] = {
        "department": "marketing",
        "purpose": "Tea for two customers who called",
        "type": "holiday_gift",
        "payee": Payee(f"Li Na {n}", f"6217-{n}"),
        "method": "bank_transfer",
        "expected_payment": date(2026, 1, 20),
        "shares": (Share("mkt-gifts", plan.total),),
        "vouchers": (voucher(str(plan.total)),),
        "reason": "They came unannounced.",
        "business_goal": "Keep customers",
        "customers": "Two of 2025",
        "plan": plan,
        "attachments": (world.basis,),
    }
    return Claim(**{**parts, **changes})


def filed(world: World, form: Claim, actor: str = "li.na") -> Receipt:
    """Files a claim under a fresh key."""
    return world.desk.spending.claim(form, actor=actor, key=f"claim-{next(_numbers)}")


def signed(world: World, form: Claim) -> Document:
    """A claim filed and signed in full."""
    id = filed(world, form).id
    world.sign_all(id)
    return world.desk.document(id)


def instruction(form: Claim, amount: str | None = None) -> Instruction:
    """An instruction that agrees with the claim."""
    papers, keys = tuple(a.digest for a in form.attachments), tuple(v.key for v in form.vouchers)
    return Instruction(cny(amount) if amount else form.payable, form.payee, form.method, papers, keys)


def pay(world: World, document: Document, amount: str | None = None) -> Receipt:
    """Pays a claim under a fresh key."""
    form = document.content
    assert isinstance(form, Claim)
    key = f"pays-{next(_numbers)}"
    return world.desk.spending.pay(document.id, instruction(form, amount), actor="cashier", key=key)


def codes(act: Callable[[], object]) -> set[Code]:
    """The codes that an act is refused with."""
    with pytest.raises(Refused) as refused:
        act()
    return {each.code for each in refused.value.refusals}
