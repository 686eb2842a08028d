"""TikTok's "Download your data" as JSON, in its old, middle and new layout, to facts.

Sections have moved between layouts, so lists are found by their names and their parents' names. Of all
that is in such a file only posts, the profile and how many followers there are are read: messages,
searches, purchases, addresses and names of others are not looked at.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from tiktok_ops.content.imports.facts import DayFact, Fact, PostFact
from tiktok_ops.content.imports.links import moment_in, video_id_in
from tiktok_ops.content.imports.parts import Part
from tiktok_ops.content.imports.problems import place
from tiktok_ops.content.imports.reading import Reading
from tiktok_ops.content.imports.rows import CellError, Cells
from tiktok_ops.content.imports.tables import Record, as_text
from tiktok_ops.content.imports.values import is_missing, read_local_count, read_when
from tiktok_ops.content.imports.words import hashtags_in

WHAT = "TikTok 'Download your data'"
SECTIONS = frozenset({
    "Activity", "Ads and data", "App Settings", "Comment", "Direct Message", "Direct Messages", "Income+ Wallet",
    "Likes and Favorites", "Location Review", "Post", "Profile", "Profile And Settings", "TikTok Live", "TikTok Shop",
    "TikTok Shopping", "Tiktok Live", "Tiktok Shopping", "Video", "Your Activity",
})  # fmt: skip
NOT_RECEIVED = "the account wrote it itself; the export holds no comments it received"
NAMES = "names of followers are not kept, only how many there are"
DELETED = "the post was deleted"
NO_DAY = (
    "the file does not say on which day it counted followers: give the ZIP as it came, or Studio's Followers"
)
NO_ID = "the export names no video id"
MAX_DEPTH = 6

_KEPT = (
    "WhoCanView", "AllowComments", "AllowStitches", "AllowDuets", "ContentDisclosure", "AIGeneratedContent",
    "Sound", "Location", "AlternateText",
)  # fmt: skip


def is_download(document: Mapping[str, Any]) -> bool:
    """Return whether a JSON object has the sections of a "Download your data" file."""
    return any(isinstance(document.get(name), dict) for name in SECTIONS)


def read_download(document: Mapping[str, Any], *, part: Part, reading: Reading) -> Iterator[Fact]:
    """Yield the facts of a file; what it does not tell, or we do not keep, is left out with the reason."""
    profile: dict[str, Any] = next(_found(document, "ProfileMap", dict), {})
    owner = as_text(profile.get("userName"))
    if owner and not is_missing(owner):
        reading.check_owner(owner, part=part.label)
    else:
        reading.is_anonymous = True
    days: list[date] = []
    for parent, posts in _lists(document, "VideoList", parents=("Posts", "Videos")):
        yield from _posts(posts, part.below(parent), reading, days)
    fans = [fan for _, found in _lists(document, "FansList") for fan in found]
    days.extend(_days(fans))
    yield from _followers(profile, part, reading, days)
    reading.leave_out(NAMES, rows=len(fans))
    for name, reason in (("PostList", DELETED), ("CommentsList", NOT_RECEIVED)):
        reading.leave_out(reason, rows=sum(len(found) for _, found in _lists(document, name)))


def _found(node: object, name: str, kind: type, depth: int = 0) -> Iterator[Any]:
    """Yield the values of this name and kind, however deep they are among the objects."""
    if not isinstance(node, dict) or depth > MAX_DEPTH:
        return
    for key, value in node.items():
        if key == name and isinstance(value, kind):
            yield value
        else:
            yield from _found(value, name, kind, depth + 1)


def _lists(
    node: object, name: str, *, parents: tuple[str, ...] = (), parent: str = "", depth: int = 0
) -> Iterator[tuple[str, list[Any]]]:
    """Yield each list of this name with the name of the object it is in, which is one of `parents` if given."""
    if not isinstance(node, dict) or depth > MAX_DEPTH:
        return
    for key, value in node.items():
        if key == name and isinstance(value, list) and (not parents or parent in parents):
            yield parent, value
        else:
            yield from _lists(value, name, parents=parents, parent=key, depth=depth + 1)


def _posts(posts: list[Any], label: str, reading: Reading, days: list[date]) -> Iterator[PostFact]:
    for row, post in enumerate(posts, start=1):
        if not isinstance(post, dict):
            reading.problems.add(
                row=row, what="is not an object; give the file as TikTok made it", part=label
            )
            continue
        record = Record(row, {name: as_text(value) for name, value in post.items()})
        cells = Cells(record, reading.problems, part=label)
        fact = _post(record, cells, label, reading)
        if cells.is_wrong:
            continue
        if fact.written_at is not None:
            days.append(fact.written_at.date())
        yield fact


def _post(record: Record, cells: Cells, label: str, reading: Reading) -> PostFact:
    title = cells.read("Title", str, otherwise="").strip()
    caption = None if is_missing(title) else title
    video_id, why = video_id_in(record.cells.get("Link", ""))
    return PostFact(
        row=record.row,
        part=label,
        video_id=video_id,
        created_at=moment_in(video_id, now=reading.now) if video_id else None,
        caption=caption,
        hashtags=hashtags_in(caption) if caption else None,
        likes=cells.read("Likes", read_local_count, otherwise=None),
        extra={
            name: written
            for name in _KEPT
            if not is_missing(written := cells.read(name, str, otherwise="").strip())
        },
        written_at=cells.read("Date", partial(_date, now=reading.now), otherwise=None),
        why_no_id=why and NO_ID,
    )


def _date(text: str, *, now: datetime) -> datetime | None:
    return None if is_missing(text) else read_when(text, now=now)


def _days(rows: list[Any]) -> Iterator[date]:
    """Yield the days of rows that have a date we can read; others' rows are no reason to refuse a file."""
    for row in rows:
        written = row.get("Date", row.get("date")) if isinstance(row, dict) else None
        try:
            yield datetime.fromisoformat(str(written).removesuffix(" UTC")).date()
        except ValueError:
            continue


def _followers(profile: Mapping[str, Any], part: Part, reading: Reading, days: list[date]) -> Iterator[Fact]:
    """Yield how many followers there were on the day of the export, where the archive tells that day."""
    written = as_text(profile.get("followerCount"))
    try:
        followers = read_local_count(written)
    except CellError:
        followers = None
    if followers is None:
        return
    made_on = part.made_on
    if made_on is None or made_on < max(days, default=made_on) or made_on > reading.now.date():
        reading.leave_out(NO_DAY, where=place(1, part.below("ProfileMap")))
        return
    yield DayFact(made_on, {"followers": followers})
