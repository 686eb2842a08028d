"""Posts of an account whose access is lost: they wait in plain words, alone, and go on when it is connected again."""

import json
from typing import Any

import pytest

from agents.connections.models import TikTokConnection
from agents.connections.services import connect, lose
from agents.providers.tiktok.write.posting import PostingWriter
from agents.sandbox.tiktok.grants import take_back
from agents.sandbox.tiktok.ledger import posts
from agents.sandbox.tiktok.notices import deliver_due
from agents.sandbox_grant_models import SandboxNotice
from agents.sandbox_models import SandboxCreator
from tests.factories.accounts import person
from tests.factories.connections import access_ages, alerts_of, connected, granted
from tests.factories.posting import (
    approved_post,
    direct_account,
    effect_of,
    moves,
    post_step,
    providers,
    time_passes,
    until_it_rests,
    work,
)
from tests.factories.tiktok import TOKEN, let_pass, put_online, sandbox_tiktok
from tests.factories.webhooks import CLIENT_KEY, handled, message_of, tiktok_body, use_secrets
from tiktok_ops.accounts.roles import Role
from workflows.creators import creator_of
from workflows.webhooks.models import WebhookMessage
from workflows.webhooks.processing import process_message
from workflows.webhooks.sandbox import deliver_sandbox_webhooks

PAUSED = "has to be connected to TikTok again"


def reconnect(made: TikTokConnection) -> None:
    """Let an owner connect the account again."""
    account = made.account
    by = person(account.workspace, Role.OWNER)
    connect(account=account, mode=made.mode, grant=granted(account.handle), by=by)


def test_post_of_a_connected_account_goes_out_with_its_own_token(tiktok: Any) -> None:
    made = connected(direct_account())
    run = until_it_rests(work(approved_post(made.account)))
    assert run.status == "succeeded"
    assert [post.username for post in posts(username=made.account.handle)] == [made.account.handle]


def test_post_whose_access_is_lost_waits_in_plain_words_and_goes_on_by_itself(tiktok: Any) -> None:
    made, other = connected(direct_account()), connected(direct_account())
    lose(connection=made, why="TikTok said no.", by="a test")
    run, fine = work(approved_post(made.account)), work(approved_post(other.account))
    step = post_step(run)
    assert (run.status, step.status) == ("waiting", "waiting")
    assert PAUSED in step.error
    assert "this goes on by itself then" in step.error
    assert moves(run) == ["prepared"]
    assert time_passes(run).status == "waiting"  # it looks, and waits again
    assert until_it_rests(fine).status == "succeeded"
    assert posts(username=made.account.handle) == ()

    reconnect(made)

    assert post_step(run).status == "ready"
    assert until_it_rests(work(run)).status == "succeeded"
    assert len(posts(username=made.account.handle)) == 1


def test_post_that_is_out_waits_for_its_word_while_access_is_lost(tiktok: Any) -> None:
    tiktok.PROVIDERS = providers(publish_seconds=3600)
    made = connected(direct_account())
    run = work(approved_post(made.account))
    assert effect_of(run).status == "sent"
    lose(connection=made, why="TikTok said no.", by="a test")
    time_passes(run)
    assert PAUSED in post_step(run).error
    assert effect_of(run).status == "sent"
    reconnect(made)
    assert post_step(run).status == "ready"


def test_post_whose_answer_of_a_renewal_is_lost_stops_that_account_alone(tiktok: Any) -> None:
    made = connected(direct_account())
    run = approved_post(made.account)
    access_ages(made, 3700)
    tiktok.PROVIDERS = providers(token={"timeout_after": (2,)})
    work(run)
    time_passes(run)
    assert PAUSED in post_step(run).error
    assert [alert.status for alert in alerts_of(made)] == ["open"]
    reconnect(made)
    assert until_it_rests(work(run)).status == "succeeded"
    assert len(posts(username=made.account.handle)) == 1
    assert [alert.status for alert in alerts_of(made)] == ["resolved"]


def test_post_whose_token_tiktok_refuses_early_is_tried_with_a_new_one(tiktok: Any) -> None:
    made = connected(direct_account())
    run = approved_post(made.account)
    tiktok.PROVIDERS = providers(creator_info={"expired_token": 1}, status={"expired_token": 1})
    assert until_it_rests(work(run)).status == "succeeded"
    assert len(posts(username=made.account.handle)) == 1


def test_form_of_a_post_whose_access_is_lost_says_so_and_stays_open(tiktok: Any) -> None:
    made = connected(direct_account())
    lose(connection=made, why="TikTok said no.", by="a test")
    assert PAUSED in creator_of(made.account).note


# The word of TikTok ----------------------------------------------------------------------------------


def removed(made: TikTokConnection, **changes: Any) -> bytes:
    """Return what TikTok tells of an account whose owner took our access back."""
    told: dict[str, Any] = {"create_time": int(made.connected_at.timestamp()) + 1, "content": '{"reason":1}'}
    told |= changes
    return tiktok_body("authorization.removed", user_openid=made.open_id, **told)


