"""A refusal speaks two languages, in the reader's own time."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from expense_policy.domain.refusals import Code, refusal

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_list_is_parted_as_its_language_does() -> None:
    """A list is joined by commas in English and by 、 in Chinese; a name that holds a comma is no list."""
    lacking = refusal(Code.FORM_INCOMPLETE, fields="purpose, business_goal")
    assert lacking.text("en") == "The form lacks purpose, business goal."
    assert lacking.text("zh") == "申请表缺少：用途、业务目标。"
    payee = refusal(Code.ACCOUNT_UNCONFIRMED, payee="Payment, line & Co")
    assert "Payment, line & Co" in payee.text("zh")
    assert "cash" in refusal(Code.ACCOUNT_UNCONFIRMED, payee="cash").text("zh")


@pytest.mark.clause("X3")
@pytest.mark.parametrize("kept", ["2026-07-04T16:30:00+00:00", "2026-07-04T16:30:00.123456Z"])
def test_an_instant_is_told_in_the_readers_zone(kept: str) -> None:
    """An instant is shown in the zone that is asked for, and as it is kept where none is."""
    expired = refusal(Code.APPROVAL_EXPIRED, expires=kept)
    assert expired.text("en", SHANGHAI) == "The approval expired on 2026-07-05 00:30:00+08:00."
    assert kept in expired.text("en")
