"""The state machine: people of a small company do whatever they like, and the laws hold after every act.

Rules are guided: they draw what is possible far more often than what is not, and every act is foretold by the
oracle, by a dry run, and then done (`laws`).
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from ..domain.categories import Use
from ..domain.categories.holiday_gift import GiftIssued
from ..domain.categories.sms import SmsSent
from ..domain.money import Money
from ..domain.payment import Instruction
from .approving import ApprovingMachine
from .company import EVERYONE
from .laws import TALLY
from .oracle import AWAKE, clock_of, day_of, fold
from .strategies import APPLICANTS, PAYEES, UNITS


def _said(rows: tuple[Use, ...]) -> list[tuple[date, str]]:
    """The day and the customer of each row, by the oracle's own count of days."""
    said = []
    for row in rows:
        assert isinstance(row, SmsSent | GiftIssued)
        said.append((day_of(row.at) if isinstance(row, SmsSent) else row.on, row.recipient))
    return said


class SpendingMachine(ApprovingMachine):
    """Everything that can happen to applications."""

    @initialize(data=st.data())
    def open(self, data: st.DataObject) -> None:
        """The policy is adopted by two persons, the budget signed by three; some applications are on their way."""
        self.found()
        for _ in range(data.draw(st.integers(1, 3), label="applications")):
            payee, applicant = data.draw(PAYEES, label="payee"), data.draw(APPLICANTS, label="applicant")
            self.apply(data, data.draw(UNITS, label="units"), payee, applicant)
            for _ in range(data.draw(st.sampled_from((4, 4, 4, 2, 0)), label="signatures")):
                if self._forms("in_review"):
                    self._approve(data, self._forms("in_review")[-1], surely=True)
        for _ in range(data.draw(st.sampled_from((2, 1, 0)), label="payments")):
            if self._forms("approved"):
                self.use(data)
                self.pay(data)
        if self._forms("approved") and data.draw(st.sampled_from((False, False, True)), label="ended?"):
            (self.settle if data.draw(st.booleans(), label="settled?") else self.close)(data)

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
        near = self._signers(form) & set(self.oracle.holders["cashier"])
        actor, name = self._someone(data, good, near), fold(form["name"])
        known = fold(self.accounts.get(name, form["account"])) == fold(form["account"])
        expected = actor in good and units <= left and known
        form_ = form["form"]
        papers = tuple(a.digest for a in form_.attachments)
        instruction = Instruction(Money(units, "CNY"), form_.payee, form_.method, papers)
        self.keys += 1
        key, spending = f"pay-{self.keys}", self.desk.spending
        act = partial(spending.pay, id, instruction, actor=actor, key=key)
        receipt = self._try("pay", expected, act, lambda: self.desk.would.spending.pay(id, instruction, actor=actor))
        if receipt is not None:
            more = Instruction(Money(units + 1, "CNY"), form_.payee, form_.method, papers)
            self.done.append((act, partial(spending.pay, id, more, actor=actor, key=key), receipt))
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
        form["due"] = self.oracle.due(form, self.clock.at if units > 0 else None)
        for line, part in payment.parts:
            form["spent"][line] = form["spent"].get(line, 0) + part
            assert 0 <= form["spent"][line] <= form["shares"][line], "I11: a line bears more than its share"

    @precondition(lambda self: any(f["payments"] for f in self.oracle.forms.values()))
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        """A payment bounces: it is undone once, before or after its document's end."""
        ids = [id for id, f in self.oracle.forms.items() if any(n > 0 for _, n, _ in f["payments"])]
        open_ = [id for id in ids if self.oracle.forms[id]["status"] == "approved"]
        self._bounce(data, data.draw(st.sampled_from((*ids, *open_ * 3)), label="document"))

    def _bounce(self, data: st.DataObject, id: str) -> None:
        form = self.oracle.forms[id]
        payment = data.draw(st.sampled_from([p for p in form["payments"] if p[1] > 0]), label="payment")
        good = {p for p in self.oracle.holders["cashier"] if p not in self.oracle.barred(form)}
        actor = self._someone(data, good)
        expected = actor in good and form["status"] in ("approved", "settled", "closed") and not payment[2]
        given: dict[str, Any] = {"actor": actor, "reason": "Bounced."}
        receipt = self._try(
            "reverse",
            expected,
            lambda: self.desk.spending.reverse(id, payment[0], **given),
            lambda: self.desk.would.spending.reverse(id, payment[0], **given),
        )
        if receipt is not None:
            payment[2] = True
            TALLY.setdefault(f"reverse, {form['status']}", Counter()).update(("tried", "accepted"))
            self._paid(id, form, -payment[1])

    @precondition(lambda self: self._forms("approved", "closed", "settled"))
    @rule(data=st.data())
    def use(self, data: st.DataObject) -> None:
        """The applicant records what was used: within what was approved, after a close what was paid; or too much."""
        ids, settled = self._forms("approved", "closed", "settled"), self._forms("settled")
        closed = [id for id in self._forms("closed") if self._more(self.oracle.forms[id]) > 0]
        more = [id for id in self._forms("approved") if self._more(self.oracle.forms[id]) > 0]
        drawn = (settled, settled, closed, closed, more, more, more)[data.draw(st.integers(0, 6), label="which?")]
        self._use(data, data.draw(st.sampled_from(drawn or more or ids), label="document"))

    def _use(self, data: st.DataObject, id: str) -> None:
        form = self.oracle.forms[id]
        rows, cost, given = self._rows(data, form)
        receipt = self._try(
            "use",
            self._fits(form, rows, cost, given) and not self._untold(form, rows, given),
            lambda: self.desk.spending.record_use(id, rows, **given),
            lambda: self.desk.would.spending.record_use(id, rows, **given),
        )
        if receipt is not None:
            self._used(form, rows, cost)
            TALLY.setdefault(f"use, {form['status']}", Counter()).update(("tried", "accepted"))

    @precondition(lambda self: self._forms("approved"))
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """A paid document ends on its use record, by finance too where that stands; what was not spent goes back."""
        id, form = self._some_paid(data)
        rows, cost, given = self._rows(data, form)
        if form["rows"] and (self._more(form) < 1 or data.draw(st.booleans(), label="as it stands?")):
            rows, cost = (), 0
            given["actor"] = self._someone(data, {form["applicant"], *self.oracle.holders["finance_officer"]})
        fits = self._fits(form, rows, cost, given) and not self._untold(form, rows, given)
        fits &= given["reason"] is not None or form["used"] + cost >= form["paid"]
        # No more pieces are given than were paid for; messages are paid up to what was sent.
        fits &= form["type"] == "sms" or form["used"] + cost <= form["paid"]
        receipt = self._try(
            "settle",
            fits and form["paid"] > 0,
            lambda: self.desk.spending.settle(id, rows, **given),
            lambda: self.desk.would.spending.settle(id, rows, **given),
        )
        if receipt is not None:
            form["status"] = "settled"
            self._used(form, rows, cost)
            self._afterwards(data, id)

    def _afterwards(self, data: st.DataObject, id: str) -> None:
        """What somebody tries at once after an end: a use, a payment bounces, the same payee is applied for again."""
        form = self.oracle.forms[id]
        more = form["status"] == "closed" and self._more(form) > 0
        uses = [self._use] * (6 if more else 1)
        tried = data.draw(st.sampled_from((None, self._bounce, *[self._related] * 3, *uses)), label="afterwards")
        if tried is not None:
            tried(data, id)

    def _related(self, data: st.DataObject, id: str) -> None:
        """An application to the same payee, for which what was paid counts (A3.6)."""
        units, applicant = data.draw(UNITS, label="units"), data.draw(APPLICANTS, label="applicant")
        self.apply(data, units, self.oracle.forms[id]["form"].payee, applicant)

    def _some_paid(self, data: st.DataObject) -> tuple[str, dict[str, Any]]:
        """An approved document that something was paid of, where there can be one; more often in part, and unused."""
        forms = self.oracle.forms
        if not any(forms[id]["paid"] for id in self._forms("approved")):
            self.pay(data)
        paid = [id for id in self._forms("approved") if forms[id]["paid"]]
        partly = [id for id in paid if forms[id]["paid"] < forms[id]["units"]]
        untold = [id for id in partly if forms[id]["used"] + forms[id]["price"] <= forms[id]["paid"]]
        id = data.draw(st.sampled_from((*paid, *partly * 2, *untold * 4) or self._forms("approved")), label="document")
        return id, forms[id]

    def _rows(self, data: st.DataObject, form: dict[str, Any]) -> tuple[tuple[Use, ...], int, dict[str, Any]]:
        """Rows of a day near today, what they cost, who records them, and his reason or none."""
        most = min(max(self._more(form), 0), 40)
        count = data.draw(st.sampled_from((1, max(most, 1), most + 1)), label="count")
        since = (day_of(self.clock.at) - form["approved"]).days
        days = data.draw(st.sampled_from((*[0] * 9, 1, -since, -since - 1)), label="days from now")
        at = self.clock.at + timedelta(days=days)
        rows: tuple[Use, ...] = (GiftIssued(day_of(at), "C1", count),)
        if form["type"] == "sms":
            name = data.draw(st.sampled_from(("C", f"C{self.entries}-")), label="customers")
            rows = tuple(SmsSent(at, f"{name}{i}") for i in range(count))
        reason = data.draw(st.sampled_from((None, *["As they wished."] * 3)), label="reason")
        return rows, count * form["price"], {"actor": self._someone(data, {form["applicant"]}), "reason": reason}

    def _more(self, form: dict[str, Any]) -> int:
        """How many more pieces or messages its use record may bear."""
        return int(((self.oracle.usable(form) or 0) - form["used"]) // form["price"])

    def _fits(self, form: dict[str, Any], rows: tuple[Use, ...], cost: int, given: dict[str, Any]) -> bool:
        """Whether who may records what has happened, within what may be used."""
        good = {form["applicant"], *(() if rows else self.oracle.holders["finance_officer"])}
        happened = all(day <= day_of(self.clock.at) for day, _ in _said(rows))
        most = self.oracle.usable(form)
        return most is not None and happened and form["used"] + cost <= most and given["actor"] in good

    def _untold(self, form: dict[str, Any], rows: tuple[Use, ...], given: dict[str, Any]) -> bool:
        """Whether a standard is broken without a reason."""
        late = any(isinstance(row, SmsSent) and not AWAKE[0] <= clock_of(row.at) <= AWAKE[1] for row in rows)
        return given["reason"] is None and (late or self.oracle.breaks(form, _said(rows)))

    def _used(self, form: dict[str, Any], rows: tuple[Use, ...], cost: int) -> None:
        form["used"] += cost
        form["rows"] += len(rows)
        form["due"] = self.oracle.due(form, None)
        if form["type"] == "sms":
            self.oracle.sent.update((f"{day:%Y-%m}", name) for day, name in _said(rows))

    @precondition(lambda self: self._forms("approved"))
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        """A partly paid document ends: what is left goes back."""
        id, form = self._some_paid(data)
        officers = set(self.oracle.holders["finance_officer"])
        actor = self._someone(data, {form["applicant"], *officers})
        receipt = self._try(
            "close",
            0 < form["paid"] < form["units"] and (actor == form["applicant"] or actor in officers),
            lambda: self.desk.spending.close(id, actor=actor, reason="Enough."),
            lambda: self.desk.would.spending.close(id, actor=actor, reason="Enough."),
        )
        if receipt is not None:
            form["status"] = "closed"
            self._afterwards(data, id)

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
        self.entries += (1 if swept.sealed else 0) + swept.missed
        assert self._count() == self.entries, "A3.4, G3.5: exactly what ran out or was missed was seen to"
