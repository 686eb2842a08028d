"""Posts and comments as scrapers write them (Apify, yt-dlp, TikTok's own web items) to facts."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tiktok_ops.content.imports.facts import CommentFact, Fact, PostFact
from tiktok_ops.content.imports.links import handle_in, moment_in, video_id_in
from tiktok_ops.content.imports.problems import place
from tiktok_ops.content.imports.reading import Reading
from tiktok_ops.content.imports.rows import (
    CellError,
    Cells,
    fold_handle,
    read_count,
    read_hashtags,
    read_url,
    read_video_id,
)
from tiktok_ops.content.imports.tables import Record, as_text
from tiktok_ops.content.imports.values import is_missing, read_when
from tiktok_ops.content.imports.words import hashtags_in

FAILED = "the scraper reports an error in place of a post"
NOT_SAID = "the row does not say whose it is"
MAX_ID_CHARS = 40
MAX_AUTHOR_CHARS = 80

_COMMENT_ID = re.compile(r"[0-9A-Za-z_-]{1,40}")
_FAILURES = ("error", "errorCode", "errorDescription")


@dataclass(frozen=True, slots=True)
class Shape:
    """One scraper's kind of record.

    A record is of it that has a value for one name of each of `signs`. `columns` gives for each of ours
    the names theirs may have, with a dot for each step down; the first that is filled counts. `kept` are
    the names that are kept with a post as they are.
    """

    name: str
    signs: tuple[tuple[str, ...], ...]
    columns: Mapping[str, tuple[str, ...]]
    kept: tuple[str, ...] = ()
    is_of_comments: bool = False

    def fits(self, names: Collection[str]) -> bool:
        """Return whether a record with these names is of this shape."""
        return all(any(sign in names for sign in either) for either in self.signs)


APIFY_COMMENTS = Shape(
    name="comments of Apify's TikTok scraper",
    signs=(("cid",), ("text",)),
    columns={
        "comment_id": ("cid",),
        "link": ("videoWebUrl", "submittedVideoUrl"),
        "parent_id": ("repliesToId",),
        "author": ("uniqueId", "user.uniqueId"),
        "text": ("text",),
        "likes": ("diggCount",),
        "created_at": ("createTimeISO", "createTime"),
    },
    is_of_comments=True,
)
APIFY = Shape(
    name="posts of Apify's TikTok scraper",
    signs=(("playCount",), ("diggCount",)),
    columns={
        "video_id": ("id",),
        "url": ("webVideoUrl",),
        "handle": ("authorMeta.name", "author.name"),
        "created_at": ("createTimeISO", "createTime"),
        "caption": ("text",),
        "hashtags": ("hashtags",),
        "views": ("playCount",),
        "likes": ("diggCount",),
        "comments": ("commentCount",),
        "shares": ("shareCount",),
    },
    kept=(
        "collectCount", "repostCount", "isAd", "isPinned", "isSponsored", "isSlideshow", "textLanguage",
        "videoMeta.duration", "musicMeta.musicName", "musicMeta.musicAuthor", "musicMeta.musicOriginal",
    ),
)  # fmt: skip
YT_DLP = Shape(
    name="posts of yt-dlp",
    signs=(("view_count", "like_count"), ("uploader", "uploader_url", "webpage_url")),
    columns={
        "video_id": ("id",),
        "url": ("webpage_url", "original_url", "url"),
        "handle": ("uploader",),
        "created_at": ("timestamp",),
        "caption": ("description", "title"),
        "views": ("view_count",),
        "likes": ("like_count",),
        "comments": ("comment_count",),
        "shares": ("repost_count",),
    },
    kept=("save_count", "duration", "track", "artists", "album"),
)
WEB = Shape(
    name="posts as TikTok's web pages hold them",
    signs=(("stats", "statsV2"), ("createTime",)),
    columns={
        "video_id": ("id",),
        "url": ("webVideoUrl", "shareUrl"),
        "handle": ("author.uniqueId",),
        "created_at": ("createTime",),
        "caption": ("desc",),
        "views": ("statsV2.playCount", "stats.playCount"),
        "likes": ("statsV2.diggCount", "stats.diggCount"),
        "comments": ("statsV2.commentCount", "stats.commentCount"),
        "shares": ("statsV2.shareCount", "stats.shareCount"),
    },
    kept=("statsV2.collectCount", "stats.collectCount", "video.duration", "music.title", "music.authorName"),
)
SHAPES = (APIFY_COMMENTS, APIFY, YT_DLP, WEB)

_NAMES = {
    shape.name: tuple({name for theirs in shape.columns.values() for name in theirs} | set(shape.kept))
    for shape in SHAPES
}


def shape_of(names: Collection[str]) -> Shape | None:
    """Return whose record has these names, or None."""
    return next((shape for shape in SHAPES if shape.fits(names)), None)


def is_failure(record: Mapping[str, Any]) -> bool:
    """Return whether a record says that the scraper got nothing."""
    return any(record.get(name) for name in _FAILURES) and shape_of(record) is None


def read_scraped(
    shape: Shape, record: Mapping[str, Any], *, row: int, label: str, reading: Reading
) -> Fact | None:
    """Return the fact of a record, or None after noting what is wrong with it or why it is left out."""
    texts = Record(row, {name: _text_at(record, name) for name in _NAMES[shape.name]})
    fields = _Fields(shape, texts, Cells(texts, reading.problems, part=label))
    fact = _comment(fields, label, reading) if shape.is_of_comments else _post(fields, label, reading)
    return None if fields.cells.is_wrong else fact


@dataclass(frozen=True, slots=True)
class _Fields:
    """A record's values by our names."""

    shape: Shape
    record: Record
    cells: Cells

    def column(self, name: str) -> str:
        """Return the first of their names for ours that has a value; else the first."""
        theirs = self.shape.columns.get(name, ("",))
        return next((each for each in theirs if self.record.cells.get(each)), theirs[0])

    def text(self, name: str) -> str:
        """Return the value as checked text."""
        return self.cells.read(self.column(name), str, otherwise="").strip()

    def count(self, name: str) -> int | None:
        """Return a count, or None where there is none."""
        return self.cells.read(self.column(name), _count, otherwise=None)

    def when(self, now: datetime) -> datetime | None:
        """Return when it was made, or None where that is not said."""

        def read(text: str) -> datetime | None:
            return None if is_missing(text) else read_when(text, now=now)

        return self.cells.read(self.column("created_at"), read, otherwise=None)


