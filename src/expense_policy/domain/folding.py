"""One spelling for all the spellings of a name or an account (A3.6, A4.2): for comparing, never for showing."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Letters of Cyrillic and Greek that look like Latin ones (Unicode TS 39, confusables.txt), after case folding.
_LOOK_ALIKES = str.maketrans("авекмнорстухіјѕһԁԛԝӏαβεζηικμνορτυχ", "abekmhopctyxijshdqwlabezhikmnoptux")


@lru_cache(maxsize=4096)
def fold(written: str) -> str:
    """Width, case, accents' order, spaces, punctuation and look-alike letters folded.

    What holds neither letter nor digit is only put into one form, so that no two such names become the empty one.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold())
    # A letter and its accent are folded apart, so that a look-alike with an accent is one too.
    parts = unicodedata.normalize("NFD", plain).translate(_LOOK_ALIKES)
    kept = "".join(char for char in parts if unicodedata.category(char)[0] in "LMN")
    return unicodedata.normalize("NFC", kept) or plain
