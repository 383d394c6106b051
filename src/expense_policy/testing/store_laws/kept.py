"""What was put is got back equal, and signs the same."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from ...domain.adoption import Adopter, PolicyVersion
from ...domain.application import Payee
from ...domain.approval import Outcome
from ...domain.budget import BudgetPlan, PlanLine
from ...domain.content import canonical
from ...domain.documents import Document
from ...domain.holds import Line, Move
from ...domain.money import UNITS_MAX, Money
from ...domain.organisation import Delegation
from ...domain.payment import PayeeAccount
from ...domain.periods import Month
from ...domain.project import Project
from ...domain.vocabulary import Space, Status
from ...ports.mistakes import NAME_MAX
from ...ports.repository import Batch, Guard, Look, Put, Repository, Take
from ..batches import LATER, NOW, Clerk, asked, gift, notice, payee, signs_the_same, use_row, written
from . import Laws

WORDS = (
    "老客户运营费用",
    "👩\u200d👩\u200d👧 🧧",
    "𠮷野家 𝔘𝔫𝔦",
    "e\u0301 é ﬁ Å",
    "  spaced \t and\nbroken\r\n ",
    "\\t\\n \\ \" ' ; -- % _ {} \u2028 \ufeff",
    "x" * 20_000,
)
EAST = timezone(timedelta(hours=8))
ALIKE = ("key", "Key", "key ", " key", "k\u200bey", "ｋｅｙ", "кey", "ke\u0301y", "kéy", "key\u0301", "🔑", "键")


class Kept(Laws):
    """Laws of exactness."""

    def keeps(self, repository: Repository, batch: Batch) -> Document:
        """Commits a batch: its document is got back as it was put."""
        repository.commit(batch)
        put = written(batch)
        found = repository.look(Look(documents=(put.id,))).documents[put.id]
        assert found == put
        assert found.row() == put.row()
        assert canonical(found.content) == canonical(put.content)
        assert [s.digest for s in found.signatures] == [s.digest for s in put.signatures]
        assert [p.digest for p in found.payments] == [p.digest for p in put.payments]
        assert signs_the_same(found)
        return found

    def test_a_document_is_got_back_at_every_stage(self, repository: Repository, clerk: Clerk) -> None:
        """Filed, signed, paid, undone, used, settled: a document is what was put, and signs the same."""
        clerk.opens()
        found = self.keeps(repository, clerk.files("d1"))
        while found.step is not None:
            found = self.keeps(repository, clerk.signs(found))
        rows = (use_row("d1", 1, units=2), use_row("d1", 2, broken=("window",), reason="Late"))
        found = self.keeps(repository, clerk.pays(found, 4_000))
        found = self.keeps(repository, clerk.pays(found, 0, reverses=1))
        found = self.keeps(repository, clerk.pays(found, 9_000))
        found = self.keeps(repository, clerk.uses(found, *rows))
        found = self.keeps(repository, clerk.ends(found, Status.SETTLED))
        assert (found.paid, found.used, len(found.payments)) == (9_000, 3, 3)

    def test_a_new_round_is_kept_beside_the_old_one(self, repository: Repository, clerk: Clerk) -> None:
        """A returned document comes back in a new round; what it was in the old one stays in its history."""
        clerk.opens()
        first = self.keeps(repository, clerk.files("d1"))
        signed = self.keeps(repository, clerk.signs(first))
        returned = self.keeps(repository, clerk.signs(signed, Outcome.RETURN, opinion="Explain."))
        again = self.keeps(repository, clerk.files("d1", gift(500), previous=returned))
        self.keeps(repository, clerk.signs(again))
        rows = [sorted(fact.row() for fact in facts) for _, facts in repository.history("d1")]
        assert [row[0][0] for row in rows] == ["round", "signature", "signature", "round", "signature"]

    def test_a_budget_plan_is_got_back(self, repository: Repository, clerk: Clerk) -> None:
        """A budget plan is a document too: it names no payee, and holds no money."""
        lines = tuple(PlanLine(f"l{n}", "care_gifts", "礼品", Money(n, "CNY"), "p" if n == 2 else None) for n in (1, 2))
        form: Any = BudgetPlan("marketing", 2026, lines)
        self.keeps(repository, clerk.files("plan", form))
        (row,) = repository.find((("kind", "budget_plan"),))
        assert (row.type, row.payee_name, row.payee_account, row.payee_person) == (None, None, None, None)

    @pytest.mark.parametrize("words", WORDS, ids=range(len(WORDS)))
    def test_words_are_kept_to_the_code_point(self, repository: Repository, clerk: Clerk, words: str) -> None:
        """Chinese, emoji, astral characters, marks, spaces and line breaks come back as they were written."""
        clerk.opens()
        shown = " ".join(words.split())[:200].replace("\ufeff", "").replace("\u200d", "").strip() or "x"
        form = gift(purpose=words, customers=words, payee=Payee(shown, shown), method=shown)
        found = self.keeps(repository, clerk.files("d1", form))
        self.keeps(repository, clerk.signs(found, opinion=words))
        name = words[:NAME_MAX]
        told = notice(name, body=((words, words), ("", "")), to=(words, ""), subject=words, about=words)
        rows = (("row", words, ""), ("row", "", words))
        said = clerk.does(name, key=asked(name), reason=words, rows=rows, notices=(told,))
        assert [entry for entry, _ in repository.history(name)] == [said.entry]
        assert repository.look(Look((name,), (name,))).done == {name: (said.entry, asked(name).asked)}
        assert list(repository.notices(NOW, 10)) == [told]

    def test_the_largest_amount_is_kept(self, repository: Repository, clerk: Clerk) -> None:
        """2**63-1 smallest units are put in force, held, spent and come back as whole numbers."""
        clerk.opens(units=UNITS_MAX)
        found = clerk.approved("d1", gift(UNITS_MAX))
        found = self.keeps(repository, clerk.pays(found, UNITS_MAX))
        (line,) = repository.lines()
        amounts = (line.in_force, line.reserved, line.committed, line.spent, line.available)
        assert amounts == (UNITS_MAX, 0, 0, UNITS_MAX, 0)
        assert {type(units) for units in amounts} == {int}
        (row,) = repository.find()
        assert (row.units, row.counted, row.paid) == (UNITS_MAX, UNITS_MAX, UNITS_MAX)
        assert (type(row.units), type(found.paid), type(found.held[0].spent)) == (int, int, int)

    def test_instants_and_days_are_kept(self, repository: Repository, clerk: Clerk) -> None:
        """An instant comes back aware and to the microsecond, from whatever zone; a leap day stays one."""
        clerk.opens()
        at = datetime(2028, 2, 29, 0, 0, 0, 1, tzinfo=EAST)
        form = gift(expected_payment=date(2028, 2, 29))
        found = self.keeps(repository, clerk.files("d1", form, at=at))
        until = at + timedelta(days=1)
        lent = Delegation("head", "mei", "department_head", at, until, "Leave", 2**53, "CNY")
        while found.step is not None:
            at += timedelta(microseconds=999_999)
            # The first step alone is a delegate's.
            away = None if found.signatures else lent
            found = self.keeps(repository, clerk.signs(found, at=at, delegation=away))
        found = self.keeps(repository, clerk.pays(found, 1, at=at))
        when = (found.round.submitted_at, found.approved_at, found.expires_at, found.use_due_at, found.payments[0].at)
        assert all(each is not None and each.utcoffset() is not None for each in when)
        head = repository.look(Look(subjects=("d1",))).heads.get("d1")
        assert head is not None
        assert (head[2], head[2].utcoffset() is None) == (at, False)

    def test_records_are_got_back(self, repository: Repository, clerk: Clerk) -> None:
        """Payees, policy versions and projects are got back equal, version after version."""
        project = Project("p1", "春季展会", ("marketing", "customer_service"), date(2024, 2, 29), date(2026, 12, 31))
        adopters = (Adopter("cfo", "finance_head", NOW), Adopter("gm", "general_manager", NOW.astimezone(EAST)))
        version = PolicyVersion("2026.1", date(2026, 1, 1), "[policy]\r\n名 = '𠮷'\n", "d" * 64, ("gm", "cfo"), (), 1)
        adopted = attrs.evolve(version, adopters=adopters, version=2)
        clerk.does("r", puts=(Put(project, 0), Put(version, 0), payee("茶馆")))
        clerk.does("r", puts=(Put(adopted, 1), payee("茶馆", 2, "6222 0002")))
        seen = repository.look(Look(payees=("茶馆",), policies=("2026.1",), projects=("p1",)))
        assert seen.payees == {"茶馆": PayeeAccount("茶馆", "6222 0002", 2)}
        assert seen.policies == {"2026.1": adopted}
        assert seen.policies["2026.1"].row() == adopted.row()
        assert seen.projects == {"p1": project}
        assert list(repository.policies()) == [adopted]

    def test_policies_come_by_effective_date(self, repository: Repository, clerk: Clerk) -> None:
        """Policy versions are listed by effective date, then id."""
        made = [
            PolicyVersion(id, date(year, 1, 1), "", "d" * 64, (), (), 1)
            for id, year in (("b", 2027), ("c", 2026), ("a", 2027))
        ]
        clerk.does("r", puts=tuple(Put(each, 0) for each in made))
        assert [each.id for each in repository.policies()] == ["c", "a", "b"]

    def test_a_line_is_got_back(self, repository: Repository, clerk: Clerk) -> None:
        """A line comes back with all its fields, its balance what was moved, in id order among the others."""
        closed = Line("l2", "marketing", 2026, "care_gifts", "礼品 🎁", "p1", "plan-1", closed_through=Month(2026, 2))
        plain = Line("L1", "customer_service", 2027, "communication", "", None, "plan-2")
        clerk.does("plan", lines=(closed, plain), moves=(Move("l2", 100, 30, 20, 10),))
        moved = attrs.evolve(closed, in_force=100, reserved=30, committed=20, spent=10)
        assert list(repository.lines()) == [plain, moved]
        assert repository.look(Look(lines=("l2", "L1"))).lines == {"l2": moved, "L1": plain}

    def test_a_move_is_kept(self, repository: Repository, clerk: Clerk) -> None:
        """Every move stands as its own record, with its month, beside the balance that it made."""
        clerk.opens(units=100)
        clerk.does("m", moves=(Move("gifts", reserved=7),))
        clerk.does("m", moves=(Move("gifts", reserved=-7, spent=7, month=Month(2026, 3)),))
        kept = [row for row in repository.standing(_unreadable) if row[0] in ("move", "balance")]
        assert sorted(kept) == [
            ("balance", "gifts", "100", "0", "0", "7", ""),
            ("move", "m", "1", "gifts", "0", "7", "0", "0", ""),
            ("move", "m", "2", "gifts", "0", "-7", "0", "7", "2026-03"),
            ("move", "plan:gifts", "1", "gifts", "100", "0", "0", "0", ""),
        ]

    def test_a_month_closes_every_line(self, repository: Repository, clerk: Clerk) -> None:
        """A closing closes every line that is there, the batch's own too; what they hold stays (R1.3)."""
        march = Month(2026, 3)
        clerk.opens("l1", 10, closed_through=Month(2026, 2))
        clerk.opens("l2", 100)
        mine = Line("l3", "marketing", 2026, "care_gifts", "Gifts", None, "plan-1")
        clerk.does("s", lines=(mine,), moves=(Move("l2", spent=40, month=march), Move("l3", 7)), closes=march)
        found = [(line.id, line.in_force, line.spent, line.closed_through) for line in repository.lines()]
        assert found == [("l1", 10, 0, march), ("l2", 100, 40, march), ("l3", 7, 0, march)]

    def test_a_document_brings_the_lines_it_holds(self, repository: Repository, clerk: Clerk) -> None:
        """A look brings the lines that its documents hold money on, and only where that is asked."""
        clerk.opens("gifts")
        clerk.opens("other")
        repository.commit(clerk.files("d1"))
        assert set(repository.look(Look(documents=("d1",), lines=("other",), held=True)).lines) == {"gifts", "other"}
        assert set(repository.look(Look(documents=("d1",), lines=("other",))).lines) == {"other"}

    def test_an_entry_is_got_back(self, repository: Repository, clerk: Clerk) -> None:
        """An entry comes back with all it says; what is not there and what is empty stay two things."""
        rows = (("a", "b\tc", "d\ne", "\\n", "", "𠮷"), ("a",), ("a", ""))
        said: list[dict[str, Any]] = [
            {"office": "cashier", "on_behalf_of": "mei", "reason": "因为", "policy_version": "2026.1", "rows": rows},
            {"office": "", "on_behalf_of": "", "reason": "", "policy_version": "", "rows": ()},
            {"office": None, "on_behalf_of": None, "reason": None, "policy_version": None, "rows": rows},
            {"key_id": "k1", "tag": "t" * 64, "at": LATER},
        ]
        put = [clerk.does("s", **each).entry for each in said]
        assert [entry for entry, _ in repository.history("s")] == put
        last = put[-1]
        assert repository.look(Look(subjects=("s",))).heads == {"s": (last.seq, last.digest, last.at)}

    def test_facts_come_with_the_entry_that_wrote_them(self, repository: Repository, clerk: Clerk) -> None:
        """History gives every entry the facts it wrote, all of them, equal, and no other's."""
        clerk.opens()
        batches = [clerk.files("d1")]
        repository.commit(batches[0])
        while written(batches[-1]).step is not None:
            batches.append(clerk.signs(written(batches[-1])))
            repository.commit(batches[-1])
        batches.append(clerk.pays(written(batches[-1]), 10_000))
        repository.commit(batches[-1])
        rows = [use_row("d1", n, recipient=f"客户{n}", detail=(("a", "b"), ("c", ""))) for n in range(1, 12)]
        batches.append(clerk.uses(written(batches[-1]), *rows))
        repository.commit(batches[-1])
        clerk.approved("d0")
        for batch, (entry, facts) in zip(batches, repository.history("d1"), strict=True):
            assert entry == batch.entry
            assert sorted(facts, key=lambda fact: fact.row()) == sorted(batch.facts, key=lambda fact: fact.row())

    def test_names_are_one_where_every_code_point_is(self, repository: Repository, clerk: Clerk) -> None:
        """Names that differ in case, width, accents, spaces at their ends or look alike are of different things."""
        for name in ALIKE:
            clerk.does(
                name,
                key=asked(name),
                guards=(Guard(name, 0),),
                puts=(payee(name, 1, name),),
                takes=(Take(Space.VOUCHER, name, name),),
                notices=(notice(name),),
            )
        taken = tuple((Space.VOUCHER, name) for name in ALIKE)
        seen = repository.look(Look(guards=ALIKE, payees=ALIKE, taken=taken))
        assert seen.guards == dict.fromkeys(ALIKE, 1)
        assert {name: record.account for name, record in seen.payees.items()} == {name: name for name in ALIKE}
        assert seen.taken == {(Space.VOUCHER, name): name for name in ALIKE}
        assert {each.key for each in repository.notices(NOW, 100)} == set(ALIKE)
        for name in ALIKE:
            done = repository.look(Look((name,), (name,)))
            assert (done.done[name][0].subject, done.heads[name][0]) == (name, 1)


def _unreadable(where: str, why: str) -> None:
    raise AssertionError(f"{where} can't be read: {why}")
