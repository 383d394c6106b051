"""The proof that ships: the contracts of the ports, a company to play in, strategies, an oracle and a state machine.

Needs the extra `testing` (pytest, hypothesis). Nothing that runs in production imports it.
"""

from typing import TYPE_CHECKING

import pytest

# A law that does not hold says how: its assertions are rewritten as those of a test file are.
pytest.register_assert_rewrite(f"{__name__}.store_laws", f"{__name__}.port_laws")

if TYPE_CHECKING:
    from .proving import Proof as Proof
    from .proving import prove_repository as prove_repository

__all__ = ["Proof", "prove_repository"]


def __getattr__(name: str) -> object:
    # The machine is loaded where it is asked for: a company alone is played in without it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import proving

    return getattr(proving, name)
