"""The proof that ships: the contract of a store, a company to play in, an oracle and a state machine.

Needs the extra `testing` (pytest, hypothesis). Nothing that runs in production imports it.
"""

import pytest

# A law that does not hold says how: its assertions are rewritten as those of a test file are.
pytest.register_assert_rewrite(f"{__name__}.store_laws", f"{__name__}.port_laws")
