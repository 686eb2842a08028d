"""The seeded bugs of `make mutants` fit the code as it is; whether each is noticed is tried there."""

import ast
from dataclasses import replace

import pytest

from tests.seeded_bugs.__main__ import BugMisplaced, seeded
from tests.seeded_bugs.bugs import BUGS, SeededBug
from tiktok_ops.env import BASE_DIR


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_seeded_bug_replaces_what_is_there_and_names_a_test_there_is(bug: SeededBug) -> None:
    broken = seeded(bug, (BASE_DIR / bug.file).read_text())
    if bug.file.endswith(".py"):
        ast.parse(broken)
    file, _, name = bug.test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (BASE_DIR / file).read_text()


def test_seed_a_bug_in_code_that_changed_says_to_write_it_anew() -> None:
    bug = replace(BUGS[0], sound="what nobody wrote")
    with pytest.raises(BugMisplaced, match=r"claim\.sql has 0 times: write it anew"):
        seeded(bug, (BASE_DIR / bug.file).read_text())
