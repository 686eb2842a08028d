"""The sandbox studio's callbacks in our own inbox: delivered by the keeper, or not at all."""

from typing import Any

import pytest
from pytest_django import Settings

from agents.models import SandboxStudioJob
from agents.providers.studio.jobs import Order
from agents.providers.studio.provider import StudioProvider
from tests.factories.webhooks import STUDIO_SECRET
from tests.factories.workflows import doorbells
from workflows.keeper import sweep
from workflows.webhooks.inbox import DOORBELL
from workflows.webhooks.models import WebhookMessage, WebhookRefusal
from workflows.webhooks.sandbox import _into_our_inbox, deliver_sandbox_callbacks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def job() -> SandboxStudioJob:
    """There is a job that is done."""
    studio = StudioProvider("sandbox", {"faults": {"make_seconds": 0}})
    studio.submit(Order(prompt="A lamp"), key="step")
    return SandboxStudioJob.objects.get()


def test_deliver_a_callback_stores_it_and_ticks_it_off(job: SandboxStudioJob) -> None:
    sweep()
    message = WebhookMessage.objects.get()
    assert message.source == "studio"
    assert doorbells() == [(DOORBELL, (str(message.id),))]
    job.refresh_from_db()
    assert job.callbacks_left == 0
    assert deliver_sandbox_callbacks() == 0


def test_deliver_in_a_rotation_signs_with_the_newest(settings: Settings) -> None:
    settings.WEBHOOK_SECRETS = {"studio": ("the-newest-of-their-secrets", STUDIO_SECRET)}
    assert deliver_sandbox_callbacks() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"WEBHOOK_SECRETS": {"studio": ()}},
        {"PROVIDERS": {}},
        {"PROVIDERS": {"studio": {"BACKEND": "a.b", "MODE": "live", "OPTIONS": {}}}},
    ],
)
def test_deliver_nothing_where_the_studio_is_not_ours_to_play(
    settings: Settings, changes: dict[str, Any]
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert deliver_sandbox_callbacks() == 0
    assert not WebhookMessage.objects.exists()


def test_deliver_what_is_signed_wrongly_is_answered_as_over_the_network() -> None:
    assert _into_our_inbox("studio", "t=1,s=2", b"{}") == 401
    assert WebhookRefusal.objects.get().source == "studio"
