import os
import subprocess
import sys
from pathlib import Path

import pytest

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.launcher import PROJECT_ROOT
from tiktok_ops.postgres.users import alone, hold, release

HOLD_AND_FORK = """
import os, sys, time
from pathlib import Path
from tiktok_ops.postgres.users import hold, release

mine = hold(Path(sys.argv[1]), timeout_seconds=1)
if os.fork() == 0:
    release(mine)  # as a `with hold()` around the fork would; it must close nothing
    print(os.getpid(), flush=True)
time.sleep(60)
"""


def is_unused(path: Path) -> bool:
    with alone(path) as is_alone:
        return is_alone


def test_alone_with_nobody_is_true(tmp_path: Path) -> None:
    assert is_unused(tmp_path / "users")


def test_alone_with_a_holder_is_false_until_the_release(tmp_path: Path) -> None:
    mine = hold(tmp_path / "users", timeout_seconds=1)
    assert not is_unused(tmp_path / "users")

    release(mine)

    assert is_unused(tmp_path / "users")


def test_alone_with_two_holders_is_false_until_both_released(tmp_path: Path) -> None:
    first, second = (hold(tmp_path / "users", timeout_seconds=1) for _ in range(2))
    release(first)
    assert not is_unused(tmp_path / "users")

    release(second)

    assert is_unused(tmp_path / "users")


def test_release_twice_leaves_the_reused_descriptor_alone(tmp_path: Path) -> None:
    mine = hold(tmp_path / "users", timeout_seconds=1)
    release(mine)
    reused = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    try:
        assert reused == mine

        release(mine)

        os.fstat(reused)
    finally:
        os.close(reused)


def test_hold_while_somebody_is_alone_waits_and_gives_up_with_a_sentence(tmp_path: Path) -> None:
    with alone(tmp_path / "users") as is_alone:
        assert is_alone

        with pytest.raises(EmbeddedServerError, match="users' for 0 seconds"):
            hold(tmp_path / "users", timeout_seconds=0)

    assert is_unused(tmp_path / "users")


def test_hold_of_a_killed_process_ends_although_its_forked_child_lives(tmp_path: Path) -> None:
    command = (sys.executable, "-c", HOLD_AND_FORK, str(tmp_path / "users"))
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        try:
            assert not is_unused(tmp_path / "users")
            holder.kill()
            holder.wait()

            os.kill(child, 0)  # it lives
            assert is_unused(tmp_path / "users")
        finally:
            os.kill(child, 9)
