"""The store of `examples/store_lmdb`, made from outside: what LMDB adds to the contract, what the example may be."""

from __future__ import annotations

import ast
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from expense_policy_lmdb import LmdbRepository
from expense_policy_lmdb import rows as kept
from expense_policy_lmdb import store as port

from expense_policy.domain.categories.holiday_gift import GiftIssued
from expense_policy.domain.posting import Planned, Posting
from expense_policy.domain.vocabulary import Space, Status
from expense_policy.ports.errors import RepositoryUnavailable
from expense_policy.ports.mistakes import NAME_MAX
from expense_policy.ports.repository import Batch, Guard, Look, Put, Sum, Take, identity
from expense_policy.services.verification import verify
from expense_policy.testing.batches import (
    LATER,
    NOW,
    Clerk,
    asked,
    gift,
    listed,
    notice,
    numbered,
    paged,
    payee,
    related,
    use_row,
    written,
)
from expense_policy.testing.ledger import ANSWER, FEBRUARY, MARCH, posting, review, task, voucher_row
from tests.world import World

EXAMPLE = Path(kept.__file__).parents[1]
GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-store.md"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbRepository]:
    """An empty store."""
    made = LmdbRepository(tmp_path / "store")
    yield made
    made.close()


BEGINNINGS = ("x" * (kept.ROOM - 2), "x" * (kept.ROOM - 1), "x" * 450, "\U00020bb7" * 90, "\U0010ffff" * 480, "\0", "")
ENDS = ("\0", "\0\0", "\0\1", "!", "a", "b", "é", "中", "\uffff", "\U0001f9e7", "a" * 20)
LONG = sorted({beginning + end for beginning in BEGINNINGS for end in ENDS})


