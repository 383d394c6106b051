"""A look as questions to an engine, asked all at once, and their answers as what was seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from expense_policy.domain.approval import Signature
from expense_policy.domain.documents import Document
from expense_policy.domain.payment import Payment
from expense_policy.domain.periods import instant_of, instant_text
from expense_policy.ports.repository import Look, Seen, Sum

from . import rows, year_rows
from .engine import Answer, Asked, Dialect, Statement, Values
from .statements import Statements


class Questions:
    """One look: `asked` goes to the engine, `seen` reads its answers, which come in the same order."""

    def __init__(self, at: Look, q: Statements, dialect: Dialect) -> None:
        self._at, self._q, self._dialect = at, q, dialect
        self.asked: list[Asked] = []
        documents = () if not at.documents else ("documents", "signed", "paid", *(("held",) if at.held else ()))
        self._documents = [self._named(what, at.documents) for what in documents]
        wanted = {
            "done": at.keys,
            "heads": at.subjects,
            "payees": at.payees,
            "policies": at.policies,
            "projects": at.projects,
            "lines": at.lines,
            "guards": at.guards,
            "cards": at.cards,
        }
        self._places = {what: self._named(what, names) for what, names in wanted.items() if names}
        self._taken = {}
        for space in dict.fromkeys(space for space, _ in at.taken):
            keys = tuple([key for each, key in at.taken if each is space])
            self._taken[space] = self._named("taken", keys, space=space.value)
        self._sums = [self._ask(*self._sum(each)) for each in at.sums]

    def _ask(self, statement: Statement, values: Values) -> int:
        self.asked.append((statement, values))
        return len(self.asked) - 1

    def _named(self, what: str, names: tuple[str, ...], **more: str) -> int:
        statement, values = self._q.named(what, names)
        return self._ask(statement, {**values, **more} if more else values)

    def _sum(self, asked: Sum) -> Asked:
        shape = tuple([(name, not isinstance(value, str)) for name, value in asked.where])
        array = self._dialect.array
        values = {name: value if isinstance(value, str) else array(value) for name, value in asked.where}
        if asked.since is not None:
            values["since"] = instant_text(asked.since)
        if asked.until is not None:
            values["until"] = instant_text(asked.until)
        return self._q.summed(asked.of, asked.by, shape, asked.since is not None, asked.until is not None), values

    def seen(self, answers: list[Answer]) -> Seen:
        """What the answers say."""

        def each(what: str, read: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
            place = self._places.get(what)
            if place is None:
                return {}
            row = self.asked[place][0].row
            return {value.id: value for value in [read(row(answer)) for answer in answers[place]]}

        def plain(what: str) -> Answer:
            place = self._places.get(what)
            return [] if place is None else answers[place]

        lines = each("lines", rows.line_of)
        if len(self._documents) == 4:
            row = self.asked[self._documents[3]][0].row
            lines |= {line.id: line for line in [rows.line_of(row(answer)) for answer in answers[self._documents[3]]]}
        stand: dict[str, int] = dict(plain("guards"))
        return Seen(
            {key: (rows.entry_of(_entry(entry)), asked) for key, asked, *entry in plain("done")},
            {subject: (seq, digest, instant_of(at)) for subject, seq, digest, at in plain("heads")},
            self._found(answers) if self._documents else {},
            each("payees", rows.payee_of),
            each("policies", rows.policy_of),
            each("projects", rows.project_of),
            lines,
            {key: stand.get(key, 0) for key in self._at.guards},
            {(space, key): owner for space, place in self._taken.items() for key, owner in answers[place]},
            tuple([_summed(len(each.by), answers[n]) for each, n in zip(self._at.sums, self._sums, strict=True)]),
            each("cards", year_rows.card_of),
        )

    def _found(self, answers: list[Answer]) -> dict[str, Document]:
        """The documents that are there, each whole."""
        signed: dict[str, list[tuple[int, Signature]]] = defaultdict(list)
        for document, number, *each in answers[self._documents[1]]:
            signed[document].append((number, rows.signature_of(tuple(each))))
        paid: dict[str, list[Payment]] = defaultdict(list)
        statement = self.asked[self._documents[2]][0]
        for answer in answers[self._documents[2]]:
            row = statement.row(answer)
            paid[row["document"]].append(rows.payment_of(row))
        found = {}
        for head in answers[self._documents[0]]:
            id, present = head[0], head[_ROUND]
            now = tuple([signature for number, signature in signed[id] if number == present])
            before = tuple([signature for number, signature in signed[id] if number < present])
            found[id] = rows.document_of(head, now, before, tuple(paid[id]))
        return found


def _summed(by: int, answer: Answer) -> dict[tuple[str, ...], int]:
    """The sums by their groups, each out of its parts (`Dialect.summed`)."""
    found = {}
    for row in answer:
        units = 0
        for part in row[by:]:
            units = (units << 32) + int(part or 0)
        found[tuple(row[:by])] = units
    return found


def _entry(columns: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(rows.ENTRY, columns, strict=True))


_ROUND = (*rows.DOCUMENT, "content", "content_digest", *rows.ROUND).index("round")
