"""Use records from CSV: faults of a mapping by their paths, of a log by row and column, and no cell is quoted (C8)."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from expense_adapters.cli import guard, import_use
from expense_adapters.sql import SqlRepository
from expense_adapters.use_files import ROW_MAX, FaultyFile, UseFile, UseMapping
from expense_policy.domain.categories import REGISTER, CompanyUse
from expense_policy.domain.categories.birthday_gift import BirthdayGiftIssued
from expense_policy.domain.categories.email import EmailSent
from expense_policy.domain.categories.product_training import ProductTrainingHeld
from expense_policy.domain.categories.sms import SmsSent
from expense_policy.domain.company_types import CompanyField, CompanyType
from expense_policy.services.importing import Keyed, Unreadable
from expense_policy.services.verification import verify

from .test_import import NOON, portions_of
from .world import World, cny

PHASES = (Phase.generate,) if os.environ.get("EXPENSE_POLICY_NO_SHRINKING") else tuple(Phase)
SMS = 'type = "sms"\nkey = "id"\n[columns]\nat = "sent"\nrecipient = "who"\ntext = "said"\n'
HEADER = "id,sent,who,said\n"


def mapped(folder: Path, text: str = SMS, zone: str = "Asia/Shanghai") -> UseMapping:
    """The mapping of a file."""
    path = folder / "m.toml"
    path.write_text(text, encoding="utf-8")
    return UseMapping.read(path, time_zone=zone)


def rows_of(folder: Path, log: str | bytes, mapping: UseMapping) -> list[Keyed | Unreadable]:
    """The rows of a log."""
    path = folder / "log.csv"
    path.write_bytes(log if isinstance(log, bytes) else log.encode())
    rows = UseFile(path, mapping)
    found = list(rows())
    assert list(rows()) == found
    return found


def one(folder: Path, mapping: str, header: str, row: str) -> object:
    """The use of a log's one row, or why there is none."""
    (found,) = rows_of(folder, f"{header}\n{row}\n", mapped(folder, mapping))
    return found.use if isinstance(found, Keyed) else found.reason


@pytest.mark.clause("C8", "X3")
def test_a_log_is_read_as_it_is_mapped(tmp_path: Path) -> None:
    """Columns in any order, others beside them, a byte order mark, empty cells, line breaks in quotes; UTC or local."""
    log = '\ufeffwho,x,said,sent,id\r\nC1,,,2026-01-05 12:00,m1\r\n\r\nC2,,"Hi,\nyou",2026-01-05T04:00:00Z,m2\r\n'
    assert rows_of(tmp_path, log, mapped(tmp_path)) == [
        Keyed("m1", SmsSent(NOON, "C1"), "row 2"),
        Keyed("m2", SmsSent(NOON, "C2", "Hi,\nyou"), "row 4"),
    ]
    assert rows_of(tmp_path, HEADER, mapped(tmp_path)) == []
    chinese = SMS.replace('key = "id"', 'key = "id"\nencoding = "gb18030"').replace('"who"', '"客户"')
    (found,) = rows_of(
        tmp_path, "id,sent,客户,said\nm1,2026-01-05 12:00,张三,你好\n".encode("gb18030"), mapped(tmp_path, chinese)
    )
    assert found == Keyed("m1", SmsSent(NOON, "张三", "你好"), "row 2")


