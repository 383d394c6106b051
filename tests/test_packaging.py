"""What is installed, from what, and when."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from expense_policy.testing.contract import laws

ROOT = Path(__file__).parent.parent
# A Python that makes a virtual environment of itself and whose pip does nothing but write down what it is asked.
PYTHON = """#!/bin/sh
echo "$*" >>"$LOG"
case "$*" in
    "-c "*) exit 0 ;;
    "-m venv --clear .venv") rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    *"--group broken"*) exit 1 ;;
esac
"""


def test_constraints_name_every_package() -> None:
    """The constraints hold a version of everything that the library, its extras, its groups and its build require."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = re.findall(r"^(\S+)==\S+$", text, re.MULTILINE)
    assert len(lines) == len(text.splitlines()) == len(set(lines))
    named = {canonicalize_name(line) for line in lines}
    extras = project["project"]["optional-dependencies"].values()
    wanted = [project["build-system"]["requires"], project["project"]["dependencies"]]
    wanted += [*extras, *project["dependency-groups"].values()]
    open_ = [Requirement(each) for group in wanted for each in group]
    seen: set[str] = set()
    while open_:
        each = open_.pop()
        name = canonicalize_name(each.name)
        assert name in named, name
        for extra in ("", *each.extras):
            if f"{name}[{extra}]" in seen:
                continue
            seen.add(f"{name}[{extra}]")
            try:
                needs = [Requirement(need) for need in requires(name) or ()]
            except PackageNotFoundError:
                continue
            open_ += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What script/environment needs of a clone, and a Python of no substance."""
    (tmp_path / "script").mkdir()
    for name in ("script/environment", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "python").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def _environment(clone: Path, *groups: str) -> tuple[int, list[str]]:
    """The exit code, and what Python was asked: nothing but whether pip is there where all is installed."""
    log = clone / "log"
    log.write_text("", encoding="utf-8")
    done = subprocess.run(
        ["sh", "-euc", '. script/environment; environment "$@"', "sh", *groups],
        cwd=clone,
        env={**os.environ, "PYTHON": str(clone / "python"), "LOG": str(log)},
        check=False,
    )
    asked = log.read_text(encoding="utf-8").splitlines()
    return done.returncode, [line for line in asked if line != "-m pip --version"]


def test_a_second_run_installs_nothing(clone: Path) -> None:
    """What is installed already isn't asked for again, so that a second run needs no network; anything new is."""
    code, asked = _environment(clone, "tests", "types")
    assert code == 0
    assert asked[0] == "-m venv --clear .venv"
    assert asked[-1].endswith("--editable .[sql,cli] --group tests --group types")
    for groups in (("tests", "types"), (), ("types",)):
        assert _environment(clone, *groups) == (0, [])
    assert _environment(clone, "lint")[1][-1].endswith("--group lint")
    assert _environment(clone, "types", "lint") == (0, [])
    for name in ("constraints.txt", "pyproject.toml"):
        with (clone / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        assert len(_environment(clone, "tests")[1]) == 2
        assert _environment(clone, "tests") == (0, [])


def test_what_was_not_installed_is_asked_for_again(clone: Path) -> None:
    """An installation that fails is none: it is tried again, and what was there before is still there."""
    assert _environment(clone, "tests")[0] == 0
    assert _environment(clone, "broken")[0] != 0
    assert _environment(clone, "broken")[0] != 0
    assert _environment(clone, "tests") == (0, [])


def test_a_half_made_environment_is_made_again(clone: Path) -> None:
    """A virtual environment without a working pip is made anew."""
    python = clone / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)
    code, asked = _environment(clone)
    assert (code, asked[0]) == (0, "-m venv --clear .venv")
    assert _environment(clone) == (0, [])


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it is built from this clone: where hatchling is installed, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    how = ["--no-build-isolation"] if find_spec("hatchling") else ["--build-constraint", "constraints.txt"]
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", *how, "--wheel-dir", str(folder), "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("expense_policy-*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path) -> dict[str, str]:
    """The environment of a program that finds the library as its wheel installs it, and nothing of this clone."""
    site = wheel.parent / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {**kept, "PYTHONPATH": str(site)}


def test_the_wheel_holds_what_is_imported(wheel: Path) -> None:
    """The wheel holds every module and the marks of its types, the demo's company, and no test."""
    src = ROOT / "src"
    kinds = ("*.py", "py.typed", "*.json")
    modules = {path.relative_to(src).as_posix() for name in kinds for path in src.rglob(name)}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    company = {f"expense_adapters/cli/company/{path.name}" for path in (ROOT / "examples" / "company").iterdir()}
    assert held == modules | company


HELD = """
import pytest

from expense_adapters.memory import MemoryRepository
from expense_policy.testing.contract import RepositoryContract


class TestMine(RepositoryContract):
    @pytest.fixture
    def repository(self):
        return MemoryRepository()
"""


def test_an_installed_contract_holds_a_store(installed: dict[str, str], tmp_path: Path) -> None:
    """With the library installed from its wheel a few lines hold a store to every law; a failure shows its values."""
    assert len(HELD.splitlines()) <= 20
    (tmp_path / "test_mine.py").write_text(HELD)
    deaf = "class Deaf(MemoryRepository):\n    def notices(self, now, limit, parked=False):\n        return []\n"
    (tmp_path / "test_deaf.py").write_text(
        HELD.replace("class", f"{deaf}\n\nclass").replace("return MemoryRepository()", "return Deaf()")
    )
    where = [
        sys.executable,
        "-c",
        "import expense_policy, expense_adapters as a; print(expense_policy.__file__, a.__file__)",
    ]
    found = subprocess.run(
        where, cwd=tmp_path, env=installed, capture_output=True, text=True, check=True
    ).stdout.split()
    assert all(path.startswith(installed["PYTHONPATH"]) for path in found)

    def run(name: str) -> str:
        command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "-p", "no:xdist", name]
        return subprocess.run(command, cwd=tmp_path, env=installed, capture_output=True, text=True, check=False).stdout

    done = run("test_mine.py")
    passed = set(re.findall(r"^PASSED test_mine\.py::TestMine::(\w+)", done, re.MULTILINE))
    assert passed == {*laws()} - {"test_what_was_committed_survives", "test_meddling_is_refused_or_named"}, done
    assert "TestMine does not declare itself durable" in done
    failed = run("test_deaf.py")
    assert "FAILED test_deaf.py::TestMine::test_notices_come_by_due_date" in failed
    # What a law asserts is rewritten in an installed library too: the list that was empty is shown.
    assert "assert [] == [" in failed
