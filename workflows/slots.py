"""When each post of many goes out: decisions only.

TikTok takes about 15 posts of an account in 24 hours, of all apps together (its content posting guidelines; the
exact number differs by creator). So the posts of a loop go out 96 minutes apart: whatever 24 hours are looked at,
they hold 15 of them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, TypeAdapter

POSTS_A_DAY = 15
APART = timedelta(days=1) / POSTS_A_DAY
_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


def slot_of(number: int, *, first: datetime | None, begun: datetime) -> datetime | None:
    """Return when the post of this number, from 1, goes out; None is as soon as it is approved.

    From `first` on each has a slot of its own. Without one, a day's worth goes out as people approve it, and
    what is beyond that not before its turn, counted from `begun`, when the run was started.
    """
    if first is None:
        return None if number <= POSTS_A_DAY else begun + (number - 1) * APART
    return first + (number - 1) * APART


def own_slot(payload: Mapping[str, Any], *, item: int, begun: datetime) -> dict[str, Any]:
    """Return the field of a post's payload that says when it goes out, for the item of a loop with this number.

    `payload` may say when the first one does. Raises `ValidationError` where that is no moment with a zone.
    """
    given = payload.get("publish_at")
    first = None if given is None else _MOMENT.validate_python(given)
    slot = slot_of(item, first=first, begun=begun)
    return {"publish_at": slot.isoformat() if slot else None}