def test_every_kind_of_field_is_read(tmp_path: Path) -> None:
    """Days, times in the company's format, amounts, words for yes and no, lists of ids, constants."""
    training = 'type = "product_training"\nkey = ["day", "room"]\n[columns]\non = "day"\nplace = "room"\n'
    training += 'minutes = "min"\nparticipants = "who"\n[constants]\ncost = "12.50"\n[formats]\non = "%d.%m.%Y"\n'
    held = ProductTrainingHeld(date(2026, 1, 5), "Hall 1", 90, ("C1", "C2"), cny("12.50"))
    assert one(tmp_path, training, "day,room,min,who", "5.1.2026,Hall 1,90,C1; C2") == held
    (found,) = rows_of(tmp_path, "day,room,min,who\n5.1.2026,Hall 1,90,C1\n", mapped(tmp_path, training))
    assert isinstance(found, Keyed)
    assert found.key == "8:5.1.2026 6:Hall 1"
    email = 'type = "email"\nkey = "k"\n[columns]\nat = "at"\nrecipient = "r"\nopened = "o"\nread = "p"\n'
    email += '[formats]\nat = "%Y/%m/%d %H:%M"\n'
    assert one(tmp_path, email, "k,at,r,o,p", "1,2026/1/5 12:00,C1,是,No") == EmailSent(NOON, "C1", None, True, False)
    gift = 'type = "birthday_gift"\nkey = "k"\n[columns]\nrecipient = "r"\n'
    gift += '[constants]\non = 2026-01-05\noutcome = "returned"\n'
    assert one(tmp_path, gift, "k,r", "1,C1") == BirthdayGiftIssued(date(2026, 1, 5), "C1", "returned")
    at = SMS.replace('at = "sent"\n', "") + "[constants]\nat = 2026-01-05T12:00:00\n"
    assert one(tmp_path, at, "id,who,said", "1,C1,") == SmsSent(NOON, "C1")


@pytest.mark.parametrize("kind", REGISTER.values(), ids=REGISTER)
def test_every_type_can_be_read(kind: Any, tmp_path: Path) -> None:
    """Each type of the policy is read from its own fields, with no word about it in the reader."""
    names = [field.name for field in attrs.fields(kind.use)]
    text = f'type = "{kind.name}"\nkey = "k"\n[columns]\n' + "".join(f'{name} = "c_{name}"\n' for name in names)
    assert mapped(tmp_path, text).names == ("k", *[f"c_{name}" for name in names])


BOOTH = 'type = "booth"\nkey = "k"\n[columns]\non = "day"\nrecipient = "who"\n[columns.fields]\nvisitors = "n"\n'
BOOTH += '"a note" = "said"\nopens = "from"\n[formats.fields]\nopens = "%d.%m.%Y"\n[constants]\nline = "stand"\n'
BOOTH += '[constants.fields]\ndeposit = "12.50"\n'
OWN = CompanyType(
    "booth",
    "venue",
    ("booth", "展位"),
    "C6",
    fields=tuple(
        CompanyField(name, kind, (name, name), on="use", required=name == "a note")
        for name, kind in (("visitors", "whole"), ("a note", "text"), ("opens", "date"), ("deposit", "amount"))
    ),
)


