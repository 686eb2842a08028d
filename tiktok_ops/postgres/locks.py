"""Locks between processes that the kernel gives back when their holder dies, however it dies."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiktok_ops.postgres.errors import EmbeddedServerError

if sys.platform != "win32":
    import fcntl

PAUSE_SECONDS = 0.02


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Give a descriptor of the lock file, made when absent; programs started meanwhile do not inherit it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def try_lock(descriptor: int, *, is_shared: bool) -> bool:
    """Take the lock if nobody is in the way, and say whether that worked; closing the file gives it back."""
    kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(descriptor: int, path: Path, *, is_shared: bool, timeout_seconds: float) -> None:
    """Take the lock, waiting for its turn; raise EmbeddedServerError when that takes too long."""
    deadline = time.monotonic() + timeout_seconds
    while not try_lock(descriptor, is_shared=is_shared):
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"Another process has held {str(path)!r} for {timeout_seconds:g} seconds: "
                "wait until it has started or stopped PostgreSQL, or end it."
            )
        time.sleep(PAUSE_SECONDS)


@contextmanager
def exclusive(path: Path, *, timeout_seconds: float) -> Iterator[None]:
    """Run the block while no other process runs one on the same path."""
    with opened(path) as descriptor:
        wait_for_lock(descriptor, path, is_shared=False, timeout_seconds=timeout_seconds)
        yield