def _text_at(record: Mapping[str, Any], path: str) -> str:
    """Return the value at a path as text; the flat form of a record has the whole path as one name."""
    if path in record:
        return _as_cell(record[path])
    node: object = record
    for name in path.split("."):
        node = node.get(name) if isinstance(node, Mapping) else None
    return _as_cell(node)


def _as_cell(value: object) -> str:
    """Return a value as text, a list of tags as the list of their names, a fraction of nothing as a whole."""
    if isinstance(value, list):
        named = [
            each.get("name") or each.get("title") if isinstance(each, Mapping) else each for each in value
        ]
        return json.dumps([str(name) for name in named if name], ensure_ascii=False) if named else ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return as_text(value)


def _count(text: str) -> int | None:
    return None if is_missing(text) else read_count(text)


def _post(fields: _Fields, label: str, reading: Reading) -> PostFact | None:
    url = fields.cells.read(fields.column("url"), read_url, otherwise="")
    handle = fold_handle(fields.text("handle")) or handle_in(url)
    video_id = _video_id(fields, url)
    caption = fields.text("caption")
    no_tags: tuple[str, ...] = ()
    hashtags = fields.cells.read(fields.column("hashtags"), read_hashtags, otherwise=no_tags)
    made_at = moment_in(video_id, now=reading.now) if video_id else None
    fact = PostFact(
        row=fields.record.row,
        part=label,
        handle=handle,
        video_id=video_id,
        url=url or None,
        created_at=fields.when(reading.now) or made_at,
        caption=caption,
        hashtags=hashtags or hashtags_in(caption),
        extra={
            name: text for name in fields.shape.kept if (text := fields.cells.read(name, str, otherwise=""))
        },
        views=fields.count("views"),
        likes=fields.count("likes"),
        comments=fields.count("comments"),
        shares=fields.count("shares"),
    )
    if not handle:
        reading.leave_out(NOT_SAID, where=place(fact.row, label))
        return None
    return fact if reading.belongs(handle) else None


def _video_id(fields: _Fields, url: str) -> str:
    """Return the id that is written, or the one in the link."""
    column = fields.column("video_id")
    if not fields.record.cells.get(column):
        found, _ = video_id_in(url)
        if found:
            return found
    return fields.cells.read(column, read_video_id, otherwise="")


def _comment(fields: _Fields, label: str, reading: Reading) -> CommentFact | None:
    link = fields.text("link")
    video_id, why = video_id_in(link)
    owner = handle_in(link)
    if owner and not reading.belongs(owner):
        return None
    comment_id = fields.cells.read(fields.column("comment_id"), read_comment_id, otherwise="")
    created_at = fields.when(reading.now)
    if not video_id:
        reading.leave_out(f"{why}: under which post the comment is", where=place(fields.record.row, label))
        return None
    if created_at is None:
        reading.leave_out("the comment has no time", where=place(fields.record.row, label))
        return None
    return CommentFact(
        row=fields.record.row,
        part=label,
        video_id=video_id,
        comment_id=comment_id,
        parent_id=fields.text("parent_id")[:MAX_ID_CHARS],
        author=fields.text("author")[:MAX_AUTHOR_CHARS],
        text=fields.text("text"),
        likes=fields.count("likes"),
        created_at=created_at,
    )


def read_comment_id(text: str) -> str:
    """Return the id of a comment: at most 40 letters, digits, "-" and "_"."""
    written = text.strip()
    if not _COMMENT_ID.fullmatch(written):
        raise CellError("is not the id of a comment; write at most 40 letters and digits")
    return written
