"""What django-q2 calls: doorbells only. An id comes in, nothing goes out; safe to lose, repeat or delay."""

from uuid import UUID

import structlog

from workflows.webhooks.processing import process_message

log = structlog.get_logger(__name__)


def process(message_id: str) -> None:
    """Process a stored message; what came of it is in its row."""
    try:
        process_message(UUID(message_id))
    except Exception:
        # The keeper rings again; a doorbell that raises would only be logged by the queue.
        log.exception("webhook not processed", message=message_id)
