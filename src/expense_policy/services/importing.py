"""Many use records from another system's log, a portion at a time (C8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Literal

import attrs

from ..domain import checks, documents
from ..domain.application import Application
from ..domain.categories import ExpenseType, Use, type_of
from ..domain.categories.recording import Case, Judged, row_key
from ..domain.documents import Document
from ..domain.masking import masked
from ..domain.money import UNITS_MAX
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import DocumentId, Space
from ..ports.errors import Conflict
from ..ports.repository import Batch, Look, Take
from .engine import ATTEMPTS, Engine, Scene, Verdicts, document_of, looked, own, wanted
from .using import Held, Uses

PORTION = 1000
"""As many rows are read, judged and committed together."""


@attrs.frozen
class Keyed:
    """A use with the key of its row, which the other system gave it, and where it stands: "row 17"."""

    key: str = attrs.field(validator=checks.ident)
    use: Use
    where: str


@attrs.frozen
class Unreadable:
    """A row that is no use: where it stands, and why."""

    where: str
    reason: str


@attrs.frozen
class Fault:
    """A row that was not recorded: where it stands, and every reason."""

    where: str
    refusals: tuple[Refusal, ...] = ()
    reason: str = ""

    def text(self, lang: str = "en") -> str:
        """The reasons in one line; what is no refusal is said in English."""
        return " ".join([each.text(lang) for each in self.refusals]) or self.reason


@attrs.frozen
class Imported:
    """How many rows were recorded now, how many were before, and how many are faulty."""

    recorded: int = 0
    known: int = 0
    faulty: int = 0


Rows = Callable[[], Iterable[Keyed | Unreadable]]
"""Gives the rows, from the first one on whenever it is called."""
Keep = Literal["good", "none"]

_Standing = tuple[int, str, Keyed]
"""A row that can be judged: its place in its portion, and what its key is taken under."""


def _nothing(_: object) -> None:
    """Nobody wants to know."""


@attrs.define
class _Ahead:
    """What rows that were judged and not written would have added: what later ones are judged on."""

    counted: dict[tuple[str, str], int] = attrs.field(factory=dict)
    taken: dict[str, DocumentId] = attrs.field(factory=dict)
    units: int = 0

    def follow(self, held: Held) -> None:
        """Takes over what a portion would have kept."""
        kind, kept = held.kind, held.recording
        for row in kept.rows if kind.counted else ():
            if row.type == kind.name:
                at = (kind.period(row.on), row.recipient)
                self.counted[at] = self.counted.get(at, 0) + 1
        self.taken.update(dict.fromkeys(kept.taken, held.document.id))
        self.units += kept.units


@attrs.define(slots=False)
class Portion(Uses):
    """One act of an import: the rows that are good are recorded, each under its key, which is taken for ever.

    A row whose key this document has is known; `faults` says what is wrong with each of the others, by its place.
    """

    standing: tuple[_Standing, ...]
    ahead: _Ahead
    name = "record_use"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        """As for uses, and who has the rows' keys."""
        look = super().look(at, policy)
        look.taken += tuple([(Space.USE, key) for _, key, _ in self.standing])
        return look

    def _case(self, document: Document, form: Application, kind: ExpenseType, policy: Policy, scene: Scene) -> Case:
        case, ahead = super()._case(document, form, kind, policy, scene), self.ahead
        if ahead.counted or ahead.taken:
            more = {at: case.counted.get(at, 0) + n for at, n in ahead.counted.items()}
            case.counted, case.taken = {**case.counted, **more}, {**case.taken, **ahead.taken}
        return case

    def decide(self, scene: Scene) -> Verdicts:
        """The good rows; refusals only where the document takes none."""
        document = document_of(scene, self.subject)
        held = self.held(scene, document, own(document, self.actor), owed=True)
        if isinstance(held, tuple):
            return held
        if held.found:
            return tuple(held.found)
        keys = self._sorted(held, scene)
        recording = held.recording
        used = document.used + recording.units
        effects = self.grown(scene, held, documents.use(document, used, len(recording.rows)))
        effects.takes += tuple([Take(Space.USE, key, document.id, ever=True) for key in keys])
        self.kept, self.recorded = held, len(keys)
        return effects

    def _sorted(self, held: Held, scene: Scene) -> list[str]:
        """Keeps the good rows, and gives their keys."""
        self.known, self.faults, keys = 0, dict[int, Fault](), list[str]()
        unexplained, taken, id = checks.blank(self.reason or ""), scene.seen.taken, held.document.id
        for place, key, each in self.standing:
            owner = taken.get((Space.USE, key))
            if owner == id:
                self.known += 1
                continue
            found: list[Refusal] = []
            if owner is not None:
                found.append(refusal(Code.ORDER_TAKEN, clause=held.kind.clause, order=masked(each.key), document=owner))
            try:
                judged = held.recording.judge(each.use)
                found += _found(judged, held, self.ahead.units, unexplained)
            except (ValueError, OverflowError):
                self.faults[place] = Fault(each.where, reason="holds a number that is too large to be kept")
                continue
            if found:
                self.faults[place] = Fault(each.where, tuple(found))
                continue
            held.recording.keep(judged)
            keys.append(key)
        return keys


