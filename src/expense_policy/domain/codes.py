"""The code of every refusal, and the form of its words."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Code(StrEnum):
    """Every refusal there is; a code is never renamed or reused."""

    ACCOUNT_UNCONFIRMED = "account_unconfirmed"
    ACTOR_NOT_APPLICANT = "actor_not_applicant"
    ADOPTED_ALREADY = "adopted_already"
    ADOPTED_LATE = "adopted_late"
    ADOPTED_TWICE = "adopted_twice"
    APPROVAL_EXPIRED = "approval_expired"
    BENEFIT_MISSING = "benefit_missing"
    BUDGET_EXCEEDED = "budget_exceeded"
    CURRENCY_OR_ZONE_CHANGED = "currency_or_zone_changed"
    DEPARTMENT_OUT_OF_SCOPE = "department_out_of_scope"
    EFFECTIVE_DAY_TAKEN = "effective_day_taken"
    EFFECT_UNFIT = "effect_unfit"
    EVIDENCE_MISSING = "evidence_missing"
    EVIDENCE_UNKNOWN = "evidence_unknown"
    FIELD_UNFIT = "field_unfit"
    FINDING_MISSING = "finding_missing"
    FINDING_NEGATIVE = "finding_negative"
    FORM_INCOMPLETE = "form_incomplete"
    GRANTED_NOT_PAID = "granted_not_paid"
    LINE_EXISTS = "line_exists"
    LINE_MISMATCH = "line_mismatch"
    LINE_NOT_IN_FORCE = "line_not_in_force"
    LINE_NOT_ITEMISED = "line_not_itemised"
    NOT_EXISTING_CUSTOMER = "not_existing_customer"
    NOTHING_TO_CLOSE = "nothing_to_close"
    OFFICE_NOT_HELD = "office_not_held"
    OPINION_MISSING = "opinion_missing"
    ORDER_TAKEN = "order_taken"
    PAID_IN_FULL = "paid_in_full"
    PARTLY_PAID = "partly_paid"
    PAYER_NOT_SEPARATE = "payer_not_separate"
    PAYMENTS_REVERSED = "payments_reversed"
    PAYMENT_DIFFERS = "payment_differs"
    PAYMENT_EXCEEDS_APPROVAL = "payment_exceeds_approval"
    PAYMENT_EXCEEDS_USE = "payment_exceeds_use"
    PLAN_EXISTS = "plan_exists"
    PLAN_TOTAL_DIFFERS = "plan_total_differs"
    POLICY_NOT_IN_FORCE = "policy_not_in_force"
    POLICY_VERSION_CHANGED = "policy_version_changed"
    PROJECT_EXISTS = "project_exists"
    PROJECT_MISMATCH = "project_mismatch"
    PROJECT_OF_LINE = "project_of_line"
    PROJECT_UNKNOWN = "project_unknown"
    READER_NOT_NAMED = "reader_not_named"
    REASON_MISSING = "reason_missing"
    REDUCTION_DIFFERS = "reduction_differs"
    REVERSAL_EXCEEDS_PAYMENT = "reversal_exceeds_payment"
    SIGNER_BARRED = "signer_barred"
    STANDARD_BROKEN = "standard_broken"
    STATEMENT_STALE = "statement_stale"
    STATUS_WRONG = "status_wrong"
    STEP_UNFILLED = "step_unfilled"
    TYPE_UNKNOWN = "type_unknown"
    USE_EXCEEDS_APPROVAL = "use_exceeds_approval"
    USE_EXCEEDS_PAID = "use_exceeds_paid"
    USE_FALLS_SHORT = "use_falls_short"
    USE_MISSING = "use_missing"
    USE_RECORDED = "use_recorded"
    USE_NOT_OPEN = "use_not_open"
    USE_NOT_YET = "use_not_yet"
    USE_UNPLANNED = "use_unplanned"
    SIGN_OFF_INCOMPLETE = "sign_off_incomplete"


class Text(NamedTuple):
    """The words of a code: its clause, then text and remedy in English and Chinese."""

    clause: str
    en: str
    zh: str
    remedy_en: str
    remedy_zh: str
