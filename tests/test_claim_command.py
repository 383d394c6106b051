"""`expense-policy claim`: claims of a store, and vouchers of a file before they are handed in."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from expense_adapters.cli import guard
from expense_adapters.sql import SqlRepository
from expense_adapters.vouchers import written
from expense_policy.domain.voucher import VoucherKind
from expense_policy.ports.repository import Look, Seen

from .claims import approved, claim, filed, pay, signed, voucher
from .world import World

POLICY = Path(__file__).parent.parent / "examples" / "company" / "policy.toml"


def ran(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What a command says."""
    found = guard.run(["claim", *arguments])
    shown = capsys.readouterr()
    assert found == code, shown
    return shown.out if code != 2 else shown.err


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    """What it says to programs."""
    return json.loads(ran(capsys, *arguments, "--json", code=code))


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store with a claim in review, one that was paid in part, and one that nobody paid."""
    url = f"sqlite:///{tmp_path}/store.db"
    with closing(SqlRepository(url)) as repository:
        world = World.with_budget(repository)
        application = approved(world, "10000.00", "500.00")
        filed(world, claim(application, "100.00"))
        world.clock.forward(minutes=1)
        pay(world, signed(world, claim(application, "200.00", "300.00")), "50.00")
        world.clock.forward(minutes=1)
        signed(world, claim(application, "400.00"))
    return url


@pytest.mark.clause("R2.3")
def test_claims_are_listed(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    """All claims, those that wait for their payment, and those whose payment is overdue."""
    rows = told(capsys, "list", "--store", store)
    assert [(row["amount"], row["status"]) for row in rows] == [
        ("100.00", "in_review"),
        ("500.00", "approved"),
        ("400.00", "approved"),
    ]
    assert [row["amount"] for row in told(capsys, "list", "--store", store, "--unpaid")] == ["500.00", "400.00"]
    # They were approved in January 2026, and now is long after.
    assert [row["amount"] for row in told(capsys, "list", "--store", store, "--overdue")] == ["500.00", "400.00"]
    under = rows[0]["application"]
    assert told(capsys, "list", "--store", store, "--application", under) == rows
    head, *lines = ran(capsys, "list", "--store", store).splitlines()
    assert head.split()[:3] == ["id", "status", "department"]
    assert len(lines) == 3
    assert ran(capsys, "list", "--store", store, "--application", "none") == "no claim\n"


@pytest.mark.clause("R2.3", "X3")
def test_a_list_reads_one_document(
    store: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of claims is made of rows: one document is read, for the company's currency."""
    asked, look = list[str](), SqlRepository.look

    def counted(self: SqlRepository, at: Look) -> Seen:
        asked.extend(at.documents)
        return look(self, at)

    monkeypatch.setattr(SqlRepository, "look", counted)
    rows = told(capsys, "list", "--store", store)
    assert asked == [rows[0]["id"]]


@pytest.mark.clause("R2.1", "R2.3")
def test_a_claim_is_shown(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A claim with its sums, vouchers, signatures and payments; whom it is paid to is masked."""
    _, partly, _ = told(capsys, "list", "--store", store)
    found = told(capsys, "show", partly["id"], "--store", store)
    assert (found["amount"], found["advance"], found["paid"], found["left"]) == ("500.00", "300.00", "50.00", "150.00")
    assert [each["total"] for each in found["vouchers"]] == ["500.00"]
    assert [each["amount"] for each in found["payments"]] == ["50.00"]
    assert len(found["signatures"]) == 4
    shown = ran(capsys, "show", partly["id"], "--store", store)
    for text in (shown, json.dumps(found)):
        assert "Li Na" not in text
        assert "Tea House" not in text
    assert f"there is no claim {partly['application']!r}" in ran(
        capsys, "show", partly["application"], "--store", store, code=2
    )
    assert "can't be read" in ran(capsys, "show", "x", "--store", "sqlite:///none/store.db", code=2)


@pytest.mark.clause("R2.1", "R2.2")
def test_vouchers_of_a_file_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the policy would refuse of a file of vouchers is told beforehand, in both languages: exit 3."""
    file = tmp_path / "vouchers.json"
    good = voucher("113.00")
    command = ("check-vouchers", str(file), "--policy", str(POLICY), "--on", "2026-01-05")
    file.write_bytes(written((good,), "CNY"))
    assert told(capsys, *command)["findings"] == []
    odd = voucher("20.00", on=date(2026, 1, 6), buyer="Somebody", kind=VoucherKind.DIGITAL_INVOICE)
    file.write_bytes(written((good, odd, good), "CNY"))
    codes = {each["code"] for each in told(capsys, *command, code=3)["findings"]}
    assert codes == {"voucher_unfit", "voucher_buyer_differs", "voucher_out_of_time", "voucher_twice"}
    assert "3 vouchers, 4 findings" in ran(capsys, *command, code=3)
    assert "凭证" in ran(capsys, *command, "--lang", "zh", code=3)
    file.write_text("{", encoding="utf-8")
    assert "line 1: is no JSON" in ran(capsys, *command, code=2)
    for more, said in (
        (("--on", "tomorrow"), "--on must be a date as 2026-01-05"),
        (("--on", "20260105"), "--on must be a date as 2026-01-05"),
        (("--on", "0001-01-01"), "--on must be within 1800 to 3200"),
        (("--lang", "fr"), "--lang must be en or zh"),
        (("--policy", str(file)), f"{file}:"),
        (("--policy", str(tmp_path / "none.toml")), f"{tmp_path / 'none.toml'}: No such file or directory"),
    ):
        assert ran(capsys, *command, *more, code=2).removeprefix("expense-policy: ").startswith(said), more
    missing = tmp_path / "none.json"
    said = ran(capsys, "check-vouchers", str(missing), *command[2:], code=2)
    assert said.endswith(f"{missing}: No such file or directory\n")
    assert said.count("\n") == 1