def _found(judged: Judged, held: Held, ahead: int, unexplained: bool) -> list[Refusal]:
    """Why a row is not recorded: as the single act says it, which would refuse all of its rows."""
    found = list(judged.forbidden)
    if judged.broken and unexplained:
        found += [*judged.broken, refusal(Code.REASON_MISSING, clause="C8")]
    if any(part.quantity > UNITS_MAX for part in judged.parts):
        raise ValueError("a quantity is beyond 2**63-1")
    return found + held.within(ahead + judged.units)


class _Twice:
    """The keys of the rows so far: some eighty bytes each, since only a part of each digest is kept, and which portion.

    Two keys are taken for one with a chance of one in 2**64.
    """

    def __init__(self) -> None:
        self._portions: dict[int, str] = {}

    def seen(self, key: str) -> str | None:
        """Where a key stood before: its portion."""
        return self._portions.get(int(key[-16:], 16))

    def add(self, keys: Iterable[str], where: str) -> None:
        """These are of one portion."""
        self._portions.update((int(key[-16:], 16), where) for key in keys)


class Import:
    """Reads rows in portions, and records each portion in one act."""

    def __init__(
        self,
        engine: Engine,
        id: str,
        actor: str,
        reason: str | None,
        told: Callable[[Imported], object] | None,
        faulty: Callable[[Fault], object] | None,
    ) -> None:
        self._engine, self._id, self._actor, self._reason = engine, id, actor, reason
        self._told, self._faulty = told or _nothing, faulty or _nothing
        self._type = ""

    def run(self, rows: Rows, keep: Keep) -> Imported:
        """What became of the rows; Refused where the document takes none, before any of them is read."""
        if keep not in ("good", "none"):
            raise ValueError(f"keep is good or none, not {keep!r}")
        if not callable(rows):
            raise TypeError(f"rows must be callable, and give them anew each time, not {type(rows).__name__}")
        first = self._portion([], _Ahead())
        wanted(first, None, None)
        self._decided(first)
        # The form is what the document was approved with: its type stays while the record grows.
        self._type = first.kept.kind.name
        if keep == "none":
            found = self._pass(rows, _Ahead())
            if found.faulty:
                return attrs.evolve(found, recorded=0)
        return self._pass(rows, None, stop=keep == "none")

    def _portion(self, standing: list[_Standing], ahead: _Ahead) -> Portion:
        uses, env = tuple([each.use for _, _, each in standing]), self._engine.env
        return Portion(self._id, self._actor, uses, self._reason, env, self._type, tuple(standing), ahead)

    def _pass(self, rows: Rows, ahead: _Ahead | None, *, stop: bool = False) -> Imported:
        """Every row once; with `ahead` nothing is written, with `stop` nothing from the first faulty portion on."""
        found, twice, source = Imported(), _Twice(), iter(rows())
        while items := list(islice(source, PORTION)):
            standing, faults = self._told_apart(items, twice)
            portion = self._portion(standing, ahead or _Ahead())
            if ahead is not None or (stop and faults):
                self._decided(portion)
            else:
                self._commit(portion, whole=stop)
            faults |= portion.faults
            for place in sorted(faults):
                self._faulty(faults[place])
            halted = stop and bool(faults)
            recorded = 0 if halted else portion.recorded
            found = Imported(found.recorded + recorded, found.known + portion.known, found.faulty + len(faults))
            if halted:
                return found
            if ahead is not None:
                ahead.follow(portion.kept)
            else:
                self._told(found)
        return found

    def _told_apart(self, items: list[Keyed | Unreadable], twice: _Twice) -> tuple[list[_Standing], dict[int, Fault]]:
        """The rows that can be judged, and what is wrong with the others."""
        standing: dict[str, _Standing] = {}
        faults: dict[int, Fault] = {}
        for place, item in enumerate(items):
            if type(item) is Unreadable:
                faults[place] = Fault(item.where, reason=item.reason)
                continue
            if type(item) is not Keyed:
                raise TypeError(f"a row must be Keyed or Unreadable, not {type(item).__name__}")
            kind = type_of(item.use)
            if kind and kind != self._type:
                raise TypeError(f"{item.where} is of {kind}, the application of {self._type}")
            key = row_key(item.key)
            before = standing[key][2].where if key in standing else twice.seen(key)
            if before is not None:
                faults[place] = Fault(item.where, reason=f"its key stands at {before} already")
                continue
            standing[key] = (place, key, item)
        twice.add(standing, f"{items[0].where} to {items[-1].where}")
        return list(standing.values()), faults

    def _decided(self, portion: Portion) -> Batch:
        """The portion judged as the store stands now; Refused where the document takes no rows."""
        engine = self._engine
        more: tuple[Look, ...] = ()
        for _ in range(ATTEMPTS):
            scene = engine.scene(partial(looked, portion, None, more), portion.subject)
            found = engine.decided(portion, scene, None)
            if isinstance(found, Batch):
                return found
            # It has no key, so that it is a look: rows that are late see whether a month is closed.
            assert isinstance(found, Look)
            more = (*more, found)
        raise Conflict(f"the import asked for more {ATTEMPTS} times in a row")

    def _commit(self, portion: Portion, *, whole: bool) -> None:
        """The portion recorded; with `whole` only where none of it is faulty."""
        for _ in range(ATTEMPTS):
            batch = self._decided(portion)
            if not portion.recorded or (whole and portion.faults):
                return
            try:
                self._engine.env.repository.commit(batch)
            except Conflict:
                continue
            return
        raise Conflict(f"the import met other writers {ATTEMPTS} times in a row; do it again, nothing is done twice")
