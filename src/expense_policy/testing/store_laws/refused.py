"""A condition that does not hold: the batch is refused by its error, and nothing is written in any table."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from ...domain.approval import Outcome
from ...domain.holds import Line, Move
from ...domain.journal import GENESIS
from ...domain.money import UNITS_MAX
from ...domain.periods import Month
from ...domain.posting import Planned
from ...domain.vocabulary import Space, Status
from ...ports.errors import AlreadyDone, Conflict, RepositoryError
from ...ports.repository import Batch, Free, Guard, Key, Look, Repository, Take
from ..batches import NOW, Clerk, asked, gift, notice, payee, use_row, written
from ..ledger import MARCH, claim, posting, review, voucher_row
from . import Laws

TAKEN = Take(Space.VOUCHER, "v1", "d1")


class Refused(Laws):
    """Laws of conditions."""

    def test_a_record_is_put_once(self, repository: Repository, clerk: Clerk) -> None:
        """A record that must not exist, and does, is a conflict."""
        clerk.opens()
        repository.commit(clerk.files("d1", puts=(payee("p"),)))
        self.refuses(repository, Conflict, clerk.batch("s", puts=(payee("p", 1, "other"),)))
        self.refuses(repository, Conflict, clerk.files("d1", previous=None))

    @pytest.mark.parametrize("version", [2, 4, 5, UNITS_MAX])
    def test_a_stale_version_is_refused(self, repository: Repository, clerk: Clerk, version: int) -> None:
        """A record whose version is not the one that was read is a conflict, whether it is behind or ahead."""
        for each in (1, 2):
            clerk.does("s", puts=(payee("p", each),))
        self.refuses(repository, Conflict, clerk.batch("s", puts=(payee("p", version),)))
        self.refuses(repository, Conflict, clerk.batch("s", puts=(payee("absent", version),)))

    def test_a_stale_document_is_refused(self, repository: Repository, clerk: Clerk) -> None:
        """Two decisions on one version of a document: the second is a conflict."""
        clerk.opens()
        filed = clerk.files("d1")
        repository.commit(filed)
        late = clerk.signs(written(filed), Outcome.REJECT)
        repository.commit(clerk.signs(written(filed)))
        self.refuses(repository, Conflict, attrs.evolve(late, entry=clerk.entry("d1")))

    @pytest.mark.parametrize("expected", [0, 1, 3, UNITS_MAX - 1])
    def test_a_guard_that_moved_on_is_refused(self, repository: Repository, clerk: Clerk, expected: int) -> None:
        """A guard stands exactly where it was read, or the batch is a conflict; one that is absent stands at 0."""
        for each in (0, 1):
            clerk.does("s", guards=(Guard("g", each),))
        self.refuses(repository, Conflict, clerk.batch("s", guards=(Guard("g", expected),)))
        if expected:
            self.refuses(repository, Conflict, clerk.batch("s", guards=(Guard("absent", expected),)))

    def test_a_line_opens_once(self, repository: Repository, clerk: Clerk) -> None:
        """A line that is open already is a conflict."""
        clerk.opens()
        again = Line("gifts", "customer_service", 2027, "training", "Other", None, "plan-2")
        self.refuses(repository, Conflict, clerk.batch("s", lines=(again,)))

    @pytest.mark.parametrize(
        "balance", [{"in_force": -1}, {"reserved": 1}, {"committed": -1}, {"spent": 1}, {"in_force": 9, "spent": 10}]
    )
    def test_no_line_opens_overdrawn(self, repository: Repository, clerk: Clerk, balance: dict[str, Any]) -> None:
        """A line that opens overdrawn breaks a law, however often it is tried: it is no conflict."""
        opened = Line("gifts", "marketing", 2026, "care_gifts", "Gifts", None, "plan-1", **balance)
        self.refuses(repository, RepositoryError, clerk.batch("s", lines=(opened,)))

    @pytest.mark.parametrize(
        "move",
        [
            {"in_force": -41},
            {"reserved": 41},
            {"reserved": -31},
            {"committed": 41},
            {"committed": -21},
            {"spent": 41},
            {"spent": -11},
            {"in_force": -1, "reserved": 40},
            {"reserved": UNITS_MAX},
        ],
    )
    def test_a_move_never_overdraws(self, repository: Repository, clerk: Clerk, move: dict[str, Any]) -> None:
        """After a move none of reserved, committed, spent and what is left is below 0, or it is a conflict."""
        clerk.opens(units=100)
        clerk.does("s", moves=(Move("gifts", reserved=30, committed=20, spent=10),))
        self.refuses(repository, Conflict, clerk.batch("s", moves=(Move("gifts", **move),)))

    def test_a_move_may_take_all_there_is(self, repository: Repository, clerk: Clerk) -> None:
        """The last unit can be moved, and given back."""
        clerk.opens(units=100)
        clerk.does("s", moves=(Move("gifts", reserved=100),))
        clerk.does("s", moves=(Move("gifts", reserved=-100, committed=60, spent=40),))
        clerk.does("s", moves=(Move("gifts", in_force=-60, committed=-60),))
        (line,) = repository.lines()
        assert (line.in_force, line.reserved, line.committed, line.spent) == (40, 0, 0, 40)

    def test_no_line_is_moved_that_is_not_there(self, repository: Repository, clerk: Clerk) -> None:
        """A move on a line that is not open is a conflict."""
        self.refuses(repository, Conflict, clerk.batch("s", moves=(Move("absent", in_force=1),)))

    def test_no_line_holds_more_than_is_kept_exactly(self, repository: Repository, clerk: Clerk) -> None:
        """A balance beyond 2**63-1 is refused, and is no conflict."""
        clerk.opens(units=UNITS_MAX)
        self.refuses(repository, RepositoryError, clerk.batch("s", moves=(Move("gifts", in_force=1),)))

    @pytest.mark.parametrize(("month", "closed"), [(Month(2025, 12), True), (MARCH, True), (Month(2026, 4), False)])
    def test_a_closed_month_takes_no_move(
        self, repository: Repository, clerk: Clerk, month: Month, closed: bool
    ) -> None:
        """A line closed through a month takes no move of that month or of an earlier one (R1.3)."""
        clerk.opens(units=100, closed_through=MARCH)
        late = clerk.batch("s", moves=(Move("gifts", spent=1, month=month),))
        if closed:
            self.refuses(repository, Conflict, late)
        else:
            repository.commit(late)
        clerk.does("t", moves=(Move("gifts", spent=1),))

    @pytest.mark.parametrize("month", [Month(2025, 12), MARCH])
    def test_a_month_closes_once(self, repository: Repository, clerk: Clerk, month: Month) -> None:
        """A month that one line is closed through, or beyond, is closed by nobody again: no line changes (R1.3)."""
        clerk.opens("open")
        clerk.opens("shut", closed_through=MARCH)
        self.refuses(repository, Conflict, clerk.batch("s", closes=month))

    def test_a_key_is_taken_once(self, repository: Repository, clerk: Clerk) -> None:
        """A key that is taken is a conflict, for its owner too; the same key of another space is another key."""
        clerk.does("s", takes=(TAKEN,))
        for by in ("d1", "d2"):
            self.refuses(repository, Conflict, clerk.batch("s", takes=(attrs.evolve(TAKEN, by=by),)))
        clerk.does("s", takes=(attrs.evolve(TAKEN, space=Space.PLAN, by="d2"),))

    def test_a_key_is_given_back_by_its_owner_alone(self, repository: Repository, clerk: Clerk) -> None:
        """A key goes back from who took it, and can be taken again; from another, or untaken, it is a conflict."""
        free = Free(Space.VOUCHER, "v1", "d1")
        self.refuses(repository, Conflict, clerk.batch("s", takes=(free,)))
        clerk.does("s", takes=(TAKEN,))
        self.refuses(repository, Conflict, clerk.batch("s", takes=(attrs.evolve(free, by="d2"),)))
        clerk.does("s", takes=(free,))
        self.refuses(repository, Conflict, clerk.batch("s", takes=(free,)))
        clerk.does("s", takes=(attrs.evolve(TAKEN, by="d2"),))

    def test_a_key_taken_for_ever_stays(self, repository: Repository, clerk: Clerk) -> None:
        """What was taken for ever is given back by nobody."""
        clerk.does("s", takes=(attrs.evolve(TAKEN, ever=True),))
        self.refuses(repository, Conflict, clerk.batch("s", takes=(Free(Space.VOUCHER, "v1", "d1"),)))

    @pytest.mark.parametrize(
        "wrong", [{"seq": 2}, {"seq": 4}, {"seq": 1}, {"prev": GENESIS}, {"prev": "f" * 64}], ids=str
    )
    def test_an_entry_follows_its_chain(self, repository: Repository, clerk: Clerk, wrong: dict[str, Any]) -> None:
        """An entry that is not the next of its subject, or points to another than its head, is a conflict."""
        clerk.does("s")
        clerk.does("s")
        self.refuses(repository, Conflict, Batch(attrs.evolve(clerk.entry("s"), **wrong)))

    def test_a_chain_begins_at_its_beginning(self, repository: Repository, clerk: Clerk) -> None:
        """The first entry of a subject is number 1 and points to nothing."""
        first = clerk.entry("s")
        self.refuses(repository, Conflict, Batch(attrs.evolve(first, seq=2)))
        self.refuses(repository, Conflict, Batch(attrs.evolve(first, prev="f" * 64)))

    def test_a_key_that_was_used_is_answered(self, repository: Repository, clerk: Clerk) -> None:
        """A used key is AlreadyDone with the entry of then and the digest of what it asked, whatever else is stale."""
        clerk.opens()
        first = clerk.files("d1", key=asked("k"), guards=(Guard("g", 0),), puts=(payee("p"),))
        repository.commit(first)
        clerk.does("d1")
        for again in (first, clerk.batch("other", key=Key("k", "a" * 64)), clerk.files("d2", key=asked("k"))):
            done = self.refuses(repository, AlreadyDone, again)
            assert isinstance(done, AlreadyDone)
            assert (done.entry, done.asked) == (first.entry, asked("k").asked)

    def test_a_used_key_is_answered_before_all_else(self, repository: Repository, clerk: Clerk) -> None:
        """Of several batches one whose key was used is AlreadyDone, though one before it is stale."""
        first = clerk.does("s", key=asked("k"), guards=(Guard("g", 0),))
        stale, fresh = clerk.batch("t", guards=(Guard("g", 0),)), clerk.batch("u", key=asked("k2"))
        for batches in ((stale, first), (stale, fresh, first), (fresh, stale, first)):
            done = self.refuses(repository, AlreadyDone, *batches)
            assert isinstance(done, AlreadyDone)
            assert (done.entry, done.asked) == (first.entry, asked("k").asked)

    def test_a_refused_batch_uses_up_no_key(self, repository: Repository, clerk: Clerk) -> None:
        """The key of a refused batch is free, and the batch can be tried again once its condition holds."""
        batch = clerk.batch("s", key=asked("k"), moves=(Move("gifts", reserved=1),))
        self.refuses(repository, Conflict, batch)
        clerk.opens()
        repository.commit(batch)

    def test_a_fact_is_written_once(self, repository: Repository, clerk: Clerk) -> None:
        """A fact of any kind that is there already is a conflict, by whatever entry, whatever else it says now."""
        clerk.opens()
        found = clerk.approved("d1")
        paid, used = clerk.pays(found, 1), clerk.uses(found, use_row("d1", 1))
        repository.commit(paid)
        repository.commit(attrs.evolve(used, entry=clerk.entry("d1"), puts=()))
        facts = [fact for _, each in repository.history("d1") for fact in each]
        assert len(facts) == 1 + len(found.signatures) + 2
        booked = (Planned("d1", "gifts", MARCH, 1), voucher_row(), review())
        clerk.does("d1", facts=booked)
        for fact in (
            *facts,
            *booked,
            Planned("d1", "gifts", MARCH, 2),
            voucher_row(alike_name="f" * 64),
            review(by="cfo"),
        ):
            self.refuses(repository, Conflict, clerk.batch("d1", facts=(fact,)))
        self.refuses(repository, Conflict, clerk.batch("d1", facts=(use_row("d1", 1, recipient="other"),)))
        posted = posting(number=1, units=1)
        repository.commit(clerk.posts("d1", posted))
        for again in (posted, posting(number=1, month=Month(2026, 4)), posting(number=1, units=2, corrects=None)):
            self.refuses(repository, Conflict, clerk.posts("d1", again))
        repository.commit(clerk.posts("d1", posting(number=1, line="")))
        seal = clerk.seals(paid.entry)
        repository.commit(seal)
        self.refuses(repository, Conflict, attrs.evolve(seal, entry=clerk.entry("seal")))

    def test_a_payment_is_not_undone_beyond_itself(self, repository: Repository, clerk: Clerk) -> None:
        """Refunds of one payment come to no more than it: one that goes beyond breaks a law, whatever else is paid."""
        clerk.opens()
        found = clerk.approved("d1")
        for n in (100, 200):
            repository.commit(batch := clerk.pays(found, n))
            found = written(batch)
        repository.commit(batch := clerk.pays(found, 60, reverses=1))
        self.refuses(repository, RepositoryError, clerk.pays(written(batch), 41, reverses=1))
        repository.commit(batch := clerk.pays(written(batch), 40, reverses=1))
        self.refuses(repository, RepositoryError, clerk.pays(written(batch), 1, reverses=1))
        assert written(batch).paid == 200

    def test_a_document_stays_within_its_amount(self, repository: Repository, clerk: Clerk) -> None:
        """A document used, paid, claimed or cleared beyond the amount approved breaks a law, and is no conflict."""
        clerk.opens()
        repository.commit(batch := clerk.pays(clerk.approved("d1"), 4_000))
        paid, asked = written(batch), clerk.approved("c1", claim(1_000, application="d1"))
        wrong: list[dict[str, int]] = [{"used": 10_001}, {"used": -1}, {"cleared": -1}, {"cleared": 4_001}]
        wrong += [{"claimed": -1}, {"claimed": 10_001, "cleared": 4_000}, {"claimed": 6_001}]
        wrong += [{"claimed": 6_002, "cleared": 1}]
        for figures in wrong:
            self.refuses(repository, RepositoryError, clerk.changes(paid, **figures))
        for figures in ({"claimed": 1}, {"cleared": 1_001}, {"cleared": -1}, {"used": 1_001}):
            self.refuses(repository, RepositoryError, clerk.changes(asked, **figures))
        repository.commit(clerk.changes(paid, claimed=10_000, cleared=4_000, used=10_000))
        repository.commit(clerk.changes(asked, cleared=1_000, used=1_000))

    def test_a_spent_voucher_stays_taken(self, repository: Repository, clerk: Clerk) -> None:
        """A voucher whose document was paid, or ended settled or closed, is given back by nobody; unpaid, it is."""
        clerk.opens()
        free = [Free(Space.VOUCHER, f"v{n}", f"d{n}") for n in range(4)]
        found = []
        for each in free:
            found.append(clerk.approved(each.by, gift(1_000)))
            clerk.does(each.by, takes=(Take(each.space, each.key, each.by),))
        for n in (0, 1):
            repository.commit(batch := clerk.pays(found[n], 400))
            found[n] = written(batch)
        repository.commit(batch := clerk.pays(found[1], 0, reverses=1))
        repository.commit(clerk.ends(written(batch), Status.CLOSED))
        for n in (0, 1):
            self.refuses(repository, RepositoryError, clerk.batch(f"d{n}", takes=(free[n],)))
        settled = clerk.ends(found[2], Status.SETTLED)
        self.refuses(repository, RepositoryError, attrs.evolve(settled, takes=(free[2],)))
        repository.commit(attrs.evolve(clerk.ends(found[3], Status.WITHDRAWN), takes=(free[3],)))
        assert set(repository.look(Look(taken=tuple((f.space, f.key) for f in free))).taken.values()) == {
            f"d{n}" for n in range(3)
        }

    def test_an_undelivered_notice_is_not_replaced(self, repository: Repository, clerk: Clerk) -> None:
        """A notice whose key still waits to be delivered is a conflict."""
        clerk.does("s", notices=(notice("n"),))
        self.refuses(repository, Conflict, clerk.batch("s", notices=(notice("n", about="other"),)))
        assert [each.about for each in repository.notices(NOW, 10)] == ["d1"]
