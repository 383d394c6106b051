"""What a value may be made of: exact types, and text that says what it shows (laws.md 22, 23).

Each function is an attrs validator. A wrong type is a TypeError, a wrong value a ValueError, and both name the field;
a subclass is a wrong type, for it would sign and be stored as something else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

import attrs

TEXT_MAX = 20_000
NAME_MAX = 200
YEAR_MIN, YEAR_MAX = 1800, 3200
"""The years that days and instants of the company lie in."""
_INVISIBLE = ("Cc", "Cs", "Cf", "Zl", "Zp")
# Characters that show nothing though they are letters, marks or signs: Default_Ignorable_Code_Point of the Unicode
# Character Database beyond category Cf, and the blank braille pattern.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
# What is blank holds none of these; most texts do.
_INK = re.compile("[!-~]")

SINCE = {"since": 2}
"""The metadata of a field that came later: it is left out of what is signed while it holds its default (`content`)."""

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def exactly(*kinds: type) -> Validator:
    """One of these classes and no other; None only where it is named."""
    wanted = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if type(value) not in kinds:
            raise TypeError(f"{attribute.name} must be {wanted}, not {type(value).__name__}")

    return check


def many(kind: type) -> Validator:
    """A tuple of instances of exactly one class."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if type(value) is not tuple or any(type(item) is not kind for item in value):
            raise TypeError(f"{attribute.name} must be a tuple of {kind.__name__}")

    return check


def some(kind: type, once: str | None = None) -> Validator:
    """A tuple of at least one instance of exactly one class, no two of one name in the field `once`."""
    all_of = many(kind)

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        all_of(instance, attribute, value)
        if not value:
            raise ValueError(f"{attribute.name} must hold at least one {kind.__name__}")
        if once is not None and len({getattr(item, once) for item in value}) < len(value):
            raise ValueError(f"{attribute.name} must name each {once} once")

    return check


def optional(validator: Validator) -> Validator:
    """None, or what the validator takes."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if value is not None:
            validator(instance, attribute, value)

    return check


def text(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Words of any language, line breaks and tabs; no other control character, no lone surrogate."""
    a_text(attribute.name, value)


def a_text(name: str, value: object) -> None:
    """`text` for an argument that is no field."""
    _fits(name, value, TEXT_MAX, ("Cc", "Cs"), "\n\r\t")


def label(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """One line that shows all it holds: no control, no invisible and no direction character (Cf)."""
    # Most are short and ASCII, and told without a call.
    if type(value) is not str or len(value) > NAME_MAX or not (value.isascii() and value.isprintable()):
        a_label(attribute.name, value)


def a_label(name: str, value: object) -> None:
    """`label` for an argument that is no field."""
    _fits(name, value, NAME_MAX, _INVISIBLE, "")


def ident(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """An id: see `an_ident`."""
    plain = type(value) is str and 0 < len(value) <= NAME_MAX and value.isascii() and value.isprintable()
    if plain and " " not in str(value):
        return
    an_ident(attribute.name, value)


def an_ident(name: str, value: object) -> None:
    """An id of a person, customer, line, project: a label in NFKC form, not empty, without spaces at its ends.

    So two ids that look alike in width or spacing are one id, or none.
    """
    a_label(name, value)
    text = str(value)
    # ASCII is in NFKC form as it stands.
    if not text or text != text.strip() or not (text.isascii() or unicodedata.is_normalized("NFKC", text)):
        raise ValueError(f"{name} must be an id: not empty, no spaces at its ends, in NFKC form")


def idents(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A tuple of at least one id."""
    if type(value) is not tuple:
        raise TypeError(f"{attribute.name} must be a tuple of ids, not {type(value).__name__}")
    if not value:
        raise ValueError(f"{attribute.name} must name at least one id")
    for each in value:
        an_ident(attribute.name, each)


def _fits(name: str, value: object, longest: int, forbidden: tuple[str, ...], allowed: str) -> None:
    if type(value) is not str:
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    if len(value) > longest:
        raise ValueError(f"{name} is longer than {longest} characters")
    if value.isascii() and value.isprintable():
        return
    for char in value:
        hidden = forbidden is _INVISIBLE and _UNSEEN.match(char) is not None
        if hidden or (char not in allowed and unicodedata.category(char) in forbidden):
            raise ValueError(f"{name} holds U+{ord(char):04X}, which is not allowed there")


def blank(value: str) -> bool:
    """Whether nothing of it would be seen."""
    if _INK.search(value):
        return False
    seen = value if value.isascii() else _UNSEEN.sub("", value)
    return all(unicodedata.category(char)[0] in "ZC" for char in seen)


def whole(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A whole number above 0 (a bool is none)."""
    if type(value) is not int:
        raise TypeError(f"{attribute.name} must be int, not {type(value).__name__}")
    if value <= 0:
        raise ValueError(f"{attribute.name} must be a whole number above 0")


def day(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A date; a datetime is none."""
    if type(value) is not date:
        raise TypeError(f"{attribute.name} must be a date, not {type(value).__name__}")
    if not YEAR_MIN <= value.year <= YEAR_MAX:
        raise ValueError(f"{attribute.name} must be within {YEAR_MIN} to {YEAR_MAX}")


def year(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A year that every calendar here can count in."""
    a_year(attribute.name, value)


def a_year(name: str, value: object) -> None:
    """`year` for an argument that is no field."""
    if type(value) is not int:
        raise TypeError(f"{name} must be int, not {type(value).__name__}")
    if not YEAR_MIN <= value <= YEAR_MAX:
        raise ValueError(f"{name} must be within {YEAR_MIN} to {YEAR_MAX}")
