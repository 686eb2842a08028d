"""Taking away what the API needs only for a while; the keeper does it on every round."""

from datetime import timedelta

from django.db.models.functions import Now

from tiktok_ops.accounts.models import IdempotencyKey, RateWindow
from tiktok_ops.rest.limits import WINDOW_SECONDS

KEYS_KEPT_FOR = timedelta(days=7)


def tidy() -> int:
    """Delete windows that are over and keys of idempotency nobody comes back to; return how many."""
    over = Now() - timedelta(seconds=2 * WINDOW_SECONDS)
    windows, _ = RateWindow.objects.filter(started_at__lt=over).delete()
    keys, _ = IdempotencyKey.objects.filter(created_at__lt=Now() - KEYS_KEPT_FOR).delete()
    return windows + keys