def test_names_of_any_length_keep_their_order(store: LmdbRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names beyond what a key of LMDB holds are told apart, and come in the order of code points, page by page."""
    monkeypatch.setattr(port, "PAGE", 7)
    assert max(map(len, LONG)) == NAME_MAX
    clerk = Clerk(store)
    clerk.opens()
    for name in random.Random(1).sample(LONG, len(LONG)):
        parts: dict[str, Any] = {"key": asked(name), "guards": (Guard(name, 0),), "puts": (payee(name, 1, name),)}
        taken = (Take(Space.VOUCHER, name, name),)
        store.commit(clerk.files(name, gift(1), takes=taken, notices=(notice(name),), **parts))
        clerk.does(name)
    for size in (1, 3, 1000):
        assert paged(store, size) == LONG
    chains = [(name, seq) for name in LONG for seq in (1, 2)]
    assert [(e.subject, e.seq) for e, _ in store.history() if e.subject != "plan:gifts"] == chains
    assert [(e.subject, e.seq) for e in store.unsealed(9999) if e.subject != "plan:gifts"] == chains
    assert [each.key for each in store.notices(LATER, 9999)] == LONG
    names = tuple(LONG)
    seen = store.look(Look(names, names, payees=names, guards=names, taken=tuple((Space.VOUCHER, n) for n in names)))
    assert {name: done[0].subject for name, done in seen.done.items()} == {name: name for name in LONG}
    assert {name: record.account for name, record in seen.payees.items()} == {name: name for name in LONG}
    assert {name: by for (_, name), by in seen.taken.items()} == {name: name for name in LONG}
    assert (set(seen.guards.values()), {head[0] for head in seen.heads.values()}) == ({1}, {2})


def named(name: str) -> bool:
    """Whether a document may have this id."""
    try:
        posting(name)
    except ValueError:
        return False
    return True


def test_the_year_of_names_of_any_length(store: LmdbRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long names of documents and lines in one posting or plan fit; numbers, cards and sums come in their order."""
    monkeypatch.setattr(port, "PAGE", 7)
    beginnings = ("x" * 199, "中" * 99, "中" * 180, "\U00020bb7" * 90, "\U00020bb7" * 199, "")
    names = sorted(filter(named, {beginning + end for beginning in beginnings for end in ENDS}))
    assert max(len(name.encode()) for name in names) == 200 * 4
    clerk, put = Clerk(store), list[Posting]()
    for line in names:
        clerk.opens(line)
    for name in random.Random(1).sample(names, len(names)):
        put += (rows := [posting(name, n, line=line) for n in (1, 12) for line in {*names[::9], name}])
        plans = [Planned(name, line, MARCH, 1) for line in names]
        facts = (*rows, *plans, voucher_row(name), review(name))
        store.commit(clerk.posts(name, *rows, facts=facts, puts=(Put(task(name), 0),)))
    store.commit(clerk.closes(MARCH))
    given = [each for _, each in sorted((identity(each), each) for each in put)]
    for size in (1, 50, 9999):
        assert numbered(store, MARCH, size) == list(enumerate(given, 1))
        assert [card.id for card in listed(store, (("kind", "rectification"),), size, LATER)] == names
    where = (("line", tuple(names)),)
    asked = [Sum(of, by, where) for of, by in (("posting_count", ("document",)), ("planned", ("line",)))]
    found = store.look(Look(sums=(*asked, Sum("reserved", ("line",), where)))).sums
    assert found[0] == Counter((each.document,) for each in put)
    assert found[1:] == ({(name,): len(names) for name in names}, {(name,): 0 for name in names})
    assert sum(len(facts) for _, facts in store.history()) == len(put) + len(names) * (len(names) + 2)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place in a row with something else that could stand there."""
    if isinstance(value, dict | list):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, (*path, name))
    if isinstance(value, list):
        yield from ((path, []), (path, [*value, None]))
    elif isinstance(value, str):
        yield from ((path, f"{value}x"), (path, f"{value}\ud800"))
    elif not isinstance(value, dict):
        yield path, "x" if value is None else not value if isinstance(value, bool) else value + 1


def changed(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """The same with something else at a place."""
    if not path:
        return other
    copy = value.copy()
    copy[path[0]] = changed(copy[path[0]], path[1:], other)
    return copy


def changes(rows: list[tuple[bytes, bytes]]) -> Iterator[tuple[str, bytes, bytes | None]]:
    """Each row taken away, copied, made nothing; each place of each kind of row with something else in it."""
    done = set()
    for place, text in rows:
        kind, value = place.split(b"\0\0")[0].decode(), json.loads(text)
        yield f"{kind} gone", place, None
        yield f"{kind} copied", place + b"x\0\0", text
        yield f"{kind} unreadable", place, b"\xff"
        for path, other in leaves(value):
            where = " ".join("*" if isinstance(each, int) else each for each in path)
            name = f"{kind} {where}: {other[-1:]!a}" if isinstance(other, str) else f"{kind} {where}: {bool(other)}"
            put = json.dumps(changed(value, path, other), ensure_ascii=False, separators=(",", ":"))
            if name not in done and put.encode(errors="surrogatepass") != text:
                done.add(name)
                yield name, place, put.encode(errors="surrogatepass")


def told(clerk: Clerk, b: Batch, at: datetime) -> Batch:
    """The batch with an entry that says every row it writes, as the desk's do."""
    rows = [each.record.row() for each in b.puts] + [("guard", g.key, str(g.expected + 1)) for g in b.guards]
    rows += [fact.row() for fact in b.facts] + ([] if b.closes is None else [("closes", str(b.closes))])
    return attrs.evolve(b, entry=clerk.entry(b.entry.subject, rows=tuple(rows), at=at))


# A tag is held to the key that made it, which `verify` is not given here.
UNTOLD = {"entry entry key_id: 'x'", "entry entry tag: 'x'"}


def test_every_change_from_beside_is_named(store: LmdbRepository) -> None:
    """Whatever row is taken away, copied or changed in any place, `verify` names it and reads the rest on."""
    world = World.with_budget(store)
    form = world.gift("100.00")
    id = world.apply(form).id
    world.sign_all(id)
    world.pay(id, form)
    world.desk.spending.reverse(id, 1, actor="cashier", reason="Bounced.")
    world.on(date(2026, 1, 20))
    world.desk.spending.record_use(id, (GiftIssued(date(2026, 1, 20), "C1"),), actor="li.na")
    world.desk.tick()
    world.apply(world.gift("100.00"))
    clerk, on = Clerk(store), world.clock.at
    facts = (posting("costs", line=""), voucher_row("costs"), review("costs"))
    store.commit(told(clerk, attrs.evolve(clerk.posts("costs", facts[0]), facts=facts, puts=(Put(task("t"), 0),)), on))
    for month in (MARCH.plus(-2), MARCH):
        store.commit(told(clerk, clerk.closes(month), on))
    with store.environment.begin() as txn:
        rows = [row for row in txn.cursor() if not row[0].startswith(b"notice")]
    assert verify(store).breaks == ()
    untold = set()
    for name, place, text in changes(rows):
        before = dict(rows).get(place)
        with store.environment.begin(write=True) as txn:
            txn.delete(place) if text is None else txn.put(place, text)
        if not verify(store).breaks:
            untold.add(name)
        with store.environment.begin(write=True) as txn:
            txn.delete(place) if before is None else txn.put(place, before)
    assert untold <= UNTOLD
    assert {place.split(b"\0")[0].decode() for place, _ in rows} == {
        *("document", "entry", "fact", "guard", "index", "key", "line", "payee", "policy", "take", "unsealed"),
        *("card", "number"),
    }
    assert verify(store).breaks == ()


ASKED: dict[str, Callable[[LmdbRepository], object]] = {
    "look": lambda s: s.look(Look(documents=("d",))),
    "commit": lambda s: s.commit(),
    "find": lambda s: s.find(),
    "uses": lambda s: s.uses((("recipient", "C1"),)),
    "cards": lambda s: s.cards((("kind", "books"),)),
    "postings": lambda s: s.postings(MARCH),
    "lines": lambda s: s.lines(),
    "policies": lambda s: s.policies(),
    "history": lambda s: list(s.history()),
    "standing": lambda s: list(s.standing(lambda *_: None)),
    "unsealed": lambda s: s.unsealed(1),
    "notices": lambda s: s.notices(NOW, 1),
    "delivered": lambda s: s.delivered("n"),
    "put_off": lambda s: s.put_off("n", NOW),
}


@pytest.mark.parametrize("end", ["closed", "gone", "replaced"])
def test_a_store_that_is_not_there_is_unavailable(store: LmdbRepository, tmp_path: Path, end: str) -> None:
    """A closed store, one whose folder is gone, and one whose file is another's refuse everything; nothing was done."""
    Clerk(store).does("s", notices=(notice("n"),))
    if end == "closed":
        store.close()
    else:
        (tmp_path / "store").rename(tmp_path / "elsewhere")
    if end == "replaced":
        shutil.copytree(tmp_path / "elsewhere", tmp_path / "store")
    for name, ask in ASKED.items():
        with pytest.raises(RepositoryUnavailable) as refused:
            ask(store)
        assert refused.value.outcome_known, name


def test_what_is_no_store_is_unavailable(tmp_path: Path, store: LmdbRepository) -> None:
    """A file, a folder in no folder, another's file and a store that is open already can't be opened."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "data.mdb").write_bytes(b"x" * 9999)
    for path in ("file", "none/store", "other", "store"):
        with pytest.raises(RepositoryUnavailable) as refused:
            LmdbRepository(tmp_path / path)
        assert refused.value.outcome_known


def test_a_full_store_is_unavailable(tmp_path: Path) -> None:
    """What does not fit is RepositoryUnavailable and leaves nothing; opened with more room the store goes on."""
    store = LmdbRepository(tmp_path / "small", size=2**18)
    clerk, batches = Clerk(store), list[Batch]()

    def fill() -> None:
        for n in range(1000):
            parts: dict[str, Any] = {"guards": (Guard("g", n),), "notices": (notice(f"n{n}"),)}
            batches.append(clerk.batch("s", reason="x" * 5000, **parts))
            store.commit(batches[-1])

    with pytest.raises(RepositoryUnavailable, match="MAP_FULL"):
        fill()
    *done, last = batches
    assert len(done) > 5
    assert [entry for entry, _ in store.history()] == [batch.entry for batch in done]
    assert (store.look(Look(guards=("g",))).guards["g"], len(store.notices(NOW, 999))) == (len(done), len(done))
    store.close()
    store = LmdbRepository(tmp_path / "small")
    store.commit(last)
    assert [entry for entry, _ in store.history()] == [batch.entry for batch in batches]
    store.close()


def test_a_store_is_closed_while_it_is_used(tmp_path: Path) -> None:
    """Whoever reads or writes while a store is closed is done or refused, and the process goes on."""
    for n in range(5):
        store = LmdbRepository(tmp_path / f"{n}")
        clerk, ends = Clerk(store), list[object]()

        def use(act: Callable[[], object], ends: list[object] = ends) -> None:
            try:
                while True:
                    act()
            except RepositoryUnavailable as refused:
                ends.append(refused.outcome_known)
            except Exception as error:
                ends.append(error)

        acts = (*[partial(clerk.does, f"s{i}") for i in range(4)], store.find, store.lines)
        threads = [threading.Thread(target=use, args=(act,)) for act in acts]
        for each in threads:
            each.start()
        time.sleep(0.02)
        store.close()
        for each in threads:
            each.join(timeout=20)
        assert ends == [True] * len(acts)


def test_processes_share_a_store(tmp_path: Path, store: LmdbRepository) -> None:
    """Another process sees what was committed; what it commits is there though it dies at once."""
    clerk = Clerk(store)
    clerk.does("s", guards=(Guard("g", 0),))
    program = (
        "import os, sys; from expense_policy_lmdb import LmdbRepository; from expense_policy.testing.batches import *\n"
        "from expense_policy.ports.repository import Guard\n"
        "clerk = Clerk(LmdbRepository(sys.argv[1])); clerk.does('s', guards=(Guard('g', 1),)); os._exit(7)"
    )
    places = os.pathsep.join([str(EXAMPLE), *sys.path])
    command = [sys.executable, "-c", program, str(tmp_path / "store")]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": places}, timeout=60, check=False)
    assert done.returncode == 7
    clerk.does("s", guards=(Guard("g", 2),))
    assert [entry.seq for entry, _ in store.history("s")] == [1, 2, 3]
    assert verify(store).entries == 3


def reads_of_an_act(store: LmdbRepository, before: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows an act reads, and what it asks first, after so many cases that are over."""
    clerk, earlier = Clerk(store), NOW - timedelta(days=60)
    clerk.opens(units=10**9)
    for n in range(before):
        filed = clerk.files(f"d{n}", gift(10), at=earlier, guards=(Guard("g", n),), key=asked(f"k{n}"))
        store.commit(filed)
        store.commit(clerk.ends(written(filed), Status.WITHDRAWN, earlier))
        clerk.does(f"d{n}", facts=(use_row(f"d{n}", 1, type="sms", recipient=f"C{n}"),))
        store.commit(
            clerk.posts(f"d{n}", posting(f"d{n}", month=FEBRUARY), puts=(Put(task(f"d{n}", follow_ups=(ANSWER,)), 0),))
        )
        store.commit(clerk.seals(*store.unsealed(10)))
    count, read = 0, kept.read

    def counted(*given: Any) -> Any:
        nonlocal count
        count += 1
        return read(*given)

    monkeypatch.setattr(kept, "read", counted)
    contacts = Sum("contacts", ("recipient",), (("type", "sms"), ("month", "2026-03"), ("recipient", ("C1", "C2"))))
    posted = Sum("postings", ("account",), (("month", "2026-03"), ("line", "other")))
    sums = (related(gift()), contacts, posted, Sum("payments", (), (), NOW, LATER))
    store.look(Look(("new",), ("new",), ("new",), guards=("g",), sums=sums, held=True, cards=("d1",)))
    assert store.cards((("kind", "rectification"), ("status", "open"))) == []
    assert store.postings(FEBRUARY) == []
    assert store.find((("status", "approved"),), ("expires_at", LATER)) == []
    filed = clerk.files("new", gift(10), key=asked("new"), guards=(Guard("g", before),))
    store.commit(filed)
    store.commit(clerk.signs(written(filed)))
    assert [row.id for row in store.find((("step_office", "finance_officer"),))] == ["new"]
    assert [row.id for row in store.find(after="d", limit=1)] == ["d0"]
    store.commit(clerk.seals(*store.unsealed(10)))
    monkeypatch.undo()
    return count


def test_an_act_costs_the_same_after_a_long_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many cases are over, an act and what it asks read as many rows."""
    counts = []
    for before in (3, 60):
        store = LmdbRepository(tmp_path / f"{before}")
        counts.append(reads_of_an_act(store, before, monkeypatch))
        store.close()
    assert counts[0] == counts[1] < 60


def code(path: Path) -> set[int]:
    """The lines of a file that are neither blank nor comment nor docstring."""
    tree, lines = ast.parse(path.read_text(encoding="utf-8")), set[int]()
    said = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.string.strip() and token.type != tokenize.COMMENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines - {n for node in said for n in range(node.lineno, (node.end_lineno or 0) + 1)}


def test_the_example_is_one_that_anybody_could_make() -> None:
    """It has at most 540 lines of code, functions of at most 60, and imports what the library shows, no more."""
    sources = sorted((EXAMPLE / "expense_policy_lmdb").glob("*.py"))
    # 400 kept one expense; the year has cards, numbered postings, closings, claims and six more sums.
    assert sum(len(code(path)) for path in sources) <= 540
    for path in (*sources, *EXAMPLE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 60, node.name
            if isinstance(node, ast.Import | ast.ImportFrom):
                place = (getattr(node, "module", None) or "").split(".")
                names = [part for alias in node.names for part in alias.name.split(".")]
                assert "expense_adapters" not in (*place, *names)
                assert [part for part in (*place, *names) if part.startswith("_") and part != "__future__"] == []
            if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
                assert isinstance(node.value, ast.Name), node.attr
                assert (node.value.id, node.attr.startswith("__")) == ("self", False), node.attr


def test_the_guide_quotes_the_example() -> None:
    """Each block of Python but the first two, which prove a store of one's own, stands so in the example."""
    _, _, *blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    sources = [path.read_text(encoding="utf-8") for path in EXAMPLE.rglob("*.py")]
    assert len(blocks) > 5
    assert [block for block in blocks if not any(block in source for source in sources)] == []
