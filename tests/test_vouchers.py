"""Vouchers: told apart whatever way they are written, taken once, checked, look-alikes confirmed (R2.1, R2.2)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from functools import partial
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expense_adapters.local import FixedDirectory, FixedGenuineness
from expense_adapters.memory import MemoryRepository
from expense_policy.domain.application import Payee
from expense_policy.domain.approval import Return
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.claim import Claim
from expense_policy.domain.money import Money
from expense_policy.domain.organisation import Holding
from expense_policy.domain.refusals import Code, Refused
from expense_policy.domain.vocabulary import Space
from expense_policy.domain.voucher import Voucher, VoucherKind, VoucherRow, VoucherVerdict, check
from expense_policy.policy_file import load_policy
from expense_policy.ports.errors import RepositoryUnavailable
from expense_policy.ports.repository import Look, Repository
from expense_policy.services.desk import Desk
from expense_policy.services.spending import ToApply
from expense_policy.services.verification import verify

from .claims import alone, approved, claim, codes, filed, pay, signed, voucher
from .world import PEOPLE, POLICY, World, cny

RULES = load_policy(POLICY)
TODAY = date(2026, 1, 5)
_NOISE = st.sampled_from([" ", "-", ".", "/", "_", "（", "·", "\u0332", "\u0640", "\u0301"])
# As confusables.txt of Unicode TS 39 has it.
_LOOKS = {
    "0": ["O", "o", "〇", "օ", "σ", "໐"],
    "1": ["l", "I", "|", "ǀ", "ı"],
    "3": ["З", "Ʒ"],
    "6": ["б"],
    "a": ["а"],
    "c": ["с"],
    "p": ["р"],
}


def taken(world: World, each: Voucher) -> str | None:
    """Who has a voucher."""
    key = (Space.VOUCHER, each.key)
    return world.desk.env.repository.look(Look(taken=(key,))).taken.get(key)


@st.composite
def written_otherwise(draw: st.DrawFn, text: str) -> str:
    """The same text in another hand: width, case, spaces, punctuation, look-alike characters."""
    found = []
    for char in text:
        ways = [char, char.upper(), char.lower()]
        ways += [chr(ord(char) + 0xFEE0)] if "!" <= char <= "~" else []
        ways += _LOOKS.get(char.lower(), [])
        found.append(draw(st.sampled_from(ways)) + draw(st.one_of(st.just(""), _NOISE)))
    return "".join(found)


@pytest.mark.clause("R2.2")
@given(st.data())
def test_a_voucher_is_one_however_it_is_written(data: st.DataObject) -> None:
    """Noise on number, code and issuer changes no key, and what is another voucher has another one (I27)."""
    kind = data.draw(st.sampled_from(VoucherKind))
    number = data.draw(st.text("0123456789ACP", min_size=1, max_size=20))
    plain = voucher(kind=kind, number=number, issuer="Cafe Paco 10")
    other = attrs.evolve(
        plain,
        number=data.draw(written_otherwise(plain.number)),
        code=data.draw(written_otherwise(plain.code)),
        issuer=data.draw(written_otherwise(plain.issuer)),
    )
    assert plain.keys == other.keys
    for changed in (attrs.evolve(plain, number=f"{number}7"), attrs.evolve(plain, number=f"7{number}")):
        assert changed.key != plain.key


@pytest.mark.clause("R2.2")
@given(st.data())
def test_a_voucher_is_one_whatever_it_is_said_to_be(data: st.DataObject) -> None:
    """An invoice named as one of another kind, its code left out, put before its number or invented, is the same."""
    digits = st.text("0123456789", min_size=8, max_size=8)
    number, code = data.draw(digits), data.draw(st.from_regex("[1-9]([0-9]{9}|[0-9]{11})", fullmatch=True))
    paper, of = voucher(number=number, code=code), st.sampled_from(VoucherKind)
    digital = voucher(kind=VoucherKind.DIGITAL_INVOICE, number=f"{code:0>12}{number}", code="")
    for written in (code, f"{code:0>12}", "", "044002600112"):
        other = attrs.evolve(paper, kind=data.draw(of), code=written)
        assert {*other.keys} & {*paper.keys}, written
    for before, after in (("", f"{code}{number}"), (code, number)):
        other = attrs.evolve(digital, kind=data.draw(of), code=before, number=after, issuer="Somebody else")
        assert other.key == digital.key == paper.key
    # What another one issued under that number, with another code or without one, is another voucher.
    for written in ("", "044002600112"):
        assert not {*attrs.evolve(paper, code=written, issuer="Coffee House").keys} & {*paper.keys}


@pytest.mark.clause("R2.2")
def test_ten_thousand_vouchers_have_ten_thousand_keys() -> None:
    """Numbers that differ are never taken for one, whatever kind they are of (I27)."""
    numbers = [f"{n:08d}" for n in range(1, 10_001)]
    paper = {voucher(number=n).key for n in numbers}
    digital = {voucher(kind=VoucherKind.DIGITAL_INVOICE, number=f"264420000000{n}", code="").key for n in numbers}
    assert len(paper) == len(digital) == len(paper | digital) - len(numbers) == len(numbers)
    kind = VoucherKind.RECEIPT
    receipts = {voucher(kind=kind, code="", number=n, issuer=i).key for n in numbers[:100] for i in ("A", "B")}
    assert len(receipts) == 200


@pytest.mark.clause("R2.2")
def test_identity_follows_the_kind() -> None:
    """An invoice is one whoever is said to have issued it; a receipt or contract is its issuer's."""
    kind = VoucherKind
    for one, same in (
        (voucher(), True),
        (voucher(kind=kind.DIGITAL_INVOICE, code="", number="26442000000012345678"), True),
        (voucher(kind=kind.RECEIPT, code=""), False),
        (voucher(kind=kind.CONTRACT, code=""), False),
    ):
        assert (attrs.evolve(one, issuer="Coffee House").key == one.key) is same
    # Arabic-Indic digits, and a code that is written with more zeros.
    assert voucher(number="٠٠١٢٣٤٥٦", code="1100261140").key == voucher(number="00123456", code="001100261140").key
    assert voucher(kind=kind.RECEIPT, number="007").key != voucher(kind=kind.RECEIPT, number="7").key


