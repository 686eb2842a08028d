"""`GET /pull/<token>/<number>.<extension>`: where TikTok pulls an approved photo from. The token is the key.

No session, no cookie, no list: an address is of one attempt of one post, and nobody can guess it. The first GET
marks it fetched, which is committed before a byte of the photo goes out.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from workflows.effects.addresses import open_photo


@never_cache
@require_GET
def pull(request: HttpRequest, token: str, number: int, extension: str) -> HttpResponse:
    """Give the photo out; 404 for an address there is none of, or that was taken back."""
    opened = open_photo(token, number)
    if opened is None:
        return JsonResponse({"detail": "There is nothing at this address."}, status=404)
    asset, file = opened
    with file:  # at most 20 MB
        return HttpResponse(file.read(), content_type=asset.media_type)
