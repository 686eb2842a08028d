"""A process that checks which does not, for as long as a block."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from agents.guardrails.checker import CHECKER


@contextmanager
def broken_checker() -> Iterator[None]:
    """Let the process that checks end whenever it is asked."""
    before = CHECKER.command
    CHECKER.stop()
    CHECKER.command = (sys.executable, "-c", "import sys; sys.stdin.readline()")
    try:
        yield
    finally:
        CHECKER.command = before
        CHECKER.stop()
