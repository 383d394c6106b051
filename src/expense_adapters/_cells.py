"""Cells of a CSV file as the fields of a class: each field's kind says how its text is read. No error quotes a cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from types import NoneType
from typing import Any, get_args, get_type_hints

import attrs

from expense_adapters._tables import day_of
from expense_policy.domain import checks
from expense_policy.domain.company_types import CompanyField
from expense_policy.domain.money import Money
from expense_policy.domain.periods import Calendar

_WHOLE = re.compile("-?[0-9]{1,18}")
_TIME = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_WORDS = {"yes": True, "true": True, "1": True, "是": True, "no": False, "false": False, "0": False, "否": False}
_PARTS = {"Y": "year", "m": "month", "d": "day", "H": "hour", "M": "minute", "S": "second"}
_DATES = ("year", "month", "day")


@attrs.frozen
class Kind:
    """How one field is read: `parse` makes a value of its cell, `check` holds that to what the class asks of it.

    `wrong_format` says what is wrong with the format that was given for it.
    """

    field: attrs.Attribute[Any]
    type: object
    parse: Callable[[str], Any]
    wrong_format: str = ""

    @property
    def optional(self) -> bool:
        """Whether the class has a default for it."""
        return self.field.default is not attrs.NOTHING

    def check(self, value: Any) -> Any:
        """The value as the class takes it; TypeError or ValueError where it does not."""
        convert: Any = self.field.converter
        if convert is not None:
            value = convert(value)
        if self.field.validator is not None:
            self.field.validator(None, self.field, value)
        return value

    def constant(self, value: Any) -> Any:
        """A value of a TOML file: of the field's own kind, or text as it stands in a cell."""
        if type(value) is str:
            value = self.parse(value)
        elif type(value) is datetime and self.type is datetime:
            value = self.parse(value.isoformat())
        elif type(value) is not self.type or self.type not in (int, bool, date):
            raise TypeError(f"{self.field.name} must be {_SAID.get(self.type, 'text')}")
        return self.check(value)


_SAID: dict[object, str] = {
    int: "a whole number",
    bool: "true or false",
    date: "a date",
    datetime: "a time",
    Money: "an amount, as text",
}


def kinds_of(
    cls: type, formats: Mapping[str, Any], calendar: Calendar, currency: str, without: Collection[str] = ()
) -> dict[str, Kind]:
    """A kind for each field of a flat class but these; TypeError where one of them holds more than a cell does."""
    hints, found = get_type_hints(cls), {}
    for field in attrs.fields(cls):
        if field.name in without:
            continue
        (hint, *others) = [each for each in get_args(hints[field.name]) or (hints[field.name],) if each is not NoneType]
        made = _PARSERS.get(hint)
        if hint is str and Ellipsis in others:
            hint, made = tuple, _idents
        elif made is None or others:
            raise TypeError(f"{cls.__name__} holds more than the cells of a row: {field.name}")
        found[field.name] = _kind(field, hint, made(calendar, currency), formats, calendar)
    return found


@attrs.frozen
class _Held:
    """What a field of a company's own type may hold, by its kind."""

    text: str = attrs.field(validator=checks.text)
    word: str = attrs.field(validator=checks.ident)
    choice: str = attrs.field(validator=checks.text)
    whole: int = attrs.field()
    amount: Money = attrs.field()
    date: date = attrs.field()


def company_kinds(
    fields: Iterable[CompanyField], formats: Mapping[str, Any], calendar: Calendar, currency: str
) -> dict[str, Kind]:
    """A kind for each of these fields of a company's own type, under "fields." and its name."""
    hints, found = get_type_hints(_Held, globals(), {"date": date}), {}
    for each in fields:
        hint, name = hints[each.kind], f"fields.{each.name}"
        field = getattr(attrs.fields(_Held), each.kind).evolve(
            name=name, default=attrs.NOTHING if each.required else None
        )
        found[name] = _kind(field, hint, _PARSERS[hint](calendar, currency), formats, calendar)
    return found


def _kind(
    field: attrs.Attribute[Any],
    hint: object,
    parse: Callable[[str], Any],
    formats: Mapping[str, Any],
    calendar: Calendar,
) -> Kind:
    format = formats.get(field.name)
    wrong = "" if format is None else _wrong(format, hint)
    return Kind(field, hint, parse if wrong or format is None else _formatted(format, hint, calendar), wrong)


def _text(calendar: Calendar, currency: str) -> Callable[[str], Any]:
    return str


