"""A year that was played, held to its reckoner whole: documents, vouchers, chains, accounts, execution."""

from __future__ import annotations

from collections import Counter

from expense_policy.domain.periods import Month

from .counting import LIMIT, OPEN, PAYABLE, month_of, text_of, voucher_keys
from .playing import Year, plain


def holds(year: Year) -> None:
    """Every law of the year against the reckoner; the counts of what was compared are the year's own."""
    oracle = year.oracle
    year.agree(*oracle.docs)
    _vouchers(year)
    _splitting(year)
    for month in sorted({row["month"] for row in oracle.ledger} | set(oracle.numbered)):
        _month(year, month)
    for fiscal in sorted({line["year"] for line in oracle.lines.values()}):
        _executed(year, fiscal)


def _vouchers(year: Year) -> None:
    """Each voucher stands in one live document at most, in whatever hand it is written (I27)."""
    owners = Counter[tuple[str, ...]]()
    for id, d in year.oracle.docs.items():
        if d["form"]["kind"] in PAYABLE and year.desk.document(id).status not in ("rejected", "withdrawn", "expired"):
            owners.update({key for each in d["form"]["vouchers"] for key in voucher_keys(each)})
    assert max(owners.values(), default=1) == 1, "I27: a voucher stands in two documents"
    assert owners.keys() == year.oracle.vouchers.keys(), "I27"


def _splitting(year: Year) -> None:
    """What counts as one purchase was decided by no less than the whole of it, and its chain is that one's (I9)."""
    for d in year.oracle.docs.values():
        form = d["form"]
        if form["kind"] in PAYABLE and form["application"] is None and d["status"] in (*OPEN, "settled"):
            earlier = [each for each in year.oracle.related(form, d["at"]) if each["nth"] < d["nth"]]
            counts = [each["units"] if each["status"] in OPEN else year.oracle.drawn(each) for each in earlier]
            whole = d["units"] + sum(counts)
            rounds = [year.desk.document(each["id"]).round for each in (d, *earlier)]
            assert max(each.deciding_units for each in rounds) >= whole, f"I9: {d['id']}"
            offices = {step.office for each in rounds for step in each.chain}
            assert whole <= LIMIT or "general_manager" in offices, f"I9: {d['id']}"


def _month(year: Year, month: int) -> None:
    """A month's accounts, rows, sources and corrections, are what was reckoned, and its entries what it cost (R1.1)."""
    rows, sources, corrections = year.oracle.accounts(month)
    found, at = year.desk.accounts(Month.of(month)), text_of(month)
    told = Counter[tuple[str, ...]]()
    for row in found.rows:
        told[row.department, row.project, row.category, row.type] += row.units
    assert plain(told) == plain(rows), f"I12, R1.1: the accounts of {at}"
    assert plain({source.value: units for source, units in found.sources}) == plain(sources), f"I12: {at}"
    assert plain({each.number: units for each, units in found.corrections}) == plain(corrections), f"R1.3: {at}"
    assert (found.total, found.differences, found.method) == (sum(rows.values()), (), year.oracle.method), at
    closed = year.oracle.closed is not None and month <= year.oracle.closed
    assert found.closed == closed, f"R1.3: {at}"
    year.numbered(month)
    if closed:
        what = ("source", "line", "department", "project", "type", "units")
        mine = Counter(tuple(row[each] for each in what) for row in year.oracle.ledger if row["month"] == month)
        postings = [(p.source, p.line, p.department, p.project, p.type, p.units) for p in year.numbers[month]]
        assert Counter(postings) == mine, f"I26: the postings of {at}"
        entries = year.desk.closing.entries(Month.of(month))
        costs = [each.units * ((each.debit.role == "cost") - (each.credit.role == "cost")) for each in entries]
        assert sum(costs) == found.total, f"R1.4: {at}"


def _executed(year: Year, fiscal: int) -> None:
    """By line and month what is planned, reserved, committed and spent is what was reckoned; a plan's months are all of
    it (B1.3, B2.3)."""
    oracle = year.oracle
    within = {text_of(month) for month in oracle.months(fiscal)}
    for line in year.desk.execution(year=fiscal).lines:
        name = line.line.id
        reserved, committed, spent = Counter[str](), Counter[str](), Counter[str]()
        for d in (d for d in oracle.docs.values() if name in d["held"]):
            expected = text_of(month_of(d["form"]["expected"]))
            reserved[expected] += d["held"][name][0]
            committed[expected] += d["held"][name][1]
        for row in oracle.ledger:
            if row["line"] == name and row["source"] in ("paid", "set_off"):
                spent[text_of(row["month"])] += row["units"]
        planned = Counter({text_of(month): units for month, units in oracle.planned[name].items()})
        wanted = {"planned": planned, "reserved": reserved, "committed": committed, "spent": spent}
        for what, months in wanted.items():
            told = {str(each.month): getattr(each.figures, what) for each in line.months if each.month is not None}
            assert plain(told) == plain({m: n for m, n in months.items() if m in within}), f"B2.3: {what} of {name}"
            assert getattr(line.figures, what) == sum(months.values()), f"B2.3: {what} of {name}"
        if not oracle.years_closed:
            assert line.in_force == sum(planned.values()), f"B1.3: {name}"
