"""The example company's year, as `expense-policy demo` plays it."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from expense_adapters.cli.demo import company, play
from expense_adapters.cli.figures import show
from expense_adapters.cli.forms import kinds
from expense_adapters.cli.main import app
from expense_adapters.customers import FileCustomers
from expense_policy.domain.categories import REGISTER
from expense_policy.domain.money import Money
from expense_policy.domain.refusals import Code
from expense_policy.domain.vocabulary import Status
from expense_policy.policy_file import load_policy


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The year, played once, at a path each character of which stands for itself."""
    store = tmp_path_factory.mktemp("demo ?") / "a year?b=1&c#%41.db"
    done = CliRunner().invoke(app, ["demo", "--store", f"sqlite:///{store}", "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


EVERY = kinds(load_policy((company() / "policy.toml").read_text(encoding="utf-8")))
"""Every type of the example's policy: the built-in ones, and its own."""


@pytest.mark.clause("A3.4", "B2.1")
def test_the_year_is_whole(played: dict[str, Any]) -> None:
    """At least 300 applications end in every way there is, and meet each refusal at least once."""
    assert sum(played["outcomes"].values()) == played["applications"] >= 300
    assert set(played["outcomes"]) == set(Status)
    assert {each["code"] for each in played["refusals"]} == set(Code)
    assert all(min(units for units in line.values() if type(units) is int) >= 0 for line in played["lines"])
    assert sum(line["reserved"] for line in played["lines"]) == 60 * 5
    assert played["verify"]["breaks"] == 0


@pytest.mark.clause("C8")
def test_the_year_covers_every_type(played: dict[str, Any]) -> None:
    """Every type has applications that were used, in 20,000 rows and more; what is granted is set off, the rest paid.

    Cash and set-offs stand apart and add up to what the lines have spent, none beyond what was planned.
    """
    types = played["types"]
    assert list(types) == list(EVERY)
    assert set(EVERY) == {*REGISTER, "exhibition_booth"}
    assert played["use_rows"] == sum(each["rows"] for each in types.values()) >= 20_000
    assert played["applications"] == sum(each["applications"] for each in types.values())
    for name, each in types.items():
        assert sum(each["outcomes"].values()) == each["applications"] >= 5
        assert each["outcomes"]["settled"] >= 3, name
        assert each["rows"] > 0, name
        assert each["category"] == EVERY[name].category
        assert 0 < each["paid"] + each["set_off"] <= each["planned"]
        assert 0 < each["used"] <= each["planned"]
        assert (each["paid"] == 0) == (each["set_off"] > 0) == EVERY[name].granted
    for what in ("paid", "set_off"):
        assert played[what] == sum(each[what] for each in types.values()) > 0
    assert played["paid"] + played["set_off"] == sum(line["spent"] for line in played["lines"])


def test_cost_stands_beside_effect(played: dict[str, Any]) -> None:
    """Activities show what they cost, what was expected of them and what was measured, in the figures of their type."""
    assert len(played["activities"]) >= 5
    for each in played["activities"]:
        assert each["cost"] > 0
        assert set(each["expected"]) == set(each["measured"]) <= set(EVERY[each["type"]].effects)


@pytest.mark.clause("C8")
def test_broken_standards_are_refused_and_explained(played: dict[str, Any]) -> None:
    """Each type's standards are met in what is refused; what broke one in use and was kept is counted, and is rare."""
    clauses = {each["clause"] for each in played["refusals"] if each["code"] == Code.STANDARD_BROKEN}
    assert clauses >= {kind.clause for kind in REGISTER.values()} - {"C3.2", "C7"} | {"C3.4", "G2.1", "G3.1"}
    assert set(played["flagged"]) >= {"opted_out", "contact_hours", "seconds", "hour_rate", "cost_each", "issue_window"}
    assert sum(played["flagged"].values()) < played["use_rows"] // 100


def test_the_companys_customers_are_worth_asking_for() -> None:
    """The example's customers are of every sort: opted out, lapsed, born on 29 February, of each value class."""
    folder = company()
    with (folder / "customers.csv").open(encoding="utf-8", newline="") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    known = FileCustomers(folder / "customers.csv").known(ids)
    policy, day = load_policy((folder / "policy.toml").read_text(encoding="utf-8")), date(2026, 6, 1)
    assert len(known) == len(ids) >= 400
    assert {each.value_class for each in known.values()} == {name for name, _ in policy.customers.cost_max}
    assert any(each.birthday is None for each in known.values())
    born = [each.birthday for each in known.values() if each.birthday is not None]
    assert sum((day.month, day.day) == (2, 29) for day in born) >= 3
    lapsed = [each for each in known.values() if not each.existing(policy.customers.order_within_months, day)]
    assert 5 <= len(lapsed) <= len(ids) // 10
    for channel in ("sms", "email", "phone"):
        assert 5 <= sum(each.opted_out(channel, day) is not None for each in known.values()) <= len(ids) // 10


@pytest.mark.clause("G3.4")
def test_the_years_store_holds_to_its_seals_and_key(played: dict[str, Any]) -> None:
    """What the demo leaves behind is verified with the seals that were given out and the journal's key."""
    run = ["verify", "--store", played["store"], "--seals", played["seals"], "--key", played["key"], "--json"]
    done = CliRunner().invoke(app, run)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["entries"] == played["verify"]["entries"]


def test_a_path_is_taken_as_it_stands(played: dict[str, Any]) -> None:
    """What follows sqlite:/// is the store's path, whatever a URL would make of it; notices and key stand beside."""
    folder = Path(played["key"]).parent
    assert played["store"] == f"sqlite:///{folder}/a year?b=1&c#%41.db"
    assert {each.name for each in folder.iterdir()} >= {f"a year?b=1&c#%41{end}" for end in (".db", ".key")}


def test_the_demo_overwrites_nothing(played: dict[str, Any], tmp_path: Path) -> None:
    """A store that is there already, or can't be, is refused with exit 2 and nothing on standard output."""
    wrong = ("sqlite:///", "sqlite:///:memory:", "sqlite:////", "sqlite://x.db", "postgresql://x", "x.db", "")
    for store in (played["store"], *wrong, f"sqlite:///{tmp_path}/none/x.db", f"sqlite:///{tmp_path}/x.key"):
        done = CliRunner().invoke(app, ["demo", "--store", store])
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1), store
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x.db", "x.db-wal", "x.db-shm", "x.db-journal", "x.key", "x.notices.jsonl"])
def test_what_stands_beside_the_store_is_looked_at_first(tmp_path: Path, name: str) -> None:
    """A file that the demo or SQLite would write over is named and left as it is, a dangling link too."""
    (tmp_path / name).symlink_to("nowhere")
    done = CliRunner().invoke(app, ["demo", "--store", f"sqlite:///{tmp_path}/x.db"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{tmp_path}/{name} is there already" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_nothing_is_left_of_a_year_that_ends_early(tmp_path: Path) -> None:
    """A year that is interrupted, fails, or finds its place taken at the end leaves nothing behind."""

    def stops(error: BaseException) -> Any:
        def told(day: date) -> None:
            assert list(tmp_path.iterdir()) != []
            raise error

        return told

    for error in (KeyboardInterrupt(), OSError("full")):
        with pytest.raises(type(error)):
            play(tmp_path / "year.db", 8, stops(error))
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileExistsError, match="notices"):
        play(tmp_path / "year.db", 8, lambda day: (tmp_path / "year.notices.jsonl").touch())
    assert [each.name for each in tmp_path.iterdir()] == ["year.notices.jsonl"]


def test_a_demo_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    """A demo that is asked to end while it plays says so, exit 143, and leaves nothing behind."""
    start = [sys.executable, "-c", "from expense_adapters.cli import main; main()"]
    with subprocess.Popen(
        [*start, "demo", "--store", f"sqlite:///{tmp_path}/year.db"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as running:
        deadline = time.monotonic() + 30
        while not list(tmp_path.glob(".*/year.notices.jsonl")) and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGTERM)
        out, said = running.communicate(timeout=30)
    assert (running.returncode, out, said) == (143, "", "expense-policy: stopped\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_figures_are_whole_at_any_width(
    played: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    lang: str,
    width: str,
) -> None:
    """Titles, refusals with their remedies and amounts are folded, never cut, and amounts not even folded."""
    monkeypatch.setenv("COLUMNS", width)
    show(played, lang)
    shown = capsys.readouterr().out
    assert "…" not in shown
    folded = re.sub(r"[\s│]", "", shown)
    for each in played["refusals"]:
        for text in (each["code"], each["example"][lang], each["remedy"][lang]):
            assert re.sub(r"\s", "", text) in folded
    words = re.split(r"[\s│]+", shown)
    for line in played["lines"]:
        assert all(str(Money(units, "CNY")) in words for name, units in line.items() if name != "id")
        assert line["id"] in words or width == "80"
    for each in played["types"].values():
        assert all(str(Money(each[name], "CNY")) in words for name in ("planned", "paid", "set_off", "used"))
        assert str(each["rows"]) in words
    for title in ("What became of 171 applications", "Budget execution") if lang == "en" else ("预算执行情况",):
        assert title.replace("171", str(played["applications"])) in shown.splitlines()


@pytest.mark.clause("A3.4", "X3")
def test_the_demo_tells_the_companys_time(played: dict[str, Any]) -> None:
    """An instant in a refusal is shown in the company's time zone."""
    (expired,) = (each for each in played["refusals"] if each["code"] == "approval_expired")
    shown = datetime.fromisoformat(expired["example"]["en"].removeprefix("The approval expired on ").rstrip("."))
    assert shown.utcoffset() == timedelta(hours=8)


def test_the_demo_speaks_chinese(tmp_path: Path) -> None:
    """With --lang zh every refusal is shown in Chinese."""
    done = CliRunner().invoke(app, ["demo", "--store", f"sqlite:///{tmp_path}/year.db", "--lang", "zh"])
    assert done.exit_code == 0
    assert "核验无误" in done.stdout
    assert "不是本单据的申请人" in done.stdout
