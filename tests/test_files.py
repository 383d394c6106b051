"""Files the host brings are read strictly."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from expense_adapters.cli import guard
from expense_adapters.customers import FileCustomers
from expense_adapters.files import FaultyFile, FileDirectory, FolderEvidence, read_budget, read_key
from expense_adapters.vouchers import JsonVouchers
from expense_policy.domain.budget import evenly
from expense_policy.domain.money import Money
from expense_policy.policy_file import PolicyFileError, load_policy

from .world import POLICY

GOOD = """
[[holding]]
office = "cashier"
person = "zhao"
[[holding]]
office = "department_head"
person = "wang"
department = "marketing"
[[delegation]]
holder = "wang"
delegate = "li"
office = "department_head"
since = 2026-01-01T00:00:00+08:00
until = 2026-02-01T00:00:00+08:00
reason = "Leave"
amount_max = "100.00"
currency = "CNY"
"""


def _file(tmp_path: Path, text: str, name: str = "people.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.clause("A3.2")
def test_a_delegation_counts_in_its_interval(tmp_path: Path) -> None:
    """A delegation counts from its first instant up to, not at, its last, and up to its amount."""
    directory = FileDirectory(_file(tmp_path, GOOD))
    start, end = datetime(2025, 12, 31, 16, tzinfo=timezone.utc), datetime(2026, 1, 31, 16, tzinfo=timezone.utc)
    for at, units, count in ((start, 10000, 1), (end, 1, 0), (start, 10001, 0)):
        roster = directory.roster(("marketing",), at)
        assert len(roster.delegates("department_head", "wang", Money(units, "CNY"))) == count
    assert directory.roster((), start).holders("department_head", "marketing") == ()
    assert directory.roster((), start).holders("cashier", "marketing") == ("zhao",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('person = "zhao"', "person = 1", r"holding\[0\]\.person"),
        ('office = "cashier"', 'ofice = "cashier"', r"holding\[0\]\.ofice"),
        ("since = 2026-01-01T00:00:00+08:00", "since = 2026-01-01T00:00:00", r"delegation\[0\].*aware"),
        ("2026-02-01", "2025-02-01", r"delegation\[0\]\.until"),
        ('delegate = "li"\noffice = "department_head"', 'delegate = "li"\noffice = "cashier"', r"in person"),
        ('"100.00"', '"1e2"', r"delegation\[0\]"),
        ('currency = "CNY"', "", r"delegation\[0\]\.currency: and amount_max come together"),
        ('amount_max = "100.00"', "", r"delegation\[0\]\.currency: and amount_max come together"),
        ('"CNY"', '"JPY"', r"delegation\[0\]\.amount_max: '100.00' is not an amount in JPY"),
        ('"CNY"', '"RMB"', r"delegation\[0\]\.currency: 'RMB' is not a known"),
        ('"CNY"', "156", r"delegation\[0\]\.currency: must be a currency code"),
        ('"100.00"', '"-0.01"', r"delegation\[0\]\.amount_max: must not be below 0"),
        ('delegate = "li"', 'delegate = "wang"', r"delegation\[0\]\.delegate: nobody delegates to himself"),
        ('"zhao"', '" zhao"', r"holding\[0\]\.person: must be an id"),
        ('"cashier"', '""', r"holding\[0\]\.office: must be an id"),
        ('"Leave"', '" "', r"delegation\[0\]\.reason"),
        ('"cashier"', "9" * 5000, "too many digits"),
        ("[[holding]]", "[[person]]", r"person: is not known"),
    ],
)
def test_a_fault_in_people_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Each fault of a people file is named with its place."""
    assert old in GOOD
    with pytest.raises(ValueError, match=said):
        FileDirectory(_file(tmp_path, GOOD.replace(old, new, 1)))