@pytest.fixture
def made(tiktok: Any) -> TikTokConnection:
    """A connected account, and an app that listens."""
    use_secrets()
    return connected(direct_account())


def test_hear_that_access_was_removed_asks_to_connect_again(made: TikTokConnection) -> None:
    message = handled(message_of(removed(made)))
    made.refresh_from_db()
    assert (message.status, made.status) == ("processed", "reconnect")
    assert "its owner took our access back in the TikTok app" in made.why
    assert len(alerts_of(made)) == 1


@pytest.mark.parametrize(
    ("changes", "late", "status"),
    [
        ({"create_time": 1_600_000_000}, False, "ignored"),  # before it was connected
        ({}, True, "ignored"),
        ({"content": "no"}, False, "not_understood"),
    ],
)
def test_hear_of_an_older_removal_or_of_none_changes_nothing(
    made: TikTokConnection, changes: dict[str, Any], late: bool, status: str
) -> None:
    message = handled(message_of(removed(made, **changes), is_late=late))
    made.refresh_from_db()
    assert (message.status, made.status) == (status, "connected")


def test_hear_of_a_reason_nobody_knows_says_what_is_known(made: TikTokConnection) -> None:
    handled(message_of(removed(made, content='{"reason":99}')))
    made.refresh_from_db()
    assert made.why == "TikTok says that our access was removed."


def test_sandbox_tells_of_a_removal_as_tiktok_does(made: TikTokConnection) -> None:
    take_back(SandboxCreator.objects.get(username=made.account.handle))
    assert deliver_sandbox_webhooks() == 1
    message = WebhookMessage.objects.filter(source="tiktok").latest("received_at")
    assert process_message(message.id) == "processed"
    made.refresh_from_db()
    assert made.status == "reconnect"
    assert CLIENT_KEY in bytes(message.body).decode()


def test_sandbox_tells_what_became_of_a_post_and_its_step_looks_at_once(
    made: TikTokConnection, tiktok: Any
) -> None:
    tiktok.PROVIDERS = providers(publish_seconds=3600, moderation_seconds=60)
    run = work(approved_post(made.account))
    assert deliver_sandbox_webhooks() == 0  # it is not out yet
    let_pass(3600)
    assert deliver_sandbox_webhooks() == 1
    message = WebhookMessage.objects.filter(source="tiktok").latest("received_at")
    assert process_message(message.id) == "processed"
    assert post_step(run).status == "ready"
    assert work(run).status == "waiting"  # published, its link still to come
    let_pass(60)
    assert deliver_sandbox_webhooks() == 1
    told = [json.loads(bytes(row.body)) for row in WebhookMessage.objects.order_by("-received_at")[:2]]
    assert [one["event"] for one in told] == ["post.publish.publicly_available", "post.publish.complete"]
    assert json.loads(told[0]["content"])["publish_id"] == effect_of(run).provider_ref
    assert until_it_rests(run).status == "succeeded"


def test_sandbox_repeats_what_nobody_took_less_and_less_often(made: TikTokConnection) -> None:
    take_back(SandboxCreator.objects.get(username=made.account.handle))
    answers = iter([500, 200])
    sent: list[bytes] = []

    def post(header: str, body: bytes) -> int:
        sent.append(body)
        return next(answers)

    given: dict[str, Any] = {"client_key": CLIENT_KEY, "secret": "a secret we share", "post": post}
    assert deliver_due(**given) == 0
    assert deliver_due(**given) == 0  # it rests
    let_pass(3)
    assert deliver_due(**given) == 1
    told = [json.loads(body) | {"create_time": 0} for body in sent]  # all of it is three seconds older
    assert told[0] == told[1]
    assert deliver_due(**given) == 0


def test_sandbox_tells_nothing_where_nobody_listens(made: TikTokConnection, tiktok: Any) -> None:
    tiktok.TIKTOK_CLIENT_KEY = ""
    take_back(SandboxCreator.objects.get(username=made.account.handle))
    assert not SandboxNotice.objects.exists()
    assert deliver_sandbox_webhooks() == 0


def test_sandbox_tells_of_a_post_that_was_called_back_that_it_failed(
    made: TikTokConnection, tiktok: Any
) -> None:
    provider = sandbox_tiktok(publish_seconds=3600)
    ticket = put_online(provider)
    PostingWriter(provider).cancel(token=TOKEN, publish_id=ticket.publish_id)
    events = SandboxNotice.objects.values_list("event", "content__reason")
    assert list(events) == [("post.publish.failed", "publish_cancelled")]


def test_sandbox_tells_of_a_post_that_failed_why(made: TikTokConnection, tiktok: Any) -> None:
    put_online(sandbox_tiktok(fail_reason="spam_risk"))
    assert list(SandboxNotice.objects.values_list("event", "content__reason")) == [
        ("post.publish.failed", "spam_risk")
    ]
