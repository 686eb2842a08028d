import time

import pytest

from workflows.supervisor import Watch


@pytest.mark.parametrize(
    ("due", "held", "overdue", "is_stalled"),
    [
        (0, 0, 0, False),  # nothing to do
        (3, 0, 0, True),  # nobody takes what is due
        (3, 1, 0, False),  # someone is at work
        (0, 0, 1, True),  # someone died or hangs
        (0, 1, 1, False),
        (3, 0, 1, True),
    ],
)
def test_watch_for_as_long_as_may_be_tells_a_stall_by_what_moves(
    due: int, held: int, overdue: int, is_stalled: bool
) -> None:
    watch = Watch(stall_seconds=60, moved_at=1000)
    assert not watch.is_stalled(due=due, held=held, overdue=overdue, now=1059.9)
    assert watch.is_stalled(due=due, held=held, overdue=overdue, now=1060) == is_stalled


def test_watch_after_restarts_that_moved_nothing_is_twice_as_patient_each_time() -> None:
    watch = Watch(stall_seconds=60, moved_at=0)
    waited = []
    now = 0.0
    for _ in range(6):
        while not watch.is_stalled(due=1, held=0, overdue=0, now=now):
            now += 60
        waited.append(now - watch.moved_at)
        watch.restarted(now=now)
    assert waited == [60, 120, 240, 480, 960, 960]
    assert not watch.is_stalled(due=1, held=1, overdue=0, now=now)
    assert watch.is_stalled(due=1, held=0, overdue=0, now=now + 60)


def test_watch_knows_whether_a_cluster_worked_since_it_was_started() -> None:
    watch = Watch(stall_seconds=60)
    has_worked = []
    for held in (0, 1, 0):
        watch.is_stalled(due=3, held=held, overdue=0, now=1)
        has_worked.append(watch.has_worked)
    watch.restarted(now=2)
    assert [*has_worked, watch.has_worked] == [False, True, True, False]


def test_watch_begins_anew_whenever_something_moved() -> None:
    watch = Watch(stall_seconds=60, moved_at=1000)
    assert not watch.is_stalled(due=5, held=1, overdue=0, now=1050)
    assert not watch.is_stalled(due=5, held=0, overdue=0, now=1100)
    assert watch.is_stalled(due=5, held=0, overdue=0, now=1110)


def test_watch_begins_with_the_process() -> None:
    assert not Watch(stall_seconds=60).is_stalled(due=1, held=0, overdue=0, now=time.monotonic())
