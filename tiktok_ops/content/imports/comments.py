"""A plain file of comments, one row each, to facts."""

from collections.abc import Collection
from functools import partial

from tiktok_ops.content.imports.facts import CommentFact
from tiktok_ops.content.imports.links import EARLIEST, video_id_in
from tiktok_ops.content.imports.reading import Reading
from tiktok_ops.content.imports.rows import CellError, Cells, fold_handle, read_moment, read_video_id
from tiktok_ops.content.imports.scrapers import MAX_AUTHOR_CHARS, MAX_ID_CHARS, read_comment_id
from tiktok_ops.content.imports.tables import Record
from tiktok_ops.content.imports.values import read_local_count

WHAT = "a file of comments"
COMMENT_COLUMNS = ("comment_id", "video_id", "author", "text", "likes", "created_at", "parent_id", "handle")
"""The columns of a file of comments; the last four, and a `url` for the `video_id`, may be missing."""


def is_of_comments(names: Collection[str]) -> bool:
    """Return whether a file with these columns is one of comments."""
    return {"comment_id", "text"} <= set(names)


def missing_columns(names: Collection[str]) -> list[str]:
    """Return which columns a file of comments lacks."""
    missing = [name for name in ("author", "created_at") if name not in names]
    return missing if {"video_id", "url"} & set(names) else ["video_id", *missing]


def read_comment(record: Record, *, label: str, reading: Reading) -> CommentFact | None:
    """Return the comment of a row, or None after noting what is wrong with it, or whose it is.

    `created_at` is ISO 8601, in UTC where it names no offset.
    """
    cells = Cells(record, reading.problems, part=label)
    handle = fold_handle(record.cells.get("handle", ""))
    has_link_only = "url" in record.cells and not record.cells.get("video_id", "").strip()
    column, reader = ("url", _id_in_link) if has_link_only else ("video_id", read_video_id)
    video_id = cells.read(column, reader, otherwise="")
    fact = CommentFact(
        row=record.row,
        part=label,
        video_id=video_id,
        comment_id=cells.read("comment_id", read_comment_id, otherwise=""),
        parent_id=cells.read("parent_id", str, otherwise="").strip()[:MAX_ID_CHARS],
        author=cells.read("author", str, otherwise="").strip()[:MAX_AUTHOR_CHARS],
        text=cells.read("text", str, otherwise=""),
        likes=cells.read("likes", read_local_count, otherwise=None),
        created_at=cells.read("created_at", partial(read_moment, now=reading.now), otherwise=EARLIEST),
    )
    if cells.is_wrong or (handle and not reading.belongs(handle)):
        return None
    return fact


def _id_in_link(text: str) -> str:
    video_id, why = video_id_in(text)
    if not video_id:
        raise CellError(f"does not say which post it is: {why}; write the video's id")
    return video_id