@pytest.mark.clause("R2.1")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": " "}, Code.VOUCHER_UNFIT),
        ({"code": ""}, Code.VOUCHER_UNFIT),
        ({"code": "1"}, Code.VOUCHER_UNFIT),
        ({"code": "04400260011"}, Code.VOUCHER_UNFIT),
        ({"code": "04400260011A"}, Code.VOUCHER_UNFIT),
        ({"number": "1234567"}, Code.VOUCHER_UNFIT),
        ({"number": "123456789"}, Code.VOUCHER_UNFIT),
        ({"number": "1234567X"}, Code.VOUCHER_UNFIT),
        ({"number": "26442000000012345678"}, Code.VOUCHER_UNFIT),
        ({"issuer": ""}, Code.VOUCHER_UNFIT),
        ({"buyer": ""}, Code.VOUCHER_UNFIT),
        ({"kind": VoucherKind.DIGITAL_INVOICE, "code": ""}, Code.VOUCHER_UNFIT),
        ({"kind": VoucherKind.DIGITAL_INVOICE, "number": "26442000000012345678"}, Code.VOUCHER_UNFIT),
        ({"kind": VoucherKind.DIGITAL_INVOICE, "code": "", "number": "2644200000001234567"}, Code.VOUCHER_UNFIT),
        ({"kind": VoucherKind.RECEIPT, "number": ""}, Code.VOUCHER_UNFIT),
        ({"kind": VoucherKind.CONTRACT, "buyer": " "}, Code.VOUCHER_UNFIT),
        ({"buyer": "Qinghe Trade"}, Code.VOUCHER_BUYER_DIFFERS),
        ({"on": date(2026, 1, 6)}, Code.VOUCHER_OUT_OF_TIME),
        ({"on": date(2025, 1, 4)}, Code.VOUCHER_OUT_OF_TIME),
        ({"tax": cny("0.01")}, Code.VOUCHER_SUM_DIFFERS),
        ({"total": Money.of("100.00", "USD")}, Code.VOUCHER_CURRENCY),
    ],
)
def test_what_is_wrong_with_a_voucher(changes: dict[str, Any], code: Code) -> None:
    """Each rule of R2.1 has a refusal of its own, with the figures in it."""
    (found,) = check((attrs.evolve(voucher(), **changes),), RULES, TODAY)
    assert found.code is code
    for lang in ("en", "zh"):
        assert "{" not in found.text(lang) + found.remedy(lang)


