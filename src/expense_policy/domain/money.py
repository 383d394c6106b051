"""Money is whole numbers of a currency's smallest unit (X3); a float never enters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

import attrs

UNITS_MAX = 2**63 - 1
"""The largest amount that every store keeps exactly."""

# ISO 4217 codes by the digits after their point; funds and metals without one are left out.
_CODES = {
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
        CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ
        GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD
        MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON
        RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS
        UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
    """,
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: places for places, codes in _CODES.items() for code in codes.split()}
_AMOUNT = re.compile(r"(-?)([0-9]{1,16})(?:\.([0-9]{1,4}))?")


def exponent(currency: str) -> int:
    """Digits after the point of an ISO 4217 currency; ValueError for one that is not listed."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise ValueError(f"{currency!r} is not a known ISO 4217 currency code") from None


def _units(instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    # bool is an int to isinstance; only a real int is money.
    if type(value) is not int:
        raise TypeError(f"units must be an int, not {type(value).__name__}")
    if not -UNITS_MAX <= value <= UNITS_MAX:
        raise ValueError("units are beyond 2**63-1")


def _currency(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    exponent(value)


@attrs.frozen(order=False)
class Money:
    """An amount: whole smallest units of one ISO 4217 currency.

    Sums and comparisons of two currencies are a TypeError: there is no rate in this library (X3).
    """

    units: int = attrs.field(validator=_units)
    currency: str = attrs.field(validator=_currency)

    @classmethod
    def of(cls, text: str, currency: str) -> Money:
        """Parses "50000.01". Digits beyond the currency's exponent, signs other than "-", spaces and
        separators are a ValueError; anything that is not a str a TypeError."""
        if type(text) is not str:
            raise TypeError(f"an amount is written as a str, not {type(text).__name__}")
        places = exponent(currency)
        found = _AMOUNT.fullmatch(text) if len(text) <= 24 else None
        if found is None or len(found[3] or "") > places:
            raise ValueError(f"{text[:24]!r} is not an amount in {currency} with at most {places} decimals")
        units = int(found[2]) * 10**places + int((found[3] or "").ljust(places, "0") or "0")
        return cls(-units if found[1] else units, currency)

    def _same(self, other: Money) -> None:
        if type(other) is not Money:
            raise TypeError(f"money is compared and added with money, not {type(other).__name__}")
        if other.currency != self.currency:
            raise TypeError(f"{self.currency} and {other.currency} do not mix")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.units + other.units, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.units - other.units, self.currency)

    def __mul__(self, count: int) -> Money:
        if type(count) is not int:
            raise TypeError(f"money is multiplied by an int, not {type(count).__name__}")
        return Money(self.units * count, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.units < other.units

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.units <= other.units

    def __str__(self) -> str:
        """The amount alone, as `of` reads it: "50000.01"."""
        return decimal(self.units, self.currency)


def decimal(units: int, currency: str) -> str:
    """Units of a currency as a decimal; also a sum that is beyond what one amount may be."""
    places = exponent(currency)
    whole, part = divmod(abs(units), 10**places)
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"


def above_0(instance: object, attribute: attrs.Attribute[Money], value: object) -> None:
    """An amount above 0, as an attrs validator."""
    if type(value) is not Money:
        raise TypeError(f"{attribute.name} must be Money, not {type(value).__name__}")
    if value.units <= 0:
        raise ValueError(f"{attribute.name} must be above 0")


def not_below_0(instance: object, attribute: attrs.Attribute[Money], value: object) -> None:
    """An amount that is 0 or above it, as an attrs validator."""
    if type(value) is not Money:
        raise TypeError(f"{attribute.name} must be Money, not {type(value).__name__}")
    if value.units < 0:
        raise ValueError(f"{attribute.name} must not be below 0")


def split(units: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Splits whole units by weights: largest remainder, ties to the first share (R1.2).

    The parts add up to `units` exactly; a zero weight gets nothing; a negative amount mirrors the
    positive one. ValueError with a negative weight, and without a positive one where there is anything to split.
    """
    # Most costs stand on one line.
    if len(weights) == 1 and weights[0] > 0:
        return (units,)
    total = sum(weights)
    if min(weights, default=-1) < 0 or (units and not total):
        raise ValueError("weights must be whole numbers >= 0 with a positive sum")
    if not units:
        return (0,) * len(weights)
    amount = abs(units)
    parts = [amount * weight // total for weight in weights]
    left = amount - sum(parts)
    if left:
        rests = [amount * weight % total for weight in weights]
        order = sorted(range(len(rests)), key=rests.__getitem__, reverse=True)
        for i in order[:left]:
            parts[i] += 1
    return tuple([-part for part in parts]) if units < 0 else tuple(parts)


def apportioned(units: int, exact: Sequence[Fraction]) -> tuple[int, ...]:
    """Whole units in place of exact shares that add up to `units`: largest remainder, ties to the first (R1.2).

    Each share is rounded toward 0, and what is left goes, a unit each, to those that lost most by it; so each part is
    less than a unit from its share, and shares below 0 mirror those above.
    """
    if sum(exact) != units:
        raise ValueError("the shares add up to the whole")
    parts = [int(share) for share in exact]
    left = units - sum(parts)
    one = 1 if left > 0 else -1
    rests = [one * (share - part) for share, part in zip(exact, parts, strict=True)]
    for i in sorted(range(len(rests)), key=rests.__getitem__, reverse=True)[: abs(left)]:
        parts[i] += one
    return tuple(parts)


def rounded(exact: Fraction) -> int:
    """An exact number of units as a whole one: the nearest, a half away from 0 (B1.3: of estimates alone)."""
    whole, rest = divmod(abs(exact.numerator), exact.denominator)
    found = whole + (2 * rest >= exact.denominator)
    return -found if exact < 0 else found
