"""Doing something apart from the caller's transaction, which may be rolled back, or last and keep others waiting."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection, connections

Result = TypeVar("Result")


def apart(act: Callable[[], Result]) -> Result:
    """Return what `act` returns, done on a connection of its own where the caller is in a transaction."""
    if not _is_in_a_transaction():
        return act()
    with ThreadPoolExecutor(1) as pool:  # Django gives a thread a connection of its own
        return pool.submit(_and_close, act).result()


def _is_in_a_transaction() -> bool:
    """Return whether the caller is in a transaction, but for the one a test is wrapped in.

    As Django's own `atomic(durable=True)` tells them apart.
    """
    blocks: list[Any] = connection.atomic_blocks
    return bool(blocks) and not blocks[-1]._from_testcase


def _and_close(act: Callable[[], Result]) -> Result:
    try:
        return act()
    finally:
        connections.close_all()
