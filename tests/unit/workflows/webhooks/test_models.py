"""What the database refuses of messages and of counters."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from tests.factories.figures import NOON
from tests.factories.webhooks import message_of
from workflows.webhooks.models import WebhookMessage, WebhookRefusal

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("webhook_status_known", {"status": "lost", "finished_at": NOON}),
        ("webhook_finished_when_over", {"finished_at": NOON}),
        ("webhook_finished_when_over", {"status": "processed", "finished_at": None}),
        ("webhook_end_has_reason", {"status": "ignored", "note": ""}),
        ("webhook_body_is_bounded", {"body": b"x" * 65_537}),
    ],
)
def test_store_an_impossible_message_is_refused(rule: str, changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        message_of(**changes)


def test_store_a_body_twice_for_one_source_is_refused() -> None:
    message_of(b"{}")
    with pytest.raises(IntegrityError, match="webhook_once"), transaction.atomic():
        message_of(b"{}")
    message_of(b"{}", source="studio")


def test_store_a_digest_of_another_body_is_refused() -> None:
    with pytest.raises(IntegrityError, match="webhook_digest_is_of_the_body"), transaction.atomic():
        WebhookMessage.objects.create(source="tiktok", body=b"{}", body_sha256="0" * 64, signed_at=NOON)


@pytest.mark.parametrize(
    "changes",
    [{"source": "studio"}, {"signed_at": NOON.replace(year=2020)}, {"is_late": True}, {"body": b""}],
)
def test_change_what_arrived_is_refused(changes: dict[str, Any]) -> None:
    message = message_of()
    with pytest.raises(IntegrityError, match="is frozen: a change of it is refused"), transaction.atomic():
        WebhookMessage.objects.filter(id=message.id).update(**changes)


def test_count_no_refusal_or_a_day_twice_is_refused() -> None:
    today = timezone.now().date()
    WebhookRefusal.objects.create(source="tiktok", day=today)
    with pytest.raises(IntegrityError, match="webhook_refusal_once_a_day"), transaction.atomic():
        WebhookRefusal.objects.create(source="tiktok", day=today)
    with pytest.raises(IntegrityError, match="webhook_refusal_counts"), transaction.atomic():
        WebhookRefusal.objects.update(count=F("count") - 1)


def test_name_a_message_and_a_counter_says_whose_and_which() -> None:
    message = message_of(b"{}")
    assert str(message) == f"tiktok {message.body_sha256[:12]}"
    assert str(WebhookRefusal(source="studio", day=NOON.date())) == "studio on 2025-06-30"
