"""Expense policies that companies have published, as policy files: what their facts say is what the chains say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expense_adapters.cli import guard
from expense_policy.domain.money import Money
from expense_policy.domain.policy import Policy
from expense_policy.policy_file import load_policy

FOLDER = Path(__file__).parent / "policies"
EXAMPLE = Path(__file__).parent.parent / "examples" / "company" / "policy.toml"
IDS = {
    "365docx": "365docx",
    "wenke99": "wenke99-8127792",
    "qiqiwenku": "qiqiwenku-830766",
    "yakdoc": "yakdoc-296611",
}
"""The file of each policy among the published ones, by its id there."""

APPLICATION, REQUEST, ADJUSTMENT = "application", "supplementary_request", "budget_adjustment"
HEAD, MANAGER, GM, BOARD = "department_head", "finance_manager", "general_manager", "board"
CFO, PRESIDENT, DEPUTY = "chief_financial_officer", "president", "deputy_in_charge"
LOCAL = [HEAD, MANAGER]
WENKE = [HEAD, "finance_head", "deputy_general_manager", GM]
YAK = [HEAD, "accountant", MANAGER]
ANY = ("0.01", "1999.99", "50000.00", "9999999.99")

# Written from the facts, a threshold a row: below it, at it, above it. Where two printed rules meet at one
# figure (以下, 以上) the stricter one is the row.
TABLE: list[tuple[str, str, str, str, list[str]]] = [
    # 一般费用2000元以下部门负责人审批；2000元以上由部门负责人提出建议，总经理审批. 各种单据需经财务部经理审核并签字.
    ("365docx", APPLICATION, "promotional_materials", "1999.99", LOCAL),
    ("365docx", APPLICATION, "promotional_materials", "2000.00", [*LOCAL, GM]),
    ("365docx", APPLICATION, "promotional_materials", "2000.01", [*LOCAL, GM]),
    ("365docx", APPLICATION, "promotional_materials", "10000.00", [*LOCAL, GM]),
    # 业务费1000元以下部门负责人审批，1000元以上总经理审批
    ("365docx", APPLICATION, "business_fee", "999.99", LOCAL),
    ("365docx", APPLICATION, "business_fee", "1000.00", [*LOCAL, GM]),
    ("365docx", APPLICATION, "business_fee", "1000.01", [*LOCAL, GM]),
    # 固定资产购置、员工出国考察、进修学习等一万元以上由董事会研究审批
    *[
        ("365docx", APPLICATION, type_, amount, offices)
        for type_ in ("fixed_assets", "study_abroad", "further_study")
        for amount, offices in (
            ("9999.99", [*LOCAL, GM]),
            ("10000.00", [*LOCAL, GM, BOARD]),
            ("10000.01", [*LOCAL, GM, BOARD]),
        )
    ],
    # 未列入预算的费用由总经理提出调整预算，经董事会批准后执行
    *[("365docx", kind, "", amount, [GM, BOARD]) for kind in (REQUEST, ADJUSTMENT) for amount in ANY],
    # 预算内：本部门经理→财务审核→副总经理→总经理审批. 预算外：…→董事长审批. No threshold.
    *[("wenke99", APPLICATION, "sms", amount, WENKE) for amount in ANY],
    *[("wenke99", kind, "", amount, [*WENKE, "chairman"]) for kind in (REQUEST, ADJUSTMENT) for amount in ANY],
    # 其他费用：1000≤A≤5000 财务总监审批，A>5000 总裁审定
    ("qiqiwenku", APPLICATION, "sms", "999.99", LOCAL),
    ("qiqiwenku", APPLICATION, "sms", "1000.00", [*LOCAL, CFO]),
    ("qiqiwenku", APPLICATION, "sms", "1000.01", [*LOCAL, CFO]),
    ("qiqiwenku", APPLICATION, "sms", "4999.99", [*LOCAL, CFO]),
    ("qiqiwenku", APPLICATION, "sms", "5000.00", [*LOCAL, CFO]),
    ("qiqiwenku", APPLICATION, "sms", "5000.01", [*LOCAL, CFO, PRESIDENT]),
    # 差旅报销：A≤5000 财务经理；A>5000 财务总监
    ("qiqiwenku", APPLICATION, "travel", "4999.99", LOCAL),
    ("qiqiwenku", APPLICATION, "travel", "5000.00", LOCAL),
    ("qiqiwenku", APPLICATION, "travel", "5000.01", [*LOCAL, CFO]),
    # 业务招待费：1000≤A≤3000 财务总监；A>3000 总裁审定
    ("qiqiwenku", APPLICATION, "entertainment", "999.99", LOCAL),
    ("qiqiwenku", APPLICATION, "entertainment", "1000.00", [*LOCAL, CFO]),
    ("qiqiwenku", APPLICATION, "entertainment", "1000.01", [*LOCAL, CFO]),
    ("qiqiwenku", APPLICATION, "entertainment", "2999.99", [*LOCAL, CFO]),
    ("qiqiwenku", APPLICATION, "entertainment", "3000.00", [*LOCAL, CFO]),
    ("qiqiwenku", APPLICATION, "entertainment", "3000.01", [*LOCAL, CFO, PRESIDENT]),
    # 部门主管≤1、公司主管领导1–3、执行总裁/总裁>3; the unit is not printed, 万元 is taken for it.
    ("yakdoc", APPLICATION, "sms", "9999.99", YAK),
    ("yakdoc", APPLICATION, "sms", "10000.00", YAK),
    ("yakdoc", APPLICATION, "sms", "10000.01", [*YAK, DEPUTY, CFO]),
    ("yakdoc", APPLICATION, "sms", "29999.99", [*YAK, DEPUTY, CFO]),
    ("yakdoc", APPLICATION, "sms", "30000.00", [*YAK, DEPUTY, CFO]),
    ("yakdoc", APPLICATION, "sms", "30000.01", [*YAK, DEPUTY, CFO, "executive_president"]),
]


def loaded(name: str) -> Policy:
    """The policy of a file."""
    return load_policy((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.mark.clause("A3.1", "A3.2")
@pytest.mark.parametrize(("name", "kind", "type_", "amount", "offices"), TABLE)
def test_a_published_chain_is_expressed(name: str, kind: str, type_: str, amount: str, offices: list[str]) -> None:
    """At an amount below, at and above each published threshold the chain is that of the facts."""
    steps = loaded(name).chain(kind, Money.of(amount, "CNY").units, type_)
    assert [step.office for step in steps] == offices


@pytest.mark.clause("X2")
def test_they_are_those_that_were_published(shared: Path) -> None:
    """The facts still stand where the tables were written from, each with its file, its address, and every fact."""
    text = (shared / "data" / "cn_policies" / "policies.json").read_text(encoding="utf-8")
    published = {each["id"]: each for each in json.loads(text)}
    assert set(published) == set(IDS.values())
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(IDS)
    for name, id in IDS.items():
        file = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
        assert loaded(name).version == id
        assert published[id]["source"] in file
        assert [fact for fact in published[id]["facts_zh"] if f"# {fact}\n" not in file] == []


@pytest.mark.clause("X2")
@pytest.mark.parametrize("file", [EXAMPLE, *sorted(FOLDER.glob("*.toml"))], ids=lambda path: path.stem)
def test_check_policy_finds_no_fault(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`check-policy` says of the example and of each published policy that it has no fault."""
    assert guard.run(["check-policy", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["faults"] == []


TEN = """\
[policy]
version = "1"
effective = 2026-01-01
company = "Qinghe"
currency = "CNX" #: policy.currency
time_zone = "Asia/Shanghai"
departments = ["marketing"]

[periods]
expiry = 0 #: periods.expiry
relatd = 30 #: periods.relatd

[contact]
first = 21:00:00
last = 08:00:00 #: contact.last

[[chain.budget_plan]]
office = "finance_head"
points = ["finances"]
[[chain.application]]
office = "department_head"
points = ["necessity"]
[[chain.application]]
office = "general_manager"
points = ["benefit"]
up_to = "5000.00" #: chain.application[1].up_to
types = ["booth"]

[substitutes]
department_head = ["department_head"] #: substitutes.department_head

[[evidence]]
type = "boot" #: evidence[0].type
needs = ["contract"]

[[type]]
name = "booth"
category = "venue"
[[type.field]]
name = "days"
kind = "whole"
min = 6 #: type[0].field[0].min
max = 5
[[type.field]]
name = "hall"
kind = "rooms" #: type[0].field[1].kind
[[type.line]]
name = "stand"
unit_price_max = 800 #: type[0].line[0].unit_price_max
"""


@pytest.mark.clause("X2")
def test_ten_faults_are_all_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with ten faults of ten kinds: `check-policy` names all ten, each with path and line, and exits with 2."""
    file = tmp_path / "policy.toml"
    file.write_text(TEN, encoding="utf-8")
    assert guard.run(["check-policy", str(file), "--json"]) == 2
    shown = capsys.readouterr()
    found = json.loads(shown.out)["faults"]
    rows = enumerate(TEN.splitlines(), 1)
    expected = [(line.partition("#: ")[2], number) for number, line in rows if "#: " in line]
    assert [(each["path"], each["line"]) for each in found] == expected
    assert len({each["message"] for each in found}) == len(expected) == 10
    for path, line in expected:
        assert f"line {line}: {path}: " in shown.err
