"""A refusal is a value: code, clause, facts, remedy. It is never a bug, and a bug never a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

import attrs

from .codes import Code as Code
from .codes import Text
from .money import Money
from .vocabulary import term

Fact = str | int | Money
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|\+00:00)")
# Facts that people write as they like: no term stands for them and a comma in them parts nothing.
_AS_WRITTEN = ("payee", "voucher", "buyer", "company")


class ExpensePolicyError(Exception):
    """Everything this library raises on purpose, but for a caller's TypeError or ValueError."""


@attrs.frozen
class Refusal:
    """Why an act was refused.

    `facts` are the figures and names in the text, by name; `clause` is the clause it rests on, which
    a standard's own clause overrides; `words` what the company calls the names that are its own, each with its English
    and its Chinese.
    """

    code: Code
    facts: tuple[tuple[str, Fact], ...] = ()
    clause: str = attrs.field(default=attrs.Factory(lambda self: _text(self.code).clause, takes_self=True))
    words: tuple[tuple[str, str, str], ...] = ()

    def text(self, lang: str = "en", zone: tzinfo | None = None) -> str:
        """The refusal in one sentence with its figures, in "en" or "zh"; instants in the zone, else in UTC."""
        words = _text(self.code)
        return self._fill(words.zh if lang == "zh" else words.en, lang, zone)

    def remedy(self, lang: str = "en", zone: tzinfo | None = None) -> str:
        """What would unblock it, in "en" or "zh"; instants in the zone, else in UTC."""
        words = _text(self.code)
        return self._fill(words.remedy_zh if lang == "zh" else words.remedy_en, lang, zone)

    def worded(self, terms: Mapping[str, tuple[str, str]]) -> Refusal:
        """The same refusal with the company's words for those of its names that are among the terms."""
        names = [name for _, value in self.facts if type(value) is str for name in value.split(", ") if name in terms]
        return attrs.evolve(self, words=tuple([(name, *terms[name]) for name in dict.fromkeys(names)]))

    def _fill(self, template: str, lang: str, zone: tzinfo | None) -> str:
        own = {name: chinese if lang == "zh" else english for name, english, chinese in self.words}
        shown = {n: value if n in _AS_WRITTEN else _show(value, lang, zone, own) for n, value in self.facts}
        return template.format_map(shown)

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


def _show(value: Fact, lang: str, zone: tzinfo | None, own: Mapping[str, str]) -> str:
    if isinstance(value, Money):
        return f"{value} {value.currency}"
    if not isinstance(value, str):
        return str(value)
    if zone is not None and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value).astimezone(zone).isoformat(" ", "seconds")
    return ("、" if lang == "zh" else ", ").join(own.get(word) or term(word, lang) for word in value.split(", "))


def _text(code: Code) -> Text:
    # The words are only needed once something was refused.
    from .refusal_texts import TEXTS

    return TEXTS[code]
