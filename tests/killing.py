"""Writers that are killed in the middle of their work, and what is held against them afterwards.

A writer tells what it is about to ask, asks the desk, and tells what came back, each in a line of a side file; a line
that says that something is done is on the disk before the next act begins. `python -m tests.killing` is their nursery:
a process that has everything imported and forks a writer for each line that it reads.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import Any

import attrs

from expense_adapters.sql import SqlRepository
from expense_adapters.sql.engine import Stage
from expense_policy.domain.application import Application, Payee
from expense_policy.domain.approval import Approve
from expense_policy.domain.documents import Document
from expense_policy.domain.refusals import ExpensePolicyError
from expense_policy.ports.repository import Batch, Look
from expense_policy.services.engine import Receipt
from expense_policy.services.verification import verify

from .world import World

ROOT = Path(__file__).parent.parent
START = datetime(2026, 1, 5, 1, 0, tzinfo=timezone.utc)
Asked = dict[str, Any]
"""One act, as it is written down before it is asked."""


def _form(world: World, n: str) -> Application:
    """The same form for the same number, whoever makes it."""
    return attrs.evolve(world.gift("100.00"), payee=Payee(f"Tea House {n}", f"6222-{n}"))


def ask(world: World, said: Asked) -> Receipt:
    """Asks the desk for the act."""
    spending, id, key = world.desk.spending, said.get("id", ""), said["key"]
    if said["act"] == "apply":
        return spending.apply(_form(world, said["form"]), actor="li.na", key=key)
    if said["act"] == "revise":
        return spending.revise(id, _form(world, said["form"]), actor="li.na", key=key)
    if said["act"] == "sign":
        verdict = Approve("Fine.", dict.fromkeys(said["points"], True))
        return spending.sign(id, seen=said["seen"], actor=said["actor"], verdict=verdict, key=key)
    if said["act"] == "pay":
        whole = world.instruction(_form(world, said["form"]), said["amount"])
        return spending.pay(id, whole, actor="cashier", key=key)
    if said["act"] == "reverse":
        return spending.reverse(id, 1, actor="cashier", reason="Bounced.", key=key)
    if said["act"] == "close":
        return spending.close(id, actor="li.na", reason="No more is needed.", key=key)
    return spending.withdraw(id, actor="li.na", key=key)


def story(
    world: World, name: str, read: Callable[[Callable[[], Document]], Document] = lambda look: look()
) -> Generator[Asked, Receipt, None]:
    """Application after application, each through everything that can be done to it; it is sent each receipt."""
    numbers = itertools.count()

    def said(act: str, **more: Any) -> Asked:
        return {"act": act, "key": f"{name}-{next(numbers)}", **more}

    for n in itertools.count():
        form = f"{name}-{n}"
        id = (yield said("apply", form=form)).id
        if n % 3 == 2:
            yield said("revise", id=id, form=form)
            yield said("withdraw", id=id)
            continue
        while (step := (document := read(partial(world.desk.document, id))).step) is not None:
            points = list(step.points)
            yield said("sign", id=id, seen=document.statement, actor=world.signer(document), points=points)
        yield said("pay", id=id, form=form, amount="40.00")
        yield said("reverse", id=id)
        yield said("pay", id=id, form=form, amount="60.00")
        yield said("close", id=id)


class Side:
    """The side file of a writer."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def tell(self, **said: Any) -> None:
        """A line; what is done is on the disk when this returns."""
        os.write(self._file, json.dumps(said).encode() + b"\n")
        if "done" in said:
            os.fsync(self._file)


def early(store: SqlRepository, side: Side) -> Any:
    """Sown: it is told before it is committed."""
    commit = store.commit

    def told(*batches: Batch) -> None:
        for batch in batches:
            if batch.key is not None:
                side.tell(done=batch.key.key, entry=batch.entry.digest)
        commit(*batches)

    return told


def torn(store: SqlRepository, side: Side) -> Any:
    """Sown: an act is two transactions, the record and then the journal."""
    database: Any = store._database
    do = database.do

    def twice(*stages: Stage) -> None:
        journal = store._q.insert["journal"]
        for stage in stages:
            at = next((i for i, each in enumerate(stage) if each.statement is journal), len(stage))
            do(stage[:at])
            do(stage[at:])

    database.do = twice
    return store.commit


BUGS = {"early": early, "torn": torn}


