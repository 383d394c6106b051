"""The contracts of who says whether vouchers are genuine, and of what reads vouchers out of files.

class TestMine(GenuinenessContract):
    @pytest.fixture
    def genuineness(self):
        return MyGenuineness  # called with the vouchers that were issued, and those that were taken back
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import attrs
import pytest

from ...domain.money import Money
from ...domain.voucher import Voucher, VoucherKind, VoucherVerdict
from ...ports.vouchers import Genuineness, VoucherReader
from ..held import Held, missing
from ..store_laws.together import WRITERS, at_once

Issued = Callable[[Sequence[Voucher], Sequence[Voucher]], Genuineness]
"""Makes what knows exactly these vouchers: those that were issued, and those that were taken back."""

MANY = 300


def _cny(units: int) -> Money:
    return Money(units, "CNY")


def _voucher(n: int, **changes: Any) -> Voucher:
    """An invoice of its own, in turn one on paper and a fully digital one."""
    number, code = (f"{n:08d}", "044002600111") if n % 2 else (f"2644200000{n:010d}", "")
    kind = VoucherKind.INVOICE if n % 2 else VoucherKind.DIGITAL_INVOICE
    day = date(2026, 1, 1) + timedelta(days=n % 28)
    sums = (_cny(10_000 + n), _cny(600), _cny(10_600 + n))
    return attrs.evolve(Voucher(kind, number, "Tea House", "Qinghe", day, *sums, code), **changes)


ISSUED = tuple(_voucher(n) for n in range(1, MANY))
VOID = tuple(_voucher(n) for n in range(MANY, MANY + 9))
UNKNOWN = tuple(_voucher(n) for n in range(2 * MANY, 2 * MANY + 9))
CHANGES: tuple[dict[str, Any], ...] = (
    {"amount": _cny(20_001), "total": _cny(20_601)},
    {"tax": _cny(601), "total": _cny(10_602)},
    {"on": date(2026, 3, 1)},
    {"buyer": "Qinghe Trading"},
    {"issuer": "Coffee House"},
)
"""What somebody may change of a voucher that was issued."""


class GenuinenessContract(Held, contract=True):
    """One test a law of `ports.vouchers.Genuineness`, the docstring being the law.

    The subclass defines the fixture `genuineness`: it is called with the vouchers that were issued and those that were
    taken back, and makes what knows these and no others. It declares `concurrent`.
    """

    POWERS = ("concurrent",)
    concurrent: bool = True
    """Threads may share it, as a desk does."""

    @pytest.fixture
    def genuineness(self) -> Issued:
        """Makes what knows the vouchers it is given; defined by the subclass."""
        raise missing("genuineness", "an answer")

    @pytest.fixture
    def office(self, genuineness: Issued) -> Genuineness:
        """Who knows the kit's vouchers."""
        return genuineness(ISSUED, VOID)

    def test_what_was_issued_is_genuine(self, office: Genuineness) -> None:
        """A voucher that says what was issued is genuine, whatever kind it is of."""
        for each in ISSUED[:8]:
            assert dict(office.check((each,))) == {each.key: VoucherVerdict.GENUINE}

    def test_what_was_taken_back_is_void(self, office: Genuineness) -> None:
        """A voucher that its issuer took back is void, and not genuine."""
        for each in VOID:
            assert dict(office.check((each,))) == {each.key: VoucherVerdict.VOID}

    def test_of_others_nothing_is_known(self, office: Genuineness) -> None:
        """A voucher that nobody knows is unknown or has no entry; it is no error, and neither genuine nor forged."""
        for asked in ((UNKNOWN[0],), UNKNOWN, (*UNKNOWN, *ISSUED[:3])):
            found = office.check(asked)
            assert {found.get(each.key, VoucherVerdict.UNKNOWN) for each in UNKNOWN[:1]} == {VoucherVerdict.UNKNOWN}
            assert all(found[each.key] is VoucherVerdict.GENUINE for each in asked if each in ISSUED)

    def test_what_was_changed_is_forged(self, office: Genuineness) -> None:
        """A voucher of another amount, tax, day, buyer or issuer than the one that was issued is forged."""
        for changes in CHANGES:
            changed = attrs.evolve(ISSUED[0], **changes)
            assert dict(office.check((changed,))) == {changed.key: VoucherVerdict.FORGED}, changes

    def test_a_voucher_is_one_however_it_is_written(self, office: Genuineness) -> None:
        """Width, case, spaces and punctuation change no answer: two ways of writing a voucher have one."""
        for each in ISSUED[:4]:
            wide = "".join(chr(ord(char) + 0xFEE0) for char in each.number)
            for written in (
                attrs.evolve(each, number=f" {each.number[:4]}-{each.number[4:]}"),
                attrs.evolve(each, number=wide, issuer="ＴＥＡ  house", buyer="QINGHE."),
            ):
                assert dict(office.check((written,))) == {each.key: VoucherVerdict.GENUINE}

    def test_any_number_is_one_question(self, office: Genuineness) -> None:
        """Many vouchers are one question, in whatever order, in a tuple or a list; one named twice is answered once."""
        wanted = {each.key: VoucherVerdict.GENUINE for each in ISSUED}
        wanted |= {each.key: VoucherVerdict.VOID for each in VOID}
        assert dict(office.check((*ISSUED, *VOID))) == wanted
        assert dict(office.check([*VOID, *ISSUED[::-1], *ISSUED])) == wanted

    def test_nothing_is_there_that_was_not_asked(self, office: Genuineness) -> None:
        """An answer has no voucher besides those that were asked about; a question about none has an empty one."""
        for asked in (ISSUED[:3], ISSUED[2:5], VOID[:1], ()):
            assert {*office.check(asked)} <= {each.key for each in asked}

    def test_an_answer_is_the_askers(self, office: Genuineness) -> None:
        """What is done to an answer, or asked later, changes no other answer."""
        first, again = office.check(ISSUED[:3]), office.check(ISSUED[:3])
        meddled: Any = again
        # A mapping that can't be changed is as good.
        with suppress(TypeError, AttributeError):
            meddled[ISSUED[0].key] = VoucherVerdict.FORGED
        office.check(VOID)
        for found in (first, office.check(ISSUED[:3])):
            assert dict(found) == {each.key: VoucherVerdict.GENUINE for each in ISSUED[:3]}

    def test_threads_ask_at_once(self, office: Genuineness) -> None:
        """Threads that ask at once, each about others, each get the answer to their own question."""
        self.needs("concurrent")

        def work(writer: int) -> None:
            for start in range(12):
                mine = ISSUED[writer * 6 : writer * 6 + 1 + start % 6]
                assert {*office.check(mine)} == {each.key for each in mine}, "another question's answer"

        at_once(work, WRITERS)


