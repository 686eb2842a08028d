"""A worker whose own clock is two minutes off starts nothing early, and ends nothing early: the database's decides."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from tests.factories.agents import made_agent, use_agents
from tests.factories.posting import (
    approved_post,
    effect_of,
    moves,
    post_step,
    providers,
    until_it_rests,
    work,
)
from tests.factories.workflows import run_of, workflow_of
from tiktok_ops.clock import database_now
from tiktok_ops.content.models import Asset
from workflows.keeper import ring_due, wake_waiting
from workflows.models import WorkflowRun
from workflows.nodes import WaitNode
from workflows.protocol import claim

OFF = timedelta(minutes=2)
SOON = timedelta(seconds=90)
FAST, SLOW = OFF, -OFF


def host_clock(off: timedelta) -> time_machine.travel:
    """Put the clock of this host, and of nothing else, off by so much."""
    return time_machine.travel(database_now() + off, tick=True)


@pytest.fixture
def posts(committed_db: None, settings: Settings) -> None:
    """The sandbox TikTok publishes at once."""
    settings.PROVIDERS = providers()


def test_the_database_keeps_its_own_time(db: None) -> None:
    before = database_now()
    with host_clock(FAST):
        assert timezone.now() - before > SOON
        assert timedelta(0) < database_now() - before < SOON


@pytest.mark.usefixtures("posts")
def test_a_post_does_not_go_out_before_its_slot_on_a_host_whose_clock_is_fast() -> None:
    run = approved_post(publish_at=(database_now() + SOON).isoformat())
    with host_clock(FAST):
        work(run)
        step = post_step(run)
        assert (step.status, moves(run)) == ("waiting", ["prepared"])
        assert step.wake_at is not None
        assert timedelta(0) < step.wake_at - database_now() <= SOON
        wake_waiting()
        ring_due(limit=100)
        assert (post_step(run).status, claim(run.id)) == ("waiting", None)


@pytest.mark.usefixtures("posts")
def test_a_post_goes_out_in_its_slot_on_a_host_whose_clock_is_slow() -> None:
    run = approved_post(publish_at=(database_now() - timedelta(seconds=1)).isoformat())
    with host_clock(SLOW):
        assert until_it_rests(work(run)).status == "succeeded"
    assert effect_of(run).status == "confirmed"


@pytest.mark.usefixtures("posts")
@pytest.mark.parametrize(("left", "off", "goes"), [(-SOON, SLOW, False), (SOON, FAST, True)])
def test_the_right_to_a_video_ends_by_the_databases_clock(
    left: timedelta, off: timedelta, goes: bool
) -> None:
    run = approved_post()
    Asset.objects.update(rights_expire_at=database_now() + left)
    with host_clock(off):
        work(run)
    assert ("sending" in moves(run)) == goes


@pytest.fixture
def resting(db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what starts a run that rests for a while."""
    use_agents(monkeypatch, made_agent("made"))

    def start(**changes: Any) -> WorkflowRun:
        given = {"at": changes.pop("at")} if "at" in changes else {}
        node = WaitNode(key="rest", label="A rest", **changes)
        return work(run_of(workflow_of(node, slug="rests"), given=given))

    return start


def test_a_wait_ends_by_the_databases_clock_on_a_host_whose_clock_is_fast(resting: Any) -> None:
    with host_clock(FAST):
        for run in (
            resting(seconds=SOON.total_seconds()),
            resting(inputs={"until": "brief.at"}, at=(database_now() + SOON).isoformat()),
        ):
            step = run.steps.get()
            assert (run.status, step.status) == ("waiting", "waiting")
            assert timedelta(0) < step.wake_at - database_now() <= SOON
            wake_waiting()
            assert claim(run.id) is None


def test_a_wait_that_is_over_ends_on_a_host_whose_clock_is_slow(resting: Any) -> None:
    with host_clock(SLOW):
        past = database_now() - timedelta(seconds=1)
        assert resting(inputs={"until": "brief.at"}, at=past.isoformat()).status == "succeeded"
