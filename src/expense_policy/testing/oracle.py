"""What the policy says should happen, written a second time in plain dicts: it shares no rule with the library."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

SUBSTITUTES = {
    "department_head": ["deputy_in_charge"],
    "finance_officer": ["finance_head"],
    "finance_head": ["general_manager"],
    "deputy_in_charge": ["general_manager"],
    "general_manager": ["board_delegate"],
}
SHANGHAI = timedelta(hours=8)
# Thirty days before the Spring Festival of 2026 to seven days after it.
AWAKE = (time(8), time(21))
"""Between these a customer may be contacted (C3.4)."""
GIVING = (date(2026, 1, 18), date(2026, 2, 24))
OPEN = ("in_review", "approved")
LEGAL = {
    (None, "in_review"),
    ("in_review", "approved"),
    ("in_review", "returned"),
    ("in_review", "rejected"),
    ("in_review", "withdrawn"),
    ("in_review", "in_review"),
    ("returned", "in_review"),
    ("returned", "withdrawn"),
    ("approved", "in_review"),
    ("approved", "approved"),
    ("approved", "withdrawn"),
    ("approved", "expired"),
    ("approved", "closed"),
    ("approved", "settled"),
    ("closed", "closed"),
    ("settled", "settled"),
}


class Oracle:
    """Lines and applications as dicts, and what may happen to them."""

    def __init__(self, lines: dict[str, int]) -> None:
        self.lines = lines
        self.forms: dict[str, dict[str, Any]] = {}
        self.limit = 5000000
        self.holders: dict[str, list[str]] = {}
        self.delegations: list[dict[str, Any]] = []
        self.sent: Counter[tuple[str, str]] = Counter()

    def used(self, line: str) -> int:
        """What is held or spent on a line: money in review and approved, and what was paid of the rest."""
        return sum(f["shares"][line] if f["status"] in OPEN else f["spent"].get(line, 0) for f in self._on(line))

    def balance(self, line: str) -> tuple[int, int, int]:
        """Reserved, committed and spent."""
        forms = list(self._on(line))
        reserved = sum(f["shares"][line] for f in forms if f["status"] == "in_review")
        spent = sum(f["spent"].get(line, 0) for f in forms)
        committed = sum(f["shares"][line] - f["spent"].get(line, 0) for f in forms if f["status"] == "approved")
        return reserved, committed, spent

    def _on(self, line: str) -> Iterable[dict[str, Any]]:
        return (f for f in self.forms.values() if line in f["shares"])

    def available(self, line: str, without: str | None = None) -> int:
        """What a new round may take; `without` is the application whose old round it replaces."""
        held = 0
        if without is not None and self.forms[without]["status"] in OPEN:
            held = self.forms[without]["shares"].get(line, 0)
        return self.lines[line] - self.used(line) + held

    def deciding(self, form: dict[str, Any], now: datetime, without: str | None = None) -> int:
        """The amount that chooses the chain: its own and every related one's of the last thirty days (A3.6)."""
        first = day_of(now - timedelta(days=30))
        total: int = form["units"]
        for id, other in self.forms.items():
            if id == without or other["type"] != form["type"]:
                continue
            if fold(other["account"]) != fold(form["account"]) and fold(other["name"]) != fold(form["name"]):
                continue
            if day_of(other["at"]) >= first:
                total += other["units"] if other["status"] in OPEN else other["paid"]
        return total

    def chain(self, units: int) -> list[str]:
        """The offices that sign, in order."""
        last = "deputy_in_charge" if units <= self.limit else "general_manager"
        return ["department_head", "finance_officer", "finance_head", last]

    def barred(self, form: dict[str, Any], office: str | None = None) -> set[str]:
        """Applicant, payee, and everyone who signed or was signed for; in earlier rounds, another office's step."""
        before = {person for person, of in form["before"] if of != office}
        return {form["applicant"], form["person"], *form["signed"], *before}

    def takers(self, form: dict[str, Any]) -> tuple[str, list[str]]:
        """The office that takes the present step, and who of it may."""
        step = form["chain"][form["step"]]
        barred = self.barred(form, step)
        for office in [step, *SUBSTITUTES[step]]:
            free = [p for p in self.holders[office] if p not in barred]
            if free:
                return office, free
        return step, []

    def may_sign(self, form: dict[str, Any], now: datetime) -> set[str]:
        """Everyone who may take the present step."""
        barred = self.barred(form, form["chain"][form["step"]])
        office, free = self.takers(form)
        delegates = {
            d["delegate"]
            for d in self.delegations
            if d["office"] == office
            and d["holder"] in free
            and d["since"] <= now < d["until"]
            and (d["max"] is None or form["deciding"] <= d["max"])
        }
        return set(free) | (delegates - barred)

    def may_pay(self, form: dict[str, Any], person: str, now: datetime) -> bool:
        """Whether this person may pay this form anything now."""
        signed_off = form["status"] == "approved" and form["step"] == len(form["chain"])
        separate = person in self.holders["cashier"] and person not in self.barred(form)
        return bool(signed_off and separate and now < form["expires"])

    def usable(self, form: dict[str, Any]) -> int | None:
        """Up to what its use record may grow; None where it may not: after a close, up to what was paid."""
        if form["status"] == "closed" and form["type"] != "sms" and form["paid"]:
            return int(form["paid"])
        return int(form["units"]) if form["status"] == "approved" else None

    def due(self, form: dict[str, Any], paid_at: datetime | None) -> datetime | None:
        """When a use record is due: thirty days after the payment that first went beyond it, until it has caught up."""
        if form["status"] == "settled" or form["paid"] <= form["used"]:
            return None
        return form["due"] or (paid_at + timedelta(days=30) if paid_at is not None else None)

    def breaks(self, form: dict[str, Any], said: list[tuple[date, str]]) -> bool:
        """Whether a use of such days and customers breaks a standard: it wants a reason (A1.1, C2.1, C3.3)."""
        if any(day < form["approved"] for day, _ in said):
            return True
        if form["type"] == "holiday_gift":
            return any(not GIVING[0] <= day <= GIVING[1] for day, _ in said)
        more = Counter((f"{day:%Y-%m}", name) for day, name in said)
        return any(self.sent[each] + n > 4 for each, n in more.items())


def day_of(at: datetime) -> date:
    """The company's day of an instant."""
    return (at + SHANGHAI).date()


def clock_of(at: datetime) -> time:
    """The company's time of day of an instant."""
    return (at + SHANGHAI).time()


def fold(name: str) -> str:
    """A payee's name or account as two spellings share it."""
    latin = unicodedata.normalize("NFKC", name).casefold().replace("\u0435", "e")
    return "".join(char for char in latin if char.isalnum())
