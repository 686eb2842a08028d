import os
import stat
import threading
import time
from pathlib import Path

import pytest

from tiktok_ops.postgres.errors import EmbeddedServerError
from tiktok_ops.postgres.locks import exclusive, opened, try_lock, wait_for_lock


def test_opened_gives_a_private_file_no_program_inherits(tmp_path: Path) -> None:
    with opened(tmp_path / "lock") as descriptor:
        assert not os.get_inheritable(descriptor)
        assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize(
    ("first_is_shared", "second_is_shared", "is_granted"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_try_lock_beside_another_holder_is_granted_only_when_both_share(
    tmp_path: Path, first_is_shared: bool, second_is_shared: bool, is_granted: bool
) -> None:
    with opened(tmp_path / "lock") as first, opened(tmp_path / "lock") as second:
        assert try_lock(first, is_shared=first_is_shared)
        assert try_lock(second, is_shared=second_is_shared) is is_granted


def test_try_lock_after_the_holder_closed_is_granted(tmp_path: Path) -> None:
    with opened(tmp_path / "lock") as first:
        assert try_lock(first, is_shared=False)

    with opened(tmp_path / "lock") as second:
        assert try_lock(second, is_shared=False)


def test_wait_for_lock_beyond_the_timeout_names_the_file_and_the_wait(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with opened(path) as first, opened(path) as second:
        assert try_lock(first, is_shared=False)

        with pytest.raises(EmbeddedServerError, match=r"has held '.*lock' for 0.05 seconds: wait"):
            wait_for_lock(second, path, is_shared=True, timeout_seconds=0.05)


def test_exclusive_while_another_block_runs_waits_for_its_end(tmp_path: Path) -> None:
    order: list[str] = []
    is_inside = threading.Event()

    def first() -> None:
        with exclusive(tmp_path / "lock", timeout_seconds=5):
            is_inside.set()
            time.sleep(0.1)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    assert is_inside.wait(5)
    with exclusive(tmp_path / "lock", timeout_seconds=5):
        order.append("second")
    thread.join()

    assert order == ["first", "second"]


def test_exclusive_after_an_error_in_the_block_is_free_again(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(tmp_path / "lock", timeout_seconds=1):
        raise ZeroDivisionError

    with exclusive(tmp_path / "lock", timeout_seconds=0):
        pass
