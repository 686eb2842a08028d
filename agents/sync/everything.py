"""Everything there is to take in, in one go: for a run that wants fresh data before it begins."""

from typing import Any

from django.utils.module_loading import import_string

from agents.providers.errors import AccessRefused
from agents.sync.parts import PARTS
from agents.sync.session import Session

ORDER = ("profile", "posts", "comments", "shop", "trends")


def sync_everything(session: Session) -> dict[str, Any]:
    """Take in each part in turn and finish; what is optional is left out without access. Raises as the parts do."""
    left_out: dict[str, str] = {}
    for name in ORDER:
        try:
            import_string(PARTS[name].done_by)(session)
        except AccessRefused as refused:
            if not PARTS[name].is_optional:
                raise
            left_out[name] = str(refused)
    said: dict[str, Any] = import_string(PARTS["finish"].done_by)(session)
    return said | ({"left_out_parts": left_out} if left_out else {})
