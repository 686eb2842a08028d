"""Whoever starts, decides, keeps, schedules or takes messages dies at each moment: it is done whole, or not at all."""

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connections

from approvals.models import Decision
from approvals.services import AlreadyDecided, approve
from tests.factories.accounts import AccountFactory, person
from tests.factories.approvals import asked_run, request_of
from tests.factories.schedules import due_schedule
from tests.factories.webhooks import CLIENT_KEY, SECRET, answer_doorbells, send, tiktok_body
from tests.factories.workflows import (
    WorkflowRunFactory,
    add_steps,
    doorbells,
    expire_lease,
    statuses,
    workflow_of,
)
from tests.forms import times
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.crash_points import CrashPoint, passes
from workflows.catalogue import store_definition
from workflows.engine import advance_run
from workflows.keeper import sweep
from workflows.models import RunEvent, WorkflowRun, WorkflowStep
from workflows.nodes import WaitNode
from workflows.protocol import MAX_CLAIMS, claim
from workflows.schedules.firing import fire_due
from workflows.schedules.models import ScheduleFiring
from workflows.services import start_run
from workflows.webhooks.models import WebhookMessage

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.usefixtures("committed_db")]

DEATHS = times(long=20, short=2)
STARTED, NOT_STARTED = 1, 0


@pytest.fixture
def forget() -> Iterator[Callable[[CrashPoint, UUID], None]]:
    """Give what remembers deaths, so that the files that stand for them are removed."""
    died: list[tuple[CrashPoint, UUID]] = []
    yield lambda point, subject: died.append((point, subject))
    for point, subject in died:
        for mark in passes(point, subject):
            mark.unlink()


Forget = Callable[[CrashPoint, UUID], None]


def end_of(act: Callable[[], Any], *, at: CrashPoint) -> int:
    """Do this in a process of its own, which dies at the point; return how it ended: minus the signal, or 0."""
    connections.close_all()
    child = os.fork()
    if not child:
        try:
            settings.CRASH_AT = {at: 1}
            act()
            os._exit(0)
        except BaseException:  # noqa: BLE001  # nothing of pytest may run twice
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(
    ("point", "runs"),
    [(CrashPoint.BEFORE_START, NOT_STARTED), (CrashPoint.AFTER_START, STARTED)],
)
def test_death_of_whoever_starts_a_run_leaves_a_whole_run_or_none(
    point: CrashPoint, runs: int, forget: Forget
) -> None:
    store_definition(workflow_of(WaitNode(key="rest", label="Rest", seconds=1), slug="rest"), by="a test")
    for death in range(1, DEATHS + 1):
        account = AccountFactory.create()
        forget(point, account.id)
        start = partial(start_run, "rest", account_id=account.id, by="a test")
        assert end_of(start, at=point) == -signal.SIGKILL
        assert WorkflowRun.objects.filter(account=account).count() == runs
        assert WorkflowStep.objects.count() == len(doorbells()) == RunEvent.objects.count() == runs * death


@pytest.mark.parametrize(
    ("point", "decisions"),
    [
        (CrashPoint.IN_DECISION, 0),
        (CrashPoint.BEFORE_DECISION_COMMITS, 0),
        (CrashPoint.AFTER_DECISION, 1),
    ],
)
def test_death_of_whoever_decides_leaves_the_decision_with_all_that_follows_or_nothing(
    point: CrashPoint, decisions: int, forget: Forget
) -> None:
    for _ in range(DEATHS):
        run = asked_run()
        ana = person(run.workspace, Role.APPROVER)
        forget(point, request_of(run).id)
        assert end_of(partial(say_yes, run, ana), at=point) == -signal.SIGKILL

        assert Decision.objects.filter(request=request_of(run)).count() == decisions
        assert request_of(run).status == ("approved" if decisions else "open")
        assert statuses(run)["gate"] == ("succeeded" if decisions else "waiting")

        if decisions:
            with pytest.raises(AlreadyDecided):
                say_yes(run, ana)
        else:
            say_yes(run, ana)
        advance_run(run.id, seconds_left=lambda: 1000)
        run.refresh_from_db()
        assert run.status == "succeeded"
        assert Decision.objects.filter(request=request_of(run)).count() == 1


