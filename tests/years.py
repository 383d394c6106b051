"""A small year drawn at random, played through the desk and reckoned a second time after every act."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from functools import cache
from random import Random
from typing import Any, TypeVar

from expense_policy.domain.adjustment import BudgetAdjustment, LineChange, SupplementaryRequest
from expense_policy.domain.allocation import Method, Used
from expense_policy.domain.allocation_rule import AllocationBasis, AllocationTerms, Pool, Receiver
from expense_policy.domain.application import Application, Attachment, Payee, Share
from expense_policy.domain.approval import Approve, Reject, Return, Verdict
from expense_policy.domain.accounting import RecordedCost
from expense_policy.domain.budget import BudgetPlan, PlanLine
from expense_policy.domain.categories import Plan, Use
from expense_policy.domain.categories.discount import Discount, DiscountGranted, DiscountLine
from expense_policy.domain.categories.holiday_gift import GiftIssued, HolidayGift
from expense_policy.domain.categories.sms import Sms, SmsSent
from expense_policy.domain.claim import Claim
from expense_policy.domain.estimates import Activity, Basis, Driver, Drivers, LastYear, OperatingPlan, Trend
from expense_policy.domain.money import Money
from expense_policy.domain.payment import Instruction
from expense_policy.domain.periods import Month, instant
from expense_policy.domain.policy import Policy
from expense_policy.domain.project import Project
from expense_policy.domain.refusals import Refused
from expense_policy.domain.vocabulary import SET_OFF
from expense_policy.domain.voucher import Voucher, VoucherKind
from expense_policy.policy_file import load_policy
from expense_policy.ports.repository import Repository
from expense_policy.testing import company, founding

from .reckoner import CATEGORY, COMPANY, LIMIT, Dict, Reckoner, estimate, month_of, text_of, voucher_key

T = TypeVar("T")
DEPARTMENTS = ("marketing", "customer_service")
HEADS = {"marketing": "head", "customer_service": "other.head"}
SIGNERS = {
    "finance_officer": "officer",
    "finance_head": "cfo",
    "deputy_in_charge": "deputy",
    "general_manager": "gm",
}
TYPES = ("holiday_gift", "sms", "discount")
PRICE = {"holiday_gift": 1, "sms": 5, "discount": 7}
"""What a gift, a message, a discounted piece costs: so that amounts are split with a rest."""
PAYEES = (
    ("Tea House", "6222 1"),
    ("ＴＥＡ house", "6222-1"),
    ("T\u0435a-House", "6222 2"),
    ("Printer", "6222 3"),
    ("Copy shop", "6222 3"),
    ("Florist", "6222 4"),
)
"""Some are one by name, some by account: they share the deciding amount; of some the account changes."""
BASIS = Attachment("budget_basis", hashlib.sha256(b"the budget_basis").hexdigest())
FOCUS: dict[str, dict[str, int]] = {
    "budgets": {
        **{"file": 4, "change": 14, "sign": 12, "turn": 3, "withdraw": 3, "revise": 3, "close_year": 2},
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
CHAIN = "".join(
    f'[[chain.{kind}]]\noffice = "{office}"\npoints = ["{points}"]\n{limit}'
    for kind, steps in {
        "budget_adjustment": (("finance_officer", ""), ("finance_head", ""), ("deputy_in_charge", "")),
        "supplementary_request": (("finance_officer", ""), ("finance_head", ""), ("general_manager", "")),
        "claim": (
            *(("department_head", ""), ("finance_officer", ""), ("finance_head", "")),
            *(("deputy_in_charge", 'up_to = "50000.00"\n'), ("general_manager", 'above = "50000.00"\n')),
        ),
    }.items()
    for office, limit in steps
    for points in ("invoices",)
)


def money(units: int) -> Money:
    """So many smallest units."""
    return Money(units, "CNY")


@cache
def policy(method: str, itemised: bool, carry: bool, expiry: int, start: int) -> Policy:
    """The kit's policy with low limits, and what years differ in."""
    text = company.POLICY + CHAIN
    text = text.replace('"50000.00"', f'"{money(LIMIT)}"').replace("[periods]\n", f"[periods]\nexpiry = {expiry}\n")
    text = text.replace('currency = "CNY"\n', f'currency = "CNY"\nfiscal_year_start = {start}\n')
    text += f"[budget]\nitemised = {str(itemised).lower()}\ncarry_balances = {str(carry).lower()}\n"
    text += f'[claims.without_application]\nholiday_gift = "50.00"\n[accounts]\nmethod = "{method}"\n'
    return load_policy(text)


