"""Old messages: which the keeper deletes, when, and how many at a time."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from tests.factories.webhooks import message_of
from tests.unit.workflows.rows import database_now
from workflows.chores import due_of
from workflows.keeper import CHORES, sweep
from workflows.transitions import WEBHOOK
from workflows.webhooks import housekeeping
from workflows.webhooks.housekeeping import delete_old_messages, old_messages
from workflows.webhooks.models import OVER, WebhookMessage

pytestmark = pytest.mark.django_db

KEPT_DAYS = 90


def ended(days_ago: float, status: str = "processed") -> WebhookMessage:
    """Return a message that ended so long ago."""
    return message_of(status=status, finished_at=database_now() - timedelta(days=days_ago))


@pytest.mark.parametrize("status", OVER)
def test_delete_what_is_over_for_longer_than_is_kept(status: str) -> None:
    old, young = ended(KEPT_DAYS + 0.01, status), ended(KEPT_DAYS - 0.01, status)

    assert delete_old_messages() == 1

    assert list(WebhookMessage.objects.all()) == [young] != [old]
    assert delete_old_messages() == 0


def test_delete_keeps_what_is_still_to_be_processed_and_what_failed_however_old() -> None:
    failed = ended(10 * KEPT_DAYS, "failed")
    waiting = message_of(received_at=timezone.now() - timedelta(days=10 * KEPT_DAYS))

    assert delete_old_messages() == 0

    assert set(WebhookMessage.objects.all()) == {failed, waiting}


def test_every_end_of_a_message_but_failing_is_over() -> None:
    assert {*OVER, "failed"} == WEBHOOK.terminal


def test_delete_keeps_for_as_long_as_the_setting_says(settings: Settings) -> None:
    ended(10)
    settings.WEBHOOK_KEEP_DAYS = 11
    assert delete_old_messages() == 0
    settings.WEBHOOK_KEEP_DAYS = 9
    assert delete_old_messages() == 1


def test_delete_takes_a_page_at_a_time_and_the_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "PAGE", 2)
    messages = [ended(KEPT_DAYS + days) for days in (1, 3, 2)]

    assert delete_old_messages() == 2
    assert list(WebhookMessage.objects.all()) == [messages[0]]
    assert delete_old_messages() == 1


def test_keeper_deletes_old_messages_in_its_round() -> None:
    ended(KEPT_DAYS + 1)
    assert [chore.name for chore in due_of(CHORES)] == ["old webhooks"]

    sweep()

    assert not WebhookMessage.objects.exists()
    assert due_of(CHORES) == []


def test_look_for_old_messages_reads_an_index() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = old_messages().explain()

    assert "webhook_over" in plan