@pytest.mark.clause("R2.1", "R2.2")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"on": TODAY - timedelta(days=365)},
        {"buyer": "ＱＩＮＧＨＥ trading"},
        {"buyer": "Qinghe Trading Co., Ltd."},
        {"code": "04400 26001", "number": "００12-3456"},
        {"kind": VoucherKind.DIGITAL_INVOICE, "code": "", "number": "2644 2000 0000 1234 5678"},
        {"kind": VoucherKind.RECEIPT, "code": "", "buyer": ""},
        {"kind": VoucherKind.CONTRACT, "code": ""},
        {"amount": cny("94.34"), "tax": cny("5.66")},
    ],
)
def test_what_is_right_with_a_voucher(changes: dict[str, Any]) -> None:
    """At its limits a voucher is taken: the oldest day, today, the company's other names, no buyer on a receipt."""
    assert check((attrs.evolve(voucher(), **changes),), RULES, TODAY) == []


@pytest.mark.clause("R2.1")
def test_a_claim_is_no_more_than_its_vouchers(world: World) -> None:
    """The amount claimed is at most what the vouchers come to; what stands in the form twice is refused."""
    application = approved(world)
    few = claim(application, "100.01", vouchers=(voucher("60.00"), voucher("40.00")))
    assert codes(lambda: filed(world, few)) == {Code.CLAIM_EXCEEDS_VOUCHERS}
    twice = voucher("60.00")
    form = claim(application, "100.00", vouchers=(twice, attrs.evolve(twice, number=f" {twice.number}")))
    assert codes(lambda: filed(world, form)) == {Code.VOUCHER_TWICE}
    contract = attrs.evolve(twice, kind=VoucherKind.CONTRACT, code="")
    assert codes(lambda: filed(world, attrs.evolve(form, vouchers=(contract, twice)))) >= {Code.VOUCHER_TWICE}
    filed(world, claim(application, "100.00", vouchers=(voucher("60.00"), voucher("40.00"))))


@pytest.mark.clause("R2.2", "A2.1")
def test_a_voucher_stands_in_one_document(world: World) -> None:
    """A voucher that a claim has is refused in another one and in an application, by anyone, however it is written."""
    application, mine = approved(world), voucher("100.00")
    id = filed(world, claim(application, "100.00", vouchers=(mine,))).id
    again = attrs.evolve(mine, number=f" {mine.number[:4]}-{mine.number[4:]}", issuer="TEA-HOUSE")
    forms = (claim(application, "100.00", vouchers=(again,)), alone(world, vouchers=(again,)))
    for form in forms:
        with pytest.raises(Refused) as refused:
            filed(world, form, "mei")
        (found,) = refused.value.refusals
        assert (found.code, dict(found.facts)["document"]) == (Code.VOUCHER_TAKEN, id)
    receipt = attrs.evolve(mine, kind=VoucherKind.RECEIPT, code="", buyer="")
    for other in (again, receipt):
        assert codes(partial(world.apply, world.gift("100.00", vouchers=(other,)))) == {Code.VOUCHER_TAKEN}
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("A2.1")
def test_an_application_brings_vouchers_too(world: World) -> None:
    """On applications vouchers are checked as on claims, taken, and compared before payment."""
    form = world.gift("100.00", vouchers=(voucher("100.00", buyer="Somebody"),))
    assert codes(lambda: world.apply(form)) == {Code.VOUCHER_BUYER_DIFFERS}
    good = world.gift("100.00", vouchers=(voucher("100.00"),))
    receipt = world.apply(good)
    assert receipt.marks == ("customers_stated", "vouchers_stated")
    assert taken(world, good.vouchers[0]) == receipt.id
    world.sign_all(receipt.id)
    assert codes(lambda: world.pay(receipt.id, good)) == {Code.PAYMENT_DIFFERS}