@pytest.mark.clause("C8")
def test_a_type_of_the_companys_own_is_read(tmp_path: Path) -> None:
    """Its uses come from a log as others do, with the fields that are its own, and the faults of both are named."""
    path = tmp_path / "booth.toml"

    def read(text: str) -> UseMapping:
        path.write_text(text, encoding="utf-8")
        return UseMapping.read(path, time_zone="Asia/Shanghai", types=(OWN,))

    log = "k,day,who,n,said,from\n1,2026-01-05,C1,12,Hi,5.1.2026\n2,2026-01-05,C2,,,\n3,2026-01-05,,x,Hi,2026-01-05\n"
    first, *others = rows_of(tmp_path, log, read(BOOTH))
    own = (("deposit", cny("12.50")), ("visitors", 12), ("a note", "Hi"), ("opens", date(2026, 1, 5)))
    assert first == Keyed("1", CompanyUse("booth", date(2026, 1, 5), "stand", 1, "C1", own), "row 2")
    assert others == [
        Unreadable("row 3", "column said: is missing"),
        Unreadable(
            "row 4",
            "column n: must be a whole number of at most 18 digits; column from: must be written as %d.%m.%Y",
        ),
    ]
    with pytest.raises(FaultyFile) as faulty:
        read(BOOTH.replace("visitors", "guests").replace('"a note" = "said"\n', "").replace('"12.50"', '"x"'))
    told = [problem.partition(".toml: ")[2] for problem in faulty.value.problems]
    assert [each.partition(":")[0] for each in told] == [
        "columns.fields.guests",
        "columns.fields.a note",
        "constants.fields.deposit",
    ]
    with pytest.raises(FaultyFile, match="type: must be one of"):
        mapped(tmp_path, BOOTH)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["type: is missing", "key: is missing"]),
        ("type = 1\nkey = 1", ["type: must be one of discount", "key: must be a column"]),
        ('type = "sms"\nkey = []\nfoo = 1', ["foo: is not known", "key: must be", "columns.at: is missing"]),
        ('type = "sms"\nkey = ["a", "a"]\ncolumns = 1', ["key: names a column twice", "columns: must be a table"]),
        (SMS.replace("text", "txt"), ["columns.txt: is no field of sms: at, recipient, text"]),
        (SMS.replace('"said"', "1"), ["columns.text: must be the name of a column"]),
        (SMS + '[constants]\ntext = "x"\nfoo = 1', ["constants.foo: is no field", "constants.text: has a column"]),
        (SMS.replace('at = "sent"\n', "") + "[constants]\nat = 5", ["constants.at: must be a time"]),
        (
            SMS.replace('recipient = "who"\n', "") + '[constants]\nrecipient = " "',
            ["constants.recipient: must be an id"],
        ),
        (
            SMS + '[formats]\ntext = "%Y"\nat = "%Y-%m-%d"',
            ["formats.at: leaves out", "formats.text: only days and times"],
        ),
        (SMS + '[formats]\nat = "%c"', ["formats.at: is made of %Y %m %d %H %M %S, each once"]),
        (SMS + "[formats]\nat = 1\nfoo = 1", ["formats.foo: is no field", "formats.at: is made of"]),
        ('encoding = "utf-16"\n' + SMS, ["encoding: must be one of utf-8, gb18030"]),
        ("type = ", ["Invalid value"]),
    ],
)
def test_a_fault_of_a_mapping_is_named_by_its_path(text: str, said: Sequence[str], tmp_path: Path) -> None:
    """Every fault at once, each with the path in the file."""
    with pytest.raises(FaultyFile) as faulty:
        mapped(tmp_path, text)
    problems = faulty.value.problems
    assert all(str(tmp_path / "m.toml") in each for each in problems)
    for each in said:
        assert any(each in problem for problem in problems), (each, problems)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,2026-01-05 12:00", "2 columns where the header has 4"),
        (",2026-01-05 12:00,C1,", "column id: is missing"),
        ("1,,,", "column sent: is missing; column who: is missing"),
        ("1,SECRET,C1,", "column sent: must be a time as 2026-01-05 09:30:00"),
        ("1,2026-02-30 12:00,C1,", "column sent: is no time that there is"),
        ("1,9999-01-05 12:00,C1,", "column sent: an instant lies within 1800 to 3200"),
        ("1,2026-01-05 12:00, SECRET,", "column who: must be an id"),
        ("1,2026-01-05 12:00,C1,SEC\x00RET", "column said: holds U+0000"),
        ("1,2026-01-05 12:00,C1,SEC\u202eRET\x07", "column said: holds U+0007"),
        (" SECRET,2026-01-05 12:00,C1,", "column id: the key must be an id"),
        ("S" * 201 + ",2026-01-05 12:00,C1,", "column id: the key is longer than 200"),
        ("1,2026-01-05 12:00,C1," + "S" * 20_001, "column said: is longer than 20000"),
        ('1,2026-01-05 12:00,C1,"SEC"RET', "expected after"),
    ],
)
def test_a_fault_of_a_row_is_named_and_not_quoted(row: str, said: str, tmp_path: Path) -> None:
    """The row and its columns are named, no cell is quoted, and the row after it is read."""
    found, good = rows_of(tmp_path, f"{HEADER}{row}\n9,2026-01-05 12:00,C9,\n", mapped(tmp_path))
    assert isinstance(found, Unreadable)
    assert found.where == "row 2"
    assert said in found.reason
    assert "SEC" not in found.reason
    assert good == Keyed("9", SmsSent(NOON, "C9"), "row 3")


def test_what_is_no_text_is_a_fault_of_its_row(tmp_path: Path) -> None:
    """Bytes of another encoding, and a row beyond all bounds, are faults of their rows alone."""
    row = b"9,2026-01-05 12:00,C9,\n"
    found = rows_of(tmp_path, HEADER.encode() + "1,2026-01-05 12:00,张,\n".encode("gb18030") + row, mapped(tmp_path))
    assert found[0] == Unreadable("row 2", "column who: is no utf-8")
    assert isinstance(found[1], Keyed)
    long = b"x" * (3 * ROW_MAX) + b"\n"
    found = rows_of(tmp_path, HEADER.encode() + long + row, mapped(tmp_path))
    assert found[0] == Unreadable("row 2", "is longer than 100,000 characters")
    assert isinstance(found[1], Keyed)


