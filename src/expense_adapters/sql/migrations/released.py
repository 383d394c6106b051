"""What schemas stood in releases: each part's name, with a digest of all that was said of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from expense_adapters.sql.engine import Word
from expense_policy.ports.errors import RepositoryUnavailable

FOLDER = Path(__file__).parent / "released"


def told(words: Iterable[Word]) -> set[Word]:
    """Names with digests."""
    return {(name, sha256(said.encode()).hexdigest()[:16]) for name, said in words}


def released(version: int, engine: str) -> set[Word]:
    """A version as it was released for an engine; RepositoryUnavailable where there was none."""
    path = FOLDER / f"{version}.json"
    found = json.loads(path.read_text(encoding="utf-8")).get(engine) if path.is_file() else None
    if found is None:
        raise RepositoryUnavailable(f"there never was a schema {version} on {engine}", outcome_known=True)
    return {(name, digest) for name, digest in found}