def test_every_fault_of_people_is_named_at_once(tmp_path: Path) -> None:
    """All faults of a file are named at once, one line each, and what they quote can't steer a terminal."""
    text = GOOD.replace('"zhao"', "1").replace('"Leave"', '""').replace('delegate = "li"', 'delgate = "li"')
    path = _file(tmp_path, text + '"\\u001b" = 1\n')
    with pytest.raises(FaultyFile) as error:
        FileDirectory(path)
    assert [problem.removeprefix(f"{path}: ").partition(": ")[0] for problem in error.value.problems] == [
        "holding[0].person",
        "delegation[0].delgate",
        "delegation[0].\\x1b",
        "delegation[0].delegate",
        "delegation[0].reason",
    ]
    assert str(error.value) == "\n".join(error.value.problems)


HOLDINGS = "office,person,department\ncashier,zhao,\n\ndepartment_head,wang,marketing\n"
DELEGATIONS = (
    "holder,delegate,office,since,until,reason,amount_max,currency\n"
    "wang,li,department_head,2026-01-01T00:00:00+08:00,2026-02-01T00:00:00+08:00,Leave,100.00,CNY\n"
    "wang,liu,department_head,2026-01-01T00:00:00+08:00,2026-02-01T00:00:00+08:00,Leave,,\n"
)


