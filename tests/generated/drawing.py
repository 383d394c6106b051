"""What is drawn for a year: forms, vouchers, uses, costs and rules as plain dicts, mostly what may be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

from .counting import CATEGORY, COMPANY, PAYABLE, Dict, Place, Units, month_of
from .forms import PRICE
from .reckoner import Reckoner

T = TypeVar("T")
DEPARTMENTS = ("marketing", "customer_service")
TYPES = tuple(PRICE)
PAYEES = (
    ("Tea House", "6222 1"),
    ("ＴＥＡ house", "6222-1"),
    # The e is Cyrillic.
    ("T\u0435a-House", "6222 2"),
    ("Printer", "6222 3"),
    ("Copy shop", "6222 3"),
    ("Florist", "6222 4"),
)
"""Some are one by name, some by account: they share the deciding amount (A3.6), and accounts change (A4.2)."""
STAFF = (("Li Na", "6217 1"), ("Mei", "6217 2"), ("ＭＥＩ", "6217-2"))


class Drawing:
    """Draws for a company as its reckoner has it. A share of what is drawn is unfit in one way or another."""

    def __init__(self, seed: str, **rules: Any) -> None:
        self.random = Random(seed)
        drawn: Dict = {
            "method": self.one("accrual", "cash"),
            "itemised": self.chance(0.5),
            "carry": self.chance(0.6),
            "expiry": self.one(180, 40),
            "start": self.one(1, 4),
        }
        self.rules: Dict = drawn | rules
        self.oracle = Reckoner(**self.rules)
        self.year, self._count = 2026, 0

    def one(self, *values: T) -> T:
        """One of these."""
        return self.random.choice(values)

    def chance(self, of: float) -> bool:
        """Whether something happens that happens so often."""
        return self.random.random() < of

    def next(self) -> int:
        """A number that was not given before."""
        self._count += 1
        return self._count

    def some(self, most: int) -> int:
        """From 1 to the most: few, all, a unit less, any."""
        most = max(1, most)
        return min(most, max(1, self.one(1, 2, 3, most, most - 1, most // 2, self.random.randint(1, most))))

    def parts(self, whole: int, count: int) -> list[int]:
        """A whole in so many parts, none below 0."""
        cuts = sorted(self.random.randint(0, whole) for _ in range(count - 1))
        return [after - before for before, after in zip([0, *cuts], [*cuts, whole], strict=True)]

    # Budgets.

    def months(self, units: int, kept: Sequence[int] = ()) -> list[int] | None:
        """An amount by month, where lines are itemised or it is said anyway; the first months mostly as they stood."""
        wanted = self.oracle.itemised or self.chance(0.3)
        kept = [] if len(kept) == 12 or self.chance(0.05) else kept
        rest = self.parts(units - sum(kept), 12 - len(kept))
        return [*kept, *rest] if wanted and not self.chance(0.02) else None

    def basis(self) -> tuple[str, Any] | None:
        """What an amount was estimated from."""
        if not self.oracle.itemised or self.chance(0.02):
            return None
        few = [self.random.randint(1, 99_999) for _ in range(self.random.randint(2, 4))]
        return self.one(
            ("activities", few),
            ("drivers", [(n % 90 + 1, n) for n in few]),
            ("last_year", (few[0], self.random.randint(-10_000, 20_000))),
            ("trend", few),
        )

    def line(self, department: str, year: int, units: int | None = None, over: int = 0) -> Dict:
        """A line of a draft, or one that a change opens when so many months are over."""
        id = f"{department[0]}.{year}.{self.next()}"
        if self.oracle.lines and self.chance(0.02):
            id = self.one(*self.oracle.lines)
        units = self.some(self.one(50, 5_000, 20_000, 60_000)) if units is None else units
        return {
            "id": id,
            "category": CATEGORY[self.one(*TYPES)],
            "units": units,
            "project": self.one(None, None, None, None, "spring") if self.chance(0.98) else "nowhere",
            "months": self.months(units, [0] * over),
            "basis": self.basis(),
        }

    def plan(self, department: str, year: int) -> Dict:
        """A department's draft for a year."""
        lines = [self.line(department, year) for _ in range(self.random.randint(1, 4))]
        opens = list({line["id"]: line for line in lines}.values())
        return {"kind": "budget_plan", "department": department, "year": year, "changes": {}, "opens": opens}

    def change(self, department: str, year: int, kind: str) -> Dict | None:
        """An adjustment or a supplementary request: lines cut, raised, spread otherwise, opened; None of nothing."""
        changes: Dict = {}
        mine = self.oracle.lines_of(department, year)
        self.random.shuffle(mine)
        if self.chance(0.03):
            mine = [self.one("unknown", *self.oracle.lines)]
        freed = 0
        for name in mine[: self.random.randint(0, 3)]:
            known = name in self.oracle.lines
            stands, free = (self.oracle.lines[name]["in_force"], self.oracle.available(name)) if known else (10, 0)
            after = self._changed(kind, stands, free, freed)
            freed += stands - after
            before = stands if self.chance(0.95) else stands + 1
            months = self.months(after, self.oracle.kept(name, after, year))
            if before != after or months is not None:
                changes[name] = {"before": before, "after": after, "months": months}
        opens = []
        if not changes or self.chance(0.2):
            over = len(self.oracle.kept("", 0, year))
            opens.append(self.line(department, year, freed if freed > 0 and self.chance(0.7) else None, over))
        opens = [line for line in opens if line["id"] not in changes]
        found = {"kind": kind, "department": department, "year": year, "changes": changes, "opens": opens}
        found["reason"] = "The market moved" if self.chance(0.98) else self.one("", " ", "\u200b")
        return found if changes or opens else None

    def _changed(self, kind: str, stands: int, free: int, freed: int) -> int:
        """What a line shall have: of an adjustment the first gives, and the others get what was given."""
        if kind == "supplementary_request":
            return stands + self.some(9_000) if self.chance(0.8) else max(0, stands - self.some(free))
        if not freed:
            return max(0, stands - self.some(free if free and self.chance(0.9) else stands))
        return max(0, stands + freed + self.chance(0.1))

    def carry(self, department: str, year: int) -> dict[str, str]:
        """The lines of the next year that what is left of some lines goes into."""
        lines, found = self.oracle.lines, {}
        mine = self.oracle.lines_of(department, year)
        for name in mine:
            same = [(each, lines[each]) for each in lines if lines[each]["year"] == year + 1]
            what = ("department", "category", "project")
            heirs = [each for each, new in same if all(new[x] == lines[name][x] for x in what)]
            if heirs and self.oracle.carry and self.chance(0.7):
                found[name] = self.one(*heirs)
        if self.chance(0.05):
            found[self.one(*mine)] = self.one(*lines)
        return found

    # Documents.

    def document(self, *statuses: str, kinds: Sequence[str] = PAYABLE) -> Dict | None:
        """A document of one of these statuses, now and then of any."""
        of = [d for d in self.oracle.docs.values() if d["form"]["kind"] in kinds]
        fit = [d for d in of if d["status"] in statuses]
        if of and self.chance(0.05):
            return self.one(*of)
        return self.one(*fit) if fit else None

    def application(self, department: str, type_: str, alone: bool = False) -> Dict | None:
        """A form on lines that could hold it, mostly for what they have left; with `alone` a claim without one."""
        expected, price = self._expected(), PRICE[type_]
        year, places, rule = self.oracle.year_of(expected), dict[str, Place](), None
        lines = self._fit(department, type_, year)
        if self.chance(0.95):
            lines = [name for name in lines if self.oracle.available(name) >= price]
        if lines and self.chance(0.03):
            lines = [self.one("unknown", *self.oracle.lines)]
        lines = lines[: self.one(1, 1, 2, 3)]
        if not lines:
            return None
        left = [max(0, self.oracle.available(name)) if name in self.oracle.lines else 9 for name in lines]
        most = sum(left) if self.chance(0.93) else sum(left) * 2 + 20
        most = min(most, 5_000) if alone and self.chance(0.9) else most
        total = self.some(most // price if self.chance(0.5) else min(most // price, 3_000)) * price
        shares = self._borne(lines, left, total)
        projects = {self.oracle.lines[name]["project"] for name in lines if name in self.oracle.lines} - {None}
        if not alone and self.oracle.terms and self.chance(0.3):
            rule, shares, places = self._on_shares(type_, year, total) or (None, shares, places)
        return {
            "kind": "claim" if alone else "application",
            "department": department,
            "type": type_,
            "shares": shares,
            "places": places,
            "payee": None if type_ == "discount" else self._payee(),
            "expected": expected,
            "project": self.one(*projects) if projects and self.chance(0.9) else self.one(None, None, "spring"),
            "vouchers": [],
            "application": None,
            "advance": 0,
            "rule": rule,
            "total": total if self.chance(0.98) else total + price,
        }

    def _fit(self, department: str, type_: str, year: int) -> list[str]:
        names = self.oracle.lines_of(department, year)
        found = [name for name in names if self.oracle.lines[name]["category"] == CATEGORY[type_]]
        self.random.shuffle(found)
        return found

    def _expected(self) -> date:
        return self.oracle.today + timedelta(days=self.random.randint(0, 60) if self.chance(0.97) else -1)

    def _payee(self) -> tuple[str, str]:
        return self.one(*PAYEES, (f"Shop {self.next()}", f"A-{self._count}"))

    def _borne(self, lines: list[str], left: list[int], total: int) -> Units:
        found, rest = Units(), total
        for name, have in zip(lines[1:], left[1:], strict=True):
            part = min(self.some(have), rest - 1)
            if part > 0:
                found[name] = part
                rest -= part
        return {lines[0]: rest, **found}

    def _on_shares(self, type_: str, year: int, total: int) -> tuple[str, Units, dict[str, Place]] | None:
        """A cost that is held on the lines of those among whom a rule splits it (R1.2)."""
        name = self.one(*self.oracle.terms)
        terms = self.oracle.rule(name, self.oracle.today)
        if terms is None or terms["pools"]:
            return None
        shares, places = Units(), dict[str, Place]()
        for (department, project), units in self.oracle.split(terms, total).items():
            lines = [line for line in self._fit(department, type_, year) if line not in shares]
            if units and not lines:
                return None
            if units:
                shares[lines[0]], places[lines[0]] = units, (department, project)
        if len(shares) > 1 and self.chance(0.15):
            first, second = [*shares][:2]
            shares[first], shares[second] = shares[first] + 1, shares[second] - 1
        return (name, shares, places) if min(shares.values()) > 0 else None

    # Claims and vouchers.

    def claim(self, id: str | None = None) -> Dict | None:
        """A claim against vouchers, mostly under an application that is open, for what it has left."""
        if self.chance(0.25):
            form = self.application(self.one(*DEPARTMENTS), "holiday_gift", alone=True)
        else:
            form = self._under()
        if form is not None:
            alone = form["application"] is None and self.chance(0.3)
            form["payee"] = self._payee() if alone else self.one(*STAFF)
            whole = sum(form["shares"].values()) + form["advance"]
            form["vouchers"] = self.vouchers(whole if self.chance(0.97) else max(0, whole - 1), id)
        return form

    def _under(self) -> Dict | None:
        fit = [d for d in self.oracle.docs.values() if d["form"]["kind"] == "application" and self.oracle.open(d)]
        fit = [d for d in fit if d["form"]["payee"] and d["claimed"] < d["units"]]
        under = self.one(*fit) if fit and self.chance(0.93) else self.document("approved", kinds=("application",))
        if under is None:
            return None
        asked, today = under["form"], self.oracle.today
        shares, advance = self._taken(under)
        return {
            "kind": "claim",
            "department": asked["department"],
            "type": asked["type"],
            "shares": shares,
            "places": {},
            "expected": asked["expected"] if asked["expected"] >= today else self._expected(),
            "project": asked["project"] if not self.chance(0.03) else self.one(None, "spring"),
            "application": under["id"],
            "advance": advance,
            "rule": None,
            "total": 0,
        }

    def _taken(self, under: Dict) -> tuple[Units, int]:
        """What a claim asks for of each line, and what it sets against what was paid ahead."""
        left, ahead = under["units"] - under["claimed"], self.oracle.paid(under) - under["cleared"]
        advance = self.some(ahead) if ahead > 0 and self.chance(0.5) else 0
        advance += self.chance(0.03)
        if under["form"]["type"] != "holiday_gift":
            left = min(left, max(0, under["used"] - self.oracle.drawn(under)))
        shares = Units()
        for name, held in under["held"].items():
            most = min(held[1], left - advance - sum(shares.values()))
            if most > 0 and self.chance(0.8):
                shares[name] = self.some(most) + self.chance(0.03)
        if not shares and not advance:
            shares = {next(iter(under["held"])): 1}
        return shares, advance

    def vouchers(self, whole: int, id: str | None = None) -> list[Dict]:
        """Vouchers for a whole: new ones; among them one that stands elsewhere, or that looks like another."""
        found = [self._voucher(part) for part in self.parts(whole, self.one(1, 1, 2, 3))]
        taken = [each for d in self.oracle.docs.values() if d["id"] != id for each in d["form"].get("vouchers", ())]
        if taken and self.chance(0.2):
            again = self.one(*taken)
            self.one(*found).update({**again, "number": self._written(again["number"])})
        elif taken and self.chance(0.1):
            twin = self.one(*taken)
            self.one(*found).update(total=twin["total"], amount=twin["total"], tax=0, on=twin["on"])
        if self.chance(0.02):
            found.append({**found[0], "number": self._written(found[0]["number"])})
        for each in found:
            if self.chance(0.01):
                each["tax"] += 1
            if self.chance(0.01):
                each["on"] = self.oracle.today + timedelta(days=self.one(1, -366))
            if self.chance(0.01):
                each["buyer"] = "Somebody else"
        return found

    def _voucher(self, total: int) -> Dict:
        kind, tax = self.one("invoice", "digital_invoice", "receipt"), self.random.randint(0, total)
        return {
            "kind": kind,
            "number": f"26{self.next():018d}" if kind == "digital_invoice" else f"{self.next():08d}",
            "code": "044002600111" if kind == "invoice" else "",
            "issuer": self.one("Tea House", "Printer"),
            "buyer": COMPANY,
            "on": self.oracle.today - timedelta(days=self.random.randint(0, 20)),
            "amount": total - tax,
            "tax": tax,
            "total": total,
        }

    def _written(self, number: str) -> str:
        """The same number in another hand: wide, in groups, with the letter for the digit."""
        wide = number.translate({ord(str(n)): 0xFF10 + n for n in range(10)})
        return self.one(number, wide, f"{number[:3]} {number[3:]}", f"{number[:4]}-{number[4:]}".replace("0", "O"))

    # Uses, costs from elsewhere, shared costs.

    def uses(self, d: Dict) -> list[Dict]:
        """What happened under a document, mostly within what it may bear."""
        type_, price = d["form"]["type"], PRICE[d["form"]["type"]]
        left = max(0, (d["units"] if d["status"] == "approved" else self.oracle.drawn(d)) - d["used"]) // price
        rows = []
        for _ in range(self.random.randint(1, 4)):
            quantity = 1 if type_ == "sms" else self.some(left // 3)
            days = self.random.randint(0, 70) if self.chance(0.99) else -1
            rows.append(
                {
                    "on": self.oracle.today - timedelta(days=days),
                    "customer": f"C{self.random.randint(1, 30)}",
                    "order": f"O{self.next()}" if type_ == "discount" else "",
                    "quantity": quantity,
                    "units": quantity * price,
                }
            )
        if self.oracle.orders and type_ == "discount" and self.chance(0.2):
            rows[0]["order"] = self.one(*sorted(self.oracle.orders))
        return rows

    def costs(self) -> list[Dict]:
        """Costs that were paid elsewhere, refunds among them, perhaps one that is known, or has the key of one."""
        found = []
        for _ in range(self.random.randint(1, 3)):
            days = self.random.randint(0, 50) if self.chance(0.98) else -1
            found.append(
                {
                    "key": f"card {self.next()}",
                    "on": self.oracle.today - timedelta(days=days),
                    "department": self.one(*DEPARTMENTS) if self.chance(0.98) else "nobody",
                    "type": self.one("venue_rental", "venue_rental", "holiday_gift"),
                    "units": self.some(self.one(10, 100, 100_000)) * (-1 if self.chance(0.15) else 1),
                    "project": self.one(None, None, "spring"),
                }
            )
        if self.oracle.costs and self.chance(0.1):
            known = self.one(*self.oracle.costs.values())
            found[0] = {**known, "units": known["units"] * self.one(1, 1, 1, 2)}
        return found

    def terms(self, name: str) -> Dict:
        """A version of a rule: one cost by weights; of "desk", pools by their usage."""
        places = [(department, project) for department in DEPARTMENTS for project in (None, "spring")]
        self.random.shuffle(places)
        receivers = {place: self.random.randint(0, 9) for place in places[: self.random.randint(1, 4)]}
        receivers[places[0]] += 1
        begins = date(2025, 12, 1) if self.chance(0.6) else self.oracle.today.replace(day=1)
        known = self.oracle.terms.get(name)
        if known and self.chance(0.9):
            begins = max(begins, known[-1]["effective"] + timedelta(days=1))
        basis = "usage" if name == "desk" else self.one("equal", "fixed", "headcount", "revenue")
        if basis in ("equal", "usage"):
            receivers = dict.fromkeys(receivers, 1)
        found: Dict = {"effective": begins, "basis": basis, "receivers": receivers, "pools": {}, "used": {}}
        found |= {"order": (), "method": "direct"}
        if name == "desk":
            self._pool(found)
        return found

    def _pool(self, terms: Dict) -> None:
        names = [f"{place}/{of}" if of else place for place, of in terms["receivers"]]
        pools = [f"pool {n}" for n in range(self.random.randint(1, 3))]
        terms["pools"] = {pool: (self.one(*DEPARTMENTS), self.one(None, "spring")) for pool in pools}
        terms["method"] = self.one("direct", "step_down", "reciprocal")
        for pool in pools:
            for by in (*names, *pools):
                if by in names or self.chance(0.6):
                    terms["used"][pool, by] = self.random.randint(by == names[0], 40)
        if self.chance(0.5):
            self.random.shuffle(pools)
            terms["order"] = tuple(pools)

    def allocation(self) -> Dict | None:
        """What is allocated by a rule: mostly of a cost that somebody has borne in a month."""
        rows = [row for row in self.oracle.ledger if row["units"]]
        here = self.one(*rows) if rows and self.chance(0.95) else None
        month = here["of"] if here else month_of(self.oracle.today) + self.one(0, 1)
        known = [name for name in self.oracle.terms if self.oracle.rule_of(name, month)]
        if not known or self.chance(0.02):
            known = [*self.oracle.terms]
        if not known:
            return None
        name, type_ = self.one(*known), here["type"] if here else "venue_rental"
        terms = self.oracle.rule_of(name, month) or self.oracle.terms[name][0]
        found: Dict = {"rule": name, "month": month, "type": type_, "bearer": None}
        if terms["pools"]:
            first = {place: pool for pool, place in reversed(terms["pools"].items())}
            found["amount"] = {
                pool: self._part(place, type_, month) if first[place] == pool or self.chance(0.1) else 0
                for pool, place in terms["pools"].items()
            }
            return found if any(found["amount"].values()) else None
        found["bearer"] = (here["department"], here["project"] or None) if here else ("marketing", None)
        found["amount"] = self._part(found["bearer"], type_, month) or 1
        return found

    def _part(self, place: Place, type_: str, month: int) -> int:
        """A part of what somebody has borne; now and then a unit more."""
        borne = self.oracle.borne(place, type_, month)
        if self.chance(0.06):
            return borne + (1 if borne >= 0 else -1)
        return self.some(borne) if borne > 0 else -self.some(-borne) if borne else 0
