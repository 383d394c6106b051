"""Files the host brings are read strictly."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from expense_adapters.files import FileDirectory, FolderEvidence, read_key

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
        assert len(roster.delegates("department_head", "wang", units)) == count
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
        ("[[holding]]", "[[person]]", r"person: is not known"),
    ],
)
def test_a_fault_in_people_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Each fault of a people file is named with its place."""
    assert old in GOOD
    with pytest.raises(ValueError, match=said):
        FileDirectory(_file(tmp_path, GOOD.replace(old, new, 1)))


def test_people_from_csv(tmp_path: Path) -> None:
    """Offices may come from a CSV file; its columns are exactly those named."""
    good = "office,person,department\ncashier,zhao,\ndepartment_head,wang,marketing\n"
    directory = FileDirectory(_file(tmp_path, good, "people.csv"))
    roster = directory.roster(("marketing",), datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert roster.holders("department_head", "marketing") == ("wang",)
    with pytest.raises(ValueError, match="columns"):
        FileDirectory(_file(tmp_path, "office,person\n", "people.csv"))


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


@pytest.mark.parametrize("text", ["", "id:", "id:zz", ":" + "00" * 32, "id:" + "00" * 8, "ü:" + "00" * 32])
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