@pytest.mark.clause("A3.2")
def test_people_from_csv(tmp_path: Path) -> None:
    """Offices and delegations may come from two CSV files and count as from TOML."""
    path = _file(tmp_path, "\ufeff" + HOLDINGS, "people.CSV")
    directory = FileDirectory(path, delegations=_file(tmp_path, DELEGATIONS, "delegations.csv"))
    roster = directory.roster(("marketing",), datetime(2025, 12, 31, 16, tzinfo=timezone.utc))
    assert roster.holders("department_head", "marketing") == ("wang",)
    assert [d.delegate for d in roster.delegates("department_head", "wang", Money(10000, "CNY"))] == ["li", "liu"]
    assert [d.delegate for d in roster.delegates("department_head", "wang", Money(10001, "CNY"))] == ["liu"]
    assert FileDirectory(path).roster((), roster.at).delegations == ()


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("people.csv", "office,person", "office,name", "row 1: the columns are office, person, department"),
        ("people.csv", "cashier,zhao,", "cashier,zhao", "row 2: 2 columns"),
        ("people.csv", "cashier,zhao,", "cashier,zhao,,", "row 2: 4 columns"),
        ("people.csv", "wang,marketing", "wang, marketing", "row 4, column department: must be an id"),
        ("people.csv", "cashier,", ",", "row 2, column office: is missing"),
        ("people.csv", "cashier", '"cashier', "row 2: unexpected end"),
        ("people.csv", "cashier", "cash\x1dier", "row 2, column office"),
        ("delegations.csv", "li,", "wang,", "row 2, column delegate: nobody"),
        ("delegations.csv", "100.00", "-1", "row 2, column amount_max: must not be below 0"),
        ("delegations.csv", "Leave,100", " ,100", "row 2, column reason"),
        ("delegations.csv", "00,2026-02-01T00:00:00+08:00", "00,soon", "row 2, column until: must be an ISO 8601"),
        ("delegations.csv", "head,2026-01-01T00:00:00+08:00", "head,2026-01-01T00:00:00", "row 2, column since"),
        ("delegations.csv", "2026-02-01", "2025-02-01", "row 2, column until: must be after since"),
    ],
)
def test_a_fault_in_csv_is_named(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    """Each fault of a CSV file is named with file, row and, where it is known, column."""
    texts = {"people.csv": HOLDINGS, "delegations.csv": DELEGATIONS}
    assert old in texts[name]
    texts[name] = texts[name].replace(old, new, 1)
    for each, text in texts.items():
        _file(tmp_path, text, each)
    with pytest.raises(FaultyFile) as error:
        FileDirectory(tmp_path / "people.csv", delegations=tmp_path / "delegations.csv")
    (problem,) = error.value.problems
    assert problem.startswith(f"{tmp_path / name}: ")
    assert said in problem


def test_both_files_are_told_of_at_once(tmp_path: Path) -> None:
    """The faults of people and delegations come in one answer, a file that is not there among them."""
    path = _file(tmp_path, HOLDINGS.replace("zhao", " zhao").replace("wang", " wang"), "people.csv")
    with pytest.raises(FaultyFile) as error:
        FileDirectory(path, delegations=tmp_path / "none.csv")
    assert len(error.value.problems) == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_passed_over(tmp_path: Path, encoding: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that an editor wrote with a byte order mark is read as one without: each that a company brings."""
    path = tmp_path / "file.toml"
    for text, read in (
        (GOOD, FileDirectory),
        (BUDGET, read_budget),
        ('[[customer]]\nid = "C1"\n', FileCustomers),
        (POLICY, lambda path: guard.run(["check-policy", str(path)])),
    ):
        path.write_text(text, encoding=encoding)
        assert read(path) != 2
    assert capsys.readouterr().err == ""
    vouchers = {"currency": "CNY", "vouchers": [{"kind": "receipt"}]}
    with pytest.raises(FaultyFile, match="vouchers"):
        JsonVouchers().read(json.dumps(vouchers).encode(encoding))
    path.write_text('{"method": "direct", "pools": {"HR": "1.00"}, "usage": {"HR": {"A": 1}}}', encoding=encoding)
    assert guard.run(["allocate", "--file", str(path)]) == 0


def test_a_policys_text_has_no_byte_order_mark() -> None:
    """A text is adopted as it is: one that still has a byte order mark is a fault that says how it is read."""
    with pytest.raises(PolicyFileError, match=r"line 1.*begins with a byte order mark: read the file as utf-8-sig"):
        load_policy("\ufeff" + POLICY)


BUDGET = """
year = 2026
[[line]]
department = "marketing"
id = "gifts"
category = "care_gifts"
name = "Gifts"
amount = "10.00"
[[line]]
department = "after_sales_support"
id = "fair"
category = "care_gifts"
name = "Fair"
amount = "20.00"
project = "fair-2026"
months = "evenly"
basis = { drivers = [{ name = "visitors", quantity = 20, unit_price = "1.00" }] }
[[line]]
department = "after_sales_support"
id = "stands"
category = "venue"
name = "Stands"
amount = "3.00"
months = ["0", "0", "0", "1.00", "0", "0", "0", "0", "0", "2.00", "0", "0"]
basis = { activities = [{ name = "Fairs", cost = "4.00" }] }
[[line]]
department = "after_sales_support"
id = "repairs"
category = "after_sales"
name = "Repairs"
amount = "1.00"
basis = { last_year = "0.50", growth_bp = -1000 }
[[line]]
department = "after_sales_support"
id = "support"
category = "after_sales"
name = "Support"
amount = "1.00"
basis = { trend = ["1.00", "2.00"] }
"""


@pytest.mark.clause("B1.3", "B1.4")
def test_a_budget_is_read_by_department(tmp_path: Path) -> None:
    """A budget file gives one plan a department, each line with its months and what it was estimated from."""
    plans = read_budget(_file(tmp_path, BUDGET))
    assert [(plan.department, plan.year, plan.amount.units) for plan in plans] == [
        ("marketing", 2026, 1000),
        ("after_sales_support", 2026, 2500),
    ]
    fair, stands, repairs, _ = plans[1].lines
    assert (fair.project, fair.months) == ("fair-2026", evenly(fair.amount))
    assert [month.units for month in stands.months] == [0, 0, 0, 100, 0, 0, 0, 0, 0, 200, 0, 0]
    assert (repairs.months, plans[0].lines[0].basis) == ((), None)
    estimates = [line.basis.estimate.units for line in plans[1].lines if line.basis is not None]
    assert estimates == [2000, 400, 45, 300]


@pytest.mark.clause("B1.4")
@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        ("year = 2026", "year = true", ["year"]),
        ("year = 2026", "yaer = 2026", ["year", "yaer"]),
        ('"fair"', '"gifts"', ["line[1].id"]),
        ('"10.00"', '"0.00"', ["line[0].amount"]),
        ('"10.00"', "10.00", ["line[0].amount"]),
        ('"10.00"', '"-1"', ["line[0].amount"]),
        ('"Gifts"', '"Gi\\u202efts"', ["line[0].name"]),
        ('"care_gifts"', '"gifts"', ["line[0].category"]),
        ('id = "gifts"', 'id = " gifts"\nsum = 1', ["line[0].sum", "line[0].id"]),
        ('department = "marketing"\n', "", ["line[0].department"]),
        ("[[line]]", "[[lines]]", ["lines", "line"]),
        ('months = "evenly"', 'months = "even"', ["line[1].months"]),
        ('months = "evenly"', 'months = ["1"]', ["line[1].months"]),
        ('"1.00", "0"', '"1.01", "0"', ["line[2].months"]),
        ('"1.00", "0"', '-1, "0"', ["line[2].months"]),
        ('{ drivers = [{ name = "visitors", quantity = 20, unit_price = "1.00" }] }', "20", ["line[1].basis"]),
        ("quantity = 20", "quantity = true", ["line[1].basis.drivers[0].quantity"]),
        ("quantity = 20", "quantity = 0", ["line[1].basis"]),
        ('unit_price = "1.00"', "unit_price = 1", ["line[1].basis.drivers[0].unit_price"]),
        ("{ activities = [", '{ trend = ["1", "2"], activities = [', ["line[2].basis"]),
        ("{ activities = [", "{ year = 1, activities = [", ["line[2].basis.year"]),
        ('{ activities = [{ name = "Fairs", cost = "4.00" }] }', "{ activities = [] }", ["line[2].basis"]),
        ("growth_bp = -1000", "growth_bp = -10001", ["line[3].basis"]),
        (", growth_bp = -1000", "", ["line[3].basis.growth_bp"]),
        ('trend = ["1.00", "2.00"]', 'trend = ["1.00"]', ["line[4].basis"]),
        ('trend = ["1.00", "2.00"]', 'trend = "1.00"', ["line[4].basis.trend"]),
    ],
)
def test_every_fault_of_a_budget_is_named(tmp_path: Path, old: str, new: str, places: list[str]) -> None:
    """Every fault of a budget file is named with its place; a line's id stands once in the whole file."""
    text = BUDGET.replace(old, new) if old == "[[line]]" else BUDGET.replace(old, new, 1)
    assert text != BUDGET
    path = _file(tmp_path, text)
    with pytest.raises(FaultyFile) as error:
        read_budget(path)
    assert [problem.removeprefix(f"{path}: ").partition(": ")[0] for problem in error.value.problems] == places


@pytest.mark.clause("A4.4")
def test_evidence_is_kept_under_its_digest(tmp_path: Path) -> None:
    """Evidence is found again under the digest of its bytes, and a digest is never a path."""
    store = FolderEvidence(tmp_path / "evidence")
    digest = store.put("合同 📄".encode())
    assert store.put("合同 📄".encode()) == digest
    with store.open(digest) as file:
        assert file.read().decode() == "合同 📄"
    for wrong in ("../" + digest, digest.upper(), "0" * 64, "", "..", digest + "\n", "C:\\x"):
        assert not store.has(wrong)
        with pytest.raises(KeyError):
            store.open(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "id:" + "00" * 16 + "\n" + "00",
        "i d:" + "00" * 16,
        "",
        "id:",
        "id:zz",
        ":" + "00" * 32,
        "id:" + "00" * 8,
        "ü:" + "00" * 32,
    ],
)
def test_a_key_file_is_one_line(tmp_path: Path, text: str) -> None:
    """A key file that is none is refused, and its content is not shown."""
    with pytest.raises(ValueError, match="key") as error:
        read_key(_file(tmp_path, text, "key"))
    assert "00" not in str(error.value).rpartition("key")[2]


def test_a_key_tags(tmp_path: Path) -> None:
    """A key from a file makes tags that it recognises, and shows no secret."""
    key = read_key(_file(tmp_path, "k1:" + "ab" * 32 + "\n", "key"))
    id, tag = key.mac(b"x")
    assert key.check(id, b"x", tag)
    assert not key.check(id, b"y", tag)
    assert "ab" * 8 not in repr(key)
