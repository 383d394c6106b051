"""Bugs in what is MariaDB's own, each of which the named test has to see."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_seeded_bugs import SQL, Bug, catch

KIT, HOSTS, SERVER = (f"conformance/test_mariadb{name}.py::" for name in ("", "_hosts", "_server"))
BUGS = {
    "text is padded": Bug(
        "I32",
        f"{SQL}/schema.py",
        '"utf8mb4_nopad_bin"',
        '"utf8mb4_bin"',
        f"{KIT}TestMariadb::test_names_are_one_where_every_code_point_is",
    ),
    "each question of a look is of its own instant": Bug(
        "I21",
        f"{SQL}/mariadb_connections.py",
        "_around = (_BEGIN_READ, _END_READ)",
        "_around = ((), ())",
        f"{HOSTS}test_a_look_is_of_one_instant",
    ),
    "each question of a joined look is of its own instant": Bug(
        "I21",
        f"{SQL}/mariadb_connections.py",
        "if len(asked) < 2:",
        "if True:",
        f"{HOSTS}test_a_joined_look_is_of_one_instant",
    ),
    "rows that stay as they were are not found": Bug(
        "I29",
        f"{SQL}/mariadb_pool.py",
        "CLIENT.FOUND_ROWS | CLIENT",
        "CLIENT",
        f"{SERVER}test_a_row_that_is_found_is_hit",
    ),
    "what is cut is kept": Bug(
        "I2",
        f"{SQL}/mariadb_wire.py",
        "if cursor.warning_count:",
        "if False:",
        f"{SERVER}test_nothing_is_cut_to_its_length",
        "DID NOT RAISE",
    ),
    "a commit without an answer was none": Bug(
        "I20",
        f"{SQL}/mariadb_wire.py",
        "tell(error, committing=True)",
        "tell(error)",
        f"{SERVER}test_a_commit_without_an_answer_is_unknown",
    ),
    "a law is no more than a race": Bug(
        "I29",
        f"{SQL}/mariadb_wire.py",
        "str(text).endswith(RACED)",
        "True",
        f"{KIT}TestMariadb::test_no_line_opens_overdrawn",
    ),
    "what a refused batch began goes on": Bug(
        "I22",
        f"{SQL}/mariadb_connections.py",
        'run(cursor, "ROLLBACK")',
        "pass",
        f"{KIT}TestMariadb::test_a_batch_refused_for_its_last_condition_leaves_no_trace",
    ),
    "a host's deadlock is a conflict": Bug(
        "I22",
        f"{SQL}/mariadb_connections.py",
        "raise RepositoryUnavailable(why, outcome_known=True) from error",
        "raise error",
        f"{HOSTS}test_a_deadlock_ends_what_was_joined",
        "Conflict",
    ),
    "a server may forget": Bug(
        "I22",
        f"{SQL}/mariadb_pool.py",
        'not in ("1", "3")',
        'not in ("0", "1", "2", "3")',
        f"{SERVER}test_a_server_that_forgets_is_refused",
        "DID NOT RAISE",
    ),
    "a half-made schema is made": Bug(
        "I29",
        f"{SQL}/mariadb_catalog.py",
        "    if there:\n",
        "    if False:\n",
        f"{SERVER}test_a_schema_half_made_is_told",
    ),
}


@pytest.mark.usefixtures("mariadb")
@pytest.mark.parametrize("name", BUGS)
def test_a_bug_of_mariadbs_own_is_caught(name: str, tmp_path: Path) -> None:
    """The bug makes the test fail that has to see it, and for that reason."""
    catch(BUGS[name], tmp_path)
