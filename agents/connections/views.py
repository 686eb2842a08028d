"""Where TikTok sends a browser back to. The one GET that changes something: OAuth knows no other way.

What protects it is the state: bound to the session that began, good once, for ten minutes.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from agents.connections.flow import Pending, complete, refusal_of, take
from tiktok_ops.errors import Refused


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Take TikTok's answer, tell the person what came of it, and lead to the account."""
    user: Any = request.user
    if not (user.is_active and user.is_staff):
        return HttpResponseRedirect(reverse("admin:login"))
    try:
        pending = take(request.session, state=request.GET.get("state", ""))
    except Refused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(reverse("admin:accounts_tiktokaccount_changelist"))
    try:
        _complete(request, pending)
    except Refused as refused:
        messages.error(request, str(refused))
    return HttpResponseRedirect(reverse("admin:accounts_tiktokaccount_change", args=[pending.account_id]))


def _complete(request: HttpRequest, pending: Pending) -> None:
    user: Any = request.user
    code = request.GET.get("code", "")
    if not code:
        error, said = request.GET.get("error", ""), request.GET.get("error_description", "")
        raise refusal_of(pending, error=error, said=said)
    connection = complete(pending, code=code, by=user)
    messages.success(request, f"{connection.account} is connected to TikTok.")
