"""The laws of one document, derived again from what is stored (I1, I2, I4-I7, I10-I14, I28)."""

from __future__ import annotations

from collections import defaultdict

import attrs

from ..domain.approval import authorised
from ..domain.claim import Claim
from ..domain.document import OPEN
from ..domain.documents import Document, Payable, manifest, present_statement, unsigned
from ..domain.policy import Policy
from ..domain.vocabulary import Kind, Space, Status
from .budgetlaws import in_force
from .replay import Broken, Replay
from .vouching import held

_SIGNED_OFF = (Status.APPROVED, Status.SETTLED, Status.CLOSED, Status.EXPIRED)


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
    if isinstance(d.content, Payable):
        broken += _paid(d, d.content) + _held(d) + _vouched(d, played)
    return broken + in_force(d, played)


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


def _paid(d: Document, form: Payable) -> Broken:
    broken = []
    people = {d.applicant, d.payee_person, *(p for s in (*d.signatures, *d.before) for p in s.people)}
    if any(payment.payer in people for payment in d.payments):
        broken.append(("I7", "the payer played another part"))
    if d.paid < 0 or d.drawn > d.units:
        broken.append(("I13", "more was paid, or claimed, than approved"))
    if d.kind is Kind.APPLICATION and not 0 <= d.cleared <= d.paid:
        broken.append(("I13", "claims are set against more than was paid ahead"))
    advance = form.advance if isinstance(form, Claim) else None
    if isinstance(form, Claim) and d.cleared not in (0, 0 if advance is None else advance.units):
        broken.append(("I13", "the claim is set against another advance than was signed"))
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
    if whole != (d.payable if d.status in OPEN else d.paid):
        return [("I11", "what is held is not what is open")]
    return []


def _vouched(d: Document, played: Replay) -> Broken:
    """A document has its vouchers, and nobody else has (I27)."""
    if all(played.taken[(Space.VOUCHER.value, key, d.id, "once")] == 1 for key in held(d)):
        return []
    return [("I27", "a voucher of the document is not its own")]


@attrs.define
class Claimed:
    """What claims take of their applications, and what the applications say of it, document by document (I11)."""

    said: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    taken: dict[str, list[int]] = attrs.field(factory=lambda: defaultdict(lambda: [0, 0]))

    def take(self, d: Document) -> None:
        """One more document."""
        if d.application is not None:
            self.taken[d.application][0] += d.taken
            self.taken[d.application][1] += d.cleared
        elif d.kind is not Kind.CLAIM and (d.claimed or d.cleared):
            self.said[d.id] = (d.claimed, d.cleared)

    @property
    def broken(self) -> list[str]:
        """The applications whose claims ask for something else than they say."""
        ids = sorted({*self.said, *self.taken})
        return [id for id in ids if self.said.get(id, (0, 0)) != tuple(self.taken.get(id, (0, 0)))]
