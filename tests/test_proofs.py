"""What a signature is worth: derived again wherever money depends on it, whatever the store says."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expense_adapters.memory import MemoryRepository
from expense_policy.domain import approval, documents, journal
from expense_policy.domain.application import Application, Payee
from expense_policy.domain.approval import Outcome, Step
from expense_policy.domain.documents import Approved, Document
from expense_policy.domain.journal import Entry
from expense_policy.domain.organisation import Delegation
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Status
from expense_policy.policy_file import load_policy

from .test_spine import codes
from .world import PEOPLE, POLICY, World

POLICY_1 = load_policy(POLICY)
NOW = datetime(2026, 1, 5, 2, 0, tzinfo=timezone.utc)


@pytest.fixture
def signed() -> tuple[World, Document]:
    """An application signed in full."""
    world = World.with_budget(MemoryRepository())
    id = world.apply(world.gift()).id
    world.sign_all(id)
    return world, world.desk.document(id)


def _steps(document: Document) -> str:
    """The steps whose signatures the gate misses, though the document says that it is approved."""
    found = documents.approved(document, POLICY_1, NOW)
    assert not isinstance(found, Approved), "the gate let it pass"
    return next(str(dict(r.facts)["steps"]) for r in found if r.code is Code.SIGN_OFF_INCOMPLETE)


@pytest.mark.clause("A4.1")
def test_the_gate_trusts_no_status(signed: tuple[World, Document]) -> None:
    """A document that says it is approved and lacks any one of its signatures is not payable (I1)."""
    _, document = signed
    assert isinstance(documents.approved(document, POLICY_1, NOW), Approved)
    for i, step in enumerate(document.round.chain):
        kept = (*document.signatures[:i], *document.signatures[i + 1 :])
        assert _steps(attrs.evolve(document, signatures=kept)) == step.office
        other = attrs.evolve(document.signatures[i].verdict, outcome=Outcome.RETURN)
        kept = (*kept, attrs.evolve(document.signatures[i], verdict=other))
        assert _steps(attrs.evolve(document, signatures=kept)) == step.office
    assert _steps(attrs.evolve(document, signatures=())).count(",") == 3
    with pytest.raises(TypeError):
        Approved(object(), document, document.content)  # type: ignore[arg-type]  # nobody else mints one


@pytest.mark.clause("A3.2", "A4.1")
def test_the_gate_separates_duties_again(signed: tuple[World, Document]) -> None:
    """A stored signature of the applicant, the payee, or someone who signed before counts for nothing (I5, I6)."""
    _, document = signed
    assert isinstance(document.content, Application)
    last = document.signatures[3]
    for who in ("li.na", "officer"):
        forged = attrs.evolve(last, signer=who)
        assert _steps(attrs.evolve(document, signatures=(*document.signatures[:3], forged))) == "deputy_in_charge"
    held = attrs.evolve(last, authority=attrs.evolve(last.authority, holder="li.na"))
    assert _steps(attrs.evolve(document, signatures=(*document.signatures[:3], held))) == "deputy_in_charge"
    office = attrs.evolve(last, authority=attrs.evolve(last.authority, office="finance_head"))
    assert _steps(attrs.evolve(document, signatures=(*document.signatures[:3], office))) == "deputy_in_charge"


@pytest.mark.clause("A3.3", "A4.1")
def test_a_copied_signature_counts_for_nothing(signed: tuple[World, Document]) -> None:
    """A signature copied to an equal document, to another step or to another round is no signature (I2, I3)."""
    world, document = signed
    assert isinstance(document.content, Application)
    twin = world.desk.document(world.apply(document.content).id)
    assert (twin.content, twin.round.deciding_units != 0) == (document.content, True)
    assert twin.statement != document.statement
    copied = attrs.evolve(twin, status=Status.APPROVED, signatures=document.signatures)
    assert _steps(copied).count(",") == len(twin.round.chain) - 1
    # The head's own signature, said to be the officer's.
    moved = (document.signatures[0], attrs.evolve(document.signatures[0], step=1), *document.signatures[2:])
    assert _steps(attrs.evolve(document, signatures=moved)) == "finance_officer"
    world.desk.spending.revise(document.id, document.content, actor="li.na")
    again = world.desk.document(document.id)
    assert (again.content, again.signatures) == (document.content, ())
    later = attrs.evolve(again, status=Status.APPROVED, signatures=document.signatures)
    assert _steps(later).count(",") == len(again.round.chain) - 1
    # And through the front door: the statement of the twin, or of the round before, is not the present one.
    for target, seen in ((twin, document.statement), (again, document.statement)):
        with pytest.raises(Refused) as refused:
            world.desk.spending.sign(target.id, seen=seen, actor="head.mkt", verdict=world.approve(target))
        assert codes(refused) == {Code.STATEMENT_STALE}


@pytest.mark.clause("A3.3")
def test_every_part_of_a_statement_counts() -> None:
    """No part of what a round's signatures cover can change without changing the statement (I2)."""
    base: dict[str, Any] = {
        "document": "d",
        "kind": "application",
        "revision": 1,
        "number": 1,
        "content": "c",
        "policy_version": "v",
        "policy_digest": "p",
        "deciding_units": 5,
        "chain": (Step("a", ("x",)), Step("b", ())),
        "nonce": "n",
    }
    other = {"chain": (Step("a", ()), Step("b", ("x",)))}
    found = {approval.statement_digest(**base)}
    for name, value in base.items():
        changed = other.get(name, value + 1 if isinstance(value, int) else f"{value}!")
        found.add(approval.statement_digest(**{**base, name: changed}))
    assert len(found) == len(base) + 1


