"""A company's year reckoned a second time, in plain dicts: what may be done, and what it comes to.

It shares no rule with the library. A question gives the codes of all that forbids an act; an act changes the dicts.
Months are counted from year 0, amounts are smallest units, days are Shanghai's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

from expense_policy.testing.oracle import day_of, fold

Dict = dict[str, Any]
Units = dict[str, int]
Place = tuple[str, str | None]
"""A department, perhaps with a project of it."""
CATEGORY = {"holiday_gift": "care_gifts", "sms": "communication", "discount": "promotion", "venue_rental": "venue"}
COUNTED = {
    "accrual": ("incurred", "final", "recorded", "allocated"),
    "cash": ("paid", "set_off", "recorded", "allocated"),
}
"""What a month's costs are made of."""
PROJECTS = ("spring",)
COMPANY = "Qinghe"
PAYABLE = ("application", "claim")
BUDGETS = ("budget_plan", "budget_adjustment", "supplementary_request")
OPEN = ("in_review", "approved")
GIVEN_BACK = ("returned", "rejected", "withdrawn", "expired")
LIMIT = 10_000
"""Up to it the deputy signs last, above it the general manager."""
ALONE = {"holiday_gift": 5_000}
"""Up to which amount a claim of a type is taken without an application."""


def month_of(day: date) -> int:
    """Months since year 0."""
    return day.year * 12 + day.month - 1


