"""The example company's year, as `expense-policy demo` plays it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from expense_adapters.cli.main import app
from expense_policy.domain.refusals import Code
from expense_policy.domain.vocabulary import Status


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The year, played once."""
    store = tmp_path_factory.mktemp("demo") / "year.db"
    done = CliRunner().invoke(app, ["demo", "--store", f"sqlite:///{store}", "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.clause("A3.4", "B2.1")
def test_the_year_is_whole(played: dict[str, Any]) -> None:
    """At least 150 applications end in every way there is, and meet each refusal at least once."""
    assert sum(played["outcomes"].values()) == played["applications"] >= 150
    assert set(played["outcomes"]) == set(Status) - {Status.IN_REVIEW, Status.APPROVED}
    assert {each["code"] for each in played["refusals"]} == {code.value for code in Code}
    assert all(line["available"] >= 0 == line["reserved"] == line["committed"] for line in played["lines"])
    assert played["verify"]["breaks"] == 0


@pytest.mark.clause("G3.4")
def test_the_years_store_holds_to_its_seals_and_key(played: dict[str, Any]) -> None:
    """What the demo leaves behind is verified with the seals that were given out and the journal's key."""
    run = ["verify", "--store", played["store"], "--seals", played["seals"], "--key", played["key"], "--json"]
    done = CliRunner().invoke(app, run)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["entries"] == played["verify"]["entries"]


def test_the_demo_overwrites_nothing(played: dict[str, Any], tmp_path: Path) -> None:
    """A store that is there already, or can't be, is refused with exit 2 and nothing on standard output."""
    for store in (played["store"], "sqlite:///", "postgresql://x", f"sqlite:///{tmp_path}/none/x.db"):
        done = CliRunner().invoke(app, ["demo", "--store", store])
        assert (done.exit_code, done.stdout) == (2, ""), store


def test_the_demo_speaks_chinese(tmp_path: Path) -> None:
    """With --lang zh every refusal is shown in Chinese."""
    done = CliRunner().invoke(app, ["demo", "--store", f"sqlite:///{tmp_path}/year.db", "--lang", "zh"])
    assert done.exit_code == 0
    assert "核验无误" in done.stdout
    assert "不是本单据的申请人" in done.stdout
