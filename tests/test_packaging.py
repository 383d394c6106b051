"""What is installed, from what, and when."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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
