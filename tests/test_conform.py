"""Another system's history is judged by its own rows."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
        ('x,2026-01-02,"pay,', "row 3: a quoted field is never closed"),
        ('x,2026-01-02,"pay"er,', "row 3: "),
        ("x,2026-01-02x03:04,pay,", "row 3, column t"),
        ("x,2026-01-02-03,pay,", "row 3, column t"),
        ("x,2026-01-02T03:04,pay,\nx,2026-01-02 03:05,p\0y,", "row 4, column a: holds a NUL"),
        ("x,2026-01-02,pay,\x1b[2J,", "row 3: 5 columns"),
        ("\x1b[2J,2026-01-02,pay,\nx,2025-01-01,,", "row 4, column t"),
    ],
)
def test_what_is_unreadable_is_named(tmp_path: Path, row: str, said: str) -> None:
    """A row that can't be read is named with its column on standard error, exit 2, and nothing is printed."""
    events, rules = _log(tmp_path, "x,2026-01-01T00:00:00,submit,", row)
    done = CliRunner().invoke(app, ["conform", str(events), "--rules", str(rules), "--json"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def _fails(events: Path, rules: Path) -> str:
    done = CliRunner().invoke(app, ["conform", str(events), "--rules", str(rules)])
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    return done.stderr


@pytest.mark.parametrize("compressed", [False, True])
def test_a_byte_that_is_no_text_is_named(tmp_path: Path, compressed: bool) -> None:
    """A byte that is not UTF-8 is named with its own row and column, however far down it stands."""
    events, rules = _log(tmp_path, *["x,2026-01-01,submit,"] * 6000)
    text = (
        events.read_bytes() + "x,2026-01-02,节,\n".encode() + b"x,2026-01-02,\xe9t\xe9,\n" + b"y,2026-01-01,pay,\n" * 9
    )
    events = tmp_path / ("EVENTS.CSV.GZ" if compressed else "events.csv")
    events.write_bytes(gzip.compress(text) if compressed else text)
    assert "row 6003, column a: the byte 0xe9 is not UTF-8" in _fails(events, rules)
    if compressed:
        events.write_bytes(gzip.compress(text[:-200])[:-20])
        assert "after row" in _fails(events, rules)


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A missing file, a folder, an empty file and a header that does not fit are each one sentence of their own."""
    events, rules = _log(tmp_path)
    assert f"{tmp_path}/none.csv: No such file" in _fails(tmp_path / "none.csv", rules)
    assert f"{tmp_path}: Is a directory" in _fails(tmp_path, rules)
    for header, said in (
        ("", "is empty"),
        ("c,t,a,a,o\n", "row 1: the column a stands there 2 times"),
        ("c,t,o\n", "row 1: the column a is not there"),
    ):
        events.write_text(header, encoding="utf-8")
        assert said in _fails(events, rules)


@pytest.mark.parametrize("text", ["x = " + "9" * 5000, "x = " + "[" * 5000, '"\\u001b" = 1', "[columns", "\x1b"])
def test_rules_that_are_none_are_one_sentence(tmp_path: Path, text: str) -> None:
    """Rules with a number of 5000 digits, too deep nesting or a control character are refused in one sentence."""
    events, rules = _log(tmp_path)
    rules.write_text(text, encoding="utf-8")
    said = _fails(events, rules)
    assert str(rules) in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("old", "new"),
    [('"pay"\nact = "pay"', '"pay"\nact = "paid"'), ('o"', 'o"\nx = 1'), ("required", "r"), ('"HEAD"', '""')],
)
def test_faulty_rules_are_named(tmp_path: Path, old: str, new: str) -> None:
    """A fault in the rules is named by its key."""
    events, rules = _log(tmp_path)
    rules.write_text(RULES.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Unreadable, match=r"activity\[4\]\.act|columns\.x|chain\.r is|chain\.required"):
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


def _foretold(rows: list[tuple[str, str]]) -> set[str]:
    """The findings of one case, straight from what each says: nothing but the whole case is looked at."""
    acts = [act for act, _ in rows]
    pays, finals = ([i for i, act in enumerate(acts) if act == name] for name in ("pay", "final"))
    found = set()
    if pays:
        before = [i for i in finals if i < pays[0]]
        if not before:
            found.add(FINDINGS[0])
        elif {"submit", "return", "reject", "withdraw"} & set(acts[before[-1] : pays[0]]):
            found.add(FINDINGS[1])
        if len(pays) > 1:
            found.add(FINDINGS[2])
        if "reject" in acts[pays[0] :]:
            found.add(FINDINGS[3])
    if finals:
        start = max((i for i in range(finals[-1]) if acts[i] == "submit"), default=0)
        signed = {office for act, office in rows[start : finals[-1] + 1] if act in ("sign", "final")}
        if not {"HEAD", "CFO"} <= signed:
            found.add(FINDINGS[4])
    return found


_ACT = st.sampled_from(["submit", "sign", "final", "final", "return", "reject", "withdraw", "pay", "pay", "other"])
_ROW = st.tuples(st.sampled_from("xyz"), _ACT, st.sampled_from(["HEAD", "CFO", "CFO", ""]))


@pytest.mark.clause("A4.1", "G3.3")
@settings(max_examples=300)
@given(st.lists(_ROW, max_size=24))
def test_findings_are_those_of_the_whole_case(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    """What is found in one pass with a small state is what the whole case shows, however cases interleave."""
    folder = tmp_path_factory.mktemp("log")
    minutes = count()
    events, rules = _log(folder, *(f"{c},2026-01-01T00:{next(minutes):02}:00,{act},{o}" for c, act, o in rows))
    acts = ("submit", "sign", "final", "return", "reject", "withdraw", "pay")
    table = RULES[: RULES.index("[[activity]]")].replace('["HEAD"]', '["HEAD", "CFO"]')
    rules.write_text(table + "".join(f'[[activity]]\nmatch = "{a}"\nact = "{a}"\n' for a in acts), encoding="utf-8")
    report = judge(events, read_rules(rules))
    cases: dict[str, list[tuple[str, str]]] = {}
    for case, act, office in rows:
        cases.setdefault(case, []).append((act, office))
    for code in FINDINGS:
        assert report.flagged[code] == [case for case, its in cases.items() if code in _foretold(its)]
    assert (report.cases, report.events) == (len(cases), len(rows))
    assert report.paid == sum(any(act == "pay" for act, _ in its) for its in cases.values())
    assert report.signed_off == sum(any(act == "final" for act, _ in its) for its in cases.values())
    assert sum(report.ignored.values()) == sum(act == "other" for _, act, _ in rows)


def test_memory_is_that_of_the_cases(tmp_path: Path) -> None:
    """A long log of few cases takes no memory to speak of, whatever its activities are called."""
    rows = [f"x,2026-01-01,submit {i:060},HEAD" for i in range(30_000)]
    events, rules = _log(tmp_path, *rows)
    read = read_rules(rules)
    tracemalloc.start()
    judge(events, read)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_what_no_rule_names_is_shown(tmp_path: Path) -> None:
    """Without --json too the rows whose activity no rule names are counted, and foreign text can't steer a terminal."""
    rows = [f"x,2026-01-01,{activity}," for activity in ("\x1b[2J", "other", "other", *(f"n{i}" for i in range(30)))]
    events, rules = _log(tmp_path, *rows)
    done = CliRunner().invoke(app, ["conform", str(events), "--rules", str(rules)])
    assert done.exit_code == 0
    assert [line.split() for line in done.stdout.splitlines() if "other" in line or "ignored" in line] == [
        ["ignored", "33"],
        ["'other'", "2"],
    ]
    assert "'\\x1b[2J'" in done.stdout
    assert "and 12 activities more" in done.stdout
    plain = CliRunner().invoke(app, ["conform", str(events), "--rules", str(rules), "--json"]).stdout
    assert plain[:-1].isprintable()
    assert json.loads(plain)["ignored"]["\x1b[2J"] == 1
