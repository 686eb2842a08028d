"""Who uses the server right now: every user holds a shared lock on one file, and dying gives it back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiktok_ops.postgres.locks import opened, try_lock, wait_for_lock

_held: set[int] = set()


def _leave_in_child() -> None:
    """A forked child is not a user because its parent is one, and must not keep the parent's lock alive."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):  # absent on Windows
    os.register_at_fork(after_in_child=_leave_in_child)


def hold(path: Path, *, timeout_seconds: float) -> int:
    """Become a user and return the hold for `release`; wait while `alone` asks or acts elsewhere."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        wait_for_lock(descriptor, path, is_shared=True, timeout_seconds=timeout_seconds)
    except BaseException:
        os.close(descriptor)
        raise
    _held.add(descriptor)
    return descriptor


def release(descriptor: int) -> None:
    """Stop being a user; does nothing in a forked child, which never was one."""
    if descriptor in _held:
        _held.discard(descriptor)
        os.close(descriptor)


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Say whether nobody holds the file, this process included; while the block runs nobody can begin to."""
    with opened(path) as descriptor:
        yield try_lock(descriptor, is_shared=False)