READ: tuple[Voucher, ...] = (
    *ISSUED[:4],
    _voucher(901, kind=VoucherKind.RECEIPT, number="R-1", code="", buyer=""),
    _voucher(903, kind=VoucherKind.CONTRACT, number="合同 2026/7", code="", issuer="张三，“茶庄”"),
    # What a voucher of its kind can't say is refused by the desk, and read as it is written.
    _voucher(905, number="", issuer=" ", amount=_cny(1), tax=_cny(0), total=_cny(10**17)),
    ISSUED[0],
)
"""Vouchers that a format may have to tell: those of every kind, odd ones, one of them twice."""


class VoucherReaderContract(Held, contract=True):
    """One test a law of `ports.vouchers.VoucherReader`, the docstring being the law.

    The subclass defines the fixture `reader`, and `written(vouchers)`: the bytes of a file of these vouchers in the
    format it reads. Where the format can't say all of the kit's vouchers, `told` picks those it can. It declares
    `limited`, and then in `size_max` how many bytes a file may have.
    """

    POWERS = ("limited",)
    limited: bool = True
    size_max: int = 1_000_000
    """The longest file that it reads."""

    @pytest.fixture
    def reader(self) -> VoucherReader:
        """What is held; defined by the subclass."""
        raise missing("reader", "a reader")

    def written(self, vouchers: Sequence[Voucher]) -> bytes:
        """A file of these vouchers; defined by the subclass."""
        raise NotImplementedError("a reader is shown files: define `written`")

    def told(self, vouchers: Sequence[Voucher]) -> tuple[Voucher, ...]:
        """Those that the format can say: all, where the subclass does not say otherwise."""
        return tuple(vouchers)

    def test_vouchers_are_read_as_they_stand(self, reader: VoucherReader) -> None:
        """Every voucher comes back in its order with all that it says, unmended, one that stands twice as two."""
        vouchers = self.told(READ)
        assert reader.read(self.written(vouchers)) == vouchers
        assert type(reader.read(self.written(vouchers))) is tuple

    def test_many_are_read(self, reader: VoucherReader) -> None:
        """A file of many vouchers is read whole."""
        vouchers = self.told(ISSUED)
        assert reader.read(self.written(vouchers)) == vouchers

    def test_what_is_cut_short_is_refused(self, reader: VoucherReader) -> None:
        """A file that ends too early, anywhere, is a ValueError: no voucher of it is read."""
        data = self.written(self.told(READ[:3])).rstrip()
        for end in range(len(data)):
            with pytest.raises(ValueError, match=r"\w"):
                reader.read(data[:end])

    def test_what_is_another_format_is_refused(self, reader: VoucherReader) -> None:
        """Bytes of any other kind are a ValueError: text, binary, bytes that are no text, deep nesting."""
        for data in (b"", b"\x00", b"\xff\xfe", b"null", b"[]", b"%PDF-1.7", b"<a/>", b"[" * 50_000, "发票".encode()):
            with pytest.raises(ValueError, match=r"\w"):
                reader.read(data)

    def test_an_error_says_what_is_wrong(self, reader: VoucherReader) -> None:
        """The error has words, on lines of their own that show all they hold."""
        with pytest.raises(ValueError, match=r"\w") as refused:
            reader.read(b"\x1b[2J\x00")
        assert all(line.isprintable() for line in str(refused.value).splitlines())

    def test_a_file_has_an_end(self, reader: VoucherReader) -> None:
        """A file beyond the reader's limit is a ValueError before it is read, whatever stands in it."""
        self.needs("limited")
        for filling in (b" ", b"[", b"0"):
            with pytest.raises(ValueError, match=r"\w"):
                reader.read(self.written(self.told(READ[:1])) + filling * self.size_max)

    def test_reading_leaves_nothing(self, reader: VoucherReader) -> None:
        """What was read before, faulty or not, says nothing of the next file."""
        first, second = self.told(READ[:2]), self.told(READ[2:4])
        assert reader.read(self.written(first)) == first
        with pytest.raises(ValueError, match=r"\w"):
            reader.read(b"?")
        assert reader.read(self.written(second)) == second
        assert reader.read(self.written(())) == ()
