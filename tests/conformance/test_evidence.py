"""Evidence in memory, in a folder, and the kit's own keeps every law of the port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from expense_adapters.files import FolderEvidence
from expense_adapters.local import MemoryEvidence
from expense_policy.ports.evidence import Evidence
from expense_policy.testing.company import Papers
from expense_policy.testing.contract import EvidenceContract


class TestMemoryEvidence(EvidenceContract):
    """Evidence in memory."""

    @pytest.fixture
    def evidence(self) -> MemoryEvidence:
        """An empty one."""
        return MemoryEvidence()


class TestPapers(EvidenceContract):
    """The evidence of the kit's own company."""

    @pytest.fixture
    def evidence(self) -> Papers:
        """An empty one."""
        return Papers()


class TestFolderEvidence(EvidenceContract):
    """Evidence in a folder, which anybody may reach who reaches the folder."""

    durable = True
    back_door = True

    @pytest.fixture
    def evidence(self, tmp_path: Path) -> FolderEvidence:
        """An empty folder, beside a file that is none of its own."""
        (tmp_path / "x").write_bytes(b"not evidence")
        return FolderEvidence(tmp_path / "evidence")

    def reopen(self, evidence: Evidence) -> FolderEvidence:
        """The same folder."""
        assert isinstance(evidence, FolderEvidence)
        return FolderEvidence(evidence.root)

    def meddle(self, evidence: Evidence, digest: str) -> Iterator[tuple[str, Callable[[], object]]]:
        """What may happen to a file."""
        assert isinstance(evidence, FolderEvidence)
        place = evidence.root / digest[:2] / digest
        data = place.read_bytes()
        yield "another byte", partial(place.write_bytes, data[:-1] + bytes([data[-1] ^ 1]))
        yield "a byte more", partial(place.write_bytes, data + b"\0")
        yield "a part", partial(place.write_bytes, data[:5])
        yield "nothing", partial(place.write_bytes, b"")
        yield "removed", place.unlink
        yield "another's", partial(place.write_bytes, b"not evidence")
