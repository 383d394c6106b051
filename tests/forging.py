"""What someone with write access to the file can do: the triggers dropped, chains and seals worked out anew."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import attrs

from expense_adapters.sql import rows
from expense_adapters.sql.sqlite import DIALECT
from expense_policy.domain.journal import GENESIS, Entry, digest_of, merkle_root


class Forger:
    """A connection to a store's file that no law holds back; `done` puts the triggers back, as if nothing had been."""

    def __init__(self, path: Path) -> None:
        self.plain = sqlite3.connect(path, isolation_level=None)
        self.plain.row_factory = sqlite3.Row
        for (name,) in self.plain.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            self.plain.execute(f"DROP TRIGGER {name}")

    def run(self, sql: str, *values: Any) -> int:
        """Runs one statement; how many rows it hit."""
        return self.plain.execute(sql, values).rowcount

    def one(self, sql: str, *values: Any) -> Any:
        """The first column of the first row."""
        return self.plain.execute(sql, values).fetchone()[0]

    def done(self) -> None:
        """Puts the triggers back and leaves."""
        for statement in DIALECT.schema():
            if statement.startswith("CREATE TRIGGER"):
                self.plain.execute(statement)
        self.plain.close()

    def entries(self, subject: str) -> list[Entry]:
        """A chain as it stands."""
        found = self.plain.execute("SELECT * FROM journal WHERE subject = ? ORDER BY seq", (subject,)).fetchall()
        return [rows.entry_of(dict(row)) for row in found]

    def rewrite(self, subject: str, **changes: dict[int, Any]) -> None:
        """Changes entries by their seq, `actor={3: "x"}`, and works the whole chain out anew, as tags can't be."""
        prev = GENESIS
        for entry in self.entries(subject):
            said = {name: values[entry.seq] for name, values in changes.items() if entry.seq in values}
            changed = attrs.evolve(entry, prev=prev, **said)
            changed = attrs.evolve(changed, digest=digest_of(changed))
            prev = changed.digest
            row = rows.entry_row(changed)
            names = ", ".join(f'"{name}" = :{name}' for name in row)
            self.plain.execute(f"UPDATE journal SET {names} WHERE subject = :subject AND seq = :seq", row)

    def reseal(self) -> None:
        """Works every seal inside the store out anew, for the entries as they now are."""
        digests = {(r["subject"], r["seq"]): r["digest"] for r in self.plain.execute("SELECT * FROM journal")}
        said: dict[int, Any] = {}
        for row in self.plain.execute("SELECT * FROM seals ORDER BY number").fetchall():
            seal = rows.seal_of(dict(row))
            kept = tuple((s, n, digests[(s, n)]) for s, n, _ in seal.entries if (s, n) in digests)
            made = attrs.evolve(seal, entries=kept, root=merkle_root(kept))
            entries, number = json.dumps(made.entries), made.number
            self.run("UPDATE seals SET root = ?, entries = ? WHERE number = ?", made.root, entries, number)
            said[row["seq"]] = (made.row(),)
            # A later seal binds the entry of this one.
            self.rewrite("seal", rows=said)
            found = self.plain.execute("SELECT seq, digest FROM journal WHERE subject = 'seal'")
            digests |= {("seal", r["seq"]): r["digest"] for r in found}

    def forget(self, document: str) -> None:
        """Removes a case from every table, with all that only it has written."""
        guards = {r[1] for e in self.entries(document) for r in e.rows if r[0] == "guard"}
        for table in ("rounds", "signatures", "payments", "use_rows", "postings", "planned", "vouchers", "papers"):
            self.run(f"DELETE FROM {table} WHERE document = ?", document)
        for table in ("journal", "moves", "keys", "unsealed"):
            self.run(f"DELETE FROM {table} WHERE subject = ?", document)
        self.run("DELETE FROM documents WHERE id = ?", document)
        for guard in guards:
            self.run("DELETE FROM guards WHERE key = ?", guard)
