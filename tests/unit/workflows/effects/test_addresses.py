"""Addresses TikTok pulls photos from: fetched or taken back, exactly one, whoever is first."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tests.factories.photos import approved_photos, photo_asset
from tests.factories.posting import (
    take_over,
    taken_work,
)
from tests.forms import times
from workflows.effects import ledger
from workflows.effects.addresses import (
    fetch_here,
    offer,
    open_photo,
    take_back,
)
from workflows.effects.models import Effect, PullAddress
from workflows.models import WorkflowRun


def offered(run: WorkflowRun) -> tuple[Any, Effect, str]:
    """Return the work, the effect, and the path of the first photo of an address that is open."""
    step_work = taken_work(run)
    effect = effect_of_work(step_work)
    photos = tuple(photo_asset(run.account, f"photo {number} of {run.account.id}") for number in range(2))
    [first, _] = offer(step_work, effect, photos)
    return step_work, effect, first.removeprefix("https://ops.sandbox.invalid")


def effect_of_work(step_work: Any) -> Effect:
    return ledger.effect_of(step_work, kind="post_photo")


def test_address_that_was_taken_back_gives_nothing_out(tiktok: Any) -> None:
    _, effect, path = offered(approved_photos())
    assert take_back(effect)
    assert fetch_here(path) is None
    assert Client().get(path).status_code == 404


def test_address_that_was_fetched_cannot_be_taken_back_and_goes_on_giving(tiktok: Any) -> None:
    _, effect, path = offered(approved_photos())
    answer = Client().get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert not take_back(effect)
    assert fetch_here(path) == answer.content
    assert Client().post(path).status_code == 405


@pytest.mark.parametrize("path", ["/pull/none/0.jpg", f"/pull/{'a' * 43}/0.jpg", "/pull/../etc/passwd"])
def test_address_nobody_opened_gives_nothing_out(tiktok: Any, path: str) -> None:
    assert fetch_here(path) is None
    assert Client().get(path).status_code == 404


def test_address_gives_out_no_photo_beyond_the_approved_ones_and_none_once_it_is_over(tiktok: Any) -> None:
    _, effect, path = offered(approved_photos())
    token = path.split("/")[2]
    assert open_photo(token, 2) is None
    Effect.objects.filter(id=effect.id).update(
        status="failed", error="So.", finished_at="2026-01-01T00:00:00Z"
    )
    assert fetch_here(path) is None


def test_fetch_and_take_back_at_once_have_one_winner(tiktok: Any) -> None:
    for _ in range(times(long=200, short=3)):
        _, effect, path = offered(approved_photos())
        barrier = threading.Barrier(2)
        outcomes: dict[str, object] = {}

        def run_it(name: str, act_: Any, barrier: Any = barrier, outcomes: Any = outcomes) -> None:
            try:
                barrier.wait()
                outcomes[name] = act_()
            finally:
                connection.close()

        threads = [
            threading.Thread(target=run_it, args=("fetched", lambda path=path: fetch_here(path) is not None)),
            threading.Thread(target=run_it, args=("taken", lambda effect=effect: take_back(effect))),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes["fetched"] is not outcomes["taken"]


def test_open_a_second_address_while_one_is_open_is_refused_by_the_database(tiktok: Any) -> None:
    _, effect, _ = offered(approved_photos())
    with pytest.raises(IntegrityError, match="pull_address_one_at_a_time"), transaction.atomic():
        PullAddress.objects.create(effect=effect, attempt=2, token_digest="0" * 64)


def test_worker_that_lost_its_step_opens_no_address(tiktok: Any) -> None:
    run = approved_photos()
    step_work, effect, _ = offered(run)
    take_over(run)
    with pytest.raises(Exception, match="lease"):
        offer(step_work, effect, ())