@pytest.mark.clause("G3.4")
def test_every_part_of_an_entry_counts() -> None:
    """No field of an entry but its digest and tag can change without changing its digest (I23)."""
    entry = Entry("s", 2, "p", "act", "a", None, None, NOW, None, None, (("row", "1"),), "")
    found = {journal.digest_of(entry)}
    fields = [f.name for f in attrs.fields(Entry) if f.name not in ("digest", "key_id", "tag")]
    changed: dict[str, Any] = {"seq": 3, "at": NOW + timedelta(microseconds=1), "rows": (("row", "2"),)}
    for name in fields:
        found.add(journal.digest_of(attrs.evolve(entry, **{name: changed.get(name, "other")})))
    assert len(found) == len(fields) + 1


@pytest.mark.clause("A3.1")
@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_the_chain_grows_with_the_amount(a: int, b: int) -> None:
    """A larger amount is never decided by a weaker chain (I8)."""
    policy = load_policy(POLICY)
    rank = ("department_head", "finance_officer", "finance_head", "deputy_in_charge", "general_manager")
    low, high = sorted((a, b))
    small, large = ([rank.index(rule.office) for rule in policy.chain("application", each)] for each in (low, high))
    assert small == sorted(small)
    assert len(small) <= len(large)
    assert all(x <= y for x, y in zip(small, large, strict=False))


EVERYONE = tuple(dict.fromkeys([*(h.person for h in PEOPLE), "li.na"]))


@pytest.mark.clause("A3.2", "A4.3")
@settings(max_examples=40, deadline=None)
@given(
    amount=st.sampled_from(("0.01", "0.02", "49999.99", "50000.00", "50000.01", "199999.99"))
    | st.integers(1, 19999999).map(lambda n: f"{n // 100}.{n % 100:02d}"),
    applicant=st.sampled_from(EVERYONE),
    person=st.none() | st.sampled_from(EVERYONE),
)
def test_no_one_plays_two_parts(amount: str, applicant: str, person: str | None) -> None:
    """At every amount no applicant, payee or earlier signer signs, and none of them pays (I5, I6, I7)."""
    world = World.with_budget(MemoryRepository())
    form = world.gift(amount)
    form = attrs.evolve(form, payee=Payee(form.paid_to.name, form.paid_to.account, person))
    id = world.apply(form, actor=applicant).id
    barred, would = {applicant} | ({person} if person else set()), world.desk.would.spending
    while (document := world.desk.document(id)).step is not None:
        allowed = []
        for who in EVERYONE:
            decision = would.sign(id, seen=document.statement, actor=who, verdict=world.approve(document))
            assert not (decision.allowed and who in barred), (who, document.step)
            allowed += [who] if decision.allowed else []
        if not allowed:
            # Nobody is left who may: it waits for other people, and is not waved through.
            assert world.desk.document(id).status is Status.IN_REVIEW
            return
        world.sign(id, actor=allowed[0])
        barred.add(allowed[0])
    assert documents.unsigned(document, POLICY_1) == ()
    for who in EVERYONE:
        allowed_ = would.pay(id, world.instruction(form), actor=who).allowed
        assert allowed_ == (who == "cashier" and who not in barred), who


@pytest.mark.clause("A3.2", "A3.5", "A4.1")
def test_the_gate_asks_for_the_authority_again(signed: tuple[World, Document]) -> None:
    """A signature whose kept authority could not have taken its step counts for nothing (I4)."""
    _, document = signed
    last = document.signatures[3]
    at = last.at
    good = Delegation("deputy", "aide", "deputy_in_charge", at, at + timedelta(days=1), "Leave", 10**9, "CNY")
    by_aide = attrs.evolve(last, signer="aide")
    right = attrs.evolve(last.authority, delegation=good)
    whole = (*document.signatures[:3], attrs.evolve(by_aide, authority=right))
    assert isinstance(documents.approved(attrs.evolve(document, signatures=whole), POLICY_1, NOW), Approved)
    # A limit of before limits said their currency.
    older = attrs.evolve(by_aide, authority=attrs.evolve(right, delegation=attrs.evolve(good, currency=None)))
    whole = (*document.signatures[:3], older)
    assert isinstance(documents.approved(attrs.evolve(document, signatures=whole), POLICY_1, NOW), Approved)
    for wrong in (
        attrs.evolve(last.authority, office="cashier", substitute_for="deputy_in_charge"),
        attrs.evolve(last.authority, office="department_head", substitute_for="deputy_in_charge"),
        attrs.evolve(right, delegation=None),
        attrs.evolve(right, delegation=attrs.evolve(good, until=at)),
        attrs.evolve(right, delegation=attrs.evolve(good, since=at + timedelta(microseconds=1))),
        attrs.evolve(right, delegation=attrs.evolve(good, office="finance_head")),
        attrs.evolve(right, delegation=attrs.evolve(good, delegate="other")),
        attrs.evolve(right, delegation=attrs.evolve(good, holder="gm")),
        attrs.evolve(right, delegation=attrs.evolve(good, units_max=1)),
        attrs.evolve(right, delegation=attrs.evolve(good, currency="JPY")),
    ):
        signer = (
            "aide" if wrong.delegation is not None or wrong == attrs.evolve(right, delegation=None) else last.signer
        )
        forged = (*document.signatures[:3], attrs.evolve(last, signer=signer, authority=wrong))
        assert _steps(attrs.evolve(document, signatures=forged)) == "deputy_in_charge", wrong
