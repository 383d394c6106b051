"""The lines that signatures, payments and the journal are hashed as."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expense_policy.domain.content import fields, line, line_digest

ROWS = st.lists(st.text(st.sampled_from("a\t\n\\tn=0") | st.characters(codec="utf-8")), min_size=1).map(tuple)


@pytest.mark.clause("G3.4")
@given(ROWS)
def test_a_line_is_read_back(row: tuple[str, ...]) -> None:
    """A row is read back from its line, so that two rows never share one (I32); a line holds no newline."""
    assert fields(line(row)) == row
    assert "\n" not in line(row)


def test_golden_lines() -> None:
    """The form of format version 1 never changes (I32)."""
    assert line(("use", "", "ü😀", "a\tb", "c\\d", "e\nf")) == "use\t\tü😀\ta\\tb\tc\\\\d\te\\nf"
    assert line_digest(("a", "1")) == "3db57393fc6220a0a72df6f0a1cc6334f89dba77b18362119ff15ce4568b5762"
