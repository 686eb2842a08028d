import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from tiktok_ops.signals import Stop


@pytest.fixture
def restored_handlers() -> Iterator[None]:
    """Put back what SIGTERM and SIGINT did before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_wait_for_a_flag_nobody_raises_ends_with_the_time() -> None:
    started = time.monotonic()
    assert Stop().wait(0.05) is False
    assert time.monotonic() - started >= 0.05


def test_wait_for_a_flag_that_is_up_returns_at_once_every_time() -> None:
    stop = Stop()
    stop.set()
    stop.set()
    started = time.monotonic()
    assert [stop.wait(30), stop.wait(30)] == [True, True]
    assert time.monotonic() - started < 5


def test_wait_ends_when_another_thread_raises_the_flag() -> None:
    stop = Stop()
    threading.Timer(0.05, stop.set).start()
    assert stop.wait(30) is True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_wait_ends_when_the_process_is_told_to_stop(restored_handlers: None, number: signal.Signals) -> None:
    stop = Stop().on_signals()
    assert stop.wait(0) is False
    threading.Timer(0.05, os.kill, [os.getpid(), number]).start()
    assert stop.wait(30) is True
