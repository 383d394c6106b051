"""Places of evidence that break one law each: nothing here is collected but by `test_kit_catches`."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from expense_adapters.files import FolderEvidence
from expense_adapters.local import MemoryEvidence
from expense_policy.testing.contract import EvidenceContract

from .broken import holds
from .test_evidence import TestFolderEvidence

K = TypeVar("K", bound=type)


def in_memory(law: str) -> Callable[[K], K]:
    """Holds a broken place in memory to the contract: it is this law that says so."""

    def held(kind: K) -> K:
        holds(kind, EvidenceContract, law, "evidence", lambda _: kind())
        return kind

    return held


def in_a_folder(law: str) -> Callable[[K], K]:
    """Holds a broken folder to the contract of folders: it is this law that says so."""

    def held(kind: K) -> K:
        holds(kind, TestFolderEvidence, law, "evidence", lambda path: kind(path / "evidence"))
        return kind

    return held


@in_memory("test_what_was_put_is_got_back")
class LineEnds(MemoryEvidence):
    """Opens what it keeps as text."""

    def open(self, digest: str) -> BinaryIO:
        """With other line ends."""
        return io.BytesIO(super().open(digest).read().replace(b"\r\n", b"\n"))


@in_memory("test_bytes_are_known_by_their_sha_256")
class AnotherDigest(MemoryEvidence):
    """Knows its own digest best."""

    def put(self, data: bytes) -> str:
        """By BLAKE2."""
        super().put(data)
        found = hashlib.blake2b(data, digest_size=32).hexdigest()
        self._kept[found] = data
        return found


@in_memory("test_what_is_put_again_is_kept_once")
class ANameEachTime(MemoryEvidence):
    """Tells a second one apart from the first."""

    def put(self, data: bytes) -> str:
        """Under another name."""
        found = super().put(data)
        if self.__dict__.setdefault("_seen", set()) & {found}:
            self._kept[f"{found}-2"] = data
            return f"{found}-2"
        self.__dict__["_seen"].add(found)
        return found


@in_memory("test_what_is_not_there_is_not_found")
class NothingForNothing(MemoryEvidence):
    """Finds nothing, and gives it."""

    def open(self, digest: str) -> BinaryIO:
        """No bytes for what is not there."""
        return io.BytesIO(self._kept.get(digest, b""))


@in_a_folder("test_what_is_no_digest_finds_nothing")
class AnyPath(FolderEvidence):
    """Takes what it is asked for as a path."""

    def _place(self, digest: str) -> Path:
        return self.root / digest

    def has(self, digest: str) -> bool:
        """Whether a file is there."""
        return self._place(digest).is_file()


@in_memory("test_what_is_no_digest_finds_nothing")
class AnyCase(MemoryEvidence):
    """Compares as a file system does that knows no case."""

    def has(self, digest: str) -> bool:
        """In any case."""
        return digest.lower() in self._kept


@in_memory("test_each_stream_begins_at_the_beginning")
class OneStream(MemoryEvidence):
    """Gives everybody the same stream."""

    def open(self, digest: str) -> BinaryIO:
        """Where the last reader left it."""
        streams: dict[str, BinaryIO] = self.__dict__.setdefault("_streams", {})
        return streams.setdefault(digest, super().open(digest))


@in_a_folder("test_what_is_written_to_a_stream_changes_nothing")
class OpenForWriting(FolderEvidence):
    """Opens files for reading and more."""

    def open(self, digest: str) -> BinaryIO:
        """To be written to."""
        super().open(digest).close()
        return self._place(digest).open("r+b")


@in_memory("test_a_buffer_that_changes_later_changes_nothing")
class ByReference(MemoryEvidence):
    """Keeps the caller's own buffer."""

    def put(self, data: bytes) -> str:
        """Without a copy."""
        found = super().put(data)
        self._kept[found] = data
        return found


@in_memory("test_text_is_the_callers_mistake")
class TextToo(MemoryEvidence):
    """Takes text for its bytes."""

    def put(self, data: Any) -> str:
        """Encodes it."""
        return super().put(data.encode() if isinstance(data, str) else data)


@in_a_folder("test_threads_put_at_once")
class WrittenInPlace(FolderEvidence):
    """Writes under the name that others look for, and takes what is there for whole."""

    def put(self, data: bytes) -> str:
        """In two halves."""
        found = hashlib.sha256(data).hexdigest()
        place = self._place(found)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as file:
                file.write(data[:9])
                file.flush()
                time.sleep(0.05)
                file.write(data[9:])
        return found


@in_a_folder("test_what_was_put_survives")
class KeptForLater(FolderEvidence):
    """Means to write what it was given."""

    later: dict[str, bytes] = {}  # noqa: RUF012 # one for all: what is broken need not be tidy

    def put(self, data: bytes) -> str:
        """Not yet."""
        self.later[found := hashlib.sha256(data).hexdigest()] = bytes(data)
        return found

    def has(self, digest: str) -> bool:
        """In memory."""
        return digest in self.later

    def open(self, digest: str) -> BinaryIO:
        """From memory."""
        return io.BytesIO(self.later[digest])


@in_a_folder("test_what_is_not_what_was_put_is_not_read")
class Unchecked(FolderEvidence):
    """Trusts its folder."""

    def open(self, digest: str) -> BinaryIO:
        """Whatever is there."""
        if not self.has(digest):
            raise KeyError(digest)
        return self._place(digest).open("rb")


@in_a_folder("test_what_was_spoilt_is_put_again")
class ThereIsThere(FolderEvidence):
    """Takes a file that is there for the one that was put."""

    def put(self, data: bytes) -> str:
        """Only where there is none."""
        found = hashlib.sha256(data).hexdigest()
        return found if self.has(found) else super().put(data)
