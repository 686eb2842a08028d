"""Signing in to the API with a key: `Authorization: Bearer tto_<prefix>_<secret>`."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tiktok_ops.accounts.keys import find_key
from tiktok_ops.accounts.models import ApiKey
from tiktok_ops.rest.limits import count_failed_sign_in

_SCHEME = "bearer"


class ApiKeyAuthentication(BaseAuthentication):
    """Reads an API key; the request then has the key as `auth` and no user."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        """Return the key, or None when the request shows none.

        Raises `AuthenticationFailed`, or what `count_failed_sign_in` raises after too many of these.
        """
        if _words(request)[0].lower() != _SCHEME:
            return None
        # The text of the key is in no local variable here: tracebacks may print those.
        key = find_key(_words(request)[1])
        if key is None:
            count_failed_sign_in(request._request)
            raise AuthenticationFailed(
                "This API key does not open anything: it is wrong, expired or revoked; "
                "ask for a new one (`manage.py api_key create`)."
            )
        return None, key

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401 (RFC 6750, section 3)."""
        return 'Bearer realm="TikTok Ops API"'


def _words(request: Request) -> tuple[str, str]:
    """Return the header's scheme and what follows it."""
    scheme, _, rest = get_authorization_header(request).decode("latin-1").partition(" ")
    return scheme, rest.strip()
