"""The use record 使用记录, and settlement against it (C8, A4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import attrs

from ..domain import checks, documents
from ..domain.application import Application
from ..domain.categories import EffectMeasured, ExpenseType, Use, kind_of, period_of
from ..domain.categories.recording import Case, Recording, once_key, within
from ..domain.customers import Customer
from ..domain.documents import Change, Document
from ..domain.money import Money
from ..domain.periods import Calendar
from ..domain.policy import Policy
from ..domain.refusals import Code, Refusal, refusal
from ..domain.vocabulary import Kind, Office, Space, Status
from ..ports.repository import Guard, Look, Put, Sum, Take
from . import claiming
from .engine import Effects, Environment, Scene, Verdicts, document_of, own, round_policy

# Whatever zone the company counts its days in, an instant's day lies between these two.
_ZONES = (Calendar("Etc/GMT+12"), Calendar("Etc/GMT-14"))
_MONTHS = tuple(f"{month:02d}" for month in range(1, 13))


@attrs.define(slots=False)
class Uses:
    """What happened, on the way into the use record of a document: what it is held against, and what it changes."""

    subject: str
    actor: str
    rows: tuple[Use, ...]
    reason: str | None
    env: Environment
    type: str

    @cached_property
    def _counted(self) -> dict[str, tuple[str, ...]]:
        """The recipients of each period a use may fall in: no more of a period is asked for than these."""
        of = period_of(self.type)
        if of is None:
            return {}
        found: dict[str, dict[str, None]] = {}
        for use in filter(lambda use: use.recipients, self.rows):
            for period in {of(use.day(calendar)) for calendar in _ZONES}:
                found.setdefault(period, {}).update(dict.fromkeys(use.recipients))
        return {period: tuple(found[period]) for period in sorted(found)}

    @cached_property
    def _customers(self) -> Mapping[str, Customer] | None:
        """The recipients that are known; asked once, however often the decision is made."""
        if self.env.customers is None:
            return None
        ids = tuple(dict.fromkeys(id for use in self.rows for id in use.recipients))
        return self.env.customers.known(ids) if ids else {}

    def _guard(self, period: str) -> str:
        return f"contact:{self.type}:{period}"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        """The document and its lines, what stands in one record alone, how often the recipients were reached."""
        sums = tuple([self._sum(period, recipients) for period, recipients in self._counted.items()])
        once = tuple(dict.fromkeys((Space.USE, once_key(self.type, name)) for use in self.rows for name in use.once))
        guards = tuple(map(self._guard, self._counted))
        return Look(documents=(self.subject,), guards=guards, taken=once, sums=sums, held=True)

    def _sum(self, period: str, recipients: tuple[str, ...]) -> Sum:
        months = period if len(period) > 4 else tuple(f"{period}-{month}" for month in _MONTHS)
        where = (("type", self.type), ("month", months), ("recipient", recipients))
        return Sum("contacts", ("recipient",), where)

    def _case(self, document: Document, form: Application, kind: ExpenseType, policy: Policy, scene: Scene) -> Case:
        # What a claim without an application asks for was spent before it, as the policy lets it be (R2.4).
        day, approved = policy.calendar.day, document.approved_at if document.kind is Kind.APPLICATION else None
        sums = zip(self._counted, scene.seen.sums, strict=True)
        return Case(
            document=document.id,
            first=document.use_rows + 1,
            plan=form.plan,
            policy=policy,
            approved=None if approved is None else day(approved),
            today=day(scene.at),
            counted={(period, recipient): n for period, group in sums for (recipient,), n in group.items()},
            taken={key: owner for (_, key), owner in scene.seen.taken.items()},
            # Who is no customer, as the company's own people are, is asked of nobody (G2.1).
            customers=self._customers if kind.customers else {},
            value_class=form.value_class,
            reason=self.reason,
        )

    @property
    def _measures(self) -> bool:
        """Whether the rows are measured effects and nothing else: they cost nothing."""
        return bool(self.rows) and all(type(use) is EffectMeasured for use in self.rows)

    def held(self, scene: Scene, document: Document, found: list[Refusal], *, owed: bool) -> Held | tuple[Refusal, ...]:
        """The document's record as it may grow: while it is approved, and with `owed` what is owed after its end (C8).

        Refusals in place of it where it has none, or grows no more; `found` are those that stand in any case. After it
        was closed the use of what was paid ahead of it is still owed; after it was settled or closed its effect is,
        which shows later than the money is used (G3.2).
        """
        form = document.asked
        if form is None:
            return (refusal(Code.USE_NOT_OPEN, status=document.status.value), *found)
        policy = round_policy(scene, document)
        kind = kind_of(form.type, policy)
        late = document.status is Status.CLOSED and document.drawn > 0 and kind is not None and not kind.paid_up_to_use
        measured = owed and self._measures and document.status in (Status.SETTLED, Status.CLOSED)
        open_ = document.status is Status.APPROVED or (late and owed) or measured
        if not open_:
            found = [refusal(Code.USE_NOT_OPEN, status=document.status.value), *found]
        if kind is None:
            return (*found, refusal(Code.TYPE_UNKNOWN, type=form.type))
        if self.type and self.type != form.type:
            raise TypeError(f"the rows are of {self.type}, the application of {form.type}")
        paid = Money(document.drawn, document.currency) if late and open_ and not measured else None
        recording = Recording(kind, self._case(document, form, kind, policy, scene))
        return Held(document, kind, recording, document.amount, paid, found)

    def grown(self, scene: Scene, held: Held, change: Change) -> Effects:
        """The record with what was kept of the uses; what else an act does is the act's own to say."""
        kind, kept, document = held.kind, held.recording, held.document
        periods = sorted({kind.period(row.on) for row in kept.rows if row.type == kind.name}) if kind.counted else ()
        return Effects(
            version=document.round.policy_version,
            guards=tuple([Guard(key, scene.seen.guards.get(key, 0)) for key in map(self._guard, periods)]),
            puts=(Put(change.document, document.version),),
            moves=change.moves,
            takes=tuple([Take(Space.USE, key, document.id, ever=True) for key in kept.taken]),
            facts=tuple(kept.rows),
        )


