"""A refusal is a value: code, clause, facts, remedy. It is never a bug, and a bug never a refusal."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import attrs

from .money import Money
from .vocabulary import term

Fact = str | int | Money


class ExpensePolicyError(Exception):
    """Everything this library raises on purpose, but for a caller's TypeError or ValueError."""


class Code(StrEnum):
    """Every refusal there is; a code is never renamed or reused."""

    ACCOUNT_UNCONFIRMED = "account_unconfirmed"
    ACTOR_NOT_APPLICANT = "actor_not_applicant"
    ADOPTED_LATE = "adopted_late"
    ADOPTED_TWICE = "adopted_twice"
    APPROVAL_EXPIRED = "approval_expired"
    BUDGET_EXCEEDED = "budget_exceeded"
    DEPARTMENT_OUT_OF_SCOPE = "department_out_of_scope"
    EVIDENCE_MISSING = "evidence_missing"
    EVIDENCE_UNKNOWN = "evidence_unknown"
    FINDING_MISSING = "finding_missing"
    FINDING_NEGATIVE = "finding_negative"
    FORM_INCOMPLETE = "form_incomplete"
    LINE_MISMATCH = "line_mismatch"
    LINE_NOT_IN_FORCE = "line_not_in_force"
    NOTHING_TO_CLOSE = "nothing_to_close"
    OFFICE_NOT_HELD = "office_not_held"
    OPINION_MISSING = "opinion_missing"
    PARTLY_PAID = "partly_paid"
    PAYER_NOT_SEPARATE = "payer_not_separate"
    PAYMENT_DIFFERS = "payment_differs"
    PAYMENT_EXCEEDS_APPROVAL = "payment_exceeds_approval"
    PAYMENT_EXCEEDS_USE = "payment_exceeds_use"
    PLAN_EXISTS = "plan_exists"
    PLAN_TOTAL_DIFFERS = "plan_total_differs"
    POLICY_NOT_IN_FORCE = "policy_not_in_force"
    POLICY_VERSION_CHANGED = "policy_version_changed"
    REASON_MISSING = "reason_missing"
    REVERSAL_EXCEEDS_PAYMENT = "reversal_exceeds_payment"
    SIGNER_BARRED = "signer_barred"
    STANDARD_BROKEN = "standard_broken"
    STATEMENT_STALE = "statement_stale"
    STATUS_WRONG = "status_wrong"
    STEP_UNFILLED = "step_unfilled"
    TYPE_NOT_ON_LINE = "type_not_on_line"
    USE_EXCEEDS_APPROVAL = "use_exceeds_approval"
    USE_MISSING = "use_missing"
    USE_NOT_OPEN = "use_not_open"
    SIGN_OFF_INCOMPLETE = "sign_off_incomplete"


class Text(NamedTuple):
    """The words of a code: its clause, then text and remedy in English and Chinese."""

    clause: str
    en: str
    zh: str
    remedy_en: str
    remedy_zh: str


@attrs.frozen
class Refusal:
    """Why an act was refused.

    `facts` are the figures and names in the text, by name; `clause` is the clause it rests on, which
    a standard's own clause overrides.
    """

    code: Code
    facts: tuple[tuple[str, Fact], ...] = ()
    clause: str = attrs.field(default=attrs.Factory(lambda self: _text(self.code).clause, takes_self=True))

    def text(self, lang: str = "en") -> str:
        """The refusal in one sentence with its figures, in "en" or "zh"."""
        words = _text(self.code)
        return _fill(words.zh if lang == "zh" else words.en, self.facts, lang)

    def remedy(self, lang: str = "en") -> str:
        """What would unblock it, in "en" or "zh"."""
        words = _text(self.code)
        return _fill(words.remedy_zh if lang == "zh" else words.remedy_en, self.facts, lang)

    def __str__(self) -> str:
        return f"{self.clause} {self.code}: {self.text()} {self.remedy()}"


class Refused(ExpensePolicyError):
    """An act was refused, for all the reasons in `refusals`; nothing was done."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals: tuple[Refusal, ...] = tuple(refusals)
        super().__init__("\n".join(map(str, self.refusals)))


def refusal(code: Code, *, clause: str | None = None, **facts: Fact) -> Refusal:
    """A refusal with its facts; `clause` only where the code serves several."""
    ordered = tuple(sorted(facts.items()))
    return Refusal(code, ordered) if clause is None else Refusal(code, ordered, clause)


def _fill(template: str, facts: tuple[tuple[str, Fact], ...], lang: str) -> str:
    shown = {name: _show(value, lang) for name, value in facts}
    return template.format_map(shown)


def _show(value: Fact, lang: str) -> str:
    if isinstance(value, Money):
        return f"{value} {value.currency}"
    return term(value, lang) if isinstance(value, str) else str(value)


def _text(code: Code) -> Text:
    # The words are only needed once something was refused.
    from .refusal_texts import TEXTS

    return TEXTS[code]
