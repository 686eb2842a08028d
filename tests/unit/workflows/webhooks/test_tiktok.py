"""TikTok's webhooks: a hint that lets the step whose post they name ask TikTok now, and nothing more."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents.providers.tiktok.access import open_id
from tests.factories.effects import REFERENCE, effect_on
from tests.factories.webhooks import answer_doorbells, handled, message_of, send, tiktok_body
from tests.factories.workflows import doorbells
from workflows.effects.models import Effect
from workflows.models import WorkflowStep
from workflows.webhooks.models import WebhookMessage
from workflows.webhooks.tiktok import PUBLISHING

pytestmark = pytest.mark.django_db

LATER = timedelta(minutes=5)


def sent_effect(**changes: Any) -> Effect:
    """Return an effect that was sent, its step waiting to look again in five minutes."""
    effect = effect_on(**({"status": "sent"} | changes))
    WorkflowStep.objects.filter(id=effect.step_id).update(wake_at=timezone.now() + LATER, error="Sent.")
    return effect


def openid_of(effect: Effect) -> str:
    """Return the account's id as TikTok's sandbox tells it."""
    return open_id(account=effect.account, mode=effect.mode)


def about(effect: Effect, event: str = "post.publish.complete", **changes: Any) -> bytes:
    """Return a webhook about the effect's post."""
    return tiktok_body(event, **({"user_openid": openid_of(effect)} | changes))


def step_of(effect: Effect) -> WorkflowStep:
    """Return the effect's step as it is now."""
    return WorkflowStep.objects.get(id=effect.step_id)


def asked_doorbells() -> int:
    """Return how many doorbells are rung for steps."""
    return sum(func == "workflows.tasks.advance" for func, _ in doorbells())


@pytest.mark.parametrize("event", sorted(PUBLISHING))
def test_hear_of_a_post_brings_its_own_look_forward(event: str) -> None:
    effect = sent_effect()
    before = (effect.status, asked_doorbells())
    message = handled(message_of(about(effect, event)))
    assert (message.status, message.note) == ("processed", "'post' looks now instead of later.")
    step = step_of(effect)
    assert (step.status, step.wake_at) == ("ready", None)
    effect.refresh_from_db()
    assert (effect.status, asked_doorbells() - 1) == before  # what TikTok said is not believed: it is asked


def test_hear_of_a_post_late_lets_it_be_looked_at_too() -> None:
    effect = sent_effect()
    assert handled(message_of(about(effect), is_late=True)).status == "processed"
    effect.refresh_from_db()
    assert (step_of(effect).status, effect.status) == ("ready", "sent")


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"client_key": "aw_other"}, "It is for another app: its client_key is not TIKTOK_CLIENT_KEY."),
        ({"client_key": ""}, "It is for another app: its client_key is not TIKTOK_CLIENT_KEY."),
        ({"user_openid": "-000other"}, "It is about another account than the one the post is of."),
        ({"user_openid": ""}, "It is about another account than the one the post is of."),
    ],
)
def test_hear_of_a_post_for_somebody_else_changes_nothing(changes: dict[str, Any], note: str) -> None:
    effect = sent_effect()
    before = WorkflowStep.objects.values().get(id=effect.step_id)
    message = handled(message_of(about(effect, **changes)))
    assert (message.status, message.note) == ("ignored", note)
    assert WorkflowStep.objects.values().get(id=effect.step_id) == before


def test_hear_of_a_post_while_we_do_not_know_which_app_we_are_changes_nothing(settings: Settings) -> None:
    settings.TIKTOK_CLIENT_KEY = ""
    effect = sent_effect()
    assert handled(message_of(about(effect, client_key=""))).status == "ignored"
    assert step_of(effect).status == "waiting"


def test_hear_of_a_post_of_an_account_that_is_not_connected_changes_nothing() -> None:
    effect = sent_effect(mode="live")
    assert openid_of(effect) == ""
    message = handled(message_of(about(effect)))
    assert (message.status, step_of(effect).status) == ("ignored", "waiting")


@pytest.mark.parametrize(
    "event", ["authorization.removed", "video.publish.completed", "new\0event", "\ud800"]
)
def test_hear_of_what_nothing_follows_from_changes_nothing(event: str) -> None:
    effect = sent_effect()
    message = handled(message_of(about(effect, event)))
    assert message.status in {"ignored", "not_understood"}
    assert step_of(effect).status == "waiting"


def test_hear_of_a_post_nobody_knows_is_tried_again() -> None:
    message = handled(message_of(tiktok_body()))
    assert (message.status, message.note) == (
        "received",
        f"No post of ours has the publish id '{REFERENCE}'.",
    )


@pytest.mark.parametrize(
    ("step", "status", "note"),
    [
        ({"status": "waiting", "wake_at": None}, "received", "What it is about does not wait for it yet."),
        ({"status": "ready", "wake_at": None}, "received", "What it is about does not wait for it yet."),
        (
            {"status": "succeeded", "wake_at": None, "output": {}, "finished_at": timezone.now()},
            "processed",
            "What it is about had ended already.",
        ),
    ],
)
def test_hear_of_a_post_whose_step_waits_for_no_look_leaves_it_alone(
    step: dict[str, Any], status: str, note: str
) -> None:
    effect = sent_effect()
    WorkflowStep.objects.filter(id=effect.step_id).update(**step)
    before = WorkflowStep.objects.values().get(id=effect.step_id)
    message = handled(message_of(about(effect)))
    assert (message.status, message.note) == (status, note)
    assert WorkflowStep.objects.values().get(id=effect.step_id) == before


EVENTS = (
    "post.publish.inbox_delivered",
    "post.publish.complete",
    "post.publish.publicly_available",
    "post.publish.no_longer_publicaly_available",
)


def test_hear_four_events_in_any_order_and_before_we_knew_the_post_looks_once() -> None:
    effect = sent_effect()
    for turn, order in enumerate(permutations(EVENTS)):
        WebhookMessage.objects.all().delete()
        Effect.objects.filter(id=effect.id).update(status="unknown", provider_ref="")
        if turn:  # it looked, and waits again
            WorkflowStep.objects.filter(id=effect.step_id).update(
                status="running", lease_until=timezone.now()
            )
        WorkflowStep.objects.filter(id=effect.step_id).update(
            status="waiting", lease_until=None, wake_at=timezone.now() + LATER
        )
        rung = asked_doorbells()
        for number, event in enumerate(order):
            if (
                number == turn % 5
            ):  # what TikTok answered is written down only now; in every fifth order after all
                Effect.objects.filter(id=effect.id).update(provider_ref=REFERENCE)
            assert send(about(effect, event)) == 200
            answer_doorbells()
        Effect.objects.filter(id=effect.id).update(provider_ref=REFERENCE)
        for message in WebhookMessage.objects.filter(status="received"):
            handled(message)
        assert step_of(effect).status == "ready", order
        assert asked_doorbells() - rung == 1, order
        effect.refresh_from_db()
        assert (effect.status, effect.looks) == ("unknown", 0)
