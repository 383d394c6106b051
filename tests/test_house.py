"""The house keeps its own order: floors, words, clauses, sizes."""

from __future__ import annotations

import os
import re
import shutil
import string
import subprocess
import sys
from pathlib import Path

import expense_policy
from expense_policy.domain.refusal_texts import TEXTS
from expense_policy.domain.refusals import Code

from . import sizes

ROOT = Path(__file__).parent.parent
# What the issues to come still bring; the list only shrinks.
TO_COME = frozenset(
    {
        *("S1.1", "S1.2", "S1.3", "S2.1", "S2.2", "S2.3", "X1"),
    }
)


def test_every_code_speaks_both_languages() -> None:
    """Each refusal code has a clause and four texts, whose facts are the same in both languages."""
    assert set(TEXTS) == set(Code)
    for code, text in TEXTS.items():
        assert re.fullmatch(r"[GBCARSX]\d(\.\d)?", text.clause), code
        assert all(text), code
        names = [{n for _, n, _, _ in string.Formatter().parse(part) if n} for part in text[1:]]
        assert names[0] == names[1], code
        assert names[2] | names[0] == names[3] | names[0], code


def test_the_face_holds_what_it_names() -> None:
    """Every name of the face's __all__ can be had from it."""
    for name in expense_policy.__all__:
        assert getattr(expense_policy, name) is not None


def test_the_core_loads_no_driver() -> None:
    """Importing the library loads no SQL toolkit, no command line, no converter."""
    program = "import sys, expense_policy; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"sqlalchemy", "typer", "rich", "cattrs", "sqlite3", "tree_sitter"}


def test_every_clause_has_a_test(shared: Path) -> None:
    """Each clause of the policy is marked on a test, or stands on the list of those still to come."""
    text = (shared / "policy" / "clauses.md").read_text(encoding="utf-8")
    clauses = set(re.findall(r"^\| ([GBCARSX][0-9](?:\.[0-9])?) ", text, re.MULTILINE))
    marked = {
        found
        for path in (ROOT / "tests").rglob("*.py")
        for call in re.findall(r"mark\.clause\(([^)]*)\)", path.read_text(encoding="utf-8"))
        for found in re.findall(r'"([^"]+)"', call)
    }
    assert marked <= clauses
    assert not marked & TO_COME, "shrink the list"
    assert clauses - marked == TO_COME & clauses


# Words and tables grow with the policy; everything else is asked which idea wants to move out.
TABLES = ("expense_policy/domain/refusal_texts.py", "expense_policy/domain/festival_table.py")


def test_modules_and_functions_stay_small() -> None:
    """No module passes 420 lines and no function 60: each is still one idea."""
    assert {name: n for name, n in sizes.modules().items() if n > 420 and name not in TABLES} == {}
    assert {name: n for name, n in sizes.functions().items() if n > 60} == {}


def test_every_exception_has_its_reason() -> None:
    """No type error is ignored, and no lint rule set aside, without a word why."""
    bare = re.compile(r"# (?:type: ignore\[[a-z-]+\]|noqa: [A-Z0-9]+)\s*$", re.MULTILINE)
    sources = [path for folder in ("src", "tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]
    assert [str(path) for path in sources if bare.search(path.read_text(encoding="utf-8"))] == []


SEEDS = {
    "expense_adapters/local.py": "import expense_policy.testing.laws",
    "expense_policy/services/newcomer.py": '"""A file without a floor."""',
    "expense_policy/services/paying.py": "from . import spending",
    "expense_policy/services/using.py": "import cattrs",
    "expense_policy/domain/money.py": "from ..ports import keyring",
    "expense_policy/ports/keyring.py": "import expense_adapters.local",
}


def test_a_wrong_import_is_caught(tmp_path: Path) -> None:
    """Each wrong import that is sown breaks a contract of the house, and so does a new service without a floor."""
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, line in SEEDS.items():
        with (tmp_path / "src" / path).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run(
        [*command, "--no-cache", "--no-logo"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src"), "COLUMNS": "200"},
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    broken = set(re.findall(r"^(.+) BROKEN", done.stdout, re.MULTILINE))
    assert broken >= {
        "rings",
        "nothing shipped imports the tests' kit",
        "floors of the services",
        "the converter stays in the policy file, the codec and the adapters",
        "nothing inside knows an adapter",
    }
    for named in (
        "services.newcomer",
        "services.paying -> expense_policy.services.spending",
        "services.using -> cattrs",
    ):
        assert named in done.stdout
