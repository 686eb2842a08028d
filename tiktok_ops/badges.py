"""The badge in the admin's header: whether anything here can reach the outside."""

from django.conf import settings
from django.http import HttpRequest


def environment(request: HttpRequest) -> list[str]:
    """Return unfold's (label, colour): "Sandbox" while every provider is one."""
    live = sorted(alias for alias, provider in settings.PROVIDERS.items() if provider["MODE"] == "live")
    return [f"Live: {', '.join(live)}", "danger"] if live else ["Sandbox", "info"]
