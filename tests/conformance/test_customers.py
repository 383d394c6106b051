"""Customers from CSV, TOML and tables on SQLite and PostgreSQL, and the fixed ones, keep every law of the port."""

from __future__ import annotations

import csv
import json
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import attrs
import pytest
from sqlalchemy import Column, Date, MetaData, String, Table, create_engine

from expense_adapters.customers import FaultyFile, FileCustomers, SqlCustomers
from expense_adapters.local import FixedCustomers
from expense_policy import Customer, OptOut, RepositoryUnavailable
from expense_policy.ports.customers import Customers
from expense_policy.testing.contract import CustomersContract
from expense_policy.testing.port_laws.customers import Made

FIELDS = ("id", "since", "last_order", "value_class", "birthday")
DAYS = ("since", "last_order", "birthday")
MEI = Customer("C0012345", date(2020, 1, 1), None, "gold", date(1992, 2, 29), (OptOut("sms", date(2026, 1, 5)),))
NAME = 'O"Neil; DROP TABLE customers --%(x)s'


def said(customer: Customer) -> dict[str, str]:
    """What a file says of a customer: what is not known is left out."""
    found = {name: getattr(customer, name) for name in FIELDS}
    return {name: str(value) for name, value in found.items() if value is not None}


def toml(path: Path, customers: Sequence[Customer]) -> Path:
    """A TOML file of them."""
    lines = []
    for each in customers:
        lines.append("[[customer]]")
        for name, value in said(each).items():
            lines.append(f"{name} = {value if name in DAYS else json.dumps(value, ensure_ascii=False)}")
        for opt_out in each.opt_outs:
            lines += ["[[customer.opt_out]]", f'channel = "{opt_out.channel}"', f"since = {opt_out.since}"]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def table(path: Path, customers: Sequence[Customer]) -> Path:
    """A CSV file of them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, (*FIELDS, "opted_out"))
        writer.writeheader()
        for each in customers:
            opted_out = " ".join(f"{o.channel}:{o.since}" for o in each.opt_outs)
            writer.writerow({**said(each), "opted_out": opted_out})
    return path


def filled(url: str, customers: Sequence[Customer], days: type[Date] | type[String] = Date, id: str = "id") -> str:
    """A database with a host's two tables of them."""
    metadata = MetaData()
    columns = [Column(name, days if name in DAYS else String) for name in FIELDS[1:]]
    people = Table("customers", metadata, Column(id, String), *columns)
    opt_outs = Table("customer_opt_outs", metadata, *[Column(name, String) for name in ("customer", "channel")])
    opt_outs.append_column(Column("since", days))
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        rows = [{id: c.id} | {n: getattr(c, n) for n in FIELDS[1:]} for c in customers]
        refused = [{"customer": c.id, "channel": o.channel, "since": o.since} for c in customers for o in c.opt_outs]
        for kind, values in ((people, rows), (opt_outs, refused)):
            if days is String:
                values = [{n: v.isoformat() if isinstance(v, date) else v for n, v in row.items()} for row in values]
            if values:
                connection.execute(kind.insert(), values)
    engine.dispose()
    return url


class TestFixedCustomers(CustomersContract):
    """Customers who do not change."""

    @pytest.fixture
    def customers(self) -> Made:
        """As they are given."""
        return lambda customers: FixedCustomers(tuple(customers))


class TestTomlCustomers(CustomersContract):
    """Customers from a TOML file."""

    @pytest.fixture
    def customers(self, tmp_path: Path) -> Made:
        """Writes the file and reads it."""
        return lambda customers: FileCustomers(toml(tmp_path / "customers.toml", customers))


class TestCsvCustomers(CustomersContract):
    """Customers from a CSV file."""

    @pytest.fixture
    def customers(self, tmp_path: Path) -> Made:
        """Writes the file and reads it."""
        return lambda customers: FileCustomers(table(tmp_path / "customers.csv", customers))


class InTables(CustomersContract):
    """Customers in tables, days in columns of dates."""

    __test__ = False
    days: type[Date] | type[String] = Date

    @pytest.fixture
    def url(self) -> str:
        """A database."""
        raise NotImplementedError

    @pytest.fixture
    def customers(self, url: str) -> Iterator[Made]:
        """Fills the tables and asks them."""
        made: list[SqlCustomers] = []

        def make(customers: Sequence[Customer]) -> Customers:
            made.append(SqlCustomers(filled(url, customers, self.days)))
            return made[-1]

        yield make
        for each in made:
            each.close()