def write(url: str, path: str, name: str, bug: str) -> None:
    """A writer: works until it is killed."""
    side, store = Side(path), SqlRepository(url)
    if bug:
        setattr(store, "commit", BUGS[bug](store, side))  # noqa: B010  # a method, for this one object
    world = desk_of(store)
    acts = story(world, name)
    said = next(acts)
    while True:
        side.tell(asked=said)
        receipt = ask(world, said)
        side.tell(done=said["key"], entry=receipt.entry)
        said = acts.send(receipt)


def desk_of(store: SqlRepository) -> World:
    """A desk at the instant of the story."""
    world = World.open(store)
    world.clock.at = START
    # What is looked up once is looked up now.
    world.desk.would.spending.apply(world.gift(), actor="li.na")
    return world


def nursery() -> None:
    """Forks a writer for each line, and tells its number; a line without a job waits for the last one's end."""
    child = 0
    for line in sys.stdin:
        job = json.loads(line)
        if job:
            child = os.fork()
            if child == 0:
                try:
                    write(**job)
                finally:
                    os._exit(1)
        else:
            os.waitpid(child, 0)
        print(child, flush=True)  # noqa: T201  # what its parent reads


class Nursery:
    """The nursery, seen from the test."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.killing"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True)

    def _ask(self, job: object) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def kills(self, url: str, side: Path, name: str, acts: int, after: float, bug: str = "") -> None:
        """A writer works until it has asked for so many acts, and so long after that, and is killed."""
        child = self._ask({"url": url, "path": str(side), "name": name, "bug": bug})
        try:
            _wait_for(side, acts)
            time.sleep(after)
        finally:
            os.kill(child, signal.SIGKILL)
            self._ask(None)

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


def _wait_for(side: Path, acts: int) -> None:
    for _ in range(60_000):
        if side.exists() and side.read_bytes().count(b'"asked"') >= acts:
            return
        time.sleep(0.0005)
    raise AssertionError("the writer does not go on")


@attrs.define
class Count:
    """What became of the acts of writers that were killed."""

    kills: int = 0
    told: int = 0
    """Acts that the writer told as done."""
    lost: int = 0
    """Of those, the ones that are not there, or are there otherwise."""
    untold: int = 0
    """Acts that are there, and the writer could not tell any more."""
    undone: int = 0
    """Acts that were asked and never happened."""
    broken: int = 0
    """What `verify` names."""
    twice: int = 0
    """Repeated calls that answered otherwise or did something."""

    @property
    def wrong(self) -> int:
        """All that may not be."""
        return self.lost + self.broken + self.twice

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.told} acts acknowledged, lost {self.lost}, half done {self.broken};"
            f" committed and not acknowledged {self.untold}, never done {self.undone},"
            f" repeated otherwise {self.twice}"
        )

    def judge(self, url: str, side: Path) -> None:
        """Holds the store to what one writer told."""
        lines = [json.loads(line) for line in side.read_text().splitlines()]
        asked = {line["asked"]["key"]: line["asked"] for line in lines if "asked" in line}
        told = {line["done"]: line["entry"] for line in lines if "done" in line}
        self.kills += 1
        self.told += len(told)
        with closing(SqlRepository(url)) as store:
            there = {key: entry.digest for key, (entry, _) in store.look(Look(tuple(asked))).done.items()}
            self.lost += sum(there.get(key) != entry for key, entry in told.items())
            self.broken += len(verify(store).breaks)
            open_ = [key for key in asked if key not in told]
            self.untold += sum(key in there for key in open_)
            self.undone += sum(key not in there for key in open_)
            world = desk_of(store)
            # What came to an end before is asked again too.
            for key in [*open_, *list(told)[-1:], *list(told)[:1]]:
                try:
                    self.twice += _repeated(world, store, asked[key], there.get(key))
                except ExpensePolicyError:
                    self.twice += 1


def _repeated(world: World, store: SqlRepository, said: Asked, before: str | None) -> bool:
    """Whether asking again under the same key does anything but give the receipt, or what was never done."""
    standing = _state(store, said.get("id"))
    first = ask(world, said)
    if before is not None and (first.entry != before or _state(store, said.get("id")) != standing):
        return True
    standing = _state(store, first.id)
    return ask(world, said) != first or _state(store, first.id) != standing


def _state(store: SqlRepository, id: str | None) -> object:
    heads = store.look(Look(subjects=(id,))).heads if id else {}
    return ([row.id for row in store.find(limit=10_000)], heads, store.lines())


if __name__ == "__main__":
    nursery()