@pytest.mark.clause("R2.2")
def test_what_a_revision_names_is_what_it_has(world: World) -> None:
    """A revision takes what is new and gives back what it no longer names; a return keeps what the form has."""
    application, (a, b, c) = approved(world), [voucher("100.00", on=date(2025, 12, n)) for n in (1, 10, 20)]
    form = claim(application, "100.00", vouchers=(a, b))
    id = filed(world, form).id
    seen = world.desk.document(id).statement
    world.desk.spending.sign(id, seen=seen, actor="head.mkt", verdict=Return("Which one?"))
    assert [taken(world, each) for each in (a, b, c)] == [id, id, None]
    world.desk.spending.revise(id, attrs.evolve(form, vouchers=(b, c)), actor="li.na")
    assert [taken(world, each) for each in (a, b, c)] == [None, id, id]
    rows = [fact for _, facts in world.desk.written(id) for fact in facts if isinstance(fact, VoucherRow)]
    assert sorted((row.round, row.number, row.voucher.key) for row in rows) == sorted(
        [(1, 1, a.key), (1, 2, b.key), (2, 1, b.key), (2, 2, c.key)]
    )
    filed(world, claim(application, "100.00", vouchers=(a,)))
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("R2.2")
def test_what_was_reimbursed_is_never_free_again(world: World) -> None:
    """After payment a voucher is taken for good: whether its claim was settled, closed, or the money came back."""
    application = approved(world)
    for way in ("settle", "close"):
        mine = voucher("100.00")
        document = signed(world, claim(application, "100.00", vouchers=(mine,)))
        pay(world, document, "100.00" if way == "settle" else "40.00")
        if way == "settle":
            world.desk.spending.settle(document.id, actor="li.na")
            world.desk.spending.reverse(document.id, 1, actor="cashier", reason="Bounced.")
        else:
            world.desk.spending.close(document.id, actor="li.na", reason="Enough.")
        assert taken(world, mine) == document.id
        form = claim(application, "100.00", vouchers=(mine,))
        assert codes(partial(filed, world, form)) == {Code.VOUCHER_TAKEN}


@pytest.mark.clause("R2.2")
def test_what_was_given_back_is_free(world: World) -> None:
    """A withdrawn, rejected or expired claim sets its vouchers free, and they are handed in anew without a word."""
    application, mine = approved(world), voucher("100.00")
    first = filed(world, claim(application, "100.00", vouchers=(mine,))).id
    world.desk.spending.withdraw(first, actor="li.na")
    assert taken(world, mine) is None
    other = attrs.evolve(mine, number="77777777")
    # What looks like one that nobody has any more looks like none.
    before = world.desk.document(first).content
    assert isinstance(before, Claim)
    filed(world, claim(application, "100.00", vouchers=(other,), payee=before.payee))
    document = signed(world, claim(application, "100.00", vouchers=(mine,)))
    world.clock.at = datetime(2026, 8, 1, tzinfo=timezone.utc)
    world.desk.tick()
    assert world.desk.document(document.id).status.value == "expired"
    assert taken(world, mine) is None
    assert verify(world.desk.env.repository).breaks == ()


PAYEE = Payee("Li Na", "6217", "li.na")


