"""Webhooks over real connections: copies at once, a live web process, a post that is out before we knew its id."""

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection
from django.db.models import F
from pytest_django import Settings

from agents.models import SandboxPost, SandboxStudioJob
from agents.providers.studio.jobs import Order
from agents.providers.studio.provider import StudioProvider
from agents.providers.tiktok.access import open_id
from agents.sandbox.studio.callbacks import deliver_due
from agents.sandbox.tiktok import ledger as tiktok
from tests.factories.posting import approved_post, direct_account, effect_of, post_step, watched, work
from tests.factories.webhooks import (
    CLIENT_KEY,
    SECRET,
    STUDIO_SECRET,
    answer_doorbells,
    handled,
    send,
    signature,
    tiktok_body,
)
from tests.factories.workflows import doorbells
from tests.streams import web
from tiktok_ops.accounts.models import TikTokAccount
from workflows.models import WorkflowRun
from workflows.webhooks.inbox import DOORBELL, MOST_BODY_BYTES
from workflows.webhooks.models import WebhookMessage, WebhookRefusal

pytestmark = [pytest.mark.integration, pytest.mark.slow]

COPIES, THREADS = 100, 20


@pytest.fixture(autouse=True)
def own_settings(settings: Settings, tmp_path: Path) -> None:
    """Have secrets and media of this test's own."""
    settings.MEDIA_ROOT = tmp_path
    settings.WEBHOOK_SECRETS = {"tiktok": (SECRET,), "studio": (STUDIO_SECRET,)}
    settings.TIKTOK_CLIENT_KEY = CLIENT_KEY


def at_once(*acts: Any) -> list[Any]:
    """Do these in threads with connections of their own, begun together; return what each came to."""
    gate, results = threading.Barrier(len(acts)), []

    def act_in_thread(act: Any) -> None:
        gate.wait()
        try:
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=act_in_thread, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def about(account: TikTokAccount, publish_id: str, event: str = "post.publish.complete") -> bytes:
    """Return a webhook about a post of the account."""
    openid = open_id(account=account, mode=account.mode)
    return tiktok_body(event, publish_id=publish_id, user_openid=openid)


def sent_post(settings: Settings) -> WorkflowRun:
    """Return a run whose post TikTok has, and that is to be asked about later."""
    settings.PROVIDERS = watched("after", "nothing", lambda: None)
    run = work(approved_post(direct_account()))
    assert (effect_of(run).status, post_step(run).status) == ("sent", "waiting")
    return run


def test_send_a_hundred_copies_at_once_keeps_one_and_looks_once(
    committed_db: str, settings: Settings
) -> None:
    run = sent_post(settings)
    effect, looks = effect_of(run), looks_begun(run)
    body = about(effect.account, effect.provider_ref)
    header = signature(body)

    def some_copies() -> list[int]:
        return [send(body, header) for _ in range(COPIES // THREADS)]

    answers = Counter(answer for several in at_once(*[some_copies] * THREADS) for answer in several)
    assert answers == {200: COPIES}
    message = WebhookMessage.objects.get()
    assert [task for task, _ in doorbells()].count(DOORBELL) == 1
    at_once(*[lambda: handled_here(message)] * 5)
    assert looks_begun(run) - looks == 1
    assert work(run).status == "succeeded"
    assert len(tiktok.posts()) == 1
    assert effect_of(run).confirmed_by == "provider"


def looks_begun(run: WorkflowRun) -> int:
    """Return how often the step that posts became due."""
    return run.events.filter(kind="step.ready", data__key="post").count()


def handled_here(message: WebhookMessage) -> None:
    """Answer the message's doorbell in this thread."""
    handled(message)


def test_hear_that_a_post_is_out_before_its_id_was_written_down_posts_once(
    committed_db: str, settings: Settings
) -> None:
    account = direct_account()
    told: list[int] = []

    def tell() -> None:
        told.append(send(about(account, SandboxPost.objects.get().publish_id)))
        answer_doorbells()

    settings.PROVIDERS = watched("after", "init", tell)
    run = work(approved_post(account))
    assert told == [200]
    message = WebhookMessage.objects.get()
    assert (message.status, message.note[:32]) == ("received", "No post of ours has the publish ")
    assert handled(message).status == "processed"
    assert work(run).status == "succeeded"
    assert (len(tiktok.posts()), effect_of(run).status) == (1, "confirmed")


def test_count_refusals_at_once_loses_none(committed_db: str) -> None:
    at_once(*[lambda: [send(b"{}", "t=1,s=2") for _ in range(5)]] * 10)
    assert WebhookRefusal.objects.values_list("source", "count").get() == ("tiktok", 50)


def test_call_back_over_http_is_taken_by_a_web_process(committed_db: str) -> None:
    StudioProvider("sandbox", {"faults": {"make_seconds": 0, "callbacks": 2}}).submit(
        Order(prompt="A lamp"), key="step"
    )
    with web({"STUDIO_WEBHOOK_SECRETS": f"the-new-secret-of-theirs,{STUDIO_SECRET}"}) as server:
        address = f"{server.address}/hooks/studio/"

        def post(url: str, header: str, body: bytes) -> int:
            assert url == ""
            return httpx.post(address, content=body, headers={"Studio-Signature": header}).status_code

        assert deliver_due(secret="another-secret-altogether", post=post) == 0
        SandboxStudioJob.objects.update(callback_at=F("done_at"))
        assert [deliver_due(secret=STUDIO_SECRET, post=post) for _ in range(3)] == [1, 1, 0]

        def parts(count: int) -> Any:
            return (b"x" * 1024 for _ in range(count))  # without a length, in chunks

        too_long = httpx.post(address, content=parts(MOST_BODY_BYTES // 1024 + 1))
        unsigned = httpx.post(address, content=parts(3))
    assert (too_long.status_code, unsigned.status_code) == (413, 401)
    message = WebhookMessage.objects.get()
    assert (message.source, message.status) == ("studio", "received")
    assert WebhookRefusal.objects.get().count == 2
