"""One spelling for all the spellings of a name or an account (A3.6, A4.2): for comparing, never for showing."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Letters of Cyrillic and Greek that look like Latin ones (Unicode TS 39, confusables.txt), after case folding.
_LOOK_ALIKES = str.maketrans("авекмнорстухіјѕһԁԛԝӏαβεζηικμνορτυχ", "abekmhopctyxijshdqwlabezhikmnoptux")
# What is written for a digit: characters that look like it (from the same list, after case folding).
_DIGITS = {
    ord(char): digit
    for digit, chars in {
        "0": "oᴏᴑσⲟჿօഠଠဝⵔዐꓳ〇סهہە",
        "1": "il|∣│ǀıɩɪꙇᎥⲓⵏᛁꓲוןاߊ",
        "2": "ƨϩꙅꝛᒿ",
        "3": "зӡɜʒȝꝫⳍ",
        "4": "Ꮞ",
        "5": "ƽ",
        "6": "бᏮⳓ",
        "8": "ȣ",
        "9": "ꝯⳋ",
    }.items()
    for char in chars
}


def _plain(written: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold())


def _said(char: str) -> bool:
    # A mark that is only put above, below or through a character, and made no letter with it, spells nothing.
    beside = unicodedata.combining(char)
    return unicodedata.category(char)[0] in "LMN" and beside != 1 and beside < 200


@lru_cache(maxsize=4096)
def fold(written: str) -> str:
    """Width, case, accents' order, spaces, punctuation and look-alike letters folded.

    What holds neither letter nor digit is only put into one form, so that no two such names become the empty one.
    """
    plain = _plain(written)
    # A letter and its accent are folded apart, so that a look-alike with an accent is one too.
    parts = unicodedata.normalize("NFC", unicodedata.normalize("NFD", plain).translate(_LOOK_ALIKES))
    return "".join(char for char in parts if _said(char)) or plain


@lru_cache(maxsize=4096)
def fold_number(written: str) -> str:
    """A number of a paper as its digits and letters alone: no accents, and a digit for whatever looks like one."""
    plain = _plain(written)
    parts = unicodedata.normalize("NFD", plain).translate(_LOOK_ALIKES).translate(_DIGITS)
    # A modifier letter (Lm) fills, as a tatweel does.
    kept = [char for char in parts if unicodedata.category(char)[0] in "LN" and unicodedata.category(char) != "Lm"]
    return "".join(char if char.isascii() else str(unicodedata.decimal(char, char)) for char in kept) or plain
