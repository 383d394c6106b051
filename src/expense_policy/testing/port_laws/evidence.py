"""The contract of evidence: bytes under their own digest, as they were put or not at all.

class TestMine(EvidenceContract):
    @pytest.fixture
    def evidence(self):
        return MyEvidence()
"""

from __future__ import annotations

import hashlib
import io
import os
import string
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from ...ports.evidence import Evidence
from ..held import Held, missing
from ..store_laws.together import WRITERS, at_once

BASIS = b"%PDF-1.7 the quotation"
PAPERS = (
    b"",
    b"\0",
    bytes(range(256)) * 9,
    b"one\r\ntwo\nthree\r\x1a\x04four",
    "报价单 🧧".encode(),
    b"\xff\xfe\xef\xbb\xbf",
    b"0123456789abcdef" * 200_000,
)
MEDDLED = b"meddled with, number "


def read(evidence: Evidence, digest: str) -> bytes | None:
    """All the bytes under a digest; None where `open` says that they are not there, or not what was put."""
    try:
        with evidence.open(digest) as stream:
            return stream.read()
    except (KeyError, ValueError):
        return None


def sha256(data: bytes) -> str:
    """The digest that the bytes are kept under."""
    return hashlib.sha256(data).hexdigest()


def no_digests(found: str) -> Iterator[str]:
    """Names that are no digest, of which a careless place would make that of `found`, or a path to somewhere else."""
    yield from ("", ".", "..", "/", "../x", f"../{found}", f"./{found}", f"{found[:2]}/{found}", f"x/../{found}")
    yield from (os.path.abspath(__file__), os.path.abspath(os.curdir), "C:\\boot.ini", "\\\\host\\share")
    yield from (found.upper(), found[:-1], f"{found}0", f"{found[:-1]}g", f" {found}", f"{found} ", f"{found}\n")
    yield from (f"{found}\0", f"\0{found}", f"sha256:{found}", f"{found}.part", "%" * 64, "*" * 64, "?" * 64)
    yield found.translate({ord(digit): ord(digit) + 0xFEE0 for digit in string.digits})


