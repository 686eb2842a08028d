"""Limits by token and minute, and the posts a creator has in a day."""

import pytest

from agents.providers.errors import Advice, ProviderRateLimited, ProviderRejected
from agents.providers.tiktok.read.posting import PublishState
from agents.sandbox.tiktok.ledger import posts, received
from agents.sandbox.tiktok.rules import CALLS_A_MINUTE, POSTS_A_DAY
from agents.sandbox.tiktok.wire import digest_of, sandbox_token
from agents.sandbox_models import SandboxRequest
from tests.factories.tiktok import (
    TOKEN,
    USERNAME,
    begin,
    let_pass,
    put_online,
    sandbox_tiktok,
    send_small,
)
from tests.unit.agents.sandbox.tiktok.wire import ask, refused

pytestmark = pytest.mark.usefixtures("committed_sandbox")

LIMIT = (429, "rate_limit_exceeded")


def remember(operation: str, number: int, *, outcome: str = "ok", token: str = TOKEN) -> None:
    """Put so many calls of just now into the ledger."""
    SandboxRequest.objects.bulk_create(
        SandboxRequest(
            method="POST", path="/", operation=operation, token_digest=digest_of(token), outcome=outcome
        )
        for _ in range(number)
    )


def post_so_many(number: int) -> None:
    """Put so many posts online at once, with as many tokens."""
    for serial in range(number):
        put_online(sandbox_tiktok(), token=sandbox_token(USERNAME, serial + 100))


@pytest.mark.parametrize(
    ("operation", "limit"),
    [
        ("init", 6),
        ("status", 30),
        ("creator_info", 20),
        ("user_info", 600),
        ("video_list", 600),
        ("video_query", 600),
    ],
)
def test_call_more_often_than_the_documented_limit_is_refused_for_a_minute(
    operation: str, limit: int
) -> None:
    assert CALLS_A_MINUTE[operation] == limit
    remember(operation, limit - 1)
    assert refused(ask(operation)) != LIMIT
    assert refused(ask(operation)) == LIMIT
    assert refused(ask(operation, token=sandbox_token(USERNAME, 2))) != LIMIT
    let_pass(59)
    assert refused(ask(operation)) == LIMIT
    let_pass(2)
    assert refused(ask(operation)) != LIMIT


def test_call_in_vain_over_the_limit_does_not_lengthen_the_wait() -> None:
    remember("init", 50, outcome="rate_limit_exceeded")
    remember("init", 50, outcome="")
    assert refused(ask("init")) == (200, "ok")


def test_call_of_one_operation_does_not_count_for_another() -> None:
    remember("status", 30)
    assert refused(ask("creator_info")) == (200, "ok")


def test_call_over_the_limit_tells_the_client_to_wait_a_minute() -> None:
    provider = sandbox_tiktok()
    for _ in range(6):
        begin(provider)
    with pytest.raises(ProviderRateLimited) as refusal:
        begin(provider)
    assert (refusal.value.advice, refusal.value.retry_after_seconds) == (Advice.WAIT, 60)
    assert refusal.value.may_have_acted is False
    assert [row.outcome for row in received(operation="init")] == ["ok"] * 6 + ["rate_limit_exceeded"]


def test_post_fifteen_times_a_day_lets_no_more_begin_until_tomorrow() -> None:
    assert POSTS_A_DAY == 15
    post_so_many(14)
    assert refused(ask("creator_info")) == (200, "ok")
    post_so_many(1)
    assert refused(ask("creator_info")) == (200, "spam_risk_too_many_posts")
    assert refused(ask("init")) == (403, "spam_risk_too_many_posts")
    with pytest.raises(ProviderRejected) as refusal:
        begin(sandbox_tiktok())
    assert refusal.value.advice is Advice.ASK_PERSON
    begin(sandbox_tiktok(), token=sandbox_token("other.tea"))
    let_pass(86_401)
    begin(sandbox_tiktok())


def test_post_begun_before_the_fifteenth_fails_when_it_comes_too_late() -> None:
    provider = sandbox_tiktok()
    early = begin(provider)
    post_so_many(15)
    assert send_small(provider, early)
    status = provider.posting.status(token=TOKEN, publish_id=early.publish_id)
    assert (status.state, status.fail_reason) == (PublishState.FAILED, "spam_risk_too_many_posts")
    assert len(posts()) == 15


def test_post_that_failed_or_was_never_sent_does_not_count_for_the_day() -> None:
    for serial in range(15):
        put_online(sandbox_tiktok(fail_reason="spam_risk"), token=sandbox_token(USERNAME, serial + 100))
    for serial in range(15):
        begin(sandbox_tiktok(), token=sandbox_token(USERNAME, serial + 200))
    assert refused(ask("creator_info")) == (200, "ok")
