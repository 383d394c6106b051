"""Who answers wrongly about vouchers, and readers that break one law each; collected but by `test_kit_catches`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from expense_adapters.local import FixedGenuineness
from expense_adapters.vouchers import JsonVouchers, written
from expense_policy.domain.voucher import Voucher, VoucherVerdict
from expense_policy.testing.contract import GenuinenessContract, VoucherReaderContract

from .broken import holds

K = TypeVar("K", bound=type[FixedGenuineness])
R = TypeVar("R", bound=type[JsonVouchers])
Answer = Mapping[str, VoucherVerdict]


def breaks(law: str) -> Callable[[K], K]:
    """Holds broken answers to the contract: it is this law that says so."""

    def held(kind: K) -> K:
        make = lambda issued, void: kind(tuple(issued), tuple(void))  # noqa: E731  # a name would say no more
        holds(kind, GenuinenessContract, law, "genuineness", lambda _: make)
        return kind

    return held


class Json(VoucherReaderContract):
    """The contract over files of JSON."""

    __test__ = False

    def written(self, vouchers: Sequence[Voucher]) -> bytes:
        """A file of them."""
        return written(vouchers, "CNY")


def misreads(law: str) -> Callable[[R], R]:
    """Holds a broken reader to the contract: it is this law that says so."""

    def held(kind: R) -> R:
        holds(kind, Json, law, "reader", lambda _: kind())
        return kind

    return held


@breaks("test_what_was_issued_is_genuine")
class PaperAlone(FixedGenuineness):
    """Knows nothing of what has no code."""

    def check(self, vouchers: Sequence[Voucher]) -> Answer:
        """Of those that have one."""
        return super().check([each for each in vouchers if each.code])


@breaks("test_what_was_taken_back_is_void")
class NeverTakenBack(FixedGenuineness):
    """Looks at what was issued alone."""

    def check(self, vouchers: Sequence[Voucher]) -> Answer:
        """As if nothing were void."""
        return FixedGenuineness((*self.issued, *self.void)).check(vouchers)


@breaks("test_of_others_nothing_is_known")
class InnocentUntilProven(FixedGenuineness):
    """Calls genuine what nobody knows."""

    def check(self, vouchers: Sequence[Voucher]) -> Answer:
        """Genuine, where nothing is said."""
        found = super().check(vouchers)
        unknown, genuine = VoucherVerdict.UNKNOWN, VoucherVerdict.GENUINE
        return {key: genuine if verdict is unknown else verdict for key, verdict in found.items()}


@breaks("test_what_was_changed_is_forged")
class NumberAlone(FixedGenuineness):
    """Compares numbers and nothing else."""

    def check(self, vouchers: Sequence[Voucher]) -> Answer:
        """Genuine where the number is."""
        known = {each.key for each in self.issued}
        return {each.key: VoucherVerdict.GENUINE for each in vouchers if each.key in known} | {
            key: verdict for key, verdict in super().check(vouchers).items() if key not in known
        }


@breaks("test_a_voucher_is_one_however_it_is_written")
class AsItIsWritten(FixedGenuineness):
    """Compares text."""

    def check(self, vouchers: Sequence[Voucher]) -> Answer:
        """Of those that are written as they were issued."""
        known = {each.number for each in (*self.issued, *self.void)}
        return super().check([each for each in vouchers if each.number in known])


@breaks("test_any_number_is_one_question")
class FirstHundred(FixedGenuineness):
    """Answers a page."""

    def check(self, vouchers: Sequence[Voucher]) -> Answer:
        """Of the first hundred."""
        return super().check(vouchers[:100])


@breaks("test_nothing_is_there_that_was_not_asked")
class WholeBook(FixedGenuineness):
    """Gives all it has."""

    def check(self, vouchers: Sequence[Voucher]) -> Answer:
        """With everything that was issued."""
        return {**super().check(self.issued), **super().check(vouchers)}


@breaks("test_an_answer_is_the_askers")
class Remembered(FixedGenuineness):
    """Hands out the answers that it keeps."""

    def check(self, vouchers: Sequence[Voucher]) -> Answer:
        """What was answered before."""
        asked = (id(self), *[each.key for each in vouchers])
        return self.kept.setdefault(asked, dict(super().check(vouchers)))

    kept: dict[tuple[object, ...], dict[str, VoucherVerdict]] = {}  # noqa: RUF012  # one for all: it is broken


@breaks("test_threads_ask_at_once")
class OneCounter(FixedGenuineness):
    """Puts the question down where everybody puts theirs."""

    def check(self, vouchers: Sequence[Voucher]) -> Answer:
        """What was asked last."""
        self.desk[0] = vouchers
        time.sleep(0.0001)
        return super().check(self.desk[0])

    desk: list[Sequence[Voucher]] = [()]  # noqa: RUF012  # one for all: what is broken need not be tidy


@misreads("test_vouchers_are_read_as_they_stand")
class EachOnce(JsonVouchers):
    """Leaves out what stands twice."""

    def read(self, data: bytes) -> tuple[Voucher, ...]:
        """Without the second."""
        return tuple(dict.fromkeys(super().read(data)))


@misreads("test_vouchers_are_read_as_they_stand")
class Mending(JsonVouchers):
    """Strips what is blank."""

    def read(self, data: bytes) -> tuple[Voucher, ...]:
        """Tidied."""
        return tuple(attrs.evolve(each, issuer=each.issuer.strip()) for each in super().read(data))


@misreads("test_many_are_read")
class OnePage(JsonVouchers):
    """Reads the first page."""

    def read(self, data: bytes) -> tuple[Voucher, ...]:
        """The first hundred."""
        return super().read(data)[:100]


@misreads("test_what_is_cut_short_is_refused")
class AsFarAsItGoes(JsonVouchers):
    """Reads what is there."""

    def read(self, data: bytes) -> tuple[Voucher, ...]:
        """Those before the end."""
        try:
            return super().read(data)
        except ValueError:
            if not data.startswith(b"{"):
                raise
            return ()


@misreads("test_what_is_another_format_is_refused")
class Unguarded(JsonVouchers):
    """Lets the parser's errors through."""

    def read(self, data: bytes) -> tuple[Voucher, ...]:
        """Whatever comes of it."""
        file: Any = json.loads(data)
        assert isinstance(file, dict)
        return super().read(data)


@misreads("test_an_error_says_what_is_wrong")
class Quoting(JsonVouchers):
    """Quotes what stands there."""

    def read(self, data: bytes) -> tuple[Voucher, ...]:
        """With an error that shows it."""
        try:
            return super().read(data)
        except ValueError:
            raise ValueError(f"can't read {data.decode(errors='replace')}") from None


@misreads("test_a_file_has_an_end")
class Endless(JsonVouchers):
    """Reads a file of any length."""

    def read(self, data: bytes) -> tuple[Voucher, ...]:
        """Without what fills it."""
        return super().read(data.rstrip(b" "))


@misreads("test_reading_leaves_nothing")
class Gathering(JsonVouchers):
    """Keeps what it read."""

    def read(self, data: bytes) -> tuple[Voucher, ...]:
        """With that of before, on a file of two."""
        found = super().read(data)
        before, self.kept[:] = [*self.kept], [each for each in found if len(found) == 2]
        return (*before, *found) if len(found) in (0, 2) else found

    kept: list[Voucher] = []  # noqa: RUF012  # one for all: what is broken need not be tidy