def test_a_quote_that_does_not_end_ends_the_log(tmp_path: Path) -> None:
    """What comes after a quote that is not closed can't be told apart: that is said, and nothing of it is guessed."""
    row = "9,2026-01-05 12:00,C9,\n"
    for count in (2, 20_000):
        *before, last = rows_of(tmp_path, f'{HEADER}{row}1,2026-01-05 12:00,C1,"oh\n{row * count}', mapped(tmp_path))
        assert [type(each) for each in before] == [Keyed]
        assert isinstance(last, Unreadable)
        assert last.where == "row 3"
        assert "nothing after it was read" in last.reason


def test_a_log_that_does_not_fit_fails_at_once(tmp_path: Path) -> None:
    """A header without a mapped column, or with one twice, no file, a folder: before any row."""
    for header, said in (
        ("id,sent,who", "has the column said nowhere"),
        ("id,sent,who,said,who", "has the column who twice"),
        ("", "has the column id nowhere"),
        ("x" * (ROW_MAX + 1), "longer"),
    ):
        with pytest.raises(FaultyFile, match=f"log.csv: row 1: .*{said}"):
            rows_of(tmp_path, header, mapped(tmp_path))
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(FaultyFile, match=path.name):
            UseFile(path, mapped(tmp_path))


def test_a_time_that_was_there_twice_wants_its_offset(tmp_path: Path) -> None:
    """Where the company's clock is set back or forward, a time without an offset may be two instants or none."""
    mapping = mapped(tmp_path, SMS, "Europe/Berlin")
    times = ("2026-10-25 02:30", "2026-03-29 02:30", "2026-10-25 02:30+01:00", "2026-10-25 03:30", "2026-07-01 12:00")
    found = rows_of(tmp_path, HEADER + "".join(f"{i},{at},C1,\n" for i, at in enumerate(times)), mapping)
    assert ["twice or never" in each.reason for each in found[:2] if isinstance(each, Unreadable)] == [True, True]
    instants = [each.use.at for each in found if isinstance(each, Keyed) and isinstance(each.use, SmsSent)]
    hours = ((10, 25, 1, 30), (10, 25, 2, 30), (7, 1, 10, 0))
    assert instants == [datetime(2026, *each, tzinfo=timezone.utc) for each in hours]


@settings(max_examples=150, deadline=None, phases=PHASES)
@given(data=st.data(), kind=st.sampled_from(list(REGISTER.values())))
def test_no_cell_is_ever_quoted(data: st.DataObject, kind: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever stands in the cells of a log of any type, the reasons hold nothing of it."""
    folder = tmp_path_factory.mktemp("log")
    names = [field.name for field in attrs.fields(kind.use)]
    text = f'type = "{kind.name}"\nkey = "k"\n[columns]\n' + "".join(
        f'{name} = "c{i}"\n' for i, name in enumerate(names)
    )
    mapping = mapped(folder, text)
    marks = ("ÆÆ", " ÆÆ", "ÆÆ\x00", "-5ÆÆ", "ÆÆ;ÆÆ", "Æ" * 30_000, "2026-01-0Æ", "\u202eÆÆ")
    cells = [data.draw(st.sampled_from(marks)) for _ in ("k", *names)]
    log = ",".join(["k", *[f"c{i}" for i in range(len(names))]]) + "\n" + ",".join(cells) + "\n"
    for found in rows_of(folder, log, mapping):
        assert isinstance(found, Unreadable)
        assert "Æ" not in found.reason


PEOPLE = '[[holding]]\noffice = "cashier"\nperson = "cashier"\n'


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, str]:
    """A store with a campaign, its people and a mapping: the folder and the campaign's id."""
    store = SqlRepository(f"sqlite:///{tmp_path}/store.db")
    world = World.with_budget(store)
    id = world.apply(world.sms(20)).id
    world.sign_all(id)
    store.close()
    (tmp_path / "people.toml").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "m.toml").write_text(SMS, encoding="utf-8")
    return tmp_path, id


