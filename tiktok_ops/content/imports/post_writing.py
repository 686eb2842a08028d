"""Posts of a file into the database, batch by batch, each change of counts with a snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.imports.facts import COUNTS, PostFact
from tiktok_ops.content.imports.joining import KnownPost, join
from tiktok_ops.content.imports.links import moment_in
from tiktok_ops.content.imports.outcome import Tally
from tiktok_ops.content.imports.problems import place
from tiktok_ops.content.imports.reading import Reading
from tiktok_ops.content.models import Post, PostMetrics

BATCH_ROWS = 1_000
TWICE = "the video is in the file a second time, and the first row counts"
NO_VIEWS = "the post is not known, and the file does not say how often it was seen"
NO_TIME = "the post is not known, and the file does not say when it was made"

_FIELDS = ("url", "created_at", "caption", "hashtags", *COUNTS, "extra")


@dataclass(slots=True)
class _Batch:
    """What one batch does to the account's posts."""

    created: list[Post] = field(default_factory=list)
    updated: list[Post] = field(default_factory=list)
    recounted: list[Post] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Told:
    """Which fields of a post a file has told, so that no other row of it tells them otherwise.

    Without this a file whose parts differ would change the post back and forth at each import.
    """

    fields: frozenset[str]

    def and_of(self, fact: PostFact) -> "_Told":
        """Return what is told with another fact."""
        return _told(self.fields.union(fact.known(), ["extra"] if fact.extra else []))

    def without(self, fact: PostFact) -> PostFact:
        """Return the fact without what is told already."""
        less: dict[str, Any] = {name: {} if name == "extra" else None for name in self.fields}
        return replace(fact, **less)


@lru_cache(maxsize=256)  # a file has few kinds of rows and many of each: they share these
def _told(fields: frozenset[str]) -> _Told:
    return _Told(fields)


@dataclass(slots=True)
class PostWriter:
    """Takes posts one by one and writes them a thousand at a time; those without an id at the end.

    Where several rows of a file are about one post, the first counts; the others add what it did not say.
    """

    account: TikTokAccount
    reading: Reading
    observed_at: datetime
    tally: Tally = field(default_factory=Tally)
    _waiting: dict[str, PostFact] = field(default_factory=dict)
    _without_id: list[PostFact] = field(default_factory=list)
    _told: dict[str, _Told] = field(default_factory=dict)

    def take(self, fact: PostFact) -> None:
        """Take one post."""
        if not fact.video_id:
            self._without_id.append(fact)
            return
        if fact.video_id in self._waiting:
            self.flush()
        if told := self._told.get(fact.video_id):
            fact = told.without(fact)
            if not fact.known() and not fact.extra:
                self._leave_out(fact, TWICE)
                return
        self._waiting[fact.video_id] = fact
        if len(self._waiting) == BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write the posts that wait."""
        if not self._waiting:
            return
        facts, self._waiting = list(self._waiting.values()), {}
        known = Post.objects.filter(account=self.account, video_id__in=[fact.video_id for fact in facts])
        posts = {post.video_id: post for post in known}
        batch = _Batch()
        for fact in facts:
            if self._place(fact, posts.get(fact.video_id), batch):
                told = self._told.get(fact.video_id) or _told(frozenset())
                self._told[fact.video_id] = told.and_of(fact)
        _write(batch, self.observed_at)

    def finish(self) -> None:
        """Write all that is left, and what the rows without an id turn out to be about."""
        self.flush()
        if not self._without_id:
            return
        facts, self._without_id = self._without_id, []
        for joined in join(facts, self._known(), zone=self.reading.zone):
            if joined.video_id:
                self.take(replace(joined.fact, video_id=joined.video_id))
            else:
                why = joined.fact.why_no_id
                self._leave_out(joined.fact, f"{why}, and {joined.why}" if why else joined.why)
        self.flush()

    def _known(self) -> list[KnownPost]:
        rows = Post.objects.filter(account=self.account).values_list(
            "video_id", "created_at", "caption", "likes"
        )
        now = self.reading.now
        return [
            KnownPost(video_id, moment_in(video_id, now=now) or created_at, caption, likes)
            for video_id, created_at, caption, likes in rows
        ]

    def _place(self, fact: PostFact, post: Post | None, batch: _Batch) -> bool:
        """Put a post where it belongs in the batch and count it, once for each file; return False if left out."""
        is_first = fact.video_id not in self._told
        if post is None:
            if fact.views is None or fact.created_at is None:
                self._leave_out(fact, NO_TIME if fact.created_at is None else NO_VIEWS)
                return False
            post = Post(account=self.account, video_id=fact.video_id, **fact.known(), extra=fact.extra)
            batch.created.append(post)
            change = "created"
        elif changed := _take_over(fact, post):
            batch.updated.append(post)
            if changed.intersection(COUNTS):
                batch.recounted.append(post)
            change = "updated"
        else:
            change = "unchanged"
        if is_first:
            self.tally.count(change, **_shown(post))
        return True

    def _leave_out(self, fact: PostFact, reason: str) -> None:
        self.reading.leave_out(reason, where=place(fact.row, fact.part))


def _shown(post: Post) -> dict[str, object]:
    return {
        "posted": f"{post.created_at:%Y-%m-%d %H:%M} UTC",
        "caption": post.caption,
        "views": f"{post.views:,}",
        "likes": f"{post.likes:,}",
    }


def _take_over(fact: PostFact, post: Post) -> set[str]:
    """Give the post what the fact says and return the names of the fields that changed."""
    values = _values(fact, post)
    changed = {name for name, value in values.items() if getattr(post, name) != value}
    for name in changed:
        setattr(post, name, values[name])
    return changed


def _values(fact: PostFact, post: Post) -> dict[str, Any]:
    """Return what a known post is to hold: all a whole fact says, of any other what adds to it."""
    values = fact.known()
    if fact.is_whole:
        return values | {"extra": fact.extra}
    if _begins_with(post.caption, fact.caption):
        values.pop("caption", None)
        values.pop("hashtags", None)
    values.pop("created_at", None)  # whoever knew it first knew it as well
    return values | {"extra": post.extra | fact.extra}


def _begins_with(caption: str, shorter: str | None) -> bool:
    """Return whether a caption is known already, as a whole or longer than an export shows it."""
    words = (shorter or "").rstrip(".… ")
    return bool(caption) and caption.startswith(words)


def _write(batch: _Batch, observed_at: datetime) -> None:
    every: Sequence[Post] = [*batch.created, *batch.updated]
    if not every:
        return
    Post.objects.bulk_create(
        every, update_conflicts=True, unique_fields=["account", "video_id"], update_fields=_FIELDS
    )
    PostMetrics.objects.bulk_create(
        PostMetrics(post=post, observed_at=observed_at, **{name: getattr(post, name) for name in COUNTS})
        for post in [*batch.created, *batch.recounted]
    )