@pytest.mark.clause("R2.2")
@pytest.mark.parametrize(("days", "total", "payee", "alike"), [
    (0, "100.00", ("Li Na", "6217", "li.na"), True),
    (3, "100.00", ("LI-NA", "6218", None), True),
    (-3, "100.00", ("Li Na (2)", "62 17", None), True),
    (3, "100.00", ("L. Na", "6218", "li.na"), True),
    (4, "100.00", ("Li Na", "6217", "li.na"), False),
    (-4, "100.00", ("Li Na", "6217", "li.na"), False),
    (0, "100.01", ("Li Na", "6217", "li.na"), False),
    (0, "100.00", ("Li Nan", "6218", "mei"), False),
    (0, "100.00", ("Li Nan", "6218", None), False),
])  # fmt: skip
def test_look_alikes_need_a_name(
    world: World, days: int, total: str, payee: tuple[str, str, str | None], alike: bool
) -> None:
    """Another voucher of the total, within three days, of one payee by account, name or person needs a confirmation."""
    world.on(date(2026, 1, 15))
    name = payee[0]
    application, day = approved(world), date(2026, 1, 8)
    first = filed(world, claim(application, "100.00", payee=PAYEE, vouchers=(voucher("100.00", on=day),))).id
    other = voucher(total, on=day + timedelta(days=days))
    form = claim(application, "50.00", payee=Payee(*payee), vouchers=(other,))
    if not alike:
        filed(world, form)
        return
    with pytest.raises(Refused) as refused:
        filed(world, form)
    (found,) = refused.value.refusals
    facts = dict(found.facts)
    assert (found.code, facts["document"], facts["on"]) == (Code.VOUCHER_LOOKS_ALIKE, first, other.on.isoformat())
    confirm = world.desk.spending.confirm_voucher
    assert codes(lambda: confirm(other, name, actor="li.na", reason="Two.")) == {Code.OFFICE_NOT_HELD}
    assert codes(lambda: confirm(other, name, actor="officer", reason=" ")) == {Code.REASON_MISSING}
    # Of another payee, or another total, nothing is confirmed by it.
    confirm(other, "Somebody", actor="officer", reason="Two boxes.")
    assert codes(lambda: filed(world, form)) == {Code.VOUCHER_LOOKS_ALIKE}
    receipt = confirm(other, name, actor="officer", reason="Two boxes, two days.")
    assert (receipt.id, receipt.act) == (f"voucher:{other.key}", "confirm_voucher")
    (entry, *_) = [each for each in world.desk.history(receipt.id) if each.reason == "Two boxes, two days."]
    assert entry.actor == "officer"
    filed(world, form)
    confirm(other, name, actor="officer", reason="Once more.")
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("R2.2", "A3.2")
def test_nobody_confirms_his_own(repository: Repository) -> None:
    """A confirmation by applicant or payee lets nothing pass, and keeps nobody else from confirming."""
    officers = [Holding("finance_officer", name) for name in ("second", "third", "fourth")]
    world = World.with_budget(repository, (*PEOPLE, *officers))
    application, payee = approved(world), Payee("Second", "6217", "second")
    forms = [claim(application, "100.00", payee=payee) for _ in range(3)]
    filed(world, forms[0], "officer")
    for form in forms[1:]:
        confirm = partial(world.desk.spending.confirm_voucher, form.vouchers[0], "Second", reason="They are two.")
        for own in ("officer", "second", "officer"):
            confirm(actor=own)
            assert codes(partial(filed, world, form, "officer")) == {Code.VOUCHER_LOOKS_ALIKE}
        confirm(actor="third")
        confirm(actor="fourth")
        filed(world, form, "officer")
    assert verify(repository).breaks == ()


@pytest.mark.clause("R2.2")
def test_a_confirmation_names_a_payee() -> None:
    """A blank payee is the caller's mistake."""
    spending = World.with_budget(MemoryRepository()).desk.spending
    for name in ("", " "):
        with pytest.raises(ValueError, match="payee is blank"):
            spending.confirm_voucher(voucher(), name, actor="officer", reason="Two.")


@pytest.mark.clause("R2.2")
def test_look_alikes_in_one_form(world: World) -> None:
    """Two of one total within three days of each other in one form are confirmed as well."""
    pair = (voucher("100.00"), voucher("100.00"))
    form = claim(approved(world), "200.00", vouchers=pair)
    with pytest.raises(Refused) as refused:
        filed(world, form)
    (found,) = refused.value.refusals
    assert dict(found.facts)["document"] == "this form"
    assert dict(found.facts)["voucher"] == pair[1].number
    world.desk.spending.confirm_voucher(pair[1], form.payee.name, actor="officer", reason="Two taxis.")
    filed(world, form)


@pytest.mark.clause("R2.2", "A2.1")
def test_look_alikes_are_found_in_bulk(world: World) -> None:
    """Many applications in one call find look-alikes and taken vouchers as one after the other does."""
    mine = voucher("100.00")
    payee = world.gift().payee
    forms = [
        world.gift("100.00", vouchers=(mine,), payee=payee),
        world.gift("100.00", vouchers=(voucher("100.00"),), payee=payee),
        world.gift("100.00", vouchers=(mine,)),
        world.gift("100.00", vouchers=(voucher("100.00"),)),
    ]
    done = world.desk.spending.apply_many([ToApply(f, f"bulk-{n}") for n, f in enumerate(forms)], actor="li.na")
    told = [getattr(getattr(each, "error", None), "refusals", ()) for each in done]
    assert [[r.code for r in each] for each in told] == [[], [Code.VOUCHER_LOOKS_ALIKE], [Code.VOUCHER_TAKEN], []]