def text_of(month: int) -> str:
    """A month as it is written."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def parted(whole: int, weights: Mapping[str, int | Fraction]) -> Units:
    """A whole by weights: everyone the whole units of his share, then one each to whose share was cut most."""
    if not whole:
        return dict.fromkeys(weights, 0)
    sign, total = (1 if whole > 0 else -1), sum(weights.values(), Fraction(0))
    exact = {name: Fraction(abs(whole)) * weight / total for name, weight in weights.items()}
    found = {name: int(share) for name, share in exact.items()}
    cut = sorted(exact, key=lambda name: found[name] - exact[name])
    for name in cut[: abs(whole) - sum(found.values())]:
        found[name] += 1
    return {name: sign * units for name, units in found.items()}


def voucher_key(v: Dict) -> tuple[str, ...]:
    """What a voucher is told by: an invoice by code and number, whatever way they are written."""
    number, code = (
        fold(text).replace("o", "0").replace("l", "1").replace("i", "1") for text in (v["number"], v["code"])
    )
    if v["kind"] in ("invoice", "digital_invoice"):
        return ("invoice", code.lstrip("0"), number.lstrip("0"))
    return (v["kind"], fold(v["issuer"]), number)


def estimate(basis: tuple[str, Any]) -> int:
    """What a line's basis comes to: activities, so many at a price, last year's × growth, the line through years."""
    kind, of = basis
    if kind == "activities":
        return int(sum(of))
    if kind == "drivers":
        return int(sum(count * price for count, price in of))
    if kind == "last_year":
        actual, growth_bp = of
        return int(Fraction(actual * (10_000 + growth_bp), 10_000) + Fraction(1, 2))
    n, xs = len(of), range(len(of))
    slope = Fraction(
        n * sum(x * y for x, y in zip(xs, of, strict=True)) - sum(xs) * sum(of),
        n * sum(x * x for x in xs) - sum(xs) ** 2,
    )
    return max(0, int(Fraction(sum(of), n) + slope * (n - Fraction(n - 1, 2)) + Fraction(1, 2)))


class Reckoner:
    """Budgets, documents, vouchers, the ledger: as they have to stand."""

    def __init__(self, *, method: str, itemised: bool, carry: bool, expiry: int, start: int) -> None:
        self.method, self.itemised, self.carry, self.expiry, self.start = method, itemised, carry, expiry, start
        self.now = datetime(1970, 1, 1, tzinfo=timezone.utc)
        self.docs: dict[str, Dict] = {}
        self.order: list[str] = []
        self.lines: dict[str, Dict] = {}
        self.planned: dict[str, Counter[int]] = {}
        self.places: dict[tuple[str, ...], str] = {}
        self.vouchers: dict[tuple[str, ...], str] = {}
        self.seen_vouchers: list[tuple[str, tuple[str, ...], str, int, date]] = []
        self.confirmed: set[tuple[tuple[str, ...], str, int]] = set()
        self.paid_to: dict[str, str] = {}
        self.ledger: list[Dict] = []
        self.closed: int | None = None
        self.numbered: dict[int, int] = {}
        self.costs: dict[str, Dict] = {}
        self.terms: dict[str, list[Dict]] = {}
        self.allocations: dict[str, Dict] = {}
        self.years_closed: set[tuple[str, int]] = set()
        self.orders: set[str] = set()

    # The calendar.

    @property
    def today(self) -> date:
        """The company's day."""
        return day_of(self.now)

    def year_of(self, day: date) -> int:
        """The fiscal year of a day."""
        return day.year - (day.month < self.start)

    def months(self, year: int) -> range:
        """The twelve months of a fiscal year."""
        first = year * 12 + self.start - 1
        return range(first, first + 12)

    # Lines.

    def balance(self) -> dict[str, tuple[int, int, int]]:
        """What is reserved, committed and spent on each line: what the documents hold, together."""
        found = {line: [0, 0, 0] for line in self.lines}
        for d in self.docs.values():
            for line, held in d["held"].items():
                for i in range(3):
                    found[line][i] += held[i]
        return {line: (r, c, s) for line, (r, c, s) in found.items()}

    def available(self, line: str) -> int:
        """What is left of a line."""
        held: list[int] = [sum(d["held"][line]) for d in self.docs.values() if line in d["held"]]
        return int(self.lines[line]["in_force"]) - sum(held)

    # Budgets: plans, adjustments, supplementary requests.

    def filing(self, form: Dict, actor: str, id: str | None = None) -> set[str]:
        """Why a plan or a change of the budget is not taken."""
        found = set() if id is None else self._revising(self.docs[id], form, actor, ("returned", "in_review"))
        found |= self._budgeted(form)
        for place in self._places(form):
            if self.places.get(place, id) != id:
                found.add("plan_exists" if place[0] == "plan" else "line_exists")
        return found

    def _places(self, form: Dict) -> list[tuple[str, ...]]:
        year = [("plan", form["department"], str(form["year"]))] if form["kind"] == "budget_plan" else []
        return [*year, *[("line", line["id"]) for line in form["opens"]]]

    def _revising(self, d: Dict, form: Dict, actor: str, statuses: Sequence[str]) -> set[str]:
        found = set() if d["applicant"] == actor else {"actor_not_applicant"}
        return found | (set() if d["status"] in statuses and d["form"]["kind"] == form["kind"] else {"status_wrong"})

    def _budgeted(self, form: Dict) -> set[str]:
        found = set()
        for line in form["opens"]:
            if line["project"] not in (None, *PROJECTS):
                found.add("project_unknown")
            if self.itemised and not (line["months"] and line["basis"]):
                found.add("line_not_itemised")
        if form["kind"] == "budget_plan":
            return found
        if self.year_of(self.today) > form["year"]:
            found.add("year_over")
        for name, change in form["changes"].items():
            line = self.lines.get(name)
            if line is None:
                found.add("line_not_in_force")
                continue
            if (line["department"], line["year"]) != (form["department"], form["year"]):
                found.add("line_of_other_budget")
            if change["before"] != line["in_force"]:
                found.add("budget_moved")
            if change["after"] < line["in_force"] - self.available(name):
                found.add("line_below_held")
            if self.itemised and change["after"] and not change["months"]:
                found.add("line_not_itemised")
        changed = [change["after"] - change["before"] for change in form["changes"].values()]
        total = sum(changed) + sum(line["units"] for line in form["opens"])
        if form["kind"] == "budget_adjustment" and total > 0:
            found.add("adjustment_raises")
        if form["kind"] == "supplementary_request" and total <= 0:
            found.add("supplement_not_more")
        return found

    def late(self, form: Dict) -> bool:
        """Whether a new draft comes after the last 31 October before its year."""
        begins = date(form["year"], self.start, 1)
        due = date(begins.year, 10, 31)
        return bool(
            form["kind"] == "budget_plan" and self.today > (due if due < begins else date(begins.year - 1, 10, 31))
        )

    def filed(self, id: str, form: Dict, actor: str) -> None:
        """A plan or a change is in review."""
        wanted = self._places(form)
        for place in [place for place, owner in self.places.items() if owner == id and place not in wanted]:
            del self.places[place]
        self.places.update(dict.fromkeys(wanted, id))
        last = "deputy_in_charge" if form["kind"] == "budget_adjustment" else "general_manager"
        self._submitted(id, form, actor, ["finance_officer", "finance_head", last])

    def _in_force(self, form: Dict) -> None:
        months = self.months(form["year"])
        for line in form["opens"]:
            of = {"department": form["department"], "year": form["year"]}
            self.lines[line["id"]] = {**of, "category": line["category"], "project": line["project"], "in_force": 0}
        stands = [(line["id"], line["units"], line["months"]) for line in form["opens"]]
        stands += [(name, change["after"], change["months"]) for name, change in form["changes"].items()]
        for name, units, spread in stands:
            self.lines[name]["in_force"] = units
            even = parted(units, {str(n): 1 for n in range(12)}).values()
            self.planned[name] = Counter(dict(zip(months, spread or even, strict=True)))

    def closing_year(self, department: str, year: int, carry: Mapping[str, str], actor: str) -> set[str]:
        """Why a department's year is not closed."""
        found = set() if actor == "cfo" else {"office_not_held"}
        if self.year_of(self.today) <= year:
            found.add("year_not_over")
        for name, to in carry.items():
            if not self.carry:
                found.add("balance_lapses")
            elif to not in self.lines:
                found.add("line_not_in_force")
            else:
                old, new = self.lines[name], self.lines[to]
                same = all(old[what] == new[what] for what in ("department", "category", "project"))
                found |= set() if same and new["year"] == old["year"] + 1 else {"carry_unfit"}
        left = [self.available(name) for name in self.lines_of(department, year)]
        if (department, year) in self.years_closed and not any(left):
            found.add("year_closed")
        return found

    def lines_of(self, department: str, year: int) -> list[str]:
        """The lines of a department's year."""
        return [name for name, x in self.lines.items() if (x["department"], x["year"]) == (department, year)]

    def year_closed(self, department: str, year: int, carry: Mapping[str, str]) -> None:
        """What was left has lapsed, or is in force on a line of the next year."""
        left = {name: self.available(name) for name in self.lines_of(department, year)}
        for name, units in left.items():
            self.lines[name]["in_force"] -= units
            if name in carry:
                self.lines[carry[name]]["in_force"] += units
        self.years_closed.add((department, year))

    # Applications and claims.

    def applying(self, form: Dict, actor: str, id: str | None = None) -> set[str]:
        """Why an application or a claim is not taken; with `id` a new round of one."""
        before = None if id is None else self.docs[id]
        found = set()
        if before is not None:
            found |= self._revising(before, form, actor, ("returned", *OPEN))
            found |= {"application_claimed"} if before["form"]["kind"] == "application" and before["claimed"] else set()
            found |= {"use_recorded"} if before["rows"] else set()
            if paid := self.paid(before):
                found.add("partly_paid" if self.drawn(before) < before["units"] else "paid_in_full")
            elif before["payments"] and not paid:
                found.add("payments_reversed")
        if form["kind"] == "claim":
            found |= self._claimed(form, before)
        if form["application"] is None:
            found |= self._asked(form, before)
        if self.today > form["expected"]:
            found.add("form_incomplete")
        return found | self._vouched(form, id)

    def _asked(self, form: Dict, before: Dict | None) -> set[str]:
        found, year = set(), self.year_of(form["expected"])
        if form["project"] not in (None, *PROJECTS):
            found.add("project_unknown")
        if form["total"] != sum(form["shares"].values()):
            found.add("plan_total_differs")
        back = before["held"] if before is not None and before["form"]["application"] is None else {}
        for name, units in form["shares"].items():
            line = self.lines.get(name)
            if line is None:
                found.add("line_not_in_force")
                continue
            department, project = form["places"].get(name, (form["department"], None))
            foreign = form["rule"] is None and department != form["department"]
            wanted = (department, year, CATEGORY[form["type"]])
            if foreign or (line["department"], line["year"], line["category"]) != wanted:
                found.add("line_mismatch")
            named = form["project"] if form["rule"] is None or project is None else project
            if line["project"] not in (None, named) or (form["rule"] is None and project not in (None, named)):
                found.add("project_of_line")
            if self.available(name) + sum(back.get(name, (0, 0))[:2]) < units:
                found.add("budget_exceeded")
        if form["rule"] is not None:
            found |= self._shared(form)
        return found

    def _shared(self, form: Dict) -> set[str]:
        terms = self.rule(form["rule"], self.today)
        if terms is None:
            return {"allocation_unknown"}
        if terms["pools"]:
            return {"allocation_of_pools"}
        borne: Counter[Place] = Counter()
        for name, units in form["shares"].items():
            borne[form["places"].get(name, (form["department"], None))] += units
        wanted = {place: units for place, units in self.split(terms, sum(form["shares"].values())).items() if units}
        return set() if borne == wanted else {"allocation_differs"}

    def _claimed(self, form: Dict, before: Dict | None) -> set[str]:
        found, units = set(), sum(form["shares"].values()) + form["advance"]
        if form["application"] is None and units > ALONE.get(form["type"], 0):
            found.add("claim_needs_application")
        if units > sum(v["total"] for v in form["vouchers"]):
            found.add("claim_exceeds_vouchers")
        if form["application"] is None:
            return found
        under = self.docs.get(form["application"])
        if under is None or under["form"]["kind"] != "application" or not self.open(under):
            return found | {"application_not_open"}
        asked, mine = under["form"], before is not None and before["form"]["application"] == under["id"]
        same = all(form[what] == asked[what] for what in ("department", "type", "project"))
        soon = self.year_of(form["expected"]) < self.year_of(asked["expected"])
        if not same or soon or not set(form["shares"]) <= set(under["held"]):
            found.add("claim_differs")
        if asked["payee"] is None:
            found.add("granted_not_paid")
        took, ahead = (self._takes(before) if mine and before is not None else (0, 0, Counter[str]()))[:2]
        claimed, cleared = under["claimed"] - took, under["cleared"] - ahead
        free = Counter({name: held[1] for name, held in under["held"].items()})
        if mine and before is not None:
            free.update({name: held[0] + held[1] for name, held in before["held"].items()})
        if units > under["units"] - claimed or any(part > free[name] for name, part in form["shares"].items()):
            found.add("claim_exceeds_application")
        if form["advance"] > self.paid(under) - cleared:
            found.add("advance_exceeded")
        beside = claimed - cleared
        up_to_use = asked["type"] in ("sms", "discount")
        if up_to_use and sum(form["shares"].values()) > under["used"] - self.paid(under) - beside:
            found.add("payment_exceeds_use")
        return found

    def _vouched(self, form: Dict, id: str | None) -> set[str]:
        found, given, payee = set(), form["vouchers"], fold(form["payee"][0]) if form["payee"] else ""
        keys = [voucher_key(v) for v in given]
        for v in given:
            if v["amount"] + v["tax"] != v["total"]:
                found.add("voucher_sum_differs")
            if not 0 <= (self.today - v["on"]).days <= 365:
                found.add("voucher_out_of_time")
            if fold(v["buyer"]) != fold(COMPANY) and v["buyer"]:
                found.add("voucher_buyer_differs")
        if len(set(keys)) < len(keys):
            found.add("voucher_twice")
        for n, (key, v) in enumerate(zip(keys, given, strict=True)):
            if self.vouchers.get(key, id) != id:
                found.add("voucher_taken")
            if (key, payee, v["total"]) in self.confirmed:
                continue
            alike = [at for at in self.seen_vouchers if at[0] != id and self.vouchers.get(at[1]) == at[0]]
            alike += [("", keys[i], payee, given[i]["total"], given[i]["on"]) for i in range(n)]
            if any(
                at[1] != key and at[2:4] == (payee, v["total"]) and abs((at[4] - v["on"]).days) <= 3 for at in alike
            ):
                found.add("voucher_looks_alike")
        return found

    def deciding(self, form: Dict, id: str | None) -> int:
        """The amount that decides the chain: with all that is related, of the last thirty days (A3.6)."""
        units = int(sum(form["shares"].values()) + form["advance"])
        if form["application"] is not None:
            return units
        return units + sum(self._counts(d) for d in self.related(form, self.now) if d["id"] != id)

    def related(self, form: Dict, at: datetime) -> Iterator[Dict]:
        """Every document that counts as one purchase with a form submitted then."""
        first = day_of(at - timedelta(days=30))
        for d in self.docs.values():
            other = d["form"]
            if other["kind"] not in PAYABLE or other["application"] is not None:
                continue
            alike = (other["department"], other["type"]) == (form["department"], form["type"])
            if alike and first <= day_of(d["at"]) and d["at"] <= at and self._one(form, other):
                yield d

    def _one(self, form: Dict, other: Dict) -> bool:
        if form["payee"] is None or other["payee"] is None:
            return form["payee"] is other["payee"] and form["project"] == other["project"]
        return any(fold(one) == fold(two) for one, two in zip(form["payee"], other["payee"], strict=True))

    def _counts(self, d: Dict) -> int:
        return int(d["units"] if d["status"] in OPEN else self.drawn(d))

    def applied(self, id: str, form: Dict, actor: str) -> None:
        """An application or claim is in review: its lines reserve, its vouchers are taken, its application has less."""
        before = self.docs.get(id)
        deciding = self.deciding(form, id)
        last = "deputy_in_charge" if deciding <= LIMIT else "general_manager"
        took = {} if before is None else self._taken(before)
        for line, units in ({} if before is None else self.cost(before)).items():
            self._post_line(before or {}, "final", month_of(self.today), line, -units)
        chain = ["department_head", "finance_officer", "finance_head", last]
        self._submitted(id, form, actor, chain, deciding)
        self._between(self.docs[id], took)
        keys = [voucher_key(v) for v in form["vouchers"]]
        for key in [key for key, owner in self.vouchers.items() if owner == id and key not in keys]:
            del self.vouchers[key]
        payee = fold(form["payee"][0]) if form["payee"] else ""
        for key, v in zip(keys, form["vouchers"], strict=True):
            self.vouchers[key] = id
            self.seen_vouchers.append((id, key, payee, v["total"], v["on"]))

    def _submitted(self, id: str, form: Dict, actor: str, chain: list[str], deciding: int = 0) -> None:
        before, shares = self.docs.get(id), form.get("shares", {})
        self.order.append(id)
        self.docs[id] = {
            "id": id,
            "form": form,
            "applicant": actor,
            "status": "in_review",
            "version": 1 if before is None else before["version"] + 1,
            "chain": chain,
            "step": 0,
            "deciding": deciding,
            "at": self.now,
            "nth": len(self.order),
            "units": sum(shares.values()) + form.get("advance", 0),
            "held": {line: [units, 0, 0] for line, units in shares.items()},
            "payments": [],
            "used": 0,
            "rows": 0,
            "claimed": 0,
            "cleared": form.get("advance", 0),
            "expires": None,
            "ended": False,
        }

    # What stands in a document.

    def paid(self, d: Dict) -> int:
        """Payments less refunds."""
        return int(sum(p["units"] for p in d["payments"]))

    def drawn(self, d: Dict) -> int:
        """What went out of it, by itself or by others."""
        other = d["cleared"] if d["form"]["kind"] == "claim" else d["claimed"] - d["cleared"]
        return self.paid(d) + int(other)

    def open(self, application: Dict) -> bool:
        """Whether claims may stand under it."""
        return bool(application["status"] == "approved" and self.now < application["expires"])

    def left(self, d: Dict, number: int) -> int:
        """What is left of a payment."""
        return int(sum(p["units"] for p in d["payments"] if number in (p["number"], p["reverses"])))

    # What acts on a claim do to its application, and what acts cost.

    def _takes(self, claim: Dict) -> tuple[int, int, Counter[str]]:
        units = claim["units"] if claim["status"] in OPEN else self.drawn(claim)
        return units, claim["cleared"], Counter({line: sum(held) for line, held in claim["held"].items()})

    def _taken(self, claim: Dict) -> dict[str, tuple[int, int, Counter[str]]]:
        under = claim["form"].get("application")
        return {} if under is None else {under: self._takes(claim)}

    def _between(self, claim: Dict, before: Mapping[str, tuple[int, int, Counter[str]]]) -> None:
        """The applications follow what a claim takes of them now, beside what it took before."""
        after, nothing = self._taken(claim), (0, 0, Counter[str]())
        for id in {**before, **after}:
            was, now = before.get(id, nothing), after.get(id, nothing)
            lines = {name: now[2][name] - was[2][name] for name in {**was[2], **now[2]}}
            if was[:2] == now[:2] and not any(lines.values()):
                continue
            application = self.docs[id]
            with self._costing(application):
                application["claimed"] += now[0] - was[0]
                application["cleared"] += now[1] - was[1]
                application["version"] += 1
                if self.open(application):
                    for name, units in lines.items():
                        application["held"][name][1] -= units

    def cost(self, d: Dict) -> Units:
        """What a document has cost, by line."""
        form = d["form"]
        spent = {line: held[2] for line, held in d["held"].items()}
        if form["kind"] == "claim":
            if form["application"] is not None:
                return {}
            return dict(form["shares"]) if d["status"] == "approved" else spent
        beside = d["claimed"] - d["cleared"]
        if d["status"] == "approved" or (d["status"] != "settled" and d["used"] < self.paid(d) + beside):
            return parted(d["used"], form["shares"])
        more = parted(beside, form["shares"])
        return {line: spent[line] + more[line] for line in spent}

    @contextmanager
    def _costing(self, d: Dict) -> Iterator[None]:
        """What the act makes of the document's cost is posted today."""
        before = self.cost(d)
        yield
        approved = d["form"]["kind"] == "claim" and d["status"] == "approved"
        self._post_more(d, "incurred" if approved else "final", month_of(self.today), before)

    def _post_more(self, d: Dict, source: str, month: int, before: Units) -> None:
        after = self.cost(d)
        for line in {**before, **after}:
            self._post_line(d, source, month, line, after.get(line, 0) - before.get(line, 0))

    def _post_line(self, d: Dict, source: str, month: int, line: str, units: int) -> None:
        form = d["form"]
        department, project = form["places"].get(line, (None, None))
        place = (department or form["department"], project or form["project"])
        self._post(source, month, place, form["type"], units, line)

    def _post(self, source: str, month: int, place: Place, type_: str, units: int, line: str = "") -> None:
        """A row of the ledger; of a closed month in the next open one, as a correction."""
        late = self.closed is not None and month <= self.closed
        if units:
            self.ledger.append(
                {
                    "source": source,
                    "month": self.closed + 1 if self.closed is not None and late else month,
                    "corrects": month if late else None,
                    "of": month,
                    "department": place[0],
                    "project": place[1] or "",
                    "type": type_,
                    "units": units,
                    "line": line,
                }
            )

    # Signing, ending.

    def signing(self, d: Dict, actor: str, signer: str, *, stale: bool, findings: bool, approves: bool) -> set[str]:
        """Why a signature is not taken; `signer` is who holds the office of the step."""
        if d["status"] != "in_review":
            return {"status_wrong"}
        found = {"statement_stale"} if stale else set()
        found |= {"finding_missing"} if approves and not findings else set()
        found |= {"office_not_held"} if actor != signer else set()
        last = d["step"] + 1 == len(d["chain"])
        if not found and approves and last and d["form"]["kind"] in ("budget_adjustment", "supplementary_request"):
            found = self._budgeted(d["form"])
        return found

    def approved(self, d: Dict) -> None:
        """The present step is signed."""
        d["step"], d["version"] = d["step"] + 1, d["version"] + 1
        if d["step"] < len(d["chain"]):
            return
        if d["form"]["kind"] not in PAYABLE:
            d["status"] = "approved"
            self._in_force(d["form"])
            return
        with self._costing(d):
            d["status"] = "approved"
            d["held"] = {line: [0, r + c, s] for line, (r, c, s) in d["held"].items()}
            if d["units"] > (d["cleared"] if d["form"]["kind"] == "claim" else 0):
                d["expires"] = self.now + timedelta(days=self.expiry)

    def ended(self, d: Dict, status: str) -> None:
        """A document is returned, or ends: what it holds goes back, its vouchers and places where it never counted."""
        took = self._taken(d)
        payable = d["form"]["kind"] in PAYABLE
        if payable:
            with self._costing(d):
                d["status"] = status
                d["held"] = {line: [0, 0, s] for line, (_, _, s) in d["held"].items()}
                if d["form"]["kind"] == "claim" and status in GIVEN_BACK:
                    d["cleared"] = 0
        d["status"], d["version"], d["ended"] = status, d["version"] + 1, status != "returned"
        if payable:
            self._between(d, took)
        if status in ("rejected", "withdrawn", "expired"):
            self.vouchers = {key: owner for key, owner in self.vouchers.items() if owner != d["id"]}
            self.places = {place: owner for place, owner in self.places.items() if owner != d["id"]}

    def withdrawing(self, d: Dict, actor: str) -> set[str]:
        """Why a document is not taken back."""
        found = set() if d["applicant"] == actor else {"actor_not_applicant"}
        payable = d["form"]["kind"] in PAYABLE
        if d["status"] not in ("in_review", "returned", *(("approved",) if payable else ())):
            return found | {"status_wrong"}
        if self.paid(d):
            return found | {"partly_paid" if self.drawn(d) < d["units"] else "paid_in_full"}
        if d["form"]["kind"] == "application" and d["claimed"]:
            found.add("application_claimed")
        return found

    def closing_document(self, d: Dict) -> set[str]:
        """Why a partly paid document is not closed."""
        if d["status"] != "approved" or d["form"]["kind"] not in PAYABLE:
            return {"status_wrong"}
        if not self.drawn(d):
            return {"nothing_to_close"}
        return set() if self.drawn(d) < d["units"] else {"paid_in_full"}

    def run_out(self) -> list[Dict]:
        """The documents whose approval has run out."""
        found = [d for d in self.docs.values() if d["status"] == "approved" and d["expires"] is not None]
        return [d for d in found if d["expires"] <= self.now]

    def expired(self, d: Dict) -> None:
        """An approval has run out: closed where something went out, expired where nothing did."""
        self.ended(d, "closed" if self.drawn(d) else "expired")

    # Payment and use.

    def paying(self, d: Dict, units: int, actor: str) -> set[str]:
        """Why so much is not paid."""
        form, found = d["form"], set()
        if d["status"] != "approved":
            found.add("status_wrong")
        if d["step"] < len(d["chain"]):
            found.add("sign_off_incomplete")
        if d["expires"] is not None and self.now >= d["expires"]:
            found.add("approval_expired")
        if units > d["units"] - self.drawn(d):
            found.add("payment_exceeds_approval")
        if form["application"] is None and form["type"] in ("sms", "discount") and units > d["used"] - self.drawn(d):
            found.add("payment_exceeds_use")
        if actor != "cashier":
            found.add("office_not_held")
        if self.year_of(self.today) < self.year_of(form["expected"]):
            found.add("line_mismatch")
        if form["payee"] is not None:
            name, account = map(fold, form["payee"])
            found |= {"account_unconfirmed"} if self.paid_to.get(name, account) != account else set()
        return found

    def due(self, d: Dict) -> int:
        """What may be paid of it now."""
        form = d["form"]
        up_to_use = form["application"] is None and form["type"] != "holiday_gift"
        return int(d["used"] if up_to_use else d["units"]) - self.drawn(d)

    def pays(self, d: Dict, units: int) -> None:
        """So much is paid, or granted."""
        form = d["form"]
        self._spend(d, parted(units, {line: held[1] for line, held in d["held"].items()}), None)
        if form["payee"] is not None:
            self.paid_to[fold(form["payee"][0])] = fold(form["payee"][1])

    def _spend(self, d: Dict, parts: Units, reverses: int | None) -> None:
        took, number = self._taken(d), len(d["payments"]) + 1
        for line, units in parts.items():
            self._post_line(d, "paid" if d["form"]["payee"] else "set_off", month_of(self.today), line, units)
        with self._costing(d):
            each = {"number": number, "units": sum(parts.values()), "parts": parts, "reverses": reverses}
            d["payments"].append(each)
            d["version"] += 1
            for line, units in parts.items():
                d["held"][line][2] += units
                d["held"][line][1] -= 0 if d["ended"] else units
        self._between(d, took)

    def refunding(self, d: Dict, number: int, units: int | None, actor: str) -> set[str]:
        """Why so much of a payment, or all that is left of it, does not come back."""
        found = set() if actor == "cashier" else {"office_not_held"}
        if d["status"] not in ("approved", "settled", "closed"):
            found.add("status_wrong")
        left = self.left(d, number)
        asked = left if units is None else units
        if not 0 < asked <= left:
            return found | {"reversal_exceeds_payment"}
        if d["form"]["kind"] == "application" and asked > self.paid(d) - d["cleared"]:
            found.add("advance_claimed")
        return found

    def refunds(self, d: Dict, number: int, units: int | None) -> None:
        """So much of a payment came back, in proportion to what each line has not back yet."""
        units = self.left(d, number) if units is None else units
        of = [p for p in d["payments"] if number in (p["number"], p["reverses"])]
        parts = parted(units, {line: sum(p["parts"][line] for p in of) for line in d["held"]})
        self._spend(d, {line: -part for line, part in parts.items()}, number)

    def using(self, d: Dict, rows: Sequence[Dict], actor: str) -> set[str]:
        """Why these uses are not recorded."""
        found = set() if d["applicant"] == actor else {"actor_not_applicant"}
        if d["form"]["application"] is not None:
            return found | {"use_not_open"}
        late = d["status"] == "closed" and self.drawn(d) > 0 and d["form"]["type"] == "holiday_gift"
        if d["status"] != "approved" and not late:
            found.add("use_not_open")
        if any(row["on"] > self.today for row in rows):
            found.add("use_not_yet")
        if any(row["order"] in self.orders for row in rows if row["order"]):
            found.add("order_taken")
        used = d["used"] + sum(row["units"] for row in rows)
        if used > (self.drawn(d) if late else d["units"]):
            found.add("use_exceeds_paid" if late else "use_exceeds_approval")
        return found

    def uses(self, d: Dict, rows: Sequence[Dict]) -> None:
        """The use record grows: what was incurred in each month is posted in it."""
        months = Counter({month_of(row["on"]): 0 for row in rows})
        for row in rows:
            months[month_of(row["on"])] += row["units"]
        alone = d["form"]["kind"] == "claim"
        before = self.cost(d)
        for month in sorted(months):
            d["used"] += months[month]
            if not alone:
                then = parted(d["used"], d["form"]["shares"])
                for line in then:
                    self._post_line(d, "incurred", month, line, then[line] - before.get(line, 0))
                before = then
        source = "incurred" if alone and d["status"] == "approved" else "final"
        self._post_more(d, source, month_of(self.today), before)
        d["rows"], d["version"] = d["rows"] + len(rows), d["version"] + 1
        self.orders |= {row["order"] for row in rows if row["order"]}

    def settling(self, d: Dict, actor: str) -> set[str]:
        """Why a document is not settled, where what it fell short of is explained."""
        form, found = d["form"], set()
        if form["application"] is not None:
            found = set() if actor in (d["applicant"], "officer") else {"actor_not_applicant"}
            if d["status"] != "approved":
                return found | {"status_wrong"}
            return found | ({"claim_unpaid"} if self.drawn(d) < d["units"] else set())
        found |= set() if actor in (d["applicant"], "officer") else {"actor_not_applicant"}
        found |= set() if d["status"] == "approved" else {"use_not_open"}
        if d["ended"]:
            return found
        found |= set() if self.drawn(d) else {"nothing_to_close"}
        if not d["rows"]:
            found.add("use_missing")
        elif form["type"] == "holiday_gift" and d["used"] > self.drawn(d):
            found.add("use_exceeds_paid")
        return found

    # Months of the books, costs from elsewhere.

    def closing(self, month: int, actor: str) -> set[str]:
        """Why a month is not closed."""
        found = set() if actor in ("officer", "cfo") else {"office_not_held"}
        if month >= month_of(self.today):
            found.add("month_not_ended")
        if self.closed is not None and month <= self.closed:
            return found | {"month_closed"}
        earlier = [row["month"] for row in self.ledger if row["month"] < month]
        first = self.closed + 1 if self.closed is not None else min(earlier, default=month)
        return found | ({"month_out_of_order"} if first != month else set())

    def closes(self, month: int) -> None:
        """A month takes no more, and all of its postings are numbered."""
        self.closed = month
        self.numbered[month] = sum(row["month"] == month for row in self.ledger)

    def reopening(self, month: int, actor: str) -> set[str]:
        """Why a month is not opened again."""
        found = set() if actor == "cfo" else {"office_not_held"}
        return found | ({"month_not_closed"} if month != self.closed else set())

    def recording(self, costs: Sequence[Dict]) -> set[str]:
        """Why costs from elsewhere are not entered."""
        fresh = [cost for cost in costs if cost["key"] not in self.costs]
        found = {"cost_not_yet"} if any(cost["on"] > self.today for cost in fresh) else set()
        for cost in (cost for cost in fresh if cost["department"] == "nobody"):
            found |= {"department_out_of_scope"} | ({"project_mismatch"} if cost["project"] else set())
        return found

    def records(self, costs: Sequence[Dict]) -> int:
        """Costs are entered, each once; gives how many were new."""
        fresh = [cost for cost in costs if cost["key"] not in self.costs]
        for cost in fresh:
            self.costs[cost["key"]] = {**cost, "reversed": False}
            self._post(
                "recorded", month_of(cost["on"]), (cost["department"], cost["project"]), cost["type"], cost["units"]
            )
        return len(fresh)

    def unrecords(self, key: str) -> None:
        """A cost is undone, in its own month or as a correction of it."""
        cost = self.costs[key]
        cost["reversed"] = True
        self._post(
            "recorded", month_of(cost["on"]), (cost["department"], cost["project"]), cost["type"], -cost["units"]
        )

    # Shared costs.

    def rule(self, name: str, day: date) -> Dict | None:
        """What a rule says on a day."""
        found = [terms for terms in self.terms.get(name, ()) if terms["effective"] <= day]
        return found[-1] if found else None

    def rule_of(self, name: str, month: int) -> Dict | None:
        """What a rule says on the last day of a month."""
        after = month + 1
        return self.rule(name, date(after // 12, after % 12 + 1, 1) - timedelta(days=1))

    def entering(self, name: str, terms: Dict) -> set[str]:
        """Why a version of a rule is not entered."""
        known = self.terms.get(name, [])
        return {"allocation_not_later"} if known and known[-1]["effective"] >= terms["effective"] else set()

    def split(self, terms: Dict, amount: int | Mapping[str, int]) -> dict[Place, int]:
        """What each receiver gets: of one cost by weights, of pools by the method."""
        places = {place if of is None else f"{place}/{of}": (place, of) for place, of in terms["receivers"]}
        if isinstance(amount, int):
            weights = {name: terms["receivers"][places[name]] for name in sorted(places)}
            return {places[name]: units for name, units in parted(amount, weights).items()}
        found = _METHODS[terms["method"]](terms, dict(amount), sorted(places))
        return {places[name]: units for name, units in found.items()}

    def allocating(self, of: Dict) -> set[str]:
        """Why costs of a month are not allocated: never more than whoever bore them has left of them."""
        found = {"allocation_early"} if of["month"] > month_of(self.today) else set()
        terms = self.rule_of(of["rule"], of["month"])
        if terms is None:
            return found | {"allocation_unknown"}
        wanted = Counter[Place]()
        for place, units in self._bearers(terms, of):
            wanted[place] += units
        for place, units in wanted.items():
            borne = self.borne(place, of["type"], of["month"])
            if not min(0, borne) <= units <= max(0, borne):
                found.add("allocation_exceeds")
        return found

    def _bearers(self, terms: Dict, of: Dict) -> list[tuple[Place, int]]:
        if isinstance(of["amount"], int):
            return [(of["bearer"], of["amount"])]
        return [(terms["pools"][pool], units) for pool, units in of["amount"].items()]

    def borne(self, place: Place, type_: str, month: int) -> int:
        """What a department or project has borne of a type in a month, with what corrects it later."""
        rows = (row for row in self.ledger if row["type"] == type_ and row["of"] == month)
        here = (row for row in rows if (row["department"], row["project"] or None) == place)
        return int(sum(row["units"] for row in here if row["source"] in COUNTED[self.method]))

    def allocates(self, id: str, of: Dict) -> dict[Place, int]:
        """Costs leave who bore them and reach the receivers; gives what these got."""
        terms = self.rule_of(of["rule"], of["month"])
        assert terms is not None
        parts = self.split(terms, of["amount"])
        moved = [(place, -units) for place, units in self._bearers(terms, of)] + [*parts.items()]
        self.allocations[id] = {**of, "moved": moved, "reversed": False}
        for place, units in moved:
            self._post("allocated", of["month"], place, of["type"], units)
        return parts

    def unallocates(self, id: str) -> None:
        """A result is undone whole."""
        of = self.allocations[id]
        of["reversed"] = True
        for place, units in of["moved"]:
            self._post("allocated", of["month"], place, of["type"], -units)

    # The accounts.

    def accounts(self, month: int) -> tuple[Counter[tuple[str, ...]], Counter[str], Counter[int]]:
        """What a month cost by department, project, category and type; by source; what of it corrects which month."""
        rows, sources, corrections = Counter[tuple[str, ...]](), Counter[str](), Counter[int]()
        for row in (row for row in self.ledger if row["month"] == month):
            sources[row["source"]] += row["units"]
            if row["source"] in COUNTED[self.method]:
                rows[row["department"], row["project"], CATEGORY[row["type"]], row["type"]] += row["units"]
                if row["corrects"] is not None:
                    corrections[row["corrects"]] += row["units"]
        return rows, sources, corrections


def _served(terms: Dict, pool: str, among: Iterable[str]) -> dict[str, Fraction]:
    """Who uses a pool, and how much of it, of those who come in question."""
    used = {by: quantity for (of, by), quantity in terms["used"].items() if of == pool and by != pool and quantity}
    return {by: Fraction(used[by]) for by in sorted(among) if by in used}


def _direct(terms: Dict, amounts: Units, receivers: list[str]) -> Units:
    found = Counter(dict.fromkeys(receivers, 0))
    for pool, units in amounts.items():
        found.update(parted(units, _served(terms, pool, receivers)))
    return dict(found)


def _step_down(terms: Dict, amounts: Units, receivers: list[str]) -> Units:
    by_size = sorted(amounts, key=lambda pool: (-abs(amounts[pool]), pool))
    waiting, found = list(terms["order"] or by_size), Counter({**dict.fromkeys(receivers, 0), **amounts})
    while waiting:
        pool = waiting.pop(0)
        found.update(parted(found[pool], _served(terms, pool, [*waiting, *receivers])))
    return {name: found[name] for name in receivers}


def _reciprocal(terms: Dict, amounts: Units, receivers: list[str]) -> Units:
    """One pool after the other is taken out: whoever has a part of it has parts of what it is made of instead."""
    everyone = [*amounts, *receivers]
    shares = {pool: _served(terms, pool, everyone) for pool in amounts}
    for pool, used in shares.items():
        whole = sum(used.values(), Fraction(0))
        shares[pool] = {by: quantity / whole for by, quantity in used.items()}
    for gone in amounts:
        again = shares[gone].pop(gone, Fraction(0))
        shares[gone] = {by: share / (1 - again) for by, share in shares[gone].items()}
        for pool in amounts:
            part = shares[pool].pop(gone, Fraction(0)) if pool != gone else Fraction(0)
            for by, share in shares[gone].items():
                if part:
                    shares[pool][by] = shares[pool].get(by, Fraction(0)) + part * share
    exact = {
        name: sum((amounts[p] * shares[p].get(name, Fraction(0)) for p in amounts), Fraction(0)) for name in receivers
    }
    return _whole(exact)


def _whole(exact: Mapping[str, Fraction]) -> Units:
    """Whole units in place of exact ones, in the sum of which none is lost."""
    found = {name: int(share) for name, share in exact.items()}
    left = int(sum(exact.values(), Fraction(0))) - sum(found.values())
    sign = 1 if left > 0 else -1
    for name in sorted(exact, key=lambda name: sign * (found[name] - exact[name]))[: abs(left)]:
        found[name] += sign
    return found


_METHODS = {"direct": _direct, "step_down": _step_down, "reciprocal": _reciprocal}
