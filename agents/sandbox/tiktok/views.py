"""The sandbox's consent page in our own web process, where the sandbox stands for TikTok; elsewhere there is none."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from agents.providers.errors import ProviderMisconfigured
from agents.providers.registry import Mode, mode_of
from agents.sandbox.tiktok.consent import Shown, answer, ask


@csrf_exempt  # it stands for TikTok's page, which knows nothing of our sessions
@never_cache
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Show the page, or take the creator's answer; 404 unless TikTok is the sandbox here."""
    try:
        is_sandbox = mode_of("tiktok") is Mode.SANDBOX
    except ProviderMisconfigured:
        is_sandbox = False
    if not is_sandbox:
        raise Http404
    if request.method == "POST":
        return _said(answer(request.POST.dict(), scopes=request.POST.getlist("scopes")))
    return _said(ask(request.GET.dict()))


def _said(shown: Shown) -> HttpResponse:
    response = HttpResponse(shown.html, status=shown.status)
    if shown.location:
        response["Location"] = shown.location
    return response