class Office:
    """Somebody who can tell, and counts how often he is asked."""

    def __init__(self, inner: FixedGenuineness) -> None:
        self.inner, self.asked, self.down = inner, 0, False

    def check(self, vouchers: Sequence[Voucher]) -> Mapping[str, VoucherVerdict]:
        """What the inner one says."""
        self.asked += 1
        if self.down:
            raise RepositoryUnavailable("nobody answers", outcome_known=True)
        return self.inner.check(vouchers)


def with_office(world: World, office: Office) -> World:
    """The same company, with somebody to ask."""
    env = world.desk.env
    assert isinstance(env.directory, FixedDirectory)
    desk = Desk.open(
        repository=env.repository,
        directory=env.directory,
        notifier=world.notices,
        evidence=world.evidence,
        clock=world.clock,
        genuineness=office,
    )
    return attrs.evolve(world, desk=desk)


@pytest.mark.clause("A2.1", "R2.1")
def test_what_is_forged_is_refused(world: World) -> None:
    """Who can tell is asked once a submission: forged and void are refused, genuine is kept, the rest is stated."""
    application = approved(world)
    good, void, odd = voucher("30.00"), voucher("20.00"), voucher("10.00")
    forged = attrs.evolve(good, amount=cny("90.00"), total=cny("90.00"))
    office = Office(FixedGenuineness((good,), (void,)))
    at = with_office(world, office)
    for bad, verdict in ((forged, "forged"), (void, "void")):
        with pytest.raises(Refused) as refused:
            filed(at, claim(application, "10.00", vouchers=(bad,)))
        (found,) = refused.value.refusals
        assert (found.code, dict(found.facts)["verdict"]) == (Code.VOUCHER_NOT_GENUINE, verdict)
    office.asked = 0
    receipt = filed(at, claim(application, "30.00", vouchers=(good,)))
    assert (receipt.marks, office.asked) == (("voucher_genuine",), 1)
    (entry,) = at.desk.history(receipt.id)
    assert ("mark", receipt.id, "voucher_genuine", good.key) in entry.rows
    assert filed(at, claim(application, "10.00", vouchers=(odd,))).marks == ("vouchers_stated",)
    office.down = True
    with pytest.raises(RepositoryUnavailable):
        filed(at, claim(application, "10.00"))
    assert verify(world.desk.env.repository).breaks == ()


@pytest.mark.clause("A2.1")
@pytest.mark.parametrize("elsewhere", [False, True])
def test_an_officer_says_that_a_voucher_is_genuine(elsewhere: bool) -> None:
    """What nobody checked needs a step of the finance officer that finds on invoices; another's is no statement."""
    world = World.open(MemoryRepository())
    text = POLICY.replace('"budget", "invoices"]', '"budget"]')
    if elsewhere:
        text = text.replace('["necessity", "reasonableness", "budget"]', '["necessity", "reasonableness", "invoices"]')
    assert ('"invoices"' in text) is elsewhere
    for actor in ("cfo", "gm"):
        world.desk.policies.adopt(text, actor=actor)
    world.on(TODAY)
    plan = BudgetPlan("marketing", 2026, (PlanLine("mkt-gifts", "care_gifts", "Gifts", cny("1000.00")),))
    world.sign_all(world.desk.budgeting.file(plan, actor="mei").id)
    form = world.gift("100.00", vouchers=(voucher("100.00"),))
    assert codes(lambda: world.apply(form)) == {Code.INVOICES_UNCHECKED}
    world.apply(attrs.evolve(form, vouchers=()))
    at = with_office(world, Office(FixedGenuineness(form.vouchers)))
    assert at.apply(form).marks == ("customers_stated", "voucher_genuine")


def test_folding_is_a_normal_form() -> None:
    """Every printable character of a number folds to what another hand of it folds to."""
    for char in map(chr, range(0x21, 0x7F)):
        wide = chr(ord(char) + 0xFEE0)
        assert unicodedata.normalize("NFKC", wide) == char
        assert voucher(number=f"7{char}7").key == voucher(number=f"7{wide}7").key
