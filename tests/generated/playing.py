"""A drawn year is played through the desk: each act foretold by the reckoner, done or refused, and compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timezone
from functools import partial
from typing import TypeVar

from expense_policy.domain.adjustment import BudgetAdjustment
from expense_policy.domain.approval import Approve, Reject, Return, Verdict
from expense_policy.domain.budget import BudgetPlan
from expense_policy.domain.claim import Claim
from expense_policy.domain.periods import Month
from expense_policy.domain.posting import Posting
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Refused
from expense_policy.ports.repository import Repository
from expense_policy.testing import founding
from expense_policy.testing.oracle import fold

from . import forms
from .counting import BUDGETS, PAYABLE, PROJECTS, Dict, Place, estimate, month_of, voucher_keys
from .drawing import DEPARTMENTS, TYPES, Drawing
from .forms import money

T = TypeVar("T")
K = TypeVar("K")
HEADS = {"marketing": "head", "customer_service": "other.head"}
SIGNERS = {
    "finance_officer": "officer",
    "finance_head": "cfo",
    "deputy_in_charge": "deputy",
    "general_manager": "gm",
}
FOCUS: dict[str, dict[str, int]] = {
    "budgets": {
        **{"file": 4, "change": 14, "sign": 12, "turn": 3, "withdraw": 3, "revise": 4, "close_year": 2},
        **{"apply": 5, "pay": 3, "use": 2, "wait": 4, "close_month": 1},
    },
    "claims": {
        **{"apply": 5, "claim": 14, "sign": 14, "turn": 3, "pay": 10, "refund": 5, "use": 4, "settle": 3, "close": 3},
        **{"withdraw": 3, "revise": 4, "confirm": 3, "tick": 1, "change": 1, "wait": 3, "close_month": 1},
    },
    "allocations": {
        **{"cost": 8, "uncost": 1, "rule": 4, "allocate": 16, "undo": 3, "close_month": 5, "reopen": 2, "wait": 5},
        **{"apply": 4, "sign": 3, "use": 5, "pay": 4, "refund": 2, "settle": 2, "claim": 2},
    },
}
"""How often each act is tried in a year that is mostly about one of the three."""
CASES = {
    "budgets": ("budget_plan", "budget_adjustment", "supplementary_request"),
    "claims": ("claim",),
    "allocations": ("allocate",),
}
"""The acts that make a budget, a claim, an allocation."""


class Year:
    """A company over an empty store, what is drawn for it, and its reckoner."""

    def __init__(self, repository: Repository, seed: int, focus: str) -> None:
        self.focus, self.repository = focus, repository
        self.draw = Drawing(f"{focus} {seed}")
        self.oracle = self.draw.oracle
        made = founding.founded(repository, forms.policy(**self.draw.rules), budgets=())
        self.desk, self.clock = made.desk, made.clock
        self._on(datetime(2026, self.oracle.start, 2, 1, 30, tzinfo=timezone.utc))
        for id in PROJECTS:
            project = Project(id, id, DEPARTMENTS, date(2025, 1, 1), date(2028, 12, 31))
            self.desk.projects.open(project, actor="head")
        self.done, self.refused, self.codes = Counter[str](), Counter[str](), Counter[str]()
        self.numbers: dict[int, list[Posting]] = {}
        """The postings of each month that was closed, in the order of their numbers."""

    def play(self, acts: int) -> None:
        """Budgets first, then so many acts, then the end of the year."""
        for department in DEPARTMENTS:
            self._first(department)
        for _ in range(0 if self.focus == "budgets" else 3):
            self._apply()
            self._sign()
        names, weights = zip(*FOCUS[self.focus].items(), strict=True)
        for name in self.draw.random.choices(names, weights, k=acts):
            getattr(self, f"_{name}")()
        self._end()

    def _first(self, department: str) -> None:
        """A department's first budget is in force; where it is not about budgets, there is some to spend."""
        while True:
            form = self.draw.plan(department, self.draw.year)
            first = form["opens"][0]
            if self.focus != "budgets":
                units = self.draw.random.randint(20_000, 60_000)
                months = first["months"] and self.draw.parts(units, 12)
                first.update(units=units, months=months, category="care_gifts")
            if not self.oracle.filing(form, "mei"):
                break
        self._budget(form, "mei")
        d = list(self.oracle.docs.values())[-1]
        while d["status"] == "in_review":
            self._signed(d)

    def _end(self) -> None:
        """The year is over: approvals run out, years and months are closed."""
        self._on(max(self.clock.at, datetime(2027, self.oracle.start, 3, tzinfo=timezone.utc)))
        self._tick()
        for department in DEPARTMENTS:
            self._close_year(department)
        for _ in range(self.draw.one(0, 3, 14)):
            self._close_month()

    def _on(self, at: datetime) -> None:
        self.clock.at = self.oracle.now = at

    # Foretold, done, compared.

    def attempt(self, name: str, why: set[str], act: Callable[[], T]) -> T | None:
        """What the act gives; None where it is refused, for these reasons and no others, and changes nothing (I17)."""
        before = self._whole() if why and self.draw.chance(0.02) else None
        try:
            found = act()
        except Refused as refused:
            codes = {each.code.value for each in refused.refusals}
            assert codes == why, f"{name} was refused with {sorted(codes)}, reckoned was {sorted(why)}"
            self.refused[name] += 1
            self.codes.update(codes)
            assert before is None or self._whole() == before, f"I17: {name} was refused and changed something"
            self.agree()
            return None
        assert not why, f"{name} was done, reckoned was {sorted(why)}"
        self.done[name] += 1
        return found

    def _whole(self) -> list[tuple[str, ...]]:
        """Everything that stands in the store."""
        faults: list[str] = []
        rows = sorted(self.repository.standing(lambda where, what: faults.append(what)))
        assert not faults
        return rows

    def agree(self, *ids: str | None) -> None:
        """The lines, and the documents of these ids, stand as reckoned (I10, I11)."""
        balance, closed = self.oracle.balance(), self.oracle.closed
        through = None if closed is None else Month.of(closed)
        found = {line.id: line for line in self.desk.lines()}
        assert found.keys() == balance.keys()
        for name, line in found.items():
            wanted = self.oracle.lines[name]
            stands = (line.department, line.year, line.category, line.project, line.in_force)
            assert stands == tuple(wanted[each] for each in ("department", "year", "category", "project", "in_force"))
            held = (line.reserved, line.committed, line.spent)
            assert held == balance[name], f"I11: {name} holds {held}, reckoned was {balance[name]}"
            assert min(line.available, *held) >= 0, f"I10: {name}"
            assert line.closed_through == through, f"R1.3: {name}"
        for id in ids:
            if id is not None:
                self._stands(id)

    def _stands(self, id: str) -> None:
        d, document = self.oracle.docs[id], self.desk.document(id)
        state = (document.status.value, document.version, document.applicant)
        assert state == (d["status"], d["version"], d["applicant"]), f"{id} is {state}"
        assert [step.office for step in document.round.chain] == d["chain"], f"I9: the chain of {id}"
        if d["form"]["kind"] not in PAYABLE:
            return
        assert (document.units, document.round.deciding_units) == (d["units"], d["deciding"]), f"I9: {id}"
        sums = (document.used, document.use_rows, document.paid, document.claimed, document.cleared, document.drawn)
        wanted = (d["used"], d["rows"], self.oracle.paid(d), d["claimed"], d["cleared"], self.oracle.drawn(d))
        assert sums == wanted, f"{id} has {sums}, reckoned was {wanted}"
        held = {h.line: [h.reserved, h.committed, h.spent] for h in document.held}
        assert held == d["held"], f"I11: {id} holds {held}, reckoned was {d['held']}"
        paid = [(p.units, p.reverses, plain(dict(p.parts))) for p in document.payments]
        assert paid == [(p["units"], p["reverses"], plain(p["parts"])) for p in d["payments"]], f"I30: {id}"
        assert document.expires_at == d["expires"], f"{id} expires {document.expires_at}"

    # Budgets.

    def _file(self) -> None:
        form = self.draw.plan(self.draw.one(*DEPARTMENTS), self.draw.year + self.draw.one(0, 1, 1))
        self._budget(form, self.draw.one("mei", "li.na"))

    def _change(self) -> None:
        kind = self.draw.one("budget_adjustment", "supplementary_request")
        form = self.draw.change(self.draw.one(*DEPARTMENTS), self.draw.year, kind)
        if form is not None:
            self._budget(form, self.draw.one("mei", "li.na"))

    def _budget(self, form: Dict, actor: str, id: str | None = None) -> None:
        why, late, made, desk = (
            self.oracle.filing(form, actor, id),
            self.oracle.late(form),
            forms.budget(form),
            self.desk,
        )
        name = form["kind"] if id is None else "revise"
        if isinstance(made, BudgetPlan):
            file = partial(desk.budgeting.file) if id is None else partial(desk.budgeting.revise, id)
            receipt = self.attempt(name, why, lambda: file(made, actor=actor))
        elif id is not None:
            receipt = self.attempt(name, why, lambda: desk.budgeting.revise_change(id, made, actor=actor))
        elif isinstance(made, BudgetAdjustment):
            receipt = self.attempt(name, why, lambda: desk.budgeting.adjust(made, actor=actor))
        else:
            receipt = self.attempt(name, why, lambda: desk.budgeting.supplement(made, actor=actor))
        if receipt is not None:
            self.oracle.filed(receipt.id, form, actor)
            assert ("draft_late" in receipt.marks) == (late and id is None), "B1.1"
            told = {each.line: each.estimate for each in desk.budgeting.estimates(receipt.id)}
            wanted = {line["id"]: line["basis"] and money(estimate(line["basis"])) for line in form["opens"]}
            assert told == wanted, "B1.3"
            self.agree(receipt.id)

    def _close_year(self, department: str | None = None) -> None:
        department, year = department or self.draw.one(*DEPARTMENTS), self.draw.year
        carry, actor = self.draw.carry(department, year), "cfo" if self.draw.chance(0.95) else "officer"
        close = partial(self.desk.budgeting.close_year, department, year, actor=actor, reason="It is over.")
        why = self.oracle.closing_year(department, year, carry, actor)
        if self.attempt("close_year", why, lambda: close(carry=carry)) is not None:
            self.oracle.year_closed(department, year, carry)
            self.agree()

    # Applications and claims.

    def _apply(self) -> None:
        form = self.draw.application(self.draw.one(*DEPARTMENTS), self.draw.one(*TYPES))
        if form is not None:
            self._submit(form, self.draw.one("li.na", "mei"))

    def _claim(self) -> None:
        form = self.draw.claim()
        if form is not None:
            self._submit(form, self.draw.one("li.na", "mei"))

    def _submit(self, form: Dict, actor: str, id: str | None = None) -> None:
        if form["kind"] == "application" and form["payee"] and self.draw.chance(0.1):
            form["vouchers"] = self.draw.vouchers(sum(form["shares"].values()), id)
        why, made, spending = self.oracle.applying(form, actor, id), forms.payable(form), self.desk.spending
        before = None if id is None else self.oracle.docs[id]["form"]["application"]
        key = f"form {self.draw.next()}"
        if id is not None:
            receipt = self.attempt("revise", why, lambda: spending.revise(id, made, actor=actor))
        elif isinstance(made, Claim):
            receipt = self.attempt("claim", why, lambda: spending.claim(made, actor=actor, key=key))
        else:
            receipt = self.attempt("apply", why, lambda: spending.apply(made, actor=actor, key=key))
        if receipt is not None:
            self.oracle.applied(receipt.id, form, actor)
            self.agree(receipt.id, form["application"], before)

    def _confirm(self) -> None:
        """Vouchers that look like others are confirmed by name, and the claim is made."""
        form = self.draw.claim()
        if form is None or "voucher_looks_alike" not in self.oracle.applying(form, "li.na"):
            return
        payee = form["payee"][0]
        for each in form["vouchers"]:
            confirm = partial(self.desk.spending.confirm_voucher, forms.voucher(each), payee)
            self.attempt("confirm", set(), partial(confirm, actor="officer", reason="There were two."))
            self.oracle.confirmed.add((voucher_keys(each)[0], fold(payee), each["total"]))
        self._submit(form, "li.na")

    def _revise(self) -> None:
        statuses = ("returned", "in_review") if self.draw.chance(0.8) else ("approved",)
        d = self.draw.document(*statuses, kinds=(*PAYABLE, *BUDGETS))
        if d is None:
            return
        form, actor = d["form"], d["applicant"] if self.draw.chance(0.95) else "stranger"
        new: Dict | None
        if form["kind"] == "budget_plan":
            new = self.draw.plan(form["department"], form["year"])
            new["opens"] = [*form["opens"][1:], *[x for x in new["opens"][:1] if x not in form["opens"]]]
            new["opens"] = list({line["id"]: line for line in new["opens"]}.values())
        elif form["kind"] in BUDGETS:
            new = self.draw.change(form["department"], form["year"], form["kind"])
        elif form["kind"] == "application":
            new = self.draw.application(form["department"], form["type"])
        elif self.draw.chance(0.5):
            new = {**form, "expected": max(form["expected"], self.oracle.today)}
        else:
            new = self.draw.claim(d["id"])
        if new is not None:
            (self._submit if form["kind"] in PAYABLE else self._budget)(new, actor, d["id"])

    # Signing and ending.

    def _sign(self) -> None:
        d = self.draw.document("in_review", kinds=(*PAYABLE, *BUDGETS))
        if d is not None:
            whole = self.draw.chance(0.9)
            while self._signed(d) and whole and d["status"] == "in_review":
                pass

    def _turn(self) -> None:
        d = self.draw.document("in_review", kinds=(*PAYABLE, *BUDGETS))
        if d is not None:
            self._signed(d, self.draw.one(Return, Return, Reject))

    def _signed(self, d: Dict, verdict: Callable[[str], Verdict] | None = None) -> bool:
        """Whether the present step was signed: by who holds its office, mostly, and mostly with an approval."""
        document = self.desk.document(d["id"])
        office = d["chain"][min(d["step"], len(d["chain"]) - 1)]
        signer = HEADS[d["form"]["department"]] if office == "department_head" else SIGNERS[office]
        actor = signer if self.draw.chance(0.98) else "stranger"
        stale, findings = self.draw.chance(0.01), self.draw.chance(0.99)
        points = document.step.points if document.step is not None and findings else ()
        said = Approve("Fine.", dict.fromkeys(points, True)) if verdict is None else verdict("Not so.")
        why = self.oracle.signing(d, actor, signer, stale=stale, findings=findings, approves=verdict is None)
        seen = "0" * 64 if stale else document.statement
        sign = partial(self.desk.spending.sign, d["id"], seen=seen, actor=actor)
        if self.attempt("sign", why, lambda: sign(verdict=said)) is None:
            return False
        if verdict is None:
            self.oracle.approved(d)
        else:
            self.oracle.ended(d, "returned" if verdict is Return else "rejected")
        self.agree(d["id"], d["form"].get("application"))
        return True

    def _withdraw(self) -> None:
        d = self.draw.document("in_review", "returned", "approved", kinds=(*PAYABLE, *BUDGETS))
        if d is not None:
            actor = d["applicant"] if self.draw.chance(0.95) else "stranger"
            act = partial(self.desk.spending.withdraw, d["id"], actor=actor)
            self._ends(d, "withdrawn", self.oracle.withdrawing(d, actor), act)

    def _close(self) -> None:
        d = self.draw.document("approved")
        if d is not None:
            act = partial(self.desk.spending.close, d["id"], actor=d["applicant"], reason="Enough.")
            self._ends(d, "closed", self.oracle.closing_document(d), act)

    def _settle(self) -> None:
        d = self.draw.document("approved")
        if d is not None:
            actor = self.draw.one(d["applicant"], d["applicant"], d["applicant"], "officer", "stranger")
            act = partial(self.desk.spending.settle, d["id"], actor=actor, reason="Nothing more comes.")
            self._ends(d, "settled", self.oracle.settling(d, actor), act)

    def _ends(self, d: Dict, status: str, why: set[str], act: Callable[[], object]) -> None:
        if self.attempt(status, why, act) is not None:
            self.oracle.ended(d, status)
            self.agree(d["id"], d["form"].get("application"))

    def _tick(self) -> None:
        """Housekeeping: approvals that ran out expire."""
        gone = self.oracle.run_out()
        assert self.desk.tick(1000).expired == len(gone)
        for d in gone:
            self.oracle.expired(d)
        self.agree(*[d["id"] for d in gone])

    # Payments and uses.

    def _pay(self) -> None:
        due = [d for d in self.oracle.docs.values() if d["status"] == "approved" and d["form"]["kind"] in PAYABLE]
        due = [d for d in due if self.oracle.due(d) > 0]
        d = self.draw.one(*due) if due and self.draw.chance(0.95) else self.draw.document("approved")
        if d is None:
            return
        form, most = d["form"], self.oracle.due(d)
        units = self.draw.some(most if most > 0 and self.draw.chance(0.95) else most + 2)
        actor = "cashier" if self.draw.chance(0.98) else "stranger"
        if form["payee"] and self.draw.chance(0.6):
            self._confirm_account(*form["payee"])
        pay = partial(self.desk.spending.pay, d["id"], forms.instruction(form, units))
        key = f"pay {self.draw.next()}"
        if self.attempt("pay", self.oracle.paying(d, units, actor), lambda: pay(actor=actor, key=key)) is not None:
            self.oracle.pays(d, units)
            self.agree(d["id"], form["application"])

    def _confirm_account(self, payee: str, account: str) -> None:
        if self.oracle.paid_to.get(fold(payee), fold(account)) != fold(account):
            self.desk.spending.confirm_account(payee, account, actor="officer", reason="They called.")
            self.oracle.paid_to[fold(payee)] = fold(account)

    def _refund(self) -> None:
        paid = [d for d in self.oracle.docs.values() if any(p["reverses"] is None for p in d["payments"])]
        if not paid:
            return
        d = self.draw.one(*paid)
        number = self.draw.one(*[p["number"] for p in d["payments"] if p["reverses"] is None])
        left = self.oracle.left(d, number)
        units = None if self.draw.chance(0.3) else self.draw.some(left) if left and self.draw.chance(0.9) else left + 1
        actor = "cashier" if self.draw.chance(0.98) else "stranger"
        if units is None:
            act = partial(self.desk.spending.reverse, d["id"], number)
        else:
            act = partial(self.desk.spending.refund, d["id"], number, money(units))
        why = self.oracle.refunding(d, number, units, actor)
        if self.attempt("refund", why, lambda: act(actor=actor, reason="It came back.")) is not None:
            self.oracle.refunds(d, number, units)
            self.agree(d["id"], d["form"]["application"])

    def _use(self) -> None:
        d = self.draw.document("approved", "closed")
        if d is None or (d["form"]["application"] is not None and self.draw.chance(0.9)):
            return
        rows, actor = self.draw.uses(d), d["applicant"] if self.draw.chance(0.97) else "stranger"
        uses = tuple(forms.use(d["form"]["type"], row) for row in rows)
        act = partial(self.desk.spending.record_use, d["id"], uses, actor=actor, reason="As it came.")
        if self.attempt("use", self.oracle.using(d, rows, actor), act) is not None:
            self.oracle.uses(d, rows)
            self.agree(d["id"])

    # Time and months.

    def _wait(self) -> None:
        days = self.draw.one(0, 1, 3, 9, 20, 31)
        self.clock.forward(days=days, minutes=self.draw.random.randint(1, 1439))
        self._on(self.clock.at)

    def _close_month(self) -> None:
        earlier = [row["month"] for row in self.oracle.ledger]
        first = min(earlier, default=month_of(self.oracle.today) - 1)
        month = (first if self.oracle.closed is None else self.oracle.closed + 1) + (
            self.draw.one(-1, 1) if self.draw.chance(0.1) else 0
        )
        if month >= month_of(self.oracle.today) and self.draw.chance(0.8):
            return
        actor = self.draw.one("officer", "cfo") if self.draw.chance(0.97) else "stranger"
        close = partial(self.desk.closing.close, Month.of(month), actor=actor)
        if self.attempt("close_month", self.oracle.closing(month, actor), close) is not None:
            self.oracle.closes(month)
            self.agree()
            self.numbered(month)

    def numbered(self, month: int) -> None:
        """A month's numbers go from 1 without a gap, and stay with the postings that they were given (I26)."""
        found = list(self.repository.postings(Month.of(month), limit=10_000))
        assert [number for number, _ in found] == list(range(1, self.oracle.numbered.get(month, 0) + 1)), "I26"
        postings = [posting for _, posting in found]
        before = self.numbers.get(month, [])
        assert postings[: len(before)] == before, "I26: a number went to another posting"
        self.numbers[month] = postings

    def _reopen(self) -> None:
        month = 2026 * 12 if self.oracle.closed is None else self.oracle.closed
        month += self.draw.chance(0.1)
        actor = "cfo" if self.draw.chance(0.95) else "officer"
        reopen = partial(self.desk.closing.reopen, Month.of(month), actor=actor, reason="Something is missing.")
        if self.attempt("reopen", self.oracle.reopening(month, actor), reopen) is not None:
            self.oracle.closed = month - 1
            self.agree()

    # Costs from elsewhere, shared costs.

    def _cost(self) -> None:
        costs = self.draw.costs()
        record = partial(self.desk.costs.record, [forms.recorded(cost) for cost in costs], actor="officer")
        found = self.attempt("cost", self.oracle.recording(costs), record)
        if found is not None:
            new = self.oracle.records(costs)
            assert (found.recorded, found.known) == (new, len(costs) - new)

    def _uncost(self) -> None:
        if self.oracle.costs:
            key = self.draw.one(*self.oracle.costs)
            why = {"cost_reversed"} if self.oracle.costs[key]["reversed"] else set[str]()
            reverse = partial(self.desk.costs.reverse, key, actor="officer", reason="It was wrong.")
            if self.attempt("uncost", why, reverse) is not None:
                self.oracle.unrecords(key)

    def _rule(self) -> None:
        name = self.draw.one("rent", "hall", "desk")
        terms = self.draw.terms(name)
        enter = partial(self.desk.allocations.rule, name, forms.shared(terms), actor="officer")
        if self.attempt("rule", self.oracle.entering(name, terms), enter) is not None:
            self.oracle.terms.setdefault(name, []).append(terms)

    def _allocate(self) -> None:
        of = self.draw.allocation()
        if of is None:
            return self._rule()
        given, (department, project) = of["amount"], of["bearer"] or (None, None)
        amount = money(given) if isinstance(given, int) else {pool: money(units) for pool, units in given.items()}
        allocate = partial(self.desk.allocations.allocate, of["rule"], amount, month=Month.of(of["month"]))
        where = partial(allocate, type=of["type"], department=department, project=project)
        key = f"allocation {self.draw.next()}"
        receipt = self.attempt("allocate", self.oracle.allocating(of), lambda: where(actor="officer", key=key))
        if receipt is not None:
            parts = self.oracle.allocates(receipt.id, of)
            wanted = {place if of is None else f"{place}/{of}": units for (place, of), units in parts.items()}
            found = self.desk.allocations.result(receipt.id).allocation
            assert {name: part.units for name, part in found.received.items()} == wanted, "I24"
            whole = given if isinstance(given, int) else sum(given.values())
            assert sum(wanted.values()) == found.total.units == whole, "I24: the parts are not the whole"
            posted, moved = Counter[Place](), Counter[Place]()
            for posting in (fact for _, facts in self.desk.written(receipt.id) for fact in facts):
                if isinstance(posting, Posting):
                    posted[posting.department, posting.project or None] += posting.units
            result = self.oracle.allocations[receipt.id]
            for place, units in [*result["left"], *[each[:2] for each in result["got"]]]:
                moved[place] += units
            assert plain(posted) == plain(moved), "I24: what was posted is not what was split"
        return None

    def _undo(self) -> None:
        if self.oracle.allocations:
            id = self.draw.one(*self.oracle.allocations)
            why = self.oracle.unallocating(id)
            reverse = partial(self.desk.allocations.reverse, id, actor="officer", reason="It was wrong.")
            if self.attempt("undo", why, reverse) is not None:
                self.oracle.unallocates(id)


def plain(counted: Mapping[K, int]) -> dict[K, int]:
    """Without what comes to nothing."""
    return {key: units for key, units in counted.items() if units}