def command(place: tuple[Path, str], log: str, *more: str) -> int:
    """The command, for a log."""
    folder, id = place
    (folder / "log.csv").write_text(log, encoding="utf-8")
    told = ["import-use", f"{folder}/log.csv", "--store", f"sqlite:///{folder}/store.db", "--document", id]
    told += ["--mapping", f"{folder}/m.toml", "--actor", "li.na", "--people", f"{folder}/people.toml", *more]
    return guard.run(told)


def test_a_log_is_imported_from_the_command_line(
    place: tuple[Path, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults on standard error with their rows, exit 3; counts and the first faults as JSON; nothing where asked so."""
    good = "".join(f"m{i},2026-01-05 1{i}:00,C{i},\n" for i in range(3))
    bad = HEADER + good + "m1,2026-01-05 12:00,C1,\nm7,soon,C1,\nm8,2099-01-05 12:00,C1,\n"
    log = f"{place[0]}/log.csv"
    assert command(place, bad, "--all-or-none") == 3
    shown = capsys.readouterr()
    assert shown.out == "0 recorded, 0 known, 3 faulty\n"
    assert [line.partition(": ")[0] for line in shown.err.splitlines()] == [log] * 3
    assert f"{log}: row 5: its key stands at row 3 already" in shown.err
    monkeypatch.setattr(import_use, "SHOWN", 2)
    assert command(place, bad, "--json", "--reason", "Late.") == 3
    found = json.loads(capsys.readouterr().out)
    assert (found["recorded"], found["known"], found["faulty"], len(found["faults"])) == (3, 0, 3, 2)
    assert found["faults"][0] == {"where": "row 5", "reason": "its key stands at row 3 already", "codes": []}
    assert command(place, HEADER + good, "--all-or-none") == 0
    assert capsys.readouterr() == ("0 recorded, 3 known, 0 faulty\n", "")
    (place[0] / "people.toml").write_text("a = 1\nb = 2\n", encoding="utf-8")
    assert command(place, HEADER + good) == 2
    assert [line.rpartition(".toml: ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "a: is not known",
        "b: is not known",
    ]
    store = SqlRepository.reading(f"sqlite:///{place[0]}/store.db")
    assert verify(store).breaks == ()
    store.close()


def test_progress_is_shown_on_a_terminal(
    place: tuple[Path, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal standard error says what was read and recorded, and names the faults all the same."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(import_use, "_STEP", 1)
    monkeypatch.setenv("TERM", "xterm")
    with portions_of(1):
        assert command(place, HEADER + "m0,2026-01-05 12:00,C0,\nm1,soon,C0,\n") == 3
    shown = capsys.readouterr()
    assert shown.out == "1 recorded, 0 known, 1 faulty\n"
    assert "rows read" in shown.err
    assert "row 3: column sent" in shown.err.replace("\n", "")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--document", "none"), "there is no document 'none'"),
        (("--actor", "he.mei"), "A3.4 actor_not_applicant"),
        (("--actor", " "), "actor must be an id"),
        (("--store", "sqlite:///none/store.db"), "no such file"),
        (("--store", "oracle://x"), "sqlite:///PATH"),
        (("--people", "none.toml"), "none.toml"),
        (("--mapping", "none.toml"), "none.toml"),
        (("--customers", "none.csv"), "none.csv"),
        (("--key-file", "none.key"), "none.key"),
    ],
)
def test_an_import_that_can_not_begin_is_one_sentence(
    place: tuple[Path, str], more: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, nothing on standard output, nothing recorded, no store made."""
    assert command(place, HEADER + "m0,2026-01-05 12:00,C0,\n", *more, "--json") == 2
    shown = capsys.readouterr()
    assert (shown.out, said in shown.err) == ("", True), shown.err
    assert "Traceback" not in shown.err
    assert command(place, HEADER + "m0,2026-01-05 12:00,C0,\n") == 0


def test_an_import_of_another_type_is_one_sentence(place: tuple[Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    """A mapping of a type that the application is not of."""
    (place[0] / "m.toml").write_text(SMS.replace('"sms"', '"email"').replace("text", "subject"), encoding="utf-8")
    assert command(place, HEADER + "m0,2026-01-05 12:00,C0,\n") == 2
    assert capsys.readouterr() == ("", "row 2 is of email, the application of sms\n")
