"""Alerts as they are raised, and as people left them."""

from typing import Any

from django.db.models import Model
from django.utils import timezone

from tests.factories.accounts import AccountFactory
from tiktok_ops.accounts.models import TikTokAccount, Workspace
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import raise_alert
from tiktok_ops.ids import new_id

SENTENCE = "'Ask' failed in Made of @lumen: Gave up after 3 tries: Claude did not answer."


def alert_on(account: TikTokAccount, *, about: Model | None = None, **changes: Any) -> Alert:
    """Return an open alert about the account, or about a row of its; each call makes another."""
    return raised(about=about or account, of=account, part=str(new_id()), **changes)


def raised(
    *, of: TikTokAccount | Workspace | None = None, about: Model | str = "here", **changes: Any
) -> Alert:
    """Return what raising an alert leaves; of the installation, unless `of` says whose."""
    values: dict[str, Any] = {
        "kind": "step_gave_up",
        "severity": Alert.Severity.WARNING,
        "sentence": SENTENCE,
        "what_to_do": "Try it again.",
        **changes,
    }
    return Alert.objects.get(id=raise_alert(about=about, of=of, **values))


def alert_in(status: str) -> Alert:
    """Return an alert in this status, with what the database demands of it."""
    account = AccountFactory.create()
    return Alert.objects.create(
        key=str(new_id()),
        kind="step_gave_up",
        severity="warning",
        sentence=SENTENCE,
        what_to_do="Try it again.",
        workspace=account.workspace,
        account=account,
        status=status,
        **answered(status),
    )


def answered(status: str) -> dict[str, Any]:
    """Return what other columns must have while an alert has this status."""
    now = timezone.now()
    return {
        "acknowledged_at": now if status == "acknowledged" else None,
        "acknowledged_by": "user:ana" if status == "acknowledged" else "",
        "resolved_at": now if status == "resolved" else None,
        "resolved_by": "user:ana" if status == "resolved" else "",
    }