class TestSqliteCustomers(InTables):
    """On SQLite, where a date is text."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        """A file of the host's."""
        return f"sqlite:///{tmp_path}/host's 100% #1?.db"


class TestPostgresCustomers(InTables):
    """On PostgreSQL."""

    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        """A database."""
        return postgres_url


class TestPostgresTextCustomers(TestPostgresCustomers):
    """On PostgreSQL, days as text."""

    days = String


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/host.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ask(url: str) -> Iterator[Callable[..., SqlCustomers]]:
    """Opens the customers of the database."""
    made: list[SqlCustomers] = []

    def opened(**options: object) -> SqlCustomers:
        make: Callable[..., SqlCustomers] = SqlCustomers
        made.append(make(url, **options))
        return made[-1]

    yield opened
    for each in made:
        each.close()


def run(url: str, *statements: str) -> None:
    """Runs statements beside the adapter."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


Ask = Callable[..., SqlCustomers]


def test_names_are_identifiers(url: str, ask: Ask) -> None:
    """Columns are called what the host calls them, whatever it is; those and the table that are not there are left."""
    filled(url, [MEI], id=NAME)
    columns = {"id": NAME, "value_class": None, "birthday": "since"}
    found = ask(columns=columns, opt_outs=None).known([MEI.id])[MEI.id]
    assert found == attrs.evolve(MEI, value_class=None, birthday=MEI.since, opt_outs=())
    with pytest.raises(RepositoryUnavailable, match="DROP TABLE"):
        ask(table='customers"; DROP TABLE customers; --').known([MEI.id])
    with pytest.raises(RepositoryUnavailable, match="elsewhere"):
        ask(schema="elsewhere").known([MEI.id])
    assert ask(columns=columns).known([MEI.id])[MEI.id].opt_outs == MEI.opt_outs


def test_what_is_no_id_is_not_asked(url: str, ask: Ask) -> None:
    """Text that no database takes, and what is no id at all, is nobody's, and hides nobody."""
    filled(url, [MEI])
    found = ask().known(["\x00", "\ud800", "", "x" * 1000, "' OR '1'='1", MEI.id])
    assert dict(found) == {MEI.id: MEI}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "UPDATE customers SET birthday = '1.5.1992'",
            "customers, column birthday, customer C***45: it must be a date",
        ),
        ("UPDATE customers SET since = '20260105'", "customers, column since, customer C***45: it must be a date"),
        ("UPDATE customers SET last_order = '1292-02-29'", "column last_order, customer C.* within 1800"),
        (
            "UPDATE customers SET value_class = ' gold'",
            "customers, column value_class, customer C***45: it must be an id",
        ),
        ("UPDATE customer_opt_outs SET since = NULL", "customer_opt_outs, column since, customer C***45: it must be a"),
        ("UPDATE customer_opt_outs SET channel = ''", "customer_opt_outs, column channel, customer C***45: it must be"),
        ("INSERT INTO customers SELECT * FROM customers", "customers: customer C***45 is there twice"),
    ],
)
def test_a_row_that_can_not_be_read_is_named(url: str, ask: Ask, change: str, told: str) -> None:
    """A row that can't be read stops the question: the error names column and masked id, and shows no value."""
    filled(url, [MEI], String)
    run(url, change)
    with pytest.raises(ValueError, match=told.replace("***", r"\*\*\*")) as refused:
        ask().known([MEI.id])
    shown = "".join(traceback.format_exception(refused.value))
    assert not any(word in shown.replace(change, "") for word in (MEI.id, "1.5.1992", "20260105", "1292"))


