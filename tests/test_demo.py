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
from contextlib import closing
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
from expense_adapters.sql import SqlRepository
from expense_policy.domain.categories import REGISTER
from expense_policy.domain.claim import Claim
from expense_policy.domain.money import Money
from expense_policy.domain.posting import BY_METHOD
from expense_policy.domain.refusals import Code
from expense_policy.domain.vocabulary import Kind, Space, Status
from expense_policy.policy_file import load_policy
from expense_policy.ports.repository import Look, Sum


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


@pytest.mark.clause("R1.1", "R1.3")
def test_the_months_are_the_postings(played: dict[str, Any]) -> None:
    """Each month of the year is closed, agrees with what was paid, and is the sum of its postings."""
    accounts, months = played["accounts"], played["accounts"]["months"]
    assert [each["month"] for each in months] == [f"2026-{month:02}" for month in range(1, 13)]
    with closing(SqlRepository(played["store"])) as store:
        asked = Sum("postings", ("month", "source"), (("month", tuple(each["month"] for each in months)),))
        (posted,) = store.look(Look(sums=(asked,))).sums
    for each in months:
        assert each["closed"]
        assert each["reconciles"]
        sources = {name: units for name, units in each["sources"].items() if units}
        assert sources == {name: units for (month, name), units in posted.items() if month == each["month"] and units}
        costs = sum(each["sources"][source] for source in BY_METHOD[accounts["method"]])
        assert costs == each["total"] == sum(each["categories"].values())
    assert accounts["total"] == sum(each["total"] for each in months) == sum(accounts["categories"].values())
    assert accounts["sources"]["allocated"] == 0 < accounts["sources"]["recorded"]
    assert sum(bool(each["corrections"]) for each in months) >= 3


@pytest.mark.clause("R2.1", "R2.2", "R2.3", "R2.4")
def test_every_claims_vouchers_are_its_own(played: dict[str, Any]) -> None:
    """A voucher that a claim has is taken by it, and no other has it; every claim ends paid, or gives back."""
    taken: dict[tuple[Space, str], str] = {}
    with closing(SqlRepository(played["store"])) as store:
        ids = tuple(row.id for row in store.find((("kind", Kind.CLAIM.value),)))
        claims = store.look(Look(documents=ids)).documents.values()
        for each in claims:
            assert isinstance(each.content, Claim)
            if each.status is not Status.REJECTED and each.status is not Status.WITHDRAWN:
                keys = [(Space.VOUCHER, voucher.key) for voucher in each.content.vouchers]
                assert not set(keys) & set(taken)
                taken |= dict.fromkeys(keys, each.id)
        assert store.look(Look(taken=tuple(taken))).taken == taken
    told = played["claims"]
    assert told["count"] == len(ids) == sum(told["outcomes"].values())
    assert told["vouchers"] == len(taken) > told["genuine"] > 0
    assert told["without_application"] == told["outcomes"]["settled"] - 3 == 2
    assert told["approved"] == told["paid"] + told["advances_cleared"]
    assert told["advances"] == told["advances_cleared"] + told["advances_returned"] > told["advances_returned"] > 0
    assert told["returned"] > 0 < told["late"]


@pytest.mark.clause("B1.1", "B1.4", "B1.5", "B1.6", "B2.2", "B2.3")
def test_the_budgets_are_negotiated_changed_and_closed(played: dict[str, Any]) -> None:
    """Drafts in time and late, two rounds of negotiation, changes of each kind; at the end no line has any left."""
    plans = [each for each in played["budgets"] if each["kind"] == "budget_plan"]
    late = {(each["year"], each["department"]) for each in plans if "draft_late" in each["marks"]}
    assert late == {(2026, each["department"]) for each in plans} | {(2027, "after_sales_support")}
    assert {each["kind"] for each in played["budgets"]} == {
        *("budget_plan", "budget_adjustment", "supplementary_request")
    }
    assert all(each["status"] == "approved" for each in played["budgets"])
    way = [each for each in played["negotiation"] if each["line"] == "marketing-promotion-2027"]
    assert [each["round"] for each in way] == [1, 2]
    assert way[0]["countered"] == way[1]["asked"]
    assert way[1]["reviewed"] == way[1]["agreed"]
    assert {each["id"] for each in played["execution"]} == {
        line["id"] for line in played["lines"] if not line["id"].endswith("-2027")
    }
    assert any(each["deviates"] for each in played["execution"])
    ended = {name: sum(each.get(name, 0) for each in played["year_end"]) for name in ("lapse", "balance", "commitment")}
    assert min(ended.values()) > 0
    assert all(line["available"] == 0 for line in played["lines"] if not line["id"].endswith("-2027"))


@pytest.mark.clause("R1.2")
def test_shared_costs_are_borne_whole(played: dict[str, Any]) -> None:
    """Each quarter's is allocated directly, one anew after its reversal, and pools together: no unit is lost."""
    found = played["allocations"]
    assert all(sum(each["parts"].values()) == each["amount"] for each in found)
    stands = [(each["month"], each["rule"]) for each in found if not each["reversed"]]
    assert stands == [(f"2026-{month}", "hall") for month in ("03", "06", "09", "12")] + [("2026-12", "services")]
    assert [each["amount"] for each in found if each["reversed"]] == [820_000, 10_000]
    assert {each["method"] for each in found} == {"direct", "reciprocal"}
    assert {each["version"] for each in found if each["rule"] == "hall"} == {1, 2}


@pytest.mark.clause("B2.4", "G3.5")
def test_what_strays_is_put_right_and_what_is_missed_reported(played: dict[str, Any]) -> None:
    """Every deviation is answered and verified, one after it went up; a missed month and a missed audit are told."""
    cards = played["rectifications"]
    assert sum(cards["outcomes"].values()) == cards["opened"] == sum(cards["departments"].values()) >= 12
    assert cards["outcomes"] == {"verified": cards["opened"] - 1, "open": 1}
    (up,) = cards["escalated"]
    assert [step["what"] for step in up["steps"]] == ["escalated", "answered", "verified"]
    assert all(n > 0 for n in cards["turns"].values())
    duties = {each["name"]: each for each in played["duties"]}
    assert {name: each["missed"] for name, each in duties.items()} == {"monitoring": 0, "accounting": 1, "audit": 1}
    assert duties["monitoring"]["done"] >= 12 < duties["accounting"]["done"]


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


def test_the_year_is_the_same_each_time(tmp_path: Path) -> None:
    """Two plays differ in ids alone."""
    told = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        text = json.dumps(play(folder / "year.db", 2), ensure_ascii=False).replace(str(folder), "")
        told.append(re.sub(r"[0-9a-f]{32}", "id", text))
    assert told[0] == told[1]


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
    for each in played["execution"]:
        assert all(str(Money(each[name], "CNY")) in words for name in ("in_force", "planned", "spent", "available"))
    for each in played["accounts"]["months"]:
        assert {each["month"], str(Money(each["total"], "CNY"))} <= set(words)
    texts = [text for each in played["negotiation"] for text in (each["reason"], each["answer"])]
    texts += [step["text"] for each in played["rectifications"]["escalated"] for step in each["steps"][1:]]
    assert all(re.sub(r"\s", "", text) in folded for text in texts)
    english = ("What became of 171 applications", "Budget execution on 31 December", "Duties that return")
    for title in english if lang == "en" else ("12月31日预算执行情况", "定期职责"):
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
