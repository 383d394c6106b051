"""The budgets of a year in plain dicts: drafts, changes, what is in force, the end of the year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from .books import Books
from .counting import PROJECTS, Dict, month_of, parted


class Budgets(Books):
    """Lines, and the documents that say what is in force."""

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
        held = (sum(d["held"][line]) for d in self.docs.values() if line in d["held"])
        return int(self.lines[line]["in_force"] - sum(held))

    def lines_of(self, department: str, year: int) -> list[str]:
        """The lines of a department's year."""
        return [name for name, x in self.lines.items() if (x["department"], x["year"]) == (department, year)]

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
        if not form["reason"].strip(" \u200b"):
            found.add("reason_missing")
        if self.year_of(self.today) > form["year"]:
            found.add("year_over")
        else:
            asked = [(name, change["after"], change["months"]) for name, change in form["changes"].items()]
            asked += [("", line["units"], line["months"]) for line in form["opens"]]
            for name, units, months in asked:
                kept = self.kept(name, units, form["year"])
                if months and months[: len(kept)] != kept:
                    found.add("plan_months_over")
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

    def kept(self, name: str, units: int, year: int) -> list[int]:
        """What the months that are over have of a line that gets so much: what they had, or their part of less."""
        over = [month for month in self.months(year) if month < month_of(self.today)]
        stood = {str(month): self.planned.get(name, Counter())[month] for month in over}
        whole = sum(stood.values())
        return list((stood if units >= whole else parted(units, stood)).values())

    def _spread(self, name: str, units: int, year: int) -> list[int]:
        """A line that a change says no months of: what is left over the months to come, as they stood."""
        kept, stands = self.kept(name, units, year), self.planned.get(name, Counter())
        coming = {str(month): stands[month] for month in list(self.months(year))[len(kept) :]}
        weights = coming if any(coming.values()) else dict.fromkeys(coming, 1)
        return [*kept, *parted(units - sum(kept), weights).values()]

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

    def _in_force(self, form: Dict) -> None:
        months = self.months(form["year"])
        for line in form["opens"]:
            of = {"department": form["department"], "year": form["year"]}
            self.lines[line["id"]] = {**of, "category": line["category"], "project": line["project"], "in_force": 0}
        stands = [(line["id"], line["units"], line["months"]) for line in form["opens"]]
        stands += [(name, change["after"], change["months"]) for name, change in form["changes"].items()]
        for name, units, spread in stands:
            self.lines[name]["in_force"] = units
            if form["kind"] == "budget_plan":
                even = list(parted(units, {str(n): 1 for n in range(12)}).values())
            else:
                even = self._spread(name, units, form["year"])
            self.planned[name] = Counter(dict(zip(months, spread or even, strict=True)))

    def closing_year(self, department: str, year: int, carry: Mapping[str, str], actor: str) -> set[str]:
        """Why a department's year is not closed."""
        found = set() if actor == "cfo" else {"office_not_held"}
        if self.year_of(self.today) <= year:
            found.add("year_not_over")
        if carry and (department, year + 1) in self.years_closed:
            found.add("year_closed")
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

    def year_closed(self, department: str, year: int, carry: Mapping[str, str]) -> None:
        """What was left has lapsed, or is in force on a line of the next year."""
        left = {name: self.available(name) for name in self.lines_of(department, year)}
        for name, units in left.items():
            self.lines[name]["in_force"] -= units
            if name in carry:
                self.lines[carry[name]]["in_force"] += units
        self.years_closed.add((department, year))
