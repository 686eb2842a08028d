"""How many alerts wait for a person, for the sidebar of every page."""

from typing import Any

from django.http import HttpRequest

from tiktok_ops.accounts.models import User
from tiktok_ops.alerts.models import Alert


def open_alerts(request: HttpRequest) -> int:
    """Return how many open alerts this person sees; read once a request, for every page shows it."""
    user: Any = request.user
    if not (isinstance(user, User) and user.is_staff):
        return 0
    if not hasattr(request, "open_alerts"):
        request.open_alerts = Alert.objects.visible_to(user).filter(status="open").count()  # type: ignore[attr-defined]
    return int(request.open_alerts)  # type: ignore[attr-defined]
