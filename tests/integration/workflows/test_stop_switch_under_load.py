"""The promise of the stop switch, with TikTok's ledger as the oracle.

No new outward act starts more than 5 s after the switch, and after the release each post goes out once.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from agents.sandbox.tiktok import ledger as tiktok
from tests.factories.accounts import BrandFactory, WorkspaceFactory
from tests.factories.posting import approved_post, direct_account, effect_of, providers, video_asset
from tests.factories.stops import stop
from tests.factories.tiktok import video_of
from tests.forms import SEED, times
from tiktok_ops.clock import database_now
from tiktok_ops.content.models import Asset
from workflows.engine import advance_run
from workflows.keeper import sweep, wake_waiting
from workflows.models import StopSwitch, WorkflowRun, WorkflowStep
from workflows.stop_switch import Target, release

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.usefixtures("committed_db")]

RUNS = 20
TIMES = times(long=5, short=1)
THROWN_SECONDS = times(long=8.0, short=0.3)
"""How long a switch stays thrown once all rests; in the long form well beyond the 5 s that are promised."""

QUEUED = times(long=8, short=2)
"""How many more posts are approved while it is thrown, so that there is something to stop all the while."""

WORKERS = 4
WITHIN = timedelta(seconds=5)
LATE = times(long=1, short=0)
"""How many of them have to be stopped more than 5 s after the switch, for the promise to be put to the test."""

CHUNK_BYTES = 5_242_880
CHUNKED = 3
"""How many of the posts are of a video in two chunks."""


@pytest.fixture
def runs(settings: Any, tmp_path: Path) -> list[WorkflowRun]:
    """Return approved posts, each on an account of its own in one workspace, for TikTok limits each."""
    settings.MEDIA_ROOT = tmp_path
    settings.TIKTOK_CHUNK_BYTES = CHUNK_BYTES
    settings.PROVIDERS = providers()
    workspace = WorkspaceFactory.create()
    brand = BrandFactory.create(workspace=workspace)
    accounts = [direct_account(workspace=workspace, brand=brand) for _ in range(RUNS)]
    small, big = video_asset(accounts[0]), video_asset(accounts[0], video_of(2 * CHUNK_BYTES + 1))
    return [
        approved_post(account, asset=big if at < CHUNKED else small) for at, account in enumerate(accounts)
    ]


class Load:
    """Workers and a keeper as threads, each with a connection of its own, until told to stop."""

    def __init__(self, runs: list[WorkflowRun]) -> None:
        self.runs = list(runs)
        self._over = threading.Event()

    def work(self, seed: int) -> None:
        """Do what is due in any run, in an order of its own."""
        order = random.Random(seed)
        while not self._over.is_set():
            runs = list(self.runs)
            order.shuffle(runs)
            for run in runs:
                advance_run(run.id, seconds_left=lambda: 1000)
            time.sleep(0.01)

    def keep(self, seed: int) -> None:
        """Wake what waited long enough; a second passes quickly here."""
        while not self._over.is_set():
            WorkflowStep.objects.filter(status="waiting", wake_at__isnull=False).update(
                wake_at=datetime.now().astimezone()
            )
            wake_waiting()
            sweep()
            time.sleep(0.05)

    def queue(self) -> WorkflowRun:
        """Approve one more post, on an account of its own, and return its run."""
        first = self.runs[0]
        account = direct_account(workspace=first.workspace, brand=first.account.brand)
        run = approved_post(account, asset=Asset.objects.get(id=first.input["asset"]))
        self.runs.append(run)
        return run

    def start(self, pool: ThreadPoolExecutor, seed: int) -> list[Future[None]]:
        """Begin, and return what ends when it is over."""
        acts = [self.keep, *[self.work] * WORKERS]
        return [pool.submit(_alone, act, seed + at) for at, act in enumerate(acts)]

    def end(self) -> None:
        """Let all of them end."""
        self._over.set()


def _alone(act: Callable[[int], None], seed: int) -> None:
    try:
        act(seed)
    finally:
        connections.close_all()


def acts_between(first: datetime, last: datetime) -> list[str]:
    """Return the outward acts TikTok received then."""
    received = [*tiktok.received(operation="init"), *tiktok.received(operation="upload")]
    return [f"{one.operation} {one.username}" for one in received if first < one.at < last]


def wait_until(is_so: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait until it is so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"after {seconds} s still not: {what}"
        time.sleep(0.02)


@pytest.mark.parametrize("turn", range(TIMES))
def test_switch_thrown_at_random_under_load_stops_within_5_seconds_and_loses_nothing(
    runs: list[WorkflowRun], turn: int
) -> None:
    seed = SEED + 1000 * turn
    print(f"seed {seed}")  # noqa: T201
    chance = random.Random(seed)
    load = Load(runs)
    with ThreadPoolExecutor(WORKERS + 1) as pool:
        futures = load.start(pool, seed)
        try:
            for target in (Target(), Target(workspace=runs[0].workspace)):
                throw(target, chance, load)
            wait_until(all_over, seconds=60, what="every run is over")
        finally:
            load.end()
        for future in futures:
            future.result(30)
    check_each_is_out_once(load.runs)


def throw(target: Target, chance: random.Random, load: Load) -> None:
    """Throw the switch at a moment of chance, check the promise against TikTok's ledger, and release it.

    Meanwhile more posts are approved: each comes to its turn, is stopped there, and waits.
    """
    begun = len(tiktok.received(operation="init")) + chance.randint(1, 4)
    wait_until(
        lambda: len(tiktok.received(operation="init")) >= begun, seconds=30, what="more posts have begun"
    )
    time.sleep(chance.random() / 20)
    switch = stop(target)
    committed = database_now()
    wait_until(all_rest, seconds=20, what="all that is not with TikTok waits")
    resting = database_now()
    held = WorkflowStep.objects.filter(key="post", status="waiting", wake_at=None).count()
    assert held > 0, f"seed {SEED}: there was nothing left to stop"
    queued = []
    for _ in range(QUEUED):
        queued.append(load.queue().id)
        time.sleep(THROWN_SECONDS / QUEUED)  # the workers go on looking for something to do
    wait_until(all_rest, seconds=20, what="what was approved meanwhile waits too")
    checked = database_now()
    late = WorkflowStep.objects.filter(run__in=queued, key="post", started_at__gt=committed + WITHIN)
    print(f"stopped for {checked - committed}: {held} waited, {len(queued)} came, {late.count()} after 5 s")  # noqa: T201
    assert late.count() >= LATE, f"seed {SEED}: nothing was stopped later than 5 s after the switch"
    assert acts_between(committed + WITHIN, checked) == [], f"seed {SEED}"
    assert acts_between(resting, checked) == [], f"seed {SEED}"
    release(stop_id=switch.id, by="a test")


def all_rest() -> bool:
    """Return whether every step that posts is over or waits for the release."""
    steps = WorkflowStep.objects.filter(key="post")
    open_ones = steps.exclude(status__in=["succeeded", "failed"])
    return not open_ones.exclude(status="waiting", wake_at=None).exists()


def all_over() -> bool:
    """Return whether every run is over."""
    return not WorkflowRun.objects.filter(finished_at=None).exists()


def check_each_is_out_once(runs: list[WorkflowRun]) -> None:
    """Check that TikTok has each post exactly once, and that we know it."""
    on_tiktok = Counter(post.username for post in tiktok.posts())
    assert on_tiktok == Counter(run.account.handle for run in runs)
    assert {(effect_of(run).status, effect_of(run).claims > 0) for run in runs} == {("confirmed", True)}
    assert not StopSwitch.objects.engaged().exists()
