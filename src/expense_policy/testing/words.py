"""Words and amounts drawn: what an id, a label, a text and an amount may be."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

from hypothesis import strategies as st

from ..domain import checks
from ..domain.money import UNITS_MAX

_SEEN = st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp"))
_WRITTEN = st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp"), include_characters="\n\r\t")
_WORDS = ("li.na", "王伟", "marketing", "O'Neil", 'a "b" \\ c', "100%", "Ω-7", "ﾃ", "é")


def _fits(check: Callable[[str, object], None], value: str) -> bool:
    try:
        check("value", value)
    except ValueError:
        return False
    return not checks.blank(value)


# A strategy of text is dear to make, and may be drawn from as often as one likes.
@cache
def ids() -> st.SearchStrategy[str]:
    """What a person, a department, a line or a version may be called: in NFKC form, nothing invisible in it."""
    drawn = st.one_of(st.sampled_from(_WORDS), st.text(_SEEN, min_size=1, max_size=12))
    return drawn.map(lambda text: unicodedata.normalize("NFKC", text).strip()).filter(
        lambda text: _fits(checks.an_ident, text)
    )


@cache
def labels() -> st.SearchStrategy[str]:
    """One line that says something."""
    drawn = st.one_of(st.sampled_from(_WORDS), st.text(_SEEN, min_size=1, max_size=20))
    return drawn.filter(lambda text: _fits(checks.a_label, text))


@cache
def texts() -> st.SearchStrategy[str]:
    """Words of any language that say something, line breaks and tabs among them."""
    drawn = st.one_of(st.sampled_from(_WORDS), st.text(_WRITTEN, min_size=1, max_size=40))
    return drawn.filter(lambda text: _fits(checks.a_text, text))


def _beside(*round_: int) -> tuple[int, ...]:
    return tuple(n + by for n in round_ for by in (-1, 0, 1))


@lru_cache(maxsize=256)
def units(largest: int = UNITS_MAX) -> st.SearchStrategy[int]:
    """Smallest units from 1 to the largest: few, round, a unit beside round, and any."""
    edges = [n for power in range(19) for n in _beside(10**power, 5 * 10**power)]
    near = sorted({n for n in (*edges, largest - 1, largest) if 1 <= n <= largest})
    return st.one_of(st.integers(1, min(300, largest)), st.sampled_from(near), st.integers(1, largest))
