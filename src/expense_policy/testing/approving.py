"""The half of the machine that asks and signs: applications, signatures, revisions, and the people behind them."""

from datetime import timedelta
from functools import partial
from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ..domain.application import Application, Payee
from ..domain.approval import Approve, Reject, Return
from ..domain.categories.holiday_gift import HolidayGift
from ..domain.organisation import Delegation, Holding
from .company import EVERYONE, PEOPLE, POLICY
from .laws import CompanyMachine
from .oracle import day_of
from .strategies import APPLICANTS, PAYEES, UNITS, forms

_DELEGABLE = [holding for holding in PEOPLE if holding.office != "cashier"]


class ApprovingMachine(CompanyMachine):
    """What can happen to applications until they are paid, and to offices, delegations and the policy."""

    @rule(data=st.data(), units=UNITS, payee=PAYEES, applicant=APPLICANTS)
    def apply(self, data: st.DataObject, units: int, payee: Payee, applicant: str) -> None:
        """Someone files an application, on one line or two."""
        person = data.draw(st.sampled_from((None, None, None, "mei", "deputy", "officer")), label="payee's person")
        form, model = self._form(data, units, payee, applicant, person)
        now = self.clock.at
        expected = all(self.oracle.available(line) >= part for line, part in model["shares"].items())
        model["deciding"] = self.oracle.deciding(model, now)
        self.keys += 1
        key, spending = f"form-{self.keys}", self.desk.spending
        act = partial(spending.apply, form, actor=applicant, key=key)
        receipt = self._try("apply", expected, act, lambda: self.desk.would.spending.apply(form, actor=applicant))
        if receipt is not None:
            other = attrs.evolve(form, purpose="Something else")
            self.done.append((act, partial(spending.apply, other, actor=applicant, key=key), receipt))
            self._filed(receipt.id, model, None)

    def _form(
        self, data: st.DataObject, units: int, payee: Payee, applicant: str, person: str | None
    ) -> tuple[Application, dict[str, Any]]:
        today = day_of(self.clock.at)
        form = data.draw(forms(units, attrs.evolve(payee, person=person), today, self.basis), label="form")
        model = {
            "applicant": applicant,
            "person": person,
            "name": payee.name,
            "account": payee.account,
            "type": form.type,
            "shares": {share.line: share.amount.units for share in form.shares},
            "units": form.amount.units,
            "form": form,
            "price": form.plan.unit_price.units if isinstance(form.plan, HolidayGift) else 5,
        }
        return form, model

    def _filed(self, id: str, model: dict[str, Any], previous: dict[str, Any] | None) -> None:
        today = day_of(self.clock.at)
        self.oracle.limit = max(v for v in self.versions if v[0] <= today)[2]
        chain = self.oracle.chain(model["deciding"])
        fresh = {
            "status": "in_review",
            "step": 0,
            "signed": [],
            "paid": 0,
            "used": 0,
            "rows": 0,
            "expires": None,
            "due": None,
        }
        old = [] if previous is None else [*previous["old"], self.desk.document(id).statement]
        seen = self.desk.document(id).statement
        self.oracle.forms[id] = {
            **model,
            **fresh,
            "at": self.clock.at,
            "chain": chain,
            "spent": {},
            "payments": [],
            "parts": [],
            "before": [] if previous is None else [*previous["before"], *previous["parts"]],
            "old": [s for s in old if s != seen] if previous is None else [*previous["old"], previous["seen"]],
            "seen": seen,
        }

    @precondition(lambda self: self._forms("in_review"))
    @rule(data=st.data())
    def sign(self, data: st.DataObject) -> None:
        """Someone approves the present step."""
        self._approve(data, self._pick(data, "in_review")[0], surely=False)

    def _approve(self, data: st.DataObject, id: str, *, surely: bool) -> None:
        form = self.oracle.forms[id]
        delegate = self._let_sign(data, form) if data.draw(st.integers(0, 3), label="by delegate?") == 3 else ""
        good = self.oracle.may_sign(form, self.clock.at)
        if delegate in good or (delegate and not surely):
            actor = delegate
        elif surely and good:
            actor = data.draw(st.sampled_from(sorted(good)), label="actor")
        else:
            actor = self._someone(data, good, self._signers(form))
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
                form["approved"] = day_of(self.clock.at)

    def _let_sign(self, data: st.DataObject, form: dict[str, Any]) -> str:
        """Someone who may take the present step, where there is one, lets somebody else sign for him today."""
        office, free = self.oracle.takers(form)
        delegate: str = data.draw(st.sampled_from(EVERYONE), label="delegate")
        # Now and then of an office that does not take the step.
        given = data.draw(st.sampled_from((office, office, office, _DELEGABLE[0].office)), label="office")
        if free:
            self._delegated(data.draw(st.sampled_from(free), label="holder"), delegate, given, 1, None)
        return delegate

    def _signed(self, id: str, form: dict[str, Any]) -> None:
        """The signature names its signer and holder: whoever is in it plays no other part (I5, I6)."""
        signature = self.desk.document(id).signatures[-1]
        people = set(signature.people)
        office = form["chain"][form["step"]]
        assert not people & self.oracle.barred(form, office), "I5, I6: a barred person signed, or was signed for"
        form["signed"] += sorted(people)
        form["parts"] += [(person, office) for person in sorted(people)]

    @precondition(lambda self: len(self._forms("in_review")) > 1)
    @rule(data=st.data(), back=st.booleans())
    def turn_back(self, data: st.DataObject, back: bool) -> None:
        """Whoever has the step returns the document, or rejects it."""
        id, form = self._pick(data, "in_review")
        good = self.oracle.may_sign(form, self.clock.at)
        actor, seen = self._someone(data, good, self._signers(form)), self.desk.document(id).statement
        verdict = Return("Explain.") if back else Reject("No.")
        given: dict[str, Any] = {"seen": seen, "actor": actor, "verdict": verdict}
        receipt = self._try(
            "turn_back",
            actor in good,
            lambda: self.desk.spending.sign(id, **given),
            lambda: self.desk.would.spending.sign(id, **given),
        )
        if receipt is not None:
            self._signed(id, form)
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
    def revise(self, data: st.DataObject, units: int, payee: Payee) -> None:
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

    @rule(data=st.data(), days=st.integers(0, 30), limit=st.sampled_from((None, 2000000)))
    def delegate(self, data: st.DataObject, days: int, limit: int | None) -> None:
        """A holder lets another sign for a while, up to an amount."""
        holding, other = data.draw(st.tuples(*[st.sampled_from(_DELEGABLE)] * 2), label="holdings")
        person = data.draw(st.sampled_from(EVERYONE), label="delegate")
        # Now and then of an office that is not his to delegate.
        office = data.draw(st.sampled_from((holding, holding, other)), label="office").office
        self._delegated(holding.person, person, office, days, limit)

    def _delegated(self, holder: str, delegate: str, office: str, days: int, limit: int | None) -> None:
        since, until = self.clock.at, self.clock.at + timedelta(days=days)
        made = Delegation(holder, delegate, office, since, until, "Leave", limit, None if limit is None else "CNY")
        self.people.delegations = (*self.people.delegations[-2:], made)
        self.oracle.delegations = [{**attrs.asdict(d), "max": d.units_max} for d in self.people.delegations]

    @rule(new=st.booleans())
    def reorganise(self, new: bool) -> None:
        """The department gets another head; what was signed stays signed."""
        head = Holding("department_head", "new.head" if new else "head", "marketing")
        self.people.holdings = (head, *PEOPLE[1:])
        self._hold()

    @precondition(lambda self: len(self.versions) < 3)
    @rule(limit=st.sampled_from((1000000, 5000000, 9000000)), wrong=st.sampled_from(("", "", "", "EUR", "UTC")))
    def adopt(self, limit: int, wrong: str) -> None:
        """Two persons adopt a policy with another limit, in force from tomorrow (I28: rounds keep theirs).

        Tomorrow may have its version already, and another currency or time zone is never taken (X2, X3).
        """
        tomorrow, version = day_of(self.clock.at) + timedelta(days=1), f"2026.{len(self.versions) + 1:02d}"
        text = POLICY.replace("2026.1", version).replace("2026-01-01", tomorrow.isoformat())
        text = text.replace("50000.00", f"{limit // 100}.00")
        text = text.replace({"EUR": "CNY", "UTC": "Asia/Shanghai"}.get(wrong, wrong), wrong) if wrong else text
        expected = not wrong and tomorrow not in {day for day, _, _ in self.versions}
        # The last one comes when the version is adopted, and changes nothing about it.
        for person, may in (("head", False), ("cfo", expected), ("gm", expected), ("cfo", False)):
            self._try(
                "adopt",
                may,
                partial(self.desk.policies.adopt, text, actor=person),
                partial(self.desk.would.policies.adopt, text, actor=person),
            )
        if expected:
            self.versions.append((tomorrow, version, limit))
