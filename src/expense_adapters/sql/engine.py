"""What a database engine is to the store: how a statement is written for it, how it is asked, how it is changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Select, Table, func, tuple_
from sqlalchemy.engine import Dialect as Compiler
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import ClauseElement

from expense_policy.ports.errors import RepositoryUnavailable

from .schema import metadata

Answer = list[tuple[Any, ...]]
"""Rows, each in the order of its statement's columns."""
Values = Mapping[str, Any]


@attrs.frozen(eq=False)
class Statement:
    """A statement as its driver wants it, compiled once; it is one by identity, so that shapes of several are cheap."""

    text: str
    bound: tuple[str, ...]
    """The names of what is bound, in the order of their places."""
    columns: tuple[str, ...] = ()
    """The names of what it answers."""
    always: dict[str, Any] = attrs.field(factory=dict)
    """What is bound without being said."""

    _get: Callable[[Values], Any] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_get", itemgetter(*self.bound) if self.bound else lambda _: ())

    def values(self, values: Values) -> tuple[Any, ...]:
        """What is bound, in order."""
        found = self._get({**self.always, **values} if self.always else values)
        return (found,) if len(self.bound) == 1 else found

    def row(self, answer: tuple[Any, ...]) -> dict[str, Any]:
        """An answer's row by the names of its columns."""
        return dict(zip(self.columns, answer, strict=True))


Asked = tuple[Statement, Values]


# What lives for one act alone is not frozen: a frozen class takes three times as long to make.
@attrs.define
class Operation:
    """One change; a conflict where it does not change one row (`hits`), or as many as another counts (`like`).

    With `several` it changes as many as there are.
    """

    statement: Statement
    values: Values
    what: str = ""
    hits: bool = False
    like: Statement | None = None
    several: bool = False


Word = tuple[str, str]
"""What a thing of a schema is called, and all that is said of it."""

Stage = Sequence[Operation]
"""Changes that do not touch each other's rows: an engine may do them in one statement."""

MANY = 40
"""As many changes a stage has at most that is done as it stands."""


def runs(stage: Stage) -> Iterator[tuple[Stage, bool]]:
    """A stage in parts, in order; with True those of one statement that have nothing to hit, so that all go together.

    Most stages are short, and stay whole: to part them costs more than it spares.
    """
    if len(stage) <= MANY:
        yield stage, False
        return
    for (_, plain), run in groupby(stage, lambda o: (o.statement, not o.hits and o.like is None)):
        yield list(run), plain


class Dialect(ABC):
    """How one engine writes what SQLAlchemy leaves open."""

    name: str
    compiler: Compiler
    """Compiles with places by their order."""
    options: str = ""
    """What a table is made with."""

    @abstractmethod
    def among(self, column: ColumnElement[Any], values: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether a column is one of the values of an array that is bound as `array` gives it."""

    @abstractmethod
    def array(self, values: Sequence[str]) -> Any:
        """Several values bound as one."""

    def beyond(self, columns: Sequence[Any], place: Sequence[Any]) -> ColumnElement[bool]:
        """Whether a row comes after a place in the order of an index of these columns."""
        # Nothing more is said of the first column: SQLite would look up no more than that in the index.
        found: ColumnElement[bool] = tuple_(*columns) > tuple_(*place)
        return found

    def by_index(self, query: Select[Any], table: Table, index: str) -> Select[Any]:
        """A query that is to read a table by an index: most engines find out by themselves."""
        return query

    def summed(self, column: ColumnElement[int]) -> tuple[ColumnElement[Any], ...]:
        """The sum of a column, exact: in parts, each worth 2**32 of the one after it, where one would run over."""
        return (func.sum(column),)

    @abstractmethod
    def held(self, document: ColumnElement[bool]) -> ColumnElement[Any]:
        """A query of the ids of the lines that documents, those of the condition, hold money on."""

    @abstractmethod
    def laws(self) -> Iterator[str]:
        """The statements that make the database keep the laws by itself."""

    def compiled(self, query: ClauseElement) -> Statement:
        """A query as this engine's driver takes it."""
        found = query.compile(dialect=self.compiler)
        bound = tuple(getattr(found, "positiontup", None) or ())
        columns = tuple(column.name for column in getattr(query, "selected_columns", ()))
        always = {name: value for name, value in found.params.items() if value is not None}
        return Statement(str(found), bound, columns, always)

    def schema(self) -> Iterator[str]:
        """Every table, index and law, in the order in which they are made."""
        for table in metadata.sorted_tables:
            yield str(CreateTable(table).compile(dialect=self.compiler)) + self.options
            for index in sorted(table.indexes, key=lambda each: str(each.name)):
                yield str(CreateIndex(index).compile(dialect=self.compiler))
        yield from self.laws()


class Database(ABC):
    """A database as a store works on it; what its driver raises becomes the port's errors."""

    dialect: Dialect
    joined: bool = False
    """Whether its host may still roll back what was done."""

    @abstractmethod
    def ask(self, *asked: Asked) -> list[Answer]:
        """One read: an answer to each, in as few round trips as the engine allows."""

    def ask_marked(self, *asked: Asked) -> list[Answer]:
        """The same, where text that is none carries a mark: it would stop the driver, and whoever reads on."""
        return self.ask(*asked)

    @abstractmethod
    def do(self, *stages: Stage) -> None:
        """All of it in one transaction, in order, or nothing: then Conflict, or another of the port's errors."""

    @abstractmethod
    def version(self) -> int | None:
        """The version of the schema that is there; None where there is none."""

    def make(self) -> None:
        """Makes the schema where there is none; several may try at once."""
        raise RepositoryUnavailable("no schema is made here", outcome_known=True)

    @abstractmethod
    def lacking(self) -> tuple[str, ...]:
        """The names of what is not there as `Dialect.schema` makes it, sorted."""

    def words(self) -> set[Word]:
        """All that stands there, of whatever version: an older schema is held to it before it is upgraded."""
        raise RepositoryUnavailable("no schema is upgraded here", outcome_known=True)

    @abstractmethod
    def close(self) -> None:
        """Ends the store's use of it."""