# What lives for one act alone is not frozen: a frozen class takes three times as long to make.
@attrs.define
class Held:
    """A document whose use record may grow, and how: `paid` is what it may bear at most after a close."""

    document: Document
    kind: ExpenseType
    recording: Recording
    approved: Money
    paid: Money | None
    found: list[Refusal]

    def within(self, units: int = 0) -> list[Refusal]:
        """Whether the record, with so much more, bears no more than it may."""
        return within(self.document.used + self.recording.units + units, self.approved, self.paid)


@attrs.define(slots=False)
class UseRecord(Uses):
    """The use record grows (C8); with `settle` the document ends on it too."""

    settle: bool

    @property
    def name(self) -> str:
        return "settle" if self.settle else "record_use"

    def look(self, at: datetime, policy: Policy | None) -> Look:
        """As for uses; for lines only where a row may be of a month that they are closed through: of one that is over.

        Where a clock errs the commit is refused, and the lines are looked at then.
        """
        look = super().look(at, policy)
        if policy is not None:
            calendar = policy.calendar
            begun = calendar.day(at).replace(day=1)
            look.held = min([use.day(calendar) for use in self.rows], default=begun) < begun
        return look

    def decide(self, scene: Scene) -> Verdicts:
        document = document_of(scene, self.subject)
        if self.settle and document.application is not None and not self.rows:
            return claiming.settle(document, self.actor, self.env.directory, scene)
        roster = self.env.directory.roster((document.department,), scene.at)
        finance = roster.holds(self.actor, Office.FINANCE_OFFICER, document.department)
        found = [] if finance and not self.rows else own(document, self.actor)
        held = self.held(scene, document, found, owed=not self.settle)
        if isinstance(held, tuple):
            return held
        found, recording, unexplained = held.found, held.recording, checks.blank(self.reason or "")
        found += _kept(recording, self.rows, unexplained)
        used, rows = document.used + recording.units, len(recording.rows)
        found += held.within()
        if self.settle:
            found += _unsettled(document, used, document.use_rows + rows, unexplained, held.kind)
            change = documents.end(document, Status.SETTLED, scene.at, used=used, rows=rows)
        elif not self.rows:
            raise ValueError("a use record grows by at least one row")
        else:
            change = documents.use(document, used, rows)
        if found:
            return tuple(found)
        effects = self.grown(scene, held, change)
        effects.office = Office.FINANCE_OFFICER if finance and not self.rows else None
        if self.settle:
            effects.rows, effects.tell = (documents.manifest(change.document),), (document.applicant,)
        return effects


def _kept(recording: Recording, uses: tuple[Use, ...], unexplained: bool) -> list[Refusal]:
    """Keeps every use, or says what forbids it; broken standards are kept, flagged, and want a reason (C8)."""
    forbidden: dict[Refusal, None] = {}
    broken: dict[Refusal, None] = {}
    for use in uses:
        judged = recording.judge(use)
        if judged.forbidden or judged.broken:
            forbidden.update(dict.fromkeys(judged.forbidden))
            broken.update(dict.fromkeys(judged.broken))
        recording.keep(judged)
    found = list(forbidden)
    if broken and unexplained:
        found += [*broken, refusal(Code.REASON_MISSING, clause="C8")]
    return found


def _unsettled(document: Document, used: int, rows: int, unexplained: bool, kind: ExpenseType) -> list[Refusal]:
    """A document is settled once something was paid and its use record bears it, or a reason says why not (C8).

    What was bought before it was used bears no more than was bought: no more is issued than was paid for (C1.3).
    """
    if document.ended_at is not None:
        return []
    drawn = document.drawn
    found = [] if drawn else [refusal(Code.NOTHING_TO_CLOSE)]
    if not rows:
        return [*found, refusal(Code.USE_MISSING)]
    if used == drawn:
        return found
    total, paid = Money(used, document.currency), Money(drawn, document.currency)
    if used > drawn and not kind.paid_up_to_use:
        found.append(refusal(Code.USE_EXCEEDS_PAID, used=total, paid=paid))
    elif used < drawn and unexplained:
        found.append(refusal(Code.USE_FALLS_SHORT, used=total, paid=paid, short=paid - total))
    return found
