"""The contract of a store: subclass it, give it a store, and a green run says that every law is kept.

class TestMine(RepositoryContract):
    @pytest.fixture
    def repository(self):
        return MyRepository()
"""

from __future__ import annotations

from typing import Any

from .store_laws.asked import Asked
from .store_laws.kept import Kept
from .store_laws.refused import Refused
from .store_laws.sent import Sent
from .store_laws.surviving import Surviving
from .store_laws.together import Together
from .store_laws.whole import Whole


class RepositoryContract(Kept, Refused, Whole, Asked, Sent, Together, Surviving):
    """One test a law of `ports.repository`, the docstring being the law.

    The subclass, whose name pytest has to collect, defines the fixture `repository`: an empty store for each test.
    It declares what the store can do in `durable` (then it defines `reopen`), `concurrent` and `back_door` (then
    `meddle`); the laws of a power that is not declared are skipped by name. A law can't be overridden.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in laws():
            if getattr(cls, name, None) is not getattr(RepositoryContract, name):
                raise TypeError(f"{cls.__name__} overrides the law {name}")
        for power in ("durable", "concurrent", "back_door"):
            if type(getattr(cls, power)) is not bool:
                raise TypeError(f"{cls.__name__}.{power} is True or False")
        if "__init__" in cls.__dict__:
            raise TypeError(f"{cls.__name__} has an __init__: pytest would pass it over")


def laws() -> tuple[str, ...]:
    """The names of the laws, in order."""
    return tuple(sorted(name for name in dir(RepositoryContract) if name.startswith("test_")))
