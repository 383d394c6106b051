"""The state machine: people of a small company do whatever they like, and the laws hold after every act.

Rules are guided: they draw what is possible far more often than what is not, and every act is foretold by the
oracle, by a dry run, and then done (`laws`).
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from ..domain.application import Application, Attachment, Payee
from ..domain.approval import Approve, Reject, Return
from ..domain.budget import BudgetPlan, PlanLine
from ..domain.categories import Use
from ..domain.categories.holiday_gift import GiftIssued
from ..domain.categories.sms import SmsSent
from ..domain.money import Money
from ..domain.organisation import Delegation, Holding
from ..domain.payment import Instruction
from .company import EVERYONE, PEOPLE, POLICY
from .laws import LINES, TALLY, CompanyMachine
from .oracle import SHANGHAI, fold
from .strategies import APPLICANTS, PAYEES, UNITS, forms


class SpendingMachine(CompanyMachine):
    """Everything that can happen to applications."""

    @initialize(data=st.data())
    def open(self, data: st.DataObject) -> None:
        """The policy is adopted by two persons, the budget signed by three; some applications are on their way."""
        text = POLICY.replace("2026.1", "2026.01")
        for person in ("cfo", "gm"):
            self.desk.policies.adopt(text, actor=person)
        self.clock.forward(days=16)
        self.basis = Attachment("budget_basis", self.papers.put(b"basis"))
        category = {"gifts": "care_gifts", "gifts.too": "care_gifts", "messages": "communication"}
        lines = tuple(PlanLine(id, category[id], id, Money(units, "CNY")) for id, units in LINES.items())
        id = self.desk.budgeting.file(BudgetPlan("marketing", 2026, lines), actor="mei").id
        self.subjects |= {"policy:2026.01", id}
        for person in ("officer", "cfo", "gm"):
            seen = self.desk.document(id).statement
            self.desk.spending.sign(id, seen=seen, actor=person, verdict=Approve("Fine.", {}))
        self.entries = self._count()
        self._hold()
        for _ in range(data.draw(st.integers(1, 3), label="applications")):
            payee, applicant = data.draw(PAYEES, label="payee"), data.draw(APPLICANTS, label="applicant")
            self.apply(data, data.draw(UNITS, label="units"), payee, applicant)
            for _ in range(data.draw(st.sampled_from((4, 4, 4, 2, 0)), label="signatures")):
                if self._forms("in_review"):
                    self.sign(data)
        for _ in range(data.draw(st.sampled_from((2, 1, 0)), label="payments")):
            if self._forms("approved"):
                self.use(data)
                self.pay(data)

    @rule(data=st.data(), units=UNITS, payee=PAYEES, applicant=APPLICANTS)
    def apply(self, data: st.DataObject, units: int, payee: tuple[str, str], applicant: str) -> None:
        """Someone files an application, on one line or two."""
        person = data.draw(st.sampled_from((None, None, None, "mei", "deputy", "officer")), label="payee's person")
        form, model = self._form(data, units, payee, applicant, person)
        now = self.clock.at
        expected = all(self.oracle.available(line) >= part for line, part in model["shares"].items())
        model["deciding"] = self.oracle.deciding(model, now)
        self.keys += 1
        key, spending = f"form-{self.keys}", self.desk.spending
        act = lambda: spending.apply(form, actor=applicant, key=key)  # noqa: E731  # kept to be done again
        receipt = self._try("apply", expected, act, lambda: self.desk.would.spending.apply(form, actor=applicant))
        if receipt is not None:
            other = attrs.evolve(form, purpose="Something else")
            self.done.append((act, lambda: spending.apply(other, actor=applicant, key=key), receipt))
            self._filed(receipt.id, model, None)

    def _form(
        self, data: st.DataObject, units: int, payee: tuple[str, str], applicant: str, person: str | None
    ) -> tuple[Application, dict[str, Any]]:
        today = (self.clock.at + SHANGHAI).date()
        form = data.draw(forms(units, Payee(*payee, person), today, self.basis), label="form")
        model = {
            "applicant": applicant,
            "person": person,
            "name": payee[0],
            "account": payee[1],
            "type": form.type,
            "shares": {share.line: share.amount.units for share in form.shares},
            "units": form.amount.units,
            "form": form,
            "price": 5 if form.type == "sms" else form.plan.unit_price.units,  # type: ignore[attr-defined]
        }
        return form, model

    def _filed(self, id: str, model: dict[str, Any], previous: dict[str, Any] | None) -> None:
        today = (self.clock.at + SHANGHAI).date()
        self.oracle.limit = max(v for v in self.versions if v[0] <= today)[2]
        chain = self.oracle.chain(model["deciding"])
        fresh = {"status": "in_review", "step": 0, "signed": [], "paid": 0, "used": 0, "rows": 0, "expires": None}
        old = [] if previous is None else [*previous["old"], self.desk.document(id).statement]
        seen = self.desk.document(id).statement
        self.oracle.forms[id] = {
            **model,
            **fresh,
            "at": self.clock.at,
            "chain": chain,
            "spent": {},
            "payments": [],
            "old": [s for s in old if s != seen] if previous is None else [*previous["old"], previous["seen"]],
            "seen": seen,
        }

    @precondition(lambda self: self._forms("in_review"))
    @rule(data=st.data())
    def sign(self, data: st.DataObject) -> None:
        """Someone approves the present step."""
        id, form = self._pick(data, "in_review")
        good = self.oracle.may_sign(form, self.clock.at)
        actor = self._someone(data, good)
        document = self.desk.document(id)
        assert document.step is not None
        verdict = Approve("Fine.", dict.fromkeys(document.step.points, True))
        given: dict[str, Any] = {"seen": document.statement, "actor": actor, "verdict": verdict}
        receipt = self._try(
            "sign",
            actor in good,
            lambda: self.desk.spending.sign(id, **given),
            lambda: self.desk.would.spending.sign(id, **given),
        )
        if receipt is not None:
            self._signed(id, form)
            form["step"] += 1
            if form["step"] == len(form["chain"]):
                form["status"], form["expires"] = "approved", self.clock.at + timedelta(days=180)

    def _signed(self, id: str, form: dict[str, Any]) -> None:
        """The signature names its signer and holder: whoever is in it plays no other part (I5, I6)."""
        signature = self.desk.document(id).signatures[-1]
        people = set(signature.people)
        assert not people & self.oracle.barred(form), "I5, I6: a barred person signed, or was signed for"
        form["signed"] += sorted(people)

    @precondition(lambda self: len(self._forms("in_review")) > 1)
    @rule(data=st.data(), back=st.booleans())
    def turn_back(self, data: st.DataObject, back: bool) -> None:
        """Whoever has the step returns the document, or rejects it."""
        id, form = self._pick(data, "in_review")
        good = self.oracle.may_sign(form, self.clock.at)
        actor, seen = self._someone(data, good), self.desk.document(id).statement
        verdict = Return("Explain.") if back else Reject("No.")
        given: dict[str, Any] = {"seen": seen, "actor": actor, "verdict": verdict}
        receipt = self._try(
            "turn_back",
            actor in good,
            lambda: self.desk.spending.sign(id, **given),
            lambda: self.desk.would.spending.sign(id, **given),
        )
        if receipt is not None:
            form["status"] = "returned" if back else "rejected"

    @precondition(lambda self: any(f["old"] for f in self.oracle.forms.values() if f["status"] == "in_review"))
    @rule(data=st.data())
    def sign_what_was(self, data: st.DataObject) -> None:
        """A signature for what the document said before its revision is refused (I3, I15)."""
        stale = [id for id in self._forms("in_review") if self.oracle.forms[id]["old"]]
        id = data.draw(st.sampled_from(stale), label="document")
        form, document = self.oracle.forms[id], self.desk.document(id)
        assert document.step is not None
        verdict = Approve("Fine.", dict.fromkeys(document.step.points, True))
        actor, seen = self._someone(data, self.oracle.may_sign(form, self.clock.at)), form["old"][-1]
        assert seen != document.statement, "I15: a revision kept its statement"
        self._try(
            "sign_what_was",
            False,
            lambda: self.desk.spending.sign(id, seen=seen, actor=actor, verdict=verdict),
            lambda: self.desk.would.spending.sign(id, seen=seen, actor=actor, verdict=verdict),
        )

    @precondition(lambda self: self._forms("in_review", "returned", "approved"))
    @rule(data=st.data(), units=UNITS, payee=PAYEES)
    def revise(self, data: st.DataObject, units: int, payee: tuple[str, str]) -> None:
        """The applicant, or somebody else, files the document anew."""
        id, old = self._pick(data, "in_review", "returned", "approved")
        actor = self._someone(data, {old["applicant"]})
        form, model = self._form(data, units, payee, old["applicant"], old["person"])
        expected = actor == old["applicant"] and not old["payments"] and not old["rows"]
        expected &= all(self.oracle.available(line, id) >= part for line, part in model["shares"].items())
        model["deciding"] = self.oracle.deciding(model, self.clock.at, id)
        receipt = self._try(
            "revise",
            expected,
            lambda: self.desk.spending.revise(id, form, actor=actor),
            lambda: self.desk.would.spending.revise(id, form, actor=actor),
        )
        if receipt is not None:
            self._filed(id, model, old)

    @precondition(lambda self: len(self._forms("in_review", "returned", "approved")) > 2)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        """The applicant, or somebody else, takes the document back."""
        id, form = self._pick(data, "in_review", "returned", "approved")
        actor = self._someone(data, {form["applicant"]})
        receipt = self._try(
            "withdraw",
            actor == form["applicant"] and form["paid"] == 0,
            lambda: self.desk.spending.withdraw(id, actor=actor),
            lambda: self.desk.would.spending.withdraw(id, actor=actor),
        )
        if receipt is not None:
            form["status"] = "withdrawn"

    @precondition(lambda self: self._forms("approved"))
    @rule(data=st.data())
    def pay(self, data: st.DataObject) -> None:
        """Someone pays a part, the rest, or one unit too much."""
        payable = [id for id in self._forms("approved") if self._left(self.oracle.forms[id]) > 0]
        id = data.draw(st.sampled_from(payable or self._forms("approved")), label="document")
        form = self.oracle.forms[id]
        left = self._left(form)
        units = data.draw(st.sampled_from((1, max(left // 2, 1), max(left, 1), max(left, 0) + 1)), label="units")
        good = {p for p in EVERYONE if self.oracle.may_pay(form, p, self.clock.at)}
        actor, name = self._someone(data, good), fold(form["name"])
        expected = actor in good and units <= left and self.accounts.get(name, form["account"]) == form["account"]
        form_ = form["form"]
        papers = tuple(a.digest for a in form_.attachments)
        instruction = Instruction(Money(units, "CNY"), form_.payee, form_.method, papers)
        self.keys += 1
        key, spending = f"pay-{self.keys}", self.desk.spending
        act = lambda: spending.pay(id, instruction, actor=actor, key=key)  # noqa: E731  # kept to be done again
        receipt = self._try("pay", expected, act, lambda: self.desk.would.spending.pay(id, instruction, actor=actor))
        if receipt is not None:
            more = Instruction(Money(units + 1, "CNY"), form_.payee, form_.method, papers)
            self.done.append((act, lambda: spending.pay(id, more, actor=actor, key=key), receipt))
            self.accounts[name] = form["account"]
            self._paid(id, form, units)

    def _left(self, form: dict[str, Any]) -> int:
        """What may still be paid: up to the approval, for messages up to the use record."""
        most: int = form["used"] if form["type"] == "sms" else form["units"]
        return most - int(form["paid"])

    def _paid(self, id: str, form: dict[str, Any], units: int) -> None:
        payment = self.desk.document(id).payments[-1]
        assert payment.units == units == sum(part for _, part in payment.parts), "I12: parts add up to the payment"
        form["payments"].append([payment.number, units, False])
        form["paid"] += units
        for line, part in payment.parts:
            form["spent"][line] = form["spent"].get(line, 0) + part
            assert 0 <= form["spent"][line] <= form["shares"][line], "I11: a line bears more than its share"

    @precondition(lambda self: any(f["payments"] for f in self.oracle.forms.values()))
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        """A payment bounces: it is undone once."""
        ids = [id for id, f in self.oracle.forms.items() if any(n > 0 for _, n, _ in f["payments"])]
        id = data.draw(st.sampled_from(ids), label="document")
        form = self.oracle.forms[id]
        payment = data.draw(st.sampled_from([p for p in form["payments"] if p[1] > 0]), label="payment")
        good = {p for p in self.oracle.holders["cashier"] if p not in self.oracle.barred(form)}
        actor = self._someone(data, good)
        expected = actor in good and form["status"] == "approved" and not payment[2]
        given: dict[str, Any] = {"actor": actor, "reason": "Bounced."}
        receipt = self._try(
            "reverse",
            expected,
            lambda: self.desk.spending.reverse(id, payment[0], **given),
            lambda: self.desk.would.spending.reverse(id, payment[0], **given),
        )
        if receipt is not None:
            payment[2] = True
            self._paid(id, form, -payment[1])

    @precondition(lambda self: self._forms("approved"))
    @rule(data=st.data())
    def use(self, data: st.DataObject) -> None:
        """The applicant records what was used: within what was approved, or one row too much."""
        id, form = self._pick(data, "approved")
        actor, rows, cost, fits = self._rows(data, form)
        receipt = self._try(
            "use",
            fits,
            lambda: self.desk.spending.record_use(id, rows, actor=actor),
            lambda: self.desk.would.spending.record_use(id, rows, actor=actor),
        )
        if receipt is not None:
            form["used"] += cost
            form["rows"] += len(rows)

    @precondition(lambda self: self._forms("approved"))
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """A paid document ends on its use record; what was not spent goes back."""
        id, form = self._some_paid(data)
        actor, rows, cost, fits = self._rows(data, form)
        receipt = self._try(
            "settle",
            fits and form["paid"] > 0,
            lambda: self.desk.spending.settle(id, rows, actor=actor),
            lambda: self.desk.would.spending.settle(id, rows, actor=actor),
        )
        if receipt is not None:
            form["status"], form["used"] = "settled", form["used"] + cost

    def _some_paid(self, data: st.DataObject) -> tuple[str, dict[str, Any]]:
        """An approved document that something was paid of, where there can be one."""
        paid = [id for id in self._forms("approved") if self.oracle.forms[id]["paid"]]
        if not paid:
            self.pay(data)
            paid = [id for id in self._forms("approved") if self.oracle.forms[id]["paid"]]
        id = data.draw(st.sampled_from(paid or self._forms("approved")), label="document")
        return id, self.oracle.forms[id]

    def _rows(self, data: st.DataObject, form: dict[str, Any]) -> tuple[str, tuple[Use, ...], int, bool]:
        """Who records which rows, what they cost, and whether that fits."""
        actor = self._someone(data, {form["applicant"]})
        most = min(max((form["units"] - form["used"]) // form["price"], 0), 40)
        count = data.draw(st.sampled_from((1, max(most, 1), most + 1)), label="count")
        rows: tuple[Use, ...] = (GiftIssued(date(2026, 2, 3), "C1", count),)
        if form["type"] == "sms":
            rows = tuple(SmsSent(date(2026, 2, 3), f"C{self.entries}-{i}") for i in range(count))
        cost = count * form["price"]
        return actor, rows, cost, form["used"] + cost <= form["units"] and actor == form["applicant"]

    @precondition(lambda self: self._forms("approved"))
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        """A partly paid document ends: what is left goes back."""
        id, form = self._some_paid(data)
        officers = set(self.oracle.holders["finance_officer"])
        actor = self._someone(data, {form["applicant"], *officers})
        receipt = self._try(
            "close",
            form["paid"] > 0 and (actor == form["applicant"] or actor in officers),
            lambda: self.desk.spending.close(id, actor=actor, reason="Enough."),
            lambda: self.desk.would.spending.close(id, actor=actor, reason="Enough."),
        )
        if receipt is not None:
            form["status"] = "closed"

    @precondition(lambda self: self.accounts)
    @rule(data=st.data(), account=st.sampled_from(("6222 1", "6222 2", "6222 3")))
    def confirm_account(self, data: st.DataObject, account: str) -> None:
        """A finance officer stands for a payee's account."""
        name = data.draw(st.sampled_from(sorted(self.accounts)), label="payee")
        good = set(self.oracle.holders["finance_officer"])
        actor = self._someone(data, good)
        given: dict[str, Any] = {"actor": actor, "reason": "Called them."}
        receipt = self._try(
            "confirm_account",
            actor in good,
            lambda: self.desk.spending.confirm_account(name, account, **given),
            lambda: self.desk.would.spending.confirm_account(name, account, **given),
        )
        if receipt is not None:
            self.accounts[name] = account

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """The same key with the same request gives the same receipt and does nothing; with another, an error (I20)."""
        act, other, receipt = data.draw(st.sampled_from(self.done), label="act")
        before = self._state()
        assert act() == receipt
        try:
            other()
        except ValueError:
            pass
        else:
            raise AssertionError("I20: a key served two requests")
        assert self._state() == before, "I20: a repeated act left a trace"
        TALLY.setdefault("again", Counter()).update(("tried", "accepted"))

    @precondition(lambda self: self._forms("approved") and self.clock.at.month < 5)
    @rule(data=st.data(), early=st.booleans())
    def run_out(self, data: st.DataObject, early: bool) -> None:
        """Time passes until an approval runs out, or a microsecond less."""
        _, form = self._pick(data, "approved")
        self.clock.at = form["expires"] - timedelta(microseconds=early)
        if data.draw(st.booleans(), label="swept?"):
            self._tend(False)

    @precondition(lambda self: self.clock.at.month < 8)
    @rule(days=st.sampled_from((0, 1, 29, 31)), down=st.booleans())
    def wait(self, days: int, down: bool) -> None:
        """Time passes; the desk is tended, with or without a channel."""
        self.clock.forward(days=days, minutes=7)
        self._tend(down)

    def _tend(self, down: bool) -> None:
        self.post.down = down
        swept = self.desk.tick(9999)
        for form in self.oracle.forms.values():
            if form["status"] == "approved" and self.clock.at >= form["expires"]:
                form["status"] = "closed" if form["paid"] else "expired"
                self.entries += 1
                TALLY.setdefault("expire", Counter()).update(("tried", "accepted"))
        self.entries += 1 if swept.sealed else 0
        assert self._count() == self.entries, "A3.4: exactly what ran out was expired"

    @rule(data=st.data(), days=st.integers(0, 30), limit=st.sampled_from((None, 2000000)))
    def delegate(self, data: st.DataObject, days: int, limit: int | None) -> None:
        """A holder lets another sign for a while, up to an amount."""
        holding = data.draw(st.sampled_from([h for h in PEOPLE if h.office != "cashier"]), label="holding")
        person = data.draw(st.sampled_from(EVERYONE), label="delegate")
        since, until = self.clock.at, self.clock.at + timedelta(days=days)
        made = Delegation(holding.person, person, holding.office, since, until, "Leave", limit)
        self.people.delegations = (*self.people.delegations[-2:], made)
        self.oracle.delegations = [{**attrs.asdict(d), "max": d.units_max} for d in self.people.delegations]

    @rule(new=st.booleans())
    def reorganise(self, new: bool) -> None:
        """The department gets another head; what was signed stays signed."""
        head = Holding("department_head", "new.head" if new else "head", "marketing")
        self.people.holdings = (head, *PEOPLE[1:])
        self._hold()

    @precondition(lambda self: len(self.versions) < 3)
    @rule(limit=st.sampled_from((1000000, 5000000, 9000000)))
    def adopt(self, limit: int) -> None:
        """Two persons adopt a policy with another limit, in force from tomorrow (I28: rounds keep theirs)."""
        tomorrow, version = (self.clock.at + SHANGHAI).date() + timedelta(days=1), f"2026.{len(self.versions) + 1:02d}"
        text = POLICY.replace("2026.1", version).replace("2026-01-01", tomorrow.isoformat())
        text = text.replace("50000.00", f"{limit // 100}.00")
        for person in ("cfo", "gm"):
            self._try(
                "adopt",
                True,
                lambda person=person: self.desk.policies.adopt(text, actor=person),  # type: ignore[misc]
                lambda person=person: self.desk.would.policies.adopt(text, actor=person),  # type: ignore[misc]
            )
        self.versions.append((tomorrow, version, limit))
