"""Records to plain data and back, strictly: no coercion, no unknown field (cattrs).

The law: `canonical(load(dump(x))) == canonical(x)` for everything that is stored.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time
from functools import lru_cache, reduce
from operator import or_
from typing import Any, TypeVar, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.strategies import configure_tagged_union

from .domain.allocation import Method
from .domain.allocation_rule import AllocationBasis
from .domain.application import Application, Share
from .domain.approval import Outcome
from .domain.budget import PlanLine
from .domain.cards import Card, Paper
from .domain.categories import REGISTER, CompanyPlan, Plan, plan_of
from .domain.categories.company import Value
from .domain.categories.sms import Sms
from .domain.documents import Content
from .domain.estimates import Basis
from .domain.money import Money
from .domain.organisation import Delegation
from .domain.periods import instant_of, instant_text
from .domain.posting import Source
from .domain.rectification import Turn
from .domain.vocabulary import Status
from .domain.voucher import VoucherKind
from .domain.year_end import Carry
from .ports.kept import CARDS, PAPERS, Fact

T = TypeVar("T")


def _exact(kind: type) -> Any:
    def structure(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"expected {kind.__name__}, not {type(value).__name__}")
        return value

    return structure


def _money(value: Any, _: Any) -> Money:
    if type(value) is not list or len(value) != 2:
        raise ValueError("money is [units, currency]")
    return Money(value[0], value[1])


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _tuples(converter: Converter, kind: Any) -> Any:
    inner = get_args(kind)

    def structure(value: Any, _: Any) -> Any:
        if type(value) is not list:
            raise ValueError(f"expected a list, not {type(value).__name__}")
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(converter.structure(item, inner[0]) for item in value)
        if len(value) != len(inner):
            raise ValueError(f"expected {len(inner)} items, not {len(value)}")
        return tuple(converter.structure(item, each) for item, each in zip(value, inner, strict=True))

    return structure


def _told(value: Value) -> Any:
    """A field's value so that its kind is told: text, a number, [units, currency], or {"date": ...}."""
    if isinstance(value, Money):
        return [value.units, value.currency]
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _value(value: Any, _: Any) -> Value:
    if type(value) is dict and list(value) == ["date"]:
        return date.fromisoformat(_exact(str)(value["date"], str))
    if type(value) is list:
        return _money(value, Money)
    if type(value) is str or type(value) is int:
        return value
    raise ValueError(f"{type(value).__name__} is no value of a field")


def _by_kind(made: Converter, base: type, kinds: tuple[type, ...]) -> None:
    known: dict[str, Any] = {vars(kind)["kind"]: kind for kind in kinds}

    def structure(value: Any, _: Any) -> Any:
        fields = dict(value)
        return made.structure(fields, known[fields.pop("kind")])

    made.register_structure_hook_func(lambda kind: kind is base, structure)
    made.register_unstructure_hook_func(lambda kind: kind is base, made.unstructure)
    # It says its kind wherever it stands, among other facts too.
    plain: dict[type, Any] = {kind: make_dict_unstructure_fn(kind, made) for kind in kinds}
    for kind in kinds:
        made.register_unstructure_hook(kind, lambda value: {"kind": value.kind, **plain[type(value)](value)})


def _fact(made: Converter) -> None:
    """A fact is told by its fields, but a paper by its kind: what it has besides is its own."""
    others: Any = reduce(or_, [kind for kind in get_args(Fact) if kind is not Paper])
    made.register_structure_hook_func(
        lambda kind: kind == Fact, lambda value, _: made.structure(value, Paper if "kind" in value else others)
    )


@lru_cache(maxsize=1)
def converter() -> Converter:
    """The one converter, built when it is first needed."""
    made = Converter(forbid_extra_keys=True, prefer_attrib_converters=False)
    for kind in (str, int, bool):
        made.register_structure_hook(kind, _exact(kind))
    # A StrEnum is a str to the dispatch: each is named, lest its value stay a bare str.
    for enum in (Status, Outcome, Source, Turn, VoucherKind, Method, AllocationBasis, Carry):
        made.register_structure_hook(enum, lambda value, kind: kind(_exact(str)(value, str)))
    made.register_structure_hook(Money, _money)
    made.register_unstructure_hook(Money, lambda value: [value.units, value.currency])
    made.register_structure_hook(date, lambda value, _: date.fromisoformat(_exact(str)(value, str)))
    made.register_unstructure_hook(date, lambda value: value.isoformat())
    made.register_structure_hook(time, lambda value, _: time.fromisoformat(_exact(str)(value, str)))
    made.register_unstructure_hook(time, lambda value: value.isoformat())
    made.register_structure_hook(datetime, lambda value, _: instant_of(_exact(str)(value, str)))
    made.register_unstructure_hook(datetime, instant_text)
    made.register_structure_hook_factory(lambda kind: _is_tuple(kind), lambda kind: _tuples(made, kind))
    made.register_unstructure_hook_func(
        lambda kind: _is_tuple(kind), lambda value: [made.unstructure(item) for item in value]
    )
    made.register_unstructure_hook(tuple, lambda value: [made.unstructure(item) for item in value])
    plans = {kind.plan: name for name, kind in REGISTER.items()}
    made.register_unstructure_hook_func(
        lambda kind: kind is Plan, lambda value: {"type": plans.get(type(value)), **made.unstructure(value)}
    )

    def plan(value: Any, _: Any) -> Any:
        fields = dict(value)
        wanted = plan_of(fields["type"])
        if wanted is not CompanyPlan:
            # A company's own plan says itself of which type it is.
            del fields["type"]
        return made.structure(fields, wanted)

    made.register_structure_hook_func(lambda kind: kind is Plan, plan)
    made.register_structure_hook_func(lambda kind: kind == Value, _value)
    told = override(unstruct_hook=lambda pairs: [[name, _told(value)] for name, value in pairs])
    made.register_unstructure_hook(CompanyPlan, make_dict_unstructure_fn(CompanyPlan, made, fields=told))
    configure_tagged_union(Basis, made, tag_name="basis")
    for later in (Application, Delegation, Share, PlanLine, Sms):
        # A field that came later is left out while it holds its default, so that what was kept before reads the same.
        omit = {f.name: override(omit_if_default=True) for f in attrs.fields(later) if "since" in f.metadata}
        hook = make_dict_unstructure_fn(later, made, **omit)  # type: ignore[arg-type]  # fields, and none of its options
        made.register_unstructure_hook(later, hook)
    configure_tagged_union(Content, made, tag_name="kind")
    # The declared type is the base: what stands there is one of the kinds.
    for base, kinds in ((Card, CARDS), (Paper, PAPERS)):
        _by_kind(made, base, kinds)
    _fact(made)
    return made


def dump(value: object, kind: Any = None) -> str:
    """A value as JSON text; `kind` where its declared type is wider than its class."""
    plain = converter().unstructure(value, unstructure_as=kind)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def load(text: str, kind: type[T]) -> T:
    """The value of `dump`; ValueError where a field is missing, unknown or of another type."""
    try:
        return converter().structure(json.loads(text), kind)
    except Exception as error:
        raise ValueError(f"stored {getattr(kind, '__name__', kind)} can't be read: {error!r}") from error
