"""Holds a store to its journal and its laws, offline (G3.4): chains, tags, seals, folds, sign-off, money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import attrs

from ..domain.application import Application
from ..domain.content import Digest, Row
from ..domain.documents import Document, manifest, present_statement, unsigned
from ..domain.journal import GENESIS, Entry, Seal, digest_of, merkle_root
from ..domain.vocabulary import Status
from ..ports.keyring import Keyring
from ..ports.repository import Fact, Look, Repository, Summary
from .tending import SEALS

_FACTS = ("signature", "payment", "use", "seal")
_RECORDS = ("document", "payee", "policy", "project")


@attrs.frozen
class Break:
    """A law that does not hold: of which subject, which law, and how."""

    subject: str
    law: str
    message: str


@attrs.frozen
class Report:
    """What was read, and everything that does not hold."""

    entries: int
    documents: int
    breaks: tuple[Break, ...]


@attrs.define
class _Fold:
    """What the journal says the tables should be."""

    records: dict[tuple[str, str], Row] = attrs.field(factory=dict)
    lines: dict[str, list[int]] = attrs.field(factory=dict)
    facts: dict[str, set[Row]] = attrs.field(factory=lambda: defaultdict(set))
    digests: dict[tuple[str, int], Digest] = attrs.field(factory=dict)
    seals: list[Seal] = attrs.field(factory=list)
    breaks: list[Break] = attrs.field(factory=list)
    entries: int = 0

    def broken(self, subject: str, law: str, message: str) -> None:
        self.breaks.append(Break(subject, law, message))


def verify(
    repository: Repository, *, keyring: Keyring | None = None, seals: Mapping[int, Digest] | None = None
) -> Report:
    """Reads the whole store through its port and names the first break of each chain and every broken law.

    `keyring` holds each entry to its tag: one without a tag is a break. `seals` are the seals given out, digest by
    number: one that the store no longer has, or has otherwise, is a break.
    """
    fold = _Fold()
    _chains(repository, keyring, fold)
    _seals(fold, seals or {})
    documents = _documents(repository, fold)
    _balances(repository, fold, documents)
    for version in repository.policies():
        if fold.records.pop(("policy", version.id), None) != version.row():
            fold.broken(f"policy:{version.id}", "I19", "the stored version is not what the journal says")
    _named(repository, fold)
    return Report(fold.entries, len(documents), tuple(fold.breaks))


def _chains(repository: Repository, keyring: Keyring | None, fold: _Fold) -> None:
    subject, seq, prev, at, whole = "", 0, GENESIS, None, True
    for entry, facts in repository.history():
        fold.entries += 1
        if entry.subject != subject:
            subject, seq, prev, at, whole = entry.subject, 0, GENESIS, None, True
        fold.digests[(subject, entry.seq)] = entry.digest
        if whole:
            fault = _fault(entry, seq, prev, keyring)
            if fault is None and at is not None and entry.at < at:
                fault = "is earlier than the one before"
            if fault is not None:
                whole = False
                fold.broken(subject, "I23", f"entry {entry.seq} {fault}")
        seq, prev, at = entry.seq, entry.digest, entry.at
        _take(entry, facts, fold)


def _fault(entry: Entry, seq: int, prev: Digest, keyring: Keyring | None) -> str | None:
    if entry.seq != seq + 1:
        return f"follows {seq}: one is missing"
    if entry.prev != prev:
        return "does not follow its predecessor"
    if digest_of(entry) != entry.digest:
        return "was changed"
    if keyring is None:
        return None
    if entry.key_id is None or entry.tag is None:
        return "carries no tag"
    try:
        return None if keyring.check(entry.key_id, entry.digest.encode(), entry.tag) else "carries a forged tag"
    except KeyError:
        return "carries a tag of an unknown key"


def _take(entry: Entry, facts: tuple[Fact, ...], fold: _Fold) -> None:
    said = {row for row in entry.rows if row[0] in _FACTS}
    there = {fact.row() for fact in facts}
    if said != there:
        rows = ", ".join(sorted(row[0] for row in said ^ there))
        fold.broken(entry.subject, "I19", f"entry {entry.seq}: the stored rows are not those it wrote ({rows})")
    fold.facts[entry.subject] |= said
    fold.facts[entry.subject].update(row for row in entry.rows if row[0] == "archive")
    fold.seals += [fact for fact in facts if isinstance(fact, Seal)]
    for row in entry.rows:
        if row[0] in _RECORDS:
            # A payee's record is written from many subjects: the highest version is the last.
            kept = fold.records.setdefault((row[0], row[1]), row)
            if int(row[2]) > int(kept[2]):
                fold.records[(row[0], row[1])] = row
        elif row[0] == "line":
            # Subjects come in id order: a move may be read before the line it is on.
            fold.lines.setdefault(row[1], [0, 0, 0, 0])
        elif row[0] == "move":
            balance = fold.lines.setdefault(row[1], [0, 0, 0, 0])
            for i, units in enumerate(row[2:6]):
                balance[i] += int(units)


def _seals(fold: _Fold, given: Mapping[int, Digest]) -> None:
    for number, seal in enumerate(fold.seals, 1):
        if (seal.number, seal.root) != (number, merkle_root(seal.entries)):
            fold.broken(SEALS, "I23", f"seal {seal.number} is not what was sealed")
        for subject, seq, entry in seal.entries:
            if fold.digests.get((subject, seq)) != entry:
                fold.broken(subject, "I23", f"entry {seq} is not the one that seal {seal.number} binds")
    for number, sealed in sorted(given.items()):
        if fold.digests.get((SEALS, number)) != sealed:
            fold.broken(SEALS, "I23", f"seal {number} was given out and is not there any more")


def _documents(repository: Repository, fold: _Fold) -> list[Document]:
    found: list[Document] = []
    after = ""
    while page := repository.find(after=after):
        after = page[-1].id
        looked = repository.look(Look(documents=tuple(row.id for row in page))).documents
        for row in page:
            document = looked[row.id]
            found.append(document)
            if row != Summary.of(document):
                fold.broken(document.id, "I2", "the searched columns are not what the document says")
            if fold.records.pop(("document", document.id), None) != document.row():
                fold.broken(document.id, "I19", "the stored document is not what the journal says")
            for law, message in _laws(document, fold.facts[document.id]):
                fold.broken(document.id, law, message)
    for kind, id in fold.records:
        if kind == "document":
            fold.broken(id, "I19", "the journal knows a document that is not there")
    return found


def _named(repository: Repository, fold: _Fold) -> None:
    """Payees and projects are looked up by the names the journal knows; a policy still here is not stored."""
    names: dict[str, list[str]] = defaultdict(list)
    for kind, id in fold.records:
        names[kind].append(id)
    seen = repository.look(Look(payees=tuple(names["payee"]), projects=tuple(names["project"])))
    stored: dict[tuple[str, str], Row] = {("payee", i): r.row() for i, r in seen.payees.items()}
    stored.update({("project", i): r.row() for i, r in seen.projects.items()})
    for (kind, id), row in fold.records.items():
        if kind != "document" and stored.get((kind, id)) != row:
            fold.broken(f"{kind}:{id}", "I19", "the stored record is not what the journal says")


def _laws(d: Document, facts: set[Row]) -> list[tuple[str, str]]:
    """Every law of one document that does not hold, derived again from what is stored."""
    broken = []
    r, present = d.round, present_statement(d)
    if d.content.digest != d.content_digest or present != r.statement:
        broken.append(("I2", "the content is not what the statement covers"))
    for row in (("signature", d.id, str(r.number), str(s.step), s.digest) for s in d.signatures):
        if row not in facts:
            broken.append(("I19", f"the signature of step {row[3]} has no entry"))
    for payment in d.payments:
        if payment.row() not in facts:
            broken.append(("I19", f"payment {payment.number} has no entry"))
    archive = [row for row in facts if row[0] == "archive"]
    if archive and archive != [manifest(d)]:
        broken.append(("I14", "the document is not the one that was archived"))
    signed = [person for s in d.signatures for person in set(s.people)]
    if len(set(signed)) != len(signed):
        broken.append(("I6", "one person stands in two signatures"))
    if {d.applicant, d.payee_person} & set(signed):
        broken.append(("I5", "applicant or payee signed"))
    if (d.payments or d.status in (Status.APPROVED, Status.SETTLED)) and unsigned(d):
        broken.append(("I1", "approved or paid, and not every step is signed"))
    if any(p.payer in {d.applicant, d.payee_person, *signed} for p in d.payments):
        broken.append(("I7", "the payer played another part"))
    if not 0 <= d.paid <= d.units:
        broken.append(("I13", "more was paid than approved"))
    if isinstance(d.content, Application):
        broken += _held(d)
    return broken


def _held(d: Document) -> list[tuple[str, str]]:
    spent: dict[str, int] = defaultdict(int)
    for payment in d.payments:
        for line, units in payment.parts:
            spent[line] += units
    whole = sum(h.reserved + h.committed + h.spent for h in d.held)
    open_ = d.status in (Status.IN_REVIEW, Status.APPROVED)
    if any(h.spent != spent[h.line] for h in d.held) or sum(spent.values()) != d.paid:
        return [("I12", "what was spent is not what was paid")]
    if whole != (d.units if open_ else d.paid):
        return [("I11", "what is held is not what is open")]
    return []


def _balances(repository: Repository, fold: _Fold, documents: Sequence[Document]) -> None:
    held: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for document in documents:
        for h in document.held:
            for i, units in enumerate((h.reserved, h.committed, h.spent)):
                held[h.line][i] += units
    for line in repository.lines():
        balance = [line.in_force, line.reserved, line.committed, line.spent]
        if fold.lines.pop(line.id, None) != balance:
            fold.broken(line.id, "I10", "the line's balance is not the sum of its moves")
        if held[line.id] != balance[1:]:
            fold.broken(line.id, "I11", "the line's balance is not what its documents hold")
        if line.available < 0:
            fold.broken(line.id, "I10", "the line is overdrawn")
    for id in fold.lines:
        fold.broken(id, "I19", "the journal knows a line that is not there")
