"""A post as it was sealed, whichever kind it is of."""

from pydantic import ValidationError

from workflows.approval_kinds import VideoPost
from workflows.effects.models import Effect
from workflows.photo_kinds import PhotoPost

Post = VideoPost | PhotoPost


def read_post(effect: Effect) -> Post | None:
    """Return what was approved of a post; None where it cannot be read any more, or is no post."""
    kind = PhotoPost if effect.kind == "post_photo" else VideoPost
    try:
        return kind.model_validate_json(bytes(effect.decision.payload))
    except ValidationError:
        return None
