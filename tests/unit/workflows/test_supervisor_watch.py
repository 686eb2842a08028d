"""Whether a cluster stands still: by what moves, never by what is held."""

import time

import pytest
from pytest_django import Settings

from tiktok_ops.env import load_environment
from workflows import supervisor
from workflows.supervisor import Group, Load, Watch


def load(*, due: int = 0, held: int = 0, overdue: int = 0, mark: int = 0) -> Load:
    """Return what there is to do, and a mark of what is held."""
    return Load(due=due, held=held, overdue=overdue, open=due + held + overdue, mark=mark)


@pytest.mark.parametrize(
    ("found", "is_stalled"),
    [
        (load(), False),  # nothing to do
        (load(due=3), True),  # nobody takes what is due
        (load(due=3, held=2, mark=7), False),  # all are at work, and who hangs is seen when the lease ends
        (load(due=3, held=3, mark=7), False),
        (load(due=3, held=1, mark=7), True),  # one is at work for long, and the other takes nothing
        (load(held=1, mark=7), False),  # one is at work for long, and nothing else is to be done
        (load(overdue=1, mark=7), True),  # someone died or hangs
        (load(held=1, overdue=1, mark=7), True),  # one hangs beside one that is at work for long
        (load(due=3, overdue=1, mark=7), True),
        (load(due=3, held=1, overdue=1, mark=7), True),
    ],
)
def test_watch_for_as_long_as_may_be_tells_a_stall_by_what_moves(found: Load, is_stalled: bool) -> None:
    watch = Watch(stall_seconds=60, workers=2, moved_at=1000, mark=found.mark)
    assert not watch.is_stalled(found, now=1059.9)
    assert watch.is_stalled(found, now=1060) == is_stalled


def test_watch_sees_a_wedge_behind_a_step_on_a_long_lease_a_minute_after_something_last_moved() -> None:
    watch = Watch(stall_seconds=60, workers=2, moved_at=0)
    assert not watch.is_stalled(load(due=5, held=2, mark=1), now=100)
    assert not watch.is_stalled(
        load(due=4, held=1, mark=2), now=110
    )  # the other ended its step, and hangs since
    assert not watch.is_stalled(load(due=4, held=1, mark=2), now=169)
    assert watch.is_stalled(load(due=4, held=1, mark=2), now=170)


def test_watch_counts_a_step_that_is_taken_or_ended_as_progress_whoever_else_is_at_work() -> None:
    watch = Watch(stall_seconds=60, workers=2, moved_at=0)
    for number in range(20):
        assert not watch.is_stalled(load(due=9, held=1, mark=number), now=50.0 * number)
    # The one that was at work until now ended its step: it has as long as any to take another.
    assert not watch.is_stalled(load(due=9), now=1000)
    assert not watch.is_stalled(load(due=9), now=1059)
    assert watch.is_stalled(load(due=9), now=1060)


def test_watch_after_restarts_that_moved_nothing_is_twice_as_patient_each_time() -> None:
    watch = Watch(stall_seconds=60, workers=2, moved_at=0)
    waited = []
    now = 0.0
    for _ in range(6):
        while not watch.is_stalled(load(due=1), now=now):
            now += 60
        waited.append(now - watch.moved_at)
        watch.restarted(now=now)
    assert waited == [60, 120, 240, 480, 960, 960]
    assert not watch.is_stalled(load(due=1, held=1, mark=1), now=now)
    assert not watch.is_stalled(load(due=1, held=1, mark=2), now=now)
    assert watch.is_stalled(load(due=1, mark=2), now=now + 60)


def test_watch_grows_no_less_patient_because_the_same_work_was_taken_up_after_each_restart() -> None:
    watch = Watch(stall_seconds=60, workers=2, moved_at=0)
    waited = []
    now = 0.0
    for turn in range(1, 5):
        while not watch.is_stalled(load(due=1, held=1, mark=turn), now=now):
            now += 1
        waited.append(now - watch.moved_at)
        watch.restarted(now=now)
    assert waited == [60, 120, 240, 480]


def test_watch_is_no_less_patient_because_what_the_ended_held_was_given_back() -> None:
    watch = Watch(stall_seconds=60, workers=2, moved_at=0, mark=7)
    assert watch.is_stalled(load(due=1, held=1, mark=7), now=60)
    watch.restarted(now=60)
    # Still its own, under a lease that was ended; then somebody else's.
    assert not watch.is_stalled(load(due=1, overdue=1, mark=7), now=61)
    assert not watch.is_stalled(load(due=2), now=62)
    assert not watch.is_stalled(load(due=2), now=62 + 119)
    assert watch.is_stalled(load(due=2), now=62 + 120)


def test_watch_knows_whether_a_cluster_worked_since_it_was_started() -> None:
    watch = Watch(stall_seconds=60)
    has_worked = []
    for held in (0, 1, 0):
        watch.is_stalled(load(due=3, held=held, mark=held), now=1)
        has_worked.append(watch.has_worked)
    watch.restarted(now=2)
    assert [*has_worked, watch.has_worked] == [False, True, True, False]


def test_watch_begins_with_the_process() -> None:
    assert not Watch(stall_seconds=60).is_stalled(load(due=1), now=time.monotonic())


def test_watch_as_shipped_sees_a_wedge_within_a_minute_a_look_and_a_slow_answer_included(
    settings: Settings,
) -> None:
    settings.STALL_SECONDS, settings.CLUSTERS = load_environment().STALL_SECONDS, {"short": 2}
    watch = Group.of("short").watch
    watch.moved_at = wedged_at = 0.3
    assert watch.workers == 2
    look = 0
    while not watch.is_stalled(load(due=1, held=1, mark=0), now=look * supervisor.TICK_SECONDS):
        look += 1
    assert look * supervisor.TICK_SECONDS - wedged_at <= 50
