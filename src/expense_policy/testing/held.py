"""What all contracts of the kit have in common: laws that stay laws, powers that are declared, nothing left silent."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest


class Held:
    """Laws, one test each, the docstring being the law. `contract=True` marks the class that gathers them.

    A class below a contract is collected whatever its name is. It overrides no law, says True or False of each power,
    and is made by pytest without an argument; anything else is a TypeError when the class is made.
    """

    POWERS: ClassVar[tuple[str, ...]] = ()
    """What it may declare that it can do; the laws of a power that it does not declare are skipped by name."""

    __test__: ClassVar[bool] = False
    _contract: ClassVar[type[Held] | None] = None

    def __init_subclass__(cls, *, contract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if contract:
            cls._contract = cls
            cls.__test__ = False
        elif cls._contract is not None:
            _check(cls, cls._contract)
            cls.__test__ = cls.__dict__.get("__test__", True)

    def needs(self, power: str) -> None:
        """Skips a law of a power that is not declared."""
        if not getattr(self, power):
            pytest.skip(f"{type(self).__name__} does not declare itself {power}")


def _check(cls: type[Held], contract: type[Held]) -> None:
    for name in laws(contract):
        if getattr(cls, name, None) is not getattr(contract, name):
            raise TypeError(f"{cls.__name__} overrides the law {name}")
    for power in cls.POWERS:
        if type(getattr(cls, power)) is not bool:
            raise TypeError(f"{cls.__name__}.{power} is True or False")
    for name in ("__init__", "__new__"):
        if getattr(cls, name) is not getattr(object, name):
            raise TypeError(f"{cls.__name__} has an {name}: pytest would pass it over")


def laws(contract: type[Held]) -> tuple[str, ...]:
    """The names of a contract's laws, in order."""
    return tuple(sorted(name for name in dir(contract) if name.startswith("test_")))


def missing(fixture: str, what: str) -> NotImplementedError:
    """What a contract says whose subclass gives it nothing to hold."""
    return NotImplementedError(f"a contract has {what} to hold: define the fixture `{fixture}`")