def _whole(calendar: Calendar, currency: str) -> Callable[[str], Any]:
    def parse(cell: str) -> int:
        if not _WHOLE.fullmatch(cell):
            raise ValueError("must be a whole number of at most 18 digits")
        return int(cell)

    return parse


def _word(calendar: Calendar, currency: str) -> Callable[[str], Any]:
    def parse(cell: str) -> bool:
        found = _WORDS.get(cell.lower())
        if found is None:
            raise ValueError(f"must be one of {', '.join(_WORDS)}")
        return found

    return parse


def _day(calendar: Calendar, currency: str) -> Callable[[str], Any]:
    return lambda cell: day_of("", cell)


def _instant(calendar: Calendar, currency: str) -> Callable[[str], Any]:
    def parse(cell: str) -> datetime:
        if not _TIME.fullmatch(cell):
            raise ValueError("must be a time as 2026-01-05 09:30:00, with an offset where it is not the company's")
        try:
            at = datetime.fromisoformat(cell)
        except ValueError:
            raise ValueError("is no time that there is") from None
        return at if at.tzinfo is not None else _placed(at, calendar)

    return parse


def _money(calendar: Calendar, currency: str) -> Callable[[str], Any]:
    def parse(cell: str) -> Money:
        try:
            return Money.of(cell, currency)
        except ValueError:
            raise ValueError(f"must be an amount in {currency}, as 1234.50") from None

    return parse


def _idents(calendar: Calendar, currency: str) -> Callable[[str], Any]:
    return lambda cell: tuple([each.strip() for each in cell.split(";")])


_PARSERS: dict[object, Callable[[Calendar, str], Callable[[str], Any]]] = {
    str: _text,
    int: _whole,
    bool: _word,
    date: _day,
    datetime: _instant,
    Money: _money,
}


@lru_cache(maxsize=512)
def _offset(day: date, calendar: Calendar) -> timezone | None:
    """The offset of a whole day of the company's; None where it changes."""
    hours = [datetime.combine(day, time()) + timedelta(hours=hour) for hour in range(-1, 26)]
    found = {_aware(at, calendar, fold).utcoffset() for at in hours for fold in (0, 1)}
    return timezone(next(iter(found)) or timedelta()) if len(found) == 1 else None


def _aware(at: datetime, calendar: Calendar, fold: int) -> datetime:
    zone = calendar.local(datetime(2000, 1, 1, tzinfo=timezone.utc)).tzinfo
    return at.replace(tzinfo=zone, fold=fold)


def _placed(at: datetime, calendar: Calendar) -> datetime:
    """A wall-clock time of the company's as an instant; ValueError where it was there twice or never."""
    offset = _offset(at.date(), calendar)
    if offset is not None:
        return at.replace(tzinfo=offset)
    first, second = _aware(at, calendar, 0), _aware(at, calendar, 1)
    if first.utcoffset() != second.utcoffset():
        raise ValueError("was there twice or never on the company's clock: its offset has to be said")
    return first.astimezone(timezone.utc)


def _wrong(format: Any, hint: object) -> str:
    """What is wrong with a format."""
    if hint not in (date, datetime):
        return "only days and times have a format"
    given = re.findall("%(.?)", format) if type(format) is str else ["?"]
    needed = _PARTS if hint is datetime else "Ymd"
    if any(part not in needed for part in given) or len(set(given)) < len(given):
        return f"is made of {' '.join(f'%{part}' for part in needed)}, each once"
    if not set("Ymd" if hint is date else "YmdHM") <= set(given):
        return "leaves out a part of the day or time"
    return ""


def _formatted(format: str, hint: object, calendar: Calendar) -> Callable[[str], Any]:
    """Reads a format: four digits for a year, one or two for all else."""
    pieces = re.split("%(.)", format)
    digits = [re.escape(p) if i % 2 == 0 else f"([0-9]{{{'4' if p == 'Y' else '1,2'}}})" for i, p in enumerate(pieces)]
    names, pattern = [_PARTS[each] for each in pieces[1::2]], re.compile("".join(digits))

    def numbers(cell: str) -> dict[str, int]:
        found = pattern.fullmatch(cell)
        if found is None:
            raise ValueError(f"must be written as {format}")
        return dict(zip(names, map(int, found.groups()), strict=True))

    if hint is date:
        return lambda cell: _made(date, numbers(cell))
    return lambda cell: _placed(_made(datetime, numbers(cell)), calendar)


def _made(kind: Callable[..., Any], numbers: dict[str, int]) -> Any:
    try:
        return kind(**numbers)
    except ValueError:
        raise ValueError("is no day or time that there is") from None
