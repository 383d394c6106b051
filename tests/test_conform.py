"""Another system's history is judged by its own rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from expense_adapters.cli.main import app
from expense_adapters.conform import FINDINGS, Unreadable, judge, matches, read_rules

EXAMPLES = Path(__file__).parent.parent / "examples" / "conform"
RULES = """
[columns]
case = "c"
time = "t"
activity = "a"
office = "o"
[chain]
required = ["HEAD"]
[[activity]]
match = "submit*"
act = "submit"
[[activity]]
match = "sign"
act = "sign"
[[activity]]
match = "final"
act = "final"
[[activity]]
match = "reject"
act = "reject"
[[activity]]
match = "pay"
act = "pay"
"""


def _log(tmp_path: Path, *rows: str) -> tuple[Path, Path]:
    rules, events = tmp_path / "rules.toml", tmp_path / "events.csv"
    rules.write_text(RULES, encoding="utf-8")
    events.write_text("\n".join(("c,t,a,o", *rows)) + "\n", encoding="utf-8")
    return events, rules


def _rows(text: str) -> list[str]:
    """ "submit sign:HEAD" as rows of one case, a minute apart."""
    acts = [each.partition(":") for each in text.split()]
    return [f"x,2026-01-01T00:{i:02}:00,{act},{office}" for i, (act, _, office) in enumerate(acts)]


@pytest.mark.clause("A4.1", "G3.3")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("submit sign:HEAD final:CFO pay", set()),
        ("submit final:HEAD pay", set()),
        ("pay", {FINDINGS[0]}),
        ("submit sign:HEAD pay final:CFO", {FINDINGS[0]}),
        ("submit final:HEAD submit pay", {FINDINGS[1]}),
        ("submit final:HEAD reject pay final:HEAD", {FINDINGS[1]}),
        ("submit final:HEAD reject final:HEAD pay", set()),
        ("submit final:HEAD pay pay pay", {FINDINGS[2]}),
        ("submit final:HEAD pay reject reject", {FINDINGS[3]}),
        ("submit final:CFO", {FINDINGS[4]}),
        ("submit sign:HEAD submit final:CFO pay", {FINDINGS[4]}),
        ("submit final:CFO submit sign:HEAD final:CFO pay", set()),
        ("submit final:CFO sign:HEAD pay", {FINDINGS[4]}),
        ("other submitted", set()),
    ],
)
def test_each_finding(tmp_path: Path, text: str, found: set[str]) -> None:
    """Each finding is made exactly where its rule says, once a case."""
    events, rules = _log(tmp_path, *_rows(text))
    report = judge(events, read_rules(rules))
    assert {code for code, n in report.findings.items() if n} == found
    assert all(report.flagged[code] == ["x"] for code in found)


@pytest.mark.clause("A4.1")
@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("x,2026-01-01T00:00:00Z,pay,", "row 3, column t"),
        ("x,2025-01-01,pay,", "row 3, column t"),
        ("x,yesterday,pay,", "row 3, column t"),
        (",2026-01-02,pay,", "row 3, column c"),
        ("x,2026-01-02,pay", "row 3"),
        ('x,2026-01-02,"pay,', "after row"),
    ],
)
def test_what_is_unreadable_is_named(tmp_path: Path, row: str, said: str) -> None:
    """A row that can't be read is named with its column on standard error, exit 2, and nothing is printed."""
    events, rules = _log(tmp_path, "x,2026-01-01T00:00:00,submit,", row)
    done = CliRunner().invoke(app, ["conform", str(events), "--rules", str(rules), "--json"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize(
    ("old", "new"), [('"pay"\nact = "pay"', '"pay"\nact = "paid"'), ('o"', 'o"\nx = 1'), ("required", "r")]
)
def test_faulty_rules_are_named(tmp_path: Path, old: str, new: str) -> None:
    """A fault in the rules is named by its key."""
    events, rules = _log(tmp_path)
    rules.write_text(RULES.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Unreadable, match=r"activity\[4\]\.act|columns\.x|chain\.r "):
        judge(events, read_rules(rules))


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("a*", "abc", True),
        ("*c", "abc", True),
        ("a*c", "ac", True),
        ("a*b*c", "acb", False),
        ("a.c", "abc", False),
        ("ab*bc", "abc", False),
    ],
)
def test_a_star_matches_anything(pattern: str, text: str, fits: bool) -> None:
    """Only the star is special, and what stands around it is all there."""
    assert matches(pattern, text) is fits


@pytest.mark.clause("A4.1", "G3.3")
@pytest.mark.parametrize(
    ("log", "rules", "figures", "skipped", "unsigned"),
    [
        (
            "DomesticDeclarations",
            "declarations",
            (10357, 55628, 9912, 9938),
            2149,
            {"declaration95149", "declaration90815"},
        ),
        ("RequestForPayment", "requests", (6760, 36072, 6187, 6238), 1052, set()),
    ],
)
def test_real_logs(
    shared: Path, log: str, rules: str, figures: tuple[int, ...], skipped: int, unsigned: set[str]
) -> None:
    """The figures of two real logs are found, as other code counted them."""
    path = shared / "data" / "bpi2020" / f"events_{log}.csv.gz"
    done = CliRunner().invoke(app, ["conform", str(path), "--rules", str(EXAMPLES / f"{rules}.toml"), "--json"])
    assert done.exit_code == 3
    found = json.loads(done.stdout)
    assert tuple(found[name] for name in ("cases", "events", "paid", "signed_off")) == figures
    assert set(found["flagged"]["payment_without_full_sign_off"]) == unsigned
    assert found["flagged"]["rejected_after_payment"] == (["declaration90815"] if unsigned else [])
    assert found["findings"]["payment_on_stale_sign_off"] == 0
    assert found["findings"]["step_skipped"] == skipped
