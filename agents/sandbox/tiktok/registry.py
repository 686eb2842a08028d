"""Every endpoint of the sandbox TikTok, family by family, and which one a request is for."""

from dataclasses import replace

from agents.sandbox.tiktok import (
    ads,
    affiliate,
    business,
    comments,
    discovery,
    display,
    oauth,
    photos,
    posting,
    shop,
    shop_selling,
)
from agents.sandbox.tiktok.operations import Operation
from agents.sandbox.tiktok.wire import Received

UPLOAD = "upload"
"""What a chunk sent to an upload address is called; it is no endpoint."""

OPERATIONS: tuple[Operation, ...] = (
    *display.OPERATIONS,
    *posting.OPERATIONS,
    *photos.OPERATIONS,
    *oauth.OPERATIONS,
    *business.OPERATIONS,
    *comments.OPERATIONS,
    *discovery.OPERATIONS,
    *ads.OPERATIONS,
    *shop.OPERATIONS,
    *shop_selling.OPERATIONS,
    *affiliate.OPERATIONS,
)


def find_operation(received: Received) -> tuple[Operation, Received] | None:
    """Return the operation a request is for, and the request with the parts of its path; None for no endpoint."""
    for operation in OPERATIONS:
        parts = operation.parts_of(received.method, received.path)
        if parts is not None:
            return operation, replace(received, parts=parts)
    return None
