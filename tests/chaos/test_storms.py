"""Runs of six steps under kills, frozen processes, and a database that crashes; TikTok's ledger is the judge."""

import json
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection, transaction

from agents.sandbox.tiktok.faults import RANDOM_FAULTS
from tests.chaos.conftest import OwnServer
from tests.chaos.storm import WORKERS, Killer, Storm, has_worn_step, judge, storm, told, unproved_sends
from tests.chaos.test_worker_kill import freeze, held_by, work_processes
from tests.forms import times
from tests.processes import Running, running, wait_until
from workflows.effects.models import Effect
from workflows.models import WorkflowStep

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.slow]

WITHIN_SECONDS = 300.0


def environment(seed: int, **changes: str) -> dict[str, str]:
    """Return how workers are set up: a quarter of what is sent to TikTok goes wrong, and sending takes its time."""
    dice = random.Random(seed)
    faults = {
        "publish_seconds": 0,
        "moderation_seconds": 0,
        "init": quarter_wrong(dice) | {"slow_seconds": 0.2},
        "upload": quarter_wrong(dice) | {"slow_seconds": 0.2},
    }
    return {
        "TIKTOK_FAULTS": json.dumps(faults),
        "KEEPER_SECONDS": "0.2",
        "STALL_SECONDS": "8",
        "WORKERS": str(WORKERS),
        "LONG_WORKERS": "0",
        **changes,
    }


def quarter_wrong(dice: random.Random) -> dict[str, list[int]]:
    """Return the calls of an operation that go wrong, a quarter of them, and how.

    Not of every operation: TikTok is asked so often what became of a post that its breaker would be open half the time.
    """
    met: dict[str, list[int]] = {str(fault): [] for fault in RANDOM_FAULTS}
    for call in range(1, 1001):
        if dice.random() < 0.25:
            met[str(dice.choice(RANDOM_FAULTS))].append(call)
    return met


@pytest.fixture(autouse=True)
def no_files_left() -> Iterator[None]:
    """Remove the files of the workspaces the test made."""
    before = set(folders())
    yield
    for folder in set(folders()) - before:
        shutil.rmtree(folder, ignore_errors=True)


def folders() -> list[Path]:
    """Return the folders of assets there are."""
    return list(Path(default_storage.path("assets")).glob("*"))


def check(raging: Storm, said: list[object]) -> None:
    """Assert that nothing was lost, done twice or done unasked, and that whoever approved was right to think so."""
    verdict = judge(raging)
    unproved = unproved_sends()
    said += [verdict, f"re-sends without a proof: {len(unproved)}"]
    assert verdict.is_clean, (raging.seed, verdict.lost, verdict.duplicated, verdict.unexpected)
    assert unproved == [], raging.seed


def test_sigkill_of_random_processes_while_tiktok_fails_loses_and_repeats_nothing(
    committed_db: str, tmp_path: Path
) -> None:
    raging = storm(times(long=200, short=4))
    dice = random.Random(raging.seed)
    env = environment(raging.seed)
    with (
        told("kill", raging) as said,
        running("worker", environment=env, log=tmp_path / "worker.log") as worker,
        running("keeper", environment=env),
    ):
        killer = Killer(worker, dice, most=times(long=1000, short=3))
        said.append(killer)
        wait_until(lambda: WorkflowStep.objects.filter(claims__gt=0).exists(), seconds=60, what="work began")
        raging.rage(killer.strike, every_seconds=times(long=2.0, short=0.3), within_seconds=WITHIN_SECONDS)
        check(raging, said)
    assert killer.states["sending"], f"no kill hit one that was sending (seed {raging.seed}): {killer}"


def test_sigstop_for_longer_than_the_lease_lets_no_frozen_worker_write(
    committed_db: str, tmp_path: Path
) -> None:
    raging = storm(times(long=100, short=8))  # of four, chance let every frozen one keep its lease once
    dice = random.Random(raging.seed)
    log = tmp_path / "worker.log"
    env = environment(raging.seed, LOG_LEVEL="WARNING")
    frozen: list[int] = []

    with (
        told("pause", raging) as said,
        running("worker", environment=env, log=log) as worker,
        running("keeper", environment=env),
    ):
        wait_until(lambda: WorkflowStep.objects.filter(claims__gt=0).exists(), seconds=60, what="work began")
        raging.rage(
            lambda: frozen.append(pause_a_holder(worker, dice)),
            every_seconds=times(long=20, short=3) / 10,
            within_seconds=WITHIN_SECONDS,
        )
        wait_until(lambda: "lease lost" in log.read_text(), seconds=20, what=f"a lease is lost {raging.seed}")
        said.append(
            f"{sum(frozen)} steps frozen, {log.read_text().count('lease lost')} writes refused as LeaseLost"
        )
        check(raging, said)


def pause_a_holder(worker: Running, dice: random.Random) -> int:
    """Freeze a process that holds a step until another has taken that, then let it go on; return how many steps.

    The lease is ended in the database rather than waited for: for a call to TikTok it is half a minute.
    """
    caught: list[psutil.Process] = []
    end = time.monotonic() + 2
    while not caught and time.monotonic() < end:
        holders = [member for member in work_processes(worker) if held_by([member])]
        caught = freeze([dice.choice(holders)]) if holders else []
    held = {} if any(has_worn_step(one) for one in caught) else held_by(caught)
    held = {step: claim for step, claim in held.items() if let_lease_run_out(step, claim)}
    end = time.monotonic() + 10
    while held and time.monotonic() < end and not all(moved_on(step, claim) for step, claim in held.items()):
        time.sleep(0.05)
    for victim in caught:
        with suppress(psutil.NoSuchProcess):
            victim.resume()
    return len(held)


def let_lease_run_out(step_id: str, claim: int) -> bool:
    """Let the lease end now, as if its time had passed; return False where the frozen one is writing just now."""
    with suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '200ms'")
        cursor.execute("SELECT workflow_release(%s, %s)", [step_id, claim])
        return True
    return False


def moved_on(step_id: str, claim: int) -> bool:
    """Return whether somebody else took the step."""
    return WorkflowStep.objects.get(id=step_id).claims > claim


def test_immediate_restarts_of_the_database_lose_and_repeat_nothing(own_server: OwnServer) -> None:
    raging = storm(times(long=100, short=2))
    dice = random.Random(raging.seed)
    # A claim whose answer a crash swallowed waits out its lease: nobody knows that they hold it.
    env = environment(raging.seed, LEASE_SECONDS=times(long="60", short="10"))
    downs: list[float] = []
    hit: Counter[str] = Counter()

    def restart() -> None:
        hit.update(Effect.objects.filter(step__status="running").values_list("status", flat=True))
        downs.append(dice.uniform(0, 2))
        own_server.crash(down_seconds=downs[-1])

    with (
        told("database", raging) as said,
        running("worker", environment=env),
        running("keeper", environment=env),
    ):
        wait_until(lambda: WorkflowStep.objects.filter(claims__gt=0).exists(), seconds=60, what="work began")
        restart()
        raging.rage(restart, every_seconds=times(long=8, short=3), within_seconds=WITHIN_SECONDS)
        said.append(
            f"{len(downs)} crashes of the database, {sum(downs):.1f} s away, effects in hand {dict(hit)}"
        )
        check(raging, said)
