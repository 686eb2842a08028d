"""What the sandbox's shop asks of every call: a signed address of this very moment.

The signature is TikTok's: HMAC-SHA256 by the app's secret over secret, path, sorted query and body, secret.
It is computed here anew, apart from the client's own code, so that the one is a test of the other.
"""

import hashlib
import hmac

from agents.sandbox.tiktok.wire import Received, ShopError
from tiktok_ops.clock import database_now

SANDBOX_APP_KEY = "sandbox_app_key"
SANDBOX_APP_SECRET = "sandbox_app_secret"  # noqa: S105
STALE_SECONDS = 300
_UNSIGNED = {"sign", "access_token"}


def check_signed(received: Received) -> None:
    """Refuse a call that is not this app's, not of the last five minutes, or not signed as documented."""
    query = received.query
    if query.get("app_key") != SANDBOX_APP_KEY:
        raise ShopError(36009004, "app_key: not a known app")
    timestamp = query.get("timestamp", "")
    if not (timestamp.isdigit() and len(timestamp) == 10):
        raise ShopError(36009004, "timestamp: 10 digits, in seconds")
    if abs(database_now().timestamp() - int(timestamp)) > STALE_SECONDS:
        raise ShopError(36009004, "timestamp: more than 5 minutes from now")
    if not hmac.compare_digest(query.get("sign", ""), _expected(received)):
        raise ShopError(106001, "The sign of the request is invalid")


def _expected(received: Received) -> str:
    signed = sorted((name, value) for name, value in received.query.items() if name not in _UNSIGNED)
    is_form = received.headers.get("content-type", "").startswith("multipart/form-data")
    middle = received.path + "".join(name + value for name, value in signed)
    body = b"" if is_form else received.content
    secret = SANDBOX_APP_SECRET.encode()
    return hmac.new(secret, secret + middle.encode() + body + secret, hashlib.sha256).hexdigest()
