"""What the database refuses to keep as an alert."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tests.factories.accounts import AccountFactory, WorkspaceFactory
from tests.factories.alerts import alert_in, alert_on, raised
from tiktok_ops.alerts.models import Alert

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("status", "changes", "name"),
    [
        ("open", {"severity": "loud"}, "alert_severity_known"),
        ("open", {"sentence": ""}, "alert_says_what"),
        ("open", {"what_to_do": ""}, "alert_says_what"),
        ("open", {"subject_type": "workflows.effect"}, "alert_subject_whole"),
        ("open", {"workspace": None}, "alert_account_in_workspace"),
        ("open", {"times": 0}, "alert_was_seen"),
        ("open", {"acknowledged_by": "user:ana"}, "alert_acknowledged_by_somebody"),
        ("open", {"acknowledged_by": "user:ana", "acknowledged_at": 1}, "alert_acknowledged_once_seen"),
        ("acknowledged", {"acknowledged_by": ""}, "alert_acknowledged_by_somebody"),
        ("acknowledged", {"acknowledged_by": "", "acknowledged_at": None}, "alert_acknowledged_once_seen"),
        ("open", {"resolved_at": 1}, "alert_resolved_by_somebody"),
        ("resolved", {"resolved_by": ""}, "alert_resolved_by_somebody"),
    ],
)
def test_store_an_alert_that_cannot_be_is_refused(status: str, changes: dict[str, Any], name: str) -> None:
    alert = alert_in(status)
    now = timezone.now() - timedelta(hours=1)
    values = {field: now if value == 1 else value for field, value in changes.items()}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Alert.objects.filter(id=alert.id).update(**values)


def test_store_a_second_live_alert_of_the_same_key_is_refused() -> None:
    key = raised().key
    other = raised(about="elsewhere")
    with pytest.raises(IntegrityError, match="alert_once_while_live"), transaction.atomic():
        Alert.objects.filter(id=other.id).update(key=key)


def test_store_an_alert_about_the_account_of_another_workspace_is_refused() -> None:
    alert = alert_on(AccountFactory.create())
    Alert.objects.filter(id=alert.id).update(workspace=WorkspaceFactory.create())
    with pytest.raises(IntegrityError, match="account_same_workspace"), transaction.atomic():
        connection.check_constraints()
    Alert.objects.all().delete()


@pytest.mark.parametrize(("status", "is_live"), [("open", True), ("acknowledged", True), ("resolved", False)])
def test_alert_is_live_until_it_is_resolved(status: str, is_live: bool) -> None:
    alert = alert_in(status)
    assert (alert.is_live, str(alert)) == (is_live, alert.sentence)