@pytest.mark.parametrize("kind", ["CHAR(12)", "INTEGER"])
def test_an_id_that_is_none_is_not_passed_over(url: str, ask: Ask, kind: str) -> None:
    """Ids that the table pads or counts are an error at once, not customers whom nobody knows."""
    run(
        url,
        f"CREATE TABLE customers (id {kind}, since DATE, last_order DATE, value_class TEXT, birthday DATE)",
        "INSERT INTO customers (id) VALUES ('12345678')",
    )
    customers, asked = ask(opt_outs=None), ["12345678"]
    if kind == "CHAR(12)" and url.startswith("sqlite"):
        # There a column pads nothing.
        assert [*customers.known(asked)] == asked
        return
    with pytest.raises((ValueError, RepositoryUnavailable)) as refused:
        customers.known(asked)
    assert asked[0] not in "".join(traceback.format_exception(refused.value))


def test_what_the_driver_can_not_read_is_not_shown(postgres_url: str, tmp_path: Path) -> None:
    """A value that the driver itself can't read is a ValueError that does not quote it."""
    run(filled(postgres_url, [MEI]), "UPDATE customers SET birthday = 'infinity'")
    file = filled(f"sqlite:///{tmp_path}/host.db", [MEI])
    run(file, "UPDATE customers SET value_class = CAST(x'676fff' AS TEXT)")
    for url in (postgres_url, file):
        with closing(SqlCustomers(url)) as customers, pytest.raises(ValueError, match="driver can't read") as refused:
            customers.known([MEI.id])
        shown = "".join(traceback.format_exception(refused.value))
        assert "infinity" not in shown.partition("customers.known")[2]
        assert "\\xff" not in shown


def test_a_place_that_can_not_be_reached_is_told(tmp_path: Path) -> None:
    """A database that is not there is RepositoryUnavailable, of known outcome, when it is asked; no file is made."""
    place = tmp_path / "none.db"
    for url in (f"sqlite:///{place}", f"postgresql://u:s3cret@/none?host={tmp_path}"):
        with closing(SqlCustomers(url)) as customers:
            for _ in range(2):
                with pytest.raises(RepositoryUnavailable, match="can't be asked") as refused:
                    customers.known([MEI.id])
                assert refused.value.outcome_known
                assert "s3cret" not in str(refused.value)
    assert not place.exists()
    filled(f"sqlite:///{place}", [MEI])
    with closing(SqlCustomers(f"sqlite:///{place}")) as customers:
        assert dict(customers.known([MEI.id])) == {MEI.id: MEI}


@pytest.mark.parametrize("url", ["s3cret", "", "nosuch+driver://u:s3cret@x/y", "postgresql://u:s3cret@x:port/y"])
def test_a_url_that_can_not_be_read_is_the_callers_mistake(url: str) -> None:
    """A URL that names no database is a ValueError that does not show it."""
    with pytest.raises(ValueError, match="the customers' URL") as refused:
        SqlCustomers(url)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("columns", [{"name": "x"}, {"id": None}])
def test_columns_are_those_of_a_customer(columns: dict[str, str | None]) -> None:
    """A column for what is no field of a customer, or none for the id, is a ValueError."""
    with pytest.raises(ValueError, match="columns: "):
        SqlCustomers("sqlite:///x.db", columns=columns)


def test_what_was_closed_is_asked_no_more(url: str, ask: Ask) -> None:
    """A table that was closed is RepositoryUnavailable, however often it was closed."""
    filled(url, [MEI])
    customers = ask()
    assert [*customers.known([MEI.id])] == [MEI.id]
    customers.close()
    customers.close()
    with pytest.raises(RepositoryUnavailable, match="closed"):
        customers.known([MEI.id])


