"""What django-q2 calls: doorbells only. An id comes in, nothing goes out; safe to lose, repeat or delay."""

from uuid import UUID

import structlog

from tiktok_ops.content.fitting import fit_asset
from tiktok_ops.content.imports.running import run_import as carry_out

log = structlog.get_logger(__name__)


def run_import(import_id: str) -> None:
    """Carry out an uploaded import; what went wrong is in its row, for a person to read."""
    try:
        carry_out(import_id=UUID(import_id))
    except Exception:
        # The row says that it failed; a doorbell that raises would only be logged by the queue.
        log.exception("import failed", content_import=import_id)


def fit_video(asset_id: str) -> None:
    """Make the copy of a video that TikTok takes; what went wrong is in the video's row, for a person to read."""
    try:
        fit_asset(asset_id=UUID(asset_id))
    except Exception:
        log.exception("fitting failed", asset=asset_id)