class EvidenceContract(Held, contract=True):
    """One test a law of `ports.evidence`, the docstring being the law.

    The subclass defines the fixture `evidence`: a place of its own for each test. It declares what the place can do in
    `durable` (then it defines `reopen`), `concurrent` and `back_door` (then `meddle`).
    """

    POWERS = ("durable", "concurrent", "back_door")
    durable: bool = False
    """What was put is still there when the place is opened anew: `reopen` has to be given."""
    concurrent: bool = True
    """Threads may share the place, as a desk does."""
    back_door: bool = False
    """The bytes can be reached from beside the port: `meddle` has to be given."""

    @pytest.fixture
    def evidence(self) -> Evidence:
        """A place for evidence, made by the subclass."""
        raise missing("evidence", "a place for evidence")

    def reopen(self, evidence: Evidence) -> Evidence:
        """The same bytes in a place opened anew; a durable place's subclass defines it."""
        raise NotImplementedError("a durable place says how it is opened anew: define `reopen`")

    def meddle(self, evidence: Evidence, digest: str) -> Iterable[tuple[str, Callable[[], object]]]:
        """Changes made beside the port to the bytes under a digest, by name, the same for every digest.

        Each is done alone, to bytes of its own: it raises where the place refuses it, or is for `open` to see.
        """
        raise NotImplementedError("a place with a back door says how it is meddled with: define `meddle`")

    def meddled(self, evidence: Evidence) -> Iterator[tuple[str, bytes, str, bool]]:
        """Each change done, to bytes of its own: its name, bytes and digest, and whether it was refused."""
        count = len(list(self.meddle(evidence, evidence.put(MEDDLED))))
        assert count, "`meddle` gives at least one change"
        for number in range(count):
            data = MEDDLED + b"%d" % number
            name, change = list(self.meddle(evidence, evidence.put(data)))[number]
            refused = False
            try:
                change()
            except Exception:  # however a place refuses it
                refused = True
            yield name, data, sha256(data), refused

    @pytest.mark.parametrize("data", PAPERS, ids=range(len(PAPERS)))
    def test_what_was_put_is_got_back(self, evidence: Evidence, data: bytes) -> None:
        """Bytes come back as they were put: none, binary, text of any line end, and many."""
        assert read(evidence, evidence.put(data)) == data

    def test_bytes_are_known_by_their_sha_256(self, evidence: Evidence) -> None:
        """What is put is known by the SHA-256 of its bytes, in lower-case hexadecimal, and by nothing else."""
        for data in PAPERS:
            assert evidence.put(data) == sha256(data)
        assert all(evidence.has(sha256(data)) for data in PAPERS)

    def test_what_is_put_again_is_kept_once(self, evidence: Evidence) -> None:
        """Putting the same bytes again gives the same digest and changes nothing, other bytes among them or not."""
        first = evidence.put(BASIS)
        assert [evidence.put(data) for data in (BASIS, BASIS + b"\n", BASIS)] == [first, sha256(BASIS + b"\n"), first]
        assert read(evidence, first) == BASIS
        assert read(evidence, sha256(BASIS + b"\n")) == BASIS + b"\n"

    def test_what_is_not_there_is_not_found(self, evidence: Evidence) -> None:
        """A digest that nothing was put under is False from `has` and a KeyError from `open`."""
        for _ in range(2):
            for digest in (sha256(b"absent"), "0" * 64, "f" * 64):
                assert evidence.has(digest) is False
                with pytest.raises(KeyError):
                    evidence.open(digest)
            evidence.put(BASIS)
        assert evidence.has(sha256(BASIS)) is True

    def test_what_is_no_digest_finds_nothing(self, evidence: Evidence) -> None:
        """A path, another spelling, a part or more than a digest finds nothing, wherever it would lead."""
        found = evidence.put(BASIS)
        for name in no_digests(found):
            assert evidence.has(name) is False, f"{name!r} was found"
            with pytest.raises(KeyError):
                evidence.open(name)
        assert read(evidence, found) == BASIS

    def test_each_stream_begins_at_the_beginning(self, evidence: Evidence) -> None:
        """Each `open` gives a stream of its own, from the first byte; one half read is in nobody's way."""
        digest = evidence.put(PAPERS[-1])
        first = evidence.open(digest)
        assert first.read(5) == PAPERS[-1][:5]
        with evidence.open(digest) as second:
            assert second.read(7) == PAPERS[-1][:7]
            assert first.read(4) == PAPERS[-1][5:9]
        assert evidence.put(PAPERS[-1]) == digest
        assert evidence.has(evidence.put(BASIS))
        assert first.read() == PAPERS[-1][9:]
        first.close()
        assert read(evidence, digest) == PAPERS[-1]

    def test_what_is_written_to_a_stream_changes_nothing(self, evidence: Evidence) -> None:
        """Whatever is tried on a stream, what was put stays as it is."""
        digest = evidence.put(BASIS)
        # A stream that can't be written to says so.
        with suppress(io.UnsupportedOperation), evidence.open(digest) as stream:
            stream.write(b"forged")
        assert read(evidence, digest) == BASIS
        with suppress(io.UnsupportedOperation), evidence.open(digest) as stream:
            stream.truncate(3)
        assert read(evidence, digest) == BASIS

    def test_a_buffer_that_changes_later_changes_nothing(self, evidence: Evidence) -> None:
        """A buffer that is no bytes is a TypeError or is copied: what its owner does to it later changes nothing."""
        buffer = bytearray(BASIS)
        given: Any
        for given in (buffer, memoryview(buffer)):
            buffer[:] = BASIS
            try:
                digest = evidence.put(given)
            except TypeError:
                continue
            buffer[:] = b"#" * len(buffer)
            assert digest == sha256(BASIS)
            assert read(evidence, digest) == BASIS

    def test_text_is_the_callers_mistake(self, evidence: Evidence) -> None:
        """Text is no bytes: a TypeError, and nothing is kept."""
        text: Any = "the quotation"
        with pytest.raises(TypeError):
            evidence.put(text)
        assert not evidence.has(sha256(text.encode()))

    def test_threads_put_at_once(self, evidence: Evidence) -> None:
        """Of threads that put the same bytes and their own at once, each finds what it put, and all of it whole."""
        self.needs("concurrent")
        for number in range(4):
            shared = b"%d" % number + PAPERS[-1]

            def work(writer: int, shared: bytes = shared, apart: float = number / 1000) -> None:
                # Together at first, then ever more one after another.
                time.sleep(writer * apart)
                own = b"%d of %d" % (writer, len(shared))
                for data in (shared, own, shared):
                    assert read(evidence, evidence.put(data)) == data, "put, and not there whole"

            at_once(work, WRITERS)

    def test_what_was_put_survives(self, evidence: Evidence) -> None:
        """A place that is opened anew has every byte that was put, and takes more."""
        self.needs("durable")
        digests = [evidence.put(data) for data in PAPERS]
        again = self.reopen(evidence)
        assert [read(again, digest) for digest in digests] == list(PAPERS)
        assert [again.put(data) for data in PAPERS] == digests
        assert read(again, again.put(BASIS)) == BASIS

    def test_what_is_not_what_was_put_is_not_read(self, evidence: Evidence) -> None:
        """Bytes changed beside the port are refused by the place, or a ValueError from `open`; gone, a KeyError."""
        self.needs("back_door")
        for name, data, digest, refused in self.meddled(evidence):
            if refused:
                assert read(evidence, digest) == data, f"{name} was refused, and left a trace"
                continue
            wanted = ValueError if evidence.has(digest) else KeyError
            with pytest.raises(wanted):
                evidence.open(digest).close()

    def test_what_was_spoilt_is_put_again(self, evidence: Evidence) -> None:
        """Bytes that were changed or removed beside the port are there again once they are put again."""
        self.needs("back_door")
        for name, data, digest, _ in self.meddled(evidence):
            assert evidence.put(data) == digest
            assert read(evidence, digest) == data, f"{name}: put, and not there"
