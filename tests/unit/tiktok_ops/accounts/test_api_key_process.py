"""`manage.py api_key` as a process: what a script takes from it."""

import subprocess
import sys

import pytest

from tests.factories.accounts import WorkspaceFactory
from tiktok_ops.accounts.keys import find_key
from tiktok_ops.accounts.models import ApiKey
from tiktok_ops.env import BASE_DIR


def run_process(*arguments: str) -> tuple[str, str, int]:
    """Run the command as a process of its own; return its output, its errors and its exit code."""
    done = subprocess.run(
        [sys.executable, "manage.py", "api_key", *arguments],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout, done.stderr, done.returncode


@pytest.mark.integration
def test_a_process_gives_a_script_the_key_and_a_person_one_sentence(committed_db: str) -> None:
    WorkspaceFactory.create(slug="south")
    output, error, code = run_process("create", "--workspace", "south", "--name", "CI", "--scopes", "read")
    assert code == 0, error
    assert find_key(output.strip()) == ApiKey.objects.get(name="CI")
    refused = run_process("create", "--workspace", "west", "--name", "CI", "--scopes", "read")
    assert refused == ("", "There is no workspace 'west': there are south.\n", 2)