def say_yes(run: WorkflowRun, by: User) -> None:
    """Approve what the run asks."""
    asked = request_of(run)
    approve(request_id=asked.id, by=by, channel="admin", seen_sha256=asked.payload_sha256)


def test_death_of_the_keeper_among_its_doorbells_rings_none_and_the_next_rings_all(forget: Forget) -> None:
    for _ in range(DEATHS):
        run = WorkflowRunFactory.create()
        add_steps(run, {"a": [], "b": [], "c": []})
        forget(CrashPoint.IN_RINGING, run.id)
        before = len(doorbells())
        assert end_of(sweep, at=CrashPoint.IN_RINGING) == -signal.SIGKILL
        assert len(doorbells()) == before
        assert not run.steps.exclude(rung_at=None).exists()
        sweep()
        assert len(doorbells()) == before + 3


def test_death_of_the_keeper_while_it_wakes_a_step_leaves_that_for_the_next(forget: Forget) -> None:
    store_definition(workflow_of(WaitNode(key="rest", label="Rest", seconds=1), slug="rest"), by="a test")
    for _ in range(DEATHS):
        run = start_run("rest", account_id=AccountFactory.create().id, by="a test")
        advance_run(run.id, seconds_left=lambda: 1000)
        step = run.steps.get()
        run.steps.update(wake_at=step.started_at)
        forget(CrashPoint.IN_WAKING, step.id)
        before = len(doorbells())
        assert end_of(sweep, at=CrashPoint.IN_WAKING) == -signal.SIGKILL
        assert (statuses(run), len(doorbells())) == ({"rest": "waiting"}, before)
        sweep()
        assert (statuses(run), len(doorbells())) == ({"rest": "ready"}, before + 1)


def test_death_of_the_keeper_before_it_parks_a_step_leaves_that_for_the_next(forget: Forget) -> None:
    for _ in range(DEATHS):
        run = WorkflowRunFactory.create()
        step = add_steps(run, {"poison": [], "after": ["poison"]})["poison"]
        for _ in range(MAX_CLAIMS):
            assert claim(run.id) is not None
            expire_lease(step)
        forget(CrashPoint.IN_PARKING, step.id)
        assert end_of(sweep, at=CrashPoint.IN_PARKING) == -signal.SIGKILL
        assert statuses(run) == {"poison": "running", "after": "pending"}
        sweep()
        assert statuses(run) == {"poison": "failed", "after": "skipped"}


def test_death_of_the_keeper_while_it_fires_a_schedule_starts_one_run_after_all(forget: Forget) -> None:
    for _ in range(DEATHS):
        schedule = due_schedule()
        point = CrashPoint.BEFORE_FIRING_COMMITS
        forget(point, schedule.id)
        assert end_of(partial(fire_due, limit=10), at=point) == -signal.SIGKILL
        schedule.refresh_from_db()
        assert not ScheduleFiring.objects.filter(schedule=schedule).exists()
        assert not WorkflowRun.objects.filter(account=schedule.account).exists()
        assert fire_due(limit=10) == 1
        assert fire_due(limit=10) == 0
        assert ScheduleFiring.objects.get(schedule=schedule).run == WorkflowRun.objects.get(
            account=schedule.account
        )


@pytest.mark.parametrize(
    ("point", "stored"), [(CrashPoint.BEFORE_WEBHOOK_COMMITS, 0), (CrashPoint.AFTER_WEBHOOK, 1)]
)
def test_death_of_whoever_takes_a_message_in_leaves_it_stored_once_when_it_is_sent_again(
    point: CrashPoint, stored: int, forget: Forget, settings: Any
) -> None:
    settings.WEBHOOK_SECRETS = {"tiktok": (SECRET,)}
    settings.TIKTOK_CLIENT_KEY = CLIENT_KEY
    for _ in range(DEATHS):
        body = tiktok_body(client_key="another", made=str(uuid4()))
        digest = hashlib.sha256(body)
        kept = WebhookMessage.objects.filter(body_sha256=digest.hexdigest())
        forget(point, UUID(bytes=digest.digest()[:16]))
        assert end_of(partial(send, body), at=point) == -signal.SIGKILL  # its sender has no answer …
        assert kept.count() == stored
        assert [send(body), send(body)] == [200, 200]  # … and sends it again, until it has one
        assert kept.count() == 1
        assert answer_doorbells() == 1
        assert (kept.get().status, kept.get().tries) == ("ignored", 1)
