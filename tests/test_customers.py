"""Customers as values: who is existing, who opted out, whose birthday it is; and what is shown of them."""

from __future__ import annotations

from datetime import date, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expense_policy import Customer, OptOut
from expense_policy.domain.masking import masked

TODAY = date(2026, 7, 10)
MEI = Customer("C0012345", date(2020, 1, 1), None, "gold", date(1992, 2, 29))
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))
OPT_OUTS = st.builds(OptOut, st.sampled_from(("phone", "email", "sms", "*")), DAYS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("C0012345", "C***45"), ("123456", "1***56"), ("12345", "***"), ("", "***"), ("客户一二三四", "客***三四")],
)
def test_what_is_masked_shows_its_ends(text: str, shown: str) -> None:
    """Of six characters or more the first and the last two are shown, of fewer nothing."""
    assert masked(text) == shown


@given(st.text(st.characters(exclude_characters="*")))
def test_no_more_than_half_is_shown(text: str) -> None:
    """What is masked shows at most half of the characters, and not how many there are."""
    shown = masked(text)
    assert len(shown.replace("***", "", 1)) * 2 <= len(text)
    assert len(shown) in (3, 6)


def test_a_customer_is_not_written_out() -> None:
    """The repr of a customer has the id masked and no birthday, also within other values."""
    shown = repr((MEI, {"of": MEI}))
    assert "C***45" in shown
    assert MEI.id not in shown
    assert "1992" not in shown
    assert "birthday" not in shown


@pytest.mark.parametrize(
    ("last_order", "today", "months", "existing"),
    [
        (date(2024, 7, 10), TODAY, 24, True),
        (date(2024, 7, 9), TODAY, 24, False),
        (TODAY, TODAY, 24, True),
        (TODAY + timedelta(days=1), TODAY, 24, False),
        (None, TODAY, 24, False),
        # A month without the day begins with its last: six months before 31 August are from 28 February on.
        (date(2026, 2, 28), date(2026, 8, 31), 6, True),
        (date(2026, 2, 27), date(2026, 8, 31), 6, False),
        (date(2024, 2, 28), date(2025, 2, 28), 12, True),
        (date(2024, 2, 27), date(2025, 2, 28), 12, False),
        (date(2023, 2, 28), date(2024, 2, 29), 12, True),
    ],
)
def test_who_ordered_is_existing(last_order: date | None, today: date, months: int, existing: bool) -> None:
    """An existing customer's last order is no earlier than the months before today, and not still to come."""
    assert attrs.evolve(MEI, last_order=last_order).existing(months, today) is existing


@given(st.lists(OPT_OUTS, max_size=5), st.sampled_from(("phone", "email", "sms", "post")), DAYS)
def test_an_opt_out_counts_from_its_day(opt_outs: list[OptOut], channel: str, on: date) -> None:
    """Contact is refused from the first day of an opt-out from its channel or from all of them; not by another's."""
    found = attrs.evolve(MEI, opt_outs=tuple(opt_outs)).opted_out(channel, on)
    his = {o.since for o in opt_outs if o.channel == channel or o.channel == "*"}
    if found is None:
        assert all(day > on for day in his)
    else:
        assert found == min(his) <= on


def test_opt_outs_are_a_set() -> None:
    """Customers with the same opt-outs in another order, or one of them twice, are equal, and hash so."""
    one, other = OptOut("sms", TODAY), OptOut("*", TODAY)
    first, again = (attrs.evolve(MEI, opt_outs=each) for each in ((one, other), (other, one, other)))
    assert first == again
    assert hash(first) == hash(again)
    assert first != attrs.evolve(MEI, opt_outs=(one,))


def test_a_birthday_has_its_month() -> None:
    """A birthday is in one month of the year, 29 February in February; one that is not known is neither in nor out."""
    assert [month for month in range(1, 13) if MEI.born_in(month)] == [2]
    assert attrs.evolve(MEI, birthday=None).born_in(2) is None
