"""The outbox: at least once, in order, never before its commit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ...domain.holds import Move
from ...ports.errors import Conflict, NotFound
from ...ports.repository import Repository
from ..batches import LATER, NOW, Clerk, notice
from . import Laws

MINUTE = timedelta(minutes=1)


class Sent(Laws):
    """Laws of notices."""

    def test_no_notice_comes_before_its_commit(self, repository: Repository, clerk: Clerk) -> None:
        """A notice of a refused batch is never seen; that of a committed one is there when its commit returns."""
        clerk.opens(units=1)
        refused = clerk.batch("s", notices=(notice("n1"), notice("n2")), moves=(Move("gifts", reserved=2),))
        with pytest.raises(Conflict):
            repository.commit(refused)
        assert list(repository.notices(LATER, 10)) == []
        clerk.does("s", notices=(notice("n1"), notice("n2")))
        assert list(repository.notices(NOW, 10)) == [notice("n1"), notice("n2")]

    def test_a_notice_is_seen_until_it_is_delivered(self, repository: Repository, clerk: Clerk) -> None:
        """Whoever asks sees a notice again and again, until it is delivered; then nobody does."""
        clerk.does("s", notices=(notice("n1"), notice("n2")))
        for _ in range(3):
            assert [each.key for each in repository.notices(NOW, 10)] == ["n1", "n2"]
        repository.delivered("n1")
        assert [each.key for each in repository.notices(NOW, 10)] == ["n2"]
        with pytest.raises(NotFound):
            repository.delivered("n1")

    def test_notices_come_by_due_date(self, repository: Repository, clerk: Clerk) -> None:
        """Notices come when they are due and not before, the longest due first, then by key, so many at a time."""
        due = {"a": NOW + MINUTE, "c": NOW, "b": NOW, "10": NOW - MINUTE, "9": NOW - MINUTE, "d": NOW + 2 * MINUTE}
        for key, at in due.items():
            clerk.does("s", notices=(notice(key, at),))
        assert [each.key for each in repository.notices(NOW, 10)] == ["10", "9", "b", "c"]
        assert [each.key for each in repository.notices(NOW + MINUTE, 5)] == ["10", "9", "b", "c", "a"]
        assert [each.key for each in repository.notices(NOW - timedelta(microseconds=1), 1)] == ["10"]
        assert list(repository.notices(NOW - 2 * MINUTE, 10)) == []

    def test_a_notice_that_failed_comes_again(self, repository: Repository, clerk: Clerk) -> None:
        """A notice that could not be delivered comes again at the instant it was put off to, one attempt older."""
        clerk.does("s", notices=(notice("n1"), notice("n2", NOW + MINUTE)))
        for attempt in (1, 2):
            repository.put_off("n1", NOW + attempt * 3 * MINUTE)
            assert [each.key for each in repository.notices(NOW + MINUTE, 10)] == ["n2"]
            again = repository.notices(NOW + attempt * 3 * MINUTE, 10)
            assert [(each.key, each.attempts) for each in again] == [("n2", 0), ("n1", attempt)]
            assert again[1] == notice("n1", attempts=attempt)

    def test_a_parked_notice_stays_away(self, repository: Repository, clerk: Clerk) -> None:
        """A notice that was set aside comes where those are asked for, and nowhere else, until it is put off again."""
        clerk.does("s", notices=(notice("n1"), notice("n2"), notice("n3", LATER)))
        assert list(repository.notices(LATER, 10, parked=True)) == []
        repository.put_off("n1", NOW + MINUTE, parked=True)
        repository.put_off("n2", NOW, parked=True)
        assert [each.key for each in repository.notices(LATER, 10)] == ["n3"]
        assert [each.key for each in repository.notices(NOW, 10, parked=True)] == ["n2"]
        aside = repository.notices(LATER, 10, parked=True)
        assert [(each.key, each.attempts) for each in aside] == [("n2", 1), ("n1", 1)]
        repository.put_off("n1", NOW)
        repository.delivered("n2")
        assert [each.key for each in repository.notices(NOW, 10)] == ["n1"]
        assert list(repository.notices(LATER, 10, parked=True)) == []

    def test_a_notice_that_is_not_there_is_not_delivered(self, repository: Repository) -> None:
        """Telling of a notice that never was, delivered or put off, is NotFound."""
        with pytest.raises(NotFound):
            repository.delivered("absent")
        with pytest.raises(NotFound):
            repository.put_off("absent", NOW)
