"""Workers killed in the middle of runs: nothing is lost, nothing is done twice."""

import random
import signal
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest
from django.db.models import Count

from tests.factories.accounts import AccountFactory
from tests.factories.content import store_posts
from tests.factories.figures import make_posts
from tests.forms import only_long, times
from tests.processes import Running, running, wait_until
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.models import Artifact
from workflows.definitions.profile_audit import workflow as profile_audit
from workflows.models import RunEvent, WorkflowRun, WorkflowStep
from workflows.services import start_run

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.slow]

STEPS = len(profile_audit.nodes)
KILLS = times(long=20, short=3)
RUNS = times(long=50, short=8)
# Slow answers make the moments inside a step long enough to be hit; a short stall shows a wedged cluster soon.
# An audit has no long steps: the short form goes without that cluster, which those that post have all the same.
ENVIRONMENT = {
    "CLAUDE_FAULTS": '{"slow_seconds": 0.3}',
    "STALL_SECONDS": "4",
    "KEEPER_SECONDS": "0.2",
    "LONG_WORKERS": times(long="1", short="0"),
}


def account_with_posts(**changes: Any) -> TikTokAccount:
    """Return an account that has enough posts for every agent to ask for words."""
    account: TikTokAccount = AccountFactory.create(**changes)
    store_posts(account, make_posts(60, seed=7))
    return account


def audit(account: TikTokAccount) -> WorkflowRun:
    """Start a profile audit."""
    return start_run("profile_audit", account_id=account.id, by="a test")


def is_over(run: WorkflowRun) -> bool:
    """Return whether the run is over by now."""
    run.refresh_from_db(fields=["status"])
    return run.is_over


def work_processes(worker: Running) -> list[psutil.Process]:
    """Return the worker's cluster: its main process and all that it forked."""
    return [member for member in worker.family() if member.pid != worker.process.pid]


def held_by(victims: list[psutil.Process]) -> dict[str, int]:
    """Return the steps that frozen processes hold, with their claim numbers, by id."""
    names = [f" {victim.pid} " for victim in victims]
    held = WorkflowStep.objects.filter(status="running").values_list("id", "claims", "claimed_by")
    return {str(step): claims for step, claims, holder in held if any(name in f"{holder} " for name in names)}


def freeze(victims: list[psutil.Process]) -> list[psutil.Process]:
    """Stop the processes where they are, so that what they hold can be read before they die.

    Returns those it caught: a cluster replaces its own processes, so one may have ended since it was seen.
    """
    caught = []
    for victim in victims:
        with suppress(psutil.NoSuchProcess):
            victim.suspend()
            caught.append(victim)
    return caught


def kill(victims: list[psutil.Process]) -> None:
    """SIGKILL the processes."""
    for victim in victims:
        with suppress(psutil.NoSuchProcess):
            victim.send_signal(signal.SIGKILL)


def results_per_step(run: WorkflowRun) -> Counter[str]:
    """Return how often each step of the run ended, by its events."""
    ended = RunEvent.objects.filter(run=run, kind__in=["step.succeeded", "step.failed", "step.skipped"])
    return Counter(event.data["key"] for event in ended)


def check_whole(run: WorkflowRun) -> None:
    """Assert that the run ended well, each step with one result, its events without a gap."""
    run.refresh_from_db()
    steps = list(run.steps.all())
    assert run.status == "succeeded", [(step.key, step.status, step.error) for step in steps]
    assert results_per_step(run) == Counter(step.key for step in steps)
    assert Artifact.objects.filter(run_id=run.id).count() == 1
    numbers = list(run.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_sigkill_of_the_worker_again_and_again_ends_every_run_with_one_result_a_step(
    committed_db: str,
) -> None:
    seed = random.randrange(1 << 30)
    dice = random.Random(seed)
    hits: Counter[str] = Counter()
    account = account_with_posts()
    with running("worker", environment=ENVIRONMENT) as worker, running("keeper", environment=ENVIRONMENT):
        for number in range(KILLS):
            run = audit(account)
            wait_until(lambda: held_by(work_processes(worker)) != {}, seconds=60, what="a step is taken")
            time.sleep(min(dice.expovariate(6), 5))  # a random moment, most often within a step
            members = work_processes(worker)
            holders = [member for member in members if held_by([member])]
            victims = freeze(members if number % 2 else holders[:1])
            time.sleep(0.1)  # what a victim had sent before it froze is still written
            held = held_by(victims)
            hits["mid-step" if held else "between steps"] += 1
            kill(victims)
            wait_until(lambda: is_over(run), seconds=60, what=f"run {number} is over (seed {seed})")  # noqa: B023
            check_whole(run)
            for step, claims in held.items():
                assert WorkflowStep.objects.get(id=step).claims > claims, f"seed {seed}"
    print(f"seed {seed}: {dict(hits)}")  # noqa: T201
    assert hits["mid-step"] >= KILLS // 2, f"the kills hit too little (seed {seed}): {hits}"


@only_long
def test_sigkill_of_the_supervisor_takes_its_cluster_along_and_the_next_worker_goes_on(
    committed_db: str,
) -> None:
    account = account_with_posts()
    run = audit(account)
    with running("worker", environment=ENVIRONMENT) as first:
        wait_until(lambda: held_by(work_processes(first)) != {}, seconds=60, what="a step is taken")
        cluster = work_processes(first)
        first.process.send_signal(signal.SIGKILL)
        _gone, alive = psutil.wait_procs(cluster, timeout=5)
        assert not alive, "the cluster outlived its supervisor"
    taken = dict(run.steps.filter(status="running").values_list("key", "claims"))
    assert taken
    with running("worker", environment=ENVIRONMENT), running("keeper", environment=ENVIRONMENT):
        wait_until(lambda: is_over(run), seconds=60, what="the run is over")
    check_whole(run)
    for key, claims in taken.items():
        assert run.steps.get(key=key).claims == claims + 1


@only_long
def test_two_workers_with_many_runs_at_once_take_no_step_twice(committed_db: str) -> None:
    account = account_with_posts()
    runs = [audit(account) for _ in range(RUNS)]
    began = datetime.now(UTC)
    with running("worker"), running("worker"), running("keeper"):
        wait_until(lambda: all(is_over(run) for run in runs), seconds=240, what=f"{RUNS} runs are over")
    for run in runs:
        check_whole(run)
    claims = WorkflowStep.objects.values("claims").annotate(steps=Count("id")).order_by()
    assert list(claims) == [{"claims": 1, "steps": STEPS * RUNS}]
    holders = set(WorkflowStep.objects.values_list("claimed_by", flat=True))
    assert len(holders) >= times(long=3, short=2), "the work stayed in one process"
    print(f"{RUNS} runs in {(datetime.now(UTC) - began).total_seconds():.1f} s over {len(holders)} processes")  # noqa: T201