class Year:
    """A company, what is drawn for it, and its reckoner; every act is foretold, done and compared."""

    def __init__(self, repository: Repository, seed: int, focus: str) -> None:
        self.random, self.focus = Random(f"{focus} {seed}"), focus
        drawn: dict[str, Any] = {
            "method": self._one("accrual", "cash"),
            "itemised": self._chance(0.5),
            "carry": self._chance(0.6),
            "expiry": self._one(180, 40),
            "start": self._one(1, 4),
        }
        self.rules = policy(**drawn)
        made = founding.founded(repository, self.rules, budgets=())
        self.desk, self.clock, self.repository = made.desk, made.clock, repository
        self.oracle = Reckoner(**drawn)
        self.year = 2026
        self.clock.at = datetime(2026, drawn["start"], 2, 1, 30, tzinfo=timezone.utc)
        self.oracle.now = self.clock.at
        self.desk.projects.open(Project("spring", "Spring", DEPARTMENTS, date(2025, 1, 1), date(2028, 12, 31)), actor="head")
        self.done, self.refused = Counter[str](), Counter[str]()
        self.codes = Counter[str]()
        self.kept: dict[int, list[Any]] = {}
        self.count = 0

    # Chance.

    def _one(self, *values: T) -> T:
        return self.random.choice(values)

    def _chance(self, of: float) -> bool:
        return self.random.random() < of

    def _next(self) -> int:
        self.count += 1
        return self.count

    def _some(self, most: int) -> int:
        """From 1 to the most: few, all, a unit less, any."""
        most = max(1, most)
        return min(most, max(1, self._one(1, 2, 3, most, most - 1, most // 2, self.random.randint(1, most))))

    def _parts(self, whole: int, count: int) -> list[int]:
        """A whole in parts, none below 0."""
        cuts = sorted(self.random.randint(0, whole) for _ in range(count - 1))
        return [b - a for a, b in zip([0, *cuts], [*cuts, whole], strict=True)]

    # Playing.

    def play(self, acts: int) -> None:
        """Budgets first, then so many acts, then the year's end and everything held to the reckoner."""
        for department in DEPARTMENTS:
            self._file(department, self.year, good=True)
            self._sign_all(list(self.oracle.docs)[-1])
        for _ in range(0 if self.focus == "budgets" else 3):
            self._apply()
            self._sign()
        names, weights = zip(*FOCUS[self.focus].items(), strict=True)
        for name in self.random.choices(names, weights, k=acts):
            getattr(self, f"_{name}")()
        self._end()

    def attempt(self, name: str, why: set[str], act: Callable[[], T]) -> T | None:
        """What was done, or None: it is refused for these reasons and no others, and changes nothing."""
        before = self.whole() if why and self._chance(0.02) else None
        try:
            found = act()
        except Refused as refused:
            codes = {each.code.value for each in refused.refusals}
            assert codes == why, (name, sorted(codes), "reckoned", sorted(why))
            self.refused[name] += 1
            self.codes.update(codes)
            assert before is None or self.whole() == before, f"{name} was refused and changed something"
            self._agree()
            return None
        assert not why, (name, "was done", sorted(why))
        self.done[name] += 1
        return found

    def whole(self) -> list[tuple[str, ...]]:
        """Everything that stands in the store."""
        faults: list[str] = []
        rows = sorted(self.repository.standing(lambda where, what: faults.append(what)))
        assert not faults
        return rows

    def _agree(self, *ids: str | None) -> None:
        """The lines, and the documents that were changed, stand as reckoned (I10, I11)."""
        balance, closed = self.oracle.balance(), self.oracle.closed
        through = None if closed is None else Month.of(closed)
        found = {line.id: line for line in self.desk.lines()}
        assert found.keys() == balance.keys()
        for name, line in found.items():
            wanted = self.oracle.lines[name]
            stands = (line.department, line.year, line.category, line.project, line.in_force)
            assert stands == tuple(wanted[what] for what in ("department", "year", "category", "project", "in_force"))
            assert (line.reserved, line.committed, line.spent) == balance[name], ("I11", name)
            assert line.closed_through == through, ("R1.3", name)
            assert min(line.available, *balance[name]) >= 0, ("I10", name)
        for id in ids:
            if id is not None:
                self._document(id)

    def _document(self, id: str) -> None:
        d, document = self.oracle.docs[id], self.desk.document(id)
        stands = (document.status.value, document.version, document.applicant, document.units)
        assert stands == (d["status"], d["version"], d["applicant"], d["units"] or document.units), id
        assert [step.office for step in document.round.chain] == d["chain"], ("I9", id)
        assert len(document.signatures) >= d["step"]
        if d["form"]["kind"] not in ("application", "claim"):
            return
        sums = (document.used, document.use_rows, document.paid, document.claimed, document.cleared, document.drawn)
        wanted = (d["used"], d["rows"], self.oracle.paid(d), d["claimed"], d["cleared"], self.oracle.drawn(d))
        assert sums == wanted, (id, sums, wanted)
        assert document.round.deciding_units == d["deciding"], ("I9", id)
        assert {h.line: [h.reserved, h.committed, h.spent] for h in document.held} == d["held"], ("I11", id)
        parts = [{line: part for line, part in p.parts if part} for p in document.payments]
        assert parts == [{line: part for line, part in p["parts"].items() if part} for p in d["payments"]], id
        assert document.expires_at == d["expires"], id

    def _pick(self, *statuses: str, kinds: Sequence[str] = ("application", "claim")) -> Dict | None:
        """A document, mostly of one of these statuses; where there is none of them, mostly one is applied for instead."""
        of = [d for d in self.oracle.docs.values() if d["form"]["kind"] in kinds]
        fit = [d for d in of if d["status"] in statuses]
        if of and self._chance(0.05):
            return self._one(*of)
        if not fit and self.focus != "budgets":
            self._apply()
        return self._one(*fit) if fit else None

    # Budgets.

    def _spread(self, units: int) -> list[int] | None:
        wanted = self.oracle.itemised or self._chance(0.3)
        return self._parts(units, 12) if wanted and not self._chance(0.02) else None

    def _basis(self) -> tuple[str, Any] | None:
        if not self.oracle.itemised or self._chance(0.02):
            return None
        few = [self.random.randint(1, 99_999) for _ in range(self.random.randint(2, 4))]
        return self._one(
            ("activities", few),
            ("drivers", [(n % 90 + 1, n) for n in few]),
            ("last_year", (few[0], self.random.randint(-10_000, 20_000))),
            ("trend", few),
        )

    def _opened(self, department: str, year: int, units: int | None = None) -> Dict:
        id = f"{department[0]}.{year}.{self._next()}"
        if self.oracle.lines and self._chance(0.02):
            id = self._one(*self.oracle.lines)
        units = self._some(self._one(50, 5_000, 20_000, 60_000)) if units is None else units
        return {
            "id": id,
            "category": CATEGORY[self._one(*TYPES)],
            "units": units,
            "project": self._one(None, None, None, None, "spring") if self._chance(0.98) else "nowhere",
            "months": self._spread(units),
            "basis": self._basis(),
        }

    def _file(self, department: str | None = None, year: int | None = None, good: bool = False) -> None:
        department = department or self._one(*DEPARTMENTS)
        year = year or self.year + self._one(0, 1, 1)
        form: Dict = {"kind": "budget_plan", "department": department, "year": year, "changes": {}}
        while True:
            lines = {line["id"]: line for line in [self._opened(department, year) for _ in range(self.random.randint(1, 4))]}
            form["opens"] = [*lines.values()]
            if good:
                self._ample(form["opens"][0])
            if not good or not self.oracle.filing(form, "mei"):
                break
        self._budget(form, self._one("mei", "li.na"))

    def _ample(self, line: Dict) -> None:
        """Where it is not about budgets, there is one to spend."""
        if self.focus != "budgets":
            units = self.random.randint(20_000, 60_000)
            months = None if line["months"] is None else self._parts(units, 12)
            line.update(units=units, months=months, category="care_gifts")

    def _budget(self, form: Dict, actor: str, id: str | None = None) -> None:
        why, late, act = self.oracle.filing(form, actor, id), self.oracle.late(form), budget(form)
        desk = self.desk.budgeting
        if isinstance(act, BudgetPlan):
            one = lambda: desk.file(act, actor=actor) if id is None else desk.revise(id, act, actor=actor)
        elif id is not None:
            one = lambda: desk.revise_change(id, act, actor=actor)
        else:
            one = lambda: desk.adjust(act, actor=actor) if isinstance(act, BudgetAdjustment) else desk.supplement(act, actor=actor)
        receipt = self.attempt(form["kind"] if id is None else "revise", why, one)
        if receipt is not None:
            self.oracle.filed(receipt.id, form, actor)
            assert ("draft_late" in receipt.marks) == (late and id is None)
            told = {each.line: each.estimate for each in desk.estimates(receipt.id)}
            wanted = {line["id"]: line["basis"] and money(estimate(line["basis"])) for line in form["opens"]}
            assert told == wanted, "B1.3"
            self._agree(receipt.id)

    def _change(self) -> None:
        department, year = self._one(*DEPARTMENTS), self.year
        form = self._changed(department, year, self._one("budget_adjustment", "supplementary_request"))
        if form["changes"] or form["opens"]:
            self._budget(form, self._one("mei", "li.na"))

    def _changed(self, department: str, year: int, kind: str) -> Dict:
        form: Dict = {"kind": kind, "department": department, "year": year, "changes": {}, "opens": []}
        mine = self.oracle.lines_of(department, year)
        self.random.shuffle(mine)
        if self._chance(0.03):
            mine = [self._one("unknown", *self.oracle.lines)]
        freed = 0
        for name in mine[: self.random.randint(0, 3)]:
            stands = self.oracle.lines.get(name, {"in_force": 10})["in_force"]
            free = self.oracle.available(name) if name in self.oracle.lines else 0
            if kind == "budget_adjustment" and not freed:
                less = self._some(free) if free and self._chance(0.9) else self._some(stands)
                after = max(0, stands - less)
            elif kind == "budget_adjustment":
                after = stands + (freed if self._chance(0.9) else freed + 1)
            else:
                after = stands + self._some(9_000) if self._chance(0.8) else max(0, stands - self._some(free))
            freed += stands - after
            before = stands if self._chance(0.95) else stands + 1
            months = self._spread(after)
            if before != after or months:
                form["changes"][name] = {"before": before, "after": after, "months": months}
        if not form["changes"] or self._chance(0.2):
            form["opens"] = [self._opened(department, year, freed if freed > 0 and self._chance(0.7) else None)]
        return form

    def _close_year(self, department: str | None = None, year: int | None = None, actor: str = "cfo") -> None:
        department, year = department or self._one(*DEPARTMENTS), year or self.year
        mine = self.oracle.lines_of(department, year)
        if not mine:
            return
        fits = {name: self._heirs(name) for name in mine}
        carry = {name: self._one(*to) for name, to in fits.items() if to and self.oracle.carry and self._chance(0.7)}
        if self._chance(0.05):
            carry[self._one(*mine)] = self._one(*self.oracle.lines)
        actor = actor if self._chance(0.95) else "officer"
        why = self.oracle.closing_year(department, year, carry, actor)
        act = lambda: self.desk.budgeting.close_year(department, year, actor=actor, reason="It is over.", carry=carry)
        if self.attempt("close_year", why, act) is not None:
            self.oracle.year_closed(department, year, carry)
            self._agree()

    def _heirs(self, name: str) -> list[str]:
        old = self.oracle.lines[name]
        same = ("department", "category", "project")
        return [
            to
            for to, new in self.oracle.lines.items()
            if new["year"] == old["year"] + 1 and all(new[what] == old[what] for what in same)
        ]

    # Applications and claims.

    def _lines_for(self, department: str, type_: str, year: int) -> list[str]:
        of = [name for name in self.oracle.lines_of(department, year) if self.oracle.lines[name]["category"] == CATEGORY[type_]]
        self.random.shuffle(of)
        return of

    def _day_ahead(self) -> date:
        return self.oracle.today + timedelta(days=self.random.randint(0, 60) if self._chance(0.97) else -1)

    def _apply(self) -> None:
        form = self._asked(self._one(*DEPARTMENTS), self._one(*TYPES))
        if form is not None:
            self._submit(form, self._one("li.na", "mei"))

    def _asked(self, department: str, type_: str, alone: bool = False) -> Dict | None:
        """A form on lines that could hold it, mostly for what they have left."""
        expected, places = self._day_ahead(), {}
        lines = self._lines_for(department, type_, self.oracle.year_of(expected))
        if self._chance(0.95):
            lines = [name for name in lines if self.oracle.available(name) >= PRICE[type_]]
        if lines and self._chance(0.03):
            lines = [self._one("unknown", *self.oracle.lines)]
        lines = lines[: self._one(1, 1, 2, 3)]
        if not lines:
            return None
        left = [max(0, self.oracle.available(name)) if name in self.oracle.lines else 9 for name in lines]
        most = sum(left) if self._chance(0.93) else sum(left) * 2 + 20
        most = min(most, 5_000) if alone and self._chance(0.9) else most
        price = PRICE[type_]
        total = self._some(most // price if self._chance(0.5) else min(most // price, 3_000)) * price
        shares, rest = {}, total
        for name, have in zip(lines[1:], left[1:], strict=True):
            part = min(self._some(have), rest - 1)
            if part > 0:
                shares[name] = part
                rest -= part
        shares = {lines[0]: rest, **shares}
        project = {self.oracle.lines[name]["project"] for name in lines if name in self.oracle.lines} - {None}
        rule = None
        if not alone and self.oracle.rules and self._chance(0.3):
            rule, shares, places = self._on_shares(type_, self.oracle.year_of(expected), total) or (None, shares, {})
        return {
            "kind": "claim" if alone else "application",
            "department": department,
            "type": type_,
            "shares": shares,
            "places": places,
            "payee": None if type_ == "discount" else self._payee(),
            "expected": expected,
            "project": self._one(*project) if project and self._chance(0.95) else self._one(None, None, "spring"),
            "vouchers": [],
            "application": None,
            "advance": 0,
            "rule": rule,
            "total": total if self._chance(0.98) else total + price,
        }

    def _on_shares(
        self, type_: str, year: int, total: int
    ) -> tuple[str, dict[str, int], dict[str, tuple[str, str | None]]] | None:
        """A cost held on the lines of those among whom a rule splits it (R1.2)."""
        name = self._one(*self.oracle.rules)
        terms = self.oracle.rule(name, self.oracle.today)
        if terms is None or terms["pools"]:
            return None
        shares: dict[str, int] = {}
        places = {}
        for (department, project), units in self.oracle.parts(terms, total).items():
            of = [line for line in self._lines_for(department, type_, year) if line not in shares]
            if units and not of:
                return None
            if units:
                shares[of[0]], places[of[0]] = units, (department, project)
        if len(shares) > 1 and self._chance(0.05):
            first, second = [*shares][:2]
            shares[first], shares[second] = shares[first] + 1, shares[second] - 1
        return (name, shares, places) if min(shares.values()) > 0 else None

    def _payee(self) -> tuple[str, str]:
        return self._one(*PAYEES, (f"Shop {self._next()}", f"A-{self.count}"))

    def _submit(self, form: Dict, actor: str, id: str | None = None) -> None:
        if form["kind"] == "application" and form["payee"] and self._chance(0.1):
            form["vouchers"] = self._vouchers(form, sum(form["shares"].values()))
        why, spending, made = self.oracle.applying(form, actor, id), self.desk.spending, payable(form)
        if id is not None:
            name, act = "revise", lambda: spending.revise(id, made, actor=actor)
        elif isinstance(made, Claim):
            name, act = "claim", lambda: spending.claim(made, actor=actor, key=f"key {self._next()}")
        else:
            name, act = "apply", lambda: spending.apply(made, actor=actor, key=f"key {self._next()}")
        receipt = self.attempt(name, why, act)
        if receipt is not None:
            before = self.oracle.docs[id]["form"]["application"] if id is not None else None
            self.oracle.applied(receipt.id, form, actor)
            self._agree(receipt.id, form["application"], before)

    def _claim(self) -> None:
        form = self._claimed()
        if form is not None:
            self._submit(form, self._one("li.na", "mei"))

    def _claimed(self, id: str | None = None) -> Dict | None:
        """A claim, mostly under an application that is open, for what it has left, against vouchers."""
        form = self._asked(self._one(*DEPARTMENTS), "holiday_gift", alone=True) if self._chance(0.25) else self._under()
        if form is None:
            return None
        form["payee"] = self._one(("Li Na", "6217 1"), ("Mei", "6217 2"), ("Mei", "6217-2"))
        if form["application"] is None and self._chance(0.3):
            form["payee"] = self._payee()
        whole = sum(form["shares"].values()) + form["advance"]
        form["vouchers"] = self._vouchers(form, whole if self._chance(0.95) else max(0, whole - 1), id)
        return form

    def _under(self) -> Dict | None:
        under = self._pick("approved", kinds=("application",))
        fit = [
            d
            for d in self.oracle.docs.values()
            if d["form"]["kind"] == "application" and self.oracle.open(d) and d["form"]["payee"] and d["claimed"] < d["units"]
        ]
        under = self._one(*fit) if fit and self._chance(0.9) else under
        if under is None:
            return None
        asked, shares = under["form"], {}
        left = under["units"] - under["claimed"]
        ahead = max(0, self.oracle.paid(under) - under["cleared"])
        advance = self._some(ahead) if ahead and self._chance(0.5) else 0
        advance += self._chance(0.03)
        if asked["type"] == "sms":
            left = min(left, max(0, under["used"] - self.oracle.drawn(under)))
        for name, held in under["held"].items():
            most = min(held[1], left - advance - sum(shares.values()))
            if most > 0 and self._chance(0.8):
                shares[name] = self._some(most) + self._chance(0.03)
        if not shares and (not advance or self._chance(0.3)):
            shares = {next(iter(under["held"])): 1}
        other = self._chance(0.03)
        return {
            "kind": "claim",
            "department": asked["department"],
            "type": asked["type"],
            "shares": shares,
            "places": {},
            "payee": None,
            "expected": asked["expected"] if asked["expected"] >= self.oracle.today else self._day_ahead(),
            "project": asked["project"] if not other else self._one(None, "spring"),
            "vouchers": [],
            "application": under["id"],
            "advance": advance,
            "rule": None,
            "total": 0,
        }

    def _vouchers(self, form: Dict, whole: int, id: str | None = None) -> list[Dict]:
        """Vouchers for a whole: new ones, one that stands elsewhere, one that looks like another."""
        found = [self._voucher(part) for part in self._parts(whole, self._one(1, 1, 2, 3))]
        taken = [each for d in self.oracle.docs.values() if d["id"] != id for each in d["form"].get("vouchers", ())]
        if taken and self._chance(0.25):
            again = self._one(*taken)
            self._one(*found).update({**again, **self._written(again)})
        elif taken and self._chance(0.15):
            twin = self._one(*taken)
            self._one(*found).update(total=twin["total"], amount=twin["total"], tax=0, on=twin["on"])
        if self._chance(0.02):
            found.append({**found[0], **self._written(found[0])})
        for each in found:
            if self._chance(0.01):
                each["tax"] += 1
            if self._chance(0.01):
                each["on"] = self.oracle.today + timedelta(days=self._one(1, -366))
            if self._chance(0.01):
                each["buyer"] = "Somebody else"
        return found

    def _voucher(self, total: int) -> Dict:
        kind, tax = self._one("invoice", "digital_invoice", "receipt"), self.random.randint(0, total)
        number = f"{self._next():08d}" if kind != "digital_invoice" else f"{26 * 10**18 + self._next():020d}"
        return {
            "kind": kind,
            "number": number,
            "code": "044002600111" if kind == "invoice" else "",
            "issuer": self._one("Tea House", "Printer"),
            "buyer": COMPANY,
            "on": self.oracle.today - timedelta(days=self.random.randint(0, 20)),
            "amount": total - tax,
            "tax": tax,
            "total": total,
        }

    def _written(self, voucher: Dict) -> Dict:
        """The same number in another hand: wide, with spaces, with the letter for the digit."""
        number = voucher["number"]
        wide = number.translate({ord(str(n)): 0xFF10 + n for n in range(10)})
        return {"number": self._one(number, wide, f"{number[:3]} {number[3:]}", f"{number[:4]}-{number[4:]}".replace("0", "O"))}

    def _confirm(self) -> None:
        """A voucher that looks like another one is confirmed by name, for the next claim of it."""
        form = self._claimed()
        if form is None or "voucher_looks_alike" not in self.oracle.applying(form, "li.na"):
            return
        for each in form["vouchers"]:
            act = lambda each=each: self.desk.spending.confirm_voucher(voucher(each), form["payee"][0], actor="officer", reason="Two.")
            self.attempt("confirm", set(), act)
            self.oracle.confirmed.add((voucher_key(each), folded(form["payee"][0]), each["total"]))
        self._submit(form, "li.na")

    # Signing and ending.

    def _signer(self, d: Dict) -> str:
        if d["step"] >= len(d["chain"]):
            return "gm"
        office = d["chain"][d["step"]]
        return HEADS[d["form"]["department"]] if office == "department_head" else SIGNERS[office]

    def _signed(self, d: Dict, verdict: Callable[[str], Verdict] | None = None) -> bool:
        document = self.desk.document(d["id"])
        signer = self._signer(d)
        actor = signer if self._chance(0.98) else "stranger"
        stale, findings = self._chance(0.01), not self._chance(0.01)
        seen = "0" * 64 if stale else document.statement
        points = {} if document.step is None or not findings else dict.fromkeys(document.step.points, True)
        said = Approve("Fine.", points) if verdict is None else verdict("Not so.")
        why = self.oracle.signing(d, actor, signer, stale=stale, findings=findings, approves=verdict is None)
        act = lambda: self.desk.spending.sign(d["id"], seen=seen, actor=actor, verdict=said)
        if self.attempt("sign", why, act) is None:
            return False
        if verdict is None:
            self.oracle.approved(d)
        else:
            self.oracle.ended(d, "returned" if verdict is Return else "rejected")
        self._agree(d["id"], d["form"].get("application"))
        return True

    def _sign_all(self, id: str) -> None:
        d = self.oracle.docs[id]
        for _ in range(9):
            if d["status"] == "in_review" and not self._signed(d) and self._chance(0.5):
                return

    def _sign(self) -> None:
        d = self._pick("in_review", kinds=self._kinds)
        if d is not None and self._chance(0.9):
            self._sign_all(d["id"])
        elif d is not None:
            self._signed(d)

    @property
    def _kinds(self) -> tuple[str, ...]:
        return ("application", "claim", "budget_plan", "budget_adjustment", "supplementary_request")

    def _turn(self) -> None:
        d = self._pick("in_review", kinds=self._kinds)
        if d is not None:
            self._signed(d, self._one(Return, Return, Reject))

    def _withdraw(self) -> None:
        d = self._pick("in_review", "returned", "approved", kinds=self._kinds)
        if d is not None:
            actor = d["applicant"] if self._chance(0.95) else "stranger"
            act = lambda: self.desk.spending.withdraw(d["id"], actor=actor)
            if self.attempt("withdraw", self.oracle.withdrawing(d, actor), act) is not None:
                self.oracle.ended(d, "withdrawn")
                self._agree(d["id"], d["form"].get("application"))

    def _revise(self) -> None:
        d = self._pick("returned", "in_review", kinds=self._kinds)
        if d is None:
            return
        form, actor = d["form"], d["applicant"] if self._chance(0.95) else "stranger"
        if form["kind"] == "budget_plan":
            lines = [{**line, "months": self._spread(line["units"])} for line in form["opens"]]
            if self._chance(0.5):
                lines = [*lines[1:], self._opened(form["department"], form["year"])]
            again = {**form, "opens": [*{line["id"]: line for line in lines}.values()]}
            self._budget(again, actor, d["id"])
        elif form["kind"] in ("budget_adjustment", "supplementary_request"):
            again = self._changed(form["department"], form["year"], form["kind"])
            if again["changes"] or again["opens"]:
                self._budget(again, actor, d["id"])
        else:
            new = self._claimed(d["id"]) if form["kind"] == "claim" else self._asked(form["department"], form["type"])
            if form["kind"] == "claim" and self._chance(0.5):
                new = {**form, "expected": max(form["expected"], self.oracle.today)}
            if new is not None:
                self._submit(new, actor, d["id"])

    def _close(self) -> None:
        d = self._pick("approved", kinds=("application", "claim"))
        if d is not None:
            act = lambda: self.desk.spending.close(d["id"], actor=d["applicant"], reason="Enough.")
            if self.attempt("close", self.oracle.closing_document(d), act) is not None:
                self.oracle.ended(d, "closed")
                self._agree(d["id"], d["form"]["application"])

    def _settle(self) -> None:
        d = self._pick("approved")
        if d is not None:
            actor = self._one(d["applicant"], d["applicant"], "officer", "stranger")
            act = lambda: self.desk.spending.settle(d["id"], actor=actor, reason="Nothing more comes.")
            if self.attempt("settle", self.oracle.settling(d, actor), act) is not None:
                self.oracle.ended(d, "settled")
                self._agree(d["id"], d["form"]["application"])

    # Payments and uses.

    def _payable(self, d: Dict) -> int:
        """What may be paid of it now."""
        form = d["form"]
        up_to_use = form["application"] is None and form["type"] != "holiday_gift"
        return int(d["used"] if up_to_use else d["units"]) - self.oracle.drawn(d)

    def _pay(self) -> None:
        d = self._pick("approved")
        due = [each for each in self.oracle.docs.values() if each["status"] == "approved" and each["held"]]
        due = [each for each in due if self._payable(each) > 0]
        d = self._one(*due) if due and self._chance(0.8) else d
        if d is None or (self._payable(d) <= 0 and self._chance(0.8)):
            return
        form, most = d["form"], self._payable(d)
        units = self._some(most) if most > 0 and self._chance(0.95) else self._some(most + 2)
        actor = "cashier" if self._chance(0.98) else "stranger"
        if form["payee"] and self._chance(0.8):
            self._confirm_account(*form["payee"])
        made = payable(form)
        keys = tuple(v.key for v in made.vouchers)
        papers = tuple(a.digest for a in made.attachments)
        instruction = Instruction(money(units), made.payee, made.method, papers, keys)
        act = lambda: self.desk.spending.pay(d["id"], instruction, actor=actor, key=f"pay {self._next()}")
        if self.attempt("pay", self.oracle.paying(d, units, actor), act) is not None:
            self.oracle.pays(d, units)
            self._agree(d["id"], form["application"])

    def _confirm_account(self, payee: str, account: str) -> None:
        if self.oracle.paid_to.get(folded(payee), folded(account)) != folded(account):
            self.desk.spending.confirm_account(payee, account, actor="officer", reason="They called.")
            self.oracle.paid_to[folded(payee)] = folded(account)

    def _refund(self) -> None:
        paid = [d for d in self.oracle.docs.values() if any(p["reverses"] is None for p in d["payments"])]
        if not paid:
            return
        d = self._one(*paid)
        number = self._one(*[p["number"] for p in d["payments"] if p["reverses"] is None])
        left = self.oracle.left(d, number)
        units = None if self._chance(0.3) else self._some(left) if left and self._chance(0.85) else left + 1
        actor, spending = "cashier" if self._chance(0.98) else "stranger", self.desk.spending
        why = self.oracle.refunding(d, number, units, actor)
        if units is None:
            act = lambda: spending.reverse(d["id"], number, actor=actor, reason="It bounced.")
        else:
            act = lambda: spending.refund(d["id"], number, money(units), actor=actor, reason="They gave it back.")
        if self.attempt("refund", why, act) is not None:
            self.oracle.refunds(d, number, units)
            self._agree(d["id"], d["form"]["application"])

    def _use(self) -> None:
        d = self._pick("approved", "closed")
        if d is None:
            return
        form, price = d["form"], PRICE[d["form"]["type"]]
        if form["application"] is not None and self._chance(0.9):
            return
        left = max(0, (d["units"] if d["status"] == "approved" else self.oracle.drawn(d)) - d["used"]) // price
        rows = []
        for _ in range(self.random.randint(1, 4)):
            quantity = 1 if form["type"] == "sms" else self._some(max(1, left // 2))
            day = self.oracle.today - timedelta(days=self.random.randint(0, 70) if self._chance(0.98) else -1)
            order = f"O{self._next()}" if form["type"] == "discount" else ""
            rows.append({"on": day, "units": quantity * price, "order": order, "quantity": quantity})
        if self.oracle.orders and form["type"] == "discount" and self._chance(0.03):
            rows[0]["order"] = self._one(*sorted(self.oracle.orders))
        actor = d["applicant"] if self._chance(0.97) else "stranger"
        uses = tuple(use(form["type"], row, f"C{self.random.randint(1, 30)}") for row in rows)
        act = lambda: self.desk.spending.record_use(d["id"], uses, actor=actor, reason="As it came.")
        if self.attempt("use", self.oracle.using(d, rows, actor), act) is not None:
            self.oracle.uses(d, rows)
            self._agree(d["id"])

    # Time and months.

    def _wait(self) -> None:
        self.clock.forward(days=self._one(0, 1, 3, 9, 20, 31), minutes=self.random.randint(1, 1439))
        self.oracle.now = self.clock.at

    def _tick(self) -> None:
        gone = self.oracle.run_out()
        assert self.desk.tick(1000).expired == len(gone)
        for d in gone:
            self.oracle.expired(d)
        self._agree(*[d["id"] for d in gone])

    def _close_month(self) -> None:
        through = self.oracle.closed
        earliest = min((row["month"] for row in self.oracle.ledger), default=month_of(self.oracle.today) - 1)
        month = earliest if through is None else through + 1
        if self._chance(0.15):
            month += self._one(-1, 1)
        actor = self._one("officer", "cfo") if self._chance(0.97) else "stranger"
        act = lambda: self.desk.closing.close(Month.of(month), actor=actor)
        accounts = self.attempt("close_month", self.oracle.closing(month, actor), act)
        if accounts is not None:
            self.oracle.closes(month)
            assert accounts == self.desk.accounts(Month.of(month))
            self._agree()
            self._month(month)

    def _reopen(self) -> None:
        month = self.oracle.closed if self.oracle.closed is not None else 2026 * 12
        month += self._chance(0.1)
        actor = "cfo" if self._chance(0.95) else "officer"
        act = lambda: self.desk.closing.reopen(Month.of(month), actor=actor, reason="Something is missing.")
        if self.attempt("reopen", self.oracle.reopening(month, actor), act) is not None:
            self.oracle.closed = month - 1
            self._agree()

    # Costs from elsewhere, and shared costs.

    def _cost(self) -> None:
        costs: list[Dict] = []
        for _ in range(self.random.randint(1, 3)):
            units = self._some(self._one(10, 100, 100_000)) * (-1 if self._chance(0.15) else 1)
            day = self.oracle.today - timedelta(days=self.random.randint(0, 50) if self._chance(0.98) else -1)
            costs.append(
                {
                    "key": f"card {self._next()}",
                    "on": day,
                    "department": self._one(*DEPARTMENTS) if self._chance(0.98) else "nobody",
                    "type": self._one("venue_rental", "venue_rental", "holiday_gift"),
                    "units": units,
                    "project": self._one(None, None, "spring"),
                }
            )
        if self.oracle.costs and self._chance(0.1):
            costs[0] = {**self._one(*self.oracle.costs.values())}
        keys = {cost["key"] for cost in costs}
        assert len(keys) == len(costs)
        why = self.oracle.recording(costs) if keys - self.oracle.costs.keys() else set()
        found = self.attempt("cost", why, lambda: self.desk.costs.record(map(recorded, costs), actor="officer"))
        if found is not None:
            assert (found.recorded, found.known) == ((new := self.oracle.records(costs)), len(costs) - new)

    def _uncost(self) -> None:
        if self.oracle.costs:
            key = self._one(*self.oracle.costs)
            why = {"cost_reversed"} if self.oracle.costs[key]["reversed"] else set()
            if self.attempt("uncost", why, lambda: self.desk.costs.reverse(key, actor="officer", reason="Wrong.")) is not None:
                self.oracle.unrecords(key)

    def _rule(self) -> None:
        name = self._one("rent", "hall", "desk")
        pooled = name == "desk"
        places = [(department, project) for department in DEPARTMENTS for project in (None, "spring")]
        self.random.shuffle(places)
        receivers = {place: self.random.randint(0, 9) for place in places[: self.random.randint(1, 4)]}
        receivers[places[0]] += 1
        begins = date(2025, 12, 1) if self._chance(0.6) else self.oracle.today.replace(day=1)
        known = self.oracle.rules.get(name)
        if known and self._chance(0.9):
            begins = max(begins, known[-1]["effective"] + timedelta(days=1))
        terms: Dict = {"effective": begins, "receivers": receivers, "pools": {}, "used": {}, "order": (), "method": "direct"}
        terms["basis"] = self._one("equal", "fixed", "headcount", "revenue")
        if terms["basis"] == "equal" or pooled:
            terms["receivers"] = dict.fromkeys(receivers, 1)
        if pooled:
            self._pools(terms)
        why = self.oracle.entering(name, terms)
        act = lambda: self.desk.allocations.rule(name, shared(terms), actor="officer")
        if self.attempt("rule", why, act) is not None:
            self.oracle.rules.setdefault(name, []).append(terms)

    def _pools(self, terms: Dict) -> None:
        count = self.random.randint(1, 3)
        names = [f"{place}/{of}" if of else place for place, of in terms["receivers"]]
        terms["pools"] = {f"pool {n}": (self._one(*DEPARTMENTS), self._one(None, "spring")) for n in range(count)}
        terms["method"] = self._one("direct", "step_down", "reciprocal")
        terms["basis"] = "usage"
        pools = [*terms["pools"]]
        for pool in pools:
            for by in {*names, *pools}:
                if by not in pools or self._chance(0.6):
                    terms["used"][pool, by] = self.random.randint(1 if by == names[0] else 0, 40)
        if self._chance(0.5):
            self.random.shuffle(pools)
            terms["order"] = tuple(pools)

    def _allocate(self) -> None:
        at = [row["of"] for row in self.oracle.ledger]
        month = self._one(*at) if at and self._chance(0.95) else month_of(self.oracle.today) + self._one(0, 1)
        known = [name for name in self.oracle.rules if self.oracle.rule_of(name, month)]
        if not known or self._chance(0.02):
            known = [*self.oracle.rules]
        if not known:
            return self._rule()
        name = self._one(*known)
        of: Dict = {"rule": name, "month": month, "bearer": None}
        terms = self.oracle.rule_of(name, month) or self.oracle.rules[name][0]
        rows = [row for row in self.oracle.ledger if row["of"] == month]
        here = self._one(*rows) if rows else {"department": "marketing", "project": "", "type": "venue_rental"}
        of["type"] = type_ = here["type"]
        if terms["pools"]:
            first = {place: pool for pool, place in reversed(terms["pools"].items())}
            of["amount"] = {
                pool: self._borne(place, type_, month) if first[place] == pool or self._chance(0.1) else 0
                for pool, place in terms["pools"].items()
            }
        else:
            of["bearer"] = (here["department"], here["project"] or None)
            of["amount"] = self._borne(of["bearer"], type_, month) or 1
        given = of["amount"]
        if not (given if isinstance(given, int) else any(given.values())):
            return None
        why = self.oracle.allocating(of)
        amount = money(given) if isinstance(given, int) else {pool: money(units) for pool, units in given.items()}
        department, project = of["bearer"] or (None, None)
        act = lambda: self.desk.allocations.allocate(
            name,
            amount,
            month=Month.of(month),
            type=type_,
            actor="officer",
            key=f"allocation {self._next()}",
            department=department,
            project=project,
        )
        receipt = self.attempt("allocate", why, act)
        if receipt is not None:
            parts = self.oracle.allocates(receipt.id, of)
            self._result(receipt.id, terms, parts, given)
        return None

    def _result(self, id: str, terms: Dict, parts: dict[tuple[str, str | None], int], given: Any) -> None:
        """The parts add up to the whole, each what was reckoned (I24)."""
        found = self.desk.allocations.result(id).allocation
        whole = given if isinstance(given, int) else sum(given.values())
        assert sum(part.units for part in found.received.values()) == found.total.units == whole, "I24"
        names = {place if of is None else f"{place}/{of}": units for (place, of), units in parts.items()}
        assert {name: part.units for name, part in found.received.items()} == names, "I24"

    def _borne(self, place: tuple[str, str | None], type_: str, month: int) -> int:
        borne = self.oracle.borne((place[0], place[1] or ""), type_, month)
        if self._chance(0.06):
            return borne + (1 if borne >= 0 else -1)
        return self._some(borne) if borne > 0 else -self._some(-borne) if borne else 0

    def _undo(self) -> None:
        if self.oracle.allocations:
            id = self._one(*self.oracle.allocations)
            why = {"allocation_reversed"} if self.oracle.allocations[id]["reversed"] else set()
            act = lambda: self.desk.allocations.reverse(id, actor="officer", reason="Wrong.")
            if self.attempt("undo", why, act) is not None:
                self.oracle.unallocates(id)

    # The end of the year.

    def _end(self) -> None:
        """The year ends: approvals run out, months and years are closed, and all is held to the reckoner."""
        self.clock.at = max(self.clock.at, datetime(2027, self.oracle.start, 3, tzinfo=timezone.utc))
        self.oracle.now = self.clock.at
        self._tick()
        for department in DEPARTMENTS:
            self._close_year(department)
        for _ in range(self._one(0, 3, 14)):
            self._close_month()
        self.holds()

    def holds(self) -> None:
        """The laws of the whole year, each against the reckoner."""
        self._agree(*self.oracle.docs)
        self._vouchers_stand()
        self._splitting()
        for month in sorted({row["month"] for row in self.oracle.ledger} | set(self.oracle.numbered)):
            self._month(month)
        for year in sorted({line["year"] for line in self.oracle.lines.values()}):
            self._executed(year)

    def _month(self, month: int) -> None:
        """A month's accounts are what was reckoned; its numbers go from 1 without a gap (I12, I26)."""
        rows, sources, corrections = self.oracle.accounts(month)
        found, at = self.desk.accounts(Month.of(month)), text_of(month)
        told = Counter[tuple[str, ...]]()
        for row in found.rows:
            told[row.department, row.project, row.category, row.type] += row.units
        assert plain(told) == plain(rows), ("R1.1", at)
        assert plain({source.value: units for source, units in found.sources}) == plain(sources), ("R1.1", at)
        assert plain({each.number: units for each, units in found.corrections}) == plain(corrections), ("R1.3", at)
        assert (found.total, found.differences, found.method) == (sum(rows.values()), (), self.oracle.method), at
        assert found.closed == (self.oracle.closed is not None and month <= self.oracle.closed), at
        self._numbers(month)

    def _numbers(self, month: int) -> None:
        numbered = list(self.repository.postings(Month.of(month), limit=10_000))
        assert [number for number, _ in numbered] == list(range(1, self.oracle.numbered.get(month, 0) + 1)), "I26"
        postings = [posting for _, posting in numbered]
        before = self.kept.get(month, [])
        assert postings[: len(before)] == before, ("I26", "a number went to another posting")
        self.kept[month] = postings
        if self.oracle.closed is not None and month <= self.oracle.closed:
            told = sorted((p.source.value, p.line, p.department, p.project, p.type, p.units) for p in postings)
            mine = [row for row in self.oracle.ledger if row["month"] == month]
            what = ("source", "line", "department", "project", "type", "units")
            assert Counter(told) == Counter(tuple(row[each] for each in what) for row in mine), "I26"
            costs = sum(
                entry.units * ((entry.debit.role == "cost") - (entry.credit.role == "cost"))
                for entry in self.desk.closing.entries(Month.of(month))
            )
            assert costs == self.desk.accounts(Month.of(month)).total, "R1.4"

    def _executed(self, year: int) -> None:
        """By line and month: planned, reserved, committed, spent (B2.3); the months of a plan add up (B1.3)."""
        held = {name: [Counter[str](), Counter[str]()] for name in self.oracle.lines}
        for d in self.oracle.docs.values():
            for name, (reserved, committed, _) in d["held"].items():
                held[name][0][text_of(month_of(d["form"]["expected"]))] += reserved
                held[name][1][text_of(month_of(d["form"]["expected"]))] += committed
        for line in self.desk.execution(year=year).lines:
            name, spent = line.line.id, Counter[str]()
            for row in self.oracle.ledger:
                if row["line"] == name and row["source"] in ("paid", "set_off"):
                    spent[text_of(row["month"])] += row["units"]
            planned = {text_of(month): units for month, units in self.oracle.planned[name].items()}
            within = {text_of(month) for month in self.oracle.months(year)}
            for what, wanted in (("planned", planned), ("reserved", held[name][0]), ("committed", held[name][1]), ("spent", spent)):
                told = {str(each.month): getattr(each.figures, what) for each in line.months if each.month is not None}
                assert plain(told) == plain({m: n for m, n in wanted.items() if m in within}), ("B2.3", name, what)
                assert getattr(line.figures, what) == sum(wanted.values()), ("B2.3", name, what)
            carried = line.line.in_force - sum(planned.values())
            assert carried == 0 or self.oracle.years_closed, ("B1.3", name)

    def _vouchers_stand(self) -> None:
        """Each voucher stands in one live document at most, by whatever hand it is written (I27)."""
        owners = Counter[tuple[str, ...]]()
        for id, d in self.oracle.docs.items():
            form = self.desk.document(id).content
            if isinstance(form, Application | Claim) and d["status"] not in ("rejected", "withdrawn", "expired"):
                owners.update({voucher_key(each) for each in d["form"]["vouchers"]})
        assert max(owners.values(), default=1) == 1, "I27"
        assert owners.keys() == self.oracle.vouchers.keys(), "I27"

    def _splitting(self) -> None:
        """What counts as one purchase was signed by everyone who signs the whole of it (I9)."""
        live = [d for d in self.oracle.docs.values() if d["form"]["kind"] in ("application", "claim")]
        for d in (d for d in live if d["form"]["application"] is None and d["status"] in ("in_review", "approved", "settled")):
            earlier = [each for each in self.oracle.related(d["form"], d["at"]) if each["nth"] < d["nth"]]
            counts = [each["units"] if each["status"] in ("in_review", "approved") else self.oracle.drawn(each) for each in earlier]
            whole = d["units"] + sum(counts)
            needed = {step.office for step in self.rules.chain(d["form"]["kind"], whole, d["form"]["type"])}
            signed = {step.office for each in (d, *earlier) for step in self.desk.document(each["id"]).round.chain}
            assert needed <= signed, ("I9", d["id"])


def plain(counted: Any) -> dict[Any, int]:
    """Without what comes to nothing."""
    return {key: units for key, units in counted.items() if units}


def folded(name: str) -> str:
    """A name or account as its spellings share it, reckoned apart from the library."""
    from expense_policy.testing.oracle import fold

    return fold(name)


def basis(of: tuple[str, Any] | None) -> Basis | None:
    """The basis of an estimate as the library has it."""
    match of:
        case ("activities", costs):
            return OperatingPlan(tuple(Activity(f"activity {n}", money(cost)) for n, cost in enumerate(costs)))
        case ("drivers", drivers):
            return Drivers(tuple(Driver(f"driver {i}", n, money(price)) for i, (n, price) in enumerate(drivers)))
        case ("last_year", (actual, growth_bp)):
            return LastYear(money(actual), growth_bp)
        case ("trend", actuals):
            return Trend(tuple(map(money, actuals)))
    return None


def budget(form: Dict) -> BudgetPlan | BudgetAdjustment | SupplementaryRequest:
    """A plan, or a change of one."""
    lines = tuple(
        PlanLine(
            line["id"],
            line["category"],
            line["id"],
            money(line["units"]),
            line["project"],
            tuple(map(money, line["months"] or ())),
            basis(line["basis"]),
        )
        for line in form["opens"]
    )
    if form["kind"] == "budget_plan":
        return BudgetPlan(form["department"], form["year"], lines)
    changes = tuple(
        LineChange(name, money(each["before"]), money(each["after"]), tuple(map(money, each["months"] or ())))
        for name, each in form["changes"].items()
    )
    kind = BudgetAdjustment if form["kind"] == "budget_adjustment" else SupplementaryRequest
    return kind(form["department"], form["year"], "The market changed.", changes, lines)


def voucher(of: Dict) -> Voucher:
    """A voucher as it is handed in."""
    amounts = (money(of["amount"]), money(of["tax"]), money(of["total"]))
    return Voucher(VoucherKind(of["kind"]), of["number"], of["issuer"], of["buyer"], of["on"], *amounts, code=of["code"])


def plan(type_: str, units: int) -> Plan:
    """A plan record of so much."""
    count = units // PRICE[type_]
    if type_ == "sms":
        return Sms("Hello", count, money(5))
    if type_ == "discount":
        return Discount((DiscountLine("kettle", "kitchen", count, money(10_000), money(0), money(7)),))
    return HolidayGift("spring_festival", 2026, "tea", money(1), count, date(2026, 1, 20), date(2026, 2, 20))


def payable(form: Dict) -> Application | Claim:
    """An application or a claim."""
    shares = tuple(
        Share(line, money(units), *places(form, line)) for line, units in form["shares"].items()
    )
    payee = None if form["payee"] is None else Payee(*form["payee"])
    common = {
        "department": form["department"],
        "purpose": "Tea for customers",
        "type": form["type"],
        "payee": payee,
        "method": SET_OFF if payee is None else "bank_transfer",
        "expected_payment": form["expected"],
        "shares": shares,
        "project": form["project"],
        "vouchers": tuple(map(voucher, form["vouchers"])),
    }
    said: dict[str, Any] = {"business_goal": "Keep customers", "customers": "All", "attachments": (BASIS,)}
    if form["kind"] == "application":
        return Application(**common, **said, plan=plan(form["type"], form["total"]), allocation=form["rule"])
    advance = money(form["advance"]) if form["advance"] else None
    if form["application"] is not None:
        return Claim(**common, application=form["application"], advance=advance)
    return Claim(**common, **said, plan=plan(form["type"], form["total"]), reason="They came unannounced.")


def places(form: Dict, line: str) -> tuple[str | None, str | None]:
    """Whose line it is, where a rule shares the cost."""
    department, project = form["places"].get(line, (None, None))
    return (None if department == form["department"] else department), project


def use(type_: str, row: Dict, customer: str) -> Use:
    """A use as it happened."""
    day: date = row["on"]
    if type_ == "sms":
        return SmsSent(instant(datetime(day.year, day.month, day.day, 2, tzinfo=timezone.utc)), customer)
    if type_ == "discount":
        return DiscountGranted(day, customer, row["order"], "kettle", row["quantity"])
    return GiftIssued(day, customer, row["quantity"])


def recorded(cost: Dict) -> RecordedCost:
    """A cost that was paid elsewhere."""
    return RecordedCost(cost["key"], cost["on"], cost["department"], cost["type"], money(cost["units"]), cost["project"])


def shared(terms: Dict) -> AllocationTerms:
    """A rule's version."""
    return AllocationTerms(
        "Shared",
        terms["effective"],
        AllocationBasis(terms["basis"]),
        tuple(Receiver(place, of, str(weight)) for (place, of), weight in terms["receivers"].items()),
        Method(terms["method"]),
        tuple(Pool(name, *place) for name, place in terms["pools"].items()),
        tuple(Used(pool, by, str(quantity)) for (pool, by), quantity in terms["used"].items()),
        terms["order"],
    )
