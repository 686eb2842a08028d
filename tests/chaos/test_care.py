"""What the supervisor and the keeper are for: a wedged cluster, a poisonous step, a model that is down."""

import os
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.db import connections
from django.utils import timezone

from agents.models import Breaker
from tests.chaos.test_worker_kill import (
    account_with_posts,
    audit,
    check_whole,
    held_by,
    is_over,
    kill,
    work_processes,
)
from tests.factories.breakers import let_cool_down
from tests.forms import times
from tests.processes import Running, running, wait_until
from workflows.definitions.profile_audit import workflow as profile_audit
from workflows.engine import advance_run
from workflows.models import RunEvent, WorkflowRun, WorkflowStep
from workflows.presence import Present, present
from workflows.protocol import MAX_CLAIMS

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.slow]

STEPS = len(profile_audit.nodes)
RUNS = times(long=20, short=2)
ROUNDS = times(long=10, short=2)
"""In how many parts the ten minutes pass."""

PROCESSES = 8
AT_ONCE = times(long=50, short=8)
DOWN = 1_000_000
"""So many calls of each process fail: all of them."""


def idle_workers(worker: Running, *, workers: int) -> list[psutil.Process]:
    """Return the cluster's work processes: of what its sentinel forked, the first."""
    for member in work_processes(worker):
        children = sorted(member.children(), key=lambda child: child.pid)
        if len(children) >= workers + 2:  # and a monitor and a pusher
            return children[:workers]
    return []


def test_sigkill_of_all_idle_workers_is_noticed_and_what_is_due_is_done(
    committed_db: str, tmp_path: Path
) -> None:
    log, stall = tmp_path / "worker.log", times(long=30, short=4)
    env = {"WORKERS": "2", "LONG_WORKERS": "0", "STALL_SECONDS": str(stall), "LOG_LEVEL": "ERROR"}
    account = account_with_posts()
    with running("worker", environment=env, log=log) as worker, running("keeper", environment=env):
        wait_until(lambda: len(idle_workers(worker, workers=2)) == 2, seconds=60, what="the cluster is up")
        first = audit(account)
        wait_until(lambda: is_over(first), seconds=60, what="the cluster works")
        kill(idle_workers(worker, workers=2))
        runs = [audit(account) for _ in range(RUNS)]
        wait_until(
            lambda: "no progress" in log.read_text(), seconds=60, what="the supervisor saw that nothing moves"
        )
        wait_until(lambda: all(is_over(run) for run in runs), seconds=60, what="what was due is done")
    for run in runs:
        check_whole(run)


def test_step_that_kills_its_worker_each_time_is_parked_and_the_others_go_on(committed_db: str) -> None:
    poison = account_with_posts(brand__name="Belladonna")
    env = {
        "CLAUDE_FAULTS": '{"slow_seconds": 20, "matching": "Belladonna"}',
        "STALL_SECONDS": "4",
        "KEEPER_SECONDS": "0.2",
        "WORKERS": "2",
        "LONG_WORKERS": "0",
    }
    bad = audit(poison)
    good = [audit(account_with_posts()) for _ in range(RUNS)]
    deaths: set[tuple[str, int]] = set()

    def has_ended() -> bool:
        """Let whoever is at a step of the bad run for longer than its claim takes be killed by it."""
        for step in bad.steps.filter(status="running", claims__gt=0):
            if asks_claude(step):
                holders = [one for one in work_processes(worker) if str(step.id) in held_by([one])]
                kill(holders)
                deaths.update((step.key, step.claims) for _ in holders)
        return is_over(bad)

    with running("worker", environment=env) as worker, running("keeper", environment=env):
        wait_until(has_ended, seconds=120, what="the bad run is over")
        wait_until(lambda: all(is_over(run) for run in good), seconds=60, what="the others are over")
    for run in good:
        check_whole(run)
    parked = list(bad.steps.filter(status="failed"))
    assert parked
    assert {(step.claims, step.error) for step in parked} == {
        (
            MAX_CLAIMS,
            "Stopped after 3 starts in a row: each time its worker died before the step ended.",
        )
    }
    assert deaths == {(step.key, number) for step in parked for number in range(1, MAX_CLAIMS + 1)}


