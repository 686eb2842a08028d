"""Cancelling under load: no effect begins to leave once the cancel was committed, and what had begun is followed.

The run's events are the order of commits: each is written under the run's lock, in the transaction it tells of.
TikTok's ledger is the other oracle: of a run that was cancelled before its post began, it has nothing.
"""

import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from agents.sandbox.tiktok import ledger as tiktok
from tests.factories.accounts import BrandFactory, WorkspaceFactory
from tests.factories.posting import approved_post, direct_account, providers, video_asset
from tests.forms import SEED, times
from workflows.control import RunOver, cancel_run
from workflows.engine import advance_run
from workflows.keeper import sweep, wake_waiting
from workflows.models import Effect, WorkflowRun, WorkflowStep

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.usefixtures("committed_db")]

RUNS = 20
TIMES = times(long=10, short=1)
WORKERS = 4
CANCELLERS = 6
PREPARED_FIRST = 0.8
"""So many of the runs are cancelled only once their effect is written down."""

WINDOW_SECONDS = 0.02
"""About as long as it takes from there to the leave to send, with others at work."""


@pytest.fixture
def runs(settings: Any, tmp_path: Path) -> list[WorkflowRun]:
    """Return approved posts, each on an account of its own in one workspace."""
    settings.MEDIA_ROOT = tmp_path
    settings.PROVIDERS = providers()
    workspace = WorkspaceFactory.create()
    brand = BrandFactory.create(workspace=workspace)
    accounts = [direct_account(workspace=workspace, brand=brand) for _ in range(RUNS)]
    asset = video_asset(accounts[0])
    return [approved_post(account, asset=asset) for account in accounts]


class Load:
    """Workers and a keeper as threads, each with a connection of its own, until told to stop."""

    def __init__(self, runs: list[WorkflowRun]) -> None:
        self._ids = [run.id for run in runs]
        self.over = threading.Event()

    def work(self, seed: int) -> None:
        """Do what is due in any run, in an order of its own."""
        order, ids = random.Random(seed), list(self._ids)
        while not self.over.is_set():
            order.shuffle(ids)
            for run_id in ids:
                advance_run(run_id, seconds_left=lambda: 1000)
            time.sleep(0.01)

    def keep(self, seed: int) -> None:
        """Wake what waited long enough; a second passes quickly here."""
        while not self.over.is_set():
            waiting = WorkflowStep.objects.filter(status="waiting", wake_at__isnull=False)
            waiting.update(wake_at="2020-01-01T00:00:00Z")
            wake_waiting()
            sweep()
            time.sleep(0.02)


def cancel(share: list[UUID], seed: int) -> int:
    """Cancel these runs at moments of chance while they are worked on; return how many were not over yet.

    Most are cancelled just after their effect was written down: between that and the leave to send.
    """
    chance, done = random.Random(seed), 0
    for run_id in share:
        end = time.monotonic() + 2 * (chance.random() < PREPARED_FIRST)
        while time.monotonic() < end and not Effect.objects.filter(step__run=run_id).exists():
            time.sleep(0.001)
        time.sleep(chance.random() * WINDOW_SECONDS)
        try:
            cancel_run(run_id=run_id, by="a test")
        except RunOver:
            continue
        done += 1
    return done


def alone(act: Any, *args: Any) -> Any:
    """Act on connections of its own."""
    try:
        return act(*args)
    finally:
        connections.close_all()


def wait_until_all_are_over() -> None:
    """Wait until no run is open, and no effect where the keeper would not leave it."""
    end = time.monotonic() + 60
    stranded = Effect.objects.filter(status__in=["prepared", "sending", "sent"])
    while WorkflowRun.objects.filter(finished_at=None).exists() or stranded.exists():
        left = list(WorkflowStep.objects.filter(finished_at=None).values("key", "status", "error"))
        assert time.monotonic() < end, f"seed {SEED}: after 60 s still open: {left}"
        time.sleep(0.02)


def after_cancel(run: WorkflowRun) -> list[str] | None:
    """Return what happened in the run after its cancel was committed, or None where it was not cancelled."""
    kinds = list(run.events.order_by("seq").values_list("kind", flat=True))
    return kinds[kinds.index("run.cancel_requested") + 1 :] if "run.cancel_requested" in kinds else None


@pytest.mark.parametrize("turn", range(TIMES))
def test_cancel_at_random_under_load_lets_no_effect_begin_after_its_commit(
    runs: list[WorkflowRun], turn: int
) -> None:
    seed = SEED + 1000 * turn
    chance = random.Random(seed)
    ids = [run.id for run in runs]
    chance.shuffle(ids)
    load = Load(runs)
    with ThreadPoolExecutor(WORKERS + CANCELLERS + 1) as pool:
        acts = [load.keep, *[load.work] * WORKERS]
        workers: list[Future[Any]] = [pool.submit(alone, act, seed + at) for at, act in enumerate(acts)]
        try:
            cancels = [pool.submit(alone, cancel, ids[at::CANCELLERS], seed + at) for at in range(CANCELLERS)]
            cancelled = sum(one.result(60) for one in cancels)
            wait_until_all_are_over()
        finally:
            load.over.set()
        for future in workers:
            future.result(30)
    print(f"seed {seed}: {check(runs, cancelled)}")  # noqa: T201


def check(runs: list[WorkflowRun], cancelled: int) -> str:
    """Check by events and by TikTok's ledger that nothing began after a cancel, and say how often both happened."""
    posted = [post.username for post in tiktok.posts()]
    began_before, never_began = 0, 0
    for run in runs:
        after = after_cancel(run)
        if after is None:
            continue
        assert "effect.sending" not in after, f"seed {SEED}: {after}"
        has_begun = run.events.filter(kind="effect.sending").exists()
        began_before += has_begun
        never_began += not has_begun
        if not has_begun:
            assert run.account.handle not in posted, f"seed {SEED}"
    assert len(posted) == len(set(posted)), f"seed {SEED}: a post is out twice"
    assert cancelled == began_before + never_began
    assert never_began > 0, f"seed {SEED}: every cancel came too late to show anything"
    assert set(WorkflowRun.objects.values_list("status", flat=True)) <= {"cancelled", "succeeded"}
    return f"{cancelled} cancelled, {never_began} of them before their post began, {began_before} after"
