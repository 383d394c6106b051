"""The laws of one document, derived again from what is stored (I1, I2, I4-I7, I10-I14, I28)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from ..domain import year_end
from ..domain.application import Application
from ..domain.approval import authorised
from ..domain.documents import Document, manifest, present_statement, unsigned
from ..domain.policy import Policy
from ..domain.vocabulary import Status
from .drafting import is_budget
from .replay import Replay

Broken = list[tuple[str, str]]
_SIGNED_OFF = (Status.APPROVED, Status.SETTLED, Status.CLOSED, Status.EXPIRED)
_OPEN = (Status.IN_REVIEW, Status.APPROVED)


def broken_laws(document: Document, policy: Policy | None, played: Replay) -> Broken:
    """Every law that does not hold, with how; `policy` is the version of its round, if that can be trusted."""
    d, r = document, document.round
    broken = _signed(d, policy)
    if d.content.digest != d.content_digest or present_statement(d) != r.statement:
        broken.append(("I2", "the content is not what the statement covers"))
    if policy is None or policy.digest != r.policy_digest or policy.chain(d.kind, r.deciding_units, d.type) != r.chain:
        broken.append(("I28", "the chain is not what the policy of its round asks for"))
    if (d.payments or d.status in _SIGNED_OFF) and unsigned(d, policy):
        broken.append(("I1", "approved or paid, and not every step is signed"))
    archived = played.archives.get(d.id)
    if (archived is None) != (d.ended_at is None) or (archived is not None and archived != manifest(d)):
        broken.append(("I14", "the document is not the one that was archived"))
    if isinstance(d.content, Application):
        broken += _paid(d, d.content) + _held(d)
    return broken + _in_force(d, played)


def _signed(d: Document, policy: Policy | None) -> Broken:
    broken = []
    for s in d.signatures if policy is not None else ():
        step = d.round.chain[s.step] if 0 <= s.step < len(d.round.chain) else None
        if policy is None or step is None or not authorised(s, step, policy, d.round.deciding_units):
            broken.append(("I4", f"who signed step {s.step} had no authority to"))
    signed = [person for s in d.signatures for person in set(s.people)]
    if len(set(signed)) != len(signed):
        broken.append(("I6", "one person stands in two signatures"))
    for s in d.signatures:
        others = {person for b in d.before if b.office != s.office for person in b.people}
        if others & set(s.people):
            broken.append(("I6", f"who signed step {s.step} signed another step in an earlier round"))
    # Who was payee then is the earlier round's matter: its signatures are void.
    if {d.applicant, d.payee_person} & set(signed) or any(d.applicant in s.people for s in d.before):
        broken.append(("I5", "applicant or payee signed"))
    return broken


def _paid(d: Document, form: Application) -> Broken:
    broken = []
    people = {d.applicant, d.payee_person, *(p for s in (*d.signatures, *d.before) for p in s.people)}
    if any(payment.payer in people for payment in d.payments):
        broken.append(("I7", "the payer played another part"))
    if not 0 <= d.paid <= d.units:
        broken.append(("I13", "more was paid than approved"))
    to = ("", "") if form.payee is None else (form.payee.name, form.payee.account)
    agreed = (*to, form.method, d.statement)
    for p in d.payments:
        if (p.payee_name, p.payee_account, p.method, p.statement) != agreed:
            broken.append(("I2", f"payment {p.number} is not the one that was signed"))
    return broken


def _held(d: Document) -> Broken:
    spent: dict[str, int] = defaultdict(int)
    for payment in d.payments:
        for line, units in payment.parts:
            spent[line] += units
    whole = sum(h.reserved + h.committed + h.spent for h in d.held)
    if any(h.spent != spent[h.line] for h in d.held) or sum(spent.values()) != d.paid:
        return [("I12", "what was spent is not what was paid")]
    if whole != (d.units if d.status in _OPEN else d.paid):
        return [("I11", "what is held is not what is open")]
    return []


def _in_force(d: Document, played: Replay) -> Broken:
    signed = d.content.in_force if is_budget(d.content) and d.status is Status.APPROVED else {}
    if _moved(played.opened.get(d.id, {})) == _moved(signed):
        return []
    return [("I10", "what is in force is not what was signed")]


def broken_years(played: Replay) -> None:
    """Tells every change of what is in force that is no document's, and no end of a year says of itself (I10)."""
    for subject in sorted({*played.opened, *played.carried}):
        told = year_end.in_force(played.carried.get(subject, ()))
        if ("document", subject) not in played.records and _moved(played.opened.get(subject, {})) != told:
            played.broken(subject, "I10", "what is in force was moved otherwise than the end of the year says")


def _moved(units: Mapping[str, int]) -> dict[str, int]:
    return {line: n for line, n in units.items() if n}