def test_a_connection_that_broke_is_replaced(postgres_url: str) -> None:
    """A server that ended the session between two questions is asked over another one, by threads at once."""
    with closing(SqlCustomers(filled(postgres_url, [MEI]))) as customers:
        for _ in range(2):
            assert [*customers.known([MEI.id])] == [MEI.id]
            kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            run(postgres_url, f"{kill} AND datname = current_database()")
        threads = [threading.Thread(target=customers.known, args=([MEI.id],)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)


CSV = "id,since,last_order,value_class,birthday,opted_out\nC0012345,2020-01-01,,gold,1992-02-29,sms:2026-01-05\n"
TOML = """
[[customer]]
id = "C0012345"
since = 2020-01-01
value_class = "gold"
birthday = 1992-02-29
[[customer.opt_out]]
channel = "sms"
since = 2026-01-05
"""


@pytest.mark.parametrize(
    ("name", "old", "new", "place"),
    [
        ("c.csv", "1992-02-29", "1993-02-29", "row 2, column birthday: must be a date as 2026-01-05"),
        ("c.csv", "1992-02-29", "19920229", "row 2, column birthday: must be a date as 2026-01-05"),
        ("c.csv", "1992-02-29", "１９92-02-29", "row 2, column birthday: must be a date as 2026-01-05"),
        ("c.csv", "1992-02-29", "1292-02-28", "row 2, column birthday: must be within 1800 to 3200"),
        ("c.csv", "gold", " gold", "row 2, column value_class: must be an id: not empty"),
        ("c.csv", "C0012345", "", "row 2, column id: is missing"),
        ("c.csv", "C0012345", "C0012345 ", "row 2, column id: must be an id"),
        ("c.csv", "sms:", "sms ", 'row 2, column opted_out: must be as "sms:2026-01-05 *:2026-02-01"'),
        ("c.csv", "sms:", ":", "row 2, column opted_out: must be as"),
        ("c.csv", "sms:", "sms:2026-01-05  *:", "row 2, column opted_out: must be as"),
        (
            "c.csv",
            "sms:2026-01-05\n",
            "sms:2026-01-05\nC0012345,,,,,\n",
            "row 3, column id: stands at row 2, column id al",
        ),
        ("c.csv", "gold", "gold,gold", "row 2: 7 columns where the header has 6"),
        ("c.csv", "value_class", "class", "row 1: the columns are id, since, last_order, value_class, birthday, opted"),
        ("c.toml", "1992-02-29", '"1992-02-29"', "customer[0].birthday: must be a date, not str"),
        ("c.toml", "1992-02-29", "1992-02-29T00:00:00", "customer[0].birthday: must be a date, not datetime"),
        ("c.toml", '"C0012345"', "12345", "customer[0].id: must be str, not int"),
        ("c.toml", "birthday", "born", "customer[0].born: is not known"),
        ("c.toml", "[[customer.opt_out]]", "[customer.opt_out]", "customer[0].opt_out: must be a list of tables"),
        ("c.toml", 'channel = "sms"', "", "customer[0].opt_out[0].channel: is missing"),
        ("c.toml", "since = 2026-01-05", "until = 2026-01-05", "customer[0].opt_out[0].until: is not known"),
        ("c.toml", "\n[[customer]]", "[people]\n[[customer]]", "people: is not known"),
        ("c.toml", "sms", 'sms"\nchannel = "sms', "Cannot overwrite a value"),
    ],
)
def test_a_fault_in_a_file_is_named(tmp_path: Path, name: str, old: str, new: str, place: str) -> None:
    """Each fault of a file of customers is named with its place, and nothing of a customer is quoted."""
    text = CSV if name.endswith("csv") else TOML
    assert old in text
    path = tmp_path / name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FaultyFile) as refused:
        FileCustomers(path)
    assert any(problem.startswith(f"{path}: {place}") for problem in refused.value.problems), refused.value.problems
    shown = "".join(traceback.format_exception(refused.value))
    assert not any(word in shown for word in ("C0012345", "1992-02-29", "1993", "１９92", "12345"))


def test_both_files_say_the_same(tmp_path: Path) -> None:
    """What may be left out is left out, a mark at the beginning of CSV is none of it, every fault comes at once."""
    (tmp_path / "c.CSV").write_text(f"\ufeff{CSV}C2,,,,,\n", encoding="utf-8")
    (tmp_path / "c.toml").write_text(TOML + '[[customer]]\nid = "C2"\n', encoding="utf-8")
    for path in (tmp_path / "c.CSV", tmp_path / "c.toml"):
        customers = FileCustomers(path)
        assert dict(customers.known([MEI.id, "C2"])) == {MEI.id: MEI, "C2": Customer("C2", None, None, None, None)}
    (tmp_path / "c.CSV").write_text(CSV.replace("2020", "20").replace("1992", "92") + "C2,x,,,,\n", encoding="utf-8")
    with pytest.raises(FaultyFile) as refused:
        FileCustomers(tmp_path / "c.CSV")
    assert len(refused.value.problems) == 3