def asks_claude(step: WorkflowStep) -> bool:
    """Return whether the step's lease was renewed for a call, under its newest claim."""
    taken = RunEvent.objects.filter(run_id=step.run_id, kind="step.running", data__key=step.key).last()
    if taken is None or step.lease_until is None:
        return False
    return (step.lease_until - taken.at).total_seconds() > 61


def test_claude_down_for_ten_minutes_parks_and_loses_nothing_on_real_workers(committed_db: str) -> None:
    account = account_with_posts()
    runs = [audit(account) for _ in range(RUNS)]
    back = {"KEEPER_SECONDS": "0.1", "LONG_WORKERS": "0"}
    down = {**back, "CLAUDE_FAULTS": f'{{"overloaded": {DOWN}}}'}
    with running("worker", environment=down), running("keeper", environment=down):
        wait_until(lambda: breaker_is("open"), seconds=60, what="Claude is left alone")
        for _ in range(ROUNDS):
            wait_until(nobody_is_at_it, seconds=60, what="all that was due was tried")
            let_pass(600 / ROUNDS)
        wait_until(nobody_is_at_it, seconds=60, what="all that was due was tried")
    steps = WorkflowStep.objects.filter(run__in=runs)
    assert not steps.filter(status__in=["failed", "cancelled"]).exists()
    assert not WorkflowRun.objects.exclude(status__in=["running", "waiting"]).exists()
    assert {step.tries for step in steps} <= {0, 1}

    with running("worker", environment=back), running("keeper", environment=back):
        wait_until(lambda: present() == Present(1, 1), seconds=30, what="all are up")
        wait_until(lambda: passes_a_minute_and_ends(runs), seconds=90, what="all have resumed")
    for run in runs:
        check_whole(run)


def breaker_is(status: str) -> bool:
    """Return whether the breaker before Claude has this status."""
    return Breaker.objects.filter(alias="claude", status=status).exists()


def nobody_is_at_it() -> bool:
    """Return whether no step is being done, nor due."""
    at_it = WorkflowStep.objects.filter(status="running").exists()
    soon = timezone.now() + timedelta(seconds=1)
    return not at_it and not WorkflowStep.objects.filter(status="ready", not_before__lte=soon).exists()


def let_pass(seconds: float) -> None:
    """Let so much time have passed for the breaker, and for every step that waits to be tried again."""
    let_cool_down(seconds)
    WorkflowStep.objects.filter(status="ready").update(not_before=timezone.now(), rung_at=None)


def passes_a_minute_and_ends(runs: list[WorkflowRun]) -> bool:
    """Let time pass for whatever waits, a minute a second, and return whether all is over."""
    let_pass(60)
    time.sleep(1)
    return all(is_over(run) for run in runs)


def test_8_processes_at_the_same_runs_take_each_step_once(committed_db: str) -> None:
    account = account_with_posts()
    runs = [audit(account) for _ in range(AT_ONCE)]
    children = [forked_to_advance(runs, start=number * AT_ONCE // PROCESSES) for number in range(PROCESSES)]
    ends = [os.waitpid(child, 0)[1] for child in children]

    assert ends == [0] * PROCESSES
    for run in runs:
        check_whole(run)
    taken = Counter(
        RunEvent.objects.filter(kind="step.running").values_list("run_id", "data__key", "data__claim")
    )
    assert set(taken.values()) == {1}
    assert len(taken) == WorkflowStep.objects.count() == STEPS * len(runs)
    assert set(WorkflowStep.objects.values_list("claims", flat=True)) == {1}
    assert len(set(WorkflowStep.objects.values_list("claimed_by", flat=True))) == PROCESSES


def forked_to_advance(runs: list[WorkflowRun], *, start: int) -> int:
    """Fork a process that advances all the runs until nothing of them is left, and return its id."""
    connections.close_all()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        while not all(is_over(run) for run in runs):
            for run in [*runs[start:], *runs[:start]]:
                advance_run(run.id, seconds_left=lambda: 1000)
        code = 0
    finally:
        os._exit(code)  # nothing of pytest may run twice
