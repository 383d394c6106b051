"""The ledger of a year in plain dicts: what is posted, months closed, costs from elsewhere, shared costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone

from expense_policy.testing.oracle import day_of

from .counting import CATEGORY, COUNTED, METHODS, Dict, Place, month_of, parted


class Books:
    """What a year is made of, and its ledger."""

    def __init__(self, *, method: str, itemised: bool, carry: bool, expiry: int, start: int) -> None:
        self.method, self.itemised, self.carry, self.expiry, self.start = method, itemised, carry, expiry, start
        self.now = datetime.min.replace(tzinfo=timezone.utc)
        self.docs: dict[str, Dict] = {}
        self.order: list[str] = []
        self.lines: dict[str, Dict] = {}
        self.planned: dict[str, Counter[int]] = {}
        self.places: dict[tuple[str, ...], str] = {}
        self.vouchers: dict[tuple[str, ...], str] = {}
        self.seen_vouchers: list[tuple[str, tuple[str, ...], tuple[str, ...], int, date]] = []
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

    # The ledger.

    def _post(
        self, source: str, month: int, place: Place, type_: str, units: int, line: str = "", *, settled: bool = False
    ) -> None:
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
                    "settled": settled,
                }
            )

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
        if any(cost["units"] != self.costs.get(cost["key"], cost)["units"] for cost in costs):
            found.add("cost_differs")
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
        known, first = self.terms.get(name, []), month_of(terms["effective"])
        if known and known[-1]["effective"] >= terms["effective"]:
            return {"allocation_not_later"}
        months = [of["month"] for of in self.allocations.values() if of["rule"] == name]
        late = first <= max(months, default=first - 1) or (self.closed is not None and first <= self.closed)
        return {"allocation_backdated"} if known and late else set()

    def split(self, terms: Dict, amount: int | Mapping[str, int]) -> dict[Place, int]:
        """What each receiver gets: of one cost by weights, of pools by the method."""
        places = {place if of is None else f"{place}/{of}": (place, of) for place, of in terms["receivers"]}
        if isinstance(amount, int):
            weights = {name: terms["receivers"][places[name]] for name in sorted(places)}
            return {places[name]: units for name, units in parted(amount, weights).items()}
        found = METHODS[terms["method"]](terms, dict(amount), sorted(places))
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
        """What a department or project may allocate of a type in a month, with what corrects it later.

        What it bore itself and what others allocated to it, less what left it; not what a rule left with it for good.
        """
        rows = (row for row in self.ledger if row["type"] == type_ and row["of"] == month)
        here = (row for row in rows if (row["department"], row["project"] or None) == place)
        return sum(int(row["units"]) for row in here if row["source"] in COUNTED[self.method] and not row["settled"])

    def allocates(self, id: str, of: Dict) -> dict[Place, int]:
        """Costs leave who bore them and reach the receivers; gives what these got."""
        terms = self.rule_of(of["rule"], of["month"])
        assert terms is not None
        parts = self.split(terms, of["amount"])
        left = [(place, -units) for place, units in self._bearers(terms, of)]
        bore = {place for place, units in left if units}
        got = [(place, units, place in bore) for place, units in parts.items()]
        self.allocations[id] = {**of, "left": left, "got": got, "reversed": False}
        self._moves(of, left, got, 1)
        return parts

    def _moves(self, of: Dict, left: list[tuple[Place, int]], got: list[tuple[Place, int, bool]], sign: int) -> None:
        for place, units, settled in [*[(*each, False) for each in left], *got]:
            self._post("allocated", of["month"], place, of["type"], sign * units, settled=settled)

    def unallocating(self, id: str) -> set[str]:
        """Why a result is not undone: who got something of it has to have it still."""
        of, got = self.allocations[id], Counter[Place]()
        if of["reversed"]:
            return {"allocation_reversed"}
        for place, units, settled in of["got"]:
            got[place] += 0 if settled else units
        for place, units in got.items():
            here = self.borne(place, of["type"], of["month"])
            if not (0 <= units <= here or here <= units <= 0):
                return {"allocation_passed_on"}
        return set()

    def unallocates(self, id: str) -> None:
        """A result is undone whole."""
        of = self.allocations[id]
        of["reversed"] = True
        self._moves(of, of["left"], of["got"], -1)
