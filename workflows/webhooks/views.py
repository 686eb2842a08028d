"""`POST /hooks/<source>/`: the one address providers speak to. No session, no cookie; the signature is the key."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from workflows.webhooks.inbox import MOST_BODY_BYTES, Reception, receive
from workflows.webhooks.sources import SourceUnknown, find_source

REFUSED = "The signature is missing, wrong or out of time: nothing was kept."


@csrf_exempt  # nobody is signed in here, so there is nobody to be tricked
@never_cache
@require_POST
def hook(request: HttpRequest, source: str) -> JsonResponse:
    """Take a message in: 200 once it is stored, also for a copy; 401 unless its source signed it just now.

    404 for a source there is none of or that has no secret, 413 for a body of more than 64 KiB.
    """
    try:
        found = find_source(source)
    except SourceUnknown as unknown:
        return _said(404, str(unknown))
    raw = request.read(MOST_BODY_BYTES + 1)
    if len(raw) > MOST_BODY_BYTES:
        return _said(413, f"The body is longer than {MOST_BODY_BYTES} bytes: nothing was kept.")
    reception = receive(source=found, header=request.headers.get(found.header), raw=raw)
    if reception is Reception.REFUSED:
        return _said(401, REFUSED)
    return _said(200, "Stored.")


def _said(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"detail": sentence}, status=status)
