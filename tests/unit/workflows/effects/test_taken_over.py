"""A worker that was held up while another took its step: it writes nothing, and nothing goes out twice."""

from dataclasses import replace
from typing import Any

import pytest

from agents.sandbox.tiktok import ledger as tiktok_ledger
from tests.factories.posting import (
    approved_post,
    effect_of,
    post_step,
    providers,
    take_over,
    taken_work,
    time_passes,
    until_it_rests,
    watched,
    work,
)
from tests.factories.workflows import expire_lease
from tests.unit.workflows.rows import everything
from workflows.effects import ledger
from workflows.effects.models import Effect
from workflows.effects.registry import EFFECTS
from workflows.keeper import park_exhausted, sweep
from workflows.models import WorkflowRun
from workflows.outcomes import LeaseLost
from workflows.protocol import MAX_CLAIMS
from workflows.work import Work

SENDING = [(when, what) for what in ("creator_info", "init", "upload") for when in ("before", "after")]


def perform(taken: Work) -> Any:
    """Do what a claimed post step does."""
    return EFFECTS["post_video"].perform(taken)


def all_there_is(run: WorkflowRun) -> Any:
    """Return the run and its effect as they are, so that two of these differ where anything was written."""
    return everything(run), Effect.objects.filter(step__run=run).values().first()


@pytest.mark.parametrize(("when", "what"), SENDING)
def test_send_taken_over_and_finished_by_another_writes_nothing_and_posts_once(
    tiktok: Any, when: str, what: str
) -> None:
    run = approved_post()
    taken = taken_work(run)
    seen = []

    def another_does_it_all() -> None:
        expire_lease(post_step(run))
        until_it_rests(work(run))
        seen.append(all_there_is(run))

    tiktok.PROVIDERS = watched(when, what, another_does_it_all)
    with pytest.raises(LeaseLost):
        perform(taken)

    assert [all_there_is(run)] == seen
    assert effect_of(run).status == "confirmed"
    assert len(tiktok_ledger.posts()) == 1


@pytest.mark.parametrize(("when", "what"), SENDING)
def test_send_taken_over_by_another_that_dies_too_writes_nothing_and_posts_once(
    tiktok: Any, when: str, what: str
) -> None:
    run = approved_post()
    taken = taken_work(run)
    seen = []

    def another_takes_it() -> None:
        take_over(run)
        seen.append(all_there_is(run))

    tiktok.PROVIDERS = watched(when, what, another_takes_it)
    with pytest.raises(LeaseLost):
        perform(taken)
    assert [all_there_is(run)] == seen

    expire_lease(post_step(run))
    run = until_it_rests(work(run))
    assert (run.status, effect_of(run).status, len(tiktok_ledger.posts())) == ("succeeded", "confirmed", 1)


@pytest.mark.parametrize("hold", [1, 2, 3, 4])
def test_send_taken_over_before_a_call_does_not_make_the_call(tiktok: Any, hold: int) -> None:
    run = approved_post()
    taken = taken_work(run)
    holds = []

    def hold_until_taken_over(seconds: float) -> None:
        holds.append(seconds)
        if len(holds) == hold:
            take_over(run)
        taken.hold(seconds)

    with pytest.raises(LeaseLost):
        perform(replace(taken, hold=hold_until_taken_over))

    called = [request.operation for request in tiktok_ledger.received()]
    assert called == ["creator_info", "init"][: max(hold - 2, 0)]
    expire_lease(post_step(run))
    assert until_it_rests(work(run)).status == "succeeded"
    assert len(tiktok_ledger.posts()) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("status", ["sent", "confirmed", "failed", "unknown"])
def test_look_taken_over_writes_nothing(tiktok: Any, when: str, status: str) -> None:
    faults: dict[str, dict[str, Any]] = {
        "sent": {"publish_seconds": 3600},
        "confirmed": {},
        "failed": {"fail_reason": "spam_risk"},
        "unknown": {"upload": {"unreachable": 1}},
    }
    tiktok.PROVIDERS = providers(**faults[status])
    run = work(approved_post())
    seen = []

    def another_takes_it() -> None:
        take_over(run)
        seen.append(all_there_is(run))

    tiktok.PROVIDERS = watched(when, "status", another_takes_it, **faults[status])
    time_passes(run)

    assert [all_there_is(run)] == seen


def test_worker_that_came_back_late_cannot_move_the_effect(tiktok: Any) -> None:
    run = approved_post()
    late = taken_work(run)
    effect = ledger.effect_of(late, kind="post_video")
    now = take_over(run)
    before = all_there_is(run)

    for write in (
        lambda: ledger.effect_of(late, kind="post_video"),
        lambda: ledger.keep_facts(late, effect, {}),
        lambda: ledger.begin(late, effect, payload=b"", guard=lambda account, creator: None),
        lambda: ledger.keep_ticket(late, effect, publish_id="p", upload_url="https://x", chunk_bytes=1),
        lambda: ledger.advance(late, effect, "failed", error="Late."),
        lambda: ledger.looked(late, effect),
        lambda: ledger.hold(late, effect, why="Late.", payload={}),
    ):
        with pytest.raises(LeaseLost):
            write()

    assert all_there_is(run) == before
    assert ledger.looked(now, effect).looks == 1


@pytest.mark.parametrize(
    ("deaths", "status", "posts"),
    [
        (("creator_info",) * MAX_CLAIMS, "failed", 0),
        (("init",) * MAX_CLAIMS, "failed", 0),
        (("upload", "status", "status"), "unknown", 1),
    ],
)
def test_workers_that_die_one_after_another_leave_an_honest_effect(
    tiktok: Any, deaths: tuple[str, ...], status: str, posts: int
) -> None:
    run = approved_post()
    for what in deaths:
        taken = taken_work(run)
        tiktok.PROVIDERS = watched("after", what, die)
        with pytest.raises(Died):
            perform(taken)
        expire_lease(post_step(run))

    park_exhausted()
    sweep()

    run.refresh_from_db()
    assert (run.status, post_step(run).status) == ("failed", "failed")
    assert (effect_of(run).status, len(tiktok_ledger.posts())) == (status, posts)
    assert effect_of(run).error


class Died(Exception):
    """The process ended here."""


def die() -> None:
    """End here."""
    raise Died
