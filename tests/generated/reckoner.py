"""A year reckoned a second time, in plain dicts: what may be done, and what it comes to.

It shares no rule with the library. A question gives the codes of all that forbids an act; an act changes the dicts.
Months are counted from year 0, amounts are smallest units, days are Shanghai's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from expense_policy.testing.oracle import day_of, fold

from .budgets import Budgets
from .counting import (
    ALONE,
    CATEGORY,
    COMPANY,
    GIVEN_BACK,
    LIMIT,
    OPEN,
    PAYABLE,
    PROJECTS,
    Dict,
    Place,
    Units,
    month_of,
    parted,
    voucher_keys,
)


class Reckoner(Budgets):
    """Applications, claims, vouchers, signatures, payments and uses, over budgets and books."""

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
        found, given, payee = set(), form["vouchers"], tuple(map(fold, form["payee"] or ("", "")))
        keys = [voucher_keys(v) for v in given]
        for v in given:
            if v["amount"] + v["tax"] != v["total"]:
                found.add("voucher_sum_differs")
            if not 0 <= (self.today - v["on"]).days <= 365:
                found.add("voucher_out_of_time")
            if fold(v["buyer"]) != fold(COMPANY) and v["buyer"]:
                found.add("voucher_buyer_differs")
        every = [key for each in keys for key in each]
        if len(set(every)) < len(every):
            found.add("voucher_twice")
        for n, (mine, v) in enumerate(zip(keys, given, strict=True)):
            key = mine[0]
            if any(self.vouchers.get(key, id) != id for key in mine):
                found.add("voucher_taken")
            if (key, payee[0], v["total"]) in self.confirmed:
                continue
            alike = [at for at in self.seen_vouchers if at[0] != id and self.vouchers.get(at[1]) == at[0]]
            alike += [("", keys[i][0], payee, given[i]["total"], given[i]["on"]) for i in range(n)]
            if any(
                at[1] != key
                and any(one == two for one, two in zip(at[2], payee, strict=True))
                and at[3] == v["total"]
                and abs((at[4] - v["on"]).days) <= 3
                for at in alike
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
        self.vouchers = {key: owner for key, owner in self.vouchers.items() if owner != id}
        payee = tuple(map(fold, form["payee"] or ("", "")))
        for v in form["vouchers"]:
            keys = voucher_keys(v)
            self.vouchers.update(dict.fromkeys(keys, id))
            self.seen_vouchers.append((id, keys[0], payee, v["total"], v["on"]))

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

    def due(self, d: Dict) -> int:
        """What may be paid of it now."""
        form = d["form"]
        up_to_use = form["application"] is None and form["type"] != "holiday_gift"
        return int(d["used"] if up_to_use else d["units"]) - self.drawn(d)

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
        settled = (
            form["rule"] is not None if form["kind"] == "application" else any(d for d, _ in form["places"].values())
        )
        self._post(source, month, place, form["type"], units, line, settled=settled)

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
