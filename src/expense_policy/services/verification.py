"""Holds a store to its journal and its laws, offline (G3.4): chains, tags, seals, rows, sign-off, money."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import attrs

from ..domain.content import Digest, Row
from ..domain.documents import Document
from ..domain.journal import GENESIS, Entry, digest_of, merkle_root
from ..domain.policy import Policy
from ..domain.refusals import ExpensePolicyError
from ..policy_file import load_policy
from ..ports.errors import RepositoryError
from ..ports.keyring import Keyring
from ..ports.repository import Look, Repository, Summary
from .booklaws import Costs, broken_books
from .budgetlaws import Plans, broken_years
from .lawfulness import Claimed, broken_laws
from .replay import Break, Replay
from .tending import SEALS

__all__ = ["Break", "Report", "verify"]

_PAGE = 200


@attrs.frozen
class Report:
    """What was read, and everything that does not hold."""

    entries: int
    documents: int
    breaks: tuple[Break, ...]


def verify(
    repository: Repository, *, keyring: Keyring | None = None, seals: Iterable[tuple[int, Digest]] = ()
) -> Report:
    """Reads the whole store through its port and names the first break of each chain and every broken law.

    `keyring` holds each entry to its tag: one without a tag is a break. `seals` are the seals given out, number and
    digest: one that the store no longer has, or has otherwise, is a break. What can't be read is a break of its own,
    and the rest is read on. The store is read several times: on one that is written meanwhile, read a snapshot.
    """
    played = Replay()

    def faulty(subject: str, message: str) -> None:
        played.broken(subject, "I19", message)

    entries = _chains(repository, keyring, played)
    played.follow()
    policies = _policies(repository, played)
    expected, searched = played.standing(), dict[str, Row]()
    found: Counter[Row] = Counter()
    waiting = set()
    numbered: dict[str, list[Row]] = defaultdict(list)
    for row in repository.standing(faulty):
        if row[0] == "summary":
            searched[row[1]] = row
        elif row[0] == "unsealed":
            waiting.add((row[1], int(row[2])))
        elif row[0] == "number":
            numbered[row[1]].append(row)
        else:
            found[row] += 1
    _seals(played, waiting, seals)
    for row in sorted(expected - found):
        played.broken(row[1], "I19", f"the journal knows a row that does not stand: {_short(row)}")
    for row in sorted(found - expected):
        law = "I10" if row[0] == "balance" else "I19"
        played.broken(row[1], law, f"a row stands that the journal does not know: {_short(row)}")
    costs, plans = Costs(), Plans()
    held = _documents(repository, played, searched, policies, costs, plans)
    _balances(played, held, found)
    broken_years(played)
    plans.broken(played)
    broken_books(played, numbered, costs, policies)
    return Report(entries, len(searched), tuple(played.breaks))


def _short(row: Row) -> str:
    return " ".join(text if len(text) <= 40 else f"{text[:40]}…" for text in row)


def _chains(repository: Repository, keyring: Keyring | None, played: Replay) -> int:
    subject, seq, prev, at, whole, count = "", 0, GENESIS, None, True, 0

    def faulty(where: str, message: str) -> None:
        played.broken(where, "I23", message)

    for entry, facts in repository.history(faulty=faulty):
        count += 1
        if entry.subject != subject:
            subject, seq, prev, at, whole = entry.subject, 0, GENESIS, None, True
        if whole:
            fault = _fault(entry, seq, prev, keyring)
            if fault is None and at is not None and entry.at < at:
                fault = "is earlier than the one before"
            if fault is not None:
                whole = False
                played.broken(subject, "I23", f"entry {entry.seq} {fault}")
        seq, prev, at = entry.seq, entry.digest, entry.at
        played.take(entry, facts)
    return count


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


def _seals(played: Replay, waiting: set[tuple[str, int]], given: Iterable[tuple[int, Digest]]) -> None:
    """Each entry is bound by one seal, or waits for it; and every seal given out is the one that stands (G3.4)."""
    bound: Counter[tuple[str, int]] = Counter()
    for number, seal in enumerate(sorted(played.seals, key=lambda seal: seal.number), 1):
        if (seal.number, seal.root) != (number, merkle_root(seal.entries)):
            played.broken(SEALS, "I23", f"seal {seal.number} is not what was sealed")
        for subject, seq, entry in seal.entries:
            bound[(subject, seq)] += 1
            if played.digests.get((subject, seq)) != entry:
                played.broken(subject, "I23", f"entry {seq} is not the one that seal {seal.number} binds")
    known = waiting | bound.keys()
    for subject, seq in sorted(played.digests.keys() - known):
        played.broken(subject, "I23", f"entry {seq} is neither sealed nor waiting for its seal")
    for subject, seq in sorted(known - played.digests.keys()):
        played.broken(subject, "I23", f"entry {seq} was sealed or waits for its seal, and is not there")
    for subject, seq in sorted(waiting & bound.keys() | {each for each, n in bound.items() if n > 1}):
        played.broken(subject, "I23", f"entry {seq} is to be sealed twice")
    for number, sealed in sorted(given):
        if played.digests.get((SEALS, number)) != sealed:
            played.broken(SEALS, "I23", f"seal {number} was given out and is not there any more")


def _policies(repository: Repository, played: Replay) -> Mapping[str, Policy]:
    """Every adopted version by its name; one whose text is not what was adopted decides nothing (X2)."""
    found = {}
    for kind, id in sorted(played.records):
        if kind != "policy":
            continue
        try:
            version = repository.look(Look(policies=(id,))).policies[id]
            policy = load_policy(version.text)
        except (ExpensePolicyError, ValueError, TypeError, KeyError):
            played.broken(f"policy:{id}", "I28", "the version can't be read as it was adopted")
            continue
        if (policy.version, policy.digest) != (version.id, version.digest):
            played.broken(f"policy:{version.id}", "I28", "the text is not the one that was adopted")
        elif version.adopted:
            found[version.id] = policy
    return found


def _documents(
    repository: Repository,
    played: Replay,
    searched: Mapping[str, Row],
    policies: Mapping[str, Policy],
    costs: Costs,
    plans: Plans,
) -> Mapping[str, list[int]]:
    """Holds every document to its journal, its laws and its searched columns; what all hold, by line."""
    held: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    claimed = Claimed()
    ids = sorted({*searched, *(id for kind, id in played.records if kind == "document")})
    for start in range(0, len(ids), _PAGE):
        for id, document in _looked(repository, ids[start : start + _PAGE], played).items():
            expected = played.records.get(("document", id))
            if expected != document.row():
                played.broken(id, "I19", "the stored document is not what the journal says")
            if searched.get(id) != Summary.of(document).row():
                played.broken(id, "I2", "the searched columns are not what the document says")
            policy = policies.get(document.round.policy_version)
            for law, message in broken_laws(document, policy, played):
                played.broken(id, law, message)
            claimed.take(document)
            costs.take(document)
            plans.take(document, policy)
            for h in document.held:
                for i, units in enumerate((h.reserved, h.committed, h.spent)):
                    held[h.line][i] += units
    for id in claimed.broken:
        played.broken(id, "I11", "what claims take of the application is not what it says")
    return held


def _looked(repository: Repository, ids: list[str], played: Replay) -> dict[str, Document]:
    """Documents of a page; one that can't be read is named, and the others are read one by one."""
    try:
        found = dict(repository.look(Look(documents=tuple(ids))).documents)
    except (RepositoryError, ValueError, TypeError) as error:
        if len(ids) == 1:
            played.broken(ids[0], "I19", f"the document can't be read: {error}")
            return {}
        return {id: d for each in ids for id, d in _looked(repository, [each], played).items()}
    for id in ids:
        if id not in found:
            played.broken(id, "I19", "the document is not there whole")
    return found


def _balances(played: Replay, held: Mapping[str, list[int]], found: Counter[Row]) -> None:
    for row in found:
        if row[0] == "balance":
            in_force, *balance = map(int, row[2:6])
            if balance != held.get(row[1], [0, 0, 0]):
                played.broken(row[1], "I11", "the line's balance is not what its documents hold")
            if min(*balance, in_force - sum(balance)) < 0:
                played.broken(row[1], "I10", "the line is overdrawn")
